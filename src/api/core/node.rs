//! v1 Node.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/node/strategy.go,
//! pkg/printers/internalversion/printers.go (printNode), pkg/apis/core/v1/defaults.go (SetDefaults_NodeStatus),
//! pkg/apis/core/v1/conversion.go (Convert_v1_NodeSpec_To_core_NodeSpec)
//! Differs: the annotations that once held taints and avoided pods are not looked at.

mod validation;

use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, PrintCx, col, wide};
use crate::api::print::cell_or;
use crate::apimachinery::codec::Opaque;
use crate::apimachinery::ip::warnings_for_cidr;
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::time::Time;
use crate::apimachinery::{Api, Arrange, ErrorList, List, Map, ObjectMeta, Str, Value};
use std::rc::Rc;

crate::api! {
    pub struct Node = "io.k8s.api.core.v1.Node" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<NodeSpec> = "spec".always(),
        status: Rc<NodeStatus> = "status".always(),
    }

    pub struct NodeSpec = "io.k8s.api.core.v1.NodeSpec" {
        pod_cidr: Str = "podCIDR",
        pod_cidrs: List<Str> = "podCIDRs".merge_set(),
        provider_id: Str = "providerID",
        unschedulable: bool = "unschedulable",
        taints: List<Taint> = "taints".atomic(),
        config_source: Opaque = "configSource".of("io.k8s.api.core.v1.NodeConfigSource"),
        external_id: Str = "externalID",
    }

    pub struct NodeStatus = "io.k8s.api.core.v1.NodeStatus" {
        capacity: Map<Quantity> = "capacity",
        allocatable: Map<Quantity> = "allocatable",
        phase: Str = "phase",
        conditions: List<NodeCondition> = "conditions".merge("type").keys(&["type"]),
        addresses: List<NodeAddress> = "addresses".merge("type").keys(&["type"]),
        daemon_endpoints: NodeDaemonEndpoints = "daemonEndpoints".always(),
        node_info: NodeSystemInfo = "nodeInfo".always(),
        images: List<ContainerImage> = "images".atomic(),
        volumes_in_use: List<Str> = "volumesInUse".atomic(),
        volumes_attached: List<AttachedVolume> = "volumesAttached".atomic(),
        config: Opaque = "config".of("io.k8s.api.core.v1.NodeConfigStatus"),
        runtime_handlers: List<NodeRuntimeHandler> = "runtimeHandlers".atomic(),
        features: Option<Rc<NodeFeatures>> = "features",
        declared_features: List<Str> = "declaredFeatures".atomic(),
    }

    pub struct Taint = "io.k8s.api.core.v1.Taint" {
        key: Str = "key".always(),
        value: Str = "value",
        effect: Str = "effect".always(),
        time_added: Option<Time> = "timeAdded",
    }

    pub struct NodeCondition = "io.k8s.api.core.v1.NodeCondition" {
        type_: Str = "type".always(),
        status: Str = "status".always(),
        last_heartbeat_time: Time = "lastHeartbeatTime".always(),
        last_transition_time: Time = "lastTransitionTime".always(),
        reason: Str = "reason",
        message: Str = "message",
    }

    pub struct NodeAddress = "io.k8s.api.core.v1.NodeAddress" {
        type_: Str = "type".always(),
        address: Str = "address".always(),
    }

    pub struct NodeDaemonEndpoints = "io.k8s.api.core.v1.NodeDaemonEndpoints" {
        kubelet_endpoint: DaemonEndpoint = "kubeletEndpoint".always(),
    }

    pub struct NodeSystemInfo = "io.k8s.api.core.v1.NodeSystemInfo" {
        machine_id: Str = "machineID".always(),
        system_uuid: Str = "systemUUID".always(),
        boot_id: Str = "bootID".always(),
        kernel_version: Str = "kernelVersion".always(),
        os_image: Str = "osImage".always(),
        container_runtime_version: Str = "containerRuntimeVersion".always(),
        kubelet_version: Str = "kubeletVersion".always(),
        kube_proxy_version: Str = "kubeProxyVersion".always(),
        operating_system: Str = "operatingSystem".always(),
        architecture: Str = "architecture".always(),
        swap: Option<Rc<NodeSwapStatus>> = "swap",
    }

    pub struct ContainerImage = "io.k8s.api.core.v1.ContainerImage" {
        names: List<Str> = "names".always().optional().atomic(),
        size_bytes: i64 = "sizeBytes",
    }

    pub struct AttachedVolume = "io.k8s.api.core.v1.AttachedVolume" {
        name: Str = "name".always(),
        device_path: Str = "devicePath".always(),
    }

    pub struct NodeRuntimeHandler = "io.k8s.api.core.v1.NodeRuntimeHandler" {
        name: Str = "name".always().optional(),
        features: Option<Rc<NodeRuntimeHandlerFeatures>> = "features",
    }

    pub struct NodeFeatures = "io.k8s.api.core.v1.NodeFeatures" {
        supplemental_groups_policy: Option<bool> = "supplementalGroupsPolicy",
    }

    pub struct DaemonEndpoint = "io.k8s.api.core.v1.DaemonEndpoint" {
        port: i32 = "Port".always(),
    }

    pub struct NodeSwapStatus = "io.k8s.api.core.v1.NodeSwapStatus" {
        capacity: Option<i64> = "capacity",
    }

    pub struct NodeRuntimeHandlerFeatures = "io.k8s.api.core.v1.NodeRuntimeHandlerFeatures" {
        recursive_read_only_mounts: Option<bool> = "recursiveReadOnlyMounts",
        user_namespaces: Option<bool> = "userNamespaces",
    }
}

const MILLI: i32 = -3;

fn rounded(q: &Quantity) -> Quantity {
    let mut q = q.clone();
    q.round_up(MILLI);
    q
}

impl Node {
    /// What the labels `node-role.kubernetes.io/<role>` and `kubernetes.io/role=<role>` say, sorted.
    pub fn roles(&self) -> Vec<&str> {
        let mut roles: Vec<&str> = self
            .metadata
            .labels
            .iter()
            .filter_map(|(k, v)| match k.strip_prefix("node-role.kubernetes.io/") {
                Some(role) => Some(role),
                None if *k == "kubernetes.io/role" => Some(v.as_str()),
                None => None,
            })
            .filter(|role| !role.is_empty())
            .collect();
        roles.arrange();
        roles.dedup();
        roles
    }

    /// `podCIDR` is the first of `podCIDRs`, and wins where they differ: older clients know only it.
    fn agree_on_pod_cidrs(&mut self) {
        let spec = &self.spec;
        let first = spec.pod_cidrs.first();
        if !spec.pod_cidr.is_empty() && first != Some(&spec.pod_cidr) {
            let spec = Rc::make_mut(&mut self.spec);
            spec.pod_cidrs = vec![spec.pod_cidr.clone()].into();
        } else if let (true, Some(first)) = (spec.pod_cidr.is_empty(), first) {
            let first = first.clone();
            Rc::make_mut(&mut self.spec).pod_cidr = first;
        }
    }

    /// The first address of that type.
    pub fn address(&self, type_: &str) -> Option<&str> {
        self.status.addresses.iter().find(|a| a.type_ == *type_).map(|a| a.address.as_str())
    }
}

impl Kind for Node {
    const INFO: KindInfo =
        KindInfo { short: &["no"], namespaced: false, status: true, ..KindInfo::core("Node", "nodes") };
    crate::kind_glue!(Node);
    const COLUMNS: &'static [Column] = &[
        NAME,
        col("Status"),
        col("Roles"),
        AGE,
        col("Version"),
        wide("Internal-IP"),
        wide("External-IP"),
        wide("OS-Image"),
        wide("Kernel-Version"),
        wide("Container-Runtime"),
    ];
    const FIELDS: &'static [&'static str] = &["spec.unschedulable"];

    fn set_defaults(&mut self) {
        self.agree_on_pod_cidrs();
        let rounds = |m: &Map<Quantity>| m.iter().any(|(_, q)| !q.clone().round_up(MILLI));
        if self.status.allocatable.is_empty() && !self.status.capacity.is_empty() {
            let status = Rc::make_mut(&mut self.status);
            status.allocatable = status.capacity.clone();
        }
        // The API keeps quantities to a thousandth.
        if rounds(&self.status.capacity) || rounds(&self.status.allocatable) {
            let status = Rc::make_mut(&mut self.status);
            for list in [&mut status.capacity, &mut status.allocatable] {
                *list = list.iter().map(|(k, q)| (k, rounded(q))).collect();
            }
        }
    }

    fn prepare_for_create(&mut self) {
        if self.spec.config_source.value().is_some() {
            Rc::make_mut(&mut self.spec).config_source = Opaque::default();
        }
        if self.status.config.value().is_some() || !self.status.declared_features.is_empty() {
            let status = Rc::make_mut(&mut self.status);
            status.config = Opaque::default();
            status.declared_features = List::EMPTY;
        }
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        if old.spec.config_source.value().is_none() && self.spec.config_source.value().is_some() {
            Rc::make_mut(&mut self.spec).config_source = Opaque::default();
        }
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
        if old.status.config.value().is_none() && self.status.config.value().is_some() {
            Rc::make_mut(&mut self.status).config = Opaque::default();
        }
    }

    fn validate(&self, errs: &mut ErrorList) {
        validation::validate(self, errs);
    }

    fn validate_update(&self, old: &Self, errs: &mut ErrorList) {
        validation::validate(self, errs);
        validation::validate_update(self, old, errs);
    }

    fn validate_status_update(&self, old: &Self, errs: &mut ErrorList) {
        validation::validate_update(self, old, errs);
    }

    fn warnings(&self, _old: Option<&Self>, out: &mut Vec<String>) {
        if self.spec.config_source.value().is_some() {
            out.push("spec.configSource: the feature is removed".to_owned());
        }
        if !self.spec.external_id.is_empty() {
            out.push("spec.externalID: this field is deprecated, and is unused by Kubernetes".to_owned());
        }
        for (i, range) in self.spec.pod_cidrs.iter().enumerate() {
            out.extend(warnings_for_cidr(&format!("spec.podCIDRs[{i}]"), range));
        }
    }

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        let ready = self.status.conditions.iter().find(|c| c.type_ == "Ready");
        let mut status = match ready {
            Some(c) if c.status == "True" => "Ready",
            Some(_) => "NotReady",
            None => "Unknown",
        }
        .to_owned();
        if self.spec.unschedulable {
            status.push_str(",SchedulingDisabled");
        }
        let info = &self.status.node_info;
        vec![
            self.metadata.name.encode(),
            status.into(),
            cell_or(&self.roles().join(","), "<none>"),
            cx.age(self.metadata.creation_timestamp),
            info.kubelet_version.encode(),
            self.address("InternalIP").unwrap_or("<none>").into(),
            self.address("ExternalIP").unwrap_or("<none>").into(),
            cell_or(&info.os_image, "<unknown>"),
            cell_or(&info.kernel_version, "<unknown>"),
            cell_or(&info.container_runtime_version, "<unknown>"),
        ]
    }

    fn field(&self, path: &str) -> Option<Str> {
        (path == "spec.unschedulable").then(|| if self.spec.unschedulable { "true" } else { "false" }.into())
    }
}

#[cfg(test)]
mod tests;

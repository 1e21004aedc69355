//! v1 Node.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/node/strategy.go
//! Differs: nothing known.

use crate::api::kind::{Kind, KindInfo};
use crate::apimachinery::codec::Opaque;
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::time::Time;
use crate::apimachinery::{List, Map, ObjectMeta, Str};
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
        names: List<Str> = "names".always().atomic(),
        size_bytes: i64 = "sizeBytes",
    }

    pub struct AttachedVolume = "io.k8s.api.core.v1.AttachedVolume" {
        name: Str = "name".always(),
        device_path: Str = "devicePath".always(),
    }

    pub struct NodeRuntimeHandler = "io.k8s.api.core.v1.NodeRuntimeHandler" {
        name: Str = "name".always(),
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

impl Kind for Node {
    const INFO: KindInfo =
        KindInfo { short: &["no"], namespaced: false, status: true, ..KindInfo::core("Node", "nodes") };
    crate::kind_glue!(Node);
}

//! A Node: its health, what it can hold, and what the pods on it ask for.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describeNode, describeNodeResource)
//! Differs: nothing known.

use super::text::{Writer, or_none, put};
use crate::api::Key;
use crate::api::coordination::Lease;
use crate::api::core::pod::resources::{ResourceList, container_limits, container_requests, is_hugepage};
use crate::api::core::{ContainerStatus, Node, Pod, PodSpec, Taint};
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::time::MicroTime;
use crate::apimachinery::{Arrange, Map};
use crate::apiserver::Tables;
use std::rc::Rc;

pub(super) fn describe(w: &mut Writer, tables: &Tables, node: &Node) {
    w.field(0, "Name", &node.metadata.name);
    w.field(0, "Roles", or_none(&node.roles().join(",")));
    w.labels_and_annotations(&node.metadata);
    w.field(0, "CreationTimestamp", node.metadata.creation_timestamp.rfc1123());
    let mut taints: Vec<&Taint> = node.spec.taints.iter().collect();
    taints.arrange_by_key(|t| format!("{},{}", t.effect, t.key));
    w.list("Taints", taints.into_iter().map(taint_text));
    w.field(0, "Unschedulable", node.spec.unschedulable);
    lease(w, tables, node);
    conditions(w, node);
    w.title(0, "Addresses");
    for a in &node.status.addresses {
        w.field(1, &a.type_, &a.address);
    }
    for (title, list) in [("Capacity", &node.status.capacity), ("Allocatable", &node.status.allocatable)] {
        if !list.is_empty() {
            w.title(0, title);
            list.iter().for_each(|(name, quantity)| w.field(1, name, quantity));
        }
    }
    system(w, node);
    w.field_if(0, "PodCIDR", &node.spec.pod_cidr);
    w.field_if(0, "PodCIDRs", &node.spec.pod_cidrs.join(","));
    w.field_if(0, "ProviderID", &node.spec.provider_id);
    resources(w, tables, node);
}

fn taint_text(t: &Taint) -> String {
    match (t.effect.is_empty(), t.value.is_empty()) {
        (true, true) => t.key.to_string(),
        (true, false) => format!("{}={}:", t.key, t.value),
        (false, true) => format!("{}:{}", t.key, t.effect),
        (false, false) => format!("{}={}:{}", t.key, t.value, t.effect),
    }
}

fn lease(w: &mut Writer, tables: &Tables, node: &Node) {
    let name = &node.metadata.name;
    let Some(lease) = tables.get::<Lease>(&Key::new("kube-node-lease", name.clone())) else {
        put!(w, 0, "Lease:\tFailed to get lease: leases.coordination.k8s.io {:?} not found\n", name.as_str());
        return;
    };
    w.title(0, "Lease");
    let time = |t: Option<MicroTime>| t.map_or("<unset>".to_owned(), |t| t.to_time().rfc1123());
    w.field(1, "HolderIdentity", lease.spec.holder_identity.as_deref().unwrap_or("<unset>"));
    w.field(1, "AcquireTime", time(lease.spec.acquire_time));
    w.field(1, "RenewTime", time(lease.spec.renew_time));
}

fn conditions(w: &mut Writer, node: &Node) {
    if node.status.conditions.is_empty() {
        return;
    }
    put!(w, 0, "Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n");
    put!(w, 1, "----\t------\t-----------------\t------------------\t------\t-------\n");
    for c in &node.status.conditions {
        let (seen, changed) = (c.last_heartbeat_time.rfc1123(), c.last_transition_time.rfc1123());
        put!(w, 1, "{} \t{} \t{seen} \t{changed} \t{} \t{}\n", c.type_, c.status, c.reason, c.message);
    }
}

fn system(w: &mut Writer, node: &Node) {
    let info = &node.status.node_info;
    w.title(0, "System Info");
    for (title, value) in [
        ("Machine ID", &info.machine_id),
        ("System UUID", &info.system_uuid),
        ("Boot ID", &info.boot_id),
        ("Kernel Version", &info.kernel_version),
        ("OS Image", &info.os_image),
        ("Operating System", &info.operating_system),
        ("Architecture", &info.architecture),
        ("Container Runtime Version", &info.container_runtime_version),
        ("Kubelet Version", &info.kubelet_version),
        ("Kube-Proxy Version", &info.kube_proxy_version),
    ] {
        w.field(1, title, value);
    }
}

fn resources(w: &mut Writer, tables: &Tables, node: &Node) {
    let ended = |pod: &Pod| matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
    let pods: Vec<&Rc<Pod>> = tables.pods_on(&node.metadata.name).filter(|pod| !ended(pod)).collect();
    let status = &node.status;
    let room = if status.allocatable.is_empty() { &status.capacity } else { &status.allocatable };
    put!(w, 0, "Non-terminated Pods:\t({} in total)\n", pods.len());
    put!(w, 1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge\n");
    put!(w, 1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---\n");
    let (mut requests, mut limits) = (ResourceList::default(), ResourceList::default());
    for pod in pods {
        let (asked, limited) = (pod_requests(pod), pod_limits(pod));
        let [cpu, cpu_limit] = [&asked, &limited].map(|list| share(list, room, "cpu", Zero::Undefined));
        let [memory, memory_limit] = [&asked, &limited].map(|list| share(list, room, "memory", Zero::Undefined));
        let (meta, age) = (&pod.metadata, w.age(pod.metadata.creation_timestamp));
        put!(w, 1, "{}\t{}\t\t{cpu}\t{cpu_limit}\t{memory}\t{memory_limit}\t{age}\n", meta.namespace, meta.name);
        add(&mut requests, &asked);
        add(&mut limits, &limited);
    }
    put!(w, 0, "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n");
    put!(w, 1, "Resource\tRequests\tLimits\n");
    put!(w, 1, "--------\t--------\t------\n");
    let is_usual = |name: &str| matches!(name, "cpu" | "memory" | "ephemeral-storage" | "pods");
    let usual = ["cpu", "memory", "ephemeral-storage"].into_iter();
    for name in usual.chain(room.keys().map(|n| n.as_str()).filter(|n| is_hugepage(n))) {
        let [asked, limited] = [&requests, &limits].map(|list| share(list, room, name, Zero::Nothing));
        put!(w, 1, "{name}\t{asked}\t{limited}\n");
    }
    for name in room.keys().filter(|n| !is_usual(n) && !is_hugepage(n)) {
        let [asked, limited] = [&requests, &limits].map(|list| amount(list, name));
        put!(w, 1, "{name}\t{asked}\t{limited}\n");
    }
}

/// What a percentage of no room at all is.
#[derive(Clone, Copy, PartialEq)]
enum Zero {
    Nothing,
    /// What Go makes of a float that no integer can hold.
    Undefined,
}

fn amount(list: &ResourceList, name: &str) -> Quantity {
    list.get(name).cloned().unwrap_or_else(Quantity::zero)
}

/// `250m (6%)`
fn share(list: &ResourceList, room: &Map<Quantity>, name: &str, zero: Zero) -> String {
    let number = |q: &Quantity| if name == "cpu" { q.milli_value() } else { q.value() };
    let amount = amount(list, name);
    let percent = match room.get(name).map_or(0, number) {
        0 if zero == Zero::Undefined => i64::MIN,
        0 => 0,
        whole => (number(&amount) as f64 / whole as f64 * 100.0) as i64,
    };
    format!("{amount} ({percent}%)")
}

fn add(into: &mut ResourceList, more: &ResourceList) {
    for (name, quantity) in more.iter() {
        let mut sum = quantity.clone();
        if let Some(have) = into.get(name) {
            sum = have.clone();
            sum.add(quantity);
        }
        into.insert(name.clone(), sum);
    }
}

/// The containers' own, while they are resized the greater of asked and given; and the overhead.
fn pod_requests(pod: &Pod) -> ResourceList {
    let mut spec = (*pod.spec).clone();
    raise(&mut spec, pod);
    let mut sum = container_requests(&spec);
    add(&mut sum, &pod.spec.overhead);
    sum
}

fn raise(spec: &mut PodSpec, pod: &Pod) {
    let infeasible = pod.condition("PodResizePending").is_some_and(|c| c.status == "True" && c.reason == "Infeasible");
    for (containers, statuses, sidecars_only) in [
        (&mut spec.containers, &pod.status.container_statuses, false),
        (&mut spec.init_containers, &pod.status.init_container_statuses, true),
    ] {
        let given = |name: &str| -> Option<&ContainerStatus> { statuses.iter().find(|s| s.name == *name) };
        if !containers.iter().any(|c| given(&c.name).is_some_and(|s| s.resources.is_some())) {
            continue;
        }
        for c in containers.make_mut().iter_mut().filter(|c| !sidecars_only || c.is_sidecar()) {
            let Some(status) = given(&c.name) else { continue };
            let Some(resources) = &status.resources else { continue };
            let mut requests = if infeasible { ResourceList::default() } else { c.resources.requests.clone() };
            for (name, quantity) in resources.requests.iter().chain(status.allocated_resources.iter()) {
                if requests.get(name).is_none_or(|have| quantity > have) {
                    requests.insert(name.clone(), quantity.clone());
                }
            }
            c.resources.requests = requests;
        }
    }
}

fn pod_limits(pod: &Pod) -> ResourceList {
    let mut sum = container_limits(&pod.spec);
    for (name, quantity) in pod.spec.overhead.iter() {
        if let Some(have) = sum.get(name).filter(|have| !have.is_zero()) {
            let mut total = have.clone();
            total.add(quantity);
            sum.insert(name.clone(), total);
        }
    }
    sum
}

//! Whether the node takes a pod that was bound to it.
//!
//! Upstream: pkg/kubelet/lifecycle/predicate.go (Admit, generalFilter, InsufficientResourceError)
//! Differs: only cpu, memory, ephemeral storage and pods are counted; no pod is put out to make room.

use super::pod_worker::{PodWorker, Stage};
use super::{Machine, PodId};
use crate::api::Key;
use crate::api::core::{Container, Node, Pod, RequiredNodeAffinity, tolerate};
use crate::apimachinery::Str;
use crate::apimachinery::quantity::Quantity;
use crate::client::Turn;
use crate::sim::OrdMap;
use std::rc::Rc;

/// The reason and the message of a refusal.
type Refusal = (String, String);

pub(super) fn admit(pod: &Pod, machine: &Machine, pods: &OrdMap<PodId, Rc<PodWorker>>, t: &Turn) -> Option<Refusal> {
    let node = t.view.get::<Node>(&Key::new("", machine.name.clone()));
    // A pod that the API no longer has does not count, even while its containers still end.
    let is_there = |p: &Pod| t.view.get::<Pod>(&p.metadata.key()).is_some_and(|q| q.metadata.uid == p.metadata.uid);
    let running = pods.values().filter(|w| w.stage < Stage::Terminated).map(|w| &*w.pod);
    let others: Vec<&Pod> = running.filter(|p| is_there(p)).collect();
    if let Some(refusal) = resources(pod, machine, &others) {
        return Some(refusal);
    }
    let node = node?;
    if !RequiredNodeAffinity::of_pod(pod).matches(node) {
        let text = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector";
        return Some(("NodeAffinity".to_owned(), text.to_owned()));
    }
    let ports = |p: &Pod| -> Vec<(i32, Str)> {
        let all = p.spec.containers.iter().flat_map(|c| c.ports.iter());
        all.filter(|p| p.host_port > 0).map(|p| (p.host_port, p.protocol.clone())).collect()
    };
    let wanted = ports(pod);
    if !wanted.is_empty() && others.iter().any(|o| ports(o).iter().any(|p| wanted.contains(p))) {
        let text = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports";
        return Some(("NodePorts".to_owned(), text.to_owned()));
    }
    if node.spec.taints.iter().any(|t| t.effect == "NoExecute" && !tolerate(&pod.spec.tolerations, t)) {
        let text = "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate";
        return Some(("TaintToleration".to_owned(), text.to_owned()));
    }
    None
}

/// What a pod asks for: the sum of its containers and sidecars, or what an init container needs if that is more.
/// Upstream: component-helpers/resource (PodRequests).
fn request(pod: &Pod, name: &str) -> i64 {
    let of = |c: &Container| amount(c.resources.requests.get(name), name);
    let mut sum: i64 = pod.spec.containers.iter().map(of).sum();
    let (mut sidecars, mut most) = (0, 0);
    for c in &pod.spec.init_containers {
        if super::pod_worker::is_sidecar(c) {
            sidecars += of(c);
            most = most.max(sidecars);
        } else {
            most = most.max(sidecars + of(c));
        }
    }
    sum = (sum + sidecars).max(most);
    if let Some(r) = &pod.spec.resources
        && let Some(q) = r.requests.get(name)
    {
        sum = amount(Some(q), name);
    }
    sum + amount(pod.spec.overhead.get(name), name)
}

fn amount(q: Option<&Quantity>, name: &str) -> i64 {
    q.map_or(0, |q| if name == "cpu" { q.milli_value() } else { q.value() })
}

fn resources(pod: &Pod, machine: &Machine, others: &[&Pod]) -> Option<Refusal> {
    let short = |name: &str, requested: i64, used: i64, capacity: i64| {
        let text = format!(
            "Node didn't have enough resource: {name}, requested: {requested}, used: {used}, capacity: {capacity}"
        );
        Some((format!("OutOf{name}"), text))
    };
    if others.len() as i64 + 1 > machine.pods {
        return short("pods", 1, others.len() as i64, machine.pods);
    }
    for (name, capacity) in
        [("cpu", &machine.cpu), ("memory", &machine.memory), ("ephemeral-storage", &machine.ephemeral_storage)]
    {
        let wanted = request(pod, name);
        let capacity = amount(Quantity::parse(capacity).ok().as_ref(), name);
        let used: i64 = if wanted == 0 { 0 } else { others.iter().map(|p| request(p, name)).sum() };
        if wanted > 0 && wanted > capacity - used {
            return short(name, wanted, used, capacity);
        }
    }
    None
}

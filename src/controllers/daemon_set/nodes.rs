//! On which nodes a DaemonSet's pods belong, and what such a pod looks like.
//!
//! Upstream: pkg/controller/daemon/daemon_controller.go (NodeShouldRunDaemonPod),
//! pkg/controller/daemon/util/daemonset_util.go
//! Differs: nothing known.

use crate::api::apps::DaemonSet;
use crate::api::core::{
    Node, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, Pod, PodSpec, RequiredNodeAffinity, Taint, Toleration,
    tolerate,
};
use crate::apimachinery::{List, Str};
use std::rc::Rc;

/// (key, effect) of the taints that every daemon puts up with.
const TOLERATED: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];
const NETWORK_UNAVAILABLE: (&str, &str) = ("node.kubernetes.io/network-unavailable", "NoSchedule");

/// A toleration that is there already, but for its seconds, is replaced.
pub(super) fn add_tolerations(spec: &mut PodSpec) {
    let network = spec.host_network.then_some(NETWORK_UNAVAILABLE);
    for (key, effect) in TOLERATED.into_iter().chain(network) {
        let new = Toleration {
            key: Str::literal(key),
            operator: Str::literal("Exists"),
            effect: Str::literal(effect),
            ..Toleration::default()
        };
        let same = |t: &Toleration| (&t.key, &t.operator, &t.effect, &t.value)
            == (&new.key, &new.operator, &new.effect, &new.value);
        match spec.tolerations.iter().position(same) {
            Some(at) if spec.tolerations[at] == new => {}
            Some(at) => spec.tolerations.make_mut()[at] = new,
            None => spec.tolerations.push(new),
        }
    }
}

/// What a DaemonSet asks of its nodes, read once for all of them.
pub(super) struct Eligibility {
    node_name: Str,
    affinity: RequiredNodeAffinity,
    tolerations: List<Toleration>,
}

impl Eligibility {
    pub(super) fn of(ds: &DaemonSet) -> Eligibility {
        let mut spec = (*ds.spec.template.spec).clone();
        add_tolerations(&mut spec);
        let pod = Pod { spec: Rc::new(spec), ..Pod::default() };
        Eligibility {
            node_name: pod.spec.node_name.clone(),
            affinity: RequiredNodeAffinity::of_pod(&pod),
            tolerations: pod.spec.tolerations.clone(),
        }
    }

    /// (a pod should start there, one that is there may stay).
    pub(super) fn on(&self, node: &Node) -> (bool, bool) {
        let named = self.node_name.is_empty() || self.node_name == node.metadata.name;
        if !named || !self.affinity.matches(node) {
            return (false, false);
        }
        let bad = |effects: &[&str]| {
            let hard = |t: &&Taint| effects.contains(&t.effect.as_str());
            node.spec.taints.iter().filter(hard).any(|t| !tolerate(&self.tolerations, t))
        };
        if bad(&["NoSchedule", "NoExecute"]) { (false, !bad(&["NoExecute"])) } else { (true, true) }
    }
}

fn name_selector(node: &str) -> NodeSelectorRequirement {
    NodeSelectorRequirement {
        key: Str::literal("metadata.name"),
        operator: Str::literal("In"),
        values: List::from(vec![Str::from(node)]),
    }
}

/// The scheduler may put the pod on that node only.
pub(super) fn pin(spec: &mut PodSpec, node: &str) {
    let term =
        NodeSelectorTerm { match_fields: List::from(vec![name_selector(node)]), ..NodeSelectorTerm::default() };
    let affinity = Rc::make_mut(spec.affinity.get_or_insert_default());
    let affinity = Rc::make_mut(affinity.node_affinity.get_or_insert_default());
    affinity.required_during_scheduling_ignored_during_execution =
        Some(Rc::new(NodeSelector { node_selector_terms: List::from(vec![term]) }));
}

/// The node that the pod is on, or is pinned to.
pub(super) fn target(pod: &Pod) -> Option<Str> {
    if !pod.spec.node_name.is_empty() {
        return Some(pod.spec.node_name.clone());
    }
    let affinity = pod.spec.affinity.as_ref()?.node_affinity.as_ref()?;
    let selector = affinity.required_during_scheduling_ignored_during_execution.as_ref()?;
    let fields = selector.node_selector_terms.iter().flat_map(|t| t.match_fields.iter());
    let mut names = fields.filter(|f| f.key == "metadata.name" && f.operator == "In");
    names.next().filter(|f| f.values.len() == 1).map(|f| f.values[0].clone())
}

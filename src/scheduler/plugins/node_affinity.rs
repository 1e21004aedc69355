//! Node selectors and node affinity.
//!
//! Upstream: pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go
//! Differs: no affinity is added by the profile.

use super::super::class::PodInfo;
use super::super::framework::{
    Action, Change, Cx, CycleState, Interest, NodeNames, Plugin, Resource, Status, Verdict, default_normalize,
};
use super::super::node_info::NodeInfo;
use crate::api::core::{NodeSelectorTerm, Pod, RequiredNodeAffinity, preferred_score};
use crate::apimachinery::{Arrange, Str};

pub(crate) struct NodeAffinity;

/// The nodes that a term names; None where it may be any.
fn named(term: &NodeSelectorTerm) -> Option<Vec<Str>> {
    let fields = term.match_fields.iter().filter(|r| r.key == "metadata.name" && r.operator == "In");
    let mut names: Option<Vec<Str>> = None;
    for r in fields {
        names = Some(match names {
            None => r.values.to_vec(),
            Some(before) => before.into_iter().filter(|n| r.values.contains(n)).collect(),
        });
    }
    names
}

/// Err: the terms contradict themselves.
fn node_names(pod: &Pod) -> Result<NodeNames, Status> {
    let affinity = pod.spec.affinity.as_ref().and_then(|a| a.node_affinity.as_ref());
    let required = affinity.and_then(|a| a.required_during_scheduling_ignored_during_execution.as_ref());
    let Some(required) = required.filter(|r| !r.node_selector_terms.is_empty()) else { return Ok(None) };
    let mut all = Vec::new();
    for term in &required.node_selector_terms {
        match named(term) {
            None => return Ok(None),
            Some(names) => all.extend(names),
        }
    }
    all.arrange();
    all.dedup();
    if all.is_empty() { Err(Status::unresolvable("pod affinity terms conflict")) } else { Ok(Some(all)) }
}

impl Plugin for NodeAffinity {
    const NAME: &'static str = "NodeAffinity";
    const LOCAL: bool = true;
    const FILTERS: bool = true;
    const SCORES: bool = true;
    const EVENTS_TO_REGISTER: &'static [Interest] =
        &[(Resource::Node, Action::ADD.or(Action::UPDATE_NODE_LABEL))];

    fn pre_filter(_: &mut Cx, _: &mut CycleState, pod: &PodInfo) -> Result<NodeNames, Status> {
        if pod.class.node_affinity.is_empty() {
            return Err(Status::skip());
        }
        node_names(&pod.pod)
    }

    fn filter(_: &Cx, _: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Verdict {
        if pod.class.node_affinity.matches(node.node()) {
            return Ok(());
        }
        Err(Status::unresolvable("node(s) didn't match Pod's node affinity/selector"))
    }

    fn pre_score(_: &mut Cx, _: &mut CycleState, pod: &PodInfo, _: &[usize]) -> Verdict {
        if pod.class.preferred.is_empty() { Err(Status::skip()) } else { Ok(()) }
    }

    fn score(_: &Cx, _: &CycleState, pod: &PodInfo, node: &NodeInfo) -> i64 {
        preferred_score(&pod.class.preferred, node.node())
    }

    fn normalize(_: &CycleState, _: &[usize], scores: &mut [i64]) {
        default_normalize(scores, false);
    }

    fn queueing_hint(_: &mut Cx, pod: &PodInfo, change: &Change) -> bool {
        let required = RequiredNodeAffinity::of_pod(&pod.pod);
        let (old, new) = change.nodes();
        new.is_some_and(|n| required.matches(n)) && old.is_none_or(|n| !required.matches(n))
    }
}

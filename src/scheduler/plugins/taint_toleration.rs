//! Taints keep pods away that do not tolerate them; PreferNoSchedule taints only cost points.
//!
//! Upstream: pkg/scheduler/framework/plugins/tainttoleration/taint_toleration.go
//! Differs: nothing known.

use crate::api::core::{tolerate, untolerated};
use super::super::class::PodInfo;
use super::super::framework::{
    Action, Change, Cx, CycleState, Interest, Plugin, Resource, Status, Verdict, default_normalize,
};
use super::super::node_info::NodeInfo;

pub(crate) struct TaintToleration;

impl Plugin for TaintToleration {
    const NAME: &'static str = "TaintToleration";
    const LOCAL: bool = true;
    const FILTERS: bool = true;
    const SCORES: bool = true;
    const EVENTS_TO_REGISTER: &'static [Interest] =
        &[
            (Resource::Node, Action::ADD.or(Action::UPDATE_NODE_TAINT)),
            (Resource::Pod, Action::UPDATE_POD_TOLERATION),
        ];

    fn filter(_: &Cx, _: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Verdict {
        match untolerated(&node.node().spec.taints, &pod.pod.spec.tolerations) {
            None => Ok(()),
            Some(_) => Err(Status::unresolvable("node(s) had untolerated taint(s)")),
        }
    }

    fn score(_: &Cx, _: &CycleState, pod: &PodInfo, node: &NodeInfo) -> i64 {
        let soft = node.node().spec.taints.iter().filter(|t| t.effect == "PreferNoSchedule");
        soft.filter(|t| !tolerate(&pod.pod.spec.tolerations, t)).count() as i64
    }

    fn normalize(_: &CycleState, _: &[usize], scores: &mut [i64]) {
        default_normalize(scores, true);
    }

    fn queueing_hint(_: &mut Cx, pod: &PodInfo, change: &Change) -> bool {
        if change.resource == Resource::Pod {
            return change.pods().1.is_some_and(|p| p.metadata.uid == *pod.uid());
        }
        let (old, new) = change.nodes();
        let repels = |taints| untolerated(taints, &pod.pod.spec.tolerations).is_some();
        old.is_none_or(|n| repels(&n.spec.taints)) && new.is_some_and(|n| !repels(&n.spec.taints))
    }
}

//! A cordoned node takes no pods, but those that tolerate its taint.
//!
//! Upstream: pkg/scheduler/framework/plugins/nodeunschedulable/node_unschedulable.go
//! Differs: nothing known.

use super::super::class::PodInfo;
use super::super::framework::{Action, Change, Cx, CycleState, Interest, Plugin, Resource, Status, Verdict};
use super::super::node_info::NodeInfo;
use crate::api::core::{Pod, Taint, tolerate};
use crate::apimachinery::Str;

pub(crate) struct NodeUnschedulable;

fn tolerates_cordon(pod: &Pod) -> bool {
    let cordon = Taint {
        key: Str::literal("node.kubernetes.io/unschedulable"),
        value: Str::EMPTY,
        effect: Str::literal("NoSchedule"),
        time_added: None,
    };
    tolerate(&pod.spec.tolerations, &cordon)
}

impl Plugin for NodeUnschedulable {
    const NAME: &'static str = "NodeUnschedulable";
    const LOCAL: bool = true;
    const FILTERS: bool = true;
    const EVENTS_TO_REGISTER: &'static [Interest] =
        &[
            (Resource::Node, Action::ADD.or(Action::UPDATE_NODE_TAINT)),
            (Resource::Pod, Action::UPDATE_POD_TOLERATION),
        ];

    fn filter(_: &Cx, _: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Verdict {
        if node.node().spec.unschedulable && !tolerates_cordon(&pod.pod) {
            return Err(Status::unresolvable("node(s) were unschedulable"));
        }
        Ok(())
    }

    fn queueing_hint(_: &mut Cx, pod: &PodInfo, change: &Change) -> bool {
        match change.resource {
            Resource::Node => {
                let (old, new) = change.nodes();
                new.is_some_and(|n| !n.spec.unschedulable) && old.is_none_or(|o| o.spec.unschedulable)
            }
            _ => change.pods().1.is_some_and(|p| p.metadata.uid == *pod.uid() && tolerates_cordon(p)),
        }
    }
}

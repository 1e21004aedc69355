//! A pod that names its node goes nowhere else.
//!
//! Upstream: pkg/scheduler/framework/plugins/nodename/node_name.go
//! Differs: nothing known.

use super::super::class::PodInfo;
use super::super::framework::{Action, Cx, CycleState, Interest, Plugin, Resource, Status, Verdict};
use super::super::node_info::NodeInfo;

pub(crate) struct NodeName;

impl Plugin for NodeName {
    const NAME: &'static str = "NodeName";
    // A pod with a node never enters the queue, so that its name is no part of the class.
    const LOCAL: bool = true;
    const FILTERS: bool = true;
    const EVENTS_TO_REGISTER: &'static [Interest] = &[(Resource::Node, Action::ADD)];

    fn filter(_: &Cx, _: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Verdict {
        let wanted = &pod.pod.spec.node_name;
        if wanted.is_empty() || *wanted == node.name {
            return Ok(());
        }
        Err(Status::unresolvable("node(s) didn't match the requested node name"))
    }
}

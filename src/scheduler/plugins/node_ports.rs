//! Two pods cannot have one port of their node.
//!
//! Upstream: pkg/scheduler/framework/plugins/nodeports/node_ports.go
//! Differs: nothing known.

use super::super::class::{Class, PodInfo};
use super::super::framework::{
    Action, Change, Cx, CycleState, Interest, NodeNames, Plugin, Resource, Status, Verdict,
};
use super::super::node_info::NodeInfo;

pub(crate) struct NodePorts;

impl Plugin for NodePorts {
    const NAME: &'static str = "NodePorts";
    const LOCAL: bool = true;
    const FILTERS: bool = true;
    const EVENTS_TO_REGISTER: &'static [Interest] =
        &[(Resource::Pod, Action::DELETE), (Resource::Node, Action::ADD)];

    fn pre_filter(_: &mut Cx, _: &mut CycleState, pod: &PodInfo) -> Result<NodeNames, Status> {
        if pod.class.ports.is_empty() { Err(Status::skip()) } else { Ok(None) }
    }

    fn filter(_: &Cx, _: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Verdict {
        if pod.class.ports.iter().any(|p| node.ports.iter().any(|q| p.conflicts(q))) {
            return Err(Status::unschedulable("node(s) didn't have free ports for the requested pod ports"));
        }
        Ok(())
    }

    fn queueing_hint(_: &mut Cx, pod: &PodInfo, change: &Change) -> bool {
        if change.resource == Resource::Node {
            return true;
        }
        let Some(gone) = change.pods().0 else { return false };
        if gone.spec.node_name.is_empty() && gone.status.nominated_node_name.is_empty() {
            return false;
        }
        let gone = Class::of_pod(gone, 0);
        pod.class.ports.iter().any(|p| gone.ports.iter().any(|q| p.conflicts(q)))
    }
}

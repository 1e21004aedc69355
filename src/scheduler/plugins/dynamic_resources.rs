//! Resource claims: what this plugin says of pods that have none.
//!
//! Upstream: pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go
//! Differs: claims are not allocated; a pod that has some is scheduled as if it had none.

use super::super::class::PodInfo;
use super::super::framework::{Cx, CycleState, NodeNames, NodeToStatus, Nomination, Plugin, Status};
use crate::sim::Stream;

pub(crate) struct DynamicResources;

impl Plugin for DynamicResources {
    const NAME: &'static str = "DynamicResources";
    const FILTERS: bool = true;

    fn pre_filter(_: &mut Cx, state: &mut CycleState, _: &PodInfo) -> Result<NodeNames, Status> {
        state.dynamic_resources = true;
        Err(Status::skip())
    }

    fn post_filter(
        _: &mut Cx,
        _: &mut Stream,
        state: &CycleState,
        _: &PodInfo,
        _: &NodeToStatus,
    ) -> Option<(Option<Nomination>, Status)> {
        // Upstream looks for what its PreFilter left, and stumbles where the cycle ended before.
        let status = if state.dynamic_resources {
            Status::unschedulable("no new claims to deallocate")
        } else {
            Status::error("not found")
        };
        Some((None, status))
    }
}

//! A pod with scheduling gates is not tried until they are gone.
//!
//! Upstream: pkg/scheduler/framework/plugins/schedulinggates/scheduling_gates.go
//! Differs: nothing known.

use super::super::class::PodInfo;
use super::super::framework::{Action, Change, Code, Cx, Interest, Plugin, Resource, Status, Verdict};
use crate::api::core::Pod;

pub(crate) struct SchedulingGates;

impl Plugin for SchedulingGates {
    const NAME: &'static str = "SchedulingGates";
    const EVENTS_TO_REGISTER: &'static [Interest] =
        &[(Resource::Pod, Action::UPDATE_POD_SCHEDULING_GATES_ELIMINATED)];

    fn pre_enqueue(pod: &Pod) -> Verdict {
        let gates = &pod.spec.scheduling_gates;
        if gates.is_empty() {
            return Ok(());
        }
        let names = gates.iter().map(|g| g.name.as_str()).collect::<Vec<_>>().join(" ");
        Err(Status::new(Code::UnschedulableAndUnresolvable, format!("waiting for scheduling gates: [{names}]")))
    }

    fn queueing_hint(_: &mut Cx, pod: &PodInfo, change: &Change) -> bool {
        change.pods().1.is_some_and(|new| new.metadata.uid == *pod.uid())
    }
}

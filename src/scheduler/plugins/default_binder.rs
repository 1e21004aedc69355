//! Binds a pod to its node through the API.
//!
//! Upstream: pkg/scheduler/framework/plugins/defaultbinder/default_binder.go
//! Differs: nothing known.

use super::super::class::PodInfo;
use super::super::framework::{Plugin, Status, Verdict};
use crate::client::Turn;

pub(crate) struct DefaultBinder;

impl Plugin for DefaultBinder {
    const NAME: &'static str = "DefaultBinder";

    fn bind(t: &mut Turn, pod: &PodInfo, node: &str) -> Option<Verdict> {
        Some(t.bind(&pod.pod, node).map_err(|e| Status::error(e.message().to_owned())))
    }
}

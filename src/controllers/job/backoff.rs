//! How long a Job waits before it makes another pod after failures.
//!
//! Upstream: pkg/controller/job/backoff_utils.go
//! Differs: times are in whole seconds, as the API keeps them.

use crate::api::core::Pod;
use crate::apimachinery::time::Time as Wall;
use crate::client::Turn;
use crate::sim::Duration;
use std::rc::Rc;

const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(600);

/// Failures since the last success, and when the last of them was.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
pub(super) struct Backoff {
    failures: i32,
    last: Option<Wall>,
}

impl Backoff {
    /// The record after what has just ended.
    pub(super) fn after(self, succeeded: &[Rc<Pod>], failed: &[Rc<Pod>]) -> Backoff {
        let latest = |pods: &[Rc<Pod>]| pods.iter().map(|p| finished_at(p)).max_by_key(|at| at.unix());
        let Some(success) = latest(succeeded) else {
            return match latest(failed) {
                None => self,
                last => Backoff { failures: self.failures + failed.len() as i32, last },
            };
        };
        let since: Vec<Rc<Pod>> = failed.iter().filter(|p| finished_at(p).unix() > success.unix()).cloned().collect();
        Backoff { failures: since.len() as i32, last: latest(&since) }
    }

    /// Zero when a pod may be made.
    pub(super) fn remaining(self, t: &Turn) -> Duration {
        self.last.map_or(Duration::ZERO, |last| remaining(t, self.failures, last))
    }
}

/// What is left of 10 s, 20 s, 40 s … 10 min since `last`.
pub(super) fn remaining(t: &Turn, failures: i32, last: Wall) -> Duration {
    if failures == 0 {
        return Duration::ZERO;
    }
    let pause = FIRST.saturating_mul(1 << (failures - 1).clamp(0, 20)).min(LONGEST);
    t.until(Wall::from_unix(last.unix() + pause.as_secs() as i64))
}

/// When the last container ended; else when the pod was no longer ready; else when it was asked to go.
pub(super) fn finished_at(pod: &Pod) -> Wall {
    let sidecar = |name: &str| pod.spec.init_containers.iter().any(|c| c.is_sidecar() && c.name == name);
    let regular = pod.status.container_statuses.iter();
    let all = regular.chain(pod.status.init_container_statuses.iter().filter(|s| sidecar(&s.name)));
    let ends: Option<Vec<i64>> = all
        .map(|s| s.state.terminated.as_ref().map(|t| t.finished_at).filter(|at| !at.is_zero()))
        .map(|at| at.map(|at| at.unix()))
        .collect();
    if let Some(last) = ends.and_then(|ends| ends.into_iter().max()) {
        return Wall::from_unix(last);
    }
    let unready = pod.status.condition("Ready").filter(|c| c.status == "False" && !c.last_transition_time.is_zero());
    if let Some(c) = unready {
        return c.last_transition_time;
    }
    let meta = &pod.metadata;
    let asked = |at: Wall| Wall::from_unix(at.unix() - meta.deletion_grace_period_seconds.unwrap_or(0));
    meta.deletion_timestamp.map_or(meta.creation_timestamp, asked)
}

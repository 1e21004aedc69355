//! kube-scheduler.
//!
//! Upstream: pkg/scheduler
//! Differs: being built.

use crate::apiserver::{Tables, WatchEvent};
use crate::client::Turn;
use crate::sim::Time;

#[derive(Clone, Default)]
pub struct Scheduler {}

impl Scheduler {
    /// What the scheduler's watch shows it: pods, nodes, and whatever plugins ask for.
    pub fn observe(&mut self, _event: &WatchEvent, _view: &Tables, _now: Time) {}

    /// When the next cycle has something to do: now, when a back-off or a flush ends, or never.
    pub fn next_at(&self, _now: Time) -> Option<Time> {
        None
    }

    /// One scheduling cycle and its binding, for one pod.
    pub fn cycle(&mut self, _t: &mut Turn) {}
}

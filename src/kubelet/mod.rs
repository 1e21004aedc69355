//! The kubelet: one actor per node.
//!
//! Upstream: pkg/kubelet
//! Differs: being built.

mod view;

use crate::api::Key;
use crate::apimachinery::Str;
use crate::client::Turn;
use crate::sim::Time;

/// What a machine has; the kubelet registers a Node of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Machine {
    pub name: Str,
    /// `192.168.0.11`.
    pub internal_ip: Str,
    pub pod_cidr: Str,
    pub cpu: Str,
    pub memory: Str,
    pub pods: i64,
    pub ephemeral_storage: Str,
    pub labels: Vec<(Str, Str)>,
}

#[derive(Clone)]
pub struct Kubelet {
    pub machine: Machine,
}

impl Kubelet {
    pub fn new(machine: Machine) -> Kubelet {
        Kubelet { machine }
    }

    /// A pod bound to this node was added, changed or removed; its present state is in the view of the next turn.
    pub fn observe(&mut self, _pod: &Key, _now: Time) {}

    /// When this kubelet has something to do next: a pod to look at, a probe, a back-off, a lease.
    pub fn next_at(&self) -> Option<Time> {
        None
    }

    /// Does all that is due at `t.now`.
    pub fn wake(&mut self, _t: &mut Turn) {}

    /// The machine loses power or its network (`true`), or comes back.
    pub fn set_down(&mut self, _down: bool, _now: Time) {}

    /// The kubelet's process starts anew; containers run on.
    pub fn restart(&mut self, _now: Time) {}

    /// The lines of a container's log; `previous` is its last life.
    pub fn logs(&self, _pod: &Key, _container: &str, _previous: bool) -> Option<Vec<(Time, Str)>> {
        None
    }
}

//! What a picture of a node may ask its kubelet.
//!
//! Upstream: nothing of the kind; a real kubelet has no picture drawn of it.

use super::Kubelet;
use crate::api::Key;
use crate::sim::Time;

impl Kubelet {
    /// The machine was made to fall silent.
    pub fn is_down(&self) -> bool {
        self.down
    }

    /// An image of the pod is on its way.
    pub fn is_pulling(&self, pod: &Key) -> bool {
        self.newest(pod).and_then(|id| self.pods.get(&id)).is_some_and(|w| w.is_pulling())
    }

    /// When the pod's next try comes: the end of the earliest back-off that is not over at `now`.
    pub fn waits_until(&self, pod: &Key, now: Time) -> Option<Time> {
        self.newest(pod).and_then(|id| self.pods.get(&id))?.waits_until(now)
    }
}

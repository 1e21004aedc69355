//! What a picture of a node may ask its kubelet.
//!
//! Upstream: nothing of the kind; a real kubelet has no picture drawn of it.

use super::Kubelet;
use crate::api::Key;
use crate::sim::Time;

impl Kubelet {
    /// The machine was made to fall silent.
    pub fn is_down(&self) -> bool {
        false
    }

    pub fn is_pulling(&self, _pod: &Key) -> bool {
        false
    }

    /// When the pod's next try comes: the end of a back-off.
    pub fn waits_until(&self, _pod: &Key) -> Option<Time> {
        None
    }
}

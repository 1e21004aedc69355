//! The order of the active queue: by priority, then by when a pod entered it.
//!
//! Upstream: pkg/scheduler/framework/plugins/queuesort/priority_sort.go
//! Differs: the order is the key of an ordered map; of two pods of one instant the one that was seen first goes first.

use super::super::class::priority;
use super::super::framework::Plugin;
use crate::api::core::Pod;
use crate::sim::Time;

pub(crate) struct PrioritySort;

/// Sorts as the pods are to be tried.
pub(crate) type SortKey = (i64, Time, u64);

impl PrioritySort {
    pub(crate) fn key(pod: &Pod, since: Time, seq: u64) -> SortKey {
        (-i64::from(priority(pod)), since, seq)
    }
}

impl Plugin for PrioritySort {
    const NAME: &'static str = "PrioritySort";
}

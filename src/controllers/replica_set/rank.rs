//! Which pods go first when there are too many.
//!
//! Upstream: pkg/controller/controller_utils.go (ActivePodsWithRanks, logarithmicRankDiff),
//! pkg/controller/replicaset/replica_set.go (getPodsToDelete)
//! Differs: of pods about equally old the uid decides last. Upstream lets it decide at once, unless they are ready or
//! there since the very same second, which is no order: a may come before b, b before c and c before a.

use super::super::pod_control::ready_since;
use crate::api::core::Pod;
use crate::apimachinery::time::Time as Wall;
use crate::apimachinery::{Arrange, OrdMap, Str};
use std::cmp::Ordering;
use std::rc::Rc;

const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// `related` counts towards how crowded a node is; `now` is the wall clock in nanoseconds.
pub(super) fn pods_to_delete(pods: &[Rc<Pod>], related: &[Rc<Pod>], count: usize, now: i64) -> Vec<Rc<Pod>> {
    let mut order = pods.to_vec();
    if count < pods.len() {
        let mut on_node: OrdMap<&Str, usize> = OrdMap::new();
        for pod in related.iter().filter(|p| p.is_active()) {
            *on_node.or_insert_with(&pod.spec.node_name, || 0) += 1;
        }
        let rank = |p: &Pod| on_node.get(&p.spec.node_name).copied().unwrap_or(0);
        order.arrange_by(|a, b| compare(a, b, (rank(a), rank(b)), now));
    }
    order.truncate(count);
    order
}

/// Less goes first where crowded nodes and costs do not count. Upstream: ActivePods.
pub(in crate::controllers) fn active_order(a: &Pod, b: &Pod) -> Ordering {
    let assigned = |p: &Pod| !p.spec.node_name.is_empty();
    let newer = |x: Wall, y: Wall| (!x.is_zero()).cmp(&!y.is_zero()).then(y.unix().cmp(&x.unix()));
    assigned(a)
        .cmp(&assigned(b))
        .then_with(|| phase(a).cmp(&phase(b)))
        .then_with(|| a.is_ready().cmp(&b.is_ready()))
        .then_with(|| match (ready_since(a), ready_since(b)) {
            (Some(x), Some(y)) => newer(x, y),
            _ => Ordering::Equal,
        })
        .then_with(|| restarts(b).cmp(&restarts(a)))
        .then_with(|| newer(a.metadata.creation_timestamp, b.metadata.creation_timestamp))
}

/// Less goes first.
fn compare(a: &Pod, b: &Pod, (rank_a, rank_b): (usize, usize), now: i64) -> Ordering {
    let assigned = |p: &Pod| !p.spec.node_name.is_empty();
    assigned(a)
        .cmp(&assigned(b))
        .then_with(|| phase(a).cmp(&phase(b)))
        .then_with(|| a.is_ready().cmp(&b.is_ready()))
        .then_with(|| deletion_cost(a).cmp(&deletion_cost(b)))
        .then_with(|| rank_b.cmp(&rank_a))
        .then_with(|| age(ready_since(a), now).cmp(&age(ready_since(b), now)))
        .then_with(|| restarts(b).cmp(&restarts(a)))
        .then_with(|| {
            let born = |p: &Pod| age(Some(p.metadata.creation_timestamp), now);
            born(a).cmp(&born(b))
        })
        .then_with(|| a.metadata.uid.cmp(&b.metadata.uid))
}

fn phase(pod: &Pod) -> u8 {
    match pod.status.phase.as_str() {
        "Unknown" => 1,
        "Running" => 2,
        _ => 0,
    }
}

/// What is not a number is 0, as validation would have it.
fn deletion_cost(pod: &Pod) -> i32 {
    pod.metadata.annotations.get(DELETION_COST).and_then(|v| v.parse().ok()).unwrap_or(0)
}

/// Of containers, and of sidecars where those are equal.
fn restarts(pod: &Pod) -> (i32, i32) {
    let regular = pod.status.container_statuses.iter().map(|c| c.restart_count).max().unwrap_or(0);
    let is_sidecar = |name: &Str| {
        let always = |p: &Option<Str>| p.as_ref().is_some_and(|p| *p == "Always");
        pod.spec.init_containers.iter().any(|c| c.name == *name && always(&c.restart_policy))
    };
    let sidecars = pod.status.init_container_statuses.iter().filter(|c| is_sidecar(&c.name));
    (regular, sidecars.map(|c| c.restart_count).max().unwrap_or(0))
}

/// Ages are compared by their order of magnitude, so that among pods about equally old chance decides, not age. What
/// has no time comes first.
fn age(since: Option<Wall>, now: i64) -> Option<i64> {
    let at = since.filter(|at| !at.is_zero())?;
    let age = now.saturating_sub(at.unix().saturating_mul(1_000_000_000));
    Some(if age > 0 { i64::from(age.ilog2()) } else { -1 })
}

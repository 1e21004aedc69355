//! Recreate: all old pods go before the first new one comes.
//!
//! Upstream: pkg/controller/deployment/recreate.go
//! Differs: nothing known.

use super::progress::sync_rollout_status;
use super::sync::{all, cleanup, replica_sets, scale_to};
use super::util::{active, desired, is_complete, total};
use crate::api::apps::{Deployment, ReplicaSet};
use crate::api::core::Pod;
use crate::apimachinery::Status;
use crate::client::{Requeue, Turn};
use std::rc::Rc;

pub(super) fn rollout_recreate(
    t: &mut Turn,
    d: &mut Deployment,
    list: &[Rc<ReplicaSet>],
    pods: &[Rc<Pod>],
) -> Result<Requeue, Status> {
    let (mut new, mut old) = replica_sets(t, d, list, false)?;
    let before = all(new.as_ref(), &old);
    let mut scaled_down = false;
    for rs in active(&old) {
        scaled_down |= scale_to(t, d, &rs, 0)?.is_some();
    }
    if scaled_down || are_old_pods_running(new.as_ref(), &old, pods) {
        return sync_rollout_status(t, d, &before, new.as_ref());
    }
    if new.is_none() {
        (new, old) = replica_sets(t, d, list, true)?;
    }
    if let Some(new) = &new {
        scale_to(t, d, new, desired(d))?;
    }
    if is_complete(d, &d.status) {
        cleanup(t, d, &old)?;
    }
    sync_rollout_status(t, d, &all(new.as_ref(), &old), new.as_ref())
}

/// `pods` are those of all ReplicaSets of the Deployment.
fn are_old_pods_running(new: Option<&Rc<ReplicaSet>>, old: &[Rc<ReplicaSet>], pods: &[Rc<Pod>]) -> bool {
    let is_new = |p: &Pod| new.is_some_and(|rs| p.metadata.is_controlled_by(&rs.metadata.uid));
    total(old, |rs| rs.status.replicas) > 0 || pods.iter().any(|p| !is_new(p) && !p.is_terminal())
}

//! RollingUpdate: new pods come as old ones go, within the surge and the unavailability allowed.
//!
//! Upstream: pkg/controller/deployment/rolling.go
//! Differs: a sync pauses after the creation of a ReplicaSet.

use super::Step;
use super::progress::sync_rollout_status;
use super::sync::{all, cleanup, replica_sets, scale_to};
use super::util::*;
use crate::api::apps::{Deployment, ReplicaSet};
use crate::apimachinery::{Arrange, Status};
use crate::client::Turn;
use std::rc::Rc;

pub(super) fn rollout_rolling(t: &mut Turn, d: &mut Deployment, list: &[Rc<ReplicaSet>]) -> Result<Step, Status> {
    let (new, old) = replica_sets(t, d, list, true)?;
    let Some(new) = new else { unreachable!("it was asked to be made") };
    if !list.iter().any(|rs| rs.metadata.uid == new.metadata.uid) {
        // By upstream's next write others have seen the new ReplicaSet, and its pods are there.
        return Ok(Step::ToBeContinued);
    }
    let every = all(Some(&new), &old);
    let scaled = match scale_new(d, &every, &new) {
        Some(size) => scale_to(t, d, &new, size)?.is_some(),
        None => false,
    };
    // Upstream goes on to write the status where scaling down fails.
    let scaled = scaled || scale_down_old(t, d, &active(&old), &new).unwrap_or(false);
    if !scaled && is_complete(d, &d.status) {
        cleanup(t, d, &old)?;
    }
    sync_rollout_status(t, d, &every, Some(&new)).map(Step::Over)
}

/// Upstream: reconcileNewReplicaSet.
fn scale_new(d: &Deployment, all: &[Rc<ReplicaSet>], new: &ReplicaSet) -> Option<i32> {
    match size(new).cmp(&desired(d)) {
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(desired(d)),
        std::cmp::Ordering::Less => Some(new_size(d, all, size(new))),
    }
}

/// How many pods may go without new unavailability: those of new pods that do not run yet are counted as lost.
/// Upstream: reconcileOldReplicaSets.
fn max_scaled_down(d: &Deployment, old: &[Rc<ReplicaSet>], new: &ReplicaSet) -> i32 {
    let min_available = desired(d) - max_unavailable(d);
    let new_unavailable = size(new) - new.status.available_replicas;
    total(old, size) + size(new) - min_available - new_unavailable
}

/// Sizes of old ReplicaSets without the pods that are not available. Upstream: cleanupUnhealthyReplicas.
///
/// False where a ReplicaSet was scaled down and its status has not caught up: the step then ends there.
fn without_unhealthy(old: &[Rc<ReplicaSet>], most: i32) -> (Vec<(Rc<ReplicaSet>, i32)>, bool) {
    let mut left = most;
    let mut sizes = Vec::new();
    for rs in old {
        let unhealthy = size(rs) - rs.status.available_replicas;
        if left <= 0 || size(rs) == 0 || unhealthy == 0 {
            continue;
        }
        if unhealthy < 0 {
            return (sizes, false);
        }
        let down = left.min(unhealthy);
        left -= down;
        sizes.push((rs.clone(), size(rs) - down));
    }
    (sizes, true)
}

/// Sizes of old ReplicaSets when so many available pods may go. Upstream: scaleDownOldReplicaSetsForRollingUpdate.
fn with_fewer(old: &[Rc<ReplicaSet>], mut count: i32) -> Vec<(Rc<ReplicaSet>, i32)> {
    let mut sizes = Vec::new();
    for rs in old {
        let down = size(rs).min(count);
        if down > 0 {
            count -= down;
            sizes.push((rs.clone(), size(rs) - down));
        }
    }
    sizes
}

/// `old` have pods. Whether any was scaled.
fn scale_down_old(t: &mut Turn, d: &Deployment, old: &[Rc<ReplicaSet>], new: &Rc<ReplicaSet>) -> Result<bool, Status> {
    let most = max_scaled_down(d, old, new);
    if old.is_empty() || most <= 0 {
        return Ok(false);
    }
    let mut old = old.to_vec();
    old.arrange_by(|a, b| by_age(a, b));
    let mut scaled = false;
    let (sizes, is_sound) = without_unhealthy(&old, most);
    for (rs, size) in sizes {
        if let Some(written) = scale_to(t, d, &rs, size)? {
            let at = old.iter().position(|o| Rc::ptr_eq(o, &rs)).expect("it is one of them");
            old[at] = written;
        }
        scaled = true;
    }
    if !is_sound {
        return Ok(false);
    }
    let available = total(&all(Some(new), &old), |rs| rs.status.available_replicas);
    let spare = available - (desired(d) - max_unavailable(d));
    for (rs, size) in with_fewer(&old, spare) {
        scale_to(t, d, &rs, size)?;
        scaled = true;
    }
    Ok(scaled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::apps::{DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
    use crate::apimachinery::Str;

    fn deployment(replicas: i32, surge: i32, unavailable: i32) -> Deployment {
        let rolling =
            RollingUpdateDeployment { max_surge: Some(surge.into()), max_unavailable: Some(unavailable.into()) };
        let strategy =
            DeploymentStrategy { type_: Str::literal("RollingUpdate"), rolling_update: Some(Rc::new(rolling)) };
        let spec = DeploymentSpec { replicas: Some(replicas), strategy, ..DeploymentSpec::default() };
        Deployment { spec: Rc::new(spec), ..Deployment::default() }
    }

    fn replica_set(replicas: i32, available: i32) -> Rc<ReplicaSet> {
        let mut rs = ReplicaSet::default();
        Rc::make_mut(&mut rs.spec).replicas = Some(replicas);
        Rc::make_mut(&mut rs.status).available_replicas = available;
        Rc::new(rs)
    }

    #[test]
    fn the_new_one_grows_within_the_surge() {
        for (replicas, surge, old, new, expected) in [
            (10, 0, 10, 0, Some(0)),
            (10, 2, 10, 0, Some(2)),
            (10, 2, 5, 0, Some(7)),
            (10, 2, 10, 2, Some(2)),
            (10, 0, 0, 10, None),
            (10, 0, 0, 12, Some(10)),
        ] {
            let d = deployment(replicas, surge, 0);
            let (old, new) = (replica_set(old, old), replica_set(new, 0));
            let all = [old.clone(), new.clone()];
            assert_eq!(scale_new(&d, &all, &new), expected, "{} old, {} new", size(&old), size(&new));
        }
    }

    #[test]
    fn old_ones_shrink_by_what_is_not_needed() {
        // replicas, unavailable, old (size, available), new (size, available), allowed to go
        for (replicas, unavailable, old, new, expected) in [
            (10, 0, (10, 10), (0, 0), 0),
            (10, 2, (10, 10), (0, 0), 2),
            (10, 2, (10, 8), (0, 0), 2),
            (10, 2, (8, 8), (5, 0), 0),
            (10, 2, (8, 8), (5, 4), 4),
        ] {
            let d = deployment(replicas, 3, unavailable);
            let olds = [replica_set(old.0, old.1)];
            assert_eq!(max_scaled_down(&d, &olds, &replica_set(new.0, new.1)), expected, "{old:?} {new:?}");
        }
    }

    #[test]
    fn unhealthy_pods_go_first() {
        let sizes = |list: Vec<(Rc<ReplicaSet>, i32)>| list.iter().map(|(_, n)| *n).collect::<Vec<_>>();
        let olds = [replica_set(3, 1), replica_set(4, 4), replica_set(5, 2)];
        assert_eq!(sizes(without_unhealthy(&olds, 3).0), [1, 4]);
        assert_eq!(sizes(with_fewer(&olds, 5)), [0, 2]);
        assert_eq!(sizes(with_fewer(&olds, -1)), Vec::<i32>::new());
    }
}

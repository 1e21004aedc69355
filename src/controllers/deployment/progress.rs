//! The status of a rollout: progress, completion, and the deadline.
//!
//! Upstream: pkg/controller/deployment/progress.go
//! Differs: a deadline less than a second away is looked at when it has passed, not every few milliseconds.

use super::sync::calculate_status;
use super::util::*;
use crate::api::apps::{Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet};
use crate::apimachinery::Status;
use crate::apimachinery::time::Time as Wall;
use crate::client::{Requeue, Turn};
use crate::sim::{Duration, MILLISECOND, SECOND};
use std::rc::Rc;

const NANOS: i64 = 1_000_000_000;

pub(super) fn sync_rollout_status(
    t: &mut Turn,
    d: &mut Deployment,
    all: &[Rc<ReplicaSet>],
    new: Option<&Rc<ReplicaSet>>,
) -> Result<Requeue, Status> {
    let status = rollout_status(all, new, d, t.wall_nanos());
    if *d.status == status {
        return Ok(stuck_check(d, &status, t.wall_nanos()).map_or(Requeue::Done, Requeue::After));
    }
    d.status = Rc::new(status);
    t.update_status(d.clone())?;
    Ok(Requeue::Done)
}

/// `now` is the wall clock in nanoseconds.
fn rollout_status(all: &[Rc<ReplicaSet>], new: Option<&Rc<ReplicaSet>>, d: &Deployment, now: i64) -> DeploymentStatus {
    let wall = Wall::from_unix(now.div_euclid(NANOS));
    let mut status = calculate_status(all, new, d, wall);
    if !has_progress_deadline(d) {
        remove_condition(&mut status, "Progressing");
    }
    let current = condition(&d.status, "Progressing").cloned();
    let is_over = status.replicas == status.updated_replicas
        && current.as_ref().is_some_and(|c| c.reason == "NewReplicaSetAvailable");
    if has_progress_deadline(d) && !is_over {
        let told = |is, reason, what: &str| {
            let message = match new {
                Some(rs) => format!("ReplicaSet \"{}\" {what}", rs.metadata.name),
                None => format!("Deployment \"{}\" {what}", d.metadata.name),
            };
            new_condition("Progressing", is, reason, &message, wall)
        };
        if is_complete(d, &status) {
            set_condition(&mut status, told("True", "NewReplicaSetAvailable", "has successfully progressed."));
        } else if is_progressing(&d.status, &status) {
            let mut progressing = told("True", "ReplicaSetUpdated", "is progressing.");
            if let Some(current) = current {
                if current.status == "True" {
                    progressing.last_transition_time = current.last_transition_time;
                }
                // Progress of the same reason still moves the time of the last update.
                remove_condition(&mut status, "Progressing");
            }
            set_condition(&mut status, progressing);
        } else if has_timed_out(d, &status, now) {
            set_condition(&mut status, told("False", "ProgressDeadlineExceeded", "has timed out progressing."));
        }
    }
    match replica_failure(all, new) {
        Some(failure) => set_condition(&mut status, failure),
        None => remove_condition(&mut status, "ReplicaFailure"),
    }
    status
}

/// That of the new ReplicaSet before those of old ones.
fn replica_failure(all: &[Rc<ReplicaSet>], new: Option<&Rc<ReplicaSet>>) -> Option<DeploymentCondition> {
    let failure = new.into_iter().chain(all).flat_map(|rs| &rs.status.conditions).find(|c| c.type_ == "ReplicaFailure");
    failure.map(|c| DeploymentCondition {
        type_: c.type_.clone(),
        status: c.status.clone(),
        last_transition_time: c.last_transition_time,
        last_update_time: c.last_transition_time,
        reason: c.reason.clone(),
        message: c.message.clone(),
    })
}

/// When the deadline passes, in nanoseconds.
fn deadline(d: &Deployment, progressing: &DeploymentCondition) -> i64 {
    let seconds = i64::from(d.spec.progress_deadline_seconds.unwrap_or(i32::MAX));
    (progressing.last_update_time.unix() + seconds).saturating_mul(NANOS)
}

fn has_timed_out(d: &Deployment, status: &DeploymentStatus, now: i64) -> bool {
    let Some(c) = condition(status, "Progressing") else { return false };
    match c.reason.as_str() {
        "NewReplicaSetAvailable" => false,
        "ProgressDeadlineExceeded" => true,
        _ => deadline(d, c) < now,
    }
}

/// When to look whether a rollout without progress has timed out. Upstream: requeueStuckDeployment.
fn stuck_check(d: &Deployment, status: &DeploymentStatus, now: i64) -> Option<Duration> {
    let current = condition(&d.status, "Progressing")?;
    if !has_progress_deadline(d) || is_complete(d, status) || current.reason == "ProgressDeadlineExceeded" {
        return None;
    }
    let after = Duration::from_nanos((deadline(d, current) - now).max(0) as u64);
    Some(if after < SECOND { after + MILLISECOND } else { after + SECOND })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::apps::DeploymentSpec;
    use crate::apimachinery::Str;

    fn deployment(reason: &'static str, updated: i64) -> Deployment {
        let spec =
            DeploymentSpec { replicas: Some(2), progress_deadline_seconds: Some(600), ..DeploymentSpec::default() };
        let mut d = Deployment { spec: Rc::new(spec), ..Deployment::default() };
        let c = new_condition("Progressing", "True", reason, "", Wall::from_unix(updated));
        set_condition(Rc::make_mut(&mut d.status), c);
        d
    }

    #[test]
    fn a_rollout_times_out_strictly_after_its_deadline() {
        for (reason, now, times_out) in [
            ("ReplicaSetUpdated", 1600 * NANOS, false),
            ("ReplicaSetUpdated", 1600 * NANOS + 1, true),
            ("NewReplicaSetAvailable", 9999 * NANOS, false),
            ("ProgressDeadlineExceeded", 0, true),
        ] {
            let d = deployment(reason, 1000);
            assert_eq!(has_timed_out(&d, &d.status, now), times_out, "{reason} at {now}");
        }
    }

    #[test]
    fn a_stuck_rollout_is_looked_at_a_second_after_its_deadline() {
        let d = deployment("ReplicaSetUpdated", 1000);
        let check = |d: &Deployment, now| stuck_check(d, &d.status, now);
        assert_eq!(check(&d, 1180 * NANOS), Some(Duration::from_secs(421)));
        assert_eq!(check(&d, 1600 * NANOS), Some(MILLISECOND));
        assert_eq!(check(&deployment("ProgressDeadlineExceeded", 1000), 0), None);
    }

    #[test]
    fn progress_moves_the_update_time_and_completion_the_reason() {
        let d = deployment("ReplicaSetUpdated", 1000);
        let mut rs = ReplicaSet::default();
        rs.metadata.name = Str::literal("web-1");
        Rc::make_mut(&mut rs.spec).replicas = Some(2);
        let status = |rs: &ReplicaSet| {
            let rs = Rc::new(rs.clone());
            rollout_status(std::slice::from_ref(&rs), Some(&rs), &d, 1100 * NANOS)
        };
        let s = Rc::make_mut(&mut rs.status);
        (s.replicas, s.ready_replicas, s.available_replicas) = (2, 1, 1);
        let progressing = condition(&status(&rs), "Progressing").expect("it is told").clone();
        assert_eq!(progressing.message, "ReplicaSet \"web-1\" is progressing.");
        assert_eq!((progressing.last_update_time.unix(), progressing.last_transition_time.unix()), (1100, 1000));
        Rc::make_mut(&mut rs.status).available_replicas = 2;
        let done = condition(&status(&rs), "Progressing").expect("it is told").clone();
        assert_eq!((&*done.reason, &*done.status), ("NewReplicaSetAvailable", "True"));
    }
}

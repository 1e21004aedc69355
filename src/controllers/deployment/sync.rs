//! What every way of rolling out needs: the new ReplicaSet and its revision, scaling, cleaning up, the plain status.
//!
//! Upstream: pkg/controller/deployment/sync.go
//! Differs: nothing known.

use super::super::pod_control::is_namespace_ending;
use crate::controllers::hash::template_hash;
use super::util::*;
use crate::api::apps::{Deployment, DeploymentStatus, ReplicaSet, ReplicaSetSpec};
use crate::api::{Key, Kind, controller_ref};
use crate::apimachinery::time::Time as Wall;
use crate::apimachinery::{Arrange, LabelSelector, List, ObjectMeta, Status, Str};
use crate::client::{DeleteOptions, Reference, Turn};
use std::cmp::Reverse;
use std::rc::Rc;

/// The new ReplicaSet, if there is one, and the old ones.
pub(super) type Split = (Option<Rc<ReplicaSet>>, Vec<Rc<ReplicaSet>>);

/// Old ones first.
pub(super) fn all(new: Option<&Rc<ReplicaSet>>, old: &[Rc<ReplicaSet>]) -> Vec<Rc<ReplicaSet>> {
    old.iter().chain(new).cloned().collect()
}

/// For a Deployment that is being deleted: its status, and nothing else.
pub(super) fn sync_status_only(t: &mut Turn, d: &mut Deployment, list: &[Rc<ReplicaSet>]) -> Result<(), Status> {
    let (new, old) = replica_sets(t, d, list, false)?;
    sync_deployment_status(t, d, &all(new.as_ref(), &old), new.as_ref())
}

/// For a Deployment that is scaled, or paused.
pub(super) fn sync(t: &mut Turn, d: &mut Deployment, list: &[Rc<ReplicaSet>]) -> Result<(), Status> {
    let (new, old) = replica_sets(t, d, list, false)?;
    scale(t, d, new.as_ref(), &old)?;
    if d.spec.paused {
        cleanup(t, d, &old)?;
    }
    sync_deployment_status(t, d, &all(new.as_ref(), &old), new.as_ref())
}

/// Says in the Progressing condition that the Deployment was paused or resumed, so that the deadline waits.
pub(super) fn check_paused_conditions(t: &mut Turn, d: &mut Deployment) -> Result<(), Status> {
    if !has_progress_deadline(d) {
        return Ok(());
    }
    let reason = condition(&d.status, "Progressing").map(|c| c.reason.clone()).unwrap_or_default();
    let (reason, message) = match (d.spec.paused, reason.as_str()) {
        (_, "ProgressDeadlineExceeded") | (true, "DeploymentPaused") => return Ok(()),
        (true, _) => ("DeploymentPaused", "Deployment is paused"),
        (false, "DeploymentPaused") => ("DeploymentResumed", "Deployment is resumed"),
        (false, _) => return Ok(()),
    };
    set_condition(Rc::make_mut(&mut d.status), new_condition("Progressing", "Unknown", reason, message, t.wall));
    t.update_status(d.clone()).map(|_| ())
}

/// Finds the new ReplicaSet, or makes it, and keeps the revisions of both.
pub(super) fn replica_sets(
    t: &mut Turn,
    d: &mut Deployment,
    list: &[Rc<ReplicaSet>],
    create: bool,
) -> Result<Split, Status> {
    let (new, old) = split(d, list);
    let revision = max_revision(&old) + 1;
    let new = match new {
        Some(new) => Some(sync_new_replica_set(t, d, new, revision)?),
        None if create => Some(create_new_replica_set(t, d, &old, revision)?),
        None => None,
    };
    Ok((new, old))
}

fn sync_new_replica_set(
    t: &mut Turn,
    d: &mut Deployment,
    new: Rc<ReplicaSet>,
    revision: i64,
) -> Result<Rc<ReplicaSet>, Status> {
    let mut wanted = (*new).clone();
    let annotated = set_new_replica_set_annotations(d, &mut wanted, revision, true);
    if annotated || wanted.spec.min_ready_seconds != d.spec.min_ready_seconds {
        Rc::make_mut(&mut wanted.spec).min_ready_seconds = d.spec.min_ready_seconds;
        return t.update(wanted);
    }
    let own = wanted.metadata.annotations.get(REVISION).cloned().unwrap_or_default();
    let mut changed = set_deployment_revision(d, &own);
    if has_progress_deadline(d) && condition(&d.status, "Progressing").is_none() {
        let message = format!("Found new replica set \"{}\"", new.metadata.name);
        let found = new_condition("Progressing", "True", "FoundNewReplicaSet", &message, t.wall);
        set_condition(Rc::make_mut(&mut d.status), found);
        changed = true;
    }
    if changed {
        t.update_status(d.clone())?;
    }
    Ok(new)
}

/// The ReplicaSet of the Deployment's present template.
fn new_replica_set(d: &Deployment, old: &[Rc<ReplicaSet>], revision: i64) -> ReplicaSet {
    let hash = Str::from(template_hash(&d.spec.template, d.status.collision_count));
    let mut template = (*d.spec.template).clone();
    template.metadata.labels.insert(Str::literal(HASH_LABEL), hash.clone());
    let mut selector = d.spec.selector.as_deref().cloned().unwrap_or_else(LabelSelector::default);
    selector.match_labels.insert(Str::literal(HASH_LABEL), hash.clone());
    let mut rs = ReplicaSet {
        metadata: ObjectMeta {
            name: replica_set_name(&d.metadata.name, &hash),
            namespace: d.metadata.namespace.clone(),
            owner_references: List::from(vec![controller_ref(d)]),
            labels: template.metadata.labels.clone(),
            ..ObjectMeta::default()
        },
        spec: Rc::new(ReplicaSetSpec {
            replicas: Some(new_size(d, old, 0)),
            min_ready_seconds: d.spec.min_ready_seconds,
            selector: Some(Rc::new(selector)),
            template: Rc::new(template),
        }),
        ..ReplicaSet::default()
    };
    set_new_replica_set_annotations(d, &mut rs, revision, false);
    rs
}

fn replica_set_name(deployment: &str, hash: &str) -> Str {
    let most = 253 - 1 - hash.len();
    // Names are ASCII.
    Str::from(format!("{}-{hash}", &deployment[..deployment.len().min(most)]))
}

fn create_new_replica_set(
    t: &mut Turn,
    d: &mut Deployment,
    old: &[Rc<ReplicaSet>],
    revision: i64,
) -> Result<Rc<ReplicaSet>, Status> {
    let wanted = new_replica_set(d, old, revision);
    let (key, count) = (wanted.metadata.key(), size(&wanted));
    let (made, is_new) = match t.create(wanted) {
        Ok(made) => (made, true),
        Err(e) if e.is_already_exists() => (existing(t, d, &key, e)?, false),
        Err(e) if is_namespace_ending(&e) => return Err(e),
        Err(e) => {
            let message = format!("Failed to create new replica set \"{}\": {e}", key.name);
            if has_progress_deadline(d) {
                let failed = new_condition("Progressing", "False", "ReplicaSetCreateError", &message, t.wall);
                set_condition(Rc::make_mut(&mut d.status), failed);
                // The bigger issue is told below.
                t.update_status(d.clone()).ok();
            }
            t.event(&Reference::of(d), "Warning", "ReplicaSetCreateError", &message);
            return Err(e);
        }
    };
    if is_new && count > 0 {
        let message = format!("Scaled up replica set {} from 0 to {count}", made.metadata.name);
        t.event(&Reference::of(d), "Normal", "ScalingReplicaSet", &message);
    }
    let mut changed = set_deployment_revision(d, &revision.to_string());
    if is_new && has_progress_deadline(d) {
        let message = format!("Created new replica set \"{}\"", made.metadata.name);
        let created = new_condition("Progressing", "True", "NewReplicaSetCreated", &message, t.wall);
        set_condition(Rc::make_mut(&mut d.status), created);
        changed = true;
    }
    if changed {
        t.update_status(d.clone())?;
    }
    Ok(made)
}

/// A ReplicaSet of that name is there: the Deployment's own, which the view did not show yet, or a collision of hashes.
fn existing(t: &mut Turn, d: &mut Deployment, key: &Key, error: Status) -> Result<Rc<ReplicaSet>, Status> {
    let info = &ReplicaSet::INFO;
    let not_found = || Status::not_found(info.group, info.plural, &key.name);
    let rs = t.view.get::<ReplicaSet>(key).cloned().ok_or_else(not_found)?;
    if rs.metadata.is_controlled_by(&d.metadata.uid) && has_template_of(&rs, d) {
        return Ok(rs);
    }
    let count = &mut Rc::make_mut(&mut d.status).collision_count;
    *count = Some(count.unwrap_or(0) + 1);
    t.update_status(d.clone()).ok();
    Err(error)
}

/// Scales in proportion, so that a rollout under way goes no faster for it.
fn scale(t: &mut Turn, d: &Deployment, new: Option<&Rc<ReplicaSet>>, old: &[Rc<ReplicaSet>]) -> Result<(), Status> {
    if let Some(only) = active_or_latest(new, old) {
        return scale_to(t, d, &only, desired(d)).map(|_| ());
    }
    if is_saturated(d, new) {
        for rs in active(old) {
            scale_to(t, d, &rs, 0)?;
        }
        return Ok(());
    }
    if is_rolling_update(d) {
        for (rs, size) in proportional_sizes(d, &active(&all(new, old))) {
            write_scale(t, d, &rs, size)?;
        }
    }
    Ok(())
}

/// What each becomes, from the largest on; what does not divide goes to the largest.
fn proportional_sizes(d: &Deployment, active: &[Rc<ReplicaSet>]) -> Vec<(Rc<ReplicaSet>, i32)> {
    let mut order = active.to_vec();
    let allowed = if desired(d) > 0 { desired(d) + max_surge(d) } else { 0 };
    let to_add = allowed - total(active, size);
    if to_add > 0 {
        order.arrange_by(|a, b| Reverse(size(a)).cmp(&Reverse(size(b))).then_with(|| by_age(b, a)));
    } else if to_add < 0 {
        order.arrange_by(|a, b| Reverse(size(a)).cmp(&Reverse(size(b))).then_with(|| by_age(a, b)));
    }
    let mut added = 0;
    let mut sizes = Vec::new();
    for rs in order {
        let part = proportion(&rs, d, to_add, added);
        added += part;
        let size = size(&rs) + part;
        sizes.push((rs, size));
    }
    if let Some((_, largest)) = sizes.first_mut()
        && to_add != 0
    {
        *largest = (*largest + to_add - added).max(0);
    }
    sizes
}

/// The ReplicaSet as written; None where it has that size already.
pub(super) fn scale_to(
    t: &mut Turn,
    d: &Deployment,
    rs: &Rc<ReplicaSet>,
    new: i32,
) -> Result<Option<Rc<ReplicaSet>>, Status> {
    if size(rs) == new { Ok(None) } else { write_scale(t, d, rs, new).map(Some) }
}

fn write_scale(t: &mut Turn, d: &Deployment, rs: &Rc<ReplicaSet>, new: i32) -> Result<Rc<ReplicaSet>, Status> {
    let (old, max) = (size(rs), desired(d) + max_surge(d));
    if old == new && !replicas_annotations_differ(rs, desired(d), max) {
        return Ok(rs.clone());
    }
    let mut wanted = (**rs).clone();
    Rc::make_mut(&mut wanted.spec).replicas = Some(new);
    set_replicas_annotations(&mut wanted, desired(d), max);
    let written = t.update(wanted)?;
    if old != new {
        let way = if old < new { "up" } else { "down" };
        let message = format!("Scaled {way} replica set {} from {old} to {new}", rs.metadata.name);
        t.event(&Reference::of(d), "Normal", "ScalingReplicaSet", &message);
    }
    Ok(written)
}

/// Deletes old ReplicaSets beyond the history's limit, the oldest revisions first.
pub(super) fn cleanup(t: &mut Turn, d: &Deployment, old: &[Rc<ReplicaSet>]) -> Result<(), Status> {
    let Some(limit) = d.spec.revision_history_limit.filter(|n| *n != i32::MAX) else { return Ok(()) };
    let mut alive: Vec<_> = old.iter().filter(|rs| !rs.metadata.is_deleting()).collect();
    let surplus = alive.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
    alive.arrange_by(|a, b| by_revision(a, b));
    for rs in &alive[..surplus] {
        let is_behind = rs.metadata.generation > rs.status.observed_generation;
        if rs.status.replicas != 0 || size(rs) != 0 || is_behind {
            continue;
        }
        match t.delete(ReplicaSet::ID, &rs.metadata.key(), &DeleteOptions::default()) {
            Err(e) if !e.is_not_found() => return Err(e),
            _ => {}
        }
    }
    Ok(())
}

fn sync_deployment_status(
    t: &mut Turn,
    d: &mut Deployment,
    all: &[Rc<ReplicaSet>],
    new: Option<&Rc<ReplicaSet>>,
) -> Result<(), Status> {
    let status = calculate_status(all, new, d, t.wall);
    if *d.status == status {
        return Ok(());
    }
    d.status = Rc::new(status);
    t.update_status(d.clone()).map(|_| ())
}

pub(super) fn calculate_status(
    all: &[Rc<ReplicaSet>],
    new: Option<&Rc<ReplicaSet>>,
    d: &Deployment,
    now: Wall,
) -> DeploymentStatus {
    let available = total(all, |rs| rs.status.available_replicas);
    let mut status = DeploymentStatus {
        observed_generation: d.metadata.generation,
        replicas: total(all, |rs| rs.status.replicas),
        updated_replicas: new.map_or(0, |rs| rs.status.replicas),
        ready_replicas: total(all, |rs| rs.status.ready_replicas),
        available_replicas: available,
        unavailable_replicas: (total(all, size) - available).max(0),
        terminating_replicas: terminating(all),
        conditions: d.status.conditions.clone(),
        collision_count: d.status.collision_count,
    };
    let (is, reason, message) = if available >= desired(d) - max_unavailable(d) {
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    };
    set_condition(&mut status, new_condition("Available", is, reason, message, now));
    status
}

/// Whether a ReplicaSet with pods was last scaled for another size of the Deployment.
pub(super) fn is_scaling_event(t: &mut Turn, d: &mut Deployment, list: &[Rc<ReplicaSet>]) -> Result<bool, Status> {
    let (new, old) = replica_sets(t, d, list, false)?;
    let with_pods = active(&all(new.as_ref(), &old));
    Ok(with_pods.iter().any(|rs| desired_annotation(rs).is_some_and(|n| n != desired(d))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::apps::{DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
    use crate::apimachinery::int_or_string::IntOrString;

    fn deployment(replicas: i32, surge: IntOrString, unavailable: IntOrString) -> Deployment {
        let rolling = RollingUpdateDeployment { max_surge: Some(surge), max_unavailable: Some(unavailable) };
        let strategy =
            DeploymentStrategy { type_: Str::literal("RollingUpdate"), rolling_update: Some(Rc::new(rolling)) };
        Deployment {
            spec: Rc::new(DeploymentSpec { replicas: Some(replicas), strategy, ..DeploymentSpec::default() }),
            ..Deployment::default()
        }
    }

    fn replica_set(name: &'static str, replicas: i32, max: i32) -> Rc<ReplicaSet> {
        let mut rs = ReplicaSet::default();
        rs.metadata.name = Str::literal(name);
        Rc::make_mut(&mut rs.spec).replicas = Some(replicas);
        set_replicas_annotations(&mut rs, max, max);
        Rc::new(rs)
    }

    #[test]
    fn fenceposts_round_surge_up_and_unavailable_down() {
        for (replicas, surge, unavailable, expected) in [
            (10, "25%", "25%", (3, 2)),
            (1, "25%", "25%", (1, 0)),
            (1, "0%", "1%", (0, 1)),
            (4, "0", "0", (0, 1)),
            (2, "1%", "0%", (1, 0)),
        ] {
            let d = deployment(replicas, IntOrString::parse(surge), IntOrString::parse(unavailable));
            assert_eq!((max_surge(&d), max_unavailable(&d)), expected, "{replicas} {surge} {unavailable}");
        }
    }

    #[test]
    fn sizes_keep_their_proportions() {
        // Upstream's own table (TestScale), in part: replicas before and after, surge, sizes, sizes expected.
        for (before, after, surge, sizes, expected) in [
            (10, 12, 0, &[5, 5][..], &[6, 6][..]),
            (10, 5, 0, &[5, 5], &[3, 2]),
            (10, 20, 0, &[5, 3, 2], &[10, 6, 4]),
            (10, 20, 2, &[6, 6], &[11, 11]),
            (10, 6, 0, &[8, 2], &[5, 1]),
            (100, 50, 0, &[50, 30, 20], &[25, 15, 10]),
        ] {
            let d = deployment(after, surge.into(), 1.into());
            let names = ["a", "b", "c"];
            let max = before + surge;
            let list: Vec<_> = sizes.iter().zip(names).map(|(n, name)| replica_set(name, *n, max)).collect();
            let mut got = proportional_sizes(&d, &list);
            got.sort_by(|a, b| a.0.metadata.name.cmp(&b.0.metadata.name));
            let mut got: Vec<i32> = got.iter().map(|(_, n)| *n).collect();
            let sum: i32 = got.iter().sum();
            assert_eq!(sum, after + surge, "{before} to {after}");
            got.sort_by_key(|n| Reverse(*n));
            assert_eq!(got, expected, "{before} to {after}");
        }
    }

    #[test]
    fn revisions_count_up_and_are_remembered() {
        let d = deployment(3, 1.into(), 1.into());
        let mut rs = (*replica_set("web", 3, 4)).clone();
        assert!(set_new_replica_set_annotations(&d, &mut rs, 1, true));
        assert!(!set_new_replica_set_annotations(&d, &mut rs, 1, true));
        assert!(set_new_replica_set_annotations(&d, &mut rs, 3, true));
        assert!(set_new_replica_set_annotations(&d, &mut rs, 5, true));
        let text = |k: &str| rs.metadata.annotations.get(k).map(Str::to_string);
        assert_eq!(text(REVISION).as_deref(), Some("5"));
        assert_eq!(text("deployment.kubernetes.io/revision-history").as_deref(), Some("1,3"));
    }
}

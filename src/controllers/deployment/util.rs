//! What the parts of the Deployment controller compute: sizes, conditions, annotations, which ReplicaSet is the new one.
//!
//! Upstream: pkg/controller/deployment/util/deployment_util.go, pkg/controller/controller_utils.go (ReplicaSetsBy…)
//! Differs: nothing known.

use crate::api::apps::{Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet};
use crate::api::core::PodTemplateSpec;
use crate::apimachinery::int_or_string::IntOrString;
use crate::apimachinery::time::Time as Wall;
use crate::apimachinery::{Arrange, Map, Str};
use std::cmp::Ordering;
use std::rc::Rc;

pub(super) const HASH_LABEL: &str = "pod-template-hash";
pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";

/// Annotations of a Deployment that its ReplicaSets do not get.
const NOT_COPIED: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    REVISION_HISTORY,
    DESIRED_REPLICAS,
    MAX_REPLICAS,
    "deprecated.deployment.rollback.to",
];

const REVISION_HISTORY_MAX_CHARS: usize = 2000;

pub(super) fn desired(d: &Deployment) -> i32 {
    d.spec.replicas.unwrap_or(1)
}

pub(super) fn size(rs: &ReplicaSet) -> i32 {
    rs.spec.replicas.unwrap_or(1)
}

pub(super) fn is_rolling_update(d: &Deployment) -> bool {
    d.spec.strategy.type_ == "RollingUpdate"
}

/// (surge, unavailable) in pods. Upstream: ResolveFenceposts.
fn fenceposts(d: &Deployment) -> (i32, i32) {
    let rolling = d.spec.strategy.rolling_update.as_ref();
    let scaled = |v: Option<&IntOrString>, round_up| {
        // What is not a percentage was refused by validation.
        v.and_then(|v| v.scaled(i64::from(desired(d)), round_up).ok()).unwrap_or(0) as i32
    };
    let surge = scaled(rolling.and_then(|r| r.max_surge.as_ref()), true);
    let unavailable = scaled(rolling.and_then(|r| r.max_unavailable.as_ref()), false);
    // Both may be 0 by rounding, and then nothing would ever move.
    (surge, if surge == 0 && unavailable == 0 { 1 } else { unavailable })
}

pub(super) fn max_surge(d: &Deployment) -> i32 {
    if is_rolling_update(d) { fenceposts(d).0 } else { 0 }
}

pub(super) fn max_unavailable(d: &Deployment) -> i32 {
    if is_rolling_update(d) { fenceposts(d).1.min(desired(d)) } else { 0 }
}

pub(super) fn has_progress_deadline(d: &Deployment) -> bool {
    d.spec.progress_deadline_seconds.is_some_and(|s| s != i32::MAX)
}

pub(super) fn condition<'a>(status: &'a DeploymentStatus, type_: &str) -> Option<&'a DeploymentCondition> {
    status.conditions.iter().find(|c| c.type_ == type_)
}

pub(super) fn new_condition(
    type_: &'static str,
    status: &'static str,
    reason: &'static str,
    message: &str,
    now: Wall,
) -> DeploymentCondition {
    DeploymentCondition {
        type_: Str::literal(type_),
        status: Str::literal(status),
        last_update_time: now,
        last_transition_time: now,
        reason: Str::literal(reason),
        message: Str::from(message),
    }
}

/// A condition of the same status and reason stays as it is.
pub(super) fn set_condition(status: &mut DeploymentStatus, mut new: DeploymentCondition) {
    if let Some(old) = condition(status, &new.type_) {
        if old.status == new.status && old.reason == new.reason {
            return;
        }
        if old.status == new.status {
            new.last_transition_time = old.last_transition_time;
        }
    }
    remove_condition(status, &new.type_.clone());
    status.conditions.push(new);
}

pub(super) fn remove_condition(status: &mut DeploymentStatus, type_: &str) {
    status.conditions.retain(|c| c.type_ != type_);
}

/// None where it is not a number; 0 where it is not there.
fn revision(rs: &ReplicaSet) -> Option<i64> {
    rs.metadata.annotations.get(REVISION).map_or(Some(0), |v| v.parse().ok())
}

pub(super) fn max_revision(all: &[Rc<ReplicaSet>]) -> i64 {
    all.iter().filter_map(|rs| revision(rs)).max().unwrap_or(0).max(0)
}

/// Whether the annotation changed.
fn annotate(annotations: &mut Map, key: &'static str, value: &str) -> bool {
    if annotations.get(key).is_some_and(|v| v == value) {
        return false;
    }
    annotations.insert(Str::literal(key), Str::from(value));
    true
}

pub(super) fn set_deployment_revision(d: &mut Deployment, revision: &str) -> bool {
    annotate(&mut d.metadata.annotations, REVISION, revision)
}

/// Copies the Deployment's annotations and counts the revision up where it must be greater; whether anything changed.
pub(super) fn set_new_replica_set_annotations(d: &Deployment, rs: &mut ReplicaSet, new: i64, exists: bool) -> bool {
    let annotations = &mut rs.metadata.annotations;
    let mut changed = false;
    for (k, v) in d.metadata.annotations.iter() {
        if !NOT_COPIED.contains(&k.as_str()) && annotations.get(k) != Some(v) {
            annotations.insert(k.clone(), v.clone());
            changed = true;
        }
    }
    let old_text = annotations.get(REVISION).cloned();
    let old = match &old_text {
        Some(text) if !text.is_empty() => match text.parse::<i64>() {
            Ok(n) => n,
            // Somebody wrote nonsense; it stays, and nothing counts as changed.
            Err(_) => return false,
        },
        _ => 0,
    };
    if old < new {
        annotations.insert(Str::literal(REVISION), Str::from(new.to_string()));
        changed = true;
        if let Some(old_text) = old_text {
            remember_revision(annotations, &old_text);
        }
    }
    if !exists && set_replicas_annotations(rs, desired(d), desired(d) + max_surge(d)) {
        changed = true;
    }
    changed
}

/// The ReplicaSet is in use again, so its earlier revision goes into its history.
fn remember_revision(annotations: &mut Map, old: &str) {
    let history = annotations.get(REVISION_HISTORY).cloned().unwrap_or_default();
    if history.is_empty() {
        annotations.insert(Str::literal(REVISION_HISTORY), Str::from(old));
        return;
    }
    let revisions: Vec<&str> = history.split(',').collect();
    let (mut length, mut start) = (history.len() + old.len() + 1, 0);
    while length > REVISION_HISTORY_MAX_CHARS && start < revisions.len() {
        length -= revisions[start].len() + 1;
        start += 1;
    }
    if length <= REVISION_HISTORY_MAX_CHARS {
        let kept: Vec<&str> = revisions[start..].iter().copied().chain([old]).collect();
        annotations.insert(Str::literal(REVISION_HISTORY), Str::from(kept.join(",")));
    }
}

pub(super) fn set_replicas_annotations(rs: &mut ReplicaSet, desired: i32, max: i32) -> bool {
    let annotations = &mut rs.metadata.annotations;
    let a = annotate(annotations, DESIRED_REPLICAS, &desired.to_string());
    let b = annotate(annotations, MAX_REPLICAS, &max.to_string());
    a || b
}

pub(super) fn replicas_annotations_differ(rs: &ReplicaSet, desired: i32, max: i32) -> bool {
    let is = |key: &str, n: i32| rs.metadata.annotations.get(key).is_some_and(|v| *v == n.to_string());
    !is(DESIRED_REPLICAS, desired) || !is(MAX_REPLICAS, max)
}

fn non_negative(rs: &ReplicaSet, key: &str) -> Option<i32> {
    rs.metadata.annotations.get(key)?.parse().ok().filter(|n| *n >= 0)
}

/// The size of the Deployment when this ReplicaSet was last scaled.
pub(super) fn desired_annotation(rs: &ReplicaSet) -> Option<i32> {
    non_negative(rs, DESIRED_REPLICAS)
}

pub(super) fn by_age(a: &ReplicaSet, b: &ReplicaSet) -> Ordering {
    (a.metadata.creation_timestamp, &a.metadata.name).cmp(&(b.metadata.creation_timestamp, &b.metadata.name))
}

pub(super) fn by_revision(a: &ReplicaSet, b: &ReplicaSet) -> Ordering {
    match (revision(a), revision(b)) {
        (Some(x), Some(y)) if x != y => x.cmp(&y),
        _ => by_age(a, b),
    }
}

fn equal_ignore_hash(a: &PodTemplateSpec, b: &PodTemplateSpec) -> bool {
    let bare = |t: &PodTemplateSpec| {
        let mut meta = t.metadata.clone();
        meta.labels.remove(HASH_LABEL);
        meta
    };
    (Rc::ptr_eq(&a.spec, &b.spec) || a.spec == b.spec) && bare(a) == bare(b)
}

/// Of the given ones the oldest that has the Deployment's template; all others are old. Both in order of age.
pub(super) fn split(d: &Deployment, list: &[Rc<ReplicaSet>]) -> (Option<Rc<ReplicaSet>>, Vec<Rc<ReplicaSet>>) {
    let mut old = list.to_vec();
    old.arrange_by(|a, b| by_age(a, b));
    let at = old.iter().position(|rs| has_template_of(rs, d));
    let new = at.map(|at| old.remove(at));
    (new, old)
}

pub(super) fn has_template_of(rs: &ReplicaSet, d: &Deployment) -> bool {
    equal_ignore_hash(&rs.spec.template, &d.spec.template)
}

pub(super) fn active(list: &[Rc<ReplicaSet>]) -> Vec<Rc<ReplicaSet>> {
    list.iter().filter(|rs| size(rs) > 0).cloned().collect()
}

/// The one with pods, or the newest where none has any; None where several have, or there is none.
pub(super) fn active_or_latest(new: Option<&Rc<ReplicaSet>>, old: &[Rc<ReplicaSet>]) -> Option<Rc<ReplicaSet>> {
    let with_pods: Vec<_> = old.iter().chain(new).filter(|rs| size(rs) > 0).collect();
    match with_pods[..] {
        [] => new.or_else(|| old.iter().max_by(|a, b| by_age(a, b))).cloned(),
        [one] => Some(one.clone()),
        _ => None,
    }
}

pub(super) fn total(list: &[Rc<ReplicaSet>], f: impl Fn(&ReplicaSet) -> i32) -> i32 {
    list.iter().map(|rs| f(rs)).sum()
}

/// None while a ReplicaSet that was synced does not tell.
pub(super) fn terminating(list: &[Rc<ReplicaSet>]) -> Option<i32> {
    let told = |rs: &ReplicaSet| match rs.status.terminating_replicas {
        None if rs.status.observed_generation == 0 => Some(0),
        told => told,
    };
    list.iter().map(|rs| told(rs)).sum()
}

/// Every pod is new and available, and no old one is left. Upstream: DeploymentComplete.
pub(super) fn is_complete(d: &Deployment, status: &DeploymentStatus) -> bool {
    let wanted = desired(d);
    status.updated_replicas == wanted
        && status.replicas == wanted
        && status.available_replicas == wanted
        && status.observed_generation >= d.metadata.generation
}

/// Upstream: DeploymentProgressing.
pub(super) fn is_progressing(old: &DeploymentStatus, new: &DeploymentStatus) -> bool {
    new.updated_replicas > old.updated_replicas
        || new.replicas - new.updated_replicas < old.replicas - old.updated_replicas
        || new.ready_replicas > old.ready_replicas
        || new.available_replicas > old.available_replicas
}

/// What the new ReplicaSet, of that size, may grow to beside the others. Upstream: NewRSNewReplicas.
pub(super) fn new_size(d: &Deployment, all: &[Rc<ReplicaSet>], current: i32) -> i32 {
    if !is_rolling_update(d) {
        return desired(d);
    }
    let surge = d.spec.strategy.rolling_update.as_ref().and_then(|r| r.max_surge.as_ref());
    let surge = surge.and_then(|v| v.scaled(i64::from(desired(d)), true).ok()).unwrap_or(0) as i32;
    let (there, most) = (total(all, size), desired(d) + surge);
    if there >= most { current } else { current + (most - there).min(desired(d) - current) }
}

/// Upstream: IsSaturated.
pub(super) fn is_saturated(d: &Deployment, rs: Option<&Rc<ReplicaSet>>) -> bool {
    rs.is_some_and(|rs| {
        size(rs) == desired(d)
            && desired_annotation(rs) == Some(desired(d))
            && rs.status.available_replicas == desired(d)
    })
}

/// How much of `to_add` falls to this ReplicaSet, when `added` are given out. Upstream: GetReplicaSetProportion.
pub(super) fn proportion(rs: &ReplicaSet, d: &Deployment, to_add: i32, added: i32) -> i32 {
    if size(rs) == 0 || to_add == 0 || to_add == added {
        return 0;
    }
    let (fraction, allowed) = (fraction(rs, d), to_add - added);
    if to_add > 0 { fraction.min(allowed) } else { fraction.max(allowed) }
}

fn fraction(rs: &ReplicaSet, d: &Deployment) -> i32 {
    if desired(d) == 0 {
        return -size(rs);
    }
    let max_before = non_negative(rs, MAX_REPLICAS).filter(|n| *n != 0).unwrap_or(d.status.replicas);
    if max_before == 0 {
        return 0;
    }
    let max_now = desired(d) + max_surge(d);
    let new = (f64::from(size(rs)) * f64::from(max_now)) / f64::from(max_before);
    // Half rounds away from zero.
    (if new < 0.0 { new - 0.5 } else { new + 0.5 }) as i32 - size(rs)
}

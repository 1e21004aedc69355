//! Keeps as many pods of a template as a ReplicaSet wants, or a ReplicationController (`replication.rs`).
//!
//! Upstream: pkg/controller/replicaset/{replica_set,replica_set_utils}.go
//! Differs: one worker instead of five; a turn is atomic, so creations of one batch do not overlap.

mod rank;

use super::Controller;
use super::pod_control::{
    claim, create_pod, delete_pod, is_namespace_ending, is_terminating, managed_or_orphaned, next_availability_check,
    pod_from_template, selector_of, selects, slow_start_batch,
};
use crate::api::apps::{ReplicaSet, ReplicaSetCondition, ReplicaSetStatus};
use crate::api::core::{Pod, PodTemplateSpec};
use crate::api::{Key, Kind, KindId};
use crate::apimachinery::labels::Selector;
use crate::apimachinery::time::Time as Wall;
use crate::apimachinery::{OwnerReference, Status, Str};
use crate::client::{Expectations, Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::{Duration, Time};
pub(super) use rank::active_order;
use rank::pods_to_delete;
use std::marker::PhantomData;
use std::rc::Rc;

/// So many pods are made or deleted before the watch is waited for.
const BURST_REPLICAS: usize = 500;
const SLOW_START_INITIAL_BATCH_SIZE: usize = 1;

/// What says how many pods of a template there shall be.
pub(super) trait Replicated: Kind + Default {
    const NAME: &'static str;
    /// Its status tells how many pods are terminating.
    const TELLS_TERMINATING: bool;

    fn replicas(&self) -> i32;
    fn min_ready_seconds(&self) -> i32;
    /// None selects nothing.
    fn selector(&self) -> Option<Selector>;
    fn template(&self) -> Option<&PodTemplateSpec>;
    fn status(&self) -> ReplicaSetStatus;
    fn with_status(&self, status: &ReplicaSetStatus) -> Self;
}

impl Replicated for ReplicaSet {
    const NAME: &'static str = "replicaset-controller";
    const TELLS_TERMINATING: bool = true;

    fn replicas(&self) -> i32 {
        self.spec.replicas.unwrap_or(1)
    }
    fn min_ready_seconds(&self) -> i32 {
        self.spec.min_ready_seconds
    }
    fn selector(&self) -> Option<Selector> {
        selector_of(self.spec.selector.as_ref())
    }
    fn template(&self) -> Option<&PodTemplateSpec> {
        Some(&self.spec.template)
    }
    fn status(&self) -> ReplicaSetStatus {
        (*self.status).clone()
    }
    fn with_status(&self, status: &ReplicaSetStatus) -> Self {
        ReplicaSet { status: Rc::new(status.clone()), ..self.clone() }
    }
}

pub(super) type ReplicaSetController = ReplicaManager<ReplicaSet>;

#[derive(Clone, Default)]
pub(super) struct ReplicaManager<K> {
    expectations: Expectations,
    of: PhantomData<K>,
}

/// What one sync does about the number of pods.
#[derive(Clone, PartialEq, Debug)]
enum Plan {
    Nothing,
    Create(usize),
    Delete(usize),
}

fn manage_replicas(active: usize, wanted: i32) -> Plan {
    let wanted = usize::try_from(wanted).unwrap_or(0);
    match active.cmp(&wanted) {
        std::cmp::Ordering::Equal => Plan::Nothing,
        std::cmp::Ordering::Less => Plan::Create((wanted - active).min(BURST_REPLICAS)),
        std::cmp::Ordering::Greater => Plan::Delete((active - wanted).min(BURST_REPLICAS)),
    }
}

/// The owner that a reference means, if the view has that very one.
fn resolve<'a, K: Kind>(view: &'a Tables, namespace: &Str, owner: &OwnerReference) -> Option<&'a Rc<K>> {
    if owner.kind != K::INFO.kind {
        return None;
    }
    let rs = view.get::<K>(&Key::new(namespace.clone(), owner.name.clone()))?;
    (rs.meta().uid == owner.uid).then_some(rs)
}

impl<K: Replicated> ReplicaManager<K> {
    fn add_pod(&mut self, pod: &Pod, cause: u64, view: &Tables, queue: &mut WorkQueue) {
        if pod.metadata.is_deleting() {
            return self.delete_pod(pod, cause, view, queue);
        }
        if let Some(owner) = pod.metadata.controller_of() {
            if let Some(rs) = resolve::<K>(view, &pod.metadata.namespace, owner) {
                let key = rs.meta().key();
                self.expectations.creation_observed(&key);
                queue.add(key, cause);
            }
            return;
        }
        queue_matching::<K>(pod, cause, view, queue);
    }

    fn update_pod(&mut self, (old, new): (&Pod, &Pod), e: &WatchEvent, view: &Tables, now: Time, q: &mut WorkQueue) {
        let labels_changed = old.metadata.labels != new.metadata.labels;
        if new.metadata.is_deleting() {
            self.delete_pod(new, e.cause, view, q);
            if labels_changed {
                self.delete_pod(old, e.cause, view, q);
            }
            return;
        }
        let namespace = &new.metadata.namespace;
        let (was, is) = (old.metadata.controller_of(), new.metadata.controller_of());
        if was != is
            && let Some(rs) = was.and_then(|owner| resolve::<K>(view, namespace, owner))
        {
            q.add(rs.meta().key(), e.cause);
        }
        if let Some(owner) = is {
            let Some(rs) = resolve::<K>(view, namespace, owner) else { return };
            q.add(rs.meta().key(), e.cause);
            if !old.is_ready() && new.is_ready() && rs.min_ready_seconds() > 0 {
                let after = Duration::from_secs(rs.min_ready_seconds() as u64);
                q.add_at(rs.meta().key(), now + after, e.cause);
            }
        } else if labels_changed || was != is {
            queue_matching::<K>(new, e.cause, view, q);
        }
    }

    fn delete_pod(&mut self, pod: &Pod, cause: u64, view: &Tables, queue: &mut WorkQueue) {
        let Some(owner) = pod.metadata.controller_of() else { return };
        let Some(rs) = resolve::<K>(view, &pod.metadata.namespace, owner) else { return };
        let key = rs.meta().key();
        self.expectations.deletion_observed(&key, &pod.metadata.key());
        queue.add(key, cause);
    }

    /// Makes or deletes what is missing or too much; the first failure.
    fn manage(&mut self, t: &mut Turn, rs: &K, active: &[Rc<Pod>]) -> Option<Status> {
        let key = rs.meta().key();
        match manage_replicas(active.len(), rs.replicas()) {
            Plan::Nothing => None,
            Plan::Create(count) => {
                let template = rs.template()?;
                self.expectations.expect_creations(&key, count, t.now);
                let (made, error) = slow_start_batch(count, SLOW_START_INITIAL_BATCH_SIZE, || {
                    match create_pod(t, pod_from_template(template, rs), rs) {
                        Err(e) if !is_namespace_ending(&e) => Err(e),
                        _ => Ok(()),
                    }
                });
                for _ in made..count {
                    self.expectations.creation_observed(&key);
                }
                error
            }
            Plan::Delete(count) => {
                let related = related_pods(&t.view, rs);
                let chosen = pods_to_delete(active, &related, count, t.wall_nanos());
                self.expectations.expect_deletions(&key, chosen.iter().map(|p| p.metadata.key()), t.now);
                let mut error = None;
                for pod in &chosen {
                    if let Err(e) = delete_pod(t, pod, rs) {
                        self.expectations.deletion_observed(&key, &pod.metadata.key());
                        if !e.is_not_found() {
                            error.get_or_insert(e);
                        }
                    }
                }
                error
            }
        }
    }
}

/// Wakes everything that might adopt the pod.
fn queue_matching<K: Replicated>(pod: &Pod, cause: u64, view: &Tables, queue: &mut WorkQueue) {
    if pod.metadata.labels.is_empty() {
        return;
    }
    for rs in view.list::<K>(Some(&pod.metadata.namespace)) {
        // An empty selector matches nothing here, although it would select everything.
        let matches = |s: &_| selects(s, &pod.metadata.labels);
        if rs.selector().is_some_and(|s| !s.is_empty() && matches(&s)) {
            queue.add(rs.meta().key(), cause);
        }
    }
}

/// Pods of everything of its kind that the owner of `rs` owns. Upstream: getIndirectlyRelatedPods.
fn related_pods<K: Kind>(view: &Tables, rs: &K) -> Vec<Rc<Pod>> {
    let Some(owner) = rs.meta().controller_of() else { return Vec::new() };
    view.owned::<K>(&owner.uid)
        .filter(|r| r.meta().is_controlled_by(&owner.uid))
        .flat_map(|r| view.owned::<Pod>(&r.meta().uid))
        .cloned()
        .collect()
}

fn calculate_status<K: Replicated>(
    rs: &K,
    active: &[Rc<Pod>],
    terminating: usize,
    failure: Option<&Status>,
    now: Wall,
) -> ReplicaSetStatus {
    let mut status = rs.status();
    let template = rs.template().map(|t| t.metadata.labels.clone()).unwrap_or_default();
    let count = |f: &dyn Fn(&Pod) -> bool| active.iter().filter(|p| f(p)).count() as i32;
    let had_failed = status.conditions.iter().any(|c| c.type_ == "ReplicaFailure");
    match failure {
        Some(e) if !had_failed => {
            let reason = match manage_replicas(active.len(), rs.replicas()) {
                Plan::Nothing => Str::EMPTY,
                Plan::Create(_) => Str::literal("FailedCreate"),
                Plan::Delete(_) => Str::literal("FailedDelete"),
            };
            status.conditions.push(ReplicaSetCondition {
                type_: Str::literal("ReplicaFailure"),
                status: Str::literal("True"),
                last_transition_time: now,
                reason,
                message: Str::from(e.message()),
            });
        }
        None => status.conditions.retain(|c| c.type_ != "ReplicaFailure"),
        Some(_) => {}
    }
    status.replicas = active.len() as i32;
    status.fully_labeled_replicas = count(&|p| template.iter().all(|(k, v)| p.metadata.labels.get(k) == Some(v)));
    status.ready_replicas = count(&|p| p.is_ready());
    status.available_replicas = count(&|p| p.is_available(rs.min_ready_seconds(), now));
    status.terminating_replicas = K::TELLS_TERMINATING.then_some(terminating as i32);
    status
}

/// Writes the status where it differs; once more, on the live object, where the first attempt failed.
fn update_status<K: Replicated>(t: &mut Turn, rs: &Rc<K>, mut status: ReplicaSetStatus) -> Result<Rc<K>, Status> {
    let (was, generation) = (rs.status(), rs.meta().generation);
    if was == status && was.observed_generation == generation {
        return Ok(rs.clone());
    }
    status.observed_generation = generation;
    if let Ok(written) = t.update_status(rs.with_status(&status)) {
        return Ok(written);
    }
    let live = t.get_live::<K>(&rs.meta().key())?;
    t.update_status(live.with_status(&status))
}

impl<K: Replicated> Controller for ReplicaManager<K> {
    const NAME: &'static str = K::NAME;
    const WATCHES: &'static [KindId] = &[K::ID, KindId::Pod];

    fn observe(&mut self, event: &WatchEvent, view: &Tables, now: Time, queue: &mut WorkQueue) {
        if event.kind == K::ID {
            let uid = |o: Option<&Rc<K>>| o.map(|rs| rs.meta().uid.clone());
            let old = uid(event.old_as());
            if old.is_some() && old != uid(event.new_as()) {
                // A new one of the same name starts clean.
                self.expectations.forget(&event.key);
            }
            queue.add(event.key.clone(), event.cause);
            return;
        }
        match (event.old_as::<Pod>(), event.new_as::<Pod>()) {
            (None, Some(new)) => self.add_pod(new, event.cause, view, queue),
            (Some(old), Some(new)) => self.update_pod((old, new), event, view, now, queue),
            (Some(old), None) => self.delete_pod(old, event.cause, view, queue),
            (None, None) => {}
        }
    }

    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        let Some(rs) = t.view.get::<K>(key).cloned() else {
            self.expectations.forget(key);
            return Ok(Requeue::Done);
        };
        let may_manage = self.expectations.satisfied(key, t.now);
        let Some(selector) = rs.selector() else { return Ok(Requeue::Done) };
        let pods = managed_or_orphaned::<Pod>(&t.view, rs.meta());
        let matches = |p: &Pod| selects(&selector, &p.metadata.labels);
        let terminating = pods
            .iter()
            .filter(|p| is_terminating(p) && p.metadata.is_controlled_by(&rs.meta().uid) && matches(p))
            .count();
        let active = pods.into_iter().filter(|p| p.is_active()).collect();
        let active = claim(t, &*rs, active, matches)?;
        let mut failure = None;
        if may_manage && !rs.meta().is_deleting() {
            failure = self.manage(t, &rs, &active);
        }
        let status = calculate_status(&*rs, &active, terminating, failure.as_ref(), t.wall);
        let rs = update_status(t, &rs, status)?;
        if let Some(e) = failure {
            return Err(e);
        }
        let (min_ready, status) = (rs.min_ready_seconds(), rs.status());
        if min_ready > 0 && status.ready_replicas != status.available_replicas {
            let fallback = Duration::from_secs(min_ready as u64);
            return Ok(Requeue::After(next_availability_check(t, &active, min_ready).unwrap_or(fallback)));
        }
        Ok(Requeue::Done)
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        view.objects(K::ID, None).map(|(k, _)| k.clone()).collect()
    }
}

#[cfg(test)]
mod tests;

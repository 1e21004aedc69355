//! Keeps as many pods of a template as a ReplicaSet wants.
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
use crate::api::core::Pod;
use crate::api::{Key, KindId};
use crate::apimachinery::time::Time as Wall;
use crate::apimachinery::{OwnerReference, Status, Str};
use crate::apiserver::{Tables, WatchEvent};
use crate::client::{Expectations, Requeue, Turn, WorkQueue};
use crate::sim::{Duration, Time};
pub(super) use rank::active_order;
use rank::pods_to_delete;
use std::rc::Rc;

/// So many pods are made or deleted before the watch is waited for.
const BURST_REPLICAS: usize = 500;
const SLOW_START_INITIAL_BATCH_SIZE: usize = 1;

#[derive(Clone, Default)]
pub(super) struct ReplicaSetController {
    expectations: Expectations,
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

fn replicas(rs: &ReplicaSet) -> i32 {
    rs.spec.replicas.unwrap_or(1)
}

/// The ReplicaSet that a reference means, if the view has that very one.
fn resolve<'a>(view: &'a Tables, namespace: &Str, owner: &OwnerReference) -> Option<&'a Rc<ReplicaSet>> {
    if owner.kind != "ReplicaSet" {
        return None;
    }
    let rs = view.get::<ReplicaSet>(&Key::new(namespace.clone(), owner.name.clone()))?;
    (rs.metadata.uid == owner.uid).then_some(rs)
}

impl ReplicaSetController {
    fn add_pod(&mut self, pod: &Pod, cause: u64, view: &Tables, queue: &mut WorkQueue) {
        if pod.metadata.is_deleting() {
            return self.delete_pod(pod, cause, view, queue);
        }
        if let Some(owner) = pod.metadata.controller_of() {
            if let Some(rs) = resolve(view, &pod.metadata.namespace, owner) {
                let key = rs.metadata.key();
                self.expectations.creation_observed(&key);
                queue.add(key, cause);
            }
            return;
        }
        queue_matching(pod, cause, view, queue);
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
            && let Some(rs) = was.and_then(|owner| resolve(view, namespace, owner))
        {
            q.add(rs.metadata.key(), e.cause);
        }
        if let Some(owner) = is {
            let Some(rs) = resolve(view, namespace, owner) else { return };
            q.add(rs.metadata.key(), e.cause);
            if !old.is_ready() && new.is_ready() && rs.spec.min_ready_seconds > 0 {
                let after = Duration::from_secs(rs.spec.min_ready_seconds as u64);
                q.add_at(rs.metadata.key(), now + after, e.cause);
            }
        } else if labels_changed || was != is {
            queue_matching(new, e.cause, view, q);
        }
    }

    fn delete_pod(&mut self, pod: &Pod, cause: u64, view: &Tables, queue: &mut WorkQueue) {
        let Some(owner) = pod.metadata.controller_of() else { return };
        let Some(rs) = resolve(view, &pod.metadata.namespace, owner) else { return };
        let key = rs.metadata.key();
        self.expectations.deletion_observed(&key, &pod.metadata.key());
        queue.add(key, cause);
    }

    /// Makes or deletes what is missing or too much; the first failure.
    fn manage(&mut self, t: &mut Turn, rs: &ReplicaSet, active: &[Rc<Pod>]) -> Option<Status> {
        let key = rs.metadata.key();
        match manage_replicas(active.len(), replicas(rs)) {
            Plan::Nothing => None,
            Plan::Create(count) => {
                self.expectations.expect_creations(&key, count, t.now);
                let (made, error) = slow_start_batch(count, SLOW_START_INITIAL_BATCH_SIZE, || {
                    match create_pod(t, pod_from_template(&rs.spec.template, rs), rs) {
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

/// Wakes every ReplicaSet that might adopt the pod.
fn queue_matching(pod: &Pod, cause: u64, view: &Tables, queue: &mut WorkQueue) {
    if pod.metadata.labels.is_empty() {
        return;
    }
    for rs in view.list::<ReplicaSet>(Some(&pod.metadata.namespace)) {
        // An empty selector matches nothing here, although it would select everything.
        let matches = |s: &_| selects(s, &pod.metadata.labels);
        if selector_of(rs.spec.selector.as_ref()).is_some_and(|s| !s.is_empty() && matches(&s)) {
            queue.add(rs.metadata.key(), cause);
        }
    }
}

/// Pods of every ReplicaSet that the owner of `rs` owns. Upstream: getIndirectlyRelatedPods.
fn related_pods(view: &Tables, rs: &ReplicaSet) -> Vec<Rc<Pod>> {
    let Some(owner) = rs.metadata.controller_of() else { return Vec::new() };
    view.owned::<ReplicaSet>(&owner.uid)
        .filter(|r| r.metadata.is_controlled_by(&owner.uid))
        .flat_map(|r| view.owned::<Pod>(&r.metadata.uid))
        .cloned()
        .collect()
}

fn calculate_status(
    rs: &ReplicaSet,
    active: &[Rc<Pod>],
    terminating: usize,
    failure: Option<&Status>,
    now: Wall,
) -> ReplicaSetStatus {
    let mut status = (*rs.status).clone();
    let template = &rs.spec.template.metadata.labels;
    let count = |f: &dyn Fn(&Pod) -> bool| active.iter().filter(|p| f(p)).count() as i32;
    let had_failed = status.conditions.iter().any(|c| c.type_ == "ReplicaFailure");
    match failure {
        Some(e) if !had_failed => {
            let reason = match manage_replicas(active.len(), replicas(rs)) {
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
    status.available_replicas = count(&|p| p.is_available(rs.spec.min_ready_seconds, now));
    status.terminating_replicas = Some(terminating as i32);
    status
}

/// Writes the status where it differs; once more, on the live object, where the first attempt failed.
fn update_status(t: &mut Turn, rs: &Rc<ReplicaSet>, mut status: ReplicaSetStatus) -> Result<Rc<ReplicaSet>, Status> {
    let generation = rs.metadata.generation;
    if *rs.status == status && rs.status.observed_generation == generation {
        return Ok(rs.clone());
    }
    status.observed_generation = generation;
    let status = Rc::new(status);
    let wanted = ReplicaSet { status: status.clone(), ..(**rs).clone() };
    if let Ok(written) = t.update_status(wanted) {
        return Ok(written);
    }
    let live = t.get_live::<ReplicaSet>(&rs.metadata.key())?;
    t.update_status(ReplicaSet { status, ..(*live).clone() })
}

impl Controller for ReplicaSetController {
    const NAME: &'static str = "replicaset-controller";
    const WATCHES: &'static [KindId] = &[KindId::ReplicaSet, KindId::Pod];

    fn observe(&mut self, event: &WatchEvent, view: &Tables, now: Time, queue: &mut WorkQueue) {
        if event.kind == KindId::ReplicaSet {
            let uid = |o: Option<&Rc<ReplicaSet>>| o.map(|rs| rs.metadata.uid.clone());
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
        let Some(rs) = t.view.get::<ReplicaSet>(key).cloned() else {
            self.expectations.forget(key);
            return Ok(Requeue::Done);
        };
        let may_manage = self.expectations.satisfied(key, t.now);
        let Some(selector) = selector_of(rs.spec.selector.as_ref()) else { return Ok(Requeue::Done) };
        let pods = managed_or_orphaned::<Pod>(&t.view, &rs.metadata);
        let matches = |p: &Pod| selects(&selector, &p.metadata.labels);
        let terminating = pods
            .iter()
            .filter(|p| is_terminating(p) && p.metadata.is_controlled_by(&rs.metadata.uid) && matches(p))
            .count();
        let active = pods.into_iter().filter(|p| p.is_active()).collect();
        let active = claim(t, &*rs, active, matches)?;
        let mut failure = None;
        if may_manage && !rs.metadata.is_deleting() {
            failure = self.manage(t, &rs, &active);
        }
        let status = calculate_status(&rs, &active, terminating, failure.as_ref(), t.wall);
        let rs = update_status(t, &rs, status)?;
        if let Some(e) = failure {
            return Err(e);
        }
        let min_ready = rs.spec.min_ready_seconds;
        if min_ready > 0 && rs.status.ready_replicas != rs.status.available_replicas {
            let fallback = Duration::from_secs(min_ready as u64);
            return Ok(Requeue::After(next_availability_check(t, &active, min_ready).unwrap_or(fallback)));
        }
        Ok(Requeue::Done)
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        view.objects(KindId::ReplicaSet, None).map(|(k, _)| k.clone()).collect()
    }
}

#[cfg(test)]
mod tests;

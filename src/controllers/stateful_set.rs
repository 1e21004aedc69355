//! Keeps the pods of a StatefulSet, each with its own name and claims, in order.
//!
//! Upstream: pkg/controller/statefulset/{stateful_set,stateful_set_control,stateful_set_status_updater}.go
//! Differs: one worker.

mod claims;
mod identity;
mod update;

use super::Controller;
use super::hash::text_hash;
use super::history::{HASH_LABEL, controlled, new_revision, patch_of, renumber};
use super::pod_control::{claim, managed_or_orphaned, next_availability_check, selector_of, selects};
use crate::api::apps::{ControllerRevision, StatefulSet, StatefulSetStatus};
use crate::api::core::Pod;
use crate::api::{Key, Kind, KindId};
use crate::apimachinery::{OwnerReference, Status, Str};
use crate::client::{DeleteOptions, Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::{Duration, Time};
use identity::{parent_and_ordinal, revision};
use std::rc::Rc;
use update::Round;

#[derive(Clone, Default)]
pub(super) struct StatefulSetController;

fn resolve<'a>(view: &'a Tables, namespace: &Str, owner: &OwnerReference) -> Option<&'a Rc<StatefulSet>> {
    if owner.kind != "StatefulSet" {
        return None;
    }
    let set = view.get::<StatefulSet>(&Key::new(namespace.clone(), owner.name.clone()))?;
    (set.metadata.uid == owner.uid).then_some(set)
}

/// (current, update, collisions). Upstream: getStatefulSetRevisions.
fn revisions(
    t: &mut Turn,
    set: &StatefulSet,
    all: &mut [Rc<ControllerRevision>],
) -> Result<(Rc<ControllerRevision>, Rc<ControllerRevision>, i32), Status> {
    all.sort_by(|a, b| {
        let key = |r: &ControllerRevision| (r.revision, r.metadata.creation_timestamp);
        key(a).cmp(&key(b)).then_with(|| a.metadata.name.cmp(&b.metadata.name))
    });
    let mut collisions = set.status.collision_count.unwrap_or(0);
    let patch = patch_of(&set.spec.template);
    let next = all.last().map_or(1, |r| r.revision + 1);
    let equal = all.iter().rposition(|r| r.data.value() == Some(&patch));
    let update = match equal {
        Some(at) if at + 1 == all.len() => all[at].clone(),
        Some(at) => renumber(t, &all[at].clone(), next)?,
        None => loop {
            let hash = text_hash(patch.to_string(), Some(collisions));
            let name = Str::from(format!("{}-{hash}", set.metadata.name));
            let mut labels = set.spec.template.metadata.labels.clone();
            labels.insert(HASH_LABEL, Str::from(hash));
            let new = new_revision(set, name.clone(), labels, patch.clone(), next);
            match t.create(new) {
                Err(e) if e.is_already_exists() => {
                    let key = Key::new(set.metadata.namespace.clone(), name);
                    let there = t.get_live::<ControllerRevision>(&key)?;
                    if there.data.value() == Some(&patch) {
                        break there;
                    }
                    collisions += 1;
                }
                made => break made?,
            }
        },
    };
    let current = all.iter().find(|r| r.metadata.name == set.status.current_revision).cloned();
    Ok((current.unwrap_or_else(|| update.clone()), update, collisions))
}

/// Deletes the oldest revisions above the limit that neither the set nor a pod is of.
fn truncate_history(
    t: &mut Turn,
    set: &StatefulSet,
    pods: &[Rc<Pod>],
    all: &[Rc<ControllerRevision>],
    live: [&ControllerRevision; 2],
) -> Result<(), Status> {
    let is_live = |r: &ControllerRevision| {
        let name = &r.metadata.name;
        live.iter().any(|l| l.metadata.name == *name) || pods.iter().any(|p| *name == *revision(p))
    };
    let dead: Vec<_> = all.iter().filter(|r| !is_live(r)).collect();
    let Ok(limit) = usize::try_from(set.spec.revision_history_limit.unwrap_or(10)) else { return Ok(()) };
    for r in &dead[..dead.len().saturating_sub(limit)] {
        t.delete(ControllerRevision::ID, &r.metadata.key(), &DeleteOptions::default())?;
    }
    Ok(())
}

/// A rolling update in which every pod is new, and ready, is over.
fn complete_rolling_update(set: &StatefulSet, s: &mut StatefulSetStatus) {
    let all = set.spec.replicas.unwrap_or(1);
    if set.spec.update_strategy.type_ == "RollingUpdate"
        && (s.updated_replicas, s.ready_replicas, s.replicas) == (all, all, all)
    {
        s.current_replicas = s.updated_replicas;
        s.current_revision = s.update_revision.clone();
    }
}

fn update_status(t: &mut Turn, set: &StatefulSet, status: StatefulSetStatus) -> Result<(), Status> {
    let figures = |s: &StatefulSetStatus| {
        let counts =
            [s.replicas, s.current_replicas, s.ready_replicas, s.updated_replicas, s.available_replicas];
        (counts, s.current_revision.clone(), s.update_revision.clone())
    };
    let old = &set.status;
    if status.observed_generation <= old.observed_generation && figures(&status) == figures(old) {
        return Ok(());
    }
    t.update_status(StatefulSet { status: Rc::new(status), ..set.clone() }).map(|_| ())
}

fn queue_matching(pod: &Pod, cause: u64, view: &Tables, queue: &mut WorkQueue) {
    for set in view.list::<StatefulSet>(Some(&pod.metadata.namespace)) {
        let selector = selector_of(set.spec.selector.as_ref());
        if selector.is_some_and(|s| !s.is_empty() && selects(&s, &pod.metadata.labels)) {
            queue.add(set.metadata.key(), cause);
        }
    }
}

fn pod_changed(event: &WatchEvent, view: &Tables, now: Time, queue: &mut WorkQueue) {
    let (old, new) = (event.old_as::<Pod>(), event.new_as::<Pod>());
    let Some(pod) = new.or(old) else { return };
    let namespace = &pod.metadata.namespace;
    let (was, is) = (old.and_then(|p| p.metadata.controller_of()), pod.metadata.controller_of());
    if let Some(set) = was.filter(|o| is != Some(o)).and_then(|o| resolve(view, namespace, o)) {
        queue.add(set.metadata.key(), event.cause);
    }
    let Some(owner) = is else {
        if new.is_some() && old.is_none_or(|o| was.is_some() || o.metadata.labels != pod.metadata.labels) {
            queue_matching(pod, event.cause, view, queue);
        }
        return;
    };
    let Some(set) = resolve(view, namespace, owner) else { return };
    queue.add(set.metadata.key(), event.cause);
    let wait = set.spec.min_ready_seconds;
    if wait > 0 && pod.is_ready() && old.is_some_and(|o| !o.is_ready()) {
        queue.add_at(set.metadata.key(), now + Duration::from_secs(wait as u64), event.cause);
    }
}

impl Controller for StatefulSetController {
    const NAME: &'static str = "statefulset-controller";
    const WATCHES: &'static [KindId] = &[KindId::StatefulSet, KindId::Pod];

    fn observe(&mut self, event: &WatchEvent, view: &Tables, now: Time, queue: &mut WorkQueue) {
        match event.kind {
            KindId::StatefulSet => queue.add(event.key.clone(), event.cause),
            _ => pod_changed(event, view, now, queue),
        }
    }

    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        let Some(set) = t.view.get::<StatefulSet>(key).cloned() else { return Ok(Requeue::Done) };
        let Some(selector) = selector_of(set.spec.selector.as_ref()) else { return Ok(Requeue::Done) };
        let mut all = controlled(t, &*set, &selector)?;
        let pods = managed_or_orphaned::<Pod>(&t.view, &set.metadata);
        let member = |p: &Pod| parent_and_ordinal(p).is_some_and(|(parent, _)| set.metadata.name == *parent);
        let pods = claim(t, &*set, pods, |p: &Pod| member(p) && selects(&selector, &p.metadata.labels))?;
        let (current, update, collisions) = revisions(t, &set, &mut all)?;
        let round = Round { set: &set, current, update };
        let (mut status, failure) = round.run(t, &pods, collisions);
        complete_rolling_update(&set, &mut status);
        let waits = status.ready_replicas != status.available_replicas;
        let written = update_status(t, &set, status);
        let truncated = truncate_history(t, &set, &pods, &all, [&round.current, &round.update]);
        failure.map_or(Ok(()), Err).and(written).and(truncated)?;
        let min_ready = set.spec.min_ready_seconds;
        if min_ready > 0 && waits {
            let fallback = Duration::from_secs(min_ready as u64);
            return Ok(Requeue::After(next_availability_check(t, &pods, min_ready).unwrap_or(fallback)));
        }
        Ok(Requeue::Done)
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        view.objects(KindId::StatefulSet, None).map(|(k, _)| k.clone()).collect()
    }
}

//! Rolls a Deployment's template out through ReplicaSets.
//!
//! Upstream: pkg/controller/deployment/deployment_controller.go
//! Differs: one worker instead of five; a key that fails is retried for ever, not fifteen times; no `rollbackTo`,
//! which apps/v1 does not have.

mod progress;
mod recreate;
mod rolling;
mod sync;
mod util;

use super::Controller;
use super::pod_control::{claim, is_namespace_ending, managed_or_orphaned, selector_of, selects};
use crate::api::apps::{Deployment, ReplicaSet};
use crate::api::core::Pod;
use crate::api::{Key, KindId};
use crate::apimachinery::{LabelSelector, OwnerReference, Status, Str};
use crate::client::{Reference, Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::{Duration, MILLISECOND, OrdMap, Time};
use std::rc::Rc;

#[derive(Clone, Default)]
pub(super) struct DeploymentController {
    /// Syncs that pause, with the Deployment as they left it: when they go on, it may be stale.
    paused: OrdMap<Key, Rc<Deployment>>,
}

/// How far a sync came.
enum Step {
    Over(Requeue),
    ToBeContinued,
}

/// What the calls of a sync take up to where it pauses.
const PAUSE: Duration = MILLISECOND.saturating_mul(10);

/// The Deployment that a reference means, if the view has that very one.
fn resolve<'a>(view: &'a Tables, namespace: &Str, owner: &OwnerReference) -> Option<&'a Rc<Deployment>> {
    if owner.kind != "Deployment" {
        return None;
    }
    let d = view.get::<Deployment>(&Key::new(namespace.clone(), owner.name.clone()))?;
    (d.metadata.uid == owner.uid).then_some(d)
}

fn queue_owner(rs: &ReplicaSet, cause: u64, view: &Tables, queue: &mut WorkQueue) {
    let owner = rs.metadata.controller_of();
    if let Some(d) = owner.and_then(|owner| resolve(view, &rs.metadata.namespace, owner)) {
        queue.add(d.metadata.key(), cause);
    }
}

/// Wakes every Deployment that might adopt the ReplicaSet.
fn queue_matching(rs: &ReplicaSet, cause: u64, view: &Tables, queue: &mut WorkQueue) {
    if rs.metadata.labels.is_empty() {
        return;
    }
    for d in view.list::<Deployment>(Some(&rs.metadata.namespace)) {
        let matches = |s: &_| selects(s, &rs.metadata.labels);
        if selector_of(d.spec.selector.as_ref()).is_some_and(|s| !s.is_empty() && matches(&s)) {
            queue.add(d.metadata.key(), cause);
        }
    }
}

fn observe_replica_set(event: &WatchEvent, view: &Tables, queue: &mut WorkQueue) {
    let (old, new) = (event.old_as::<ReplicaSet>(), event.new_as::<ReplicaSet>());
    let Some(new) = new else {
        return old.into_iter().for_each(|rs| queue_owner(rs, event.cause, view, queue));
    };
    let was = old.and_then(|rs| rs.metadata.controller_of());
    let is = new.metadata.controller_of();
    if let Some(old) = old.filter(|_| was != is) {
        queue_owner(old, event.cause, view, queue);
    }
    let labels_changed = old.is_none_or(|old| old.metadata.labels != new.metadata.labels);
    if is.is_some() {
        queue_owner(new, event.cause, view, queue);
    } else if (labels_changed || was != is) && !new.metadata.is_deleting() {
        queue_matching(new, event.cause, view, queue);
    }
}

/// A Deployment that recreates waits for its last old pod.
fn observe_pod_gone(pod: &Pod, cause: u64, view: &Tables, queue: &mut WorkQueue) {
    let Some(owner) = pod.metadata.controller_of().filter(|r| r.kind == "ReplicaSet") else { return };
    let namespace = &pod.metadata.namespace;
    let rs = view.get::<ReplicaSet>(&Key::new(namespace.clone(), owner.name.clone()));
    let Some(rs) = rs.filter(|rs| rs.metadata.uid == owner.uid) else { return };
    let Some(d) = rs.metadata.controller_of().and_then(|owner| resolve(view, namespace, owner)) else { return };
    if d.spec.strategy.type_ == "Recreate" {
        let list: Vec<_> = view.owned::<ReplicaSet>(&d.metadata.uid).cloned().collect();
        if pods_of(view, d, &list).is_empty() {
            queue.add(d.metadata.key(), cause);
        }
    }
}

/// All pods, also those that have ended, of the ReplicaSets.
fn pods_of(view: &Tables, d: &Deployment, list: &[Rc<ReplicaSet>]) -> Vec<Rc<Pod>> {
    let Some(selector) = selector_of(d.spec.selector.as_ref()) else { return Vec::new() };
    list.iter()
        .flat_map(|rs| view.owned::<Pod>(&rs.metadata.uid).filter(|p| p.metadata.is_controlled_by(&rs.metadata.uid)))
        .filter(|p| selects(&selector, &p.metadata.labels))
        .cloned()
        .collect()
}

fn sync_deployment(t: &mut Turn, d: &mut Deployment) -> Result<Step, Status> {
    if d.spec.selector.as_deref() == Some(&LabelSelector::default()) {
        let message = "This deployment is selecting all pods. A non-empty selector is required.";
        t.event(&Reference::of(d), "Warning", "SelectingAll", message);
        if d.status.observed_generation < d.metadata.generation {
            Rc::make_mut(&mut d.status).observed_generation = d.metadata.generation;
            t.update_status(d.clone()).ok();
        }
        return Ok(Step::Over(Requeue::Done));
    }
    let Some(selector) = selector_of(d.spec.selector.as_ref()) else {
        return Err(Status::unknown(format!("deployment {} has invalid label selector", d.metadata.key())));
    };
    let list = managed_or_orphaned::<ReplicaSet>(&t.view, &d.metadata);
    let list = claim(t, d, list, |rs: &ReplicaSet| selects(&selector, &rs.metadata.labels))?;
    if d.metadata.is_deleting() {
        sync::sync_status_only(t, d, &list)?;
        return Ok(Step::Over(Requeue::Done));
    }
    sync::check_paused_conditions(t, d)?;
    if d.spec.paused || sync::is_scaling_event(t, d, &list)? {
        sync::sync(t, d, &list)?;
        return Ok(Step::Over(Requeue::Done));
    }
    match d.spec.strategy.type_.as_str() {
        "Recreate" => {
            let pods = pods_of(&t.view, d, &list);
            recreate::rollout_recreate(t, d, &list, &pods).map(Step::Over)
        }
        "RollingUpdate" => rolling::rollout_rolling(t, d, &list),
        other => Err(Status::unknown(format!("unexpected deployment strategy type: {other}"))),
    }
}

impl Controller for DeploymentController {
    const NAME: &'static str = "deployment-controller";
    const WATCHES: &'static [KindId] = &[KindId::Deployment, KindId::ReplicaSet, KindId::Pod];

    fn observe(&mut self, event: &WatchEvent, view: &Tables, _now: Time, queue: &mut WorkQueue) {
        match event.kind {
            KindId::Deployment => queue.add(event.key.clone(), event.cause),
            KindId::ReplicaSet => observe_replica_set(event, view, queue),
            _ if event.new.is_none() => {
                event.old_as().into_iter().for_each(|pod| observe_pod_gone(pod, event.cause, view, queue));
            }
            _ => {}
        }
    }

    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        let paused = self.paused.remove(key);
        let Some(seen) = t.view.get::<Deployment>(key) else { return Ok(Requeue::Done) };
        let paused = paused.filter(|d| d.metadata.uid == seen.metadata.uid);
        let mut d = (**paused.as_ref().unwrap_or(seen)).clone();
        match sync_deployment(t, &mut d) {
            Ok(Step::Over(requeue)) => Ok(requeue),
            Ok(Step::ToBeContinued) => {
                self.paused.insert(key.clone(), Rc::new(d));
                Ok(Requeue::After(PAUSE))
            }
            Err(e) if is_namespace_ending(&e) => Ok(Requeue::Done),
            Err(e) => Err(e),
        }
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        view.objects(KindId::Deployment, None).map(|(k, _)| k.clone()).collect()
    }
}

#[cfg(test)]
mod tests;

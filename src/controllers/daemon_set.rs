//! Keeps one pod of a template on every node that a DaemonSet is for.
//!
//! Upstream: pkg/controller/daemon/daemon_controller.go
//! Differs: one worker; a changed node is looked at when it is seen, not from a queue of nodes.

mod nodes;
mod update;

use super::Controller;
use super::history::REVISION_HASH;
use super::pod_control::{
    claim, create_pod, delete_pod, is_namespace_ending, managed_or_orphaned, pod_from_template, selector_of, selects,
    slow_start_batch,
};
use crate::api::apps::{DaemonSet, DaemonSetStatus};
use crate::api::core::{Node, Pod};
use crate::api::{Key, KindId};
use crate::apimachinery::{OwnerReference, Status, Str};
use crate::client::{Expectations, Reference, Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::{Duration, OrdMap, Time};
use nodes::{Eligibility, add_tolerations, pin, target};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;
use update::{GENERATION_LABEL, allows_surge, clean_up_history, construct_history, excess, is_updated};

/// So many pods are made or deleted before the watch is waited for.
const BURST_REPLICAS: usize = 250;
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const LONGEST_BACKOFF: Duration = Duration::from_secs(15 * 60);

#[derive(Clone, Default)]
pub(super) struct DaemonSetController {
    expectations: Expectations,
    /// Of a set, its generation and a node: how long failed pods are left there, since when.
    backoff: OrdMap<(Str, i64, Str), (Duration, Time)>,
}

/// What one sync knows.
struct Sync {
    ds: DaemonSet,
    nodes: Vec<Rc<Node>>,
    eligible: Eligibility,
    /// The pods of each node, those that are both over and being deleted left out.
    pods: BTreeMap<Str, Vec<Rc<Pod>>>,
    hash: Str,
}

fn resolve<'a>(view: &'a Tables, namespace: &Str, owner: &OwnerReference) -> Option<&'a Rc<DaemonSet>> {
    if owner.kind != "DaemonSet" {
        return None;
    }
    let ds = view.get::<DaemonSet>(&Key::new(namespace.clone(), owner.name.clone()))?;
    (ds.metadata.uid == owner.uid).then_some(ds)
}

/// Scheduled pods first, then the oldest.
fn by_creation(a: &Pod, b: &Pod) -> Ordering {
    let waiting = |p: &Pod| p.spec.node_name.is_empty();
    waiting(a)
        .cmp(&waiting(b))
        .then_with(|| a.metadata.creation_timestamp.cmp(&b.metadata.creation_timestamp))
        .then_with(|| a.metadata.name.cmp(&b.metadata.name))
}

impl DaemonSetController {
    fn pod_changed(&mut self, event: &WatchEvent, view: &Tables, now: Time, queue: &mut WorkQueue) {
        let (old, new) = (event.old_as::<Pod>(), event.new_as::<Pod>());
        let Some(pod) = new.or(old) else { return };
        let namespace = &pod.metadata.namespace;
        let going = new.is_none_or(|p| p.metadata.is_deleting());
        let owner = pod.metadata.controller_of();
        let before = old.and_then(|p| p.metadata.controller_of()).filter(|o| !going && owner != Some(o));
        if let Some(ds) = before.and_then(|o| resolve(view, namespace, o)) {
            queue.add(ds.metadata.key(), event.cause);
        }
        let Some(owner) = owner else {
            if !going && old.is_none_or(|o| before.is_some() || o.metadata.labels != pod.metadata.labels) {
                queue_matching(pod, event.cause, view, queue);
            }
            return;
        };
        let Some(ds) = resolve(view, namespace, owner) else { return };
        let key = ds.metadata.key();
        if going {
            self.expectations.deletion_observed(&key, &pod.metadata.key());
        } else if old.is_none() {
            self.expectations.creation_observed(&key);
        }
        let wait = ds.spec.min_ready_seconds;
        if wait > 0 && !going && pod.is_ready() && old.is_some_and(|o| !o.is_ready()) {
            queue.add_at(key.clone(), now + Duration::from_secs(wait as u64 + 1), event.cause);
        }
        queue.add(key, event.cause);
    }

    /// Upstream: syncNodeUpdate.
    fn node_changed(&self, event: &WatchEvent, view: &Tables, queue: &mut WorkQueue) {
        let Some(node) = event.new_as::<Node>() else { return };
        let same = |old: &Node| old.metadata.labels == node.metadata.labels && old.spec.taints == node.spec.taints;
        if event.old_as::<Node>().is_some_and(|old| same(old)) {
            return;
        }
        for ds in view.list::<DaemonSet>(None) {
            let (run, stay) = Eligibility::of(ds).on(node);
            let is_daemon = |p: &Rc<Pod>| p.metadata.is_controlled_by(&ds.metadata.uid);
            let there = view.pods_on(&node.metadata.name).any(is_daemon);
            let concerns = if there { !stay || ds.status.number_misscheduled > 0 } else { run };
            if concerns {
                queue.add(ds.metadata.key(), event.cause);
            }
        }
    }

    /// Makes and deletes what each node needs. Upstream: manage.
    fn manage(&mut self, t: &mut Turn, sync: &Sync, again: &mut Option<Duration>) -> Result<(), Status> {
        let (mut create, mut delete) = (Vec::new(), Vec::new());
        for node in &sync.nodes {
            let name = &node.metadata.name;
            let (run, stay) = sync.eligible.on(node);
            match sync.pods.get(name) {
                None if run => create.push(name.clone()),
                Some(pods) if stay => {
                    let running = self.running(t, sync, name, pods, &mut delete, again);
                    if running.is_empty() && run && allows_surge(&sync.ds) {
                        create.push(name.clone());
                    }
                    delete.extend(excess(t, sync, running));
                }
                Some(pods) => delete.extend(pods.iter().filter(|p| !p.metadata.is_deleting()).cloned()),
                None => {}
            }
        }
        // Nobody else would delete a pod that waits for a node that is gone.
        let known = |name: &Str| sync.nodes.iter().any(|n| n.metadata.name == *name);
        let lost = sync.pods.iter().filter(|(name, _)| !known(name)).flat_map(|(_, pods)| pods);
        delete.extend(lost.filter(|p| p.spec.node_name.is_empty()).cloned());
        self.sync_nodes(t, sync, &delete, &create)
    }

    /// The node's pods that run; those that ended are to be deleted, the failed ones not too often.
    fn running(
        &mut self,
        t: &mut Turn,
        sync: &Sync,
        node: &Str,
        pods: &[Rc<Pod>],
        delete: &mut Vec<Rc<Pod>>,
        again: &mut Option<Duration>,
    ) -> Vec<Rc<Pod>> {
        let about = Reference::of(&sync.ds);
        let mut running = Vec::new();
        for pod in pods.iter().filter(|p| !p.metadata.is_deleting()) {
            let name = pod.metadata.key();
            match pod.status.phase.as_str() {
                "Failed" => {
                    if let Some(left) = self.back_off(t.now, sync, node) {
                        *again = Some(again.map_or(left, |d| d.min(left)));
                        continue;
                    }
                    let message = format!("Found failed daemon pod {name} on node {node}, will try to kill it");
                    t.event(&about, "Warning", "FailedDaemonPod", &message);
                    delete.push(pod.clone());
                }
                "Succeeded" => {
                    let message = format!("Found succeeded daemon pod {name} on node {node}, will try to delete it");
                    t.event(&about, "Normal", "SucceededDaemonPod", &message);
                    delete.push(pod.clone());
                }
                _ => running.push(pod.clone()),
            }
        }
        running
    }

    /// How long to wait; None: go ahead, and wait longer the next time.
    fn back_off(&mut self, now: Time, sync: &Sync, node: &Str) -> Option<Duration> {
        let ds = &sync.ds;
        let key = (ds.metadata.uid.clone(), ds.status.observed_generation, node.clone());
        let next = match self.backoff.get(&key).copied() {
            Some((pause, since)) if now.since(since) < pause => return Some(pause),
            Some((pause, since)) if now.since(since) <= 2 * LONGEST_BACKOFF => (2 * pause).min(LONGEST_BACKOFF),
            _ => FIRST_BACKOFF,
        };
        self.backoff.insert(key, (next, now));
        None
    }

    fn sync_nodes(&mut self, t: &mut Turn, sync: &Sync, delete: &[Rc<Pod>], create: &[Str]) -> Result<(), Status> {
        let ds = &sync.ds;
        let key = ds.metadata.key();
        let create = &create[..create.len().min(BURST_REPLICAS)];
        let delete = &delete[..delete.len().min(BURST_REPLICAS)];
        self.expectations.expect(&key, create.len(), delete.iter().map(|p| p.metadata.key()), t.now);
        let mut template = pod_from_template(&ds.spec.template, ds);
        add_tolerations(Rc::make_mut(&mut template.spec));
        template.metadata.labels.insert(GENERATION_LABEL, Str::from(ds.template_generation().to_string()));
        template.metadata.labels.insert(REVISION_HASH, sync.hash.clone());
        let mut next = create.iter();
        let (made, mut error) = slow_start_batch(create.len(), 1, || {
            let mut pod = template.clone();
            pin(Rc::make_mut(&mut pod.spec), next.next().expect("as many nodes as pods"));
            match create_pod(t, pod, ds) {
                Err(e) if !is_namespace_ending(&e) => Err(e),
                _ => Ok(()),
            }
        });
        for _ in made..create.len() {
            self.expectations.creation_observed(&key);
        }
        for pod in delete {
            if let Err(e) = delete_pod(t, pod, ds) {
                self.expectations.deletion_observed(&key, &pod.metadata.key());
                if !e.is_not_found() {
                    error.get_or_insert(e);
                }
            }
        }
        error.map_or(Ok(()), Err)
    }
}

/// Wakes every DaemonSet that might adopt the pod.
fn queue_matching(pod: &Pod, cause: u64, view: &Tables, queue: &mut WorkQueue) {
    for ds in view.list::<DaemonSet>(Some(&pod.metadata.namespace)) {
        let selector = selector_of(ds.spec.selector.as_ref());
        if selector.is_some_and(|s| !s.is_empty() && selects(&s, &pod.metadata.labels)) {
            queue.add(ds.metadata.key(), cause);
        }
    }
}

/// `observed`: the pods were seen to for this generation.
fn update_status(t: &mut Turn, sync: &Sync, observed: bool) -> Result<Requeue, Status> {
    let ds = &sync.ds;
    let mut s = DaemonSetStatus {
        observed_generation: ds.status.observed_generation,
        collision_count: ds.status.collision_count,
        conditions: ds.status.conditions.clone(),
        ..DaemonSetStatus::default()
    };
    for node in &sync.nodes {
        let pods = sync.pods.get(&node.metadata.name);
        if !sync.eligible.on(node).0 {
            s.number_misscheduled += i32::from(pods.is_some());
            continue;
        }
        s.desired_number_scheduled += 1;
        let Some(pod) = pods.and_then(|pods| pods.iter().min_by(|a, b| by_creation(a, b))) else { continue };
        s.current_number_scheduled += 1;
        s.number_ready += i32::from(pod.is_ready());
        s.number_available += i32::from(pod.is_available(ds.spec.min_ready_seconds, t.wall));
        s.updated_number_scheduled += i32::from(is_updated(pod, ds, &sync.hash));
    }
    s.number_unavailable = s.desired_number_scheduled - s.number_available;
    let waits = ds.spec.min_ready_seconds > 0 && s.number_ready != s.number_available;
    if s != *ds.status || ds.status.observed_generation < ds.metadata.generation {
        if observed {
            s.observed_generation = ds.metadata.generation;
        }
        let status = Rc::new(s);
        if t.update_status(DaemonSet { status: status.clone(), ..ds.clone() }).is_err() {
            let live = t.get_live::<DaemonSet>(&ds.metadata.key())?;
            t.update_status(DaemonSet { status, ..(*live).clone() })?;
        }
    }
    let pause = Duration::from_secs(ds.spec.min_ready_seconds.max(0) as u64);
    Ok(if waits { Requeue::After(pause) } else { Requeue::Done })
}

impl Controller for DaemonSetController {
    const NAME: &'static str = "daemonset-controller";
    const WATCHES: &'static [KindId] =
        &[KindId::DaemonSet, KindId::ControllerRevision, KindId::Pod, KindId::Node];

    fn observe(&mut self, event: &WatchEvent, view: &Tables, now: Time, queue: &mut WorkQueue) {
        match event.kind {
            KindId::DaemonSet => {
                let uid = |o: Option<&Rc<DaemonSet>>| o.map(|ds| ds.metadata.uid.clone());
                if uid(event.old_as()).is_some_and(|old| Some(old) != uid(event.new_as())) {
                    self.expectations.forget(&event.key);
                }
                queue.add(event.key.clone(), event.cause);
            }
            KindId::Node => self.node_changed(event, view, queue),
            KindId::Pod => self.pod_changed(event, view, now, queue),
            _ => {
                let meta = event.either().meta();
                // A new revision of its own is no news to a set.
                let Some(owner) = meta.controller_of().filter(|_| event.old.is_some()) else { return };
                if let Some(ds) = resolve(view, &meta.namespace, owner) {
                    queue.add(ds.metadata.key(), event.cause);
                }
            }
        }
    }

    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        let Some(ds) = t.view.get::<DaemonSet>(key).map(|ds| (**ds).clone()) else {
            self.expectations.forget(key);
            return Ok(Requeue::Done);
        };
        let Some(selector) = selector_of(ds.spec.selector.as_ref()) else { return Ok(Requeue::Done) };
        if selector.is_empty() {
            let message = "This daemon set is selecting all pods. A non-empty selector is required.";
            t.event(&Reference::of(&ds), "Warning", "SelectingAll", message);
            return Ok(Requeue::Done);
        }
        if ds.metadata.is_deleting() {
            return Ok(Requeue::Done);
        }
        let satisfied = self.expectations.satisfied(key, t.now);
        let all = managed_or_orphaned::<Pod>(&t.view, &ds.metadata);
        let all = claim(t, &ds, all, |p: &Pod| selects(&selector, &p.metadata.labels))?;
        let (current, old) = construct_history(t, &ds, &selector, &all)?;
        let mut pods: BTreeMap<Str, Vec<Rc<Pod>>> = BTreeMap::new();
        for pod in all.iter().filter(|p| !(p.is_terminal() && p.metadata.is_deleting())) {
            if let Some(node) = target(pod) {
                pods.entry(node).or_default().push(pod.clone());
            }
        }
        let sync = Sync {
            eligible: Eligibility::of(&ds),
            nodes: t.view.list::<Node>(None).cloned().collect(),
            hash: current.metadata.labels.get(REVISION_HASH).cloned().unwrap_or_default(),
            pods,
            ds,
        };
        if !satisfied {
            return update_status(t, &sync, false);
        }
        let mut again = None;
        let mut done = self.manage(t, &sync, &mut again);
        if done.is_ok() && self.expectations.satisfied(key, t.now) && sync.ds.spec.update_strategy.type_ != "OnDelete" {
            done = self.rolling_update(t, &sync);
        }
        let done = done.and_then(|()| clean_up_history(t, &sync.ds, &old, &all));
        let next = update_status(t, &sync, true);
        done?;
        Ok(match (next?, again) {
            (Requeue::After(a), Some(b)) => Requeue::After(a.min(b)),
            (Requeue::Done, Some(b)) => Requeue::After(b),
            (next, None) => next,
        })
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        view.objects(KindId::DaemonSet, None).map(|(k, _)| k.clone()).collect()
    }
}

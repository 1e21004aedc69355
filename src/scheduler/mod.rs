//! kube-scheduler: finds a node for every pod that has none.
//!
//! Upstream: pkg/scheduler/{scheduler,schedule_one,eventhandlers}.go
//! Differs: a cycle and its binding are one turn, so a pod is assumed only between its binding and the watch's word of
//! it; no extenders, no other profiles than default-scheduler.

mod cache;
mod changes;
mod class;
mod explain;
mod framework;
mod memo;
mod node_info;
mod plugins;
mod preemption;
mod profile;
mod queue;
mod resource;
mod schedule;
mod selector;
mod storage;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use explain::{NodeTrace, PluginScore, SchedulingTrace, Waiting};

use crate::api::core::{Node, Pod, PodCondition};
use crate::api::{KindId, Object};
use crate::apimachinery::Str;
use crate::client::{Reference, Tables, Turn, WatchEvent, What};
use crate::sim::{Duration, OrdMap, Time};
use cache::Cache;
use class::{Classes, PodInfo, priority};
use framework::{Action, Change, Cx, Nomination, PluginSet, Resource, Status, fit_error};
use memo::Memo;
use plugins::PluginId;
use profile::{DEFAULT_SCHEDULER, Profile};
use queue::{Nominator, Queue, QueuedPod};
use schedule::Found;
use std::rc::Rc;

/// The longest note that an event may have.
const NOTE_LENGTH_LIMIT: usize = 1024;
/// How often, and how long, a pod that waits for its volumes looks whether it has them.
const POLL: Duration = Duration::from_secs(1);
const BIND_TIMEOUT: Duration = Duration::from_secs(600);
const NO_NODES: &str = "no nodes available to schedule pods";

#[derive(Clone, Default)]
pub struct Scheduler {
    profile: Rc<Profile>,
    cache: Cache,
    classes: Classes,
    queue: Queue,
    nominator: Nominator,
    memo: Memo,
    /// Pods that are being bound, by when they are looked at again.
    binding: OrdMap<(Time, Str), Rc<Attempt>>,
    /// Where among the nodes the next search begins.
    next_start: usize,
}

/// As the scheduler's watch shows it: pods that have ended are none.
fn running(object: Option<&Object>) -> Option<Rc<Pod>> {
    object.and_then(Object::downcast::<Pod>).filter(|p| !p.is_terminal()).cloned()
}

fn is_assigned(pod: &Pod) -> bool {
    !pod.spec.node_name.is_empty()
}

fn is_ours(pod: &Pod) -> bool {
    pod.spec.scheduler_name == DEFAULT_SCHEDULER
}

impl Scheduler {
    /// What the scheduler's watch shows it: pods, nodes, and whatever plugins ask for.
    pub fn observe(&mut self, event: &WatchEvent, view: &Tables, now: Time) {
        self.queue.telling = event.cause;
        match event.kind {
            KindId::Node => self.observe_node(event, view, now),
            KindId::Pod => self.observe_pod(running(event.old.as_ref()), running(event.new.as_ref()), view, now),
            kind => self.observe_other(kind, event, view, now),
        }
    }

    fn observe_other(&mut self, kind: KindId, event: &WatchEvent, view: &Tables, now: Time) {
        let resource = match kind {
            KindId::PersistentVolumeClaim => Resource::PersistentVolumeClaim,
            kind if Some(kind) == storage::volume_kind() => Resource::PersistentVolume,
            kind if Some(kind) == storage::class_kind() => Resource::StorageClass,
            _ => return,
        };
        let action = match (&event.old, &event.new) {
            (None, _) => Action::ADD,
            (_, None) => Action::DELETE,
            _ => Action::UPDATE,
        };
        let change = Change { resource, action, old: event.old.clone(), new: event.new.clone() };
        self.move_all(&change, view, now, &|_| true);
    }

    /// When the next cycle has something to do: now, when a back-off or a flush ends, or never.
    pub fn next_at(&self, now: Time) -> Option<Time> {
        let poll = self.binding.get_min().map(|((at, _), _)| (*at).max(now));
        [poll, self.queue.next_at(now)].into_iter().flatten().min()
    }

    fn parts<'a>(&'a mut self, view: &'a Tables, wall: i64) -> (Cx<'a>, &'a mut Queue, &'a mut Memo, &'a mut usize) {
        let Scheduler { profile, cache, queue, nominator, memo, next_start, .. } = self;
        (Cx { cache, view, nominator, profile, wall }, queue, memo, next_start)
    }

    fn move_all(&mut self, change: &Change, view: &Tables, now: Time, only: &dyn Fn(&Pod) -> bool) {
        let (mut cx, queue, ..) = self.parts(view, 0);
        queue.move_all(&mut cx, change, only, now);
    }

    fn observe_node(&mut self, event: &WatchEvent, view: &Tables, now: Time) {
        let change =
            |action| Change { resource: Resource::Node, action, old: event.old.clone(), new: event.new.clone() };
        match (event.old_as::<Node>(), event.new_as::<Node>()) {
            (None, Some(new)) => {
                self.cache.set_node(new);
                self.move_all(&change(Action::ADD), view, now, &|_| true);
            }
            (Some(old), Some(new)) => {
                self.cache.set_node(new);
                for action in changes::of_node(old, new) {
                    self.move_all(&change(action), view, now, &|_| true);
                }
            }
            (Some(_), None) => {
                self.move_all(&change(Action::DELETE), view, now, &|_| true);
                self.cache.remove_node(&event.key.name);
            }
            (None, None) => {}
        }
    }

    fn observe_pod(&mut self, old: Option<Rc<Pod>>, new: Option<Rc<Pod>>, view: &Tables, now: Time) {
        // A name taken over by another pod between two looks is an end and a beginning.
        if let (Some(o), Some(n)) = (&old, &new)
            && o.metadata.uid != n.metadata.uid
        {
            self.observe_pod(old, None, view, now);
            return self.observe_pod(None, new, view, now);
        }
        match (old, new) {
            (Some(old), Some(new)) if is_assigned(&old) => {
                let class = self.classes.of(&new);
                self.cache.set_pod(&new, &class);
                self.pod_changed(&old, &new, view, now);
            }
            (old, Some(new)) if is_assigned(&new) => {
                let class = self.classes.of(&new);
                self.cache.set_pod(&new, &class);
                self.queue.remove(&new.metadata.uid);
                self.nominator.remove(&new.metadata.uid);
                drop(old);
                self.move_all(&changes::pod(Action::ADD, None, Some(&new)), view, now, &|_| true);
            }
            (None, Some(new)) if is_ours(&new) => {
                let info = self.info(&new);
                self.nominator.add(&info, None);
                self.queue.add(info, now);
            }
            (Some(old), Some(new)) if is_ours(&new) => self.waiting_pod_changed(&old, &new, view, now),
            (Some(old), None) if is_assigned(&old) => self.pod_left(&old, view, now),
            (Some(old), None) if is_ours(&old) => {
                self.queue.remove(&old.metadata.uid);
                self.nominator.remove(&old.metadata.uid);
                if self.cache.is_assumed(&old.metadata.uid) {
                    self.pod_left(&old, view, now);
                } else if !old.status.nominated_node_name.is_empty() {
                    self.promise_ended(&old, view, now);
                }
            }
            _ => {}
        }
    }

    fn info(&mut self, pod: &Rc<Pod>) -> PodInfo {
        PodInfo { pod: pod.clone(), class: self.classes.of(pod) }
    }

    fn pod_left(&mut self, pod: &Rc<Pod>, view: &Tables, now: Time) {
        self.cache.remove_pod(&pod.metadata.uid);
        self.move_all(&changes::pod(Action::DELETE, Some(pod), None), view, now, &|_| true);
    }

    /// Pods that are no more important had to keep off its node.
    fn promise_ended(&mut self, pod: &Rc<Pod>, view: &Tables, now: Time) {
        let change = changes::pod(Action::DELETE, Some(pod), None);
        self.move_all(&change, view, now, &|p| priority(p) <= priority(pod));
    }

    fn pod_changed(&mut self, old: &Rc<Pod>, new: &Rc<Pod>, view: &Tables, now: Time) {
        for action in changes::of_pod(old, new) {
            self.move_all(&changes::pod(action, Some(old), Some(new)), view, now, &|_| true);
        }
    }

    fn waiting_pod_changed(&mut self, old: &Rc<Pod>, new: &Rc<Pod>, view: &Tables, now: Time) {
        if self.cache.is_assumed(&new.metadata.uid) {
            if new.metadata.is_deleting() && !old.metadata.is_deleting() {
                self.pod_left(old, view, now);
            }
            return;
        }
        let info = self.info(new);
        self.nominator.update(old, &info);
        let changed: Vec<Change> =
            changes::of_pod(old, new).into_iter().map(|a| changes::pod(a, Some(old), Some(new))).collect();
        let (mut cx, queue, ..) = self.parts(view, 0);
        queue.update(&mut cx, info, &changed, now);
        let (before, after) = (&old.status.nominated_node_name, &new.status.nominated_node_name);
        if !before.is_empty() && before != after {
            self.promise_ended(old, view, now);
        }
    }

    /// One scheduling cycle and its binding, for one pod.
    pub fn cycle(&mut self, t: &mut Turn) {
        if let Some(((at, uid), attempt)) = self.binding.get_min().map(|(k, v)| (k.clone(), v.clone()))
            && at <= t.now
        {
            self.binding.remove(&(at, uid));
            return self.poll(t, Rc::unwrap_or_clone(attempt));
        }
        let Some(queued) = self.queue.pop(t.now) else { return };
        t.cause = queued.cause;
        let pod = queued.info.pod.clone();
        if pod.metadata.is_deleting() {
            let text = format!("skip schedule deleting pod: {}", pod.metadata.key());
            t.event_v1(&Reference::of(&*pod), "Warning", "FailedScheduling", "Scheduling", &text);
            self.queue.remove(&pod.metadata.uid);
            return;
        }
        let view = t.view.clone();
        if self.cache.order().is_empty() {
            let error = Failure { message: NO_NODES.to_owned(), nomination: void(), ..Failure::default() };
            return self.fail(t, &queued, error);
        }
        let mut ties = *t.rng.stream("scheduler/tie-break");
        let (mut cx, _, memo, start) = self.parts(&view, t.wall.unix());
        let found = schedule::schedule(&mut cx, memo, start, &mut ties, &queued.info);
        let found = match found {
            Found::Node(slot) => Ok(cx.cache.node_at(slot).name.clone()),
            Found::Nowhere { state, mut diagnosis } => {
                let stream = t.rng.stream("scheduler/preemption");
                let (nomination, status) =
                    schedule::post_filter(&mut cx, stream, &state, &queued.info, &diagnosis.statuses);
                diagnosis.post_filter = status.message();
                let message = fit_error(cx.cache.order().len(), &diagnosis);
                Err(Failure { message, rejected_by: diagnosis.unschedulable_plugins, nomination, ..Failure::default() })
            }
        };
        *t.rng.stream("scheduler/tie-break") = ties;
        match found {
            Ok(node) => self.bind(t, queued, node),
            Err(failure) => self.fail(t, &queued, failure),
        }
    }

    fn bind(&mut self, t: &mut Turn, queued: QueuedPod, node: Str) {
        let (info, view) = (queued.info.clone(), t.view.clone());
        self.cache.assume(&info.pod, &node, &info.class);
        self.nominator.remove(info.uid());
        t.cause = t.note(What::Cycle { pod: info.pod.metadata.key(), node: node.clone() });
        self.queue.telling = t.cause;
        let attempt = Attempt { queued, node, since: t.now, cause: t.cause };
        let ready = self.reserve_and_permit(&info, &view, &attempt.node);
        match ready.and_then(|()| self.is_pre_bound(&view, &attempt)) {
            Ok(true) => self.finish_binding(t, attempt),
            Ok(false) => {
                let done = self.profile.all().try_for_each(|p| of_pre_bind(p, p.pre_bind(t, &info, &attempt.node)));
                match done {
                    Ok(()) => self.wait_for_others(t, attempt),
                    Err(status) => self.undo_binding(t, attempt, status),
                }
            }
            Err(status) => self.undo_binding(t, attempt, status),
        }
    }

    fn reserve_and_permit(&mut self, info: &PodInfo, view: &Tables, node: &str) -> Result<(), Status> {
        let (mut cx, ..) = self.parts(view, 0);
        let profile = cx.profile;
        profile.all().try_for_each(|p| p.reserve(&mut cx, info, node))?;
        profile.all().try_for_each(|p| p.permit(&mut cx, info, node))
    }

    fn is_pre_bound(&self, view: &Tables, attempt: &Attempt) -> Result<bool, Status> {
        for p in self.profile.all() {
            if !of_pre_bind(p, p.is_pre_bound(view, &attempt.queued.info, &attempt.node))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Others have to act before the pod can be bound; meanwhile its status tells where it will be.
    fn wait_for_others(&mut self, t: &mut Turn, attempt: Attempt) {
        let node = attempt.node.clone();
        let told = t.patch_status::<Pod>(&attempt.queued.info.pod.metadata.key(), |p| {
            Rc::make_mut(&mut p.status).nominated_node_name = node;
        });
        // It is a hint; the binding goes on without it.
        told.ok();
        self.binding.insert((t.now + POLL, attempt.queued.info.uid().clone()), Rc::new(attempt));
    }

    /// Looks whether a pod that waits can be bound by now.
    fn poll(&mut self, t: &mut Turn, attempt: Attempt) {
        (t.cause, self.queue.telling) = (attempt.cause, attempt.cause);
        let info = &attempt.queued.info;
        let seen = t.view.get::<Pod>(&info.pod.metadata.key());
        if seen.is_none_or(|p| p.metadata.uid != *info.uid()) || !self.cache.is_assumed(info.uid()) {
            self.cache.remove_pod(&info.uid().clone());
            self.queue.remove(info.uid());
            return;
        }
        let view = t.view.clone();
        match self.is_pre_bound(&view, &attempt) {
            Ok(true) => self.finish_binding(t, attempt),
            Ok(false) if t.now.since(attempt.since) < BIND_TIMEOUT => {
                self.binding.insert((t.now + POLL, attempt.queued.info.uid().clone()), Rc::new(attempt));
            }
            Ok(false) => {
                let text = "running PreBind plugin \"VolumeBinding\": binding volumes: context deadline exceeded";
                self.undo_binding(t, attempt, Status::error(Str::literal(text)));
            }
            Err(status) => self.undo_binding(t, attempt, status),
        }
    }

    fn finish_binding(&mut self, t: &mut Turn, attempt: Attempt) {
        let (info, node) = (&attempt.queued.info, &attempt.node);
        let bound = self.profile.all().find_map(|p| p.bind(t, info, node).map(|verdict| (p, verdict)));
        let (plugin, verdict) = bound.expect("some plugin of the profile binds");
        if let Err(s) = verdict {
            let text = format!("running Bind plugin \"{}\": {}", plugin.name(), s.message());
            return self.undo_binding(t, attempt, Status::error(text));
        }
        self.profile.all().for_each(|p| p.post_bind(t, info, node));
        self.queue.remove(info.uid());
        let text = format!("Successfully assigned {} to {node}", info.pod.metadata.key());
        t.event_v1(&Reference::of(&*info.pod), "Normal", "Scheduled", "Binding", &text);
    }

    fn undo_binding(&mut self, t: &mut Turn, attempt: Attempt, status: Status) {
        let (info, view) = (&attempt.queued.info, t.view.clone());
        let (mut cx, ..) = self.parts(&view, t.wall.unix());
        let profile = cx.profile;
        profile.all().for_each(|p| p.unreserve(&mut cx, info, &attempt.node));
        let own = info.uid().clone();
        self.cache.remove_pod(&own);
        let gone = changes::pod(Action::DELETE, Some(&info.pod), None);
        self.move_all(&gone, &view, t.now, &|p| p.metadata.uid != own);
        let failure = Failure {
            message: status.message(),
            error: !status.is_rejected(),
            nomination: void(),
            ..Failure::default()
        };
        self.fail(t, &attempt.queued, failure);
    }

    /// Puts the pod back and tells why.
    fn fail(&mut self, t: &mut Turn, queued: &QueuedPod, failure: Failure) {
        let pod = &queued.info.pod;
        let uid = &pod.metadata.uid;
        t.cause = t.note(What::Cycle { pod: pod.metadata.key(), node: Str::EMPTY });
        match t.view.get::<Pod>(&pod.metadata.key()).filter(|p| p.metadata.uid == *uid).cloned() {
            Some(seen) if !is_assigned(&seen) => {
                let info = PodInfo { pod: seen, class: queued.info.class.clone() };
                self.queue.add_unschedulable(info.clone(), failure.rejected_by, t.now);
                self.nominator.add(&info, failure.nomination.as_ref().map(|n| &n.node));
            }
            _ => self.queue.remove(uid),
        }
        let note = match failure.message.len() > NOTE_LENGTH_LIMIT {
            true => {
                let cut = (0..=NOTE_LENGTH_LIMIT - 4).rev().find(|i| failure.message.is_char_boundary(*i));
                format!("{} ...", &failure.message[..cut.unwrap_or(0)])
            }
            false => failure.message.clone(),
        };
        t.event_v1(&Reference::of(&**pod), "Warning", "FailedScheduling", "Scheduling", &note);
        self.write_condition(t, pod, &failure);
        if let Some(n) = failure.nomination.filter(|n| !n.node.is_empty()) {
            for other in self.nominator.lower_priority_on(&n.node, priority(pod)) {
                preemption::clear_nominated_node_name(t, &other);
            }
            preemption::preempt(t, pod, &n);
        }
    }

    fn write_condition(&self, t: &mut Turn, pod: &Pod, failure: &Failure) {
        let condition = PodCondition {
            type_: Str::literal("PodScheduled"),
            observed_generation: pod.metadata.generation,
            status: Str::literal("False"),
            reason: Str::literal(if failure.error { "SchedulerError" } else { "Unschedulable" }),
            message: Str::from(&failure.message),
            last_transition_time: t.wall,
            ..PodCondition::default()
        };
        let node = failure.nomination.as_ref().map(|n| n.node.clone());
        let renominated = node.as_ref().is_some_and(|n| *n != pod.status.nominated_node_name);
        if !(*pod.status).clone().set_condition(condition.clone()) && !renominated {
            return;
        }
        let written = t.patch_status::<Pod>(&pod.metadata.key(), |p| {
            let status = Rc::make_mut(&mut p.status);
            status.set_condition(condition);
            if let Some(node) = node {
                status.nominated_node_name = node;
            }
        });
        // A pod that is gone needs no word of it.
        written.ok();
    }

    /// Whether the cache equals one that is built anew from what the watch has shown, for tests.
    pub fn cache_holds(&self, view: &Tables) -> bool {
        let (mut rebuilt, mut classes) = (Cache::default(), Classes::default());
        for node in view.list::<Node>(None) {
            rebuilt.set_node(node);
        }
        for pod in view.list::<Pod>(None).filter(|p| is_assigned(p) && !p.is_terminal()) {
            let class = classes.of(pod);
            rebuilt.set_pod(pod, &class);
        }
        for pod in self.cache.assumed() {
            if !view.get::<Pod>(&pod.pod.metadata.key()).is_some_and(|p| is_assigned(p)) {
                rebuilt.assume(&pod.pod, &self.cache.node_of(pod.uid()), &pod.class);
            }
        }
        self.cache.agrees_with(&rebuilt)
    }
}

/// Whatever was promised to a pod that met an error is so no more.
fn void() -> Option<Nomination> {
    Some(Nomination::default())
}

fn of_pre_bind<T>(p: PluginId, answer: Result<T, Status>) -> Result<T, Status> {
    answer.map_err(|s| Status::error(format!("running PreBind plugin \"{}\": {}", p.name(), s.message())))
}

/// A pod on its way to a node.
#[derive(Clone)]
struct Attempt {
    queued: QueuedPod,
    node: Str,
    since: Time,
    /// Its cycle's trace event.
    cause: u64,
}

/// Why a pod was not bound.
#[derive(Default)]
struct Failure {
    message: String,
    rejected_by: PluginSet,
    /// Some: whom it will drive out, or that it can drive out nobody.
    nomination: Option<Nomination>,
    /// Something went wrong, rather than that no node fits.
    error: bool,
}

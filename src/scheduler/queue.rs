//! The pods that wait: ready to be tried, backing off, or put aside until something happens that may help them.
//!
//! Upstream: pkg/scheduler/backend/queue/{scheduling_queue,active_queue,backoff_queue,unschedulable_pods,nominator}.go
//! Differs: cycles are atomic, so no pod is in flight and no event falls into a cycle.

use super::class::{PodInfo, priority};
use super::framework::{Change, Cx, PluginSet};
use super::plugins::PluginId;
use super::plugins::priority_sort::{PrioritySort, SortKey};
use crate::api::core::Pod;
use crate::apimachinery::Str;
use crate::sim::{Duration, OrdMap, OrdSet, Time};
use std::rc::Rc;

const INITIAL_BACKOFF: Duration = Duration::from_secs(1);
const MAX_BACKOFF: Duration = Duration::from_secs(10);
/// Pods that were put aside so long ago are tried again, whatever happened.
const MAX_IN_UNSCHEDULABLE: Duration = Duration::from_secs(300);
/// How often upstream looks for them.
const FLUSH_SECONDS: i64 = 30;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    Active,
    Backoff,
    /// Backing off after an error, which no waiting scheduler cuts short.
    ErrorBackoff,
    Unschedulable,
    /// Being tried.
    Popped,
}

#[derive(Clone, Debug)]
pub struct QueuedPod {
    pub info: PodInfo,
    pub place: Place,
    /// When it last entered the queue or failed.
    pub timestamp: Time,
    seq: u64,
    pub attempts: u32,
    pub unschedulable_count: u32,
    pub consecutive_errors: u32,
    /// Who rejected it last.
    pub rejected_by: PluginSet,
    /// Who does not let it be tried at all.
    pub gated_by: Option<PluginId>,
    /// The trace event that lets it be tried: its own beginning, or what it waited for.
    pub cause: u64,
}

impl QueuedPod {
    fn sort_key(&self) -> SortKey {
        PrioritySort::key(&self.info.pod, self.timestamp, self.seq)
    }

    /// Backing off ends with a whole second.
    fn backoff_until(&self) -> Time {
        let count = if self.consecutive_errors > 0 { self.consecutive_errors } else { self.unschedulable_count };
        if count == 0 {
            return Time::ZERO;
        }
        let wait = INITIAL_BACKOFF.saturating_mul(1 << (count - 1).min(10)).min(MAX_BACKOFF);
        Time::from_secs((self.timestamp + wait).as_secs())
    }

    fn is_backing_off(&self, now: Time) -> bool {
        self.backoff_until() >= Time::from_secs(now.as_secs()) && self.backoff_until() > Time::ZERO
    }

    fn flush_at(&self) -> Time {
        let due = (self.timestamp + MAX_IN_UNSCHEDULABLE).as_secs();
        Time::from_secs((due / FLUSH_SECONDS + 1) * FLUSH_SECONDS)
    }
}

type BackoffKey = (Time, SortKey);

/// A clone is a few pointer copies.
#[derive(Clone, Default)]
pub struct Queue {
    pods: OrdMap<Str, Rc<QueuedPod>>,
    active: OrdMap<SortKey, Str>,
    backoff: OrdMap<BackoffKey, Str>,
    error_backoff: OrdMap<BackoffKey, Str>,
    /// With when they are flushed; gated pods are in no order.
    unschedulable: OrdSet<Str>,
    flush: OrdSet<(Time, Str)>,
    seq: u64,
    /// The trace event of the change that is being told.
    pub telling: u64,
}

impl Queue {
    pub fn iter(&self) -> impl Iterator<Item = &QueuedPod> {
        self.pods.values().map(|p| &**p)
    }

    /// A pod without a node was seen for the first time.
    pub fn add(&mut self, info: PodInfo, now: Time) {
        self.seq += 1;
        let queued = QueuedPod {
            info,
            place: Place::Popped,
            timestamp: now,
            seq: self.seq,
            attempts: 0,
            unschedulable_count: 0,
            consecutive_errors: 0,
            rejected_by: PluginSet::default(),
            gated_by: None,
            cause: self.telling,
        };
        self.put(queued, Place::Active);
    }

    /// A pod without a node changed; `changes` say in what.
    pub fn update(&mut self, cx: &mut Cx, info: PodInfo, changes: &[Change], now: Time) {
        let Some(queued) = self.take(info.uid()) else { return self.add(info, now) };
        let place = queued.place;
        self.put(QueuedPod { info: info.clone(), ..queued }, place);
        if place == Place::Unschedulable {
            for change in changes {
                if self.try_move(cx, info.uid(), change, now) {
                    break;
                }
            }
        }
    }

    pub fn remove(&mut self, uid: &Str) {
        self.take(uid);
    }

    /// The next pod to be tried; it stays known until it is put back or removed.
    pub fn pop(&mut self, now: Time) -> Option<QueuedPod> {
        self.flush_due(now);
        let first = self.active.get_min().map(|(_, uid)| uid.clone());
        // With nothing better to do the scheduler does not wait for a back-off to end.
        let uid = first.or_else(|| self.backoff.get_min().map(|(_, uid)| uid.clone()))?;
        let mut queued = self.take(&uid).expect("what is in order is known");
        queued.attempts += 1;
        queued.rejected_by = PluginSet::default();
        queued.gated_by = None;
        self.put(queued.clone(), Place::Popped);
        Some(queued)
    }

    /// Puts a pod back that was rejected by these plugins, or, where there are none, met an error.
    pub fn add_unschedulable(&mut self, info: PodInfo, rejected_by: PluginSet, now: Time) {
        let Some(mut queued) = self.take(info.uid()) else { return };
        queued.info = info;
        queued.rejected_by = rejected_by;
        if rejected_by.is_empty() {
            queued.consecutive_errors += 1;
        } else {
            queued.unschedulable_count += 1;
            queued.consecutive_errors = 0;
        }
        queued.timestamp = now;
        let place = if rejected_by.is_empty() { Place::ErrorBackoff } else { Place::Unschedulable };
        self.put(queued, place);
    }

    /// Moves the pods that a change may help.
    pub fn move_all(&mut self, cx: &mut Cx, change: &Change, only: &dyn Fn(&Pod) -> bool, now: Time) {
        let interested =
            |p: PluginId| p.events_to_register().iter().any(|(r, a)| *r == change.resource && a.meets(change.action));
        let mut plugins = PluginSet::default();
        for p in cx.profile.all().filter(|p| interested(*p)) {
            plugins.insert(p);
        }
        if plugins.is_empty() || self.unschedulable.is_empty() {
            return;
        }
        let candidates: Vec<Str> = self
            .unschedulable
            .iter()
            .filter(|uid| {
                let queued = &self.pods[&**uid];
                queued.gated_by.is_none_or(|p| plugins.has(p))
                    && (queued.rejected_by.is_empty() || queued.rejected_by.meets(plugins))
                    && only(&queued.info.pod)
            })
            .cloned()
            .collect();
        for uid in candidates {
            self.try_move(cx, &uid, change, now);
        }
    }

    /// Whether the change may help this pod, which then moves.
    fn try_move(&mut self, cx: &mut Cx, uid: &Str, change: &Change, now: Time) -> bool {
        let queued = self.pods[uid].clone();
        let helps = |p: PluginId, cx: &mut Cx| {
            let wants = p.events_to_register().iter().any(|(r, a)| *r == change.resource && a.meets(change.action));
            wants && p.queueing_hint(cx, &queued.info, change)
        };
        let worth =
            queued.rejected_by.is_empty() || cx.profile.all().any(|p| queued.rejected_by.has(p) && helps(p, cx));
        if worth {
            Rc::make_mut(self.pods.get_mut(uid).expect("what is put aside is known")).cause = self.telling;
            self.requeue(uid, now);
        }
        worth
    }

    fn requeue(&mut self, uid: &Str, now: Time) {
        let queued = self.take(uid).expect("what is put aside is known");
        let place = match queued.is_backing_off(now) {
            false => Place::Active,
            true if queued.rejected_by.is_empty() => Place::ErrorBackoff,
            true => Place::Backoff,
        };
        self.put(queued, place);
    }

    /// Pods whose back-off has ended, and those that were put aside too long ago, become active.
    fn flush_due(&mut self, now: Time) {
        let window = Time::from_secs(now.as_secs());
        for error in [false, true] {
            loop {
                let order = if error { &self.error_backoff } else { &self.backoff };
                let Some((_, uid)) = order.get_min().filter(|((until, _), _)| *until < window) else { break };
                let uid = uid.clone();
                let queued = self.take(&uid).expect("what is in order is known");
                self.put(queued, Place::Active);
            }
        }
        while let Some((_, uid)) = self.flush.get_min().filter(|(at, _)| *at <= now).cloned() {
            self.requeue(&uid, now);
        }
    }

    /// When there is something to do.
    pub fn next_at(&self, now: Time) -> Option<Time> {
        if !self.active.is_empty() || !self.backoff.is_empty() {
            return Some(now);
        }
        // A back-off is over once its second is.
        let error = self.error_backoff.get_min().map(|((until, _), _)| Time::from_secs(until.as_secs() + 1));
        let flush = self.flush.get_min().map(|(at, _)| *at);
        [error, flush].into_iter().flatten().min().map(|at| at.max(now))
    }

    fn take(&mut self, uid: &Str) -> Option<QueuedPod> {
        let queued = self.pods.remove(uid)?;
        match queued.place {
            Place::Active => drop(self.active.remove(&queued.sort_key())),
            Place::Backoff => drop(self.backoff.remove(&(queued.backoff_until(), queued.sort_key()))),
            Place::ErrorBackoff => drop(self.error_backoff.remove(&(queued.backoff_until(), queued.sort_key()))),
            Place::Unschedulable => {
                self.unschedulable.remove(uid);
                self.flush.remove(&(queued.flush_at(), uid.clone()));
            }
            Place::Popped => {}
        }
        Some(Rc::unwrap_or_clone(queued))
    }

    /// Where a plugin does not let it in, it is put aside.
    fn put(&mut self, mut queued: QueuedPod, mut place: Place) {
        let uid = queued.info.uid().clone();
        if matches!(place, Place::Active | Place::Backoff | Place::ErrorBackoff) {
            queued.gated_by = PluginId::ALL.iter().copied().find(|p| p.pre_enqueue(&queued.info.pod).is_err());
            if let Some(plugin) = queued.gated_by {
                queued.rejected_by.insert(plugin);
                place = Place::Unschedulable;
            }
        }
        queued.place = place;
        match place {
            Place::Active => drop(self.active.insert(queued.sort_key(), uid.clone())),
            Place::Backoff => drop(self.backoff.insert((queued.backoff_until(), queued.sort_key()), uid.clone())),
            Place::ErrorBackoff => {
                self.error_backoff.insert((queued.backoff_until(), queued.sort_key()), uid.clone());
            }
            Place::Unschedulable => {
                self.unschedulable.insert(uid.clone());
                // Time does not open a gate.
                if queued.gated_by.is_none() {
                    self.flush.insert((queued.flush_at(), uid.clone()));
                }
            }
            Place::Popped => {}
        }
        self.pods.insert(uid, Rc::new(queued));
    }
}

/// Pods that were promised a node, and wait for others to leave it.
#[derive(Clone, Default)]
pub struct Nominator {
    node_of: OrdMap<Str, Str>,
    pods: OrdMap<Str, Vec<PodInfo>>,
}

impl Nominator {
    pub fn is_empty(&self) -> bool {
        self.node_of.is_empty()
    }

    pub fn on(&self, node: &str) -> &[PodInfo] {
        self.pods.get(node).map_or(&[], Vec::as_slice)
    }

    /// `node` None: what the pod's status says.
    pub fn add(&mut self, info: &PodInfo, node: Option<&Str>) {
        self.remove(info.uid());
        let node = node.unwrap_or(&info.pod.status.nominated_node_name).clone();
        if node.is_empty() {
            return;
        }
        self.node_of.insert(info.uid().clone(), node.clone());
        match self.pods.get_mut(&node) {
            Some(there) => there.push(info.clone()),
            None => drop(self.pods.insert(node, vec![info.clone()])),
        }
    }

    /// A status that does not say so yet does not undo a nomination.
    pub fn update(&mut self, old: &Pod, info: &PodInfo) {
        let silent = old.status.nominated_node_name.is_empty() && info.pod.status.nominated_node_name.is_empty();
        let kept = self.node_of.get(info.uid()).filter(|_| silent).cloned();
        self.add(info, kept.as_ref());
    }

    pub fn remove(&mut self, uid: &Str) {
        let Some(node) = self.node_of.remove(uid) else { return };
        let left = self.pods.get_mut(&node).expect("a nominated pod is listed with its node");
        left.retain(|p| p.uid() != uid);
        if left.is_empty() {
            self.pods.remove(&node);
        }
    }

    pub fn lower_priority_on(&self, node: &str, than: i32) -> Vec<Rc<Pod>> {
        self.on(node).iter().map(|p| p.pod.clone()).filter(|p| priority(p) < than).collect()
    }
}

//! The whole cluster as one value: its actors, its agenda, and the step that lets one of them take a turn.
//!
//! **Architecture Invariant:** everything here is `Clone`, and a clone is cheap; nothing knows what time it really is.

mod boot;
mod command;
mod config;
mod connect;
mod history;
mod input;
mod wire;

pub use command::{Command, command};
pub use config::{Config, machine};
pub use connect::{Connect, Connected, ExecError, Stdin, Stream, Written};
pub use history::{History, Recorded};
pub use input::{Fault, Input};

use crate::api::{Key, KindId};
use crate::apimachinery::Str;
use crate::apimachinery::time::Time as Wall;
use crate::apiserver::{Server, Store, Tables, WatchEvent};
use crate::client::{Agent, Recorder, Turn, What};
use crate::controllers::ControllerManager;
use crate::kubelet::{Kubelet, Reach};
use crate::scheduler::Scheduler;
pub use crate::scheduler::{NodeTrace, SchedulingTrace};
use crate::sim::{Agenda, Duration, Latency, OrdMap, Rng, SECOND, Ticket, Time, Trace};
use std::rc::Rc;

/// What one turn wrote, on its way to those who watch.
struct Batch {
    events: Vec<WatchEvent>,
    root: Tables,
    rev: u64,
}

/// Everything that can come up.
#[derive(Clone)]
enum Event {
    /// kube-controller-manager's shared informers see a batch.
    ToControllers(Rc<Batch>),
    ToScheduler(Rc<Batch>),
    /// A kubelet's pod watch sees changes of its pods.
    ToKubelet {
        node: Str,
        pods: Rc<[(Key, u64)]>,
        batch: Rc<Batch>,
    },
    Work {
        controller: usize,
    },
    Schedule,
    Kubelet {
        node: Str,
    },
    /// Events older than an hour go.
    ExpireEvents,
}

/// A process that watches: what it has been shown, and when the last delivery arrives (watches keep their order).
#[derive(Clone, Default)]
struct Informer {
    view: Tables,
    rev: u64,
    last_at: Time,
}

#[derive(Clone)]
struct Node {
    kubelet: Rc<Kubelet>,
    informer: Informer,
    agent: Rc<Agent>,
    recorder: Recorder,
    wake: Option<Ticket>,
}

const TO_CONTROLLERS: Latency = Latency::millis(3, 3);
const TO_SCHEDULER: Latency = Latency::millis(2, 2);
const TO_KUBELET: Latency = Latency::millis(5, 10);
/// How many trace events are kept.
const TRACE_KEEP: usize = 50_000;

#[derive(Clone)]
pub struct Cluster {
    pub config: Rc<Config>,
    now: Time,
    agenda: Agenda<Event>,
    rng: Rng,
    pub trace: Trace<What>,
    pub server: Server,
    controllers: Rc<ControllerManager>,
    controllers_informer: Informer,
    scheduler: Rc<Scheduler>,
    scheduler_informer: Informer,
    scheduler_recorder: Recorder,
    scheduler_agent: Rc<Agent>,
    scheduler_wake: Option<Ticket>,
    nodes: OrdMap<Str, Node>,
    /// How every node reaches the registry.
    reach: Reach,
    /// Up to which revision watchers have been told.
    published: u64,
    /// When anything but leases, heartbeats and events was last written.
    last_change: Time,
    /// Turns taken.
    pub steps: u64,
}

impl Cluster {
    pub fn new(config: Config) -> Cluster {
        let mut cluster = Cluster {
            rng: Rng::new(config.seed),
            config: Rc::new(config),
            now: Time::ZERO,
            agenda: Agenda::default(),
            trace: Trace::new(TRACE_KEEP),
            server: Server::default(),
            controllers: Rc::default(),
            controllers_informer: Informer::default(),
            scheduler: Rc::default(),
            scheduler_informer: Informer::default(),
            scheduler_recorder: Recorder::default(),
            scheduler_agent: Rc::new(Agent::scheduler()),
            scheduler_wake: None,
            nodes: OrdMap::new(),
            reach: Reach::default(),
            published: Store::default().rev(),
            last_change: Time::ZERO,
            steps: 0,
        };
        boot::boot(&mut cluster);
        cluster
    }

    /// When anything but leases, heartbeats and events was last written.
    pub fn last_change(&self) -> Time {
        self.last_change
    }

    pub fn now(&self) -> Time {
        self.now
    }

    /// The wall clock of the cluster.
    pub fn wall(&self) -> Wall {
        self.wall_at(self.now)
    }

    pub fn wall_at(&self, at: Time) -> Wall {
        Wall::from_unix(self.config.epoch + at.as_secs())
    }

    pub fn tables(&self) -> &Tables {
        self.server.store.head()
    }

    pub fn kubelet(&self, node: &str) -> Option<&Kubelet> {
        self.nodes.get(node).map(|n| &*n.kubelet)
    }

    pub fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    /// What the scheduler would find for a pod now; None: there is no such pod.
    pub fn explain(&self, pod: &Key) -> Option<SchedulingTrace> {
        let pod = self.tables().get::<crate::api::core::Pod>(pod)?;
        Some(self.scheduler.explain(&self.scheduler_informer.view, pod, self.wall().unix()))
    }

    pub fn next_at(&self) -> Option<Time> {
        self.agenda.next_at()
    }

    pub fn hash(&self) -> u64 {
        self.trace.hash()
    }

    /// One event of the agenda; whether there was one.
    pub fn step(&mut self) -> bool {
        let Some((at, event)) = self.agenda.pop() else { return false };
        debug_assert!(at >= self.now, "time does not run backwards");
        self.now = at;
        self.steps += 1;
        self.dispatch(event);
        self.publish();
        true
    }

    /// Runs all that is due until `until`, and lets the clock arrive there.
    pub fn run_until(&mut self, until: Time) {
        while self.agenda.next_at().is_some_and(|at| at <= until) {
            self.step();
        }
        self.now = self.now.max(until);
    }

    pub fn run_for(&mut self, d: Duration) {
        self.run_until(self.now + d);
    }

    /// Runs until nothing but heartbeats was written for `quiet`, at most `limit`; whether it settled.
    pub fn run_until_settled(&mut self, quiet: Duration, limit: Duration) -> bool {
        let end = self.now + limit;
        let begin = self.now;
        loop {
            let still_at = self.last_change.max(begin) + quiet;
            if still_at > end {
                let next = self.agenda.next_at().unwrap_or(Time::MAX);
                if next > end {
                    self.now = self.now.max(end);
                    return false;
                }
            }
            match self.agenda.next_at() {
                Some(at) if at <= still_at => {
                    if at > end {
                        self.now = self.now.max(end);
                        return false;
                    }
                    self.step();
                }
                _ => {
                    self.now = self.now.max(still_at);
                    return true;
                }
            }
        }
    }

    fn dispatch(&mut self, event: Event) {
        match event {
            Event::ToControllers(batch) => {
                self.controllers_informer.view = batch.root.clone();
                self.controllers_informer.rev = batch.rev;
                let controllers = Rc::make_mut(&mut self.controllers);
                for e in &batch.events {
                    controllers.observe(e, &batch.root, self.now);
                }
                self.schedule_work();
            }
            Event::ToScheduler(batch) => {
                self.scheduler_informer.view = batch.root.clone();
                self.scheduler_informer.rev = batch.rev;
                let scheduler = Rc::make_mut(&mut self.scheduler);
                for e in &batch.events {
                    scheduler.observe(e, &batch.root, self.now);
                }
                self.schedule_cycle();
            }
            Event::ToKubelet { node, pods, batch } => {
                let Some(n) = self.nodes.get_mut(&node) else { return };
                n.informer.view = batch.root.clone();
                n.informer.rev = batch.rev;
                let kubelet = Rc::make_mut(&mut n.kubelet);
                for (key, cause) in pods.iter() {
                    kubelet.observe(key, *cause);
                }
                self.schedule_kubelet(&node);
            }
            Event::Work { controller } => self.work(controller),
            Event::Schedule => self.cycle(),
            Event::Kubelet { node } => self.wake_kubelet(&node),
            Event::ExpireEvents => self.expire_events(),
        }
    }

    /// Sends what was written since the last time to those who watch.
    fn publish(&mut self) {
        let rev = self.server.store.rev();
        if rev == self.published {
            return;
        }
        let events: Vec<WatchEvent> =
            self.server.store.since(self.published).map(|e| e.cloned().collect()).unwrap_or_default();
        self.published = rev;
        if events.iter().any(|e| !matches!(e.kind, KindId::Lease | KindId::Event | KindId::Node)) {
            self.last_change = self.now;
        }
        let mut by_node: OrdMap<Str, Vec<(Key, u64)>> = OrdMap::new();
        for e in events.iter().filter(|e| e.kind == KindId::Pod) {
            let pod = e.either().downcast::<crate::api::core::Pod>().expect("the event's kind is Pod");
            if !pod.spec.node_name.is_empty() {
                by_node.or_insert_with(pod.spec.node_name.clone(), Vec::new).push((e.key.clone(), e.cause));
            }
        }
        let batch = Rc::new(Batch { events, root: self.server.store.head().clone(), rev });
        let at =
            arrival(&mut self.controllers_informer, self.now, TO_CONTROLLERS, &mut self.rng, "latency/controllers");
        self.agenda.push(at, Event::ToControllers(batch.clone()));
        let at = arrival(&mut self.scheduler_informer, self.now, TO_SCHEDULER, &mut self.rng, "latency/scheduler");
        self.agenda.push(at, Event::ToScheduler(batch.clone()));
        for (node, pods) in &by_node {
            let Some(n) = self.nodes.get_mut(node) else { continue };
            let at = arrival(&mut n.informer, self.now, TO_KUBELET, &mut self.rng, "latency/kubelet");
            let event = Event::ToKubelet { node: node.clone(), pods: pods.as_slice().into(), batch: batch.clone() };
            self.agenda.push(at, event);
        }
    }

    fn schedule_work(&mut self) {
        for (controller, at) in Rc::make_mut(&mut self.controllers).due(self.now) {
            self.agenda.push(at, Event::Work { controller });
        }
    }

    fn work(&mut self, index: usize) {
        if !self.controllers.is_current(index, self.now) {
            return;
        }
        let agent = self.controllers.agent(index);
        let controllers = Rc::make_mut(&mut self.controllers);
        let mut recorder = controllers.take_recorder(index);
        let mut turn = Turn {
            now: self.now,
            wall: Wall::from_unix(self.config.epoch + self.now.as_secs()),
            view: self.controllers_informer.view.clone(),
            server: &mut self.server,
            rng: &mut self.rng,
            trace: &mut self.trace,
            recorder: &mut recorder,
            agent: &agent,
            cause: 0,
            calls: 0,
        };
        controllers.work(index, &mut turn);
        controllers.put_recorder(index, recorder);
        self.schedule_work();
    }

    fn schedule_cycle(&mut self) {
        let Some(at) = self.scheduler.next_at(self.now) else { return };
        if let Some(t) = self.scheduler_wake {
            if t.at <= at && t.at >= self.now {
                return;
            }
            self.agenda.cancel(t);
        }
        self.scheduler_wake = Some(self.agenda.push(at.max(self.now), Event::Schedule));
    }

    fn cycle(&mut self) {
        self.scheduler_wake = None;
        let agent = self.scheduler_agent.clone();
        let mut turn = Turn {
            now: self.now,
            wall: Wall::from_unix(self.config.epoch + self.now.as_secs()),
            view: self.scheduler_informer.view.clone(),
            server: &mut self.server,
            rng: &mut self.rng,
            trace: &mut self.trace,
            recorder: &mut self.scheduler_recorder,
            agent: &agent,
            cause: 0,
            calls: 0,
        };
        Rc::make_mut(&mut self.scheduler).cycle(&mut turn);
        let busy = Duration::from_millis(1);
        if let Some(at) = self.scheduler.next_at(self.now) {
            self.scheduler_wake = Some(self.agenda.push(at.max(self.now + busy), Event::Schedule));
        }
    }

    fn schedule_kubelet(&mut self, node: &str) {
        let Some(n) = self.nodes.get_mut(node) else { return };
        let Some(at) = n.kubelet.next_at().map(|at| at.max(self.now)) else { return };
        if let Some(t) = n.wake {
            if t.at == at {
                return;
            }
            self.agenda.cancel(t);
        }
        n.wake = Some(self.agenda.push(at, Event::Kubelet { node: Str::from(node) }));
    }

    fn wake_kubelet(&mut self, node: &Str) {
        let Some(n) = self.nodes.get_mut(node) else { return };
        n.wake = None;
        self.with_kubelet(node, Kubelet::wake);
    }

    /// Upstream: --event-ttl.
    fn expire_events(&mut self) {
        let before = self.wall().unix() - 3600;
        let old: Vec<Key> = self
            .tables()
            .list::<crate::api::core::Event>(None)
            .filter(|e| e.last_timestamp.unix().max(e.metadata.creation_timestamp.unix()) < before)
            .map(|e| e.metadata.key())
            .collect();
        for key in old {
            self.server.remove(KindId::Event, &key, self.trace.last_seq());
        }
        self.agenda.push(self.now + SECOND * 60, Event::ExpireEvents);
    }

    /// Machines as they are configured, by name.
    pub fn node_names(&self) -> impl Iterator<Item = &Str> {
        self.nodes.keys()
    }

    /// The controllers' keys, each synced once against the present state: for the test that nothing is written.
    pub fn sync_everything(&mut self) {
        self.controllers_informer.view = self.server.store.head().clone();
        for (index, keys) in self.controllers.all_keys(&self.controllers_informer.view) {
            for key in keys {
                Rc::make_mut(&mut self.controllers).queue_key(index, key, 0);
            }
        }
        self.schedule_work();
    }
}

/// When a message sent now arrives: never before an earlier one of the same edge.
fn arrival(informer: &mut Informer, now: Time, latency: Latency, rng: &mut Rng, stream: &str) -> Time {
    let at = (now + latency.draw(rng.stream(stream))).max(informer.last_at);
    informer.last_at = at;
    at
}

//! A control plane without kubelets or a scheduler, for tests of controllers: they see what they wrote 10 ms later.

use super::ControllerManager;
use crate::api::core::{
    Container, Namespace, NamespaceSpec, NamespaceStatus, Pod, PodCondition, PodSpec, PodTemplateSpec, ServiceAccount,
};
use crate::api::{Key, Kind, KindId, Object};
use crate::apimachinery::time::Time as Wall;
use crate::apimachinery::{ObjectMeta, Str};
use crate::apiserver::{DeleteOptions, Propagation, Server, Sub, Tables};
use crate::client::{Agent, Recorder, Turn, What};
use crate::sim::{Duration, MILLISECOND, Rng, Time, Trace};
use std::rc::Rc;

/// 2026-01-01T00:00:00Z.
const EPOCH: i64 = 1_767_225_600;
const LAG: Duration = MILLISECOND.saturating_mul(10);

pub(in crate::controllers) struct World {
    pub(in crate::controllers) server: Server,
    pub(in crate::controllers) now: Time,
    manager: ControllerManager,
    rng: Rng,
    trace: Trace<What>,
    view: Tables,
    seen: u64,
    agenda: Vec<(Time, usize)>,
    user: Agent,
    recorder: Recorder,
}

pub(in crate::controllers) fn meta(name: &str) -> ObjectMeta {
    ObjectMeta { name: Str::from(name), namespace: Str::literal("default"), ..ObjectMeta::default() }
}

pub(in crate::controllers) fn key(name: &str) -> Key {
    Key::new("default", name)
}

/// A template with label `app: web` and one container, its defaults written out.
pub(in crate::controllers) fn template(image: &'static str) -> PodTemplateSpec {
    let container = Container {
        name: Str::literal("c"),
        image: Str::literal(image),
        image_pull_policy: Str::literal("IfNotPresent"),
        termination_message_path: Str::literal("/dev/termination-log"),
        termination_message_policy: Str::literal("File"),
        ..Container::default()
    };
    let spec = PodSpec {
        containers: vec![container].into(),
        restart_policy: Str::literal("Always"),
        dns_policy: Str::literal("ClusterFirst"),
        scheduler_name: Str::literal("default-scheduler"),
        termination_grace_period_seconds: Some(30),
        security_context: Some(Rc::default()),
        ..PodSpec::default()
    };
    let labels = [("app", Str::literal("web"))].into_iter().collect();
    PodTemplateSpec { metadata: ObjectMeta { labels, ..ObjectMeta::default() }, spec: Rc::new(spec) }
}

impl World {
    pub(in crate::controllers) fn new() -> World {
        let mut manager = ControllerManager::default();
        manager.start(Time::ZERO, 0);
        let mut world = World {
            server: Server::default(),
            now: Time::ZERO,
            manager,
            rng: Rng::new(7),
            trace: Trace::new(100_000),
            view: Tables::default(),
            seen: 1,
            agenda: Vec::new(),
            user: Agent { name: Str::literal("user"), ..Agent::controller("user") },
            recorder: Recorder::default(),
        };
        world.create_namespace("default");
        world.create_namespace("kube-node-lease");
        world
    }

    /// With an account whose pods hold no token, so that they share their template's lists.
    pub(in crate::controllers) fn create_namespace(&mut self, name: &'static str) {
        self.create(Namespace {
            metadata: ObjectMeta { name: Str::literal(name), ..ObjectMeta::default() },
            spec: Rc::new(NamespaceSpec { finalizers: vec![Str::literal("kubernetes")].into() }),
            status: Rc::new(NamespaceStatus { phase: Str::literal("Active"), ..NamespaceStatus::default() }),
        });
        self.create(ServiceAccount {
            metadata: ObjectMeta { namespace: Str::literal(name), ..meta("default") },
            automount_service_account_token: Some(false),
            ..ServiceAccount::default()
        });
    }

    fn turn<T>(&mut self, view: Tables, agent: &Agent, f: impl FnOnce(&mut Turn) -> T) -> T {
        let mut t = Turn {
            now: self.now,
            wall: Wall::from_unix(EPOCH + self.now.as_secs()),
            view,
            server: &mut self.server,
            rng: &mut self.rng,
            trace: &mut self.trace,
            recorder: &mut self.recorder,
            agent,
            cause: 0,
            calls: 0,
        };
        f(&mut t)
    }

    /// A turn of somebody who sees everything.
    pub(in crate::controllers) fn act<T>(&mut self, f: impl FnOnce(&mut Turn) -> T) -> T {
        let (view, user) = (self.server.store.head().clone(), self.user.clone());
        self.turn(view, &user, f)
    }

    pub(in crate::controllers) fn create<K: Kind>(&mut self, object: K) -> Rc<K> {
        self.act(|t| t.create(object)).expect("the object is made")
    }

    pub(in crate::controllers) fn patch<K: Kind>(&mut self, key: &Key, f: impl FnOnce(&mut K)) {
        self.act(|t| t.patch(key, f)).expect("the object is changed");
    }

    pub(in crate::controllers) fn delete(&mut self, kind: KindId, key: &Key, propagation: Propagation) {
        let options = DeleteOptions { propagation: Some(propagation), ..DeleteOptions::default() };
        self.act(|t| t.delete(kind, key, &options)).expect("the object is deleted");
    }

    pub(in crate::controllers) fn get<K: Kind>(&self, key: &Key) -> Option<&Rc<K>> {
        self.server.store.head().get(key)
    }

    pub(in crate::controllers) fn list<K: Kind>(&self) -> Vec<Rc<K>> {
        self.server.store.head().list(None).cloned().collect()
    }

    /// `reason: message` of every event, oldest first.
    pub(in crate::controllers) fn events(&self) -> Vec<String> {
        let mut events = self.list::<crate::api::core::Event>();
        events.sort_by_key(|e| e.metadata.resource_version.0);
        events.iter().map(|e| format!("{}: {}", e.reason, e.message)).collect()
    }

    /// Lets the controllers work for that long.
    pub(in crate::controllers) fn run(&mut self, length: Duration) {
        let end = self.now + length;
        let mut deliver_at = self.now + LAG;
        loop {
            for (index, at) in self.manager.due(self.now) {
                self.agenda.push((at, index));
            }
            let behind = self.server.store.rev() > self.seen;
            let next = self.agenda.iter().min().copied();
            let at = next.map_or(Time::MAX, |(at, _)| at).min(if behind { deliver_at } else { Time::MAX });
            if at > end {
                break;
            }
            self.now = self.now.max(at);
            if behind && at == deliver_at {
                self.deliver();
            } else if let Some(entry @ (at, index)) = next {
                self.agenda.retain(|e| *e != entry);
                if self.manager.is_current(index, at) {
                    self.work(index);
                }
            }
            deliver_at = deliver_at.max(self.now + MILLISECOND);
        }
        self.now = end;
    }

    fn deliver(&mut self) {
        let events: Vec<_> = self.server.store.since(self.seen).expect("it is not compacted").cloned().collect();
        self.view = self.server.store.head().clone();
        self.seen = self.server.store.rev();
        for event in events {
            self.manager.observe(&event, &self.view, self.now);
        }
    }

    fn work(&mut self, index: usize) {
        let agent = self.manager.agent(index);
        let recorder = self.manager.take_recorder(index);
        let own = std::mem::replace(&mut self.recorder, recorder);
        let mut manager = std::mem::take(&mut self.manager);
        self.turn(self.view.clone(), &agent, |t| manager.work(index, t));
        self.manager = manager;
        let recorder = std::mem::replace(&mut self.recorder, own);
        self.manager.put_recorder(index, recorder);
    }

    /// Syncs every key of every controller; whether nothing was written.
    pub(in crate::controllers) fn is_fixpoint(&mut self) -> bool {
        self.deliver();
        let before = self.server.store.rev();
        for (index, keys) in self.manager.all_keys(&self.view) {
            for key in keys {
                self.manager.queue_key(index, key, 0);
                self.work(index);
            }
        }
        self.server.store.rev() == before
    }

    /// Every pod runs and is ready, as far as `f` says so.
    pub(in crate::controllers) fn make_ready(&mut self, f: impl Fn(&Pod) -> bool) {
        let now = Wall::from_unix(EPOCH + self.now.as_secs());
        for pod in self.list::<Pod>().iter().filter(|p| f(p) && !p.is_ready()) {
            self.set_status(KindId::Pod, &pod.metadata.key(), |o| {
                let mut p = (**o.downcast::<Pod>().expect("a pod")).clone();
                let status = Rc::make_mut(&mut p.status);
                status.phase = Str::literal("Running");
                status.set_condition(PodCondition {
                    type_: Str::literal("Ready"),
                    status: Str::literal("True"),
                    last_transition_time: now,
                    ..PodCondition::default()
                });
                *o = Object::of(p);
            });
        }
    }

    /// Writes a status as the kubelet would.
    pub(in crate::controllers) fn set_status(&mut self, kind: KindId, key: &Key, f: impl FnOnce(&mut Object)) {
        let now = Wall::from_unix(EPOCH + self.now.as_secs());
        self.act(|t| {
            let mut cx = crate::apiserver::Cx {
                now,
                rng: t.rng,
                cause: 0,
                user: "system:node:node-1",
                manager: "kubelet",
                dry_run: false,
                warnings: None,
            };
            t.server.update(&mut cx, kind, key, Sub::Status, |old, _| {
                let mut new = old.clone();
                f(&mut new);
                Ok(new)
            })
        })
        .map(|_| ())
        .expect("the status is written");
    }
}

//! One actor's turn: what it may read, the verbs it may call, and what the trace learns of it.

use super::events::{self, Recorder, Reference};
use super::trace::{Verb, What};
use crate::api::core::Pod;
use crate::api::{Key, Kind, KindId, Object};
use crate::apimachinery::time::{MicroTime, Time as Wall};
use crate::apimachinery::{List, Status, Str};
use crate::apiserver::{Cx, DeleteOptions, Server, Sub, Tables, WatchEvent};
use crate::sim::{Duration, Rng, Time, Trace};
use std::rc::Rc;

/// Who takes the turn.
#[derive(Clone, Debug)]
pub struct Agent {
    /// What the trace and events call it: `replicaset-controller`, `default-scheduler`, `kubelet`.
    pub name: Str,
    /// Where it runs, for events of a kubelet; else empty.
    pub host: Str,
    pub user: Str,
    /// The field manager: `kube-controller-manager`.
    pub manager: Str,
}

impl Agent {
    pub fn controller(name: &'static str) -> Agent {
        Agent {
            name: Str::literal(name),
            host: Str::EMPTY,
            user: Str::from(format!("system:serviceaccount:kube-system:{name}")),
            manager: Str::literal("kube-controller-manager"),
        }
    }

    pub fn scheduler() -> Agent {
        Agent {
            name: Str::literal("default-scheduler"),
            host: Str::EMPTY,
            user: Str::literal("system:kube-scheduler"),
            manager: Str::literal("kube-scheduler"),
        }
    }

    pub fn kubelet(node: &str) -> Agent {
        Agent {
            name: Str::literal("kubelet"),
            host: Str::from(node),
            user: Str::from(format!("system:node:{node}")),
            manager: Str::literal("kubelet"),
        }
    }
}

/// No time passes inside a turn; the calls it makes are charged afterwards.
pub struct Turn<'a> {
    pub now: Time,
    /// The wall clock, in whole seconds.
    pub wall: Wall,
    /// What this actor's watch has shown it.
    pub view: Tables,
    pub server: &'a mut Server,
    pub rng: &'a mut Rng,
    pub trace: &'a mut Trace<What>,
    pub recorder: &'a mut Recorder,
    pub agent: &'a Agent,
    /// The trace event that this turn came of; writes name it as theirs.
    pub cause: u64,
    /// Calls made so far.
    pub calls: u32,
}

impl Turn<'_> {
    pub fn wall_micro(&self) -> MicroTime {
        MicroTime::from_unix_micros(self.wall.unix() * 1_000_000 + self.now.0.rem_euclid(1_000_000_000) / 1000)
    }

    /// The wall clock as it will read at `at`.
    pub fn wall_at(&self, at: Time) -> Wall {
        Wall::from_unix(self.wall.unix() + at.as_secs() - self.now.as_secs())
    }

    /// The wall clock in nanoseconds.
    pub fn wall_nanos(&self) -> i64 {
        self.wall.unix() * 1_000_000_000 + self.now.0.rem_euclid(1_000_000_000)
    }

    /// How long until the wall clock reads `at`; zero when it has.
    pub fn until(&self, at: Wall) -> Duration {
        Duration::from_nanos(at.unix().saturating_mul(1_000_000_000).saturating_sub(self.wall_nanos()).max(0) as u64)
    }

    /// Notes something in the trace, as an effect of this turn.
    pub fn note(&mut self, what: What) -> u64 {
        self.trace.push(self.now, self.cause, what)
    }

    /// A machine has been silent for too long: in the trace, what comes of that is the fault's doing.
    /// Nothing that an actor does may rest on it.
    pub fn blame_fault(&mut self, of_node: &str) {
        let is_its = |what: &What| matches!(what, What::Fault { node, .. } if node == of_node);
        if let Some(fault) = self.trace.beginnings().rev().find(|e| is_its(&e.what)) {
            self.cause = fault.seq;
        }
    }

    fn call<T>(
        &mut self,
        verb: Verb,
        kind: KindId,
        key: Key,
        f: impl FnOnce(&mut Server, &mut Cx) -> Result<T, Status>,
    ) -> Result<T, Status> {
        self.call_about(verb, kind, |_| key, f)
    }

    /// A call whose object has its key only once it is made.
    fn call_about<T>(
        &mut self,
        verb: Verb,
        kind: KindId,
        key: impl FnOnce(Option<&T>) -> Key,
        f: impl FnOnce(&mut Server, &mut Cx) -> Result<T, Status>,
    ) -> Result<T, Status> {
        self.calls += 1;
        let cause = self.trace.last_seq() + 1;
        let before = self.server.store.rev();
        let mut cx = Cx {
            now: self.wall,
            rng: self.rng,
            cause,
            user: &self.agent.user,
            manager: &self.agent.manager,
            dry_run: false,
            warnings: None,
        };
        let answer = f(self.server, &mut cx);
        let code = match &answer {
            Ok(_) if verb == Verb::Create || verb == Verb::Bind => 201,
            Ok(_) => 200,
            Err(e) => e.code(),
        };
        self.called(verb, kind, key(answer.as_ref().ok()), code, before);
        answer
    }

    /// Notes a call in the trace. `before`: the store's revision when it was made.
    fn called(&mut self, verb: Verb, kind: KindId, key: Key, code: u16, before: u64) {
        let after = self.server.store.rev();
        let actor = if self.agent.host.is_empty() { self.agent.name.clone() } else { self.agent.host.clone() };
        let rev = if after == before { 0 } else { after };
        let is_made = |e: &&WatchEvent| e.kind == kind;
        let key = match key.name.is_empty() && rev > 0 {
            // The server made the name.
            true => self.server.store.since(before).and_then(|mut e| e.find(is_made)).map_or(key, |e| e.key.clone()),
            false => key,
        };
        self.trace.push(self.now, self.cause, What::Call { actor, verb, kind, key, code, rev });
    }

    pub fn create<K: Kind>(&mut self, object: K) -> Result<Rc<K>, Status> {
        let (namespace, mut key) = (object.meta().namespace.clone(), object.meta().key());
        if key.name.is_empty() {
            key.name = object.meta().generate_name.clone();
        }
        let name = |made: Option<&Object>| made.map_or(key, Object::key);
        let made = self.call_about(Verb::Create, K::ID, name, |s, cx| s.create(cx, &namespace, Object::of(object)))?;
        Ok(K::unwrap(&made).expect("the kind stays").clone())
    }

    fn write<K: Kind>(&mut self, verb: Verb, sub: Sub, key: &Key, object: K) -> Result<Rc<K>, Status> {
        let done =
            self.call(verb, K::ID, key.clone(), |s, cx| s.update(cx, K::ID, key, sub, |_, _| Ok(Object::of(object))))?;
        Ok(K::unwrap(&done.object).expect("the kind stays").clone())
    }

    /// Refused as a conflict when the object's resource version is not the stored one.
    pub fn update<K: Kind>(&mut self, object: K) -> Result<Rc<K>, Status> {
        let key = object.meta().key();
        self.write(Verb::Update, Sub::None, &key, object)
    }

    pub fn update_status<K: Kind>(&mut self, object: K) -> Result<Rc<K>, Status> {
        let key = object.meta().key();
        self.write(Verb::UpdateStatus, Sub::Status, &key, object)
    }

    fn change<K: Kind>(&mut self, sub: Sub, key: &Key, f: impl FnOnce(&mut K)) -> Result<Rc<K>, Status> {
        let verb = if sub == Sub::Status { Verb::PatchStatus } else { Verb::Patch };
        let done = self.call(verb, K::ID, key.clone(), |s, cx| {
            s.update(cx, K::ID, key, sub, |old, _| {
                let mut new = (**K::unwrap(old).expect("the key's kind")).clone();
                f(&mut new);
                Ok(Object::of(new))
            })
        })?;
        Ok(K::unwrap(&done.object).expect("the kind stays").clone())
    }

    /// Changes the stored object, whatever its version.
    pub fn patch<K: Kind>(&mut self, key: &Key, f: impl FnOnce(&mut K)) -> Result<Rc<K>, Status> {
        self.change(Sub::None, key, f)
    }

    pub fn patch_status<K: Kind>(&mut self, key: &Key, f: impl FnOnce(&mut K)) -> Result<Rc<K>, Status> {
        self.change(Sub::Status, key, f)
    }

    /// Changes an object whose type is not known: finalizers and owners.
    pub fn patch_object(&mut self, kind: KindId, key: &Key, f: impl FnOnce(&mut Object)) -> Result<Object, Status> {
        let done = self.call(Verb::Patch, kind, key.clone(), |s, cx| {
            s.update(cx, kind, key, Sub::None, |old, _| {
                let mut new = old.clone();
                f(&mut new);
                Ok(new)
            })
        })?;
        Ok(done.object)
    }

    pub fn delete(&mut self, kind: KindId, key: &Key, options: &DeleteOptions) -> Result<(), Status> {
        self.call(Verb::Delete, kind, key.clone(), |s, cx| s.delete(cx, kind, key, options)).map(|_| ())
    }

    /// A read of the store's head, where upstream makes one too (`canAdopt`, finalizers).
    pub fn get_live<K: Kind>(&mut self, key: &Key) -> Result<Rc<K>, Status> {
        self.calls += 1;
        self.server.get(K::ID, key).map(|o| K::unwrap(o).expect("the key's kind").clone())
    }

    pub fn get_live_object(&mut self, kind: KindId, key: &Key) -> Result<Object, Status> {
        self.calls += 1;
        self.server.get(kind, key).cloned()
    }

    /// Everything of one kind and namespace at the store's head, as upstream's namespace controller lists it.
    pub fn list_live(&mut self, kind: KindId, namespace: &str) -> Vec<Object> {
        self.calls += 1;
        self.server.store.head().objects(kind, Some(namespace)).map(|(_, o)| o.clone()).collect()
    }

    /// Sets what still has to be done before the namespace may go.
    pub fn finalize_namespace(&mut self, name: &str, finalizers: List<Str>) -> Result<Object, Status> {
        let key = Key::new("", name);
        self.call(Verb::Update, KindId::Namespace, key.clone(), |s, cx| s.finalize_namespace(cx, &key, finalizers))
    }

    /// Puts the pod on the node. Upstream: pkg/registry/core/pod/storage/storage.go (BindingREST).
    pub fn bind(&mut self, pod: &Pod, node: &str) -> Result<(), Status> {
        let (key, uid) = (pod.metadata.key(), pod.metadata.uid.clone());
        self.call(Verb::Bind, KindId::Pod, key.clone(), |s, cx| s.bind(cx, &key, &uid, node))
    }

    /// An event about an object, told by this actor.
    pub fn event(&mut self, about: &Reference, event_type: &'static str, reason: &str, message: &str) {
        let agent = self.agent;
        events::record(self, (&agent.name, &agent.host), about, event_type, reason, message);
    }

    /// An event about an object, told by a component that has another name than its actor.
    pub fn event_of(
        &mut self,
        component: &'static str,
        about: &Reference,
        event_type: &'static str,
        reason: &str,
        message: &str,
    ) {
        let agent = self.agent;
        events::record(self, (&Str::literal(component), &agent.host), about, event_type, reason, message);
    }

    /// An event of the newer kind, as the scheduler tells them.
    pub fn event_v1(
        &mut self,
        about: &Reference,
        event_type: &'static str,
        reason: &'static str,
        action: &'static str,
        message: &str,
    ) {
        events::record_v1(self, "default-scheduler", about, event_type, reason, action, message);
    }
}

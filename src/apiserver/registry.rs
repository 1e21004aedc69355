//! Create, get, update and delete, each step in upstream's order.
//!
//! Upstream: staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go, …/registry/rest/{create,update,delete,meta}.go
//! Differs: a request is one atomic turn, so nothing can slip between its steps and no retry loop is needed.

use super::{Server, admission, field_manager, service_ip};
use crate::api::core::{Node, Pod, PodCondition, Service, pod};
use crate::api::{Key, KindId, Object};
use crate::apimachinery::field_error::BadValue;
use crate::apimachinery::time::Time;
use crate::apimachinery::{ErrorList, ObjectMeta, Path, Status, Str, validation};
use crate::sim::Rng;
use std::rc::Rc;

/// Who asks, when, and how.
pub struct Cx<'a> {
    /// The wall clock of the cluster.
    pub now: Time,
    pub rng: &'a mut Rng,
    /// The trace event of this request.
    pub cause: u64,
    /// `system:serviceaccount:kube-system:replicaset-controller`, `system:node:node-1`, `kubernetes-admin`.
    pub user: &'a str,
    /// The field manager.
    pub manager: &'a str,
    pub dry_run: bool,
    /// For `Warning:` headers; None: nobody reads them.
    pub warnings: Option<Vec<String>>,
}

/// Which part of an object a write may touch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Sub {
    None,
    Status,
    Scale,
    Binding,
    EphemeralContainers,
    Resize,
    Finalize,
}

impl Sub {
    pub fn name(self) -> &'static str {
        match self {
            Sub::None => "",
            Sub::Status => "status",
            Sub::Scale => "scale",
            Sub::Binding => "binding",
            Sub::EphemeralContainers => "ephemeralcontainers",
            Sub::Resize => "resize",
            Sub::Finalize => "finalize",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Propagation {
    Background,
    Foreground,
    Orphan,
}

#[derive(Clone, Default, Debug)]
pub struct DeleteOptions {
    pub grace_period_seconds: Option<i64>,
    pub propagation: Option<Propagation>,
    pub uid: Option<Str>,
    pub resource_version: Option<u64>,
}

impl DeleteOptions {
    /// For the object of that identity and no other.
    pub fn of_uid(uid: &Str) -> DeleteOptions {
        DeleteOptions { uid: Some(uid.clone()), ..DeleteOptions::default() }
    }
}

/// What became of an update.
pub struct Updated {
    pub object: Object,
    /// Something was stored, or the last finalizer went and the object with it.
    pub changed: bool,
}

const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Five characters that spell nothing.
pub fn random_suffix(rng: &mut Rng) -> String {
    let stream = rng.stream("apiserver/names");
    (0..5).map(|_| ALPHABET[stream.below(ALPHABET.len() as u64) as usize] as char).collect()
}

/// A version 4 UUID.
pub fn new_uid(rng: &mut Rng) -> Str {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let stream = rng.stream("apiserver/uids");
    let (a, b) = (stream.next_u64(), stream.next_u64());
    let high = a & !0xf000 | 0x4000;
    let low = b & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000;
    let bits = u128::from(high) << 64 | u128::from(low);
    let mut text = String::with_capacity(36);
    for i in (0..32).rev() {
        text.push(char::from(DIGITS[(bits >> (4 * i)) as usize & 15]));
        if matches!(i, 24 | 20 | 16 | 12) {
            text.push('-');
        }
    }
    Str::from(text)
}

impl Server {
    pub fn get(&self, kind: KindId, key: &Key) -> Result<&Object, Status> {
        let info = kind.info();
        self.store.head().object(kind, key).ok_or_else(|| Status::not_found(info.group, info.plural, &key.name))
    }

    /// `namespace` is the request's; the object's own must agree with it.
    pub fn create(&mut self, cx: &mut Cx, namespace: &str, object: Object) -> Result<Object, Status> {
        let held = self.services.clone();
        let made = self.create_or_refuse(cx, namespace, object);
        if made.is_err() || cx.dry_run {
            self.services = held;
        }
        made
    }

    fn create_or_refuse(&mut self, cx: &mut Cx, namespace: &str, mut object: Object) -> Result<Object, Status> {
        let kind = object.id();
        let info = kind.info();
        object.set_defaults();
        ensure_namespace(info.namespaced, namespace, &mut object)?;
        let meta = object.meta_mut();
        meta.deletion_timestamp = None;
        meta.deletion_grace_period_seconds = None;
        meta.uid = new_uid(cx.rng);
        meta.creation_timestamp = cx.now;
        // Before admission: what plugins add is nobody's.
        field_manager::update(&mut self.sets, None, &mut object, cx.manager, Sub::None, cx.now);
        admission::mutate(self, cx, admission::Op::Create, &mut object, None)?;
        let generated = object.meta().name.is_empty() && !object.meta().generate_name.is_empty();
        if generated {
            self.generate_name(cx, &mut object);
        }
        let named = object.meta().name.clone();
        object.meta_mut().generation = i64::from(kind.has_generation());
        self.allocate(cx, &mut object, None)?;
        object.prepare_for_create();
        let mut errs = ErrorList::default();
        let meta = Path::new("metadata");
        validation::validate_object_meta(object.meta(), info.namespaced, info.name_rule.check(), meta, &mut errs);
        object.validate(&mut errs);
        if !errs.is_empty() {
            return Err(Status::invalid(info.group, info.kind, &named, &errs));
        }
        if let Some(warnings) = &mut cx.warnings {
            object.warnings(None, warnings);
        }
        admission::validate(self, cx, admission::Op::Create, &object, None)?;
        admission::charge(self, cx, admission::Op::Create, &object, None)?;
        if object.meta().resource_version.0 != 0 {
            return Err(Status::unknown("resourceVersion should not be set on objects to be created"));
        }
        let key = object.key();
        if let Some(there) = self.store.head().object(kind, &key) {
            let mut status = Status::already_exists(info.group, info.plural, &key.name);
            if there.meta().is_deleting() {
                let message = format!("object is being deleted: {status}");
                status = status.with_message(&message);
            }
            if generated {
                status = status.with_retry(&format!(
                    "{} \"{}\" already exists, the server was not able to generate a unique name for the object",
                    info.qualified_resource(),
                    key.name
                ));
            }
            return Err(status);
        }
        if cx.dry_run {
            return Ok(object);
        }
        Ok(self.store.put(object, cx.cause))
    }

    /// A name that begins as asked; eight are tried before one that is taken is refused.
    /// Upstream: createWithGenerateNameRetry, staging/src/k8s.io/apiserver/pkg/storage/names/generate.go
    fn generate_name(&self, cx: &mut Cx, object: &mut Object) {
        // Upstream cuts the base so that the whole is a label of 63 characters.
        let base: String = object.meta().generate_name.chars().take(58).collect();
        for _ in 0..8 {
            object.meta_mut().name = Str::from(format_args!("{base}{}", random_suffix(cx.rng)));
            if self.store.head().object(object.id(), &object.key()).is_none() {
                return;
            }
        }
    }

    /// Reads, changes and writes back in one. `change` gets the live object and answers the wanted one.
    pub fn update(
        &mut self,
        cx: &mut Cx,
        kind: KindId,
        key: &Key,
        sub: Sub,
        change: impl FnOnce(&Object, &mut Cx) -> Result<Object, Status>,
    ) -> Result<Updated, Status> {
        let held = self.services.clone();
        let mut change = Some(change);
        let done = self.update_or_refuse(cx, kind, key, sub, &mut |old, cx| {
            let change = change.take().expect("it is asked once");
            change(old, cx)
        });
        if done.is_err() || cx.dry_run {
            self.services = held;
        }
        done
    }

    fn update_or_refuse(
        &mut self,
        cx: &mut Cx,
        kind: KindId,
        key: &Key,
        sub: Sub,
        change: &mut dyn FnMut(&Object, &mut Cx) -> Result<Object, Status>,
    ) -> Result<Updated, Status> {
        let info = kind.info();
        let old = self.get(kind, key)?.clone();
        let mut new = change(&old, cx)?;
        new.set_defaults();
        ensure_namespace(info.namespaced, &key.namespace, &mut new)?;
        let wanted_uid = new.meta().uid.clone();
        if !wanted_uid.is_empty() && wanted_uid != old.meta().uid {
            let why = format!(
                "StorageError: invalid object, Code: 4, Key: /registry/{}, ResourceVersion: 0, \
                 AdditionalErrorMsg: Precondition failed: UID in precondition: {wanted_uid}, UID in object meta: {}",
                storage_key(kind, key),
                old.meta().uid
            );
            return Err(Status::conflict(info.group, info.plural, &key.name, &why));
        }
        field_manager::update(&mut self.sets, Some(&old), &mut new, cx.manager, sub, cx.now);
        admission::mutate(self, cx, admission::Op::Update(sub), &mut new, Some(&old))?;
        let asked = new.meta().resource_version.0;
        if asked == 0 && !kind.allows_unconditional_update() {
            let mut errs = ErrorList::default();
            errs.invalid(
                Path::new("metadata").child("resourceVersion"),
                BadValue::raw("0x0"),
                "must be specified for an update",
            );
            return Err(Status::invalid(info.group, info.kind, &key.name, &errs));
        }
        if asked != 0 && asked != old.rv() {
            return Err(Status::modified(info.group, info.plural, &key.name));
        }
        let meta = new.meta_mut();
        meta.resource_version = old.meta().resource_version;
        meta.generation = old.meta().generation;
        if sub == Sub::None {
            self.allocate(cx, &mut new, Some(&old))?;
        }
        prepare(sub, &mut new, &old);
        let meta = new.meta_mut();
        keep_system_fields(meta, old.meta());
        if kind.has_generation() && sub != Sub::Status {
            // The generation of a new deletion was counted where it was asked for.
            let generation = old.meta().generation + i64::from(new.spec_changed(&old));
            new.meta_mut().generation = generation;
        }
        let mut errs = ErrorList::default();
        let path = Path::new("metadata");
        validation::validate_object_meta(new.meta(), info.namespaced, validation::any_name, path, &mut errs);
        validation::validate_object_meta_update(new.meta(), old.meta(), path, &mut errs);
        validate(sub, &new, &old, &mut errs);
        if !errs.is_empty() {
            return Err(Status::invalid(info.group, info.kind, &key.name, &errs));
        }
        if let Some(warnings) = &mut cx.warnings {
            new.warnings(Some(&old), warnings);
        }
        field_manager::keep_times(&old, &mut new);
        admission::validate(self, cx, admission::Op::Update(sub), &new, Some(&old))?;
        admission::charge(self, cx, admission::Op::Update(sub), &new, Some(&old))?;
        if new.ptr_eq(&old) || new == old {
            return Ok(Updated { object: old, changed: false });
        }
        if should_delete_during_update(&new, old.meta()) {
            if !cx.dry_run {
                self.remove(kind, key, cx.cause);
            }
            return Ok(Updated { object: new, changed: true });
        }
        if cx.dry_run {
            return Ok(Updated { object: new, changed: false });
        }
        Ok(Updated { object: self.store.put(new, cx.cause), changed: true })
    }

    /// The object as it was, or as it is now that it waits; and whether it is gone.
    pub fn delete(
        &mut self,
        cx: &mut Cx,
        kind: KindId,
        key: &Key,
        options: &DeleteOptions,
    ) -> Result<(Object, bool), Status> {
        let info = kind.info();
        let old = self.get(kind, key)?.clone();
        admission::validate(self, cx, admission::Op::Delete, &old, Some(&old))?;
        preconditions(&old, options)?;
        let mut new = old.clone();
        match begin_delete(&mut new, options, cx.now) {
            Graceful::Pending => return Ok((old, false)),
            Graceful::Yes(grace) => {
                set_gc_finalizers(&mut new, options);
                let waits = !new.meta().finalizers.is_empty() || grace > 0;
                if waits {
                    return Ok((if cx.dry_run { new } else { self.store.put(new, cx.cause) }, false));
                }
                if cx.dry_run {
                    return Ok((new, true));
                }
                // Upstream stores the zero grace period first, so that watchers see it.
                new = self.store.put(new, cx.cause);
            }
            Graceful::No => {
                set_gc_finalizers(&mut new, options);
                if !new.meta().finalizers.is_empty() {
                    mark_as_deleting(&mut new, cx.now);
                    if new == old {
                        return Ok((old, false));
                    }
                    return Ok((if cx.dry_run { new } else { self.store.put(new, cx.cause) }, false));
                }
                if kind == KindId::Namespace {
                    return Ok((self.begin_namespace_delete(cx, new)?, false));
                }
            }
        }
        if cx.dry_run {
            return Ok((new, true));
        }
        let gone = self.remove(kind, key, cx.cause);
        gone.map(|o| (o, true)).ok_or_else(|| Status::not_found(info.group, info.plural, &key.name))
    }

    /// A namespace with content left to finalize turns Terminating instead of going.
    fn begin_namespace_delete(&mut self, cx: &mut Cx, mut new: Object) -> Result<Object, Status> {
        use crate::api::core::Namespace;
        let namespace = new.downcast::<Namespace>().expect("the kind was asked").clone();
        if namespace.spec.finalizers.is_empty() {
            let key = new.key();
            if !cx.dry_run {
                self.remove(KindId::Namespace, &key, cx.cause);
            }
            return Ok(new);
        }
        if namespace.metadata.deletion_timestamp.is_some() {
            return Ok(new);
        }
        let mut namespace = (*namespace).clone();
        namespace.metadata.deletion_timestamp = Some(cx.now);
        Rc::make_mut(&mut namespace.status).phase = Str::literal("Terminating");
        new = Object::of(namespace);
        Ok(if cx.dry_run { new } else { self.store.put(new, cx.cause) })
    }

    /// Puts the pod on the node and says so in its conditions.
    /// Upstream: pkg/registry/core/pod/storage/storage.go (BindingREST, setPodNodeAndMetadata).
    pub fn bind(&mut self, cx: &mut Cx, key: &Key, uid: &Str, node: &str) -> Result<(), Status> {
        let old = self.get(KindId::Pod, key)?.downcast::<Pod>().expect("the kind was asked").clone();
        let refuse = |why: String| Err(Status::conflict("", "pods/binding", &key.name, &why));
        if !uid.is_empty() && *uid != old.metadata.uid {
            return refuse(format!(
                "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
                old.metadata.uid
            ));
        }
        if old.metadata.deletion_timestamp.is_some() {
            return refuse(format!("pod {} is being deleted, cannot be assigned to a host", key.name));
        }
        if !old.spec.node_name.is_empty() {
            return refuse(format!("pod {} is already assigned to node \"{}\"", key.name, old.spec.node_name));
        }
        if !old.spec.scheduling_gates.is_empty() {
            return refuse(format!("pod {} has non-empty .spec.schedulingGates", key.name));
        }
        let mut new = (*old).clone();
        Rc::make_mut(&mut new.spec).node_name = Str::from(node);
        // Admission (PodTopologyLabels) lets a pod know where its node is.
        let key_of_node = Key { namespace: Str::EMPTY, name: Str::from(node) };
        if let Some(node) = self.store.head().get::<Node>(&key_of_node) {
            for label in ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"] {
                if let Some(value) = node.metadata.labels.get(label) {
                    new.metadata.labels.insert(label, value.clone());
                }
            }
        }
        let status = Rc::make_mut(&mut new.status);
        status.nominated_node_name = Str::EMPTY;
        status.set_condition(PodCondition {
            type_: Str::literal("PodScheduled"),
            status: Str::literal("True"),
            last_transition_time: cx.now,
            ..PodCondition::default()
        });
        if !cx.dry_run {
            self.store.put(Object::of(new), cx.cause);
        }
        Ok(())
    }

    /// Sets what still has to be done before the namespace may go; with nothing left, a namespace that ends is gone.
    /// Upstream: pkg/registry/core/namespace/{strategy.go (namespaceFinalizeStrategy), storage/storage.go}.
    pub fn finalize_namespace(
        &mut self,
        cx: &mut Cx,
        key: &Key,
        finalizers: crate::apimachinery::List<Str>,
    ) -> Result<Object, Status> {
        use crate::api::core::Namespace;
        let old = self.get(KindId::Namespace, key)?.clone();
        let mut new = (**old.downcast::<Namespace>().expect("the kind was asked")).clone();
        Rc::make_mut(&mut new.spec).finalizers = finalizers;
        let gone = new.metadata.deletion_timestamp.is_some()
            && new.spec.finalizers.is_empty()
            && new.metadata.finalizers.is_empty();
        let new = Object::of(new);
        if cx.dry_run || (new == old && !gone) {
            return Ok(new);
        }
        if gone {
            self.remove(KindId::Namespace, key, cx.cause);
            return Ok(new);
        }
        Ok(self.store.put(new, cx.cause))
    }

    /// Takes the object out and gives back what it held.
    pub fn remove(&mut self, kind: KindId, key: &Key, cause: u64) -> Option<Object> {
        let gone = self.store.remove(kind, key, cause)?;
        self.abandon(&gone);
        Some(gone)
    }

    /// Gives a Service its addresses and ports.
    fn allocate(&mut self, cx: &mut Cx, object: &mut Object, old: Option<&Object>) -> Result<(), Status> {
        let Some(service) = object.downcast::<Service>() else { return Ok(()) };
        let mut service = (**service).clone();
        let old = old.and_then(Object::downcast::<Service>).map(|s| &**s);
        let stream = cx.rng.stream("apiserver/service-addresses");
        service_ip::allocate(&mut self.services, &mut service, old, &mut |n| stream.below(n), cx.dry_run)?;
        *object = Object::of(service);
        Ok(())
    }

    /// Gives back what an object held that is gone.
    fn abandon(&mut self, object: &Object) {
        if let Some(service) = object.downcast::<Service>() {
            service_ip::release(&mut self.services, service);
        }
    }
}

/// Lets an update touch what its part of the object may.
fn prepare(sub: Sub, new: &mut Object, old: &Object) {
    match (sub, new.downcast::<Pod>(), old.downcast::<Pod>()) {
        (Sub::Status, _, _) => new.prepare_for_status_update(old),
        (Sub::EphemeralContainers, Some(pod), Some(old)) => {
            let mut pod = (**pod).clone();
            pod.prepare_for_ephemeral_containers_update(old);
            *new = Object::of(pod);
        }
        (Sub::Resize, Some(pod), Some(old)) => {
            let mut pod = (**pod).clone();
            pod.prepare_for_resize(old);
            *new = Object::of(pod);
        }
        _ => new.prepare_for_update(old),
    }
}

fn validate(sub: Sub, new: &Object, old: &Object, errs: &mut ErrorList) {
    match (sub, new.downcast::<Pod>(), old.downcast::<Pod>()) {
        (Sub::Status, _, _) => new.validate_status_update(old, errs),
        (Sub::EphemeralContainers, Some(new), Some(old)) => {
            pod::validate::validate_ephemeral_containers_update(new, old, errs);
        }
        (Sub::Resize, Some(new), Some(old)) => pod::validate::validate_resize(new, old, errs),
        _ => new.validate_update(old, errs),
    }
}

/// `configmaps/default/settings`: the path under etcd's prefix.
fn storage_key(kind: KindId, key: &Key) -> String {
    let info = kind.info();
    let resource = match kind {
        KindId::Service => "services/specs".to_owned(),
        KindId::Node => "minions".to_owned(),
        _ => info.plural.to_owned(),
    };
    format!("{resource}/{key}")
}

fn ensure_namespace(namespaced: bool, request: &str, object: &mut Object) -> Result<(), Status> {
    let meta = object.meta();
    if !namespaced {
        if !meta.namespace.is_empty() {
            object.meta_mut().namespace = Str::EMPTY;
        }
        return Ok(());
    }
    if meta.namespace.is_empty() {
        object.meta_mut().namespace = Str::from(request);
    } else if meta.namespace != request {
        return Err(Status::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    Ok(())
}

fn keep_system_fields(meta: &mut ObjectMeta, old: &ObjectMeta) {
    if meta.uid.is_empty() {
        meta.uid = old.uid.clone();
    }
    meta.creation_timestamp = old.creation_timestamp;
    if old.deletion_timestamp.is_some() {
        meta.deletion_timestamp = old.deletion_timestamp;
    }
    if meta.deletion_grace_period_seconds.is_none() {
        meta.deletion_grace_period_seconds = old.deletion_grace_period_seconds;
    }
}

/// A namespace has finalizers of its own beside those of every object (ShouldDeleteNamespaceDuringUpdate).
fn should_delete_during_update(new: &Object, old: &ObjectMeta) -> bool {
    let is_held = |n: &Rc<crate::api::core::Namespace>| !n.spec.finalizers.is_empty();
    if new.downcast().is_some_and(is_held) {
        return false;
    }
    new.meta().finalizers.is_empty()
        && old.deletion_timestamp.is_some()
        && old.deletion_grace_period_seconds.unwrap_or(0) == 0
}

fn preconditions(object: &Object, options: &DeleteOptions) -> Result<(), Status> {
    let info = object.id().info();
    let meta = object.meta();
    if let Some(uid) = &options.uid
        && *uid != meta.uid
    {
        let why = format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({}). \
             The object might have been deleted and then recreated",
            meta.uid
        );
        return Err(Status::conflict(info.group, info.kind, &meta.name, &why));
    }
    if let Some(rv) = options.resource_version
        && rv != meta.resource_version.0
    {
        let why = format!(
            "the ResourceVersion in the precondition ({rv}) does not match the ResourceVersion in record ({}). \
             The object might have been modified",
            meta.resource_version.0
        );
        return Err(Status::conflict(info.group, info.kind, &meta.name, &why));
    }
    Ok(())
}

enum Graceful {
    No,
    /// With that many seconds.
    Yes(i64),
    Pending,
}

/// `rest.BeforeDelete`: sets the deletion's time and grace on kinds that end gracefully, which is pods alone.
fn begin_delete(object: &mut Object, options: &DeleteOptions, now: Time) -> Graceful {
    let asked = options.grace_period_seconds.map(|s| if s < 0 { 1 } else { s });
    let Some(pod) = object.downcast::<Pod>().cloned() else { return Graceful::No };
    let meta = object.meta();
    if let Some(at) = meta.deletion_timestamp {
        let left = meta.deletion_grace_period_seconds.unwrap_or(0);
        if left == 0 {
            return Graceful::No;
        }
        let Some(mut period) = asked else { return Graceful::Pending };
        if period >= left {
            return Graceful::Pending;
        }
        let mut at = Time::from_unix(at.unix() - left + period);
        if at < now {
            at = now;
            if period != 0 {
                period = 1;
            }
        }
        let meta = object.meta_mut();
        meta.deletion_timestamp = Some(at);
        meta.deletion_grace_period_seconds = Some(period);
        return Graceful::Yes(period);
    }
    let grace = pod.deletion_grace(asked);
    let meta = object.meta_mut();
    meta.deletion_timestamp = Some(Time::from_unix(now.unix() + grace));
    meta.deletion_grace_period_seconds = Some(grace);
    if meta.generation > 0 {
        meta.generation += 1;
    }
    Graceful::Yes(grace)
}

impl Pod {
    /// Seconds that a deletion leaves the pod. Upstream: pkg/registry/core/pod/strategy.go (CheckGracefulDelete).
    fn deletion_grace(&self, asked: Option<i64>) -> i64 {
        if self.spec.node_name.is_empty() || self.status.phase == "Failed" || self.status.phase == "Succeeded" {
            return 0;
        }
        let period = asked.or(self.spec.termination_grace_period_seconds).unwrap_or(0);
        if period < 0 { 1 } else { period }
    }
}

fn mark_as_deleting(object: &mut Object, now: Time) {
    let meta = object.meta_mut();
    if meta.deletion_timestamp.is_none() {
        if meta.generation > 0 {
            meta.generation += 1;
        }
        meta.deletion_timestamp = Some(now);
    }
    meta.deletion_grace_period_seconds = Some(0);
}

/// `deletionFinalizersForGarbageCollection`.
fn set_gc_finalizers(object: &mut Object, options: &DeleteOptions) {
    const ORPHAN: &str = "orphan";
    const FOREGROUND: &str = "foregroundDeletion";
    let has = |f: &str| object.meta().finalizers.iter().any(|x| x == f);
    if object.id() == KindId::Event {
        return;
    }
    let (orphan, foreground) = match options.propagation {
        Some(Propagation::Orphan) => (true, false),
        Some(Propagation::Foreground) => (false, true),
        Some(Propagation::Background) => (false, false),
        // What the object says itself comes before what its kind has always done.
        None if has(ORPHAN) || has(FOREGROUND) => (has(ORPHAN), !has(ORPHAN)),
        None => {
            let info = object.id().info();
            (matches!((info.group, info.kind), ("batch", "Job") | ("", "ReplicationController")), false)
        }
    };
    if has(ORPHAN) == orphan && has(FOREGROUND) == foreground {
        return;
    }
    let finalizers = object.meta_mut().finalizers.make_mut();
    finalizers.retain(|f| *f != ORPHAN && *f != FOREGROUND);
    if orphan {
        finalizers.push(Str::literal(ORPHAN));
    }
    if foreground {
        finalizers.push(Str::literal(FOREGROUND));
    }
}

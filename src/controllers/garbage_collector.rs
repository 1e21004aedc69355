//! Deletes what has lost all its owners, and does for owners that go what their deletion asked: foreground or orphan.
//!
//! Upstream: pkg/controller/garbagecollector/{garbagecollector,graph_builder,graph,operations}.go
//! Differs: the graph is the view's index of owners, so an owner is "virtual" exactly when the view has no object of
//! its identity; owners of kinds that are not known count as present.

use super::Controller;
use crate::api::core::ObjectReference;
use crate::api::{Key, KindId, Object};
use crate::apimachinery::{ObjectMeta, OwnerReference, Status, Str};
use crate::client::{DeleteOptions, Propagation, Reference, Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::{Duration, MILLISECOND, Time};

const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";
/// Between the last dependent set free and its owner's end.
const ORPHAN_PAUSE: Duration = MILLISECOND.saturating_mul(20);

#[derive(Clone, Default)]
pub(super) struct GarbageCollector;

/// One object of any kind as a key of the queue: `deployments.apps/web`.
fn node(kind: KindId, key: &Key) -> Key {
    let name = format!("{}/{}", kind.info().qualified_resource(), key.name);
    Key { namespace: key.namespace.clone(), name: Str::from(name) }
}

fn object_of(node: &Key) -> Option<(KindId, Key)> {
    let (resource, name) = node.name.split_once('/')?;
    let (plural, group) = resource.split_once('.').unwrap_or((resource, ""));
    let is_it = |k: &&KindId| k.info().plural == plural && k.info().group == group;
    let kind = *KindId::ALL.iter().find(is_it)?;
    Some((kind, Key::new(node.namespace.clone(), name)))
}

fn has_finalizer(meta: &ObjectMeta, finalizer: &str) -> bool {
    meta.finalizers.iter().any(|f| *f == finalizer)
}

fn waits(meta: &ObjectMeta, finalizer: &str) -> bool {
    meta.is_deleting() && has_finalizer(meta, finalizer)
}

/// Where the owner is stored; None for a kind that is not known, or a namespaced owner of a cluster-wide object.
fn owner_key(reference: &OwnerReference, dependent: &ObjectMeta) -> Option<(KindId, Key)> {
    let kind = KindId::by_api_version(&reference.api_version, &reference.kind)?;
    let namespaced = kind.info().namespaced;
    if namespaced && dependent.namespace.is_empty() {
        return None;
    }
    let namespace = if namespaced { dependent.namespace.clone() } else { Str::EMPTY };
    Some((kind, Key { namespace, name: reference.name.clone() }))
}

fn blocks(reference: &OwnerReference) -> bool {
    reference.block_owner_deletion == Some(true)
}

/// Wakes the owners that waited for this object and need not any more. `kept` are the references it still has.
fn queue_unblocked(old: &ObjectMeta, kept: &[OwnerReference], view: &Tables, cause: u64, queue: &mut WorkQueue) {
    for reference in old.owner_references.iter().filter(|r| blocks(r)) {
        if kept.iter().any(|r| r.uid == reference.uid && blocks(r)) {
            continue;
        }
        let Some((kind, key)) = owner_key(reference, old) else { continue };
        let owner = view.object(kind, &key).filter(|o| o.meta().uid == reference.uid);
        if owner.is_some_and(|o| waits(o.meta(), FOREGROUND)) {
            queue.add(node(kind, &key), cause);
        }
    }
}

fn is_missing(reference: &OwnerReference, dependent: &ObjectMeta, view: &Tables) -> bool {
    owner_key(reference, dependent)
        .is_some_and(|(kind, key)| view.object(kind, &key).is_none_or(|o| o.meta().uid != reference.uid))
}

/// What references say of the object's fate, asked of the API server.
#[derive(Default)]
struct Owners {
    solid: usize,
    /// Identities of owners that are gone.
    dangling: Vec<Str>,
    /// Identities of owners that wait for their dependents to go.
    waiting: Vec<Str>,
}

fn classify(t: &mut Turn, object: &Object) -> Result<Owners, Status> {
    let mut owners = Owners::default();
    for reference in &object.meta().owner_references {
        let Some((kind, key)) = owner_key(reference, object.meta()) else {
            owners.solid += 1;
            continue;
        };
        match t.get_live_object(kind, &key) {
            Ok(owner) if owner.meta().uid == reference.uid => {
                if waits(owner.meta(), FOREGROUND) {
                    owners.waiting.push(reference.uid.clone());
                } else {
                    owners.solid += 1;
                }
            }
            Err(e) if !e.is_not_found() => return Err(e),
            _ => owners.dangling.push(reference.uid.clone()),
        }
    }
    Ok(owners)
}

fn gone_is_fine<T>(result: Result<T, Status>) -> Result<(), Status> {
    match result {
        Err(e) if !e.is_not_found() => Err(e),
        _ => Ok(()),
    }
}

/// Deletes the object if it has lost its owners. Upstream: attemptToDeleteItem.
fn attempt_to_delete(t: &mut Turn, kind: KindId, key: &Key, uid: &Str) -> Result<(), Status> {
    let latest = match t.get_live_object(kind, key) {
        Err(e) => return gone_is_fine::<()>(Err(e)),
        Ok(latest) => latest,
    };
    let meta = latest.meta();
    if meta.uid != *uid || meta.is_deleting() || meta.owner_references.is_empty() {
        return Ok(());
    }
    let owners = classify(t, &latest)?;
    if owners.solid > 0 {
        if owners.dangling.is_empty() && owners.waiting.is_empty() {
            return Ok(());
        }
        // A reference to an owner that waits would hold it up for ever.
        let is_lost = |r: &OwnerReference| owners.dangling.contains(&r.uid) || owners.waiting.contains(&r.uid);
        return gone_is_fine(t.patch_object(kind, key, |o| o.meta_mut().owner_references.retain(|r| !is_lost(r))));
    }
    let dependents: Vec<Object> = t.view.owned_by(uid).cloned().collect();
    let mut propagation = Propagation::Background;
    if !owners.waiting.is_empty() && !dependents.is_empty() {
        if dependents.iter().any(|d| waits(d.meta(), FOREGROUND)) {
            // Owner and dependent may wait for each other.
            gone_is_fine(t.patch_object(kind, key, |o| {
                for r in o.meta_mut().owner_references.make_mut() {
                    r.block_owner_deletion = r.block_owner_deletion.map(|_| false);
                }
            }))?;
        }
        propagation = Propagation::Foreground;
    } else if has_finalizer(meta, ORPHAN) {
        propagation = Propagation::Orphan;
    } else if has_finalizer(meta, FOREGROUND) {
        propagation = Propagation::Foreground;
    }
    let options = DeleteOptions { propagation: Some(propagation), ..DeleteOptions::of_uid(uid) };
    gone_is_fine(t.delete(kind, key, &options))
}

/// An owner in another namespace is none, which somebody should know. Upstream: reportInvalidNamespaceOwnerRef.
fn report_owners_elsewhere(t: &mut Turn, object: &Object) {
    let meta = object.meta();
    for r in &meta.owner_references {
        let Some((kind, _)) = owner_key(r, meta).filter(|(kind, _)| kind.info().namespaced) else { continue };
        if !is_missing(r, meta, &t.view) || !t.view.objects(kind, None).any(|(_, o)| o.meta().uid == r.uid) {
            continue;
        }
        let about = Reference(ObjectReference {
            kind: Str::literal(object.id().info().kind),
            api_version: object.id().info().api_version().into(),
            namespace: meta.namespace.clone(),
            name: meta.name.clone(),
            uid: meta.uid.clone(),
            ..ObjectReference::default()
        });
        let ns = &meta.namespace;
        let message = format!(
            "ownerRef [{}/{}, namespace: {ns}, name: {}, uid: {}] does not exist in namespace {ns:?}",
            r.api_version, r.kind, r.name, r.uid
        );
        t.event_of("garbage-collector-controller", &about, "Warning", "OwnerRefInvalidNamespace", &message);
    }
}

fn remove_finalizer(t: &mut Turn, kind: KindId, key: &Key, uid: &Str, finalizer: &str) -> Result<(), Status> {
    match t.get_live_object(kind, key) {
        Ok(o) if o.meta().uid == *uid && has_finalizer(o.meta(), finalizer) => {
            gone_is_fine(t.patch_object(kind, key, |o| o.meta_mut().finalizers.retain(|f| *f != finalizer)))
        }
        other => gone_is_fine(other),
    }
}

/// Takes the owner's reference off its dependents, then, in a turn of its own, lets the owner go: others may notice
/// the dependents' change before. Upstream: attemptToOrphanWorker.
fn orphan_dependents(t: &mut Turn, kind: KindId, key: &Key, uid: &Str) -> Result<Requeue, Status> {
    let dependents: Vec<_> = t.view.owned_by(uid).map(|d| (d.id(), d.key(), d.meta().uid.clone())).collect();
    if dependents.is_empty() {
        remove_finalizer(t, kind, key, uid, ORPHAN)?;
        return Ok(Requeue::Done);
    }
    for (kind, key, dependent) in dependents {
        gone_is_fine(t.patch_object(kind, &key, |o| {
            // A namesake is refused.
            o.meta_mut().uid = dependent;
            o.meta_mut().owner_references.retain(|r| r.uid != *uid);
        }))?;
    }
    Ok(Requeue::After(ORPHAN_PAUSE))
}

/// Lets the owner go when nothing that blocks it is left. Upstream: processDeletingDependentsItem.
fn process_deleting_dependents(t: &mut Turn, kind: KindId, key: &Key, uid: &Str) -> Result<(), Status> {
    let is_blocking = |d: &&Object| d.meta().owner_references.iter().any(|r| r.uid == *uid && blocks(r));
    let blocking: Vec<Object> = t.view.owned_by(uid).filter(is_blocking).cloned().collect();
    if blocking.is_empty() {
        return remove_finalizer(t, kind, key, uid, FOREGROUND);
    }
    for d in blocking.iter().filter(|d| !d.meta().is_deleting()) {
        attempt_to_delete(t, d.id(), &d.key(), &d.meta().uid)?;
    }
    Ok(())
}

impl Controller for GarbageCollector {
    const NAME: &'static str = "generic-garbage-collector";
    const WATCHES: &'static [KindId] = KindId::ALL;

    fn observe(&mut self, event: &WatchEvent, view: &Tables, _now: Time, queue: &mut WorkQueue) {
        // Events are left to their time to live, as upstream ignores them too.
        if event.kind == KindId::Event {
            return;
        }
        let cause = event.cause;
        let queue_dependents = |uid: &Str, queue: &mut WorkQueue| {
            view.owned_by(uid).for_each(|d| queue.add(node(d.id(), &d.key()), cause));
        };
        let old = event.old.as_ref().map(Object::meta);
        let Some(new) = event.new.as_ref().map(Object::meta) else {
            let Some(old) = old else { return };
            queue_dependents(&old.uid, queue);
            return queue_unblocked(old, &[], view, cause, queue);
        };
        if old.is_none_or(|old| old.owner_references != new.owner_references) {
            if new.owner_references.iter().any(|r| is_missing(r, new, view)) {
                queue.add(node(event.kind, &event.key), cause);
            }
            if let Some(old) = old {
                queue_unblocked(old, &new.owner_references, view, cause, queue);
            }
        }
        let begins = |finalizer| waits(new, finalizer) && !old.is_some_and(|old| waits(old, finalizer));
        if begins(FOREGROUND) {
            queue_dependents(&new.uid, queue);
        }
        if begins(FOREGROUND) || begins(ORPHAN) {
            queue.add(node(event.kind, &event.key), cause);
        }
    }

    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        let Some((kind, key)) = object_of(key) else { return Ok(Requeue::Done) };
        let Some(object) = t.view.object(kind, &key) else { return Ok(Requeue::Done) };
        let (meta, uid) = (object.meta(), object.meta().uid.clone());
        if waits(meta, ORPHAN) {
            return orphan_dependents(t, kind, &key, &uid);
        } else if waits(meta, FOREGROUND) {
            process_deleting_dependents(t, kind, &key, &uid)?;
        } else if !meta.is_deleting() {
            report_owners_elsewhere(t, &object.clone());
            attempt_to_delete(t, kind, &key, &uid)?;
        }
        Ok(Requeue::Done)
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        let all = KindId::ALL.iter().filter(|k| **k != KindId::Event);
        all.flat_map(|kind| view.objects(*kind, None).map(|(key, o)| (*kind, key, o)))
            .filter(|(_, _, o)| !o.meta().owner_references.is_empty() || o.meta().is_deleting())
            .map(|(kind, key, _)| node(kind, key))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{World, key, meta};
    use super::*;
    use crate::api::controller_ref;
    use crate::api::core::{ConfigMap, Event, Secret};

    /// A ConfigMap `a` that owns a Secret `b` that owns a ConfigMap `c`.
    fn chain() -> World {
        let mut w = World::new();
        let a = w.create(ConfigMap { metadata: meta("a"), ..ConfigMap::default() });
        let mut b = Secret { metadata: meta("b"), ..Secret::default() };
        b.metadata.owner_references.push(controller_ref(&*a));
        let b = w.create(b);
        let mut c = ConfigMap { metadata: meta("c"), ..ConfigMap::default() };
        c.metadata.owner_references.push(controller_ref(&*b));
        w.create(c);
        w.run(Duration::from_secs(1));
        w
    }

    fn left(w: &World) -> Vec<String> {
        let all = [KindId::ConfigMap, KindId::Secret].into_iter();
        let head = w.server.store.head();
        let mut names: Vec<String> = all
            .flat_map(|kind| head.objects(kind, Some("default")))
            .map(|(k, _)| k.name.to_string())
            .filter(|n| n.len() == 1)
            .collect();
        names.sort();
        names
    }

    #[test]
    fn keys_name_kinds() {
        for kind in KindId::ALL {
            assert_eq!(object_of(&node(*kind, &key("x"))), Some((*kind, key("x"))));
        }
        assert_eq!(object_of(&key("x")), None);
    }

    #[test]
    fn an_owner_in_another_namespace_is_none() {
        let mut w = World::new();
        let a = w.create(ConfigMap { metadata: meta("a"), ..ConfigMap::default() });
        let mut b = Secret { metadata: meta("b"), ..Secret::default() };
        b.metadata.namespace = Str::literal("kube-node-lease");
        b.metadata.owner_references.push(controller_ref(&*a));
        w.create(b);
        w.run(Duration::from_secs(1));
        let there = Key::new("kube-node-lease", "b");
        assert!(w.get::<Secret>(&there).is_none());
        let events: Vec<_> = w.server.store.head().list::<Event>(Some("kube-node-lease")).cloned().collect();
        let told: Vec<_> = events.iter().map(|e| (&*e.reason, &*e.source.component, &*e.message)).collect();
        let uid = &a.metadata.uid;
        let message = format!(
            "ownerRef [v1/ConfigMap, namespace: kube-node-lease, name: a, uid: {uid}] does not exist in namespace \
             \"kube-node-lease\""
        );
        assert_eq!(told, [("OwnerRefInvalidNamespace", "garbage-collector-controller", &*message)]);
    }

    #[test]
    fn background_takes_the_owner_first() {
        let mut w = chain();
        assert!(w.is_fixpoint());
        w.delete(KindId::ConfigMap, &key("a"), Propagation::Background);
        assert_eq!(left(&w), ["b", "c"]);
        w.run(Duration::from_secs(1));
        assert_eq!(left(&w), Vec::<String>::new());
        assert!(w.is_fixpoint());
    }

    #[test]
    fn foreground_takes_the_dependents_first() {
        let mut w = chain();
        w.patch::<ConfigMap>(&key("c"), |c| c.metadata.finalizers.push(Str::literal("example.com/hold")));
        w.delete(KindId::ConfigMap, &key("a"), Propagation::Foreground);
        w.run(Duration::from_secs(1));
        assert_eq!(left(&w), ["a", "b", "c"], "all wait for the last");
        assert!(w.is_fixpoint());
        w.patch::<ConfigMap>(&key("c"), |c| c.metadata.finalizers = Default::default());
        w.run(Duration::from_secs(1));
        assert_eq!(left(&w), Vec::<String>::new());
    }

    #[test]
    fn orphans_stay_without_their_owner() {
        let mut w = chain();
        w.delete(KindId::ConfigMap, &key("a"), Propagation::Orphan);
        w.run(Duration::from_secs(1));
        assert_eq!(left(&w), ["b", "c"]);
        assert!(w.get::<Secret>(&key("b")).expect("it stays").metadata.owner_references.is_empty());
        assert!(w.is_fixpoint());
    }

    #[test]
    fn one_owner_is_enough_to_stay() {
        let mut w = chain();
        let other = w.create(Secret { metadata: meta("d"), ..Secret::default() });
        let mut reference = controller_ref(&*other);
        reference.controller = None;
        w.patch::<Secret>(&key("b"), |b| b.metadata.owner_references.push(reference));
        w.delete(KindId::ConfigMap, &key("a"), Propagation::Background);
        w.run(Duration::from_secs(1));
        assert_eq!(left(&w), ["b", "c", "d"]);
        assert_eq!(w.get::<Secret>(&key("b")).expect("it stays").metadata.owner_references.len(), 1);
    }

    #[test]
    fn what_is_made_for_an_owner_that_is_gone_goes_too() {
        let mut w = World::new();
        let mut stray = ConfigMap { metadata: meta("s"), ..ConfigMap::default() };
        let mut gone = Secret { metadata: meta("gone"), ..Secret::default() };
        gone.metadata.uid = Str::literal("4f9c26a8-0f0e-4a39-9d2d-1f6f0f0d3a11");
        stray.metadata.owner_references.push(controller_ref(&gone));
        w.create(stray);
        w.run(Duration::from_secs(1));
        assert_eq!(left(&w), Vec::<String>::new());
    }
}

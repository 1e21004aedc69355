//! The store: persistent tables of every kind, their shared indices, and the log that watches read.
//!
//! Upstream: staging/src/k8s.io/apiserver/pkg/storage/etcd3/{store,watcher,compact}.go
//! Differs: a revision's whole state is a pointer; one log serves every watch.

use crate::api::core::Pod;
use crate::api::{Key, Kind, KindId, Object};
use crate::apimachinery::Str;
use crate::sim::{OrdMap, OrdSet, Vector};
use std::rc::Rc;

/// How many changes the log keeps before it compacts.
const LOG_KEEP: usize = 10_000;

#[derive(Clone)]
struct Inner {
    rows: Vec<OrdMap<Key, Object>>,
    /// Each object beside its key, so that a walk looks nothing up.
    by_owner: OrdMap<(Str, KindId, Key), Object>,
    pods_by_node: OrdMap<(Str, Key), Object>,
    /// Objects that no controller manages, of the kinds that controllers adopt.
    unmanaged: OrdSet<(KindId, Key)>,
}

/// What a controller may adopt.
const ADOPTABLE: &[KindId] = &[KindId::Pod, KindId::ReplicaSet, KindId::ControllerRevision];

/// The state at one revision; what listers read. A clone is a pointer copy.
#[derive(Clone)]
pub struct Tables(Rc<Inner>);

impl Default for Tables {
    fn default() -> Self {
        Tables(Rc::new(Inner {
            rows: KindId::ALL.iter().map(|_| OrdMap::new()).collect(),
            by_owner: OrdMap::new(),
            pods_by_node: OrdMap::new(),
            unmanaged: OrdSet::new(),
        }))
    }
}

impl Tables {
    pub fn object(&self, kind: KindId, key: &Key) -> Option<&Object> {
        self.0.rows[kind as usize].get(key)
    }

    pub fn get<K: Kind>(&self, key: &Key) -> Option<&Rc<K>> {
        self.object(K::ID, key).and_then(K::unwrap)
    }

    /// In the order of the keys; `namespace` None means all.
    pub fn objects<'a>(
        &'a self,
        kind: KindId,
        namespace: Option<&str>,
    ) -> Box<dyn Iterator<Item = (&'a Key, &'a Object)> + 'a> {
        let rows = &self.0.rows[kind as usize];
        match namespace {
            None => Box::new(rows.iter()),
            Some(ns) => {
                let ns = Str::from(ns);
                let from = Key { namespace: ns.clone(), name: Str::EMPTY };
                Box::new(rows.range_from(&from).take_while(move |(k, _)| k.namespace == ns))
            }
        }
    }

    pub fn list<'a, K: Kind>(&'a self, namespace: Option<&str>) -> impl Iterator<Item = &'a Rc<K>> + use<'a, K> {
        self.objects(K::ID, namespace).filter_map(|(_, o)| K::unwrap(o))
    }

    pub fn count(&self, kind: KindId) -> usize {
        self.0.rows[kind as usize].len()
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.0.rows.iter().map(OrdMap::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Everything that names `uid` among its owners.
    pub fn owned_by(&self, uid: &Str) -> impl Iterator<Item = &Object> {
        let from = (uid.clone(), KindId::ALL[0], Key::default());
        let uid = uid.clone();
        self.0.by_owner.range_from(&from).take_while(move |((owner, _, _), _)| *owner == uid).map(|(_, object)| object)
    }

    /// Objects of one kind that name `uid` among their owners.
    pub fn owned<K: Kind>(&self, uid: &Str) -> impl Iterator<Item = &Rc<K>> {
        let from = (uid.clone(), K::ID, Key::default());
        let uid = uid.clone();
        self.0
            .by_owner
            .range_from(&from)
            .take_while(move |((owner, kind, _), _)| *owner == uid && *kind == K::ID)
            .filter_map(|(_, object)| K::unwrap(object))
    }

    pub fn pods_on(&self, node: &str) -> impl Iterator<Item = &Rc<Pod>> {
        let node = Str::from(node);
        let from = (node.clone(), Key::default());
        self.0
            .pods_by_node
            .range_from(&from)
            .take_while(move |((n, _), _)| *n == node)
            .filter_map(|(_, object)| Pod::unwrap(object))
    }

    /// Objects of the namespace that have no managing owner; empty for kinds that nobody adopts.
    pub fn unmanaged<'a, K: Kind>(&'a self, namespace: &str) -> impl Iterator<Item = &'a Rc<K>> + use<'a, K> {
        let ns = Str::from(namespace);
        let from = (K::ID, Key { namespace: ns.clone(), name: Str::EMPTY });
        self.0
            .unmanaged
            .range_from(&from)
            .take_while(move |(kind, key)| *kind == K::ID && key.namespace == ns)
            .filter_map(|(_, key)| self.get::<K>(key))
    }

    pub fn ptr_eq(&self, other: &Tables) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    fn replace(&mut self, kind: KindId, key: &Key, new: Option<&Object>) -> Option<Object> {
        let inner = Rc::make_mut(&mut self.0);
        let old = match new {
            Some(o) => inner.rows[kind as usize].insert(key.clone(), o.clone()),
            None => inner.rows[kind as usize].remove(key),
        };
        let owners = |o: Option<&Object>| o.map(|o| o.meta().owner_references.clone()).unwrap_or_default();
        let (was, is) = (owners(old.as_ref()), owners(new));
        if was != is || new.is_none() {
            for r in &was {
                inner.by_owner.remove(&(r.uid.clone(), kind, key.clone()));
            }
        }
        if let Some(new) = new {
            for r in &is {
                inner.by_owner.insert((r.uid.clone(), kind, key.clone()), new.clone());
            }
        }
        if ADOPTABLE.contains(&kind) {
            let unmanaged = |o: Option<&Object>| o.is_some_and(|o| o.controller_of().is_none());
            match (unmanaged(old.as_ref()), unmanaged(new)) {
                (true, false) => inner.unmanaged.remove(&(kind, key.clone())),
                (false, true) => inner.unmanaged.insert((kind, key.clone())),
                _ => false,
            };
        }
        if kind == KindId::Pod {
            let node = |o: Option<&Object>| {
                o.and_then(Object::downcast::<Pod>).map(|p| p.spec.node_name.clone()).unwrap_or_default()
            };
            let (was, is) = (node(old.as_ref()), node(new));
            if was != is {
                inner.pods_by_node.remove(&(was, key.clone()));
            }
            if let Some(new) = new.filter(|_| !is.is_empty()) {
                inner.pods_by_node.insert((is, key.clone()), new.clone());
            }
        }
        old
    }

    /// Whether each index equals its rebuild; for tests.
    pub fn indices_hold(&self) -> bool {
        let mut rebuilt = Tables::default();
        for kind in KindId::ALL {
            for (key, object) in self.objects(*kind, None) {
                rebuilt.replace(*kind, key, Some(object));
            }
        }
        rebuilt.0.by_owner == self.0.by_owner
            && rebuilt.0.pods_by_node == self.0.pods_by_node
            && rebuilt.0.unmanaged == self.0.unmanaged
    }
}

/// One change, as a watch tells it.
#[derive(Clone, Debug)]
pub struct WatchEvent {
    pub rev: u64,
    pub kind: KindId,
    pub key: Key,
    pub old: Option<Object>,
    pub new: Option<Object>,
    /// The trace event of the write.
    pub cause: u64,
}

impl WatchEvent {
    pub fn new_as<K: Kind>(&self) -> Option<&Rc<K>> {
        self.new.as_ref().and_then(K::unwrap)
    }
    pub fn old_as<K: Kind>(&self) -> Option<&Rc<K>> {
        self.old.as_ref().and_then(K::unwrap)
    }
    /// What there is: the new object, or the last state of the one that is gone.
    pub fn either(&self) -> &Object {
        self.new.as_ref().or(self.old.as_ref()).expect("a change has at least one side")
    }
}

#[derive(Clone)]
pub struct Store {
    rev: u64,
    compacted: u64,
    head: Tables,
    log: Vector<WatchEvent>,
    /// Roots that continue tokens pin.
    pinned: OrdMap<u64, Tables>,
}

impl Default for Store {
    fn default() -> Self {
        Store { rev: 1, compacted: 1, head: Tables::default(), log: Vector::new(), pinned: OrdMap::new() }
    }
}

impl Store {
    pub fn rev(&self) -> u64 {
        self.rev
    }

    pub fn compacted(&self) -> u64 {
        self.compacted
    }

    pub fn head(&self) -> &Tables {
        &self.head
    }

    /// Writes `object` under its key with the next revision, which it gets as its resource version.
    pub fn put(&mut self, mut object: Object, cause: u64) -> Object {
        self.rev += 1;
        object.meta_mut().resource_version.0 = self.rev;
        let (kind, key) = (object.id(), object.key());
        let old = self.head.replace(kind, &key, Some(&object));
        self.append(WatchEvent { rev: self.rev, kind, key, old, new: Some(object.clone()), cause });
        object
    }

    /// Removes what is there; the last state, with the revision of its removal.
    pub fn remove(&mut self, kind: KindId, key: &Key, cause: u64) -> Option<Object> {
        let mut old = self.head.replace(kind, key, None)?;
        self.rev += 1;
        old.meta_mut().resource_version.0 = self.rev;
        let event = WatchEvent { rev: self.rev, kind, key: key.clone(), old: Some(old.clone()), new: None, cause };
        self.append(event);
        Some(old)
    }

    fn append(&mut self, event: WatchEvent) {
        self.log.push_back(event);
        if self.log.len() > LOG_KEEP {
            let gone = self.log.pop_front().expect("it is longer than LOG_KEEP");
            self.compacted = gone.rev;
            while let Some(oldest) = self.pinned.get_min().map(|(rev, _)| *rev).filter(|rev| *rev <= gone.rev) {
                self.pinned.remove(&oldest);
            }
        }
    }

    /// Changes after `rev`, oldest first; None where they are compacted away.
    pub fn since(&self, rev: u64) -> Option<impl Iterator<Item = &WatchEvent>> {
        if rev < self.compacted {
            return None;
        }
        let skip = match self.log.front() {
            None => 0,
            Some(first) => (rev + 1).saturating_sub(first.rev) as usize,
        };
        // Not `iter().skip()`, which walks over what it skips.
        Some((skip..self.log.len()).map(|i| &self.log[i]))
    }

    /// Keeps the present root for as long as the log reaches back to it.
    pub fn pin(&mut self) {
        self.pinned.insert(self.rev, self.head.clone());
    }

    /// The root of a pinned revision, or of the present one.
    pub fn root(&self, rev: u64) -> Option<&Tables> {
        if rev == self.rev { Some(&self.head) } else { self.pinned.get(&rev) }
    }
}

//! Objects of any kind, and the keys they are stored under.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/api/meta/meta.go
//! Differs: an enum instead of an interface.

use super::{AnyObject, Kind, KindId};
use crate::apimachinery::{OwnerReference, Str, Value};
use std::rc::Rc;

/// `namespace/name`; the namespace is empty for kinds of the cluster's scope. Orders as etcd's keys do.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Key {
    pub namespace: Str,
    pub name: Str,
}

impl Key {
    pub fn new(namespace: impl Into<Str>, name: impl Into<Str>) -> Key {
        Key { namespace: namespace.into(), name: name.into() }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.namespace.is_empty() { f.pad(&self.name) } else { write!(f, "{}/{}", self.namespace, self.name) }
    }
}

/// Any object of the API.
#[derive(Clone, PartialEq, Debug)]
pub struct Object(pub AnyObject);

impl Object {
    pub fn of<K: Kind>(object: K) -> Object {
        K::wrap(Rc::new(object))
    }

    pub fn downcast<K: Kind>(&self) -> Option<&Rc<K>> {
        K::unwrap(self)
    }

    pub fn key(&self) -> Key {
        Key { namespace: self.meta().namespace.clone(), name: self.meta().name.clone() }
    }

    pub fn kind(&self) -> &'static str {
        self.id().info().kind
    }

    pub fn rv(&self) -> u64 {
        self.meta().resource_version.0
    }

    /// With `apiVersion` and `kind`.
    pub fn encode(&self) -> Value {
        let mut v = self.encode_bare();
        let info = self.id().info();
        if let Value::Object(map) = &mut v {
            map.insert("apiVersion".to_owned(), info.api_version().into());
            map.insert("kind".to_owned(), info.kind.into());
        }
        v
    }

    /// A field that a selector may name.
    pub fn field(&self, path: &str) -> Option<Str> {
        match path {
            "metadata.name" => Some(self.meta().name.clone()),
            "metadata.namespace" if self.id().info().namespaced => Some(self.meta().namespace.clone()),
            _ => self.own_field(path),
        }
    }

    pub fn controller_of(&self) -> Option<&OwnerReference> {
        self.meta().controller_of()
    }
}

impl crate::apimachinery::ObjectMeta {
    /// The owner that manages this object, if one does.
    pub fn controller_of(&self) -> Option<&OwnerReference> {
        self.owner_references.iter().find(|r| r.controller == Some(true))
    }

    pub fn is_controlled_by(&self, uid: &str) -> bool {
        self.controller_of().is_some_and(|r| r.uid == uid)
    }

    pub fn key(&self) -> Key {
        Key { namespace: self.namespace.clone(), name: self.name.clone() }
    }

    pub fn is_deleting(&self) -> bool {
        self.deletion_timestamp.is_some()
    }
}

/// A reference that makes `owner` the managing owner.
pub fn controller_ref<K: Kind>(owner: &K) -> OwnerReference {
    OwnerReference {
        api_version: K::INFO.group_version(),
        kind: Str::literal(K::INFO.kind),
        name: owner.meta().name.clone(),
        uid: owner.meta().uid.clone(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

impl KindId {
    pub fn by_resource(group: &str, version: &str, plural: &str) -> Option<KindId> {
        KindId::ALL.iter().copied().find(|k| {
            let i = k.info();
            i.group == group && i.version == version && i.plural == plural
        })
    }

    pub fn by_kind(group: &str, kind: &str) -> Option<KindId> {
        KindId::ALL.iter().copied().find(|k| k.info().group == group && k.info().kind == kind)
    }

    /// The kind of an owner reference or an event's object.
    pub fn by_api_version(api_version: &str, kind: &str) -> Option<KindId> {
        let (group, _) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        KindId::by_kind(group, kind)
    }
}

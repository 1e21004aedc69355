//! For tests of the rooms: manifests in, what the server would say of them out.
//!
//! Upstream: staging/src/k8s.io/apiserver/pkg/registry/rest/{create,update}.go (BeforeCreate, BeforeUpdate), whose
//! order of checks it keeps.
//! Differs: nothing known.

use super::Kind;
use crate::apimachinery::time::Time;
use crate::apimachinery::validation::{any_name, validate_object_meta, validate_object_meta_update};
use crate::apimachinery::{Decoder, ErrorList, Path, Value};

/// The manifest as the kind, with its defaults, in the namespace `default`.
#[track_caller]
pub(crate) fn decode<K: Kind>(yaml: &str) -> K {
    let tree: Value = serde_yaml::from_str(yaml).expect("the manifest is YAML");
    let mut object: K = Decoder::new().run(&tree).expect("the manifest decodes");
    let meta = object.meta_mut();
    if K::INFO.namespaced && meta.namespace.is_empty() {
        meta.namespace = "default".into();
    }
    if meta.name.is_empty() {
        meta.name = "web".into();
    }
    meta.uid = "a-uid".into();
    object.set_defaults();
    object
}

/// What a create of the manifest is refused for.
#[track_caller]
pub(crate) fn faults_of_create<K: Kind>(yaml: &str) -> Vec<String> {
    faults_of_new(decode::<K>(yaml))
}

#[track_caller]
pub(crate) fn faults_of_new<K: Kind>(mut object: K) -> Vec<String> {
    object.prepare_for_create();
    let mut errs = ErrorList::default();
    validate_object_meta(
        object.meta(),
        K::INFO.namespaced,
        K::INFO.name_rule.check(),
        Path::new("metadata"),
        &mut errs,
    );
    object.validate(&mut errs);
    texts(&errs)
}

/// What an update from `old` to `new` is refused for.
#[track_caller]
pub(crate) fn faults_of_update<K: Kind>(old: &str, new: &str) -> Vec<String> {
    let mut old: K = decode(old);
    old.prepare_for_create();
    faults_of_successor(decode(new), old)
}

#[track_caller]
pub(crate) fn faults_of_successor<K: Kind>(mut new: K, mut old: K) -> Vec<String> {
    old.meta_mut().resource_version.0 = 1;
    new.meta_mut().resource_version.0 = 1;
    new.prepare_for_update(&old);
    let mut errs = ErrorList::default();
    let path = Path::new("metadata");
    validate_object_meta(new.meta(), K::INFO.namespaced, any_name, path, &mut errs);
    validate_object_meta_update(new.meta(), old.meta(), path, &mut errs);
    new.validate_update(&old, &mut errs);
    texts(&errs)
}

/// The cells of the object's row at the given second, as a table prints them.
pub(crate) fn row_text<K: Kind>(object: &K, now: i64) -> String {
    let cells = object.row(&super::PrintCx { now: Time::from_unix(now) });
    assert_eq!(cells.len(), K::COLUMNS.len(), "a cell a column");
    let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    cells.iter().map(text).collect::<Vec<_>>().join("|")
}

fn texts(errs: &ErrorList) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for e in &errs.0 {
        let text = e.to_string();
        if !out.contains(&text) {
            out.push(text);
        }
    }
    out
}

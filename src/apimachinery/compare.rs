//! How two states of an object differ, as sets of owned fields.
//!
//! Upstream: sigs.k8s.io/structured-merge-diff/v6/typed/compare.go (compareWalker)
//! Differs: walks typed values, and passes by whatever both states share.

use super::codec::Api;
use super::field_set::{Entry, FieldSet, Scalar, Step};
use super::schema::{FieldSchema, Topology, Type};
use super::{List, Map, Str, Value};
use std::rc::Rc;

/// The field itself, and what is below it.
#[derive(Default, Debug)]
pub struct Mark {
    pub member: bool,
    pub below: FieldSet,
}

/// What was added or modified, and what was removed.
#[derive(Default, Debug)]
pub struct Delta {
    pub changed: Mark,
    pub removed: Mark,
}

/// For items of lists and maps, whose topology is that of their own type.
pub const PLAIN: FieldSchema = FieldSchema::new("", Type::Opaque(""));

impl Delta {
    /// For what has one owner as a whole.
    pub fn leaf<T: PartialEq>(old: Option<&T>, new: Option<&T>) -> Delta {
        let mut out = Delta::default();
        match (old, new) {
            (None, Some(_)) => out.changed.member = true,
            (Some(_), None) => out.removed.member = true,
            (Some(a), Some(b)) => out.changed.member = a != b,
            (None, None) => {}
        }
        out
    }

    fn of_presence(old: bool, new: bool) -> Delta {
        Delta::leaf(old.then_some(&()), new.then_some(&()))
    }
}

/// Gathers the differences of a struct, a map or a list.
pub struct Differences {
    changed: Vec<Entry>,
    removed: Vec<Entry>,
    was: bool,
    is: bool,
}

impl Differences {
    pub fn new(was: bool, is: bool) -> Differences {
        Differences { changed: Vec::new(), removed: Vec::new(), was, is }
    }

    /// A field is there where it is written: unless it is zero and may be left out.
    pub fn field<T: Api>(&mut self, field: &'static FieldSchema, old: Option<&T>, new: Option<&T>) {
        let there = |v: &&T| field.always || !v.is_zero();
        let (old, new) = (old.filter(there), new.filter(there));
        if old.is_some() || new.is_some() {
            let delta = T::compare(old, new, field);
            self.push(|| Step::Field(Str::literal(field.name)), delta);
        }
    }

    fn push(&mut self, step: impl Fn() -> Step, delta: Delta) {
        let Delta { changed, removed } = delta;
        if changed.member || !changed.below.is_empty() {
            self.changed.push(Entry { step: step(), member: changed.member, below: changed.below });
        }
        if removed.member || !removed.below.is_empty() {
            self.removed.push(Entry { step: step(), member: removed.member, below: removed.below });
        }
    }

    pub fn finish(self) -> Delta {
        Delta {
            changed: Mark { member: !self.was, below: FieldSet::from_entries(self.changed) },
            removed: Mark { member: !self.is, below: FieldSet::from_entries(self.removed) },
        }
    }
}

/// Null is there, though there is nothing in it.
pub(super) fn optional<T: Api>(old: Option<&Option<T>>, new: Option<&Option<T>>, field: &FieldSchema) -> Delta {
    let (was, is) = (old.and_then(Option::as_ref), new.and_then(Option::as_ref));
    if was.is_none() && is.is_none() {
        return Delta::of_presence(old.is_some(), new.is_some());
    }
    let mut delta = T::compare(was, is, field);
    if was.is_none() && old.is_some() && !delta.changed.below.is_empty() {
        delta.changed.member = false;
    }
    if is.is_none() && new.is_some() {
        let whole = delta.removed.below.is_empty();
        delta.removed.member = false;
        delta.changed.member |= whole;
    }
    delta
}

pub(super) fn list<T: Api>(old: Option<&List<T>>, new: Option<&List<T>>, field: &FieldSchema) -> Delta {
    if let (Some(a), Some(b)) = (old, new)
        && a.ptr_eq(b)
    {
        return Delta::default();
    }
    let step: fn(&T, &FieldSchema) -> Step = match field.topology {
        Topology::Map => key_of,
        Topology::Set => |item, _| Step::Value(item.scalar().unwrap_or(Scalar::Json(Str::EMPTY))),
        _ => return Delta::leaf(old, new),
    };
    let (was, is) = (old.map_or(&[][..], |l| l), new.map_or(&[][..], |l| l));
    if was.is_empty() && is.is_empty() {
        return Delta::of_presence(old.is_some(), new.is_some());
    }
    // What is equal at its place needs no name.
    let common = was.len().min(is.len());
    let differs = |i: &usize| *i >= common || was[*i] != is[*i];
    let mut before: Vec<Option<(Step, &T)>> =
        (0..was.len()).filter(differs).map(|i| Some((step(&was[i], field), &was[i]))).collect();
    let after: Vec<(Step, &T)> = (0..is.len()).filter(differs).map(|i| (step(&is[i], field), &is[i])).collect();
    let mut out = Differences::new(old.is_some(), new.is_some());
    for (at, (step, item)) in after.iter().enumerate() {
        let near = before.get(at).is_some_and(|b| b.as_ref().is_some_and(|(s, _)| s == step));
        let found = if near { Some(at) } else { before.iter().position(|b| b.as_ref().is_some_and(|b| b.0 == *step)) };
        let counterpart = found.and_then(|i| before[i].take()).map(|(_, item)| item);
        out.push(|| step.clone(), T::compare(counterpart, Some(item), &PLAIN));
    }
    for (step, item) in before.into_iter().flatten() {
        // One of several items of that key goes: the key stays with the others.
        let stays = after.iter().any(|(s, _)| *s == step);
        let delta = if stays { Delta::leaf(Some(&true), Some(&false)) } else { T::compare(Some(item), None, &PLAIN) };
        out.push(|| step.clone(), delta);
    }
    out.finish()
}

/// The step of a list map's item; keys that are not written have their default, of which there is one.
fn key_of<T: Api>(item: &T, field: &FieldSchema) -> Step {
    let keys = field.keys.iter().filter_map(|name| {
        let given = item.key_field(name).or_else(|| key_default(name));
        given.map(|v| (Str::literal(name), v))
    });
    Step::key(keys.collect())
}

/// `protocol` is the only key of a list map that has a default.
pub fn key_default(name: &str) -> Option<Scalar> {
    (name == "protocol").then(|| Scalar::String(Str::literal("TCP")))
}

pub(super) fn map<T: Api>(old: Option<&Map<T>>, new: Option<&Map<T>>, field: &FieldSchema) -> Delta {
    if let (Some(a), Some(b)) = (old, new)
        && a.ptr_eq(b)
    {
        return Delta::default();
    }
    if field.topology == Topology::Atomic {
        return Delta::leaf(old, new);
    }
    if old.is_none_or(Map::is_empty) && new.is_none_or(Map::is_empty) {
        return Delta::of_presence(old.is_some(), new.is_some());
    }
    let mut out = Differences::new(old.is_some(), new.is_some());
    for (key, value) in new.into_iter().flat_map(Map::iter) {
        let delta = T::compare(old.and_then(|o| o.get(key)), Some(value), &PLAIN);
        out.push(|| Step::Field(key.clone()), delta);
    }
    for (key, value) in old.into_iter().flat_map(Map::iter) {
        if new.is_none_or(|n| !n.contains_key(key)) {
            out.push(|| Step::Field(key.clone()), T::compare(Some(value), None, &PLAIN));
        }
    }
    out.finish()
}

/// Trees without a schema: objects by field, all else as a whole.
pub(super) fn tree(old: Option<&Rc<Value>>, new: Option<&Rc<Value>>) -> Delta {
    match (old, new) {
        (Some(a), Some(b)) if Rc::ptr_eq(a, b) => Delta::default(),
        _ => values(old.map(|v| &**v), new.map(|v| &**v)),
    }
}

fn values(old: Option<&Value>, new: Option<&Value>) -> Delta {
    let object = |v: Option<&Value>| v.is_none_or(|v| v.is_object() || v.is_null());
    let (was, is) = (old.and_then(Value::as_object), new.and_then(Value::as_object));
    let empty = was.is_none_or(serde_json::Map::is_empty) && is.is_none_or(serde_json::Map::is_empty);
    if empty || !object(old) || !object(new) {
        return Delta::leaf(old, new);
    }
    let mut out = Differences::new(old.is_some(), new.is_some());
    for (key, value) in is.into_iter().flatten() {
        let delta = values(was.and_then(|o| o.get(key)), Some(value));
        out.push(|| Step::Field(Str::from(key)), delta);
    }
    for (key, value) in was.into_iter().flatten() {
        if is.is_none_or(|n| !n.contains_key(key)) {
            out.push(|| Step::Field(Str::from(key)), values(Some(value), None));
        }
    }
    out.finish()
}

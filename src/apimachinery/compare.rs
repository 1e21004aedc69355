//! How two states of an object differ, as sets of owned fields.
//!
//! Upstream: sigs.k8s.io/structured-merge-diff/v6/typed/compare.go (compareWalker)
//! Differs: walks typed values, and passes by whatever both states share.

use super::field_set::{Entry, FieldSet, Scalar, Step};
use super::node::{Fields, Items, Ref, Shape, key_field, same};
use super::schema::{FieldSchema, Topology, Type};
use super::{Str, Value};
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
    /// For what has one owner as a whole: either is there, and where both are, they differ.
    fn leaf(old: bool, new: bool, differ: bool) -> Delta {
        let mut out = Delta::default();
        out.changed.member = new && (!old || differ);
        out.removed.member = old && !new;
        out
    }
}

/// How two states of a value differ in their owned fields; both are of one type, and either may be absent.
pub fn compare(old: Option<Ref<'_>>, new: Option<Ref<'_>>, field: &FieldSchema) -> Delta {
    let atomic = field.topology == Topology::Atomic;
    let whole = || Delta::leaf(old.is_some(), new.is_some(), old.zip(new).is_some_and(|(a, b)| !same(a, b)));
    let (was, is) = (old.map(|v| v.shape()), new.map(|v| v.shape()));
    match (was, is) {
        (None, None) => Delta::default(),
        (Some(Shape::Leaf(_)), _) | (_, Some(Shape::Leaf(_))) => whole(),
        (Some(Shape::Shared(a, _)), Some(Shape::Shared(b, _))) if a == b => Delta::default(),
        (was @ Some(Shape::Shared(..)), is) | (was, is @ Some(Shape::Shared(..))) => {
            compare(was.and_then(Shape::inner), is.and_then(Shape::inner), field)
        }
        (was @ Some(Shape::Option(_)), is) | (was, is @ Some(Shape::Option(_))) => {
            optional((old.is_some(), was.and_then(Shape::inner)), (new.is_some(), is.and_then(Shape::inner)), field)
        }
        (Some(Shape::Struct(s)), _) | (None, Some(Shape::Struct(s))) if atomic || s.schema().atomic => whole(),
        (was @ Some(Shape::Struct(_)), is) | (was, is @ Some(Shape::Struct(_))) => {
            fields(was.and_then(Shape::fields), is.and_then(Shape::fields))
        }
        (Some(Shape::Tree(_)), _) | (_, Some(Shape::Tree(_))) if atomic => whole(),
        (was @ Some(Shape::Tree(_)), is) | (was, is @ Some(Shape::Tree(_))) => {
            tree(was.and_then(Shape::tree), is.and_then(Shape::tree))
        }
        (Some(Shape::List(a) | Shape::Map(a)), Some(Shape::List(b) | Shape::Map(b)))
            if a.address() == b.address() && a.len() == b.len() =>
        {
            Delta::default()
        }
        (was @ Some(Shape::List(_)), is) | (was, is @ Some(Shape::List(_))) => match field.topology {
            Topology::Map | Topology::Set => list(was.and_then(Shape::items), is.and_then(Shape::items), field),
            _ => whole(),
        },
        _ if atomic => whole(),
        (was, is) => map(was.and_then(Shape::items), is.and_then(Shape::items)),
    }
}

/// One variant's content each.
impl<'a> Shape<'a> {
    pub(super) fn inner(self) -> Option<Ref<'a>> {
        match self {
            Shape::Option(inner) => inner,
            Shape::Shared(_, inner) => Some(inner),
            _ => None,
        }
    }
    pub(super) fn fields(self) -> Option<&'a dyn Fields> {
        if let Shape::Struct(fields) = self { Some(fields) } else { None }
    }
    pub(super) fn items(self) -> Option<&'a dyn Items> {
        if let Shape::List(items) | Shape::Map(items) = self { Some(items) } else { None }
    }
    fn tree(self) -> Option<&'a Rc<Value>> {
        if let Shape::Tree(tree) = self { tree } else { None }
    }
}

/// Gathers the differences of a struct, a map or a list.
struct Differences {
    changed: Vec<Entry>,
    removed: Vec<Entry>,
    was: bool,
    is: bool,
}

impl Differences {
    fn new(was: bool, is: bool) -> Differences {
        Differences { changed: Vec::new(), removed: Vec::new(), was, is }
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

    fn finish(self) -> Delta {
        Delta {
            changed: Mark { member: !self.was, below: FieldSet::from_entries(self.changed) },
            removed: Mark { member: !self.is, below: FieldSet::from_entries(self.removed) },
        }
    }
}

/// A field is there where it is written: unless it is zero and may be left out.
fn fields(was: Option<&dyn Fields>, is: Option<&dyn Fields>) -> Delta {
    let mut out = Differences::new(was.is_some(), is.is_some());
    let Some(some) = is.or(was) else { return out.finish() };
    for (i, field) in some.schema().fields.iter().enumerate() {
        let there = |v: &Ref<'_>| field.always || !v.is_zero();
        let (old, new) = (was.map(|o| o.at(i)).filter(there), is.map(|n| n.at(i)).filter(there));
        if old.is_some() || new.is_some() {
            out.push(|| Step::Field(Str::literal(field.name)), compare(old, new, field));
        }
    }
    out.finish()
}

/// Null is there, though there is nothing in it.
fn optional(old: (bool, Option<Ref<'_>>), new: (bool, Option<Ref<'_>>), field: &FieldSchema) -> Delta {
    let ((old, was), (new, is)) = (old, new);
    if was.is_none() && is.is_none() {
        return Delta::leaf(old, new, false);
    }
    let mut delta = compare(was, is, field);
    if was.is_none() && old && !delta.changed.below.is_empty() {
        delta.changed.member = false;
    }
    if is.is_none() && new {
        let whole = delta.removed.below.is_empty();
        delta.removed.member = false;
        delta.changed.member |= whole;
    }
    delta
}

fn list(old: Option<&dyn Items>, new: Option<&dyn Items>, field: &FieldSchema) -> Delta {
    let step = |item: Ref<'_>| step_of(item, field);
    let (was, is) = (old.map_or(0, Items::len), new.map_or(0, Items::len));
    if was == 0 && is == 0 {
        return Delta::leaf(old.is_some(), new.is_some(), false);
    }
    // What is equal at its place needs no name.
    let equal: Vec<bool> = match (old, new) {
        (Some(a), Some(b)) => (0..was.min(is)).map(|i| same(a.item(i), b.item(i))).collect(),
        _ => Vec::new(),
    };
    let named = |items: Option<&dyn Items>| -> Vec<(Step, usize)> {
        let differs = |i: &usize| !equal.get(*i).is_some_and(|equal| *equal);
        let items = items.into_iter().flat_map(|l| (0..l.len()).filter(differs).map(move |i| (l, i)));
        items.map(|(l, i)| (step(l.item(i)), i)).collect()
    };
    let mut before: Vec<Option<(Step, usize)>> = named(old).into_iter().map(Some).collect();
    let after = named(new);
    let mut out = Differences::new(old.is_some(), new.is_some());
    for (at, (step, i)) in after.iter().enumerate() {
        let near = before.get(at).is_some_and(|b| b.as_ref().is_some_and(|(s, _)| s == step));
        let found = if near { Some(at) } else { before.iter().position(|b| b.as_ref().is_some_and(|b| b.0 == *step)) };
        let counterpart = found.and_then(|i| before[i].take()).and_then(|(_, i)| old.map(|l| l.item(i)));
        out.push(|| step.clone(), compare(counterpart, new.map(|l| l.item(*i)), &PLAIN));
    }
    for (step, i) in before.into_iter().flatten() {
        // One of several items of that key goes: the key stays with the others.
        let stays = after.iter().any(|(s, _)| *s == step);
        let delta = if stays { Delta::leaf(true, true, true) } else { compare(old.map(|l| l.item(i)), None, &PLAIN) };
        out.push(|| step.clone(), delta);
    }
    out.finish()
}

/// How an item of a list map or a set is named.
pub(super) fn step_of(item: Ref<'_>, field: &FieldSchema) -> Step {
    match field.topology {
        Topology::Map => key_of(item, field),
        _ => Step::Value(item.scalar().unwrap_or(Scalar::Json(Str::EMPTY))),
    }
}

/// The step of a list map's item; keys that are not written have their default, of which there is one.
fn key_of(item: Ref<'_>, field: &FieldSchema) -> Step {
    let keys = field.keys.iter().filter_map(|name| {
        let given = key_field(item, name).or_else(|| key_default(name));
        given.map(|v| (Str::literal(name), v))
    });
    Step::key(keys.collect())
}

/// `protocol` is the only key of a list map that has a default.
pub fn key_default(name: &str) -> Option<Scalar> {
    (name == "protocol").then(|| Scalar::String(Str::literal("TCP")))
}

fn map(old: Option<&dyn Items>, new: Option<&dyn Items>) -> Delta {
    let (was, is) = (old.map_or(0, Items::len), new.map_or(0, Items::len));
    if was == 0 && is == 0 {
        return Delta::leaf(old.is_some(), new.is_some(), false);
    }
    let mut out = Differences::new(old.is_some(), new.is_some());
    let at = |items: Option<&dyn Items>, i| items.and_then(|l| l.key(i)).cloned().unwrap_or(Str::EMPTY);
    for i in 0..is {
        let key = at(new, i);
        let counterpart = old.and_then(|o| o.find(&key).map(|at| o.item(at)));
        out.push(|| Step::Field(key.clone()), compare(counterpart, new.map(|l| l.item(i)), &PLAIN));
    }
    for i in 0..was {
        let key = at(old, i);
        if new.is_none_or(|n| n.find(&key).is_none()) {
            out.push(|| Step::Field(key.clone()), compare(old.map(|l| l.item(i)), None, &PLAIN));
        }
    }
    out.finish()
}

/// Trees without a schema: objects by field, all else as a whole.
fn tree(old: Option<&Rc<Value>>, new: Option<&Rc<Value>>) -> Delta {
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
        return Delta::leaf(old.is_some(), new.is_some(), old != new);
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

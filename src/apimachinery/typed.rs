//! Trees read by their schema, for server-side apply: checked, owned, merged, and taken apart again.
//!
//! Upstream: sigs.k8s.io/structured-merge-diff/v6/typed/{validate,tofieldset,merge,remove,helpers}.go
//! Differs: nothing known.

use super::compare::{Mark, PLAIN, key_default};
use super::field_error::go_quote;
use super::field_set::{Entry, FieldSet, Scalar, Step};
use super::schema::{FieldSchema, StructSchema, Topology, Type};
use super::{Str, Value};

/// What a tree is, where it stands.
#[derive(Clone, Copy)]
enum Atom {
    Scalar(Type),
    Struct {
        schema: &'static StructSchema,
        atomic: bool,
    },
    Map {
        value: Type,
        atomic: bool,
    },
    List {
        item: Type,
        topology: Topology,
        keys: &'static [&'static str],
    },
    /// Without a schema: objects by field, all else as a whole.
    Free,
}

/// A type with what the field says of it.
#[derive(Clone, Copy)]
pub struct Typed(Atom);

impl Typed {
    pub fn root(schema: &'static StructSchema) -> Typed {
        Typed(Atom::Struct { schema, atomic: false })
    }

    fn new(ty: &Type, field: &FieldSchema) -> Typed {
        let atomic = field.topology == Topology::Atomic;
        Typed(match *ty {
            Type::Struct(schema) => Atom::Struct { schema: schema(), atomic: atomic || schema().atomic },
            Type::Map(value) => Atom::Map { value: *value, atomic },
            Type::List(item) => Atom::List { item: *item, topology: field.topology, keys: field.keys },
            Type::Opaque(_) => Atom::Free,
            ty => Atom::Scalar(ty),
        })
    }

    fn of_field(field: &'static FieldSchema) -> Typed {
        Typed::new(&field.ty, field)
    }

    /// The type of an object's field, where it is declared.
    fn child(self, name: &str) -> Option<Typed> {
        match self.0 {
            Atom::Struct { schema, .. } => schema.field(name).map(Typed::of_field),
            Atom::Map { value, .. } => Some(Typed::new(&value, &PLAIN)),
            Atom::Free => Some(self),
            _ => None,
        }
    }

    fn item(self) -> Typed {
        match self.0 {
            Atom::List { item, .. } => Typed::new(&item, &PLAIN),
            _ => Typed(Atom::Free),
        }
    }

    fn is_atomic(self) -> bool {
        match self.0 {
            Atom::Struct { atomic, .. } | Atom::Map { atomic, .. } => atomic,
            Atom::List { topology, .. } => !matches!(topology, Topology::Set | Topology::Map),
            _ => false,
        }
    }

    fn step(self, i: usize, item: &Value) -> Result<Step, String> {
        match self.0 {
            Atom::List { item: ty, topology: Topology::Map, keys } => key(item, &ty, keys),
            Atom::List { topology: Topology::Set, .. } => match item {
                Value::Object(_) => Err("associative list without keys has an element that's a map type".to_owned()),
                Value::Array(_) => Err("not supported: associative list with lists as elements".to_owned()),
                Value::Null => Err("associative list without keys has an element that's an explicit null".to_owned()),
                v => Ok(Step::Value(Scalar::of(v))),
            },
            _ => Ok(Step::Index(i as i64)),
        }
    }

    /// Notes in `errs` what cannot stand at `path`. Items of list maps and sets stand once.
    pub fn validate(self, v: &Value, path: &str, errs: &mut Vec<String>) {
        let mut fail = |path: &str, why: String| {
            errs.push(if path.is_empty() { why } else { format!("{path}: {why}") });
        };
        match (self.0, v) {
            (_, Value::Null) | (Atom::Free, _) => {}
            (Atom::Scalar(ty), v) => {
                if let Some(why) = scalar_error(ty, v) {
                    fail(path, why);
                }
            }
            (Atom::Struct { .. } | Atom::Map { .. }, Value::Object(map)) => {
                for (name, v) in map {
                    let path = format!("{path}.{name}");
                    match self.child(name) {
                        Some(child) => child.validate(v, &path, errs),
                        None => errs.push(format!("{path}: field not declared in schema")),
                    }
                }
            }
            (Atom::Struct { .. } | Atom::Map { .. }, v) => {
                fail(path, format!("expected map, got &{{{}}}", go_print(v)))
            }
            (Atom::List { .. }, Value::Array(items)) => {
                let mut seen: Vec<Step> = Vec::new();
                for (i, item) in items.iter().enumerate() {
                    let step = match self.step(i, item) {
                        Ok(step) => step,
                        Err(why) => {
                            let why = format!("element {i}: {why}");
                            errs.push(if path.is_empty() { why } else { format!("{path}: {why}") });
                            continue;
                        }
                    };
                    if seen.contains(&step) {
                        errs.push(format!("{path}: duplicate entries for key {step}"));
                    }
                    self.item().validate(item, &format!("{path}{step}"), errs);
                    seen.push(step);
                }
            }
            (Atom::List { .. }, v) => fail(path, format!("expected list, got &{{{}}}", go_print(v))),
        }
    }

    /// The fields that a tree speaks of.
    pub fn field_set(self, v: &Value) -> FieldSet {
        self.mark(v).below
    }

    fn mark(self, v: &Value) -> Mark {
        let whole = Mark { member: true, below: FieldSet::EMPTY };
        if self.is_atomic() {
            return whole;
        }
        match (self.0, v) {
            (Atom::Scalar(_), _) => whole,
            (Atom::Struct { .. } | Atom::Map { .. } | Atom::Free, Value::Object(map)) => {
                let entries = map.iter().map(|(name, v)| {
                    let below = self.child(name).map(|c| c.mark(v)).unwrap_or_default();
                    let empty = v.is_null() || v.as_object().is_some_and(serde_json::Map::is_empty);
                    let declared = matches!(self.0, Atom::Struct { schema, .. } if schema.field(name).is_some());
                    Entry {
                        step: Step::Field(Str::from(name)),
                        member: below.member || empty || !declared,
                        below: below.below,
                    }
                });
                Mark { member: false, below: FieldSet::from_entries(entries.collect()) }
            }
            (Atom::List { .. }, Value::Array(items)) => {
                let entries = items.iter().enumerate().filter_map(|(i, item)| {
                    let step = self.step(i, item).ok()?;
                    Some(Entry { step, member: true, below: self.item().mark(item).below })
                });
                Mark { member: false, below: FieldSet::from_entries(entries.collect()) }
            }
            (Atom::Free, v) if !v.is_null() => whole,
            _ => Mark::default(),
        }
    }

    /// The one laid over the other.
    pub fn merge(self, live: Option<&Value>, wanted: Option<&Value>) -> Option<Value> {
        let leaf = || wanted.or(live).cloned();
        if self.is_atomic() {
            return leaf();
        }
        let (l, w) = (live.filter(|v| !v.is_null()), wanted.filter(|v| !v.is_null()));
        match (self.0, l, w) {
            (
                Atom::Struct { .. } | Atom::Map { .. } | Atom::Free,
                None | Some(Value::Object(_)),
                None | Some(Value::Object(_)),
            ) => {
                let (l, w) = (l.and_then(Value::as_object), w.and_then(Value::as_object));
                let mut out = serde_json::Map::new();
                for (name, v) in l.into_iter().flatten() {
                    let merged = self.child(name).map_or_else(
                        || w.and_then(|w| w.get(name)).or(Some(v)).cloned(),
                        |c| c.merge(Some(v), w.and_then(|w| w.get(name))),
                    );
                    out.extend(merged.map(|v| (name.clone(), v)));
                }
                for (name, v) in w.into_iter().flatten().filter(|(name, _)| !l.is_some_and(|l| l.contains_key(*name))) {
                    let merged = self.child(name).map_or_else(|| Some(v.clone()), |c| c.merge(None, Some(v)));
                    out.extend(merged.map(|v| (name.clone(), v)));
                }
                if out.is_empty() { leaf() } else { Some(Value::Object(out)) }
            }
            (Atom::List { .. }, None | Some(Value::Array(_)), None | Some(Value::Array(_))) => {
                let items = |v: Option<&Value>| v.and_then(Value::as_array).cloned().unwrap_or_default();
                let merged = self.merge_lists(&items(l), &items(w));
                if merged.is_empty() { leaf() } else { Some(Value::Array(merged)) }
            }
            _ => leaf(),
        }
    }

    /// Keeps the order of both as far as they agree; where they do not, the wanted one's.
    fn merge_lists(self, live: &[Value], wanted: &[Value]) -> Vec<Value> {
        let steps = |items: &[Value]| -> Vec<Option<Step>> {
            items.iter().enumerate().map(|(i, v)| self.step(i, v).ok()).collect()
        };
        let (lsteps, wsteps) = (steps(live), steps(wanted));
        let at = |steps: &[Option<Step>], step: &Option<Step>| steps.iter().position(|s| s == step);
        // A key that stands twice among the live ones has no one counterpart.
        let counterpart = |step: &Option<Step>| {
            let mut found = (0..live.len()).filter(|i| lsteps[*i] == *step);
            found.next().filter(|_| found.next().is_none()).map(|i| &live[i])
        };
        let mut shared = wsteps.iter().filter(|s| at(&lsteps, s).is_some());
        let mut next = shared.next();
        let mut out: Vec<Value> = Vec::new();
        let mut done: Vec<&Option<Step>> = Vec::new();
        let mut put = |l: Option<&Value>, w: Option<&Value>| out.extend(self.item().merge(l, w));
        let (mut l, mut w) = (0, 0);
        while l < live.len() || w < wanted.len() {
            if l < live.len() && w < wanted.len() {
                let step = &lsteps[l];
                if *step == wsteps[w] {
                    put(counterpart(step), Some(&wanted[w]));
                    done.push(step);
                    (l, w) = (l + 1, w + 1);
                    next = shared.next();
                    continue;
                }
                if at(&wsteps, step).is_some() && next.is_some_and(|n| n != step) {
                    l += 1;
                    continue;
                }
            }
            if l < live.len() {
                let step = &lsteps[l];
                if at(&wsteps, step).is_none() {
                    put(Some(&live[l]), None);
                    l += 1;
                    continue;
                }
                if done.contains(&step) {
                    l += 1;
                }
            }
            if w < wanted.len() {
                let step = &wsteps[w];
                put(counterpart(step), Some(&wanted[w]));
                done.push(step);
                w += 1;
                if next == Some(step) {
                    next = shared.next();
                }
            }
        }
        out
    }

    /// The tree without what is in the set.
    pub fn remove(self, v: &Value, set: &FieldSet) -> Value {
        if set.is_empty() || self.is_atomic() {
            return v.clone();
        }
        match (self.0, v) {
            (Atom::Struct { .. } | Atom::Map { .. } | Atom::Free, Value::Object(map)) => {
                let mut out = serde_json::Map::new();
                for (name, v) in map {
                    match set.entry(&Step::Field(Str::from(name))) {
                        Some(e) if e.member => {}
                        Some(e) => {
                            let child = self.child(name).map_or_else(|| v.clone(), |c| c.remove(v, &e.below));
                            out.insert(name.clone(), child);
                        }
                        None => {
                            out.insert(name.clone(), v.clone());
                        }
                    }
                }
                if out.is_empty() && !map.is_empty() { Value::Null } else { Value::Object(out) }
            }
            (Atom::List { .. }, Value::Array(items)) => {
                let kept = items.iter().enumerate().filter_map(|(i, item)| {
                    let entry = self.step(i, item).ok().and_then(|step| set.entry(&step).cloned());
                    match entry {
                        Some(e) if e.member => None,
                        Some(e) => Some(self.item().remove(item, &e.below)),
                        None => Some(item.clone()),
                    }
                });
                let kept: Vec<Value> = kept.collect();
                if kept.is_empty() && !items.is_empty() { Value::Null } else { Value::Array(kept) }
            }
            _ => v.clone(),
        }
    }

    /// The set in which a struct's field is a member wherever something below it is.
    pub fn with_named_fields(self, set: &FieldSet) -> FieldSet {
        let entries = set.entries().iter().map(|e| {
            let (child, named) = match (&e.step, self.0) {
                (Step::Field(name), Atom::Struct { schema, .. }) => (self.child(name), schema.field(name).is_some()),
                (Step::Field(name), _) => (self.child(name), false),
                _ => (Some(self.item()), false),
            };
            let below = child.map_or_else(|| e.below.clone(), |c| c.with_named_fields(&e.below));
            Entry { step: e.step.clone(), member: e.member || named, below }
        });
        FieldSet::from_entries(entries.collect())
    }
}

/// The step of a list map's item. A key that is left out has the default of its field.
fn key(item: &Value, ty: &Type, keys: &'static [&'static str]) -> Result<Step, String> {
    let Value::Object(map) = item else {
        let what = if item.is_null() { "a null element" } else { "non-map elements" };
        return Err(format!("associative list with keys may not have {what}"));
    };
    let schema = match ty {
        Type::Struct(s) => Some(s()),
        _ => None,
    };
    let keys = keys.iter().map(|name| {
        let zero = || {
            let field = schema?.field(name)?;
            match field.ty {
                Type::Int32 | Type::Int64 if field.always => Some(Scalar::Int(0)),
                Type::String if field.always || schema?.name == "LocalObjectReference" => {
                    Some(Scalar::String(Str::EMPTY))
                }
                _ => None,
            }
        };
        let given = map.get(*name).filter(|v| !v.is_null()).map(Scalar::of);
        let value = given.or_else(|| key_default(name)).or_else(zero).ok_or_else(|| {
            format!(
                "associative list with keys has an element that omits key field {} (and doesn't have default value)",
                go_quote(name)
            )
        })?;
        Ok((Str::literal(name), value))
    });
    Ok(Step::key(keys.collect::<Result<_, String>>()?))
}

fn scalar_error(ty: Type, v: &Value) -> Option<String> {
    match ty {
        Type::Int32 | Type::Int64 | Type::Float64 if !v.is_number() => {
            Some(format!("expected numeric (int or float), got {}", go_type(v)))
        }
        Type::String | Type::Bytes if !v.is_string() => Some(format!("expected string, got {}", go_syntax(v))),
        Type::Bool if !v.is_boolean() => Some(format!("expected boolean, got {}", go_print(v))),
        _ if v.is_object() || v.is_array() => Some(format!("expected any scalar, got {}", go_print(v))),
        _ => None,
    }
}

/// Go's `%T` of a decoded tree.
fn go_type(v: &Value) -> &'static str {
    match v {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(n) if n.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// Go's `%v`.
fn go_print(v: &Value) -> String {
    match v {
        Value::Null => "<nil>".to_owned(),
        Value::String(s) => s.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(go_print).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let pairs: Vec<String> = map.iter().map(|(k, v)| format!("{k}:{}", go_print(v))).collect();
            format!("map[{}]", pairs.join(" "))
        }
        other => other.to_string(),
    }
}

/// Go's `%#v`.
fn go_syntax(v: &Value) -> String {
    match v {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::String(s) => go_quote(s),
        Value::Array(items) => {
            format!("[]interface {{}}{{{}}}", items.iter().map(go_syntax).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) => {
            let pairs: Vec<String> = map.iter().map(|(k, v)| format!("{}:{}", go_quote(k), go_syntax(v))).collect();
            format!("map[string]interface {{}}{{{}}}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::core::{Pod, Service};
    use serde_json::json;

    static POD: StructSchema = Pod::SCHEMA;
    static SERVICE: StructSchema = Service::SCHEMA;

    #[track_caller]
    fn refused(schema: &'static StructSchema, v: Value, expected: &[&str]) {
        let mut errs = Vec::new();
        Typed::root(schema).validate(&v, "", &mut errs);
        assert_eq!(errs, expected);
    }

    #[test]
    fn what_cannot_stand_is_named_with_its_path() {
        refused(&POD, json!({"spec": {"x": 1}}), &[".spec.x: field not declared in schema"]);
        refused(
            &POD,
            json!({"spec": {"priority": "many", "hostNetwork": 1, "hostname": 5}}),
            &[
                ".spec.hostNetwork: expected boolean, got 1",
                ".spec.hostname: expected string, got 5",
                ".spec.priority: expected numeric (int or float), got string",
            ],
        );
        refused(
            &POD,
            json!({"spec": {"containers": [{"name": "a", "env": "x"}, {"name": "a"}]}}),
            &[
                ".spec.containers[name=\"a\"].env: expected list, got &{x}",
                ".spec.containers: duplicate entries for key [name=\"a\"]",
            ],
        );
        refused(&POD, json!({"spec": []}), &[".spec: expected map, got &{[]}"]);
        refused(&POD, json!({"metadata": {"labels": null, "annotations": {"a": "1"}}, "spec": null}), &[]);
    }

    #[test]
    fn a_configuration_speaks_of_its_leaves_and_items() {
        let v = json!({"metadata": {"labels": {"a": "1"}, "finalizers": ["x"]}, "spec": {"ports": [{"port": 80}],
            "selector": {"app": "web"}, "type": null}, "status": {}});
        let set = Typed::root(&SERVICE).field_set(&v);
        assert_eq!(
            crate::apimachinery::Api::encode(&set),
            json!({"f:metadata": {"f:labels": {"f:a": {}}, "f:finalizers": {"v:\"x\"": {}}},
                "f:spec": {"f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}},
                    "f:selector": {}, "f:type": {}}, "f:status": {}})
        );
    }

    #[test]
    fn lists_merge_by_key_and_keep_their_order() {
        let name = |n: &str| json!({"name": n});
        let merged = |live: &[&str], wanted: &[&str]| {
            let list =
                |names: &[&str]| json!({"spec": {"containers": names.iter().map(|n| name(n)).collect::<Value>()}});
            let out = Typed::root(&POD).merge(Some(&list(live)), Some(&list(wanted))).expect("there is something");
            let names = out["spec"]["containers"].as_array().expect("a list").iter();
            names.map(|c| c["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>().join("")
        };
        for (live, wanted, expected) in [
            (vec!["a", "b"], vec!["c"], "abc"),
            (vec!["a", "b", "c"], vec!["b"], "abc"),
            (vec!["a", "b"], vec!["b", "a"], "ba"),
            (vec!["a", "b", "c"], vec!["c", "x", "a"], "bcxa"),
            (vec![], vec!["a"], "a"),
        ] {
            assert_eq!(merged(&live, &wanted), expected, "{live:?} {wanted:?}");
        }
    }

    #[test]
    fn items_and_fields_are_taken_out() {
        let v =
            json!({"metadata": {"labels": {"a": "1"}}, "spec": {"ports": [{"port": 80, "name": "x"}, {"port": 81}]}});
        let gone = Typed::root(&SERVICE)
            .field_set(&json!({"metadata": {"labels": {"a": ""}}, "spec": {"ports": [{"port": 81}]}}));
        assert_eq!(
            Typed::root(&SERVICE).remove(&v, &gone),
            json!({"metadata": {"labels": null}, "spec": {"ports": [{"port": 80, "name": "x"}]}})
        );
    }
}

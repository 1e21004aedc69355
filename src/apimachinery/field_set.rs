//! `FieldSet`: which fields of an object, as a shared trie; what `fieldsV1` says.
//!
//! Upstream: sigs.k8s.io/structured-merge-diff/v6/fieldpath/{set,element,serialize}.go
//! Differs: equal parts are shared between sets, so that thousands of pods of one template own one trie.

use super::codec::{Api, Decoder};
use super::schema::Type;
use super::{Str, Value};
use crate::apimachinery::Arrange;
use std::cmp::Ordering;
use std::rc::Rc;

/// A plain value that names an item: a list map's key, or a set's member.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Scalar {
    Int(i64),
    String(Str),
    Bool(bool),
    /// Anything else, as its JSON text.
    Json(Str),
}

impl Scalar {
    pub fn of(v: &Value) -> Scalar {
        match v {
            Value::String(s) => Scalar::String(Str::from(s)),
            Value::Bool(b) => Scalar::Bool(*b),
            Value::Number(n) if n.is_i64() => Scalar::Int(n.as_i64().unwrap_or_default()),
            other => Scalar::Json(Str::from(other.to_string())),
        }
    }

    pub fn to_json(&self) -> Value {
        match self {
            Scalar::Int(n) => Value::from(*n),
            Scalar::String(s) => Value::from(s.as_str()),
            Scalar::Bool(b) => Value::from(*b),
            Scalar::Json(s) => serde_json::from_str(s).unwrap_or(Value::Null),
        }
    }
}

/// One step of a path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Step {
    Field(Str),
    /// The item of a list map with these keys, sorted by name.
    Key(Rc<[(Str, Scalar)]>),
    /// The member of a set.
    Value(Scalar),
    Index(i64),
}

impl Step {
    pub fn key(mut keys: Vec<(Str, Scalar)>) -> Step {
        keys.arrange();
        Step::Key(Rc::from(keys))
    }

    fn is_personal(&self) -> bool {
        matches!(self, Step::Key(keys) if keys.iter().any(|(name, _)| name == "ip"))
    }

    fn render(&self) -> String {
        match self {
            Step::Field(name) => format!("f:{name}"),
            Step::Key(keys) => {
                let keys: serde_json::Map<_, _> = keys.iter().map(|(k, v)| (k.to_string(), v.to_json())).collect();
                format!("k:{}", Value::Object(keys))
            }
            Step::Value(v) => format!("v:{}", v.to_json()),
            Step::Index(i) => format!("i:{i}"),
        }
    }

    fn parse(text: &str) -> Option<Step> {
        let (kind, rest) = text.split_once(':')?;
        match kind {
            "f" => Some(Step::Field(Str::from(rest))),
            "k" => match serde_json::from_str(rest).ok()? {
                Value::Object(keys) => {
                    Some(Step::key(keys.iter().map(|(k, v)| (Str::from(k), Scalar::of(v))).collect()))
                }
                _ => None,
            },
            "v" => Some(Step::Value(Scalar::of(&serde_json::from_str(rest).ok()?))),
            "i" => rest.parse().ok().map(Step::Index),
            _ => None,
        }
    }

    fn hash(&self, hash: u64) -> u64 {
        let scalar = |hash, s: &Scalar| match s {
            Scalar::Int(n) => mix(hash, *n as u64),
            Scalar::String(s) | Scalar::Json(s) => text(hash, s),
            Scalar::Bool(b) => mix(hash, u64::from(*b)),
        };
        match self {
            Step::Field(name) => text(hash, name),
            Step::Key(keys) => keys.iter().fold(mix(hash, 1), |h, (k, v)| scalar(text(h, k), v)),
            Step::Value(v) => scalar(mix(hash, 2), v),
            Step::Index(i) => mix(mix(hash, 3), *i as u64),
        }
    }
}

/// As conflicts name it: `.spec`, `[name="web"]`, `[="x"]`, `[0]`.
impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Step::Field(name) => write!(f, ".{name}"),
            Step::Key(keys) => {
                let keys: Vec<_> = keys.iter().map(|(k, v)| format!("{k}={}", v.to_json())).collect();
                write!(f, "[{}]", keys.join(","))
            }
            Step::Value(v) => write!(f, "[={}]", v.to_json()),
            Step::Index(i) => write!(f, "[{i}]"),
        }
    }
}

fn mix(hash: u64, n: u64) -> u64 {
    (hash.rotate_left(5) ^ n).wrapping_mul(0x517c_c1b7_2722_0a95)
}

fn text(hash: u64, s: &str) -> u64 {
    let (words, rest) = s.as_bytes().as_chunks::<8>();
    let hash = words.iter().fold(mix(hash, s.len() as u64), |h, w| mix(h, u64::from_le_bytes(*w)));
    rest.iter().fold(hash, |h, b| mix(h, u64::from(*b)))
}

/// A step that is a member, has members below it, or both.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    pub step: Step,
    pub member: bool,
    pub below: FieldSet,
}

impl Entry {
    pub fn leaf(step: Step) -> Entry {
        Entry { step, member: true, below: FieldSet::EMPTY }
    }

    fn matters(&self) -> bool {
        self.member || !self.below.is_empty()
    }
}

#[derive(Debug)]
struct Node {
    hash: u64,
    /// Names an address somewhere, so that hardly another object has the same.
    personal: bool,
    /// Sorted by step, each once.
    entries: Vec<Entry>,
}

/// A clone is a pointer copy; the empty set owns nothing.
#[derive(Clone, Default, Debug)]
pub struct FieldSet(Option<Rc<Node>>);

impl FieldSet {
    pub const EMPTY: FieldSet = FieldSet(None);

    /// Of entries in any order; those that say nothing are dropped.
    pub fn from_entries(mut entries: Vec<Entry>) -> FieldSet {
        entries.retain(Entry::matters);
        if entries.is_empty() {
            return FieldSet::EMPTY;
        }
        if !entries.is_sorted_by(|a, b| a.step < b.step) {
            entries.arrange_by(|a, b| a.step.cmp(&b.step));
            entries.dedup_by(|b, a| {
                let same = a.step == b.step;
                if same {
                    a.member |= b.member;
                    a.below = a.below.union(&b.below);
                }
                same
            });
        }
        FieldSet::sorted(entries)
    }

    fn sorted(entries: Vec<Entry>) -> FieldSet {
        if entries.is_empty() {
            return FieldSet::EMPTY;
        }
        let hash = entries.iter().fold(0, |h, e| mix(e.step.hash(h), e.below.hash() ^ u64::from(e.member)));
        let personal = entries.iter().any(|e| e.below.is_personal() || e.step.is_personal());
        FieldSet(Some(Rc::new(Node { hash, personal, entries })))
    }

    /// The set with one member.
    pub fn of_path(path: &[Step]) -> FieldSet {
        let Some((step, rest)) = path.split_first() else { return FieldSet::EMPTY };
        let below = FieldSet::of_path(rest);
        FieldSet::sorted(vec![Entry { step: step.clone(), member: rest.is_empty(), below }])
    }

    /// The set with one member, of plain field names.
    pub fn of_fields(path: &[&'static str]) -> FieldSet {
        let path: Vec<Step> = path.iter().map(|name| Step::Field(Str::literal(name))).collect();
        FieldSet::of_path(&path)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub fn entries(&self) -> &[Entry] {
        self.0.as_deref().map_or(&[], |n| n.entries.as_slice())
    }

    pub fn ptr_eq(&self, other: &FieldSet) -> bool {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => Rc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        }
    }

    /// Whether nobody else holds this trie.
    pub fn is_unique(&self) -> bool {
        self.0.as_ref().is_some_and(|n| Rc::strong_count(n) == 1)
    }

    /// Whether it names an address somewhere: no use keeping it for others.
    pub fn is_personal(&self) -> bool {
        self.0.as_ref().is_some_and(|n| n.personal)
    }

    pub fn hash(&self) -> u64 {
        self.0.as_ref().map_or(0, |n| n.hash)
    }

    pub fn entry(&self, step: &Step) -> Option<&Entry> {
        let entries = self.entries();
        entries.binary_search_by(|e| e.step.cmp(step)).ok().map(|at| &entries[at])
    }

    pub fn has(&self, step: &Step) -> bool {
        self.entry(step).is_some_and(|e| e.member)
    }

    pub fn below(&self, step: &Step) -> &FieldSet {
        self.entry(step).map_or(const { &FieldSet::EMPTY }, |e| &e.below)
    }

    pub fn has_path(&self, path: &[Step]) -> bool {
        match path {
            [] => false,
            [last] => self.has(last),
            [first, rest @ ..] => self.below(first).has_path(rest),
        }
    }

    /// Walks both; `f` makes the entry of a step from either side's, and answers whether it is as on the left.
    fn merge(&self, other: &FieldSet, f: impl Fn(&Step, Option<&Entry>, Option<&Entry>) -> Option<Entry>) -> FieldSet {
        let (a, b) = (self.entries(), other.entries());
        let mut out: Vec<Entry> = Vec::with_capacity(a.len().max(b.len()));
        let (mut i, mut j) = (0, 0);
        while i < a.len() || j < b.len() {
            let order = match (a.get(i), b.get(j)) {
                (Some(x), Some(y)) => x.step.cmp(&y.step),
                (Some(_), None) => Ordering::Less,
                _ => Ordering::Greater,
            };
            let left = if order.is_le() { a.get(i) } else { None };
            let right = if order.is_ge() { b.get(j) } else { None };
            i += usize::from(left.is_some());
            j += usize::from(right.is_some());
            let step = &left.or(right).expect("one side has it").step;
            if let Some(e) = f(step, left, right)
                && e.matters()
            {
                out.push(e);
            }
        }
        let as_before = out.len() == a.len()
            && out.iter().zip(a).all(|(x, y)| x.member == y.member && x.below.ptr_eq(&y.below) && x.step == y.step);
        if as_before { self.clone() } else { FieldSet::sorted(out) }
    }

    pub fn union(&self, other: &FieldSet) -> FieldSet {
        if other.is_empty() || self.ptr_eq(other) {
            return self.clone();
        }
        if self.is_empty() {
            return other.clone();
        }
        self.merge(other, |step, a, b| match (a, b) {
            (Some(a), Some(b)) => {
                Some(Entry { step: step.clone(), member: a.member || b.member, below: a.below.union(&b.below) })
            }
            (a, b) => a.or(b).cloned(),
        })
    }

    /// Without the members of the other.
    pub fn difference(&self, other: &FieldSet) -> FieldSet {
        self.without(other, false)
    }

    /// Without the members of the other and all that is below them.
    pub fn recursive_difference(&self, other: &FieldSet) -> FieldSet {
        self.without(other, true)
    }

    fn without(&self, other: &FieldSet, recursive: bool) -> FieldSet {
        if self.is_empty() || other.is_empty() {
            return self.clone();
        }
        // Most differences concern a few steps: look those up before anything is copied.
        let touches = other.entries().iter().any(|e| self.entry(&e.step).is_some());
        if !touches {
            return self.clone();
        }
        self.merge(other, |step, a, b| match (a, b) {
            (Some(a), Some(b)) if recursive && b.member => {
                let _ = a;
                None
            }
            (Some(a), Some(b)) => Some(Entry {
                step: step.clone(),
                member: a.member && !b.member,
                below: a.below.without(&b.below, recursive),
            }),
            (a, _) => a.cloned(),
        })
    }

    pub fn intersection(&self, other: &FieldSet) -> FieldSet {
        if self.is_empty() || other.is_empty() {
            return FieldSet::EMPTY;
        }
        if self.ptr_eq(other) {
            return self.clone();
        }
        self.merge(other, |step, a, b| {
            let (a, b) = (a?, b?);
            Some(Entry { step: step.clone(), member: a.member && b.member, below: a.below.intersection(&b.below) })
        })
    }

    /// Whether the two have a member in common.
    pub fn intersects(&self, other: &FieldSet) -> bool {
        let (few, many) = if self.entries().len() <= other.entries().len() { (self, other) } else { (other, self) };
        few.entries()
            .iter()
            .any(|a| many.entry(&a.step).is_some_and(|b| a.member && b.member || a.below.intersects(&b.below)))
    }

    /// The set with other names for some items; None where it names none of them.
    pub fn renamed(&self, names: &[(Step, Step)]) -> Option<FieldSet> {
        let one = |e: &Entry| {
            let named = !matches!(e.step, Step::Field(_));
            let step = names.iter().find(|(was, _)| named && *was == e.step).map(|(_, is)| is.clone());
            let below = e.below.renamed(names);
            (step.is_some() || below.is_some()).then(|| Entry {
                step: step.unwrap_or_else(|| e.step.clone()),
                member: e.member,
                below: below.unwrap_or_else(|| e.below.clone()),
            })
        };
        let mut entries: Option<Vec<Entry>> = None;
        for (i, e) in self.entries().iter().enumerate() {
            if let Some(renamed) = one(e) {
                entries.get_or_insert_with(|| self.entries().to_vec())[i] = renamed;
            }
        }
        entries.map(FieldSet::from_entries)
    }

    /// Every member's path, in order, as conflicts name them.
    pub fn paths(&self) -> Vec<String> {
        fn walk(set: &FieldSet, prefix: &str, out: &mut Vec<String>) {
            // Upstream walks a node's own members before it goes below.
            for e in set.entries().iter().filter(|e| e.member) {
                out.push(format!("{prefix}{}", e.step));
            }
            for e in set.entries() {
                walk(&e.below, &format!("{prefix}{}", e.step), out);
            }
        }
        let mut out = Vec::new();
        walk(self, "", &mut out);
        out
    }

    fn to_value(&self) -> Value {
        let mut out = serde_json::Map::new();
        for e in self.entries() {
            let mut below = e.below.to_value();
            if e.member
                && !e.below.is_empty()
                && let Value::Object(map) = &mut below
            {
                map.insert(".".to_owned(), Value::Object(serde_json::Map::new()));
            }
            out.insert(e.step.render(), below);
        }
        Value::Object(out)
    }

    /// None where a step cannot be read.
    fn from_value(v: &Value) -> Option<FieldSet> {
        let mut entries = Vec::new();
        for (key, v) in v.as_object()? {
            if key == "." {
                continue;
            }
            let below = FieldSet::from_value(v)?;
            let member = below.is_empty() || v.get(".").is_some();
            entries.push(Entry { step: Step::parse(key)?, member, below });
        }
        Some(FieldSet::from_entries(entries))
    }
}

impl PartialEq for FieldSet {
    fn eq(&self, other: &Self) -> bool {
        self.ptr_eq(other)
            || match (&self.0, &other.0) {
                (Some(a), Some(b)) => a.hash == b.hash && a.entries == b.entries,
                _ => false,
            }
    }
}
impl Eq for FieldSet {}

impl Api for FieldSet {
    const TYPE: Type = Type::Opaque("io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1");
    fn decode(v: &Value, _: &mut Decoder) -> Self {
        // Upstream takes what it cannot read for nothing, too.
        FieldSet::from_value(v).unwrap_or_default()
    }
    fn encode(&self) -> Value {
        self.to_value()
    }
    fn is_zero(&self) -> bool {
        self.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn set(v: Value) -> FieldSet {
        FieldSet::from_value(&v).expect("it is a set")
    }

    #[test]
    fn the_wire_form_comes_back_as_it_went() {
        let v = json!({"f:a": {".": {}, "f:b": {}}, "f:c": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:x": {}}},
            "f:d": {"v:\"x\"": {}}, "f:e": {}});
        assert_eq!(set(v.clone()).to_value(), v);
    }

    #[test]
    fn sets_add_and_subtract() {
        let a = set(json!({"f:a": {".": {}, "f:b": {}}, "f:c": {}}));
        let b = set(json!({"f:a": {"f:b": {}}, "f:d": {}}));
        assert_eq!(a.union(&b).to_value(), json!({"f:a": {".": {}, "f:b": {}}, "f:c": {}, "f:d": {}}));
        assert_eq!(a.difference(&b).to_value(), json!({"f:a": {}, "f:c": {}}));
        assert_eq!(a.intersection(&b).to_value(), json!({"f:a": {"f:b": {}}}));
        assert_eq!(a.recursive_difference(&set(json!({"f:a": {}}))).to_value(), json!({"f:c": {}}));
        assert!(a.union(&set(json!({"f:c": {}}))).ptr_eq(&a), "nothing new is no new set");
        assert!(a.difference(&set(json!({"f:x": {}}))).ptr_eq(&a));
        assert!(a.intersects(&b) && !a.intersects(&set(json!({"f:x": {}}))));
    }

    #[test]
    fn paths_read_as_conflicts_do() {
        let s =
            set(json!({"f:spec": {"f:c": {"k:{\"name\":\"w\"}": {"f:image": {}}}, "f:r": {}}, "f:l": {"v:\"x\"": {}}}));
        assert_eq!(s.paths(), [".l[=\"x\"]", ".spec.r", ".spec.c[name=\"w\"].image"]);
    }
}

//! Values of the API whatever their type: what walks them is compiled once, and not once per struct.
//!
//! Upstream: reflection, as encoding/json uses it.

use super::codec::{Api, Decoder};
use super::field_set::Scalar;
use super::schema::{StructSchema, Type};
use super::{List, Map, Str, Value};
use std::any::Any;
use std::rc::Rc;

/// A value of the API, of whatever type. Hundreds of types have this table, so it is short.
pub trait Node: 'static {
    fn shape(&self) -> Shape<'_>;
    fn slot(&mut self) -> Slot<'_>;
}

/// A value that has nothing within.
pub trait Leaf: Any {
    fn equals(&self, other: &dyn Leaf) -> bool;
    fn is_zero(&self) -> bool;
    fn encode(&self) -> Value;
    fn decode_into(&mut self, v: &Value, d: &mut Decoder);
    fn scalar(&self) -> Option<Scalar>;
}

impl<T: Api> Leaf for T {
    fn equals(&self, other: &dyn Leaf) -> bool {
        (other as &dyn Any).downcast_ref::<T>().is_some_and(|other| self == other)
    }
    fn is_zero(&self) -> bool {
        Api::is_zero(self)
    }
    fn encode(&self) -> Value {
        Api::encode(self)
    }
    fn decode_into(&mut self, v: &Value, d: &mut Decoder) {
        Api::decode_into(self, v, d);
    }
    fn scalar(&self) -> Option<Scalar> {
        Api::scalar(self)
    }
}

pub type Ref<'a> = &'a (dyn Node + 'static);

/// What is within a value.
#[derive(Clone, Copy)]
pub enum Shape<'a> {
    Leaf(&'a (dyn Leaf + 'static)),
    Option(Option<Ref<'a>>),
    /// Shared values: equal addresses are equal values.
    Shared(*const (), Ref<'a>),
    Struct(&'a dyn Fields),
    List(&'a dyn Items),
    Map(&'a dyn Items),
    Tree(Option<&'a Rc<Value>>),
}

/// Where a value comes to stand.
pub enum Slot<'a> {
    Leaf(&'a mut (dyn Leaf + 'static)),
    /// In what is optional or shared.
    Within(&'a mut (dyn Node + 'static)),
    Struct(&'a mut dyn Fields),
    List(&'a mut dyn Items, Type),
    Map(&'a mut dyn Items, Type),
}

impl dyn Node {
    /// Whether `omitempty` leaves it out.
    pub fn is_zero(&self) -> bool {
        match self.shape() {
            Shape::Leaf(leaf) => leaf.is_zero(),
            Shape::Option(within) => within.is_none(),
            Shape::Shared(_, within) => within.is_zero(),
            Shape::Struct(_) => false,
            Shape::List(items) | Shape::Map(items) => items.len() == 0,
            Shape::Tree(tree) => tree.is_none(),
        }
    }

    pub fn encode(&self) -> Value {
        match self.shape() {
            Shape::Leaf(leaf) => leaf.encode(),
            Shape::Option(within) => within.map_or(Value::Null, |within| within.encode()),
            Shape::Shared(_, within) => within.encode(),
            Shape::Struct(fields) => encode_fields(fields),
            Shape::List(items) => encode_list(items),
            Shape::Map(items) => encode_map(items),
            Shape::Tree(tree) => tree.map_or(Value::Null, |tree| Value::clone(tree)),
        }
    }

    /// Into a value of which nothing is said yet.
    pub fn decode_into(&mut self, v: &Value, d: &mut Decoder) {
        if v.is_null() {
            return;
        }
        match self.slot() {
            Slot::Leaf(leaf) => leaf.decode_into(v, d),
            Slot::Within(within) => within.decode_into(v, d),
            Slot::Struct(fields) => d.fields(fields, v),
            Slot::List(items, ty) => d.list(items, v, ty),
            Slot::Map(items, ty) => d.map(items, v, ty),
        }
    }

    /// The value as it names an item of a list.
    pub fn scalar(&self) -> Option<Scalar> {
        match self.shape() {
            Shape::Leaf(leaf) => leaf.scalar(),
            Shape::Option(within) => within?.scalar(),
            _ => None,
        }
    }
}

/// A struct; the numbers are those of its schema's fields.
pub trait Fields: 'static {
    fn schema(&self) -> &'static StructSchema;
    fn at(&self, i: usize) -> Ref<'_>;
    fn slot(&mut self, i: usize) -> &mut dyn Node;
}

/// A list, or a map with its keys.
#[allow(clippy::len_without_is_empty, reason = "no walk asks whether there is nothing")]
pub trait Items: 'static {
    fn len(&self) -> usize;
    fn item(&self, i: usize) -> Ref<'_>;
    /// What is equal for shared ones.
    fn address(&self) -> *const ();
    fn reserve(&mut self, n: usize);
    /// A new item, still empty.
    fn add(&mut self, key: Str) -> &mut dyn Node;
    fn key(&self, _: usize) -> Option<&Str> {
        None
    }
    /// Where a map has the key.
    fn find(&self, _: &str) -> Option<usize> {
        None
    }
}

impl<T: Api> Node for T {
    fn shape(&self) -> Shape<'_> {
        Api::shape(self)
    }
    fn slot(&mut self) -> Slot<'_> {
        Api::slot(self)
    }
}

impl<T: Api> Items for List<T> {
    fn len(&self) -> usize {
        self.as_slice().len()
    }
    fn item(&self, i: usize) -> Ref<'_> {
        &self.as_slice()[i]
    }
    fn address(&self) -> *const () {
        self.as_slice().as_ptr().cast()
    }
    fn reserve(&mut self, n: usize) {
        self.make_mut().reserve_exact(n);
    }
    fn add(&mut self, _: Str) -> &mut dyn Node {
        let items = self.make_mut();
        items.push(T::default());
        let last = items.len() - 1;
        &mut items[last]
    }
}

impl<T: Api> Items for Map<T> {
    fn len(&self) -> usize {
        self.pairs().len()
    }
    fn item(&self, i: usize) -> Ref<'_> {
        &self.pairs()[i].1
    }
    fn address(&self) -> *const () {
        self.pairs().as_ptr().cast()
    }
    fn reserve(&mut self, n: usize) {
        self.pairs_mut().reserve_exact(n);
    }
    fn add(&mut self, key: Str) -> &mut dyn Node {
        self.slot(key)
    }
    fn key(&self, i: usize) -> Option<&Str> {
        Some(&self.pairs()[i].0)
    }
    fn find(&self, key: &str) -> Option<usize> {
        self.position(key).ok()
    }
}

/// Whether two values of one type are equal.
pub fn same(a: Ref<'_>, b: Ref<'_>) -> bool {
    match (a.shape(), b.shape()) {
        (Shape::Leaf(a), Shape::Leaf(b)) => a.equals(b),
        (Shape::Option(a), Shape::Option(b)) => match (a, b) {
            (Some(a), Some(b)) => same(a, b),
            (a, b) => a.is_none() && b.is_none(),
        },
        (Shape::Shared(p, a), Shape::Shared(q, b)) => p == q || same(a, b),
        (Shape::Struct(a), Shape::Struct(b)) => same_fields(a, b),
        (Shape::List(a), Shape::List(b)) | (Shape::Map(a), Shape::Map(b)) => {
            let equal = |i| a.key(i) == b.key(i) && same(a.item(i), b.item(i));
            a.len() == b.len() && (a.address() == b.address() || (0..a.len()).all(equal))
        }
        (Shape::Tree(a), Shape::Tree(b)) => match (a, b) {
            (Some(a), Some(b)) => Rc::ptr_eq(a, b) || a == b,
            (a, b) => a.is_none() && b.is_none(),
        },
        _ => false,
    }
}

/// Whether two structs of one type are equal.
pub fn same_fields(a: &dyn Fields, b: &dyn Fields) -> bool {
    (0..a.schema().fields.len()).all(|i| same(a.at(i), b.at(i)))
}

/// The name of a field that a schema does not have is a mistake of ours.
#[cold]
pub fn no_such_field() -> ! {
    panic!("a struct has the fields of its schema")
}

/// A struct's field as it names the struct in a list, where it is written.
pub fn key_field(item: Ref<'_>, name: &str) -> Option<Scalar> {
    match item.shape() {
        Shape::Shared(_, inner) => key_field(inner, name),
        Shape::Struct(s) => {
            let fields = s.schema().fields;
            let i = fields.iter().position(|f| f.name == name)?;
            let v = s.at(i);
            if fields[i].always || !v.is_zero() { v.scalar() } else { None }
        }
        _ => None,
    }
}

pub fn encode_fields(of: &dyn Fields) -> Value {
    let mut out = serde_json::Map::new();
    for (i, field) in of.schema().fields.iter().enumerate() {
        let v = of.at(i);
        if field.always || !v.is_zero() {
            out.insert(field.name.to_owned(), v.encode());
        }
    }
    Value::Object(out)
}

pub fn encode_list(of: &dyn Items) -> Value {
    if of.len() == 0 { Value::Null } else { Value::Array((0..of.len()).map(|i| of.item(i).encode()).collect()) }
}

pub fn encode_map(of: &dyn Items) -> Value {
    if of.len() == 0 {
        return Value::Null;
    }
    let pair = |i| of.key(i).map(|k| (k.as_str().to_owned(), of.item(i).encode()));
    Value::Object((0..of.len()).filter_map(pair).collect())
}

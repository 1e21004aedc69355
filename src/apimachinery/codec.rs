//! Between typed values and JSON trees: what decodes, what encodes, and what a decoder has to say afterwards.
//!
//! Upstream: encoding/json and sigs.k8s.io/json (error texts), apimachinery/pkg/runtime/serializer/json (strict errors).
//! Differs: nothing known.

use super::field_set::Scalar;
use super::node::{Fields, Items, Node, Ref, Shape, Slot};
use super::schema::{Type, go_struct};
use super::value::go_word;
use super::{List, Map, Str, Value};
use std::rc::Rc;

pub use super::scalars::Bytes;

/// A type of the API. One of `decode` and `decode_into` is its own; the other follows.
pub trait Api: Clone + PartialEq + Default + 'static {
    const TYPE: Type;
    /// Never fails: what is wrong is noted in the decoder, and the value is then of no use.
    fn decode(v: &Value, d: &mut Decoder) -> Self {
        let mut out = Self::default();
        out.decode_into(v, d);
        out
    }
    /// Into a value of which nothing is said yet.
    fn decode_into(&mut self, v: &Value, d: &mut Decoder) {
        *self = Self::decode(v, d);
    }
    fn encode(&self) -> Value;
    /// Whether `omitempty` leaves it out.
    fn is_zero(&self) -> bool {
        false
    }
    /// The value as it names an item of a list.
    fn scalar(&self) -> Option<Scalar> {
        None
    }
    /// What is within; a leaf is compared as a whole.
    fn shape(&self) -> Shape<'_> {
        Shape::Leaf(self)
    }
    /// Where what is within comes to stand.
    fn slot(&mut self) -> Slot<'_> {
        Slot::Leaf(self)
    }
}

enum Segment {
    Field(&'static str, &'static str),
    Index(usize),
    Key(Str),
}

/// Collects unknown fields with their paths and the first error.
#[derive(Default)]
pub struct Decoder {
    path: Vec<Segment>,
    pub unknown: Vec<String>,
    pub error: Option<String>,
}

impl Decoder {
    pub fn new() -> Decoder {
        Decoder::default()
    }

    /// Decodes a whole value: `Err` with the first error; the decoder keeps the unknown fields.
    pub fn run<T: Api>(&mut self, v: &Value) -> Result<T, String> {
        let out = T::decode(v, self);
        match self.error.take() {
            Some(e) => Err(e),
            None => Ok(out),
        }
    }

    /// `spec.containers[0].image`.
    pub fn path(&self) -> String {
        let mut out = String::new();
        for s in &self.path {
            match s {
                Segment::Field(_, name) => push_name(&mut out, name),
                Segment::Index(i) => out.push_str(&format!("[{i}]")),
                Segment::Key(k) => push_name(&mut out, k),
            }
        }
        out
    }

    pub fn fail(&mut self, error: String) {
        self.error.get_or_insert(error);
    }

    /// encoding/json's UnmarshalTypeError. `what` is "string", "number 1.5", ….
    pub fn mismatch(&mut self, what: &str, ty: &str) {
        let owner = self.path.iter().rev().find_map(|s| match s {
            Segment::Field(owner, _) => Some(*owner),
            _ => None,
        });
        let error = match owner {
            None => format!("json: cannot unmarshal {what} into Go value of type {ty}"),
            Some(owner) => {
                let mut fields = String::new();
                for s in &self.path {
                    if let Segment::Field(_, name) = s {
                        push_name(&mut fields, name);
                    }
                }
                format!("json: cannot unmarshal {what} into Go struct field {owner}.{fields} of type {ty}")
            }
        };
        self.fail(error);
    }

    pub fn unknown(&mut self, key: &str) {
        if self.path.is_empty() && (key == "apiVersion" || key == "kind") {
            return;
        }
        let mut path = self.path();
        push_name(&mut path, key);
        self.unknown.push(path);
    }

    /// An object's values, into the struct's fields.
    pub fn fields(&mut self, out: &mut dyn Fields, v: &Value) {
        let schema = out.schema();
        let object = match v {
            Value::Object(object) => object,
            Value::Null => return,
            other => return self.mismatch(go_word(other), &go_struct(schema.id)),
        };
        for (key, v) in object {
            let Some(i) = schema.fields.iter().position(|f| f.name == key) else {
                self.unknown(key);
                continue;
            };
            self.path.push(Segment::Field(schema.name, schema.fields[i].name));
            out.slot(i).decode_into(v, self);
            self.path.pop();
        }
    }

    pub(super) fn list(&mut self, out: &mut dyn Items, v: &Value, ty: Type) {
        match v {
            Value::Null => {}
            Value::Array(items) => {
                if !items.is_empty() {
                    out.reserve(items.len());
                }
                for (i, v) in items.iter().enumerate() {
                    self.path.push(Segment::Index(i));
                    out.add(Str::EMPTY).decode_into(v, self);
                    self.path.pop();
                }
            }
            other => self.mismatch(go_word(other), &ty.go()),
        }
    }

    pub(super) fn map(&mut self, out: &mut dyn Items, v: &Value, ty: Type) {
        match v {
            Value::Null => {}
            Value::Object(object) => {
                if !object.is_empty() {
                    out.reserve(object.len());
                }
                for (key, v) in object {
                    let key = Str::from(key);
                    self.path.push(Segment::Key(key.clone()));
                    out.add(key).decode_into(v, self);
                    self.path.pop();
                }
            }
            other => self.mismatch(go_word(other), &ty.go()),
        }
    }
}

fn push_name(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}

fn number_text(v: &Value) -> String {
    format!("number {v}")
}

macro_rules! int {
    ($ty:ty, $variant:ident, $name:literal) => {
        impl Api for $ty {
            const TYPE: Type = Type::$variant;
            fn decode(v: &Value, d: &mut Decoder) -> Self {
                match v {
                    Value::Null => 0,
                    Value::Number(n) => match n.as_i64().and_then(|n| <$ty>::try_from(n).ok()) {
                        Some(n) => n,
                        None => {
                            d.mismatch(&number_text(v), $name);
                            0
                        }
                    },
                    other => {
                        d.mismatch(go_word(other), $name);
                        0
                    }
                }
            }
            fn encode(&self) -> Value {
                Value::from(*self)
            }
            fn is_zero(&self) -> bool {
                *self == 0
            }
            fn scalar(&self) -> Option<Scalar> {
                Some(Scalar::Int(i64::from(*self)))
            }
        }
    };
}
int!(i32, Int32, "int32");
int!(i64, Int64, "int64");

impl Api for f64 {
    const TYPE: Type = Type::Float64;
    fn decode(v: &Value, d: &mut Decoder) -> Self {
        match v {
            Value::Null => 0.0,
            Value::Number(n) => n.as_f64().unwrap_or_default(),
            other => {
                d.mismatch(go_word(other), "float64");
                0.0
            }
        }
    }
    fn encode(&self) -> Value {
        Value::from(*self)
    }
    fn is_zero(&self) -> bool {
        *self == 0.0
    }
}

impl Api for bool {
    const TYPE: Type = Type::Bool;
    fn decode(v: &Value, d: &mut Decoder) -> Self {
        match v {
            Value::Null => false,
            Value::Bool(b) => *b,
            other => {
                d.mismatch(go_word(other), "bool");
                false
            }
        }
    }
    fn encode(&self) -> Value {
        Value::Bool(*self)
    }
    fn is_zero(&self) -> bool {
        !self
    }
    fn scalar(&self) -> Option<Scalar> {
        Some(Scalar::Bool(*self))
    }
}

impl Api for Str {
    const TYPE: Type = Type::String;
    fn decode(v: &Value, d: &mut Decoder) -> Self {
        match v {
            Value::Null => Str::EMPTY,
            Value::String(s) => Str::from(s),
            other => {
                d.mismatch(go_word(other), "string");
                Str::EMPTY
            }
        }
    }
    fn encode(&self) -> Value {
        Value::String(self.as_str().to_owned())
    }
    fn is_zero(&self) -> bool {
        self.is_empty()
    }
    fn scalar(&self) -> Option<Scalar> {
        Some(Scalar::String(self.clone()))
    }
}

/// A tree that passes through as it is: fields that the API has and the simulation ignores.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Opaque(pub Option<Rc<Value>>);

impl Opaque {
    pub fn value(&self) -> Option<&Value> {
        self.0.as_deref()
    }
}

impl Api for Opaque {
    const TYPE: Type = Type::Opaque("");
    fn decode(v: &Value, _: &mut Decoder) -> Self {
        Opaque(if v.is_null() { None } else { Some(Rc::new(v.clone())) })
    }
    fn encode(&self) -> Value {
        self.0.as_deref().cloned().unwrap_or(Value::Null)
    }
    fn is_zero(&self) -> bool {
        self.0.is_none()
    }
    fn shape(&self) -> Shape<'_> {
        Shape::Tree(self.0.as_ref())
    }
}

/// What all four do alike is compiled once, in `Node`.
macro_rules! within {
    () => {
        fn decode_into(&mut self, v: &Value, d: &mut Decoder) {
            let node: &mut dyn Node = self;
            node.decode_into(v, d);
        }
        fn encode(&self) -> Value {
            let node: Ref<'_> = self;
            node.encode()
        }
        fn is_zero(&self) -> bool {
            let node: Ref<'_> = self;
            node.is_zero()
        }
        fn scalar(&self) -> Option<Scalar> {
            let node: Ref<'_> = self;
            node.scalar()
        }
    };
}

/// Pointers of upstream: absent is not zero.
impl<T: Api> Api for Option<T> {
    const TYPE: Type = T::TYPE;
    within!();
    fn shape(&self) -> Shape<'_> {
        Shape::Option(self.as_ref().map(|v| -> Ref<'_> { v }))
    }
    fn slot(&mut self) -> Slot<'_> {
        Slot::Within(self.insert(T::default()))
    }
}

impl<T: Api> Api for Rc<T> {
    const TYPE: Type = T::TYPE;
    within!();
    fn shape(&self) -> Shape<'_> {
        Shape::Shared(Rc::as_ptr(self).cast(), &**self)
    }
    fn slot(&mut self) -> Slot<'_> {
        let within: &mut T = Rc::make_mut(self);
        Slot::Within(within)
    }
}

impl<T: Api> Api for List<T> {
    const TYPE: Type = Type::List(&T::TYPE);
    within!();
    fn shape(&self) -> Shape<'_> {
        Shape::List(self)
    }
    fn slot(&mut self) -> Slot<'_> {
        Slot::List(self, Self::TYPE)
    }
}

impl<T: Api> Api for Map<T> {
    const TYPE: Type = Type::Map(&T::TYPE);
    within!();
    fn shape(&self) -> Shape<'_> {
        Shape::Map(self)
    }
    fn slot(&mut self) -> Slot<'_> {
        Slot::Map(self, Self::TYPE)
    }
}

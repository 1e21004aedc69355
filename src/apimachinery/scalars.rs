//! The scalars of the API that are neither text nor number as they stand: bytes, quantities, instants, versions.
//!
//! Upstream: the UnmarshalJSON methods of resource.Quantity, metav1.Time, intstr.IntOrString; encoding/json for []byte.
//! Differs: nothing known.

use super::codec::{Api, Decoder};
use super::field_set::Scalar;
use super::int_or_string::IntOrString;
use super::quantity::Quantity;
use super::schema::Type;
use super::time::{MicroTime, Time};
use super::value::go_word;
use super::{Str, Value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::rc::Rc;

/// `metadata.resourceVersion`: a number inside, text on the wire. Text that is no number decodes to 0; the registry
/// looks at the text itself before it gets here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug, Hash)]
pub struct ResourceVersion(pub u64);

impl Api for ResourceVersion {
    const TYPE: Type = Type::String;
    fn decode(v: &Value, d: &mut Decoder) -> Self {
        ResourceVersion(Str::decode(v, d).parse().unwrap_or(0))
    }
    fn encode(&self) -> Value {
        Value::String(self.0.to_string())
    }
    fn is_zero(&self) -> bool {
        self.0 == 0
    }
}

/// The content of Secrets and of `binaryData`; base64 on the wire.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Bytes(pub Rc<[u8]>);

impl Bytes {
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
    pub fn to_text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}
impl From<&str> for Bytes {
    fn from(s: &str) -> Self {
        Bytes(Rc::from(s.as_bytes()))
    }
}
impl From<Vec<u8>> for Bytes {
    fn from(v: Vec<u8>) -> Self {
        Bytes(Rc::from(v))
    }
}

/// Where Go's base64 decoder gives up: the offset of the first byte that cannot stand there.
fn corrupt_at(text: &str) -> usize {
    let ok = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
    let body = text.trim_end_matches('=');
    body.bytes().position(|b| !ok(b)).unwrap_or(text.len() / 4 * 4)
}

impl Api for Bytes {
    const TYPE: Type = Type::Bytes;
    fn decode(v: &Value, d: &mut Decoder) -> Self {
        match v {
            Value::Null => Bytes::default(),
            Value::String(s) => {
                let clean: String = s.chars().filter(|c| *c != '\n' && *c != '\r').collect();
                match STANDARD.decode(&clean) {
                    Ok(bytes) => Bytes(Rc::from(bytes)),
                    Err(_) => {
                        d.fail(format!("illegal base64 data at input byte {}", corrupt_at(&clean)));
                        Bytes::default()
                    }
                }
            }
            other => {
                d.mismatch(go_word(other), "[]uint8");
                Bytes::default()
            }
        }
    }
    fn encode(&self) -> Value {
        Value::String(STANDARD.encode(&self.0))
    }
    /// Only ever a map's value: never left out.
    fn is_zero(&self) -> bool {
        false
    }
}

impl Api for Quantity {
    const TYPE: Type = Type::Quantity;
    fn decode(v: &Value, d: &mut Decoder) -> Self {
        let text = match v {
            Value::Null => return Quantity::default(),
            Value::String(s) => s.clone(),
            other => other.to_string(),
        };
        text.parse().unwrap_or_else(|e| {
            d.fail(format!("{e}"));
            Quantity::default()
        })
    }
    fn encode(&self) -> Value {
        Value::String(self.to_string())
    }
    fn is_zero(&self) -> bool {
        false
    }
}

macro_rules! time {
    ($ty:ident, $variant:ident) => {
        impl Api for $ty {
            const TYPE: Type = Type::$variant;
            fn decode(v: &Value, d: &mut Decoder) -> Self {
                match v {
                    Value::Null => $ty::default(),
                    Value::String(s) if s.is_empty() => $ty::default(),
                    Value::String(s) => s.parse().unwrap_or_else(|e| {
                        d.fail(format!("{e}"));
                        $ty::default()
                    }),
                    other => {
                        d.mismatch(go_word(other), "string");
                        $ty::default()
                    }
                }
            }
            fn encode(&self) -> Value {
                if self.is_zero() { Value::Null } else { Value::String(self.to_string()) }
            }
            fn is_zero(&self) -> bool {
                *self == $ty::default()
            }
        }
    };
}
time!(Time, Time);
time!(MicroTime, MicroTime);

impl Api for IntOrString {
    const TYPE: Type = Type::IntOrString;
    fn decode(v: &Value, d: &mut Decoder) -> Self {
        match v {
            Value::Null => IntOrString::default(),
            Value::String(s) => IntOrString::String(Str::from(s)),
            other => IntOrString::Int(i32::decode(other, d)),
        }
    }
    fn encode(&self) -> Value {
        match self {
            IntOrString::Int(n) => Value::from(*n),
            IntOrString::String(s) => Value::String(s.to_string()),
        }
    }
    fn scalar(&self) -> Option<Scalar> {
        Some(match self {
            IntOrString::Int(n) => Scalar::Int(i64::from(*n)),
            IntOrString::String(s) => Scalar::String(s.clone()),
        })
    }
}

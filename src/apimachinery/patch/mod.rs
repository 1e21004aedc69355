//! The ways of changing a part of an object: JSON patches, merge patches and strategic merge patches.
//!
//! Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go,
//! staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/meta.go (LookupPatchMeta)
//! Differs: nothing known.

use super::Value;
use super::schema::{FieldSchema, StructSchema, Type};
use std::fmt;

pub mod json;
pub mod merge;
pub mod strategic;

/// An object of JSON.
pub type Object = serde_json::Map<String, Value>;

/// Why a patch came to nothing, and so what the server answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PatchError {
    /// 400
    BadRequest(String),
    /// 413
    TooLarge(String),
    /// 422, without details
    Unprocessable(String),
    /// 500, without a reason
    Server(String),
}

impl PatchError {
    pub fn message(&self) -> &str {
        match self {
            PatchError::BadRequest(text)
            | PatchError::TooLarge(text)
            | PatchError::Unprocessable(text)
            | PatchError::Server(text) => text,
        }
    }
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for PatchError {}

/// What a strategic merge patch asks of a struct of the API.
pub trait PatchSchema {
    /// Go's name, as in `PodSpec`.
    fn name(&self) -> &str;
    fn field(&self, name: &str) -> Option<FieldRule>;
}

/// How one field is patched.
#[derive(Clone, Copy)]
pub struct FieldRule {
    /// Lists: item by item. Anything else is merged anyway.
    pub merge: bool,
    /// Objects: taken whole.
    pub replace: bool,
    pub retain_keys: bool,
    /// What tells the items of a merged list apart; "" where they are plain values.
    pub merge_key: &'static str,
    pub is_list: bool,
    /// What the field, or an item of it, is made of; None for plain values, maps and trees that pass through as they are.
    pub child: Option<&'static dyn PatchSchema>,
}

impl PatchSchema for StructSchema {
    fn name(&self) -> &str {
        self.name
    }

    fn field(&self, name: &str) -> Option<FieldRule> {
        StructSchema::field(self, name).map(FieldSchema::patch_rule)
    }
}

impl FieldSchema {
    fn patch_rule(&self) -> FieldRule {
        let (is_list, ty) = match self.ty {
            Type::List(item) => (true, *item),
            ty => (false, ty),
        };
        let child = match ty {
            Type::Struct(schema) => Some(schema() as &dyn PatchSchema),
            _ => None,
        };
        let (merge, retain_keys, merge_key) = (self.merge, self.retain_keys, self.merge_key);
        FieldRule { merge, replace: false, retain_keys, merge_key, is_list, child }
    }
}

/// Go's `%v` of a tree, as upstream's errors show patches: `map[a:1 b:[x y]]`.
pub fn go_text(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) if n.is_f64() => n.as_f64().map(go_float).unwrap_or_default(),
        Value::Number(n) => n.to_string(),
        Value::String(s) => s.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(go_text).collect::<Vec<_>>().join(" ")),
        Value::Object(object) => go_map(object),
    }
}

/// The same of an object.
pub fn go_map(object: &Object) -> String {
    let pairs: Vec<String> = object.iter().map(|(key, value)| format!("{key}:{}", go_text(value))).collect();
    format!("map[{}]", pairs.join(" "))
}

/// Go's shortest `%v` of a double: with an exponent of two digits or more from a million on and below 10⁻⁴.
pub fn go_float(f: f64) -> String {
    if f.is_nan() {
        return "NaN".to_owned();
    }
    if f.is_infinite() {
        return if f > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{f:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if f != 0.0 && !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.unsigned_abs());
    }
    format!("{f}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(value: Value, expected: &str) {
        assert_eq!(go_text(&value), expected);
    }

    #[test]
    fn trees_read_as_go_prints_them() {
        check(json!({"b": [1, "x y", null], "a": {"c": true}}), "map[a:map[c:true] b:[1 x y <nil>]]");
        check(json!([]), "[]");
        check(json!({}), "map[]");
        check(json!(1.5), "1.5");
        check(json!(1e21), "1e+21");
        check(json!(1234567.5), "1.2345675e+06");
        check(json!(123456.5), "123456.5");
        check(json!(0.0001), "0.0001");
        check(json!(0.00001), "1e-05");
        check(json!(-1.25e-7), "-1.25e-07");
        check(json!(-0.0), "-0");
        check(json!(9007199254740993i64), "9007199254740993");
    }
}

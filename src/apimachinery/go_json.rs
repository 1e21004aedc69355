//! JSON text as Go's encoder writes a typed value: fields in the order of their declaration, HTML escaped.
//!
//! Upstream: encoding/json (Marshal), as field.Error.ErrorBody uses it for rejected values.
//! Differs: nothing known.

mod scan;

pub use scan::{Fault, first_value, syntax_error};

use super::codec::Api;
use super::field_error::BadValue;
use super::schema::Type;
use super::value::Value;

/// The text of a typed value.
pub fn go_json<T: Api>(v: &T) -> String {
    let mut out = String::new();
    write(&mut out, &v.encode(), T::TYPE);
    out
}

impl BadValue {
    /// A value that is neither plain text nor a plain number.
    pub fn of<T: Api>(v: &T) -> BadValue {
        BadValue::raw(go_json(v))
    }
}

fn write(out: &mut String, v: &Value, ty: Type) {
    match (v, ty) {
        (Value::Object(map), Type::Struct(schema)) => {
            let present = schema().fields.iter().filter_map(|f| map.get(f.name).map(|v| (f.name, v, f.ty)));
            pairs(out, present);
        }
        (Value::Object(map), Type::Map(of)) => pairs(out, map.iter().map(|(k, v)| (k.as_str(), v, *of))),
        (Value::Object(map), _) => pairs(out, map.iter().map(|(k, v)| (k.as_str(), v, ty))),
        (Value::Array(items), _) => {
            let of = if let Type::List(of) = ty { *of } else { ty };
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(out, item, of);
            }
            out.push(']');
        }
        (Value::String(s), _) => string(out, s),
        (plain, _) => out.push_str(&plain.to_string()),
    }
}

fn pairs<'v>(out: &mut String, pairs: impl Iterator<Item = (&'v str, &'v Value, Type)>) {
    out.push('{');
    for (i, (name, v, ty)) in pairs.enumerate() {
        if i > 0 {
            out.push(',');
        }
        string(out, name);
        out.push(':');
        write(out, v, ty);
    }
    out.push('}');
}

fn string(out: &mut String, s: &str) {
    for c in Value::from(s).to_string().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::{LabelSelector, LabelSelectorRequirement, List, Map, OwnerReference, Str};

    #[test]
    fn fields_stand_in_the_order_of_their_declaration() {
        let requirement = LabelSelectorRequirement { key: "k".into(), operator: "Exists".into(), ..Default::default() };
        let selector = LabelSelector {
            match_labels: [("b", Str::from("2")), ("a", Str::from("<1>"))].into_iter().collect(),
            match_expressions: vec![requirement].into(),
        };
        assert_eq!(
            go_json(&selector),
            r#"{"matchLabels":{"a":"\u003c1\u003e","b":"2"},"matchExpressions":[{"key":"k","operator":"Exists"}]}"#
        );
        let owner = OwnerReference { name: "o".into(), controller: Some(true), ..Default::default() };
        assert_eq!(
            go_json(&List::from(vec![owner])),
            r#"[{"apiVersion":"","kind":"","name":"o","uid":"","controller":true}]"#
        );
        assert_eq!(go_json(&Map::<Str>::default()), "null");
        assert_eq!(go_json(&List::<Str>::from(vec!["a".into(), "b".into()])), r#"["a","b"]"#);
    }
}

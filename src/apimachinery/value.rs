//! `Value`: a JSON tree, and the reading of JSON text into one with the duplicate keys it had.

use super::go_json::syntax_error;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;

/// Objects keep their keys sorted, as kubectl and Go's encoder of maps do.
pub type Value = serde_json::Value;

/// Deeper than this, what is nested is read as empty: no kind has fields so deep, so it is refused by its outermost part.
/// A tab's stack ends long before the 10,000 levels that encoding/json reads.
pub const MAX_DEPTH: usize = 120;

/// Parses JSON text; also the paths of keys that stand twice, in order. The last of equal keys wins.
///
/// Errors: Go's sentence.
pub fn parse_json(text: &[u8]) -> Result<(Value, Vec<String>), String> {
    if let Some(fault) = syntax_error(text) {
        return Err(fault);
    }
    let text = &*shallow(text);
    let mut de = serde_json::Deserializer::from_slice(text);
    let mut duplicates = Vec::new();
    let value = Seed { path: String::new(), duplicates: &mut duplicates }
        .deserialize(&mut de)
        .and_then(|v| de.end().map(|()| v))
        .map_err(|e| e.to_string())?;
    Ok((value, duplicates))
}

/// JSON with whatever is in containers beyond `MAX_DEPTH` left out.
fn shallow(text: &[u8]) -> Cow<'_, [u8]> {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    let mut cut: Option<Vec<u8>> = None;
    for (at, &b) in text.iter().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > MAX_DEPTH && cut.is_none() {
                    cut = Some(text[..at].to_vec());
                }
            }
            b'}' | b']' if !in_string => {
                depth -= 1;
                // The end of the outermost container that is left out.
                if let Some(cut) = cut.as_mut().filter(|_| depth == MAX_DEPTH) {
                    cut.extend_from_slice(if b == b'}' { b"{" } else { b"[" });
                }
            }
            _ => {}
        }
        if let Some(cut) = cut.as_mut().filter(|_| depth <= MAX_DEPTH) {
            cut.push(b);
        }
    }
    cut.map_or(Cow::Borrowed(text), Cow::Owned)
}

struct Seed<'a> {
    path: String,
    duplicates: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;
    fn deserialize<D: serde::Deserializer<'de>>(self, d: D) -> Result<Value, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;
    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_string<E>(self, v: String) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Seed {
            path: format!("{}[{}]", self.path, items.len()),
            duplicates: &mut *self.duplicates,
        })? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = serde_json::Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let path = if self.path.is_empty() { key.clone() } else { format!("{}.{key}", self.path) };
            if object.contains_key(&key) {
                self.duplicates.push(path.clone());
            }
            let value = map.next_value_seed(Seed { path, duplicates: &mut *self.duplicates })?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

/// The value at a dotted path of plain names, if all of it is there.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |v, name| v.get(name))
}

/// How Go's encoding/json names what it found.
pub fn go_word(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicate_keys_are_told_with_their_paths() {
        let (v, dup) = parse_json(br#"{"a":{"b":1,"b":2},"l":[{"c":1,"c":1}]}"#).expect("it is JSON");
        assert_eq!(v["a"]["b"], 2);
        assert_eq!(dup, ["a.b", "l[0].c"]);
    }

    #[test]
    fn hostile_depth_is_refused_in_gos_words() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        let refusal = parse_json(nested(10_001).as_bytes()).expect_err("it is too deep");
        assert_eq!(refusal, "invalid character '[' exceeded max depth");
        assert!(parse_json("[".repeat(1_000_000).as_bytes()).is_err());
    }

    #[test]
    fn what_is_deep_is_read_as_empty() {
        let deep = |n: usize| format!(r#"{{"a":{}"]"{},"b":[[2]]}}"#, "[".repeat(n), "]".repeat(n));
        let (v, _) = parse_json(deep(9_999).as_bytes()).expect("Go reads it");
        assert_eq!(v["b"], serde_json::json!([[2]]));
        assert_eq!(v["a"].to_string(), format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH)));
        let (v, _) = parse_json(deep(MAX_DEPTH - 1).as_bytes()).expect("it is JSON");
        assert!(v["a"].to_string().contains("\"]\""));
    }
}

//! `Value`: a JSON tree, and the reading of JSON text into one with the duplicate keys it had.

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

/// Objects keep their keys sorted, as kubectl and Go's encoder of maps do.
pub type Value = serde_json::Value;

/// Deepest nesting that is read. encoding/json stops at 10,000; a recursive reader in a tab's stack stops sooner.
pub const MAX_DEPTH: usize = 120;

/// Parses JSON text; also the paths of keys that stand twice, in order. The last of equal keys wins.
///
/// Errors: the parser's own sentence.
pub fn parse_json(text: &[u8]) -> Result<(Value, Vec<String>), String> {
    if nesting(text) > MAX_DEPTH {
        return Err("exceeded max depth".to_owned());
    }
    let mut de = serde_json::Deserializer::from_slice(text);
    let mut duplicates = Vec::new();
    let value = Seed { path: String::new(), duplicates: &mut duplicates }
        .deserialize(&mut de)
        .and_then(|v| de.end().map(|()| v))
        .map_err(|e| e.to_string())?;
    Ok((value, duplicates))
}

/// Depth of brackets, strings skipped: checked first, so that no recursion meets hostile depth.
fn nesting(text: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0usize, false, false);
    for &b in text {
        match b {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
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
    fn hostile_depth_is_an_error() {
        assert!(parse_json("[".repeat(100_000).as_bytes()).is_err());
    }
}

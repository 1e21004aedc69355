//! JSON patches (RFC 6902).
//!
//! Upstream: gopkg.in/evanphx/json-patch.v4/patch.go, staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go
//! (jsonPatcher)
//! Differs: numbers are compared by value, where upstream compares their digits.

use super::PatchError;
use crate::apimachinery::Value;

const MAX_OPERATIONS: usize = 10_000;
/// How much all `copy` of one patch may add; the server's default.
const MAX_COPIED_BYTES: usize = 3 * 1024 * 1024;

/// A patch that has been looked at, but not applied.
#[derive(Clone, PartialEq, Debug)]
pub struct JsonPatch(Vec<super::Object>);

impl JsonPatch {
    pub fn decode(patch: &Value) -> Result<JsonPatch, PatchError> {
        let wrong = |found: &str, what: &str| {
            PatchError::BadRequest(format!("error decoding patch: json: cannot unmarshal {found} into Go {what}"))
        };
        let mut operations = Vec::new();
        match patch {
            Value::Null => {}
            Value::Array(items) => {
                for item in items {
                    match item {
                        Value::Object(operation) => operations.push(operation.clone()),
                        Value::Null => operations.push(super::Object::new()),
                        other => return Err(wrong(word(other), "value of type handlers.jsonPatchOp")),
                    }
                }
            }
            other => return Err(wrong(word(other), "value of type []handlers.jsonPatchOp")),
        }
        for operation in &operations {
            for key in ["op", "path", "from"] {
                match operation.get(key) {
                    None | Some(Value::Null | Value::String(_)) => {}
                    Some(other) => {
                        return Err(wrong(word(other), &format!("struct field jsonPatchOp.{key} of type string")));
                    }
                }
            }
        }
        if operations.len() > MAX_OPERATIONS {
            return Err(PatchError::TooLarge(format!(
                "The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {}",
                operations.len()
            )));
        }
        Ok(JsonPatch(operations))
    }

    /// What strict validation says of members that no operation has.
    pub fn strict_errors(&self) -> Vec<String> {
        let mut errors = Vec::new();
        for (i, operation) in self.0.iter().enumerate() {
            for key in operation.keys().filter(|key| !["op", "path", "from", "value"].contains(&key.as_str())) {
                errors.push(format!("json patch unknown field \"[{i}].{key}\""));
            }
        }
        errors
    }

    pub fn apply(&self, document: &Value) -> Result<Value, PatchError> {
        let mut document = document.clone();
        let mut copied = 0;
        for operation in &self.0 {
            Step { operation, copied: &mut copied }.apply(&mut document).map_err(PatchError::Unprocessable)?;
        }
        Ok(document)
    }
}

fn word(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

struct Step<'a> {
    operation: &'a super::Object,
    copied: &'a mut usize,
}

impl Step<'_> {
    fn apply(self, document: &mut Value) -> Result<(), String> {
        let Some(Value::String(kind)) = self.operation.get("op") else {
            return Err("Unexpected kind: unknown".to_owned());
        };
        match kind.as_str() {
            "add" => self.add(document),
            "remove" => self.remove(document),
            "replace" => self.replace(document),
            "move" => self.shift(document),
            "test" => self.test(document),
            "copy" => self.copy(document),
            other => Err(format!("Unexpected kind: {other}")),
        }
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.operation.get(key).and_then(Value::as_str)
    }

    fn path(&self, kind: &str) -> Result<&str, String> {
        self.text("path").ok_or_else(|| {
            format!("{kind} operation failed to decode path: operation missing path field: missing value")
        })
    }

    fn from(&self, kind: &str) -> Result<&str, String> {
        self.text("from").ok_or_else(|| {
            format!("{kind} operation failed to decode from: operation, missing from field: missing value")
        })
    }

    fn value(&self) -> Value {
        self.operation.get("value").cloned().unwrap_or_default()
    }

    fn add(&self, document: &mut Value) -> Result<(), String> {
        let path = self.text("path").ok_or("add operation failed to decode path: missing value")?;
        let (place, key) = find(document, path)
            .ok_or_else(|| format!("add operation does not apply: doc is missing path: \"{path}\": missing value"))?;
        place.add(&key, self.value()).map_err(|error| format!("error in add for path: '{path}': {error}"))
    }

    fn remove(&self, document: &mut Value) -> Result<(), String> {
        let path = self.text("path").ok_or("remove operation failed to decode path: missing value")?;
        let (place, key) = find(document, path).ok_or_else(|| {
            format!("remove operation does not apply: doc is missing path: \"{path}\": missing value")
        })?;
        place.remove(&key).map(drop).map_err(|error| format!("error in remove for path: '{path}': {error}"))
    }

    fn replace(&self, document: &mut Value) -> Result<(), String> {
        let path = self.path("replace")?;
        if path.is_empty() {
            let value = self.value();
            if !value.is_object() && !value.is_array() {
                return Err("replace operation value must be object or array: %!w(<nil>)".to_owned());
            }
            *document = value;
            return Ok(());
        }
        let (mut place, key) = find(document, path)
            .ok_or_else(|| format!("replace operation does not apply: doc is missing path: {path}: missing value"))?;
        place
            .get(&key)
            .map_err(|_| format!("replace operation does not apply: doc is missing key: {path}: missing value"))?;
        place.set(&key, self.value());
        Ok(())
    }

    fn shift(&self, document: &mut Value) -> Result<(), String> {
        let from = self.from("move")?;
        let (place, key) = find(document, from)
            .ok_or_else(|| format!("move operation does not apply: doc is missing from path: {from}: missing value"))?;
        let value = place.remove(&key).map_err(|error| format!("error in move for path: '{key}': {error}"))?;
        let path = self.path("move")?;
        let (place, key) = find(document, path).ok_or_else(|| {
            format!("move operation does not apply: doc is missing destination path: {path}: missing value")
        })?;
        place.add(&key, value).map_err(|error| format!("error in move for path: '{path}': {error}"))
    }

    fn test(&self, document: &mut Value) -> Result<(), String> {
        let path = self.path("test")?;
        let expected = self.operation.get("value");
        let found = if path.is_empty() {
            Some(&*document)
        } else {
            let (place, key) = find(document, path)
                .ok_or_else(|| format!("test operation does not apply: is missing path: {path}: missing value"))?;
            place.into_value(&key).map_err(|error| format!("error in test for path: '{path}': {error}"))?
        };
        // What is not there is as good as null.
        match (found.unwrap_or(&Value::Null), expected.unwrap_or(&Value::Null)) {
            (found, expected) if found == expected => Ok(()),
            _ => Err(format!("testing value {path} failed: test failed")),
        }
    }

    fn copy(self, document: &mut Value) -> Result<(), String> {
        let from = self.from("copy")?;
        let (place, key) = find(document, from)
            .ok_or_else(|| format!("copy operation does not apply: doc is missing from path: {from}: missing value"))?;
        let value = place.into_value(&key).map_err(|error| format!("error in copy for from: '{from}': {error}"))?;
        let value = value.cloned().unwrap_or_default();
        let path = self.text("path").ok_or("copy operation failed to decode path: missing value")?;
        let (place, key) = find(document, path).ok_or_else(|| {
            format!("copy operation does not apply: doc is missing destination path: {path}: missing value")
        })?;
        *self.copied += if value.is_null() { 0 } else { value.to_string().len() };
        if *self.copied > MAX_COPIED_BYTES {
            return Err(format!(
                "Unable to complete the copy, the accumulated size increase of copy is {}, exceeding the limit \
                 {MAX_COPIED_BYTES}",
                self.copied
            ));
        }
        place.add(&key, value).map_err(|error| format!("error while adding value during copy: {error}"))
    }
}

/// What holds the place that a path leads to.
enum Place<'a> {
    Object(&'a mut super::Object),
    Array(&'a mut Vec<Value>),
}

/// The holder and the last part of a path. Whatever stands before the first slash is passed over, as upstream does.
fn find<'a>(document: &'a mut Value, path: &str) -> Option<(Place<'a>, String)> {
    let (_, rest) = path.split_once('/')?;
    let (parents, key) = rest.rsplit_once('/').map_or((None, rest), |(parents, key)| (Some(parents), key));
    let mut at = document;
    for part in parents.into_iter().flat_map(|parents| parents.split('/')) {
        let part = decode(part);
        at = match at {
            Value::Object(object) => object.get_mut(&part)?,
            Value::Array(items) => {
                let i = index(&part, items.len()).ok()?;
                &mut items[i]
            }
            _ => return None,
        };
    }
    let place = match at {
        Value::Object(object) => Place::Object(object),
        Value::Array(items) => Place::Array(items),
        _ => return None,
    };
    Some((place, decode(key)))
}

fn decode(part: &str) -> String {
    // One pass from the left: `~01` is `~1`.
    let mut out = String::with_capacity(part.len());
    let mut rest = part;
    while let Some(at) = rest.find('~') {
        out.push_str(&rest[..at]);
        let (c, length) = match rest.as_bytes().get(at + 1) {
            Some(b'0') => ('~', 2),
            Some(b'1') => ('/', 2),
            _ => ('~', 1),
        };
        out.push(c);
        rest = &rest[at + length..];
    }
    out + rest
}

impl<'a> Place<'a> {
    fn get(&mut self, key: &str) -> Result<Option<&Value>, String> {
        match self {
            Place::Object(object) => Ok(object.get(key)),
            Place::Array(items) => index(key, items.len()).map(|i| items.get(i)),
        }
    }

    fn into_value(self, key: &str) -> Result<Option<&'a Value>, String> {
        match self {
            Place::Object(object) => Ok(object.get(key)),
            Place::Array(items) => index(key, items.len()).map(|i| items.get(i)),
        }
    }

    /// Where `get` found no fault; a member that is not there is made.
    fn set(self, key: &str, value: Value) {
        match self {
            Place::Object(object) => {
                object.insert(key.to_owned(), value);
            }
            Place::Array(items) => {
                if let Ok(i) = index(key, items.len()) {
                    items[i] = value;
                }
            }
        }
    }

    fn add(self, key: &str, value: Value) -> Result<(), String> {
        match self {
            Place::Object(object) => {
                object.insert(key.to_owned(), value);
            }
            Place::Array(items) if key == "-" => items.push(value),
            Place::Array(items) => {
                let wrong = |error| format!("value was not a proper array index: '{key}': {error}");
                let n = number(key).map_err(wrong)?;
                items.insert(within(n, items.len() + 1)?, value);
            }
        }
        Ok(())
    }

    fn remove(self, key: &str) -> Result<Value, String> {
        match self {
            Place::Object(object) => {
                object.remove(key).ok_or_else(|| format!("Unable to remove nonexistent key: {key}: missing value"))
            }
            Place::Array(items) => index(key, items.len()).map(|i| items.remove(i)),
        }
    }
}

fn index(key: &str, length: usize) -> Result<usize, String> {
    within(number(key)?, length)
}

/// Numbers below zero count from the end.
fn within(n: i64, length: usize) -> Result<usize, String> {
    let at = if n < 0 { n.saturating_add_unsigned(length as u64) } else { n };
    usize::try_from(at)
        .ok()
        .filter(|at| *at < length)
        .ok_or_else(|| format!("Unable to access invalid index: {n}: invalid index referenced"))
}

fn number(key: &str) -> Result<i64, String> {
    let digits = key.strip_prefix(['+', '-']).unwrap_or(key);
    let quoted = crate::apimachinery::field_error::go_quote(key);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("strconv.Atoi: parsing {quoted}: invalid syntax"));
    }
    key.parse().map_err(|_| format!("strconv.Atoi: parsing {quoted}: value out of range"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(document: &str, patch: &str) -> Result<String, String> {
        let parse = |text: &str| serde_json::from_str::<Value>(text).expect("the case is JSON");
        let patch = JsonPatch::decode(&parse(patch)).map_err(|error| error.to_string())?;
        patch.apply(&parse(document)).map(|value| value.to_string()).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn gives(document: &str, patch: &str, expected: &str) {
        assert_eq!(run(document, patch).as_deref(), Ok(expected), "{patch}");
    }

    #[track_caller]
    fn fails(document: &str, patch: &str, expected: &str) {
        assert_eq!(run(document, patch), Err(expected.to_owned()), "{patch}");
    }

    #[test]
    fn operations_change_the_document() {
        gives(r#"{"a":1}"#, r#"[{"op":"add","path":"/b","value":[1]}]"#, r#"{"a":1,"b":[1]}"#);
        gives(r#"{"a":[1,3]}"#, r#"[{"op":"add","path":"/a/1","value":2}]"#, r#"{"a":[1,2,3]}"#);
        gives(r#"{"a":[1]}"#, r#"[{"op":"add","path":"/a/-","value":2}]"#, r#"{"a":[1,2]}"#);
        gives(r#"{"a":[1]}"#, r#"[{"op":"add","path":"/a/-1","value":2}]"#, r#"{"a":[1,2]}"#);
        gives(r#"{"a":{"b":1}}"#, r#"[{"op":"remove","path":"/a/b"}]"#, r#"{"a":{}}"#);
        gives(r#"{"a":[1,2]}"#, r#"[{"op":"remove","path":"/a/-1"}]"#, r#"{"a":[1]}"#);
        gives(r#"{"a":1}"#, r#"[{"op":"replace","path":"/a","value":{"b":2}}]"#, r#"{"a":{"b":2}}"#);
        gives(r#"{"a":1}"#, r#"[{"op":"move","from":"/a","path":"/b"}]"#, r#"{"b":1}"#);
        gives(r#"{"a":[1]}"#, r#"[{"op":"copy","from":"/a/0","path":"/b"}]"#, r#"{"a":[1],"b":1}"#);
        gives(r#"{"a/b":1,"c~d":2}"#, r#"[{"op":"remove","path":"/a~1b"},{"op":"remove","path":"/c~0d"}]"#, "{}");
        gives(r#"{"~1":1}"#, r#"[{"op":"remove","path":"/~01"}]"#, "{}");
        gives(r#"{"":1}"#, r#"[{"op":"remove","path":"/"}]"#, "{}");
        gives(r#"{"a":1}"#, r#"[{"op":"replace","path":"","value":{}}]"#, "{}");
        gives(r#"{"a":1}"#, r#"[{"op":"test","path":"/a","value":1},{"op":"test","path":"/b"}]"#, r#"{"a":1}"#);
        gives(r#"{"a":{"b":[1]}}"#, r#"[{"op":"test","path":"/a","value":{"b":[1]}}]"#, r#"{"a":{"b":[1]}}"#);
        gives(r#"{}"#, "[]", "{}");
    }

    #[test]
    fn upstreams_leniency_is_kept() {
        gives(r#"{"a":1}"#, r#"[{"op":"replace","path":"/b","value":2}]"#, r#"{"a":1,"b":2}"#);
        gives(r#"{"a":1}"#, r#"[{"op":"copy","from":"/b","path":"/c"}]"#, r#"{"a":1,"c":null}"#);
        gives(r#"{"a":1}"#, r#"[{"op":"add","path":"/b"}]"#, r#"{"a":1,"b":null}"#);
        gives(r#"{"a":1}"#, r#"[{"op":"remove","path":"x/a"}]"#, "{}");
    }

    #[test]
    fn failures_read_as_upstreams() {
        fails(
            r#"{"a":1}"#,
            r#"[{"op":"remove","path":"/b"}]"#,
            "error in remove for path: '/b': Unable to remove nonexistent key: b: missing value",
        );
        fails(
            r#"{"a":1}"#,
            r#"[{"op":"add","path":"/b/c","value":1}]"#,
            "add operation does not apply: doc is missing path: \"/b/c\": missing value",
        );
        fails(
            r#"{"a":null}"#,
            r#"[{"op":"remove","path":"/a/c"}]"#,
            "remove operation does not apply: doc is missing path: \"/a/c\": missing value",
        );
        fails(
            r#"{"a":[1]}"#,
            r#"[{"op":"add","path":"/a/3","value":1}]"#,
            "error in add for path: '/a/3': Unable to access invalid index: 3: invalid index referenced",
        );
        fails(
            r#"{"a":[1]}"#,
            r#"[{"op":"add","path":"/a/x","value":1}]"#,
            "error in add for path: '/a/x': value was not a proper array index: 'x': strconv.Atoi: parsing \"x\": \
             invalid syntax",
        );
        fails(
            r#"{"a":[1]}"#,
            r#"[{"op":"remove","path":"/a/1"}]"#,
            "error in remove for path: '/a/1': Unable to access invalid index: 1: invalid index referenced",
        );
        fails(
            r#"{"a":[1]}"#,
            r#"[{"op":"replace","path":"/a/1","value":2}]"#,
            "replace operation does not apply: doc is missing key: /a/1: missing value",
        );
        fails(
            r#"{"a":1}"#,
            r#"[{"op":"replace","path":"/b/c","value":2}]"#,
            "replace operation does not apply: doc is missing path: /b/c: missing value",
        );
        fails(
            r#"{"a":1}"#,
            r#"[{"op":"replace","path":"","value":1}]"#,
            "replace operation value must be object or array: %!w(<nil>)",
        );
        fails(r#"{"a":1}"#, r#"[{"op":"test","path":"/a","value":2}]"#, "testing value /a failed: test failed");
        fails(r#"{"a":1}"#, r#"[{"op":"test","path":"","value":{}}]"#, "testing value  failed: test failed");
        fails(
            r#"{"a":1}"#,
            r#"[{"op":"test","path":"/b/c","value":2}]"#,
            "test operation does not apply: is missing path: /b/c: missing value",
        );
        fails(
            r#"{"a":[]}"#,
            r#"[{"op":"test","path":"/a/0","value":2}]"#,
            "error in test for path: '/a/0': Unable to access invalid index: 0: invalid index referenced",
        );
        fails(
            r#"{"a":1}"#,
            r#"[{"op":"move","from":"/b","path":"/c"}]"#,
            "error in move for path: 'b': Unable to remove nonexistent key: b: missing value",
        );
        fails(
            r#"{"a":1}"#,
            r#"[{"op":"move","path":"/c"}]"#,
            "move operation failed to decode from: operation, missing from field: missing value",
        );
        fails(
            r#"{"a":1}"#,
            r#"[{"op":"copy","from":"/a","path":"/b/c"}]"#,
            "copy operation does not apply: doc is missing destination path: /b/c: missing value",
        );
        fails(r#"{"a":1}"#, r#"[{"op":"add"}]"#, "add operation failed to decode path: missing value");
        fails(
            r#"{"a":1}"#,
            r#"[{"op":"test"}]"#,
            "test operation failed to decode path: operation missing path field: missing value",
        );
        fails(r#"{"a":1}"#, r#"[{"op":"Add","path":"/a"}]"#, "Unexpected kind: Add");
        fails(r#"{"a":1}"#, r#"[{"path":"/a"}]"#, "Unexpected kind: unknown");
        fails(r#"{"a":1}"#, "[null]", "Unexpected kind: unknown");
    }

    #[test]
    fn what_is_no_json_patch_is_refused() {
        let start = "error decoding patch: json: cannot unmarshal";
        fails("{}", "{}", &format!("{start} object into Go value of type []handlers.jsonPatchOp"));
        fails("{}", "[1]", &format!("{start} number into Go value of type handlers.jsonPatchOp"));
        fails("{}", r#"[{"op":1}]"#, &format!("{start} number into Go struct field jsonPatchOp.op of type string"));
        let patch = JsonPatch::decode(&serde_json::json!([{"op": "test", "path": "/a", "foo": 1}]));
        assert_eq!(patch.map(|p| p.strict_errors()), Ok(vec!["json patch unknown field \"[0].foo\"".to_owned()]));
        let many = Value::Array(vec![serde_json::json!({"op": "test", "path": "/a"}); 10_001]);
        assert_eq!(
            JsonPatch::decode(&many),
            Err(PatchError::TooLarge("The allowed maximum operations in a JSON patch is 10000, got 10001".to_owned()))
        );
    }

    #[test]
    fn copies_may_not_swell_without_bound() {
        let document = serde_json::json!({"a": "x".repeat(1_000_000)});
        let copy = |path: &str| serde_json::json!({"op": "copy", "from": "/a", "path": path});
        let patch =
            |paths: &[&str]| JsonPatch::decode(&paths.iter().map(|path| copy(path)).collect()).expect("it is one");
        assert!(patch(&["/b", "/c", "/d"]).apply(&document).is_ok());
        let patch = patch(&["/b", "/c", "/d", "/e"]);
        assert_eq!(
            patch.apply(&document),
            Err(PatchError::Unprocessable(
                "Unable to complete the copy, the accumulated size increase of copy is 4000008, exceeding the limit \
                 3145728"
                    .to_owned()
            ))
        );
    }
}

//! JSON merge patches (RFC 7386), and the three-way ones that `kubectl apply` makes for custom resources.
//!
//! Upstream: gopkg.in/evanphx/json-patch.v4/merge.go, staging/src/k8s.io/apimachinery/pkg/util/jsonmergepatch/patch.go
//! Differs: the search for conflicts between additions and deletions is left out, since there can be none.

use super::{Object, PatchError, go_map};
use crate::apimachinery::Value;

/// The document with the patch merged into it.
pub fn apply(document: Object, patch: Value) -> Result<Value, PatchError> {
    match patch {
        Value::Object(patch) => Ok(Value::Object(merge_object(document, patch))),
        Value::Array(mut items) => {
            items.iter_mut().for_each(prune);
            Ok(Value::Array(items))
        }
        _ => Err(PatchError::BadRequest("Invalid JSON Patch".to_owned())),
    }
}

fn merge_object(mut document: Object, patch: Object) -> Object {
    for (key, change) in patch {
        if change.is_null() {
            document.remove(&key);
            continue;
        }
        let merged = match (document.remove(&key), change) {
            (Some(Value::Object(old)), Value::Object(change)) => Value::Object(merge_object(old, change)),
            // Only here upstream does not look for nulls within.
            (Some(Value::Object(_)), change) => change,
            (_, mut change) => {
                prune(&mut change);
                change
            }
        };
        document.insert(key, merged);
    }
    document
}

/// Nulls of objects go; nulls of lists stay.
fn prune(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|_, value| !value.is_null());
            object.values_mut().for_each(prune);
        }
        Value::Array(items) => items.iter_mut().for_each(prune),
        _ => {}
    }
}

/// The patch that makes `modified` of `original`.
pub fn create(original: &Object, modified: &Object) -> Object {
    let mut patch = Object::new();
    for (key, new) in modified {
        match (original.get(key), new) {
            (Some(Value::Object(old)), Value::Object(new)) => {
                let inner = create(old, new);
                if !inner.is_empty() {
                    patch.insert(key.clone(), Value::Object(inner));
                }
            }
            (Some(old), new) if equal(old, new) => {}
            _ => {
                patch.insert(key.clone(), new.clone());
            }
        }
    }
    for key in original.keys().filter(|key| !modified.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    patch
}

/// Numbers are doubles here: 1 and 1.0 are equal.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

/// The patch that brings `current` what `modified` says and takes away what only `original` had.
///
/// Errors: upstream's sentence, where the patch would change what the object is.
pub fn create_three_way(original: &Object, modified: &Object, current: &Object) -> Result<Object, String> {
    let additions = filtered(create(current, modified), false);
    let deletions = filtered(create(original, modified), true);
    let patch = merge_object(deletions, additions);
    let renamed = patch.get("metadata").is_some_and(|metadata| metadata.get("name").is_some());
    if patch.contains_key("apiVersion") || patch.contains_key("kind") || renamed {
        return Err(format!("precondition failed for: {}", go_map(&patch)));
    }
    Ok(patch)
}

/// Only the nulls of a patch, or all but them.
fn filtered(patch: Object, nulls: bool) -> Object {
    let keep = |(key, value): (String, Value)| match value {
        Value::Null => nulls.then_some((key, Value::Null)),
        Value::Object(object) if object.is_empty() => (!nulls).then_some((key, Value::Object(object))),
        Value::Object(object) => {
            let inner = filtered(object, nulls);
            (!inner.is_empty()).then_some((key, Value::Object(inner)))
        }
        value => (!nulls).then_some((key, value)),
    };
    patch.into_iter().filter_map(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> Object {
        match value {
            Value::Object(object) => object,
            other => panic!("{other} is no object"),
        }
    }

    #[track_caller]
    fn merges(document: Value, patch: Value, expected: Value) {
        assert_eq!(apply(object(document), patch), Ok(expected));
    }

    #[track_caller]
    fn differs(original: Value, modified: Value, expected: Value) {
        let patch = create(&object(original.clone()), &object(modified.clone()));
        assert_eq!(Value::Object(patch.clone()), expected);
        assert_eq!(apply(object(original), Value::Object(patch)), Ok(modified));
    }

    #[track_caller]
    fn reconciles(original: Value, modified: Value, current: Value, expected: Value) {
        let patch = create_three_way(&object(original), &object(modified), &object(current));
        assert_eq!(patch.map(Value::Object), Ok(expected));
    }

    #[test]
    fn patches_are_merged() {
        merges(json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"}));
        merges(json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"}));
        merges(json!({"a": "b"}), json!({"a": null}), json!({}));
        merges(json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"}));
        merges(json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}}));
        merges(json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]}));
        merges(json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}}));
        merges(json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1}));
        merges(json!({}), json!({"a": [null, {"b": null}]}), json!({"a": [null, {}]}));
        merges(json!({"a": {}}), json!({"a": [{"b": null}]}), json!({"a": [{"b": null}]}));
        merges(json!({"a": 1}), json!([{"b": null}]), json!([{}]));
        assert_eq!(apply(Object::new(), json!(1)), Err(PatchError::BadRequest("Invalid JSON Patch".to_owned())));
    }

    #[test]
    fn differences_lead_from_one_to_the_other() {
        differs(
            json!({"a": 1, "b": {"c": 1, "d": 2}}),
            json!({"a": 1, "b": {"c": 2}}),
            json!({"b": {"c": 2, "d": null}}),
        );
        differs(json!({"a": [1, 2]}), json!({"a": [2, 1]}), json!({"a": [2, 1]}));
        differs(json!({"a": 1}), json!({"a": {"b": 1}}), json!({"a": {"b": 1}}));
        differs(json!({"a": {"b": 1}}), json!({}), json!({"a": null}));
        assert_eq!(create(&object(json!({"a": 1})), &object(json!({"a": 1.0}))), Object::new());
    }

    #[test]
    fn three_ways_meet() {
        reconciles(
            json!({"a": 1, "gone": 1}),
            json!({"a": 2, "new": {}}),
            json!({"a": 1, "gone": 1, "others": 1}),
            json!({"a": 2, "gone": null, "new": {}}),
        );
        reconciles(json!({"s": {"x": 1}}), json!({"s": {}}), json!({"s": {"x": 1, "y": 2}}), json!({"s": {"x": null}}));
        reconciles(json!({}), json!({"a": [1]}), json!({"a": [1, 2]}), json!({"a": [1]}));
        reconciles(json!({"a": 1}), json!({"a": 1}), json!({"a": 1, "b": 2}), json!({}));
        let renamed = json!({"kind": "B", "metadata": {"name": "x"}});
        let current = json!({"kind": "A", "metadata": {"name": "x"}});
        assert_eq!(
            create_three_way(&Object::new(), &object(renamed), &object(current)),
            Err("precondition failed for: map[kind:B]".to_owned())
        );
    }
}

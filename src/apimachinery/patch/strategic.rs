//! Strategic merge patches: merge patches that know which lists are merged item by item, and by what key.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go (StrategicMergeMapPatch, mergeMap),
//! staging/src/k8s.io/apimachinery/pkg/util/mergepatch/errors.go
//! Differs: members of an object are merged in order of their names, where upstream takes them as they come; a null in
//! a list is an error, where upstream panics.

use super::{FieldRule, Object, PatchError, PatchSchema, go_map, go_text};
use crate::apimachinery::Value;
use crate::apimachinery::field_error::go_quote;

mod diff;
mod list;

pub use diff::{create_three_way, create_two_way};
use list::{Kind, deduplicate, element_kind, find_by_key, key_of, normalize, partition, same_kind, split_deletions};

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList";
const SET_ORDER: &str = "$setElementOrder";

/// What the objects at hand are made of; None where nobody knows, and everything is merged by name.
type Schema<'a> = Option<&'a dyn PatchSchema>;

/// Whether a patch meets an object or another patch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Apply,
    /// Directives and nulls stay, for the result is a patch.
    Combine,
}

/// The object with the patch merged into it.
pub fn apply(object: Object, patch: Object, schema: &dyn PatchSchema) -> Result<Object, PatchError> {
    merge(object, patch, Some(schema), Mode::Apply)
}

fn merge(mut original: Object, mut patch: Object, schema: Schema, mode: Mode) -> Result<Object, PatchError> {
    if let Some(directive) = patch.get(DIRECTIVE) {
        return match directive.as_str() {
            Some("replace") => {
                patch.remove(DIRECTIVE);
                Ok(patch)
            }
            Some("delete") => Ok(Object::new()),
            _ => Err(unknown_directive(directive, &patch)),
        };
    }
    retain_keys(&mut original, &mut patch, mode)?;
    merge_ordered_lists(&mut original, &mut patch, schema, mode)?;
    for (key, change) in patch {
        let (key, is_deletion) = match key.strip_prefix(DELETE_FROM_LIST) {
            Some(_) if mode == Mode::Combine => {
                original.insert(key, change);
                continue;
            }
            Some(rest) => {
                let field = rest.strip_prefix('/');
                (field.ok_or_else(|| bad_format("primitive list"))?.to_owned(), true)
            }
            None => (key, false),
        };
        if change.is_null() {
            original.remove(&key);
            if mode == Mode::Apply {
                continue;
            }
        }
        let merged = match (original.remove(&key), change) {
            (None, _) if is_deletion => continue,
            (Some(old), change) if !same_kind(&old, &change) && is_deletion => Some(old),
            (Some(Value::Object(old)), Value::Object(change)) => {
                let rule = rule_of(schema, &key)?;
                if rule.is_some_and(|rule| rule.replace) {
                    Some(Value::Object(change))
                } else {
                    Some(Value::Object(merge(old, change, rule.and_then(|rule| rule.child), mode)?))
                }
            }
            (Some(Value::Array(old)), Value::Array(change)) => {
                let rule = list_rule_of(schema, &key)?;
                Some(Value::Array(merge_field(old, change, rule.as_ref(), is_deletion, mode)?.0))
            }
            (Some(old), change) if same_kind(&old, &change) => Some(change),
            (_, mut change) => {
                if mode == Mode::Apply {
                    discard_nulls(&mut change);
                }
                without_directives(change)
            }
        };
        if let Some(merged) = merged {
            original.insert(key, merged);
        }
    }
    Ok(original)
}

/// `$retainKeys`: members that it does not name are cleared.
fn retain_keys(original: &mut Object, patch: &mut Object, mode: Mode) -> Result<(), PatchError> {
    let Some(keys) = patch.remove(RETAIN_KEYS) else { return Ok(()) };
    if mode == Mode::Combine {
        match original.get(RETAIN_KEYS) {
            Some(own) if *own != keys => {
                let (own, keys) = (go_text(own), go_text(&keys));
                return Err(PatchError::Server(format!(
                    "{own} and {keys} are not deep equal: this may happen when calculating the 3-way diff patch"
                )));
            }
            Some(_) => {}
            None => {
                original.insert(RETAIN_KEYS.to_owned(), keys);
            }
        }
        return Ok(());
    }
    let Value::Array(keys) = keys else { return Err(bad_format("retainKeys")) };
    let is_kept = |key: &str| keys.iter().any(|kept| kept == key);
    let is_directive = |key: &str| key.starts_with(DELETE_FROM_LIST) || key.starts_with(SET_ORDER);
    if patch.iter().any(|(key, value)| !value.is_null() && !is_directive(key) && !is_kept(key)) {
        return Err(bad_format("retainKeys"));
    }
    original.retain(|key, _| is_kept(key));
    Ok(())
}

/// `$setElementOrder/…`: the list and its patch are merged and put into that order, and leave the patch.
fn merge_ordered_lists(
    original: &mut Object,
    patch: &mut Object,
    schema: Schema,
    mode: Mode,
) -> Result<(), PatchError> {
    let directives: Vec<String> = patch.keys().filter(|key| key.starts_with(SET_ORDER)).cloned().collect();
    for directive in directives {
        let Some(order) = patch.remove(&directive) else { continue };
        if mode == Mode::Combine {
            match original.get(&directive) {
                Some(own) if *own != order => return Err(bad_format("setElementOrder list")),
                Some(_) => {}
                None => {
                    original.insert(directive.clone(), order.clone());
                }
            }
        }
        let order = list_of(order)?;
        let key = directive
            .strip_prefix(SET_ORDER)
            .and_then(|rest| rest.strip_prefix('/'))
            .ok_or_else(|| bad_format("setElementOrder list"))?;
        let old = original.get(key).cloned().map(list_of).transpose()?;
        let change = patch.get(key).cloned().map(list_of).transpose()?;
        let rule = list_rule_of(schema, key)?;
        let merge_key = rule.map_or("", |rule| rule.merge_key);
        check_order(change.as_deref().unwrap_or_default(), &order, merge_key)?;
        let kind = |old: &[Value], change: &[Value]| element_kind(&[old, change]);
        let (merged, kind, old) = match (old, change) {
            (None, None) => continue,
            (Some(old), None) => (old.clone(), kind(&old, &[])?, old),
            (None, Some(change)) => {
                let kind = kind(&[], &change);
                (change.into_iter().filter_map(without_directives).collect(), kind?, Vec::new())
            }
            (Some(old), Some(change)) => {
                let kind = kind(&old, &change);
                let (merged, old) = merge_field(old, change, rule.as_ref(), false, mode)?;
                (merged, kind?, old)
            }
        };
        let (in_patch, server_only) = partition(merged, &order, merge_key)?;
        let merged = normalize(in_patch, server_only, &order, &old, merge_key, kind)?;
        original.insert(key.to_owned(), Value::Array(merged));
        patch.remove(key);
    }
    Ok(())
}

/// The patch's items must stand in the order that goes with them; what it deletes may stand anywhere.
fn check_order(patch: &[Value], order: &[Value], merge_key: &str) -> Result<(), PatchError> {
    if patch.is_empty() || order.is_empty() {
        return Ok(());
    }
    let kept = match merge_key {
        "" => patch.to_vec(),
        _ => split_deletions(patch.to_vec())?.0,
    };
    let mut kept_at = 0;
    let mut order_at = 0;
    while let (Some(item), Some(place)) = (kept.get(kept_at), order.get(order_at)) {
        if item.get(DIRECTIVE).is_some() {
            kept_at += 1;
            continue;
        }
        let equal = match merge_key {
            "" => item == place,
            _ => key_of(item, merge_key)? == key_of(place, merge_key)?,
        };
        kept_at += usize::from(equal);
        order_at += 1;
    }
    if kept_at == kept.len() {
        return Ok(());
    }
    let text = |list: &[Value]| go_text(&Value::Array(list.to_vec()));
    let (patch, order) = (text(patch), text(order));
    Err(PatchError::Server(format!("The order in patch list:\n{patch}\n doesn't match {SET_ORDER} list:\n{order}\n")))
}

/// A list and its patch, as the field's strategy has it; also the order that the server's items count by afterwards.
fn merge_field(
    original: Vec<Value>,
    patch: Vec<Value>,
    rule: Option<&FieldRule>,
    is_deletion: bool,
    mode: Mode,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    if !is_deletion && !rule.is_some_and(|rule| rule.merge) {
        return Ok((patch, original));
    }
    let merge_key = rule.map_or("", |rule| rule.merge_key);
    let child = rule.and_then(|rule| rule.child);
    if original.is_empty() && patch.is_empty() {
        return Ok((original, Vec::new()));
    }
    let kind = element_kind(&[&original, &patch])?;
    if kind == Kind::Scalar {
        if mode == Mode::Apply && is_deletion {
            let kept = original.iter().filter(|item| !patch.contains(item)).cloned().collect();
            return Ok((kept, original));
        }
        let both = original.iter().chain(&patch).cloned().collect();
        let (in_patch, server_only) = partition(deduplicate(both), &patch, merge_key)?;
        return Ok((normalize(in_patch, server_only, &patch, &original, merge_key, kind)?, original));
    }
    if merge_key.is_empty() {
        return Err(PatchError::Server("cannot merge lists without merge key for struct".to_owned()));
    }
    let Obeyed { original, patch, mut slots } = obey_directives(original, patch, merge_key)?;
    let mut merged = original.clone();
    for change in &patch {
        let key = key_of(change, merge_key)?;
        match find_by_key(&merged, merge_key, key)? {
            Some(at) => {
                if let (Value::Object(old), Value::Object(change)) = (merged[at].take(), change) {
                    merged[at] = Value::Object(merge(old, change.clone(), child, mode)?);
                }
            }
            None => {
                if let Some(slot) = slots.get_mut(merged.len()) {
                    *slot = change.clone();
                }
                merged.push(change.clone());
            }
        }
    }
    let (in_patch, server_only) = partition(merged, &patch, merge_key)?;
    Ok((normalize(in_patch, server_only, &patch, &original, merge_key, kind)?, slots))
}

struct Obeyed {
    original: Vec<Value>,
    patch: Vec<Value>,
    /// What Go's array holds under the original slice: a deletion frees a slot at its end, which the next new item
    /// takes, and by which upstream then orders it.
    slots: Vec<Value>,
}

/// `$patch` within the items of a list's patch: deletions are made, and a replacement takes the list's place.
fn obey_directives(mut original: Vec<Value>, patch: Vec<Value>, merge_key: &str) -> Result<Obeyed, PatchError> {
    let (mut kept, mut is_replacement) = (Vec::new(), false);
    let mut slots = original.clone();
    for item in patch {
        let Some(directive) = item.get(DIRECTIVE) else {
            kept.push(item);
            continue;
        };
        match directive.as_str() {
            Some("delete") => {
                let key = key_of(&item, merge_key)?;
                while let Some(at) = find_by_key(&original, merge_key, key)? {
                    original.remove(at);
                    slots[at..original.len()].clone_from_slice(&original[at..]);
                }
            }
            Some("replace") => is_replacement = true,
            Some("merge") => {
                return Err(PatchError::Server("merging lists cannot yet be specified in the patch".to_owned()));
            }
            _ => return Err(unknown_directive(directive, item.as_object().unwrap_or(&Object::new()))),
        }
    }
    Ok(match is_replacement {
        true => Obeyed { original: kept, patch: Vec::new(), slots },
        false => Obeyed { original, patch: kept, slots },
    })
}

/// What is left of a value that takes a place of its own; None where it was only a directive.
fn without_directives(value: Value) -> Option<Value> {
    match value {
        Value::Object(object) if object.contains_key(DIRECTIVE) => None,
        Value::Object(object) => {
            let members = object.into_iter().filter_map(|(key, value)| Some((key, without_directives(value)?)));
            Some(Value::Object(members.collect()))
        }
        Value::Array(items) => Some(Value::Array(items.into_iter().filter_map(without_directives).collect())),
        value => Some(value),
    }
}

fn discard_nulls(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|_, value| !value.is_null());
            object.values_mut().for_each(discard_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(discard_nulls),
        _ => {}
    }
}

fn rule_of(schema: Schema, key: &str) -> Result<Option<FieldRule>, PatchError> {
    let Some(schema) = schema else { return Ok(None) };
    schema.field(key).map(Some).ok_or_else(|| {
        let (name, key) = (schema.name(), go_quote(key));
        PatchError::Server(format!("unable to find api field in struct {name} for the json field {key}"))
    })
}

fn list_rule_of(schema: Schema, key: &str) -> Result<Option<FieldRule>, PatchError> {
    match rule_of(schema, key)? {
        Some(rule) if !rule.is_list => {
            Err(PatchError::Server("expected slice or array type, but got: struct".to_owned()))
        }
        rule => Ok(rule),
    }
}

fn list_of(value: Value) -> Result<Vec<Value>, PatchError> {
    match value {
        Value::Array(items) => Ok(items),
        other => Err(bad_type("[]interface {}", &other)),
    }
}

fn bad_format(what: &str) -> PatchError {
    PatchError::BadRequest(format!("invalid patch format of {what}"))
}

fn unknown_directive(directive: &Value, patch: &Object) -> PatchError {
    let directive = match directive {
        Value::String(text) => text.clone(),
        Value::Null => "%!s(<nil>)".to_owned(),
        other => format!("%!s({}={})", list::go_type(other), go_text(other)),
    };
    PatchError::Server(format!("unknown patch type: {directive} in map: {}", go_map(patch)))
}

fn bad_type(expected: &str, found: &Value) -> PatchError {
    PatchError::Server(format!("expected a {expected}, but received a {}", list::go_type(found)))
}

#[cfg(test)]
mod tests;

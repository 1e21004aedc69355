//! The strategic merge patch that leads from one object to another, and the three-way one of `kubectl apply`.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go (CreateTwoWayMergePatch,
//! CreateThreeWayMergePatch, diffMaps, diffLists)
//! Differs: there is no `overwrite: false`, which would look for conflicts.

use super::list::{Kind, element_kind, key_of, sorted};
use super::{DELETE_FROM_LIST, DIRECTIVE, Mode, RETAIN_KEYS, SET_ORDER, Schema, list_rule_of, merge, rule_of};
use crate::apimachinery::patch::{FieldRule, Object, PatchError, PatchSchema, go_text};
use crate::apimachinery::{Arrange, Value};
use std::cmp::Ordering;

/// Which differences go into the patch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    ChangesAndAdditions,
    Deletions,
}

impl Part {
    fn has_changes(self) -> bool {
        self != Part::Deletions
    }

    fn has_deletions(self) -> bool {
        self != Part::ChangesAndAdditions
    }
}

/// The patch that makes `modified` of `original`.
pub fn create_two_way(original: &Object, modified: &Object, schema: &dyn PatchSchema) -> Result<Object, PatchError> {
    diff(original, modified, Some(schema), Part::All, false)
}

/// The patch that brings `current` what `modified` says and takes away what only `original` had.
pub fn create_three_way(
    original: &Object,
    modified: &Object,
    current: &Object,
    schema: &dyn PatchSchema,
) -> Result<Object, PatchError> {
    let additions = diff(current, modified, Some(schema), Part::ChangesAndAdditions, false)?;
    let deletions = diff(original, modified, Some(schema), Part::Deletions, false)?;
    merge(deletions, additions, Some(schema), Mode::Combine)
}

fn diff(
    original: &Object,
    modified: &Object,
    schema: Schema,
    part: Part,
    retains_keys: bool,
) -> Result<Object, PatchError> {
    let mut patch = Object::new();
    for (key, new) in modified {
        let Some(old) = original.get(key) else {
            if part.has_changes() {
                patch.insert(key.clone(), new.clone());
            }
            continue;
        };
        match (old, new) {
            _ if key == DIRECTIVE => {
                let (Value::String(_), Value::String(_)) = (old, new) else {
                    return Err(PatchError::Server(format!("invalid value for special key: {DIRECTIVE}")));
                };
                if old != new {
                    patch.insert(key.clone(), new.clone());
                }
            }
            (Value::Object(old), Value::Object(new)) => diff_member(key, old, new, &mut patch, schema, part)?,
            (Value::Array(old), Value::Array(new)) => diff_list(key, old, new, &mut patch, schema, part)?,
            _ if part.has_changes() && old != new => {
                patch.insert(key.clone(), new.clone());
            }
            _ => {}
        }
    }
    if part.has_deletions() {
        for key in original.keys().filter(|key| !modified.contains_key(*key)) {
            patch.insert(key.clone(), Value::Null);
        }
    }
    if retains_keys {
        let kept: Vec<&String> = modified.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| key).collect();
        let loses = original.iter().any(|(key, value)| !value.is_null() && !modified.contains_key(key));
        if !kept.is_empty() && (!patch.is_empty() || loses) {
            patch.insert(RETAIN_KEYS.to_owned(), kept.into_iter().cloned().collect());
        }
    }
    Ok(patch)
}

fn diff_member(
    key: &str,
    old: &Object,
    new: &Object,
    patch: &mut Object,
    schema: Schema,
    part: Part,
) -> Result<(), PatchError> {
    let rule = match rule_of(schema, key) {
        // Of what nobody knows only a difference matters.
        Err(_) if old == new => return Ok(()),
        rule => rule?,
    };
    if rule.is_some_and(|rule| rule.replace) {
        if part.has_changes() {
            patch.insert(key.to_owned(), Value::Object(new.clone()));
        }
        return Ok(());
    }
    let inner = diff(old, new, rule.and_then(|rule| rule.child), part, rule.is_some_and(|rule| rule.retain_keys))?;
    if !inner.is_empty() {
        patch.insert(key.to_owned(), Value::Object(inner));
    }
    Ok(())
}

fn diff_list(
    key: &str,
    old: &[Value],
    new: &[Value],
    patch: &mut Object,
    schema: Schema,
    part: Part,
) -> Result<(), PatchError> {
    let rule = match list_rule_of(schema, key) {
        Err(_) if old == new => return Ok(()),
        rule => rule?,
    };
    let Some(rule) = rule.filter(|rule| rule.merge) else {
        if part.has_changes() && old != new {
            patch.insert(key.to_owned(), Value::Array(new.to_vec()));
        }
        return Ok(());
    };
    let ListDiff { items, deletions, order } = diff_merged_list(old, new, &rule, part)?;
    for (key, list) in [
        (key.to_owned(), items),
        (format!("{DELETE_FROM_LIST}/{key}"), deletions),
        (format!("{SET_ORDER}/{key}"), order),
    ] {
        if !list.is_empty() {
            patch.insert(key, Value::Array(list));
        }
    }
    Ok(())
}

#[derive(Default)]
struct ListDiff {
    items: Vec<Value>,
    /// Plain values only; objects are deleted by a directive among the items.
    deletions: Vec<Value>,
    order: Vec<Value>,
}

fn diff_merged_list(old: &[Value], new: &[Value], rule: &FieldRule, part: Part) -> Result<ListDiff, PatchError> {
    if old.is_empty() {
        let items = if part.has_changes() { new.to_vec() } else { Vec::new() };
        return Ok(ListDiff { items, ..ListDiff::default() });
    }
    if element_kind(&[old, new])? == Kind::Scalar {
        let (additions, deletions) = diff_scalars(old, new, part);
        let items = sorted(additions, new, "", Kind::Scalar)?;
        // Upstream has sorted the old list in its place by now, so that an unsorted one always differs.
        let differs = by_text(old).map(|(_, item)| item).ne(new.iter().cloned());
        let is_ordered = part.has_deletions() && !deletions.is_empty() || part.has_changes() && differs;
        let order = if is_ordered { new.to_vec() } else { Vec::new() };
        return Ok(ListDiff { items, deletions, order });
    }
    let merge_key = rule.merge_key;
    let (items, deletions) = diff_objects(old, new, rule, part)?;
    let mut items = sorted(items, new, merge_key, Kind::Object)?;
    items.extend(deletions);
    let keys = |list: &[Value]| list.iter().map(|item| key_of(item, merge_key).cloned()).collect::<Result<Vec<_>, _>>();
    let is_same_order = old.len() == new.len() && keys(old)? == keys(new)?;
    let is_ordered =
        part.has_changes() && (!items.is_empty() || !is_same_order) || part.has_deletions() && !items.is_empty();
    let mut order = Vec::new();
    if is_ordered {
        for key in keys(new)? {
            order.push(Value::Object(Object::from_iter([(merge_key.to_owned(), key)])));
        }
    }
    Ok(ListDiff { items, deletions: Vec::new(), order })
}

/// Additions and deletions of plain values, which are matched by their text.
fn diff_scalars(old: &[Value], new: &[Value], part: Part) -> (Vec<Value>, Vec<Value>) {
    let (mut old, mut new) = (by_text(old).peekable(), by_text(new).peekable());
    let (mut additions, mut deletions) = (Vec::new(), Vec::new());
    while let Some(order) = which_is_next(old.peek().map(|(text, _)| text), new.peek().map(|(text, _)| text)) {
        let gone = if order.is_le() { old.next() } else { None };
        let come = if order.is_ge() { new.next() } else { None };
        match (gone, come) {
            (Some((_, item)), None) if part.has_deletions() => deletions.push(item),
            (None, Some((_, item))) if part.has_changes() => additions.push(item),
            _ => {}
        }
    }
    (additions, super::deduplicate(deletions))
}

fn by_text(list: &[Value]) -> impl Iterator<Item = (String, Value)> {
    let mut list: Vec<(String, Value)> = list.iter().map(|item| (go_text(item), item.clone())).collect();
    list.arrange_by(|(a, _), (b, _)| a.cmp(b));
    list.into_iter()
}

/// Changed and new objects, and directives that delete.
fn diff_objects(
    old: &[Value],
    new: &[Value],
    rule: &FieldRule,
    part: Part,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let merge_key = rule.merge_key;
    let by_key = |list: &[Value]| {
        let mut keyed = Vec::new();
        for item in list {
            let key = key_of(item, merge_key)?.clone();
            let Value::Object(object) = item else { return Err(super::bad_type("map[string]interface {}", item)) };
            keyed.push((go_text(&key), key, object.clone()));
        }
        keyed.arrange_by(|(a, ..), (b, ..)| a.cmp(b));
        Ok(keyed.into_iter().peekable())
    };
    let (mut old, mut new) = (by_key(old)?, by_key(new)?);
    let (mut items, mut deletions) = (Vec::new(), Vec::new());
    while let Some(order) = which_is_next(old.peek().map(|(text, ..)| text), new.peek().map(|(text, ..)| text)) {
        let gone = if order.is_le() { old.next() } else { None };
        let come = if order.is_ge() { new.next() } else { None };
        match (gone, come) {
            (Some((_, _, old)), Some((_, key, new))) => {
                let mut inner = diff(&old, &new, rule.child, part, rule.retain_keys)?;
                if !inner.is_empty() {
                    inner.insert(merge_key.to_owned(), key);
                    items.push(Value::Object(inner));
                }
            }
            (Some((_, key, _)), None) if part.has_deletions() => {
                let directive = [(merge_key.to_owned(), key), (DIRECTIVE.to_owned(), "delete".into())];
                deletions.push(Value::Object(Object::from_iter(directive)));
            }
            (None, Some((_, _, new))) if part.has_changes() => items.push(Value::Object(new)),
            _ => {}
        }
    }
    Ok((items, deletions))
}

/// Of two sorted lists: less, where the first one's item has no equal in the second.
fn which_is_next(old: Option<&String>, new: Option<&String>) -> Option<Ordering> {
    match (old, new) {
        (None, None) => None,
        (Some(_), None) => Some(Ordering::Less),
        (None, Some(_)) => Some(Ordering::Greater),
        (Some(old), Some(new)) => Some(old.cmp(new)),
    }
}

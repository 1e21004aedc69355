//! Lists of strategic merge patches: what they are lists of, what tells their items apart, and in what order they end up.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go (normalizeElementOrder, mergeSortedSlice,
//! sliceElementType)
//! Differs: nothing known.

use super::{DIRECTIVE, bad_type};
use crate::apimachinery::Value;
use crate::apimachinery::patch::{PatchError, go_map, go_text};

/// What a list is a list of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Scalar,
}

/// Go's name for what the decoder makes of a value.
pub(super) fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        Value::Bool(_) => "bool",
        Value::Number(n) if n.is_i64() => "int64",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

pub(super) fn same_kind(a: &Value, b: &Value) -> bool {
    go_type(a) == go_type(b)
}

/// What these lists are lists of, all together.
pub(super) fn element_kind(lists: &[&[Value]]) -> Result<Kind, PatchError> {
    let mut items = lists.iter().flat_map(|list| list.iter());
    let Some(first) = items.next() else {
        return Err(PatchError::Server("no elements in any of the given slices".to_owned()));
    };
    if first.is_array() {
        return Err(PatchError::Unprocessable("lists of lists are not supported".to_owned()));
    }
    if first.is_null() || items.any(|item| !same_kind(first, item)) {
        let lists = lists.iter().map(|list| Value::Array(list.to_vec())).collect();
        return Err(PatchError::Server(format!(
            "list element types are not identical: {}",
            go_text(&Value::Array(lists))
        )));
    }
    Ok(if first.is_object() { Kind::Object } else { Kind::Scalar })
}

/// What tells an object of a list apart.
pub(super) fn key_of<'a>(item: &'a Value, merge_key: &str) -> Result<&'a Value, PatchError> {
    let Value::Object(object) = item else { return Err(bad_type("map[string]interface {}", item)) };
    object.get(merge_key).ok_or_else(|| {
        PatchError::Server(format!("map: {} does not contain declared merge key: {merge_key}", go_map(object)))
    })
}

pub(super) fn find_by_key(list: &[Value], merge_key: &str, key: &Value) -> Result<Option<usize>, PatchError> {
    for (i, item) in list.iter().enumerate() {
        match item {
            Value::Object(object) if object.get(merge_key) == Some(key) => return Ok(Some(i)),
            Value::Object(_) => {}
            _ => return Err(PatchError::Server(format!("value for key {i} is not a map"))),
        }
    }
    Ok(None)
}

/// The objects that stay and those that are only there to be deleted.
pub(super) fn split_deletions(list: Vec<Value>) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    if let Some(item) = list.iter().find(|item| !item.is_object()) {
        return Err(bad_type("map[string]interface {}", item));
    }
    Ok(list.into_iter().partition(|item| item.get(DIRECTIVE).is_none_or(|directive| directive != "delete")))
}

/// The items that `by` has too, and those that it has not.
pub(super) fn partition(
    list: Vec<Value>,
    by: &[Value],
    merge_key: &str,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let (mut present, mut absent) = (Vec::new(), Vec::new());
    for item in list {
        let found = match merge_key {
            "" => by.contains(&item),
            _ => find_by_key(by, merge_key, key_of(&item, merge_key)?)?.is_some(),
        };
        if found { present.push(item) } else { absent.push(item) }
    }
    Ok((present, absent))
}

/// One list of both: each part in its own order, and the server's items where they stood among the others.
pub(super) fn normalize(
    patch: Vec<Value>,
    server_only: Vec<Value>,
    patch_order: &[Value],
    server_order: &[Value],
    merge_key: &str,
    kind: Kind,
) -> Result<Vec<Value>, PatchError> {
    let patch = sorted(patch, patch_order, merge_key, kind)?;
    let server_only = sorted(server_only, server_order, merge_key, kind)?;
    let ranked = |list: Vec<Value>| {
        let ranks: Vec<Option<usize>> = list.iter().map(|item| rank(server_order, item, merge_key, kind)).collect();
        list.into_iter().zip(ranks).peekable()
    };
    let (mut left, mut right) = (ranked(server_only), ranked(patch));
    let mut all = Vec::new();
    loop {
        let takes_left = match (left.peek(), right.peek()) {
            (None, None) => return Ok(all),
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some((_, l)), Some((_, r))) => l.is_some() && r.is_some() && l < r,
        };
        let next = if takes_left { left.next() } else { right.next() };
        all.extend(next.map(|(item, _)| item));
    }
}

/// In the order given; deletions go last.
pub(super) fn sorted(
    mut list: Vec<Value>,
    order: &[Value],
    merge_key: &str,
    kind: Kind,
) -> Result<Vec<Value>, PatchError> {
    let mut deletions = Vec::new();
    if kind == Kind::Object {
        for item in list.iter().chain(order) {
            key_of(item, merge_key)?;
        }
        (list, deletions) = split_deletions(list)?;
    }
    let mut ranked: Vec<(Option<usize>, Value)> =
        list.into_iter().map(|item| (rank(order, &item, merge_key, kind), item)).collect();
    // Upstream takes what has no place for less than anything, whichever side it stands on, so that each such item
    // wanders to the front in its turn.
    for i in 1..ranked.len() {
        let mut j = i;
        while j > 0 && ranked[j].0.zip(ranked[j - 1].0).is_none_or(|(a, b)| a < b) {
            ranked.swap(j, j - 1);
            j -= 1;
        }
    }
    Ok(ranked.into_iter().map(|(_, item)| item).chain(deletions).collect())
}

fn rank(order: &[Value], item: &Value, merge_key: &str, kind: Kind) -> Option<usize> {
    match kind {
        Kind::Object => order.iter().position(|other| other.get(merge_key) == item.get(merge_key)),
        Kind::Scalar => order.iter().position(|other| other == item),
    }
}

/// Each item once. What stands last fills the gap, as upstream has it.
pub(super) fn deduplicate(mut list: Vec<Value>) -> Vec<Value> {
    let mut i = 0;
    while i < list.len() {
        let mut j = i + 1;
        while j < list.len() {
            if list[i] == list[j] {
                list.swap_remove(j);
            } else {
                j += 1;
            }
        }
        i += 1;
    }
    list
}

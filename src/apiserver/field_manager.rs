//! Who owns which field: `metadata.managedFields`.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/{fieldmanager,managedfieldsupdater,
//! stripmeta,capmanagers,skipnonapplied,buildmanagerinfo,managedfields}.go, structured-merge-diff/v6/merge/update.go
//! Differs: every kind has one version, so no set is ever converted.

mod apply;
mod memo;
mod reset;
mod sets;

pub use apply::{Applied, apply};
pub use sets::Sets;

use super::Sub;
use crate::api::Object;
use crate::apimachinery::time::Time;
use crate::apimachinery::{Arrange, FieldSet, List, ManagedFieldsEntry, Str};
use memo::Change;
use std::cmp::Ordering;

/// Of more updaters than this the oldest become one.
const MAX_UPDATERS: usize = 10;

/// Notes that `manager` wrote what differs between the two; without an older state, all of the new one.
///
/// An empty `manager` leaves the entries as they are: server-side apply has made them already.
pub fn update(sets: &mut Sets, old: Option<&Object>, new: &mut Object, manager: &str, sub: Sub, now: Time) {
    if manager.is_empty() {
        return;
    }
    let lived = old.map(|o| o.meta().managed_fields.clone()).unwrap_or_default();
    let given = &new.meta().managed_fields;
    let entries = if sub != Sub::None {
        lived.clone()
    } else if is_reset(given) {
        List::EMPTY
    } else if given.iter().all(|e| e.fields_v1.is_empty()) {
        lived.clone()
    } else {
        given.clone()
    };
    let tracked = match sub {
        // Upstream tracks the Scale object, whose only field is this one.
        Sub::Scale => entries.iter().any(|e| e.fields_v1.has_path(reset::REPLICAS)),
        _ => !entries.is_empty() || old.is_none(),
    };
    let entries = if tracked { updated(sets, old, new, entries, manager, sub, now) } else { entries };
    if !new.meta().managed_fields.ptr_eq(&entries) {
        new.meta_mut().managed_fields = entries;
    }
}

fn is_reset(given: &List<ManagedFieldsEntry>) -> bool {
    given.len() == 1 && given[0] == ManagedFieldsEntry::default()
}

fn updated(
    sets: &mut Sets,
    old: Option<&Object>,
    new: &Object,
    mut entries: List<ManagedFieldsEntry>,
    manager: &str,
    sub: Sub,
    now: Time,
) -> List<ManagedFieldsEntry> {
    let kind = new.id();
    let name = sets.name(manager);
    let mut memo = std::mem::take(&mut sets.memo);
    let writer = (kind, sub, old.is_some(), name.clone());
    let found = memo.change(sets, old, new, &writer);
    let change = &found.change;
    let api_version = sets.api_version(kind);
    let mine = |e: &ManagedFieldsEntry| {
        e.manager == manager && e.operation == "Update" && e.subresource == sub.name() && e.api_version == api_version
    };
    let at = entries.iter().position(mine);
    let before: Vec<&FieldSet> = entries.iter().map(|e| &e.fields_v1).collect();
    let after = memo.applied(&writer, &found, &before, at).unwrap_or_else(|| {
        let after = owned_after(sets, change, &before, at);
        memo.note(&writer, &found, before.iter().copied().cloned().collect(), at, after.clone());
        after
    });
    sets.memo = memo;
    if entries.iter().zip(&after).any(|(e, set)| !e.fields_v1.ptr_eq(set)) {
        for (entry, set) in entries.make_mut().iter_mut().zip(after) {
            entry.fields_v1 = set;
        }
    }
    if !change.gained.is_empty() {
        match at {
            Some(at) if entries[at].time != Some(now) => entries.make_mut()[at].time = Some(now),
            Some(_) => {}
            None => entries.push(ManagedFieldsEntry {
                manager: name,
                operation: Str::literal("Update"),
                api_version,
                time: Some(now),
                fields_type: Str::literal("FieldsV1"),
                fields_v1: change.gained.clone(),
                subresource: Str::literal(sub.name()),
            }),
        }
    }
    entries.retain(|e| !e.fields_v1.is_empty());
    if entries.iter().filter(|e| e.operation == "Update").count() > MAX_UPDATERS {
        cap(entries.make_mut());
    }
    sort(&mut entries);
    entries
}

/// Who loses what, and what the writer's own entry, the one at `at`, gains.
fn owned_after(sets: &mut Sets, change: &Change, before: &[&FieldSet], at: Option<usize>) -> Vec<FieldSet> {
    let one = |(i, set): (usize, &&FieldSet)| {
        let own = Some(i) == at;
        let minus = if own { &change.removed } else { &change.taken };
        let mut left = (*set).clone();
        // Most writes take nothing from anybody.
        if left.intersects(minus) {
            left = sets.intern(&left.difference(minus));
        }
        if own {
            let all = left.union(&change.gained);
            left = if all.ptr_eq(&left) { left } else { sets.intern(&all) };
        }
        left
    };
    before.iter().enumerate().map(one).collect()
}

/// Upstream: managedfields.go (sortEncodedManagedFields).
pub(super) fn order(p: &ManagedFieldsEntry, q: &ManagedFieldsEntry) -> Ordering {
    let seconds = |e: &ManagedFieldsEntry| e.time.map_or(0, Time::unix);
    p.operation
        .cmp(&q.operation)
        .then_with(|| seconds(p).cmp(&seconds(q)))
        .then_with(|| p.manager.cmp(&q.manager))
        .then_with(|| p.api_version.cmp(&q.api_version))
        .then_with(|| p.subresource.cmp(&q.subresource))
}

pub(super) fn sort(entries: &mut List<ManagedFieldsEntry>) {
    if !entries.is_sorted_by(|a, b| order(a, b).is_le()) {
        entries.make_mut().arrange_by(order);
    }
}

/// Merges the oldest updates of a version into one of `ancient-changes`.
fn cap(entries: &mut Vec<ManagedFieldsEntry>) {
    let mut updates: Vec<ManagedFieldsEntry> = entries.extract_if(.., |e| e.operation == "Update").collect();
    updates.arrange_by(order);
    let mut count = updates.len();
    let mut kept: Vec<ManagedFieldsEntry> = Vec::new();
    for entry in updates {
        let bucket = kept.iter_mut().find(|k| k.api_version == entry.api_version);
        match bucket {
            Some(bucket) if count > MAX_UPDATERS => {
                bucket.manager = Str::literal("ancient-changes");
                bucket.subresource = Str::EMPTY;
                bucket.fields_v1 = bucket.fields_v1.union(&entry.fields_v1);
                bucket.time = entry.time;
                count -= 1;
            }
            _ => kept.push(entry),
        }
    }
    entries.extend(kept);
}

/// Takes the older times where nothing but times differs: such a write is none.
/// Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/fieldmanager/equality.go
pub fn keep_times(old: &Object, new: &mut Object) {
    let (was, is) = (&old.meta().managed_fields, &new.meta().managed_fields);
    let alike = |a: &ManagedFieldsEntry, b: &ManagedFieldsEntry| {
        a.fields_v1 == b.fields_v1
            && a.manager == b.manager
            && a.operation == b.operation
            && a.subresource == b.subresource
            && a.api_version == b.api_version
    };
    if was.ptr_eq(is) || was.len() != is.len() || !was.iter().all(|a| is.iter().any(|b| alike(a, b))) {
        return;
    }
    let (was, is) = (was.clone(), is.clone());
    new.meta_mut().managed_fields = was;
    if new != old {
        new.meta_mut().managed_fields = is;
    }
}

/// The fields that an entry owns; for tests and tools.
pub fn owned_by<'a>(object: &'a Object, manager: &str) -> Option<&'a FieldSet> {
    object.meta().managed_fields.iter().find(|e| e.manager == manager).map(|e| &e.fields_v1)
}

#[cfg(test)]
mod tests;

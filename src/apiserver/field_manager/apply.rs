//! Server-side apply: a configuration laid over the live object, and what its manager then owns.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/{structuredmerge,conflict,
//! lastappliedmanager,lastappliedupdater,skipnonapplied,versioncheck}.go, structured-merge-diff/v6/merge/update.go
//! Differs: every kind has one version, so nothing is converted.

use super::{Sets, reset, sort};
use crate::api::{KindId, Object};
use crate::apimachinery::status::{Cause, Details};
use crate::apimachinery::time::Time;
use crate::apimachinery::typed::Typed;
use crate::apimachinery::value::parse_json;
use crate::apimachinery::{Arrange, Decoder, FieldSet, List, ManagedFieldsEntry, Status, Str, Value};
use crate::apiserver::Sub;

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Who applies what, and how.
pub struct Applied<'a> {
    pub kind: KindId,
    pub sub: Sub,
    /// With `apiVersion` and `kind`.
    pub patch: &'a Value,
    pub manager: &'a str,
    pub force: bool,
    pub now: Time,
}

/// The fields in which two managers disagree.
type Conflicts = Vec<(ManagedFieldsEntry, FieldSet)>;

enum Refused {
    Conflicts(Conflicts),
    Status(Status),
}

impl From<Status> for Refused {
    fn from(e: Status) -> Self {
        Refused::Status(e)
    }
}

/// The object as it shall be, its managed fields with it; defaults are the registry's business. Where nothing is live,
/// the object is new.
pub fn apply(sets: &mut Sets, live: Option<&Object>, a: &Applied) -> Result<Object, Status> {
    check(a)?;
    let done = match attempt(sets, live, a, a.force) {
        Err(Refused::Conflicts(found)) if a.manager == "kubectl" => {
            // What kubectl's own client-side apply wrote is kubectl's to change.
            match live.and_then(|live| last_applied_set(live, a)) {
                None => Err(Refused::Conflicts(found)),
                Some(own) => {
                    let left: Conflicts = found
                        .into_iter()
                        .map(|(who, fields)| (who, fields.difference(&own)))
                        .filter(|(_, fields)| !fields.is_empty())
                        .collect();
                    if left.is_empty() { attempt(sets, live, a, true) } else { Err(Refused::Conflicts(left)) }
                }
            }
        }
        done => done,
    };
    let mut object = done.map_err(|e| match e {
        Refused::Status(e) => e,
        Refused::Conflicts(found) => refusal(&found, a.sub),
    })?;
    if a.manager == "kubectl" && object.meta().annotations.get(LAST_APPLIED).is_some_and(|text| !text.is_empty()) {
        let text = last_applied_text(a.patch);
        object.meta_mut().annotations.insert(Str::literal(LAST_APPLIED), Str::from(text));
    }
    Ok(object)
}

fn check(a: &Applied) -> Result<(), Status> {
    let info = a.kind.info();
    let text = |name: &str| a.patch.get(name).and_then(Value::as_str).unwrap_or_default();
    let version = text("apiVersion");
    if version != info.api_version() || text("kind") != info.kind {
        let group = if version.contains('/') { "" } else { "/" };
        return Err(Status::bad_request(format!("invalid object type: {group}{version}, Kind={}", text("kind"))));
    }
    if a.patch.pointer("/metadata/managedFields").is_some_and(|v| !v.is_null()) {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    Ok(())
}

/// `default/web; apps/v1, Kind=Deployment`.
fn called(a: &Applied) -> String {
    let text = |name: &str| a.patch.pointer(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let info = a.kind.info();
    let version = if info.group.is_empty() { format!("/{}", info.version) } else { info.api_version() };
    format!("{}/{}; {version}, Kind={}", text("/metadata/namespace"), text("/metadata/name"), info.kind)
}

/// Without what no field set speaks of.
fn bare(tree: &Value) -> Value {
    let mut tree = tree.clone();
    if let Value::Object(map) = &mut tree {
        map.remove("apiVersion");
        map.remove("kind");
        if let Some(Value::Object(meta)) = map.get_mut("metadata") {
            meta.remove("managedFields");
        }
    }
    tree
}

fn attempt(sets: &mut Sets, live: Option<&Object>, a: &Applied, force: bool) -> Result<Object, Refused> {
    let typed = Typed::root(a.kind.schema());
    let config = bare(a.patch);
    let mut errs = Vec::new();
    typed.validate(&config, "", &mut errs);
    if !errs.is_empty() {
        let why = match errs.as_slice() {
            [one] => one.clone(),
            many => format!("errors:\n  {}", many.join("\n  ")),
        };
        return Err(Status::unknown(format!("failed to create typed patch object ({}): {why}", called(a))).into());
    }
    let empty = a.kind.empty();
    let before = live.unwrap_or(&empty);
    let mut entries = before.meta().managed_fields.clone();
    if entries.is_empty() && live.is_some() {
        entries = before_first_apply(sets, before, a);
    }
    let at =
        entries.iter().position(|e| e.operation == "Apply" && e.manager == a.manager && e.subresource == a.sub.name());
    let last = at.map(|i| entries[i].fields_v1.clone()).unwrap_or_default();

    let live_tree = bare(&before.encode());
    let merged = typed.merge(Some(&live_tree), Some(&config)).unwrap_or(Value::Null);
    let set = reset::own(a.kind, a.sub, &typed.field_set(&config));
    let others = entries.iter().enumerate().filter(|(i, _)| Some(*i) != at);
    let managed = others.fold(set.clone(), |all, (_, e)| all.union(&e.fields_v1));
    let wanted = pruned(typed, merged, &last, &managed);
    let mut d = Decoder::new();
    let mut object = a.kind.decode(&wanted, &mut d);
    if let Some(e) = d.error.take() {
        let why = format!("failed to convert new typed object ({}) to object: {e}", called(a));
        return Err(Status::unknown(why).into());
    }

    let delta = object.compare(before);
    let changed = reset::own(a.kind, a.sub, &delta.changed.below);
    let removed = reset::own(a.kind, a.sub, &delta.removed.below);
    let mut conflicts = Conflicts::new();
    for (i, e) in entries.iter().enumerate() {
        if Some(i) != at && e.fields_v1.intersects(&changed) {
            conflicts.push((e.clone(), e.fields_v1.intersection(&changed)));
        }
    }
    if !force && !conflicts.is_empty() {
        return Err(Refused::Conflicts(conflicts));
    }
    let taken = changed.union(&removed);
    for i in 0..entries.len() {
        if Some(i) != at && entries[i].fields_v1.intersects(&taken) {
            let left = entries[i].fields_v1.difference(&taken);
            entries.make_mut()[i].fields_v1 = sets.intern(&left);
        }
    }
    let same = wanted == live_tree;
    if same {
        object = before.clone();
    }
    let own = sets.intern(&reset::strip(&set));
    let api_version = sets.api_version(a.kind);
    match at {
        Some(i) => {
            let entry = &mut entries.make_mut()[i];
            entry.fields_v1 = own;
            entry.api_version = api_version;
            if !same {
                entry.time = Some(a.now);
            }
        }
        None => entries.push(ManagedFieldsEntry {
            manager: sets.name(a.manager),
            operation: Str::literal("Apply"),
            api_version,
            time: if same { None } else { Some(a.now) },
            fields_type: Str::literal("FieldsV1"),
            fields_v1: own,
            subresource: Str::literal(a.sub.name()),
        }),
    }
    entries.retain(|e| !e.fields_v1.is_empty());
    sort(&mut entries);
    object.meta_mut().managed_fields = entries;
    Ok(object)
}

/// Objects that nobody tracked become somebody's at their first apply.
fn before_first_apply(sets: &mut Sets, live: &Object, a: &Applied) -> List<ManagedFieldsEntry> {
    let all = live.compare(&a.kind.empty()).changed.below;
    let fields = reset::strip(&reset::own(a.kind, a.sub, &all));
    let entry = ManagedFieldsEntry {
        manager: Str::literal("before-first-apply"),
        operation: Str::literal("Update"),
        api_version: sets.api_version(a.kind),
        time: Some(a.now),
        fields_type: Str::literal("FieldsV1"),
        fields_v1: sets.intern(&fields),
        subresource: Str::literal(a.sub.name()),
    };
    if entry.fields_v1.is_empty() { List::EMPTY } else { List::from(vec![entry]) }
}

/// Without what this manager applied last time and applies no more, unless somebody else owns it.
fn pruned(typed: Typed, merged: Value, last: &FieldSet, managed: &FieldSet) -> Value {
    if last.is_empty() {
        return merged;
    }
    let named = |set: &FieldSet| typed.with_named_fields(set);
    let without = typed.remove(&merged, &named(last));
    let all = named(&typed.field_set(&merged));
    // What others own, or the new configuration speaks of, comes back …
    let kept = named(&typed.field_set(&without)).union(&named(managed));
    let without = typed.remove(&merged, &all.difference(&kept));
    // … and what was not this manager's in the first place.
    let kept = named(&typed.field_set(&without));
    typed.remove(&merged, &all.difference(&kept).intersection(&named(last)))
}

/// What the annotation of client-side apply says and the live object still has.
fn last_applied_set(live: &Object, a: &Applied) -> Option<FieldSet> {
    let text = live.meta().annotations.get(LAST_APPLIED).filter(|text| !text.is_empty())?;
    let (tree, _) = parse_json(text.as_bytes()).ok()?;
    if tree.get("apiVersion")?.as_str()? != a.kind.info().api_version() {
        return None;
    }
    let typed = Typed::root(a.kind.schema());
    let tree = bare(&tree);
    let mut errs = Vec::new();
    typed.validate(&tree, "", &mut errs);
    if !errs.is_empty() {
        return None;
    }
    let mut d = Decoder::new();
    let applied = a.kind.decode(&tree, &mut d);
    let delta = live.compare(&applied);
    let differs = delta.changed.below.union(&delta.removed.below);
    Some(typed.field_set(&tree).difference(&differs))
}

/// The configuration as an annotation holds it, without the annotation itself.
fn last_applied_text(patch: &Value) -> String {
    let mut tree = patch.clone();
    if let Some(Value::Object(annotations)) = tree.pointer_mut("/metadata/annotations") {
        annotations.remove(LAST_APPLIED);
    }
    format!("{tree}\n")
}

/// Upstream: internal/conflict.go (NewConflictError).
fn refusal(conflicts: &Conflicts, sub: Sub) -> Status {
    let mut found: Vec<(String, String)> = Vec::new();
    for (who, fields) in conflicts {
        found.extend(fields.paths().into_iter().map(|path| (print(who, sub), path)));
    }
    found.arrange_by(|a, b| a.0.cmp(&b.0));
    let message = match found.as_slice() {
        [(who, path)] => format!("Apply failed with 1 conflict: conflict with {who}: {path}"),
        many => {
            let mut lines: Vec<String> = Vec::new();
            for (i, (who, path)) in many.iter().enumerate() {
                if i == 0 || many[i - 1].0 != *who {
                    lines.push(format!("conflicts with {who}:"));
                }
                lines.push(format!("- {path}"));
            }
            format!("Apply failed with {} conflicts: {}", many.len(), lines.join("\n"))
        }
    };
    let causes = found.into_iter().map(|(who, field)| Cause {
        reason: "FieldManagerConflict".to_owned(),
        message: format!("conflict with {who}"),
        field,
    });
    let details = Details { causes: causes.collect(), ..Details::default() };
    Status::new(409, "Conflict", message, Some(details))
}

/// `"kubectl-patch" using v1`, `"kubelet" with subresource "status" using v1`, `"bob"`.
fn print(who: &ManagedFieldsEntry, sub: Sub) -> String {
    let mut out = format!("\"{}\"", who.manager);
    if !who.subresource.is_empty() {
        out.push_str(&format!(" with subresource \"{}\"", who.subresource));
    }
    if who.operation == "Update" {
        // Whoever applies a Scale sees the others as owners of Scales.
        let version = if sub == Sub::Scale { "autoscaling/v1" } else { &who.api_version };
        out.push_str(&format!(" using {version}"));
    }
    out
}

#[cfg(test)]
mod tests;

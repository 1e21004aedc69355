//! Fields that a write never owns: what the strategy puts back, and what the server itself decides.
//!
//! Upstream: the GetResetFields and GetResetFieldsFilter of pkg/registry/*/*/strategy.go; managedfields stripmeta.go
//! Differs: nothing known.

use crate::api::KindId;
use crate::apimachinery::field_set::{Entry, Step};
use crate::apimachinery::{FieldSet, Str};
use crate::apiserver::Sub;

const SPEC: Step = Step::Field(Str::literal("spec"));
const STATUS: Step = Step::Field(Str::literal("status"));
const METADATA: Step = Step::Field(Str::literal("metadata"));

pub(super) const REPLICAS: &[Step] = &[SPEC, Step::Field(Str::literal("replicas"))];

/// Never owned by anybody.
const STRIPPED: &[&str] = &[
    "clusterName",
    "creationTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// What of a difference the write through that door counts for.
pub(super) fn own(kind: KindId, sub: Sub, set: &FieldSet) -> FieldSet {
    if set.is_empty() {
        return FieldSet::EMPTY;
    }
    match sub {
        Sub::None | Sub::Binding | Sub::Finalize if has_status(kind) => without(set, &STATUS),
        Sub::None | Sub::Binding | Sub::Finalize => set.clone(),
        Sub::Status => {
            let set = without(set, &SPEC);
            let info = kind.info();
            match (info.group, info.kind) {
                ("", "Pod") => without_metadata(&without_metadata(&set, "deletionTimestamp"), "ownerReferences"),
                ("apps", "Deployment") => without_metadata(&set, "labels"),
                ("storage.k8s.io", "VolumeAttachment")
                | ("flowcontrol.apiserver.k8s.io", _)
                | ("admissionregistration.k8s.io", _)
                | ("apiextensions.k8s.io", _) => without(&set, &METADATA),
                _ => set,
            }
        }
        Sub::Scale => only(set, REPLICAS),
        Sub::EphemeralContainers => only(set, &[SPEC, Step::Field(Str::literal("ephemeralContainers"))]),
        Sub::Resize => {
            let containers = |name| {
                let path = [SPEC, Step::Field(Str::literal(name))];
                let items = set.below(&SPEC).below(&path[1]);
                let entries = items.entries().iter().map(|item| {
                    let kept = item
                        .below
                        .entries()
                        .iter()
                        .filter(|e| matches!(&e.step, Step::Field(f) if *f == "resources" || *f == "resizePolicy"));
                    Entry {
                        step: item.step.clone(),
                        member: false,
                        below: FieldSet::from_entries(kept.cloned().collect()),
                    }
                });
                at_path(&path, &FieldSet::from_entries(entries.collect()))
            };
            containers("containers").union(&containers("initContainers"))
        }
    }
}

/// Kinds whose strategy puts the status back: all that have it apart.
fn has_status(kind: KindId) -> bool {
    kind.info().status
}

fn without(set: &FieldSet, step: &Step) -> FieldSet {
    if set.entry(step).is_none() {
        return set.clone();
    }
    FieldSet::from_entries(set.entries().iter().filter(|e| e.step != *step).cloned().collect())
}

fn without_metadata(set: &FieldSet, field: &'static str) -> FieldSet {
    let Some(metadata) = set.entry(&METADATA) else { return set.clone() };
    let below = without(&metadata.below, &Step::Field(Str::literal(field)));
    replaced(set, metadata.member, below)
}

/// The set with other fields of the metadata.
fn replaced(set: &FieldSet, member: bool, below: FieldSet) -> FieldSet {
    let others = set.entries().iter().filter(|e| e.step != METADATA).cloned();
    FieldSet::from_entries(others.chain([Entry { step: METADATA, member, below }]).collect())
}

fn only(set: &FieldSet, path: &[Step]) -> FieldSet {
    let Some((first, rest)) = path.split_first() else { return set.clone() };
    let Some(entry) = set.entry(first) else { return FieldSet::EMPTY };
    let member = entry.member && rest.is_empty();
    let below = only(&entry.below, rest);
    FieldSet::from_entries(vec![Entry { step: first.clone(), member, below }])
}

fn at_path(path: &[Step], set: &FieldSet) -> FieldSet {
    path.iter().rev().fold(set.clone(), |below, step| {
        FieldSet::from_entries(vec![Entry { step: step.clone(), member: false, below }])
    })
}

/// Without what the server itself decides.
pub(super) fn strip(set: &FieldSet) -> FieldSet {
    let Some(metadata) = set.entry(&METADATA) else { return set.clone() };
    let kept = |e: &&Entry| !matches!(&e.step, Step::Field(f) if STRIPPED.contains(&f.as_str()) && e.member);
    let count = metadata.below.entries().iter().filter(kept).count();
    if !metadata.member && count == metadata.below.entries().len() {
        return set.clone();
    }
    let below = FieldSet::from_entries(metadata.below.entries().iter().filter(kept).cloned().collect());
    replaced(set, false, below)
}

//! What is wrong with an object's metadata, with labels, annotations and label selectors.
//!
//! Upstream: apimachinery/pkg/api/validation/{objectmeta,generic}.go, apimachinery/pkg/apis/meta/v1/validation/validation.go
//! Differs: labels and annotations are looked at in the order of their keys, where upstream's order is random.

use super::codec::Api;
use super::field_error::BadValue;
use super::meta::ManagedFieldsEntry;
use super::names::{is_dns1123_label, is_path_segment_name, is_qualified_name, is_valid_label_value};
use super::{ErrorList, LabelSelector, LabelSelectorRequirement, List, Map, ObjectMeta, OwnerReference, Path, Str};
use crate::apimachinery::Arrange;

pub const FIELD_IMMUTABLE: &str = "field is immutable";
pub const NOT_NEGATIVE: &str = "must be greater than or equal to 0";
pub const NOT_POSITIVE: &str = "must be greater than zero";

const TOTAL_ANNOTATION_SIZE: usize = 256 * 1024;
const FIELD_MANAGER_LENGTH: usize = 128;
const SUBRESOURCE_LENGTH: usize = 256;
const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";

/// What is wrong with a name; true where it is the prefix of a name to be generated.
pub type NameCheck = fn(&str, bool) -> Vec<String>;

/// A name that an update need not look at: only what no path may carry is wrong.
pub fn any_name(name: &str, prefix: bool) -> Vec<String> {
    is_path_segment_name(name, prefix)
}

/// Metadata of a new object, after a name was generated.
pub fn validate_object_meta(meta: &ObjectMeta, namespaced: bool, rule: NameCheck, path: Path, errs: &mut ErrorList) {
    if !meta.generate_name.is_empty() {
        errs.invalid_each(path.child("generateName"), &meta.generate_name, rule(&meta.generate_name, true));
    }
    if meta.name.is_empty() {
        errs.required(path.child("name"), "name or generateName is required");
    } else {
        errs.invalid_each(path.child("name"), &meta.name, rule(&meta.name, false));
    }
    let namespace = path.child("namespace");
    match (namespaced, meta.namespace.as_str()) {
        (true, "") => errs.required(namespace, ""),
        (true, name) => errs.invalid_each(namespace, name, is_dns1123_label(name)),
        (false, "") => {}
        (false, _) => errs.forbidden(namespace, "not allowed on this type"),
    }
    validate_nonnegative(meta.generation, path.child("generation"), errs);
    validate_labels(&meta.labels, path.child("labels"), errs);
    validate_annotations(&meta.annotations, path.child("annotations"), errs);
    validate_owner_references(&meta.owner_references, path.child("ownerReferences"), errs);
    validate_finalizers(&meta.finalizers, path.child("finalizers"), errs);
    validate_managed_fields(&meta.managed_fields, path.child("managedFields"), errs);
}

/// Metadata of `new` as the successor of `old`.
pub fn validate_object_meta_update(new: &ObjectMeta, old: &ObjectMeta, path: Path, errs: &mut ErrorList) {
    if old.deletion_timestamp.is_some() {
        validate_no_new_finalizers(&new.finalizers, &old.finalizers, path.child("finalizers"), errs);
    }
    if new.resource_version.is_zero() {
        errs.invalid(path.child("resourceVersion"), "", "must be specified for an update");
    }
    if new.generation < old.generation {
        errs.invalid(path.child("generation"), new.generation, "must not be decremented");
    }
    validate_immutable_text(&new.name, &old.name, path.child("name"), errs);
    validate_immutable_text(&new.namespace, &old.namespace, path.child("namespace"), errs);
    validate_immutable_text(&new.uid, &old.uid, path.child("uid"), errs);
    validate_immutable(&new.creation_timestamp, &old.creation_timestamp, path.child("creationTimestamp"), errs);
    validate_immutable(&new.deletion_timestamp, &old.deletion_timestamp, path.child("deletionTimestamp"), errs);
    validate_immutable(
        &new.deletion_grace_period_seconds,
        &old.deletion_grace_period_seconds,
        path.child("deletionGracePeriodSeconds"),
        errs,
    );
    validate_labels(&new.labels, path.child("labels"), errs);
    validate_annotations(&new.annotations, path.child("annotations"), errs);
    validate_owner_references(&new.owner_references, path.child("ownerReferences"), errs);
    validate_managed_fields(&new.managed_fields, path.child("managedFields"), errs);
}

pub fn validate_labels(labels: &Map, path: Path, errs: &mut ErrorList) {
    for (key, value) in labels.iter() {
        validate_label_name(key, path, errs);
        errs.invalid_each(path, value, is_valid_label_value(value));
    }
}

pub fn validate_label_name(name: &str, path: Path, errs: &mut ErrorList) {
    errs.invalid_each(path, name, is_qualified_name(name));
}

pub fn validate_annotations(annotations: &Map, path: Path, errs: &mut ErrorList) {
    for key in annotations.keys() {
        errs.invalid_each(path, key, is_qualified_name(&key.to_lowercase()));
    }
    let size: usize = annotations.iter().map(|(k, v)| k.len() + v.len()).sum();
    if size > TOTAL_ANNOTATION_SIZE {
        errs.too_long(path, TOTAL_ANNOTATION_SIZE);
    }
}

/// A selector of labels; none is right.
pub fn validate_label_selector(selector: Option<&LabelSelector>, path: Path, errs: &mut ErrorList) {
    let Some(selector) = selector else { return };
    validate_labels(&selector.match_labels, path.child("matchLabels"), errs);
    for (i, r) in selector.match_expressions.iter().enumerate() {
        validate_label_selector_requirement(r, path.child("matchExpressions").index(i), errs);
    }
}

fn validate_label_selector_requirement(r: &LabelSelectorRequirement, path: Path, errs: &mut ErrorList) {
    let values = path.child("values");
    match r.operator.as_str() {
        "In" | "NotIn" if r.values.is_empty() => {
            errs.required(values, "must be specified when `operator` is 'In' or 'NotIn'");
        }
        "In" | "NotIn" => {}
        "Exists" | "DoesNotExist" if !r.values.is_empty() => {
            errs.forbidden(values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        }
        "Exists" | "DoesNotExist" => {}
        operator => errs.invalid(path.child("operator"), operator, "not a valid selector operator"),
    }
    validate_label_name(&r.key, path.child("key"), errs);
    for (i, value) in r.values.iter().enumerate() {
        errs.invalid_each(values.index(i), value, is_valid_label_value(value));
    }
}

fn validate_owner_reference(owner: &OwnerReference, path: Path, errs: &mut ErrorList) {
    let (group, version) = owner.api_version.rsplit_once('/').unwrap_or(("", &owner.api_version));
    if version.is_empty() {
        errs.invalid(path.child("apiVersion"), &owner.api_version, "version must not be empty");
    }
    for (name, value) in [("kind", &owner.kind), ("name", &owner.name), ("uid", &owner.uid)] {
        if value.is_empty() {
            errs.invalid(path.child(name), value, "must not be empty");
        }
    }
    if (group, version, owner.kind.as_str()) == ("", "v1", "Event") {
        errs.invalid(path, BadValue::of(owner), "/v1, Kind=Event is disallowed from being an owner");
    }
}

/// Every reference complete, and one controller at most.
pub fn validate_owner_references(owners: &List<OwnerReference>, path: Path, errs: &mut ErrorList) {
    let mut controller: Option<&OwnerReference> = None;
    for owner in owners {
        validate_owner_reference(owner, path, errs);
        if owner.controller != Some(true) {
            continue;
        }
        match controller {
            None => controller = Some(owner),
            Some(first) => {
                let detail = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {}/{} and \
                     {}/{}",
                    first.kind, first.name, owner.kind, owner.name
                );
                errs.invalid(path, BadValue::of(owners), detail);
            }
        }
    }
}

pub fn validate_finalizers(finalizers: &List<Str>, path: Path, errs: &mut ErrorList) {
    for name in finalizers {
        errs.invalid_each(path, name, is_qualified_name(name));
    }
    let has = |name: &str| finalizers.iter().any(|f| *f == *name);
    if has(ORPHAN) && has(FOREGROUND) {
        let detail = format!("finalizer {ORPHAN} and {FOREGROUND} cannot be both set");
        errs.invalid(path, BadValue::of(finalizers), detail);
    }
}

fn validate_no_new_finalizers(new: &[Str], old: &[Str], path: Path, errs: &mut ErrorList) {
    let mut extra: Vec<&str> = new.iter().filter(|f| !old.contains(f)).map(|f| f.as_str()).collect();
    extra.arrange();
    extra.dedup();
    if !extra.is_empty() {
        let list = extra.iter().map(|f| super::field_error::go_quote(f)).collect::<Vec<_>>().join(", ");
        let detail = format!(
            "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{list}}}"
        );
        errs.forbidden(path, detail);
    }
}

/// The name under which a client's changes are recorded.
pub fn validate_field_manager(name: &str, path: Path, errs: &mut ErrorList) {
    if name.len() > FIELD_MANAGER_LENGTH {
        errs.too_long(path, FIELD_MANAGER_LENGTH);
    }
    for (at, c) in name.char_indices() {
        // Of what Go does not print, only control characters are told apart here.
        if c.is_control() {
            errs.invalid(path, name, format!("invalid character U+{:04X} (at position {at})", c as u32));
        }
    }
}

fn validate_managed_fields(entries: &[ManagedFieldsEntry], path: Path, errs: &mut ErrorList) {
    for (i, entry) in entries.iter().enumerate() {
        let path = path.index(i);
        if !matches!(entry.operation.as_str(), "Apply" | "Update") {
            errs.invalid(path.child("operation"), &entry.operation, "must be `Apply` or `Update`");
        }
        if !matches!(entry.fields_type.as_str(), "" | "FieldsV1") {
            errs.invalid(path.child("fieldsType"), &entry.fields_type, "must be `FieldsV1`");
        }
        validate_field_manager(&entry.manager, path.child("manager"), errs);
        if entry.subresource.len() > SUBRESOURCE_LENGTH {
            errs.too_long(path.child("subresource"), SUBRESOURCE_LENGTH);
        }
    }
}

pub fn validate_nonnegative(value: impl Into<i64>, path: Path, errs: &mut ErrorList) {
    let value = value.into();
    if value < 0 {
        errs.invalid(path, value, NOT_NEGATIVE);
    }
}

pub fn validate_positive(value: impl Into<i64>, path: Path, errs: &mut ErrorList) {
    let value = value.into();
    if value <= 0 {
        errs.invalid(path, value, NOT_POSITIVE);
    }
}

/// Text that may not change.
pub fn validate_immutable_text(new: &Str, old: &Str, path: Path, errs: &mut ErrorList) {
    if new != old {
        errs.invalid(path, new, FIELD_IMMUTABLE);
    }
}

/// Any other value that may not change.
pub fn validate_immutable<T: Api>(new: &T, old: &T, path: Path, errs: &mut ErrorList) {
    if new != old {
        errs.invalid(path, BadValue::of(new), FIELD_IMMUTABLE);
    }
}

#[cfg(test)]
mod tests;

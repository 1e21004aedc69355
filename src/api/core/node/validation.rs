//! What is wrong with a Node.
//!
//! Upstream: pkg/apis/core/validation/validation.go (ValidateNode, ValidateNodeUpdate, ValidateNodeResources,
//! ValidateResourceQuantityValue)
//! Differs: `configSource` is dropped before it gets here; annotations of old are not looked at.

use super::{Node, Taint};
use crate::api::core::pod::validate::resource_quantity;
use crate::apimachinery::field_error::{BadValue, go_quote};
use crate::apimachinery::go_json::go_json;
use crate::apimachinery::ip::{is_valid_cidr_for_legacy_field, parse_cidr_sloppy};
use crate::apimachinery::names::{DNS1123_SUBDOMAIN_MAX_LENGTH, is_valid_label_value};
use crate::apimachinery::validation::{validate_label_name, validate_positive};
use crate::apimachinery::{ErrorList, Path, Str};

const METADATA: Path = Path::new("metadata");
const SPEC: Path = Path::new("spec");
const STATUS: Path = Path::new("status");

pub(super) fn validate(node: &Node, errs: &mut ErrorList) {
    validate_taints(&node.spec.taints, errs);
    validate_resources(node, errs);
    if let Some(capacity) = node.status.node_info.swap.as_ref().and_then(|s| s.capacity) {
        validate_positive(capacity, METADATA.child("nodeSwapStatus").child("capacity"), errs);
    }
    validate_declared_features(&node.status.declared_features, errs);
    let path = SPEC.child("podCIDRs");
    let ranges = &node.spec.pod_cidrs;
    for (i, range) in ranges.iter().enumerate() {
        errs.invalid_each(path.index(i), range, is_valid_cidr_for_legacy_field(range, false));
    }
    if ranges.len() > 1 {
        let v6 = ranges.iter().filter_map(|r| parse_cidr_sloppy(r)).filter(|c| c.address.is_ipv6()).count();
        if v6 != 1 || ranges.len() > 2 {
            errs.invalid(path, BadValue::of(ranges), "may specify no more than one CIDR for each IP family");
        }
    }
}

/// What may not change, and what only updates look at.
pub(super) fn validate_update(node: &Node, old: &Node, errs: &mut ErrorList) {
    validate_resources(node, errs);
    validate_declared_features(&node.status.declared_features, errs);
    let addresses = &node.status.addresses;
    for (i, address) in addresses.iter().enumerate() {
        if addresses[..i].contains(address) {
            let (t, a) = (go_quote(&address.type_), go_quote(&address.address));
            let value = BadValue::raw(format!("{{\"Type\":{t},\"Address\":{a}}}"));
            errs.duplicate(STATUS.child("addresses").index(i), value);
        }
    }
    let (was, now) = (&old.spec.pod_cidrs, &node.spec.pod_cidrs);
    if !was.is_empty() && was != now {
        let changes = if was.len() == now.len() { was.iter().zip(now).filter(|(a, b)| a != b).count() } else { 1 };
        for _ in 0..changes {
            let detail = "node updates may not change podCIDR except from \"\" to valid";
            errs.forbidden(SPEC.child("podCIDRs"), detail);
        }
    }
    if !old.spec.provider_id.is_empty() && old.spec.provider_id != node.spec.provider_id {
        let detail = "node updates may not change providerID except from \"\" to valid";
        errs.forbidden(SPEC.child("providerID"), detail);
    }
    validate_taints(&node.spec.taints, errs);
    if old.spec.external_id != node.spec.external_id {
        errs.forbidden(SPEC.child("externalID"), "may not be updated");
    }
}

fn validate_taints(taints: &[Taint], errs: &mut ErrorList) {
    // Upstream says `metadata` where `spec` is meant.
    let path = METADATA.child("taints");
    for (i, taint) in taints.iter().enumerate() {
        let path = path.index(i);
        validate_label_name(&taint.key, path.child("key"), errs);
        let faults = is_valid_label_value(&taint.value);
        if !faults.is_empty() {
            errs.invalid(path.child("value"), &taint.value, faults.join(";"));
        }
        if taint.effect.is_empty() {
            errs.required(path.child("effect"), "");
        } else {
            validate_taint_effect(&taint.effect, path.child("effect"), errs);
        }
        if taints[..i].iter().any(|t| t.effect == taint.effect && t.key == taint.key) {
            let added = taint.time_added.as_ref().map_or("null".to_owned(), go_json);
            let [key, value, effect] = [&taint.key, &taint.value, &taint.effect].map(|s| go_quote(s));
            let json = format!(r#"{{"Key":{key},"Value":{value},"Effect":{effect},"TimeAdded":{added}}}"#);
            errs.duplicate_because(path, BadValue::raw(json), "taints must be unique by key and effect pair");
        }
    }
}

/// One of three effects.
fn validate_taint_effect(effect: &str, path: Path, errs: &mut ErrorList) {
    let supported = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
    if !supported.contains(&effect) {
        errs.not_supported(path, effect, &supported);
    }
}

fn validate_resources(node: &Node, errs: &mut ErrorList) {
    for (name, list) in [("capacity", &node.status.capacity), ("allocatable", &node.status.allocatable)] {
        for (resource, quantity) in list.iter() {
            resource_quantity(resource, quantity, STATUS.child(name).child(resource), errs);
        }
    }
}

fn validate_declared_features(features: &[Str], errs: &mut ErrorList) {
    let path = STATUS.child("declaredFeatures");
    for (i, feature) in features.iter().enumerate() {
        if feature.len() > DNS1123_SUBDOMAIN_MAX_LENGTH {
            let detail = format!(
                "invalid feature name {}: must be no more than {DNS1123_SUBDOMAIN_MAX_LENGTH} characters",
                go_quote(feature)
            );
            errs.invalid(path.index(i), feature, detail);
        } else if !is_feature_name(feature) {
            let detail = format!(
                "invalid feature name {}: must start with an UpperCamelCase segment, with subsequent segments separated \
                 by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes",
                go_quote(feature)
            );
            errs.invalid(path.index(i), feature, detail);
        }
        match features.get(i + 1) {
            Some(next) if next == feature => errs.duplicate(path.index(i + 1), next),
            Some(next) if feature > next => errs.invalid(path.index(i + 1), next, "list must be sorted alphabetically"),
            _ => {}
        }
    }
}

fn is_feature_name(name: &str) -> bool {
    let alphanumeric = |s: &str| s.chars().all(|c| c.is_ascii_alphanumeric());
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.split('/').all(|s| s.starts_with(|c: char| c.is_ascii_alphabetic()) && alphanumeric(s))
}

//! Small checks that many parts of a pod share.
//!
//! Upstream: pkg/apis/core/validation/validation.go; apimachinery/pkg/apis/meta/v1/validation/validation.go
//! Differs: nothing known.

pub(super) use crate::apimachinery::names;

use crate::api::core::pod::*;
use crate::apimachinery::ip::is_valid_ip_for_legacy_field;
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::{ErrorList, LabelSelector, Map, Path};

pub(super) fn dns_label(value: &str, path: Path, errs: &mut ErrorList) {
    errs.invalid_each(path, value, names::is_dns1123_label(value));
}

pub(super) fn dns_subdomain(value: &str, path: Path, errs: &mut ErrorList) {
    errs.invalid_each(path, value, names::is_dns1123_subdomain(value));
}

pub(super) fn qualified_name(value: &str, path: Path, errs: &mut ErrorList) {
    errs.invalid_each(path, value, names::is_qualified_name(value));
}

pub(super) fn labels(map: &Map, path: Path, errs: &mut ErrorList) {
    for (key, value) in map.iter() {
        qualified_name(key, path, errs);
        errs.invalid_each(path, value, names::is_valid_label_value(value));
    }
}

pub(super) fn label_selector(selector: Option<&LabelSelector>, path: Path, errs: &mut ErrorList) {
    let Some(s) = selector else { return };
    labels(&s.match_labels, path.child("matchLabels"), errs);
    let list = path.child("matchExpressions");
    for (i, r) in s.match_expressions.iter().enumerate() {
        let at = list.index(i);
        let values = at.child("values");
        match r.operator.as_str() {
            "In" | "NotIn" if r.values.is_empty() => {
                errs.required(values, "must be specified when `operator` is 'In' or 'NotIn'");
            }
            "Exists" | "DoesNotExist" if !r.values.is_empty() => {
                errs.forbidden(values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => errs.invalid(at.child("operator"), other, "not a valid selector operator"),
        }
        qualified_name(&r.key, at.child("key"), errs);
        for (j, value) in r.values.iter().enumerate() {
            errs.invalid_each(values.index(j), value, names::is_valid_label_value(value));
        }
    }
}

pub(super) fn non_negative(value: i64, path: Path, errs: &mut ErrorList) {
    if value < 0 {
        errs.invalid(path, value, "must be greater than or equal to 0");
    }
}

pub(super) fn non_negative_quantity(value: &Quantity, path: Path, errs: &mut ErrorList) {
    if value.sign() < 0 {
        errs.invalid(path, &value.to_string(), "must be greater than or equal to 0");
    }
}

/// Sloppily, as fields of old are read: leading zeros may stand in IPv4.
pub(super) fn ip(value: &str, path: Path, errs: &mut ErrorList) {
    errs.invalid_each(path, value, is_valid_ip_for_legacy_field(value, false));
}

/// Init containers, containers, ephemeral containers.
pub(in crate::api::core::pod) fn each_container(spec: &PodSpec, path: Path, visit: &mut dyn FnMut(&Container, Path)) {
    let (init, main, ephemeral) =
        (path.child("initContainers"), path.child("containers"), path.child("ephemeralContainers"));
    for (i, c) in spec.init_containers.iter().enumerate() {
        visit(c, init.index(i));
    }
    for (i, c) in spec.containers.iter().enumerate() {
        visit(c, main.index(i));
    }
    for (i, c) in spec.ephemeral_containers.iter().enumerate() {
        visit(&c.as_container(), ephemeral.index(i));
    }
}

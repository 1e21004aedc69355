//! Small checks that many parts of a pod share.
//!
//! Upstream: pkg/apis/core/validation/validation.go, pkg/apis/core/pods/helpers.go (VisitContainersWithPath)
//! Differs: nothing known.

pub(super) use crate::apimachinery::names;
pub(super) use crate::apimachinery::validation::{
    validate_annotations as annotations, validate_label_selector as label_selector, validate_labels as labels,
    validate_nonnegative as non_negative,
};

use crate::api::core::pod::*;
use crate::apimachinery::ip::is_valid_ip_for_legacy_field;
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::{ErrorList, Path};

pub(super) fn dns_label(value: &str, path: Path, errs: &mut ErrorList) {
    errs.invalid_each(path, value, names::is_dns1123_label(value));
}

pub(super) fn dns_subdomain(value: &str, path: Path, errs: &mut ErrorList) {
    errs.invalid_each(path, value, names::is_dns1123_subdomain(value));
}

pub(super) fn qualified_name(value: &str, path: Path, errs: &mut ErrorList) {
    errs.invalid_each(path, value, names::is_qualified_name(value));
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

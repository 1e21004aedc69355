//! Requests and limits.
//!
//! Upstream: pkg/apis/core/validation/validation.go (validateResourceRequirements, validatePodResources)
//! Differs: nothing known.

use super::common::*;
use crate::api::core::pod::resources::*;
use crate::api::core::pod::*;
use crate::apimachinery::field_error::BadValue;
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::{ErrorList, OrdSet, Path};

type NameRule = fn(&str, Path, &mut ErrorList);

const STANDARD: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "storage",
    "requests.storage",
    "services.nodeports",
    "services.loadbalancers",
];

const INTEGER: &[&str] = &[
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

/// A resource's name anywhere in the API; false where it is none.
pub fn resource_name(name: &str, path: Path, errs: &mut ErrorList) -> bool {
    let before = errs.0.len();
    qualified_name(name, path, errs);
    if errs.0.len() == before
        && !name.contains('/')
        && !STANDARD.contains(&name)
        && !is_hugepage(name)
        && !name.starts_with("requests.hugepages-")
    {
        errs.invalid(path, name, "must be a standard resource type or fully qualified");
    }
    errs.0.len() == before
}

pub fn container_resource_name(name: &str, path: Path, errs: &mut ErrorList) {
    resource_name(name, path, errs);
    if !name.contains('/') {
        if !matches!(name, "cpu" | "memory" | "ephemeral-storage") && !is_hugepage(name) {
            errs.invalid(path, name, "must be a standard resource for containers");
        }
    } else if !is_native(name) && !is_extended(name) {
        errs.invalid(path, name, "doesn't follow extended resource name standard");
    }
}

fn pod_resource_name(name: &str, path: Path, errs: &mut ErrorList) {
    if resource_name(name, path, errs) && !is_pod_level_resource(name) {
        errs.not_supported(path, name, &["cpu", "hugepages-", "memory"]);
    }
}

/// Not negative; whole, where pieces make no sense.
pub fn quantity(name: &str, value: &Quantity, path: Path, errs: &mut ErrorList) {
    non_negative_quantity(value, path, errs);
    let whole = INTEGER.contains(&name) || is_extended(name);
    if whole && value.milli_value() % 1000 != 0 {
        errs.invalid(path, &value.to_string(), "must be an integer");
    }
}

fn hugepage(name: &str, value: &Quantity, path: Path, errs: &mut ErrorList) -> bool {
    if !is_hugepage(name) {
        return false;
    }
    let page = name.strip_prefix("hugepages-").and_then(|size| Quantity::parse(size).ok());
    let divisible = page.is_some_and(|p| {
        p.sign() > 0 && p.milli_value() % 1000 == 0 && value.value().checked_rem(p.value()) == Some(0)
    });
    if !divisible {
        let text = value.to_string();
        errs.invalid(path, &text, format!("{text} is not positive integer multiple of {name}"));
    }
    true
}

/// Limits and requests of a container; `claims` are the names of the pod's resource claims.
pub(super) fn requirements(r: &ResourceRequirements, claims: &OrdSet<&str>, path: Path, errs: &mut ErrorList) {
    check(r, container_resource_name, claims, path, errs);
}

fn check(r: &ResourceRequirements, name_rule: NameRule, claims: &OrdSet<&str>, path: Path, errs: &mut ErrorList) {
    let (limits, requests) = (path.child("limits"), path.child("requests"));
    let (mut compute, mut huge) = (false, false);
    for (name, q) in r.limits.iter() {
        let at = limits.key(name);
        name_rule(name, at, errs);
        quantity(name, q, at, errs);
        huge |= hugepage(name, q, at, errs);
        compute |= matches!(name.as_str(), "cpu" | "memory");
    }
    for (name, q) in r.requests.iter() {
        let at = requests.key(name);
        name_rule(name, at, errs);
        quantity(name, q, at, errs);
        let overcommit = is_overcommit_allowed(name);
        if let Some(limit) = r.limits.get(name) {
            if q != limit && !overcommit {
                errs.invalid(requests, &q.to_string(), format!("must be equal to {name} limit of {limit}"));
            } else if q > limit {
                errs.invalid(
                    requests,
                    &q.to_string(),
                    format!("must be less than or equal to {name} limit of {limit}"),
                );
            }
        } else if !overcommit {
            errs.required(limits, "Limit must be set for non overcommitable resources");
        }
        huge |= hugepage(name, q, at, errs);
        compute |= matches!(name.as_str(), "cpu" | "memory");
    }
    if huge && !compute {
        errs.forbidden(path, "HugePages require cpu or memory");
    }
    claim_names(r, claims, path.child("claims"), errs);
}

fn claim_names(r: &ResourceRequirements, claims: &OrdSet<&str>, path: Path, errs: &mut ErrorList) {
    let mut seen: OrdSet<String> = OrdSet::new();
    for (i, claim) in r.claims.iter().enumerate() {
        let at = path.index(i);
        let name = claim.name.as_str();
        if name.is_empty() {
            errs.required(at, "");
            continue;
        }
        if seen.contains(name) {
            errs.duplicate(at, name);
        } else {
            let mut key = name.to_owned();
            if !claim.request.is_empty() {
                dns_label(&claim.request, at.child("request"), errs);
                key = format!("{name}/{}", claim.request);
            }
            if seen.contains(&key) {
                errs.duplicate(at, &key);
            } else if claim.request.is_empty() {
                for _ in seen.iter().filter(|k| k.split_once('/').is_some_and(|(n, _)| n == name)) {
                    errs.duplicate(at, name);
                }
            }
            seen.insert(key);
        }
        if !claims.contains(name) {
            let why = "must be one of the names in pod.spec.resourceClaims";
            let known = claims.iter().copied().collect::<Vec<_>>().join(", ");
            let why = if claims.is_empty() { format!("{why} which is empty") } else { format!("{why}: {known}") };
            // The value stands where the explanation follows it.
            errs.not_found(at, BadValue::raw(format!("{}: {why}", crate::apimachinery::field_error::go_quote(name))));
        }
    }
}

/// What a pod as a whole asks for.
pub(super) fn pod_resources(spec: &PodSpec, claims: &OrdSet<&str>, path: Path, errs: &mut ErrorList) {
    let Some(r) = spec.resources.as_deref() else { return };
    let at = path.child("resources");
    if spec.os.as_deref().is_some_and(|os| os.name == "windows") {
        return errs.forbidden(at, "may not be set for a windows pod");
    }
    if !r.claims.is_empty() {
        errs.forbidden(at.child("claims"), "claims may not be set for Resources at pod-level");
    }
    check(r, pod_resource_name, claims, at, errs);
    let (requests, limits) = (at.child("requests"), at.child("limits"));
    for (name, sum) in container_requests(spec).iter() {
        if let Some(own) = r.requests.get(name).filter(|own| sum > own) {
            let why = format!("must be greater than or equal to aggregate container requests of {sum}");
            errs.invalid(requests.key(name), &own.to_string(), why);
        }
    }
    for (name, sum) in container_limits(spec).iter().filter(|(name, _)| is_hugepage(name)) {
        if let Some(own) = r.limits.get(name).filter(|own| sum > own) {
            let why = format!("must be greater than or equal to aggregate container limits of {sum}");
            errs.invalid(limits.key(name), &own.to_string(), why);
        }
    }
    let containers = at.child("containers");
    for (i, c) in spec.containers.iter().enumerate() {
        for (name, limit) in c.resources.limits.iter() {
            if let Some(own) = r.limits.get(name).filter(|own| limit > own) {
                let (item, why) = (containers.index(i), format!("must be less than or equal to pod limits of {own}"));
                let key = item.key(name);
                errs.invalid(key.child("limits"), &limit.to_string(), why);
            }
        }
    }
}

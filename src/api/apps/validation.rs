//! What is wrong with workloads: their selector and template against each other, their strategy, their counts.
//!
//! Upstream: pkg/apis/apps/validation/validation.go (ValidateDeploymentSpec, ValidateReplicaSetSpec,
//! ValidatePodTemplateSpecForReplicaSet, ValidateDeploymentStrategy, …)
//! Differs: nothing known.

use super::pods::validate_lasting_template;
use super::{Deployment, DeploymentStatus, DeploymentStrategy, ReplicaSet, RollingUpdateDeployment};
use crate::api::core::PodTemplateSpec;
use crate::apimachinery::field_error::{BadValue, go_quote};
use crate::apimachinery::go_json::go_json;
use crate::apimachinery::int_or_string::IntOrString;
use crate::apimachinery::labels::Selector;
use crate::apimachinery::names::is_valid_percent;
use crate::apimachinery::validation::{FIELD_IMMUTABLE, validate_label_selector, validate_nonnegative};
use crate::apimachinery::{ErrorList, LabelSelector, Path};
use std::rc::Rc;

const SPEC: Path = Path::new("spec");
const STATUS: Path = Path::new("status");
const MORE_THAN_REPLICAS: &str = "cannot be greater than status.replicas";

pub(super) fn validate_deployment(deployment: &Deployment, errs: &mut ErrorList) {
    let spec = &*deployment.spec;
    validate_nonnegative(spec.replicas.unwrap_or_default(), SPEC.child("replicas"), errs);
    validate_selector_and_template(spec.selector.as_deref(), &spec.template, errs);
    validate_strategy(&spec.strategy, SPEC.child("strategy"), errs);
    validate_nonnegative(spec.min_ready_seconds, SPEC.child("minReadySeconds"), errs);
    if let Some(limit) = spec.revision_history_limit {
        validate_nonnegative(limit, SPEC.child("revisionHistoryLimit"), errs);
    }
    if let Some(seconds) = spec.progress_deadline_seconds {
        let path = SPEC.child("progressDeadlineSeconds");
        validate_nonnegative(seconds, path, errs);
        if seconds <= spec.min_ready_seconds {
            errs.invalid(path, seconds, "must be greater than minReadySeconds");
        }
    }
}

pub(super) fn validate_replica_set(set: &ReplicaSet, errs: &mut ErrorList) {
    let spec = &*set.spec;
    validate_nonnegative(spec.replicas.unwrap_or_default(), SPEC.child("replicas"), errs);
    validate_nonnegative(spec.min_ready_seconds, SPEC.child("minReadySeconds"), errs);
    validate_selector_and_template(spec.selector.as_deref(), &spec.template, errs);
}

pub(super) fn validate_immutable_selector(
    new: &Option<Rc<LabelSelector>>,
    old: &Option<Rc<LabelSelector>>,
    errs: &mut ErrorList,
) {
    if new != old {
        let value = new.as_ref().map_or("null".to_owned(), go_json);
        errs.invalid(SPEC.child("selector"), BadValue::raw(value), FIELD_IMMUTABLE);
    }
}

fn validate_selector_and_template(selector: Option<&LabelSelector>, template: &PodTemplateSpec, errs: &mut ErrorList) {
    let path = SPEC.child("selector");
    match selector {
        None => errs.required(path, ""),
        Some(s) => {
            validate_label_selector(Some(s), path, errs);
            if s.is_empty() {
                errs.invalid(path, BadValue::of(s), "empty selector is invalid for deployment");
            }
        }
    }
    match selector.map_or(Ok(Selector::nothing()), LabelSelector::to_selector) {
        Err(_) => {
            let value = selector.map_or("null".to_owned(), go_json);
            errs.invalid(path, BadValue::raw(value), "invalid label selector");
        }
        Ok(selector) => validate_template(template, &selector, errs),
    }
}

/// A template of pods that run until they are deleted.
fn validate_template(template: &PodTemplateSpec, selector: &Selector, errs: &mut ErrorList) {
    let path = SPEC.child("template");
    let labels = &template.metadata.labels;
    if !selector.is_empty() && !selector.matches(|key| labels.get(key).map(|v| v.as_str())) {
        let metadata = path.child("metadata");
        errs.invalid(metadata.child("labels"), BadValue::of(labels), "`selector` does not match template `labels`");
    }
    validate_lasting_template(template, "ReplicaSet", path, errs);
}

fn validate_strategy(strategy: &DeploymentStrategy, path: Path, errs: &mut ErrorList) {
    let rolling = path.child("rollingUpdate");
    match (strategy.type_.as_str(), &strategy.rolling_update) {
        ("Recreate", None) => {}
        ("Recreate", Some(_)) => {
            errs.forbidden(rolling, "may not be specified when strategy `type` is 'Recreate'");
        }
        ("RollingUpdate", None) => errs.required(rolling, "this should be defaulted and never be nil"),
        ("RollingUpdate", Some(update)) => validate_rolling_update(update, rolling, errs),
        (other, update) => {
            let update = update.as_ref().map_or("null".to_owned(), |u| {
                let text = |v: &Option<IntOrString>| v.as_ref().map_or("0".to_owned(), go_json);
                format!("{{\"MaxUnavailable\":{},\"MaxSurge\":{}}}", text(&u.max_unavailable), text(&u.max_surge))
            });
            let value = format!("{{\"Type\":{},\"RollingUpdate\":{update}}}", go_quote(other));
            errs.not_supported(path, BadValue::raw(value), &["Recreate", "RollingUpdate"]);
        }
    }
}

fn validate_rolling_update(update: &RollingUpdateDeployment, path: Path, errs: &mut ErrorList) {
    let unavailable = update.max_unavailable.clone().unwrap_or_default();
    let surge = update.max_surge.clone().unwrap_or_default();
    let (unavailable_path, surge_path) = (path.child("maxUnavailable"), path.child("maxSurge"));
    validate_int_or_percent(&unavailable, unavailable_path, errs);
    validate_int_or_percent(&surge, surge_path, errs);
    if int_or_percent(&unavailable) == 0 && int_or_percent(&surge) == 0 {
        errs.invalid(unavailable_path, BadValue::of(&unavailable), "may not be 0 when `maxSurge` is 0");
    }
    validate_at_most_100_percent(&unavailable, unavailable_path, errs);
}

/// A count or a percentage, not negative.
pub(crate) fn validate_int_or_percent(v: &IntOrString, path: Path, errs: &mut ErrorList) {
    match v {
        IntOrString::Int(n) => validate_nonnegative(*n, path, errs),
        IntOrString::String(s) => {
            for m in is_valid_percent(s) {
                errs.invalid(path, BadValue::of(v), m);
            }
        }
    }
}

pub(crate) fn validate_at_most_100_percent(v: &IntOrString, path: Path, errs: &mut ErrorList) {
    if percent(v).is_some_and(|n| n > 100) {
        errs.invalid(path, BadValue::of(v), "must not be greater than 100%");
    }
}

fn percent(v: &IntOrString) -> Option<i64> {
    match v {
        IntOrString::String(s) if is_valid_percent(s).is_empty() => {
            Some(s.trim_end_matches('%').parse().unwrap_or(i64::MAX))
        }
        _ => None,
    }
}

/// The number of either.
pub(super) fn int_or_percent(v: &IntOrString) -> i64 {
    percent(v).unwrap_or_else(|| v.int_value())
}

pub(super) fn validate_deployment_status(new: &DeploymentStatus, old: &DeploymentStatus, errs: &mut ErrorList) {
    let counts = [
        ("observedGeneration", new.observed_generation),
        ("replicas", new.replicas.into()),
        ("updatedReplicas", new.updated_replicas.into()),
        ("readyReplicas", new.ready_replicas.into()),
        ("availableReplicas", new.available_replicas.into()),
        ("unavailableReplicas", new.unavailable_replicas.into()),
        ("terminatingReplicas", new.terminating_replicas.unwrap_or_default().into()),
        ("collisionCount", new.collision_count.unwrap_or_default().into()),
    ];
    for (name, count) in counts {
        validate_nonnegative(count, STATUS.child(name), errs);
    }
    validate_at_most(
        &[
            ("updatedReplicas", new.updated_replicas),
            ("readyReplicas", new.ready_replicas),
            ("availableReplicas", new.available_replicas),
        ],
        new.replicas,
        (new.ready_replicas, "readyReplicas"),
        errs,
    );
    validate_collision_count(new.collision_count, old.collision_count, errs);
}

/// How often a name was taken only grows.
pub(super) fn validate_collision_count(new: Option<i32>, old: Option<i32>, errs: &mut ErrorList) {
    if old.is_some_and(|old| new.is_none_or(|new| new < old)) {
        errs.invalid(STATUS.child("collisionCount"), new.unwrap_or_default(), "cannot be decremented");
    }
}

pub(super) fn validate_replica_set_status(set: &ReplicaSet, errs: &mut ErrorList) {
    let status = &*set.status;
    let counts = [
        ("replicas", status.replicas.into()),
        ("fullyLabeledReplicas", status.fully_labeled_replicas.into()),
        ("readyReplicas", status.ready_replicas.into()),
        ("availableReplicas", status.available_replicas.into()),
        ("observedGeneration", status.observed_generation),
        ("terminatingReplicas", status.terminating_replicas.unwrap_or_default().into()),
    ];
    for (name, count) in counts {
        validate_nonnegative(count, STATUS.child(name), errs);
    }
    validate_at_most(
        &[
            ("fullyLabeledReplicas", status.fully_labeled_replicas),
            ("readyReplicas", status.ready_replicas),
            ("availableReplicas", status.available_replicas),
        ],
        status.replicas,
        (status.ready_replicas, "readyReplicas"),
        errs,
    );
}

/// No count exceeds the replicas, and what is available is ready. The last count is of the available ones.
pub(crate) fn validate_at_most(counts: &[(&str, i32)], replicas: i32, ready: (i32, &str), errs: &mut ErrorList) {
    for (name, count) in counts.iter().filter(|(_, count)| *count > replicas) {
        errs.invalid(STATUS.child(name), *count, MORE_THAN_REPLICAS);
    }
    if let Some((name, count)) = counts.last().filter(|(_, count)| *count > ready.0) {
        errs.invalid(STATUS.child(name), *count, format!("cannot be greater than {}", ready.1));
    }
}

#[cfg(test)]
mod tests;

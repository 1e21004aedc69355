//! What is wrong with a Job, new or as a successor.
//!
//! Upstream: pkg/apis/batch/validation/validation.go (ValidateJob, ValidateJobUpdate), pkg/registry/batch/job/strategy.go
//! (validationOptionsForJob)
//! Differs: nothing known.

use super::status::indexes_of;
use super::*;
use crate::api::core::{Affinity, template_text, validate_pod_template_spec};
use crate::apimachinery::field_error::BadValue;
use crate::apimachinery::go_json::go_json;
use crate::apimachinery::names::{check_domain_prefixed_path, is_dns1123_label, is_qualified_name};
use crate::apimachinery::validation::{
    FIELD_IMMUTABLE, validate_immutable, validate_label_selector, validate_nonnegative,
};

const MAX_PARALLELISM_OF_INDEXED: i32 = 100_000;
const MAX_FAILED_INDEXES: i32 = 100_000;
const LIMIT_FOR_HIGH_COMPLETIONS: i32 = 10_000;
const MAX_MANAGED_BY: usize = 63;
const MAX_RULES: usize = 20;
const MAX_EXIT_CODES: usize = 255;
const MAX_SUCCEEDED_INDEXES: usize = 64 * 1024;

/// `prefixed`: the labels with a domain must be there too.
pub(super) fn validate_job(job: &Job, prefixed: bool, errs: &mut ErrorList) {
    validate_generated_selector(job, prefixed, errs);
    let spec = &*job.spec;
    validate_job_spec(spec, SPEC, errs);
    match spec.selector.as_deref() {
        None => errs.required(SPEC.child("selector"), ""),
        Some(selector) => validate_label_selector(Some(selector), SPEC.child("selector"), errs),
    }
    let labels = &spec.template.metadata.labels;
    let matches = spec
        .selector
        .as_ref()
        .map_or(Ok(false), |s| s.to_selector().map(|s| s.matches(|key| labels.get(key).map(|v| v.as_str()))));
    if matches == Ok(false) {
        let path = Path::new("spec.template.metadata.labels");
        errs.invalid(path, BadValue::of(labels), "`selector` does not match template `labels`");
    }
    if let (true, Some(completions)) = (spec.is_indexed(), spec.completions.filter(|n| *n > 0)) {
        let host = format!("{}-{}", job.metadata.name, completions - 1);
        if !is_dns1123_label(&host).is_empty() {
            let detail = format!("will not able to create pod with invalid DNS label: {host}");
            errs.invalid(Path::new("metadata").child("name"), &job.metadata.name, detail);
        }
    }
}

fn validate_generated_selector(job: &Job, prefixed: bool, errs: &mut ErrorList) {
    let Some(selector) = job.spec.selector.as_deref() else { return };
    if job.spec.manual_selector == Some(true) {
        return;
    }
    let (name, uid) = (&job.metadata.name, &job.metadata.uid);
    if uid.is_empty() {
        errs.required(Path::new("metadata").child("uid"), "");
    }
    let legacy = [(LEGACY_CONTROLLER_UID_LABEL, uid), (LEGACY_JOB_NAME_LABEL, name)];
    let domain = [(CONTROLLER_UID_LABEL, uid), (JOB_NAME_LABEL, name)];
    let expected: Vec<_> = legacy.iter().chain(domain.iter().filter(|_| prefixed)).collect();
    let path = Path::new("spec.template.metadata.labels");
    let labels = &job.spec.template.metadata.labels;
    for (key, value) in &expected {
        let detail = format!("must be '{value}'");
        match labels.get(key) {
            None => errs.required(path.key(key), detail),
            Some(actual) if actual != *value => errs.invalid(path.key(key), BadValue::of(labels), detail),
            Some(_) => {}
        }
    }
    let has = |key: &str| expected.iter().find(|(k, _)| *k == key).map(|(_, v)| v.as_str());
    if selector.to_selector().is_ok_and(|s| !s.matches(has)) {
        errs.invalid(SPEC.child("selector"), BadValue::of(selector), "`selector` not auto-generated");
    }
}

/// A specification without its selector, as templates of Jobs have it too.
pub(in crate::api::batch) fn validate_job_spec(spec: &JobSpec, path: Path, errs: &mut ErrorList) {
    let counts = [
        ("parallelism", spec.parallelism.map(i64::from)),
        ("completions", spec.completions.map(i64::from)),
        ("activeDeadlineSeconds", spec.active_deadline_seconds),
        ("backoffLimit", spec.backoff_limit.map(i64::from)),
        ("ttlSecondsAfterFinished", spec.ttl_seconds_after_finished.map(i64::from)),
        ("backoffLimitPerIndex", spec.backoff_limit_per_index.map(i64::from)),
        ("maxFailedIndexes", spec.max_failed_indexes.map(i64::from)),
    ];
    for (name, count) in counts {
        validate_nonnegative(count.unwrap_or_default(), path.child(name), errs);
    }
    if spec.max_failed_indexes.is_some() && spec.backoff_limit_per_index.is_none() {
        errs.required(path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified");
    }
    if let Some(manager) = &spec.managed_by {
        check_domain_prefixed_path(path.child("managedBy"), manager, errs);
        if manager.len() > MAX_MANAGED_BY {
            errs.too_long(path.child("managedBy"), MAX_MANAGED_BY);
        }
    }
    validate_completion_mode(spec, path, errs);
    if let Some(policy) = &spec.pod_failure_policy {
        validate_pod_failure_policy(spec, policy, path.child("podFailurePolicy"), errs);
    }
    if let Some(policy) = &spec.success_policy {
        let path = path.child("successPolicy");
        if spec.is_indexed() {
            validate_success_policy(spec, policy, path, errs);
        } else {
            let rules = policy.rules.iter().map(|r| {
                let indexes = r.succeeded_indexes.as_ref().map_or("null".to_owned(), go_json);
                let count = r.succeeded_count.map_or("null".to_owned(), |n| n.to_string());
                format!("{{\"SucceededIndexes\":{indexes},\"SucceededCount\":{count}}}")
            });
            let rules: Vec<_> = rules.collect();
            let value = BadValue::raw(format!("{{\"Rules\":[{}]}}", rules.join(",")));
            errs.invalid(path, value, "requires indexed completion mode");
        }
    }
    if let Some(policy) = &spec.pod_replacement_policy {
        let supported: &[&str] =
            if spec.pod_failure_policy.is_some() { &["Failed"] } else { &["Failed", "TerminatingOrFailed"] };
        if !supported.contains(&policy.as_str()) {
            errs.not_supported(path.child("podReplacementPolicy"), policy, supported);
        }
    }
    let template = path.child("template");
    validate_pod_template_spec(&spec.template, template, errs);
    let path = template.child("spec");
    let path = path.child("restartPolicy");
    match spec.template.spec.restart_policy.as_str() {
        "Always" | "" => errs.required(path, "valid values: \"OnFailure\", \"Never\""),
        "OnFailure" if spec.pod_failure_policy.is_some() => {
            errs.invalid(path, "OnFailure", "only \"Never\" is supported when podFailurePolicy is specified");
        }
        "OnFailure" | "Never" => {}
        other => errs.not_supported(path, other, &["OnFailure", "Never"]),
    }
}

fn validate_completion_mode(spec: &JobSpec, path: Path, errs: &mut ErrorList) {
    let limit = |name: &str, value: i32, max: i32, when: &str, errs: &mut ErrorList| {
        if value > max {
            errs.invalid(path.child(name), value, format!("must be less than or equal to {max}{when}"));
        }
    };
    let (completions, parallelism) = (spec.completions, spec.parallelism.unwrap_or_default());
    let (per_index, max_failed) = (spec.backoff_limit_per_index, spec.max_failed_indexes);
    match spec.completion_mode.as_deref() {
        Some("Indexed") => {
            if completions.is_none() {
                errs.required(path.child("completions"), "when completion mode is Indexed");
            }
            let when = " when completion mode is Indexed";
            limit("parallelism", parallelism, MAX_PARALLELISM_OF_INDEXED, when, errs);
            if let (Some(completions), Some(failed)) = (completions, max_failed)
                && failed > completions
            {
                errs.invalid(path.child("maxFailedIndexes"), failed, "must be less than or equal to completions");
            }
            limit("maxFailedIndexes", max_failed.unwrap_or_default(), MAX_FAILED_INDEXES, "", errs);
            if completions.is_some_and(|n| n > COMPLETIONS_SOFT_LIMIT) && per_index.is_some() {
                if max_failed.is_none() {
                    let detail = format!("must be specified when completions is above {COMPLETIONS_SOFT_LIMIT}");
                    errs.required(path.child("maxFailedIndexes"), detail);
                }
                let when = format!(
                    " when completions are above {COMPLETIONS_SOFT_LIMIT} and used with backoff limit per index"
                );
                limit("parallelism", parallelism, LIMIT_FOR_HIGH_COMPLETIONS, &when, errs);
                limit("maxFailedIndexes", max_failed.unwrap_or_default(), LIMIT_FOR_HIGH_COMPLETIONS, &when, errs);
            }
        }
        None | Some("NonIndexed") => {
            for (name, value) in [("backoffLimitPerIndex", per_index), ("maxFailedIndexes", max_failed)] {
                if let Some(value) = value {
                    errs.invalid(path.child(name), value, "requires indexed completion mode");
                }
            }
        }
        Some(other) => errs.not_supported(path.child("completionMode"), other, &["NonIndexed", "Indexed"]),
    }
}

fn validate_pod_failure_policy(spec: &JobSpec, policy: &PodFailurePolicy, path: Path, errs: &mut ErrorList) {
    let rules = path.child("rules");
    if policy.rules.len() > MAX_RULES {
        errs.too_many(rules, policy.rules.len(), MAX_RULES);
    }
    let pod = &spec.template.spec;
    let containers: Vec<&str> = pod.containers.iter().chain(&pod.init_containers).map(|c| c.name.as_str()).collect();
    for (i, rule) in policy.rules.iter().enumerate() {
        let path = rules.index(i);
        let action = path.child("action");
        match rule.action.as_str() {
            "" => errs.required(action, "valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]"),
            "FailIndex" if spec.backoff_limit_per_index.is_none() => {
                errs.invalid(action, "FailIndex", "requires the backoffLimitPerIndex to be set");
            }
            "Count" | "FailIndex" | "FailJob" | "Ignore" => {}
            other => errs.not_supported(action, other, &["Count", "FailIndex", "FailJob", "Ignore"]),
        }
        if let Some(codes) = &rule.on_exit_codes {
            validate_on_exit_codes(codes, &containers, path.child("onExitCodes"), errs);
        }
        validate_on_pod_conditions(&rule.on_pod_conditions, path.child("onPodConditions"), errs);
        match (rule.on_exit_codes.is_some(), !rule.on_pod_conditions.is_empty()) {
            (true, true) => {
                errs.invalid_omitted(path, "specifying both OnExitCodes and OnPodConditions is not supported");
            }
            (false, false) => {
                errs.invalid_omitted(path, "specifying one of OnExitCodes and OnPodConditions is required");
            }
            _ => {}
        }
    }
}

fn validate_on_pod_conditions(patterns: &[PodFailurePolicyOnPodConditionsPattern], path: Path, errs: &mut ErrorList) {
    if patterns.len() > MAX_RULES {
        errs.too_many(path, patterns.len(), MAX_RULES);
    }
    for (i, pattern) in patterns.iter().enumerate() {
        let path = path.index(i);
        errs.invalid_each(path.child("type"), &pattern.type_, is_qualified_name(&pattern.type_));
        match pattern.status.as_str() {
            "" => errs.required(path.child("status"), "valid values: [\"False\" \"True\" \"Unknown\"]"),
            "False" | "True" | "Unknown" => {}
            other => errs.not_supported(path.child("status"), other, &["False", "True", "Unknown"]),
        }
    }
}

fn validate_on_exit_codes(
    codes: &PodFailurePolicyOnExitCodesRequirement,
    containers: &[&str],
    path: Path,
    errs: &mut ErrorList,
) {
    match codes.operator.as_str() {
        "" => errs.required(path.child("operator"), "valid values: [\"In\" \"NotIn\"]"),
        "In" | "NotIn" => {}
        other => errs.not_supported(path.child("operator"), other, &["In", "NotIn"]),
    }
    if let Some(name) = codes.container_name.as_ref().filter(|n| !containers.contains(&n.as_str())) {
        let detail = "must be one of the container or initContainer names in the pod template";
        errs.invalid(path.child("containerName"), name, detail);
    }
    let path = path.child("values");
    let values = &codes.values;
    if values.is_empty() {
        errs.invalid(path, BadValue::of(values), "at least one value is required");
    } else if values.len() > MAX_EXIT_CODES {
        errs.too_many(path, values.len(), MAX_EXIT_CODES);
    }
    for (i, value) in values.iter().enumerate() {
        if codes.operator == "In" && *value == 0 {
            errs.invalid(path.index(i), *value, "must not be 0 for the In operator");
        }
        if values[..i].contains(value) {
            errs.duplicate(path.index(i), *value);
        }
    }
    if !values.is_sorted() {
        errs.invalid(path, BadValue::of(values), "must be ordered");
    }
}

fn validate_success_policy(spec: &JobSpec, policy: &SuccessPolicy, path: Path, errs: &mut ErrorList) {
    let rules = path.child("rules");
    if policy.rules.is_empty() {
        errs.required(rules, "at least one rules must be specified when the successPolicy is specified");
    }
    if policy.rules.len() > MAX_RULES {
        errs.too_many(rules, policy.rules.len(), MAX_RULES);
    }
    let completions = spec.completions.unwrap_or_default();
    for (i, rule) in policy.rules.iter().enumerate() {
        let path = rules.index(i);
        if rule.succeeded_count.is_none() && rule.succeeded_indexes.is_none() {
            errs.required(path, "at least one of succeededCount or succeededIndexes must be specified");
        }
        let mut total = 0;
        if let Some(indexes) = &rule.succeeded_indexes {
            let path = path.child("succeededIndexes");
            if indexes.len() > MAX_SUCCEEDED_INDEXES {
                errs.too_long(path, MAX_SUCCEEDED_INDEXES);
            }
            match indexes_of(indexes, completions) {
                Ok(intervals) => total = intervals.iter().map(|(x, y)| y - x + 1).sum(),
                Err(e) => errs.invalid(path, indexes, format!("error parsing succeededIndexes: {e}")),
            }
        }
        if let Some(count) = rule.succeeded_count {
            let path = path.child("succeededCount");
            validate_nonnegative(count, path, errs);
            let limits = [
                (completions, "the number of specified completions"),
                (total, "the number of indexes in the specified succeededIndexes field"),
            ];
            let of_indexes = usize::from(rule.succeeded_indexes.is_some());
            for (max, what) in &limits[..=of_indexes] {
                if count > *max {
                    errs.invalid(path, count, format!("must be less than or equal to {max} ({what})"));
                }
            }
        }
    }
}

pub(super) fn validate_update(new: &Job, old: &Job, errs: &mut ErrorList) {
    let (was, now) = (&old.spec, &new.spec);
    let had = |label: &str| was.template.metadata.labels.contains_key(label);
    validate_job(new, had(JOB_NAME_LABEL) && had(CONTROLLER_UID_LABEL), errs);
    let path = SPEC.child("completions");
    if !now.is_indexed() {
        validate_immutable_option(now.completions.as_ref(), was.completions.as_ref(), path, errs);
    } else if let Some(completions) = now.completions.filter(|_| now.completions != was.completions)
        && now.parallelism != Some(completions)
    {
        errs.invalid(path, completions, "can only be modified in tandem with spec.parallelism");
    }
    validate_immutable_option(now.selector.as_ref(), was.selector.as_ref(), SPEC.child("selector"), errs);
    let template = mutable_parts_of(new, old);
    if *now.template != template {
        let value = BadValue::raw(template_text(&now.template));
        errs.invalid(SPEC.child("template"), value, FIELD_IMMUTABLE);
    }
    let path = SPEC.child("completionMode");
    validate_immutable_option(now.completion_mode.as_ref(), was.completion_mode.as_ref(), path, errs);
    validate_immutable(&now.pod_failure_policy, &was.pod_failure_policy, SPEC.child("podFailurePolicy"), errs);
    let path = SPEC.child("backoffLimitPerIndex");
    validate_immutable_option(now.backoff_limit_per_index.as_ref(), was.backoff_limit_per_index.as_ref(), path, errs);
    let path = SPEC.child("managedBy");
    validate_immutable_option(now.managed_by.as_ref(), was.managed_by.as_ref(), path, errs);
    validate_immutable(&now.success_policy, &was.success_policy, SPEC.child("successPolicy"), errs);
}

fn validate_immutable_option<T: Api>(new: Option<&T>, old: Option<&T>, path: Path, errs: &mut ErrorList) {
    if new != old {
        let value = new.map_or("null".to_owned(), go_json);
        errs.invalid(path, BadValue::raw(value), FIELD_IMMUTABLE);
    }
}

/// The old template with what a Job that waits to start may still change.
fn mutable_parts_of(new: &Job, old: &Job) -> PodTemplateSpec {
    let mut template = (*old.spec.template).clone();
    if old.spec.suspend != Some(true) || old.status.start_time.is_some() {
        return template;
    }
    let now = &new.spec.template;
    template.metadata.annotations = now.metadata.annotations.clone();
    template.metadata.labels = now.metadata.labels.clone();
    let spec = Rc::make_mut(&mut template.spec);
    spec.node_selector = now.spec.node_selector.clone();
    spec.tolerations = now.spec.tolerations.clone();
    spec.scheduling_gates = now.spec.scheduling_gates.clone();
    let node_affinity = now.spec.affinity.as_ref().and_then(|a| a.node_affinity.clone());
    let affinity = Affinity { node_affinity, ..spec.affinity.as_deref().cloned().unwrap_or_default() };
    let none = now.spec.affinity.is_none() && affinity == Affinity::default();
    spec.affinity = (!none && (spec.affinity.is_some() || now.spec.affinity.is_some())).then(|| Rc::new(affinity));
    template
}

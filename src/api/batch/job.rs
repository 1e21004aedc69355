//! batch/v1 Job.
//!
//! Upstream: staging/src/k8s.io/api/batch/v1/types.go, pkg/registry/batch/job/strategy.go,
//! pkg/printers/internalversion/printers.go (printJob), pkg/apis/batch/v1/defaults.go, pkg/api/job/warnings.go
//! Differs: nothing known.

mod status;
mod validation;

pub(super) use validation::validate_job_spec;

use crate::api::apps::pods::drop_disabled;
use crate::api::core::{PodTemplateSpec, set_template_defaults, template_warnings};
use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, PrintCx, col, wide};
use crate::api::print::{cell_or, container_cells, selector_text};
use crate::apimachinery::time::{Time, human_duration};
use crate::apimachinery::{Api, ErrorList, LabelSelector, List, ObjectMeta, Path, Str, Value};
use std::rc::Rc;

crate::api! {
    pub struct Job = "io.k8s.api.batch.v1.Job" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<JobSpec> = "spec".always(),
        status: Rc<JobStatus> = "status".always(),
    }

    pub struct JobSpec = "io.k8s.api.batch.v1.JobSpec" {
        parallelism: Option<i32> = "parallelism",
        completions: Option<i32> = "completions",
        active_deadline_seconds: Option<i64> = "activeDeadlineSeconds",
        pod_failure_policy: Option<Rc<PodFailurePolicy>> = "podFailurePolicy",
        success_policy: Option<Rc<SuccessPolicy>> = "successPolicy",
        backoff_limit: Option<i32> = "backoffLimit",
        backoff_limit_per_index: Option<i32> = "backoffLimitPerIndex",
        max_failed_indexes: Option<i32> = "maxFailedIndexes",
        selector: Option<Rc<LabelSelector>> = "selector",
        manual_selector: Option<bool> = "manualSelector",
        template: Rc<PodTemplateSpec> = "template".always().required(),
        ttl_seconds_after_finished: Option<i32> = "ttlSecondsAfterFinished",
        completion_mode: Option<Str> = "completionMode",
        suspend: Option<bool> = "suspend",
        pod_replacement_policy: Option<Str> = "podReplacementPolicy",
        managed_by: Option<Str> = "managedBy",
    }

    pub struct PodFailurePolicy = "io.k8s.api.batch.v1.PodFailurePolicy" {
        rules: List<PodFailurePolicyRule> = "rules".always().atomic(),
    }

    pub struct PodFailurePolicyRule = "io.k8s.api.batch.v1.PodFailurePolicyRule" {
        action: Str = "action".always(),
        on_exit_codes: Option<Rc<PodFailurePolicyOnExitCodesRequirement>> = "onExitCodes",
        on_pod_conditions: List<PodFailurePolicyOnPodConditionsPattern> = "onPodConditions".atomic(),
    }

    pub struct PodFailurePolicyOnExitCodesRequirement = "io.k8s.api.batch.v1.PodFailurePolicyOnExitCodesRequirement" {
        container_name: Option<Str> = "containerName",
        operator: Str = "operator".always(),
        values: List<i32> = "values".always().set(),
    }

    pub struct PodFailurePolicyOnPodConditionsPattern = "io.k8s.api.batch.v1.PodFailurePolicyOnPodConditionsPattern" {
        type_: Str = "type".always(),
        status: Str = "status".always().optional(),
    }

    pub struct SuccessPolicy = "io.k8s.api.batch.v1.SuccessPolicy" {
        rules: List<SuccessPolicyRule> = "rules".always().atomic(),
    }

    pub struct SuccessPolicyRule = "io.k8s.api.batch.v1.SuccessPolicyRule" {
        succeeded_indexes: Option<Str> = "succeededIndexes",
        succeeded_count: Option<i32> = "succeededCount",
    }

    pub struct JobStatus = "io.k8s.api.batch.v1.JobStatus" {
        conditions: List<JobCondition> = "conditions".merge("type").atomic(),
        start_time: Option<Time> = "startTime",
        completion_time: Option<Time> = "completionTime",
        active: i32 = "active",
        succeeded: i32 = "succeeded",
        failed: i32 = "failed",
        terminating: Option<i32> = "terminating",
        completed_indexes: Str = "completedIndexes",
        failed_indexes: Option<Str> = "failedIndexes",
        uncounted_terminated_pods: Option<Rc<UncountedTerminatedPods>> = "uncountedTerminatedPods",
        ready: Option<i32> = "ready",
    }

    pub struct UncountedTerminatedPods = "io.k8s.api.batch.v1.UncountedTerminatedPods" {
        succeeded: List<Str> = "succeeded".set(),
        failed: List<Str> = "failed".set(),
    }

    pub struct JobCondition = "io.k8s.api.batch.v1.JobCondition" {
        type_: Str = "type".always(),
        status: Str = "status".always(),
        last_probe_time: Time = "lastProbeTime",
        last_transition_time: Time = "lastTransitionTime",
        reason: Str = "reason",
        message: Str = "message",
    }
}

pub const JOB_NAME_LABEL: &str = "batch.kubernetes.io/job-name";
pub const CONTROLLER_UID_LABEL: &str = "batch.kubernetes.io/controller-uid";
const LEGACY_JOB_NAME_LABEL: &str = "job-name";
const LEGACY_CONTROLLER_UID_LABEL: &str = "controller-uid";
const SPEC: Path = Path::new("spec");
const COMPLETIONS_SOFT_LIMIT: i32 = 100_000;

impl JobSpec {
    pub fn is_indexed(&self) -> bool {
        self.completion_mode.as_deref() == Some("Indexed")
    }

    /// The defaults of a Job's specification, but for what a template of Jobs leaves out.
    fn set_defaults(&mut self) {
        if self.completions.is_none() && self.parallelism.is_none() {
            self.completions = Some(1);
        }
        self.parallelism.get_or_insert(1);
        let limit = if self.backoff_limit_per_index.is_some() { i32::MAX } else { 6 };
        self.backoff_limit.get_or_insert(limit);
        self.completion_mode.get_or_insert(Str::literal("NonIndexed"));
        self.suspend.get_or_insert(false);
        let policy = if self.pod_failure_policy.is_some() { "Failed" } else { "TerminatingOrFailed" };
        self.pod_replacement_policy.get_or_insert(Str::literal(policy));
        self.manual_selector.get_or_insert(false);
    }

    /// The defaults that Jobs and templates of Jobs share: those of the pods, and of the failure policy.
    pub(super) fn set_defaults_of_parts(&mut self) {
        set_template_defaults(&mut self.template);
        let unset = |p: &PodFailurePolicyOnPodConditionsPattern| p.status.is_empty();
        let rules = self.pod_failure_policy.iter().flat_map(|p| p.rules.iter());
        if rules.flat_map(|r| r.on_pod_conditions.iter()).any(unset)
            && let Some(policy) = &mut self.pod_failure_policy
        {
            for rule in Rc::make_mut(policy).rules.make_mut() {
                for pattern in rule.on_pod_conditions.make_mut().iter_mut().filter(|p| unset(p)) {
                    pattern.status = Str::literal("True");
                }
            }
        }
    }

    /// What is unwise, apart from the name.
    pub(super) fn warnings(&self, path: Path, out: &mut Vec<String>) {
        let (completions, parallelism) = (self.completions.unwrap_or_default(), self.parallelism.unwrap_or_default());
        if self.is_indexed() && completions > COMPLETIONS_SOFT_LIMIT && parallelism > 10_000 {
            out.push(format!(
                "{path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than \
                 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail"
            ));
        }
        template_warnings(&self.template, path.child("template"), out);
    }
}

impl Job {
    pub fn condition(&self, type_: &str) -> Option<&JobCondition> {
        self.status.conditions.iter().find(|c| c.type_ == *type_)
    }

    pub fn has_condition(&self, type_: &str) -> bool {
        self.status.conditions.iter().any(|c| c.type_ == *type_ && c.status == "True")
    }

    /// Complete or failed.
    pub fn is_finished(&self) -> bool {
        self.has_condition("Complete") || self.has_condition("Failed")
    }

    /// Pods are found by the Job's uid, which the template's labels must then carry.
    fn generate_selector(&mut self) {
        let (name, uid) = (self.metadata.name.clone(), self.metadata.uid.clone());
        let spec = Rc::make_mut(&mut self.spec);
        let labels = &mut Rc::make_mut(&mut spec.template).metadata.labels;
        for (key, value) in [
            (LEGACY_JOB_NAME_LABEL, &name),
            (JOB_NAME_LABEL, &name),
            (LEGACY_CONTROLLER_UID_LABEL, &uid),
            (CONTROLLER_UID_LABEL, &uid),
        ] {
            if !labels.contains_key(key) {
                labels.insert(key, value.clone());
            }
        }
        let selector = Rc::make_mut(spec.selector.get_or_insert_default());
        if !selector.match_labels.contains_key(CONTROLLER_UID_LABEL) {
            selector.match_labels.insert(CONTROLLER_UID_LABEL, uid);
        }
    }

    fn label_as_template(&mut self) {
        let labels = &self.spec.template.metadata.labels;
        if self.metadata.labels.is_empty() && !labels.is_empty() {
            self.metadata.labels = labels.clone();
        }
    }

    fn status_text(&self) -> &'static str {
        let named = |t: &'static str, text: &'static str| self.has_condition(t).then_some(text);
        let deleting = self.metadata.deletion_timestamp.is_some().then_some("Terminating");
        named("Complete", "Complete")
            .or_else(|| named("Failed", "Failed"))
            .or(deleting)
            .or_else(|| named("Suspended", "Suspended"))
            .or_else(|| named("FailureTarget", "FailureTarget"))
            .or_else(|| named("SuccessCriteriaMet", "SuccessCriteriaMet"))
            .unwrap_or("Running")
    }

    fn completions_text(&self) -> String {
        let succeeded = self.status.succeeded;
        match (self.spec.completions, self.spec.parallelism.unwrap_or_default()) {
            (Some(completions), _) => format!("{succeeded}/{completions}"),
            (None, parallelism) if parallelism > 1 => format!("{succeeded}/1 of {parallelism}"),
            (None, _) => format!("{succeeded}/1"),
        }
    }
}

impl Kind for Job {
    const INFO: KindInfo = KindInfo { categories: &["all"], status: true, ..KindInfo::of("batch", "Job", "jobs") };
    crate::kind_glue!(Job);
    const GENERATION: bool = true;
    const COLUMNS: &'static [Column] = &[
        NAME,
        col("Status"),
        col("Completions"),
        col("Duration"),
        AGE,
        wide("Containers"),
        wide("Images"),
        wide("Selector"),
    ];
    const FIELDS: &'static [&'static str] = &["status.successful"];

    fn set_defaults(&mut self) {
        let spec = Rc::make_mut(&mut self.spec);
        spec.set_defaults();
        spec.set_defaults_of_parts();
        self.label_as_template();
    }

    fn prepare_for_create(&mut self) {
        if self.spec.manual_selector != Some(true) {
            self.generate_selector();
        }
        // Upstream sets the defaults again on the way out of the store, and so finds the labels just generated.
        self.label_as_template();
        self.status = Rc::default();
        drop_disabled!(self, None);
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        drop_disabled!(self, Some(&old.spec.template));
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
    }

    fn spec_changed(&self, old: &Self) -> bool {
        self.spec != old.spec
    }

    fn validate(&self, errs: &mut ErrorList) {
        validation::validate_job(self, true, errs);
    }

    fn validate_update(&self, old: &Self, errs: &mut ErrorList) {
        validation::validate_update(self, old, errs);
    }

    fn validate_status_update(&self, old: &Self, errs: &mut ErrorList) {
        status::validate_update(self, old, errs);
    }

    fn warnings(&self, old: Option<&Self>, out: &mut Vec<String>) {
        if old.is_none() {
            crate::api::apps::pods::warn_of_name(&self.metadata.name, out);
        }
        if old.is_none_or(|old| self.spec != old.spec) {
            self.spec.warnings(SPEC, out);
        }
    }

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        let [containers, images] = container_cells(&self.spec.template.spec.containers);
        let duration = self.status.start_time.map(|start| {
            let end = self.status.completion_time.unwrap_or(cx.now);
            human_duration(end.unix() - start.unix())
        });
        vec![
            self.metadata.name.encode(),
            self.status_text().into(),
            self.completions_text().into(),
            duration.unwrap_or_default().into(),
            cx.age(self.metadata.creation_timestamp),
            containers,
            images,
            cell_or(&selector_text(self.spec.selector.as_deref()).unwrap_or("<error>".to_owned()), "<none>"),
        ]
    }

    fn field(&self, path: &str) -> Option<Str> {
        (path == "status.successful").then(|| Str::from(self.status.succeeded.to_string()))
    }
}

#[cfg(test)]
mod tests;

//! policy/v1 PodDisruptionBudget.
//!
//! Upstream: staging/src/k8s.io/api/policy/v1/types.go, pkg/registry/policy/poddisruptionbudget/strategy.go,
//! pkg/printers/internalversion/printers.go (printPodDisruptionBudget), pkg/apis/policy/validation/validation.go
//! Differs: the conditions of a status are not looked at.

use crate::api::apps::{validate_at_most_100_percent, validate_int_or_percent};
use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, PrintCx, col, int_col};
use crate::apimachinery::field_error::BadValue;
use crate::apimachinery::go_json::go_json;
use crate::apimachinery::int_or_string::IntOrString;
use crate::apimachinery::time::Time;
use crate::apimachinery::validation::{validate_label_selector, validate_nonnegative};
use crate::apimachinery::{Api, Condition, ErrorList, LabelSelector, List, Map, ObjectMeta, Path, Str, Value};
use std::rc::Rc;

crate::api! {
    pub struct PodDisruptionBudget = "io.k8s.api.policy.v1.PodDisruptionBudget" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<PodDisruptionBudgetSpec> = "spec".always(),
        status: Rc<PodDisruptionBudgetStatus> = "status".always(),
    }

    pub struct PodDisruptionBudgetSpec = "io.k8s.api.policy.v1.PodDisruptionBudgetSpec" {
        min_available: Option<IntOrString> = "minAvailable",
        selector: Option<Rc<LabelSelector>> = "selector",
        max_unavailable: Option<IntOrString> = "maxUnavailable",
        unhealthy_pod_eviction_policy: Option<Str> = "unhealthyPodEvictionPolicy",
    }

    pub struct PodDisruptionBudgetStatus = "io.k8s.api.policy.v1.PodDisruptionBudgetStatus" {
        observed_generation: i64 = "observedGeneration",
        disrupted_pods: Map<Time> = "disruptedPods",
        disruptions_allowed: i32 = "disruptionsAllowed".always(),
        current_healthy: i32 = "currentHealthy".always(),
        desired_healthy: i32 = "desiredHealthy".always(),
        expected_pods: i32 = "expectedPods".always(),
        conditions: List<Condition> = "conditions".merge("type").keys(&["type"]),
    }
}

const SPEC: Path = Path::new("spec");
const STATUS: Path = Path::new("status");

/// The one condition of a budget.
pub const DISRUPTION_ALLOWED: &str = "DisruptionAllowed";

impl PodDisruptionBudgetStatus {
    pub fn condition(&self) -> Option<&Condition> {
        self.conditions.iter().find(|c| c.type_ == DISRUPTION_ALLOWED)
    }

    /// (status, reason) that follow from the number of disruptions.
    fn allowed(&self) -> (&'static str, &'static str) {
        if self.disruptions_allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") }
    }

    /// Upstream: UpdateDisruptionAllowedCondition.
    pub fn update_condition(&mut self, now: Time) {
        let (status, reason) = self.allowed();
        self.set_condition(status, reason, Str::EMPTY, now);
    }

    /// Upstream: ConditionsAreUpToDate.
    pub fn is_told(&self) -> bool {
        let (status, reason) = self.allowed();
        self.condition().is_some_and(|c| c.status == status && c.reason == reason)
    }

    /// The time stays where the status does.
    pub fn set_condition(&mut self, status: &'static str, reason: &'static str, message: Str, now: Time) {
        let since = self.condition().filter(|c| c.status == status).map(|c| c.last_transition_time);
        let new = Condition {
            type_: Str::literal(DISRUPTION_ALLOWED),
            status: Str::literal(status),
            observed_generation: self.observed_generation,
            last_transition_time: since.unwrap_or(now),
            reason: Str::literal(reason),
            message,
        };
        match self.conditions.iter().position(|c| c.type_ == DISRUPTION_ALLOWED) {
            Some(at) => self.conditions.make_mut()[at] = new,
            None => self.conditions.push(new),
        }
    }
}

impl Kind for PodDisruptionBudget {
    const INFO: KindInfo = KindInfo {
        short: &["pdb"],
        status: true,
        ..KindInfo::of("policy", "PodDisruptionBudget", "poddisruptionbudgets")
    };
    crate::kind_glue!(PodDisruptionBudget);
    const UNCONDITIONAL_UPDATE: bool = false;
    const GENERATION: bool = true;
    const COLUMNS: &'static [Column] =
        &[NAME, col("Min Available"), col("Max Unavailable"), int_col("Allowed Disruptions"), AGE];

    fn prepare_for_create(&mut self) {
        self.status = Rc::default();
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
    }

    fn spec_changed(&self, old: &Self) -> bool {
        self.spec != old.spec
    }

    fn validate(&self, errs: &mut ErrorList) {
        let spec = &*self.spec;
        if let (Some(min), Some(max)) = (&spec.min_available, &spec.max_unavailable) {
            let selector = spec.selector.as_ref().map_or("null".to_owned(), go_json);
            let policy = spec.unhealthy_pod_eviction_policy.as_ref().map_or("null".to_owned(), go_json);
            let value = format!(
                "{{\"MinAvailable\":{},\"Selector\":{selector},\"MaxUnavailable\":{},\"UnhealthyPodEvictionPolicy\":{policy}}}",
                go_json(min),
                go_json(max)
            );
            errs.invalid(SPEC, BadValue::raw(value), "minAvailable and maxUnavailable cannot be both set");
        }
        for (name, value) in [("minAvailable", &spec.min_available), ("maxUnavailable", &spec.max_unavailable)] {
            if let Some(value) = value {
                validate_int_or_percent(value, SPEC.child(name), errs);
                validate_at_most_100_percent(value, SPEC.child(name), errs);
            }
        }
        validate_label_selector(spec.selector.as_deref(), SPEC.child("selector"), errs);
        let supported = ["AlwaysAllow", "IfHealthyBudget"];
        if let Some(policy) = spec.unhealthy_pod_eviction_policy.as_ref().filter(|p| !supported.contains(&p.as_str())) {
            errs.not_supported(SPEC.child("unhealthyPodEvictionPolicy"), policy, &supported);
        }
    }

    fn validate_status_update(&self, _old: &Self, errs: &mut ErrorList) {
        for (name, count) in [
            ("disruptionsAllowed", self.status.disruptions_allowed),
            ("currentHealthy", self.status.current_healthy),
            ("desiredHealthy", self.status.desired_healthy),
            ("expectedPods", self.status.expected_pods),
        ] {
            validate_nonnegative(count, STATUS.child(name), errs);
        }
    }

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        let text = |v: &Option<IntOrString>| Value::from(v.as_ref().map_or("N/A".to_owned(), |v| v.to_string()));
        vec![
            self.metadata.name.encode(),
            text(&self.spec.min_available),
            text(&self.spec.max_unavailable),
            self.status.disruptions_allowed.into(),
            cx.age(self.metadata.creation_timestamp),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::testing::{decode, faults_of_create, row_text};

    #[test]
    fn rows_and_refusals_are_those_of_a_cluster() {
        let budget: PodDisruptionBudget = decode("{spec: {minAvailable: 50%}}");
        assert_eq!(row_text(&budget, 0), "web|50%|N/A|0|<unknown>");
        for (spec, want) in [
            ("minAvailable: 1, selector: {matchLabels: {a: b}}", vec![]),
            ("minAvailable: 120%", vec!["spec.minAvailable: Invalid value: \"120%\": must not be greater than 100%"]),
            ("maxUnavailable: -1", vec!["spec.maxUnavailable: Invalid value: -1: must be greater than or equal to 0"]),
            (
                "minAvailable: 1, maxUnavailable: 1",
                vec![
                    "spec: Invalid value: {\"MinAvailable\":1,\"Selector\":null,\"MaxUnavailable\":1,\
                     \"UnhealthyPodEvictionPolicy\":null}: minAvailable and maxUnavailable cannot be both set",
                ],
            ),
        ] {
            assert_eq!(faults_of_create::<PodDisruptionBudget>(&format!("{{spec: {{{spec}}}}}")), want, "{spec}");
        }
    }
}

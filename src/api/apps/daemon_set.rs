//! apps/v1 DaemonSet.
//!
//! Upstream: staging/src/k8s.io/api/apps/v1/types.go, pkg/registry/apps/daemonset/strategy.go,
//! pkg/printers/internalversion/printers.go (printDaemonSet), pkg/apis/apps/v1/{defaults,conversion}.go,
//! pkg/apis/apps/validation/validation.go (ValidateDaemonSet, …)
//! Differs: nothing known.

use super::pods::{self, TEMPLATE, drop_disabled};
use super::validation::{
    int_or_percent, validate_at_most_100_percent, validate_collision_count, validate_immutable_selector,
    validate_int_or_percent,
};
use crate::api::core::{PodTemplateSpec, set_template_defaults, template_warnings};
use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, PrintCx, col, int_col, wide};
use crate::api::print::{cell_or, container_cells, format_labels, selector_text};
use crate::apimachinery::field_error::{BadValue, go_quote};
use crate::apimachinery::go_json::go_json;
use crate::apimachinery::int_or_string::IntOrString;
use crate::apimachinery::time::Time;
use crate::apimachinery::validation::{validate_label_selector, validate_nonnegative};
use crate::apimachinery::{Api, ErrorList, LabelSelector, List, ObjectMeta, Path, Str, Value};
use std::rc::Rc;

crate::api! {
    pub struct DaemonSet = "io.k8s.api.apps.v1.DaemonSet" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<DaemonSetSpec> = "spec".always(),
        status: Rc<DaemonSetStatus> = "status".always(),
    }

    pub struct DaemonSetSpec = "io.k8s.api.apps.v1.DaemonSetSpec" {
        selector: Option<Rc<LabelSelector>> = "selector".always().required(),
        template: Rc<PodTemplateSpec> = "template".always().required(),
        update_strategy: DaemonSetUpdateStrategy = "updateStrategy".always(),
        min_ready_seconds: i32 = "minReadySeconds",
        revision_history_limit: Option<i32> = "revisionHistoryLimit",
    }

    pub struct DaemonSetUpdateStrategy = "io.k8s.api.apps.v1.DaemonSetUpdateStrategy" {
        type_: Str = "type",
        rolling_update: Option<Rc<RollingUpdateDaemonSet>> = "rollingUpdate",
    }

    pub struct RollingUpdateDaemonSet = "io.k8s.api.apps.v1.RollingUpdateDaemonSet" {
        max_unavailable: Option<IntOrString> = "maxUnavailable",
        max_surge: Option<IntOrString> = "maxSurge",
    }

    pub struct DaemonSetStatus = "io.k8s.api.apps.v1.DaemonSetStatus" {
        current_number_scheduled: i32 = "currentNumberScheduled".always(),
        number_misscheduled: i32 = "numberMisscheduled".always(),
        desired_number_scheduled: i32 = "desiredNumberScheduled".always(),
        number_ready: i32 = "numberReady".always(),
        observed_generation: i64 = "observedGeneration",
        updated_number_scheduled: i32 = "updatedNumberScheduled",
        number_available: i32 = "numberAvailable",
        number_unavailable: i32 = "numberUnavailable",
        collision_count: Option<i32> = "collisionCount",
        conditions: List<DaemonSetCondition> = "conditions".merge("type").keys(&["type"]),
    }

    pub struct DaemonSetCondition = "io.k8s.api.apps.v1.DaemonSetCondition" {
        type_: Str = "type".always(),
        status: Str = "status".always(),
        last_transition_time: Time = "lastTransitionTime",
        reason: Str = "reason",
        message: Str = "message",
    }
}

const ROLLING_UPDATE: &str = "RollingUpdate";
/// Where v1 keeps what was `spec.templateGeneration`: how often the template changed.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";
const SPEC: Path = Path::new("spec");
const STATUS: Path = Path::new("status");

impl DaemonSet {
    pub fn template_generation(&self) -> i64 {
        self.metadata.annotations.get(TEMPLATE_GENERATION).and_then(|v| v.parse().ok()).unwrap_or(0)
    }

    fn set_template_generation(&mut self, generation: i64) {
        self.metadata.annotations.insert(TEMPLATE_GENERATION, Str::from(generation.to_string()));
    }

    fn validate_update_strategy(&self, errs: &mut ErrorList) {
        let strategy = &self.spec.update_strategy;
        let path = SPEC.child("updateStrategy");
        match (strategy.type_.as_str(), &strategy.rolling_update) {
            ("OnDelete", _) => {}
            (ROLLING_UPDATE, None) => errs.required(path.child("rollingUpdate"), ""),
            (ROLLING_UPDATE, Some(update)) => {
                let path = path.child("rollingUpdate");
                let unavailable = update.max_unavailable.clone().unwrap_or_default();
                let surge = update.max_surge.clone().unwrap_or_default();
                validate_int_or_percent(&unavailable, path.child("maxUnavailable"), errs);
                validate_int_or_percent(&surge, path.child("maxSurge"), errs);
                validate_at_most_100_percent(&unavailable, path.child("maxUnavailable"), errs);
                validate_at_most_100_percent(&surge, path.child("maxSurge"), errs);
                match (int_or_percent(&unavailable) != 0, int_or_percent(&surge) != 0) {
                    (true, true) => {
                        let detail = "may not be set when maxUnavailable is non-zero";
                        errs.invalid(path.child("maxSurge"), BadValue::of(&surge), detail);
                    }
                    (false, false) => errs.required(path.child("maxUnavailable"), "cannot be 0 when maxSurge is 0"),
                    _ => {}
                }
            }
            (other, update) => {
                let update = update.as_ref().map_or("null".to_owned(), |u| {
                    let text = |v: &Option<IntOrString>| v.as_ref().map_or("0".to_owned(), go_json);
                    format!("{{\"MaxUnavailable\":{},\"MaxSurge\":{}}}", text(&u.max_unavailable), text(&u.max_surge))
                });
                let value = format!("{{\"Type\":{},\"RollingUpdate\":{update}}}", go_quote(other));
                errs.not_supported(path, BadValue::raw(value), &[ROLLING_UPDATE, "OnDelete"]);
            }
        }
    }
}

impl Kind for DaemonSet {
    const INFO: KindInfo = KindInfo {
        short: &["ds"],
        categories: &["all"],
        status: true,
        ..KindInfo::of("apps", "DaemonSet", "daemonsets")
    };
    crate::kind_glue!(DaemonSet);
    const GENERATION: bool = true;
    const COLUMNS: &'static [Column] = &[
        NAME,
        int_col("Desired"),
        int_col("Current"),
        int_col("Ready"),
        int_col("Up-to-date"),
        int_col("Available"),
        col("Node Selector"),
        AGE,
        wide("Containers"),
        wide("Images"),
        wide("Selector"),
    ];

    fn set_defaults(&mut self) {
        // The conversion of upstream writes the annotation whether it was there or not.
        if !self.metadata.annotations.contains_key(TEMPLATE_GENERATION) {
            self.set_template_generation(0);
        }
        let spec = Rc::make_mut(&mut self.spec);
        let strategy = &mut spec.update_strategy;
        strategy.type_ = strategy.type_.or(ROLLING_UPDATE);
        if strategy.type_ == ROLLING_UPDATE {
            let rolling = Rc::make_mut(strategy.rolling_update.get_or_insert_default());
            rolling.max_unavailable.get_or_insert(IntOrString::Int(1));
            rolling.max_surge.get_or_insert(IntOrString::Int(0));
        }
        spec.revision_history_limit.get_or_insert(10);
        set_template_defaults(&mut spec.template);
    }

    fn prepare_for_create(&mut self) {
        self.status = Rc::default();
        drop_disabled!(self, None);
        self.set_template_generation(self.template_generation().max(1));
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        drop_disabled!(self, Some(&old.spec.template));
        let changed = self.spec.template != old.spec.template;
        self.set_template_generation(old.template_generation() + i64::from(changed));
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
        self.set_template_generation(old.template_generation());
    }

    fn spec_changed(&self, old: &Self) -> bool {
        self.spec != old.spec
    }

    fn validate(&self, errs: &mut ErrorList) {
        let spec = &*self.spec;
        validate_label_selector(spec.selector.as_deref(), SPEC.child("selector"), errs);
        let labels = &spec.template.metadata.labels;
        let matches = spec
            .selector
            .as_ref()
            .map_or(Ok(false), |s| s.to_selector().map(|s| s.matches(|key| labels.get(key).map(|v| v.as_str()))));
        let template = SPEC.child("template");
        if matches == Ok(false) {
            let path = template.child("metadata");
            errs.invalid(path.child("labels"), BadValue::of(labels), "`selector` does not match template `labels`");
        }
        if let Some(selector) = spec.selector.as_ref().filter(|s| s.is_empty()) {
            errs.invalid(SPEC.child("selector"), BadValue::of(&**selector), "empty selector is invalid for daemonset");
        }
        pods::validate_lasting_template(&spec.template, "DaemonSet", template, errs);
        validate_nonnegative(spec.min_ready_seconds, SPEC.child("minReadySeconds"), errs);
        validate_nonnegative(self.template_generation(), SPEC.child("templateGeneration"), errs);
        self.validate_update_strategy(errs);
        if let Some(limit) = spec.revision_history_limit {
            validate_nonnegative(limit, SPEC.child("revisionHistoryLimit"), errs);
        }
    }

    fn validate_update(&self, old: &Self, errs: &mut ErrorList) {
        validate_immutable_selector(&self.spec.selector, &old.spec.selector, errs);
        self.validate(errs);
    }

    fn validate_status_update(&self, old: &Self, errs: &mut ErrorList) {
        let status = &*self.status;
        let counts = [
            ("currentNumberScheduled", status.current_number_scheduled.into()),
            ("numberMisscheduled", status.number_misscheduled.into()),
            ("desiredNumberScheduled", status.desired_number_scheduled.into()),
            ("numberReady", status.number_ready.into()),
            ("observedGeneration", status.observed_generation),
            ("updatedNumberScheduled", status.updated_number_scheduled.into()),
            ("numberAvailable", status.number_available.into()),
            ("numberUnavailable", status.number_unavailable.into()),
            ("collisionCount", status.collision_count.unwrap_or_default().into()),
        ];
        for (name, count) in counts {
            validate_nonnegative(count, STATUS.child(name), errs);
        }
        validate_collision_count(status.collision_count, old.status.collision_count, errs);
    }

    fn warnings(&self, old: Option<&Self>, out: &mut Vec<String>) {
        if old.is_none_or(|old| old.spec.template != self.spec.template) {
            template_warnings(&self.spec.template, TEMPLATE, out);
        }
    }

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        let (spec, status) = (&self.spec, &self.status);
        let [containers, images] = container_cells(&spec.template.spec.containers);
        vec![
            self.metadata.name.encode(),
            status.desired_number_scheduled.into(),
            status.current_number_scheduled.into(),
            status.number_ready.into(),
            status.updated_number_scheduled.into(),
            status.number_available.into(),
            format_labels(&spec.template.spec.node_selector).into(),
            cx.age(self.metadata.creation_timestamp),
            containers,
            images,
            cell_or(&selector_text(spec.selector.as_deref()).unwrap_or("<error>".to_owned()), "<none>"),
        ]
    }
}

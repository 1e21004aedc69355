//! apps/v1 Deployment.
//!
//! Upstream: staging/src/k8s.io/api/apps/v1/types.go, pkg/registry/apps/deployment/strategy.go,
//! pkg/printers/internalversion/printers.go (printDeployment), pkg/apis/apps/v1/defaults.go (SetDefaults_Deployment)
//! Differs: nothing known.

use super::pods::{TEMPLATE, drop_disabled, warn_of_name};
use super::validation;
use crate::api::core::{PodTemplateSpec, set_template_defaults, template_warnings};
use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, PrintCx, col, wide};
use crate::api::print::{container_cells, selector_text};
use crate::apimachinery::int_or_string::IntOrString;
use crate::apimachinery::time::Time;
use crate::apimachinery::{Api, ErrorList, LabelSelector, List, ObjectMeta, Str, Value};
use std::rc::Rc;

crate::api! {
    pub struct Deployment = "io.k8s.api.apps.v1.Deployment" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<DeploymentSpec> = "spec".always(),
        status: Rc<DeploymentStatus> = "status".always(),
    }

    pub struct DeploymentSpec = "io.k8s.api.apps.v1.DeploymentSpec" {
        replicas: Option<i32> = "replicas",
        selector: Option<Rc<LabelSelector>> = "selector".always().required(),
        template: Rc<PodTemplateSpec> = "template".always().required(),
        strategy: DeploymentStrategy = "strategy".always().retain_keys(),
        min_ready_seconds: i32 = "minReadySeconds",
        revision_history_limit: Option<i32> = "revisionHistoryLimit",
        paused: bool = "paused",
        progress_deadline_seconds: Option<i32> = "progressDeadlineSeconds",
    }

    pub struct DeploymentStrategy = "io.k8s.api.apps.v1.DeploymentStrategy" {
        type_: Str = "type",
        rolling_update: Option<Rc<RollingUpdateDeployment>> = "rollingUpdate",
    }

    pub struct RollingUpdateDeployment = "io.k8s.api.apps.v1.RollingUpdateDeployment" {
        max_unavailable: Option<IntOrString> = "maxUnavailable",
        max_surge: Option<IntOrString> = "maxSurge",
    }

    pub struct DeploymentStatus = "io.k8s.api.apps.v1.DeploymentStatus" {
        observed_generation: i64 = "observedGeneration",
        replicas: i32 = "replicas",
        updated_replicas: i32 = "updatedReplicas",
        ready_replicas: i32 = "readyReplicas",
        available_replicas: i32 = "availableReplicas",
        unavailable_replicas: i32 = "unavailableReplicas",
        terminating_replicas: Option<i32> = "terminatingReplicas",
        conditions: List<DeploymentCondition> = "conditions".merge("type").keys(&["type"]),
        collision_count: Option<i32> = "collisionCount",
    }

    pub struct DeploymentCondition = "io.k8s.api.apps.v1.DeploymentCondition" {
        type_: Str = "type".always(),
        status: Str = "status".always(),
        last_update_time: Time = "lastUpdateTime".always(),
        last_transition_time: Time = "lastTransitionTime".always(),
        reason: Str = "reason",
        message: Str = "message",
    }
}

const ROLLING_UPDATE: &str = "RollingUpdate";

fn quarter() -> IntOrString {
    IntOrString::String(Str::literal("25%"))
}

impl Kind for Deployment {
    const INFO: KindInfo = KindInfo {
        short: &["deploy"],
        categories: &["all"],
        status: true,
        scale: true,
        ..KindInfo::of("apps", "Deployment", "deployments")
    };
    crate::kind_glue!(Deployment);
    const GENERATION: bool = true;
    const COLUMNS: &'static [Column] = &[
        NAME,
        col("Ready"),
        col("Up-to-date"),
        col("Available"),
        AGE,
        wide("Containers"),
        wide("Images"),
        wide("Selector"),
    ];

    fn set_defaults(&mut self) {
        let spec = Rc::make_mut(&mut self.spec);
        spec.replicas.get_or_insert(1);
        let strategy = &mut spec.strategy;
        strategy.type_ = strategy.type_.or(ROLLING_UPDATE);
        if strategy.type_ == ROLLING_UPDATE {
            let rolling = Rc::make_mut(strategy.rolling_update.get_or_insert_default());
            rolling.max_unavailable.get_or_insert_with(quarter);
            rolling.max_surge.get_or_insert_with(quarter);
        }
        spec.revision_history_limit.get_or_insert(10);
        spec.progress_deadline_seconds.get_or_insert(600);
        set_template_defaults(&mut spec.template);
    }

    fn prepare_for_create(&mut self) {
        self.status = Rc::default();
        drop_disabled!(self, None);
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        drop_disabled!(self, Some(&old.spec.template));
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
        self.metadata.labels = old.metadata.labels.clone();
    }

    /// Annotations count too: the controller copies them to its ReplicaSets.
    fn spec_changed(&self, old: &Self) -> bool {
        self.spec != old.spec || self.metadata.annotations != old.metadata.annotations
    }

    fn validate(&self, errs: &mut ErrorList) {
        validation::validate_deployment(self, errs);
    }

    fn validate_update(&self, old: &Self, errs: &mut ErrorList) {
        self.validate(errs);
        validation::validate_immutable_selector(&self.spec.selector, &old.spec.selector, errs);
    }

    fn validate_status_update(&self, old: &Self, errs: &mut ErrorList) {
        validation::validate_deployment_status(&self.status, &old.status, errs);
    }

    fn warnings(&self, old: Option<&Self>, out: &mut Vec<String>) {
        if old.is_none() {
            warn_of_name(&self.metadata.name, out);
        }
        if old.is_none_or(|old| self.spec_changed(old)) {
            template_warnings(&self.spec.template, TEMPLATE, out);
        }
    }

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        let [containers, images] = container_cells(&self.spec.template.spec.containers);
        vec![
            self.metadata.name.encode(),
            format!("{}/{}", self.status.ready_replicas, self.spec.replicas.unwrap_or_default()).into(),
            self.status.updated_replicas.into(),
            self.status.available_replicas.into(),
            cx.age(self.metadata.creation_timestamp),
            containers,
            images,
            selector_text(self.spec.selector.as_deref()).unwrap_or("<invalid>".to_owned()).into(),
        ]
    }

    fn scale(&self) -> Option<(i32, i32, String)> {
        let selector = selector_text(self.spec.selector.as_deref()).unwrap_or_default();
        Some((self.spec.replicas.unwrap_or_default(), self.status.replicas, selector))
    }

    fn set_scale(&mut self, replicas: i32) {
        Rc::make_mut(&mut self.spec).replicas = Some(replicas);
    }
}

//! apps/v1 ReplicaSet.
//!
//! Upstream: staging/src/k8s.io/api/apps/v1/types.go, pkg/registry/apps/replicaset/strategy.go,
//! pkg/printers/internalversion/printers.go (printReplicaSet), pkg/apis/apps/v1/defaults.go (SetDefaults_ReplicaSet)
//! Differs: nothing known.

use super::pods::{TEMPLATE, drop_disabled, warn_of_name};
use super::validation;
use crate::api::core::{PodTemplateSpec, set_template_defaults, template_warnings};
use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, PrintCx, int_col, wide};
use crate::api::print::{cell_or, container_cells, selector_text};
use crate::apimachinery::time::Time;
use crate::apimachinery::{Api, ErrorList, LabelSelector, List, ObjectMeta, Str, Value};
use std::rc::Rc;

crate::api! {
    pub struct ReplicaSet = "io.k8s.api.apps.v1.ReplicaSet" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<ReplicaSetSpec> = "spec".always(),
        status: Rc<ReplicaSetStatus> = "status".always(),
    }

    pub struct ReplicaSetSpec = "io.k8s.api.apps.v1.ReplicaSetSpec" {
        replicas: Option<i32> = "replicas",
        min_ready_seconds: i32 = "minReadySeconds",
        selector: Option<Rc<LabelSelector>> = "selector".always().required(),
        template: Rc<PodTemplateSpec> = "template".always(),
    }

    pub struct ReplicaSetStatus = "io.k8s.api.apps.v1.ReplicaSetStatus" {
        replicas: i32 = "replicas".always(),
        fully_labeled_replicas: i32 = "fullyLabeledReplicas",
        ready_replicas: i32 = "readyReplicas",
        available_replicas: i32 = "availableReplicas",
        terminating_replicas: Option<i32> = "terminatingReplicas",
        observed_generation: i64 = "observedGeneration",
        conditions: List<ReplicaSetCondition> = "conditions".merge("type").keys(&["type"]),
    }

    pub struct ReplicaSetCondition = "io.k8s.api.apps.v1.ReplicaSetCondition" {
        type_: Str = "type".always(),
        status: Str = "status".always(),
        last_transition_time: Time = "lastTransitionTime".always(),
        reason: Str = "reason",
        message: Str = "message",
    }
}

impl Kind for ReplicaSet {
    const INFO: KindInfo = KindInfo {
        short: &["rs"],
        categories: &["all"],
        status: true,
        scale: true,
        ..KindInfo::of("apps", "ReplicaSet", "replicasets")
    };
    crate::kind_glue!(ReplicaSet);
    const GENERATION: bool = true;
    const COLUMNS: &'static [Column] = &[
        NAME,
        int_col("Desired"),
        int_col("Current"),
        int_col("Ready"),
        AGE,
        wide("Containers"),
        wide("Images"),
        wide("Selector"),
    ];

    fn set_defaults(&mut self) {
        let spec = Rc::make_mut(&mut self.spec);
        spec.replicas.get_or_insert(1);
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
    }

    fn spec_changed(&self, old: &Self) -> bool {
        self.spec != old.spec
    }

    fn validate(&self, errs: &mut ErrorList) {
        validation::validate_replica_set(self, errs);
    }

    fn validate_update(&self, old: &Self, errs: &mut ErrorList) {
        self.validate(errs);
        validation::validate_immutable_selector(&self.spec.selector, &old.spec.selector, errs);
    }

    fn validate_status_update(&self, _old: &Self, errs: &mut ErrorList) {
        validation::validate_replica_set_status(self, errs);
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
            self.spec.replicas.unwrap_or_default().into(),
            self.status.replicas.into(),
            self.status.ready_replicas.into(),
            cx.age(self.metadata.creation_timestamp),
            containers,
            images,
            cell_or(&selector_text(self.spec.selector.as_deref()).unwrap_or("<error>".to_owned()), "<none>"),
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

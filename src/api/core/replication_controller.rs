//! v1 ReplicationController.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/replicationcontroller/strategy.go,
//! pkg/printers/internalversion/printers.go (printReplicationController), pkg/apis/core/v1/defaults.go,
//! pkg/apis/core/validation/validation.go (ValidateReplicationControllerSpec, …)
//! Differs: nothing known.

use crate::api::apps::pods::{TEMPLATE, drop_disabled_template_fields, validate_lasting_template, warn_of_name};
use crate::api::apps::validate_at_most;
use crate::api::core::{PodTemplateSpec, set_template_defaults, template_warnings};
use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, PrintCx, int_col, wide};
use crate::api::print::{container_cells, format_labels};
use crate::apimachinery::field_error::BadValue;
use crate::apimachinery::time::Time;
use crate::apimachinery::validation::validate_nonnegative;
use crate::apimachinery::{Api, ErrorList, List, Map, ObjectMeta, Path, Str, Value};
use std::rc::Rc;

crate::api! {
    pub struct ReplicationController = "io.k8s.api.core.v1.ReplicationController" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<ReplicationControllerSpec> = "spec".always(),
        status: Rc<ReplicationControllerStatus> = "status".always(),
    }

    pub struct ReplicationControllerSpec = "io.k8s.api.core.v1.ReplicationControllerSpec" {
        replicas: Option<i32> = "replicas",
        min_ready_seconds: i32 = "minReadySeconds",
        selector: Map = "selector".atomic(),
        template: Option<Rc<PodTemplateSpec>> = "template",
    }

    pub struct ReplicationControllerStatus = "io.k8s.api.core.v1.ReplicationControllerStatus" {
        replicas: i32 = "replicas".always(),
        fully_labeled_replicas: i32 = "fullyLabeledReplicas",
        ready_replicas: i32 = "readyReplicas",
        available_replicas: i32 = "availableReplicas",
        observed_generation: i64 = "observedGeneration",
        conditions: List<ReplicationControllerCondition> = "conditions".merge("type").keys(&["type"]),
    }

    pub struct ReplicationControllerCondition = "io.k8s.api.core.v1.ReplicationControllerCondition" {
        type_: Str = "type".always(),
        status: Str = "status".always(),
        last_transition_time: Time = "lastTransitionTime",
        reason: Str = "reason",
        message: Str = "message",
    }
}

const SPEC: Path = Path::new("spec");
const STATUS: Path = Path::new("status");

impl ReplicationController {
    fn drop_disabled(&mut self, old: Option<&Self>) {
        let Some(mut template) = self.spec.template.clone() else { return };
        drop_disabled_template_fields(&mut template, old.and_then(|o| o.spec.template.as_deref()));
        if !self.spec.template.as_ref().is_some_and(|t| Rc::ptr_eq(t, &template)) {
            Rc::make_mut(&mut self.spec).template = Some(template);
        }
    }
}

impl Kind for ReplicationController {
    const INFO: KindInfo = KindInfo {
        short: &["rc"],
        categories: &["all"],
        status: true,
        scale: true,
        ..KindInfo::core("ReplicationController", "replicationcontrollers")
    };
    crate::kind_glue!(ReplicationController);
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
    const FIELDS: &'static [&'static str] = &["status.replicas"];

    fn set_defaults(&mut self) {
        let labels = self.spec.template.as_ref().map(|t| t.metadata.labels.clone()).unwrap_or_default();
        let spec = Rc::make_mut(&mut self.spec);
        spec.replicas.get_or_insert(1);
        if spec.selector.is_empty() {
            spec.selector = labels.clone();
        }
        if self.metadata.labels.is_empty() {
            self.metadata.labels = labels;
        }
        if let Some(template) = &mut spec.template {
            set_template_defaults(template);
        }
    }

    fn prepare_for_create(&mut self) {
        self.status = Rc::default();
        self.drop_disabled(None);
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        self.drop_disabled(Some(old));
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
    }

    fn spec_changed(&self, old: &Self) -> bool {
        self.spec != old.spec
    }

    fn validate(&self, errs: &mut ErrorList) {
        let spec = &*self.spec;
        validate_nonnegative(spec.min_ready_seconds, SPEC.child("minReadySeconds"), errs);
        if spec.selector.is_empty() {
            errs.required(SPEC.child("selector"), "");
        }
        validate_nonnegative(spec.replicas.unwrap_or_default(), SPEC.child("replicas"), errs);
        let Some(template) = spec.template.as_deref() else {
            errs.required(TEMPLATE, "");
            return;
        };
        let labels = &template.metadata.labels;
        if spec.selector.iter().any(|(k, v)| labels.get(k) != Some(v)) {
            let path = TEMPLATE.child("metadata");
            errs.invalid(path.child("labels"), BadValue::of(labels), "`selector` does not match template `labels`");
        }
        validate_lasting_template(template, "ReplicationController", TEMPLATE, errs);
    }

    fn validate_status_update(&self, _old: &Self, errs: &mut ErrorList) {
        let status = &*self.status;
        let counts = [
            ("replicas", status.replicas.into()),
            ("fullyLabeledReplicas", status.fully_labeled_replicas.into()),
            ("readyReplicas", status.ready_replicas.into()),
            ("availableReplicas", status.available_replicas.into()),
            ("observedGeneration", status.observed_generation),
        ];
        for (name, count) in counts {
            validate_nonnegative(count, STATUS.child(name), errs);
        }
        let counts = [
            ("fullyLabeledReplicas", status.fully_labeled_replicas),
            ("readyReplicas", status.ready_replicas),
            ("availableReplicas", status.available_replicas),
        ];
        validate_at_most(&counts, status.replicas, (status.ready_replicas, "readyReplicas"), errs);
    }

    fn warnings(&self, old: Option<&Self>, out: &mut Vec<String>) {
        if old.is_none() {
            warn_of_name(&self.metadata.name, out);
        }
        if let Some(template) = self.spec.template.as_deref().filter(|_| old.is_none_or(|o| o.spec != self.spec)) {
            template_warnings(template, TEMPLATE, out);
        }
    }

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        let containers = self.spec.template.as_ref().map(|t| t.spec.containers.clone()).unwrap_or_default();
        let [names, images] = container_cells(&containers);
        vec![
            self.metadata.name.encode(),
            self.spec.replicas.unwrap_or_default().into(),
            self.status.replicas.into(),
            self.status.ready_replicas.into(),
            cx.age(self.metadata.creation_timestamp),
            names,
            images,
            format_labels(&self.spec.selector).into(),
        ]
    }

    fn field(&self, path: &str) -> Option<Str> {
        (path == "status.replicas").then(|| Str::from(self.status.replicas.to_string()))
    }

    fn scale(&self) -> Option<(i32, i32, String)> {
        let pairs: Vec<String> = self.spec.selector.iter().map(|(k, v)| format!("{k}={v}")).collect();
        Some((self.spec.replicas.unwrap_or_default(), self.status.replicas, pairs.join(",")))
    }

    fn set_scale(&mut self, replicas: i32) {
        Rc::make_mut(&mut self.spec).replicas = Some(replicas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::testing::{decode, faults_of_create, row_text};

    #[test]
    fn the_template_says_what_is_selected() {
        let template = "template: {metadata: {labels: {app: web}}, spec: {containers: [{name: a, image: nginx}]}}";
        let rc: ReplicationController = decode(&format!("{{spec: {{{template}}}}}"));
        assert_eq!(rc.metadata.labels.get("app").map(|v| v.as_str()), Some("web"));
        assert_eq!(row_text(&rc, 0), "web|1|0|0|<unknown>|a|nginx|app=web");
        assert_eq!(rc.scale(), Some((1, 0, "app=web".to_owned())));
        let faults = faults_of_create::<ReplicationController>;
        assert_eq!(faults(&format!("{{spec: {{{template}}}}}")), Vec::<String>::new());
        assert_eq!(faults("{spec: {selector: {a: b}}}"), ["spec.template: Required value"]);
        assert_eq!(
            faults(&format!("{{spec: {{selector: {{app: other}}, {template}}}}}")),
            [
                "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`"
            ]
        );
    }
}

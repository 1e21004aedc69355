//! apps/v1 StatefulSet.
//!
//! Upstream: staging/src/k8s.io/api/apps/v1/types.go, pkg/registry/apps/statefulset/strategy.go,
//! pkg/printers/internalversion/printers.go (printStatefulSet), pkg/apis/apps/v1/{defaults,conversion}.go,
//! pkg/apis/apps/validation/validation.go (ValidateStatefulSet, …)
//! Differs: nothing known.

use super::pods::{TEMPLATE, drop_disabled};
use super::validation::{
    int_or_percent, validate_at_most, validate_at_most_100_percent, validate_collision_count, validate_int_or_percent,
};
use crate::api::core::pod::validate::{validate_claim_spec, validate_template_metadata};
use crate::api::core::{
    PersistentVolumeClaimSpec, PersistentVolumeClaimStatus, PersistentVolumeClaimVolumeSource, PodTemplateSpec, Volume,
    claim_spec_warnings, set_claim_spec_defaults, set_template_defaults, template_warnings, validate_always_template,
    validate_pod_template_spec,
};
use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, NameRule, PrintCx, col, wide};
use crate::api::print::{container_cells, selector_text};
use crate::apimachinery::field_error::{BadValue, go_quote};
use crate::apimachinery::go_json::go_json;
use crate::apimachinery::int_or_string::IntOrString;
use crate::apimachinery::labels::Selector;
use crate::apimachinery::names::is_dns1123_label;
use crate::apimachinery::time::Time;
use crate::apimachinery::validation::{validate_label_selector, validate_nonnegative};
use crate::apimachinery::{Api, ErrorList, LabelSelector, List, ObjectMeta, Path, Str, Value};
use std::rc::Rc;

crate::api! {
    pub struct StatefulSet = "io.k8s.api.apps.v1.StatefulSet" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<StatefulSetSpec> = "spec".always(),
        status: Rc<StatefulSetStatus> = "status".always(),
    }

    pub struct StatefulSetSpec = "io.k8s.api.apps.v1.StatefulSetSpec" {
        replicas: Option<i32> = "replicas",
        selector: Option<Rc<LabelSelector>> = "selector".always().required(),
        template: Rc<PodTemplateSpec> = "template".always().required(),
        volume_claim_templates: List<VolumeClaimTemplate> = "volumeClaimTemplates".atomic(),
        service_name: Str = "serviceName".always().optional(),
        pod_management_policy: Str = "podManagementPolicy",
        update_strategy: StatefulSetUpdateStrategy = "updateStrategy".always(),
        revision_history_limit: Option<i32> = "revisionHistoryLimit",
        min_ready_seconds: i32 = "minReadySeconds",
        persistent_volume_claim_retention_policy: Option<Rc<StatefulSetPersistentVolumeClaimRetentionPolicy>> = "persistentVolumeClaimRetentionPolicy",
        ordinals: Option<Rc<StatefulSetOrdinals>> = "ordinals",
    }

    pub struct StatefulSetUpdateStrategy = "io.k8s.api.apps.v1.StatefulSetUpdateStrategy" {
        type_: Str = "type",
        rolling_update: Option<Rc<RollingUpdateStatefulSetStrategy>> = "rollingUpdate",
    }

    pub struct RollingUpdateStatefulSetStrategy = "io.k8s.api.apps.v1.RollingUpdateStatefulSetStrategy" {
        partition: Option<i32> = "partition",
        max_unavailable: Option<IntOrString> = "maxUnavailable",
    }

    pub struct StatefulSetPersistentVolumeClaimRetentionPolicy = "io.k8s.api.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy" {
        when_deleted: Str = "whenDeleted",
        when_scaled: Str = "whenScaled",
    }

    pub struct StatefulSetOrdinals = "io.k8s.api.apps.v1.StatefulSetOrdinals" {
        start: i32 = "start".always().optional(),
    }

    pub struct StatefulSetStatus = "io.k8s.api.apps.v1.StatefulSetStatus" {
        observed_generation: i64 = "observedGeneration",
        replicas: i32 = "replicas".always(),
        ready_replicas: i32 = "readyReplicas",
        current_replicas: i32 = "currentReplicas",
        updated_replicas: i32 = "updatedReplicas",
        current_revision: Str = "currentRevision",
        update_revision: Str = "updateRevision",
        collision_count: Option<i32> = "collisionCount",
        conditions: List<StatefulSetCondition> = "conditions".merge("type").keys(&["type"]),
        available_replicas: i32 = "availableReplicas".always().optional(),
    }

    pub struct StatefulSetCondition = "io.k8s.api.apps.v1.StatefulSetCondition" {
        type_: Str = "type".always(),
        status: Str = "status".always(),
        last_transition_time: Time = "lastTransitionTime",
        reason: Str = "reason",
        message: Str = "message",
    }

    /// A PersistentVolumeClaim within a StatefulSet, which names its own type.
    pub struct VolumeClaimTemplate = "io.k8s.api.core.v1.PersistentVolumeClaim" {
        api_version: Str = "apiVersion",
        kind: Str = "kind",
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<PersistentVolumeClaimSpec> = "spec".always(),
        status: Rc<PersistentVolumeClaimStatus> = "status".always(),
    }
}

const ROLLING_UPDATE: &str = "RollingUpdate";
const SPEC: Path = Path::new("spec");
const STATUS: Path = Path::new("status");

/// What an update no longer asks, for it may have been answered wrongly once and cannot change.
#[derive(Clone, Copy, Default)]
struct Lenient {
    service_name: bool,
    claim_templates: bool,
    pod_template: bool,
}

impl StatefulSet {
    fn validate_with(&self, lenient: Lenient, errs: &mut ErrorList) {
        let spec = &*self.spec;
        let path = SPEC.child("podManagementPolicy");
        match spec.pod_management_policy.as_str() {
            "" => errs.required(path, ""),
            "OrderedReady" | "Parallel" => {}
            other => errs.invalid(path, other, "must be 'OrderedReady' or 'Parallel'"),
        }
        self.validate_update_strategy(errs);
        if let Some(policy) = &spec.persistent_volume_claim_retention_policy {
            let path = SPEC.child("persistentVolumeClaimRetentionPolicy");
            for (name, value) in [("whenDeleted", &policy.when_deleted), ("whenScaled", &policy.when_scaled)] {
                if !matches!(value.as_str(), "Retain" | "Delete") {
                    errs.not_supported(path.child(name), value, &["Retain", "Delete"]);
                }
            }
        }
        if !lenient.claim_templates {
            let path = SPEC.child("volumeClaimTemplates");
            for (i, template) in spec.volume_claim_templates.iter().enumerate() {
                validate_claim_spec(&template.spec, path.index(i).child("spec"), errs);
            }
        }
        validate_nonnegative(spec.replicas.unwrap_or_default(), SPEC.child("replicas"), errs);
        validate_nonnegative(spec.min_ready_seconds, SPEC.child("minReadySeconds"), errs);
        if let Some(ordinals) = &spec.ordinals {
            validate_nonnegative(ordinals.start, SPEC.child("ordinals.start"), errs);
        }
        if !lenient.service_name && !spec.service_name.is_empty() {
            errs.invalid_each(SPEC.child("serviceName"), &spec.service_name, is_dns1123_label(&spec.service_name));
        }
        let path = SPEC.child("selector");
        match spec.selector.as_deref() {
            None => errs.required(path, ""),
            Some(selector) => {
                validate_label_selector(Some(selector), path, errs);
                if selector.is_empty() {
                    errs.invalid(path, BadValue::of(selector), "empty selector is invalid for statefulset");
                }
            }
        }
        match spec.selector.as_deref().map_or(Ok(Selector::nothing()), LabelSelector::to_selector) {
            Err(_) => {
                let value = spec.selector.as_ref().map_or("null".to_owned(), go_json);
                errs.invalid(path, BadValue::raw(value), "");
            }
            Ok(selector) => self.validate_template(&selector, lenient, errs),
        }
        validate_always_template(&spec.template, "StatefulSet", SPEC.child("template"), errs);
    }

    /// The template as the controller will use it: host name, subdomain and claims are its own to fill in.
    fn validate_template(&self, selector: &Selector, lenient: Lenient, errs: &mut ErrorList) {
        let path = SPEC.child("template");
        let template = &*self.spec.template;
        let labels = &template.metadata.labels;
        if !selector.is_empty() && !selector.matches(|key| labels.get(key).map(|v| v.as_str())) {
            let path = path.child("metadata");
            errs.invalid(path.child("labels"), BadValue::of(labels), "`selector` does not match template `labels`");
        }
        if !lenient.pod_template {
            let mut template = template.clone();
            let spec = Rc::make_mut(&mut template.spec);
            (spec.subdomain, spec.hostname) = (Str::EMPTY, Str::EMPTY);
            let claims = &self.spec.volume_claim_templates;
            if !claims.is_empty() {
                let is_claimed = |v: &Volume| claims.iter().any(|c| c.metadata.name == v.name);
                let of_claims = claims.iter().map(|c| Volume {
                    name: c.metadata.name.clone(),
                    persistent_volume_claim: Some(Rc::new(PersistentVolumeClaimVolumeSource {
                        claim_name: c.metadata.name.clone(),
                        ..Default::default()
                    })),
                    ..Default::default()
                });
                let others = spec.volumes.iter().filter(|v| !is_claimed(v)).cloned();
                spec.volumes = of_claims.chain(others).collect();
            }
            validate_pod_template_spec(&template, path, errs);
        }
        validate_template_metadata(template, path, errs);
    }

    fn validate_update_strategy(&self, errs: &mut ErrorList) {
        let strategy = &self.spec.update_strategy;
        let path = SPEC.child("updateStrategy");
        let rolling = |u: &RollingUpdateStatefulSetStrategy| {
            let unavailable = u.max_unavailable.as_ref().map_or("null".to_owned(), go_json);
            format!("{{\"Partition\":{},\"MaxUnavailable\":{unavailable}}}", u.partition.unwrap_or_default())
        };
        match (strategy.type_.as_str(), &strategy.rolling_update) {
            ("", _) => errs.required(path, ""),
            ("OnDelete", None) | (ROLLING_UPDATE, None) => {}
            ("OnDelete", Some(update)) => {
                let value = BadValue::raw(rolling(update));
                errs.invalid(path.child("rollingUpdate"), value, "only allowed for updateStrategy 'RollingUpdate'");
            }
            (ROLLING_UPDATE, Some(update)) => {
                let path = path.child("rollingUpdate");
                validate_nonnegative(update.partition.unwrap_or_default(), path.child("partition"), errs);
                if let Some(unavailable) = &update.max_unavailable {
                    let path = path.child("maxUnavailable");
                    validate_int_or_percent(unavailable, path, errs);
                    if int_or_percent(unavailable) == 0 {
                        errs.invalid(path, BadValue::of(unavailable), "cannot be 0");
                    }
                    validate_at_most_100_percent(unavailable, path, errs);
                }
            }
            (other, update) => {
                let update = update.as_deref().map_or("null".to_owned(), rolling);
                let value = format!("{{\"Type\":{},\"RollingUpdate\":{update}}}", go_quote(other));
                errs.invalid(path, BadValue::raw(value), "must be 'RollingUpdate' or 'OnDelete'");
            }
        }
    }

    /// The beta of `maxUnavailable` is off: it stays only where it is in use.
    fn drop_max_unavailable(&mut self, old: Option<&Self>) {
        let has =
            |s: &Self| s.spec.update_strategy.rolling_update.as_ref().is_some_and(|r| r.max_unavailable.is_some());
        if has(self) && !old.is_some_and(has) {
            let strategy = &mut Rc::make_mut(&mut self.spec).update_strategy;
            let rolling = strategy.rolling_update.as_mut().expect("it was just seen");
            Rc::make_mut(rolling).max_unavailable = None;
        }
    }
}

impl Kind for StatefulSet {
    const INFO: KindInfo = KindInfo {
        short: &["sts"],
        categories: &["all"],
        status: true,
        scale: true,
        name_rule: NameRule::Dns1123Label,
        ..KindInfo::of("apps", "StatefulSet", "statefulsets")
    };
    crate::kind_glue!(StatefulSet);
    const GENERATION: bool = true;
    const COLUMNS: &'static [Column] = &[NAME, col("Ready"), AGE, wide("Containers"), wide("Images")];

    fn set_defaults(&mut self) {
        let spec = Rc::make_mut(&mut self.spec);
        spec.pod_management_policy = spec.pod_management_policy.or("OrderedReady");
        let strategy = &mut spec.update_strategy;
        if strategy.type_.is_empty() {
            strategy.type_ = Str::literal(ROLLING_UPDATE);
            strategy.rolling_update.get_or_insert_default();
        }
        if let (ROLLING_UPDATE, Some(rolling)) = (strategy.type_.as_str(), &mut strategy.rolling_update) {
            Rc::make_mut(rolling).partition.get_or_insert(0);
        }
        let policy = Rc::make_mut(spec.persistent_volume_claim_retention_policy.get_or_insert_default());
        policy.when_deleted = policy.when_deleted.or("Retain");
        policy.when_scaled = policy.when_scaled.or("Retain");
        spec.replicas.get_or_insert(1);
        spec.revision_history_limit.get_or_insert(10);
        set_template_defaults(&mut spec.template);
        if !spec.volume_claim_templates.is_empty() {
            for claim in spec.volume_claim_templates.make_mut() {
                claim.api_version = Str::literal("v1");
                claim.kind = Str::literal("PersistentVolumeClaim");
                set_claim_spec_defaults(&mut claim.spec);
                if claim.status.phase.is_empty() {
                    Rc::make_mut(&mut claim.status).phase = Str::literal("Pending");
                }
            }
        }
    }

    fn prepare_for_create(&mut self) {
        self.status = Rc::default();
        drop_disabled!(self, None);
        self.drop_max_unavailable(None);
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        drop_disabled!(self, Some(&old.spec.template));
        self.drop_max_unavailable(Some(old));
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
    }

    fn spec_changed(&self, old: &Self) -> bool {
        self.spec != old.spec
    }

    fn validate(&self, errs: &mut ErrorList) {
        self.validate_with(Lenient::default(), errs);
    }

    fn validate_update(&self, old: &Self, errs: &mut ErrorList) {
        let mut lenient = Lenient { service_name: true, claim_templates: true, pod_template: false };
        let mut faults_of_old = ErrorList::default();
        old.validate_with(lenient, &mut faults_of_old);
        lenient.pod_template = !faults_of_old.is_empty();
        self.validate_with(lenient, errs);

        let (was, now) = (&old.spec, &self.spec);
        let rest = StatefulSetSpec {
            replicas: was.replicas,
            template: was.template.clone(),
            update_strategy: was.update_strategy.clone(),
            min_ready_seconds: was.min_ready_seconds,
            ordinals: was.ordinals.clone(),
            revision_history_limit: was.revision_history_limit,
            persistent_volume_claim_retention_policy: was.persistent_volume_claim_retention_policy.clone(),
            ..(**now).clone()
        };
        if rest != **was {
            let detail = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
                          'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and \
                          'minReadySeconds' are forbidden";
            errs.forbidden(SPEC, detail);
        }
    }

    fn validate_status_update(&self, old: &Self, errs: &mut ErrorList) {
        let status = &*self.status;
        let counts = [
            ("replicas", status.replicas.into()),
            ("readyReplicas", status.ready_replicas.into()),
            ("currentReplicas", status.current_replicas.into()),
            ("updatedReplicas", status.updated_replicas.into()),
            ("availableReplicas", status.available_replicas.into()),
            ("observedGeneration", status.observed_generation),
            ("collisionCount", status.collision_count.unwrap_or_default().into()),
        ];
        for (name, count) in counts {
            validate_nonnegative(count, STATUS.child(name), errs);
        }
        let counts = [
            ("readyReplicas", status.ready_replicas),
            ("currentReplicas", status.current_replicas),
            ("updatedReplicas", status.updated_replicas),
            ("availableReplicas", status.available_replicas),
        ];
        validate_at_most(&counts, status.replicas, (status.ready_replicas, "status.readyReplicas"), errs);
        validate_collision_count(status.collision_count, old.status.collision_count, errs);
    }

    fn warnings(&self, old: Option<&Self>, out: &mut Vec<String>) {
        if old.is_none_or(|old| old.spec != self.spec) {
            template_warnings(&self.spec.template, TEMPLATE, out);
        }
        let path = SPEC.child("volumeClaimTemplates");
        for (i, claim) in self.spec.volume_claim_templates.iter().enumerate() {
            let path = path.index(i);
            // Upstream's path of an update has one step more.
            let path = if old.is_some() { path.child("Spec") } else { path };
            claim_spec_warnings(&claim.spec, path, out);
        }
        if self.spec.revision_history_limit.is_some_and(|n| n < 0) {
            out.push(
                "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is \
                 recommended"
                    .to_owned(),
            );
        }
    }

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        let [containers, images] = container_cells(&self.spec.template.spec.containers);
        vec![
            self.metadata.name.encode(),
            format!("{}/{}", self.status.ready_replicas, self.spec.replicas.unwrap_or_default()).into(),
            cx.age(self.metadata.creation_timestamp),
            containers,
            images,
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

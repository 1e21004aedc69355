//! v1 PersistentVolumeClaim.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/persistentvolumeclaim/strategy.go,
//! pkg/printers/internalversion/printers.go (printPersistentVolumeClaim), pkg/apis/core/validation/validation.go
//! (ValidatePersistentVolumeClaimUpdate, …), pkg/api/persistentvolumeclaim/util.go
//! Differs: nothing known.

use super::pod::validate::validate_claim_spec;
use crate::api::core::{PersistentVolumeClaimSpec, TypedLocalObjectReference, TypedObjectReference};
use crate::api::core::{claim_spec_warnings, internal_diff, set_claim_spec_defaults};
use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, PrintCx, col, wide};
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::time::Time;
use crate::apimachinery::{Api, ErrorList, List, Map, ObjectMeta, Path, Str, Value};
use std::rc::Rc;

crate::api! {
    pub struct PersistentVolumeClaim = "io.k8s.api.core.v1.PersistentVolumeClaim" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<PersistentVolumeClaimSpec> = "spec".always(),
        status: Rc<PersistentVolumeClaimStatus> = "status".always(),
    }

    pub struct PersistentVolumeClaimStatus = "io.k8s.api.core.v1.PersistentVolumeClaimStatus" {
        phase: Str = "phase",
        access_modes: List<Str> = "accessModes".atomic(),
        capacity: Map<Quantity> = "capacity",
        conditions: List<PersistentVolumeClaimCondition> = "conditions".merge("type").keys(&["type"]),
        allocated_resources: Map<Quantity> = "allocatedResources",
        allocated_resource_statuses: Map = "allocatedResourceStatuses",
        current_volume_attributes_class_name: Option<Str> = "currentVolumeAttributesClassName",
        modify_volume_status: Option<Rc<ModifyVolumeStatus>> = "modifyVolumeStatus",
    }

    pub struct PersistentVolumeClaimCondition = "io.k8s.api.core.v1.PersistentVolumeClaimCondition" {
        type_: Str = "type".always(),
        status: Str = "status".always(),
        last_probe_time: Time = "lastProbeTime",
        last_transition_time: Time = "lastTransitionTime",
        reason: Str = "reason",
        message: Str = "message",
    }

    pub struct ModifyVolumeStatus = "io.k8s.api.core.v1.ModifyVolumeStatus" {
        target_volume_attributes_class_name: Str = "targetVolumeAttributesClassName",
        status: Str = "status".always(),
    }
}

const SPEC: Path = Path::new("spec");
const BETA_STORAGE_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// `RWO,ROX,RWX,RWOP`: the modes that are there, in that order.
pub fn access_modes_text(modes: &[Str]) -> String {
    let short =
        [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let present = short.iter().filter(|(long, _)| modes.iter().any(|m| *m == *long));
    present.map(|(_, short)| *short).collect::<Vec<_>>().join(",")
}

impl PersistentVolumeClaim {
    /// The name of its class, the annotation of old first.
    pub fn class(&self) -> &str {
        let annotation = self.metadata.annotations.get(BETA_STORAGE_CLASS);
        annotation.or(self.spec.storage_class_name.as_ref()).map_or("", |c| c.as_str())
    }

    /// Of the two ways to name where the data comes from, each fills the other.
    fn normalize_data_sources(&mut self) {
        match (&self.spec.data_source, &self.spec.data_source_ref) {
            (Some(source), None) => {
                let reference = TypedObjectReference {
                    api_group: source.api_group.clone(),
                    kind: source.kind.clone(),
                    name: source.name.clone(),
                    namespace: None,
                };
                Rc::make_mut(&mut self.spec).data_source_ref = Some(Rc::new(reference));
            }
            (None, Some(reference)) if reference.namespace.as_ref().is_none_or(|n| n.is_empty()) => {
                let source = TypedLocalObjectReference {
                    api_group: reference.api_group.clone(),
                    kind: reference.kind.clone(),
                    name: reference.name.clone(),
                };
                Rc::make_mut(&mut self.spec).data_source = Some(Rc::new(source));
            }
            _ => {}
        }
    }

    /// `dataSourceRef` into another namespace is off; `dataSource` alone only ever took claims and snapshots, and lost
    /// all else without a word.
    fn drop_unknown_data_source(&mut self, old: Option<&Self>) {
        let had_reference = old.is_some_and(|o| o.spec.data_source_ref.is_some());
        let foreign =
            self.spec.data_source_ref.as_ref().and_then(|r| r.namespace.as_ref()).is_some_and(|n| !n.is_empty());
        if foreign && !had_reference {
            Rc::make_mut(&mut self.spec).data_source_ref = None;
        }
        let had_source = old.is_some_and(|o| o.spec.data_source.is_some());
        let is_known = |s: &TypedLocalObjectReference| match s.api_group.as_deref().unwrap_or_default() {
            "" => s.kind == "PersistentVolumeClaim",
            group => group == "snapshot.storage.k8s.io" && s.kind == "VolumeSnapshot",
        };
        let spec = &self.spec;
        if !had_source && spec.data_source_ref.is_none() && spec.data_source.as_ref().is_some_and(|s| !is_known(s)) {
            Rc::make_mut(&mut self.spec).data_source = None;
        }
    }

    fn request(&self) -> Quantity {
        self.spec.resources.requests.get("storage").cloned().unwrap_or_default()
    }
}

impl Kind for PersistentVolumeClaim {
    const INFO: KindInfo =
        KindInfo { short: &["pvc"], status: true, ..KindInfo::core("PersistentVolumeClaim", "persistentvolumeclaims") };
    crate::kind_glue!(PersistentVolumeClaim);
    const COLUMNS: &'static [Column] = &[
        NAME,
        col("Status"),
        col("Volume"),
        col("Capacity"),
        col("Access Modes"),
        col("StorageClass"),
        col("VolumeAttributesClass"),
        AGE,
        wide("VolumeMode"),
    ];

    fn set_defaults(&mut self) {
        if self.status.phase.is_empty() {
            Rc::make_mut(&mut self.status).phase = Str::literal("Pending");
        }
        set_claim_spec_defaults(&mut self.spec);
    }

    fn prepare_for_create(&mut self) {
        self.status = Rc::new(PersistentVolumeClaimStatus { phase: Str::literal("Pending"), ..Default::default() });
        self.drop_unknown_data_source(None);
        self.normalize_data_sources();
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        self.drop_unknown_data_source(Some(old));
        self.normalize_data_sources();
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
    }

    fn validate(&self, errs: &mut ErrorList) {
        validate_claim_spec(&self.spec, SPEC, errs);
    }

    fn validate_update(&self, old: &Self, errs: &mut ErrorList) {
        self.validate(errs);
        let mut rest = (*self.spec).clone();
        let was = &old.spec;
        if was.volume_name.is_empty() {
            rest.volume_name = Str::EMPTY;
        }
        // A class may be named late, and one of the annotation moves to the field.
        let annotated = old.metadata.annotations.get(BETA_STORAGE_CLASS);
        if was.storage_class_name.is_none() && annotated.is_none_or(|a| rest.storage_class_name.as_ref() == Some(a)) {
            rest.storage_class_name = None;
        }
        if self.status.phase == "Bound" {
            if let Some(size) = was.resources.requests.get("storage") {
                rest.resources.requests.insert("storage", size.clone());
            }
            rest.volume_attributes_class_name = was.volume_attributes_class_name.clone();
        }
        if rest != **was {
            let detail = format!(
                "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound \
                 claims\n{}",
                internal_diff(&**was, &rest, "PersistentVolumeClaimSpec")
            );
            errs.forbidden(SPEC, detail);
        }
        let (size, had) = (self.request(), old.request());
        let capacity = old.status.capacity.get("storage").cloned().unwrap_or_default();
        if size < had && size <= capacity {
            let path = SPEC.child("resources");
            let path = path.child("requests");
            errs.forbidden(path.child("storage"), "field can not be less than status.capacity");
        }
        if self.spec.volume_mode != was.volume_mode {
            let value = self.spec.volume_mode.clone().unwrap_or_default();
            errs.invalid(Path::new("volumeMode"), &value, "field is immutable");
        }
    }

    fn warnings(&self, _old: Option<&Self>, out: &mut Vec<String>) {
        claim_spec_warnings(&self.spec, SPEC, out);
    }

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        let (spec, status) = (&self.spec, &self.status);
        let phase =
            if self.metadata.deletion_timestamp.is_some() { "Terminating".into() } else { status.phase.encode() };
        let bound = !spec.volume_name.is_empty();
        let capacity = status.capacity.get("storage").cloned().unwrap_or_default().to_string();
        let or_unset = |s: &Option<Str>| Value::from(s.as_ref().map_or("<unset>", |s| s.as_str()));
        vec![
            self.metadata.name.encode(),
            phase,
            spec.volume_name.encode(),
            if bound { capacity } else { String::new() }.into(),
            if bound { access_modes_text(&status.access_modes) } else { String::new() }.into(),
            self.class().into(),
            or_unset(&spec.volume_attributes_class_name),
            cx.age(self.metadata.creation_timestamp),
            or_unset(&spec.volume_mode),
        ]
    }
}

//! storage.k8s.io/v1 StorageClass.
//!
//! Upstream: staging/src/k8s.io/api/storage/v1/types.go, pkg/registry/storage/storageclass/strategy.go,
//! pkg/printers/internalversion/printers.go (printStorageClass), pkg/apis/storage/v1/defaults.go,
//! pkg/apis/storage/validation/validation.go (ValidateStorageClass, …)
//! Differs: allowed topologies and the size of parameters are not looked at.

use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, PrintCx, col};
use crate::apimachinery::names::is_qualified_name;
use crate::apimachinery::validation::validate_immutable;
use crate::apimachinery::{Api, ErrorList, List, Map, ObjectMeta, Path, Str, Value};

crate::api! {
    pub struct StorageClass = "io.k8s.api.storage.v1.StorageClass" {
        metadata: ObjectMeta = "metadata".always(),
        provisioner: Str = "provisioner".always(),
        parameters: Map = "parameters",
        reclaim_policy: Option<Str> = "reclaimPolicy",
        mount_options: List<Str> = "mountOptions".atomic(),
        allow_volume_expansion: Option<bool> = "allowVolumeExpansion",
        volume_binding_mode: Option<Str> = "volumeBindingMode",
        allowed_topologies: List<TopologySelectorTerm> = "allowedTopologies".atomic(),
    }

    pub struct TopologySelectorTerm = "io.k8s.api.core.v1.TopologySelectorTerm" atomic {
        match_label_expressions: List<TopologySelectorLabelRequirement> = "matchLabelExpressions".atomic(),
    }

    pub struct TopologySelectorLabelRequirement = "io.k8s.api.core.v1.TopologySelectorLabelRequirement" {
        key: Str = "key".always(),
        values: List<Str> = "values".always().atomic(),
    }
}

const DEFAULT: [&str; 2] =
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
const WAITS: &str = "WaitForFirstConsumer";

impl StorageClass {
    /// Claims that name no class get this one.
    pub fn is_default(&self) -> bool {
        DEFAULT.iter().any(|key| self.metadata.annotations.get(key).is_some_and(|v| *v == "true"))
    }

    /// Claims are bound when a pod that uses them is placed.
    pub fn waits(&self) -> bool {
        self.volume_binding_mode.as_deref() == Some(WAITS)
    }
}

impl Kind for StorageClass {
    const INFO: KindInfo = KindInfo {
        short: &["sc"],
        namespaced: false,
        ..KindInfo::of("storage.k8s.io", "StorageClass", "storageclasses")
    };
    crate::kind_glue!(StorageClass);
    const COLUMNS: &'static [Column] =
        &[NAME, col("Provisioner"), col("ReclaimPolicy"), col("VolumeBindingMode"), col("AllowVolumeExpansion"), AGE];

    fn set_defaults(&mut self) {
        self.reclaim_policy.get_or_insert(Str::literal("Delete"));
        self.volume_binding_mode.get_or_insert(Str::literal("Immediate"));
    }

    fn validate(&self, errs: &mut ErrorList) {
        let path = Path::new("provisioner");
        if self.provisioner.is_empty() {
            errs.required(path, "");
        }
        for fault in is_qualified_name(&self.provisioner.to_lowercase()) {
            errs.invalid(path, &self.provisioner, fault);
        }
        let policy = self.reclaim_policy.as_deref().unwrap_or_default();
        if !matches!(policy, "Delete" | "Retain") {
            errs.not_supported(Path::new("reclaimPolicy"), policy, &["Delete", "Retain"]);
        }
        match self.volume_binding_mode.as_deref() {
            None => errs.required(Path::new("volumeBindingMode"), ""),
            Some("Immediate" | WAITS) => {}
            Some(other) => errs.not_supported(Path::new("volumeBindingMode"), other, &["Immediate", WAITS]),
        }
    }

    fn validate_update(&self, old: &Self, errs: &mut ErrorList) {
        self.validate(errs);
        let forbidden = "updates to parameters are forbidden.";
        if self.parameters != old.parameters {
            errs.forbidden(Path::new("parameters"), forbidden);
        }
        if self.provisioner != old.provisioner {
            errs.forbidden(Path::new("provisioner"), "updates to provisioner are forbidden.");
        }
        if self.reclaim_policy != old.reclaim_policy {
            errs.forbidden(Path::new("reclaimPolicy"), "updates to reclaimPolicy are forbidden.");
        }
        validate_immutable(&self.volume_binding_mode, &old.volume_binding_mode, Path::new("volumeBindingMode"), errs);
    }

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        let mark = if self.is_default() { " (default)" } else { "" };
        vec![
            format!("{}{mark}", self.metadata.name).into(),
            self.provisioner.encode(),
            self.reclaim_policy.as_deref().unwrap_or("Delete").into(),
            self.volume_binding_mode.as_deref().unwrap_or("Immediate").into(),
            self.allow_volume_expansion.unwrap_or(false).into(),
            cx.age(self.metadata.creation_timestamp),
        ]
    }
}

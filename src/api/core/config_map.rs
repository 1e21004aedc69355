//! v1 ConfigMap.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/configmap/strategy.go,
//! pkg/printers/internalversion/printers.go (printConfigMap), pkg/apis/core/validation/validation.go (ValidateConfigMap, …)
//! Differs: nothing known.

use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, PrintCx, col};
use crate::apimachinery::codec::Bytes;
use crate::apimachinery::names::is_config_map_key;
use crate::apimachinery::{Api, ErrorList, Map, ObjectMeta, Path, Value};

crate::api! {
    pub struct ConfigMap = "io.k8s.api.core.v1.ConfigMap" {
        metadata: ObjectMeta = "metadata".always(),
        immutable: Option<bool> = "immutable",
        data: Map = "data",
        binary_data: Map<Bytes> = "binaryData",
    }
}

/// The most that ConfigMaps and Secrets hold.
pub(super) const MAX_SECRET_SIZE: usize = 1024 * 1024;
pub(super) const IMMUTABLE: &str = "field is immutable when `immutable` is set";

impl Kind for ConfigMap {
    const INFO: KindInfo = KindInfo { short: &["cm"], ..KindInfo::core("ConfigMap", "configmaps") };
    crate::kind_glue!(ConfigMap);
    const COLUMNS: &'static [Column] = &[NAME, col("Data"), AGE];

    fn validate(&self, errs: &mut ErrorList) {
        const DATA: Path = Path::new("data");
        const BINARY_DATA: Path = Path::new("binaryData");
        for key in self.data.keys() {
            errs.invalid_each(DATA.key(key), key, is_config_map_key(key));
            if self.binary_data.contains_key(key) {
                errs.invalid(DATA.key(key), key, "duplicate of key present in binaryData");
            }
        }
        for key in self.binary_data.keys() {
            errs.invalid_each(BINARY_DATA.key(key), key, is_config_map_key(key));
        }
        let text: usize = self.data.iter().map(|(_, v)| v.len()).sum();
        let bytes: usize = self.binary_data.iter().map(|(_, v)| v.as_slice().len()).sum();
        if text + bytes > MAX_SECRET_SIZE {
            errs.too_long(Path::ROOT, MAX_SECRET_SIZE);
        }
    }

    fn validate_update(&self, old: &Self, errs: &mut ErrorList) {
        if old.immutable == Some(true) {
            if self.immutable != Some(true) {
                errs.forbidden(Path::new("immutable"), IMMUTABLE);
            }
            if self.data != old.data {
                errs.forbidden(Path::new("data"), IMMUTABLE);
            }
            if self.binary_data != old.binary_data {
                errs.forbidden(Path::new("binaryData"), IMMUTABLE);
            }
        }
        self.validate(errs);
    }

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        let entries = self.data.len() + self.binary_data.len();
        vec![self.metadata.name.encode(), entries.into(), cx.age(self.metadata.creation_timestamp)]
    }
}

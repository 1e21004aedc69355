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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::testing::{decode, faults_of_create, faults_of_update, row_text};

    #[test]
    fn refusals_are_those_of_a_cluster() {
        let rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or \
                    'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
        for (yaml, want) in [
            ("{data: {a: x, b.c: y}}", vec![]),
            ("{data: {a b: x}}", vec![format!("data[a b]: Invalid value: \"a b\": {rule}")]),
            ("{data: {..: x}}", vec!["data[..]: Invalid value: \"..\": must not be '..'".to_owned()]),
            (
                "{data: {a: x}, binaryData: {a: eA==}}",
                vec!["data[a]: Invalid value: \"a\": duplicate of key present in binaryData".to_owned()],
            ),
        ] {
            assert_eq!(faults_of_create::<ConfigMap>(yaml), want, "{yaml}");
        }
        let big = format!("{{data: {{a: {}}}}}", "x".repeat(MAX_SECRET_SIZE + 1));
        assert_eq!(faults_of_create::<ConfigMap>(&big), [": Too long: may not be more than 1048576 bytes"]);
    }

    #[test]
    fn an_immutable_map_stays_as_it_is() {
        let old = "{immutable: true, data: {a: x}}";
        let forbidden = |field: &str| format!("{field}: Forbidden: field is immutable when `immutable` is set");
        for (new, want) in [
            ("{immutable: true, data: {a: x}, metadata: {labels: {a: b}}}", vec![]),
            ("{data: {a: x}}", vec![forbidden("immutable")]),
            (
                "{immutable: true, data: {a: y}, binaryData: {b: eA==}}",
                vec![forbidden("data"), forbidden("binaryData")],
            ),
        ] {
            assert_eq!(faults_of_update::<ConfigMap>(old, new), want, "{new}");
        }
    }

    #[test]
    fn both_kinds_of_data_count() {
        let map: ConfigMap = decode("{data: {a: x, b: y}, binaryData: {c: eA==}}");
        assert_eq!(row_text(&map, 0), "web|3|<unknown>");
    }
}

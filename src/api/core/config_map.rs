//! v1 ConfigMap.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/configmap/strategy.go,
//! pkg/printers/internalversion/printers.go (printConfigMap)
//! Differs: nothing known.

use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, PrintCx, col};
use crate::apimachinery::codec::Bytes;
use crate::apimachinery::{Api, Map, ObjectMeta, Value};

crate::api! {
    pub struct ConfigMap = "io.k8s.api.core.v1.ConfigMap" {
        metadata: ObjectMeta = "metadata".always(),
        immutable: Option<bool> = "immutable",
        data: Map = "data",
        binary_data: Map<Bytes> = "binaryData",
    }
}

impl Kind for ConfigMap {
    const INFO: KindInfo = KindInfo { short: &["cm"], ..KindInfo::core("ConfigMap", "configmaps") };
    crate::kind_glue!(ConfigMap);
    const COLUMNS: &'static [Column] = &[NAME, col("Data"), AGE];

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        let entries = self.data.len() + self.binary_data.len();
        vec![self.metadata.name.encode(), entries.into(), cx.age(self.metadata.creation_timestamp)]
    }
}

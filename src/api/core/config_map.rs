//! v1 ConfigMap.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/configmap/strategy.go
//! Differs: nothing known.

use crate::api::kind::{Kind, KindInfo};
use crate::apimachinery::codec::Bytes;
use crate::apimachinery::{Map, ObjectMeta};

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
}

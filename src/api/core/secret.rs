//! v1 Secret.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/secret/strategy.go
//! Differs: nothing known.

use crate::api::kind::{Kind, KindInfo};
use crate::apimachinery::codec::Bytes;
use crate::apimachinery::{Map, ObjectMeta, Str};

crate::api! {
    pub struct Secret = "io.k8s.api.core.v1.Secret" {
        metadata: ObjectMeta = "metadata".always(),
        immutable: Option<bool> = "immutable",
        data: Map<Bytes> = "data",
        string_data: Map = "stringData",
        type_: Str = "type",
    }
}

impl Kind for Secret {
    const INFO: KindInfo = KindInfo::core("Secret", "secrets");
    crate::kind_glue!(Secret);
}

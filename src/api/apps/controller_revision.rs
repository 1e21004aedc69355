//! apps/v1 ControllerRevision.
//!
//! Upstream: staging/src/k8s.io/api/apps/v1/types.go, pkg/registry/apps/controllerrevision/strategy.go
//! Differs: nothing known.

use crate::api::kind::{Kind, KindInfo};
use crate::apimachinery::ObjectMeta;
use crate::apimachinery::codec::Opaque;

crate::api! {
    pub struct ControllerRevision = "io.k8s.api.apps.v1.ControllerRevision" {
        metadata: ObjectMeta = "metadata".always(),
        data: Opaque = "data",
        revision: i64 = "revision".always(),
    }
}

impl Kind for ControllerRevision {
    const INFO: KindInfo = KindInfo::of("apps", "ControllerRevision", "controllerrevisions");
    crate::kind_glue!(ControllerRevision);
}

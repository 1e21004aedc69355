//! autoscaling/v1 Scale, the subresource.
//!
//! Upstream: staging/src/k8s.io/api/autoscaling/v1/types.go
//! Differs: nothing known.

use crate::apimachinery::{ObjectMeta, Str};
use std::rc::Rc;

crate::api! {
    pub struct Scale = "io.k8s.api.autoscaling.v1.Scale" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<ScaleSpec> = "spec".always(),
        status: Rc<ScaleStatus> = "status".always(),
    }

    pub struct ScaleSpec = "io.k8s.api.autoscaling.v1.ScaleSpec" {
        replicas: i32 = "replicas",
    }

    pub struct ScaleStatus = "io.k8s.api.autoscaling.v1.ScaleStatus" {
        replicas: i32 = "replicas".always(),
        selector: Str = "selector",
    }
}

//! apps/v1 ReplicaSet.
//!
//! Upstream: staging/src/k8s.io/api/apps/v1/types.go, pkg/registry/apps/replicaset/strategy.go
//! Differs: nothing known.

use crate::api::core::PodTemplateSpec;
use crate::api::kind::{Kind, KindInfo};
use crate::apimachinery::time::Time;
use crate::apimachinery::{LabelSelector, List, ObjectMeta, Str};
use std::rc::Rc;

crate::api! {
    pub struct ReplicaSet = "io.k8s.api.apps.v1.ReplicaSet" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<ReplicaSetSpec> = "spec".always(),
        status: Rc<ReplicaSetStatus> = "status".always(),
    }

    pub struct ReplicaSetSpec = "io.k8s.api.apps.v1.ReplicaSetSpec" {
        replicas: Option<i32> = "replicas",
        min_ready_seconds: i32 = "minReadySeconds",
        selector: Option<Rc<LabelSelector>> = "selector".always(),
        template: Rc<PodTemplateSpec> = "template".always(),
    }

    pub struct ReplicaSetStatus = "io.k8s.api.apps.v1.ReplicaSetStatus" {
        replicas: i32 = "replicas".always(),
        fully_labeled_replicas: i32 = "fullyLabeledReplicas",
        ready_replicas: i32 = "readyReplicas",
        available_replicas: i32 = "availableReplicas",
        terminating_replicas: Option<i32> = "terminatingReplicas",
        observed_generation: i64 = "observedGeneration",
        conditions: List<ReplicaSetCondition> = "conditions".merge("type").keys(&["type"]),
    }

    pub struct ReplicaSetCondition = "io.k8s.api.apps.v1.ReplicaSetCondition" {
        type_: Str = "type".always(),
        status: Str = "status".always(),
        last_transition_time: Time = "lastTransitionTime".always(),
        reason: Str = "reason",
        message: Str = "message",
    }
}

impl Kind for ReplicaSet {
    const INFO: KindInfo = KindInfo {
        short: &["rs"],
        categories: &["all"],
        status: true,
        scale: true,
        ..KindInfo::of("apps", "ReplicaSet", "replicasets")
    };
    crate::kind_glue!(ReplicaSet);
}

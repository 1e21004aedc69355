//! apps/v1 Deployment.
//!
//! Upstream: staging/src/k8s.io/api/apps/v1/types.go, pkg/registry/apps/deployment/strategy.go
//! Differs: nothing known.

use crate::api::core::PodTemplateSpec;
use crate::api::kind::{Kind, KindInfo};
use crate::apimachinery::int_or_string::IntOrString;
use crate::apimachinery::time::Time;
use crate::apimachinery::{LabelSelector, List, ObjectMeta, Str};
use std::rc::Rc;

crate::api! {
    pub struct Deployment = "io.k8s.api.apps.v1.Deployment" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<DeploymentSpec> = "spec".always(),
        status: Rc<DeploymentStatus> = "status".always(),
    }

    pub struct DeploymentSpec = "io.k8s.api.apps.v1.DeploymentSpec" {
        replicas: Option<i32> = "replicas",
        selector: Option<Rc<LabelSelector>> = "selector".always(),
        template: Rc<PodTemplateSpec> = "template".always(),
        strategy: DeploymentStrategy = "strategy".always().retain_keys(),
        min_ready_seconds: i32 = "minReadySeconds",
        revision_history_limit: Option<i32> = "revisionHistoryLimit",
        paused: bool = "paused",
        progress_deadline_seconds: Option<i32> = "progressDeadlineSeconds",
    }

    pub struct DeploymentStrategy = "io.k8s.api.apps.v1.DeploymentStrategy" {
        type_: Str = "type",
        rolling_update: Option<Rc<RollingUpdateDeployment>> = "rollingUpdate",
    }

    pub struct RollingUpdateDeployment = "io.k8s.api.apps.v1.RollingUpdateDeployment" {
        max_unavailable: Option<IntOrString> = "maxUnavailable",
        max_surge: Option<IntOrString> = "maxSurge",
    }

    pub struct DeploymentStatus = "io.k8s.api.apps.v1.DeploymentStatus" {
        observed_generation: i64 = "observedGeneration",
        replicas: i32 = "replicas",
        updated_replicas: i32 = "updatedReplicas",
        ready_replicas: i32 = "readyReplicas",
        available_replicas: i32 = "availableReplicas",
        unavailable_replicas: i32 = "unavailableReplicas",
        terminating_replicas: Option<i32> = "terminatingReplicas",
        conditions: List<DeploymentCondition> = "conditions".merge("type").keys(&["type"]),
        collision_count: Option<i32> = "collisionCount",
    }

    pub struct DeploymentCondition = "io.k8s.api.apps.v1.DeploymentCondition" {
        type_: Str = "type".always(),
        status: Str = "status".always(),
        last_update_time: Time = "lastUpdateTime".always(),
        last_transition_time: Time = "lastTransitionTime".always(),
        reason: Str = "reason",
        message: Str = "message",
    }
}

impl Kind for Deployment {
    const INFO: KindInfo = KindInfo {
        short: &["deploy"],
        categories: &["all"],
        status: true,
        scale: true,
        ..KindInfo::of("apps", "Deployment", "deployments")
    };
    crate::kind_glue!(Deployment);
}

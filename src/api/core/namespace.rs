//! v1 Namespace.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/namespace/strategy.go
//! Differs: nothing known.

use crate::api::kind::{Kind, KindInfo, NameRule};
use crate::apimachinery::time::Time;
use crate::apimachinery::{List, ObjectMeta, Str};
use std::rc::Rc;

crate::api! {
    pub struct Namespace = "io.k8s.api.core.v1.Namespace" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<NamespaceSpec> = "spec".always(),
        status: Rc<NamespaceStatus> = "status".always(),
    }

    pub struct NamespaceSpec = "io.k8s.api.core.v1.NamespaceSpec" {
        finalizers: List<Str> = "finalizers".atomic(),
    }

    pub struct NamespaceStatus = "io.k8s.api.core.v1.NamespaceStatus" {
        phase: Str = "phase",
        conditions: List<NamespaceCondition> = "conditions".merge("type").keys(&["type"]),
    }

    pub struct NamespaceCondition = "io.k8s.api.core.v1.NamespaceCondition" {
        type_: Str = "type".always(),
        status: Str = "status".always(),
        last_transition_time: Time = "lastTransitionTime".always(),
        reason: Str = "reason",
        message: Str = "message",
    }
}

impl Kind for Namespace {
    const INFO: KindInfo = KindInfo {
        short: &["ns"],
        namespaced: false,
        status: true,
        name_rule: NameRule::Dns1123Label,
        ..KindInfo::core("Namespace", "namespaces")
    };
    crate::kind_glue!(Namespace);
}

//! v1 ServiceAccount.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/serviceaccount/strategy.go
//! Differs: nothing known.

use crate::api::core::LocalObjectReference;
use crate::api::core::ObjectReference;
use crate::api::kind::{Kind, KindInfo};
use crate::apimachinery::{List, ObjectMeta};

crate::api! {
    pub struct ServiceAccount = "io.k8s.api.core.v1.ServiceAccount" {
        metadata: ObjectMeta = "metadata".always(),
        secrets: List<ObjectReference> = "secrets".merge("name").keys(&["name"]),
        image_pull_secrets: List<LocalObjectReference> = "imagePullSecrets".atomic(),
        automount_service_account_token: Option<bool> = "automountServiceAccountToken",
    }
}

impl Kind for ServiceAccount {
    const INFO: KindInfo = KindInfo { short: &["sa"], ..KindInfo::core("ServiceAccount", "serviceaccounts") };
    crate::kind_glue!(ServiceAccount);
}

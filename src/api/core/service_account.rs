//! v1 ServiceAccount.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/serviceaccount/strategy.go
//! Differs: nothing known.

use crate::api::core::LocalObjectReference;
use crate::api::core::ObjectReference;
use crate::api::kind::{Kind, KindInfo, Part};
use crate::apimachinery::{List, ObjectMeta};

crate::api! {
    pub struct ServiceAccount = "io.k8s.api.core.v1.ServiceAccount" {
        metadata: ObjectMeta = "metadata".always(),
        secrets: List<ObjectReference> = "secrets".merge("name").keys(&["name"]),
        image_pull_secrets: List<LocalObjectReference> = "imagePullSecrets".atomic(),
        automount_service_account_token: Option<bool> = "automountServiceAccountToken",
    }
}

const ENFORCE_MOUNTABLE_SECRETS: &str = "kubernetes.io/enforce-mountable-secrets";

impl ServiceAccount {
    /// Of a reference to a secret only the name counts.
    fn keep_names_of_secrets(&mut self) {
        let bare = |s: &ObjectReference| ObjectReference { name: s.name.clone(), ..Default::default() };
        if self.secrets.iter().any(|s| *s != bare(s)) {
            self.secrets = self.secrets.iter().map(bare).collect();
        }
    }
}

impl Kind for ServiceAccount {
    const INFO: KindInfo = KindInfo {
        short: &["sa"],
        parts: &[Part::action("token", "authentication.k8s.io", "TokenRequest")],
        ..KindInfo::core("ServiceAccount", "serviceaccounts")
    };
    crate::kind_glue!(ServiceAccount);

    fn prepare_for_create(&mut self) {
        self.keep_names_of_secrets();
    }

    fn prepare_for_update(&mut self, _old: &Self) {
        self.keep_names_of_secrets();
    }

    fn warnings(&self, old: Option<&Self>, out: &mut Vec<String>) {
        let has = |s: &Self| s.metadata.annotations.contains_key(ENFORCE_MOUNTABLE_SECRETS);
        if has(self) && !old.is_some_and(has) {
            out.push(format!(
                "metadata.annotations[{ENFORCE_MOUNTABLE_SECRETS}]: deprecated in v1.32+; prefer separate namespaces \
                 to isolate access to mounted secrets"
            ));
        }
    }
}

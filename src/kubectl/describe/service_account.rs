//! A ServiceAccount.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describeServiceAccount)
//! Differs: nothing known.

use super::text::{Writer, put};
use crate::api::core::ServiceAccount;

const PULL: &str = "Image pull secrets:";

pub(super) fn describe(w: &mut Writer, account: &ServiceAccount) {
    w.name_and_namespace(&account.metadata);
    w.labels_and_annotations(&account.metadata);
    if account.image_pull_secrets.is_empty() {
        put!(w, 0, "{PULL}\t<none>\n");
    }
    for (i, secret) in account.image_pull_secrets.iter().enumerate() {
        let head = if i == 0 { PULL } else { "" };
        put!(w, 0, "{head:width$}\t{}\n", secret.name, width = PULL.len());
    }
}

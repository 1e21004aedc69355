//! A Secret, of whose data only the sizes are told; tokens of service accounts are shown.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describeSecret)
//! Differs: nothing known.

use super::text::{Writer, put};
use crate::api::core::Secret;

pub(super) fn describe(w: &mut Writer, secret: &Secret) {
    w.name_and_namespace(&secret.metadata);
    w.labels_and_annotations(&secret.metadata);
    put!(w, 0, "\nType:\t{}\n", secret.type_);
    put!(w, 0, "\nData\n====\n");
    for (key, value) in secret.data.iter() {
        if *key == "token" && secret.type_ == "kubernetes.io/service-account-token" {
            w.field(0, key, String::from_utf8_lossy(value.as_slice()));
        } else {
            put!(w, 0, "{key}:\t{} bytes\n", value.as_slice().len());
        }
    }
}

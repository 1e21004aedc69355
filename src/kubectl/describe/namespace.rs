//! A Namespace.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describeNamespace)
//! Differs: nothing known.

use super::limits;
use super::text::{Writer, put};
use crate::api::core::Namespace;
use crate::apiserver::Tables;

pub(super) fn describe(w: &mut Writer, tables: &Tables, namespace: &Namespace) {
    w.field(0, "Name", &namespace.metadata.name);
    w.labels_and_annotations(&namespace.metadata);
    w.field(0, "Status", &namespace.status.phase);
    if !namespace.status.conditions.is_empty() {
        w.title(0, "Conditions");
        put!(w, 1, "Type\tStatus\tLastTransitionTime\tReason\tMessage\n");
        put!(w, 1, "----\t------\t------------------\t------\t-------\n");
        for c in &namespace.status.conditions {
            let changed = c.last_transition_time.rfc1123();
            put!(w, 1, "{}\t{}\t{changed}\t{}\t{}\n", c.type_, c.status, c.reason, c.message);
        }
    }
    limits::of_namespace(w, tables, &namespace.metadata.name);
}

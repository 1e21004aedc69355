//! A ReplicaSet.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describeReplicaSet)
//! Differs: nothing known.

use super::text::{Writer, put};
use super::{pods, template};
use crate::api::apps::ReplicaSet;
use crate::apimachinery::Str;
use crate::apiserver::Tables;

pub(super) fn describe(w: &mut Writer, tables: &Tables, rs: &ReplicaSet) {
    let selector = rs.spec.selector.as_deref();
    w.name_and_namespace(&rs.metadata);
    w.field(0, "Selector", template::selector_or_none(selector));
    w.labels_and_annotations(&rs.metadata);
    w.controlled_by(&rs.metadata);
    let desired = rs.spec.replicas.unwrap_or_default();
    put!(w, 0, "Replicas:\t{} current / {desired} desired\n", rs.status.replicas);
    pods::status(w, tables, &rs.metadata, selector);
    template::describe(w, &rs.spec.template);
    conditions(w, rs.status.conditions.iter().map(|c| (&c.type_, &c.status, &c.reason)));
}

/// Type, status, reason.
pub(super) fn conditions<'a>(w: &mut Writer, conditions: impl ExactSizeIterator<Item = (&'a Str, &'a Str, &'a Str)>) {
    if conditions.len() == 0 {
        return;
    }
    put!(w, 0, "Conditions:\n  Type\tStatus\tReason\n");
    put!(w, 1, "----\t------\t------\n");
    for (type_, status, reason) in conditions {
        put!(w, 1, "{type_} \t{status}\t{reason}\n");
    }
}

//! A ReplicationController.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describeReplicationController)
//! Differs: nothing known.

use super::text::{Writer, put};
use super::{pods, replica_set, template};
use crate::api::core::ReplicationController;
use crate::api::print::format_labels;
use crate::apimachinery::LabelSelector;
use crate::apiserver::Tables;

pub(super) fn describe(w: &mut Writer, tables: &Tables, rc: &ReplicationController) {
    let spec = &rc.spec;
    w.name_and_namespace(&rc.metadata);
    w.field(0, "Selector", format_labels(&spec.selector));
    w.labels_and_annotations(&rc.metadata);
    let desired = spec.replicas.unwrap_or_default();
    put!(w, 0, "Replicas:\t{} current / {desired} desired\n", rc.status.replicas);
    let selector = LabelSelector { match_labels: spec.selector.clone(), ..LabelSelector::default() };
    pods::status(w, tables, &rc.metadata, Some(&selector));
    match &spec.template {
        Some(t) => template::describe(w, t),
        None => put!(w, 0, "Pod Template:\n  <unset>"),
    }
    replica_set::conditions(w, rc.status.conditions.iter().map(|c| (&c.type_, &c.status, &c.reason)));
}

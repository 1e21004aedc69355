//! The pod template of a workload, and what a pod and its template say alike of their scheduling.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (DescribePodTemplate, printTolerationsMultiline, …)
//! Differs: nothing known.

use super::containers::{self, Described};
use super::text::{Writer, put};
use super::volumes;
use crate::api::core::{PodTemplateSpec, Toleration, TopologySpreadConstraint, WorkloadReference};
use crate::apimachinery::{Arrange, LabelSelector};

pub(super) fn describe(w: &mut Writer, template: &PodTemplateSpec) {
    let spec = &template.spec;
    w.title(0, "Pod Template");
    w.labels("  Labels", &template.metadata.labels);
    if !template.metadata.annotations.is_empty() {
        w.annotations("  Annotations", &template.metadata.annotations);
    }
    w.field_if(1, "Service Account", &spec.service_account_name);
    if !spec.init_containers.is_empty() {
        containers::describe(w, "Init Containers", &spec.init_containers, &[], Described::OfTemplate, "  ");
    }
    containers::describe(w, "Containers", &spec.containers, &[], Described::OfTemplate, "  ");
    volumes::describe(w, &spec.volumes, "  ");
    spread_constraints(w, &spec.topology_spread_constraints, "  ");
    w.field_if(1, "Priority Class Name", &spec.priority_class_name);
    w.labels("  Node-Selectors", &spec.node_selector);
    tolerations(w, "  Tolerations", &spec.tolerations);
    if let Some(workload) = &spec.workload_ref {
        workload_ref(w, workload, "  ");
    }
}

pub(super) fn tolerations(w: &mut Writer, title: &str, tolerations: &[Toleration]) {
    let mut sorted: Vec<&Toleration> = tolerations.iter().collect();
    sorted.arrange_by_key(|t| &t.key);
    w.list(title, sorted.into_iter().map(toleration_text));
}

fn toleration_text(t: &Toleration) -> String {
    let mut out = t.key.to_string();
    if !t.value.is_empty() {
        out += &format!("={}", t.value);
    }
    if !t.effect.is_empty() {
        out += &format!(":{}", t.effect);
    }
    if t.operator == "Exists" && t.value.is_empty() {
        out += if out.is_empty() { "op=Exists" } else { " op=Exists" };
    }
    if let Some(seconds) = t.toleration_seconds {
        out += &format!(" for {seconds}s");
    }
    out
}

pub(super) fn spread_constraints(w: &mut Writer, constraints: &[TopologySpreadConstraint], space: &str) {
    if constraints.is_empty() {
        return;
    }
    let mut sorted: Vec<&TopologySpreadConstraint> = constraints.iter().collect();
    sorted.arrange_by_key(|c| &c.topology_key);
    put!(w, 0, "{space}Topology Spread Constraints:\t");
    for (i, c) in sorted.into_iter().enumerate() {
        if i > 0 {
            put!(w, 0, "{space}\t");
        }
        put!(w, 0, "{}:{} when max skew {} is exceeded", c.topology_key, c.when_unsatisfiable, c.max_skew);
        if let Some(selector) = &c.label_selector {
            put!(w, 0, " for selector {}", selector_or_none(Some(selector)));
        }
        put!(w, 0, "\n");
    }
}

/// The selector as text; `<none>` for one that asks nothing.
pub(super) fn selector_or_none(selector: Option<&LabelSelector>) -> String {
    match selector.map(LabelSelector::to_selector) {
        None => "<none>".to_owned(),
        Some(Ok(selector)) => selector.text_or_none(),
        Some(Err(_)) => "<error>".to_owned(),
    }
}

pub(super) fn workload_ref(w: &mut Writer, workload: &WorkloadReference, space: &str) {
    put!(w, 0, "{space}WorkloadRef:\n");
    w.field(1, "Name", &workload.name);
    w.field(1, "PodGroup", &workload.pod_group);
    w.field_if(1, "PodGroupReplicaKey", &workload.pod_group_replica_key);
}

//! A Deployment: its numbers, its strategy, its ReplicaSets.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describeDeployment),
//! staging/src/k8s.io/kubectl/pkg/util/deployment/deployment.go (GetAllReplicaSetsInChunks)
//! Differs: nothing known.

use super::text::{Writer, or_none, put};
use super::{replica_set, template};
use crate::api::apps::{Deployment, ReplicaSet};
use crate::api::core::PodTemplateSpec;
use crate::api::print::selector_text;
use crate::apimachinery::Arrange;
use crate::apiserver::Tables;
use std::rc::Rc;

pub(super) fn describe(w: &mut Writer, tables: &Tables, d: &Deployment) {
    let (spec, status) = (&d.spec, &d.status);
    w.name_and_namespace(&d.metadata);
    w.field(0, "CreationTimestamp", d.metadata.creation_timestamp.rfc1123());
    w.labels_and_annotations(&d.metadata);
    w.field(0, "Selector", selector_text(spec.selector.as_deref()).unwrap_or_default());
    put!(
        w,
        0,
        "Replicas:\t{} desired | {} updated | {} total | {} available | {} unavailable\n",
        spec.replicas.unwrap_or_default(),
        status.updated_replicas,
        status.replicas,
        status.available_replicas,
        status.unavailable_replicas
    );
    w.field(0, "StrategyType", &spec.strategy.type_);
    w.field(0, "MinReadySeconds", spec.min_ready_seconds);
    if let Some(rolling) = &spec.strategy.rolling_update {
        let unavailable = rolling.max_unavailable.clone().unwrap_or_default();
        let surge = rolling.max_surge.clone().unwrap_or_default();
        put!(w, 0, "RollingUpdateStrategy:\t{unavailable} max unavailable, {surge} max surge\n");
    }
    template::describe(w, &spec.template);
    replica_set::conditions(w, status.conditions.iter().map(|c| (&c.type_, &c.status, &c.reason)));
    let (old, new) = replica_sets(tables, d);
    if !old.is_empty() || new.is_some() {
        w.field(0, "OldReplicaSets", or_none(&names(&old)));
        w.field(0, "NewReplicaSet", or_none(&names(new.as_slice())));
    }
}

/// The old ones, and the oldest that has the Deployment's own template; in the order of creation.
fn replica_sets<'a>(tables: &'a Tables, d: &Deployment) -> (Vec<&'a ReplicaSet>, Option<&'a ReplicaSet>) {
    let selector = d.spec.selector.as_deref().and_then(|s| s.to_selector().ok());
    let mut all: Vec<&ReplicaSet> = tables
        .owned::<ReplicaSet>(&d.metadata.uid)
        .map(|rs| &**rs)
        .filter(|rs| rs.metadata.is_controlled_by(&d.metadata.uid))
        .filter(|rs| {
            let label = |key: &str| rs.metadata.labels.get(key).map(|v| v.as_str());
            selector.as_ref().is_some_and(|s| s.matches(label))
        })
        .collect();
    all.arrange_by(|a, b| {
        let key = |rs: &ReplicaSet| (rs.metadata.creation_timestamp, rs.metadata.name.clone());
        key(a).cmp(&key(b))
    });
    let wanted = without_hash(&d.spec.template);
    let new = all.iter().position(|rs| without_hash(&rs.spec.template) == wanted).map(|at| all.remove(at));
    (all, new)
}

fn without_hash(template: &Rc<PodTemplateSpec>) -> Rc<PodTemplateSpec> {
    let mut template = template.clone();
    if template.metadata.labels.contains_key("pod-template-hash") {
        Rc::make_mut(&mut template).metadata.labels.remove("pod-template-hash");
    }
    template
}

fn names(sets: &[&ReplicaSet]) -> String {
    let text = |rs: &&ReplicaSet| {
        let desired = rs.spec.replicas.unwrap_or_default();
        format!("{} ({}/{desired} replicas created)", rs.metadata.name, rs.status.replicas)
    };
    sets.iter().map(text).collect::<Vec<_>>().join(", ")
}

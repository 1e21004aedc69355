//! A PersistentVolumeClaim, or the template of one.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describePersistentVolumeClaim, getPodsForPVC)
//! Differs: nothing known.

use super::text::{Writer, go_list, put};
use crate::api::core::{PersistentVolumeClaim, PersistentVolumeClaimSpec, Pod, access_modes_text};
use crate::apimachinery::{Arrange, ObjectMeta};
use crate::apiserver::Tables;

const BETA_STORAGE_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

pub(super) fn describe(w: &mut Writer, tables: &Tables, claim: &PersistentVolumeClaim) {
    let (meta, spec, status) = (&claim.metadata, &claim.spec, &claim.status);
    w.name_and_namespace(meta);
    w.field(0, "StorageClass", class(meta, spec));
    match meta.deletion_timestamp {
        Some(at) => put!(w, 0, "Status:\tTerminating (lasts {})\n", w.age(at)),
        None => w.field(0, "Status", &status.phase),
    }
    w.field(0, "Volume", &spec.volume_name);
    w.labels_and_annotations(meta);
    w.field(0, "Finalizers", go_list(&meta.finalizers));
    let (capacity, modes) = if spec.volume_name.is_empty() {
        (String::new(), String::new())
    } else {
        let capacity = status.capacity.get("storage").map_or("0".to_owned(), ToString::to_string);
        (capacity, access_modes_text(&status.access_modes))
    };
    sizes(w, &capacity, &modes, spec);
    w.list("Used By", users(tables, claim));
    conditions(w, claim);
}

/// What an inline specification of a claim says.
pub(super) fn describe_template(w: &mut Writer, meta: &ObjectMeta, spec: &PersistentVolumeClaimSpec) {
    w.field(0, "StorageClass", class(meta, spec));
    w.field(0, "Volume", &spec.volume_name);
    w.labels_and_annotations(meta);
    let capacity = if spec.volume_name.is_empty() { "" } else { "0" };
    sizes(w, capacity, "", spec);
}

pub(super) fn class<'a>(meta: &'a ObjectMeta, spec: &'a PersistentVolumeClaimSpec) -> &'a str {
    let class = meta.annotations.get(BETA_STORAGE_CLASS).or(spec.storage_class_name.as_ref());
    class.map_or("", |class| class.as_str())
}

fn sizes(w: &mut Writer, capacity: &str, modes: &str, spec: &PersistentVolumeClaimSpec) {
    w.field(0, "Capacity", capacity);
    w.field(0, "Access Modes", modes);
    if let Some(mode) = &spec.volume_mode {
        w.field(0, "VolumeMode", mode);
    }
    if let Some(source) = &spec.data_source {
        w.title(0, "DataSource");
        if let Some(group) = &source.api_group {
            w.field(1, "APIGroup", group);
        }
        w.field(1, "Kind", &source.kind);
        w.field(1, "Name", &source.name);
    }
}

/// Names of the pods that mount it, once for each volume, and of the pods that own it.
fn users(tables: &Tables, claim: &PersistentVolumeClaim) -> Vec<String> {
    let meta = &claim.metadata;
    let mut names = Vec::new();
    for pod in tables.list::<Pod>(Some(&meta.namespace)) {
        let mounts = pod.spec.volumes.iter().filter_map(|v| v.persistent_volume_claim.as_ref());
        let volumes = mounts.filter(|source| source.claim_name == meta.name).count();
        let owns = meta.owner_references.iter().any(|o| o.kind == "Pod" && o.uid == pod.metadata.uid);
        let times = if volumes == 0 && owns { 1 } else { volumes };
        names.extend(std::iter::repeat_n(pod.metadata.name.to_string(), times));
    }
    names.arrange();
    names
}

fn conditions(w: &mut Writer, claim: &PersistentVolumeClaim) {
    if claim.status.conditions.is_empty() {
        return;
    }
    w.title(0, "Conditions");
    put!(w, 1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage\n");
    put!(w, 1, "----\t------\t-----------------\t------------------\t------\t-------\n");
    for c in &claim.status.conditions {
        let (probed, changed) = (c.last_probe_time.rfc1123(), c.last_transition_time.rfc1123());
        put!(w, 1, "{} \t{} \t{probed} \t{changed} \t{} \t{}\n", c.type_, c.status, c.reason, c.message);
    }
}

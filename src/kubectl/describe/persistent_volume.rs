//! A PersistentVolume.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describePersistentVolume, printVolumeNodeAffinity, …)
//! Differs: sources other than hostPath, local, nfs and csi are `<unknown>`.

use super::text::{ANNOTATION_LENGTH, Writer, go_list, put, shortened};
use super::volumes;
use crate::api::core::{PersistentVolume, VolumeNodeAffinity, access_modes_text};
use crate::apimachinery::Value;

pub(super) fn describe(w: &mut Writer, pv: &PersistentVolume) {
    let (meta, spec, status) = (&pv.metadata, &pv.spec, &pv.status);
    w.field(0, "Name", &meta.name);
    w.labels_and_annotations(meta);
    w.field(0, "Finalizers", go_list(&meta.finalizers));
    w.field(0, "StorageClass", pv.class());
    match meta.deletion_timestamp {
        Some(at) => put!(w, 0, "Status:\tTerminating (lasts {})\n", w.age(at)),
        None => w.field(0, "Status", &status.phase),
    }
    w.field(0, "Claim", spec.claim_ref.as_ref().map_or(String::new(), |c| format!("{}/{}", c.namespace, c.name)));
    w.field(0, "Reclaim Policy", &spec.persistent_volume_reclaim_policy);
    w.field(0, "Access Modes", access_modes_text(&spec.access_modes));
    if let Some(mode) = &spec.volume_mode {
        w.field(0, "VolumeMode", mode);
    }
    w.field(0, "Capacity", spec.capacity.get("storage").map_or("0".to_owned(), ToString::to_string));
    node_affinity(w, spec.node_affinity.as_deref());
    w.field(0, "Message", &status.message);
    w.title(0, "Source");
    if let Some(s) = &spec.host_path {
        volumes::host_path(w, s);
    } else if let Some(s) = &spec.nfs {
        volumes::nfs(w, s);
    } else if let Some(s) = &spec.local {
        w.field(2, "Type", "LocalVolume (a persistent volume backed by local storage on a node)");
        w.field(2, "Path", &s.path);
    } else if let Some(s) = spec.csi.value() {
        csi(w, s);
    } else {
        put!(w, 1, "<unknown>\n");
    }
}

fn node_affinity(w: &mut Writer, affinity: Option<&VolumeNodeAffinity>) {
    let Some(required) = affinity.and_then(|a| a.required.as_ref()) else {
        return w.field(0, "Node Affinity", "<none>");
    };
    put!(w, 0, "Node Affinity:\t\n");
    if required.node_selector_terms.is_empty() {
        return w.field(1, "Required Terms", "<none>");
    }
    put!(w, 1, "Required Terms:\t\n");
    for (number, term) in required.node_selector_terms.iter().enumerate() {
        let lines = term.match_expressions.iter().map(|r| {
            let operator = r.operator.to_lowercase();
            if r.values.is_empty() {
                format!("{} {operator}", r.key)
            } else {
                format!("{} {operator} [{}]", r.key, r.values.join(", "))
            }
        });
        w.terms(2, number, lines);
    }
}

fn csi(w: &mut Writer, source: &Value) {
    let text = |name: &str| source[name].as_str().unwrap_or_default();
    w.field(2, "Type", "CSI (a Container Storage Interface (CSI) volume source)");
    w.field(2, "Driver", text("driver"));
    w.field(2, "FSType", text("fsType"));
    w.field(2, "VolumeHandle", text("volumeHandle"));
    w.field(2, "ReadOnly", source["readOnly"].as_bool().unwrap_or_default());
    let mut attributes: Vec<String> = source["volumeAttributes"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(k, v)| shortened(&format!("{k}={}", v.as_str().unwrap_or_default()), ANNOTATION_LENGTH))
        .collect();
    attributes.sort();
    volumes::csi_lines(w, &attributes);
}

//! A ConfigMap, with all its data.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (ConfigMapDescriber)
//! Differs: nothing known.

use super::text::{Writer, put};
use crate::api::core::ConfigMap;

pub(super) fn describe(w: &mut Writer, map: &ConfigMap) {
    w.name_and_namespace(&map.metadata);
    w.labels_and_annotations(&map.metadata);
    put!(w, 0, "\nData\n====\n");
    for (key, value) in map.data.iter() {
        put!(w, 0, "{key}:\n----\n{value}\n\n");
    }
    put!(w, 0, "\nBinaryData\n====\n");
    for (key, value) in map.binary_data.iter() {
        put!(w, 0, "{key}: {} bytes\n", value.as_slice().len());
    }
    put!(w, 0, "\n");
}

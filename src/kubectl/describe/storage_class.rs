//! A StorageClass.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describeStorageClass, printAllowedTopologies)
//! Differs: nothing known.

use super::text::{Writer, put, truth};
use crate::api::print::format_labels;
use crate::api::storage::StorageClass;

pub(super) fn describe(w: &mut Writer, class: &StorageClass) {
    w.field(0, "Name", &class.metadata.name);
    w.field(0, "IsDefaultClass", if class.is_default() { "Yes" } else { "No" });
    w.field(0, "Annotations", format_labels(&class.metadata.annotations));
    w.field(0, "Provisioner", &class.provisioner);
    w.field(0, "Parameters", format_labels(&class.parameters));
    w.field(0, "AllowVolumeExpansion", class.allow_volume_expansion.map_or("<unset>", truth));
    if class.mount_options.is_empty() {
        w.field(0, "MountOptions", "<none>");
    } else {
        w.title(0, "MountOptions");
        for option in &class.mount_options {
            put!(w, 1, "{option}\n");
        }
    }
    if let Some(policy) = &class.reclaim_policy {
        w.field(0, "ReclaimPolicy", policy);
    }
    if let Some(mode) = &class.volume_binding_mode {
        w.field(0, "VolumeBindingMode", mode);
    }
    if !class.allowed_topologies.is_empty() {
        put!(w, 0, "AllowedTopologies:\t\n");
        for (number, term) in class.allowed_topologies.iter().enumerate() {
            let expressions = term.match_label_expressions.iter();
            w.terms(1, number, expressions.map(|r| format!("{} in [{}]", r.key, r.values.join(", "))));
        }
    }
}

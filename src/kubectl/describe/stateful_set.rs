//! A StatefulSet and the claims it makes.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describeStatefulSet, describeVolumeClaimTemplates)
//! Differs: nothing known.

use super::text::{Writer, go_list, put};
use super::{persistent_volume_claim, pods, template};
use crate::api::apps::{StatefulSet, VolumeClaimTemplate};
use crate::api::print::selector_text;
use crate::apiserver::Tables;

pub(super) fn describe(w: &mut Writer, tables: &Tables, s: &StatefulSet) {
    let spec = &s.spec;
    w.name_and_namespace(&s.metadata);
    w.field(0, "CreationTimestamp", s.metadata.creation_timestamp.rfc1123());
    w.field(0, "Selector", selector_text(spec.selector.as_deref()).unwrap_or_default());
    w.labels_and_annotations(&s.metadata);
    put!(w, 0, "Replicas:\t{} desired | {} total\n", spec.replicas.unwrap_or_default(), s.status.replicas);
    w.field(0, "Update Strategy", &spec.update_strategy.type_);
    let rolling = spec.update_strategy.rolling_update.as_ref();
    if let Some((rolling, partition)) = rolling.and_then(|r| Some((r, r.partition?))) {
        w.field(1, "Partition", partition);
        if let Some(n) = &rolling.max_unavailable {
            w.field(1, "MaxUnavailable", n);
        }
    }
    pods::status(w, tables, &s.metadata, spec.selector.as_deref());
    template::describe(w, &spec.template);
    claims(w, &spec.volume_claim_templates);
}

fn claims(w: &mut Writer, claims: &[VolumeClaimTemplate]) {
    if claims.is_empty() {
        return w.field(0, "Volume Claims", "<none>");
    }
    w.title(0, "Volume Claims");
    for claim in claims {
        w.field(1, "Name", &claim.metadata.name);
        w.field(1, "StorageClass", persistent_volume_claim::class(&claim.metadata, &claim.spec));
        w.labels_within("  ", "Labels", &claim.metadata.labels);
        w.labels_within("  ", "Annotations", &claim.metadata.annotations);
        match claim.spec.resources.requests.get("storage") {
            Some(capacity) => w.field(1, "Capacity", capacity),
            None => w.field(1, "Capacity", "<default>"),
        }
        w.field(1, "Access Modes", go_list(&claim.spec.access_modes));
    }
}

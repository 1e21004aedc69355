//! The revisions of a DaemonSet or StatefulSet, each kept as a ControllerRevision.
//!
//! Upstream: pkg/controller/history/controller_history.go, pkg/controller/daemon/update.go (constructHistory, snapshot)
//! Differs: nothing known.

use super::pod_control::{claim, managed_or_orphaned, selects};
use crate::api::apps::ControllerRevision;
use crate::api::core::PodTemplateSpec;
use crate::api::{Kind, controller_ref};
use crate::apimachinery::codec::Opaque;
use crate::apimachinery::labels::Selector;
use crate::apimachinery::{Api, List, Map, ObjectMeta, Status, Str, Value};
use crate::client::Turn;
use serde_json::json;
use std::rc::Rc;

/// Where pods carry their revision, and the revisions of DaemonSets their hash.
pub(super) const REVISION_HASH: &str = "controller-revision-hash";
/// Where the revisions of StatefulSets carry their hash.
pub(super) const HASH_LABEL: &str = "controller.kubernetes.io/hash";

/// What restores the template, as a strategic merge patch.
pub(super) fn patch_of(template: &PodTemplateSpec) -> Value {
    let mut template = template.encode();
    template["$patch"] = "replace".into();
    json!({"spec": {"template": template}})
}

/// The template that a revision kept; None where its data is not such a patch.
pub(super) fn template_of(revision: &ControllerRevision) -> Option<PodTemplateSpec> {
    let mut template = revision.data.value()?.get("spec")?.get("template")?.clone();
    template.as_object_mut()?.remove("$patch");
    let mut decoder = crate::apimachinery::codec::Decoder::default();
    Some(PodTemplateSpec::decode(&template, &mut decoder))
}

/// All that the owner controls, those without an owner that its selector finds included.
pub(super) fn controlled<O: Kind>(
    t: &mut Turn,
    owner: &O,
    selector: &Selector,
) -> Result<Vec<Rc<ControllerRevision>>, Status> {
    let all = managed_or_orphaned::<ControllerRevision>(&t.view, owner.meta());
    claim(t, owner, all, |r| selects(selector, &r.metadata.labels))
}

/// A revision of the owner, not stored yet.
pub(super) fn new_revision<O: Kind>(
    owner: &O,
    name: Str,
    labels: Map,
    data: Value,
    revision: i64,
) -> ControllerRevision {
    ControllerRevision {
        metadata: ObjectMeta {
            name,
            namespace: owner.meta().namespace.clone(),
            labels,
            annotations: owner.meta().annotations.clone(),
            owner_references: List::from(vec![controller_ref(owner)]),
            ..ObjectMeta::default()
        },
        data: Opaque(Some(Rc::new(data))),
        revision,
    }
}

pub(super) fn max_revision(all: &[Rc<ControllerRevision>]) -> i64 {
    all.iter().map(|r| r.revision).max().unwrap_or(0)
}

/// Gives the stored revision another number.
pub(super) fn renumber(
    t: &mut Turn,
    revision: &ControllerRevision,
    number: i64,
) -> Result<Rc<ControllerRevision>, Status> {
    t.update(ControllerRevision { revision: number, ..revision.clone() })
}

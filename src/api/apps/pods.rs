//! What workloads do with the pods that they describe.
//!
//! Upstream: pkg/api/pod/util.go (DropDisabledTemplateFields), pkg/apis/apps/validation/validation.go
//! Differs: nothing known.

use crate::api::core::{PodTemplateSpec, drop_disabled_fields, validate_always_template, validate_pod_template_spec};
use crate::apimachinery::names::is_dns1123_label;
use crate::apimachinery::{ErrorList, Path};
use std::rc::Rc;

pub(crate) const TEMPLATE: Path = Path::new("spec.template");

/// Fields of features that are off, unless the old template has them.
pub(crate) fn drop_disabled_template_fields(template: &mut Rc<PodTemplateSpec>, old: Option<&PodTemplateSpec>) {
    let mut spec = template.spec.clone();
    drop_disabled_fields(&mut spec, old.map(|t| &*t.spec));
    if !Rc::ptr_eq(&spec, &template.spec) {
        Rc::make_mut(template).spec = spec;
    }
}

/// The same within a specification that is shared.
macro_rules! drop_disabled {
    ($new:expr, $old:expr) => {{
        let mut template = $new.spec.template.clone();
        $crate::api::apps::pods::drop_disabled_template_fields(&mut template, $old);
        if !std::rc::Rc::ptr_eq(&template, &$new.spec.template) {
            std::rc::Rc::make_mut(&mut $new.spec).template = template;
        }
    }};
}
pub(crate) use drop_disabled;

/// A template of pods that run until they are deleted.
pub(crate) fn validate_lasting_template(template: &PodTemplateSpec, kind: &str, path: Path, errs: &mut ErrorList) {
    validate_pod_template_spec(template, path, errs);
    validate_always_template(template, kind, path, errs);
}

/// Names of workloads end up in those of their pods.
pub(crate) fn warn_of_name(name: &str, out: &mut Vec<String>) {
    let faults = is_dns1123_label(name);
    if !faults.is_empty() {
        out.push(format!(
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label \
             is recommended: [{}]",
            faults.join(" ")
        ));
    }
}

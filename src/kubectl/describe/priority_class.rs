//! A PriorityClass.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describePriorityClass)
//! Differs: nothing known.

use super::text::{Writer, opt};
use crate::api::print::format_labels;
use crate::api::scheduling::PriorityClass;

pub(super) fn describe(w: &mut Writer, class: &PriorityClass) {
    w.field(0, "Name", &class.metadata.name);
    w.field(0, "Value", class.value);
    w.field(0, "GlobalDefault", class.global_default);
    w.field(0, "PreemptionPolicy", opt(&class.preemption_policy));
    w.field(0, "Description", &class.description);
    w.field(0, "Annotations", format_labels(&class.metadata.annotations));
}

//! A DaemonSet.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describeDaemonSet)
//! Differs: nothing known.

use super::text::{Writer, put};
use super::{pods, template};
use crate::api::apps::DaemonSet;
use crate::api::print::{format_labels, selector_text};
use crate::apiserver::Tables;

pub(super) fn describe(w: &mut Writer, tables: &Tables, d: &DaemonSet) {
    let (spec, status) = (&d.spec, &d.status);
    w.name_and_namespace(&d.metadata);
    w.field(0, "Selector", selector_text(spec.selector.as_deref()).unwrap_or_default());
    w.field(0, "Node-Selector", format_labels(&spec.template.spec.node_selector));
    w.labels_and_annotations(&d.metadata);
    for (title, number) in [
        ("Desired Number of Nodes Scheduled", status.desired_number_scheduled),
        ("Current Number of Nodes Scheduled", status.current_number_scheduled),
        ("Number of Nodes Scheduled with Up-to-date Pods", status.updated_number_scheduled),
        ("Number of Nodes Scheduled with Available Pods", status.number_available),
        ("Number of Nodes Misscheduled", status.number_misscheduled),
    ] {
        put!(w, 0, "{title}: {number}\n");
    }
    pods::status(w, tables, &d.metadata, spec.selector.as_deref());
    template::describe(w, &spec.template);
}

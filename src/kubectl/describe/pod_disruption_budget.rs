//! A PodDisruptionBudget.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describePodDisruptionBudgetV1)
//! Differs: nothing known.

use super::template::selector_or_none;
use super::text::Writer;
use crate::api::policy::PodDisruptionBudget;

pub(super) fn describe(w: &mut Writer, budget: &PodDisruptionBudget) {
    let (spec, status) = (&budget.spec, &budget.status);
    w.name_and_namespace(&budget.metadata);
    if let Some(n) = &spec.min_available {
        w.field(0, "Min available", n);
    } else if let Some(n) = &spec.max_unavailable {
        w.field(0, "Max unavailable", n);
    }
    match &spec.selector {
        Some(s) => w.field(0, "Selector", selector_or_none(Some(s))),
        None => w.field(0, "Selector", "<unset>"),
    }
    w.title(0, "Status");
    w.field(2, "Allowed disruptions", status.disruptions_allowed);
    w.field(2, "Current", status.current_healthy);
    w.field(2, "Desired", status.desired_healthy);
    w.field(2, "Total", status.expected_pods);
}

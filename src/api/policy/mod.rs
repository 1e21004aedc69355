//! The group policy, v1.
//!
//! Upstream: staging/src/k8s.io/api/policy/v1
//! Differs: nothing known.

mod pod_disruption_budget;

pub use pod_disruption_budget::*;

//! The group scheduling.k8s.io, v1.
//!
//! Upstream: staging/src/k8s.io/api/scheduling/v1
//! Differs: nothing known.

mod priority_class;

pub use priority_class::*;

//! The group apps, v1.
//!
//! Upstream: staging/src/k8s.io/api/apps/v1
//! Differs: nothing known.

mod controller_revision;
mod daemon_set;
mod deployment;
pub(crate) mod pods;
mod replica_set;
mod stateful_set;
mod validation;

pub use controller_revision::*;
pub use daemon_set::*;
pub use deployment::*;
pub use replica_set::*;
pub use stateful_set::*;
pub(crate) use validation::{validate_at_most, validate_at_most_100_percent, validate_int_or_percent};

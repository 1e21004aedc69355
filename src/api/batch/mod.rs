//! The group batch, v1.
//!
//! Upstream: staging/src/k8s.io/api/batch/v1
//! Differs: nothing known.

mod cron_job;
mod job;
pub mod schedule;

pub use cron_job::*;
pub use job::*;

//! The group storage.k8s.io, v1.
//!
//! Upstream: staging/src/k8s.io/api/storage/v1
//! Differs: nothing known.

mod storage_class;

pub use storage_class::*;

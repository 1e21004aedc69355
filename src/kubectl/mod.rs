//! kubectl: what it prints of the API's objects.
//!
//! Upstream: staging/src/k8s.io/kubectl
//! Differs: `describe` is all of it so far.

pub mod describe;

//! Kubernetes as one value: the control plane, a simulated node runtime, and the session that shows them.

#![doc = include_str!("ARCHITECTURE.md")]
#![forbid(unsafe_code)]
pub mod api;
pub mod apimachinery;
pub mod apiserver;
pub mod client;
pub mod cluster;
pub mod controllers;
pub mod fuzz;
pub mod kubectl;
pub mod kubelet;
#[cfg(feature = "native")]
pub mod run;
pub mod runtime;
pub mod scenario;
pub mod scheduler;
#[cfg(feature = "native")]
pub mod serve;
pub mod session;
pub mod sim;

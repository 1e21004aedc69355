#![forbid(unsafe_code)]
pub mod sim;
pub mod apimachinery;
pub mod api;
pub mod apiserver;
pub mod client;
pub mod controllers;
pub mod scheduler;
pub mod runtime;
pub mod kubelet;
pub mod cluster;
pub mod session;

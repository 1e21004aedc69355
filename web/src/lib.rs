//! The page and the worker of Kubarium; what both share is here, so that it is compiled and tested once.

#![allow(clippy::disallowed_types, reason = "the page stands outside the engine: a view may hold cells")]
#![deny(clippy::unwrap_used)]

pub mod app;
pub mod bridge;
pub mod engine;
pub mod link;

/// The build that this program is of; page and worker only talk when theirs are equal.
pub const BUILD: &str = env!("KUBARIUM_BUILD");

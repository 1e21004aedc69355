//! The page and the worker of Kubarium; what both share is here, so that it is compiled and tested once.

#![allow(clippy::disallowed_types, reason = "the page stands outside the engine: a view may hold cells")]
#![deny(clippy::unwrap_used)]

pub mod announce;
pub mod api;
pub mod app;
pub mod driver;
pub mod editor;
pub mod engine;
pub mod feed;
pub mod files;
pub mod focus;
pub mod keys;
pub mod link;
pub mod lives;
pub mod model;
pub mod motion;
pub mod narrate;
pub mod packets;
pub mod settings;
pub mod slots;
pub mod store;
pub mod tape;
pub mod text;
pub mod threads;
pub mod view;
pub mod words;

/// The build that this program is of; page and worker only talk when theirs are equal.
pub const BUILD: &str = env!("KUBARIUM_BUILD");

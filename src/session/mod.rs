//! The boundary to a user interface: requests in, frames out, plain data both ways.
//!
//! **Architecture Invariant:** the page knows only `protocol`; it never sees an object of the engine.

mod apply;
mod faults;
mod inspect;
mod manifest;
mod moments;
pub mod protocol;
mod report;
#[allow(clippy::module_inception, reason = "the session is what the module is named for")]
mod session;
mod trace;
mod view;

pub use protocol::{Frame, Request};
pub use report::Report;
pub use session::Session;

/// What the page sorts with.
pub use crate::sim::Arrange;

//! The boundary to a user interface: requests in, frames out, plain data both ways.
//!
//! **Architecture Invariant:** the page knows only `protocol`; it never sees an object of the engine.

pub mod protocol;
mod session;

pub use protocol::{Frame, Request};
pub use session::Session;

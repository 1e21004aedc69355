//! One user's session: a cluster with its history, driven by requests and told by frames.

use super::protocol::{Frame, Request};

/// Owns a cluster; `handle` takes requests, and answers each `Tick` with a frame.
#[derive(Default)]
pub struct Session {}

impl Session {
    /// `real_now` gives real milliseconds, to measure by.
    pub fn new() -> Session {
        Session::default()
    }

    pub fn handle(&mut self, request: Request) -> Option<Frame> {
        matches!(request, Request::Tick { .. }).then(Frame::default)
    }
}

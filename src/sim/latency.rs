//! How long one edge between two actors takes: a base and a jitter drawn from the edge's own stream.

use super::{Duration, Stream};

#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Latency {
    pub base: Duration,
    /// Added in part, uniformly.
    pub jitter: Duration,
}

impl Latency {
    pub const fn millis(base: u64, jitter: u64) -> Latency {
        Latency { base: Duration::from_millis(base), jitter: Duration::from_millis(jitter) }
    }

    pub fn draw(&self, stream: &mut Stream) -> Duration {
        let jitter = self.jitter.as_nanos() as u64;
        if jitter == 0 { self.base } else { self.base + Duration::from_nanos(stream.below(jitter)) }
    }
}

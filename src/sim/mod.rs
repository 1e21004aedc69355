//! The ground floor: virtual time, the agenda, random streams, the trace, latencies, and collections that share; it knows nothing of Kubernetes.

mod agenda;
mod arrange;
mod latency;
mod map;
mod rng;
mod time;
mod trace;
mod vector;

pub use agenda::{Agenda, Ticket};
pub use arrange::Arrange;
pub use latency::Latency;
pub use map::{OrdMap, OrdSet};
pub use rng::{Rng, Stream};
pub use time::{Duration, MICROSECOND, MILLISECOND, MINUTE, SECOND, Time};
pub use trace::{Digest, Trace, TraceEvent};
pub use vector::Vector;

//! The ground floor: virtual time, the agenda, random streams, the trace and latencies; it knows nothing of Kubernetes.

mod agenda;
mod latency;
mod rng;
mod time;
mod trace;

pub use agenda::{Agenda, Ticket};
pub use latency::Latency;
pub use rng::{Rng, Stream};
pub use time::{Duration, MICROSECOND, MILLISECOND, MINUTE, SECOND, Time};
pub use trace::{Digest, Trace, TraceEvent};

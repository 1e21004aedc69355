//! What every actor holds: a lagged view to read, typed verbs to write, a recorder of events, a work queue.
//!
//! Upstream: staging/src/k8s.io/client-go
//! Differs: a call answers at once; its time is charged to the caller after the turn.

mod events;
mod expectations;
mod trace;
mod turn;
mod work_queue;

/// What an actor needs to know of the API server: the rest of it is behind `Turn`.
pub use crate::apiserver::{DeleteOptions, Propagation, Tables, WatchEvent};
pub use events::{Recorder, Reference};
pub use expectations::Expectations;
pub use trace::{Outcome, Verb, What};
pub use turn::{Agent, Turn};
pub use work_queue::{Requeue, WorkQueue};

//! What can happen in a cluster, as the trace tells it.

use crate::api::{Key, KindId};
use crate::apimachinery::Str;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Verb {
    Create,
    Update,
    UpdateStatus,
    Patch,
    PatchStatus,
    Delete,
    Bind,
    Evict,
}

#[derive(Clone, PartialEq, Hash, Debug)]
pub enum Outcome {
    Done,
    Again,
    Failed(Str),
}

/// One thing that happened.
#[derive(Clone, PartialEq, Hash, Debug)]
pub enum What {
    /// Somebody outside asked for something, in kubectl's words: `kubectl apply deployment/web`.
    Input {
        what: Str,
        about: Option<(KindId, Key)>,
    },
    /// A write that reached the API server; `rev` is 0 where nothing was stored.
    Call {
        actor: Str,
        verb: Verb,
        kind: KindId,
        key: Key,
        code: u16,
        rev: u64,
    },
    Sync {
        controller: &'static str,
        key: Key,
        outcome: Outcome,
    },
    /// The scheduler tried a pod; empty `node`: it found none.
    Cycle {
        pod: Key,
        node: Str,
    },
    Pulling {
        node: Str,
        pod: Key,
        image: Str,
    },
    Pulled {
        node: Str,
        pod: Key,
        image: Str,
        ok: bool,
    },
    Started {
        node: Str,
        pod: Key,
        container: Str,
    },
    Exited {
        node: Str,
        pod: Key,
        container: Str,
        code: i32,
    },
    Probe {
        node: Str,
        pod: Key,
        container: Str,
        probe: &'static str,
        ok: bool,
    },
    /// Something befell a machine.
    Fault {
        node: Str,
        what: Str,
        /// The fault itself, as JSON.
        value: Str,
    },
}

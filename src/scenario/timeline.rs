//! The writes of a run as lines of text, and their place in the file of a scenario.

use crate::api::KindId;
use crate::client::What;
use crate::cluster::Cluster;
use crate::sim::Time;
use std::fmt::Write as _;

/// One write, or something that was done from outside.
pub(super) struct Written {
    pub actor: String,
    pub verb: String,
    /// `Pod default/web`.
    pub what: String,
}

/// What was written after a trace event; leases and events aside, which have checks of their own or none.
pub(super) fn writes(cluster: &Cluster, since: u64) -> impl Iterator<Item = (Time, Written)> {
    cluster.trace.since(since).filter_map(|e| match &e.what {
        What::Call { kind: KindId::Lease | KindId::Event, .. } => None,
        What::Call { actor, verb, kind, key, rev, .. } if *rev > 0 => {
            let what = format!("{kind:?} {key}");
            Some((e.time, Written { actor: actor.to_string(), verb: format!("{verb:?}"), what }))
        }
        What::Fault { what, .. } => {
            Some((e.time, Written { actor: "fault".to_owned(), verb: what.to_string(), what: String::new() }))
        }
        _ => None,
    })
}

/// What chosen actors wrote since `zero`, and what was done from outside.
pub(super) fn of(cluster: &Cluster, since: u64, zero: Time, actors: &[String]) -> String {
    let mut out = String::new();
    for (at, w) in writes(cluster, since) {
        if w.actor != "fault" && !actors.is_empty() && !actors.contains(&w.actor) {
            continue;
        }
        let seconds = at.since(zero).as_secs_f64();
        let line = format!("{seconds:>9.3}s {:<24} {} {}", w.actor, w.verb, w.what);
        writeln!(out, "{}", line.trim_end()).expect("a string takes text");
    }
    out
}

/// The text of a scenario with its `timeline` rewritten.
pub fn with_timeline(text: &str, timeline: &str) -> String {
    let mut out = String::new();
    let mut is_inside = false;
    for line in text.lines() {
        if is_inside && (line.starts_with(' ') || line.is_empty()) {
            continue;
        }
        is_inside = line.starts_with("timeline:");
        if !is_inside {
            out.push_str(line);
            out.push('\n');
            continue;
        }
        // The figure keeps YAML from taking the blanks of the first line for the block's indent.
        out.push_str("timeline: |2\n");
        for line in timeline.lines() {
            out.push_str("  ");
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

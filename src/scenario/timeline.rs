//! The writes of a run as lines of text, and their place in the file of a scenario.

use crate::client::What;
use crate::cluster::Cluster;
use crate::sim::Time;
use std::fmt::Write as _;

/// What chosen actors wrote since `zero`, and what was done from outside.
pub(super) fn of(cluster: &Cluster, zero: Time, actors: &[String]) -> String {
    let mut out = String::new();
    for e in cluster.trace.since(0).filter(|e| e.time >= zero) {
        let (who, what) = match &e.what {
            What::Call { actor, verb, kind, key, rev, .. } if *rev > 0 => {
                if !actors.is_empty() && !actors.iter().any(|a| **actor == **a) {
                    continue;
                }
                (actor.to_string(), format!("{verb:?} {kind:?} {key}"))
            }
            What::Fault { what } => ("fault".to_owned(), what.to_string()),
            _ => continue,
        };
        let seconds = e.time.since(zero).as_secs_f64();
        writeln!(out, "{seconds:>9.3}s {who:<24} {what}").expect("a string takes text");
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

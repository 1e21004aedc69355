//! The trace in the page's words, and the chain of causes behind an object.

use super::faults::to_page;
use super::protocol::{Lane, Ref, TraceLine};
use crate::api::{Key, KindId};
use crate::apimachinery::Str;
use crate::client::{Outcome, Verb, What};
use crate::cluster::{Cluster, Fault};
use crate::sim::TraceEvent;

fn reference(kind: KindId, key: &Key) -> Ref {
    Ref { kind: kind.info().kind.to_owned(), namespace: key.namespace.to_string(), name: key.name.to_string() }
}

fn lane_of(actor: &str, c: &Cluster) -> Lane {
    match actor {
        "user" => Lane::User,
        "default-scheduler" => Lane::Scheduler,
        a if c.kubelet(a).is_some() => Lane::Kubelets,
        a if a.ends_with("-controller") || a.ends_with("collector") || a.ends_with("publisher") => Lane::Controllers,
        _ => Lane::Controllers,
    }
}

/// None: nothing that anybody would want to read.
pub(super) fn line(c: &Cluster, e: &TraceEvent<What>) -> Option<TraceLine> {
    let mut out = TraceLine { seq: e.seq, ms: e.time.0 as f64 / 1e6, cause: e.cause, ..TraceLine::default() };
    let pod = |key: &Key| Some(reference(KindId::Pod, key));
    let text = |s: &Str| s.to_string();
    match &e.what {
        What::Input { what } => {
            out.lane = Lane::User;
            out.actor = "you".to_owned();
            out.note = if what == "boot" { "boot" } else { "request" }.to_owned();
            out.args = vec![text(what)];
        }
        What::Fault { what } => {
            out.lane = Lane::Faults;
            out.actor = "fault".to_owned();
            out.note = "fault".to_owned();
            let fault = serde_json::from_str(what).ok().and_then(|v| Fault::of_value(&v));
            out.args = vec![fault.as_ref().map_or_else(|| text(what), ToString::to_string)];
            out.fault = fault.as_ref().map(to_page);
            out.milestone = true;
            out.warning = true;
        }
        What::Call { actor, verb, kind, key, code, rev } => {
            if matches!(kind, KindId::Event | KindId::Lease) {
                return None;
            }
            out.lane = lane_of(actor, c);
            out.actor = if actor == "user" { "you".to_owned() } else { text(actor) };
            out.about = Some(reference(*kind, key));
            let refused = *code >= 400;
            if *rev == 0 && !refused {
                return None;
            }
            out.warning = refused && *code != 409;
            out.note = match verb {
                _ if refused => "refused",
                Verb::Create => "created",
                Verb::Update | Verb::Patch => "changed",
                Verb::UpdateStatus => "changed-status",
                Verb::Delete => "deleted",
                Verb::Bind => "bound",
                Verb::Evict => "evicted",
            }
            .to_owned();
            out.args = vec![code.to_string(), rev.to_string()];
            out.milestone = matches!(verb, Verb::Create | Verb::Delete | Verb::Bind) && *kind != KindId::Node
                || (out.lane == Lane::User);
        }
        What::Deliver { .. } | What::Kubelet { .. } => return None,
        What::Sync { controller, key, outcome } => {
            out.lane = Lane::Controllers;
            out.actor = (*controller).to_owned();
            out.note = "synced".to_owned();
            out.args = vec![key.to_string()];
            if let Outcome::Failed(why) = outcome {
                out.warning = true;
                out.args.push(text(why));
            }
        }
        What::Cycle { pod: key, node } => {
            out.lane = Lane::Scheduler;
            out.actor = "default-scheduler".to_owned();
            out.about = pod(key);
            out.note = if node.is_empty() { "unschedulable" } else { "scheduled" }.to_owned();
            out.args = vec![text(node)];
            out.milestone = true;
            out.warning = node.is_empty();
        }
        What::Pulling { node, pod: key, image } => {
            out.lane = Lane::Kubelets;
            out.actor = text(node);
            out.about = pod(key);
            out.note = "pulling".to_owned();
            out.args = vec![text(image)];
            out.milestone = true;
        }
        What::Pulled { node, pod: key, image, ok } => {
            out.lane = Lane::Kubelets;
            out.actor = text(node);
            out.about = pod(key);
            out.note = if *ok { "pulled" } else { "pull-failed" }.to_owned();
            out.args = vec![text(image)];
            out.milestone = true;
            out.warning = !ok;
        }
        What::Started { node, pod: key, container } => {
            out.lane = Lane::Kubelets;
            out.actor = text(node);
            out.about = pod(key);
            out.note = "started".to_owned();
            out.args = vec![text(container)];
            out.milestone = true;
        }
        What::Exited { node, pod: key, container, code } => {
            out.lane = Lane::Kubelets;
            out.actor = text(node);
            out.about = pod(key);
            out.note = "exited".to_owned();
            out.args = vec![text(container), code.to_string()];
            out.milestone = true;
            out.warning = *code != 0;
        }
        What::Probe { node, pod: key, container, probe, ok } => {
            out.lane = Lane::Kubelets;
            out.actor = text(node);
            out.about = pod(key);
            out.note = if *ok { "probe-ok" } else { "probe-failed" }.to_owned();
            out.args = vec![text(container), (*probe).to_owned()];
            out.warning = !ok;
        }
    }
    Some(out)
}

/// The trace event that last wrote the object: the newest that names it.
fn last_about(c: &Cluster, what: &Ref) -> Option<u64> {
    let mut last = None;
    for e in c.trace.since(0) {
        let about = match &e.what {
            What::Call { kind, key, rev, .. } if *rev > 0 => Some(reference(*kind, key)),
            _ => None,
        };
        if about.as_ref() == Some(what) {
            last = Some(e.seq);
        }
    }
    last
}

/// Why the object is as it is, newest first; the last step is the user, a fault or the boot.
pub(super) fn why(c: &Cluster, what: &Ref) -> Vec<TraceLine> {
    let Some(last) = last_about(c, what) else { return Vec::new() };
    c.trace.chain(last).into_iter().filter_map(|e| line(c, e)).collect()
}

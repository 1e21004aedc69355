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
        "kube-apiserver" => Lane::Api,
        "default-scheduler" => Lane::Scheduler,
        a if c.kubelet(a).is_some() => Lane::Kubelets,
        a if a.ends_with("-controller") || a.ends_with("collector") || a.ends_with("publisher") => Lane::Controllers,
        _ => Lane::Controllers,
    }
}

/// Whether anybody would want to read of it.
fn is_told(what: &What) -> bool {
    match what {
        What::Call { kind: KindId::Event | KindId::Lease, .. } => false,
        What::Call { code, rev, .. } => *rev > 0 || *code >= 400,
        _ => true,
    }
}

/// The nearest cause that the page is told of; 0 where there is none.
fn told(c: &Cluster, mut cause: u64) -> u64 {
    loop {
        match c.trace.get(cause) {
            None => return 0,
            Some(e) if is_told(&e.what) => return cause,
            Some(e) => cause = e.cause,
        }
    }
}

/// None: nothing that anybody would want to read.
pub(super) fn line(c: &Cluster, e: &TraceEvent<What>) -> Option<TraceLine> {
    is_told(&e.what).then(|| told_line(c, e))
}

fn told_line(c: &Cluster, e: &TraceEvent<What>) -> TraceLine {
    let mut out = TraceLine { seq: e.seq, ms: e.time.0 as f64 / 1e6, cause: told(c, e.cause), ..TraceLine::default() };
    let pod = |key: &Key| Some(reference(KindId::Pod, key));
    let text = |s: &Str| s.to_string();
    match &e.what {
        What::Input { what, about } => {
            out.about = about.as_ref().map(|(kind, key)| reference(*kind, key));
            out.lane = Lane::User;
            out.actor = "you".to_owned();
            out.note = if what == "boot" { "boot" } else { "request" }.to_owned();
            out.args = vec![text(what)];
        }
        What::Fault { what, value, .. } => {
            out.lane = Lane::Faults;
            out.actor = "fault".to_owned();
            out.note = "fault".to_owned();
            let fault = serde_json::from_str(value).ok().and_then(|v| Fault::of_value(&v));
            out.args = vec![text(what)];
            out.fault = fault.as_ref().map(to_page);
            out.milestone = true;
            out.warning = true;
        }
        What::Call { actor, verb, kind, key, code, rev } => {
            out.lane = lane_of(actor, c);
            out.actor = if actor == "user" { "you".to_owned() } else { text(actor) };
            out.about = Some(reference(*kind, key));
            let refused = *code >= 400;
            out.warning = refused && *code != 409;
            out.note = match verb {
                _ if refused => "refused",
                Verb::Create => "created",
                Verb::Update | Verb::Patch => "changed",
                Verb::UpdateStatus | Verb::PatchStatus => "changed-status",
                Verb::Delete => "deleted",
                Verb::Bind => "bound",
                Verb::Evict => "evicted",
            }
            .to_owned();
            out.args = vec![code.to_string(), rev.to_string()];
            out.milestone = matches!(verb, Verb::Create | Verb::Delete | Verb::Bind) && *kind != KindId::Node
                || (out.lane == Lane::User);
        }
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
    out
}

/// Why the object is as it is, newest first: from its last write to the user, a fault or the boot.
pub(super) fn why(c: &Cluster, what: &Ref) -> Vec<TraceLine> {
    let is_it = |e: &&TraceEvent<What>| match &e.what {
        What::Call { kind, key, rev, .. } => {
            *rev > 0 && *key.name == *what.name && *key.namespace == *what.namespace && kind.info().kind == what.kind
        }
        _ => false,
    };
    let Some(last) = c.trace.since(0).rev().find(is_it) else { return Vec::new() };
    c.trace.chain(last.seq).into_iter().filter_map(|e| line(c, e)).collect()
}

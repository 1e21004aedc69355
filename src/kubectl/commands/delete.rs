//! `kubectl delete`, which waits until what it deleted is gone.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/cmd/delete/{delete,delete_flags}.go, pkg/cmd/wait/delete.go
//! Differs: waits by asking again, where kubectl watches.

use super::each;
use crate::apimachinery::Value;
use crate::apiserver::wire::{Method, Request};
use crate::kubectl::Printed;
use crate::kubectl::args::Args;
use crate::kubectl::failure::Failure;
use crate::kubectl::host::{self, Host};
use crate::kubectl::resource::{Item, items};
use serde_json::json;
use std::time::Duration;

const POLL: Duration = Duration::from_millis(250);
/// Upstream waits a week; who asks this client would rather hear of it.
const WAIT_MAX: u32 = 4 * 3600;

pub(super) fn run(host: &mut dyn Host, args: &Args, p: &mut Printed) -> Result<(), Failure> {
    if args.is("force") && args.flag("grace-period") == Some("0") {
        p.err.push_str(
            "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. \
             The resource may continue to run on the cluster indefinitely.\n",
        );
    }
    let items = items(host, args, 1)?;
    if items.is_empty() && (args.is("all") || args.flag("selector").is_some()) {
        p.out.push_str("No resources found\n");
    }
    let grace: Option<i64> =
        if args.is("now") { Some(1) } else { args.flag("grace-period").and_then(|g| g.parse().ok()) };
    let grace = grace.or(args.is("force").then_some(0)).filter(|g| *g >= 0);
    each(&items, |item| one(host, args, p, item, grace).or_else(|e| skip(args, e)))
}

fn skip(args: &Args, e: Failure) -> Result<(), Failure> {
    if args.is("ignore-not-found") && e.is("NotFound") { Ok(()) } else { Err(e) }
}

/// Deletes one object, and waits for it.
pub(super) fn one(
    host: &mut dyn Host,
    args: &Args,
    p: &mut Printed,
    item: &Item,
    grace: Option<i64>,
) -> Result<(), Failure> {
    let propagation = match args.flag("cascade") {
        Some("orphan") => "Orphan",
        Some("foreground") => "Foreground",
        _ => "Background",
    };
    let mut options = json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation});
    if let Some(grace) = grace {
        options["gracePeriodSeconds"] = grace.into();
    }
    if args.is_dry_run() {
        options["dryRun"] = json!(["All"]);
    }
    let (answer, _) = host::send(host, Request::with(Method::Delete, &item.path(), &options))?;
    let from = if item.namespace.is_empty() { String::new() } else { format!(" from {} namespace", item.namespace) };
    let done = if grace == Some(0) { "force deleted" } else { "deleted" };
    let kind = crate::kubectl::resource::shown(item.kind);
    p.out.push_str(&format!("{kind} \"{}\" {done}{from}{}\n", item.name, args.suffix()));
    let waits = args.flag("wait") != Some("false") && !args.is_dry_run();
    if !waits {
        return Ok(());
    }
    let uid =
        answer.pointer("/details/uid").or_else(|| answer.pointer("/metadata/uid")).cloned().unwrap_or(Value::Null);
    for _ in 0..WAIT_MAX {
        match host::get(host, item.kind, &item.namespace, &item.name) {
            Err(e) if e.is("NotFound") => return Ok(()),
            Ok(now) if now["metadata"]["uid"] != uid => return Ok(()),
            _ => host.pass(POLL),
        }
    }
    Err(Failure::own(format!("timed out waiting for the condition on {}/{}", item.kind.info().plural, item.name)))
}

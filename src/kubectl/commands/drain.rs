//! `kubectl drain`: cordons a node, then evicts its pods and waits until they are gone.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/{cmd/drain/drain,drain/drain,drain/filters}.go
//! Differs: pods are asked for one after the other, where kubectl asks for all at once.

use super::{cordon, say};
use crate::api::KindId;
use crate::apimachinery::Value;
use crate::apimachinery::field_error::go_quote;
use crate::apiserver::wire::{Method, Request};
use crate::kubectl::Printed;
use crate::kubectl::args::Args;
use crate::kubectl::failure::Failure;
use crate::kubectl::host::{self, Host};
use crate::kubectl::resource::{items, path_of};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

const POLL: Duration = Duration::from_secs(1);
/// A refused eviction is asked for again.
const RETRY: Duration = Duration::from_secs(5);
/// Without `--timeout` upstream waits for ever; who asks this client would rather hear of it.
const WAIT_MAX: Duration = Duration::from_secs(3600);

const OF_DAEMON_SET: &str = "DaemonSet-managed Pods (use --ignore-daemonsets to ignore)";
const OF_DAEMON_SET_LEFT: &str = "ignoring DaemonSet-managed Pods";
const LOCAL: &str = "Pods with local storage (use --delete-emptydir-data to override)";
const LOCAL_GOES: &str = "deleting Pods with local storage";
const UNMANAGED: &str = "cannot delete Pods that declare no controller (use --force to override)";
const UNMANAGED_GOES: &str = "deleting Pods that declare no controller";

pub(super) fn run(host: &mut dyn Host, args: &Args, p: &mut Printed) -> Result<(), Failure> {
    cordon::run(host, args, p, true)?;
    let timeout = args.flag("timeout").map(duration).transpose()?.filter(|t| !t.is_zero()).unwrap_or(WAIT_MAX);
    let mut named = args.clone();
    named.words.insert(1, "nodes".to_owned());
    let (mut fatal, mut remaining) = (Vec::new(), Vec::new());
    for node in items(host, &named, 1)? {
        match drain(host, args, p, &node.name, timeout) {
            Ok(()) => say(p, args, &node, "drained"),
            Err(e) => {
                let (name, why) = (go_quote(&node.name), e.message());
                let text = format!("error: unable to drain node {name} due to error: {why}, continuing command...\n");
                p.err.push_str(&text);
                fatal.push(e);
                remaining.push(node.name.clone());
            }
        }
    }
    if !remaining.is_empty() {
        p.err.push_str("There are pending nodes to be drained:\n");
        remaining.iter().for_each(|name| p.err.push_str(&format!(" {name}\n")));
    }
    Failure::of(fatal)
}

/// `90`, `90s`, `2m`: seconds, minutes or hours.
fn duration(text: &str) -> Result<Duration, Failure> {
    let (digits, unit) = text.split_at(text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len());
    let each = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => 0,
    };
    match digits.parse::<u64>() {
        Ok(n) if each > 0 => Ok(Duration::from_secs(n.saturating_mul(each))),
        _ => Err(Failure::own(format!(
            "invalid argument {text:?} for \"--timeout\" flag: time: invalid duration {text:?}"
        ))),
    }
}

/// What becomes of a pod, and what is said of it. Upstream: PodDeleteStatus
enum Fate {
    Goes(Option<&'static str>),
    Stays(&'static str),
    Skipped,
    Forbidden(&'static str),
}

fn fate(args: &Args, pod: &Value) -> Fate {
    if pod.pointer("/metadata/annotations/kubernetes.io~1config.mirror").is_some() {
        return Fate::Skipped;
    }
    if matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed")) {
        return Fate::Goes(None);
    }
    let owners = pod["metadata"]["ownerReferences"].as_array();
    let owner = owners.into_iter().flatten().find(|o| o["controller"] == true);
    if owner.is_some_and(|o| o["kind"] == "DaemonSet" && o["apiVersion"] == "apps/v1") {
        let ignored = args.is("ignore-daemonsets");
        return if ignored { Fate::Stays(OF_DAEMON_SET_LEFT) } else { Fate::Forbidden(OF_DAEMON_SET) };
    }
    let volumes = pod["spec"]["volumes"].as_array();
    let has_local = volumes.into_iter().flatten().any(|v| v.get("emptyDir").is_some());
    if has_local && !args.is("delete-emptydir-data") {
        return Fate::Forbidden(LOCAL);
    }
    match owner {
        Some(_) => Fate::Goes(has_local.then_some(LOCAL_GOES)),
        None if args.is("force") => Fate::Goes(Some(UNMANAGED_GOES)),
        None => Fate::Forbidden(UNMANAGED),
    }
}

/// Namespace and name of the pods that have to go, and the warning; or why none goes.
fn pods_to_go(host: &mut dyn Host, args: &Args, node: &str) -> Result<(Vec<(String, String)>, String), Failure> {
    let mut request =
        Request::get(&path_of(KindId::Pod, "", "")).query("fieldSelector", &format!("spec.nodeName={node}"));
    if let Some(selector) = args.flag("pod-selector") {
        request = request.query("labelSelector", selector);
    }
    let (answer, _) = host::send(host, request)?;
    let mut going = Vec::new();
    let (mut warnings, mut refusals) = (BTreeMap::<_, Vec<String>>::new(), BTreeMap::<_, Vec<String>>::new());
    for pod in answer["items"].as_array().into_iter().flatten() {
        let text = |k: &str| pod["metadata"][k].as_str().unwrap_or_default().to_owned();
        let (namespace, name) = (text("namespace"), text("name"));
        let shown = format!("{namespace}/{name}");
        match fate(args, pod) {
            Fate::Skipped => {}
            Fate::Goes(warning) => {
                warning.into_iter().for_each(|w| warnings.entry(w).or_default().push(shown.clone()));
                going.push((namespace, name));
            }
            Fate::Stays(warning) => warnings.entry(warning).or_default().push(shown),
            Fate::Forbidden(why) => refusals.entry(why).or_default().push(shown),
        }
    }
    let refused = refusals.iter().map(|(why, pods)| format!("cannot delete {why}: {}", pods.join(", ")));
    let refused: Vec<String> = refused.collect();
    match refused.as_slice() {
        [] => {}
        [one] => return Err(Failure::own(one.clone())),
        all => return Err(Failure::own(format!("[{}]", all.join(", ")))),
    }
    let warning = warnings.iter().map(|(what, pods)| format!("{what}: {}", pods.join(", ")));
    Ok((going, warning.collect::<Vec<_>>().join("; ")))
}

fn drain(host: &mut dyn Host, args: &Args, p: &mut Printed, node: &str, timeout: Duration) -> Result<(), Failure> {
    let (mut asked, warning) = pods_to_go(host, args, node)?;
    if !warning.is_empty() {
        p.err.push_str(&format!("Warning: {warning}\n"));
    }
    if args.is_dry_run() {
        for (namespace, name) in asked {
            p.out.push_str(&format!("evicting pod {namespace}/{name}{}\n", args.suffix()));
        }
        return Ok(());
    }
    let (mut waiting, mut failed) = (Vec::new(), Vec::new());
    let mut left = timeout;
    let mut until_retry = Duration::ZERO;
    while !(asked.is_empty() && waiting.is_empty()) {
        if until_retry.is_zero() {
            until_retry = RETRY;
            for (namespace, name) in std::mem::take(&mut asked) {
                p.out.push_str(&format!("evicting pod {namespace}/{name}\n"));
                let (pod, space) = (go_quote(&name), go_quote(&namespace));
                match evict(host, args, &namespace, &name) {
                    Ok(()) => waiting.push((namespace, name)),
                    Err(e) if e.is("NotFound") => {}
                    Err(e) if e.is("TooManyRequests") => {
                        let why = e.message();
                        let text = format!("error when evicting pods/{pod} -n {space} (will retry after 5s): {why}\n");
                        p.err.push_str(&text);
                        asked.push((namespace, name));
                    }
                    Err(e) => failed.push(format!("error when evicting pods/{pod} -n {space}: {}", e.message())),
                }
            }
        }
        waiting.retain(|(namespace, name)| {
            let gone = host::get(host, KindId::Pod, namespace, name).is_err_and(|e| e.is("NotFound"));
            if gone {
                p.out.push_str(&format!("pod/{name} evicted\n"));
            }
            !gone
        });
        if left.is_zero() {
            break;
        }
        host.pass(POLL);
        left = left.saturating_sub(POLL);
        until_retry = until_retry.saturating_sub(POLL);
    }
    let limit = format!("global timeout reached: {}s", timeout.as_secs());
    for (namespace, name) in asked {
        failed.push(format!("error when evicting pods/{} -n {}: {limit}", go_quote(&name), go_quote(&namespace)));
    }
    for (namespace, name) in waiting {
        let (pod, space) = (go_quote(&name), go_quote(&namespace));
        failed.push(format!("error when waiting for pod {pod} in namespace {space} to terminate: {limit}"));
    }
    match failed.as_slice() {
        [] => return Ok(()),
        [one] => Err(Failure::own(one.clone())),
        all => Err(Failure::own(format!("[{}]", all.join(", ")))),
    }
    .inspect_err(|e: &Failure| {
        if let Ok((pending, _)) = pods_to_go(host, args, node)
            && !pending.is_empty()
        {
            let (node, why) = (go_quote(node), e.message());
            p.err.push_str(&format!("There are pending pods in node {node} when an error occurred: {why}\n"));
            pending.iter().for_each(|(_, name)| p.err.push_str(&format!("pod/{name}\n")));
        }
    })
}

fn evict(host: &mut dyn Host, args: &Args, namespace: &str, name: &str) -> Result<(), Failure> {
    let mut options = json!({});
    let grace = args.flag("grace-period").and_then(|g| g.parse::<i64>().ok()).filter(|g| *g >= 0);
    if let Some(grace) = grace {
        options["gracePeriodSeconds"] = grace.into();
    }
    let body = json!({
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": name, "namespace": namespace},
        "deleteOptions": options,
    });
    let path = format!("{}/eviction", path_of(KindId::Pod, namespace, name));
    host::send(host, Request::with(Method::Post, &path, &body)).map(drop)
}

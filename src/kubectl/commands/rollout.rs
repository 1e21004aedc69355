//! `kubectl rollout undo` and `restart`; `pause` and `resume` of Deployments.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/cmd/rollout, pkg/polymorphichelpers/{rollback,objectpauser,objectresumer,objectrestarter}.go
//! Differs: `status` and `history` are not there yet.

use super::{each, say, write};
use crate::api::KindId;
use crate::apimachinery::Value;
use crate::kubectl::Printed;
use crate::kubectl::args::Args;
use crate::kubectl::failure::Failure;
use crate::kubectl::host::{self, Host, JSON, STRATEGIC};
use crate::kubectl::resource::{Item, items};
use serde_json::json;

const MANAGER: &str = "kubectl-rollout";
const REVISION: &str = "deployment.kubernetes.io/revision";
/// Annotations that stay with the Deployment whatever it goes back to.
const KEPT: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

pub(super) fn run(host: &mut dyn Host, args: &Args, p: &mut Printed) -> Result<(), Failure> {
    let what = args.words.get(1).map_or("", String::as_str);
    let items = items(host, args, 2)?;
    each(&items, |item| {
        let live = host::get(host, item.kind, &item.namespace, &item.name)?;
        if !supports(item.kind, what) {
            let (info, name) = (item.kind.info(), &item.name);
            return Err(Failure::own(match what {
                "pause" => format!("{} \"{name}\" pausing is not supported", info.qualified_resource()),
                "resume" => format!("{} \"{name}\" resuming is not supported", info.qualified_resource()),
                "restart" => format!("{} \"{name}\" restarting is not supported", info.qualified_resource()),
                "undo" => format!("no rollbacker has been implemented for {:?}", info.kind),
                other => format!("unknown command \"{other}\""),
            }));
        }
        let named = format!("{} \"{}\"", item.kind.info().qualified_resource(), item.name);
        let is_paused = live["spec"]["paused"] == true;
        let (body, done) = match what {
            "undo" if item.kind == KindId::Deployment => return undo(host, args, p, item, &live),
            "undo" => return undo_by_history(host, args, p, item, &live),
            "pause" if is_paused => return Err(Failure::own(format!("{named} is already paused"))),
            "pause" => (json!({"spec": {"paused": true}}), "paused"),
            "resume" if !is_paused => return Err(Failure::own(format!("{named} is not paused"))),
            "resume" => (json!({"spec": {"paused": null}}), "resumed"),
            "restart" if is_paused => {
                let why = "can't restart paused deployment (run rollout resume first)";
                return Err(Failure::own(format!("{named} {why}")));
            }
            "restart" => {
                let now = host.wall().to_string();
                let note = json!({"kubectl.kubernetes.io/restartedAt": now});
                (json!({"spec": {"template": {"metadata": {"annotations": note}}}}), "restarted")
            }
            other => return Err(Failure::own(format!("unknown command \"{other}\""))),
        };
        write(host, args, p, host::patch(&item.path(), STRATEGIC, &body), MANAGER)?;
        say(p, args, item, done);
        Ok(())
    })
}

fn supports(kind: KindId, what: &str) -> bool {
    match kind {
        KindId::Deployment => true,
        KindId::DaemonSet | KindId::StatefulSet => matches!(what, "undo" | "restart"),
        _ => false,
    }
}

fn is_owned(object: &Value, uid: &Value) -> bool {
    let owners = object["metadata"]["ownerReferences"].as_array();
    owners.into_iter().flatten().any(|o| o["uid"] == *uid && o["controller"] == true)
}

fn revision(rs: &Value) -> i64 {
    rs["metadata"]["annotations"][REVISION].as_str().and_then(|r| r.parse().ok()).unwrap_or_default()
}

/// Upstream: DeploymentRollbacker.Rollback.
fn undo(host: &mut dyn Host, args: &Args, p: &mut Printed, item: &Item, live: &Value) -> Result<(), Failure> {
    let to: i64 = args.flag("to-revision").and_then(|r| r.parse().ok()).unwrap_or_default();
    let uid = &live["metadata"]["uid"];
    let mut sets = host::list(host, KindId::ReplicaSet, &item.namespace, "")?;
    sets.retain(|rs| is_owned(rs, uid));
    sets.sort_by_key(revision);
    let found = match to {
        // The one before the newest.
        0 => sets.iter().rev().nth(1),
        to => sets.iter().find(|rs| revision(rs) == to),
    };
    let Some(rs) = found else {
        return Err(Failure::own(match to {
            0 => format!("no rollout history found for deployment \"{}\"", item.name),
            to => format!("unable to find specified revision {to} in history"),
        }));
    };
    if live["spec"]["paused"] == true {
        return Err(Failure::own(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
        ));
    }
    let mut template = rs["spec"]["template"].clone();
    if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
        labels.remove("pod-template-hash");
    }
    if template == live["spec"]["template"] {
        say(p, args, item, &format!("skipped rollback (current template already matches revision {to})"));
        return Ok(());
    }
    let mut annotations = serde_json::Map::new();
    let all = |o: &Value| o["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
    annotations.extend(all(live).into_iter().filter(|(k, _)| KEPT.contains(&k.as_str())));
    annotations.extend(all(rs).into_iter().filter(|(k, _)| !KEPT.contains(&k.as_str())));
    let body = json!([
        {"op": "replace", "path": "/spec/template", "value": template},
        {"op": "replace", "path": "/metadata/annotations", "value": annotations},
    ]);
    write(host, args, p, host::patch(&item.path(), JSON, &body), "")?;
    say(p, args, item, "rolled back");
    Ok(())
}

/// Upstream: DaemonSetRollbacker.Rollback, StatefulSetRollbacker.Rollback.
fn undo_by_history(
    host: &mut dyn Host,
    args: &Args,
    p: &mut Printed,
    item: &Item,
    live: &Value,
) -> Result<(), Failure> {
    let to: i64 = args.flag("to-revision").and_then(|r| r.parse().ok()).unwrap_or_default();
    let mut history = host::list(host, KindId::ControllerRevision, &item.namespace, "")?;
    history.retain(|r| is_owned(r, &live["metadata"]["uid"]));
    history.sort_by_key(|r| r["revision"].as_i64());
    let found = match to {
        0 => history.iter().rev().nth(1),
        to => history.iter().find(|r| r["revision"] == to),
    };
    let Some(found) = found else {
        return Err(Failure::own(match to {
            0 => "no last revision to roll back to".to_owned(),
            to => format!("unable to find specified revision {to} in history"),
        }));
    };
    let mut template = found["data"]["spec"]["template"].clone();
    template.as_object_mut().map(|t| t.remove("$patch"));
    if template == live["spec"]["template"] {
        say(p, args, item, &format!("skipped rollback (current template already matches revision {to})"));
        return Ok(());
    }
    write(host, args, p, host::patch(&item.path(), STRATEGIC, &found["data"]), "")?;
    say(p, args, item, "rolled back");
    Ok(())
}

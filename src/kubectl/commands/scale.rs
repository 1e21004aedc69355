//! `kubectl scale`.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/cmd/scale/scale.go, pkg/scale/scale.go
//! Differs: does not try again after a conflict.

use super::{say, write};
use crate::apiserver::wire::{Method, Request};
use crate::kubectl::Printed;
use crate::kubectl::args::Args;
use crate::kubectl::failure::Failure;
use crate::kubectl::host::{self, Host, MERGE};
use crate::kubectl::resource::items;
use serde_json::json;

pub(super) fn run(host: &mut dyn Host, args: &Args, p: &mut Printed) -> Result<(), Failure> {
    let Some(replicas) = args.number("replicas")? else {
        return Err(Failure::own("required flag(s) \"replicas\" not set"));
    };
    if replicas < 0 {
        return Err(Failure::own(
            "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
        ));
    }
    let current = args.number("current-replicas")?;
    let items = items(host, args, 1)?;
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for item in items {
        match host::get(host, item.kind, &item.namespace, &item.name) {
            Ok(_) => found.push(item),
            Err(e) => missing.push(e),
        }
    }
    if found.is_empty() {
        Failure::of(missing)?;
        return Err(Failure::own("no objects passed to scale"));
    }
    for item in &found {
        let path = format!("{}/scale", item.path());
        let request = match current {
            None => host::patch(&path, MERGE, &json!({"spec": {"replicas": replicas}})),
            Some(expected) => {
                let (mut scale, _) = host::send(host, Request::get(&path))?;
                let is = scale["spec"]["replicas"].as_i64().unwrap_or_default();
                if is != expected {
                    return Err(Failure::own(format!("Expected replicas to be {expected}, was {is}")));
                }
                scale["spec"]["replicas"] = replicas.into();
                Request::with(Method::Put, &path, &scale)
            }
        };
        write(host, args, p, request, "")?;
        say(p, args, item, "scaled");
    }
    Failure::of(missing)
}

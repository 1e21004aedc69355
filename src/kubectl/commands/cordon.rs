//! `kubectl cordon` and `kubectl uncordon`.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/{cmd/drain/drain,drain/cordon}.go
//! Differs: nothing known.

use super::{each, say, write};
use crate::apimachinery::Value;
use crate::kubectl::Printed;
use crate::kubectl::args::Args;
use crate::kubectl::failure::Failure;
use crate::kubectl::host::{self, Host, STRATEGIC};
use crate::kubectl::resource::items;
use serde_json::json;

pub(super) fn run(host: &mut dyn Host, args: &Args, p: &mut Printed, cordon: bool) -> Result<(), Failure> {
    let mut named = args.clone();
    named.words.insert(1, "nodes".to_owned());
    let items = items(host, &named, 1)?;
    let word = if cordon { "cordoned" } else { "uncordoned" };
    each(&items, |item| {
        let node = host::get(host, item.kind, &item.namespace, &item.name)?;
        if (node["spec"]["unschedulable"] == true) == cordon {
            say(p, args, item, &format!("already {word}"));
            return Ok(());
        }
        let set = if cordon { Value::Bool(true) } else { Value::Null };
        let body = json!({"spec": {"unschedulable": set}});
        write(host, args, p, host::patch(&item.path(), STRATEGIC, &body), "")?;
        say(p, args, item, word);
        Ok(())
    })
}

//! `kubectl taint`.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/cmd/taint/{taint,utils}.go
//! Differs: reads `KEY[=VALUE]:EFFECT` and `KEY[:EFFECT]-` without checking the words; the server does.

use super::{each, say, write};
use crate::apimachinery::Value;
use crate::kubectl::Printed;
use crate::kubectl::args::Args;
use crate::kubectl::failure::Failure;
use crate::kubectl::host::{self, Host, STRATEGIC};
use crate::kubectl::resource::items;
use serde_json::json;

pub(super) fn run(host: &mut dyn Host, args: &Args, p: &mut Printed) -> Result<(), Failure> {
    let is_taint = |w: &&String| w.contains(':') || w.ends_with('-');
    let specs: Vec<&String> = args.words[1..].iter().filter(is_taint).collect();
    let mut named = args.clone();
    named.words.retain(|w| !is_taint(&w));
    if named.words.len() < 2 {
        return Err(Failure::own("one or more resources must be specified as <resource> <name>"));
    }
    let items = items(host, &named, 1)?;
    each(&items, |item| {
        let node = host::get(host, item.kind, &item.namespace, &item.name)?;
        let mut taints = node["spec"]["taints"].as_array().cloned().unwrap_or_default();
        let (mut adds, mut removes, mut taken) = (Vec::new(), 0, Vec::new());
        let mut replaced = false;
        for spec in &specs {
            if let Some(spec) = spec.strip_suffix('-') {
                let (key, effect) = spec.split_once(':').unwrap_or((spec, ""));
                let count = taints.len();
                taints.retain(|t| t["key"] != key || !effect.is_empty() && t["effect"] != effect);
                if taints.len() == count {
                    return Err(Failure::own(format!("taint \"{spec}\" not found")));
                }
                removes += 1;
                continue;
            }
            let (head, effect) = spec.rsplit_once(':').unwrap_or((spec, ""));
            let (key, value) = head.split_once('=').unwrap_or((head, ""));
            if taints.iter().any(|t| t["key"] == key && t["effect"] == effect) {
                replaced = true;
                if !args.is("overwrite") {
                    taken.push(key.to_owned());
                }
                taints.retain(|t| t["key"] != key || t["effect"] != effect);
            }
            let mut taint = json!({"key": key, "effect": effect});
            if !value.is_empty() {
                taint["value"] = value.into();
            }
            adds.push(taint);
        }
        if !taken.is_empty() {
            return Err(Failure::own(format!(
                "node {} already has [{}] taint(s) with same effect(s) and --overwrite is false",
                item.name,
                taken.join(" ")
            )));
        }
        let done = match (adds.is_empty(), removes) {
            (true, _) => "untainted",
            (false, 0) if !replaced => "tainted",
            _ => "modified",
        };
        adds.extend(taints);
        let adds = if adds.is_empty() { Value::Null } else { Value::Array(adds) };
        let body = json!({"spec": {"taints": adds}});
        write(host, args, p, host::patch(&item.path(), STRATEGIC, &body), "kubectl-taint")?;
        say(p, args, item, done);
        Ok(())
    })
}

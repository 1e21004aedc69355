//! `kubectl set image`.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/cmd/set/set_image.go
//! Differs: no `--local`.

use super::{each, say, write};
use crate::apimachinery::Value;
use crate::kubectl::Printed;
use crate::kubectl::args::Args;
use crate::kubectl::failure::Failure;
use crate::kubectl::host::{self, Host, STRATEGIC};
use crate::kubectl::resource::items;
use serde_json::json;

pub(super) fn run(host: &mut dyn Host, args: &Args, p: &mut Printed) -> Result<(), Failure> {
    let mut named = args.clone();
    let pairs: Vec<(String, String)> =
        args.words[2..].iter().filter_map(|w| w.split_once('=')).map(|(c, i)| (c.to_owned(), i.to_owned())).collect();
    named.words.retain(|w| !w.contains('='));
    let items = items(host, &named, 2)?;
    each(&items, |item| {
        let live = host::get(host, item.kind, &item.namespace, &item.name)?;
        let at = if live["spec"]["template"].is_object() { "/spec/template/spec" } else { "/spec" };
        let mut changed = serde_json::Map::new();
        for (name, image) in &pairs {
            let mut is_found = false;
            for list in ["containers", "initContainers"] {
                for c in live.pointer(at).and_then(|s| s[list].as_array()).into_iter().flatten() {
                    if name != "*" && c["name"] != name.as_str() {
                        continue;
                    }
                    is_found = true;
                    if c["image"] != image.as_str() {
                        let one = json!({"name": c["name"], "image": image});
                        let Value::Array(all) = changed.entry(list).or_insert_with(|| json!([])) else { continue };
                        all.push(one);
                    }
                }
            }
            if !is_found {
                return Err(Failure::own(format!("unable to find container named \"{name}\"")));
            }
        }
        if changed.is_empty() {
            return Ok(());
        }
        let body =
            if at == "/spec" { json!({"spec": changed}) } else { json!({"spec": {"template": {"spec": changed}}}) };
        let request = host::patch(&item.path(), STRATEGIC, &body);
        write(host, args, p, request, "kubectl-set")
            .map_err(|e| Failure::own(format!("failed to patch image update to pod template: {}", e.message())))?;
        say(p, args, item, "image updated");
        Ok(())
    })
}

//! `kubectl patch`.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/cmd/patch/patch.go
//! Differs: no `--local`.

use super::{each, say, write};
use crate::apimachinery::yaml;
use crate::kubectl::Printed;
use crate::kubectl::args::Args;
use crate::kubectl::failure::Failure;
use crate::kubectl::host::{self, Host, JSON, MERGE, STRATEGIC};
use crate::kubectl::resource::items;

pub(super) fn run(host: &mut dyn Host, args: &Args, p: &mut Printed) -> Result<(), Failure> {
    let text = args.flag("patch").unwrap_or_default();
    if text.is_empty() {
        return Err(Failure::own("must specify --patch or --patch-file containing the contents of the patch"));
    }
    let media = match args.flag("type").unwrap_or("strategic") {
        "json" => JSON,
        "merge" => MERGE,
        "strategic" => STRATEGIC,
        other => return Err(Failure::own(format!("--type must be one of [json merge strategic], not \"{other}\""))),
    };
    let body =
        yaml::read_one(text).map_err(|e| Failure::own(format!("unable to parse \"{text}\": {}", e.message)))?.value;
    let items = items(host, args, 1)?;
    each(&items, |item| {
        let before = host::get(host, item.kind, &item.namespace, &item.name)?;
        let path = match args.flag("subresource") {
            Some(sub) => format!("{}/{sub}", item.path()),
            None => item.path(),
        };
        let after = write(host, args, p, host::patch(&path, media, &body), "kubectl-patch")?;
        say(p, args, item, if before == after { "patched (no change)" } else { "patched" });
        Ok(())
    })
}

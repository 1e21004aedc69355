//! `kubectl create`: what files say, or one of the generators.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/cmd/create/create.go
//! Differs: generators only for what `generate.rs` makes.

use super::{apply, generate, say, validated, write};
use crate::apimachinery::Value;
use crate::apiserver::wire::{Method, Request};
use crate::kubectl::Printed;
use crate::kubectl::args::Args;
use crate::kubectl::failure::Failure;
use crate::kubectl::host::Host;
use crate::kubectl::resource::{of_files, path_of};

pub(super) const MANAGER: &str = "kubectl-create";

pub(super) fn run(host: &mut dyn Host, args: &Args, p: &mut Printed) -> Result<(), Failure> {
    if args.words.len() > 1 {
        return generate::create(host, args, p);
    }
    if args.flag("filename").is_none() {
        return Err(Failure::own("must specify one of -f and -k"));
    }
    let (mut items, problems) = of_files(host, args)?;
    if items.is_empty() && problems.is_empty() {
        return Err(Failure::own("no objects passed to create"));
    }
    let mut failed = problems;
    for item in &mut items {
        let value = if args.is("save-config") { apply::with_last_applied(&item.value) } else { item.value.clone() };
        let request = Request::with(Method::Post, &path_of(item.kind, &item.namespace, ""), &unversioned(value));
        match write(host, args, p, validated(args, request)?, MANAGER) {
            Err(e) => failed.push(e.when("creating", &item.source)),
            Ok(made) => {
                item.name = made.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
                say(p, args, item, "created");
            }
        }
    }
    Failure::of(failed)
}

/// A new object has no version, whatever its file says.
pub(super) fn unversioned(mut value: Value) -> Value {
    if let Some(meta) = value["metadata"].as_object_mut() {
        meta.remove("resourceVersion");
    }
    value
}

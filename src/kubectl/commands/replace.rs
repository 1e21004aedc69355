//! `kubectl replace`: the object becomes what the file says.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/cmd/replace/replace.go
//! Differs: `--force` waits for what it deletes as long as that takes.

use super::{apply, delete, say, validated, write};
use crate::apiserver::wire::{Method, Request};
use crate::kubectl::Printed;
use crate::kubectl::args::Args;
use crate::kubectl::failure::Failure;
use crate::kubectl::host::Host;
use crate::kubectl::resource::{of_files, path_of};

const MANAGER: &str = "kubectl-replace";

pub(super) fn run(host: &mut dyn Host, args: &Args, p: &mut Printed) -> Result<(), Failure> {
    if args.flag("filename").is_none() {
        return Err(Failure::own("must specify one of -f and -k"));
    }
    let (items, mut failed) = of_files(host, args)?;
    if items.is_empty() && failed.is_empty() {
        return Err(Failure::own("no objects passed to replace"));
    }
    let is_forced = args.is("force");
    if is_forced {
        for item in &items {
            match delete::one(host, args, p, item, None) {
                Err(e) if !e.is("NotFound") => return Err(e),
                _ => {}
            }
        }
    }
    for item in &items {
        let has_last =
            item.value.pointer("/metadata/annotations").is_some_and(|a| a.to_string().contains("last-applied"));
        let value =
            if args.is("save-config") || has_last { apply::with_last_applied(&item.value) } else { item.value.clone() };
        let request = match is_forced {
            true => Request::with(Method::Post, &path_of(item.kind, &item.namespace, ""), &value),
            false => Request::with(Method::Put, &item.path(), &value),
        };
        match write(host, args, p, validated(args, request)?, MANAGER) {
            Ok(_) => say(p, args, item, "replaced"),
            Err(e) if is_forced => failed.push(e),
            Err(e) => failed.push(e.when("replacing", &item.source)),
        }
    }
    Failure::of(failed)
}

//! The commands: one command, one file.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/cmd
//! Differs: nothing known.

pub(super) mod apply;
mod cordon;
mod create;
mod delete;
mod describe;
mod drain;
mod generate;
mod get;
mod label;
mod patch;
mod replace;
mod rollout;
mod scale;
mod set_image;
mod taint;

use super::args::Args;
use super::failure::Failure;
use super::host::Host;
use super::{Printed, host, resource};
use crate::apiserver::wire::Request;
use resource::Item;

/// To add a command: write its file, add its line here.
pub(super) fn run(host: &mut dyn Host, args: &Args, p: &mut Printed) -> Result<(), Failure> {
    let word = |n: usize| args.words.get(n).map_or("", String::as_str);
    match (word(0), word(1)) {
        ("apply", _) => apply::run(host, args, p),
        ("create", _) => create::run(host, args, p),
        ("run", _) => generate::run(host, args, p),
        ("replace", _) => replace::run(host, args, p),
        ("patch", _) => patch::run(host, args, p),
        ("delete", _) => delete::run(host, args, p),
        ("scale", _) => scale::run(host, args, p),
        ("label", _) => label::run(host, args, p, &label::LABELS),
        ("annotate", _) => label::run(host, args, p, &label::ANNOTATIONS),
        ("taint", _) => taint::run(host, args, p),
        ("cordon", _) => cordon::run(host, args, p, true),
        ("drain", _) => drain::run(host, args, p),
        ("uncordon", _) => cordon::run(host, args, p, false),
        ("set", "image") => set_image::run(host, args, p),
        ("rollout", _) => rollout::run(host, args, p),
        ("get", _) => get::run(host, args, p),
        ("describe", _) => describe::run(host, args, p),
        (other, _) => Err(Failure::own(format!("unknown command \"{other}\" for \"kubectl\""))),
    }
}

/// Does something for each item; what fails does not stop the others.
fn each(items: &[Item], mut one: impl FnMut(&Item) -> Result<(), Failure>) -> Result<(), Failure> {
    Failure::of(items.iter().filter_map(|item| one(item).err()).collect())
}

/// Sends a write in the name of `manager`, and prints its warnings.
fn write(
    host: &mut dyn Host,
    args: &Args,
    p: &mut Printed,
    request: Request,
    manager: &str,
) -> Result<crate::apimachinery::Value, Failure> {
    let mut request = request;
    if !manager.is_empty() {
        request = request.query("fieldManager", args.flag("field-manager").unwrap_or(manager));
    }
    if args.is_dry_run() {
        request = request.query("dryRun", "All");
    }
    let (value, warnings) = host::send(host, request)?;
    for w in warnings {
        p.err.push_str(&format!("Warning: {w}\n"));
    }
    Ok(value)
}

/// `--validate` as the server's `fieldValidation`.
fn validation(args: &Args) -> Result<&'static str, Failure> {
    match args.flag("validate").unwrap_or("strict") {
        "true" | "strict" => Ok("Strict"),
        "warn" => Ok("Warn"),
        "false" | "ignore" => Ok("Ignore"),
        other => Err(Failure::own(format!(
            "invalid - validate option \"{other}\"; must be one of: strict (or true), warn, ignore (or false)"
        ))),
    }
}

fn validated(args: &Args, request: Request) -> Result<Request, Failure> {
    Ok(request.query("fieldValidation", validation(args)?))
}

fn say(p: &mut Printed, args: &Args, item: &Item, done: &str) {
    p.out.push_str(&format!("{} {done}{}\n", item.shown(), args.suffix()));
}

//! `kubectl apply`: what the file says, against what it said last and what is there.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/cmd/apply/{apply,patcher}.go, pkg/util/apply.go
//! Differs: no pruning, no ApplySets, no retries after a conflict, no migration of managed fields.

use super::create::unversioned;
use super::{say, validated, validation, write};
use crate::api::KindId;
use crate::apimachinery::Value;
use crate::apimachinery::patch::strategic;
use crate::apiserver::wire::{Method, Request};
use crate::kubectl::Printed;
use crate::kubectl::args::Args;
use crate::kubectl::failure::Failure;
use crate::kubectl::host::{self, Host, STRATEGIC};
use crate::kubectl::resource::{Item, of_files, path_of};
use serde_json::{Map, json};

pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const MANAGER: &str = "kubectl-client-side-apply";
const CONFLICT: &str = "
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts";

pub(super) fn run(host: &mut dyn Host, args: &Args, p: &mut Printed) -> Result<(), Failure> {
    if args.flag("filename").is_none() {
        return Err(Failure::own("must specify one of -f and -k"));
    }
    let is_server_side = args.is("server-side");
    if args.is("force-conflicts") && !is_server_side {
        return Err(Failure::own("--force-conflicts only works with --server-side"));
    }
    validation(args)?;
    let (items, mut problems) = of_files(host, args)?;
    if items.is_empty() && problems.is_empty() {
        return Err(Failure::own("no objects passed to apply"));
    }
    for item in &items {
        let done = if is_server_side { server_side(host, args, p, item) } else { client_side(host, args, p, item) };
        problems.extend(done.err());
    }
    Failure::of(problems)
}

/// The document with the annotation that the next apply compares with.
pub fn with_last_applied(value: &Value) -> Value {
    let mut v = value.clone();
    let meta = &mut v["metadata"];
    if !meta["annotations"].is_object() {
        meta["annotations"] = json!({});
    }
    if let Value::Object(map) = &mut meta["annotations"] {
        map.remove(LAST_APPLIED);
    }
    let text = html_safe(&format!("{v}\n"));
    v["metadata"]["annotations"][LAST_APPLIED] = text.into();
    v
}

/// Go's JSON spells these in another way, lest a browser take them for markup.
fn html_safe(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// The patch from what was applied last to `modified`; None where there is nothing to change.
pub fn three_way(kind: KindId, live: &Value, modified: &Value) -> Result<Option<Value>, String> {
    let original = last_applied(live).and_then(|t| serde_json::from_str::<Value>(t).ok());
    let object = |v: Value| match v {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    let (original, current) = (object(original.unwrap_or_default()), object(live.clone()));
    let modified = object(modified.clone());
    let patch = strategic::create_three_way(&original, &modified, &current, kind.schema())
        .map_err(|e| e.message().to_owned())?;
    Ok(if patch.is_empty() { None } else { Some(Value::Object(patch)) })
}

fn last_applied(live: &Value) -> Option<&str> {
    live["metadata"]["annotations"].get(LAST_APPLIED).and_then(Value::as_str)
}

fn client_side(host: &mut dyn Host, args: &Args, p: &mut Printed, item: &Item) -> Result<(), Failure> {
    if let Some(prefix) = item.value["metadata"]["generateName"].as_str().filter(|_| item.name.is_empty()) {
        return Err(Failure::own(format!("from {prefix}: cannot use generate name with apply")));
    }
    if item.name.is_empty() {
        let why = "resource name may not be empty";
        return Err(Failure::own(why)
            .when(&format!("retrieving current configuration of:\n{}\nfrom server for:", info(item)), &item.source));
    }
    let modified = with_last_applied(&item.value);
    let live = match host::get(host, item.kind, &item.namespace, &item.name) {
        Err(e) if e.is("NotFound") => {
            let path = path_of(item.kind, &item.namespace, "");
            let request = validated(args, Request::with(Method::Post, &path, &unversioned(without_nulls(&modified))))?;
            write(host, args, p, request, MANAGER).map_err(|e| e.when("creating", &item.source))?;
            say(p, args, item, "created");
            return Ok(());
        }
        Err(e) => {
            let doing = format!("retrieving current configuration of:\n{}\nfrom server for:", info(item));
            return Err(e.when(&doing, &item.source));
        }
        Ok(live) => live,
    };
    if last_applied(&live).is_none() {
        p.err.push_str(&format!(
            "Warning: resource {}/{} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. \
             kubectl apply should only be used on resources created declaratively by either kubectl create \
             --save-config or kubectl apply. The missing annotation will be patched automatically.\n",
            item.kind.info().plural,
            item.name
        ));
    }
    let shown = |patch: &str| format!("applying patch:\n{patch}\nto:\n{}\nfor:", info(item));
    let patch = three_way(item.kind, &live, &modified).map_err(|e| Failure::Own(e).when(&shown(""), &item.source))?;
    let Some(patch) = patch else {
        say(p, args, item, "unchanged");
        return Ok(());
    };
    let request = validated(args, host::patch(&item.path(), STRATEGIC, &patch))?;
    write(host, args, p, request, MANAGER).map_err(|e| match e {
        // checkErr prints the causes alone.
        e if e.is("Invalid") => e,
        e => e.when(&shown(&patch.to_string()), &item.source),
    })?;
    say(p, args, item, "configured");
    Ok(())
}

fn server_side(host: &mut dyn Host, args: &Args, p: &mut Printed, item: &Item) -> Result<(), Failure> {
    let mut request = host::patch(&item.path(), "application/apply-patch+yaml", &item.value);
    if args.is("force-conflicts") {
        request = request.query("force", "true");
    }
    write(host, args, p, validated(args, request)?, "kubectl").map_err(|e| match &e {
        Failure::Status(s) if e.is("Conflict") => {
            Failure::own(format!("{}{CONFLICT}", s["message"].as_str().unwrap_or_default()))
        }
        _ => e,
    })?;
    say(p, args, item, "serverside-applied");
    Ok(())
}

/// Upstream: resource.Info.String.
fn info(item: &Item) -> String {
    let i = item.kind.info();
    let gv = if i.group.is_empty() { "/v1".to_owned() } else { format!("{}/{}", i.group, i.version) };
    format!(
        "Resource: \"{gv}, Resource={}\", GroupVersionKind: \"{gv}, Kind={}\"\nName: \"{}\", Namespace: \"{}\"",
        i.plural, i.kind, item.name, item.namespace
    )
}

/// What is null in a new object is not said.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), without_nulls(v))).collect(),
        ),
        Value::Array(list) => Value::Array(list.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}

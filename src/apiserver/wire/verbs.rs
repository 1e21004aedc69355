//! One function a verb: from a target and a body to the registry and back.
//!
//! Upstream: …/endpoints/handlers/{create,update,delete,get}.go, pkg/registry/core/pod/rest/*
//! Differs: nothing known.

use super::path::Target;
use super::read::{Filter, respond};
use super::{Answer, Method, Request, Response, body, connect, patch, read, token, watch};
use crate::api::autoscaling::{Scale, ScaleSpec, ScaleStatus};
use crate::api::core::Namespace;
use crate::api::{Key, KindId, Object};
use crate::apimachinery::{Api, Decoder, ErrorList, ObjectMeta, Path, Status, Str, Value};
use crate::apiserver::{Cx, DeleteOptions, Propagation, Server, Sub};
use serde_json::json;
use std::rc::Rc;

pub(super) fn dispatch(server: &mut Server, cx: &mut Cx, r: &Request, t: &Target) -> Result<Answer, Status> {
    cx.dry_run = dry_run(r)?;
    let collection = t.name.is_empty();
    if r.method == Method::Get && r.flag("watch") && t.subresource.is_empty() {
        return Ok(match watch::spec(r, t) {
            Ok(spec) => Answer::Watch(Box::new(spec)),
            Err(e) => Answer::Whole(watch::refuse(&e)),
        });
    }
    let unsupported = |action: &str| {
        let info = t.kind.info();
        Err(Status::method_not_supported(info.group, info.plural, action))
    };
    let response = match (r.method, t.subresource.as_str()) {
        (Method::Get, "log") => return connect::log(server, r, t).map(Answer::Log),
        (Method::Get | Method::Post, "attach" | "exec" | "portforward") => return connect::stream(server, r, t),
        (_, sub) if sub == "proxy" || sub.starts_with("proxy/") => return connect::proxy(server, r, t),
        (Method::Post, "token") => token::create(server, cx, r, t)?,
        (Method::Get, "scale") => scale_answer(server.get(t.kind, &t.key())?),
        (Method::Get, "" | "status" | "ephemeralcontainers" | "resize") if !collection => read::get(server, cx, r, t)?,
        (Method::Get, "") => read::list(server, cx, r, t)?,
        (Method::Post, "") if collection => create(server, cx, r, t)?,
        (Method::Post, "binding") => bind(server, cx, r, t)?,
        (Method::Post, "eviction") => evict(server, cx, r, t)?,
        (Method::Put, "scale") => put_scale(server, cx, r, t)?,
        (Method::Put, "finalize") => finalize(server, cx, r, t)?,
        (Method::Put, _) if !collection => replace(server, cx, r, t)?,
        (Method::Patch, "scale") => patch::scale(server, cx, r, t)?,
        (Method::Patch, _) if !collection => patch::patch(server, cx, r, t)?,
        (Method::Delete, "") if collection => delete_collection(server, cx, r, t)?,
        (Method::Delete, "") => delete(server, cx, r, t)?,
        (Method::Get, _) => return unsupported("get"),
        (Method::Post, _) => return unsupported("create"),
        (Method::Put, _) => return unsupported("update"),
        (Method::Patch, _) => return unsupported("patch"),
        (Method::Delete, _) => return unsupported("delete"),
    };
    Ok(Answer::Whole(response))
}

fn dry_run(r: &Request) -> Result<bool, Status> {
    match r.param("dryRun") {
        "" => Ok(false),
        "All" => Ok(true),
        other => {
            let mut errs = ErrorList::default();
            errs.not_supported(Path::new("dryRun"), other, &["All"]);
            Err(Status::invalid("meta.k8s.io", "CreateOptions", "", &errs))
        }
    }
}

/// Which part of the object a path's last word stands for.
pub(super) fn sub_of(t: &Target) -> Sub {
    match t.subresource.as_str() {
        "status" => Sub::Status,
        "ephemeralcontainers" => Sub::EphemeralContainers,
        "resize" => Sub::Resize,
        "scale" => Sub::Scale,
        "finalize" => Sub::Finalize,
        _ => Sub::None,
    }
}

/// The object of the body, for that target.
fn read_body(cx: &mut Cx, r: &Request, t: &Target) -> Result<Object, Status> {
    let rule = body::field_validation(r)?;
    let (tree, duplicates) = body::tree_of(r, t.kind)?;
    check_rv(&tree)?;
    body::decode(cx, t.kind, &tree, &duplicates, rule)
}

/// A resource version must be a number, and says so in its own words.
fn check_rv(tree: &Value) -> Result<(), Status> {
    match tree.pointer("/metadata/resourceVersion").and_then(Value::as_str) {
        None | Some("") => Ok(()),
        Some(rv) if rv.parse::<u64>().is_ok() => Ok(()),
        Some(rv) => Err(Status::unknown(format!("strconv.ParseUint: parsing \"{rv}\": invalid syntax"))),
    }
}

fn create(server: &mut Server, cx: &mut Cx, r: &Request, t: &Target) -> Result<Response, Status> {
    let object = read_body(cx, r, t)?;
    let made = server.create(cx, &t.namespace, object)?;
    Ok(respond(cx, r, 201, &made))
}

fn replace(server: &mut Server, cx: &mut Cx, r: &Request, t: &Target) -> Result<Response, Status> {
    let object = read_body(cx, r, t)?;
    let name = &object.meta().name;
    if *name != t.name {
        let why = if name.is_empty() {
            "name must be provided".to_owned()
        } else {
            format!("the name of the object ({name}) does not match the name on the URL ({})", t.name)
        };
        return Err(Status::bad_request(why));
    }
    if !t.namespace.is_empty() && !object.meta().namespace.is_empty() && object.meta().namespace != t.namespace {
        return Err(Status::bad_request(format!(
            "the namespace of the object ({}) does not match the namespace on the URL ({})",
            object.meta().namespace,
            t.namespace
        )));
    }
    let done = server.update(cx, t.kind, &t.key(), sub_of(t), |_, _| Ok(object))?;
    Ok(respond(cx, r, 200, &done.object))
}

/// Options of a deletion: from the query, overridden by the body.
fn delete_options(r: &Request) -> Result<(DeleteOptions, bool), Status> {
    let mut tree = json!({});
    if !r.body.is_empty() {
        (tree, _) = body::tree(r)?;
    }
    for name in ["gracePeriodSeconds", "propagationPolicy", "orphanDependents"] {
        if !r.param(name).is_empty() && tree.get(name).is_none() {
            tree[name] = r.param(name).parse::<i64>().map_or_else(|_| r.param(name).into(), Value::from);
        }
    }
    let propagation = match tree["propagationPolicy"].as_str() {
        Some("Background") => Some(Propagation::Background),
        Some("Foreground") => Some(Propagation::Foreground),
        Some("Orphan") => Some(Propagation::Orphan),
        None => match &tree["orphanDependents"] {
            Value::Bool(true) => Some(Propagation::Orphan),
            Value::Bool(false) => Some(Propagation::Background),
            _ => None,
        },
        Some(other) => {
            let mut errs = ErrorList::default();
            errs.not_supported(Path::new("propagationPolicy"), other, &["Foreground", "Background", "Orphan", "nil"]);
            return Err(Status::invalid("meta.k8s.io", "DeleteOptions", "", &errs));
        }
    };
    let pre = &tree["preconditions"];
    let options = DeleteOptions {
        grace_period_seconds: tree["gracePeriodSeconds"].as_i64(),
        propagation,
        uid: pre["uid"].as_str().map(Str::from),
        resource_version: pre["resourceVersion"].as_str().and_then(|s| s.parse().ok()),
    };
    let dry = tree["dryRun"].as_array().is_some_and(|l| l.iter().any(|v| v == "All"));
    Ok((options, dry))
}

fn delete(server: &mut Server, cx: &mut Cx, r: &Request, t: &Target) -> Result<Response, Status> {
    let (options, dry) = delete_options(r)?;
    cx.dry_run |= dry;
    let (object, gone) = server.delete(cx, t.kind, &t.key(), &options)?;
    // Pods and namespaces answer with the object; so does whatever still waits.
    if !gone || matches!(t.kind, KindId::Pod | KindId::Namespace | KindId::Service | KindId::ServiceAccount) {
        return Ok(respond(cx, r, 200, &object));
    }
    let info = t.kind.info();
    let mut details = json!({"name": t.name, "kind": info.plural, "uid": object.meta().uid.as_str()});
    if !info.group.is_empty() {
        details["group"] = info.group.into();
    }
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details});
    Ok(Response::json(200, &status))
}

fn delete_collection(server: &mut Server, cx: &mut Cx, r: &Request, t: &Target) -> Result<Response, Status> {
    let (options, dry) = delete_options(r)?;
    cx.dry_run |= dry;
    let filter = Filter::of(r, t.kind)?;
    let namespace = Some(t.namespace.as_str()).filter(|n| !n.is_empty());
    let keys: Vec<Key> = server
        .store
        .head()
        .objects(t.kind, namespace)
        .filter(|(_, o)| filter.matches(o))
        .map(|(k, _)| k.clone())
        .collect();
    let mut items = Vec::new();
    for key in keys {
        match server.delete(cx, t.kind, &key, &options) {
            Ok((o, _)) => items.push(o.encode()),
            Err(e) if e.is_not_found() => {}
            Err(e) => return Err(e),
        }
    }
    let info = t.kind.info();
    Ok(Response::json(
        200,
        &json!({"apiVersion": info.api_version(), "kind": format!("{}List", info.kind),
            "metadata": {"resourceVersion": server.store.rev().to_string()}, "items": items}),
    ))
}

fn bind(server: &mut Server, cx: &mut Cx, r: &Request, t: &Target) -> Result<Response, Status> {
    let (tree, _) = body::tree(r)?;
    let node = tree.pointer("/target/name").and_then(Value::as_str).unwrap_or_default();
    if node.is_empty() {
        let mut errs = ErrorList::default();
        errs.required(Path::new("target").child("name"), "");
        return Err(Status::invalid("", "Binding", &t.name, &errs));
    }
    let uid = Str::from(tree.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default());
    server.bind(cx, &t.key(), &uid, node)?;
    Ok(success(201))
}

pub(super) fn success(code: u16) -> Response {
    Response::json(
        code,
        &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": code}),
    )
}

fn evict(server: &mut Server, cx: &mut Cx, r: &Request, t: &Target) -> Result<Response, Status> {
    let (tree, _) = body::tree(r)?;
    let grace = tree.pointer("/deleteOptions/gracePeriodSeconds").and_then(Value::as_i64);
    cx.dry_run |=
        tree.pointer("/deleteOptions/dryRun").and_then(Value::as_array).is_some_and(|l| l.iter().any(|v| v == "All"));
    let options = DeleteOptions { grace_period_seconds: grace, ..DeleteOptions::default() };
    server.evict(cx, &t.key(), &options)?;
    Ok(success(201))
}

/// Upstream: pkg/registry/core/namespace/storage/storage.go (FinalizeREST).
fn finalize(server: &mut Server, cx: &mut Cx, r: &Request, t: &Target) -> Result<Response, Status> {
    let object = read_body(cx, r, t)?;
    let wanted = object.downcast::<Namespace>().expect("the target's kind").spec.finalizers.clone();
    let done = server.finalize_namespace(cx, &t.key(), wanted)?;
    Ok(respond(cx, r, 200, &done))
}

// ---- scale ----------------------------------------------------------------------------------------------------

pub(super) fn scale_of(object: &Object) -> Scale {
    let (replicas, current, selector) = object.scale().expect("the kind has /scale");
    let meta = object.meta();
    Scale {
        metadata: ObjectMeta {
            name: meta.name.clone(),
            namespace: meta.namespace.clone(),
            uid: meta.uid.clone(),
            resource_version: meta.resource_version,
            creation_timestamp: meta.creation_timestamp,
            ..ObjectMeta::default()
        },
        spec: Rc::new(ScaleSpec { replicas }),
        status: Rc::new(ScaleStatus { replicas: current, selector: Str::from(selector) }),
    }
}

pub(super) fn encode_scale(scale: &Scale) -> Value {
    let mut v = scale.encode();
    v["apiVersion"] = "autoscaling/v1".into();
    v["kind"] = "Scale".into();
    v
}

pub(super) fn scale_answer(object: &Object) -> Response {
    Response::json(200, &encode_scale(&scale_of(object)))
}

fn put_scale(server: &mut Server, cx: &mut Cx, r: &Request, t: &Target) -> Result<Response, Status> {
    let (tree, _) = body::tree(r)?;
    store_scale(server, cx, t, &tree)
}

/// Upstream: pkg/apis/autoscaling/validation (ValidateScale).
pub(super) fn check_scale(replicas: i32, t: &Target) -> Result<(), Status> {
    let mut errs = ErrorList::default();
    if replicas < 0 {
        errs.invalid(Path::new("spec").child("replicas"), replicas, "must be greater than or equal to 0");
        return Err(Status::invalid("autoscaling", "Scale", &t.name, &errs));
    }
    Ok(())
}

/// Writes what a Scale asks for into the object behind it.
pub(super) fn store_scale(server: &mut Server, cx: &mut Cx, t: &Target, tree: &Value) -> Result<Response, Status> {
    check_rv(tree)?;
    let mut d = Decoder::new();
    let scale: Scale = d.run(tree).map_err(Status::bad_request)?;
    check_scale(scale.spec.replicas, t)?;
    let done = server.update(cx, t.kind, &t.key(), Sub::Scale, |old, _| {
        let mut new = old.clone();
        new.meta_mut().resource_version = scale.metadata.resource_version;
        new.set_scale(scale.spec.replicas);
        Ok(new)
    })?;
    Ok(scale_answer(&done.object))
}

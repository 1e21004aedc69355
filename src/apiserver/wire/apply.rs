//! Server-side apply over the wire.
//!
//! Upstream: …/endpoints/handlers/patch.go (applyPatcher)
//! Differs: the YAML parser's own sentences for text that is no YAML.

use super::path::Target;
use super::read::respond;
use super::verbs::{check_scale, scale_answer, sub_of};
use super::{Request, Response, body};
use crate::api::autoscaling::Scale;
use crate::apimachinery::value::parse_json;
use crate::apimachinery::{Decoder, ErrorList, Path, Status, Value, yaml};
use crate::apiserver::{Cx, Server};

/// The configuration of the body; somebody has to answer for it.
fn configuration(cx: &mut Cx, r: &Request) -> Result<Value, Status> {
    if r.param("fieldManager").is_empty() {
        let mut errs = ErrorList::default();
        errs.required(Path::new("fieldManager"), "is required for apply patch");
        return Err(Status::invalid("meta.k8s.io", "PatchOptions", "", &errs));
    }
    let rule = body::field_validation(r)?;
    let (patch, duplicates) = read(&r.body)?;
    // Unknown fields are refused by the schema; those given twice are told only here.
    let said = |e: String| Status::bad_request(format!("error strict decoding YAML: {e}"));
    body::strict(cx, &duplicates, &[], rule).map_err(said)?;
    Ok(patch)
}

/// Applies a Scale: of its fields only `replicas` is the object's.
/// Upstream: staging/src/k8s.io/apimachinery/pkg/util/managedfields/scalehandler.go
pub(super) fn scale(server: &mut Server, cx: &mut Cx, r: &Request, t: &Target) -> Result<Response, Status> {
    let config = configuration(cx, r)?;
    let text = |name: &str| config.get(name).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    if (version, kind) != ("autoscaling/v1", "Scale") {
        let group = if version.contains('/') { "" } else { "/" };
        return Err(Status::bad_request(format!("invalid object type: {group}{version}, Kind={kind}")));
    }
    let wanted: Scale = Decoder::new().run(&config).map_err(Status::bad_request)?;
    check_scale(wanted.spec.replicas, t)?;
    let mut patch = config.clone();
    patch["apiVersion"] = t.kind.info().api_version().into();
    patch["kind"] = t.kind.info().kind.into();
    let applied = server.apply(cx, t.kind, &t.key(), sub_of(t), &patch, r.flag("force"))?;
    Ok(scale_answer(&applied.done.object))
}

pub(super) fn apply(server: &mut Server, cx: &mut Cx, r: &Request, t: &Target) -> Result<Response, Status> {
    let patch = configuration(cx, r)?;
    let applied = server.apply(cx, t.kind, &t.key(), sub_of(t), &patch, r.flag("force"))?;
    Ok(respond(cx, r, if applied.created { 201 } else { 200 }, &applied.done.object))
}

/// kubectl writes JSON, which is YAML too.
fn read(text: &[u8]) -> Result<(Value, Vec<String>), Status> {
    if let Ok(read) = parse_json(text) {
        return Ok(read);
    }
    let refuse = |why: &str| Status::bad_request(format!("error decoding YAML: {why}"));
    let text = std::str::from_utf8(text).map_err(|_| refuse("yaml: invalid leading UTF-8 octet"))?;
    let (documents, error) = yaml::read(text);
    if let Some(e) = error {
        return Err(refuse(&format!("yaml: line {}: {}", e.line, e.message)));
    }
    Ok((documents.into_iter().next().map_or(Value::Null, |d| d.value), Vec::new()))
}

//! Server-side apply over the wire: the body is YAML, and the object need not be there yet.
//!
//! Upstream: …/endpoints/handlers/patch.go (applyPatcher)
//! Differs: nothing known.

use super::path::Target;
use super::read::respond;
use super::verbs::sub_of;
use super::{Request, Response};
use crate::apimachinery::value::parse_json;
use crate::apimachinery::{ErrorList, Path, Status, Value, yaml};
use crate::apiserver::{Cx, Server};

pub(super) fn apply(server: &mut Server, cx: &mut Cx, r: &Request, t: &Target) -> Result<Response, Status> {
    if r.param("fieldManager").is_empty() {
        let mut errs = ErrorList::default();
        errs.required(Path::new("fieldManager"), "is required for apply patch");
        return Err(Status::invalid("meta.k8s.io", "PatchOptions", "", &errs));
    }
    let patch = tree(&r.body)?;
    let applied = server.apply(cx, t.kind, &t.key(), sub_of(t), &patch, r.flag("force"))?;
    Ok(respond(cx, r, if applied.created { 201 } else { 200 }, &applied.done.object))
}

/// kubectl sends JSON, which is YAML too.
fn tree(body: &[u8]) -> Result<Value, Status> {
    if let Ok((tree, _)) = parse_json(body) {
        return Ok(tree);
    }
    let (documents, error) = yaml::read(&String::from_utf8_lossy(body));
    match (documents.into_iter().next(), error) {
        (_, Some(e)) => Err(Status::bad_request(format!("error decoding YAML: {}", e.message))),
        (Some(d), None) => Ok(d.value),
        (None, None) => Ok(Value::Null),
    }
}

//! PATCH: JSON, merge and strategic patches on the tree of the live object, which then goes the way of an update.
//!
//! Upstream: …/endpoints/handlers/patch.go
//! Differs: nothing known.

use super::path::Target;
use super::read::respond;
use super::verbs::{encode_scale, scale_of, store_scale, sub_of};
use super::{Request, Response, body};
use crate::apimachinery::patch::{PatchError, go_text, json, merge, strategic};
use crate::apimachinery::schema::StructSchema;
use crate::apimachinery::value::{go_word, parse_json};
use crate::apimachinery::{Decoder, ErrorList, Path, Status, Value};
use crate::apiserver::{Cx, Server};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Merge,
    Strategic,
    Apply,
}

fn form(r: &Request) -> Result<Form, Status> {
    match r.content_type.split(';').next().unwrap_or_default().trim() {
        "application/json-patch+json" => Ok(Form::Json),
        "application/merge-patch+json" => Ok(Form::Merge),
        "application/strategic-merge-patch+json" => Ok(Form::Strategic),
        "application/apply-patch+yaml" | "application/apply-patch+cbor" => Ok(Form::Apply),
        _ => Err(Status::unsupported_media_type(
            "the body of the request was in an unknown format - accepted media types include: \
             application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml, \
             application/strategic-merge-patch+json",
        )),
    }
}

/// What a bad patch is answered with: `The request is invalid: patch: Invalid value: …`.
fn invalid(value: &str, why: &str) -> Status {
    let mut errs = ErrorList::default();
    errs.invalid(Path::new("patch"), value, why);
    Status::invalid("", "", "", &errs)
}

/// The patched tree.
fn apply(form: Form, current: Value, patch: &Value, schema: &'static StructSchema) -> Result<Value, Status> {
    let (Value::Object(document), form) = (current, form) else { unreachable!("an object encodes to an object") };
    let done = match (form, patch) {
        (Form::Json, patch) => json::JsonPatch::decode(patch).and_then(|p| p.apply(&Value::Object(document))),
        (Form::Merge, patch) => merge::apply(document, patch.clone()),
        (Form::Strategic, Value::Object(patch)) => strategic::apply(document, patch.clone(), schema).map(Value::Object),
        (Form::Strategic, other) => Err(PatchError::BadRequest(format!(
            "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            go_word(other)
        ))),
        (Form::Apply, _) => unreachable!("server-side apply has a way of its own"),
    };
    done.map_err(status)
}

fn status(e: PatchError) -> Status {
    match e {
        PatchError::BadRequest(text) => Status::bad_request(text),
        PatchError::TooLarge(text) => Status::too_large(text),
        PatchError::Unprocessable(text) => Status::new(422, "Invalid", text, None),
        PatchError::Server(text) => Status::unknown(text),
    }
}

pub(super) fn patch(server: &mut Server, cx: &mut Cx, r: &Request, t: &Target) -> Result<Response, Status> {
    let form = form(r)?;
    if form == Form::Apply {
        return super::apply::apply(server, cx, r, t);
    }
    let rule = body::field_validation(r)?;
    let (tree, duplicates) = parse_json(&r.body).map_err(Status::bad_request)?;
    let kind = t.kind;
    let done = server.update(cx, kind, &t.key(), sub_of(t), |old, cx| {
        let current = old.encode();
        let patched = apply(form, current, &tree, kind.schema())?;
        let mut d = Decoder::new();
        let shown = || if form == Form::Strategic { go_text(&tree) } else { patched.to_string() };
        let object = kind.decode(&patched, &mut d);
        if let Some(e) = d.error.take() {
            return Err(invalid(&shown(), &if form == Form::Strategic { converter_words(&e) } else { e }));
        }
        body::strict(cx, &duplicates, &d.unknown, rule).map_err(|e| invalid(&shown(), &e))?;
        if object.meta().name != old.meta().name {
            return Err(Status::bad_request("the name of the object does not match the name on the URL"));
        }
        Ok(object)
    })?;
    Ok(respond(cx, r, 200, &done.object))
}

/// The unstructured converter says a type error in fewer words than the JSON decoder.
fn converter_words(error: &str) -> String {
    let Some(rest) = error.strip_prefix("json: cannot unmarshal ") else { return error.to_owned() };
    let what = rest.split_whitespace().next().unwrap_or_default();
    let to = error.rsplit(" of type ").next().unwrap_or_default();
    let from = match what {
        "number" => "int64",
        "object" => "map[string]interface {}",
        "array" => "[]interface {}",
        other => other,
    };
    match to {
        "string" | "bool" | "int32" | "int64" => format!("cannot convert {from} to {to}"),
        t if t.starts_with("[]") => format!("cannot restore slice from {}", kind_word(what)),
        t if t.starts_with("map[") => format!("cannot restore map from {}", kind_word(what)),
        _ => format!("cannot restore struct from: {}", kind_word(what)),
    }
}

fn kind_word(what: &str) -> &str {
    match what {
        "object" => "map",
        "array" => "slice",
        "number" => "int64",
        other => other,
    }
}

/// A patch of the scale subresource.
pub(super) fn scale(server: &mut Server, cx: &mut Cx, r: &Request, t: &Target) -> Result<Response, Status> {
    let form = form(r)?;
    if form == Form::Apply {
        return super::apply::scale(server, cx, r, t);
    }
    let (tree, _) = parse_json(&r.body).map_err(Status::bad_request)?;
    let mut current = encode_scale(&scale_of(server.get(t.kind, &t.key())?));
    if tree.pointer("/metadata/resourceVersion").is_none() {
        current["metadata"]["resourceVersion"] = "".into();
    }
    static SCALE: StructSchema = crate::api::autoscaling::Scale::SCHEMA;
    let patched = apply(form, current, &tree, &SCALE)?;
    store_scale(server, cx, t, &patched)
}

//! Reading a body: media type, JSON, kind and version, strict fields, and what is said of each failure.
//!
//! Upstream: …/endpoints/handlers/{create,update,rest}.go (transformDecodeError, addStrictDecodingWarnings),
//! apimachinery/pkg/runtime/serializer/json/json.go
//! Differs: nothing known.

use super::Request;
use crate::api::{KindId, Object};
use crate::apimachinery::go_json::syntax_error;
use crate::apimachinery::value::parse_json;
use crate::apimachinery::{Decoder, Status, Value};
use crate::apiserver::Cx;

/// What becomes of fields that nobody knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FieldValidation {
    Strict,
    Warn,
    Ignore,
}

pub(super) fn field_validation(request: &Request) -> Result<FieldValidation, Status> {
    match request.param("fieldValidation") {
        "Strict" => Ok(FieldValidation::Strict),
        "Warn" | "" => Ok(FieldValidation::Warn),
        "Ignore" => Ok(FieldValidation::Ignore),
        other => {
            let mut errs = crate::apimachinery::ErrorList::default();
            let path = crate::apimachinery::Path::new("fieldValidation");
            errs.not_supported(path, other, &["", "Ignore", "Strict", "Warn"]);
            let kind = match request.method {
                super::Method::Post => "CreateOptions",
                super::Method::Patch => "PatchOptions",
                _ => "UpdateOptions",
            };
            Err(Status::invalid("meta.k8s.io", kind, "", &errs))
        }
    }
}

/// The JSON tree of a body; YAML is read where the media type says so.
pub(super) fn tree(request: &Request) -> Result<(Value, Vec<String>), Status> {
    let media = request.content_type.split(';').next().unwrap_or_default().trim();
    match media {
        "" | "application/json" | "*/*" => parse_json(&request.body).map_err(|e| Status::bad_request(no_json(&e))),
        other => Err(Status::unsupported_media_type(format!(
            "the body of the request was in an unknown format - accepted media types include: application/json, \
             application/yaml, application/vnd.kubernetes.protobuf (got {other})"
        ))),
    }
}

fn no_json(why: &str) -> String {
    format!("couldn't get version/kind; json parse error: {why}")
}

/// The tree of a body that shall be an object of that kind. Upstream: transformDecodeError, summarizeData.
pub(super) fn tree_of(request: &Request, kind: KindId) -> Result<(Value, Vec<String>), Status> {
    const SHOWN: usize = 30;
    tree(request).map_err(|e| match syntax_error(&request.body) {
        None => e,
        Some(why) => {
            let body = &request.body;
            let rest = if body.len() > SHOWN { " ..." } else { "" };
            let begin = &body[..body.len().min(SHOWN)];
            let summary = match begin {
                [] => "<empty>".to_owned(),
                [b'{', ..] => String::from_utf8_lossy(begin).into_owned(),
                _ => begin.iter().map(|b| format!("{b:02x}")).collect(),
            };
            let (must, why) = (kind.info().kind, no_json(&why));
            Status::bad_request(format!(
                "the object provided is unrecognized (must be of type {must}): {why} ({summary}{rest})"
            ))
        }
    })
}

/// Decodes `tree` as `kind`, or says why not; warnings go to `cx`.
pub(super) fn decode(
    cx: &mut Cx,
    kind: KindId,
    tree: &Value,
    duplicates: &[String],
    rule: FieldValidation,
) -> Result<Object, Status> {
    let info = kind.info();
    let text = |name: &str| tree.get(name).and_then(Value::as_str).unwrap_or_default();
    let (api_version, said) = (text("apiVersion"), text("kind"));
    let said_kind = if said.is_empty() { info.kind } else { said };
    let version = if api_version.is_empty() { info.api_version() } else { api_version.to_owned() };
    let short = version.rsplit('/').next().unwrap_or_default().to_owned();
    let refuse = |why: &str| {
        Status::bad_request(format!("{said_kind} in version \"{short}\" cannot be handled as a {}: {why}", info.kind))
    };
    if said_kind != info.kind {
        return Err(refuse(&format!(
            "no kind \"{said_kind}\" is registered for version \"{version}\" in scheme \"pkg/runtime/scheme.go:111\""
        )));
    }
    if version != info.api_version() {
        return Err(Status::bad_request(format!(
            "the API version in the data ({version}) does not match the expected API version ({})",
            info.api_version()
        )));
    }
    let mut d = Decoder::new();
    let object = kind.decode(tree, &mut d);
    if let Some(e) = d.error.take() {
        return Err(refuse(&e));
    }
    strict(cx, duplicates, &d.unknown, rule).map_err(|e| refuse(&e))?;
    Ok(object)
}

/// Unknown and duplicate fields: an error, warnings, or nothing.
pub(super) fn strict(
    cx: &mut Cx,
    duplicates: &[String],
    unknown: &[String],
    rule: FieldValidation,
) -> Result<(), String> {
    let found: Vec<String> = duplicates
        .iter()
        .map(|f| format!("duplicate field \"{f}\""))
        .chain(unknown.iter().map(|f| format!("unknown field \"{f}\"")))
        .collect();
    match rule {
        _ if found.is_empty() => Ok(()),
        FieldValidation::Strict => Err(format!("strict decoding error: {}", found.join(", "))),
        FieldValidation::Warn => {
            cx.warnings.iter_mut().for_each(|w| w.extend(found.iter().cloned()));
            Ok(())
        }
        FieldValidation::Ignore => Ok(()),
    }
}

//! Get and list: selectors, pages, and the form the client asks for.
//!
//! Upstream: …/endpoints/handlers/get.go, …/registry/generic/registry/store.go (ListPredicate), pkg/storage/continue.go
//! Differs: continue tokens are our own text.

use super::path::Target;
use super::{Request, Response, table};
use crate::api::{Key, KindId, Object};
use crate::apimachinery::fields::FieldSelector;
use crate::apimachinery::labels::Selector;
use crate::apimachinery::{Status, Value};
use crate::apiserver::{Cx, Server, Tables};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

/// Which objects a list or a watch wants.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    pub labels: Selector,
    pub fields: FieldSelector,
}

impl Filter {
    pub fn of(request: &Request, kind: KindId) -> Result<Filter, Status> {
        let labels = Selector::parse(request.param("labelSelector")).map_err(Status::bad_request)?;
        let fields = FieldSelector::parse(request.param("fieldSelector")).map_err(Status::bad_request)?;
        let info = kind.info();
        for term in fields.terms() {
            let f = term.field.as_str();
            let meta = f == "metadata.name" || (f == "metadata.namespace" && info.namespaced);
            if !meta && !kind.fields().contains(&f) {
                // Kinds with a conversion function of their own say it their way.
                let why = if kind.fields().is_empty() {
                    format!("\"{f}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
                } else {
                    format!("field label not supported: {f}")
                };
                return Err(Status::bad_request(why));
            }
        }
        Ok(Filter { labels, fields })
    }

    pub fn matches(&self, object: &Object) -> bool {
        let labels = &object.meta().labels;
        self.labels.matches(|k| labels.get(k).map(|v| v.as_str()))
            && self.fields.terms().iter().all(|t| {
                let value = object.field(&t.field).unwrap_or_default();
                (value == t.value) != t.negated
            })
    }
}

pub(super) fn get(server: &Server, cx: &Cx, request: &Request, target: &Target) -> Result<Response, Status> {
    let object = server.get(target.kind, &target.key())?;
    Ok(respond(cx, request, 200, object))
}

/// One object in the form that the request accepts.
pub(super) fn respond(cx: &Cx, request: &Request, code: u16, object: &Object) -> Response {
    if let Some(include) = table::wanted(request) {
        let t = table::of(object.id(), std::slice::from_ref(object), include, cx.now, object.rv());
        return Response::json(code, &t);
    }
    Response::json(code, &object.encode())
}

struct Page {
    rev: u64,
    after: Key,
}

fn read_continue(text: &str) -> Result<Option<Page>, Status> {
    if text.is_empty() {
        return Ok(None);
    }
    let bad = || Status::bad_request("continue key is not valid: the token could not be decoded".to_owned());
    let bytes = STANDARD.decode(text).map_err(|_| bad())?;
    let v: Value = serde_json::from_slice(&bytes).map_err(|_| bad())?;
    let rev = v["rv"].as_u64().ok_or_else(bad)?;
    let part = |name: &str| v[name].as_str().map(str::to_owned).ok_or_else(bad);
    Ok(Some(Page { rev, after: Key::new(part("ns")?, part("name")?) }))
}

fn write_continue(rev: u64, last: &Key) -> String {
    STANDARD.encode(json!({"rv": rev, "ns": last.namespace.as_str(), "name": last.name.as_str()}).to_string())
}

const EXPIRED: &str = "The provided continue parameter is too old to display a consistent list result. You can start a \
                       new list without the continue parameter, or use the continue token in this response to retrieve \
                       the remainder of the results. Continuing with the provided token results in an inconsistent \
                       list - objects that were created, modified, or deleted between the time the first chunk was \
                       returned and now may show up in the list.";

pub(super) fn list(server: &mut Server, cx: &Cx, request: &Request, target: &Target) -> Result<Response, Status> {
    let filter = Filter::of(request, target.kind)?;
    let limit: usize = match request.param("limit") {
        "" => 0,
        n => {
            n.parse().map_err(|_| Status::bad_request(format!("strconv.ParseInt: parsing \"{n}\": invalid syntax")))?
        }
    };
    let page = read_continue(request.param("continue"))?;
    let rev = page.as_ref().map_or(server.store.rev(), |p| p.rev);
    let root: Tables = server.store.root(rev).cloned().ok_or_else(|| Status::expired(EXPIRED))?;
    let namespace = Some(target.namespace.as_str()).filter(|n| !n.is_empty());
    let mut items: Vec<Object> = Vec::new();
    let mut more = 0;
    for (key, object) in root.objects(target.kind, namespace) {
        if page.as_ref().is_some_and(|p| *key <= p.after) || !filter.matches(object) {
            continue;
        }
        if limit > 0 && items.len() == limit {
            more += 1;
        } else {
            items.push(object.clone());
        }
    }
    let mut meta = json!({"resourceVersion": rev.to_string()});
    if more > 0 {
        server.store.pin();
        let last = items.last().expect("a limit is at least one").key();
        meta["continue"] = write_continue(rev, &last).into();
        if filter.labels.is_empty() && filter.fields.is_empty() {
            meta["remainingItemCount"] = more.into();
        }
    }
    if let Some(include) = table::wanted(request) {
        let mut t = table::of(target.kind, &items, include, cx.now, rev);
        t["metadata"] = meta;
        return Ok(Response::json(200, &t));
    }
    let info = target.kind.info();
    let items: Vec<Value> = items
        .iter()
        .map(|o| {
            let mut v = o.encode();
            if let Value::Object(map) = &mut v {
                map.remove("apiVersion");
                map.remove("kind");
            }
            v
        })
        .collect();
    Ok(Response::json(
        200,
        &json!({"apiVersion": info.api_version(), "kind": format!("{}List", info.kind), "metadata": meta, "items": items}),
    ))
}

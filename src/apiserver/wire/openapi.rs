//! Enough of `/openapi/v3` for kubectl: an index, and per group the schemas with their patch keys.
//!
//! Upstream: k8s.io/kube-openapi/pkg/{handler3,builder3}
//! Differs: no descriptions; `/openapi/v2` is empty, which makes clients rely on v3.

use super::{Method, Request, Response};
use crate::api::KindId;
use crate::apimachinery::schema::{FieldSchema, StructSchema, Topology, Type};
use crate::apimachinery::{Arrange, Value};
use serde_json::{Map, json};

pub(super) fn answer(r: &Request) -> Option<Response> {
    if r.method != Method::Get {
        return None;
    }
    let parts: Vec<&str> = r.path.split('/').filter(|p| !p.is_empty()).collect();
    match parts.as_slice() {
        ["openapi", "v3"] => {
            let mut paths = Map::new();
            for (group, version) in group_versions() {
                let path = root(group, version);
                paths.insert(path.clone(), json!({"serverRelativeURL": format!("/openapi/v3/{path}")}));
            }
            Some(Response::json(200, &json!({"paths": paths})))
        }
        // What kubectl asks for kinds that v3 does not know: an empty document, so that it finds nothing there either.
        ["openapi", "v2"] => Some(Response {
            code: 200,
            content_type: "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
            warnings: Vec::new(),
            body: b"\x0a\x032.0".to_vec(),
        }),
        ["openapi", "v3", "api", version] => document("", version),
        ["openapi", "v3", "apis", group, version] => document(group, version),
        _ => None,
    }
}

fn group_versions() -> Vec<(&'static str, &'static str)> {
    let mut all: Vec<_> = KindId::ALL.iter().map(|k| (k.info().group, k.info().version)).collect();
    all.arrange();
    all.dedup();
    all
}

fn root(group: &str, version: &str) -> String {
    if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") }
}

fn document(group: &str, version: &str) -> Option<Response> {
    if !group_versions().contains(&(group, version)) {
        return None;
    }
    let mut schemas = Map::new();
    let mut paths = Map::new();
    for kind in KindId::ALL.iter().filter(|k| k.info().group == group && k.info().version == version) {
        let info = kind.info();
        let schema = kind.schema();
        add(&mut schemas, schema);
        let gvk = json!({"group": group, "version": version, "kind": info.kind});
        if let Some(s) = schemas.get_mut(schema.id) {
            s["x-kubernetes-group-version-kind"] = json!([gvk]);
            s["properties"]["apiVersion"] = json!({"type": "string"});
            s["properties"]["kind"] = json!({"type": "string"});
        }
        let base = if info.namespaced {
            format!("/{}/namespaces/{{namespace}}/{}/{{name}}", root(group, version), info.plural)
        } else {
            format!("/{}/{}/{{name}}", root(group, version), info.plural)
        };
        let params = json!([
            {"name": "dryRun", "in": "query", "schema": {"type": "string", "uniqueItems": true}},
            {"name": "fieldManager", "in": "query", "schema": {"type": "string", "uniqueItems": true}},
            {"name": "fieldValidation", "in": "query", "schema": {"type": "string", "uniqueItems": true}},
        ]);
        let operation = |action: &str| {
            json!({"x-kubernetes-action": action, "x-kubernetes-group-version-kind": gvk,
            "parameters": params, "responses": {"200": {"description": "OK"}}})
        };
        paths.insert(
            base,
            json!({"patch": operation("patch"), "put": operation("put"), "get": operation("get"),
                "delete": operation("delete")}),
        );
    }
    Some(Response::json(
        200,
        &json!({"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.35.0"},
            "paths": paths, "components": {"schemas": schemas}}),
    ))
}

fn add(out: &mut Map<String, Value>, schema: &'static StructSchema) {
    if out.contains_key(schema.id) {
        return;
    }
    out.insert(schema.id.to_owned(), Value::Null);
    let mut properties = Map::new();
    for f in schema.fields {
        if let Some(s) = f.ty.as_struct() {
            add(out, s);
        }
        properties.insert(f.name.to_owned(), property(f));
    }
    let mut s = json!({"type": "object", "properties": properties});
    let required: Vec<&str> = schema
        .fields
        .iter()
        .filter(|f| f.always && !matches!(f.ty, Type::Struct(_) | Type::Time | Type::MicroTime))
        .map(|f| f.name)
        .collect();
    if !required.is_empty() {
        s["required"] = json!(required);
    }
    if schema.atomic {
        s["x-kubernetes-map-type"] = "atomic".into();
    }
    out.insert(schema.id.to_owned(), s);
}

fn property(f: &FieldSchema) -> Value {
    let mut p = type_of(&f.ty);
    match f.topology {
        Topology::Default => {}
        Topology::Atomic if matches!(f.ty, Type::List(_)) => p["x-kubernetes-list-type"] = "atomic".into(),
        Topology::Atomic => p["x-kubernetes-map-type"] = "atomic".into(),
        Topology::Set => p["x-kubernetes-list-type"] = "set".into(),
        Topology::Map => {
            p["x-kubernetes-list-type"] = "map".into();
            p["x-kubernetes-list-map-keys"] = json!(f.keys);
        }
    }
    let strategy = match (f.merge, f.retain_keys) {
        (true, true) => "merge,retainKeys",
        (true, false) => "merge",
        (false, true) => "retainKeys",
        (false, false) => "",
    };
    if !strategy.is_empty() {
        p["x-kubernetes-patch-strategy"] = strategy.into();
    }
    if !f.merge_key.is_empty() {
        p["x-kubernetes-patch-merge-key"] = f.merge_key.into();
    }
    p
}

fn type_of(t: &Type) -> Value {
    match t {
        Type::Bool => json!({"type": "boolean"}),
        Type::Int32 => json!({"type": "integer", "format": "int32"}),
        Type::Int64 => json!({"type": "integer", "format": "int64"}),
        Type::Float64 => json!({"type": "number", "format": "double"}),
        Type::String => json!({"type": "string"}),
        Type::Bytes => json!({"type": "string", "format": "byte"}),
        Type::Quantity | Type::IntOrString => json!({"oneOf": [{"type": "string"}, {"type": "number"}]}),
        Type::Time | Type::MicroTime => json!({"type": "string", "format": "date-time"}),
        Type::Opaque(_) => json!({"type": "object"}),
        Type::List(t) => json!({"type": "array", "items": type_of(t)}),
        Type::Map(t) => json!({"type": "object", "additionalProperties": type_of(t)}),
        // kube-openapi wraps a reference that has siblings; a lone one in allOf is what clients expect.
        Type::Struct(s) => json!({"allOf": [{"$ref": format!("#/components/schemas/{}", s().id)}]}),
    }
}

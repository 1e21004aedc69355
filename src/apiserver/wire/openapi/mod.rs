//! Enough of `/openapi/v3` for kubectl: an index, and per group the schemas with their patch keys.
//!
//! Upstream: k8s.io/kube-openapi/pkg/{handler3,builder3}
//! Differs: no descriptions, which `serve` adds; no defaults; `/openapi/v2` is empty, which makes clients rely on v3.

use super::{Method, Request, Response, reviews};
use crate::api::KindId;
use crate::apimachinery::Value;
use crate::apimachinery::schema::{FieldSchema, StructSchema, Topology, Type};
use serde_json::{Map, json};
use std::collections::BTreeMap;

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
    let kinds = KindId::ALL.iter().map(|k| (k.info().group, k.info().version));
    let mut all: Vec<_> = kinds.chain(reviews::ALL.iter().map(|v| (v.group, "v1"))).collect();
    all.sort_unstable();
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
    let mut schemas: BTreeMap<&'static str, Value> = BTreeMap::new();
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
    for review in reviews::ALL.iter().filter(|v| v.group == group && version == "v1") {
        let gvk = json!({"group": group, "version": version, "kind": review.kind});
        schemas.insert(review.id, json!({"type": "object", "x-kubernetes-group-version-kind": [gvk]}));
        let within = if review.namespaced { "/namespaces/{namespace}" } else { "" };
        let create = json!({"x-kubernetes-action": "post", "x-kubernetes-group-version-kind": gvk,
            "responses": {"201": {"description": "Created"}}});
        paths.insert(format!("/{}{within}/{}", root(group, version), review.plural), json!({"post": create}));
    }
    Some(Response::json(
        200,
        &json!({"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.35.0"},
            "paths": paths, "components": {"schemas": schemas}}),
    ))
}

fn add(out: &mut BTreeMap<&'static str, Value>, schema: &'static StructSchema) {
    if out.contains_key(schema.id) {
        return;
    }
    out.insert(schema.id, Value::Null);
    let enums = enums_of(schema.id);
    let mut properties = Map::new();
    for f in schema.fields {
        add_type(out, &f.ty);
        let values = enums.iter().find(|(name, _)| *name == f.name).map(|(_, values)| values);
        properties.insert(f.name.to_owned(), property(f, values));
    }
    let mut s = json!({"type": "object", "properties": properties});
    let required: Vec<&str> = schema.fields.iter().filter(|f| f.required).map(|f| f.name).collect();
    if !required.is_empty() {
        s["required"] = json!(required);
    }
    if schema.atomic {
        s["x-kubernetes-map-type"] = "atomic".into();
    }
    out.insert(schema.id, s);
}

/// What a field's type refers to.
fn add_type(out: &mut BTreeMap<&'static str, Value>, ty: &Type) {
    match ty {
        Type::List(t) | Type::Map(t) => add_type(out, t),
        Type::Struct(s) => add(out, s()),
        Type::Opaque(id) if !id.is_empty() => drop(out.entry(id).or_insert_with(|| json!({"type": "object"}))),
        _ => {
            if let Some((id, schema)) = value_type(ty) {
                out.insert(id, schema);
            }
        }
    }
}

/// The definitions that are one value.
fn value_type(ty: &Type) -> Option<(&'static str, Value)> {
    Some(match ty {
        Type::Quantity => (
            "io.k8s.apimachinery.pkg.api.resource.Quantity",
            json!({"oneOf": [{"type": "string"}, {"type": "number"}]}),
        ),
        Type::IntOrString => (
            "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
            json!({"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]}),
        ),
        Type::Time => ("io.k8s.apimachinery.pkg.apis.meta.v1.Time", json!({"type": "string", "format": "date-time"})),
        Type::MicroTime => {
            ("io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime", json!({"type": "string", "format": "date-time"}))
        }
        _ => return None,
    })
}

/// The fields of a type that take one of a few values.
pub fn enums_of(id: &str) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut lines = include_str!("enums.txt").lines().skip_while(|line| *line != id);
    lines.next();
    lines
        .map_while(|line| line.strip_prefix(' '))
        .filter_map(|line| {
            let mut words = line.split(' ');
            let field = words.next()?;
            Some((field, words.map(|word| if word == "\"\"" { "" } else { word }).collect()))
        })
        .collect()
}

fn property(f: &FieldSchema, values: Option<&Vec<&str>>) -> Value {
    let mut p = type_of(&f.ty);
    if let Some(values) = values {
        let of = match &f.ty {
            Type::List(_) => &mut p["items"],
            Type::Map(_) => &mut p["additionalProperties"],
            _ => &mut p,
        };
        of["enum"] = json!(values);
    }
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
        Type::Quantity | Type::IntOrString | Type::Time | Type::MicroTime => {
            reference(value_type(t).map_or("", |(id, _)| id))
        }
        Type::Opaque("") => json!({"type": "object"}),
        Type::Opaque(id) => reference(id),
        Type::List(t) => json!({"type": "array", "items": type_of(t)}),
        Type::Map(t) => json!({"type": "object", "additionalProperties": type_of(t)}),
        Type::Struct(s) => reference(s().id),
    }
}

/// kube-openapi wraps a reference that has siblings; a lone one in allOf is what clients expect.
fn reference(id: &str) -> Value {
    json!({"allOf": [{"$ref": format!("#/components/schemas/{id}")}]})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schemas(path: &str) -> Value {
        let response = answer(&Request::get(path)).expect("there is such a document");
        let mut document: Value = serde_json::from_slice(&response.body).expect("it is JSON");
        document["components"]["schemas"].take()
    }

    #[test]
    fn every_reference_leads_somewhere() {
        for (group, version) in group_versions() {
            let all = schemas(&format!("/openapi/v3/{}", root(group, version)));
            let text = all.to_string();
            for (at, _) in text.match_indices("#/components/schemas/") {
                let id = text[at..].trim_start_matches("#/components/schemas/").split('"').next().unwrap_or_default();
                assert!(all[id].is_object(), "{group}/{version}: {id}");
            }
        }
    }

    #[test]
    fn fields_say_what_users_must_and_may_write() {
        let all = schemas("/openapi/v3/apis/apps/v1");
        assert_eq!(all["io.k8s.api.apps.v1.DeploymentSpec"]["required"], json!(["selector", "template"]));
        let container = &all["io.k8s.api.core.v1.Container"]["properties"];
        assert_eq!(container["imagePullPolicy"]["enum"], json!(["Always", "IfNotPresent", "Never"]));
        let probe = &all["io.k8s.api.core.v1.HTTPGetAction"]["properties"]["port"];
        assert_eq!(probe["allOf"][0]["$ref"], "#/components/schemas/io.k8s.apimachinery.pkg.util.intstr.IntOrString");
    }

    #[test]
    fn the_table_of_values_speaks_of_fields_that_are_there() {
        for (group, version) in group_versions() {
            let all = schemas(&format!("/openapi/v3/{}", root(group, version)));
            for (id, schema) in all.as_object().expect("schemas have names") {
                let Some(properties) = schema["properties"].as_object() else { continue };
                for (field, values) in enums_of(id) {
                    assert!(properties.contains_key(field) && values.len() > 1, "{id}.{field}: {values:?}");
                }
            }
        }
    }
}

//! The facts of an OpenAPI v2 document about the API's types: names, types, list types, merge keys; no descriptions.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::steps::{Outcome, read_file};

pub(crate) struct Definition {
    /// One owner for the whole.
    pub(crate) atomic: bool,
    pub(crate) fields: Vec<Fact>,
    /// Its group, version and kind, if objects of it are stored.
    pub(crate) kind: Option<String>,
}

pub(crate) struct Fact {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) ty: Ty,
    /// `atomic`, `set`, `map`, or nothing.
    pub(crate) list: String,
    pub(crate) keys: Vec<String>,
    pub(crate) merge: bool,
    pub(crate) retain_keys: bool,
    pub(crate) merge_key: String,
}

pub(crate) enum Ty {
    /// In the words of the table: `string`, `int32`, `Time`, …
    Plain(&'static str),
    Struct(String),
    List(Box<Ty>),
    Map(Box<Ty>),
}

/// Definitions that are one value, and the words for them.
const VALUES: &[(&str, &str)] = &[
    ("io.k8s.apimachinery.pkg.api.resource.Quantity", "Quantity"),
    ("io.k8s.apimachinery.pkg.apis.meta.v1.Time", "Time"),
    ("io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime", "MicroTime"),
    ("io.k8s.apimachinery.pkg.util.intstr.IntOrString", "IntOrString"),
];

pub(crate) fn read(file: &Path) -> Outcome<BTreeMap<String, Definition>> {
    let document: Value =
        serde_json::from_slice(&read_file(file)?).map_err(|error| format!("{}: {error}", file.display()))?;
    let Some(definitions) = document["definitions"].as_object() else {
        return Err(format!("{}: no OpenAPI v2 document, for it has no definitions", file.display()));
    };
    definitions
        .iter()
        .filter(|(id, _)| !VALUES.iter().any(|(value, _)| value == id))
        .map(|(id, d)| Ok((id.clone(), definition(d).map_err(|error| format!("{id}: {error}"))?)))
        .collect()
}

fn definition(d: &Value) -> Outcome<Definition> {
    let required: Vec<&str> = d["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = d["properties"].as_object().into_iter().flatten();
    let fields =
        properties.map(|(name, p)| fact(name, p, required.contains(&name.as_str()))).collect::<Outcome<_>>()?;
    let kind = d["x-kubernetes-group-version-kind"][0]["kind"].as_str().map(str::to_owned);
    Ok(Definition { atomic: d["x-kubernetes-map-type"] == "atomic", fields, kind })
}

fn fact(name: &str, p: &Value, required: bool) -> Outcome<Fact> {
    let text = |key: &str| p[key].as_str().unwrap_or_default();
    let strategies: Vec<&str> = text("x-kubernetes-patch-strategy").split(',').collect();
    let list = match text("x-kubernetes-list-type") {
        "" if text("x-kubernetes-map-type") == "atomic" => "atomic",
        list => list,
    };
    let keys = p["x-kubernetes-list-map-keys"].as_array().into_iter().flatten();
    Ok(Fact {
        name: name.to_owned(),
        required,
        ty: ty(p).ok_or_else(|| format!("{name}: {p} is no type that is known"))?,
        list: list.to_owned(),
        keys: keys.filter_map(Value::as_str).map(str::to_owned).collect(),
        merge: strategies.contains(&"merge"),
        retain_keys: strategies.contains(&"retainKeys"),
        merge_key: text("x-kubernetes-patch-merge-key").to_owned(),
    })
}

fn ty(p: &Value) -> Option<Ty> {
    if let Some(id) = p["$ref"].as_str() {
        let id = id.strip_prefix("#/definitions/")?;
        let value = VALUES.iter().find(|(value, _)| *value == id);
        return Some(value.map_or_else(|| Ty::Struct(id.to_owned()), |(_, word)| Ty::Plain(word)));
    }
    Some(match (p["type"].as_str()?, p["format"].as_str()) {
        ("boolean", _) => Ty::Plain("bool"),
        ("integer", Some("int32")) => Ty::Plain("int32"),
        ("integer", _) => Ty::Plain("int64"),
        ("number", _) => Ty::Plain("double"),
        ("string", Some("byte")) => Ty::Plain("bytes"),
        ("string", _) => Ty::Plain("string"),
        ("array", _) => Ty::List(Box::new(ty(&p["items"])?)),
        ("object", _) if p["additionalProperties"].is_object() => Ty::Map(Box::new(ty(&p["additionalProperties"])?)),
        ("object", _) => Ty::Plain("object"),
        _ => return None,
    })
}

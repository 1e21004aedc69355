//! Objects as a `meta.k8s.io/v1 Table`, which is what `kubectl get` prints.
//!
//! Upstream: pkg/printers/tablegenerator.go, …/endpoints/handlers/response.go
//! Differs: columns carry no descriptions.

use super::Request;
use crate::api::{KindId, Object, PrintCx};
use crate::apimachinery::Value;
use crate::apimachinery::time::Time;
use serde_json::json;

/// What a row carries of its object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Include {
    None,
    Metadata,
    Object,
}

/// Whether the request wants a table.
pub(super) fn wanted(request: &Request) -> Option<Include> {
    let first = request.accept.split(',').map(str::trim).find(|a| a.starts_with("application/json"))?;
    if !first.contains("as=Table") {
        return None;
    }
    Some(match request.param("includeObject") {
        "None" => Include::None,
        "Object" => Include::Object,
        _ => Include::Metadata,
    })
}

pub(super) fn of(kind: KindId, objects: &[Object], include: Include, now: Time, rev: u64) -> Value {
    let columns: Vec<Value> = kind
        .columns()
        .iter()
        .map(|c| json!({"name": c.name, "type": c.kind, "format": c.format, "description": "", "priority": c.priority}))
        .collect();
    let cx = PrintCx { now };
    let rows: Vec<Value> = objects.iter().map(|o| row(o, include, &cx)).collect();
    json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": rev.to_string()},
        "columnDefinitions": columns, "rows": rows})
}

fn row(object: &Object, include: Include, cx: &PrintCx) -> Value {
    let mut row = json!({"cells": object.row(cx)});
    match include {
        Include::None => {}
        Include::Object => row["object"] = object.encode(),
        Include::Metadata => {
            row["object"] = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                "metadata": crate::apimachinery::Api::encode(object.meta())});
        }
    }
    row
}

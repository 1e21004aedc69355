//! Stored objects, masked, and where two differ.

use super::masks::{HASH_LABELS, Masks, is_safe};
use kubarium::apimachinery::Value;
use serde_json::Map;

pub(super) fn masked(m: &mut Masks, object: &Value) -> Value {
    m.now = object.to_string();
    let mut o = object.clone();
    let keep = |o: &mut Value, names: &[&str]| {
        if let Some(status) = o["status"].as_object_mut() {
            status.retain(|k, _| names.contains(&k.as_str()));
        }
    };
    match (object["kind"].as_str(), object["apiVersion"].as_str()) {
        (Some("Pod"), Some("v1")) => {
            keep(&mut o, &["phase", "qosClass", "reason", "message", "nominatedNodeName", "conditions"]);
            if let Some(status) = o["status"].as_object_mut() {
                let conditions = status.get_mut("conditions").and_then(Value::as_array_mut);
                let is_empty = conditions.is_none_or(|c| {
                    c.retain(|c| c["type"] == "PodScheduled" || c["type"] == "DisruptionTarget");
                    c.is_empty()
                });
                if is_empty {
                    status.remove("conditions");
                }
            }
        }
        (Some("Node"), Some("v1")) => keep(&mut o, &["capacity", "allocatable", "addresses"]),
        _ => {}
    }
    walk(m, &o, "")
}

pub(super) fn walk(m: &mut Masks, v: &Value, key: &str) -> Value {
    match v {
        Value::Object(map) => {
            let mut out = Map::new();
            for (k, v) in map {
                let name = m.words(k);
                out.insert(name, walk(m, v, k));
            }
            Value::Object(out)
        }
        Value::Array(list) => {
            let mut list: Vec<Value> = list.iter().map(|v| walk(m, v, key)).collect();
            if key == "managedFields" {
                // The server's order is one of seconds.
                let part = |v: &Value, k: &str| v[k].as_str().unwrap_or_default().to_owned();
                list.sort_by_key(|v| ["operation", "manager", "subresource", "apiVersion"].map(|k| part(v, k)));
            }
            Value::Array(list)
        }
        Value::String(s) => text(m, s, key).into(),
        Value::Number(n) if matches!(key, "nodePort" | "healthCheckNodePort") => {
            let n = n.to_string();
            if m.is_given(&n) { v.clone() } else { m.number("node-port", &n).into() }
        }
        other => other.clone(),
    }
}

fn text(m: &mut Masks, s: &str, key: &str) -> String {
    match key {
        "resourceVersion" if s.bytes().all(|b| b.is_ascii_digit()) && !s.is_empty() => "<rv>".to_owned(),
        "nodeName" if !m.exact_nodes && !m.is_given(s) => "<node>".to_owned(),
        k if HASH_LABELS.contains(&k) && is_safe(s) && (7..=10).contains(&s.len()) => m.hash(s, ""),
        _ if s.contains("BEGIN CERTIFICATE") || key == "ca.crt" && s.len() > 400 => "<ca>".to_owned(),
        _ => m.words(s),
    }
}

/// Each place where the two differ, in words.
pub(super) fn differences(want: &Value, got: &Value, at: &str, out: &mut Vec<String>) {
    match (want, got) {
        (Value::Object(a), Value::Object(b)) => {
            let null = Value::Null;
            for k in a.keys().chain(b.keys().filter(|k| !a.contains_key(*k))) {
                let at = if at.is_empty() { k.clone() } else { format!("{at}.{k}") };
                differences(a.get(k).unwrap_or(&null), b.get(k).unwrap_or(&null), &at, out);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (n, (a, b)) in a.iter().zip(b).enumerate() {
                differences(a, b, &format!("{at}[{n}]"), out);
            }
        }
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => {}
        (a, b) if a == b => {}
        (a, b) => out.push(format!("{at}: want {a}, got {b}")),
    }
}

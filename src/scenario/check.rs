//! What may be said of a cluster at one moment, and whether it holds.

use super::table::{self, like};
use super::timeline;
use crate::api::core::Event;
use crate::api::{Key, KindId, Object};
use crate::apimachinery::Value;
use crate::cluster::Cluster;
use crate::kubectl::resource::kind_of;

type Map = serde_json::Map<String, Value>;

#[derive(Clone, Debug)]
pub(super) enum Check {
    /// `kubectl get` prints such a table.
    Get { words: Vec<String>, rows: Vec<Vec<String>> },
    /// An object has such a condition: type, status, and its reason where one is asked.
    Condition { kind: KindId, key: Key, name: String, status: String, reason: Option<String> },
    /// So many objects are such.
    Count { kind: KindId, terms: Vec<Term>, bound: Bound, number: i64 },
    /// An object's fields are such.
    Object { kind: KindId, key: Key, fields: Vec<(String, String)> },
    /// Somebody writes something, since the last look.
    Write { actor: String, verb: String, what: String },
    /// Somebody has told such an event.
    Event { reason: String, about: String, message: String },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bound {
    Equals,
    AtLeast,
    AtMost,
}

/// One part of a selector: a label, or a path that begins with `metadata.`, `spec.`, `status.` or `condition.`.
#[derive(Clone, Debug)]
pub(super) struct Term {
    path: String,
    is_equal: bool,
    pattern: String,
}

impl Check {
    pub fn parse(what: &Map) -> Result<Check, String> {
        let text = |k: &str| what.get(k).and_then(Value::as_str);
        let only = |keys: &[&str]| match what.keys().find(|k| !keys.contains(&k.as_str())) {
            None => Ok(()),
            Some(k) => Err(format!("`{k}` does not belong here: {}", keys.join(", "))),
        };
        if let Some(line) = text("get") {
            only(&["get", "table"])?;
            let table = text("table").ok_or("get: `table` is missing")?;
            let words = [vec!["get".to_owned()], crate::kubectl::words(line)].concat();
            return Ok(Check::Get { words, rows: table::cells(table) });
        }
        if let Some(line) = text("condition") {
            only(&["condition"])?;
            return condition(line);
        }
        if let Some(of) = text("object") {
            only(&["object", "has"])?;
            let (kind, key) = object(of)?;
            let fields = what.get("has").and_then(Value::as_object).ok_or("object: `has` is missing")?;
            let fields = fields.iter().map(|(k, v)| (k.clone(), shown(v))).collect();
            return Ok(Check::Object { kind, key, fields });
        }
        if let Some(count) = what.get("count") {
            only(&["count"])?;
            return self::count(count.as_object().ok_or("count: a mapping is expected")?);
        }
        if let Some(write) = what.get("write") {
            only(&["write"])?;
            let write = write.as_object().ok_or("write: a mapping is expected")?;
            let text = |k: &str| write.get(k).and_then(Value::as_str).unwrap_or("*").to_owned();
            return match write.keys().find(|k| !["actor", "verb", "what"].contains(&k.as_str())) {
                Some(k) => Err(format!("a write has no `{k}`: actor, verb, what")),
                None => Ok(Check::Write { actor: text("actor"), verb: text("verb"), what: text("what") }),
            };
        }
        match what.get("event") {
            Some(Value::String(reason)) => {
                only(&["event"])?;
                Ok(Check::Event { reason: reason.clone(), about: "*".to_owned(), message: "*".to_owned() })
            }
            Some(Value::Object(e)) => {
                only(&["event"])?;
                let text = |k: &str| e.get(k).and_then(Value::as_str).unwrap_or("*").to_owned();
                match e.keys().find(|k| !["reason", "about", "message"].contains(&k.as_str())) {
                    Some(k) => Err(format!("an event has no `{k}`: reason, about, message")),
                    None => Ok(Check::Event { reason: text("reason"), about: text("about"), message: text("message") }),
                }
            }
            _ => Err("one of `get`, `condition`, `object`, `count`, `write` and `event` is expected".to_owned()),
        }
    }

    /// Ok, or what is there instead; `since` is the last trace event that was seen before.
    pub fn holds(&self, cluster: &mut Cluster, since: u64) -> Result<(), String> {
        match self {
            Check::Write { actor, verb, what } => {
                let mut writes = timeline::writes(cluster, since);
                let is = writes.any(|(_, w)| like(actor, &w.actor) && like(verb, &w.verb) && like(what, &w.what));
                if is { Ok(()) } else { Err("nobody has written that".to_owned()) }
            }
            Check::Get { words, rows } => table::holds(cluster, words, rows),
            Check::Condition { kind, key, name, status, reason } => {
                let o = cluster.tables().object(*kind, key).ok_or(format!("{key} is not there"))?.encode();
                let all = o.pointer("/status/conditions").and_then(Value::as_array);
                let c =
                    all.into_iter().flatten().find(|c| c["type"] == name.as_str()).ok_or("it has no such condition")?;
                let part = |k: &str| c[k].as_str().unwrap_or_default();
                let is = part("status") == status && reason.as_ref().is_none_or(|r| like(r, part("reason")));
                if is { Ok(()) } else { Err(format!("{}, reason {}", part("status"), part("reason"))) }
            }
            Check::Count { kind, terms, bound, number } => {
                let objects = cluster.tables().objects(*kind, None);
                let found = objects.filter(|(_, o)| is_such(o, terms)).count() as i64;
                let is = match bound {
                    Bound::Equals => found == *number,
                    Bound::AtLeast => found >= *number,
                    Bound::AtMost => found <= *number,
                };
                if is { Ok(()) } else { Err(format!("there are {found}")) }
            }
            Check::Object { kind, key, fields } => {
                let o = cluster.tables().object(*kind, key).ok_or(format!("{key} is not there"))?.encode();
                let wrong = fields.iter().find(|(path, want)| !like(want, &at(&o, path)));
                wrong.map_or(Ok(()), |(path, _)| Err(format!("{path} is {}", at(&o, path))))
            }
            Check::Event { reason, about, message } => {
                let is_such = |e: &Event| {
                    let of = format!("{}/{}", e.involved_object.kind.to_ascii_lowercase(), e.involved_object.name);
                    like(reason, &e.reason) && like(about, &of) && like(message, &e.message)
                };
                let is = cluster.tables().list::<Event>(None).any(|e| is_such(e));
                if is { Ok(()) } else { Err("nobody has said so".to_owned()) }
            }
        }
    }
}

/// `deployment/web`, `pod/team/web`.
fn object(of: &str) -> Result<(KindId, Key), String> {
    let parts: Vec<&str> = of.split('/').collect();
    let kind = kind_of(parts[0]).ok_or_else(|| format!("there is no kind {}", parts[0]))?;
    let namespace = if kind.info().namespaced { "default" } else { "" };
    match parts.as_slice() {
        [_, name] => Ok((kind, Key::new(namespace, *name))),
        [_, namespace, name] => Ok((kind, Key::new(*namespace, *name))),
        _ => Err(format!("{of}: KIND/NAME or KIND/NAMESPACE/NAME is expected")),
    }
}

/// `node/node-1 Ready=Unknown reason=NodeStatusUnknown`.
fn condition(line: &str) -> Result<Check, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [of, condition, rest @ ..] = words.as_slice() else {
        return Err("condition: KIND/NAME TYPE=STATUS is expected".to_owned());
    };
    let (kind, key) = object(of)?;
    let (name, status) = condition.split_once('=').ok_or("condition: TYPE=STATUS is expected")?;
    let reason = rest.iter().find_map(|w| w.strip_prefix("reason=")).map(str::to_owned);
    Ok(Check::Condition { kind, key, name: name.to_owned(), status: status.to_owned(), reason })
}

/// `{ pods: SELECTOR, equals: 2 }`.
fn count(of: &Map) -> Result<Check, String> {
    let (mut what, mut bound) = (None, None);
    for (k, v) in of {
        let limit = match k.as_str() {
            "equals" => Bound::Equals,
            "at_least" => Bound::AtLeast,
            "at_most" => Bound::AtMost,
            _ => {
                let kind = kind_of(k).ok_or_else(|| format!("count: there is no kind {k}"))?;
                what = Some((kind, terms(v.as_str().unwrap_or_default())?));
                continue;
            }
        };
        bound = Some((limit, v.as_i64().ok_or_else(|| format!("count: {v} is no number"))?));
    }
    let (kind, terms) = what.ok_or("count: a kind and a selector are expected")?;
    let (bound, number) = bound.ok_or("count: one of equals, at_least and at_most is expected")?;
    Ok(Check::Count { kind, terms, bound, number })
}

fn terms(selector: &str) -> Result<Vec<Term>, String> {
    let parts = selector.split(',').map(str::trim).filter(|p| !p.is_empty());
    parts
        .map(|part| {
            let (path, pattern) = part.split_once('=').ok_or_else(|| format!("{part}: KEY=VALUE is expected"))?;
            let (path, is_equal) = path.strip_suffix('!').map_or((path, true), |p| (p, false));
            Ok(Term { path: path.to_owned(), is_equal, pattern: pattern.to_owned() })
        })
        .collect()
}

fn is_such(object: &Object, terms: &[Term]) -> bool {
    let mut json = None;
    terms.iter().all(|t| {
        let root = t.path.split('.').next().unwrap_or_default();
        let value = if matches!(root, "metadata" | "spec" | "status" | "condition") {
            at(json.get_or_insert_with(|| object.encode()), &t.path)
        } else {
            object.meta().labels.get(t.path.as_str()).map(ToString::to_string).unwrap_or_default()
        };
        like(&t.pattern, &value) == t.is_equal
    })
}

fn shown(v: &Value) -> String {
    match v {
        Value::Null => String::new(),
        Value::String(s) => s.clone(),
        other => other.to_string(),
    }
}

/// The text at a path such as `spec.containers[0].image` or `condition.Ready`; empty where there is nothing.
fn at(object: &Value, path: &str) -> String {
    if let Some(name) = path.strip_prefix("condition.") {
        let all = object.pointer("/status/conditions").and_then(Value::as_array);
        return all.into_iter().flatten().find(|c| c["type"] == name).map(|c| shown(&c["status"])).unwrap_or_default();
    }
    let mut v = object;
    for part in path.split('.') {
        let (name, indices) = part.split_once('[').map_or((part, ""), |(n, i)| (n, i.trim_end_matches(']')));
        v = &v[name];
        for i in indices.split("][").filter(|i| !i.is_empty()) {
            v = i.parse::<usize>().map_or(&Value::Null, |i| &v[i]);
        }
    }
    shown(v)
}

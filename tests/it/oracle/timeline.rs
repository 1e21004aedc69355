//! What those who decide wrote, in order per object and writer, and the order of what was made, removed and asked for.

use super::console::watched;
use super::masks::Masks;
use super::objects::walk;
use super::play::Player;
use super::tables::KUBELET_REASONS;
use kubarium::api::{KindId, Object};
use kubarium::apimachinery::Value;
use serde_json::{Map, json};
use std::collections::BTreeMap;

const SYSTEM: &[&str] = &["kube-system", "kube-public", "kube-node-lease"];
const WRITERS: &[&str] = &["kube-controller-manager", "kube-scheduler", "kube-apiserver"];
/// Fields that every write changes.
const IGNORED: &[&str] = &[
    "metadata.resourceVersion",
    "metadata.managedFields",
    "metadata.uid",
    "metadata.creationTimestamp",
    "metadata.generation",
    "apiVersion",
    "kind",
];

pub(super) fn differences(case: &Value, p: &Player, m: &mut Masks) -> Vec<String> {
    let (mine, _) = lines_of(case["events"].as_array().map_or(&[][..], Vec::as_slice));
    let (theirs, order) = lines_of(&writes(case, p, m));
    let empty = Vec::new();
    let mut out = Vec::new();
    let mut compare = |name: &str, want: &[String], have: &[String]| {
        let (found, used) = common(want, have);
        let lost = want.iter().enumerate().filter(|(i, _)| !found.contains(i));
        out.extend(lost.map(|(_, line)| format!("{name}: want {line}")));
        let more = have.iter().enumerate().filter(|(j, _)| !used.contains(j)).map(|(_, line)| line);
        if let Some(last) = out.last_mut().filter(|_| found.len() < want.len()) {
            last.push_str(&more.fold("\nand got beside:".to_owned(), |text, line| text + "\n    " + line));
        }
    };
    for (name, want) in &mine {
        compare(name, want, theirs.get(name).unwrap_or(&empty));
    }
    let want: Vec<String> =
        case["order"].as_array().into_iter().flatten().map(|l| l.as_str().unwrap_or_default().to_owned()).collect();
    compare("order", &want, &order);
    out
}

/// Positions in `a` and in `b` of a longest common subsequence.
fn common(a: &[String], b: &[String]) -> (Vec<usize>, Vec<usize>) {
    let mut t = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            t[i][j] = if a[i] == b[j] { t[i + 1][j + 1] + 1 } else { t[i + 1][j].max(t[i][j + 1]) };
        }
    }
    let ((mut in_a, mut in_b), mut i, mut j) = ((Vec::new(), Vec::new()), 0, 0);
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            in_a.push(i);
            in_b.push(j);
            (i, j) = (i + 1, j + 1);
        } else if t[i + 1][j] >= t[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    (in_a, in_b)
}

/// JSON as Python prints it, which is how the recordings' `order` is written.
fn python(v: &Value) -> String {
    match v {
        Value::Object(map) => {
            let parts: Vec<String> = map.iter().map(|(k, v)| format!("{}: {}", json!(k), python(v))).collect();
            format!("{{{}}}", parts.join(", "))
        }
        Value::Array(list) => format!("[{}]", list.iter().map(python).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

type Groups = BTreeMap<String, Vec<String>>;

fn lines_of(events: &[Value]) -> (Groups, Vec<String>) {
    let (mut groups, mut order) = (Groups::new(), Vec::new());
    for e in events {
        let text = |k: &str| e[k].as_str().unwrap_or_default();
        let line = format!("{} {}", text("change"), python(&e["fields"]));
        groups.entry(format!("{} {} by {}", text("kind"), text("name"), text("by"))).or_default().push(line);
        let fields = e["fields"].as_object();
        let asked: Map<String, Value> = fields
            .into_iter()
            .flatten()
            .filter(|(k, _)| k.starts_with("spec"))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        let is_modified = text("change") == "MODIFIED";
        let counts =
            !is_modified || !asked.is_empty() || fields.is_some_and(|f| f.contains_key("metadata.deletionTimestamp"));
        if !matches!(text("kind"), "Event" | "EndpointSlice" | "Endpoints") && counts {
            let asked = if is_modified { Value::Object(asked) } else { json!({}) };
            order.push(format!("{} {} {} {}", text("change"), text("kind"), text("name"), python(&asked)));
        }
    }
    (groups, order)
}

fn writes(case: &Value, p: &Player, m: &mut Masks) -> Vec<Value> {
    let kinds = watched(case);
    let mut out = Vec::new();
    for seen in p.log.iter().filter(|s| kinds.contains(&s.event.kind)) {
        let e = &seen.event;
        if SYSTEM.contains(&&*e.key.namespace) || &*e.key.name == "kubernetes" {
            continue;
        }
        let change = match (&e.old, &e.new) {
            (None, _) => "ADDED",
            (_, None) => "DELETED",
            _ => "MODIFIED",
        };
        out.extend(write(m, e.kind, change, e.old.as_ref(), e.new.as_ref()));
    }
    out
}

fn write(m: &mut Masks, kind: KindId, change: &str, old: Option<&Object>, new: Option<&Object>) -> Option<Value> {
    let (old, new) = (old.map(Object::encode), new.map(Object::encode));
    let o = new.as_ref().or(old.as_ref())?;
    let text = |p: &str| o.pointer(p).and_then(Value::as_str).unwrap_or_default();
    if kind == KindId::Event {
        let by = [text("/reportingComponent"), text("/source/component")].into_iter().find(|s| !s.is_empty());
        let by = by.unwrap_or_default();
        if change != "ADDED" || by.starts_with("kubelet") || KUBELET_REASONS.contains(&text("/reason")) {
            return None;
        }
        let name = m.words(&format!("{}/{}", text("/involvedObject/kind"), text("/involvedObject/name")));
        let message = m.words(text("/message"));
        let fields = json!({"type": text("/type"), "reason": text("/reason"), "message": message});
        return Some(json!({"kind": "Event", "name": name, "change": change, "by": by, "fields": fields}));
    }
    let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
    let name = if matches!(namespace, "" | "default") { name.to_owned() } else { format!("{namespace}/{name}") };
    let name = m.words(&name);
    let mut by = if change == "DELETED" { String::new() } else { manager(old.as_ref(), o) };
    let fields = match change {
        "ADDED" => walk(m, &created(o), ""),
        "DELETED" => json!({}),
        _ => {
            let mut fields = changed(m, old.as_ref()?, o);
            if matches!(kind, KindId::Pod | KindId::Node) && by.is_empty() && !fields.is_empty() {
                fields.retain(|k, _| !k.starts_with("status"));
                if fields.get("metadata.deletionGracePeriodSeconds") == Some(&json!(0)) && fields.len() <= 2 {
                    return None; // The kubelet's last word.
                }
            } else if !by.is_empty() && !WRITERS.contains(&by.as_str()) && !by.starts_with("kubectl") {
                return None;
            }
            if fields.is_empty() {
                return None;
            }
            if fields.values().all(Value::is_null) {
                by = String::new(); // Who only takes away leaves no trace.
            }
            Value::Object(fields)
        }
    };
    Some(json!({"kind": kind.info().kind, "name": name, "change": change, "by": by, "fields": fields}))
}

/// Of a new object: what says whose it is and what it asks for.
fn created(o: &Value) -> Value {
    let meta = &o["metadata"];
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            out.insert(key.to_owned(), value);
        }
    };
    let owners: Vec<Value> = meta["ownerReferences"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|r| {
            format!("{}/{}", r["kind"].as_str().unwrap_or_default(), r["name"].as_str().unwrap_or_default()).into()
        })
        .collect();
    put("metadata.ownerReferences", if owners.is_empty() { Value::Null } else { owners.into() });
    let labels: Map<String, Value> = meta["labels"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(k, _)| !k.contains("uid"))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    put("metadata.labels", if labels.is_empty() { Value::Null } else { Value::Object(labels) });
    put("metadata.finalizers", meta["finalizers"].clone());
    for k in ["replicas", "completions", "parallelism", "storageClassName", "volumeName"] {
        put(&format!("spec.{k}"), o["spec"][k].clone());
    }
    Value::Object(out)
}

fn changed(m: &mut Masks, old: &Value, new: &Value) -> Map<String, Value> {
    let mut flat = |v: &Value| {
        let (mut masked, mut raw) = (BTreeMap::new(), BTreeMap::new());
        leaves(&walk(m, v, ""), "", &mut masked);
        leaves(v, "", &mut raw);
        (masked, raw)
    };
    let ((a, raw_a), (b, raw_b)) = (flat(old), flat(new));
    let mut out = Map::new();
    for k in a.keys().chain(b.keys()) {
        let is_ignored = IGNORED
            .iter()
            .any(|i| k.strip_prefix(i).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric())));
        let differs = a.get(k) != b.get(k) || raw_a.get(k) != raw_b.get(k);
        if !is_ignored && differs && !k.contains("ast-applied") {
            out.insert(k.clone(), b.get(k).cloned().unwrap_or_default());
        }
    }
    out
}

/// `status.conditions[Ready].status` → its value; lists of other things are values themselves.
fn leaves(v: &Value, at: &str, out: &mut BTreeMap<String, Value>) {
    match v {
        Value::Object(map) if !map.is_empty() => {
            for (k, v) in map {
                leaves(v, &if at.is_empty() { k.clone() } else { format!("{at}.{k}") }, out);
            }
        }
        Value::Array(list) if !list.is_empty() && list.iter().all(|x| x.get("type").is_some()) => {
            for x in list {
                let mut rest = x.clone();
                let kind = rest.as_object_mut().and_then(|r| r.remove("type"));
                leaves(&rest, &format!("{at}[{}]", kind.as_ref().and_then(Value::as_str).unwrap_or_default()), out);
            }
        }
        Value::Null => {}
        Value::Object(map) if map.is_empty() => {}
        Value::Array(list) if list.is_empty() => {}
        other => {
            out.insert(at.to_owned(), other.clone());
        }
    }
}

type Entry<'a> = [&'a str; 3];

fn entries(o: Option<&Value>) -> Vec<(Entry<'_>, &Value)> {
    let list = o.and_then(|o| o["metadata"]["managedFields"].as_array()).into_iter().flatten();
    list.map(|e| (["manager", "operation", "subresource"].map(|k| e[k].as_str().unwrap_or_default()), e)).collect()
}

fn paths(v: &Value, at: &str, out: &mut Vec<String>) {
    for (k, v) in v.as_object().into_iter().flatten() {
        let path = format!("{at}/{k}");
        paths(v, &path, out);
        out.push(path);
    }
}

/// Who wrote: the field manager whose entry is new or owns more; one that only lost fields did not.
fn manager(old: Option<&Value>, new: &Value) -> String {
    let before = entries(old);
    let now = entries(Some(new));
    let was = |key: &Entry| before.iter().find(|(k, _)| k == key).map(|(_, e)| *e);
    let owned = |e: &Value| {
        let mut all = Vec::new();
        paths(&e["fieldsV1"], "", &mut all);
        all
    };
    let changed: Vec<_> = now.iter().filter(|(k, e)| was(k) != Some(e)).collect();
    let has_gained = |k: &Entry, e: &Value| {
        let Some(b) = was(k) else { return true };
        let b = owned(b);
        owned(e).iter().any(|p| !b.contains(p))
    };
    let gained: Vec<_> = changed.iter().filter(|(k, e)| has_gained(k, e)).collect();
    let touched: Vec<_> = changed
        .iter()
        .filter(|(k, e)| was(k).is_some_and(|b| b["time"] != e["time"] && owned(b) == owned(e)))
        .collect();
    let chosen: Vec<_> = if !gained.is_empty() {
        gained
    } else if !touched.is_empty() {
        touched
    } else {
        changed.iter().collect()
    };
    let mut best: Option<&(Entry, &Value)> = None;
    for c in chosen {
        if best.is_none_or(|b| c.1["time"].as_str() > b.1["time"].as_str()) {
            best = Some(c);
        }
    }
    best.map_or(String::new(), |(k, _)| k[0].to_owned())
}

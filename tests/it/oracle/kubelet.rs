//! Cases of what a kubelet makes of pods: every status that it writes, when, and its events.

use super::align::{self, Loose};
use super::console::{inputs, printed_differs};
use super::masks::Masks;
use super::play::Player;
use super::tables;
use kubarium::api::{KindId, Object};
use kubarium::apimachinery::{Str, Value};
use kubarium::cluster::Fault;
use kubarium::sim::{Duration, Time};
use serde_json::{Map, json};
use std::collections::BTreeMap;

/// What became of each pod, in order, with `at` in seconds since it was created.
pub(super) type Told = BTreeMap<String, Vec<Value>>;

pub(super) fn run(case: &Value) -> Vec<String> {
    let mut p = Player::new(case);
    let mut m = Masks::new(inputs(case));
    m.kubelet = true;
    let has_loose = case["loose"].as_object().is_some_and(|l| !l.is_empty());
    let (mut out, mut end) = (Vec::new(), 0.0);
    for (n, step) in case["steps"].as_array().into_iter().flatten().enumerate() {
        p.write_files(step);
        if let Some(line) = step["run"].as_str() {
            let printed = p.run(line);
            m.order = p.hashes();
            let mut got = [tables::stdout(&mut m, &printed.out, line), tables::stderr(&mut m, &printed.err)];
            let want = step["stdout"].as_str().unwrap_or_default();
            if has_loose && line.contains(" get ") && level(want) == level(&got[0]) {
                got[0] = want.to_owned();
            }
            printed_differs(n, step, line, &got, printed.code, &mut out);
        } else if let Some(time) = step["wait"].as_f64() {
            p.advance(Duration::from_secs_f64(time));
            end += time;
        } else if let Some(node) = step["node"].as_str() {
            let node = Str::from(node);
            p.fault(match step["kubelet"].as_str() {
                Some("restart") => Fault::KubeletRestart { node },
                other => Fault::NodeDown { node, down: other == Some("stop") },
            });
        }
    }
    let (statuses, events) = told(&p, &mut m);
    let empty = Vec::new();
    let of = |set: &str, pod: &str| case[set][pod].as_array().cloned().unwrap_or_default();
    let loose = |pod: &str| Loose { from: case["loose"][pod].as_f64(), end };
    for pod in case["statuses"].as_object().into_iter().flat_map(Map::keys) {
        let got = statuses.get(pod).unwrap_or(&empty);
        out.extend(align::versions(pod, &of("statuses", pod), got, loose(pod)));
    }
    for pod in statuses.keys().filter(|pod| case["statuses"].get(pod.as_str()).is_none()) {
        out.push(format!("{pod}: unexpected pod"));
    }
    let named = case["events"].as_object().into_iter().flat_map(Map::keys);
    let mut pods: Vec<&String> = named.chain(events.keys()).collect();
    pods.sort();
    pods.dedup();
    for pod in pods {
        out.extend(align::events(pod, &of("events", pod), events.get(pod).unwrap_or(&empty), loose(pod)));
    }
    out
}

/// In a back-off the STATUS cell depends on when it is asked.
fn level(text: &str) -> String {
    let mut text = text.to_owned();
    for word in ["CrashLoopBackOff", "PostStartHookError", "RunContainerError", "Completed", "Error"] {
        text = text.replace(word, "<back-off>");
    }
    for word in ["ErrImagePull", "ImagePullBackOff"] {
        text = text.replace(word, "<pull-back-off>");
    }
    text.split(' ').filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ")
}

fn pick(from: &Value, keys: &[&str], out: &mut Map<String, Value>) {
    for k in keys {
        let v = &from[*k];
        let is_empty = v.is_null()
            || v.as_str().is_some_and(str::is_empty)
            || v.as_object().is_some_and(Map::is_empty)
            || v.as_array().is_some_and(Vec::is_empty);
        if !is_empty {
            out.insert((*k).to_owned(), v.clone());
        }
    }
}

fn mask_message(m: &mut Masks, of: &mut Map<String, Value>) {
    if let Some(Value::String(s)) = of.get_mut("message") {
        *s = m.words(s);
    }
}

fn state(m: &mut Masks, s: &Value) -> Option<Value> {
    let (kind, of) = ["waiting", "running", "terminated"].iter().find_map(|k| Some((*k, s.get(*k)?)))?;
    let mut v = Map::new();
    pick(of, &["reason", "message", "signal"], &mut v);
    mask_message(m, &mut v);
    if kind == "terminated" {
        v.insert("exitCode".to_owned(), of.get("exitCode").cloned().unwrap_or(json!(0)));
    }
    Some(json!({kind: v}))
}

/// What a pod says of itself, without its times and ids.
fn version(m: &mut Masks, pod: &Object) -> Value {
    let pod = pod.encode();
    let (meta, st) = (&pod["metadata"], &pod["status"]);
    let mut out = Map::new();
    if meta.get("deletionTimestamp").is_some() {
        out.insert("deleting".to_owned(), meta["deletionGracePeriodSeconds"].clone());
    }
    pick(meta, &["generation"], &mut out);
    pick(st, &["phase", "reason", "message", "qosClass", "observedGeneration"], &mut out);
    mask_message(m, &mut out);
    for k in ["startTime", "hostIP", "podIP"] {
        if st.get(k).is_some() {
            out.insert(k.to_owned(), true.into());
        }
    }
    if st.get("podIP").is_some() && st["podIP"] == st["hostIP"] {
        out.insert("podIP".to_owned(), "host".into());
    }
    let mut conditions = Map::new();
    for c in st["conditions"].as_array().into_iter().flatten() {
        let mut v = Map::new();
        pick(c, &["status", "reason", "message", "observedGeneration"], &mut v);
        mask_message(m, &mut v);
        conditions.insert(c["type"].as_str().unwrap_or_default().to_owned(), Value::Object(v));
    }
    out.insert("conditions".to_owned(), Value::Object(conditions));
    for k in ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"] {
        let Some(list) = st[k].as_array().filter(|l| !l.is_empty()) else { continue };
        let mut all = Map::new();
        for c in list {
            let mut v = Map::new();
            for s in ["state", "lastState"] {
                if let Some(s_) = state(m, &c[s]) {
                    v.insert(s.to_owned(), s_);
                }
            }
            for x in ["ready", "started", "restartCount"] {
                if let Some(value) = c.get(x).filter(|v| !v.is_null()) {
                    v.insert(x.to_owned(), value.clone());
                }
            }
            all.insert(c["name"].as_str().unwrap_or_default().to_owned(), Value::Object(v));
        }
        out.insert(k.to_owned(), Value::Object(all));
    }
    Value::Object(out)
}

fn told(p: &Player, m: &mut Masks) -> (Told, Told) {
    let mut born: BTreeMap<String, (Time, String)> = BTreeMap::new();
    let (mut statuses, mut events) = (Told::new(), Told::new());
    for seen in p.log.iter().filter(|s| s.event.kind == KindId::Pod && &*s.event.key.namespace == "default") {
        let pod = seen.event.either();
        let uid = pod.meta().uid.to_string();
        if !born.contains_key(&uid) {
            let base = m.words(&pod.meta().name);
            let taken = |name: &str| born.values().any(|(_, n)| n == name);
            let name = (1..).map(|n| if n == 1 { base.clone() } else { format!("{base}#{n}") }).find(|n| !taken(n));
            born.insert(uid.clone(), (seen.at, name.unwrap_or_default()));
        }
        let (since, name) = &born[&uid];
        let version = if seen.event.new.is_none() { json!({"deleted": true}) } else { version(m, pod) };
        let list = statuses.entry(name.clone()).or_default();
        let mut last = list.last().cloned().unwrap_or_default();
        if let Some(map) = last.as_object_mut() {
            map.remove("at");
        }
        if last != version {
            let mut v = version;
            v["at"] = seconds(seen.at, *since).into();
            list.push(v);
        }
    }
    let mut made: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for seen in p.log.iter().filter(|s| s.event.kind == KindId::Event && &*s.event.key.namespace == "default") {
        let Some(new) = &seen.event.new else { continue };
        let e = new.encode();
        let text = |p: &str| e.pointer(p).and_then(Value::as_str).unwrap_or_default();
        // Some events name a pod without its uid.
        let by_name = || born.values().find(|(_, name)| name == text("/involvedObject/name"));
        if text("/involvedObject/kind") != "Pod" {
            continue;
        }
        let Some((since, pod)) = born.get(text("/involvedObject/uid")).or_else(by_name) else { continue };
        let count = e["count"].as_i64().or(e["series"]["count"].as_i64()).unwrap_or(1).max(1);
        let list = events.entry(pod.clone()).or_default();
        if let Some((pod, n)) = made.get(text("/metadata/uid")) {
            events.entry(pod.clone()).or_default()[*n]["count"] = count.into();
            continue;
        }
        made.insert(text("/metadata/uid").to_owned(), (pod.clone(), list.len()));
        let from = [text("/reportingComponent"), text("/source/component")].into_iter().find(|s| !s.is_empty());
        let mut one = json!({"at": seconds(seen.at, *since), "type": text("/type"), "reason": text("/reason"),
            "message": m.words(text("/message")), "from": from.unwrap_or_default(), "count": count});
        if !text("/involvedObject/fieldPath").is_empty() {
            one["of"] = text("/involvedObject/fieldPath").into();
        }
        list.push(one);
    }
    (statuses, events)
}

fn seconds(at: Time, since: Time) -> f64 {
    (at.since(since).as_secs_f64() * 10.0).round() / 10.0
}

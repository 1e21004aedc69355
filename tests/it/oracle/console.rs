//! Cases of what was printed, stored, scheduled and written.

use super::masks::Masks;
use super::objects::{differences, masked};
use super::play::Player;
use super::{tables, timeline};
use kubarium::api::KindId;
use kubarium::api::core::Event;
use kubarium::apimachinery::{Str, Value};
use kubarium::apiserver::wire::{Answer, Request};
use kubarium::cluster::Fault;
use kubarium::kubectl::Host;
use kubarium::kubectl::resource::{kind_of, path_of};
use kubarium::sim::Duration;
use serde_json::json;

/// The scheduler has tried a pod by then.
const TRIED: Duration = Duration::from_secs(5);

pub(super) fn inputs(case: &Value) -> String {
    let mut all = String::new();
    for step in case["steps"].as_array().into_iter().flatten() {
        all.push_str(step["run"].as_str().unwrap_or_default());
        all.push('\n');
        for text in step["files"].as_object().into_iter().flat_map(|f| f.values()) {
            all.push_str(text.as_str().unwrap_or_default());
            all.push('\n');
        }
    }
    all
}

pub(super) fn run(case: &Value) -> Vec<String> {
    let mut p = Player::new(case);
    let mut m = Masks::new(inputs(case));
    m.exact_nodes = case["nodes"] == "exact" || case["nodes"].is_u64();
    let mut out = Vec::new();
    for (n, step) in case["steps"].as_array().into_iter().flatten().enumerate() {
        p.write_files(step);
        let number = |k: &str| step[k].as_f64().map(Duration::from_secs_f64);
        if let Some(line) = step["run"].as_str() {
            let printed = p.run(line);
            m.order = p.hashes();
            let got = [tables::stdout(&mut m, &printed.out, line), tables::stderr(&mut m, &printed.err)];
            printed_differs(n, step, line, &got, printed.code, &mut out);
        } else if let Some(time) = number("wait").or_else(|| number("settle")) {
            p.advance(time);
        } else if let Some(node) = step["fault"]["node"].as_str() {
            p.fault(Fault::NodeDown { node: Str::from(node), down: step["fault"]["down"] == true });
        } else if let Some(object) = step["object"].as_str() {
            let got = stored(&mut p, &mut m, step, object);
            let mut found = Vec::new();
            differences(&step["equals"], &got, "", &mut found);
            out.extend(found.into_iter().map(|d| format!("step {n}, {object}: {d}")));
        } else if step["pods"].is_array() {
            p.advance(TRIED);
            for (pod, want) in step["equals"].as_object().into_iter().flatten() {
                let namespace = step["namespace"].as_str().unwrap_or("default");
                let got = scheduled(&p, &mut m, namespace, pod);
                if !same_pod(want, &got) {
                    out.push(format!("step {n}, pod {pod}: want {want}, got {got}"));
                }
            }
        }
    }
    if case["events"].is_array() {
        m.order = p.hashes();
        m.now = String::new();
        out.extend(timeline::differences(case, &p, &mut m));
    }
    out
}

/// The first line that differs of each part of an answer.
pub(super) fn printed_differs(n: usize, step: &Value, line: &str, got: &[String; 2], code: i32, out: &mut Vec<String>) {
    let code_wanted = step["exit"].as_i64().unwrap_or(0);
    if code_wanted != i64::from(code) {
        out.push(format!("step {n}, {line}: exit {code}, not {code_wanted}"));
    }
    for (name, got) in ["stdout", "stderr"].iter().zip(got) {
        let want = step[*name].as_str().unwrap_or_default();
        if want != got {
            let (mut a, mut b) = (want.split('\n'), got.split('\n'));
            let (a, b) = loop {
                match (a.next(), b.next()) {
                    (a, b) if a == b => {}
                    pair => break pair,
                }
            };
            out.push(format!("step {n}, {line}: {name}: want {a:?}, got {b:?}"));
        }
    }
}

fn stored(p: &mut Player, m: &mut Masks, step: &Value, object: &str) -> Value {
    let (kind, name) = object.split_once('/').unwrap_or((object, ""));
    let Some(kind) = kind_of(kind) else { return format!("no kind {kind}").into() };
    let namespace = step["namespace"].as_str().unwrap_or("default");
    let Answer::Whole(answer) = p.ask(Request::get(&path_of(kind, namespace, name))) else {
        return "the answer is a stream".into();
    };
    m.order = p.hashes();
    let mut value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if answer.code >= 400 {
        let text = |k: &str| value[k].as_str().unwrap_or_default();
        return format!("Error from server ({}): {}\n", text("reason"), text("message")).into();
    }
    if step["managed"] != true
        && let Some(meta) = value["metadata"].as_object_mut()
    {
        meta.remove("managedFields");
    }
    masked(m, &value)
}

/// What the scheduler decided about a pod.
fn scheduled(p: &Player, m: &mut Masks, namespace: &str, name: &str) -> Value {
    let pod = p.pods().find(|x| *x.metadata.name == *name && *x.metadata.namespace == *namespace);
    let mut out = json!({});
    let mut put = |key: &str, value: &str| {
        if !value.is_empty() {
            out[key] = value.into();
        }
    };
    let mut is_deleting = false;
    if let Some(pod) = pod {
        put("node", &pod.spec.node_name);
        put("nominated", &pod.status.nominated_node_name);
        is_deleting = pod.metadata.is_deleting();
        if let Some(c) = pod.status.conditions.iter().find(|c| *c.type_ == *"PodScheduled") {
            put("scheduled", &c.status);
            put("reason", &c.reason);
            put("message", &c.message);
        }
    }
    if is_deleting {
        out["deleting"] = true.into();
    }
    if pod.is_none() {
        out["gone"] = true.into();
    }
    let mut said: Vec<String> = Vec::new();
    for e in p.cluster.tables().list::<Event>(Some(namespace)) {
        if *e.involved_object.name != *name || tables::KUBELET_REASONS.contains(&&*e.reason) {
            continue;
        }
        said.push(format!("{} {}: {}", e.type_, e.reason, without_node(&m.words(&e.message))));
    }
    said.sort();
    said.dedup();
    if !said.is_empty() {
        out["events"] = json!(said);
    }
    out
}

fn without_node(message: &str) -> String {
    let mut words: Vec<&str> = message.split(' ').collect();
    for i in 1..words.len() {
        let is_node = words[i - 1] == "node" && i > 1 && words[i - 2] == "on"
            || words[i - 1] == "to" && i > 2 && words[i - 3] == "assigned";
        if is_node {
            words[i] = "<node>";
        }
    }
    words.join(" ")
}

fn same_pod(want: &Value, got: &Value) -> bool {
    let is_same = want.as_object().into_iter().flatten().all(|(k, v)| match k.as_str() {
        "node" | "nominated" => match v {
            Value::Array(any) => any.contains(&got[k]),
            one => one.as_str().is_some_and(|s| got[k].as_str().is_some_and(|g| s.contains(g))),
        },
        _ => got[k] == *v,
    });
    is_same && (!want["node"].is_null() || got["node"].is_null())
}

/// The kinds of `watch:`.
pub(super) fn watched(case: &Value) -> Vec<KindId> {
    case["watch"].as_array().into_iter().flatten().filter_map(|w| kind_of(w.as_str()?)).collect()
}

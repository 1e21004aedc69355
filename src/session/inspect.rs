//! One object, as the inspector shows it.

use super::protocol::{EventRow, Inspect, LogOf, Ref, Tab, Verdict};
use super::view::{event_row, ms};
use crate::api::apps::{Deployment, ReplicaSet};
use crate::api::core::{Event, Node, Pod};
use crate::api::{Key, KindId, Object};
use crate::apimachinery::{Arrange, Value, yaml};
use crate::apiserver::wire::LogSpec;
use crate::cluster::Cluster;
use crate::kubectl::describe::describe;

pub(super) fn kind_of(what: &Ref) -> Option<KindId> {
    KindId::ALL.iter().copied().find(|k| k.info().kind == what.kind)
}

pub(super) fn key_of(what: &Ref) -> Key {
    Key::new(what.namespace.as_str(), what.name.as_str())
}

pub(super) fn inspect(c: &Cluster, what: &Ref, tab: Tab, log: &LogOf) -> Inspect {
    let mut out = Inspect { what: what.clone(), tab, ..Inspect::default() };
    let Some(object) = kind_of(what).and_then(|k| c.tables().object(k, &key_of(what))) else { return out };
    out.found = true;
    if let Some(pod) = object.downcast::<Pod>() {
        let names = pod.spec.init_containers.iter().chain(&pod.spec.containers);
        out.containers = names.map(|x| x.name.to_string()).collect();
        if pod.spec.node_name.is_empty() && !pod.is_terminal() {
            out.scheduling = scheduling(c, &key_of(what));
        }
    }
    match tab {
        Tab::Summary => {
            out.rows = summary(c, object);
            out.conditions = conditions(object);
            out.events = events(c, what);
        }
        Tab::Yaml => out.text = manifest(object),
        Tab::Describe => out.text = describe(c.tables(), c.wall(), object),
        Tab::Events => out.events = events(c, what),
        Tab::Logs => {
            let container = out.containers.iter().find(|n| **n == log.container).or(out.containers.first());
            out.text = logs(c, what, container, log.previous);
        }
    }
    out
}

fn scheduling(c: &Cluster, pod: &Key) -> Vec<Verdict> {
    let Some(found) = c.explain(pod) else { return Vec::new() };
    let verdict = |node: &crate::cluster::NodeTrace| Verdict {
        node: node.node.to_string(),
        rejected_by: node.rejected_by.to_owned(),
        reasons: node.reasons.iter().map(ToString::to_string).collect(),
        scores: node.scores.iter().map(|s| (s.plugin.to_owned(), s.weight * s.normalized)).collect(),
        total: node.total,
        best: found.best.contains(&node.node),
    };
    found.nodes.iter().map(verdict).collect()
}

/// As `kubectl get -o yaml` prints it: managed fields are left out.
pub(super) fn manifest(object: &Object) -> String {
    let mut v = object.encode();
    if let Some(Value::Object(meta)) = v.get_mut("metadata") {
        meta.remove("managedFields");
    }
    yaml::print(&v)
}

fn events(c: &Cluster, what: &Ref) -> Vec<EventRow> {
    let namespace = if what.namespace.is_empty() { "default" } else { &what.namespace };
    let mut rows: Vec<EventRow> = c
        .tables()
        .list::<Event>(Some(namespace))
        .filter(|e| e.involved_object.kind == what.kind && e.involved_object.name == what.name)
        .map(|e| event_row(c, e))
        .collect();
    rows.arrange_by(|a, b| a.last_ms.total_cmp(&b.last_ms));
    rows
}

fn logs(c: &Cluster, what: &Ref, container: Option<&String>, previous: bool) -> String {
    let Some(container) = container else { return String::new() };
    let spec = LogSpec {
        pod: key_of(what),
        container: container.clone(),
        follow: false,
        previous,
        timestamps: false,
        tail_lines: Some(500),
        since_seconds: None,
        limit_bytes: None,
    };
    match c.logs(&spec) {
        Ok(lines) => lines.concat(),
        Err(e) => e.message().to_owned(),
    }
}

fn conditions(object: &Object) -> Vec<(String, String, String, String)> {
    let value = object.encode();
    let text = |v: &Value, k: &str| v[k].as_str().unwrap_or_default().to_owned();
    value
        .pointer("/status/conditions")
        .and_then(Value::as_array)
        .map(|l| {
            l.iter().map(|x| (text(x, "type"), text(x, "status"), text(x, "reason"), text(x, "message"))).collect()
        })
        .unwrap_or_default()
}

/// Pairs of a label's key and a value; the page has the words.
fn summary(c: &Cluster, object: &Object) -> Vec<(String, String)> {
    let meta = object.meta();
    let mut rows: Vec<(&str, String)> = Vec::new();
    if !meta.namespace.is_empty() {
        rows.push(("namespace", meta.namespace.to_string()));
    }
    rows.push(("created", format!("{:.1}", ms(c, meta.creation_timestamp) / 1000.0)));
    if let Some(owner) = meta.controller_of() {
        rows.push(("controlled-by", format!("{}/{}", owner.kind, owner.name)));
    }
    if let Some(pod) = object.downcast::<Pod>() {
        rows.push(("node", pod.spec.node_name.to_string()));
        rows.push(("ip", pod.status.pod_ip.to_string()));
        rows.push(("phase", pod.status.phase.to_string()));
        rows.push(("qos", pod.status.qos_class.to_string()));
        for x in &pod.spec.containers {
            rows.push(("image", format!("{}: {}", x.name, x.image)));
        }
    }
    if let Some(d) = object.downcast::<Deployment>() {
        let s = &d.status;
        let desired = d.spec.replicas.unwrap_or(1);
        rows.push(("replicas", format!("{}/{desired}", s.ready_replicas)));
        rows.push(("updated", s.updated_replicas.to_string()));
        rows.push(("available", s.available_replicas.to_string()));
        if let Some(r) = &d.spec.strategy.rolling_update {
            let show = |v: &Option<crate::apimachinery::int_or_string::IntOrString>| {
                v.as_ref().map(|v| format!("{v}")).unwrap_or_default()
            };
            rows.push(("max-surge", show(&r.max_surge)));
            rows.push(("max-unavailable", show(&r.max_unavailable)));
        }
    }
    if let Some(rs) = object.downcast::<ReplicaSet>() {
        rows.push(("replicas", format!("{}/{}", rs.status.ready_replicas, rs.spec.replicas.unwrap_or(1))));
    }
    if let Some(n) = object.downcast::<Node>() {
        rows.push(("version", n.status.node_info.kubelet_version.to_string()));
        rows.push(("pod-cidr", n.spec.pod_cidr.to_string()));
    }
    for (k, v) in meta.labels.iter() {
        rows.push(("label", format!("{k}={v}")));
    }
    rows.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
}

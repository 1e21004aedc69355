//! What the page draws, as deltas: rows of what changed since the last frame.

use super::moments::moments;
use super::protocol::{Bounds, EventRow, NodeRow, OtherRow, PodRow, PodState, Ref, View, WorkloadRow};
use crate::api::apps::{Deployment, ReplicaSet};
use crate::api::core::{Event, Namespace, Node, Pod};
use crate::api::{Key, Kind, KindId, Object, PrintCx};
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::time::Time as Wall;
use crate::apimachinery::{Map, OrdMap, OrdSet, Str, Value};
use crate::cluster::Cluster;

/// Up to which revision the page knows.
#[derive(Default)]
pub(super) struct Viewer {
    rev: u64,
    /// Up to where in the trace moments were told.
    seq: u64,
    /// Nodes whose machine was last shown as silent.
    down: OrdSet<Str>,
}

/// Above so many pods, each of their moments costs more than anybody can see of it.
const MOMENTS_TOLD: usize = 500;
/// Above so many nodes, heartbeats alone are not worth a row.
const HEARTBEATS_SHOWN: usize = 50;

pub(super) fn ms(c: &Cluster, wall: Wall) -> f64 {
    if wall == Wall::default() { -1.0 } else { (wall.unix() - c.config.epoch) as f64 * 1000.0 }
}

impl Viewer {
    /// Everything, for a page that knows nothing.
    pub(super) fn whole(&mut self, c: &Cluster) -> View {
        self.rev = c.server.store.rev();
        self.seq = c.trace.last_seq();
        let mut view = View { reset: true, ..View::default() };
        for kind in KindId::ALL {
            for (_, object) in c.tables().objects(*kind, None) {
                self.row(c, object, &mut view);
            }
        }
        let ms = c.now().0 as f64 / 1e6;
        view.bounds = c.tables().list::<Deployment>(None).map(|d| bounds(d, ms)).collect();
        view
    }

    pub(super) fn delta(&mut self, c: &Cluster) -> View {
        let Some(events) = c.server.store.since(self.rev) else { return self.whole(c) };
        let mut changed: OrdMap<(KindId, Key), Option<Object>> = OrdMap::new();
        let mut nodes: OrdSet<Str> = OrdSet::new();
        let few = c.tables().count(KindId::Node) <= HEARTBEATS_SHOWN;
        for e in events {
            if e.kind == KindId::Pod {
                for pod in [e.new_as::<Pod>(), e.old_as::<Pod>()].into_iter().flatten() {
                    nodes.insert(pod.spec.node_name.clone());
                }
            }
            if e.kind == KindId::Lease {
                if few && e.key.namespace == "kube-node-lease" {
                    nodes.insert(e.key.name.clone());
                }
                continue;
            }
            if let Some(event) = e.new_as::<Event>().filter(|e| e.involved_object.kind == "Pod") {
                // A pull or a back-off that began shows on the tile before the pod's status says so.
                let about = &event.involved_object;
                let key = Key::new(about.namespace.clone(), about.name.clone());
                changed.or_insert_with((KindId::Pod, key), || None);
            }
            let gone = e.new.is_none().then(|| e.old.clone()).flatten();
            changed.insert((e.kind, e.key.clone()), gone);
        }
        for name in c.node_names() {
            let down = c.kubelet(name).is_some_and(crate::kubelet::Kubelet::is_down);
            if down != self.down.contains(name) {
                nodes.insert(name.clone());
                if down {
                    self.down.insert(name.clone());
                } else {
                    self.down.remove(name);
                }
            }
        }
        let sampled = c.tables().count(KindId::Pod) > MOMENTS_TOLD;
        let (moments, bounds) = moments(c, self.rev, self.seq, !sampled);
        self.rev = c.server.store.rev();
        self.seq = c.trace.last_seq();
        let mut view = View { moments, bounds, sampled, ..View::default() };
        for ((kind, key), gone) in &changed {
            match gone {
                Some(object) => Viewer::gone(object, &mut view),
                None if *kind == KindId::Node => {
                    nodes.insert(key.name.clone());
                }
                None => {
                    if let Some(object) = c.tables().object(*kind, key) {
                        self.row(c, object, &mut view);
                    }
                }
            }
        }
        for name in nodes.iter() {
            if let Some(object) = c.tables().object(KindId::Node, &Key::new("", name.clone())) {
                self.row(c, object, &mut view);
            }
        }
        view
    }

    fn gone(object: &Object, view: &mut View) {
        let uid = object.meta().uid.to_string();
        match object.id() {
            KindId::Node => view.nodes_gone.push(object.meta().name.to_string()),
            KindId::Pod => view.pods_gone.push(uid),
            KindId::Deployment | KindId::ReplicaSet => view.workloads_gone.push(uid),
            KindId::Event => view.events_gone.push(uid),
            _ => view.others_gone.push(uid),
        }
    }

    fn row(&self, c: &Cluster, object: &Object, view: &mut View) {
        match object.id() {
            KindId::Node => view.nodes.push(node_row(c, object.downcast::<Node>().expect("its kind"))),
            KindId::Pod => view.pods.push(pod_row(c, object.downcast::<Pod>().expect("its kind"))),
            KindId::Deployment => {
                view.workloads.push(deployment_row(c, object.downcast::<Deployment>().expect("its kind")));
            }
            KindId::ReplicaSet => {
                view.workloads.push(replica_set_row(c, object.downcast::<ReplicaSet>().expect("its kind")));
            }
            KindId::Event => view.events.push(event_row(c, object.downcast::<Event>().expect("its kind"))),
            KindId::Lease => {}
            _ => {
                if let Some(n) = object.downcast::<Namespace>() {
                    view.namespaces.push(n.metadata.name.to_string());
                }
                let meta = object.meta();
                view.others.push(OtherRow {
                    uid: meta.uid.to_string(),
                    kind: object.kind().to_owned(),
                    namespace: meta.namespace.to_string(),
                    name: meta.name.to_string(),
                    owner_uid: owner_uid(object),
                    created_ms: ms(c, meta.creation_timestamp),
                });
            }
        }
    }
}

fn owner_uid(object: &Object) -> String {
    object.controller_of().map(|r| r.uid.to_string()).unwrap_or_default()
}

fn pairs(map: &Map) -> Vec<(String, String)> {
    map.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect()
}

pub(super) fn cell(cells: &[Value], at: usize) -> String {
    match cells.get(at) {
        Some(Value::String(s)) => s.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// Sum of the containers' requests of one resource.
fn requested(pod: &Pod, resource: &str, read: fn(&Quantity) -> i64) -> i64 {
    pod.spec.containers.iter().filter_map(|c| c.resources.requests.get(resource)).map(read).sum()
}

fn node_row(c: &Cluster, node: &Node) -> NodeRow {
    let status = &node.status;
    let amount = |name: &str| status.allocatable.get(name);
    let lease =
        c.tables().get::<crate::api::coordination::Lease>(&Key::new("kube-node-lease", node.metadata.name.clone()));
    let ready = status.conditions.iter().find(|x| x.type_ == "Ready").map(|x| x.status.to_string());
    let pods: Vec<_> = c.tables().pods_on(&node.metadata.name).filter(|p| !p.is_terminal()).collect();
    let cells = node.row(&PrintCx { now: c.wall() });
    NodeRow {
        name: node.metadata.name.to_string(),
        ready: ready.unwrap_or_else(|| "Unknown".to_owned()),
        status: cell(&cells, 1),
        unschedulable: node.spec.unschedulable,
        taints: node
            .spec
            .taints
            .iter()
            .map(|t| {
                let value = if t.value.is_empty() { String::new() } else { format!("={}", t.value) };
                format!("{}{value}:{}", t.key, t.effect)
            })
            .collect(),
        labels: pairs(&node.metadata.labels),
        cpu_milli: amount("cpu").map_or(0, Quantity::milli_value),
        memory_bytes: amount("memory").map_or(0, Quantity::value),
        pods: amount("pods").map_or(0, Quantity::value),
        cpu_requested_milli: pods.iter().map(|p| requested(p, "cpu", Quantity::milli_value)).sum(),
        memory_requested_bytes: pods.iter().map(|p| requested(p, "memory", Quantity::value)).sum(),
        heartbeat_ms: lease
            .and_then(|l| l.spec.renew_time)
            .map_or(-1.0, |t| (t.unix_micros() - c.config.epoch * 1_000_000) as f64 / 1000.0),
        down: c.kubelet(&node.metadata.name).is_some_and(crate::kubelet::Kubelet::is_down),
        internal_ip: status
            .addresses
            .iter()
            .find(|a| a.type_ == "InternalIP")
            .map(|a| a.address.to_string())
            .unwrap_or_default(),
        version: status.node_info.kubelet_version.to_string(),
    }
}

/// How the tile of a pod with that STATUS is drawn.
pub(super) fn state(pod: &Pod, status: &str) -> PodState {
    match status {
        "Terminating" => PodState::Terminating,
        "Unknown" => PodState::Unknown,
        "Completed" | "Succeeded" => PodState::Completed,
        "Pending" | "SchedulingGated" if pod.spec.node_name.is_empty() => PodState::Pending,
        "Pending" | "ContainerCreating" | "PodInitializing" => PodState::Creating,
        "Running" if pod.is_ready() => PodState::Ready,
        "Running" => PodState::NotReady,
        s if s.ends_with("BackOff") => PodState::BackOff,
        s if s.starts_with("Init:") && s.ends_with(|c: char| c.is_ascii_digit()) => PodState::Creating,
        _ => PodState::Error,
    }
}

fn pod_row(c: &Cluster, pod: &Pod) -> PodRow {
    let cells = pod.row(&PrintCx { now: c.wall() });
    let status = cell(&cells, 2);
    let mut state = state(pod, &status);
    let kubelet = c.kubelet(&pod.spec.node_name);
    if state == PodState::Creating && kubelet.is_some_and(|k| k.is_pulling(&pod.metadata.key())) {
        state = PodState::Pulling;
    }
    let owner = pod.metadata.controller_of();
    let until = match pod.metadata.deletion_timestamp {
        Some(at) => ms(c, at),
        None => {
            kubelet.and_then(|k| k.waits_until(&pod.metadata.key(), c.now())).map_or(-1.0, |t| t.as_secs_f64() * 1000.0)
        }
    };
    let letter = |type_: &str| match pod.status.condition(type_).map(|x| x.status.as_str()) {
        Some("True") => 'T',
        Some("False") => 'F',
        Some(_) => 'U',
        None => '-',
    };
    let scheduled = pod.status.condition("PodScheduled").filter(|x| x.status == "False");
    PodRow {
        uid: pod.metadata.uid.to_string(),
        namespace: pod.metadata.namespace.to_string(),
        name: pod.metadata.name.to_string(),
        node: pod.spec.node_name.to_string(),
        status,
        state,
        ready: pod.status.container_statuses.iter().filter(|s| s.ready).count() as u32,
        containers: pod.spec.containers.len() as u32,
        restarts: pod.status.container_statuses.iter().map(|s| s.restart_count.max(0) as u32).sum(),
        image: pod.spec.containers.first().map(|x| x.image.to_string()).unwrap_or_default(),
        owner_uid: owner.map(|r| r.uid.to_string()).unwrap_or_default(),
        owner: owner.map(|r| format!("{}/{}", r.kind, r.name)).unwrap_or_default(),
        template_hash: pod.metadata.labels.get("pod-template-hash").map(Str::to_string).unwrap_or_default(),
        created_ms: ms(c, pod.metadata.creation_timestamp),
        until_ms: until,
        ip: pod.status.pod_ip.to_string(),
        conditions: ["PodScheduled", "Initialized", "ContainersReady", "Ready"].into_iter().map(letter).collect(),
        message: scheduled.map(|x| x.message.to_string()).unwrap_or_default(),
        labels: pairs(&pod.metadata.labels),
    }
}

const REVISION: &str = "deployment.kubernetes.io/revision";

fn revision(map: &Map) -> u64 {
    map.get(REVISION).and_then(|r| r.parse().ok()).unwrap_or(0)
}

/// What a Deployment's rollouts keep between, from `ms` on.
pub(super) fn bounds(d: &Deployment, ms: f64) -> Bounds {
    let desired = d.spec.replicas.unwrap_or(1);
    let rolling = d.spec.strategy.rolling_update.as_ref();
    let scaled = |v: Option<&crate::apimachinery::int_or_string::IntOrString>, up: bool| {
        v.and_then(|v| v.scaled(i64::from(desired), up).ok()).unwrap_or(0) as i32
    };
    let surge = scaled(rolling.and_then(|r| r.max_surge.as_ref()), true);
    let mut unavailable = scaled(rolling.and_then(|r| r.max_unavailable.as_ref()), false);
    if surge == 0 && unavailable == 0 {
        // Both zero would never move: upstream takes one away then.
        unavailable = 1;
    }
    Bounds { uid: d.metadata.uid.to_string(), ms, desired, max_surge: surge, max_unavailable: unavailable.min(desired) }
}

fn deployment_row(c: &Cluster, d: &Deployment) -> WorkloadRow {
    let desired = d.spec.replicas.unwrap_or(1);
    let limits = bounds(d, 0.0);
    WorkloadRow {
        uid: d.metadata.uid.to_string(),
        kind: "Deployment".to_owned(),
        namespace: d.metadata.namespace.to_string(),
        name: d.metadata.name.to_string(),
        owner_uid: d.metadata.controller_of().map(|r| r.uid.to_string()).unwrap_or_default(),
        desired,
        current: d.status.replicas,
        updated: d.status.updated_replicas,
        ready: d.status.ready_replicas,
        available: d.status.available_replicas,
        generation: d.metadata.generation,
        observed_generation: d.status.observed_generation,
        revision: revision(&d.metadata.annotations),
        template_hash: String::new(),
        image: d.spec.template.spec.containers.first().map(|x| x.image.to_string()).unwrap_or_default(),
        paused: d.spec.paused,
        strategy: d.spec.strategy.type_.to_string(),
        max_surge: limits.max_surge,
        max_unavailable: limits.max_unavailable,
        conditions: d
            .status
            .conditions
            .iter()
            .map(|x| (x.type_.to_string(), x.status.to_string(), x.reason.to_string(), x.message.to_string()))
            .collect(),
        created_ms: ms(c, d.metadata.creation_timestamp),
    }
}

fn replica_set_row(c: &Cluster, rs: &ReplicaSet) -> WorkloadRow {
    WorkloadRow {
        uid: rs.metadata.uid.to_string(),
        kind: "ReplicaSet".to_owned(),
        namespace: rs.metadata.namespace.to_string(),
        name: rs.metadata.name.to_string(),
        owner_uid: rs.metadata.controller_of().map(|r| r.uid.to_string()).unwrap_or_default(),
        desired: rs.spec.replicas.unwrap_or(1),
        current: rs.status.replicas,
        updated: rs.status.fully_labeled_replicas,
        ready: rs.status.ready_replicas,
        available: rs.status.available_replicas,
        generation: rs.metadata.generation,
        observed_generation: rs.status.observed_generation,
        revision: revision(&rs.metadata.annotations),
        template_hash: rs.metadata.labels.get("pod-template-hash").map(Str::to_string).unwrap_or_default(),
        image: rs.spec.template.spec.containers.first().map(|x| x.image.to_string()).unwrap_or_default(),
        conditions: rs
            .status
            .conditions
            .iter()
            .map(|x| (x.type_.to_string(), x.status.to_string(), x.reason.to_string(), x.message.to_string()))
            .collect(),
        created_ms: ms(c, rs.metadata.creation_timestamp),
        ..WorkloadRow::default()
    }
}

pub(super) fn event_row(c: &Cluster, e: &Event) -> EventRow {
    let source = if e.source.component.is_empty() { &e.reporting_component } else { &e.source.component };
    let host = if e.source.host.is_empty() { String::new() } else { format!(", {}", e.source.host) };
    let last = if e.last_timestamp == Wall::default() { e.metadata.creation_timestamp } else { e.last_timestamp };
    EventRow {
        uid: e.metadata.uid.to_string(),
        about: Ref {
            kind: e.involved_object.kind.to_string(),
            namespace: e.involved_object.namespace.to_string(),
            name: e.involved_object.name.to_string(),
        },
        kind: e.type_.to_string(),
        reason: e.reason.to_string(),
        message: e.message.to_string(),
        source: format!("{source}{host}"),
        count: e.count.max(1),
        last_ms: ms(c, last),
    }
}

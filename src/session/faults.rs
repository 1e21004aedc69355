//! Faults as the page names them, and which of them last.

use super::protocol::{Fault, FaultRow};
use crate::api::Key;
use crate::apimachinery::Str;
use crate::cluster::{self, Cluster, History, Input};

pub(super) fn of_page(fault: &Fault, c: &Cluster) -> cluster::Fault {
    let text = |s: &String| Str::from(s.as_str());
    match fault {
        Fault::NodeDown { node, down } => cluster::Fault::NodeDown { node: text(node), down: *down },
        Fault::KubeletRestart { node } => cluster::Fault::KubeletRestart { node: text(node) },
        Fault::RemoveNode { node } => cluster::Fault::RemoveNode { node: text(node) },
        Fault::AddNode => {
            let free = |n: &usize| c.kubelet(&format!("node-{n}")).is_none();
            cluster::Fault::AddNode(cluster::machine((1..).find(free).expect("there are numbers enough")))
        }
        Fault::ContainerExit { namespace, pod, container, code } => cluster::Fault::ContainerExit {
            pod: Key::new(namespace.as_str(), pod.as_str()),
            container: text(container),
            code: *code,
        },
        Fault::ProbeFails { namespace, pod, probe, failing } => cluster::Fault::ProbeFails {
            pod: Key::new(namespace.as_str(), pod.as_str()),
            probe: text(probe),
            failing: *failing,
        },
        Fault::RegistryDown { down } => cluster::Fault::RegistryDown { down: *down },
        Fault::SlowPulls { times } => cluster::Fault::SlowPulls { times: *times },
    }
}

pub(super) fn to_page(fault: &cluster::Fault) -> Fault {
    match fault {
        cluster::Fault::NodeDown { node, down } => Fault::NodeDown { node: node.to_string(), down: *down },
        cluster::Fault::KubeletRestart { node } => Fault::KubeletRestart { node: node.to_string() },
        cluster::Fault::RemoveNode { node } => Fault::RemoveNode { node: node.to_string() },
        cluster::Fault::AddNode(_) => Fault::AddNode,
        cluster::Fault::ContainerExit { pod, container, code } => Fault::ContainerExit {
            namespace: pod.namespace.to_string(),
            pod: pod.name.to_string(),
            container: container.to_string(),
            code: *code,
        },
        cluster::Fault::ProbeFails { pod, probe, failing } => Fault::ProbeFails {
            namespace: pod.namespace.to_string(),
            pod: pod.name.to_string(),
            probe: probe.to_string(),
            failing: *failing,
        },
        cluster::Fault::RegistryDown { down } => Fault::RegistryDown { down: *down },
        cluster::Fault::SlowPulls { times } => Fault::SlowPulls { times: *times },
    }
}

/// For a fault that lasts: whether it begins now, and what ends it; None: it is over at once.
fn lasting(fault: &Fault) -> Option<(bool, Fault)> {
    Some(match fault {
        Fault::NodeDown { node, down } => (*down, Fault::NodeDown { node: node.clone(), down: false }),
        Fault::ProbeFails { namespace, pod, probe, failing } => {
            let (namespace, pod, probe) = (namespace.clone(), pod.clone(), probe.clone());
            (*failing, Fault::ProbeFails { namespace, pod, probe, failing: false })
        }
        Fault::RegistryDown { down } => (*down, Fault::RegistryDown { down: false }),
        Fault::SlowPulls { times } => (*times > 1, Fault::SlowPulls { times: 1 }),
        _ => return None,
    })
}

/// What befell the cluster up to now and lasts, or lasted until it was healed.
pub(super) fn rows(history: &History) -> Vec<FaultRow> {
    let mut rows: Vec<FaultRow> = Vec::new();
    for input in history.past_inputs() {
        let Input::Fault(fault) = &input.input else { continue };
        let ms = input.at.0 as f64 / 1e6;
        let fault = to_page(fault);
        let lasts = lasting(&fault);
        for row in rows.iter_mut().filter(|r| r.until_ms < 0.0) {
            let node_gone = matches!((&row.fault, &fault),
                (Fault::NodeDown { node, .. }, Fault::RemoveNode { node: gone }) if node == gone);
            if node_gone || lasts.as_ref().is_some_and(|(_, heal)| *heal == row.heal) {
                row.until_ms = ms;
            }
        }
        if let Some((true, heal)) = lasts {
            rows.push(FaultRow { fault, since_ms: ms, until_ms: -1.0, heal });
        }
    }
    let now = history.cluster().now().0 as f64 / 1e6;
    for row in rows.iter_mut().filter(|r| r.until_ms < 0.0) {
        // Nobody can heal a pod that is gone.
        if let Fault::ProbeFails { namespace, pod, .. } = &row.fault
            && history
                .cluster()
                .tables()
                .get::<crate::api::core::Pod>(&Key::new(namespace.as_str(), pod.as_str()))
                .is_none()
        {
            row.until_ms = now;
        }
    }
    rows
}

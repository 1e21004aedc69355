//! Pods and nodes in one line, for tests.
//!
//! Upstream: pkg/scheduler/testing/wrappers.go
//! Differs: nothing known.

use crate::api::core::{Container, Node, NodeStatus, Pod};
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::{Map, Str};
use std::rc::Rc;

pub(super) fn list(resources: &[(&str, &str)]) -> Map<Quantity> {
    resources.iter().map(|(name, q)| (*name, q.parse::<Quantity>().expect("a quantity"))).collect()
}

pub(super) fn labels(pairs: &[(&str, &str)]) -> Map {
    pairs.iter().map(|(k, v)| (*k, Str::from(*v))).collect()
}

pub(super) fn container(name: &str, requests: &[(&str, &str)]) -> Container {
    let mut c = Container { name: Str::from(name), image: Str::literal("pause:3"), ..Container::default() };
    c.resources.requests = list(requests);
    c
}

/// A pod of the default scheduler with one container.
pub(super) fn pod(name: &str, requests: &[(&str, &str)]) -> Pod {
    let mut p = Pod::default();
    p.metadata.name = Str::from(name);
    p.metadata.namespace = Str::literal("default");
    p.metadata.uid = Str::from(format!("uid-{name}"));
    let spec = Rc::make_mut(&mut p.spec);
    spec.scheduler_name = Str::literal("default-scheduler");
    spec.containers = vec![container("main", requests)].into();
    p
}

/// 4 cpu, 8Gi of memory, 110 pods.
pub(super) fn node(name: &str, node_labels: &[(&str, &str)]) -> Node {
    let mut n = Node::default();
    n.metadata.name = Str::from(name);
    n.metadata.labels = labels(node_labels);
    n.metadata.labels.insert("kubernetes.io/hostname", Str::from(name));
    let allocatable = list(&[("cpu", "4"), ("memory", "8Gi"), ("pods", "110"), ("ephemeral-storage", "100Gi")]);
    n.status = Rc::new(NodeStatus { allocatable, ..NodeStatus::default() });
    n
}

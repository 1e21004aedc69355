//! One node as the scheduler sees it: what it has, what is taken, and who runs there.
//!
//! Upstream: pkg/scheduler/framework/types.go (NodeInfo)
//! Differs: host ports are counted, so of two pods that use one port the first that goes does not free it.

use super::class::{HostPort, PodInfo};
use super::resource::Resource;
use crate::api::core::Node;
use crate::apimachinery::{Arrange, Str};
use std::rc::Rc;

#[derive(Clone, Debug)]
pub struct NodeInfo {
    /// None: pods are bound to it, but the node itself has not been seen, or is gone.
    pub node: Option<Rc<Node>>,
    pub name: Str,
    /// Where it stands in every column that is kept by node.
    pub slot: usize,
    /// Changes with everything that a filter or a score may read here.
    pub generation: u64,
    pub allocatable: Resource,
    pub requested: Resource,
    pub non_zero_cpu: i64,
    pub non_zero_memory: i64,
    pub pods: Vec<PodInfo>,
    pub ports: Vec<HostPort>,
    /// The images that it holds, by name, sorted.
    pub images: Vec<Str>,
}

impl NodeInfo {
    pub fn new(name: Str, slot: usize) -> NodeInfo {
        NodeInfo {
            node: None,
            name,
            slot,
            generation: 0,
            allocatable: Resource::default(),
            requested: Resource::default(),
            non_zero_cpu: 0,
            non_zero_memory: 0,
            pods: Vec::new(),
            ports: Vec::new(),
            images: Vec::new(),
        }
    }

    /// Of a node that is there.
    pub fn node(&self) -> &Rc<Node> {
        self.node.as_ref().expect("only nodes that were seen are listed")
    }

    pub fn label(&self, key: &str) -> Option<&Str> {
        self.node().metadata.labels.get(key)
    }

    pub fn add_pod(&mut self, pod: PodInfo) {
        self.account(&pod, 1);
        self.ports.extend(pod.class.ports.iter().cloned());
        self.pods.push(pod);
    }

    pub fn remove_pod(&mut self, uid: &str) -> Option<PodInfo> {
        let at = self.pods.iter().position(|p| p.uid() == uid)?;
        let pod = self.pods.swap_remove(at);
        self.account(&pod, -1);
        for port in &pod.class.ports {
            if let Some(at) = self.ports.iter().position(|p| p == port) {
                self.ports.swap_remove(at);
            }
        }
        Some(pod)
    }

    fn account(&mut self, pod: &PodInfo, sign: i64) {
        let requests = &pod.class.requests;
        self.requested.add(&requests.asked, sign);
        self.non_zero_cpu += sign * requests.non_zero_cpu;
        self.non_zero_memory += sign * requests.non_zero_memory;
    }

    /// Equal but for generations and for the order in which pods came.
    pub fn agrees_with(&self, other: &NodeInfo) -> bool {
        let sorted = |n: &NodeInfo| {
            let mut uids: Vec<Str> = n.pods.iter().map(|p| p.uid().clone()).collect();
            let mut ports = n.ports.clone();
            uids.arrange();
            ports.arrange();
            (uids, ports)
        };
        self.node == other.node
            && self.allocatable == other.allocatable
            && self.requested == other.requested
            && self.non_zero_cpu == other.non_zero_cpu
            && self.non_zero_memory == other.non_zero_memory
            && self.images == other.images
            && sorted(self) == sorted(other)
    }
}

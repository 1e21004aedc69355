//! What comes from outside: requests to the API, faults of machines.

use super::{Cluster, Connect};
use crate::apimachinery::Str;
use crate::apiserver::wire::{Answer, Request};
use crate::kubelet::Machine;
use std::rc::Rc;

#[derive(Clone, Debug)]
pub enum Input {
    Request(Rc<Request>),
    Fault(Fault),
    Connect(Connect),
}

#[derive(Clone, PartialEq, Debug)]
pub enum Fault {
    /// The node's kubelet falls silent, or comes back.
    NodeDown {
        node: Str,
        down: bool,
    },
    KubeletRestart {
        node: Str,
    },
    AddNode(Machine),
    /// The machine is gone for good; its Node object stays until somebody deletes it.
    RemoveNode {
        node: Str,
    },
}

impl Fault {
    /// The machine that it befalls.
    pub fn node(&self) -> &Str {
        match self {
            Fault::NodeDown { node, .. } | Fault::KubeletRestart { node } | Fault::RemoveNode { node } => node,
            Fault::AddNode(machine) => &machine.name,
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fault::NodeDown { node, down: true } => write!(f, "{node} falls silent"),
            Fault::NodeDown { node, down: false } => write!(f, "{node} comes back"),
            Fault::KubeletRestart { node } => write!(f, "the kubelet of {node} restarts"),
            Fault::AddNode(m) => write!(f, "{} is added", m.name),
            Fault::RemoveNode { node } => write!(f, "{node} is removed"),
        }
    }
}

impl Cluster {
    /// Something from outside happens now; requests have an answer.
    pub fn input(&mut self, input: &Input) -> Option<Answer> {
        match input {
            Input::Request(request) => Some(self.request(request)),
            Input::Fault(fault) => {
                self.fault(fault);
                self.publish();
                None
            }
            Input::Connect(connect) => {
                // What came of it is for whoever did it the first time.
                self.connect(connect).ok();
                None
            }
        }
    }
}

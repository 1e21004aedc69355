//! What comes from outside: requests to the API, faults of machines.

use super::{Cluster, Connect, machine};
use crate::api::Key;
use crate::apimachinery::{Str, Value};
use crate::apiserver::wire::{Answer, Request};
use crate::kubelet::Machine;
use serde_json::json;
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
    /// A container's first process ends by itself; no name means the first container that runs.
    ContainerExit {
        pod: Key,
        container: Str,
        code: i32,
    },
    /// The pod's probes of one kind (`Readiness`, `Liveness`, `Startup`) fail, or find what is there again.
    ProbeFails {
        pod: Key,
        probe: Str,
        failing: bool,
    },
    /// The registry answers every pull with 503, or as it should.
    RegistryDown {
        down: bool,
    },
    /// Pulls that begin take so many times as long.
    SlowPulls {
        times: u32,
    },
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fault::NodeDown { node, down: true } => write!(f, "{node} falls silent"),
            Fault::NodeDown { node, down: false } => write!(f, "{node} comes back"),
            Fault::KubeletRestart { node } => write!(f, "the kubelet of {node} restarts"),
            Fault::AddNode(m) => write!(f, "{} is added", m.name),
            Fault::RemoveNode { node } => write!(f, "{node} is removed"),
            Fault::ContainerExit { pod, container, code } if container.is_empty() => {
                write!(f, "a container of {} ends with code {code}", pod.name)
            }
            Fault::ContainerExit { pod, container, code } => {
                write!(f, "container {container} of {} ends with code {code}", pod.name)
            }
            Fault::ProbeFails { pod, probe, failing: true } => write!(f, "{probe} probes of {} fail", pod.name),
            Fault::ProbeFails { pod, probe, failing: false } => write!(f, "{probe} probes of {} are healed", pod.name),
            Fault::RegistryDown { down: true } => write!(f, "the registry is down"),
            Fault::RegistryDown { down: false } => write!(f, "the registry is back"),
            Fault::SlowPulls { times: 0 | 1 } => write!(f, "image pulls are as fast as before"),
            Fault::SlowPulls { times } => write!(f, "image pulls take {times} times as long"),
        }
    }
}

impl Fault {
    /// As reports and `/sim/v1/inputs` write it.
    pub fn to_value(&self) -> Value {
        let name = |pod: &Key| format!("{}/{}", pod.namespace, pod.name);
        match self {
            Fault::NodeDown { node, down } => json!({"node": node.as_str(), "down": down}),
            Fault::KubeletRestart { node } => json!({"node": node.as_str(), "restart": true}),
            Fault::RemoveNode { node } => json!({"node": node.as_str(), "remove": true}),
            Fault::AddNode(m) => json!({"node": m.name.as_str(), "add": true}),
            Fault::ContainerExit { pod, container, code } => {
                json!({"pod": name(pod), "container": container.as_str(), "exit": code})
            }
            Fault::ProbeFails { pod, probe, failing } => {
                json!({"pod": name(pod), "probe": probe.as_str(), "failing": failing})
            }
            Fault::RegistryDown { down } => json!({"registry": {"down": down}}),
            Fault::SlowPulls { times } => json!({"registry": {"times": times}}),
        }
    }

    /// None: it is none of ours.
    pub fn of_value(v: &Value) -> Option<Fault> {
        if let Some(node) = v["node"].as_str().map(Str::from) {
            return if let Some(down) = v["down"].as_bool() {
                Some(Fault::NodeDown { node, down })
            } else if v["restart"] == true {
                Some(Fault::KubeletRestart { node })
            } else if v["add"] == true {
                Some(Fault::AddNode(machine(node.strip_prefix("node-")?.parse().ok()?)))
            } else if v["remove"] == true {
                Some(Fault::RemoveNode { node })
            } else {
                None
            };
        }
        if let Some(pod) = v["pod"].as_str() {
            let (namespace, name) = pod.split_once('/').unwrap_or(("default", pod));
            let pod = Key::new(namespace, name);
            if let Some(code) = v["exit"].as_i64() {
                let container = Str::from(v["container"].as_str().unwrap_or_default());
                return Some(Fault::ContainerExit { pod, container, code: i32::try_from(code).ok()? });
            }
            return Some(Fault::ProbeFails {
                pod,
                probe: Str::from(v["probe"].as_str()?),
                failing: v["failing"] == true,
            });
        }
        let registry = v.get("registry")?;
        match (registry["down"].as_bool(), registry["times"].as_u64()) {
            (Some(down), _) => Some(Fault::RegistryDown { down }),
            (_, Some(times)) => Some(Fault::SlowPulls { times: u32::try_from(times).ok()? }),
            _ => None,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_read_as_it_is_written() {
        let (pod, node) = (Key::new("default", "web-1"), Str::literal("node-2"));
        let all = [
            Fault::NodeDown { node: node.clone(), down: true },
            Fault::KubeletRestart { node: node.clone() },
            Fault::RemoveNode { node },
            Fault::AddNode(machine(4)),
            Fault::ContainerExit { pod: pod.clone(), container: Str::literal("web"), code: 1 },
            Fault::ProbeFails { pod, probe: Str::literal("Readiness"), failing: true },
            Fault::RegistryDown { down: true },
            Fault::SlowPulls { times: 10 },
        ];
        for fault in all {
            assert_eq!(Fault::of_value(&fault.to_value()).as_ref(), Some(&fault), "{fault}");
        }
    }
}

//! What happens inside a pod from outside, past the API's objects: commands, typed lines, requests to its ports.
//!
//! Each of these is an input, and a replay does it again; reading what came of it is not.

use super::{Cluster, Node, Turn};
use crate::api::core::Pod;
use crate::api::{Key, KindId};
use crate::apimachinery::time::Time as Wall;
use crate::apimachinery::{Status, Str};
use crate::apiserver::wire::Connection;
use crate::client::What;
use crate::kubelet::Kubelet;
use std::rc::Rc;

pub use crate::kubelet::ExecError;
pub use crate::runtime::process::{Stream, Written};
pub use crate::runtime::shell::Stdin;

#[derive(Clone, PartialEq, Debug)]
pub enum Connect {
    Exec {
        pod: Key,
        container: Str,
        command: Vec<Str>,
        stdin: Stdin,
    },
    /// A line typed to a command's terminal; None: Ctrl+C.
    Type {
        pod: Key,
        container: Str,
        pid: u32,
        line: Option<Str>,
    },
    /// Nobody listens to a command any more: it is killed if it still runs.
    Forget {
        pod: Key,
        container: Str,
        pid: u32,
    },
    /// A request to a port.
    Http {
        pod: Key,
        port: u16,
        path: Str,
        agent: Str,
    },
}

/// What came of it.
#[derive(Clone, PartialEq, Debug)]
pub enum Connected {
    Done,
    /// The command runs, or has run, under that id.
    Pid(u32),
    NotRun(ExecError),
    /// None: the connection is refused; a status of 0: it is no HTTP.
    Answered(Option<(u16, String)>),
}

impl Connect {
    fn pod(&self) -> &Key {
        match self {
            Connect::Exec { pod, .. }
            | Connect::Type { pod, .. }
            | Connect::Forget { pod, .. }
            | Connect::Http { pod, .. } => pod,
        }
    }

    /// The part of it that the kubelet of the pod's node does.
    fn carry_out(&self, k: &mut Kubelet, t: &mut Turn) -> Connected {
        match self {
            Connect::Exec { pod, container, command, stdin } => match k.exec(pod, container, command, stdin, t) {
                Ok(pid) => Connected::Pid(pid),
                Err(e) => Connected::NotRun(e),
            },
            Connect::Type { pod, container, pid, line } => {
                k.exec_type(pod, container, *pid, line.as_deref(), t);
                Connected::Done
            }
            Connect::Forget { pod, container, pid } => {
                k.exec_forget(pod, container, *pid);
                Connected::Done
            }
            Connect::Http { pod, port, path, agent } => {
                // The API server and port-forward both come from the node itself.
                let from = k.machine.internal_ip.clone();
                Connected::Answered(k.http(pod, *port, path, &from, agent, t))
            }
        }
    }
}

impl std::fmt::Display for Connect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Connect::Exec { pod, container, command, .. } => {
                write!(f, "exec in {pod}/{container}: {}", command.join(" "))
            }
            Connect::Type { pod, container, line: Some(line), .. } => write!(f, "typed in {pod}/{container}: {line}"),
            Connect::Type { pod, container, line: None, .. } => write!(f, "interrupt in {pod}/{container}"),
            Connect::Forget { pod, container, .. } => write!(f, "end of exec in {pod}/{container}"),
            Connect::Http { pod, port, path, .. } => write!(f, "GET {path} from {pod}, port {port}"),
        }
    }
}

impl Cluster {
    /// Errors: there is no such pod, it has no node, its node cannot be reached.
    pub fn connect(&mut self, connect: &Connect) -> Result<Connected, Status> {
        let node = self.node_of(connect.pod())?;
        let about = Some((KindId::Pod, connect.pod().clone()));
        let cause = self.trace.push(self.now, 0, What::Input { what: Str::from(connect.to_string()), about });
        let done = self.with_kubelet(&node, |k, t| {
            t.cause = cause;
            connect.carry_out(k, t)
        });
        self.publish();
        done.ok_or_else(|| Status::unknown(format!("node {node} is gone")))
    }

    /// What a command has written by now, and how it ended if it has; None: the container is gone with it.
    pub fn exec_seen(&self, pod: &Key, container: &str, pid: u32) -> Option<(&Written, Option<i32>)> {
        let node = self.node_of(pod).ok()?;
        self.kubelet(&node)?.exec_seen(pod, container, pid)
    }

    /// Whether the container that a client wants to talk to runs; of a pod, whether any does.
    ///
    /// Errors: its node cannot be reached.
    pub fn leads_to(&self, connection: &Connection) -> Result<bool, Status> {
        let (pod, container) = (connection.pod(), connection.container());
        let node = self.node_of(pod)?;
        Ok(self.kubelet(&node).is_some_and(|k| k.runs(pod, container)))
    }

    /// Empty where it has none.
    pub fn pod_ip(&self, key: &Key) -> Str {
        let pod = self.server.get(KindId::Pod, key).ok().and_then(|o| o.downcast::<Pod>());
        pod.map(|p| p.status.pod_ip.clone()).unwrap_or_default()
    }

    /// The node of a pod, if it can be reached.
    fn node_of(&self, key: &Key) -> Result<Str, Status> {
        let pod = self.server.get(KindId::Pod, key)?.downcast::<Pod>().expect("the kind was asked");
        let node = &pod.spec.node_name;
        match self.kubelet(node) {
            _ if node.is_empty() => Err(Status::bad_request(format!("pod {} does not have a host assigned", key.name))),
            Some(k) if k.is_down() => Err(Status::unknown(format!(
                "error dialing backend: dial tcp {}:10250: connect: no route to host",
                k.machine.internal_ip
            ))),
            Some(_) => Ok(node.clone()),
            None => Err(Status::unknown(format!(
                "error dialing backend: dial tcp: lookup {node} on 10.96.0.10:53: no such host"
            ))),
        }
    }

    /// A node's kubelet takes a turn.
    pub(super) fn with_kubelet<R>(&mut self, node: &Str, f: impl FnOnce(&mut Kubelet, &mut Turn) -> R) -> Option<R> {
        let Node { kubelet, informer, agent, recorder, .. } = self.nodes.get_mut(node)?;
        let agent = agent.clone();
        // Its reflectors of ConfigMaps and Secrets are about as late as everybody's.
        let view = if self.controllers_informer.rev > informer.rev {
            self.controllers_informer.view.clone()
        } else {
            informer.view.clone()
        };
        let mut turn = Turn {
            now: self.now,
            wall: Wall::from_unix(self.config.epoch + self.now.as_secs()),
            view,
            server: &mut self.server,
            rng: &mut self.rng,
            trace: &mut self.trace,
            recorder,
            agent: &agent,
            cause: 0,
            calls: 0,
        };
        let done = f(Rc::make_mut(kubelet), &mut turn);
        self.schedule_kubelet(node);
        Some(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apiserver::wire::{Method, Request};
    use crate::cluster::Config;
    use crate::sim::Duration;
    use serde_json::json;

    fn cluster() -> (Cluster, Key) {
        let mut c = Cluster::new(Config::with_nodes(1));
        c.run_for(Duration::from_secs(5));
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"},
            "spec": {"containers": [{"name": "web", "image": "nginx"}]}});
        c.request(&Request::with(Method::Post, "/api/v1/namespaces/default/pods", &pod));
        c.run_for(Duration::from_secs(20));
        (c, Key::new("default", "web"))
    }

    fn exec(pod: &Key, container: &'static str, command: &[&'static str]) -> Connect {
        let command = command.iter().map(|w| Str::literal(w)).collect();
        Connect::Exec { pod: pod.clone(), container: Str::literal(container), command, stdin: Stdin::Nothing }
    }

    #[test]
    fn a_command_runs_beside_the_container_and_is_forgotten() {
        let (mut c, pod) = cluster();
        let Ok(Connected::Pid(pid)) = c.connect(&exec(&pod, "web", &["sh", "-c", "echo hi; sleep 2; exit 3"])) else {
            panic!("it runs")
        };
        let (written, code) = c.exec_seen(&pod, "web", pid).expect("it is kept");
        assert_eq!((written.as_slice(), code), ([(Stream::Out, "hi\n".to_owned())].as_slice(), None));
        c.run_for(Duration::from_secs(3));
        assert_eq!(c.exec_seen(&pod, "web", pid).and_then(|(_, code)| code), Some(3));
        c.connect(&Connect::Forget { pod: pod.clone(), container: Str::literal("web"), pid }).expect("it is done");
        assert!(c.exec_seen(&pod, "web", pid).is_none());
    }

    #[test]
    fn what_cannot_run_is_told_from_what_is_not_there() {
        let (mut c, pod) = cluster();
        let none = c.connect(&exec(&pod, "other", &["ls"]));
        assert_eq!(none, Ok(Connected::NotRun(ExecError::NotFound("other".to_owned()))));
        let bad = c.connect(&exec(&pod, "web", &["nosuch"]));
        assert!(
            matches!(bad, Ok(Connected::NotRun(ExecError::Failed(ref why))) if why.contains("\"nosuch\"")),
            "{bad:?}"
        );
        assert!(c.connect(&exec(&Key::new("default", "nobody"), "web", &["ls"])).is_err_and(|e| e.is_not_found()));
        c.fault(&crate::cluster::Fault::NodeDown { node: Str::literal("node-1"), down: true });
        let down = c.connect(&exec(&pod, "web", &["ls"])).expect_err("nobody answers");
        assert!(down.message().starts_with("error dialing backend"), "{}", down.message());
    }

    #[test]
    fn a_port_answers_or_refuses() {
        let (mut c, pod) = cluster();
        let mut get = |port| {
            let agent = Str::literal("test");
            c.connect(&Connect::Http { pod: pod.clone(), port, path: Str::literal("/"), agent })
        };
        assert!(matches!(get(80), Ok(Connected::Answered(Some((200, ref body)))) if body.contains("nginx")));
        assert_eq!(get(81), Ok(Connected::Answered(None)));
    }
}

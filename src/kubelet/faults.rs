//! What can be broken on a node from outside: a container ends, its probes fail, the registry does not answer.
//!
//! Upstream: none; it is the weather that a kubelet lives in.
//! Differs: a registry that is down answers every node in the same way.

use super::pod_worker::{Held, PodWorker};
use super::prober::ProbeKind;
use super::{Cx, Kubelet};
use crate::api::Key;
use crate::api::core::Probe as ProbeSpec;
use crate::apimachinery::Str;
use crate::client::Turn;
use crate::runtime::PullError;
use crate::runtime::images::Reference;
use std::rc::Rc;

/// How the nodes reach the registry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reach {
    pub down: bool,
    /// Pulls take so many times as long.
    pub times: u32,
}

impl Default for Reach {
    fn default() -> Reach {
        Reach { down: false, times: 1 }
    }
}

/// Something that befalls a pod.
#[derive(Clone, PartialEq, Debug)]
pub enum Blow {
    /// The first process of a container ends with this code; no name means the first container that runs.
    Exit { container: Str, code: i32 },
    /// Probes of that kind (`Readiness`, `Liveness`, `Startup`) fail, or find what is there again.
    Probes { kind: Str, failing: bool },
}

impl Kubelet {
    pub fn set_reach(&mut self, reach: Reach) {
        self.shared.reach = reach;
    }

    /// It is felt when the kubelet wakes, which is at once.
    pub fn strike(&mut self, pod: &Key, blow: Blow, cause: u64) {
        self.blows.push((pod.clone(), blow, cause));
    }

    pub(super) fn feel(&mut self, t: &mut Turn) {
        for (pod, blow, cause) in std::mem::take(&mut self.blows) {
            t.cause = cause;
            let Some(id) = self.newest(&pod) else { continue };
            let worker = Rc::make_mut(self.pods.get_mut(&id).expect("it was just found"));
            let old = worker.due_at();
            worker.feel(&blow, &mut Cx { t, k: &mut self.shared });
            self.due.remove(&(old, id.clone()));
            self.advance(&id, t);
        }
    }
}

impl PodWorker {
    fn feel(&mut self, blow: &Blow, cx: &mut Cx) {
        match blow {
            Blow::Exit { container, code } => {
                let hit = |h: &Held| h.c.is_running() && (container.is_empty() || h.c.name == *container);
                if let Some(i) = self.containers.iter().position(hit) {
                    self.probe_failed = cx.t.cause;
                    self.with(i, cx, |c, site| c.crash(*code, site));
                }
            }
            Blow::Probes { kind, failing } => {
                let Some(kind) = ProbeKind::of_word(kind) else { return };
                self.failing.retain(|k| *k != kind);
                if *failing {
                    self.failing.push(kind);
                }
            }
        }
    }
}

/// What a probe says of a server that answers, but not well. Upstream: pkg/probe/{http,tcp,grpc}.
pub(super) fn unwell(spec: &ProbeSpec, ip: &str, port: u16) -> String {
    if spec.http_get.is_some() {
        "HTTP probe failed with statuscode: 500".to_owned()
    } else if spec.tcp_socket.is_some() {
        format!("dial tcp {ip}:{port}: connect: connection refused")
    } else if spec.grpc.is_some() {
        "service unhealthy (responded with \"NOT_SERVING\")".to_owned()
    } else {
        String::new()
    }
}

/// What a pull says while the registry is down. Upstream: containerd, core/remotes/docker (resolver).
pub(super) fn unavailable(reference: &Reference) -> PullError {
    let whole = reference.to_string();
    let (host, path) = reference.name.split_once('/').unwrap_or(("docker.io", &reference.name));
    let host = if host == "docker.io" { "registry-1.docker.io" } else { host };
    let tag = whole.rsplit_once([':', '@']).map_or("latest", |(_, tag)| tag);
    PullError {
        text: Str::from(format!(
            "failed to pull and unpack image \"{whole}\": failed to resolve reference \"{whole}\": unexpected status from \
             HEAD request to https://{host}/v2/{path}/manifests/{tag}: 503 Service Unavailable"
        )),
    }
}

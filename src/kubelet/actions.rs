//! What has to be done so that a pod's containers are as they should be: a pure function.
//!
//! Upstream: pkg/kubelet/kuberuntime/kuberuntime_manager.go (computePodActions), kuberuntime_container.go
//! (computeInitContainerActions), pkg/kubelet/container/helpers.go (ShouldContainerBeRestarted)
//! Differs: resources are not resized in place; a pod has one sandbox as long as it is wanted.

use super::pod_worker::{Held, Kind, Look, PodWorker, is_sidecar};
use super::prober::{ProbeKind, Verdict};
use crate::api::core::{Container as Spec, Pod};
use crate::apimachinery::Str;
use crate::runtime::State;

/// Why a container is killed; the grace period depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum KillReason {
    Unknown,
    LivenessProbe,
    StartupProbe,
    FailedPostStartHook,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct ToKill {
    pub(super) id: Str,
    pub(super) message: String,
    pub(super) reason: KillReason,
}

#[derive(Clone, Default, PartialEq, Debug)]
pub(super) struct Actions {
    pub(super) kill_pod: bool,
    pub(super) create_sandbox: bool,
    /// Indices into the lists of their kind, in the order in which they are started.
    pub(super) start: Vec<(Kind, usize)>,
    pub(super) kill: Vec<ToKill>,
}

/// Upstream: pkg/api/v1/pod/util.go (ContainerShouldRestart).
pub(super) fn policy_restarts(c: &Spec, pod: &Pod, code: i32) -> bool {
    if let Some(policy) = &c.restart_policy {
        let rule = c.restart_policy_rules.iter().find(|r| {
            r.exit_codes.as_ref().is_some_and(|e| match &*e.operator {
                "In" => e.values.contains(&code),
                "NotIn" => !e.values.contains(&code),
                _ => false,
            })
        });
        if rule.is_some_and(|r| r.action == "Restart") {
            return true;
        }
        match &**policy {
            "Always" => return true,
            "OnFailure" => return code != 0,
            "Never" => return false,
            _ => {}
        }
    }
    match &*pod.spec.restart_policy {
        "OnFailure" => code != 0,
        "Never" => false,
        _ => true,
    }
}

impl PodWorker {
    /// Upstream: ShouldContainerBeRestarted.
    pub(super) fn should_restart(&self, c: &Spec, look: Look) -> bool {
        if self.pod.metadata.is_deleting() {
            return false;
        }
        match self.find(&c.name, look) {
            None => true,
            Some(h) if h.state(look) == Some(State::Running) => false,
            Some(h) => policy_restarts(c, &self.pod, h.exit().map_or(0, |e| e.code)),
        }
    }

    fn verdict(&self, h: &Held, kind: ProbeKind) -> Option<Verdict> {
        self.probes.iter().find(|p| p.kind == kind && p.id == h.c.id).and_then(|p| p.result)
    }

    /// Whether there is no sandbox that could be used. Upstream: PodSandboxChanged.
    pub(super) fn needs_sandbox(&self, look: Look) -> bool {
        self.sandbox.as_ref().is_none_or(|s| if look == Look::Cache { !s.seen_ready } else { !s.ready })
    }

    /// Decides from what the last relist saw.
    pub(super) fn compute_pod_actions(&self) -> Actions {
        let pod = &self.pod;
        let look = Look::Cache;
        let mut out = Actions::default();
        if self.needs_sandbox(look) {
            out.kill_pod = true;
            out.create_sandbox = true;
            let restartable =
                pod.spec.restart_policy != "Never" || pod.spec.containers.iter().any(|c| c.restart_policy.is_some());
            if !restartable && self.sandbox.is_some() && !self.containers.is_empty() {
                out.create_sandbox = false;
                return out;
            }
            let succeeded = |c: &Spec| self.find(&c.name, look).is_some_and(|h| h.exit().is_some_and(|e| e.code == 0));
            let once = |c: &Spec| match &c.restart_policy {
                Some(p) => p == "OnFailure",
                None => pod.spec.restart_policy == "OnFailure",
            };
            let wanted: Vec<usize> = (0..pod.spec.containers.len())
                .filter(|i| {
                    let c = &pod.spec.containers[*i];
                    !(once(c) && succeeded(c))
                })
                .collect();
            if wanted.is_empty() && pod.spec.containers.iter().any(|c| self.find(&c.name, look).is_some()) {
                out.create_sandbox = false;
                return out;
            }
            if pod.spec.init_containers.is_empty() {
                out.start = wanted.into_iter().map(|i| (Kind::Regular, i)).collect();
            } else {
                out.start = vec![(Kind::Init, 0)];
            }
            return out;
        }
        for (i, e) in pod.spec.ephemeral_containers.iter().enumerate() {
            if self.find(&e.name, look).is_none() {
                out.start.push((Kind::Ephemeral, i));
            }
        }
        let ephemerals = out.start.len();
        let initialized = self.compute_init_actions(&mut out);
        if out.kill_pod || !initialized {
            return out;
        }
        let mut keep = 0;
        for (i, c) in pod.spec.containers.iter().enumerate() {
            let held = self.find(&c.name, look);
            let Some(h) = held.filter(|h| h.state(look) == Some(State::Running)) else {
                if self.should_restart(c, look) {
                    out.start.push((Kind::Regular, i));
                }
                continue;
            };
            let mut restart = match &c.restart_policy {
                Some(p) => p != "Never",
                None => pod.spec.restart_policy != "Never",
            };
            let (mut message, reason) = if h.c.asked_image != c.image {
                restart = true;
                (format!("Container {} definition changed", c.name), KillReason::Unknown)
            } else if self.verdict(h, ProbeKind::Liveness) == Some(Verdict::Failure) {
                (format!("Container {} failed liveness probe", c.name), KillReason::LivenessProbe)
            } else if self.verdict(h, ProbeKind::Startup) == Some(Verdict::Failure) {
                (format!("Container {} failed startup probe", c.name), KillReason::StartupProbe)
            } else {
                keep += 1;
                continue;
            };
            if restart {
                message.push_str(", will be restarted");
                out.start.push((Kind::Regular, i));
            }
            out.kill.push(ToKill { id: h.c.id.clone(), message, reason });
        }
        let any_start = out.start.iter().any(|(k, _)| *k == Kind::Regular);
        if keep == 0 && !any_start {
            out.kill_pod = true;
            out.start.truncate(ephemerals);
        }
        out
    }

    /// Whether the pod's own containers may run.
    fn compute_init_actions(&self, out: &mut Actions) -> bool {
        let pod = &self.pod;
        let look = Look::Cache;
        let inits = &pod.spec.init_containers;
        if inits.is_empty() {
            return true;
        }
        let mut initialized = pod
            .spec
            .containers
            .iter()
            .any(|c| self.find(&c.name, look).is_some_and(|h| h.state(look) == Some(State::Running)));
        let mut previously = initialized;
        let mut start: Vec<usize> = Vec::new();
        for (i, c) in inits.iter().enumerate().rev() {
            let Some(h) = self.find(&c.name, look) else {
                if previously && is_sidecar(c) {
                    start.push(i);
                }
                continue;
            };
            if previously && !is_sidecar(c) {
                continue;
            }
            match h.state(look) {
                Some(State::Running) if is_sidecar(c) => {
                    self.running_sidecar(i, c, h, previously, &mut initialized, &mut start, out);
                }
                Some(State::Running) => {}
                _ if is_sidecar(c) => start.push(i),
                _ => {
                    let code = h.exit().map_or(0, |e| e.code);
                    if code != 0 {
                        if !self.should_restart(c, look) {
                            out.kill_pod = true;
                            out.start.retain(|(k, _)| *k != Kind::Init);
                            return false;
                        }
                        start.push(i);
                    } else if i == inits.len() - 1 {
                        initialized = true;
                    } else {
                        start.push(i + 1);
                    }
                }
            }
            previously = true;
        }
        if !previously {
            start.push(0);
        }
        out.start.extend(start.into_iter().rev().map(|i| (Kind::Init, i)));
        initialized
    }

    #[expect(clippy::too_many_arguments, reason = "one arm of the loop above")]
    fn running_sidecar(
        &self,
        i: usize,
        c: &Spec,
        h: &Held,
        previously: bool,
        initialized: &mut bool,
        start: &mut Vec<usize>,
        out: &mut Actions,
    ) {
        let mut kill = |message: String, reason| out.kill.push(ToKill { id: h.c.id.clone(), message, reason });
        if c.startup_probe.is_some() {
            match self.verdict(h, ProbeKind::Startup) {
                Some(Verdict::Success) => {}
                Some(Verdict::Failure) => {
                    kill(format!("Init container {} failed startup probe", c.name), KillReason::StartupProbe);
                    start.push(i);
                    return;
                }
                _ => return,
            }
        }
        if i == self.pod.spec.init_containers.len() - 1 {
            *initialized = true;
        } else if !previously {
            start.push(i + 1);
        }
        if h.c.asked_image != c.image {
            kill(format!("Init container {} definition changed", c.name), KillReason::Unknown);
            start.push(i);
        } else if self.verdict(h, ProbeKind::Liveness) == Some(Verdict::Failure) {
            kill(format!("Init container {} failed liveness probe", c.name), KillReason::LivenessProbe);
            start.push(i);
        }
    }
}

//! How containers end and what is run around it: hooks, grace periods, the order in which sidecars go.
//!
//! Upstream: pkg/kubelet/kuberuntime/kuberuntime_container.go (killContainer, executePreStopHook),
//! kuberuntime_termination_order.go, pkg/kubelet/lifecycle/handlers.go
//! Differs: a hook's HTTP request is answered at once or refused.

use super::Cx;
use super::actions::KillReason;
use super::pod_worker::{PodWorker, find_spec, is_sidecar};
use crate::api::core::LifecycleHandler;
use crate::apimachinery::Str;
use crate::apimachinery::int_or_string::IntOrString;
use crate::client::Reference;
use crate::runtime::process::{SIGKILL, SIGTERM};
use crate::runtime::shell::Stdin;
use crate::runtime::{Container, Site};
use crate::sim::{Duration, Time};

/// The least time that a container gets to end.
const MINIMUM_GRACE: i64 = 2;

/// A hook that runs.
#[derive(Clone, Debug)]
pub(super) enum Hook {
    /// A command in a container, by the process's id.
    Exec(u32),
    Sleep(Time),
    /// It has ended: whether it failed, and with what message.
    Done(Option<String>),
}

#[derive(Clone, Debug)]
enum KillStage {
    PreStop(Hook),
    /// Others have to end first.
    Turn,
    /// It was told to end, and will be made to.
    Stopping(Time),
    Done,
}

/// A container on its way out.
#[derive(Clone, Debug)]
pub(super) struct Kill {
    id: Str,
    name: Str,
    stage: KillStage,
    grace: i64,
    since: Time,
    /// A preStop command that outlasted the grace period: it fails when the container ends.
    overdue: Option<Hook>,
}

impl Kill {
    pub(super) fn is_done(&self) -> bool {
        matches!(self.stage, KillStage::Done)
    }

    pub(super) fn next_at(&self) -> Time {
        let end = self.since + Duration::from_secs(self.grace.max(0) as u64);
        match &self.stage {
            KillStage::PreStop(Hook::Sleep(at)) => (*at).min(end),
            KillStage::PreStop(_) | KillStage::Turn => end,
            KillStage::Stopping(at) => *at,
            KillStage::Done => Time::MAX,
        }
    }
}

impl PodWorker {
    /// An event about a container.
    pub(super) fn container_event(&self, cx: &mut Cx, name: &str, ty: &'static str, reason: &str, message: &str) {
        let spec = &self.pod.spec;
        let list = if spec.containers.iter().any(|c| c.name == name) {
            "containers"
        } else if spec.init_containers.iter().any(|c| c.name == name) {
            "initContainers"
        } else {
            "ephemeralContainers"
        };
        let about = Reference::of(&*self.pod).at(format_args!("spec.{list}{{{name}}}"));
        cx.t.event(&about, ty, reason, message);
    }

    pub(super) fn pod_event(&self, cx: &mut Cx, ty: &'static str, reason: &str, message: &str) {
        cx.t.event(&Reference::of(&*self.pod), ty, reason, message);
    }

    /// Upstream: setTerminationGracePeriod.
    fn grace_for(&self, name: &str, reason: KillReason) -> i64 {
        if let Some(s) = self.pod.metadata.deletion_grace_period_seconds {
            return s;
        }
        let spec = find_spec(&self.pod, name);
        let probe = match reason {
            KillReason::LivenessProbe => spec.and_then(|s| s.liveness_probe.as_ref()),
            KillReason::StartupProbe => spec.and_then(|s| s.startup_probe.as_ref()),
            _ => None,
        };
        let own = probe.and_then(|p| p.termination_grace_period_seconds);
        own.or(self.pod.spec.termination_grace_period_seconds).unwrap_or(MINIMUM_GRACE)
    }

    /// Begins to end a container; `grace` goes before what the pod says.
    pub(super) fn begin_kill(
        &mut self,
        id: &Str,
        message: &str,
        reason: KillReason,
        grace: Option<i64>,
        cx: &mut Cx,
    ) -> Kill {
        let now = cx.t.now;
        let i = self.index_of(id).expect("only what is held is killed");
        let name = self.containers[i].c.name.clone();
        let text = if message.is_empty() { format!("Stopping container {name}") } else { message.to_owned() };
        self.container_event(cx, &name, "Normal", "Killing", &text);
        let grace = grace.unwrap_or_else(|| self.grace_for(&name, reason));
        let pod = self.pod.clone();
        let hook = find_spec(&pod, &name).and_then(|s| s.lifecycle.as_ref()).and_then(|l| l.pre_stop.as_ref());
        let stage = match hook {
            Some(handler) if grace > 0 => KillStage::PreStop(self.begin_hook(i, handler, "preStop", cx)),
            _ => KillStage::Turn,
        };
        Kill { id: id.clone(), name, stage, grace, since: now, overdue: None }
    }

    /// Carries the kills on as far as they go now; `all` are those that are under way together.
    pub(super) fn run_kills(&mut self, kills: &mut [Kill], ordered: bool, cx: &mut Cx) -> bool {
        let mut moved = false;
        loop {
            let mut again = false;
            for k in 0..kills.len() {
                let waits = ordered && self.waits_for_turn(&kills[k], kills);
                again |= self.run_kill(&mut kills[k], waits, cx);
            }
            if !again {
                return moved;
            }
            moved = true;
        }
    }

    fn waits_for_turn(&self, kill: &Kill, all: &[Kill]) -> bool {
        let inits = &self.pod.spec.init_containers;
        let Some(at) = inits.iter().position(|c| c.name == kill.name && is_sidecar(c)) else { return false };
        let later = &inits[at + 1..];
        let blocks = |name: &str| {
            self.pod.spec.containers.iter().any(|c| c.name == name)
                || later.iter().any(|c| c.name == name && is_sidecar(c))
        };
        all.iter().any(|k| !k.is_done() && blocks(&k.name))
    }

    fn run_kill(&mut self, kill: &mut Kill, waits: bool, cx: &mut Cx) -> bool {
        let now = cx.t.now;
        let Some(i) = self.index_of(&kill.id) else {
            kill.stage = KillStage::Done;
            return false;
        };
        let end = kill.since + Duration::from_secs(kill.grace.max(0) as u64);
        match &mut kill.stage {
            KillStage::Done => false,
            _ if !self.containers[i].c.is_running() => {
                let begun = match std::mem::replace(&mut kill.stage, KillStage::Done) {
                    KillStage::PreStop(hook) => Some(hook),
                    _ => kill.overdue.take(),
                };
                if let Some(mut hook @ Hook::Exec(_)) = begun
                    && self.run_hook(&mut hook, i, cx)
                    && matches!(hook, Hook::Done(Some(_)))
                {
                    self.container_event(cx, &kill.name, "Warning", "FailedPreStopHook", "PreStopHook failed");
                }
                true
            }
            KillStage::PreStop(hook) => {
                let mut hook = hook.clone();
                if !self.run_hook(&mut hook, i, cx) && now < end {
                    kill.stage = KillStage::PreStop(hook);
                    return false;
                }
                match hook {
                    Hook::Done(Some(_)) => {
                        self.container_event(cx, &kill.name, "Warning", "FailedPreStopHook", "PreStopHook failed");
                    }
                    // The hook runs on beside what comes, and ends with the container.
                    Hook::Exec(_) => kill.overdue = Some(hook),
                    Hook::Sleep(_) | Hook::Done(None) => {}
                }
                kill.grace -= now.since(kill.since).as_secs() as i64;
                kill.since = now;
                kill.stage = KillStage::Turn;
                true
            }
            KillStage::Turn if waits && kill.grace > 0 && now < end => false,
            KillStage::Turn => {
                let left = (kill.grace - now.since(kill.since).as_secs() as i64).max(MINIMUM_GRACE);
                kill.stage = KillStage::Stopping(now + Duration::from_secs(left as u64));
                self.with(i, cx, |c, site| c.signal(SIGTERM, site));
                true
            }
            KillStage::Stopping(at) if *at <= now => {
                self.with(i, cx, |c, site| c.signal(SIGKILL, site));
                true
            }
            KillStage::Stopping(_) => false,
        }
    }

    pub(super) fn begin_hook(&mut self, i: usize, handler: &LifecycleHandler, what: &str, cx: &mut Cx) -> Hook {
        let now = cx.t.now;
        let name = self.containers[i].c.name.clone();
        let describe = self.describe();
        if let Some(exec) = &handler.exec {
            let command = exec.command.clone();
            return match self.with(i, cx, |c, site| c.exec(&command, &Stdin::Nothing, site)) {
                Ok(pid) => Hook::Exec(pid),
                Err(e) => Hook::Done(Some(exec_failure(&command, &name, &describe, &e, ""))),
            };
        }
        if let Some(http) = &handler.http_get {
            let pod = self.pod.clone();
            let port = find_spec(&pod, &name).and_then(|s| port_number(&http.port, s)).unwrap_or(0);
            let ip = self.pod_ip(cx);
            let host = if http.host.is_empty() { ip.clone() } else { http.host.clone() };
            let path = http.path.or("/");
            let agent = "kube-lifecycle/1.35";
            let answered = self.with(i, cx, |c, site| c.http("GET", port, &path, &ip, agent, site));
            return Hook::Done(match answered {
                Some(_) => None,
                None => Some(format!(
                    "HTTP lifecycle hook ({path}) for Container {name:?} in Pod {describe:?} failed - error: Get \
                     \"http://{host}:{port}{path}\": dial tcp {host}:{port}: connect: connection refused"
                )),
            });
        }
        if let Some(sleep) = &handler.sleep {
            return Hook::Sleep(now + Duration::from_secs(sleep.seconds.max(0) as u64));
        }
        Hook::Done(Some(format!("Cannot run handler: invalid handler: {what}")))
    }

    /// Whether the hook has ended; it is `Done` then.
    pub(super) fn run_hook(&mut self, hook: &mut Hook, i: usize, cx: &mut Cx) -> bool {
        match hook {
            Hook::Done(_) => true,
            Hook::Sleep(at) if *at <= cx.t.now => {
                *hook = Hook::Done(None);
                true
            }
            Hook::Sleep(_) => false,
            Hook::Exec(pid) => {
                let pid = *pid;
                let c = &mut self.containers[i].c;
                let ended = c.exec_result(pid).or((!c.is_running()).then(|| (137, String::new())));
                let Some((code, text)) = ended else { return false };
                let failure = (code != 0).then(|| {
                    let name = self.containers[i].c.name.clone();
                    let command = self.hook_command(&name);
                    let error = format!("command '{}' exited with {code}", command.join(" "));
                    exec_failure(&command, &name, &self.describe(), &error, &text)
                });
                *hook = Hook::Done(failure);
                true
            }
        }
    }

    fn hook_command(&self, name: &str) -> Vec<Str> {
        let lifecycle = find_spec(&self.pod, name).and_then(|s| s.lifecycle.as_ref());
        let post = lifecycle.and_then(|l| l.post_start.as_ref()).and_then(|h| h.exec.as_ref());
        post.map(|e| e.command.to_vec()).unwrap_or_default()
    }

    /// A container that belongs to no hook any more is told nothing.
    pub(super) fn stop_now(&mut self, i: usize, cx: &mut Cx) {
        self.with(i, cx, |c: &mut Container, site: &mut Site| c.kill(site));
    }
}

fn exec_failure(command: &[Str], name: &str, pod: &str, error: &str, output: &str) -> String {
    format!(
        "Exec lifecycle hook ([{}]) for Container {name:?} in Pod {pod:?} failed - error: {error}, message: {output:?}",
        command.join(" ")
    )
}

/// A port by number, or by its name in the container.
pub(super) fn port_number(port: &IntOrString, spec: &crate::api::core::Container) -> Option<u16> {
    match port {
        IntOrString::Int(n) => u16::try_from(*n).ok(),
        IntOrString::String(name) => {
            let named = spec.ports.iter().find(|p| p.name == *name).map(|p| p.container_port as u16);
            named.or_else(|| name.parse().ok())
        }
    }
}

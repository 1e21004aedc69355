//! Probes: when they are due, what they find, and what a run of findings means.
//!
//! Upstream: pkg/kubelet/prober/{prober_manager,worker,prober}.go, pkg/probe/{http,tcp,exec,grpc}
//! Differs: a request is answered at once; a server that does not speak the probe's protocol fails it.

use super::Cx;
use super::lifecycle::port_number;
use super::pod_worker::{PodWorker, find_spec, is_sidecar};
use crate::api::core::{Container as Spec, ContainerStatus, Probe as ProbeSpec};
use crate::apimachinery::{Arrange, Str};
use crate::client::What;
use crate::runtime::shell::Stdin;
use crate::sim::{Duration, Time};
use std::rc::Rc;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ProbeKind {
    Readiness,
    Liveness,
    Startup,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    Success,
    Failure,
    Unknown,
}

/// One probe of one container.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    pub(super) kind: ProbeKind,
    container: Str,
    /// The container that the verdict is about.
    pub(super) id: Str,
    pub(super) result: Option<Verdict>,
    last: Option<Verdict>,
    run: i32,
    on_hold: bool,
    due: Time,
    /// A command that runs, and when it is given up.
    running: Option<(u32, Time)>,
    stopped: bool,
}

impl Probe {
    pub(super) fn next_at(&self) -> Time {
        if self.stopped {
            return Time::MAX;
        }
        self.running.map_or(self.due, |(_, until)| until)
    }
}

impl ProbeKind {
    pub(super) fn of_word(word: &str) -> Option<ProbeKind> {
        [ProbeKind::Readiness, ProbeKind::Liveness, ProbeKind::Startup].into_iter().find(|k| k.word() == word)
    }

    fn word(self) -> &'static str {
        match self {
            ProbeKind::Readiness => "Readiness",
            ProbeKind::Liveness => "Liveness",
            ProbeKind::Startup => "Startup",
        }
    }

    fn of(self, spec: &Spec) -> Option<&Rc<ProbeSpec>> {
        match self {
            ProbeKind::Readiness => spec.readiness_probe.as_ref(),
            ProbeKind::Liveness => spec.liveness_probe.as_ref(),
            ProbeKind::Startup => spec.startup_probe.as_ref(),
        }
    }

    fn initial(self) -> Verdict {
        match self {
            ProbeKind::Readiness => Verdict::Failure,
            ProbeKind::Liveness => Verdict::Success,
            ProbeKind::Startup => Verdict::Unknown,
        }
    }
}

/// What a single attempt found.
enum Found {
    Is(Verdict, String),
    /// The attempt itself failed; it counts for nothing.
    Errored(String),
    Later,
}

fn period(spec: &ProbeSpec) -> Duration {
    Duration::from_secs(spec.period_seconds.max(1) as u64)
}

impl PodWorker {
    /// Upstream: prober_manager.go (AddPod).
    pub(super) fn add_probes(&mut self, cx: &mut Cx) {
        let pod = self.pod.clone();
        let sidecars = pod.spec.init_containers.iter().filter(|c| is_sidecar(c));
        for c in pod.spec.containers.iter().chain(sidecars) {
            for kind in [ProbeKind::Startup, ProbeKind::Readiness, ProbeKind::Liveness] {
                let Some(spec) = kind.of(c) else { continue };
                if self.probes.iter().any(|p| p.kind == kind && p.container == c.name) {
                    continue;
                }
                // A kubelet that has just begun spreads its probes.
                let fresh = cx.t.now.since(cx.k.started) < period(spec);
                let wait = if fresh { cx.jitter(period(spec)) } else { Duration::ZERO };
                self.probes.reserve_exact(1);
                self.probes.push(Probe {
                    kind,
                    container: c.name.clone(),
                    id: Str::EMPTY,
                    result: None,
                    last: None,
                    run: 0,
                    on_hold: false,
                    due: cx.t.now + wait,
                    running: None,
                    stopped: false,
                });
            }
        }
    }

    /// Upstream: StopLivenessAndStartup, RemovePod.
    pub(super) fn stop_probes(&mut self, all: bool) {
        if all {
            self.probes.clear();
        } else {
            self.probes.retain(|p| p.kind == ProbeKind::Readiness);
        }
    }

    pub(super) fn run_probes(&mut self, cx: &mut Cx) -> bool {
        let mut moved = false;
        for i in 0..self.probes.len() {
            let now = cx.t.now;
            if let Some((pid, until)) = self.probes[i].running {
                let Some(found) = self.poll_exec(i, pid, until, cx) else { continue };
                self.probes[i].running = None;
                self.conclude(i, found, cx);
                moved = true;
            } else if !self.probes[i].stopped && self.probes[i].due <= now {
                let pod = self.pod.clone();
                let spec = find_spec(&pod, &self.probes[i].container).and_then(|s| self.probes[i].kind.of(s));
                let Some(spec) = spec else {
                    self.probes[i].stopped = true;
                    continue;
                };
                let p = &mut self.probes[i];
                while p.due <= now {
                    p.due += period(spec);
                }
                self.do_probe(i, spec, cx);
                moved = true;
            }
        }
        self.probes.retain(|p| !p.stopped);
        moved
    }

    fn last_status(&self, name: &str) -> Option<&ContainerStatus> {
        let status = self.status.as_ref()?;
        let mut all = status.container_statuses.iter().chain(&status.init_container_statuses);
        all.find(|c| c.name == name && !c.container_id.is_empty())
    }

    /// Upstream: worker.go (doProbe).
    fn do_probe(&mut self, i: usize, spec: &ProbeSpec, cx: &mut Cx) {
        let now = cx.t.now;
        if self.status.as_ref().is_some_and(|s| s.phase == "Succeeded" || s.phase == "Failed") {
            self.probes[i].stopped = true;
            return;
        }
        let name = self.probes[i].container.clone();
        let Some(status) = self.last_status(&name).cloned() else { return };
        let id = Str::from(status.container_id.strip_prefix("containerd://").unwrap_or_default());
        if self.probes[i].id != id {
            let p = &mut self.probes[i];
            p.id = id.clone();
            p.result = None;
            p.on_hold = false;
            let initial = p.kind.initial();
            // Of a container that ran before this kubelet did, nothing is assumed.
            let began_before = status.state.running.as_ref().is_some_and(|_| {
                self.index_of(&id)
                    .is_some_and(|c| self.containers[c].c.started_at + Duration::from_secs(10) < cx.k.started)
            });
            if !began_before {
                self.set_verdict(i, initial, cx);
            }
        }
        if self.probes[i].on_hold {
            return;
        }
        let pod = self.pod.clone();
        let Some(container) = find_spec(&pod, &name) else { return };
        if status.state.running.is_none() {
            self.set_verdict(i, Verdict::Failure, cx);
            if let Some(t) = &status.state.terminated
                && !super::actions::policy_restarts(container, &pod, t.exit_code)
            {
                self.probes[i].stopped = true;
            }
            return;
        }
        let kind = self.probes[i].kind;
        if pod.metadata.is_deleting() && kind != ProbeKind::Readiness {
            self.set_verdict(i, Verdict::Success, cx);
            self.probes[i].stopped = true;
            return;
        }
        let Some(c) = self.index_of(&id) else { return };
        let age = now.as_secs() - self.containers[c].c.started_at.as_secs();
        if age < i64::from(spec.initial_delay_seconds) {
            return;
        }
        let started = status.started == Some(true);
        if started == (kind == ProbeKind::Startup) {
            return;
        }
        let found = self.attempt(i, c, spec, container, cx);
        self.conclude(i, found, cx);
    }

    fn attempt(&mut self, i: usize, c: usize, spec: &ProbeSpec, container: &Spec, cx: &mut Cx) -> Found {
        let ip = self.pod_ip(cx);
        let host_ip = cx.k.machine.internal_ip.clone();
        if self.failing.contains(&self.probes[i].kind) {
            let port = spec.tcp_socket.as_ref().and_then(|t| port_number(&t.port, container)).unwrap_or_default();
            return Found::Is(Verdict::Failure, super::faults::unwell(spec, &ip, port));
        }
        if let Some(exec) = &spec.exec {
            let command: Vec<Str> = exec.command.iter().map(|w| super::env::expand(w, |_| None)).collect();
            if !self.containers[c].c.is_running() {
                return Found::Errored("rpc error: code = Unknown desc = failed to exec in container: container is in CONTAINER_EXITED state".to_owned());
            }
            return match self.with(c, cx, |c, site| c.exec(&command, &Stdin::Nothing, site)) {
                Err(e) => Found::Errored(format!(
                    "rpc error: code = Unknown desc = failed to exec in container: failed to start exec: {e}: unknown"
                )),
                Ok(pid) => {
                    let timeout = Duration::from_secs(spec.timeout_seconds.max(1) as u64);
                    let until = cx.t.now + timeout;
                    match self.poll_exec(i, pid, until, cx) {
                        Some(found) => found,
                        None => {
                            self.probes[i].running = Some((pid, until));
                            Found::Later
                        }
                    }
                }
            };
        }
        if let Some(http) = &spec.http_get {
            let Some(port) = port_number(&http.port, container) else {
                return Found::Errored(format!("couldn't find port: {:?}", http.port));
            };
            let host = if http.host.is_empty() { ip.clone() } else { http.host.clone() };
            let path = if http.path.starts_with('/') { http.path.to_string() } else { format!("/{}", http.path) };
            let url = format!("{}://{host}:{port}{path}", http.scheme.or("HTTP").to_ascii_lowercase());
            let target = self.listener(port, container, cx);
            let answer = target.and_then(|c| {
                self.with(c, cx, |c, site| c.http("GET", port, &path, &host_ip, "kube-probe/1.35", site))
            });
            return match answer {
                None => Found::Is(
                    Verdict::Failure,
                    format!("Get {url:?}: dial tcp {host}:{port}: connect: connection refused"),
                ),
                Some(_) if http.scheme == "HTTPS" => {
                    Found::Is(Verdict::Failure, format!("Get {url:?}: http: server gave HTTP response to HTTPS client"))
                }
                Some((0, _)) => Found::Is(Verdict::Failure, format!("Get {url:?}: EOF")),
                Some((status, _)) if (200..400).contains(&status) => Found::Is(Verdict::Success, String::new()),
                Some((status, _)) => {
                    Found::Is(Verdict::Failure, format!("HTTP probe failed with statuscode: {status}"))
                }
            };
        }
        if let Some(tcp) = &spec.tcp_socket {
            let Some(port) = port_number(&tcp.port, container) else {
                return Found::Errored(format!("couldn't find port: {:?}", tcp.port));
            };
            let host = if tcp.host.is_empty() { ip } else { tcp.host.clone() };
            return match self.listener(port, container, cx) {
                Some(_) => Found::Is(Verdict::Success, String::new()),
                None => Found::Is(Verdict::Failure, format!("dial tcp {host}:{port}: connect: connection refused")),
            };
        }
        if let Some(grpc) = &spec.grpc {
            let port = grpc.port as u16;
            let timeout = spec.timeout_seconds.max(1);
            return match self.listener(port, container, cx) {
                // A server of any image that listens there is taken to be healthy.
                Some(c) if self.containers[c].c.image.open => Found::Is(Verdict::Success, String::new()),
                Some(_) => Found::Is(
                    Verdict::Failure,
                    "error: this server does not implement the grpc health protocol (grpc.health.v1.Health)".to_owned(),
                ),
                None => Found::Is(
                    Verdict::Failure,
                    format!(
                        "timeout: failed to connect service \"{ip}:{port}\" within {timeout}s: context deadline exceeded"
                    ),
                ),
            };
        }
        Found::Errored(format!("missing probe handler for {}:{}", self.describe(), container.name))
    }

    /// The container of this pod that listens on the port: they share one network.
    fn listener(&mut self, port: u16, first: &Spec, cx: &mut Cx) -> Option<usize> {
        let mut order: Vec<usize> = (0..self.containers.len()).collect();
        order.arrange_by_key(|i| self.containers[*i].c.name != first.name);
        order.into_iter().find(|i| self.with(*i, cx, |c, site| c.listens(port, site)))
    }

    fn poll_exec(&mut self, i: usize, pid: u32, until: Time, cx: &mut Cx) -> Option<Found> {
        let name = self.probes[i].container.clone();
        let c = self.index_of(&self.probes[i].id).or_else(|| {
            let running = |h: &super::pod_worker::Held| h.c.name == name && h.c.is_running();
            self.containers.iter().position(running)
        });
        let Some(c) = c else { return Some(Found::Errored("container not found".to_owned())) };
        if let Some((code, text)) = self.containers[c].c.exec_result(pid) {
            let verdict = if code == 0 { Verdict::Success } else { Verdict::Failure };
            let mut end = text.len().min(10 << 10);
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            return Some(Found::Is(verdict, text[..end].to_owned()));
        }
        if cx.t.now >= until {
            self.containers[c].c.exec_kill(pid);
            let pod = self.pod.clone();
            let spec = find_spec(&pod, &name).and_then(|s| self.probes[i].kind.of(s));
            let command = spec.and_then(|s| s.exec.as_ref()).map(|e| e.command.join(" ")).unwrap_or_default();
            let timeout = spec.map_or(1, |s| s.timeout_seconds.max(1));
            let text = format!("command timed out: {command:?} timed out after {timeout}s");
            return Some(Found::Is(Verdict::Failure, text));
        }
        None
    }

    fn conclude(&mut self, i: usize, found: Found, cx: &mut Cx) {
        let (kind, name) = (self.probes[i].kind, self.probes[i].container.clone());
        let (verdict, text) = match found {
            Found::Later => return,
            Found::Errored(e) => {
                let message = format!("{} probe errored and resulted in unknown state: {e}", kind.word());
                self.container_event(cx, &name, "Warning", "Unhealthy", &message);
                return;
            }
            Found::Is(v, text) => (v, text),
        };
        if verdict == Verdict::Failure {
            let message = format!("{} probe failed: {text}", kind.word());
            self.container_event(cx, &name, "Warning", "Unhealthy", &message);
        }
        let pod = self.pod.clone();
        let Some(spec) = find_spec(&pod, &name).and_then(|s| kind.of(s)) else { return };
        if self.probes[i].last != Some(verdict) || self.probes[i].run == 0 {
            let (node, ok) = (cx.k.machine.name.clone(), verdict == Verdict::Success);
            self.probed(What::Probe { node, pod: pod.metadata.key(), container: name, probe: kind.word(), ok }, cx);
        }
        let p = &mut self.probes[i];
        p.run = if p.last == Some(verdict) { p.run + 1 } else { 1 };
        p.last = Some(verdict);
        let needed = if verdict == Verdict::Failure { spec.failure_threshold } else { spec.success_threshold };
        if p.run < needed {
            return;
        }
        if verdict == Verdict::Failure && kind != ProbeKind::Readiness {
            self.killed_by_probe();
        }
        self.set_verdict(i, verdict, cx);
        let p = &mut self.probes[i];
        if kind == ProbeKind::Startup || (kind == ProbeKind::Liveness && verdict == Verdict::Failure) {
            p.on_hold = true;
            p.run = 0;
        }
    }

    /// Upstream: results_manager.go (Set) and what syncLoop makes of its updates.
    fn set_verdict(&mut self, i: usize, verdict: Verdict, cx: &mut Cx) {
        let p = &mut self.probes[i];
        if p.result == Some(verdict) {
            return;
        }
        p.result = Some(verdict);
        let (kind, id) = (p.kind, p.id.clone());
        match kind {
            ProbeKind::Readiness => self.set_container_readiness(&id, verdict == Verdict::Success, cx),
            ProbeKind::Startup => self.set_container_startup(&id, verdict == Verdict::Success, cx),
            ProbeKind::Liveness if verdict != Verdict::Failure => return,
            ProbeKind::Liveness => {}
        }
        self.request(cx.t.now, cx.k);
    }

    /// A probe that is to run now and not at its next tick. Upstream: manualTriggerCh.
    pub(super) fn trigger_readiness(&mut self, name: &str, now: Time) {
        for p in &mut self.probes {
            if p.kind == ProbeKind::Readiness && p.container == name && p.running.is_none() {
                // It runs once what is under way has been said.
                p.due = p.due.min(now + Duration::from_millis(1));
            }
        }
    }

    /// What the results say of a container: whether it has started, and whether it is ready.
    pub(super) fn probe_state(&self, name: &str, id: &str) -> (bool, Option<bool>) {
        let of = |kind| self.probes.iter().find(|p| p.kind == kind && p.container == name);
        let verdict = |kind| of(kind).filter(|p| p.id == id).and_then(|p| p.result);
        let started = match verdict(ProbeKind::Startup) {
            Some(v) => v == Verdict::Success,
            None => of(ProbeKind::Startup).is_none(),
        };
        let ready = match verdict(ProbeKind::Readiness) {
            Some(Verdict::Success) => Some(true),
            _ if of(ProbeKind::Readiness).is_none() => Some(true),
            _ => None,
        };
        (started, ready)
    }
}

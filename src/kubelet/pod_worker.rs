//! One pod on its node: what is wanted of it, what runs of it, and which sync is under way.
//!
//! Upstream: pkg/kubelet/pod_workers.go (UpdatePod, podWorkerLoop, completeWork), pkg/kubelet/pleg/generic.go (Relist)
//! Differs: a relist that would see nothing new does not take place, nor does a resync that could change nothing.

use super::backoff::Backoff;
use super::prober::{Probe, ProbeKind};
use super::sync::Job;
use super::{Cx, ExecError, Shared, tick_after, tick_from};
use crate::api::Key;
use crate::api::core::{Container as Spec, EphemeralContainer, Pod, PodStatus, VolumeMount};
use crate::apimachinery::Str;
use crate::client::What;
use crate::runtime::process::Written;
use crate::runtime::shell::Stdin;
use crate::runtime::{Container, Exit, Site, State, Volumes};
use crate::sim::{Duration, Time};
use std::rc::Rc;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Init,
    Regular,
    Ephemeral,
}

/// What the last relist saw of a container.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Seen {
    Not,
    Running,
    Exited,
}

/// A container that the runtime has.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) c: Container,
    pub(super) kind: Kind,
    pub(super) seen: Seen,
}

#[derive(Clone, Debug)]
pub(super) struct Sandbox {
    pub(super) ip: u32,
    pub(super) ready: bool,
    pub(super) seen_ready: bool,
    pub(super) seen: bool,
}

/// Which state of the containers a decision rests on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// The last relist's.
    Cache,
    Actual,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Stage {
    Sync,
    Terminating,
    Terminated,
    Finished,
}

/// Why a container does not start: its waiting reason and message.
#[derive(Clone, Debug)]
pub(super) struct Reason {
    pub(super) container: Str,
    pub(super) reason: &'static str,
    pub(super) message: Str,
}

#[derive(Clone)]
pub(super) struct PodWorker {
    /// As the API last showed it.
    pub(super) pod: Rc<Pod>,
    /// It is gone from the API.
    pub(super) removed: bool,
    /// What was last said of it.
    pub(super) status: Option<Rc<PodStatus>>,
    pub(super) stage: Stage,
    pub(super) sandbox: Option<Sandbox>,
    /// In the order of their creation, at most two of a name.
    pub(super) containers: Vec<Held>,
    pub(super) volumes: Volumes,
    pub(super) volumes_ready: bool,
    /// For failing mounts: the pause, and when the next attempt is due.
    pub(super) mount_pause: Duration,
    pub(super) mount_at: Time,
    pub(super) job: Option<Box<Job>>,
    pub(super) probes: Vec<Probe>,
    /// Kinds of probes that fail whatever there is, by a fault.
    pub(super) failing: Vec<ProbeKind>,
    pub(super) reasons: Vec<Reason>,
    pub(super) crashes: Backoff,
    pub(super) pulls: Backoff,
    /// What the last pull of an image said, by image.
    pub(super) pull_errors: Vec<(Str, Str)>,
    pub(super) grace: i64,
    /// A sync is wanted and waits for its time.
    working: bool,
    pending: bool,
    start_at: Time,
    synced_at: Option<Time>,
    /// The delayed queue will want a sync then.
    pub(super) requeue_at: Time,
    relist_at: Time,
    /// The API's status is not the one that was last said: it is said again then.
    reconcile_at: Time,
    pub(super) deadline_at: Time,
    due: Time,
    /// The trace event of what is wanted of it: its binding, a change of its spec, its deletion.
    cause: u64,
    /// Of the newest thing that befell it, of which the next sync comes.
    story: u64,
    /// Of the newest thing that the present sync did.
    sync_story: u64,
    /// Of the probe for which a container is being killed; else 0.
    pub(super) probe_failed: u64,
}

impl PodWorker {
    pub(super) fn new(pod: Rc<Pod>, cause: u64) -> PodWorker {
        PodWorker {
            pod,
            removed: false,
            status: None,
            stage: Stage::Sync,
            sandbox: None,
            containers: Vec::new(),
            volumes: Volumes::new(),
            volumes_ready: false,
            mount_pause: Duration::ZERO,
            mount_at: Time::ZERO,
            job: None,
            probes: Vec::new(),
            failing: Vec::new(),
            reasons: Vec::new(),
            crashes: Backoff::default(),
            pulls: Backoff::default(),
            pull_errors: Vec::new(),
            grace: 0,
            working: false,
            pending: false,
            start_at: Time::MAX,
            synced_at: None,
            requeue_at: Time::MAX,
            relist_at: Time::MAX,
            reconcile_at: Time::MAX,
            deadline_at: Time::MAX,
            due: Time::MAX,
            cause,
            story: cause,
            sync_story: cause,
            probe_failed: 0,
        }
    }

    pub(super) fn key(&self) -> Key {
        self.pod.metadata.key()
    }

    pub(super) fn due_at(&self) -> Time {
        self.due
    }

    /// Nothing is left to do or to show.
    pub(super) fn is_gone(&self) -> bool {
        self.removed && self.stage == Stage::Finished
    }

    /// `web_default(8a…)`. Upstream: pkg/kubelet/util/format (Pod).
    pub(super) fn describe(&self) -> String {
        let m = &self.pod.metadata;
        format!("{}_{}({})", m.name, m.namespace, m.uid)
    }

    /// The pod was just bound to this node, or found by a kubelet that begins.
    pub(super) fn first(&mut self, cx: &mut Cx) {
        if self.pod.is_terminal() {
            // It ended in an earlier life of this kubelet.
            self.stage = if self.pod.metadata.is_deleting() { Stage::Terminating } else { Stage::Finished };
        }
        if self.pod.metadata.is_deleting() {
            self.begin_termination();
        }
        if self.stage != Stage::Finished {
            self.request(cx.t.now, cx.k);
        }
    }

    pub(super) fn update(&mut self, pod: Option<Rc<Pod>>, cx: &mut Cx) {
        let now = cx.t.now;
        let Some(pod) = pod else {
            if !self.removed {
                self.removed = true;
                (self.cause, self.story) = (cx.t.cause, cx.t.cause);
                if self.stage == Stage::Sync {
                    self.begin_termination();
                    self.request(now, cx.k);
                }
            }
            return;
        };
        let old = std::mem::replace(&mut self.pod, pod);
        let (m, o) = (&self.pod.metadata, &old.metadata);
        let changed = self.pod.spec != old.spec
            || m.labels != o.labels
            || m.annotations != o.annotations
            || m.deletion_timestamp != o.deletion_timestamp
            || m.deletion_grace_period_seconds != o.deletion_grace_period_seconds;
        let gates = !changed && super::status::readiness_gates_moved(&self.pod);
        if self.stage == Stage::Finished {
            if m.is_deleting() {
                self.write_status(cx);
            }
            return;
        }
        let differs = self.status.as_ref().is_some_and(|said| super::status::says_otherwise(&self.pod.status, said));
        // Most often it is a word of its own on its way back, which the next one makes good.
        self.reconcile_at = if differs { tick10_after(now, cx.k) } else { Time::MAX };
        if !changed && !gates {
            return;
        }
        (self.cause, self.story) = (cx.t.cause, cx.t.cause);
        if self.stage == Stage::Sync && (m.is_deleting() || self.pod.is_terminal()) {
            self.begin_termination();
        } else if m.is_deleting() {
            self.shorten_grace();
        }
        self.request(now, cx.k);
    }

    /// Upstream: calculateEffectiveGracePeriod.
    fn shorten_grace(&mut self) {
        if let Some(s) = self.pod.metadata.deletion_grace_period_seconds
            && (self.grace == 0 || s < self.grace)
        {
            self.grace = s.max(1);
        }
    }

    pub(super) fn begin_termination(&mut self) {
        self.stage = Stage::Terminating;
        self.shorten_grace();
        if self.grace == 0 {
            self.grace = self.pod.spec.termination_grace_period_seconds.unwrap_or(30).max(1);
        }
        // A wait for volumes is given up, other work is not.
        if matches!(self.job.as_deref(), Some(Job::Sync(s)) if s.waits_for_volumes()) {
            self.job = None;
            self.working = false;
        }
    }

    /// Somebody wants the pod synced: at once if it rests and a relist has come since the last sync, else later.
    pub(super) fn request(&mut self, now: Time, k: &Shared) {
        if self.stage == Stage::Finished {
            return;
        }
        if self.working {
            self.pending = true;
            return;
        }
        self.working = true;
        let seen = self.synced_at.map_or(now, |at| tick_after(at, k.relist_phase));
        self.start_at = now.max(seen);
    }

    /// A sync has ended; `again` is when the delayed queue shall want the next.
    pub(super) fn complete(&mut self, now: Time, again: Time, k: &Shared) {
        self.job = None;
        self.synced_at = Some(now);
        self.working = false;
        self.requeue_at = again;
        if std::mem::take(&mut self.pending) {
            self.request(now, k);
        }
    }

    /// The kubelet's process ended: it knows of containers only what the runtime tells the next one.
    pub(super) fn forget(&mut self, cause: u64) {
        (self.cause, self.story) = (cause, cause);
        self.job = None;
        self.probes = Vec::new();
        self.reasons = Vec::new();
        self.crashes = Backoff::default();
        self.pulls = Backoff::default();
        self.pull_errors = Vec::new();
        self.working = false;
        self.pending = false;
        self.synced_at = None;
        self.requeue_at = Time::MAX;
        self.status = None;
        self.reconcile_at = Time::MAX;
        if self.stage == Stage::Finished {
            return;
        }
        if self.stage != Stage::Terminating {
            self.stage = Stage::Sync;
        }
        for h in &mut self.containers {
            h.seen = h.now_seen();
        }
        if let Some(s) = &mut self.sandbox {
            s.seen = true;
            s.seen_ready = s.ready;
        }
        self.working = true;
        self.start_at = Time::ZERO;
    }

    /// Something of the containers changed: the next relist will find it.
    pub(super) fn touch(&mut self, now: Time, k: &Shared) {
        self.relist_at = self.relist_at.min(tick_after(now, k.relist_phase));
    }

    /// Does what is due; when it wants to be called again.
    pub(super) fn advance(&mut self, cx: &mut Cx) -> Time {
        let now = cx.t.now;
        loop {
            let mut moved = self.run_processes(cx);
            cx.t.cause = self.story;
            if self.relist_at <= now {
                self.relist_at = Time::MAX;
                self.relist(cx);
                moved = true;
            }
            moved |= self.run_probes(cx);
            if self.job.is_some() {
                cx.t.cause = self.sync_story;
                moved |= self.run_job(cx);
            }
            cx.t.cause = self.story;
            if self.requeue_at <= now {
                self.requeue_at = Time::MAX;
                self.request(now, cx.k);
                moved = true;
            }
            if self.reconcile_at <= now {
                self.reconcile_at = Time::MAX;
                self.write_status(cx);
                moved = true;
            }
            if self.deadline_at <= now && self.stage == Stage::Sync {
                self.deadline_at = Time::MAX;
                self.request(now, cx.k);
                moved = true;
            }
            if self.working && self.job.is_none() && self.start_at <= now {
                self.start_at = Time::MAX;
                self.sync_story = self.story;
                self.begin_job(cx);
                moved = true;
            }
            if !moved {
                break;
            }
        }
        self.due = self.next_at();
        assert!(self.due > now, "what is due has been done: {}", self.describe());
        self.due
    }

    fn next_at(&self) -> Time {
        let processes = self.containers.iter().map(|h| h.c.wakes_at).min().unwrap_or(Time::MAX);
        let job = self.job.as_ref().map_or(Time::MAX, |j| j.next_at());
        let start = if self.working && self.job.is_none() { self.start_at } else { Time::MAX };
        let probes = self.probes.iter().map(Probe::next_at).min().unwrap_or(Time::MAX);
        let deadline = if self.stage == Stage::Sync { self.deadline_at } else { Time::MAX };
        processes
            .min(job)
            .min(start)
            .min(probes)
            .min(deadline)
            .min(self.requeue_at)
            .min(self.relist_at)
            .min(self.reconcile_at)
    }

    fn run_processes(&mut self, cx: &mut Cx) -> bool {
        let mut moved = false;
        for i in 0..self.containers.len() {
            if self.containers[i].c.wakes_at <= cx.t.now {
                self.with(i, cx, |c, site| c.step(site));
                moved = true;
            }
        }
        moved
    }

    /// Runs `f` on a container with all that lies around it; notes if it ended by that.
    pub(super) fn with<R>(&mut self, i: usize, cx: &mut Cx, f: impl FnOnce(&mut Container, &mut Site) -> R) -> R {
        let pod = self.pod.clone();
        let was = self.containers[i].c.state;
        let (name, kind) = (self.containers[i].c.name.clone(), self.containers[i].kind);
        let ip = if pod.spec.host_network {
            cx.k.machine.internal_ip.clone()
        } else {
            self.sandbox.as_ref().map(|s| super::ip_text(s.ip)).unwrap_or_default()
        };
        let host = if pod.spec.host_network { cx.k.machine.name.clone() } else { host_name(&pod) };
        let mut ports = Vec::new();
        let mut read_only = false;
        let mut mounts: &[VolumeMount] = &[];
        match kind {
            Kind::Ephemeral => {
                if let Some(e) = pod.spec.ephemeral_containers.iter().find(|e| e.name == name) {
                    mounts = &e.volume_mounts;
                    ports = e.ports.iter().map(|p| p.container_port as u16).collect();
                }
            }
            _ => {
                if let Some(s) = find_spec(&pod, &name) {
                    mounts = &s.volume_mounts;
                    ports = s.ports.iter().map(|p| p.container_port as u16).collect();
                    read_only = s.security_context.as_ref().and_then(|c| c.read_only_root_filesystem).unwrap_or(false);
                }
            }
        }
        let mut site = Site {
            now: cx.t.now,
            epoch: cx.k.epoch,
            volumes: &mut self.volumes,
            mounts,
            host: &host,
            ip: &ip,
            ports: &ports,
            read_only,
        };
        let done = f(&mut self.containers[i].c, &mut site);
        if was == State::Running && self.containers[i].c.state == State::Exited {
            self.ended(i, cx);
        }
        done
    }

    /// Upstream: pkg/kubelet/kuberuntime/kuberuntime_container.go (getTerminationMessage).
    pub(super) fn ended(&mut self, i: usize, cx: &mut Cx) {
        let (name, code) = {
            let c = &self.containers[i].c;
            (c.name.clone(), c.exit.as_ref().map_or(0, |e| e.code))
        };
        self.touch(cx.t.now, cx.k);
        let why = std::mem::take(&mut self.probe_failed);
        cx.t.cause = if why == 0 { self.cause } else { why };
        let (node, pod) = (cx.k.machine.name.clone(), self.pod.metadata.key());
        self.befell(What::Exited { node, pod, container: name.clone(), code }, cx);
        let pod = self.pod.clone();
        let Some(spec) = find_spec(&pod, &name) else { return };
        let path = spec.termination_message_path.or("/dev/termination-log");
        let from_logs = spec.termination_message_policy == "FallbackToLogsOnError";
        let written = self.with(i, cx, |c, site| c.read_file(&path, site)).unwrap_or_default();
        let c = &mut self.containers[i].c;
        let message = if written.is_empty() && from_logs && code != 0 { c.log.tail(80, 2048) } else { written };
        if !message.is_empty() {
            let mut end = message.len().min(4096);
            while !message.is_char_boundary(end) {
                end -= 1;
            }
            c.set_message(Str::from(&message[..end]));
        }
    }

    /// One look at all containers; each change is an event, and each event wants a sync.
    fn relist(&mut self, cx: &mut Cx) {
        let (mut events, mut died) = (0, false);
        for h in &mut self.containers {
            let is = h.now_seen();
            if is != h.seen {
                events += 1;
                died |= is == Seen::Exited;
                h.seen = is;
            }
        }
        if let Some(s) = &mut self.sandbox
            && (s.seen_ready != s.ready || !s.seen)
        {
            events += 1;
            s.seen = true;
            s.seen_ready = s.ready;
        }
        // Events that come together find the worker still waking up, and are one wish to it; not so when something died,
        // because what is dead is cleaned up between them.
        for _ in 0..if died { events } else { events.min(1) } {
            self.request(cx.t.now, cx.k);
        }
        self.prune();
    }

    /// Keeps one dead container beside the newest of each name. Upstream: pkg/kubelet/pod_container_deletor.go.
    fn prune(&mut self) {
        let names: Vec<Str> = self.containers.iter().map(|h| h.c.name.clone()).collect();
        let mut at = 0;
        self.containers.retain(|h| {
            let later = names[at + 1..].iter().filter(|n| **n == h.c.name).count();
            at += 1;
            later < 2 || h.c.is_running()
        });
    }

    /// The newest container of that name.
    pub(super) fn find(&self, name: &str, look: Look) -> Option<&Held> {
        self.containers.iter().rev().find(|h| h.c.name == name && h.state(look).is_some())
    }

    pub(super) fn index_of(&self, id: &str) -> Option<usize> {
        self.containers.iter().position(|h| h.c.id == id)
    }

    pub(super) fn exec(&mut self, container: &str, argv: &[Str], stdin: &Stdin, cx: &mut Cx) -> Result<u32, ExecError> {
        let running = |h: &Held| h.c.name == container && h.c.is_running();
        let i = self.containers.iter().position(running).ok_or_else(|| ExecError::NotFound(container.to_owned()))?;
        self.with(i, cx, |c, site| c.exec(argv, stdin, site)).map_err(ExecError::Failed)
    }

    pub(super) fn runs(&self, container: &str) -> bool {
        self.containers.iter().any(|h| (container.is_empty() || h.c.name == container) && h.c.is_running())
    }

    pub(super) fn exec_seen(&self, container: &str, pid: u32) -> Option<(&Written, Option<i32>)> {
        self.containers.iter().rev().filter(|h| h.c.name == container).find_map(|h| h.c.exec_seen(pid))
    }

    pub(super) fn exec_type(&mut self, container: &str, pid: u32, line: Option<&str>, cx: &mut Cx) {
        let has = |h: &Held| h.c.name == container && h.c.exec_seen(pid).is_some();
        if let Some(i) = self.containers.iter().rposition(has) {
            self.with(i, cx, |c, site| c.exec_type(pid, line, site));
        }
    }

    pub(super) fn exec_forget(&mut self, container: &str, pid: u32) {
        let all = self.containers.iter_mut().filter(|h| h.c.name == container);
        all.for_each(|h| h.c.exec_kill(pid));
    }

    pub(super) fn http(
        &mut self,
        port: u16,
        path: &str,
        from: &str,
        agent: &str,
        cx: &mut Cx,
    ) -> Option<(u16, String)> {
        let all = 0..self.containers.len();
        all.into_iter().find_map(|i| self.with(i, cx, |c, site| c.http("GET", port, path, from, agent, site)))
    }

    pub(super) fn logs(&self, container: &str, previous: bool) -> Option<Vec<(Time, Str)>> {
        let mut lives = self.containers.iter().rev().filter(|h| h.c.name == container);
        let life = if previous { lives.nth(1) } else { lives.next() }?;
        Some(life.c.log.lines().map(|l| (l.at, l.text.clone())).collect())
    }

    /// Notes what happened, of which the next sync comes.
    fn befell(&mut self, what: What, cx: &mut Cx) {
        cx.t.cause = cx.t.note(what);
        self.story = cx.t.cause;
    }

    /// Notes what a probe found.
    pub(super) fn probed(&mut self, what: What, cx: &mut Cx) {
        cx.t.cause = self.cause;
        self.befell(what, cx);
    }

    /// A probe's verdict will be its container's end.
    pub(super) fn killed_by_probe(&mut self) {
        self.probe_failed = self.story;
    }

    /// Notes what the present sync did.
    pub(super) fn did(&mut self, what: What, cx: &mut Cx) {
        self.befell(what, cx);
        self.sync_story = self.story;
    }

    /// When the delayed queue, which is looked through once a second, hands the pod out.
    pub(super) fn queue_at(&self, at: Time, k: &Shared) -> Time {
        tick_from(at, k.queue_phase)
    }
}

impl Held {
    pub(super) fn now_seen(&self) -> Seen {
        match self.c.state {
            State::Created => Seen::Not,
            State::Running => Seen::Running,
            State::Exited => Seen::Exited,
        }
    }

    /// None: it is not known yet.
    pub(super) fn state(&self, look: Look) -> Option<State> {
        let seen = if look == Look::Cache { self.seen } else { self.now_seen() };
        match seen {
            Seen::Not => None,
            Seen::Running => Some(State::Running),
            Seen::Exited => Some(State::Exited),
        }
    }

    pub(super) fn exit(&self) -> Option<&Exit> {
        self.c.exit.as_deref()
    }
}

/// The status manager looks through all pods once in ten seconds.
fn tick10_after(now: Time, k: &Shared) -> Time {
    let phase = k.relist_phase.as_nanos() as i64;
    let period = 10_000_000_000;
    Time((now.0 - phase).div_euclid(period) * period + period + phase)
}

/// The host name that a pod's containers see.
pub(super) fn host_name(pod: &Pod) -> Str {
    if let Some(name) = &pod.spec.hostname_override {
        return name.clone();
    }
    let name = if pod.spec.hostname.is_empty() { &pod.metadata.name } else { &pod.spec.hostname };
    if name.len() <= 63 { name.clone() } else { Str::from(name[..63].trim_end_matches(['-', '.'])) }
}

pub(super) fn find_spec<'a>(pod: &'a Pod, name: &str) -> Option<&'a Spec> {
    pod.spec.containers.iter().chain(&pod.spec.init_containers).find(|c| c.name == name)
}

/// A sidecar. Upstream: IsRestartableInitContainer.
pub(super) fn is_sidecar(c: &Spec) -> bool {
    c.restart_policy.as_deref() == Some("Always")
}

/// The common part of an ephemeral container as a container.
pub(super) fn plain(e: &EphemeralContainer) -> Spec {
    let e = e.clone();
    Spec {
        name: e.name,
        image: e.image,
        command: e.command,
        args: e.args,
        working_dir: e.working_dir,
        env_from: e.env_from,
        env: e.env,
        resources: e.resources,
        volume_mounts: e.volume_mounts,
        lifecycle: e.lifecycle,
        termination_message_path: e.termination_message_path,
        termination_message_policy: e.termination_message_policy,
        image_pull_policy: e.image_pull_policy,
        security_context: e.security_context,
        ..Spec::default()
    }
}

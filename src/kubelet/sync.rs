//! One sync of a pod, carried on from step to step: volumes, sandbox, images, containers, hooks; or their end.
//!
//! Upstream: pkg/kubelet/kubelet.go (SyncPod, SyncTerminatingPod, SyncTerminatedPod),
//! pkg/kubelet/kuberuntime/kuberuntime_manager.go (SyncPod), kuberuntime_container.go (startContainer)
//! Differs: image volumes, cgroups and devices are left out.

use super::actions::KillReason;
use super::lifecycle::{Hook, Kill};
use super::pod_worker::{Held, Kind, Look, PodWorker, Reason, Sandbox, Seen, Stage, plain};
use super::{Cx, env};
use crate::api::core::Container as Spec;
use crate::apimachinery::Str;
use crate::client::What;
use crate::runtime::images::{Pulled, digest};
use crate::runtime::{Container, PullError, State};
use crate::sim::{Duration, Time};
use std::collections::VecDeque;
use std::rc::Rc;

const MOUNT: Duration = Duration::from_millis(90);
const SANDBOX: Duration = Duration::from_millis(120);
const CREATE: Duration = Duration::from_millis(20);
const UNMOUNT: Duration = Duration::from_millis(100);
/// Upstream: backOffPeriod and workerBackOffPeriodJitterFactor.
const RETRY: Duration = Duration::from_secs(10);
/// Upstream: --sync-frequency and workerResyncIntervalJitterFactor.
const RESYNC: Duration = Duration::from_secs(60);

#[derive(Clone)]
#[allow(clippy::large_enum_variant, reason = "a job is boxed as a whole")]
pub(super) enum Job {
    Sync(SyncJob),
    Terminating(Vec<Kill>),
    /// Until the volumes are gone.
    Terminated(Time),
}

#[derive(Clone)]
enum Step {
    Mount(Time),
    /// Containers are ended one after the other, then the rest goes on.
    Kill,
    Sandbox(Time),
    Next,
    Pull {
        of: (Kind, usize),
        begun: Time,
        takes: Duration,
        until: Time,
        got: Result<Rc<Pulled>, PullError>,
    },
    Create {
        of: (Kind, usize),
        until: Time,
        image: Rc<Pulled>,
    },
    Hook {
        of: (Kind, usize),
        id: Str,
        hook: Hook,
    },
    HookKill {
        of: (Kind, usize),
        kill: Kill,
        message: String,
    },
    End,
}

#[derive(Clone)]
pub(super) struct SyncJob {
    step: Step,
    start: VecDeque<(Kind, usize)>,
    to_kill: VecDeque<super::actions::ToKill>,
    /// The one that is being ended.
    killing: Option<Kill>,
    /// All containers go, and the sandbox with them.
    kill_pod: bool,
    create_sandbox: bool,
    failed: bool,
    /// When the earliest of the back-offs that were met ends.
    backoff_until: Option<Time>,
}

impl SyncJob {
    pub(super) fn is_pulling(&self) -> bool {
        matches!(self.step, Step::Pull { .. })
    }

    pub(super) fn waits_for_volumes(&self) -> bool {
        matches!(self.step, Step::Mount(_))
    }
}

impl Job {
    pub(super) fn next_at(&self) -> Time {
        match self {
            Job::Sync(s) => match &s.step {
                Step::Mount(at) | Step::Sandbox(at) | Step::Pull { until: at, .. } | Step::Create { until: at, .. } => {
                    *at
                }
                Step::Kill => s.killing.as_ref().map_or(Time::MAX, Kill::next_at),
                Step::Hook { hook: Hook::Sleep(at), .. } => *at,
                Step::HookKill { kill, .. } => kill.next_at(),
                Step::Hook { .. } | Step::Next | Step::End => Time::MAX,
            },
            Job::Terminating(kills) => kills.iter().map(Kill::next_at).min().unwrap_or(Time::MAX),
            Job::Terminated(at) => *at,
        }
    }
}

impl PodWorker {
    pub(super) fn begin_job(&mut self, cx: &mut Cx) {
        match self.stage {
            Stage::Sync => self.begin_sync(cx),
            Stage::Terminating => self.begin_terminating(cx),
            Stage::Terminated => {
                let status = self.generate_status(Look::Cache, true, cx);
                self.set_status(status, cx);
                self.job = Some(Box::new(Job::Terminated(cx.t.now + UNMOUNT)));
            }
            Stage::Finished => {}
        }
    }

    /// Whether anything moved.
    pub(super) fn run_job(&mut self, cx: &mut Cx) -> bool {
        let Some(mut job) = self.job.take() else { return false };
        match &mut *job {
            Job::Sync(s) => {
                let moved = self.run_sync(s, cx);
                if !matches!(s.step, Step::End) {
                    self.job = Some(job);
                }
                moved
            }
            Job::Terminating(kills) => {
                let moved = self.run_kills(kills, self.has_sidecars(), cx);
                if kills.iter().all(Kill::is_done) {
                    self.end_terminating(cx);
                    return true;
                }
                self.job = Some(job);
                moved
            }
            Job::Terminated(at) if *at <= cx.t.now => {
                self.end_terminated(cx);
                true
            }
            Job::Terminated(_) => {
                self.job = Some(job);
                false
            }
        }
    }

    fn has_sidecars(&self) -> bool {
        self.pod.spec.init_containers.iter().any(super::pod_worker::is_sidecar)
    }

    fn begin_sync(&mut self, cx: &mut Cx) {
        let now = cx.t.now;
        let status = self.generate_status(Look::Cache, false, cx);
        let terminal = status.phase == "Succeeded" || status.phase == "Failed";
        self.set_status(status, cx);
        if terminal {
            self.begin_termination();
            let again = self.queue_at(now, cx.k);
            self.complete(now, again, cx.k);
            return;
        }
        let wait = if self.volumes_ready { now } else { (now + MOUNT).max(self.mount_at) };
        self.job = Some(Box::new(Job::Sync(SyncJob {
            step: Step::Mount(wait),
            start: VecDeque::new(),
            to_kill: VecDeque::new(),
            killing: None,
            kill_pod: false,
            create_sandbox: false,
            failed: false,
            backoff_until: None,
        })));
    }

    fn run_sync(&mut self, s: &mut SyncJob, cx: &mut Cx) -> bool {
        let mut moved = false;
        loop {
            let now = cx.t.now;
            let step = std::mem::replace(&mut s.step, Step::End);
            let next = match step {
                Step::Mount(at) if at > now => Err(Step::Mount(at)),
                Step::Mount(_) => match self.mount(cx) {
                    Ok(()) => Ok(self.decide(s, cx)),
                    Err(again) => {
                        moved = true;
                        Err(Step::Mount(again))
                    }
                },
                Step::Kill => self.run_sync_kills(s, cx),
                Step::Sandbox(at) if at > now => Err(Step::Sandbox(at)),
                Step::Sandbox(_) => {
                    self.made_sandbox(cx);
                    Ok(Step::Next)
                }
                Step::Next => match s.start.pop_front() {
                    None => {
                        self.end_sync(s, cx);
                        return true;
                    }
                    Some(of) => Ok(self.begin_start(of, s, cx)),
                },
                Step::Pull { of, begun, takes, until, got } if until > now => {
                    Err(Step::Pull { of, begun, takes, until, got })
                }
                Step::Pull { of, begun, takes, until: _, got } => Ok(self.pulled(of, (begun, takes), got, s, cx)),
                Step::Create { of, until, image } if until > now => Err(Step::Create { of, until, image }),
                Step::Create { of, until: _, image } => Ok(self.create(of, &image, s, cx)),
                Step::Hook { of, id, mut hook } => match self.index_of(&id) {
                    Some(i) if !self.run_hook(&mut hook, i, cx) => Err(Step::Hook { of, id, hook }),
                    _ => Ok(self.hooked(of, &id, hook, s, cx)),
                },
                Step::HookKill { of, kill, message } => {
                    let mut kills = [kill];
                    self.run_kills(&mut kills, false, cx);
                    let [kill] = kills;
                    if kill.is_done() {
                        Ok(self.fail_start(of, "PostStartHookError", message, s))
                    } else {
                        Err(Step::HookKill { of, kill, message })
                    }
                }
                Step::End => return moved,
            };
            match next {
                Ok(step) => {
                    s.step = step;
                    moved = true;
                }
                Err(step) => {
                    s.step = step;
                    return moved;
                }
            }
        }
    }

    fn spec_at(&self, of: (Kind, usize)) -> Option<Spec> {
        let spec = &self.pod.spec;
        match of {
            (Kind::Init, i) => spec.init_containers.get(i).cloned(),
            (Kind::Regular, i) => spec.containers.get(i).cloned(),
            (Kind::Ephemeral, i) => spec.ephemeral_containers.get(i).map(plain),
        }
    }

    fn decide(&mut self, s: &mut SyncJob, cx: &mut Cx) -> Step {
        self.tell_missing_pull_secrets(cx);
        self.add_probes(cx);
        let actions = self.compute_pod_actions();
        if actions.create_sandbox && self.sandbox.is_some() {
            self.pod_event(cx, "Normal", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
        }
        s.start = actions.start.into();
        s.create_sandbox = actions.create_sandbox;
        s.kill_pod = actions.kill_pod;
        s.to_kill = if actions.kill_pod {
            let kill = |h: &&Held| h.state(Look::Cache) == Some(State::Running) && h.c.is_running();
            let all = self.containers.iter().filter(kill);
            all.map(|h| super::actions::ToKill {
                id: h.c.id.clone(),
                message: String::new(),
                reason: KillReason::Unknown,
            })
            .collect()
        } else {
            actions.kill.into()
        };
        Step::Kill
    }

    #[allow(clippy::result_large_err, reason = "both arms are the next step")]
    fn run_sync_kills(&mut self, s: &mut SyncJob, cx: &mut Cx) -> Result<Step, Step> {
        loop {
            if let Some(kill) = s.killing.take() {
                let mut kills = [kill];
                self.run_kills(&mut kills, false, cx);
                let [kill] = kills;
                if !kill.is_done() {
                    s.killing = Some(kill);
                    return Err(Step::Kill);
                }
            }
            let Some(k) = s.to_kill.pop_front() else { break };
            if self.index_of(&k.id).is_some() {
                s.killing = Some(self.begin_kill(&k.id, &k.message, k.reason, None, cx));
            }
        }
        if s.kill_pod {
            self.stop_sandbox(cx);
        }
        if s.create_sandbox {
            return Ok(Step::Sandbox(cx.t.now + SANDBOX));
        }
        Ok(Step::Next)
    }

    pub(super) fn stop_sandbox(&mut self, cx: &mut Cx) {
        if let Some(s) = &mut self.sandbox
            && s.ready
        {
            s.ready = false;
            if !self.pod.spec.host_network {
                cx.k.ips.free(s.ip);
            }
            self.touch(cx.t.now, cx.k);
        }
    }

    fn made_sandbox(&mut self, cx: &mut Cx) {
        let ip = if self.pod.spec.host_network { 0 } else { cx.k.ips.take().unwrap_or(0) };
        self.sandbox = Some(Sandbox { ip, ready: true, seen_ready: false, seen: false });
        self.touch(cx.t.now, cx.k);
    }

    pub(super) fn is_pulling(&self) -> bool {
        matches!(self.job.as_deref(), Some(Job::Sync(s)) if s.is_pulling())
    }

    /// The earliest end of a pause before a container is started or an image pulled again.
    pub(super) fn waits_until(&self, now: Time) -> Option<Time> {
        let spec = &self.pod.spec;
        let ends = spec.init_containers.iter().chain(&spec.containers).filter_map(|c| {
            let pull = self.pulls.until_since_update(&c.image, now);
            let dead = |h: &&Held| h.c.name == c.name && h.state(Look::Cache) == Some(State::Exited);
            let exit = self.containers.iter().rev().find(dead).and_then(Held::exit);
            let crash =
                exit.map(|e| e.at + self.crashes.get(&format!("{}_{}", c.name, c.image))).filter(|at| *at > now);
            pull.into_iter().chain(crash).min()
        });
        ends.min()
    }

    /// Upstream: doBackOff, EnsureImageExists.
    fn begin_start(&mut self, of: (Kind, usize), s: &mut SyncJob, cx: &mut Cx) -> Step {
        let now = cx.t.now;
        let Some(spec) = self.spec_at(of) else { return Step::Next };
        let dead = |h: &&Held| h.c.name == spec.name && h.state(Look::Cache) == Some(State::Exited);
        if let Some(finished) = self.containers.iter().rev().find(dead).and_then(|h| h.exit()).map(|e| e.at) {
            let key = Str::from(format!("{}_{}", spec.name, spec.image));
            if self.crashes.is_in_since(&key, finished, now) {
                let pod = self.describe();
                let text = format!("Back-off restarting failed container {} in pod {pod}", spec.name);
                self.container_event(cx, &spec.name, "Warning", "BackOff", &text);
                let pause = self.crashes.get(&key);
                let message =
                    format!("back-off {} restarting failed container={} pod={pod}", go_duration(pause), spec.name);
                let until = finished + pause;
                s.backoff_until = Some(s.backoff_until.map_or(until, |u| u.min(until)));
                return self.fail_start(of, "CrashLoopBackOff", message, s);
            }
            self.crashes.next(&key, finished, now);
        }
        match self.ensure_image(&spec, cx) {
            super::images::Ensured::Here(image) => Step::Create { of, until: now + CREATE, image },
            super::images::Ensured::Pulling { until, takes, got } => Step::Pull { of, begun: now, takes, until, got },
            super::images::Ensured::Failed(reason, message) => {
                self.container_event(cx, &spec.name, "Warning", "Failed", &format!("Error: {reason}"));
                self.fail_start(of, reason, message, s)
            }
        }
    }

    fn pulled(
        &mut self,
        of: (Kind, usize),
        (begun, takes): (Time, Duration),
        got: Result<Rc<Pulled>, PullError>,
        s: &mut SyncJob,
        cx: &mut Cx,
    ) -> Step {
        let Some(spec) = self.spec_at(of) else { return Step::Next };
        match self.finish_pull(&spec, begun, takes, got, cx) {
            Ok(image) => Step::Create { of, until: cx.t.now + CREATE, image },
            Err(message) => {
                self.container_event(cx, &spec.name, "Warning", "Failed", "Error: ErrImagePull");
                self.fail_start(of, "ErrImagePull", message, s)
            }
        }
    }

    /// Notes why a container did not start, and what comes of the others.
    fn fail_start(&mut self, of: (Kind, usize), reason: &'static str, message: String, s: &mut SyncJob) -> Step {
        s.failed = true;
        let Some(spec) = self.spec_at(of) else { return Step::Next };
        self.reasons.retain(|r| r.container != spec.name);
        self.reasons.push(Reason { container: spec.name.clone(), reason, message: Str::from(message) });
        if of.0 == Kind::Init && !super::pod_worker::is_sidecar(&spec) {
            s.start.clear();
        }
        Step::Next
    }

    fn create(&mut self, of: (Kind, usize), image: &Rc<Pulled>, s: &mut SyncJob, cx: &mut Cx) -> Step {
        let now = cx.t.now;
        let Some(spec) = self.spec_at(of) else { return Step::Next };
        let config = env::container_config(self, &spec, image, cx);
        let config = match config {
            Ok(c) => c,
            Err(why) => {
                self.container_event(cx, &spec.name, "Warning", "Failed", &format!("Error: {why}"));
                return self.fail_start(of, "CreateContainerConfigError", why, s);
            }
        };
        let restart_count = match self.find(&spec.name, Look::Cache) {
            Some(h) => h.c.restart_count + 1,
            None => self.last_restart_count(&spec.name),
        };
        let id = digest(&format!("{}/{}/{restart_count}/{}", self.pod.metadata.uid, spec.name, now.0));
        let mut c = Container::new(Str::from(id), spec.name.clone(), image.image, now);
        c.restart_count = restart_count;
        c.asked_image = spec.image.clone();
        c.pulled = Some(image.clone());
        c.services = config.services;
        c.env = config.env;
        c.workdir = spec.working_dir.clone();
        let id = c.id.clone();
        self.containers.reserve_exact(1);
        self.containers.push(Held { c, kind: of.0, seen: Seen::Not });
        let i = self.containers.len() - 1;
        self.container_event(cx, &spec.name, "Normal", "Created", "Container created");
        self.touch(now, cx.k);
        let started = self.with(i, cx, |c, site| c.start(&config.command, &config.args, site));
        if let Err(e) = started {
            self.containers[i].c.end(now, 128, "StartError", Str::from(&e.0));
            self.container_event(cx, &spec.name, "Warning", "Failed", &format!("Error: {}", e.0));
            return self.fail_start(of, "RunContainerError", e.0, s);
        }
        self.container_event(cx, &spec.name, "Normal", "Started", "Container started");
        let (node, pod) = (cx.k.machine.name.clone(), self.pod.metadata.key());
        self.did(What::Started { node, pod, container: spec.name.clone() }, cx);
        if !self.containers[i].c.is_running() {
            // It was over at once.
            self.ended(i, cx);
        }
        if let Some(handler) = spec.lifecycle.as_ref().and_then(|l| l.post_start.as_ref()) {
            let hook = self.begin_hook(i, handler, "postStart", cx);
            return Step::Hook { of, id, hook };
        }
        self.reasons.retain(|r| r.container != spec.name);
        Step::Next
    }

    /// Of containers that are gone, as far as the status remembers them.
    fn last_restart_count(&self, name: &str) -> i32 {
        let Some(status) = &self.status else { return 0 };
        let all = status.container_statuses.iter().chain(&status.init_container_statuses);
        let last = all.into_iter().find(|c| c.name == name && !c.container_id.is_empty());
        last.map_or(0, |c| c.restart_count + 1)
    }

    fn hooked(&mut self, of: (Kind, usize), id: &Str, hook: Hook, s: &mut SyncJob, cx: &mut Cx) -> Step {
        let Some(spec) = self.spec_at(of) else { return Step::Next };
        let Hook::Done(Some(message)) = hook else {
            self.reasons.retain(|r| r.container != spec.name);
            return Step::Next;
        };
        self.container_event(cx, &spec.name, "Warning", "FailedPostStartHook", "PostStartHook failed");
        if self.index_of(id).is_none() {
            return self.fail_start(of, "PostStartHookError", message, s);
        }
        let kill = self.begin_kill(id, "FailedPostStartHook", KillReason::FailedPostStartHook, None, cx);
        Step::HookKill { of, kill, message }
    }

    fn end_sync(&mut self, s: &mut SyncJob, cx: &mut Cx) {
        let now = cx.t.now;
        let again = if s.failed {
            let pause = s.backoff_until.map_or(RETRY, |at| at.since(now)).min(RESYNC);
            let at = now + pause + cx.jitter(pause / 2);
            self.queue_at(at, cx.k)
        } else if self.has_live_volumes() {
            let at = now + RESYNC + cx.jitter(RESYNC / 2);
            self.queue_at(at, cx.k)
        } else {
            Time::MAX
        };
        self.complete(now, again, cx.k);
    }

    fn begin_terminating(&mut self, cx: &mut Cx) {
        let status = self.generate_status(Look::Cache, false, cx);
        self.set_status(status, cx);
        self.stop_probes(false);
        let running: Vec<Str> = self
            .containers
            .iter()
            .filter(|h| h.state(Look::Cache) == Some(State::Running))
            .map(|h| h.c.id.clone())
            .collect();
        let grace = Some(self.grace);
        let kills = running.iter().map(|id| self.begin_kill(id, "", KillReason::Unknown, grace, cx)).collect();
        self.job = Some(Box::new(Job::Terminating(kills)));
    }

    fn end_terminating(&mut self, cx: &mut Cx) {
        let now = cx.t.now;
        for i in 0..self.containers.len() {
            if self.containers[i].c.is_running() {
                self.stop_now(i, cx);
            }
        }
        self.stop_sandbox(cx);
        self.stop_probes(true);
        self.stage = Stage::Terminated;
        let status = self.generate_status(Look::Actual, true, cx);
        self.set_status(status, cx);
        let again = self.queue_at(now, cx.k);
        self.complete(now, again, cx.k);
    }

    fn end_terminated(&mut self, cx: &mut Cx) {
        self.stage = Stage::Finished;
        self.job = None;
        self.requeue_at = Time::MAX;
        self.terminate_status(cx);
    }
}

/// `10s`, `2m40s`, `5m0s`. Upstream: Go's time.Duration.
pub(super) fn go_duration(d: Duration) -> String {
    let s = d.as_secs();
    match (s / 3600, s / 60 % 60, s % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s}s"),
        (h, m, s) => format!("{h}h{m}m{s}s"),
    }
}

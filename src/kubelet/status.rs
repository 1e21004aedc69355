//! The status of a pod: generated from what is known of its containers, and written when it differs.
//!
//! Upstream: pkg/kubelet/kubelet_pods.go (generateAPIPodStatus, convertToAPIContainerStatuses, getPhase),
//! pkg/kubelet/status/{generate,status_manager}.go
//! Differs: a status is written in the turn that makes it; resizes and device health are left out.

use super::Cx;
use super::pod_worker::{Held, Kind, Look, PodWorker, Stage, is_sidecar, plain};
use crate::api::KindId;
use crate::api::core::{
    Container as Spec, ContainerState, ContainerStateRunning, ContainerStateTerminated, ContainerStateWaiting,
    ContainerStatus, ContainerUser, HostIP, LinuxContainerUser, Pod, PodCondition, PodIP, PodStatus, VolumeMountStatus,
};
use crate::apimachinery::time::Time as Wall;
use crate::apimachinery::{Arrange, List, Str};
use crate::client::DeleteOptions;
use crate::runtime::State;
use crate::sim::Time;
use std::rc::Rc;

/// Conditions that the kubelet writes and nobody else.
const OWN: &[&str] = &[
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
    "PodResizePending",
    "PodResizeInProgress",
];

const UNLOCATED: &str = "The container could not be located when the pod was terminated";

fn terminated(code: i32, reason: &'static str, message: &'static str) -> ContainerState {
    ContainerState {
        terminated: Some(Rc::new(ContainerStateTerminated {
            exit_code: code,
            reason: Str::literal(reason),
            message: Str::literal(message),
            ..ContainerStateTerminated::default()
        })),
        ..ContainerState::default()
    }
}

fn waiting(reason: &'static str, message: Str) -> ContainerState {
    ContainerState {
        waiting: Some(Rc::new(ContainerStateWaiting { reason: Str::literal(reason), message })),
        ..ContainerState::default()
    }
}

fn is_terminal(phase: &str) -> bool {
    phase == "Succeeded" || phase == "Failed"
}

/// Whether the pod's readiness gates say something else than its Ready condition.
/// Upstream: pkg/kubelet/status/status_manager.go (NeedToReconcilePodReadiness).
pub(super) fn readiness_gates_moved(pod: &Pod) -> bool {
    if pod.spec.readiness_gates.is_empty() {
        return false;
    }
    let wanted = ready_condition(pod, &pod.status, &pod.status.conditions);
    pod.status.condition("Ready").is_some_and(|c| c.status != wanted.status || c.message != wanted.message)
}

/// Whether the API shows something else than what the kubelet said. Upstream: status_manager.go (needsReconcile).
pub(super) fn says_otherwise(shown: &PodStatus, said: &PodStatus) -> bool {
    let own = |s: &PodStatus| -> Vec<PodCondition> {
        s.conditions.iter().filter(|c| OWN.contains(&&*c.type_)).cloned().collect()
    };
    shown.phase != said.phase || own(shown) != own(said) || shown.container_statuses != said.container_statuses
}

impl PodWorker {
    pub(super) fn pod_ip(&self, cx: &Cx) -> Str {
        if self.pod.spec.host_network {
            return cx.k.machine.internal_ip.clone();
        }
        self.sandbox.as_ref().map(|s| super::ip_text(s.ip)).unwrap_or_default()
    }

    /// What was last said of it, or what the API says.
    fn old_status(&self) -> Rc<PodStatus> {
        self.status.clone().unwrap_or_else(|| self.pod.status.clone())
    }

    /// Upstream: generateAPIPodStatus.
    pub(super) fn generate_status(&mut self, look: Look, ended: bool, cx: &mut Cx) -> PodStatus {
        let pod = self.pod.clone();
        let old = self.old_status();
        let mut s = PodStatus { qos_class: pod.status.qos_class.clone(), ..PodStatus::default() };
        let has_inits = !pod.spec.init_containers.is_empty();
        s.container_statuses =
            self.container_statuses(&pod.spec.containers, &old.container_statuses, Kind::Regular, has_inits, look, cx);
        s.init_container_statuses = self.container_statuses(
            &pod.spec.init_containers,
            &old.init_container_statuses,
            Kind::Init,
            has_inits,
            look,
            cx,
        );
        if !pod.spec.ephemeral_containers.is_empty() {
            let specs: Vec<Spec> = pod.spec.ephemeral_containers.iter().map(plain).collect();
            let old = &old.ephemeral_container_statuses;
            s.ephemeral_container_statuses = self.container_statuses(&specs, old, Kind::Ephemeral, has_inits, look, cx);
        }
        let any_active = pod
            .spec
            .containers
            .iter()
            .any(|c| self.find(&c.name, look).is_some_and(|h| h.state(look) == Some(State::Running)));
        s.phase = Str::literal(phase(&pod, &s, ended, any_active));
        if !is_terminal(&s.phase) {
            if is_terminal(&old.phase) {
                s.phase = old.phase.clone();
            } else if is_terminal(&pod.status.phase) {
                s.phase = pod.status.phase.clone();
            }
        }
        if s.phase == old.phase {
            let first = |a: &Str, b: &Str| if a.is_empty() { b.clone() } else { a.clone() };
            s.reason = first(&old.reason, &pod.status.reason);
            s.message = first(&old.message, &pod.status.message);
        }
        if self.deadline_passed(&old, cx) {
            s.phase = Str::literal("Failed");
            s.reason = Str::literal("DeadlineExceeded");
            s.message = Str::literal("Pod was active on the node longer than the specified deadline");
        }
        if is_terminal(&pod.status.phase) {
            s.phase = pod.status.phase.clone();
        }
        self.apply_probes(&mut s, cx);
        self.conditions(&mut s, &old, look);
        let host = cx.k.machine.internal_ip.clone();
        s.host_ips = List::from(vec![HostIP { ip: host.clone() }]);
        let ip = match &self.sandbox {
            _ if pod.spec.host_network => host.clone(),
            Some(sandbox) if sandbox.seen || look == Look::Actual => super::ip_text(sandbox.ip),
            _ => old.pod_ip.clone(),
        };
        s.host_ip = host;
        if !ip.is_empty() {
            s.pod_ips = if old.pod_ip == ip { old.pod_ips.clone() } else { List::from(vec![PodIP { ip: ip.clone() }]) };
            s.pod_ip = ip;
        }
        s.observed_generation = pod.metadata.generation;
        s
    }

    /// Upstream: active_deadline.go.
    fn deadline_passed(&mut self, old: &PodStatus, cx: &mut Cx) -> bool {
        let (Some(seconds), Some(start)) = (self.pod.spec.active_deadline_seconds, old.start_time) else {
            return false;
        };
        if cx.t.wall.unix() - start.unix() >= seconds {
            // Each look at the deadline says so.
            let text = "Pod was active on the node longer than the specified deadline";
            self.pod_event(cx, "Normal", "DeadlineExceeded", text);
            return true;
        }
        let left = seconds - (cx.t.wall.unix() - start.unix());
        self.deadline_at = Time::from_secs(cx.t.now.as_secs() + left);
        false
    }

    /// Upstream: convertToAPIContainerStatuses.
    fn container_statuses(
        &self,
        specs: &[Spec],
        old: &List<ContainerStatus>,
        kind: Kind,
        has_inits: bool,
        look: Look,
        cx: &Cx,
    ) -> List<ContainerStatus> {
        let default = if has_inits { "PodInitializing" } else { "ContainerCreating" };
        let mut all: Vec<ContainerStatus> =
            specs.iter().map(|c| self.container_status(c, old, kind, default, look, cx)).collect();
        if kind != Kind::Init {
            all.arrange_by(|a, b| a.name.cmp(&b.name));
        }
        List::from(all)
    }

    fn container_status(
        &self,
        c: &Spec,
        old: &[ContainerStatus],
        kind: Kind,
        default: &'static str,
        look: Look,
        cx: &Cx,
    ) -> ContainerStatus {
        let old = old.iter().find(|s| s.name == c.name);
        let mut s = ContainerStatus {
            name: c.name.clone(),
            image: c.image.clone(),
            state: waiting(default, Str::EMPTY),
            volume_mounts: mounts(c, old),
            ..ContainerStatus::default()
        };
        if let Some(o) = old {
            if o.state.terminated.is_some() {
                s = o.clone();
            } else {
                s.restart_count = o.restart_count;
                s.last_state = o.last_state.clone();
            }
        }
        let lives: Vec<&Held> =
            self.containers.iter().rev().filter(|h| h.c.name == c.name && h.state(look).is_some()).take(2).collect();
        match lives.first() {
            None => {
                if let Some(o) = old
                    && o.state.running.is_some()
                    && s.last_state.terminated.is_none()
                {
                    s.last_state = terminated(
                        137,
                        "ContainerStatusUnknown",
                        "The container could not be located when the pod was deleted.  The container used to be Running",
                    );
                    if !self.pod.metadata.is_deleting() {
                        s.restart_count += 1;
                    }
                }
            }
            Some(h) => {
                s = self.converted(h, c, old, look, cx);
                if let Some(before) = lives.get(1) {
                    s.last_state = state_of(before, look, cx);
                }
            }
        }
        // A container that shall start again and did not.
        let done_init = kind == Kind::Init
            && lives
                .first()
                .is_some_and(|h| h.state(look) == Some(State::Exited) && h.exit().is_some_and(|e| e.code == 0));
        if !done_init
            && self.should_restart(c, look)
            && let Some(r) = self.reasons.iter().find(|r| r.container == c.name)
        {
            if s.state.terminated.is_some() {
                s.last_state = s.state.clone();
            }
            s.state = waiting(r.reason, r.message.clone());
        }
        s
    }

    fn converted(&self, h: &Held, c: &Spec, old: Option<&ContainerStatus>, look: Look, cx: &Cx) -> ContainerStatus {
        let full_id = |id: &Str| match old {
            Some(o) if o.container_id.strip_prefix("containerd://") == Some(id) => o.container_id.clone(),
            _ => Str::from(format_args!("containerd://{id}")),
        };
        let state = state_of(h, look, cx);
        let mut s = ContainerStatus {
            name: c.name.clone(),
            restart_count: h.c.restart_count,
            image: h.c.pulled.as_ref().map(|p| p.name.clone()).unwrap_or_default(),
            image_id: h.c.pulled.as_ref().map(|p| p.id.clone()).unwrap_or_default(),
            container_id: full_id(&h.c.id),
            ..ContainerStatus::default()
        };
        // What did not change is shared with the status before.
        s.state = match old {
            Some(o) if o.state == state => o.state.clone(),
            _ => state,
        };
        if let Some(o) = old {
            s.volume_mounts = o.volume_mounts.clone();
            if h.state(look) == Some(State::Running) {
                s.started = o.started;
            }
        }
        s.resources = match old.and_then(|o| o.resources.as_ref()) {
            Some(r) if **r == c.resources => Some(r.clone()),
            _ => Some(Rc::new(c.resources.clone())),
        };
        s.allocated_resources = c.resources.requests.clone();
        s.user = Some(match old.and_then(|o| o.user.as_ref()) {
            Some(u) => u.clone(),
            None => Rc::new(self.user(h, c)),
        });
        s
    }

    fn user(&self, h: &Held, c: &Spec) -> ContainerUser {
        let own = c.security_context.as_deref();
        let pod = self.pod.spec.security_context.as_deref();
        let uid = own.and_then(|s| s.run_as_user).or(pod.and_then(|s| s.run_as_user)).unwrap_or(h.c.image.user);
        let gid = own.and_then(|s| s.run_as_group).or(pod.and_then(|s| s.run_as_group));
        let gid = gid.unwrap_or(if h.c.image.user == uid { uid } else { 0 });
        let mut groups = vec![gid];
        groups.extend(pod.and_then(|s| s.fs_group));
        groups.extend(pod.iter().flat_map(|s| s.supplemental_groups.iter().copied()));
        groups.arrange();
        groups.dedup();
        ContainerUser { linux: Some(Rc::new(LinuxContainerUser { uid, gid, supplemental_groups: List::from(groups) })) }
    }

    /// Upstream: prober_manager.go (UpdatePodStatus).
    fn apply_probes(&mut self, s: &mut PodStatus, cx: &Cx) {
        let pod = self.pod.clone();
        let mut triggers = Vec::new();
        let mut apply = |c: &mut ContainerStatus, probed: bool, w: &PodWorker| {
            let id = c.container_id.strip_prefix("containerd://").unwrap_or_default();
            let running = c.state.running.is_some();
            let (started, ready) = w.probe_state(&c.name, id);
            let started = running && (started || !probed);
            c.started = Some(started);
            if !probed || !started {
                return;
            }
            match ready {
                Some(r) => c.ready = r,
                None => {
                    triggers.push(c.name.clone());
                    // A kubelet that has just begun lets what was ready stay so until its probe has run.
                    let was = w.pod.status.container_statuses.iter().find(|o| o.container_id == c.container_id);
                    let began_before = w.index_of(id).is_some_and(|i| w.containers[i].c.started_at < cx.k.started);
                    c.ready = began_before && was.is_some_and(|o| o.ready) && w.has_no_readiness_result(id);
                }
            }
        };
        for c in s.container_statuses.make_mut() {
            apply(c, true, self);
        }
        if !s.init_container_statuses.is_empty() {
            for (c, spec) in s.init_container_statuses.make_mut().iter_mut().zip(&pod.spec.init_containers) {
                apply(c, is_sidecar(spec), self);
                if !is_sidecar(spec) {
                    c.ready = c.state.terminated.as_ref().is_some_and(|t| t.exit_code == 0);
                }
            }
        }
        for name in triggers {
            self.trigger_readiness(&name, cx.t.now);
        }
    }

    fn has_no_readiness_result(&self, id: &str) -> bool {
        !self.probes.iter().any(|p| p.id == id && p.kind == super::prober::ProbeKind::Readiness && p.result.is_some())
    }

    fn conditions(&self, s: &mut PodStatus, old: &PodStatus, look: Look) {
        let pod = &self.pod;
        let mut all: Vec<PodCondition> =
            pod.status.conditions.iter().filter(|c| !OWN.contains(&&*c.type_)).cloned().collect();
        if let Some(c) = old.condition("DisruptionTarget") {
            all.retain(|c| c.type_ != "DisruptionTarget");
            all.push(c.clone());
        }
        let sandbox = !self.needs_sandbox(look);
        all.push(condition(pod, "PodReadyToStartContainers", sandbox, "", String::new()));
        all.push(initialized_condition(pod, s));
        let ready = ready_condition(pod, s, &all);
        all.push(ready);
        all.push(containers_ready(pod, s, "ContainersReady"));
        all.push(condition(pod, "PodScheduled", true, "", String::new()));
        s.conditions = List::from(all);
    }

    /// Upstream: status_manager.go (updateStatusInternal).
    pub(super) fn set_status(&mut self, mut s: PodStatus, cx: &mut Cx) {
        let old = self.old_status();
        for c in s.conditions.make_mut() {
            if !OWN.contains(&&*c.type_) && c.type_ != "DisruptionTarget" {
                continue;
            }
            c.last_transition_time = match old.condition(&c.type_) {
                Some(o) if o.status == c.status => o.last_transition_time,
                _ => cx.t.wall,
            };
        }
        s.start_time = old.start_time.or(Some(cx.t.wall));
        if let (Some(seconds), Some(start)) = (self.pod.spec.active_deadline_seconds, s.start_time)
            && self.stage == Stage::Sync
        {
            let left = (seconds - (cx.t.wall.unix() - start.unix())).max(0);
            let at = Time::from_secs(cx.t.now.as_secs() + left);
            if at > cx.t.now {
                self.deadline_at = at;
            }
        }
        s.observed_generation = s.observed_generation.max(old.observed_generation);
        if self.status.as_deref() == Some(&s) {
            return;
        }
        self.status = Some(Rc::new(s));
        self.write_status(cx);
    }

    /// Upstream: status_manager.go (syncPod, mergePodStatus, canBeDeleted).
    pub(super) fn write_status(&mut self, cx: &mut Cx) {
        let Some(status) = self.status.clone() else { return };
        let key = self.key();
        let Ok(live) = cx.t.get_live::<Pod>(&key) else { return };
        if live.metadata.uid != self.pod.metadata.uid {
            return;
        }
        let merged = self.merged(&live, &status);
        let mut terminal = is_terminal(&live.status.phase);
        if *live.status != merged {
            terminal = is_terminal(&merged.phase);
            let merged = Rc::new(merged);
            if cx.t.patch_status::<Pod>(&key, |p| p.status = merged).is_err() {
                return;
            }
        }
        if self.stage == Stage::Finished && live.metadata.is_deleting() && terminal {
            let options = DeleteOptions {
                grace_period_seconds: Some(0),
                uid: Some(live.metadata.uid.clone()),
                ..DeleteOptions::default()
            };
            let _ = cx.t.delete(KindId::Pod, &key, &options);
        }
    }

    fn merged(&self, live: &Pod, new: &PodStatus) -> PodStatus {
        let old = &live.status;
        let mut s = new.clone();
        let becomes_terminal = !is_terminal(&old.phase) && is_terminal(&new.phase);
        let may_run = self.stage < Stage::Terminated;
        let mut all: Vec<PodCondition> = old.conditions.iter().filter(|c| !OWN.contains(&&*c.type_)).cloned().collect();
        for c in &new.conditions {
            if OWN.contains(&&*c.type_) {
                all.push(c.clone());
            } else if c.type_ == "DisruptionTarget" && becomes_terminal && !may_run {
                all.retain(|x| x.type_ != c.type_);
                all.push(c.clone());
            }
        }
        s.conditions = List::from(all);
        s.resource_claim_statuses = old.resource_claim_statuses.clone();
        s.extended_resource_claim_status = old.extended_resource_claim_status.clone();
        s.nominated_node_name = old.nominated_node_name.clone();
        s.qos_class = if old.qos_class.is_empty() { new.qos_class.clone() } else { old.qos_class.clone() };
        if becomes_terminal && may_run {
            s.phase = old.phase.clone();
            s.reason = old.reason.clone();
            s.message = old.message.clone();
        }
        if is_terminal(&s.phase) {
            let reason = if s.phase == "Failed" { "PodFailed" } else { "PodCompleted" };
            let is_true = |t: &str| s.condition(t).is_some_and(|c| c.status == "True");
            if is_true("Ready") || is_true("ContainersReady") {
                for t in ["ContainersReady", "Ready"] {
                    let c = condition(live, t, false, reason, String::new());
                    s.set_condition(c);
                }
            }
        }
        // Handles of what did not change stay those of the stored object.
        if s.container_statuses == old.container_statuses {
            s.container_statuses = old.container_statuses.clone();
        }
        s
    }

    /// The last word on a pod. Upstream: status_manager.go (TerminatePod).
    pub(super) fn terminate_status(&mut self, cx: &mut Cx) {
        let mut s = (*self.old_status()).clone();
        let gone = || terminated(137, "ContainerStatusUnknown", UNLOCATED);
        if has_initialized(&self.pod, &s) && s.container_statuses.iter().any(|c| c.state.terminated.is_none()) {
            for c in s.container_statuses.make_mut().iter_mut().filter(|c| c.state.terminated.is_none()) {
                c.state = gone();
            }
        }
        // Init containers as far as they were begun.
        let begun = s
            .init_container_statuses
            .iter()
            .rposition(|c| c.state.waiting.is_none() || c.last_state.terminated.is_some())
            .map_or(0, |at| at + 1)
            .max(usize::from(!s.init_container_statuses.is_empty()));
        if s.init_container_statuses.iter().take(begun).any(|c| c.state.terminated.is_none()) {
            let list = s.init_container_statuses.make_mut();
            for c in list.iter_mut().take(begun).filter(|c| c.state.terminated.is_none()) {
                c.state = gone();
            }
        }
        if !is_terminal(&s.phase) {
            s.phase = Str::literal("Failed");
        }
        self.status = Some(Rc::new(s));
        self.write_status(cx);
    }

    /// The node does not take the pod. Upstream: kubelet.go (rejectPod).
    pub(super) fn reject(&mut self, reason: &str, message: &str, cx: &mut Cx) {
        self.pod_event(cx, "Warning", reason, message);
        self.stage = Stage::Finished;
        let s = PodStatus {
            qos_class: self.pod.status.qos_class.clone(),
            phase: Str::literal("Failed"),
            reason: Str::from(reason),
            message: Str::from(format!("Pod was rejected: {message}")),
            observed_generation: self.pod.metadata.generation,
            ..PodStatus::default()
        };
        self.set_status(s, cx);
    }

    /// Upstream: status_manager.go (SetContainerReadiness).
    pub(super) fn set_container_readiness(&mut self, id: &str, ready: bool, cx: &mut Cx) {
        self.edit_container(id, cx, |c| {
            let changed = c.ready != ready;
            c.ready = ready;
            changed
        });
    }

    /// Upstream: status_manager.go (SetContainerStartup).
    pub(super) fn set_container_startup(&mut self, id: &str, started: bool, cx: &mut Cx) {
        self.edit_container(id, cx, |c| {
            let changed = c.started != Some(started);
            c.started = Some(started);
            changed
        });
    }

    fn edit_container(&mut self, id: &str, cx: &mut Cx, edit: impl FnOnce(&mut ContainerStatus) -> bool) {
        let Some(status) = &self.status else { return };
        let is = |c: &ContainerStatus| c.container_id.strip_prefix("containerd://") == Some(id);
        let mut s = (**status).clone();
        let changed = if let Some(at) = s.container_statuses.iter().position(is) {
            edit(&mut s.container_statuses.make_mut()[at])
        } else if let Some(at) = s.init_container_statuses.iter().position(is) {
            edit(&mut s.init_container_statuses.make_mut()[at])
        } else {
            false
        };
        if !changed {
            return;
        }
        let pod = self.pod.clone();
        let before = s.conditions.clone();
        let ready = ready_condition(&pod, &s, &before);
        let containers = containers_ready(&pod, &s, "ContainersReady");
        for c in s.conditions.make_mut() {
            if c.type_ == "Ready" {
                *c = ready.clone();
            } else if c.type_ == "ContainersReady" {
                *c = containers.clone();
            }
        }
        self.set_status(s, cx);
    }
}

fn state_of(h: &Held, look: Look, cx: &Cx) -> ContainerState {
    match h.state(look) {
        Some(State::Running) => ContainerState {
            running: Some(Rc::new(ContainerStateRunning { started_at: cx.t.wall_at(h.c.started_at) })),
            ..ContainerState::default()
        },
        Some(State::Exited) => {
            let e = h.exit().expect("what has ended says how");
            let began = e.reason != "StartError";
            ContainerState {
                terminated: Some(Rc::new(ContainerStateTerminated {
                    exit_code: e.code,
                    reason: Str::literal(e.reason),
                    message: e.message.clone(),
                    started_at: if began { cx.t.wall_at(h.c.started_at) } else { Wall::from_unix(0) },
                    finished_at: cx.t.wall_at(e.at),
                    container_id: Str::from(format!("containerd://{}", h.c.id)),
                    ..ContainerStateTerminated::default()
                })),
                ..ContainerState::default()
            }
        }
        _ => waiting("", Str::EMPTY),
    }
}

fn mounts(c: &Spec, old: Option<&ContainerStatus>) -> List<VolumeMountStatus> {
    if let Some(o) = old.filter(|o| !o.volume_mounts.is_empty()) {
        return o.volume_mounts.clone();
    }
    c.volume_mounts
        .iter()
        .map(|m| VolumeMountStatus {
            name: m.name.clone(),
            mount_path: m.mount_path.clone(),
            read_only: m.read_only,
            recursive_read_only: m.read_only.then_some(Str::literal("Disabled")),
        })
        .collect()
}

fn condition(pod: &Pod, type_: &'static str, status: bool, reason: &'static str, message: String) -> PodCondition {
    PodCondition {
        type_: Str::literal(type_),
        observed_generation: pod.metadata.generation,
        status: Str::literal(if status { "True" } else { "False" }),
        reason: Str::literal(reason),
        message: Str::from(message),
        ..PodCondition::default()
    }
}

/// `[a b]`, as Go prints a list.
fn bracketed(names: &[&str]) -> String {
    format!("[{}]", names.join(" "))
}

fn find<'a>(s: &'a PodStatus, name: &str) -> Option<&'a ContainerStatus> {
    s.init_container_statuses.iter().chain(&s.container_statuses).find(|c| c.name == name)
}

/// Upstream: generate.go (GenerateContainersReadyCondition).
fn containers_ready(pod: &Pod, s: &PodStatus, type_: &'static str) -> PodCondition {
    if s.container_statuses.is_empty() && s.init_container_statuses.is_empty() {
        return condition(pod, type_, false, "UnknownContainerStatuses", String::new());
    }
    let (mut unknown, mut unready) = (Vec::new(), Vec::new());
    let sidecars = pod.spec.init_containers.iter().filter(|c| is_sidecar(c));
    for c in sidecars.chain(&pod.spec.containers) {
        match find(s, &c.name) {
            None => unknown.push(c.name.as_str()),
            Some(x) if !x.ready => unready.push(c.name.as_str()),
            Some(_) => {}
        }
    }
    if s.phase == "Succeeded" && unknown.is_empty() {
        return condition(pod, type_, false, "PodCompleted", String::new());
    }
    if s.phase == "Failed" {
        return condition(pod, type_, false, "PodFailed", String::new());
    }
    let mut parts = Vec::new();
    if !unknown.is_empty() {
        parts.push(format!("containers with unknown status: {}", bracketed(&unknown)));
    }
    if !unready.is_empty() {
        parts.push(format!("containers with unready status: {}", bracketed(&unready)));
    }
    if parts.is_empty() {
        return condition(pod, type_, true, "", String::new());
    }
    condition(pod, type_, false, "ContainersNotReady", parts.join(", "))
}

/// Upstream: generate.go (GeneratePodReadyCondition).
fn ready_condition(pod: &Pod, s: &PodStatus, conditions: &[PodCondition]) -> PodCondition {
    let containers = containers_ready(pod, s, "Ready");
    if containers.status != "True" {
        return containers;
    }
    let mut parts = Vec::new();
    for gate in &pod.spec.readiness_gates {
        let name = &gate.condition_type;
        match conditions.iter().find(|c| c.type_ == *name) {
            None => parts.push(format!("corresponding condition of pod readiness gate {name:?} does not exist.")),
            Some(c) if c.status != "True" => {
                parts.push(format!("the status of pod readiness gate {name:?} is not \"True\", but {}", c.status));
            }
            Some(_) => {}
        }
    }
    if parts.is_empty() {
        return containers;
    }
    condition(pod, "Ready", false, "ReadinessGatesNotReady", parts.join(", "))
}

fn has_started(pod: &Pod, s: &PodStatus) -> bool {
    // Upstream: HasAnyRegularContainerStarted.
    pod.spec.containers.iter().any(|c| {
        s.container_statuses
            .iter()
            .any(|x| x.name == c.name && (x.state.running.is_some() || x.state.terminated.is_some()))
    })
}

/// Upstream: generate.go (GeneratePodInitializedCondition).
fn initialized_condition(pod: &Pod, s: &PodStatus) -> PodCondition {
    let (mut unknown, mut incomplete) = (Vec::new(), Vec::new());
    for c in &pod.spec.init_containers {
        match find(s, &c.name) {
            None => unknown.push(c.name.as_str()),
            Some(x) => {
                let done = if is_sidecar(c) { x.started == Some(true) } else { x.ready };
                if !done {
                    incomplete.push(c.name.as_str());
                }
            }
        }
    }
    let yes = |reason| condition(pod, "Initialized", true, reason, String::new());
    if s.phase == "Succeeded" && unknown.is_empty() {
        return yes("PodCompleted");
    }
    if has_started(pod, s) {
        return yes("");
    }
    let mut parts = Vec::new();
    if !unknown.is_empty() {
        parts.push(format!("containers with unknown status: {}", bracketed(&unknown)));
    }
    if !incomplete.is_empty() {
        parts.push(format!("containers with incomplete status: {}", bracketed(&incomplete)));
    }
    if parts.is_empty() {
        return yes("");
    }
    condition(pod, "Initialized", false, "ContainersNotInitialized", parts.join(", "))
}

/// Upstream: status_manager.go (hasPodInitialized).
fn has_initialized(pod: &Pod, s: &PodStatus) -> bool {
    let moved = |c: &ContainerStatus| c.last_state.terminated.is_some() || c.state.waiting.is_none();
    if pod.spec.init_containers.is_empty() || s.container_statuses.iter().any(moved) {
        return true;
    }
    let Some(last) = s.init_container_statuses.last() else { return false };
    let spec = pod.spec.init_containers.last().expect("there is one");
    if is_sidecar(spec) {
        return last.state.running.is_some() && last.started == Some(true);
    }
    let ok = |st: &ContainerState| st.terminated.as_ref().is_some_and(|t| t.exit_code == 0);
    ok(&last.state) || ok(&last.last_state)
}

/// Upstream: kubelet_pods.go (getPhase).
fn phase(pod: &Pod, s: &PodStatus, ended: bool, any_active: bool) -> &'static str {
    let restarts = |c: &Spec, code: i32| super::actions::policy_restarts(c, pod, code);
    let last_code = |x: &ContainerStatus| x.last_state.terminated.as_ref().map(|t| t.exit_code);
    let code = |x: &ContainerStatus| x.state.terminated.as_ref().map(|t| t.exit_code);
    let (mut pending_init, mut pending_sidecars, mut unknown, mut running, mut waiting) = (0, 0, 0, 0, 0);
    for c in &pod.spec.init_containers {
        let x = find(s, &c.name);
        if is_sidecar(c) {
            match x {
                None => unknown += 1,
                Some(x) if x.state.running.is_some() => {
                    pending_sidecars += i32::from(x.started != Some(true));
                    running += 1;
                }
                Some(x) if x.state.terminated.is_some() || last_code(x).is_some() => {}
                Some(_) => {
                    pending_sidecars += 1;
                    waiting += 1;
                }
            }
            continue;
        }
        let failed = match x {
            Some(x) if x.state.terminated.is_some() => code(x),
            Some(x) if x.state.waiting.is_some() && last_code(x).is_some() => last_code(x),
            _ => {
                pending_init += 1;
                None
            }
        };
        if failed.is_some_and(|n| n != 0 && !restarts(c, n)) {
            return "Failed";
        }
    }
    let (mut stopped, mut final_stops, mut succeeded) = (0, 0, 0);
    for c in &pod.spec.containers {
        let Some(x) = find(s, &c.name) else {
            unknown += 1;
            continue;
        };
        if x.state.running.is_some() {
            running += 1;
        } else if let Some(n) = code(x) {
            stopped += 1;
            final_stops += i32::from(!restarts(c, n));
            succeeded += i32::from(n == 0);
        } else if let Some(n) = last_code(x) {
            stopped += 1;
            final_stops += i32::from(!restarts(c, n));
        } else {
            waiting += 1;
        }
    }
    if pending_init > 0 || (pending_sidecars > 0 && !any_active) || waiting > 0 {
        return "Pending";
    }
    if running > 0 && unknown == 0 {
        return "Running";
    }
    if running == 0 && stopped > 0 && unknown == 0 {
        if !ended && stopped != final_stops {
            return "Running";
        }
        return if stopped == succeeded { "Succeeded" } else { "Failed" };
    }
    "Pending"
}

//! What the page and the engine say to each other: postcard on the wire, one value a message.
//!
//! The page sends `Request`s, and one `Request::Tick` each animation frame; every `Tick` is answered by one `Frame`.
//! Instants are virtual milliseconds since the cluster began, as f64. Everything in `View` is a delta: rows that are
//! new or changed, and the ids of rows that are gone; after `reset` the page forgets what it had.

use serde::{Deserialize, Serialize};

/// Names an object. `namespace` is empty for kinds of the cluster's scope.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Ref {
    /// `Pod`, `Deployment`.
    pub kind: String,
    pub namespace: String,
    pub name: String,
}

/// What comes from the page. `id`s are the page's own; a `Reply` bears the same.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Request {
    /// The first message: the page's build. Another build answers with `Frame::build` and nothing else.
    Hello {
        build: String,
    },
    /// One a frame: how many real milliseconds went by. Answered by one `Frame`.
    Tick {
        real_ms: f64,
    },
    /// A new cluster; history is gone.
    Reset {
        nodes: u32,
        seed: u64,
    },
    Control(Control),
    /// Applies manifests as kubectl does: a GET, then a POST or a PATCH for each document.
    Apply {
        id: u32,
        files: Vec<File>,
        dry_run: bool,
    },
    /// Reads the files without applying them; answered by `Reply::Checked`.
    Check {
        id: u32,
        files: Vec<File>,
    },
    /// Calls to the API, as HTTP; what inline actions do. They are one action: `label` names it on the timeline, and one
    /// undo takes all of them back. The first refusal ends it; answered by the last call's `Reply::Api`.
    Api {
        id: u32,
        label: String,
        calls: Vec<Call>,
    },
    Fault(Fault),
    /// Which object the inspector shows; its `Inspect` comes with every frame in which it changed.
    Inspect {
        what: Option<Ref>,
        tab: Tab,
        log: LogOf,
    },
    /// The causes of an object's present state, newest first.
    Why {
        id: u32,
        what: Ref,
    },
    /// Lines of the trace, for the timeline's list: at most `limit`, ending at `until_ms`.
    Trace {
        id: u32,
        until_ms: f64,
        limit: u32,
        about: Option<Ref>,
    },
    /// Everything that reproduces this session, for `kubarium replay`.
    Report {
        id: u32,
    },
    /// The session that a report tells of, as it was then.
    Restore {
        report: String,
    },
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Call {
    pub method: String,
    pub path: String,
    pub content_type: String,
    pub body: String,
}

/// Whose log the inspector shows: no name means the first container.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LogOf {
    pub container: String,
    /// Of its life before the present one.
    pub previous: bool,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct File {
    pub name: String,
    pub text: String,
}

#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub enum Control {
    Play,
    Pause,
    /// Virtual seconds a real second; infinity for as fast as it goes.
    Speed(f64),
    /// Fast-forward through idle time.
    AutoPace(bool),
    /// To the next change that a user sees, or back to the one before.
    Step(Granularity),
    StepBack,
    Seek {
        ms: f64,
    },
    /// On by so much virtual time at once, however long it takes.
    Advance {
        ms: f64,
    },
    /// To the newest instant that was reached.
    Live,
    /// To just before the last thing that the user did, which is then forgotten.
    Undo,
    Redo,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Granularity {
    /// The next event of the agenda that says anything.
    Message,
    /// The next sync of a controller.
    Reconcile,
    /// The next write of an object.
    Change,
    /// The next change of a pod's or workload's state as `kubectl get` shows it.
    Phase,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Fault {
    NodeDown {
        node: String,
        down: bool,
    },
    KubeletRestart {
        node: String,
    },
    AddNode,
    RemoveNode {
        node: String,
    },
    /// A container's first process ends; no name means the first container that runs.
    ContainerExit {
        namespace: String,
        pod: String,
        container: String,
        code: i32,
    },
    /// `Readiness`, `Liveness` or `Startup` probes fail, or find what is there again.
    ProbeFails {
        namespace: String,
        pod: String,
        probe: String,
        failing: bool,
    },
    RegistryDown {
        down: bool,
    },
    /// Pulls that begin take so many times as long.
    SlowPulls {
        times: u32,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Tab {
    #[default]
    Summary,
    Yaml,
    Describe,
    Events,
    Logs,
}

// ---- frames ---------------------------------------------------------------------------------------------------

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Frame {
    /// The engine's build.
    pub build: String,
    pub clock: Clock,
    pub view: View,
    /// What happened since the last frame and is worth telling, oldest first.
    pub trace: Vec<TraceLine>,
    pub replies: Vec<(u32, Reply)>,
    /// The inspected object, when it or the tab changed.
    pub inspect: Option<Inspect>,
    /// Worker milliseconds that this frame's simulation took.
    pub busy_ms: f64,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Clock {
    pub now_ms: f64,
    /// The newest instant that was reached; `now_ms` is less after a rewind.
    pub head_ms: f64,
    /// RFC 3339.
    pub wall: String,
    pub playing: bool,
    pub speed: f64,
    pub auto_pace: bool,
    /// Idle time was skipped since the last frame, in virtual milliseconds.
    pub skipped_ms: f64,
    /// Nothing but heartbeats has been written for a while.
    pub settled: bool,
    pub can_undo: bool,
    pub can_redo: bool,
    pub revision: u64,
    /// What the user did, for the timeline: (ms, label).
    pub inputs: Vec<(f64, String)>,
    /// Every fault that lasts, or lasted until it was healed, oldest first.
    pub faults: Vec<FaultRow>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct FaultRow {
    pub fault: Fault,
    pub since_ms: f64,
    /// Negative: it lasts.
    pub until_ms: f64,
    /// What ends it.
    pub heal: Fault,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct View {
    /// Forget all rows: these are all there are (boot, reset, seek).
    pub reset: bool,
    pub nodes: Vec<NodeRow>,
    pub nodes_gone: Vec<String>,
    pub pods: Vec<PodRow>,
    pub pods_gone: Vec<String>,
    pub workloads: Vec<WorkloadRow>,
    pub workloads_gone: Vec<String>,
    /// Every other object, as a name: for Owners and search.
    pub others: Vec<OtherRow>,
    pub others_gone: Vec<String>,
    pub events: Vec<EventRow>,
    pub events_gone: Vec<String>,
    pub namespaces: Vec<String>,
    /// What pods showed since the last frame, in order; none with `reset`.
    pub moments: Vec<Moment>,
    /// There are too many pods to tell their moments: what rows say holds from `now_ms` on.
    pub sampled: bool,
    /// What Deployments asked for since the last frame, in order; with `reset`, what they ask for now.
    pub bounds: Vec<Bounds>,
}

/// What a pod showed from an instant on, exactly as it was written.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Moment {
    pub uid: String,
    pub ms: f64,
    pub status: String,
    pub state: PodState,
    pub node: String,
    /// With a pod's first moment.
    pub birth: Option<Birth>,
    /// It is gone from the API.
    pub gone: bool,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Birth {
    pub name: String,
    pub owner_uid: String,
    pub template_hash: String,
    pub image: String,
}

/// Between which numbers of pods a Deployment's rollouts keep, from an instant on.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Bounds {
    pub uid: String,
    pub ms: f64,
    pub desired: i32,
    pub max_surge: i32,
    pub max_unavailable: i32,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct NodeRow {
    pub name: String,
    /// `True`, `False`, `Unknown`.
    pub ready: String,
    /// The STATUS column: `Ready,SchedulingDisabled`.
    pub status: String,
    pub unschedulable: bool,
    /// `key=value:Effect`.
    pub taints: Vec<String>,
    pub labels: Vec<(String, String)>,
    pub cpu_milli: i64,
    pub memory_bytes: i64,
    pub pods: i64,
    /// Sums of requests of the pods on it.
    pub cpu_requested_milli: i64,
    pub memory_requested_bytes: i64,
    /// Virtual ms of the last heartbeat; negative: never.
    pub heartbeat_ms: f64,
    /// The machine was made to fall silent.
    pub down: bool,
    pub internal_ip: String,
    pub version: String,
}

/// How a pod's tile is drawn.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub enum PodState {
    /// No node yet.
    #[default]
    Pending,
    /// Bound; nothing runs yet.
    Creating,
    Pulling,
    /// Running and ready.
    Ready,
    /// Running, not ready.
    NotReady,
    /// Waits for its next try: back-offs of containers and pulls.
    BackOff,
    /// A container ended in error and is about to be tried again, or the pod failed.
    Error,
    Completed,
    Terminating,
    Unknown,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct PodRow {
    pub uid: String,
    pub namespace: String,
    pub name: String,
    /// Empty: on the pending shelf.
    pub node: String,
    /// The STATUS column of kubectl, never translated.
    pub status: String,
    pub state: PodState,
    /// Ready containers, and how many there are.
    pub ready: u32,
    pub containers: u32,
    pub restarts: u32,
    /// The first container's image.
    pub image: String,
    pub owner_uid: String,
    /// `ReplicaSet/web-7c9`; empty: nobody's.
    pub owner: String,
    pub template_hash: String,
    pub created_ms: f64,
    /// When the next try or the end of grace comes; negative: nothing is waited for.
    pub until_ms: f64,
    pub ip: String,
    /// PodScheduled, Initialized, ContainersReady, Ready: `T`, `F`, `U` or `-`.
    pub conditions: String,
    /// Why it is not scheduled, in the scheduler's words.
    pub message: String,
    pub labels: Vec<(String, String)>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct WorkloadRow {
    pub uid: String,
    /// `Deployment`, `ReplicaSet`, ….
    pub kind: String,
    pub namespace: String,
    pub name: String,
    pub owner_uid: String,
    pub desired: i32,
    pub current: i32,
    pub updated: i32,
    pub ready: i32,
    pub available: i32,
    pub generation: i64,
    pub observed_generation: i64,
    pub revision: u64,
    pub template_hash: String,
    pub image: String,
    pub paused: bool,
    /// Of Deployments: `RollingUpdate` or `Recreate`, and the numbers that percentages come to; else empty and 0.
    pub strategy: String,
    pub max_surge: i32,
    pub max_unavailable: i32,
    /// (type, status, reason, message).
    pub conditions: Vec<(String, String, String, String)>,
    pub created_ms: f64,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct OtherRow {
    pub uid: String,
    pub kind: String,
    pub namespace: String,
    pub name: String,
    pub owner_uid: String,
    pub created_ms: f64,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct EventRow {
    pub uid: String,
    pub about: Ref,
    /// `Normal`, `Warning`.
    pub kind: String,
    pub reason: String,
    pub message: String,
    /// `deployment-controller`, `kubelet, node-1`.
    pub source: String,
    pub count: i32,
    pub last_ms: f64,
}

/// Whose lane of the timeline.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Lane {
    #[default]
    User,
    Api,
    Controllers,
    Scheduler,
    Kubelets,
    Faults,
}

/// One thing that happened, as the page tells it: `note` names a sentence, `args` fill it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct TraceLine {
    pub seq: u64,
    pub ms: f64,
    /// 0: the beginning.
    pub cause: u64,
    pub lane: Lane,
    /// `you`, `replicaset-controller`, `default-scheduler`, `node-1`.
    pub actor: String,
    pub about: Option<Ref>,
    /// `applied`, `created`, `changed`, `changed-status`, `deleted`, `bound`, `scheduled`, `unschedulable`, `pulling`,
    /// `pulled`, `pull-failed`, `started`, `exited`, `probe-ok`, `probe-failed`, `fault`, `synced`, `refused`.
    pub note: String,
    pub args: Vec<String>,
    /// Worth a sentence in the narration.
    pub milestone: bool,
    pub warning: bool,
    /// With `fault`: which.
    pub fault: Option<Fault>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Inspect {
    pub what: Ref,
    pub tab: Tab,
    /// None: there is no such object (any more).
    pub found: bool,
    /// Of the tab: YAML, describe's text, the log.
    pub text: String,
    /// Of Summary: (label key, value).
    pub rows: Vec<(String, String)>,
    pub conditions: Vec<(String, String, String, String)>,
    pub events: Vec<EventRow>,
    /// Containers of a pod, for the choice of a log.
    pub containers: Vec<String>,
    /// Of a pod without a node: what the scheduler would find, node by node.
    pub scheduling: Vec<Verdict>,
}

/// What the scheduler finds of one node for one pod.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Verdict {
    pub node: String,
    /// The plugin that turned it down, and why, in kubectl's words; empty where the pod fits.
    pub rejected_by: String,
    pub reasons: Vec<String>,
    /// (plugin, its weighted score).
    pub scores: Vec<(String, i64)>,
    pub total: i64,
    /// None scores higher.
    pub best: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Severity {
    Error,
    Warning,
}

/// Something wrong with a file, at a place. Lines and columns count from 1.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Diagnostic {
    pub file: String,
    pub line: u32,
    pub column: u32,
    pub end_column: u32,
    pub severity: Severity,
    /// kubectl's or the API server's own text.
    pub message: String,
    /// The field that it is about: `spec.replicas`.
    pub path: String,
    /// What would make it right, where that is certain: the text to put in place of the columns.
    pub fix: Option<String>,
}

/// What became of one document of an apply.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Applied {
    pub file: String,
    pub what: Ref,
    /// `deployment.apps/web created`; empty where it was refused.
    pub line: String,
    /// `created`, `configured`, `unchanged`, `refused`.
    pub outcome: String,
    /// For a dry run: the object before and after, as YAML.
    pub before: String,
    pub after: String,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Reply {
    Applied {
        documents: Vec<Applied>,
        diagnostics: Vec<Diagnostic>,
    },
    Checked {
        diagnostics: Vec<Diagnostic>,
    },
    Api {
        code: u16,
        body: String,
    },
    /// Newest first; the last one is the user, a fault or the boot.
    Why {
        steps: Vec<TraceLine>,
    },
    Trace {
        lines: Vec<TraceLine>,
    },
    Report {
        text: String,
    },
}

impl Request {
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("plain data encodes")
    }
    /// None: not a request of this build.
    pub fn decode(bytes: &[u8]) -> Option<Request> {
        postcard::from_bytes(bytes).ok()
    }
}

impl Frame {
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("plain data encodes")
    }
    /// None: not a frame of this build.
    pub fn decode(bytes: &[u8]) -> Option<Frame> {
        postcard::from_bytes(bytes).ok()
    }
}

//! What the page shows of a cluster: the engine's rows, put together and looked at as one moment.

use std::rc::Rc;

use kubarium::session::protocol::{
    Bounds, EventRow, Fault, FaultRow, Lane, NodeRow, OtherRow, PodRow, PodState, Ref, TraceLine, WorkloadRow,
};

/// Simulated milliseconds since the cluster began.
pub type At = i64;

/// More nodes than this are told and shown by less.
pub const NODES_IN_FULL: usize = 50;

/// More Pods than this are counted, and not drawn one by one.
pub const PODS_ONE_BY_ONE: usize = 1_000;

/// The place of an event in the log.
pub type Seq = u64;

/// The whole of it, as of one moment.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Model {
    pub clock: Clock,
    /// The store's revision.
    pub rev: u64,
    pub nodes: Vec<Rc<Node>>,
    pub pods: Vec<Rc<Pod>>,
    /// Deployments, ReplicaSets and whatever else owns Pods, owners before what they own.
    pub workloads: Vec<Rc<WorkloadRow>>,
    pub others: Vec<Rc<OtherRow>>,
    /// In no order.
    pub events: Vec<Rc<EventRow>>,
    pub namespaces: Vec<String>,
    /// Every Pod's life, for the rollout strip.
    pub lives: Rc<Vec<Rc<Life>>>,
    /// Between which numbers Deployments' rollouts keep, and since when.
    pub bounds: Rc<Vec<Bounds>>,
    /// What has happened, oldest first.
    pub marks: Rc<Vec<Rc<Mark>>>,
}

// No number in any of them is NaN, so each equals itself; and a value that is shared is then equal without a look
// inside, which is what makes it cheap to ask of a thousand tiles which of them changed.
impl Eq for Model {}
impl Eq for Node {}
impl Eq for Pod {}

/// Where time stands and how it runs.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Clock {
    pub now: At,
    /// The latest moment that has been simulated; past `now` after a seek.
    pub end: At,
    /// RFC 3339, of the simulated world.
    pub wall: String,
    pub playing: bool,
    pub speed: f64,
    pub auto_pace: bool,
    pub can_undo: bool,
    pub can_redo: bool,
    /// Stretches of nothing that were passed in a hurry.
    pub skips: Rc<Vec<(At, At)>>,
    /// Every fault that lasts, or lasted until it was healed.
    pub faults: Vec<FaultRow>,
}

/// How fast simulated time may run; the last is as fast as the machine can.
pub const SPEEDS: [(f64, &str); 8] = [
    (0.25, "0.25×"),
    (0.5, "0.5×"),
    (1.0, "1×"),
    (2.0, "2×"),
    (4.0, "4×"),
    (10.0, "10×"),
    (60.0, "60×"),
    (f64::INFINITY, ""),
];

/// One step faster or slower, if there is one.
pub fn next_speed(speed: f64, faster: bool) -> f64 {
    let found = if faster {
        SPEEDS.iter().find(|(one, _)| *one > speed)
    } else {
        SPEEDS.iter().rev().find(|(one, _)| *one < speed)
    };
    found.map_or(speed, |(one, _)| *one)
}

/// A node's card.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    pub row: NodeRow,
    /// How old the last heartbeat is, in whole seconds.
    pub lease_age: At,
    /// Pods on it.
    pub here: usize,
}

impl Node {
    pub fn is_ready(&self) -> bool {
        self.row.ready == "True"
    }

    /// The value of its zone label.
    pub fn zone(&self) -> Option<&str> {
        let zone = self.row.labels.iter().find(|(key, _)| key == "topology.kubernetes.io/zone");
        zone.map(|(_, value)| value.as_str())
    }

    pub fn about(&self) -> Ref {
        refer("Node", "", &self.row.name)
    }
}

/// A Pod's tile.
#[derive(Clone, PartialEq, Debug)]
pub struct Pod {
    pub row: PodRow,
    /// Of the Deployment's revisions, which, and whether it is the newest.
    pub revision: Option<(u64, bool)>,
    /// From when to when a back-off or a grace period runs.
    pub wait: Option<(At, At)>,
    /// The pattern of its workload's tiles: five, then again from the first; 0 has none.
    pub stripe: usize,
}

impl Pod {
    pub fn about(&self) -> Ref {
        refer("Pod", &self.row.namespace, &self.row.name)
    }

    /// Whether it is the one that is named.
    pub fn is(&self, about: &Ref) -> bool {
        about.name == self.row.name && about.namespace == self.row.namespace && about.kind == "Pod"
    }

    /// The node that it is on, or is to be.
    pub fn node(&self) -> Option<&str> {
        (!self.row.node.is_empty()).then_some(self.row.node.as_str())
    }
}

/// The life of a Pod, as its bar in the rollout strip.
#[derive(Clone, PartialEq, Debug)]
pub struct Life {
    pub uid: String,
    pub name: String,
    pub node: String,
    pub owner_uid: String,
    pub template_hash: String,
    pub image: String,
    /// From when on it showed which state; a state holds until the next.
    pub bits: Vec<Bit>,
    /// When it was gone.
    pub until: Option<At>,
}

/// A state of a Pod, from a moment on.
#[derive(Clone, PartialEq, Debug)]
pub struct Bit {
    pub from: At,
    pub status: String,
    pub state: PodState,
}

/// Something that happened, as a mark on the tape and a sentence.
#[derive(Clone, PartialEq, Debug)]
pub struct Mark {
    pub seq: Seq,
    pub at: At,
    pub cause: Option<Seq>,
    pub lane: Lane,
    pub warning: bool,
    /// Worth a sentence by itself.
    pub milestone: bool,
    pub actor: String,
    pub about: Option<Ref>,
    pub note: String,
    pub args: Vec<String>,
    /// With `fault`: which.
    pub fault: Option<Fault>,
}

impl From<TraceLine> for Mark {
    fn from(line: TraceLine) -> Self {
        Self {
            seq: line.seq,
            at: line.ms as At,
            cause: (line.cause > 0).then_some(line.cause),
            lane: line.lane,
            warning: line.warning,
            milestone: line.milestone,
            actor: line.actor,
            about: line.about,
            note: line.note,
            args: line.args,
            fault: line.fault,
        }
    }
}

/// An object by kind, namespace and name.
pub fn refer(kind: &str, namespace: &str, name: &str) -> Ref {
    Ref { kind: kind.to_owned(), namespace: namespace.to_owned(), name: name.to_owned() }
}

/// A workload by name.
pub fn about(workload: &WorkloadRow) -> Ref {
    refer(&workload.kind, &workload.namespace, &workload.name)
}

impl Model {
    /// A workload by uid.
    pub fn workload(&self, uid: &str) -> Option<&Rc<WorkloadRow>> {
        self.workloads.iter().find(|workload| workload.uid == uid)
    }

    /// Whether a Pod or workload belongs to a workload, directly or through another.
    pub fn belongs(&self, owner_uid: &str, to: &str) -> bool {
        let mut owner = owner_uid;
        while !owner.is_empty() {
            if owner == to {
                return true;
            }
            owner = self.workload(owner).map_or("", |workload| &workload.owner_uid);
        }
        false
    }
}

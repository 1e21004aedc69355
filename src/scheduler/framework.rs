//! What plugins are: the trait with every extension point, the state of a cycle, statuses, and why no node fits.
//!
//! Upstream: pkg/scheduler/framework/{interface,types,cycle_state}.go,
//! staging/src/k8s.io/kube-scheduler/framework/interface.go
//! Differs: plugins hold no state of their own and are dispatched by an enum; the state of a cycle has a field for each
//! plugin that keeps some; no plugin waits in Permit.

use super::cache::Cache;
use super::class::PodInfo;
use super::node_info::NodeInfo;
use super::plugins::{PluginId, inter_pod_affinity, pod_topology_spread, volume_restrictions, volume_zone};
use super::profile::Profile;
use super::queue::Nominator;
use super::storage::Claims;
use crate::api::Object;
use crate::api::core::Pod;
use crate::apimachinery::{Arrange, Str};
use crate::client::{Tables, Turn};
use crate::sim::Stream;
use std::rc::Rc;

pub const MAX_NODE_SCORE: i64 = 100;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Code {
    Success,
    Error,
    /// Preempting others may help.
    Unschedulable,
    /// Nothing that happens to other pods helps.
    UnschedulableAndUnresolvable,
    /// The plugin has nothing to say of this pod.
    Skip,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Status {
    pub code: Code,
    pub reasons: Vec<Str>,
    pub plugin: Option<PluginId>,
}

impl Status {
    pub fn new(code: Code, reason: impl Into<Str>) -> Status {
        Status { code, reasons: vec![reason.into()], plugin: None }
    }

    pub fn bare(code: Code) -> Status {
        Status { code, reasons: Vec::new(), plugin: None }
    }

    pub fn skip() -> Status {
        Status::bare(Code::Skip)
    }

    pub fn success() -> Status {
        Status::bare(Code::Success)
    }

    pub fn unschedulable(reason: &'static str) -> Status {
        Status::new(Code::Unschedulable, Str::literal(reason))
    }

    pub fn unresolvable(reason: &'static str) -> Status {
        Status::new(Code::UnschedulableAndUnresolvable, Str::literal(reason))
    }

    pub fn error(reason: impl Into<Str>) -> Status {
        Status::new(Code::Error, reason)
    }

    pub fn with_plugin(mut self, plugin: PluginId) -> Status {
        self.plugin.get_or_insert(plugin);
        self
    }

    pub fn is_rejected(&self) -> bool {
        matches!(self.code, Code::Unschedulable | Code::UnschedulableAndUnresolvable)
    }

    pub fn message(&self) -> String {
        self.reasons.iter().map(Str::as_str).collect::<Vec<_>>().join(", ")
    }
}

/// Ok: the plugin does not object.
pub type Verdict = Result<(), Status>;

/// A set of plugins, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct PluginSet(u32);

impl PluginSet {
    pub fn insert(&mut self, p: PluginId) {
        self.0 |= 1 << p as u32;
    }
    pub fn extend(&mut self, p: Option<PluginId>) {
        p.into_iter().for_each(|p| self.insert(p));
    }
    pub fn has(self, p: PluginId) -> bool {
        self.0 & (1 << p as u32) != 0
    }
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
    pub fn meets(self, other: PluginSet) -> bool {
        self.0 & other.0 != 0
    }
    pub fn iter(self) -> impl Iterator<Item = PluginId> {
        PluginId::ALL.iter().copied().filter(move |p| self.has(*p))
    }
}

/// Kinds of objects whose changes may make a pod schedulable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resource {
    Pod,
    Node,
    PersistentVolumeClaim,
    PersistentVolume,
    StorageClass,
}

/// What happened to an object, a bit each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Action(u32);

impl Action {
    pub const ADD: Action = Action(1);
    pub const DELETE: Action = Action(1 << 1);
    pub const UPDATE_NODE_ALLOCATABLE: Action = Action(1 << 2);
    pub const UPDATE_NODE_LABEL: Action = Action(1 << 3);
    pub const UPDATE_NODE_TAINT: Action = Action(1 << 4);
    pub const UPDATE_NODE_CONDITION: Action = Action(1 << 5);
    pub const UPDATE_NODE_ANNOTATION: Action = Action(1 << 6);
    pub const UPDATE_POD_LABEL: Action = Action(1 << 7);
    pub const UPDATE_POD_SCALE_DOWN: Action = Action(1 << 8);
    pub const UPDATE_POD_TOLERATION: Action = Action(1 << 9);
    pub const UPDATE_POD_SCHEDULING_GATES_ELIMINATED: Action = Action(1 << 10);
    /// An update that is none of the others.
    pub const UPDATE: Action = Action(1 << 11);

    pub const fn or(self, other: Action) -> Action {
        Action(self.0 | other.0)
    }
    pub fn meets(self, other: Action) -> bool {
        self.0 & other.0 != 0
    }
}

/// What a plugin wants to hear of.
pub type Interest = (Resource, Action);

/// One change of the cluster, as queueing hints judge it.
#[derive(Clone, Debug)]
pub struct Change {
    pub resource: Resource,
    pub action: Action,
    pub old: Option<Object>,
    pub new: Option<Object>,
}

impl Change {
    pub fn pods(&self) -> (Option<&Rc<Pod>>, Option<&Rc<Pod>>) {
        (self.old.as_ref().and_then(Object::downcast), self.new.as_ref().and_then(Object::downcast))
    }

    pub fn nodes(&self) -> (Option<&Rc<crate::api::core::Node>>, Option<&Rc<crate::api::core::Node>>) {
        (self.old.as_ref().and_then(Object::downcast), self.new.as_ref().and_then(Object::downcast))
    }
}

/// What plugins may read.
pub struct Cx<'a> {
    pub cache: &'a mut Cache,
    pub view: &'a Tables,
    pub nominator: &'a Nominator,
    pub profile: &'a Profile,
    /// The cluster's wall clock in seconds.
    pub wall: i64,
}

/// What plugins found out earlier in the cycle. A clone is cheap: the parts are un-shared when they change.
#[derive(Clone, Default)]
pub struct CycleState {
    pub skip_filter: PluginSet,
    pub skip_score: PluginSet,
    pub spread: Option<Rc<pod_topology_spread::Counts>>,
    pub spread_score: Option<Rc<pod_topology_spread::ScoreState>>,
    pub affinity: Option<Rc<inter_pod_affinity::Counts>>,
    pub affinity_score: Option<Rc<inter_pod_affinity::ScoreState>>,
    pub volume_restrictions: Option<Rc<volume_restrictions::Conflicts>>,
    pub volume_zone: Option<Rc<volume_zone::Topologies>>,
    /// The pod's claims, where it has some.
    pub claims: Option<Rc<Claims>>,
    /// Whether the cycle came as far as DynamicResources.
    pub dynamic_resources: bool,
}

/// None: any node. Some: these at most.
pub type NodeNames = Option<Vec<Str>>;

/// The node that a pod is promised once its victims are gone; `victims` are those yet to be driven out.
#[derive(Clone, Default, Debug)]
pub struct Nomination {
    /// Empty: whatever was promised is void.
    pub node: Str,
    pub victims: Vec<Rc<Pod>>,
}

pub trait Plugin {
    const NAME: &'static str;
    /// Verdict and score depend on nothing but the pod's class and the node, so that they can be kept until either
    /// changes. Plugins that are not local come after all that are.
    const LOCAL: bool = false;
    const FILTERS: bool = false;
    const SCORES: bool = false;
    /// The changes that may make a pod schedulable which the plugin rejected.
    const EVENTS_TO_REGISTER: &'static [Interest] = &[];

    fn pre_enqueue(_pod: &Pod) -> Verdict {
        Ok(())
    }
    /// Err(Skip): leave the plugin's filter out.
    fn pre_filter(_cx: &mut Cx, _state: &mut CycleState, _pod: &PodInfo) -> Result<NodeNames, Status> {
        Ok(None)
    }
    fn filter(_cx: &Cx, _state: &CycleState, _pod: &PodInfo, _node: &NodeInfo) -> Verdict {
        Ok(())
    }
    /// What `pre_filter` found, were `other` on the node too (`delta` 1), or there no more (-1).
    fn move_pod(
        _cx: &mut Cx,
        _state: &mut CycleState,
        _pod: &PodInfo,
        _other: &PodInfo,
        _node: &NodeInfo,
        _delta: i64,
    ) {
    }
    fn post_filter(
        _cx: &mut Cx,
        _rng: &mut Stream,
        _state: &CycleState,
        _pod: &PodInfo,
        _statuses: &NodeToStatus,
    ) -> Option<(Option<Nomination>, Status)> {
        None
    }
    /// Err(Skip): leave the plugin's score out. `nodes` are slots.
    fn pre_score(_cx: &mut Cx, _state: &mut CycleState, _pod: &PodInfo, _nodes: &[usize]) -> Verdict {
        Ok(())
    }
    fn score(_cx: &Cx, _state: &CycleState, _pod: &PodInfo, _node: &NodeInfo) -> i64 {
        0
    }
    /// Brings the scores of all nodes between 0 and MAX_NODE_SCORE.
    fn normalize(_state: &CycleState, _nodes: &[usize], _scores: &mut [i64]) {}
    fn reserve(_cx: &mut Cx, _pod: &PodInfo, _node: &str) -> Verdict {
        Ok(())
    }
    fn unreserve(_cx: &mut Cx, _pod: &PodInfo, _node: &str) {}
    fn permit(_cx: &mut Cx, _pod: &PodInfo, _node: &str) -> Verdict {
        Ok(())
    }
    fn pre_bind(_t: &mut Turn, _pod: &PodInfo, _node: &str) -> Verdict {
        Ok(())
    }
    /// Whether what `pre_bind` asked for has been done by others; until then the pod is not bound.
    fn is_pre_bound(_view: &Tables, _pod: &PodInfo, _node: &str) -> Result<bool, Status> {
        Ok(true)
    }
    /// None: some other plugin is to bind it.
    fn bind(_t: &mut Turn, _pod: &PodInfo, _node: &str) -> Option<Verdict> {
        None
    }
    fn post_bind(_t: &mut Turn, _pod: &PodInfo, _node: &str) {}
    /// Whether a change that the plugin registered for may make a pod schedulable that it rejected.
    fn queueing_hint(_cx: &mut Cx, _pod: &PodInfo, _change: &Change) -> bool {
        true
    }
}

/// Why each node was turned down. Nodes that were not looked at have `absent`.
#[derive(Clone, Debug)]
pub struct NodeToStatus {
    pub of: Vec<(usize, Rc<Status>)>,
    pub absent: Rc<Status>,
}

impl Default for NodeToStatus {
    fn default() -> Self {
        NodeToStatus { of: Vec::new(), absent: Rc::new(Status::bare(Code::UnschedulableAndUnresolvable)) }
    }
}

impl NodeToStatus {
    pub fn get(&self, slot: usize) -> &Rc<Status> {
        self.of.iter().find(|(s, _)| *s == slot).map_or(&self.absent, |(_, status)| status)
    }

    /// The nodes where driving others out may help, in the order of `order`.
    pub fn resolvable(&self, order: &[usize], slots: usize) -> Vec<usize> {
        let mut code = vec![self.absent.code; slots];
        for (slot, status) in &self.of {
            code[*slot] = status.code;
        }
        order.iter().copied().filter(|slot| code[*slot] == Code::Unschedulable).collect()
    }
}

#[derive(Clone, Default, Debug)]
pub struct Diagnosis {
    pub statuses: NodeToStatus,
    pub unschedulable_plugins: PluginSet,
    pub pre_filter: String,
    pub post_filter: String,
}

/// `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). preemption: …`
pub fn fit_error(all: usize, d: &Diagnosis) -> String {
    let mut message = format!("0/{all} nodes are available:");
    if d.pre_filter.is_empty() {
        let mut counts: Vec<(&str, usize)> = Vec::new();
        let absent = all.saturating_sub(d.statuses.of.len());
        let seen = d.statuses.of.iter().map(|(_, status)| (status, 1));
        for (status, times) in seen.chain((absent > 0).then_some((&d.statuses.absent, absent))) {
            for reason in &status.reasons {
                match counts.iter_mut().find(|(r, _)| reason == r) {
                    Some((_, n)) => *n += times,
                    None => counts.push((reason, times)),
                }
            }
        }
        let mut texts: Vec<String> = counts.iter().map(|(reason, n)| format!("{n} {reason}")).collect();
        texts.arrange();
        if !texts.is_empty() {
            message.push_str(&format!(" {}.", texts.join(", ")));
        }
    } else {
        message.push_str(&format!(" {}.", d.pre_filter));
    }
    if !d.post_filter.is_empty() {
        message.push_str(&format!(" {}", d.post_filter));
    }
    message
}

/// Scales to 0…100 by the largest; `reverse` where little is good.
pub fn default_normalize(scores: &mut [i64], reverse: bool) {
    let max = scores.iter().copied().max().unwrap_or(0);
    for score in scores {
        *score = match (max, reverse) {
            (0, true) => MAX_NODE_SCORE,
            (0, false) => 0,
            (_, true) => MAX_NODE_SCORE - MAX_NODE_SCORE * *score / max,
            (_, false) => MAX_NODE_SCORE * *score / max,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fit_error_counts_reasons_and_sorts_them_as_text() {
        let cpu = Rc::new(Status::unschedulable("Insufficient cpu"));
        let both = Rc::new(Status {
            reasons: vec!["Insufficient cpu".into(), "Insufficient memory".into()],
            ..Status::bare(Code::Unschedulable)
        });
        let taint = Rc::new(Status::unresolvable("node(s) had untolerated taint(s)"));
        let mut d = Diagnosis::default();
        d.statuses.of = vec![(0, cpu), (1, both), (2, taint)];
        assert_eq!(
            fit_error(3, &d),
            "0/3 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint(s), 2 Insufficient cpu."
        );
        d.pre_filter = "persistentvolumeclaim \"x\" not found".to_owned();
        d.post_filter = "not found".to_owned();
        assert_eq!(fit_error(3, &d), "0/3 nodes are available: persistentvolumeclaim \"x\" not found. not found");
    }

    #[test]
    fn scores_are_scaled_by_the_largest() {
        for (scores, reverse, expected) in [
            (vec![1, 2, 4], false, vec![25, 50, 100]),
            (vec![1, 2, 4], true, vec![75, 50, 0]),
            (vec![0, 0], true, vec![100, 100]),
            (vec![0, 0], false, vec![0, 0]),
        ] {
            let mut s = scores.clone();
            default_normalize(&mut s, reverse);
            assert_eq!(s, expected, "{scores:?}");
        }
    }
}

//! Spreads pods over the values of a label: as a condition, as a wish, and by default over hosts and zones.
//!
//! Upstream: pkg/scheduler/framework/plugins/podtopologyspread/{common,filtering,scoring,plugin}.go,
//! pkg/scheduler/framework/plugins/helper/spread.go
//! Differs: pods are counted by node as they come and go, not anew in each cycle.

use super::super::cache::{Counted, Topology};
use super::super::class::{PodInfo, label_selector, selects};
use super::super::framework::{
    Action, Change, Cx, CycleState, Interest, MAX_NODE_SCORE, NodeNames, Plugin, Resource, Status, Verdict,
};
use super::super::node_info::NodeInfo;
use super::super::selector::default_selector;
use crate::api::core::{Node, Pod, untolerated};
use crate::apimachinery::Str;
use crate::apimachinery::labels::{Operator, Requirement, Selector};
use std::rc::Rc;

pub(crate) struct PodTopologySpread;

const HOSTNAME: &str = "kubernetes.io/hostname";
const MISMATCH: &str = "node(s) didn't match pod topology spread constraints";
const NO_LABEL: &str = "node(s) didn't match pod topology spread constraints (missing required label)";

#[derive(Clone, Debug)]
struct Constraint {
    max_skew: i64,
    key: Str,
    selector: Selector,
    min_domains: i64,
    honor_affinity: bool,
    honor_taints: bool,
}

impl Constraint {
    /// Whether every node takes part in the count.
    fn includes_all(&self, pod: &PodInfo) -> bool {
        (!self.honor_affinity || pod.class.node_affinity.is_empty()) && !self.honor_taints
    }

    /// Whether the node takes part in the count.
    fn includes(&self, pod: &PodInfo, node: &Node) -> bool {
        (!self.honor_affinity || pod.class.node_affinity.is_empty() || pod.class.node_affinity.matches(node))
            && (!self.honor_taints || untolerated(&node.spec.taints, &pod.pod.spec.tolerations).is_none())
    }

    /// What the column of this constraint counts; None: nothing can ever match.
    fn counted(&self, pod: &PodInfo) -> Option<Counted> {
        let none = self.selector.is_empty() || self.selector.is_nothing();
        (!none).then(|| Counted::Spread(pod.pod.metadata.namespace.clone(), self.selector.clone()))
    }
}

/// The constraints that the pod itself has of one kind.
fn own_constraints(pod: &Pod, when_unsatisfiable: &str) -> Vec<Constraint> {
    let own = pod.spec.topology_spread_constraints.iter().filter(|c| c.when_unsatisfiable == when_unsatisfiable);
    own.map(|c| {
        let labels = &pod.metadata.labels;
        let of_key = |key: &Str| {
            let value = labels.get(key)?;
            Requirement::new(key, Operator::In, vec![value.clone()]).ok()
        };
        let honors = |policy: &Option<Str>, default: bool| policy.as_ref().map_or(default, |p| p == "Honor");
        Constraint {
            max_skew: i64::from(c.max_skew),
            key: c.topology_key.clone(),
            selector: label_selector(c.label_selector.as_ref()).and(c.match_label_keys.iter().filter_map(of_key)),
            min_domains: i64::from(c.min_domains.unwrap_or(1)),
            honor_affinity: honors(&c.node_affinity_policy, true),
            honor_taints: honors(&c.node_taints_policy, false),
        }
    })
    .collect()
}

/// What pods without constraints are spread by.
fn default_constraints(cx: &Cx, pod: &Pod) -> Vec<Constraint> {
    let selector = default_selector(cx.view, pod);
    if selector.is_empty() {
        return Vec::new();
    }
    let constraint = |key: &'static str, max_skew: i64| Constraint {
        max_skew,
        key: Str::literal(key),
        selector: selector.clone(),
        min_domains: 1,
        honor_affinity: true,
        honor_taints: false,
    };
    vec![constraint(HOSTNAME, 3), constraint("topology.kubernetes.io/zone", 5)]
}

/// The matching pods of every value of one constraint's label.
#[derive(Clone, Debug)]
struct Domains {
    constraint: Constraint,
    topology: Rc<Topology>,
    /// By value; None where no node that takes part has it.
    counts: Vec<Option<i64>>,
    self_match: i64,
    min: i64,
}

impl Domains {
    fn find_min(&mut self) {
        let present = self.counts.iter().flatten();
        let enough = present.clone().count() as i64 >= self.constraint.min_domains;
        // Fewer domains than wanted count as if one more were empty.
        self.min = if enough { present.copied().min().unwrap_or(i64::from(i32::MAX)) } else { 0 };
    }
}

/// Found in PreFilter.
#[derive(Clone, Debug)]
pub struct Counts(Vec<Domains>);

fn has_all_labels(slot: usize, topologies: &[Rc<Topology>]) -> bool {
    topologies.iter().all(|t| t.at(slot).is_some())
}

fn count_domains(cx: &mut Cx, pod: &PodInfo, constraints: Vec<Constraint>) -> Counts {
    let topologies: Vec<Rc<Topology>> = constraints.iter().map(|c| cx.cache.topology(&c.key)).collect();
    let mut all = Vec::new();
    for (constraint, topology) in constraints.into_iter().zip(&topologies) {
        let column = match constraint.counted(pod) {
            Some(what) => cx.cache.column(&what).to_vec(),
            None => vec![0; cx.cache.slots()],
        };
        let mut counts = vec![None; topology.values.len()];
        let each = constraint.includes_all(pod);
        for &slot in cx.cache.order() {
            if has_all_labels(slot, &topologies) && (each || constraint.includes(pod, cx.cache.node_at(slot).node())) {
                let value = topology.at(slot).expect("it has all labels");
                *counts[value].get_or_insert(0) += i64::from(column[slot]);
            }
        }
        let self_match = i64::from(selects(&constraint.selector, &pod.pod.metadata.labels));
        let mut domains = Domains { constraint, topology: topology.clone(), counts, self_match, min: 0 };
        domains.find_min();
        all.push(domains);
    }
    Counts(all)
}

/// Found in PreScore.
#[derive(Clone, Debug)]
pub struct ScoreState {
    /// Slots of nodes without some of the labels.
    ignored: Vec<bool>,
    of: Vec<Wish>,
}

#[derive(Clone, Debug)]
struct Wish {
    max_skew: i64,
    topology: Rc<Topology>,
    /// By value, or by slot where the label is the host's name.
    counts: Vec<i64>,
    by_host: bool,
    weight: f64,
}

/// The natural logarithm of a small whole number, made of operations that every machine rounds alike.
fn ln(n: usize) -> f64 {
    let (mut m, mut doublings) = (n.max(1) as f64, 0.0);
    while m > std::f64::consts::SQRT_2 {
        m /= 2.0;
        doublings += 1.0;
    }
    let z = (m - 1.0) / (m + 1.0);
    let (mut power, mut sum) = (z, 0.0);
    for k in 0..16 {
        sum += power / f64::from(2 * k + 1);
        power *= z * z;
    }
    2.0 * sum + doublings * std::f64::consts::LN_2
}

fn weigh(cx: &mut Cx, pod: &PodInfo, nodes: &[usize], constraints: Vec<Constraint>, require_all: bool) -> ScoreState {
    let topologies: Vec<Rc<Topology>> = constraints.iter().map(|c| cx.cache.topology(&c.key)).collect();
    let mut ignored = vec![false; cx.cache.slots()];
    if require_all {
        for &slot in nodes {
            ignored[slot] = !has_all_labels(slot, &topologies);
        }
    }
    let scored = || nodes.iter().copied().filter(|slot| !ignored[*slot]);
    let mut of = Vec::new();
    for (c, topology) in constraints.into_iter().zip(&topologies) {
        let column: Vec<i64> = match c.counted(pod) {
            Some(what) => cx.cache.column(&what).iter().map(|n| i64::from(*n)).collect(),
            None => vec![0; cx.cache.slots()],
        };
        let by_host = c.key == HOSTNAME;
        let (counts, size) = if by_host {
            (column, scored().count())
        } else {
            let mut present = vec![false; topology.values.len()];
            let mut without = false;
            for slot in scored() {
                match topology.at(slot) {
                    Some(value) => present[value] = true,
                    None => without = true,
                }
            }
            let mut counts = vec![0; topology.values.len()];
            let each = c.includes_all(pod);
            for &slot in cx.cache.order() {
                if let Some(value) = topology.at(slot)
                    && present[value]
                    && (!require_all || has_all_labels(slot, &topologies))
                    && (each || c.includes(pod, cx.cache.node_at(slot).node()))
                {
                    counts[value] += column[slot];
                }
            }
            (counts, present.iter().filter(|p| **p).count() + usize::from(without))
        };
        of.push(Wish { max_skew: c.max_skew, topology: topology.clone(), counts, by_host, weight: ln(size + 2) });
    }
    ScoreState { ignored, of }
}

fn involved(other: &Pod, pod: &Pod) -> bool {
    other.metadata.uid == pod.metadata.uid
        || (!other.spec.node_name.is_empty() && other.metadata.namespace == pod.metadata.namespace)
}

const POD: Action = Action::ADD.or(Action::UPDATE_POD_LABEL).or(Action::UPDATE_POD_TOLERATION).or(Action::DELETE);
const NODE: Action = Action::ADD.or(Action::DELETE).or(Action::UPDATE_NODE_LABEL).or(Action::UPDATE_NODE_TAINT);

impl Plugin for PodTopologySpread {
    const NAME: &'static str = "PodTopologySpread";
    const FILTERS: bool = true;
    const SCORES: bool = true;
    const EVENTS_TO_REGISTER: &'static [Interest] =
        &[(Resource::Pod, POD), (Resource::Node, NODE)];

    fn pre_filter(cx: &mut Cx, state: &mut CycleState, pod: &PodInfo) -> Result<NodeNames, Status> {
        // All constraints by default are wishes.
        let constraints = own_constraints(&pod.pod, "DoNotSchedule");
        if constraints.is_empty() {
            return Err(Status::skip());
        }
        state.spread = Some(Rc::new(count_domains(cx, pod, constraints)));
        Ok(None)
    }

    fn filter(_: &Cx, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> Verdict {
        let Some(counts) = &state.spread else { return Ok(()) };
        for d in &counts.0 {
            let Some(value) = d.topology.at(node.slot) else { return Err(Status::unresolvable(NO_LABEL)) };
            let skew = d.counts[value].unwrap_or(0) + d.self_match - d.min;
            if skew > d.constraint.max_skew {
                return Err(Status::unschedulable(MISMATCH));
            }
        }
        Ok(())
    }

    fn move_pod(_: &mut Cx, state: &mut CycleState, pod: &PodInfo, other: &PodInfo, node: &NodeInfo, delta: i64) {
        let Some(counts) = &mut state.spread else { return };
        let (own, meta) = (&pod.pod.metadata, &other.pod.metadata);
        if own.namespace != meta.namespace || counts.0.iter().any(|d| d.topology.at(node.slot).is_none()) {
            return;
        }
        for d in &mut Rc::make_mut(counts).0 {
            if selects(&d.constraint.selector, &meta.labels) && d.constraint.includes(pod, node.node()) {
                let value = d.topology.at(node.slot).expect("it has all labels");
                *d.counts[value].get_or_insert(0) += delta;
                d.find_min();
            }
        }
    }

    fn pre_score(cx: &mut Cx, state: &mut CycleState, pod: &PodInfo, nodes: &[usize]) -> Verdict {
        let own = !pod.pod.spec.topology_spread_constraints.is_empty();
        let constraints =
            if own { own_constraints(&pod.pod, "ScheduleAnyway") } else { default_constraints(cx, &pod.pod) };
        if constraints.is_empty() {
            return Err(Status::skip());
        }
        // The defaults spread over hosts even where nodes have no zone.
        state.spread_score = Some(Rc::new(weigh(cx, pod, nodes, constraints, own)));
        Ok(())
    }

    fn score(_: &Cx, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> i64 {
        let Some(s) = &state.spread_score else { return 0 };
        if s.ignored[node.slot] {
            return 0;
        }
        let mut score = 0.0;
        for w in &s.of {
            if let Some(value) = w.topology.at(node.slot) {
                let count = w.counts[if w.by_host { node.slot } else { value }];
                score += count as f64 * w.weight + (w.max_skew - 1) as f64;
            }
        }
        // Rounded; it is never negative.
        (score + 0.5) as i64
    }

    fn normalize(state: &CycleState, nodes: &[usize], scores: &mut [i64]) {
        let Some(s) = &state.spread_score else { return };
        let counted = || nodes.iter().zip(&*scores).filter(|(slot, _)| !s.ignored[**slot]).map(|(_, score)| *score);
        let (min, max) = (counted().min().unwrap_or(0), counted().max().unwrap_or(0));
        for (slot, score) in nodes.iter().zip(scores) {
            *score = match max {
                _ if s.ignored[*slot] => 0,
                0 => MAX_NODE_SCORE,
                _ => MAX_NODE_SCORE * (max + min - *score) / max,
            };
        }
    }

    fn queueing_hint(_: &mut Cx, pod: &PodInfo, change: &Change) -> bool {
        let constraints = own_constraints(&pod.pod, "DoNotSchedule");
        if change.resource == Resource::Node {
            let has_all = |n: &&Rc<Node>| constraints.iter().all(|c| n.metadata.labels.contains_key(&c.key));
            let (old, new) = change.nodes();
            return match (old, new) {
                (Some(o), Some(n)) if has_all(&o) != has_all(&n) => true,
                (Some(o), Some(n)) => {
                    let value = |n: &Node, c: &Constraint| n.metadata.labels.get(&c.key).cloned();
                    let moved = constraints.iter().any(|c| value(o, c) != value(n, c));
                    has_all(&n) && (moved || o.spec.taints != n.spec.taints)
                }
                (old, new) => old.or(new).is_some_and(|n| has_all(&n)),
            };
        }
        let (old, new) = change.pods();
        if [old, new].into_iter().flatten().any(|p| !involved(p, &pod.pod)) {
            return false;
        }
        let matches = |c: &Constraint, p: &Pod| selects(&c.selector, &p.metadata.labels);
        match (old, new) {
            (Some(o), Some(n)) => {
                let own = n.metadata.uid == *pod.uid() && o.spec.tolerations != n.spec.tolerations;
                (own && constraints.iter().any(|c| c.honor_taints))
                    || constraints.iter().any(|c| matches(c, o) != matches(c, n))
            }
            (old, new) => old.or(new).is_some_and(|p| constraints.iter().any(|c| matches(c, p))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_one() {
        for (n, expected) in [(1, 0.0), (2, std::f64::consts::LN_2), (5, 1.609_437_912_434_1), (5000, 8.517_193_191_416_2)] {
            assert!((ln(n) - expected).abs() < 1e-12, "{n}: {}", ln(n));
        }
    }
}

//! Pods that want to be near others, or far from them; and pods there already that have such wishes themselves.
//!
//! Upstream: pkg/scheduler/framework/plugins/interpodaffinity/{plugin,filtering,scoring}.go
//! Differs: existing pods are looked at a class at a time, those that the pod's own terms match are counted as they come
//! and go.

use super::super::cache::{Counted, Topology, namespace_labels};
use super::super::class::{AffinityTerm, PodInfo, selects};
use super::super::framework::{
    Action, Change, Cx, CycleState, Interest, MAX_NODE_SCORE, NodeNames, Plugin, Resource, Status, Verdict,
};
use super::super::node_info::NodeInfo;
use crate::api::core::{Namespace, Pod};
use crate::apimachinery::labels::Selector;
use crate::apimachinery::{Map, Str};
use std::rc::Rc;

pub(crate) struct InterPodAffinity;

const AFFINITY: &str = "node(s) didn't match pod affinity rules";
const ANTI_AFFINITY: &str = "node(s) didn't match pod anti-affinity rules";
const EXISTING_ANTI_AFFINITY: &str = "node(s) didn't satisfy existing pods anti-affinity rules";
/// What a required affinity term of a pod there already is worth.
const HARD_POD_AFFINITY_WEIGHT: i64 = 1;

/// A number for every value of every topology key that occurs.
#[derive(Clone, Debug, Default)]
struct Tally(Vec<(Str, Rc<Topology>, Vec<i64>)>);

impl Tally {
    fn group(&mut self, cx: &mut Cx, key: &Str) -> usize {
        if let Some(at) = self.0.iter().position(|(k, _, _)| k == key) {
            return at;
        }
        let topology = cx.cache.topology(key);
        let counts = vec![0; topology.values.len()];
        self.0.push((key.clone(), topology, counts));
        self.0.len() - 1
    }

    fn add(&mut self, cx: &mut Cx, key: &Str, slot: usize, n: i64) {
        let at = self.group(cx, key);
        let (_, topology, counts) = &mut self.0[at];
        if let Some(value) = topology.at(slot) {
            counts[value] += n;
        }
    }

    /// `by_slot` times `weight`; whether any of it fell on a node with the label.
    fn add_column(&mut self, cx: &mut Cx, key: &Str, by_slot: &[u32], weight: i64) -> bool {
        let at = self.group(cx, key);
        let (_, topology, counts) = &mut self.0[at];
        let mut any = false;
        for (slot, n) in by_slot.iter().enumerate().filter(|(_, n)| **n > 0) {
            if let Some(value) = topology.at(slot) {
                counts[value] += i64::from(*n) * weight;
                any = true;
            }
        }
        any
    }

    fn at(&self, key: &str, slot: usize) -> Option<i64> {
        let (_, topology, counts) = self.0.iter().find(|(k, _, _)| k == key)?;
        topology.at(slot).map(|value| counts[value])
    }

    fn is_zero(&self) -> bool {
        self.0.iter().all(|(_, _, counts)| counts.iter().all(|n| *n == 0))
    }
}

/// Found in PreFilter.
#[derive(Clone, Debug)]
pub struct Counts {
    namespace_labels: Map,
    affinity_terms: Rc<Vec<AffinityTerm>>,
    anti_affinity_terms: Rc<Vec<AffinityTerm>>,
    /// Pods whose anti-affinity is against this one.
    existing_anti_affinity: Tally,
    /// Pods that match all affinity terms.
    affinity: Tally,
    /// Pods that match some anti-affinity term.
    anti_affinity: Tally,
}

/// Found in PreScore.
#[derive(Clone, Debug)]
pub struct ScoreState(Tally);

/// Namespaces that a term selects by label are named.
fn resolved(cx: &Cx, term: &AffinityTerm) -> AffinityTerm {
    let mut term = term.clone();
    if term.namespace_selector.is_nothing() || term.namespace_selector.is_empty() {
        return term;
    }
    for ns in cx.view.list::<Namespace>(None) {
        let meta = &ns.metadata;
        if selects(&term.namespace_selector, &meta.labels) && !term.namespaces.contains(&meta.name) {
            term.namespaces.push(meta.name.clone());
        }
    }
    term.namespace_selector = Selector::nothing();
    term
}

/// Whether a pod matches all terms; no terms match nobody.
fn matches_all(terms: &[AffinityTerm], pod: &Pod) -> bool {
    let meta = &pod.metadata;
    !terms.is_empty() && terms.iter().all(|t| t.matches(&meta.namespace, &Map::default(), &meta.labels))
}

fn count(cx: &mut Cx, pod: &PodInfo) -> Counts {
    let resolve = |cx: &Cx, terms: &[AffinityTerm]| Rc::new(terms.iter().map(|t| resolved(cx, t)).collect());
    let meta = &pod.pod.metadata;
    let mut c = Counts {
        namespace_labels: namespace_labels(cx.view, &meta.namespace),
        affinity_terms: resolve(cx, &pod.class.affinity.required),
        anti_affinity_terms: resolve(cx, &pod.class.anti_affinity.required),
        existing_anti_affinity: Tally::default(),
        affinity: Tally::default(),
        anti_affinity: Tally::default(),
    };
    let mut against = Vec::new();
    for existing in cx.cache.affinity_classes() {
        for term in &existing.class.anti_affinity.required {
            if term.matches(&meta.namespace, &c.namespace_labels, &meta.labels) {
                against.push((term.topology_key.clone(), existing.by_slot.clone()));
            }
        }
    }
    for (key, by_slot) in against {
        c.existing_anti_affinity.add_column(cx, &key, &by_slot, 1);
    }
    if !c.affinity_terms.is_empty() {
        let by_slot = cx.cache.column(&Counted::Affinity(c.affinity_terms.to_vec())).to_vec();
        for term in c.affinity_terms.clone().iter() {
            c.affinity.add_column(cx, &term.topology_key, &by_slot, 1);
        }
    }
    for term in c.anti_affinity_terms.clone().iter() {
        let by_slot = cx.cache.column(&Counted::Affinity(vec![term.clone()])).to_vec();
        c.anti_affinity.add_column(cx, &term.topology_key, &by_slot, 1);
    }
    c
}

impl Counts {
    fn affinity_holds(&self, pod: &Pod, node: &NodeInfo) -> bool {
        let mut there = true;
        for term in self.affinity_terms.iter() {
            match self.affinity.at(&term.topology_key, node.slot) {
                // All topology keys must be there.
                None => return false,
                Some(n) => there &= n > 0,
            }
        }
        // The first of pods that want to be together has nobody to be with.
        there || (self.affinity.is_zero() && matches_all(&self.affinity_terms, pod))
    }
}

/// Whether a pod's change brings something near, or drives something away, that the pod's terms speak of.
fn pod_hint(pod: &PodInfo, old: Option<&Rc<Pod>>, new: Option<&Rc<Pod>>) -> bool {
    if [old, new].into_iter().flatten().any(|p| p.spec.node_name.is_empty()) {
        return false;
    }
    let wants = |p: &Rc<Pod>| matches_all(&pod.class.affinity.required, p);
    let shuns = |p: &Rc<Pod>| matches_all(&pod.class.anti_affinity.required, p);
    match (old, new) {
        (Some(old), Some(new)) => (!wants(old) && wants(new)) || (shuns(old) && !shuns(new)),
        (None, Some(new)) => wants(new),
        (Some(old), None) => shuns(old),
        (None, None) => false,
    }
}

impl Plugin for InterPodAffinity {
    const NAME: &'static str = "InterPodAffinity";
    const FILTERS: bool = true;
    const SCORES: bool = true;
    const EVENTS_TO_REGISTER: &'static [Interest] =
        &[
            (Resource::Pod, Action::ADD.or(Action::UPDATE_POD_LABEL).or(Action::DELETE)),
            (Resource::Node, Action::ADD.or(Action::UPDATE_NODE_LABEL)),
        ];

    fn pre_filter(cx: &mut Cx, state: &mut CycleState, pod: &PodInfo) -> Result<NodeNames, Status> {
        let own = !pod.class.affinity.required.is_empty() || !pod.class.anti_affinity.required.is_empty();
        if !own && cx.cache.affinity_classes().next().is_none() {
            return Err(Status::skip());
        }
        let counts = count(cx, pod);
        if !own && counts.existing_anti_affinity.is_zero() {
            return Err(Status::skip());
        }
        state.affinity = Some(Rc::new(counts));
        Ok(None)
    }

    fn filter(_: &Cx, state: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Verdict {
        let Some(c) = &state.affinity else { return Ok(()) };
        if !c.affinity_holds(&pod.pod, node) {
            return Err(Status::unresolvable(AFFINITY));
        }
        let occupied = |tally: &Tally, key: &str| tally.at(key, node.slot).is_some_and(|n| n > 0);
        if c.anti_affinity_terms.iter().any(|t| occupied(&c.anti_affinity, &t.topology_key)) {
            return Err(Status::unschedulable(ANTI_AFFINITY));
        }
        if c.existing_anti_affinity.0.iter().any(|(key, _, _)| occupied(&c.existing_anti_affinity, key)) {
            return Err(Status::unschedulable(EXISTING_ANTI_AFFINITY));
        }
        Ok(())
    }

    fn move_pod(cx: &mut Cx, state: &mut CycleState, pod: &PodInfo, other: &PodInfo, node: &NodeInfo, delta: i64) {
        let Some(c) = &mut state.affinity else { return };
        let c = Rc::make_mut(c);
        let meta = &pod.pod.metadata;
        for term in &other.class.anti_affinity.required {
            if term.matches(&meta.namespace, &c.namespace_labels, &meta.labels) {
                c.existing_anti_affinity.add(cx, &term.topology_key, node.slot, delta);
            }
        }
        if matches_all(&c.affinity_terms, &other.pod) {
            for term in c.affinity_terms.iter() {
                c.affinity.add(cx, &term.topology_key, node.slot, delta);
            }
        }
        let other = &other.pod.metadata;
        for term in c.anti_affinity_terms.iter() {
            if term.matches(&other.namespace, &Map::default(), &other.labels) {
                c.anti_affinity.add(cx, &term.topology_key, node.slot, delta);
            }
        }
    }

    fn pre_score(cx: &mut Cx, state: &mut CycleState, pod: &PodInfo, _: &[usize]) -> Verdict {
        let meta = &pod.pod.metadata;
        let labels = namespace_labels(cx.view, &meta.namespace);
        // (key, nodes, weight) of every term that matches, whoever has it.
        let mut matched: Vec<(Str, Vec<u32>, i64)> = Vec::new();
        for (terms, sign) in [(&pod.class.affinity.preferred, 1), (&pod.class.anti_affinity.preferred, -1)] {
            for (weight, term) in terms {
                let term = resolved(cx, term);
                let key = term.topology_key.clone();
                matched.push((key, cx.cache.column(&Counted::Affinity(vec![term])).to_vec(), sign * weight));
            }
        }
        for existing in cx.cache.affinity_classes() {
            let (near, far) = (&existing.class.affinity, &existing.class.anti_affinity);
            let hard = near.required.iter().map(|t| (HARD_POD_AFFINITY_WEIGHT, t));
            let soft = near.preferred.iter().map(|(weight, t)| (*weight, t));
            let against = far.preferred.iter().map(|(weight, t)| (-weight, t));
            for (weight, term) in hard.chain(soft).chain(against) {
                if term.matches(&meta.namespace, &labels, &meta.labels) {
                    matched.push((term.topology_key.clone(), existing.by_slot.clone(), weight));
                }
            }
        }
        let (mut tally, mut any) = (Tally::default(), false);
        for (key, by_slot, weight) in matched {
            any |= tally.add_column(cx, &key, &by_slot, weight);
        }
        if !any {
            return Err(Status::skip());
        }
        state.affinity_score = Some(Rc::new(ScoreState(tally)));
        Ok(())
    }

    fn score(_: &Cx, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> i64 {
        let Some(s) = &state.affinity_score else { return 0 };
        s.0.0.iter().filter_map(|(_, topology, counts)| topology.at(node.slot).map(|value| counts[value])).sum()
    }

    fn normalize(_: &CycleState, _: &[usize], scores: &mut [i64]) {
        let (min, max) = (scores.iter().copied().min().unwrap_or(0), scores.iter().copied().max().unwrap_or(0));
        for score in scores {
            *score = match max - min {
                0 => 0,
                range => (MAX_NODE_SCORE as f64 * ((*score - min) as f64 / range as f64)) as i64,
            };
        }
    }

    fn queueing_hint(_: &mut Cx, pod: &PodInfo, change: &Change) -> bool {
        if change.resource == Resource::Pod {
            let (old, new) = change.pods();
            return pod_hint(pod, old, new);
        }
        let (old, new) = change.nodes();
        let Some(new) = new else { return false };
        let value = |key: &Str| (old.and_then(|n| n.metadata.labels.get(key)), new.metadata.labels.get(key));
        let joined = |t: &AffinityTerm| match value(&t.topology_key) {
            (old, Some(new)) => old != Some(new),
            (_, None) => false,
        };
        // A node without the key takes any pod that shuns others there.
        let left = |t: &AffinityTerm| {
            old.is_none() || matches!(value(&t.topology_key), (Some(old), new) if new != Some(old))
        };
        pod.class.affinity.required.iter().any(joined) || pod.class.anti_affinity.required.iter().any(left)
    }
}

//! What a cycle would find for a pod, node by node, without anything happening.
//!
//! Upstream: none; kube-scheduler tells this in its log at level 10.
//! Differs: every node is looked at, however many fit.

use super::cache::Cache;
use super::class::PodInfo;
use super::framework::{Cx, CycleState, NodeToStatus, fit_error};
use super::plugins::PluginId;
use super::queue::{Place, QueuedPod};
use super::schedule::{filter_with_nominated, not_named, post_filter, pre_filter, score};
use super::{Scheduler, framework::Diagnosis};
use crate::api::Key;
use crate::api::core::Pod;
use crate::apimachinery::{Arrange, Str};
use crate::client::Tables;
use crate::sim::{Stream, Time};
use std::rc::Rc;

#[derive(Clone, PartialEq, Debug)]
pub struct PluginScore {
    pub plugin: &'static str,
    pub weight: i64,
    pub raw: i64,
    /// 0…100; `weight` times this counts.
    pub normalized: i64,
}

#[derive(Clone, PartialEq, Debug)]
pub struct NodeTrace {
    pub node: Str,
    /// Who turned the node down, and why; empty where it fits.
    pub rejected_by: &'static str,
    pub reasons: Vec<Str>,
    pub scores: Vec<PluginScore>,
    pub total: i64,
}

impl NodeTrace {
    pub fn fits(&self) -> bool {
        self.rejected_by.is_empty()
    }
}

#[derive(Clone, PartialEq, Default, Debug)]
pub struct SchedulingTrace {
    /// In the order in which nodes are looked at.
    pub nodes: Vec<NodeTrace>,
    /// The best; a draw decides between them.
    pub best: Vec<Str>,
    /// Why it fits nowhere; empty where it fits somewhere.
    pub message: String,
    /// Where it would be promised a place, and who would be driven out for it.
    pub nominated: Str,
    pub victims: Vec<Key>,
}

/// A pod that has no node yet.
#[derive(Clone, PartialEq, Debug)]
pub struct Waiting {
    pub pod: Key,
    /// `active`, `backoff`, `unschedulable`, `gated`, or `binding`.
    pub place: &'static str,
    /// When it came there.
    pub since: Time,
    pub attempts: u32,
    /// The plugins that turned it down last.
    pub rejected_by: Vec<&'static str>,
}

impl Scheduler {
    /// The pods that wait, in the order of their names.
    pub fn waiting(&self) -> Vec<Waiting> {
        let told = |q: &QueuedPod| Waiting {
            pod: q.info.pod.metadata.key(),
            place: match q.place {
                _ if q.gated_by.is_some() => "gated",
                Place::Active => "active",
                Place::Backoff | Place::ErrorBackoff => "backoff",
                Place::Unschedulable => "unschedulable",
                Place::Popped => "binding",
            },
            since: q.timestamp,
            attempts: q.attempts,
            rejected_by: q.rejected_by.iter().map(PluginId::name).collect(),
        };
        let mut all: Vec<Waiting> = self.queue.iter().map(told).collect();
        all.arrange_by(|a, b| a.pod.cmp(&b.pod));
        all
    }

    /// What would become of the pod now. Changes nothing, and draws nothing at random.
    pub fn explain(&self, view: &Tables, pod: &Pod, wall: i64) -> SchedulingTrace {
        let pod = Rc::new(pod.clone());
        let info = PodInfo { class: self.classes.look(&pod), pod };
        if let Some(status) = PluginId::ALL.iter().find_map(|p| p.pre_enqueue(&info.pod).err()) {
            return SchedulingTrace { message: status.message(), ..SchedulingTrace::default() };
        }
        let mut cache: Cache = self.cache.clone();
        cache.remove_pod(info.uid());
        let (nominator, profile) = (&self.nominator, &*self.profile);
        let mut cx = Cx { cache: &mut cache, view, nominator, profile, wall };
        let (mut state, mut diagnosis) = (CycleState::default(), Diagnosis::default());
        let slots = cx.cache.order().to_vec();
        if slots.is_empty() {
            return SchedulingTrace { message: super::NO_NODES.to_owned(), ..SchedulingTrace::default() };
        }
        let limited = pre_filter(&mut cx, &mut state, &info);
        let (mut nodes, mut feasible) = (Vec::new(), Vec::new());
        for slot in slots {
            let node = cx.cache.node_at(slot).clone();
            let verdict = match &limited {
                Err(status) => Err(status.clone()),
                Ok((Some(names), limiting)) if !names.contains(&node.name) => Err(not_named(*limiting)),
                Ok(_) => filter_with_nominated(&mut cx, &state, &info, &node),
            };
            let mut trace =
                NodeTrace { node: node.name, rejected_by: "", reasons: Vec::new(), scores: Vec::new(), total: 0 };
            match verdict {
                Ok(()) => feasible.push((nodes.len(), slot)),
                Err(status) => {
                    trace.rejected_by = status.plugin.map_or("PreFilter", PluginId::name);
                    trace.reasons = status.reasons.clone();
                    diagnosis.statuses.of.push((slot, Rc::new(status)));
                }
            }
            nodes.push(trace);
        }
        if feasible.is_empty() {
            if let Err(status) = &limited {
                diagnosis.pre_filter = status.message();
                diagnosis.statuses = NodeToStatus { of: Vec::new(), absent: Rc::new(status.clone()) };
            }
            // Where the search for victims begins is a draw; a question makes none.
            let mut no_draw = Stream::new(0);
            let (nomination, status) = post_filter(&mut cx, &mut no_draw, &state, &info, &diagnosis.statuses);
            diagnosis.post_filter = status.message();
            let nomination = nomination.unwrap_or_default();
            return SchedulingTrace {
                message: fit_error(nodes.len(), &diagnosis),
                nodes,
                nominated: nomination.node,
                victims: nomination.victims.iter().map(|p| p.metadata.key()).collect(),
                ..SchedulingTrace::default()
            };
        }
        let slots: Vec<usize> = feasible.iter().map(|(_, slot)| *slot).collect();
        let scores = score(&mut cx, &mut state, &info, &slots);
        for (i, (at, _)) in feasible.iter().enumerate() {
            nodes[*at].total = scores.total[i];
            let of = scores.of.iter().map(|s| PluginScore {
                plugin: s.plugin.name(),
                weight: s.weight,
                raw: s.raw[i],
                normalized: s.normalized[i],
            });
            nodes[*at].scores = of.collect();
        }
        let most = scores.total.iter().copied().max().unwrap_or(0);
        let best = nodes.iter().filter(|n| n.fits() && n.total == most).map(|n| n.node.clone()).collect();
        SchedulingTrace { nodes, best, ..SchedulingTrace::default() }
    }
}

//! One pod's way from all nodes to one: filter, score, choose.
//!
//! Upstream: pkg/scheduler/schedule_one.go (schedulePod, findNodesThatFitPod, prioritizeNodes),
//! pkg/scheduler/framework/runtime/framework.go
//! Differs: nodes are looked at one after another, so that exactly as many are as are needed; of nodes with one score a
//! draw decides, where upstream's heap mostly takes the first that was found.

use super::class::PodInfo;
use super::framework::{
    Code, Cx, CycleState, Diagnosis, MAX_NODE_SCORE, NodeNames, NodeToStatus, Nomination, PluginSet, Status, Verdict,
};
use super::memo::{Columns, Memo};
use super::node_info::NodeInfo;
use super::plugins::PluginId;
use crate::apimachinery::Str;
use crate::sim::Stream;
use std::rc::Rc;

const MIN_FEASIBLE: usize = 100;
const MIN_PERCENTAGE: usize = 5;

/// How many fitting nodes are enough.
pub fn num_feasible_nodes_to_find(all: usize) -> usize {
    if all < MIN_FEASIBLE {
        return all;
    }
    let percentage = 50usize.saturating_sub(all / 125).max(MIN_PERCENTAGE);
    (all * percentage / 100).max(MIN_FEASIBLE)
}

/// What each plugin gave the nodes that fit.
#[derive(Clone, Default, Debug)]
pub struct Scores {
    pub of: Vec<PluginScores>,
    pub total: Vec<i64>,
}

#[derive(Clone, Debug)]
pub struct PluginScores {
    pub plugin: PluginId,
    pub weight: i64,
    pub raw: Vec<i64>,
    pub normalized: Vec<i64>,
}

pub enum Found {
    Node(usize),
    Nowhere { state: Box<CycleState>, diagnosis: Diagnosis },
}

/// Ok: the names that the nodes are limited to, and the plugins that limited them.
pub fn pre_filter(cx: &mut Cx, state: &mut CycleState, pod: &PodInfo) -> Result<(NodeNames, PluginSet), Status> {
    let (mut names, mut limiting, mut rejected): (NodeNames, _, _) = (None, PluginSet::default(), None);
    let profile = cx.profile;
    for p in profile.all() {
        match p.pre_filter(cx, state, pod) {
            Ok(None) => {}
            Ok(Some(mut some)) => {
                limiting.insert(p);
                if let Some(before) = &names {
                    some.retain(|n| before.contains(n));
                }
                if some.is_empty() {
                    let list: Vec<&str> = limiting.iter().map(PluginId::name).collect();
                    let text = match &list[..] {
                        [one] => format!("node(s) didn't satisfy plugin {one}"),
                        many => format!("node(s) didn't satisfy plugin(s) [{}] simultaneously", many.join(" ")),
                    };
                    return Err(Status::new(Code::UnschedulableAndUnresolvable, text).with_plugin(p));
                }
                names = Some(some);
            }
            Err(s) if s.code == Code::Skip => state.skip_filter.insert(p),
            // Others may still reject the pod for good.
            Err(s) if s.code == Code::Unschedulable => rejected = Some(s.with_plugin(p)),
            Err(s) => return Err(s.with_plugin(p)),
        }
    }
    rejected.map_or(Ok((names, limiting)), Err)
}

/// What is said of nodes that are none of those the plugins named.
pub fn not_named(limiting: PluginSet) -> Status {
    let list: Vec<&str> = limiting.iter().map(PluginId::name).collect();
    let mut status = Status::new(
        Code::UnschedulableAndUnresolvable,
        format!("node(s) didn't satisfy plugin(s) [{}]", list.join(" ")),
    );
    status.plugin = limiting.iter().next();
    status
}

fn run_filters(
    cx: &Cx,
    state: &CycleState,
    pod: &PodInfo,
    node: &NodeInfo,
    which: impl Fn(PluginId) -> bool,
) -> Verdict {
    for p in cx.profile.filters().filter(|p| which(*p) && !state.skip_filter.has(*p)) {
        p.filter(cx, state, pod, node).map_err(|s| s.with_plugin(p))?;
    }
    Ok(())
}

/// All filters, on a node that may have been changed for the question, first as if the pods were there that were
/// promised the node and are no less important.
pub fn filter_with_nominated(cx: &mut Cx, state: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Verdict {
    let nominator = cx.nominator;
    let promised = nominator.on(&node.name).iter();
    let promised: Vec<&PodInfo> = promised.filter(|p| p.priority() >= pod.priority() && p.uid() != pod.uid()).collect();
    if !promised.is_empty() {
        let (mut with, mut state) = (node.clone(), state.clone());
        for p in promised {
            with.add_pod(p.clone());
            move_pod(cx, &mut state, pod, p, &with, 1);
        }
        run_filters(cx, &state, pod, &with, |_| true)?;
    }
    run_filters(cx, state, pod, node, |_| true)
}

/// Tells what PreFilter found that a pod came to a node or left it.
pub fn move_pod(cx: &mut Cx, state: &mut CycleState, pod: &PodInfo, other: &PodInfo, node: &NodeInfo, delta: i64) {
    let profile = cx.profile;
    for p in profile.all().filter(|p| !state.skip_filter.has(*p)).collect::<Vec<_>>() {
        p.move_pod(cx, state, pod, other, node, delta);
    }
}

/// Looks at nodes one after another for one pod.
struct Search<'s> {
    columns: &'s mut Columns,
    local_scorers: Vec<PluginId>,
    /// Whether there are filters that are not local.
    others: bool,
}

impl Search<'_> {
    fn check(&mut self, cx: &mut Cx, state: &CycleState, pod: &PodInfo, slot: usize) -> Result<(), Rc<Status>> {
        if !cx.nominator.is_empty() && !cx.nominator.on(&cx.cache.node_at(slot).name).is_empty() {
            let node = cx.cache.node_at(slot).clone();
            filter_with_nominated(cx, state, pod, &node).map_err(Rc::new)?;
        }
        if self.columns.generation[slot] != cx.cache.generation_at(slot) {
            self.look(cx, state, pod, slot);
        }
        if let Some(status) = &self.columns.verdict[slot] {
            return Err(status.clone());
        }
        if self.others {
            run_filters(cx, state, pod, cx.cache.node_at(slot), |p| !p.is_local()).map_err(Rc::new)?;
        }
        Ok(())
    }

    /// Asks the local plugins.
    fn look(&mut self, cx: &Cx, state: &CycleState, pod: &PodInfo, slot: usize) {
        let node = cx.cache.node_at(slot);
        let c = &mut *self.columns;
        c.verdict[slot] = run_filters(cx, state, pod, node, PluginId::is_local).err().map(Rc::new);
        if c.verdict[slot].is_none() {
            for (i, p) in self.local_scorers.iter().enumerate() {
                c.scores[slot * c.stride + i] = p.score(cx, state, pod, node);
            }
        }
        c.generation[slot] = cx.cache.generation_at(slot);
    }
}

/// `start`: where to begin among the nodes; moves on by as many as were looked at.
pub fn schedule(cx: &mut Cx, memo: &mut Memo, start: &mut usize, rng: &mut Stream, pod: &PodInfo) -> Found {
    let (mut state, mut diagnosis) = (CycleState::default(), Diagnosis::default());
    let names = match pre_filter(cx, &mut state, pod) {
        Ok((names, limiting)) => {
            diagnosis.unschedulable_plugins = limiting;
            names
        }
        Err(s) => {
            diagnosis.pre_filter = s.message();
            diagnosis.unschedulable_plugins.extend(s.plugin);
            diagnosis.statuses.absent = Rc::new(s);
            return Found::Nowhere { state: Box::new(state), diagnosis };
        }
    };
    let local_scorers: Vec<PluginId> = cx.profile.scorers().map(|(p, _)| p).filter(|p| p.is_local()).collect();
    let others = cx.profile.filters().any(|p| !p.is_local() && !state.skip_filter.has(p));
    let columns = memo.of(cx.cache, &pod.class, local_scorers.len());
    let mut search = Search { columns, local_scorers, others };
    let mut feasible = Vec::new();
    let promised = &pod.pod.status.nominated_node_name;
    if let Some(slot) = cx.cache.node(promised).map(|n| n.slot)
        && search.check(cx, &state, pod, slot).is_ok()
    {
        feasible.push(slot);
    }
    if feasible.is_empty() {
        let all = cx.cache.order().len();
        let nodes: Option<Vec<usize>> = names.map(|names| {
            let limited = |n: &Str| cx.cache.node(n).map(|n| n.slot);
            names.iter().filter_map(limited).collect()
        });
        if nodes.is_some() {
            diagnosis.statuses.absent = Rc::new(not_named(diagnosis.unschedulable_plugins));
        }
        let count = nodes.as_ref().map_or(all, Vec::len);
        let enough = num_feasible_nodes_to_find(count);
        for i in 0..count {
            if feasible.len() == enough {
                break;
            }
            let at = (*start + i) % count;
            let slot = nodes.as_ref().map_or_else(|| cx.cache.order()[at], |nodes| nodes[at]);
            match search.check(cx, &state, pod, slot) {
                Ok(()) => feasible.push(slot),
                Err(status) => {
                    diagnosis.unschedulable_plugins.extend(status.plugin);
                    diagnosis.statuses.of.push((slot, status));
                }
            }
        }
        *start = (*start + feasible.len() + diagnosis.statuses.of.len()) % all;
    }
    match &feasible[..] {
        [] => Found::Nowhere { state: Box::new(state), diagnosis },
        [one] => Found::Node(*one),
        _ => {
            let mut total = vec![0; feasible.len()];
            each_score(cx, &mut state, pod, &feasible, Some(search.columns), |_, weight, _, normalized| {
                add(&mut total, weight, normalized);
            });
            Found::Node(choose(&feasible, &total, rng))
        }
    }
}

/// Lets every scorer score the nodes that fit, its weight with it; `tell` gets raw and normalized scores.
/// Raw scores of local plugins are taken from `columns`, where those are given.
fn each_score(
    cx: &mut Cx,
    state: &mut CycleState,
    pod: &PodInfo,
    nodes: &[usize],
    columns: Option<&Columns>,
    mut tell: impl FnMut(PluginId, i64, &[i64], &[i64]),
) {
    let scorers: Vec<(PluginId, i64)> = cx.profile.scorers().collect();
    for (p, _) in &scorers {
        if p.pre_score(cx, state, pod, nodes).is_err() {
            state.skip_score.insert(*p);
        }
    }
    let (mut raw, mut normalized) = (Vec::with_capacity(nodes.len()), Vec::with_capacity(nodes.len()));
    let mut local = 0;
    for (plugin, weight) in scorers {
        let column = columns.filter(|_| plugin.is_local()).map(|c| (c, local));
        local += usize::from(plugin.is_local());
        if state.skip_score.has(plugin) {
            continue;
        }
        raw.clear();
        match column {
            Some((c, i)) => raw.extend(nodes.iter().map(|slot| c.scores[slot * c.stride + i])),
            None => raw.extend(nodes.iter().map(|slot| plugin.score(cx, state, pod, cx.cache.node_at(*slot)))),
        }
        normalized.clear();
        normalized.extend_from_slice(&raw);
        plugin.normalize(state, nodes, &mut normalized);
        let wrong = normalized.iter().find(|n| !(0..=MAX_NODE_SCORE).contains(*n));
        assert!(wrong.is_none(), "{} gave {wrong:?}", plugin.name());
        tell(plugin, weight, &raw, &normalized);
    }
}

fn add(total: &mut [i64], weight: i64, normalized: &[i64]) {
    for (sum, n) in total.iter_mut().zip(normalized) {
        *sum += n * weight;
    }
}

/// What every plugin gives the nodes.
pub fn score(cx: &mut Cx, state: &mut CycleState, pod: &PodInfo, nodes: &[usize]) -> Scores {
    let (mut of, mut total) = (Vec::new(), vec![0; nodes.len()]);
    each_score(cx, state, pod, nodes, None, |plugin, weight, raw, normalized| {
        add(&mut total, weight, normalized);
        of.push(PluginScores { plugin, weight, raw: raw.to_vec(), normalized: normalized.to_vec() });
    });
    Scores { of, total }
}

/// One of the best, each as likely as the other.
fn choose(nodes: &[usize], total: &[i64], rng: &mut Stream) -> usize {
    let best = total.iter().copied().max().expect("there are nodes to choose from");
    let (mut chosen, mut ties) = (nodes[0], 0);
    for (slot, total) in nodes.iter().zip(total) {
        if *total == best {
            ties += 1;
            if rng.below(ties) == 0 {
                chosen = *slot;
            }
        }
    }
    chosen
}

/// What can be done for a pod that fits nowhere: who is to go, and what is said of it.
pub fn post_filter(
    cx: &mut Cx,
    rng: &mut Stream,
    state: &CycleState,
    pod: &PodInfo,
    statuses: &NodeToStatus,
) -> (Option<Nomination>, Status) {
    let (mut nomination, mut reasons) = (None, Vec::new());
    let profile = cx.profile;
    for p in profile.all() {
        let Some((n, status)) = p.post_filter(cx, rng, state, pod, statuses) else { continue };
        match status.code {
            Code::Success | Code::UnschedulableAndUnresolvable => return (n, status),
            Code::Unschedulable => nomination = n.or(nomination),
            _ => return (None, status),
        }
        reasons.extend(status.reasons);
    }
    (nomination, Status { code: Code::Unschedulable, reasons, plugin: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_nodes_are_enough_of_many() {
        for (all, expected) in [(3, 3), (99, 99), (100, 100), (1000, 420), (5000, 500), (6000, 300)] {
            assert_eq!(num_feasible_nodes_to_find(all), expected, "{all}");
        }
    }
}

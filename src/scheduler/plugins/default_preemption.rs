//! Makes room for a pod by driving out less important ones.
//!
//! Upstream: pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go,
//! pkg/scheduler/framework/preemption/preemption.go
//! Differs: nodes are tried one after another; of several candidates that are alike in everything the one tried first is
//! taken.

use super::super::class::{PodInfo, priority, selects};
use super::super::framework::{
    Code, Cx, CycleState, Diagnosis, NodeToStatus, Nomination, Plugin, Status, fit_error,
};
use super::super::node_info::NodeInfo;
use super::super::preemption::{Budget, budgets};
use super::super::schedule::{filter_with_nominated, move_pod};
use crate::api::core::Pod;
use crate::apimachinery::{Arrange, Str};
use crate::sim::Stream;
use std::cmp::Reverse;
use std::rc::Rc;

pub(crate) struct DefaultPreemption;

/// Of the nodes where it may help, so many per cent, and no fewer than so many, are tried.
const MIN_CANDIDATE_PERCENTAGE: usize = 10;
const MIN_CANDIDATES: usize = 100;

struct Candidate {
    node: Str,
    /// The most important first.
    victims: Vec<Rc<Pod>>,
    violations: usize,
}

/// When it started, or, before that, now.
fn started(pod: &Pod, wall: i64) -> i64 {
    pod.status.start_time.map_or(wall, |t| t.unix())
}

/// Sorts the most important first.
fn importance(pod: &Pod, wall: i64) -> (Reverse<i32>, i64) {
    (Reverse(priority(pod)), started(pod, wall))
}

fn is_being_preempted(pod: &Pod) -> bool {
    let target = pod.status.condition("DisruptionTarget");
    pod.metadata.is_deleting()
        && target.is_some_and(|c| c.status == "True" && c.reason == "PreemptionByScheduler")
}

/// None: it may. Some: why not.
fn ineligible(cx: &Cx, pod: &PodInfo, statuses: &NodeToStatus) -> Option<&'static str> {
    if pod.pod.spec.preemption_policy.as_ref().is_some_and(|p| p == "Never") {
        return Some("not eligible due to preemptionPolicy=Never.");
    }
    let node = cx.cache.node(&pod.pod.status.nominated_node_name)?;
    if statuses.get(node.slot).code == Code::UnschedulableAndUnresolvable {
        return None;
    }
    let going = |p: &PodInfo| p.priority() < pod.priority() && is_being_preempted(&p.pod);
    node.pods.iter().any(going).then_some("not eligible due to a terminating pod on the nominated node.")
}

/// Splits by whether a disruption budget would be overdrawn.
fn by_violation(pods: Vec<PodInfo>, budgets: &[Budget]) -> (Vec<PodInfo>, Vec<PodInfo>) {
    let mut allowed: Vec<i64> = budgets.iter().map(|b| b.allowed).collect();
    pods.into_iter().partition(|p| {
        let meta = &p.pod.metadata;
        let mut violated = false;
        for (b, left) in budgets.iter().zip(&mut allowed) {
            let covers = b.namespace == meta.namespace && !meta.labels.is_empty() && selects(&b.selector, &meta.labels);
            if covers && !b.disrupted.contains(&meta.name) {
                *left -= 1;
                violated |= *left < 0;
            }
        }
        violated
    })
}

/// The fewest and least important pods that must leave the node. Err: it does not help.
fn select_victims(
    cx: &mut Cx,
    state: &CycleState,
    pod: &PodInfo,
    node: &NodeInfo,
    budgets: &[Budget],
) -> Result<Candidate, Status> {
    let (mut node, mut state) = (node.clone(), state.clone());
    let mut potential: Vec<PodInfo> = node.pods.iter().filter(|p| p.priority() < pod.priority()).cloned().collect();
    if potential.is_empty() {
        return Err(Status::unresolvable("No preemption victims found for incoming pod"));
    }
    for p in &potential {
        node.remove_pod(p.uid());
        move_pod(cx, &mut state, pod, p, &node, -1);
    }
    filter_with_nominated(cx, &state, pod, &node)?;
    let wall = cx.wall;
    potential.arrange_by_key(|p| importance(&p.pod, wall));
    let (violating, harmless) = by_violation(potential, budgets);
    let (mut victims, mut violations) = (Vec::new(), 0);
    let many = violating.len();
    for (i, p) in violating.into_iter().chain(harmless).enumerate() {
        node.add_pod(p.clone());
        move_pod(cx, &mut state, pod, &p, &node, 1);
        if filter_with_nominated(cx, &state, pod, &node).is_err() {
            node.remove_pod(p.uid());
            move_pod(cx, &mut state, pod, &p, &node, -1);
            violations += usize::from(i < many);
            victims.push(p.pod);
        }
    }
    victims.arrange_by_key(|p| importance(p, wall));
    Ok(Candidate { node: node.name, victims, violations })
}

/// The smaller, the better a node to be taken.
fn cost(c: &Candidate, wall: i64) -> (usize, i32, i64, usize, Reverse<i64>) {
    let highest = priority(&c.victims[0]);
    // Moved to where none is negative, so that many of low priority are not cheaper than few.
    let sum = c.victims.iter().map(|p| i64::from(priority(p)) + i64::from(i32::MAX) + 1).sum();
    let of_highest = c.victims.iter().filter(|p| priority(p) == highest);
    let earliest = of_highest.map(|p| started(p, wall)).min().unwrap_or(wall);
    (c.violations, highest, sum, c.victims.len(), Reverse(earliest))
}

fn candidates(
    cx: &mut Cx,
    rng: &mut Stream,
    state: &CycleState,
    pod: &PodInfo,
    statuses: &NodeToStatus,
) -> (Vec<Candidate>, NodeToStatus) {
    let mut turned_down = NodeToStatus::default();
    let potential = statuses.resolvable(cx.cache.order(), cx.cache.slots());
    if potential.is_empty() {
        return (Vec::new(), turned_down);
    }
    let budgets = budgets(cx.view);
    let wanted = (potential.len() * MIN_CANDIDATE_PERCENTAGE / 100).max(MIN_CANDIDATES).min(potential.len());
    let offset = rng.below(potential.len() as u64) as usize;
    let (mut harmless, mut violating) = (Vec::new(), Vec::new());
    for i in 0..potential.len() {
        let node = cx.cache.node_at(potential[(offset + i) % potential.len()]).clone();
        match select_victims(cx, state, pod, &node, &budgets) {
            Ok(c) if c.victims.is_empty() => {
                let text = format!("expected at least one victim pod on node \"{}\"", node.name);
                turned_down.of.push((node.slot, Rc::new(Status::error(text))));
            }
            Ok(c) if c.violations == 0 => harmless.push(c),
            Ok(c) => violating.push(c),
            Err(status) => turned_down.of.push((node.slot, Rc::new(status))),
        }
        if !harmless.is_empty() && harmless.len() + violating.len() >= wanted {
            break;
        }
    }
    harmless.extend(violating);
    (harmless, turned_down)
}

impl Plugin for DefaultPreemption {
    const NAME: &'static str = "DefaultPreemption";

    fn post_filter(
        cx: &mut Cx,
        rng: &mut Stream,
        state: &CycleState,
        pod: &PodInfo,
        statuses: &NodeToStatus,
    ) -> Option<(Option<Nomination>, Status)> {
        let said = |text: String| Status::new(Code::Unschedulable, format!("preemption: {text}"));
        if let Some(why) = ineligible(cx, pod, statuses) {
            return Some((None, said(why.to_owned())));
        }
        let (candidates, mut turned_down) = candidates(cx, rng, state, pod, statuses);
        let wall = cx.wall;
        // Of equals the first: min_by_key keeps it.
        let Some(best) = candidates.into_iter().min_by_key(|c| cost(c, wall)) else {
            turned_down.absent = Rc::new(Status::unresolvable("Preemption is not helpful for scheduling"));
            let diagnosis = Diagnosis { statuses: turned_down, ..Diagnosis::default() };
            let text = fit_error(cx.cache.order().len(), &diagnosis);
            return Some((Some(Nomination::default()), said(text)));
        };
        let victims = best.victims.into_iter().filter(|p| !p.metadata.is_deleting()).collect();
        Some((Some(Nomination { node: best.node, victims }), Status::success()))
    }
}

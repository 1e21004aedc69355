//! Removes pods that nobody else will: on nodes that are gone, terminated beyond measure, deleted before they had a node.
//!
//! Upstream: pkg/controller/podgc/gc_controller.go
//! Differs: nothing known.

use super::Controller;
use crate::api::core::{Node, Pod, PodCondition};
use crate::api::{Key, KindId};
use crate::apimachinery::{Arrange, Map, OrdSet, Status, Str};
use crate::client::{DeleteOptions, Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::{Duration, SECOND, Time};
use std::rc::Rc;

const CHECK_PERIOD: Duration = SECOND.saturating_mul(20);
/// How long a node may be missing before its pods are taken for lost.
const QUARANTINE_TIME: Duration = SECOND.saturating_mul(40);
/// --terminated-pod-gc-threshold.
const TERMINATED_POD_THRESHOLD: usize = 12_500;

#[derive(Clone, Default)]
pub(super) struct PodGc {
    /// Missing nodes, and when to ask for them.
    quarantine: Map<Time>,
}

fn gc_key() -> Key {
    Key { namespace: Str::EMPTY, name: Str::literal(":gc") }
}

/// Evicted ones first, then the oldest. Upstream: byEvictionAndCreationTimestamp.
fn surplus(mut terminated: Vec<Rc<Pod>>, threshold: usize) -> Vec<Rc<Pod>> {
    let count = terminated.len().saturating_sub(threshold);
    let is_evicted = |p: &Pod| p.status.phase == "Failed" && p.status.reason == "Evicted";
    terminated.arrange_by(|a, b| {
        let order = is_evicted(b).cmp(&is_evicted(a));
        order.then_with(|| {
            let age = |p: &Pod| (p.metadata.creation_timestamp, p.metadata.name.clone());
            age(a).cmp(&age(b))
        })
    });
    terminated.truncate(count);
    terminated
}

fn is_out_of_service(node: &Node) -> bool {
    let ready = node.status.conditions.iter().any(|c| c.type_ == "Ready" && c.status == "True");
    !ready && node.spec.taints.iter().any(|t| t.key == "node.kubernetes.io/out-of-service")
}

/// Fails the pod where it has not ended, then removes it without grace.
fn mark_failed_and_delete(t: &mut Turn, pod: &Pod, condition: Option<PodCondition>) -> Result<(), Status> {
    let key = pod.metadata.key();
    if !pod.is_terminal() {
        let (uid, generation) = (pod.metadata.uid.clone(), pod.metadata.generation);
        t.patch_status::<Pod>(&key, |p| {
            // A namesake is refused.
            p.metadata.uid = uid;
            let status = Rc::make_mut(&mut p.status);
            status.phase = Str::literal("Failed");
            status.observed_generation = generation;
            if let Some(c) = condition {
                status.set_condition(c);
            }
        })?;
    }
    let now = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
    t.delete(KindId::Pod, &key, &now)
}

impl PodGc {
    /// Nodes that have been missing for long enough, and that the API server does not know either.
    fn lost_nodes(&mut self, t: &mut Turn, pods: &[Rc<Pod>]) -> OrdSet<Str> {
        let is_there = |view: &Tables, node: &Str| view.get::<Node>(&Key::new("", node.clone())).is_some();
        for pod in pods {
            let node = &pod.spec.node_name;
            if !node.is_empty() && !self.quarantine.contains_key(node) && !is_there(&t.view, node) {
                self.quarantine.insert(node.clone(), t.now + QUARANTINE_TIME);
            }
        }
        let due: Vec<Str> = self.quarantine.iter().filter(|(_, at)| **at <= t.now).map(|(n, _)| n.clone()).collect();
        let mut lost = OrdSet::new();
        for node in due {
            self.quarantine.remove(&node);
            if is_there(&t.view, &node) {
                continue;
            }
            if t.get_live::<Node>(&Key::new("", node.clone())).is_err_and(|e| e.is_not_found()) {
                lost.insert(node);
            }
        }
        lost
    }

    fn gc(&mut self, t: &mut Turn) {
        let pods: Vec<Rc<Pod>> = t.view.list::<Pod>(None).cloned().collect();
        // What fails is tried again with the next pass.
        let ended = pods.iter().filter(|p| !matches!(&*p.status.phase, "Pending" | "Running" | "Unknown"));
        for pod in surplus(ended.cloned().collect(), TERMINATED_POD_THRESHOLD) {
            mark_failed_and_delete(t, &pod, None).ok();
        }
        let deleting: Vec<&Rc<Pod>> = pods.iter().filter(|p| p.metadata.is_deleting()).collect();
        for pod in &deleting {
            let node = t.view.get::<Node>(&Key::new("", pod.spec.node_name.clone()));
            if node.is_some_and(|n| is_out_of_service(n)) {
                mark_failed_and_delete(t, pod, None).ok();
            }
        }
        let lost = self.lost_nodes(t, &pods);
        for pod in pods.iter().filter(|p| !lost.is_empty() && lost.contains(&p.spec.node_name)) {
            let condition = PodCondition {
                type_: Str::literal("DisruptionTarget"),
                status: Str::literal("True"),
                observed_generation: pod.metadata.generation,
                last_transition_time: t.wall,
                reason: Str::literal("DeletionByPodGC"),
                message: Str::literal("PodGC: node no longer exists"),
                ..PodCondition::default()
            };
            mark_failed_and_delete(t, pod, Some(condition)).ok();
        }
        for pod in deleting.iter().filter(|p| p.spec.node_name.is_empty()) {
            mark_failed_and_delete(t, pod, None).ok();
        }
    }
}

impl Controller for PodGc {
    const NAME: &'static str = "pod-garbage-collector";
    const WATCHES: &'static [KindId] = &[];

    fn start(&mut self, now: Time, cause: u64, queue: &mut WorkQueue) {
        queue.add_at(gc_key(), now, cause);
    }

    fn observe(&mut self, _event: &WatchEvent, _view: &Tables, _now: Time, _queue: &mut WorkQueue) {}

    fn sync(&mut self, _key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        self.gc(t);
        Ok(Requeue::After(CHECK_PERIOD))
    }

    fn keys(&self, _view: &Tables) -> Vec<Key> {
        vec![gc_key()]
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{World, key, meta, template};
    use super::*;

    fn pod(name: &'static str, created: i64, reason: &'static str) -> Rc<Pod> {
        let mut p = Pod { metadata: meta(name), ..Pod::default() };
        p.metadata.creation_timestamp = crate::apimachinery::time::Time::from_unix(created);
        let status = Rc::make_mut(&mut p.status);
        (status.phase, status.reason) = (Str::literal("Failed"), Str::literal(reason));
        Rc::new(p)
    }

    #[test]
    fn evicted_pods_go_before_older_ones() {
        let pods = vec![pod("a", 1, ""), pod("b", 2, ""), pod("c", 3, "Evicted")];
        let names = |n| surplus(pods.clone(), n).iter().map(|p| p.metadata.name.to_string()).collect::<Vec<_>>();
        assert_eq!(names(1), ["c", "a"]);
        assert_eq!(names(3), Vec::<String>::new());
    }

    #[test]
    fn pods_of_a_node_that_is_gone_are_removed_after_a_while() {
        let mut w = World::new();
        let mut spec = (*template("i").spec).clone();
        spec.node_name = Str::literal("gone");
        w.create(Pod { metadata: meta("p"), spec: Rc::new(spec), ..Pod::default() });
        w.run(SECOND * 50);
        assert!(w.get::<Pod>(&key("p")).is_some());
        w.run(SECOND * 31);
        assert!(w.get::<Pod>(&key("p")).is_none());
    }
}

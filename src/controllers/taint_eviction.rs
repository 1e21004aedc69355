//! Deletes pods from nodes whose NoExecute taints they do not tolerate, at once or when their time is up.
//!
//! Upstream: pkg/controller/tainteviction/{taint_eviction,timed_workers}.go
//! Differs: the taints of a node are read where they are needed; a deletion that fails is not tried five times.

use super::Controller;
use crate::api::core::{Node, ObjectReference, Pod, PodCondition, Taint, Toleration};
use crate::api::{Key, KindId};
use crate::apimachinery::{Status, Str};
use crate::client::{DeleteOptions, Reference, Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::{Duration, OrdMap, OrdSet, SECOND, Time};
use std::rc::Rc;

/// An eviction to come.
#[derive(Clone, PartialEq, Debug)]
struct Work {
    node: Str,
    created: Time,
    fire: Time,
}

#[derive(Clone, Default)]
pub(super) struct TaintEvictionController {
    work: OrdMap<Key, Work>,
    /// Nodes and pods that changed since they were last looked at; other keys are queued by the clock.
    changed: OrdSet<Key>,
}

fn no_execute(node: &Node) -> Vec<Taint> {
    node.spec.taints.iter().filter(|t| t.effect == "NoExecute").cloned().collect()
}

/// How long a pod may stay under these taints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stay {
    Not,
    For(Duration),
    Forever,
}

fn stay(taints: &[Taint], tolerations: &[Toleration]) -> Stay {
    let mut shortest: Option<i64> = None;
    for taint in taints {
        let Some(used) = tolerations.iter().find(|t| t.tolerates(taint)) else { return Stay::Not };
        if let Some(seconds) = used.toleration_seconds {
            shortest = Some(shortest.map_or(seconds, |s| s.min(seconds)));
        }
    }
    match shortest {
        None => Stay::Forever,
        Some(s) => Stay::For(SECOND.saturating_mul(u32::try_from(s.max(0)).unwrap_or(u32::MAX))),
    }
}

fn pod_event(t: &mut Turn, key: &Key, what: &str) {
    let about = Reference(ObjectReference {
        kind: Str::literal("Pod"),
        api_version: Str::literal("v1"),
        namespace: key.namespace.clone(),
        name: key.name.clone(),
        ..ObjectReference::default()
    });
    t.event(&about, "Normal", "TaintManagerEviction", &format!("{what} Pod {key}"));
}

/// Says why in the pod's status, then deletes it.
fn delete_pod(t: &mut Turn, key: &Key) -> Result<(), Status> {
    let pod = t.get_live::<Pod>(key)?;
    let condition = PodCondition {
        type_: Str::literal("DisruptionTarget"),
        status: Str::literal("True"),
        observed_generation: pod.metadata.generation,
        last_transition_time: t.wall,
        reason: Str::literal("DeletionByTaintManager"),
        message: Str::literal("Taint manager: deleting due to NoExecute taint"),
        ..PodCondition::default()
    };
    t.patch_status::<Pod>(key, |p| {
        Rc::make_mut(&mut p.status).set_condition(condition);
    })?;
    t.delete(KindId::Pod, key, &DeleteOptions::default())
}

impl TaintEvictionController {
    fn cancel(&mut self, t: &mut Turn, pod: &Key) {
        if self.work.remove(pod).is_some() {
            pod_event(t, pod, "Cancelling deletion of");
        }
    }

    /// Upstream: processPodOnNode.
    fn process_pod(&mut self, t: &mut Turn, pod: &Pod, taints: &[Taint]) {
        let key = pod.metadata.key();
        let seconds = match stay(taints, &pod.spec.tolerations) {
            Stay::Forever => return self.cancel(t, &key),
            Stay::Not => {
                self.cancel(t, &key);
                Duration::ZERO
            }
            Stay::For(d) => d,
        };
        let mut created = t.now;
        if let Some(before) = self.work.get(&key) {
            created = before.created;
            if created + seconds < t.now + seconds {
                // The time began to run when the first taint came.
                return;
            }
            self.cancel(t, &key);
        }
        let work = Work { node: pod.spec.node_name.clone(), created, fire: t.now + seconds };
        self.work.insert(key, work);
    }

    fn process_node_change(&mut self, t: &mut Turn, node: &Key) {
        let Some(node) = t.view.get::<Node>(node).cloned() else { return };
        let taints = no_execute(&node);
        let pods: Vec<Rc<Pod>> = t.view.pods_on(&node.metadata.name).cloned().collect();
        for pod in pods {
            if taints.is_empty() {
                self.cancel(t, &pod.metadata.key());
            } else {
                self.process_pod(t, &pod, &taints);
            }
        }
    }

    fn process_pod_change(&mut self, t: &mut Turn, key: &Key) {
        let Some(pod) = t.view.get::<Pod>(key).cloned() else { return self.cancel(t, key) };
        let node = t.view.get::<Node>(&Key::new("", pod.spec.node_name.clone())).cloned();
        let taints = node.map(|n| no_execute(&n)).unwrap_or_default();
        if !taints.is_empty() {
            self.process_pod(t, &pod, &taints);
        }
    }

    /// Evictions that this key stands for: of one pod, or of all pods of a node.
    fn work_of(&self, key: &Key) -> Vec<(Key, Time)> {
        if !key.namespace.is_empty() {
            return self.work.get(key).map(|w| (key.clone(), w.fire)).into_iter().collect();
        }
        let on_node = self.work.iter().filter(|(_, w)| w.node == key.name);
        on_node.map(|(pod, w)| (pod.clone(), w.fire)).collect()
    }
}

impl Controller for TaintEvictionController {
    const NAME: &'static str = "taint-eviction-controller";
    const WATCHES: &'static [KindId] = &[KindId::Node, KindId::Pod];

    fn observe(&mut self, event: &WatchEvent, view: &Tables, _now: Time, queue: &mut WorkQueue) {
        let touched = if event.kind == KindId::Node {
            let taints = |n: Option<&Rc<Node>>| n.map(|n| no_execute(n));
            let (was, is) = (taints(event.old_as()), taints(event.new_as()));
            was != is && is.is_some() && !(was.is_none() && is.as_ref().is_some_and(Vec::is_empty))
        } else {
            let (old, new) = (event.old_as::<Pod>(), event.new_as::<Pod>());
            let facts = |p: &Rc<Pod>| (p.spec.node_name.clone(), p.spec.tolerations.clone());
            let is_tainted = |p: &Rc<Pod>| {
                let node = view.get::<Node>(&Key::new("", p.spec.node_name.clone()));
                node.is_some_and(|n| n.spec.taints.iter().any(|t| t.effect == "NoExecute"))
            };
            let same = old.map(facts) == new.map(facts);
            !same && (self.work.contains_key(&event.key) || new.is_some_and(is_tainted))
        };
        if touched {
            self.changed.insert(event.key.clone());
            queue.add(event.key.clone(), event.cause);
        }
    }

    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        if self.changed.remove(key) {
            if key.namespace.is_empty() {
                self.process_node_change(t, key);
            } else {
                self.process_pod_change(t, key);
            }
        }
        for (pod, fire) in self.work_of(key) {
            if fire > t.now {
                continue;
            }
            pod_event(t, &pod, "Marking for deletion");
            // A pod that is gone needs no deletion, and one that stays is lost sight of, as upstream loses it.
            delete_pod(t, &pod).ok();
            self.work.remove(&pod);
        }
        let next = self.work_of(key).into_iter().map(|(_, fire)| fire).min();
        Ok(next.map_or(Requeue::Done, |at| Requeue::After(at.since(t.now))))
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        view.objects(KindId::Node, None).map(|(k, _)| k.clone()).chain(self.work.keys().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{World, key, meta, template};
    use super::*;
    use crate::apimachinery::{List, ObjectMeta};

    fn toleration(taint: &'static str, seconds: Option<i64>) -> Toleration {
        Toleration {
            key: Str::literal(taint),
            operator: Str::literal("Exists"),
            effect: Str::literal("NoExecute"),
            toleration_seconds: seconds,
            ..Toleration::default()
        }
    }

    fn taint(name: &'static str) -> Taint {
        Taint { key: Str::literal(name), effect: Str::literal("NoExecute"), ..Taint::default() }
    }

    #[test]
    fn the_shortest_toleration_counts_and_every_taint_needs_one() {
        let seconds = |n| Stay::For(Duration::from_secs(n));
        for (taints, tolerations, expected) in [
            (vec!["a"], vec![], Stay::Not),
            (vec!["a"], vec![toleration("b", None)], Stay::Not),
            (vec!["a", "b"], vec![toleration("a", None)], Stay::Not),
            (vec!["a"], vec![toleration("a", None)], Stay::Forever),
            (vec!["a"], vec![toleration("a", Some(-3))], seconds(0)),
            (vec!["a", "b"], vec![toleration("a", Some(9)), toleration("b", Some(4))], seconds(4)),
            (vec!["a", "b"], vec![toleration("a", None), toleration("b", Some(4))], seconds(4)),
        ] {
            let list: Vec<Taint> = taints.iter().map(|t| taint(t)).collect();
            assert_eq!(stay(&list, &tolerations), expected, "{taints:?}");
        }
    }

    fn world(tolerations: Vec<Toleration>) -> World {
        let mut w = World::new();
        w.create(Node { metadata: ObjectMeta { name: Str::literal("n"), ..ObjectMeta::default() }, ..Node::default() });
        let mut spec = (*template("i").spec).clone();
        spec.node_name = Str::literal("n");
        spec.tolerations = tolerations.into();
        w.create(Pod { metadata: meta("p"), spec: Rc::new(spec), ..Pod::default() });
        w.run(SECOND);
        w
    }

    fn set_taints(w: &mut World, taints: Vec<Taint>) {
        let taints: List<Taint> = taints.into();
        w.patch::<Node>(&Key::new("", "n"), |n| Rc::make_mut(&mut n.spec).taints = taints);
    }

    fn is_deleting(w: &World) -> bool {
        w.get::<Pod>(&key("p")).is_none_or(|p| p.metadata.is_deleting())
    }

    #[test]
    fn an_intolerant_pod_goes_at_once_and_says_why() {
        let mut w = world(vec![]);
        set_taints(&mut w, vec![taint("a")]);
        w.run(SECOND);
        let pod = w.get::<Pod>(&key("p")).expect("it ends gracefully");
        assert!(pod.metadata.is_deleting());
        assert_eq!(pod.status.condition("DisruptionTarget").map(|c| &*c.reason), Some("DeletionByTaintManager"));
        assert!(w.events().contains(&"TaintManagerEviction: Marking for deletion Pod default/p".to_owned()));
        assert!(w.is_fixpoint());
    }

    #[test]
    fn a_patient_pod_goes_when_its_time_is_up() {
        let mut w = world(vec![toleration("a", Some(10))]);
        set_taints(&mut w, vec![taint("a")]);
        w.run(SECOND * 9);
        assert!(!is_deleting(&w));
        w.run(SECOND * 2);
        assert!(is_deleting(&w));
    }

    #[test]
    fn a_taint_that_goes_takes_the_eviction_with_it() {
        let mut w = world(vec![toleration("a", Some(10))]);
        set_taints(&mut w, vec![taint("a")]);
        w.run(SECOND * 5);
        set_taints(&mut w, vec![]);
        w.run(SECOND * 60);
        assert!(!is_deleting(&w));
        assert!(w.events().contains(&"TaintManagerEviction: Cancelling deletion of Pod default/p".to_owned()));
    }
}

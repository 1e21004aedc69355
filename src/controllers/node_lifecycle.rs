//! Watches over nodes: those that fall silent become unknown, and taints and pods say so.
//!
//! Upstream: pkg/controller/nodelifecycle/node_lifecycle_controller.go, pkg/controller/util/node/controller_utils.go
//! Differs: NoExecute taints come up to 100 ms after they are decided, upstream within the next beat of 100 ms;
//! a node that is deleted is forgotten, upstream keeps its last health.

mod health;
mod taints;
mod zones;

use super::Controller;
use crate::api::coordination::Lease;
use crate::api::core::{Node, NodeCondition, ObjectReference, Pod};
use crate::api::{Key, KindId};
use crate::apimachinery::{Map, Status, Str};
use crate::client::{Reference, Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::{Duration, MILLISECOND, OrdSet, SECOND, Time};
use health::{Health, ready_condition};
use std::rc::Rc;
use taints::{NOT_READY, UNREACHABLE};
use zones::{Verdict, Zones, zone_of};

/// --node-monitor-period.
const MONITOR_PERIOD: Duration = SECOND.saturating_mul(5);
const EVICTION_PERIOD: Duration = MILLISECOND.saturating_mul(100);
const HEALTH_UPDATE_RETRY: usize = 5;
/// No node can have this name.
const MONITOR: Str = Str::literal(":monitor");

const NO_EXECUTE: &str = "NoExecute";
const OUT_OF_COUNT: &str = "node.kubernetes.io/exclude-disruption";
/// Old labels, and the new ones that they follow.
const LABELS: [(&str, &str); 2] =
    [("kubernetes.io/os", "beta.kubernetes.io/os"), ("kubernetes.io/arch", "beta.kubernetes.io/arch")];

#[derive(Clone, Default)]
pub(super) struct NodeLifecycleController {
    /// Nodes that were told as registered, with their identities.
    known: Map,
    health: Map<Health>,
    zones: Zones,
    /// Nodes on which a pod could not be marked.
    retry: OrdSet<Str>,
    next_monitor: Time,
    /// When nodes queued for NoExecute are looked at.
    next_taint: Option<Time>,
}

fn monitor_key() -> Key {
    Key { namespace: Str::EMPTY, name: MONITOR }
}

/// The node in events: without a version, as upstream names it.
fn reference(name: &Str, uid: &Str) -> Reference {
    Reference(ObjectReference {
        kind: Str::literal("Node"),
        api_version: Str::literal("v1"),
        name: name.clone(),
        uid: uid.clone(),
        ..ObjectReference::default()
    })
}

fn node_event(t: &mut Turn, name: &Str, uid: &Str, reason: &str, what: &str) {
    t.event(&reference(name, uid), "Normal", reason, &format!("Node {name} event: {what}"));
}

fn is_true(c: &NodeCondition) -> bool {
    c.status == "True"
}

/// Says of pods on a node that is not heard of that they are not ready. Upstream: MarkPodsNotReady.
fn mark_pods_not_ready(t: &mut Turn, pods: &[Rc<Pod>]) -> Result<(), Status> {
    let mut error = None;
    for pod in pods {
        let Some(ready) = pod.status.condition("Ready").filter(|c| c.status != "False") else { continue };
        let mut condition = ready.clone();
        condition.status = Str::literal("False");
        condition.last_transition_time = t.wall;
        let mut wanted = (**pod).clone();
        Rc::make_mut(&mut wanted.status).set_condition(condition);
        match t.update_status(wanted) {
            Err(e) if e.is_not_found() => continue,
            Err(e) => drop(error.get_or_insert(e)),
            Ok(_) => {}
        }
        t.event(&Reference::of(&**pod), "Warning", "NodeNotReady", "Node is not ready");
    }
    error.map_or(Ok(()), Err)
}

impl NodeLifecycleController {
    /// Lets NoSchedule taints and the old labels follow what the node says. Upstream: doNodeProcessingPassWorker.
    fn process_node(t: &mut Turn, node: &Node) -> Result<(), Status> {
        let (add, remove) = taints::no_schedule_diff(node);
        taints::swap(t, node, &add, &remove)?;
        let labels = &node.metadata.labels;
        let stale: Vec<(&str, Str)> = LABELS
            .iter()
            .filter_map(|(new, old)| labels.get(new).filter(|v| labels.get(old) != Some(v)).map(|v| (*old, v.clone())))
            .collect();
        if stale.is_empty() {
            return Ok(());
        }
        t.patch::<Node>(&node.metadata.key(), |n| {
            for (key, value) in stale {
                n.metadata.labels.insert(key, value);
            }
        })
        .map(|_| ())
    }

    /// Greets new nodes and takes leave of those that are gone.
    fn classify_nodes(&mut self, t: &mut Turn, nodes: &[Rc<Node>]) {
        for node in nodes {
            let (name, uid) = (&node.metadata.name, &node.metadata.uid);
            if !self.known.contains_key(name) {
                node_event(t, name, uid, "RegisteredNode", &format!("Registered Node {name} in Controller"));
                self.known.insert(name.clone(), uid.clone());
                self.mark_as_reachable(t, node);
            }
        }
        if self.known.len() > nodes.len() {
            let there: OrdSet<Str> = nodes.iter().map(|n| n.metadata.name.clone()).collect();
            let gone: Vec<_> =
                self.known.iter().filter(|(n, _)| !there.contains(*n)).map(|(n, u)| (n.clone(), u.clone())).collect();
            for (name, uid) in gone {
                node_event(t, &name, &uid, "RemovingNode", &format!("Removing Node {name} from Controller"));
                self.known.remove(&name);
                self.health.remove(&name);
                self.retry.remove(&name);
            }
        }
    }

    fn mark_as_reachable(&mut self, t: &mut Turn, node: &Node) {
        if [UNREACHABLE, NOT_READY].iter().any(|key| taints::has(node, (key, NO_EXECUTE))) {
            t.blame_fault(&node.metadata.name);
        }
        // What could not be taken off is tried again with the next beat.
        let removed = taints::remove(t, node, &[(UNREACHABLE, NO_EXECUTE)]);
        if removed.is_ok() && taints::remove(t, node, &[(NOT_READY, NO_EXECUTE)]).is_ok() {
            self.zones.remove(&zone_of(node), &node.metadata.name);
        }
    }

    /// The node as it is now, and the Ready condition as it was read. Upstream: tryUpdateNodeHealth.
    fn update_health(&mut self, t: &mut Turn, node: &Rc<Node>) -> Result<(Rc<Node>, Option<NodeCondition>), Status> {
        let name = &node.metadata.name;
        let lease = t.view.get::<Lease>(&Key::new("kube-node-lease", name.clone()));
        let renewed = lease.and_then(|l| l.spec.renew_time);
        let mut node = node.clone();
        let mut failure = None;
        for _ in 0..HEALTH_UPDATE_RETRY {
            let created =
                t.now - Duration::from_secs((t.wall.unix() - node.metadata.creation_timestamp.unix()).max(0) as u64);
            let before = self.health.get(name);
            let mut health = health::observe(before, &node, renewed, created, t.now);
            let observed = ready_condition(&node).cloned();
            let silent = health::is_silent(&health, &node, t.now);
            let unknown = if silent { health::with_unknown_conditions(&node, t.wall) } else { None };
            let Some(unknown) = unknown else {
                if before != Some(&health) {
                    self.health.insert(name.clone(), health);
                }
                return Ok((node, observed));
            };
            t.blame_fault(name);
            let written = t.update_status(unknown);
            if let Ok(written) = &written {
                health.ready = ready_condition(written).cloned();
            }
            self.health.insert(name.clone(), health);
            match written {
                Ok(written) => return Ok((written, observed)),
                Err(e) => failure = Some(e),
            }
            node = t.get_live::<Node>(&node.metadata.key())?;
        }
        Err(failure.expect("there was at least one attempt"))
    }

    /// Upstream: processTaintBaseEviction.
    fn process_taints(&mut self, t: &mut Turn, node: &Node, ready: &NodeCondition) {
        let (wanted, other) = match ready.status.as_str() {
            "False" => ((NOT_READY, NO_EXECUTE), (UNREACHABLE, NO_EXECUTE)),
            "Unknown" => ((UNREACHABLE, NO_EXECUTE), (NOT_READY, NO_EXECUTE)),
            _ => return self.mark_as_reachable(t, node),
        };
        if taints::has(node, other) {
            t.blame_fault(&node.metadata.name);
            // A failure is tried again with the next beat.
            taints::swap(t, node, &[wanted], &[other]).ok();
        } else if !taints::has(node, wanted) {
            self.zones.add(&zone_of(node), &node.metadata.name);
            self.next_taint.get_or_insert(t.now + EVICTION_PERIOD);
        }
    }

    /// One node of one beat; what its Ready condition is then.
    fn monitor_node(&mut self, t: &mut Turn, node: &Rc<Node>) -> Option<(Rc<Node>, bool)> {
        // A node whose health cannot be written keeps its pods.
        let (node, observed) = self.update_health(t, node).ok()?;
        let name = &node.metadata.name;
        let Some(current) = ready_condition(&node).cloned() else { return Some((node, false)) };
        self.process_taints(t, &node, &current);
        let was_ready = observed.as_ref().is_some_and(is_true);
        let turned = !is_true(&current) && was_ready;
        if turned {
            let text = format!("Node {name} status is now: NodeNotReady");
            t.event(&reference(name, &node.metadata.uid), "Normal", "NodeNotReady", &text);
        }
        if turned || (self.retry.contains(name) && !was_ready) {
            t.blame_fault(name);
            let pods: Vec<Rc<Pod>> = t.view.pods_on(name).cloned().collect();
            if mark_pods_not_ready(t, &pods).is_err() {
                self.retry.insert(name.clone());
                return Some((node.clone(), is_true(&current)));
            }
        }
        if !self.retry.is_empty() {
            self.retry.remove(name);
        }
        Some((node.clone(), is_true(&current)))
    }

    /// Upstream: monitorNodeHealth.
    fn monitor(&mut self, t: &mut Turn) {
        let cause = t.cause;
        let nodes: Vec<Rc<Node>> = t.view.list::<Node>(None).cloned().collect();
        self.classify_nodes(t, &nodes);
        let mut counts: Map<(usize, usize)> = Map::default();
        for node in &nodes {
            t.cause = cause;
            let Some((node, is_ready)) = self.monitor_node(t, node) else { continue };
            if !node.metadata.labels.contains_key(OUT_OF_COUNT) {
                let (ready, not_ready) = counts.slot(zone_of(&node));
                *(if is_ready { ready } else { not_ready }) += 1;
            }
        }
        match self.zones.handle_disruption(&counts, t.now) {
            Verdict::Nothing => {}
            Verdict::EverythingIsDown => nodes.iter().for_each(|node| self.mark_as_reachable(t, node)),
            Verdict::SomethingIsBack => {
                let anew = |h: &Health| Health { probe: t.now, ..h.clone() };
                self.health = self.health.iter().map(|(name, h)| (name.clone(), anew(h))).collect();
            }
        }
    }

    /// Upstream: doNoExecuteTaintingPass.
    fn taint_due_nodes(&mut self, t: &mut Turn) {
        for name in self.zones.take_due(t.now) {
            t.blame_fault(&name);
            let Some(node) = t.view.get::<Node>(&Key::new("", name.clone())).cloned() else { continue };
            let (add, remove) = match ready_condition(&node).map(|c| c.status.as_str()) {
                Some("False") => (NOT_READY, UNREACHABLE),
                Some("Unknown") => (UNREACHABLE, NOT_READY),
                Some(_) => continue,
                None => {
                    self.zones.add(&zone_of(&node), &name);
                    continue;
                }
            };
            if taints::swap(t, &node, &[(add, NO_EXECUTE)], &[(remove, NO_EXECUTE)]).is_err() {
                self.zones.add(&zone_of(&node), &name);
            }
        }
        self.next_taint = self.zones.next_at().map(|at| at.max(t.now + EVICTION_PERIOD));
    }

    /// A pod that came to a node that is not ready. Upstream: processPod.
    fn process_pod(&self, t: &mut Turn, key: &Key) -> Result<(), Status> {
        let Some(pod) = t.view.get::<Pod>(key).cloned() else { return Ok(()) };
        if self.is_known_as_ready(&pod.spec.node_name) { Ok(()) } else { mark_pods_not_ready(t, &[pod]) }
    }

    /// True also of nodes that nothing is known of.
    fn is_known_as_ready(&self, node: &Str) -> bool {
        self.health.get(node).and_then(|h| h.ready.as_ref()).is_none_or(is_true)
    }
}

impl Controller for NodeLifecycleController {
    const NAME: &'static str = "node-controller";
    const WATCHES: &'static [KindId] = &[KindId::Node, KindId::Pod];

    fn start(&mut self, now: Time, cause: u64, queue: &mut WorkQueue) {
        queue.add_at(monitor_key(), now, cause);
    }

    fn observe(&mut self, event: &WatchEvent, _view: &Tables, _now: Time, queue: &mut WorkQueue) {
        if event.kind == KindId::Node {
            let touched = match (event.old_as::<Node>(), event.new_as::<Node>()) {
                // A heartbeat changes nothing that taints or labels say.
                (Some(old), Some(new)) => {
                    let facts = |n: &Node| (taints::no_schedule_diff(n), n.metadata.labels.clone());
                    facts(old) != facts(new) || facts(new).0 != (Vec::new(), Vec::new())
                }
                (_, new) => new.is_some(),
            };
            if touched {
                queue.add(event.key.clone(), event.cause);
            }
            return;
        }
        let node = |p: Option<&Rc<Pod>>| p.map(|p| p.spec.node_name.clone()).unwrap_or_default();
        let (was, is) = (node(event.old_as()), node(event.new_as()));
        if was != is && !is.is_empty() && !self.is_known_as_ready(&is) {
            queue.add(event.key.clone(), event.cause);
        }
    }

    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        if !key.namespace.is_empty() {
            self.process_pod(t, key)?;
            return Ok(Requeue::Done);
        }
        if key.name != MONITOR {
            if let Some(node) = t.view.get::<Node>(key).cloned() {
                Self::process_node(t, &node)?;
            }
            return Ok(Requeue::Done);
        }
        if self.next_taint.is_some_and(|at| at <= t.now) {
            self.taint_due_nodes(t);
        }
        if self.next_monitor <= t.now {
            self.monitor(t);
            self.next_monitor = t.now + MONITOR_PERIOD;
        }
        let next = self.next_taint.map_or(self.next_monitor, |at| at.min(self.next_monitor));
        Ok(Requeue::After(next.since(t.now)))
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        view.objects(KindId::Node, None).map(|(k, _)| k.clone()).chain([monitor_key()]).collect()
    }
}

#[cfg(test)]
mod tests;

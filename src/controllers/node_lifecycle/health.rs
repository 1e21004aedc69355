//! What is known of one node's heartbeats, and what its silence makes of its conditions.
//!
//! Upstream: pkg/controller/nodelifecycle/node_lifecycle_controller.go (nodeHealthData, tryUpdateNodeHealth)
//! Differs: of the last status only the Ready condition is kept, of the lease only its renewal.

use crate::api::core::{Node, NodeCondition};
use crate::apimachinery::Str;
use crate::apimachinery::time::{MicroTime, Time as Wall};
use crate::sim::{Duration, SECOND, Time};
use std::rc::Rc;

/// --node-monitor-grace-period and --node-startup-grace-period.
const MONITOR_GRACE_PERIOD: Duration = SECOND.saturating_mul(50);
const STARTUP_GRACE_PERIOD: Duration = SECOND.saturating_mul(60);

/// Conditions that a kubelet writes, and that its silence makes unknown.
const CONDITIONS: [&str; 4] = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Health {
    /// When a sign of life was last noticed, by the controller's clock.
    pub(super) probe: Time,
    /// The Ready condition as it was then.
    pub(super) ready: Option<NodeCondition>,
    pub(super) renewed: Option<MicroTime>,
}

pub(super) fn ready_condition(node: &Node) -> Option<&NodeCondition> {
    node.status.conditions.iter().find(|c| c.type_ == "Ready")
}

/// Takes note of a heartbeat or a renewed lease. `created` is when the node was made, by the controller's clock.
pub(super) fn observe(
    saved: Option<&Health>,
    node: &Node,
    renewed: Option<MicroTime>,
    created: Time,
    now: Time,
) -> Health {
    let current = ready_condition(node);
    let fresh = |probe| Health { probe, ready: current.cloned(), renewed: None };
    let mut health = match (saved, current) {
        (None, None) => fresh(created),
        (None, Some(_)) => fresh(now),
        (Some(h), current) => match (&h.ready, current) {
            (None, None) => h.clone(),
            (Some(old), Some(new)) if old.last_heartbeat_time == new.last_heartbeat_time => h.clone(),
            _ => fresh(now),
        },
    };
    let known = saved.and_then(|h| h.renewed);
    if renewed.is_some() && known < renewed {
        health.renewed = renewed;
        health.probe = now;
    }
    health
}

pub(super) fn is_silent(health: &Health, node: &Node, now: Time) -> bool {
    let grace = if ready_condition(node).is_some() { MONITOR_GRACE_PERIOD } else { STARTUP_GRACE_PERIOD };
    now > health.probe + grace
}

/// The node with its conditions unknown; None where its Ready condition says so already.
pub(super) fn with_unknown_conditions(node: &Node, now: Wall) -> Option<Node> {
    let mut node = node.clone();
    let before = ready_condition(&node).cloned();
    let created = node.metadata.creation_timestamp;
    let conditions = &mut Rc::make_mut(&mut node.status).conditions;
    for type_ in CONDITIONS {
        let Some(at) = conditions.iter().position(|c| c.type_ == type_) else {
            conditions.push(NodeCondition {
                type_: Str::literal(type_),
                status: Str::literal("Unknown"),
                reason: Str::literal("NodeStatusNeverUpdated"),
                message: Str::literal("Kubelet never posted node status."),
                last_heartbeat_time: created,
                last_transition_time: now,
            });
            continue;
        };
        if conditions[at].status != "Unknown" {
            let c = &mut conditions.make_mut()[at];
            c.status = Str::literal("Unknown");
            c.reason = Str::literal("NodeStatusUnknown");
            c.message = Str::literal("Kubelet stopped posting node status.");
            c.last_transition_time = now;
        }
    }
    (ready_condition(&node) != before.as_ref()).then_some(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(status: &'static str, heartbeat: i64) -> Node {
        let mut n = Node::default();
        Rc::make_mut(&mut n.status).conditions.push(NodeCondition {
            type_: Str::literal("Ready"),
            status: Str::literal(status),
            last_heartbeat_time: Wall::from_unix(heartbeat),
            ..NodeCondition::default()
        });
        n
    }

    #[test]
    fn a_heartbeat_or_a_lease_is_a_sign_of_life() {
        let at = Time::from_secs;
        let lease = |s: i64| Some(MicroTime::from_unix_micros(s * 1_000_000));
        let h = observe(None, &node("True", 1), lease(1), at(0), at(10));
        assert_eq!(h.probe, at(10));
        let same = observe(Some(&h), &node("True", 1), lease(1), at(0), at(20));
        assert_eq!(same.probe, at(10));
        assert_eq!(observe(Some(&h), &node("True", 2), lease(1), at(0), at(20)).probe, at(20));
        assert_eq!(observe(Some(&h), &node("True", 1), lease(2), at(0), at(20)).probe, at(20));
        assert!(!is_silent(&h, &node("True", 1), at(60)));
        assert!(is_silent(&h, &node("True", 1), at(61)));
    }

    #[test]
    fn silence_makes_conditions_unknown_once() {
        let now = Wall::from_unix(100);
        let silent = with_unknown_conditions(&node("True", 1), now).expect("it changes");
        let told: Vec<_> = silent.status.conditions.iter().map(|c| (&*c.type_, &*c.reason)).collect();
        assert_eq!(told[0], ("Ready", "NodeStatusUnknown"));
        assert_eq!(told[1], ("MemoryPressure", "NodeStatusNeverUpdated"));
        assert_eq!(told.len(), 4);
        assert!(with_unknown_conditions(&silent, Wall::from_unix(200)).is_none());
    }
}

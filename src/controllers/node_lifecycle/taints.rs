//! Taints that say a node's conditions, and how they are put on and taken off.
//!
//! Upstream: pkg/controller/controller_utils.go (AddOrUpdateTaintOnNode, RemoveTaintOffNode),
//! pkg/controller/util/node/controller_utils.go (SwapNodeControllerTaint)
//! Differs: the stored node is changed at once, so there is no conflict to retry.

use crate::api::Key;
use crate::api::core::{Node, Taint};
use crate::apimachinery::{List, Status, Str};
use crate::client::Turn;
use std::rc::Rc;

pub(super) const NOT_READY: &str = "node.kubernetes.io/not-ready";
pub(super) const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// Condition, its status, and the taint for it.
const OF_CONDITIONS: [(&str, &str, &str); 6] = [
    ("Ready", "False", NOT_READY),
    ("Ready", "Unknown", UNREACHABLE),
    ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
];

/// A key and an effect; what makes a taint the same.
pub(super) type Name = (&'static str, &'static str);

pub(super) fn has(node: &Node, (key, effect): Name) -> bool {
    node.spec.taints.iter().any(|t| t.key == key && t.effect == effect)
}

/// What has to come and to go so that NoSchedule taints say what conditions and the spec do.
pub(super) fn no_schedule_diff(node: &Node) -> (Vec<Name>, Vec<Name>) {
    const EFFECT: &str = "NoSchedule";
    let conditions = node.status.conditions.iter().filter_map(|c| {
        OF_CONDITIONS.iter().find(|(type_, status, _)| c.type_ == *type_ && c.status == *status).map(|(_, _, key)| *key)
    });
    let wanted: Vec<&str> = conditions.chain(node.spec.unschedulable.then_some(UNSCHEDULABLE)).collect();
    let ours = OF_CONDITIONS.iter().map(|(_, _, key)| *key).chain([UNSCHEDULABLE]);
    let add = wanted.iter().filter(|key| !has(node, (key, EFFECT))).map(|key| (*key, EFFECT)).collect();
    let remove =
        ours.filter(|key| has(node, (key, EFFECT)) && !wanted.contains(key)).map(|key| (key, EFFECT)).collect();
    (add, remove)
}

/// Puts some on, then takes some off: two writes, as upstream makes them.
pub(super) fn swap(t: &mut Turn, node: &Node, add: &[Name], remove: &[Name]) -> Result<(), Status> {
    if !add.is_empty() {
        let now = t.wall;
        change(t, &node.metadata.name, |taints| {
            for (key, effect) in add {
                let taint = Taint {
                    key: Str::literal(key),
                    effect: Str::literal(effect),
                    time_added: Some(now),
                    ..Taint::default()
                };
                match taints.iter().position(|t| t.key == *key && t.effect == *effect) {
                    Some(at) => taints.make_mut()[at] = taint,
                    None => taints.push(taint),
                }
            }
        })?;
    }
    self::remove(t, node, remove)
}

/// Nothing is written where `node` has none of them.
pub(super) fn remove(t: &mut Turn, node: &Node, names: &[Name]) -> Result<(), Status> {
    if !names.iter().any(|name| has(node, *name)) {
        return Ok(());
    }
    change(t, &node.metadata.name, |taints| {
        taints.retain(|t| !names.iter().any(|(key, effect)| t.key == *key && t.effect == *effect));
    })
}

fn change(t: &mut Turn, node: &Str, f: impl FnOnce(&mut List<Taint>)) -> Result<(), Status> {
    let key = Key::new("", node.clone());
    t.patch::<Node>(&key, |n| {
        let mut taints = n.spec.taints.clone();
        f(&mut taints);
        if taints != n.spec.taints {
            Rc::make_mut(&mut n.spec).taints = taints;
        }
    })
    .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::core::NodeCondition;

    #[test]
    fn taints_follow_conditions_and_leave_others_alone() {
        let mut node = Node::default();
        let condition = |type_, status| NodeCondition {
            type_: Str::literal(type_),
            status: Str::literal(status),
            ..NodeCondition::default()
        };
        let taint = |key, effect| Taint { key: Str::literal(key), effect: Str::literal(effect), ..Taint::default() };
        let status = Rc::make_mut(&mut node.status);
        status.conditions = vec![condition("Ready", "Unknown"), condition("MemoryPressure", "True")].into();
        let spec = Rc::make_mut(&mut node.spec);
        spec.unschedulable = true;
        spec.taints = vec![
            taint(NOT_READY, "NoSchedule"),
            taint(UNREACHABLE, "NoExecute"),
            taint("example.com/mine", "NoSchedule"),
            taint("node.kubernetes.io/memory-pressure", "NoSchedule"),
        ]
        .into();
        let (add, remove) = no_schedule_diff(&node);
        assert_eq!(add, [(UNREACHABLE, "NoSchedule"), (UNSCHEDULABLE, "NoSchedule")]);
        assert_eq!(remove, [(NOT_READY, "NoSchedule")]);
    }
}

//! In what an object changed, as far as that may make waiting pods schedulable.
//!
//! Upstream: pkg/scheduler/framework/events.go
//! Differs: nothing known.

use super::framework::{Action, Change, Resource};
use super::resource::Requests;
use crate::api::core::{Node, Pod};
use crate::api::{Kind, Object};
use crate::apimachinery::Arrange;
use std::rc::Rc;

pub fn pod(action: Action, old: Option<&Rc<Pod>>, new: Option<&Rc<Pod>>) -> Change {
    let object = |p: Option<&Rc<Pod>>| p.cloned().map(Pod::wrap);
    let (old, new): (Option<Object>, Option<Object>) = (object(old), object(new));
    Change { resource: Resource::Pod, action, old, new }
}

fn scaled_down(old: &Pod, new: &Pod) -> bool {
    // Both parts are shared by most updates, which change the status only in its conditions.
    let same = old.spec.containers == new.spec.containers
        && old.spec.init_containers == new.spec.init_containers
        && old.spec.resources == new.spec.resources
        && old.status.container_statuses == new.status.container_statuses;
    if same {
        return false;
    }
    let (old, new) = (Requests::of_pod(old).asked, Requests::of_pod(new).asked);
    old.milli_cpu > new.milli_cpu
        || old.memory > new.memory
        || old.ephemeral_storage > new.ephemeral_storage
        || old.scalar.iter().any(|(name, value)| *value > new.scalar(name))
}

pub fn of_pod(old: &Pod, new: &Pod) -> Vec<Action> {
    let mut actions = Vec::new();
    if old.metadata.labels != new.metadata.labels {
        actions.push(Action::UPDATE_POD_LABEL);
    }
    if scaled_down(old, new) {
        actions.push(Action::UPDATE_POD_SCALE_DOWN);
    }
    if new.spec.scheduling_gates.is_empty() && !old.spec.scheduling_gates.is_empty() {
        actions.push(Action::UPDATE_POD_SCHEDULING_GATES_ELIMINATED);
    }
    if new.spec.tolerations.len() != old.spec.tolerations.len() {
        actions.push(Action::UPDATE_POD_TOLERATION);
    }
    if actions.is_empty() {
        actions.push(Action::UPDATE);
    }
    actions
}

pub fn of_node(old: &Node, new: &Node) -> Vec<Action> {
    let statuses = |n: &Node| {
        let mut all: Vec<_> = n.status.conditions.iter().map(|c| (c.type_.clone(), c.status.clone())).collect();
        all.arrange();
        all
    };
    let mut actions = Vec::new();
    if old.spec.unschedulable && !new.spec.unschedulable {
        actions.push(Action::UPDATE_NODE_TAINT);
    }
    if old.status.allocatable != new.status.allocatable {
        actions.push(Action::UPDATE_NODE_ALLOCATABLE);
    }
    if old.metadata.labels != new.metadata.labels {
        actions.push(Action::UPDATE_NODE_LABEL);
    }
    if old.spec.taints != new.spec.taints {
        actions.push(Action::UPDATE_NODE_TAINT);
    }
    if statuses(old) != statuses(new) {
        actions.push(Action::UPDATE_NODE_CONDITION);
    }
    if old.metadata.annotations != new.metadata.annotations {
        actions.push(Action::UPDATE_NODE_ANNOTATION);
    }
    actions
}

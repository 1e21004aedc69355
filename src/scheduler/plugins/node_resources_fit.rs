//! A node must have room for what the pod asks; the emptier, the better.
//!
//! Upstream: pkg/scheduler/framework/plugins/noderesources/{fit,least_allocated,resource_allocation}.go
//! Differs: LeastAllocated of cpu and memory alike is the only strategy; no resources come of claims.

use super::super::class::{Class, PodInfo};
use super::super::framework::{
    Action, Change, Code, Cx, CycleState, Interest, MAX_NODE_SCORE, Plugin, Resource, Status, Verdict,
};
use super::super::node_info::NodeInfo;
use super::super::resource;
use crate::api::core::Node;
use crate::apimachinery::Str;

pub(crate) struct NodeResourcesFit;

/// What is lacking, and whether the empty node would lack it too.
fn insufficient(asked: &resource::Resource, node: &NodeInfo) -> (Vec<Str>, bool) {
    let (has, taken) = (&node.allocatable, &node.requested);
    let (mut reasons, mut never) = (Vec::new(), false);
    if node.pods.len() as i64 + 1 > has.allowed_pods {
        reasons.push(Str::literal("Too many pods"));
    }
    let mut check = |asked: i64, has: i64, taken: i64, reason: &dyn Fn() -> Str| {
        if asked > 0 && asked > has - taken {
            reasons.push(reason());
            never |= asked > has;
        }
    };
    check(asked.milli_cpu, has.milli_cpu, taken.milli_cpu, &|| Str::literal("Insufficient cpu"));
    check(asked.memory, has.memory, taken.memory, &|| Str::literal("Insufficient memory"));
    let storage = || Str::literal("Insufficient ephemeral-storage");
    check(asked.ephemeral_storage, has.ephemeral_storage, taken.ephemeral_storage, &storage);
    for (name, quantity) in &asked.scalar {
        let reason = || Str::from(format!("Insufficient {name}"));
        check(*quantity, has.scalar(name), taken.scalar(name), &reason);
    }
    (reasons, never)
}

/// Of 100, how much would be left.
fn least_requested(requested: i64, capacity: i64) -> i64 {
    if requested > capacity { 0 } else { (capacity - requested) * MAX_NODE_SCORE / capacity }
}

fn of_node(node: &Node) -> resource::Resource {
    resource::Resource::of_list(&node.status.allocatable)
}

/// Whether something that is asked for became more.
fn grew(asked: &resource::Resource, old: &resource::Resource, new: &resource::Resource) -> bool {
    new.allowed_pods > old.allowed_pods
        || (asked.milli_cpu > 0 && new.milli_cpu > old.milli_cpu)
        || (asked.memory > 0 && new.memory > old.memory)
        || (asked.ephemeral_storage > 0 && new.ephemeral_storage > old.ephemeral_storage)
        || asked.scalar.iter().any(|(name, _)| new.scalar(name) > old.scalar(name))
}

impl Plugin for NodeResourcesFit {
    const NAME: &'static str = "NodeResourcesFit";
    const LOCAL: bool = true;
    const FILTERS: bool = true;
    const SCORES: bool = true;
    const EVENTS_TO_REGISTER: &'static [Interest] =
        &[
            (Resource::Pod, Action::DELETE.or(Action::UPDATE_POD_SCALE_DOWN)),
            (Resource::Node, Action::ADD.or(Action::UPDATE_NODE_ALLOCATABLE)),
        ];

    fn filter(_: &Cx, _: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Verdict {
        let (reasons, never) = insufficient(&pod.class.requests.asked, node);
        if reasons.is_empty() {
            return Ok(());
        }
        let code = if never { Code::UnschedulableAndUnresolvable } else { Code::Unschedulable };
        Err(Status { code, reasons, plugin: None })
    }

    fn score(_: &Cx, _: &CycleState, pod: &PodInfo, node: &NodeInfo) -> i64 {
        let r = &pod.class.requests;
        let (mut sum, mut weights) = (0, 0);
        for (requested, capacity) in [
            (node.non_zero_cpu + r.non_zero_cpu, node.allocatable.milli_cpu),
            (node.non_zero_memory + r.non_zero_memory, node.allocatable.memory),
        ] {
            if capacity != 0 {
                sum += least_requested(requested, capacity);
                weights += 1;
            }
        }
        if weights == 0 { 0 } else { sum / weights }
    }

    fn queueing_hint(_: &mut Cx, pod: &PodInfo, change: &Change) -> bool {
        let asked = &pod.class.requests.asked;
        if change.resource == Resource::Node {
            let (old, new) = change.nodes();
            let Some(new) = new.map(|n| of_node(n)) else { return false };
            let mut empty = NodeInfo::new(Str::EMPTY, 0);
            empty.allocatable = new;
            let fits = insufficient(asked, &empty).0.is_empty();
            return fits && old.is_none_or(|o| grew(asked, &of_node(o), &empty.allocatable));
        }
        match change.pods() {
            (Some(gone), None) => !gone.spec.node_name.is_empty() || !gone.status.nominated_node_name.is_empty(),
            (_, Some(new)) if new.metadata.uid == *pod.uid() => true,
            (_, Some(new)) if new.spec.node_name.is_empty() => false,
            (Some(old), Some(new)) => {
                let (old, new) = (Class::of_pod(old, 0), Class::of_pod(new, 0));
                grew(asked, &new.requests.asked, &old.requests.asked)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::list;
    use super::*;

    #[track_caller]
    fn check(asked: &[(&str, &str)], taken: &[(&str, &str)], expected: (&[&str], bool)) {
        let mut node = NodeInfo::new("n".into(), 0);
        node.allocatable = resource::Resource::of_list(&list(&[("cpu", "4"), ("memory", "8Gi"), ("pods", "1")]));
        node.requested = resource::Resource::of_list(&list(taken));
        let (reasons, never) = insufficient(&resource::Resource::of_list(&list(asked)), &node);
        assert_eq!((reasons, never), (expected.0.iter().map(|r| Str::from(*r)).collect(), expected.1));
    }

    #[test]
    fn each_lack_is_a_reason_and_what_no_node_of_its_size_has_is_final() {
        check(&[], &[], (&[], false));
        check(&[("cpu", "2")], &[("cpu", "2")], (&[], false));
        check(&[("cpu", "2")], &[("cpu", "3")], (&["Insufficient cpu"], false));
        check(&[("cpu", "5"), ("memory", "9Gi")], &[], (&["Insufficient cpu", "Insufficient memory"], true));
        check(&[("example.com/gpu", "1")], &[], (&["Insufficient example.com/gpu"], true));
    }

    #[test]
    fn the_emptier_node_scores_more() {
        assert_eq!(least_requested(1000, 4000), 75);
        assert_eq!(least_requested(5000, 4000), 0);
    }
}

//! Prefers nodes whose cpu and memory would be used in like measure.
//!
//! Upstream: pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go
//! Differs: cpu and memory are the only resources weighed.

use super::super::class::PodInfo;
use super::super::framework::{Cx, CycleState, MAX_NODE_SCORE, Plugin, Status, Verdict};
use super::super::node_info::NodeInfo;

pub(crate) struct NodeResourcesBalancedAllocation;

/// `of` are pairs of what is requested and what there is.
fn balance(of: [(i64, i64); 2]) -> i64 {
    let fraction = |(requested, capacity): (i64, i64)| {
        (capacity != 0).then(|| (requested as f64 / capacity as f64).min(1.0))
    };
    // Of two numbers the deviation is half their distance, of one it is none.
    let deviation = match of.map(fraction) {
        [Some(a), Some(b)] => ((a - b) / 2.0).abs(),
        _ => 0.0,
    };
    ((1.0 - deviation) * MAX_NODE_SCORE as f64) as i64
}

impl Plugin for NodeResourcesBalancedAllocation {
    const NAME: &'static str = "NodeResourcesBalancedAllocation";
    const LOCAL: bool = true;
    const SCORES: bool = true;

    fn pre_score(_: &mut Cx, _: &mut CycleState, pod: &PodInfo, _: &[usize]) -> Verdict {
        let asked = &pod.class.requests.asked;
        // Pods that ask for nothing would all gather on one node.
        if asked.milli_cpu == 0 && asked.memory == 0 { Err(Status::skip()) } else { Ok(()) }
    }

    fn score(_: &Cx, _: &CycleState, pod: &PodInfo, node: &NodeInfo) -> i64 {
        let (asked, has, taken) = (&pod.class.requests.asked, &node.allocatable, &node.requested);
        balance([
            (taken.milli_cpu + asked.milli_cpu, has.milli_cpu),
            (taken.memory + asked.memory, has.memory),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_measure_is_best() {
        for (of, expected) in [
            ([(1, 4), (2, 8)], 100),
            ([(4, 4), (0, 8)], 50),
            ([(9, 4), (8, 8)], 100),
            ([(1, 4), (0, 0)], 100),
        ] {
            assert_eq!(balance(of), expected, "{of:?}");
        }
    }
}

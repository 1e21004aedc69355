//! Prefers nodes that hold the pod's images, the larger and the more widely spread the better.
//!
//! Upstream: pkg/scheduler/framework/plugins/imagelocality/image_locality.go
//! Differs: nothing known.

use super::super::class::{Class, PodInfo};
use super::super::cache::Cache;
use super::super::framework::{Cx, CycleState, MAX_NODE_SCORE, Plugin};
use super::super::node_info::NodeInfo;

pub(crate) struct ImageLocality;

const MB: i64 = 1024 * 1024;
const MIN: i64 = 23 * MB;
const MAX_PER_CONTAINER: i64 = 1000 * MB;

fn points(sum: i64, containers: usize) -> i64 {
    let max = MAX_PER_CONTAINER * containers as i64;
    MAX_NODE_SCORE * (sum.max(MIN).min(max) - MIN) / (max - MIN)
}

/// The score depends on how far an image has spread, too: a number that changes with that.
pub(crate) fn epoch(cache: &Cache, class: &Class) -> (usize, u64) {
    let versions = class.images.iter().filter_map(|name| cache.image(name)).map(|(_, _, version)| version);
    (cache.order().len(), versions.fold(0, u64::wrapping_add))
}

impl Plugin for ImageLocality {
    const NAME: &'static str = "ImageLocality";
    const LOCAL: bool = true;
    const SCORES: bool = true;

    fn score(cx: &Cx, _: &CycleState, pod: &PodInfo, node: &NodeInfo) -> i64 {
        let all = cx.cache.order().len();
        let held = pod.class.images.iter().filter(|name| node.images.binary_search(name).is_ok());
        let scaled = |(size, nodes, _)| (size as f64 * (f64::from(nodes) / all as f64)) as i64;
        let sum = held.filter_map(|name| cx.cache.image(name)).map(scaled).sum();
        points(sum, pod.class.images.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_lie_between_two_thresholds() {
        assert_eq!(points(0, 1), 0);
        assert_eq!(points(23 * MB, 1), 0);
        assert_eq!(points(5000 * MB, 1), 100);
        assert_eq!(points(450_000_000, 1), 41);
    }
}

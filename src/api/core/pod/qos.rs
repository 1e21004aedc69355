//! The quality-of-service class of a pod.
//!
//! Upstream: pkg/apis/core/v1/helper/qos/qos.go (ComputePodQOS)
//! Differs: nothing known.

use super::resources::ResourceList;
use super::{Pod, PodSpec};
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::{List, Str};

/// The class in the status, or the computed one.
pub fn pod_qos(pod: &Pod) -> Str {
    if pod.status.qos_class.is_empty() { compute(&pod.spec) } else { pod.status.qos_class.clone() }
}

/// Guaranteed: cpu and memory limits everywhere, equal to the requests; BestEffort: neither anywhere; else Burstable.
pub fn compute(spec: &PodSpec) -> Str {
    let (mut requests, mut limits) = (Sums::default(), Sums::default());
    let mut guaranteed = true;
    if let Some(r) = spec.resources.as_deref() {
        requests.add(&r.requests);
        let both = limits.add(&r.limits);
        if !r.limits.is_empty() && !both {
            guaranteed = false;
        }
    } else {
        for list in [&spec.containers, &spec.init_containers] as [&List<_>; 2] {
            for c in list {
                requests.add(&c.resources.requests);
                guaranteed &= limits.add(&c.resources.limits);
            }
        }
    }
    let class = if requests.is_empty() && limits.is_empty() {
        "BestEffort"
    } else if guaranteed && requests == limits {
        "Guaranteed"
    } else {
        "Burstable"
    };
    Str::literal(class)
}

/// cpu, memory.
#[derive(Default, PartialEq)]
struct Sums([Option<Quantity>; 2]);

impl Sums {
    /// Whether both resources stand there, greater than zero.
    fn add(&mut self, list: &ResourceList) -> bool {
        let mut found = 0;
        for (slot, name) in self.0.iter_mut().zip(["cpu", "memory"]) {
            let Some(q) = list.get(name).filter(|q| q.sign() > 0) else { continue };
            found += 1;
            match slot {
                Some(sum) => sum.add(q),
                None => *slot = Some(q.clone()),
            }
        }
        found == 2
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

#[cfg(test)]
mod tests {
    use crate::api::core::pod::testing::pod;

    #[test]
    fn classes() {
        for (containers, want) in [
            (r#"[{"name":"a"}]"#, "BestEffort"),
            (r#"[{"name":"a","resources":{"requests":{"cpu":"1"}}}]"#, "Burstable"),
            (r#"[{"name":"a","resources":{"requests":{"cpu":"0"}}}]"#, "BestEffort"),
            (r#"[{"name":"a","resources":{"requests":{"nvidia.com/gpu":"1"}}}]"#, "BestEffort"),
            (
                r#"[{"name":"a","resources":{"requests":{"cpu":"1","memory":"1Gi"},"limits":{"cpu":"1000m","memory":"1024Mi"}}}]"#,
                "Guaranteed",
            ),
            (
                r#"[{"name":"a","resources":{"requests":{"cpu":"1","memory":"1Gi"},"limits":{"cpu":"1","memory":"1Gi"}}},{"name":"b"}]"#,
                "Burstable",
            ),
            (r#"[{"name":"a","resources":{"requests":{"memory":"1Gi"},"limits":{"memory":"1Gi"}}}]"#, "Burstable"),
        ] {
            let p = pod(&format!(r#"{{"spec":{{"containers":{containers}}}}}"#));
            assert_eq!(super::compute(&p.spec), want, "{containers}");
        }
    }
}

//! What a pod asks for and may use, all its containers together.
//!
//! Upstream: staging/src/k8s.io/component-helpers/resource/helpers.go (PodRequests, PodLimits, AggregateContainer…)
//! Differs: nothing known.

use super::{Container, PodSpec, ResourceRequirements};
use crate::apimachinery::Map;
use crate::apimachinery::quantity::Quantity;

pub type ResourceList = Map<Quantity>;

pub fn is_hugepage(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// Without a prefix, or with one of kubernetes.io.
pub fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Neither native nor a quota's name: a device, usually.
pub fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with("requests.")
        && crate::apimachinery::names::is_qualified_name(&format!("requests.{name}")).is_empty()
}

/// Whether requests may be less than limits.
pub fn is_overcommit_allowed(name: &str) -> bool {
    is_native(name) && !is_hugepage(name)
}

pub fn is_pod_level_resource(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || is_hugepage(name)
}

impl Container {
    /// An init container that runs on beside the others.
    pub fn is_sidecar(&self) -> bool {
        self.restart_policy.as_ref().is_some_and(|p| p == "Always")
    }
}

fn add(into: &mut ResourceList, more: &ResourceList) {
    for (name, quantity) in more.iter() {
        let mut sum = quantity.clone();
        if let Some(have) = into.get(name) {
            sum = have.clone();
            sum.add(quantity);
        }
        into.insert(name.clone(), sum);
    }
}

fn max(into: &mut ResourceList, other: &ResourceList) {
    for (name, quantity) in other.iter() {
        if into.get(name).is_none_or(|have| quantity > have) {
            into.insert(name.clone(), quantity.clone());
        }
    }
}

/// Containers run together, plain init containers one after the other beside the sidecars that stand before them.
fn aggregate(spec: &PodSpec, of: impl Fn(&ResourceRequirements) -> &ResourceList) -> ResourceList {
    let mut sum = ResourceList::default();
    for c in &spec.containers {
        add(&mut sum, of(&c.resources));
    }
    let (mut sidecars, mut peak) = (ResourceList::default(), ResourceList::default());
    for c in &spec.init_containers {
        if c.is_sidecar() {
            add(&mut sum, of(&c.resources));
            add(&mut sidecars, of(&c.resources));
            max(&mut peak, &sidecars);
        } else {
            let mut now = of(&c.resources).clone();
            add(&mut now, &sidecars);
            max(&mut peak, &now);
        }
    }
    max(&mut sum, &peak);
    sum
}

pub fn container_requests(spec: &PodSpec) -> ResourceList {
    aggregate(spec, |r| &r.requests)
}

pub fn container_limits(spec: &PodSpec) -> ResourceList {
    aggregate(spec, |r| &r.limits)
}

fn with_pod_level(mut sum: ResourceList, level: Option<&ResourceList>) -> ResourceList {
    for (name, quantity) in level.into_iter().flat_map(Map::iter) {
        if is_pod_level_resource(name) {
            sum.insert(name.clone(), quantity.clone());
        }
    }
    sum
}

/// What the scheduler counts: the pod's own requests before its containers', and the overhead.
pub fn pod_requests(spec: &PodSpec) -> ResourceList {
    let mut sum = with_pod_level(container_requests(spec), spec.resources.as_deref().map(|r| &r.requests));
    add(&mut sum, &spec.overhead);
    sum
}

/// Overhead counts only where there is a limit already.
pub fn pod_limits(spec: &PodSpec) -> ResourceList {
    let mut sum = with_pod_level(container_limits(spec), spec.resources.as_deref().map(|r| &r.limits));
    for (name, quantity) in spec.overhead.iter() {
        if let Some(have) = sum.get(name) {
            let mut total = have.clone();
            total.add(quantity);
            sum.insert(name.clone(), total);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::core::pod::testing::pod;

    #[test]
    fn init_containers_and_sidecars_count_as_upstream_counts() {
        let p = pod(r#"{"spec":{
            "containers":[{"name":"a","resources":{"requests":{"cpu":"1"}}},{"name":"b","resources":{"requests":{"cpu":"1"}}}],
            "initContainers":[
                {"name":"s","restartPolicy":"Always","resources":{"requests":{"cpu":"500m"}}},
                {"name":"i","resources":{"requests":{"cpu":"3","memory":"1Gi"}}}],
            "overhead":{"cpu":"100m"}}}"#);
        assert_eq!(
            pod_requests(&p.spec).iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>(),
            ["cpu=3600m", "memory=1Gi"]
        );
    }
}

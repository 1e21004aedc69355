//! What a node has and what a pod asks for, as whole numbers.
//!
//! Upstream: pkg/scheduler/framework/types.go (Resource, CalculateResource),
//! staging/src/k8s.io/component-helpers/resource/helpers.go (PodRequests, AggregateContainerRequests)
//! Differs: nothing known.

use crate::api::core::{Container, ContainerStatus, Pod};
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::{Map, Str};

/// What a container without requests is weighed as.
const DEFAULT_MILLI_CPU: i64 = 100;
const DEFAULT_MEMORY: i64 = 200 * 1024 * 1024;

#[derive(Clone, PartialEq, Default, Debug)]
pub struct Resource {
    pub milli_cpu: i64,
    pub memory: i64,
    pub ephemeral_storage: i64,
    /// Only of nodes.
    pub allowed_pods: i64,
    /// Extended resources and huge pages, by name.
    pub scalar: Vec<(Str, i64)>,
}

/// Whether a resource is one that the scheduler keeps account of beside cpu, memory and ephemeral storage.
fn is_scalar(name: &str) -> bool {
    let native = !name.contains('/') || name.contains("kubernetes.io/");
    let extended = !native && !name.starts_with("requests.");
    extended
        || name.starts_with("hugepages-")
        || name.starts_with("attachable-volumes-")
        || (native && name.contains('/'))
}

impl Resource {
    pub fn of_list(list: &Map<Quantity>) -> Resource {
        let mut r = Resource::default();
        for (name, quantity) in list.iter() {
            match name.as_str() {
                "cpu" => r.milli_cpu += quantity.milli_value(),
                "memory" => r.memory += quantity.value(),
                "ephemeral-storage" => r.ephemeral_storage += quantity.value(),
                "pods" => r.allowed_pods += quantity.value(),
                other if is_scalar(other) => *r.scalar_mut(name) += quantity.value(),
                _ => {}
            }
        }
        r
    }

    pub fn scalar(&self, name: &str) -> i64 {
        self.scalar.iter().find(|(n, _)| n == name).map_or(0, |(_, v)| *v)
    }

    fn scalar_mut(&mut self, name: &Str) -> &mut i64 {
        let at = match self.scalar.binary_search_by(|(n, _)| n.cmp(name)) {
            Ok(at) => at,
            Err(at) => {
                self.scalar.insert(at, (name.clone(), 0));
                at
            }
        };
        &mut self.scalar[at].1
    }

    pub fn add(&mut self, other: &Resource, sign: i64) {
        self.milli_cpu += sign * other.milli_cpu;
        self.memory += sign * other.memory;
        self.ephemeral_storage += sign * other.ephemeral_storage;
        for (name, value) in &other.scalar {
            *self.scalar_mut(name) += sign * value;
        }
        if sign < 0 && !other.scalar.is_empty() {
            self.scalar.retain(|(_, value)| *value != 0);
        }
    }

    fn raise_to(&mut self, other: &Resource) {
        self.milli_cpu = self.milli_cpu.max(other.milli_cpu);
        self.memory = self.memory.max(other.memory);
        self.ephemeral_storage = self.ephemeral_storage.max(other.ephemeral_storage);
        for (name, value) in &other.scalar {
            let own = self.scalar_mut(name);
            *own = (*own).max(*value);
        }
    }
}

/// What a pod asks for: as it says, and (cpu, memory) as it is weighed.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Requests {
    pub asked: Resource,
    pub non_zero_cpu: i64,
    pub non_zero_memory: i64,
}

impl Requests {
    pub fn of_pod(pod: &Pod) -> Requests {
        let weighed = pod_requests(pod, true);
        Requests { asked: pod_requests(pod, false), non_zero_cpu: weighed.milli_cpu, non_zero_memory: weighed.memory }
    }
}

/// Whether a resize has left traces in the status, so that the specification alone does not tell what is used.
pub fn is_resized(pod: &Pod) -> bool {
    let s = &pod.status;
    s.container_statuses.iter().chain(&s.init_container_statuses).any(|c| !c.allocated_resources.is_empty())
}

fn max_by_name(lists: &[&Map<Quantity>]) -> Resource {
    let mut most = Resource::default();
    for list in lists {
        most.raise_to(&Resource::of_list(list));
    }
    most
}

/// The larger of what is wanted, allotted and in force, while a container is being resized.
fn container_requests(pod: &Pod, c: &Container, statuses: &[ContainerStatus], non_missing: bool) -> Resource {
    let requests = &c.resources.requests;
    let status = statuses.iter().find(|s| s.name == c.name);
    let mut r = match status.and_then(|s| s.resources.as_ref().map(|r| (s, r))) {
        None => Resource::of_list(requests),
        Some((s, actuated)) => {
            let infeasible = pod.status.condition("PodResizePending").is_some_and(|c| c.reason == "Infeasible");
            if infeasible {
                max_by_name(&[&actuated.requests, &s.allocated_resources])
            } else {
                max_by_name(&[requests, &actuated.requests, &s.allocated_resources])
            }
        }
    };
    if non_missing {
        if !requests.contains_key("cpu") && r.milli_cpu == 0 {
            r.milli_cpu = DEFAULT_MILLI_CPU;
        }
        if !requests.contains_key("memory") && r.memory == 0 {
            r.memory = DEFAULT_MEMORY;
        }
    }
    r
}

fn pod_requests(pod: &Pod, non_missing: bool) -> Resource {
    let (spec, status) = (&pod.spec, &pod.status);
    let mut sum = Resource::default();
    for c in &spec.containers {
        sum.add(&container_requests(pod, c, &status.container_statuses, non_missing), 1);
    }
    // An init container runs beside the sidecars declared before it.
    let (mut sidecars, mut init) = (Resource::default(), Resource::default());
    for c in &spec.init_containers {
        let restarts = c.restart_policy.as_ref().is_some_and(|p| p == "Always");
        let statuses: &[ContainerStatus] = if restarts { &status.init_container_statuses } else { &[] };
        let own = container_requests(pod, c, statuses, non_missing);
        if restarts {
            sum.add(&own, 1);
            sidecars.add(&own, 1);
            init.raise_to(&sidecars);
        } else {
            let mut at_once = own;
            at_once.add(&sidecars, 1);
            init.raise_to(&at_once);
        }
    }
    sum.raise_to(&init);
    if let Some(own) = &spec.resources {
        for (name, quantity) in own.requests.iter() {
            match name.as_str() {
                "cpu" => sum.milli_cpu = quantity.milli_value(),
                "memory" => sum.memory = quantity.value(),
                other if other.starts_with("hugepages-") => *sum.scalar_mut(name) = quantity.value(),
                _ => {}
            }
        }
    }
    if !spec.overhead.is_empty() {
        sum.add(&Resource::of_list(&spec.overhead), 1);
    }
    sum.scalar.retain(|(_, value)| *value != 0);
    sum
}

#[cfg(test)]
mod tests {
    use super::super::testing::{container, pod};
    use super::*;

    #[track_caller]
    fn check(
        containers: &[&[(&str, &str)]],
        init: &[(&[(&str, &str)], bool)],
        expected: (i64, i64),
        weighed: (i64, i64),
    ) {
        let mut p = pod("p", &[]);
        let spec = std::rc::Rc::make_mut(&mut p.spec);
        spec.containers = containers.iter().map(|r| container("c", r)).collect();
        spec.init_containers = init
            .iter()
            .map(|(r, sidecar)| {
                let mut c = container("i", r);
                c.restart_policy = sidecar.then(|| Str::literal("Always"));
                c
            })
            .collect();
        let r = Requests::of_pod(&p);
        assert_eq!((r.asked.milli_cpu, r.asked.memory), expected);
        assert_eq!((r.non_zero_cpu, r.non_zero_memory), weighed);
    }

    #[test]
    fn requests_are_the_sum_of_containers_or_the_most_an_init_container_needs() {
        const MI: i64 = 1024 * 1024;
        check(&[&[]], &[], (0, 0), (100, 200 * MI));
        check(&[&[("cpu", "1")], &[("cpu", "500m"), ("memory", "1Mi")]], &[], (1500, MI), (1500, 201 * MI));
        check(&[&[("cpu", "1")]], &[(&[("cpu", "3")], false)], (3000, 0), (3000, 200 * MI));
        let sidecar: &[(&str, &str)] = &[("cpu", "1")];
        check(&[&[("cpu", "1")]], &[(sidecar, true), (&[("cpu", "3")], false)], (4000, 0), (4000, 400 * MI));
        check(&[&[("cpu", "1")]], &[(&[("cpu", "1")], false), (sidecar, true)], (2000, 0), (2000, 400 * MI));
    }
}

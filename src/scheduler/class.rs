//! What alike pods share: everything that filters and scores read of a pod, worked out once.
//!
//! Upstream: pkg/scheduler/framework/types.go (PodInfo, AffinityTerm), KEP-5598 (pod signatures)
//! Differs: pods with inter-pod affinity and spreading share a class too; what depends on other pods is kept apart.

use super::resource::{Requests, is_resized};
use crate::api::core::{
    Container, NodeTerm, Pod, PodAffinityTerm, RequiredNodeAffinity, Volume, WeightedPodAffinityTerm,
    preferred_node_affinity,
};
use crate::apimachinery::labels::Selector;
use crate::apimachinery::{LabelSelector, Map, Str};
use std::collections::VecDeque;
use std::rc::Rc;

/// How many classes are looked through for a new pod.
const RECENT: usize = 64;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct HostPort {
    pub port: i32,
    pub protocol: Str,
    pub ip: Str,
}

impl HostPort {
    pub fn conflicts(&self, other: &HostPort) -> bool {
        const ANY: &str = "0.0.0.0";
        self.port == other.port
            && self.protocol == other.protocol
            && (self.ip == other.ip || self.ip == ANY || other.ip == ANY)
    }
}

/// One term of inter-pod affinity, parsed.
#[derive(Clone, PartialEq, Debug)]
pub struct AffinityTerm {
    pub namespaces: Vec<Str>,
    pub namespace_selector: Selector,
    pub selector: Selector,
    pub topology_key: Str,
}

pub fn label_selector(selector: Option<&Rc<LabelSelector>>) -> Selector {
    let Some(s) = selector else { return Selector::nothing() };
    let expressions = s.match_expressions.iter().map(|e| (&e.key, e.operator.as_str(), &*e.values));
    Selector::from_parts(s.match_labels.iter(), expressions).unwrap_or_else(|_| Selector::nothing())
}

pub fn selects(selector: &Selector, labels: &Map) -> bool {
    selector.matches(|key| labels.get(key).map(Str::as_str))
}

impl AffinityTerm {
    fn parse(term: &PodAffinityTerm, namespace: &Str) -> AffinityTerm {
        let own = term.namespaces.is_empty() && term.namespace_selector.is_none();
        AffinityTerm {
            namespaces: if own { vec![namespace.clone()] } else { term.namespaces.to_vec() },
            namespace_selector: label_selector(term.namespace_selector.as_ref()),
            selector: label_selector(term.label_selector.as_ref()),
            topology_key: term.topology_key.clone(),
        }
    }

    /// `namespace_labels`: of the pod's namespace.
    pub fn matches(&self, namespace: &Str, namespace_labels: &Map, labels: &Map) -> bool {
        (self.namespaces.contains(namespace) || selects(&self.namespace_selector, namespace_labels))
            && selects(&self.selector, labels)
    }
}

#[derive(Clone, Debug, Default)]
pub struct Terms {
    pub required: Vec<AffinityTerm>,
    pub preferred: Vec<(i64, AffinityTerm)>,
}

impl Terms {
    fn parse(required: &[PodAffinityTerm], preferred: &[WeightedPodAffinityTerm], namespace: &Str) -> Terms {
        let weighted =
            |p: &WeightedPodAffinityTerm| (i64::from(p.weight), AffinityTerm::parse(&p.pod_affinity_term, namespace));
        Terms {
            required: required.iter().map(|t| AffinityTerm::parse(t, namespace)).collect(),
            preferred: preferred.iter().map(weighted).collect(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.required.is_empty() && self.preferred.is_empty()
    }
}

#[derive(Debug)]
pub struct Class {
    pub id: u64,
    /// The first of its kind; only what all of the class share may be read of it.
    pub founder: Rc<Pod>,
    pub requests: Requests,
    pub node_affinity: RequiredNodeAffinity,
    pub preferred: Vec<(i64, NodeTerm)>,
    pub ports: Vec<HostPort>,
    /// Of all containers, with their tags.
    pub images: Vec<Str>,
    pub affinity: Terms,
    pub anti_affinity: Terms,
}

impl Class {
    pub fn of_pod(pod: &Rc<Pod>, id: u64) -> Class {
        let spec = &pod.spec;
        let (namespace, affinity) = (&pod.metadata.namespace, spec.affinity.as_ref());
        let ports = spec.containers.iter().chain(spec.init_containers.iter().filter(|c| is_sidecar(c)));
        let ports = ports.flat_map(|c| c.ports.iter()).filter(|p| p.host_port > 0).map(|p| HostPort {
            port: p.host_port,
            protocol: p.protocol.or("TCP"),
            ip: p.host_ip.or("0.0.0.0"),
        });
        Class {
            id,
            founder: pod.clone(),
            requests: Requests::of_pod(pod),
            node_affinity: RequiredNodeAffinity::of_pod(pod),
            preferred: preferred_node_affinity(pod),
            ports: ports.collect(),
            images: spec.init_containers.iter().chain(&spec.containers).map(|c| tagged(&c.image)).collect(),
            affinity: affinity.and_then(|a| a.pod_affinity.as_ref()).map_or_else(Terms::default, |a| {
                let preferred = &a.preferred_during_scheduling_ignored_during_execution;
                Terms::parse(&a.required_during_scheduling_ignored_during_execution, preferred, namespace)
            }),
            anti_affinity: affinity.and_then(|a| a.pod_anti_affinity.as_ref()).map_or_else(Terms::default, |a| {
                let preferred = &a.preferred_during_scheduling_ignored_during_execution;
                Terms::parse(&a.required_during_scheduling_ignored_during_execution, preferred, namespace)
            }),
        }
    }

    pub fn has_affinity(&self) -> bool {
        !self.affinity.is_empty() || !self.anti_affinity.is_empty()
    }

    fn has(&self, pod: &Pod) -> bool {
        alike(&self.founder, pod)
    }
}

fn is_sidecar(c: &Container) -> bool {
    c.restart_policy.as_ref().is_some_and(|p| p == "Always")
}

fn tagged(image: &Str) -> Str {
    let bare = match (image.rfind(':'), image.rfind('/')) {
        (None, _) => true,
        (Some(colon), Some(slash)) => colon < slash,
        (Some(_), None) => false,
    };
    if bare { Str::from(format!("{image}:latest")) } else { image.clone() }
}

fn alike_containers(a: &[Container], b: &[Container]) -> bool {
    let one = |(a, b): (&Container, &Container)| {
        a.image == b.image && a.resources == b.resources && a.ports == b.ports && a.restart_policy == b.restart_policy
    };
    a.len() == b.len() && a.iter().zip(b).all(one)
}

fn claims(volumes: &[Volume]) -> impl Iterator<Item = &Volume> {
    // Every pod has volumes of its own making, such as its token's; only these bear on where it can run.
    volumes.iter().filter(|v| v.persistent_volume_claim.is_some() || v.ephemeral.is_some())
}

/// Whether every filter and score says the same of both.
fn alike(a: &Pod, b: &Pod) -> bool {
    let (x, y) = (&a.spec, &b.spec);
    a.metadata.labels == b.metadata.labels
        && a.metadata.namespace == b.metadata.namespace
        && alike_containers(&x.containers, &y.containers)
        && alike_containers(&x.init_containers, &y.init_containers)
        && x.tolerations == y.tolerations
        && x.node_selector == y.node_selector
        && x.affinity == y.affinity
        && x.topology_spread_constraints == y.topology_spread_constraints
        && x.overhead == y.overhead
        && x.resources == y.resources
        && claims(&x.volumes).eq(claims(&y.volumes))
}

/// The classes seen lately.
#[derive(Clone, Default)]
pub struct Classes {
    recent: VecDeque<Rc<Class>>,
    last: u64,
}

impl Classes {
    pub fn of(&mut self, pod: &Rc<Pod>) -> Rc<Class> {
        let resized = is_resized(pod);
        if !resized && let Some(at) = self.recent.iter().position(|c| c.has(pod)) {
            if at > 0 {
                let class = self.recent.remove(at).expect("its position was just found");
                self.recent.push_front(class);
            }
            return self.recent[0].clone();
        }
        self.last += 1;
        let class = Rc::new(Class::of_pod(pod, self.last));
        if !resized {
            self.recent.push_front(class.clone());
            self.recent.truncate(RECENT);
        }
        class
    }

    /// Without taking note of it: for questions that must change nothing.
    pub fn look(&self, pod: &Rc<Pod>) -> Rc<Class> {
        let known = self.recent.iter().find(|c| !is_resized(pod) && c.has(pod));
        known.cloned().unwrap_or_else(|| Rc::new(Class::of_pod(pod, u64::MAX)))
    }
}

/// A pod and its class.
#[derive(Clone, Debug)]
pub struct PodInfo {
    pub pod: Rc<Pod>,
    pub class: Rc<Class>,
}

impl PodInfo {
    pub fn uid(&self) -> &Str {
        &self.pod.metadata.uid
    }

    pub fn priority(&self) -> i32 {
        priority(&self.pod)
    }
}

pub fn priority(pod: &Pod) -> i32 {
    pod.spec.priority.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::testing::pod;
    use super::*;

    #[test]
    fn alike_pods_share_a_class() {
        let mut classes = Classes::default();
        let a = Rc::new(pod("a", &[("cpu", "1")]));
        let b = Rc::new(pod("b", &[("cpu", "1000m")]));
        let c = Rc::new(pod("c", &[("cpu", "2")]));
        assert!(Rc::ptr_eq(&classes.of(&a), &classes.of(&b)));
        assert!(!Rc::ptr_eq(&classes.of(&a), &classes.of(&c)));
    }

    #[test]
    fn images_without_a_tag_are_the_latest() {
        for (image, expected) in
            [("nginx", "nginx:latest"), ("nginx:1", "nginx:1"), ("host:5000/a/b", "host:5000/a/b:latest")]
        {
            assert_eq!(tagged(&Str::from(image)), expected);
        }
    }
}

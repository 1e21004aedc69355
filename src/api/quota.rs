//! What an object uses of a quota, which quotas are about it, and sums of quantities by name.
//!
//! Upstream: pkg/quota/v1/evaluator/core/{pods,services,persistent_volume_claims,registry}.go,
//! staging/src/k8s.io/apiserver/pkg/quota/v1/{resources.go,generic/evaluator.go}
//! Differs: resource claims are left out.

use crate::api::core::pod::qos::pod_qos;
use crate::api::core::pod::resources::{is_extended, is_native, pod_limits, pod_requests};
use crate::api::core::{PersistentVolumeClaim, Pod, PodAffinityTerm, ResourceQuota, Service};
use crate::api::{KindId, Object};
use crate::apimachinery::quantity::{Format, Quantity};
use crate::apimachinery::time::Time;
use crate::apimachinery::{Map, Str};
use std::collections::{BTreeMap, BTreeSet};

pub type Usage = Map<Quantity>;

/// What containers have to say where a quota counts it.
const CONSTRAINED: [&str; 6] = ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];
const OF_PODS: [&str; 10] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
];
const OF_SERVICES: [&str; 3] = ["services", "services.nodeports", "services.loadbalancers"];
const OF_CLAIMS: [&str; 2] = ["persistentvolumeclaims", "requests.storage"];
/// Counted by a plain name too.
const PLAIN: [&str; 4] = ["configmaps", "resourcequotas", "replicationcontrollers", "secrets"];
const BY_CLASS: &str = ".storageclass.storage.k8s.io/";

fn count(n: usize) -> Quantity {
    Quantity::from_value(n as i64, Format::DecimalSI)
}

/// `count/jobs.batch`.
fn count_name(kind: KindId) -> String {
    let info = kind.info();
    let dot = if info.group.is_empty() { "" } else { "." };
    format!("count/{}{dot}{}", info.plural, info.group)
}

/// Events are never counted.
pub fn is_counted(kind: KindId) -> bool {
    kind != KindId::Event
}

/// Whether a resource of a quota is about that kind.
pub fn is_about(kind: KindId, resource: &str) -> bool {
    if resource == count_name(kind) {
        return true;
    }
    let by_class = || OF_CLAIMS.iter().any(|r| resource.strip_suffix(r).is_some_and(|head| head.ends_with(BY_CLASS)));
    match kind {
        KindId::Pod => {
            let pages = resource.starts_with("hugepages-") || resource.starts_with("requests.hugepages-");
            let device = !is_native(resource) && resource.starts_with("requests.");
            OF_PODS.contains(&resource) || pages || device
        }
        KindId::Service => OF_SERVICES.contains(&resource),
        KindId::PersistentVolumeClaim => OF_CLAIMS.contains(&resource) || by_class(),
        _ => PLAIN.contains(&resource) && kind.info().plural == resource,
    }
}

/// A pod that has ended, or should long have been gone, uses nothing but its place among objects.
/// Upstream: QuotaV1Pod.
pub fn is_charged(pod: &Pod, now: Time) -> bool {
    let meta = &pod.metadata;
    let stuck = meta.deletion_timestamp.zip(meta.deletion_grace_period_seconds);
    !pod.is_terminal() && stuck.is_none_or(|(at, grace)| now <= at.plus_seconds(grace))
}

fn compute(requests: &Usage, limits: &Usage) -> Usage {
    let mut out = Usage::default();
    out.insert("pods", count(1));
    for name in ["cpu", "memory", "ephemeral-storage"] {
        if let Some(q) = requests.get(name) {
            out.insert(name, q.clone());
            out.insert(format!("requests.{name}"), q.clone());
        }
        if let Some(q) = limits.get(name) {
            out.insert(format!("limits.{name}"), q.clone());
        }
    }
    for (name, q) in requests.iter() {
        let pages = name.starts_with("hugepages-");
        if pages {
            out.insert(name.clone(), q.clone());
        }
        if pages || is_extended(name) {
            out.insert(format!("requests.{name}"), q.clone());
        }
    }
    out
}

pub fn usage(object: &Object, now: Time) -> Usage {
    let mut out = Usage::default();
    out.insert(count_name(object.id()), count(1));
    if let Some(pod) = object.downcast::<Pod>() {
        if is_charged(pod, now) {
            out = add(&out, &compute(&pod_requests(&pod.spec), &pod_limits(&pod.spec)));
        }
    } else if let Some(service) = object.downcast::<Service>() {
        let spec = &service.spec;
        let all = spec.ports.len();
        let (ports, balancers) = match spec.type_.as_str() {
            "NodePort" => (all, 0),
            "LoadBalancer" if spec.allocate_load_balancer_node_ports == Some(false) => {
                (spec.ports.iter().filter(|p| p.node_port != 0).count(), 1)
            }
            "LoadBalancer" => (all, 1),
            _ => (0, 0),
        };
        for (name, n) in OF_SERVICES.iter().zip([1, ports, balancers]) {
            out.insert(*name, count(n));
        }
    } else if let Some(claim) = object.downcast::<PersistentVolumeClaim>() {
        add_claim(claim, &mut out);
    } else if PLAIN.contains(&object.id().info().plural) {
        out.insert(object.id().info().plural, count(1));
    }
    out
}

fn add_claim(claim: &PersistentVolumeClaim, out: &mut Usage) {
    let class = claim.spec.storage_class_name.as_ref().filter(|c| !c.is_empty());
    let mut put = |name: &str, q: Quantity| {
        if let Some(class) = class {
            out.insert(format!("{class}{BY_CLASS}{name}"), q.clone());
        }
        out.insert(name.to_owned(), q);
    };
    put("persistentvolumeclaims", count(1));
    let asked = claim.spec.resources.requests.get("storage");
    let given = claim.status.allocated_resources.get("storage").filter(|g| asked.is_some_and(|a| *g > a));
    if let Some(storage) = given.or(asked) {
        put("requests.storage", storage.clone());
    }
}

/// What a pod's containers leave out, although the quota counts it. The error is upstream's sentence.
pub fn constraints(resources: &[&Str], object: &Object) -> Result<(), String> {
    let Some(pod) = object.downcast::<Pod>() else { return Ok(()) };
    if pod.spec.resources.as_ref().is_some_and(|r| !r.requests.is_empty() || !r.limits.is_empty()) {
        return Ok(());
    }
    let required: Vec<&Str> = resources.iter().copied().filter(|r| CONSTRAINED.contains(&r.as_str())).collect();
    let mut missing: BTreeMap<&Str, BTreeSet<&Str>> = BTreeMap::new();
    let containers = pod.spec.containers.iter().chain(&pod.spec.init_containers);
    for c in containers {
        let said = compute(&c.resources.requests, &c.resources.limits);
        for name in required.iter().filter(|r| !said.contains_key(r)) {
            missing.entry(name).or_default().insert(&c.name);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let join = |names: &BTreeSet<&Str>| names.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(",");
    let parts: Vec<String> = missing.iter().map(|(r, names)| format!("{r} for: {}", join(names))).collect();
    Err(format!("must specify {}", parts.join("; ")))
}

/// The scopes of a quota, as requirements.
fn scopes(quota: &ResourceQuota) -> impl Iterator<Item = (&Str, &str, &[Str])> {
    let plain = quota.spec.scopes.iter().map(|s| (s, "Exists", &[] as &[Str]));
    let selector = quota.spec.scope_selector.iter().flat_map(|s| s.match_expressions.iter());
    plain.chain(selector.map(|r| (&r.scope_name, r.operator.as_str(), &*r.values)))
}

/// Whether the object is in every scope of the quota.
pub fn in_scopes(quota: &ResourceQuota, object: &Object) -> bool {
    scopes(quota).all(|(scope, operator, values)| {
        let pod = object.downcast::<Pod>();
        match scope.as_str() {
            "VolumeAttributesClass" => object.downcast::<PersistentVolumeClaim>().is_some_and(|claim| {
                let class = claim.spec.volume_attributes_class_name.as_ref().map(|c| c.as_str());
                selects(operator, values, class)
            }),
            _ => pod.is_some_and(|pod| in_scope(pod, scope, operator, values)),
        }
    })
}

fn in_scope(pod: &Pod, scope: &str, operator: &str, values: &[Str]) -> bool {
    let limited = pod.spec.active_deadline_seconds.is_some_and(|s| s >= 0);
    let best_effort = || pod_qos(pod) == "BestEffort";
    match scope {
        "Terminating" => limited,
        "NotTerminating" => !limited,
        "BestEffort" => best_effort(),
        "NotBestEffort" => !best_effort(),
        "PriorityClass" => selects(operator, values, pod.spec.priority_class_name.non_empty()),
        "CrossNamespacePodAffinity" => crosses_namespaces(pod),
        _ => false,
    }
}

fn selects(operator: &str, values: &[Str], value: Option<&str>) -> bool {
    let listed = value.is_some_and(|v| values.iter().any(|x| *x == *v));
    match operator {
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "In" => listed,
        "NotIn" => !listed,
        _ => false,
    }
}

fn crosses_namespaces(pod: &Pod) -> bool {
    let crosses = |t: &PodAffinityTerm| !t.namespaces.is_empty() || t.namespace_selector.is_some();
    let Some(affinity) = &pod.spec.affinity else { return false };
    let near = affinity.pod_affinity.iter().flat_map(|a| {
        let preferred = a.preferred_during_scheduling_ignored_during_execution.iter().map(|w| &w.pod_affinity_term);
        a.required_during_scheduling_ignored_during_execution.iter().chain(preferred)
    });
    let far = affinity.pod_anti_affinity.iter().flat_map(|a| {
        let preferred = a.preferred_during_scheduling_ignored_during_execution.iter().map(|w| &w.pod_affinity_term);
        a.required_during_scheduling_ignored_during_execution.iter().chain(preferred)
    });
    near.chain(far).any(crosses)
}

pub fn add(a: &Usage, b: &Usage) -> Usage {
    let mut out = a.clone();
    for (name, q) in b.iter() {
        let mut sum = q.clone();
        if let Some(have) = out.get(name) {
            sum = have.clone();
            sum.add(q);
        }
        out.insert(name.clone(), sum);
    }
    out
}

/// What `a` has above `b`, nothing below zero.
pub fn excess(a: &Usage, b: &Usage) -> Usage {
    let rest = |(name, q): (&Str, &Quantity)| {
        let mut q = q.clone();
        b.get(name).into_iter().for_each(|less| q.sub(less));
        (q.sign() > 0).then(|| (name.clone(), q))
    };
    a.iter().filter_map(rest).collect()
}

/// The names of `of` only.
pub fn mask(a: &Usage, of: impl Fn(&Str) -> bool) -> Usage {
    a.iter().filter(|(name, _)| of(name)).map(|(name, q)| (name.clone(), q.clone())).collect()
}

/// `pods=1,requests.cpu=500m`.
pub fn text(a: &Usage) -> String {
    a.iter().map(|(name, q)| format!("{name}={q}")).collect::<Vec<_>>().join(",")
}

/// The sum of what `objects` use of the quota, for every resource that it limits.
pub fn total<'a>(quota: &ResourceQuota, objects: impl Iterator<Item = &'a Object>, now: Time) -> Usage {
    let zero = quota.spec.hard.keys().map(|name| (name.clone(), count(0))).collect();
    let wanted = |name: &Str| quota.spec.hard.contains_key(name);
    objects
        .filter(|o| is_counted(o.id()) && in_scopes(quota, o))
        .fold(zero, |sum, o| add(&sum, &mask(&usage(o, now), wanted)))
}

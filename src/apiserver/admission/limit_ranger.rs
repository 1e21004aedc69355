//! LimitRanger: containers get the defaults of their namespace's LimitRanges, and must keep to the bounds.
//!
//! Upstream: plugin/pkg/admission/limitranger/admission.go
//! Differs: bounds come in the order of their names, where upstream takes any.

use super::{Attributes, Op, Plugin, forbidden};
use crate::api::Object;
use crate::api::core::pod::resources::{pod_limits, pod_requests};
use crate::api::core::{Container, LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod, PodSpec};
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::{List, Map, Status, Str};
use crate::apiserver::Sub;
use std::rc::Rc;

pub(super) const PLUGIN: Plugin =
    Plugin { name: "LimitRanger", mutate: Some(admit), validate: Some(validate), charge: None };

const ANNOTATION: &str = "kubernetes.io/limit-ranger";

type Resources = Map<Quantity>;

fn ranges(at: &Attributes, namespace: &str) -> Vec<Rc<LimitRange>> {
    at.server.store.head().list::<LimitRange>(Some(namespace)).cloned().collect()
}

/// Pods are looked at when they are made or resized, claims whenever they are written.
fn is_supported(at: &Attributes, object: &Object) -> bool {
    if at.old.is_some_and(|old| old.meta().is_deleting()) {
        return false;
    }
    match at.op {
        Op::Create => object.downcast::<Pod>().is_some() || object.downcast::<PersistentVolumeClaim>().is_some(),
        Op::Update(Sub::Resize) => object.downcast::<Pod>().is_some(),
        Op::Update(Sub::None) => object.downcast::<PersistentVolumeClaim>().is_some(),
        _ => false,
    }
}

fn admit(at: &mut Attributes, object: &mut Object) -> Result<(), Status> {
    if !is_supported(at, object) {
        return Ok(());
    }
    for range in ranges(at, &object.meta().namespace) {
        let Some(pod) = object.downcast::<Pod>() else { return Ok(()) };
        let mut pod = (**pod).clone();
        set_defaults(&range, &mut pod);
        *object = Object::of(pod);
    }
    Ok(())
}

fn set_defaults(range: &LimitRange, pod: &mut Pod) {
    let (mut requests, mut limits) = (Resources::default(), Resources::default());
    for item in range.spec.limits.iter().filter(|i| i.type_ == "Container") {
        fill(&mut requests, &item.default_request, true);
        fill(&mut limits, &item.default, true);
    }
    if requests.is_empty() && limits.is_empty() {
        return;
    }
    let mut told = Vec::new();
    let spec: &mut PodSpec = Rc::make_mut(&mut pod.spec);
    merge(&mut spec.containers, (&requests, &limits), "container", &mut told);
    merge(&mut spec.init_containers, (&requests, &limits), "init container", &mut told);
    if !told.is_empty() {
        let text = format!("LimitRanger plugin set: {}", told.join("; "));
        pod.metadata.annotations.insert(ANNOTATION, Str::from(text));
    }
}

/// What was added; `over`: what is there already is replaced.
fn fill(into: &mut Resources, from: &Resources, over: bool) -> Vec<Str> {
    let mut added = Vec::new();
    for (name, q) in from.iter().filter(|(name, _)| over || !into.contains_key(name)).collect::<Vec<_>>() {
        into.insert(name.clone(), q.clone());
        added.push(name.clone());
    }
    added
}

fn merge(all: &mut List<Container>, (requests, limits): (&Resources, &Resources), what: &str, told: &mut Vec<String>) {
    if all.is_empty() {
        return;
    }
    for c in all.make_mut() {
        let set_limits = fill(&mut c.resources.limits, limits, false);
        let set_requests = fill(&mut c.resources.requests, requests, false);
        for (names, kind) in [(set_requests, "request"), (set_limits, "limit")] {
            if !names.is_empty() {
                let names: Vec<&str> = names.iter().map(|n| n.as_str()).collect();
                told.push(format!("{} {kind} for {what} {}", names.join(", "), c.name));
            }
        }
    }
}

fn validate(at: &mut Attributes, object: &Object) -> Result<(), Status> {
    if !is_supported(at, object) {
        return Ok(());
    }
    for range in ranges(at, &object.meta().namespace) {
        let mut errors = Vec::new();
        for item in &range.spec.limits {
            if let Some(pod) = object.downcast::<Pod>() {
                check_pod(item, pod, &mut errors);
            } else if let Some(claim) = object.downcast::<PersistentVolumeClaim>()
                && item.type_ == "PersistentVolumeClaim"
            {
                let none = Resources::default();
                let bound = Bound { item, requests: &claim.spec.resources.requests, limits: &none };
                bound.check_min(&mut errors);
                bound.check_max_request(&mut errors);
            }
        }
        match errors.as_slice() {
            [] => {}
            [one] => return Err(forbidden(object, one)),
            all => return Err(forbidden(object, &format!("[{}]", all.join(", ")))),
        }
    }
    Ok(())
}

fn check_pod(item: &LimitRangeItem, pod: &Pod, errors: &mut Vec<String>) {
    let mut check = |requests: &Resources, limits: &Resources| {
        let bound = Bound { item, requests, limits };
        bound.check_min(errors);
        bound.check_max(errors);
        bound.check_ratio(errors);
    };
    match item.type_.as_str() {
        "Container" => {
            let all = pod.spec.containers.iter().chain(&pod.spec.init_containers);
            all.for_each(|c| check(&c.resources.requests, &c.resources.limits));
        }
        "Pod" => {
            // Overhead does not count here.
            let spec = PodSpec { overhead: Resources::default(), ..(*pod.spec).clone() };
            check(&pod_requests(&spec), &pod_limits(&spec));
        }
        _ => {}
    }
}

/// One item of a LimitRange and what it is held against.
struct Bound<'a> {
    item: &'a LimitRangeItem,
    requests: &'a Resources,
    limits: &'a Resources,
}

impl Bound<'_> {
    fn check_min(&self, errors: &mut Vec<String>) {
        for (name, min) in self.item.min.iter() {
            let head = format!("minimum {name} usage per {} is {min}", self.item.type_);
            match (self.requests.get(name), self.limits.get(name)) {
                (None, _) => errors.push(format!("{head}.  No request is specified")),
                (Some(r), _) if r < min => errors.push(format!("{head}, but request is {r}")),
                (_, Some(l)) if l < min => errors.push(format!("{head}, but limit is {l}")),
                _ => {}
            }
        }
    }

    fn check_max(&self, errors: &mut Vec<String>) {
        for (name, max) in self.item.max.iter() {
            let head = format!("maximum {name} usage per {} is {max}", self.item.type_);
            match (self.requests.get(name), self.limits.get(name)) {
                (_, None) => errors.push(format!("{head}.  No limit is specified")),
                (_, Some(l)) if l > max => errors.push(format!("{head}, but limit is {l}")),
                (Some(r), _) if r > max => errors.push(format!("{head}, but request is {r}")),
                _ => {}
            }
        }
    }

    fn check_max_request(&self, errors: &mut Vec<String>) {
        for (name, max) in self.item.max.iter() {
            let head = format!("maximum {name} usage per {} is {max}", self.item.type_);
            match self.requests.get(name) {
                None => errors.push(format!("{head}.  No request is specified")),
                Some(r) if r > max => errors.push(format!("{head}, but request is {r}")),
                Some(_) => {}
            }
        }
    }

    fn check_ratio(&self, errors: &mut Vec<String>) {
        for (name, max) in self.item.max_limit_request_ratio.iter() {
            let head = format!("{name} max limit to request ratio per {} is {max}", self.item.type_);
            let positive = |q: Option<&Quantity>| q.map(Quantity::milli_value).filter(|v| *v != 0);
            let Some(request) = positive(self.requests.get(name)) else {
                errors.push(format!("{head}, but no request is specified or request is 0"));
                continue;
            };
            let Some(limit) = positive(self.limits.get(name)) else {
                errors.push(format!("{head}, but no limit is specified or limit is 0"));
                continue;
            };
            let ratio = limit as f64 / request as f64;
            if ratio * 1000.0 > max.milli_value() as f64 {
                errors.push(format!("{head}, but provided ratio is {ratio:.6}"));
            }
        }
    }
}

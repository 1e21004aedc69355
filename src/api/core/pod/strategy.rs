//! What happens to a pod between its decoding and its validation.
//!
//! Upstream: pkg/registry/core/pod/strategy.go; pkg/api/pod/util.go (dropDisabledFields)
//! Differs: the warning that comes with an AppArmor annotation is not given.

use super::*;
use crate::apimachinery::{LabelSelector, LabelSelectorRequirement, List, Map, Str};
use std::rc::Rc;

impl Pod {
    pub(super) fn prepare_create(&mut self) {
        self.settle();
        self.metadata.generation = 1;
        // Upstream asks the old status first, and only then forgets it.
        let class = qos::pod_qos(self);
        drop_disabled_fields(&mut self.spec, None);
        let mut status = PodStatus { phase: Str::literal("Pending"), qos_class: class, ..PodStatus::default() };
        if !self.spec.scheduling_gates.is_empty() {
            status.conditions.push(PodCondition {
                type_: Str::literal("PodScheduled"),
                status: Str::literal("False"),
                reason: Str::literal("SchedulingGated"),
                message: Str::literal("Scheduling is blocked due to non-empty scheduling gates"),
                last_transition_time: self.metadata.creation_timestamp,
                ..PodCondition::default()
            });
        }
        self.status = Rc::new(status);
        self.merge_label_keys();
        self.app_armor_fields();
    }

    pub(super) fn prepare_update(&mut self, old: &Pod) {
        self.settle();
        self.status = old.status.clone();
        drop_disabled_fields(&mut self.spec, Some(&old.spec));
    }

    pub(super) fn prepare_status_update(&mut self, old: &Pod) {
        self.spec = old.spec.clone();
        self.settle();
        self.metadata.deletion_timestamp = None;
        self.metadata.owner_references = old.metadata.owner_references.clone();
        let (new, was) = (&self.status, &old.status);
        let before = |i: usize, c: &PodCondition| {
            // The n-th condition of a type has the generation of the n-th one before.
            let nth = new.conditions[..i].iter().filter(|d| d.type_ == c.type_).count();
            was.conditions.iter().filter(|d| d.type_ == c.type_).nth(nth).map_or(0, |d| d.observed_generation)
        };
        let lost: Vec<(usize, i64)> = new
            .conditions
            .iter()
            .enumerate()
            .filter(|(_, c)| c.observed_generation == 0)
            .map(|(i, c)| (i, before(i, c)))
            .filter(|(_, generation)| *generation != 0)
            .collect();
        let class = Some(was.qos_class.clone()).filter(|c| new.qos_class.is_empty() && !c.is_empty());
        let generation = Some(was.observed_generation).filter(|g| new.observed_generation == 0 && *g != 0);
        let stray = new.resources.is_some() || !new.allocated_resources.is_empty();
        let complete = lost.is_empty() && class.is_none() && generation.is_none();
        if complete && !stray {
            return;
        }
        let status = Rc::make_mut(&mut self.status);
        for (i, generation) in lost {
            status.conditions.make_mut()[i].observed_generation = generation;
        }
        if let Some(class) = class {
            status.qos_class = class;
        }
        if let Some(generation) = generation {
            status.observed_generation = generation;
        }
        // Resizing of whole pods is switched off.
        status.resources = None;
        status.allocated_resources = Map::default();
    }

    /// `pods/ephemeralcontainers` changes nothing else.
    pub fn prepare_for_ephemeral_containers_update(&mut self, old: &Pod) {
        let new = self.spec.ephemeral_containers.clone();
        self.keep_all_but_spec(old);
        self.spec = old.spec.clone();
        if self.spec.ephemeral_containers != new {
            Rc::make_mut(&mut self.spec).ephemeral_containers = new;
        }
        drop_disabled_fields(&mut self.spec, Some(&old.spec));
    }

    /// `pods/resize` changes the resources of containers and their resize policies. Where containers come, go or
    /// change places nothing is kept, so that validation sees it.
    pub fn prepare_for_resize(&mut self, old: &Pod) {
        let (new, was) = (&self.spec, &old.spec);
        if new.containers.len() == was.containers.len() && new.init_containers.len() == was.init_containers.len() {
            let containers = resized(&new.containers, &was.containers);
            let init = resized(&new.init_containers, &was.init_containers);
            self.keep_all_but_spec(old);
            self.spec = old.spec.clone();
            if containers != old.spec.containers || init != old.spec.init_containers {
                let spec = Rc::make_mut(&mut self.spec);
                (spec.containers, spec.init_containers) = (containers, init);
            }
        }
        drop_disabled_fields(&mut self.spec, Some(&old.spec));
    }

    fn keep_all_but_spec(&mut self, old: &Pod) {
        self.status = old.status.clone();
        let (new, was) = (&mut self.metadata, &old.metadata);
        new.deletion_timestamp = was.deletion_timestamp;
        new.generation = was.generation;
        new.self_link = was.self_link.clone();
        new.labels = was.labels.clone();
        new.annotations = was.annotations.clone();
        new.finalizers = was.finalizers.clone();
        new.owner_references = was.owner_references.clone();
    }

    /// Writes the values of `matchLabelKeys` into the selectors.
    fn merge_label_keys(&mut self) {
        let labels = &self.metadata.labels;
        let mut affinity = None;
        if let Some(a) = self.spec.affinity.as_deref() {
            let mut new = a.clone();
            if let Some(p) = &mut new.pod_affinity {
                let p = Rc::make_mut(p);
                terms(&mut p.required_during_scheduling_ignored_during_execution, labels);
                weighted(&mut p.preferred_during_scheduling_ignored_during_execution, labels);
            }
            if let Some(p) = &mut new.pod_anti_affinity {
                let p = Rc::make_mut(p);
                terms(&mut p.required_during_scheduling_ignored_during_execution, labels);
                weighted(&mut p.preferred_during_scheduling_ignored_during_execution, labels);
            }
            affinity = (new != *a).then(|| Rc::new(new));
        }
        let mut spread = None;
        for (i, c) in self.spec.topology_spread_constraints.iter().enumerate() {
            if let Some(selector) = with_keys(c.label_selector.as_ref(), &c.match_label_keys, &[], labels) {
                let list: &mut List<_> = spread.get_or_insert_with(|| self.spec.topology_spread_constraints.clone());
                list.make_mut()[i].label_selector = Some(selector);
            }
        }
        if let Some(affinity) = affinity {
            Rc::make_mut(&mut self.spec).affinity = Some(affinity);
        }
        if let Some(spread) = spread {
            Rc::make_mut(&mut self.spec).topology_spread_constraints = spread;
        }
    }

    /// What annotations say of AppArmor, said in fields.
    fn app_armor_fields(&mut self) {
        const PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";
        let annotations = &self.metadata.annotations;
        let spec = &self.spec;
        let windows = spec.os.as_deref().is_some_and(|os| os.name == "windows");
        if windows || !annotations.keys().any(|k| k.starts_with(PREFIX)) {
            return;
        }
        let own = spec.security_context.as_deref().and_then(|s| s.app_armor_profile.clone());
        let wanted = |c: &Container| {
            let has = c.security_context.as_deref().is_some_and(|s| s.app_armor_profile.is_some());
            let annotation = annotations.get(&format!("{PREFIX}{}", c.name)).filter(|_| !has)?;
            let profile = Rc::new(profile_of_annotation(annotation)?);
            (own.as_ref() != Some(&profile)).then_some(profile)
        };
        let (mut containers, mut init) = (spec.containers.clone(), spec.init_containers.clone());
        let mut changed = false;
        for list in [&mut containers, &mut init] {
            for i in 0..list.len() {
                if let Some(profile) = wanted(&list[i]) {
                    changed = true;
                    let context = &mut list.make_mut()[i].security_context;
                    Rc::make_mut(context.get_or_insert_default()).app_armor_profile = Some(profile);
                }
            }
        }
        if changed {
            let spec = Rc::make_mut(&mut self.spec);
            (spec.containers, spec.init_containers) = (containers, init);
        }
    }
}

/// None for what says nothing that a field could.
pub(super) fn profile_of_annotation(annotation: &str) -> Option<AppArmorProfile> {
    let (type_, file) = match annotation.strip_prefix("localhost/") {
        Some("") => return None,
        Some(file) if file.trim() != file || file.len() > 4095 => return None,
        Some(file) => ("Localhost", Some(file.into())),
        None if annotation == "runtime/default" => ("RuntimeDefault", None),
        None if annotation == "unconfined" => ("Unconfined", None),
        None => return None,
    };
    Some(AppArmorProfile { type_: Str::literal(type_), localhost_profile: file })
}

fn resized(new: &List<Container>, old: &List<Container>) -> List<Container> {
    if new.iter().zip(old).any(|(n, o)| n.name != o.name) {
        return new.clone();
    }
    let mut out = old.clone();
    for (i, n) in new.iter().enumerate() {
        if n.resources != out[i].resources || n.resize_policy != out[i].resize_policy {
            let c = &mut out.make_mut()[i];
            (c.resources, c.resize_policy) = (n.resources.clone(), n.resize_policy.clone());
        }
    }
    out
}

fn terms(list: &mut List<PodAffinityTerm>, labels: &Map) {
    for i in 0..list.len() {
        if let Some(selector) = of_term(&list[i], labels) {
            list.make_mut()[i].label_selector = Some(selector);
        }
    }
}

fn weighted(list: &mut List<WeightedPodAffinityTerm>, labels: &Map) {
    for i in 0..list.len() {
        if let Some(selector) = of_term(&list[i].pod_affinity_term, labels) {
            list.make_mut()[i].pod_affinity_term.label_selector = Some(selector);
        }
    }
}

fn of_term(t: &PodAffinityTerm, labels: &Map) -> Option<Rc<LabelSelector>> {
    with_keys(t.label_selector.as_ref(), &t.match_label_keys, &t.mismatch_label_keys, labels)
}

/// The selector with one requirement more for each key that the pod has; no selector stays none.
fn with_keys(
    selector: Option<&Rc<LabelSelector>>,
    matching: &[Str],
    mismatching: &[Str],
    labels: &Map,
) -> Option<Rc<LabelSelector>> {
    let mut out = selector?.clone();
    let keys = matching.iter().map(|k| (k, "In")).chain(mismatching.iter().map(|k| (k, "NotIn")));
    let mut changed = false;
    for (key, operator) in keys {
        let Some(value) = labels.get(key) else { continue };
        changed = true;
        Rc::make_mut(&mut out).match_expressions.push(LabelSelectorRequirement {
            key: key.clone(),
            operator: Str::literal(operator),
            values: List::from(vec![value.clone()]),
        });
    }
    changed.then_some(out)
}

/// Fields of features that are switched off, unless the old specification has them.
///
/// Templates lose them too: Deployments and their like call this before they validate.
pub fn drop_disabled_fields(spec: &mut Rc<PodSpec>, old: Option<&PodSpec>) {
    let projects = |s: &PodSpec, what: fn(&VolumeProjection) -> bool| {
        s.volumes.iter().any(|v| v.projected.as_deref().is_some_and(|p| p.sources.iter().any(what)))
    };
    let signals = |s: &PodSpec| {
        let of = |l: &Option<Rc<Lifecycle>>| l.as_deref().is_some_and(|l| l.stop_signal.is_some());
        s.containers.iter().chain(&s.init_containers).any(|c| of(&c.lifecycle))
            || s.ephemeral_containers.iter().any(|c| of(&c.lifecycle))
    };
    let unused = |used: &dyn Fn(&PodSpec) -> bool| used(spec) && !old.is_some_and(used);
    let workload = unused(&|s| s.workload_ref.is_some());
    let bundle = unused(&|s| projects(s, |p| p.cluster_trust_bundle.is_some()));
    let certificate = unused(&|s| projects(s, |p| p.pod_certificate.is_some()));
    let signal = unused(&signals);
    if !(workload || bundle || certificate || signal) {
        return;
    }
    let spec = Rc::make_mut(spec);
    if workload {
        spec.workload_ref = None;
    }
    if bundle || certificate {
        for projected in spec.volumes.make_mut().iter_mut().filter_map(|v| v.projected.as_mut()) {
            for source in Rc::make_mut(projected).sources.make_mut() {
                if bundle {
                    source.cluster_trust_bundle = None;
                }
                if certificate {
                    source.pod_certificate = None;
                }
            }
        }
    }
    if signal {
        for list in [&mut spec.containers, &mut spec.init_containers] {
            for lifecycle in list.make_mut().iter_mut().filter_map(|c| c.lifecycle.as_mut()) {
                Rc::make_mut(lifecycle).stop_signal = None;
            }
        }
        for lifecycle in spec.ephemeral_containers.make_mut().iter_mut().filter_map(|c| c.lifecycle.as_mut()) {
            Rc::make_mut(lifecycle).stop_signal = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::core::pod::testing::{of, pod};
    use crate::apimachinery::Api;

    #[test]
    fn a_new_pod_is_pending_and_knows_its_class() {
        let mut p =
            pod(r#"{"metadata":{"generation":7},"spec":{"containers":[{"name":"a"}],"schedulingGates":[{"name":"g"}]},
            "status":{"phase":"Running","podIP":"1.2.3.4"}}"#);
        p.prepare_create();
        assert_eq!(p.metadata.generation, 1);
        let want: PodStatus = of(r#"{"phase":"Pending","qosClass":"BestEffort","conditions":[{"type":"PodScheduled",
            "status":"False","reason":"SchedulingGated","message":"Scheduling is blocked due to non-empty scheduling gates"}]}"#);
        assert_eq!(p.status.encode(), want.encode());
    }

    #[test]
    fn keys_of_labels_enter_the_selector() {
        let mut p = pod(r#"{"metadata":{"labels":{"app":"web","hash":"1"}},"spec":{"containers":[{"name":"a"}],
            "topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule",
                "labelSelector":{"matchLabels":{"app":"web"}},"matchLabelKeys":["hash","none"]}]}}"#);
        p.prepare_create();
        let selector = p.spec.topology_spread_constraints[0].label_selector.as_deref().expect("it was given");
        assert_eq!(selector.match_expressions.len(), 1);
        assert_eq!(selector.match_expressions[0].values[0], "1");
    }

    #[test]
    fn a_status_keeps_the_generations_it_forgets() {
        let old = pod(r#"{"spec":{},"status":{"qosClass":"Burstable","observedGeneration":2,"conditions":[
            {"type":"Ready","status":"False","observedGeneration":1}]}}"#);
        let mut new = pod(r#"{"spec":{"nodeName":"n"},"status":{"conditions":[{"type":"Ready","status":"True"}]}}"#);
        new.prepare_status_update(&old);
        assert_eq!(new.spec.node_name, "");
        assert_eq!(new.status.qos_class, "Burstable");
        assert_eq!(new.status.observed_generation, 2);
        assert_eq!(new.status.conditions[0].observed_generation, 1);
    }

    #[test]
    fn features_that_are_off_lose_their_fields() {
        let mut p = pod(r#"{"spec":{"containers":[{"name":"a","lifecycle":{"stopSignal":"SIGTERM"}}],
            "workloadRef":{"name":"w","podGroup":"g"}}}"#);
        p.prepare_create();
        assert!(p.spec.workload_ref.is_none());
        assert!(p.spec.containers[0].lifecycle.as_deref().expect("it stays").stop_signal.is_none());
    }
}

//! What may change of a pod.
//!
//! Upstream: pkg/apis/core/validation/validation.go (ValidatePodUpdate, ValidatePodStatusUpdate,
//! ValidatePodEphemeralContainersUpdate, ValidatePodResize)
//! Differs: users of containers, the health of their devices and claims of extended resources, which statuses may
//! tell of, are not looked at.

use super::common::*;
use super::{MIRROR, containers, diff, metadata_and_spec, pod_annotations, scheduling, security};
use crate::api::core::pod::restart::should_restart;
use crate::api::core::pod::*;
use crate::apimachinery::field_error::BadValue;
use crate::apimachinery::{Api, ErrorList, List, OrdSet, Path, Str};
use std::rc::Rc;

const UPDATABLE: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,\
                         `spec.tolerations` (only additions to existing tolerations),\
                         `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// A pod as the successor of another, their metadata aside.
pub(in crate::api::core::pod) fn update(new: &Pod, old: &Pod, errs: &mut ErrorList) {
    metadata_and_spec(new, errs);
    annotation_updates(new, old, errs);
    let path = Path::new("spec");
    if !images(&new.spec.containers, &old.spec.containers, path.child("containers"), errs)
        || !images(&new.spec.init_containers, &old.spec.init_containers, path.child("initContainers"), errs)
    {
        return;
    }
    let deadline = path.child("activeDeadlineSeconds");
    match (new.spec.active_deadline_seconds, old.spec.active_deadline_seconds) {
        (Some(n), _) if !(0..=i64::from(i32::MAX)).contains(&n) => {
            return errs.invalid(deadline, n, "must be between 0 and 2147483647, inclusive");
        }
        (Some(n), Some(o)) if o < n => {
            return errs.invalid(deadline, n, "must be less than or equal to previous value");
        }
        (None, Some(_)) => {
            let why = "must not update from a positive integer to nil value";
            errs.invalid(deadline, BadValue::raw("null"), why);
        }
        _ => {}
    }
    added_tolerations(&new.spec.tolerations, &old.spec.tolerations, path.child("tolerations"), errs);
    removed_gates(&new.spec.scheduling_gates, &old.spec.scheduling_gates, path.child("schedulingGates"), errs);
    if Rc::ptr_eq(&new.spec, &old.spec) || new.spec == old.spec {
        return;
    }
    // What may change is set back; then nothing may differ any more.
    let mut munged = (*new.spec).clone();
    set_images_back(&mut munged.containers, &old.spec.containers);
    set_images_back(&mut munged.init_containers, &old.spec.init_containers);
    munged.active_deadline_seconds = old.spec.active_deadline_seconds;
    munged.scheduling_gates = old.spec.scheduling_gates.clone();
    munged.tolerations = old.spec.tolerations.clone();
    if old.spec.termination_grace_period_seconds.is_some_and(|s| s < 0)
        && munged.termination_grace_period_seconds == Some(1)
    {
        munged.termination_grace_period_seconds = old.spec.termination_grace_period_seconds;
    }
    if !old.spec.scheduling_gates.is_empty() {
        gated(&mut munged, &old.spec, path, errs);
    }
    if munged != *old.spec {
        let difference =
            diff::unified_diff(&internal::pod_spec(&old.spec).pretty(), &internal::pod_spec(&munged).pretty());
        errs.forbidden(path, format!("pod updates may not change fields other than {UPDATABLE}\n{difference}"));
    }
}

/// False where containers came or went, and no more is to be said.
fn images(new: &[Container], old: &[Container], path: Path, errs: &mut ErrorList) -> bool {
    if new.len() != old.len() {
        errs.forbidden(path, "pod updates may not add or remove containers");
        return false;
    }
    for (i, c) in new.iter().enumerate() {
        let at = path.index(i);
        if c.image.is_empty() {
            errs.required(at.child("image"), "");
        }
        containers::image_spaces(c, at, errs);
    }
    true
}

fn set_images_back(new: &mut List<Container>, old: &[Container]) {
    for (i, o) in old.iter().enumerate() {
        if new[i].image != o.image {
            new.make_mut()[i].image = o.image.clone();
        }
    }
}

fn added_tolerations(new: &[Toleration], old: &[Toleration], path: Path, errs: &mut ErrorList) {
    let kept = |o: &Toleration| {
        new.iter().any(|n| {
            let o = Toleration { toleration_seconds: n.toleration_seconds, ..o.clone() };
            o == *n
        })
    };
    if !old.iter().all(kept) {
        return errs.forbidden(path, "existing toleration can not be modified except its tolerationSeconds");
    }
    scheduling::tolerations(new, path, errs);
}

fn removed_gates(new: &[PodSchedulingGate], old: &[PodSchedulingGate], path: Path, errs: &mut ErrorList) {
    for (i, g) in new.iter().enumerate() {
        if !old.contains(g) && !new[i + 1..].contains(g) {
            let at = path.index(i);
            let why = format!("only deletion is allowed, but found new scheduling gate '{}'", g.name);
            errs.forbidden(at.child("name"), why);
        }
    }
}

/// While a pod is held back, the choice of its nodes may be narrowed.
fn gated(munged: &mut PodSpec, old: &PodSpec, path: Path, errs: &mut ErrorList) {
    if munged.node_selector != old.node_selector {
        if old.node_selector.iter().any(|(k, v)| munged.node_selector.get(k) != Some(v)) {
            let why = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
            let shown = if munged.node_selector.is_empty() {
                BadValue::raw("null")
            } else {
                BadValue::json(&munged.node_selector.encode())
            };
            errs.invalid(path.child("nodeSelector"), shown, why);
        }
        munged.node_selector = old.node_selector.clone();
    }
    let of = |a: &Option<Rc<Affinity>>| a.as_deref().and_then(|a| a.node_affinity.clone());
    let (was, is) = (of(&old.affinity), of(&munged.affinity));
    if was == is {
        return;
    }
    let affinity = path.child("affinity");
    let node = affinity.child("nodeAffinity");
    let required = |a: &Option<Rc<NodeAffinity>>| {
        let required = a.as_deref()?.required_during_scheduling_ignored_during_execution.as_deref()?;
        Some(required.node_selector_terms.clone())
    };
    if let Some(old_terms) = required(&was) {
        let new_terms = required(&is).unwrap_or_default();
        let at = node.child("requiredDuringSchedulingIgnoredDuringExecution");
        let at = at.child("nodeSelectorTerms");
        let shown = |t: &NodeSelectorTerm| internal::tree(t, "NodeSelectorTerm").compact();
        if !old_terms.is_empty() && old_terms.len() != new_terms.len() {
            let list = new_terms.iter().map(shown).collect::<Vec<_>>().join(",");
            let list = if new_terms.is_empty() { "null".to_owned() } else { format!("[{list}]") };
            let why = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
            errs.invalid(at, BadValue::raw(list), why);
        } else {
            for (i, (n, _)) in new_terms.iter().zip(&old_terms).enumerate().filter(|(_, (n, o))| !only_adds(n, o)) {
                let why = "only additions are allowed (no mutations or deletions)";
                errs.invalid(at.index(i), BadValue::raw(shown(n)), why);
            }
        }
    }
    munged.affinity = match munged.affinity.take() {
        None => was.map(|node| Rc::new(Affinity { node_affinity: Some(node), ..Affinity::default() })),
        Some(a) if old.affinity.is_none() && a.pod_affinity.is_none() && a.pod_anti_affinity.is_none() => None,
        Some(a) => Some(Rc::new(Affinity { node_affinity: was, ..(*a).clone() })),
    };
}

fn only_adds(new: &NodeSelectorTerm, old: &NodeSelectorTerm) -> bool {
    let empty = |t: &NodeSelectorTerm| t.match_expressions.is_empty() && t.match_fields.is_empty();
    if empty(old) {
        return empty(new);
    }
    new.match_expressions.starts_with(&old.match_expressions) && new.match_fields.starts_with(&old.match_fields)
}

/// Annotations that stay as they are.
fn annotation_updates(new: &Pod, old: &Pod, errs: &mut ErrorList) {
    let path = Path::new("metadata");
    let path = path.child("annotations");
    let (n, o) = (&new.metadata.annotations, &old.metadata.annotations);
    for (key, _) in o.iter().filter(|(key, value)| n.get(key) != Some(value)) {
        if key.starts_with(security::APP_ARMOR) {
            errs.forbidden(path.key(key), "may not remove or update AppArmor annotations");
        }
        if key == MIRROR {
            errs.forbidden(path.key(key), "may not remove or update mirror pod annotation");
        }
    }
    for key in n.keys().filter(|key| !o.contains_key(key)) {
        if key.starts_with(security::APP_ARMOR) {
            errs.forbidden(path.key(key), "may not add AppArmor annotations");
        }
        if key == MIRROR {
            errs.forbidden(path.key(key), "may not add mirror pod annotation");
        }
    }
    pod_annotations(n, &new.spec, path, errs);
}

/// A status as the successor of another.
pub(in crate::api::core::pod) fn status_update(new: &Pod, old: &Pod, errs: &mut ErrorList) {
    annotation_updates(new, old, errs);
    let path = Path::new("status");
    conditions(&new.status.conditions, path.child("conditions"), errs);
    if new.spec.node_name != old.spec.node_name {
        errs.forbidden(path.child("nodeName"), "may not be changed directly");
    }
    let nominated = &new.status.nominated_node_name;
    if *nominated != old.status.nominated_node_name && !nominated.is_empty() {
        let at = path.child("nominatedNodeName");
        dns_subdomain(nominated, at, errs);
        if !old.spec.node_name.is_empty() {
            errs.forbidden(at, "may not be set on pods that are already bound to a node");
        }
    }
    if new.status.observed_generation < 0 {
        let at = path.child("observedGeneration");
        errs.invalid(at, new.status.observed_generation, "must be a non-negative integer");
    }
    if new.status.qos_class != old.status.qos_class {
        errs.invalid(path.child("qosClass"), &new.status.qos_class, "field is immutable");
    }
    let (n, o, spec) = (&new.status, &old.status, &*old.spec);
    let at = path.child("containerStatuses");
    transitions(&n.container_statuses, &o.container_statuses, Some((&spec.containers, spec)), at, errs);
    let at = path.child("initContainerStatuses");
    transitions(&n.init_container_statuses, &o.init_container_statuses, Some((&spec.init_containers, spec)), at, errs);
    let at = path.child("ephemeralContainerStatuses");
    transitions(&n.ephemeral_container_statuses, &o.ephemeral_container_statuses, None, at, errs);
    claim_statuses(new, path.child("resourceClaimStatuses"), errs);
    let addresses: Vec<_> = n.pod_ips.iter().map(|a| &a.ip).collect();
    let before: Vec<_> = o.pod_ips.iter().map(|a| &a.ip).collect();
    ips(&addresses, &before, path.child("podIPs"), errs);
    if let Some(first) = n.host_ips.first() {
        let at = path.child("hostIPs");
        if n.host_ip != first.ip {
            let item = at.index(0);
            errs.invalid(item.child("ip"), &first.ip, "must be equal to `hostIP`");
        }
        let addresses: Vec<_> = n.host_ips.iter().map(|a| &a.ip).collect();
        let before: Vec<_> = o.host_ips.iter().map(|a| &a.ip).collect();
        ips(&addresses, &before, at, errs);
    }
}

fn conditions(list: &[PodCondition], path: Path, errs: &mut ErrorList) {
    for (i, c) in list.iter().enumerate() {
        let at = path.index(i);
        if c.observed_generation < 0 {
            errs.invalid(at.child("observedGeneration"), c.observed_generation, "must be a non-negative integer");
        }
        if !matches!(c.type_.as_str(), "PodScheduled" | "Ready" | "Initialized") {
            qualified_name(&c.type_, at.child("Type"), errs);
        }
    }
}

/// What ended stays so unless it may be started again. `from`: the containers and their pod; ephemeral ones never may.
fn transitions(
    new: &[ContainerStatus],
    old: &[ContainerStatus],
    from: Option<(&[Container], &PodSpec)>,
    path: Path,
    errs: &mut ErrorList,
) {
    for (i, o) in old.iter().enumerate() {
        let Some(ended) = o.state.terminated.as_deref() else { continue };
        if !new.iter().any(|n| n.name == o.name && n.state.terminated.is_none()) {
            continue;
        }
        let allowed = from.is_some_and(|(containers, spec)| {
            let c = containers.iter().find(|c| c.name == o.name);
            c.is_some_and(|c| should_restart(c, spec, ended.exit_code))
        });
        if !allowed {
            let at = path.index(i);
            errs.forbidden(at.child("state"), "may not be transitioned to non-terminated state");
        }
    }
}

fn claim_statuses(new: &Pod, path: Path, errs: &mut ErrorList) {
    let mut seen = OrdSet::new();
    for (i, s) in new.status.resource_claim_statuses.iter().enumerate() {
        let at = path.index(i);
        if !new.spec.resource_claims.iter().any(|c| c.name == s.name) {
            let why = "must match the name of an entry in `spec.resourceClaims`";
            errs.invalid(at.child("name"), &s.name, why);
        }
        if !seen.insert(s.name.as_str()) {
            errs.duplicate(at.child("name"), &s.name);
        }
        if let Some(name) = &s.resource_claim_name {
            dns_subdomain(name, at.child("name"), errs);
        }
    }
}

/// At most one address of each family; those that were there before are not looked at again.
fn ips(list: &[&Str], before: &[&Str], path: Path, errs: &mut ErrorList) {
    for (i, address) in list.iter().enumerate().filter(|(_, a)| !before.contains(a)) {
        ip(address, path.index(i), errs);
    }
    if list.len() > 1 {
        let families: OrdSet<bool> = list.iter().map(|a| a.contains(':')).collect();
        if families.len() != 2 || list.len() > 2 {
            let shown = list.iter().map(|a| format!("{{\"IP\":\"{a}\"}}")).collect::<Vec<_>>().join(",");
            let why = "may specify no more than one IP for each IP family";
            errs.invalid(path, BadValue::raw(format!("[{shown}]")), why);
        }
    }
}

/// The subresource `ephemeralcontainers`: they come, and neither change nor go.
pub fn validate_ephemeral_containers_update(new: &Pod, old: &Pod, errs: &mut ErrorList) {
    metadata_and_spec(new, errs);
    annotation_updates(new, old, errs);
    if old.metadata.annotations.contains_key(MIRROR) {
        errs.0.clear();
        return errs.forbidden(Path::new(""), "static pods do not support ephemeral containers");
    }
    let path = Path::new("spec");
    let path = path.child("ephemeralContainers");
    for o in &old.spec.ephemeral_containers {
        match new.spec.ephemeral_containers.iter().rev().find(|n| n.name == o.name) {
            None => errs.forbidden(path, format!("existing ephemeral containers \"{}\" may not be removed\n", o.name)),
            Some(n) if n != o => {
                let difference = internal::internal_diff(o, n, "EphemeralContainer");
                let why = format!("existing ephemeral containers \"{}\" may not be changed\n{difference}", o.name);
                errs.forbidden(path, why);
            }
            Some(_) => {}
        }
    }
}

/// The subresource `resize`: cpu and memory of containers and sidecars.
pub fn validate_resize(new: &Pod, old: &Pod, errs: &mut ErrorList) {
    metadata_and_spec(new, errs);
    let only = |errs: &mut ErrorList, why: &str| {
        errs.0.clear();
        errs.forbidden(Path::new(""), why);
    };
    if old.metadata.annotations.contains_key(MIRROR) {
        return only(errs, "static pods cannot be resized");
    }
    if old.spec.os.as_deref().is_some_and(|os| os.name == "windows") {
        return only(errs, "windows pods cannot be resized");
    }
    let path = Path::new("spec");
    if qos::pod_qos(old) != qos::compute(&new.spec) {
        let why = "Pod QOS Class may not change as a result of resizing";
        errs.invalid(path, &new.status.qos_class, why);
    }
    let running = old.status.container_statuses.iter().find(|s| s.state.running.is_some());
    if running.is_some_and(|s| s.resources.is_none()) {
        errs.forbidden(path, "Pod running on node without support for resize");
    }
    let pod_level =
        |p: &Pod| p.spec.resources.as_deref().is_some_and(|r| !r.requests.is_empty() || !r.limits.is_empty());
    if pod_level(old) || pod_level(new) {
        let why = "resize of pods with pod-level resources is forbidden when \
                   InPlacePodLevelResourcesVerticalScalingEnabled feature gate is disabled";
        return errs.forbidden(Path::new(""), why);
    }
    let before = errs.0.len();
    same_order(&new.spec.containers, &old.spec.containers, path, "containers", errs);
    same_order(&new.spec.init_containers, &old.spec.init_containers, path, "initContainers", errs);
    if errs.0.len() != before {
        return;
    }
    let lists = [
        ("initContainers", &new.spec.init_containers, &old.spec.init_containers),
        ("containers", &new.spec.containers, &old.spec.containers),
    ];
    for (name, n, o) in lists {
        let list = path.child(name);
        for (i, (n, o)) in n.iter().zip(o).enumerate().filter(|(_, (_, o))| name == "containers" || o.is_sidecar()) {
            let at = list.index(i);
            let at = at.child("resources");
            let gone = |n: &resources::ResourceList, o: &resources::ResourceList| o.keys().any(|k| !n.contains_key(k));
            if gone(&n.resources.requests, &o.resources.requests) {
                errs.forbidden(at.child("requests"), "resource requests cannot be removed");
            }
            if gone(&n.resources.limits, &o.resources.limits) {
                errs.forbidden(at.child("limits"), "resource limits cannot be removed");
            }
        }
    }
    let mut munged = (*new.spec).clone();
    for (i, o) in old.spec.containers.iter().enumerate() {
        if !set_resources_back(&mut munged.containers, i, o) {
            errs.forbidden(path, "only cpu and memory resources are mutable");
        }
    }
    for (i, o) in old.spec.init_containers.iter().enumerate() {
        if munged.init_containers[i].is_sidecar() {
            if !set_resources_back(&mut munged.init_containers, i, o) {
                errs.forbidden(path, "only cpu and memory resources for sidecar containers are mutable");
            }
        } else if munged.init_containers[i] != *o {
            errs.forbidden(path, "resources for non-sidecar init containers are immutable");
        }
    }
    if errs.is_empty() && munged != *old.spec {
        errs.forbidden(path, "only cpu and memory resources are mutable");
    }
}

fn same_order(new: &[Container], old: &[Container], path: Path, name: &str, errs: &mut ErrorList) {
    let list = path.child(name);
    if new.len() != old.len() {
        return errs.forbidden(list, format!("{name} may not be added or removed on resize"));
    }
    for (i, _) in new.iter().zip(old).enumerate().filter(|(_, (n, o))| n.name != o.name) {
        let at = list.index(i);
        errs.forbidden(at.child("name"), format!("{name} may not be renamed or reordered on resize"));
    }
}

/// Sets cpu and memory back; whether the container is then as it was.
fn set_resources_back(list: &mut List<Container>, i: usize, old: &Container) -> bool {
    let c = &mut list.make_mut()[i];
    for name in ["cpu", "memory"] {
        for (n, o) in
            [(&mut c.resources.limits, &old.resources.limits), (&mut c.resources.requests, &old.resources.requests)]
        {
            n.remove(name);
            if let Some(q) = o.get(name) {
                n.insert(name, q.clone());
            }
        }
    }
    // Upstream forgets the claims here, so that a container that has some counts as changed.
    c.resources.claims = List::EMPTY;
    *c == *old
}

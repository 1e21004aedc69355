//! What is wrong with a pod, in upstream's order and words.
//!
//! Upstream: pkg/apis/core/validation/validation.go (ValidatePodCreate, ValidatePodSpec, ValidatePodTemplateSpec)
//! Differs: rules that upstream relaxes for objects stored by earlier releases are not relaxed; tolerations in
//! annotations (`scheduler.alpha.kubernetes.io/tolerations`) are not looked at.

mod common;
mod containers;
mod diff;
mod env;
mod mounts;
mod probes;
mod projected;
mod resources;
mod scheduling;
mod security;
#[cfg(test)]
mod tests;
mod update;
mod volumes;

pub use diff::unified_diff;
pub use env::split_subscript;
pub use resources::{container_resource_name, quantity as resource_quantity, resource_name};
pub use scheduling::node_selector as validate_node_selector;
pub(super) use update::{status_update, update};
pub use update::{validate_ephemeral_containers_update, validate_resize};
pub use volumes::{claim_spec as validate_claim_spec, claim_template as validate_claim_template};

use super::*;
use crate::apimachinery::field_error::BadValue;
use crate::apimachinery::{ErrorList, Map, ObjectMeta, OrdSet, Path};
pub(super) use common::each_container;
use common::*;

/// What the caller validates.
#[derive(Clone, Copy, Default)]
pub struct PodOptions {
    /// A pod, not a specification within something else.
    pub resource_is_pod: bool,
}

const POD: PodOptions = PodOptions { resource_is_pod: true };
const MIRROR: &str = "kubernetes.io/config.mirror";

/// A new pod, its metadata aside.
pub(super) fn create(pod: &Pod, errs: &mut ErrorList) {
    metadata_and_spec(pod, errs);
    let spec = Path::new("spec");
    if !pod.spec.ephemeral_containers.is_empty() {
        errs.forbidden(spec.child("ephemeralContainers"), "cannot be set on create");
    }
    if !pod.spec.node_name.is_empty() && !pod.spec.scheduling_gates.is_empty() {
        errs.forbidden(spec.child("nodeName"), "cannot be set until all schedulingGates have been cleared");
    }
    security::annotations_and_fields(&pod.metadata.annotations, &pod.spec, spec, errs);
}

/// What holds for new and for changed pods.
fn metadata_and_spec(pod: &Pod, errs: &mut ErrorList) {
    let (metadata, spec) = (Path::new("metadata"), Path::new("spec"));
    pod_annotations(&pod.metadata.annotations, &pod.spec, metadata.child("annotations"), errs);
    validate_pod_spec(&pod.spec, Some(&pod.metadata), spec, POD, errs);
    if pod.spec.service_account_name.is_empty() {
        let volumes = spec.child("volumes");
        for (i, v) in pod.spec.volumes.iter().enumerate() {
            let at = volumes.index(i);
            let (projected, list) = (at.child("projected"), v.projected.as_deref().map(|p| &p.sources));
            let sources = projected.child("sources");
            for (j, _) in list.into_iter().flatten().enumerate().filter(|(_, s)| s.service_account_token.is_some()) {
                let at = sources.index(j);
                let why = "must not be specified when serviceAccountName is not set";
                errs.forbidden(at.child("serviceAccountToken"), why);
            }
        }
    }
    for (name, list) in [("containers", &pod.spec.containers), ("initContainers", &pod.spec.init_containers)] {
        let at = spec.child(name);
        for (i, c) in list.iter().enumerate() {
            containers::image_spaces(c, at.index(i), errs);
        }
    }
}

/// The annotations that mean something to pods.
fn pod_annotations(map: &Map, spec: &PodSpec, path: Path, errs: &mut ErrorList) {
    const COST: &str = "controller.kubernetes.io/pod-deletion-cost";
    if let Some(value) = map.get(MIRROR).filter(|_| spec.node_name.is_empty()) {
        errs.invalid(path.key(MIRROR), value, "must set spec.nodeName if mirror pod annotation is set");
    }
    if let Some(value) = map.get(COST) {
        // No sign of plus, no leading zeros.
        let plain = value == "0" || value.starts_with(|c| matches!(c, '-' | '1'..='9'));
        if !plain || value.parse::<i32>().is_err() {
            errs.invalid(path.key(COST), value, "must be a 32bit integer");
        }
    }
    security::annotations(map, spec, path, errs);
}

/// Labels and annotations of a template; StatefulSets look at them twice.
pub fn validate_template_metadata(t: &PodTemplateSpec, path: Path, errs: &mut ErrorList) {
    // Upstream leaves `metadata` out of these paths.
    labels(&t.metadata.labels, path.child("labels"), errs);
    annotations(&t.metadata.annotations, path.child("annotations"), errs);
    pod_annotations(&t.metadata.annotations, &t.spec, path.child("annotations"), errs);
}

/// A template of pods, without what each kind of workload asks beyond it.
pub fn validate_pod_template_spec(t: &PodTemplateSpec, path: Path, errs: &mut ErrorList) {
    validate_template_metadata(t, path, errs);
    let spec = path.child("spec");
    validate_pod_spec(&t.spec, None, spec, PodOptions::default(), errs);
    security::annotations_and_fields(&t.metadata.annotations, &t.spec, spec, errs);
    if !t.spec.ephemeral_containers.is_empty() {
        errs.forbidden(spec.child("ephemeralContainers"), "ephemeral containers not allowed in pod template");
    }
}

/// What Deployments, ReplicaSets, StatefulSets, DaemonSets and ReplicationControllers ask of their templates beyond
/// that; `kind` stands in the message. They run for ever.
pub fn validate_always_template(t: &PodTemplateSpec, kind: &str, path: Path, errs: &mut ErrorList) {
    let spec = path.child("spec");
    if t.spec.restart_policy != "Always" {
        errs.not_supported(spec.child("restartPolicy"), &t.spec.restart_policy, &["Always"]);
    }
    if t.spec.active_deadline_seconds.is_some() {
        let why = format!("activeDeadlineSeconds in {kind} is not Supported");
        errs.forbidden(spec.child("activeDeadlineSeconds"), why);
    }
}

/// `meta` is that of a real pod, and left out for templates.
pub fn validate_pod_spec(s: &PodSpec, meta: Option<&ObjectMeta>, path: Path, opts: PodOptions, errs: &mut ErrorList) {
    if s.termination_grace_period_seconds.is_none() {
        errs.required(path.child("terminationGracePeriodSeconds"), "");
    }
    let around = containers::Around {
        spec: s,
        volumes: volumes::volumes(&s.volumes, meta, opts, path.child("volumes"), errs),
        claims: s.resource_claims.iter().map(|c| c.name.as_str()).filter(|n| !n.is_empty()).collect(),
        host_users: s.host_users != Some(false),
    };
    resource_claims(s, meta, path.child("resourceClaims"), errs);
    containers::containers(&around, path.child("containers"), errs);
    containers::init_containers(&around, path.child("initContainers"), errs);
    containers::ephemeral_containers(&around, path.child("ephemeralContainers"), errs);
    resources::pod_resources(s, &around.claims, path, errs);
    host_network(s, opts, path, errs);
    match s.restart_policy.as_str() {
        "Always" | "OnFailure" | "Never" => {}
        "" => errs.required(path.child("restartPolicy"), ""),
        other => errs.not_supported(path.child("restartPolicy"), other, &["Always", "OnFailure", "Never"]),
    }
    const DNS: &[&str] = &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    match s.dns_policy.as_str() {
        "" => errs.required(path.child("dnsPolicy"), ""),
        policy if !DNS.contains(&policy) => errs.not_supported(path.child("dnsPolicy"), policy, DNS),
        _ => {}
    }
    labels(&s.node_selector, path.child("nodeSelector"), errs);
    security::pod(s, path, errs);
    if let Some(a) = s.affinity.as_deref() {
        scheduling::affinity(a, path.child("affinity"), errs);
    }
    dns_config(s, path.child("dnsConfig"), errs);
    scheduling::gates(s, path, errs);
    scheduling::spread(&s.topology_spread_constraints, path.child("topologySpreadConstraints"), errs);
    security::host_users(s, path, errs);
    hostname_override(s, path.child("hostnameOverride"), errs);
    for (name, value) in [("serviceAccountName", &s.service_account_name), ("nodeName", &s.node_name)] {
        if !value.is_empty() {
            dns_subdomain(value, path.child(name), errs);
        }
    }
    if let Some(seconds) = s.active_deadline_seconds.filter(|s| !(1..=i64::from(i32::MAX)).contains(s)) {
        errs.invalid(path.child("activeDeadlineSeconds"), seconds, "must be between 1 and 2147483647, inclusive");
    }
    for (name, value) in [("hostname", &s.hostname), ("subdomain", &s.subdomain)] {
        if !value.is_empty() {
            dns_label(value, path.child(name), errs);
        }
    }
    scheduling::tolerations(&s.tolerations, path.child("tolerations"), errs);
    let aliases = path.child("hostAliases");
    for (i, a) in s.host_aliases.iter().enumerate() {
        let at = aliases.index(i);
        ip(&a.ip, at.child("ip"), errs);
        let names = at.child("hostnames");
        for (j, name) in a.hostnames.iter().enumerate() {
            dns_subdomain(name, names.index(j), errs);
        }
    }
    if !s.priority_class_name.is_empty() {
        dns_subdomain(&s.priority_class_name, path.child("priorityClassName"), errs);
    }
    if let Some(class) = &s.runtime_class_name {
        dns_subdomain(class, path.child("runtimeClassName"), errs);
    }
    match s.preemption_policy.as_deref() {
        None | Some("PreemptLowerPriority" | "Never") => {}
        Some("") => errs.required(path.child("preemptionPolicy"), ""),
        Some(other) => errs.not_supported(path.child("preemptionPolicy"), other, &["PreemptLowerPriority", "Never"]),
    }
    if !s.overhead.is_empty() {
        let limits = ResourceRequirements { limits: s.overhead.clone(), ..ResourceRequirements::default() };
        resources::requirements(&limits, &OrdSet::new(), path.child("overhead"), errs);
    }
    security::operating_system(s, path, errs);
    env::file_key_volumes(s, path, errs);
}

fn resource_claims(s: &PodSpec, meta: Option<&ObjectMeta>, path: Path, errs: &mut ErrorList) {
    let mut seen = OrdSet::new();
    for (i, c) in s.resource_claims.iter().enumerate() {
        if meta.is_some_and(|m| m.annotations.contains_key(MIRROR)) {
            errs.forbidden(Path::new(""), "static pods do not support resource claims");
            continue;
        }
        let at = path.index(i);
        if c.name.is_empty() {
            errs.required(at.child("name"), "");
        } else if !seen.insert(c.name.as_str()) {
            errs.duplicate(at.child("name"), &c.name);
        } else {
            dns_label(&c.name, at.child("name"), errs);
        }
        let shown = || BadValue::raw(internal::tree(c, "PodResourceClaim").compact());
        match (&c.resource_claim_name, &c.resource_claim_template_name) {
            (Some(_), Some(_)) => {
                let why = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified";
                errs.invalid(at, shown(), why);
            }
            (None, None) => {
                let why = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`";
                errs.invalid(at, shown(), why);
            }
            _ => {}
        }
        for (name, value) in [
            ("resourceClaimName", &c.resource_claim_name),
            ("resourceClaimTemplateName", &c.resource_claim_template_name),
        ] {
            if let Some(value) = value {
                dns_subdomain(value, at.child(name), errs);
            }
        }
    }
}

/// On the host's network a container's port is the host's; templates may leave it to the pod's defaults.
fn host_network(s: &PodSpec, opts: PodOptions, path: Path, errs: &mut ErrorList) {
    if !s.host_network {
        return;
    }
    let list = path.child("containers");
    for (i, c) in s.containers.iter().enumerate() {
        let at = list.index(i);
        let ports = at.child("ports");
        for (j, p) in c.ports.iter().enumerate() {
            if (opts.resource_is_pod || p.host_port != 0) && p.host_port != p.container_port {
                let at = ports.index(j);
                let why = "must match `containerPort` when `hostNetwork` is true";
                errs.invalid(at.child("hostPort"), p.host_port, why);
            }
        }
    }
}

fn dns_config(s: &PodSpec, path: Path, errs: &mut ErrorList) {
    let none = s.dns_policy == "None";
    let Some(c) = s.dns_config.as_deref() else {
        if none {
            errs.required(path, "must provide `dnsConfig` when `dnsPolicy` is None");
        }
        return;
    };
    let servers = path.child("nameservers");
    if none && c.nameservers.is_empty() {
        return errs.required(servers, "must provide at least one DNS nameserver when `dnsPolicy` is None");
    }
    if c.nameservers.len() > 3 {
        errs.invalid(servers, BadValue::of(&c.nameservers), "must not have more than 3 nameservers");
    }
    for (i, server) in c.nameservers.iter().enumerate() {
        ip(server, servers.index(i), errs);
    }
    let searches = path.child("searches");
    if c.searches.len() > 32 {
        errs.invalid(searches, BadValue::of(&c.searches), "must not have more than 32 search paths");
    }
    let length = c.searches.iter().map(|s| s.len() + 1).sum::<usize>().saturating_sub(1);
    if length > 2048 {
        let why = "must not have more than 2048 characters (including spaces) in the search list";
        errs.invalid(searches, BadValue::of(&c.searches), why);
    }
    for (i, search) in c.searches.iter().enumerate().filter(|(_, s)| *s != ".") {
        let search = search.strip_suffix('.').unwrap_or(search);
        errs.invalid_each(searches.index(i), search, names::is_dns1123_subdomain_with_underscore(search));
    }
    let options = path.child("options");
    for (i, _) in c.options.iter().enumerate().filter(|(_, o)| o.name.is_empty()) {
        errs.required(options.index(i), "must not be empty");
    }
}

fn hostname_override(s: &PodSpec, path: Path, errs: &mut ErrorList) {
    let Some(name) = &s.hostname_override else { return };
    if s.set_hostname_as_fqdn == Some(true) {
        errs.forbidden(path, "may not be specified when setHostnameAsFQDN is true");
    }
    if s.host_network {
        errs.forbidden(path, "may not be specified when hostNetwork is true");
    }
    if name.len() > 64 {
        errs.too_long(path, 64);
    }
    dns_subdomain(name, path, errs);
}

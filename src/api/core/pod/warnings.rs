//! What is right but unwise in a pod or a template.
//!
//! Upstream: pkg/api/pod/warnings.go, pkg/api/node/util.go (GetNodeLabelDeprecatedMessage),
//! pkg/registry/core/pod/strategy.go (WarningsOnCreate)
//! Differs: nothing known.

use super::strategy::profile_of_annotation;
use super::*;
use crate::apimachinery::ip::warning_for_ip;
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::{Map, ObjectMeta, OrdMap, OrdSet, Path, names};

/// Only of new pods: updates are many, and seldom by hand.
pub(super) fn of_pod(pod: &Pod, old: Option<&Pod>, out: &mut Vec<String>) {
    if old.is_some() {
        return;
    }
    let messages = names::is_dns1123_label(&pod.metadata.name);
    if !messages.is_empty() {
        out.push(format!(
            "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; \
             a DNS label is recommended: [{}]",
            messages.join(" ")
        ));
    }
    warn(&pod.spec, &pod.metadata, Path::ROOT, false, out);
}

/// `path` is that of the template: `spec.template`.
pub fn template_warnings(t: &PodTemplateSpec, path: Path, out: &mut Vec<String>) {
    warn(&t.spec, &t.metadata, path, true, out);
}

/// What is said of a node label that has a better name.
pub fn node_label_deprecation(key: &str) -> Option<&'static str> {
    Some(match key {
        "beta.kubernetes.io/arch" => "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
        "beta.kubernetes.io/os" => "deprecated since v1.14; use \"kubernetes.io/os\" instead",
        "failure-domain.beta.kubernetes.io/region" => {
            "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead"
        }
        "failure-domain.beta.kubernetes.io/zone" => {
            "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"
        }
        "beta.kubernetes.io/instance-type" => {
            "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"
        }
        "app.kubernetes.io/created-by" => "deprecated since v1.9",
        "scheduler.alpha.kubernetes.io/preferAvoidPods" => "deprecated since v1.22; use Taints and Tolerations instead",
        "node-role.kubernetes.io/master" => "use \"node-role.kubernetes.io/control-plane\" instead",
        _ => return None,
    })
}

const ANNOTATIONS: &[(&str, &str)] = &[
    (
        "scheduler.alpha.kubernetes.io/critical-pod",
        "non-functional in v1.16+; use the \"priorityClassName\" field instead",
    ),
    ("security.alpha.kubernetes.io/sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
    ("security.alpha.kubernetes.io/unsafe-sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
];

fn warn(spec: &PodSpec, meta: &ObjectMeta, root: Path, template: bool, out: &mut Vec<String>) {
    let path = root.child("spec");
    let metadata = root.child("metadata");
    let annotations = metadata.child("annotations");
    node_labels(spec, path, out);
    for (key, why) in ANNOTATIONS {
        if meta.annotations.contains_key(key) {
            out.push(format!("{}: {why}", annotations.key(key)));
        }
    }
    volumes(spec, path.child("volumes"), out);
    overlaps(spec, out);
    let mut seen = OrdSet::new();
    let list = path.child("hostAliases");
    for (i, a) in spec.host_aliases.iter().enumerate() {
        if !seen.insert(a.ip.as_str()) {
            let at = list.index(i);
            out.push(format!("{}: duplicate ip \"{}\"", at.child("ip"), a.ip));
        }
    }
    let mut seen = OrdSet::new();
    let list = path.child("imagePullSecrets");
    for (i, s) in spec.image_pull_secrets.iter().enumerate() {
        if !seen.insert(s.name.as_str()) {
            let at = list.index(i);
            out.push(format!("{}: duplicate name \"{}\"", at.child("name"), s.name));
        }
    }
    for (i, _) in spec.image_pull_secrets.iter().enumerate().filter(|(_, s)| s.name.is_empty()) {
        let at = list.index(i);
        out.push(format!("{}: invalid empty name \"\"", at.child("name")));
    }
    fractions(&spec.overhead, path.child("overhead"), out);
    containers(spec, meta, path, annotations, template, out);
    ports(spec, path, out);
    if spec.termination_grace_period_seconds.is_some_and(|s| s < 0) {
        out.push(format!(
            "{}: must be >= 0; negative values are invalid and will be treated as 1",
            path.child("terminationGracePeriodSeconds")
        ));
    }
    null_selectors(spec, path, out);
    if let Some(c) = spec.dns_config.as_deref() {
        let at = path.child("dnsConfig");
        let list = at.child("nameservers");
        for (i, server) in c.nameservers.iter().enumerate() {
            out.extend(warning_for_ip(&list.index(i).to_string(), server));
        }
    }
    let list = path.child("hostAliases");
    for (i, a) in spec.host_aliases.iter().enumerate() {
        let at = list.index(i);
        out.extend(warning_for_ip(&at.child("ip").to_string(), &a.ip));
    }
}

fn node_labels(spec: &PodSpec, path: Path, out: &mut Vec<String>) {
    let selector = path.child("nodeSelector");
    for key in spec.node_selector.keys() {
        if let Some(why) = node_label_deprecation(key) {
            out.push(format!("{}: {why}", selector.key(key)));
        }
    }
    let mut term = |t: &NodeSelectorTerm, check_values: bool, path: Path| {
        let list = path.child("matchExpressions");
        for (i, e) in t.match_expressions.iter().enumerate() {
            let at = list.index(i);
            if let Some(why) = node_label_deprecation(&e.key) {
                out.push(format!("{}: {} is {why}", at.child("key"), e.key));
            }
            let values = at.child("values");
            for (j, value) in e.values.iter().enumerate().filter(|_| check_values) {
                for m in names::is_valid_label_value(value) {
                    out.push(format!("{}: {value} is invalid, {m}", values.index(j)));
                }
            }
        }
    };
    if let Some(n) = spec.affinity.as_deref().and_then(|a| a.node_affinity.as_deref()) {
        let affinity = path.child("affinity");
        let at = affinity.child("nodeAffinity");
        let required = at.child("requiredDuringSchedulingIgnoredDuringExecution");
        let terms = required.child("nodeSelectorTerms");
        let list = n.required_during_scheduling_ignored_during_execution.as_deref().map(|s| &s.node_selector_terms);
        for (i, t) in list.into_iter().flatten().enumerate() {
            term(t, false, terms.index(i));
        }
        let preferred = at.child("preferredDuringSchedulingIgnoredDuringExecution");
        for (i, t) in n.preferred_during_scheduling_ignored_during_execution.iter().enumerate() {
            let at = preferred.index(i);
            term(&t.preference, true, at.child("preference"));
        }
    }
    let list = path.child("topologySpreadConstraints");
    for (i, c) in spec.topology_spread_constraints.iter().enumerate() {
        let at = list.index(i);
        if let Some(why) = node_label_deprecation(&c.topology_key) {
            out.push(format!("{}: {} is {why}", at.child("topologyKey"), c.topology_key));
        }
        if c.label_selector.is_none() {
            out.push(format!("{}: {NULL_SELECTOR}", at.child("labelSelector")));
        }
    }
}

const NULL_SELECTOR: &str = "a null labelSelector results in matching no pod";

fn null_selectors(spec: &PodSpec, path: Path, out: &mut Vec<String>) {
    let Some(a) = spec.affinity.as_deref() else { return };
    let affinity = path.child("affinity");
    let mut both = |name: &str, required: &[PodAffinityTerm], preferred: &[WeightedPodAffinityTerm]| {
        let at = affinity.child(name);
        let list = at.child("requiredDuringSchedulingIgnoredDuringExecution");
        for (i, _) in required.iter().enumerate().filter(|(_, t)| t.label_selector.is_none()) {
            let at = list.index(i);
            out.push(format!("{}: {NULL_SELECTOR}", at.child("labelSelector")));
        }
        let list = at.child("preferredDuringSchedulingIgnoredDuringExecution");
        for (i, _) in preferred.iter().enumerate().filter(|(_, t)| t.pod_affinity_term.label_selector.is_none()) {
            let at = list.index(i);
            let term = at.child("podAffinityTerm");
            out.push(format!("{}: {NULL_SELECTOR}", term.child("labelSelector")));
        }
    };
    if let Some(p) = a.pod_affinity.as_deref() {
        let required = &p.required_during_scheduling_ignored_during_execution;
        both("podAffinity", required, &p.preferred_during_scheduling_ignored_during_execution);
    }
    if let Some(p) = a.pod_anti_affinity.as_deref() {
        let required = &p.required_during_scheduling_ignored_during_execution;
        both("podAntiAffinity", required, &p.preferred_during_scheduling_ignored_during_execution);
    }
}

fn volumes(spec: &PodSpec, path: Path, out: &mut Vec<String>) {
    for (i, v) in spec.volumes.iter().enumerate() {
        let at = path.index(i);
        let mut gone = |source: &crate::apimachinery::codec::Opaque, name: &str, why: &str| {
            if source.value().is_some() {
                out.push(format!("{}: {why}", at.child(name)));
            }
        };
        gone(&v.photon_persistent_disk, "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+");
        gone(&v.git_repo, "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+");
        gone(&v.scale_io, "scaleIO", "deprecated in v1.16, non-functional in v1.22+");
        gone(&v.flocker, "flocker", "deprecated in v1.22, non-functional in v1.25+");
        gone(&v.storageos, "storageOS", "deprecated in v1.22, non-functional in v1.25+");
        gone(&v.quobyte, "quobyte", "deprecated in v1.22, non-functional in v1.25+");
        gone(&v.glusterfs, "glusterfs", "deprecated in v1.25, non-functional in v1.26+");
        if let Some(t) = v.ephemeral.as_deref().and_then(|e| e.volume_claim_template.as_deref()) {
            let ephemeral = at.child("ephemeral");
            let template = ephemeral.child("volumeClaimTemplate");
            claim_spec_warnings(&t.spec, template.child("spec"), out);
        }
        let mut gone = |source: &crate::apimachinery::codec::Opaque, name: &str| {
            if source.value().is_some() {
                out.push(format!("{}: deprecated in v1.28, non-functional in v1.31+", at.child(name)));
            }
        };
        gone(&v.cephfs, "cephfs");
        gone(&v.rbd, "rbd");
    }
}

/// Of claims and of the templates of claims.
pub fn claim_spec_warnings(s: &PersistentVolumeClaimSpec, path: Path, out: &mut Vec<String>) {
    let resources = path.child("resources");
    for (name, list) in [("requests", &s.resources.requests), ("limits", &s.resources.limits)] {
        fraction(list, "storage", resources.child(name), out);
    }
}

fn fraction(list: &Map<Quantity>, name: &str, path: Path, out: &mut Vec<String>) {
    if let Some(q) = list.get(name).filter(|q| q.milli_value() % 1000 != 0) {
        out.push(format!("{}: fractional byte value \"{q}\" is invalid, must be an integer", path.key(name)));
    }
}

fn fractions(list: &Map<Quantity>, path: Path, out: &mut Vec<String>) {
    fraction(list, "memory", path, out);
    fraction(list, "ephemeral-storage", path, out);
}

fn containers(spec: &PodSpec, meta: &ObjectMeta, path: Path, annotations: Path, template: bool, out: &mut Vec<String>) {
    const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
    let seccomp = |key: &str| {
        format!("{}: non-functional in v1.27+; use the \"seccompProfile\" field instead", annotations.key(key))
    };
    let own = spec.security_context.as_deref();
    if own.is_none_or(|s| s.seccomp_profile.is_none()) && meta.annotations.contains_key(SECCOMP_POD) {
        out.push(seccomp(SECCOMP_POD));
    }
    validate::each_container(spec, path, &mut |c, at| {
        let context = c.security_context.as_deref();
        let key = format!("container.seccomp.security.alpha.kubernetes.io/{}", c.name);
        if context.is_none_or(|s| s.seccomp_profile.is_none()) && meta.annotations.contains_key(&key) {
            out.push(seccomp(&key));
        }
        let key = format!("container.apparmor.security.beta.kubernetes.io/{}", c.name);
        if template
            && context.is_none_or(|s| s.app_armor_profile.is_none())
            && let Some(annotation) = meta.annotations.get(&key)
        {
            let of_pod = own.and_then(|s| s.app_armor_profile.as_deref());
            if of_pod.is_none() || of_pod != profile_of_annotation(annotation).as_ref() {
                let why = "deprecated since v1.30; use the \"appArmorProfile\" field instead";
                out.push(format!("{}: {why}", annotations.key(&key)));
            }
        }
        let resources = at.child("resources");
        for name in ["memory", "ephemeral-storage"] {
            fraction(&c.resources.limits, name, resources.child("limits"), out);
            fraction(&c.resources.requests, name, resources.child("requests"), out);
        }
        let (env, mut seen) = (at.child("env"), OrdSet::new());
        for (i, v) in c.env.iter().enumerate() {
            // A second value is fine where it is made of the first.
            let reference = format!("$({})", v.name);
            let hides = v.value_from.is_some() || v.value == reference || !v.value.contains(&reference);
            if !seen.insert(v.name.as_str()) && hides {
                out.push(format!(
                    "{}: hides previous definition of \"{}\", which may be dropped when using apply",
                    env.index(i),
                    v.name
                ));
            }
        }
    });
}

fn ports(spec: &PodSpec, path: Path, out: &mut Vec<String>) {
    let mut all: OrdMap<String, Vec<(String, ContainerPort)>> = OrdMap::new();
    validate::each_container(spec, path, &mut |c, at| {
        let list = at.child("ports");
        for (i, p) in c.ports.iter().enumerate() {
            let here = list.index(i).to_string();
            if !p.host_ip.is_empty() && p.host_port == 0 {
                out.push(format!(
                    "{here}: hostIP set without hostPort: {{Name:{} HostPort:{} ContainerPort:{} Protocol:{} HostIP:{}}}",
                    p.name, p.host_port, p.container_port, p.protocol, p.host_ip
                ));
            }
            let others = all.or_insert_with(format!("{}/{}", p.container_port, p.protocol), Vec::new);
            for (there, o) in others.iter() {
                let what = if p.host_ip == o.host_ip && p.host_port == o.host_port {
                    "duplicate"
                } else if p.host_port == 0 || o.host_port == 0 {
                    "overlapping"
                } else if p.host_port == o.host_port && p.host_ip.is_empty() != o.host_ip.is_empty() {
                    "dangerously ambiguous"
                } else {
                    continue;
                };
                out.push(format!("{here}: {what} port definition with {there}"));
            }
            others.push((here, p.clone()));
        }
    });
    let mut names: OrdMap<crate::apimachinery::Str, String> = OrdMap::new();
    validate::each_container(spec, path, &mut |c, at| {
        let list = at.child("ports");
        for (i, p) in c.ports.iter().enumerate().filter(|(_, p)| !p.name.is_empty()) {
            let here = list.index(i);
            match names.get(&p.name) {
                Some(first) => out.push(format!(
                    "{here}: duplicate port name \"{}\" with {first}, services and probes that select ports by name \
                     will use {first}",
                    p.name
                )),
                None => {
                    names.insert(p.name.clone(), here.to_string());
                }
            }
        }
    });
}

/// Files of one volume that cannot both be there.
fn overlaps(spec: &PodSpec, out: &mut Vec<String>) {
    for v in &spec.volumes {
        let keys = |items: &[KeyToPath], source: &str| -> Vec<Target> {
            items.iter().map(|k| Target::new(&k.path, source)).collect()
        };
        let files = |items: &[DownwardAPIVolumeFile], source: &str| -> Vec<Target> {
            items.iter().map(|f| Target::new(&f.path, source)).collect()
        };
        let mut check = |what: &str, targets: Vec<Target>, all: &mut Vec<Target>| {
            for t in targets {
                for other in all.iter().filter(|o| t.collides(o)) {
                    out.push(format!("volume \"{}\" ({what}): overlapping paths: {t} with {other}", v.name));
                }
                all.push(t);
            }
        };
        if let Some(c) = v.config_map.as_deref() {
            check(&format!("ConfigMap \"{}\"", c.name), keys(&c.items, ""), &mut Vec::new());
        }
        if let Some(s) = v.secret.as_deref() {
            check(&format!("Secret \"{}\"", s.secret_name), keys(&s.items, ""), &mut Vec::new());
        }
        if let Some(d) = v.downward_api.as_deref() {
            check("DownwardAPI", files(&d.items, ""), &mut Vec::new());
        }
        let Some(p) = v.projected.as_deref() else { continue };
        let mut all = Vec::new();
        let mut empty = 0;
        for s in &p.sources {
            if *s == VolumeProjection::default() {
                empty += 1;
                continue;
            }
            let targets = if let Some(c) = s.config_map.as_deref().filter(|c| !c.items.is_empty()) {
                keys(&c.items, &format!("ConfigMap \"{}\"", c.name))
            } else if let Some(c) = s.secret.as_deref().filter(|c| !c.items.is_empty()) {
                keys(&c.items, &format!("Secret \"{}\"", c.name))
            } else if let Some(d) = s.downward_api.as_deref().filter(|d| !d.items.is_empty()) {
                files(&d.items, "DownwardAPI")
            } else if let Some(t) = s.service_account_token.as_deref() {
                vec![Target::new(&t.path, "ServiceAccountToken")]
            } else {
                Vec::new()
            };
            check("Projected", targets, &mut all);
        }
        for _ in 0..empty {
            out.push(format!("volume \"{}\" (Projected) has no sources provided", v.name));
        }
    }
}

/// A file within a volume, and where it comes from.
#[derive(PartialEq)]
struct Target {
    path: String,
    source: String,
}

impl Target {
    fn new(path: &str, source: &str) -> Target {
        Target { path: path.trim_end_matches('/').to_owned(), source: source.to_owned() }
    }

    fn collides(&self, other: &Target) -> bool {
        let within = |a: &str, b: &str| format!("{a}/").starts_with(&format!("{b}/"));
        !self.path.is_empty()
            && !other.path.is_empty()
            && (within(&self.path, &other.path) || within(&other.path, &self.path))
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{}\"", self.path)?;
        if self.source.is_empty() { Ok(()) } else { write!(f, " ({})", self.source) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::core::pod::testing::pod;

    #[test]
    fn warnings_of_new_pods() {
        for (name, spec, want) in [
            ("web", r#""imagePullSecrets":[{"name":""}]"#, r#"spec.imagePullSecrets[0].name: invalid empty name """#),
            (
                "web",
                r#""nodeSelector":{"beta.kubernetes.io/os":"linux"}"#,
                r#"spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead"#,
            ),
            (
                "web",
                r#""containers":[{"name":"a","env":[{"name":"A","value":"1"},{"name":"A","value":"2"}]}]"#,
                r#"spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply"#,
            ),
            ("web", r#""containers":[{"name":"a","env":[{"name":"A","value":"1"},{"name":"A","value":"$(A)2"}]}]"#, ""),
            (
                "web",
                r#""containers":[{"name":"a","ports":[{"containerPort":80,"protocol":"TCP"},{"containerPort":80,"protocol":"TCP"}]}]"#,
                "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]",
            ),
            (
                "web",
                r#""containers":[{"name":"a","resources":{"limits":{"memory":"100m"}}}]"#,
                r#"spec.containers[0].resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer"#,
            ),
            (
                "web",
                r#""volumes":[{"name":"v","configMap":{"name":"c","items":[{"key":"a","path":"x"},{"key":"b","path":"x/y"}]}}]"#,
                r#"volume "v" (ConfigMap "c"): overlapping paths: "x/y" with "x""#,
            ),
            (
                "web",
                r#""terminationGracePeriodSeconds":-1"#,
                "spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1",
            ),
        ] {
            let p = pod(&format!(r#"{{"metadata":{{"name":"{name}"}},"spec":{{{spec}}}}}"#));
            let mut out = Vec::new();
            of_pod(&p, None, &mut out);
            assert_eq!(out.join("|"), want);
        }
    }

    #[test]
    fn a_dot_in_the_name_is_a_surprise() {
        let mut out = Vec::new();
        of_pod(&pod(r#"{"metadata":{"name":"a.b"},"spec":{}}"#), None, &mut out);
        assert!(out[0].ends_with("a DNS label is recommended: [must not contain dots]"), "{out:?}");
    }
}

//! What a container is started with: its variables, its command with references filled in, and checks of its user.
//!
//! Upstream: pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables), third_party/forked/golang/expansion,
//! pkg/kubelet/envvars/envvars.go, pkg/kubelet/kuberuntime/security_context.go (verifyRunAsNonRoot)
//! Differs: fileKeyRef is left out.

use super::Cx;
use super::pod_worker::{PodWorker, find_spec};
use crate::api::Key;
use crate::api::core::{ConfigMap, Container as Spec, EnvVarSource, Pod, ResourceFieldSelector, Secret, Service};
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::{List, Str};
use crate::runtime::images::Pulled;

pub(super) struct Config {
    pub(super) command: Vec<Str>,
    pub(super) args: Vec<Str>,
    pub(super) env: List<(Str, Str)>,
    pub(super) services: List<(Str, Str)>,
}

/// `$(NAME)` from `look`; `$$` is a dollar; what is not found stays as it is.
pub(super) fn expand(text: &Str, look: impl Fn(&str) -> Option<Str>) -> Str {
    if !text.contains('$') {
        return text.clone();
    }
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(end) = rest.strip_prefix('(').and_then(|r| r.find(')')) {
            let name = &rest[1..=end];
            match look(name) {
                Some(v) => out.push_str(&v),
                None => out.push_str(&format!("$({name})")),
            }
            rest = &rest[end + 2..];
        } else {
            out.push('$');
        }
    }
    out.push_str(rest);
    Str::from(out)
}

pub(super) fn container_config(w: &PodWorker, spec: &Spec, image: &Pulled, cx: &mut Cx) -> Result<Config, String> {
    verify_user(w, spec, image)?;
    let env = variables(w, spec, cx)?;
    let services = service_variables(w, cx);
    let look = |name: &str| {
        let find = |list: &[(Str, Str)]| list.iter().rev().find(|(k, _)| k == name).map(|(_, v)| v.clone());
        find(&env).or_else(|| find(&services))
    };
    Ok(Config {
        command: spec.command.iter().map(|c| expand(c, look)).collect(),
        args: spec.args.iter().map(|c| expand(c, look)).collect(),
        services: services.clone(),
        env: List::from(env.clone()),
    })
}

fn verify_user(w: &PodWorker, spec: &Spec, image: &Pulled) -> Result<(), String> {
    let own = spec.security_context.as_deref();
    let pod = w.pod.spec.security_context.as_deref();
    let non_root = own.and_then(|c| c.run_as_non_root).or(pod.and_then(|c| c.run_as_non_root));
    if non_root != Some(true) {
        return Ok(());
    }
    let user = own.and_then(|c| c.run_as_user).or(pod.and_then(|c| c.run_as_user));
    let whom = format!("(pod: {:?}, container: {})", w.describe(), spec.name);
    match user {
        Some(0) => Err(format!("container's runAsUser breaks non-root policy {whom}")),
        None if image.image.user == 0 && !image.image.open => {
            Err(format!("container has runAsNonRoot and image will run as root {whom}"))
        }
        _ => Ok(()),
    }
}

/// Upstream: makeEnvironmentVariables.
fn variables(w: &PodWorker, spec: &Spec, cx: &mut Cx) -> Result<Vec<(Str, Str)>, String> {
    let namespace = &w.pod.metadata.namespace;
    let mut out: Vec<(Str, Str)> = Vec::new();
    for from in &spec.env_from {
        let prefixed =
            |k: &Str| if from.prefix.is_empty() { k.clone() } else { Str::from(format!("{}{k}", from.prefix)) };
        if let Some(r) = &from.config_map_ref {
            match cx.t.view.get::<ConfigMap>(&Key::new(namespace.clone(), r.name.clone())) {
                Some(m) => out.extend(m.data.iter().map(|(k, v)| (prefixed(k), v.clone()))),
                None if r.optional == Some(true) => {}
                None => return Err(format!("configmap {:?} not found", r.name)),
            }
        }
        if let Some(r) = &from.secret_ref {
            match cx.t.view.get::<Secret>(&Key::new(namespace.clone(), r.name.clone())) {
                Some(s) => out.extend(s.data.iter().map(|(k, v)| (prefixed(k), Str::from(v.to_text())))),
                None if r.optional == Some(true) => {}
                None => return Err(format!("secret {:?} not found", r.name)),
            }
        }
    }
    let services = if spec.env.iter().any(|e| e.value.contains('$')) { service_variables(w, cx) } else { List::EMPTY };
    for e in &spec.env {
        let value = match &e.value_from {
            None => {
                let look = |name: &str| {
                    let found = out.iter().rev().find(|(k, _)| k == name);
                    found.or_else(|| services.iter().rev().find(|(k, _)| k == name)).map(|(_, v)| v.clone())
                };
                Some(expand(&e.value, look))
            }
            Some(source) => from_source(w, spec, source, cx)?,
        };
        if let Some(v) = value {
            out.push((e.name.clone(), v));
        }
    }
    Ok(out)
}

fn from_source(w: &PodWorker, spec: &Spec, source: &EnvVarSource, cx: &mut Cx) -> Result<Option<Str>, String> {
    let namespace = &w.pod.metadata.namespace;
    if let Some(f) = &source.field_ref {
        return field(w, &f.field_path, cx).map(Some);
    }
    if let Some(r) = &source.resource_field_ref {
        let pod = w.pod.clone();
        let target = if r.container_name.is_empty() { Some(spec) } else { find_spec(&pod, &r.container_name) };
        let Some(target) = target else { return Err(format!("container {} not found", r.container_name)) };
        return resource(target, r, cx).map(Some);
    }
    if let Some(r) = &source.config_map_key_ref {
        let optional = r.optional == Some(true);
        return match cx.t.view.get::<ConfigMap>(&Key::new(namespace.clone(), r.name.clone())) {
            None if optional => Ok(None),
            None => Err(format!("configmap {:?} not found", r.name)),
            Some(m) => match m.data.get(&r.key) {
                Some(v) => Ok(Some(v.clone())),
                None if optional => Ok(None),
                None => Err(format!("couldn't find key {} in ConfigMap {namespace}/{}", r.key, r.name)),
            },
        };
    }
    if let Some(r) = &source.secret_key_ref {
        let optional = r.optional == Some(true);
        return match cx.t.view.get::<Secret>(&Key::new(namespace.clone(), r.name.clone())) {
            None if optional => Ok(None),
            None => Err(format!("secret {:?} not found", r.name)),
            Some(s) => match s.data.get(&r.key) {
                Some(v) => Ok(Some(Str::from(v.to_text()))),
                None if optional => Ok(None),
                None => Err(format!("couldn't find key {} in Secret {namespace}/{}", r.key, r.name)),
            },
        };
    }
    Ok(None)
}

/// Upstream: podFieldSelectorRuntimeValue, pkg/fieldpath.
pub(super) fn field(w: &PodWorker, path: &str, cx: &Cx) -> Result<Str, String> {
    let pod = &w.pod;
    if let Some(value) = metadata_field(pod, path) {
        return Ok(value);
    }
    match path {
        "spec.nodeName" => Ok(pod.spec.node_name.clone()),
        "spec.serviceAccountName" => Ok(pod.spec.service_account_name.clone()),
        "status.hostIP" | "status.hostIPs" => Ok(cx.k.machine.internal_ip.clone()),
        "status.podIP" | "status.podIPs" => Ok(w.pod_ip(cx)),
        _ => Err(format!("unsupported fieldPath: {path}")),
    }
}

/// `key="value"` lines for whole maps.
pub(super) fn metadata_field(pod: &Pod, path: &str) -> Option<Str> {
    let m = &pod.metadata;
    let lines = |map: &crate::apimachinery::Map| {
        let all: Vec<String> = map.iter().map(|(k, v)| format!("{k}={:?}", v.as_str())).collect();
        Str::from(all.join("\n"))
    };
    let key = |rest: &str| rest.strip_prefix("['").and_then(|r| r.strip_suffix("']")).map(str::to_owned);
    Some(match path {
        "metadata.name" => m.name.clone(),
        "metadata.namespace" => m.namespace.clone(),
        "metadata.uid" => m.uid.clone(),
        "metadata.labels" => lines(&m.labels),
        "metadata.annotations" => lines(&m.annotations),
        _ => {
            if let Some(k) = path.strip_prefix("metadata.labels").and_then(key) {
                m.labels.get(&k).cloned().unwrap_or_default()
            } else if let Some(k) = path.strip_prefix("metadata.annotations").and_then(key) {
                m.annotations.get(&k).cloned().unwrap_or_default()
            } else {
                return None;
            }
        }
    })
}

/// Upstream: pkg/api/v1/resource/helpers.go (ExtractContainerResourceValue); a missing limit is the node's.
pub(super) fn resource(spec: &Spec, r: &ResourceFieldSelector, cx: &Cx) -> Result<Str, String> {
    let Some((which, name)) = r.resource.split_once('.') else {
        return Err(format!("unsupported container resource : {}", r.resource));
    };
    let machine = &cx.k.machine;
    let node = |name: &str| {
        let text = match name {
            "cpu" => &machine.cpu,
            "memory" => &machine.memory,
            "ephemeral-storage" => &machine.ephemeral_storage,
            _ => return Quantity::zero(),
        };
        Quantity::parse(text).unwrap_or_default()
    };
    let value = match which {
        "limits" => spec.resources.limits.get(name).cloned().unwrap_or_else(|| node(name)),
        "requests" => spec.resources.requests.get(name).cloned().unwrap_or_default(),
        _ => return Err(format!("unsupported container resource : {}", r.resource)),
    };
    let divided = if name == "cpu" {
        let divisor = if r.divisor.is_zero() { 1000 } else { r.divisor.milli_value().max(1) };
        value.milli_value().div_euclid(divisor) + i64::from(value.milli_value().rem_euclid(divisor) != 0)
    } else {
        let divisor = if r.divisor.is_zero() { 1 } else { r.divisor.value().max(1) };
        value.value().div_euclid(divisor) + i64::from(value.value().rem_euclid(divisor) != 0)
    };
    Ok(Str::from(divided.to_string()))
}

/// The variables of all services that the pod may see; one list for all pods of a namespace.
fn service_variables(w: &PodWorker, cx: &mut Cx) -> List<(Str, Str)> {
    let links = w.pod.spec.enable_service_links != Some(false);
    let namespace = w.pod.metadata.namespace.clone();
    let mut all: Vec<(Str, Str)> = Vec::new();
    let own = if links { Some(namespace.as_str()) } else { None };
    let has_own_kubernetes = links && namespace == "default";
    if !has_own_kubernetes && let Some(s) = cx.t.view.get::<Service>(&Key::new("default", "kubernetes")) {
        service_lines(s, &mut all);
    }
    if let Some(ns) = own {
        for s in cx.t.view.list::<Service>(Some(ns)) {
            service_lines(s, &mut all);
        }
    }
    let cached = Str::from(format!("{namespace}/{links}"));
    match cx.k.services.get(&cached) {
        Some(list) if **list == *all => list.clone(),
        _ => {
            let list = List::from(all);
            cx.k.services.insert(cached, list.clone());
            list
        }
    }
}

/// Upstream: envvars.FromServices.
fn service_lines(s: &Service, out: &mut Vec<(Str, Str)>) {
    let ip = &s.spec.cluster_ip;
    let Some(first) = s.spec.ports.first() else { return };
    if ip.is_empty() || ip == "None" {
        return;
    }
    let upper = |t: &str| t.to_ascii_uppercase().replace('-', "_");
    let name = upper(&s.metadata.name);
    let mut put = |k: String, v: String| out.push((Str::from(k), Str::from(v)));
    put(format!("{name}_SERVICE_HOST"), ip.to_string());
    put(format!("{name}_SERVICE_PORT"), first.port.to_string());
    for p in s.spec.ports.iter().filter(|p| !p.name.is_empty()) {
        put(format!("{name}_SERVICE_PORT_{}", upper(&p.name)), p.port.to_string());
    }
    for (i, p) in s.spec.ports.iter().enumerate() {
        let protocol = p.protocol.or("TCP");
        let url = format!("{}://{ip}:{}", protocol.to_ascii_lowercase(), p.port);
        if i == 0 {
            put(format!("{name}_PORT"), url.clone());
        }
        let prefix = format!("{name}_PORT_{}_{}", p.port, protocol.to_ascii_uppercase());
        put(prefix.clone(), url);
        put(format!("{prefix}_PROTO"), protocol.to_ascii_lowercase());
        put(format!("{prefix}_PORT"), p.port.to_string());
        put(format!("{prefix}_ADDR"), ip.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_filled_in() {
        let look = |n: &str| (n == "A").then(|| Str::literal("1"));
        for (text, want) in [
            ("$(A)-$(B)", "1-$(B)"),
            ("$$(A)", "$(A)"),
            ("$A", "$A"),
            ("x$", "x$"),
            ("$(A", "$(A"),
            ("a $(A)$(A)", "a 11"),
        ] {
            assert_eq!(expand(&Str::from(text), look), want, "{text}");
        }
    }
}

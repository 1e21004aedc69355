//! The containers of a pod or of its template.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describeContainers, DescribeProbe, describeStatus)
//! Differs: nothing known.

use super::text::{Writer, go_list, opt, or_none, put, truth};
use crate::api::core::{
    Container, ContainerPort, ContainerState, ContainerStatus, EnvVar, Pod, Probe, ResourceFieldSelector,
    ResourceRequirements,
};
use crate::apimachinery::field_error::go_quote;
use crate::apimachinery::int_or_string::IntOrString;
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::{Arrange, List, Map, Str};

/// Whose containers they are: a pod's fields can be looked up.
#[derive(Clone, Copy)]
pub(super) enum Described<'a> {
    OfPod(&'a Pod),
    OfTemplate,
}

pub(super) fn describe(
    w: &mut Writer,
    label: &str,
    containers: &[Container],
    statuses: &[ContainerStatus],
    whose: Described<'_>,
    space: &str,
) {
    put!(w, 0, "{space}{label}:{}\n", if containers.is_empty() { " <none>" } else { "" });
    for c in containers {
        let status = statuses.iter().rfind(|s| s.name == c.name);
        basics(w, c, status, space);
        lines(w, "Command", &c.command);
        lines(w, "Args", &c.args);
        if let Some(status) = status {
            observed(w, status);
        }
        resources(w, 2, &c.resources);
        for (name, probe) in
            [("Liveness", &c.liveness_probe), ("Readiness", &c.readiness_probe), ("Startup", &c.startup_probe)]
        {
            if let Some(probe) = probe {
                w.field(2, name, probe_text(probe));
            }
        }
        env_from(w, c);
        environment(w, c, whose);
        mounts(w, c);
    }
}

fn basics(w: &mut Writer, c: &Container, status: Option<&ContainerStatus>, space: &str) {
    put!(w, 1, "{}{}:\n", if space.is_empty() { "" } else { " " }, c.name);
    if let Some(status) = status {
        w.field(2, "Container ID", &status.container_id);
    }
    w.field(2, "Image", &c.image);
    if let Some(status) = status {
        w.field(2, "Image ID", &status.image_id);
    }
    ports(w, "Port", &c.ports, |p| p.container_port);
    ports(w, "Host Port", &c.ports, |p| p.host_port);
    if let Some(profile) = c.security_context.as_ref().and_then(|c| c.seccomp_profile.as_ref()) {
        w.field(2, "SeccompProfile", &profile.type_);
        if profile.type_ == "Localhost" {
            w.field(3, "LocalhostProfile", opt(&profile.localhost_profile));
        }
    }
}

fn ports(w: &mut Writer, title: &str, ports: &[ContainerPort], number: impl Fn(&ContainerPort) -> i32) {
    let text = |p: &ContainerPort| match p.name.non_empty() {
        Some(name) => format!("{}/{} ({name})", number(p), p.protocol),
        None => format!("{}/{}", number(p), p.protocol),
    };
    let list = ports.iter().map(text).collect::<Vec<_>>().join(", ");
    put!(w, 2, "{title}{}:\t{}\n", if ports.len() > 1 { "s" } else { "" }, or_none(&list));
}

/// Words of a command; each on lines of its own.
fn lines(w: &mut Writer, title: &str, words: &[Str]) {
    if !words.is_empty() {
        w.title(2, title);
        for line in words.iter().flat_map(|word| word.split('\n')) {
            put!(w, 3, "{line}\n");
        }
    }
}

pub(super) fn resources(w: &mut Writer, level: usize, r: &ResourceRequirements) {
    for (title, list) in [("Limits", &r.limits), ("Requests", &r.requests)] {
        if !list.is_empty() {
            w.title(level, title);
            for (name, quantity) in list.iter() {
                w.field(level + 1, name, quantity);
            }
        }
    }
}

fn observed(w: &mut Writer, status: &ContainerStatus) {
    state(w, "State", &status.state);
    if status.last_state.terminated.is_some() {
        state(w, "Last State", &status.last_state);
    }
    w.field(2, "Ready", truth(status.ready));
    w.field(2, "Restart Count", status.restart_count);
}

fn state(w: &mut Writer, title: &str, state: &ContainerState) {
    if let Some(running) = &state.running {
        w.field(2, title, "Running");
        w.field(3, "Started", running.started_at.rfc1123());
    } else if let Some(waiting) = &state.waiting {
        w.field(2, title, "Waiting");
        w.field_if(3, "Reason", &waiting.reason);
    } else if let Some(ended) = &state.terminated {
        w.field(2, title, "Terminated");
        w.field_if(3, "Reason", &ended.reason);
        w.field_if(3, "Message", &ended.message);
        w.field(3, "Exit Code", ended.exit_code);
        if ended.signal > 0 {
            w.field(3, "Signal", ended.signal);
        }
        w.field(3, "Started", ended.started_at.rfc1123());
        w.field(3, "Finished", ended.finished_at.rfc1123());
    } else {
        w.field(2, title, "Waiting");
    }
}

fn probe_text(p: &Probe) -> String {
    let attributes = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        p.initial_delay_seconds, p.timeout_seconds, p.period_seconds, p.success_threshold, p.failure_threshold
    );
    if let Some(exec) = &p.exec {
        format!("exec {} {attributes}", go_list(&exec.command))
    } else if let Some(get) = &p.http_get {
        format!("http-get {} {attributes}", url(&get.scheme, &get.host, &get.port, &get.path))
    } else if let Some(tcp) = &p.tcp_socket {
        format!("tcp-socket {}:{} {attributes}", tcp.host, tcp.port)
    } else if let Some(grpc) = &p.grpc {
        format!("grpc <pod>:{} {} {attributes}", grpc.port, opt(&grpc.service))
    } else {
        format!("unknown {attributes}")
    }
}

/// As Go's net/url writes it.
fn url(scheme: &str, host: &str, port: &IntOrString, path: &str) -> String {
    let port = port.to_string();
    let host = match (port.is_empty(), host.contains(':')) {
        (true, _) => host.to_owned(),
        (false, true) => format!("[{host}]:{port}"),
        (false, false) => format!("{host}:{port}"),
    };
    let slash = if path.is_empty() || path.starts_with('/') || host.is_empty() { "" } else { "/" };
    let mut out = match scheme {
        "" => format!("//{host}{slash}"),
        _ => format!("{}://{host}{slash}", scheme.to_lowercase()),
    };
    for b in path.bytes() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(b)),
            b'-' | b'_' | b'.' | b'~' | b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'@' => {
                out.push(char::from(b));
            }
            _ => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

fn env_from(w: &mut Writer, c: &Container) {
    if c.env_from.is_empty() {
        return;
    }
    w.title(2, "Environment Variables from");
    for e in &c.env_from {
        let (name, from, optional) = match (&e.config_map_ref, &e.secret_ref) {
            (Some(r), _) => (r.name.as_str(), "ConfigMap", r.optional),
            (None, Some(r)) => (r.name.as_str(), "Secret", r.optional),
            (None, None) => ("", "", None),
        };
        let prefix = if e.prefix.is_empty() { String::new() } else { format!(" with prefix '{}'", e.prefix) };
        put!(w, 3, "{name}\t{from}{prefix}\tOptional: {}\n", optional.unwrap_or_default());
    }
}

fn environment(w: &mut Writer, c: &Container, whose: Described<'_>) {
    put!(w, 2, "Environment:{}\n", if c.env.is_empty() { "\t<none>" } else { "" });
    for e in &c.env {
        variable(w, c, e, whose);
    }
}

fn variable(w: &mut Writer, c: &Container, e: &EnvVar, whose: Described<'_>) {
    let Some(from) = &e.value_from else {
        for (i, line) in e.value.split('\n').enumerate() {
            if i == 0 {
                w.field(3, &e.name, line);
            } else {
                put!(w, 3, "\t{line}\n");
            }
        }
        return;
    };
    let key_of = |what: &str, key: &Str, name: &Str, optional: Option<bool>| {
        format!("<set to the key '{key}' {what} '{name}'>\tOptional: {}", optional.unwrap_or_default())
    };
    if let Some(field) = &from.field_ref {
        // The only fields whose names kubectl can convert.
        let value = match (whose, field.field_path.as_str()) {
            (Described::OfPod(pod), "metadata.name") => pod.metadata.name.as_str(),
            (Described::OfPod(pod), "metadata.namespace") => pod.metadata.namespace.as_str(),
            _ => "",
        };
        put!(w, 3, "{}:\t{value} ({}:{})\n", e.name, field.api_version, field.field_path);
    } else if let Some(field) = &from.resource_field_ref {
        let value = match resource_value(c, field) {
            Some(0) if matches!(field.resource.as_str(), "limits.cpu" | "limits.memory") => {
                "node allocatable".to_owned()
            }
            Some(n) => n.to_string(),
            None => String::new(),
        };
        put!(w, 3, "{}:\t{value} ({})\n", e.name, field.resource);
    } else if let Some(r) = &from.secret_key_ref {
        w.field(3, &e.name, key_of("in secret", &r.key, &r.name, r.optional));
    } else if let Some(r) = &from.config_map_key_ref {
        w.field(3, &e.name, key_of("of config map", &r.key, &r.name, r.optional));
    }
}

/// The container's own request or limit in units of the divisor, rounded up.
fn resource_value(c: &Container, field: &ResourceFieldSelector) -> Option<i64> {
    let (list, name): (&Map<Quantity>, &str) = match field.resource.split_once('.')? {
        ("limits", name) => (&c.resources.limits, name),
        ("requests", name) => (&c.resources.requests, name),
        _ => return None,
    };
    if !matches!(name, "cpu" | "memory" | "ephemeral-storage") && !name.starts_with("hugepages-") {
        return None;
    }
    let number = |q: &Quantity| if name == "cpu" { q.milli_value() } else { q.value() };
    let one = if name == "cpu" { 1000 } else { 1 };
    let divisor = if field.divisor.is_zero() { one } else { number(&field.divisor) };
    Some((list.get(name).map_or(0, number) as f64 / divisor as f64).ceil() as i64)
}

fn mounts(w: &mut Writer, c: &Container) {
    let none = if c.volume_mounts.is_empty() { "\t<none>" } else { "" };
    put!(w, 2, "Mounts:{none}\n");
    let mut mounts: List<_> = c.volume_mounts.clone();
    if !mounts.is_empty() {
        mounts.make_mut().arrange_by(|a, b| a.mount_path.cmp(&b.mount_path));
    }
    for m in &mounts {
        let path = if m.sub_path.is_empty() { String::new() } else { format!(",path={}", go_quote(&m.sub_path)) };
        put!(w, 3, "{} from {} ({}{path})\n", m.mount_path, m.name, if m.read_only { "ro" } else { "rw" });
    }
    if !c.volume_devices.is_empty() {
        put!(w, 2, "Devices:{none}\n");
        let mut devices: Vec<_> = c.volume_devices.iter().collect();
        devices.arrange_by_key(|d| &d.device_path);
        for d in devices {
            put!(w, 3, "{} from {}\n", d.device_path, d.name);
        }
    }
}

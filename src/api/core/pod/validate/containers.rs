//! Containers of all three kinds.
//!
//! Upstream: pkg/apis/core/validation/validation.go (validateContainers, validateInitContainers,
//! validateEphemeralContainers, validateContainerCommon)
//! Differs: nothing known.

use super::common::*;
use super::{env, mounts, probes, resources, security};
use crate::api::core::pod::*;
use crate::apimachinery::{ErrorList, OrdSet, Path};

/// What the checks of a container need to know of its pod.
pub(super) struct Around<'a> {
    pub(super) spec: &'a PodSpec,
    /// Volumes that are themselves in order.
    pub(super) volumes: Vec<&'a Volume>,
    pub(super) claims: OrdSet<&'a str>,
    pub(super) host_users: bool,
}

pub(super) fn containers(a: &Around, path: Path, errs: &mut ErrorList) {
    let list = &a.spec.containers;
    if list.is_empty() {
        return errs.required(path, "");
    }
    let mut names = OrdSet::new();
    for (i, c) in list.iter().enumerate() {
        let at = path.index(i);
        common(c, a, at, errs);
        if !names.insert(c.name.as_str()) {
            errs.duplicate(at.child("name"), &c.name);
        }
        if let Some(l) = c.lifecycle.as_deref() {
            probes::lifecycle(l, a.spec, at.child("lifecycle"), errs);
        }
        probes::probes(c, a.spec.termination_grace_period_seconds, at, errs);
        restart_policy(c, at, errs);
    }
    host_ports(list, path, errs);
}

pub(super) fn init_containers(a: &Around, path: Path, errs: &mut ErrorList) {
    let mut names: OrdSet<&str> = a.spec.containers.iter().map(|c| c.name.as_str()).collect();
    for (i, c) in a.spec.init_containers.iter().enumerate() {
        let at = path.index(i);
        common(c, a, at, errs);
        match c.restart_policy.as_deref() {
            None if !c.restart_policy_rules.is_empty() => {
                errs.required(at.child("restartPolicy"), "must specify restartPolicy when restart rules are used");
            }
            Some("Always") if !c.restart_policy_rules.is_empty() => errs.forbidden(
                at.child("restartPolicyRules"),
                "restartPolicyRules are not allowed for init containers with restart policy Always",
            ),
            None | Some("Always") => {}
            Some(_) => restart_policy(c, at, errs),
        }
        if names.contains(c.name.as_str()) {
            errs.duplicate(at.child("name"), &c.name);
        } else if !c.name.is_empty() {
            names.insert(&c.name);
        }
        // One after the other: each has the ports for itself.
        host_ports(std::slice::from_ref(c), path, errs);
        if c.is_sidecar() {
            if let Some(l) = c.lifecycle.as_deref() {
                probes::lifecycle(l, a.spec, at.child("lifecycle"), errs);
            }
            probes::probes(c, a.spec.termination_grace_period_seconds, at, errs);
            continue;
        }
        for (name, there) in [
            ("lifecycle", c.lifecycle.is_some()),
            ("livenessProbe", c.liveness_probe.is_some()),
            ("readinessProbe", c.readiness_probe.is_some()),
            ("startupProbe", c.startup_probe.is_some()),
        ] {
            if there {
                errs.forbidden(at.child(name), "may not be set for init containers without restartPolicy=Always");
            }
        }
    }
}

pub(super) fn ephemeral_containers(a: &Around, path: Path, errs: &mut ErrorList) {
    const NOT_HERE: &str = "cannot be set for an Ephemeral Container";
    if a.spec.ephemeral_containers.is_empty() {
        return;
    }
    let others: OrdSet<&str> =
        a.spec.containers.iter().chain(&a.spec.init_containers).map(|c| c.name.as_str()).collect();
    let mut names = others.clone();
    for (i, e) in a.spec.ephemeral_containers.iter().enumerate() {
        let at = path.index(i);
        let c = e.as_container();
        common(&c, a, at, errs);
        image_spaces(&c, at, errs);
        if !names.insert(e.name.as_str()) {
            errs.duplicate(at.child("name"), &e.name);
        }
        let target = e.target_container_name.as_str();
        if !target.is_empty() && !others.contains(target) {
            errs.not_found(at.child("targetContainerName"), target);
        }
        for (name, there) in [
            ("ports", !c.ports.is_empty()),
            ("resources", c.resources != ResourceRequirements::default()),
            ("resizePolicy", !c.resize_policy.is_empty()),
            ("restartPolicy", c.restart_policy.is_some()),
            ("restartPolicyRules", !c.restart_policy_rules.is_empty()),
            ("livenessProbe", c.liveness_probe.is_some()),
            ("readinessProbe", c.readiness_probe.is_some()),
            ("startupProbe", c.startup_probe.is_some()),
            ("lifecycle", c.lifecycle.is_some()),
        ] {
            if there {
                errs.forbidden(at.child(name), NOT_HERE);
            }
        }
        let mounts = at.child("volumeMounts");
        for (j, m) in c.volume_mounts.iter().enumerate() {
            let at = mounts.index(j);
            for (name, text) in [("subPath", &m.sub_path), ("subPathExpr", &m.sub_path_expr)] {
                if !text.is_empty() {
                    errs.forbidden(at.child(name), NOT_HERE);
                }
            }
        }
    }
}

fn common(c: &Container, a: &Around, path: Path, errs: &mut ErrorList) {
    if c.name.is_empty() {
        errs.required(path.child("name"), "");
    } else {
        dns_label(&c.name, path.child("name"), errs);
    }
    if c.image.is_empty() {
        errs.required(path.child("image"), "");
    }
    let policy = path.child("terminationMessagePolicy");
    match c.termination_message_policy.as_str() {
        "File" | "FallbackToLogsOnError" => {}
        "" => errs.required(policy, ""),
        other => errs.not_supported(policy, other, &["File", "FallbackToLogsOnError"]),
    }
    ports(&c.ports, path.child("ports"), errs);
    env::env(&c.env, path.child("env"), errs);
    env::env_from(&c.env_from, path.child("envFrom"), errs);
    mounts::volume_mounts(c, &a.volumes, path.child("volumeMounts"), errs);
    mounts::volume_devices(c, &a.volumes, path.child("volumeDevices"), errs);
    pull_policy(&c.image_pull_policy, path.child("imagePullPolicy"), errs);
    resources::requirements(&c.resources, &a.claims, path.child("resources"), errs);
    resize_policy(c, a.spec, path.child("resizePolicy"), errs);
    security::container(c, a.host_users, path.child("securityContext"), errs);
}

fn ports(ports: &[ContainerPort], path: Path, errs: &mut ErrorList) {
    let mut names_seen = OrdSet::new();
    for (i, p) in ports.iter().enumerate() {
        let at = path.index(i);
        if !p.name.is_empty() {
            let messages = names::is_valid_port_name(&p.name);
            if !messages.is_empty() {
                errs.invalid_each(at.child("name"), &p.name, messages);
            } else if !names_seen.insert(p.name.as_str()) {
                errs.duplicate(at.child("name"), &p.name);
            }
        }
        if p.container_port == 0 {
            errs.required(at.child("containerPort"), "");
        } else {
            port_number(p.container_port, at.child("containerPort"), errs);
        }
        if p.host_port != 0 {
            port_number(p.host_port, at.child("hostPort"), errs);
        }
        match p.protocol.as_str() {
            "TCP" | "UDP" | "SCTP" => {}
            "" => errs.required(at.child("protocol"), ""),
            other => errs.not_supported(at.child("protocol"), other, &["SCTP", "TCP", "UDP"]),
        }
    }
}

fn port_number(port: i32, path: Path, errs: &mut ErrorList) {
    for m in names::is_valid_port_num(i64::from(port)) {
        errs.invalid(path, port, m);
    }
}

fn host_ports(containers: &[Container], path: Path, errs: &mut ErrorList) {
    let mut seen = OrdSet::new();
    for (i, c) in containers.iter().enumerate() {
        let at = path.index(i);
        let list = at.child("ports");
        for (j, p) in c.ports.iter().enumerate().filter(|(_, p)| p.host_port != 0) {
            let key = format!("{}/{}/{}", p.protocol, p.host_ip, p.host_port);
            if seen.contains(&key) {
                errs.duplicate(list.index(j).child("hostPort"), &key);
            } else {
                seen.insert(key);
            }
        }
    }
}

pub(super) fn pull_policy(policy: &str, path: Path, errs: &mut ErrorList) {
    match policy {
        "Always" | "IfNotPresent" | "Never" => {}
        "" => errs.required(path, ""),
        other => errs.not_supported(path, other, &["Always", "IfNotPresent", "Never"]),
    }
}

fn resize_policy(c: &Container, spec: &PodSpec, path: Path, errs: &mut ErrorList) {
    let mut seen = OrdSet::new();
    for (i, p) in c.resize_policy.iter().enumerate() {
        if !seen.insert(p.resource_name.as_str()) {
            errs.duplicate(path.index(i), &p.resource_name);
        }
        match p.resource_name.as_str() {
            "cpu" | "memory" => {}
            "" => errs.required(path, ""),
            other => errs.not_supported(path, other, &["cpu", "memory"]),
        }
        match p.restart_policy.as_str() {
            "NotRequired" | "RestartContainer" => {}
            "" => errs.required(path, ""),
            other => errs.not_supported(path, other, &["NotRequired", "RestartContainer"]),
        }
        if spec.restart_policy == "Never" && p.restart_policy != "NotRequired" {
            errs.invalid(path, &p.restart_policy, "must be 'NotRequired' when `restartPolicy` is 'Never'");
        }
    }
}

/// A container's own policy and its rules.
fn restart_policy(c: &Container, path: Path, errs: &mut ErrorList) {
    let at = path.child("restartPolicy");
    match c.restart_policy.as_deref() {
        None if c.restart_policy_rules.is_empty() => return,
        None => errs.required(at, "must specify restartPolicy when restart rules are used"),
        Some("Always" | "Never" | "OnFailure") => {}
        Some(other) => errs.not_supported(at, other, &["Always", "Never", "OnFailure"]),
    }
    let rules = path.child("restartPolicyRules");
    if c.restart_policy_rules.len() > 20 {
        errs.too_long(rules, 20);
    }
    for (i, r) in c.restart_policy_rules.iter().enumerate() {
        let at = rules.index(i);
        if r.action != "Restart" {
            errs.not_supported(at.child("action"), &r.action, &["Restart"]);
        }
        let codes = at.child("exitCodes");
        let Some(on) = r.exit_codes.as_deref() else {
            errs.required(codes, "must be specified");
            continue;
        };
        if !matches!(on.operator.as_str(), "In" | "NotIn") {
            errs.not_supported(codes.child("operator"), &on.operator, &["In", "NotIn"]);
        }
        if on.values.len() > 255 {
            errs.too_long(codes.child("values"), 255);
        }
    }
}

/// Of pods only: templates of old have images with spaces around them.
pub(super) fn image_spaces(c: &Container, path: Path, errs: &mut ErrorList) {
    if c.image.trim().len() != c.image.len() {
        errs.invalid(path.child("image"), &c.image, "must not have leading or trailing whitespace");
    }
}

impl EphemeralContainer {
    /// What it has in common with other containers.
    pub fn as_container(&self) -> Container {
        let e = self.clone();
        Container {
            name: e.name,
            image: e.image,
            command: e.command,
            args: e.args,
            working_dir: e.working_dir,
            ports: e.ports,
            env_from: e.env_from,
            env: e.env,
            resources: e.resources,
            resize_policy: e.resize_policy,
            restart_policy: e.restart_policy,
            restart_policy_rules: e.restart_policy_rules,
            volume_mounts: e.volume_mounts,
            volume_devices: e.volume_devices,
            liveness_probe: e.liveness_probe,
            readiness_probe: e.readiness_probe,
            startup_probe: e.startup_probe,
            lifecycle: e.lifecycle,
            termination_message_path: e.termination_message_path,
            termination_message_policy: e.termination_message_policy,
            image_pull_policy: e.image_pull_policy,
            security_context: e.security_context,
            stdin: e.stdin,
            stdin_once: e.stdin_once,
            tty: e.tty,
        }
    }
}

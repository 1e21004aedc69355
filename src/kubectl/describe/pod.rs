//! A Pod: where it is, how its containers fare, what it mounts and tolerates.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describePod)
//! Differs: nothing known.

use super::containers::{self, Described};
use super::text::{Writer, opt, put};
use super::{template, volumes};
use crate::api::core::pod::qos::pod_qos;
use crate::api::core::{Container, EphemeralContainer, Pod};

pub(super) fn describe(w: &mut Writer, pod: &Pod) {
    let (spec, status) = (&pod.spec, &pod.status);
    w.name_and_namespace(&pod.metadata);
    if let Some(priority) = spec.priority {
        w.field(0, "Priority", priority);
    }
    w.field_if(0, "Priority Class Name", &spec.priority_class_name);
    w.field_if(0, "Runtime Class Name", opt(&spec.runtime_class_name));
    w.field_if(0, "Service Account", &spec.service_account_name);
    if spec.node_name.is_empty() {
        w.field(0, "Node", "<none>");
    } else {
        put!(w, 0, "Node:\t{}/{}\n", spec.node_name, status.host_ip);
    }
    if let Some(start) = status.start_time {
        w.field(0, "Start Time", start.rfc1123());
    }
    w.labels_and_annotations(&pod.metadata);
    state(w, pod);
    w.field_if(0, "Reason", &status.reason);
    w.field_if(0, "Message", &status.message);
    if let Some(profile) = spec.security_context.as_ref().and_then(|c| c.seccomp_profile.as_ref()) {
        w.field(0, "SeccompProfile", &profile.type_);
        if profile.type_ == "Localhost" {
            w.field(0, "LocalhostProfile", opt(&profile.localhost_profile));
        }
    }
    w.field(0, "IP", &status.pod_ip);
    if status.pod_ips.is_empty() {
        w.field(0, "IPs", "<none>");
    } else {
        w.title(0, "IPs");
        for ip in &status.pod_ips {
            w.field(1, "IP", &ip.ip);
        }
    }
    w.controlled_by(&pod.metadata);
    w.field_if(0, "NominatedNodeName", &status.nominated_node_name);
    if let Some(resources) = &spec.resources {
        w.title(0, "Resources");
        containers::resources(w, 1, resources);
    }
    all_containers(w, pod);
    conditions(w, pod);
    volumes::describe(w, &spec.volumes, "");
    w.field(0, "QoS Class", pod_qos(pod));
    w.labels("Node-Selectors", &spec.node_selector);
    template::tolerations(w, "Tolerations", &spec.tolerations);
    template::spread_constraints(w, &spec.topology_spread_constraints, "");
    if let Some(workload) = &spec.workload_ref {
        template::workload_ref(w, workload, "");
    }
}

fn state(w: &mut Writer, pod: &Pod) {
    let ended = matches!(pod.status.phase.as_str(), "Failed" | "Succeeded");
    match pod.metadata.deletion_timestamp {
        Some(at) if !ended => {
            put!(w, 0, "Status:\tTerminating (lasts {})\n", w.age(at));
            let grace = pod.metadata.deletion_grace_period_seconds.unwrap_or_default();
            put!(w, 0, "Termination Grace Period:\t{grace}s\n");
        }
        _ => w.field(0, "Status", &pod.status.phase),
    }
}

fn all_containers(w: &mut Writer, pod: &Pod) {
    let (spec, status) = (&pod.spec, &pod.status);
    let of_pod = Described::OfPod(pod);
    if !spec.init_containers.is_empty() {
        let statuses = &status.init_container_statuses;
        containers::describe(w, "Init Containers", &spec.init_containers, statuses, of_pod, "");
    }
    containers::describe(w, "Containers", &spec.containers, &status.container_statuses, of_pod, "");
    if !spec.ephemeral_containers.is_empty() {
        let ephemeral: Vec<Container> = spec.ephemeral_containers.iter().map(as_container).collect();
        let statuses = &status.ephemeral_container_statuses;
        containers::describe(w, "Ephemeral Containers", &ephemeral, statuses, of_pod, "");
    }
}

/// What a description shows of it.
fn as_container(c: &EphemeralContainer) -> Container {
    Container {
        name: c.name.clone(),
        image: c.image.clone(),
        command: c.command.clone(),
        args: c.args.clone(),
        ports: c.ports.clone(),
        env_from: c.env_from.clone(),
        env: c.env.clone(),
        resources: c.resources.clone(),
        volume_mounts: c.volume_mounts.clone(),
        volume_devices: c.volume_devices.clone(),
        liveness_probe: c.liveness_probe.clone(),
        readiness_probe: c.readiness_probe.clone(),
        startup_probe: c.startup_probe.clone(),
        security_context: c.security_context.clone(),
        ..Container::default()
    }
}

fn conditions(w: &mut Writer, pod: &Pod) {
    let conditions = &pod.status.conditions;
    if !pod.spec.readiness_gates.is_empty() {
        put!(w, 0, "Readiness Gates:\n  Type\tStatus\n");
        for gate in &pod.spec.readiness_gates {
            let found = conditions.iter().find(|c| c.type_ == gate.condition_type);
            put!(w, 1, "{} \t{} \n", gate.condition_type, found.map_or("<none>", |c| &c.status));
        }
    }
    if !conditions.is_empty() {
        put!(w, 0, "Conditions:\n  Type\tStatus\n");
        for c in conditions {
            put!(w, 1, "{} \t{} \n", c.type_, c.status);
        }
    }
}

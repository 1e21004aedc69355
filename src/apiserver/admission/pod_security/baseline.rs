//! The checks of the level `baseline`: nothing that is known to lead out of a container.
//!
//! Upstream: staging/src/k8s.io/pod-security-admission/policy/check_{appArmorProfile,capabilities_baseline,
//! hostNamespaces,hostPathVolumes,hostPorts,hostProbesAndhostLifecycle,privileged,procMount,seLinuxOptions,
//! seccompProfile_baseline,sysctls,windowsHostProcess}.go
//! Differs: nothing known.

use super::{Check, Subject, Violation, containers, join_quote, pluralize, setters, violation};
use crate::api::core::{SELinuxOptions, SeccompProfile};
use crate::apimachinery::Str;
use crate::apimachinery::codec::Opaque;
use crate::apimachinery::field_error::go_quote;
use std::collections::BTreeSet;

/// In the order of upstream's names for them, as its answers have them.
pub(super) const CHECKS: &[Check] = &[
    app_armor_profile,
    host_namespaces,
    host_ports,
    host_probes,
    privileged,
    proc_mount,
    se_linux_options,
    sysctls,
    windows_host_process,
];

/// What a check of `restricted` says better.
pub(super) const OVERLAPPING: &[Check] = &[capabilities, host_path_volumes, seccomp_profile];

const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
const CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];
const SE_LINUX_TYPES: [&str; 5] = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
const SYSCTLS: [&str; 12] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
];

fn app_armor_profile(s: &Subject) -> Option<Violation> {
    let is_bad = |type_: &Str| !matches!(type_.as_str(), "RuntimeDefault" | "Localhost");
    let of_pod = s.pod().and_then(|p| p.app_armor_profile.as_ref()).map(|p| &p.type_).filter(|t| is_bad(t));
    let of_containers: Vec<(&Str, &Str)> = s
        .containers()
        .filter_map(|(name, c)| Some((name, &c?.app_armor_profile.as_ref()?.type_)))
        .filter(|(_, t)| is_bad(t))
        .collect();
    let allowed = |v: &Str| v.is_empty() || *v == "runtime/default" || v.starts_with("localhost/");
    let annotations: Vec<String> = s
        .meta
        .annotations
        .iter()
        .filter(|(k, v)| k.starts_with(APP_ARMOR) && !allowed(v))
        .map(|(k, v)| format!("{k}={}", go_quote(v)))
        .collect();
    let types: BTreeSet<&Str> = of_pod.into_iter().chain(of_containers.iter().map(|(_, t)| *t)).collect();
    let values: Vec<String> = types.iter().map(ToString::to_string).chain(annotations.iter().cloned()).collect();
    if values.is_empty() {
        return None;
    }
    let names: Vec<&Str> = of_containers.iter().map(|(name, _)| *name).collect();
    let mut who = vec![setters(of_pod.is_some(), &names)];
    if !annotations.is_empty() {
        who.push(pluralize("annotation", "annotations", annotations.len()).to_owned());
    }
    who.retain(|w| !w.is_empty());
    violation(
        pluralize("forbidden AppArmor profile", "forbidden AppArmor profiles", values.len()),
        format!("{} must not set AppArmor profile type to {}", who.join(" and "), join_quote(values)),
    )
}

fn capabilities(s: &Subject) -> Option<Violation> {
    let (names, added) = added_capabilities(s, &CAPABILITIES);
    if names.is_empty() {
        return None;
    }
    violation("non-default capabilities", must_not_include(&names, &added))
}

/// The containers that add other capabilities than these, and which.
pub(super) fn added_capabilities<'a>(s: &'a Subject, allowed: &[&str]) -> (Vec<&'a Str>, BTreeSet<&'a Str>) {
    let (mut names, mut added) = (Vec::new(), BTreeSet::new());
    for (name, context) in s.containers() {
        let all = context.and_then(|c| c.capabilities.as_ref()).into_iter().flat_map(|c| c.add.iter());
        let mut bad = all.filter(|c| !allowed.contains(&c.as_str())).peekable();
        if bad.peek().is_some() {
            names.push(name);
        }
        added.extend(bad);
    }
    (names, added)
}

pub(super) fn must_not_include(names: &[&Str], added: &BTreeSet<&Str>) -> String {
    format!("{} must not include {} in securityContext.capabilities.add", containers(names), join_quote(added))
}

fn host_namespaces(s: &Subject) -> Option<Violation> {
    let all = [("hostNetwork", s.spec.host_network), ("hostPID", s.spec.host_pid), ("hostIPC", s.spec.host_ipc)];
    let shared: Vec<String> = all.iter().filter(|(_, is)| *is).map(|(name, _)| format!("{name}=true")).collect();
    if shared.is_empty() { None } else { violation("host namespaces", shared.join(", ")) }
}

fn host_path_volumes(s: &Subject) -> Option<Violation> {
    let names: Vec<_> = s.spec.volumes.iter().filter(|v| v.host_path.is_some()).map(|v| &v.name).collect();
    if names.is_empty() {
        return None;
    }
    let detail = format!("{} {}", pluralize("volume", "volumes", names.len()), join_quote(&names));
    violation("hostPath volumes", detail)
}

fn host_ports(s: &Subject) -> Option<Violation> {
    let (mut names, mut ports) = (Vec::new(), BTreeSet::new());
    for c in s.every_container() {
        let used: Vec<String> = c.ports.iter().filter(|p| p.host_port != 0).map(|p| p.host_port.to_string()).collect();
        if !used.is_empty() {
            names.push(&c.name);
        }
        ports.extend(used);
    }
    if names.is_empty() {
        return None;
    }
    let verb = pluralize("uses", "use", names.len());
    let what = pluralize("hostPort", "hostPorts", ports.len());
    let ports = ports.into_iter().collect::<Vec<_>>().join(", ");
    violation("hostPort", format!("{} {verb} {what} {ports}", containers(&names)))
}

fn host_probes(s: &Subject) -> Option<Violation> {
    let (mut names, mut hosts) = (BTreeSet::new(), BTreeSet::new());
    for c in s.every_container() {
        let probes = [&c.liveness_probe, &c.readiness_probe, &c.startup_probe];
        let of_probes = probes.into_iter().flatten().flat_map(|p| {
            let http = p.http_get.as_ref().map(|a| &a.host);
            http.into_iter().chain(p.tcp_socket.as_ref().map(|a| &a.host))
        });
        let hooks = c.lifecycle.iter().flat_map(|l| [&l.post_start, &l.pre_stop]).flatten();
        let of_hooks = hooks.flat_map(|h| {
            let http = h.http_get.as_ref().map(|a| &a.host);
            http.into_iter().chain(h.tcp_socket.as_ref().map(|a| &a.host))
        });
        for host in of_probes.chain(of_hooks).filter(|h| !h.is_empty()) {
            names.insert(&c.name);
            hosts.insert(host);
        }
    }
    if names.is_empty() {
        return None;
    }
    let names: Vec<&Str> = names.into_iter().collect();
    let verb = pluralize("uses", "use", names.len());
    let what = pluralize("probe or lifecycle host", "probe or lifecycle hosts", hosts.len());
    violation("probe or lifecycle host", format!("{} {verb} {what} {}", containers(&names), join_quote(&hosts)))
}

fn privileged(s: &Subject) -> Option<Violation> {
    let names = s.names(|c| c.is_some_and(|c| c.privileged == Some(true)));
    if names.is_empty() {
        return None;
    }
    violation("privileged", format!("{} must not set securityContext.privileged=true", containers(&names)))
}

fn proc_mount(s: &Subject) -> Option<Violation> {
    if s.has_user_namespace() {
        return None;
    }
    let bad: Vec<(&Str, &Str)> = s
        .containers()
        .filter_map(|(name, c)| Some((name, c?.proc_mount.as_ref()?)))
        .filter(|(_, mount)| **mount != "Default")
        .collect();
    if bad.is_empty() {
        return None;
    }
    let names: Vec<&Str> = bad.iter().map(|(name, _)| *name).collect();
    let mounts: BTreeSet<&Str> = bad.iter().map(|(_, mount)| *mount).collect();
    let detail = format!("{} must not set securityContext.procMount to {}", containers(&names), join_quote(mounts));
    violation("procMount", detail)
}

fn se_linux_options(s: &Subject) -> Option<Violation> {
    let is_bad_type = |o: &SELinuxOptions| !SE_LINUX_TYPES.contains(&o.type_.as_str());
    let is_bad = |o: &SELinuxOptions| is_bad_type(o) || !o.user.is_empty() || !o.role.is_empty();
    let of_pod = s.pod().and_then(|p| p.se_linux_options.as_deref()).filter(|o| is_bad(o));
    let of_containers: Vec<(&Str, &SELinuxOptions)> = s
        .containers()
        .filter_map(|(name, c)| Some((name, c?.se_linux_options.as_deref()?)))
        .filter(|(_, o)| is_bad(o))
        .collect();
    let all: Vec<&SELinuxOptions> = of_pod.into_iter().chain(of_containers.iter().map(|(_, o)| *o)).collect();
    if all.is_empty() {
        return None;
    }
    let types: BTreeSet<&Str> = all.iter().filter(|o| is_bad_type(o)).map(|o| &o.type_).collect();
    let mut what = Vec::new();
    // As upstream has it: a user or role is told of only beside a type.
    if !types.is_empty() {
        what.push(format!("{} {}", pluralize("type", "types", types.len()), join_quote(&types)));
        if all.iter().any(|o| !o.user.is_empty()) {
            what.push("user may not be set".to_owned());
        }
        if all.iter().any(|o| !o.role.is_empty()) {
            what.push("role may not be set".to_owned());
        }
    }
    let names: Vec<&Str> = of_containers.iter().map(|(name, _)| *name).collect();
    let who = setters(of_pod.is_some(), &names);
    violation("seLinuxOptions", format!("{who} set forbidden securityContext.seLinuxOptions: {}", what.join("; ")))
}

pub(super) fn is_valid_seccomp(profile: &SeccompProfile) -> bool {
    matches!(profile.type_.as_str(), "Localhost" | "RuntimeDefault")
}

/// Whoever sets a profile that is not allowed.
pub(super) fn seccomp_profile(s: &Subject) -> Option<Violation> {
    let is_bad = |p: &&SeccompProfile| !is_valid_seccomp(p);
    let of_pod = s.pod().and_then(|p| p.seccomp_profile.as_deref()).filter(is_bad);
    let of_containers: Vec<(&Str, &SeccompProfile)> = s
        .containers()
        .filter_map(|(name, c)| Some((name, c?.seccomp_profile.as_deref()?)))
        .filter(|(_, p)| is_bad(p))
        .collect();
    let types: BTreeSet<&Str> =
        of_pod.into_iter().chain(of_containers.iter().map(|(_, p)| *p)).map(|p| &p.type_).collect();
    if types.is_empty() {
        return None;
    }
    let names: Vec<&Str> = of_containers.iter().map(|(name, _)| *name).collect();
    let who = setters(of_pod.is_some(), &names);
    let types = join_quote(types);
    violation("seccompProfile", format!("{who} must not set securityContext.seccompProfile.type to {types}"))
}

fn sysctls(s: &Subject) -> Option<Violation> {
    let all = s.pod().into_iter().flat_map(|p| p.sysctls.iter()).map(|c| c.name.as_str());
    let bad: Vec<&str> = all.filter(|name| !SYSCTLS.contains(name)).collect();
    if bad.is_empty() { None } else { violation("forbidden sysctls", bad.join(", ")) }
}

fn windows_host_process(s: &Subject) -> Option<Violation> {
    let is_set = |options: &Opaque| options.value().is_some_and(|o| o["hostProcess"] == true);
    let names = s.names(|c| c.is_some_and(|c| is_set(&c.windows_options)));
    let who = setters(s.pod().is_some_and(|p| is_set(&p.windows_options)), &names);
    if who.is_empty() {
        return None;
    }
    violation("hostProcess", format!("{who} must not set securityContext.windowsOptions.hostProcess=true"))
}

//! Security contexts, and what else concerns rights on the node.
//!
//! Upstream: pkg/apis/core/validation/validation.go (ValidateSecurityContext, validatePodSpecSecurityContext,
//! validateSysctls, validateLinux, validateWindows, validateHostUsers, validateAppArmor…, validateSeccomp…)
//! Differs: the inner fields of Windows options are not looked at.

use super::common::*;
use super::volumes::local_descending_path;
use crate::api::core::pod::internal;
use crate::api::core::pod::*;
use crate::apimachinery::field_error::BadValue;
use crate::apimachinery::{ErrorList, Map, OrdSet, Path, Str};

pub(super) fn container(c: &Container, host_users: bool, path: Path, errs: &mut ErrorList) {
    let Some(s) = c.security_context.as_deref() else { return };
    ids(s.run_as_user, s.run_as_group, path, errs);
    if let Some(mount) = &s.proc_mount {
        let at = path.child("procMount");
        if !matches!(mount.as_str(), "Default" | "Unmasked") {
            errs.not_supported(at, mount, &["Default", "Unmasked"]);
        }
        if host_users && mount == "Unmasked" {
            errs.invalid(at, mount, "`hostUsers` must be false to use `Unmasked`");
        }
    }
    seccomp(s.seccomp_profile.as_deref(), path.child("seccompProfile"), errs);
    if s.allow_privilege_escalation == Some(false) {
        let shown = || BadValue::raw(internal::tree(s, "SecurityContext").compact());
        if s.privileged == Some(true) {
            let why = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
            errs.invalid(path, shown(), why);
        }
        let added = s.capabilities.as_deref().map_or(&[][..], |c| &c.add);
        for _ in added.iter().filter(|c| *c == "CAP_SYS_ADMIN") {
            let why = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
            errs.invalid(path, shown(), why);
        }
    }
    app_armor(s.app_armor_profile.as_deref(), path.child("appArmorProfile"), errs);
}

fn ids(user: Option<i64>, group: Option<i64>, path: Path, errs: &mut ErrorList) {
    if let Some(id) = user {
        for m in names::is_valid_user_id(id) {
            errs.invalid(path.child("runAsUser"), id, m);
        }
    }
    group_id(group, path.child("runAsGroup"), errs);
}

fn group_id(group: Option<i64>, path: Path, errs: &mut ErrorList) {
    if let Some(id) = group {
        for m in names::is_valid_group_id(id) {
            errs.invalid(path, id, m);
        }
    }
}

/// The pod's own security context; `path` is that of the specification.
pub(super) fn pod(spec: &PodSpec, spec_path: Path, errs: &mut ErrorList) {
    let Some(s) = spec.security_context.as_deref() else { return };
    let path = spec_path.child("securityContext");
    group_id(s.fs_group, path.child("fsGroup"), errs);
    ids(s.run_as_user, s.run_as_group, path, errs);
    let groups = path.child("supplementalGroups");
    for (i, group) in s.supplemental_groups.iter().enumerate() {
        group_id(Some(*group), groups.index(i), errs);
    }
    if spec.share_process_namespace == Some(true) && spec.host_pid {
        let why = "ShareProcessNamespace and HostPID cannot both be enabled";
        errs.invalid(path.child("shareProcessNamespace"), true, why);
    }
    sysctls(&s.sysctls, spec, path.child("sysctls"), errs);
    one_of(&s.fs_group_change_policy, &["Always", "OnRootMismatch"], path.child("fsGroupChangePolicy"), errs);
    seccomp(s.seccomp_profile.as_deref(), path.child("seccompProfile"), errs);
    app_armor(s.app_armor_profile.as_deref(), path.child("appArmorProfile"), errs);
    one_of(&s.supplemental_groups_policy, &["Merge", "Strict"], path.child("supplementalGroupsPolicy"), errs);
    one_of(&s.se_linux_change_policy, &["MountOption", "Recursive"], path.child("seLinuxChangePolicy"), errs);
}

fn one_of(value: &Option<Str>, known: &[&str], path: Path, errs: &mut ErrorList) {
    if let Some(v) = value.as_ref().filter(|v| !known.contains(&v.as_str())) {
        errs.not_supported(path, v, known);
    }
}

fn sysctls(list: &[Sysctl], spec: &PodSpec, path: Path, errs: &mut ErrorList) {
    let mut seen = OrdSet::new();
    for (i, s) in list.iter().enumerate() {
        let at = path.index(i);
        let name = s.name.as_str();
        if name.is_empty() {
            errs.required(at.child("name"), "");
        } else if !is_sysctl_name(name) {
            let why = "must have at most 253 characters and match regex \
                       ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
            errs.invalid(at.child("name"), name, why);
        } else if seen.contains(name) {
            errs.duplicate(at.child("name"), name);
        }
        match sysctl_namespace(name) {
            Some("net") if spec.host_network => {
                errs.invalid(at.child("name"), name, "may not be specified when 'hostNetwork' is true");
            }
            Some("ipc") if spec.host_ipc => {
                errs.invalid(at.child("name"), name, "may not be specified when 'hostIPC' is true");
            }
            _ => {}
        }
        seen.insert(name);
    }
}

fn is_sysctl_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let segment = |s: &str| {
        let b = s.as_bytes();
        b.first().is_some_and(|b| plain(*b))
            && b.last().is_some_and(|b| plain(*b))
            && b.iter().all(|b| plain(*b) || matches!(b, b'-' | b'_'))
    };
    name.len() <= 253 && name.split(['.', '/']).all(segment)
}

/// Which namespace of the kernel a setting belongs to.
fn sysctl_namespace(name: &str) -> Option<&'static str> {
    // Whichever of the two separators comes first is the separator.
    let name = match name.find(['.', '/']) {
        Some(i) if name.as_bytes()[i] == b'/' => name
            .chars()
            .map(|c| {
                if c == '/' {
                    '.'
                } else if c == '.' {
                    '/'
                } else {
                    c
                }
            })
            .collect(),
        _ => name.to_owned(),
    };
    let name = name.split('*').next().unwrap_or_default();
    const IPC: &[&str] =
        &["sem", "shmall", "shmmax", "shmmni", "shm_rmid_forced", "shm", "msgmax", "msgmnb", "msgmni", "msg"];
    if name.strip_prefix("kernel.").is_some_and(|n| IPC.contains(&n)) || name.starts_with("fs.mqueue.") {
        Some("ipc")
    } else if name.starts_with("net.") {
        Some("net")
    } else {
        None
    }
}

fn seccomp(profile: Option<&SeccompProfile>, path: Path, errs: &mut ErrorList) {
    let Some(p) = profile else { return };
    profile_type(&p.type_, "type is required when seccompProfile is set", path, errs);
    let at = path.child("localhostProfile");
    match &p.localhost_profile {
        None if p.type_ == "Localhost" => errs.required(at, "must be set when seccomp type is Localhost"),
        Some(file) if p.type_ == "Localhost" => local_descending_path(file, at, errs),
        Some(_) => {
            let shown = BadValue::raw(internal::tree(p, "SeccompProfile").compact());
            errs.invalid(at, shown, "can only be set when seccomp type is Localhost");
        }
        None => {}
    }
}

fn profile_type(type_: &str, missing: &str, path: Path, errs: &mut ErrorList) {
    match type_ {
        "Localhost" | "RuntimeDefault" | "Unconfined" => {}
        "" => errs.required(path.child("type"), missing),
        other => errs.not_supported(path.child("type"), other, &["Localhost", "RuntimeDefault", "Unconfined"]),
    }
}

fn app_armor(profile: Option<&AppArmorProfile>, path: Path, errs: &mut ErrorList) {
    let Some(p) = profile else { return };
    let at = path.child("localhostProfile");
    match (p.type_.as_str(), &p.localhost_profile) {
        ("Localhost", None) => errs.required(at, "must be set when AppArmor type is Localhost"),
        ("Localhost", Some(name)) => {
            if name.trim() != name.as_str() {
                errs.invalid(at, name, "must not be padded with whitespace");
            } else if name.is_empty() {
                errs.required(at, "must be set when AppArmor type is Localhost");
            }
            if name.len() > 4095 {
                errs.too_long(at, 4095);
            }
        }
        ("RuntimeDefault" | "Unconfined", Some(name)) => {
            errs.invalid(at, name, "can only be set when AppArmor type is Localhost");
        }
        (other, _) => profile_type(other, "type is required when appArmorProfile is set", path, errs),
    }
}

pub(super) const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// The annotations that once said what fields say now.
pub(super) fn annotations(map: &Map, spec: &PodSpec, path: Path, errs: &mut ErrorList) {
    for (key, value) in map.iter() {
        if key == SECCOMP_POD || key.starts_with(SECCOMP_CONTAINER) {
            let at = path.child(key);
            match value.strip_prefix("localhost/") {
                _ if matches!(value.as_str(), "runtime/default" | "docker/default" | "unconfined") => {}
                Some(file) => local_descending_path(file, at, errs),
                None => errs.invalid(at, value, "must be a valid seccomp profile"),
            }
        }
    }
    for (key, value) in map.iter() {
        let Some(name) = key.strip_prefix(APP_ARMOR) else { continue };
        let mut found = false;
        each_container(spec, path, &mut |c, _| found |= c.name == name);
        if !found {
            errs.invalid(path.key(key), name, "container not found");
        }
        let known = matches!(value.as_str(), "" | "runtime/default" | "unconfined") || value.starts_with("localhost/");
        if !known {
            errs.invalid(path.key(key), value, format!("invalid AppArmor profile name: \"{value}\""));
        }
    }
}

/// Where annotation and field both speak, they must agree.
pub(super) fn annotations_and_fields(map: &Map, spec: &PodSpec, path: Path, errs: &mut ErrorList) {
    fn agree(what: &str, annotation: &str, type_: &str, file: &Option<Str>, path: Path, errs: &mut ErrorList) {
        let types = match type_ {
            "Unconfined" => annotation == "unconfined",
            "RuntimeDefault" => annotation == "runtime/default" || what == "seccomp" && annotation == "docker/default",
            "Localhost" => annotation.starts_with("localhost/"),
            _ => true,
        };
        if !types {
            errs.forbidden(path.child("type"), format!("{what} type in annotation and field must match"));
        } else if type_ == "Localhost" && file.as_deref() != annotation.strip_prefix("localhost/") {
            let why = format!("{what} profile in annotation and field must match");
            errs.forbidden(path.child("localhostProfile"), why);
        }
    }
    if map.is_empty() {
        return;
    }
    let own = spec.security_context.as_deref();
    if let (Some(p), Some(a)) = (own.and_then(|s| s.seccomp_profile.as_deref()), map.get(SECCOMP_POD)) {
        let at = path.child("securityContext");
        agree("seccomp", a, &p.type_, &p.localhost_profile, at.child("seccompProfile"), errs);
    }
    each_container(spec, path, &mut |c, at| {
        let profile = c.security_context.as_deref().and_then(|s| s.seccomp_profile.as_deref());
        if let (Some(p), Some(a)) = (profile, map.get(&format!("{SECCOMP_CONTAINER}{}", c.name))) {
            let at = at.child("securityContext");
            agree("seccomp", a, &p.type_, &p.localhost_profile, at.child("seccompProfile"), errs);
        }
    });
    if os(spec) == Some("windows") {
        return;
    }
    each_container(spec, path, &mut |c, at| {
        let profile = c.security_context.as_deref().and_then(|s| s.app_armor_profile.as_deref());
        let profile = profile.or(own.and_then(|s| s.app_armor_profile.as_deref()));
        if let (Some(p), Some(a)) = (profile, map.get(&format!("{APP_ARMOR}{}", c.name))) {
            let at = at.child("securityContext");
            agree("apparmor", a, &p.type_, &p.localhost_profile, at.child("appArmorProfile"), errs);
        }
    });
}

fn os(spec: &PodSpec) -> Option<&str> {
    spec.os.as_deref().map(|os| os.name.as_str())
}

/// A pod with users of its own shares nothing else with its host.
pub(super) fn host_users(spec: &PodSpec, path: Path, errs: &mut ErrorList) {
    const WHY: &str = "when `hostUsers` is false";
    if spec.host_users != Some(false) {
        return;
    }
    // Upstream's spelling of the three.
    for (name, there) in [("hostNetwork", spec.host_network), ("HostPID", spec.host_pid), ("HostIPC", spec.host_ipc)] {
        if there {
            errs.forbidden(path.child(name), WHY);
        }
    }
    each_container(spec, path, &mut |c, at| {
        if !c.volume_devices.is_empty() {
            errs.forbidden(at.child("volumeDevices"), WHY);
        }
    });
}

pub(super) fn operating_system(spec: &PodSpec, path: Path, errs: &mut ErrorList) {
    let at = path.child("os");
    match os(spec) {
        None => {}
        Some("") => errs.required(at.child("name"), ""),
        Some("linux") => linux(spec, path, errs),
        Some("windows") => windows(spec, path, errs),
        Some(other) => errs.not_supported(at, other, &["linux", "windows"]),
    }
}

fn linux(spec: &PodSpec, path: Path, errs: &mut ErrorList) {
    const WHY: &str = "windows options cannot be set for a linux pod";
    if spec.security_context.as_deref().is_some_and(|s| s.windows_options.value().is_some()) {
        let at = path.child("securityContext");
        errs.forbidden(at.child("windowsOptions"), WHY);
    }
    each_container(spec, path, &mut |c, at| {
        if c.security_context.as_deref().is_some_and(|s| s.windows_options.value().is_some()) {
            let at = at.child("securityContext");
            errs.forbidden(at.child("windowsOptions"), WHY);
        }
    });
}

fn windows(spec: &PodSpec, path: Path, errs: &mut ErrorList) {
    const WHY: &str = "cannot be set for a windows pod";
    let context = path.child("securityContext");
    if let Some(s) = spec.security_context.as_deref() {
        for (name, there) in [
            ("securityContext.appArmorProfile", s.app_armor_profile.is_some()),
            ("securityContext.seLinuxOptions", s.se_linux_options.is_some()),
            ("hostUsers", spec.host_users.is_some()),
            ("hostPID", spec.host_pid),
            ("hostIPC", spec.host_ipc),
            ("securityContext.seccompProfile", s.seccomp_profile.is_some()),
            ("securityContext.fsGroup", s.fs_group.is_some()),
            ("securityContext.fsGroupChangePolicy", s.fs_group_change_policy.is_some()),
            ("securityContext.sysctls", !s.sysctls.is_empty()),
            ("shareProcessNamespace", spec.share_process_namespace.is_some()),
            ("securityContext.runAsUser", s.run_as_user.is_some()),
            ("securityContext.runAsGroup", s.run_as_group.is_some()),
            ("securityContext.supplementalGroups", !s.supplemental_groups.is_empty()),
            ("securityContext.supplementalGroupsPolicy", s.supplemental_groups_policy.is_some()),
            ("securityContext.seLinuxChangePolicy", s.se_linux_change_policy.is_some()),
        ] {
            if there {
                let at = name.strip_prefix("securityContext.").map_or(path.child(name), |name| context.child(name));
                errs.forbidden(at, WHY);
            }
        }
    }
    each_container(spec, path, &mut |c, at| {
        let Some(s) = c.security_context.as_deref() else { return };
        let at = at.child("securityContext");
        for (name, there) in [
            ("appArmorProfile", s.app_armor_profile.is_some()),
            ("seLinuxOptions", s.se_linux_options.is_some()),
            ("seccompProfile", s.seccomp_profile.is_some()),
            ("capabilities", s.capabilities.is_some()),
            ("readOnlyRootFilesystem", s.read_only_root_filesystem.is_some()),
            ("privileged", s.privileged.is_some()),
            ("allowPrivilegeEscalation", s.allow_privilege_escalation.is_some()),
            ("procMount", s.proc_mount.is_some()),
            ("runAsUser", s.run_as_user.is_some()),
            ("runAsGroup", s.run_as_group.is_some()),
        ] {
            if there {
                errs.forbidden(at.child(name), WHY);
            }
        }
    });
}

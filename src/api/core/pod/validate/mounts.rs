//! Where containers mount volumes.
//!
//! Upstream: pkg/apis/core/validation/validation.go (ValidateVolumeMounts, ValidateVolumeDevices)
//! Differs: nothing known.

use super::volumes::{has_backsteps, local_descending_path};
use crate::api::core::pod::*;
use crate::apimachinery::{ErrorList, OrdSet, Path};

/// `volumes`: those that are themselves in order.
pub(super) fn volume_mounts(c: &Container, volumes: &[&Volume], path: Path, errs: &mut ErrorList) {
    let mut seen = OrdSet::new();
    for (i, m) in c.volume_mounts.iter().enumerate() {
        let at = path.index(i);
        if m.name.is_empty() {
            errs.required(at.child("name"), "");
        }
        if !volumes.iter().any(|v| v.name == m.name) {
            errs.not_found(at.child("name"), &m.name);
        }
        if m.mount_path.is_empty() {
            errs.required(at.child("mountPath"), "");
        }
        if !seen.insert(m.mount_path.as_str()) {
            errs.invalid(at.child("mountPath"), &m.mount_path, "must be unique");
        }
        if c.volume_devices.iter().any(|d| d.name == m.name) {
            errs.invalid(at.child("name"), &m.name, "must not already exist in volumeDevices");
        }
        if c.volume_devices.iter().any(|d| d.device_path == m.mount_path) {
            let why = "must not already exist as a path in volumeDevices";
            errs.invalid(at.child("mountPath"), &m.mount_path, why);
        }
        // From here on upstream names the list, not the item.
        if !m.sub_path.is_empty() {
            local_descending_path(&m.sub_path, path.child("subPath"), errs);
        }
        if !m.sub_path_expr.is_empty() {
            if !m.sub_path.is_empty() {
                let why = "subPathExpr and subPath are mutually exclusive";
                errs.invalid(at.child("subPathExpr"), &m.sub_path_expr, why);
            }
            local_descending_path(&m.sub_path_expr, path.child("subPathExpr"), errs);
        }
        propagation(m, c, path.child("mountPropagation"), errs);
        recursive_read_only(m, path.child("recursiveReadOnly"), errs);
    }
}

fn propagation(m: &VolumeMount, c: &Container, path: Path, errs: &mut ErrorList) {
    let Some(mode) = &m.mount_propagation else { return };
    if !matches!(mode.as_str(), "Bidirectional" | "HostToContainer" | "None") {
        errs.not_supported(path, mode, &["Bidirectional", "HostToContainer", "None"]);
    }
    let privileged = c.security_context.as_deref().is_some_and(|s| s.privileged == Some(true));
    if mode == "Bidirectional" && !privileged {
        errs.forbidden(path, "Bidirectional mount propagation is available only to privileged containers");
    }
}

fn recursive_read_only(m: &VolumeMount, path: Path, errs: &mut ErrorList) {
    match m.recursive_read_only.as_deref() {
        None | Some("Disabled") => {}
        Some("Enabled" | "IfPossible") => {
            if !m.read_only {
                errs.forbidden(path, "may only be specified when readOnly is true");
            }
            if m.mount_propagation.as_ref().is_some_and(|p| p != "None") {
                errs.forbidden(path, "may only be specified when mountPropagation is None or not specified");
            }
        }
        Some(other) => errs.not_supported(path, other, &["Disabled", "Enabled", "IfPossible"]),
    }
}

pub(super) fn volume_devices(c: &Container, volumes: &[&Volume], path: Path, errs: &mut ErrorList) {
    let (mut paths, mut names) = (OrdSet::new(), OrdSet::new());
    for (i, d) in c.volume_devices.iter().enumerate() {
        let at = path.index(i);
        let (name, device) = (d.name.as_str(), d.device_path.as_str());
        let volume = volumes.iter().find(|v| v.name == d.name);
        if name.is_empty() {
            errs.required(at.child("name"), "");
        }
        if names.contains(name) {
            errs.invalid(at.child("name"), name, "must be unique");
        }
        match volume {
            Some(v) if v.persistent_volume_claim.is_none() && v.ephemeral.is_none() => {
                let why = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                errs.invalid(at.child("name"), name, why);
            }
            Some(_) => {}
            None => errs.not_found(at.child("name"), name),
        }
        if device.is_empty() {
            errs.required(at.child("devicePath"), "");
        }
        if paths.contains(device) {
            errs.invalid(at.child("devicePath"), device, "must be unique");
        }
        if has_backsteps(device) {
            errs.invalid(at.child("devicePath"), device, "can not contain backsteps ('..')");
        } else {
            paths.insert(device);
        }
        if c.volume_mounts.iter().any(|m| m.name == d.name) {
            errs.invalid(at.child("name"), name, "must not already exist in volumeMounts");
        }
        if c.volume_mounts.iter().any(|m| m.mount_path == d.device_path) {
            errs.invalid(at.child("devicePath"), device, "must not already exist as a path in volumeMounts");
        }
        if !name.is_empty() {
            names.insert(name);
        }
    }
}

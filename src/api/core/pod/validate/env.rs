//! Environment variables and where their values come from.
//!
//! Upstream: pkg/apis/core/validation/validation.go (ValidateEnv, ValidateEnvFrom and what they call),
//! pkg/apis/core/pods/helpers.go (ConvertDownwardAPIFieldLabel)
//! Differs: nothing known.

use super::common::*;
use super::volumes::no_backsteps;
use crate::api::core::pod::*;
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::{ErrorList, Path};

/// What a variable may show of its pod.
pub(super) const ENV_FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// What a file of a volume may show of its pod.
pub(super) const VOLUME_FIELDS: &[&str] =
    &["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

const RESOURCES: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

pub(super) fn env(vars: &[EnvVar], path: Path, errs: &mut ErrorList) {
    for (i, v) in vars.iter().enumerate() {
        let at = path.index(i);
        if v.name.is_empty() {
            errs.required(at.child("name"), "");
        } else {
            errs.invalid_each(at.child("name"), &v.name, names::is_relaxed_env_var_name(&v.name));
        }
        if let Some(from) = v.value_from.as_deref() {
            value_from(v, from, at.child("valueFrom"), errs);
        }
    }
}

fn value_from(v: &EnvVar, from: &EnvVarSource, path: Path, errs: &mut ErrorList) {
    let mut sources = 0;
    if let Some(f) = from.field_ref.as_deref() {
        sources += 1;
        field_ref(f, ENV_FIELDS, path.child("fieldRef"), errs);
    }
    if let Some(r) = from.resource_field_ref.as_deref() {
        sources += 1;
        resource_field_ref(r, false, path.child("resourceFieldRef"), errs);
    }
    if let Some(k) = from.config_map_key_ref.as_deref() {
        sources += 1;
        key_ref(&k.name, &k.key, path.child("configMapKeyRef"), errs);
    }
    if let Some(k) = from.secret_key_ref.as_deref() {
        sources += 1;
        key_ref(&k.name, &k.key, path.child("secretKeyRef"), errs);
    }
    if let Some(k) = from.file_key_ref.as_deref() {
        sources += 1;
        file_key_ref(k, path.child("fileKeyRef"), errs);
    }
    if sources == 0 {
        errs.invalid(
            path,
            "",
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
        );
    } else if !v.value.is_empty() {
        errs.invalid(path, "", "may not be specified when `value` is not empty");
    } else if sources > 1 {
        errs.invalid(path, "", "may not have more than one field specified at a time");
    }
}

/// `metadata.labels['app']` → (`metadata.labels`, `app`).
pub fn split_subscript(field_path: &str) -> Option<(&str, &str)> {
    let (path, subscript) = field_path.strip_suffix("']")?.split_once("['")?;
    (!path.is_empty()).then_some((path, subscript))
}

pub(super) fn field_ref(f: &ObjectFieldSelector, known: &[&str], path: Path, errs: &mut ErrorList) {
    if f.api_version.is_empty() {
        return errs.required(path.child("apiVersion"), "");
    }
    if f.field_path.is_empty() {
        return errs.required(path.child("fieldPath"), "");
    }
    let mut label: &str = &f.field_path;
    let why = if f.api_version != "v1" {
        Some(format!("unsupported pod version: {}", f.api_version))
    } else if let Some((map, _)) = split_subscript(label) {
        (!matches!(map, "metadata.annotations" | "metadata.labels"))
            .then(|| format!("field label does not support subscript: {label}"))
    } else if label == "spec.host" {
        label = "spec.nodeName";
        None
    } else {
        let convertible = ENV_FIELDS.contains(&label)
            || VOLUME_FIELDS.contains(&label)
            || matches!(label, "spec.restartPolicy" | "spec.schedulerName" | "status.phase");
        (!convertible).then(|| format!("field label not supported: {label}"))
    };
    if let Some(why) = why {
        let why = format!("error converting fieldPath: {why}");
        return errs.invalid(path.child("fieldPath"), &f.field_path, why);
    }
    match split_subscript(label) {
        Some(("metadata.annotations", key)) => qualified_name(&key.to_lowercase(), path, errs),
        Some((_, key)) => qualified_name(key, path, errs),
        None if !known.contains(&label) => errs.not_supported(path.child("fieldPath"), label, known),
        None => {}
    }
}

pub(super) fn resource_field_ref(r: &ResourceFieldSelector, volume: bool, path: Path, errs: &mut ErrorList) {
    let name: &str = &r.resource;
    let hugepages = name.starts_with("requests.hugepages-") || name.starts_with("limits.hugepages-");
    if volume && r.container_name.is_empty() {
        errs.required(path.child("containerName"), "");
    } else if name.is_empty() {
        errs.required(path.child("resource"), "");
    } else if !RESOURCES.contains(&name) && !hugepages {
        errs.not_supported(path.child("resource"), name, RESOURCES);
    }
    if r.divisor == Quantity::zero() {
        return;
    }
    const SIZES: &[&str] = &["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];
    let divisor = r.divisor.to_string();
    let sizes = SIZES.contains(&divisor.as_str());
    let what = match name {
        "limits.cpu" | "requests.cpu" => {
            if !matches!(divisor.as_str(), "1m" | "1") {
                let why = "only divisor's values 1m and 1 are supported with the cpu resource";
                errs.invalid(path.child("divisor"), name, why);
            }
            return;
        }
        "limits.memory" | "requests.memory" if !sizes => "memory",
        "limits.ephemeral-storage" | "requests.ephemeral-storage" if !sizes => "local ephemeral storage",
        _ if hugepages && !sizes => "hugepages",
        _ => return,
    };
    let why = format!("only divisor's values {} are supported with the {what} resource", SIZES.join(", "));
    errs.invalid(path.child("divisor"), name, why);
}

fn key_ref(name: &str, key: &str, path: Path, errs: &mut ErrorList) {
    errs.invalid_each(path.child("name"), name, names::is_dns1123_subdomain(name));
    if key.is_empty() {
        errs.required(path.child("key"), "");
    } else {
        errs.invalid_each(path.child("key"), key, names::is_config_map_key(key));
    }
}

fn file_key_ref(k: &FileKeySelector, path: Path, errs: &mut ErrorList) {
    if k.key.is_empty() {
        errs.required(path.child("key"), "");
    } else {
        errs.invalid_each(path.child("key"), &k.key, names::is_relaxed_env_var_name(&k.key));
    }
    if k.volume_name.is_empty() {
        errs.required(path.child("volumeName"), "");
    } else {
        dns_label(&k.volume_name, path.child("volumeName"), errs);
    }
    if k.path.is_empty() {
        errs.required(path.child("path"), "");
    } else {
        no_backsteps(&k.path, path.child("path"), errs);
    }
}

pub(super) fn env_from(vars: &[EnvFromSource], path: Path, errs: &mut ErrorList) {
    for (i, v) in vars.iter().enumerate() {
        let at = path.index(i);
        if !v.prefix.is_empty() {
            errs.invalid_each(at.child("prefix"), &v.prefix, names::is_relaxed_env_var_name(&v.prefix));
        }
        let mut sources = 0;
        if let Some(r) = v.config_map_ref.as_deref() {
            sources += 1;
            env_source(&r.name, at.child("configMapRef"), errs);
        }
        if let Some(r) = v.secret_ref.as_deref() {
            sources += 1;
            env_source(&r.name, at.child("secretRef"), errs);
        }
        // The whole list is named, not the item.
        if sources == 0 {
            errs.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`");
        } else if sources > 1 {
            errs.invalid(path, "", "may not have more than one field specified at a time");
        }
    }
}

fn env_source(name: &str, path: Path, errs: &mut ErrorList) {
    if name.is_empty() {
        errs.required(path.child("name"), "");
    } else {
        errs.invalid_each(path.child("name"), name, names::name_is_dns_subdomain(name, true));
    }
}

/// Variables from files need a directory that is the pod's own.
pub(super) fn file_key_volumes(spec: &PodSpec, path: Path, errs: &mut ErrorList) {
    each_container(spec, path, &mut |c, at| {
        let env = at.child("env");
        for (i, v) in c.env.iter().enumerate() {
            let Some(name) = v.value_from.as_deref().and_then(|f| f.file_key_ref.as_deref()).map(|k| &k.volume_name)
            else {
                continue;
            };
            let (var, at) = (env.index(i), |p: Path, errs: &mut ErrorList, found: bool| {
                if found {
                    errs.invalid(p, name, "referenced volume must be of type emptyDir");
                } else {
                    errs.not_found(p, name);
                }
            });
            let (from, volume) = (var.child("valueFrom"), spec.volumes.iter().rev().find(|v| v.name == *name));
            if volume.is_none_or(|v| v.empty_dir.is_none()) {
                let key = from.child("fileKeyRef");
                at(key.child("volumeName"), errs, volume.is_some());
            }
        }
    });
}

//! Volumes and their sources.
//!
//! Upstream: pkg/apis/core/validation/validation.go (ValidateVolumes, validateVolumeSource and what it calls)
//! Differs: the inner fields of sources that pass through as trees are not looked at.

use super::common::*;
use super::containers::pull_policy;
use super::{PodOptions, env, projected};
use crate::api::core::pod::*;
use crate::apimachinery::{ErrorList, ObjectMeta, OrdSet, Path};

/// The volumes that are in order. `meta` is that of a real pod.
pub(super) fn volumes<'a>(
    list: &'a [Volume],
    meta: Option<&ObjectMeta>,
    opts: PodOptions,
    path: Path,
    errs: &mut ErrorList,
) -> Vec<&'a Volume> {
    let pod = meta.and_then(|m| m.name.non_empty());
    let created: OrdSet<String> = match pod {
        Some(pod) => list.iter().filter(|v| v.ephemeral.is_some()).map(|v| format!("{pod}-{}", v.name)).collect(),
        None => OrdSet::new(),
    };
    let (mut good, mut names_seen) = (Vec::new(), OrdSet::new());
    for (i, v) in list.iter().enumerate() {
        let at = path.index(i);
        let before = errs.0.len();
        source(v, pod, opts, at, errs);
        if v.name.is_empty() {
            errs.required(at.child("name"), "");
        } else {
            dns_label(&v.name, at.child("name"), errs);
        }
        if names_seen.contains(v.name.as_str()) {
            errs.duplicate(at.child("name"), &v.name);
        }
        if errs.0.len() == before {
            names_seen.insert(v.name.as_str());
            good.push(v);
        }
        if let Some(c) = v.persistent_volume_claim.as_deref().filter(|c| created.contains(c.claim_name.as_str())) {
            let claim = at.child("persistentVolumeClaim");
            let why = "must not reference a PVC that gets created for an ephemeral volume";
            errs.invalid(claim.child("claimName"), &c.claim_name, why);
        }
    }
    good
}

fn source(v: &Volume, pod: Option<&str>, opts: PodOptions, path: Path, errs: &mut ErrorList) {
    let mut found = false;
    if let Some(e) = v.empty_dir.as_deref() {
        found = true;
        if e.size_limit.as_ref().is_some_and(|q| q.sign() < 0) {
            let at = path.child("emptyDir");
            errs.forbidden(at.child("sizeLimit"), "SizeLimit field must be a valid resource quantity");
        }
    }
    macro_rules! one {
        ($there:expr, $name:literal, $check:expr) => {
            if let Some(source) = $there {
                if found {
                    errs.forbidden(path.child($name), "may not specify more than 1 volume type");
                } else {
                    found = true;
                    #[allow(clippy::redundant_closure_call, reason = "the check names its source")]
                    ($check)(source, path.child($name), &mut *errs);
                }
            }
        };
    }
    macro_rules! opaque {
        ($field:ident, $name:literal) => {
            one!(v.$field.value(), $name, |_, _, _: &mut ErrorList| {});
        };
    }
    one!(v.host_path.as_deref(), "hostPath", host_path);
    opaque!(git_repo, "gitRepo");
    opaque!(gce_persistent_disk, "gcePersistentDisk");
    opaque!(aws_elastic_block_store, "awsElasticBlockStore");
    one!(v.secret.as_deref(), "secret", |s: &SecretVolumeSource, at: Path, errs: &mut ErrorList| {
        if s.secret_name.is_empty() {
            errs.required(at.child("secretName"), "");
        }
        mode(s.default_mode, at.child("defaultMode"), errs);
        items(&s.items, at.child("items"), errs);
    });
    one!(v.nfs.as_deref(), "nfs", |n: &NFSVolumeSource, at: Path, errs: &mut ErrorList| {
        if n.server.is_empty() {
            errs.required(at.child("server"), "");
        }
        if n.path.is_empty() {
            errs.required(at.child("path"), "");
        }
        if !n.path.starts_with('/') {
            errs.invalid(at.child("path"), &n.path, "must be an absolute path");
        }
    });
    opaque!(iscsi, "iscsi");
    opaque!(glusterfs, "glusterfs");
    opaque!(flocker, "flocker");
    one!(
        v.persistent_volume_claim.as_deref(),
        "persistentVolumeClaim",
        |c: &PersistentVolumeClaimVolumeSource, at: Path, errs: &mut ErrorList| {
            if c.claim_name.is_empty() {
                errs.required(at.child("claimName"), "");
            }
        }
    );
    opaque!(rbd, "rbd");
    opaque!(cinder, "cinder");
    opaque!(cephfs, "cephFS");
    opaque!(quobyte, "quobyte");
    if let Some(d) = v.downward_api.as_deref() {
        if found {
            // Upstream's spelling.
            errs.forbidden(path.child("downwarAPI"), "may not specify more than 1 volume type");
        } else {
            found = true;
            let at = path.child("downwardAPI");
            mode(d.default_mode, at.child("defaultMode"), errs);
            for file in &d.items {
                downward_file(file, at, errs);
            }
        }
    }
    opaque!(fc, "fc");
    opaque!(flex_volume, "flexVolume");
    one!(v.config_map.as_deref(), "configMap", |c: &ConfigMapVolumeSource, at: Path, errs: &mut ErrorList| {
        if c.name.is_empty() {
            errs.required(at.child("name"), "");
        }
        mode(c.default_mode, at.child("defaultMode"), errs);
        items(&c.items, at.child("items"), errs);
    });
    opaque!(azure_file, "azureFile");
    opaque!(vsphere_volume, "vsphereVolume");
    opaque!(photon_persistent_disk, "photonPersistentDisk");
    opaque!(portworx_volume, "portworxVolume");
    opaque!(azure_disk, "azureDisk");
    opaque!(storageos, "storageos");
    one!(v.projected.as_deref(), "projected", projected::projected);
    opaque!(scale_io, "scaleIO");
    one!(v.csi.as_deref(), "csi", csi);
    one!(v.ephemeral.as_deref(), "ephemeral", |e: &EphemeralVolumeSource, at: Path, errs: &mut ErrorList| {
        match e.volume_claim_template.as_deref() {
            None => errs.required(at.child("volumeClaimTemplate"), ""),
            Some(t) => claim_template(t, at.child("volumeClaimTemplate"), errs),
        }
        if let (Some(pod), false) = (pod, v.name.is_empty()) {
            let claim = format!("{pod}-{}", v.name);
            for m in names::is_dns1123_subdomain(&claim) {
                errs.invalid(path.child("name"), &v.name, format!("PVC name \"{claim}\": {m}"));
            }
        }
    });
    one!(v.image.as_deref(), "image", |i: &ImageVolumeSource, at: Path, errs: &mut ErrorList| {
        if opts.resource_is_pod && i.reference.is_empty() {
            errs.required(at.child("reference"), "");
        }
        pull_policy(&i.pull_policy, at.child("pullPolicy"), errs);
    });
    if !found {
        errs.required(path, "must specify a volume type");
    }
}

fn host_path(h: &HostPathVolumeSource, path: Path, errs: &mut ErrorList) {
    const TYPES: &[&str] =
        &["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
    if h.path.is_empty() {
        return errs.required(path.child("path"), "");
    }
    no_backsteps(&h.path, path.child("path"), errs);
    if let Some(t) = h.type_.as_ref().filter(|t| !TYPES.contains(&t.as_str())) {
        errs.not_supported(path.child("type"), t, TYPES);
    }
}

fn csi(c: &CSIVolumeSource, path: Path, errs: &mut ErrorList) {
    let driver = path.child("driver");
    if c.driver.is_empty() {
        errs.required(driver, "");
    } else {
        if c.driver.len() > 63 {
            errs.too_long(driver, 63);
        }
        errs.invalid_each(driver, &c.driver, names::is_dns1123_subdomain(&c.driver.to_lowercase()));
    }
    if let Some(r) = c.node_publish_secret_ref.as_deref() {
        if r.name.is_empty() {
            let at = path.child("nodePublishSecretRef");
            errs.required(at.child("name"), "");
        } else {
            errs.invalid_each(path.child("name"), &r.name, names::is_dns1123_subdomain(&r.name));
        }
    }
}

/// The template of a claim: its labels, its annotations, its specification.
pub fn claim_template(t: &PersistentVolumeClaimTemplate, path: Path, errs: &mut ErrorList) {
    let metadata = path.child("metadata");
    annotations(&t.metadata.annotations, metadata.child("annotations"), errs);
    labels(&t.metadata.labels, metadata.child("labels"), errs);
    claim_spec(&t.spec, path.child("spec"), errs);
}

/// The specification of a claim, in a claim and in templates of claims.
pub fn claim_spec(s: &PersistentVolumeClaimSpec, path: Path, errs: &mut ErrorList) {
    const MODES: &[&str] = &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
    let modes = path.child("accessModes");
    if s.access_modes.is_empty() {
        errs.required(modes, "at least 1 access mode is required");
    }
    label_selector(s.selector.as_deref(), path.child("selector"), errs);
    let known = |m: &&crate::apimachinery::Str| MODES.contains(&m.as_str());
    for m in s.access_modes.iter().filter(|m| !known(m)) {
        errs.not_supported(modes, m, MODES);
    }
    let of_one_pod = s.access_modes.iter().any(|m| m == "ReadWriteOncePod");
    if of_one_pod && s.access_modes.iter().any(|m| known(&m) && m != "ReadWriteOncePod") {
        errs.forbidden(modes, "may not use ReadWriteOncePod with other access modes");
    }
    let resources = path.child("resources");
    let at = resources.key("storage");
    match s.resources.requests.get("storage") {
        None => errs.required(at, ""),
        Some(q) if q.sign() <= 0 => errs.invalid(at, &q.to_string(), "must be greater than zero"),
        Some(q) => super::resources::quantity("storage", q, at, errs),
    }
    if let Some(class) = s.storage_class_name.as_ref().filter(|c| !c.is_empty()) {
        dns_subdomain(class, path.child("storageClassName"), errs);
    }
    if let Some(mode) = s.volume_mode.as_ref().filter(|m| !matches!(m.as_str(), "Block" | "Filesystem")) {
        errs.not_supported(path.child("volumeMode"), mode, &["Block", "Filesystem"]);
    }
    let group = |g: &Option<crate::apimachinery::Str>| g.clone().unwrap_or_default();
    if let Some(d) = s.data_source.as_deref() {
        data_source(&d.name, &d.kind, &group(&d.api_group), path.child("dataSource"), errs);
    }
    if let Some(d) = s.data_source_ref.as_deref() {
        let at = path.child("dataSourceRef");
        data_source(&d.name, &d.kind, &group(&d.api_group), at, errs);
        if let Some(ns) = d.namespace.as_ref().filter(|ns| !ns.is_empty()) {
            dns_label(ns, at.child("namespace"), errs);
        }
        let elsewhere = d.namespace.as_ref().is_some_and(|ns| !ns.is_empty());
        if let Some(other) = s.data_source.as_deref() {
            // The rejected value is the other field's path, which Go prints as an empty object.
            let value = || crate::apimachinery::field_error::BadValue::raw("{}");
            if elsewhere {
                errs.invalid(path, value(), "may not be specified when dataSourceRef.namespace is specified");
            } else if (&other.api_group, &other.kind, &other.name) != (&d.api_group, &d.kind, &d.name) {
                errs.invalid(path, value(), "must match dataSourceRef");
            }
        }
    }
    if let Some(class) = s.volume_attributes_class_name.as_ref().filter(|c| !c.is_empty()) {
        dns_subdomain(class, path.child("volumeAttributesClassName"), errs);
    }
}

fn data_source(name: &str, kind: &str, group: &str, path: Path, errs: &mut ErrorList) {
    if name.is_empty() {
        errs.required(path.child("name"), "");
    }
    if kind.is_empty() {
        errs.required(path.child("kind"), "");
    }
    if group.is_empty() && kind != "PersistentVolumeClaim" {
        errs.invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
    }
    if !group.is_empty() {
        dns_subdomain(group, path.child("apiGroup"), errs);
    }
}

pub(super) fn mode(mode: Option<i32>, path: Path, errs: &mut ErrorList) {
    if let Some(m) = mode.filter(|m| !(0..=0o777).contains(m)) {
        errs.invalid(path, m, "must be a number between 0 and 0777 (octal), both inclusive");
    }
}

fn items(items: &[KeyToPath], path: Path, errs: &mut ErrorList) {
    for (i, item) in items.iter().enumerate() {
        key_to_path(item, path.index(i), errs);
    }
}

pub(super) fn key_to_path(k: &KeyToPath, path: Path, errs: &mut ErrorList) {
    if k.key.is_empty() {
        errs.required(path.child("key"), "");
    }
    if k.path.is_empty() {
        errs.required(path.child("path"), "");
    }
    local_path(&k.path, path.child("path"), errs);
    mode(k.mode, path.child("mode"), errs);
}

pub(super) fn downward_file(f: &DownwardAPIVolumeFile, path: Path, errs: &mut ErrorList) {
    if f.path.is_empty() {
        errs.required(path.child("path"), "");
    }
    local_path(&f.path, path.child("path"), errs);
    if let Some(r) = f.field_ref.as_deref() {
        env::field_ref(r, env::VOLUME_FIELDS, path.child("fieldRef"), errs);
        if f.resource_field_ref.is_some() {
            errs.invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously");
        }
    } else if let Some(r) = f.resource_field_ref.as_deref() {
        env::resource_field_ref(r, true, path.child("resourceFieldRef"), errs);
    } else {
        errs.required(path, "one of fieldRef and resourceFieldRef is required");
    }
    mode(f.mode, path.child("mode"), errs);
}

pub(super) fn has_backsteps(target: &str) -> bool {
    target.split('/').any(|part| part == "..")
}

pub(super) fn no_backsteps(target: &str, path: Path, errs: &mut ErrorList) {
    if has_backsteps(target) {
        errs.invalid(path, target, "must not contain '..'");
    }
}

pub(super) fn local_descending_path(target: &str, path: Path, errs: &mut ErrorList) {
    if target.starts_with('/') {
        errs.invalid(path, target, "must be a relative path");
    }
    no_backsteps(target, path, errs);
}

/// Relative, descending, and no name that the kubelet keeps for itself.
pub(super) fn local_path(target: &str, path: Path, errs: &mut ErrorList) {
    local_descending_path(target, path, errs);
    if target.starts_with("..") && !target.starts_with("../") {
        errs.invalid(path, target, "must not start with '..'");
    }
}

//! The volumes of a pod or of its template.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describeVolumes, print…VolumeSource)
//! Differs: nothing known.

use super::text::{ANNOTATION_LENGTH, Writer, opt, put, shortened};
use super::{persistent_volume_claim, volumes_rare};
use crate::api::core::{
    CSIVolumeSource, DownwardAPIVolumeFile, HostPathVolumeSource, NFSVolumeSource, ProjectedVolumeSource, Volume,
};
use crate::apimachinery::Map;

pub(super) fn describe(w: &mut Writer, volumes: &[Volume], space: &str) {
    if volumes.is_empty() {
        put!(w, 0, "{space}Volumes:\t<none>\n");
        return;
    }
    put!(w, 0, "{space}Volumes:\n");
    for volume in volumes {
        put!(w, 1, "{}{}:\n", if space.is_empty() { "" } else { " " }, volume.name);
        source(w, volume);
    }
}

fn source(w: &mut Writer, v: &Volume) {
    if let Some(s) = &v.host_path {
        host_path(w, s);
    } else if let Some(s) = &v.empty_dir {
        w.field(2, "Type", "EmptyDir (a temporary directory that shares a pod's lifetime)");
        w.field(2, "Medium", &s.medium);
        match &s.size_limit {
            Some(limit) if limit.sign() > 0 => w.field(2, "SizeLimit", limit),
            _ => w.field(2, "SizeLimit", "<unset>"),
        }
    } else if let Some(s) = &v.secret {
        w.field(2, "Type", "Secret (a volume populated by a Secret)");
        w.field(2, "SecretName", &s.secret_name);
        w.field(2, "Optional", s.optional.unwrap_or_default());
    } else if let Some(s) = &v.config_map {
        w.field(2, "Type", "ConfigMap (a volume populated by a ConfigMap)");
        w.field(2, "Name", &s.name);
        w.field(2, "Optional", s.optional.unwrap_or_default());
    } else if let Some(s) = &v.nfs {
        nfs(w, s);
    } else if let Some(s) = &v.persistent_volume_claim {
        let about = "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)";
        w.field(2, "Type", about);
        w.field(2, "ClaimName", &s.claim_name);
        w.field(2, "ReadOnly", s.read_only);
    } else if let Some(s) = &v.ephemeral {
        let about = "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)";
        w.field(2, "Type", about);
        if let Some(t) = &s.volume_claim_template {
            w.nested(2, |w| persistent_volume_claim::describe_template(w, &t.metadata, &t.spec));
        }
    } else if let Some(s) = &v.downward_api {
        w.field(2, "Type", "DownwardAPI (a volume populated by information about the pod)");
        w.title(2, "Items");
        s.items.iter().for_each(|item| downward(w, item));
    } else if let Some(s) = &v.projected {
        projected(w, s);
    } else if let Some(s) = &v.csi {
        csi(w, s);
    } else if let Some(s) = &v.image {
        w.field(2, "Type", "Image (a container image or OCI artifact)");
        w.field(2, "Reference", &s.reference);
        w.field(2, "PullPolicy", &s.pull_policy);
    } else if !volumes_rare::describe(w, v) {
        put!(w, 1, "<unknown>\n");
    }
}

pub(super) fn host_path(w: &mut Writer, s: &HostPathVolumeSource) {
    w.field(2, "Type", "HostPath (bare host directory volume)");
    w.field(2, "Path", &s.path);
    w.field(2, "HostPathType", s.type_.as_deref().unwrap_or("<none>"));
}

pub(super) fn nfs(w: &mut Writer, s: &NFSVolumeSource) {
    w.field(2, "Type", "NFS (an NFS mount that lasts the lifetime of a pod)");
    w.field(2, "Server", &s.server);
    w.field(2, "Path", &s.path);
    w.field(2, "ReadOnly", s.read_only);
}

fn downward(w: &mut Writer, item: &DownwardAPIVolumeFile) {
    if let Some(field) = &item.field_ref {
        put!(w, 3, "{} -> {}\n", field.field_path, item.path);
    }
    if let Some(field) = &item.resource_field_ref {
        put!(w, 3, "{} -> {}\n", field.resource, item.path);
    }
}

fn projected(w: &mut Writer, s: &ProjectedVolumeSource) {
    w.field(2, "Type", "Projected (a volume that contains injected data from multiple sources)");
    for source in &s.sources {
        if let Some(secret) = &source.secret {
            w.field(2, "SecretName", &secret.name);
            w.field(2, "Optional", secret.optional.unwrap_or_default());
        } else if source.downward_api.is_some() {
            w.field(2, "DownwardAPI", true);
        } else if let Some(map) = &source.config_map {
            w.field(2, "ConfigMapName", &map.name);
            w.field(2, "Optional", map.optional.unwrap_or_default());
        } else if let Some(token) = &source.service_account_token {
            w.field(2, "TokenExpirationSeconds", token.expiration_seconds.unwrap_or_default());
        }
    }
}

fn csi(w: &mut Writer, s: &CSIVolumeSource) {
    w.field(2, "Type", "CSI (a Container Storage Interface (CSI) volume source)");
    w.field(2, "Driver", &s.driver);
    w.field(2, "FSType", opt(&s.fs_type));
    w.field(2, "ReadOnly", s.read_only.unwrap_or_default());
    csi_attributes(w, &s.volume_attributes);
}

pub(super) fn csi_attributes(w: &mut Writer, attributes: &Map) {
    let lines = attributes.iter().map(|(key, value)| shortened(&format!("{key}={value}"), ANNOTATION_LENGTH));
    csi_lines(w, &lines.collect::<Vec<_>>());
}

/// Every piece of it is indented, even within a line.
pub(super) fn csi_lines(w: &mut Writer, lines: &[String]) {
    put!(w, 2, "VolumeAttributes:\t");
    if lines.is_empty() {
        put!(w, 0, "<none>\n");
    }
    for (i, line) in lines.iter().enumerate() {
        if i > 0 {
            put!(w, 2, "");
            put!(w, 2, "\t");
        }
        put!(w, 2, "{line}\n");
    }
}

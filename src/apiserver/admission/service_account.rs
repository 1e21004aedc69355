//! ServiceAccount: every pod runs as an account that exists, and holds its token.
//!
//! Upstream: plugin/pkg/admission/serviceaccount/admission.go
//! Differs: accounts are read from the store itself, so none is waited for.

use super::{Attributes, Op, Plugin, forbidden};
use crate::api::core::{
    ConfigMapProjection, Container, DownwardAPIProjection, DownwardAPIVolumeFile, KeyToPath, ObjectFieldSelector, Pod,
    ProjectedVolumeSource, ServiceAccount, ServiceAccountTokenProjection, Volume, VolumeMount, VolumeProjection,
};
use crate::api::{Key, Kind, Object};
use crate::apimachinery::{List, Status, Str};
use crate::apiserver::registry::random_suffix;
use std::rc::Rc;

pub(super) const PLUGIN: Plugin =
    Plugin { name: "ServiceAccount", mutate: Some(admit), validate: Some(check), charge: None };

const MIRROR: &str = "kubernetes.io/config.mirror";
const ENFORCE: &str = "kubernetes.io/enforce-mountable-secrets";
const VOLUME: &str = "kube-api-access-";
const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The token, the cluster's certificate and the namespace.
pub(super) fn token_source() -> ProjectedVolumeSource {
    let token = ServiceAccountTokenProjection {
        expiration_seconds: Some(60 * 60 + 7),
        path: Str::literal("token"),
        ..ServiceAccountTokenProjection::default()
    };
    let key = Str::literal("ca.crt");
    let ca = ConfigMapProjection {
        name: Str::literal("kube-root-ca.crt"),
        items: List::from(vec![KeyToPath { key: key.clone(), path: key, mode: None }]),
        optional: None,
    };
    let field = ObjectFieldSelector { api_version: Str::literal("v1"), field_path: Str::literal("metadata.namespace") };
    let file = DownwardAPIVolumeFile {
        path: Str::literal("namespace"),
        field_ref: Some(Rc::new(field)),
        ..DownwardAPIVolumeFile::default()
    };
    let namespace = DownwardAPIProjection { items: List::from(vec![file]) };
    let sources = vec![
        VolumeProjection { service_account_token: Some(Rc::new(token)), ..VolumeProjection::default() },
        VolumeProjection { config_map: Some(Rc::new(ca)), ..VolumeProjection::default() },
        VolumeProjection { downward_api: Some(Rc::new(namespace)), ..VolumeProjection::default() },
    ];
    ProjectedVolumeSource { sources: List::from(sources), default_mode: Some(0o644) }
}

fn account<'a>(at: &Attributes<'a>, object: &Object, name: &Str) -> Result<&'a Rc<ServiceAccount>, Status> {
    let namespace = &object.meta().namespace;
    let key = Key { namespace: namespace.clone(), name: name.clone() };
    at.server.store.head().get::<ServiceAccount>(&key).ok_or_else(|| {
        let missing = Status::not_found("", "serviceaccount", name);
        forbidden(object, &format!("error looking up service account {namespace}/{name}: {missing}"))
    })
}

fn admit(at: &mut Attributes, object: &mut Object) -> Result<(), Status> {
    if at.op != Op::Create {
        return Ok(());
    }
    let Some(pod) = object.downcast::<Pod>() else { return Ok(()) };
    if pod.metadata.annotations.contains_key(MIRROR) {
        return Ok(());
    }
    let name = pod.spec.service_account_name.non_empty().or(pod.spec.service_account.non_empty());
    let name = name.map_or(Str::literal("default"), Str::from);
    let account = account(at, object, &name)?;
    let mut pod = pod.clone();
    let spec = Rc::make_mut(&mut Rc::make_mut(&mut pod).spec);
    // The older spelling follows: both are written.
    spec.service_account = name.clone();
    spec.service_account_name = name;
    if spec.automount_service_account_token.or(account.automount_service_account_token).unwrap_or(true) {
        let given = spec.volumes.iter().find(|v| v.name.starts_with(VOLUME)).map(|v| v.name.clone());
        let has_volume = given.is_some();
        let volume = given.unwrap_or_else(|| Str::from(format!("{VOLUME}{}", random_suffix(at.rng))));
        let mount = VolumeMount {
            name: volume.clone(),
            read_only: true,
            mount_path: Str::literal(MOUNT_PATH),
            ..VolumeMount::default()
        };
        let mounted = mount_in(&mut spec.init_containers, &mount) | mount_in(&mut spec.containers, &mount);
        if mounted && !has_volume {
            let projected = Some(at.server.shared.token.clone());
            spec.volumes.push(Volume { name: volume, projected, ..Volume::default() });
        }
    }
    if spec.image_pull_secrets.is_empty() {
        spec.image_pull_secrets = account.image_pull_secrets.clone();
    }
    *object = Pod::wrap(pod);
    Ok(())
}

/// Mounts the token wherever nothing is mounted there; whether it did anywhere.
fn mount_in(containers: &mut List<Container>, mount: &VolumeMount) -> bool {
    let wants = |c: &Container| !c.volume_mounts.iter().any(|m| m.mount_path == mount.mount_path);
    if !containers.iter().any(wants) {
        return false;
    }
    for c in containers.make_mut().iter_mut().filter(|c| wants(c)) {
        c.volume_mounts.push(mount.clone());
    }
    true
}

fn check(at: &mut Attributes, object: &Object) -> Result<(), Status> {
    if at.op != Op::Create {
        return Ok(());
    }
    let Some(pod) = object.downcast::<Pod>() else { return Ok(()) };
    let spec = &pod.spec;
    if pod.metadata.annotations.contains_key(MIRROR) {
        let refuse = |why: &str| Err(forbidden(object, why));
        if !spec.service_account_name.is_empty() {
            return refuse("a mirror pod may not reference service accounts");
        }
        if spec.volumes.iter().any(|v| v.secret.is_some()) {
            return refuse("a mirror pod may not reference secrets");
        }
        let projects = |v: &Volume| {
            v.projected.as_ref().is_some_and(|p| p.sources.iter().any(|s| s.service_account_token.is_some()))
        };
        if spec.volumes.iter().any(projects) {
            return refuse("a mirror pod may not use ServiceAccountToken volume projections");
        }
        return Ok(());
    }
    if spec.service_account_name.is_empty() {
        let (namespace, name) = (&pod.metadata.namespace, &pod.metadata.name);
        return Err(forbidden(object, &format!("no service account specified for pod {namespace}/{name}")));
    }
    let account = account(at, object, &spec.service_account_name)?;
    match account.metadata.annotations.get(ENFORCE).map(Str::as_str) {
        Some("1" | "t" | "T" | "TRUE" | "true" | "True") => {
            limit_secrets(account, pod).map_err(|why| forbidden(object, &why))
        }
        _ => Ok(()),
    }
}

/// Secrets that the account does not name may not be used.
fn limit_secrets(account: &ServiceAccount, pod: &Pod) -> Result<(), String> {
    let of = &account.metadata.name;
    let mountable = |name: &str| account.secrets.iter().any(|s| s.name == name);
    let volumes = pod.spec.volumes.iter().filter_map(|v| v.secret.as_ref());
    if let Some(secret) = volumes.into_iter().find(|s| !mountable(&s.secret_name)) {
        return Err(format!(
            "volume with secret.secretName=\"{}\" is not allowed because service account {of} does not reference \
             that secret",
            secret.secret_name
        ));
    }
    for (word, containers) in [("init container", &pod.spec.init_containers), ("container", &pod.spec.containers)] {
        for c in containers {
            for e in &c.env {
                let secret = e.value_from.as_ref().and_then(|v| v.secret_key_ref.as_ref());
                if let Some(secret) = secret.filter(|s| !mountable(&s.name)) {
                    return Err(format!(
                        "{word} {} with envVar {} referencing secret.secretName=\"{}\" is not allowed because service \
                         account {of} does not reference that secret",
                        c.name, e.name, secret.name
                    ));
                }
            }
            let sources = c.env_from.iter().filter_map(|e| e.secret_ref.as_ref());
            if let Some(secret) = sources.into_iter().find(|s| !mountable(&s.name)) {
                return Err(format!(
                    "{word} {} with envFrom referencing secret.secretName=\"{}\" is not allowed because service \
                     account {of} does not reference that secret",
                    c.name, secret.name
                ));
            }
        }
    }
    for (i, pull) in pod.spec.image_pull_secrets.iter().enumerate() {
        if !account.image_pull_secrets.iter().any(|s| s.name == pull.name) {
            return Err(format!(
                "imagePullSecrets[{i}].name=\"{}\" is not allowed because service account {of} does not reference that \
                 imagePullSecret",
                pull.name
            ));
        }
    }
    Ok(())
}

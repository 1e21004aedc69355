//! Makes the volumes that claims of the simulated storage classes ask for, and deletes them again.
//!
//! Upstream: kubernetes-sigs/sig-storage-lib-external-provisioner (ProvisionController)
//! Differs: a volume is made at once, as a directory of the node; it belongs to no controller manager upstream.

use super::Controller;
use super::persistent_volume::{PROVISIONERS, SELECTED_NODE};
use crate::api::core::{HostPathVolumeSource, PersistentVolume, PersistentVolumeClaim, PersistentVolumeSpec};
use crate::api::storage::StorageClass;
use crate::api::{Key, Kind, KindId};
use crate::apimachinery::{Map, ObjectMeta, Status, Str};
use crate::client::{DeleteOptions, Reference, Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::Time;
use std::rc::Rc;

/// The provisioner that the default storage classes name.
pub const SIMULATED: &str = Provisioner::NAME;
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";

#[derive(Clone, Default)]
pub(super) struct Provisioner;

fn volume_for(claim: &PersistentVolumeClaim, class: &StorageClass) -> PersistentVolume {
    let name = format!("pvc-{}", claim.metadata.uid);
    let host_path = HostPathVolumeSource {
        path: Str::from(format!("/var/lib/kubarium/volumes/{name}")),
        type_: Some(Str::literal("DirectoryOrCreate")),
    };
    let asked = claim.spec.resources.requests.get("storage").cloned().unwrap_or_default();
    let capacity: Map<_> = [("storage", asked)].into_iter().collect();
    let policy = class.reclaim_policy.clone().unwrap_or(Str::literal("Delete"));
    PersistentVolume {
        metadata: ObjectMeta {
            name: Str::from(name),
            annotations: [(PROVISIONED_BY, Str::literal(SIMULATED))].into_iter().collect(),
            ..ObjectMeta::default()
        },
        spec: Rc::new(PersistentVolumeSpec {
            capacity,
            host_path: Some(Rc::new(host_path)),
            access_modes: claim.spec.access_modes.clone(),
            claim_ref: Some(Rc::new(Reference::of(claim).0)),
            persistent_volume_reclaim_policy: policy,
            storage_class_name: class.metadata.name.clone(),
            mount_options: class.mount_options.clone(),
            volume_mode: Some(claim.spec.volume_mode.clone().unwrap_or(Str::literal("Filesystem"))),
            ..PersistentVolumeSpec::default()
        }),
        ..PersistentVolume::default()
    }
}

fn provision(t: &mut Turn, claim: &PersistentVolumeClaim) -> Result<(), Status> {
    let asked = PROVISIONERS.iter().any(|key| claim.metadata.annotations.get(key).is_some_and(|p| *p == SIMULATED));
    let class = t.view.get::<StorageClass>(&Key::new("", Str::from(claim.class()))).cloned();
    let Some(class) = class.filter(|c| asked && c.provisioner == SIMULATED) else { return Ok(()) };
    let placed = !class.waits() || claim.metadata.annotations.contains_key(SELECTED_NODE);
    if !placed || !claim.spec.volume_name.is_empty() || claim.metadata.is_deleting() {
        return Ok(());
    }
    let volume = volume_for(claim, &class);
    if t.get_live::<PersistentVolume>(&volume.metadata.key()).is_ok() {
        return Ok(());
    }
    let about = Reference::of(claim);
    let text = format!("External provisioner is provisioning volume for claim \"{}\"", claim.metadata.key());
    t.event(&about, "Normal", "Provisioning", &text);
    let name = volume.metadata.name.clone();
    match t.create(volume) {
        Ok(_) => {
            t.event(&about, "Normal", "ProvisioningSucceeded", &format!("Successfully provisioned volume {name}"));
            Ok(())
        }
        Err(e) if e.is_already_exists() => Ok(()),
        Err(e) => {
            t.event(&about, "Warning", "ProvisioningFailed", &e.to_string());
            Err(e)
        }
    }
}

/// A volume that nobody claims any more, and that goes with its claim.
fn is_to_go(pv: &PersistentVolume) -> bool {
    pv.status.phase == "Released"
        && pv.spec.persistent_volume_reclaim_policy == "Delete"
        && !pv.metadata.is_deleting()
        && pv.metadata.annotations.get(PROVISIONED_BY).is_some_and(|by| *by == SIMULATED)
}

impl Controller for Provisioner {
    const NAME: &'static str = "kubarium.dev/simulated";
    const MANAGER: &'static str = "kubarium-provisioner";
    const WATCHES: &'static [KindId] = &[KindId::PersistentVolumeClaim, KindId::PersistentVolume];

    fn observe(&mut self, event: &WatchEvent, _view: &Tables, _now: Time, queue: &mut WorkQueue) {
        if event.new.is_some() {
            queue.add(event.key.clone(), event.cause);
        }
    }

    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        if !key.namespace.is_empty() {
            let Some(claim) = t.view.get::<PersistentVolumeClaim>(key).cloned() else { return Ok(Requeue::Done) };
            return provision(t, &claim).map(|()| Requeue::Done);
        }
        if t.view.get::<PersistentVolume>(key).is_some_and(|pv| is_to_go(pv)) {
            match t.delete(PersistentVolume::ID, key, &DeleteOptions::default()) {
                Err(e) if !e.is_not_found() => return Err(e),
                _ => {}
            }
        }
        Ok(Requeue::Done)
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        let kinds = [KindId::PersistentVolumeClaim, KindId::PersistentVolume];
        kinds.iter().flat_map(|k| view.objects(*k, None).map(|(k, _)| k.clone())).collect()
    }
}

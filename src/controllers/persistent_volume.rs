//! Binds claims to volumes, asks provisioners for volumes that are missing, and releases those whose claim is gone.
//!
//! Upstream: pkg/controller/volume/persistentvolume/{pv_controller,pv_controller_base,index}.go
//! Differs: volumes are never recycled; a volume of the Delete policy is its provisioner's to delete.

use super::Controller;
use super::pod_control::{selector_of, selects};
use crate::api::core::{ObjectReference, PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimStatus, Pod};
use crate::api::storage::StorageClass;
use crate::api::{Key, KindId};
use crate::apimachinery::{Status, Str};
use crate::client::{Reference, Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::{Duration, Time};
use std::rc::Rc;

const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
pub(super) const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
pub(super) const PROVISIONERS: [&str; 2] =
    ["volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner"];
const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";
/// All claims that are not bound are looked at again so often.
const RESYNC: Duration = Duration::from_secs(15);

#[derive(Clone, Default)]
pub(super) struct PersistentVolumeController;

fn class_of<'a>(view: &'a Tables, claim: &PersistentVolumeClaim) -> Option<&'a Rc<StorageClass>> {
    view.get::<StorageClass>(&Key::new("", Str::from(claim.class())))
}

fn is_for(pv: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    let meta = &claim.metadata;
    let same = |r: &ObjectReference| r.namespace == meta.namespace && r.name == meta.name;
    let ours = |r: &ObjectReference| r.uid.is_empty() || r.uid == meta.uid;
    pv.spec.claim_ref.as_ref().is_some_and(|r| same(r) && ours(r))
}

/// The volume that is kept for the claim, else the smallest that suits. Upstream: findBestMatchForClaim.
fn best_match(view: &Tables, claim: &PersistentVolumeClaim, delayed: bool) -> Option<Rc<PersistentVolume>> {
    let spec = &claim.spec;
    let asked = spec.resources.requests.get("storage").cloned().unwrap_or_default();
    let mode = |m: &Option<Str>| m.clone().unwrap_or(Str::literal("Filesystem"));
    let suits = |pv: &&Rc<PersistentVolume>| {
        let capacity = pv.spec.capacity.get("storage").cloned().unwrap_or_default();
        mode(&pv.spec.volume_mode) == mode(&spec.volume_mode) && capacity >= asked && !pv.metadata.is_deleting()
    };
    let kept = view.list::<PersistentVolume>(None).filter(suits).find(|pv| is_for(pv, claim));
    if kept.is_some() || delayed {
        return kept.cloned();
    }
    let selector = selector_of(spec.selector.as_ref());
    let open = |pv: &&Rc<PersistentVolume>| {
        let labels = &pv.metadata.labels;
        pv.spec.claim_ref.is_none()
            && pv.status.phase == "Available"
            && pv.class() == claim.class()
            && selector.as_ref().is_none_or(|s| selects(s, labels))
            && spec.access_modes.iter().all(|m| pv.spec.access_modes.contains(m))
    };
    let all = view.list::<PersistentVolume>(None).filter(suits).filter(open);
    all.min_by_key(|pv| pv.spec.capacity.get("storage").cloned().unwrap_or_default()).cloned()
}

fn set_volume_phase(t: &mut Turn, pv: &PersistentVolume, phase: &'static str) -> Result<Rc<PersistentVolume>, Status> {
    if pv.status.phase == phase {
        return Ok(Rc::new(pv.clone()));
    }
    let mut new = pv.clone();
    let status = Rc::make_mut(&mut new.status);
    status.phase = Str::literal(phase);
    status.last_phase_transition_time = Some(t.wall);
    t.update_status(new)
}

/// With its volume the claim takes over access modes and capacity.
fn set_claim_phase(
    t: &mut Turn,
    claim: &PersistentVolumeClaim,
    phase: &'static str,
    pv: Option<&PersistentVolume>,
) -> Result<(), Status> {
    let mut status = PersistentVolumeClaimStatus { phase: Str::literal(phase), ..(*claim.status).clone() };
    if let Some(pv) = pv {
        status.access_modes = pv.spec.access_modes.clone();
        status.capacity = pv.spec.capacity.clone();
    }
    if status == *claim.status {
        return Ok(());
    }
    t.update_status(PersistentVolumeClaim { status: Rc::new(status), ..claim.clone() }).map(|_| ())
}

/// Upstream: bind. The volume first, then the claim, each with its status.
fn bind(t: &mut Turn, pv: &Rc<PersistentVolume>, claim: &PersistentVolumeClaim) -> Result<(), Status> {
    let mut pv = pv.clone();
    let bound = pv.spec.claim_ref.as_ref().is_some_and(|r| r.uid == claim.metadata.uid);
    if !bound {
        let mut new = (*pv).clone();
        if new.spec.claim_ref.is_none() {
            new.metadata.annotations.insert(BOUND_BY_CONTROLLER, Str::literal("yes"));
        }
        Rc::make_mut(&mut new.spec).claim_ref = Some(Rc::new(Reference::of(claim).0));
        pv = t.update(new)?;
    }
    pv = set_volume_phase(t, &pv, "Bound")?;
    let mut new = claim.clone();
    if new.spec.volume_name != pv.metadata.name {
        Rc::make_mut(&mut new.spec).volume_name = pv.metadata.name.clone();
        new.metadata.annotations.insert(BOUND_BY_CONTROLLER, Str::literal("yes"));
    }
    new.metadata.annotations.insert(BIND_COMPLETED, Str::literal("yes"));
    let written = if new == *claim { Rc::new(new) } else { t.update(new)? };
    set_claim_phase(t, &written, "Bound", Some(&pv))
}

/// Asks the provisioner of the claim's class. Upstream: provisionClaimOperationExternal.
fn provision(t: &mut Turn, claim: &PersistentVolumeClaim) -> Result<(), Status> {
    let about = Reference::of(claim);
    let Some(class) = class_of(&t.view, claim).cloned() else {
        let message = format!("storageclass.storage.k8s.io {:?} not found", claim.class());
        t.event(&about, "Warning", "ProvisioningFailed", &message);
        return Ok(());
    };
    let provisioner = class.provisioner.clone();
    if provisioner == NO_PROVISIONER {
        return Ok(());
    }
    let mut new = claim.clone();
    for key in PROVISIONERS {
        new.metadata.annotations.insert(key, provisioner.clone());
    }
    if new != *claim {
        t.update(new)?;
    }
    let message = format!(
        "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the \
         system administrator. If volume creation is delayed, please verify that the provisioner is running and \
         correctly registered."
    );
    t.event(&about, "Normal", "ExternalProvisioning", &message);
    Ok(())
}

/// Pods that use the claim and are not placed yet.
fn unscheduled_pods(view: &Tables, claim: &PersistentVolumeClaim) -> Vec<Str> {
    let uses = |p: &&Rc<Pod>| {
        let mut claims = p.spec.volumes.iter().filter_map(|v| v.persistent_volume_claim.as_ref());
        p.spec.node_name.is_empty() && !p.is_terminal() && claims.any(|c| c.claim_name == claim.metadata.name)
    };
    view.list::<Pod>(Some(&claim.metadata.namespace)).filter(uses).map(|p| p.metadata.name.clone()).collect()
}

fn sync_unbound(t: &mut Turn, claim: &PersistentVolumeClaim) -> Result<Requeue, Status> {
    let about = Reference::of(claim);
    let again = Ok(Requeue::After(RESYNC));
    if !claim.spec.volume_name.is_empty() {
        let key = Key::new("", claim.spec.volume_name.clone());
        return match t.view.get::<PersistentVolume>(&key).cloned() {
            Some(pv) if pv.spec.claim_ref.is_none() || is_for(&pv, claim) => bind(t, &pv, claim).map(|()| Requeue::Done),
            Some(pv) => {
                set_claim_phase(t, claim, "Pending", None)?;
                if claim.metadata.annotations.contains_key(BOUND_BY_CONTROLLER) {
                    return Err(Status::unknown(format!("volume {:?} already bound to a different claim.", pv.metadata.name)));
                }
                let message = format!("volume {:?} already bound to a different claim.", pv.metadata.name.as_str());
                t.event(&about, "Warning", "FailedBinding", &message);
                again
            }
            None => {
                set_claim_phase(t, claim, "Pending", None)?;
                again
            }
        };
    }
    let waits = class_of(&t.view, claim).is_some_and(|c| c.waits());
    if let Some(pv) = best_match(&t.view, claim, waits) {
        return bind(t, &pv, claim).map(|()| Requeue::Done);
    }
    let selected = claim.metadata.annotations.contains_key(SELECTED_NODE);
    if waits && !selected {
        let pods = unscheduled_pods(&t.view, claim);
        match pods.len() {
            0 => {
                let message = "waiting for first consumer to be created before binding";
                t.event(&about, "Normal", "WaitForFirstConsumer", message);
            }
            n => {
                let names: Vec<&str> = pods.iter().map(|p| p.as_str()).collect();
                let what = if n == 1 { "pod" } else { "pods" };
                let message = format!("waiting for {what} {} to be scheduled", names.join(","));
                t.event(&about, "Normal", "WaitForPodScheduled", &message);
            }
        }
    } else if !claim.class().is_empty() {
        provision(t, claim)?;
        return again;
    } else {
        let message = "no persistent volumes available for this claim and no storage class is set";
        t.event(&about, "Normal", "FailedBinding", message);
    }
    set_claim_phase(t, claim, "Pending", None)?;
    again
}

fn sync_bound(t: &mut Turn, claim: &PersistentVolumeClaim) -> Result<Requeue, Status> {
    let about = Reference::of(claim);
    let lost = |t: &mut Turn, reason, message: &str| {
        if claim.status.phase != "Lost" {
            t.event(&about, "Warning", reason, message);
        }
        set_claim_phase(t, claim, "Lost", None).map(|()| Requeue::Done)
    };
    if claim.spec.volume_name.is_empty() {
        return lost(t, "ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!");
    }
    let key = Key::new("", claim.spec.volume_name.clone());
    match t.view.get::<PersistentVolume>(&key).cloned() {
        None => lost(t, "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!"),
        Some(pv) if pv.spec.claim_ref.is_none() || is_for(&pv, claim) => {
            bind(t, &pv, claim)?;
            Ok(Requeue::Done)
        }
        Some(_) => {
            let message = "Two claims are bound to the same volume, this one is bound incorrectly";
            lost(t, "ClaimMisbound", message)
        }
    }
}

fn sync_claim(t: &mut Turn, key: &Key) -> Result<Requeue, Status> {
    let Some(claim) = t.view.get::<PersistentVolumeClaim>(key).cloned() else { return Ok(Requeue::Done) };
    if claim.metadata.annotations.contains_key(BIND_COMPLETED) {
        sync_bound(t, &claim)
    } else {
        sync_unbound(t, &claim)
    }
}

fn sync_volume(t: &mut Turn, key: &Key, pending: &mut Option<Key>) -> Result<(), Status> {
    let Some(pv) = t.view.get::<PersistentVolume>(key).cloned() else { return Ok(()) };
    let Some(r) = pv.spec.claim_ref.clone().filter(|r| !r.uid.is_empty()) else {
        return set_volume_phase(t, &pv, "Available").map(|_| ());
    };
    let claim_key = Key::new(r.namespace.clone(), r.name.clone());
    let mut claim = t.view.get::<PersistentVolumeClaim>(&claim_key).cloned();
    if claim.as_ref().is_none_or(|c| c.metadata.uid != r.uid) && !matches!(pv.status.phase.as_str(), "Released" | "Failed")
    {
        // The view may be behind.
        claim = t.get_live::<PersistentVolumeClaim>(&claim_key).ok();
    }
    let claim = claim.filter(|c| c.metadata.uid == r.uid);
    match claim {
        None => set_volume_phase(t, &pv, "Released").map(|_| ()),
        Some(c) if c.spec.volume_name.is_empty() => {
            *pending = Some(claim_key);
            Ok(())
        }
        Some(c) if c.spec.volume_name == pv.metadata.name => set_volume_phase(t, &pv, "Bound").map(|_| ()),
        Some(_) if pv.spec.persistent_volume_reclaim_policy == "Delete" => {
            set_volume_phase(t, &pv, "Released").map(|_| ())
        }
        Some(_) => {
            let mut new = (*pv).clone();
            let ours = new.metadata.annotations.remove(BOUND_BY_CONTROLLER).is_some();
            let spec = Rc::make_mut(&mut new.spec);
            spec.claim_ref = if ours { None } else { Some(Rc::new(ObjectReference { uid: Str::EMPTY, ..(*r).clone() })) };
            let freed = t.update(new)?;
            set_volume_phase(t, &freed, "Available").map(|_| ())
        }
    }
}

impl Controller for PersistentVolumeController {
    const NAME: &'static str = "persistentvolume-controller";
    const WATCHES: &'static [KindId] = &[KindId::PersistentVolumeClaim, KindId::PersistentVolume];

    fn observe(&mut self, event: &WatchEvent, _view: &Tables, _now: Time, queue: &mut WorkQueue) {
        queue.add(event.key.clone(), event.cause);
        if event.kind == KindId::PersistentVolume {
            let volume = event.new_as::<PersistentVolume>().or(event.old_as());
            // A claim that is gone, or not bound, may be waiting for it.
            if let Some(r) = volume.and_then(|pv| pv.spec.claim_ref.as_ref()) {
                queue.add(Key::new(r.namespace.clone(), r.name.clone()), event.cause);
            }
        } else if event.new.is_none()
            && let Some(claim) = event.old_as::<PersistentVolumeClaim>()
            && !claim.spec.volume_name.is_empty()
        {
            queue.add(Key::new("", claim.spec.volume_name.clone()), event.cause);
        }
    }

    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        if !key.namespace.is_empty() {
            return sync_claim(t, key);
        }
        let mut pending = None;
        sync_volume(t, key, &mut pending)?;
        pending.map_or(Ok(Requeue::Done), |claim| sync_claim(t, &claim))
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        let kinds = [KindId::PersistentVolumeClaim, KindId::PersistentVolume];
        kinds.iter().flat_map(|k| view.objects(*k, None).map(|(k, _)| k.clone())).collect()
    }
}

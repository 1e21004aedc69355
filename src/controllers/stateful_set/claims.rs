//! The claims of a StatefulSet's pods: made with them, and owned so that they go when the policy says.
//!
//! Upstream: pkg/controller/statefulset/{stateful_pod_control,stateful_set_utils}.go
//! Differs: nothing known.

use super::identity::{claim_name, claims, in_range, ordinal};
use crate::api::apps::StatefulSet;
use crate::api::core::{PersistentVolumeClaim, Pod};
use crate::api::{Key, Kind, controller_ref};
use crate::apimachinery::{ObjectMeta, OwnerReference, Status, Str};
use crate::client::{Reference, Turn};
use std::rc::Rc;

/// Whether claims go with a pod that is scaled away, and with the set.
fn deletes(set: &StatefulSet) -> (bool, bool) {
    let policy = set.spec.persistent_volume_claim_retention_policy.as_ref();
    policy.map_or((false, false), |p| (p.when_scaled == "Delete", p.when_deleted == "Delete"))
}

fn owns(claim: &PersistentVolumeClaim, uid: &Str) -> bool {
    claim.metadata.owner_references.iter().any(|r| r.uid == *uid)
}

/// A reference that names the object, whichever of that name it means.
fn names<K: Kind>(r: &OwnerReference, object: &K) -> bool {
    let (info, name) = (K::INFO, &object.meta().name);
    r.api_version == *info.api_version() && r.kind == *info.kind && r.name == *name
}

fn is_stale<K: Kind>(claim: &PersistentVolumeClaim, object: &K) -> bool {
    let named = claim.metadata.owner_references.iter().find(|r| names(r, object));
    named.is_some_and(|r| r.uid != object.meta().uid)
}

fn has_other_controller(claim: &PersistentVolumeClaim, set: &StatefulSet, pod: &Pod) -> bool {
    if deletes(set) == (false, false) {
        return false;
    }
    claim.metadata.owner_references.iter().any(|r| {
        if names(r, set) {
            r.uid != set.metadata.uid
        } else if names(r, pod) {
            r.uid != pod.metadata.uid
        } else {
            r.controller == Some(true)
        }
    })
}

/// Who should own the claim: (the set, the pod).
fn wanted_owners(set: &StatefulSet, pod: &Pod) -> (bool, bool) {
    let away = !in_range(set, pod);
    match deletes(set) {
        (false, false) => (false, false),
        (false, true) => (true, false),
        (true, false) => (false, away),
        (true, true) => (!away, away),
    }
}

/// Upstream: isClaimOwnerUpToDate.
fn is_up_to_date(claim: &PersistentVolumeClaim, set: &StatefulSet, pod: &Pod) -> bool {
    if is_stale(claim, set) || is_stale(claim, pod) {
        return true;
    }
    let owned = (owns(claim, &set.metadata.uid), owns(claim, &pod.metadata.uid));
    if has_other_controller(claim, set, pod) {
        return owned == (false, false);
    }
    let ours = |r: &&OwnerReference| r.uid == set.metadata.uid || r.uid == pod.metadata.uid;
    if claim.metadata.owner_references.iter().filter(ours).any(|r| r.controller != Some(true)) {
        return false;
    }
    owned == wanted_owners(set, pod)
}

fn set_owners(meta: &mut ObjectMeta, claim: &PersistentVolumeClaim, set: &StatefulSet, pod: &Pod) {
    meta.owner_references.retain(|r| !names(r, set) && !names(r, pod));
    if has_other_controller(claim, set, pod) {
        return;
    }
    let (by_set, by_pod) = wanted_owners(set, pod);
    if by_pod {
        meta.owner_references.push(controller_ref(pod));
    }
    if by_set {
        meta.owner_references.push(controller_ref(set));
    }
}

fn stored(t: &Turn, set: &StatefulSet, pod: &Pod) -> Vec<Rc<PersistentVolumeClaim>> {
    let namespace = &set.metadata.namespace;
    let name = |template: &Str| claim_name(set, template, ordinal(pod));
    let templates = set.spec.volume_claim_templates.iter().map(|c| name(&c.metadata.name));
    templates.filter_map(|n| t.view.get::<PersistentVolumeClaim>(&Key::new(namespace.clone(), n)).cloned()).collect()
}

/// Upstream: ClaimsMatchRetentionPolicy.
pub(super) fn match_policy(t: &Turn, set: &StatefulSet, pod: &Pod) -> bool {
    stored(t, set, pod).iter().all(|claim| is_up_to_date(claim, set, pod))
}

/// Upstream: UpdatePodClaimForRetentionPolicy.
pub(super) fn update_owners(t: &mut Turn, set: &StatefulSet, pod: &Pod) -> Result<(), Status> {
    for claim in stored(t, set, pod) {
        if has_other_controller(&claim, set, pod) {
            let message = format!(
                "PersistentVolumeClaim {} has a conflicting OwnerReference that acts as a manging controller, the \
                 retention policy is ignored for this claim",
                claim.metadata.name
            );
            t.event(&Reference::of(set), "Warning", "ConflictingController", &message);
        }
        if !is_up_to_date(&claim, set, pod) {
            let mut new = (*claim).clone();
            set_owners(&mut new.metadata, &claim, set, pod);
            t.update(new).map_err(|e| {
                let name = &claim.metadata.name;
                Status::unknown(format!("could not update claim {name} for delete policy ownerRefs: {e}"))
            })?;
        }
    }
    Ok(())
}

/// A claim of an earlier pod of that name is still about to go.
pub(super) fn are_stale(t: &Turn, set: &StatefulSet, pod: &Pod) -> bool {
    deletes(set).0 && stored(t, set, pod).iter().any(|claim| is_stale(claim, pod))
}

/// Upstream: createPersistentVolumeClaims.
pub(super) fn create(t: &mut Turn, set: &StatefulSet, pod: &Pod) -> Result<(), Status> {
    let mut errors = Vec::new();
    for claim in claims(set, pod) {
        let name = claim.metadata.name.clone();
        match t.view.get::<PersistentVolumeClaim>(&claim.metadata.key()) {
            Some(there) if there.metadata.is_deleting() => errors.push(format!("pvc {name} is being deleted")),
            Some(_) => {}
            None => {
                let (pod, owner) = (&pod.metadata.name, &set.metadata.name);
                match t.create(claim) {
                    Ok(_) => {
                        let message = format!("Create Claim {name} Pod {pod} in StatefulSet {owner} success");
                        t.event(&Reference::of(set), "Normal", "SuccessfulCreate", &message);
                    }
                    Err(e) => {
                        if !e.is_already_exists() {
                            let message =
                                format!("Create Claim {name} for Pod {pod} in StatefulSet {owner} failed error: {e}");
                            t.event(&Reference::of(set), "Warning", "FailedCreate", &message);
                        }
                        errors.push(format!("failed to create PVC {name}: {e}"));
                    }
                }
            }
        }
    }
    match errors.as_slice() {
        [] => Ok(()),
        [one] => Err(Status::unknown(one.clone())),
        all => Err(Status::unknown(format!("[{}]", all.join(", ")))),
    }
}

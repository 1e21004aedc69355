//! Lets claims go when no pod uses them any more, and volumes when no claim does.
//!
//! Upstream: pkg/controller/volume/{pvcprotection,pvprotection}
//! Differs: both are one controller; batches of claims are not looked at together.

use super::Controller;
use super::ephemeral_volume::claim_name;
use crate::api::core::{PersistentVolume, PersistentVolumeClaim, Pod, Volume};
use crate::api::{Key, KindId};
use crate::apimachinery::{ObjectMeta, Status, Str};
use crate::client::{Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::Time;
use std::rc::Rc;

const OF_CLAIM: &str = "kubernetes.io/pvc-protection";
const OF_VOLUME: &str = "kubernetes.io/pv-protection";

#[derive(Clone, Default)]
pub(super) struct VolumeProtection;

fn waits(meta: &ObjectMeta, finalizer: &str) -> bool {
    meta.is_deleting() && meta.finalizers.iter().any(|f| *f == *finalizer)
}

fn claims_of(pod: &Pod) -> impl Iterator<Item = Str> {
    let named = |v: &Volume| v.persistent_volume_claim.as_ref().map(|c| c.claim_name.clone());
    let made = |v: &Volume| v.ephemeral.as_ref().map(|_| claim_name(pod, v));
    pod.spec.volumes.iter().filter_map(move |v| named(v).or_else(|| made(v)))
}

/// A pod that has ended, or was never placed, uses nothing.
fn is_used(view: &Tables, claim: &PersistentVolumeClaim) -> bool {
    let uses = |p: &Rc<Pod>| {
        !p.spec.node_name.is_empty() && !p.is_terminal() && claims_of(p).any(|name| name == claim.metadata.name)
    };
    view.list::<Pod>(Some(&claim.metadata.namespace)).any(uses)
}

impl Controller for VolumeProtection {
    const NAME: &'static str = "pvc-protection-controller";
    const WATCHES: &'static [KindId] = &[KindId::PersistentVolumeClaim, KindId::PersistentVolume, KindId::Pod];

    fn observe(&mut self, event: &WatchEvent, view: &Tables, _now: Time, queue: &mut WorkQueue) {
        if event.kind != KindId::Pod {
            queue.add(event.key.clone(), event.cause);
            return;
        }
        let pod = event.new_as::<Pod>();
        if view.count(KindId::PersistentVolumeClaim) == 0 || pod.is_some_and(|p| !p.is_terminal()) {
            return;
        }
        let Some(pod) = pod.or(event.old_as()) else { return };
        for name in claims_of(pod) {
            queue.add(Key::new(pod.metadata.namespace.clone(), name), event.cause);
        }
    }

    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        let (kind, finalizer) = match t.view.get::<PersistentVolumeClaim>(key) {
            Some(claim) if waits(&claim.metadata, OF_CLAIM) && !is_used(&t.view, claim) => {
                (KindId::PersistentVolumeClaim, OF_CLAIM)
            }
            Some(_) => return Ok(Requeue::Done),
            None => match t.view.get::<PersistentVolume>(key) {
                Some(pv) if waits(&pv.metadata, OF_VOLUME) && pv.status.phase != "Bound" => {
                    (KindId::PersistentVolume, OF_VOLUME)
                }
                _ => return Ok(Requeue::Done),
            },
        };
        let done = t.patch_object(kind, key, |o| o.meta_mut().finalizers.retain(|f| *f != *finalizer));
        match done {
            Err(e) if !e.is_not_found() => Err(e),
            _ => Ok(Requeue::Done),
        }
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        let kinds = [KindId::PersistentVolumeClaim, KindId::PersistentVolume];
        kinds.iter().flat_map(|k| view.objects(*k, None).map(|(k, _)| k.clone())).collect()
    }
}

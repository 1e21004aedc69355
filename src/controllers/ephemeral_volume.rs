//! Makes the claims that pods write out in their own volumes.
//!
//! Upstream: pkg/controller/volume/ephemeral/controller.go,
//! staging/src/k8s.io/component-helpers/storage/ephemeral/ephemeral.go
//! Differs: the source of its events is not called ephemeral_volume.

use super::Controller;
use crate::api::core::{PersistentVolumeClaim, Pod, Volume};
use crate::api::{Key, KindId, controller_ref};
use crate::apimachinery::{List, ObjectMeta, Status, Str};
use crate::client::{Reference, Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::Time;
use std::rc::Rc;

#[derive(Clone, Default)]
pub(super) struct EphemeralVolumeController;

/// The name of the claim that a pod's volume makes.
pub(super) fn claim_name(pod: &Pod, volume: &Volume) -> Str {
    Str::from(format!("{}-{}", pod.metadata.name, volume.name))
}

fn has_ephemeral(pod: &Pod) -> bool {
    !pod.metadata.is_deleting() && pod.spec.volumes.iter().any(|v| v.ephemeral.is_some())
}

fn handle_volume(t: &mut Turn, pod: &Pod, volume: &Volume) -> Result<(), Status> {
    let Some(source) = volume.ephemeral.as_ref().and_then(|e| e.volume_claim_template.as_ref()) else { return Ok(()) };
    let (namespace, name) = (&pod.metadata.namespace, claim_name(pod, volume));
    if let Some(claim) = t.view.get::<PersistentVolumeClaim>(&Key::new(namespace.clone(), name.clone())) {
        if claim.metadata.is_controlled_by(&pod.metadata.uid) {
            return Ok(());
        }
        let pod = &pod.metadata.name;
        let why = format!("PVC {namespace}/{name} was not created for pod {namespace}/{pod} (pod is not owner)");
        return Err(Status::unknown(why));
    }
    let claim = PersistentVolumeClaim {
        metadata: ObjectMeta {
            name: name.clone(),
            namespace: namespace.clone(),
            owner_references: List::from(vec![controller_ref(pod)]),
            annotations: source.metadata.annotations.clone(),
            labels: source.metadata.labels.clone(),
            ..ObjectMeta::default()
        },
        spec: source.spec.clone(),
        ..PersistentVolumeClaim::default()
    };
    t.create(claim).map(drop).map_err(|e| Status::unknown(format!("create PVC {name}: {e}")))
}

impl Controller for EphemeralVolumeController {
    const NAME: &'static str = "ephemeral-volume-controller";
    const WATCHES: &'static [KindId] = &[KindId::Pod, KindId::PersistentVolumeClaim];

    fn observe(&mut self, event: &WatchEvent, view: &Tables, _now: Time, queue: &mut WorkQueue) {
        if event.kind == KindId::Pod {
            if event.new_as::<Pod>().is_some_and(|pod| has_ephemeral(pod)) {
                queue.add(event.key.clone(), event.cause);
            }
            return;
        }
        // A claim that somebody deletes is made again for the pod that has it.
        if event.new.is_none() {
            let makes = |p: &&Rc<Pod>| p.spec.volumes.iter().any(|v| claim_name(p, v) == event.key.name);
            let pods = view.list::<Pod>(Some(&event.key.namespace));
            for pod in pods.filter(|p| has_ephemeral(p)).filter(makes) {
                queue.add(pod.metadata.key(), event.cause);
            }
        }
    }

    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        let Some(pod) = t.view.get::<Pod>(key).filter(|p| has_ephemeral(p)).cloned() else { return Ok(Requeue::Done) };
        for volume in pod.spec.volumes.iter() {
            if let Err(e) = handle_volume(t, &pod, volume) {
                let text = format!("ephemeral volume {}: {e}", volume.name);
                t.event(&Reference::of(&*pod), "Warning", "FailedBinding", &text);
                return Err(e);
            }
        }
        Ok(Requeue::Done)
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        view.list::<Pod>(None).filter(|p| has_ephemeral(p)).map(|p| p.metadata.key()).collect()
    }
}

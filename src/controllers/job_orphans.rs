//! Takes the tracking finalizer from pods whose Job is gone or finished.
//!
//! Upstream: pkg/controller/job/job_controller.go (orphanQueue, syncOrphanPod)
//! Differs: a controller of its own; the pods of a Job that has ended are queued one by one, not by its selector.

use super::Controller;
use super::job::{is_managed_elsewhere, is_tracked, remove_finalizer, resolve};
use crate::api::batch::Job;
use crate::api::core::Pod;
use crate::api::{Key, KindId};
use crate::apimachinery::Status;
use crate::client::{Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::{Duration, Time};
use std::rc::Rc;

#[derive(Clone, Default)]
pub(super) struct JobOrphans;

/// No living Job will count the pod.
fn is_orphan(pod: &Pod, view: &Tables) -> bool {
    let Some(owner) = pod.metadata.controller_of() else { return true };
    let job = resolve(view, &pod.metadata.namespace, owner);
    owner.kind == "Job" && job.is_none_or(|job| job.is_finished() && !is_managed_elsewhere(job))
}

impl Controller for JobOrphans {
    const NAME: &'static str = "job-controller";
    const WATCHES: &'static [KindId] = &[KindId::Job, KindId::Pod];
    const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

    fn observe(&mut self, event: &WatchEvent, view: &Tables, _now: Time, queue: &mut WorkQueue) {
        if event.kind == KindId::Pod {
            let Some(pod) = event.new_as::<Pod>() else { return };
            if is_tracked(pod) && is_orphan(pod, view) {
                queue.add(pod.metadata.key(), event.cause);
            }
            return;
        }
        let ended = |job: &&Rc<Job>| event.new_as::<Job>().is_none_or(|_| job.is_finished());
        let job = event.new_as::<Job>().or(event.old_as::<Job>());
        for job in job.into_iter().filter(ended) {
            for pod in view.owned::<Pod>(&job.metadata.uid).filter(|p| is_tracked(p)) {
                queue.add(pod.metadata.key(), event.cause);
            }
        }
    }

    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        if let Some(pod) = t.view.get::<Pod>(key).cloned()
            && is_tracked(&pod)
            && is_orphan(&pod, &t.view)
        {
            remove_finalizer(t, &pod)?;
        }
        Ok(Requeue::Done)
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        view.objects(KindId::Pod, None).map(|(k, _)| k.clone()).collect()
    }
}

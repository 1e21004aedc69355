//! Deletes Jobs that ended, once their `ttlSecondsAfterFinished` are over.
//!
//! Upstream: pkg/controller/ttlafterfinished/ttlafterfinished_controller.go
//! Differs: nothing known.

use super::Controller;
use crate::api::batch::Job;
use crate::api::{Key, Kind, KindId};
use crate::apimachinery::Status;
use crate::apimachinery::time::Time as Wall;
use crate::client::{DeleteOptions, Propagation, Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::Time;

#[derive(Clone, Default)]
pub(super) struct TtlAfterFinished;

/// When the Job may go; None where it has not ended, or stays.
fn expires(job: &Job) -> Option<Wall> {
    let ttl = job.spec.ttl_seconds_after_finished.filter(|_| !job.metadata.is_deleting())?;
    let end = ["Complete", "Failed"].iter().find_map(|t| job.condition(t).filter(|c| c.status == "True"))?;
    Some(end.last_transition_time.plus_seconds(i64::from(ttl)))
}

impl Controller for TtlAfterFinished {
    const NAME: &'static str = "ttl-after-finished-controller";
    const WATCHES: &'static [KindId] = &[KindId::Job];

    fn observe(&mut self, event: &WatchEvent, _view: &Tables, _now: Time, queue: &mut WorkQueue) {
        if event.new_as::<Job>().and_then(|job| expires(job)).is_some() {
            queue.add(event.key.clone(), event.cause);
        }
    }

    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        let Some(at) = t.view.get::<Job>(key).and_then(|job| expires(job)) else { return Ok(Requeue::Done) };
        let left = t.until(at);
        if !left.is_zero() {
            return Ok(Requeue::After(left));
        }
        // The view may not know that the time was put off.
        let live = match t.get_live::<Job>(key) {
            Err(e) if e.is_not_found() => return Ok(Requeue::Done),
            live => live?,
        };
        let Some(at) = expires(&live) else { return Ok(Requeue::Done) };
        let left = t.until(at);
        if !left.is_zero() {
            return Ok(Requeue::After(left));
        }
        let options =
            DeleteOptions { propagation: Some(Propagation::Foreground), ..DeleteOptions::of_uid(&live.metadata.uid) };
        t.delete(Job::ID, key, &options)?;
        Ok(Requeue::Done)
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        view.objects(KindId::Job, None).map(|(k, _)| k.clone()).collect()
    }
}

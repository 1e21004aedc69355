//! Counts pods that have ended exactly once: first into the status by uid, then their finalizer goes, then the counters.
//!
//! Upstream: pkg/controller/job/job_controller.go (trackJobStatusAndRemoveFinalizers, flushUncountedAndRemoveFinalizers,
//! enactJobFinished), pkg/controller/job/tracking_utils.go
//! Differs: metrics are left out.

use super::indexes::{Intervals, index_of, valid_index};
use super::policy::{Verdict, verdict};
use super::{Cx, JobController, TRACKING_FINALIZER, condition, is_failed, is_tracked, set_condition};
use crate::api::batch::{Job, JobStatus, UncountedTerminatedPods};
use crate::api::core::Pod;
use crate::apimachinery::{Status, Str};
use crate::client::{Reference, Turn};
use std::collections::BTreeSet;
use std::rc::Rc;

/// So many uids at most stand in the status at a time.
const MAX_UNCOUNTED: usize = 500;

impl JobController {
    /// `flush`: the status differs from the stored one already.
    pub(super) fn track(&mut self, t: &mut Turn, cx: &mut Cx, mut flush: bool) -> Result<(), Status> {
        let indexed = cx.job.spec.is_indexed();
        if indexed {
            cx.pods.sort_by_key(|p| index_of(p));
        }
        let uid = |p: &Rc<Pod>| p.metadata.uid.clone();
        let mut with_finalizer: BTreeSet<Str> =
            cx.pods.iter().filter(|p| is_tracked(p) && !cx.awaited.contains(&p.metadata.uid)).map(uid).collect();
        flush |= count_freed(cx, &with_finalizer);
        let (freed, succeeded, all) = self.collect(cx, &with_finalizer);
        flush |= !succeeded.is_empty() || cx.uncounted_changed;
        if indexed {
            flush |= write_indexes(cx, &succeeded);
        }
        flush |= announce(t, cx);
        if flush {
            cx.job = (*t.update_status(cx.job.clone())?).clone();
            self.backoffs.insert(cx.job.metadata.key(), cx.backoff);
            flush = false;
        }
        let failure = self.remove_finalizers(t, cx, &freed, &mut with_finalizer);
        flush |= count_freed(cx, &with_finalizer);
        if let Some(e) = failure {
            if flush {
                t.update_status(cx.job.clone())?;
            }
            return Err(e);
        }
        let finished = all && enact_finished(t, cx);
        if flush || finished {
            t.update_status(cx.job.clone())?;
        }
        if finished {
            record_finished(t, cx);
            self.finished.insert(cx.job.metadata.uid.clone());
        }
        Ok(())
    }

    /// The pods whose finalizer may go, the indexes that are new among the succeeded, and whether that was all of them.
    fn collect(&self, cx: &mut Cx, with_finalizer: &BTreeSet<Str>) -> (Vec<Rc<Pod>>, BTreeSet<i32>, bool) {
        let (mut freed, mut succeeded) = (Vec::new(), BTreeSet::new());
        let mut uncounted = cx.job.status.uncounted_terminated_pods.as_deref().cloned().unwrap_or_default();
        let mut all = true;
        for pod in cx.pods.iter().filter(|p| with_finalizer.contains(&p.metadata.uid)) {
            let failed = is_failed(pod, &cx.job);
            if !may_free(cx, pod, failed) {
                continue;
            }
            freed.push(pod.clone());
            let uid = &pod.metadata.uid;
            let index = valid_index(&cx.job, pod);
            let indexed = cx.job.spec.is_indexed();
            if pod.status.phase == "Succeeded" && !cx.uncounted_failed.contains(uid) {
                if indexed {
                    succeeded.extend(index.filter(|i| !cx.succeeded_before.has(*i)));
                } else if !cx.uncounted_succeeded.contains(uid) {
                    cx.uncounted_changed = true;
                    uncounted.succeeded.push(uid.clone());
                }
            } else if failed || cx.finished.as_ref().is_some_and(|c| c.type_ != "SuccessCriteriaMet") {
                // Of a Job that has failed, whatever has not ended yet counts as failed.
                let counts = !indexed || index.is_some();
                if counts && !cx.uncounted_failed.contains(uid) && verdict(&cx.job, pod) != Verdict::Ignore {
                    cx.uncounted_changed = true;
                    uncounted.failed.push(uid.clone());
                }
            }
            if succeeded.len() + uncounted.succeeded.len() + uncounted.failed.len() >= MAX_UNCOUNTED {
                all = false;
                break;
            }
        }
        Rc::make_mut(&mut cx.job.status).uncounted_terminated_pods = Some(Rc::new(uncounted));
        (freed, succeeded, all)
    }

    fn remove_finalizers(
        &mut self,
        t: &mut Turn,
        cx: &Cx,
        pods: &[Rc<Pod>],
        with_finalizer: &mut BTreeSet<Str>,
    ) -> Option<Status> {
        let key = cx.job.metadata.key();
        let mut first = None;
        for pod in pods {
            match remove_finalizer(t, pod) {
                Ok(there) => {
                    with_finalizer.remove(&pod.metadata.uid);
                    if there {
                        let mut awaited = self.awaited.get(&key).cloned().unwrap_or_default();
                        awaited.insert(pod.metadata.uid.clone());
                        self.awaited.insert(key.clone(), awaited);
                    }
                }
                Err(e) => drop(first.get_or_insert(e)),
            }
        }
        first
    }
}

/// Whether the pod was still there.
pub(in crate::controllers) fn remove_finalizer(t: &mut Turn, pod: &Pod) -> Result<bool, Status> {
    if !is_tracked(pod) {
        return Ok(true);
    }
    match t.patch::<Pod>(&pod.metadata.key(), |p| p.metadata.finalizers.retain(|f| *f != *TRACKING_FINALIZER)) {
        Ok(_) => Ok(true),
        Err(e) if e.is_not_found() => Ok(false),
        Err(e) => Err(e),
    }
}

/// Moves the uids of pods whose finalizer is gone into the counters; whether there were any.
fn count_freed(cx: &mut Cx, with_finalizer: &BTreeSet<Str>) -> bool {
    let uncounted = cx.job.status.uncounted_terminated_pods.as_deref().cloned().unwrap_or_default();
    let held = |uids: &[Str]| uids.iter().filter(|u| with_finalizer.contains(*u)).cloned().collect();
    let left = UncountedTerminatedPods { succeeded: held(&uncounted.succeeded), failed: held(&uncounted.failed) };
    if left == uncounted {
        return false;
    }
    let status: &mut JobStatus = Rc::make_mut(&mut cx.job.status);
    status.succeeded += (uncounted.succeeded.len() - left.succeeded.len()) as i32;
    status.failed += (uncounted.failed.len() - left.failed.len()) as i32;
    status.uncounted_terminated_pods = Some(Rc::new(left));
    true
}

/// Upstream: canRemoveFinalizer.
fn may_free(cx: &Cx, pod: &Pod, failed: bool) -> bool {
    if cx.job.metadata.is_deleting() || cx.finished.is_some() || pod.status.phase == "Succeeded" {
        return true;
    }
    let waits = |index: i32| cx.waiting.get(&index).is_some_and(|p| p.metadata.uid == pod.metadata.uid);
    failed && !(cx.job.spec.backoff_limit_per_index.is_some() && index_of(pod).is_some_and(waits))
}

fn write_indexes(cx: &mut Cx, fresh: &BTreeSet<i32>) -> bool {
    cx.succeeded_indexes = cx.succeeded_indexes.merge(&Intervals::of(fresh));
    let status: &mut JobStatus = Rc::make_mut(&mut cx.job.status);
    let completed = Str::from(cx.succeeded_indexes.to_string());
    let failed = cx.failed_indexes.as_ref().map(|f| Str::from(f.to_string()));
    let changed = status.completed_indexes != completed || status.failed_indexes != failed;
    status.succeeded = cx.succeeded_indexes.total();
    status.completed_indexes = completed;
    status.failed_indexes = failed;
    changed
}

/// Says what will come of the Job before the finalizers go, and turns it into what it will be then.
fn announce(t: &Turn, cx: &mut Cx) -> bool {
    let Some(coming) = cx.finished.clone() else { return false };
    let end = match coming.type_.as_str() {
        "FailureTarget" => "Failed",
        "SuccessCriteriaMet" => "Complete",
        _ => return false,
    };
    cx.finished = Some(condition(t, end, &coming.reason, &coming.message));
    let known = end == "Complete" && cx.job.has_condition("SuccessCriteriaMet");
    if !known {
        Rc::make_mut(&mut cx.job.status).conditions.push(coming);
    }
    !known
}

/// Upstream: enactJobFinished. A Job whose pods still end, or are not all counted, is not finished yet.
fn enact_finished(t: &Turn, cx: &mut Cx) -> bool {
    let Some(end) = cx.finished.clone() else { return false };
    let uncounted = cx.job.status.uncounted_terminated_pods.as_deref();
    if uncounted.is_some_and(|u| !u.succeeded.is_empty() || !u.failed.is_empty()) || cx.terminating > 0 {
        return false;
    }
    let status: &mut JobStatus = Rc::make_mut(&mut cx.job.status);
    set_condition(t, &mut status.conditions, &end.type_, &end.status, &end.reason, &end.message);
    if end.type_ == "Complete" {
        status.completion_time = Some(end.last_transition_time);
    }
    true
}

fn record_finished(t: &mut Turn, cx: &Cx) {
    let Some(end) = &cx.finished else { return };
    let job: &Job = &cx.job;
    let about = Reference::of(job);
    if end.type_ != "Complete" {
        return t.event(&about, "Warning", &end.reason, &end.message);
    }
    if job.spec.completions.is_some_and(|wanted| job.status.succeeded > wanted) {
        let message = "Too many succeeded pods running after completion count reached";
        t.event(&about, "Warning", "TooManySucceededPods", message);
    }
    t.event(&about, "Normal", "Completed", "Job completed");
}

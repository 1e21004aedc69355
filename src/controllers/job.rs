//! Runs a Job's pods until enough of them have succeeded, or too many have failed.
//!
//! Upstream: pkg/controller/job/job_controller.go
//! Differs: one worker; the queue of orphaned pods is a controller of its own, `job_orphans`.

mod backoff;
mod indexes;
mod manage;
mod policy;
mod track;

use super::Controller;
use super::pod_control::{claim_with, is_terminating, managed_or_orphaned, selector_of, selects};
use crate::api::batch::{Job, JobCondition, JobStatus};
use crate::api::core::Pod;
use crate::api::{Key, KindId};
use crate::apimachinery::time::Time as Wall;
use crate::apimachinery::{List, OwnerReference, Status, Str};
use crate::client::{Expectations, Reference, Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::{Duration, OrdMap, OrdSet, Time};
use backoff::Backoff;
use indexes::{Intervals, completions, valid_index};
use policy::{Verdict, verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
pub(super) use track::remove_finalizer;

/// Held by a pod until its end is counted.
pub(super) const TRACKING_FINALIZER: &str = "batch.kubernetes.io/job-tracking";
/// The changes of a second are looked at together.
const BATCH: Duration = Duration::from_secs(1);
const CONTROLLER_NAME: &str = "kubernetes.io/job-controller";

#[derive(Clone, Default)]
pub(super) struct JobController {
    expectations: Expectations,
    /// Pods of a Job whose finalizer was removed, which the view does not show yet.
    awaited: OrdMap<Key, OrdSet<Str>>,
    backoffs: OrdMap<Key, Backoff>,
    /// Jobs that were written as finished, which the view does not show yet.
    finished: OrdSet<Str>,
}

/// What one sync knows. Upstream: syncJobCtx.
struct Cx {
    /// A copy whose status is worked on.
    job: Job,
    pods: Vec<Rc<Pod>>,
    active: Vec<Rc<Pod>>,
    finished: Option<JobCondition>,
    succeeded: i32,
    failed: i32,
    terminating: i32,
    ready: i32,
    succeeded_before: Intervals,
    succeeded_indexes: Intervals,
    failed_indexes: Option<Intervals>,
    /// Of each index the failed pod whose successor is still to be made.
    waiting: BTreeMap<i32, Rc<Pod>>,
    backoff: Backoff,
    awaited: OrdSet<Str>,
    uncounted_succeeded: BTreeSet<Str>,
    uncounted_failed: BTreeSet<Str>,
    uncounted_changed: bool,
    again: Option<Duration>,
}

impl Cx {
    /// Of several wishes the earliest holds.
    fn sync_after(&mut self, pause: Duration) {
        self.again = Some(self.again.map_or(pause, |other| other.min(pause)));
    }
}

pub(super) fn is_tracked(pod: &Pod) -> bool {
    pod.metadata.finalizers.iter().any(|f| *f == *TRACKING_FINALIZER)
}

/// Another controller sees to the Job.
pub(super) fn is_managed_elsewhere(job: &Job) -> bool {
    job.spec.managed_by.as_ref().is_some_and(|by| *by != *CONTROLLER_NAME)
}

fn only_replaces_failed(job: &Job) -> bool {
    job.spec.pod_replacement_policy.as_deref() == Some("Failed") || job.spec.pod_failure_policy.is_some()
}

fn is_failed(pod: &Pod, job: &Job) -> bool {
    pod.status.phase == "Failed"
        || !only_replaces_failed(job) && pod.metadata.is_deleting() && pod.status.phase != "Succeeded"
}

/// The Job that a reference means, if the view has that very one.
pub(super) fn resolve<'a>(view: &'a Tables, namespace: &Str, owner: &OwnerReference) -> Option<&'a Rc<Job>> {
    if owner.kind != "Job" {
        return None;
    }
    let job = view.get::<Job>(&Key::new(namespace.clone(), owner.name.clone()))?;
    (job.metadata.uid == owner.uid).then_some(job)
}

fn condition(t: &Turn, type_: &str, reason: &str, message: &str) -> JobCondition {
    JobCondition {
        type_: Str::from(type_),
        status: Str::literal("True"),
        last_probe_time: t.wall,
        last_transition_time: t.wall,
        reason: Str::from(reason),
        message: Str::from(message),
    }
}

/// Whether something changed: what was never true does not become false.
fn set_condition(t: &Turn, all: &mut List<JobCondition>, type_: &str, status: &str, reason: &str, message: &str) -> bool {
    let new = JobCondition { status: Str::from(status), ..condition(t, type_, reason, message) };
    match all.iter().position(|c| c.type_ == *type_) {
        Some(at) => {
            let old = &all[at];
            let same = old.status == new.status && old.reason == new.reason && old.message == new.message;
            if !same {
                all.make_mut()[at] = new;
            }
            !same
        }
        None if status != "False" => {
            all.push(new);
            true
        }
        None => false,
    }
}

impl JobController {
    fn pod_changed(&mut self, event: &WatchEvent, view: &Tables, now: Time, queue: &mut WorkQueue) {
        let (old, new) = (event.old_as::<Pod>(), event.new_as::<Pod>());
        let Some(pod) = new.or(old) else { return };
        let namespace = &pod.metadata.namespace;
        let going = new.is_none_or(|p| p.metadata.is_deleting());
        let owner = |p: &Rc<Pod>| p.metadata.controller_of().cloned();
        let freed = new.is_none_or(|p| !is_tracked(p));
        if let Some(before) = old.and_then(owner).filter(|o| !going && new.and_then(owner).as_ref() != Some(o))
            && let Some(job) = resolve(view, namespace, &before)
        {
            self.seen(&job.metadata.key(), pod, freed);
            queue.add_at(job.metadata.key(), now + BATCH, event.cause);
        }
        if let Some(owner) = pod.metadata.controller_of() {
            let Some(job) = resolve(view, namespace, owner) else { return };
            let key = job.metadata.key();
            if going {
                if job.is_finished() {
                    return;
                }
                self.expectations.deletion_observed(&key, &pod.metadata.key());
            } else if old.is_none() {
                self.expectations.creation_observed(&key);
            }
            self.seen(&key, pod, freed);
            queue.add_at(key, now + BATCH, event.cause);
        } else if !going && old.is_none_or(|o| o.metadata.labels != pod.metadata.labels || owner(o).is_some()) {
            for job in view.list::<Job>(Some(namespace)) {
                let selector = selector_of(job.spec.selector.as_ref());
                if selector.is_some_and(|s| !s.is_empty() && selects(&s, &pod.metadata.labels)) {
                    queue.add_at(job.metadata.key(), now + BATCH, event.cause);
                }
            }
        }
    }

    fn seen(&mut self, job: &Key, pod: &Pod, freed: bool) {
        if freed && let Some(awaited) = self.awaited.get_mut(job) {
            awaited.remove(&pod.metadata.uid);
        }
    }

    fn job_changed(&mut self, event: &WatchEvent, now: Time, queue: &mut WorkQueue) {
        match (event.old_as::<Job>(), event.new_as::<Job>()) {
            (Some(_), Some(new)) if new.is_finished() => self.forget(&event.key, new),
            (Some(old), Some(new)) if old.metadata.generation == new.metadata.generation => {
                queue.add_at(event.key.clone(), now + BATCH, event.cause);
            }
            (Some(old), None) => {
                self.forget(&event.key, old);
                queue.add(event.key.clone(), event.cause);
            }
            _ => queue.add(event.key.clone(), event.cause),
        }
    }

    fn forget(&mut self, key: &Key, job: &Job) {
        self.backoffs.remove(key);
        self.finished.remove(&job.metadata.uid);
    }

    /// The Job, its pods, and what has been counted of them.
    fn context(&mut self, t: &mut Turn, shared: &Rc<Job>) -> Result<Cx, Status> {
        let key = shared.metadata.key();
        let mut job = (**shared).clone();
        let uncounted = job.status.uncounted_terminated_pods.as_deref().cloned().unwrap_or_default();
        Rc::make_mut(&mut job.status).uncounted_terminated_pods = Some(Rc::new(uncounted.clone()));
        let selector = selector_of(job.spec.selector.as_ref());
        let matches = |p: &Pod| selector.as_ref().is_some_and(|s| selects(s, &p.metadata.labels));
        let pods = managed_or_orphaned::<Pod>(&t.view, &job.metadata);
        let pods = claim_with(t, &job, Some(TRACKING_FINALIZER), pods, matches)?;
        let active: Vec<_> = pods.iter().filter(|p| p.is_active()).cloned().collect();
        let mut cx = Cx {
            ready: active.iter().filter(|p| p.is_ready()).count() as i32,
            terminating: pods.iter().filter(|p| is_terminating(p)).count() as i32,
            awaited: self.awaited.get(&key).cloned().unwrap_or_default(),
            uncounted_succeeded: uncounted.succeeded.iter().cloned().collect(),
            uncounted_failed: uncounted.failed.iter().cloned().collect(),
            uncounted_changed: false,
            finished: None,
            succeeded: 0,
            failed: 0,
            succeeded_before: Intervals::default(),
            succeeded_indexes: Intervals::default(),
            failed_indexes: None,
            waiting: BTreeMap::new(),
            backoff: Backoff::default(),
            again: None,
            job,
            pods,
            active,
        };
        let (succeeded, failed) = newly_finished(&cx);
        let status = &cx.job.status;
        let counted = failed.iter().filter(|p| verdict(&cx.job, p) != Verdict::Ignore).count();
        cx.succeeded = status.succeeded + (succeeded.len() + cx.uncounted_succeeded.len()) as i32;
        cx.failed = status.failed + (counted + cx.uncounted_failed.len()) as i32;
        cx.backoff = self.backoffs.get(&key).copied().unwrap_or_default().after(&succeeded, &failed);
        Ok(cx)
    }
}

/// Pods that have ended and are counted nowhere: succeeded, failed.
fn newly_finished(cx: &Cx) -> (Vec<Rc<Pod>>, Vec<Rc<Pod>>) {
    let fresh = |uncounted: &BTreeSet<Str>, ended: &dyn Fn(&Pod) -> bool| {
        let counts = |p: &&Rc<Pod>| {
            let uid = &p.metadata.uid;
            is_tracked(p)
                && !uncounted.contains(uid)
                && !cx.awaited.contains(uid)
                && (!cx.job.spec.is_indexed() || valid_index(&cx.job, p).is_some())
        };
        cx.pods.iter().filter(counts).filter(|p| ended(p)).cloned().collect()
    };
    let succeeded = fresh(&cx.uncounted_succeeded, &|p| p.status.phase == "Succeeded");
    (succeeded, fresh(&cx.uncounted_failed, &|p| is_failed(p, &cx.job)))
}

/// Of pods that restart in place, the restarts count as failures.
fn restarts_exceed(cx: &Cx) -> bool {
    if cx.job.spec.template.spec.restart_policy != "OnFailure" {
        return false;
    }
    let live = cx.pods.iter().filter(|p| p.status.phase == "Running" || p.status.phase == "Pending");
    let statuses = live.flat_map(|p| p.status.init_container_statuses.iter().chain(p.status.container_statuses.iter()));
    let restarts: i32 = statuses.map(|s| s.restart_count).sum();
    let limit = cx.job.spec.backoff_limit.unwrap_or_default();
    if limit == 0 { restarts > 0 } else { restarts >= limit }
}

/// Whether, and why, the Job is over. Upstream: the evaluation in syncJob, in its order.
fn evaluate(t: &Turn, cx: &mut Cx) {
    let known = |type_: &str| cx.job.condition(type_).filter(|c| c.status == "True").cloned();
    cx.finished = known("SuccessCriteriaMet");
    if cx.finished.is_none() {
        let told = known("FailureTarget").map(|c| condition(t, "Failed", &c.reason, &c.message));
        let verdicts = cx.pods.iter().filter(|p| is_failed(p, &cx.job)).map(|p| verdict(&cx.job, p));
        let by_policy = || {
            let mut verdicts = verdicts;
            verdicts.find_map(|v| match v {
                Verdict::FailJob(message) => Some(condition(t, "FailureTarget", "PodFailurePolicy", &message)),
                _ => None,
            })
        };
        cx.finished = told.or_else(by_policy);
    }
    let fails = |reason, message| Some(condition(t, "FailureTarget", reason, message));
    if cx.finished.is_none() {
        let spec = &cx.job.spec;
        let suspended = spec.suspend == Some(true);
        let left = spec.active_deadline_seconds.zip(cx.job.status.start_time).filter(|_| !suspended);
        let left = left.map(|(limit, start)| t.until(Wall::from_unix(start.unix() + limit)));
        if cx.failed > spec.backoff_limit.unwrap_or(6) || restarts_exceed(cx) {
            cx.finished = fails("BackoffLimitExceeded", "Job has reached the specified backoff limit");
        } else if left.is_some_and(|d| d.is_zero()) {
            cx.finished = fails("DeadlineExceeded", "Job was active longer than specified deadline");
        } else if let Some(left) = left {
            cx.sync_after(left);
        }
    }
    if !cx.job.spec.is_indexed() {
        return;
    }
    (cx.succeeded_before, cx.succeeded_indexes) = indexes::succeeded(&cx.job, &cx.pods);
    cx.succeeded = cx.succeeded_indexes.total();
    if cx.job.spec.backoff_limit_per_index.is_some() {
        let failed = indexes::failed(&cx.job, &cx.pods);
        let total = failed.total();
        if cx.finished.is_none() {
            if cx.job.spec.max_failed_indexes.is_some_and(|max| total > max) {
                let message = "Job has exceeded the specified maximal number of failed indexes";
                cx.finished = fails("MaxFailedIndexesExceeded", message);
            } else if total > 0 && total + cx.succeeded >= completions(&cx.job) {
                cx.finished = fails("FailedIndexes", "Job has failed indexes");
            }
        }
        cx.failed_indexes = Some(failed);
        cx.waiting = indexes::waiting_for_successor(cx);
    }
    if cx.finished.is_none()
        && let Some(message) = policy::success(&cx.job, &cx.succeeded_indexes)
    {
        cx.finished = Some(condition(t, "SuccessCriteriaMet", "SuccessPolicy", &message));
    }
}

/// Tells that the Job is suspended, or that it is no longer; whether it changed.
fn tell_suspension(t: &mut Turn, job: &mut Job) -> bool {
    let suspended = job.spec.suspend == Some(true);
    let (status, reason, event, message) = match suspended {
        true => ("True", "JobSuspended", "Suspended", "Job suspended"),
        false => ("False", "JobResumed", "Resumed", "Job resumed"),
    };
    let body: &mut JobStatus = Rc::make_mut(&mut job.status);
    if !set_condition(t, &mut body.conditions, "Suspended", status, reason, message) {
        return false;
    }
    // The deadline counts from when the Job went on.
    if !suspended {
        body.start_time = Some(t.wall);
    }
    t.event(&Reference::of(job), "Normal", event, message);
    true
}

impl Controller for JobController {
    const NAME: &'static str = "job-controller";
    const WATCHES: &'static [KindId] = &[KindId::Job, KindId::Pod];
    const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

    fn observe(&mut self, event: &WatchEvent, view: &Tables, now: Time, queue: &mut WorkQueue) {
        match event.kind {
            KindId::Job => self.job_changed(event, now, queue),
            _ => self.pod_changed(event, view, now, queue),
        }
    }

    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        let Some(shared) = t.view.get::<Job>(key).cloned() else {
            self.expectations.forget(key);
            self.awaited.remove(key);
            self.backoffs.remove(key);
            return Ok(Requeue::Done);
        };
        if is_managed_elsewhere(&shared) {
            return Ok(Requeue::Done);
        }
        if shared.is_finished() {
            self.forget(key, &shared);
            return Ok(Requeue::Done);
        }
        if self.finished.contains(&shared.metadata.uid) {
            return Ok(Requeue::Done);
        }
        let satisfied = self.expectations.satisfied(key, t.now);
        let mut cx = self.context(t, &shared)?;
        if cx.job.status.start_time.is_none() && cx.job.spec.suspend != Some(true) {
            Rc::make_mut(&mut cx.job.status).start_time = Some(t.wall);
        }
        evaluate(t, &mut cx);
        let mut active = cx.active.len() as i32;
        let mut changed = false;
        let failure;
        if cx.finished.is_some() {
            let (deleted, error) = self.delete_active(t, &mut cx);
            if deleted != active || !satisfied {
                // Pods may be left that the view does not show.
                cx.finished = None;
            }
            active -= deleted;
            cx.terminating += deleted;
            failure = error;
        } else {
            let managing = satisfied && !cx.job.metadata.is_deleting();
            failure = managing.then(|| self.manage(t, &mut cx)).and_then(|(now, error)| {
                active = now;
                error
            });
            let enough = cx.job.spec.completions.map_or(cx.succeeded > 0, |n| cx.succeeded >= n);
            if enough && active == 0 {
                let message = "Reached expected number of succeeded pods";
                cx.finished = Some(condition(t, "SuccessCriteriaMet", "CompletionsReached", message));
            } else if managing {
                changed = tell_suspension(t, &mut cx.job);
            }
        }
        let status: &mut JobStatus = Rc::make_mut(&mut cx.job.status);
        let figures = (active, Some(cx.ready), Some(cx.terminating));
        changed |= figures != (status.active, status.ready, status.terminating);
        (status.active, status.ready, status.terminating) = figures;
        self.track(t, &mut cx, changed)?;
        match failure {
            Some(e) => Err(e),
            None => Ok(cx.again.map_or(Requeue::Done, Requeue::After)),
        }
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        view.objects(KindId::Job, None).map(|(k, _)| k.clone()).collect()
    }
}

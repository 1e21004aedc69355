//! Makes the pods that a Job still needs, and deletes those too many.
//!
//! Upstream: pkg/controller/job/job_controller.go (manageJob, deleteJobPods, deleteActivePods)
//! Differs: nothing known.

use super::backoff::{finished_at, remaining};
use super::indexes::{add_index_variable, all_failures, assign, first_pending, inherit_failures, split_duplicates};
use super::track::remove_finalizer;
use super::{BATCH, Cx, JobController, TRACKING_FINALIZER, only_replaces_failed};
use crate::api::core::Pod;
use crate::apimachinery::{Status, Str};
use crate::client::Turn;
use crate::controllers::pod_control::{
    create_pod, delete_pod, is_namespace_ending, pod_from_template, slow_start_batch,
};
use crate::controllers::replica_set::active_order;
use crate::sim::Duration;
use std::rc::Rc;

const MAX_PER_SYNC: usize = 500;

impl JobController {
    /// Of a Job that is over, every active pod; its finalizer stays until it is counted. How many went.
    pub(super) fn delete_active(&mut self, t: &mut Turn, cx: &mut Cx) -> (i32, Option<Status>) {
        let (mut deleted, mut first) = (0, None);
        for pod in &cx.active.clone() {
            match delete_pod(t, pod, &cx.job) {
                Err(e) if !e.is_not_found() => drop(first.get_or_insert(e)),
                _ => deleted += 1,
            }
            cx.ready -= i32::from(pod.is_ready());
        }
        (deleted, first)
    }

    /// Upstream: deleteJobPods. These never counted: the finalizer goes first.
    fn delete_pods(&mut self, t: &mut Turn, cx: &mut Cx, pods: &[Rc<Pod>]) -> (i32, Option<Status>) {
        let key = cx.job.metadata.key();
        self.expectations.expect_deletions(&key, pods.iter().map(|p| p.metadata.key()), t.now);
        let (mut deleted, mut first) = (pods.len() as i32, None);
        for pod in pods {
            let freed = remove_finalizer(t, pod);
            if let Err(e) = freed.and_then(|_| delete_pod(t, pod, &cx.job)) {
                self.expectations.deletion_observed(&key, &pod.metadata.key());
                if !e.is_not_found() {
                    deleted -= 1;
                    first.get_or_insert(e);
                    continue;
                }
            }
            cx.ready -= i32::from(pod.is_ready());
        }
        cx.terminating += deleted;
        (deleted, first)
    }

    /// How many pods are active then, and the first error.
    pub(super) fn manage(&mut self, t: &mut Turn, cx: &mut Cx) -> (i32, Option<Status>) {
        let active = cx.active.len() as i32;
        if cx.job.spec.suspend == Some(true) {
            let all = for_removal(cx, cx.active.len());
            let (deleted, error) = self.delete_pods(t, cx, &all);
            return (active - deleted, error);
        }
        let parallelism = cx.job.spec.parallelism.unwrap_or(1);
        let wanted = match cx.job.spec.completions {
            None if cx.succeeded > 0 => active,
            None => parallelism,
            Some(completions) => (completions - cx.succeeded).min(parallelism).max(0),
        };
        let mut too_many = for_removal(cx, (active - wanted).max(0) as usize);
        too_many.truncate(MAX_PER_SYNC);
        if !too_many.is_empty() {
            let (deleted, error) = self.delete_pods(t, cx, &too_many);
            return (active - deleted, error);
        }
        let ending = if only_replaces_failed(&cx.job) { cx.terminating } else { 0 };
        let missing = (wanted - ending - active).max(0) as usize;
        if missing == 0 { (active, None) } else { self.create_pods(t, cx, missing) }
    }

    fn create_pods(&mut self, t: &mut Turn, cx: &mut Cx, missing: usize) -> (i32, Option<Status>) {
        let per_index = cx.job.spec.backoff_limit_per_index.is_some();
        if !per_index {
            let pause = cx.backoff.remaining(t);
            if !pause.is_zero() {
                cx.sync_after(pause.max(BATCH));
                return (0, None);
            }
        }
        let mut count = missing.min(MAX_PER_SYNC);
        let mut indexes = Vec::new();
        if cx.job.spec.is_indexed() {
            indexes = first_pending(cx, count);
            if per_index {
                let (now, pause) = due(t, cx, &indexes);
                if let Some(pause) = pause.filter(|_| now.is_empty()) {
                    cx.sync_after(pause.max(BATCH));
                    return (0, None);
                }
                indexes = now;
            }
            count = indexes.len();
        }
        let key = cx.job.metadata.key();
        self.expectations.expect_creations(&key, count, t.now);
        let template = template(cx);
        let mut next = indexes.into_iter();
        let (made, error) = slow_start_batch(count, 1, || {
            let mut pod = template.clone();
            if let Some(index) = next.next() {
                assign(&cx.job, &mut pod, index);
                if per_index {
                    inherit_failures(&cx.job, &mut pod, cx.waiting.get(&index).map(|p| &**p));
                }
            }
            match create_pod(t, pod, &cx.job) {
                Err(e) if !is_namespace_ending(&e) => Err(e),
                _ => Ok(()),
            }
        });
        for _ in made..count {
            self.expectations.creation_observed(&key);
        }
        (cx.active.len() as i32 + made as i32, error)
    }
}

/// A pod of the Job, but for its index.
fn template(cx: &Cx) -> Pod {
    let mut pod = pod_from_template(&cx.job.spec.template, &cx.job);
    if cx.job.spec.is_indexed() {
        add_index_variable(Rc::make_mut(&mut pod.spec));
    }
    if !super::is_tracked(&pod) {
        pod.metadata.finalizers.push(Str::literal(TRACKING_FINALIZER));
    }
    pod
}

/// The indexes whose pause is over, and the shortest pause of the others.
fn due(t: &Turn, cx: &Cx, indexes: &[i32]) -> (Vec<i32>, Option<Duration>) {
    let pause = |index: &i32| {
        let last = cx.waiting.get(index);
        last.map_or(Duration::ZERO, |pod| remaining(t, all_failures(pod) + 1, finished_at(pod)))
    };
    let now = indexes.iter().copied().filter(|i| pause(i).is_zero()).collect();
    (now, indexes.iter().map(pause).filter(|d| !d.is_zero()).min())
}

/// Upstream: activePodsForRemoval.
fn for_removal(cx: &Cx, at_least: usize) -> Vec<Rc<Pod>> {
    let (mut remove, mut left) = match cx.job.spec.is_indexed() {
        true => split_duplicates(&cx.job, &cx.active),
        false => (Vec::new(), cx.active.clone()),
    };
    if remove.len() < at_least {
        left.sort_by(|a, b| active_order(a, b));
        left.truncate(at_least - remove.len());
        remove.append(&mut left);
    }
    remove
}

//! Brings a StatefulSet's pods to what it wants: first all of them there, then those too many gone, then the old ones.
//!
//! Upstream: pkg/controller/statefulset/{stateful_set_control,stateful_pod_control}.go
//! Differs: with `Parallel`, pods are seen to one after another, and the first error ends the round.

use super::claims;
use super::identity::{
    identity_matches, in_range, new_pod, ordinal, replicas, revision, start, storage_matches, update_identity,
    update_storage,
};
use crate::api::Kind;
use crate::api::apps::{ControllerRevision, StatefulSet, StatefulSetStatus};
use crate::api::core::{Pod, PodTemplateSpec};
use crate::apimachinery::Status;
use crate::client::{DeleteOptions, Reference, Turn};
use crate::controllers::history::template_of;
use std::rc::Rc;

/// What one sync knows.
pub(super) struct Round<'a> {
    pub(super) set: &'a StatefulSet,
    pub(super) current: Rc<ControllerRevision>,
    pub(super) update: Rc<ControllerRevision>,
}

/// Whether to go on with the next pod.
#[derive(Clone, Copy, PartialEq)]
enum Next {
    Go,
    Stop,
}

fn is_created(pod: &Pod) -> bool {
    !pod.status.phase.is_empty()
}

fn is_ready(pod: &Pod) -> bool {
    pod.status.phase == "Running" && pod.is_ready()
}

impl Round<'_> {
    fn monotonic(&self) -> bool {
        self.set.spec.pod_management_policy != "Parallel"
    }

    fn is_available(&self, t: &Turn, pod: &Pod) -> bool {
        pod.is_available(self.set.spec.min_ready_seconds, t.wall)
    }

    fn is_unavailable(&self, t: &Turn, pod: &Pod) -> bool {
        !self.is_available(t, pod) || pod.metadata.is_deleting()
    }

    /// Upstream: newVersionedStatefulSetPod. Pods below the partition, or not yet updated, keep the current revision.
    fn missing_pod(&self, ordinal: i64) -> Pod {
        let set = self.set;
        let rolling = set.spec.update_strategy.rolling_update.as_ref();
        let kept = match rolling {
            Some(r) => i64::from(r.partition.unwrap_or(0)),
            None if set.spec.update_strategy.type_ == "RollingUpdate" => i64::from(set.status.current_replicas),
            None => 0,
        };
        let of = if ordinal < start(set) + kept { &self.current } else { &self.update };
        let template = template_of(of);
        let template: &PodTemplateSpec = template.as_ref().unwrap_or(&set.spec.template);
        new_pod(set, template, &of.metadata.name, ordinal)
    }

    fn count(&self, t: &Turn, pods: &[Rc<Pod>], status: &mut StatefulSetStatus) {
        let count = |f: &dyn Fn(&Pod) -> bool| pods.iter().filter(|p| f(p)).count() as i32;
        let live = |p: &Pod| is_created(p) && !p.metadata.is_deleting();
        status.replicas = count(&is_created);
        status.ready_replicas = count(&is_ready);
        status.available_replicas = count(&|p| is_ready(p) && self.is_available(t, p));
        status.current_replicas = count(&|p| live(p) && self.current.metadata.name == *revision(p));
        status.updated_replicas = count(&|p| live(p) && self.update.metadata.name == *revision(p));
    }

    /// The status then, and the first error.
    pub(super) fn run(&self, t: &mut Turn, pods: &[Rc<Pod>], collisions: i32) -> (StatefulSetStatus, Option<Status>) {
        let set = self.set;
        let mut status = StatefulSetStatus {
            observed_generation: set.metadata.generation,
            current_revision: self.current.metadata.name.clone(),
            update_revision: self.update.metadata.name.clone(),
            collision_count: Some(collisions),
            conditions: set.status.conditions.clone(),
            ..StatefulSetStatus::default()
        };
        self.count(t, pods, &mut status);
        let there = |n: i64| pods.iter().find(|p| ordinal(p) == n).cloned();
        let range = start(set)..start(set) + replicas(set);
        let wanted: Vec<Rc<Pod>> =
            range.map(|n| there(n).unwrap_or_else(|| Rc::new(self.missing_pod(n)))).collect();
        let mut condemned: Vec<Rc<Pod>> =
            pods.iter().filter(|p| !in_range(set, p) && ordinal(p) >= 0).cloned().collect();
        condemned.sort_by_key(|p| -ordinal(p));
        if set.metadata.is_deleting() {
            return (status, None);
        }
        let unhealthy = wanted.iter().chain(condemned.iter().rev()).find(|p| self.is_unavailable(t, p)).cloned();
        let done = self.scale(t, &wanted, &condemned, unhealthy.as_deref());
        let all: Vec<Rc<Pod>> = wanted.iter().chain(&condemned).cloned().collect();
        self.count(t, &all, &mut status);
        match done {
            Err(e) => (status, Some(e)),
            Ok(Next::Stop) => (status, None),
            Ok(Next::Go) if set.spec.update_strategy.type_ == "OnDelete" => (status, None),
            Ok(Next::Go) => {
                let error = self.replace_one(t, &wanted, &mut status).err();
                (status, error)
            }
        }
    }

    fn scale(
        &self,
        t: &mut Turn,
        wanted: &[Rc<Pod>],
        condemned: &[Rc<Pod>],
        unhealthy: Option<&Pod>,
    ) -> Result<Next, Status> {
        for pod in wanted {
            if self.see_to(t, pod)? == Next::Stop && self.monotonic() {
                return Ok(Next::Stop);
            }
        }
        for pod in condemned {
            if !claims::match_policy(t, self.set, pod) {
                claims::update_owners(t, self.set, pod)?;
            }
        }
        for pod in condemned {
            if self.remove(t, pod, unhealthy)? == Next::Stop && self.monotonic() {
                return Ok(Next::Stop);
            }
        }
        Ok(Next::Go)
    }

    /// Upstream: processReplica.
    fn see_to(&self, t: &mut Turn, pod: &Rc<Pod>) -> Result<Next, Status> {
        if pod.is_terminal() {
            if !pod.metadata.is_deleting() {
                self.delete(t, pod)?;
            }
            return Ok(Next::Stop);
        }
        if !is_created(pod) {
            if claims::are_stale(t, self.set, pod) {
                return Ok(Next::Stop);
            }
            self.create(t, pod)?;
            if self.monotonic() {
                return Ok(Next::Stop);
            }
        }
        if pod.status.phase == "Pending" {
            claims::create(t, self.set, pod)?;
            self.own_claims(t, pod)?;
        }
        let waits = pod.metadata.is_deleting() || !is_ready(pod) || !self.is_available(t, pod);
        if self.monotonic() && waits {
            return Ok(Next::Stop);
        }
        let set = self.set;
        if !identity_matches(set, pod) || !storage_matches(set, pod) || !claims::match_policy(t, set, pod) {
            self.update(t, pod)?;
        }
        Ok(Next::Go)
    }

    /// Upstream: processCondemned.
    fn remove(&self, t: &mut Turn, pod: &Rc<Pod>, unhealthy: Option<&Pod>) -> Result<Next, Status> {
        if pod.metadata.is_deleting() {
            return Ok(Next::Stop);
        }
        let first = unhealthy.is_some_and(|p| p.metadata.uid == pod.metadata.uid);
        if self.monotonic() && !first && !(is_ready(pod) && self.is_available(t, pod)) {
            return Ok(Next::Stop);
        }
        self.delete(t, pod)?;
        Ok(Next::Stop)
    }

    /// Deletes the pod with the highest ordinal that is of another revision; waits for those above it.
    fn replace_one(&self, t: &mut Turn, wanted: &[Rc<Pod>], status: &mut StatefulSetStatus) -> Result<(), Status> {
        let rolling = self.set.spec.update_strategy.rolling_update.as_ref();
        let partition = rolling.and_then(|r| r.partition).unwrap_or(0).max(0) as usize;
        for pod in wanted.iter().skip(partition).rev() {
            if self.update.metadata.name != *revision(pod) && !pod.metadata.is_deleting() {
                match self.delete(t, pod) {
                    Err(e) if !e.is_not_found() => return Err(e),
                    _ => status.current_replicas -= 1,
                }
                return Ok(());
            }
            if self.is_unavailable(t, pod) {
                return Ok(());
            }
        }
        Ok(())
    }

    fn create(&self, t: &mut Turn, pod: &Pod) -> Result<(), Status> {
        if let Err(e) = claims::create(t, self.set, pod) {
            self.record(t, "Create", pod, Some(&e));
            return Err(e);
        }
        let made = t.create(pod.clone());
        if let Err(e) = &made
            && e.is_already_exists()
        {
            return Err(e.clone());
        }
        self.own_claims(t, made.as_deref().unwrap_or(pod))?;
        self.record(t, "Create", pod, made.as_ref().err());
        made.map(|_| ())
    }

    fn own_claims(&self, t: &mut Turn, pod: &Pod) -> Result<(), Status> {
        claims::update_owners(t, self.set, pod).inspect_err(|e| self.record(t, "Update", pod, Some(e)))
    }

    /// Upstream: UpdateStatefulPod.
    fn update(&self, t: &mut Turn, pod: &Pod) -> Result<(), Status> {
        let mut new = pod.clone();
        if !identity_matches(self.set, pod) {
            update_identity(&mut new);
        }
        if !storage_matches(self.set, pod) {
            update_storage(self.set, &mut new);
            claims::create(t, self.set, pod).inspect_err(|e| self.record(t, "Update", pod, Some(e)))?;
        }
        if !claims::match_policy(t, self.set, pod) {
            self.own_claims(t, pod)?;
        }
        let done = t.update(new).map(|_| ());
        self.record(t, "Update", pod, done.as_ref().err());
        done
    }

    fn delete(&self, t: &mut Turn, pod: &Pod) -> Result<(), Status> {
        let done = t.delete(Pod::ID, &pod.metadata.key(), &DeleteOptions::default());
        self.record(t, "Delete", pod, done.as_ref().err());
        done
    }

    fn record(&self, t: &mut Turn, verb: &str, pod: &Pod, error: Option<&Status>) {
        let about = Reference::of(self.set);
        let what = format!("{verb} Pod {} in StatefulSet {}", pod.metadata.name, self.set.metadata.name);
        match error {
            None => t.event(&about, "Normal", &format!("Successful{verb}"), &format!("{what} successful")),
            Some(e) => t.event(&about, "Warning", &format!("Failed{verb}"), &format!("{what} failed error: {e}")),
        }
    }
}

//! What the workload controllers share: making and deleting pods, claiming what matches, counting what waits.
//!
//! Upstream: pkg/controller/controller_utils.go (RealPodControl, GetPodFromTemplate, FilterPodsByOwner, …),
//! pkg/controller/controller_ref_manager.go (BaseControllerRefManager)
//! Differs: several failures of one claim are told by the first.

use crate::api::core::{Pod, PodTemplateSpec};
use crate::api::{Kind, controller_ref};
use crate::apimachinery::labels::Selector;
use crate::apimachinery::time::Time as Wall;
use crate::apimachinery::{LabelSelector, List, Map, ObjectMeta, Status, Str};
use crate::client::{DeleteOptions, Reference, Tables, Turn};
use crate::sim::Duration;
use std::rc::Rc;

/// The pod that a template of `owner` makes; it shares the template's parts.
pub(super) fn pod_from_template<K: Kind>(template: &PodTemplateSpec, owner: &K) -> Pod {
    Pod {
        metadata: ObjectMeta {
            generate_name: Str::from(format_args!("{}-", owner.meta().name)),
            namespace: owner.meta().namespace.clone(),
            labels: template.metadata.labels.clone(),
            annotations: template.metadata.annotations.clone(),
            finalizers: template.metadata.finalizers.clone(),
            owner_references: List::from(vec![controller_ref(owner)]),
            ..ObjectMeta::default()
        },
        spec: template.spec.clone(),
        ..Pod::default()
    }
}

/// Creates the pod and tells it as an event of its owner.
pub(super) fn create_pod<K: Kind>(t: &mut Turn, pod: Pod, owner: &K) -> Result<Rc<Pod>, Status> {
    if pod.metadata.labels.is_empty() {
        return Err(Status::unknown("unable to create pods, no labels"));
    }
    match t.create(pod) {
        Ok(made) => {
            let message = format!("Created pod: {}", made.metadata.name);
            t.event(&Reference::of(owner), "Normal", "SuccessfulCreate", &message);
            Ok(made)
        }
        Err(e) => {
            if !is_namespace_ending(&e) {
                t.event(&Reference::of(owner), "Warning", "FailedCreate", &format!("Error creating: {e}"));
            }
            Err(e)
        }
    }
}

/// Deletes the pod and tells it as an event of its owner. A pod that is gone is an error, and no event.
pub(super) fn delete_pod<K: Kind>(t: &mut Turn, pod: &Pod, owner: &K) -> Result<(), Status> {
    let name = &pod.metadata.name;
    match t.delete(Pod::ID, &pod.metadata.key(), &DeleteOptions::default()) {
        Ok(()) => {
            t.event(&Reference::of(owner), "Normal", "SuccessfulDelete", &format!("Deleted pod: {name}"));
            Ok(())
        }
        Err(e) if e.is_not_found() => Err(e),
        Err(e) => {
            t.event(&Reference::of(owner), "Warning", "FailedDelete", &format!("Error deleting: {e}"));
            Err(Status::unknown(format!("unable to delete pods: {e}")))
        }
    }
}

/// Nothing can be made any more where the answer says so.
pub(super) fn is_namespace_ending(e: &Status) -> bool {
    e.has_cause("NamespaceTerminating")
}

/// Makes up to `count` of something: 1, then 2, then 4 …; a batch in which one fails is the last.
/// How many were made, and the first error.
pub(super) fn slow_start_batch(
    count: usize,
    initial: usize,
    mut make: impl FnMut() -> Result<(), Status>,
) -> (usize, Option<Status>) {
    let (mut made, mut left, mut batch) = (0, count, initial.min(count));
    while batch > 0 {
        let mut first = None;
        for _ in 0..batch {
            match make() {
                Ok(()) => made += 1,
                Err(e) => drop(first.get_or_insert(e)),
            }
        }
        if first.is_some() {
            return (made, first);
        }
        left -= batch;
        batch = (2 * batch).min(left);
    }
    (made, None)
}

/// The selector of a workload; None where it is missing or malformed, which then selects nothing.
pub(super) fn selector_of(selector: Option<&Rc<LabelSelector>>) -> Option<Selector> {
    let selector = selector?;
    let expressions = selector.match_expressions.iter().map(|e| (&e.key, e.operator.as_str(), &*e.values));
    Selector::from_parts(selector.match_labels.iter(), expressions).ok()
}

pub(super) fn selects(selector: &Selector, labels: &Map) -> bool {
    selector.matches(|key| labels.get(key).map(Str::as_str))
}

/// Objects that `owner` manages, then those of its namespace that nobody does.
pub(super) fn managed_or_orphaned<K: Kind>(view: &Tables, owner: &ObjectMeta) -> Vec<Rc<K>> {
    let managed = view.owned::<K>(&owner.uid).filter(|o| o.meta().is_controlled_by(&owner.uid));
    managed.chain(view.unmanaged::<K>(&owner.namespace)).cloned().collect()
}

/// Takes what matches and has no manager, lets go what `owner` manages and no longer matches;
/// answers what `owner` manages then.
pub(super) fn claim<O: Kind, K: Kind>(
    t: &mut Turn,
    owner: &O,
    objects: Vec<Rc<K>>,
    matches: impl Fn(&K) -> bool,
) -> Result<Vec<Rc<K>>, Status> {
    claim_with(t, owner, None, objects, matches)
}

/// As `claim`; what is adopted gets the finalizer, what is let go loses it.
pub(super) fn claim_with<O: Kind, K: Kind>(
    t: &mut Turn,
    owner: &O,
    finalizer: Option<&'static str>,
    objects: Vec<Rc<K>>,
    matches: impl Fn(&K) -> bool,
) -> Result<Vec<Rc<K>>, Status> {
    let (mut claimed, mut error, mut may_adopt) = (Vec::new(), None, None);
    for object in objects {
        match claim_one(t, (owner, finalizer), &*object, matches(&object), &mut may_adopt) {
            Ok(Some(adopted)) => claimed.push(adopted.unwrap_or(object)),
            Ok(None) => {}
            Err(e) if e.is_not_found() => {}
            Err(e) => drop(error.get_or_insert(e)),
        }
    }
    error.map_or(Ok(claimed), Err)
}

/// None: not the owner's. What was adopted is answered as it is now.
fn claim_one<O: Kind, K: Kind>(
    t: &mut Turn,
    (owner, finalizer): (&O, Option<&'static str>),
    object: &K,
    matches: bool,
    may_adopt: &mut Option<Result<(), Status>>,
) -> Result<Option<Option<Rc<K>>>, Status> {
    let uid = &owner.meta().uid;
    let ending = owner.meta().is_deleting();
    if let Some(manager) = object.meta().controller_of() {
        if manager.uid != *uid {
            return Ok(None);
        }
        if !matches && !ending {
            release(t, object, uid, finalizer)?;
        }
        return Ok(matches.then_some(None));
    }
    if ending || !matches || object.meta().is_deleting() {
        return Ok(None);
    }
    may_adopt.get_or_insert_with(|| can_adopt(t, owner)).clone().map_err(|e| {
        let meta = object.meta();
        Status::unknown(format!("can't adopt {} {} ({}): {e}", K::INFO.kind, meta.key(), meta.uid))
    })?;
    adopt(t, owner, object, finalizer).map(|adopted| Some(Some(adopted)))
}

/// The view may not know yet that the owner is being deleted, so upstream asks the API server.
fn can_adopt<O: Kind>(t: &mut Turn, owner: &O) -> Result<(), Status> {
    let meta = owner.meta();
    let fresh = t.get_live::<O>(&meta.key())?;
    if fresh.meta().uid != meta.uid {
        return Err(Status::unknown(format!(
            "original {} {} is gone: got uid {}, wanted {}",
            O::INFO.kind,
            meta.key(),
            fresh.meta().uid,
            meta.uid
        )));
    }
    if let Some(at) = fresh.meta().deletion_timestamp {
        return Err(Status::unknown(format!("{} has just been deleted at {at}", meta.key())));
    }
    Ok(())
}

fn adopt<O: Kind, K: Kind>(
    t: &mut Turn,
    owner: &O,
    object: &K,
    finalizer: Option<&'static str>,
) -> Result<Rc<K>, Status> {
    let (reference, uid) = (controller_ref(owner), object.meta().uid.clone());
    t.patch::<K>(&object.meta().key(), |k| {
        let meta = k.meta_mut();
        // Names the one that was meant: a namesake is refused as a conflict.
        meta.uid = uid;
        match meta.owner_references.iter().position(|r| r.uid == reference.uid) {
            Some(at) => meta.owner_references.make_mut()[at] = reference,
            None => meta.owner_references.push(reference),
        }
        if let Some(f) = finalizer.filter(|f| !meta.finalizers.iter().any(|x| x == *f)) {
            meta.finalizers.push(Str::literal(f));
        }
    })
}

fn release<K: Kind>(t: &mut Turn, object: &K, owner: &Str, finalizer: Option<&'static str>) -> Result<(), Status> {
    let uid = object.meta().uid.clone();
    let released = t.patch::<K>(&object.meta().key(), |k| {
        k.meta_mut().uid = uid;
        k.meta_mut().owner_references.retain(|r| r.uid != *owner);
        k.meta_mut().finalizers.retain(|f| finalizer.is_none_or(|gone| *f != *gone));
    });
    match released {
        // The object is gone, or it is another one by now.
        Err(e) if !e.is_not_found() && !e.is_invalid() => Err(e),
        _ => Ok(()),
    }
}

/// Being deleted, and not ended yet. Upstream: IsPodTerminating.
pub(super) fn is_terminating(pod: &Pod) -> bool {
    !pod.is_terminal() && pod.metadata.is_deleting()
}

/// When the Ready condition turned True.
pub(super) fn ready_since(pod: &Pod) -> Option<Wall> {
    pod.status.condition("Ready").filter(|c| c.status == "True").map(|c| c.last_transition_time)
}

/// When the first of the ready pods becomes available. Upstream: FindMinNextPodAvailabilityCheck.
pub(super) fn next_availability_check(t: &Turn, pods: &[Rc<Pod>], min_ready_seconds: i32) -> Option<Duration> {
    pods.iter()
        .filter_map(|p| ready_since(p))
        .map(|since| t.until(Wall::from_unix(since.unix() + i64::from(min_ready_seconds))))
        .filter(|d| !d.is_zero())
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_double_until_one_fails() {
        let run = |count, fails_from| {
            let mut calls = 0;
            let (made, error) = slow_start_batch(count, 1, || {
                calls += 1;
                if calls > fails_from { Err(Status::unknown("no")) } else { Ok(()) }
            });
            (calls, made, error.is_some())
        };
        assert_eq!(run(0, 9), (0, 0, false));
        assert_eq!(run(10, 99), (10, 10, false));
        // 1, then 2 of which the second fails: the batch is played to its end.
        assert_eq!(run(10, 2), (3, 2, true));
        assert_eq!(run(10, 0), (1, 0, true));
    }
}

//! The rolling update of a DaemonSet, and its revisions.
//!
//! Upstream: pkg/controller/daemon/update.go
//! Differs: nodes come in the order of their names, where upstream takes any.

use super::{DaemonSetController, Sync, by_creation};
use crate::api::apps::{ControllerRevision, DaemonSet};
use crate::api::core::Pod;
use crate::api::Kind;
use crate::apimachinery::int_or_string::IntOrString;
use crate::apimachinery::labels::Selector;
use crate::apimachinery::{Status, Str};
use crate::client::{DeleteOptions, Turn};
use crate::controllers::hash::template_hash;
use crate::controllers::history::{
    REVISION_HASH, controlled, max_revision, new_revision, patch_of, renumber,
};
use std::collections::BTreeSet;
use std::rc::Rc;

/// `extensions.DaemonSetTemplateGenerationKey`
pub(super) const GENERATION_LABEL: &str = "pod-template-generation";

fn scaled(ds: &DaemonSet, value: Option<&IntOrString>, nodes: usize) -> usize {
    let rolling = ds.spec.update_strategy.type_ == "RollingUpdate";
    let n = value.filter(|_| rolling).and_then(|v| v.scaled(nodes as i64, true).ok());
    n.unwrap_or(0).max(0) as usize
}

fn max_surge(ds: &DaemonSet, nodes: usize) -> usize {
    scaled(ds, ds.spec.update_strategy.rolling_update.as_ref().and_then(|r| r.max_surge.as_ref()), nodes)
}

fn max_unavailable(ds: &DaemonSet, nodes: usize) -> usize {
    scaled(ds, ds.spec.update_strategy.rolling_update.as_ref().and_then(|r| r.max_unavailable.as_ref()), nodes)
}

/// Two pods may be on a node for a while.
pub(super) fn allows_surge(ds: &DaemonSet) -> bool {
    max_surge(ds, 1) > 0
}

pub(super) fn is_updated(pod: &Pod, ds: &DaemonSet, hash: &str) -> bool {
    let label = |key: &str| pod.metadata.labels.get(key);
    label(REVISION_HASH).is_some_and(|h| *h == *hash)
        || label(GENERATION_LABEL).is_some_and(|g| **g == *ds.template_generation().to_string())
}

/// The new and the old pod of a node.
type NewAndOld<'a> = (Option<&'a Rc<Pod>>, Option<&'a Rc<Pod>>);

/// None where there are several of a sort.
fn new_and_old<'a>(sync: &Sync, pods: &'a [Rc<Pod>]) -> Option<NewAndOld<'a>> {
    let (mut new, mut old) = (None, None);
    for pod in pods.iter().filter(|p| !p.metadata.is_deleting()) {
        let slot = if is_updated(pod, &sync.ds, &sync.hash) { &mut new } else { &mut old };
        if slot.replace(pod).is_some() {
            return None;
        }
    }
    Some((new, old))
}

impl DaemonSetController {
    /// Upstream: rollingUpdate.
    pub(super) fn rolling_update(&mut self, t: &mut Turn, sync: &Sync) -> Result<(), Status> {
        let desired = sync.nodes.iter().filter(|n| sync.eligible.on(n).0).count();
        let surge = max_surge(&sync.ds, desired);
        let unavailable = max_unavailable(&sync.ds, desired);
        let unavailable = if desired > 0 && surge == 0 && unavailable == 0 { 1 } else { unavailable };
        let (delete, create) = if surge == 0 {
            (replace_in_place(t, sync, unavailable), Vec::new())
        } else {
            with_surge(t, sync, desired, surge)
        };
        self.sync_nodes(t, sync, &delete, &create)
    }
}

/// Nodes that have pods, or should have one.
fn concerned(sync: &Sync) -> impl Iterator<Item = (Str, &[Rc<Pod>])> {
    let wanted = sync.nodes.iter().filter(|n| sync.eligible.on(n).0).map(|n| n.metadata.name.clone());
    let all: BTreeSet<Str> = sync.pods.keys().cloned().chain(wanted).collect();
    all.into_iter().map(|name| {
        let pods = sync.pods.get(&name).map_or(&[] as &[Rc<Pod>], |p| p);
        (name, pods)
    })
}

/// Deletes old pods: those that are not available in any case, of the others as many as may be missing.
fn replace_in_place(t: &Turn, sync: &Sync, max_unavailable: usize) -> Vec<Rc<Pod>> {
    let available = |p: &Pod| p.is_available(sync.ds.spec.min_ready_seconds, t.wall);
    let (mut missing, mut at_once, mut candidates) = (0, Vec::new(), Vec::new());
    for (_, pods) in concerned(sync) {
        match new_and_old(sync, pods) {
            None | Some((None, None)) | Some((Some(_), Some(_))) => missing += 1,
            Some((Some(new), None)) => missing += usize::from(!available(new)),
            Some((None, Some(old))) if !available(old) => {
                at_once.push(old.clone());
                missing += 1;
            }
            Some((None, Some(old))) if missing < max_unavailable => candidates.push(old.clone()),
            Some((None, Some(_))) => {}
        }
    }
    candidates.truncate(max_unavailable.saturating_sub(missing));
    at_once.append(&mut candidates);
    at_once
}

/// Makes new pods beside the old ones; an old one goes when its successor is available. (delete, create on)
fn with_surge(t: &Turn, sync: &Sync, desired: usize, max_surge: usize) -> (Vec<Rc<Pod>>, Vec<Str>) {
    let available = |p: &Pod| p.is_available(sync.ds.spec.min_ready_seconds, t.wall);
    let belongs = |name: &Str| {
        sync.nodes.iter().find(|n| n.metadata.name == *name).is_some_and(|n| sync.eligible.on(n).0)
    };
    let (mut delete, mut leaving, mut create, mut candidates) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut surging, mut up) = (0, 0);
    for (name, pods) in concerned(sync) {
        let Some((new, old)) = new_and_old(sync, pods) else {
            surging += 1;
            continue;
        };
        up += usize::from(old.or(new).is_some_and(|p| available(p)));
        match (new, old) {
            (_, None) => {}
            (None, Some(old)) => match (available(old), belongs(&name)) {
                (false, false) => delete.push(old.clone()),
                (false, true) => create.push(name),
                (true, false) => leaving.push(old.clone()),
                (true, true) if surging < max_surge => candidates.push(name),
                (true, true) => {}
            },
            (Some(new), Some(old)) => {
                if available(new) {
                    delete.push(old.clone());
                } else {
                    surging += 1;
                }
            }
        }
    }
    // A pod whose node is no longer wanted stays until another one is available elsewhere.
    leaving.truncate(up.saturating_sub(desired));
    delete.append(&mut leaving);
    candidates.truncate(max_surge.saturating_sub(surging));
    create.append(&mut candidates);
    (delete, create)
}

/// The current revision, made where there is none, and the others.
pub(super) fn construct_history(
    t: &mut Turn,
    ds: &DaemonSet,
    selector: &Selector,
    pods: &[Rc<Pod>],
) -> Result<(Rc<ControllerRevision>, Vec<Rc<ControllerRevision>>), Status> {
    let patch = patch_of(&ds.spec.template);
    let (mut current, mut old) = (Vec::new(), Vec::new());
    for revision in controlled(t, ds, selector)? {
        let same = revision.data.value() == Some(&patch);
        if same { current.push(revision) } else { old.push(revision) }
    }
    let number = max_revision(&old) + 1;
    let Some(keep) = current.iter().max_by_key(|r| r.revision).cloned() else {
        let hash = template_hash(&ds.spec.template, ds.status.collision_count);
        let name = Str::from(format!("{}-{hash}", ds.metadata.name));
        let mut labels = ds.spec.template.metadata.labels.clone();
        labels.insert(REVISION_HASH, Str::from(hash));
        let made = t.create(new_revision(ds, name.clone(), labels, patch.clone(), number));
        return match made {
            Err(e) if e.is_already_exists() => collided(t, ds, &name, &patch, e).map(|r| (r, old)),
            made => made.map(|r| (r, old)),
        };
    };
    deduplicate(t, &keep, &current, pods)?;
    let keep = if keep.revision < number { renumber(t, &keep, number)? } else { keep };
    Ok((keep, old))
}

/// A revision of that name is there: this one, which the view did not show yet, or a collision of hashes.
fn collided(
    t: &mut Turn,
    ds: &DaemonSet,
    name: &Str,
    patch: &crate::apimachinery::Value,
    error: Status,
) -> Result<Rc<ControllerRevision>, Status> {
    let key = crate::api::Key::new(ds.metadata.namespace.clone(), name.clone());
    let there = t.get_live::<ControllerRevision>(&key)?;
    if there.data.value() == Some(patch) {
        return Ok(there);
    }
    let live = t.get_live::<DaemonSet>(&ds.metadata.key())?;
    if live.status.collision_count != ds.status.collision_count {
        return Err(error);
    }
    let mut live = (*live).clone();
    let status = Rc::make_mut(&mut live.status);
    status.collision_count = Some(status.collision_count.unwrap_or(0) + 1);
    t.update_status(live)?;
    Err(error)
}

/// Of several revisions with the same template one stays, and the pods carry its hash.
fn deduplicate(
    t: &mut Turn,
    keep: &ControllerRevision,
    all: &[Rc<ControllerRevision>],
    pods: &[Rc<Pod>],
) -> Result<(), Status> {
    if all.len() < 2 {
        return Ok(());
    }
    let hash = keep.metadata.labels.get(REVISION_HASH).cloned().unwrap_or_default();
    for pod in pods.iter().filter(|p| p.metadata.labels.get(REVISION_HASH) != Some(&hash)) {
        t.patch::<Pod>(&pod.metadata.key(), |p| drop(p.metadata.labels.insert(REVISION_HASH, hash.clone())))?;
    }
    for other in all.iter().filter(|r| r.metadata.name != keep.metadata.name) {
        t.delete(ControllerRevision::ID, &other.metadata.key(), &DeleteOptions::default())?;
    }
    Ok(())
}

/// Deletes the oldest revisions above the limit that no pod is of.
pub(super) fn clean_up_history(
    t: &mut Turn,
    ds: &DaemonSet,
    old: &[Rc<ControllerRevision>],
    pods: &[Rc<Pod>],
) -> Result<(), Status> {
    let keep = ds.spec.revision_history_limit.unwrap_or(10).max(0) as usize;
    let mut excess = old.len().saturating_sub(keep);
    let mut old = old.to_vec();
    old.sort_by_key(|r| r.revision);
    for revision in old {
        let hash = revision.metadata.labels.get(REVISION_HASH);
        let live = hash.is_some() && pods.iter().any(|p| p.metadata.labels.get(REVISION_HASH) == hash);
        if excess == 0 || live {
            continue;
        }
        t.delete(ControllerRevision::ID, &revision.metadata.key(), &DeleteOptions::default())?;
        excess -= 1;
    }
    Ok(())
}

/// Upstream: podsShouldBeOnNode where a pod may stay: which of the running pods are too many.
pub(super) fn excess(t: &Turn, sync: &Sync, mut running: Vec<Rc<Pod>>) -> Vec<Rc<Pod>> {
    running.sort_by(|a, b| by_creation(a, b));
    if !allows_surge(&sync.ds) {
        return running.split_off(running.len().min(1));
    }
    if running.len() < 2 {
        return Vec::new();
    }
    let (mut new, mut old, mut delete) = (None, None, Vec::new());
    for pod in running {
        let current = pod.metadata.labels.get(REVISION_HASH).is_some_and(|h| *h == *sync.hash);
        let slot = if current { &mut new } else { &mut old };
        match slot {
            None => *slot = Some(pod),
            Some(_) => delete.push(pod),
        }
    }
    if let (Some(new), Some(old)) = (new, old)
        && (!old.is_ready() || new.is_available(sync.ds.spec.min_ready_seconds, t.wall))
    {
        delete.push(old);
    }
    delete
}

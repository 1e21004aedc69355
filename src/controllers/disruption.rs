//! Counts the healthy pods of PodDisruptionBudgets, and so how many may be evicted.
//!
//! Upstream: pkg/controller/disruption/disruption.go
//! Differs: the scale of controllers of kinds that the server does not have is not known.

use super::Controller;
use super::pod_control::{selector_of, selects};
use crate::api::core::{Pod, PodCondition, ReplicationController};
use crate::api::apps::{ReplicaSet, StatefulSet};
use crate::api::policy::{PodDisruptionBudget, PodDisruptionBudgetStatus};
use crate::api::{Key, KindId};
use crate::apimachinery::int_or_string::IntOrString;
use crate::apimachinery::time::Time as Wall;
use crate::apimachinery::{LabelSelector, LabelSelectorRequirement, Map, OwnerReference, Status, Str};
use crate::client::{Reference, Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::{Duration, Time};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A pod whose eviction was allowed is gone by then, or counts again.
const DELETION_TIMEOUT: i64 = 120;
/// A pod that was to be disrupted and still lives is no longer said to be.
const STALE_TIMEOUT: i64 = 120;
/// Keys of pods, beside those of budgets: no namespace has such a name.
const STALE_POD: &str = "pod/";

#[derive(Clone, Default)]
pub(super) struct DisruptionController;

fn covers(pdb: &PodDisruptionBudget, pod: &Pod) -> bool {
    selector_of(pdb.spec.selector.as_ref()).is_some_and(|s| selects(&s, &pod.metadata.labels))
}

/// How many pods the controllers of these pods want, and the pods that have none. The error is upstream's sentence.
fn expected_scale(view: &Tables, pods: &[Rc<Pod>]) -> Result<(i32, bool), String> {
    let mut scales: BTreeMap<&Str, i32> = BTreeMap::new();
    let mut unmanaged = false;
    for pod in pods {
        let Some(owner) = pod.metadata.controller_of() else {
            unmanaged = true;
            continue;
        };
        if !scales.contains_key(&owner.uid) {
            let (uid, scale) = scale_of(view, &pod.metadata.namespace, owner)
                .ok_or_else(|| format!("found no controllers for pod {:?}", pod.metadata.name.as_str()))?;
            scales.insert(uid, scale);
        }
    }
    Ok((scales.values().sum(), unmanaged))
}

/// Of a ReplicaSet of a Deployment, the Deployment's.
fn scale_of<'a>(view: &'a Tables, namespace: &Str, owner: &'a OwnerReference) -> Option<(&'a Str, i32)> {
    let key = Key::new(namespace.clone(), owner.name.clone());
    let found = match owner.kind.as_str() {
        "ReplicaSet" => {
            let rs = view.get::<ReplicaSet>(&key).filter(|rs| rs.metadata.uid == owner.uid)?;
            if let Some(parent) = rs.metadata.controller_of().filter(|o| o.kind == "Deployment") {
                let key = Key::new(namespace.clone(), parent.name.clone());
                let d = view.get::<crate::api::apps::Deployment>(&key).filter(|d| d.metadata.uid == parent.uid)?;
                return Some((&d.metadata.uid, d.spec.replicas.unwrap_or(1)));
            }
            rs.spec.replicas
        }
        "StatefulSet" => view.get::<StatefulSet>(&key).filter(|s| s.metadata.uid == owner.uid)?.spec.replicas,
        "ReplicationController" => {
            view.get::<ReplicationController>(&key).filter(|s| s.metadata.uid == owner.uid)?.spec.replicas
        }
        _ => return None,
    };
    Some((&owner.uid, found.unwrap_or(1)))
}

/// (expected pods, healthy ones wanted, some pods have no controller).
fn expected(view: &Tables, pdb: &PodDisruptionBudget, pods: &[Rc<Pod>]) -> Result<(i32, i32, bool), String> {
    let scaled = |v: &IntOrString, of: i32| v.scaled(i64::from(of), true).map(|n| n as i32);
    if let Some(max) = &pdb.spec.max_unavailable {
        let (all, unmanaged) = expected_scale(view, pods)?;
        return Ok((all, (all - scaled(max, all)?).max(0), unmanaged));
    }
    match &pdb.spec.min_available {
        Some(IntOrString::Int(n)) => Ok((pods.len() as i32, *n, false)),
        Some(share) => {
            let (all, unmanaged) = expected_scale(view, pods)?;
            Ok((all, scaled(share, all)?, unmanaged))
        }
        None => Ok((0, 0, false)),
    }
}

/// The selector as Go's generated String() has it.
fn selector_dump(selector: Option<&LabelSelector>) -> String {
    let Some(s) = selector else { return "nil".to_owned() };
    let labels: String = s.match_labels.iter().map(|(k, v)| format!("{k}: {v},")).collect();
    let one = |e: &LabelSelectorRequirement| {
        let values: Vec<&str> = e.values.iter().map(|v| v.as_str()).collect();
        let (key, operator) = (&e.key, &e.operator);
        format!("LabelSelectorRequirement{{Key:{key},Operator:{operator},Values:[{}],}},", values.join(" "))
    };
    let expressions: String = s.match_expressions.iter().map(one).collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},\
         MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
    )
}

/// Evictions that were allowed and are not done, and when the first of them is no longer believed in.
fn pending(t: &mut Turn, pdb: &PodDisruptionBudget, pods: &[Rc<Pod>]) -> (Map<Wall>, Option<Wall>) {
    let (mut left, mut recheck) = (Map::<Wall>::default(), None);
    for pod in pods.iter().filter(|p| !p.metadata.is_deleting()) {
        let Some(at) = pdb.status.disrupted_pods.get(&pod.metadata.name) else { continue };
        let until = at.plus_seconds(DELETION_TIMEOUT);
        if until < t.wall {
            let namespace = &pdb.metadata.namespace;
            let message = format!("Pod was expected by PDB {namespace}/{namespace} to be deleted but it wasn't");
            t.event(&Reference::of(&**pod), "Warning", "NotDeleted", &message);
            continue;
        }
        recheck = Some(recheck.map_or(until, |r: Wall| r.min(until)));
        left.insert(pod.metadata.name.clone(), *at);
    }
    (left, recheck)
}

fn try_sync(t: &mut Turn, pdb: &PodDisruptionBudget) -> Result<Result<Requeue, Status>, String> {
    let about = Reference::of(pdb);
    let all = t.view.list::<Pod>(Some(&pdb.metadata.namespace));
    let pods: Vec<Rc<Pod>> = all.filter(|p| covers(pdb, p)).cloned().collect();
    if pods.is_empty() {
        t.event(&about, "Normal", "NoPods", "No matching pods found");
    }
    let (expected, desired, unmanaged) = match expected(&t.view, pdb, &pods) {
        Ok(found) => found,
        Err(e) => {
            let message = format!("Failed to calculate the number of expected pods: {e}");
            t.event(&about, "Warning", "CalculateExpectedPodCountFailed", &message);
            return Err(e);
        }
    };
    if unmanaged {
        let selector = selector_dump(pdb.spec.selector.as_deref());
        let message = format!(
            "Pods selected by this PodDisruptionBudget (selector: {selector}) were found to be unmanaged. As a result, \
             the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account \
             for these pods please set \".spec.minAvailable\" field of the PDB to an integer value."
        );
        t.event(&about, "Warning", "UnmanagedPods", &message);
    }
    let (disrupted, recheck) = pending(t, pdb, &pods);
    let going = |p: &Pod| {
        let at = disrupted.get(&p.metadata.name);
        p.metadata.is_deleting() || at.is_some_and(|at| at.plus_seconds(DELETION_TIMEOUT) > t.wall)
    };
    let healthy = pods.iter().filter(|p| !going(p) && p.is_ready()).count() as i32;
    let allowed = if expected <= 0 { 0 } else { (healthy - desired).max(0) };
    let mut status = PodDisruptionBudgetStatus {
        observed_generation: pdb.metadata.generation,
        disrupted_pods: disrupted,
        disruptions_allowed: allowed,
        current_healthy: healthy,
        desired_healthy: desired,
        expected_pods: expected,
        conditions: pdb.status.conditions.clone(),
    };
    if status != *pdb.status || !status.is_told() {
        status.update_condition(t.wall);
        if let Err(e) = t.update_status(PodDisruptionBudget { status: Rc::new(status), ..pdb.clone() }) {
            return Ok(Err(e));
        }
    }
    Ok(Ok(recheck.map_or(Requeue::Done, |at| Requeue::After(t.until(at) + Duration::from_secs(1)))))
}

/// Nothing may be evicted while it is not known what would be left.
fn fail_safe(t: &mut Turn, pdb: &PodDisruptionBudget, why: String) -> Result<Requeue, Status> {
    let mut status = (*pdb.status).clone();
    status.disruptions_allowed = 0;
    status.set_condition("False", "SyncFailed", Str::from(why), t.wall);
    if status != *pdb.status {
        t.update_status(PodDisruptionBudget { status: Rc::new(status), ..pdb.clone() })?;
    }
    Ok(Requeue::Done)
}

/// When a pod that is said to be disrupted, and is not, stops being said so.
fn stale_at(pod: &Pod) -> Option<Wall> {
    let told = pod.status.condition("DisruptionTarget").filter(|c| c.status == "True")?;
    let lives = !pod.metadata.is_deleting() && !pod.is_terminal() && told.reason != "TerminationByKubelet";
    lives.then(|| told.last_transition_time.plus_seconds(STALE_TIMEOUT))
}

fn clear_stale(key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
    let namespace = key.namespace.strip_prefix(STALE_POD).unwrap_or_default();
    let key = Key::new(namespace, key.name.clone());
    let Some(at) = t.view.get::<Pod>(&key).and_then(|p| stale_at(p)) else { return Ok(Requeue::Done) };
    let left = t.until(at);
    if !left.is_zero() {
        return Ok(Requeue::After(left));
    }
    let condition = PodCondition {
        type_: Str::literal("DisruptionTarget"),
        status: Str::literal("False"),
        last_transition_time: t.wall,
        ..PodCondition::default()
    };
    t.patch_status::<Pod>(&key, |p| {
        Rc::make_mut(&mut p.status).set_condition(condition);
    })?;
    Ok(Requeue::Done)
}

impl Controller for DisruptionController {
    const NAME: &'static str = "disruption-controller";
    const WATCHES: &'static [KindId] = &[KindId::PodDisruptionBudget, KindId::Pod];

    fn observe(&mut self, event: &WatchEvent, view: &Tables, _now: Time, queue: &mut WorkQueue) {
        if event.kind == KindId::PodDisruptionBudget {
            queue.add(event.key.clone(), event.cause);
            return;
        }
        let Some(pod) = event.new_as::<Pod>().or(event.old_as()) else { return };
        if view.count(KindId::PodDisruptionBudget) > 0 {
            // Of several budgets one is looked at, as upstream does.
            let all = view.list::<PodDisruptionBudget>(Some(&pod.metadata.namespace));
            if let Some(pdb) = all.into_iter().find(|pdb| covers(pdb, pod)) {
                queue.add(pdb.metadata.key(), event.cause);
            }
        }
        if event.new.is_some() && stale_at(pod).is_some() {
            let namespace = format!("{STALE_POD}{}", pod.metadata.namespace);
            queue.add(Key::new(namespace, pod.metadata.name.clone()), event.cause);
        }
    }

    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        if key.namespace.starts_with(STALE_POD) {
            return clear_stale(key, t);
        }
        let Some(pdb) = t.view.get::<PodDisruptionBudget>(key).cloned() else { return Ok(Requeue::Done) };
        match try_sync(t, &pdb) {
            Ok(Err(e)) if !e.is_conflict() => fail_safe(t, &pdb, e.to_string()),
            Ok(done) => done,
            Err(why) => fail_safe(t, &pdb, why),
        }
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        view.objects(KindId::PodDisruptionBudget, None).map(|(k, _)| k.clone()).collect()
    }
}

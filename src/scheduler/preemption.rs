//! Driving the victims out, and the budgets that are spared where they can be.
//!
//! Upstream: pkg/scheduler/framework/preemption/preemption.go (prepareCandidateAsync, PreemptPod)
//! Differs: the victims are driven out in the turn that chose them, after the pod's status is written.

use super::class::label_selector;
use super::framework::Nomination;
use crate::api::core::{Pod, PodCondition};
use crate::api::{Kind, KindId, Object};
use crate::apimachinery::labels::Selector;
use crate::apimachinery::{Decoder, LabelSelector, Str, Value};
use crate::client::{DeleteOptions, Reference, Tables, Turn};
use std::rc::Rc;

/// What a PodDisruptionBudget still allows.
pub struct Budget {
    pub namespace: Str,
    pub selector: Selector,
    pub allowed: i64,
    /// Pods whose eviction is under way already.
    pub disrupted: Vec<Str>,
}

pub fn budgets(view: &Tables) -> Vec<Budget> {
    let Some(kind) = KindId::by_kind("policy", "PodDisruptionBudget") else { return Vec::new() };
    let budget = |object: &Object| {
        let v = object.encode();
        let selector: LabelSelector = Decoder::new().run(v.pointer("/spec/selector")?).ok()?;
        let selector = label_selector(Some(&Rc::new(selector)));
        let disrupted = v.pointer("/status/disruptedPods").and_then(Value::as_object);
        // An empty selector covers nobody here.
        (!selector.is_empty()).then(|| Budget {
            namespace: object.meta().namespace.clone(),
            selector,
            allowed: v.pointer("/status/disruptionsAllowed").and_then(Value::as_i64).unwrap_or(0),
            disrupted: disrupted.into_iter().flatten().map(|(name, _)| Str::from(name)).collect(),
        })
    };
    view.objects(kind, None).filter_map(|(_, o)| budget(o)).collect()
}

/// Clears a nomination that a more important pod has made void.
pub fn clear_nominated_node_name(t: &mut Turn, pod: &Pod) {
    if !pod.status.nominated_node_name.is_empty() {
        let cleared = t.patch_status::<Pod>(&pod.metadata.key(), |p| {
            Rc::make_mut(&mut p.status).nominated_node_name = Str::EMPTY;
        });
        // A pod that is gone needs no clearing.
        cleared.ok();
    }
}

pub fn preempt(t: &mut Turn, preemptor: &Pod, nomination: &Nomination) {
    for victim in &nomination.victims {
        let (key, now) = (victim.metadata.key(), t.wall);
        let mut condition = PodCondition {
            type_: Str::literal("DisruptionTarget"),
            observed_generation: victim.metadata.generation,
            status: Str::literal("True"),
            reason: Str::literal("PreemptionByScheduler"),
            message: Str::from(format!(
                "{}: preempting to accommodate a higher priority pod",
                preemptor.spec.scheduler_name
            )),
            ..PodCondition::default()
        };
        condition.last_transition_time = now;
        let marked = t.patch_status::<Pod>(&key, |p| {
            Rc::make_mut(&mut p.status).set_condition(condition);
        });
        if marked.is_err() || t.delete(Pod::ID, &key, &DeleteOptions::of_uid(&victim.metadata.uid)).is_err() {
            continue;
        }
        let text = format!("Preempted by pod {} on node {}", preemptor.metadata.uid, nomination.node);
        t.event_v1(&Reference::of(&**victim), "Normal", "Preempted", "Preempting", &text);
    }
}

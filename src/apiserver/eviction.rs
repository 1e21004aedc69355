//! Eviction: a deletion that the pod's disruption budget has to allow.
//!
//! Upstream: pkg/registry/core/pod/storage/eviction.go
//! Differs: requests come one after the other, so nothing is tried again.

use super::{Cx, DeleteOptions, Server, Sub};
use crate::api::core::{Pod, PodCondition};
use crate::api::policy::PodDisruptionBudget;
use crate::api::{Key, Kind, Object};
use crate::apimachinery::status::Cause;
use crate::apimachinery::{Status, Str};
use std::rc::Rc;

const REFUSAL: &str = "Cannot evict pod as it would violate the pod's disruption budget.";
/// So many evictions may be waiting for their pods to go.
const MAX_DISRUPTED_PODS: usize = 2000;

fn refused(message: String, retry_after_seconds: i32) -> Status {
    let cause = Cause { reason: "DisruptionBudget".to_owned(), message, field: String::new() };
    Status::too_many_requests(REFUSAL, retry_after_seconds).with_causes(vec![cause])
}

/// Upstream: checkAndDecrement. The budget as it is once the pod has gone.
fn decrement(pdb: &PodDisruptionBudget, pod: &Str, cx: &Cx) -> Result<PodDisruptionBudget, Status> {
    let name = &pdb.metadata.name;
    let status = &*pdb.status;
    if status.observed_generation < pdb.metadata.generation {
        return Err(refused(format!("The disruption budget {name} is still being processed by the server."), 10));
    }
    let forbidden = |why| Status::forbidden("policy", "poddisruptionbudget", name, why);
    if status.disruptions_allowed < 0 {
        return Err(forbidden("pdb disruptions allowed is negative"));
    }
    if status.disrupted_pods.len() > MAX_DISRUPTED_PODS {
        return Err(forbidden("DisruptedPods map too big - too many evictions not confirmed by PDB controller"));
    }
    if status.disruptions_allowed == 0 {
        let told = status.condition().filter(|c| c.status == "False" && !c.message.is_empty());
        let head = format!("The disruption budget {name}");
        let (wanted, healthy) = (status.desired_healthy, status.current_healthy);
        let message = match told {
            Some(c) if c.reason == "SyncFailed" => {
                format!("{head} does not allow evicting pods currently because it failed sync: {}", c.message)
            }
            _ if healthy <= wanted => format!("{head} needs {wanted} healthy pods and has {healthy} currently"),
            Some(c) => format!("{head} does not allow evicting pods currently ({}): {}", c.reason, c.message),
            None => format!("{head} does not allow evicting pods currently"),
        };
        return Err(refused(message, 0));
    }
    let mut new = pdb.clone();
    let status = Rc::make_mut(&mut new.status);
    status.disruptions_allowed -= 1;
    if status.disruptions_allowed == 0 {
        status.update_condition(cx.now);
    }
    status.disrupted_pods.insert(pod.clone(), cx.now);
    Ok(new)
}

impl Server {
    /// Errors: 429 where a budget forbids it, with the cause `DisruptionBudget`.
    pub fn evict(&mut self, cx: &mut Cx, key: &Key, options: &DeleteOptions) -> Result<(), Status> {
        let pod = self.get(Pod::ID, key)?.downcast::<Pod>().expect("the key's kind").clone();
        let mut options = options.clone();
        let free = pod.is_terminal() || pod.status.phase == "Pending" || pod.metadata.is_deleting();
        if !free && !self.charge_budget(cx, &pod)? {
            // An unhealthy pod that does not count: none that has become healthy meanwhile.
            options.resource_version.get_or_insert(pod.metadata.resource_version.0);
        }
        if !cx.dry_run {
            let condition = PodCondition {
                type_: Str::literal("DisruptionTarget"),
                status: Str::literal("True"),
                reason: Str::literal("EvictionByEvictionAPI"),
                message: Str::literal("Eviction API: evicting"),
                last_transition_time: cx.now,
                observed_generation: pod.metadata.generation,
                ..PodCondition::default()
            };
            let done = self.update(cx, Pod::ID, key, Sub::Status, |old, _| {
                let mut new = (**old.downcast::<Pod>().expect("the key's kind")).clone();
                Rc::make_mut(&mut new.status).set_condition(condition);
                Ok(Object::of(new))
            })?;
            if options.resource_version.is_some() {
                options.resource_version = Some(done.object.rv());
            }
        }
        self.delete(cx, Pod::ID, key, &options).map(|_| ())
    }

    /// False: the pod does not count, so nothing was charged.
    fn charge_budget(&mut self, cx: &mut Cx, pod: &Pod) -> Result<bool, Status> {
        let covers = |pdb: &&Rc<PodDisruptionBudget>| {
            let labels = &pod.metadata.labels;
            let selector = pdb.spec.selector.as_ref().and_then(|s| s.to_selector().ok());
            selector.is_some_and(|s| s.matches(|key| labels.get(key).map(Str::as_str)))
        };
        let all = self.store.head().list::<PodDisruptionBudget>(Some(&pod.metadata.namespace));
        let budgets: Vec<Rc<PodDisruptionBudget>> = all.filter(covers).cloned().collect();
        let pdb = match budgets.as_slice() {
            [] => return Ok(true),
            [one] => one,
            _ => {
                let message =
                    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
                return Err(Status::unknown(message));
            }
        };
        if !pod.is_ready() {
            let always = pdb.spec.unhealthy_pod_eviction_policy.as_deref() == Some("AlwaysAllow");
            let (healthy, wanted) = (pdb.status.current_healthy, pdb.status.desired_healthy);
            if always || (healthy >= wanted && wanted > 0) {
                return Ok(false);
            }
        }
        let new = decrement(pdb, &pod.metadata.name, cx)?;
        if !cx.dry_run {
            let key = new.metadata.key();
            self.update(cx, PodDisruptionBudget::ID, &key, Sub::Status, |_, _| Ok(Object::of(new)))?;
        }
        Ok(true)
    }
}

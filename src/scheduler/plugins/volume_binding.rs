//! Claims must be bound, or bindable on the node; those that wait for a node are bound before the pod is.
//!
//! Upstream: pkg/scheduler/framework/plugins/volumebinding/{volume_binding,binder}.go
//! Differs: volumes that were just chosen for another pod are known from the watch only; a second choice is refused as a
//! conflict and tried again.

use super::super::class::PodInfo;
use super::super::framework::{
    Action, Change, Code, Cx, CycleState, Interest, NodeNames, Plugin, Resource, Status, Verdict,
};
use super::super::node_info::NodeInfo;
use super::super::storage::{self, Claims};
use crate::api::core::{Node, PersistentVolumeClaim, Pod};
use crate::api::{Key, Kind};
use crate::apimachinery::Str;
use crate::client::{Tables, Turn};
use std::rc::Rc;

pub(crate) struct VolumeBinding;

fn named(pod: &Pod) -> impl Iterator<Item = Str> + '_ {
    pod.spec.volumes.iter().filter_map(|v| storage::claim_name(pod, v)).map(|(name, _)| name)
}

impl Plugin for VolumeBinding {
    const NAME: &'static str = "VolumeBinding";
    const FILTERS: bool = true;
    const EVENTS_TO_REGISTER: &'static [Interest] = &[
        (Resource::StorageClass, Action::ADD.or(Action::UPDATE)),
        (Resource::PersistentVolumeClaim, Action::ADD.or(Action::UPDATE)),
        (Resource::PersistentVolume, Action::ADD.or(Action::UPDATE)),
        (Resource::Node, Action::ADD.or(Action::UPDATE_NODE_LABEL)),
    ];

    fn pre_filter(cx: &mut Cx, state: &mut CycleState, pod: &PodInfo) -> Result<NodeNames, Status> {
        if named(&pod.pod).next().is_none() {
            return Err(Status::skip());
        }
        let claims = storage::claims_of(cx.view, &pod.pod);
        let claims = claims.map_err(|text| Status::new(Code::UnschedulableAndUnresolvable, text))?;
        if !claims.immediate.is_empty() {
            return Err(Status::unresolvable("pod has unbound immediate PersistentVolumeClaims"));
        }
        state.claims = Some(Rc::new(claims));
        Ok(None)
    }

    fn filter(cx: &Cx, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> Verdict {
        let Some(claims) = &state.claims else { return Ok(()) };
        let reasons = match storage::plan(cx.view, claims, node.node()) {
            Ok(_) => return Ok(()),
            Err(reasons) => reasons.into_iter().map(Str::literal).collect(),
        };
        Err(Status { code: Code::UnschedulableAndUnresolvable, reasons, plugin: None })
    }

    fn pre_bind(t: &mut Turn, pod: &PodInfo, node: &str) -> Verdict {
        let claims = storage::claims_of(&t.view, &pod.pod).map_err(Status::error)?;
        let key = Key::new(Str::EMPTY, node);
        let Some(there) = t.view.get::<Node>(&key).cloned() else {
            return Err(Status::error(format!("failed to get node \"{node}\": node \"{node}\" not found")));
        };
        let plan = storage::plan(&t.view, &claims, &there).map_err(|reasons| Status::error(reasons.join(", ")))?;
        for (volume, rv, claim) in &plan.bind {
            storage::bind_volume(t, volume, *rv, claim)?;
        }
        for claim in &plan.provision {
            let written = t.patch::<PersistentVolumeClaim>(&claim.metadata.key(), |c| {
                c.metadata.annotations.insert(storage::SELECTED_NODE, Str::from(node));
            });
            written.map_err(|e| Status::error(e.message().to_owned()))?;
        }
        Ok(())
    }

    fn is_pre_bound(view: &Tables, pod: &PodInfo, node: &str) -> Result<bool, Status> {
        if named(&pod.pod).next().is_none() {
            return Ok(true);
        }
        let Claims { bound, immediate, waiting, .. } =
            storage::claims_of(view, &pod.pod).map_err(|text| Status::error(format!("binding volumes: {text}")))?;
        // Who could not make the volume takes the annotation away again.
        for claim in &waiting {
            let selected = claim.metadata.annotations.get(storage::SELECTED_NODE);
            if selected.is_some_and(|n| *n != *node) {
                let name = &claim.metadata.name;
                return Err(Status::error(format!("binding volumes: provisioning failed for PVC \"{name}\"")));
            }
        }
        let there = view.get::<Node>(&Key::new(Str::EMPTY, node));
        for claim in &bound {
            let pv = storage::pv(view, &claim.spec.volume_name);
            if let (Some(pv), Some(there)) = (pv, there)
                && !pv.is_reachable_from(there)
            {
                let volume = &claim.spec.volume_name;
                return Err(Status::error(format!(
                    "binding volumes: pv \"{volume}\" node affinity doesn't match node \"{node}\""
                )));
            }
        }
        Ok(immediate.is_empty() && waiting.is_empty())
    }

    fn queueing_hint(_: &mut Cx, pod: &PodInfo, change: &Change) -> bool {
        if change.resource != Resource::PersistentVolumeClaim {
            return true;
        }
        let claim = change.new.as_ref().filter(|o| o.id() == PersistentVolumeClaim::ID);
        claim.is_some_and(|c| {
            c.meta().namespace == pod.pod.metadata.namespace && named(&pod.pod).any(|n| n == c.meta().name)
        })
    }
}

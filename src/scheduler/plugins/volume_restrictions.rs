//! A claim for one pod only is not given to a second one.
//!
//! Upstream: pkg/scheduler/framework/plugins/volumerestrictions/volume_restrictions.go
//! Differs: disks of GCE, AWS, iSCSI and Ceph named in the pod itself are not compared.

use super::super::class::PodInfo;
use super::super::framework::{
    Action, Change, Code, Cx, CycleState, Interest, NodeNames, Plugin, Resource, Status, Verdict,
};
use super::super::node_info::NodeInfo;
use super::super::storage;
use crate::api::core::{PersistentVolumeClaim, Pod};
use crate::apimachinery::{Arrange, Str};
use std::rc::Rc;

pub(crate) struct VolumeRestrictions;

/// Found in PreFilter.
#[derive(Clone, Debug)]
pub struct Conflicts {
    /// The pod's claims that are for one pod only.
    claims: Vec<Str>,
    /// How often pods that have a node use them.
    used: i64,
}

fn uses(pod: &Pod, claims: &[Str]) -> i64 {
    let named = pod.spec.volumes.iter().filter_map(|v| v.persistent_volume_claim.as_ref());
    named.filter(|c| claims.contains(&c.claim_name)).count() as i64
}

impl Plugin for VolumeRestrictions {
    const NAME: &'static str = "VolumeRestrictions";
    const FILTERS: bool = true;
    const EVENTS_TO_REGISTER: &'static [Interest] = &[
        (Resource::Pod, Action::DELETE),
        (Resource::Node, Action::ADD),
        (Resource::PersistentVolumeClaim, Action::ADD),
    ];

    fn pre_filter(cx: &mut Cx, state: &mut CycleState, pod: &PodInfo) -> Result<NodeNames, Status> {
        let mut claims = Vec::new();
        for volume in pod.pod.spec.volumes.iter().filter_map(|v| v.persistent_volume_claim.as_ref()) {
            let Some(claim) = storage::claim(cx.view, &pod.pod, &volume.claim_name) else {
                let text = storage::not_found(&volume.claim_name);
                return Err(Status::new(Code::UnschedulableAndUnresolvable, text));
            };
            if claim.spec.access_modes.iter().any(|m| m == "ReadWriteOncePod") {
                claims.push(volume.claim_name.clone());
            }
        }
        if claims.is_empty() {
            return Err(Status::skip());
        }
        let namespace = &pod.pod.metadata.namespace;
        let there = cx.cache.nodes().flat_map(|n| &n.pods).filter(|p| p.pod.metadata.namespace == *namespace);
        let mut used: Vec<&Str> = Vec::new();
        for p in there {
            let theirs = p.pod.spec.volumes.iter().filter_map(|v| v.persistent_volume_claim.as_ref());
            used.extend(theirs.map(|c| &c.claim_name).filter(|c| claims.contains(c)));
        }
        // Of one claim one user counts, however many there are.
        used.arrange();
        used.dedup();
        let used = used.len() as i64;
        if used == 0 {
            return Err(Status::skip());
        }
        state.volume_restrictions = Some(Rc::new(Conflicts { claims, used }));
        Ok(None)
    }

    fn filter(_: &Cx, state: &CycleState, _: &PodInfo, _: &NodeInfo) -> Verdict {
        if state.volume_restrictions.as_ref().is_some_and(|c| c.used > 0) {
            return Err(Status::unschedulable(
                "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by \
                 another pod",
            ));
        }
        Ok(())
    }

    fn move_pod(_: &mut Cx, state: &mut CycleState, _: &PodInfo, other: &PodInfo, _: &NodeInfo, delta: i64) {
        if let Some(c) = &mut state.volume_restrictions {
            let c = Rc::make_mut(c);
            c.used += delta * uses(&other.pod, &c.claims);
        }
    }

    fn queueing_hint(_: &mut Cx, pod: &PodInfo, change: &Change) -> bool {
        let named = pod.pod.spec.volumes.iter().filter_map(|v| v.persistent_volume_claim.as_ref());
        let own: Vec<Str> = named.map(|c| c.claim_name.clone()).collect();
        let namespace = &pod.pod.metadata.namespace;
        match change.resource {
            Resource::Pod => {
                change.pods().0.is_some_and(|p| p.metadata.namespace == *namespace && uses(p, &own) > 0)
            }
            Resource::PersistentVolumeClaim => {
                let claim = change.new.as_ref().and_then(|o| o.downcast::<PersistentVolumeClaim>());
                claim.is_some_and(|c| c.metadata.namespace == *namespace && own.contains(&c.metadata.name))
            }
            _ => true,
        }
    }
}

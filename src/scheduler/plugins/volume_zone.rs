//! A volume with labels of a zone or region is reached from nodes there only.
//!
//! Upstream: pkg/scheduler/framework/plugins/volumezone/volume_zone.go
//! Differs: nothing known.

use super::super::class::PodInfo;
use super::super::framework::{
    Action, Change, Code, Cx, CycleState, Interest, NodeNames, Plugin, Resource, Status, Verdict,
};
use super::super::node_info::NodeInfo;
use super::super::storage;
use crate::api::core::PersistentVolumeClaim;
use crate::apimachinery::Str;
use std::rc::Rc;

pub(crate) struct VolumeZone;

const LABELS: [(&str, &str); 4] = [
    ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
    ("topology.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("topology.kubernetes.io/region", "topology.kubernetes.io/region"),
];

/// Found in PreFilter: label, the name it has today, values.
pub type Topologies = Vec<(&'static str, &'static str, Vec<Str>)>;

fn topologies(cx: &Cx, pod: &PodInfo) -> Result<Topologies, Status> {
    let no = |text: String| Status::new(Code::UnschedulableAndUnresolvable, text);
    let mut all = Vec::new();
    for volume in pod.pod.spec.volumes.iter().filter_map(|v| v.persistent_volume_claim.as_ref()) {
        let name = &volume.claim_name;
        let claim = storage::claim(cx.view, &pod.pod, name).ok_or_else(|| no(storage::not_found(name)))?;
        let bound = &claim.spec.volume_name;
        if bound.is_empty() {
            if claim.class().is_empty() {
                return Err(no("PersistentVolumeClaim had no pv name and storageClass name".to_owned()));
            }
            let missing = || no(format!("storageclass.storage.k8s.io \"{}\" not found", claim.class()));
            let class = storage::class(cx.view, claim.class()).ok_or_else(missing)?;
            if class.waits() {
                continue;
            }
            return Err(no("PersistentVolume had no name".to_owned()));
        }
        let missing = || no(format!("persistentvolume \"{bound}\" not found"));
        let pv = storage::pv(cx.view, bound).ok_or_else(missing)?;
        for (label, today) in LABELS {
            if let Some(values) = pv.labels.get(label) {
                all.push((label, today, values.split("__").map(Str::from).collect()));
            }
        }
    }
    Ok(all)
}

impl Plugin for VolumeZone {
    const NAME: &'static str = "VolumeZone";
    const FILTERS: bool = true;
    const EVENTS_TO_REGISTER: &'static [Interest] = &[
        (Resource::StorageClass, Action::ADD),
        (Resource::Node, Action::ADD.or(Action::UPDATE_NODE_LABEL)),
        (Resource::PersistentVolumeClaim, Action::ADD.or(Action::UPDATE)),
        (Resource::PersistentVolume, Action::ADD.or(Action::UPDATE)),
    ];

    fn pre_filter(cx: &mut Cx, state: &mut CycleState, pod: &PodInfo) -> Result<NodeNames, Status> {
        let all = topologies(cx, pod)?;
        if all.is_empty() {
            return Err(Status::skip());
        }
        state.volume_zone = Some(Rc::new(all));
        Ok(None)
    }

    fn filter(_: &Cx, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> Verdict {
        let Some(all) = &state.volume_zone else { return Ok(()) };
        // Nodes without any such label are of a cluster without zones.
        if LABELS.iter().all(|(label, _)| node.label(label).is_none()) {
            return Ok(());
        }
        let there = |label: &str, today: &str| node.label(label).or_else(|| node.label(today));
        if all.iter().all(|(label, today, values)| there(label, today).is_some_and(|v| values.contains(v))) {
            return Ok(());
        }
        Err(Status::unresolvable("node(s) had no available volume zone"))
    }

    fn queueing_hint(_: &mut Cx, pod: &PodInfo, change: &Change) -> bool {
        if change.resource != Resource::PersistentVolumeClaim {
            return true;
        }
        let Some(claim) = change.new.as_ref().and_then(|o| o.downcast::<PersistentVolumeClaim>()) else { return false };
        let mut named = pod.pod.spec.volumes.iter().filter_map(|v| v.persistent_volume_claim.as_ref());
        claim.metadata.namespace == pod.pod.metadata.namespace && named.any(|c| c.claim_name == claim.metadata.name)
    }
}

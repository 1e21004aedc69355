//! The selector of the pods that a pod belongs with: its services' and its controller's.
//!
//! Upstream: pkg/scheduler/framework/plugins/helper/spread.go (DefaultSelector)
//! Differs: nothing known.

use super::class::label_selector;
use crate::api::Key;
use crate::api::apps::{ReplicaSet, StatefulSet};
use crate::api::core::{Pod, ReplicationController, Service};
use crate::apimachinery::Map;
use crate::apimachinery::labels::Selector;
use crate::client::Tables;

pub fn default_selector(view: &Tables, pod: &Pod) -> Selector {
    let (meta, labels) = (&pod.metadata, &pod.metadata.labels);
    let mut of_services = Map::default();
    if !labels.is_empty() {
        for service in view.list::<Service>(Some(&meta.namespace)) {
            let wanted = &service.spec.selector;
            if !wanted.is_empty() && wanted.iter().all(|(k, v)| labels.get(k) == Some(v)) {
                for (k, v) in wanted.iter() {
                    of_services.insert(k, v.clone());
                }
            }
        }
    }
    let selector = Selector::from_labels(of_services.iter());
    let Some(owner) = meta.controller_of() else { return selector };
    let key = Key { namespace: meta.namespace.clone(), name: owner.name.clone() };
    let of_owner = match (owner.api_version.as_str(), owner.kind.as_str()) {
        ("apps/v1", "ReplicaSet") => view.get::<ReplicaSet>(&key).map(|rs| label_selector(rs.spec.selector.as_ref())),
        ("apps/v1", "StatefulSet") => view.get::<StatefulSet>(&key).map(|s| label_selector(s.spec.selector.as_ref())),
        ("v1", "ReplicationController") => {
            view.get::<ReplicationController>(&key).map(|rc| Selector::from_labels(rc.spec.selector.iter()))
        }
        _ => None,
    };
    match of_owner {
        Some(of_owner) => selector.and(of_owner.requirements().iter().cloned()),
        None => selector,
    }
}

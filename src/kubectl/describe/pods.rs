//! How the pods of a controller fare, in numbers.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (getPodStatusForController)
//! Differs: nothing known.

use super::text::{Writer, put};
use crate::api::core::Pod;
use crate::apimachinery::{LabelSelector, ObjectMeta};
use crate::apiserver::Tables;

pub(super) fn status(w: &mut Writer, tables: &Tables, owner: &ObjectMeta, selector: Option<&LabelSelector>) {
    let selector = selector.and_then(|s| s.to_selector().ok());
    let mut count = [0; 4];
    for pod in tables.owned::<Pod>(&owner.uid) {
        let labels = &pod.metadata.labels;
        let selected = selector.as_ref().is_some_and(|s| s.matches(|key| labels.get(key).map(|v| v.as_str())));
        if !selected || !pod.metadata.is_controlled_by(&owner.uid) {
            continue;
        }
        match pod.status.phase.as_str() {
            "Running" => count[0] += 1,
            "Pending" => count[1] += 1,
            "Succeeded" => count[2] += 1,
            "Failed" => count[3] += 1,
            _ => {}
        }
    }
    let [running, waiting, succeeded, failed] = count;
    put!(w, 0, "Pods Status:\t{running} Running / {waiting} Waiting / {succeeded} Succeeded / {failed} Failed\n");
}

//! What makes a StatefulSet's pods ones with names: ordinals, labels, their claims' volumes, their revision.
//!
//! Upstream: pkg/controller/statefulset/stateful_set_utils.go
//! Differs: volumes of claims come in the order of their templates, where upstream takes any.

use crate::api::apps::StatefulSet;
use crate::api::core::{PersistentVolumeClaim, PersistentVolumeClaimVolumeSource, Pod, PodTemplateSpec, Volume};
use crate::apimachinery::{ObjectMeta, Str};
use crate::controllers::history::REVISION_HASH;
use crate::controllers::pod_control::pod_from_template;
use std::rc::Rc;

const POD_NAME_LABEL: &str = "statefulset.kubernetes.io/pod-name";
const POD_INDEX_LABEL: &str = "apps.kubernetes.io/pod-index";

/// `web-3`: the name of the set, and the ordinal; None where the pod's name is no such thing.
pub(super) fn parent_and_ordinal(pod: &Pod) -> Option<(&str, i64)> {
    let (parent, digits) = pod.metadata.name.rsplit_once('-')?;
    let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let ordinal = number.then(|| digits.parse::<i32>().map_or(-1, i64::from))?;
    Some((parent, ordinal))
}

/// -1 where there is none.
pub(super) fn ordinal(pod: &Pod) -> i64 {
    parent_and_ordinal(pod).map_or(-1, |(_, ordinal)| ordinal)
}

pub(super) fn replicas(set: &StatefulSet) -> i64 {
    i64::from(set.spec.replicas.unwrap_or(1))
}

pub(super) fn start(set: &StatefulSet) -> i64 {
    set.spec.ordinals.as_ref().map_or(0, |o| i64::from(o.start))
}

pub(super) fn in_range(set: &StatefulSet, pod: &Pod) -> bool {
    (start(set)..start(set) + replicas(set)).contains(&ordinal(pod))
}

pub(super) fn revision(pod: &Pod) -> &str {
    pod.metadata.labels.get(REVISION_HASH).map_or("", |h| h.as_str())
}

pub(super) fn claim_name(set: &StatefulSet, template: &str, ordinal: i64) -> Str {
    Str::from(format!("{template}-{}-{ordinal}", set.metadata.name))
}

/// The claims of a pod, as they are made.
pub(super) fn claims(set: &StatefulSet, pod: &Pod) -> Vec<PersistentVolumeClaim> {
    let selector = set.spec.selector.as_ref();
    let templates = set.spec.volume_claim_templates.iter();
    let claim = |t: &crate::api::apps::VolumeClaimTemplate| {
        let mut metadata = ObjectMeta {
            name: claim_name(set, &t.metadata.name, ordinal(pod)),
            namespace: set.metadata.namespace.clone(),
            ..t.metadata.clone()
        };
        for (key, value) in selector.iter().flat_map(|s| s.match_labels.iter()) {
            metadata.labels.insert(key.clone(), value.clone());
        }
        PersistentVolumeClaim { metadata, spec: t.spec.clone(), status: t.status.clone() }
    };
    templates.map(claim).collect()
}

pub(super) fn identity_matches(set: &StatefulSet, pod: &Pod) -> bool {
    let named = parent_and_ordinal(pod).is_some_and(|(parent, n)| n >= 0 && set.metadata.name == *parent);
    named && pod.metadata.labels.get(POD_NAME_LABEL) == Some(&pod.metadata.name)
}

pub(super) fn storage_matches(set: &StatefulSet, pod: &Pod) -> bool {
    let n = ordinal(pod);
    n >= 0
        && set.spec.volume_claim_templates.iter().all(|t| {
            let volume = pod.spec.volumes.iter().find(|v| v.name == t.metadata.name);
            let source = volume.and_then(|v| v.persistent_volume_claim.as_ref());
            source.is_some_and(|s| s.claim_name == claim_name(set, &t.metadata.name, n))
        })
}

pub(super) fn update_identity(pod: &mut Pod) {
    let (name, n) = (pod.metadata.name.clone(), ordinal(pod));
    pod.metadata.labels.insert(POD_NAME_LABEL, name);
    pod.metadata.labels.insert(POD_INDEX_LABEL, Str::from(n.to_string()));
}

/// The volumes of the claims, then those of the template that have other names.
pub(super) fn update_storage(set: &StatefulSet, pod: &mut Pod) {
    if set.spec.volume_claim_templates.is_empty() {
        return;
    }
    let n = ordinal(pod);
    let of_claim = |t: &crate::api::apps::VolumeClaimTemplate| Volume {
        name: t.metadata.name.clone(),
        persistent_volume_claim: Some(Rc::new(PersistentVolumeClaimVolumeSource {
            claim_name: claim_name(set, &t.metadata.name, n),
            read_only: false,
        })),
        ..Volume::default()
    };
    let templates = &set.spec.volume_claim_templates;
    let own = |v: &&Volume| !templates.iter().any(|t| t.metadata.name == v.name);
    let volumes = templates.iter().map(of_claim).chain(pod.spec.volumes.iter().filter(own).cloned()).collect();
    Rc::make_mut(&mut pod.spec).volumes = volumes;
}

/// A pod of that ordinal, not stored yet.
pub(super) fn new_pod(set: &StatefulSet, template: &PodTemplateSpec, revision: &Str, ordinal: i64) -> Pod {
    let mut pod = pod_from_template(template, set);
    pod.metadata.name = Str::from(format!("{}-{ordinal}", set.metadata.name));
    update_identity(&mut pod);
    pod.metadata.labels.insert(REVISION_HASH, revision.clone());
    let spec = Rc::make_mut(&mut pod.spec);
    spec.hostname = pod.metadata.name.clone();
    spec.subdomain = set.spec.service_name.clone();
    update_storage(set, &mut pod);
    pod
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_set_and_the_ordinal() {
        for (name, want) in [
            ("web-0", Some(("web", 0))),
            ("my-web-12", Some(("my-web", 12))),
            ("web-", None),
            ("web", None),
            ("web-x1", None),
            ("web-99999999999", Some(("web", -1))),
        ] {
            let mut pod = Pod::default();
            pod.metadata.name = Str::literal(name);
            assert_eq!(parent_and_ordinal(&pod), want, "{name}");
        }
    }
}

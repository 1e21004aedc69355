//! DefaultTolerationSeconds: pods bear a node that is not ready or not reachable for five minutes.
//!
//! Upstream: plugin/pkg/admission/defaulttolerationseconds/admission.go
//! Differs: nothing known.

use super::{Attributes, Op, Plugin};
use crate::api::core::{Pod, Toleration};
use crate::api::{Kind, Object};
use crate::apimachinery::{List, Status, Str};
use crate::apiserver::Sub;
use std::rc::Rc;

pub(super) const PLUGIN: Plugin =
    Plugin { name: "DefaultTolerationSeconds", mutate: Some(admit), validate: None, charge: None };

/// The two that are added, in their order.
pub(super) fn both() -> List<Toleration> {
    let toleration = |key| Toleration {
        key: Str::literal(key),
        operator: Str::literal("Exists"),
        effect: Str::literal("NoExecute"),
        toleration_seconds: Some(300),
        ..Toleration::default()
    };
    List::from(vec![toleration("node.kubernetes.io/not-ready"), toleration("node.kubernetes.io/unreachable")])
}

fn admit(at: &mut Attributes, object: &mut Object) -> Result<(), Status> {
    if !matches!(at.op, Op::Create | Op::Update(Sub::None)) {
        return Ok(());
    }
    let Some(pod) = object.downcast::<Pod>() else { return Ok(()) };
    let borne = |key: &Str| {
        pod.spec
            .tolerations
            .iter()
            .any(|t| (t.key == *key || t.key.is_empty()) && (t.effect == "NoExecute" || t.effect.is_empty()))
    };
    let all = &at.server.shared.tolerations;
    let missing: Vec<Toleration> = all.iter().filter(|t| !borne(&t.key)).cloned().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut pod = pod.clone();
    let tolerations = &mut Rc::make_mut(&mut Rc::make_mut(&mut pod).spec).tolerations;
    if tolerations.is_empty() {
        *tolerations = all.clone();
    } else {
        tolerations.make_mut().extend(missing);
    }
    *object = Pod::wrap(pod);
    Ok(())
}

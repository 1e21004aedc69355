//! RuntimeClass: a pod may only name a class that there is.
//!
//! Upstream: plugin/pkg/admission/runtimeclass/admission.go
//! Differs: what a class says of overhead and nodes comes with its kind.

use super::{Attributes, Op, Plugin, forbidden};
use crate::api::core::Pod;
use crate::api::{Key, KindId, Object};
use crate::apimachinery::{Status, Str};

pub(super) const PLUGIN: Plugin = Plugin { name: "RuntimeClass", mutate: Some(admit), validate: None, charge: None };

fn admit(at: &mut Attributes, object: &mut Object) -> Result<(), Status> {
    if at.op != Op::Create {
        return Ok(());
    }
    let Some(pod) = object.downcast::<Pod>() else { return Ok(()) };
    let Some(name) = &pod.spec.runtime_class_name else { return Ok(()) };
    let key = Key { namespace: Str::EMPTY, name: name.clone() };
    let kind = KindId::by_kind("node.k8s.io", "RuntimeClass");
    match kind.and_then(|kind| at.server.store.head().object(kind, &key)) {
        Some(_) => Ok(()),
        None => Err(forbidden(object, &format!("pod rejected: RuntimeClass {name:?} not found"))),
    }
}

//! NamespaceLifecycle: nothing is made where no namespace is or where one ends, and some namespaces never end.
//!
//! Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go
//! Differs: reads the store itself, so there is no cache to wait for.

use super::{Attributes, Op, Plugin, forbidden};
use crate::api::core::Namespace;
use crate::api::{Key, KindId, Object};
use crate::apimachinery::status::Cause;
use crate::apimachinery::{Status, Str};

pub(super) const PLUGIN: Plugin =
    Plugin { name: "NamespaceLifecycle", mutate: Some(admit), validate: Some(may_be_deleted), charge: None };

const IMMORTAL: &[&str] = &["default", "kube-system", "kube-public"];

fn admit(at: &mut Attributes, object: &mut Object) -> Result<(), Status> {
    let namespace = &object.meta().namespace;
    if namespace.is_empty() || object.id() == KindId::Namespace || at.op == Op::Delete {
        return Ok(());
    }
    let key = Key { namespace: Str::EMPTY, name: namespace.clone() };
    let Some(found) = at.server.store.head().get::<Namespace>(&key) else {
        return Err(Status::not_found("", "namespaces", namespace));
    };
    if at.op != Op::Create || found.status.phase != "Terminating" {
        return Ok(());
    }
    let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
    Err(forbidden(object, &why).with_causes(vec![Cause {
        reason: "NamespaceTerminating".to_owned(),
        message: format!("namespace {namespace} is being terminated"),
        field: "metadata.namespace".to_owned(),
    }]))
}

fn may_be_deleted(at: &mut Attributes, object: &Object) -> Result<(), Status> {
    let immortal =
        at.op == Op::Delete && object.id() == KindId::Namespace && IMMORTAL.contains(&object.meta().name.as_str());
    if immortal { Err(forbidden(object, "this namespace may not be deleted")) } else { Ok(()) }
}

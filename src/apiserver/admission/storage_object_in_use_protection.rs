//! StorageObjectInUseProtection: new claims and volumes get the finalizer that holds them while they are used.
//!
//! Upstream: plugin/pkg/admission/storage/storageobjectinuseprotection/admission.go
//! Differs: VolumeAttributesClasses are not there yet.

use super::{Attributes, Op, Plugin};
use crate::api::{KindId, Object};
use crate::apimachinery::{Status, Str};

pub(super) const PLUGIN: Plugin =
    Plugin { name: "StorageObjectInUseProtection", mutate: Some(admit), validate: None, charge: None };

fn admit(at: &mut Attributes, object: &mut Object) -> Result<(), Status> {
    let finalizer = match object.id() {
        KindId::PersistentVolumeClaim => "kubernetes.io/pvc-protection",
        KindId::PersistentVolume => "kubernetes.io/pv-protection",
        _ => return Ok(()),
    };
    if at.op == Op::Create && !object.meta().finalizers.iter().any(|f| *f == *finalizer) {
        object.meta_mut().finalizers.push(Str::literal(finalizer));
    }
    Ok(())
}

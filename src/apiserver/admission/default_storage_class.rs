//! DefaultStorageClass: a claim that names no class gets the default one.
//!
//! Upstream: plugin/pkg/admission/storage/storageclass/setdefault/admission.go, pkg/volume/util/storageclass.go
//! Differs: nothing known.

use super::{Attributes, Op, Plugin};
use crate::api::Object;
use crate::api::core::PersistentVolumeClaim;
use crate::api::storage::StorageClass;
use crate::apimachinery::Status;
use std::cmp::Reverse;
use std::rc::Rc;

pub(super) const PLUGIN: Plugin =
    Plugin { name: "DefaultStorageClass", mutate: Some(admit), validate: None, charge: None };

/// Of several defaults the youngest, and of those the first by name.
fn admit(at: &mut Attributes, object: &mut Object) -> Result<(), Status> {
    let Some(claim) = object.downcast::<PersistentVolumeClaim>().filter(|_| at.op == Op::Create) else { return Ok(()) };
    let named = claim.metadata.annotations.contains_key("volume.beta.kubernetes.io/storage-class");
    if named || claim.spec.storage_class_name.is_some() {
        return Ok(());
    }
    let all = at.server.store.head().list::<StorageClass>(None).filter(|c| c.is_default());
    let key = |c: &StorageClass| (Reverse(c.metadata.creation_timestamp), c.metadata.name.clone());
    if let Some(class) = all.min_by_key(|c| key(c)) {
        let mut claim = (**claim).clone();
        Rc::make_mut(&mut claim.spec).storage_class_name = Some(class.metadata.name.clone());
        *object = Object::of(claim);
    }
    Ok(())
}

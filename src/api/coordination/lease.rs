//! coordination.k8s.io/v1 Lease.
//!
//! Upstream: staging/src/k8s.io/api/coordination/v1/types.go, pkg/registry/coordination/lease/strategy.go
//! Differs: nothing known.

use crate::api::kind::{Kind, KindInfo};
use crate::apimachinery::time::MicroTime;
use crate::apimachinery::{ObjectMeta, Str};
use std::rc::Rc;

crate::api! {
    pub struct Lease = "io.k8s.api.coordination.v1.Lease" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<LeaseSpec> = "spec".always(),
    }

    pub struct LeaseSpec = "io.k8s.api.coordination.v1.LeaseSpec" {
        holder_identity: Option<Str> = "holderIdentity",
        lease_duration_seconds: Option<i32> = "leaseDurationSeconds",
        acquire_time: Option<MicroTime> = "acquireTime",
        renew_time: Option<MicroTime> = "renewTime",
        lease_transitions: Option<i32> = "leaseTransitions",
        strategy: Option<Str> = "strategy",
        preferred_holder: Option<Str> = "preferredHolder",
    }
}

impl Kind for Lease {
    const INFO: KindInfo = KindInfo::of("coordination.k8s.io", "Lease", "leases");
    crate::kind_glue!(Lease);
}

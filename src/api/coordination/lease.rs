//! coordination.k8s.io/v1 Lease.
//!
//! Upstream: staging/src/k8s.io/api/coordination/v1/types.go, pkg/registry/coordination/lease/strategy.go,
//! pkg/printers/internalversion/printers.go (printLease), pkg/apis/coordination/validation/validation.go (ValidateLease)
//! Differs: nothing known.

use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, PrintCx, col};
use crate::apimachinery::names::is_qualified_name;
use crate::apimachinery::time::MicroTime;
use crate::apimachinery::validation::NOT_NEGATIVE;
use crate::apimachinery::{Api, ErrorList, ObjectMeta, Path, Str, Value};
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

const SPEC: Path = Path::new("spec");
const OLDEST_EMULATION_VERSION: &str = "OldestEmulationVersion";

impl Lease {
    /// Coordinated leader election is off unless switched on: its fields stay only where they are in use.
    fn drop_coordinated(&mut self, strategy: bool, preferred_holder: bool) {
        if self.spec.strategy.is_some() && !strategy {
            Rc::make_mut(&mut self.spec).strategy = None;
        }
        if self.spec.preferred_holder.is_some() && !preferred_holder {
            Rc::make_mut(&mut self.spec).preferred_holder = None;
        }
    }
}

impl Kind for Lease {
    const INFO: KindInfo = KindInfo::of("coordination.k8s.io", "Lease", "leases");
    crate::kind_glue!(Lease);
    const UNCONDITIONAL_UPDATE: bool = false;
    const COLUMNS: &'static [Column] = &[NAME, col("Holder"), AGE];

    fn prepare_for_create(&mut self) {
        self.drop_coordinated(false, false);
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.drop_coordinated(old.spec.strategy.is_some(), old.spec.preferred_holder.is_some());
    }

    fn validate(&self, errs: &mut ErrorList) {
        let spec = &*self.spec;
        if let Some(seconds) = spec.lease_duration_seconds.filter(|n| *n <= 0) {
            errs.invalid(SPEC.child("leaseDurationSeconds"), seconds, "must be greater than 0");
        }
        if let Some(transitions) = spec.lease_transitions.filter(|n| *n < 0) {
            errs.invalid(SPEC.child("leaseTransitions"), transitions, NOT_NEGATIVE);
        }
        if let Some(strategy) = &spec.strategy {
            // Upstream names the field twice.
            const STRATEGY: Path = Path::new("spec.strategy.strategy");
            if strategy.contains('/') {
                errs.invalid_each(STRATEGY, strategy, is_qualified_name(strategy));
            } else if *strategy != OLDEST_EMULATION_VERSION {
                errs.not_supported(STRATEGY, strategy, &[OLDEST_EMULATION_VERSION]);
            }
        }
        let is_set = |s: &Option<Str>| s.as_ref().is_some_and(|s| !s.is_empty());
        if is_set(&spec.preferred_holder) && !is_set(&spec.strategy) {
            errs.forbidden(SPEC.child("preferredHolder"), "may only be specified if `strategy` is defined");
        }
    }

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        let holder = self.spec.holder_identity.clone().unwrap_or_default();
        vec![self.metadata.name.encode(), holder.encode(), cx.age(self.metadata.creation_timestamp)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::testing::{decode, faults_of_create, row_text};

    #[test]
    fn rows_and_refusals_are_those_of_a_cluster() {
        let lease: Lease = decode("{metadata: {name: lock}, spec: {holderIdentity: me, leaseDurationSeconds: 15}}");
        assert_eq!(row_text(&lease, 0), "lock|me|<unknown>");
        assert_eq!(
            faults_of_create::<Lease>("{spec: {leaseDurationSeconds: 0, leaseTransitions: -1}}"),
            [
                "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
                "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
            ]
        );
    }
}

//! What every object carries, and the small types that many kinds share.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/types.go
//! Differs: nothing known.

use super::field_set::FieldSet;
use super::labels::Selector;
use super::scalars::ResourceVersion;
use super::time::Time;
use super::{List, Map, Str};

crate::api! {
    pub struct ObjectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" {
        name: Str = "name",
        generate_name: Str = "generateName",
        namespace: Str = "namespace",
        self_link: Str = "selfLink",
        uid: Str = "uid",
        resource_version: ResourceVersion = "resourceVersion",
        generation: i64 = "generation",
        creation_timestamp: Time = "creationTimestamp",
        deletion_timestamp: Option<Time> = "deletionTimestamp",
        deletion_grace_period_seconds: Option<i64> = "deletionGracePeriodSeconds",
        labels: Map = "labels",
        annotations: Map = "annotations",
        owner_references: List<OwnerReference> = "ownerReferences".merge("uid").keys(&["uid"]),
        finalizers: List<Str> = "finalizers".merge_set(),
        managed_fields: List<ManagedFieldsEntry> = "managedFields".atomic(),
    }

    pub struct OwnerReference = "io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference" atomic {
        api_version: Str = "apiVersion".always(),
        kind: Str = "kind".always(),
        name: Str = "name".always(),
        uid: Str = "uid".always(),
        controller: Option<bool> = "controller",
        block_owner_deletion: Option<bool> = "blockOwnerDeletion",
    }

    pub struct ManagedFieldsEntry = "io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry" {
        manager: Str = "manager",
        operation: Str = "operation",
        api_version: Str = "apiVersion",
        time: Option<Time> = "time",
        fields_type: Str = "fieldsType",
        fields_v1: FieldSet = "fieldsV1".of("io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1"),
        subresource: Str = "subresource",
    }

    pub struct LabelSelector = "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector" atomic {
        match_labels: Map = "matchLabels",
        match_expressions: List<LabelSelectorRequirement> = "matchExpressions".atomic(),
    }

    pub struct LabelSelectorRequirement = "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement" {
        key: Str = "key".always(),
        operator: Str = "operator".always(),
        values: List<Str> = "values".atomic(),
    }

    pub struct Condition = "io.k8s.apimachinery.pkg.apis.meta.v1.Condition" {
        type_: Str = "type".always(),
        status: Str = "status".always(),
        observed_generation: i64 = "observedGeneration",
        last_transition_time: Time = "lastTransitionTime".always().required(),
        reason: Str = "reason".always(),
        message: Str = "message".always(),
    }

    pub struct ListMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta" {
        self_link: Str = "selfLink",
        resource_version: ResourceVersion = "resourceVersion",
        continue_: Str = "continue",
        remaining_item_count: Option<i64> = "remainingItemCount",
    }
}

impl LabelSelector {
    /// To be matched with labels; a selector without conditions selects everything.
    ///
    /// Errors: upstream's sentence.
    pub fn to_selector(&self) -> Result<Selector, String> {
        let expressions = self.match_expressions.iter().map(|r| (&r.key, r.operator.as_str(), r.values.as_slice()));
        Selector::from_parts(self.match_labels.iter(), expressions)
    }

    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }
}

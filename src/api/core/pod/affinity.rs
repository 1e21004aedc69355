//! Where a pod wants to run: affinity, tolerations, spreading.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go
//! Differs: nothing known.

use crate::apimachinery::{LabelSelector, List, Str};
use std::rc::Rc;

crate::api! {
    pub struct Affinity = "io.k8s.api.core.v1.Affinity" {
        node_affinity: Option<Rc<NodeAffinity>> = "nodeAffinity",
        pod_affinity: Option<Rc<PodAffinity>> = "podAffinity",
        pod_anti_affinity: Option<Rc<PodAntiAffinity>> = "podAntiAffinity",
    }

    pub struct NodeAffinity = "io.k8s.api.core.v1.NodeAffinity" {
        required_during_scheduling_ignored_during_execution: Option<Rc<NodeSelector>> = "requiredDuringSchedulingIgnoredDuringExecution",
        preferred_during_scheduling_ignored_during_execution: List<PreferredSchedulingTerm> = "preferredDuringSchedulingIgnoredDuringExecution".atomic(),
    }

    pub struct PodAffinity = "io.k8s.api.core.v1.PodAffinity" {
        required_during_scheduling_ignored_during_execution: List<PodAffinityTerm> = "requiredDuringSchedulingIgnoredDuringExecution".atomic(),
        preferred_during_scheduling_ignored_during_execution: List<WeightedPodAffinityTerm> = "preferredDuringSchedulingIgnoredDuringExecution".atomic(),
    }

    pub struct PodAntiAffinity = "io.k8s.api.core.v1.PodAntiAffinity" {
        required_during_scheduling_ignored_during_execution: List<PodAffinityTerm> = "requiredDuringSchedulingIgnoredDuringExecution".atomic(),
        preferred_during_scheduling_ignored_during_execution: List<WeightedPodAffinityTerm> = "preferredDuringSchedulingIgnoredDuringExecution".atomic(),
    }

    pub struct NodeSelector = "io.k8s.api.core.v1.NodeSelector" atomic {
        node_selector_terms: List<NodeSelectorTerm> = "nodeSelectorTerms".always().atomic(),
    }

    pub struct PreferredSchedulingTerm = "io.k8s.api.core.v1.PreferredSchedulingTerm" {
        weight: i32 = "weight".always(),
        preference: NodeSelectorTerm = "preference".always().required(),
    }

    pub struct PodAffinityTerm = "io.k8s.api.core.v1.PodAffinityTerm" {
        label_selector: Option<Rc<LabelSelector>> = "labelSelector",
        namespaces: List<Str> = "namespaces".atomic(),
        topology_key: Str = "topologyKey".always(),
        namespace_selector: Option<Rc<LabelSelector>> = "namespaceSelector",
        match_label_keys: List<Str> = "matchLabelKeys".atomic(),
        mismatch_label_keys: List<Str> = "mismatchLabelKeys".atomic(),
    }

    pub struct WeightedPodAffinityTerm = "io.k8s.api.core.v1.WeightedPodAffinityTerm" {
        weight: i32 = "weight".always(),
        pod_affinity_term: PodAffinityTerm = "podAffinityTerm".always().required(),
    }

    pub struct NodeSelectorTerm = "io.k8s.api.core.v1.NodeSelectorTerm" atomic {
        match_expressions: List<NodeSelectorRequirement> = "matchExpressions".atomic(),
        match_fields: List<NodeSelectorRequirement> = "matchFields".atomic(),
    }

    pub struct NodeSelectorRequirement = "io.k8s.api.core.v1.NodeSelectorRequirement" {
        key: Str = "key".always(),
        operator: Str = "operator".always(),
        values: List<Str> = "values".atomic(),
    }

    pub struct Toleration = "io.k8s.api.core.v1.Toleration" {
        key: Str = "key",
        operator: Str = "operator",
        value: Str = "value",
        effect: Str = "effect",
        toleration_seconds: Option<i64> = "tolerationSeconds",
    }

    pub struct TopologySpreadConstraint = "io.k8s.api.core.v1.TopologySpreadConstraint" {
        max_skew: i32 = "maxSkew".always(),
        topology_key: Str = "topologyKey".always(),
        when_unsatisfiable: Str = "whenUnsatisfiable".always(),
        label_selector: Option<Rc<LabelSelector>> = "labelSelector",
        min_domains: Option<i32> = "minDomains",
        node_affinity_policy: Option<Str> = "nodeAffinityPolicy",
        node_taints_policy: Option<Str> = "nodeTaintsPolicy",
        match_label_keys: List<Str> = "matchLabelKeys".atomic(),
    }
}

impl Toleration {
    /// Upstream: staging/src/k8s.io/api/core/v1/toleration.go (ToleratesTaint); comparisons are off by default.
    pub fn tolerates(&self, taint: &crate::api::core::Taint) -> bool {
        if !self.effect.is_empty() && self.effect != taint.effect {
            return false;
        }
        if !self.key.is_empty() && self.key != taint.key {
            return false;
        }
        match self.operator.as_str() {
            "" | "Equal" => self.value == taint.value,
            "Exists" => true,
            _ => false,
        }
    }
}

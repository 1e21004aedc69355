//! Affinity, tolerations, gates, spreading.
//!
//! Upstream: pkg/apis/core/validation/validation.go (validateAffinity, ValidateTolerations, validateSchedulingGates,
//! validateTopologySpreadConstraints)
//! Differs: nothing known.

use super::common::*;
use crate::api::core::pod::*;
use crate::apimachinery::{ErrorList, LabelSelector, OrdMap, OrdSet, Path, Str};

pub(super) fn affinity(a: &Affinity, path: Path, errs: &mut ErrorList) {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
    if let Some(n) = a.node_affinity.as_deref() {
        let at = path.child("nodeAffinity");
        if let Some(s) = n.required_during_scheduling_ignored_during_execution.as_deref() {
            node_selector(s, at.child(REQUIRED), errs);
        }
        let list = at.child(PREFERRED);
        for (i, t) in n.preferred_during_scheduling_ignored_during_execution.iter().enumerate() {
            let at = list.index(i);
            weight(t.weight, at, errs);
            node_selector_term(&t.preference, true, at.child("preference"), errs);
        }
    }
    let pods = a.pod_affinity.as_deref().map(|p| {
        let required = &p.required_during_scheduling_ignored_during_execution;
        ("podAffinity", required, &p.preferred_during_scheduling_ignored_during_execution)
    });
    let anti = a.pod_anti_affinity.as_deref().map(|p| {
        let required = &p.required_during_scheduling_ignored_during_execution;
        ("podAntiAffinity", required, &p.preferred_during_scheduling_ignored_during_execution)
    });
    for (name, required, preferred) in pods.into_iter().chain(anti) {
        let at = path.child(name);
        let list = at.child(REQUIRED);
        for (i, t) in required.iter().enumerate() {
            pod_term(t, list.index(i), errs);
        }
        let list = at.child(PREFERRED);
        for (i, t) in preferred.iter().enumerate() {
            let at = list.index(i);
            weight(t.weight, at, errs);
            pod_term(&t.pod_affinity_term, at.child("podAffinityTerm"), errs);
        }
    }
}

fn weight(weight: i32, path: Path, errs: &mut ErrorList) {
    if !(1..=100).contains(&weight) {
        errs.invalid(path.child("weight"), weight, "must be in the range 1-100");
    }
}

/// Terms that choose nodes, for pods and for volumes.
pub fn node_selector(s: &NodeSelector, path: Path, errs: &mut ErrorList) {
    let list = path.child("nodeSelectorTerms");
    if s.node_selector_terms.is_empty() {
        return errs.required(list, "must have at least one node selector term");
    }
    for (i, t) in s.node_selector_terms.iter().enumerate() {
        node_selector_term(t, false, list.index(i), errs);
    }
}

/// `any_value`: values need not be those of labels.
fn node_selector_term(t: &NodeSelectorTerm, any_value: bool, path: Path, errs: &mut ErrorList) {
    let list = path.child("matchExpressions");
    for (i, r) in t.match_expressions.iter().enumerate() {
        let at = list.index(i);
        let values = at.child("values");
        match r.operator.as_str() {
            "In" | "NotIn" if r.values.is_empty() => {
                errs.required(values, "must be specified when `operator` is 'In' or 'NotIn'");
            }
            "Exists" | "DoesNotExist" if !r.values.is_empty() => {
                errs.forbidden(values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
            }
            "Gt" | "Lt" if r.values.len() != 1 => {
                errs.required(values, "must be specified single value when `operator` is 'Lt' or 'Gt'");
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
            other => errs.invalid(at.child("operator"), other, "not a valid selector operator"),
        }
        qualified_name(&r.key, at.child("key"), errs);
        if !any_value {
            for (j, v) in r.values.iter().enumerate() {
                errs.invalid_each(values.index(j), v, names::is_valid_label_value(v));
            }
        }
    }
    let list = path.child("matchFields");
    for (i, r) in t.match_fields.iter().enumerate() {
        let at = list.index(i);
        let values = at.child("values");
        match r.operator.as_str() {
            "In" | "NotIn" if r.values.len() != 1 => {
                let why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
                errs.required(values, why);
            }
            "In" | "NotIn" => {}
            other => errs.invalid(at.child("operator"), other, "not a valid selector operator"),
        }
        if r.key != "metadata.name" {
            errs.invalid(at.child("key"), &r.key, "not a valid field selector key");
            continue;
        }
        for (j, v) in r.values.iter().enumerate() {
            dns_subdomain(v, values.index(j), errs);
        }
    }
}

fn pod_term(t: &PodAffinityTerm, path: Path, errs: &mut ErrorList) {
    label_selector(t.label_selector.as_deref(), path.child("labelSelector"), errs);
    label_selector(t.namespace_selector.as_deref(), path.child("namespaceSelector"), errs);
    for ns in &t.namespaces {
        dns_label(ns, path.child("namespace"), errs);
    }
    label_keys(&t.match_label_keys, &t.mismatch_label_keys, t.label_selector.as_deref(), path, errs);
    let key = path.child("topologyKey");
    if t.topology_key.is_empty() {
        errs.required(key, "can not be empty");
    }
    qualified_name(&t.topology_key, key, errs);
}

/// Keys whose values come from the pod itself. The selector has its requirements of them already, one for each.
fn label_keys(
    matching: &[Str],
    mismatching: &[Str],
    selector: Option<&LabelSelector>,
    path: Path,
    errs: &mut ErrorList,
) {
    for (name, keys) in [("matchLabelKeys", matching), ("mismatchLabelKeys", mismatching)] {
        let at = path.child(name);
        if keys.is_empty() {
            continue;
        }
        if selector.is_none() {
            errs.forbidden(at, "must not be specified when labelSelector is not set");
            continue;
        }
        for (i, key) in keys.iter().enumerate() {
            qualified_name(key, at.index(i), errs);
        }
    }
    if let Some(s) = selector {
        let index: OrdMap<&str, usize> = matching.iter().enumerate().map(|(i, k)| (k.as_str(), i)).collect();
        let mut seen: OrdSet<&str> = s.match_labels.keys().map(Str::as_str).collect();
        for e in &s.match_expressions {
            if let (Some(i), true) = (index.get(e.key.as_str()), seen.contains(e.key.as_str())) {
                errs.invalid(path.index(*i), &e.key, "exists in both matchLabelKeys and labelSelector");
            }
            seen.insert(&e.key);
        }
    }
    let at = path.child("matchLabelKeys");
    for (i, key) in matching.iter().enumerate().filter(|(_, key)| mismatching.contains(key)) {
        errs.invalid(at.index(i), key, "exists in both matchLabelKeys and mismatchLabelKeys");
    }
}

pub(super) fn tolerations(list: &[Toleration], path: Path, errs: &mut ErrorList) {
    for (i, t) in list.iter().enumerate() {
        let at = path.index(i);
        if !t.key.is_empty() {
            qualified_name(&t.key, at.child("key"), errs);
        }
        let operator = at.child("operator");
        if t.key.is_empty() && t.operator != "Exists" {
            let why = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            errs.invalid(operator, &t.operator, why);
        }
        if t.toleration_seconds.is_some() && t.effect != "NoExecute" {
            let why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            errs.invalid(at.child("effect"), &t.effect, why);
        }
        match t.operator.as_str() {
            "Equal" | "" => {
                let messages = names::is_valid_label_value(&t.value);
                if !messages.is_empty() {
                    errs.invalid(operator, &t.value, messages.join(";"));
                }
            }
            "Exists" if !t.value.is_empty() => {
                errs.invalid(operator, &t.value, "value must be empty when `operator` is 'Exists'");
            }
            "Exists" => {}
            "Lt" | "Gt" => errs.not_supported(operator, &t.operator, &["Equal", "Exists", "Lt", "Gt"]),
            other => errs.not_supported(operator, other, &["Equal", "Exists"]),
        }
        if !matches!(t.effect.as_str(), "" | "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
            let known = &["NoSchedule", "PreferNoSchedule", "NoExecute"];
            errs.not_supported(at.child("effect"), &t.effect, known);
        }
    }
}

pub(super) fn gates(spec: &PodSpec, path: Path, errs: &mut ErrorList) {
    let list = path.child("readinessGates");
    for (i, g) in spec.readiness_gates.iter().enumerate() {
        let at = list.index(i);
        qualified_name(&g.condition_type, at.child("conditionType"), errs);
    }
    let list = path.child("schedulingGates");
    let mut seen = OrdSet::new();
    for (i, g) in spec.scheduling_gates.iter().enumerate() {
        qualified_name(&g.name, list.index(i), errs);
        if !seen.insert(g.name.as_str()) {
            errs.duplicate(list.index(i), &g.name);
        }
    }
}

pub(super) fn spread(list: &[TopologySpreadConstraint], path: Path, errs: &mut ErrorList) {
    for (i, c) in list.iter().enumerate() {
        let at = path.index(i);
        if c.max_skew <= 0 {
            errs.invalid(at.child("maxSkew"), c.max_skew, "must be greater than zero");
        }
        if c.topology_key.is_empty() {
            errs.required(at.child("topologyKey"), "can not be empty");
        }
        let when = c.when_unsatisfiable.as_str();
        if !matches!(when, "DoNotSchedule" | "ScheduleAnyway") {
            errs.not_supported(at.child("whenUnsatisfiable"), when, &["DoNotSchedule", "ScheduleAnyway"]);
        }
        let again = list[i + 1..].iter().any(|d| d.topology_key == c.topology_key && d.when_unsatisfiable == when);
        if again {
            let pair = format!("{{{}, {when}}}", c.topology_key);
            errs.duplicate(at.child("{topologyKey, whenUnsatisfiable}"), &pair);
        }
        if let Some(domains) = c.min_domains {
            let path = at.child("minDomains");
            if domains <= 0 {
                errs.invalid(path, domains, "must be greater than zero");
            }
            if when != "DoNotSchedule" {
                let why = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {when}");
                errs.invalid(path, domains, why);
            }
        }
        for (name, policy) in
            [("nodeAffinityPolicy", &c.node_affinity_policy), ("nodeTaintsPolicy", &c.node_taints_policy)]
        {
            if let Some(p) = policy.as_ref().filter(|p| !matches!(p.as_str(), "Honor" | "Ignore")) {
                errs.not_supported(at.child(name), p, &["Honor", "Ignore"]);
            }
        }
        label_keys(&c.match_label_keys, &[], c.label_selector.as_deref(), at, errs);
        label_selector(c.label_selector.as_deref(), at.child("labelSelector"), errs);
    }
}

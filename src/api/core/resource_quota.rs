//! v1 ResourceQuota.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/resourcequota/strategy.go,
//! pkg/printers/internalversion/printers.go (printResourceQuota), pkg/apis/core/validation/validation.go
//! (ValidateResourceQuota, …), pkg/apis/core/helper/helpers.go
//! Differs: nothing known.

use super::pod::validate::{resource_name, resource_quantity};
use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, PrintCx, col};
use crate::apimachinery::field_error::BadValue;
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::validation::FIELD_IMMUTABLE;
use crate::apimachinery::{Api, ErrorList, List, Map, ObjectMeta, Path, Str, Value};
use std::rc::Rc;

crate::api! {
    pub struct ResourceQuota = "io.k8s.api.core.v1.ResourceQuota" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<ResourceQuotaSpec> = "spec".always(),
        status: Rc<ResourceQuotaStatus> = "status".always(),
    }

    pub struct ResourceQuotaSpec = "io.k8s.api.core.v1.ResourceQuotaSpec" {
        hard: Map<Quantity> = "hard",
        scopes: List<Str> = "scopes".atomic(),
        scope_selector: Option<Rc<ScopeSelector>> = "scopeSelector",
    }

    pub struct ScopeSelector = "io.k8s.api.core.v1.ScopeSelector" atomic {
        match_expressions: List<ScopedResourceSelectorRequirement> = "matchExpressions".atomic(),
    }

    pub struct ScopedResourceSelectorRequirement = "io.k8s.api.core.v1.ScopedResourceSelectorRequirement" {
        scope_name: Str = "scopeName".always(),
        operator: Str = "operator".always(),
        values: List<Str> = "values".atomic(),
    }

    pub struct ResourceQuotaStatus = "io.k8s.api.core.v1.ResourceQuotaStatus" {
        hard: Map<Quantity> = "hard",
        used: Map<Quantity> = "used",
    }
}

const SPEC: Path = Path::new("spec");
const STATUS: Path = Path::new("status");
const STANDARD: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
];
const COMPUTE: &[&str] = &["cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"];
const CONFLICTS: [[&str; 2]; 2] = [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]];

fn is_standard(resource: &str) -> bool {
    let pages = resource.starts_with("hugepages-") || resource.starts_with("requests.hugepages-");
    STANDARD.contains(&resource) || pages
}

fn is_scope(scope: &str) -> bool {
    let of_pods = matches!(scope, "Terminating" | "NotTerminating" | "BestEffort" | "NotBestEffort" | "PriorityClass");
    of_pods || matches!(scope, "CrossNamespacePodAffinity" | "VolumeAttributesClass")
}

/// Whether what the scope selects has the resource.
fn scope_has(scope: &str, resource: &str) -> bool {
    match scope {
        "Terminating" | "NotTerminating" | "NotBestEffort" | "PriorityClass" | "CrossNamespacePodAffinity" => {
            resource == "pods" || COMPUTE.contains(&resource)
        }
        "BestEffort" => resource == "pods",
        "VolumeAttributesClass" => matches!(resource, "persistentvolumeclaims" | "requests.storage"),
        _ => true,
    }
}

fn validate_amounts(list: &Map<Quantity>, path: Path, errs: &mut ErrorList) {
    for (name, quantity) in list.iter() {
        let path = path.key(name);
        resource_name(name, path, errs);
        if !name.contains('/') && !is_standard(name) {
            errs.invalid(path, name, "must be a standard resource for quota");
        }
        resource_quantity(name, quantity, path, errs);
    }
}

impl ResourceQuotaSpec {
    fn validate(&self, errs: &mut ErrorList) {
        validate_amounts(&self.hard, SPEC.child("hard"), errs);
        let path = SPEC.child("scopes");
        let wrong = |scope: &str| self.hard.keys().filter(|k| is_standard(k) && !scope_has(scope, k)).count();
        let all = || BadValue::of(&self.scopes);
        for scope in &self.scopes {
            if !is_scope(scope) {
                errs.invalid(path, all(), "unsupported scope");
            }
            for _ in 0..wrong(scope) {
                errs.invalid(path, all(), "unsupported scope applied to resource");
            }
        }
        let has = |scope: &str| self.scopes.iter().any(|s| *s == *scope);
        for _ in CONFLICTS.iter().filter(|pair| pair.iter().all(|s| has(s))) {
            errs.invalid(path, all(), "conflicting scopes");
        }
        let Some(selector) = &self.scope_selector else { return };
        let path = SPEC.child("scopeSelector");
        let path = path.child("matchExpressions");
        for r in &selector.match_expressions {
            if !is_scope(&r.scope_name) {
                errs.invalid(path.child("scopeName"), &r.scope_name, "unsupported scope");
            }
            for _ in 0..wrong(&r.scope_name) {
                let value = BadValue::raw(selector_text(selector));
                errs.invalid(path, value, "unsupported scope applied to resource");
            }
            let valued = matches!(r.scope_name.as_str(), "PriorityClass" | "VolumeAttributesClass");
            if is_scope(&r.scope_name) && !valued && r.operator != "Exists" {
                let detail = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, \
                              ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, \
                              ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
                errs.invalid(path.child("operator"), &r.operator, detail);
            }
            match r.operator.as_str() {
                "In" | "NotIn" if r.values.is_empty() => {
                    let detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
                    errs.required(path.child("values"), detail);
                }
                "Exists" | "DoesNotExist" if !r.values.is_empty() => {
                    let detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
                    errs.invalid(path.child("values"), BadValue::of(&r.values), detail);
                }
                "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
                other => errs.invalid(path.child("operator"), other, "not a valid selector operator"),
            }
        }
        let has = |scope: &str| selector.match_expressions.iter().any(|r| r.scope_name == *scope);
        for _ in CONFLICTS.iter().filter(|pair| pair.iter().all(|s| has(s))) {
            errs.invalid(path, all(), "conflicting scopes");
        }
    }
}

/// As upstream's internal type prints.
fn selector_text(selector: &ScopeSelector) -> String {
    use crate::apimachinery::field_error::go_quote;
    let one = |r: &ScopedResourceSelectorRequirement| {
        let values = crate::apimachinery::go_json::go_json(&r.values);
        format!(
            "{{\"ScopeName\":{},\"Operator\":{},\"Values\":{values}}}",
            go_quote(&r.scope_name),
            go_quote(&r.operator)
        )
    };
    let all: Vec<String> = selector.match_expressions.iter().map(one).collect();
    format!("{{\"MatchExpressions\":[{}]}}", all.join(","))
}

impl Kind for ResourceQuota {
    const INFO: KindInfo =
        KindInfo { short: &["quota"], status: true, ..KindInfo::core("ResourceQuota", "resourcequotas") };
    crate::kind_glue!(ResourceQuota);
    const COLUMNS: &'static [Column] = &[NAME, col("Request"), col("Limit"), AGE];

    fn set_defaults(&mut self) {
        const MILLI: i32 = -3;
        let rounds = |m: &Map<Quantity>| m.iter().any(|(_, q)| !q.clone().round_up(MILLI));
        let rounded = |m: &Map<Quantity>| {
            m.iter()
                .map(|(k, q)| {
                    let mut q = q.clone();
                    q.round_up(MILLI);
                    (k, q)
                })
                .collect()
        };
        if rounds(&self.spec.hard) {
            let hard = rounded(&self.spec.hard);
            Rc::make_mut(&mut self.spec).hard = hard;
        }
        if rounds(&self.status.hard) || rounds(&self.status.used) {
            let (hard, used) = (rounded(&self.status.hard), rounded(&self.status.used));
            let status = Rc::make_mut(&mut self.status);
            (status.hard, status.used) = (hard, used);
        }
    }

    fn prepare_for_create(&mut self) {
        self.status = Rc::default();
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
    }

    fn validate(&self, errs: &mut ErrorList) {
        self.spec.validate(errs);
        self.validate_status_update(self, errs);
    }

    fn validate_update(&self, old: &Self, errs: &mut ErrorList) {
        self.spec.validate(errs);
        let (was, now) = (&old.spec.scopes, &self.spec.scopes);
        if was.iter().any(|s| !now.contains(s)) || now.iter().any(|s| !was.contains(s)) {
            errs.invalid(SPEC.child("scopes"), BadValue::of(now), FIELD_IMMUTABLE);
        }
    }

    fn validate_status_update(&self, _old: &Self, errs: &mut ErrorList) {
        validate_amounts(&self.status.hard, STATUS.child("hard"), errs);
        validate_amounts(&self.status.used, STATUS.child("used"), errs);
    }

    fn warnings(&self, old: Option<&Self>, out: &mut Vec<String>) {
        if old.is_some() {
            return;
        }
        let hard = &self.spec.hard;
        for resource in ["cpu", "memory", "storage", "ephemeral-storage"] {
            let (requests, limits) = (format!("requests.{resource}"), format!("limits.{resource}"));
            let plain = matches!(resource, "cpu" | "memory").then(|| hard.get(resource)).flatten();
            let request = hard.get(&requests).map(|q| (requests.as_str(), q)).or(plain.map(|q| (resource, q)));
            if let (Some((name, request)), Some(limit)) = (request, hard.get(&limits))
                && request > limit
            {
                out.push(format!("ResourceQuota {name} ({request}) should be less than {limits} ({limit})"));
            }
        }
    }

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        let (mut requests, mut limits) = (Vec::new(), Vec::new());
        for (name, hard) in self.status.hard.iter() {
            let used = self.status.used.get(name).cloned().unwrap_or_default();
            let to = if name.starts_with("limits.") { &mut limits } else { &mut requests };
            to.push(format!("{name}: {used}/{hard}"));
        }
        vec![
            self.metadata.name.encode(),
            requests.join(", ").into(),
            limits.join(", ").into(),
            cx.age(self.metadata.creation_timestamp),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::testing::{decode, faults_of_create, faults_of_update, row_text};

    #[test]
    fn rows_read_as_a_cluster_prints_them() {
        let quota: ResourceQuota = decode(
            "{status: {hard: {pods: 4, limits.cpu: 2, requests.cpu: 1}, used: {pods: 1, limits.cpu: 500m, requests.cpu: 0}}}",
        );
        assert_eq!(row_text(&quota, 0), "web|pods: 1/4, requests.cpu: 0/1|limits.cpu: 500m/2|<unknown>");
    }

    #[test]
    fn refusals_are_those_of_a_cluster() {
        for (spec, want) in [
            ("hard: {pods: 4, count/deployments.apps: 2}", vec![]),
            ("hard: {pods: -1}", vec!["spec.hard[pods]: Invalid value: \"-1\": must be greater than or equal to 0"]),
            ("hard: {pods: 500m}", vec!["spec.hard[pods]: Invalid value: \"500m\": must be an integer"]),
            (
                "hard: {services: 1}, scopes: [BestEffort]",
                vec!["spec.scopes: Invalid value: [\"BestEffort\"]: unsupported scope applied to resource"],
            ),
            (
                "hard: {pods: 1}, scopes: [BestEffort, NotBestEffort]",
                vec!["spec.scopes: Invalid value: [\"BestEffort\",\"NotBestEffort\"]: conflicting scopes"],
            ),
            (
                "hard: {pods: 1}, scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: In}]}",
                vec![
                    "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when \
                     `operator` is 'In' or 'NotIn' for scope selector",
                ],
            ),
        ] {
            assert_eq!(faults_of_create::<ResourceQuota>(&format!("{{spec: {{{spec}}}}}")), want, "{spec}");
        }
        assert_eq!(
            faults_of_update::<ResourceQuota>("{spec: {scopes: [BestEffort]}}", "{}"),
            ["spec.scopes: Invalid value: null: field is immutable"]
        );
    }
}

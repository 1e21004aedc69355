//! The checks that the level `restricted` adds: what is known to harden a pod.
//!
//! Upstream: staging/src/k8s.io/pod-security-admission/policy/check_{allowPrivilegeEscalation,
//! capabilities_restricted,restrictedVolumes,runAsNonRoot,runAsUser,seccompProfile_restricted}.go
//! Differs: nothing known.

use super::baseline::{added_capabilities, is_valid_seccomp, must_not_include, seccomp_profile};
use super::{Check, Subject, Violation, containers, join_quote, pluralize, setters, violation};
use crate::api::core::{SecurityContext, Volume};
use crate::apimachinery::Api;
use std::collections::BTreeSet;

/// In the order of upstream's names for them, as its answers have them.
pub(super) const CHECKS: &[Check] =
    &[allow_privilege_escalation, capabilities, restricted_volumes, run_as_non_root, run_as_user, seccomp];

fn allow_privilege_escalation(s: &Subject) -> Option<Violation> {
    let names = s.names(|c| c.is_none_or(|c| c.allow_privilege_escalation != Some(false)));
    if names.is_empty() {
        return None;
    }
    let detail = format!("{} must set securityContext.allowPrivilegeEscalation=false", containers(&names));
    violation("allowPrivilegeEscalation != false", detail)
}

fn capabilities(s: &Subject) -> Option<Violation> {
    let drops_all = |c: &SecurityContext| c.capabilities.as_ref().is_some_and(|c| c.drop.iter().any(|d| *d == "ALL"));
    let missing = s.names(|c| !c.is_some_and(drops_all));
    let (adding, added) = added_capabilities(s, &["NET_BIND_SERVICE"]);
    let mut details = Vec::new();
    if !missing.is_empty() {
        details.push(format!("{} must set securityContext.capabilities.drop=[\"ALL\"]", containers(&missing)));
    }
    if !adding.is_empty() {
        details.push(must_not_include(&adding, &added));
    }
    if details.is_empty() { None } else { violation("unrestricted capabilities", details.join("; ")) }
}

fn restricted_volumes(s: &Subject) -> Option<Violation> {
    let is_allowed = |v: &&Volume| {
        v.config_map.is_some()
            || v.csi.is_some()
            || v.downward_api.is_some()
            || v.empty_dir.is_some()
            || v.ephemeral.is_some()
            || v.persistent_volume_claim.is_some()
            || v.projected.is_some()
            || v.secret.is_some()
    };
    let bad: Vec<&Volume> = s.spec.volumes.iter().filter(|v| !is_allowed(v)).collect();
    if bad.is_empty() {
        return None;
    }
    let types: BTreeSet<String> = bad.iter().map(|v| type_of(v)).collect();
    let names = join_quote(bad.iter().map(|v| &v.name));
    let (noun, verb) = (pluralize("volume", "volumes", bad.len()), pluralize("uses", "use", bad.len()));
    let what = pluralize("restricted volume type", "restricted volume types", types.len());
    violation("restricted volume types", format!("{noun} {names} {verb} {what} {}", join_quote(types)))
}

/// The field that says where the volume comes from; sources that are newer than the policy are unknown to it.
fn type_of(volume: &Volume) -> String {
    let tree = volume.encode();
    let field = tree.as_object().and_then(|o| o.keys().find(|k| !matches!(k.as_str(), "name" | "image")));
    field.map_or_else(|| "unknown".to_owned(), Clone::clone)
}

fn run_as_non_root(s: &Subject) -> Option<Violation> {
    if s.has_user_namespace() {
        return None;
    }
    let of_pod = s.pod().and_then(|p| p.run_as_non_root);
    let bad = s.names(|c| c.and_then(|c| c.run_as_non_root) == Some(false));
    let who = setters(of_pod == Some(false), &bad);
    if !who.is_empty() {
        let detail = format!("{who} must not set securityContext.runAsNonRoot=false");
        return violation("runAsNonRoot != true", detail);
    }
    let unset = s.names(|c| of_pod != Some(true) && c.and_then(|c| c.run_as_non_root).is_none());
    if unset.is_empty() {
        return None;
    }
    let detail = format!("pod or {} must set securityContext.runAsNonRoot=true", containers(&unset));
    violation("runAsNonRoot != true", detail)
}

fn run_as_user(s: &Subject) -> Option<Violation> {
    if s.has_user_namespace() {
        return None;
    }
    let bad = s.names(|c| c.and_then(|c| c.run_as_user) == Some(0));
    let who = setters(s.pod().and_then(|p| p.run_as_user) == Some(0), &bad);
    if who.is_empty() { None } else { violation("runAsUser=0", format!("{who} must not set runAsUser=0")) }
}

fn seccomp(s: &Subject) -> Option<Violation> {
    if let Some(bad) = seccomp_profile(s) {
        return Some(bad);
    }
    let of_pod = s.pod().and_then(|p| p.seccomp_profile.as_deref()).is_some_and(is_valid_seccomp);
    let unset = s.names(|c| !of_pod && c.is_none_or(|c| c.seccomp_profile.is_none()));
    if unset.is_empty() {
        return None;
    }
    let who = containers(&unset);
    let allowed = "\"RuntimeDefault\" or \"Localhost\"";
    violation("seccompProfile", format!("pod or {who} must set securityContext.seccompProfile.type to {allowed}"))
}

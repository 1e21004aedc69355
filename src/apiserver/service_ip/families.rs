//! The addresses, families and policy of a Service brought into agreement before anything is allocated.
//!
//! Upstream: pkg/registry/core/service/storage/{storage,alloc}.go (normalizeClusterIPs, patchAllocatedValues,
//! initIPFamilyFields, isMatchingPreferDualStackClusterIPFields)
//! Differs: nothing known.

use super::{IPV4, NONE, invalid, node_ports};
use crate::api::core::{Service, validate_cluster_ips};
use crate::apimachinery::field_error::{BadValue, go_quote};
use crate::apimachinery::ip::parse_ip_sloppy;
use crate::apimachinery::{ErrorList, Path, Status, Str};
use std::rc::Rc;

const IPV6: Str = Str::literal("IPv6");
const SINGLE_STACK: Str = Str::literal("SingleStack");
const PREFER_DUAL_STACK: &str = "PreferDualStack";
const REQUIRE_DUAL_STACK: Str = Str::literal("RequireDualStack");
const SPEC: Path = Path::new("spec");

/// Older clients know `clusterIP` only: what they set or clear there is meant for `clusterIPs` too.
pub(super) fn normalize_cluster_ips(new: &mut Service, old: Option<&Service>) {
    let singular = new.spec.cluster_ip.clone();
    let spec = Rc::make_mut(&mut new.spec);
    let Some(old) = old.map(|o| &o.spec) else {
        if !singular.is_empty() && spec.cluster_ips.is_empty() {
            spec.cluster_ips = vec![singular].into();
        }
        return;
    };
    if spec.cluster_ips.is_empty() && old.cluster_ip == singular {
        spec.cluster_ips = old.cluster_ips.clone();
    }
    if old.cluster_ip != singular && spec.cluster_ips == old.cluster_ips {
        spec.cluster_ips = if singular.is_empty() { Default::default() } else { vec![singular].into() };
    }
}

/// Whoever writes a Service anew without what was allocated to the old one means to keep it.
pub(super) fn patch_allocated_values(new: &mut Service, old: &Service) {
    let needs_cluster_ip = |s: &Service| s.spec.type_ != "ExternalName";
    if needs_cluster_ip(old) && needs_cluster_ip(new) {
        let spec = Rc::make_mut(&mut new.spec);
        if spec.cluster_ip.is_empty() {
            spec.cluster_ip = old.spec.cluster_ip.clone();
        }
        if spec.cluster_ips.is_empty() {
            spec.cluster_ips = old.spec.cluster_ips.clone();
        }
    }
    if old.allocates_node_ports() && new.allocates_node_ports() {
        let kept: Vec<i32> = node_ports(old).filter(|port| node_ports(new).any(|p| p == *port)).collect();
        if new.spec.ports.iter().any(|p| p.node_port == 0) {
            for port in Rc::make_mut(&mut new.spec).ports.make_mut().iter_mut().filter(|p| p.node_port == 0) {
                let was = old.spec.ports.iter().rfind(|p| p.name == port.name).map_or(0, |p| p.node_port);
                if !kept.contains(&was) {
                    port.node_port = was;
                }
            }
        }
    }
    if old.needs_health_check() && new.needs_health_check() && new.spec.health_check_node_port == 0 {
        Rc::make_mut(&mut new.spec).health_check_node_port = old.spec.health_check_node_port;
    }
}

/// Whether both ask for two families where there are two, and nothing else of it changed.
pub(super) fn is_matching_prefer_dual_stack(new: &Service, old: Option<&Service>) -> bool {
    let Some(old) = old else { return false };
    let (was, now) = (&old.spec, &new.spec);
    now.ip_family_policy.as_deref() == Some(PREFER_DUAL_STACK)
        && was.type_ == now.type_
        && matches!(now.type_.as_str(), "ClusterIP" | "NodePort" | "LoadBalancer")
        && was.ip_family_policy.as_deref().is_none_or(|p| p == PREFER_DUAL_STACK)
        && was.cluster_ips == now.cluster_ips
        && was.ip_families == now.ip_families
}

/// Fills `ipFamilyPolicy` and `ipFamilies`.
pub(super) fn init_ip_family_fields(new: &mut Service, old: Option<&Service>) -> Result<(), Status> {
    if new.spec.type_ == "ExternalName" || is_matching_prefer_dual_stack(new, old) {
        return Ok(());
    }
    let bare_headless = new.spec.cluster_ip == NONE && new.spec.selector.is_empty();
    if new.spec.ip_family_policy.is_none() {
        let policy = match old.and_then(|o| o.spec.ip_family_policy.clone()) {
            Some(policy) => policy,
            None if bare_headless => REQUIRE_DUAL_STACK,
            None => SINGLE_STACK,
        };
        Rc::make_mut(&mut new.spec).ip_family_policy = Some(policy);
    }
    let policy = new.spec.ip_family_policy.clone().expect("it was just filled");
    let mut errs = ErrorList::default();
    validate_cluster_ips(new, old, &mut errs);
    check(new, errs)?;

    let errs = agree_with_policy(new, old, &policy);
    check(new, errs)?;

    let configured = |family: &Str| *family == IPV4;
    let spec = Rc::make_mut(&mut new.spec);
    if bare_headless {
        // Whoever fills in the endpoints knows their families: both are promised.
        if spec.ip_families.is_empty() {
            spec.ip_families = vec![Str::literal(IPV4)].into();
        }
        if spec.ip_families.len() < 2 && policy != SINGLE_STACK {
            let other = if spec.ip_families[0] == IPV4 { IPV6 } else { Str::literal(IPV4) };
            spec.ip_families.push(other);
        }
        return Ok(());
    }
    let mut errs = ErrorList::default();
    if policy == REQUIRE_DUAL_STACK {
        let detail = "this cluster is not configured for dual-stack services";
        errs.invalid(SPEC.child("ipFamilyPolicy"), &policy, detail);
    }
    for (i, family) in spec.ip_families.iter().enumerate().filter(|(_, f)| !configured(f)) {
        errs.invalid(SPEC.child("ipFamilies").index(i), family, "not configured on this cluster");
    }
    if spec.ip_families.is_empty() {
        spec.ip_families = vec![Str::literal(IPV4)].into();
    }
    check(new, errs)
}

/// What the policy says of the number of addresses and families, and the families that addresses name.
fn agree_with_policy(new: &mut Service, old: Option<&Service>, policy: &Str) -> ErrorList {
    let mut errs = ErrorList::default();
    let path = SPEC.child("ipFamilyPolicy");
    let value = || BadValue::raw(go_quote(policy));
    let spec = Rc::make_mut(&mut new.spec);
    if let Some(old) = old.map(|o| &o.spec) {
        if *policy == SINGLE_STACK {
            if spec.cluster_ips.len() > 1 && spec.cluster_ips == old.cluster_ips {
                spec.cluster_ips.make_mut().truncate(1);
            }
            if spec.ip_families.len() > 1 && spec.ip_families == old.ip_families {
                spec.ip_families.make_mut().truncate(1);
            }
        } else {
            let reduced = |now: usize, was: usize| now != 0 && now < was;
            if reduced(spec.cluster_ips.len(), old.cluster_ips.len()) {
                errs.invalid(path, value(), "must be 'SingleStack' to release the secondary cluster IP");
            }
            if reduced(spec.ip_families.len(), old.ip_families.len()) {
                errs.invalid(path, value(), "must be 'SingleStack' to release the secondary IP family");
            }
        }
    }
    if *policy == SINGLE_STACK {
        for (count, what) in [(spec.cluster_ips.len(), "cluster IPs"), (spec.ip_families.len(), "IP families")] {
            if count == 2 {
                let detail =
                    format!("must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified");
                errs.invalid(path, value(), detail);
            }
        }
    }
    for (i, ip) in spec.cluster_ips.clone().iter().enumerate() {
        if *ip == NONE {
            break;
        }
        if i < spec.ip_families.len() {
            continue;
        }
        if parse_ip_sloppy(ip).is_some_and(|ip| ip.is_ipv4()) {
            spec.ip_families.push(Str::literal(IPV4));
        } else {
            let detail = "IPv6 is not configured on this cluster";
            errs.invalid(SPEC.child("clusterIPs").index(i), BadValue::of(&spec.cluster_ips), detail);
        }
    }
    errs
}

fn check(service: &Service, errs: ErrorList) -> Result<(), Status> {
    if errs.is_empty() {
        return Ok(());
    }
    Err(invalid(service, |all| *all = errs))
}

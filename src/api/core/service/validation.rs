//! What is wrong with a Service.
//!
//! Upstream: pkg/apis/core/validation/validation.go (validateService, ValidateServiceUpdate,
//! ValidateServiceClusterIPsRelatedFields, ValidateLoadBalancerStatus)
//! Differs: nothing known.

use super::{Service, ServicePort, ServiceSpec};
use crate::apimachinery::field_error::{BadValue, go_quote};
use crate::apimachinery::int_or_string::IntOrString;
use crate::apimachinery::ip::{is_valid_cidr_for_legacy_field, is_valid_ip_for_legacy_field, parse_ip_sloppy};
use crate::apimachinery::names::{
    is_dns1123_label, is_dns1123_subdomain, is_qualified_name, is_valid_port_name, is_valid_port_num,
};
use crate::apimachinery::validation::{FIELD_IMMUTABLE, validate_labels};
use crate::apimachinery::{ErrorList, Path, Str};

const SPEC: Path = Path::new("spec");
const NONE: &str = "None";
const SOURCE_RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
const TOPOLOGY_HINTS: &str = "service.kubernetes.io/topology-aware-hints";
const TOPOLOGY_MODE: &str = "service.kubernetes.io/topology-mode";
const MAX_CLIENT_IP_TIMEOUT_SECONDS: i32 = 86_400;
const ONLY_LOAD_BALANCER: &str = "may only be used when `type` is 'LoadBalancer'";
const MAY_NOT_CHANGE: &str = "may not change once set";

/// A Service as it would be stored, new or as the successor of `old`.
pub(super) fn validate(service: &Service, old: Option<&Service>, errs: &mut ErrorList) {
    let spec = &*service.spec;
    validate_topology_annotations(service, errs);
    if spec.ports.is_empty() && !service.is_headless() && spec.type_ != "ExternalName" {
        errs.required(SPEC.child("ports"), "");
    }
    validate_type_and_ips(service, errs);
    validate_ports(service, errs);
    validate_labels(&spec.selector, SPEC.child("selector"), errs);
    validate_session_affinity(spec, errs);
    validate_cluster_ips(service, old, errs);

    let ips = SPEC.child("externalIPs");
    let known = old.map_or(&[][..], |o| o.spec.external_ips.as_slice());
    for (i, ip) in spec.external_ips.iter().enumerate() {
        let before = errs.0.len();
        validate_legacy_ip(ip, known, ips.index(i), errs);
        if errs.0.len() == before {
            validate_endpoint_ip(ip, ips.index(i), errs);
        }
    }

    if spec.type_.is_empty() {
        errs.required(SPEC.child("type"), "");
    } else if !matches!(spec.type_.as_str(), "ClusterIP" | "ExternalName" | "LoadBalancer" | "NodePort") {
        let supported = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
        errs.not_supported(SPEC.child("type"), &spec.type_, &supported);
    }
    validate_uniqueness_of_ports(spec, errs);
    validate_source_ranges(service, old, errs);

    if spec.type_ != "LoadBalancer" && spec.allocate_load_balancer_node_ports.is_some() {
        errs.forbidden(SPEC.child("allocateLoadBalancerNodePorts"), ONLY_LOAD_BALANCER);
    }
    if spec.type_ == "LoadBalancer" && spec.allocate_load_balancer_node_ports.is_none() {
        errs.required(Path::new("allocateLoadBalancerNodePorts"), "");
    }
    validate_load_balancer_class(service, None, errs);
    validate_traffic_policies(service, errs);
}

/// Beside `validate`, what may not change.
pub(super) fn validate_update(new: &Service, old: &Service, errs: &mut ErrorList) {
    if new.spec.type_ != "ExternalName" && old.spec.type_ != "ExternalName" {
        validate_change_of_cluster_ips(new, old, errs);
        validate_change_of_ip_families(new, old, errs);
    }
    validate_load_balancer_class(new, Some(old), errs);
    if old.needs_health_check()
        && new.needs_health_check()
        && old.spec.health_check_node_port != new.spec.health_check_node_port
    {
        errs.forbidden(SPEC.child("healthCheckNodePort"), FIELD_IMMUTABLE);
    }
    validate(new, Some(old), errs);
}

pub(super) fn validate_status_update(new: &Service, old: &Service, errs: &mut ErrorList) {
    const LOAD_BALANCER: Path = Path::new("status.loadBalancer");
    let path = LOAD_BALANCER.child("ingress");
    let ingress = &new.status.load_balancer.ingress;
    if new.spec.type_ != "LoadBalancer" && !ingress.is_empty() {
        errs.forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'");
        return;
    }
    let known: Vec<Str> = old.status.load_balancer.ingress.iter().map(|i| i.ip.clone()).collect();
    for (i, ingress) in ingress.iter().enumerate() {
        let path = path.index(i);
        if !ingress.ip.is_empty() {
            validate_legacy_ip(&ingress.ip, &known, path.child("ip"), errs);
        }
        match &ingress.ip_mode {
            None if !ingress.ip.is_empty() => {
                errs.required(path.child("ipMode"), "must be specified when `ip` is set");
            }
            Some(_) if ingress.ip.is_empty() => {
                errs.forbidden(path.child("ipMode"), "may not be specified when `ip` is not set");
            }
            Some(mode) if !matches!(mode.as_str(), "Proxy" | "VIP") => {
                errs.not_supported(path.child("ipMode"), mode, &["Proxy", "VIP"]);
            }
            _ => {}
        }
        if !ingress.hostname.is_empty() {
            let host = path.child("hostname");
            errs.invalid_each(host, &ingress.hostname, is_dns1123_subdomain(&ingress.hostname));
            if parse_ip_sloppy(&ingress.hostname).is_some() {
                errs.invalid(host, &ingress.hostname, "must be a DNS name, not an IP address");
            }
        }
    }
}

fn validate_topology_annotations(service: &Service, errs: &mut ErrorList) {
    let annotations = &service.metadata.annotations;
    if let (Some(hints), Some(mode)) = (annotations.get(TOPOLOGY_HINTS), annotations.get(TOPOLOGY_MODE))
        && hints != mode
    {
        let detail = format!("must match annotations[{TOPOLOGY_HINTS}] when both are specified");
        errs.invalid(Path::new("metadata").child("annotations").key(TOPOLOGY_MODE), mode, detail);
    }
}

fn validate_type_and_ips(service: &Service, errs: &mut ErrorList) {
    let spec = &*service.spec;
    match spec.type_.as_str() {
        kind @ ("LoadBalancer" | "NodePort") if service.is_headless() => {
            let detail = format!("may not be set to 'None' for {kind} services");
            errs.invalid(SPEC.child("clusterIPs").index(0), NONE, detail);
        }
        "ExternalName" => {
            let not_for = "may not be set for ExternalName services";
            if !spec.cluster_ips.is_empty() {
                errs.forbidden(SPEC.child("clusterIPs"), not_for);
            }
            if !spec.ip_families.is_empty() {
                errs.forbidden(SPEC.child("ipFamilies"), not_for);
            }
            if spec.ip_family_policy.is_some() {
                errs.forbidden(SPEC.child("ipFamilyPolicy"), not_for);
            }
            let name = spec.external_name.strip_suffix('.').unwrap_or(&spec.external_name);
            if name.is_empty() {
                errs.required(SPEC.child("externalName"), "");
            } else {
                errs.invalid_each(SPEC.child("externalName"), name, is_dns1123_subdomain(name));
            }
        }
        _ => {}
    }
}

fn validate_ports(service: &Service, errs: &mut ErrorList) {
    let ports = &service.spec.ports;
    let mut names: Vec<&str> = Vec::new();
    let path = SPEC.child("ports");
    for (i, port) in ports.iter().enumerate() {
        let path = path.index(i);
        if port.name.is_empty() {
            if ports.len() > 1 {
                errs.required(path.child("name"), "");
            }
        } else {
            errs.invalid_each(path.child("name"), &port.name, is_dns1123_label(&port.name));
            if names.contains(&port.name.as_str()) {
                errs.duplicate(path.child("name"), &port.name);
            } else {
                names.push(&port.name);
            }
        }
        for m in is_valid_port_num(port.port.into()) {
            errs.invalid(path.child("port"), port.port, m);
        }
        match port.protocol.as_str() {
            "" => errs.required(path.child("protocol"), ""),
            "SCTP" | "TCP" | "UDP" => {}
            other => errs.not_supported(path.child("protocol"), other, &["SCTP", "TCP", "UDP"]),
        }
        validate_port_num_or_name(&port.target_port, path.child("targetPort"), errs);
        if let Some(protocol) = &port.app_protocol {
            errs.invalid_each(path.child("appProtocol"), protocol, is_qualified_name(protocol));
        }
    }
}

fn validate_port_num_or_name(port: &IntOrString, path: Path, errs: &mut ErrorList) {
    match port {
        IntOrString::Int(n) => {
            for m in is_valid_port_num((*n).into()) {
                errs.invalid(path, *n, m);
            }
        }
        IntOrString::String(s) => errs.invalid_each(path, s, is_valid_port_name(s)),
    }
}

fn validate_session_affinity(spec: &ServiceSpec, errs: &mut ErrorList) {
    let path = SPEC.child("sessionAffinityConfig");
    match spec.session_affinity.as_str() {
        "" => errs.required(SPEC.child("sessionAffinity"), ""),
        "None" if spec.session_affinity_config.is_some() => {
            errs.forbidden(path, "must not be set when session affinity is None");
        }
        "None" => {}
        "ClientIP" => {
            let when = "when session affinity type is ClientIP";
            let client_ip = path.child("clientIP");
            match &spec.session_affinity_config {
                None => errs.required(path, when),
                Some(config) => match config.client_ip.as_ref().map(|c| c.timeout_seconds) {
                    None => errs.required(client_ip, when),
                    Some(None) => errs.required(client_ip.child("timeoutSeconds"), when),
                    Some(Some(seconds)) if seconds <= 0 || seconds > MAX_CLIENT_IP_TIMEOUT_SECONDS => {
                        let detail = format!("must be greater than 0 and less than {MAX_CLIENT_IP_TIMEOUT_SECONDS}");
                        errs.invalid(client_ip.child("timeoutSeconds"), seconds, detail);
                    }
                    Some(Some(_)) => {}
                },
            }
        }
        other => errs.not_supported(SPEC.child("sessionAffinity"), other, &["ClientIP", "None"]),
    }
}

/// The addresses, their families and the policy of families, against each other. The allocator asks the same before
/// it gives out addresses.
pub fn validate_cluster_ips(service: &Service, old: Option<&Service>, errs: &mut ErrorList) {
    let spec = &*service.spec;
    if spec.type_ == "ExternalName" {
        return;
    }
    let path = SPEC.child("clusterIPs");
    let all = || BadValue::of(&spec.cluster_ips);
    match spec.cluster_ips.first() {
        Some(_) if spec.cluster_ip.is_empty() => {
            errs.invalid(path, all(), "must be empty when `clusterIP` is not specified");
        }
        Some(first) if *first != spec.cluster_ip => errs.invalid(path, all(), "first value must match `clusterIP`"),
        None if !spec.cluster_ip.is_empty() => errs.required(path, ""),
        _ => {}
    }
    let families = SPEC.child("ipFamilies");
    for (i, family) in spec.ip_families.iter().enumerate() {
        if !matches!(family.as_str(), "IPv4" | "IPv6") {
            errs.not_supported(families.index(i), family, &["IPv4", "IPv6"]);
        }
        if spec.ip_families[..i].contains(family) {
            errs.duplicate(families.index(i), family);
        }
    }
    if let Some(policy) = &spec.ip_family_policy
        && !matches!(policy.as_str(), "PreferDualStack" | "RequireDualStack" | "SingleStack")
    {
        let supported = ["PreferDualStack", "RequireDualStack", "SingleStack"];
        errs.not_supported(SPEC.child("ipFamilyPolicy"), policy, &supported);
    }
    let known = old.map_or(&[][..], |o| o.spec.cluster_ips.as_slice());
    let before = errs.0.len();
    for (i, ip) in spec.cluster_ips.iter().enumerate() {
        if i == 0 && *ip == NONE {
            if spec.cluster_ips.len() > 1 {
                errs.invalid(path, all(), "'None' must be the first and only value");
            }
            continue;
        }
        validate_legacy_ip(ip, known, path.index(i), errs);
    }
    let some_invalid = errs.0.len() > before;
    if spec.cluster_ips.len() > 2 {
        errs.invalid(path, all(), "may only hold up to 2 values");
    }
    if some_invalid {
        return;
    }
    if spec.cluster_ips.len() > 1 {
        let v6 = spec.cluster_ips.iter().filter(|ip| is_ipv6(ip)).count();
        if v6 == 0 || v6 == spec.cluster_ips.len() {
            errs.invalid(path, all(), "may specify no more than one IP for each IP family");
        }
    }
    if service.is_headless() {
        return;
    }
    for (i, (ip, family)) in spec.cluster_ips.iter().zip(&spec.ip_families).enumerate() {
        let expected = match family.as_str() {
            "IPv4" if is_ipv6(ip) => "IPv4",
            "IPv6" if !is_ipv6(ip) => "IPv6",
            _ => continue,
        };
        errs.invalid(path.index(i), ip, format!("expected an {expected} value as indicated by `ipFamilies[{i}]`"));
    }
}

fn is_ipv6(ip: &str) -> bool {
    parse_ip_sloppy(ip).is_some_and(|ip| ip.is_ipv6())
}

fn validate_change_of_cluster_ips(new: &Service, old: &Service, errs: &mut ErrorList) {
    if old.is_headless() && new.is_headless() {
        return;
    }
    let path = SPEC.child("clusterIPs");
    let (was, now) = (&old.spec.cluster_ips, &new.spec.cluster_ips);
    let all = || BadValue::of(now);
    if was.len() == now.len() {
        for i in (0..was.len()).filter(|i| was[*i] != now[*i]) {
            errs.invalid(path.index(i), all(), MAY_NOT_CHANGE);
        }
        return;
    }
    if now.is_empty() {
        errs.invalid(path.index(0), all(), "primary clusterIP can not be unset");
    }
    if let (Some(was), Some(first)) = (was.first(), now.first())
        && was != first
    {
        errs.invalid(path.index(0), all(), MAY_NOT_CHANGE);
    }
    if was.len() > 1 && now.len() == 1 && new.spec.ip_family_policy.as_deref() != Some("SingleStack") {
        let detail = "must be set to 'SingleStack' when releasing the secondary clusterIP";
        errs.invalid(SPEC.child("ipFamilyPolicy"), policy_value(&new.spec), detail);
    }
}

fn validate_change_of_ip_families(new: &Service, old: &Service, errs: &mut ErrorList) {
    if new.is_headless() || old.is_headless() {
        return;
    }
    let path = SPEC.child("ipFamilies");
    let (was, now) = (&old.spec.ip_families, &new.spec.ip_families);
    if was.len() == now.len() {
        for _ in (0..was.len()).filter(|i| was[*i] != now[*i]) {
            errs.invalid(path.index(0), BadValue::of(now), MAY_NOT_CHANGE);
        }
        return;
    }
    if was.len() > now.len() && new.spec.cluster_ips.is_empty() {
        errs.invalid(path.index(0), BadValue::of(now), "primary ipFamily can not be unset");
    }
    if let (Some(was), Some(first)) = (was.first(), now.first())
        && was != first
    {
        errs.invalid(path.index(0), BadValue::of(&new.spec.cluster_ips), MAY_NOT_CHANGE);
    }
    if was.len() > 1 && now.len() == 1 && new.spec.ip_family_policy.as_deref() != Some("SingleStack") {
        let detail = "must be set to 'SingleStack' when releasing the secondary ipFamily";
        errs.invalid(SPEC.child("ipFamilyPolicy"), policy_value(&new.spec), detail);
    }
}

fn policy_value(spec: &ServiceSpec) -> BadValue {
    BadValue::raw(spec.ip_family_policy.as_ref().map_or("null".to_owned(), |p| go_quote(p)))
}

fn validate_uniqueness_of_ports(spec: &ServiceSpec, errs: &mut ErrorList) {
    let path = SPEC.child("ports");
    if spec.type_ == "ClusterIP" {
        for (i, _) in spec.ports.iter().enumerate().filter(|(_, p)| p.node_port != 0) {
            errs.forbidden(path.index(i).child("nodePort"), "may not be used when `type` is 'ClusterIP'");
        }
    }
    let taken = |i: usize, same: fn(&ServicePort, &ServicePort) -> bool| {
        let port = &spec.ports[i];
        spec.ports[..i].iter().any(|other| other.protocol == port.protocol && same(other, port))
    };
    for (i, port) in spec.ports.iter().enumerate() {
        if port.node_port != 0 && taken(i, |a, b| a.node_port == b.node_port) {
            errs.duplicate(path.index(i).child("nodePort"), port.node_port);
        }
    }
    for (i, port) in spec.ports.iter().enumerate() {
        if taken(i, |a, b| a.port == b.port) {
            // The key that upstream compares by, as Go writes it.
            let key = format!(
                r#"{{"Name":"","Protocol":{},"AppProtocol":null,"Port":{},"TargetPort":0,"NodePort":0}}"#,
                go_quote(&port.protocol),
                port.port
            );
            errs.duplicate(path.index(i), BadValue::raw(key));
        }
    }
}

fn validate_source_ranges(service: &Service, old: Option<&Service>, errs: &mut ErrorList) {
    let spec = &*service.spec;
    let annotation = service.metadata.annotations.get(SOURCE_RANGES);
    if !spec.load_balancer_source_ranges.is_empty() {
        let path = SPEC.child("LoadBalancerSourceRanges");
        if spec.type_ != "LoadBalancer" {
            errs.forbidden(path, ONLY_LOAD_BALANCER);
        }
        let known: Vec<&str> =
            old.iter().flat_map(|o| o.spec.load_balancer_source_ranges.iter().map(|r| r.trim())).collect();
        for (i, range) in spec.load_balancer_source_ranges.iter().map(|r| r.trim()).enumerate() {
            if !known.contains(&range) {
                errs.invalid_each(path.index(i), range, is_valid_cidr_for_legacy_field(range, false));
            }
        }
    } else if let Some(ranges) = annotation {
        const ANNOTATIONS: Path = Path::new("metadata.annotations");
        let path = ANNOTATIONS.key(SOURCE_RANGES);
        if spec.type_ != "LoadBalancer" {
            errs.forbidden(path, ONLY_LOAD_BALANCER);
        }
        let unchanged = old.is_some_and(|o| o.metadata.annotations.get(SOURCE_RANGES) == annotation);
        if !unchanged && !ranges.trim().is_empty() {
            for range in ranges.trim().split(',').map(str::trim) {
                errs.invalid_each(path, range, is_valid_cidr_for_legacy_field(range, false));
            }
        }
    }
}

fn validate_load_balancer_class(service: &Service, old: Option<&Service>, errs: &mut ErrorList) {
    let path = SPEC.child("loadBalancerClass");
    let class = &service.spec.load_balancer_class;
    let is_load_balancer = service.spec.type_ == "LoadBalancer";
    if let Some(old) = old
        && is_load_balancer
        && old.spec.type_ == "LoadBalancer"
        && old.spec.load_balancer_class != *class
    {
        let value = BadValue::raw(class.as_ref().map_or("null".to_owned(), |c| go_quote(c)));
        errs.invalid(path, value, MAY_NOT_CHANGE);
    }
    match class {
        Some(class) if is_load_balancer => errs.invalid_each(path, class, is_qualified_name(class)),
        Some(_) => errs.forbidden(path, ONLY_LOAD_BALANCER),
        None => {}
    }
}

fn validate_traffic_policies(service: &Service, errs: &mut ErrorList) {
    let spec = &*service.spec;
    let path = SPEC.child("externalTrafficPolicy");
    match spec.external_traffic_policy.as_str() {
        "" if service.is_externally_accessible() => errs.required(path, ""),
        "" => {}
        policy if !service.is_externally_accessible() => {
            errs.invalid(path, policy, "may only be set for externally-accessible services");
        }
        "Cluster" | "Local" => {}
        policy => errs.not_supported(path, policy, &["Cluster", "Local"]),
    }
    let path = SPEC.child("healthCheckNodePort");
    match spec.health_check_node_port {
        0 if service.needs_health_check() => errs.required(path, ""),
        0 => {}
        port if !service.needs_health_check() => {
            let detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
            errs.invalid(path, port, detail);
        }
        port => {
            for m in is_valid_port_num(port.into()) {
                errs.invalid(path, port, m);
            }
        }
    }
    let path = SPEC.child("internalTrafficPolicy");
    match spec.internal_traffic_policy.as_deref() {
        None if matches!(spec.type_.as_str(), "NodePort" | "LoadBalancer" | "ClusterIP") => errs.required(path, ""),
        None | Some("Cluster" | "Local") => {}
        Some(policy) => errs.not_supported(path, policy, &["Cluster", "Local"]),
    }
    let supported = ["PreferClose", "PreferSameZone", "PreferSameNode"];
    if let Some(distribution) = &spec.traffic_distribution
        && !supported.contains(&distribution.as_str())
    {
        errs.not_supported(SPEC.child("trafficDistribution"), distribution, &supported);
    }
}

/// An address of a field that older servers took with fewer questions: what was there before stays right.
fn validate_legacy_ip(ip: &str, known: &[Str], path: Path, errs: &mut ErrorList) {
    if !known.iter().any(|k| *k == *ip) {
        errs.invalid_each(path, ip, is_valid_ip_for_legacy_field(ip, false));
    }
}

/// An address that traffic may be sent to.
pub fn validate_endpoint_ip(ip: &str, path: Path, errs: &mut ErrorList) {
    let Some(address) = parse_ip_sloppy(ip).map(|a| a.to_canonical()) else {
        errs.invalid(path, ip, "must be a valid IP address");
        return;
    };
    let (link_local, link_local_multicast) = match address {
        std::net::IpAddr::V4(v4) => (v4.is_link_local(), v4.octets()[..3] == [224, 0, 0]),
        std::net::IpAddr::V6(v6) => (v6.segments()[0] & 0xffc0 == 0xfe80, v6.segments()[0] & 0xff0f == 0xff02),
    };
    if address.is_unspecified() {
        errs.invalid(path, ip, format!("may not be unspecified ({ip})"));
    }
    if address.is_loopback() {
        errs.invalid(path, ip, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
    }
    if link_local {
        errs.invalid(path, ip, "may not be in the link-local range (169.254.0.0/16, fe80::/10)");
    }
    if link_local_multicast {
        errs.invalid(path, ip, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
    }
}

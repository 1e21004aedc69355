//! The defaults of a Service, what a change of its type takes away, and what is unwise in one.
//!
//! Upstream: pkg/apis/core/v1/defaults.go (SetDefaults_Service), pkg/registry/core/service/strategy.go
//! (dropTypeDependentFields), pkg/registry/core/service/storage/storage.go (defaultOnReadInternalTrafficPolicy),
//! pkg/api/service/warnings.go
//! Differs: nothing known.

use super::{ClientIPConfig, Service, SessionAffinityConfig};
use crate::apimachinery::Str;
use crate::apimachinery::int_or_string::IntOrString;
use crate::apimachinery::ip::{warning_for_ip, warnings_for_cidr};
use std::rc::Rc;

/// Three hours.
const CLIENT_IP_TIMEOUT_SECONDS: i32 = 10_800;

pub(super) fn set_defaults(service: &mut Service) {
    let spec = Rc::make_mut(&mut service.spec);
    spec.session_affinity = spec.session_affinity.or("None");
    match spec.session_affinity.as_str() {
        "None" => spec.session_affinity_config = None,
        "ClientIP" => {
            let client_ip = spec.session_affinity_config.as_ref().and_then(|c| c.client_ip.as_ref());
            if client_ip.and_then(|c| c.timeout_seconds).is_none() {
                let client_ip = ClientIPConfig { timeout_seconds: Some(CLIENT_IP_TIMEOUT_SECONDS) };
                let config = SessionAffinityConfig { client_ip: Some(Rc::new(client_ip)) };
                spec.session_affinity_config = Some(Rc::new(config));
            }
        }
        _ => {}
    }
    spec.type_ = spec.type_.or("ClusterIP");
    for port in spec.ports.make_mut() {
        port.protocol = port.protocol.or("TCP");
        let unset = match &port.target_port {
            IntOrString::Int(n) => *n == 0,
            IntOrString::String(s) => s.is_empty(),
        };
        if unset {
            port.target_port = IntOrString::Int(port.port);
        }
    }
    let externally_accessible = match spec.type_.as_str() {
        "LoadBalancer" | "NodePort" => true,
        "ClusterIP" => !spec.external_ips.is_empty(),
        _ => false,
    };
    if externally_accessible {
        spec.external_traffic_policy = spec.external_traffic_policy.or("Cluster");
    }
    if matches!(spec.type_.as_str(), "NodePort" | "LoadBalancer" | "ClusterIP") {
        spec.internal_traffic_policy.get_or_insert(Str::literal("Cluster"));
    }
    if spec.type_ == "LoadBalancer" {
        spec.allocate_load_balancer_node_ports.get_or_insert(true);
        let unset = |i: &super::LoadBalancerIngress| !i.ip.is_empty() && i.ip_mode.is_none();
        if service.status.load_balancer.ingress.iter().any(unset) {
            let status = Rc::make_mut(&mut service.status);
            for ingress in status.load_balancer.ingress.make_mut().iter_mut().filter(|i| unset(i)) {
                ingress.ip_mode = Some(Str::literal("VIP"));
            }
        }
    }
}

/// Whoever changes the type and leaves the rest as it was did not mean to keep what only the old type may have.
pub(super) fn drop_type_dependent_fields(new: &mut Service, old: &Service) {
    let was = &old.spec;
    let now = new.spec.clone();
    let needs_cluster_ip = |s: &Service| s.spec.type_ != "ExternalName";
    let needs_node_port = |s: &Service| matches!(s.spec.type_.as_str(), "NodePort" | "LoadBalancer");
    let spec = Rc::make_mut(&mut new.spec);

    if needs_cluster_ip(old) && now.type_ == "ExternalName" {
        if was.cluster_ip == now.cluster_ip && was.cluster_ips == now.cluster_ips {
            spec.cluster_ip = Str::EMPTY;
            spec.cluster_ips = Default::default();
        }
        if was.ip_families == now.ip_families {
            spec.ip_families = Default::default();
        }
        if was.ip_family_policy == now.ip_family_policy {
            spec.ip_family_policy = None;
        }
    }
    if needs_node_port(old) && !matches!(now.type_.as_str(), "NodePort" | "LoadBalancer") {
        let had = |port: i32| port == 0 || was.ports.iter().any(|p| p.node_port == port);
        if now.ports.iter().all(|p| had(p.node_port)) {
            spec.ports.make_mut().iter_mut().for_each(|p| p.node_port = 0);
        }
    }
    let needs_health_check = now.type_ == "LoadBalancer" && now.external_traffic_policy == "Local";
    if old.needs_health_check() && !needs_health_check && was.health_check_node_port == now.health_check_node_port {
        spec.health_check_node_port = 0;
    }
    if was.type_ == "LoadBalancer" && now.type_ != "LoadBalancer" {
        if was.allocate_load_balancer_node_ports == now.allocate_load_balancer_node_ports {
            spec.allocate_load_balancer_node_ports = None;
        }
        if was.load_balancer_class == now.load_balancer_class {
            spec.load_balancer_class = None;
        }
    }
    let accessible = new.is_externally_accessible();
    let same_policy = was.external_traffic_policy == now.external_traffic_policy;
    if old.is_externally_accessible() && !accessible && same_policy {
        Rc::make_mut(&mut new.spec).external_traffic_policy = Str::EMPTY;
    }
    if now.type_ != "LoadBalancer" && !new.status.load_balancer.ingress.is_empty() {
        Rc::make_mut(&mut new.status).load_balancer = Default::default();
    }
}

pub(super) fn warnings(service: &Service, out: &mut Vec<String>) {
    let spec = &*service.spec;
    let (hints, mode) = ("service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode");
    if service.metadata.annotations.contains_key(hints) {
        out.push(format!("annotation {hints} is deprecated, please use {mode} instead"));
    }
    let headless = spec.type_ == "ClusterIP" && spec.cluster_ip == "None";
    if !spec.cluster_ip.is_empty() && !headless {
        let ips = spec.cluster_ips.iter().enumerate();
        out.extend(ips.filter_map(|(i, ip)| warning_for_ip(&format!("spec.clusterIPs[{i}]"), ip)));
    }
    if headless {
        if !spec.load_balancer_ip.is_empty() {
            out.push("spec.loadBalancerIP is ignored for headless services".to_owned());
        }
        if !spec.external_ips.is_empty() {
            out.push("spec.externalIPs is ignored for headless services".to_owned());
        }
        if spec.session_affinity != "None" {
            out.push("spec.SessionAffinity is ignored for headless services".to_owned());
        }
    }
    let ips = spec.external_ips.iter().enumerate();
    out.extend(ips.filter_map(|(i, ip)| warning_for_ip(&format!("spec.externalIPs[{i}]"), ip)));
    if !spec.load_balancer_ip.is_empty() {
        out.extend(warning_for_ip("spec.loadBalancerIP", &spec.load_balancer_ip));
    }
    for (i, range) in spec.load_balancer_source_ranges.iter().enumerate() {
        out.extend(warnings_for_cidr(&format!("spec.loadBalancerSourceRanges[{i}]"), range));
    }
    if spec.type_ == "ExternalName" && !spec.external_ips.is_empty() {
        out.push("spec.externalIPs is ignored when spec.type is \"ExternalName\"".to_owned());
    }
    if spec.type_ != "ExternalName" && !spec.external_name.is_empty() {
        out.push("spec.externalName is ignored when spec.type is not \"ExternalName\"".to_owned());
    }
    if spec.traffic_distribution.as_deref() == Some("PreferClose") {
        out.push("spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"".to_owned());
    }
}

//! A Service: its addresses and ports.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describeService)
//! Differs: no endpoints are shown, for there are no EndpointSlices yet.

use super::text::{Writer, opt, or_none, put};
use crate::api::core::{LoadBalancerIngress, Service};
use crate::api::print::format_labels;

pub(super) fn describe(w: &mut Writer, service: &Service) {
    let spec = &service.spec;
    w.name_and_namespace(&service.metadata);
    w.labels_and_annotations(&service.metadata);
    w.field(0, "Selector", format_labels(&spec.selector));
    w.field(0, "Type", &spec.type_);
    if let Some(policy) = &spec.ip_family_policy {
        w.field(0, "IP Family Policy", policy);
    }
    w.field(0, "IP Families", or_none(&spec.ip_families.join(",")));
    w.field(0, "IP", &spec.cluster_ip);
    w.field(0, "IPs", or_none(&spec.cluster_ips.join(",")));
    w.field_if(0, "External IPs", &spec.external_ips.join(","));
    w.field_if(0, "Desired LoadBalancer IP", &spec.load_balancer_ip);
    w.field_if(0, "External Name", &spec.external_name);
    let ingress = &service.status.load_balancer.ingress;
    if !ingress.is_empty() {
        w.field(0, "LoadBalancer Ingress", ingress.iter().map(ingress_text).collect::<Vec<_>>().join(", "));
    }
    for p in &spec.ports {
        let name = p.name.non_empty().unwrap_or("<unset>");
        put!(w, 0, "Port:\t{name}\t{}/{}\n", p.port, p.protocol);
        put!(w, 0, "TargetPort:\t{}/{}\n", p.target_port, p.protocol);
        if p.node_port != 0 {
            put!(w, 0, "NodePort:\t{name}\t{}/{}\n", p.node_port, p.protocol);
        }
        w.field(0, "Endpoints", "<none>");
    }
    w.field(0, "Session Affinity", &spec.session_affinity);
    w.field_if(0, "External Traffic Policy", &spec.external_traffic_policy);
    w.field_if(0, "Internal Traffic Policy", opt(&spec.internal_traffic_policy));
    if spec.health_check_node_port != 0 {
        w.field(0, "HealthCheck NodePort", spec.health_check_node_port);
    }
    w.field_if(0, "LoadBalancer Source Ranges", &spec.load_balancer_source_ranges.join(","));
    w.field_if(0, "Traffic Distribution", opt(&spec.traffic_distribution));
}

fn ingress_text(i: &LoadBalancerIngress) -> String {
    match (i.ip.non_empty(), &i.ip_mode) {
        (Some(ip), Some(mode)) => format!("{ip} ({mode})"),
        (Some(ip), None) => ip.to_owned(),
        (None, _) => i.hostname.to_string(),
    }
}

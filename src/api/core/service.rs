//! v1 Service.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/service/strategy.go,
//! pkg/printers/internalversion/printers.go (printService), pkg/api/service/util.go
//! Differs: nothing known.

mod strategy;
mod validation;

pub use validation::{validate_cluster_ips, validate_endpoint_ip};

use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, NameRule, Part, PrintCx, col, wide};
use crate::api::print::{cell_or, format_labels};
use crate::apimachinery::int_or_string::IntOrString;
use crate::apimachinery::{Api, Arrange, Condition, ErrorList, List, Map, ObjectMeta, Str, Value};
use std::rc::Rc;

crate::api! {
    pub struct Service = "io.k8s.api.core.v1.Service" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<ServiceSpec> = "spec".always(),
        status: Rc<ServiceStatus> = "status".always(),
    }

    pub struct ServiceSpec = "io.k8s.api.core.v1.ServiceSpec" {
        ports: List<ServicePort> = "ports".merge("port").keys(&["port", "protocol"]),
        selector: Map = "selector".atomic(),
        cluster_ip: Str = "clusterIP",
        cluster_ips: List<Str> = "clusterIPs".atomic(),
        type_: Str = "type",
        external_ips: List<Str> = "externalIPs".atomic(),
        session_affinity: Str = "sessionAffinity",
        load_balancer_ip: Str = "loadBalancerIP",
        load_balancer_source_ranges: List<Str> = "loadBalancerSourceRanges".atomic(),
        external_name: Str = "externalName",
        external_traffic_policy: Str = "externalTrafficPolicy",
        health_check_node_port: i32 = "healthCheckNodePort",
        publish_not_ready_addresses: bool = "publishNotReadyAddresses",
        session_affinity_config: Option<Rc<SessionAffinityConfig>> = "sessionAffinityConfig",
        ip_families: List<Str> = "ipFamilies".atomic(),
        ip_family_policy: Option<Str> = "ipFamilyPolicy",
        allocate_load_balancer_node_ports: Option<bool> = "allocateLoadBalancerNodePorts",
        load_balancer_class: Option<Str> = "loadBalancerClass",
        internal_traffic_policy: Option<Str> = "internalTrafficPolicy",
        traffic_distribution: Option<Str> = "trafficDistribution",
    }

    pub struct ServiceStatus = "io.k8s.api.core.v1.ServiceStatus" {
        load_balancer: LoadBalancerStatus = "loadBalancer".always(),
        conditions: List<Condition> = "conditions".merge("type").keys(&["type"]),
    }

    pub struct ServicePort = "io.k8s.api.core.v1.ServicePort" {
        name: Str = "name",
        protocol: Str = "protocol",
        app_protocol: Option<Str> = "appProtocol",
        port: i32 = "port".always(),
        target_port: IntOrString = "targetPort",
        node_port: i32 = "nodePort",
    }

    pub struct SessionAffinityConfig = "io.k8s.api.core.v1.SessionAffinityConfig" {
        client_ip: Option<Rc<ClientIPConfig>> = "clientIP",
    }

    pub struct LoadBalancerStatus = "io.k8s.api.core.v1.LoadBalancerStatus" {
        ingress: List<LoadBalancerIngress> = "ingress".atomic(),
    }

    pub struct ClientIPConfig = "io.k8s.api.core.v1.ClientIPConfig" {
        timeout_seconds: Option<i32> = "timeoutSeconds",
    }

    pub struct LoadBalancerIngress = "io.k8s.api.core.v1.LoadBalancerIngress" {
        ip: Str = "ip",
        hostname: Str = "hostname",
        ip_mode: Option<Str> = "ipMode",
        ports: List<PortStatus> = "ports".atomic(),
    }

    pub struct PortStatus = "io.k8s.api.core.v1.PortStatus" {
        port: i32 = "port".always(),
        protocol: Str = "protocol".always(),
        error: Option<Str> = "error",
    }
}

impl Service {
    /// Whether it has no address of its own: DNS answers with the endpoints.
    pub fn is_headless(&self) -> bool {
        matches!(self.spec.cluster_ips.as_slice(), [ip] if *ip == "None")
    }

    /// Whether traffic from outside the cluster may reach it.
    pub fn is_externally_accessible(&self) -> bool {
        match self.spec.type_.as_str() {
            "LoadBalancer" | "NodePort" => true,
            "ClusterIP" => !self.spec.external_ips.is_empty(),
            _ => false,
        }
    }

    /// Whether a load balancer asks its nodes for their health.
    pub fn needs_health_check(&self) -> bool {
        self.spec.type_ == "LoadBalancer" && self.spec.external_traffic_policy == "Local"
    }

    /// Whether its ports are given node ports without being asked.
    pub fn allocates_node_ports(&self) -> bool {
        match self.spec.type_.as_str() {
            "NodePort" => true,
            "LoadBalancer" => self.spec.allocate_load_balancer_node_ports.unwrap_or(true),
            _ => false,
        }
    }

    fn external_ip_text(&self) -> String {
        let external = self.spec.external_ips.join(",");
        match self.spec.type_.as_str() {
            "ClusterIP" | "NodePort" if external.is_empty() => "<none>".to_owned(),
            "ClusterIP" | "NodePort" => external,
            "LoadBalancer" => {
                let ingress = self.status.load_balancer.ingress.iter();
                let mut addresses: Vec<&str> =
                    ingress.filter_map(|i| i.ip.non_empty().or(i.hostname.non_empty())).collect();
                addresses.arrange();
                addresses.dedup();
                addresses.extend(self.spec.external_ips.iter().map(|ip| ip.as_str()));
                if addresses.is_empty() { "<pending>".to_owned() } else { addresses.join(",") }
            }
            "ExternalName" => self.spec.external_name.to_string(),
            _ => "<unknown>".to_owned(),
        }
    }
}

impl Kind for Service {
    const INFO: KindInfo = KindInfo {
        short: &["svc"],
        categories: &["all"],
        status: true,
        parts: &[Part::proxy("ServiceProxyOptions")],
        name_rule: NameRule::Dns1035Label,
        ..KindInfo::core("Service", "services")
    };
    crate::kind_glue!(Service);
    const COLUMNS: &'static [Column] =
        &[NAME, col("Type"), col("Cluster-IP"), col("External-IP"), col("Port(s)"), AGE, wide("Selector")];
    const FIELDS: &'static [&'static str] = &["spec.clusterIP", "spec.type"];

    fn set_defaults(&mut self) {
        strategy::set_defaults(self);
    }

    fn prepare_for_create(&mut self) {
        self.status = Rc::default();
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        strategy::drop_type_dependent_fields(self, old);
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
    }

    fn validate(&self, errs: &mut ErrorList) {
        validation::validate(self, None, errs);
    }

    fn validate_update(&self, old: &Self, errs: &mut ErrorList) {
        validation::validate_update(self, old, errs);
    }

    fn validate_status_update(&self, old: &Self, errs: &mut ErrorList) {
        validation::validate_status_update(self, old, errs);
    }

    fn warnings(&self, _old: Option<&Self>, out: &mut Vec<String>) {
        strategy::warnings(self, out);
    }

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        let spec = &self.spec;
        let ports: Vec<String> = spec
            .ports
            .iter()
            .map(|p| match p.node_port {
                node_port if node_port > 0 => format!("{}:{node_port}/{}", p.port, p.protocol),
                _ => format!("{}/{}", p.port, p.protocol),
            })
            .collect();
        vec![
            self.metadata.name.encode(),
            spec.type_.encode(),
            spec.cluster_ips.first().map_or("<none>", |ip| ip.as_str()).into(),
            self.external_ip_text().into(),
            cell_or(&ports.join(","), "<none>"),
            cx.age(self.metadata.creation_timestamp),
            format_labels(&spec.selector).into(),
        ]
    }

    fn field(&self, path: &str) -> Option<Str> {
        match path {
            "spec.clusterIP" => Some(self.spec.cluster_ip.clone()),
            "spec.type" => Some(self.spec.type_.clone()),
            _ => None,
        }
    }
}

//! v1 Service.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/service/strategy.go
//! Differs: nothing known.

use crate::api::kind::{Kind, KindInfo, NameRule};
use crate::apimachinery::int_or_string::IntOrString;
use crate::apimachinery::{Condition, List, Map, ObjectMeta, Str};
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

impl Kind for Service {
    const INFO: KindInfo = KindInfo {
        short: &["svc"],
        categories: &["all"],
        status: true,
        name_rule: NameRule::Dns1035Label,
        ..KindInfo::core("Service", "services")
    };
    crate::kind_glue!(Service);
}

//! A pod and its specification.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go
//! Differs: nothing known.

use super::*;
use crate::apimachinery::codec::Opaque;
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::{List, Map, ObjectMeta, Str};
use std::rc::Rc;

crate::api! {
    pub struct Pod = "io.k8s.api.core.v1.Pod" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<PodSpec> = "spec".always(),
        status: Rc<PodStatus> = "status".always(),
    }

    pub struct PodSpec = "io.k8s.api.core.v1.PodSpec" {
        volumes: List<Volume> = "volumes".merge("name").retain_keys().keys(&["name"]),
        init_containers: List<Container> = "initContainers".merge("name").keys(&["name"]),
        containers: List<Container> = "containers".always().merge("name").keys(&["name"]),
        ephemeral_containers: List<EphemeralContainer> = "ephemeralContainers".merge("name").keys(&["name"]),
        restart_policy: Str = "restartPolicy",
        termination_grace_period_seconds: Option<i64> = "terminationGracePeriodSeconds",
        active_deadline_seconds: Option<i64> = "activeDeadlineSeconds",
        dns_policy: Str = "dnsPolicy",
        node_selector: Map = "nodeSelector".atomic(),
        service_account_name: Str = "serviceAccountName",
        service_account: Str = "serviceAccount",
        automount_service_account_token: Option<bool> = "automountServiceAccountToken",
        node_name: Str = "nodeName",
        host_network: bool = "hostNetwork",
        host_pid: bool = "hostPID",
        host_ipc: bool = "hostIPC",
        share_process_namespace: Option<bool> = "shareProcessNamespace",
        security_context: Option<Rc<PodSecurityContext>> = "securityContext",
        image_pull_secrets: List<LocalObjectReference> = "imagePullSecrets".merge("name").keys(&["name"]),
        hostname: Str = "hostname",
        subdomain: Str = "subdomain",
        affinity: Option<Rc<Affinity>> = "affinity",
        scheduler_name: Str = "schedulerName",
        tolerations: List<Toleration> = "tolerations".atomic(),
        host_aliases: List<HostAlias> = "hostAliases".merge("ip").keys(&["ip"]),
        priority_class_name: Str = "priorityClassName",
        priority: Option<i32> = "priority",
        dns_config: Option<Rc<PodDNSConfig>> = "dnsConfig",
        readiness_gates: List<PodReadinessGate> = "readinessGates".atomic(),
        runtime_class_name: Option<Str> = "runtimeClassName",
        enable_service_links: Option<bool> = "enableServiceLinks",
        preemption_policy: Option<Str> = "preemptionPolicy",
        overhead: Map<Quantity> = "overhead",
        topology_spread_constraints: List<TopologySpreadConstraint> = "topologySpreadConstraints".merge("topologyKey").keys(&["topologyKey", "whenUnsatisfiable"]),
        set_hostname_as_fqdn: Option<bool> = "setHostnameAsFQDN",
        os: Option<Rc<PodOS>> = "os",
        host_users: Option<bool> = "hostUsers",
        scheduling_gates: List<PodSchedulingGate> = "schedulingGates".merge("name").keys(&["name"]),
        resource_claims: List<PodResourceClaim> = "resourceClaims".merge("name").retain_keys().keys(&["name"]),
        resources: Option<Rc<ResourceRequirements>> = "resources",
        hostname_override: Option<Str> = "hostnameOverride",
        workload_ref: Option<Rc<WorkloadReference>> = "workloadRef",
    }

    pub struct PodSecurityContext = "io.k8s.api.core.v1.PodSecurityContext" {
        se_linux_options: Option<Rc<SELinuxOptions>> = "seLinuxOptions",
        windows_options: Opaque = "windowsOptions".of("io.k8s.api.core.v1.WindowsSecurityContextOptions"),
        run_as_user: Option<i64> = "runAsUser",
        run_as_group: Option<i64> = "runAsGroup",
        run_as_non_root: Option<bool> = "runAsNonRoot",
        supplemental_groups: List<i64> = "supplementalGroups".atomic(),
        supplemental_groups_policy: Option<Str> = "supplementalGroupsPolicy",
        fs_group: Option<i64> = "fsGroup",
        sysctls: List<Sysctl> = "sysctls".atomic(),
        fs_group_change_policy: Option<Str> = "fsGroupChangePolicy",
        seccomp_profile: Option<Rc<SeccompProfile>> = "seccompProfile",
        app_armor_profile: Option<Rc<AppArmorProfile>> = "appArmorProfile",
        se_linux_change_policy: Option<Str> = "seLinuxChangePolicy",
    }

    pub struct LocalObjectReference = "io.k8s.api.core.v1.LocalObjectReference" atomic {
        name: Str = "name",
    }

    pub struct HostAlias = "io.k8s.api.core.v1.HostAlias" {
        ip: Str = "ip".always(),
        hostnames: List<Str> = "hostnames".atomic(),
    }

    pub struct PodDNSConfig = "io.k8s.api.core.v1.PodDNSConfig" {
        nameservers: List<Str> = "nameservers".atomic(),
        searches: List<Str> = "searches".atomic(),
        options: List<PodDNSConfigOption> = "options".atomic(),
    }

    pub struct PodReadinessGate = "io.k8s.api.core.v1.PodReadinessGate" {
        condition_type: Str = "conditionType".always(),
    }

    pub struct PodOS = "io.k8s.api.core.v1.PodOS" {
        name: Str = "name".always(),
    }

    pub struct PodSchedulingGate = "io.k8s.api.core.v1.PodSchedulingGate" {
        name: Str = "name".always(),
    }

    pub struct PodResourceClaim = "io.k8s.api.core.v1.PodResourceClaim" {
        name: Str = "name".always(),
        resource_claim_name: Option<Str> = "resourceClaimName",
        resource_claim_template_name: Option<Str> = "resourceClaimTemplateName",
    }

    pub struct WorkloadReference = "io.k8s.api.core.v1.WorkloadReference" {
        name: Str = "name".always(),
        pod_group: Str = "podGroup".always(),
        pod_group_replica_key: Str = "podGroupReplicaKey",
    }

    pub struct Sysctl = "io.k8s.api.core.v1.Sysctl" {
        name: Str = "name".always(),
        value: Str = "value".always(),
    }

    pub struct PodDNSConfigOption = "io.k8s.api.core.v1.PodDNSConfigOption" {
        name: Str = "name",
        value: Option<Str> = "value",
    }

    pub struct PodTemplateSpec = "io.k8s.api.core.v1.PodTemplateSpec" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<PodSpec> = "spec".always(),
    }
}

//! What is observed of a pod and its containers.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go
//! Differs: nothing known.

use super::*;
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::time::Time;
use crate::apimachinery::{List, Map, Str};
use std::rc::Rc;

crate::api! {
    pub struct PodStatus = "io.k8s.api.core.v1.PodStatus" {
        observed_generation: i64 = "observedGeneration",
        phase: Str = "phase",
        conditions: List<PodCondition> = "conditions".merge("type").keys(&["type"]),
        message: Str = "message",
        reason: Str = "reason",
        nominated_node_name: Str = "nominatedNodeName",
        host_ip: Str = "hostIP",
        host_ips: List<HostIP> = "hostIPs".merge("ip").atomic(),
        pod_ip: Str = "podIP",
        pod_ips: List<PodIP> = "podIPs".merge("ip").keys(&["ip"]),
        start_time: Option<Time> = "startTime",
        init_container_statuses: List<ContainerStatus> = "initContainerStatuses".atomic(),
        container_statuses: List<ContainerStatus> = "containerStatuses".atomic(),
        qos_class: Str = "qosClass",
        ephemeral_container_statuses: List<ContainerStatus> = "ephemeralContainerStatuses".atomic(),
        resize: Str = "resize",
        resource_claim_statuses: List<PodResourceClaimStatus> = "resourceClaimStatuses".merge("name").retain_keys().keys(&["name"]),
        extended_resource_claim_status: Option<Rc<PodExtendedResourceClaimStatus>> = "extendedResourceClaimStatus",
        allocated_resources: Map<Quantity> = "allocatedResources",
        resources: Option<Rc<ResourceRequirements>> = "resources",
    }

    pub struct PodCondition = "io.k8s.api.core.v1.PodCondition" {
        type_: Str = "type".always(),
        observed_generation: i64 = "observedGeneration",
        status: Str = "status".always(),
        last_probe_time: Time = "lastProbeTime".always(),
        last_transition_time: Time = "lastTransitionTime".always(),
        reason: Str = "reason",
        message: Str = "message",
    }

    pub struct HostIP = "io.k8s.api.core.v1.HostIP" {
        ip: Str = "ip".always(),
    }

    pub struct PodIP = "io.k8s.api.core.v1.PodIP" {
        ip: Str = "ip".always(),
    }

    pub struct ContainerStatus = "io.k8s.api.core.v1.ContainerStatus" {
        name: Str = "name".always(),
        state: ContainerState = "state".always(),
        last_state: ContainerState = "lastState".always(),
        ready: bool = "ready".always(),
        restart_count: i32 = "restartCount".always(),
        image: Str = "image".always(),
        image_id: Str = "imageID".always(),
        container_id: Str = "containerID",
        started: Option<bool> = "started",
        allocated_resources: Map<Quantity> = "allocatedResources",
        resources: Option<Rc<ResourceRequirements>> = "resources",
        volume_mounts: List<VolumeMountStatus> = "volumeMounts".merge("mountPath").keys(&["mountPath"]),
        user: Option<Rc<ContainerUser>> = "user",
        allocated_resources_status: List<ResourceStatus> = "allocatedResourcesStatus".merge("name").keys(&["name"]),
        stop_signal: Option<Str> = "stopSignal",
    }

    pub struct ContainerState = "io.k8s.api.core.v1.ContainerState" {
        waiting: Option<Rc<ContainerStateWaiting>> = "waiting",
        running: Option<Rc<ContainerStateRunning>> = "running",
        terminated: Option<Rc<ContainerStateTerminated>> = "terminated",
    }

    pub struct ContainerStateWaiting = "io.k8s.api.core.v1.ContainerStateWaiting" {
        reason: Str = "reason",
        message: Str = "message",
    }

    pub struct ContainerStateRunning = "io.k8s.api.core.v1.ContainerStateRunning" {
        started_at: Time = "startedAt".always(),
    }

    pub struct ContainerStateTerminated = "io.k8s.api.core.v1.ContainerStateTerminated" {
        exit_code: i32 = "exitCode".always(),
        signal: i32 = "signal",
        reason: Str = "reason",
        message: Str = "message",
        started_at: Time = "startedAt".always(),
        finished_at: Time = "finishedAt".always(),
        container_id: Str = "containerID",
    }

    pub struct VolumeMountStatus = "io.k8s.api.core.v1.VolumeMountStatus" {
        name: Str = "name".always(),
        mount_path: Str = "mountPath".always(),
        read_only: bool = "readOnly",
        recursive_read_only: Option<Str> = "recursiveReadOnly",
    }

    pub struct ContainerUser = "io.k8s.api.core.v1.ContainerUser" {
        linux: Option<Rc<LinuxContainerUser>> = "linux",
    }

    pub struct LinuxContainerUser = "io.k8s.api.core.v1.LinuxContainerUser" {
        uid: i64 = "uid".always(),
        gid: i64 = "gid".always(),
        supplemental_groups: List<i64> = "supplementalGroups".atomic(),
    }

    pub struct ResourceStatus = "io.k8s.api.core.v1.ResourceStatus" {
        name: Str = "name".always(),
        resources: List<ResourceHealth> = "resources".keys(&["resourceID"]),
    }

    pub struct ResourceHealth = "io.k8s.api.core.v1.ResourceHealth" {
        resource_id: Str = "resourceID".always(),
        health: Str = "health",
    }

    pub struct PodResourceClaimStatus = "io.k8s.api.core.v1.PodResourceClaimStatus" {
        name: Str = "name".always(),
        resource_claim_name: Option<Str> = "resourceClaimName",
    }

    pub struct PodExtendedResourceClaimStatus = "io.k8s.api.core.v1.PodExtendedResourceClaimStatus" {
        request_mappings: List<ContainerExtendedResourceRequest> = "requestMappings".always().atomic(),
        resource_claim_name: Str = "resourceClaimName".always(),
    }

    pub struct ContainerExtendedResourceRequest = "io.k8s.api.core.v1.ContainerExtendedResourceRequest" {
        container_name: Str = "containerName".always(),
        resource_name: Str = "resourceName".always(),
        request_name: Str = "requestName".always(),
    }
}

//! A container: its image, environment, probes, hooks and rights.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go
//! Differs: Windows options pass through as a tree.

use crate::apimachinery::codec::Opaque;
use crate::apimachinery::int_or_string::IntOrString;
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::{List, Map, Str};
use std::rc::Rc;

crate::api! {
    pub struct Container = "io.k8s.api.core.v1.Container" {
        name: Str = "name".always(),
        image: Str = "image",
        command: List<Str> = "command".atomic(),
        args: List<Str> = "args".atomic(),
        working_dir: Str = "workingDir",
        ports: List<ContainerPort> = "ports".merge("containerPort").keys(&["containerPort", "protocol"]),
        env_from: List<EnvFromSource> = "envFrom".atomic(),
        env: List<EnvVar> = "env".merge("name").keys(&["name"]),
        resources: ResourceRequirements = "resources".always(),
        resize_policy: List<ContainerResizePolicy> = "resizePolicy".atomic(),
        restart_policy: Option<Str> = "restartPolicy",
        restart_policy_rules: List<ContainerRestartRule> = "restartPolicyRules".atomic(),
        volume_mounts: List<VolumeMount> = "volumeMounts".merge("mountPath").keys(&["mountPath"]),
        volume_devices: List<VolumeDevice> = "volumeDevices".merge("devicePath").keys(&["devicePath"]),
        liveness_probe: Option<Rc<Probe>> = "livenessProbe",
        readiness_probe: Option<Rc<Probe>> = "readinessProbe",
        startup_probe: Option<Rc<Probe>> = "startupProbe",
        lifecycle: Option<Rc<Lifecycle>> = "lifecycle",
        termination_message_path: Str = "terminationMessagePath",
        termination_message_policy: Str = "terminationMessagePolicy",
        image_pull_policy: Str = "imagePullPolicy",
        security_context: Option<Rc<SecurityContext>> = "securityContext",
        stdin: bool = "stdin",
        stdin_once: bool = "stdinOnce",
        tty: bool = "tty",
    }

    pub struct EphemeralContainer = "io.k8s.api.core.v1.EphemeralContainer" {
        name: Str = "name".always(),
        image: Str = "image",
        command: List<Str> = "command".atomic(),
        args: List<Str> = "args".atomic(),
        working_dir: Str = "workingDir",
        ports: List<ContainerPort> = "ports".merge("containerPort").keys(&["containerPort", "protocol"]),
        env_from: List<EnvFromSource> = "envFrom".atomic(),
        env: List<EnvVar> = "env".merge("name").keys(&["name"]),
        resources: ResourceRequirements = "resources".always(),
        resize_policy: List<ContainerResizePolicy> = "resizePolicy".atomic(),
        restart_policy: Option<Str> = "restartPolicy",
        restart_policy_rules: List<ContainerRestartRule> = "restartPolicyRules".atomic(),
        volume_mounts: List<VolumeMount> = "volumeMounts".merge("mountPath").keys(&["mountPath"]),
        volume_devices: List<VolumeDevice> = "volumeDevices".merge("devicePath").keys(&["devicePath"]),
        liveness_probe: Option<Rc<Probe>> = "livenessProbe",
        readiness_probe: Option<Rc<Probe>> = "readinessProbe",
        startup_probe: Option<Rc<Probe>> = "startupProbe",
        lifecycle: Option<Rc<Lifecycle>> = "lifecycle",
        termination_message_path: Str = "terminationMessagePath",
        termination_message_policy: Str = "terminationMessagePolicy",
        image_pull_policy: Str = "imagePullPolicy",
        security_context: Option<Rc<SecurityContext>> = "securityContext",
        stdin: bool = "stdin",
        stdin_once: bool = "stdinOnce",
        tty: bool = "tty",
        target_container_name: Str = "targetContainerName",
    }

    pub struct ContainerPort = "io.k8s.api.core.v1.ContainerPort" {
        name: Str = "name",
        host_port: i32 = "hostPort",
        container_port: i32 = "containerPort".always(),
        protocol: Str = "protocol",
        host_ip: Str = "hostIP",
    }

    pub struct EnvFromSource = "io.k8s.api.core.v1.EnvFromSource" {
        prefix: Str = "prefix",
        config_map_ref: Option<Rc<ConfigMapEnvSource>> = "configMapRef",
        secret_ref: Option<Rc<SecretEnvSource>> = "secretRef",
    }

    pub struct EnvVar = "io.k8s.api.core.v1.EnvVar" {
        name: Str = "name".always(),
        value: Str = "value",
        value_from: Option<Rc<EnvVarSource>> = "valueFrom",
    }

    pub struct ConfigMapEnvSource = "io.k8s.api.core.v1.ConfigMapEnvSource" {
        name: Str = "name",
        optional: Option<bool> = "optional",
    }

    pub struct SecretEnvSource = "io.k8s.api.core.v1.SecretEnvSource" {
        name: Str = "name",
        optional: Option<bool> = "optional",
    }

    pub struct EnvVarSource = "io.k8s.api.core.v1.EnvVarSource" {
        field_ref: Option<Rc<ObjectFieldSelector>> = "fieldRef",
        resource_field_ref: Option<Rc<ResourceFieldSelector>> = "resourceFieldRef",
        config_map_key_ref: Option<Rc<ConfigMapKeySelector>> = "configMapKeyRef",
        secret_key_ref: Option<Rc<SecretKeySelector>> = "secretKeyRef",
        file_key_ref: Option<Rc<FileKeySelector>> = "fileKeyRef",
    }

    pub struct ObjectFieldSelector = "io.k8s.api.core.v1.ObjectFieldSelector" atomic {
        api_version: Str = "apiVersion",
        field_path: Str = "fieldPath".always(),
    }

    pub struct ResourceFieldSelector = "io.k8s.api.core.v1.ResourceFieldSelector" atomic {
        container_name: Str = "containerName",
        resource: Str = "resource".always(),
        divisor: Quantity = "divisor",
    }

    pub struct ConfigMapKeySelector = "io.k8s.api.core.v1.ConfigMapKeySelector" atomic {
        name: Str = "name",
        key: Str = "key".always(),
        optional: Option<bool> = "optional",
    }

    pub struct SecretKeySelector = "io.k8s.api.core.v1.SecretKeySelector" atomic {
        name: Str = "name",
        key: Str = "key".always(),
        optional: Option<bool> = "optional",
    }

    pub struct FileKeySelector = "io.k8s.api.core.v1.FileKeySelector" atomic {
        volume_name: Str = "volumeName".always(),
        path: Str = "path".always(),
        key: Str = "key".always(),
        optional: Option<bool> = "optional",
    }

    pub struct ContainerResizePolicy = "io.k8s.api.core.v1.ContainerResizePolicy" {
        resource_name: Str = "resourceName".always(),
        restart_policy: Str = "restartPolicy".always(),
    }

    pub struct ContainerRestartRule = "io.k8s.api.core.v1.ContainerRestartRule" {
        action: Str = "action".required(),
        exit_codes: Option<Rc<ContainerRestartRuleOnExitCodes>> = "exitCodes",
    }

    pub struct ContainerRestartRuleOnExitCodes = "io.k8s.api.core.v1.ContainerRestartRuleOnExitCodes" {
        operator: Str = "operator".required(),
        values: List<i32> = "values".set(),
    }

    pub struct VolumeMount = "io.k8s.api.core.v1.VolumeMount" {
        name: Str = "name".always(),
        read_only: bool = "readOnly",
        recursive_read_only: Option<Str> = "recursiveReadOnly",
        mount_path: Str = "mountPath".always(),
        sub_path: Str = "subPath",
        mount_propagation: Option<Str> = "mountPropagation",
        sub_path_expr: Str = "subPathExpr",
    }

    pub struct VolumeDevice = "io.k8s.api.core.v1.VolumeDevice" {
        name: Str = "name".always(),
        device_path: Str = "devicePath".always(),
    }

    pub struct Probe = "io.k8s.api.core.v1.Probe" {
        exec: Option<Rc<ExecAction>> = "exec",
        http_get: Option<Rc<HTTPGetAction>> = "httpGet",
        tcp_socket: Option<Rc<TCPSocketAction>> = "tcpSocket",
        grpc: Option<Rc<GRPCAction>> = "grpc",
        initial_delay_seconds: i32 = "initialDelaySeconds",
        timeout_seconds: i32 = "timeoutSeconds",
        period_seconds: i32 = "periodSeconds",
        success_threshold: i32 = "successThreshold",
        failure_threshold: i32 = "failureThreshold",
        termination_grace_period_seconds: Option<i64> = "terminationGracePeriodSeconds",
    }

    pub struct ExecAction = "io.k8s.api.core.v1.ExecAction" {
        command: List<Str> = "command".atomic(),
    }

    pub struct HTTPGetAction = "io.k8s.api.core.v1.HTTPGetAction" {
        path: Str = "path",
        port: IntOrString = "port".always().required(),
        host: Str = "host",
        scheme: Str = "scheme",
        http_headers: List<HTTPHeader> = "httpHeaders".atomic(),
    }

    pub struct HTTPHeader = "io.k8s.api.core.v1.HTTPHeader" {
        name: Str = "name".always(),
        value: Str = "value".always(),
    }

    pub struct TCPSocketAction = "io.k8s.api.core.v1.TCPSocketAction" {
        port: IntOrString = "port".always().required(),
        host: Str = "host",
    }

    pub struct GRPCAction = "io.k8s.api.core.v1.GRPCAction" {
        port: i32 = "port".always(),
        service: Option<Str> = "service".always().optional(),
    }

    pub struct SleepAction = "io.k8s.api.core.v1.SleepAction" {
        seconds: i64 = "seconds".always(),
    }

    pub struct Lifecycle = "io.k8s.api.core.v1.Lifecycle" {
        post_start: Option<Rc<LifecycleHandler>> = "postStart",
        pre_stop: Option<Rc<LifecycleHandler>> = "preStop",
        stop_signal: Option<Str> = "stopSignal",
    }

    pub struct LifecycleHandler = "io.k8s.api.core.v1.LifecycleHandler" {
        exec: Option<Rc<ExecAction>> = "exec",
        http_get: Option<Rc<HTTPGetAction>> = "httpGet",
        tcp_socket: Option<Rc<TCPSocketAction>> = "tcpSocket",
        sleep: Option<Rc<SleepAction>> = "sleep",
    }

    pub struct SecurityContext = "io.k8s.api.core.v1.SecurityContext" {
        capabilities: Option<Rc<Capabilities>> = "capabilities",
        privileged: Option<bool> = "privileged",
        se_linux_options: Option<Rc<SELinuxOptions>> = "seLinuxOptions",
        windows_options: Opaque = "windowsOptions".of("io.k8s.api.core.v1.WindowsSecurityContextOptions"),
        run_as_user: Option<i64> = "runAsUser",
        run_as_group: Option<i64> = "runAsGroup",
        run_as_non_root: Option<bool> = "runAsNonRoot",
        read_only_root_filesystem: Option<bool> = "readOnlyRootFilesystem",
        allow_privilege_escalation: Option<bool> = "allowPrivilegeEscalation",
        proc_mount: Option<Str> = "procMount",
        seccomp_profile: Option<Rc<SeccompProfile>> = "seccompProfile",
        app_armor_profile: Option<Rc<AppArmorProfile>> = "appArmorProfile",
    }

    pub struct SELinuxOptions = "io.k8s.api.core.v1.SELinuxOptions" {
        user: Str = "user",
        role: Str = "role",
        type_: Str = "type",
        level: Str = "level",
    }

    pub struct SeccompProfile = "io.k8s.api.core.v1.SeccompProfile" {
        type_: Str = "type".always(),
        localhost_profile: Option<Str> = "localhostProfile",
    }

    pub struct AppArmorProfile = "io.k8s.api.core.v1.AppArmorProfile" {
        type_: Str = "type".always(),
        localhost_profile: Option<Str> = "localhostProfile",
    }

    pub struct Capabilities = "io.k8s.api.core.v1.Capabilities" {
        add: List<Str> = "add".atomic(),
        drop: List<Str> = "drop".atomic(),
    }

    pub struct ResourceRequirements = "io.k8s.api.core.v1.ResourceRequirements" {
        limits: Map<Quantity> = "limits",
        requests: Map<Quantity> = "requests",
        claims: List<ResourceClaim> = "claims".keys(&["name"]),
    }

    pub struct ResourceClaim = "io.k8s.api.core.v1.ResourceClaim" {
        name: Str = "name".always(),
        request: Str = "request",
    }
}

//! What a real API server answered.

use super::*;
use crate::api::Kind;
use crate::api::core::pod::testing::{of, pod};
use std::rc::Rc;

/// Decoded, defaulted, prepared and validated, as the registry does.
fn refusal(spec: &str) -> String {
    let mut p = pod(&format!(r#"{{"metadata":{{"name":"web","namespace":"default"}},"spec":{spec}}}"#));
    p.set_defaults();
    Rc::make_mut(&mut p.spec).service_account_name = "default".into();
    p.prepare_for_create();
    let mut errs = ErrorList::default();
    p.validate(&mut errs);
    if errs.is_empty() { String::new() } else { errs.aggregate() }
}

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
                         and must start and end with an alphanumeric character (e.g. 'example.com', regex used for \
                         validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// Fields of the one container `web` of `nginx:1.25`, and the refusal, of which `CONTAINER` is the path.
const CONTAINERS: &[(&str, &str)] = &[
    (r#""env":[{"name":"","value":"x"}]"#, "CONTAINER.env[0].name: Required value"),
    (
        r#""env":[{"name":"A=B","value":"x"}]"#,
        "CONTAINER.env[0].name: Invalid value: \"A=B\": a valid environment variable name must consist only of printable ASCII characters other than '='",
    ),
    (
        r#""env":[{"name":"A","value":"x","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}]"#,
        "CONTAINER.env[0].valueFrom: Invalid value: \"\": may not be specified when `value` is not empty",
    ),
    (
        r#""env":[{"name":"A","valueFrom":{}}]"#,
        "CONTAINER.env[0].valueFrom: Invalid value: \"\": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
    ),
    (
        r#""env":[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"metadata.nam"}}}]"#,
        "CONTAINER.env[0].valueFrom.fieldRef.fieldPath: Invalid value: \"metadata.nam\": error converting fieldPath: field label not supported: metadata.nam",
    ),
    (
        r#""env":[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"metadata.labels"}}}]"#,
        "CONTAINER.env[0].valueFrom.fieldRef.fieldPath: Unsupported value: \"metadata.labels\": supported values: \"metadata.name\", \"metadata.namespace\", \"metadata.uid\", \"spec.nodeName\", \"spec.serviceAccountName\", \"status.hostIP\", \"status.hostIPs\", \"status.podIP\", \"status.podIPs\"",
    ),
    (r#""env":[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"metadata.labels['app']"}}}]"#, ""),
    (
        r#""env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"settings"}}}]"#,
        "CONTAINER.env[0].valueFrom.configMapKeyRef.key: Required value",
    ),
    (
        r#""env":[{"name":"A","valueFrom":{"resourceFieldRef":{"resource":"limits.disk"}}}]"#,
        "CONTAINER.env[0].valueFrom.resourceFieldRef.resource: Unsupported value: \"limits.disk\": supported values: \"limits.cpu\", \"limits.ephemeral-storage\", \"limits.memory\", \"requests.cpu\", \"requests.ephemeral-storage\", \"requests.memory\"",
    ),
    (r#""envFrom":[{}]"#, "CONTAINER.envFrom: Invalid value: \"\": must specify one of: `configMapRef` or `secretRef`"),
    (r#""livenessProbe":{}"#, "CONTAINER.livenessProbe: Required value: must specify a handler type"),
    (
        r#""livenessProbe":{"exec":{"command":["a"]},"httpGet":{"port":80}}"#,
        "CONTAINER.livenessProbe.httpGet: Forbidden: may not specify more than 1 handler type",
    ),
    (
        r#""livenessProbe":{"httpGet":{"port":"no_port"}}"#,
        "CONTAINER.livenessProbe.httpGet.port: Invalid value: \"no_port\": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
    ),
    (
        r#""readinessProbe":{"tcpSocket":{"port":80},"failureThreshold":-1,"timeoutSeconds":-2,"initialDelaySeconds":-3}"#,
        "[CONTAINER.readinessProbe.initialDelaySeconds: Invalid value: -3: must be greater than or equal to 0, CONTAINER.readinessProbe.timeoutSeconds: Invalid value: -2: must be greater than or equal to 0, CONTAINER.readinessProbe.failureThreshold: Invalid value: -1: must be greater than or equal to 0]",
    ),
    (
        r#""lifecycle":{"preStop":{"sleep":{"seconds":500}}}"#,
        "CONTAINER.lifecycle.preStop.sleep: Invalid value: 500: must be non-negative and less than terminationGracePeriodSeconds (30)",
    ),
    (
        r#""imagePullPolicy":"Maybe""#,
        "CONTAINER.imagePullPolicy: Unsupported value: \"Maybe\": supported values: \"Always\", \"IfNotPresent\", \"Never\"",
    ),
    (
        r#""resources":{"requests":{"memory":"200Mi"},"limits":{"memory":"128Mi"}}"#,
        "CONTAINER.resources.requests: Invalid value: \"200Mi\": must be less than or equal to memory limit of 128Mi",
    ),
    (
        r#""securityContext":{"procMount":"Unmasked"}"#,
        "CONTAINER.securityContext.procMount: Invalid value: \"Unmasked\": `hostUsers` must be false to use `Unmasked`",
    ),
    (
        r#""ports":[{"containerPort":99999}]"#,
        "CONTAINER.ports[0].containerPort: Invalid value: 99999: must be between 1 and 65535, inclusive",
    ),
    (r#""volumeMounts":[{"name":"data","mountPath":"/data"}]"#, "CONTAINER.volumeMounts[0].name: Not found: \"data\""),
    (
        r#""securityContext":{"allowPrivilegeEscalation":false,"privileged":true}"#,
        "CONTAINER.securityContext: Invalid value: {\"Capabilities\":null,\"Privileged\":true,\"SELinuxOptions\":null,\"WindowsOptions\":null,\"RunAsUser\":null,\"RunAsGroup\":null,\"RunAsNonRoot\":null,\"ReadOnlyRootFilesystem\":null,\"AllowPrivilegeEscalation\":false,\"ProcMount\":null,\"SeccompProfile\":null,\"AppArmorProfile\":null}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
    ),
];

#[test]
fn containers_that_are_refused() {
    for (fields, want) in CONTAINERS {
        let got = refusal(&format!(r#"{{"containers":[{{"name":"web","image":"nginx:1.25",{fields}}}]}}"#));
        assert_eq!(got, want.replace("CONTAINER", "spec.containers[0]"), "{fields}");
    }
}

/// More fields of the specification, and the refusal.
const SPECS: &[(&str, &str)] = &[
    (
        r#""restartPolicy":"Sometimes""#,
        "spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"OnFailure\", \"Never\"",
    ),
    (r#""dnsPolicy":"None""#, "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"),
    (
        r#""dnsPolicy":"None","dnsConfig":{"nameservers":["dns"]}"#,
        "spec.dnsConfig.nameservers[0]: Invalid value: \"dns\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
    ),
    (
        r#""activeDeadlineSeconds":0"#,
        "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive",
    ),
    (r#""terminationGracePeriodSeconds":-1"#, ""),
    (r#""subdomain":"a.b""#, "spec.subdomain: Invalid value: \"a.b\": must not contain dots"),
    (r#""os":{"name":"beos"}"#, "spec.os: Unsupported value: \"beos\": supported values: \"linux\", \"windows\""),
    (r#""initContainers":[{"name":"web","image":"a:1"}]"#, "spec.initContainers[0].name: Duplicate value: \"web\""),
    (r#""initContainers":[{"name":"i"}]"#, "spec.initContainers[0].image: Required value"),
    (
        r#""initContainers":[{"name":"i","image":"a:1","lifecycle":{"preStop":{"exec":{"command":["a"]}}}}]"#,
        "spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always",
    ),
    (
        r#""ephemeralContainers":[{"name":"d","image":"a:1"}]"#,
        "spec.ephemeralContainers: Forbidden: cannot be set on create",
    ),
    (
        r#""tolerations":[{"key":"a","operator":"Exists","value":"b"}]"#,
        "spec.tolerations[0].operator: Invalid value: \"b\": value must be empty when `operator` is 'Exists'",
    ),
    (
        r#""topologySpreadConstraints":[{"maxSkew":0,"topologyKey":"zone","whenUnsatisfiable":"Now"}]"#,
        "[spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero, spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: \"Now\": supported values: \"DoNotSchedule\", \"ScheduleAnyway\"]",
    ),
    (
        r#""volumes":[{"name":"a","secret":{"secretName":"s"},"configMap":{"name":"c"}}]"#,
        "spec.volumes[0].configMap: Forbidden: may not specify more than 1 volume type",
    ),
    (
        r#""nodeName":"node-1","schedulingGates":[{"name":"a"}]"#,
        "spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared",
    ),
];

#[test]
fn specifications_that_are_refused() {
    for (fields, want) in SPECS {
        let got = refusal(&format!(r#"{{"containers":[{{"name":"web","image":"nginx:1.25"}}],{fields}}}"#));
        assert_eq!(got, *want, "{fields}");
    }
    assert_eq!(
        refusal(r#"{"containers":[{"name":"web","image":"a:1"}],"nodeName":"Node_1"}"#),
        format!("spec.nodeName: Invalid value: \"Node_1\": {SUBDOMAIN}")
    );
    assert_eq!(refusal(r#"{"containers":[]}"#), "spec.containers: Required value");
}

#[test]
fn templates_are_refused_at_their_own_paths() {
    let mut t: Rc<PodTemplateSpec> = Rc::new(of(
        r#"{"metadata":{"labels":{"a b":"c"}},"spec":{"containers":[{"name":"a","image":" a "}],"restartPolicy":"Never","activeDeadlineSeconds":5}}"#,
    ));
    set_template_defaults(&mut t);
    let spec = Path::new("spec");
    let mut errs = ErrorList::default();
    validate_pod_template_spec(&t, spec.child("template"), &mut errs);
    assert!(errs.aggregate().starts_with("spec.template.labels: Invalid value: \"a b\": name part must consist of"));
    errs.0.clear();
    validate_always_template(&t, "Deployment", spec.child("template"), &mut errs);
    assert_eq!(
        errs.aggregate(),
        "[spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\", \
         spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in Deployment is not Supported]"
    );
}

/// A pod as admission leaves it: what the diff counts lines of.
const STORED: &str = r#"{"metadata":{"name":"web","namespace":"default"},"spec":{
    "containers":[{"name":"web","image":"nginx:1.26","imagePullPolicy":"IfNotPresent","resources":{},
        "terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File",
        "volumeMounts":[{"name":"kube-api-access-x","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}]}],
    "nodeName":"node-1","serviceAccountName":"default","serviceAccount":"default","priority":0,
    "preemptionPolicy":"PreemptLowerPriority",
    "tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300},
        {"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}],
    "volumes":[{"name":"kube-api-access-x","projected":{"defaultMode":420,"sources":[
        {"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},
        {"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}},
        {"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1","fieldPath":"metadata.namespace"}}]}}]}}]}}"#;

fn stored() -> Pod {
    let mut p = pod(STORED);
    p.set_defaults();
    p
}

fn update_refusal(change: impl Fn(&mut PodSpec)) -> String {
    let old = stored();
    let mut new = old.clone();
    change(Rc::make_mut(&mut new.spec));
    new.set_defaults();
    new.prepare_for_update(&old);
    let mut errs = ErrorList::default();
    new.validate_update(&old, &mut errs);
    if errs.is_empty() { String::new() } else { errs.aggregate() }
}

#[test]
fn updates_show_what_they_would_change() {
    const MAY_NOT: &str = "spec: Forbidden: pod updates may not change fields other than \
        `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only \
        additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was \
        previously negative)\n";
    assert_eq!(update_refusal(|s| s.containers.make_mut()[0].image = "nginx:1.27".into()), "");
    assert_eq!(
        update_refusal(|s| {
            s.containers.make_mut()[0].image = "nginx:1.25".into();
            s.containers.make_mut()[0].command.push("a".into());
        }),
        format!(
            "{MAY_NOT}@@ -93,7 +93,9 @@\n   {{\n    \"Name\": \"web\",\n    \"Image\": \"nginx:1.26\",\n\
             -   \"Command\": null,\n+   \"Command\": [\n+    \"a\"\n+   ],\n    \"Args\": null,\n    \
             \"WorkingDir\": \"\",\n    \"Ports\": null,\n"
        )
    );
    assert_eq!(
        update_refusal(|s| s.containers.make_mut()[0].ports.push(of(r#"{"containerPort":80}"#))),
        format!(
            "{MAY_NOT}@@ -96,7 +96,15 @@\n    \"Command\": null,\n    \"Args\": null,\n    \"WorkingDir\": \"\",\n\
             -   \"Ports\": null,\n+   \"Ports\": [\n+    {{\n+     \"Name\": \"\",\n+     \"HostPort\": 0,\n\
             +     \"ContainerPort\": 80,\n+     \"Protocol\": \"TCP\",\n+     \"HostIP\": \"\"\n+    }}\n+   ],\n    \
             \"EnvFrom\": null,\n    \"Env\": null,\n    \"Resources\": {{\n"
        )
    );
    assert_eq!(
        update_refusal(|s| s.restart_policy = "Never".into()),
        format!(
            "{MAY_NOT}@@ -133,7 +133,7 @@\n   }}\n  ],\n  \"EphemeralContainers\": null,\n- \"RestartPolicy\": \
             \"Always\",\n+ \"RestartPolicy\": \"Never\",\n  \"TerminationGracePeriodSeconds\": 30,\n  \
             \"ActiveDeadlineSeconds\": null,\n  \"DNSPolicy\": \"ClusterFirst\",\n"
        )
    );
    assert_eq!(
        update_refusal(|s| {
            let c = &mut s.containers.make_mut()[0];
            c.name = "other".into();
            c.volume_mounts = Default::default();
        }),
        format!(
            "{MAY_NOT}@@ -91,7 +91,7 @@\n  \"InitContainers\": null,\n  \"Containers\": [\n   {{\n-   \"Name\": \
             \"web\",\n+   \"Name\": \"other\",\n    \"Image\": \"nginx:1.26\",\n    \"Command\": null,\n    \"Args\": \
             null,\n@@ -107,17 +107,7 @@\n    \"ResizePolicy\": null,\n    \"RestartPolicy\": null,\n    \
             \"RestartPolicyRules\": null,\n-   \"VolumeMounts\": [\n-    {{\n-     \"Name\": \"kube-api-access-x\",\n-     \
             \"ReadOnly\": true,\n-     \"RecursiveReadOnly\": null,\n-     \"MountPath\": \
             \"/var/run/secrets/kubernetes.io/serviceaccount\",\n-     \"SubPath\": \"\",\n-     \"MountPropagation\": \
             null,\n-     \"SubPathExpr\": \"\"\n-    }}\n-   ],\n+   \"VolumeMounts\": null,\n    \"VolumeDevices\": \
             null,\n    \"LivenessProbe\": null,\n    \"ReadinessProbe\": null,\n"
        )
    );
    let hostname = update_refusal(|s| s.hostname = "x".into());
    assert!(hostname.contains("@@ -162,7 +162,7 @@\n   \"SELinuxChangePolicy\": null\n  },\n"), "{hostname}");
    let second = of::<Container>(r#"{"name":"second","image":"busybox"}"#);
    assert_eq!(
        update_refusal(|s| s.containers.push(second.clone())),
        "spec.containers: Forbidden: pod updates may not add or remove containers"
    );
    assert_eq!(
        update_refusal(|s| s.containers = Default::default()),
        "[spec.containers: Required value, spec.containers: Forbidden: pod updates may not add or remove containers]"
    );
    assert_eq!(
        update_refusal(|s| s.tolerations = Default::default()),
        "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"
    );
}

#[test]
fn statuses_do_not_raise_the_dead() {
    let mut old = stored();
    Rc::make_mut(&mut old.spec).restart_policy = "Never".into();
    let with = |state: &str| {
        let mut p = old.clone();
        p.status = Rc::new(of(&format!(r#"{{"containerStatuses":[{{"name":"web","state":{state}}}]}}"#)));
        p
    };
    let (dead, alive) = (with(r#"{"terminated":{"exitCode":0}}"#), with(r#"{"running":{}}"#));
    let mut errs = ErrorList::default();
    alive.validate_status_update(&dead, &mut errs);
    let why = "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state";
    assert_eq!(errs.aggregate(), why);
    errs.0.clear();
    dead.validate_status_update(&alive, &mut errs);
    assert!(errs.is_empty());
}

#[test]
fn resizing_keeps_the_class_and_all_but_cpu_and_memory() {
    let mut old = stored();
    Rc::make_mut(&mut old.spec).containers.make_mut()[0].resources =
        of(r#"{"requests":{"cpu":"100m","memory":"64Mi"},"limits":{"cpu":"200m","memory":"128Mi"}}"#);
    old.prepare_for_create();
    for (resources, want) in [
        (r#"{"requests":{"cpu":"150m","memory":"64Mi"},"limits":{"cpu":"200m","memory":"128Mi"}}"#, ""),
        (
            r#"{"requests":{"cpu":"150m","memory":"64Mi"},"limits":{"cpu":"50m","memory":"128Mi"}}"#,
            "spec.containers[0].resources.requests: Invalid value: \"150m\": must be less than or equal to cpu limit of 50m",
        ),
        (
            r#"{"requests":{"cpu":"100m"},"limits":{"cpu":"200m","memory":"128Mi"}}"#,
            "spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed",
        ),
        (
            r#"{"requests":{"cpu":"200m","memory":"128Mi"},"limits":{"cpu":"200m","memory":"128Mi"}}"#,
            "spec: Invalid value: \"Burstable\": Pod QOS Class may not change as a result of resizing",
        ),
    ] {
        let mut new = old.clone();
        let spec = Rc::make_mut(&mut new.spec);
        spec.hostname = "dropped".into();
        spec.containers.make_mut()[0].resources = of(resources);
        new.prepare_for_resize(&old);
        let mut errs = ErrorList::default();
        validate_resize(&new, &old, &mut errs);
        assert_eq!(if errs.is_empty() { String::new() } else { errs.aggregate() }, want, "{resources}");
    }
}

#[test]
fn a_whole_template_in_a_message() {
    let mut t: Rc<PodTemplateSpec> =
        Rc::new(of(r#"{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"work","image":"busybox:1"}]}}"#));
    set_template_defaults(&mut t);
    let text = template_text(&t);
    assert!(text.starts_with(
        r#"{"labels":{"a":"b"},"Spec":{"Volumes":null,"InitContainers":null,"Containers":[{"Name":"work","#
    ));
    assert!(text.ends_with(r#""Resources":null,"HostnameOverride":null,"WorkloadRef":null}}"#));
}

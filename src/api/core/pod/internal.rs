//! A pod's parts as upstream's internal types print them: Go's names, Go's order, nothing left out.
//!
//! Upstream: pkg/apis/core/types.go (names and order of fields)
//! Differs: lists and maps that are empty print as nil ones.
//!
//! Some messages show such values, and the diff of a refused update is one of their lines, with their numbers.

use super::*;
use crate::apimachinery::{Api, ObjectMeta, Value};

/// One type a line: `Name:kind …`. `s` text, `i` number, `b` truth, `q` quantity, `v` anything that may be nil,
/// `[]T` list, `*T` pointer, `T` struct, `+T` embedded struct; `Go=json:kind` where the JSON name does not follow from
/// Go's; a question mark after the kind: left out when it is not there.
const TYPES: &str = "
PodSpec Volumes:[]Volume InitContainers:[]Container Containers:[]Container EphemeralContainers:[]EphemeralContainer RestartPolicy:s TerminationGracePeriodSeconds:v ActiveDeadlineSeconds:v DNSPolicy:s NodeSelector:v ServiceAccountName:s AutomountServiceAccountToken:v NodeName:s SecurityContext:*PodSecurityContext ImagePullSecrets:[]LocalObjectReference Hostname:s Subdomain:s SetHostnameAsFQDN:v Affinity:*Affinity SchedulerName:s Tolerations:[]Toleration HostAliases:[]HostAlias PriorityClassName:s Priority:v PreemptionPolicy:v DNSConfig:*PodDNSConfig ReadinessGates:[]PodReadinessGate RuntimeClassName:v Overhead:v EnableServiceLinks:v TopologySpreadConstraints:[]TopologySpreadConstraint OS:*PodOS SchedulingGates:[]PodSchedulingGate ResourceClaims:[]PodResourceClaim Resources:*ResourceRequirements HostnameOverride:v WorkloadRef:*WorkloadReference
Volume Name:s HostPath:*HostPathVolumeSource EmptyDir:*EmptyDirVolumeSource GCEPersistentDisk:*GCEPersistentDiskVolumeSource AWSElasticBlockStore:*AWSElasticBlockStoreVolumeSource GitRepo:*GitRepoVolumeSource Secret:*SecretVolumeSource NFS:*NFSVolumeSource ISCSI:*ISCSIVolumeSource Glusterfs:*GlusterfsVolumeSource PersistentVolumeClaim:*PersistentVolumeClaimVolumeSource RBD:*RBDVolumeSource Quobyte:*QuobyteVolumeSource FlexVolume:*FlexVolumeSource Cinder:*CinderVolumeSource CephFS=cephfs:*CephFSVolumeSource Flocker:*FlockerVolumeSource DownwardAPI:*DownwardAPIVolumeSource FC:*FCVolumeSource AzureFile:*AzureFileVolumeSource ConfigMap:*ConfigMapVolumeSource VsphereVolume:*VsphereVirtualDiskVolumeSource AzureDisk:*AzureDiskVolumeSource PhotonPersistentDisk:*PhotonPersistentDiskVolumeSource Projected:*ProjectedVolumeSource PortworxVolume:*PortworxVolumeSource ScaleIO:*ScaleIOVolumeSource StorageOS=storageos:*StorageOSVolumeSource CSI:*CSIVolumeSource Ephemeral:*EphemeralVolumeSource Image:*ImageVolumeSource
Container Name:s Image:s Command:v Args:v WorkingDir:s Ports:[]ContainerPort EnvFrom:[]EnvFromSource Env:[]EnvVar Resources:ResourceRequirements ResizePolicy:[]ContainerResizePolicy RestartPolicy:v RestartPolicyRules:[]ContainerRestartRule VolumeMounts:[]VolumeMount VolumeDevices:[]VolumeDevice LivenessProbe:*Probe ReadinessProbe:*Probe StartupProbe:*Probe Lifecycle:*Lifecycle TerminationMessagePath:s TerminationMessagePolicy:s ImagePullPolicy:s SecurityContext:*SecurityContext Stdin:b StdinOnce:b TTY:b
EphemeralContainer +Container TargetContainerName:s
PodSecurityContext HostNetwork:b HostPID:b HostIPC:b ShareProcessNamespace:v HostUsers:v SELinuxOptions:*SELinuxOptions WindowsOptions:*WindowsSecurityContextOptions RunAsUser:v RunAsGroup:v RunAsNonRoot:v SupplementalGroups:v SupplementalGroupsPolicy:v FSGroup:v FSGroupChangePolicy:v Sysctls:[]Pair SeccompProfile:*SeccompProfile AppArmorProfile:*AppArmorProfile SELinuxChangePolicy:v
LocalObjectReference Name:s
Affinity NodeAffinity:*NodeAffinity PodAffinity:*PodAffinity PodAntiAffinity:*PodAffinity
Toleration Key:s Operator:s Value:s Effect:s TolerationSeconds:v
HostAlias IP:s Hostnames:v
PodDNSConfig Nameservers:v Searches:v Options:[]PodDNSConfigOption
PodReadinessGate ConditionType:s
TopologySpreadConstraint MaxSkew:i TopologyKey:s WhenUnsatisfiable:s LabelSelector:*LabelSelector MinDomains:v NodeAffinityPolicy:v NodeTaintsPolicy:v MatchLabelKeys:v
PodOS Name:s
PodSchedulingGate Name:s
PodResourceClaim Name:s ResourceClaimName:v ResourceClaimTemplateName:v
ResourceRequirements Limits:v Requests:v Claims:[]ResourceClaim
WorkloadReference Name:s PodGroup:s PodGroupReplicaKey:s
ContainerPort Name:s HostPort:i ContainerPort:i Protocol:s HostIP:s
EnvFromSource Prefix:s ConfigMapRef:*ConfigMapEnvSource SecretRef:*ConfigMapEnvSource
EnvVar Name:s Value:s ValueFrom:*EnvVarSource
ContainerResizePolicy ResourceName:s RestartPolicy:s
ContainerRestartRule Action:s ExitCodes:*ContainerRestartRuleOnExitCodes
VolumeMount Name:s ReadOnly:b RecursiveReadOnly:v MountPath:s SubPath:s MountPropagation:v SubPathExpr:s
VolumeDevice Name:s DevicePath:s
Probe Exec:*ExecAction HTTPGet:*HTTPGetAction TCPSocket:*TCPSocketAction GRPC:*GRPCAction InitialDelaySeconds:i TimeoutSeconds:i PeriodSeconds:i SuccessThreshold:i FailureThreshold:i TerminationGracePeriodSeconds:v
Lifecycle PostStart:*LifecycleHandler PreStop:*LifecycleHandler StopSignal:v
SecurityContext Capabilities:*Capabilities Privileged:v SELinuxOptions:*SELinuxOptions WindowsOptions:*WindowsSecurityContextOptions RunAsUser:v RunAsGroup:v RunAsNonRoot:v ReadOnlyRootFilesystem:v AllowPrivilegeEscalation:v ProcMount:v SeccompProfile:*SeccompProfile AppArmorProfile:*AppArmorProfile
SELinuxOptions User:s Role:s Type:s Level:s
WindowsSecurityContextOptions GMSACredentialSpecName:v GMSACredentialSpec:v RunAsUserName:v HostProcess:v
Pair Name:s Value:s
SeccompProfile Type:s LocalhostProfile:v
AppArmorProfile Type:s LocalhostProfile:v
NodeAffinity RequiredDuringSchedulingIgnoredDuringExecution:*NodeSelector PreferredDuringSchedulingIgnoredDuringExecution:[]PreferredSchedulingTerm
PodAffinity RequiredDuringSchedulingIgnoredDuringExecution:[]PodAffinityTerm PreferredDuringSchedulingIgnoredDuringExecution:[]WeightedPodAffinityTerm
PodDNSConfigOption Name:s Value:v
ResourceClaim Name:s Request:s
HostPathVolumeSource Path:s Type:v
EmptyDirVolumeSource Medium:s SizeLimit:v
GCEPersistentDiskVolumeSource PDName:s FSType:s Partition:i ReadOnly:b
AWSElasticBlockStoreVolumeSource VolumeID:s FSType:s Partition:i ReadOnly:b
GitRepoVolumeSource Repository:s Revision:s Directory:s
SecretVolumeSource SecretName:s Items:[]KeyToPath DefaultMode:v Optional:v
NFSVolumeSource Server:s Path:s ReadOnly:b
ISCSIVolumeSource TargetPortal:s IQN:s Lun:i ISCSIInterface:s FSType:s ReadOnly:b Portals:v DiscoveryCHAPAuth=chapAuthDiscovery:b SessionCHAPAuth=chapAuthSession:b SecretRef:*LocalObjectReference InitiatorName:v
GlusterfsVolumeSource EndpointsName=endpoints:s Path:s ReadOnly:b
PersistentVolumeClaimVolumeSource ClaimName:s ReadOnly:b
RBDVolumeSource CephMonitors=monitors:v RBDImage=image:s FSType:s RBDPool=pool:s RadosUser=user:s Keyring:s SecretRef:*LocalObjectReference ReadOnly:b
QuobyteVolumeSource Registry:s Volume:s ReadOnly:b User:s Group:s Tenant:s
FlexVolumeSource Driver:s FSType:s SecretRef:*LocalObjectReference ReadOnly:b Options:v
CinderVolumeSource VolumeID:s FSType:s ReadOnly:b SecretRef:*LocalObjectReference
CephFSVolumeSource Monitors:v Path:s User:s SecretFile:s SecretRef:*LocalObjectReference ReadOnly:b
FlockerVolumeSource DatasetName:s DatasetUUID:s
DownwardAPIVolumeSource Items:[]DownwardAPIVolumeFile DefaultMode:v
FCVolumeSource TargetWWNs:v Lun:v FSType:s ReadOnly:b WWIDs=wwids:v
AzureFileVolumeSource SecretName:s ShareName:s ReadOnly:b
ConfigMapVolumeSource Name:s Items:[]KeyToPath DefaultMode:v Optional:v
VsphereVirtualDiskVolumeSource VolumePath:s FSType:s StoragePolicyName:s StoragePolicyID:s
AzureDiskVolumeSource DiskName:s DataDiskURI=diskURI:s CachingMode:v FSType:v ReadOnly:v Kind:v
PhotonPersistentDiskVolumeSource PdID:s FSType:s
ProjectedVolumeSource Sources:[]VolumeProjection DefaultMode:v
PortworxVolumeSource VolumeID:s FSType:s ReadOnly:b
ScaleIOVolumeSource Gateway:s System:s SecretRef:*LocalObjectReference SSLEnabled:b ProtectionDomain:s StoragePool:s StorageMode:s VolumeName:s FSType:s ReadOnly:b
StorageOSVolumeSource VolumeName:s VolumeNamespace:s FSType:s ReadOnly:b SecretRef:*LocalObjectReference
CSIVolumeSource Driver:s ReadOnly:v FSType:v VolumeAttributes:v NodePublishSecretRef:*LocalObjectReference
EphemeralVolumeSource VolumeClaimTemplate:*PersistentVolumeClaimTemplate
ImageVolumeSource Reference:s PullPolicy:s
ConfigMapEnvSource Name:s Optional:v
EnvVarSource FieldRef:*ObjectFieldSelector ResourceFieldRef:*ResourceFieldSelector ConfigMapKeyRef:*KeySelector SecretKeyRef:*KeySelector FileKeyRef:*FileKeySelector
ContainerRestartRuleOnExitCodes Operator:s Values:v
LifecycleHandler Exec:*ExecAction HTTPGet:*HTTPGetAction TCPSocket:*TCPSocketAction Sleep:*SleepAction
Capabilities Add:v Drop:v
NodeSelector NodeSelectorTerms:[]NodeSelectorTerm
PreferredSchedulingTerm Weight:i Preference:NodeSelectorTerm
PodAffinityTerm LabelSelector:*LabelSelector Namespaces:v TopologyKey:s NamespaceSelector:*LabelSelector MatchLabelKeys:v MismatchLabelKeys:v
WeightedPodAffinityTerm Weight:i PodAffinityTerm:PodAffinityTerm
KeyToPath Key:s Path:s Mode:v
DownwardAPIVolumeFile Path:s FieldRef:*ObjectFieldSelector ResourceFieldRef:*ResourceFieldSelector Mode:v
VolumeProjection Secret:*KeysProjection DownwardAPI:*DownwardAPIProjection ConfigMap:*KeysProjection ServiceAccountToken:*ServiceAccountTokenProjection ClusterTrustBundle:*ClusterTrustBundleProjection PodCertificate:*PodCertificateProjection
PersistentVolumeClaimTemplate +metadata Spec:PersistentVolumeClaimSpec
ObjectFieldSelector APIVersion:s FieldPath:s
ResourceFieldSelector ContainerName:s Resource:s Divisor:q
KeySelector Name:s Key:s Optional:v
FileKeySelector VolumeName:s Path:s Key:s Optional:v
ExecAction Command:v
HTTPGetAction Path:s Port:v Host:s Scheme:s HTTPHeaders:[]Pair
TCPSocketAction Port:v Host:s
GRPCAction Port:i Service:v
SleepAction Seconds:i
NodeSelectorTerm MatchExpressions:[]NodeSelectorRequirement MatchFields:[]NodeSelectorRequirement
KeysProjection Name:s Items:[]KeyToPath Optional:v
DownwardAPIProjection Items:[]DownwardAPIVolumeFile
ServiceAccountTokenProjection Audience:s ExpirationSeconds:i Path:s
ClusterTrustBundleProjection Name:v SignerName:v LabelSelector:*LabelSelector Optional:v Path:s
PodCertificateProjection SignerName:s KeyType:s MaxExpirationSeconds:v CredentialBundlePath:s KeyPath:s CertificateChainPath:s UserAnnotations:v
PersistentVolumeClaimSpec AccessModes:v Selector:*LabelSelector Resources:VolumeResourceRequirements VolumeName:s StorageClassName:v VolumeMode:v DataSource:*TypedReference DataSourceRef:*TypedObjectReference VolumeAttributesClassName:v
NodeSelectorRequirement Key:s Operator:s Values:v
VolumeResourceRequirements Limits:v Requests:v
TypedReference APIGroup:v Kind:s Name:s
TypedObjectReference APIGroup:v Kind:s Name:s Namespace:v
LabelSelector matchLabels=matchLabels:v? matchExpressions=matchExpressions:[]LabelSelectorRequirement?
LabelSelectorRequirement key=key:s operator=operator:s values=values:v?
";

/// A tree whose objects keep their order.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Tree {
    /// Text of JSON.
    Leaf(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

/// The part as one of the types above.
pub(super) fn tree<T: Api>(part: &T, type_: &str) -> Tree {
    of_struct(&part.encode(), type_)
}

pub(super) fn pod_spec(spec: &PodSpec) -> Tree {
    let mut v = spec.encode();
    // What belongs to the pod's sandbox stands in its security context there.
    if let Value::Object(map) = &mut v {
        let moved: Vec<_> = ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"]
            .iter()
            .filter_map(|name| map.remove_entry(*name))
            .collect();
        if let Some(Value::Object(context)) = map.get_mut("securityContext") {
            context.extend(moved);
        }
    }
    of_struct(&v, "PodSpec")
}

/// A whole template, as messages show one that may not change.
pub fn template_text(t: &PodTemplateSpec) -> String {
    let mut pairs = metadata(&t.metadata.encode());
    pairs.push(("Spec".to_owned(), pod_spec(&t.spec)));
    Tree::Object(pairs).compact()
}

/// What changed between two claims, as the refusal of the change shows it.
pub fn claim_spec_difference(old: &PersistentVolumeClaimSpec, new: &PersistentVolumeClaimSpec) -> String {
    let text = |s: &PersistentVolumeClaimSpec| tree(s, "PersistentVolumeClaimSpec").pretty();
    super::validate::unified_diff(&text(old), &text(new))
}

/// It prints as in the API, field after field as declared.
fn metadata(v: &Value) -> Vec<(String, Tree)> {
    let fields = ObjectMeta::SCHEMA.fields.iter();
    fields.filter_map(|f| Some((f.name.to_owned(), as_is(v.get(f.name)?)))).collect()
}

fn fields(type_: &str) -> impl Iterator<Item = &'static str> {
    let line = TYPES.lines().find(|l| l.split(' ').next() == Some(type_));
    line.unwrap_or_else(|| panic!("no such type: {type_}")).split(' ').skip(1)
}

fn of_struct(v: &Value, type_: &str) -> Tree {
    let mut out = Vec::new();
    for field in fields(type_) {
        if let Some(inner) = field.strip_prefix('+') {
            match inner {
                "metadata" => out.extend(metadata(&v["metadata"])),
                _ => {
                    if let Tree::Object(pairs) = of_struct(v, inner) {
                        out.extend(pairs);
                    }
                }
            }
            continue;
        }
        let (name, kind) = field.split_once(':').unwrap_or((field, "v"));
        let (go, json) = match name.split_once('=') {
            Some((go, json)) => (go, json.to_owned()),
            None => (name, json_name(name)),
        };
        let value = v.get(&json).filter(|v| !v.is_null());
        let kind = match (kind.strip_suffix('?'), value) {
            (Some(_), None) => continue,
            (Some(kind), Some(_)) => kind,
            (None, _) => kind,
        };
        out.push((go.to_owned(), of_kind(value, kind)));
    }
    Tree::Object(out)
}

fn of_kind(value: Option<&Value>, kind: &str) -> Tree {
    let zero = |text: &str| value.map_or_else(|| Tree::Leaf(text.to_owned()), as_is);
    match kind {
        "s" => zero("\"\""),
        "i" => zero("0"),
        "b" => zero("false"),
        "q" => zero("\"0\""),
        "v" => zero("null"),
        _ => {
            if let Some(item) = kind.strip_prefix("[]") {
                match value {
                    Some(Value::Array(items)) => Tree::List(items.iter().map(|v| of_struct(v, item)).collect()),
                    _ => zero("null"),
                }
            } else if let Some(pointer) = kind.strip_prefix('*') {
                value.map_or_else(|| zero("null"), |v| of_struct(v, pointer))
            } else {
                of_struct(value.unwrap_or(&Value::Null), kind)
            }
        }
    }
}

fn as_is(v: &Value) -> Tree {
    match v {
        Value::Array(items) => Tree::List(items.iter().map(as_is).collect()),
        Value::Object(map) => Tree::Object(map.iter().map(|(k, v)| (k.clone(), as_is(v))).collect()),
        scalar => Tree::Leaf(go_json(scalar)),
    }
}

/// Go's encoder writes `<`, `>` and `&` as escapes.
fn go_json(v: &Value) -> String {
    v.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// `HTTPGet` → `httpGet`, `DNSPolicy` → `dnsPolicy`, `TTY` → `tty`.
fn json_name(go: &str) -> String {
    let capitals = go.bytes().take_while(u8::is_ascii_uppercase).count();
    let low = if capitals == go.len() || capitals == 1 { capitals } else { capitals - 1 };
    format!("{}{}", go[..low].to_ascii_lowercase(), &go[low..])
}

impl Tree {
    pub(super) fn compact(&self) -> String {
        match self {
            Tree::Leaf(text) => text.clone(),
            Tree::List(items) => format!("[{}]", items.iter().map(Tree::compact).collect::<Vec<_>>().join(",")),
            Tree::Object(pairs) => {
                let pairs: Vec<_> = pairs.iter().map(|(k, v)| format!("\"{k}\":{}", v.compact())).collect();
                format!("{{{}}}", pairs.join(","))
            }
        }
    }

    /// One blank a level.
    pub(super) fn pretty(&self) -> String {
        let mut out = String::new();
        self.write(0, &mut out);
        out
    }

    fn write(&self, depth: usize, out: &mut String) {
        let line = |out: &mut String, i: usize, depth: usize| {
            out.push_str(if i == 0 { "\n" } else { ",\n" });
            out.push_str(&" ".repeat(depth + 1));
        };
        let end = |out: &mut String| {
            out.push('\n');
            out.push_str(&" ".repeat(depth));
        };
        match self {
            Tree::Leaf(text) => out.push_str(text),
            Tree::List(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    line(out, i, depth);
                    item.write(depth + 1, out);
                }
                if !items.is_empty() {
                    end(out);
                }
                out.push(']');
            }
            Tree::Object(pairs) => {
                out.push('{');
                for (i, (name, value)) in pairs.iter().enumerate() {
                    line(out, i, depth);
                    out.push_str(&format!("\"{name}\": "));
                    value.write(depth + 1, out);
                }
                if !pairs.is_empty() {
                    end(out);
                }
                out.push('}');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_that_is_named_is_there() {
        for line in TYPES.lines().filter(|l| !l.is_empty()) {
            for field in line.split(' ').skip(1) {
                let kind = field.split_once(':').map_or(field, |(_, kind)| kind);
                let kind = kind.trim_start_matches(['+', '*', '[', ']']).trim_end_matches('?');
                if !matches!(kind, "s" | "i" | "b" | "q" | "v" | "metadata") {
                    assert!(fields(kind).count() > 0, "{kind}");
                }
            }
        }
    }

    #[test]
    fn names() {
        for (go, json) in [
            ("HTTPGet", "httpGet"),
            ("TTY", "tty"),
            ("DNSPolicy", "dnsPolicy"),
            ("Name", "name"),
            ("SELinuxOptions", "seLinuxOptions"),
            ("AWSElasticBlockStore", "awsElasticBlockStore"),
            ("APIVersion", "apiVersion"),
        ] {
            assert_eq!(json_name(go), json);
        }
    }
}

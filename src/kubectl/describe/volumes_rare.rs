//! Volumes that nothing here mounts and that pass through as trees, described by a table.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (print…VolumeSource)
//! Differs: nothing known.

use super::text::{Writer, put};
use crate::api::core::Volume;
use crate::apimachinery::Value;
use crate::apimachinery::codec::Opaque;

/// How a field of a source reads where it is unset, and otherwise.
#[derive(Clone, Copy)]
enum As {
    Text,
    Number,
    Bool,
    /// `[a b]`
    List,
    /// `a, b`
    Joined,
    /// `map[a:b]`
    Map,
    /// A reference to a Secret, as Go prints a pointer to one.
    Secret,
    /// The text or number, or `<none>`.
    OrNone,
}
use As::{Bool, Joined, List, Map, Number, OrNone, Secret, Text};

type Row = (&'static str, &'static str, As);
type Source = (fn(&Volume) -> &Opaque, &'static str, &'static [Row]);

/// In the order in which kubectl looks.
const SOURCES: &[Source] = &[
    (
        |v| &v.gce_persistent_disk,
        "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
        &[
            ("PDName:", "pdName", Text),
            ("FSType:", "fsType", Text),
            ("Partition:", "partition", Number),
            ("ReadOnly:", "readOnly", Bool),
        ],
    ),
    (
        |v| &v.aws_elastic_block_store,
        "AWSElasticBlockStore (a Persistent Disk resource in AWS)",
        &[
            ("VolumeID:", "volumeID", Text),
            ("FSType:", "fsType", Text),
            ("Partition:", "partition", Number),
            ("ReadOnly:", "readOnly", Bool),
        ],
    ),
    (
        |v| &v.git_repo,
        "GitRepo (a volume that is pulled from git when the pod is created)",
        &[("Repository:", "repository", Text), ("Revision:", "revision", Text)],
    ),
    (
        |v| &v.iscsi,
        "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)",
        &[
            ("TargetPortal:", "targetPortal", Text),
            ("IQN:", "iqn", Text),
            ("Lun:", "lun", Number),
            ("ISCSIInterface", "iscsiInterface", Text),
            ("FSType:", "fsType", Text),
            ("ReadOnly:", "readOnly", Bool),
            ("Portals:", "portals", List),
            ("DiscoveryCHAPAuth:", "chapAuthDiscovery", Bool),
            ("SessionCHAPAuth:", "chapAuthSession", Bool),
            ("SecretRef:", "secretRef", Secret),
            ("InitiatorName:", "initiatorName", OrNone),
        ],
    ),
    (
        |v| &v.glusterfs,
        "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
        &[("EndpointsName:", "endpoints", Text), ("Path:", "path", Text), ("ReadOnly:", "readOnly", Bool)],
    ),
    (
        |v| &v.rbd,
        "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)",
        &[
            ("CephMonitors:", "monitors", List),
            ("RBDImage:", "image", Text),
            ("FSType:", "fsType", Text),
            ("RBDPool:", "pool", Text),
            ("RadosUser:", "user", Text),
            ("Keyring:", "keyring", Text),
            ("SecretRef:", "secretRef", Secret),
            ("ReadOnly:", "readOnly", Bool),
        ],
    ),
    (
        |v| &v.quobyte,
        "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)",
        &[("Registry:", "registry", Text), ("Volume:", "volume", Text), ("ReadOnly:", "readOnly", Bool)],
    ),
    (
        |v| &v.azure_disk,
        "AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)",
        &[
            ("DiskName:", "diskName", Text),
            ("DiskURI:", "diskURI", Text),
            ("Kind: ", "kind", Text),
            ("FSType:", "fsType", Text),
            ("CachingMode:", "cachingMode", Text),
            ("ReadOnly:", "readOnly", Bool),
        ],
    ),
    (
        |v| &v.vsphere_volume,
        "vSphereVolume (a Persistent Disk resource in vSphere)",
        &[
            ("VolumePath:", "volumePath", Text),
            ("FSType:", "fsType", Text),
            ("StoragePolicyName:", "storagePolicyName", Text),
        ],
    ),
    (
        |v| &v.cinder,
        "Cinder (a Persistent Disk resource in OpenStack)",
        &[
            ("VolumeID:", "volumeID", Text),
            ("FSType:", "fsType", Text),
            ("ReadOnly:", "readOnly", Bool),
            ("SecretRef:", "secretRef", Secret),
        ],
    ),
    (
        |v| &v.photon_persistent_disk,
        "PhotonPersistentDisk (a Persistent Disk resource in photon platform)",
        &[("PdID:", "pdID", Text), ("FSType:", "fsType", Text)],
    ),
    (|v| &v.portworx_volume, "PortworxVolume (a Portworx Volume resource)", &[("VolumeID:", "volumeID", Text)]),
    (
        |v| &v.scale_io,
        "ScaleIO (a persistent volume backed by a block device in ScaleIO)",
        &[
            ("Gateway:", "gateway", Text),
            ("System:", "system", Text),
            ("Protection Domain:", "protectionDomain", Text),
            ("Storage Pool:", "storagePool", Text),
            ("Storage Mode:", "storageMode", Text),
            ("VolumeName:", "volumeName", Text),
            ("FSType:", "fsType", Text),
            ("ReadOnly:", "readOnly", Bool),
        ],
    ),
    (
        |v| &v.cephfs,
        "CephFS (a CephFS mount on the host that shares a pod's lifetime)",
        &[
            ("Monitors:", "monitors", List),
            ("Path:", "path", Text),
            ("User:", "user", Text),
            ("SecretFile:", "secretFile", Text),
            ("SecretRef:", "secretRef", Secret),
            ("ReadOnly:", "readOnly", Bool),
        ],
    ),
    (
        |v| &v.storageos,
        "StorageOS (a StorageOS Persistent Disk resource)",
        &[
            ("VolumeName:", "volumeName", Text),
            ("VolumeNamespace:", "volumeNamespace", Text),
            ("FSType:", "fsType", Text),
            ("ReadOnly:", "readOnly", Bool),
        ],
    ),
    (
        |v| &v.fc,
        "FC (a Fibre Channel disk)",
        &[
            ("TargetWWNs:", "targetWWNs", Joined),
            ("LUN:", "lun", OrNone),
            ("FSType:", "fsType", Text),
            ("ReadOnly:", "readOnly", Bool),
        ],
    ),
    (
        |v| &v.azure_file,
        "AzureFile (an Azure File Service mount on the host and bind mount to the pod)",
        &[("SecretName:", "secretName", Text), ("ShareName:", "shareName", Text), ("ReadOnly:", "readOnly", Bool)],
    ),
    (
        |v| &v.flex_volume,
        "FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)",
        &[
            ("Driver:", "driver", Text),
            ("FSType:", "fsType", Text),
            ("SecretRef:", "secretRef", Secret),
            ("ReadOnly:", "readOnly", Bool),
            ("Options:", "options", Map),
        ],
    ),
    (
        |v| &v.flocker,
        "Flocker (a Flocker volume mounted by the Flocker agent)",
        &[("DatasetName:", "datasetName", Text), ("DatasetUUID:", "datasetUUID", Text)],
    ),
];

/// Whether it is one of these.
pub(super) fn describe(w: &mut Writer, volume: &Volume) -> bool {
    let found = SOURCES.iter().find_map(|(of, about, rows)| Some((of(volume).value()?, about, rows)));
    let Some((source, about, rows)) = found else { return false };
    w.field(2, "Type", about);
    for (title, field, how) in *rows {
        put!(w, 2, "{title}\t{}\n", text(source.get(field), *how));
    }
    true
}

fn text(value: Option<&Value>, how: As) -> String {
    let words = || value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
    match (how, value) {
        (List, _) => format!("[{}]", words().join(" ")),
        (Joined, _) => words().join(", "),
        (Map, None) => "map[]".to_owned(),
        (Secret, None) => "nil".to_owned(),
        (Secret, Some(reference)) => {
            format!("&LocalObjectReference{{Name:{},}}", reference["name"].as_str().unwrap_or_default())
        }
        (Text, None) => String::new(),
        (Number, None) => "0".to_owned(),
        (Bool, None) => "false".to_owned(),
        (OrNone, None) => "<none>".to_owned(),
        (_, Some(value)) => super::generic::go_value(value),
    }
}

//! Volumes of a pod and what fills them.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go
//! Differs: the sources of volumes that nothing here can mount pass through as trees.

use super::*;
use crate::apimachinery::codec::Opaque;
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::{LabelSelector, List, Map, ObjectMeta, Str};
use std::rc::Rc;

crate::api! {
    pub struct Volume = "io.k8s.api.core.v1.Volume" {
        name: Str = "name".always(),
        host_path: Option<Rc<HostPathVolumeSource>> = "hostPath",
        empty_dir: Option<Rc<EmptyDirVolumeSource>> = "emptyDir",
        gce_persistent_disk: Opaque = "gcePersistentDisk".of("io.k8s.api.core.v1.GCEPersistentDiskVolumeSource"),
        aws_elastic_block_store: Opaque = "awsElasticBlockStore".of("io.k8s.api.core.v1.AWSElasticBlockStoreVolumeSource"),
        git_repo: Opaque = "gitRepo".of("io.k8s.api.core.v1.GitRepoVolumeSource"),
        secret: Option<Rc<SecretVolumeSource>> = "secret",
        nfs: Option<Rc<NFSVolumeSource>> = "nfs",
        iscsi: Opaque = "iscsi".of("io.k8s.api.core.v1.ISCSIVolumeSource"),
        glusterfs: Opaque = "glusterfs".of("io.k8s.api.core.v1.GlusterfsVolumeSource"),
        persistent_volume_claim: Option<Rc<PersistentVolumeClaimVolumeSource>> = "persistentVolumeClaim",
        rbd: Opaque = "rbd".of("io.k8s.api.core.v1.RBDVolumeSource"),
        flex_volume: Opaque = "flexVolume".of("io.k8s.api.core.v1.FlexVolumeSource"),
        cinder: Opaque = "cinder".of("io.k8s.api.core.v1.CinderVolumeSource"),
        cephfs: Opaque = "cephfs".of("io.k8s.api.core.v1.CephFSVolumeSource"),
        flocker: Opaque = "flocker".of("io.k8s.api.core.v1.FlockerVolumeSource"),
        downward_api: Option<Rc<DownwardAPIVolumeSource>> = "downwardAPI",
        fc: Opaque = "fc".of("io.k8s.api.core.v1.FCVolumeSource"),
        azure_file: Opaque = "azureFile".of("io.k8s.api.core.v1.AzureFileVolumeSource"),
        config_map: Option<Rc<ConfigMapVolumeSource>> = "configMap",
        vsphere_volume: Opaque = "vsphereVolume".of("io.k8s.api.core.v1.VsphereVirtualDiskVolumeSource"),
        quobyte: Opaque = "quobyte".of("io.k8s.api.core.v1.QuobyteVolumeSource"),
        azure_disk: Opaque = "azureDisk".of("io.k8s.api.core.v1.AzureDiskVolumeSource"),
        photon_persistent_disk: Opaque = "photonPersistentDisk".of("io.k8s.api.core.v1.PhotonPersistentDiskVolumeSource"),
        projected: Option<Rc<ProjectedVolumeSource>> = "projected",
        portworx_volume: Opaque = "portworxVolume".of("io.k8s.api.core.v1.PortworxVolumeSource"),
        scale_io: Opaque = "scaleIO".of("io.k8s.api.core.v1.ScaleIOVolumeSource"),
        storageos: Opaque = "storageos".of("io.k8s.api.core.v1.StorageOSVolumeSource"),
        csi: Option<Rc<CSIVolumeSource>> = "csi",
        ephemeral: Option<Rc<EphemeralVolumeSource>> = "ephemeral",
        image: Option<Rc<ImageVolumeSource>> = "image",
    }

    pub struct HostPathVolumeSource = "io.k8s.api.core.v1.HostPathVolumeSource" {
        path: Str = "path".always(),
        type_: Option<Str> = "type",
    }

    pub struct EmptyDirVolumeSource = "io.k8s.api.core.v1.EmptyDirVolumeSource" {
        medium: Str = "medium",
        size_limit: Option<Quantity> = "sizeLimit",
    }

    pub struct SecretVolumeSource = "io.k8s.api.core.v1.SecretVolumeSource" {
        secret_name: Str = "secretName",
        items: List<KeyToPath> = "items".atomic(),
        default_mode: Option<i32> = "defaultMode",
        optional: Option<bool> = "optional",
    }

    pub struct NFSVolumeSource = "io.k8s.api.core.v1.NFSVolumeSource" {
        server: Str = "server".always(),
        path: Str = "path".always(),
        read_only: bool = "readOnly",
    }

    pub struct PersistentVolumeClaimVolumeSource = "io.k8s.api.core.v1.PersistentVolumeClaimVolumeSource" {
        claim_name: Str = "claimName".always(),
        read_only: bool = "readOnly",
    }

    pub struct DownwardAPIVolumeSource = "io.k8s.api.core.v1.DownwardAPIVolumeSource" {
        items: List<DownwardAPIVolumeFile> = "items".atomic(),
        default_mode: Option<i32> = "defaultMode",
    }

    pub struct ConfigMapVolumeSource = "io.k8s.api.core.v1.ConfigMapVolumeSource" {
        name: Str = "name",
        items: List<KeyToPath> = "items".atomic(),
        default_mode: Option<i32> = "defaultMode",
        optional: Option<bool> = "optional",
    }

    pub struct ProjectedVolumeSource = "io.k8s.api.core.v1.ProjectedVolumeSource" {
        sources: List<VolumeProjection> = "sources".always().optional().atomic(),
        default_mode: Option<i32> = "defaultMode",
    }

    pub struct CSIVolumeSource = "io.k8s.api.core.v1.CSIVolumeSource" {
        driver: Str = "driver".always(),
        read_only: Option<bool> = "readOnly",
        fs_type: Option<Str> = "fsType",
        volume_attributes: Map = "volumeAttributes",
        node_publish_secret_ref: Option<Rc<LocalObjectReference>> = "nodePublishSecretRef",
    }

    pub struct EphemeralVolumeSource = "io.k8s.api.core.v1.EphemeralVolumeSource" {
        volume_claim_template: Option<Rc<PersistentVolumeClaimTemplate>> = "volumeClaimTemplate",
    }

    pub struct ImageVolumeSource = "io.k8s.api.core.v1.ImageVolumeSource" {
        reference: Str = "reference",
        pull_policy: Str = "pullPolicy",
    }

    pub struct KeyToPath = "io.k8s.api.core.v1.KeyToPath" {
        key: Str = "key".always(),
        path: Str = "path".always(),
        mode: Option<i32> = "mode",
    }

    pub struct DownwardAPIVolumeFile = "io.k8s.api.core.v1.DownwardAPIVolumeFile" {
        path: Str = "path".always(),
        field_ref: Option<Rc<ObjectFieldSelector>> = "fieldRef",
        resource_field_ref: Option<Rc<ResourceFieldSelector>> = "resourceFieldRef",
        mode: Option<i32> = "mode",
    }

    pub struct VolumeProjection = "io.k8s.api.core.v1.VolumeProjection" {
        secret: Option<Rc<SecretProjection>> = "secret",
        downward_api: Option<Rc<DownwardAPIProjection>> = "downwardAPI",
        config_map: Option<Rc<ConfigMapProjection>> = "configMap",
        service_account_token: Option<Rc<ServiceAccountTokenProjection>> = "serviceAccountToken",
        cluster_trust_bundle: Option<Rc<ClusterTrustBundleProjection>> = "clusterTrustBundle",
        pod_certificate: Option<Rc<PodCertificateProjection>> = "podCertificate",
    }

    pub struct SecretProjection = "io.k8s.api.core.v1.SecretProjection" {
        name: Str = "name",
        items: List<KeyToPath> = "items".atomic(),
        optional: Option<bool> = "optional",
    }

    pub struct DownwardAPIProjection = "io.k8s.api.core.v1.DownwardAPIProjection" {
        items: List<DownwardAPIVolumeFile> = "items".atomic(),
    }

    pub struct ConfigMapProjection = "io.k8s.api.core.v1.ConfigMapProjection" {
        name: Str = "name",
        items: List<KeyToPath> = "items".atomic(),
        optional: Option<bool> = "optional",
    }

    pub struct ServiceAccountTokenProjection = "io.k8s.api.core.v1.ServiceAccountTokenProjection" {
        audience: Str = "audience",
        expiration_seconds: Option<i64> = "expirationSeconds",
        path: Str = "path".always(),
    }

    pub struct ClusterTrustBundleProjection = "io.k8s.api.core.v1.ClusterTrustBundleProjection" {
        name: Option<Str> = "name",
        signer_name: Option<Str> = "signerName",
        label_selector: Option<Rc<LabelSelector>> = "labelSelector",
        optional: Option<bool> = "optional",
        path: Str = "path".always(),
    }

    pub struct PodCertificateProjection = "io.k8s.api.core.v1.PodCertificateProjection" {
        signer_name: Str = "signerName".required(),
        key_type: Str = "keyType".required(),
        max_expiration_seconds: Option<i32> = "maxExpirationSeconds",
        credential_bundle_path: Str = "credentialBundlePath",
        key_path: Str = "keyPath",
        certificate_chain_path: Str = "certificateChainPath",
        user_annotations: Map = "userAnnotations",
    }

    pub struct PersistentVolumeClaimTemplate = "io.k8s.api.core.v1.PersistentVolumeClaimTemplate" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<PersistentVolumeClaimSpec> = "spec".always().required(),
    }

    pub struct PersistentVolumeClaimSpec = "io.k8s.api.core.v1.PersistentVolumeClaimSpec" {
        access_modes: List<Str> = "accessModes".atomic(),
        selector: Option<Rc<LabelSelector>> = "selector",
        resources: VolumeResourceRequirements = "resources".always(),
        volume_name: Str = "volumeName",
        storage_class_name: Option<Str> = "storageClassName",
        volume_mode: Option<Str> = "volumeMode",
        data_source: Option<Rc<TypedLocalObjectReference>> = "dataSource",
        data_source_ref: Option<Rc<TypedObjectReference>> = "dataSourceRef",
        volume_attributes_class_name: Option<Str> = "volumeAttributesClassName",
    }

    pub struct VolumeResourceRequirements = "io.k8s.api.core.v1.VolumeResourceRequirements" {
        limits: Map<Quantity> = "limits",
        requests: Map<Quantity> = "requests",
    }

    pub struct TypedLocalObjectReference = "io.k8s.api.core.v1.TypedLocalObjectReference" atomic {
        api_group: Option<Str> = "apiGroup".always().optional(),
        kind: Str = "kind".always(),
        name: Str = "name".always(),
    }

    pub struct TypedObjectReference = "io.k8s.api.core.v1.TypedObjectReference" {
        api_group: Option<Str> = "apiGroup".always().optional(),
        kind: Str = "kind".always(),
        name: Str = "name".always(),
        namespace: Option<Str> = "namespace",
    }
}

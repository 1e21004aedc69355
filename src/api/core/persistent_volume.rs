//! v1 PersistentVolume.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/persistentvolume/strategy.go,
//! pkg/printers/internalversion/printers.go (printPersistentVolume), pkg/apis/core/v1/defaults.go,
//! pkg/apis/core/validation/validation.go (ValidatePersistentVolume, …)
//! Differs: sources other than hostPath, local, nfs and csi are kept as they came and not looked into.

use super::access_modes_text;
use crate::api::core::{HostPathVolumeSource, NFSVolumeSource, NodeSelector, ObjectReference};
use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, PrintCx, col, wide};
use crate::apimachinery::codec::Opaque;
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::time::Time;
use crate::apimachinery::{Api, ErrorList, List, Map, ObjectMeta, Path, Str, Value};
use std::rc::Rc;

crate::api! {
    pub struct PersistentVolume = "io.k8s.api.core.v1.PersistentVolume" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<PersistentVolumeSpec> = "spec".always(),
        status: Rc<PersistentVolumeStatus> = "status".always(),
    }

    pub struct PersistentVolumeSpec = "io.k8s.api.core.v1.PersistentVolumeSpec" {
        capacity: Map<Quantity> = "capacity",
        gce_persistent_disk: Opaque = "gcePersistentDisk".of("io.k8s.api.core.v1.GCEPersistentDiskVolumeSource"),
        aws_elastic_block_store: Opaque = "awsElasticBlockStore".of("io.k8s.api.core.v1.AWSElasticBlockStoreVolumeSource"),
        host_path: Option<Rc<HostPathVolumeSource>> = "hostPath",
        glusterfs: Opaque = "glusterfs".of("io.k8s.api.core.v1.GlusterfsPersistentVolumeSource"),
        nfs: Option<Rc<NFSVolumeSource>> = "nfs",
        rbd: Opaque = "rbd".of("io.k8s.api.core.v1.RBDPersistentVolumeSource"),
        iscsi: Opaque = "iscsi".of("io.k8s.api.core.v1.ISCSIPersistentVolumeSource"),
        cinder: Opaque = "cinder".of("io.k8s.api.core.v1.CinderPersistentVolumeSource"),
        cephfs: Opaque = "cephfs".of("io.k8s.api.core.v1.CephFSPersistentVolumeSource"),
        fc: Opaque = "fc".of("io.k8s.api.core.v1.FCVolumeSource"),
        flocker: Opaque = "flocker".of("io.k8s.api.core.v1.FlockerVolumeSource"),
        flex_volume: Opaque = "flexVolume".of("io.k8s.api.core.v1.FlexPersistentVolumeSource"),
        azure_file: Opaque = "azureFile".of("io.k8s.api.core.v1.AzureFilePersistentVolumeSource"),
        vsphere_volume: Opaque = "vsphereVolume".of("io.k8s.api.core.v1.VsphereVirtualDiskVolumeSource"),
        quobyte: Opaque = "quobyte".of("io.k8s.api.core.v1.QuobyteVolumeSource"),
        azure_disk: Opaque = "azureDisk".of("io.k8s.api.core.v1.AzureDiskVolumeSource"),
        photon_persistent_disk: Opaque = "photonPersistentDisk".of("io.k8s.api.core.v1.PhotonPersistentDiskVolumeSource"),
        portworx_volume: Opaque = "portworxVolume".of("io.k8s.api.core.v1.PortworxVolumeSource"),
        scale_io: Opaque = "scaleIO".of("io.k8s.api.core.v1.ScaleIOPersistentVolumeSource"),
        local: Option<Rc<LocalVolumeSource>> = "local",
        storageos: Opaque = "storageos".of("io.k8s.api.core.v1.StorageOSPersistentVolumeSource"),
        csi: Opaque = "csi".of("io.k8s.api.core.v1.CSIPersistentVolumeSource"),
        access_modes: List<Str> = "accessModes".atomic(),
        claim_ref: Option<Rc<ObjectReference>> = "claimRef",
        persistent_volume_reclaim_policy: Str = "persistentVolumeReclaimPolicy",
        storage_class_name: Str = "storageClassName",
        mount_options: List<Str> = "mountOptions".atomic(),
        volume_mode: Option<Str> = "volumeMode",
        node_affinity: Option<Rc<VolumeNodeAffinity>> = "nodeAffinity",
        volume_attributes_class_name: Option<Str> = "volumeAttributesClassName",
    }

    pub struct LocalVolumeSource = "io.k8s.api.core.v1.LocalVolumeSource" {
        path: Str = "path".always(),
        fs_type: Option<Str> = "fsType",
    }

    pub struct VolumeNodeAffinity = "io.k8s.api.core.v1.VolumeNodeAffinity" {
        required: Option<Rc<NodeSelector>> = "required",
    }

    pub struct PersistentVolumeStatus = "io.k8s.api.core.v1.PersistentVolumeStatus" {
        phase: Str = "phase",
        message: Str = "message",
        reason: Str = "reason",
        last_phase_transition_time: Option<Time> = "lastPhaseTransitionTime",
    }
}

const SPEC: Path = Path::new("spec");
const MODES: [&str; 4] = ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"];

impl PersistentVolume {
    /// The name of its class, the annotation of old first.
    pub fn class(&self) -> &str {
        let annotation = self.metadata.annotations.get("volume.beta.kubernetes.io/storage-class");
        annotation.unwrap_or(&self.spec.storage_class_name).as_str()
    }

    fn sources(&self) -> usize {
        let tree = self.spec.encode();
        const OTHER: [&str; 10] = [
            "capacity",
            "accessModes",
            "claimRef",
            "persistentVolumeReclaimPolicy",
            "storageClassName",
            "mountOptions",
            "volumeMode",
            "nodeAffinity",
            "volumeAttributesClassName",
            "",
        ];
        tree.as_object().map_or(0, |o| o.keys().filter(|k| !OTHER.contains(&k.as_str())).count())
    }
}

impl Kind for PersistentVolume {
    const INFO: KindInfo = KindInfo {
        short: &["pv"],
        namespaced: false,
        status: true,
        ..KindInfo::core("PersistentVolume", "persistentvolumes")
    };
    crate::kind_glue!(PersistentVolume);
    const COLUMNS: &'static [Column] = &[
        NAME,
        col("Capacity"),
        col("Access Modes"),
        col("Reclaim Policy"),
        col("Status"),
        col("Claim"),
        col("StorageClass"),
        col("VolumeAttributesClass"),
        col("Reason"),
        AGE,
        wide("VolumeMode"),
    ];

    fn set_defaults(&mut self) {
        let status = Rc::make_mut(&mut self.status);
        status.phase = status.phase.or("Pending");
        let spec = Rc::make_mut(&mut self.spec);
        spec.persistent_volume_reclaim_policy = spec.persistent_volume_reclaim_policy.or("Retain");
        spec.volume_mode.get_or_insert(Str::literal("Filesystem"));
        if let Some(path) = &mut spec.host_path
            && path.type_.is_none()
        {
            Rc::make_mut(path).type_ = Some(Str::EMPTY);
        }
    }

    fn prepare_for_create(&mut self) {
        let since = Some(self.metadata.creation_timestamp);
        let phase = Str::literal("Pending");
        self.status =
            Rc::new(PersistentVolumeStatus { phase, last_phase_transition_time: since, ..Default::default() });
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
    }

    fn validate(&self, errs: &mut ErrorList) {
        let spec = &*self.spec;
        if spec.access_modes.is_empty() {
            errs.required(SPEC.child("accessModes"), "");
        }
        let path = SPEC.child("accessModes");
        for mode in spec.access_modes.iter().filter(|m| !MODES.contains(&m.as_str())) {
            let mut sorted = MODES;
            sorted.sort_unstable();
            errs.not_supported(path, mode, &sorted);
        }
        match spec.capacity.get("storage") {
            None if spec.capacity.is_empty() => errs.required(SPEC.child("capacity"), ""),
            None => errs.not_supported(SPEC.child("capacity"), "", &["storage"]),
            Some(q) if q.sign() <= 0 => {
                errs.invalid(
                    SPEC.child("capacity").key("storage"),
                    &Str::from(q.to_string()),
                    "must be greater than zero",
                );
            }
            Some(_) => {}
        }
        let policies = ["Delete", "Recycle", "Retain"];
        if !policies.contains(&spec.persistent_volume_reclaim_policy.as_str()) {
            let path = SPEC.child("persistentVolumeReclaimPolicy");
            errs.not_supported(path, &spec.persistent_volume_reclaim_policy, &policies);
        }
        match self.sources() {
            0 => errs.required(SPEC, "must specify a volume type"),
            1 => {}
            _ => errs.forbidden(SPEC, "may not specify more than 1 volume type"),
        }
        if let Some(mode) = spec.volume_mode.as_deref().filter(|m| !matches!(*m, "Filesystem" | "Block")) {
            errs.not_supported(SPEC.child("volumeMode"), mode, &["Block", "Filesystem"]);
        }
        if spec.local.is_some() && spec.node_affinity.is_none() {
            errs.required(Path::new("metadata").child("annotations"), "Local volume requires node affinity");
        }
    }

    fn validate_update(&self, _old: &Self, errs: &mut ErrorList) {
        self.validate(errs);
    }

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        let (spec, status) = (&self.spec, &self.status);
        let claim = spec.claim_ref.as_ref().map_or(String::new(), |c| format!("{}/{}", c.namespace, c.name));
        let phase = if self.metadata.is_deleting() { "Terminating" } else { status.phase.as_str() };
        let unset = |v: &Option<Str>| v.as_deref().unwrap_or("<unset>").to_owned();
        vec![
            self.metadata.name.encode(),
            spec.capacity.get("storage").map_or("0".to_owned(), |q| q.to_string()).into(),
            access_modes_text(&spec.access_modes).into(),
            spec.persistent_volume_reclaim_policy.encode(),
            phase.into(),
            claim.into(),
            self.class().into(),
            unset(&spec.volume_attributes_class_name).into(),
            status.reason.encode(),
            cx.age(self.metadata.creation_timestamp),
            unset(&spec.volume_mode).into(),
        ]
    }
}

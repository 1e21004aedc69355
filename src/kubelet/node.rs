//! The node itself: it registers, renews its lease, and posts its status when that changes or five minutes have passed.
//!
//! Upstream: pkg/kubelet/kubelet_node_status.go, pkg/kubelet/nodestatus/setters.go, component-helpers/apimachinery/lease
//! Differs: a node is ready as soon as it registers; a machine has no huge pages and no pressure; podCIDR comes with it.

use super::Shared;
use crate::api::Key;
use crate::api::coordination::{Lease, LeaseSpec};
use crate::api::core::{
    ContainerImage, DaemonEndpoint, Node, NodeAddress, NodeCondition, NodeDaemonEndpoints, NodeFeatures, NodeSpec,
    NodeStatus, NodeSystemInfo, ObjectReference,
};
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::time::Time as Wall;
use crate::apimachinery::{Arrange, List, Map, ObjectMeta, OwnerReference, Str};
use crate::client::{Reference, Turn};
use crate::runtime::images::{Pulled, digest};
use crate::sim::{Duration, Time};
use std::rc::Rc;

const LEASE_SECONDS: i32 = 40;
/// Upstream: nodeStatusUpdateFrequency, and the quarter of the lease's duration.
const EVERY: Duration = Duration::from_secs(10);
/// Upstream: nodeStatusReportFrequency.
const REPORT: Duration = Duration::from_secs(300);
/// Upstream: nodeStatusMaxImages.
const MAX_IMAGES: usize = 50;
pub(super) const VERSION: &str = "v1.35.0";

#[derive(Clone, Default)]
pub(super) struct NodeSync {
    registered: bool,
    told: bool,
    renew_at: Time,
    report_at: Time,
    /// The status and the images at which there was nothing to tell.
    told_of: Option<(Rc<NodeStatus>, Map<Rc<Pulled>>)>,
}

/// A condition's type, status, reason and message.
const CONDITIONS: &[(&str, &str, &str, &str)] = &[
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
];

impl NodeSync {
    pub(super) fn next_at(&self) -> Time {
        self.renew_at
    }

    /// It was away: it tells everything anew.
    pub(super) fn hurry(&mut self, now: Time) {
        self.renew_at = now;
        self.report_at = now;
    }

    pub(super) fn sync(&mut self, t: &mut Turn, k: &mut Shared) {
        if self.renew_at > t.now {
            return;
        }
        if !self.registered {
            self.register(t, k);
        }
        self.renew_at = t.now + EVERY;
        let key = Key::new("", k.machine.name.clone());
        let Some(node) = t.view.get::<Node>(&key).cloned() else {
            // The view may not show yet what was just registered.
            self.renew(t, k, None);
            return;
        };
        self.renew(t, k, Some(&node.metadata.uid));
        let unchanged =
            |(s, images): &(Rc<NodeStatus>, Map<_>)| Rc::ptr_eq(s, &node.status) && images.ptr_eq(&k.images);
        if self.report_at > t.now && self.told_of.as_ref().is_some_and(unchanged) {
            return;
        }
        let wanted = status(k, &node.status, t.wall);
        if self.report_at <= t.now || differs(&node.status, &wanted) {
            self.report_at = t.now + REPORT;
            self.post(t, &key, wanted, &node.status, k);
        } else {
            self.told_of = Some((node.status.clone(), k.images.clone()));
        }
    }

    fn register(&mut self, t: &mut Turn, k: &Shared) {
        self.registered = true;
        self.report_at = t.now + REPORT;
        let m = &k.machine;
        let mut labels: Map = m.labels.iter().cloned().collect();
        for (old, new) in
            [("beta.kubernetes.io/arch", "kubernetes.io/arch"), ("beta.kubernetes.io/os", "kubernetes.io/os")]
        {
            if let Some(v) = labels.get(new).cloned() {
                labels.insert(old, v);
            }
        }
        let annotations = [("volumes.kubernetes.io/controller-managed-attach-detach", Str::literal("true"))];
        let node = Node {
            metadata: ObjectMeta {
                name: m.name.clone(),
                labels,
                annotations: annotations.into_iter().collect(),
                ..ObjectMeta::default()
            },
            spec: Rc::new(NodeSpec {
                pod_cidr: m.pod_cidr.clone(),
                pod_cidrs: List::from(vec![m.pod_cidr.clone()]),
                ..NodeSpec::default()
            }),
            status: Rc::new(status(k, &NodeStatus::default(), t.wall)),
        };
        let key = node.metadata.key();
        let wanted = (*node.status).clone();
        // A kubelet that starts again finds its Node; a new one may have its status cleared.
        let fresh = t.create(node).is_ok();
        if let Ok(live) = t.get_live::<Node>(&key)
            && (fresh || differs(&live.status, &wanted))
        {
            let wanted = status(k, &live.status, t.wall);
            if differs(&live.status, &wanted) {
                let _ = t.patch_status::<Node>(&key, |n| n.status = Rc::new(wanted));
            }
        }
        if !std::mem::replace(&mut self.told, true) {
            self.tell(t, k, "Starting", "Starting kubelet.");
            for reason in ["NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID"] {
                self.tell(t, k, reason, &format!("Node {} status is now: {reason}", m.name));
            }
            self.tell(t, k, "NodeAllocatableEnforced", "Updated Node Allocatable limit across pods");
            if fresh {
                self.tell(t, k, "NodeReady", &format!("Node {} status is now: NodeReady", m.name));
            }
        }
    }

    /// Upstream: the kubelet's own reference of its Node has the name for a uid.
    fn tell(&self, t: &mut Turn, k: &Shared, reason: &str, message: &str) {
        let about = Reference(ObjectReference {
            kind: Str::literal("Node"),
            name: k.machine.name.clone(),
            uid: k.machine.name.clone(),
            ..ObjectReference::default()
        });
        t.event(&about, "Normal", reason, message);
    }

    fn renew(&self, t: &mut Turn, k: &Shared, owner: Option<&Str>) {
        let name = k.machine.name.clone();
        let key = Key::new("kube-node-lease", name.clone());
        let now = t.wall_micro();
        let own = |uid: &Str| {
            List::from(vec![OwnerReference {
                api_version: Str::literal("v1"),
                kind: Str::literal("Node"),
                name: name.clone(),
                uid: uid.clone(),
                ..OwnerReference::default()
            }])
        };
        let renewed = t.patch::<Lease>(&key, |l| {
            let spec = Rc::make_mut(&mut l.spec);
            spec.renew_time = Some(now);
            if let Some(uid) = owner.filter(|_| l.metadata.owner_references.is_empty()) {
                l.metadata.owner_references = own(uid);
            }
        });
        if renewed.is_ok() {
            return;
        }
        let uid = owner
            .cloned()
            .or_else(|| t.get_live::<Node>(&Key::new("", name.clone())).ok().map(|n| n.metadata.uid.clone()));
        let lease = Lease {
            metadata: ObjectMeta {
                name: name.clone(),
                namespace: Str::literal("kube-node-lease"),
                owner_references: uid.as_ref().map(own).unwrap_or_default(),
                ..ObjectMeta::default()
            },
            spec: Rc::new(LeaseSpec {
                holder_identity: Some(name.clone()),
                lease_duration_seconds: Some(LEASE_SECONDS),
                renew_time: Some(now),
                ..LeaseSpec::default()
            }),
        };
        let _ = t.create(lease);
    }

    fn post(&self, t: &mut Turn, key: &Key, wanted: NodeStatus, old: &NodeStatus, k: &Shared) {
        for (type_, _, _, _) in CONDITIONS {
            let status = |s: &NodeStatus| s.conditions.iter().find(|c| c.type_ == *type_).map(|c| c.status.clone());
            if status(old) == status(&wanted) {
                continue;
            }
            let reason = match *type_ {
                "MemoryPressure" => "NodeHasSufficientMemory",
                "DiskPressure" => "NodeHasNoDiskPressure",
                "PIDPressure" => "NodeHasSufficientPID",
                _ => "NodeReady",
            };
            self.tell(t, k, reason, &format!("Node {} status is now: {reason}", k.machine.name));
        }
        let _ = t.patch_status::<Node>(key, |n| n.status = Rc::new(wanted));
    }
}

fn status(k: &Shared, old: &NodeStatus, wall: Wall) -> NodeStatus {
    let m = &k.machine;
    let amount = |text: &Str| Quantity::parse(text).expect("a machine's amounts are quantities");
    let capacity: Map<Quantity> = [
        ("cpu", amount(&m.cpu)),
        ("ephemeral-storage", amount(&m.ephemeral_storage)),
        ("memory", amount(&m.memory)),
        ("pods", Quantity::parse(&m.pods.to_string()).expect("a number is a quantity")),
    ]
    .into_iter()
    .collect();
    let conditions = CONDITIONS.iter().map(|(type_, status, reason, message)| {
        let before = old.conditions.iter().find(|c| c.type_ == *type_ && c.status == *status);
        NodeCondition {
            type_: Str::literal(type_),
            status: Str::literal(status),
            last_heartbeat_time: wall,
            last_transition_time: before.map_or(wall, |c| c.last_transition_time),
            reason: Str::literal(reason),
            message: Str::literal(message),
        }
    });
    let others = old.conditions.iter().filter(|c| !CONDITIONS.iter().any(|(t, ..)| c.type_ == *t)).cloned();
    let mut images: Vec<ContainerImage> = k
        .images
        .values()
        .map(|i| ContainerImage { names: List::from(vec![i.id.clone(), i.name.clone()]), size_bytes: i.bytes })
        .collect();
    images.arrange_by_key(|i| std::cmp::Reverse(i.size_bytes));
    images.truncate(MAX_IMAGES);
    let address = |type_, address: &Str| NodeAddress { type_: Str::literal(type_), address: address.clone() };
    let id = digest(&m.name);
    NodeStatus {
        allocatable: capacity.clone(),
        capacity,
        conditions: conditions.chain(others).collect(),
        addresses: List::from(vec![address("InternalIP", &m.internal_ip), address("Hostname", &m.name)]),
        daemon_endpoints: NodeDaemonEndpoints { kubelet_endpoint: DaemonEndpoint { port: 10250 } },
        node_info: NodeSystemInfo {
            machine_id: Str::from(&id[..32]),
            system_uuid: Str::from(uuid(&id[16..])),
            boot_id: Str::from(uuid(&id[8..])),
            kernel_version: Str::literal("6.12.0"),
            os_image: Str::literal("Kubarium Linux"),
            container_runtime_version: Str::literal("containerd://2.1.4"),
            kubelet_version: Str::literal(VERSION),
            operating_system: Str::literal("linux"),
            architecture: Str::literal("amd64"),
            ..NodeSystemInfo::default()
        },
        images: if *old.images == *images { old.images.clone() } else { List::from(images) },
        features: Some(Rc::new(NodeFeatures { supplemental_groups_policy: Some(true) })),
        volumes_in_use: old.volumes_in_use.clone(),
        volumes_attached: old.volumes_attached.clone(),
        ..NodeStatus::default()
    }
}

fn uuid(hex: &str) -> String {
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}

/// Whether they differ in more than their heartbeats. Upstream: nodeStatusHasChanged.
fn differs(a: &NodeStatus, b: &NodeStatus) -> bool {
    let still = |s: &NodeStatus| {
        let mut s = s.clone();
        for c in s.conditions.make_mut() {
            c.last_heartbeat_time = Wall::default();
        }
        s
    };
    still(a) != still(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_are_renewed_well_before_they_run_out() {
        assert!(EVERY * 3 < Duration::from_secs(LEASE_SECONDS as u64));
        assert!(REPORT > EVERY);
    }
}

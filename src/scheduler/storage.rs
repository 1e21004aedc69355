//! What the volume plugins read of claims, volumes and storage classes.
//!
//! Upstream: pkg/scheduler/framework/plugins/volumebinding/binder.go,
//! staging/src/k8s.io/component-helpers/storage/volume/{helpers,pv_helpers}.go
//! Differs: capacity that CSI drivers publish is not looked at.

use super::class::{label_selector, selects};
use super::framework::Status;
use crate::api::core::{
    Node, NodeSelector, NodeTerm, PersistentVolumeClaim, Pod, Volume, node_selector_matches, parse_node_selector,
};
use crate::api::{Key, KindId, Object};
use crate::apimachinery::codec::Decoder;
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::{Arrange, Map, Str, Value};
use crate::client::{Tables, Turn};
use std::rc::Rc;

/// On a claim: the node that its volume is to be made for.
pub const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";

pub fn volume_kind() -> Option<KindId> {
    KindId::by_kind("", "PersistentVolume")
}

pub fn class_kind() -> Option<KindId> {
    KindId::by_kind("storage.k8s.io", "StorageClass")
}

/// The name of the claim that a volume stands for, and whether the pod itself brings it into being.
pub fn claim_name(pod: &Pod, volume: &Volume) -> Option<(Str, bool)> {
    if let Some(claim) = &volume.persistent_volume_claim {
        return Some((claim.claim_name.clone(), false));
    }
    volume.ephemeral.as_ref().map(|_| (Str::from(format!("{}-{}", pod.metadata.name, volume.name)), true))
}

pub fn claim(view: &Tables, pod: &Pod, name: &Str) -> Option<Rc<PersistentVolumeClaim>> {
    view.get::<PersistentVolumeClaim>(&Key { namespace: pod.metadata.namespace.clone(), name: name.clone() }).cloned()
}

pub fn not_found(name: &str) -> String {
    format!("persistentvolumeclaim \"{name}\" not found")
}

pub fn is_fully_bound(claim: &PersistentVolumeClaim) -> bool {
    !claim.spec.volume_name.is_empty() && claim.metadata.annotations.contains_key(BIND_COMPLETED)
}

/// A PersistentVolume, as far as it matters here.
pub struct Pv {
    pub key: Key,
    pub rv: u64,
    pub labels: Map,
    /// None: any node.
    affinity: Option<Vec<NodeTerm>>,
    claim: Option<(Str, Str, Str)>,
    capacity: Quantity,
    class: Str,
    modes: Vec<Str>,
    volume_mode: Str,
    attributes_class: Str,
    phase: Str,
    deleting: bool,
}

fn text(v: &Value, path: &str) -> Str {
    v.pointer(path).and_then(Value::as_str).map(Str::from).unwrap_or_default()
}

fn pv_of(object: &Object) -> Pv {
    let (v, meta) = (object.encode(), object.meta());
    let affinity = v.pointer("/spec/nodeAffinity/required").map(|required| {
        let selector: NodeSelector = Decoder::new().run(required).unwrap_or_default();
        parse_node_selector(&selector)
    });
    let claim = v.pointer("/spec/claimRef").map(|c| (text(c, "/namespace"), text(c, "/name"), text(c, "/uid")));
    let modes = v.pointer("/spec/accessModes").and_then(Value::as_array);
    let old_class = meta.annotations.get("volume.beta.kubernetes.io/storage-class");
    Pv {
        key: object.key(),
        rv: object.rv(),
        labels: meta.labels.clone(),
        affinity,
        claim,
        capacity: text(&v, "/spec/capacity/storage").parse().unwrap_or_default(),
        class: old_class.cloned().unwrap_or_else(|| text(&v, "/spec/storageClassName")),
        modes: modes.into_iter().flatten().filter_map(Value::as_str).map(Str::from).collect(),
        volume_mode: text(&v, "/spec/volumeMode").or("Filesystem"),
        attributes_class: text(&v, "/spec/volumeAttributesClassName"),
        phase: text(&v, "/status/phase"),
        deleting: meta.is_deleting(),
    }
}

impl Pv {
    pub fn is_reachable_from(&self, node: &Node) -> bool {
        self.affinity.as_ref().is_none_or(|terms| node_selector_matches(terms, node))
    }

    fn is_bound_to(&self, claim: &PersistentVolumeClaim) -> bool {
        let meta = &claim.metadata;
        self.claim.as_ref().is_some_and(|(namespace, name, uid)| {
            *namespace == meta.namespace && *name == meta.name && (uid.is_empty() || *uid == meta.uid)
        })
    }

    /// Whether the claim could have it, node aside.
    fn suits(&self, claim: &PersistentVolumeClaim) -> bool {
        let spec = &claim.spec;
        let mode = spec.volume_mode.as_ref().map_or("Filesystem", |m| m.as_str());
        let attributes = spec.volume_attributes_class_name.as_ref().map_or("", |c| c.as_str());
        let asked = spec.resources.requests.get("storage").cloned().unwrap_or_default();
        self.capacity >= asked && self.volume_mode == *mode && self.attributes_class == *attributes && !self.deleting
    }
}

pub fn pv(view: &Tables, name: &Str) -> Option<Pv> {
    let key = Key { namespace: Str::EMPTY, name: name.clone() };
    view.object(volume_kind()?, &key).map(pv_of)
}

/// Keeps the volume for the claim; the volume controller does the rest.
pub fn bind_volume(t: &mut Turn, volume: &Key, rv: u64, claim: &PersistentVolumeClaim) -> Result<(), Status> {
    let Some(kind) = volume_kind() else { return Ok(()) };
    let refused = |e: crate::apimachinery::Status| Status::error(e.message().to_owned());
    if t.get_live_object(kind, volume).map_err(refused)?.rv() != rv {
        // What an update of the older version would meet with.
        return Err(refused(crate::apimachinery::Status::modified("", "persistentvolumes", &volume.name)));
    }
    let meta = &claim.metadata;
    let reference = serde_json::json!({
        "kind": "PersistentVolumeClaim",
        "apiVersion": "v1",
        "namespace": meta.namespace.as_str(),
        "name": meta.name.as_str(),
        "uid": meta.uid.as_str(),
        "resourceVersion": meta.resource_version.0.to_string(),
    });
    let written = t.patch_object(kind, volume, |pv| {
        let mut v = pv.encode();
        if let Some(spec) = v.get_mut("spec").and_then(Value::as_object_mut) {
            spec.insert("claimRef".to_owned(), reference);
        }
        *pv = kind.decode(&v, &mut Decoder::new());
        pv.meta_mut().annotations.insert("pv.kubernetes.io/bound-by-controller", Str::literal("yes"));
    });
    written.map(|_| ()).map_err(refused)
}

/// The smallest volume that the claim can have on the node, or the one that is kept for it.
pub fn find_matching_volume<'v>(
    claim: &PersistentVolumeClaim,
    volumes: &'v [Pv],
    node: &Node,
    taken: &[&Pv],
) -> Option<&'v Pv> {
    let selector = claim.spec.selector.as_ref().map(|s| label_selector(Some(s)));
    let mut smallest: Option<&Pv> = None;
    for v in volumes {
        let excluded = taken.iter().any(|t| t.key == v.key) || (v.claim.is_some() && !v.is_bound_to(claim));
        if excluded || !v.suits(claim) {
            continue;
        }
        if v.is_bound_to(claim) {
            return v.is_reachable_from(node).then_some(v);
        }
        let open = v.phase == "Available"
            && selector.as_ref().is_none_or(|s| selects(s, &v.labels))
            && v.class == *claim.class()
            && v.is_reachable_from(node)
            && claim.spec.access_modes.iter().all(|m| v.modes.contains(m));
        if open && smallest.is_none_or(|s| s.capacity > v.capacity) {
            smallest = Some(v);
        }
    }
    smallest
}

pub struct Class {
    /// None: not set, which the API's defaults do not let happen.
    pub mode: Option<Str>,
    provisioner: Str,
    /// (key, values), ORed lists of ANDed conditions.
    topologies: Vec<Vec<(Str, Vec<Str>)>>,
}

pub fn class(view: &Tables, name: &str) -> Option<Class> {
    let object = view.object(class_kind()?, &Key { namespace: Str::EMPTY, name: Str::from(name) })?;
    let v = object.encode();
    let array = |v: &Value, path: &str| v.pointer(path).and_then(Value::as_array).cloned().unwrap_or_default();
    let expression = |e: &Value| {
        let values = array(e, "/values").iter().filter_map(Value::as_str).map(Str::from).collect();
        (text(e, "/key"), values)
    };
    let term = |t: &Value| array(t, "/matchLabelExpressions").iter().map(expression).collect();
    Some(Class {
        mode: v.pointer("/volumeBindingMode").and_then(Value::as_str).map(Str::from),
        provisioner: text(&v, "/provisioner"),
        topologies: array(&v, "/allowedTopologies").iter().map(term).collect(),
    })
}

impl Class {
    pub fn waits(&self) -> bool {
        self.mode.as_ref().is_some_and(|m| m == "WaitForFirstConsumer")
    }

    /// Whether volumes can be made for the node.
    fn provisions_for(&self, node: &Node) -> bool {
        let labels = &node.metadata.labels;
        let holds = |(key, values): &(Str, Vec<Str>)| labels.get(key).is_some_and(|v| values.contains(v));
        !self.provisioner.is_empty()
            && self.provisioner != NO_PROVISIONER
            && (self.topologies.is_empty() || self.topologies.iter().any(|t| !t.is_empty() && t.iter().all(holds)))
    }
}

/// A pod's claims by what is still to be done about them.
#[derive(Default)]
pub struct Claims {
    pub bound: Vec<Rc<PersistentVolumeClaim>>,
    pub immediate: Vec<Rc<PersistentVolumeClaim>>,
    /// To be bound once a node is chosen.
    pub waiting: Vec<Rc<PersistentVolumeClaim>>,
    /// The volumes that those may get.
    pub volumes: Vec<Pv>,
}

/// Err: what is wrong with a claim.
pub fn claims_of(view: &Tables, pod: &Pod) -> Result<Claims, String> {
    let mut claims = Claims::default();
    for volume in &pod.spec.volumes {
        let Some((name, ephemeral)) = claim_name(pod, volume) else { continue };
        let Some(claim) = claim(view, pod, &name) else {
            return Err(match ephemeral {
                true => {
                    format!("waiting for ephemeral volume controller to create the persistentvolumeclaim \"{name}\"")
                }
                false => not_found(&name),
            });
        };
        if claim.status.phase == "Lost" {
            let volume = &claim.spec.volume_name;
            return Err(format!(
                "persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{volume}\""
            ));
        }
        if claim.metadata.is_deleting() {
            return Err(format!("persistentvolumeclaim \"{name}\" is being deleted"));
        }
        if ephemeral && !claim.metadata.is_controlled_by(&pod.metadata.uid) {
            let (namespace, pod) = (&pod.metadata.namespace, &pod.metadata.name);
            return Err(format!("PVC {namespace}/{name} was not created for pod {namespace}/{pod} (pod is not owner)"));
        }
        let waits = || claim.spec.volume_name.is_empty() && class(view, claim.class()).is_some_and(|c| c.waits());
        if is_fully_bound(&claim) {
            claims.bound.push(claim);
        } else if waits() {
            claims.waiting.push(claim);
        } else {
            claims.immediate.push(claim);
        }
    }
    if !claims.waiting.is_empty()
        && let Some(kind) = volume_kind()
    {
        claims.volumes = view.objects(kind, None).map(|(_, o)| pv_of(o)).collect();
        claims.volumes.retain(|v| claims.waiting.iter().any(|c| v.class == *c.class()));
    }
    // The smallest first, so that each gets the smallest that fits.
    claims.waiting.arrange_by_key(|c| c.spec.resources.requests.get("storage").cloned().unwrap_or_default());
    Ok(claims)
}

/// What is to be written so that a pod's claims are bound on a node.
#[derive(Default)]
pub struct Plan {
    /// (volume, its version, claim)
    pub bind: Vec<(Key, u64, Rc<PersistentVolumeClaim>)>,
    pub provision: Vec<Rc<PersistentVolumeClaim>>,
}

/// Err: why the node does not do.
pub fn plan(view: &Tables, claims: &Claims, node: &Node) -> Result<Plan, Vec<&'static str>> {
    const NODE_CONFLICT: &str = "node(s) didn't match PersistentVolume's node affinity";
    const BIND_CONFLICT: &str = "node(s) didn't find available persistent volumes to bind";
    const NO_PV: &str = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)";
    let mut reasons = Vec::new();
    for claim in &claims.bound {
        match pv(view, &claim.spec.volume_name) {
            Some(pv) if pv.is_reachable_from(node) => continue,
            Some(_) => reasons.push(NODE_CONFLICT),
            None => reasons.push(NO_PV),
        }
        break;
    }
    let (mut plan, mut taken) = (Plan::default(), Vec::new());
    for claim in &claims.waiting {
        match claim.metadata.annotations.get(SELECTED_NODE) {
            Some(selected) if *selected != node.metadata.name => {
                reasons.push(BIND_CONFLICT);
                break;
            }
            Some(_) => plan.provision.push(claim.clone()),
            None => match find_matching_volume(claim, &claims.volumes, node, &taken) {
                Some(v) => {
                    taken.push(v);
                    plan.bind.push((v.key.clone(), v.rv, claim.clone()));
                }
                None => plan.provision.push(claim.clone()),
            },
        }
    }
    let possible = |c: &Rc<PersistentVolumeClaim>| class(view, c.class()).is_some_and(|c| c.provisions_for(node));
    if !reasons.contains(&BIND_CONFLICT) && !plan.provision.iter().all(possible) {
        reasons.push(BIND_CONFLICT);
    }
    // Upstream names them in this order.
    reasons.arrange_by_key(|r| [NODE_CONFLICT, BIND_CONFLICT, NO_PV].iter().position(|x| x == r));
    if reasons.is_empty() { Ok(plan) } else { Err(reasons) }
}

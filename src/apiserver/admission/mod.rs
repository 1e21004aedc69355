//! Admission: what may change or refuse a request after it is authorized; one plugin, one file.
//!
//! Upstream: pkg/kubeapiserver/options/plugins.go (AllOrderedPlugins), staging/src/k8s.io/apiserver/pkg/admission
//! Differs: webhooks and policies are not there yet; a plugin that also validates is not asked twice.

mod default_storage_class;
mod default_toleration_seconds;
mod limit_ranger;
mod namespace_lifecycle;
mod pod_security;
mod priority;
mod resource_quota;
mod runtime_class;
mod service_account;
mod storage_object_in_use_protection;
mod taint_nodes_by_condition;

use super::{Cx, Server, Sub};
use crate::api::core::{ProjectedVolumeSource, Toleration};
use crate::api::{KindInfo, Object};
use crate::apimachinery::{List, Status};
use crate::sim::Rng;
use std::rc::Rc;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    Create,
    Update(Sub),
    Delete,
}

/// Everything a plugin may look at.
pub struct Attributes<'a> {
    pub server: &'a Server,
    pub op: Op,
    pub old: Option<&'a Object>,
    pub user: &'a str,
    pub rng: &'a mut Rng,
    /// What the client is told besides the answer; None where nobody listens.
    pub warnings: &'a mut Option<Vec<String>>,
}

type Mutate = fn(&mut Attributes, &mut Object) -> Result<(), Status>;
type Validate = fn(&mut Attributes, &Object) -> Result<(), Status>;
type Charge = fn(&mut Server, &mut Cx, Op, &Object, Option<&Object>) -> Result<(), Status>;

/// What a plugin does to an object of that operation; each may be left out.
pub struct Plugin {
    pub name: &'static str,
    pub mutate: Option<Mutate>,
    pub validate: Option<Validate>,
    /// Writes elsewhere what the object costs, or refuses it; the last of all.
    pub charge: Option<Charge>,
}

/// In upstream's order. To add one: write its file with a `pub(super) const PLUGIN`, add it here.
const PLUGINS: &[Plugin] = &[
    namespace_lifecycle::PLUGIN,
    limit_ranger::PLUGIN,
    service_account::PLUGIN,
    taint_nodes_by_condition::PLUGIN,
    pod_security::PLUGIN,
    priority::PLUGIN,
    default_toleration_seconds::PLUGIN,
    default_storage_class::PLUGIN,
    storage_object_in_use_protection::PLUGIN,
    runtime_class::PLUGIN,
    resource_quota::PLUGIN,
];

/// What plugins put into every pod alike: built once, so that pods share it.
#[derive(Clone)]
pub struct Shared {
    tolerations: List<Toleration>,
    token: Rc<ProjectedVolumeSource>,
}

impl Default for Shared {
    fn default() -> Self {
        Shared { tolerations: default_toleration_seconds::both(), token: Rc::new(service_account::token_source()) }
    }
}

pub fn mutate(server: &Server, cx: &mut Cx, op: Op, object: &mut Object, old: Option<&Object>) -> Result<(), Status> {
    let warnings = &mut cx.warnings;
    let mut at = Attributes { server, op, old, user: cx.user, rng: &mut *cx.rng, warnings };
    PLUGINS.iter().filter_map(|p| p.mutate).try_for_each(|f| f(&mut at, object))
}

pub fn validate(server: &Server, cx: &mut Cx, op: Op, object: &Object, old: Option<&Object>) -> Result<(), Status> {
    let warnings = &mut cx.warnings;
    let mut at = Attributes { server, op, old, user: cx.user, rng: &mut *cx.rng, warnings };
    PLUGINS.iter().filter_map(|p| p.validate).try_for_each(|f| f(&mut at, object))
}

pub fn charge(server: &mut Server, cx: &mut Cx, op: Op, object: &Object, old: Option<&Object>) -> Result<(), Status> {
    PLUGINS.iter().filter_map(|p| p.charge).try_for_each(|f| f(server, cx, op, object, old))
}

/// A refusal that names the object by its name, or by what its name will begin with.
/// Upstream: staging/src/k8s.io/apiserver/pkg/admission/errors.go (NewForbidden)
fn forbidden(object: &Object, why: &str) -> Status {
    let (info, meta): (&KindInfo, _) = (object.id().info(), object.meta());
    let name = meta.name.non_empty().or(meta.generate_name.non_empty()).unwrap_or("Unknown");
    Status::forbidden(info.group, info.plural, name, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::core::{Container, Namespace, Node, Pod, ServiceAccount};
    use crate::api::scheduling::PriorityClass;
    use crate::apimachinery::{ObjectMeta, Str};
    use std::rc::Rc;

    fn named(name: &str) -> ObjectMeta {
        ObjectMeta { name: Str::from(name), namespace: Str::literal("default"), ..ObjectMeta::default() }
    }

    /// A server with the default namespace and its account.
    fn server() -> Server {
        let mut server = Server::default();
        let meta = ObjectMeta { name: Str::literal("default"), ..ObjectMeta::default() };
        server.store.put(Object::of(Namespace { metadata: meta, ..Namespace::default() }), 0);
        server.store.put(Object::of(ServiceAccount { metadata: named("default"), ..ServiceAccount::default() }), 0);
        server
    }

    fn pod(change: impl FnOnce(&mut Pod)) -> Pod {
        let mut pod = Pod { metadata: named("web"), ..Pod::default() };
        Rc::make_mut(&mut pod.spec).containers =
            List::from(vec![Container { name: Str::literal("web"), ..Container::default() }]);
        change(&mut pod);
        pod
    }

    fn admit(server: &Server, op: Op, object: Object, old: Option<&Object>) -> Result<Object, Status> {
        let (mut rng, mut object, mut warnings) = (Rng::new(1), object, None);
        let mut at = Attributes { server, op, old, user: "jane", rng: &mut rng, warnings: &mut warnings };
        PLUGINS.iter().filter_map(|p| p.mutate).try_for_each(|f| f(&mut at, &mut object))?;
        PLUGINS.iter().filter_map(|p| p.validate).try_for_each(|f| f(&mut at, &object))?;
        Ok(object)
    }

    fn admitted(change: impl FnOnce(&mut Pod)) -> Rc<Pod> {
        let object = admit(&server(), Op::Create, Object::of(pod(change)), None).expect("the pod is admitted");
        object.downcast::<Pod>().expect("it is a pod").clone()
    }

    #[track_caller]
    fn refused(change: impl FnOnce(&mut Pod), message: &str) {
        let e = admit(&server(), Op::Create, Object::of(pod(change)), None).expect_err("the pod is refused");
        assert_eq!(e.message(), message);
    }

    #[test]
    fn a_pod_gets_a_token_a_priority_and_tolerations() {
        let pod = admitted(|_| ());
        let spec = &pod.spec;
        assert_eq!(spec.service_account_name, "default");
        let volume = &spec.volumes[0];
        assert!(volume.name.starts_with("kube-api-access-") && volume.name.len() == 21, "{}", volume.name);
        assert_eq!(spec.containers[0].volume_mounts[0].name, volume.name);
        assert_eq!((spec.priority, spec.preemption_policy.as_deref()), (Some(0), Some("PreemptLowerPriority")));
        let keys: Vec<_> = spec.tolerations.iter().map(|t| t.key.as_str()).collect();
        assert_eq!(keys, ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]);
    }

    #[test]
    fn no_token_where_it_is_not_wanted() {
        let pod = admitted(|p| Rc::make_mut(&mut p.spec).automount_service_account_token = Some(false));
        assert!(pod.spec.volumes.is_empty() && pod.spec.containers[0].volume_mounts.is_empty());
    }

    #[test]
    fn critical_classes_have_their_priorities() {
        let pod = admitted(|p| Rc::make_mut(&mut p.spec).priority_class_name = Str::literal("system-node-critical"));
        assert_eq!(pod.spec.priority, Some(2_000_001_000));
    }

    #[test]
    fn refusals_read_as_upstream() {
        refused(
            |p| Rc::make_mut(&mut p.spec).service_account_name = Str::literal("nobody"),
            "pods \"web\" is forbidden: error looking up service account default/nobody: \
             serviceaccount \"nobody\" not found",
        );
        refused(
            |p| Rc::make_mut(&mut p.spec).priority_class_name = Str::literal("high"),
            "pods \"web\" is forbidden: no PriorityClass with name high was found",
        );
        refused(
            |p| Rc::make_mut(&mut p.spec).priority = Some(7),
            "pods \"web\" is forbidden: the integer value of priority (7) must not be provided in pod spec; \
             priority admission controller computed 0 from the given PriorityClass name",
        );
        refused(|p| p.metadata.namespace = Str::literal("x"), "namespaces \"x\" not found");
    }

    #[test]
    fn namespaces_that_end_take_nothing_new_and_some_never_end() {
        let mut server = server();
        let object = server.store.head().objects(crate::api::KindId::Namespace, None).next().expect("one").1.clone();
        let e = admit(&server, Op::Delete, object.clone(), Some(&object)).expect_err("it is immortal");
        assert_eq!(e.message(), "namespaces \"default\" is forbidden: this namespace may not be deleted");
        let mut ending = (**object.downcast::<Namespace>().expect("a namespace")).clone();
        Rc::make_mut(&mut ending.status).phase = Str::literal("Terminating");
        server.store.put(Object::of(ending), 0);
        let e = admit(&server, Op::Create, Object::of(pod(|_| ())), None).expect_err("it ends");
        assert!(e.has_cause("NamespaceTerminating"));
        assert_eq!(
            e.message(),
            "pods \"web\" is forbidden: unable to create new content in namespace default \
             because it is being terminated"
        );
    }

    #[test]
    fn the_systems_priority_classes_stay() {
        let mut class = PriorityClass::default();
        class.metadata.name = Str::literal("system-node-critical");
        let object = Object::of(class);
        let e = admit(&server(), Op::Delete, object.clone(), Some(&object)).expect_err("it stays");
        assert_eq!(
            e.message(),
            "priorityclasses.scheduling.k8s.io \"system-node-critical\" is forbidden: \
             this is a system priority class and cannot be deleted"
        );
    }

    #[test]
    fn a_new_node_is_not_ready() {
        let node = Node { metadata: named("node-1"), ..Node::default() };
        let mut object = Object::of(node);
        object.meta_mut().namespace = Str::EMPTY;
        let object = admit(&server(), Op::Create, object, None).expect("it is admitted");
        let taints = &object.downcast::<Node>().expect("a node").spec.taints;
        assert_eq!((taints[0].key.as_str(), taints[0].effect.as_str()), ("node.kubernetes.io/not-ready", "NoSchedule"));
    }
}

//! What stands in a cluster before anybody asks for anything.
//!
//! Upstream: pkg/controlplane/controller/{systemnamespaces,kubernetesservice}, pkg/registry/scheduling/rest
//! Differs: there all at once at the first instant.

use super::{Cluster, Event, Fault, Node};
use crate::api::core::{Namespace, Pod, Service, ServicePort, ServiceSpec};
use crate::api::scheduling::{PriorityClass, SYSTEM_CLASSES};
use crate::api::storage::StorageClass;
use crate::api::{Key, Object};
use crate::apimachinery::int_or_string::IntOrString;
use crate::apimachinery::{List, ObjectMeta, Str};
use crate::apiserver::Cx;
use crate::client::{Agent, Verb, What};
use crate::kubelet::{Blow, Kubelet, Machine, Reach};
use crate::sim::{SECOND, Time};
use std::rc::Rc;

pub(super) fn boot(c: &mut Cluster) {
    let cause = c.trace.push(c.now, 0, What::Input { what: Str::literal("boot"), about: None });
    c.server.ca = Str::literal(CA);
    c.server.token_key = Str::from(format!("seed {}", c.config.seed));
    for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
        let object = Object::of(Namespace {
            metadata: ObjectMeta { name: Str::literal(name), ..ObjectMeta::default() },
            ..Namespace::default()
        });
        create(c, cause, "", object);
    }
    for (name, value, description) in SYSTEM_CLASSES {
        let object = Object::of(PriorityClass {
            metadata: ObjectMeta { name: Str::literal(name), ..ObjectMeta::default() },
            value,
            description: Str::literal(description),
            preemption_policy: Some(Str::literal("PreemptLowerPriority")),
            ..PriorityClass::default()
        });
        create(c, cause, "", object);
    }
    create(c, cause, "", Object::of(storage_class("standard", "Immediate", None)));
    create(c, cause, "", Object::of(storage_class("fast-ssd", "WaitForFirstConsumer", Some(true))));
    create(c, cause, "default", Object::of(kubernetes_service()));
    Rc::make_mut(&mut c.controllers).start(c.now, cause);
    let machines = c.config.machines.clone();
    for machine in machines {
        add_node(c, machine, cause);
    }
    c.agenda.push(Time::ZERO + SECOND * 60, Event::ExpireEvents);
    c.schedule_work();
    c.publish();
}

fn create(c: &mut Cluster, cause: u64, namespace: &str, object: Object) {
    let mut cx = Cx {
        now: c.wall(),
        rng: &mut c.rng,
        cause,
        user: "system:apiserver",
        manager: "kube-apiserver",
        dry_run: false,
        warnings: None,
    };
    // The trace numbers a write's event before the write, so that watchers can name it.
    cx.cause = c.trace.last_seq() + 1;
    let made = c.server.create(&mut cx, namespace, object).expect("what a cluster begins with is valid");
    let (actor, rev) = (Str::literal("kube-apiserver"), c.server.store.rev());
    let what = What::Call { actor, verb: Verb::Create, kind: made.id(), key: made.key(), code: 201, rev };
    c.trace.push(c.now, cause, what);
}

/// The one that is bound at once is everyone's default.
fn storage_class(name: &'static str, mode: &'static str, allow_volume_expansion: Option<bool>) -> StorageClass {
    let mut metadata = ObjectMeta { name: Str::literal(name), ..ObjectMeta::default() };
    if mode == "Immediate" {
        metadata.annotations.insert("storageclass.kubernetes.io/is-default-class", Str::literal("true"));
    }
    StorageClass {
        metadata,
        provisioner: Str::literal("kubarium.dev/simulated"),
        reclaim_policy: Some(Str::literal("Delete")),
        volume_binding_mode: Some(Str::literal(mode)),
        allow_volume_expansion,
        ..StorageClass::default()
    }
}

fn kubernetes_service() -> Service {
    Service {
        metadata: ObjectMeta {
            name: Str::literal("kubernetes"),
            namespace: Str::literal("default"),
            labels: [("component", Str::literal("apiserver")), ("provider", Str::literal("kubernetes"))]
                .into_iter()
                .collect(),
            ..ObjectMeta::default()
        },
        spec: Rc::new(ServiceSpec {
            cluster_ip: Str::literal("10.96.0.1"),
            cluster_ips: List::from(vec![Str::literal("10.96.0.1")]),
            ip_families: List::from(vec![Str::literal("IPv4")]),
            ip_family_policy: Some(Str::literal("SingleStack")),
            ports: List::from(vec![ServicePort {
                name: Str::literal("https"),
                port: 443,
                protocol: Str::literal("TCP"),
                target_port: IntOrString::Int(6443),
                ..ServicePort::default()
            }]),
            session_affinity: Str::literal("None"),
            type_: Str::literal("ClusterIP"),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    }
}

pub(super) fn add_node(c: &mut Cluster, machine: Machine, cause: u64) {
    let name = machine.name.clone();
    let mut kubelet = Kubelet::new(machine, cause);
    kubelet.set_reach(c.reach);
    let node = Node {
        agent: Rc::new(Agent::kubelet(&name)),
        kubelet: Rc::new(kubelet),
        informer: super::Informer::default(),
        recorder: Default::default(),
        wake: None,
    };
    c.nodes.insert(name.clone(), node);
    c.schedule_kubelet(&name);
}

impl Cluster {
    pub(super) fn fault(&mut self, fault: &Fault) {
        let (what, value) = (Str::from(fault.to_string()), Str::from(fault.to_value().to_string()));
        let node = Cluster::befallen(fault);
        let cause = self.trace.push(self.now, 0, What::Fault { node, what, value });
        let now = self.now;
        match fault {
            Fault::AddNode(machine) => add_node(self, machine.clone(), cause),
            Fault::RemoveNode { node } => {
                if let Some(n) = self.nodes.remove(node)
                    && let Some(t) = n.wake
                {
                    self.agenda.cancel(t);
                }
            }
            Fault::NodeDown { node, down } => self.on_node(node, |k| k.set_down(*down, now, cause)),
            Fault::KubeletRestart { node } => self.on_node(node, |k| k.restart(now, cause)),
            Fault::ContainerExit { pod, container, code } => {
                self.on_pod(pod, cause, Blow::Exit { container: container.clone(), code: *code });
            }
            Fault::ProbeFails { pod, probe, failing } => {
                self.on_pod(pod, cause, Blow::Probes { kind: probe.clone(), failing: *failing });
            }
            Fault::RegistryDown { down } => self.set_reach(Reach { down: *down, ..self.reach }),
            Fault::SlowPulls { times } => self.set_reach(Reach { times: (*times).max(1), ..self.reach }),
        }
    }

    fn on_node(&mut self, node: &Str, then: impl FnOnce(&mut Kubelet)) {
        let Some(n) = self.nodes.get_mut(node) else { return };
        then(Rc::make_mut(&mut n.kubelet));
        self.schedule_kubelet(node);
    }

    fn on_pod(&mut self, pod: &Key, cause: u64, blow: Blow) {
        let node = self.node_under(pod);
        self.on_node(&node, |k| k.strike(pod, blow, cause));
    }

    fn node_under(&self, pod: &Key) -> Str {
        self.tables().get::<Pod>(pod).map(|p| p.spec.node_name.clone()).unwrap_or_default()
    }

    /// The machine that it befalls; none where it befalls a pod, or all.
    fn befallen(fault: &Fault) -> Str {
        match fault {
            Fault::NodeDown { node, .. } | Fault::KubeletRestart { node } | Fault::RemoveNode { node } => node.clone(),
            Fault::AddNode(machine) => machine.name.clone(),
            _ => Str::EMPTY,
        }
    }

    /// Of pulls that begin from now on.
    fn set_reach(&mut self, reach: Reach) {
        self.reach = reach;
        let names: Vec<Str> = self.nodes.keys().cloned().collect();
        for name in names {
            let node = self.nodes.get_mut(&name).expect("its name was just read");
            Rc::make_mut(&mut node.kubelet).set_reach(reach);
        }
    }
}

/// A self-signed certificate of nobody: what `kube-root-ca.crt` holds.
const CA: &str = "-----BEGIN CERTIFICATE-----\n\
MIIBdzCCAR2gAwIBAgIBADAKBggqhkjOPQQDAjAjMSEwHwYDVQQDDBhrdWJhcml1\n\
bS1zZXJ2ZXItY2FAMTc2NzIyNTYwHhcNMjYwMTAxMDAwMDAwWhcNMzUxMjMwMDAw\n\
-----END CERTIFICATE-----\n";

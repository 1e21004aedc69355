//! Tests of the node lifecycle controller with leases that stop.

use super::super::tests::{World, key, meta, template};
use super::*;
use crate::api::Object;
use crate::api::coordination::LeaseSpec;
use crate::apimachinery::ObjectMeta;
use crate::apimachinery::time::MicroTime;

fn node_key(name: &str) -> Key {
    Key::new("", name)
}

fn lease(name: &'static str, micros: i64) -> Lease {
    let spec = LeaseSpec { renew_time: Some(MicroTime::from_unix_micros(micros)), ..LeaseSpec::default() };
    let metadata =
        ObjectMeta { name: Str::literal(name), namespace: Str::literal("kube-node-lease"), ..ObjectMeta::default() };
    Lease { metadata, spec: Rc::new(spec) }
}

fn add_node(w: &mut World, name: &'static str) {
    w.create(Node { metadata: ObjectMeta { name: Str::literal(name), ..ObjectMeta::default() }, ..Node::default() });
    set_ready(w, name);
    let micros = w.act(|t| t.wall.unix()) * 1_000_000;
    w.create(lease(name, micros));
}

fn set_ready(w: &mut World, name: &str) {
    let now = w.act(|t| t.wall);
    w.set_status(KindId::Node, &node_key(name), |o| {
        let mut n = (**o.downcast::<Node>().expect("a node")).clone();
        Rc::make_mut(&mut n.status).conditions = vec![NodeCondition {
            type_: Str::literal("Ready"),
            status: Str::literal("True"),
            last_heartbeat_time: now,
            last_transition_time: now,
            ..NodeCondition::default()
        }]
        .into();
        *o = Object::of(n);
    });
}

/// Lets time pass; the leases of these nodes are renewed.
fn pass(w: &mut World, seconds: i64, alive: &[&'static str]) {
    for _ in 0..seconds / 5 {
        w.run(SECOND * 5);
        let micros = w.act(|t| t.wall.unix()) * 1_000_000;
        for name in alive {
            w.patch::<Lease>(&Key::new("kube-node-lease", *name), |l| {
                Rc::make_mut(&mut l.spec).renew_time = Some(MicroTime::from_unix_micros(micros));
            });
        }
    }
}

fn ready(w: &World, name: &str) -> String {
    let node = w.get::<Node>(&node_key(name)).expect("it stays");
    ready_condition(node).expect("it is told").status.to_string()
}

fn taints_of(w: &World, name: &str) -> Vec<String> {
    let node = w.get::<Node>(&node_key(name)).expect("it stays");
    node.spec
        .taints
        .iter()
        .map(|t| format!("{}:{}", t.key.trim_start_matches("node.kubernetes.io/"), t.effect))
        .collect()
}

#[test]
fn a_silent_node_is_unknown_tainted_and_its_pods_are_not_ready() {
    let mut w = World::new();
    add_node(&mut w, "a");
    add_node(&mut w, "b");
    let mut spec = (*template("i").spec).clone();
    spec.node_name = Str::literal("b");
    spec.tolerations =
        vec![crate::api::core::Toleration { operator: Str::literal("Exists"), ..Default::default() }].into();
    w.create(Pod { metadata: meta("p"), spec: Rc::new(spec), ..Pod::default() });
    w.make_ready(|_| true);
    pass(&mut w, 45, &["a"]);
    assert_eq!((ready(&w, "a"), ready(&w, "b")), ("True".to_owned(), "True".to_owned()));
    assert!(w.is_fixpoint());
    pass(&mut w, 20, &["a"]);
    assert_eq!((ready(&w, "a"), ready(&w, "b")), ("True".to_owned(), "Unknown".to_owned()));
    assert_eq!(taints_of(&w, "b"), ["unreachable:NoSchedule", "unreachable:NoExecute"]);
    assert!(!w.get::<Pod>(&key("p")).expect("it tolerates all").is_ready());
    let events = w.events();
    for told in [
        "RegisteredNode: Node b event: Registered Node b in Controller",
        "NodeNotReady: Node b status is now: NodeNotReady",
        "NodeNotReady: Node is not ready",
    ] {
        assert!(events.contains(&told.to_owned()), "{told}");
    }
    assert!(w.is_fixpoint());

    set_ready(&mut w, "b");
    pass(&mut w, 10, &["a", "b"]);
    assert_eq!(taints_of(&w, "b"), Vec::<String>::new());
    assert!(w.is_fixpoint());
}

#[test]
fn a_dead_cluster_evicts_nobody() {
    let mut w = World::new();
    add_node(&mut w, "a");
    add_node(&mut w, "b");
    pass(&mut w, 80, &[]);
    assert_eq!((ready(&w, "a"), ready(&w, "b")), ("Unknown".to_owned(), "Unknown".to_owned()));
    assert_eq!(taints_of(&w, "a"), ["unreachable:NoSchedule"]);
}

#[test]
fn a_cordoned_node_is_tainted_and_labels_are_copied() {
    let mut w = World::new();
    add_node(&mut w, "a");
    w.patch::<Node>(&node_key("a"), |n| {
        n.metadata.labels.insert("kubernetes.io/os", Str::literal("linux"));
        Rc::make_mut(&mut n.spec).unschedulable = true;
    });
    w.run(SECOND);
    assert_eq!(taints_of(&w, "a"), ["unschedulable:NoSchedule"]);
    let labels = &w.get::<Node>(&node_key("a")).expect("it stays").metadata.labels;
    assert_eq!(labels.get("beta.kubernetes.io/os").map(Str::as_str), Some("linux"));
    w.patch::<Node>(&node_key("a"), |n| Rc::make_mut(&mut n.spec).unschedulable = false);
    w.run(SECOND);
    assert_eq!(taints_of(&w, "a"), Vec::<String>::new());
    assert!(w.is_fixpoint());
}

//! Tests of the ReplicaSet controller.

use super::super::tests::{World, key, meta, template};
use super::*;
use crate::api::apps::ReplicaSetSpec;
use crate::api::core::{PodCondition, PodStatus};
use crate::apimachinery::{LabelSelector, Map};
use crate::apiserver::Propagation;

fn labels() -> Map {
    [("app", Str::literal("web"))].into_iter().collect()
}

fn replica_set(replicas: i32) -> ReplicaSet {
    let selector = LabelSelector { match_labels: labels(), ..LabelSelector::default() };
    let spec = ReplicaSetSpec {
        replicas: Some(replicas),
        selector: Some(Rc::new(selector)),
        template: Rc::new(template("nginx")),
        ..ReplicaSetSpec::default()
    };
    ReplicaSet { metadata: meta("web"), spec: Rc::new(spec), ..ReplicaSet::default() }
}

fn ready_condition(at: i64) -> PodCondition {
    PodCondition {
        type_: Str::literal("Ready"),
        status: Str::literal("True"),
        last_transition_time: Wall::from_unix(at),
        ..PodCondition::default()
    }
}

/// A pod for the ranking: `f` makes it special.
fn pod(name: &'static str, f: impl FnOnce(&mut Pod, &mut PodStatus)) -> Rc<Pod> {
    let mut p = Pod { metadata: meta(name), ..Pod::default() };
    p.metadata.uid = Str::literal(name);
    p.metadata.creation_timestamp = Wall::from_unix(1000);
    Rc::make_mut(&mut p.spec).node_name = Str::literal("n1");
    let mut status = PodStatus { phase: Str::literal("Running"), ..PodStatus::default() };
    status.conditions.push(ready_condition(1000));
    f(&mut p, &mut status);
    p.status = Rc::new(status);
    Rc::new(p)
}

#[test]
fn the_plan_is_the_difference_in_bursts() {
    for (active, wanted, plan) in [
        (3, 3, Plan::Nothing),
        (1, 3, Plan::Create(2)),
        (3, 1, Plan::Delete(2)),
        (0, 2000, Plan::Create(500)),
        (2000, 0, Plan::Delete(500)),
    ] {
        assert_eq!(manage_replicas(active, wanted), plan, "{active} of {wanted}");
    }
}

#[test]
fn the_least_useful_pod_goes_first() {
    let cost = |p: &mut Pod, c| drop(p.metadata.annotations.insert("controller.kubernetes.io/pod-deletion-cost", c));
    let good = || pod("good", |_, _| {});
    let on = |name, node| pod(name, move |p, _| Rc::make_mut(&mut p.spec).node_name = Str::literal(node));
    let cases = [
        ("unassigned", on("x", ""), good()),
        ("pending", pod("x", |_, s| s.phase = Str::literal("Pending")), good()),
        ("not ready", pod("x", |_, s| s.conditions = Default::default()), good()),
        ("cheap", pod("x", |p, _| cost(p, Str::literal("-5"))), good()),
        ("the other is dear", good(), pod("x", |p, _| cost(p, Str::literal("7")))),
        ("crowded node", on("x", "crowded"), good()),
        ("ready for a shorter time", pod("x", |_, s| s.conditions = vec![ready_condition(99_000)].into()), good()),
        (
            "restarted",
            pod("x", |_, s| {
                s.container_statuses.push(crate::api::core::ContainerStatus { restart_count: 2, ..Default::default() })
            }),
            good(),
        ),
        ("newer", pod("x", |p, _| p.metadata.creation_timestamp = Wall::from_unix(99_000)), good()),
        (
            "as old within its order of magnitude: the smaller uid",
            pod("a", |p, _| p.metadata.creation_timestamp = Wall::from_unix(1001)),
            good(),
        ),
    ];
    for (why, first, second) in cases {
        let related = [on("r1", "crowded"), on("r2", "crowded"), first.clone(), second.clone()];
        let chosen = pods_to_delete(&[second, first.clone()], &related, 1, 100_000_000_000_000);
        assert_eq!(chosen[0].metadata.name, first.metadata.name, "{why}");
    }
}

#[test]
fn which_pod_goes_first_is_an_order_whatever_they_are_like() {
    let restarted = |s: &mut PodStatus| {
        s.container_statuses.push(crate::api::core::ContainerStatus { restart_count: 2, ..Default::default() });
    };
    let ready = |at| move |_: &mut Pod, s: &mut PodStatus| s.conditions = vec![ready_condition(at)].into();
    let all = [
        pod("b", ready(2000)),
        pod("a", ready(2001)),
        pod("c", ready(2001)),
        pod("d", |p, s| {
            ready(2001)(p, s);
            restarted(s);
        }),
        pod("e", |p, _| p.metadata.creation_timestamp = Wall::default()),
        pod("f", |_, s| s.conditions = Default::default()),
    ];
    let first = |x: &Rc<Pod>, y: &Rc<Pod>| {
        let chosen = pods_to_delete(&[x.clone(), y.clone()], &[], 1, 100_000_000_000_000);
        chosen[0].metadata.name == x.metadata.name
    };
    for x in &all {
        for y in all.iter().filter(|y| !Rc::ptr_eq(x, y)) {
            assert_ne!(first(x, y), first(y, x), "one of {} and {}", x.metadata.name, y.metadata.name);
            for z in all.iter().filter(|z| !Rc::ptr_eq(x, z) && !Rc::ptr_eq(y, z)) {
                let names = [x, y, z].map(|p| p.metadata.name.clone());
                assert!(!(first(x, y) && first(y, z)) || first(x, z), "{names:?}");
            }
        }
    }
}

#[test]
fn the_status_counts_and_tells_failures() {
    let mut rs = replica_set(3);
    Rc::make_mut(&mut rs.spec).min_ready_seconds = 10;
    let pods = [
        pod("a", |p, _| p.metadata.labels = labels()),
        pod("b", |_, s| s.conditions = vec![ready_condition(1995)].into()),
        pod("c", |_, s| s.conditions = Default::default()),
    ];
    let now = Wall::from_unix(2000);
    let status = calculate_status(&rs, &pods, 1, None, now);
    let counts = (status.replicas, status.fully_labeled_replicas, status.ready_replicas, status.available_replicas);
    assert_eq!((counts, status.terminating_replicas), ((3, 1, 2, 1), Some(1)));

    let status = calculate_status(&rs, &pods[..1], 0, Some(&Status::unknown("over quota")), now);
    let told: Vec<_> = status.conditions.iter().map(|c| (c.type_.as_str(), c.reason.as_str())).collect();
    assert_eq!(told, [("ReplicaFailure", "FailedCreate")]);
    rs.status = Rc::new(status);
    assert!(calculate_status(&rs, &pods, 0, None, now).conditions.is_empty());
}

#[test]
fn a_stale_view_does_not_make_it_ask_twice() {
    let mut w = World::new();
    w.create(replica_set(5));
    w.run(Duration::from_secs(5));
    let pods = w.list::<Pod>();
    assert_eq!(pods.len(), 5);
    assert!(pods.iter().all(|p| p.metadata.name.starts_with("web-") && p.metadata.name.len() == 9));
    assert_eq!(w.get::<ReplicaSet>(&key("web")).expect("it stays").status.replicas, 5);
    assert_eq!(w.events().iter().filter(|e| e.starts_with("SuccessfulCreate: Created pod: web-")).count(), 5);
    assert!(w.is_fixpoint());
}

#[test]
fn pods_share_their_templates_parts() {
    let mut w = World::new();
    let rs = w.create(replica_set(2));
    w.run(Duration::from_secs(1));
    for p in w.list::<Pod>() {
        assert!(p.spec.containers.ptr_eq(&rs.spec.template.spec.containers));
    }
}

#[test]
fn it_scales_down_adopts_and_lets_go() {
    let mut w = World::new();
    let mut orphan =
        Pod { metadata: meta("orphan"), spec: replica_set(0).spec.template.spec.clone(), ..Pod::default() };
    orphan.metadata.labels = labels();
    w.create(orphan);
    w.create(replica_set(3));
    w.run(Duration::from_secs(2));
    let uid = w.get::<ReplicaSet>(&key("web")).expect("it stays").metadata.uid.clone();
    assert_eq!(w.list::<Pod>().len(), 3, "the orphan counts");
    assert!(w.get::<Pod>(&key("orphan")).expect("it stays").metadata.is_controlled_by(&uid));

    w.patch::<Pod>(&key("orphan"), |p| drop(p.metadata.labels.remove("app")));
    w.run(Duration::from_secs(2));
    assert!(w.get::<Pod>(&key("orphan")).expect("it stays").metadata.owner_references.is_empty());
    assert_eq!(w.list::<Pod>().len(), 4, "another takes the place of the one let go");

    w.patch::<ReplicaSet>(&key("web"), |rs| Rc::make_mut(&mut rs.spec).replicas = Some(1));
    w.run(Duration::from_secs(2));
    assert_eq!(w.list::<Pod>().len(), 2);
    assert_eq!(w.events().iter().filter(|e| e.starts_with("SuccessfulDelete: Deleted pod: web-")).count(), 2);
    assert!(w.is_fixpoint());

    w.delete(KindId::ReplicaSet, &key("web"), Propagation::Orphan);
    w.run(Duration::from_secs(2));
    assert!(w.is_fixpoint());
}

#[test]
fn availability_comes_after_min_ready_seconds() {
    let mut w = World::new();
    let mut rs = replica_set(1);
    Rc::make_mut(&mut rs.spec).min_ready_seconds = 5;
    w.create(rs);
    w.run(Duration::from_secs(1));
    let pod = w.list::<Pod>()[0].metadata.key();
    let now = w.act(|t| t.wall);
    w.set_status(KindId::Pod, &pod, |o| {
        let mut p = (**o.downcast::<Pod>().expect("a pod")).clone();
        Rc::make_mut(&mut p.status).conditions.push(ready_condition(now.unix()));
        *o = crate::api::Object::of(p);
    });
    w.run(Duration::from_secs(4));
    let available = |w: &World| w.get::<ReplicaSet>(&key("web")).expect("it stays").status.available_replicas;
    assert_eq!(available(&w), 0);
    w.run(Duration::from_secs(2));
    assert_eq!(available(&w), 1);
    assert!(w.is_fixpoint());
}

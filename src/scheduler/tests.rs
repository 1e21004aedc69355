//! Whole cycles against a store.
//!
//! Upstream: pkg/scheduler/schedule_one_test.go, test/integration/scheduler
//! Differs: nothing known.

use super::testing::{labels, list, node, pod};
use super::*;
use crate::api::core::{PodAffinityTerm, PodAntiAffinity, TopologySpreadConstraint};
use crate::api::{Key, Kind};
use crate::apimachinery::LabelSelector;
use crate::apimachinery::time::Time as Wall;
use crate::apiserver::Server;
use crate::client::{Agent, Recorder};
use crate::sim::{Rng, Trace};

/// An API server and a scheduler that sees at once what is written.
struct World {
    server: Server,
    scheduler: Scheduler,
    rng: Rng,
    trace: Trace<What>,
    recorder: Recorder,
    now: Time,
    seen: u64,
}

impl World {
    fn new() -> World {
        let mut server = Server::default();
        let mut namespace = crate::api::core::Namespace::default();
        namespace.metadata.name = "default".into();
        server.store.put(Object::of(namespace), 0);
        World {
            server,
            scheduler: Scheduler::default(),
            rng: Rng::new(1),
            trace: Trace::new(1000),
            recorder: Recorder::default(),
            now: Time::ZERO,
            seen: 2,
        }
    }

    fn put<K: Kind>(&mut self, object: K) {
        let mut object = Object::of(object);
        object.set_defaults();
        self.server.store.put(object, 0);
        self.deliver();
    }

    fn remove(&mut self, name: &str) {
        self.server.store.remove(KindId::Pod, &Key::new("default", name), 0);
        self.deliver();
    }

    fn deliver(&mut self) {
        let events: Vec<WatchEvent> =
            self.server.store.since(self.seen).expect("it is not compacted").cloned().collect();
        let view = self.server.store.head().clone();
        for event in &events {
            self.scheduler.observe(event, &view, self.now);
        }
        self.seen = self.server.store.rev();
    }

    fn cycle(&mut self) {
        let agent = Agent::scheduler();
        let mut turn = Turn {
            now: self.now,
            wall: Wall::from_unix(1_700_000_000 + self.now.as_secs()),
            view: self.server.store.head().clone(),
            server: &mut self.server,
            rng: &mut self.rng,
            trace: &mut self.trace,
            recorder: &mut self.recorder,
            agent: &agent,
            cause: 0,
            calls: 0,
        };
        self.scheduler.cycle(&mut turn);
    }

    /// Cycles until nothing is left to do at once.
    fn settle(&mut self) {
        for _ in 0..1000 {
            if self.scheduler.next_at(self.now) != Some(self.now) {
                return;
            }
            self.cycle();
            self.deliver();
            assert!(self.scheduler.cache_holds(self.server.store.head()));
        }
        panic!("it does not settle");
    }

    fn pod(&self, name: &str) -> Option<Rc<Pod>> {
        self.server.store.head().get::<Pod>(&Key::new("default", name)).cloned()
    }

    #[track_caller]
    fn on(&self, name: &str) -> Str {
        self.pod(name).expect("the pod is there").spec.node_name.clone()
    }

    fn message(&self, name: &str) -> Str {
        let pod = self.pod(name).expect("the pod is there");
        pod.status.condition("PodScheduled").map(|c| c.message.clone()).unwrap_or_default()
    }
}

fn important(name: &str, cpu: &str, priority: i32) -> Pod {
    let mut p = pod(name, &[("cpu", cpu)]);
    Rc::make_mut(&mut p.spec).priority = Some(priority);
    p
}

fn web(name: &str) -> Pod {
    let mut p = pod(name, &[]);
    p.metadata.labels = labels(&[("app", "web")]);
    p
}

fn web_selector() -> Option<Rc<LabelSelector>> {
    Some(Rc::new(LabelSelector { match_labels: labels(&[("app", "web")]), ..LabelSelector::default() }))
}

#[test]
fn a_pod_is_bound_and_told_of() {
    let mut w = World::new();
    w.put(node("n1", &[]));
    w.put(pod("a", &[("cpu", "1")]));
    w.settle();
    assert_eq!(w.on("a"), "n1");
    let events: Vec<Str> =
        w.server.store.head().list::<crate::api::core::Event>(None).map(|e| e.message.clone()).collect();
    assert_eq!(events, ["Successfully assigned default/a to n1"]);
    assert_eq!(w.scheduler.next_at(w.now), None);
}

#[test]
fn a_pod_that_fits_nowhere_waits_for_room() {
    let mut w = World::new();
    w.put(node("n1", &[]));
    w.put(pod("x", &[("cpu", "3")]));
    w.settle();
    w.put(pod("a", &[("cpu", "2")]));
    w.settle();
    assert_eq!(w.on("a"), "");
    assert_eq!(
        w.message("a"),
        "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: \
         1 No preemption victims found for incoming pod."
    );
    // Nothing but time: after five minutes it is tried again.
    assert_eq!(w.scheduler.next_at(w.now), Some(Time::from_secs(330)));
    w.put(pod("b", &[("cpu", "3")]));
    w.settle();
    w.remove("x");
    w.settle();
    assert_eq!((w.on("a"), w.on("b")), ("n1".into(), "".into()));
}

#[test]
fn without_nodes_it_tries_again_and_again_but_less_and_less() {
    let mut w = World::new();
    w.put(pod("a", &[]));
    let mut tried = Vec::new();
    while tried.len() < 6 {
        w.settle();
        tried.push(w.now.as_secs());
        w.now = w.scheduler.next_at(w.now).expect("it will try again");
    }
    assert_eq!(w.message("a"), "no nodes available to schedule pods");
    assert_eq!(tried, [0, 2, 5, 10, 19, 30]);
}

#[test]
fn a_gated_pod_is_not_tried_until_its_gates_are_gone() {
    let mut w = World::new();
    w.put(node("n1", &[]));
    let mut p = pod("a", &[]);
    let gate = crate::api::core::PodSchedulingGate { name: "example.com/a".into() };
    Rc::make_mut(&mut p.spec).scheduling_gates = vec![gate].into();
    w.put(p.clone());
    assert_eq!(w.scheduler.next_at(w.now), None);
    Rc::make_mut(&mut p.spec).scheduling_gates = Default::default();
    w.put(p);
    w.settle();
    assert_eq!(w.on("a"), "n1");
}

#[test]
fn the_more_important_pod_goes_first() {
    let mut w = World::new();
    w.put(important("low", "3", 0));
    w.put(important("high", "3", 10));
    w.put(node("n1", &[]));
    w.settle();
    assert_eq!((w.on("low"), w.on("high")), ("".into(), "n1".into()));
}

#[test]
fn the_least_important_victims_are_driven_out_and_the_node_is_kept_for_who_did_it() {
    let mut w = World::new();
    w.put(node("n1", &[]));
    w.put(node("n2", &[]));
    for (name, priority, on) in [("mid", 50, "n1"), ("low", 0, "n2")] {
        let mut p = important(name, "3", priority);
        Rc::make_mut(&mut p.spec).node_name = Str::from(on);
        Rc::make_mut(&mut p.spec).termination_grace_period_seconds = Some(30);
        w.put(p);
    }
    w.put(important("high", "2", 100));
    w.settle();
    let high = w.pod("high").expect("it waits");
    assert_eq!((&*high.status.nominated_node_name, &*high.spec.node_name), ("n2", ""));
    assert_eq!(w.message("high"), "0/2 nodes are available: 2 Insufficient cpu.");
    let low = w.pod("low");
    let target = low.as_ref().and_then(|p| p.status.condition("DisruptionTarget").cloned());
    assert!(low.is_none() || target.is_some_and(|c| c.reason == "PreemptionByScheduler"));
    assert!(w.pod("mid").is_some_and(|p| !p.metadata.is_deleting()));
    // The room that is being made is not for everybody.
    w.put(important("other", "2500m", 60));
    w.remove("low");
    w.settle();
    assert_eq!(w.on("high"), "n2");
    assert_eq!(w.on("other"), "");
}

#[test]
fn who_must_not_preempt_waits() {
    let mut w = World::new();
    w.put(node("n1", &[]));
    w.put(important("x", "3", 0));
    w.settle();
    let mut p = important("a", "2", 100);
    Rc::make_mut(&mut p.spec).preemption_policy = Some("Never".into());
    w.put(p);
    w.settle();
    assert_eq!(
        w.message("a"),
        "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to \
         preemptionPolicy=Never."
    );
}

#[test]
fn pods_that_shun_each_other_take_a_node_each() {
    let mut w = World::new();
    for name in ["n1", "n2", "n3"] {
        w.put(node(name, &[]));
    }
    let term = PodAffinityTerm {
        label_selector: web_selector(),
        topology_key: "kubernetes.io/hostname".into(),
        ..PodAffinityTerm::default()
    };
    for name in ["a", "b", "c", "d"] {
        let mut p = web(name);
        let anti = PodAntiAffinity {
            required_during_scheduling_ignored_during_execution: vec![term.clone()].into(),
            ..PodAntiAffinity::default()
        };
        let affinity = crate::api::core::Affinity { pod_anti_affinity: Some(Rc::new(anti)), ..Default::default() };
        Rc::make_mut(&mut p.spec).affinity = Some(Rc::new(affinity));
        w.put(p);
    }
    w.settle();
    let mut on = [w.on("a"), w.on("b"), w.on("c")];
    on.sort();
    assert_eq!(on, ["n1", "n2", "n3"]);
    assert!(w.message("d").starts_with("0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules."));
    // One that has no such wish is kept away all the same.
    w.put(web("e"));
    w.settle();
    assert!(
        w.message("e").starts_with("0/3 nodes are available: 3 node(s) didn't satisfy existing pods anti-affinity")
    );
}

#[test]
fn zones_are_filled_evenly() {
    let mut w = World::new();
    for (name, zone) in [("n1", "a"), ("n2", "a"), ("n3", "b")] {
        w.put(node(name, &[("zone", zone)]));
    }
    for i in 0..6 {
        let mut p = web(&format!("p{i}"));
        let spread = TopologySpreadConstraint {
            max_skew: 1,
            topology_key: "zone".into(),
            when_unsatisfiable: "DoNotSchedule".into(),
            label_selector: web_selector(),
            ..TopologySpreadConstraint::default()
        };
        Rc::make_mut(&mut p.spec).topology_spread_constraints = vec![spread].into();
        w.put(p);
    }
    w.settle();
    assert_eq!((0..6).filter(|i| w.on(&format!("p{i}")) == "n3").count(), 3);
}

#[test]
fn an_explanation_agrees_with_what_happens_and_changes_nothing() {
    let mut w = World::new();
    for i in 0..5 {
        w.put(node(&format!("n{i}"), &[("zone", if i < 2 { "a" } else { "b" })]));
    }
    let mut small = node("small", &[]);
    small.status = Rc::new(crate::api::core::NodeStatus { allocatable: list(&[("cpu", "1")]), ..Default::default() });
    w.put(small);
    for i in 0..12 {
        let p = pod(&format!("p{i}"), &[("cpu", ["500m", "1", "1500m"][i % 3]), ("memory", "1Gi")]);
        let before = w.rng.clone();
        let told = w.scheduler.explain(w.server.store.head(), &p, 0);
        assert_eq!(format!("{before:?}"), format!("{:?}", w.rng));
        w.put(p);
        w.settle();
        let on = w.on(&format!("p{i}"));
        if told.best.is_empty() {
            assert!(on.is_empty() && w.message(&format!("p{i}")).starts_with(&told.message));
        } else {
            assert!(told.best.contains(&on), "{on} is none of {:?}", told.best);
        }
        let small = told.nodes.iter().find(|n| n.node == "small").expect("every node is told of");
        assert_eq!((small.rejected_by, small.fits()), ("NodeResourcesFit", false));
    }
}

/// Pods of all sorts come and go, nodes change; what is told of the end.
fn random_life(seed: u64, memo: bool) -> Vec<(Str, Str)> {
    let mut w = World::new();
    let mut dice = crate::sim::Stream::new(seed);
    let zone = |n: u64| ["a", "b", "c"][n as usize];
    for i in 0..8 {
        w.put(node(&format!("n{i}"), &[("zone", zone(i % 3)), ("topology.kubernetes.io/zone", zone(i % 2))]));
    }
    let mut service = crate::api::core::Service::default();
    service.metadata.name = "web".into();
    service.metadata.namespace = "default".into();
    Rc::make_mut(&mut service.spec).selector = labels(&[("app", "web")]);
    w.put(service);
    let mut alive: Vec<String> = Vec::new();
    for i in 0..80 {
        if !memo {
            w.scheduler.memo = Memo::default();
        }
        match dice.below(10) {
            0 if !alive.is_empty() => {
                let at = dice.below(alive.len() as u64) as usize;
                w.remove(&alive.swap_remove(at));
            }
            1 => {
                let mut n = node(&format!("n{}", dice.below(8)), &[("zone", zone(dice.below(3)))]);
                let spec = Rc::make_mut(&mut n.spec);
                spec.unschedulable = dice.below(4) == 0;
                let soft = crate::api::core::Taint {
                    key: "old".into(),
                    effect: "PreferNoSchedule".into(),
                    ..Default::default()
                };
                spec.taints = (0..dice.below(2)).map(|_| soft.clone()).collect();
                w.put(n);
            }
            2 => w.now += Duration::from_secs(7),
            _ => {
                let name = format!("p{i}");
                let mut p = pod(&name, &[("cpu", ["100m", "500m", "2"][dice.below(3) as usize])]);
                let app = ["web", "db", "cache"][dice.below(3) as usize];
                p.metadata.labels = labels(&[("app", app)]);
                let spec = Rc::make_mut(&mut p.spec);
                spec.priority = Some([0, 0, 10][dice.below(3) as usize]);
                let term = PodAffinityTerm {
                    label_selector: web_selector(),
                    topology_key: ["zone", "kubernetes.io/hostname"][dice.below(2) as usize].into(),
                    ..PodAffinityTerm::default()
                };
                let terms = vec![term];
                let mut affinity = crate::api::core::Affinity::default();
                match dice.below(5) {
                    0 => {
                        affinity.pod_anti_affinity = Some(Rc::new(PodAntiAffinity {
                            required_during_scheduling_ignored_during_execution: terms.into(),
                            ..Default::default()
                        }));
                    }
                    1 => {
                        affinity.pod_affinity = Some(Rc::new(crate::api::core::PodAffinity {
                            required_during_scheduling_ignored_during_execution: terms.into(),
                            ..Default::default()
                        }));
                    }
                    2 => spec.node_selector = labels(&[("zone", zone(dice.below(3)))]),
                    3 => {
                        let spread = TopologySpreadConstraint {
                            max_skew: 1,
                            topology_key: "zone".into(),
                            when_unsatisfiable: ["DoNotSchedule", "ScheduleAnyway"][dice.below(2) as usize].into(),
                            label_selector: web_selector(),
                            ..TopologySpreadConstraint::default()
                        };
                        spec.topology_spread_constraints = vec![spread].into();
                    }
                    _ => {}
                }
                spec.affinity = Some(Rc::new(affinity));
                w.put(p);
                alive.push(name);
            }
        }
        w.settle();
    }
    let pods = w.server.store.head().list::<Pod>(None);
    pods.map(|p| (p.metadata.name.clone(), p.spec.node_name.clone())).collect()
}

#[test]
fn what_is_remembered_of_nodes_changes_no_answer() {
    for seed in 0..12 {
        let told = random_life(seed, true);
        assert_eq!(told, random_life(seed, false), "seed {seed}");
        assert!(told.iter().any(|(_, node)| !node.is_empty()));
    }
}

#[test]
fn a_thousand_pods_on_a_hundred_nodes() {
    let mut w = World::new();
    for i in 0..100 {
        w.put(node(&format!("n{i}"), &[("topology.kubernetes.io/zone", ["a", "b", "c"][i % 3])]));
    }
    let mut service = crate::api::core::Service::default();
    service.metadata.name = "web".into();
    service.metadata.namespace = "default".into();
    Rc::make_mut(&mut service.spec).selector = labels(&[("app", "web")]);
    w.put(service);
    for i in 0..1_000 {
        let mut p = pod(&format!("p{i}"), &[("cpu", "100m"), ("memory", "100Mi")]);
        p.metadata.labels = labels(&[("app", "web")]);
        w.put(p);
    }
    while w.scheduler.next_at(w.now) == Some(w.now) {
        w.cycle();
        w.deliver();
    }
    assert!(w.scheduler.cache_holds(w.server.store.head()));
    assert_eq!(w.server.store.head().list::<Pod>(None).filter(|p| p.spec.node_name.is_empty()).count(), 0);
}

fn claiming(name: &str, claim: &str) -> Pod {
    let mut p = pod(name, &[]);
    let source = crate::api::core::PersistentVolumeClaimVolumeSource { claim_name: claim.into(), read_only: false };
    let volume = crate::api::core::Volume {
        name: "data".into(),
        persistent_volume_claim: Some(Rc::new(source)),
        ..Default::default()
    };
    Rc::make_mut(&mut p.spec).volumes = vec![volume].into();
    p
}

fn claim(name: &str, mode: &'static str) -> crate::api::core::PersistentVolumeClaim {
    let mut c = crate::api::core::PersistentVolumeClaim::default();
    c.metadata.name = name.into();
    c.metadata.namespace = "default".into();
    Rc::make_mut(&mut c.spec).access_modes = vec![Str::literal(mode)].into();
    c
}

#[test]
fn a_pod_waits_for_its_claim_to_be_there_and_to_be_bound() {
    let mut w = World::new();
    w.put(node("n1", &[]));
    w.put(claiming("a", "data"));
    w.settle();
    assert_eq!(w.message("a"), "0/1 nodes are available: persistentvolumeclaim \"data\" not found. not found");
    w.put(claim("data", "ReadWriteOnce"));
    w.settle();
    assert_eq!(w.message("a"), "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found");
}

//! Tests of the Deployment controller with the ReplicaSet controller at its side.

use super::super::tests::{World, key, meta, template};
use super::util::{condition, desired, size};
use super::*;
use crate::api::apps::{DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use crate::apimachinery::Map;
use crate::sim::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn deployment(replicas: i32, strategy: &'static str) -> Deployment {
    let labels: Map = [("app", Str::literal("web"))].into_iter().collect();
    let rolling = RollingUpdateDeployment { max_surge: Some(1.into()), max_unavailable: Some(0.into()) };
    let spec = DeploymentSpec {
        replicas: Some(replicas),
        selector: Some(Rc::new(LabelSelector { match_labels: labels, ..LabelSelector::default() })),
        template: Rc::new(template("nginx:1")),
        strategy: DeploymentStrategy {
            type_: Str::literal(strategy),
            rolling_update: (strategy == "RollingUpdate").then(|| Rc::new(rolling)),
        },
        progress_deadline_seconds: Some(60),
        revision_history_limit: Some(1),
        ..DeploymentSpec::default()
    };
    Deployment { metadata: meta("web"), spec: Rc::new(spec), ..Deployment::default() }
}

fn set_image(w: &mut World, image: &'static str) {
    w.patch::<Deployment>(&key("web"), |d| {
        let template = Rc::make_mut(&mut Rc::make_mut(&mut d.spec).template);
        Rc::make_mut(&mut template.spec).containers.make_mut()[0].image = Str::literal(image);
    });
}

fn get(w: &World) -> Rc<Deployment> {
    w.get::<Deployment>(&key("web")).expect("it stays").clone()
}

fn progressing(w: &World) -> (String, String) {
    let d = get(w);
    let c = condition(&d.status, "Progressing").expect("it is told");
    (c.status.to_string(), c.reason.to_string())
}

/// Lets pods become ready as they come, for so many seconds.
fn roll(w: &mut World, seconds: usize) {
    for _ in 0..seconds {
        w.run(SECOND);
        w.make_ready(|_| true);
    }
    w.run(SECOND);
}

fn sizes(w: &World) -> Vec<i32> {
    let mut list = w.list::<ReplicaSet>();
    list.sort_by_key(|rs| rs.metadata.annotations.get(util::REVISION).map(Str::to_string));
    list.iter().map(|rs| size(rs)).collect()
}

#[test]
fn a_deployment_comes_up_and_settles() {
    let mut w = World::new();
    w.create(deployment(3, "RollingUpdate"));
    w.run(SECOND);
    assert_eq!(progressing(&w).1, "ReplicaSetUpdated");
    assert_eq!(condition(&get(&w).status, "Available").map(|c| c.status.to_string()).as_deref(), Some("False"));
    roll(&mut w, 1);
    let d = get(&w);
    assert_eq!(progressing(&w), ("True".to_owned(), "NewReplicaSetAvailable".to_owned()));
    assert_eq!((d.status.available_replicas, d.status.unavailable_replicas), (desired(&d), 0));
    let rs = &w.list::<ReplicaSet>()[0];
    assert!(w.events().contains(&format!("ScalingReplicaSet: Scaled up replica set {} from 0 to 3", rs.metadata.name)));
    assert!(w.is_fixpoint());
}

#[test]
fn a_rolling_update_never_goes_below_what_is_wanted() {
    let mut w = World::new();
    w.create(deployment(3, "RollingUpdate"));
    roll(&mut w, 2);
    set_image(&mut w, "nginx:2");
    for _ in 0..200 {
        w.run(Duration::from_millis(50));
        let pods = w.list::<Pod>();
        assert!(pods.len() <= 4, "the surge is 1");
        assert!(pods.iter().filter(|p| p.is_ready()).count() >= 3, "none may be unavailable");
        w.make_ready(|_| true);
    }
    assert_eq!(sizes(&w), [0, 3]);
    assert_eq!(progressing(&w).1, "NewReplicaSetAvailable");
    assert!(w.is_fixpoint());

    set_image(&mut w, "nginx:3");
    roll(&mut w, 10);
    assert_eq!(sizes(&w), [0, 3], "the history is cut to one");

    set_image(&mut w, "nginx:2");
    roll(&mut w, 10);
    let back = w.list::<ReplicaSet>().into_iter().find(|rs| size(rs) == 3).expect("one is in use");
    let history = back.metadata.annotations.get("deployment.kubernetes.io/revision-history");
    assert_eq!(
        (history.map(Str::as_str), back.metadata.annotations.get(util::REVISION).map(Str::as_str)),
        (Some("2"), Some("4"))
    );
}

#[test]
fn recreate_waits_for_the_last_old_pod() {
    let mut w = World::new();
    w.create(deployment(2, "Recreate"));
    roll(&mut w, 2);
    set_image(&mut w, "nginx:2");
    for _ in 0..100 {
        w.run(Duration::from_millis(20));
        let mut images: Vec<_> = w.list::<Pod>().iter().map(|p| p.spec.containers[0].image.clone()).collect();
        images.dedup();
        assert!(images.len() <= 1, "old and new never run together");
    }
    roll(&mut w, 2);
    assert_eq!(sizes(&w), [0, 2]);
    assert!(w.is_fixpoint());
}

#[test]
fn a_stuck_rollout_exceeds_its_deadline_once() {
    let mut w = World::new();
    w.create(deployment(2, "RollingUpdate"));
    w.run(SECOND * 59);
    assert_eq!(progressing(&w).0, "True");
    w.run(SECOND * 5);
    assert_eq!(progressing(&w), ("False".to_owned(), "ProgressDeadlineExceeded".to_owned()));
    let rev = w.server.store.rev();
    w.run(SECOND * 600);
    assert_eq!(w.server.store.rev(), rev);
    assert!(w.is_fixpoint());
}

#[test]
fn a_paused_one_scales_but_does_not_roll() {
    let mut w = World::new();
    w.create(deployment(2, "RollingUpdate"));
    roll(&mut w, 2);
    w.patch::<Deployment>(&key("web"), |d| Rc::make_mut(&mut d.spec).paused = true);
    set_image(&mut w, "nginx:2");
    roll(&mut w, 2);
    assert_eq!((sizes(&w), progressing(&w).1), (vec![2], "DeploymentPaused".to_owned()));
    w.patch::<Deployment>(&key("web"), |d| Rc::make_mut(&mut d.spec).replicas = Some(4));
    roll(&mut w, 2);
    assert_eq!(sizes(&w), [4]);
    w.patch::<Deployment>(&key("web"), |d| Rc::make_mut(&mut d.spec).paused = false);
    roll(&mut w, 15);
    assert_eq!(sizes(&w), [0, 4]);
    assert!(w.is_fixpoint());
}

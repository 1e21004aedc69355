//! What is known of field manager, as tables.

use super::*;
use crate::api::KindId;
use crate::api::core::Pod;
use crate::apimachinery::{Decoder, Value};
use serde_json::json;
use std::rc::Rc;

fn now(seconds: i64) -> Time {
    Time::from_unix(1_700_000_000 + seconds)
}

#[track_caller]
fn object(kind: KindId, v: Value) -> Object {
    let mut d = Decoder::new();
    let object = kind.decode(&v, &mut d);
    assert_eq!(d.error, None);
    object
}

fn pod() -> Value {
    json!({
        "metadata": {"name": "web", "namespace": "default", "uid": "u", "creationTimestamp": "2024-01-01T00:00:00Z",
            "labels": {"app": "web"}},
        "spec": {
            "containers": [{"name": "web", "image": "nginx:1.25", "imagePullPolicy": "IfNotPresent",
                "ports": [{"containerPort": 80, "protocol": "TCP"}],
                "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}],
            "dnsPolicy": "ClusterFirst", "enableServiceLinks": true, "restartPolicy": "Always",
            "schedulerName": "default-scheduler", "securityContext": {}, "terminationGracePeriodSeconds": 30}})
}

fn fields(object: &Object) -> Vec<(String, Value)> {
    let entries = object.meta().managed_fields.iter();
    entries
        .map(|e| {
            (format!("{} {} {}", e.manager, e.operation, e.subresource), crate::apimachinery::Api::encode(&e.fields_v1))
        })
        .collect()
}

#[track_caller]
fn owns(object: &Object, who: &str, expected: Value) {
    let all = fields(object);
    let found = all.iter().find(|(w, _)| w.trim_end() == who);
    let found = found.unwrap_or_else(|| panic!("{who} is none of {all:?}"));
    assert_eq!(found.1, expected, "{}", found.1);
}

#[test]
fn a_creator_owns_what_it_wrote() {
    let (mut sets, mut new) = (Sets::default(), object(KindId::Pod, pod()));
    update(&mut sets, None, &mut new, "kubectl-create", Sub::None, now(0));
    owns(
        &new,
        "kubectl-create Update",
        json!({
            "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
            "f:spec": {
                "f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:image": {}, "f:imagePullPolicy": {}, "f:name": {},
                    "f:ports": {".": {}, "k:{\"containerPort\":80,\"protocol\":\"TCP\"}":
                        {".": {}, "f:containerPort": {}, "f:protocol": {}}},
                    "f:resources": {}, "f:terminationMessagePath": {}, "f:terminationMessagePolicy": {}}},
                "f:dnsPolicy": {}, "f:enableServiceLinks": {}, "f:restartPolicy": {}, "f:schedulerName": {},
                "f:securityContext": {}, "f:terminationGracePeriodSeconds": {}}}),
    );
}

#[test]
fn who_changes_a_field_takes_it() {
    let (mut sets, mut old) = (Sets::default(), object(KindId::Pod, pod()));
    update(&mut sets, None, &mut old, "one", Sub::None, now(0));
    let mut v = pod();
    v["metadata"]["labels"] = json!({"app": "other", "x": "1"});
    v["spec"]["containers"][0]["ports"] = Value::Null;
    let mut new = object(KindId::Pod, v);
    update(&mut sets, Some(&old), &mut new, "two", Sub::None, now(1));
    owns(&new, "two Update", json!({"f:metadata": {"f:labels": {"f:app": {}, "f:x": {}}}}));
    let one = owned_by(&new, "one").expect("it owns the rest");
    assert!(!one.paths().iter().any(|p| p.contains("ports") || p.contains(".app")), "{:?}", one.paths());
    assert!(one.paths().contains(&".metadata.labels".to_owned()));
}

#[test]
fn a_status_is_owned_through_its_own_door() {
    let (mut sets, mut old) = (Sets::default(), object(KindId::Pod, pod()));
    update(&mut sets, None, &mut old, "one", Sub::None, now(0));
    let mut v = pod();
    v["spec"]["dnsPolicy"] = "Default".into();
    v["status"] = json!({"phase": "Running", "podIPs": [{"ip": "10.0.0.1"}],
        "conditions": [{"type": "Ready", "status": "True"}]});
    let mut new = object(KindId::Pod, v.clone());
    new.meta_mut().managed_fields = old.meta().managed_fields.clone();
    update(&mut sets, Some(&old), &mut new, "kubelet", Sub::Status, now(1));
    owns(
        &new,
        "kubelet Update status",
        json!({"f:status": {
            "f:conditions": {".": {}, "k:{\"type\":\"Ready\"}": {".": {}, "f:lastProbeTime": {},
                "f:lastTransitionTime": {}, "f:status": {}, "f:type": {}}},
            "f:phase": {}, "f:podIPs": {".": {}, "k:{\"ip\":\"10.0.0.1\"}": {".": {}, "f:ip": {}}}}}),
    );
    let mut main = object(KindId::Pod, v);
    update(&mut sets, Some(&old), &mut main, "two", Sub::None, now(1));
    owns(&main, "two Update", json!({"f:spec": {"f:dnsPolicy": {}}}));
}

#[test]
fn times_move_only_with_a_change() {
    let (mut sets, mut old) = (Sets::default(), object(KindId::Pod, pod()));
    update(&mut sets, None, &mut old, "one", Sub::None, now(0));
    let mut new = object(KindId::Pod, pod());
    update(&mut sets, Some(&old), &mut new, "one", Sub::None, now(9));
    assert!(new.meta().managed_fields.ptr_eq(&old.meta().managed_fields));
    let mut changed = new.clone();
    changed.meta_mut().managed_fields.make_mut()[0].time = Some(now(9));
    keep_times(&old, &mut changed);
    assert_eq!(changed.meta().managed_fields[0].time, Some(now(0)));
}

#[test]
fn entries_are_reset_skipped_and_sorted() {
    let (mut sets, mut old) = (Sets::default(), object(KindId::Pod, pod()));
    let mut new = object(KindId::Pod, pod());
    new.meta_mut().labels.insert("x", Str::literal("1"));
    update(&mut sets, Some(&old), &mut new, "one", Sub::None, now(0));
    assert!(new.meta().managed_fields.is_empty(), "an object that nobody tracks stays so");
    update(&mut sets, None, &mut old, "one", Sub::None, now(0));
    let mut reset = new.clone();
    reset.meta_mut().managed_fields = List::from(vec![ManagedFieldsEntry::default()]);
    update(&mut sets, Some(&old), &mut reset, "one", Sub::None, now(0));
    assert!(reset.meta().managed_fields.is_empty());
    for n in 0..12 {
        let mut next = old.clone();
        next.meta_mut().labels.insert(format!("n{n}"), Str::literal("1"));
        update(&mut sets, Some(&old), &mut next, &format!("m{n:02}"), Sub::None, now(n));
        old = next;
    }
    let managers: Vec<_> = old.meta().managed_fields.iter().map(|e| e.manager.as_str()).collect();
    assert_eq!(managers.len(), 10, "{managers:?}");
    assert_eq!((managers[0], managers[9]), ("ancient-changes", "m11"));
}

#[test]
fn a_scale_of_zero_is_nobodys() {
    let deployment = |n: i32| {
        json!({"metadata": {"name": "web", "uid": "u"}, "spec": {"replicas": n,
        "selector": {"matchLabels": {"app": "web"}}, "template": {}}})
    };
    let (mut sets, mut old) = (Sets::default(), object(KindId::Deployment, deployment(2)));
    update(&mut sets, None, &mut old, "one", Sub::None, now(0));
    let mut three = object(KindId::Deployment, deployment(3));
    update(&mut sets, Some(&old), &mut three, "kubectl", Sub::Scale, now(1));
    owns(&three, "kubectl Update scale", json!({"f:spec": {"f:replicas": {}}}));
    owns(&three, "one Update", json!({"f:spec": {"f:selector": {}}}));
}

#[test]
fn pods_of_one_template_share_their_sets() {
    let mut sets = Sets::default();
    let mut made: Vec<Object> = Vec::new();
    for n in 0..50 {
        let mut v = pod();
        v["metadata"]["name"] = format!("web-{n}").into();
        let mut new = object(KindId::Pod, v.clone());
        update(&mut sets, None, &mut new, "kcm", Sub::None, now(n));
        let old = new.clone();
        v["status"] =
            json!({"podIPs": [{"ip": format!("10.0.0.{n}")}], "conditions": [{"type": "Ready", "status": "True"}]});
        let mut new = object(KindId::Pod, v);
        update(&mut sets, Some(&old), &mut new, "kubelet", Sub::Status, now(n));
        made.push(new);
    }
    let (a, b) = (&made[0].meta().managed_fields, &made[49].meta().managed_fields);
    assert!(a[0].fields_v1.ptr_eq(&b[0].fields_v1));
    let conditions = |set: &FieldSet| set.entries()[0].below.entries()[0].below.clone();
    assert!(conditions(&a[1].fields_v1).ptr_eq(&conditions(&b[1].fields_v1)), "what is equal inside is shared, too");
    assert!(owned_by(&made[0], "kubelet") != owned_by(&made[49], "kubelet"));
}

/// Run with `--release --nocapture` to see what a write costs.
#[test]
#[expect(clippy::disallowed_types, reason = "a measurement")]
fn the_cost_of_a_write() {
    let mut sets = Sets::default();
    let made = object(KindId::Pod, pod());
    let conditions = ["Ready", "Initialized", "ContainersReady", "PodReadyToStartContainers"].iter().map(
        |t| json!({"type": t, "status": "True", "lastTransitionTime": "2024-01-01T00:00:00Z", "observedGeneration": 1}),
    );
    let mut v = pod();
    v["status"] = json!({"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}], "hostIP": "1.2.3.4",
        "conditions": conditions.collect::<Value>(),
        "containerStatuses": [{"name": "web", "ready": true, "image": "nginx", "imageID": "x", "restartCount": 0}]});
    let status = object(KindId::Pod, v).downcast::<Pod>().expect("a pod").status.clone();
    let rounds = if cfg!(debug_assertions) { 20 } else { 20_000 };
    let mut pods: Vec<Object> = (0..rounds).map(|_| made.clone()).collect();
    let measure = |what: &str, f: &mut dyn FnMut(usize)| {
        let start = std::time::Instant::now();
        (0..rounds).for_each(&mut *f);
        println!("{what}: {:.2} µs", start.elapsed().as_secs_f64() * 1e6 / rounds as f64);
    };
    measure("create", &mut |n| {
        let mut new = pods[n].clone();
        new.meta_mut().uid = Str::EMPTY;
        update(&mut sets, None, &mut new, "kube-controller-manager", Sub::None, now(n as i64 / 100));
        pods[n] = new;
    });
    measure("status", &mut |n| {
        let mut new = (**pods[n].downcast::<Pod>().expect("a pod")).clone();
        new.status = status.clone();
        let s = Rc::make_mut(&mut new.status);
        s.pod_ip = Str::from(format!("10.0.{}.{}", n / 256, n % 256));
        s.pod_ips.make_mut()[0].ip = s.pod_ip.clone();
        let mut new = Object::of(new);
        update(&mut sets, Some(&pods[n]), &mut new, "kubelet", Sub::Status, now(n as i64 / 100));
        pods[n] = new;
    });
    measure("status again", &mut |n| {
        let mut new = (**pods[n].downcast::<Pod>().expect("a pod")).clone();
        let s = Rc::make_mut(&mut new.status);
        s.conditions.make_mut()[0].status = Str::literal("False");
        let mut new = Object::of(new);
        update(&mut sets, Some(&pods[n]), &mut new, "kubelet", Sub::Status, now(n as i64 / 100));
        pods[n] = new;
    });
    measure("label", &mut |n| {
        let mut new = pods[n].clone();
        new.meta_mut().labels.insert("x", Str::literal("1"));
        update(&mut sets, Some(&pods[n]), &mut new, "kubectl-label", Sub::None, now(n as i64 / 100));
        pods[n] = new;
    });
    println!("sets: {}", sets.len());
}

#[test]
fn a_write_like_another_owns_what_it_would_alone() {
    let status = |host: &str, pod: &[&str], conditions: &[(&str, &str)]| {
        let ips: Vec<Value> = pod.iter().map(|ip| json!({"ip": ip})).collect();
        let conditions: Vec<Value> = conditions.iter().map(|(t, s)| json!({"type": t, "status": s})).collect();
        json!({"phase": "Running", "hostIPs": [{"ip": host}], "podIPs": ips, "conditions": conditions})
    };
    let ready = &[("PodScheduled", "True"), ("Ready", "True")][..];
    // Each with what was before: alike but for addresses, one address for two, another order, another change.
    let writes = [
        (json!({}), status("10.0.0.1", &["10.1.0.1"], ready)),
        (json!({}), status("10.0.0.2", &["10.1.0.2"], ready)),
        (json!({}), status("10.0.0.3", &["10.0.0.3"], ready)),
        (json!({}), status("10.0.0.4", &["10.0.0.5"], ready)),
        (status("10.0.0.1", &["10.1.0.1"], ready), status("10.0.0.1", &["10.1.0.7"], ready)),
        (status("10.0.0.2", &["10.1.0.1"], ready), status("10.0.0.2", &["10.1.0.9", "10.1.0.1"], ready)),
        (status("10.0.0.2", &["10.1.0.2"], ready), status("10.0.0.2", &["10.1.0.3", "10.1.0.2"], ready)),
        (status("10.0.0.2", &["10.1.0.2"], ready), status("10.0.0.2", &["10.1.0.2", "10.1.0.3"], ready)),
        (status("10.0.0.2", &["10.1.0.2"], ready), status("10.0.0.2", &["10.1.0.2"], &[("Ready", "False")])),
        (status("10.0.0.3", &["10.1.0.3"], ready), status("10.0.0.3", &["10.1.0.3"], &[("Ready", "True")])),
        (status("10.0.0.3", &["10.1.0.3"], ready), json!({})),
    ];
    let written = |sets: &mut Sets, (was, is): &(Value, Value)| {
        let with = |status: &Value| {
            let mut v = pod();
            v["status"] = status.clone();
            object(KindId::Pod, v)
        };
        let (mut old, mut new) = (with(was), with(is));
        update(sets, None, &mut old, "kubelet", Sub::None, now(0));
        new.meta_mut().managed_fields = old.meta().managed_fields.clone();
        update(sets, Some(&old), &mut new, "kubelet", Sub::Status, now(1));
        let mut again = new.clone();
        update(sets, Some(&new), &mut again, "other", Sub::Status, now(2));
        update(sets, Some(&old), &mut again, "other", Sub::Status, now(3));
        (fields(&new), fields(&again))
    };
    let mut sets = Sets::default();
    for write in writes.iter().chain(&writes) {
        assert_eq!(written(&mut sets, write), written(&mut Sets::default(), write), "{write:?}");
    }
}

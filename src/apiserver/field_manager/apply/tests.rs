//! What is known of apply, as tables.

use crate::api::core::Namespace;
use crate::api::{Key, KindId, Object};
use crate::apimachinery::time::Time;
use crate::apimachinery::{Api, Decoder, ObjectMeta, Status, Str, Value};
use crate::apiserver::{Cx, Server, Sub};
use crate::sim::Rng;
use serde_json::json;

/// A server, and people who write to it.
struct World {
    server: Server,
    rng: Rng,
    now: i64,
}

impl World {
    fn new() -> World {
        let mut server = Server::default();
        let meta = ObjectMeta { name: Str::literal("default"), ..ObjectMeta::default() };
        server.store.put(Object::of(Namespace { metadata: meta, ..Namespace::default() }), 0);
        World { server, rng: Rng::new(1), now: 1_700_000_000 }
    }

    fn act<T>(
        &mut self,
        manager: &str,
        f: impl FnOnce(&mut Server, &mut Cx) -> Result<T, Status>,
    ) -> Result<T, Status> {
        self.now += 1;
        let mut cx = Cx {
            now: Time::from_unix(self.now),
            rng: &mut self.rng,
            cause: 0,
            user: "jane",
            manager,
            dry_run: false,
            warnings: None,
        };
        f(&mut self.server, &mut cx)
    }

    fn apply(&mut self, manager: &str, force: bool, patch: &Value) -> Result<Object, Status> {
        let text = |v: &Value| v.as_str().expect("it is given").to_owned();
        let kind = KindId::by_api_version(&text(&patch["apiVersion"]), &text(&patch["kind"])).expect("a kind");
        let key = Key::new("default", text(&patch["metadata"]["name"]));
        self.act(manager, |s, cx| s.apply(cx, kind, &key, Sub::None, patch, force)).map(|a| a.done.object)
    }

    #[track_caller]
    fn applied(&mut self, manager: &str, force: bool, patch: &Value) -> Object {
        self.apply(manager, force, patch).expect("it is applied")
    }

    #[track_caller]
    fn refused(&mut self, manager: &str, patch: &Value, message: &str) {
        let e = self.apply(manager, false, patch).expect_err("it is refused");
        assert_eq!(e.message(), message);
    }

    fn update(&mut self, manager: &str, key: &Key, kind: KindId, f: impl FnOnce(&mut Object)) -> Object {
        let change = |old: &Object, _: &mut Cx| {
            let mut new = old.clone();
            f(&mut new);
            Ok(new)
        };
        self.act(manager, |s, cx| s.update(cx, kind, key, Sub::None, change)).expect("it is changed").object
    }
}

#[track_caller]
fn owns(object: &Object, expected: &[(&str, &str, Value)]) {
    let entries = object.meta().managed_fields.iter();
    let found: Vec<_> = entries.map(|e| (e.manager.as_str(), e.operation.as_str(), e.fields_v1.encode())).collect();
    assert_eq!(found, expected);
}

fn config_map(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": data})
}

fn created(w: &mut World, data: Value, manager: &str) -> Object {
    let object = KindId::ConfigMap.decode(&config_map(data), &mut Decoder::new());
    w.act(manager, |s, cx| s.create(cx, "default", object)).expect("it is made")
}

#[test]
fn conflicts_are_told_forced_and_shared() {
    let mut w = World::new();
    created(&mut w, json!({"a": "1", "b": "1"}), "kubectl-create");
    let key = Key::new("default", "settings");
    w.update("kubectl-patch", &key, KindId::ConfigMap, |o| {
        *o = KindId::ConfigMap.decode(&o.encode(), &mut Decoder::new());
        let mut v = o.encode();
        v["data"]["a"] = "2".into();
        *o = KindId::ConfigMap.decode(&v, &mut Decoder::new());
    });
    let nine = config_map(json!({"a": "9"}));
    w.refused("one", &nine, "Apply failed with 1 conflict: conflict with \"kubectl-patch\" using v1: .data.a");
    let object = w.applied("one", true, &nine);
    owns(
        &object,
        &[
            ("one", "Apply", json!({"f:data": {"f:a": {}}})),
            ("kubectl-create", "Update", json!({"f:data": {".": {}, "f:b": {}}})),
        ],
    );
    let shared = w.applied("two", false, &nine);
    assert_eq!(shared.meta().managed_fields.len(), 3);
    w.refused(
        "two",
        &config_map(json!({"a": "10", "b": "10"})),
        "Apply failed with 2 conflicts: conflicts with \"kubectl-create\" using v1:\n- .data.b\n\
         conflicts with \"one\":\n- .data.a",
    );
    let e = w.apply("two", false, &config_map(json!({"a": "10"}))).expect_err("it is refused");
    assert_eq!((e.code(), e.has_cause("FieldManagerConflict")), (409, true));
}

#[test]
fn what_is_applied_no_more_goes_unless_somebody_owns_it() {
    let mut w = World::new();
    let service = |finalizers: Value, ports: Value, selector: Value| {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "finalizers": finalizers},
            "spec": {"ports": ports, "selector": selector}})
    };
    let a = service(json!(["example.com/a"]), json!([{"name": "a", "port": 80}]), json!({"app": "web"}));
    w.applied("one", false, &a);
    let mut b = service(json!(["example.com/b"]), json!([{"name": "b", "port": 81}]), Value::Null);
    b["spec"].as_object_mut().expect("an object").remove("selector");
    let object = w.applied("two", false, &b);
    let port =
        |n: i32| json!({format!("k:{{\"port\":{n},\"protocol\":\"TCP\"}}"): {".": {}, "f:name": {}, "f:port": {}}});
    let two = json!({"f:metadata": {"f:finalizers": {"v:\"example.com/b\"": {}}}, "f:spec": {"f:ports": port(81)}});
    owns(
        &object,
        &[
            (
                "one",
                "Apply",
                json!({"f:metadata": {"f:finalizers": {"v:\"example.com/a\"": {}}},
                    "f:spec": {"f:ports": port(80), "f:selector": {}}}),
            ),
            ("two", "Apply", two.clone()),
        ],
    );
    let mut c = service(Value::Null, json!([{"name": "c", "port": 82}]), json!({"app": "web"}));
    c["metadata"].as_object_mut().expect("an object").remove("finalizers");
    let object = w.applied("one", false, &c);
    owns(
        &object,
        &[("two", "Apply", two), ("one", "Apply", json!({"f:spec": {"f:ports": port(82), "f:selector": {}}}))],
    );
    let v = object.encode();
    assert_eq!(v["metadata"]["finalizers"], json!(["example.com/b"]));
    let ports: Vec<_> = v["spec"]["ports"].as_array().expect("ports").iter().map(|p| p["port"].clone()).collect();
    assert_eq!(ports, [81, 82]);
}

#[test]
fn a_deployment_is_shared_between_two() {
    let mut w = World::new();
    let a = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default", "labels": {"team": "a"}},
        "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [
                {"name": "web", "image": "nginx:1.25", "ports": [{"containerPort": 80}]}]}}}});
    let object = w.applied("kubectl", false, &a);
    owns(
        &object,
        &[(
            "kubectl",
            "Apply",
            json!({"f:metadata": {"f:labels": {"f:team": {}}}, "f:spec": {"f:replicas": {}, "f:selector": {},
                "f:template": {"f:metadata": {"f:labels": {"f:app": {}}}, "f:spec": {"f:containers":
                    {"k:{\"name\":\"web\"}": {".": {}, "f:image": {}, "f:name": {}, "f:ports":
                        {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}}}}}}}}),
        )],
    );
    let before = object.rv();
    assert_eq!(w.applied("kubectl", false, &a).rv(), before, "the same again is no write");
    let b = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": {"team": "b"}},
        "spec": {"replicas": 1}});
    w.refused(
        "bob",
        &b,
        "Apply failed with 2 conflicts: conflicts with \"kubectl\":\n- .metadata.labels.team\n- .spec.replicas",
    );
    let object = w.applied("bob", true, &b);
    assert_eq!(object.encode()["spec"]["replicas"], 1);
    let mut b = b;
    b["metadata"].as_object_mut().expect("an object").remove("labels");
    let object = w.applied("bob", false, &b);
    assert!(object.meta().labels.is_empty(), "nobody owns the label any more");
    owns(
        &object,
        &[
            ("kubectl", "Apply", object.meta().managed_fields[0].fields_v1.encode()),
            ("bob", "Apply", json!({"f:spec": {"f:replicas": {}}})),
        ],
    );
    let mut typo = a.clone();
    typo["spec"]["replica"] = 3.into();
    w.refused(
        "kubectl",
        &typo,
        "failed to create typed patch object (default/web; apps/v1, Kind=Deployment): .spec.replica: field not declared \
         in schema",
    );
    typo["spec"].as_object_mut().expect("an object").remove("replica");
    typo["spec"]["replicas"] = "many".into();
    w.refused(
        "kubectl",
        &typo,
        "failed to create typed patch object (default/web; apps/v1, Kind=Deployment): .spec.replicas: expected numeric \
         (int or float), got string",
    );
}

#[test]
fn kubectl_takes_over_what_it_applied_from_its_side() {
    let mut w = World::new();
    let text = config_map(json!({"a": "1", "b": "2"})).to_string();
    let mut v = config_map(json!({"a": "1", "b": "2"}));
    v["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/last-applied-configuration": text});
    let object = KindId::ConfigMap.decode(&v, &mut Decoder::new());
    w.act("kubectl-client-side-apply", |s, cx| s.create(cx, "default", object)).expect("it is made");
    let object = w.applied("kubectl", false, &config_map(json!({"a": "2"})));
    let v = object.encode();
    assert_eq!(v["data"], json!({"a": "2", "b": "2"}), "the older manager still holds what is not named");
    assert_eq!(
        v["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"],
        format!("{}\n", config_map(json!({"a": "2"})))
    );
}

#[test]
fn what_nobody_tracked_is_owned_from_before() {
    let mut w = World::new();
    created(&mut w, json!({"a": "1"}), "");
    w.refused(
        "one",
        &config_map(json!({"a": "2"})),
        "Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .data.a",
    );
}

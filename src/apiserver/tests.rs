//! Whole writes through the registry.
//!
//! Upstream: staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store_test.go
//! Differs: nothing known.

use super::*;
use crate::api::core::ConfigMap;
use crate::api::{Key, KindId, Object};
use crate::apimachinery::time::Time;
use crate::apimachinery::{List, ObjectMeta, Status, Value};
use crate::apiserver::wire::{Method, Request};
use crate::sim::Rng;

/// A write at that second.
fn act<T>(
    server: &mut Server,
    rng: &mut Rng,
    second: i64,
    f: impl FnOnce(&mut Server, &mut Cx) -> Result<T, Status>,
) -> Result<T, Status> {
    let mut cx = Cx {
        now: Time::from_unix(1_700_000_000 + second),
        rng,
        cause: 0,
        user: "jane",
        manager: "kubectl",
        dry_run: false,
        warnings: None,
    };
    f(server, &mut cx)
}

fn config_map(meta: ObjectMeta) -> Object {
    Object::of(ConfigMap { metadata: meta, ..ConfigMap::default() })
}

/// A request, and what is answered: the code, and the message or the object.
fn ask(server: &mut Server, method: Method, path: &str, content_type: &str, body: &str) -> (u16, Value) {
    let request = Request {
        content_type: content_type.to_owned(),
        body: body.as_bytes().to_vec(),
        ..Request::with(method, path, &Value::Null)
    }
    .query("fieldManager", "alice");
    let mut rng = Rng::new(1);
    let answer = act(server, &mut rng, 0, |s, cx| {
        cx.manager = if content_type == JSON { "kubectl" } else { "alice" };
        Ok(wire::handle(s, cx, &request))
    })
    .expect("there is an answer");
    let wire::Answer::Whole(r) = answer else { panic!("a write is answered whole") };
    (r.code, serde_json::from_slice(&r.body).expect("it is JSON"))
}

const JSON: &str = "application/json";

#[test]
fn some_kinds_are_updated_only_as_they_were_read() {
    let mut server = Server::with_namespaces(&["default"]);
    let leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
    let lease = r#"{"metadata":{"name":"a"}}"#;
    assert_eq!(ask(&mut server, Method::Post, leases, JSON, lease).0, 201);
    let (code, said) = ask(&mut server, Method::Put, &format!("{leases}/a"), JSON, lease);
    let message = "Lease.coordination.k8s.io \"a\" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be \
                   specified for an update";
    assert_eq!((code, said["message"].as_str()), (422, Some(message)));
    let labels = r#"{"metadata":{"labels":{"x":"y"}}}"#;
    assert_eq!(ask(&mut server, Method::Patch, &format!("{leases}/a"), "application/merge-patch+json", labels).0, 200);
}

#[test]
fn a_scale_is_applied_to_the_object_behind_it() {
    let mut server = Server::with_namespaces(&["default"]);
    let all = "/apis/apps/v1/namespaces/default/deployments";
    let deployment = r#"{"metadata":{"name":"web"},"spec":{"replicas":2,"selector":{"matchLabels":{"a":"b"}},"template":
        {"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"nginx"}]}}}}"#;
    assert_eq!(ask(&mut server, Method::Post, all, JSON, deployment).0, 201);
    let scale = r#"{"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"web"},"spec":{"replicas":5}}"#;
    let path = format!("{all}/web/scale");
    let apply = "application/apply-patch+yaml";
    let (code, said) = ask(&mut server, Method::Patch, &path, apply, scale);
    let message = "Apply failed with 1 conflict: conflict with \"kubectl\" using autoscaling/v1: .spec.replicas";
    assert_eq!((code, said["message"].as_str()), (409, Some(message)));
    let key = Key::new("default", "web");
    let config: Value = serde_json::from_str(scale).expect("it is JSON");
    let request = Request { content_type: apply.to_owned(), ..Request::with(Method::Patch, &path, &config) };
    let forced = request.query("fieldManager", "bob").query("force", "true");
    act(&mut server, &mut Rng::new(1), 1, |s, cx| {
        cx.manager = "bob";
        Ok(wire::handle(s, cx, &forced))
    })
    .expect("there is an answer");
    let object = server.get(KindId::Deployment, &key).expect("it is there");
    assert_eq!(object.scale().map(|s| s.0), Some(5));
    let owners: Vec<_> = object.meta().managed_fields.iter().map(|e| (&*e.manager, &*e.subresource)).collect();
    assert_eq!(owners, [("bob", "scale"), ("kubectl", "")]);
}

#[test]
fn a_status_gives_a_service_no_addresses() {
    let mut server = Server::with_namespaces(&["default"]);
    let all = "/api/v1/namespaces/default/services";
    let service = r#"{"metadata":{"name":"a"},"spec":{"ports":[{"port":80}]}}"#;
    assert_eq!(ask(&mut server, Method::Post, all, JSON, service).0, 201);
    let held = server.services.clone();
    let status = r#"{"metadata":{"name":"a"},"spec":{"type":"NodePort","ports":[{"port":80}]},"status":{}}"#;
    assert_eq!(ask(&mut server, Method::Put, &format!("{all}/a/status"), JSON, status).0, 200);
    assert_eq!(server.services, held);
}

#[test]
fn a_body_that_is_no_json_is_refused_in_upstreams_words() {
    let mut server = Server::with_namespaces(&["default"]);
    let mut said = |body: &str| {
        let (_, said) = ask(&mut server, Method::Post, "/api/v1/namespaces/default/configmaps", JSON, body);
        said["message"].as_str().unwrap_or_default().to_owned()
    };
    let begin =
        "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error:";
    assert_eq!(said("{\"kind\":"), format!("{begin} unexpected end of JSON input ({{\"kind\":)"));
    let deep = format!("[{}", "[".repeat(10_000));
    let hex = "5b".repeat(30);
    assert_eq!(said(&deep), format!("{begin} invalid character '[' exceeded max depth ({hex} ...)"));
    let data = format!("{{\"data\":{}{}}}", "[".repeat(9_000), "]".repeat(9_000));
    let message = "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal array into Go \
                   struct field ConfigMap.data of type map[string]string";
    assert_eq!(said(&data), message);
}

#[test]
fn a_name_that_still_ends_is_told_apart() {
    let (mut server, mut rng) = (Server::with_namespaces(&["default"]), Rng::new(1));
    let key = Key::new("default", "a");
    let meta = ObjectMeta {
        name: Str::literal("a"),
        finalizers: List::from(vec![Str::literal("example.com/stay")]),
        ..ObjectMeta::default()
    };
    act(&mut server, &mut rng, 0, |s, cx| s.create(cx, "default", config_map(meta.clone()))).expect("it is made");
    let again = act(&mut server, &mut rng, 1, |s, cx| s.create(cx, "default", config_map(meta.clone())));
    assert_eq!(again.expect_err("it is there").message(), "configmaps \"a\" already exists");
    let options = DeleteOptions::default();
    act(&mut server, &mut rng, 2, |s, cx| s.delete(cx, KindId::ConfigMap, &key, &options)).expect("it waits");
    let again = act(&mut server, &mut rng, 3, |s, cx| s.create(cx, "default", config_map(meta)));
    let e = again.expect_err("it is there");
    assert_eq!(e.message(), "object is being deleted: configmaps \"a\" already exists");
    assert!(e.is_already_exists());
}

#[test]
fn a_generated_name_is_tried_again_where_it_is_taken() {
    let meta = ObjectMeta { generate_name: Str::literal("a-"), ..ObjectMeta::default() };
    let make = |server: &mut Server, rng: &mut Rng| {
        act(server, rng, 0, |s, cx| s.create(cx, "default", config_map(meta.clone()))).expect("it is made").key()
    };
    let (mut server, mut rng) = (Server::with_namespaces(&["default"]), Rng::new(1));
    let first = make(&mut server, &mut rng);
    // The same dice once more.
    let second = make(&mut server, &mut Rng::new(1));
    assert_ne!(first, second);
}

#[test]
fn a_write_that_changes_nothing_is_none() {
    let (mut server, mut rng) = (Server::with_namespaces(&["default"]), Rng::new(1));
    let meta = ObjectMeta { name: Str::literal("a"), ..ObjectMeta::default() };
    let made = act(&mut server, &mut rng, 0, |s, cx| s.create(cx, "default", config_map(meta))).expect("it is made");
    let rev = server.store.rev();
    let done = act(&mut server, &mut rng, 9, |s, cx| {
        s.update(cx, KindId::ConfigMap, &made.key(), Sub::None, |old, _| Ok(old.clone()))
    });
    assert!(!done.expect("it is allowed").changed);
    assert_eq!(server.store.rev(), rev);
}

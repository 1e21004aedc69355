//! Whole writes through the registry.
//!
//! Upstream: staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store_test.go
//! Differs: nothing known.

use super::*;
use crate::api::core::ConfigMap;
use crate::api::{Key, KindId, Object};
use crate::apimachinery::time::Time;
use crate::apimachinery::{List, ObjectMeta, Status};
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
        warnings: Vec::new(),
    };
    f(server, &mut cx)
}

fn config_map(meta: ObjectMeta) -> Object {
    Object::of(ConfigMap { metadata: meta, ..ConfigMap::default() })
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

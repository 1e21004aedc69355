//! Keeps a ServiceAccount `default` in every namespace that is not ending.
//!
//! Upstream: pkg/controller/serviceaccount/serviceaccounts_controller.go
//! Differs: nothing known.

use super::Controller;
use crate::api::core::{Namespace, ServiceAccount};
use crate::api::{Key, KindId};
use crate::apimachinery::{ObjectMeta, Status, Str};
use crate::client::{Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::Time;

#[derive(Clone, Default)]
pub struct ServiceAccountController;

impl Controller for ServiceAccountController {
    const NAME: &'static str = "service-account-controller";
    const WATCHES: &'static [KindId] = &[KindId::Namespace, KindId::ServiceAccount];

    fn observe(&mut self, event: &WatchEvent, _view: &Tables, _now: Time, queue: &mut WorkQueue) {
        match event.kind {
            KindId::Namespace if event.new.is_some() => queue.add(event.key.clone(), event.cause),
            KindId::ServiceAccount if event.new.is_none() => {
                queue.add(Key::new("", event.key.namespace.clone()), event.cause);
            }
            _ => {}
        }
    }

    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        let Some(namespace) = t.view.get::<Namespace>(key) else { return Ok(Requeue::Done) };
        let wanted = Key::new(key.name.clone(), "default");
        if namespace.status.phase != "Active" || t.view.get::<ServiceAccount>(&wanted).is_some() {
            return Ok(Requeue::Done);
        }
        let account = ServiceAccount {
            metadata: ObjectMeta {
                name: Str::literal("default"),
                namespace: key.name.clone(),
                ..ObjectMeta::default()
            },
            ..ServiceAccount::default()
        };
        match t.create(account) {
            // Another replica of this controller may have been first.
            Err(e) if !e.is_already_exists() => Err(e),
            _ => Ok(Requeue::Done),
        }
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        view.objects(KindId::Namespace, None).map(|(k, _)| k.clone()).collect()
    }
}

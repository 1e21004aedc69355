//! Keeps the cluster's CA bundle as ConfigMap `kube-root-ca.crt` in every namespace.
//!
//! Upstream: pkg/controller/certificates/rootcacertpublisher/publisher.go
//! Differs: nothing known.

use super::Controller;
use super::pod_control::is_namespace_ending;
use crate::api::core::{ConfigMap, Namespace};
use crate::api::{Key, KindId};
use crate::apimachinery::{Map, ObjectMeta, Status, Str};
use crate::client::{Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::Time;

const NAME: Str = Str::literal("kube-root-ca.crt");
const DESCRIPTION_KEY: Str = Str::literal("kubernetes.io/description");
const DESCRIPTION: Str = Str::literal(
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the \
     internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes \
     clusters.",
);

#[derive(Clone, Default)]
pub(super) struct RootCaPublisher;

impl Controller for RootCaPublisher {
    const NAME: &'static str = "root-ca-cert-publisher";
    const WATCHES: &'static [KindId] = &[KindId::Namespace, KindId::ConfigMap];

    fn observe(&mut self, event: &WatchEvent, _view: &Tables, _now: Time, queue: &mut WorkQueue) {
        if event.kind == KindId::ConfigMap {
            if event.key.name == NAME && event.old.is_some() {
                queue.add(Key::new("", event.key.namespace.clone()), event.cause);
            }
            return;
        }
        if event.new_as::<Namespace>().is_some_and(|n| event.old.is_none() || n.status.phase == "Active") {
            queue.add(event.key.clone(), event.cause);
        }
    }

    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        let data: Map = [("ca.crt", t.server.ca.clone())].into_iter().collect();
        let Some(there) = t.view.get::<ConfigMap>(&Key::new(key.name.clone(), NAME)) else {
            let map = ConfigMap {
                metadata: ObjectMeta {
                    name: NAME,
                    namespace: key.name.clone(),
                    annotations: [(DESCRIPTION_KEY, DESCRIPTION)].into_iter().collect(),
                    ..ObjectMeta::default()
                },
                data,
                ..ConfigMap::default()
            };
            return match t.create(map) {
                Err(e) if !e.is_not_found() && !is_namespace_ending(&e) => Err(e),
                _ => Ok(Requeue::Done),
            };
        };
        let described = there.metadata.annotations.get(&DESCRIPTION_KEY).is_some_and(|d| !d.is_empty());
        if there.data == data && described {
            return Ok(Requeue::Done);
        }
        let mut wanted = (**there).clone();
        wanted.data = data;
        wanted.metadata.annotations.insert(DESCRIPTION_KEY, DESCRIPTION);
        t.update(wanted).map(|_| Requeue::Done)
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        let active = view.list::<Namespace>(None).filter(|n| n.status.phase == "Active");
        active.map(|n| n.metadata.key()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::World;
    use super::*;
    use crate::sim::Duration;

    #[test]
    fn the_bundle_comes_back_when_it_is_changed_or_deleted() {
        let mut w = World::new();
        w.server.ca = Str::literal("CA");
        let key = Key::new("default", NAME);
        let text = |w: &World| w.get::<ConfigMap>(&key).and_then(|c| c.data.get("ca.crt").cloned());
        w.run(Duration::from_secs(1));
        assert_eq!(text(&w).as_deref(), Some("CA"));
        w.patch::<ConfigMap>(&key, |c| drop(c.data.insert("ca.crt", Str::literal("mine"))));
        w.run(Duration::from_secs(1));
        assert_eq!(text(&w).as_deref(), Some("CA"));
        w.delete(KindId::ConfigMap, &key, crate::client::Propagation::Background);
        w.run(Duration::from_secs(1));
        assert_eq!(text(&w).as_deref(), Some("CA"));
        assert!(w.is_fixpoint());
    }
}

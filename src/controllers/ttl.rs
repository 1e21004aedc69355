//! Tells kubelets how long they may keep ConfigMaps and Secrets: an annotation that grows with the cluster.
//!
//! Upstream: pkg/controller/ttl/ttl_controller.go
//! Differs: a node that says so already is not queued.

use super::Controller;
use crate::api::core::Node;
use crate::api::{Key, KindId};
use crate::apimachinery::{Status, Str};
use crate::client::{Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::Time;

const ANNOTATION: Str = Str::literal("node.alpha.kubernetes.io/ttl");

/// From so many nodes on, up to so many, so many seconds: the steps overlap, so that no cluster wavers between two.
const STEPS: [(usize, usize, &str); 5] =
    [(0, 100, "0"), (90, 500, "15"), (450, 1000, "30"), (900, 2000, "60"), (1800, usize::MAX, "300")];

#[derive(Clone, Default)]
pub(super) struct TtlController {
    nodes: usize,
    step: usize,
}

impl TtlController {
    fn seconds(&self) -> &'static str {
        STEPS[self.step].2
    }

    fn is_told(&self, node: &Node) -> bool {
        node.metadata.annotations.get(&ANNOTATION).is_some_and(|said| *said == *self.seconds())
    }
}

impl Controller for TtlController {
    const NAME: &'static str = "ttl-controller";
    const WATCHES: &'static [KindId] = &[KindId::Node];

    fn observe(&mut self, event: &WatchEvent, _view: &Tables, _now: Time, queue: &mut WorkQueue) {
        match (&event.old, &event.new) {
            (None, Some(_)) => self.nodes += 1,
            (Some(_), None) => self.nodes -= 1,
            _ => {}
        }
        let (least, most, _) = STEPS[self.step];
        if self.nodes > most {
            self.step += 1;
        } else if self.nodes < least {
            self.step -= 1;
        }
        // Heartbeats bring the others in time, as upstream relies on too.
        if event.new_as::<Node>().is_some_and(|node| !self.is_told(node)) {
            queue.add(event.key.clone(), event.cause);
        }
    }

    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        if t.view.get::<Node>(key).is_none_or(|node| self.is_told(node)) {
            return Ok(Requeue::Done);
        }
        let seconds = Str::literal(self.seconds());
        t.patch::<Node>(key, |n| drop(n.metadata.annotations.insert(ANNOTATION, seconds)))?;
        Ok(Requeue::Done)
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        view.list::<Node>(None).map(|n| n.metadata.key()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::World;
    use super::*;
    use crate::apimachinery::ObjectMeta;
    use crate::sim::Duration;

    #[test]
    fn the_annotation_follows_the_number_of_nodes() {
        let mut w = World::new();
        let name = |n: usize| Str::from(format!("n{n}"));
        let add = |w: &mut World, n: usize| {
            w.create(Node { metadata: ObjectMeta { name: name(n), ..ObjectMeta::default() }, ..Node::default() });
            w.run(Duration::from_millis(100));
        };
        let said = |w: &World, n: usize| {
            w.get::<Node>(&Key::new("", name(n))).and_then(|n| n.metadata.annotations.get(&ANNOTATION).cloned())
        };
        (1..=100).for_each(|n| add(&mut w, n));
        assert_eq!((said(&w, 1).as_deref(), said(&w, 100).as_deref()), (Some("0"), Some("0")));
        add(&mut w, 101);
        assert_eq!((said(&w, 1).as_deref(), said(&w, 101).as_deref()), (Some("0"), Some("15")));
    }
}

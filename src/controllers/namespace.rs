//! Empties a namespace that is being deleted, pods first, and then lets it go.
//!
//! Upstream: pkg/controller/namespace/namespace_controller.go,
//! pkg/controller/namespace/deletion/{namespaced_resources_deleter,status_condition_utils}.go
//! Differs: kinds go in the order of our list, upstream's in none; retries wait up to 1000 s, not 60 s.

use super::Controller;
use crate::api::core::{Namespace, NamespaceCondition, NamespaceStatus, Pod};
use crate::api::{Key, KindId, Object};
use crate::apimachinery::time::Time as Wall;
use crate::apimachinery::{Arrange, OrdMap, Status, Str};
use crate::client::{DeleteOptions, Propagation, Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::{Duration, Time};
use std::rc::Rc;

/// Time for other API servers to hear of the deletion before content is listed.
const DELETION_GRACE_PERIOD: Duration = Duration::from_secs(5);
/// How long a finalizer is thought to take.
const FINALIZER_ESTIMATE_SECONDS: i64 = 15;
const FINALIZER: &str = "kubernetes";

/// Type, and reason and message where all is well.
const CONDITIONS: [(&str, &str, &str); 5] = [
    ("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
    ("NamespaceDeletionGroupVersionParsingFailure", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
    (
        "NamespaceDeletionContentFailure",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    ("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"),
    ("NamespaceFinalizersRemaining", "ContentHasNoFinalizers", "All content-preserving finalizers finished"),
];

#[derive(Clone, Default)]
pub(super) struct NamespaceController;

/// What is left of a namespace's content.
#[derive(Default)]
struct Remaining {
    estimate: i64,
    by_resource: OrdMap<String, usize>,
    by_finalizer: OrdMap<String, usize>,
    errors: Vec<String>,
}

impl Remaining {
    /// The conditions that are not as they should be: type, reason, message.
    fn failures(&self, with_totals: bool) -> Vec<(&'static str, &'static str, String)> {
        let mut failures = Vec::new();
        if !self.errors.is_empty() {
            let mut errors = self.errors.clone();
            errors.arrange();
            let text =
                format!("Failed to delete all resource types, {} remaining: {}", errors.len(), errors.join(", "));
            failures.push((CONDITIONS[2].0, "ContentDeletionFailed", text));
        }
        let told = |counts: &OrdMap<String, usize>, what: &str| {
            let parts: Vec<String> = counts.iter().map(|(k, n)| format!("{k} {what} {n} resource instances")).collect();
            parts.join(", ")
        };
        if with_totals && !self.by_resource.is_empty() {
            let text = format!("Some resources are remaining: {}", told(&self.by_resource, "has"));
            failures.push((CONDITIONS[3].0, "SomeResourcesRemain", text));
        }
        if with_totals && !self.by_finalizer.is_empty() {
            let text = told(&self.by_finalizer, "in");
            let text = format!("Some content in the namespace has finalizers remaining: {text}");
            failures.push((CONDITIONS[4].0, "SomeFinalizersRemain", text));
        }
        failures
    }
}

/// Whether a condition changed.
fn update_conditions(
    status: &mut NamespaceStatus,
    failures: &[(&'static str, &'static str, String)],
    now: Wall,
) -> bool {
    let mut changed = false;
    for (type_, ok_reason, ok_message) in CONDITIONS {
        let failure = failures.iter().find(|f| f.0 == type_);
        let (is, reason, message) = match failure {
            Some((_, reason, message)) => ("True", *reason, Str::from(message)),
            None => ("False", ok_reason, Str::literal(ok_message)),
        };
        let mut new = NamespaceCondition {
            type_: Str::literal(type_),
            status: Str::literal(is),
            last_transition_time: now,
            reason: Str::literal(reason),
            message,
        };
        let Some(at) = status.conditions.iter().position(|c| c.type_ == type_) else {
            status.conditions.push(new);
            changed = true;
            continue;
        };
        let old = &status.conditions[at];
        if old.status == new.status {
            new.last_transition_time = old.last_transition_time;
        }
        if *old != new {
            status.conditions.make_mut()[at] = new;
            changed = true;
        }
    }
    changed
}

/// The longest grace of pods that still run, or 0 once the namespace has been ending for that long.
fn estimate(pods: &[Object], deleted_for: i64) -> i64 {
    let running = pods.iter().filter_map(|o| o.downcast::<Pod>()).filter(|p| !p.is_terminal());
    let grace = running.filter_map(|p| p.spec.termination_grace_period_seconds).max().unwrap_or(0).max(0);
    if deleted_for >= grace { 0 } else { grace }
}

/// Deletes everything of one kind, and counts what stays. Upstream: deleteAllContentForGroupVersionResource.
fn delete_content(t: &mut Turn, kind: KindId, namespace: &str, deleted_for: i64, left: &mut Remaining) {
    let info = kind.info();
    let fail = |left: &mut Remaining, e: String| {
        let pods = format!("failed to delete pods for namespace: {namespace}, err: ");
        left.errors.push(if kind == KindId::Pod { pods + &e } else { e });
    };
    let items = t.list_live(kind, namespace);
    let estimate = if kind == KindId::Pod { estimate(&items, deleted_for) } else { 0 };
    left.estimate = left.estimate.max(estimate);
    let options = DeleteOptions { propagation: Some(Propagation::Background), ..DeleteOptions::default() };
    for item in &items {
        match t.delete(kind, &item.key(), &options) {
            Err(e) if !e.is_not_found() => return fail(left, e.to_string()),
            _ => {}
        }
    }
    let items = t.list_live(kind, namespace);
    if items.is_empty() {
        return;
    }
    left.by_resource.insert(format!("{}.{}", info.plural, info.group), items.len());
    let mut held = false;
    for finalizer in items.iter().flat_map(|o| &o.meta().finalizers) {
        *left.by_finalizer.or_insert_with(finalizer.to_string(), || 0) += 1;
        held = true;
    }
    if estimate == 0 && held {
        left.estimate = left.estimate.max(FINALIZER_ESTIMATE_SECONDS);
    } else if estimate == 0 {
        let resource = format!("{}/{}, Resource={}", info.group, info.version, info.plural);
        fail(left, format!("unexpected items still remain in namespace: {namespace} for gvr: {resource}"));
    }
}

/// One pass over the content. Upstream: deleteAllContent.
fn delete_all_content(t: &mut Turn, namespace: &Rc<Namespace>, deleted_at: Wall) -> Remaining {
    let name = &namespace.metadata.name;
    let deleted_for = t.wall.unix() - deleted_at.unix();
    let mut left = Remaining::default();
    delete_content(t, KindId::Pod, name, deleted_for, &mut left);
    // Others wait until the last pod is gone, for instance NetworkPolicies.
    let only_pods = !left.by_resource.is_empty();
    if !only_pods {
        for kind in KindId::ALL.iter().filter(|k| k.info().namespaced && **k != KindId::Pod) {
            delete_content(t, *kind, name, deleted_for, &mut left);
        }
    }
    let mut wanted = (**namespace).clone();
    if update_conditions(Rc::make_mut(&mut wanted.status), &left.failures(!only_pods), t.wall) {
        // The next pass tells it where this one could not.
        t.update_status(wanted).ok();
    }
    left
}

impl Controller for NamespaceController {
    const NAME: &'static str = "namespace-controller";
    const WATCHES: &'static [KindId] = &[KindId::Namespace];

    fn observe(&mut self, event: &WatchEvent, _view: &Tables, now: Time, queue: &mut WorkQueue) {
        if event.new.as_ref().is_some_and(|n| n.meta().is_deleting()) {
            queue.add_at(event.key.clone(), now + DELETION_GRACE_PERIOD, event.cause);
        }
    }

    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        if t.view.get::<Namespace>(key).is_none() {
            return Ok(Requeue::Done);
        }
        let mut namespace = match t.get_live::<Namespace>(key) {
            Ok(n) => n,
            Err(e) if e.is_not_found() => return Ok(Requeue::Done),
            Err(e) => return Err(e),
        };
        let Some(deleted_at) = namespace.metadata.deletion_timestamp else { return Ok(Requeue::Done) };
        if namespace.status.phase != "Terminating" {
            let mut wanted = (*namespace).clone();
            Rc::make_mut(&mut wanted.status).phase = Str::literal("Terminating");
            namespace = t.update_status(wanted)?;
        }
        if namespace.spec.finalizers.is_empty() {
            return Ok(Requeue::Done);
        }
        let left = delete_all_content(t, &namespace, deleted_at);
        if !left.errors.is_empty() {
            return Err(Status::unknown(left.errors.join(", ")));
        }
        if left.estimate > 0 {
            return Ok(Requeue::After(Duration::from_secs(left.estimate as u64 / 2 + 1)));
        }
        let mut finalizers = namespace.spec.finalizers.clone();
        finalizers.retain(|f| *f != FINALIZER);
        match t.finalize_namespace(&key.name, finalizers) {
            Err(e) if !e.is_not_found() => Err(e),
            _ => Ok(Requeue::Done),
        }
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        view.list::<Namespace>(None).filter(|n| n.metadata.is_deleting()).map(|n| n.metadata.key()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{World, meta, template};
    use super::*;
    use crate::api::core::ConfigMap;
    use crate::apimachinery::ObjectMeta;

    #[test]
    fn the_estimate_is_the_longest_grace_that_has_not_passed() {
        let pod = |grace, phase: &'static str| {
            let mut p = Pod::default();
            Rc::make_mut(&mut p.spec).termination_grace_period_seconds = Some(grace);
            Rc::make_mut(&mut p.status).phase = Str::literal(phase);
            Object::of(p)
        };
        let pods = [pod(30, "Running"), pod(5, "Pending"), pod(600, "Succeeded")];
        assert_eq!(estimate(&pods, 3), 30);
        assert_eq!(estimate(&pods, 30), 0);
        assert_eq!(estimate(&[], 0), 0);
    }

    #[test]
    fn a_namespace_goes_when_it_is_empty_and_pods_go_first() {
        let mut w = World::new();
        let namespace = Key::new("", "team");
        let key = |name: &'static str| Key::new("team", name);
        let meta = |name| ObjectMeta { namespace: Str::literal("team"), ..meta(name) };
        w.create_namespace("team");
        w.run(Duration::from_secs(1));
        let mut spec = (*template("i").spec).clone();
        (spec.node_name, spec.termination_grace_period_seconds) = (Str::literal("node-1"), Some(10));
        w.create(Pod { metadata: meta("p"), spec: Rc::new(spec), ..Pod::default() });
        w.create(ConfigMap { metadata: meta("c"), ..ConfigMap::default() });
        w.delete(KindId::Namespace, &namespace, Propagation::Background);
        w.run(Duration::from_secs(6));
        let there = w.get::<Namespace>(&namespace).expect("a pod holds it").clone();
        assert_eq!((&*there.status.phase, there.status.conditions.len()), ("Terminating", 5));
        assert!(w.get::<Pod>(&key("p")).expect("it ends gracefully").metadata.is_deleting());
        assert!(w.get::<ConfigMap>(&key("c")).is_some());

        let now = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        w.act(|t| t.delete(KindId::Pod, &key("p"), &now)).expect("the kubelet is done");
        w.run(Duration::from_secs(12));
        assert!(w.get::<ConfigMap>(&key("c")).is_none());
        assert!(w.get::<Namespace>(&namespace).is_none());
        assert!(w.is_fixpoint());
    }
}

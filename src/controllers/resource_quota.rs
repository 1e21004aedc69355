//! Counts what the objects of a namespace use of its quotas.
//!
//! Upstream: pkg/controller/resourcequota/{resource_quota_controller,resource_quota_monitor}.go
//! Differs: one queue, where upstream has another for quotas whose use is not known yet.

use super::Controller;
use crate::api::core::{Pod, ResourceQuota, ResourceQuotaStatus, Service};
use crate::api::quota::{is_about, is_charged, is_counted, total};
use crate::api::{Key, KindId, Object};
use crate::apimachinery::Status;
use crate::apimachinery::time::Time as Wall;
use crate::client::{Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::{Duration, Time};
use std::rc::Rc;

/// All quotas are counted anew so often.
const RESYNC: Duration = Duration::from_secs(5 * 60);

#[derive(Clone, Default)]
pub(super) struct ResourceQuotaController;

/// Whether a change gives back what was used. Upstream: DefaultUpdateFilter.
fn gives_back(old: &Object, new: Option<&Object>) -> bool {
    let Some(new) = new else { return true };
    if let (Some(old), Some(new)) = (old.downcast::<Pod>(), new.downcast::<Pod>()) {
        let limited = |p: &Pod| p.spec.active_deadline_seconds.is_some_and(|s| s >= 0);
        // Whether a pod is stuck is for the next full count to see.
        let never = Wall::from_unix(i64::MIN / 2);
        return limited(old) != limited(new) || (is_charged(old, never) && !is_charged(new, never));
    }
    if let (Some(old), Some(new)) = (old.downcast::<Service>(), new.downcast::<Service>()) {
        let exposed = |s: &Service| ["NodePort", "LoadBalancer"].into_iter().find(|t| s.spec.type_ == *t);
        return exposed(old) != exposed(new);
    }
    false
}

impl Controller for ResourceQuotaController {
    const NAME: &'static str = "resourcequota-controller";
    const WATCHES: &'static [KindId] = KindId::ALL;

    fn observe(&mut self, event: &WatchEvent, view: &Tables, _now: Time, queue: &mut WorkQueue) {
        if event.kind == KindId::ResourceQuota {
            let hard = |o: Option<&Rc<ResourceQuota>>| o.map(|q| q.spec.hard.clone());
            if event.old.is_none() || hard(event.old_as()) != hard(event.new_as()) {
                queue.add(event.key.clone(), event.cause);
            }
        }
        let namespace = &event.key.namespace;
        let Some(old) = event.old.as_ref().filter(|_| !namespace.is_empty() && is_counted(event.kind)) else { return };
        if view.count(KindId::ResourceQuota) == 0 || !gives_back(old, event.new.as_ref()) {
            return;
        }
        for quota in view.list::<ResourceQuota>(Some(namespace)) {
            if quota.status.hard.keys().any(|r| is_about(event.kind, r)) {
                queue.add(quota.metadata.key(), event.cause);
            }
        }
    }

    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        let Some(quota) = t.view.get::<ResourceQuota>(key).cloned() else { return Ok(Requeue::Done) };
        let counted = KindId::ALL.iter().filter(|k| k.info().namespaced && is_counted(**k));
        let about = counted.filter(|k| quota.spec.hard.keys().any(|r| is_about(**k, r)));
        let view = t.view.clone();
        let objects = about.flat_map(|k| view.objects(*k, Some(&key.namespace)).map(|(_, o)| o));
        let used = total(&quota, objects, t.wall);
        let status = ResourceQuotaStatus { hard: quota.spec.hard.clone(), used };
        if status != *quota.status {
            t.update_status(ResourceQuota { status: Rc::new(status), ..(*quota).clone() })?;
        }
        Ok(Requeue::After(RESYNC))
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        view.objects(KindId::ResourceQuota, None).map(|(k, _)| k.clone()).collect()
    }
}

//! ResourceQuota: what an object uses is charged to the quotas of its namespace, or the object is refused.
//!
//! Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota/{admission,controller}.go
//! Differs: requests come one after the other, so no charge ever conflicts with another.

use super::{Op, Plugin, forbidden};
use crate::api::core::{PersistentVolumeClaim, Pod, ResourceQuota, ResourceQuotaStatus};
use crate::api::quota::{Usage, add, constraints, excess, in_scopes, is_about, is_counted, mask, text, usage};
use crate::api::{Kind, KindId, Object};
use crate::apimachinery::{Status, Str};
use crate::apiserver::{Cx, Server, Sub};
use std::rc::Rc;

pub(super) const PLUGIN: Plugin = Plugin { name: "ResourceQuota", mutate: None, validate: None, charge: Some(charge) };

/// Whether what was asked may change how much is used.
fn is_handled(op: Op, object: &Object, old: Option<&Object>) -> bool {
    let limited = |o: &Object| o.downcast::<Pod>().map(|p| p.spec.active_deadline_seconds.is_some_and(|s| s >= 0));
    let kind = object.id();
    match op {
        Op::Create => true,
        Op::Update(Sub::None) if kind == KindId::Pod => old.is_some_and(|old| limited(old) != limited(object)),
        Op::Update(Sub::None) => matches!(kind, KindId::Service | KindId::PersistentVolumeClaim),
        Op::Update(Sub::Resize) => kind == KindId::Pod,
        Op::Update(Sub::Status) => {
            let given =
                |o: &Object| o.downcast::<PersistentVolumeClaim>().map(|c| c.status.allocated_resources.clone());
            kind == KindId::PersistentVolumeClaim && old.is_some_and(|old| given(old) != given(object))
        }
        _ => false,
    }
}

/// The quota as it is charged, where the object uses any of it. Upstream: CheckRequest.
fn charged(
    quota: &ResourceQuota,
    (op, now): (Op, crate::apimachinery::time::Time),
    object: &Object,
    old: Option<&Object>,
) -> Result<Option<Usage>, String> {
    let kind = object.id();
    let hard = &quota.status.hard;
    let about: Vec<&Str> = hard.keys().filter(|name| is_about(kind, name)).collect();
    if about.is_empty() || !in_scopes(quota, object) {
        return Ok(None);
    }
    let name = &quota.metadata.name;
    constraints(&about, object).map_err(|e| format!("failed quota: {name}: {e}"))?;
    if about.iter().any(|r| !quota.status.used.contains_key(r)) {
        let names: Vec<&str> = about.iter().map(|r| r.as_str()).collect();
        return Err(format!("status unknown for quota: {name}, resources: {}", names.join(",")));
    }
    let mut delta = usage(object, now);
    if let (Op::Update(_), Some(old)) = (op, old)
        && in_scopes(quota, old)
    {
        delta = excess(&delta, &usage(old, now));
    }
    let delta = mask(&delta, |r| hard.contains_key(r));
    let delta: Usage = delta.iter().filter(|(_, q)| !q.is_zero()).map(|(r, q)| (r.clone(), q.clone())).collect();
    if delta.is_empty() {
        return Ok(None);
    }
    let used = add(&quota.status.used, &delta);
    let over = |r: &Str| delta.contains_key(r) && used.get(r).zip(hard.get(r)).is_some_and(|(u, h)| u > h);
    if op != Op::Update(Sub::Status) && hard.keys().any(over) {
        let [requested, used, limited] = [&delta, &quota.status.used, hard].map(|list| text(&mask(list, over)));
        return Err(format!("exceeded quota: {name}, requested: {requested}, used: {used}, limited: {limited}"));
    }
    Ok(Some(used))
}

fn charge(server: &mut Server, cx: &mut Cx, op: Op, object: &Object, old: Option<&Object>) -> Result<(), Status> {
    if !is_counted(object.id()) || !is_handled(op, object, old) {
        return Ok(());
    }
    let namespace = &object.meta().namespace;
    if namespace.is_empty() {
        return Ok(());
    }
    let quotas: Vec<Rc<ResourceQuota>> = server.store.head().list::<ResourceQuota>(Some(namespace)).cloned().collect();
    let mut changes = Vec::new();
    for quota in quotas {
        let used = charged(&quota, (op, cx.now), object, old).map_err(|why| forbidden(object, &why))?;
        changes.extend(used.map(|used| (quota, used)));
    }
    if cx.dry_run {
        return Ok(());
    }
    for (quota, used) in changes {
        let status = ResourceQuotaStatus { used, ..(*quota.status).clone() };
        let new = ResourceQuota { status: Rc::new(status), ..(*quota).clone() };
        let mut cx = Cx {
            now: cx.now,
            rng: &mut *cx.rng,
            cause: cx.cause,
            user: "system:apiserver",
            manager: "kube-apiserver",
            dry_run: false,
            warnings: None,
        };
        let key = new.metadata.key();
        server.update(&mut cx, ResourceQuota::ID, &key, Sub::Status, |_, _| Ok(Object::of(new)))?;
    }
    Ok(())
}

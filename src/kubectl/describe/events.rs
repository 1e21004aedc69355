//! The events of an object, which end its description.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (DescribeEvents, searchEvents)
//! Differs: events of the same second keep the order of their names, which upstream's sorting of many loses.

use super::text::{Writer, put};
use crate::api::Object;
use crate::api::core::{Event, Node, Pod};
use crate::apimachinery::Arrange;
use crate::apiserver::Tables;
use std::rc::Rc;

/// The kubelet of a static pod writes its events with the hash it has in place of a uid.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// In the order of their last timestamps.
pub(super) fn of(tables: &Tables, object: &Object) -> Vec<Rc<Event>> {
    let meta = object.meta();
    // What is in no namespace has its events anywhere.
    let namespace = meta.namespace.non_empty();
    let is_pod = object.downcast::<Pod>().is_some();
    let uid = match meta.annotations.get(MIRROR) {
        Some(hash) if is_pod => hash,
        _ => &meta.uid,
    };
    let about = |e: &Event, uid: &str| {
        let o = &e.involved_object;
        o.name == meta.name
            && o.namespace == meta.namespace
            && (is_pod || o.kind == object.kind())
            && (uid.is_empty() || o.uid == *uid)
    };
    let mut events: Vec<Rc<Event>> = tables.list::<Event>(namespace).filter(|e| about(e, uid)).cloned().collect();
    if object.downcast::<Node>().is_some() {
        // A kubelet names its node where others give the uid.
        events.extend(tables.list::<Event>(namespace).filter(|e| about(e, &meta.name)).cloned());
    }
    events.arrange_by_key(|e| e.last_timestamp);
    events
}

pub(super) fn describe(w: &mut Writer, tables: &Tables, object: &Object) {
    let events = of(tables, object);
    if events.is_empty() {
        return w.field(0, "Events", "<none>");
    }
    put!(w, 0, "Events:\n  Type\tReason\tAge\tFrom\tMessage\n");
    put!(w, 1, "----\t------\t----\t----\t-------\n");
    for e in events {
        let first = if e.event_time.is_zero() { w.age(e.first_timestamp) } else { w.micro_age(e.event_time) };
        let age = match &e.series {
            Some(s) => format!("{} (x{} over {first})", w.micro_age(s.last_observed_time), s.count),
            None if e.count > 1 => format!("{} (x{} over {first})", w.age(e.last_timestamp), e.count),
            None => first,
        };
        let source = e.source.component.non_empty().unwrap_or(&e.reporting_component);
        let mut message = e.message.trim().to_owned();
        if !e.involved_object.field_path.is_empty() {
            message = format!("{}: {message}", e.involved_object.field_path);
        }
        put!(w, 1, "{}\t{}\t{age}\t{source}\t{message}\n", e.type_, e.reason);
    }
}

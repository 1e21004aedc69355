//! v1 Event, and the reference to an object that it and others carry.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/event/strategy.go
//! Differs: nothing known.

use crate::api::kind::{Kind, KindInfo};
use crate::apimachinery::time::{MicroTime, Time};
use crate::apimachinery::{ObjectMeta, Str};
use std::rc::Rc;

crate::api! {
    pub struct Event = "io.k8s.api.core.v1.Event" {
        metadata: ObjectMeta = "metadata".always(),
        involved_object: ObjectReference = "involvedObject".always(),
        reason: Str = "reason",
        message: Str = "message",
        source: EventSource = "source".always(),
        first_timestamp: Time = "firstTimestamp".always(),
        last_timestamp: Time = "lastTimestamp".always(),
        count: i32 = "count",
        type_: Str = "type",
        event_time: MicroTime = "eventTime".always(),
        series: Option<Rc<EventSeries>> = "series",
        action: Str = "action",
        related: Option<Rc<ObjectReference>> = "related",
        reporting_component: Str = "reportingComponent".always(),
        reporting_instance: Str = "reportingInstance".always(),
    }

    pub struct EventSeries = "io.k8s.api.core.v1.EventSeries" {
        count: i32 = "count",
        last_observed_time: MicroTime = "lastObservedTime".always(),
    }

    pub struct EventSource = "io.k8s.api.core.v1.EventSource" {
        component: Str = "component",
        host: Str = "host",
    }

    pub struct ObjectReference = "io.k8s.api.core.v1.ObjectReference" atomic {
        kind: Str = "kind",
        namespace: Str = "namespace",
        name: Str = "name",
        uid: Str = "uid",
        api_version: Str = "apiVersion",
        resource_version: Str = "resourceVersion",
        field_path: Str = "fieldPath",
    }
}

impl Kind for Event {
    const INFO: KindInfo = KindInfo { short: &["ev"], ..KindInfo::core("Event", "events") };
    crate::kind_glue!(Event);
}

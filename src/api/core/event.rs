//! v1 Event, and the reference to an object that it and others carry.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/event/strategy.go,
//! pkg/printers/internalversion/printers.go (printEvent), pkg/apis/core/v1/conversion.go (field labels)
//! Differs: nothing known.

use crate::api::kind::{Column, Kind, KindInfo, NAME, PrintCx, col, wide};
use crate::apimachinery::time::{MicroTime, Time};
use crate::apimachinery::{Api, ObjectMeta, Str, Value};
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

fn micro_age(cx: &PrintCx, since: MicroTime) -> String {
    cx.age_text(if since.is_zero() { Time::default() } else { since.to_time() })
}

impl Event {
    /// The component and, where there is one, the host that told of it.
    pub fn source_text(&self) -> String {
        let component = self.source.component.non_empty().unwrap_or(&self.reporting_component);
        match self.source.host.non_empty().or(self.reporting_instance.non_empty()) {
            Some(host) => format!("{component}, {host}"),
            None => component.to_owned(),
        }
    }
}

impl Kind for Event {
    const INFO: KindInfo = KindInfo { short: &["ev"], ..KindInfo::core("Event", "events") };
    crate::kind_glue!(Event);
    const COLUMNS: &'static [Column] = &[
        col("Last Seen"),
        col("Type"),
        col("Reason"),
        col("Object"),
        wide("Subobject"),
        wide("Source"),
        col("Message"),
        wide("First Seen"),
        wide("Count"),
        Column { priority: 1, ..NAME },
    ];
    const FIELDS: &'static [&'static str] = &[
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ];

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        let first = if self.first_timestamp.is_zero() {
            micro_age(cx, self.event_time)
        } else {
            cx.age_text(self.first_timestamp)
        };
        let (last, count) = match &self.series {
            Some(s) => (micro_age(cx, s.last_observed_time), s.count),
            // Singletons of the new API carry no count.
            None => {
                let last =
                    if self.last_timestamp.is_zero() { first.clone() } else { cx.age_text(self.last_timestamp) };
                (last, if self.count == 0 { 1 } else { self.count })
            }
        };
        let object = &self.involved_object;
        let mut target = object.kind.to_lowercase();
        if !object.name.is_empty() {
            target.push('/');
            target.push_str(&object.name);
        }
        vec![
            last.into(),
            self.type_.encode(),
            self.reason.encode(),
            target.into(),
            object.field_path.encode(),
            self.source_text().into(),
            self.message.trim().into(),
            first.into(),
            count.into(),
            self.metadata.name.encode(),
        ]
    }

    fn field(&self, path: &str) -> Option<Str> {
        let o = &self.involved_object;
        let field = match path {
            "involvedObject.kind" => &o.kind,
            "involvedObject.namespace" => &o.namespace,
            "involvedObject.name" => &o.name,
            "involvedObject.uid" => &o.uid,
            "involvedObject.apiVersion" => &o.api_version,
            "involvedObject.resourceVersion" => &o.resource_version,
            "involvedObject.fieldPath" => &o.field_path,
            "reason" => &self.reason,
            "reportingComponent" => &self.reporting_component,
            "source" if self.source.component.is_empty() => &self.reporting_component,
            "source" => &self.source.component,
            "type" => &self.type_,
            _ => return None,
        };
        Some(field.clone())
    }
}

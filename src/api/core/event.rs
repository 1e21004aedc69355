//! v1 Event, and the reference to an object that it and others carry.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/event/strategy.go,
//! pkg/printers/internalversion/printers.go (printEvent), pkg/apis/core/v1/conversion.go (field labels), pkg/apis/core/validation/events.go (legacyValidateEvent)
//! Differs: nothing known.

use crate::api::kind::{Column, Kind, KindInfo, NAME, NameRule, PrintCx, col, wide};
use crate::apimachinery::names::{is_dns1123_subdomain, is_qualified_name};
use crate::apimachinery::time::{MicroTime, Time};
use crate::apimachinery::{Api, ErrorList, ObjectMeta, Path, Str, Value};
use std::rc::Rc;

crate::api! {
    pub struct Event = "io.k8s.api.core.v1.Event" {
        metadata: ObjectMeta = "metadata".always().required(),
        involved_object: ObjectReference = "involvedObject".always().required(),
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
        reporting_component: Str = "reportingComponent".always().optional(),
        reporting_instance: Str = "reportingInstance".always().optional(),
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

/// Of `reportingInstance`, `action` and `reason` in the new style.
const NAME_LENGTH: usize = 128;
const NOTE_LENGTH: usize = 1024;

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
    const INFO: KindInfo = KindInfo {
        short: &["ev"],
        // The namespace is checked, the name hardly.
        name_rule: NameRule::PathSegment,
        ..KindInfo::core("Event", "events")
    };
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

    fn validate(&self, errs: &mut ErrorList) {
        let namespace = &self.metadata.namespace;
        let object = &self.involved_object;
        let path = Path::new("involvedObject");
        let disagrees = "does not match event.namespace";
        let new_style = !self.event_time.is_zero();
        // The events of what has no namespace are in `default`; those of the new style also in `kube-system`.
        let agree = if object.namespace.is_empty() {
            matches!(namespace.as_str(), "default")
                || (if new_style { *namespace == "kube-system" } else { namespace.is_empty() })
        } else {
            new_style || *namespace == object.namespace
        };
        if !agree {
            errs.invalid(path.child("namespace"), &object.namespace, disagrees);
        }
        if new_style {
            let component = Path::new("reportingComponent");
            if self.reporting_component.is_empty() {
                errs.required(component, "");
            }
            errs.invalid_each(component, &self.reporting_component, is_qualified_name(&self.reporting_component));
            for (name, value) in
                [("reportingInstance", &self.reporting_instance), ("action", &self.action), ("reason", &self.reason)]
            {
                if value.is_empty() {
                    errs.required(Path::new(name), "");
                }
                if value.len() > NAME_LENGTH {
                    errs.invalid(Path::new(name), "", format!("can have at most {NAME_LENGTH} characters"));
                }
            }
            if self.message.len() > NOTE_LENGTH {
                errs.invalid(Path::new("message"), "", format!("can have at most {NOTE_LENGTH} characters"));
            }
        }
        errs.invalid_each(Path::new("namespace"), namespace, is_dns1123_subdomain(namespace));
    }

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
                let last = if self.last_timestamp.is_zero() { first.clone() } else { cx.age_text(self.last_timestamp) };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::testing::{decode, faults_of_create, row_text};

    #[test]
    fn rows_read_as_a_cluster_prints_them() {
        let object = "involvedObject: {kind: Pod, name: fast, namespace: default}";
        for (more, want) in [
            ("message: ' seen by hand '", "<unknown>|Normal|Noted|pod/fast|||seen by hand|<unknown>|1|web"),
            (
                "source: {component: kubelet, host: node-1}, count: 3, firstTimestamp: '1970-01-01T00:00:10Z', \
                 lastTimestamp: '1970-01-01T00:01:00Z'",
                "40s|Normal|Noted|pod/fast||kubelet, node-1||90s|3|web",
            ),
            (
                "reportingComponent: scheduler, eventTime: '1970-01-01T00:01:30.000000Z'",
                "10s|Normal|Noted|pod/fast||scheduler||10s|1|web",
            ),
        ] {
            let event: Event = decode(&format!("{{{object}, type: Normal, reason: Noted, {more}}}"));
            assert_eq!(row_text(&event, 100), want, "{more}");
        }
    }

    #[test]
    fn events_are_where_their_object_is() {
        for (yaml, want) in [
            ("{involvedObject: {namespace: default}}", vec![]),
            ("{}", vec![]),
            (
                "{involvedObject: {namespace: other}}",
                vec!["involvedObject.namespace: Invalid value: \"other\": does not match event.namespace"],
            ),
            (
                "{metadata: {namespace: team}}",
                vec!["involvedObject.namespace: Invalid value: \"\": does not match event.namespace"],
            ),
            (
                "{eventTime: '1970-01-01T00:01:30.000000Z', reportingComponent: a, reason: b}",
                vec!["reportingInstance: Required value", "action: Required value"],
            ),
        ] {
            assert_eq!(faults_of_create::<Event>(yaml), want, "{yaml}");
        }
    }
}

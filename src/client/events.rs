//! The recorder: events with correlation, so that repetition counts up instead of piling up.
//!
//! Upstream: staging/src/k8s.io/client-go/tools/record/{event,events_cache}.go
//! Differs: an event is written at once; the caches forget by time only.

use super::turn::Turn;
use crate::api::core::{Event, EventSeries, EventSource, ObjectReference};
use crate::api::{Key, Kind, Object};
use crate::apimachinery::{ObjectMeta, Str};
use crate::sim::{Digest, Duration, OrdMap, Time};
use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// More than so many alike within `AGGREGATE_SECONDS` become one.
const MAX_ALIKE: usize = 10;
const AGGREGATE_SECONDS: i64 = 600;
/// A source may say so much of one object at once, and one more every `REFILL_SECONDS`.
const BURST: f64 = 25.0;
const REFILL_SECONDS: f64 = 300.0;
/// A series that was not heard of for so long is over.
const SERIES_ENDS_AFTER: Duration = Duration::from_secs(360);

#[derive(Clone)]
struct Seen {
    name: Str,
    count: i32,
}

#[derive(Clone, Default)]
struct Alike {
    /// In order, of which there are a few.
    messages: Vec<u64>,
    last: i64,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: i64,
}

#[derive(Clone)]
struct Series {
    name: Str,
    count: i32,
    last: Time,
}

/// What one process remembers of the events it told.
#[derive(Clone, Default)]
pub struct Recorder {
    seen: OrdMap<u64, Seen>,
    alike: OrdMap<u64, Alike>,
    spam: OrdMap<u64, Bucket>,
    series: OrdMap<u64, Series>,
    count: u64,
}

/// The object that an event is about.
#[derive(Clone, Debug, Default)]
pub struct Reference(pub ObjectReference);

impl Reference {
    pub fn of<K: Kind>(object: &K) -> Reference {
        let meta = object.meta();
        Reference(ObjectReference {
            kind: Str::literal(K::INFO.kind),
            api_version: K::INFO.group_version(),
            namespace: meta.namespace.clone(),
            name: meta.name.clone(),
            uid: meta.uid.clone(),
            resource_version: Str::from(format_args!("{}", meta.resource_version.0)),
            field_path: Str::EMPTY,
        })
    }

    /// `spec.containers{web}`.
    pub fn at(mut self, field_path: impl Into<Str>) -> Reference {
        self.0.field_path = field_path.into();
        self
    }
}

fn digest(parts: &[&str]) -> u64 {
    let mut d = Digest::default();
    parts.hash(&mut d);
    d.finish()
}

impl Recorder {
    /// Whether the object's bucket has a token left.
    fn allow(&mut self, key: u64, now: i64) -> bool {
        let mut b = self.spam.get(&key).copied().unwrap_or(Bucket { tokens: BURST, at: now });
        b.tokens = (b.tokens + (now - b.at) as f64 / REFILL_SECONDS).min(BURST);
        b.at = now;
        let ok = b.tokens >= 1.0;
        if ok {
            b.tokens -= 1.0;
        }
        self.spam.insert(key, b);
        ok
    }

    /// The message to use and the key to count it under.
    fn aggregate<'m>(&mut self, alike: u64, full: u64, message: &'m str, now: i64) -> (Cow<'m, str>, u64) {
        let mut a = self.alike.get(&alike).cloned().unwrap_or_default();
        if now - a.last > AGGREGATE_SECONDS {
            a = Alike::default();
        }
        a.last = now;
        let told = digest(&[message]);
        if let Err(at) = a.messages.binary_search(&told) {
            a.messages.reserve_exact(1);
            a.messages.insert(at, told);
        }
        let many = a.messages.len() >= MAX_ALIKE;
        if a.messages.len() > MAX_ALIKE {
            a.messages.remove(0);
        }
        self.alike.insert(alike, a);
        if many { (format!("(combined from similar events): {message}").into(), alike) } else { (message.into(), full) }
    }
}

/// `component` and `host` say who tells it; `event_type` is Normal or Warning.
pub(super) fn record(
    t: &mut Turn,
    (component, host): (&Str, &Str),
    about: &Reference,
    event_type: &'static str,
    reason: &str,
    message: &str,
) {
    let r = &about.0;
    let now = t.wall;
    let source = [component.as_str(), host.as_str(), &r.kind, &r.namespace, &r.name, &r.uid, &r.api_version];
    let alike: Vec<&str> = source.iter().copied().chain([&*r.field_path, event_type, reason]).collect();
    let full: Vec<&str> = alike.iter().copied().chain([message]).collect();
    if !t.recorder.allow(digest(&source), now.unix()) {
        return;
    }
    let (message, count_as) = t.recorder.aggregate(digest(&alike), digest(&full), message, now.unix());
    let namespace = r.namespace.or("default");
    if let Some(seen) = t.recorder.seen.get(&count_as).cloned() {
        let key = Key::new(namespace.clone(), seen.name.clone());
        let count = seen.count + 1;
        let patched = t.patch::<Event>(&key, |e| {
            e.count = count;
            e.last_timestamp = now;
            e.message = Str::from(&*message);
        });
        if patched.is_ok() {
            t.recorder.seen.insert(count_as, Seen { count, ..seen });
            return;
        }
    }
    t.recorder.count += 1;
    let stamp = now.unix() * 1_000_000_000 + t.now.0.rem_euclid(1_000_000_000) + t.recorder.count as i64;
    let name = Str::from(format_args!("{}.{stamp:016x}", r.name));
    let event = Event {
        metadata: ObjectMeta { name: name.clone(), namespace: namespace.clone(), ..ObjectMeta::default() },
        involved_object: r.clone(),
        reason: Str::from(reason),
        message: Str::from(&*message),
        source: EventSource { component: component.clone(), host: host.clone() },
        first_timestamp: now,
        last_timestamp: now,
        count: 1,
        type_: Str::literal(event_type),
        reporting_component: component.clone(),
        reporting_instance: host.clone(),
        ..Event::default()
    };
    if t.create(event).is_ok() {
        t.recorder.seen.insert(count_as, Seen { name, count: 1 });
    }
}

/// The scheduler's kind of event (events.k8s.io): a time in microseconds, an action, and a series where it is told again.
/// Upstream: staging/src/k8s.io/client-go/tools/events/event_broadcaster.go (recordToSink)
pub(super) fn record_v1(
    t: &mut Turn,
    controller: &'static str,
    about: &Reference,
    event_type: &'static str,
    reason: &'static str,
    action: &'static str,
    message: &str,
) {
    let r = &about.0;
    let namespace = r.namespace.or("default");
    // What is told does not count: of one series the first note stays.
    let object = [&r.kind, &r.namespace, &r.name, &r.uid, &r.api_version, &r.resource_version, &r.field_path];
    let parts: Vec<&str> = object.iter().map(|s| s.as_str()).chain([event_type, reason, action, controller]).collect();
    let series = digest(&parts);
    let now = t.wall_micro();
    let told = t.recorder.series.get(&series).filter(|s| t.now.since(s.last) < SERIES_ENDS_AFTER).cloned();
    if let Some(Series { name, count, .. }) = told {
        let count = count + 1;
        // How often more than twice is told only when the series ends, which is not waited for here.
        let key = Key::new(namespace.clone(), name.clone());
        let known = count > 2
            || t.patch::<Event>(&key, |e| {
                e.series = Some(Rc::new(EventSeries { count, last_observed_time: now }));
            })
            .is_ok();
        if known {
            t.recorder.series.insert(series, Series { name, count, last: t.now });
            return;
        }
    }
    t.recorder.count += 1;
    let stamp = t.wall.unix() * 1_000_000_000 + t.now.0.rem_euclid(1_000_000_000) + t.recorder.count as i64;
    let name = Str::from(format_args!("{}.{stamp:016x}", r.name));
    let event = Event {
        metadata: ObjectMeta { name: name.clone(), namespace, ..ObjectMeta::default() },
        involved_object: r.clone(),
        reason: Str::literal(reason),
        message: Str::from(message),
        event_time: now,
        type_: Str::literal(event_type),
        action: Str::literal(action),
        reporting_component: Str::literal(controller),
        reporting_instance: Str::literal(controller),
        ..Event::default()
    };
    // An event that cannot be written is lost; upstream says so in its log.
    if t.create(event).is_ok() {
        t.recorder.series.insert(series, Series { name, count: 1, last: t.now });
    }
}

/// An object's reference without its type at hand.
impl From<&Object> for Reference {
    fn from(object: &Object) -> Reference {
        let (info, meta) = (object.id().info(), object.meta());
        Reference(ObjectReference {
            kind: Str::literal(info.kind),
            api_version: info.group_version(),
            namespace: meta.namespace.clone(),
            name: meta.name.clone(),
            uid: meta.uid.clone(),
            resource_version: Str::from(format_args!("{}", meta.resource_version.0)),
            field_path: Str::EMPTY,
        })
    }
}

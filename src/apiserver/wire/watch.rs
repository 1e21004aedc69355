//! Watches: a cursor in the store's log and a filter; the driver polls it as the cluster moves on.
//!
//! Upstream: …/endpoints/handlers/watch.go, pkg/storage/cacher
//! Differs: nothing known.

use super::path::Target;
use super::read::Filter;
use super::table::{self, Include};
use super::{Request, Response};
use crate::api::{KindId, Object};
use crate::apimachinery::time::Time;
use crate::apimachinery::{Status, Value};
use crate::apiserver::Server;
use serde_json::json;

/// What a watch asks for.
#[derive(Clone, Debug)]
pub struct WatchSpec {
    kind: KindId,
    namespace: Option<String>,
    filter: Filter,
    /// None: from whatever there is now, which is sent first.
    from: Option<u64>,
    bookmarks: bool,
    /// After the initial events, a bookmark says so.
    initial_events: bool,
    include: Option<Include>,
    /// Seconds of the cluster's time.
    pub timeout_seconds: Option<i64>,
}

/// An open watch.
#[derive(Clone, Debug)]
pub struct Watch {
    spec: WatchSpec,
    cursor: u64,
    begun: bool,
    /// The columns of a table are told once.
    told_columns: bool,
    pub ended: bool,
}

pub(super) fn spec(request: &Request, target: &Target) -> Result<WatchSpec, Status> {
    let mut filter = Filter::of(request, target.kind)?;
    if !target.name.is_empty() {
        let name = crate::apimachinery::fields::FieldSelector::equal("metadata.name", target.name.as_str());
        filter.fields = name;
    }
    let from = match request.param("resourceVersion") {
        "" | "0" => None,
        n => Some(n.parse().map_err(|_| {
            Status::bad_request(format!(
                "resourceVersion: Invalid value: \"{n}\": strconv.ParseUint: parsing \"{n}\": invalid syntax"
            ))
        })?),
    };
    Ok(WatchSpec {
        kind: target.kind,
        namespace: Some(target.namespace.clone()).filter(|n| !n.is_empty()),
        filter,
        from: if request.flag("sendInitialEvents") { None } else { from },
        bookmarks: request.flag("allowWatchBookmarks"),
        initial_events: request.flag("sendInitialEvents"),
        include: table::wanted(request),
        timeout_seconds: request.param("timeoutSeconds").parse().ok(),
    })
}

impl Watch {
    pub fn open(spec: WatchSpec) -> Watch {
        Watch { cursor: spec.from.unwrap_or(0), spec, begun: false, told_columns: false, ended: false }
    }

    /// What happened since the last poll, one JSON line each.
    pub fn poll(&mut self, server: &Server, now: Time) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        if self.ended {
            return out;
        }
        if !self.begun {
            self.begun = true;
            if self.spec.from.is_none() {
                self.cursor = server.store.rev();
                for (_, o) in server.store.head().objects(self.spec.kind, self.spec.namespace.as_deref()) {
                    if self.spec.filter.matches(o) {
                        let line = self.line("ADDED", o, now);
                        out.push(line);
                    }
                }
                if self.spec.initial_events {
                    out.push(self.bookmark(true));
                }
            }
        }
        let Some(events) = server.store.since(self.cursor) else {
            self.ended = true;
            let why = format!("too old resource version: {} ({})", self.cursor, server.store.compacted());
            let status = Status::expired(why).to_json();
            out.push(to_line(&json!({"type": "ERROR", "object": status})));
            return out;
        };
        let events: Vec<_> = events.cloned().collect();
        for e in events {
            self.cursor = e.rev;
            if e.kind != self.spec.kind || self.spec.namespace.as_ref().is_some_and(|n| e.key.namespace != *n) {
                continue;
            }
            let was = e.old.as_ref().is_some_and(|o| self.spec.filter.matches(o));
            let is = e.new.as_ref().is_some_and(|o| self.spec.filter.matches(o));
            let change = match (was, is) {
                (false, true) => "ADDED",
                (true, true) => "MODIFIED",
                (true, false) => "DELETED",
                (false, false) => continue,
            };
            let object = if is { e.new.as_ref() } else { e.old.as_ref() };
            let mut object = object.expect("it matched").clone();
            if !is {
                // The last state, as of the revision at which it left.
                object.meta_mut().resource_version.0 = e.rev;
            }
            let line = self.line(change, &object, now);
            out.push(line);
        }
        out
    }

    /// A line that only says how far the watch has come; None where the client did not ask for them.
    pub fn progress(&self) -> Option<Vec<u8>> {
        self.spec.bookmarks.then(|| self.bookmark(false))
    }

    fn bookmark(&self, initial: bool) -> Vec<u8> {
        let info = self.spec.kind.info();
        let mut object = json!({"kind": info.kind, "apiVersion": info.api_version(),
            "metadata": {"resourceVersion": self.cursor.to_string(), "creationTimestamp": null}});
        if initial {
            object["metadata"]["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        if self.spec.include.is_some() {
            object = json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1",
                "metadata": {"resourceVersion": self.cursor.to_string()}, "columnDefinitions": null, "rows": []});
        }
        to_line(&json!({"type": "BOOKMARK", "object": object}))
    }

    fn line(&mut self, change: &str, object: &Object, now: Time) -> Vec<u8> {
        let body = match self.spec.include {
            None => object.encode(),
            Some(include) => {
                let mut t = table::of(self.spec.kind, std::slice::from_ref(object), include, now, object.rv());
                if self.told_columns {
                    t["columnDefinitions"] = Value::Null;
                }
                self.told_columns = true;
                t
            }
        };
        to_line(&json!({"type": change, "object": body}))
    }
}

fn to_line(v: &Value) -> Vec<u8> {
    let mut line = v.to_string().into_bytes();
    line.push(b'\n');
    line
}

/// A watch that cannot begin: its one answer.
pub(super) fn refuse(status: &Status) -> Response {
    Response::of_status(status)
}

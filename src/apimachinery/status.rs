//! `metav1.Status`: the one error that crosses the API.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go
//! Differs: nothing known.

use super::field_error::go_quote;
use super::{ErrorList, Value};
use serde_json::json;

#[derive(Clone, PartialEq, Debug)]
pub struct Cause {
    pub reason: String,
    pub message: String,
    pub field: String,
}

#[derive(Clone, PartialEq, Debug, Default)]
pub struct Details {
    pub name: String,
    pub group: String,
    pub kind: String,
    pub uid: String,
    pub causes: Vec<Cause>,
    pub retry_after_seconds: i32,
}

#[derive(Clone, PartialEq, Debug)]
pub struct StatusBody {
    pub code: u16,
    /// `NotFound`, `AlreadyExists`, …; empty where upstream has `Unknown`.
    pub reason: &'static str,
    pub message: String,
    pub details: Option<Details>,
}

/// A failure. Boxed, so that a `Result` stays small.
#[derive(Clone, PartialEq, Debug)]
pub struct Status(Box<StatusBody>);

/// What a resource is called in messages: `pods`, `deployments.apps`.
pub fn qualified(group: &str, resource: &str) -> String {
    if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") }
}

impl Status {
    pub fn new(code: u16, reason: &'static str, message: impl Into<String>, details: Option<Details>) -> Status {
        Status(Box::new(StatusBody { code, reason, message: message.into(), details }))
    }

    fn of(code: u16, reason: &'static str, message: String, group: &str, kind: &str, name: &str) -> Status {
        let details =
            Details { name: name.to_owned(), group: group.to_owned(), kind: kind.to_owned(), ..Details::default() };
        Status::new(code, reason, message, Some(details))
    }

    pub fn not_found(group: &str, resource: &str, name: &str) -> Status {
        let message = format!("{} {} not found", qualified(group, resource), go_quote(name));
        Status::of(404, "NotFound", message, group, resource, name)
    }

    /// No such path.
    pub fn no_such_path() -> Status {
        Status::new(404, "NotFound", "the server could not find the requested resource", Some(Details::default()))
    }

    pub fn already_exists(group: &str, resource: &str, name: &str) -> Status {
        let message = format!("{} {} already exists", qualified(group, resource), go_quote(name));
        Status::of(409, "AlreadyExists", message, group, resource, name)
    }

    pub fn conflict(group: &str, resource: &str, name: &str, why: &str) -> Status {
        let message =
            format!("Operation cannot be fulfilled on {} {}: {why}", qualified(group, resource), go_quote(name));
        Status::of(409, "Conflict", message, group, resource, name)
    }

    /// The optimistic lock's own sentence.
    pub fn modified(group: &str, resource: &str, name: &str) -> Status {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Status::conflict(group, resource, name, why)
    }

    pub fn forbidden(group: &str, resource: &str, name: &str, why: &str) -> Status {
        let message = if resource.is_empty() {
            format!("forbidden: {why}")
        } else if name.is_empty() {
            format!("{} is forbidden: {why}", qualified(group, resource))
        } else {
            format!("{} {} is forbidden: {why}", qualified(group, resource), go_quote(name))
        };
        Status::of(403, "Forbidden", message, group, resource, name)
    }

    /// `kind`, not resource: `Deployment.apps "web" is invalid: …`.
    pub fn invalid(group: &str, kind: &str, name: &str, errs: &ErrorList) -> Status {
        let mut message = format!("{} {} is invalid", qualified(group, kind), go_quote(name));
        if !errs.is_empty() {
            message = format!("{message}: {}", errs.aggregate());
        }
        let mut status = Status::of(422, "Invalid", message, group, kind, name);
        if let Some(d) = &mut status.0.details {
            d.causes = errs
                .0
                .iter()
                .map(|e| Cause { reason: e.kind.cause().to_owned(), message: e.body.clone(), field: e.field.clone() })
                .collect();
        }
        status
    }

    pub fn bad_request(message: impl Into<String>) -> Status {
        Status::new(400, "BadRequest", message, None)
    }

    pub fn internal(error: impl std::fmt::Display) -> Status {
        let cause = Cause { reason: String::new(), message: error.to_string(), field: String::new() };
        let details = Details { causes: vec![cause], ..Details::default() };
        Status::new(500, "InternalError", format!("Internal error occurred: {error}"), Some(details))
    }

    /// A plain Go error that reached the response writer: no reason that clients know.
    pub fn unknown(message: impl Into<String>) -> Status {
        Status::new(500, "", message, None)
    }

    pub fn expired(message: impl Into<String>) -> Status {
        Status::new(410, "Expired", message, None)
    }

    pub fn too_many_requests(message: impl Into<String>, retry_after_seconds: i32) -> Status {
        let details = Details { retry_after_seconds, ..Details::default() };
        Status::new(429, "TooManyRequests", message, Some(details))
    }

    pub fn unavailable(message: impl Into<String>) -> Status {
        Status::new(503, "ServiceUnavailable", message, None)
    }

    pub fn too_large(message: impl std::fmt::Display) -> Status {
        Status::new(413, "RequestEntityTooLarge", format!("Request entity too large: {message}"), None)
    }

    pub fn method_not_supported(group: &str, resource: &str, action: &str) -> Status {
        let message =
            format!("{action} is not supported on resources of kind {}", go_quote(&qualified(group, resource)));
        Status::of(405, "MethodNotAllowed", message, group, resource, "")
    }

    pub fn unsupported_media_type(message: impl Into<String>) -> Status {
        Status::new(415, "UnsupportedMediaType", message, None)
    }

    pub fn server_timeout(group: &str, resource: &str, operation: &str) -> Status {
        let message = format!(
            "The {operation} operation against {} could not be completed at this time, please try again.",
            qualified(group, resource)
        );
        Status::of(500, "ServerTimeout", message, group, resource, operation)
    }

    /// The same failure with another sentence and a hint to try again in a second.
    pub fn with_retry(mut self, message: &str) -> Status {
        self.0.message = message.to_owned();
        self.0.details.get_or_insert_default().retry_after_seconds = 1;
        self
    }

    pub fn with_message(mut self, message: &str) -> Status {
        self.0.message = message.to_owned();
        self
    }

    pub fn with_causes(mut self, causes: Vec<Cause>) -> Status {
        self.0.details.get_or_insert_default().causes = causes;
        self
    }

    pub fn body(&self) -> &StatusBody {
        &self.0
    }

    pub fn code(&self) -> u16 {
        self.0.code
    }

    pub fn message(&self) -> &str {
        &self.0.message
    }

    pub fn is_not_found(&self) -> bool {
        self.0.reason == "NotFound"
    }
    pub fn is_already_exists(&self) -> bool {
        self.0.reason == "AlreadyExists"
    }
    pub fn is_conflict(&self) -> bool {
        self.0.reason == "Conflict"
    }
    pub fn is_invalid(&self) -> bool {
        self.0.reason == "Invalid"
    }
    pub fn is_forbidden(&self) -> bool {
        self.0.reason == "Forbidden"
    }

    /// Whether a cause of that reason is named, as `NamespaceTerminating`.
    pub fn has_cause(&self, reason: &str) -> bool {
        self.0.details.as_ref().is_some_and(|d| d.causes.iter().any(|c| c.reason == reason))
    }

    /// As the API server writes it.
    pub fn to_json(&self) -> Value {
        let b = &self.0;
        let mut out = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": b.message, "code": b.code});
        if !b.reason.is_empty() {
            out["reason"] = b.reason.into();
        }
        if let Some(d) = &b.details {
            let mut details = serde_json::Map::new();
            for (k, v) in [("name", &d.name), ("group", &d.group), ("kind", &d.kind), ("uid", &d.uid)] {
                if !v.is_empty() {
                    details.insert(k.to_owned(), v.as_str().into());
                }
            }
            if !d.causes.is_empty() {
                let causes = d.causes.iter().map(|c| {
                    let mut o = serde_json::Map::new();
                    for (k, v) in [("reason", &c.reason), ("message", &c.message), ("field", &c.field)] {
                        if !v.is_empty() {
                            o.insert(k.to_owned(), v.as_str().into());
                        }
                    }
                    Value::Object(o)
                });
                details.insert("causes".to_owned(), causes.collect());
            }
            if d.retry_after_seconds != 0 {
                details.insert("retryAfterSeconds".to_owned(), d.retry_after_seconds.into());
            }
            out["details"] = Value::Object(details);
        }
        out
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Status {}

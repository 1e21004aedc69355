//! The only door: `Request → Answer`, without a socket.
//!
//! Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/{installer,handlers/*}.go
//! Differs: JSON only; protobuf is refused as an unacceptable media type.

mod apply;
mod body;
mod connect;
mod discovery;
mod openapi;
mod patch;
mod path;
mod read;
mod reviews;
mod table;
mod token;
mod verbs;
mod watch;

pub use openapi::enums_of;
pub use path::Target;
pub use watch::{Watch, WatchSpec};

use super::{Cx, Server};
use crate::api::Key;
use crate::apimachinery::{Status, Value};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// An HTTP request, without the HTTP.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    /// Without the query, percent-decoded: `/api/v1/namespaces/default/pods`.
    pub path: String,
    pub query: Vec<(String, String)>,
    pub accept: String,
    pub content_type: String,
    pub user_agent: String,
    /// Whom the client wants to be taken for, and that user's groups.
    pub impersonate: Option<(String, Vec<String>)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn get(path: &str) -> Request {
        Request {
            method: Method::Get,
            path: path.to_owned(),
            query: Vec::new(),
            accept: "application/json".to_owned(),
            content_type: String::new(),
            user_agent: "kubarium".to_owned(),
            impersonate: None,
            body: Vec::new(),
        }
    }

    pub fn with(method: Method, path: &str, body: &Value) -> Request {
        Request {
            method,
            body: body.to_string().into_bytes(),
            content_type: "application/json".to_owned(),
            ..Request::get(path)
        }
    }

    pub fn query(mut self, key: &str, value: &str) -> Request {
        self.query.push((key.to_owned(), value.to_owned()));
        self
    }

    pub fn param(&self, key: &str) -> &str {
        self.query.iter().find(|(k, _)| k == key).map_or("", |(_, v)| v)
    }

    /// What its path names, where that is something.
    pub fn target(&self) -> Option<Target> {
        path::parse(&self.path).ok()
    }

    pub fn flag(&self, key: &str) -> bool {
        matches!(self.param(key), "true" | "1")
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Response {
    pub code: u16,
    pub content_type: &'static str,
    /// `Warning: 299 - "…"`, one each.
    pub warnings: Vec<String>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn json(code: u16, body: &Value) -> Response {
        let mut bytes = body.to_string().into_bytes();
        bytes.push(b'\n');
        Response { code, content_type: "application/json", warnings: Vec::new(), body: bytes }
    }

    pub fn text(code: u16, body: impl Into<String>) -> Response {
        let body = body.into().into_bytes();
        Response { code, content_type: "text/plain; charset=utf-8", warnings: Vec::new(), body }
    }

    pub fn of_status(status: &Status) -> Response {
        Response::json(status.code(), &status.to_json())
    }
}

/// What a request leads to: mostly a response, else something that the cluster around the server goes on with.
#[derive(Clone, Debug)]
pub enum Answer {
    Whole(Response),
    Watch(Box<WatchSpec>),
    Log(LogSpec),
    Connect(Connection),
}

/// What a client wants of a pod's inside.
#[derive(Clone, PartialEq, Debug)]
pub enum Connection {
    Exec(ExecSpec),
    /// What the container writes from now on.
    Attach(LogSpec),
    PortForward {
        pod: Key,
    },
    /// One request to a port.
    Proxy {
        pod: Key,
        port: u16,
        path: String,
    },
}

impl Connection {
    pub fn pod(&self) -> &Key {
        match self {
            Connection::Exec(spec) => &spec.pod,
            Connection::Attach(spec) => &spec.pod,
            Connection::PortForward { pod } | Connection::Proxy { pod, .. } => pod,
        }
    }

    /// Empty where the pod as a whole is meant.
    pub fn container(&self) -> &str {
        match self {
            Connection::Exec(spec) => &spec.container,
            Connection::Attach(spec) => &spec.container,
            Connection::PortForward { .. } | Connection::Proxy { .. } => "",
        }
    }
}

#[derive(Clone, PartialEq, Debug)]
pub struct ExecSpec {
    pub pod: Key,
    pub container: String,
    pub command: Vec<String>,
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
    pub tty: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub struct LogSpec {
    pub pod: Key,
    pub container: String,
    pub follow: bool,
    pub previous: bool,
    pub timestamps: bool,
    pub tail_lines: Option<usize>,
    pub since_seconds: Option<i64>,
    pub limit_bytes: Option<usize>,
}

/// Largest body that is read. Upstream: --max-request-bytes, 3 MiB.
pub const MAX_BODY: usize = 3 * 1024 * 1024;

pub fn handle(server: &mut Server, cx: &mut Cx, request: &Request) -> Answer {
    let answer = route(server, cx, request).unwrap_or_else(|e| Answer::Whole(Response::of_status(&e)));
    match answer {
        Answer::Whole(mut r) => {
            r.warnings = cx.warnings.take().unwrap_or_default();
            Answer::Whole(r)
        }
        other => other,
    }
}

fn route(server: &mut Server, cx: &mut Cx, request: &Request) -> Result<Answer, Status> {
    if request.body.len() > MAX_BODY {
        return Err(Status::too_large(format!("limit is {MAX_BODY}")));
    }
    if let Some(answer) = discovery::answer(request) {
        return Ok(Answer::Whole(answer));
    }
    if let Some(answer) = openapi::answer(request) {
        return Ok(Answer::Whole(answer));
    }
    if let Some(answer) = reviews::answer(server, cx, request) {
        return answer.map(Answer::Whole);
    }
    let target = path::parse(&request.path)?;
    verbs::dispatch(server, cx, request, &target)
}

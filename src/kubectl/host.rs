//! What a command has at hand: the API, files, and time that passes while it waits.
//!
//! Upstream: staging/src/k8s.io/cli-runtime/pkg/genericclioptions
//! Differs: no kubeconfig; time is the host's to pass.

use super::failure::Failure;
use super::resource::path_of;
use crate::api::KindId;
use crate::apimachinery::Value;
use crate::apimachinery::time::Time;
use crate::apiserver::Tables;
use crate::apiserver::wire::{Answer, Method, Request, Response};
use std::time::Duration;

pub trait Host {
    /// Lets a request's time pass, and asks.
    fn ask(&mut self, request: Request) -> Answer;
    /// Lets time pass while a command waits.
    fn pass(&mut self, time: Duration);
    /// The files at a path: the file itself, or those of the folder and, if asked, of the folders in it; with names.
    fn files(&self, path: &str, recursive: bool) -> Option<Vec<(String, String)>>;
    /// For `describe`.
    fn tables(&self) -> &Tables;
    fn wall(&self) -> Time;
}

/// The body of an answer, and its warnings.
pub(super) type Answered = (Value, Vec<String>);

pub(super) fn send(host: &mut dyn Host, mut request: Request) -> Result<Answered, Failure> {
    request.user_agent = "kubectl".to_owned();
    let Answer::Whole(Response { code, body, warnings, .. }) = host.ask(request) else {
        return Err(Failure::own("the server streams where it should answer"));
    };
    let value: Value = serde_json::from_slice(&body).unwrap_or_default();
    if code >= 400 { Err(Failure::Status(value)) } else { Ok((value, warnings)) }
}

pub(super) fn get(host: &mut dyn Host, kind: KindId, namespace: &str, name: &str) -> Result<Value, Failure> {
    send(host, Request::get(&path_of(kind, namespace, name))).map(|(v, _)| v)
}

/// All of a kind in a namespace that a selector takes.
pub(super) fn list(host: &mut dyn Host, kind: KindId, namespace: &str, selector: &str) -> Result<Vec<Value>, Failure> {
    let mut request = Request::get(&path_of(kind, namespace, ""));
    if !selector.is_empty() {
        request = request.query("labelSelector", selector);
    }
    let (mut v, _) = send(host, request)?;
    let Value::Array(mut items) = v["items"].take() else { return Ok(Vec::new()) };
    for item in &mut items {
        item["apiVersion"] = kind.info().api_version().into();
        item["kind"] = kind.info().kind.into();
    }
    Ok(items)
}

/// The media types of PATCH.
pub(super) const JSON: &str = "application/json-patch+json";
pub(super) const MERGE: &str = "application/merge-patch+json";
pub(super) const STRATEGIC: &str = "application/strategic-merge-patch+json";

pub(super) fn patch(path: &str, media: &str, body: &Value) -> Request {
    Request { content_type: media.to_owned(), ..Request::with(Method::Patch, path, body) }
}

//! HTTP on one side, the engine's messages on the other.

use super::engine::{Engine, Message, Reply};
use super::protobuf;
use crate::apimachinery::Status;
use crate::apiserver::wire::{MAX_BODY, Method, Request, Response};
use axum::body::Body;
use axum::http::{StatusCode, header};
use tokio::sync::oneshot;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;

pub(super) async fn run(listener: tokio::net::TcpListener, engine: Engine) -> std::io::Result<()> {
    let app = axum::Router::new().fallback(move |request| handle(engine.clone(), request));
    axum::serve(listener, app).with_graceful_shutdown(stop()).await
}

async fn stop() {
    tokio::signal::ctrl_c().await.ok();
}

async fn handle(engine: Engine, request: axum::extract::Request) -> axum::response::Response {
    let (parts, body) = request.into_parts();
    let method = match parts.method.as_str() {
        "GET" | "HEAD" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        _ => return whole(Response::of_status(&Status::method_not_supported("", "", "this method"))),
    };
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        let status = Status::too_large(format!("limit is {MAX_BODY}"));
        return whole(Response::of_status(&status));
    };
    let text = |name: header::HeaderName| {
        parts.headers.get_all(name).iter().filter_map(|v| v.to_str().ok()).collect::<Vec<_>>().join(",")
    };
    let mut content_type = text(header::CONTENT_TYPE);
    let mut body = body.to_vec();
    if content_type.starts_with("application/vnd.kubernetes.protobuf")
        && let Some(json) = protobuf::to_json(&body)
    {
        body = json;
        content_type = "application/json".to_owned();
    }
    let request = Box::new(Request {
        method,
        path: percent(parts.uri.path(), false),
        query: parts.uri.query().map(query).unwrap_or_default(),
        accept: text(header::ACCEPT),
        content_type,
        user_agent: text(header::USER_AGENT),
        body,
    });
    let (tx, rx) = oneshot::channel();
    let message =
        if request.path.starts_with("/sim/v1/") { Message::Sim(request, tx) } else { Message::Api(request, tx) };
    let reply = if engine.to.send(message).is_ok() { rx.await.ok() } else { None };
    match reply {
        Some(Reply::Whole(r)) => whole(r),
        Some(Reply::Stream(content_type, rx)) => {
            let stream = UnboundedReceiverStream::new(rx).map(Ok::<_, std::convert::Infallible>);
            axum::response::Response::builder()
                .header(header::CONTENT_TYPE, content_type)
                .body(Body::from_stream(stream))
                .expect("the header is valid")
        }
        None => whole(Response::text(500, "the engine has stopped")),
    }
}

fn whole(r: Response) -> axum::response::Response {
    let mut builder = axum::response::Response::builder()
        .status(StatusCode::from_u16(r.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        .header(header::CONTENT_TYPE, r.content_type);
    for w in &r.warnings {
        let text = w.replace('\\', "\\\\").replace('"', "\\\"");
        builder = builder.header(header::WARNING, format!("299 - \"{text}\""));
    }
    builder
        .body(Body::from(r.body))
        .unwrap_or_else(|_| axum::response::Response::new(Body::from("the answer could not be put into headers")))
}

/// Decodes `%41` and, in a query, `+`.
fn percent(text: &str, plus: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = bytes.get(i + 1..i + 3).and_then(|h| std::str::from_utf8(h).ok());
        match bytes[i] {
            b'%' if hex.is_some_and(|h| u8::from_str_radix(h, 16).is_ok()) => {
                out.push(u8::from_str_radix(hex.unwrap_or("20"), 16).unwrap_or(b' '));
                i += 3;
                continue;
            }
            b'+' if plus => out.push(b' '),
            b => out.push(b),
        }
        i += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn query(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|p| !p.is_empty())
        .map(|p| {
            let (k, v) = p.split_once('=').unwrap_or((p, ""));
            (percent(k, true), percent(v, true))
        })
        .collect()
}

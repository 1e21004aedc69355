//! HTTP on one side, the engine's messages on the other.

use super::engine::{Engine, Message, Reply, Ticket, Wish};
use super::{descriptions, forward, protobuf, remote};
use crate::apimachinery::Status;
use crate::apiserver::wire::{MAX_BODY, Method, Request, Response};
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use tokio::sync::oneshot;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;

pub(super) fn app(engine: Engine) -> axum::Router {
    axum::Router::new().fallback(move |request| handle(engine.clone(), request))
}

pub(super) async fn run(listener: tokio::net::TcpListener, engine: Engine) -> std::io::Result<()> {
    axum::serve(listener, app(engine)).with_graceful_shutdown(stop()).await
}

async fn stop() {
    tokio::signal::ctrl_c().await.ok();
}

async fn handle(engine: Engine, request: axum::extract::Request) -> axum::response::Response {
    let (parts, body) = request.into_parts();
    let request = match read(&parts, body).await {
        Ok(request) => Box::new(request),
        Err(status) => return whole(Response::of_status(&status)),
    };
    let described = request.path.starts_with("/openapi/v3/");
    let (tx, rx) = oneshot::channel();
    let message =
        if request.path.starts_with("/sim/v1/") { Message::Sim(request, tx) } else { Message::Api(request, tx) };
    let reply = if engine.to.send(message).is_ok() { rx.await.ok() } else { None };
    match reply {
        Some(Reply::Whole(r)) if described => whole(describe(r)),
        Some(Reply::Whole(r)) => whole(r),
        Some(Reply::Connect(ticket, wish)) => connect(engine, ticket, wish, parts).await,
        Some(Reply::Attach(lines)) => match upgrade(remote::PROTOCOL, parts).await {
            Ok(upgrade) => upgrade.on_upgrade(move |socket| remote::attach(lines, socket)),
            Err(refusal) => refusal,
        },
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

fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> String {
    headers.get_all(name).iter().filter_map(|v| v.to_str().ok()).collect::<Vec<_>>().join(",")
}

async fn read(parts: &Parts, body: Body) -> Result<Request, Status> {
    let method = match parts.method.as_str() {
        "GET" | "HEAD" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        _ => return Err(Status::method_not_supported("", "", "this method")),
    };
    let body =
        axum::body::to_bytes(body, MAX_BODY).await.map_err(|_| Status::too_large(format!("limit is {MAX_BODY}")))?;
    let headers = &parts.headers;
    let mut content_type = text(headers, header::CONTENT_TYPE);
    let mut body = body.to_vec();
    if content_type.starts_with("application/vnd.kubernetes.protobuf")
        && let Some(json) = protobuf::to_json(&body)
    {
        body = json;
        content_type = "application/json".to_owned();
    }
    let user = text(headers, "impersonate-user");
    let groups = headers.get_all("impersonate-group").iter().filter_map(|v| v.to_str().ok().map(str::to_owned));
    Ok(Request {
        method,
        path: percent(parts.uri.path(), false),
        query: parts.uri.query().map(query).unwrap_or_default(),
        accept: text(headers, header::ACCEPT),
        content_type,
        user_agent: text(headers, header::USER_AGENT),
        impersonate: (!user.is_empty()).then(|| (user, groups.collect())),
        body,
    })
}

/// A connection to a pod goes on as a WebSocket that speaks that protocol.
///
/// Errors: why it does not. Upstream: …/apimachinery/pkg/util/proxy/upgradeaware.go
async fn upgrade(protocol: &'static str, mut parts: Parts) -> Result<WebSocketUpgrade, axum::response::Response> {
    let refuse = |why: &str| whole(Response::of_status(&Status::bad_request(why)));
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &()).await else {
        return Err(refuse("Upgrade request required"));
    };
    let upgrade = upgrade.protocols([protocol]);
    if upgrade.selected_protocol().is_some() {
        return Ok(upgrade);
    }
    let asked = text(&parts.headers, header::SEC_WEBSOCKET_PROTOCOL);
    Err(refuse(&format!(
        "unable to upgrade: unable to negotiate protocol: client supports [{asked}], server accepts [{protocol}]"
    )))
}

async fn connect(engine: Engine, ticket: Ticket, wish: Wish, parts: Parts) -> axum::response::Response {
    let protocol = if wish == Wish::PortForward { forward::PROTOCOL } else { remote::PROTOCOL };
    match upgrade(protocol, parts).await {
        Ok(upgrade) if wish == Wish::PortForward => upgrade.on_upgrade(move |s| forward::run(engine, ticket, s)),
        Ok(upgrade) => upgrade.on_upgrade(move |s| remote::exec(engine, ticket, wish, s)),
        Err(refusal) => {
            engine.to.send(Message::Forget(ticket)).ok();
            refusal
        }
    }
}

fn describe(r: Response) -> Response {
    match serde_json::from_slice(&r.body) {
        Ok(mut document) if r.code == 200 => {
            descriptions::describe(&mut document);
            Response::json(200, &document)
        }
        _ => r,
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

//! `kubectl port-forward`: SPDY inside a WebSocket, and in its streams HTTP to a pod's port.
//!
//! Upstream: …/cri-streaming/pkg/streaming/portforward/httpstream.go
//! Differs: a pod speaks HTTP or nothing; GET is the only method that it sees.

use super::engine::{Engine, Get, Message, Ticket};
use super::spdy::{self, Frame, Session};
use axum::extract::ws::{Message as Ws, WebSocket};
use std::collections::BTreeMap;
use tokio::sync::oneshot;

pub(super) const PROTOCOL: &str = "SPDY/3.1+portforward.k8s.io";

/// One connection that somebody made to the local port: two streams with one id.
#[derive(Default)]
struct Pair {
    error: u32,
    port: u16,
    /// What has come and is no whole request yet.
    bytes: Vec<u8>,
}

pub(super) async fn run(engine: Engine, ticket: Ticket, mut socket: WebSocket) {
    forward(&engine, ticket, &mut socket).await;
    engine.to.send(Message::Forget(ticket)).ok();
}

async fn forward(engine: &Engine, ticket: Ticket, socket: &mut WebSocket) {
    let mut session = Session::new();
    let mut pairs: BTreeMap<u32, Pair> = BTreeMap::new();
    // The error stream of a connection comes before its data.
    let mut errors: BTreeMap<String, u32> = BTreeMap::new();
    while let Some(Ok(message)) = socket.recv().await {
        match message {
            Ws::Binary(bytes) => session.receive(&bytes),
            Ws::Close(_) => return,
            _ => continue,
        }
        loop {
            let out = match session.next() {
                Ok(None) => break,
                Err(_) | Ok(Some(Frame::GoAway)) => return,
                Ok(Some(Frame::Ping { id })) => spdy::pong(id),
                Ok(Some(Frame::Reset { stream })) => {
                    pairs.remove(&stream);
                    continue;
                }
                Ok(Some(Frame::Open { stream, headers })) => {
                    let header = |name: &str| headers.iter().find(|(k, _)| k == name).map_or("", |(_, v)| v);
                    let id = header("requestid").to_owned();
                    if header("streamtype") == "error" {
                        errors.insert(id, stream);
                    } else {
                        let port = header("port").parse().unwrap_or(0);
                        let error = errors.remove(&id).unwrap_or(0);
                        pairs.insert(stream, Pair { error, port, bytes: Vec::new() });
                    }
                    session.accept(stream)
                }
                Ok(Some(Frame::Data { stream, data, last })) => {
                    let Some(pair) = pairs.get_mut(&stream) else { continue };
                    pair.bytes.extend(data);
                    let (out, over) = answer(engine, ticket, stream, pair, last).await;
                    if over {
                        pairs.remove(&stream);
                    }
                    out
                }
            };
            if !out.is_empty() && socket.send(Ws::Binary(out.into())).await.is_err() {
                return;
            }
        }
    }
}

/// Answers the whole requests of a stream; whether the connection is over with that.
async fn answer(engine: &Engine, ticket: Ticket, stream: u32, pair: &mut Pair, last: bool) -> (Vec<u8>, bool) {
    let mut out = Vec::new();
    while let Some(request) = Asked::take(&mut pair.bytes) {
        let get = Get { port: pair.port, path: request.path, agent: request.agent };
        let (tx, rx) = oneshot::channel();
        if engine.to.send(Message::Http(ticket, get, tx)).is_err() {
            return (out, true);
        }
        match rx.await.ok().flatten() {
            Some((0, _)) => {}
            Some((code, body)) => {
                out.extend(spdy::data(stream, response(code, &body, request.keep_alive).as_bytes(), false));
                if !request.keep_alive {
                    out.extend(spdy::data(stream, b"", true));
                    out.extend(spdy::data(pair.error, b"", true));
                    return (out, true);
                }
            }
            None => {
                let port = pair.port;
                let why = format!(
                    "an error occurred forwarding {port} -> {port}: error forwarding port {port} to pod: failed to \
                     connect to localhost:{port} inside namespace: dial tcp4 127.0.0.1:{port}: connect: connection \
                     refused"
                );
                out.extend(spdy::data(pair.error, why.as_bytes(), true));
                out.extend(spdy::data(stream, b"", true));
                return (out, true);
            }
        }
    }
    if last {
        out.extend(spdy::data(stream, b"", true));
        out.extend(spdy::data(pair.error, b"", true));
    }
    (out, last)
}

/// What is understood of a request.
#[derive(PartialEq, Debug)]
struct Asked {
    path: String,
    agent: String,
    keep_alive: bool,
}

impl Asked {
    /// The first request, if it is there as a whole.
    fn take(bytes: &mut Vec<u8>) -> Option<Asked> {
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.lines();
        let mut first = lines.next()?.split(' ').skip(1);
        let (path, version) = (first.next().unwrap_or("/"), first.next().unwrap_or_default());
        let header = |name: &str| {
            let named = |l: &str| {
                let (k, v) = l.split_once(':')?;
                k.eq_ignore_ascii_case(name).then(|| v.trim().to_owned())
            };
            head.lines().skip(1).find_map(named).unwrap_or_default()
        };
        let body: usize = header("content-length").parse().unwrap_or(0);
        if bytes.len() < end + body {
            return None;
        }
        let connection = header("connection").to_ascii_lowercase();
        let keep_alive = if version == "HTTP/1.0" { connection == "keep-alive" } else { connection != "close" };
        let asked = Asked { path: path.to_owned(), agent: header("user-agent"), keep_alive };
        bytes.drain(..end + body);
        Some(asked)
    }
}

fn response(code: u16, body: &str, keep_alive: bool) -> String {
    let reason = axum::http::StatusCode::from_u16(code).ok().and_then(|c| c.canonical_reason()).unwrap_or("OK");
    let kind = if body.trim_start().starts_with('<') { "text/html" } else { "text/plain" };
    let connection = if keep_alive { "keep-alive" } else { "close" };
    format!(
        "HTTP/1.1 {code} {reason}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: {connection}\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_taken_one_by_one_and_whole() {
        let mut bytes =
            b"GET /a HTTP/1.1\r\nUser-Agent: curl/8\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 3\r\n".to_vec();
        let first = Asked { path: "/a".to_owned(), agent: "curl/8".to_owned(), keep_alive: true };
        assert_eq!(Asked::take(&mut bytes), Some(first));
        assert_eq!(Asked::take(&mut bytes), None);
        bytes.extend(b"Connection: close\r\n\r\nab");
        assert_eq!(Asked::take(&mut bytes), None);
        bytes.extend(b"c");
        let second = Asked { path: "/b".to_owned(), agent: String::new(), keep_alive: false };
        assert_eq!(Asked::take(&mut bytes), Some(second));
        assert!(bytes.is_empty());
    }
}

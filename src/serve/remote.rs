//! `kubectl exec` and `kubectl attach`: a command's streams as channels of a WebSocket.
//!
//! Upstream: …/apimachinery/pkg/util/remotecommand/constants.go (v5.channel.k8s.io), …/cri-streaming/pkg/streaming/remotecommand
//! Differs: without a terminal all of standard input is read before the command begins; an older protocol is not spoken.

use super::engine::{Engine, Given, Message, Ticket, Wish};
use super::streams::Event;
use super::terminal::{Terminal, Typed};
use crate::apimachinery::{Status, Value};
use crate::cluster::Stream;
use axum::extract::ws::{CloseFrame, Message as Ws, WebSocket, close_code};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

pub(super) const PROTOCOL: &str = "v5.channel.k8s.io";

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const ERROR: u8 = 3;
/// Its byte names the channel that is at its end.
const CLOSE: u8 = 255;

pub(super) async fn exec(engine: Engine, ticket: Ticket, wish: Wish, mut socket: WebSocket) {
    run(&engine, ticket, wish, &mut socket).await;
    engine.to.send(Message::Forget(ticket)).ok();
}

async fn run(engine: &Engine, ticket: Ticket, wish: Wish, socket: &mut WebSocket) {
    let Wish::Exec { stdin, tty, .. } = wish else { return };
    let given = match (stdin, tty) {
        (false, _) => Given::Nothing,
        (true, true) => Given::Terminal,
        (true, false) => match all_of_stdin(socket).await {
            Some(bytes) => Given::Text(String::from_utf8_lossy(&bytes).into_owned()),
            None => return,
        },
    };
    let typing = given == Given::Terminal;
    let (events, mut told) = mpsc::unbounded_channel();
    let (tx, rx) = oneshot::channel();
    if engine.to.send(Message::Exec(ticket, given, events, tx)).is_err() {
        return;
    }
    match rx.await {
        Ok(Ok(())) => {}
        Ok(Err(why)) => {
            let status = Status::internal(format!("error executing command in container: {why}"));
            return finish(socket, &status.to_json()).await;
        }
        Err(_) => return,
    }
    let mut terminal = Terminal::default();
    loop {
        tokio::select! {
            event = told.recv() => match event {
                Some(Event::Wrote(stream, text)) => {
                    let Some(frame) = output(wish, stream, &text) else { continue };
                    if socket.send(frame).await.is_err() {
                        break;
                    }
                }
                Some(Event::Ended(code)) => return finish(socket, &ended(code)).await,
                None => return finish(socket, &ended(137)).await,
            },
            message = socket.recv() => match message {
                Some(Ok(Ws::Binary(bytes))) if typing && bytes.first() == Some(&STDIN) => {
                    let (typed, echo) = terminal.take(&bytes[1..]);
                    if !echo.is_empty() && socket.send(frame(STDOUT, &echo)).await.is_err() {
                        break;
                    }
                    for t in typed {
                        type_in(engine, ticket, t);
                    }
                }
                Some(Ok(Ws::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
}

fn type_in(engine: &Engine, ticket: Ticket, typed: Typed) {
    let line = match typed {
        Typed::Line(text) => Some(text),
        Typed::Interrupt => None,
        Typed::End => Some("exit".to_owned()),
    };
    engine.to.send(Message::Type(ticket, line)).ok();
}

pub(super) async fn attach(mut lines: mpsc::UnboundedReceiver<Vec<u8>>, mut socket: WebSocket) {
    loop {
        tokio::select! {
            text = lines.recv() => match text {
                Some(text) if text.is_empty() => {}
                Some(text) => if socket.send(frame(STDOUT, &text)).await.is_err() {
                    return;
                },
                None => return finish(&mut socket, &ended(0)).await,
            },
            message = socket.recv() => if matches!(message, Some(Ok(Ws::Close(_)) | Err(_)) | None) {
                return;
            },
        }
    }
}

/// None: the client has gone.
async fn all_of_stdin(socket: &mut WebSocket) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    while let Some(Ok(message)) = socket.recv().await {
        match message {
            Ws::Binary(bytes) => match bytes.first() {
                Some(&STDIN) => all.extend(&bytes[1..]),
                Some(&CLOSE) if bytes.get(1) == Some(&STDIN) => return Some(all),
                _ => {}
            },
            Ws::Close(_) => return None,
            _ => {}
        }
    }
    None
}

fn frame(channel: u8, bytes: &[u8]) -> Ws {
    let mut out = Vec::with_capacity(bytes.len() + 1);
    out.push(channel);
    out.extend(bytes);
    Ws::Binary(out.into())
}

/// A terminal has one stream, and needs to be told to go back to the left.
fn output(wish: Wish, stream: Stream, text: &str) -> Option<Ws> {
    let Wish::Exec { stdout, stderr, tty, .. } = wish else { return None };
    if tty {
        return Some(frame(STDOUT, text.replace('\n', "\r\n").as_bytes()));
    }
    match stream {
        Stream::Out => stdout.then(|| frame(STDOUT, text.as_bytes())),
        Stream::Err => stderr.then(|| frame(STDERR, text.as_bytes())),
    }
}

/// The last thing that the client is told.
async fn finish(socket: &mut WebSocket, status: &Value) {
    socket.send(frame(ERROR, status.to_string().as_bytes())).await.ok();
    let farewell = CloseFrame { code: close_code::NORMAL, reason: "".into() };
    socket.send(Ws::Close(Some(farewell))).await.ok();
    // The client closes its side; what it still has to say is of no interest.
    while let Some(Ok(_)) = socket.recv().await {}
}

/// Upstream: …/cri-streaming/pkg/streaming/remotecommand/exec.go
fn ended(code: i32) -> Value {
    if code == 0 {
        return json!({"metadata": {}, "status": "Success"});
    }
    json!({"metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
        "message": format!("command terminated with non-zero exit code: exit status {code}"),
        "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]}})
}

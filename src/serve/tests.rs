//! The door as a client sees it: HTTP, WebSockets, and what goes on in them.

#![allow(clippy::disallowed_methods, reason = "a server runs beside its client")]

use super::spdy::{self, tests::Client};
use super::{Speed, engine, forward, http, remote};
use crate::apimachinery::Value;
use serde_json::json;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// A server with one node whose clock stands still, and a pod that runs.
fn server() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let at = listener.local_addr().expect("it has an address");
    listener.set_nonblocking(true).expect("it can be asked without waiting");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("it is a listener");
            axum::serve(listener, http::app(engine::start(1, 1, Speed::Manual))).await.expect("it serves");
        });
    });
    call(at, "POST", "/sim/v1/advance?for=5s", "");
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"},
        "spec": {"containers": [{"name": "web", "image": "nginx"}, {"name": "box", "image": "busybox",
            "command": ["sh", "-c", "echo begun; sleep 60; echo later; sleep 3600"]}]}});
    call(at, "POST", "/api/v1/namespaces/default/pods", &pod.to_string());
    call(at, "POST", "/sim/v1/advance?for=30s", "");
    at
}

fn send(at: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> TcpStream {
    let mut socket = TcpStream::connect(at).expect("somebody listens");
    let length = body.len();
    write!(socket, "{method} {path} HTTP/1.1\r\nHost: a\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
        .expect("it is sent");
    socket
}

/// The status and the body.
fn call(at: SocketAddr, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut socket = send(at, method, path, "Connection: close\r\n", body);
    let mut text = String::new();
    socket.read_to_string(&mut text).expect("it answers in text");
    let (head, body) = text.split_once("\r\n\r\n").expect("an answer has a head");
    (head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0), body.to_owned())
}

/// A client's side of a WebSocket.
struct Socket(TcpStream);

impl Socket {
    /// Errors: the status and what was said instead.
    fn open(at: SocketAddr, path: &str, protocol: &str) -> Result<Socket, (u16, String)> {
        let headers = format!(
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \
             AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: {protocol}\r\n"
        );
        let mut socket = send(at, "GET", path, &headers, "");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            socket.read_exact(&mut byte).expect("an answer has a head");
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).expect("a head is text");
        if head.starts_with("HTTP/1.1 101") {
            assert!(head.contains(protocol), "{head}");
            return Ok(Socket(socket));
        }
        let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        socket.read_exact(&mut body).expect("the body is as long as it says");
        Err((head.split(' ').nth(1).and_then(|c| c.parse().ok()).unwrap_or(0), String::from_utf8(body).expect("text")))
    }

    fn send(&mut self, bytes: &[u8]) {
        assert!(bytes.len() < 0xffff, "longer ones have another head");
        let mut out = vec![0x82, 0x80 | 126];
        out.extend((bytes.len() as u16).to_be_bytes());
        // A mask of zeros hides nothing.
        out.extend([0; 4]);
        out.extend(bytes);
        self.0.write_all(&out).expect("it is sent");
    }

    /// The next message; None at the end.
    fn next(&mut self) -> Option<Vec<u8>> {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).ok()?;
        let length = match head[1] {
            126 => {
                let mut more = [0; 2];
                self.0.read_exact(&mut more).ok()?;
                u16::from_be_bytes(more) as usize
            }
            n => n as usize,
        };
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).ok()?;
        (head[0] & 15 == 2).then_some(body)
    }

    /// All that came on each of the first three channels, and the status at the end.
    fn rest(&mut self) -> ([String; 3], Value) {
        let mut all = [const { String::new() }; 3];
        let mut status = Value::Null;
        while let Some(message) = self.next() {
            let text = String::from_utf8(message[1..].to_vec()).expect("it is text");
            match message[0] {
                3 => status = serde_json::from_str(&text).expect("a status is JSON"),
                channel => all[usize::from(channel)].push_str(&text),
            }
        }
        (all, status)
    }
}

fn exec(at: SocketAddr, options: &str) -> Result<Socket, (u16, String)> {
    Socket::open(at, &format!("/api/v1/namespaces/default/pods/web/exec?{options}"), remote::PROTOCOL)
}

const BOTH: &str = "stdout=true&stderr=true&container=box&command=sh&command=-c&command=";

#[test]
fn a_command_has_its_streams_and_its_code() {
    let at = server();
    let ([_, out, err], status) =
        exec(at, &format!("{BOTH}echo+a;echo+b+%3E%262;exit+3")).unwrap_or_else(|e| panic!("{e:?}")).rest();
    assert_eq!((out.as_str(), err.as_str()), ("a\n", "b\n"));
    let want = json!({"metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
        "message": "command terminated with non-zero exit code: exit status 3",
        "details": {"causes": [{"reason": "ExitCode", "message": "3"}]}});
    assert_eq!(status, want);
    let ([_, out, _], status) = exec(at, &format!("{BOTH}true")).unwrap_or_else(|e| panic!("{e:?}")).rest();
    assert_eq!((out.as_str(), status), ("", json!({"metadata": {}, "status": "Success"})));
}

#[test]
fn a_command_that_takes_time_is_told_of_as_time_goes_on() {
    let at = server();
    let mut socket = exec(at, &format!("{BOTH}echo+now;sleep+5;echo+then")).unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!(socket.next().as_deref(), Some(b"\x01now\n".as_slice()));
    call(at, "POST", "/sim/v1/advance?for=6s", "");
    assert_eq!(socket.rest().0[1], "then\n");
}

#[test]
fn a_command_reads_what_is_sent_to_it() {
    let at = server();
    let mut socket = exec(at, "stdin=true&stdout=true&container=box&command=sort").unwrap_or_else(|e| panic!("{e:?}"));
    socket.send(b"\x00b\n");
    socket.send(b"\x00a\n");
    socket.send(b"\xff\x00");
    assert_eq!(socket.rest().0[1], "a\nb\n");
}

#[test]
fn a_terminal_has_a_prompt_an_echo_and_an_end() {
    let at = server();
    let mut socket =
        exec(at, "stdin=true&stdout=true&tty=true&container=box&command=sh").unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!(socket.next().as_deref(), Some(b"\x01/ # ".as_slice()));
    socket.send(b"\x00cd /tmp\rpwd\rexit 2\r");
    let ([_, out, _], status) = socket.rest();
    assert!(out.ends_with("/tmp\r\n/tmp # "), "{out:?}");
    assert_eq!(status["details"]["causes"][0]["message"], "2");
}

#[test]
fn what_cannot_be_run_is_refused_in_upstreams_words() {
    let at = server();
    let refused = |options: &str| exec(at, options).err().expect("it is refused");
    let (code, said) = refused("container=nobody&command=ls");
    assert!(code == 400 && said.contains("container nobody is not valid for pod web"), "{code} {said}");
    let (code, said) = refused("command=ls");
    assert!(code == 400 && said.contains("choose one of: [web box]"), "{code} {said}");
    let (_, status) = exec(at, "container=web&command=nosuch").unwrap_or_else(|e| panic!("{e:?}")).rest();
    let said = status["message"].as_str().unwrap_or_default();
    assert!(said.starts_with("Internal error occurred: error executing command in container: "), "{said}");
    assert!(said.contains("\"nosuch\": executable file not found in $PATH"), "{said}");
    let (code, _) = call(at, "GET", "/api/v1/namespaces/default/pods/web/exec?container=web&command=ls", "");
    assert_eq!(code, 400);
}

#[test]
fn whoever_attaches_sees_what_is_written_from_then_on() {
    let at = server();
    let path = "/api/v1/namespaces/default/pods/web/attach?container=box&stdout=true";
    let mut socket = Socket::open(at, path, remote::PROTOCOL).unwrap_or_else(|e| panic!("{e:?}"));
    call(at, "POST", "/sim/v1/advance?for=60s", "");
    assert_eq!(socket.next().as_deref(), Some(b"\x01later\n".as_slice()));
}

#[test]
fn a_port_is_forwarded() {
    let at = server();
    let path = "/api/v1/namespaces/default/pods/web/portforward";
    let mut socket = Socket::open(at, path, forward::PROTOCOL).unwrap_or_else(|e| panic!("{e:?}"));
    let mut client = Client::new();
    let mut connect = |socket: &mut Socket, first: u32, port: &str| {
        let id = first.to_string();
        socket.send(&client.open(first, &[("streamtype", "error"), ("port", port), ("requestid", &id)]));
        socket.send(&client.open(first + 2, &[("streamtype", "data"), ("port", port), ("requestid", &id)]));
        socket.send(&spdy::data(first + 2, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", false));
        // Both streams are accepted.
        assert!((0..2).all(|_| socket.next().is_some_and(|m| m[..4] == [0x80, 3, 0, 2])));
        String::from_utf8_lossy(&socket.next().expect("it answers")).into_owned()
    };
    let answer = connect(&mut socket, 1, "80");
    assert!(answer.contains("HTTP/1.1 200 OK") && answer.contains("nginx"), "{answer}");
    let refused = connect(&mut socket, 5, "81");
    assert!(refused.contains("dial tcp4 127.0.0.1:81: connect: connection refused"), "{refused}");
}

#[test]
fn pods_and_services_answer_through_the_proxy() {
    let at = server();
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "front"},
        "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 8080, "targetPort": 80}]}});
    call(at, "POST", "/api/v1/namespaces/default/services", &service.to_string());
    let get = |path: &str| call(at, "GET", &format!("/api/v1/namespaces/default/{path}"), "");
    let (code, page) = get("pods/web:80/proxy/");
    assert!(code == 200 && page.contains("nginx"), "{code} {page}");
    let (code, said) = get("pods/web:81/proxy/");
    assert!(code == 503 && said.contains("error trying to reach service: dial tcp 10.244.1."), "{code} {said}");
    let (code, said) = get("services/front:8080/proxy/");
    assert!(code == 503 && said.contains("no endpoints available for service \\\"front\\\""), "{code} {said}");
    let mut socket = send(
        at,
        "PATCH",
        "/api/v1/namespaces/default/pods/web",
        "Connection: close\r\nContent-Type: application/merge-patch+json\r\n",
        &json!({"metadata": {"labels": {"app": "web"}}}).to_string(),
    );
    socket.read_to_string(&mut String::new()).expect("it answers");
    for port in ["8080", "http"] {
        let (code, page) = get(&format!("services/front:{port}/proxy/"));
        assert!(code == 200 && page.contains("nginx"), "{code} {page}");
    }
    let (code, said) = get("services/front:9/proxy/");
    assert!(code == 503 && said.contains("no service port 9 found for service"), "{code} {said}");
}

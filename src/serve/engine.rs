//! The thread that owns the cluster: it paces virtual time, answers requests and feeds watches.

#![allow(clippy::disallowed_types, reason = "real time enters here, to pace virtual time by")]

use super::sim;
use super::streams::{Event, ExecId, Streams};
use crate::apimachinery::{Status, Str};
use crate::apiserver::wire::{Answer, Connection, LogSpec, Method, Request, Response};
use crate::cluster::{Cluster, Config, Connect, Connected, ExecError, History, Input, Stdin};
use crate::sim::Time;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// How fast virtual time goes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Speed {
    /// Only when it is told to.
    Manual,
    /// So many virtual seconds a second.
    Times(f64),
    /// As fast as the machine can.
    Max,
}

impl std::str::FromStr for Speed {
    type Err = String;
    fn from_str(s: &str) -> Result<Speed, String> {
        match s {
            "manual" | "0" => Ok(Speed::Manual),
            "max" => Ok(Speed::Max),
            n => match n.parse::<f64>() {
                Ok(n) if n > 0.0 && n.is_finite() => Ok(Speed::Times(n)),
                _ => Err(format!("{s:?} is no speed: a number, max or manual")),
            },
        }
    }
}

/// What comes back: a whole response, lines until the sender goes away, or leave to talk to a pod.
pub(super) enum Reply {
    Whole(Response),
    Stream(&'static str, mpsc::UnboundedReceiver<Vec<u8>>),
    Connect(Ticket, Wish),
    /// What a container writes from now on.
    Attach(mpsc::UnboundedReceiver<Vec<u8>>),
}

/// A connection that the engine knows; what it leads to stays on the engine's own thread.
pub(super) type Ticket = u64;

/// What is to be done with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wish {
    Exec { stdin: bool, stdout: bool, stderr: bool, tty: bool },
    PortForward,
}

/// What a command can read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Given {
    Nothing,
    Text(String),
    Terminal,
}

pub(super) enum Message {
    Api(Box<Request>, oneshot::Sender<Reply>),
    Sim(Box<Request>, oneshot::Sender<Reply>),
    /// Runs a command; what it writes and how it ends is told to the first sender, why it does not run to the second.
    Exec(Ticket, Given, mpsc::UnboundedSender<Event>, oneshot::Sender<Result<(), String>>),
    /// A line for a command's terminal; None: Ctrl+C.
    Type(Ticket, Option<String>),
    /// A request to a pod's port: the answer, None where it is refused.
    Http(Ticket, Get, oneshot::Sender<Option<(u16, String)>>),
    /// Nobody listens any more.
    Forget(Ticket),
}

/// A request to a port of a pod that somebody has forwarded.
pub(super) struct Get {
    pub port: u16,
    pub path: String,
    pub agent: String,
}

#[derive(Clone)]
pub(super) struct Engine {
    pub to: Sender<Message>,
}

pub(super) struct Driver {
    pub history: History,
    pub speed: Speed,
    /// The real instant and the virtual one from which pace is kept.
    anchor: (Instant, Time),
    streams: Streams,
    connections: BTreeMap<Ticket, Connection>,
    tickets: Ticket,
}

/// What a request takes on its way, in virtual time.
const REQUEST: Duration = Duration::from_millis(20);

pub(super) fn start(nodes: usize, seed: u64, speed: Speed) -> Engine {
    let (to, from) = channel();
    std::thread::Builder::new()
        .name("cluster".to_owned())
        .stack_size(64 << 20)
        .spawn(move || Driver::new(History::new(config(nodes, seed)), speed).run(&from))
        .expect("a thread can be started");
    Engine { to }
}

/// The wall clock begins at the real one, so that ages read right.
pub(super) fn config(nodes: usize, seed: u64) -> Config {
    let epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs());
    Config { epoch: epoch as i64, ..Config::with_nodes(nodes).seed(seed) }
}

impl Driver {
    pub fn new(history: History, speed: Speed) -> Driver {
        let now = history.cluster().now();
        let anchor = (Instant::now(), now);
        Driver { history, speed, anchor, streams: Streams::default(), connections: BTreeMap::new(), tickets: 0 }
    }

    fn run(mut self, from: &Receiver<Message>) {
        loop {
            let message = match self.wait() {
                None => from.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(d) => from.recv_timeout(d),
            };
            self.pace();
            match message {
                Ok(message) => self.handle(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.feed();
        }
    }

    /// One message, at whose end somebody may have gone away already.
    pub fn handle(&mut self, message: Message) {
        match message {
            Message::Api(r, reply) => drop(reply.send(self.api(&r))),
            Message::Sim(r, reply) => drop(reply.send(Reply::Whole(sim::answer(self, &r)))),
            Message::Exec(ticket, given, events, reply) => drop(reply.send(self.exec(ticket, given, events))),
            Message::Type(ticket, line) => {
                let Some(ExecId { pod, container, pid }) = self.streams.exec_of(ticket).cloned() else { return };
                self.pass();
                self.connect(Connect::Type { pod, container, pid, line: line.map(Str::from) }).ok();
            }
            Message::Http(ticket, get, reply) => {
                let Some(connection) = self.connections.get(&ticket) else { return };
                let pod = connection.pod().clone();
                self.pass();
                let connect = Connect::Http { pod, port: get.port, path: get.path.into(), agent: get.agent.into() };
                let answer = match self.connect(connect) {
                    Ok(Connected::Answered(answer)) => answer,
                    _ => None,
                };
                reply.send(answer).ok();
            }
            Message::Forget(ticket) => self.forget(ticket),
        }
    }

    pub fn cluster(&self) -> &Cluster {
        self.history.cluster()
    }

    /// How long nothing is due.
    fn wait(&self) -> Option<Duration> {
        match self.speed {
            Speed::Manual => None,
            Speed::Max => Some(Duration::from_millis(1)),
            Speed::Times(n) => {
                let at = self.cluster().next_at()?;
                let virtual_left = at.since(self.anchor.1).as_secs_f64() / n;
                let due = self.anchor.0 + Duration::from_secs_f64(virtual_left);
                Some(due.saturating_duration_since(Instant::now()).min(Duration::from_millis(50)))
            }
        }
    }

    /// Lets virtual time catch up with real time.
    fn pace(&mut self) {
        match self.speed {
            Speed::Manual => {}
            Speed::Max => {
                let end = Instant::now() + Duration::from_millis(10);
                while Instant::now() < end && self.history.step(Time::MAX) {}
            }
            Speed::Times(n) => {
                let (real, then) = self.anchor;
                let target = then + Duration::from_secs_f64(real.elapsed().as_secs_f64() * n);
                self.history.run_until(target);
            }
        }
    }

    /// A clock that stands still lets whatever comes from outside take its time.
    fn pass(&mut self) {
        if self.speed == Speed::Manual {
            self.history.run_until(self.cluster().now() + REQUEST);
        }
    }

    pub fn set_speed(&mut self, speed: Speed) {
        self.speed = speed;
        self.jumped();
    }

    /// Another cluster: every stream of the old one ends.
    pub fn replace(&mut self, history: History) {
        self.history = history;
        self.streams = Streams::default();
        self.connections.clear();
        self.jumped();
    }

    /// After a jump by hand: pace goes on from here.
    pub fn jumped(&mut self) {
        self.anchor = (Instant::now(), self.cluster().now());
    }

    /// Reads are answered, everything else is an input.
    pub fn ask(&mut self, r: &Request) -> Answer {
        if r.method == Method::Get {
            return self.history.read(r);
        }
        let action = self.history.begin_action();
        let label = format!("{:?} {}", r.method, r.path);
        let input = Input::Request(Rc::new(r.clone()));
        self.history.input(action, &label, input).expect("a request has an answer")
    }

    fn api(&mut self, r: &Request) -> Reply {
        self.pass();
        match self.ask(r) {
            Answer::Whole(response) => Reply::Whole(response),
            Answer::Watch(spec) => {
                let (to, rx) = mpsc::unbounded_channel();
                self.streams.watch(*spec, self.history.cluster().now(), to);
                Reply::Stream("application/json", rx)
            }
            Answer::Log(spec) => self.log(spec),
            Answer::Connect(Connection::Proxy { pod, port, path }) => Reply::Whole(self.proxy(Connect::Http {
                pod,
                port,
                path: path.into(),
                agent: r.user_agent.as_str().into(),
            })),
            Answer::Connect(connection) => self.ticket(connection),
        }
    }

    /// Upstream: pkg/kubelet/server/server.go (getExec, getAttach, getPortForward)
    fn ticket(&mut self, connection: Connection) -> Reply {
        match self.cluster().leads_to(&connection) {
            Ok(true) => {}
            Ok(false) => {
                let why = format!("container not found ({:?})", connection.container());
                return Reply::Whole(Response::text(500, why));
            }
            Err(status) => return Reply::Whole(Response::of_status(&status)),
        }
        let wish = match &connection {
            Connection::Exec(s) => Wish::Exec { stdin: s.stdin, stdout: s.stdout, stderr: s.stderr, tty: s.tty },
            Connection::Attach(spec) => {
                return match self.log(spec.clone()) {
                    Reply::Stream(_, lines) => Reply::Attach(lines),
                    refusal => refusal,
                };
            }
            Connection::PortForward { .. } | Connection::Proxy { .. } => Wish::PortForward,
        };
        self.tickets += 1;
        self.connections.insert(self.tickets, connection);
        Reply::Connect(self.tickets, wish)
    }

    fn log(&mut self, spec: LogSpec) -> Reply {
        let lines = match self.cluster().logs(&spec) {
            Ok(lines) => lines,
            Err(e) => return Reply::Whole(Response::of_status(&e)),
        };
        if !spec.follow {
            return Reply::Whole(Response::text(200, lines.concat()));
        }
        let (to, rx) = mpsc::unbounded_channel();
        let told = self.cluster().log_length(&spec);
        to.send(lines.concat().into_bytes()).ok();
        self.streams.follow(spec, told, to);
        Reply::Stream("text/plain", rx)
    }

    /// Sends what watches, followed logs and commands have to tell by now.
    fn feed(&mut self) {
        for ticket in self.streams.feed(self.history.cluster()) {
            self.forget(ticket);
        }
    }

    fn connect(&mut self, connect: Connect) -> Result<Connected, Status> {
        let action = self.history.begin_action();
        self.history.connect(action, connect)
    }

    /// Whoever connected has gone, or knows how it ended.
    fn forget(&mut self, ticket: Ticket) {
        self.connections.remove(&ticket);
        if let Some(ExecId { pod, container, pid }) = self.streams.forget(ticket) {
            self.connect(Connect::Forget { pod, container, pid }).ok();
        }
    }

    /// Errors: why it does not run. Upstream: containerd's CRI server (execInContainer).
    fn exec(&mut self, ticket: Ticket, given: Given, to: mpsc::UnboundedSender<Event>) -> Result<(), String> {
        let Some(Connection::Exec(spec)) = self.connections.remove(&ticket) else {
            return Err("the connection is gone".to_owned());
        };
        self.pass();
        let stdin = match given {
            Given::Nothing => Stdin::Nothing,
            Given::Text(text) => Stdin::Text(text.into()),
            Given::Terminal => Stdin::Terminal,
        };
        let (pod, container) = (spec.pod, Str::from(spec.container));
        let command = spec.command.into_iter().map(Str::from).collect();
        let connect = Connect::Exec { pod: pod.clone(), container: container.clone(), command, stdin };
        match self.connect(connect) {
            Ok(Connected::Pid(pid)) => {
                self.streams.exec(ticket, ExecId { pod, container, pid }, to);
                // What ends at once has ended when the answer arrives.
                self.pass();
                Ok(())
            }
            Ok(Connected::NotRun(ExecError::NotFound(name))) => Err(format!("container not found ({name:?})")),
            Ok(Connected::NotRun(ExecError::Failed(why))) => {
                Err(format!("failed to exec in container: failed to start exec: {why}: unknown"))
            }
            Ok(_) => unreachable!("a command is run or not"),
            Err(status) => Err(status.message().to_owned()),
        }
    }

    /// Upstream: …/apimachinery/pkg/util/proxy/{upgradeaware,transport}.go
    pub fn proxy(&mut self, connect: Connect) -> Response {
        let Connect::Http { ref pod, port, .. } = connect else { unreachable!("only requests go through the proxy") };
        let ip = self.cluster().pod_ip(pod);
        match self.connect(connect) {
            Ok(Connected::Answered(Some((code, body)))) if code > 0 => Response {
                code,
                content_type: if body.trim_start().starts_with('<') {
                    "text/html"
                } else {
                    "text/plain; charset=utf-8"
                },
                warnings: Vec::new(),
                body: body.into_bytes(),
            },
            Ok(Connected::Answered(answer)) => {
                let why = match answer {
                    Some(_) => format!("malformed HTTP response from {ip}:{port}"),
                    None => format!("dial tcp {ip}:{port}: connect: connection refused"),
                };
                Response::of_status(&Status::unavailable(format!("error trying to reach service: {why}")))
            }
            Ok(_) => unreachable!("a request is answered or not"),
            Err(status) => Response::of_status(&status),
        }
    }
}

//! The thread that owns the cluster: it paces virtual time, answers requests and feeds watches.

#![allow(clippy::disallowed_types, reason = "real time enters here, to pace virtual time by")]

use super::sim;
use crate::apiserver::wire::{Answer, LogSpec, Request, Response, Watch};
use crate::cluster::{Cluster, Config};
use crate::sim::Time;
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

/// What comes back: a whole response, or lines until the sender goes away.
pub(super) enum Reply {
    Whole(Response),
    Stream(&'static str, mpsc::UnboundedReceiver<Vec<u8>>),
}

pub(super) enum Message {
    Api(Box<Request>, oneshot::Sender<Reply>),
    Sim(Box<Request>, oneshot::Sender<Reply>),
}

#[derive(Clone)]
pub(super) struct Engine {
    pub to: Sender<Message>,
}

struct Open {
    watch: Watch,
    to: mpsc::UnboundedSender<Vec<u8>>,
    until: Option<Time>,
    next_bookmark: Time,
}

struct Follow {
    spec: LogSpec,
    told: usize,
    to: mpsc::UnboundedSender<Vec<u8>>,
}

pub(super) struct Driver {
    pub cluster: Cluster,
    pub speed: Speed,
    /// The real instant and the virtual one from which pace is kept.
    anchor: (Instant, Time),
    watches: Vec<Open>,
    follows: Vec<Follow>,
}

/// What a request takes on its way, in virtual time.
const REQUEST: Duration = Duration::from_millis(20);
const BOOKMARKS: Duration = Duration::from_secs(60);

pub(super) fn start(nodes: usize, seed: u64, speed: Speed) -> Engine {
    let (to, from) = channel();
    std::thread::Builder::new()
        .name("cluster".to_owned())
        .stack_size(64 << 20)
        .spawn(move || {
            let cluster = new_cluster(nodes, seed);
            let now = cluster.now();
            let driver =
                Driver { cluster, speed, anchor: (Instant::now(), now), watches: Vec::new(), follows: Vec::new() };
            driver.run(&from);
        })
        .expect("a thread can be started");
    Engine { to }
}

/// The wall clock begins at the real one, so that ages read right.
pub(super) fn new_cluster(nodes: usize, seed: u64) -> Cluster {
    let epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs());
    Cluster::new(Config { epoch: epoch as i64, ..Config::with_nodes(nodes).seed(seed) })
}

impl Driver {
    fn run(mut self, from: &Receiver<Message>) {
        loop {
            let message = match self.wait() {
                None => from.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(d) => from.recv_timeout(d),
            };
            self.pace();
            match message {
                Ok(Message::Api(r, reply)) => {
                    let answer = self.api(&r);
                    reply.send(answer).ok();
                }
                Ok(Message::Sim(r, reply)) => {
                    let response = sim::answer(&mut self, &r);
                    reply.send(Reply::Whole(response)).ok();
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.feed();
        }
    }

    /// How long nothing is due.
    fn wait(&self) -> Option<Duration> {
        match self.speed {
            Speed::Manual => None,
            Speed::Max => Some(Duration::from_millis(1)),
            Speed::Times(n) => {
                let at = self.cluster.next_at()?;
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
                while Instant::now() < end && self.cluster.step() {}
            }
            Speed::Times(n) => {
                let (real, then) = self.anchor;
                let target = then + Duration::from_secs_f64(real.elapsed().as_secs_f64() * n);
                self.cluster.run_until(target);
            }
        }
    }

    pub fn set_speed(&mut self, speed: Speed) {
        self.speed = speed;
        self.anchor = (Instant::now(), self.cluster.now());
    }

    /// Another cluster: every stream of the old one ends.
    pub fn replace(&mut self, cluster: Cluster) {
        self.cluster = cluster;
        self.watches.clear();
        self.follows.clear();
        self.anchor = (Instant::now(), self.cluster.now());
    }

    /// After a jump by hand: pace goes on from here.
    pub fn jumped(&mut self) {
        self.anchor = (Instant::now(), self.cluster.now());
    }

    fn api(&mut self, r: &Request) -> Reply {
        if self.speed == Speed::Manual {
            self.cluster.run_for(REQUEST);
        }
        match self.cluster.request(r) {
            Answer::Whole(response) => Reply::Whole(response),
            Answer::Watch(spec) => {
                let (to, rx) = mpsc::unbounded_channel();
                let now = self.cluster.now();
                let until = spec.timeout_seconds.map(|s| now + Duration::from_secs(s.max(0) as u64));
                self.watches.push(Open { watch: Watch::open(*spec), to, until, next_bookmark: now + BOOKMARKS });
                Reply::Stream("application/json", rx)
            }
            Answer::Log(spec) => self.log(spec),
        }
    }

    fn log(&mut self, spec: LogSpec) -> Reply {
        let lines = match self.cluster.logs(&spec) {
            Ok(lines) => lines,
            Err(e) => return Reply::Whole(Response::of_status(&e)),
        };
        if !spec.follow {
            return Reply::Whole(Response::text(200, lines.concat()));
        }
        let (to, rx) = mpsc::unbounded_channel();
        let told = self.cluster.log_length(&spec);
        to.send(lines.concat().into_bytes()).ok();
        self.follows.push(Follow { spec, told, to });
        Reply::Stream("text/plain", rx)
    }

    /// Sends what watches and followed logs have to tell by now.
    fn feed(&mut self) {
        let (cluster, now) = (&self.cluster, self.cluster.now());
        let wall = cluster.wall();
        self.watches.retain_mut(|open| {
            let lines = open.watch.poll(&cluster.server, wall);
            if !lines.is_empty() {
                open.next_bookmark = now + BOOKMARKS;
                if open.to.send(lines.concat()).is_err() {
                    return false;
                }
            } else if now >= open.next_bookmark {
                open.next_bookmark = now + BOOKMARKS;
                if let Some(line) = open.watch.progress()
                    && open.to.send(line).is_err()
                {
                    return false;
                }
            }
            !open.watch.ended && !open.to.is_closed() && open.until.is_none_or(|until| now < until)
        });
        self.follows.retain_mut(|f| {
            let length = cluster.log_length(&f.spec);
            if length > f.told {
                let text = cluster.log_after(&f.spec, f.told).concat();
                f.told = length;
                if f.to.send(text.into_bytes()).is_err() {
                    return false;
                }
            }
            !f.to.is_closed() && cluster.log_goes_on(&f.spec)
        });
    }
}

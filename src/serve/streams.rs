//! Answers that go on: watches, followed logs, commands in containers.

use super::engine::Ticket;
use crate::api::Key;
use crate::apimachinery::Str;
use crate::apiserver::wire::{LogSpec, Watch, WatchSpec};
use crate::cluster::{Cluster, Stream};
use crate::sim::{Duration, Time};
use tokio::sync::mpsc::UnboundedSender;

const BOOKMARKS: Duration = Duration::from_secs(60);

struct Open {
    watch: Watch,
    to: UnboundedSender<Vec<u8>>,
    until: Option<Time>,
    next_bookmark: Time,
}

struct Follow {
    spec: LogSpec,
    told: usize,
    to: UnboundedSender<Vec<u8>>,
}

/// A command that `exec` began.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct ExecId {
    pub pod: Key,
    pub container: Str,
    pub pid: u32,
}

/// What a command does.
#[derive(PartialEq, Debug)]
pub(super) enum Event {
    Wrote(Stream, String),
    Ended(i32),
}

struct Exec {
    ticket: Ticket,
    id: ExecId,
    /// How many pieces, and how many bytes of the last of them, were told.
    told: (usize, usize),
    to: UnboundedSender<Event>,
}

#[derive(Default)]
pub(super) struct Streams {
    watches: Vec<Open>,
    follows: Vec<Follow>,
    execs: Vec<Exec>,
}

impl Streams {
    pub fn watch(&mut self, spec: WatchSpec, now: Time, to: UnboundedSender<Vec<u8>>) {
        let until = spec.timeout_seconds.map(|s| now + Duration::from_secs(s.max(0) as u64));
        self.watches.push(Open { watch: Watch::open(spec), to, until, next_bookmark: now + BOOKMARKS });
    }

    pub fn follow(&mut self, spec: LogSpec, told: usize, to: UnboundedSender<Vec<u8>>) {
        self.follows.push(Follow { spec, told, to });
    }

    pub fn exec(&mut self, ticket: Ticket, id: ExecId, to: UnboundedSender<Event>) {
        self.execs.push(Exec { ticket, id, told: (0, 0), to });
    }

    pub fn exec_of(&self, ticket: Ticket) -> Option<&ExecId> {
        self.execs.iter().find(|e| e.ticket == ticket).map(|e| &e.id)
    }

    pub fn forget(&mut self, ticket: Ticket) -> Option<ExecId> {
        let at = self.execs.iter().position(|e| e.ticket == ticket)?;
        Some(self.execs.remove(at).id)
    }

    /// Tells everybody what is new; the commands that have ended, or that nobody listens to.
    pub fn feed(&mut self, cluster: &Cluster) -> Vec<Ticket> {
        let (now, wall) = (cluster.now(), cluster.wall());
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
        self.execs.iter_mut().filter_map(|e| e.feed(cluster).then_some(e.ticket)).collect()
    }
}

impl Exec {
    /// Whether that was all.
    fn feed(&mut self, cluster: &Cluster) -> bool {
        let Some((written, code)) = cluster.exec_seen(&self.id.pod, &self.id.container, self.id.pid) else {
            // Its container is gone, and the command was killed with it.
            self.to.send(Event::Ended(137)).ok();
            return true;
        };
        for (i, (stream, text)) in written.iter().enumerate().skip(self.told.0) {
            let from = if i == self.told.0 { self.told.1 } else { 0 };
            if text.len() > from {
                self.to.send(Event::Wrote(*stream, text[from..].to_owned())).ok();
            }
            self.told = (i, text.len());
        }
        if let Some(code) = code {
            self.to.send(Event::Ended(code)).ok();
        }
        code.is_some() || self.to.is_closed()
    }
}

//! One user's session: a cluster with its history, driven by requests and told by frames.
//!
//! Real time enters here and nowhere else: as the milliseconds of a `Tick`, and as the clock that bounds its work.

use super::protocol::{Call, Clock, Control, Fault, Frame, Granularity, LogOf, Ref, Reply, Request, Tab, TraceLine};
use super::view::Viewer;
use super::{Report, apply, faults, inspect, trace};
use crate::apiserver::wire::{Answer, Method, Request as ApiRequest};
use crate::client::What;
use crate::cluster::{Config, History, Input};
use crate::sim::{Duration, Time};
use std::rc::Rc;

/// How much real time one tick may simulate for, in milliseconds.
const BUDGET_MS: f64 = 12.0;
/// After so long without a change, auto-pace hurries.
const IDLE: Duration = Duration::from_secs(2);
const HURRY: f64 = 30.0;
/// Without a change for so long, the cluster counts as settled.
const SETTLED: Duration = Duration::from_secs(10);
/// A single step goes no further than this.
const STEP_LIMIT: Duration = Duration::from_secs(600);

pub struct Session {
    history: History,
    viewer: Viewer,
    build: String,
    /// Real milliseconds, to bound a tick's work by.
    clock: fn() -> f64,
    playing: bool,
    speed: f64,
    auto_pace: bool,
    skipped_ms: f64,
    /// The page knows nothing, or something of another time.
    reset: bool,
    trace_from: u64,
    inspected: Option<(Ref, Tab, LogOf)>,
    /// The revision and log length at which the inspected object was last told.
    inspect_told: Option<u64>,
    replies: Vec<(u32, Reply)>,
}

impl Session {
    /// `build` names the page that this engine belongs to; `clock` tells real milliseconds.
    pub fn new(build: &str, clock: fn() -> f64) -> Session {
        Session {
            history: History::new(Config::with_nodes(3)),
            viewer: Viewer::default(),
            build: build.to_owned(),
            clock,
            playing: true,
            speed: 1.0,
            auto_pace: false,
            skipped_ms: 0.0,
            reset: true,
            trace_from: 0,
            inspected: None,
            inspect_told: None,
            replies: Vec::new(),
        }
    }

    pub fn history(&self) -> &History {
        &self.history
    }

    /// Takes a request; a `Tick` is answered with a frame.
    pub fn handle(&mut self, request: Request) -> Option<Frame> {
        match request {
            Request::Hello { .. } => self.reset = true,
            Request::Tick { real_ms } => return Some(self.tick(real_ms)),
            Request::Reset { nodes, seed } => {
                self.history = History::new(Config::with_nodes(nodes as usize).seed(seed));
                self.forget();
            }
            Request::Control(control) => self.control(control),
            Request::Apply { id, files, dry_run } => {
                let reply = apply::apply(&mut self.history, &files, dry_run);
                self.replies.push((id, reply));
                if !dry_run {
                    self.playing = true;
                }
            }
            Request::Check { id, files } => {
                let diagnostics = apply::check(&self.history, &files);
                self.replies.push((id, Reply::Checked { diagnostics }));
            }
            Request::Api { id, label, calls } => {
                let reply = self.api(&label, calls);
                self.replies.push((id, reply));
            }
            Request::Fault(fault) => self.fault(&fault),
            Request::Inspect { what, tab, log } => {
                self.inspected = what.map(|w| (w, tab, log));
                self.inspect_told = None;
            }
            Request::Why { id, what } => {
                let steps = trace::why(self.history.cluster(), &what);
                self.replies.push((id, Reply::Why { steps }));
            }
            Request::Trace { id, until_ms, limit, about } => {
                let lines = self.lines(until_ms, limit as usize, about.as_ref());
                self.replies.push((id, Reply::Trace { lines }));
            }
            Request::Report { id } => {
                let text = self.report();
                self.replies.push((id, Reply::Report { text }));
            }
            Request::Restore { report } => {
                if let Ok(report) = Report::read(&report) {
                    self.history = report.history();
                    self.playing = false;
                    self.forget();
                }
            }
        }
        None
    }

    /// The page has to be told everything anew.
    fn forget(&mut self) {
        self.reset = true;
        self.inspect_told = None;
        self.trace_from = self.history.cluster().trace.last_seq();
    }

    fn api(&mut self, label: &str, calls: Vec<Call>) -> Reply {
        // A read changes nothing, so it is no part of history.
        let reads = calls.iter().all(|call| call.method == "GET");
        let action = if reads { 0 } else { self.history.begin_action() };
        let mut reply = Reply::Api { code: 400, body: "nothing was asked".to_owned() };
        for call in calls {
            let request = request_of(call);
            let answer = if reads {
                self.history.cluster().clone().request(&request)
            } else {
                let input = Input::Request(Rc::new(request));
                self.history.input(action, label, input).expect("a request has an answer")
            };
            let (code, body) = match answer {
                Answer::Whole(r) => (r.code, String::from_utf8_lossy(&r.body).into_owned()),
                _ => (400, "a stream cannot be asked for here".to_owned()),
            };
            reply = Reply::Api { code, body };
            if code >= 400 {
                break;
            }
        }
        reply
    }

    fn fault(&mut self, fault: &Fault) {
        let fault = faults::of_page(fault, self.history.cluster());
        let action = self.history.begin_action();
        let label = fault.to_string();
        self.history.input(action, &label, Input::Fault(fault));
    }

    // ---- time -------------------------------------------------------------------------------------------------

    fn control(&mut self, control: Control) {
        match control {
            Control::Play => self.playing = true,
            Control::Pause => self.playing = false,
            Control::Speed(speed) => self.speed = speed.max(0.0),
            Control::AutoPace(on) => self.auto_pace = on,
            Control::Step(granularity) => {
                self.playing = false;
                self.step(granularity);
            }
            Control::StepBack => {
                self.playing = false;
                self.step_back();
            }
            Control::Seek { ms } => {
                let to = Time((ms.max(0.0) * 1e6) as i64).min(self.history.head());
                self.history.seek(to);
                self.forget();
            }
            Control::Advance { ms } => {
                let to = self.history.cluster().now() + Duration::from_secs_f64(ms.max(0.0) / 1e3);
                self.history.run_until(to);
            }
            Control::Live => {
                let head = self.history.head();
                if self.history.cluster().now() < head {
                    self.history.seek(head);
                    self.forget();
                }
            }
            Control::Undo => {
                if self.history.undo().is_some() {
                    self.forget();
                }
            }
            Control::Redo => {
                self.history.redo();
            }
        }
    }

    /// Whether what happened after `seq` is a step of that size.
    fn stepped(&self, seq: u64, granularity: Granularity) -> bool {
        let c = self.history.cluster();
        c.trace.since(seq).any(|e| match granularity {
            Granularity::Message => trace::line(c, e).is_some(),
            Granularity::Reconcile => matches!(e.what, What::Sync { .. }),
            Granularity::Change => matches!(e.what, What::Call { rev, .. } if rev > 0) && trace::line(c, e).is_some(),
            Granularity::Phase => trace::line(c, e).is_some_and(|l| l.milestone),
        })
    }

    fn step(&mut self, granularity: Granularity) {
        let limit = self.history.cluster().now() + STEP_LIMIT;
        loop {
            let seq = self.history.cluster().trace.last_seq();
            if !self.history.step(limit) || self.stepped(seq, granularity) {
                return;
            }
        }
    }

    /// To the last change before the present one.
    fn step_back(&mut self) {
        let c = self.history.cluster();
        let now = c.now();
        let before = c.trace.since(0).filter(|e| e.time < now);
        let changes = before.filter(|e| trace::line(c, e).is_some_and(|l| l.milestone || l.note == "changed-status"));
        let to = changes.map(|e| e.time).next_back().unwrap_or(Time::ZERO);
        self.history.seek(to);
        self.forget();
    }

    fn advance(&mut self, real_ms: f64) {
        if !self.playing || self.speed == 0.0 {
            return;
        }
        let begin = (self.clock)();
        let c = self.history.cluster();
        let (now, live) = (c.now(), self.history.is_live());
        let idle = self.auto_pace && live && now.since(c.last_change()) > IDLE;
        let speed = if idle { self.speed * HURRY } else { self.speed };
        let target =
            if speed.is_finite() { now + Duration::from_secs_f64(real_ms.max(0.0) / 1e3 * speed) } else { Time::MAX };
        let mut turns = 0u32;
        while self.history.step(target) {
            turns += 1;
            // Something happened: hurrying is over until it is quiet again.
            if idle && self.history.cluster().last_change() > now {
                break;
            }
            if turns.is_multiple_of(16) && (self.clock)() - begin > BUDGET_MS {
                break;
            }
        }
        let next = self.history.cluster().next_at();
        let broke = next.is_some_and(|at| at <= target);
        if !broke && speed.is_finite() {
            self.history.arrive(target);
        }
        if idle {
            self.skipped_ms += self.history.cluster().now().since(now).as_secs_f64() * 1e3 - real_ms;
        }
    }

    fn tick(&mut self, real_ms: f64) -> Frame {
        let begin = (self.clock)();
        self.advance(real_ms);
        let c = self.history.cluster();
        let view = if std::mem::take(&mut self.reset) { self.viewer.whole(c) } else { self.viewer.delta(c) };
        let trace: Vec<TraceLine> = c.trace.since(self.trace_from).filter_map(|e| trace::line(c, e)).collect();
        self.trace_from = c.trace.last_seq();
        let mut inspected = None;
        if let Some((what, tab, log)) = &self.inspected {
            let stamp = c.server.store.rev() + if *tab == Tab::Logs { c.now().0 as u64 / 250_000_000 } else { 0 };
            if self.inspect_told != Some(stamp) {
                self.inspect_told = Some(stamp);
                inspected = Some(inspect::inspect(c, what, *tab, log));
            }
        }
        let ms = |t: Time| t.0 as f64 / 1e6;
        let mut inputs: Vec<(f64, String)> =
            self.history.inputs().iter().map(|i| (ms(i.at), i.label.clone())).collect();
        inputs.dedup();
        let clock = Clock {
            now_ms: ms(c.now()),
            head_ms: ms(self.history.head()),
            wall: c.wall().to_string(),
            playing: self.playing,
            speed: self.speed,
            auto_pace: self.auto_pace,
            skipped_ms: std::mem::take(&mut self.skipped_ms),
            settled: c.now().since(c.last_change()) > SETTLED,
            can_undo: self.history.can_undo(),
            can_redo: self.history.can_redo(),
            revision: c.server.store.rev(),
            inputs,
            faults: faults::rows(&self.history),
        };
        Frame {
            build: self.build.clone(),
            clock,
            view,
            trace,
            replies: std::mem::take(&mut self.replies),
            inspect: inspected,
            busy_ms: (self.clock)() - begin,
        }
    }

    fn lines(&self, until_ms: f64, limit: usize, about: Option<&Ref>) -> Vec<TraceLine> {
        let c = self.history.cluster();
        let lines = c.trace.since(0).filter_map(|e| trace::line(c, e));
        let all: Vec<TraceLine> =
            lines.filter(|l| l.ms <= until_ms && about.is_none_or(|a| l.about.as_ref() == Some(a))).collect();
        all[all.len().saturating_sub(limit)..].to_vec()
    }

    fn report(&self) -> String {
        Report::of(&self.build, &self.history).write()
    }

    pub fn history_mut(&mut self) -> &mut History {
        &mut self.history
    }

    /// The answers that wait for the next frame.
    pub fn take_replies(&mut self) -> Vec<(u32, Reply)> {
        std::mem::take(&mut self.replies)
    }
}

fn request_of(call: Call) -> ApiRequest {
    let method = match call.method.as_str() {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        _ => Method::Delete,
    };
    let (path, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
    let query = query.split('&').filter_map(|p| p.split_once('='));
    ApiRequest {
        method,
        query: query.map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
        content_type: if call.content_type.is_empty() {
            "application/json".to_owned()
        } else {
            call.content_type.clone()
        },
        body: call.body.clone().into_bytes(),
        user_agent: "kubarium-page".to_owned(),
        ..ApiRequest::get(path)
    }
}

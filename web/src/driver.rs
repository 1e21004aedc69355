//! Drives the engine: commands become requests, frames become the state of the page, one tick at a time.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use gloo::render::{AnimationFrame, request_animation_frame};
use js_sys::{JSON, Object, Reflect};
use kubarium::session::protocol::{Control, File, Frame, Ref, Reply, Request};
use wasm_bindgen::{JsCast, JsValue};
use yew::prelude::*;

use crate::api::{self, Act};
use crate::feed::Feed;
use crate::link::{Link, News};
use crate::model::PODS_ONE_BY_ONE;
use crate::store::{Action, Command, Engine, NamedText, Outcome, State};

/// Real milliseconds between two redrawings of the page while time runs; motion is the compositor's business.
const REDRAW: f64 = 90.0;
/// The same where Pods are only counted: nobody reads thousands of numbers ten times a second.
const REDRAW_MANY: f64 = 250.0;
/// A tick never stands for more: whoever comes back to the page finds it where they left it.
const TICK_MAX: f64 = 100.0;

/// The one of the page.
#[derive(Clone)]
pub struct Driver(Rc<RefCell<Inner>>);

struct Inner {
    link: Option<Link>,
    feed: Feed,
    to: UseReducerDispatcher<State>,
    ready: bool,
    in_flight: bool,
    playing: bool,
    /// Time stands because nothing was under way, not because somebody stopped it.
    resting: bool,
    /// Something was sent whose effect has not been seen.
    unseen: bool,
    last_tick: f64,
    last_shown: f64,
    pace: Pace,
    frame: Option<AnimationFrame>,
    waiting: BTreeMap<u32, Waiting>,
    next_id: u32,
    /// What the next engine begins with.
    restore: Option<Rc<str>>,
}

/// What a reply is for.
enum Waiting {
    Apply {
        whole: Vec<NamedText>,
        dry: bool,
    },
    Check,
    Act,
    Report,
    /// The ReplicaSet whose template the Deployment shall have.
    Template {
        deployment: Ref,
        revision: u64,
    },
}

impl Driver {
    /// Starts the worker.
    pub fn start(to: UseReducerDispatcher<State>) -> Self {
        let driver = Self(Rc::new(RefCell::new(Inner {
            link: None,
            feed: Feed::default(),
            to,
            ready: false,
            in_flight: false,
            playing: false,
            resting: false,
            unseen: true,
            last_tick: 0.0,
            last_shown: 0.0,
            pace: Pace::default(),
            frame: None,
            waiting: BTreeMap::new(),
            next_id: 0,
            restore: None,
        })));
        driver.new_engine();
        driver
    }

    fn new_engine(&self) {
        let listener = self.clone();
        let started = Link::start(move |news| listener.hear(news));
        let mut inner = self.0.borrow_mut();
        inner.feed = Feed::default();
        inner.in_flight = false;
        inner.waiting.clear();
        inner.unseen = true;
        match started {
            Ok(link) => inner.link = Some(link),
            Err(reason) => {
                let reason = js_sys::JsString::from(reason).as_string().unwrap_or_default();
                inner.to.dispatch(Action::Engine(Engine::Dead(reason)));
            }
        }
    }

    /// Does what a person asked for.
    pub fn command(&self, command: Command) {
        if let Command::NewEngine(restore) = command {
            {
                let mut inner = self.0.borrow_mut();
                if restore.is_none() {
                    inner.to.dispatch(Action::NewCluster);
                }
                inner.restore = restore;
                inner.to.dispatch(Action::Engine(Engine::Loading));
            }
            return self.new_engine();
        }
        self.0.borrow_mut().command(command);
        self.wake();
    }

    fn hear(&self, news: News) {
        let mut inner = self.0.borrow_mut();
        match news {
            News::Ready => {
                inner.ready = true;
                inner.send(&Request::Control(Control::AutoPace(true)));
                if let Some(report) = inner.restore.take() {
                    inner.send(&Request::Restore { report: report.to_string() });
                }
                inner.to.dispatch(Action::Engine(Engine::Running));
            }
            News::OtherBuild => inner.to.dispatch(Action::Engine(Engine::Stale)),
            News::Died(reason) => {
                inner.ready = false;
                inner.to.dispatch(Action::Engine(Engine::Dead(reason)));
            }
            News::Frame(frame) => inner.frame(*frame),
        }
        drop(inner);
        self.wake();
    }

    /// Plans the next tick, if there is any reason for one: a paused page has no timer at all.
    fn wake(&self) {
        let mut inner = self.0.borrow_mut();
        let wanted = inner.playing || inner.unseen || !inner.waiting.is_empty();
        if !inner.ready || inner.in_flight || inner.frame.is_some() || !wanted {
            return;
        }
        let driver = self.clone();
        inner.frame = Some(request_animation_frame(move |now| driver.0.borrow_mut().tick(now)));
    }
}

impl Inner {
    fn tick(&mut self, now: f64) {
        self.frame = None;
        let passed = (now - self.last_tick).clamp(0.0, TICK_MAX);
        let real_ms = passed * self.pace.factor(now);
        self.last_tick = now;
        self.in_flight = true;
        self.unseen = false;
        self.send(&Request::Tick { real_ms });
    }

    fn send(&self, request: &Request) {
        if let Some(link) = &self.link {
            link.send(request);
        }
    }

    fn ask(&mut self, waiting: Waiting, request: impl FnOnce(u32) -> Request) {
        self.next_id += 1;
        let id = self.next_id;
        self.waiting.insert(id, waiting);
        self.send(&request(id));
    }

    fn act(&mut self, waiting: Waiting, act: Option<Act>) {
        let Some(Act { label, calls }) = act else { return };
        if matches!(waiting, Waiting::Act) {
            self.to.dispatch(Action::Echo(label.as_str().into()));
        }
        self.ask(waiting, |id| Request::Api { id, label, calls });
    }

    fn command(&mut self, command: Command) {
        self.unseen = true;
        let wall = self.feed.wall().to_owned();
        let acts = !matches!(command, Command::Control(_) | Command::Check(_) | Command::Inspect(..));
        match command {
            Command::Control(control) => {
                self.resting = false;
                self.send(&Request::Control(control));
            }
            Command::Reset => {
                self.feed = Feed::default();
                self.to.dispatch(Action::NewCluster);
                self.send(&Request::Reset { nodes: 3, seed: 1 });
                self.send(&Request::Control(Control::Play));
            }
            Command::Apply { files: texts, whole, dry } => {
                let files = files_of(&texts);
                let whole = if whole { texts } else { Vec::new() };
                self.ask(Waiting::Apply { whole, dry }, |id| Request::Apply { id, files, dry_run: dry });
                if !dry {
                    // To press Apply is to want to see it happen.
                    self.send(&Request::Control(Control::Play));
                }
            }
            Command::Check(texts) => {
                let files = files_of(&texts);
                self.ask(Waiting::Check, |id| Request::Check { id, files });
            }
            Command::Inspect(what, tab, log) => self.send(&Request::Inspect { what, tab: tab.asked(), log }),
            Command::Fault(fault) => self.send(&Request::Fault(fault)),
            Command::Delete(about) => self.act(Waiting::Act, api::delete(&about)),
            Command::Kill(about) => self.act(Waiting::Act, api::kill(&about)),
            Command::Scale(about, to) => self.act(Waiting::Act, api::scale(&about, to)),
            Command::Restart(about) => self.act(Waiting::Act, api::restart(&about, &wall)),
            Command::PauseRollout(about, paused) => self.act(Waiting::Act, api::pause(&about, paused)),
            Command::Cordon(about, cordoned) => self.act(Waiting::Act, api::cordon(&about, cordoned)),
            Command::Drain(node, pods) => self.act(Waiting::Act, api::drain(&node, &pods)),
            Command::Taint(node, taints, add) => self.act(Waiting::Act, api::taint(&node, &taints, add)),
            Command::UndoRollout { deployment, replica_set, revision } => {
                self.act(Waiting::Template { deployment, revision }, api::get(&replica_set));
            }
            Command::NewEngine(_) => unreachable!("it is done before"),
        }
        if acts {
            if self.resting {
                self.send(&Request::Control(Control::Play));
            }
            self.resting = false;
            self.ask(Waiting::Report, |id| Request::Report { id });
        }
    }

    fn frame(&mut self, mut frame: Frame) {
        self.in_flight = false;
        self.playing = frame.clock.playing;
        let replies = std::mem::take(&mut frame.replies);
        let told = frame.trace.iter().filter(|line| line.milestone).count();
        let slow = frame.clock.auto_pace && frame.clock.playing && frame.clock.speed <= 1.0;
        self.pace.heard(self.last_tick, if slow { told } else { 0 });
        let rest = frame.clock.auto_pace && frame.clock.playing && frame.clock.settled;
        let inspect = frame.inspect.take();
        self.feed.take(frame);
        // Replies after rows: whoever reads an answer sees the cluster that it speaks of.
        let redraw = if self.feed.pods() > PODS_ONE_BY_ONE { REDRAW_MANY } else { REDRAW };
        if !self.playing || self.last_tick - self.last_shown >= redraw || !replies.is_empty() {
            self.last_shown = self.last_tick;
            self.to.dispatch(Action::Model(Rc::new(self.feed.model())));
        }
        if rest && self.waiting.is_empty() && replies.is_empty() && self.feed.is_at_rest() {
            // Nothing more will happen by itself: time stands until somebody acts, and costs nothing.
            self.send(&Request::Control(Control::Pause));
            self.resting = true;
            self.unseen = true;
        }
        if let Some(inspect) = inspect {
            self.to.dispatch(Action::Inspected(inspect));
        }
        for (id, reply) in replies {
            if let Some(waiting) = self.waiting.remove(&id) {
                self.answer(waiting, reply);
            }
        }
    }

    fn answer(&mut self, waiting: Waiting, reply: Reply) {
        match (waiting, reply) {
            (Waiting::Apply { whole, dry }, Reply::Applied { documents, diagnostics }) => {
                self.to.dispatch(Action::Problems(diagnostics));
                self.to.dispatch(Action::Outcome { files: whole, outcome: Outcome { documents, dry } });
            }
            (Waiting::Check, Reply::Checked { diagnostics }) => self.to.dispatch(Action::Problems(diagnostics)),
            (Waiting::Report, Reply::Report { text }) => self.to.dispatch(Action::Report(text.into())),
            (Waiting::Template { deployment, revision }, Reply::Api { code: 200, body }) => {
                self.unseen = true;
                match template_of(&body) {
                    Some(template) => self.act(Waiting::Act, api::use_template(&deployment, revision, &template)),
                    None => self.to.dispatch(Action::Refused(Some(body.into()))),
                }
            }
            (_, Reply::Api { code, body }) => {
                let refused = (code >= 400).then(|| message_of(&body).unwrap_or(body).into());
                self.to.dispatch(Action::Refused(refused));
            }
            _ => {}
        }
    }
}

/// Slows time down where much happens at once, so that it can be seen; what happens stays the same.
struct Pace {
    /// When the present burst began, and until when it is slowed.
    began: f64,
    until: f64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { began: f64::NEG_INFINITY, until: f64::NEG_INFINITY }
    }
}

/// Real milliseconds that one thing is given to be seen, and all things of one burst together.
const SEEN: f64 = 180.0;
const BURST: f64 = 900.0;
/// What follows sooner belongs to the same burst: whoever pressed Apply also wants to see a Pod run within seconds.
const REST: f64 = 1_500.0;
const SLOW: f64 = 0.1;

impl Pace {
    fn heard(&mut self, now: f64, things: usize) {
        if things == 0 {
            return;
        }
        if now > self.until + REST {
            self.began = now;
        }
        self.until = (now + SEEN * things as f64).min(self.began + BURST).max(self.until);
    }

    fn factor(&self, now: f64) -> f64 {
        if now < self.until { SLOW } else { 1.0 }
    }
}

fn files_of(texts: &[NamedText]) -> Vec<File> {
    texts.iter().map(|(name, text)| File { name: name.to_string(), text: text.to_string() }).collect()
}

/// The pod template of a ReplicaSet, without the label that is the ReplicaSet's own.
fn template_of(body: &str) -> Option<String> {
    let object = JSON::parse(body).ok()?;
    let get = |of: &JsValue, key: &str| Reflect::get(of, &key.into()).ok().filter(JsValue::is_object);
    let template = get(&get(&object, "spec")?, "template")?;
    if let Some(labels) = get(&template, "metadata").and_then(|metadata| get(&metadata, "labels")) {
        let _ = Reflect::delete_property(labels.unchecked_ref::<Object>(), &"pod-template-hash".into());
    }
    JSON::stringify(&template).ok()?.as_string()
}

/// The message of a Status.
fn message_of(body: &str) -> Option<String> {
    Reflect::get(&JSON::parse(body).ok()?, &"message".into()).ok()?.as_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_slowed_for_a_while_and_never_for_longer() {
        let mut pace = Pace::default();
        pace.heard(1000.0, 2);
        assert!(pace.factor(1100.0) < 1.0);
        assert!(pace.factor(1400.0) >= 1.0);
        for at in 0..40 {
            pace.heard(4000.0 + f64::from(at) * 20.0, 10);
        }
        assert!(pace.factor(4850.0) < 1.0);
        assert!(pace.factor(4901.0) >= 1.0);
        pace.heard(5500.0, 10);
        assert!(pace.factor(5501.0) >= 1.0, "what follows at once is not slowed again");
    }
}

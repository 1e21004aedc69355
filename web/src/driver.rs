//! Drives the engine: commands become requests, frames become the state of the page, one tick at a time.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use gloo::render::{AnimationFrame, request_animation_frame};
use js_sys::{JSON, Object, Reflect};
use kubarium::session::protocol::{Control, File, Frame, Ref, Reply, Request};
use wasm_bindgen::{JsCast, JsValue};
use yew::prelude::*;

use crate::api::{self, Call};
use crate::feed::Feed;
use crate::link::{Link, News};
use crate::model::Mark;
use crate::store::{Action, Command, Engine, Outcome, State};

/// Real milliseconds between two redrawings of the page while time runs; motion is the compositor's business.
const REDRAW: f64 = 90.0;
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
    /// Something was sent whose effect has not been seen.
    unseen: bool,
    last_tick: f64,
    last_shown: f64,
    frame: Option<AnimationFrame>,
    waiting: BTreeMap<u32, Waiting>,
    next_id: u32,
    file: String,
}

/// What a reply is for.
enum Waiting {
    Apply {
        manifest: Rc<str>,
        dry: bool,
    },
    Check,
    Act,
    Why(Ref),
    /// The ReplicaSet whose template the Deployment shall have.
    Template {
        deployment: Ref,
    },
}

impl Driver {
    /// Starts the worker.
    pub fn start(to: UseReducerDispatcher<State>, file: &str) -> Self {
        let driver = Self(Rc::new(RefCell::new(Inner {
            link: None,
            feed: Feed::default(),
            to,
            ready: false,
            in_flight: false,
            playing: false,
            unseen: true,
            last_tick: 0.0,
            last_shown: 0.0,
            frame: None,
            waiting: BTreeMap::new(),
            next_id: 0,
            file: file.to_owned(),
        })));
        let listener = driver.clone();
        match Link::start(move |news| listener.hear(news)) {
            Ok(link) => driver.0.borrow_mut().link = Some(link),
            Err(reason) => {
                let reason = js_sys::JsString::from(reason).as_string().unwrap_or_default();
                driver.0.borrow().to.dispatch(Action::Engine(Engine::Dead(reason)));
            }
        }
        driver
    }

    /// Does what a person asked for.
    pub fn command(&self, command: Command) {
        let mut inner = self.0.borrow_mut();
        inner.command(command);
        drop(inner);
        self.wake();
    }

    fn hear(&self, news: News) {
        let mut inner = self.0.borrow_mut();
        match news {
            News::Ready => {
                inner.ready = true;
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
        let real_ms = (now - self.last_tick).clamp(0.0, TICK_MAX);
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

    fn call(&mut self, waiting: Waiting, call: Option<Call>) {
        let Some(Call { method, path, content_type, body }) = call else { return };
        let (method, content_type) = (method.to_owned(), content_type.to_owned());
        self.ask(waiting, |id| Request::Api { id, method, path, content_type, body });
    }

    fn command(&mut self, command: Command) {
        self.unseen = true;
        let wall = self.feed.wall().to_owned();
        match command {
            Command::Control(control) => self.send(&Request::Control(control)),
            Command::Reset => {
                self.feed = Feed::default();
                self.send(&Request::Reset { nodes: 3, seed: 1 });
            }
            Command::Apply { manifest, dry } => {
                let files = vec![File { name: self.file.clone(), text: manifest.to_string() }];
                self.ask(Waiting::Apply { manifest, dry }, |id| Request::Apply { id, files, dry_run: dry });
                if !dry {
                    // To press Apply is to want to see it happen.
                    self.send(&Request::Control(Control::Play));
                }
            }
            Command::Check(manifest) => {
                let files = vec![File { name: self.file.clone(), text: manifest.to_string() }];
                self.ask(Waiting::Check, |id| Request::Check { id, files });
            }
            Command::Inspect(what, tab) => self.send(&Request::Inspect { what, tab: tab.asked() }),
            Command::Why(what) => self.ask(Waiting::Why(what.clone()), |id| Request::Why { id, what }),
            Command::Fault(fault) => self.send(&Request::Fault(fault)),
            Command::Delete(about) => self.call(Waiting::Act, api::delete(&about)),
            Command::Scale(about, to) => self.call(Waiting::Act, api::scale(&about, to)),
            Command::Restart(about) => self.call(Waiting::Act, api::restart(&about, &wall)),
            Command::PauseRollout(about, paused) => self.call(Waiting::Act, api::pause(&about, paused)),
            Command::Cordon(about, cordoned) => self.call(Waiting::Act, api::cordon(&about, cordoned)),
            Command::UndoRollout { deployment, replica_set } => {
                self.call(Waiting::Template { deployment }, api::get(&replica_set));
            }
        }
    }

    fn frame(&mut self, mut frame: Frame) {
        self.in_flight = false;
        self.playing = frame.clock.playing;
        let replies = std::mem::take(&mut frame.replies);
        let inspect = frame.inspect.take();
        self.feed.take(frame);
        // Replies after rows: whoever reads an answer sees the cluster that it speaks of.
        if !self.playing || self.last_tick - self.last_shown >= REDRAW || !replies.is_empty() {
            self.last_shown = self.last_tick;
            self.to.dispatch(Action::Model(Rc::new(self.feed.model())));
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
            (Waiting::Apply { manifest, dry }, Reply::Applied { documents, diagnostics }) => {
                self.to.dispatch(Action::Problems(diagnostics));
                self.to.dispatch(Action::Outcome { manifest, outcome: Outcome { documents, dry } });
            }
            (Waiting::Check, Reply::Checked { diagnostics }) => self.to.dispatch(Action::Problems(diagnostics)),
            (Waiting::Why(about), Reply::Why { steps }) => {
                self.to.dispatch(Action::Why(about, steps.into_iter().map(Mark::from).collect()));
            }
            (Waiting::Template { deployment }, Reply::Api { code: 200, body }) => {
                self.unseen = true;
                match template_of(&body) {
                    Some(template) => self.call(Waiting::Act, api::use_template(&deployment, &template)),
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

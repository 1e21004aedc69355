//! The state of the page, and every way in which it changes: one pure reducer.

use std::rc::Rc;

use yew::prelude::*;

use kubarium::session::protocol::{self, Control, Diagnostic, Fault, Inspect, Ref, Severity};

use crate::model::{Mark, Model, PODS_ONE_BY_ONE, Seq};
use crate::settings::Settings;
use crate::slots::Slots;
use crate::text::Text;

/// A picture of the cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum View {
    Nodes,
    Owners,
    Rollout,
    Loop,
}

impl View {
    pub const ALL: [Self; 4] = [Self::Nodes, Self::Owners, Self::Rollout, Self::Loop];

    /// As the address spells it.
    pub fn code(self) -> &'static str {
        match self {
            View::Nodes => "nodes",
            View::Owners => "owners",
            View::Rollout => "rollout",
            View::Loop => "loop",
        }
    }
}

/// The one region that a narrow screen shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pane {
    Main,
    Work,
    Side,
}

/// How much room there is; the same bounds as in the style sheet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Width {
    /// All three regions side by side.
    Wide,
    /// Manifest and inspector share a place.
    Medium,
    /// One region at a time.
    Narrow,
}

/// A page of the inspector.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tab {
    Summary,
    Why,
    Events,
    Yaml,
    Describe,
    Logs,
}

impl Tab {
    /// What the engine is asked for; the causes have a question of their own.
    pub fn asked(self) -> protocol::Tab {
        match self {
            Tab::Summary | Tab::Why => protocol::Tab::Summary,
            Tab::Events => protocol::Tab::Events,
            Tab::Yaml => protocol::Tab::Yaml,
            Tab::Describe => protocol::Tab::Describe,
            Tab::Logs => protocol::Tab::Logs,
        }
    }
}

/// What floats above the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialog {
    Settings,
    Keys,
    Legend,
}

/// What is known of the engine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Engine {
    Loading,
    Running,
    /// It is of another build.
    Stale,
    /// It stopped, for this reason.
    Dead(String),
}

/// What came of an Apply or a dry run.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    pub documents: Vec<protocol::Applied>,
    pub dry: bool,
}

/// Everything that is shown.
#[derive(Clone, PartialEq)]
pub struct State {
    pub engine: Engine,
    pub model: Rc<Model>,
    pub slots: Rc<Slots>,
    pub settings: Settings,
    pub view: View,
    pub width: Width,
    pub pane: Pane,
    pub work_open: bool,
    pub side_open: bool,
    pub tape_open: bool,
    pub tab: Tab,
    pub dialog: Option<Dialog>,
    pub selected: Option<Ref>,
    pub namespace: Option<String>,
    pub file: Rc<str>,
    pub manifest: Rc<str>,
    /// The manifest as it was applied last.
    pub applied_manifest: Option<Rc<str>>,
    pub problems: Rc<Vec<Diagnostic>>,
    pub outcome: Option<Rc<Outcome>>,
    pub inspected: Option<Rc<Inspect>>,
    /// What the API server answered to the last inline action that it refused.
    pub refused: Option<Rc<str>>,
    /// What reproduces this session, as of the last input.
    pub report: Rc<str>,
    /// The mark that the narration tells.
    pub told: Option<Seq>,
}

/// A change.
pub enum Action {
    Engine(Engine),
    Model(Rc<Model>),
    Settings(Settings),
    View(View),
    Width(Width),
    Pane(Pane),
    WorkOpen(bool),
    SideOpen(bool),
    TapeOpen(bool),
    Tab(Tab),
    Dialog(Option<Dialog>),
    Select(Option<Ref>),
    Namespace(Option<String>),
    Manifest(Rc<str>),
    Problems(Vec<Diagnostic>),
    Outcome { manifest: Rc<str>, outcome: Outcome },
    Inspected(Inspect),
    Refused(Option<Rc<str>>),
    Report(Rc<str>),
}

impl State {
    /// Before anything is known.
    pub fn new(settings: Settings, manifest: Rc<str>) -> Self {
        Self {
            engine: Engine::Loading,
            model: Rc::default(),
            slots: Rc::default(),
            settings,
            view: View::Nodes,
            width: Width::Wide,
            pane: Pane::Main,
            work_open: true,
            side_open: true,
            tape_open: false,
            tab: Tab::Summary,
            dialog: None,
            selected: None,
            namespace: None,
            file: "nginx.yaml".into(),
            manifest,
            applied_manifest: None,
            problems: Rc::default(),
            outcome: None,
            inspected: None,
            refused: None,
            report: "".into(),
            told: None,
        }
    }

    /// The language's table.
    pub fn text(&self) -> &'static Text {
        self.settings.lang.text()
    }

    /// Whether an object of this namespace is shown.
    pub fn shows(&self, namespace: &str) -> bool {
        self.namespace.as_deref().is_none_or(|wanted| wanted == namespace)
    }

    /// The landmark of a region beside the diagram: where it is alone on the screen, it is the main one.
    pub fn role_of(&self, pane: Pane) -> &'static str {
        if self.width == Width::Narrow && self.pane == pane { "main" } else { "complementary" }
    }

    /// The mark that the narration tells.
    pub fn told(&self) -> Option<&Mark> {
        let told = self.told?;
        self.model.marks.iter().rev().find(|mark| mark.seq == told).map(|mark| &**mark)
    }
}

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut next = (*self).clone();
        match action {
            Action::Engine(engine) => {
                // The first reason is the true one: what follows a panic only says that there was one.
                if !matches!(next.engine, Engine::Dead(_)) || engine == Engine::Loading {
                    next.engine = engine;
                }
            }
            Action::Model(model) => {
                if model.pods.len() <= PODS_ONE_BY_ONE {
                    next.slots = Rc::new(next.slots.update(&model.pods));
                }
                next.told = told(&model, self.settings);
                next.model = model;
            }
            Action::Settings(settings) => next.settings = settings,
            Action::View(view) => {
                next.view = view;
                next.pane = Pane::Main;
            }
            Action::Width(width) => next.width = width,
            Action::Pane(pane) => next.pane = pane,
            Action::WorkOpen(open) => next.work_open = open,
            Action::SideOpen(open) => next.side_open = open,
            Action::TapeOpen(open) => next.tape_open = open,
            Action::Tab(tab) => next.tab = tab,
            Action::Dialog(dialog) => next.dialog = dialog,
            Action::Select(selected) => {
                if selected.is_some() {
                    next.side_open = true;
                    // Where the inspector is not beside the diagram, it comes to the front.
                    if next.width != Width::Wide {
                        next.pane = Pane::Side;
                    }
                }
                next.selected = selected;
                next.refused = None;
            }
            Action::Namespace(namespace) => next.namespace = namespace,
            Action::Manifest(manifest) => next.manifest = manifest,
            Action::Problems(problems) => next.problems = Rc::new(problems),
            Action::Outcome { manifest, outcome } => {
                if !outcome.dry && self.problems.iter().all(|problem| problem.severity == Severity::Warning) {
                    next.applied_manifest = Some(manifest);
                }
                next.outcome = Some(Rc::new(outcome));
            }
            Action::Inspected(inspect) => next.inspected = Some(Rc::new(inspect)),
            Action::Refused(message) => next.refused = message,
            Action::Report(report) => next.report = report,
        }
        Rc::new(next)
    }
}

/// The newest milestone that is not in the future.
fn told(model: &Model, _settings: Settings) -> Option<Seq> {
    let past = |mark: &&Rc<Mark>| mark.at <= model.clock.now && mark.milestone;
    model.marks.iter().rev().find(past).map(|mark| mark.seq)
}

/// What a person asks of the engine.
#[derive(Clone, PartialEq, Debug)]
pub enum Command {
    Control(Control),
    Reset,
    Apply {
        manifest: Rc<str>,
        dry: bool,
    },
    Check(Rc<str>),
    Delete(Ref),
    Scale(Ref, i32),
    Restart(Ref),
    PauseRollout(Ref, bool),
    /// Back to the template of one of the Deployment's ReplicaSets.
    UndoRollout {
        deployment: Ref,
        replica_set: Ref,
    },
    Cordon(Ref, bool),
    Fault(Fault),
    Inspect(Option<Ref>, Tab),
    /// A new engine, after the old one has stopped.
    NewEngine,
}

/// What every component holds: the state, and both ways out of it.
#[derive(Clone, PartialEq)]
pub struct Hub {
    pub state: UseReducerHandle<State>,
    pub engine: Callback<Command>,
}

impl Hub {
    /// A callback that makes one change.
    pub fn on<E: 'static>(&self, action: impl Fn() -> Action + 'static) -> Callback<E> {
        let to = self.state.dispatcher();
        Callback::from(move |_| to.dispatch(action()))
    }

    /// A callback that asks the engine for one thing.
    pub fn ask<E: 'static>(&self, command: impl Fn() -> Command + 'static) -> Callback<E> {
        let to = self.engine.clone();
        Callback::from(move |_| to.emit(command()))
    }

    /// A callback that selects an object.
    pub fn select<E: 'static>(&self, about: Ref) -> Callback<E> {
        self.on(move || Action::Select(Some(about.clone())))
    }
}

/// The hub of the page that the component stands in.
#[hook]
pub fn use_hub() -> Hub {
    use_context().expect("every component stands inside the page")
}

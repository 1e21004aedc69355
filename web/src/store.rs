//! The state of the page, and every way in which it changes: one pure reducer.

use std::rc::Rc;

use yew::prelude::*;

use kubarium::session::protocol::{self, Control, Diagnostic, Fault, Granularity, Inspect, LogOf, Ref, Severity};

use crate::files::Files;
use crate::model::{Mark, Model, PODS_ONE_BY_ONE, Seq};
use crate::settings::Settings;
use crate::slots::Slots;
use crate::tape::Window;
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
    pub files: Rc<Files>,
    /// The name of the open file is being typed.
    pub renaming: bool,
    pub problems: Rc<Vec<Diagnostic>>,
    pub outcome: Option<Rc<Outcome>>,
    pub inspected: Option<Rc<Inspect>>,
    /// What the API server answered to the last inline action that it refused.
    pub refused: Option<Rc<str>>,
    /// What reproduces this session, as of the last input.
    pub report: Rc<str>,
    /// The moment that the report tells of, in seconds.
    pub report_at: Rc<str>,
    /// The mark that the narration tells.
    pub told: Option<Seq>,
    /// The step of a chain of causes that is pointed at, else the one that was followed last.
    pub cause: Option<Seq>,
    /// How large one step is.
    pub granularity: Granularity,
    /// The stretch of time that a person chose to see; else the page chooses.
    pub zoom: Option<Window>,
    /// What the last inline action was in kubectl's words.
    pub echo: Option<Rc<str>>,
    /// Whose log the inspector shows.
    pub log: LogOf,
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
    File(FileAction),
    Problems(Vec<Diagnostic>),
    /// `files` are those that were applied whole.
    Outcome {
        files: Vec<NamedText>,
        outcome: Outcome,
    },
    Inspected(Inspect),
    Refused(Option<Rc<str>>),
    Report(Rc<str>),
    Cause(Option<Seq>),
    Granularity(Granularity),
    Zoom(Option<Window>),
    Echo(Rc<str>),
    Log(LogOf),
    /// The cluster is a new one.
    NewCluster,
}

/// A file's name and text.
pub type NamedText = (Rc<str>, Rc<str>);

/// What becomes of the files.
#[derive(Clone, PartialEq, Debug)]
pub enum FileAction {
    Choose(usize),
    Add,
    BeginRename,
    /// None: it keeps its name.
    Rename(Option<String>),
    Delete,
    Restore,
    /// The one that everybody begins with, and nothing else.
    Reset,
}

impl State {
    /// Before anything is known.
    pub fn new(settings: Settings, files: Files) -> Self {
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
            files: Rc::new(files),
            renaming: false,
            problems: Rc::default(),
            outcome: None,
            inspected: None,
            refused: None,
            report: "".into(),
            report_at: "".into(),
            told: None,
            cause: None,
            granularity: Granularity::Change,
            zoom: None,
            echo: None,
            log: LogOf::default(),
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
                if next.selected != selected {
                    next.log = LogOf::default();
                    next.echo = None;
                }
                next.selected = selected;
                next.refused = None;
                next.cause = None;
            }
            Action::Namespace(namespace) => next.namespace = namespace,
            Action::Manifest(text) => Rc::make_mut(&mut next.files).write(text),
            Action::File(action) => {
                next.renaming = action == FileAction::BeginRename;
                let files = Rc::make_mut(&mut next.files);
                match action {
                    FileAction::Choose(at) => files.choose(at),
                    FileAction::Add => files.add(),
                    FileAction::BeginRename | FileAction::Rename(None) => {}
                    FileAction::Rename(Some(name)) if self.renaming => files.rename(&name),
                    FileAction::Rename(Some(_)) => {}
                    FileAction::Delete => files.delete(),
                    FileAction::Restore => files.restore(),
                    FileAction::Reset => *files = crate::app::first_files(),
                }
            }
            Action::Problems(problems) => next.problems = Rc::new(problems),
            Action::Outcome { files, outcome } => {
                if !outcome.dry {
                    let refused = |name: &str| {
                        self.problems.iter().any(|one| one.file == name && one.severity != Severity::Warning)
                    };
                    Rc::make_mut(&mut next.files).note_applied(&files, refused);
                }
                next.outcome = Some(Rc::new(outcome));
            }
            Action::Inspected(inspect) => next.inspected = Some(Rc::new(inspect)),
            Action::Refused(message) => next.refused = message,
            Action::Report(report) => {
                next.report = report;
                next.report_at = crate::view::time::seconds(next.model.clock.now).into();
            }
            Action::Cause(cause) => next.cause = cause,
            Action::Granularity(granularity) => next.granularity = granularity,
            Action::Zoom(zoom) => next.zoom = zoom,
            Action::Echo(echo) => next.echo = Some(echo),
            Action::Log(log) => next.log = log,
            Action::NewCluster => {
                Rc::make_mut(&mut next.files).forget_applied();
                next.selected = None;
                next.outcome = None;
                next.zoom = None;
            }
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
        files: Vec<NamedText>,
        /// They are whole files, not parts of them.
        whole: bool,
        dry: bool,
    },
    Check(Vec<NamedText>),
    Delete(Ref),
    /// Delete a Pod at once.
    Kill(Ref),
    Scale(Ref, i32),
    Restart(Ref),
    PauseRollout(Ref, bool),
    /// Back to the template of one of the Deployment's ReplicaSets.
    UndoRollout {
        deployment: Ref,
        replica_set: Ref,
        revision: u64,
    },
    Cordon(Ref, bool),
    /// Cordon a node, and evict these.
    Drain(Ref, Vec<Ref>),
    /// Puts the taint of the faults menu on a node that has these, or takes it away.
    Taint(Ref, Vec<String>, bool),
    Fault(Fault),
    Inspect(Option<Ref>, Tab, LogOf),
    /// A new engine, after the old one has stopped; with a report, at the moment that it tells of.
    NewEngine(Option<Rc<str>>),
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

    /// Applies all files, or says what that would do.
    pub fn apply(&self, dry: bool) {
        self.engine.emit(Command::Apply { files: self.state.files.texts(), whole: true, dry });
    }

    /// Applies the document that a line of the open file lies in.
    pub fn apply_document(&self, line: u32) {
        let open = self.state.files.open();
        let text: Rc<str> = crate::files::document_at(&open.text, line).into();
        self.engine.emit(Command::Apply { files: vec![(open.name.clone(), text)], whole: false, dry: false });
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

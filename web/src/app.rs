//! The page: its state, its engine, and the shell that shows both.

use gloo::timers::callback::Timeout;
use yew::prelude::*;

use crate::driver::Driver;
use crate::files::Files;
use crate::settings::Settings;
use crate::store::{Command, Engine, Hub, State};
use crate::view::shell::Shell;

/// The seed's Deployment: five replicas, two more while it is updated, one less.
const MANIFEST: &str = include_str!("first.yaml");

/// What everybody begins with.
pub fn first_files() -> Files {
    Files::of("nginx.yaml", MANIFEST)
}

/// How long after the last key the manifest is read.
const CHECK_AFTER: u32 = 300;
/// And how long after it the files are kept.
const KEEP_AFTER: u32 = 400;

/// The whole page.
#[component]
pub fn App() -> Html {
    let state = use_reducer_eq(|| State::new(Settings::load(), Files::load("nginx.yaml", MANIFEST)));
    let driver = use_mut_ref(|| Driver::start(state.dispatcher()));
    let engine = {
        let driver = driver.clone();
        use_callback((), move |command: Command, ()| driver.borrow().command(command))
    };
    let running = state.engine == Engine::Running;
    {
        let engine = engine.clone();
        use_effect_with(
            (running, state.selected.clone(), state.tab, state.log.clone()),
            move |(running, selected, tab, log)| {
                if *running {
                    engine.emit(Command::Inspect(selected.clone(), *tab, log.clone()));
                }
            },
        );
    }
    {
        let engine = engine.clone();
        use_effect_with((running, state.files.texts()), move |(running, texts)| {
            let texts = texts.clone();
            let later = running.then(|| Timeout::new(CHECK_AFTER, move || engine.emit(Command::Check(texts))));
            move || drop(later)
        });
    }
    use_effect_with((state.files.texts(), state.files.current), {
        let files = state.files.clone();
        move |_| {
            // Half a second after the last key: keeping is not worth a pause in typing.
            let later = Timeout::new(KEEP_AFTER, move || files.keep(&first_files()));
            move || drop(later)
        }
    });
    let hub = Hub { state, engine };
    html! { <ContextProvider<Hub> context={hub}><Shell /></ContextProvider<Hub>> }
}

//! The page: its state, its engine, and the shell that shows both.

use gloo::timers::callback::Timeout;
use yew::prelude::*;

use crate::driver::Driver;
use crate::settings::Settings;
use crate::store::{Command, Engine, Hub, State};
use crate::view::shell::Shell;

/// The seed's Deployment: five replicas, two more while it is updated, one less.
const MANIFEST: &str = include_str!("first.yaml");

/// How long after the last key the manifest is read.
const CHECK_AFTER: u32 = 300;

/// The whole page.
#[component]
pub fn App() -> Html {
    let state = use_reducer_eq(|| State::new(Settings::load(), MANIFEST.into()));
    let driver = use_mut_ref(|| Driver::start(state.dispatcher(), &state.file));
    let engine = {
        let driver = driver.clone();
        use_callback((), move |command: Command, ()| driver.borrow().command(command))
    };
    let running = state.engine == Engine::Running;
    {
        let engine = engine.clone();
        use_effect_with((running, state.selected.clone(), state.tab), move |(running, selected, tab)| {
            if *running {
                engine.emit(Command::Inspect(selected.clone(), *tab));
            }
        });
    }
    {
        let engine = engine.clone();
        use_effect_with((running, state.manifest.clone()), move |(running, manifest)| {
            let manifest = manifest.clone();
            let later = running.then(|| Timeout::new(CHECK_AFTER, move || engine.emit(Command::Check(manifest))));
            move || drop(later)
        });
    }
    let hub = Hub { state, engine };
    html! { <ContextProvider<Hub> context={hub}><Shell /></ContextProvider<Hub>> }
}

//! The shell: where the parts of the page stand, and the keys that work everywhere.

use kubarium::session::protocol::Granularity;
use wasm_bindgen::JsCast;
use yew::prelude::*;

use super::control_loop::ControlLoop;
use super::dialogs::Dialogs;
use super::faults::{self, Tray};
use super::header::Header;
use super::icon::{icon, sprite};
use super::inspector::Inspector;
use super::mobnav::MobNav;
use super::nodes::Nodes;
use super::owners::Owners;
use super::rollout::Rollout;
use super::say::Say;
use super::time::Time;
use super::work::Work;
use crate::focus::use_kept_focus;
use crate::keys;
use crate::store::{Action, Command, Dialog, Engine, Hub, Pane, View, Width, use_hub};
use crate::text::{Text, fill};
use crate::threads::Threads;

#[component]
pub fn Shell() -> Html {
    let hub = use_hub();
    let state = &hub.state;
    let settings = state.settings;
    let loaded = use_mut_ref(|| true);
    use_effect_with(settings, move |settings| {
        settings.show();
        // What an address asked for is not yet a choice of this person's.
        if !loaded.replace(false) {
            settings.keep();
        }
        settings.follow_system()
    });
    use_width(&hub);
    keys::use_keys(&hub);
    use_kept_focus();
    let engine = match state.engine {
        Engine::Loading => "loading",
        Engine::Running => "running",
        Engine::Stale => "stale",
        Engine::Dead(_) => "dead",
    };
    let pane = match state.pane {
        Pane::Main => "main",
        Pane::Work => "work",
        Pane::Side => "side",
    };
    let app = classes!("app", (!state.work_open).then_some("no-work"), (!state.side_open).then_some("no-side"));
    html! {
        <>
            { sprite() }
            <div class={app} data-pane={pane} data-engine={engine}>
                <Header />
                <Work />
                { stage(&hub) }
                <Inspector />
                <Time />
                <MobNav />
            </div>
            <Threads />
            <Dialogs />
        </>
    }
}

/// Follows the room that the window gives.
#[hook]
fn use_width(hub: &Hub) {
    let to = hub.state.dispatcher();
    use_effect_with((), move |()| {
        let measure = move || {
            let fits = |query: &str| {
                gloo::utils::window().match_media(query).ok().flatten().is_some_and(|media| media.matches())
            };
            to.dispatch(Action::Width(match (fits("(max-width: 719px)"), fits("(max-width: 1199px)")) {
                (true, _) => Width::Narrow,
                (_, true) => Width::Medium,
                _ => Width::Wide,
            }));
        };
        measure();
        let listener = gloo::events::EventListener::new(&gloo::utils::window(), "resize", move |_| measure());
        move || drop(listener)
    });
}

/// The name of a view in the page's language.
pub fn view_name(view: View, text: &Text) -> &'static str {
    match view {
        View::Nodes => text.view_nodes,
        View::Owners => text.view_owners,
        View::Rollout => text.view_rollout,
        View::Loop => text.view_loop,
    }
}

fn stage(hub: &Hub) -> Html {
    let state = &hub.state;
    let text = state.text();
    html! {
        <main class="main" id="diagram" tabindex="-1">
            <div class="bar">
                <nav class="tabs" aria-label={text.views}>
                    { for View::ALL.into_iter().map(|view| {
                        let open = hub.on(move || Action::View(view)).reform(|event: MouseEvent| event.prevent_default());
                        html! {
                            <a class="tab" href={format!("#{}", view.code())} aria-current={(state.view == view).then_some("page")} onclick={open}>
                                { view_name(view, text) }
                            </a>
                        }
                    }) }
                </nav>
                if !state.side_open {
                    <div class="bar-end">
                        <button type="button" class="btn btn-quiet btn-icon btn-sm hide-s" aria-label={text.open_inspector} onclick={hub.on(|| Action::SideOpen(true))}>
                            { icon("a-inspect") }
                        </button>
                    </div>
                }
            </div>
            <div class="tools">
                { namespaces(hub) }
                { step_size(hub) }
                <span class="gap"></span>
                { faults::menu(hub) }
                <button type="button" class="btn btn-quiet" aria-haspopup="dialog" onclick={hub.on(|| Action::Dialog(Some(Dialog::Legend)))}>{ icon("a-legend") }<span>{ text.legend }</span></button>
            </div>
            <div class="stage" tabindex="0" role="region" aria-label={view_name(state.view, text)}>
                { match &state.engine {
                    Engine::Dead(reason) => stopped(hub, reason),
                    Engine::Stale => html! { <p class="stopped" role="alert">{ text.other_build }</p> },
                    _ => Html::default(),
                } }
                { match state.view {
                    View::Nodes => html! { <Nodes /> },
                    View::Owners => html! { <Owners /> },
                    View::Rollout => html! { <Rollout /> },
                    View::Loop => html! { <ControlLoop /> },
                } }
            </div>
            <Tray />
            <Say />
        </main>
    }
}

/// The engine stopped: what is seen is the last that it said, and the files are safe.
fn stopped(hub: &Hub, reason: &str) -> Html {
    let text = hub.state.text();
    let at = super::time::seconds(hub.state.model.clock.now);
    let again = {
        let report = hub.state.report.clone();
        hub.ask(move || Command::NewEngine(Some(report.clone())))
    };
    html! {
        <div class="stopped" role="alert">
            <p><strong>{ fill(text.engine_stopped, &[("at", &at)]) }</strong></p>
            <p>{ text.files_are_safe }</p>
            <pre class="echo" lang="en">{ reason.to_owned() }</pre>
            <div class="acts">
                if !hub.state.report.is_empty() {
                    <button type="button" class="btn btn-main" onclick={again}>{ icon("a-restart") }<span>{ fill(text.restart_from, &[("at", &hub.state.report_at)]) }</span></button>
                }
                <button type="button" class="btn" onclick={hub.ask(|| Command::NewEngine(None))}><span>{ text.new_engine }</span></button>
                if !hub.state.report.is_empty() {
                    <a class="btn" download="kubarium-report.txt" href={format!("data:text/plain;charset=utf-8,{}", js_sys::encode_uri_component(&hub.state.report))}>{ text.download_report }</a>
                }
            </div>
        </div>
    }
}

/// How large a step of the transport is.
fn step_size(hub: &Hub) -> Html {
    let text = hub.state.text();
    let sizes = [
        (Granularity::Message, text.step_message),
        (Granularity::Reconcile, text.step_reconcile),
        (Granularity::Change, text.step_change),
        (Granularity::Phase, text.step_phase),
    ];
    let choose = {
        let to = hub.state.dispatcher();
        Callback::from(move |event: Event| {
            let at = event.target_unchecked_into::<web_sys::HtmlSelectElement>().selected_index();
            if let Some((size, _)) = usize::try_from(at).ok().and_then(|at| sizes.get(at)) {
                to.dispatch(Action::Granularity(*size));
            }
        })
    };
    html! {
        <label class="field hide-s"><span>{ text.step_by }</span>{ " " }
            <select onchange={choose}>
                { for sizes.into_iter().map(|(size, name)| html! { <option selected={hub.state.granularity == size}>{ name }</option> }) }
            </select>
        </label>
    }
}

fn namespaces(hub: &Hub) -> Html {
    let state = &hub.state;
    let names =
        if state.model.namespaces.is_empty() { vec!["default".to_owned()] } else { state.model.namespaces.clone() };
    let choose = {
        let to = state.dispatcher();
        Callback::from(move |event: Event| {
            let value = event.target_unchecked_into::<web_sys::HtmlSelectElement>().value();
            to.dispatch(Action::Namespace((!value.is_empty()).then_some(value)));
        })
    };
    html! {
        <label class="field"><span class="mono" lang="en">{ "ns" }</span>{ " " }
            <select onchange={choose}>
                <option value="" selected={state.namespace.is_none()}>{ state.text().all_namespaces }</option>
                { for names.into_iter().map(|name| html! {
                    <option value={name.clone()} lang="en" selected={state.namespace.as_ref() == Some(&name)}>{ name }</option>
                }) }
            </select>
        </label>
    }
}

/// Puts the focus on an element, if it is there.
pub fn focus(id: &str) {
    let found =
        gloo::utils::document().get_element_by_id(id).and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(element) = found {
        let _ = element.focus();
    }
}

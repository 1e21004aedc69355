//! Time at the foot of every view: the transport, and the tape with its lanes.

use std::rc::Rc;

use gloo::events::EventListener;
use wasm_bindgen::JsCast;
use yew::prelude::*;

use super::icon::icon;
use super::menu::{Item, Menu};
use kubarium::session::protocol::{Control, Lane};

use crate::model::{At, Mark, SPEEDS};
use crate::narrate;
use crate::store::{Action, Command, FileAction, Hub, State, use_hub};
use crate::tape::Window;
use crate::text::fill;

#[component]
pub fn Time() -> Html {
    let hub = use_hub();
    let state = &hub.state;
    let text = state.text();
    html! {
        <footer class={classes!("time", state.tape_open.then_some("is-open"))} id="time" tabindex="-1" aria-label={text.time}>
            { transport(&hub) }
            { tape(&hub) }
            <div class="time-acts hide-s">
                <button type="button" class="btn btn-quiet" disabled={!state.model.clock.can_undo} onclick={hub.ask(|| Command::Control(Control::Undo))}>
                    { icon("a-undo") }<span>{ text.undo }</span>
                </button>
                <button type="button" class="btn btn-quiet btn-redo" disabled={!state.model.clock.can_redo} onclick={hub.ask(|| Command::Control(Control::Redo))}>
                    { icon("a-undo") }<span>{ text.redo }</span>
                </button>
                { reset(&hub) }
                { expander(&hub) }
            </div>
        </footer>
    }
}

/// What may begin anew: nothing is asked twice, for the cluster's past is a seek away and files can be put back.
fn reset(hub: &Hub) -> Html {
    let text = hub.state.text();
    let (files, all) = (hub.state.dispatcher(), hub.clone());
    let items = vec![
        Item::new(text.reset_cluster, "", hub.ask(|| Command::Reset)),
        Item::new(text.reset_files, "", Callback::from(move |()| files.dispatch(Action::File(FileAction::Reset)))),
        Item::new(
            text.reset_everything,
            "",
            Callback::from(move |()| {
                all.engine.emit(Command::Reset);
                all.state.dispatch(Action::File(FileAction::Reset));
            }),
        ),
    ];
    html! { <Menu label={text.reset} glyph="a-reset" {items} /> }
}

fn expander(hub: &Hub) -> Html {
    let open = hub.state.tape_open;
    html! {
        <button type="button" class="btn btn-quiet btn-icon hide-m" aria-label={hub.state.text().expand_timeline}
            aria-expanded={open.to_string()} onclick={hub.on(move || Action::TapeOpen(!open))}>
            { icon(if open { "a-caret" } else { "a-expand" }) }
        </button>
    }
}

fn transport(hub: &Hub) -> Html {
    let state = &hub.state;
    let text = state.text();
    let clock = &state.model.clock;
    let playing = clock.playing;
    let button = |label: &'static str, glyph: &'static str, class: &'static str, control: Control| {
        html! {
            <button type="button" class={classes!("btn", "btn-quiet", "btn-icon", class)} aria-label={label}
                onclick={hub.ask(move || Command::Control(control))}>{ icon(glyph) }</button>
        }
    };
    let (label, glyph) = if playing { (text.pause, "a-pause") } else { (text.play, "a-play") };
    let speed = {
        let engine = hub.engine.clone();
        Callback::from(move |event: Event| {
            let chosen = event.target_unchecked_into::<web_sys::HtmlSelectElement>().selected_index();
            if let Some((speed, _)) = usize::try_from(chosen).ok().and_then(|at| SPEEDS.get(at)) {
                engine.emit(Command::Control(Control::Speed(*speed)));
            }
        })
    };
    let auto = clock.auto_pace;
    html! {
        <div class="transport" role="group" aria-label={text.playback}>
            { button(text.to_start, "a-start", "hide-s", Control::Seek { ms: 0.0 }) }
            { button(text.step_back, "a-back", "", Control::StepBack) }
            <button type="button" class="btn btn-icon btn-play" aria-label={label} onclick={hub.ask(move || Command::Control(if playing { Control::Pause } else { Control::Play }))}>{ icon(glyph) }</button>
            { button(text.step, "a-step", "", Control::Step(state.granularity)) }
            { button(text.to_live, "a-live", "hide-s", Control::Live) }
            <div class="clock">
                <b>{ seconds(clock.now) }<small>{ " " }{ text.second }</small></b>
                <span class="clock-pace cap">
                    <label><span class="vh">{ text.speed }</span>
                        <select class="speed" onchange={speed}>
                            { for SPEEDS.into_iter().map(|(speed, label)| html! {
                                <option selected={speed == clock.speed}>{ if label.is_empty() { text.fastest } else { label } }</option>
                            }) }
                        </select>
                    </label>
                    <label class="hide-s pace"><input type="checkbox" checked={auto} onchange={hub.ask(move || Command::Control(Control::AutoPace(!auto)))} />
                        <span class="hide-m">{ text.auto_pace }</span><span class="only-m">{ text.auto_short }</span></label>
                </span>
            </div>
        </div>
    }
}

/// To a moment.
pub fn seek(at: At) -> Command {
    Command::Control(Control::Seek { ms: at as f64 })
}

/// Seconds with one digit, as the clock shows them.
pub fn seconds(at: At) -> String {
    format!("{}.{}", at / 1000, at % 1000 / 100)
}

/// The stretch of time that is shown: the one that the person chose, or the story that is being told.
pub fn window(state: &State) -> Window {
    match &state.zoom {
        Some(zoom) => zoom.showing(state.model.clock.now),
        None => Window::around(&state.model.clock, &state.model.marks),
    }
}

fn tape(hub: &Hub) -> Html {
    let state = &hub.state;
    let text = state.text();
    let clock = &state.model.clock;
    let window = window(state);
    let told = state.told();
    let valuetext = match told {
        Some(mark) => format!("{}, {}", fill(text.seconds, &[("n", &seconds(clock.now))]), narrate::plain(mark, text)),
        None => fill(text.seconds, &[("n", &seconds(clock.now))]),
    };
    let lanes = [
        (Lane::User, "user", text.lane_you),
        (Lane::Api, "api", text.lane_api),
        (Lane::Controllers, "ctl", text.lane_controllers),
        (Lane::Scheduler, "sched", text.lane_scheduler),
        (Lane::Kubelets, "kubelet", text.lane_kubelets),
        (Lane::Faults, "faults", text.lane_faults),
    ];
    let on_pointer = {
        let engine = hub.engine.clone();
        Callback::from(move |event: PointerEvent| {
            let held = event.buttons() & 1 == 1 || event.type_() == "pointerdown";
            let tape =
                event.target_dyn_into::<web_sys::Element>().and_then(|element| element.closest(".tape").ok().flatten());
            if let (true, Some(tape)) = (held, tape) {
                let rect = tape.get_bounding_client_rect();
                let at = window.at((f64::from(event.client_x()) - rect.left()) / rect.width());
                engine.emit(seek(at));
            }
        })
    };
    html! {
        <div class="tape" style={format!("--x:{:.3}%", window.percent(clock.now))} onpointerdown={on_pointer.clone()} onpointermove={on_pointer} onwheel={wheel(hub, window)}>
            <div class="tape-past"></div><div class="tape-future"></div>
            <div class="tape-ruler" aria-hidden="true">
                { for window.ticks().map(|(percent, label)| html! {
                    // The tick under the playhead keeps its line and gives up its number.
                    <span style={format!("--x:{percent:.2}%")}>{ if (percent - window.percent(clock.now)).abs() < 4.0 { String::new() } else { label } }</span>
                }) }
            </div>
            { zooms(hub, window) }
            { for clock.skips.iter().filter(|(from, to)| window.holds(*from) && window.percent(*to) - window.percent(*from) > 0.5).map(|(from, to)| html! {
                <span class="tape-skip" style={format!("--x:{:.2}%;--w:{:.2}%", window.percent(*from), window.percent(*to) - window.percent(*from))}>{ skipped(*from, *to, &window, text) }</span>
            }) }
            <ul class="tape-lanes" aria-hidden="true">
                { for lanes.into_iter().map(|(lane, id, name)| html! {
                    <li data-lane={id}>
                        <span>{ name }</span>
                        { for window.thinned(&state.model.marks, lane).map(|mark| html! {
                            <i key={mark.seq} class={mark.warning.then_some("is-warn")} style={format!("--x:{:.2}%", window.percent(mark.at))} />
                        }) }
                        if lane == Lane::User { { for labels(state, &window) } }
                        if lane == Lane::Faults { { for spans(state, &window) } }
                    </li>
                }) }
            </ul>
            { for hops(hub, &window) }
            <Readout {window} />
            <div class="tape-now" id="playhead" role="slider" tabindex="0" aria-label={text.timeline} aria-valuemin="0"
                aria-valuemax={(clock.end / 1000).to_string()} aria-valuenow={format!("{:.1}", clock.now as f64 / 1000.0)} aria-valuetext={valuetext}
                onkeydown={keys(hub)}></div>
        </div>
    }
}

/// What the person did, in words, where there is room behind the mark before the next one.
fn labels<'a>(state: &'a State, window: &'a Window) -> impl Iterator<Item = Html> + 'a {
    let asked = |mark: &&Rc<Mark>| mark.lane == Lane::User && mark.note == "request" && window.holds(mark.at);
    let marks: Vec<&Rc<Mark>> = state.model.marks.iter().filter(asked).collect();
    (0..marks.len()).filter_map(move |at| {
        let (mark, next) = (marks[at], marks.get(at + 1));
        let room = next.map_or(100.0, |next| window.percent(next.at)) - window.percent(mark.at);
        let says = mark.args.first()?;
        (room > 1.0 + says.len() as f64 * 0.7)
            .then(|| html! { <em style={format!("--x:{:.2}%", window.percent(mark.at))}>{ says.clone() }</em> })
    })
}

/// How long each fault lasted.
fn spans<'a>(state: &'a State, window: &'a Window) -> impl Iterator<Item = Html> + 'a {
    let clock = &state.model.clock;
    clock.faults.iter().filter_map(move |row| {
        let until = if row.until_ms < 0.0 { clock.now } else { row.until_ms as At };
        let (a, b) = (window.percent(row.since_ms as At).max(0.0), window.percent(until).min(100.0));
        (b > a).then(|| html! { <i class="span" style={format!("--x:{a:.2}%;--w:{:.2}%", b - a)} /> })
    })
}

/// The wheel goes closer to the moment that the pointer is at, or farther from it.
fn wheel(hub: &Hub, window: Window) -> Callback<WheelEvent> {
    let to = hub.state.dispatcher();
    Callback::from(move |event: WheelEvent| {
        let tape = event.target_dyn_into::<web_sys::Element>().and_then(|at| at.closest(".tape").ok().flatten());
        let Some(tape) = tape else { return };
        let rect = tape.get_bounding_client_rect();
        let part = (f64::from(event.client_x()) - rect.left()) / rect.width().max(1.0);
        let times = if event.delta_y() < 0.0 { 0.8 } else { 1.25 };
        to.dispatch(Action::Zoom(Some(window.zoomed(times, part))));
    })
}

/// Closer, farther, and back to what the page would show.
fn zooms(hub: &Hub, window: Window) -> Html {
    let text = hub.state.text();
    let part = window.percent(hub.state.model.clock.now) / 100.0;
    let button = |label: &'static str, glyph: &'static str, zoom: Option<Window>| {
        // The tape itself would take the press for a wish to go there.
        let stop = Callback::from(|event: PointerEvent| event.stop_propagation());
        html! {
            <button type="button" class="btn btn-quiet btn-icon btn-sm" aria-label={label} onpointerdown={stop.clone()} onpointermove={stop}
                onclick={hub.on(move || Action::Zoom(zoom))}>{ icon(glyph) }</button>
        }
    };
    html! {
        <div class="tape-zoom hide-s" role="group" aria-label={text.zoom}>
            { button(text.zoom_in, "a-plus", Some(window.zoomed(0.5, part))) }
            { button(text.zoom_out, "a-minus", Some(window.zoomed(2.0, part))) }
            if hub.state.zoom.is_some() { { button(text.zoom_fit, "a-reset", None) } }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct ReadoutProps {
    window: Window,
}

/// What lies where the pointer is: the moment, and what happened there. Its twin is the slider's own text.
#[component]
fn Readout(props: &ReadoutProps) -> Html {
    let hub = use_hub();
    let text = hub.state.text();
    let at = use_state(|| None::<f64>);
    let root = use_node_ref();
    {
        let (at, root) = (at.clone(), root.clone());
        use_effect_with((), move |()| {
            let tape = root.cast::<web_sys::Element>().and_then(|root| root.closest(".tape").ok().flatten());
            let listeners = tape.map(|tape| {
                let (moved, over) = (at.clone(), tape.clone());
                let on_move = EventListener::new(&tape, "pointermove", move |event| {
                    let rect = over.get_bounding_client_rect();
                    let x = event.dyn_ref::<PointerEvent>().map_or(0.0, |event| f64::from(event.client_x()));
                    moved.set(Some(((x - rect.left()) / rect.width().max(1.0)).clamp(0.0, 1.0)));
                });
                let on_leave = EventListener::new(&tape, "pointerleave", move |_| at.set(None));
                (on_move, on_leave)
            });
            move || drop(listeners)
        });
    }
    html! {
        <div ref={root} class="tape-read" aria-hidden="true" hidden={at.is_none()} data-side={at.is_some_and(|part| part > 0.5).then_some("left")}
            style={format!("--x:{:.2}%", at.unwrap_or(0.0) * 100.0)}>
            if let Some(part) = *at {
                <b>{ format!("{} {}", seconds(props.window.at(part)), text.second) }</b>
                if let Some(mark) = props.window.nearest(&hub.state.model.marks, props.window.at(part)) {
                    <span>{ narrate::html(mark, text) }</span>
                }
            }
        </div>
    }
}

/// How long a stretch was, where there is room to say it.
fn skipped(from: At, to: At, window: &Window, text: &crate::text::Text) -> Html {
    let long = (to - from) / 1000;
    if window.percent(to) - window.percent(from) < 12.0 {
        return Html::default();
    }
    html! { <span>{ fill(text.skipped, &[("n", &long.to_string())]) }</span> }
}

/// From the mark that is told back to its causes.
fn hops<'a>(hub: &'a Hub, window: &'a Window) -> impl Iterator<Item = Html> + 'a {
    let model = &hub.state.model;
    let chain: Vec<At> =
        narrate::chain(&model.marks, hub.state.cause.or(hub.state.told)).iter().map(|mark| mark.at).collect();
    window.hops(&chain).into_iter().map(move |(from, to)| {
        let (x, w) = (window.percent(from), window.percent(to) - window.percent(from));
        html! { <span class="tape-hop" style={format!("--x:{x:.2}%;--w:{w:.2}%")}></span> }
    })
}

/// On the playhead: arrows go from event to event, Page keys ten of them, Home and End to both ends.
fn keys(hub: &Hub) -> Callback<KeyboardEvent> {
    let (engine, to) = (hub.engine.clone(), hub.state.dispatcher());
    let (model, shown) = (hub.state.model.clone(), window(&hub.state));
    Callback::from(move |event: KeyboardEvent| {
        let clock = &model.clock;
        let tell = |mark: Option<&Rc<Mark>>, end: At| seek(mark.map_or(end, |mark| mark.at));
        let told = || model.marks.iter().filter(|mark| mark.milestone);
        let command = match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => tell(told().rfind(|mark| mark.at < clock.now), 0),
            "ArrowRight" | "ArrowUp" => tell(told().find(|mark| mark.at > clock.now), clock.end),
            "PageDown" => tell(told().rev().filter(|mark| mark.at < clock.now).nth(9), 0),
            "PageUp" => tell(told().filter(|mark| mark.at > clock.now).nth(9), clock.end),
            "Home" => seek(0),
            "End" => Command::Control(Control::Live),
            zoom @ ("+" | "=" | "-" | "0") => {
                let part = shown.percent(clock.now) / 100.0;
                to.dispatch(Action::Zoom(match zoom {
                    "0" => None,
                    "-" => Some(shown.zoomed(2.0, part)),
                    _ => Some(shown.zoomed(0.5, part)),
                }));
                return event.prevent_default();
            }
            _ => return,
        };
        event.prevent_default();
        engine.emit(command);
    })
}

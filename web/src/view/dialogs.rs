//! What floats: settings, the list of keys, the legend. Native dialogs, so that the browser keeps the focus inside.

use web_sys::HtmlDialogElement;
use yew::prelude::*;

use super::control_loop::packets;
use super::icon::{glyph, icon};
use crate::settings::{Motion, Settings, Theme};
use crate::store::{Action, Dialog, Hub, use_hub};
use crate::text::{Lang, Text};

#[component]
pub fn Dialogs() -> Html {
    let hub = use_hub();
    let text = hub.state.text();
    let dialog = hub.state.dialog;
    let node = use_node_ref();
    {
        let node = node.clone();
        use_effect_with(dialog, move |dialog| {
            if let (Some(element), Some(_)) = (node.cast::<HtmlDialogElement>(), dialog) {
                // It is freshly made for each opening, so it cannot be open already.
                let _ = element.show_modal();
            }
        });
    }
    let Some(dialog) = dialog else { return Html::default() };
    let (title, body) = match dialog {
        Dialog::Settings => (text.settings, settings(&hub)),
        Dialog::Keys => (text.keyboard_help, keys(text)),
        Dialog::Legend => (text.legend, legend(text)),
    };
    // Closed and not just taken away: then the focus goes back to where it came from.
    let close = {
        let node = node.clone();
        Callback::from(move |_: MouseEvent| node.cast::<HtmlDialogElement>().iter().for_each(HtmlDialogElement::close))
    };
    html! {
        <dialog class="dialog" ref={node} aria-labelledby="dialog-h" onclose={hub.on(|| Action::Dialog(None))}>
            <div class="dialog-head">
                <h2 id="dialog-h">{ title }</h2>
                <button type="button" class="btn btn-quiet btn-icon" aria-label={text.close} onclick={close}>{ icon("a-close") }</button>
            </div>
            <div class="in">{ body }</div>
        </dialog>
    }
}

fn settings(hub: &Hub) -> Html {
    let text = hub.state.text();
    let now = hub.state.settings;
    let theme = |theme| match theme {
        Theme::Auto => text.automatic,
        Theme::Light => text.light,
        Theme::Dark => text.dark,
        Theme::HighContrast => text.high_contrast,
    };
    let motion = |motion| match motion {
        Motion::Auto => text.automatic,
        Motion::Full => text.motion_full,
        Motion::Reduced => text.motion_reduced,
    };
    html! {
        <>
            { choice(hub, text.language_label, [Lang::En, Lang::Ko].map(|lang| (lang.text().language, now.lang == lang, Settings { lang, ..now })).to_vec()) }
            { choice(hub, text.theme, Theme::ALL.map(|one| (theme(one), now.theme == one, Settings { theme: one, ..now })).to_vec()) }
            { choice(hub, text.motion, Motion::ALL.map(|one| (motion(one), now.motion == one, Settings { motion: one, ..now })).to_vec()) }
            { check(hub, text.plain_editor, now.plain_editor, Settings { plain_editor: !now.plain_editor, ..now }) }
            { check(hub, text.single_keys, now.single_keys, Settings { single_keys: !now.single_keys, ..now }) }
        </>
    }
}

fn choice(hub: &Hub, label: &'static str, options: Vec<(&'static str, bool, Settings)>) -> Html {
    html! {
        <div class="setting"><span class="setting-name">{ label }</span>
            <div class="seg" role="group" aria-label={label}>
                { for options.into_iter().map(|(name, chosen, settings)| html! {
                    <button type="button" aria-pressed={chosen.to_string()} onclick={hub.on(move || Action::Settings(settings))}>{ name }</button>
                }) }
            </div>
        </div>
    }
}

fn check(hub: &Hub, label: &'static str, on: bool, then: Settings) -> Html {
    html! { <label class="check"><input type="checkbox" checked={on} onchange={hub.on(move || Action::Settings(then))} />{ label }</label> }
}

fn keys(text: &Text) -> Html {
    let everywhere = [
        ("Ctrl Enter", text.apply),
        ("Ctrl Shift Enter", text.apply_document),
        ("Ctrl Alt Enter", text.dry_run),
        ("Ctrl Z", text.undo),
        ("Ctrl Shift Z", text.redo),
        ("F2", text.rename),
        ("Ctrl F6", text.next_region),
        ("Esc", text.clear_selection),
    ];
    let diagram = [
        ("1 2 3 4", text.views),
        ("← ↑ → ↓", text.among_tiles),
        ("p", text.play_or_pause),
        (". Shift .", text.step),
        (",", text.step_back),
        ("[ ]", text.slower_or_faster),
        ("Home End", text.start_or_live),
        ("F", text.faults),
        ("+ - 0", text.zoom),
        ("d y l w", text.inspector_pages),
        ("Delete", text.delete),
        ("?", text.keyboard_help),
    ];
    let table = |title: &'static str, rows: &[(&'static str, &'static str)]| {
        html! {
            <section><h3>{ title }</h3>
                <dl>
                    { for rows.iter().map(|(keys, what)| html! {
                        <><dt>{ *what }</dt><dd>{ for keys.split(' ').map(|key| html! { <kbd class="kbd">{ key }</kbd> }) }</dd></>
                    }) }
                </dl>
            </section>
        }
    };
    html! { <div class="keys">{ table(text.keys_everywhere, &everywhere) }{ table(text.keys_diagram, &diagram) }</div> }
}

fn legend(text: &Text) -> Html {
    let states = [
        ("st-wait", "s-hourglass", "Pending", text.means_unbound),
        ("st-prog", "s-pie2", "ContainerCreating", text.means_starting),
        ("st-prog", "s-tray", "Pulling", text.means_pulling),
        ("st-half", "s-half", "Running 0/1", text.means_unready),
        ("st-ok", "s-check", "Running", text.means_ready),
        ("st-fail", "s-loopcross", "CrashLoopBackOff", text.means_crashing),
        ("st-fail", "s-traycross", "ImagePullBackOff", text.means_no_image),
        ("st-fail", "s-chipcross", "OOMKilled", text.means_oom),
        ("st-fail", "s-cross", "Error", text.means_error),
        ("st-done", "s-flag", "Completed", text.means_completed),
        ("st-unk", "s-chevron", "Terminating", text.means_terminating),
        ("st-unk", "s-question", "Unknown", text.means_unknown),
    ];
    html! {
        <>
            <p>{ text.legend_says }</p>
            <ul class="legend-list">
                { for states.into_iter().map(|(class, id, word, means)| html! {
                    <li><span class={format!("legend-swatch tile {class}")}>
                        <svg class="tile-edge" aria-hidden="true"><rect /></svg>{ glyph(&format!("ic ic-st {class}"), id) }
                    </span><b lang="en">{ word }</b><span>{ means }</span></li>
                }) }
            </ul>
            <section><h3>{ text.lines }</h3>
                <p class="cap marks">
                    <span><svg class="mark-line" viewBox="0 0 40 12" aria-hidden="true"><path class="thread" d="M5 6H35" /><circle class="ring" cx="5" cy="6" r="4" /><circle class="bead" cx="35" cy="6" r="5" /></svg>{ text.effect_to_cause }</span>
                    <span><svg class="mark-line" viewBox="0 0 40 12" aria-hidden="true"><path class="wire wire-own" d="M0 6H40" /></svg>{ text.owns }</span>
                </p>
                { packets(text) }
            </section>
        </>
    }
}

//! The header: mark, file, and what a person may choose.

use kubarium::session::protocol::Control;
use yew::prelude::*;

use super::icon::{glyph, icon};
use super::shell::focus;
use crate::settings::Theme;
use crate::store::{Action, Command, Dialog, use_hub};

#[component]
pub fn Header() -> Html {
    let hub = use_hub();
    let state = &hub.state;
    let text = state.text();
    let settings = state.settings;
    let unsaved = state.files.all.iter().any(|file| file.applied.as_ref() != Some(&file.text));
    let dark = settings.is_dark();
    let theme = hub.on(move || {
        let theme = if dark { Theme::Light } else { Theme::Dark };
        Action::Settings(crate::settings::Settings { theme, ..settings })
    });
    let lang = hub.on(move || Action::Settings(crate::settings::Settings { lang: settings.lang.other(), ..settings }));
    let other = settings.lang.other();
    html! {
        <header class="head">
            { skip("diagram", "", text.skip_to_diagram) }
            { skip("work", "hide-s", text.skip_to_manifest) }
            { skip("side", "hide-m", text.skip_to_inspector) }
            { skip("time", "", text.skip_to_time) }
            <h1 class="brand">{ glyph("", "mark") }<span class="vh">{ "Kubarium" }</span><b aria-hidden="true">{ "Kubarium" }</b></h1>
            <span class="rule hide-s"></span>
            <span class="ws mono" lang="en">
                { state.files.open().name.to_string() }
                if unsaved { { " " }<span class="dot ws-dot" aria-hidden="true"></span><span class="vh">{ text.not_applied }</span> }
            </span>
            <span class="gap"></span>
            <button type="button" class="btn btn-quiet btn-icon only-s" aria-label={text.undo} disabled={!state.model.clock.can_undo}
                onclick={hub.ask(|| Command::Control(Control::Undo))}>{ icon("a-undo") }</button>
            <button type="button" class="btn btn-quiet btn-icon only-s" aria-label={text.reset} onclick={hub.ask(|| Command::Reset)}>{ icon("a-reset") }</button>
            <button type="button" class="btn btn-quiet btn-icon" aria-label={text.settings} aria-haspopup="dialog" onclick={hub.on(|| Action::Dialog(Some(Dialog::Settings)))}>
                { icon("a-gear") }
            </button>
            <button type="button" class="btn btn-quiet btn-icon hide-s" aria-label={text.light_or_dark} onclick={theme}>{ icon("a-theme") }</button>
            <button type="button" class="btn btn-quiet hide-s" lang={other.code()} onclick={lang}>{ other.text().language }</button>
            <button type="button" class="btn btn-quiet btn-icon" aria-label={text.keyboard_help} aria-haspopup="dialog" onclick={hub.on(|| Action::Dialog(Some(Dialog::Keys)))}>
                <span aria-hidden="true">{ "?" }</span>
            </button>
        </header>
    }
}

/// The way past everything before a region. The address keeps what it says of the view.
fn skip(id: &'static str, class: &'static str, name: &'static str) -> Html {
    let go = Callback::from(move |event: MouseEvent| {
        event.prevent_default();
        focus(id);
    });
    html! { <a class={classes!("btn", "skip", class)} href={format!("#{id}")} onclick={go}>{ name }</a> }
}

//! The bottom tabs of a narrow screen: one region at a time.

use yew::prelude::*;

use super::icon::icon;
use crate::store::{Action, Pane, use_hub};

#[component]
pub fn MobNav() -> Html {
    let hub = use_hub();
    let text = hub.state.text();
    let entry = |pane: Pane, glyph: &'static str, name: &'static str| {
        let current = (hub.state.pane == pane).then_some("page");
        html! {
            <button type="button" aria-current={current} onclick={hub.on(move || Action::Pane(pane))}>{ icon(glyph) }<span>{ name }</span></button>
        }
    };
    html! {
        <nav class="mobnav" aria-label={text.sections}>
            { entry(Pane::Main, "a-diagram", text.diagram) }
            { entry(Pane::Work, "a-code", text.manifest) }
            { entry(Pane::Side, "a-inspect", text.inspector) }
        </nav>
    }
}

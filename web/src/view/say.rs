//! Narration: the sentence under the stage, and what assistive technology is told of it.

use gloo::timers::callback::Timeout;
use kubarium::session::protocol::Ref;
use yew::prelude::*;

use super::icon::icon;
use super::time::seconds;
use crate::announce::Announcer;
use crate::narrate;
use crate::store::{Action, Tab, use_hub};

#[component]
pub fn Say() -> Html {
    let hub = use_hub();
    let state = &hub.state;
    let text = state.text();
    let why = |about: Ref| {
        let to = state.dispatcher();
        Callback::from(move |_: MouseEvent| {
            to.dispatch(Action::Select(Some(about.clone())));
            to.dispatch(Action::Tab(Tab::Why));
        })
    };
    html! {
        <div class="say">
            { match state.told() {
                Some(mark) => html! {
                    <>
                        <span class="say-t">{ format!("{} {}", seconds(mark.at), text.second) }</span>
                        <span class="say-text">{ narrate::html(mark, text) }</span>
                        if let Some(about) = mark.about.clone() {
                            <button type="button" class="btn btn-sm" onclick={why(about)}>{ icon("a-why") }<span>{ text.why }</span></button>
                        }
                    </>
                },
                None => html! { <span class="say-text">{ text.engine_starts }</span> },
            } }
            <Announce />
        </div>
    }
}

/// The live region: plain text, seldom, never the visible sentence itself, which may change many times a second.
#[component]
fn Announce() -> Html {
    let hub = use_hub();
    let state = &hub.state;
    let announcer = use_mut_ref(Announcer::default);
    let said = use_state(String::new);
    let again = use_force_update();
    let later = use_mut_ref(|| None::<Timeout>);
    {
        let (said, text, model) = (said.clone(), state.text(), state.model.clone());
        let paused = !model.clock.playing;
        use_effect(move || {
            let mut announcer = announcer.borrow_mut();
            announcer.hear(&model.marks, model.clock.now);
            if let Some(sentence) = announcer.next(js_sys::Date::now(), paused, text)
                && *said != sentence
            {
                said.set(sentence);
            }
            // Only while something waits is there a timer.
            *later.borrow_mut() = announcer.is_waiting().then(|| Timeout::new(500, move || again.force_update()));
        });
    }
    html! { <span class="vh" role="status">{ (*said).clone() }</span> }
}

//! Narration: the sentence under the stage, and what assistive technology is told of it.

use gloo::timers::callback::Timeout;
use kubarium::session::protocol::Ref;
use yew::prelude::*;

use super::icon::icon;
use super::time::seconds;
use crate::announce::Announcer;
use crate::model::Model;
use crate::narrate;
use crate::store::{Action, Tab, use_hub};
use crate::text::fill;

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
                        <span class="say-text"><span class="say-t">{ fill(text.n_seconds, &[("n", &seconds(mark.at))]) }</span>
                            { if untouched(&state.model) { html! { text.say_up } } else { narrate::html(mark, text) } }</span>
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

/// Whether the cluster has come up and nobody has asked anything of it yet.
fn untouched(model: &Model) -> bool {
    let up = !model.nodes.is_empty() && model.nodes.iter().all(|node| node.is_ready());
    up && model.workloads.is_empty() && model.pods.is_empty() && !model.clock.can_undo
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

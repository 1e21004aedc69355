//! Threads: from an effect on the stage back to its cause, in the gutters between things, never across words.

use kubarium::session::protocol::{Lane, Ref};
use web_sys::DomRect;
use yew::prelude::*;

use crate::model::{Mark, Pod};
use crate::store::{State, Tab, View, Width, use_hub};
use crate::view::inspector::causes;
use crate::view::nodes::glyph_id;
use crate::view::tile::tile_id;

/// A drawn thread: its way, its open end at the effect, its bead at the cause.
#[derive(Clone, PartialEq, Debug)]
struct Drawn {
    way: String,
    effect: (f64, f64),
    cause: (f64, f64),
}

/// How round its corners are.
const RADIUS: f64 = 10.0;

/// The overlay. It is measured after the page has been laid out, and says nothing that the chain does not say.
#[component]
pub fn Threads() -> Html {
    let hub = use_hub();
    let drawn = use_state(|| None::<Drawn>);
    {
        let (drawn, state) = (drawn.clone(), hub.state.clone());
        use_effect(move || {
            let now = wanted(&state);
            if *drawn != now {
                drawn.set(now);
            }
        });
    }
    let again = use_force_update();
    use_effect_with((), move |()| {
        let window = gloo::utils::window();
        let on = |name: &'static str| {
            let again = again.clone();
            let options = gloo::events::EventListenerOptions::run_in_capture_phase();
            gloo::events::EventListener::new_with_options(&window, name, options, move |_| again.force_update())
        };
        // Scrolling does not bubble: it is heard on its way down.
        let listeners = (on("resize"), on("scroll"));
        move || drop(listeners)
    });
    let Some(thread) = &*drawn else { return Html::default() };
    html! {
        <svg class="threads" aria-hidden="true">
            <path class="thread" d={thread.way.clone()} />
            <circle class="ring" cx={thread.effect.0.to_string()} cy={thread.effect.1.to_string()} r="4" />
            <circle class="bead" cx={thread.cause.0.to_string()} cy={thread.cause.1.to_string()} r="5" />
        </svg>
    }
}

/// The thread of the step that is pointed at, else of the newest, while the inspector says why.
fn wanted(state: &State) -> Option<Drawn> {
    let about = state.selected.as_ref().filter(|_| state.tab == Tab::Why && state.width != Width::Narrow)?;
    let steps = causes(state, about);
    let at = steps.iter().position(|step| Some(step.seq) == state.cause).unwrap_or(0);
    let step = steps.get(at)?;
    let effect = effect_of(state, step, about)?;
    let cause = cause_of(state, step)?;
    let stage = rect(".stage")?;
    // What has been scrolled away has no end to tie a thread to.
    let seen = effect.top() + 8.0 >= stage.top() && effect.bottom() - 8.0 <= stage.bottom();
    let ends = Ends { effect, cause, stage };
    seen.then(|| ends.drawn(state, step)).flatten()
}

fn rect(selector: &str) -> Option<DomRect> {
    let found = gloo::utils::document().query_selector(selector).ok().flatten()?;
    let rect = found.get_bounding_client_rect();
    (rect.width() > 0.0).then_some(rect)
}

fn by_id(id: &str) -> Option<DomRect> {
    let rect = gloo::utils::document().get_element_by_id(id)?.get_bounding_client_rect();
    (rect.width() > 0.0).then_some(rect)
}

/// Where the object that a step is about stands on the stage; for what has no place there, the selected one's.
fn effect_of(state: &State, step: &Mark, selected: &Ref) -> Option<DomRect> {
    let place = |about: &Ref| {
        if let Some(pod) = state.pod(about) {
            return by_id(&place_of(state.view, pod));
        }
        state.workload(about).and_then(|one| by_id(&format!("thing-{}", one.uid)))
    };
    step.about.as_ref().and_then(place).or_else(|| place(selected))
}

fn place_of(view: View, pod: &Pod) -> String {
    match view {
        View::Owners => format!("podline-{}", pod.row.uid),
        _ => tile_id(pod),
    }
}

/// Where whoever did it stands: a part of the control plane, a node, an owner, the person's own button, a fault.
fn cause_of(state: &State, step: &Mark) -> Option<DomRect> {
    let owner = || {
        let pod = state.pod(step.about.as_ref()?)?;
        by_id(&format!("thing-{}", pod.row.owner_uid))
    };
    match step.lane {
        Lane::User => by_id("apply"),
        Lane::Faults => rect(".fault"),
        Lane::Scheduler => by_id(&glyph_id("k-sched")),
        Lane::Kubelets => by_id(&format!("node-{}", step.actor)),
        Lane::Controllers => owner().or_else(|| by_id(&glyph_id("k-kcm"))),
        Lane::Api => by_id(&glyph_id("k-api")),
    }
}

/// What a thread ties together, and where it may run.
struct Ends {
    effect: DomRect,
    cause: DomRect,
    stage: DomRect,
}

impl Ends {
    /// The way along gutters: under the tile, beside its card, along the shelf's line, down the margin of the stage.
    fn drawn(&self, state: &State, step: &Mark) -> Option<Drawn> {
        let (effect, cause, stage) = (&self.effect, &self.cause, &self.stage);
        let middle = (effect.left(), effect.top() + effect.height() / 2.0);
        let margin = stage.left() + 7.0;
        let center = cause.left() + cause.width() / 2.0;
        if state.view == View::Owners {
            let to = (cause.right(), cause.top() + cause.height() / 2.0);
            if cause.right() < effect.left() && step.lane == Lane::Controllers {
                // An owner stands to the left, as in every tree: across the space between the columns.
                let x = f64::midpoint(to.0, middle.0);
                return Some(tied(&[middle, (x, middle.1), (x, to.1), to]));
            }
            // From the first column alone is the margin reached without crossing anything.
            let first = effect.left() - stage.left() < 60.0;
            let (rail, to) = (cause.top() - 12.0, (center, cause.top()));
            return first.then(|| tied(&[middle, (margin, middle.1), (margin, rail), (center, rail), to]));
        }
        let shelf = by_id("shelf")?;
        let rail = shelf.bottom() + 6.0;
        let card = state.model.nodes.iter().filter_map(|node| by_id(&format!("node-{}", node.row.name)));
        let mut card = card.filter(|card| card.left() <= effect.left() && card.right() >= effect.right());
        let card = card.rfind(|card| card.top() <= effect.top() && card.bottom() >= effect.bottom());
        let mut way = match &card {
            None => vec![(effect.left() + 12.0, effect.bottom()), (effect.left() + 12.0, rail)],
            Some(card) => {
                let (side, under) = (effect.left() - 4.0, effect.bottom() + 3.0);
                let own = (card.left() - cause.left()).abs() < 1.0 && (card.top() - cause.top()).abs() < 1.0;
                let x = if own { card.left() + 6.0 } else { card.left() - 6.5 };
                let mut way = vec![middle, (side, middle.1), (side, under), (x, under)];
                if own {
                    // Its node did it: up to the edge of the card.
                    way.push((x, card.top()));
                    return Some(tied(&way));
                }
                way.push((x, rail));
                way
            }
        };
        if cause.bottom() <= shelf.top() {
            // The control plane stands above the shelf.
            let over = shelf.top() - 5.0;
            way.extend([
                (margin, rail),
                (margin, over),
                (cause.left() + 12.0, over),
                (cause.left() + 12.0, cause.bottom()),
            ]);
        } else if cause.right() < stage.left() || cause.top() >= stage.bottom() - 4.0 {
            // The person's own button, or the tray of faults: down the margin.
            let over = cause.top() - if cause.right() < stage.left() { 12.0 } else { 4.0 };
            way.extend([(margin, rail), (margin, over), (center, over), (center, cause.top())]);
        } else {
            way.extend([(cause.left() + 12.0, rail), (cause.left() + 12.0, cause.top())]);
        }
        Some(tied(&way))
    }
}

/// A line through points, one after the other to the side or up and down, with round corners.
fn tied(points: &[(f64, f64)]) -> Drawn {
    use std::fmt::Write;
    let mut points = points.to_vec();
    points.dedup_by(|a, b| (a.0 - b.0).abs() < 0.5 && (a.1 - b.1).abs() < 0.5);
    let (first, last) = (points[0], points[points.len() - 1]);
    let mut way = format!("M{:.1} {:.1}", first.0, first.1);
    for three in points.windows(3) {
        let (a, b, c) = (three[0], three[1], three[2]);
        let length = crate::packets::distance;
        let r = RADIUS.min(length(a, b) / 2.0).min(length(b, c) / 2.0);
        let toward = |to: (f64, f64)| {
            let part = r / length(b, to).max(0.1);
            (b.0 + (to.0 - b.0) * part, b.1 + (to.1 - b.1) * part)
        };
        let (before, after) = (toward(a), toward(c));
        let _ = write!(way, "L{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}", before.0, before.1, b.0, b.1, after.0, after.1);
    }
    let _ = write!(way, "L{:.1} {:.1}", last.0, last.1);
    Drawn { way, effect: first, cause: last }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_are_round_and_no_rounder_than_there_is_room() {
        let drawn = tied(&[(0.0, 0.0), (100.0, 0.0), (100.0, 8.0), (200.0, 8.0)]);
        assert_eq!(drawn.way, "M0.0 0.0L96.0 0.0Q100.0 0.0 100.0 4.0L100.0 4.0Q100.0 8.0 104.0 8.0L200.0 8.0");
        assert_eq!((drawn.effect, drawn.cause), ((0.0, 0.0), (200.0, 8.0)));
    }
}

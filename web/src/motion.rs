//! Motion of tiles: born at their cause, from shelf to slot, changed in place, left without travelling.
//!
//! Nothing here goes through the virtual DOM, and nothing moves unless its own Pod has changed.

use std::cmp::Ordering;
use std::rc::Rc;

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement};

use kubarium::session::protocol::PodState;

use crate::model::{At, Model, NODES_IN_FULL, PODS_ONE_BY_ONE, Pod};
use crate::view::tile::tile_id;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = Element)]
    type Moving;
    #[wasm_bindgen(method)]
    fn animate(this: &Moving, frames: &Array, options: &Object) -> Running;

    type Running;
    #[wasm_bindgen(method, setter)]
    fn set_onfinish(this: &Running, then: &JsValue);
}

/// Milliseconds, as the style sheet's tokens.
const STATE: f64 = 160.0;
const MOVE: f64 = 280.0;
const ENTER: f64 = 220.0;
const EXIT: f64 = 180.0;
const SEEK: f64 = 120.0;
const STAGGER: f64 = 24.0;
const STAGGER_MAX: f64 = 240.0;
const EASE: &str = "cubic-bezier(0.2, 0, 0, 1)";
const EASE_ENTER: &str = "cubic-bezier(0, 0, 0, 1)";
const EASE_EXIT: &str = "cubic-bezier(0.3, 0, 1, 1)";

/// More at once than this jump: the eye cannot follow them anyway.
const MOVES_MAX: usize = 60;

/// A tile where it stood before a change.
struct Before {
    left: f64,
    top: f64,
    element: Element,
}

/// What a change moves.
#[derive(Default)]
struct Plan {
    born: Vec<Rc<Pod>>,
    travel: Vec<(Rc<Pod>, Before)>,
    restate: Vec<Rc<Pod>>,
    /// Whose image has begun to come.
    pulls: Vec<Rc<Pod>>,
    leave: Vec<Before>,
}

/// What was on the stage after the last change.
#[derive(Default)]
pub struct Stage {
    /// Ordered by uid.
    seen: Vec<Rc<Pod>>,
    at: At,
    was_playing: bool,
    begun: bool,
    plan: Plan,
}

impl Stage {
    /// Called before the page is laid out for a new model. Only now can be measured from where a tile leaves, and only
    /// of those that do is it asked: a thousand readings would cost more than the change itself.
    pub fn before(&mut self, model: &Model) {
        self.plan = Plan::default();
        // Cards of very many nodes are not laid out until they are seen: to ask one where a tile stands would do it.
        if !self.begun || model.pods.len() > PODS_ONE_BY_ONE || model.nodes.len() > NODES_IN_FULL {
            return;
        }
        let next = by_uid(&model.pods);
        let (mut old, mut new) = (self.seen.iter().peekable(), next.iter().peekable());
        let mut left = MOVES_MAX;
        while left > 0 {
            let order = match (old.peek(), new.peek()) {
                (Some(before), Some(after)) => before.row.uid.cmp(&after.row.uid),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return,
            };
            // Of two with the same uid both are taken.
            let before = if order == Ordering::Greater { None } else { old.next() };
            let after = if order == Ordering::Less { None } else { new.next() };
            left -= usize::from(self.plan.add(before, after));
        }
    }

    /// Called after it.
    pub fn changed(&mut self, model: &Model, moves: bool) {
        let now = model.clock.now;
        // A jump shows another moment: it is faded to, not played.
        // Time that runs is never one, however fast it runs.
        let playing = model.clock.playing;
        let sought = now < self.at || (!playing && !self.was_playing && now - self.at > 1_000);
        let plan = std::mem::take(&mut self.plan);
        if self.begun && sought && moves {
            fade_stage();
        } else {
            plan.play(moves);
        }
        *self = Self { seen: by_uid(&model.pods), at: now, was_playing: playing, begun: true, plan: Plan::default() };
    }
}

fn by_uid(pods: &[Rc<Pod>]) -> Vec<Rc<Pod>> {
    let mut sorted = pods.to_vec();
    sorted.sort_by(|a, b| a.row.uid.cmp(&b.row.uid));
    sorted
}

impl Plan {
    /// Whether there is anything to move.
    fn add(&mut self, before: Option<&Rc<Pod>>, after: Option<&Rc<Pod>>) -> bool {
        match (before, after) {
            (Some(before), Some(after)) if Rc::ptr_eq(before, after) => return false,
            (Some(before), Some(after)) if before.row.node != after.row.node => {
                let Some(place) = Before::of(before) else { return false };
                self.travel.push((after.clone(), place));
            }
            (Some(before), Some(after)) => {
                let pulls = before.row.state != PodState::Pulling && after.row.state == PodState::Pulling;
                if pulls {
                    self.pulls.push(after.clone());
                }
                if before.row.status == after.row.status && before.row.ready == after.row.ready && !pulls {
                    return false;
                }
                self.restate.push(after.clone());
            }
            (None, Some(after)) => self.born.push(after.clone()),
            (Some(before), None) => {
                let Some(place) = Before::of(before) else { return false };
                self.leave.push(place);
            }
            (None, None) => return false,
        }
        true
    }

    fn play(self, moves: bool) {
        for (at, pod) in self.born.iter().enumerate() {
            if let Some(tile) = element_of(pod) {
                born(&tile, (at as f64 * STAGGER).min(STAGGER_MAX), moves);
            }
        }
        // All are read before the first begins to move: one layout and not one for each.
        let arrived = self.travel.into_iter().filter_map(|(pod, before)| Some((before, Before::of(&pod)?)));
        for (before, after) in arrived.collect::<Vec<_>>() {
            if moves {
                travel(&before, &after);
            } else {
                restate(&after.element);
            }
        }
        for pod in &self.restate {
            if let Some(tile) = element_of(pod) {
                restate(&tile);
            }
        }
        for place in self.pulls.iter().filter(|_| moves).filter_map(|pod| Before::of(pod)).collect::<Vec<_>>() {
            fly(&place);
        }
        for before in &self.leave {
            leave(before, moves);
        }
    }
}

/// A layer of an image, on its way from the registry to the node: it is seen once, when a pull begins.
fn fly(to: &Before) {
    let document = gloo::utils::document();
    let registry = document.get_element_by_id("registry");
    let layer = document.create_element("i").ok().and_then(|layer| layer.dyn_into::<HtmlElement>().ok());
    let (Some(registry), Some(layer), Some(body)) = (registry, layer, document.body()) else { return };
    let rect = registry.get_bounding_client_rect();
    let (x, y) = (rect.left() + rect.width() / 2.0, rect.top() + 12.0);
    let _ = layer.set_attribute("class", "layer-fly");
    let _ = layer.set_attribute("aria-hidden", "true");
    let _ = layer.set_attribute("style", &format!("left:{x:.1}px;top:{y:.1}px"));
    if body.append_child(&layer).is_err() {
        return;
    }
    let by = format!("translate({:.1}px, {:.1}px)", to.left + 10.0 - x, to.top + 10.0 - y);
    let running = run(&layer, &[frame("1", "none"), frame("0.6", &by)], MOVE, 0.0, EASE);
    running.set_onfinish(&Closure::once_into_js(move || layer.remove()));
}

impl Before {
    fn of(pod: &Pod) -> Option<Self> {
        let element = element_of(pod)?;
        let rect = element.get_bounding_client_rect();
        Some(Self { left: rect.left(), top: rect.top(), element })
    }
}

fn element_of(pod: &Pod) -> Option<Element> {
    gloo::utils::document().get_element_by_id(&tile_id(pod))
}

fn born(tile: &Element, delay: f64, moves: bool) {
    let from = if moves { "scale(0.85)" } else { "none" };
    let frames = [frame("0", from), frame("1", "none")];
    run(tile, &frames, ENTER, delay, EASE_ENTER);
}

fn travel(before: &Before, after: &Before) {
    let by = format!("translate({:.1}px, {:.1}px)", before.left - after.left, before.top - after.top);
    let frames = [frame("1", &by), frame("1", "none")];
    run(&after.element, &frames, MOVE, 0.0, EASE);
}

fn restate(tile: &Element) {
    if let Ok(Some(glyph)) = tile.query_selector(".tile-glyph") {
        run(&glyph, &[frame("0", "scale(0.6)"), frame("1", "none")], STATE, 0.0, EASE);
    }
}

/// The tile is gone from the document already: a still copy of it fades in its place.
fn leave(before: &Before, moves: bool) {
    let copy = before.element.clone_node_with_deep(true).ok().and_then(|copy| copy.dyn_into::<HtmlElement>().ok());
    let (Some(copy), Some(body)) = (copy, gloo::utils::document().body()) else { return };
    for name in ["id", "aria-pressed"] {
        let _ = copy.remove_attribute(name);
    }
    let _ = copy.set_attribute("aria-hidden", "true");
    let _ = copy.set_attribute("tabindex", "-1");
    copy.set_inert(true);
    let style = format!(
        "position:fixed;left:{:.1}px;top:{:.1}px;width:{}px;height:{}px;pointer-events:none;z-index:4",
        before.left,
        before.top,
        before_size(before, "width"),
        before_size(before, "height"),
    );
    let _ = copy.set_attribute("style", &style);
    if body.append_child(&copy).is_err() {
        return;
    }
    let to = if moves { "scale(0.9)" } else { "none" };
    let running = run(&copy, &[frame("1", "none"), frame("0", to)], EXIT, 0.0, EASE_EXIT);
    running.set_onfinish(&Closure::once_into_js(move || copy.remove()));
}

fn before_size(before: &Before, side: &str) -> String {
    // A large tile fills its column; a removed element has no size of its own any more.
    let slot =
        gloo::utils::document().query_selector(".slot").ok().flatten().map(|slot| slot.get_bounding_client_rect());
    let small = before.element.class_list().contains("tile-m").then_some(44.0);
    let tiny = before.element.class_list().contains("tile-s").then_some(20.0);
    let large = slot.map_or(114.0, |rect| if side == "width" { rect.width() } else { rect.height().max(60.0) });
    format!("{:.0}", small.or(tiny).unwrap_or(large))
}

fn fade_stage() {
    if let Ok(Some(stage)) = gloo::utils::document().query_selector(".stage") {
        run(&stage, &[frame("0.4", "none"), frame("1", "none")], SEEK, 0.0, "linear");
    }
}

fn frame(opacity: &str, transform: &str) -> Object {
    object(&[("opacity", opacity.into()), ("transform", transform.into())])
}

fn run(element: &Element, frames: &[Object], duration: f64, delay: f64, easing: &str) -> Running {
    let options = object(&[
        ("duration", duration.into()),
        ("delay", delay.into()),
        ("easing", easing.into()),
        ("fill", "backwards".into()),
    ]);
    element.unchecked_ref::<Moving>().animate(&frames.iter().collect(), &options)
}

fn object(entries: &[(&str, JsValue)]) -> Object {
    let made = Object::new();
    for (key, value) in entries {
        Reflect::set(&made, &(*key).into(), value).expect("a plain object takes any key");
    }
    made
}

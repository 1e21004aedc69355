//! Motion of tiles: born at their cause, from shelf to slot, changed in place, left without travelling.
//!
//! Nothing here goes through the virtual DOM, and nothing moves unless its own Pod has changed.

use std::collections::BTreeMap;

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement};

use kubarium::session::protocol::PodState;

use crate::model::{At, Model, Pod};
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

/// Where a tile was and what it showed.
struct Seen {
    left: f64,
    top: f64,
    node: String,
    word: String,
    ready: u32,
    pulls: bool,
    element: Element,
}

/// What was on the stage after the last change.
#[derive(Default)]
pub struct Stage {
    seen: BTreeMap<String, Seen>,
    at: At,
    was_playing: bool,
    begun: bool,
}

impl Stage {
    /// Called after the page has been laid out for a new model.
    pub fn changed(&mut self, model: &Model, moves: bool) {
        let now = model.clock.now;
        // A jump shows another moment: it is faded to, not played.
        // Time that runs is never one, however fast it runs.
        let playing = model.clock.playing;
        let sought = now < self.at || (!playing && !self.was_playing && now - self.at > 1_000);
        let next = measure(&model.pods);
        if self.begun && sought && moves {
            fade_stage();
        } else if self.begun {
            self.play(&next, moves);
        }
        *self = Self { seen: next, at: now, was_playing: playing, begun: true };
    }

    fn play(&self, next: &BTreeMap<String, Seen>, moves: bool) {
        let mut played = 0;
        for (uid, after) in next {
            if played == MOVES_MAX {
                break;
            }
            match self.seen.get(uid) {
                None => born(&after.element, (played as f64 * STAGGER).min(STAGGER_MAX), moves),
                Some(before) if before.node != after.node && moves => travel(before, after),
                Some(before) if !before.pulls && after.pulls && moves => {
                    fly(after);
                    restate(&after.element);
                }
                Some(before) if before.word != after.word || before.ready != after.ready => restate(&after.element),
                Some(_) => continue,
            }
            played += 1;
        }
        for (uid, before) in &self.seen {
            if played == MOVES_MAX {
                break;
            }
            if !next.contains_key(uid) {
                leave(before, moves);
                played += 1;
            }
        }
    }
}

/// A layer of an image, on its way from the registry to the node: it is seen once, when a pull begins.
fn fly(to: &Seen) {
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

/// All tiles at once: one reading of the layout for each change.
fn measure(pods: &[std::rc::Rc<Pod>]) -> BTreeMap<String, Seen> {
    let document = gloo::utils::document();
    pods.iter()
        .filter_map(|pod| {
            let element = document.get_element_by_id(&tile_id(pod))?;
            let rect = element.get_bounding_client_rect();
            let seen = Seen {
                left: rect.left(),
                top: rect.top(),
                node: pod.row.node.clone(),
                word: pod.row.status.clone(),
                ready: pod.row.ready,
                pulls: pod.row.state == PodState::Pulling,
                element,
            };
            Some((pod.row.uid.clone(), seen))
        })
        .collect()
}

fn born(tile: &Element, delay: f64, moves: bool) {
    let from = if moves { "scale(0.85)" } else { "none" };
    let frames = [frame("0", from), frame("1", "none")];
    run(tile, &frames, ENTER, delay, EASE_ENTER);
}

fn travel(before: &Seen, after: &Seen) {
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
fn leave(before: &Seen, moves: bool) {
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

fn before_size(before: &Seen, side: &str) -> String {
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

//! Keys: those with Ctrl everywhere, single letters only while the diagram has the focus.

use gloo::events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use kubarium::session::protocol::{Control, Granularity};

use crate::focus;
use crate::model::next_speed;
use crate::store::{Action, Command, Dialog, Hub, Tab, View};

/// Listens for as long as the page stands.
#[hook]
pub fn use_keys(hub: &Hub) {
    // The listener outlives a render: it looks up what holds now.
    let latest = use_mut_ref(|| hub.clone());
    *latest.borrow_mut() = hub.clone();
    use_effect_with((), move |()| {
        let options = EventListenerOptions::enable_prevent_default();
        let listener = EventListener::new_with_options(&gloo::utils::document(), "keydown", options, move |event| {
            let hub = latest.borrow().clone();
            if let Some(event) = event.dyn_ref::<KeyboardEvent>()
                && !event.default_prevented()
                && !event.is_composing()
                && handle(&hub, event)
            {
                event.prevent_default();
            }
        });
        move || drop(listener)
    });
}

/// Whether the key was ours.
fn handle(hub: &Hub, event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let inside = |selector: &str| {
        target.as_ref().is_some_and(|element| element.closest(selector).is_ok_and(|found| found.is_some()))
    };
    let typing = inside("input:not([type=checkbox]), textarea, select, .code-host");
    let key = event.key();
    if event.ctrl_key() || event.meta_key() {
        return match key.as_str() {
            "F6" => {
                focus::next_region();
                true
            }
            "Enter" if !typing => {
                hub.apply(event.alt_key());
                true
            }
            "z" if !typing => {
                hub.engine.emit(Command::Control(Control::Undo));
                true
            }
            "Z" if !typing => {
                hub.engine.emit(Command::Control(Control::Redo));
                true
            }
            _ => false,
        };
    }
    if event.alt_key() || typing {
        return false;
    }
    if key == "Escape" && hub.state.dialog.is_none() {
        hub.state.dispatch(Action::Select(None));
        return true;
    }
    if key.starts_with("Arrow") && inside(".tile, .thing, .podline") {
        return target.as_ref().is_some_and(|tile| roam(tile, &key));
    }
    hub.state.settings.single_keys && inside("#diagram") && letter(hub, &key)
}

fn letter(hub: &Hub, key: &str) -> bool {
    let clock = &hub.state.model.clock;
    let command = match key {
        "p" if clock.playing => Command::Control(Control::Pause),
        "p" => Command::Control(Control::Play),
        "." => Command::Control(Control::Step(hub.state.granularity)),
        ">" => Command::Control(Control::Step(Granularity::Message)),
        "," => Command::Control(Control::StepBack),
        "[" => Command::Control(Control::Speed(next_speed(clock.speed, false))),
        "]" => Command::Control(Control::Speed(next_speed(clock.speed, true))),
        "Home" => Command::Control(Control::Seek { ms: 0.0 }),
        "End" => Command::Control(Control::Live),
        "f" | "F" => {
            let menu = gloo::utils::document().get_element_by_id("faults-menu");
            let Some(menu) = menu.and_then(|menu| menu.dyn_into::<HtmlElement>().ok()) else { return false };
            menu.click();
            return true;
        }
        "Delete" => match &hub.state.selected {
            Some(about) if about.kind != "Node" => Command::Delete(about.clone()),
            _ => return false,
        },
        _ => {
            let action = match key {
                "1" => Action::View(View::Nodes),
                "2" => Action::View(View::Owners),
                "3" => Action::View(View::Rollout),
                "4" => Action::View(View::Loop),
                "d" => Action::Tab(Tab::Describe),
                "y" => Action::Tab(Tab::Yaml),
                "l" => Action::Tab(Tab::Logs),
                "w" => Action::Tab(Tab::Why),
                "?" => Action::Dialog(Some(Dialog::Keys)),
                _ => return false,
            };
            hub.state.dispatch(action);
            return true;
        }
    };
    hub.engine.emit(command);
    true
}

/// From a tile to the nearest one in the arrow's direction.
fn roam(from: &Element, key: &str) -> bool {
    let center = |element: &Element| {
        let rect = element.get_bounding_client_rect();
        (rect.left() + rect.width() / 2.0, rect.top() + rect.height() / 2.0)
    };
    let (x, y) = center(from);
    let Ok(tiles) = gloo::utils::document().query_selector_all(".stage :is(.tile, .thing, button.podline)") else {
        return false;
    };
    let nearest = (0..tiles.length())
        .filter_map(|at| tiles.item(at)?.dyn_into::<HtmlElement>().ok())
        .filter(|tile| tile.unchecked_ref::<Element>() != from)
        .filter_map(|tile| {
            let (tx, ty) = center(&tile);
            let (ahead, aside) = match key {
                "ArrowLeft" => (x - tx, ty - y),
                "ArrowRight" => (tx - x, ty - y),
                "ArrowUp" => (y - ty, tx - x),
                _ => (ty - y, tx - x),
            };
            // What lies straight ahead comes before what lies aside.
            (ahead > 1.0).then(|| (ahead + aside.abs() * 3.0, tile))
        })
        .min_by(|(a, _), (b, _)| a.total_cmp(b));
    nearest.is_some_and(|(_, tile)| tile.focus().is_ok())
}

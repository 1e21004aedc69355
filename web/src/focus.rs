//! The focus is never lost: when what had it goes, its region takes it; Ctrl+F6 goes from region to region.

use gloo::events::EventListener;
use gloo::utils::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

/// The regions in the order in which they are gone through.
const REGIONS: [&str; 4] = ["diagram", "side", "work", "time"];

/// Where the focus was last, and in which region.
#[derive(Default)]
struct Last {
    element: Option<HtmlElement>,
    region: Option<&'static str>,
}

/// Looks after the focus for as long as the page stands; to be used where every change of the page is seen.
#[hook]
pub fn use_kept_focus() {
    let last = use_mut_ref(Last::default);
    {
        let last = last.clone();
        use_effect_with((), move |()| {
            let listener = EventListener::new(&document(), "focusin", move |event| {
                let element = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
                let region = element.as_ref().and_then(|element| region_of(element));
                *last.borrow_mut() = Last { element, region };
            });
            move || drop(listener)
        });
    }
    use_effect(move || {
        let lost = {
            let last = last.borrow();
            let gone = last.element.as_ref().is_some_and(|element| !is_shown(element));
            let nowhere = document().active_element().is_none_or(|active| active.tag_name() == "BODY");
            (gone && nowhere).then_some(last.region).flatten()
        };
        if let Some(region) = lost {
            recover(region);
        }
    });
}

fn region_of(element: &Element) -> Option<&'static str> {
    REGIONS.into_iter().find(|id| element.closest(&format!("#{id}")).is_ok_and(|found| found.is_some()))
}

fn is_shown(element: &HtmlElement) -> bool {
    element.is_connected() && element.offset_parent().is_some()
}

/// To the nearest thing that stands for what is gone: another tile, the open page of the inspector, the region.
fn recover(region: &'static str) {
    let found = |selector: &str| {
        let element = document().query_selector(selector).ok().flatten()?.dyn_into::<HtmlElement>().ok()?;
        is_shown(&element).then_some(element)
    };
    let inside = match region {
        "diagram" => found(".stage .tile[tabindex=\"0\"]").or_else(|| found(".stage")),
        "side" => found("#inspected"),
        _ => None,
    };
    // A narrow screen shows one region: the one that came in place of the other.
    let element =
        inside.or_else(|| found(&format!("#{region}"))).or_else(|| found("#inspected")).or_else(|| found("#diagram"));
    if let Some(element) = element {
        let _ = element.focus();
    }
}

/// To the next region that is shown.
pub fn next_region() {
    let here = document().active_element().and_then(|active| region_of(&active));
    let start = here.and_then(|here| REGIONS.iter().position(|id| *id == here)).map_or(0, |at| at + 1);
    let next = (0..REGIONS.len())
        .filter_map(|step| document().get_element_by_id(REGIONS[(start + step) % REGIONS.len()]))
        .filter_map(|element| element.dyn_into::<HtmlElement>().ok())
        .find(is_shown);
    if let Some(region) = next {
        let _ = region.focus();
    }
}

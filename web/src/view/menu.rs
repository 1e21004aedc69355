//! A button that opens a menu: of things to do, each with what it is called elsewhere.

use gloo::events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::icon::icon;

/// One thing to do; without `then` it is the heading of what follows.
#[derive(Clone, PartialEq)]
pub struct Item {
    pub label: String,
    /// In kubectl's words, or empty.
    pub hint: String,
    pub then: Option<Callback<()>>,
}

impl Item {
    pub fn new(label: impl Into<String>, hint: impl Into<String>, then: Callback<()>) -> Self {
        Self { label: label.into(), hint: hint.into(), then: Some(then) }
    }

    pub fn heading(label: impl Into<String>) -> Self {
        Self { label: label.into(), hint: String::new(), then: None }
    }
}

#[derive(Properties, PartialEq)]
pub struct MenuProps {
    /// The button's name; it is seen unless `quiet`.
    pub label: String,
    pub glyph: &'static str,
    /// Only the glyph is seen.
    #[prop_or_default]
    pub quiet: bool,
    #[prop_or_default]
    pub class: Classes,
    #[prop_or_default]
    pub id: Option<&'static str>,
    #[prop_or_default]
    pub items: Vec<Item>,
    /// Where it would be too much to put them together before the menu is opened.
    #[prop_or_default]
    pub lazily: Option<Callback<(), Vec<Item>>>,
}

/// How wide the style sheet lets a menu be.
const WIDTH: f64 = 300.0;

#[component]
pub fn Menu(props: &MenuProps) -> Html {
    // Where it opens, as a style: beside its button, on the side that has room.
    let open = use_state(|| None::<String>);
    let root = use_node_ref();
    let toggle = {
        let (open, root) = (open.clone(), root.clone());
        Callback::from(move |_: MouseEvent| open.set(if open.is_some() { None } else { Some(place(&root)) }))
    };
    {
        let (root, shut) = (root.clone(), open.clone());
        use_effect_with(open.is_some(), move |is_open| {
            let listener = is_open.then(|| {
                if let Some(first) = items_of(&root).first() {
                    let _ = first.focus();
                }
                EventListener::new(&gloo::utils::document(), "pointerdown", move |event| {
                    let inside =
                        root.cast::<Element>().zip(event.target().and_then(|at| at.dyn_into::<Element>().ok()));
                    if !inside.is_some_and(|(root, at)| root.contains(Some(&at))) {
                        shut.set(None);
                    }
                })
            });
            move || drop(listener)
        });
    }
    let on_key = {
        let (open, root) = (open.clone(), root.clone());
        Callback::from(move |event: KeyboardEvent| {
            let items = items_of(&root);
            let here = gloo::utils::document().active_element();
            let at = items.iter().position(|item| here.as_ref().is_some_and(|here| **item == *here));
            let next = match event.key().as_str() {
                "ArrowDown" => at.map_or(0, |at| (at + 1) % items.len()),
                "ArrowUp" => at.map_or(0, |at| (at + items.len() - 1) % items.len()),
                "Home" => 0,
                "End" => items.len().saturating_sub(1),
                "Escape" | "Tab" => {
                    if event.key() == "Escape" {
                        event.prevent_default();
                    }
                    focus_button(&root);
                    return open.set(None);
                }
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            if let Some(item) = items.get(next) {
                let _ = item.focus();
            }
        })
    };
    let item = |at: usize, item: &Item| match &item.then {
        None => html! { <div key={at} class="menu-head" role="presentation">{ item.label.clone() }</div> },
        Some(then) => {
            let then = {
                let (then, open, root) = (then.clone(), open.clone(), root.clone());
                Callback::from(move |_: MouseEvent| {
                    focus_button(&root);
                    open.set(None);
                    then.emit(());
                })
            };
            html! {
                <button key={at} type="button" role="menuitem" tabindex="-1" class="menu-item" onclick={then}>
                    <span>{ item.label.clone() }</span>
                    if !item.hint.is_empty() { <span class="menu-hint" lang="en">{ item.hint.clone() }</span> }
                </button>
            }
        }
    };
    let made = match &props.lazily {
        Some(make) if open.is_some() => make.emit(()),
        _ => props.items.clone(),
    };
    html! {
        <span class="menu-root" ref={root.clone()}>
            <button type="button" id={props.id} class={classes!("btn", "btn-quiet", props.class.clone())} aria-haspopup="menu"
                aria-expanded={open.is_some().to_string()} aria-label={props.quiet.then(|| props.label.clone())} onclick={toggle}>
                { icon(props.glyph) }if !props.quiet { <span>{ props.label.clone() }</span> }
            </button>
            if let Some(style) = &*open {
                <div class="menu" role="menu" tabindex="-1" aria-label={props.label.clone()} style={style.clone()} onkeydown={on_key}>
                    { for made.iter().enumerate().map(|(at, one)| item(at, one)) }
                </div>
            }
        </span>
    }
}

fn place(root: &NodeRef) -> String {
    let Some(button) = root.cast::<Element>() else { return String::new() };
    let rect = button.get_bounding_client_rect();
    let size = |value: Result<wasm_bindgen::JsValue, wasm_bindgen::JsValue>| value.ok().and_then(|v| v.as_f64());
    let window = gloo::utils::window();
    let (width, height) = (size(window.inner_width()).unwrap_or(0.0), size(window.inner_height()).unwrap_or(0.0));
    let left = rect.left().min(width - WIDTH - 8.0).max(8.0);
    if rect.top() > height / 2.0 {
        format!("left:{left:.0}px;bottom:{:.0}px;max-height:{:.0}px", height - rect.top() + 4.0, rect.top() - 12.0)
    } else {
        format!("left:{left:.0}px;top:{:.0}px;max-height:{:.0}px", rect.bottom() + 4.0, height - rect.bottom() - 12.0)
    }
}

fn items_of(root: &NodeRef) -> Vec<HtmlElement> {
    let found = root.cast::<Element>().and_then(|root| root.query_selector_all(".menu-item").ok());
    let Some(found) = found else { return Vec::new() };
    (0..found.length()).filter_map(|at| found.item(at)?.dyn_into::<HtmlElement>().ok()).collect()
}

fn focus_button(root: &NodeRef) {
    let button = root.cast::<Element>().and_then(|root| root.query_selector("button").ok().flatten());
    if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
        let _ = button.focus();
    }
}

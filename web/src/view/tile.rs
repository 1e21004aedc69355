//! A Pod as a tile.

use std::rc::Rc;

use yew::prelude::*;

use super::icon::icon;
use kubarium::session::protocol::{PodState, Ref};

use crate::model::{At, PODS_ONE_BY_ONE, Pod};
use crate::text::{Lang, Text};
use crate::words::{letter, line, look, split_name};

/// How large tiles are, by how many there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Size {
    Large,
    Medium,
    Small,
    /// So many that a card says how many are in which state.
    Counted,
}

impl Size {
    /// The largest at which all can be seen.
    pub fn for_count(pods: usize) -> Self {
        match pods {
            0..=60 => Size::Large,
            61..=300 => Size::Medium,
            301..=PODS_ONE_BY_ONE => Size::Small,
            _ => Size::Counted,
        }
    }

    /// The class of a tile.
    pub fn class(self) -> Option<&'static str> {
        match self {
            Size::Large => None,
            Size::Medium => Some("tile-m"),
            Size::Small | Size::Counted => Some("tile-s"),
        }
    }

    /// The class of a list of places.
    pub fn slots_class(self) -> Option<&'static str> {
        match self {
            Size::Large => None,
            Size::Medium => Some("slots-m"),
            Size::Small | Size::Counted => Some("slots-s"),
        }
    }
}

#[derive(Properties, PartialEq)]
pub struct TileProps {
    pub pod: Rc<Pod>,
    pub size: Size,
    pub selected: bool,
    pub lang: Lang,
    /// Only while a countdown runs: a tile without one does not change with time.
    pub now: Option<At>,
    /// Whether it is the one that the Tab key reaches.
    pub tab_stop: bool,
    pub on_select: Callback<Ref>,
}

/// The tile. Its name for assistive technology is its content, so both always agree.
#[component]
pub fn Tile(props: &TileProps) -> Html {
    let pod = &*props.pod;
    let text = props.lang.text();
    let row = &pod.row;
    let (family, glyph) = look(row.state, &row.status);
    let (before, name) = split_name(&row.name);
    let word = line(row);
    let left = props.now.zip(pod.wait).map(|(now, (from, until))| (now.clamp(from, until), from, until));
    let has_ring = left.is_some() && family == crate::words::Family::Failed;
    // A back-off is a ring; a grace period has no glyph to put it round, so it is a number.
    let number = left
        .filter(|_| row.state == PodState::Terminating)
        .map(|(now, _, until)| format!("{} s", (until - now + 999) / 1000));
    let on_click = {
        let about = pod.about();
        props.on_select.reform(move |_: MouseEvent| about.clone())
    };
    let class = classes!("tile", family.class(), props.size.class(), has_ring.then_some("has-ring"));
    let shows_image = family == crate::words::Family::Ok;
    match props.size {
        Size::Large => {}
        Size::Medium => return medium(props, class, glyph, left.filter(|_| has_ring), on_click),
        Size::Small | Size::Counted => return small(props, class, glyph, on_click),
    }
    html! {
        <button type="button" {class}
            id={tile_id(pod)} data-stripe={pod.stripe.to_string()} data-status={row.status.clone()}
            aria-pressed={props.selected.to_string()} tabindex={tab_index(props)} onclick={on_click}>
            <svg class="tile-edge" aria-hidden="true"><rect /></svg>
            <span class="tile-glyph">
                if let (true, Some((now, from, until))) = (has_ring, left) { { ring(now, from, until) } }
                { icon(glyph) }
            </span>
            <span class="tile-name"><span class="vh">{ format!("Pod {before}") }</span>{ name }</span>
            { revision(pod, text) }
            <span class="tile-word" lang="en">
                <span class="vh">{ if shows_image { format!(", {}, ", row.status) } else { ", ".to_owned() } }</span>
                { breakable(&word) }
                if let Some(number) = number { { " " }<span class="t">{ number }</span> }
            </span>
            if row.restarts > 0 {
                <span class="tile-restarts">
                    <span class="vh">{ format!(", {} ", text.restarts) }</span><span aria-hidden="true">{ "↻" }</span>{ row.restarts }
                </span>
            }
            <span class="tile-boxes" aria-hidden="true">
                { for (0..row.containers.max(1)).map(|at| html! { <i class={(at < row.ready).then_some("on")} /> }) }
            </span>
            if let Some(node) = pod.node() { <span class="vh">{ format!(", {node}") }</span> }
        </button>
    }
}

/// What a smaller tile says to assistive technology: all that a large one has room for.
fn spoken(props: &TileProps) -> String {
    let (row, text) = (&props.pod.row, props.lang.text());
    let revision = props.pod.revision.map(|(number, _)| format!(", {} v{number}", text.revision)).unwrap_or_default();
    let restarts = if row.restarts > 0 { format!(", {} {}", text.restarts, row.restarts) } else { String::new() };
    let node = props.pod.node().map(|node| format!(", {node}")).unwrap_or_default();
    format!("Pod {}{revision}, {}{restarts}{node}", row.name, row.status)
}

/// A tile of many: what has no room in it is no element of the page either.
fn medium(
    props: &TileProps,
    class: Classes,
    glyph: &'static str,
    left: Option<(At, At, At)>,
    onclick: Callback<MouseEvent>,
) -> Html {
    let pod = &*props.pod;
    html! {
        <button type="button" {class} id={tile_id(pod)} data-stripe={pod.stripe.to_string()} data-status={pod.row.status.clone()}
            aria-label={spoken(props)} aria-pressed={props.selected.to_string()} tabindex={tab_index(props)} {onclick}>
            <svg class="tile-edge" aria-hidden="true"><rect /></svg>
            <span class="tile-glyph">
                if let Some((now, from, until)) = left { { ring(now, from, until) } }
                { icon(glyph) }
            </span>
            <span class="tile-name">{ split_name(&pod.row.name).1 }</span>
            if pod.revision.is_some_and(|(_, newest)| newest) { <span class="tile-rev is-new"></span> }
            if pod.row.restarts > 0 { <span class="tile-restarts">{ "↻" }{ pod.row.restarts }</span> }
        </button>
    }
}

/// A tile of hundreds: one element and one letter, because a thousand drawings would take the page a tenth of a second.
fn small(props: &TileProps, class: Classes, glyph: &'static str, onclick: Callback<MouseEvent>) -> Html {
    html! {
        <button type="button" {class} id={tile_id(&props.pod)} data-status={props.pod.row.status.clone()}
            aria-label={spoken(props)} aria-pressed={props.selected.to_string()} tabindex={tab_index(props)} {onclick}>
            { letter(glyph) }
        </button>
    }
}

fn tab_index(props: &TileProps) -> &'static str {
    if props.tab_stop { "0" } else { "-1" }
}

/// A word that may break between its parts, `CrashLoop` `BackOff`, and nowhere else: a back-off is one part.
fn breakable(word: &str) -> Html {
    let mut parts: Vec<String> = vec![String::new()];
    let mut last = ' ';
    for c in word.chars() {
        let inside = parts.last().is_some_and(|part| part == "Back");
        if c.is_uppercase() && last.is_lowercase() && !inside {
            parts.push(String::new());
        }
        parts.last_mut().expect("never empty").push(c);
        last = c;
    }
    parts.into_iter().enumerate().map(|(at, part)| html! { <>if at > 0 { <wbr /> }{ part }</> }).collect()
}

/// The tile's id in the document.
pub fn tile_id(pod: &Pod) -> String {
    format!("pod-{}", pod.row.uid)
}

fn revision(pod: &Pod, text: &Text) -> Html {
    match pod.revision {
        Some((number, newest)) => html! {
            <span class={classes!("tile-rev", newest.then_some("is-new"))}>
                <span class="vh">{ format!(", {} ", text.revision) }</span>{ format!("v{number}") }
            </span>
        },
        None => html! { <span></span> },
    }
}

fn ring(now: At, from: At, until: At) -> Html {
    // It steps once a second: nothing on the page loops.
    let left = ((until - now + 999) / 1000) as f64 * 1000.0 / (until - from).max(1) as f64 * 100.0;
    html! {
        <svg class="tile-ring" viewBox="0 0 22 22" aria-hidden="true">
            <circle class="bg" cx="11" cy="11" r="9" />
            <circle cx="11" cy="11" r="9" pathLength="100" style={format!("--p:{:.0}", left.clamp(0.0, 100.0))} />
        </svg>
    }
}

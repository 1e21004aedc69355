//! Glyphs, all drawn from the one sprite.

use yew::prelude::*;

use crate::words::Family;

/// An action's glyph.
pub fn icon(id: &'static str) -> Html {
    glyph("ic", id)
}

/// A kind's glyph.
pub fn kind(id: &'static str) -> Html {
    glyph("ic ic-kind", id)
}

/// A state's glyph, in its colour.
pub fn state(id: &'static str, family: Family) -> Html {
    glyph(&format!("ic ic-st {}", family.class()), id)
}

/// Any glyph with its classes.
pub fn glyph(classes: &str, id: &'static str) -> Html {
    html! { <svg class={classes.to_owned()} aria-hidden="true"><use href={format!("#{id}")} /></svg> }
}

/// The sprite itself, once in the page.
pub fn sprite() -> Html {
    Html::from_html_unchecked(AttrValue::Static(include_str!("../../sprite.svg")))
}

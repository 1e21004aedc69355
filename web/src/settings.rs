//! What a person has chosen and the browser keeps: language, theme, motion.

use gloo::events::EventListener;
use gloo::storage::{LocalStorage, Storage};
use gloo::utils::{document_element, window};

use web_sys::MediaQueryList;

use crate::text::Lang;

/// Light or dark.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Theme {
    Auto,
    Light,
    Dark,
    HighContrast,
}

impl Theme {
    pub const ALL: [Self; 4] = [Self::Auto, Self::Light, Self::Dark, Self::HighContrast];

    /// As the style sheet's attribute spells it.
    pub fn code(self) -> &'static str {
        match self {
            Theme::Auto => "auto",
            Theme::Light => "light",
            Theme::Dark => "dark",
            Theme::HighContrast => "high-contrast",
        }
    }
}

/// How much moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Motion {
    /// As the system says.
    Auto,
    Full,
    Reduced,
}

impl Motion {
    pub const ALL: [Self; 3] = [Self::Auto, Self::Full, Self::Reduced];

    /// As the style sheet's attribute spells it.
    pub fn code(self) -> &'static str {
        match self {
            Motion::Auto => "auto",
            Motion::Full => "full",
            Motion::Reduced => "reduced",
        }
    }
}

/// All of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    pub lang: Lang,
    pub theme: Theme,
    pub motion: Motion,
    /// The plain text area instead of the code editor.
    pub plain_editor: bool,
    /// Keys without a modifier, which some input methods and screen readers use themselves.
    pub single_keys: bool,
}

impl Settings {
    /// What the address asks for, else what was kept, else what the browser says.
    pub fn load() -> Self {
        let asked = |key: &str| {
            let search = window().location().search().unwrap_or_default();
            let found =
                search.trim_start_matches('?').split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
            found.map(str::to_owned)
        };
        let value = |key: &str| asked(key).or_else(|| LocalStorage::get::<String>(stored(key)).ok());
        let spoken = window().navigator().languages().iter().filter_map(|tag| Lang::of_tag(&tag.as_string()?)).next();
        let theme = value("theme").and_then(|code| Theme::ALL.into_iter().find(|theme| theme.code() == code));
        let motion = value("motion").and_then(|code| Motion::ALL.into_iter().find(|motion| motion.code() == code));
        Self {
            lang: value("lang").and_then(|tag| Lang::of_tag(&tag)).or(spoken).unwrap_or(Lang::En),
            theme: theme.unwrap_or(Theme::Auto),
            motion: motion.unwrap_or(Motion::Auto),
            plain_editor: value("editor").is_some_and(|kind| kind == "plain"),
            single_keys: value("keys").is_none_or(|keys| keys != "off"),
        }
    }

    /// Keeps them. Where the browser keeps nothing they hold until the page is closed.
    pub fn keep(self) {
        let values = [
            ("lang", self.lang.code()),
            ("theme", self.theme.code()),
            ("motion", self.motion.code()),
            ("editor", if self.plain_editor { "plain" } else { "rich" }),
            ("keys", if self.single_keys { "on" } else { "off" }),
        ];
        for (key, value) in values {
            let _ = LocalStorage::set(stored(key), value);
        }
    }

    /// Puts them where the style sheet looks.
    pub fn show(self) {
        let root = document_element();
        let theme = match self.theme {
            Theme::Auto if self.is_dark() => Theme::Dark,
            Theme::Auto => Theme::Light,
            chosen => chosen,
        };
        let attributes =
            [("lang", self.lang.code()), ("data-theme", theme.code()), ("data-motion", self.motion.code())];
        for (name, value) in attributes {
            let _ = root.set_attribute(name, value);
        }
    }

    /// Whether the page is dark, by choice or because the system is.
    pub fn is_dark(self) -> bool {
        match self.theme {
            Theme::Auto => dark_system().is_some_and(|query| query.matches()),
            chosen => chosen == Theme::Dark,
        }
    }

    /// Shows them anew whenever the system turns dark or light; for as long as what is returned is not called.
    pub fn follow_system(self) -> impl FnOnce() {
        let listener = dark_system().map(|query| EventListener::new(&query, "change", move |_| self.show()));
        move || drop(listener)
    }

    /// Whether things may travel across the page.
    pub fn moves(self) -> bool {
        let still = || {
            window().match_media("(prefers-reduced-motion: reduce)").ok().flatten().is_some_and(|query| query.matches())
        };
        match self.motion {
            Motion::Full => true,
            Motion::Reduced => false,
            Motion::Auto => !still(),
        }
    }
}

fn dark_system() -> Option<MediaQueryList> {
    window().match_media("(prefers-color-scheme: dark)").ok().flatten()
}

fn stored(key: &str) -> String {
    format!("kubarium.{key}")
}

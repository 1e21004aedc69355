//! The editor: a native text area at once, the code editor over the same text when it has come.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlTextAreaElement};
use yew::prelude::*;

use kubarium::session::protocol::{Diagnostic, Severity};

use crate::store::{Action, Hub, use_hub};

// `import()` and not a static import: the page is usable long before the editor has come.
#[wasm_bindgen(inline_js = "export function later(path) { return import(new URL(path, document.baseURI)); }")]
extern "C" {
    #[wasm_bindgen(catch, js_name = later)]
    async fn import_later(path: &str) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen]
extern "C" {
    type Module;
    #[wasm_bindgen(method)]
    fn mount(this: &Module, host: &Element, options: &JsValue) -> Mounted;

    /// The editor's surface, as `editor.js` gives it.
    #[derive(Clone)]
    type Mounted;
    #[wasm_bindgen(method)]
    fn open(this: &Mounted, name: &str, label: &str, text: &str);
    #[wasm_bindgen(method, js_name = setProblems)]
    fn set_problems(this: &Mounted, problems: &js_sys::Array);
    #[wasm_bindgen(method, js_name = goTo)]
    fn go_to(this: &Mounted, line: u32, column: u32);
    #[wasm_bindgen(method)]
    fn destroy(this: &Mounted);
}

thread_local! {
    /// The one editor of the page; not part of the state, for it is a thing of the document.
    static MOUNTED: RefCell<Option<Mounted>> = const { RefCell::new(None) };
}

const PLAIN_ID: &str = "manifest";

/// What a key asks for, in either editor.
fn ask(hub: &Hub, what: &str, line: u32) {
    match what {
        "document" => hub.apply_document(line),
        "dry" => hub.apply(true),
        _ => hub.apply(false),
    }
}

#[component]
pub fn Editor() -> Html {
    let hub = use_hub();
    let state = &hub.state;
    let text = state.text();
    let host = use_node_ref();
    let rich = use_state(|| false);
    // The closures of the mounted editor outlive a render: they look up what holds now.
    let latest = use_mut_ref(|| hub.clone());
    *latest.borrow_mut() = hub.clone();
    let open = state.files.open();
    let label = format!("{}: {}", text.manifest, open.name);
    {
        let (host, rich) = (host.clone(), rich.clone());
        use_effect_with((state.settings.plain_editor, state.settings.lang), move |(plain, _)| {
            unmount();
            rich.set(false);
            if !plain && let Some(host) = host.cast::<Element>() {
                spawn_local(async move {
                    // Where it cannot be loaded the text area stays: nothing depends on the editor.
                    if let Ok(module) = import_later("editor.js").await {
                        mount(&module.unchecked_into(), &host, latest);
                        rich.set(true);
                    }
                });
            }
            unmount
        });
    }
    {
        let rich = *rich;
        use_effect_with(
            (open.name.clone(), open.text.clone(), label.clone(), rich),
            move |(name, manifest, label, _)| {
                MOUNTED.with_borrow(|mounted| mounted.iter().for_each(|editor| editor.open(name, label, manifest)));
            },
        );
        let here: Vec<Diagnostic> = state.problems.iter().filter(|one| *one.file == *open.name).cloned().collect();
        use_effect_with((here, open.name.clone(), rich), move |(problems, _, _)| {
            MOUNTED.with_borrow(|mounted| mounted.iter().for_each(|editor| editor.set_problems(&as_array(problems))));
        });
    }
    let on_input = {
        let to = state.dispatcher();
        Callback::from(move |event: InputEvent| {
            let area: HtmlTextAreaElement = event.target_unchecked_into();
            to.dispatch(Action::Manifest(area.value().into()));
        })
    };
    let on_key = {
        let hub = hub.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) && !event.is_composing() {
                event.prevent_default();
                let what = match (event.alt_key(), event.shift_key()) {
                    (true, _) => "dry",
                    (_, true) => "document",
                    _ => "all",
                };
                ask(&hub, what, line_of(&event.target_unchecked_into()));
            }
        })
    };
    html! {
        <>
            <div class={classes!("code-host", (!*rich).then_some("vh"))} ref={host} lang="en"></div>
            if !*rich {
                <textarea id={PLAIN_ID} class="plain" lang="en" spellcheck="false" autocapitalize="off" autocomplete="off" wrap="off"
                    aria-label={label} value={open.text.to_string()} oninput={on_input} onkeydown={on_key} />
            }
        </>
    }
}

/// The line of the caret.
fn line_of(area: &HtmlTextAreaElement) -> u32 {
    let at = area.selection_start().ok().flatten().unwrap_or(0);
    let before: Vec<u16> = area.value().encode_utf16().take(at as usize).collect();
    before.iter().filter(|unit| **unit == u16::from(b'\n')).count() as u32 + 1
}

/// Puts the caret at a place of the manifest, in whichever editor there is.
pub fn go_to(line: u32, column: u32) {
    if MOUNTED.with_borrow(|mounted| mounted.as_ref().map(|editor| editor.go_to(line, column))).is_some() {
        return;
    }
    let area = gloo::utils::document()
        .get_element_by_id(PLAIN_ID)
        .and_then(|found| found.dyn_into::<HtmlTextAreaElement>().ok());
    if let Some(area) = area {
        let place = offset(&area.value(), line, column);
        let _ = area.focus();
        let _ = area.set_selection_range(place, place);
    }
}

/// Where a line and a column are, in the UTF-16 units that the browser counts in.
fn offset(text: &str, line: u32, column: u32) -> u32 {
    let before: usize =
        text.split_inclusive('\n').take(line.saturating_sub(1) as usize).map(|line| line.encode_utf16().count()).sum();
    u32::try_from(before).unwrap_or(u32::MAX) + column.saturating_sub(1)
}

fn mount(module: &Module, host: &Element, latest: Rc<RefCell<Hub>>) {
    let changed = {
        let latest = latest.clone();
        Closure::<dyn Fn(String)>::new(move |text: String| {
            latest.borrow().state.dispatch(Action::Manifest(text.into()));
        })
    };
    let apply = Closure::<dyn Fn(String, u32)>::new(move |what: String, line: u32| {
        let hub = latest.borrow().clone();
        ask(&hub, &what, line);
    });
    let options = js_sys::Object::new();
    // The editor keeps them as long as the page lives.
    set(&options, "onChange", &changed.into_js_value());
    set(&options, "onApply", &apply.into_js_value());
    let editor = module.mount(host, &options);
    MOUNTED.with_borrow_mut(|mounted| *mounted = Some(editor));
}

fn unmount() {
    if let Some(editor) = MOUNTED.with_borrow_mut(Option::take) {
        editor.destroy();
    }
}

fn as_array(problems: &[Diagnostic]) -> js_sys::Array {
    problems
        .iter()
        .map(|problem| {
            let one = js_sys::Object::new();
            set(&one, "line", &problem.line.into());
            set(&one, "column", &problem.column.into());
            set(&one, "endColumn", &problem.end_column.into());
            set(&one, "severity", &if problem.severity == Severity::Warning { "warning" } else { "error" }.into());
            set(&one, "message", &problem.message.as_str().into());
            JsValue::from(one)
        })
        .collect()
}

fn set(object: &js_sys::Object, key: &str, value: &JsValue) {
    js_sys::Reflect::set(object, &key.into(), value).expect("a plain object takes any key");
}

#[cfg(test)]
mod tests {
    use super::offset;

    #[test]
    fn places_are_counted_as_the_browser_counts() {
        assert_eq!(offset("a\nbc\n", 2, 2), 3);
        assert_eq!(offset("파드\nx", 2, 1), 3);
        assert_eq!(offset("😀\nx", 2, 1), 3);
    }
}

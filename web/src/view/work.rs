//! The work panel: the manifest, what is wrong with it, and what came of applying it.

use yew::prelude::*;

use super::icon::{icon, kind, state as state_glyph};
use super::menu::{Item, Menu};
use crate::editor::Editor;
use kubarium::session::protocol::{Diagnostic, Severity};

use crate::store::{Action, FileAction, Hub, Pane, use_hub};
use crate::text::{Text, fill};
use crate::words::{Family, kind_glyph};

#[component]
pub fn Work() -> Html {
    let hub = use_hub();
    let page = &hub.state;
    let text = page.text();
    let apply = |dry: bool| {
        let hub = hub.clone();
        Callback::from(move |_: MouseEvent| hub.apply(dry))
    };
    html! {
        <div class="work" id="work" tabindex="-1" role={page.role_of(Pane::Work)} aria-label={text.files}>
            <div class="rail">
                <button type="button" class="btn btn-quiet btn-icon" aria-label={text.open_yaml} onclick={hub.on(|| Action::WorkOpen(true))}>{ icon("a-code") }</button>
            </div>
            <div class="bar">
                <h2 class="bar-title">{ text.manifest }</h2>
                <div class="bar-end">
                    <button type="button" class="btn btn-quiet btn-sm only-m hide-s" onclick={hub.on(|| Action::Pane(Pane::Side))}>{ icon("a-inspect") }<span>{ text.inspector }</span></button>
                    <button type="button" class="btn btn-quiet btn-icon btn-sm hide-s" aria-label={text.collapse} onclick={hub.on(|| Action::WorkOpen(false))}>
                        { icon("a-collapse") }
                    </button>
                </div>
            </div>
            { tabs(&hub) }
            { documents(&hub) }
            <Editor />
            { problems(&hub) }
            <div class="applybar">
                <button type="button" class="btn btn-main" id="apply" onclick={apply(false)}>{ text.apply }<kbd class="hide-s">{ "Ctrl ↵" }</kbd></button>
                <button type="button" class="btn" onclick={apply(true)}>{ text.dry_run }</button>
                { outcome(&hub) }
            </div>
        </div>
    }
}

fn file(hub: &Hub, action: FileAction) -> Callback<()> {
    hub.on(move || Action::File(action.clone()))
}

/// The files, the open one among them, and what can be done with it.
fn tabs(hub: &Hub) -> Html {
    let state = &hub.state;
    let text = state.text();
    let files = &state.files;
    let open = files.open().name.clone();
    let items = vec![
        Item::new(text.rename, "F2", file(hub, FileAction::BeginRename)),
        Item::new(text.delete, "", file(hub, FileAction::Delete)),
    ];
    let on_key = {
        let hub = hub.clone();
        Callback::from(move |event: KeyboardEvent| {
            let count = hub.state.files.all.len();
            let at = hub.state.files.current;
            let action = match event.key().as_str() {
                "ArrowRight" => FileAction::Choose((at + 1) % count),
                "ArrowLeft" => FileAction::Choose((at + count - 1) % count),
                "F2" => FileAction::BeginRename,
                "Delete" => FileAction::Delete,
                _ => return,
            };
            event.prevent_default();
            if let FileAction::Choose(next) = action {
                super::shell::focus(&format!("file-{next}"));
            }
            hub.state.dispatch(Action::File(action));
        })
    };
    html! {
        <div class="files">
            if state.renaming {
                <Rename name={open.to_string()} />
            } else {
                <div role="tablist" aria-label={text.files} onkeydown={on_key}>
                    { for files.all.iter().enumerate().map(|(at, one)| {
                        let chosen = at == files.current;
                        let wrong = state.problems.iter().any(|problem| *problem.file == *one.name);
                        html! {
                            <button type="button" key={at} id={format!("file-{at}")} class="file" role="tab" lang="en" aria-selected={chosen.to_string()}
                                tabindex={if chosen { "0" } else { "-1" }} onclick={file(hub, FileAction::Choose(at)).reform(|_| ())}
                                ondblclick={file(hub, FileAction::BeginRename).reform(|_| ())}>
                                { one.name.to_string() }
                                if wrong { { state_glyph("s-cross", Family::Failed) }<span class="vh" lang={state.settings.lang.code()}>{ text.has_problems }</span> }
                            </button>
                        }
                    }) }
                </div>
            }
            <button type="button" class="btn btn-quiet btn-icon btn-sm" aria-label={text.new_file} onclick={file(hub, FileAction::Add).reform(|_| ())}>{ icon("a-plus") }</button>
            <Menu label={fill(text.actions_for, &[("name", &open)])} glyph="a-more" quiet=true class="btn-icon btn-sm" {items} />
            if let Some((_, gone)) = &files.deleted {
                <span class="file-gone" role="status">
                    { fill(text.file_deleted, &[("name", &gone.name)]) }{ " " }
                    <button type="button" class="btn btn-sm" onclick={file(hub, FileAction::Restore).reform(|_| ())}>{ text.put_back }</button>
                </span>
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct RenameProps {
    name: String,
}

/// The name of the open file while it is typed: Enter takes it, Escape leaves it.
#[component]
fn Rename(props: &RenameProps) -> Html {
    let hub = use_hub();
    let input = use_node_ref();
    let typed = use_state(|| props.name.clone());
    {
        let input = input.clone();
        use_effect_with((), move |()| {
            if let Some(input) = input.cast::<web_sys::HtmlInputElement>() {
                let _ = input.focus();
                input.select();
            }
        });
    }
    let done = {
        let (to, typed, at) = (hub.state.dispatcher(), typed.clone(), hub.state.files.current);
        Callback::from(move |take: bool| {
            let name = take.then(|| (*typed).clone());
            to.dispatch(Action::File(FileAction::Rename(name)));
            gloo::timers::callback::Timeout::new(0, move || super::shell::focus(&format!("file-{at}"))).forget();
        })
    };
    let on_key = {
        let done = done.clone();
        Callback::from(move |event: KeyboardEvent| {
            let take = match event.key().as_str() {
                "Enter" if !event.is_composing() => true,
                "Escape" => false,
                _ => return,
            };
            event.prevent_default();
            done.emit(take);
        })
    };
    let on_input = {
        let typed = typed.clone();
        Callback::from(move |event: InputEvent| {
            typed.set(event.target_unchecked_into::<web_sys::HtmlInputElement>().value());
        })
    };
    let leave = {
        let (to, typed) = (hub.state.dispatcher(), typed.clone());
        Callback::from(move |_: FocusEvent| to.dispatch(Action::File(FileAction::Rename(Some((*typed).clone())))))
    };
    html! {
        <input class="file-name" lang="en" ref={input} aria-label={hub.state.text().file_name} value={(*typed).clone()} oninput={on_input} onkeydown={on_key} onfocusout={leave} />
    }
}

/// One line for each document of the file: what it is, and whether it has been applied as it stands.
fn documents(hub: &Hub) -> Html {
    let state = &hub.state;
    let text = state.text();
    let open = state.files.open();
    let says = match &open.applied {
        None => text.will_create,
        Some(applied) if *applied == open.text => text.applied,
        Some(_) => text.will_change,
    };
    html! {
        <ul class="docs" aria-label={text.documents} lang="en">
            { for outline(&open.text).into_iter().map(|(kind_of, name)| html! {
                <li class="doc-head"><span>{ kind(kind_glyph(&kind_of)) }<b>{ name }</b><span class="vh">{ kind_of }</span></span><span class="cap">{ says }</span></li>
            }) }
        </ul>
    }
}

/// Kind and name of every document, read line by line: good enough for a caption while someone is typing.
fn outline(manifest: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for document in manifest.split("\n---") {
        let value = |key: &str| {
            let line = document.lines().find_map(|line| line.strip_prefix(key))?;
            Some(line.trim().trim_matches('"').to_owned())
        };
        if let Some(kind) = value("kind:") {
            found.push((kind, value("  name:").unwrap_or_default()));
        }
    }
    found
}

fn problems(hub: &Hub) -> Html {
    let state_ = &hub.state;
    let text = state_.text();
    if state_.problems.is_empty() {
        return Html::default();
    }
    html! {
        <section class="problems" aria-labelledby="problems-h">
            <h2 id="problems-h">{ text.problems }{ " " }<span class="count count-bad">{ state_.problems.len() }</span></h2>
            { for state_.problems.iter().map(|problem| row(hub, problem)) }
        </section>
    }
}

fn row(hub: &Hub, problem: &Diagnostic) -> Html {
    let text = hub.state.text();
    let (glyph, family) =
        if problem.severity == Severity::Warning { ("s-warn", Family::Waiting) } else { ("s-cross", Family::Failed) };
    let place = fill(text.line_column, &[("line", &problem.line.to_string()), ("column", &problem.column.to_string())]);
    let (line, column) = (problem.line, problem.column);
    let at = hub.state.files.all.iter().position(|file| *file.name == *problem.file);
    let elsewhere = at.filter(|at| *at != hub.state.files.current);
    let place = if elsewhere.is_some() { format!("{}: {place}", problem.file) } else { place };
    let go = {
        let to = hub.state.dispatcher();
        Callback::from(move |_: MouseEvent| match elsewhere {
            // The editor has the other file's text only after the next drawing.
            Some(at) => {
                to.dispatch(Action::File(FileAction::Choose(at)));
                gloo::timers::callback::Timeout::new(50, move || crate::editor::go_to(line, column)).forget();
            }
            None => crate::editor::go_to(line, column),
        })
    };
    html! {
        <div class="problem">
            { state_glyph(glyph, family) }
            <span class="verb" lang="en">{ problem.message.clone() }</span>
            if let Some(says) = plainly(problem, text) { <span class="plainly">{ says }</span> }
            <span class="acts">
                <button type="button" class="btn btn-sm" onclick={go}>{ place }</button>
                { fix(hub, problem) }
            </span>
        </div>
    }
}

/// What the API server's words mean and what to do, where that is known.
fn plainly(problem: &Diagnostic, text: &Text) -> Option<String> {
    let says = |part: &str| problem.message.contains(part);
    let line = problem.line.to_string();
    if let (true, Some(known)) = (says("unknown field"), &problem.fix) {
        return Some(fill(text.did_you_mean, &[("text", known)]));
    }
    let sentence = if says("mapping values are not allowed") {
        text.plain_colon
    } else if says("did not find expected") {
        text.plain_alignment
    } else if says("does not match template") {
        text.plain_selector
    } else if says("field is immutable") {
        text.plain_immutable
    } else if says("no matches for kind") {
        text.plain_kind
    } else if says("unknown field") {
        text.plain_unknown_field
    } else if says("Required value") || says("is required") {
        text.plain_required
    } else if says("cannot unmarshal") || says("unable to decode") {
        text.plain_type
    } else {
        return None;
    };
    Some(fill(sentence, &[("line", &line)]))
}

/// A button where it is certain what would make it right.
fn fix(hub: &Hub, problem: &Diagnostic) -> Html {
    let open = hub.state.files.open();
    let Some(text) = problem.fix.as_ref().filter(|_| *problem.file == *open.name) else { return Html::default() };
    let fixed = replaced(&open.text, problem, text);
    html! {
        <button type="button" class="btn btn-sm" onclick={hub.on(move || Action::Manifest(fixed.clone().into()))}>
            { fill(hub.state.text().fix, &[("text", text)]) }
        </button>
    }
}

/// The manifest with the columns of a finding replaced.
fn replaced(manifest: &str, problem: &Diagnostic, by: &str) -> String {
    let mut lines: Vec<String> = manifest.split('\n').map(str::to_owned).collect();
    if let Some(line) = lines.get_mut(problem.line.saturating_sub(1) as usize) {
        let chars: Vec<char> = line.chars().collect();
        let from = (problem.column.saturating_sub(1) as usize).min(chars.len());
        let to = (problem.end_column.saturating_sub(1) as usize).clamp(from, chars.len());
        *line = chars[..from].iter().copied().chain(by.chars()).chain(chars[to..].iter().copied()).collect();
    }
    lines.join("\n")
}

/// What came of it: kubectl's line for each document, and for a dry run what would change.
fn outcome(hub: &Hub) -> Html {
    let Some(outcome) = &hub.state.outcome else { return Html::default() };
    let text = hub.state.text();
    html! {
        <>
            <div class="applied" role="status" lang="en">
                { for outcome.documents.iter().filter(|one| !one.line.is_empty()).map(|one| html! { <div>{ one.line.clone() }</div> }) }
            </div>
            if outcome.dry {
                { for outcome.documents.iter().filter(|one| one.before != one.after).map(|one| html! {
                    <div class="diff" role="region" tabindex="0" aria-label={format!("{}: {}", text.changes, one.what.name)} lang="en">
                        { for changes(&one.before, &one.after).into_iter().map(|(class, line)| html! { <span class={class}>{ line.to_owned() }</span> }) }
                    </div>
                }) }
            }
        </>
    }
}

/// Lines taken away and put in, with two lines around each; by the longest common sequence of lines.
fn changes<'a>(before: &'a str, after: &'a str) -> Vec<(&'static str, &'a str)> {
    let (a, b): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    // lengths[i][j]: how many lines a[i..] and b[j..] have in common, in order.
    let mut lengths = vec![vec![0_u32; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            lengths[i][j] =
                if a[i] == b[j] { lengths[i + 1][j + 1] + 1 } else { lengths[i + 1][j].max(lengths[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut all) = (0, 0, Vec::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            all.push(("", a[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && lengths[i + 1][j] >= lengths[i][j + 1]) {
            all.push(("del", a[i]));
            i += 1;
        } else {
            all.push(("add", b[j]));
            j += 1;
        }
    }
    let near =
        |at: usize| all[at.saturating_sub(2)..(at + 3).min(all.len())].iter().any(|(class, _)| !class.is_empty());
    (0..all.len()).filter(|at| near(*at)).map(|at| all[at]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_shows_what_changed_and_little_around_it() {
        let found = changes("a\nb\nc\nd\ne\nimage: 1\nf", "a\nb\nc\nd\ne\nimage: 2\nf");
        assert_eq!(found, [("", "d"), ("", "e"), ("del", "image: 1"), ("add", "image: 2"), ("", "f")]);
    }

    #[test]
    fn the_servers_words_are_said_plainly_where_they_are_known() {
        let text = crate::text::Lang::En.text();
        let problem = |message: &str, fix: Option<&str>| Diagnostic {
            file: String::new(),
            line: 7,
            column: 1,
            end_column: 1,
            severity: Severity::Error,
            message: message.into(),
            path: String::new(),
            fix: fix.map(str::to_owned),
        };
        let unknown = problem("strict decoding error: unknown field \"spec.replica\"", Some("replicas"));
        assert_eq!(plainly(&unknown, text).as_deref(), Some("Did you mean replicas?"));
        let yaml = problem("error parsing a.yaml: yaml: line 7: did not find expected key", None);
        assert!(plainly(&yaml, text).is_some_and(|says| says.starts_with("Line 7 ")));
        assert_eq!(plainly(&problem("something new", None), text), None);
    }

    #[test]
    fn a_fix_replaces_only_its_columns() {
        let problem = Diagnostic {
            file: String::new(),
            line: 2,
            column: 3,
            end_column: 10,
            severity: Severity::Error,
            message: String::new(),
            path: String::new(),
            fix: None,
        };
        assert_eq!(replaced("spec:\n  replica: 3\n", &problem, "replicas"), "spec:\n  replicas: 3\n");
    }

    #[test]
    fn documents_are_found_while_the_text_is_still_being_written() {
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n---\nkind: Service\nmetadata:\n---\nspec: [";
        assert_eq!(outline(text), [("Deployment".to_owned(), "web".to_owned()), ("Service".to_owned(), String::new())]);
    }
}

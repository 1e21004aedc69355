//! The work panel: the manifest, what is wrong with it, and what came of applying it.

use yew::prelude::*;

use super::icon::{icon, kind, state};
use crate::editor::Editor;
use kubarium::session::protocol::{Diagnostic, Severity};

use crate::store::{Action, Command, Hub, Pane, use_hub};
use crate::text::fill;
use crate::words::{Family, kind_glyph};

#[component]
pub fn Work() -> Html {
    let hub = use_hub();
    let page = &hub.state;
    let text = page.text();
    let apply = {
        let (engine, manifest) = (hub.engine.clone(), page.manifest.clone());
        Callback::from(move |dry: bool| engine.emit(Command::Apply { manifest: manifest.clone(), dry }))
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
            { documents(&hub) }
            <Editor on_apply={apply.reform(|()| false)} />
            { problems(&hub) }
            <div class="applybar">
                <button type="button" class="btn btn-main" id="apply" onclick={apply.reform(|_| false)}>{ text.apply }<kbd class="hide-s">{ "Ctrl ↵" }</kbd></button>
                <button type="button" class="btn" onclick={apply.reform(|_| true)}>{ text.dry_run }</button>
                { outcome(&hub) }
            </div>
        </div>
    }
}

/// One line for each document of the file: what it is, and whether it has been applied as it stands.
fn documents(hub: &Hub) -> Html {
    let state = &hub.state;
    let text = state.text();
    let says = match &state.applied_manifest {
        None => text.will_create,
        Some(applied) if *applied == state.manifest => text.applied,
        Some(_) => text.will_change,
    };
    html! {
        <ul class="docs" aria-label={text.documents} lang="en">
            { for outline(&state.manifest).into_iter().map(|(kind_of, name)| html! {
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
    html! {
        <div class="problem">
            { state(glyph, family) }
            <span class="verb" lang="en">{ problem.message.clone() }</span>
            <span class="acts">
                <button type="button" class="btn btn-sm" onclick={Callback::from(move |_: MouseEvent| crate::editor::go_to(line, column))}>{ place }</button>
                { fix(hub, problem) }
            </span>
        </div>
    }
}

/// A button where it is certain what would make it right.
fn fix(hub: &Hub, problem: &Diagnostic) -> Html {
    let Some(text) = &problem.fix else { return Html::default() };
    let fixed = replaced(&hub.state.manifest, problem, text);
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

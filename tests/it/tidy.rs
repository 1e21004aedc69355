//! The laws of the house: who may import whom, how a file opens, how long it may be.

use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};

/// Who may import whom, as `src/ARCHITECTURE.md` prints it. A room may always import itself.
const IMPORT_LAW: &str = "
sim            -> nothing
apimachinery   -> sim
api            -> apimachinery
apiserver      -> api, apimachinery, sim
client         -> apiserver, api, apimachinery, sim
network        -> api, apimachinery, sim
runtime        -> api, apimachinery, sim
controllers    -> client, api, apimachinery, sim
scheduler      -> client, api, apimachinery, sim
kubelet        -> client, runtime, network, api, apimachinery, sim
cluster        -> kubelet, scheduler, controllers, runtime, network, client, apiserver, api, apimachinery, sim
kubectl        -> apiserver, apimachinery, api
terminal       -> kubectl, cluster
scenario       -> terminal, kubectl, cluster, client, apiserver, api, apimachinery, sim
session        -> scenario, terminal, kubectl, cluster, client, kubelet, apiserver, api, apimachinery, sim
fuzz           -> cluster, client, apiserver, api, apimachinery, sim
run            -> session, scenario, cluster, api, apimachinery, sim
serve          -> session, cluster, scheduler, apiserver::wire, apimachinery, api, sim
bin            -> serve, run, fuzz, session, scenario, cluster, apiserver::wire, apimachinery
";

/// The page and the worker see the session and nothing behind it.
const WEB_LAW: &str = "web -> kubarium::session";

/// No file is longer; a room that grows past it becomes a folder.
const LINES_MAX: usize = 800;

/// What imitates Kubernetes says which part of it.
const IMITATING: &[&str] = &["api", "apiserver", "controllers", "scheduler", "kubelet", "kubectl"];

/// A law gives its violations, one line each.
type Law = fn() -> Vec<String>;

pub(crate) fn trials() -> Vec<Trial> {
    let laws: [(&str, Law); 6] = [
        ("tidy::rooms import only what the law allows", imports),
        ("tidy::the page imports only the session", web_imports),
        ("tidy::every file opens with a sentence", openings),
        ("tidy::no file is longer than 800 lines", lengths),
        ("tidy::what imitates names its original", upstream),
        ("tidy::every controller has a case that expects its writes", cases_of_controllers),
    ];
    laws.into_iter()
        .map(|(name, law)| {
            Trial::test(name, move || {
                let broken = law();
                if broken.is_empty() { Ok(()) } else { Err(Failed::from(broken.join("\n"))) }
            })
        })
        .collect()
}

fn imports() -> Vec<String> {
    let mut broken = Vec::new();
    for file in files(&["src"], &["rs"]) {
        let room = room_of(&file);
        if room == "lib" {
            continue;
        }
        let Some((line_of_law, allowed)) = law_for(&room) else {
            broken.push(format!("{}: the import law has no line for `{room}`", file.display()));
            continue;
        };
        // The program is a crate of its own and speaks of the library by name.
        let prefix = if room == "bin" { "kubarium::" } else { "crate::" };
        let text = text_before_unit_tests(&file);
        for (number, path) in paths_after(&text, prefix) {
            let target = path.split("::").next().unwrap_or_default();
            let is_room = law_for(target).is_some();
            let is_allowed = allowed
                .iter()
                .any(|law| path == *law || path.strip_prefix(law).is_some_and(|rest| rest.starts_with("::")));
            if is_room && target != room && !is_allowed {
                broken.push(format!("{}:{number}: imports {path}; the law: {line_of_law}", file.display()));
            }
        }
    }
    broken
}

fn web_imports() -> Vec<String> {
    let mut broken = Vec::new();
    for file in files(&["web/src"], &["rs"]) {
        for (number, path) in paths_after(&text_before_unit_tests(&file), "kubarium::") {
            if path != "session" && !path.starts_with("session::") {
                broken.push(format!("{}:{number}: imports {path}; the law: {WEB_LAW}", file.display()));
            }
        }
    }
    broken
}

fn openings() -> Vec<String> {
    let rust = files(&["src", "web", "xtask", "tests"], &["rs"]).into_iter().map(|file| (file, "//! "));
    let script = files(&["static", "tests", "web/npm"], &["js", "mjs"]).into_iter().map(|file| (file, "// "));
    let style = files(&["static"], &["css"]).into_iter().map(|file| (file, "/* "));
    rust.chain(script)
        .chain(style)
        .filter(|(file, mark)| {
            let text = read(file);
            let first = text.lines().next().unwrap_or_default();
            first.strip_prefix(mark).is_none_or(|sentence| sentence.trim().len() < 6)
        })
        .map(|(file, mark)| format!("{}: opens without a sentence after `{mark}`", file.display()))
        .collect()
}

fn lengths() -> Vec<String> {
    files(&["src", "web", "xtask", "tests", "static"], &["rs", "js", "mjs", "css"])
        .into_iter()
        .map(|file| (read(&file).lines().count(), file))
        .filter(|(lines, _)| *lines > LINES_MAX)
        .map(|(lines, file)| format!("{}: {lines} lines, at most {LINES_MAX}", file.display()))
        .collect()
}

fn upstream() -> Vec<String> {
    files(&["src"], &["rs"])
        .into_iter()
        .filter(|file| IMITATING.contains(&room_of(file).as_str()) && !is_unit_tests(file) && !is_list(file))
        .filter(|file| {
            !read(file).lines().take_while(|line| line.starts_with("//!")).any(|line| line.contains("Upstream:"))
        })
        .map(|file| format!("{}: its `//!` has no `Upstream:` line", file.display()))
        .collect()
}

/// A controller is a file of `src/controllers` that names itself; its cases say `write: {actor: NAME, …`.
fn cases_of_controllers() -> Vec<String> {
    let cases: String = files(&["tests/cases"], &["yaml"]).iter().map(|file| read(file)).collect();
    let mark = "const NAME: &'static str = \"";
    files(&["src/controllers"], &["rs"])
        .into_iter()
        .filter_map(|file| {
            let text = read(&file);
            let name = text.split_once(mark)?.1.split('"').next()?.to_owned();
            let has_case = cases.contains(&format!("write: {{actor: {name},"));
            (!has_case).then(|| format!("{}: no case under tests/cases expects a write of {name}", file.display()))
        })
        .collect()
}

/// A room's line of the law, and what it allows.
fn law_for(room: &str) -> Option<(&'static str, Vec<&'static str>)> {
    let line = IMPORT_LAW.lines().find(|line| line.split("->").next().is_some_and(|name| name.trim() == room))?;
    let allowed = line.split_once("->")?.1.split(',').map(str::trim).filter(|name| *name != "nothing").collect();
    Some((line, allowed))
}

/// The top-level module that a file of `src/` belongs to.
fn room_of(file: &Path) -> String {
    let inside = file.strip_prefix("src").expect("a file of src");
    let first = inside.components().next().expect("a file has a name").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// Every path that follows `prefix`, groups taken apart to their first parts, with its line.
fn paths_after(text: &str, prefix: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(prefix) {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let number = text[..at].lines().count().max(1);
        let rest = &text[at + prefix.len()..];
        if rest.starts_with(|c: char| c.is_lowercase()) && rest[path_at(rest).len()..].starts_with('!') {
            continue; // A macro at the root of the crate may be named like a room.
        }
        match rest.strip_prefix('{') {
            Some(group) => found.extend(heads_of_group(group).into_iter().map(|path| (number, path))),
            None => found.push((number, path_at(rest))),
        }
    }
    found
}

/// The paths of `a, b::{c, d}, e}`: the inner groups only as far as they begin.
fn heads_of_group(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut heads = vec![String::new()];
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => heads.push(String::new()),
            _ if depth == 0 => heads.last_mut().expect("never empty").push(c),
            _ => {}
        }
    }
    heads.iter().map(|head| path_at(head.trim())).filter(|head| !head.is_empty()).collect()
}

fn path_at(text: &str) -> String {
    let path: String = text.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':')).collect();
    path.trim_end_matches(':').to_owned()
}

/// The text without comments and without the unit tests at its end, which may look anywhere.
fn text_before_unit_tests(file: &Path) -> String {
    if is_unit_tests(file) {
        return String::new();
    }
    let text = read(file);
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines()
        .map(|line| if line.trim_start().starts_with("//") { "\n" } else { line }.trim_end().to_owned() + "\n")
        .collect()
}

fn is_unit_tests(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name == "tests.rs") || file.components().any(|part| part.as_os_str() == "tests")
}

/// `src/ROOM/mod.rs`, or any `mod.rs` that only names its files, is a list and imitates nothing.
fn is_list(file: &Path) -> bool {
    let names_only = |line: &str| {
        line.is_empty() || ["//", "mod ", "pub mod ", "pub use ", "use "].iter().any(|mark| line.starts_with(mark))
    };
    file.ends_with("mod.rs")
        && (file.components().count() == 3 || read(file).lines().all(|line| names_only(line.trim())))
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below some folders with one of these endings, relative to the workspace, in order.
fn files(folders: &[&str], endings: &[&str]) -> Vec<PathBuf> {
    fn walk(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(root().join(folder)).into_iter().flatten().flatten() {
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() {
                if path.file_name().is_some_and(|name| name != "node_modules") {
                    walk(&path, endings, found);
                }
            } else if path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted)) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    for folder in folders {
        walk(Path::new(folder), endings, &mut found);
    }
    found.sort();
    found
}

//! What a real v1.35 control plane and kubelet did, played against ours without a network.
//!
//! `tests/oracle/SET.yaml` holds one document a case; `tests/README.md` says what is in it. A case passes when every
//! step and every write is as it was recorded. `tests/oracle/known_failures.txt` names the cases that do not yet, how
//! much of each differs, and why; one that gets better makes its test fail, so that the list only shrinks.

mod align;
mod console;
mod kubelet;
mod masks;
mod objects;
mod play;
mod scan;
mod tables;
mod timeline;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use kubarium::apimachinery::Value;
use libtest_mimic::{Failed, Trial};

const SETS: &[&str] = &["errors", "apply", "scheduler", "timelines", "kubelet"];
const FOLDER: &str = "tests/oracle";
/// A document begins with its name: `--- # NAME`.
const MARK: &str = "--- # ";
/// How many differences of a case are shown.
const SHOWN: usize = 6;

pub(crate) fn trials() -> Vec<Trial> {
    let mut known = known_failures();
    let mut trials = Vec::new();
    for set in SETS {
        let text: Arc<str> = read(&format!("{set}.yaml")).into();
        let marks: Vec<usize> = text.match_indices(MARK).map(|(at, _)| at).filter(|at| is_line(&text, *at)).collect();
        for (n, from) in marks.iter().enumerate() {
            let to = marks.get(n + 1).copied().unwrap_or(text.len());
            let line = text[*from..to].lines().next().unwrap_or_default();
            let name = format!("{set}/{}", &line[MARK.len()..]);
            let why = known.remove(&name);
            let (text, from) = (text.clone(), *from);
            trials.push(Trial::test(format!("oracle::{name}"), move || judge(&run(set, &text[from..to]), why)));
        }
    }
    trials.push(Trial::test("oracle::every known failure is a case", move || match known.is_empty() {
        true => Ok(()),
        false => Err(Failed::from(format!("no such case: {:?}", known.keys().collect::<Vec<_>>()))),
    }));
    trials
}

fn is_line(text: &str, at: usize) -> bool {
    at == 0 || text.as_bytes()[at - 1] == b'\n'
}

fn read(name: &str) -> String {
    let path = Path::new(FOLDER).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

struct Known {
    /// How many differences there are.
    count: usize,
    /// The number hangs on when pods get ready by chance: fewer are as well.
    is_loose: bool,
    why: String,
}

/// `SET/NAME COUNT why`, one a line; `~COUNT` is a limit.
fn known_failures() -> BTreeMap<String, Known> {
    read("known_failures.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let mut parts = line.splitn(3, ' ');
            let name = parts.next().unwrap_or_default().to_owned();
            let count = parts.next().unwrap_or_default();
            let is_loose = count.starts_with('~');
            let count = count.trim_start_matches('~').parse().unwrap_or_else(|_| panic!("{line}: no count"));
            let why = parts.next().unwrap_or_else(|| panic!("{line}: it does not say why")).to_owned();
            (name, Known { count, is_loose, why })
        })
        .collect()
}

fn judge(differences: &[String], known: Option<Known>) -> Result<(), Failed> {
    let found = differences.len();
    let mut text = match known {
        None if found == 0 => return Ok(()),
        Some(known) if found == known.count || known.is_loose && (1..known.count).contains(&found) => return Ok(()),
        Some(_) if found == 0 => return Err(Failed::from("it passes: take it out of known_failures.txt")),
        Some(known) if found < known.count => {
            let (was, why) = (known.count, known.why);
            return Err(Failed::from(format!(
                "{found} differences are left of {was}: say so in known_failures.txt ({why})"
            )));
        }
        Some(known) => format!("{found} differences, {} are known ({})\n", known.count, known.why),
        None => format!("{found} differences\n"),
    };
    let shown = found.min(SHOWN);
    text.push_str(&differences[..shown].join("\n"));
    Err(Failed::from(text))
}

/// All that differs from the recording.
fn run(set: &str, text: &str) -> Vec<String> {
    let case: Value = match serde_yaml::from_str(text) {
        Ok(case) => case,
        Err(e) => return vec![format!("the case cannot be read: {e}")],
    };
    if set == "kubelet" { kubelet::run(&case) } else { console::run(&case) }
}

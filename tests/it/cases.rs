//! Every file under `tests/cases` is a scenario that must be met; `UPDATE_EXPECT=1` rewrites the timelines.

use std::path::{Path, PathBuf};

use kubarium::scenario::{Scenario, with_timeline};
use libtest_mimic::{Failed, Trial};

const FOLDER: &str = "tests/cases";

pub(crate) fn trials() -> Vec<Trial> {
    let mut files = Vec::new();
    walk(Path::new(FOLDER), &mut files);
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(FOLDER).expect("a file of the folder").with_extension("");
            Trial::test(format!("cases::{}", name.display()), move || run(&path).map_err(Failed::from))
        })
        .collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("tests run in the folder of the package") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            found.push(path);
        }
    }
}

fn run(path: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
    let scenario = Scenario::parse(&text)?;
    let mut outcome = scenario.run();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let new = with_timeline(&text, &outcome.timeline);
        if new != text {
            std::fs::write(path, new).map_err(|e| e.to_string())?;
        }
        outcome.unmet.retain(|what| !what.starts_with("timeline: "));
    }
    scenario.judge(&outcome)
}

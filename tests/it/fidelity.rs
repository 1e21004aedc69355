//! `src/FIDELITY.md` is what the files' own `Differs:` lines say; `UPDATE_EXPECT=1` rewrites it.

use libtest_mimic::{Failed, Trial};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("fidelity::the table says what the files say", check)]
}

fn check() -> Result<(), Failed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let wanted = table(root);
    let file = root.join("src/FIDELITY.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&file, &wanted)?;
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    if found == wanted { Ok(()) } else { Err("src/FIDELITY.md is out of step: UPDATE_EXPECT=1 rewrites it".into()) }
}

fn table(root: &Path) -> String {
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    files.sort();
    let mut out = "# Fidelity\n\nWhere a file differs from what it imitates, in its own words.\n\n\
                   | file | differs |\n|---|---|\n"
        .to_owned();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let differs = differs(&text);
        if !differs.is_empty() && differs != "nothing known." {
            let name = file.strip_prefix(root).unwrap_or(&file).display().to_string().replace('\\', "/");
            writeln!(out, "| `{name}` | {} |", differs.replace('|', "\\|")).expect("a string takes text");
        }
    }
    out
}

/// The sentence after `Differs:` in the file's head, its lines joined.
fn differs(text: &str) -> String {
    let head = text.lines().take_while(|l| l.starts_with("//!")).map(|l| l.trim_start_matches("//!").trim());
    let mut words: Vec<&str> = Vec::new();
    let mut inside = false;
    for line in head {
        if let Some(rest) = line.strip_prefix("Differs:") {
            inside = true;
            words.push(rest.trim());
        } else if inside && line.is_empty() {
            break;
        } else if inside {
            words.push(line);
        }
    }
    words.join(" ")
}

fn collect(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

//! `cargo xtask test`: everything that is tested, one stage after the other, stopping at the first that fails.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::deny;
use crate::npm;
use crate::site::{self, Profile};
use crate::steps::{Outcome, cargo, is_there, program, root, run, stage, target};

type Stage = (&'static str, &'static str, fn() -> Outcome);

/// In this order: what fails fast comes first, and the site is built once for all that need it.
const STAGES: &[Stage] = &[
    ("fmt", "formatting", format),
    ("clippy", "clippy, warnings denied", clippy),
    ("unit", "unit and integration tests", unit),
    ("deny", "licences, sources and duplicates of dependencies", deny::check),
    ("site", "the site, as it ships", build_site),
    ("trunk", "Trunk gives the same site", trunk),
    ("determinism", "the shipped wasm answers as the native program", determinism),
    ("e2e", "end to end in a browser", end_to_end),
];

/// Runs all stages, or those named.
pub(crate) fn run_stages(names: &[String]) -> Outcome {
    for name in names {
        if !STAGES.iter().any(|(known, ..)| known == name) {
            let known: Vec<&str> = STAGES.iter().map(|(known, ..)| *known).collect();
            return Err(format!("no stage {name}: there are {}", known.join(", ")));
        }
    }
    for (name, about, work) in STAGES {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            stage(about, work)?;
        }
    }
    Ok(())
}

fn format() -> Outcome {
    run(cargo().args(["fmt", "--all", "--check"]))
}

fn clippy() -> Outcome {
    run(cargo().args(["clippy", "--quiet", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"]))
}

fn unit() -> Outcome {
    if is_there("cargo-nextest") {
        return run(cargo().args(["nextest", "run", "--workspace", "--no-fail-fast", "--status-level=fail"]));
    }
    println!("cargo-nextest is not installed (`cargo install cargo-nextest --locked`): plain `cargo test` instead");
    run(cargo().args(["test", "--quiet", "--workspace", "--no-fail-fast"]))
}

fn build_site() -> Outcome {
    site::build(Profile::Release).map(drop)
}

/// The site of the last build, which is made now if there is none.
fn built_site() -> Outcome<PathBuf> {
    let dist = root().join("dist");
    if dist.join("precache.json").exists() { Ok(dist) } else { site::build(Profile::Release) }
}

/// Trunk takes far too long to compile to be installed for this.
fn trunk() -> Outcome {
    if !is_there("trunk") || !is_there("wasm-bindgen") {
        println!("skipped: trunk and wasm-bindgen are not installed");
        return Ok(());
    }
    let other = target().join("trunk-dist");
    run(program("trunk")
        .args(["build", "--dist"])
        .arg(&other)
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", site::flags_for_trunk()?))?;
    run(program("diff").arg("-r").arg(built_site()?).arg(&other))
}

fn determinism() -> Outcome {
    run(program("node").arg("tests/determinism/run.mjs").arg(built_site()?).arg(target().join("determinism")))
}

fn end_to_end() -> Outcome {
    // What the page reports, the native program reproduces.
    run(cargo().args(["build", "--quiet", "--bin", "kubarium"]))?;
    run(&mut in_the_browser(&target().join("e2e"))?)
}

/// `cargo xtask pictures`: the README's, by the case of the end-to-end tests that takes them every time.
pub(crate) fn take_pictures() -> Outcome {
    run(in_the_browser(&root().join("docs"))?.arg("pictures.mjs"))
}

/// The end-to-end tests; pictures go into a folder.
fn in_the_browser(pictures: &Path) -> Outcome<Command> {
    let browser = browser()?;
    npm::install()?;
    let mut command = program("node");
    command.arg("tests/e2e/run.mjs").arg(built_site()?).arg(pictures);
    command.env("KUBARIUM_CHROMIUM", browser);
    command.env("KUBARIUM_BIN", target().join("debug").join("kubarium"));
    Ok(command)
}

/// The browser to test in: none is ever downloaded.
pub(crate) fn browser() -> Outcome<PathBuf> {
    let named = ["KUBARIUM_CHROMIUM", "CHROME_PATH"].into_iter().filter_map(std::env::var_os).map(PathBuf::from);
    let usual =
        ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].into_iter().map(PathBuf::from);
    named.chain(usual).find(|path| path.exists()).ok_or_else(|| {
        "No Chromium: install it (Debian: `apt install chromium fonts-nanum`) or name it in KUBARIUM_CHROMIUM."
            .to_owned()
    })
}

//! `cargo xtask bench`: measures the engine and the shipped site, and prints one JSON document.

use std::path::PathBuf;

use crate::npm;
use crate::site::{self, Profile};
use crate::steps::{Outcome, cargo, program, root, run, stage, target};
use crate::test::browser;

const USAGE: &str = "\
Usage: cargo xtask bench [--only PART]…

  PART is sizes, native, wasm, seek, frames or first_running_ms, or one run of it: native:10x1000, wasm:1000x10, seek:100.";

/// Builds the native program and the site, and measures both; what it says of its progress goes to standard error.
pub(crate) fn run_bench(args: &[String]) -> Outcome {
    let mut parts = Vec::new();
    for pair in args.chunks(2) {
        match pair {
            [flag, part] if flag == "--only" => parts.push(part),
            _ => return Err(USAGE.to_owned()),
        }
    }
    let browser = browser()?;
    let native = stage("the native program", native)?;
    let dist = site::build(Profile::Release)?;
    npm::install()?;
    run(program("node")
        .arg("tests/e2e/bench.mjs")
        .arg(dist)
        .arg(root().join(native))
        .args(parts)
        .env("KUBARIUM_CHROMIUM", browser))
}

/// A program of its own: it counts allocations, and nothing that ships shall pay for that.
fn native() -> Outcome<PathBuf> {
    run(cargo().args(["build", "--quiet", "--release", "--no-default-features", "--bin", "kubarium-bench"]))?;
    Ok(target().join("release/kubarium-bench"))
}

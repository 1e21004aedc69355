//! `cargo xtask bench`: measures the shipped site and prints one JSON document.

use crate::npm;
use crate::site::{self, Profile};
use crate::steps::{Outcome, program, run};
use crate::test::browser;

/// Builds the site and measures it in the browser.
pub(crate) fn run_bench(args: &[String]) -> Outcome {
    if !args.is_empty() {
        return Err("Usage: cargo xtask bench".to_owned());
    }
    let browser = browser()?;
    let dist = site::build(Profile::Release)?;
    npm::install()?;
    run(program("node").arg("tests/e2e/bench.mjs").arg(dist).env("KUBARIUM_CHROMIUM", browser))
}

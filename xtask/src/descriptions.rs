//! `cargo xtask descriptions`: what `kubectl explain` says of types and fields, as one file that is loaded when asked for.

use crate::steps::{Outcome, cargo, root, run};

const FILE: &str = "static/descriptions.json";

/// The native program has the texts, from a crate that the page shall not carry.
pub(crate) fn write(args: &[String]) -> Outcome {
    if !args.is_empty() {
        return Err("Usage: cargo xtask descriptions".to_owned());
    }
    run(cargo().args(["run", "--quiet", "--bin", "kubarium", "--", "descriptions"]).arg(root().join(FILE)))
}

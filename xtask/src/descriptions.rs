//! `cargo xtask descriptions`: what `kubectl explain` says of types and fields, as one file that is loaded when asked for.

use crate::steps::{Outcome, cargo, root, run, target};

const FILE: &str = "static/descriptions.json";

/// They come from a crate that takes longer to compile than all of Kubarium, so a package outside the workspace has it,
/// and nothing else needs the file.
pub(crate) fn write(args: &[String]) -> Outcome {
    if !args.is_empty() {
        return Err("Usage: cargo xtask descriptions".to_owned());
    }
    run(cargo()
        .args(["run", "--quiet", "--locked", "--manifest-path", "xtask/descriptions/Cargo.toml", "--target-dir"])
        .arg(target().join("descriptions"))
        .arg("--")
        .arg(root().join(FILE)))
}

//! Licences, sources, duplicates and advisories of the dependencies, by cargo-deny.

use std::path::PathBuf;

use crate::steps::{Outcome, cargo, program, read, run, stage, target};

const VERSION: &str = "0.20.2";

/// Checks what can be checked here.
pub(crate) fn check() -> Outcome {
    let deny = stage("cargo-deny itself", install)?;
    run(program(&deny).args(["--workspace", "check", "--hide-inclusion-graph", "licenses", "bans", "sources"]))?;
    // Advisories need a clone of their database; a machine without it shall still be able to test.
    match read(program(&deny).args([
        "--workspace",
        "--color",
        "never",
        "check",
        "--hide-inclusion-graph",
        "advisories",
    ])) {
        Ok(_) => Ok(()),
        Err(said) if said.contains("failed to fetch advisory database") => {
            println!("advisories: skipped, the database cannot be reached from here");
            Ok(())
        }
        Err(said) => Err(said),
    }
}

/// The program, installed into a folder of its version so that it is built once.
fn install() -> Outcome<PathBuf> {
    let folder = target().join("tools").join(format!("cargo-deny-{VERSION}"));
    let deny = folder.join("bin/cargo-deny");
    if !deny.exists() {
        run(cargo()
            .args(["install", "cargo-deny", "--locked", "--quiet", "--version", VERSION, "--target-dir"])
            .arg(target().join("tools/build"))
            .arg("--root")
            .arg(&folder))
        .map_err(|reason| format!("{reason}\ncargo-deny is missing: `cargo install cargo-deny --locked`."))?;
        // Its build folder is ten times the program and of no further use.
        let _ = std::fs::remove_dir_all(target().join("tools/build"));
    }
    Ok(deny)
}

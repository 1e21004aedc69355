//! npm packages, exactly those of the lockfile, installed when it has changed.

use std::path::PathBuf;

use crate::steps::{Outcome, fingerprint, is_there, program, read_file, root, run, write_file};

/// The folder with `package.json`.
pub(crate) fn folder() -> PathBuf {
    root().join("web/npm")
}

/// Installs what the lockfile names unless that has been done.
pub(crate) fn install() -> Outcome {
    let lock = fingerprint(&read_file(&folder().join("package-lock.json"))?);
    let mark = folder().join("node_modules/.kubarium-lock");
    if std::fs::read_to_string(&mark).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    if !is_there("node") || !is_there("npm") {
        return Err(
            "Node.js 20 or newer with npm is missing: install it (Debian: `apt install nodejs npm`).".to_owned()
        );
    }
    // Scripts of packages are not needed by any of ours, so none may run.
    run(program("npm").args(["ci", "--ignore-scripts", "--no-progress"]).current_dir(folder()))?;
    write_file(&mark, lock)
}

//! What esbuild makes: the code editor as one module, loaded when it is wanted, one style sheet, and short glue.

use std::path::Path;

use crate::npm;
use crate::steps::{Outcome, program, run};

/// Writes `editor.js`.
pub(crate) fn editor(dist: &Path) -> Outcome {
    esbuild(&npm::folder().join("editor.js"), &dist.join("editor.js"), &["--format=esm", "--target=es2022"])
}

/// Writes `main.css` in place of the folder `css`.
pub(crate) fn styles(dist: &Path) -> Outcome {
    let parts = dist.join("css");
    esbuild(&parts.join("main.css"), &dist.join("main.css"), &[])?;
    std::fs::remove_dir_all(&parts).map_err(|error| format!("{}: {error}", parts.display()))
}

/// Shortens what wasm-bindgen wrote; the modules stay apart.
pub(crate) fn glue(dist: &Path) -> Outcome {
    for name in ["app.js", "worker.js"] {
        let file = dist.join(name);
        esbuild(&file, &file, &["--bundle=false", "--allow-overwrite", "--format=esm", "--target=es2022"])?;
    }
    Ok(())
}

fn esbuild(from: &Path, to: &Path, flags: &[&str]) -> Outcome {
    run(program("node")
        .arg(npm::folder().join("node_modules/esbuild/bin/esbuild"))
        .arg(from)
        .args(["--bundle", "--minify", "--legal-comments=none", "--log-level=warning"])
        .args(flags)
        .arg(format!("--outfile={}", to.display()))
        .current_dir(npm::folder()))
}

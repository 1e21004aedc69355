//! The last step of a build, the same for xtask and Trunk: the editor's bundle, the page, the list for offline use.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::bundle;
use crate::npm;
use crate::steps::{Outcome, files_below, fingerprint, read_file, write_file};

/// Whether the site shall answer without a network after the first visit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offline {
    Yes,
    /// For development: a service worker would serve yesterday's build.
    No,
}

/// Called by Trunk after its own steps.
pub(crate) fn from_trunk() -> Outcome {
    let dir = std::env::var_os("TRUNK_STAGING_DIR").map(PathBuf::from);
    let dir = dir.ok_or("TRUNK_STAGING_DIR is not set: `cargo xtask finish` is a hook for Trunk")?;
    npm::install()?;
    finish(&dir, Offline::Yes)
}

/// Makes a folder with wasm, glue and static files into the site.
pub(crate) fn finish(dist: &Path, offline: Offline) -> Outcome {
    bundle::editor(dist)?;
    bundle::styles(dist)?;
    bundle::glue(dist)?;
    let page = dist.join("index.html");
    let mut html = without_trunk(&text(&page)?);
    if offline == Offline::Yes {
        html = html.replace("<meta charset", "<meta name=\"offline\" content=\"sw.js\">\n<meta charset");
        write_file(&page, &html)?;
        return list_for_offline(dist);
    }
    std::fs::remove_file(dist.join("sw.js")).map_err(|error| format!("sw.js: {error}"))?;
    write_file(&page, html)
}

/// The page without the lines that only Trunk reads, and without empty ones.
fn without_trunk(html: &str) -> String {
    html.lines()
        .filter(|line| !line.contains("data-trunk") && !line.trim().is_empty())
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Writes `precache.json`, and its fingerprint into the service worker so that a new build is a new worker.
fn list_for_offline(dist: &Path) -> Outcome {
    let mut files = Vec::new();
    let mut all = String::new();
    for name in files_below(dist)?.into_iter().filter(|name| name != "sw.js" && name != "precache.json") {
        let hash = fingerprint(&read_file(&dist.join(&name))?);
        all.push_str(&format!("{name} {hash}\n"));
        files.push(name);
    }
    let version = fingerprint(all.as_bytes());
    let list = json!({ "version": version, "files": files });
    write_file(&dist.join("precache.json"), format!("{list:#}\n"))?;
    let worker = dist.join("sw.js");
    let script = text(&worker)?;
    let marked = script.replace("\"unbuilt\"", &format!("\"{version}\""));
    if marked == script {
        return Err("sw.js: the place for the version is gone".to_owned());
    }
    write_file(&worker, marked)
}

fn text(path: &Path) -> Outcome<String> {
    String::from_utf8(read_file(path)?).map_err(|_| format!("{}: not UTF-8", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_for_trunk_and_empty_lines_are_dropped_and_the_rest_is_kept() {
        let html = "<head>\n<link data-trunk rel=\"rust\">\n\n<title>x</title>\n</head>\n";
        assert_eq!(without_trunk(html), "<head>\n<title>x</title>\n</head>\n");
    }
}

//! A static server on loopback for development.

use std::fs::File;
use std::path::{Path, PathBuf};

use tiny_http::{Header, Response, Server};

use crate::site::{self, Profile};
use crate::steps::Outcome;

const PORT: u16 = 8080;

/// Builds, serves and says where.
pub(crate) fn run(args: &[String]) -> Outcome {
    let wanted = match args {
        [] => None,
        [flag, port] if flag == "--port" => Some(port.parse().map_err(|_| format!("not a port: {port}"))?),
        _ => return Err("Usage: cargo xtask serve [--port N]".to_owned()),
    };
    let dist = site::build(Profile::Development)?;
    let server = listen(wanted)?;
    println!("Kubarium is at http://{}/", server.server_addr());
    for request in server.incoming_requests() {
        let answer = match file_of(&dist, request.url()) {
            Some(path) => open(&path),
            None => Err(std::io::ErrorKind::NotFound.into()),
        };
        // A browser that has gone away is no reason to stop.
        let _ = match answer {
            Ok(response) => request.respond(response),
            Err(_) => request.respond(Response::from_string("not found\n").with_status_code(404)),
        };
    }
    Ok(())
}

/// The wanted port, or the usual one, or any that is free when the usual one is taken.
fn listen(wanted: Option<u16>) -> Outcome<Server> {
    let bind = |port| Server::http(("127.0.0.1", port)).map_err(|error| format!("port {port}: {error}"));
    match wanted {
        Some(port) => bind(port),
        None => bind(PORT).or_else(|_| bind(0)),
    }
}

/// The file that an address names, if it stays inside the site.
fn file_of(dist: &Path, url: &str) -> Option<PathBuf> {
    let path = url.split(['?', '#']).next().unwrap_or_default().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    let inside = path.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && !part.contains('\\'));
    inside.then(|| dist.join(path))
}

fn open(path: &Path) -> std::io::Result<Response<File>> {
    let header = |name: &str, value: &str| Header::from_bytes(name, value).expect("both are plain ASCII");
    Ok(Response::from_file(File::open(path)?)
        .with_header(header("Content-Type", kind_of(path)))
        .with_header(header("Cache-Control", "no-store")))
}

fn kind_of(path: &Path) -> &'static str {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "webmanifest") => "application/json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_stay_inside_the_site() {
        let dist = Path::new("d");
        assert_eq!(file_of(dist, "/"), Some(dist.join("index.html")));
        assert_eq!(file_of(dist, "/a/b.js?v=1"), Some(dist.join("a/b.js")));
        assert_eq!(file_of(dist, "/../Cargo.toml"), None);
        assert_eq!(file_of(dist, "//etc/passwd"), Some(dist.join("etc/passwd")));
        assert_eq!(file_of(dist, "/a//b"), None);
    }
}

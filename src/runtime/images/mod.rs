//! The images that can be pulled: what they hold and what their programs do; one image, one file.
//!
//! Upstream: github.com/distribution/reference (names), containerd's pull errors.
//! Differs: any image that is not listed here exists, and runs a server on the ports that its container declares.

mod agnhost;
mod base;
mod database;
mod generic;
mod migration;
mod nginx;
mod reference;
mod web;

pub use reference::{Reference, ReferenceError};

use crate::apimachinery::Str;
use crate::sim::Duration;

/// What a request to a server gets: a status and a body.
pub type Reply = (u16, String);

/// What a server needs to know to answer.
pub struct Request<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub port: u16,
    /// Seconds since the container started.
    pub age: u64,
    pub host: &'a str,
    /// Reads a file of the container.
    pub file: &'a dyn Fn(&str) -> Option<String>,
}

/// A program that serves until it is told to stop.
#[derive(Debug)]
pub struct Service {
    pub name: &'static str,
    /// Empty: those that the container declares.
    pub ports: &'static [u16],
    /// None: it speaks something else than HTTP.
    pub http: Option<fn(&Request) -> Reply>,
    /// Whether each request is a line of the log, as nginx and httpd write it.
    pub access_log: bool,
    /// What it says when it starts.
    pub hello: &'static [&'static str],
    /// The exit code after a TERM; None: it does not listen to it.
    pub on_term: Option<i32>,
    pub stops_in: Duration,
    /// Without one of these variables it says why and ends with 1.
    pub needs: &'static [&'static str],
    pub needs_text: &'static str,
    /// Ends by itself with 0 after so long, having said `hello`.
    pub ends_in: Option<Duration>,
}

impl Service {
    pub const fn new(name: &'static str) -> Service {
        Service {
            name,
            ports: &[],
            http: None,
            access_log: false,
            hello: &[],
            on_term: Some(0),
            stops_in: Duration::from_millis(50),
            needs: &[],
            needs_text: "",
            ends_in: None,
        }
    }
}

/// Which shell an image has, and with it which small programs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Userland {
    None,
    /// One binary for all.
    Busybox,
    /// dash or bash with GNU programs.
    Gnu,
}

#[derive(Debug)]
pub struct Image {
    /// `docker.io/library/nginx`; a trailing `*` matches any rest.
    pub name: &'static str,
    pub bytes: i64,
    pub entrypoint: &'static [&'static str],
    pub command: &'static [&'static str],
    pub programs: &'static [&'static Service],
    pub userland: Userland,
    pub files: &'static [(&'static str, &'static str)],
    pub env: &'static [(&'static str, &'static str)],
    pub workdir: &'static str,
    pub user: i64,
    /// Any other program of it is a server.
    pub open: bool,
    /// Only tags that look like versions, and these, exist.
    pub tags: &'static [&'static str],
}

impl Image {
    pub const fn new(name: &'static str, bytes: i64) -> Image {
        Image {
            name,
            bytes,
            entrypoint: &[],
            command: &[],
            programs: &[],
            userland: Userland::Gnu,
            files: &[],
            env: &[("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")],
            workdir: "/",
            user: 0,
            open: false,
            tags: &[],
        }
    }
}

/// The list of images. To add one: write its file, add its constants here.
static IMAGES: &[&Image] = &[
    &nginx::NGINX,
    &nginx::NGINX_UNPRIVILEGED,
    &nginx::NGINX_SLIM,
    &base::BUSYBOX,
    &base::BUSYBOX_K8S,
    &base::ALPINE,
    &base::DEBIAN,
    &base::UBUNTU,
    &base::BASH,
    &base::PAUSE,
    &base::PERL,
    &base::PYTHON,
    &web::HTTPD,
    &web::HTTP_ECHO,
    &web::HELLO_APP,
    &web::HPA_EXAMPLE,
    &web::ECHO_SERVER,
    &migration::MIGRATION,
    &database::REDIS,
    &database::MYSQL,
    &database::MARIADB,
    &database::POSTGRES,
    &database::MONGO,
    &database::MEMCACHED,
    &database::RABBITMQ,
    &agnhost::AGNHOST,
];

/// A pull that failed, in containerd's words.
#[derive(Clone, PartialEq, Debug)]
pub struct PullError {
    pub text: Str,
}

/// What a pull brought.
#[derive(Clone, Debug)]
pub struct Pulled {
    pub image: &'static Image,
    /// `docker.io/library/nginx:1.27`.
    pub name: Str,
    /// `docker.io/library/nginx@sha256:…`.
    pub id: Str,
    pub bytes: i64,
}

/// The registries of the world.
pub struct Registry;

impl Registry {
    pub fn find(reference: &Reference) -> &'static Image {
        let known = IMAGES.iter().find(|i| match i.name.strip_suffix('*') {
            Some(prefix) => reference.name.starts_with(prefix),
            None => reference.name == i.name,
        });
        known.copied().unwrap_or(&generic::ANY)
    }

    pub fn pull(reference: &Reference) -> Result<Pulled, PullError> {
        let image = Registry::find(reference);
        let whole = reference.to_string();
        if !exists(image, reference) {
            let text = if image.open && reference.name.starts_with("docker.io/") {
                format!(
                    "failed to pull and unpack image \"{whole}\": failed to resolve reference \"{whole}\": pull access \
                     denied, repository does not exist or may require authorization: server message: \
                     insufficient_scope: authorization failed"
                )
            } else {
                format!(
                    "rpc error: code = NotFound desc = failed to pull and unpack image \"{whole}\": failed to resolve \
                     reference \"{whole}\": {whole}: not found"
                )
            };
            return Err(PullError { text: Str::from(text) });
        }
        let hash = digest(&whole);
        let bytes = if image.bytes > 0 { image.bytes } else { 20_000_000 + (word(&whole, 9) % 100_000_000) as i64 };
        Ok(Pulled { image, id: Str::from(format!("{}@sha256:{hash}", reference.name)), name: Str::from(whole), bytes })
    }
}

/// Words that stand for what is not there, in the examples of half the world.
const ABSENT: &[&str] = &[
    "doesnotexist",
    "does-not-exist",
    "doesntexist",
    "nonexist",
    "non-exist",
    "notexist",
    "not-exist",
    "no-such",
    "nosuch",
    "notfound",
    "not-found",
    "invalid",
    "nope",
    "missing",
    "typo",
    "fake",
    "wrong",
    "bogus",
    "broken",
    "badtag",
    "bad-tag",
    "unknown",
    "xyz123",
    "imaginary",
];

fn exists(image: &Image, reference: &Reference) -> bool {
    if !reference.digest.is_empty() && reference.tag.is_empty() {
        return !reference.digest.trim_start_matches("sha256:").starts_with("00000000");
    }
    let absent = |text: &str| ABSENT.iter().any(|w| text.contains(w));
    if absent(&reference.tag) {
        return false;
    }
    if image.open {
        return !absent(&reference.name);
    }
    let tag = reference.tag.as_str();
    let version = tag.strip_prefix('v').unwrap_or(tag);
    let first: u32 = version.split(['.', '-']).next().and_then(|n| n.parse().ok()).unwrap_or(u32::MAX);
    // Version 99 of anything is what people write when they want a failure.
    (first < 90 || (version.len() == 8 && first > 20_000_000))
        || first == 2024
        || first == 2025
        || image.tags.contains(&tag)
        || matches!(tag, "latest" | "stable" | "mainline" | "alpine" | "slim" | "edge" | "lts")
        || ["alpine", "stable", "mainline", "bookworm", "bullseye", "trixie", "slim"].iter().any(|p| tag.starts_with(p))
}

fn word(text: &str, salt: u64) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325 ^ salt.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for b in text.bytes() {
        hash = (hash ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    crate::sim::Stream::new(hash).next_u64()
}

/// 64 digits that belong to the text.
pub fn digest(text: &str) -> String {
    let [a, b, c, d] = [0, 1, 2, 3].map(|i| word(text, i));
    format!("{a:016x}{b:016x}{c:016x}{d:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_exist_or_do_not() {
        let pulls =
            |text: &str| Registry::pull(&Reference::parse(text).expect("a reference")).map(|p| p.name.to_string());
        for good in
            ["nginx", "nginx:1.27", "nginx:1.27-alpine", "busybox:1.36.1", "acme/web:v2", "postgres:16", "ubuntu:24.04"]
        {
            assert!(pulls(good).is_ok(), "{good}");
        }
        for bad in ["nginx:doesnotexist", "nginx:99.99", "acme/no-such-image:1", "redis:foo"] {
            assert!(pulls(bad).is_err(), "{bad}");
        }
        assert_eq!(pulls("nginx:1.27").as_deref(), Ok("docker.io/library/nginx:1.27"));
    }
}

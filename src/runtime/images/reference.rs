//! Names of images: what a reference is, and what is said of one that is none.
//!
//! Upstream: github.com/distribution/reference (ParseNormalizedNamed, TagNameOnly).
//! Differs: nothing known.

use crate::apimachinery::Str;
use std::fmt;

#[derive(Clone, PartialEq, Debug)]
pub struct Reference {
    /// `docker.io/library/nginx`.
    pub name: Str,
    pub tag: Str,
    /// `sha256:…`, or empty.
    pub digest: Str,
}

#[derive(Clone, PartialEq, Debug)]
pub struct ReferenceError(pub String);

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if !self.tag.is_empty() {
            write!(f, ":{}", self.tag)?;
        }
        if !self.digest.is_empty() {
            write!(f, "@{}", self.digest)?;
        }
        Ok(())
    }
}

fn bad() -> ReferenceError {
    ReferenceError("invalid reference format".to_owned())
}

fn is_path_part(part: &str) -> bool {
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    edge(part.as_bytes().first())
        && edge(part.as_bytes().last())
        && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-'))
        && !part.contains("..")
        && !part.contains("._")
        && !part.contains("_.")
}

impl Reference {
    /// With docker.io, library/ and latest where they are left out.
    pub fn parse(text: &str) -> Result<Reference, ReferenceError> {
        if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase()) {
            return Err(ReferenceError(format!(
                "invalid repository name ({text}), cannot specify 64-byte hexadecimal strings"
            )));
        }
        let (domain, rest) = match text.split_once('/') {
            Some((d, rest)) if d.contains(['.', ':']) || d == "localhost" || d.to_lowercase() != d => {
                (if d == "index.docker.io" { "docker.io" } else { d }, rest.to_owned())
            }
            _ => ("docker.io", text.to_owned()),
        };
        let rest = if domain == "docker.io" && !rest.contains('/') { format!("library/{rest}") } else { rest };
        let remote = rest.split(':').next().unwrap_or_default();
        let remote_name = remote.split('@').next().unwrap_or_default();
        if remote_name.to_lowercase() != remote_name {
            return Err(ReferenceError(format!(
                "invalid reference format: repository name ({remote_name}) must be lowercase"
            )));
        }
        let (named, digest) = match rest.split_once('@') {
            Some((n, d)) => (n, d),
            None => (rest.as_str(), ""),
        };
        let (path, tag) = match named.split_once(':') {
            Some((p, t)) => (p, Some(t)),
            None => (named, None),
        };
        if path.is_empty() || !path.split('/').all(is_path_part) || domain.is_empty() {
            return Err(bad());
        }
        let tag_char = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'.' || b == b'-';
        if let Some(t) = tag
            && (t.is_empty() || t.len() > 128 || !t.bytes().all(tag_char) || t.starts_with(['.', '-']))
        {
            return Err(bad());
        }
        if rest.contains('@') {
            let hex = digest.split_once(':').map_or("", |(_, h)| h);
            if hex.len() < 32 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(bad());
            }
        }
        let tag = match tag {
            Some(t) => Str::from(t),
            None if digest.is_empty() => Str::literal("latest"),
            None => Str::EMPTY,
        };
        Ok(Reference { name: Str::from(format!("{domain}/{path}")), tag, digest: Str::from(digest) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_completed_or_refused() {
        let parse = |t: &str| Reference::parse(t).map(|r| r.to_string()).map_err(|e| e.0);
        assert_eq!(parse("nginx").as_deref(), Ok("docker.io/library/nginx:latest"));
        assert_eq!(parse("a/b:1").as_deref(), Ok("docker.io/a/b:1"));
        assert_eq!(parse("registry.k8s.io/pause:3.10").as_deref(), Ok("registry.k8s.io/pause:3.10"));
        assert_eq!(parse("localhost:5000/x").as_deref(), Ok("localhost:5000/x:latest"));
        assert_eq!(
            parse("Nginx:UPPER!").unwrap_err(),
            "invalid reference format: repository name (library/Nginx) must be lowercase"
        );
        assert_eq!(parse("nginx:UPPER!").unwrap_err(), "invalid reference format");
        assert_eq!(parse("").unwrap_err(), "invalid reference format");
    }
}

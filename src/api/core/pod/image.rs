//! Names of images: repository, tag and digest.
//!
//! Upstream: pkg/util/parsers/parsers.go (ParseImageName); github.com/distribution/reference (ParseNormalizedNamed)
//! Differs: of digests the algorithms sha256, sha384 and sha512 are known.

/// An image's name in full: `docker.io/library/nginx`, `1.27`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImageName {
    pub repository: String,
    /// `latest` where neither tag nor digest is given, empty where only a digest is.
    pub tag: String,
    pub digest: String,
}

/// Errors: upstream's sentence, as the kubelet's events show it.
pub fn parse_image_name(image: &str) -> Result<ImageName, String> {
    parse(image).map_err(|why| format!("couldn't parse image name \"{image}\": {why}"))
}

fn parse(image: &str) -> Result<ImageName, String> {
    const FORMAT: &str = "invalid reference format";
    if image.len() == 64 && image.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return Err(format!("invalid repository name ({image}), cannot specify 64-byte hexadecimal strings"));
    }
    let (domain, rest) = split_domain(image);
    let remote = rest.split_once(':').map_or(rest.as_str(), |(name, _)| name);
    if remote.chars().any(char::is_uppercase) {
        return Err(format!("{FORMAT}: repository name ({remote}) must be lowercase"));
    }
    let (named, digest) = match rest.split_once('@') {
        Some((named, digest)) if is_digest(digest) => (named, digest),
        Some(_) => return Err(FORMAT.to_owned()),
        None => (rest.as_str(), ""),
    };
    let (path, tag) = match named.split_once(':') {
        Some((path, tag)) if is_tag(tag) => (path, tag),
        Some(_) => return Err(FORMAT.to_owned()),
        None => (named, ""),
    };
    if !is_domain(&domain) || !path.split('/').all(is_path_component) {
        return Err(FORMAT.to_owned());
    }
    if path.len() > 255 {
        return Err("repository name must not be more than 255 characters".to_owned());
    }
    if let Some((algorithm, hex)) = digest.split_once(':') {
        let want = match algorithm {
            "sha256" => 64,
            "sha384" => 96,
            "sha512" => 128,
            _ => return Err("unsupported digest algorithm".to_owned()),
        };
        if hex.len() != want {
            return Err("invalid checksum digest length".to_owned());
        }
    }
    let tag = if tag.is_empty() && digest.is_empty() { "latest" } else { tag };
    Ok(ImageName { repository: format!("{domain}/{path}"), tag: tag.to_owned(), digest: digest.to_owned() })
}

fn split_domain(image: &str) -> (String, String) {
    let (domain, rest) = match image.split_once('/') {
        Some((d, rest)) if d.contains(['.', ':']) || d == "localhost" || d.chars().any(|c| c.is_ascii_uppercase()) => {
            (d, rest)
        }
        _ => ("docker.io", image),
    };
    let domain = if domain == "index.docker.io" { "docker.io" } else { domain };
    if domain == "docker.io" && !rest.contains('/') {
        return (domain.to_owned(), format!("library/{rest}"));
    }
    (domain.to_owned(), rest.to_owned())
}

fn is_domain(domain: &str) -> bool {
    let (host, port) = match domain.rsplit_once(':') {
        Some((host, port)) if !domain.ends_with(']') => (host, Some(port)),
        _ => (domain, None),
    };
    if port.is_some_and(|p| p.is_empty() || !p.bytes().all(|b| b.is_ascii_digit())) {
        return false;
    }
    if let Some(v6) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        return !v6.is_empty() && v6.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
    }
    host.split('.').all(|label| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    })
}

/// `[a-z0-9]+` joined by `.`, `_`, `__` or dashes.
fn is_path_component(part: &str) -> bool {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = part.as_bytes();
    let ends_well = bytes.first().is_some_and(|b| alphanumeric(*b)) && bytes.last().is_some_and(|b| alphanumeric(*b));
    ends_well
        && part
            .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            .all(|separator| matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|b| b == b'-'))
}

fn is_tag(tag: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    tag.len() <= 128 && tag.bytes().next().is_some_and(word) && tag.bytes().all(|b| word(b) || b == b'.' || b == b'-')
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    algorithm.split(['-', '_', '+', '.']).all(|part| {
        part.bytes().next().is_some_and(|b| b.is_ascii_alphabetic()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    }) && hex.len() >= 32
        && hex.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_images() {
        for (image, want) in [
            ("nginx", "docker.io/library/nginx:latest"),
            ("nginx:1.27", "docker.io/library/nginx:1.27"),
            ("bitnami/redis:7", "docker.io/bitnami/redis:7"),
            ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"),
            ("localhost:5000/a/b", "localhost:5000/a/b:latest"),
            ("ghcr.io/x/a__b-c.d:v1", "ghcr.io/x/a__b-c.d:v1"),
        ] {
            let n = parse_image_name(image).expect(image);
            assert_eq!(format!("{}:{}", n.repository, n.tag), want);
        }
        for (image, want) in [
            ("Nginx", "invalid reference format: repository name (library/Nginx) must be lowercase"),
            ("nginx:", "invalid reference format"),
            ("nginx::1", "invalid reference format"),
            ("a b", "invalid reference format"),
            ("nginx@sha256:123", "invalid reference format"),
        ] {
            let err = parse_image_name(image).expect_err(image);
            assert_eq!(err, format!("couldn't parse image name \"{image}\": {want}"));
        }
    }
}

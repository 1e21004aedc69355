//! What names, keys, values and ports may look like, and what is said when they do not.
//!
//! Every `is_…` returns the complaints, so that no complaint means that it is one.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go,
//! staging/src/k8s.io/apimachinery/pkg/api/validate/content/{dns,kube,identifier,decimal_int}.go,
//! staging/src/k8s.io/apimachinery/pkg/api/validation/generic.go (NameIsDNSSubdomain, maskTrailingDash)
//! Differs: nothing known.

use super::field_error::{ErrorList, Path};

mod generate;

pub use generate::{MAX_GENERATED_NAME_LENGTH, generate_name, random_text, safe_encode};

pub const DNS1123_LABEL_MAX_LENGTH: usize = 63;
pub const DNS1123_SUBDOMAIN_MAX_LENGTH: usize = 253;
pub const DNS1035_LABEL_MAX_LENGTH: usize = 63;
pub const LABEL_VALUE_MAX_LENGTH: usize = 63;
const LABEL_KEY_MAX_LENGTH: usize = 63;

const DNS1123_LABEL_FMT: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const DNS1123_SUBDOMAIN_FMT: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const LABEL_KEY_FMT: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

/// A label of DNS (RFC 1123): `web-1`.
pub fn is_dns1123_label(value: &str) -> Vec<String> {
    let mut errors = too_long(value, DNS1123_LABEL_MAX_LENGTH, "characters");
    if !matches_dns1123_label(value) {
        errors.push(if matches_dns1123_subdomain(value) {
            "must not contain dots".to_owned()
        } else {
            regex_error(
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start \
                 and end with an alphanumeric character",
                DNS1123_LABEL_FMT,
                &["my-name", "123-abc"],
            )
        });
    }
    errors
}

/// A subdomain of DNS (RFC 1123): `www.example.com`; the shape of most objects' names.
pub fn is_dns1123_subdomain(value: &str) -> Vec<String> {
    dns1123_subdomain(value, "characters")
}

fn dns1123_subdomain(value: &str, unit: &str) -> Vec<String> {
    let mut errors = too_long(value, DNS1123_SUBDOMAIN_MAX_LENGTH, unit);
    if !matches_dns1123_subdomain(value) {
        errors.push(regex_error(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must \
             start and end with an alphanumeric character",
            DNS1123_SUBDOMAIN_FMT,
            &["example.com"],
        ));
    }
    errors
}

/// A subdomain that may also have underscores.
pub fn is_dns1123_subdomain_with_underscore(value: &str) -> Vec<String> {
    let mut errors = too_long(value, DNS1123_SUBDOMAIN_MAX_LENGTH, "characters");
    let label = |label: &str| {
        let label = label.strip_prefix('_').unwrap_or(label);
        starts_ends(label, is_lower_alnum) && label.bytes().all(|b| is_lower_alnum(b) || b == b'-' || b == b'_')
    };
    if !value.split('.').all(label) {
        errors.push(regex_error(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and \
             must start and end with an alphanumeric character",
            r"_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*",
            &["example.com"],
        ));
    }
    errors
}

/// A label of DNS (RFC 1035), which starts with a letter: a Service's name.
pub fn is_dns1035_label(value: &str) -> Vec<String> {
    let mut errors = too_long(value, DNS1035_LABEL_MAX_LENGTH, "characters");
    if !matches_dns1123_label(value) || value.as_bytes()[0].is_ascii_digit() {
        errors.push(regex_error(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic \
             character, and end with an alphanumeric character",
            "[a-z]([-a-z0-9]*[a-z0-9])?",
            &["my-name", "abc-123"],
        ));
    }
    errors
}

/// `*.example.com`
pub fn is_wildcard_dns1123_subdomain(value: &str) -> Vec<String> {
    let mut errors = too_long(value, DNS1123_SUBDOMAIN_MAX_LENGTH, "characters");
    if !value.strip_prefix("*.").is_some_and(matches_dns1123_subdomain) {
        errors.push(regex_error(
            "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist \
             of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
            r"\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
            &["*.example.com"],
        ));
    }
    errors
}

/// The key of a label, an annotation, a resource: `app`, `example.com/app`.
pub fn is_qualified_name(value: &str) -> Vec<String> {
    let complaint = |start: &str| {
        regex_error(
            &format!(
                "{start}must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
                 alphanumeric character"
            ),
            LABEL_KEY_FMT,
            &["MyName", "my.name", "123-abc"],
        )
    };
    let mut errors = Vec::new();
    let name = match value.split_once('/') {
        None => value,
        Some((_, name)) if name.contains('/') => {
            let complaint = complaint("a valid label key ");
            return vec![format!(
                "{complaint} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
        Some(("", name)) => {
            errors.push("prefix part must be non-empty".to_owned());
            name
        }
        Some((prefix, name)) => {
            errors.extend(dns1123_subdomain(prefix, "bytes").iter().map(|error| format!("prefix part {error}")));
            name
        }
    };
    if name.is_empty() {
        errors.push("name part must be non-empty".to_owned());
    } else if name.len() > LABEL_KEY_MAX_LENGTH {
        errors.push(format!("name part must be no more than {LABEL_KEY_MAX_LENGTH} bytes"));
    }
    if !matches_label_key(name) {
        errors.push(complaint("name part "));
    }
    errors
}

pub fn is_valid_label_value(value: &str) -> Vec<String> {
    let mut errors = too_long(value, LABEL_VALUE_MAX_LENGTH, "bytes");
    if !value.is_empty() && !matches_label_key(value) {
        errors.push(regex_error(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must \
             start and end with an alphanumeric character",
            &format!("({LABEL_KEY_FMT})?"),
            &["MyValue", "my_value", "12345"],
        ));
    }
    errors
}

/// A key of a ConfigMap or a Secret.
pub fn is_config_map_key(value: &str) -> Vec<String> {
    let mut errors = too_long(value, DNS1123_SUBDOMAIN_MAX_LENGTH, "characters");
    if value.is_empty() || !value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
        errors.push(regex_error(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
            "[-._a-zA-Z0-9]+",
            &["key.name", "KEY_NAME", "key-name"],
        ));
    }
    errors.extend(climbs(value));
    errors
}

pub fn is_env_var_name(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    let fits = value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    if value.is_empty() || !fits || value.as_bytes()[0].is_ascii_digit() {
        errors.push(regex_error(
            "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and \
             must not start with a digit",
            "[-._a-zA-Z][-._a-zA-Z0-9]*",
            &["my.env-name", "MY_ENV.NAME", "MyEnvName1"],
        ));
    }
    errors.extend(climbs(value));
    errors
}

/// The rule for variables since they may have almost any name.
pub fn is_relaxed_env_var_name(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if value.is_empty() {
        errors.push("environment variable name must be non-empty".to_owned());
    }
    if !value.bytes().all(|b| matches!(b, b' '..=b'~') && b != b'=') {
        errors.push(
            "a valid environment variable name must consist only of printable ASCII characters other than '='"
                .to_owned(),
        );
    }
    errors
}

pub fn is_c_identifier(value: &str) -> Vec<String> {
    let fits = value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !value.is_empty() && fits && !value.as_bytes()[0].is_ascii_digit() {
        return Vec::new();
    }
    vec![regex_error(
        "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric \
         characters or '_'",
        "[A-Za-z_][A-Za-z0-9_]*",
        &["my_name", "MY_NAME", "MyName"],
    )]
}

pub fn is_http_header_name(value: &str) -> Vec<String> {
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Vec::new();
    }
    vec![regex_error(
        "a valid HTTP header must consist of alphanumeric characters or '-'",
        "[-A-Za-z0-9]+",
        &["X-Header-Name"],
    )]
}

/// `25%`
pub fn is_valid_percent(value: &str) -> Vec<String> {
    if value.strip_suffix('%').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())) {
        return Vec::new();
    }
    vec![regex_error(
        "a valid percent string must be a numeric string followed by an ending '%'",
        "[0-9]+%",
        &["1%", "93%"],
    )]
}

/// A whole number without leading zeros.
pub fn is_decimal_integer(value: &str) -> Vec<String> {
    if value.is_empty() {
        return vec!["must be non-empty".to_owned()];
    }
    let digits = value.strip_prefix('-').unwrap_or(value);
    let fits = !digits.is_empty() && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    if fits || value == "0" { Vec::new() } else { vec!["must be a valid decimal integer in canonical form".to_owned()] }
}

/// A number that a port can have.
pub fn is_valid_port_num(port: i64) -> Vec<String> {
    is_in_range(port, 1, 65535)
}

pub fn is_in_range(value: i64, min: i64, max: i64) -> Vec<String> {
    if (min..=max).contains(&value) { Vec::new() } else { vec![format!("must be between {min} and {max}, inclusive")] }
}

pub fn is_valid_user_id(uid: i64) -> Vec<String> {
    is_in_range(uid, 0, i64::from(i32::MAX))
}

pub fn is_valid_group_id(gid: i64) -> Vec<String> {
    is_in_range(gid, 0, i64::from(i32::MAX))
}

/// A name that a port can have: `http`.
pub fn is_valid_port_name(port: &str) -> Vec<String> {
    let mut errors = too_long(port, 15, "characters");
    let mut complain = |wrong: bool, text: &str| {
        if wrong {
            errors.push(text.to_owned());
        }
    };
    complain(
        port.is_empty() || !port.bytes().all(|b| is_lower_alnum(b) || b == b'-'),
        "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
    );
    complain(!port.bytes().any(|b| b.is_ascii_lowercase()), "must contain at least one letter (a-z)");
    complain(port.contains("--"), "must not contain consecutive hyphens");
    complain(port.starts_with('-') || port.ends_with('-'), "must not begin or end with a hyphen");
    errors
}

/// The name of an object that must be a subdomain; a `prefix` gets an ending, so it may end with a dash.
pub fn name_is_dns_subdomain(name: &str, prefix: bool) -> Vec<String> {
    is_dns1123_subdomain(&mask_trailing_dash(name, prefix))
}

/// The name of an object that must be a label, such as a Namespace.
pub fn name_is_dns_label(name: &str, prefix: bool) -> Vec<String> {
    is_dns1123_label(&mask_trailing_dash(name, prefix))
}

/// The name of an object that must be an old label, such as a Service.
pub fn name_is_dns1035_label(name: &str, prefix: bool) -> Vec<String> {
    is_dns1035_label(&mask_trailing_dash(name, prefix))
}

/// The name of an object whose rule is only that it can stand in a path, such as a ClusterRole.
pub fn is_path_segment_name(name: &str, prefix: bool) -> Vec<String> {
    if !prefix && (name == "." || name == "..") {
        return vec![format!("may not be '{name}'")];
    }
    ["/", "%"].iter().filter(|sign| name.contains(**sign)).map(|sign| format!("may not contain '{sign}'")).collect()
}

fn mask_trailing_dash(name: &str, prefix: bool) -> String {
    match name.strip_suffix('-') {
        // Upstream takes the letter before the dash along; then so does this, lest lengths be told differently.
        Some(stem) if prefix && !stem.is_empty() => format!("{}a", &stem[..stem.floor_char_boundary(stem.len() - 1)]),
        _ => name.to_owned(),
    }
}

/// A domain of three parts or more.
pub fn check_fully_qualified_name(path: Path, name: &str, errs: &mut ErrorList) {
    if name.is_empty() {
        errs.required(path, "");
        return;
    }
    let errors = is_dns1123_subdomain(name);
    if !errors.is_empty() {
        errs.invalid(path, name, errors.join(","));
    } else if name.split('.').count() < 3 {
        errs.invalid(path, name, "should be a domain with at least three segments separated by dots");
    }
}

/// `example.com/some/path`
pub fn check_domain_prefixed_path(path: Path, value: &str, errs: &mut ErrorList) {
    if value.is_empty() {
        errs.required(path, "");
        return;
    }
    let (host, rest) = value.split_once('/').unwrap_or_default();
    if host.is_empty() || rest.is_empty() {
        errs.invalid(path, value, "must be a domain-prefixed path (such as \"acme.io/foo\")");
        return;
    }
    errs.invalid_each(path, host, is_dns1123_subdomain(host));
    if !rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&b)) {
        errs.invalid(path, rest, regex_error("Invalid path", r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+", &[]));
    }
}

/// `example.com/key`
pub fn check_domain_prefixed_key(path: Path, key: &str, errs: &mut ErrorList) {
    if key.is_empty() {
        errs.required(path, "");
        return;
    }
    let errors = is_qualified_name(key);
    if errors.is_empty() && !key.contains('/') {
        errs.invalid(path, key, "must be a domain-prefixed key (such as \"acme.io/foo\")");
    }
    errs.invalid_each(path, key, errors);
}

fn is_lower_alnum(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

fn starts_ends(text: &str, fits: fn(u8) -> bool) -> bool {
    text.bytes().next().is_some_and(fits) && text.bytes().next_back().is_some_and(fits)
}

fn matches_dns1123_label(value: &str) -> bool {
    starts_ends(value, is_lower_alnum) && value.bytes().all(|b| is_lower_alnum(b) || b == b'-')
}

fn matches_dns1123_subdomain(value: &str) -> bool {
    value.split('.').all(matches_dns1123_label)
}

fn matches_label_key(value: &str) -> bool {
    starts_ends(value, |b| b.is_ascii_alphanumeric())
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Upstream counts bytes everywhere, and says so only in some places.
fn too_long(value: &str, max: usize, unit: &str) -> Vec<String> {
    if value.len() > max { vec![format!("must be no more than {max} {unit}")] } else { Vec::new() }
}

/// What would leave a volume's folder.
fn climbs(value: &str) -> Option<String> {
    match value {
        "." | ".." => Some(format!("must not be '{value}'")),
        _ if value.starts_with("..") => Some("must not start with '..'".to_owned()),
        _ => None,
    }
}

fn regex_error(message: &str, regex: &str, examples: &[&str]) -> String {
    if examples.is_empty() {
        return format!("{message} (regex used for validation is '{regex}')");
    }
    let examples = examples.iter().map(|example| format!("'{example}', ")).collect::<Vec<_>>().join(" or ");
    format!("{message} (e.g. {examples}regex used for validation is '{regex}')")
}

#[cfg(test)]
mod tests;

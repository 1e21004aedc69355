//! What is known of names, as tables.

use super::*;

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
     and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
     '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
     start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
     '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
     alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for \
     validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const WILDCARD: &str = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which \
     must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. \
     '*.example.com', regex used for validation is \
     '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const NAME_PART: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end \
     with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
     '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or \
     '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex \
     used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const CONFIG_KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. \
     'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const ENV_NAME: &str = "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or \
     '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for \
     validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')";
const HEADER: &str = "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex \
     used for validation is '[-A-Za-z0-9]+')";
const PERCENT: &str = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or \
     '93%', regex used for validation is '[0-9]+%')";
const PORT_LETTERS: &str = "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";

#[track_caller]
fn check(rule: fn(&str) -> Vec<String>, value: &str, expected: &[&str]) {
    assert_eq!(rule(value), expected, "{value:?}");
}

#[track_caller]
fn accepts(rule: fn(&str) -> Vec<String>, values: &[&str]) {
    for value in values {
        check(rule, value, &[]);
    }
}

#[track_caller]
fn refuses(rule: fn(&str) -> Vec<String>, expected: &str, values: &[&str]) {
    for value in values {
        check(rule, value, &[expected]);
    }
}

#[test]
fn labels_of_dns() {
    accepts(is_dns1123_label, &["a", "ab", "a1", "0", "a-1", "a--1--2--b", &"a".repeat(63)]);
    refuses(is_dns1123_label, LABEL, &["", "A", "-", "-a", "a-", "_", "a_b", "My.Host", "Bad_Name", "a b", "é", "a\n"]);
    refuses(is_dns1123_label, "must not contain dots", &["a.b", "1.2.3.4"]);
    check(is_dns1123_label, &"a".repeat(64), &["must be no more than 63 characters"]);
    check(is_dns1123_label, &"A".repeat(64), &["must be no more than 63 characters", LABEL]);
    accepts(is_dns1035_label, &["a", "a1", "a-1", "web"]);
    refuses(is_dns1035_label, LABEL_1035, &["", "1web", "Web", "web.example", "-a", "a-", "0", "CT"]);
}

#[test]
fn subdomains_of_dns() {
    accepts(is_dns1123_subdomain, &["a", "0.1", "a.b.c", "web-1.example.com", &"a".repeat(253)]);
    refuses(is_dns1123_subdomain, SUBDOMAIN, &["", "web.", ".web", "a..b", "Web_1", "Fast_SSD", "*.a", "a b", "a-.b"]);
    check(is_dns1123_subdomain, &"a".repeat(254), &["must be no more than 253 characters"]);
    accepts(is_dns1123_subdomain_with_underscore, &["_sip._tcp", "a_b.c", "a"]);
    assert_eq!(is_dns1123_subdomain_with_underscore("__a").len(), 1);
    accepts(is_wildcard_dns1123_subdomain, &["*.example.com", "*.a"]);
    refuses(is_wildcard_dns1123_subdomain, WILDCARD, &["*.*.com", "*", "*.", "a.*.com", "*a.com", "example.com"]);
}

#[test]
fn keys_and_values_of_labels() {
    accepts(is_qualified_name, &["simple", "now-with-dashes", "1-starts", "1234", "a.b/c_d.e-F"]);
    refuses(is_qualified_name, NAME_PART, &["a b", "-a", "a-", "_a", "!", "a/b c"]);
    check(is_qualified_name, "", &["name part must be non-empty", NAME_PART]);
    check(is_qualified_name, "/a", &["prefix part must be non-empty"]);
    check(is_qualified_name, "a/", &["name part must be non-empty", NAME_PART]);
    check(is_qualified_name, &"a".repeat(64), &["name part must be no more than 63 bytes"]);
    check(is_qualified_name, "X/y", &[&format!("prefix part {SUBDOMAIN}")]);
    check(is_qualified_name, &format!("{}/y", "x".repeat(254)), &["prefix part must be no more than 253 bytes"]);
    check(
        is_qualified_name,
        "a/b/c",
        &[
            "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
           alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
           '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. \
           'example.com/MyName')",
        ],
    );
    accepts(is_valid_label_value, &["", "a", "A_b.c-1", &"a".repeat(63)]);
    refuses(is_valid_label_value, LABEL_VALUE, &["a b", "not valid!", "-a", "a/b", "."]);
    check(is_valid_label_value, &"a".repeat(64), &["must be no more than 63 bytes"]);
}

#[test]
fn keys_of_config_maps_and_names_of_variables() {
    accepts(is_config_map_key, &["a", ".a", "a..b", "KEY_1"]);
    refuses(is_config_map_key, CONFIG_KEY, &["", "a b", "a/b", "é"]);
    check(is_config_map_key, ".", &["must not be '.'"]);
    check(is_config_map_key, "..", &["must not be '..'"]);
    check(is_config_map_key, "..a", &["must not start with '..'"]);
    check(is_config_map_key, "..a/b", &[CONFIG_KEY, "must not start with '..'"]);
    check(is_config_map_key, &"a".repeat(254), &["must be no more than 253 characters"]);
    accepts(is_env_var_name, &["A", "my.env-name", "_1", "-a"]);
    refuses(is_env_var_name, ENV_NAME, &["", "1A", "a b", "A=B"]);
    check(is_env_var_name, "..x", &["must not start with '..'"]);
    accepts(is_relaxed_env_var_name, &["1A", "a b", "..", "~"]);
    let relaxed = "a valid environment variable name must consist only of printable ASCII characters other than '='";
    refuses(is_relaxed_env_var_name, relaxed, &["A=B", "é", "a\tb", "\u{7f}"]);
    check(is_relaxed_env_var_name, "", &["environment variable name must be non-empty"]);
    accepts(is_c_identifier, &["a", "_", "a1", "MY_NAME"]);
    assert_eq!(is_c_identifier("1a").len(), 1);
    assert_eq!(is_c_identifier("").len(), 1);
}

#[test]
fn ports_and_numbers() {
    accepts(is_valid_port_name, &["http", "1-a", "a1"]);
    check(is_valid_port_name, "no_such_port_name", &["must be no more than 15 characters", PORT_LETTERS]);
    check(is_valid_port_name, "", &[PORT_LETTERS, "must contain at least one letter (a-z)"]);
    check(is_valid_port_name, "80", &["must contain at least one letter (a-z)"]);
    check(is_valid_port_name, "a--b", &["must not contain consecutive hyphens"]);
    check(is_valid_port_name, "-a", &["must not begin or end with a hyphen"]);
    check(is_valid_port_name, "No_Name", &[PORT_LETTERS]);
    assert_eq!(is_valid_port_num(0), ["must be between 1 and 65535, inclusive"]);
    assert_eq!(is_valid_port_num(65536), ["must be between 1 and 65535, inclusive"]);
    assert!(is_valid_port_num(65535).is_empty());
    assert_eq!(is_valid_user_id(-1), ["must be between 0 and 2147483647, inclusive"]);
    accepts(is_valid_percent, &["0%", "25%", "100000%"]);
    refuses(is_valid_percent, PERCENT, &["half", "%", "-1%", "1", "1.5%", "1%%"]);
    accepts(is_http_header_name, &["X-Header-Name", "a", "-"]);
    refuses(is_http_header_name, HEADER, &["a b", "", "a_b"]);
    accepts(is_decimal_integer, &["0", "10", "-1"]);
    refuses(
        is_decimal_integer,
        "must be a valid decimal integer in canonical form",
        &["-0", "01", "-", "+1", "1.0", "a"],
    );
    check(is_decimal_integer, "", &["must be non-empty"]);
}

#[test]
fn a_prefix_of_a_name_may_end_with_a_dash() {
    assert!(name_is_dns_subdomain("web-", true).is_empty());
    assert!(name_is_dns_label("web-", true).is_empty());
    assert_eq!(name_is_dns_label("web-", false), [LABEL]);
    assert_eq!(name_is_dns1035_label("-", true), [LABEL_1035]);
    assert!(name_is_dns_subdomain("web--", true).is_empty());
    assert_eq!(is_path_segment_name("a/b%", false), ["may not contain '/'", "may not contain '%'"]);
    assert_eq!(is_path_segment_name("..", false), ["may not be '..'"]);
    assert!(is_path_segment_name("system:node", false).is_empty());
}

#[test]
fn generated_names_have_at_most_63_bytes() {
    let mut n = 0;
    let mut count = |below: usize| {
        n += 1;
        n % below
    };
    assert_eq!(generate_name("web-", &mut count), "web-cdfgh");
    assert_eq!(generate_name(&"a".repeat(70), |_| 26), format!("{}99999", "a".repeat(58)));
    assert_eq!(safe_encode("1234567890"), "56789bcdf4");
    assert_eq!(safe_encode(""), "");
}

#[test]
fn domains_before_paths_and_keys() {
    let check = |rule: fn(Path, &str, &mut ErrorList), value: &str, expected: &str| {
        let mut errs = ErrorList::default();
        rule(Path::new("f"), value, &mut errs);
        let found = if errs.is_empty() { String::new() } else { errs.aggregate() };
        assert_eq!(found, expected, "{value:?}");
    };
    let path = "f: Invalid value: \"acme.io\": must be a domain-prefixed path (such as \"acme.io/foo\")";
    check(check_domain_prefixed_path, "acme.io/foo/bar", "");
    check(check_domain_prefixed_path, "acme.io", path);
    check(check_domain_prefixed_path, "", "f: Required value");
    check(check_domain_prefixed_path, "Acme.io/foo", &format!("f: Invalid value: \"Acme.io\": {SUBDOMAIN}"));
    check(
        check_domain_prefixed_path,
        "acme.io/a b",
        "f: Invalid value: \"a b\": Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')",
    );
    let key = "f: Invalid value: \"foo\": must be a domain-prefixed key (such as \"acme.io/foo\")";
    check(check_domain_prefixed_key, "acme.io/foo", "");
    check(check_domain_prefixed_key, "foo", key);
    let short = "f: Invalid value: \"a.b\": should be a domain with at least three segments separated by dots";
    check(check_fully_qualified_name, "a.b.c", "");
    check(check_fully_qualified_name, "a.b", short);
}

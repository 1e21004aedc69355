//! What a scalar means: go-yaml's version of YAML 1.1, in which `yes` is true and `0400` is octal.
//!
//! Upstream: go.yaml.in/yaml/v2 resolve.go (resolve, parseTimestamp), sigs.k8s.io/yaml (convertToJSONableObject)
//! Differs: nothing known.

use crate::apimachinery::Value;
use crate::apimachinery::field_error::go_quote;
use crate::apimachinery::patch::go_float;
use base64::Engine;

const CORE: &str = "tag:yaml.org,2002:";

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    /// More than 63 bits.
    Uint(u64),
    Float(f64),
    Text(String),
}

impl Scalar {
    /// Errors: go-yaml's sentence, without `yaml: `.
    pub(super) fn resolve(text: &str, is_plain: bool, tag: &str) -> Result<Scalar, String> {
        if tag.is_empty() && !is_plain {
            return Ok(Scalar::Text(text.to_owned()));
        }
        let short = match tag.strip_prefix(CORE) {
            Some(short) => short,
            None if tag.is_empty() => "",
            None => return Ok(Scalar::Text(text.to_owned())),
        };
        match short {
            "str" => return Ok(Scalar::Text(text.to_owned())),
            "binary" => {
                return base64::engine::general_purpose::STANDARD
                    .decode(text.replace(['\n', '\r'], ""))
                    .map(|bytes| Scalar::Text(String::from_utf8_lossy(&bytes).into_owned()))
                    .map_err(|_| "!!binary value contains invalid base64 data".to_owned());
            }
            "" | "bool" | "int" | "float" | "null" | "timestamp" => {}
            _ => return Ok(Scalar::Text(text.to_owned())),
        }
        if (short.is_empty() || short == "timestamp") && is_timestamp(text) {
            return Ok(Scalar::Text(text.to_owned()));
        }
        let resolved = implicit(text);
        let (found, matches) = match (&resolved, short) {
            (_, "") => ("", true),
            (Scalar::Null, _) => ("!!null", short == "null"),
            (Scalar::Bool(_), _) => ("!!bool", short == "bool"),
            (Scalar::Int(n), "float") => return Ok(Scalar::Float(*n as f64)),
            (Scalar::Int(_) | Scalar::Uint(_), _) => ("!!int", short == "int"),
            (Scalar::Float(_), _) => ("!!float", short == "float"),
            (Scalar::Text(text), _) if text == "<<" => ("!!merge", false),
            (Scalar::Text(_), _) => ("!!str", false),
        };
        if matches { Ok(resolved) } else { Err(format!("cannot decode {found} `{text}` as a !!{short}")) }
    }

    /// As a member's name; None where JSON has no such name.
    pub(super) fn to_key(&self) -> Option<String> {
        match self {
            Scalar::Text(text) => Some(text.clone()),
            Scalar::Int(n) => Some(n.to_string()),
            Scalar::Bool(b) => Some(b.to_string()),
            Scalar::Float(f) if f.is_nan() => Some(".nan".to_owned()),
            Scalar::Float(f) if (*f as f32).is_infinite() => Some(if *f > 0.0 { ".inf" } else { "-.inf" }.to_owned()),
            // The shortest digits that tell single precision apart, as upstream has it.
            Scalar::Float(f) => format!("{:e}", *f as f32).parse().ok().map(go_float),
            Scalar::Null | Scalar::Uint(_) => None,
        }
    }

    /// Errors: encoding/json's sentence.
    pub(super) fn into_json(self) -> Result<Value, String> {
        Ok(match self {
            Scalar::Null => Value::Null,
            Scalar::Bool(b) => b.into(),
            Scalar::Int(n) => n.into(),
            // The way through JSON text makes doubles of numbers that are too long, and integers of whole doubles.
            Scalar::Uint(n) => (n as f64).into(),
            Scalar::Float(f) if !f.is_finite() => return Err(format!("json: unsupported value: {}", go_float(f))),
            Scalar::Float(f) if f.fract() == 0.0 && f.abs() < 9.2e18 => (f as i64).into(),
            Scalar::Float(f) => f.into(),
            Scalar::Text(text) => text.into(),
        })
    }

    /// Go's `%#v`; within a collection nil shows its type.
    pub(super) fn go_syntax(&self, is_member: bool) -> String {
        match self {
            Scalar::Null if is_member => "interface {}(nil)".to_owned(),
            Scalar::Null => "<nil>".to_owned(),
            Scalar::Bool(b) => b.to_string(),
            Scalar::Int(n) => n.to_string(),
            Scalar::Uint(n) => format!("{n:#x}"),
            Scalar::Float(f) => go_float(*f),
            Scalar::Text(text) => go_quote(text),
        }
    }

    /// What Go's `reflect.Type` prints.
    pub(super) fn go_type(&self) -> &'static str {
        match self {
            Scalar::Null => "%!s(<nil>)",
            Scalar::Bool(_) => "bool",
            Scalar::Int(_) => "int",
            Scalar::Uint(_) => "uint64",
            Scalar::Float(_) => "float64",
            Scalar::Text(_) => "string",
        }
    }
}

/// What a plain scalar without a tag is.
fn implicit(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Scalar::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let number = match text.as_bytes()[0] {
        b'.' => float(text),
        b'+' | b'-' | b'0'..=b'9' => {
            let plain = text.replace('_', "");
            integer(&plain).or_else(|| if is_float(&plain) { float(&plain) } else { None })
        }
        _ => None,
    };
    number.unwrap_or_else(|| Scalar::Text(text.to_owned()))
}

/// Go's `strconv.ParseInt` with base 0, then `ParseUint`.
fn integer(text: &str) -> Option<Scalar> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let bytes = digits.as_bytes();
    let (radix, digits) = match (bytes.first()?, bytes.get(1)) {
        (b'0', Some(b'x' | b'X')) => (16, &digits[2..]),
        (b'0', Some(b'o' | b'O')) => (8, &digits[2..]),
        (b'0', Some(b'b' | b'B')) => (2, &digits[2..]),
        (b'0', Some(_)) => (8, &digits[1..]),
        _ => (10, digits),
    };
    // A second sign is none of Go's business, but Rust would take it.
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    match i64::try_from(i128::from(magnitude) * sign) {
        Ok(n) => Some(Scalar::Int(n)),
        Err(_) if !text.starts_with(['+', '-']) => Some(Scalar::Uint(magnitude)),
        Err(_) => None,
    }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_float(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = digits(rest);
    let (fraction, rest) = match rest[whole..].strip_prefix('.') {
        Some(rest) => (digits(rest), &rest[digits(rest)..]),
        None => (0, &rest[whole..]),
    };
    if whole == 0 && fraction == 0 {
        return false;
    }
    match rest.strip_prefix(['e', 'E']) {
        Some(exponent) => {
            let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
        None => rest.is_empty(),
    }
}

/// What overflows is no number to Go.
fn float(text: &str) -> Option<Scalar> {
    text.parse().ok().filter(|f: &f64| f.is_finite()).map(Scalar::Float)
}

/// The forms of date and time that go-yaml knows; to JSON they are texts, but `!!timestamp` takes nothing else.
pub(super) fn is_timestamp(text: &str) -> bool {
    if text.bytes().take_while(u8::is_ascii_digit).count() != 4 || text.as_bytes().get(4) != Some(&b'-') {
        return false;
    }
    let mut rest = &text[5..];
    let mut number = |low: u32, high: u32, end: &[char]| {
        let length = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
        let fits = rest[..length].parse().is_ok_and(|n: u32| (low..=high).contains(&n));
        let after = &rest[length..];
        rest = after.strip_prefix(end).unwrap_or(after);
        fits && (end.is_empty() || after.len() != rest.len())
    };
    if !number(1, 12, &['-']) || !number(1, 31, &[]) {
        return false;
    }
    let Some(sign) = rest.chars().next() else { return true };
    if !matches!(sign, 'T' | 't' | ' ') {
        return false;
    }
    rest = &rest[1..];
    let mut number = |high: u32, end: &[char]| {
        let length = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
        let fits = rest[..length].parse().is_ok_and(|n: u32| n <= high);
        let after = &rest[length..];
        rest = after.strip_prefix(end).unwrap_or(after);
        fits && (end.is_empty() || after.len() != rest.len())
    };
    if !number(23, &[':']) || !number(59, &[':']) || !number(59, &[]) {
        return false;
    }
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        if rest.len() == fraction.len() {
            return false;
        }
    }
    match (sign, rest) {
        (' ', rest) => rest.is_empty(),
        (_, "Z") => true,
        (_, zone) => {
            let zone = zone.as_bytes();
            zone.len() == 6
                && matches!(zone[0], b'+' | b'-')
                && zone[3] == b':'
                && [1, 2, 4, 5].iter().all(|i| zone[*i].is_ascii_digit())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn is(text: &str, expected: Value) {
        assert_eq!(Scalar::resolve(text, true, "").and_then(Scalar::into_json), Ok(expected), "{text}");
    }

    #[track_caller]
    fn tagged(tag: &str, text: &str, expected: Result<Value, &str>) {
        let found = Scalar::resolve(text, true, &format!("{CORE}{tag}")).and_then(Scalar::into_json);
        assert_eq!(found, expected.map_err(str::to_owned), "!!{tag} {text}");
    }

    #[test]
    fn words_of_yaml_1_1_are_booleans_and_nulls() {
        for text in ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"] {
            is(text, json!(true));
        }
        for text in ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"] {
            is(text, json!(false));
        }
        for text in ["", "~", "null", "Null", "NULL"] {
            is(text, Value::Null);
        }
        for text in ["yEs", "tRue", "nULL", "oN", "nope"] {
            is(text, json!(text));
        }
        assert_eq!(Scalar::resolve("yes", false, ""), Ok(Scalar::Text("yes".to_owned())));
    }

    #[test]
    fn numbers_have_many_forms() {
        is("0", json!(0));
        is("-0", json!(0));
        is("+12", json!(12));
        is("0400", json!(256));
        is("0o17", json!(15));
        is("0x1f", json!(31));
        is("-0x1F", json!(-31));
        is("0b101", json!(5));
        is("-0b101", json!(-5));
        is("1_000", json!(1000));
        is("08", json!(8));
        is("1.5", json!(1.5));
        is("1.", json!(1));
        is(".5", json!(0.5));
        is("-.5", json!(-0.5));
        is("1e3", json!(1000));
        is("1.0", json!(1));
        is("6.02e23", json!(6.02e23));
        is("9223372036854775807", json!(i64::MAX));
        is("18446744073709551615", json!(18446744073709551615.0));
        is("0644", json!(420));
    }

    #[test]
    fn what_only_looks_like_a_number_is_text() {
        for text in [
            "1.2.3", "1e", "0x", "0xg", "--1", "+-1", "1e400", ".", "..", "-", "+", "1:30", "10m", "1_a", "0o8",
            "-0x-1",
        ] {
            is(text, json!(text));
        }
    }

    #[test]
    fn dates_stay_text() {
        for text in ["2001-01-01", "2001-12-14t21:59:43.10-05:00", "2026-01-01T00:00:00Z"] {
            is(text, json!(text));
        }
    }

    #[test]
    fn what_is_not_finite_has_no_json() {
        for (text, shown) in [(".inf", "+Inf"), ("-.INF", "-Inf"), (".nan", "NaN")] {
            let found = Scalar::resolve(text, true, "").and_then(Scalar::into_json);
            assert_eq!(found, Err(format!("json: unsupported value: {shown}")));
        }
    }

    #[test]
    fn tags_are_obeyed() {
        tagged("str", "1", Ok(json!("1")));
        tagged("int", "1", Ok(json!(1)));
        tagged("float", "1", Ok(json!(1)));
        tagged("bool", "yes", Ok(json!(true)));
        tagged("null", "~", Ok(Value::Null));
        tagged("binary", "aGk=", Ok(json!("hi")));
        tagged("timestamp", "2001-01-01", Ok(json!("2001-01-01")));
        tagged("timestamp", "2001-1-1 1:2:3.5", Ok(json!("2001-1-1 1:2:3.5")));
        tagged("other", "1", Ok(json!("1")));
        tagged("int", "a", Err("cannot decode !!str `a` as a !!int"));
        tagged("int", "1.5", Err("cannot decode !!float `1.5` as a !!int"));
        tagged("null", "a", Err("cannot decode !!str `a` as a !!null"));
        tagged("timestamp", "5", Err("cannot decode !!int `5` as a !!timestamp"));
        tagged("binary", "!", Err("!!binary value contains invalid base64 data"));
        assert_eq!(Scalar::resolve("1", true, "!foo"), Ok(Scalar::Text("1".to_owned())));
    }

    #[test]
    fn keys_become_names() {
        let key = |text: &str| Scalar::resolve(text, true, "").ok().and_then(|scalar| scalar.to_key());
        assert_eq!(key("1").as_deref(), Some("1"));
        assert_eq!(key("0x10").as_deref(), Some("16"));
        assert_eq!(key("1.10").as_deref(), Some("1.1"));
        assert_eq!(key("1e10").as_deref(), Some("1e+10"));
        assert_eq!(key("yes").as_deref(), Some("true"));
        assert_eq!(key(".inf").as_deref(), Some(".inf"));
        assert_eq!(key("~"), None);
    }
}

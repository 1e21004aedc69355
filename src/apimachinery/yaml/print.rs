//! A value as YAML, in the style of `kubectl get -o yaml`.
//!
//! Upstream: go.yaml.in/yaml/v2 encode.go (stringv, isBase60Float), emitterc.go (yaml_emitter_analyze_scalar,
//! yaml_emitter_select_scalar_style), as sigs.k8s.io/yaml (Marshal) calls them
//! Differs: long lines are not folded; names are in the order of their bytes, whatever numbers they hold.

use super::scalar::Scalar;
use crate::apimachinery::Value;

/// The whole document, with its last line break.
pub fn print(v: &Value) -> String {
    let mut out = String::new();
    match v {
        Value::Object(object) if !object.is_empty() => members(&mut out, object, 0, ""),
        Value::Array(items) if !items.is_empty() => list(&mut out, items, 0, ""),
        other => {
            scalar(&mut out, other, 0);
            out.push('\n');
        }
    }
    out
}

/// `first` stands before the first line where that has been begun, and is empty where it has not.
fn begin(out: &mut String, indent: usize, first: &mut &str) {
    if first.is_empty() {
        out.extend(std::iter::repeat_n(' ', indent));
    }
    *first = "";
}

fn members(out: &mut String, object: &serde_json::Map<String, Value>, indent: usize, mut first: &str) {
    for (name, v) in object {
        begin(out, indent, &mut first);
        match style(name) {
            // A name is on one line.
            Style::Literal => double_quoted(out, name),
            _ => text(out, name, indent),
        }
        out.push(':');
        match v {
            Value::Object(object) if !object.is_empty() => {
                out.push('\n');
                members(out, object, indent + 2, "");
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                list(out, items, indent, "");
            }
            other => {
                out.push(' ');
                scalar(out, other, indent + 2);
                out.push('\n');
            }
        }
    }
}

fn list(out: &mut String, items: &[Value], indent: usize, mut first: &str) {
    for v in items {
        begin(out, indent, &mut first);
        out.push_str("- ");
        match v {
            Value::Object(object) if !object.is_empty() => members(out, object, indent + 2, "- "),
            Value::Array(items) if !items.is_empty() => list(out, items, indent + 2, "- "),
            other => {
                scalar(out, other, indent + 2);
                out.push('\n');
            }
        }
    }
}

/// Without the line break that ends it; `indent` is that of further lines.
fn scalar(out: &mut String, v: &Value, indent: usize) {
    match v {
        Value::String(s) => text(out, s, indent),
        Value::Object(_) => out.push_str("{}"),
        Value::Array(_) => out.push_str("[]"),
        other => out.push_str(&other.to_string()),
    }
}

fn text(out: &mut String, text: &str, indent: usize) {
    match style(text) {
        Style::Plain => out.push_str(text),
        Style::Single => {
            out.push('\'');
            out.push_str(&text.replace('\'', "''"));
            out.push('\'');
        }
        Style::Double => double_quoted(out, text),
        Style::Literal => {
            out.push('|');
            if text.starts_with([' ', '\n']) {
                out.push('2');
            }
            let body = text.trim_end_matches('\n');
            match text.len() - body.len() {
                0 => out.push('-'),
                1 if !body.is_empty() => {}
                _ => out.push('+'),
            }
            // Its own last line break is the caller's.
            for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
                out.push('\n');
                if !line.is_empty() {
                    out.extend(std::iter::repeat_n(' ', indent));
                    out.push_str(line);
                }
            }
        }
    }
}

fn double_quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\0' => out.push_str("\\0"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\x0b' => out.push_str("\\v"),
            '\x0c' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\x1b' => out.push_str("\\e"),
            '\u{85}' => out.push_str("\\N"),
            '\u{2028}' => out.push_str("\\L"),
            '\u{2029}' => out.push_str("\\P"),
            c if is_printable(c) => out.push(c),
            c if (c as u32) < 0x100 => out.push_str(&format!("\\x{:02X}", c as u32)),
            c if (c as u32) < 0x1_0000 => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push_str(&format!("\\U{:08X}", c as u32)),
        }
    }
    out.push('"');
}

enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// What go-yaml's emitter takes to be printable: nothing beyond the first plane.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{fffd}') && c != '\u{feff}'
}

fn style(text: &str) -> Style {
    // Breaks of other kinds are left to be escaped.
    let is_special = text.chars().any(|c| !is_printable(c) || matches!(c, '\u{2028}' | '\u{2029}'));
    if text.contains('\n') {
        let has_trailing_space = text.ends_with(' ') || text.contains(" \n");
        return if is_special || has_trailing_space { Style::Double } else { Style::Literal };
    }
    let is_text = matches!(Scalar::resolve(text, true, ""), Ok(Scalar::Text(_)))
        && !super::scalar::is_timestamp(text)
        && text != "<<";
    if is_special || !is_text || is_base_60(text) {
        return Style::Double;
    }
    if is_indicated(text) || text.starts_with(' ') || text.ends_with(' ') { Style::Single } else { Style::Plain }
}

/// Whether something in it would mean more than itself.
fn is_indicated(text: &str) -> bool {
    let first = text.chars().next().unwrap_or_default();
    text.starts_with("---")
        || text.starts_with("...")
        || "#,[]{}&*!|>'\"%@`".contains(first)
        || matches!(text, "-" | "?" | ":")
        || ["- ", "? "].iter().any(|mark| text.starts_with(mark))
        || text.ends_with(':')
        || text.contains(": ")
        || text.contains(" #")
}

/// `190:20:30`, a number to other readers.
fn is_base_60(text: &str) -> bool {
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let Some((whole, rest)) = text.strip_prefix(['-', '+']).unwrap_or(text).split_once(':') else { return false };
    let (sixtieths, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let is_sixtieth = |s: &str| match s.as_bytes() {
        [b] => b.is_ascii_digit(),
        [a, b] => (b'0'..=b'5').contains(a) && b.is_ascii_digit(),
        _ => false,
    };
    let starts_well = whole.starts_with(|c: char| c.is_ascii_digit()) && digits(whole);
    starts_well && digits(fraction) && sixtieths.split(':').all(is_sixtieth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn objects_are_indented_as_kubectl_does_it() {
        let v = json!({"a": {"b": [1, {"c": "x", "d": {}}, [true, null], []]}, "e": "", "f": [], "z": 1.5});
        let want = "a:\n  b:\n  - 1\n  - c: x\n    d: {}\n  - - true\n    - null\n  - []\ne: \"\"\nf: []\nz: 1.5\n";
        assert_eq!(print(&v), want);
    }

    #[test]
    fn texts_have_the_style_that_go_yaml_chooses() {
        for (text, want) in [
            ("nginx:1.27", "nginx:1.27"),
            ("true", "\"true\""),
            ("yes", "\"yes\""),
            ("0400", "\"0400\""),
            ("1e3", "\"1e3\""),
            ("~", "\"~\""),
            ("<<", "\"<<\""),
            ("12:30", "\"12:30\""),
            ("2026-01-01T00:00:00Z", "\"2026-01-01T00:00:00Z\""),
            ("a: b", "'a: b'"),
            ("a #b", "'a #b'"),
            ("it's", "it's"),
            ("'it's", "'''it''s'"),
            ("*", "'*'"),
            ("- x", "'- x'"),
            ("-x", "-x"),
            (" x", "' x'"),
            ("---", "'---'"),
            ("a\tb", "\"a\\tb\""),
            ("é", "é"),
            ("😀", "\"\\U0001F600\""),
            ("a\nb", "|-\n  a\n  b"),
            ("a\n\nb\n", "|\n  a\n\n  b"),
            ("a\n\n", "|+\n  a\n"),
            (" a\nb", "|2-\n   a\n  b"),
            ("a \nb", "\"a \\nb\""),
            ("\\d\n\u{7}", "\"\\\\d\\n\\a\""),
        ] {
            assert_eq!(print(&json!({"k": text})), format!("k: {want}\n"));
            assert_eq!(super::super::read_one(&print(&json!({"k": text}))).map(|d| d.value), Ok(json!({"k": text})));
        }
    }
}

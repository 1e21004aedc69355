//! What is known of manifests, as tables.

use super::*;
use serde_json::json;

/// The one document of a text.
#[track_caller]
fn one(text: &str) -> Document {
    let (mut documents, error) = read(text);
    assert_eq!(error, None, "{text}");
    assert_eq!(documents.len(), 1, "{text}");
    documents.remove(0)
}

#[track_caller]
fn is(text: &str, expected: Value) {
    assert_eq!(one(text).value, expected, "{text}");
}

/// The sentence that kubectl prints, and the place that is underlined.
#[track_caller]
fn fails(text: &str, message: &str, line: usize, column: usize) {
    let (_, error) = read(text);
    let error = error.unwrap_or_else(|| panic!("{text} is no error"));
    assert_eq!((error.message.as_str(), error.line, error.column), (message, line, column), "{text}");
}

#[track_caller]
fn fails_yaml(text: &str, problem: &str, line: usize, column: usize) {
    fails(text, &format!("error converting YAML to JSON: yaml: {problem}"), line, column);
}

#[track_caller]
fn lines(text: &str, expected: &[usize]) {
    let found: Vec<usize> = read(text).0.iter().map(|document| document.line).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn recorded_errors_are_the_same() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n";
    fails_yaml(&format!("{pod}  name: web\n labels:\n    a: b\n"), "line 4: did not find expected key", 5, 2);
    fails_yaml(&format!("{pod}\tname: web\n"), "line 4: found character that cannot start any token", 4, 1);
    fails_yaml("apiVersion: v1\nkind: Pod\nmetadata: {name: web\n", "line 3: did not find expected ',' or '}'", 4, 1);
    fails_yaml(&format!("{pod}  name: web: two\n"), "line 4: mapping values are not allowed in this context", 4, 12);
    fails_yaml(&format!("{pod}  name: a\ndata:\n  a: \"open\n"), "line 7: found unexpected end of stream", 7, 1);
    fails_yaml("a: *nobody\n", "unknown anchor 'nobody' referenced", 1, 4);
    let config_map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n";
    let two = format!("{config_map}  name: a\n---\n{config_map}  name: b\n bad: x\n");
    fails_yaml(&two, "line 4: did not find expected key", 10, 2);
    assert_eq!(read(&two).0.len(), 1);
    is("just words\n", json!("just words"));
    is("- apiVersion: v1\n  kind: Pod\n", json!([{"apiVersion": "v1", "kind": "Pod"}]));
    is(r#"{"apiVersion": "v1", "kind": "ConfigMap", }"#, json!({"apiVersion": "v1", "kind": "ConfigMap"}));
    for nothing in ["", "# only a comment\n", "---\n---\n", "\n\n", "null\n", "~"] {
        assert!(read_all(nothing).is_empty(), "{nothing}");
    }
}

#[test]
fn syntax_errors_are_in_kubectls_words() {
    fails_yaml("a: b\nfoo\nbar: x\n", "line 3: could not find expected ':'", 3, 1);
    fails_yaml("a: b\n- c\n", "line 1: did not find expected key", 2, 1);
    fails_yaml("x: y\n- a\n", "line 1: did not find expected key", 2, 1);
    fails_yaml("- a\nb: c\n", "line 1: did not find expected '-' indicator", 2, 1);
    fails_yaml("a: - b\n", "block sequence entries are not allowed in this context", 1, 4);
    fails_yaml("a:\n  b: - c\n", "line 2: block sequence entries are not allowed in this context", 2, 6);
    fails_yaml("a: b\nc: @x\n", "line 2: found character that cannot start any token", 2, 4);
    fails_yaml("a: b\nc: [x, y\nd: e\n", "line 2: did not find expected ',' or ']'", 3, 2);
    fails_yaml("a: b\nc: \"\\q\"\n", "line 2: found unknown escape character", 2, 5);
    fails_yaml("a: b\nc: \"a\\/b\"\n", "line 2: found unknown escape character", 2, 6);
    fails_yaml("a: b\nc: \"\\xzz\"\n", "line 2: did not find expected hexdecimal number", 2, 7);
    fails_yaml("a: b\nc: {x?y: z}\n", "line 1: did not find expected ',' or '}'", 2, 6);
    fails_yaml("a: b\nc: |\n \tx\n", "line 3: found a tab character where an indentation space is expected", 3, 2);
    fails_yaml("a: \u{7}\n", "control characters are not allowed", 1, 1);
    fails_yaml("a: b\nc: }\n", "line 1: did not find expected node content", 2, 4);
}

#[test]
fn what_json_has_not_is_refused() {
    let at = |problem: &str| format!("error converting YAML to JSON: {problem}");
    fails("a: .nan\n", &at("json: unsupported value: NaN"), 1, 4);
    fails("~: x\n", &at("unsupported map key of type: %!s(<nil>), key: <nil>, value: \"x\""), 1, 1);
    fails_yaml(
        "image: {{ .Values.image }}\n",
        "invalid map key: map[interface {}]interface {}{\".Values.image\":interface {}(nil)}",
        1,
        9,
    );
    fails_yaml("a: !!int x\n", "cannot decode !!str `x` as a !!int", 1, 4);
    fails_yaml("a: &a [*a]\n", "anchor 'a' value contains itself", 1, 8);
    fails_yaml("a: {<<: 1}\n", "map merge requires map or sequence of maps as the value", 1, 9);
}

#[test]
fn what_only_the_strict_parser_refuses_is_taken() {
    is("a:\tb\n", json!({"a": "b"}));
    is("a: \"x\ny\"\nb: c\n", json!({"a": "x y", "b": "c"}));
    is("a:\n  b: 'x\n\ny'\n", json!({"a": {"b": "x\ny"}}));
    is("a: \"x\\\ny\"\n", json!({"a": "xy"}));
    is("a: \"it\\'s\"\n", json!({"a": "it's"}));
    is("a: [b]#c\n", json!({"a": ["b"]}));
    is("a:\n- [b\n,c]\n", json!({"a": [["b", "c"]]}));
    is("\"a\":1\n", json!("a"));
    is("a: b\n...\nc: [\n", json!({"a": "b"}));
}

#[test]
fn aliases_and_merges_are_followed() {
    is("a: &x {b: 1}\nc: *x\n", json!({"a": {"b": 1}, "c": {"b": 1}}));
    is("a: &x 1\nb: &x 2\nc: *x\n", json!({"a": 1, "b": 2, "c": 2}));
    is("b: &b {p: 1, q: 2}\nx: {<<: *b, q: 3}\n", json!({"b": {"p": 1, "q": 2}, "x": {"p": 1, "q": 3}}));
    is("b: &b {p: 1}\nx: {p: 0, <<: *b}\n", json!({"b": {"p": 1}, "x": {"p": 1}}));
    is("b: &b {p: 1}\nc: &c {p: 2}\nx: {<<: [*b, *c]}\n", json!({"b": {"p": 1}, "c": {"p": 2}, "x": {"p": 1}}));
    is("'<<': x\n", json!({"<<": "x"}));
}

#[test]
fn aliases_of_aliases_are_stopped() {
    let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for i in 1..9 {
        let items = vec![format!("*a{}", i - 1); 10].join(",");
        bomb.push_str(&format!("a{i}: &a{i} [{items}]\n"));
    }
    let (_, error) = read(&bomb);
    let message = error.map(|error| error.message);
    assert_eq!(message.as_deref(), Some("error converting YAML to JSON: yaml: document contains excessive aliasing"));
}

#[test]
fn hostile_depth_is_an_error() {
    for deep in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000)] {
        assert!(read(&deep).1.is_some());
    }
    fails_yaml(&"- ".repeat(10_001), "exceeded max depth of 10000", 1, 20_001);
    fails_yaml(&format!("a:\n{}", "- ".repeat(10_001)), "line 2: exceeded max depth of 10000", 2, 19_999);
    // Deeper than any kind: read as empty, to be refused by what it is a part of.
    for deep in ["- ".repeat(9_000), format!("{}{}", "[".repeat(200), "]".repeat(200))] {
        assert!(read(&deep).1.is_none());
    }
}

#[test]
fn names_are_texts_and_the_last_of_equal_ones_wins() {
    is(
        "1: a\nyes: b\n1.50: c\n0x10: d\n2001-01-01: e\n",
        json!({"1": "a", "true": "b", "1.5": "c", "16": "d", "2001-01-01": "e"}),
    );
    let document = one("a: 1\nb: {c: 1, c: 2}\na: {d: 1}\nl:\n- e: 1\n  e: 2\n");
    assert_eq!(document.value, json!({"a": {"d": 1}, "b": {"c": 2}, "l": [{"e": 2}]}));
    let duplicates: Vec<(&str, usize)> =
        document.duplicates.iter().map(|(path, line)| (path.as_str(), *line)).collect();
    assert_eq!(duplicates, [("b.c", 2), ("a", 3), ("l[0].e", 6)]);
    let document = one("a: {b: 1}\na: {c: 1}\n");
    assert_eq!((document.positions.of("a.b"), document.positions.of("a.c").map(|s| s.line)), (None, Some(2)));
}

#[test]
fn texts_are_split_as_kubectl_splits_them() {
    lines("a: 1\n---\nb: 2\n", &[1, 3]);
    lines("---\na: 1\n", &[1]);
    lines("# c\n---\na: 1\n---\n---\nb: 2\n---\n", &[3, 5]);
    lines("a: 1\n--- # c\nb: 2\n", &[1, 3]);
    lines("a: 1\r\n---\r\nb: 2\r\n", &[1, 3]);
    lines("a: |\n  x\n---\nb: 2", &[1, 4]);
    lines("{\"a\":1}{\"b\":2}\n\n{\"c\":3}", &[1, 1, 3]);
    lines("{\"a\":1}\n---\nb: 2\n", &[1, 2]);
    lines("\n{a: 1}\n---\n{b: 2}\n", &[2, 4]);
    fails("a: 1\n--- foo\nb: 2\n", "invalid Yaml document separator: foo", 2, 1);
    fails("a: 1\n----\n", "invalid Yaml document separator: -", 2, 1);
    let all = read_all("a: 1\n---\nb: [\n---\nc: 3\n");
    assert_eq!(all.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
}

#[test]
fn json_that_is_neither_json_nor_yaml_is_refused_in_gos_words() {
    fails("{a: b", "json: offset 2: invalid character 'a' looking for beginning of object key string", 1, 2);
    fails("{\"a\": \"v1\" \"b\"}", "json: offset 12: invalid character '\"' after object key:value pair", 1, 12);
    fails("{\n\"a\": 1,\n\t\"b\": [\n", "unexpected EOF", 4, 1);
    fails("{\"a\":1} x", "json: offset 9: invalid character 'x' looking for beginning of value", 1, 9);
    fails("{}{}\n-\n", "invalid character '\\n' in numeric literal", 2, 2);
    is("{\"a\": \"x\\/y\"}", json!({"a": "x/y"}));
}

const MANIFEST: &str = "\
# a comment
---
apiVersion: v1
metadata:
  labels: {app: web, example.com/tier: \"front\"}
spec:
  containers:
  - name: web
    image: nginx
    command:
    - sh
    - |
      echo
  - {name: side, image: 'busybox'}
";

#[test]
fn every_value_has_a_place() {
    let positions = one(MANIFEST).positions;
    let check = |path: &str, expected: (usize, usize, usize)| {
        let found = positions.of(path).map(|s| (s.line, s.column, s.end_column));
        assert_eq!(found, Some(expected), "{path}");
    };
    check("apiVersion", (3, 13, 15));
    check("metadata", (4, 1, 9));
    check("metadata.labels.app", (5, 17, 20));
    check("metadata.labels[app]", (5, 17, 20));
    check("metadata.labels[example.com/tier]", (5, 40, 47));
    check("metadata.labels.example.com/tier", (5, 40, 47));
    check("spec.containers", (7, 3, 13));
    check("spec.containers[0]", (8, 5, 9));
    check("spec.containers[0].image", (9, 12, 17));
    check("spec.containers[0].command[0]", (11, 7, 9));
    check("spec.containers[1]", (14, 5, 35));
    check("spec.containers[1].image", (14, 25, 34));
    assert_eq!(positions.key("spec.containers[0].image").map(|s| (s.line, s.column)), Some((9, 5)));
    assert_eq!(positions.key("spec.containers[0]"), None);
    assert_eq!(positions.of("spec.containers[2]"), None);
    let nearest = |path: &str| positions.nearest(path).map(|s| (s.line, s.column));
    assert_eq!(nearest("spec.containers[0].ports[0].containerPort"), Some((8, 5)));
    assert_eq!(nearest("spec.containers[7].image"), Some((7, 3)));
    assert_eq!(nearest("status"), positions.of("").map(|s| (s.line, s.column)));
    assert!(positions.paths().any(|path| path == "spec.containers[0].command[1]"));
}

#[test]
fn places_of_plain_values_hold_their_text() {
    let document = one(MANIFEST);
    let lines: Vec<&str> = MANIFEST.lines().collect();
    let mut count = 0;
    for path in document.positions.paths() {
        let pointer = format!("/{}", path.replace("example.com/tier", "example.com~1tier"))
            .replace(['.', '['], "/")
            .replace(']', "");
        let pointer = pointer.replace("example/com", "example.com");
        let value = if path.is_empty() { Some(&document.value) } else { document.value.pointer(&pointer) };
        let (Some(Value::String(text)), Some(span)) = (value, document.positions.value(path)) else { continue };
        if span.line == span.end_line {
            let found: String =
                lines[span.line - 1].chars().skip(span.column - 1).take(span.end_column - span.column).collect();
            assert_eq!(found.trim_matches(['"', '\'']), text, "{path}");
            count += 1;
        }
    }
    assert_eq!(count, 8);
}

/// A small generator, so that the same texts come up in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

#[test]
fn no_text_breaks_the_reader() {
    let mut chance = Chance(0x2545_F491_4F6C_DD1D);
    let signs: Vec<char> = " \n\t:-?,[]{}#&*!|>'\"%@`\\~<=.0123ab\u{e9}\u{85}\u{feff}\r\0\u{1}".chars().collect();
    for _ in 0..4000 {
        let length = chance.below(60);
        let text: String = (0..length).map(|_| signs[chance.below(signs.len())]).collect();
        let _ = read_all(&text);
    }
    for _ in 0..1500 {
        let mut text: Vec<char> = MANIFEST.chars().collect();
        for _ in 0..1 + chance.below(4) {
            let at = chance.below(text.len());
            match chance.below(3) {
                0 => text[at] = signs[chance.below(signs.len())],
                1 => text.insert(at, signs[chance.below(signs.len())]),
                _ => drop(text.remove(at)),
            }
        }
        let text: String = text.into_iter().collect();
        for document in read_all(&text).into_iter().flatten() {
            assert!(document.positions.paths().all(|path| document.positions.of(path).is_some_and(|s| s.line > 0)));
        }
    }
}

//! What is known of labels, as tables.

use super::*;

#[track_caller]
fn reads(text: &str, expected: &str) {
    assert_eq!(Selector::parse(text).map(|s| s.to_string()), Ok(expected.to_owned()), "{text}");
}

#[track_caller]
fn refuses(text: &str, expected: &str) {
    assert_eq!(Selector::parse(text).map(|s| s.to_string()), Err(expected.to_owned()), "{text}");
}

fn selects(selector: &Selector, labels: &str) -> bool {
    let labels: Vec<(&str, &str)> = labels.split(',').filter_map(|pair| pair.split_once('=')).collect();
    selector.matches(|key| labels.iter().find(|(k, _)| *k == key).map(|(_, v)| *v))
}

#[track_caller]
fn matches(text: &str, labels: &str) {
    assert!(selects(&Selector::parse(text).expect("it parses"), labels), "{text} should match {labels}");
}

#[track_caller]
fn differs(text: &str, labels: &str) {
    assert!(!selects(&Selector::parse(text).expect("it parses"), labels), "{text} should not match {labels}");
}

fn parts(labels: &[(&str, &str)], expressions: &[(&str, &str, &[&str])]) -> Result<String, String> {
    let labels: Vec<(Str, Str)> = labels.iter().map(|(k, v)| (Str::from(*k), Str::from(*v))).collect();
    let expressions: Vec<(Str, &str, Vec<Str>)> =
        expressions.iter().map(|(k, o, v)| (Str::from(*k), *o, v.iter().map(|v| Str::from(*v)).collect())).collect();
    Selector::from_parts(labels.iter().map(|(k, v)| (k, v)), expressions.iter().map(|(k, o, v)| (k, *o, v.as_slice())))
        .map(|s| s.to_string())
}

#[test]
fn what_is_read_is_written_in_order_of_keys() {
    reads("", "");
    reads("a=b,c!=d,e in (g,f),!h", "a=b,c!=d,e in (f,g),!h");
    reads("x==a", "x==a");
    reads("y , x", "x,y");
    reads(" x  notin ( a , b ) ", "x notin (a,b)");
    reads("x in (a,a)", "x in (a)");
    reads("x in ()", "x in ()");
    reads("x in (,a)", "x in (,a)");
    reads("x in (a,)", "x in (,a)");
    reads("x in (a,,b)", "x in (,a,b)");
    reads("x=", "x=");
    reads("x=,z=w", "x=,z=w");
    reads("x>1,y<2", "x>1,y<2");
    reads("in in (in,notin)", "in in (in,notin)");
    reads("notin=in", "notin=in");
    reads("example.com/a=1", "example.com/a=1");
    reads("a\0", "a");
    reads("a=b\0\0c", "a=b");
}

#[test]
fn what_cannot_be_read_is_refused_in_upstreams_words() {
    let operators = "in, notin, =, ==, !=, gt, lt";
    refuses("a b", &format!("unable to parse requirement: found 'b', expected: {operators}"));
    refuses("a in (b", "unable to parse requirement: found '', expected: ',' or ')'");
    refuses("a in", "unable to parse requirement: found '' expected: '('");
    refuses("a in b", "unable to parse requirement: found 'b' expected: '('");
    refuses("a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier");
    refuses("a in (b,", "unable to parse requirement: found '', expected: ',', or identifier");
    refuses("a in (b,!", "unable to parse requirement: found '!', expected: ',', or identifier");
    refuses("a,", "found '', expected: identifier after ','");
    refuses("a,=", "found '=', expected: identifier after ','");
    refuses("=", "found '=', expected: !, identifier, or 'end of string'");
    refuses(",a", "found ',', expected: !, identifier, or 'end of string'");
    refuses("!", "unable to parse requirement: found '', expected: identifier");
    refuses("!a=b", "found '=', expected: ',' or 'end of string'");
    refuses("a=b c", "found 'c', expected: ',' or 'end of string'");
    refuses("a=(", "unable to parse requirement: found '(', expected: identifier");
    refuses("a===b", "unable to parse requirement: found '=', expected: identifier");
    refuses(
        "a>b",
        "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an \
         integer",
    );
    refuses(
        "a;b=c",
        "unable to parse requirement: <nil>: Invalid value: \"a;b\": name part must consist of alphanumeric \
         characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or \
         'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    );
    refuses(
        "a=b;c",
        "unable to parse requirement: values[0][a]: Invalid value: \"b;c\": a valid label must be an empty string or \
         consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character \
         (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is \
         '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    );
}

#[test]
fn labels_are_selected() {
    matches("", "");
    matches("a=b", "a=b,c=d");
    differs("a=b", "a=c");
    differs("a=b", "");
    matches("a!=b", "a=c");
    matches("a!=b", "");
    differs("a!=b", "a=b");
    matches("a in (b,c)", "a=c");
    differs("a in (b,c)", "d=c");
    matches("a notin (b,c)", "");
    differs("a notin (b,c)", "a=b");
    matches("a", "a=");
    differs("a", "b=a");
    matches("!a", "b=a");
    differs("!a", "a=");
    matches("a>1", "a=2");
    differs("a>1", "a=1");
    differs("a>1", "a=x");
    differs("a<1", "");
    matches("a<1", "a=-5");
    differs("a=b,c=d", "a=b");
    assert!(!selects(&Selector::nothing(), "a=b"));
    assert!(selects(&Selector::everything(), ""));
}

#[test]
fn selectors_of_objects() {
    assert_eq!(parts(&[], &[]), Ok(String::new()));
    assert_eq!(parts(&[("a", "b")], &[("c", "In", &["d"]), ("b", "Exists", &[])]), Ok("a=b,b,c in (d)".to_owned()));
    assert_eq!(
        parts(&[], &[("a", "NotIn", &["c", "b"]), ("a", "DoesNotExist", &[])]),
        Ok("a notin (b,c),!a".to_owned())
    );
    assert_eq!(parts(&[], &[("a", "Gt", &["1"])]), Err("\"Gt\" is not a valid label selector operator".to_owned()));
    assert_eq!(
        parts(&[], &[("a", "In", &[])]),
        Err("values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty".to_owned())
    );
    assert_eq!(
        parts(&[], &[("a", "Exists", &["b"])]),
        Err("values: Invalid value: [\"b\"]: values set must be empty for exists and does not exist".to_owned())
    );
}

#[test]
fn a_selector_tells_what_it_asks_for() {
    let selector = Selector::parse("a=b,c in (d),e in (f,g),h!=i").expect("it parses");
    assert_eq!(selector.exact_match("a"), Some(&Str::from("b")));
    assert_eq!(selector.exact_match("c"), Some(&Str::from("d")));
    assert_eq!(selector.exact_match("e"), None);
    assert_eq!(selector.exact_match("h"), None);
    assert_eq!(Selector::everything().text_or_none(), "<none>");
    let more = Requirement::new("b", Operator::Exists, Vec::new()).expect("it is valid");
    assert_eq!(selector.and([more]).to_string(), "a=b,b,c in (d),e in (f,g),h!=i");
    assert!(Selector::nothing().is_nothing() && !Selector::nothing().is_empty());
}

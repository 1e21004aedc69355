//! Field selectors: `metadata.name=web,status.phase!=Running`.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/fields/selector.go
//! Differs: nothing known.

use super::Str;
use crate::apimachinery::Arrange;
use std::fmt;
use std::rc::Rc;

/// One condition: a field is, or is not, this.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Term {
    pub field: Str,
    pub negated: bool,
    pub value: Str,
}

/// All conditions must hold; a clone is a pointer copy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldSelector(Rc<[Term]>);

impl FieldSelector {
    pub fn everything() -> FieldSelector {
        FieldSelector(Rc::new([]))
    }

    /// The one condition that a field is this.
    pub fn equal(field: impl Into<Str>, value: impl Into<Str>) -> FieldSelector {
        FieldSelector(Rc::new([Term { field: field.into(), negated: false, value: value.into() }]))
    }

    /// Errors: upstream's sentence.
    pub fn parse(text: &str) -> Result<FieldSelector, String> {
        let mut parts = split_terms(text);
        parts.arrange();
        let mut terms = Vec::new();
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            let (field, negated, value) =
                split_term(part).ok_or_else(|| format!("invalid selector: '{text}'; can't understand '{part}'"))?;
            terms.push(Term { field: field.into(), negated, value: unescape(value)?.into() });
        }
        Ok(FieldSelector(terms.into()))
    }

    /// Whether the conditions hold; a field that is not there is empty.
    pub fn matches<'a>(&self, get: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0.iter().all(|term| (get(&term.field).unwrap_or_default() == term.value.as_str()) != term.negated)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn terms(&self) -> &[Term] {
        &self.0
    }

    /// The one value that it asks this field to have.
    pub fn exact_match(&self, field: &str) -> Option<&Str> {
        self.0.iter().find(|term| !term.negated && term.field == *field).map(|term| &term.value)
    }
}

impl fmt::Display for FieldSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, term) in self.0.iter().enumerate() {
            let (comma, sign) = (if i == 0 { "" } else { "," }, if term.negated { "!=" } else { "=" });
            write!(f, "{comma}{}{sign}{}", term.field, escape(&term.value))?;
        }
        Ok(())
    }
}

/// A value as it can stand in a selector.
pub fn escape(value: &str) -> String {
    value.replace('\\', r"\\").replace(',', r"\,").replace('=', r"\=")
}

/// Cut at commas that no backslash protects.
fn split_terms(text: &str) -> Vec<&str> {
    let (mut terms, mut start, mut escaped) = (Vec::new(), 0, false);
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                terms.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[start..]);
    terms
}

/// Field, whether it must differ, value; cut at the first sign, since fields have no escapes.
fn split_term(term: &str) -> Option<(&str, bool, &str)> {
    let (i, sign) = (0..term.len()).find_map(|i| {
        let rest = term.get(i..)?;
        ["!=", "==", "="].into_iter().find(|sign| rest.starts_with(sign)).map(|sign| (i, sign))
    })?;
    Some((&term[..i], sign == "!=", &term[i + sign.len()..]))
}

fn unescape(value: &str) -> Result<String, String> {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | ',' | '=')) => out.push(c),
                other => {
                    let sequence: String = std::iter::once('\\').chain(other).collect();
                    return Err(format!("invalid field selector: invalid escape sequence: {sequence}"));
                }
            },
            // Upstream prints the character's number.
            ',' | '=' => return Err(format!("invalid field selector: unescaped character in value: {}", c as u32)),
            _ => out.push(c),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(text: &str, expected: &str) {
        assert_eq!(FieldSelector::parse(text).map(|s| s.to_string()), Ok(expected.to_owned()), "{text}");
    }

    #[track_caller]
    fn refuses(text: &str, expected: &str) {
        assert_eq!(FieldSelector::parse(text).map(|s| s.to_string()), Err(expected.to_owned()), "{text}");
    }

    #[test]
    fn what_is_read_is_written_in_order() {
        reads("", "");
        reads("metadata.name=x,status.phase!=Running", "metadata.name=x,status.phase!=Running");
        reads("b==2,a=1", "a=1,b=2");
        reads(",,a=1,", "a=1");
        reads(r"a=x\,y\=z\\", r"a=x\,y\=z\\");
        reads("=", "=");
    }

    #[test]
    fn what_cannot_be_read_is_refused_in_upstreams_words() {
        refuses("metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'");
        refuses("a=1,b", "invalid selector: 'a=1,b'; can't understand 'b'");
        refuses("x=a=b", "invalid field selector: unescaped character in value: 61");
        refuses("a===b", "invalid field selector: unescaped character in value: 61");
        refuses(r"x=\a", r"invalid field selector: invalid escape sequence: \a");
        refuses(r"x=\", r"invalid field selector: invalid escape sequence: \");
    }

    #[test]
    fn fields_are_selected() {
        let get = |field: &str| (field == "status.phase").then_some("Running");
        let matches = |text: &str| FieldSelector::parse(text).expect("it parses").matches(get);
        assert!(matches("status.phase=Running"));
        assert!(!matches("status.phase!=Running"));
        assert!(matches("spec.nodeName="));
        assert!(!matches("spec.nodeName!="));
        assert!(matches("spec.nodeName!=a,status.phase==Running"));
        assert!(matches(""));
    }

    #[test]
    fn a_selector_tells_what_it_asks_for() {
        let selector = FieldSelector::parse("a=1,b!=2").expect("it parses");
        assert_eq!(selector.exact_match("a"), Some(&Str::from("1")));
        assert_eq!(selector.exact_match("b"), None);
        assert_eq!(FieldSelector::equal("a", "x,y").to_string(), r"a=x\,y");
    }
}

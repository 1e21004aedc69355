//! Whether a text is YAML to kubectl, and its words where it is not.
//!
//! libyaml is asked, through the package that reads our own files, because go-yaml is a translation of it: the same
//! texts pass, and the same problems have the same names and places.
//!
//! Upstream: go.yaml.in/yaml/v2 (decode.go parser.fail; scannerc.go, parserc.go, readerc.go)
//! Differs: `?` within a plain scalar of a flow collection is taken, where go-yaml ends the scalar there.

use serde::Deserialize;
use serde::de::IgnoredAny;
use std::borrow::Cow;

/// What is wrong, and where; lines and columns from 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Problem {
    pub(super) text: String,
    pub(super) line: usize,
    pub(super) column: usize,
    /// Whether the scanner found it: go-yaml counts its lines from 1, and those of the parser from 0.
    is_scanners: bool,
}

impl Problem {
    pub(super) fn scanner(problem: &str, line: usize, column: usize) -> Problem {
        Problem { text: problem.to_owned(), line, column, is_scanners: true }
    }

    pub(super) fn parser(problem: &str, line: usize, column: usize) -> Problem {
        Problem { text: problem.to_owned(), line, column, is_scanners: false }
    }

    /// As go-yaml puts it. The first line is never named.
    pub(super) fn message(&self) -> String {
        let problem = &self.text;
        match self.line - 1 {
            0 => format!("yaml: {problem}"),
            line if self.is_scanners => format!("yaml: line {}: {problem}", line + 1),
            line => format!("yaml: line {line}: {problem}"),
        }
    }
}

const PARSERS: [&str; 11] = [
    "did not find expected ',' or ']'",
    "did not find expected ',' or '}'",
    "did not find expected '-' indicator",
    "did not find expected <document start>",
    "did not find expected <stream-start>",
    "did not find expected key",
    "did not find expected node content",
    "found duplicate %TAG directive",
    "found duplicate %YAML directive",
    "found incompatible YAML document",
    "found undefined tag handle",
];
const SCANNERS: [&str; 30] = [
    "block sequence entries are not allowed in this context",
    "control characters are not allowed",
    "could not find expected ':'",
    "could not find expected directive name",
    "did not find URI escaped octet",
    "did not find expected '!'",
    "did not find expected alphabetic or numeric character",
    "did not find expected comment or line break",
    "did not find expected digit or '.' character",
    "did not find expected hexadecimal number",
    "did not find expected tag URI",
    "did not find expected version number",
    "did not find expected whitespace",
    "did not find expected whitespace or line break",
    "did not find the expected '>'",
    "found a tab character that violates indentation",
    "found a tab character where an indentation space is expected",
    "found an incorrect leading UTF-8 octet",
    "found an incorrect trailing UTF-8 octet",
    "found an indentation indicator equal to 0",
    "found character that cannot start any token",
    "found extremely long version number",
    "found invalid Unicode character escape code",
    "found unexpected ':'",
    "found unexpected document indicator",
    "found unexpected end of stream",
    "found unexpected non-alphabetical character",
    "found unknown directive name",
    "found unknown escape character",
    "invalid Unicode character",
];
/// Not in the tables by name: what a mapping's signs are refused with.
const CONTEXTS: [&str; 2] =
    ["mapping keys are not allowed in this context", "mapping values are not allowed in this context"];

/// The text as both parsers take it. Only the first document counts; what comes after its end is not looked at.
pub(super) fn check(text: &str) -> Result<Cow<'_, str>, Problem> {
    deep_flow(text)?;
    let mut text = Cow::Borrowed(text);
    loop {
        match ask(&text) {
            Ok(()) => return Ok(text),
            Err(problem) => text = Cow::Owned(with_apostrophe(&text, &problem).ok_or(problem)?),
        }
    }
}

/// Brackets that stay open beyond go-yaml's own limit, before anyone spends time on them.
fn deep_flow(text: &str) -> Result<(), Problem> {
    let mut depth = 0usize;
    for (i, line) in text.split('\n').enumerate() {
        for (j, b) in line.bytes().enumerate() {
            match b {
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > 10_000 {
                return Err(Problem::scanner("exceeded max depth of 10000", i + 1, j + 1));
            }
        }
    }
    Ok(())
}

/// `\'` is an escape to go-yaml alone.
fn with_apostrophe(text: &str, problem: &Problem) -> Option<String> {
    let before: usize = text.split_inclusive('\n').take(problem.line - 1).map(str::len).sum();
    let at = before + text[before..].char_indices().nth(problem.column - 1)?.0;
    let rest = text[at..].strip_prefix("\\'")?;
    Some(format!("{}\\x27{rest}", &text[..at]))
}

fn ask(text: &str) -> Result<(), Problem> {
    let Some(first) = serde_yaml::Deserializer::from_str(text).next() else { return Ok(()) };
    let Err(error) = IgnoredAny::deserialize(first) else { return Ok(()) };
    let sentence = error.to_string();
    // The sentence names the problem, then its place, then the context.
    let problem = [" at line ", " at position ", ", while "]
        .iter()
        .fold(sentence.as_str(), |problem, end| problem.split(end).next().unwrap_or_default());
    let is_parsers = PARSERS.contains(&problem);
    // Whatever else it says is no matter of syntax: anchors and depth are looked at elsewhere.
    if !is_parsers && !SCANNERS.contains(&problem) && !CONTEXTS.contains(&problem) {
        return Ok(());
    }
    let problem = problem.replace("hexadecimal", "hexdecimal");
    let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
    Err(Problem { text: problem, line, column, is_scanners: !is_parsers })
}

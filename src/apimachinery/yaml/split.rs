//! The documents of a text as kubectl takes them apart: before any YAML is read, at lines that begin with `---`.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/util/yaml/decoder.go (YAMLOrJSONDecoder, YAMLReader, LineReader)
//! Differs: reading goes on after a separator that is wrong.

use super::SyntaxError;
use super::position::Span;
use crate::apimachinery::go_json::first_value;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Json,
    Yaml,
}

#[derive(PartialEq, Eq, Debug)]
pub(super) struct Chunk {
    pub(super) kind: Kind,
    pub(super) text: String,
    /// Where it begins, counted from 1.
    pub(super) line: usize,
}

pub(super) fn chunks(text: &str) -> Vec<Result<Chunk, SyntaxError>> {
    let mut chunks = Vec::new();
    let is_json = text.trim_start().starts_with('{');
    let yaml = if is_json { json_values(text, &mut chunks) } else { Some(text) };
    if let Some(rest) = yaml {
        yaml_documents(rest, 1 + lines(&text[..text.len() - rest.len()]), &mut chunks);
    }
    chunks
}

/// One JSON value after the other; what is left of the text where it goes on as YAML.
fn json_values<'a>(text: &'a str, chunks: &mut Vec<Result<Chunk, SyntaxError>>) -> Option<&'a str> {
    let line_at = |rest: &str| 1 + lines(&text[..text.len() - rest.len()]);
    let mut rest = text;
    loop {
        let fault = match first_value(rest.as_bytes()) {
            Ok(0) => return None,
            Ok(length) => {
                let value = rest[..length].trim_start();
                let line = line_at(rest) + lines(&rest[..length - value.len()]);
                chunks.push(Ok(Chunk { kind: Kind::Json, text: value.to_owned(), line }));
                rest = &rest[length..];
                continue;
            }
            Err(fault) => fault,
        };
        // After two objects of JSON there is no way back to YAML.
        let is_open = chunks.len() <= 1;
        let is_yaml = |after: &&str| super::read_yaml(first_document(after), line_at(after)).is_ok();
        if let Some(after) = skip_blanks(rest).filter(|after| is_open && is_yaml(after)) {
            return Some(after);
        }
        let start = text.len() - rest.len();
        let message = match fault.offset {
            Some(offset) if is_open => format!("json: offset {}: {}", start + offset, fault.message),
            _ => fault.message,
        };
        let before = &text[..text.floor_char_boundary(start + fault.offset.map_or(rest.len(), |offset| offset - 1))];
        let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
        chunks.push(Err(SyntaxError::new(message, Span::point(1 + lines(before), column))));
        return None;
    }
}

/// `first` is the line of the whole at which this text begins.
fn yaml_documents(text: &str, first: usize, chunks: &mut Vec<Result<Chunk, SyntaxError>>) {
    let mut document = String::new();
    let mut begin = first;
    for (i, line) in text.split('\n').enumerate() {
        let number = first + i;
        let line = line.strip_suffix('\r').unwrap_or(line);
        if let Some(after) = line.strip_prefix("---") {
            let after = after.trim();
            if !after.is_empty() && !after.starts_with('#') {
                let span = Span { line: number, column: 1, end_line: number, end_column: line.chars().count() + 1 };
                chunks.push(Err(SyntaxError::new(format!("invalid Yaml document separator: {after}"), span)));
                document.clear();
                continue;
            }
            // With nothing before it, the separator is the document's own first line.
            if !document.is_empty() {
                chunks.push(Ok(Chunk { kind: Kind::Yaml, text: std::mem::take(&mut document), line: begin }));
                continue;
            }
        }
        if document.is_empty() {
            begin = number;
        }
        document.push_str(line);
        document.push('\n');
    }
    // The text after the last line break is a line only if it says something.
    if text.is_empty() || text.ends_with('\n') {
        document.pop();
    }
    if !document.is_empty() {
        chunks.push(Ok(Chunk { kind: Kind::Yaml, text: document, line: begin }));
    }
}

fn lines(text: &str) -> usize {
    text.bytes().filter(|b| *b == b'\n').count()
}

/// What follows the blanks up to the first line break; None where so little follows that upstream gives up.
fn skip_blanks(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        let c = rest.chars().next().filter(|_| rest.len() >= 4)?;
        if !c.is_whitespace() {
            return Some(rest);
        }
        rest = &rest[c.len_utf8()..];
        if c == '\n' {
            return Some(rest);
        }
    }
}

fn first_document(text: &str) -> &str {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if at > 0 && line.starts_with("---") {
            return &text[..at];
        }
        at += line.len();
    }
    text
}

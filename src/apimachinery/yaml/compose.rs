//! The nodes of a YAML document, from the parser's events.
//!
//! The parser follows YAML 1.2 to the letter where kubectl's does not; what only it refuses is mended in the text and
//! read again.
//!
//! Upstream: go.yaml.in/yaml/v2 decode.go (parser.node, parser.alias)
//! Differs: nothing known.

use super::position::Span;
use super::syntax::Problem;
use crate::apimachinery::OrdMap;
pub(super) use crate::apimachinery::value::MAX_DEPTH;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError};

/// How often a text is mended before it is given up.
const MAX_MENDINGS: usize = 200;

/// A document's nodes, the root last; none where the document is empty.
#[derive(Default)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    pub(super) root: Option<usize>,
}

pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

pub(super) enum Kind {
    Scalar {
        text: String,
        is_plain: bool,
        tag: String,
    },
    Sequence(Vec<usize>),
    /// Keys and values in turn.
    Mapping(Vec<usize>),
    Alias {
        name: String,
        target: usize,
    },
}

/// A sentence without its beginning, and the place it speaks of.
pub(super) type Error = (String, Span);

pub(super) fn compose(text: &str) -> Result<Tree, Error> {
    let mut mended: Option<String> = None;
    for _ in 0..MAX_MENDINGS {
        let at_hand = mended.as_deref().unwrap_or(text);
        let lines = at_hand.split('\n').map(|line| line.chars().collect()).collect();
        let mut composer = Composer {
            text: at_hand,
            lines,
            tree: Tree::default(),
            open: Vec::new(),
            deeper: 0,
            anchors: OrdMap::new(),
        };
        match composer.run() {
            Ok(()) => return Ok(composer.tree),
            Err(Failure::Other(error)) => return Err(error),
            Err(Failure::Scan(error)) => match mend(at_hand, &error) {
                Some(text) => mended = Some(text),
                None => return Err(scan_error(&error)),
            },
        }
    }
    Err(("yaml: unknown problem parsing YAML content".to_owned(), Span::point(1, 1)))
}

enum Failure {
    Scan(ScanError),
    Other(Error),
}

struct Composer<'a> {
    text: &'a str,
    /// The characters of each line.
    lines: Vec<Vec<char>>,
    tree: Tree,
    /// Collections that are not closed yet.
    open: Vec<usize>,
    /// How many more are open than are read.
    deeper: usize,
    anchors: OrdMap<usize, usize>,
}

impl Composer<'_> {
    fn run(&mut self) -> Result<(), Failure> {
        let parser = Parser::new_from_str(self.text);
        for event in parser {
            let (event, at) = match event {
                Ok(event) => event,
                // Nobody looks at what comes after the document.
                Err(_) if self.tree.root.is_some() && self.open.is_empty() => return Ok(()),
                Err(error) if error.info().contains("unknown anchor") => {
                    return Err(Failure::Other(self.unknown_anchor(&error)));
                }
                Err(error) if error.info() == "recursion limit exceeded" => {
                    return Err(Failure::Other(too_deep(span(*error.marker(), *error.marker()))));
                }
                Err(error) => return Err(Failure::Scan(error)),
            };
            let span = span(at.start, at.end);
            if self.skips(&event, span)? {
                continue;
            }
            match event {
                Event::DocumentEnd | Event::StreamEnd => return Ok(()),
                Event::Scalar(value, style, anchor, tag) => {
                    let is_double = style == ScalarStyle::DoubleQuoted;
                    if let Some(error) = is_double.then(|| self.escaped_slash(at.start, at.end)).flatten() {
                        return Err(Failure::Other(error));
                    }
                    if style == ScalarStyle::Plain
                        && let Some(error) = self.question(at.start, &value)
                    {
                        return Err(Failure::Other(error));
                    }
                    let tag = tag.map_or_else(String::new, |tag| format!("{}{}", tag.handle, tag.suffix));
                    let kind = Kind::Scalar { text: value.into_owned(), is_plain: style == ScalarStyle::Plain, tag };
                    self.place(Node { kind, span }, anchor);
                }
                Event::Alias(anchor) => {
                    let target = self.anchors.get(&anchor).copied().unwrap_or_default();
                    let name = self.source(at.start.index() + 1, at.end.index());
                    self.place(Node { kind: Kind::Alias { name, target }, span }, 0);
                }
                Event::SequenceStart(anchor, _) => self.open(Kind::Sequence(Vec::new()), span, anchor),
                Event::MappingStart(anchor, _) => self.open(Kind::Mapping(Vec::new()), span, anchor),
                Event::SequenceEnd | Event::MappingEnd => {
                    if let Some(closed) = self.open.pop() {
                        let end = self.end_of(closed).max((span.end_line, span.end_column));
                        let node = &mut self.tree.nodes[closed];
                        (node.span.end_line, node.span.end_column) = end;
                    }
                }
                Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => {}
            }
        }
        Ok(())
    }

    fn open(&mut self, kind: Kind, span: Span, anchor: usize) {
        let node = self.place(Node { kind, span }, anchor);
        self.open.push(node);
    }

    /// Whether the event is too deep to be read: such collections are empty, as they are in JSON.
    fn skips(&mut self, event: &Event, span: Span) -> Result<bool, Failure> {
        let within = self.open.len() >= MAX_DEPTH;
        match event {
            Event::SequenceStart(..) | Event::MappingStart(..) if within => {
                self.deeper += 1;
                if self.open.len() + self.deeper > 10_000 {
                    return Err(Failure::Other(too_deep(span)));
                }
            }
            Event::SequenceEnd | Event::MappingEnd if self.deeper > 0 => {
                self.deeper -= 1;
                return Ok(true);
            }
            _ => {}
        }
        Ok(self.deeper > 0)
    }

    fn place(&mut self, node: Node, anchor: usize) -> usize {
        let at = self.tree.nodes.len();
        self.tree.nodes.push(node);
        if anchor != 0 {
            self.anchors.insert(anchor, at);
        }
        match self.open.last().map(|parent| &mut self.tree.nodes[*parent].kind) {
            Some(Kind::Sequence(items) | Kind::Mapping(items)) => items.push(at),
            _ => self.tree.root = Some(at),
        }
        at
    }

    /// A block collection's own end is where the next thing begins; its last item's is where it really ends.
    fn end_of(&self, collection: usize) -> (usize, usize) {
        let node = &self.tree.nodes[collection];
        match &node.kind {
            Kind::Sequence(items) | Kind::Mapping(items) if !items.is_empty() => {
                let last = self.tree.nodes[items[items.len() - 1]].span;
                (last.end_line, last.end_column)
            }
            _ => (node.span.end_line, node.span.end_column),
        }
    }

    fn source(&self, start: usize, end: usize) -> String {
        self.text.chars().skip(start).take(end.saturating_sub(start)).collect()
    }

    fn unknown_anchor(&self, error: &ScanError) -> Error {
        let at = error.marker();
        let source = self.text.chars().skip(at.index()).skip_while(|c| *c == '*');
        let name: String = source.take_while(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '-').collect();
        let length = name.len() + 1;
        let mut place = span(*at, *at);
        place.end_column += length;
        (format!("yaml: unknown anchor '{name}' referenced"), place)
    }

    /// In a flow collection a `?` ends a plain scalar to kubectl, and no key may begin there.
    fn question(&self, start: Marker, value: &str) -> Option<Error> {
        let within = self.open.last().map(|open| self.tree.nodes[*open].span)?;
        let bracket = *self.lines.get(within.line - 1)?.get(within.column - 1)?;
        let before = value.find('?').filter(|at| *at > 0)?;
        let closing = match bracket {
            '{' => '}',
            '[' => ']',
            _ => return None,
        };
        let column = start.col() + 1 + value[..before].chars().count();
        let problem = Problem::parser(&format!("did not find expected ',' or '{closing}'"), start.line(), column);
        Some((problem.message(), Span::point(start.line(), column)))
    }

    /// `\/` is an escape to YAML 1.2 and JSON, but not to kubectl.
    fn escaped_slash(&self, start: Marker, end: Marker) -> Option<Error> {
        let source = self.source(start.index(), end.index());
        if !source.contains("\\/") {
            return None;
        }
        let (mut line, mut col, mut escaped) = (start.line(), start.col() + 1, false);
        for c in source.chars() {
            if escaped && c == '/' {
                let problem = Problem::scanner("found unknown escape character", line, col - 1);
                return Some((problem.message(), Span { line, column: col - 1, end_line: line, end_column: col + 1 }));
            }
            escaped = c == '\\' && !escaped;
            (line, col) = if c == '\n' { (line + 1, 1) } else { (line, col + 1) };
        }
        None
    }
}

pub(super) fn too_deep(at: Span) -> Error {
    (Problem::scanner("exceeded max depth of 10000", at.line, at.column).message(), at)
}

fn span(start: Marker, end: Marker) -> Span {
    Span { line: start.line(), column: start.col() + 1, end_line: end.line(), end_column: end.col() + 1 }
}

fn scan_error(error: &ScanError) -> Error {
    let at = error.marker();
    let problem = Problem::scanner(error.info(), at.line(), at.col() + 1);
    (problem.message(), Span::point(at.line(), at.col() + 1))
}

/// The same document in a form that the parser takes too, if this is one of the errors that only it sees.
fn mend(text: &str, error: &ScanError) -> Option<String> {
    let at = error.marker().index();
    let mut chars: Vec<char> = text.chars().collect();
    match error.info() {
        "invalid indentation in quoted scalar" => return mend_quoted(&chars, at),
        // A comment right after a token; a line of a flow collection that is not indented.
        "comments must be separated from other tokens by whitespace" | "invalid indentation" if at < chars.len() => {
            chars.insert(at, ' ');
        }
        _ => {
            // A tab after a sign counts as a space.
            let tab = (at.saturating_sub(2)..chars.len().min(at + 2)).find(|i| chars[*i] == '\t')?;
            chars[tab] = ' ';
        }
    }
    Some(chars.into_iter().collect())
}

/// Lines within quotes are folded whatever their indentation, so they can have more of it.
fn mend_quoted(chars: &[char], start: usize) -> Option<String> {
    let quote = *chars.get(start).filter(|c| matches!(c, '"' | '\''))?;
    let line_start = chars[..start].iter().rposition(|c| *c == '\n').map_or(0, |i| i + 1);
    // More than where the quote stands is more than the parser can ask for.
    let pad = start - line_start + 1;
    let mut out: String = chars[..=start].iter().collect();
    let mut i = start + 1;
    let mut is_changed = false;
    while let Some(c) = chars.get(i) {
        out.push(*c);
        i += 1;
        match c {
            '\\' if quote == '"' => {
                out.extend(chars.get(i));
                i += 1;
                if chars.get(i - 1) == Some(&'\n') {
                    (i, is_changed) = (indent(chars, i, pad, &mut out), true);
                }
            }
            '\'' if quote == '\'' && chars.get(i) == Some(&'\'') => {
                out.push('\'');
                i += 1;
            }
            c if *c == quote => break,
            '\n' => (i, is_changed) = (indent(chars, i, pad, &mut out), true),
            _ => {}
        }
    }
    out.extend(chars.get(i..)?);
    (is_changed && out != chars.iter().collect::<String>()).then_some(out)
}

/// Puts `pad` spaces for the blanks at the beginning of a line, and says where the line goes on.
fn indent(chars: &[char], line: usize, pad: usize, out: &mut String) -> usize {
    let blanks = chars[line..].iter().take_while(|c| matches!(c, ' ' | '\t')).count();
    if chars.get(line + blanks) != Some(&'\n') {
        out.extend(std::iter::repeat_n(' ', pad.max(blanks)));
    }
    line + blanks
}

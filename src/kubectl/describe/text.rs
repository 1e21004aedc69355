//! What descriptions are written with: indented pieces, and the lists that many kinds have.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (PrefixWriter, printLabelsMultiline, …)
//! Differs: nothing known.

use super::tab::tabbed;
use crate::apimachinery::time::{MicroTime, Time, human_duration};
use crate::apimachinery::{Map, ObjectMeta, Str};
use crate::kubectl::LAST_APPLIED;
use std::fmt::{self, Display, Write};

/// How long the key and value of an annotation may be on one line.
pub(super) const ANNOTATION_LENGTH: usize = 140;

/// The text of one description, and the instant it is written at.
pub(super) struct Writer {
    text: String,
    /// Added to every level, even of a piece within a line: a writer within another indents all it is given.
    indent: usize,
    now: Time,
}

/// Writes a piece at a level: `put!(w, 1, "Name:\t{}\n", name)`.
macro_rules! put {
    ($w:expr, $level:expr, $($arg:tt)*) => { $w.put($level, format_args!($($arg)*)) };
}
pub(super) use put;

impl Writer {
    pub(super) fn new(now: Time) -> Writer {
        Writer { text: String::new(), indent: 0, now }
    }

    pub(super) fn finish(self) -> String {
        tabbed(&self.text)
    }

    pub(super) fn put(&mut self, level: usize, piece: fmt::Arguments<'_>) {
        let from = self.text.len();
        self.text.extend(std::iter::repeat_n("  ", level + self.indent));
        // Writing to a String does not fail.
        let _ = self.text.write_fmt(piece);
        if self.text[from..].contains(['\u{1b}', '\r']) {
            let escaped = self.text[from..].replace('\u{1b}', "^[").replace('\r', "\\r");
            self.text.truncate(from);
            self.text.push_str(&escaped);
        }
    }

    pub(super) fn nested(&mut self, levels: usize, write: impl FnOnce(&mut Writer)) {
        self.indent += levels;
        write(self);
        self.indent -= levels;
    }

    /// `Name:\tvalue`.
    pub(super) fn field(&mut self, level: usize, name: &str, value: impl Display) {
        put!(self, level, "{name}:\t{value}\n");
    }

    /// The same, if there is something to say.
    pub(super) fn field_if(&mut self, level: usize, name: &str, value: &str) {
        if !value.is_empty() {
            self.field(level, name, value);
        }
    }

    pub(super) fn title(&mut self, level: usize, title: &str) {
        put!(self, level, "{title}:\n");
    }

    /// One item a line, beside the title; `rest` is the blank that stands for the title from the second on.
    fn beside(&mut self, indent: &str, title: &str, items: impl IntoIterator<Item = impl Display>) {
        put!(self, 0, "{indent}{title}:\t");
        let mut any = false;
        for item in items {
            if any {
                put!(self, 0, "{indent}");
                put!(self, 0, "\t");
            }
            put!(self, 0, "{item}\n");
            any = true;
        }
        if !any {
            put!(self, 0, "<none>\n");
        }
    }

    pub(super) fn list(&mut self, title: &str, items: impl IntoIterator<Item = impl Display>) {
        self.beside("", title, items);
    }

    /// `Term 0:\tline`, and a line for each more.
    pub(super) fn terms(&mut self, level: usize, number: usize, lines: impl IntoIterator<Item = String>) {
        put!(self, level, "Term {number}:\t");
        let mut any = false;
        for line in lines {
            if any {
                put!(self, level, "\t");
            }
            put!(self, 0, "{line}\n");
            any = true;
        }
        if !any {
            put!(self, 0, "<none>\n");
        }
    }

    pub(super) fn labels(&mut self, title: &str, labels: &Map) {
        self.labels_within("", title, labels);
    }

    pub(super) fn labels_within(&mut self, indent: &str, title: &str, labels: &Map) {
        self.beside(indent, title, labels.iter().map(|(k, v)| format!("{k}={v}")));
    }

    pub(super) fn annotations(&mut self, title: &str, annotations: &Map) {
        put!(self, 0, "{title}:\t");
        let mut any = false;
        for (key, value) in annotations.iter().filter(|(k, _)| **k != LAST_APPLIED) {
            if any {
                put!(self, 0, "\t");
            }
            any = true;
            let value = value.strip_suffix('\n').unwrap_or(value);
            if value.len() + key.len() + 2 > ANNOTATION_LENGTH || value.contains('\n') {
                put!(self, 0, "{key}:\n");
                for line in value.split('\n') {
                    put!(self, 0, "\t  {}\n", shortened(line, ANNOTATION_LENGTH - 2));
                }
            } else {
                put!(self, 0, "{key}: {value}\n");
            }
        }
        if !any {
            put!(self, 0, "<none>\n");
        }
    }

    pub(super) fn name_and_namespace(&mut self, meta: &ObjectMeta) {
        self.field(0, "Name", &meta.name);
        self.field(0, "Namespace", &meta.namespace);
    }

    pub(super) fn labels_and_annotations(&mut self, meta: &ObjectMeta) {
        self.labels("Labels", &meta.labels);
        self.annotations("Annotations", &meta.annotations);
    }

    pub(super) fn controlled_by(&mut self, meta: &ObjectMeta) {
        if let Some(owner) = meta.controller_of() {
            put!(self, 0, "Controlled By:\t{}/{}\n", owner.kind, owner.name);
        }
    }

    pub(super) fn age(&self, since: Time) -> String {
        if since.is_zero() { "<unknown>".to_owned() } else { human_duration(self.now.unix() - since.unix()) }
    }

    pub(super) fn micro_age(&self, since: MicroTime) -> String {
        if since.is_zero() { "<unknown>".to_owned() } else { self.age(since.to_time()) }
    }
}

/// The text, cut to so many bytes.
pub(super) fn shortened(text: &str, length: usize) -> String {
    if text.len() <= length {
        return text.to_owned();
    }
    let mut end = length;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}...", &text[..end])
}

pub(super) fn or_none(text: &str) -> &str {
    if text.is_empty() { "<none>" } else { text }
}

pub(super) fn opt(text: &Option<Str>) -> &str {
    text.as_deref().unwrap_or_default()
}

/// Go's `%v` of a list: `[a b]`.
pub(super) fn go_list(items: &[Str]) -> String {
    format!("[{}]", items.join(" "))
}

/// `True` or `False`.
pub(super) fn truth(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

//! Where in a text the values of a document stand, by the paths that validation names.

use std::collections::BTreeMap;

/// A stretch of text; lines and columns from 1, the end exclusive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct Span {
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
}

impl Span {
    pub(super) fn point(line: usize, column: usize) -> Span {
        Span { line, column, end_line: line, end_column: column + 1 }
    }

    pub(super) fn shift_lines(&mut self, by: usize) {
        self.line += by;
        self.end_line += by;
    }

    fn is_one_line(self) -> bool {
        self.line == self.end_line
    }
}

/// The places of a document's values.
#[derive(Clone, Default, Debug)]
pub struct Positions(BTreeMap<String, Place>);

#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The name of the member, where it is one.
    pub(super) key: Option<Span>,
    pub(super) value: Span,
    /// The first name or item within.
    pub(super) first: Option<Span>,
}

impl Positions {
    /// What to point at for a path such as `spec.containers[0].image`, `metadata.labels[app]` or `data.key.with.dots`:
    /// the value; where it has more lines than one its name, and where it has no name the first name within. The empty
    /// path is the document.
    pub fn of(&self, path: &str) -> Option<Span> {
        let place = self.place(path)?;
        if place.value.is_one_line() {
            return Some(place.value);
        }
        Some(place.key.or(place.first).unwrap_or(place.value))
    }

    /// The whole of the value at a path.
    pub fn value(&self, path: &str) -> Option<Span> {
        self.place(path).map(|place| place.value)
    }

    /// The name of the member at a path.
    pub fn key(&self, path: &str) -> Option<Span> {
        self.place(path).and_then(|place| place.key)
    }

    /// What to point at for the deepest place on the way to a path that is there, such as the container whose image is
    /// missing; None for a document that says nothing.
    pub fn nearest(&self, path: &str) -> Option<Span> {
        let mut path = path;
        while !path.is_empty() {
            if let Some(span) = self.of(path) {
                return Some(span);
            }
            path = &path[..path.rfind(['.', '[']).unwrap_or(0)];
        }
        self.of("")
    }

    /// All paths, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    fn place(&self, path: &str) -> Option<&Place> {
        self.0.get(path).or_else(|| self.0.get(&with_dots(path)))
    }

    /// Puts a value in its place, without what was within the one that stood there before.
    pub(super) fn insert(&mut self, path: &str, place: Place) {
        self.0.insert(path.to_owned(), place);
    }

    pub(super) fn remove_within(&mut self, path: &str) {
        let within = |other: &str| other.strip_prefix(path).is_some_and(|rest| rest.starts_with(['.', '[']));
        let from = self.0.range(path.to_owned()..).map(|(other, _)| other);
        let gone: Vec<String> =
            from.take_while(|other| other.starts_with(path)).filter(|p| within(p)).cloned().collect();
        for path in gone {
            self.0.remove(&path);
        }
    }

    pub(super) fn shift_lines(&mut self, by: usize) {
        for place in self.0.values_mut() {
            place.value.shift_lines(by);
            for span in [&mut place.key, &mut place.first].into_iter().flatten() {
                span.shift_lines(by);
            }
        }
    }
}

/// `labels[app]` as `labels.app`; indices stay.
fn with_dots(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        let (within, after) = after.split_once(']').unwrap_or((after, ""));
        if within.bytes().all(|b| b.is_ascii_digit()) {
            out.push_str(&format!("[{within}]"));
        } else {
            out.push_str(&format!(".{within}"));
        }
        rest = after;
    }
    out + rest
}

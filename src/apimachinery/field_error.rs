//! What validation says of one field, and the path to it.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/util/validation/field/{errors,path}.go
//! Differs: nothing known.

use super::Str;

/// A path on the stack, rendered only when an error needs it.
#[derive(Clone, Copy)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    segment: Segment<'a>,
}

#[derive(Clone, Copy)]
enum Segment<'a> {
    Root,
    Name(&'a str),
    Index(usize),
    Key(&'a str),
}

impl<'a> Path<'a> {
    /// The object itself; its children are `metadata`, `spec`, ….
    pub const ROOT: Path<'static> = Path { parent: None, segment: Segment::Root };

    pub const fn new(name: &'a str) -> Path<'a> {
        Path { parent: None, segment: Segment::Name(name) }
    }

    pub const fn child(&'a self, name: &'a str) -> Path<'a> {
        Path { parent: Some(self), segment: Segment::Name(name) }
    }

    pub const fn index(&'a self, i: usize) -> Path<'a> {
        Path { parent: Some(self), segment: Segment::Index(i) }
    }

    pub const fn key(&'a self, key: &'a str) -> Path<'a> {
        Path { parent: Some(self), segment: Segment::Key(key) }
    }
}

impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}")?;
        }
        let first = self.parent.is_none_or(|p| matches!(p.segment, Segment::Root));
        match self.segment {
            Segment::Root => Ok(()),
            Segment::Name(n) if first => f.write_str(n),
            Segment::Name(n) => write!(f, ".{n}"),
            Segment::Index(i) => write!(f, "[{i}]"),
            Segment::Key(k) => write!(f, "[{k}]"),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorType {
    NotFound,
    Required,
    Duplicate,
    Invalid,
    NotSupported,
    Forbidden,
    TooLong,
    TooMany,
    Internal,
    TypeInvalid,
}

impl ErrorType {
    /// The cause's `reason` in a Status.
    pub fn cause(self) -> &'static str {
        match self {
            ErrorType::NotFound => "FieldValueNotFound",
            ErrorType::Required => "FieldValueRequired",
            ErrorType::Duplicate => "FieldValueDuplicate",
            ErrorType::Invalid => "FieldValueInvalid",
            ErrorType::NotSupported => "FieldValueNotSupported",
            ErrorType::Forbidden => "FieldValueForbidden",
            ErrorType::TooLong => "FieldValueTooLong",
            ErrorType::TooMany => "FieldValueTooMany",
            ErrorType::Internal => "InternalError",
            ErrorType::TypeInvalid => "FieldValueTypeInvalid",
        }
    }

    fn words(self) -> &'static str {
        match self {
            ErrorType::NotFound => "Not found",
            ErrorType::Required => "Required value",
            ErrorType::Duplicate => "Duplicate value",
            ErrorType::Invalid | ErrorType::TypeInvalid => "Invalid value",
            ErrorType::NotSupported => "Unsupported value",
            ErrorType::Forbidden => "Forbidden",
            ErrorType::TooLong => "Too long",
            ErrorType::TooMany => "Too many",
            ErrorType::Internal => "Internal error",
        }
    }
}

/// A rejected value as the message shows it: strings quoted, all else as given (`BadValue::json` for structs).
pub struct BadValue(String);

impl BadValue {
    /// Text that is already as Go would print it.
    pub fn raw(text: impl Into<String>) -> BadValue {
        BadValue(text.into())
    }
    pub fn json(v: &super::Value) -> BadValue {
        BadValue(v.to_string())
    }
}
impl From<&str> for BadValue {
    fn from(s: &str) -> Self {
        BadValue(go_quote(s))
    }
}
impl From<&String> for BadValue {
    fn from(s: &String) -> Self {
        BadValue(go_quote(s))
    }
}
impl From<&Str> for BadValue {
    fn from(s: &Str) -> Self {
        BadValue(go_quote(s))
    }
}
macro_rules! plain {
    ($($t:ty)*) => { $( impl From<$t> for BadValue { fn from(v: $t) -> Self { BadValue(v.to_string()) } } )* };
}
plain!(i32 i64 u64 usize bool f64);

/// Go's `%q`.
pub fn go_quote(s: &str) -> String {
    let mut out = String::with_capacity(s.len() + 2);
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\u{b}' => out.push_str("\\v"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[derive(Clone, PartialEq, Debug)]
pub struct FieldError {
    pub kind: ErrorType,
    pub field: String,
    /// Without the field's name.
    pub body: String,
}

impl std::fmt::Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.body)
    }
}

/// All that validation found, in the order in which it looked.
#[derive(Clone, Default, Debug)]
pub struct ErrorList(pub Vec<FieldError>);

impl ErrorList {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn push(&mut self, kind: ErrorType, path: Path, value: Option<BadValue>, detail: &str) {
        let mut body = kind.words().to_owned();
        if let Some(BadValue(v)) = value {
            body.push_str(": ");
            body.push_str(&v);
        }
        if !detail.is_empty() {
            body.push_str(": ");
            body.push_str(detail);
        }
        self.0.push(FieldError { kind, field: path.to_string(), body });
    }

    pub fn required(&mut self, path: Path, detail: impl AsRef<str>) {
        self.push(ErrorType::Required, path, None, detail.as_ref());
    }

    pub fn invalid(&mut self, path: Path, value: impl Into<BadValue>, detail: impl AsRef<str>) {
        self.push(ErrorType::Invalid, path, Some(value.into()), detail.as_ref());
    }

    /// Without showing the value.
    pub fn invalid_omitted(&mut self, path: Path, detail: impl AsRef<str>) {
        self.push(ErrorType::Invalid, path, None, detail.as_ref());
    }

    /// One `invalid` a message, as upstream's loops over `validation.IsX` do.
    pub fn invalid_each<S: AsRef<str>>(&mut self, path: Path, value: &str, messages: impl IntoIterator<Item = S>) {
        for m in messages {
            self.invalid(path, value, m);
        }
    }

    pub fn type_invalid(&mut self, path: Path, value: impl Into<BadValue>, detail: impl AsRef<str>) {
        self.push(ErrorType::TypeInvalid, path, Some(value.into()), detail.as_ref());
    }

    pub fn not_supported(&mut self, path: Path, value: impl Into<BadValue>, supported: &[&str]) {
        let list = supported.iter().map(|s| go_quote(s)).collect::<Vec<_>>().join(", ");
        let detail = if supported.is_empty() { String::new() } else { format!("supported values: {list}") };
        self.push(ErrorType::NotSupported, path, Some(value.into()), &detail);
    }

    pub fn forbidden(&mut self, path: Path, detail: impl AsRef<str>) {
        self.push(ErrorType::Forbidden, path, None, detail.as_ref());
    }

    pub fn duplicate(&mut self, path: Path, value: impl Into<BadValue>) {
        self.push(ErrorType::Duplicate, path, Some(value.into()), "");
    }

    /// A duplicate that says what must be unique.
    pub fn duplicate_because(&mut self, path: Path, value: impl Into<BadValue>, detail: &str) {
        self.push(ErrorType::Duplicate, path, Some(value.into()), detail);
    }

    pub fn not_found(&mut self, path: Path, value: impl Into<BadValue>) {
        self.push(ErrorType::NotFound, path, Some(value.into()), "");
    }

    pub fn too_long(&mut self, path: Path, max: usize) {
        let unit = if max == 1 { "byte" } else { "bytes" };
        self.push(ErrorType::TooLong, path, None, &format!("may not be more than {max} {unit}"));
    }

    pub fn too_many(&mut self, path: Path, actual: usize, max: usize) {
        let unit = if max == 1 { "item" } else { "items" };
        self.push(ErrorType::TooMany, path, Some(actual.into()), &format!("must have at most {max} {unit}"));
    }

    pub fn internal(&mut self, path: Path, error: impl AsRef<str>) {
        self.push(ErrorType::Internal, path, None, error.as_ref());
    }

    /// `utilerrors.Aggregate`: equal messages once; several in brackets.
    pub fn aggregate(&self) -> String {
        let mut messages: Vec<String> = Vec::new();
        for e in &self.0 {
            let m = e.to_string();
            if !messages.contains(&m) {
                messages.push(m);
            }
        }
        match messages.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_bodies_read_as_upstream() {
        let mut errs = ErrorList::default();
        let spec = Path::new("spec");
        let containers = spec.child("containers");
        let first = containers.index(0);
        errs.required(first.child("image"), "");
        errs.not_supported(spec.child("restartPolicy"), "Foo", &["Always", "Never"]);
        errs.too_long(Path::new("metadata").child("annotations").key("a"), 1);
        assert_eq!(
            errs.aggregate(),
            "[spec.containers[0].image: Required value, spec.restartPolicy: Unsupported value: \"Foo\": \
             supported values: \"Always\", \"Never\", metadata.annotations[a]: Too long: may not be more than 1 byte]"
        );
    }
}

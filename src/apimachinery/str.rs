//! `Str`: an immutable string that is either a literal or shared.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;

#[derive(Clone)]
enum Repr {
    Literal(&'static str),
    Shared(Rc<str>),
}

/// A clone is a pointer copy; the empty string owns nothing.
#[derive(Clone)]
pub struct Str(Repr);

impl Str {
    pub const EMPTY: Str = Str(Repr::Literal(""));

    pub const fn literal(text: &'static str) -> Str {
        Str(Repr::Literal(text))
    }

    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Literal(s) => s,
            Repr::Shared(s) => s,
        }
    }

    /// `text` unless this is empty.
    pub fn or(&self, text: &'static str) -> Str {
        if self.is_empty() { Str::literal(text) } else { self.clone() }
    }

    /// None where the string is empty.
    pub fn non_empty(&self) -> Option<&str> {
        if self.is_empty() { None } else { Some(self) }
    }
}

/// Gathers a short text on the stack.
struct Buffer {
    bytes: [u8; 160],
    len: usize,
    /// All of it, where it is longer.
    long: String,
}

impl Buffer {
    fn text(&self) -> &str {
        if self.long.is_empty() {
            std::str::from_utf8(&self.bytes[..self.len]).expect("it was put together of whole texts")
        } else {
            &self.long
        }
    }
}

impl std::fmt::Write for Buffer {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        let end = self.len + s.len();
        if self.long.is_empty() && end <= self.bytes.len() {
            self.bytes[self.len..end].copy_from_slice(s.as_bytes());
            self.len = end;
        } else {
            if self.long.is_empty() {
                self.long = self.text().to_owned();
            }
            self.long.push_str(s);
        }
        Ok(())
    }
}

/// `Str::from(format_args!(…))` allocates once.
impl From<std::fmt::Arguments<'_>> for Str {
    fn from(text: std::fmt::Arguments<'_>) -> Str {
        let mut out = Buffer { bytes: [0; 160], len: 0, long: String::new() };
        std::fmt::write(&mut out, text).expect("a buffer takes everything");
        Str::from(out.text())
    }
}

impl Default for Str {
    fn default() -> Self {
        Str::EMPTY
    }
}
impl Deref for Str {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}
impl AsRef<str> for Str {
    fn as_ref(&self) -> &str {
        self
    }
}
impl Borrow<str> for Str {
    fn borrow(&self) -> &str {
        self
    }
}
impl From<&str> for Str {
    fn from(s: &str) -> Str {
        if s.is_empty() { Str::EMPTY } else { Str(Repr::Shared(Rc::from(s))) }
    }
}
impl From<String> for Str {
    fn from(s: String) -> Str {
        Str::from(s.as_str())
    }
}
impl From<&String> for Str {
    fn from(s: &String) -> Str {
        Str::from(s.as_str())
    }
}
impl From<&Str> for Str {
    fn from(s: &Str) -> Str {
        s.clone()
    }
}
impl From<Rc<str>> for Str {
    fn from(s: Rc<str>) -> Str {
        Str(Repr::Shared(s))
    }
}
impl PartialEq for Str {
    fn eq(&self, other: &Str) -> bool {
        match (&self.0, &other.0) {
            (Repr::Shared(a), Repr::Shared(b)) if Rc::ptr_eq(a, b) => true,
            _ => self.as_str() == other.as_str(),
        }
    }
}
impl Eq for Str {}
impl PartialEq<str> for Str {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}
impl PartialEq<&str> for Str {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}
impl PartialEq<String> for Str {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}
impl PartialOrd for Str {
    fn partial_cmp(&self, other: &Str) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Str {
    fn cmp(&self, other: &Str) -> std::cmp::Ordering {
        // Keys of one namespace or one owner mostly share the very string.
        match (&self.0, &other.0) {
            (Repr::Shared(a), Repr::Shared(b)) if Rc::ptr_eq(a, b) => std::cmp::Ordering::Equal,
            _ => self.as_str().cmp(other.as_str()),
        }
    }
}
impl Hash for Str {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}
impl std::fmt::Display for Str {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self)
    }
}
impl std::fmt::Debug for Str {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formatted_text_is_whole_however_long() {
        for n in [0, 1, 159, 160, 161, 500] {
            let text = "é".repeat(n / 2) + &"x".repeat(n % 2);
            assert_eq!(Str::from(format_args!("{text}{}", 7)), format!("{text}7"));
        }
        assert_eq!(Str::from(format_args!("")), "");
    }
}

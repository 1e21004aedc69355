//! Walks over text that find what looks like an id, a time, an address; by hand, because a test build is slow at regular expressions.

/// Replaces what `at` finds at the beginning of a word: it answers with the length it takes and what to put there.
pub(super) fn replace(s: &str, mut at: impl FnMut(&str) -> Option<(usize, String)>) -> String {
    let mut out = String::with_capacity(s.len());
    let (mut i, mut before) = (0, ' ');
    while let Some(c) = s[i..].chars().next() {
        if !is_word(before)
            && let Some((len, new)) = at(&s[i..])
        {
            out.push_str(&new);
            i += len;
            before = s[..i].chars().next_back().unwrap_or(' ');
            continue;
        }
        out.push(c);
        before = c;
        i += c.len_utf8();
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Whether `s` ends a word at `len`.
pub(super) fn ends(s: &str, len: usize) -> bool {
    !s[len..].chars().next().is_some_and(is_word)
}

/// Replaces each longest run of characters of a class.
pub(super) fn runs(s: &str, is_in: impl Fn(char) -> bool, mut new: impl FnMut(&str, &str) -> Option<String>) -> String {
    let mut out = String::with_capacity(s.len());
    let mut rest = s;
    while !rest.is_empty() {
        let outside = rest.find(&is_in).unwrap_or(rest.len());
        out.push_str(&rest[..outside]);
        rest = &rest[outside..];
        let len = rest.find(|c| !is_in(c)).unwrap_or(rest.len());
        if len > 0 {
            let run = &rest[..len];
            rest = &rest[len..];
            match new(run, rest) {
                Some(new) => out.push_str(&new),
                None => out.push_str(run),
            }
        }
    }
    out
}

/// The length of a shape at the beginning: `0` stands for a digit, `x` for a hexadecimal one, `A` for a letter.
pub(super) fn shape(s: &str, shape: &str) -> Option<usize> {
    let bytes = s.as_bytes();
    if bytes.len() < shape.len() {
        return None;
    }
    let fits = bytes.iter().zip(shape.bytes()).all(|(b, want)| match want {
        b'0' => b.is_ascii_digit(),
        b'x' => matches!(b, b'0'..=b'9' | b'a'..=b'f'),
        b'A' => b.is_ascii_alphabetic(),
        want => *b == want,
    });
    fits.then_some(shape.len())
}

const UID: &str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

pub(super) fn uid(s: &str) -> Option<usize> {
    shape(s, UID).filter(|len| ends(s, *len))
}

/// RFC 3339, or `Mon, 02 Jan 2006 15:04:05 +0000`.
pub(super) fn time(s: &str) -> Option<usize> {
    if let Some(mut len) = shape(s, "0000-00-00T00:00:00") {
        if s[len..].starts_with('.') {
            len += 1 + s[len + 1..].bytes().take_while(u8::is_ascii_digit).count();
        }
        return match s[len..].chars().next()? {
            'Z' => Some(len + 1),
            '+' | '-' => Some(len + shape(&s[len + 1..], "00:00")? + 1),
            _ => None,
        };
    }
    let len = shape(s, "AAA, 00 AAA 0000 00:00:00 ")?;
    match s[len..].chars().next()? {
        '+' | '-' => Some(len + 1 + shape(&s[len + 1..], "0000")?),
        _ => Some(len + shape(&s[len..], "AAA")?),
    }
}

/// `5s`, `2m3s`: how long one is at the beginning.
pub(super) fn duration(s: &str) -> Option<usize> {
    let (mut len, bytes) = (0, s.as_bytes());
    loop {
        let digits = bytes[len..].iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
        let unit = &s[(len + digits).min(s.len())..];
        let unit = ["ns", "us", "ms", "y", "w", "d", "h", "m", "s"].iter().find(|u| unit.starts_with(**u));
        match unit {
            Some(unit) if digits > 0 => len += digits + unit.len(),
            _ => return (len > 0).then_some(len),
        }
    }
}

//! What Go's JSON scanner has against a text.
//!
//! Upstream: encoding/json (checkValid, scanner.go, quoteChar), sigs.k8s.io/json, which scans alike
//! Differs: nothing known.

use super::super::field_error::go_quote;

/// The first fault of a JSON text in Go's words; None where the text is JSON.
pub fn syntax_error(text: &[u8]) -> Option<String> {
    let mut scan = Scan { text, at: 0 };
    let result = scan.value().and_then(|()| {
        scan.space();
        match scan.peek() {
            None => Ok(()),
            Some(_) => scan.fail("after top-level value"),
        }
    });
    result.err()
}

/// What stops a reader of a stream of JSON values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    pub message: String,
    /// How many bytes were read, the wrong one among them; None where the text just ends.
    pub offset: Option<usize>,
}

/// The length of the value that a text begins with, the space before it included; 0 where there is only space.
pub fn first_value(text: &[u8]) -> Result<usize, Fault> {
    let mut scan = Scan { text, at: 0 };
    scan.space();
    if scan.peek().is_none() {
        return Ok(0);
    }
    match scan.value() {
        Ok(()) => Ok(scan.at),
        Err(_) if scan.peek().is_none() => Err(Fault { message: "unexpected EOF".to_owned(), offset: None }),
        Err(message) => Err(Fault { message, offset: Some(scan.at + 1) }),
    }
}

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
}

/// As deep as Go nests.
const MAX_NESTING: usize = 10_000;

/// What the scanner is inside of.
enum Within {
    Object,
    Array,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn fail(&self, context: &str) -> Result<(), String> {
        match self.peek() {
            None => Err("unexpected end of JSON input".to_owned()),
            Some(c) => Err(format!("invalid character {} {context}", quote_char(c))),
        }
    }

    fn skip(&mut self, wanted: u8, context: &str) -> Result<(), String> {
        if self.peek() != Some(wanted) {
            return self.fail(context);
        }
        self.at += 1;
        Ok(())
    }

    /// A whole value; containers are kept on a stack of our own, so that depth costs no recursion.
    fn value(&mut self) -> Result<(), String> {
        let mut stack: Vec<Within> = Vec::new();
        loop {
            self.space();
            if matches!(self.peek(), Some(b'{' | b'[')) && stack.len() >= MAX_NESTING {
                return self.fail("exceeded max depth");
            }
            match self.peek() {
                Some(b'{') => {
                    self.at += 1;
                    self.space();
                    if self.peek() == Some(b'}') {
                        self.at += 1;
                    } else {
                        stack.push(Within::Object);
                        self.key()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.at += 1;
                    self.space();
                    if self.peek() == Some(b']') {
                        self.at += 1;
                    } else {
                        stack.push(Within::Array);
                        continue;
                    }
                }
                _ => self.scalar()?,
            }
            // After a value: out of every container that ends here.
            loop {
                let Some(within) = stack.last() else { return Ok(()) };
                self.space();
                match (within, self.peek()) {
                    (Within::Object, Some(b',')) => {
                        self.at += 1;
                        self.space();
                        self.key()?;
                        break;
                    }
                    (Within::Array, Some(b',')) => {
                        self.at += 1;
                        break;
                    }
                    (Within::Object, Some(b'}')) | (Within::Array, Some(b']')) => {
                        self.at += 1;
                        stack.pop();
                    }
                    (Within::Object, _) => return self.fail("after object key:value pair"),
                    (Within::Array, _) => return self.fail("after array element"),
                }
            }
        }
    }

    fn key(&mut self) -> Result<(), String> {
        if self.peek() != Some(b'"') {
            return self.fail("looking for beginning of object key string");
        }
        self.string()?;
        self.space();
        self.skip(b':', "after object key")
    }

    fn scalar(&mut self) -> Result<(), String> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            _ => self.fail("looking for beginning of value"),
        }
    }

    fn literal(&mut self, word: &str) -> Result<(), String> {
        for (i, c) in word.bytes().enumerate() {
            let context = format!("in literal {word} (expecting {})", quote_char(c));
            if i == 0 { self.at += 1 } else { self.skip(c, &context)? }
        }
        Ok(())
    }

    fn digits(&mut self) -> bool {
        let from = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at > from
    }

    fn number(&mut self) -> Result<(), String> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => {
                self.digits();
            }
            _ => return self.fail("in numeric literal"),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !self.digits() {
                return self.fail("after decimal point in numeric literal");
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !self.digits() {
                return self.fail("in exponent of numeric literal");
            }
        }
        Ok(())
    }

    fn string(&mut self) -> Result<(), String> {
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.at += 1;
                    match self.peek() {
                        Some(b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"') => self.at += 1,
                        Some(b'u') => {
                            self.at += 1;
                            for _ in 0..4 {
                                if !self.peek().is_some_and(|c| c.is_ascii_hexdigit()) {
                                    return self.fail("in \\u hexadecimal character escape");
                                }
                                self.at += 1;
                            }
                        }
                        _ => return self.fail("in string escape code"),
                    }
                }
                Some(c) if c >= 0x20 => self.at += 1,
                _ => return self.fail("in string literal"),
            }
        }
    }
}

/// One byte in single quotes, as a rune.
fn quote_char(c: u8) -> String {
    match c {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        _ => {
            let quoted = go_quote(&char::from(c).to_string());
            format!("'{}'", &quoted[1..quoted.len() - 1])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_read_value_by_value() {
        assert_eq!(first_value(b" {\"a\": [1, {}]} {}"), Ok(15));
        assert_eq!(first_value(b"01"), Ok(1));
        assert_eq!(first_value(b" \n"), Ok(0));
        let fault = |text: &[u8]| first_value(text).map_err(|fault| (fault.message, fault.offset));
        assert_eq!(fault(b"{\"a\":"), Err(("unexpected EOF".to_owned(), None)));
        let message = "invalid character 'a' looking for beginning of object key string".to_owned();
        assert_eq!(fault(b"{a: b}"), Err((message, Some(2))));
    }

    #[test]
    fn faults_are_told_in_gos_words() {
        for (text, want) in [
            ("not json", "invalid character 'o' in literal null (expecting 'u')"),
            ("{", "unexpected end of JSON input"),
            ("", "unexpected end of JSON input"),
            ("{a}", "invalid character 'a' looking for beginning of object key string"),
            ("{\"a\"}", "invalid character '}' after object key"),
            ("{\"a\":1 \"b\"", "invalid character '\"' after object key:value pair"),
            ("[1 2]", "invalid character '2' after array element"),
            ("[1,]", "invalid character ']' looking for beginning of value"),
            ("{\"a\":1,}", "invalid character '}' looking for beginning of object key string"),
            ("{} x", "invalid character 'x' after top-level value"),
            ("-x", "invalid character 'x' in numeric literal"),
            ("1.x", "invalid character 'x' after decimal point in numeric literal"),
            ("\"\\q\"", "invalid character 'q' in string escape code"),
            ("\"\n\"", "invalid character '\\n' in string literal"),
            ("'", "invalid character '\\'' looking for beginning of value"),
        ] {
            assert_eq!(syntax_error(text.as_bytes()).as_deref(), Some(want), "{text}");
        }
        for text in ["{}", " [] ", "[[1, -0.5e+3], {\"a\": null, \"b\": [true, \"\\u00e9\"]}]", "0"] {
            assert_eq!(syntax_error(text.as_bytes()), None, "{text}");
        }
    }
}

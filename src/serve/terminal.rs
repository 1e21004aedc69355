//! A terminal's line discipline: what is typed is echoed, mended and handed on line by line.
//!
//! Upstream: n_tty of the kernel, in its usual settings.
//! Differs: lines are always mended whole; a program cannot ask for single keys.

/// What typing comes to.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Typed {
    Line(String),
    /// Ctrl+C.
    Interrupt,
    /// Ctrl+D on an empty line.
    End,
}

#[derive(Default)]
pub(super) struct Terminal {
    line: Vec<u8>,
    /// Within an escape sequence, as arrow keys send.
    escape: bool,
}

impl Terminal {
    /// What the bytes come to, and what the terminal shows of them.
    pub fn take(&mut self, bytes: &[u8]) -> (Vec<Typed>, Vec<u8>) {
        let (mut typed, mut echo) = (Vec::new(), Vec::new());
        for &b in bytes {
            match b {
                _ if self.escape => self.escape = !(b.is_ascii_alphabetic() || b == b'~'),
                0x1b => self.escape = true,
                b'\r' | b'\n' => {
                    echo.extend(b"\r\n");
                    typed.push(Typed::Line(self.text()));
                }
                3 => {
                    echo.extend(b"^C\r\n");
                    self.line.clear();
                    typed.push(Typed::Interrupt);
                }
                4 if self.line.is_empty() => typed.push(Typed::End),
                8 | 0x7f => {
                    if !self.line.is_empty() {
                        echo.extend(b"\x08 \x08");
                    }
                    // A letter may have several bytes.
                    while self.line.pop().is_some_and(|b| b & 0xc0 == 0x80) {}
                }
                b if b < b' ' => {}
                b => {
                    self.line.push(b);
                    echo.push(b);
                }
            }
        }
        (typed, echo)
    }

    fn text(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &str, typed: &[Typed], echo: &str) {
        let (is, shown) = Terminal::default().take(bytes.as_bytes());
        assert_eq!((is.as_slice(), String::from_utf8_lossy(&shown).as_ref()), (typed, echo), "{bytes:?}");
    }

    #[test]
    fn lines_are_mended_and_echoed() {
        let line = |text: &str| Typed::Line(text.to_owned());
        check("ls\r", &[line("ls")], "ls\r\n");
        check("lx\x7fs\r", &[line("ls")], "lx\x08 \x08s\r\n");
        check("né\x7f\x7fo\n", &[line("o")], "né\x08 \x08\x08 \x08o\r\n");
        check("ls\x1b[A\r", &[line("ls")], "ls\r\n");
        check("sle\x03\r", &[Typed::Interrupt, line("")], "sle^C\r\n\r\n");
        check("\x04", &[Typed::End], "");
        check("\x7f", &[], "");
    }
}

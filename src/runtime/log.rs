//! What a container wrote, line by line, each with the instant at which the line was ended.

use crate::apimachinery::Str;
use crate::sim::{Time, Vector};

/// A log keeps so many lines; older ones are gone, as they are once a log file has been rotated away.
const KEEP: usize = 2_000;

#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub at: Time,
    pub text: Str,
}

#[derive(Clone, Default, Debug)]
struct Written {
    lines: Vector<Line>,
    /// What came after the last line break.
    rest: String,
}

/// Most logs hold what the image's program says when it starts, and no more; that is kept once for all of them.
#[derive(Clone, Default, Debug)]
pub struct Log {
    hello: &'static [&'static str],
    hello_at: Time,
    written: Option<Box<Written>>,
}

impl Log {
    /// The lines with which a program begins; they come before all others.
    pub fn greet(&mut self, at: Time, hello: &'static [&'static str]) {
        self.hello = hello;
        self.hello_at = at;
    }

    pub fn write(&mut self, at: Time, text: &str) {
        let written = self.written.get_or_insert_with(Box::default);
        let mut parts = text.split('\n');
        written.rest.push_str(parts.next().unwrap_or_default());
        for next in parts {
            let line = std::mem::replace(&mut written.rest, next.to_owned());
            written.push(at, Str::from(line));
        }
    }

    /// The writer has ended: what it did not end with a line break counts as a line.
    pub fn finish(&mut self, at: Time) {
        if let Some(written) = &mut self.written
            && !written.rest.is_empty()
        {
            let rest = std::mem::take(&mut written.rest);
            written.push(at, Str::from(rest));
        }
    }

    pub fn lines(&self) -> impl DoubleEndedIterator<Item = Line> {
        let hello = self.hello.iter().map(|l| Line { at: self.hello_at, text: Str::literal(l) });
        hello.chain(self.written.iter().flat_map(|w| w.lines.iter().cloned()))
    }

    /// The end of the log, at most so many lines and bytes. Upstream: containerd's reading of the log for messages.
    pub fn tail(&self, lines: usize, bytes: usize) -> String {
        let mut kept: Vec<Line> = self.lines().rev().take(lines).collect();
        kept.reverse();
        let mut text: String = kept.iter().flat_map(|l| [l.text.as_str(), "\n"]).collect();
        while text.len() > bytes {
            text.remove(0);
        }
        text
    }
}

impl Written {
    fn push(&mut self, at: Time, text: Str) {
        if self.lines.len() >= KEEP {
            self.lines.pop_front();
        }
        self.lines.push_back(Line { at, text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_the_writer_ends_them() {
        let mut log = Log::default();
        log.write(Time(1), "a\nb");
        log.write(Time(2), "c\n\nd");
        log.finish(Time(3));
        let lines: Vec<String> = log.lines().map(|l| format!("{} {}", l.at.0, l.text)).collect();
        assert_eq!(lines, ["1 a", "2 bc", "2 ", "3 d"]);
        assert_eq!(log.tail(2, 80), "\nd\n");
    }
}

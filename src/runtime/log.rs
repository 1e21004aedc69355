//! What a container wrote, line by line, each with the instant at which the line was ended.

use crate::apimachinery::Str;
use crate::sim::Time;
use imbl::Vector;

/// A log keeps so many lines; older ones are gone, as they are once a log file has been rotated away.
const KEEP: usize = 2_000;

#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub at: Time,
    pub text: Str,
}

#[derive(Clone, Default, Debug)]
pub struct Log {
    lines: Vector<Line>,
    /// What came after the last line break.
    rest: String,
}

impl Log {
    pub fn write(&mut self, at: Time, text: &str) {
        let mut parts = text.split('\n');
        self.rest.push_str(parts.next().unwrap_or_default());
        for next in parts {
            let line = std::mem::replace(&mut self.rest, next.to_owned());
            self.push(at, Str::from(line));
        }
    }

    fn push(&mut self, at: Time, text: Str) {
        if self.lines.len() >= KEEP {
            self.lines.pop_front();
        }
        self.lines.push_back(Line { at, text });
    }

    /// The writer has ended: what it did not end with a line break counts as a line.
    pub fn finish(&mut self, at: Time) {
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            self.push(at, Str::from(rest));
        }
    }

    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &Line> + ExactSizeIterator {
        self.lines.iter()
    }

    /// The end of the log, at most so many lines and bytes. Upstream: containerd's reading of the log for messages.
    pub fn tail(&self, lines: usize, bytes: usize) -> String {
        let mut kept: Vec<&str> = self.lines.iter().rev().take(lines).map(|l| l.text.as_str()).collect();
        kept.reverse();
        let mut text: String = kept.iter().flat_map(|l| [l, "\n"]).collect();
        while text.len() > bytes {
            text.remove(0);
        }
        text
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
        let lines: Vec<(i64, &str)> = log.lines().map(|l| (l.at.0, l.text.as_str())).collect();
        assert_eq!(lines, [(1, "a"), (2, "bc"), (2, ""), (3, "d")]);
        assert_eq!(log.tail(2, 80), "\nd\n");
    }
}

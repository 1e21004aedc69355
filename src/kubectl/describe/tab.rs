//! Columns in text: cells that end in a tab are as wide as the widest of the neighbouring lines.
//!
//! Upstream: Go's text/tabwriter, as kubectl sets it up (two spaces between columns, left-aligned)
//! Differs: nothing known.

const PADDING: usize = 2;

/// The text with its tabs laid out.
pub(super) fn tabbed(text: &str) -> String {
    let lines: Vec<Vec<&str>> = text.split(['\n', '\u{c}']).map(|line| line.split(['\t', '\u{b}']).collect()).collect();
    let mut layout = Layout { lines: &lines, widths: Vec::new(), out: String::with_capacity(text.len() * 2) };
    layout.columns(0, lines.len());
    layout.out
}

struct Layout<'a> {
    /// The last cell of a line belongs to no column.
    lines: &'a [Vec<&'a str>],
    widths: Vec<usize>,
    out: String,
}

impl Layout<'_> {
    /// Lines `from..to`, whose first `widths.len()` columns are known.
    fn columns(&mut self, mut from: usize, to: usize) {
        let column = self.widths.len();
        let in_column = |line: usize| column + 1 < self.lines[line].len();
        let mut this = from;
        while this < to {
            if !in_column(this) {
                this += 1;
                continue;
            }
            self.print(from, this);
            from = this;
            let mut width = 0;
            while this < to && in_column(this) {
                width = width.max(self.lines[this][column].chars().count() + PADDING);
                this += 1;
            }
            self.widths.push(width);
            self.columns(from, this);
            self.widths.pop();
            from = this;
        }
        self.print(from, to);
    }

    fn print(&mut self, from: usize, to: usize) {
        for line in from..to {
            for (i, cell) in self.lines[line].iter().enumerate() {
                self.out.push_str(cell);
                if let Some(width) = self.widths.get(i) {
                    let rest = width.saturating_sub(cell.chars().count());
                    self.out.extend(std::iter::repeat_n(' ', rest));
                }
            }
            if line + 1 < self.lines.len() {
                self.out.push('\n');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::tabbed;

    #[test]
    fn columns_are_as_wide_as_their_neighbours() {
        for (text, want) in [
            ("", ""),
            ("a\n", "a\n"),
            ("a:\tb\nlong:\tc\n", "a:     b\nlong:  c\n"),
            // A line without a tab ends the columns.
            ("a:\tb\nx\nlong:\tc\n", "a:  b\nx\nlong:  c\n"),
            // An inner column lives only as long as the lines that have it.
            ("a\tbbb\tc\nlong\td\n", "a     bbb  c\nlong  d\n"),
            ("a\tb\tc\nlong\tdd\te\n", "a     b   c\nlong  dd  e\n"),
            // A cell that is empty takes the padding; what follows the last tab is no cell.
            ("L:\ta=1\n\tb=2\n", "L:  a=1\n    b=2\n"),
            ("a\t\t\tb\nx\t\t\ty\n", "a      b\nx      y\n"),
            ("a\t\n", "a  \n"),
            ("é\tb\nxx\tc\n", "é   b\nxx  c\n"),
        ] {
            assert_eq!(tabbed(text), want, "{text:?}");
        }
    }
}

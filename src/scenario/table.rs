//! `kubectl get` against the table of a scenario, cell by cell.

use crate::apimachinery::time::Time;
use crate::apiserver::Tables;
use crate::apiserver::wire::{Answer, Request};
use crate::cluster::Cluster;
use crate::kubectl::{self, Host};
use crate::sim::Duration;

/// Whether the text is as the pattern says, `*` standing for any run of characters.
pub(super) fn like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

/// Cells of each line, which stand two blanks or more apart.
pub(super) fn cells(table: &str) -> Vec<Vec<String>> {
    let row = |line: &str| line.split("  ").map(|c| c.trim().to_owned()).filter(|c| !c.is_empty()).collect();
    table.lines().filter(|l| !l.trim().is_empty()).map(row).collect()
}

/// Looks on without letting time pass.
struct Still<'a>(&'a mut Cluster);

impl Host for Still<'_> {
    fn ask(&mut self, request: Request) -> Answer {
        self.0.request(&request)
    }
    fn pass(&mut self, _: Duration) {}
    fn files(&self, _: &str, _: bool) -> Option<Vec<(String, String)>> {
        None
    }
    fn tables(&self) -> &Tables {
        self.0.tables()
    }
    fn wall(&self) -> Time {
        self.0.wall()
    }
}

/// Rows may come in another order: random names sort by chance.
pub(super) fn holds(cluster: &mut Cluster, words: &[String], rows: &[Vec<String>]) -> Result<(), String> {
    let printed = kubectl::run(&mut Still(cluster), words);
    let text = format!("{}{}", printed.out, printed.err);
    let mut left = cells(&text);
    let is_row =
        |want: &[String], got: &[String]| want.len() == got.len() && want.iter().zip(got).all(|(w, g)| like(w, g));
    // What is more exactly said chooses first.
    let mut wanted: Vec<&Vec<String>> = rows.iter().collect();
    wanted.sort_by_key(|row| row.iter().filter(|c| c.contains('*')).count());
    let is_all = left.len() == wanted.len()
        && wanted.iter().all(|want| match left.iter().position(|got| is_row(want, got)) {
            Some(n) => {
                left.remove(n);
                true
            }
            None => false,
        });
    if is_all { Ok(()) } else { Err(format!("there is\n{text}")) }
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn a_star_stands_for_anything() {
        let cases = [
            ("", "", true),
            ("*", "", true),
            ("web-*", "web-7d9", true),
            ("*-b-*", "a-b-c", true),
            ("a*c", "abcb", false),
            ("a", "ab", false),
        ];
        for (pattern, text, is) in cases {
            assert_eq!(like(pattern, text), is, "{pattern} {text}");
        }
    }
}

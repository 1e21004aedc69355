//! The unified diff that Forbidden messages of updates carry.
//!
//! Upstream: apimachinery/pkg/util/diff/diff.go over github.com/pmezard/go-difflib, which is Python's difflib
//! Differs: nothing known.
//!
//! Its own algorithm, not any diff: which lines count as moved depends on it, and the text is compared.

use crate::apimachinery::OrdMap;
/// Three lines of context, no names of files.
pub fn unified_diff(a: &str, b: &str) -> String {
    const CONTEXT: usize = 3;
    let (a, b): (Vec<&str>, Vec<&str>) = (a.split('\n').collect(), b.split('\n').collect());
    let mut out = String::new();
    for group in groups(op_codes(&a, &b), CONTEXT) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let (from, to) = (range(first.a.0, last.a.1), range(first.b.0, last.b.1));
        out.push_str(&format!("@@ -{from} +{to} @@\n"));
        for op in &group {
            let mut lines = |sign: char, lines: &[&str]| {
                for line in lines {
                    out.push(sign);
                    out.push_str(line);
                    out.push('\n');
                }
            };
            if op.equal {
                lines(' ', &a[op.a.0..op.a.1]);
            } else {
                lines('-', &a[op.a.0..op.a.1]);
                lines('+', &b[op.b.0..op.b.1]);
            }
        }
    }
    out
}

fn range(start: usize, stop: usize) -> String {
    match stop - start {
        1 => format!("{}", start + 1),
        0 => format!("{start},0"),
        length => format!("{},{length}", start + 1),
    }
}

/// A stretch of both texts that is equal, or that differs.
#[derive(Clone, Copy)]
struct Op {
    equal: bool,
    a: (usize, usize),
    b: (usize, usize),
}

fn groups(mut ops: Vec<Op>, n: usize) -> Vec<Vec<Op>> {
    let tail = |op: &mut Op| {
        op.a.0 = op.a.0.max(op.a.1.saturating_sub(n));
        op.b.0 = op.b.0.max(op.b.1.saturating_sub(n));
    };
    let head = |op: &mut Op| {
        op.a.1 = op.a.1.min(op.a.0 + n);
        op.b.1 = op.b.1.min(op.b.0 + n);
    };
    if let Some(first) = ops.first_mut().filter(|op| op.equal) {
        tail(first);
    }
    if let Some(last) = ops.last_mut().filter(|op| op.equal) {
        head(last);
    }
    let (mut out, mut group) = (Vec::new(), Vec::new());
    for mut op in ops {
        if op.equal && op.a.1 - op.a.0 > 2 * n {
            let mut end = op;
            head(&mut end);
            group.push(end);
            out.push(std::mem::take(&mut group));
            tail(&mut op);
        }
        group.push(op);
    }
    if group.iter().any(|op| !op.equal) {
        out.push(group);
    }
    out
}

fn op_codes(a: &[&str], b: &[&str]) -> Vec<Op> {
    let mut blocks = Vec::new();
    match_blocks(a, b, &index(b), (0, a.len()), (0, b.len()), &mut blocks);
    blocks.push((a.len(), b.len(), 0));
    let (mut i, mut j) = (0, 0);
    let mut out: Vec<Op> = Vec::new();
    for (ai, bj, size) in blocks {
        if i < ai || j < bj {
            out.push(Op { equal: false, a: (i, ai), b: (j, bj) });
        }
        (i, j) = (ai + size, bj + size);
        if size == 0 {
            continue;
        }
        match out.last_mut() {
            // Adjacent blocks are one.
            Some(op) if op.equal && op.a.1 == ai && op.b.1 == bj => (op.a.1, op.b.1) = (i, j),
            _ => out.push(Op { equal: true, a: (ai, i), b: (bj, j) }),
        }
    }
    out
}

/// Where each line stands in `b`, popular lines of long texts left out.
fn index<'t>(b: &[&'t str]) -> OrdMap<&'t str, Vec<usize>> {
    let mut at: OrdMap<&str, Vec<usize>> = OrdMap::new();
    for (j, line) in b.iter().enumerate() {
        at.or_insert_with(*line, Vec::new).push(j);
    }
    if b.len() >= 200 {
        let popular = b.len() / 100 + 1;
        at = at.iter().filter(|(_, places)| places.len() <= popular).map(|(l, p)| (*l, p.clone())).collect();
    }
    at
}

type Index<'t> = OrdMap<&'t str, Vec<usize>>;
type Span = (usize, usize);

fn match_blocks(
    a: &[&str],
    b: &[&str],
    at: &Index,
    (alo, ahi): Span,
    (blo, bhi): Span,
    out: &mut Vec<(usize, usize, usize)>,
) {
    let (i, j, size) = longest_match(a, b, at, (alo, ahi), (blo, bhi));
    if size == 0 {
        return;
    }
    if alo < i && blo < j {
        match_blocks(a, b, at, (alo, i), (blo, j), out);
    }
    out.push((i, j, size));
    if i + size < ahi && j + size < bhi {
        match_blocks(a, b, at, (i + size, ahi), (j + size, bhi), out);
    }
}

fn longest_match(a: &[&str], b: &[&str], at: &Index, (alo, ahi): Span, (blo, bhi): Span) -> (usize, usize, usize) {
    let (mut i, mut j, mut size) = (alo, blo, 0);
    let mut lengths: OrdMap<usize, usize> = OrdMap::new();
    for (x, line) in a.iter().enumerate().take(ahi).skip(alo) {
        let mut next = OrdMap::new();
        for &y in at.get(line).into_iter().flatten().filter(|y| (blo..bhi).contains(*y)) {
            let k = 1 + if y == 0 { 0 } else { lengths.get(&(y - 1)).copied().unwrap_or(0) };
            next.insert(y, k);
            if k > size {
                (i, j, size) = (x + 1 - k, y + 1 - k, k);
            }
        }
        lengths = next;
    }
    while i > alo && j > blo && a[i - 1] == b[j - 1] {
        (i, j, size) = (i - 1, j - 1, size + 1);
    }
    while i + size < ahi && j + size < bhi && a[i + size] == b[j + size] {
        size += 1;
    }
    (i, j, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hunks() {
        let a = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk";
        assert_eq!(unified_diff(a, a), "");
        assert_eq!(unified_diff(a, &a.replace('f', "x\ny")), "@@ -3,7 +3,8 @@\n c\n d\n e\n-f\n+x\n+y\n g\n h\n i\n");
        assert_eq!(
            unified_diff(a, &a.replace("a\n", "").replace('k', "z")),
            "@@ -1,4 +1,3 @@\n-a\n b\n c\n d\n@@ -8,4 +7,4 @@\n h\n i\n j\n-k\n+z\n"
        );
    }
}

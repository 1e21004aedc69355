//! Words being made: fields, quoting, patterns; and whole-number arithmetic.
//!
//! Upstream: POSIX.1-2017, Shell Command Language, 2.6 and 2.13.
//! Differs: fields are split at blanks, whatever IFS says, but for `read`.

use crate::apimachinery::Str;

/// Stands before a character that was quoted and would otherwise be a pattern's.
const QUOTE: char = '\u{1}';

/// A word that is not finished.
#[derive(Clone, Debug, Default)]
pub struct Word {
    done: Vec<String>,
    current: String,
    /// It is a field even if it is empty.
    quoted: bool,
}

impl Word {
    pub fn text(&mut self, text: &str, quoted: bool) {
        if quoted {
            self.quoted = true;
            for c in text.chars() {
                if "*?[]\\{}".contains(c) {
                    self.current.push(QUOTE);
                }
                self.current.push(c);
            }
        } else {
            self.current.push_str(text);
        }
    }

    /// The value of an expansion.
    pub fn value(&mut self, text: &str, quoted: bool) {
        if quoted {
            return self.text(text, true);
        }
        let blank = |c: char| c == ' ' || c == '\t' || c == '\n';
        let mut rest = text;
        if rest.starts_with(blank) {
            self.cut();
        }
        loop {
            rest = rest.trim_start_matches(blank);
            let end = rest.find(blank).unwrap_or(rest.len());
            self.current.push_str(&rest[..end]);
            rest = &rest[end..];
            if rest.is_empty() {
                return;
            }
            self.cut();
        }
    }

    /// `"$@"`: each is a field of its own.
    pub fn all(&mut self, values: &[Str], quoted: bool) {
        for (i, v) in values.iter().enumerate() {
            if i > 0 {
                self.cut();
            }
            self.value(v, quoted);
        }
    }

    fn cut(&mut self) {
        if !self.current.is_empty() || self.quoted {
            self.done.push(std::mem::take(&mut self.current));
            self.quoted = false;
        }
    }

    /// The fields, still with their quoting.
    pub fn fields(mut self) -> Vec<String> {
        self.cut();
        self.done
    }

    pub fn single(self) -> String {
        let mut all = self.done;
        all.push(self.current);
        all.join(" ")
    }
}

pub fn unquote(text: &str) -> String {
    text.replace(QUOTE, "")
}

/// Whether the field is a pattern.
pub fn is_pattern(text: &str) -> bool {
    let mut quoted = false;
    for c in text.chars() {
        if !quoted && (c == '*' || c == '?' || c == '[') {
            return true;
        }
        quoted = c == QUOTE;
    }
    false
}

#[derive(Debug, Clone)]
enum Part {
    Char(char),
    Any,
    One,
    Set(bool, Vec<(char, char)>),
}

fn compile(pattern: &str) -> Vec<Part> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        match chars[i] {
            QUOTE | '\\' if i + 1 < chars.len() => {
                i += 1;
                out.push(Part::Char(chars[i]));
            }
            '*' => out.push(Part::Any),
            '?' => out.push(Part::One),
            '[' => {
                let not = matches!(chars.get(i + 1), Some('!' | '^'));
                let mut j = i + 1 + usize::from(not);
                let mut set = Vec::new();
                let first = j;
                while j < chars.len() && (chars[j] != ']' || j == first) {
                    if chars.get(j + 1) == Some(&'-') && chars.get(j + 2).is_some_and(|c| *c != ']') {
                        set.push((chars[j], chars[j + 2]));
                        j += 3;
                    } else {
                        set.push((chars[j], chars[j]));
                        j += 1;
                    }
                }
                if j < chars.len() {
                    out.push(Part::Set(not, set));
                    i = j;
                } else {
                    out.push(Part::Char('['));
                }
            }
            c => out.push(Part::Char(c)),
        }
        i += 1;
    }
    out
}

fn matches_parts(p: &[Part], t: &[char]) -> bool {
    match p.first() {
        None => t.is_empty(),
        Some(Part::Any) => (0..=t.len()).any(|n| matches_parts(&p[1..], &t[n..])),
        Some(one) => {
            let Some(c) = t.first() else { return false };
            let hit = match one {
                Part::Char(x) => x == c,
                Part::Set(not, set) => set.iter().any(|(a, b)| a <= c && c <= b) != *not,
                _ => true,
            };
            hit && matches_parts(&p[1..], &t[1..])
        }
    }
}

pub fn matches(pattern: &str, text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    matches_parts(&compile(pattern), &chars)
}

/// What is left when the pattern has been cut off at one end.
pub fn trim(text: &str, pattern: &str, end: bool, most: bool) -> String {
    let p = compile(pattern);
    let t: Vec<char> = text.chars().collect();
    let cuts: Vec<usize> = (0..=t.len()).collect();
    let hit = |n: &usize| if end { matches_parts(&p, &t[*n..]) } else { matches_parts(&p, &t[..*n]) };
    // The longest piece at the end begins first, at the beginning ends last.
    let cut = if end == most { cuts.into_iter().find(|n| hit(n)) } else { cuts.into_iter().rev().find(|n| hit(n)) };
    match cut {
        None => text.to_owned(),
        Some(n) if end => t[..n].iter().collect(),
        Some(n) => t[n..].iter().collect(),
    }
}

pub fn replace(text: &str, pattern: &str, with: &str, all: bool) -> String {
    let p = compile(pattern);
    let t: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let mut i = 0;
    let mut done = false;
    while i < t.len() {
        let hit = (i + 1..=t.len()).rev().find(|end| (all || !done) && matches_parts(&p, &t[i..*end]));
        match hit {
            Some(end) => {
                out.push_str(with);
                i = end;
                done = true;
            }
            None => {
                out.push(t[i]);
                i += 1;
            }
        }
    }
    out
}

/// `a{1..3}b` as bash and zsh write it out.
pub fn braces(field: &str) -> Vec<String> {
    let Some(open) = field.find('{').filter(|at| !field[..*at].ends_with(QUOTE)) else { return vec![field.to_owned()] };
    let Some(close) = field[open..].find('}').map(|n| open + n) else { return vec![field.to_owned()] };
    let (before, inner, after) = (&field[..open], &field[open + 1..close], &field[close + 1..]);
    let items: Vec<String> = if let Some((a, b)) = inner.split_once("..") {
        match (a.parse::<i64>(), b.parse::<i64>()) {
            (Ok(a), Ok(b)) if (a - b).abs() <= 10_000 => {
                if a <= b {
                    (a..=b).map(|n| n.to_string()).collect()
                } else {
                    (b..=a).rev().map(|n| n.to_string()).collect()
                }
            }
            _ => return vec![field.to_owned()],
        }
    } else if inner.contains(',') && !before.ends_with('$') {
        inner.split(',').map(str::to_owned).collect()
    } else {
        return vec![field.to_owned()];
    };
    items.iter().flat_map(|i| braces(&format!("{before}{i}{after}"))).collect()
}

/// Arithmetic over variables that `get` and `set` reach.
pub fn arith(text: &str, get: &dyn Fn(&str) -> String, set: &mut dyn FnMut(&str, i64)) -> Result<i64, String> {
    let mut a = Arith { t: text.as_bytes(), at: 0, get, set, depth: 0 };
    let v = a.comma()?;
    a.blank();
    if a.at < a.t.len() {
        return Err("arithmetic syntax error".to_owned());
    }
    Ok(v)
}

struct Arith<'a> {
    t: &'a [u8],
    at: usize,
    get: &'a dyn Fn(&str) -> String,
    set: &'a mut dyn FnMut(&str, i64),
    depth: u32,
}

const LEVELS: &[&[&str]] = &[
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

impl Arith<'_> {
    fn blank(&mut self) {
        while self.t.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn eat(&mut self, op: &str) -> bool {
        self.blank();
        let yes = self.t[self.at..].starts_with(op.as_bytes());
        if yes {
            self.at += op.len();
        }
        yes
    }

    fn comma(&mut self) -> Result<i64, String> {
        let mut v = self.assign()?;
        while self.eat(",") {
            v = self.assign()?;
        }
        Ok(v)
    }

    fn assign(&mut self) -> Result<i64, String> {
        self.depth += 1;
        if self.depth > 200 {
            return Err("expression recursion level exceeded".to_owned());
        }
        let back = self.at;
        let mut done = None;
        if let Some(name) = self.name() {
            self.blank();
            for op in ["+=", "-=", "*=", "/=", "%=", "="] {
                let rest = &self.t[self.at..];
                if rest.starts_with(op.as_bytes()) && !rest.starts_with(b"==") {
                    self.at += op.len();
                    let right = self.assign()?;
                    let left = self.lookup(&name);
                    let v = if op == "=" { right } else { apply(&op[..1], left, right)? };
                    (self.set)(&name, v);
                    done = Some(v);
                    break;
                }
            }
        }
        let v = match done {
            Some(v) => Ok(v),
            None => {
                self.at = back;
                self.ternary()
            }
        };
        self.depth -= 1;
        v
    }

    fn ternary(&mut self) -> Result<i64, String> {
        let c = self.level(0)?;
        if !self.eat("?") {
            return Ok(c);
        }
        let a = self.assign()?;
        if !self.eat(":") {
            return Err("arithmetic syntax error".to_owned());
        }
        let b = self.assign()?;
        Ok(if c != 0 { a } else { b })
    }

    fn level(&mut self, n: usize) -> Result<i64, String> {
        let Some(ops) = LEVELS.get(n) else { return self.unary() };
        let mut left = self.level(n + 1)?;
        'next: loop {
            self.blank();
            let rest = &self.t[self.at..];
            for op in *ops {
                let longer: &[&str] = match *op {
                    "|" => &["||"],
                    "&" => &["&&"],
                    "<" => &["<<", "<="],
                    ">" => &[">>", ">="],
                    _ => &[],
                };
                if rest.starts_with(op.as_bytes()) && !longer.iter().any(|l| rest.starts_with(l.as_bytes())) {
                    self.at += op.len();
                    let right = self.level(n + 1)?;
                    left = apply(op, left, right)?;
                    continue 'next;
                }
            }
            return Ok(left);
        }
    }

    fn unary(&mut self) -> Result<i64, String> {
        for op in ["++", "--"] {
            if self.eat(op) {
                let Some(name) = self.name() else { return Err("arithmetic syntax error".to_owned()) };
                let v = self.lookup(&name) + if op == "++" { 1 } else { -1 };
                (self.set)(&name, v);
                return Ok(v);
            }
        }
        if self.eat("!") {
            return Ok(i64::from(self.unary()? == 0));
        }
        if self.eat("-") {
            return Ok(self.unary()?.wrapping_neg());
        }
        if self.eat("+") {
            return self.unary();
        }
        if self.eat("~") {
            return Ok(!self.unary()?);
        }
        if self.eat("(") {
            let v = self.comma()?;
            return if self.eat(")") { Ok(v) } else { Err("arithmetic syntax error".to_owned()) };
        }
        self.blank();
        let start = self.at;
        while self.t.get(self.at).is_some_and(u8::is_ascii_alphanumeric) && self.t[start].is_ascii_digit() {
            self.at += 1;
        }
        if self.at > start {
            let text = std::str::from_utf8(&self.t[start..self.at]).unwrap_or("0");
            return number(text).ok_or_else(|| "arithmetic syntax error".to_owned());
        }
        let Some(name) = self.name() else { return Err("arithmetic syntax error".to_owned()) };
        let v = self.lookup(&name);
        for (op, by) in [("++", 1), ("--", -1)] {
            if self.eat(op) {
                (self.set)(&name, v + by);
            }
        }
        Ok(v)
    }

    fn name(&mut self) -> Option<String> {
        self.blank();
        let start = self.at;
        while self.t.get(self.at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_') {
            self.at += 1;
        }
        let text = std::str::from_utf8(&self.t[start..self.at]).ok()?;
        if text.is_empty() || text.starts_with(|c: char| c.is_ascii_digit()) {
            self.at = start;
            return None;
        }
        Some(text.to_owned())
    }

    fn lookup(&self, name: &str) -> i64 {
        number((self.get)(name).trim()).unwrap_or(0)
    }
}

fn number(text: &str) -> Option<i64> {
    if let Some(n) = text.strip_prefix('-') {
        return number(n).map(|n| -n);
    }
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return i64::from_str_radix(hex, 16).ok();
    }
    if text.len() > 1 && text.starts_with('0') {
        return i64::from_str_radix(text, 8).ok();
    }
    text.parse().ok()
}

fn apply(op: &str, a: i64, b: i64) -> Result<i64, String> {
    Ok(match op {
        "+" => a.wrapping_add(b),
        "-" => a.wrapping_sub(b),
        "*" => a.wrapping_mul(b),
        "/" | "%" if b == 0 => return Err("divide by zero".to_owned()),
        "/" => a.wrapping_div(b),
        "%" => a.wrapping_rem(b),
        "<<" => a.wrapping_shl(b as u32),
        ">>" => a.wrapping_shr(b as u32),
        "<" => i64::from(a < b),
        ">" => i64::from(a > b),
        "<=" => i64::from(a <= b),
        ">=" => i64::from(a >= b),
        "==" => i64::from(a == b),
        "!=" => i64::from(a != b),
        "&" => a & b,
        "|" => a | b,
        "^" => a ^ b,
        "&&" => i64::from(a != 0 && b != 0),
        _ => i64::from(a != 0 || b != 0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match() {
        for (p, t, want) in [
            ("*.txt", "a.txt", true),
            ("a?c", "abc", true),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("\u{1}*", "x", false),
            ("", "", true),
        ] {
            assert_eq!(matches(p, t), want, "{p} {t}");
        }
        assert_eq!(trim("a/b/c", "*/", false, true), "c");
        assert_eq!(trim("a/b/c", "/*", true, false), "a/b");
        assert_eq!(trim("a.tar.gz", ".*", true, true), "a");
        assert_eq!(replace("a-b-c", "-", "+", true), "a+b+c");
        assert_eq!(braces("x{1..3}"), ["x1", "x2", "x3"]);
    }

    #[test]
    fn expressions_have_c_values() {
        let get = |n: &str| if n == "x" { "5".to_owned() } else { String::new() };
        for (text, want) in [
            ("1+2*3", 7),
            ("(1+2)*3", 9),
            ("x-1", 4),
            ("x>4&&1", 1),
            ("7%4", 3),
            ("-x", -5),
            ("x==5?2:3", 2),
            ("0x10", 16),
        ] {
            assert_eq!(arith(text, &get, &mut |_, _| {}), Ok(want), "{text}");
        }
        assert_eq!(arith("1/0", &get, &mut |_, _| {}), Err("divide by zero".to_owned()));
    }
}

//! Programs about text.

use super::{Done, Tool};
use crate::apimachinery::{Arrange, Str};
use crate::runtime::process::World;
use base64::Engine;

/// `\n`, `\t`, `\033`, `\c` ends it all.
fn escapes(text: &str) -> (String, bool) {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('a') => out.push('\u{7}'),
            Some('b') => out.push('\u{8}'),
            Some('e') => out.push('\u{1b}'),
            Some('c') => return (out, true),
            Some('\\') => out.push('\\'),
            Some('x') => {
                let mut n = 0;
                while let Some(d) = chars.peek().and_then(|c| c.to_digit(16)) {
                    n = n * 16 + d;
                    chars.next();
                }
                out.extend(char::from_u32(n));
            }
            Some(d) if d.is_digit(8) => {
                let mut n = d.to_digit(8).unwrap_or(0);
                for _ in 0..3 {
                    let Some(d) = chars.peek().and_then(|c| c.to_digit(8)) else { break };
                    n = n * 8 + d;
                    chars.next();
                }
                out.extend(char::from_u32(n));
            }
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
            None => out.push('\\'),
        }
    }
    (out, false)
}

pub(super) fn echo(t: &mut Tool, w: &mut World) -> Done {
    let mut words = t.args;
    let mut newline = true;
    // dash's own echo reads escapes without being asked.
    let mut escaped = false;
    while let Some(flags) = words.first().and_then(|a| a.strip_prefix('-')) {
        if flags.is_empty() || !flags.chars().all(|c| "neE".contains(c)) {
            break;
        }
        newline &= !flags.contains('n');
        escaped |= flags.contains('e');
        words = &words[1..];
    }
    let _ = w;
    let text = words.join(" ");
    let (text, cut) = if escaped { escapes(&text) } else { (text, false) };
    t.out = text;
    if newline && !cut {
        t.out.push('\n');
    }
    Done::Code(0)
}

pub(super) fn printf(t: &mut Tool, _: &mut World) -> Done {
    let Some(format) = t.args.first() else {
        t.fail("usage: printf FORMAT [ARG]...");
        return Done::Code(1);
    };
    let (format, _) = escapes(format);
    let mut args = t.args[1..].iter();
    let mut left = t.args.len() - 1;
    loop {
        let before = left;
        let mut chars = format.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '%' {
                t.out.push(c);
                continue;
            }
            let mut spec = String::new();
            while let Some(c) = chars.peek().filter(|c| c.is_ascii_digit() || "-+ #.".contains(**c)) {
                spec.push(*c);
                chars.next();
            }
            let kind = chars.next().unwrap_or('%');
            if kind == '%' {
                t.out.push('%');
                continue;
            }
            let arg = args.next().cloned().unwrap_or_default();
            left = left.saturating_sub(1);
            let minus = spec.contains('-');
            let (width, precision) = match spec.trim_start_matches(['-', '+', ' ', '#']).split_once('.') {
                Some((w, p)) => (w.to_owned(), p.parse::<usize>().ok()),
                None => (spec.trim_start_matches(['-', '+', ' ', '#']).to_owned(), None),
            };
            let zero = width.starts_with('0');
            let width: usize = width.parse().unwrap_or(0);
            let number = || arg.trim().parse::<i64>().unwrap_or(0);
            let text = match kind {
                'd' | 'i' | 'u' => number().to_string(),
                'x' => format!("{:x}", number()),
                'X' => format!("{:X}", number()),
                'o' => format!("{:o}", number()),
                'f' => format!("{:.*}", precision.unwrap_or(6), arg.trim().parse::<f64>().unwrap_or(0.0)),
                'c' => arg.chars().next().map(String::from).unwrap_or_default(),
                'b' => escapes(&arg).0,
                'q' => format!("'{arg}'"),
                _ => match precision {
                    Some(n) => arg.chars().take(n).collect(),
                    None => arg.to_string(),
                },
            };
            let pad = width.saturating_sub(text.chars().count());
            if minus {
                t.out.push_str(&text);
                t.out.push_str(&" ".repeat(pad));
            } else if zero && kind != 's' {
                t.out.push_str(&"0".repeat(pad));
                t.out.push_str(&text);
            } else {
                t.out.push_str(&" ".repeat(pad));
                t.out.push_str(&text);
            }
        }
        if left == 0 || left == before {
            return Done::Code(0);
        }
    }
}

pub(super) fn test(t: &mut Tool, w: &mut World) -> Done {
    let mut args: Vec<&str> = t.args.iter().map(|a| a.as_str()).collect();
    if t.name != "test" {
        let close = if t.name == "[[" { "]]" } else { "]" };
        if args.pop() != Some(close) {
            t.fail(&format!("missing {close}"));
            return Done::Code(2);
        }
    }
    let mut at = 0;
    let cwd = t.cwd.clone();
    match or(&args, &mut at, &cwd, w) {
        Ok(v) if at >= args.len() => Done::Code(i32::from(!v)),
        Ok(_) => {
            t.fail(&format!("{}: unknown operand", args[at]));
            Done::Code(2)
        }
        Err(e) => {
            t.fail(&e);
            Done::Code(2)
        }
    }
}

fn or(a: &[&str], at: &mut usize, cwd: &str, w: &World) -> Result<bool, String> {
    let mut v = and(a, at, cwd, w)?;
    while matches!(a.get(*at), Some(&"-o" | &"||")) {
        *at += 1;
        v |= and(a, at, cwd, w)?;
    }
    Ok(v)
}

fn and(a: &[&str], at: &mut usize, cwd: &str, w: &World) -> Result<bool, String> {
    let mut v = primary(a, at, cwd, w)?;
    while matches!(a.get(*at), Some(&"-a" | &"&&")) {
        *at += 1;
        v &= primary(a, at, cwd, w)?;
    }
    Ok(v)
}

const BINARY: &[&str] = &["=", "==", "!=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "<", ">", "=~", "-nt", "-ot"];

fn primary(a: &[&str], at: &mut usize, cwd: &str, w: &World) -> Result<bool, String> {
    let Some(first) = a.get(*at).copied() else { return Ok(false) };
    if a.len() - *at >= 3 && BINARY.contains(&a[*at + 1]) {
        let (l, op, r) = (first, a[*at + 1], a[*at + 2]);
        *at += 3;
        let number = |s: &str| s.trim().parse::<i64>().map_err(|_| format!("{s}: bad number"));
        return Ok(match op {
            "=" | "==" => l == r,
            "!=" => l != r,
            "<" => l < r,
            ">" => l > r,
            "=~" => regex_lite::Regex::new(r).is_ok_and(|re| re.is_match(l)),
            "-nt" | "-ot" => false,
            "-eq" => number(l)? == number(r)?,
            "-ne" => number(l)? != number(r)?,
            "-lt" => number(l)? < number(r)?,
            "-le" => number(l)? <= number(r)?,
            "-gt" => number(l)? > number(r)?,
            _ => number(l)? >= number(r)?,
        });
    }
    if first == "!" && a.len() - *at > 1 {
        *at += 1;
        return primary(a, at, cwd, w).map(|v| !v);
    }
    if first == "(" && a.len() - *at > 2 {
        *at += 1;
        let v = or(a, at, cwd, w)?;
        if a.get(*at) != Some(&")") {
            return Err("closing paren expected".to_owned());
        }
        *at += 1;
        return Ok(v);
    }
    if first.len() == 2 && first.starts_with('-') && a.len() - *at >= 2 {
        let arg = a[*at + 1];
        let path = crate::runtime::fs::absolute(cwd, arg);
        let v = match first {
            "-n" => !arg.is_empty(),
            "-z" => arg.is_empty(),
            "-e" | "-a" | "-r" | "-w" => w.files.exists(&path),
            "-f" => w.files.is_file(&path),
            "-d" => w.files.is_dir(&path),
            "-s" => w.files.read(&path).is_ok_and(|b| !b.as_slice().is_empty()),
            "-x" => w.files.exists(&path),
            "-L" | "-h" | "-p" | "-S" | "-b" | "-c" | "-t" | "-u" | "-g" | "-k" => false,
            _ => {
                *at += 1;
                return Ok(true);
            }
        };
        *at += 2;
        return Ok(v);
    }
    *at += 1;
    Ok(!first.is_empty())
}

fn count(t: &Tool, default: usize) -> usize {
    let n = t.option('n').or_else(|| {
        t.args.iter().find_map(|a| a.strip_prefix('-').filter(|d| d.parse::<usize>().is_ok()).map(Str::from))
    });
    n.and_then(|n| n.trim_start_matches('+').trim_start_matches('-').parse().ok()).unwrap_or(default)
}

pub(super) fn head(t: &mut Tool, w: &mut World) -> Done {
    let files = t.operands("nc");
    let n = count(t, 10);
    let bytes = t.option('c').and_then(|c| c.parse::<usize>().ok());
    let (text, ok) = t.texts(&files, w);
    t.out = match bytes {
        Some(b) => text.chars().take(b).collect(),
        None => text.split_inclusive('\n').take(n).collect(),
    };
    Done::Code(i32::from(!ok))
}

pub(super) fn tail(t: &mut Tool, w: &mut World) -> Done {
    let files = t.operands("nc");
    let from_start = t.option('n').is_some_and(|n| n.starts_with('+'));
    let n = count(t, 10);
    let follows = t.flag('f') || t.flag('F');
    if follows && files.iter().any(|f| f == "/dev/null") {
        return Done::Forever;
    }
    let (text, ok) = t.texts(&files, w);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let skip = if from_start { n.saturating_sub(1) } else { lines.len().saturating_sub(n) };
    t.out = lines.into_iter().skip(skip).collect();
    if follows && (ok || t.flag('F')) {
        let path = files.first().map(|f| t.path(f)).unwrap_or_default();
        if t.flag('F') {
            t.err.clear();
        }
        return Done::Follow(path, text.len());
    }
    Done::Code(i32::from(!ok))
}

pub(super) fn wc(t: &mut Tool, w: &mut World) -> Done {
    let files = t.operands("");
    let (text, ok) = t.texts(&files, w);
    let (lines, words, bytes) = (text.matches('\n').count(), text.split_whitespace().count(), text.len());
    let shown: Vec<String> = match (t.flag('l'), t.flag('w'), t.flag('c')) {
        (true, false, false) => vec![lines.to_string()],
        (false, true, false) => vec![words.to_string()],
        (false, false, true) => vec![bytes.to_string()],
        _ => vec![format!("{lines:>7}"), format!("{words:>9}"), format!("{bytes:>9}")],
    };
    let name = files.first().map(|f| format!(" {f}")).unwrap_or_default();
    t.out = format!("{}{name}\n", shown.join(" "));
    Done::Code(i32::from(!ok))
}

pub(super) fn grep(t: &mut Tool, w: &mut World) -> Done {
    let mut operands = t.operands("emABC");
    let pattern = match t.option('e') {
        Some(p) => p,
        None if operands.is_empty() => return Done::Code(2),
        None => operands.remove(0),
    };
    let mut source = if t.flag('F') || t.name == "fgrep" {
        escape(&pattern)
    } else {
        basic(&pattern, t.flag('E') || t.name == "egrep")
    };
    if t.flag('w') {
        source = format!(r"\b(?:{source})\b");
    }
    if t.flag('i') {
        source = format!("(?i){source}");
    }
    let Ok(re) = regex_lite::Regex::new(&source) else {
        t.fail("bad regex");
        return Done::Code(2);
    };
    let (text, ok) = t.texts(&operands, w);
    let hits: Vec<&str> = text.lines().filter(|l| re.is_match(l) != t.flag('v')).collect();
    if t.flag('c') {
        t.out = format!("{}\n", hits.len());
    } else if t.flag('o') {
        t.out = hits.iter().flat_map(|l| re.find_iter(l)).map(|m| format!("{}\n", m.as_str())).collect();
    } else if !t.flag('q') {
        t.out = hits.iter().flat_map(|l| [l, "\n"]).collect();
    }
    Done::Code(if !ok { 2 } else { i32::from(hits.is_empty()) })
}

fn escape(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_ascii_punctuation() { vec!['\\', c] } else { vec![c] }).collect()
}

/// A basic expression as an extended one: `\(` and `(` change places.
fn basic(pattern: &str, extended: bool) -> String {
    if extended {
        return pattern.to_owned();
    }
    let mut out = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c) if "(){}|+?".contains(c) => out.push(c),
                Some(c) => out.extend(['\\', c]),
                None => out.push('\\'),
            },
            c if "(){}|+?".contains(c) => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// `s/a/b/g`, `Nd`, `/re/d`, `/re/p`, `$d`: one after the other.
pub(super) fn sed(t: &mut Tool, w: &mut World) -> Done {
    let mut operands = t.operands("e");
    let mut scripts: Vec<Str> = Vec::new();
    for (i, a) in t.args.iter().enumerate() {
        if a == "-e" {
            scripts.extend(t.args.get(i + 1).cloned());
        }
    }
    if scripts.is_empty() {
        if operands.is_empty() {
            return Done::Code(1);
        }
        scripts.push(operands.remove(0));
    }
    let (quiet, extended, in_place) = (t.flag('n'), t.flag('E') || t.flag('r'), t.flag('i'));
    let (text, ok) = t.texts(&operands, w);
    let lines: Vec<&str> = text.lines().collect();
    let mut out = String::new();
    for (i, line) in lines.iter().enumerate() {
        let mut line = (*line).to_owned();
        let (mut deleted, mut printed) = (false, 0);
        for script in scripts.iter().flat_map(|s| s.split([';', '\n'])) {
            let script = script.trim();
            let (applies, rest) = address(script, i + 1, lines.len(), &line, extended);
            if !applies || deleted {
                continue;
            }
            match rest.chars().next() {
                Some('d') => deleted = true,
                Some('p') => printed += 1,
                Some('s') => {
                    let Some(mark) = rest.chars().nth(1) else { continue };
                    let parts: Vec<&str> = rest[1 + mark.len_utf8()..].split(mark).collect();
                    let [pattern, with, flags @ ..] = parts.as_slice() else { continue };
                    let flags = flags.first().copied().unwrap_or("");
                    let mut source = basic(pattern, extended);
                    if flags.contains(['i', 'I']) {
                        source = format!("(?i){source}");
                    }
                    let Ok(re) = regex_lite::Regex::new(&source) else {
                        t.fail("bad regex");
                        return Done::Code(1);
                    };
                    let with = with.replace('$', "$$").replace("\\n", "\n");
                    let with = (1..10)
                        .fold(with.replace('&', "${0}"), |s, n| s.replace(&format!("\\{n}"), &format!("${{{n}}}")));
                    let limit = usize::from(!flags.contains('g'));
                    let hit = re.is_match(&line);
                    line = re.replacen(&line, limit, with.as_str()).into_owned();
                    printed += usize::from(hit && flags.contains('p'));
                }
                _ => {}
            }
        }
        for _ in 0..printed {
            out.push_str(&line);
            out.push('\n');
        }
        if !deleted && !quiet {
            out.push_str(&line);
            out.push('\n');
        }
    }
    if in_place && let Some(f) = operands.first() {
        let path = t.path(f);
        let _ = w.files.write(&path, &out, false);
    } else {
        t.out = out;
    }
    Done::Code(i32::from(!ok))
}

fn address<'a>(script: &'a str, n: usize, last: usize, line: &str, extended: bool) -> (bool, &'a str) {
    if let Some(rest) = script.strip_prefix('/')
        && let Some(end) = rest.find('/')
    {
        let hit = regex_lite::Regex::new(&basic(&rest[..end], extended)).is_ok_and(|re| re.is_match(line));
        return (hit, rest[end + 1..].trim_start());
    }
    if let Some(rest) = script.strip_prefix('$') {
        return (n == last, rest);
    }
    let digits = script.chars().take_while(char::is_ascii_digit).count();
    if digits == 0 {
        return (true, script);
    }
    let from: usize = script[..digits].parse().unwrap_or(0);
    let rest = &script[digits..];
    if let Some(rest) = rest.strip_prefix(',') {
        let more = rest.chars().take_while(char::is_ascii_digit).count();
        let to = if more == 0 { last } else { rest[..more].parse().unwrap_or(last) };
        return (n >= from && n <= to, rest[more..].trim_start_matches('$'));
    }
    (n == from, rest)
}

pub(super) fn cut(t: &mut Tool, w: &mut World) -> Done {
    let files = t.operands("dfc");
    let mark = t.option('d').and_then(|d| d.chars().next()).unwrap_or('\t');
    let (fields, chars) = (t.option('f'), t.option('c'));
    let list = fields.clone().or(chars).unwrap_or_default();
    let ranges: Vec<(usize, usize)> = list
        .split(',')
        .map(|r| match r.split_once('-') {
            Some((a, b)) => (a.parse().unwrap_or(1), b.parse().unwrap_or(usize::MAX)),
            None => (r.parse().unwrap_or(0), r.parse().unwrap_or(0)),
        })
        .collect();
    let wanted = |i: usize| ranges.iter().any(|(a, b)| *a <= i + 1 && i < *b);
    let (text, ok) = t.texts(&files, w);
    for line in text.lines() {
        let cut: String = if fields.is_some() {
            if line.contains(mark) {
                let kept: Vec<&str> =
                    line.split(mark).enumerate().filter(|(i, _)| wanted(*i)).map(|(_, f)| f).collect();
                kept.join(&mark.to_string())
            } else {
                line.to_owned()
            }
        } else {
            line.chars().enumerate().filter(|(i, _)| wanted(*i)).map(|(_, c)| c).collect()
        };
        t.out.push_str(&cut);
        t.out.push('\n');
    }
    Done::Code(i32::from(!ok))
}

fn set(text: &str) -> Vec<char> {
    let text = text.replace("[:upper:]", "A-Z").replace("[:lower:]", "a-z").replace("[:digit:]", "0-9");
    let text = text.replace("[:space:]", " \t\n").replace("[:alnum:]", "A-Za-z0-9");
    let c: Vec<char> = escapes(&text).0.chars().collect();
    let mut out = Vec::new();
    let mut i = 0;
    while i < c.len() {
        if c.get(i + 1) == Some(&'-') && i + 2 < c.len() {
            out.extend(c[i]..=c[i + 2]);
            i += 3;
        } else {
            out.push(c[i]);
            i += 1;
        }
    }
    out
}

pub(super) fn tr(t: &mut Tool, _: &mut World) -> Done {
    let sets: Vec<Vec<char>> = t.operands("").iter().map(|s| set(s)).collect();
    let (delete, squeeze, not) = (t.flag('d'), t.flag('s'), t.flag('c') || t.flag('C'));
    let Some(from) = sets.first() else { return Done::Code(1) };
    let to = sets.get(1);
    let mut last = None;
    for c in t.input.chars() {
        let at = from.iter().position(|f| *f == c);
        let hit = at.is_some() != not;
        if hit && delete {
            continue;
        }
        let new = match to.filter(|to| hit && !to.is_empty()) {
            Some(to) => to[at.unwrap_or(to.len() - 1).min(to.len() - 1)],
            None => c,
        };
        if squeeze && hit && last == Some(new) {
            continue;
        }
        last = Some(new);
        t.out.push(new);
    }
    Done::Code(0)
}

pub(super) fn sort(t: &mut Tool, w: &mut World) -> Done {
    let files = t.operands("kt");
    let (text, ok) = t.texts(&files, w);
    let mut lines: Vec<&str> = text.lines().collect();
    let key = t.option('k').and_then(|k| k.split([',', 'n', 'r']).next().and_then(|n| n.parse::<usize>().ok()));
    let field = |l: &str| match key {
        Some(k) => l.split_whitespace().nth(k - 1).unwrap_or_default().to_owned(),
        None => l.to_owned(),
    };
    if t.flag('n') || t.option('k').is_some_and(|k| k.contains('n')) {
        let number = |l: &str| {
            let text = field(l);
            let end =
                text.trim_start().find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(text.trim_start().len());
            text.trim_start()[..end].parse::<i64>().unwrap_or(0)
        };
        lines.arrange_by_key(|l| number(l));
    } else {
        lines.arrange_by_key(|l| field(l));
    }
    if t.flag('r') {
        lines.reverse();
    }
    if t.flag('u') {
        lines.dedup();
    }
    t.out = lines.iter().flat_map(|l| [l, "\n"]).collect();
    Done::Code(i32::from(!ok))
}

pub(super) fn uniq(t: &mut Tool, w: &mut World) -> Done {
    let files = t.operands("");
    let (text, ok) = t.texts(&files, w);
    let mut groups: Vec<(usize, &str)> = Vec::new();
    for l in text.lines() {
        match groups.last_mut() {
            Some((n, last)) if *last == l => *n += 1,
            _ => groups.push((1, l)),
        }
    }
    for (n, l) in groups {
        let line = if t.flag('c') { format!("{n:>7} {l}\n") } else { format!("{l}\n") };
        t.out.push_str(&line);
    }
    Done::Code(i32::from(!ok))
}

pub(super) fn rev(t: &mut Tool, w: &mut World) -> Done {
    let files = t.operands("");
    let (text, ok) = t.texts(&files, w);
    t.out = if t.name == "tac" {
        text.lines().rev().flat_map(|l| [l, "\n"]).collect()
    } else {
        text.lines().map(|l| l.chars().rev().collect::<String>() + "\n").collect()
    };
    Done::Code(i32::from(!ok))
}

/// `awk '{print $2, $1}'` and no more than that.
pub(super) fn awk(t: &mut Tool, w: &mut World) -> Done {
    let mut operands = t.operands("Fv");
    if operands.is_empty() {
        return Done::Code(2);
    }
    let program = operands.remove(0);
    let mark = t.option('F');
    let (text, ok) = t.texts(&operands, w);
    let (test, action) = match program.find('{') {
        Some(at) => (program[..at].trim().to_owned(), program[at + 1..].trim_end_matches(['}', ' ']).to_owned()),
        None => (program.trim().to_owned(), "print".to_owned()),
    };
    let test = test.strip_prefix('/').and_then(|r| r.strip_suffix('/')).and_then(|r| regex_lite::Regex::new(r).ok());
    let Some(what) = action.trim().strip_prefix("print") else {
        t.fail("syntax error");
        return Done::Code(2);
    };
    for (n, line) in text.lines().enumerate() {
        if test.as_ref().is_some_and(|re| !re.is_match(line)) {
            continue;
        }
        let fields: Vec<&str> = match &mark {
            Some(m) => line.split(&**m).collect(),
            None => line.split_whitespace().collect(),
        };
        let value = |e: &str| -> String {
            let e = e.trim();
            if let Some(text) = e.strip_prefix('"').and_then(|r| r.strip_suffix('"')) {
                return escapes(text).0;
            }
            match e.strip_prefix('$') {
                Some("0") => line.to_owned(),
                Some("NF") => fields.last().copied().unwrap_or_default().to_owned(),
                Some(i) => i
                    .parse::<usize>()
                    .ok()
                    .and_then(|i| fields.get(i.wrapping_sub(1)))
                    .copied()
                    .unwrap_or_default()
                    .to_owned(),
                None if e == "NR" => (n + 1).to_string(),
                None if e == "NF" => fields.len().to_string(),
                None => e.to_owned(),
            }
        };
        let shown: Vec<String> = if what.trim().is_empty() {
            vec![line.to_owned()]
        } else {
            what.split(',')
                .map(|part| part.split(' ').filter(|p| !p.is_empty()).map(value).collect::<String>())
                .collect()
        };
        t.out.push_str(&shown.join(" "));
        t.out.push('\n');
    }
    Done::Code(i32::from(!ok))
}

pub(super) fn seq(t: &mut Tool, _: &mut World) -> Done {
    let n: Vec<i64> = t.args.iter().filter_map(|a| a.parse().ok()).collect();
    let (from, by, to) = match n.as_slice() {
        [to] => (1, 1, *to),
        [from, to] => (*from, 1, *to),
        [from, by, to] if *by != 0 => (*from, *by, *to),
        _ => return Done::Code(1),
    };
    let mut i = from;
    while (by > 0 && i <= to || by < 0 && i >= to) && t.out.len() < 1 << 20 {
        t.out.push_str(&format!("{i}\n"));
        i += by;
    }
    Done::Code(0)
}

pub(super) fn expr(t: &mut Tool, _: &mut World) -> Done {
    let a: Vec<&str> = t.args.iter().map(|a| a.as_str()).collect();
    let text = match a.as_slice() {
        [x] => (*x).to_owned(),
        ["length", x] => x.chars().count().to_string(),
        [x, "=", y] => i32::from(x == y).to_string(),
        [x, "!=", y] => i32::from(x != y).to_string(),
        _ => match super::super::expand::arith(&a.join(" "), &|_| String::new(), &mut |_, _| {}) {
            Ok(v) => v.to_string(),
            Err(_) => {
                t.fail("syntax error");
                return Done::Code(2);
            }
        },
    };
    t.out = format!("{text}\n");
    Done::Code(i32::from(text == "0" || text.is_empty()))
}

pub(super) fn basename(t: &mut Tool, _: &mut World) -> Done {
    let Some(path) = t.args.first() else { return Done::Code(1) };
    let trimmed = path.trim_end_matches('/');
    let text = if t.name == "basename" {
        let last = trimmed.rsplit('/').next().unwrap_or_default();
        t.args.get(1).and_then(|s| last.strip_suffix(&**s)).unwrap_or(last).to_owned()
    } else {
        match trimmed.rfind('/') {
            Some(0) => "/".to_owned(),
            Some(at) => trimmed[..at].to_owned(),
            None => ".".to_owned(),
        }
    };
    t.out = format!("{text}\n");
    Done::Code(0)
}

pub(super) fn base64(t: &mut Tool, w: &mut World) -> Done {
    let files = t.operands("w");
    let (text, ok) = t.texts(&files, w);
    let engine = base64::engine::general_purpose::STANDARD;
    if t.flag('d') || t.flag('D') {
        let clean: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        match engine.decode(clean) {
            Ok(bytes) => t.out = String::from_utf8_lossy(&bytes).into_owned(),
            Err(_) => {
                t.fail("invalid input");
                return Done::Code(1);
            }
        }
    } else {
        t.out = format!("{}\n", engine.encode(text));
    }
    Done::Code(i32::from(!ok))
}

pub(super) fn yes(t: &mut Tool, _: &mut World) -> Done {
    let word = if t.args.is_empty() { "y".to_owned() } else { t.args.join(" ") };
    t.out = format!("{word}\n").repeat(1_000);
    if t.to_log { Done::Forever } else { Done::Code(0) }
}

//! Words: quotes, parameters, substitutions, arithmetic.
//!
//! Upstream: POSIX.1-2017, Shell Command Language, 2.2, 2.6.
//! Differs: nothing known.

use super::*;

impl Parser {
    /// `Begin` and what the word is made of.
    pub(super) fn word(&mut self) -> Ops {
        let mut out = vec![Op::Begin];
        let start = self.at;
        let mut text = String::new();
        macro_rules! flush {
            () => {
                if !text.is_empty() {
                    out.push(Op::Text(Str::from(std::mem::take(&mut text)), false));
                }
            };
        }
        while let Some(c) = self.peek() {
            match c {
                c if c.is_whitespace() || ";&|<>()".contains(c) => break,
                '~' if self.at == start && matches!(self.peek_at(1), None | Some('/' | ' ' | '\n' | ';')) => {
                    self.at += 1;
                    out.push(Op::Var(Str::literal("HOME"), true));
                }
                '\\' => {
                    self.at += 1;
                    match self.peek() {
                        Some('\n') => {}
                        Some(c) => {
                            flush!();
                            out.push(Op::Text(Str::from(c.to_string()), true));
                        }
                        None => text.push('\\'),
                    }
                    self.at = (self.at + 1).min(self.s.len());
                }
                '\'' => {
                    flush!();
                    self.at += 1;
                    let mut quoted = String::new();
                    loop {
                        match self.peek() {
                            None => return Err("syntax error: unterminated quoted string".to_owned()),
                            Some('\'') => break,
                            Some(c) => quoted.push(c),
                        }
                        self.at += 1;
                    }
                    self.at += 1;
                    out.push(Op::Text(Str::from(quoted), true));
                }
                '"' => {
                    flush!();
                    self.at += 1;
                    out.push(Op::Text(Str::EMPTY, true));
                    out.extend(self.double_quoted(Some('"'))?);
                }
                '$' | '`' => {
                    flush!();
                    match self.dollar(false)? {
                        Some(ops) => out.extend(ops),
                        None => text.push('$'),
                    }
                }
                c => {
                    text.push(c);
                    self.at += 1;
                }
            }
        }
        if !text.is_empty() {
            out.push(Op::Text(Str::from(text), false));
        }
        Ok(out)
    }

    /// Up to the closing quote, or to the end where there is none.
    pub(super) fn double_quoted(&mut self, close: Option<char>) -> Ops {
        let mut out = Vec::new();
        let mut text = String::new();
        loop {
            let Some(c) = self.peek() else {
                if close.is_some() {
                    return Err("syntax error: unterminated quoted string".to_owned());
                }
                break;
            };
            if Some(c) == close {
                self.at += 1;
                break;
            }
            match c {
                '\\' if self.peek_at(1).is_some_and(|n| n == '$' || n == '`' || n == '\\' || Some(n) == close) => {
                    text.push(self.peek_at(1).unwrap_or('\\'));
                    self.at += 2;
                }
                '\\' if self.peek_at(1) == Some('\n') => self.at += 2,
                '$' | '`' => {
                    if !text.is_empty() {
                        out.push(Op::Text(Str::from(std::mem::take(&mut text)), true));
                    }
                    match self.dollar(true)? {
                        Some(ops) => out.extend(ops),
                        None => text.push('$'),
                    }
                }
                c => {
                    text.push(c);
                    self.at += 1;
                }
            }
        }
        if !text.is_empty() {
            out.push(Op::Text(Str::from(text), true));
        }
        Ok(out)
    }

    /// What stands after a dollar, or between backquotes; None: it is only a dollar.
    pub(super) fn dollar(&mut self, quoted: bool) -> Result<Option<Vec<Op>>, String> {
        if self.peek() == Some('`') {
            self.at += 1;
            let mut inner = String::new();
            loop {
                match self.peek() {
                    None => return Err("syntax error: EOF in backquote substitution".to_owned()),
                    Some('`') => break,
                    Some('\\') if matches!(self.peek_at(1), Some('`' | '\\' | '$')) => {
                        inner.extend(self.peek_at(1));
                        self.at += 2;
                    }
                    Some(c) => {
                        inner.push(c);
                        self.at += 1;
                    }
                }
            }
            self.at += 1;
            let mut p = Parser { s: inner.chars().collect(), at: 0, here_from: None };
            let ops = p.list(&[])?;
            return Ok(Some(captured(ops, quoted)));
        }
        self.at += 1;
        match self.peek() {
            Some('(') if self.peek_at(1) == Some('(') => {
                let back = self.at;
                self.at += 2;
                if let Ok(text) = self.arith_text() {
                    let mut ops = vec![Op::Begin];
                    ops.extend(text);
                    ops.push(Op::Arith(quoted));
                    return Ok(Some(ops));
                }
                // A subshell in a substitution.
                self.at = back;
                self.substitution(quoted).map(Some)
            }
            Some('(') => self.substitution(quoted).map(Some),
            Some('{') => {
                self.at += 1;
                self.braced(quoted).map(Some)
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let mut name = String::new();
                while let Some(c) = self.peek().filter(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    name.push(c);
                    self.at += 1;
                }
                Ok(Some(vec![Op::Var(Str::from(name), quoted)]))
            }
            Some(c) if c.is_ascii_digit() || "@*#?-$!".contains(c) => {
                self.at += 1;
                Ok(Some(vec![Op::Var(Str::from(c.to_string()), quoted)]))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn substitution(&mut self, quoted: bool) -> Ops {
        self.at += 1;
        let ops = self.list(&[])?;
        self.lines();
        if !self.eat(")") {
            return Err(self.unexpected(")"));
        }
        Ok(captured(ops, quoted))
    }

    /// Up to the two closing parentheses.
    pub(super) fn arith_text(&mut self) -> Ops {
        let mut out = Vec::new();
        let mut text = String::new();
        let mut depth = 0;
        loop {
            match self.peek() {
                None => return Err("syntax error: missing '))'".to_owned()),
                Some(')') if depth == 0 => {
                    if self.peek_at(1) != Some(')') {
                        return Err("syntax error: missing '))'".to_owned());
                    }
                    self.at += 2;
                    break;
                }
                Some('$' | '`') => {
                    if !text.is_empty() {
                        out.push(Op::Text(Str::from(std::mem::take(&mut text)), true));
                    }
                    if let Some(ops) = self.dollar(true)? {
                        out.extend(ops);
                    }
                }
                Some(c) => {
                    depth += i32::from(c == '(') - i32::from(c == ')');
                    text.push(c);
                    self.at += 1;
                }
            }
        }
        if !text.is_empty() {
            out.push(Op::Text(Str::from(text), true));
        }
        Ok(out)
    }

    pub(super) fn braced(&mut self, quoted: bool) -> Ops {
        let bad = || "syntax error: bad substitution".to_owned();
        let length = self.peek() == Some('#') && self.peek_at(1).is_some_and(|c| c != '}');
        if length {
            self.at += 1;
        }
        let mut name = String::new();
        while let Some(c) = self.peek().filter(|c| c.is_ascii_alphanumeric() || *c == '_') {
            name.push(c);
            self.at += 1;
        }
        if name.is_empty()
            && let Some(c) = self.peek().filter(|c| "@*#?-$!".contains(*c))
        {
            name.push(c);
            self.at += 1;
        }
        if name.is_empty() {
            return Err(bad());
        }
        let name = Str::from(name);
        if self.eat("}") {
            return Ok(vec![if length { Op::Length(name) } else { Op::Var(name, quoted) }]);
        }
        if self.peek() == Some('/') {
            self.at += 1;
            let all = self.eat("/");
            let mut out = vec![Op::Begin];
            out.extend(self.brace_word("/}", quoted)?);
            out.push(Op::Begin);
            if self.eat("/") {
                out.extend(self.brace_word("}", quoted)?);
            }
            self.at += 1;
            out.push(Op::Replace { name, all, quoted });
            return Ok(out);
        }
        for (mark, end) in [('%', true), ('#', false)] {
            if self.peek() == Some(mark) {
                self.at += 1;
                let most = self.peek() == Some(mark);
                if most {
                    self.at += 1;
                }
                let mut out = vec![Op::Begin];
                out.extend(self.brace_word("}", false)?);
                self.at += 1;
                out.push(Op::Trim { name, end, most, quoted });
                return Ok(out);
            }
        }
        let colon = self.eat(":");
        let kind = match self.peek() {
            Some('-') => Unset::Default,
            Some('=') => Unset::Assign,
            Some('?') => Unset::Error,
            Some('+') => Unset::Alternate,
            _ => return Err(bad()),
        };
        self.at += 1;
        let mut word = self.brace_word("}", quoted)?;
        self.at += 1;
        if matches!(kind, Unset::Assign | Unset::Error) {
            word.insert(0, Op::Begin);
            word.push(Op::Unset { name: name.clone(), kind, quoted });
        }
        let mut out = vec![Op::IfSet { name, colon, kind, quoted, skip: word.len() }];
        out.extend(word);
        Ok(out)
    }

    /// The word in braces, up to one of `ends`, which is left.
    pub(super) fn brace_word(&mut self, ends: &str, quoted: bool) -> Ops {
        let mut out = Vec::new();
        let mut text = String::new();
        loop {
            let Some(c) = self.peek() else { return Err("syntax error: missing '}'".to_owned()) };
            if ends.contains(c) {
                break;
            }
            let flush = |text: &mut String, out: &mut Vec<Op>| {
                if !text.is_empty() {
                    out.push(Op::Text(Str::from(std::mem::take(text)), quoted));
                }
            };
            match c {
                '\\' => {
                    flush(&mut text, &mut out);
                    self.at += 1;
                    if let Some(c) = self.peek() {
                        out.push(Op::Text(Str::from(c.to_string()), true));
                        self.at += 1;
                    }
                }
                '\'' if !quoted => {
                    flush(&mut text, &mut out);
                    self.at += 1;
                    let mut inner = String::new();
                    while let Some(c) = self.peek().filter(|c| *c != '\'') {
                        inner.push(c);
                        self.at += 1;
                    }
                    self.at += 1;
                    out.push(Op::Text(Str::from(inner), true));
                }
                '"' => {
                    flush(&mut text, &mut out);
                    self.at += 1;
                    out.push(Op::Text(Str::EMPTY, true));
                    out.extend(self.double_quoted(Some('"'))?);
                }
                '$' | '`' => {
                    flush(&mut text, &mut out);
                    match self.dollar(quoted)? {
                        Some(ops) => out.extend(ops),
                        None => text.push('$'),
                    }
                }
                c => {
                    text.push(c);
                    self.at += 1;
                }
            }
        }
        if !text.is_empty() {
            out.push(Op::Text(Str::from(text), quoted));
        }
        Ok(out)
    }
}

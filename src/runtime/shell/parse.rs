//! From the text of a script to its steps.
//!
//! Upstream: POSIX.1-2017, Shell Command Language.
//! Differs: no aliases; `[[` is `[`.

mod words;

use super::code::{Code, Op, Redirect, Unset};
use crate::apimachinery::Str;
use std::rc::Rc;

pub fn parse(text: &str) -> Result<Rc<Code>, String> {
    let mut p = Parser { s: text.chars().collect(), at: 0, here_from: None };
    let ops = p.list(&[])?;
    p.blanks();
    match p.peek() {
        None => Ok(Rc::new(Code(ops))),
        Some(c) => Err(format!("syntax error: unexpected \"{c}\"")),
    }
}

struct Parser {
    s: Vec<char>,
    at: usize,
    /// Where the bodies of this line's here-documents have been read up to.
    here_from: Option<usize>,
}

const RESERVED: &[&str] = &["then", "else", "elif", "fi", "do", "done", "esac", "}"];

fn unchecked(ops: &mut [Op]) {
    for op in ops {
        if let Op::Run { checked, .. } = op {
            *checked = false;
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

type Ops = Result<Vec<Op>, String>;

impl Parser {
    fn peek(&self) -> Option<char> {
        self.s.get(self.at).copied()
    }

    fn peek_at(&self, n: usize) -> Option<char> {
        self.s.get(self.at + n).copied()
    }

    fn starts(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(i, c)| self.peek_at(i) == Some(c))
    }

    fn eat(&mut self, text: &str) -> bool {
        let yes = self.starts(text);
        if yes {
            self.at += text.chars().count();
        }
        yes
    }

    /// Blanks, comments and continued lines.
    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\r') => self.at += 1,
                Some('\\') if self.peek_at(1) == Some('\n') => self.at += 2,
                Some('#') => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn newline(&mut self) -> bool {
        if self.peek() != Some('\n') {
            return false;
        }
        self.at += 1;
        if let Some(end) = self.here_from.take() {
            self.at = self.at.max(end);
        }
        true
    }

    fn lines(&mut self) {
        loop {
            self.blanks();
            if !self.newline() {
                return;
            }
        }
    }

    /// The bare word that stands here, without taking it.
    fn bare(&self) -> String {
        let mut out = String::new();
        let mut i = self.at;
        while let Some(c) = self.s.get(i) {
            if c.is_whitespace() || ";&|<>()\"'$`\\".contains(*c) {
                if matches!(c, '"' | '\'' | '$' | '`' | '\\') {
                    return String::new();
                }
                break;
            }
            out.push(*c);
            i += 1;
        }
        out
    }

    fn keyword(&mut self, word: &str) -> bool {
        if self.bare() == word {
            self.at += word.chars().count();
            return true;
        }
        false
    }

    fn expect(&mut self, word: &str) -> Result<(), String> {
        self.lines();
        if self.keyword(word) { Ok(()) } else { Err(self.unexpected(word)) }
    }

    fn unexpected(&self, wanted: &str) -> String {
        match self.peek() {
            None => format!("syntax error: unexpected end of file (expecting \"{wanted}\")"),
            Some('\n') => format!("syntax error: unexpected newline (expecting \"{wanted}\")"),
            Some(c) => format!("syntax error: unexpected \"{c}\" (expecting \"{wanted}\")"),
        }
    }

    fn list(&mut self, ends: &[&str]) -> Ops {
        let mut out = Vec::new();
        loop {
            self.lines();
            let word = self.bare();
            let at_end = match self.peek() {
                None | Some(')') => true,
                Some(';') if self.starts(";;") => true,
                Some(';') => return Err("syntax error: unexpected \";\"".to_owned()),
                Some('&' | '|') => return Err(format!("syntax error: unexpected \"{}\"", self.peek().unwrap_or('&'))),
                _ => ends.contains(&word.as_str()),
            };
            if at_end {
                return Ok(out);
            }
            if RESERVED.contains(&word.as_str()) {
                return Err(format!("syntax error: unexpected \"{word}\""));
            }
            let ops = self.and_or()?;
            self.blanks();
            if self.peek() == Some('&') && self.peek_at(1) != Some('&') {
                self.at += 1;
                out.push(Op::Spawn(ops.len() + 1));
                out.extend(ops);
                out.push(Op::Exit);
            } else {
                out.extend(ops);
                if self.peek() == Some(';') && self.peek_at(1) != Some(';') {
                    self.at += 1;
                }
            }
        }
    }

    fn and_or(&mut self) -> Ops {
        let mut out = self.pipeline()?;
        loop {
            self.blanks();
            let and = self.starts("&&");
            if !and && !self.starts("||") {
                return Ok(out);
            }
            self.at += 2;
            self.lines();
            unchecked(&mut out);
            let right = self.pipeline()?;
            let n = right.len() as isize;
            out.push(if and { Op::IfFail(n) } else { Op::IfOk(n) });
            out.extend(right);
        }
    }

    fn pipeline(&mut self) -> Ops {
        self.blanks();
        let not = self.keyword("!");
        self.blanks();
        let mut stages = vec![self.command()?];
        loop {
            self.blanks();
            if self.peek() == Some('|') && self.peek_at(1) != Some('|') {
                self.at += 1;
                self.eat("&");
                self.lines();
                stages.push(self.command()?);
            } else {
                break;
            }
        }
        let n = stages.len();
        let mut out = Vec::new();
        if n == 1 {
            out = stages.remove(0);
        } else {
            for (i, ops) in stages.into_iter().enumerate() {
                let (pipe_in, pipe_out) = (i > 0, i + 1 < n);
                out.push(Op::Sub { len: ops.len(), pipe_in, pipe_out, capture: false });
                out.extend(ops);
                out.push(Op::EndSub { pipe_out, capture: false, quoted: false });
            }
        }
        if not {
            unchecked(&mut out);
            out.push(Op::Not);
        }
        Ok(out)
    }

    fn command(&mut self) -> Ops {
        self.blanks();
        let word = self.bare();
        let body = match word.as_str() {
            "if" => self.if_clause()?,
            "while" | "until" => self.while_clause(word == "until")?,
            "for" => self.for_clause()?,
            "case" => self.case_clause()?,
            "{" => {
                self.at += 1;
                let ops = self.list(&["}"])?;
                self.expect("}")?;
                ops
            }
            "function" => {
                self.at += 8;
                self.blanks();
                let name = self.bare();
                self.at += name.chars().count();
                self.blanks();
                self.eat("()");
                return self.function(name);
            }
            _ if self.starts("((") => {
                self.at += 2;
                let mut ops = vec![Op::Begin];
                ops.extend(self.arith_text()?);
                ops.push(Op::ArithCommand);
                ops
            }
            _ if self.peek() == Some('(') => {
                self.at += 1;
                let ops = self.list(&[])?;
                self.lines();
                if !self.eat(")") {
                    return Err(self.unexpected(")"));
                }
                let mut out = vec![Op::Sub { len: ops.len(), pipe_in: false, pipe_out: false, capture: false }];
                out.extend(ops);
                out.push(Op::EndSub { pipe_out: false, capture: false, quoted: false });
                out
            }
            _ => {
                let end = self.at + word.chars().count();
                if is_name(&word) && self.s.get(end) == Some(&'(') && self.s.get(end + 1) == Some(&')') {
                    self.at = end + 2;
                    return self.function(word);
                }
                return self.simple();
            }
        };
        let mut redirs = Vec::new();
        while let Some(r) = self.redirection()? {
            redirs.push(r);
        }
        Ok(redirected(redirs, body))
    }

    fn function(&mut self, name: String) -> Ops {
        self.lines();
        let body = self.command()?;
        let mut out = vec![Op::DefFn { name: Str::from(name), len: body.len() + 1 }];
        out.extend(body);
        out.push(Op::Return);
        Ok(out)
    }

    fn if_clause(&mut self) -> Ops {
        self.at += 2;
        let mut cond = self.list(&["then"])?;
        unchecked(&mut cond);
        self.expect("then")?;
        let then = self.list(&["elif", "else", "fi"])?;
        self.lines();
        let rest = match self.bare().as_str() {
            "elif" => {
                self.at += 2;
                self.if_clause()?
            }
            "else" => {
                self.at += 4;
                let ops = self.list(&["fi"])?;
                self.expect("fi")?;
                ops
            }
            _ => {
                self.expect("fi")?;
                vec![Op::SetOk]
            }
        };
        let mut out = cond;
        out.push(Op::IfFail(then.len() as isize + 1));
        out.extend(then);
        out.push(Op::Jump(rest.len() as isize));
        out.extend(rest);
        Ok(out)
    }

    fn while_clause(&mut self, until: bool) -> Ops {
        self.at += 5;
        let mut cond = self.list(&["do"])?;
        unchecked(&mut cond);
        self.expect("do")?;
        let body = self.list(&["done"])?;
        self.expect("done")?;
        let (c, b) = (cond.len() as isize, body.len() as isize);
        let mut out = vec![Op::LoopBegin((c + b + 2) as usize)];
        out.extend(cond);
        out.push(if until { Op::IfOk(b + 1) } else { Op::IfFail(b + 1) });
        out.extend(body);
        out.push(Op::Jump(-(b + c + 2)));
        out.push(Op::LoopEnd);
        Ok(out)
    }

    fn for_clause(&mut self) -> Ops {
        self.at += 3;
        self.blanks();
        let name = self.bare();
        if !is_name(&name) {
            return Err("syntax error: bad for loop variable".to_owned());
        }
        self.at += name.chars().count();
        self.lines();
        let mut out = vec![Op::Args];
        let own_args = !self.keyword("in");
        if !own_args {
            loop {
                self.blanks();
                match self.peek() {
                    None | Some('\n' | ';') => break,
                    _ => {
                        out.extend(self.word()?);
                        out.push(Op::Field);
                    }
                }
            }
        }
        self.blanks();
        self.eat(";");
        self.expect("do")?;
        let body = self.list(&["done"])?;
        self.expect("done")?;
        let n = body.len();
        out.push(Op::ForBegin { var: Str::from(name), len: n + 2, own_args });
        out.push(Op::ForNext(n + 1));
        out.extend(body);
        out.push(Op::Jump(-(n as isize + 2)));
        out.push(Op::ForEnd);
        Ok(out)
    }

    fn case_clause(&mut self) -> Ops {
        self.at += 4;
        self.blanks();
        let mut out = self.word()?;
        out.push(Op::Value);
        out.push(Op::CaseBegin);
        self.expect("in")?;
        let mut clauses: Vec<(Vec<Vec<Op>>, Vec<Op>)> = Vec::new();
        loop {
            self.lines();
            if self.keyword("esac") {
                break;
            }
            self.eat("(");
            let mut patterns = Vec::new();
            loop {
                self.blanks();
                patterns.push(self.word()?);
                self.blanks();
                if self.eat(")") {
                    break;
                }
                if !self.eat("|") {
                    return Err(self.unexpected(")"));
                }
            }
            let body = self.list(&["esac"])?;
            clauses.push((patterns, body));
            self.lines();
            self.eat(";;");
        }
        // From the last to the first, so that each knows how much follows.
        let mut rest: Vec<Op> = vec![Op::SetOk];
        for (patterns, body) in clauses.into_iter().rev() {
            let mut tests: Vec<Op> = Vec::new();
            for p in patterns.into_iter().rev() {
                // A match jumps over the tests that are left and the jump to the next clause.
                let mut one = p;
                one.push(Op::CaseTest);
                one.push(Op::IfMatch(tests.len() as isize + 1));
                one.extend(tests);
                tests = one;
            }
            let mut clause = tests;
            clause.push(Op::Jump(body.len() as isize + 2));
            clause.push(Op::SetOk);
            clause.extend(body);
            clause.push(Op::Jump(rest.len() as isize));
            clause.extend(rest);
            rest = clause;
        }
        out.extend(rest);
        out.push(Op::CaseEnd);
        Ok(out)
    }

    fn simple(&mut self) -> Ops {
        let mut out = vec![Op::Args];
        let mut assigns: Vec<Str> = Vec::new();
        let mut values: Vec<Op> = Vec::new();
        let mut redirs = Vec::new();
        let mut words = 0;
        loop {
            self.blanks();
            if let Some(r) = self.redirection()? {
                redirs.push(r);
                continue;
            }
            match self.peek() {
                None | Some('\n' | ';' | '&' | '|' | ')') => break,
                Some('(') => return Err("syntax error: unexpected \"(\"".to_owned()),
                _ => {}
            }
            if words == 0
                && let Some(name) = self.assignment()
            {
                self.at += name.chars().count() + 1;
                values.extend(self.word()?);
                values.push(Op::Value);
                assigns.push(Str::from(name));
                continue;
            }
            out.extend(self.word()?);
            out.push(Op::Field);
            words += 1;
        }
        if words == 0 && assigns.is_empty() && redirs.is_empty() {
            return Err(self.unexpected("command"));
        }
        out.extend(values);
        let run = vec![Op::Run { assigns: assigns.into(), checked: true }];
        out.extend(redirected(redirs, run));
        Ok(out)
    }

    fn assignment(&self) -> Option<String> {
        let mut name = String::new();
        let mut i = self.at;
        while let Some(c) = self.s.get(i) {
            if *c == '=' {
                return is_name(&name).then_some(name);
            }
            if !c.is_ascii_alphanumeric() && *c != '_' {
                return None;
            }
            name.push(*c);
            i += 1;
        }
        None
    }

    fn redirection(&mut self) -> Result<Option<(u8, Redirect, Vec<Op>)>, String> {
        self.blanks();
        let digits = self.s[self.at..].iter().take_while(|c| c.is_ascii_digit()).count();
        let op = self.peek_at(digits);
        if digits > 1 || !matches!(op, Some('<' | '>')) {
            if self.starts("&>") {
                // Bash: both outputs.
                self.at += 2;
                let append = self.eat(">");
                self.blanks();
                let mut target = self.word()?;
                target.push(Op::Value);
                return Ok(Some((3, if append { Redirect::Append } else { Redirect::Write }, target)));
            }
            return Ok(None);
        }
        let fd = if digits == 1 { self.peek().and_then(|c| c.to_digit(10)).map(|d| d as u8) } else { None };
        self.at += digits;
        if self.eat("<<<") {
            self.blanks();
            let mut target = self.word()?;
            target.push(Op::Text(Str::literal("\n"), true));
            target.push(Op::Value);
            return Ok(Some((0, Redirect::Here, target)));
        }
        if self.eat("<<") {
            return self.here_document().map(|target| Some((0, Redirect::Here, target)));
        }
        let (kind, default) = if self.eat(">>") {
            (Redirect::Append, 1)
        } else if self.eat(">&") {
            (Redirect::Duplicate, 1)
        } else if self.eat("<&") {
            (Redirect::Duplicate, 0)
        } else if self.eat(">|") || self.eat(">") {
            (Redirect::Write, 1)
        } else {
            self.eat("<");
            (Redirect::Read, 0)
        };
        self.blanks();
        let mut target = self.word()?;
        target.push(Op::Value);
        Ok(Some((fd.unwrap_or(default), kind, target)))
    }

    fn here_document(&mut self) -> Ops {
        let strip = self.eat("-");
        self.blanks();
        let mut delimiter = String::new();
        let mut quoted = false;
        while let Some(c) = self.peek() {
            match c {
                '\'' | '"' | '\\' => quoted = true,
                c if c.is_whitespace() || ";&|<>()".contains(c) => break,
                c => delimiter.push(c),
            }
            self.at += 1;
        }
        let mut i = match self.here_from {
            Some(i) => i,
            None => self.s[self.at..].iter().position(|c| *c == '\n').map_or(self.s.len(), |n| self.at + n + 1),
        };
        let mut body = String::new();
        while i < self.s.len() {
            let end = self.s[i..].iter().position(|c| *c == '\n').map_or(self.s.len(), |n| i + n);
            let line: String = self.s[i..end].iter().collect();
            i = (end + 1).min(self.s.len());
            let line = if strip { line.trim_start_matches('\t') } else { &line };
            if line == delimiter {
                break;
            }
            body.push_str(line);
            body.push('\n');
            if end == self.s.len() {
                break;
            }
        }
        self.here_from = Some(i);
        let mut ops = vec![Op::Begin];
        if quoted {
            ops.push(Op::Text(Str::from(body), true));
        } else {
            let mut inner = Parser { s: body.chars().collect(), at: 0, here_from: None };
            ops.extend(inner.double_quoted(None)?);
        }
        ops.push(Op::Value);
        Ok(ops)
    }
}

fn captured(ops: Vec<Op>, quoted: bool) -> Vec<Op> {
    let mut out = vec![Op::Sub { len: ops.len(), pipe_in: false, pipe_out: false, capture: true }];
    out.extend(ops);
    out.push(Op::EndSub { pipe_out: false, capture: true, quoted });
    out
}

/// The body between opening and closing its redirections.
fn redirected(redirs: Vec<(u8, Redirect, Vec<Op>)>, body: Vec<Op>) -> Vec<Op> {
    if redirs.is_empty() {
        return body;
    }
    let mut rest = body;
    for (fd, kind, target) in redirs.into_iter().rev() {
        let mut one = target;
        one.push(Op::Redirect { fd, kind, skip: rest.len() });
        one.extend(rest);
        rest = one;
    }
    let mut out = vec![Op::RedirBegin];
    out.extend(rest);
    out.push(Op::RedirEnd);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said() {
        for (text, want) in [
            ("if true; then", "syntax error: unexpected end of file (expecting \"fi\")"),
            ("echo 'a", "syntax error: unterminated quoted string"),
            ("done", "syntax error: unexpected \"done\""),
            ("echo )", "syntax error: unexpected \")\""),
        ] {
            assert_eq!(parse(text).map(|_| ()).unwrap_err(), want, "{text}");
        }
    }
}

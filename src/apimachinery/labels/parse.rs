//! The text of a label selector, read.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/labels/selector.go (Lexer, Parser)
//! Differs: nothing known.

use super::{Operator, Path, Requirement, check_key};
use crate::apimachinery::field_error::ErrorList;
use crate::apimachinery::{OrdSet, Str};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    End,
    Close,
    Comma,
    Not,
    DoubleEquals,
    Equals,
    Greater,
    Less,
    Identifier,
    In,
    NotIn,
    NotEquals,
    Open,
}

/// A token, and its text for the errors.
type Item<'a> = (Token, &'a str);

/// Whether `in` and `notin` are words like any other here, as they are everywhere but after a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Operator,
    Values,
}

struct Parser<'a> {
    items: Vec<Item<'a>>,
    at: usize,
}

pub(super) fn requirements(text: &str) -> Result<Vec<Requirement>, String> {
    let mut parser = Parser { items: scan(text), at: 0 };
    let mut requirements = Vec::new();
    loop {
        match parser.peek(Context::Values) {
            (Token::Identifier | Token::Not, _) => {
                let requirement =
                    parser.requirement().map_err(|error| format!("unable to parse requirement: {error}"))?;
                requirements.push(requirement);
                match parser.next(Context::Values) {
                    (Token::End, _) => return Ok(requirements),
                    (Token::Comma, _) => match parser.peek(Context::Values) {
                        (Token::Identifier | Token::Not, _) => {}
                        (_, text) => return Err(format!("found '{text}', expected: identifier after ','")),
                    },
                    (_, text) => return Err(format!("found '{text}', expected: ',' or 'end of string'")),
                }
            }
            (Token::End, _) => return Ok(requirements),
            (_, text) => return Err(format!("found '{text}', expected: !, identifier, or 'end of string'")),
        }
    }
}

impl<'a> Parser<'a> {
    fn peek(&self, context: Context) -> Item<'a> {
        let (token, text) = self.items.get(self.at).copied().unwrap_or((Token::End, ""));
        match token {
            Token::In | Token::NotIn if context == Context::Values => (Token::Identifier, text),
            _ => (token, text),
        }
    }

    fn next(&mut self, context: Context) -> Item<'a> {
        let item = self.peek(context);
        self.at += 1;
        item
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let mut item = self.next(Context::Values);
        let negated = item.0 == Token::Not;
        if negated {
            item = self.next(Context::Values);
        }
        let (Token::Identifier, key) = item else { return Err(format!("found '{}', expected: identifier", item.1)) };
        let mut errs = ErrorList::default();
        // Upstream has no path here, and says so.
        check_key(Path::new("<nil>"), key, &mut errs);
        if !errs.is_empty() {
            return Err(errs.aggregate());
        }
        if negated {
            return Requirement::new(key, Operator::DoesNotExist, Vec::new());
        }
        if matches!(self.peek(Context::Values).0, Token::End | Token::Comma) {
            return Requirement::new(key, Operator::Exists, Vec::new());
        }
        let operator = match self.next(Context::Operator) {
            (Token::In, _) => Operator::In,
            (Token::NotIn, _) => Operator::NotIn,
            (Token::Equals, _) => Operator::Equals,
            (Token::DoubleEquals, _) => Operator::DoubleEquals,
            (Token::NotEquals, _) => Operator::NotEquals,
            (Token::Greater, _) => Operator::GreaterThan,
            (Token::Less, _) => Operator::LessThan,
            (_, text) => return Err(format!("found '{text}', expected: in, notin, =, ==, !=, gt, lt")),
        };
        let values = match operator {
            Operator::In | Operator::NotIn => self.values()?,
            _ => OrdSet::from_iter([self.exact_value()?]),
        };
        Requirement::new(key, operator, values.iter().map(|v| Str::from(*v)).collect())
    }

    fn exact_value(&mut self) -> Result<&'a str, String> {
        match self.peek(Context::Values) {
            (Token::End | Token::Comma, _) => Ok(""),
            (Token::Identifier, text) => {
                self.at += 1;
                Ok(text)
            }
            (_, text) => Err(format!("found '{text}', expected: identifier")),
        }
    }

    /// `(x,y,z)`
    fn values(&mut self) -> Result<OrdSet<&'a str>, String> {
        if let (token, text) = self.next(Context::Values)
            && token != Token::Open
        {
            return Err(format!("found '{text}' expected: '('"));
        }
        match self.peek(Context::Values) {
            (Token::Identifier | Token::Comma, _) => {
                let values = self.identifiers()?;
                // The list has seen the bracket that ends it.
                self.at += 1;
                Ok(values)
            }
            (Token::Close, _) => {
                self.at += 1;
                Ok(OrdSet::from_iter([""]))
            }
            (_, text) => Err(format!("found '{text}', expected: ',', ')' or identifier")),
        }
    }

    fn identifiers(&mut self) -> Result<OrdSet<&'a str>, String> {
        let mut values = OrdSet::new();
        loop {
            match self.next(Context::Values) {
                (Token::Identifier, text) => {
                    values.insert(text);
                    match self.peek(Context::Values) {
                        (Token::Comma, _) => {}
                        (Token::Close, _) => return Ok(values),
                        (_, text) => return Err(format!("found '{text}', expected: ',' or ')'")),
                    }
                }
                (Token::Comma, _) => {
                    if values.is_empty() {
                        values.insert("");
                    }
                    match self.peek(Context::Values).0 {
                        Token::Close => {
                            values.insert("");
                            return Ok(values);
                        }
                        Token::Comma => {
                            values.insert("");
                        }
                        _ => {}
                    }
                }
                (_, text) => return Err(format!("found '{text}', expected: ',', or identifier")),
            }
        }
    }
}

/// All tokens up to the end, which a NUL is too where a token could begin.
fn scan(text: &str) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let Some(first) = rest.chars().next().filter(|c| *c != '\0') else { return items };
        let length = if is_special(first) {
            if rest.starts_with("==") || rest.starts_with("!=") { 2 } else { 1 }
        } else {
            rest.find(|c| is_special(c) || matches!(c, ' ' | '\t' | '\r' | '\n' | '\0')).unwrap_or(rest.len())
        };
        let (literal, after) = rest.split_at(length);
        let token = match literal {
            ")" => Token::Close,
            "," => Token::Comma,
            "!" => Token::Not,
            "==" => Token::DoubleEquals,
            "=" => Token::Equals,
            ">" => Token::Greater,
            "in" => Token::In,
            "<" => Token::Less,
            "!=" => Token::NotEquals,
            "notin" => Token::NotIn,
            "(" => Token::Open,
            _ => Token::Identifier,
        };
        items.push((token, literal));
        // Right after a word, a NUL is passed over.
        rest = if token == Token::Identifier { after.strip_prefix('\0').unwrap_or(after) } else { after };
    }
}

fn is_special(c: char) -> bool {
    matches!(c, '=' | '!' | '(' | ')' | ',' | '>' | '<')
}

//! What a script is compiled to: a list of small steps with relative jumps, so that any stretch of it can be moved.

use crate::apimachinery::Str;
use std::rc::Rc;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Redirect {
    Read,
    Write,
    Append,
    /// The text itself.
    Here,
    /// `2>&1`, `>&-`.
    Duplicate,
}

/// The operator of `${name…}`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unset {
    Default,
    Assign,
    Error,
    Alternate,
}

#[derive(Clone, Debug)]
pub enum Op {
    /// Begins a word.
    Begin,
    Text(Str, bool),
    Var(Str, bool),
    Length(Str),
    /// `${name:-…}`: appends the value and jumps, or goes on with the word.
    IfSet {
        name: Str,
        colon: bool,
        kind: Unset,
        quoted: bool,
        skip: usize,
    },
    /// The word since its `Begin` becomes the variable's value, or an error's text.
    Unset {
        name: Str,
        kind: Unset,
        quoted: bool,
    },
    /// The word since its `Begin` is a pattern to be cut off: at the end, and as much as can be.
    Trim {
        name: Str,
        end: bool,
        most: bool,
        quoted: bool,
    },
    /// `${name/pattern/text}`; the two words are pattern and text.
    Replace {
        name: Str,
        all: bool,
        quoted: bool,
    },
    /// The word since its `Begin` is an expression; its value is added to the word before.
    Arith(bool),
    /// `(( … ))`: the value is the status.
    ArithCommand,
    /// Ends the word: its fields go to the arguments.
    Field,
    /// Ends the word: it is one value.
    Value,
    Args,
    Run {
        assigns: Rc<[Str]>,
        checked: bool,
    },
    RedirBegin,
    Redirect {
        fd: u8,
        kind: Redirect,
        skip: usize,
    },
    RedirEnd,
    Jump(isize),
    IfFail(isize),
    IfOk(isize),
    SetOk,
    Not,
    LoopBegin(usize),
    LoopEnd,
    ForBegin {
        var: Str,
        len: usize,
        own_args: bool,
    },
    ForNext(usize),
    ForEnd,
    CaseBegin,
    CaseTest,
    IfMatch(isize),
    CaseEnd,
    Sub {
        len: usize,
        pipe_in: bool,
        pipe_out: bool,
        capture: bool,
    },
    EndSub {
        pipe_out: bool,
        capture: bool,
        quoted: bool,
    },
    Spawn(usize),
    Exit,
    DefFn {
        name: Str,
        len: usize,
    },
    Return,
}

#[derive(Debug, Default)]
pub struct Code(pub Vec<Op>);

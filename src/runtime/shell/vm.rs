//! The machine that runs a script: all of its state is a value, so that it can be copied in the middle of a loop.
//!
//! Upstream: POSIX.1-2017, Shell Command Language; busybox ash.
//! Differs: the commands of a pipeline run one after the other, each with all that the one before wrote.

mod call;
mod fields;
mod terminal;

pub use terminal::Stdin;

use super::code::{Code, Op, Redirect, Unset};
use super::expand::{self, Word};
use super::tools::{self, Done, Tool};
use crate::apimachinery::{Map, Str};
use crate::runtime::fs::absolute;
use crate::runtime::images::{Service, Userland};
use crate::runtime::process::{Output, Process, Program, Stream, World, Written, Yield};
use crate::sim::{Duration, MILLISECOND, OrdMap, SECOND, Time};
use std::rc::Rc;

/// So many steps at once; then the machine is charged for them.
const BUDGET: u32 = 5_000;
/// Nothing that a shell keeps in memory grows beyond this.
const TEXT_MAX: usize = 1 << 20;

#[derive(Clone, Debug)]
pub(super) struct Var {
    pub(super) value: Str,
    pub(super) exported: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fd {
    /// The container's log, or what keeps the output of `exec`.
    Out,
    /// The same, as complaints.
    Err,
    /// To be read: somebody's keyboard.
    Terminal,
    File(Str),
    Null,
    Capture(usize),
    /// To be read, from there on.
    Text(Rc<str>, usize),
}

#[derive(Clone, Debug)]
struct Fds {
    input: Fd,
    out: Fd,
    err: Fd,
}

#[derive(Clone, Debug)]
enum Frame {
    Loop {
        start: usize,
        end: usize,
    },
    For {
        var: Str,
        items: Rc<[Str]>,
        next: usize,
        start: usize,
        end: usize,
    },
    Case(Str),
    Redir(Fds),
    Sub(Box<Saved>),
    /// A function, a sourced file, a trap.
    Call {
        code: Rc<Code>,
        pc: usize,
        args: Option<Rc<[Str]>>,
        status: Option<i32>,
        vars: Option<Box<OrdMap<Str, Var>>>,
    },
}

#[derive(Clone, Debug)]
struct Saved {
    vars: OrdMap<Str, Var>,
    functions: Map<(Rc<Code>, usize)>,
    args: Rc<[Str]>,
    traps: Vec<(i32, Str)>,
    cwd: Str,
    fds: Fds,
    code: Rc<Code>,
    end: usize,
}

#[derive(Clone, Debug)]
enum Block {
    No,
    Until(Time),
    Forever,
    Serve(&'static Service),
    /// For these processes; empty: for all.
    Wait(Vec<u32>),
    /// New text of a file, from there on.
    Follow(Str, usize, Time),
    /// For the next line from the terminal.
    Prompt,
}

#[derive(Clone, Debug)]
pub struct Vm {
    code: Rc<Code>,
    pc: usize,
    pub(super) vars: OrdMap<Str, Var>,
    functions: Map<(Rc<Code>, usize)>,
    pub(super) name: Str,
    pub(super) args: Rc<[Str]>,
    pub(super) status: i32,
    frames: Vec<Frame>,
    words: Vec<Word>,
    lists: Vec<Vec<Str>>,
    values: Vec<Str>,
    captures: Vec<String>,
    pipe: String,
    fds: Fds,
    pub(super) cwd: Str,
    pub(super) traps: Vec<(i32, Str)>,
    pending: Vec<i32>,
    block: Block,
    children: Vec<u32>,
    last_child: u32,
    matched: bool,
    pub(super) errexit: bool,
    pub(super) nounset: bool,
    ending: Option<i32>,
    /// It asks for lines at a terminal.
    interactive: bool,
    /// Lines that came while it was busy.
    ahead: Vec<Str>,
    tired: u32,
    random: u64,
}

fn parse_or_fail(text: &str, name: &str) -> (Rc<Code>, Option<String>) {
    match super::parse::parse(text) {
        Ok(code) => (code, None),
        Err(e) => (Rc::new(Code::default()), Some(format!("{name}: {e}\n"))),
    }
}

impl Vm {
    /// A machine that runs one command line, which may be a shell's.
    pub fn command(argv: &[Str], env: &[(Str, Str)], cwd: &Str) -> Vm {
        let mut vm = Vm {
            code: Rc::new(Code(vec![Op::Run { assigns: Rc::from([]), checked: false }])),
            pc: 0,
            vars: env.iter().map(|(k, v)| (k.clone(), Var { value: v.clone(), exported: true })).collect(),
            functions: Map::default(),
            name: Str::literal("sh"),
            args: Rc::from([]),
            status: 0,
            frames: Vec::new(),
            words: Vec::new(),
            lists: vec![argv.to_vec()],
            values: Vec::new(),
            captures: Vec::new(),
            pipe: String::new(),
            fds: Fds { input: Fd::Null, out: Fd::Out, err: Fd::Err },
            cwd: cwd.clone(),
            traps: Vec::new(),
            pending: Vec::new(),
            block: Block::No,
            children: Vec::new(),
            last_child: 0,
            matched: false,
            errexit: false,
            nounset: false,
            ending: None,
            interactive: false,
            ahead: Vec::new(),
            tired: 0,
            random: 17,
        };
        vm.vars.insert(Str::literal("PWD"), Var { value: cwd.clone(), exported: true });
        vm
    }

    pub fn traps(&self, signal: i32) -> bool {
        self.traps.iter().any(|(s, _)| *s == signal)
    }

    pub fn signal(&mut self, signal: i32) {
        self.pending.push(signal);
    }

    /// What it serves as, if it waits for a server.
    pub fn service(&self) -> Option<&'static Service> {
        match self.block {
            Block::Serve(s) => Some(s),
            _ => None,
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<Str> {
        self.vars.get(name).map(|v| v.value.clone())
    }

    pub(super) fn set(&mut self, name: &str, value: Str) {
        let exported = self.vars.get(name).is_some_and(|v| v.exported);
        self.vars.insert(Str::from(name), Var { value, exported });
    }

    fn special(&mut self, name: &str, world: &World) -> Option<Str> {
        Some(match name {
            "?" => Str::from(self.status.to_string()),
            "$" => Str::from(world.pid.to_string()),
            "!" if self.last_child == 0 => return None,
            "!" => Str::from(self.last_child.to_string()),
            "#" => Str::from(self.args.len().to_string()),
            "0" => self.name.clone(),
            "-" => Str::literal("s"),
            "@" | "*" => Str::from(self.args.join(" ")),
            "RANDOM" => {
                self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(world.now.0 as u64 | 1);
                Str::from(((self.random >> 33) % 32_768).to_string())
            }
            "SECONDS" => Str::from(world.now.since(world.started).as_secs().to_string()),
            "PPID" => Str::literal("0"),
            _ => match name.parse::<usize>() {
                Ok(n) if n > 0 => return self.args.get(n - 1).cloned(),
                _ => return self.get(name),
            },
        })
    }

    // ---- output ----

    pub(super) fn write(&mut self, fd: u8, text: &str, world: &mut World) -> Result<(), String> {
        if text.is_empty() {
            return Ok(());
        }
        match if fd == 2 { self.fds.err.clone() } else { self.fds.out.clone() } {
            Fd::Out => world.write(Stream::Out, text),
            Fd::Err => world.write(Stream::Err, text),
            Fd::Null | Fd::Text(..) | Fd::Terminal => {}
            Fd::Capture(i) => {
                let buffer = &mut self.captures[i];
                if buffer.len() < TEXT_MAX {
                    buffer.push_str(text);
                }
            }
            Fd::File(path) => world.files.write(&path, text, true).map_err(|e| e.text().to_owned())?,
        }
        Ok(())
    }

    fn complain(&mut self, text: &str, world: &mut World) {
        let line = format!("{}: {text}\n", self.name);
        let _ = self.write(2, &line, world);
    }

    /// All that can still be read.
    fn input(&mut self, world: &World) -> String {
        match &mut self.fds.input {
            Fd::Text(text, at) => {
                let rest = text[*at..].to_owned();
                *at = text.len();
                rest
            }
            Fd::File(path) => world.files.text(path).unwrap_or_default(),
            _ => String::new(),
        }
    }

    /// One line without its end; None where there is no more.
    pub(super) fn read_line(&mut self) -> Option<String> {
        let Fd::Text(text, at) = &mut self.fds.input else { return None };
        if *at >= text.len() {
            return None;
        }
        let rest = &text[*at..];
        let (line, used) = match rest.find('\n') {
            Some(n) => (rest[..n].to_owned(), n + 1),
            None => (rest.to_owned(), rest.len()),
        };
        *at += used;
        Some(line)
    }

    // ---- running ----

    pub fn step(&mut self, world: &mut World) -> Yield {
        let mut steps = 0;
        loop {
            if let Some(code) = self.ending {
                return Yield::Exit(code);
            }
            if let Some(y) = self.blocked(world) {
                return y;
            }
            if !self.pending.is_empty() {
                self.take_trap();
            }
            steps += 1;
            if steps > BUDGET {
                // A loop that never rests is made to: the longer it goes on, the more it costs.
                self.tired = (self.tired + 1).min(9);
                let until = world.now + 10 * MILLISECOND * (1 << self.tired);
                self.block = Block::Until(until);
                return Yield::At(until);
            }
            let code = self.code.clone();
            match code.0.get(self.pc) {
                None => self.end_of_code(world),
                Some(op) => {
                    self.pc += 1;
                    self.run(op, world);
                }
            }
        }
    }

    fn blocked(&mut self, world: &mut World) -> Option<Yield> {
        match &self.block {
            Block::No => None,
            Block::Until(at) if *at <= world.now => {
                self.block = Block::No;
                None
            }
            Block::Until(at) => Some(Yield::At(*at)),
            Block::Forever | Block::Prompt => Some(Yield::Never),
            Block::Serve(s) => {
                // The server stands in the shell's place and gets its signals.
                let code = self.pending.iter().find(|s| matches!(**s, 2 | 3 | 15)).and(s.on_term);
                match code {
                    Some(code) => {
                        self.pending.clear();
                        self.status = code;
                        self.block = Block::No;
                        None
                    }
                    None => Some(Yield::Never),
                }
            }
            Block::Wait(pids) => {
                let ended = |pid: &u32| world.ended.iter().find(|(p, _)| p == pid).map(|(_, code)| *code);
                let wanted: Vec<u32> = if pids.is_empty() { self.children.clone() } else { pids.clone() };
                if !self.pending.is_empty() {
                    // A trapped signal ends the wait at once.
                    self.status = 128 + self.pending[0];
                    self.block = Block::No;
                    return None;
                }
                if wanted.iter().all(|p| ended(p).is_some()) {
                    self.status = if pids.is_empty() { 0 } else { wanted.last().and_then(ended).unwrap_or(0) };
                    self.children.retain(|c| !wanted.contains(c));
                    self.block = Block::No;
                    return None;
                }
                Some(Yield::Never)
            }
            Block::Follow(path, at, due) => {
                if *due > world.now {
                    return Some(Yield::At(*due));
                }
                let (path, at) = (path.clone(), *at);
                let text = world.files.text(&path).unwrap_or_default();
                let from = if at > text.len() { 0 } else { at };
                let new = text[from..].to_owned();
                let due = world.now + SECOND;
                self.block = Block::Follow(path, text.len(), due);
                let _ = self.write(1, &new, world);
                Some(Yield::At(due))
            }
        }
    }

    fn take_trap(&mut self) {
        let signal = self.pending.remove(0);
        let Some((_, text)) = self.traps.iter().find(|(s, _)| *s == signal).cloned() else { return };
        self.call_text(&text, Some(self.status));
    }

    fn call_text(&mut self, text: &str, status: Option<i32>) {
        let (code, _) = parse_or_fail(text, "sh");
        self.frames.push(Frame::Call { code: self.code.clone(), pc: self.pc, args: None, status, vars: None });
        self.code = code;
        self.pc = 0;
    }

    /// The end of a file, a trap or the whole.
    fn end_of_code(&mut self, world: &mut World) {
        while let Some(frame) = self.frames.pop() {
            match frame {
                Frame::Call { code, pc, args, status, vars } => {
                    self.leave_call(code, pc, args, status, vars);
                    return;
                }
                Frame::Redir(fds) => self.fds = fds,
                Frame::Sub(saved) => {
                    // The code of a subshell ends with its own step, so this is a script that it began.
                    self.code = saved.code.clone();
                    self.pc = saved.end;
                    self.frames.push(Frame::Sub(saved));
                    return;
                }
                _ => {}
            }
        }
        if self.interactive {
            self.prompt(world);
        } else {
            self.exit(self.status, world);
        }
    }

    fn leave_call(
        &mut self,
        code: Rc<Code>,
        pc: usize,
        args: Option<Rc<[Str]>>,
        status: Option<i32>,
        vars: Option<Box<OrdMap<Str, Var>>>,
    ) {
        self.code = code;
        self.pc = pc;
        if let Some(args) = args {
            self.args = args;
        }
        if let Some(status) = status {
            self.status = status;
        }
        if let Some(vars) = vars {
            self.vars = *vars;
        }
    }

    /// Leaves the innermost subshell, or ends.
    pub(super) fn exit(&mut self, status: i32, _world: &mut World) {
        self.status = status;
        while let Some(frame) = self.frames.pop() {
            match frame {
                Frame::Sub(saved) => {
                    self.code = saved.code.clone();
                    self.pc = saved.end;
                    self.frames.push(Frame::Sub(saved));
                    return;
                }
                Frame::Redir(fds) => self.fds = fds,
                _ => {}
            }
        }
        if let Some(at) = self.traps.iter().position(|(s, _)| *s == 0) {
            let (_, text) = self.traps.remove(at);
            // The status stays what it was unless the trap itself exits.
            self.code = Rc::new(Code::default());
            self.pc = 0;
            self.call_text(&text, Some(status));
            return;
        }
        self.ending = Some(status & 255);
    }

    fn top(&mut self) -> &mut Word {
        if self.words.is_empty() {
            self.words.push(Word::default());
        }
        self.words.last_mut().expect("one was just put there")
    }

    fn pop_word(&mut self) -> Word {
        self.words.pop().unwrap_or_default()
    }

    fn jump(&mut self, by: isize) {
        self.pc = self.pc.checked_add_signed(by).expect("jumps stay within the code");
    }

    fn expanded(&mut self, name: &Str, quoted: bool, world: &mut World) {
        if name == "@" || (name == "*" && !quoted) {
            let args = self.args.clone();
            self.top().all(&args, quoted);
            return;
        }
        match self.special(name, world) {
            Some(v) => self.top().value(&v, quoted),
            None if self.nounset => {
                self.complain(&format!("{name}: parameter not set"), world);
                self.exit(2, world);
            }
            None => self.top().value("", quoted),
        }
    }

    fn run(&mut self, op: &Op, world: &mut World) {
        match op {
            Op::Begin => self.words.push(Word::default()),
            Op::Text(text, quoted) => self.top().text(text, *quoted),
            Op::Var(name, quoted) => self.expanded(name, *quoted, world),
            Op::Length(name) => {
                let n = self.special(name, world).map_or(0, |v| v.chars().count());
                self.top().value(&n.to_string(), true);
            }
            Op::IfSet { name, colon, kind, quoted, skip } => {
                let value = self.special(name, world).filter(|v| !*colon || !v.is_empty());
                match (kind, value) {
                    (Unset::Alternate, None) => self.pc += skip,
                    (Unset::Alternate, Some(_)) | (_, None) => {}
                    (_, Some(v)) => {
                        self.top().value(&v, *quoted);
                        self.pc += skip;
                    }
                }
            }
            Op::Unset { name, kind, quoted } => {
                let text = expand::unquote(&self.pop_word().single());
                if *kind == Unset::Assign {
                    self.set(name, Str::from(&text));
                    self.top().value(&text, *quoted);
                } else {
                    let text = if text.is_empty() { "parameter not set or null".to_owned() } else { text };
                    self.complain(&format!("{name}: {text}"), world);
                    self.exit(2, world);
                }
            }
            Op::Trim { name, end, most, quoted } => {
                let pattern = self.pop_word().single();
                let value = self.special(name, world).unwrap_or_default();
                let cut = expand::trim(&value, &pattern, *end, *most);
                self.top().value(&cut, *quoted);
            }
            Op::Replace { name, all, quoted } => {
                let with = expand::unquote(&self.pop_word().single());
                let pattern = self.pop_word().single();
                let value = self.special(name, world).unwrap_or_default();
                let text = expand::replace(&value, &pattern, &with, *all);
                self.top().value(&text, *quoted);
            }
            Op::Arith(quoted) => match self.arith(world) {
                Ok(v) => self.top().value(&v.to_string(), *quoted),
                Err(e) => {
                    self.complain(&e, world);
                    self.exit(2, world);
                }
            },
            Op::ArithCommand => match self.arith(world) {
                Ok(v) => self.status = i32::from(v == 0),
                Err(e) => {
                    self.complain(&e, world);
                    self.status = 1;
                }
            },
            Op::Field => {
                let word = self.pop_word();
                self.field(word, world);
            }
            Op::Value => {
                let text = expand::unquote(&self.pop_word().single());
                self.values.push(Str::from(text));
            }
            Op::Args => self.lists.push(Vec::new()),
            Op::Run { assigns, checked } => self.run_command(assigns, *checked, world),
            Op::RedirBegin => self.frames.push(Frame::Redir(self.fds.clone())),
            Op::Redirect { fd, kind, skip } => {
                let target = self.values.pop().unwrap_or_default();
                if let Err(e) = self.redirect(*fd, *kind, &target, world) {
                    self.complain(&e, world);
                    self.status = 1;
                    self.pc += skip;
                }
            }
            Op::RedirEnd => {
                if let Some(Frame::Redir(fds)) = self.frames.pop() {
                    self.fds = fds;
                }
            }
            Op::Jump(by) => self.jump(*by),
            Op::IfFail(by) if self.status != 0 => self.jump(*by),
            Op::IfOk(by) if self.status == 0 => self.jump(*by),
            Op::IfFail(_) | Op::IfOk(_) => {}
            Op::SetOk => self.status = 0,
            Op::Not => self.status = i32::from(self.status == 0),
            Op::LoopBegin(len) => self.frames.push(Frame::Loop { start: self.pc, end: self.pc + len }),
            Op::LoopEnd | Op::ForEnd | Op::CaseEnd => {
                if matches!(op, Op::LoopEnd) {
                    self.status = 0;
                }
                self.frames.pop();
            }
            Op::ForBegin { var, len, own_args } => {
                let list = self.lists.pop().unwrap_or_default();
                let items: Rc<[Str]> = if *own_args { self.args.clone() } else { list.into() };
                let (start, end) = (self.pc, self.pc + len);
                self.frames.push(Frame::For { var: var.clone(), items, next: 0, start, end });
                self.status = 0;
            }
            Op::ForNext(len) => {
                let next = match self.frames.last_mut() {
                    Some(Frame::For { var, items, next, .. }) if *next < items.len() => {
                        *next += 1;
                        Some((var.clone(), items[*next - 1].clone()))
                    }
                    _ => None,
                };
                match next {
                    Some((var, value)) => self.set(&var, value),
                    None => self.pc += len,
                }
            }
            Op::CaseBegin => {
                let value = self.values.pop().unwrap_or_default();
                self.frames.push(Frame::Case(value));
            }
            Op::CaseTest => {
                let pattern = self.pop_word().single();
                self.matched = match self.frames.last() {
                    Some(Frame::Case(value)) => expand::matches(&pattern, value),
                    _ => false,
                };
            }
            Op::IfMatch(by) => {
                if self.matched {
                    self.jump(*by);
                }
            }
            Op::Sub { len, pipe_in, pipe_out, capture } => {
                let saved = Saved {
                    vars: self.vars.clone(),
                    functions: self.functions.clone(),
                    args: self.args.clone(),
                    traps: self.traps.clone(),
                    cwd: self.cwd.clone(),
                    fds: self.fds.clone(),
                    code: self.code.clone(),
                    end: self.pc + len,
                };
                self.frames.push(Frame::Sub(Box::new(saved)));
                if *pipe_in {
                    self.fds.input = Fd::Text(Rc::from(std::mem::take(&mut self.pipe)), 0);
                }
                if *pipe_out || *capture {
                    self.captures.push(String::new());
                    self.fds.out = Fd::Capture(self.captures.len() - 1);
                }
                if *capture {
                    self.status = 0;
                }
            }
            Op::EndSub { pipe_out, capture, quoted } => self.end_sub(*pipe_out, *capture, *quoted),
            Op::Spawn(len) => self.spawn(*len, world),
            Op::Exit => self.exit(self.status, world),
            Op::DefFn { name, len } => {
                self.functions.insert(name.clone(), (self.code.clone(), self.pc));
                self.pc += len;
                self.status = 0;
            }
            Op::Return => self.return_now(),
        }
    }

    fn end_sub(&mut self, pipe_out: bool, capture: bool, quoted: bool) {
        if let Some(Frame::Sub(s)) = self.frames.pop() {
            self.vars = s.vars;
            self.functions = s.functions;
            self.args = s.args;
            self.traps = s.traps;
            self.cwd = s.cwd;
            self.fds = s.fds;
        }
        if pipe_out {
            self.pipe = self.captures.pop().unwrap_or_default();
        }
        if capture {
            let text = self.captures.pop().unwrap_or_default();
            let text = text.trim_end_matches('\n').to_owned();
            self.top().value(&text, quoted);
        }
    }

    /// Out of the innermost function or file.
    pub(super) fn return_now(&mut self) {
        while let Some(frame) = self.frames.pop() {
            match frame {
                Frame::Call { code, pc, args, status, vars } => {
                    self.leave_call(code, pc, args, status, vars);
                    return;
                }
                Frame::Redir(fds) => self.fds = fds,
                Frame::Sub(saved) => {
                    self.pc = saved.end;
                    self.code = saved.code.clone();
                    self.frames.push(Frame::Sub(saved));
                    return;
                }
                _ => {}
            }
        }
        self.ending = Some(self.status);
    }

    /// `break` and `continue`.
    pub(super) fn leave_loop(&mut self, levels: usize, again: bool) {
        let mut left = levels.max(1);
        while let Some(frame) = self.frames.pop() {
            let (start, end) = match &frame {
                Frame::Loop { start, end } | Frame::For { start, end, .. } => (*start, *end),
                Frame::Redir(fds) => {
                    self.fds = fds.clone();
                    continue;
                }
                Frame::Case(_) => continue,
                Frame::Sub(_) | Frame::Call { .. } => {
                    self.frames.push(frame);
                    return;
                }
            };
            left -= 1;
            if left == 0 {
                self.pc = if again { start } else { end };
                self.frames.push(frame);
                return;
            }
        }
    }

    fn redirect(&mut self, fd: u8, kind: Redirect, target: &Str, world: &mut World) -> Result<(), String> {
        let path = absolute(&self.cwd, target);
        let to = match kind {
            Redirect::Here => Fd::Text(Rc::from(&**target), 0),
            Redirect::Read if path == "/dev/null" => Fd::Null,
            Redirect::Read => {
                let text = world.files.text(&path).map_err(|e| {
                    let why = if e.text() == "No such file or directory" { "no such file" } else { e.text() };
                    if world.image.userland == Userland::Busybox {
                        format!("can't open {target}: {why}")
                    } else {
                        format!("{target}: {}", e.text())
                    }
                })?;
                Fd::Text(Rc::from(text), 0)
            }
            Redirect::Duplicate => match &**target {
                "1" => self.fds.out.clone(),
                "2" => self.fds.err.clone(),
                "0" => self.fds.input.clone(),
                "-" => Fd::Null,
                _ => return Err(format!("{target}: Bad file descriptor")),
            },
            Redirect::Write | Redirect::Append => match path.as_str() {
                "/dev/null" => Fd::Null,
                // The container's own outputs, by whatever name.
                "/dev/stdout" | "/dev/stderr" | "/proc/1/fd/1" | "/proc/1/fd/2" | "/dev/tty" | "/proc/self/fd/1" => {
                    Fd::Out
                }
                _ => {
                    world.files.write(&path, "", kind == Redirect::Append).map_err(|e| {
                        let why =
                            if e.text() == "No such file or directory" { "nonexistent directory" } else { e.text() };
                        if world.image.userland == Userland::Busybox {
                            format!("can't create {target}: {why}")
                        } else {
                            format!("{target}: {}", e.text())
                        }
                    })?;
                    Fd::File(Str::from(path))
                }
            },
        };
        match fd {
            0 => self.fds.input = to,
            2 => self.fds.err = to,
            3 => {
                self.fds.out = to.clone();
                self.fds.err = to;
            }
            _ => self.fds.out = to,
        }
        Ok(())
    }
}

//! A shell at a terminal: what a command reads, the prompt, lines that are typed, Ctrl+C.
//!
//! Upstream: busybox ash, bash.
//! Differs: only shells read from a terminal; there is no job control, and a line is a whole command.

use super::*;

/// What a command that `exec` runs can read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stdin {
    Nothing,
    Text(Str),
    Terminal,
}

impl Vm {
    pub fn reads(&mut self, stdin: &Stdin) {
        self.fds.input = match stdin {
            Stdin::Nothing => Fd::Null,
            Stdin::Text(text) => Fd::Text(Rc::from(&**text), 0),
            Stdin::Terminal => Fd::Terminal,
        };
    }

    /// Everything was done: it asks for more.
    pub(super) fn prompt(&mut self, world: &mut World) {
        let home = self.get("HOME");
        let place = if home.as_ref() == Some(&self.cwd) { "~" } else { &*self.cwd };
        let text = match world.image.userland {
            Userland::Gnu if self.name.ends_with("bash") => format!("root@{}:{place}# ", world.host),
            Userland::Gnu => "# ".to_owned(),
            _ => format!("{place} # "),
        };
        let _ = self.write(2, &text, world);
        if self.ahead.is_empty() {
            self.block = Block::Prompt;
        } else {
            let line = self.ahead.remove(0);
            self.take(line);
        }
    }

    /// A line comes from the terminal; a shell that is busy reads it later.
    pub fn typed(&mut self, line: &str) {
        match self.block {
            Block::Prompt => self.take(Str::from(line)),
            _ if self.interactive => self.ahead.push(Str::from(line)),
            _ => {}
        }
    }

    fn take(&mut self, line: Str) {
        self.block = Block::No;
        self.pc = 0;
        // What cannot be parsed complains as `eval` does, when its turn comes.
        self.lists = vec![vec![Str::literal("eval"), line]];
        self.code = Rc::new(Code(vec![Op::Run { assigns: Rc::from([]), checked: false }]));
    }

    /// Ctrl+C; whether it goes on.
    pub fn interrupt(&mut self) -> bool {
        if !self.interactive {
            return false;
        }
        while let Some(frame) = self.frames.pop() {
            match frame {
                Frame::Redir(fds) => self.fds = fds,
                Frame::Sub(saved) => {
                    (self.vars, self.functions, self.args) = (saved.vars, saved.functions, saved.args);
                    (self.traps, self.cwd, self.fds) = (saved.traps, saved.cwd, saved.fds);
                }
                Frame::Call { args: Some(args), .. } => self.args = args,
                _ => {}
            }
        }
        self.captures.clear();
        self.ahead.clear();
        self.block = Block::No;
        self.status = 130;
        self.code = Rc::new(Code::default());
        self.pc = 0;
        true
    }
}

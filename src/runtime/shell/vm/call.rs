//! How the machine runs a command: a builtin, a function, a program, another shell.
//!
//! Upstream: POSIX.1-2017, Shell Command Language, 2.9.1; busybox ash.
//! Differs: nothing known.

use super::*;

impl Vm {
    pub(super) fn spawn(&mut self, len: usize, world: &mut World) {
        let mut child = self.clone();
        child.frames = Vec::new();
        child.children = Vec::new();
        child.block = Block::No;
        child.traps.retain(|(_, text)| text.is_empty());
        child.pending = Vec::new();
        if child.fds.input != Fd::Null && !matches!(child.fds.input, Fd::Text(..)) {
            child.fds.input = Fd::Null;
        }
        self.pc += len;
        let pid = *world.next_pid;
        *world.next_pid += 1;
        let output = match world.output {
            Output::Log => Output::Log,
            Output::Kept(_) => Output::Kept(Written::new()),
        };
        world.spawned.push(Process { pid, program: Program::Shell(Box::new(child)), output, code: None });
        self.children.push(pid);
        self.last_child = pid;
        self.status = 0;
    }

    pub(super) fn run_command(&mut self, assigns: &Rc<[Str]>, checked: bool, world: &mut World) {
        let args = self.lists.pop().unwrap_or_default();
        let from = self.values.len().saturating_sub(assigns.len());
        let values: Vec<Str> = self.values.split_off(from);
        if args.is_empty() {
            for (name, value) in assigns.iter().zip(values) {
                self.set(name, value);
            }
            if assigns.is_empty() {
                self.status = 0;
            }
            return;
        }
        let mut before = None;
        if !assigns.is_empty() {
            before = Some(self.vars.clone());
            for (name, value) in assigns.iter().zip(values) {
                self.vars.insert(name.clone(), Var { value, exported: true });
            }
        }
        self.call(args, before, world);
        if checked && self.errexit && self.status != 0 && self.ending.is_none() && matches!(self.block, Block::No) {
            self.exit(self.status, world);
        }
    }

    fn call(&mut self, args: Vec<Str>, before: Option<OrdMap<Str, Var>>, world: &mut World) {
        let name = args[0].clone();
        if let Some((code, pc)) = self.functions.get(&name).cloned() {
            if self.frames.len() > 500 {
                self.complain("stack overflow", world);
                return self.exit(2, world);
            }
            let own = std::mem::replace(&mut self.args, args[1..].into());
            let vars = before.map(Box::new);
            self.frames.push(Frame::Call { code: self.code.clone(), pc: self.pc, args: Some(own), status: None, vars });
            self.code = code;
            self.pc = pc;
            return;
        }
        if super::super::builtins::run(self, &args, world) {
            // Assignments before a special builtin stay, as POSIX has it; before others they go.
            if let Some(vars) = before
                && !matches!(&*name, "export" | "set" | "exec" | "eval" | "." | "readonly")
            {
                self.vars = vars;
            }
            return;
        }
        self.external(&args, world);
        match (before, self.frames.last_mut()) {
            // A shell within this one gives back what was there before.
            (Some(vars), Some(Frame::Sub(saved))) if super::super::is_shell(&name) => saved.vars = vars,
            (Some(vars), _) if !super::super::is_shell(&name) => self.vars = vars,
            _ => {}
        }
    }

    pub(in crate::runtime::shell) fn external(&mut self, args: &[Str], world: &mut World) {
        let name = args[0].rsplit('/').next().unwrap_or_default().to_owned();
        if super::super::is_shell(&name) && world.image.userland != Userland::None {
            return self.shell(&name, args, world);
        }
        if let Some(service) = world.image.programs.iter().find(|s| s.name == name) {
            let lines: String = service.hello.iter().flat_map(|l| [*l, "\n"]).collect();
            let _ = self.write(1, &lines, world);
            self.block = match service.ends_in {
                Some(d) => Block::Until(world.now + d),
                None => Block::Serve(service),
            };
            self.status = 0;
            return;
        }
        let path = absolute(&self.cwd, &args[0]);
        if args[0].contains('/') && !args[0].contains("bin/") || !tools::exists(&name, world.image.userland) {
            if args[0].contains('/') && world.files.is_file(&path) {
                let mut line = vec![Str::literal("sh"), args[0].clone()];
                line.extend(args[1..].iter().cloned());
                return self.shell("sh", &line, world);
            }
            let why = if args[0].contains('/') {
                if world.files.is_dir(&path) { "Permission denied" } else { "not found" }
            } else if world.image.userland == Userland::Gnu && self.name.ends_with("bash") {
                "command not found"
            } else {
                "not found"
            };
            self.complain(&format!("{}: {why}", args[0]), world);
            self.status = 127;
            return;
        }
        let input = if tools::reads(&name, args) { self.input(world) } else { String::new() };
        let env: Vec<(Str, Str)> =
            self.vars.iter().filter(|(_, v)| v.exported).map(|(k, v)| (k.clone(), v.value.clone())).collect();
        let to_log = self.fds.out == Fd::Out || self.fds.out == Fd::Err;
        let mut tool = Tool {
            name: &name,
            args: &args[1..],
            input,
            out: String::new(),
            err: String::new(),
            cwd: self.cwd.clone(),
            env: &env,
            to_log,
        };
        let done = tools::run(&mut tool, world);
        let (out, err) = (tool.out, tool.err);
        let failed = self.write(1, &out, world);
        let _ = self.write(2, &err, world);
        if let Err(e) = failed {
            let _ = self.write(2, &format!("{name}: write error: {e}\n"), world);
            self.status = 1;
            return;
        }
        match done {
            Done::Code(code) => self.status = code,
            Done::Sleep(d) => {
                self.status = 0;
                self.tired = 0;
                self.sleep(world.now, d);
            }
            Done::Forever => {
                self.status = 0;
                self.block = Block::Forever;
            }
            Done::Follow(path, at) => self.block = Block::Follow(Str::from(path), at, world.now + SECOND),
            Done::Run(line) => self.call(line, None, world),
        }
    }

    fn sleep(&mut self, now: Time, d: Duration) {
        if !d.is_zero() {
            self.block = Block::Until(now + d);
        }
    }

    pub(in crate::runtime::shell) fn wait_for(&mut self, pids: Vec<u32>) {
        self.block = Block::Wait(pids);
    }

    /// `sh`, `sh -c …`, `sh file`.
    fn shell(&mut self, name: &str, args: &[Str], world: &mut World) {
        let mut i = 1;
        let mut text = None;
        let mut exit_on_error = false;
        while let Some(a) = args.get(i) {
            if a == "-o" {
                i += 2;
                continue;
            }
            let Some(flags) = a.strip_prefix('-').filter(|f| !f.is_empty() && !f.starts_with('-')) else { break };
            exit_on_error |= flags.contains('e');
            i += 1;
            if flags.contains('c') {
                text = args.get(i).cloned();
                i += 1;
                break;
            }
        }
        let own_name;
        let (script, rest) = match text {
            Some(t) => {
                own_name = args.get(i).cloned().unwrap_or_else(|| Str::from(name));
                (t.to_string(), args.get(i + 1..).unwrap_or(&[]).to_vec())
            }
            None => match args.get(i) {
                Some(file) => {
                    own_name = file.clone();
                    match world.files.text(&absolute(&self.cwd, file)) {
                        Ok(t) => (t, args[i + 1..].to_vec()),
                        Err(_) => {
                            let line = format!("{name}: can't open '{file}': No such file or directory\n");
                            let _ = self.write(2, &line, world);
                            self.status = 2;
                            return;
                        }
                    }
                }
                None => {
                    own_name = Str::from(name);
                    self.interactive = self.fds.input == Fd::Terminal && self.frames.is_empty();
                    (self.input(world), Vec::new())
                }
            },
        };
        let (code, error) = parse_or_fail(&script, &own_name);
        if let Some(e) = error {
            let _ = self.write(2, &e, world);
            self.status = 2;
            return;
        }
        let outermost = self.frames.is_empty() && self.pc >= self.code.0.len();
        if !outermost {
            // A shell within a shell: it takes what is exported, and leaves nothing behind.
            let saved = Saved {
                vars: self.vars.clone(),
                functions: std::mem::take(&mut self.functions),
                args: self.args.clone(),
                traps: self.traps.clone(),
                cwd: self.cwd.clone(),
                fds: self.fds.clone(),
                code: Rc::new(Code(vec![Op::EndSub { pipe_out: false, capture: false, quoted: false }, Op::Return])),
                end: 0,
            };
            self.frames.push(Frame::Call {
                code: self.code.clone(),
                pc: self.pc,
                args: None,
                status: None,
                vars: None,
            });
            self.frames.push(Frame::Sub(Box::new(saved)));
            self.vars = self.vars.iter().filter(|(_, v)| v.exported).map(|(k, v)| (k.clone(), v.clone())).collect();
            // What follows in the script's code is its own end, which the frame above knows.
            let mut ops = code.0.clone();
            ops.push(Op::Exit);
            self.code = Rc::new(Code(ops));
        } else {
            self.code = code;
        }
        self.pc = 0;
        self.name = own_name;
        self.args = rest.into();
        self.errexit = exit_on_error;
        self.traps.clear();
    }

    /// Runs text in this very shell: `eval` and `.`.
    pub(in crate::runtime::shell) fn source(&mut self, text: &str, args: Option<Rc<[Str]>>, world: &mut World) {
        let (code, error) = parse_or_fail(text, &self.name.clone());
        if let Some(e) = error {
            let _ = self.write(2, &e, world);
            self.status = 2;
            return;
        }
        let own = args.map(|new| std::mem::replace(&mut self.args, new));
        self.frames.push(Frame::Call { code: self.code.clone(), pc: self.pc, args: own, status: None, vars: None });
        self.code = code;
        self.pc = 0;
        self.status = 0;
    }

    /// `exec` without a command: the redirections stay.
    pub(in crate::runtime::shell) fn keep_redirections(&mut self) {
        if let Some(Frame::Redir(fds)) = self.frames.last_mut() {
            *fds = self.fds.clone();
        }
    }

    /// `exec` with a command: nothing comes after it.
    pub(in crate::runtime::shell) fn replace_with(&mut self, args: Vec<Str>, world: &mut World) {
        self.traps.clear();
        let in_sub = self.frames.iter().any(|f| matches!(f, Frame::Sub(_)));
        if !in_sub {
            self.frames.retain(|_| false);
            self.code = Rc::new(Code::default());
            self.pc = 0;
        }
        self.call(args, None, world);
    }
}

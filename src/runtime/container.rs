//! One container: its processes, its files, its log, and how it ended.
//!
//! Upstream: containerd's tasks and the CRI's ContainerStatus.
//! Differs: nothing is measured; a process that ends takes the container with it only if its id is 1.

use super::fs::{Files, Tree, Volumes};
use super::images::{Image, Pulled, Request, Service, Userland};
use super::log::Log;
use super::process::{Output, Process, Program, SIGKILL, World, Written, Yield, sleep_time};
use super::shell::{self, Stdin, Vm};
use crate::api::core::VolumeMount;
use crate::apimachinery::time::strftime;
use crate::apimachinery::{List, Str};
use crate::sim::Time;
use std::rc::Rc;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    Created,
    Running,
    Exited,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Exit {
    pub at: Time,
    pub code: i32,
    pub reason: &'static str,
    pub message: Str,
}

/// What lies around a container: given anew for each call, because it belongs to the pod.
pub struct Site<'a> {
    pub now: Time,
    /// Seconds since 1970 at the beginning of virtual time.
    pub epoch: i64,
    pub volumes: &'a mut Volumes,
    pub mounts: &'a [VolumeMount],
    pub host: &'a str,
    pub ip: &'a str,
    pub ports: &'a [u16],
    pub read_only: bool,
}

#[derive(Clone, Debug)]
pub struct Container {
    /// 64 digits.
    pub id: Str,
    pub name: Str,
    pub restart_count: i32,
    /// As the pod names it: a change of it is a change of the container.
    pub asked_image: Str,
    pub image: &'static Image,
    pub pulled: Option<Rc<Pulled>>,
    pub created_at: Time,
    pub started_at: Time,
    pub state: State,
    pub exit: Option<Rc<Exit>>,
    pub processes: Vec<Process>,
    pub root: Tree,
    pub log: Log,
    /// Variables of the services, shared by the containers of a namespace.
    pub services: List<(Str, Str)>,
    pub env: List<(Str, Str)>,
    pub workdir: Str,
    /// When a process wants to run next, as far as is known.
    pub wakes_at: Time,
    /// Processes that have ended, for those who wait for them.
    ended: Vec<(u32, i32)>,
}

/// A command that cannot be run, in runc's words.
#[derive(Clone, PartialEq, Debug)]
pub struct StartError(pub String);

/// What a command line is.
pub(super) enum Exec {
    Program(Program),
    NotFound(Str),
}

impl Container {
    pub fn new(id: Str, name: Str, image: &'static Image, now: Time) -> Container {
        Container {
            id,
            name,
            restart_count: 0,
            asked_image: Str::EMPTY,
            image,
            pulled: None,
            created_at: now,
            started_at: now,
            state: State::Created,
            exit: None,
            processes: Vec::new(),
            root: Tree::default(),
            log: Log::default(),
            services: List::EMPTY,
            env: List::EMPTY,
            workdir: Str::EMPTY,
            wakes_at: Time::MAX,
            ended: Vec::new(),
        }
    }

    pub fn is_running(&self) -> bool {
        self.state == State::Running
    }

    fn cwd(&self) -> Str {
        if self.workdir.is_empty() { Str::literal(self.image.workdir) } else { self.workdir.clone() }
    }

    /// Everything that `env` shows, in no particular order of origin: later ones win.
    pub fn environment(&self, host: &str) -> Vec<(Str, Str)> {
        let mut all: Vec<(Str, Str)> = self.image.env.iter().map(|(k, v)| (Str::literal(k), Str::literal(v))).collect();
        all.push((Str::literal("HOSTNAME"), Str::from(host)));
        all.extend(self.services.iter().cloned());
        all.extend(self.env.iter().cloned());
        if !all.iter().any(|(k, _)| k == "HOME") {
            all.push((Str::literal("HOME"), Str::literal("/root")));
        }
        all
    }

    /// Runs the entry point. `command` and `args` are the pod's, expanded.
    pub fn start(&mut self, command: &[Str], args: &[Str], site: &mut Site) -> Result<(), StartError> {
        let own = |words: &[&'static str]| words.iter().map(|w| Str::literal(w)).collect::<Vec<_>>();
        let mut argv = if command.is_empty() { own(self.image.entrypoint) } else { command.to_vec() };
        if !args.is_empty() {
            argv.extend(args.iter().cloned());
        } else if command.is_empty() {
            argv.extend(own(self.image.command));
        }
        let missing = |name: &str| {
            let why = if name.starts_with('/') || name.starts_with('.') {
                format!("stat {name}: no such file or directory")
            } else {
                "executable file not found in $PATH".to_owned()
            };
            StartError(format!(
                "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create \
                 failed: unable to start container process: error during container init: exec: {name:?}: {why}"
            ))
        };
        if argv.is_empty() {
            return Err(StartError("no command specified".to_owned()));
        }
        let program = match self.program(&argv, site) {
            Exec::Program(p) => p,
            Exec::NotFound(name) => return Err(missing(&name)),
        };
        self.state = State::Running;
        self.started_at = site.now;
        self.processes = vec![Process { pid: 1, program, output: Output::Log, code: None }];
        self.step(site);
        Ok(())
    }

    /// What the words would run here.
    fn program(&mut self, argv: &[Str], site: &mut Site) -> Exec {
        let name = argv[0].rsplit('/').next().unwrap_or_default();
        if name.ends_with("entrypoint.sh") && argv.len() > 1 {
            return self.program(&argv[1..], site);
        }
        let env = self.environment(site.host);
        // A binary with subcommands is the program that its first argument names.
        let named = |wanted: &str| self.image.programs.iter().copied().find(|s| s.name == wanted);
        let own = self.image.entrypoint.first().is_some_and(|e| e.rsplit('/').next() == Some(name));
        let service = argv.get(1).filter(|_| own).and_then(|a| named(a)).or_else(|| named(name));
        if let Some(service) = service.filter(|_| !shell::is_shell(name)) {
            return Exec::Program(self.service(service, &env, site.now));
        }
        if self.image.userland != Userland::None {
            if name == "sleep" {
                match sleep_time(&argv[1..]) {
                    Ok(Some(d)) if argv.len() > 1 => return Exec::Program(Program::Sleep(site.now + d)),
                    Ok(None) => return Exec::Program(Program::Forever),
                    _ => {}
                }
            }
            if shell::is_command(name, self.image.userland) && (!argv[0].starts_with('/') || argv[0].contains("bin/")) {
                return Exec::Program(Program::Shell(Box::new(Vm::command(argv, &env, &self.cwd()))));
            }
            let path = super::fs::absolute(&self.cwd(), &argv[0]);
            let files = self.files(site);
            if argv[0].contains('/') && files.is_file(&path) {
                let mut words = vec![Str::literal("sh"), Str::from(path)];
                words.extend(argv[1..].iter().cloned());
                return Exec::Program(Program::Shell(Box::new(Vm::command(&words, &env, &self.cwd()))));
            }
        }
        if self.image.open {
            return Exec::Program(self.service(self.image.programs[0], &env, site.now));
        }
        Exec::NotFound(argv[0].clone())
    }

    fn service(&mut self, service: &'static Service, env: &[(Str, Str)], now: Time) -> Program {
        let has = |name: &&str| env.iter().any(|(k, v)| k == *name && !v.is_empty());
        if !service.needs.is_empty() && !service.needs.iter().any(has) {
            return Program::Print(Box::new((service.needs_text.to_owned(), 1)));
        }
        self.log.greet(now, service.hello);
        match service.ends_in {
            Some(d) => Program::Stopping(now + d, 0),
            None => Program::Service(service),
        }
    }

    fn files<'a>(&'a mut self, site: &'a mut Site) -> Files<'a> {
        Files {
            root: &mut self.root,
            image: self.image.files,
            volumes: site.volumes,
            mounts: site.mounts,
            read_only: site.read_only,
        }
    }

    pub fn read_file(&mut self, path: &str, site: &mut Site) -> Option<String> {
        self.files(site).text(path).ok()
    }

    /// Lets every process run that can; true if one ended.
    pub fn step(&mut self, site: &mut Site) -> bool {
        if self.state != State::Running {
            return false;
        }
        let mut any_ended = false;
        loop {
            let mut signals = Vec::new();
            let mut spawned = Vec::new();
            let mut next = Time::MAX;
            let mut ended = Vec::new();
            let mut next_pid = self.processes.iter().map(|p| p.pid).max().unwrap_or(1).max(6) + 1;
            let mut processes = std::mem::take(&mut self.processes);
            for p in processes.iter_mut().filter(|p| p.code.is_none()) {
                let mut output = std::mem::replace(&mut p.output, Output::Log);
                let mut world = World {
                    now: site.now,
                    epoch: site.epoch,
                    started: self.started_at,
                    files: Files {
                        root: &mut self.root,
                        image: self.image.files,
                        volumes: site.volumes,
                        mounts: site.mounts,
                        read_only: site.read_only,
                    },
                    log: &mut self.log,
                    output: &mut output,
                    host: site.host,
                    ip: site.ip,
                    image: self.image,
                    pid: p.pid,
                    spawned: &mut spawned,
                    next_pid: &mut next_pid,
                    signals: &mut signals,
                    ended: &self.ended,
                };
                let y = p.step(&mut world);
                p.output = output;
                match y {
                    Yield::At(at) => next = next.min(at),
                    Yield::Never => {}
                    Yield::Exit(code) => {
                        p.code = Some(code);
                        ended.push((p.pid, code));
                    }
                }
            }
            self.processes = processes;
            let again = !spawned.is_empty() || !signals.is_empty() || !ended.is_empty();
            self.processes.extend(spawned);
            any_ended |= !ended.is_empty();
            if let Some((_, code)) = ended.iter().find(|(pid, _)| *pid == 1) {
                self.finish(*code, site);
                return true;
            }
            // A process that was left behind by its parent is nobody's to wait for; what `exec` ran is collected.
            let only_one = self.processes.len() == 1;
            if !only_one {
                self.ended.extend(ended);
                self.processes.retain(|p| p.code.is_none() || matches!(p.output, Output::Kept(_)));
            }
            for (pid, signal) in signals {
                self.signal_process(pid, signal, site);
                if self.state != State::Running {
                    return true;
                }
            }
            if !again {
                self.wakes_at = next;
                return any_ended;
            }
        }
    }

    fn signal_process(&mut self, pid: u32, signal: i32, site: &mut Site) {
        let Some(p) = self.processes.iter_mut().find(|p| p.pid == pid && p.code.is_none()) else { return };
        let Some(code) = p.signal(signal, site.now) else { return };
        p.code = Some(code);
        if pid == 1 {
            self.finish(code, site);
        } else {
            self.ended.push((pid, code));
            self.processes.retain(|p| p.code.is_none() || matches!(p.output, Output::Kept(_)));
        }
    }

    /// The kernel's signal to the process with id 1; true if the container ended.
    pub fn signal(&mut self, signal: i32, site: &mut Site) -> bool {
        if self.state != State::Running {
            return false;
        }
        self.signal_process(1, signal, site);
        self.state != State::Running || self.step(site)
    }

    pub fn kill(&mut self, site: &mut Site) {
        if self.state == State::Running {
            self.finish(128 + SIGKILL, site);
        }
    }

    /// The first process ends by itself, and with it the container.
    pub fn crash(&mut self, code: i32, site: &mut Site) {
        if self.state == State::Running {
            self.finish(code, site);
        }
    }

    fn finish(&mut self, code: i32, site: &mut Site) {
        self.log.finish(site.now);
        self.end(site.now, code, if code == 0 { "Completed" } else { "Error" }, Str::EMPTY);
    }

    /// It ends, or never began.
    pub fn end(&mut self, at: Time, code: i32, reason: &'static str, message: Str) {
        self.state = State::Exited;
        // Whoever waits for an exec finds that it was killed.
        self.processes.retain(|p| matches!(p.output, Output::Kept(_)));
        for p in &mut self.processes {
            p.code.get_or_insert(137);
        }
        self.processes.shrink_to_fit();
        self.ended = Vec::new();
        self.wakes_at = Time::MAX;
        self.exit = Some(Rc::new(Exit { at, code, reason, message }));
    }

    pub fn set_message(&mut self, message: Str) {
        if let Some(e) = &mut self.exit {
            Rc::make_mut(e).message = message;
        }
    }

    /// Begins a command beside the first process; its id, or why there is no such command.
    pub fn exec(&mut self, argv: &[Str], stdin: &Stdin, site: &mut Site) -> Result<u32, String> {
        let Some(first) = argv.first() else { return Err("exec: no command".to_owned()) };
        let program = match self.program(argv, site) {
            Exec::Program(Program::Shell(mut vm)) => {
                vm.reads(stdin);
                Exec::Program(Program::Shell(vm))
            }
            other => other,
        };
        let program = match program {
            Exec::Program(Program::Service(_)) if shell::is_shell(first) => Program::Forever,
            Exec::Program(p) => p,
            Exec::NotFound(name) => {
                let why = if name.starts_with('/') {
                    format!("stat {name}: no such file or directory")
                } else {
                    "executable file not found in $PATH".to_owned()
                };
                return Err(format!(
                    "OCI runtime exec failed: exec failed: unable to start container process: exec: {name:?}: {why}"
                ));
            }
        };
        let pid = self.processes.iter().map(|p| p.pid).max().unwrap_or(1).max(6) + 1;
        self.processes.push(Process { pid, program, output: Output::Kept(Written::new()), code: None });
        self.step(site);
        Ok(pid)
    }

    /// How the command ended and what it wrote, once it has ended; it is forgotten then.
    pub fn exec_result(&mut self, pid: u32) -> Option<(i32, String)> {
        let at = self.processes.iter().position(|p| p.pid == pid)?;
        let code = self.processes[at].code?;
        let p = self.processes.remove(at);
        let Output::Kept(written) = p.output else { return Some((code, String::new())) };
        Some((code, written.into_iter().map(|(_, text)| text).collect()))
    }

    /// What the command has written by now, and how it ended if it has.
    pub fn exec_seen(&self, pid: u32) -> Option<(&Written, Option<i32>)> {
        self.processes.iter().find(|p| p.pid == pid).and_then(|p| match &p.output {
            Output::Kept(written) => Some((written, p.code)),
            Output::Log => None,
        })
    }

    /// A line typed to a command's terminal; None: Ctrl+C.
    pub fn exec_type(&mut self, pid: u32, line: Option<&str>, site: &mut Site) {
        let Some(p) = self.processes.iter_mut().find(|p| p.pid == pid && p.code.is_none()) else { return };
        let hears = match (&mut p.program, line) {
            (Program::Shell(vm), Some(line)) => {
                vm.typed(line);
                true
            }
            (Program::Shell(vm), None) => vm.interrupt(),
            (_, line) => line.is_some(),
        };
        if !hears {
            p.code = Some(130);
        }
        self.step(site);
    }

    pub fn exec_kill(&mut self, pid: u32) {
        self.processes.retain(|p| p.pid != pid);
    }

    fn server(&self, port: u16, site: &Site) -> Option<&'static Service> {
        self.processes.iter().find_map(|p| {
            match p.program {
                _ if p.code.is_some() => None,
                Program::Service(s) => Some(s),
                Program::Shell(ref vm) => vm.service(),
                _ => None,
            }
            .filter(|s| s.ports.contains(&port) || (s.ports.is_empty() && site.ports.contains(&port)))
        })
    }

    pub fn listens(&self, port: u16, site: &Site) -> bool {
        self.is_running() && self.server(port, site).is_some()
    }

    /// None: the connection is refused. A server that does not speak HTTP answers with status 0.
    pub fn http(
        &mut self,
        method: &str,
        port: u16,
        path: &str,
        from: &str,
        agent: &str,
        site: &mut Site,
    ) -> Option<(u16, String)> {
        if !self.is_running() {
            return None;
        }
        let service = self.server(port, site)?;
        let Some(answer) = service.http else { return Some((0, String::new())) };
        let age = site.now.since(self.started_at).as_secs();
        let (now, epoch, host) = (site.now, site.epoch, site.host.to_owned());
        let files = self.files(site);
        let read = |p: &str| files.text(p).ok();
        let request = Request { method, path, port, age, host: &host, file: &read };
        let (status, body) = answer(&request);
        if service.access_log {
            let when = access_time(epoch + now.as_secs());
            let line = format!(
                "{from} - - [{when}] \"{method} {path} HTTP/1.1\" {status} {} \"-\" \"{agent}\" \"-\"\n",
                body.len()
            );
            self.log.write(now, &line);
        }
        Some((status, body))
    }
}

/// `01/Jan/2026:00:00:07 +0000`.
fn access_time(unix: i64) -> String {
    strftime("%d/%b/%Y:%H:%M:%S %z", unix)
}

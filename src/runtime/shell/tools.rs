//! The small programs of busybox and coreutils, as far as scripts in containers use them.
//!
//! Upstream: busybox 1.36, GNU coreutils.
//! Differs: options that change nothing here are taken and ignored; the network's programs find nobody.

mod files;
mod system;
mod text;

use crate::apimachinery::Str;
use crate::runtime::fs::absolute;
use crate::runtime::images::Userland;
use crate::runtime::process::World;
use crate::sim::Duration;

/// A program with what it was given and what it wrote.
pub struct Tool<'a> {
    pub(super) name: &'a str,
    pub(super) args: &'a [Str],
    pub(super) input: String,
    pub(super) out: String,
    pub(super) err: String,
    pub(super) cwd: Str,
    pub(super) env: &'a [(Str, Str)],
    /// What it writes goes to the log as it is written.
    pub(super) to_log: bool,
}

/// What became of it.
pub enum Done {
    Code(i32),
    Sleep(Duration),
    Forever,
    /// It goes on to show what is added to a file.
    Follow(String, usize),
    /// Another command in its place.
    Run(Vec<Str>),
}

type Main = fn(&mut Tool, &mut World) -> Done;

/// Name, whether it reads its input, program.
static TOOLS: &[(&str, bool, Main)] = &[
    ("[", false, text::test),
    ("[[", false, text::test),
    ("test", false, text::test),
    ("echo", false, text::echo),
    ("printf", false, text::printf),
    ("cat", true, files::cat),
    ("head", true, text::head),
    ("tail", true, text::tail),
    ("wc", true, text::wc),
    ("grep", true, text::grep),
    ("egrep", true, text::grep),
    ("fgrep", true, text::grep),
    ("sed", true, text::sed),
    ("cut", true, text::cut),
    ("tr", true, text::tr),
    ("sort", true, text::sort),
    ("uniq", true, text::uniq),
    ("rev", true, text::rev),
    ("tac", true, text::rev),
    ("awk", true, text::awk),
    ("seq", false, text::seq),
    ("expr", false, text::expr),
    ("basename", false, text::basename),
    ("dirname", false, text::basename),
    ("base64", true, text::base64),
    ("yes", false, text::yes),
    ("tee", true, files::tee),
    ("xargs", true, files::xargs),
    ("ls", false, files::ls),
    ("rm", false, files::rm),
    ("rmdir", false, files::rm),
    ("mkdir", false, files::mkdir),
    ("touch", false, files::touch),
    ("cp", false, files::cp),
    ("mv", false, files::cp),
    ("ln", false, files::ln),
    ("find", false, files::find),
    ("stat", false, files::stat),
    ("readlink", false, files::readlink),
    ("realpath", false, files::readlink),
    ("chmod", false, files::nothing),
    ("chown", false, files::nothing),
    ("chgrp", false, files::nothing),
    ("sync", false, files::nothing),
    ("mkfifo", false, files::touch),
    ("truncate", false, files::touch),
    ("mktemp", false, files::mktemp),
    ("dd", false, files::nothing),
    ("true", false, files::nothing),
    ("false", false, system::fail),
    ("sleep", false, system::sleep),
    ("usleep", false, system::sleep),
    ("date", false, system::date),
    ("hostname", false, system::hostname),
    ("uname", false, system::uname),
    ("whoami", false, system::whoami),
    ("id", false, system::id),
    ("pwd", false, system::pwd),
    ("env", false, system::env),
    ("printenv", false, system::env),
    ("nproc", false, system::nproc),
    ("uptime", false, system::uptime),
    ("ps", false, system::ps),
    ("free", false, system::free),
    ("df", false, system::df),
    ("du", false, system::df),
    ("tty", false, system::fail),
    ("clear", false, files::nothing),
    ("timeout", false, system::timeout),
    ("nohup", false, system::rest),
    ("nice", false, system::rest),
    ("setsid", false, system::rest),
    ("stdbuf", false, system::rest),
    ("tini", false, system::rest),
    ("dumb-init", false, system::rest),
    ("busybox", false, system::rest),
    ("md5sum", true, system::sum),
    ("sha256sum", true, system::sum),
    ("wget", false, system::wget),
    ("curl", false, system::curl),
    ("nc", false, system::nc),
    ("ping", false, system::ping),
    ("nslookup", false, system::nslookup),
    ("ip", false, system::ip),
    ("httpd", false, system::forever),
    ("top", false, system::forever),
    ("watch", false, system::forever),
    ("mount", false, files::nothing),
    ("apt-get", false, files::nothing),
    ("apk", false, files::nothing),
];

/// What images of the GNU kind have not.
const BUSYBOX_ONLY: &[&str] =
    &["wget", "nc", "ping", "nslookup", "httpd", "usleep", "busybox", "ip", "top", "apk", "watch"];
/// What busybox images have not.
const GNU_ONLY: &[&str] = &["curl", "apt-get", "stdbuf", "tini", "dumb-init"];

fn find(name: &str) -> Option<&'static (&'static str, bool, Main)> {
    TOOLS.iter().find(|(n, _, _)| *n == name)
}

pub fn exists(name: &str, userland: Userland) -> bool {
    let other: &[&str] = match userland {
        Userland::None => return false,
        Userland::Busybox => GNU_ONLY,
        Userland::Gnu => BUSYBOX_ONLY,
    };
    find(name).is_some() && !other.contains(&name)
}

pub fn reads(name: &str, _args: &[Str]) -> bool {
    find(name).is_some_and(|(_, reads, _)| *reads)
}

pub fn run(tool: &mut Tool, world: &mut World) -> Done {
    match find(tool.name) {
        Some((_, _, main)) => main(tool, world),
        None => Done::Code(127),
    }
}

impl Tool<'_> {
    fn path(&self, name: &str) -> String {
        absolute(&self.cwd, name)
    }

    fn fail(&mut self, text: &str) {
        self.err.push_str(self.name);
        self.err.push_str(": ");
        self.err.push_str(text);
        self.err.push('\n');
    }

    /// Whether a short option is among the leading ones.
    fn flag(&self, c: char) -> bool {
        self.args
            .iter()
            .take_while(|a| *a != "--")
            .any(|a| a.strip_prefix('-').is_some_and(|f| !f.starts_with('-') && !f.is_empty() && f.contains(c)))
    }

    /// The value of an option: `-n 5`, `-n5`.
    fn option(&self, c: char) -> Option<Str> {
        let at = self.args.iter().position(|a| a.strip_prefix('-').is_some_and(|f| f.starts_with(c)))?;
        let rest = &self.args[at][2..];
        if rest.is_empty() { self.args.get(at + 1).cloned() } else { Some(Str::from(rest)) }
    }

    /// What is no option, with the values of those in `valued` left out.
    fn operands(&self, valued: &str) -> Vec<Str> {
        let mut out = Vec::new();
        let mut i = 0;
        let mut all = false;
        while let Some(a) = self.args.get(i) {
            i += 1;
            if all || a == "-" || !a.starts_with('-') {
                out.push(a.clone());
            } else if a == "--" {
                all = true;
            } else if a.len() == 2 && valued.contains(&a[1..]) {
                i += 1;
            }
        }
        out
    }

    /// The text of the files named, or of the input where none is. None: one could not be read, which was said.
    fn texts(&mut self, files: &[Str], world: &World) -> (String, bool) {
        if files.is_empty() {
            return (std::mem::take(&mut self.input), true);
        }
        let mut all = String::new();
        let mut ok = true;
        for f in files {
            if f == "-" {
                all.push_str(&std::mem::take(&mut self.input));
                continue;
            }
            match world.files.text(&self.path(f)) {
                Ok(text) => all.push_str(&text),
                Err(e) => {
                    ok = false;
                    let gnu = world.image.userland == Userland::Gnu;
                    let line = match (self.name, e.text()) {
                        (_, why) if gnu => format!("{f}: {why}"),
                        ("cat" | "head" | "tail" | "wc", why @ "No such file or directory") => {
                            format!("can't open '{f}': {why}")
                        }
                        ("cat", why) => format!("read error: {why}"),
                        (_, why) => format!("{f}: {why}"),
                    };
                    self.fail(&line);
                }
            }
        }
        (all, ok)
    }
}

//! Commands that change the shell itself.
//!
//! Upstream: POSIX.1-2017, Shell Command Language, 2.14; busybox ash.
//! Differs: no jobs, no history, no aliases.

use super::tools;
use super::vm::{Var, Vm};
use crate::apimachinery::Str;
use crate::runtime::fs::absolute;
use crate::runtime::process::World;
use std::rc::Rc;

const SIGNALS: &[(&str, i32)] = &[
    ("EXIT", 0),
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("KILL", 9),
    ("USR1", 10),
    ("USR2", 12),
    ("PIPE", 13),
    ("ALRM", 14),
    ("TERM", 15),
    ("CHLD", 17),
    ("CONT", 18),
    ("STOP", 19),
    ("WINCH", 28),
];

pub(super) fn signal_number(name: &str) -> Option<i32> {
    if let Ok(n) = name.parse::<i32>() {
        return (0..=64).contains(&n).then_some(n);
    }
    let name = name.to_ascii_uppercase();
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    SIGNALS.iter().find(|(n, _)| *n == name).map(|(_, v)| *v)
}

fn assign(vm: &mut Vm, arg: &str, exported: bool) {
    match arg.split_once('=') {
        Some((name, value)) => {
            let was = vm.vars.get(name).is_some_and(|v| v.exported);
            vm.vars.insert(Str::from(name), Var { value: Str::from(value), exported: exported || was });
        }
        None => {
            if let Some(v) = vm.vars.get_mut(arg) {
                v.exported |= exported;
            }
        }
    }
}

/// Whether the command is one of the shell's own; it has been run then.
pub(super) fn run(vm: &mut Vm, args: &[Str], world: &mut World) -> bool {
    let rest = &args[1..];
    let number = |default: i32| rest.first().and_then(|a| a.parse::<i32>().ok()).unwrap_or(default);
    match &*args[0] {
        ":" | "true" => vm.status = 0,
        "false" => vm.status = 1,
        "exit" => {
            let code = number(vm.status);
            vm.exit(code & 255, world);
        }
        "return" => {
            vm.status = number(vm.status);
            vm.return_now();
        }
        "break" => vm.leave_loop(number(1) as usize, false),
        "continue" => vm.leave_loop(number(1) as usize, true),
        "cd" => cd(vm, rest, world),
        "export" | "readonly" | "local" | "declare" | "typeset" => {
            let exported = args[0] == "export";
            for a in rest.iter().filter(|a| !a.starts_with('-')) {
                assign(vm, a, exported);
            }
            if exported && (rest.is_empty() || rest[0] == "-p") {
                let all: Vec<String> = vm
                    .vars
                    .iter()
                    .filter(|(_, v)| v.exported)
                    .map(|(k, v)| format!("export {k}='{}'\n", v.value))
                    .collect();
                let _ = vm.write(1, &all.concat(), world);
            }
            vm.status = 0;
        }
        "unset" => {
            for a in rest {
                vm.vars.remove(a);
            }
            vm.status = 0;
        }
        "set" => set(vm, rest, world),
        "shift" => {
            let n = number(1).max(0) as usize;
            vm.status = i32::from(n > vm.args.len());
            if vm.status == 0 {
                vm.args = vm.args[n..].into();
            }
        }
        "eval" => {
            let text = rest.join(" ");
            vm.source(&text, None, world);
        }
        "." | "source" => {
            let path = rest.first().map(|f| absolute(&vm.cwd, f)).unwrap_or_default();
            match world.files.text(&path) {
                Ok(text) => {
                    let own = (rest.len() > 1).then(|| Rc::from(&rest[1..]));
                    vm.source(&text, own, world);
                }
                Err(_) => {
                    let name = rest.first().cloned().unwrap_or_default();
                    let line = format!("{}: {}: can't open '{name}': No such file or directory\n", vm.name, args[0]);
                    let _ = vm.write(2, &line, world);
                    vm.exit(2, world);
                }
            }
        }
        "exec" if rest.is_empty() => {
            vm.keep_redirections();
            vm.status = 0;
        }
        "exec" => vm.replace_with(rest.to_vec(), world),
        "trap" => trap(vm, rest, world),
        "wait" => {
            let pids: Vec<u32> = rest.iter().filter_map(|a| a.parse().ok()).collect();
            vm.status = 0;
            vm.wait_for(pids);
        }
        "kill" => kill(vm, rest, world),
        "read" => read(vm, rest),
        "umask" | "ulimit" | "hash" | "alias" | "unalias" | "jobs" | "bg" | "fg" | "shopt" | "enable" | "disown" => {
            vm.status = 0;
        }
        "type" | "command" | "which" | "hash -r" => return command(vm, args, world),
        "let" => {
            for a in rest {
                let text = format!("(( {a} ))");
                vm.source(&text, None, world);
            }
        }
        _ => return false,
    }
    true
}

fn cd(vm: &mut Vm, rest: &[Str], world: &mut World) {
    let target = match rest.first() {
        Some(t) if t == "-" => vm.get("OLDPWD").unwrap_or_default(),
        Some(t) => t.clone(),
        None => vm.get("HOME").unwrap_or(Str::literal("/")),
    };
    let path = absolute(&vm.cwd, &target);
    if !world.files.is_dir(&path) {
        let line = format!("{}: cd: can't cd to {target}: No such file or directory\n", vm.name);
        let _ = vm.write(2, &line, world);
        vm.status = 2;
        return;
    }
    let old = std::mem::replace(&mut vm.cwd, Str::from(path));
    vm.set("OLDPWD", old);
    let new = vm.cwd.clone();
    vm.set("PWD", new);
    vm.status = 0;
}

fn set(vm: &mut Vm, rest: &[Str], world: &mut World) {
    vm.status = 0;
    if rest.is_empty() {
        let all: Vec<String> = vm.vars.iter().map(|(k, v)| format!("{k}='{}'\n", v.value)).collect();
        let _ = vm.write(1, &all.concat(), world);
        return;
    }
    let mut i = 0;
    while let Some(a) = rest.get(i) {
        let on = a.starts_with('-');
        if a == "--" {
            vm.args = rest[i + 1..].into();
            return;
        }
        if !on && !a.starts_with('+') {
            vm.args = rest[i..].into();
            return;
        }
        for flag in a[1..].chars() {
            match flag {
                'e' => vm.errexit = on,
                'u' => vm.nounset = on,
                'o' => {
                    i += 1;
                    match rest.get(i).map(|s| s.as_str()) {
                        Some("errexit") => vm.errexit = on,
                        Some("nounset") => vm.nounset = on,
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        i += 1;
    }
}

fn trap(vm: &mut Vm, rest: &[Str], world: &mut World) {
    vm.status = 0;
    if rest.is_empty() {
        let all: Vec<String> = vm
            .traps
            .iter()
            .map(|(n, text)| {
                let name = SIGNALS.iter().find(|(_, v)| v == n).map_or("", |(name, _)| name);
                format!("trap -- '{text}' {name}\n")
            })
            .collect();
        let _ = vm.write(1, &all.concat(), world);
        return;
    }
    let rest = if rest[0] == "--" { &rest[1..] } else { rest };
    let (action, names) = match rest {
        [only] => (Str::literal("-"), std::slice::from_ref(only)),
        [action, names @ ..] => (action.clone(), names),
        [] => return,
    };
    for name in names {
        let Some(n) = signal_number(name) else {
            let line = format!("{}: trap: {name}: invalid signal specification\n", vm.name);
            let _ = vm.write(2, &line, world);
            vm.status = 1;
            continue;
        };
        vm.traps.retain(|(s, _)| *s != n);
        if action != "-" {
            vm.traps.push((n, action.clone()));
        }
    }
}

fn kill(vm: &mut Vm, rest: &[Str], world: &mut World) {
    let mut signal = 15;
    vm.status = 0;
    let mut i = 0;
    while let Some(a) = rest.get(i) {
        i += 1;
        if a == "-s" {
            signal = rest.get(i).and_then(|n| signal_number(n)).unwrap_or(15);
            i += 1;
        } else if let Some(name) = a.strip_prefix('-').filter(|n| !n.is_empty() && *n != "-") {
            match signal_number(name) {
                Some(n) => signal = n,
                None => vm.status = 1,
            }
        } else if let Ok(pid) = a.parse::<u32>() {
            if signal != 0 {
                world.signals.push((pid, signal));
            }
        } else {
            let line = format!("{}: can't kill pid {a}: No such process\n", vm.name);
            let _ = vm.write(2, &line, world);
            vm.status = 1;
        }
    }
}

fn read(vm: &mut Vm, rest: &[Str]) {
    let names: Vec<Str> = rest.iter().filter(|a| !a.starts_with('-')).cloned().collect();
    let Some(line) = vm.read_line() else {
        for n in &names {
            vm.set(n, Str::EMPTY);
        }
        vm.status = 1;
        return;
    };
    vm.status = 0;
    let ifs = vm.get("IFS").unwrap_or(Str::literal(" \t\n"));
    if ifs.is_empty() || names.is_empty() {
        let name = names.first().cloned().unwrap_or(Str::literal("REPLY"));
        return vm.set(&name, Str::from(line));
    }
    let separates = |c: char| ifs.contains(c);
    let mut text = line.trim_matches(|c: char| separates(c) && c.is_whitespace());
    for (i, n) in names.iter().enumerate() {
        if i + 1 == names.len() {
            vm.set(n, Str::from(text));
            return;
        }
        let end = text.find(separates).unwrap_or(text.len());
        vm.set(n, Str::from(&text[..end]));
        text = text[end..].trim_start_matches(separates);
    }
}

/// `command -v`, `type`, `which`: where a command is; `command x` runs it.
fn command(vm: &mut Vm, args: &[Str], world: &mut World) -> bool {
    let asks = args[0] != "command" || args.get(1).is_some_and(|a| a == "-v" || a == "-V");
    if !asks {
        if args.len() > 1 && !run(vm, &args[1..], world) {
            vm.external(&args[1..], world);
        }
        return true;
    }
    vm.status = 0;
    for name in args[1..].iter().filter(|a| !a.starts_with('-')) {
        let short = name.rsplit('/').next().unwrap_or_default();
        let here = tools::exists(short, world.image.userland)
            || super::is_shell(short)
            || world.image.programs.iter().any(|s| s.name == short);
        let line = match (here, &*args[0]) {
            (true, "type") => format!("{name} is /bin/{short}\n"),
            (true, _) => format!("/bin/{short}\n"),
            (false, "type") => format!("{name}: not found\n"),
            (false, _) => String::new(),
        };
        vm.status |= i32::from(!here);
        let _ = vm.write(1, &line, world);
    }
    true
}

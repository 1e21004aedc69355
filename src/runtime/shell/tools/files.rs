//! Programs about files.

use super::{Done, Tool};
use crate::apimachinery::Str;
use crate::runtime::fs::absolute;
use crate::runtime::process::World;

pub(super) fn nothing(_: &mut Tool, _: &mut World) -> Done {
    Done::Code(0)
}

pub(super) fn cat(t: &mut Tool, w: &mut World) -> Done {
    let files = t.operands("");
    let (text, ok) = t.texts(&files, w);
    t.out.push_str(&text);
    Done::Code(i32::from(!ok))
}

pub(super) fn tee(t: &mut Tool, w: &mut World) -> Done {
    let append = t.flag('a');
    let text = std::mem::take(&mut t.input);
    let mut code = 0;
    for f in t.operands("") {
        let path = t.path(&f);
        if let Err(e) = w.files.write(&path, &text, append) {
            t.fail(&format!("{f}: {}", e.text()));
            code = 1;
        }
    }
    t.out.push_str(&text);
    Done::Code(code)
}

pub(super) fn xargs(t: &mut Tool, _: &mut World) -> Done {
    let mut line = t.operands("nI");
    if line.is_empty() {
        line.push(Str::literal("echo"));
    }
    let words: Vec<Str> = t.input.split_whitespace().map(Str::from).collect();
    if let Some(mark) = t.option('I') {
        let all = words.join(" ");
        line = line.iter().filter(|a| **a != mark).map(|a| Str::from(a.replace(&*mark, &all))).collect();
    } else {
        line.extend(words);
    }
    Done::Run(line)
}

pub(super) fn ls(t: &mut Tool, w: &mut World) -> Done {
    let mut paths = t.operands("");
    if paths.is_empty() {
        paths.push(Str::literal("."));
    }
    let (long, all, dir) = (t.flag('l'), t.flag('a') || t.flag('A'), t.flag('d'));
    let many = paths.len() > 1;
    let mut code = 0;
    let describe = |w: &World, path: &str, name: &str| {
        let is_dir = w.files.is_dir(path);
        let size = if is_dir { 4096 } else { w.files.read(path).map_or(0, |b| b.as_slice().len()) };
        let mode = if is_dir { "drwxr-xr-x" } else { "-rw-r--r--" };
        format!("{mode}    1 root     root     {size:>9} Jan  1 00:00 {name}\n")
    };
    for p in &paths {
        let path = t.path(p);
        if !w.files.exists(&path) {
            t.fail(&format!("{p}: No such file or directory"));
            code = 1;
            continue;
        }
        if dir || !w.files.is_dir(&path) {
            let line = if long { describe(w, &path, p) } else { format!("{p}\n") };
            t.out.push_str(&line);
            continue;
        }
        if many {
            t.out.push_str(&format!("{p}:\n"));
        }
        let names = w.files.list(&path).unwrap_or_default();
        if long {
            t.out.push_str(&format!("total {}\n", names.len() * 4));
        }
        for name in names.iter().filter(|n| all || !n.starts_with('.')) {
            let line = if long { describe(w, &absolute(&path, name), name) } else { format!("{name}\n") };
            t.out.push_str(&line);
        }
    }
    Done::Code(code)
}

pub(super) fn rm(t: &mut Tool, w: &mut World) -> Done {
    let (recursive, force) = (t.flag('r') || t.flag('R'), t.flag('f'));
    let is_rmdir = t.name == "rmdir";
    let mut code = 0;
    for f in t.operands("") {
        let path = t.path(&f);
        let result = if w.files.is_dir(&path) && !recursive && !is_rmdir {
            Err(crate::runtime::Errno::IsDir)
        } else {
            w.files.remove(&path, recursive)
        };
        match result {
            Ok(()) => {}
            Err(crate::runtime::Errno::NotFound) if force => {}
            Err(e) => {
                let why =
                    if is_rmdir { format!("'{f}': {}", e.text()) } else { format!("can't remove '{f}': {}", e.text()) };
                t.fail(&why);
                code = 1;
            }
        }
    }
    Done::Code(code)
}

pub(super) fn mkdir(t: &mut Tool, w: &mut World) -> Done {
    let parents = t.flag('p');
    let mut code = 0;
    for f in t.operands("m") {
        let path = t.path(&f);
        if let Err(e) = w.files.mkdir(&path, parents) {
            t.fail(&format!("can't create directory '{f}': {}", e.text()));
            code = 1;
        }
    }
    Done::Code(code)
}

pub(super) fn touch(t: &mut Tool, w: &mut World) -> Done {
    let mut code = 0;
    for f in t.operands("drts") {
        let path = t.path(&f);
        if w.files.is_dir(&path) {
            continue;
        }
        if let Err(e) = w.files.write(&path, "", true) {
            t.fail(&format!("{f}: {}", e.text()));
            code = 1;
        }
    }
    Done::Code(code)
}

fn copy(w: &mut World, from: &str, to: &str) -> Result<(), crate::runtime::Errno> {
    if w.files.is_dir(from) {
        w.files.mkdir(to, true)?;
        for name in w.files.list(from)? {
            copy(w, &absolute(from, &name), &absolute(to, &name))?;
        }
        return Ok(());
    }
    let text = w.files.text(from)?;
    w.files.write(to, &text, false)
}

pub(super) fn cp(t: &mut Tool, w: &mut World) -> Done {
    let mut files = t.operands("");
    let moves = t.name == "mv";
    let recursive = moves || t.flag('r') || t.flag('R') || t.flag('a');
    let Some(target) = files.pop().filter(|_| !files.is_empty()) else {
        t.fail("missing file operand");
        return Done::Code(1);
    };
    let to = t.path(&target);
    let mut code = 0;
    for f in &files {
        let from = t.path(f);
        if w.files.is_dir(&from) && !recursive {
            t.fail(&format!("omitting directory '{f}'"));
            code = 1;
            continue;
        }
        let name = from.rsplit('/').next().unwrap_or_default();
        let to = if w.files.is_dir(&to) { absolute(&to, name) } else { to.clone() };
        let done = copy(w, &from, &to).and_then(|()| if moves { w.files.remove(&from, true) } else { Ok(()) });
        if let Err(e) = done {
            let line = if moves {
                format!("can't rename '{f}': {}", e.text())
            } else {
                format!("can't stat '{f}': {}", e.text())
            };
            t.fail(&line);
            code = 1;
        }
    }
    Done::Code(code)
}

pub(super) fn ln(t: &mut Tool, w: &mut World) -> Done {
    let files = t.operands("");
    let [from, to] = files.as_slice() else {
        t.fail("missing file operand");
        return Done::Code(1);
    };
    let path = t.path(to);
    if t.flag('f') {
        let _ = w.files.remove(&path, false);
    }
    if let Err(e) = w.files.link(&path, from) {
        t.fail(&format!("{to}: {}", e.text()));
        return Done::Code(1);
    }
    Done::Code(0)
}

fn walk(w: &World, path: &str, shown: &str, out: &mut Vec<(String, bool)>) {
    let is_dir = w.files.is_dir(path);
    out.push((shown.to_owned(), is_dir));
    if is_dir && out.len() < 5_000 {
        for name in w.files.list(path).unwrap_or_default() {
            let inner = if shown.ends_with('/') { format!("{shown}{name}") } else { format!("{shown}/{name}") };
            walk(w, &absolute(path, &name), &inner, out);
        }
    }
}

pub(super) fn find(t: &mut Tool, w: &mut World) -> Done {
    let roots: Vec<Str> = t.args.iter().take_while(|a| !a.starts_with('-')).cloned().collect();
    let roots = if roots.is_empty() { vec![Str::literal(".")] } else { roots };
    let after = |name: &str| t.args.iter().position(|a| a == name).and_then(|i| t.args.get(i + 1)).cloned();
    let (name, kind) = (after("-name"), after("-type"));
    let mut all = Vec::new();
    let mut code = 0;
    for r in &roots {
        let path = t.path(r);
        if w.files.exists(&path) {
            walk(w, &path, r, &mut all);
        } else {
            code = 1;
        }
    }
    if code == 1 {
        t.fail(&format!("{}: No such file or directory", roots[0]));
    }
    for (path, is_dir) in all {
        let last = path.rsplit('/').next().unwrap_or_default();
        let named = name.as_ref().is_none_or(|n| super::super::expand::matches(n, last));
        let typed = kind.as_ref().is_none_or(|k| (k == "d") == is_dir);
        if named && typed {
            t.out.push_str(&path);
            t.out.push('\n');
        }
    }
    Done::Code(code)
}

pub(super) fn stat(t: &mut Tool, w: &mut World) -> Done {
    let mut code = 0;
    for f in t.operands("c") {
        let path = t.path(&f);
        match w.files.read(&path) {
            Ok(b) => {
                let size = b.as_slice().len();
                let line = if t.option('c').is_some() {
                    format!("{size}\n")
                } else {
                    format!("  File: {f}\n  Size: {size}\n")
                };
                t.out.push_str(&line);
            }
            Err(crate::runtime::Errno::IsDir) => t.out.push_str(&format!("  File: {f}\n  Size: 4096\n")),
            Err(e) => {
                t.fail(&format!("can't stat '{f}': {}", e.text()));
                code = 1;
            }
        }
    }
    Done::Code(code)
}

pub(super) fn readlink(t: &mut Tool, _: &mut World) -> Done {
    for f in t.operands("") {
        let path = t.path(&f);
        t.out.push_str(&path);
        t.out.push('\n');
    }
    Done::Code(0)
}

pub(super) fn mktemp(t: &mut Tool, w: &mut World) -> Done {
    let name = format!("/tmp/tmp.{:06x}", w.now.0 % 0xff_ffff);
    let made = if t.flag('d') { w.files.mkdir(&name, true) } else { w.files.write(&name, "", false) };
    if made.is_err() {
        return Done::Code(1);
    }
    t.out.push_str(&format!("{name}\n"));
    Done::Code(0)
}

//! Programs about the machine, time and the network.

use super::{Done, Tool};
use crate::apimachinery::Str;
use crate::apimachinery::time::strftime;
use crate::runtime::process::{World, sleep_time};

pub(super) fn fail(_: &mut Tool, _: &mut World) -> Done {
    Done::Code(1)
}

pub(super) fn forever(_: &mut Tool, _: &mut World) -> Done {
    Done::Forever
}

pub(super) fn sleep(t: &mut Tool, _: &mut World) -> Done {
    if t.args.is_empty() {
        t.fail("missing operand");
        return Done::Code(1);
    }
    match sleep_time(t.args) {
        Ok(Some(d)) => Done::Sleep(if t.name == "usleep" { d / 1_000_000 } else { d }),
        Ok(None) => Done::Forever,
        Err(e) => {
            t.fail(&e);
            Done::Code(1)
        }
    }
}

pub(super) fn date(t: &mut Tool, w: &mut World) -> Done {
    let now = w.epoch + w.now.as_secs();
    let stamp = t.option('d').and_then(|d| d.strip_prefix('@').and_then(|n| n.parse::<i64>().ok()));
    let time = stamp.unwrap_or(now);
    let format = t.args.iter().find_map(|a| a.strip_prefix('+'));
    let text = match format {
        None if t.flag('I') || t.args.iter().any(|a| a.starts_with("--iso")) => {
            strftime("%Y-%m-%dT%H:%M:%S+00:00", time)
        }
        None if t.flag('R') => strftime("%a, %d %b %Y %H:%M:%S +0000", time),
        None => strftime("%a %b %e %H:%M:%S UTC %Y", time),
        Some(f) => {
            let nanos = format!("{:09}", w.now.0.rem_euclid(1_000_000_000));
            strftime(&f.replace("%N", &nanos).replace("%:z", "+00:00"), time)
        }
    };
    t.out = format!("{text}\n");
    Done::Code(0)
}

pub(super) fn hostname(t: &mut Tool, w: &mut World) -> Done {
    t.out = if t.flag('i') { format!("{}\n", w.ip) } else { format!("{}\n", w.host) };
    Done::Code(0)
}

pub(super) fn uname(t: &mut Tool, w: &mut World) -> Done {
    let line = if t.flag('a') {
        format!("Linux {} 6.12.0 #1 SMP x86_64 GNU/Linux", w.host)
    } else if t.flag('r') {
        "6.12.0".to_owned()
    } else if t.flag('n') {
        w.host.to_owned()
    } else if t.flag('m') {
        "x86_64".to_owned()
    } else {
        "Linux".to_owned()
    };
    t.out = format!("{line}\n");
    Done::Code(0)
}

pub(super) fn whoami(t: &mut Tool, w: &mut World) -> Done {
    t.out = if w.image.user == 0 { "root\n".to_owned() } else { format!("{}\n", w.image.user) };
    Done::Code(0)
}

pub(super) fn id(t: &mut Tool, w: &mut World) -> Done {
    let uid = w.image.user;
    t.out = if t.flag('u') || t.flag('g') {
        format!("{uid}\n")
    } else if uid == 0 {
        "uid=0(root) gid=0(root) groups=0(root)\n".to_owned()
    } else {
        format!("uid={uid} gid={uid} groups={uid}\n")
    };
    Done::Code(0)
}

pub(super) fn pwd(t: &mut Tool, _: &mut World) -> Done {
    t.out = format!("{}\n", t.cwd);
    Done::Code(0)
}

pub(super) fn env(t: &mut Tool, _: &mut World) -> Done {
    if t.name == "printenv" && !t.args.is_empty() {
        let mut code = 0;
        for a in t.args {
            match t.env.iter().find(|(k, _)| k == a) {
                Some((_, v)) => t.out.push_str(&format!("{v}\n")),
                None => code = 1,
            }
        }
        return Done::Code(code);
    }
    let command = t.args.iter().position(|a| !a.contains('=') && !a.starts_with('-'));
    if let Some(at) = command {
        return Done::Run(t.args[at..].to_vec());
    }
    for (k, v) in t.env {
        t.out.push_str(&format!("{k}={v}\n"));
    }
    Done::Code(0)
}

pub(super) fn nproc(t: &mut Tool, _: &mut World) -> Done {
    t.out = "4\n".to_owned();
    Done::Code(0)
}

pub(super) fn uptime(t: &mut Tool, w: &mut World) -> Done {
    let m = w.now.as_secs() / 60;
    t.out = format!(" up {m} min,  load average: 0.00, 0.00, 0.00\n");
    Done::Code(0)
}

pub(super) fn ps(t: &mut Tool, w: &mut World) -> Done {
    t.out = format!("PID   USER     TIME  COMMAND\n    1 root      0:00 {}\n", w.image.command.join(" "));
    Done::Code(0)
}

pub(super) fn free(t: &mut Tool, _: &mut World) -> Done {
    t.out = "              total        used        free\nMem:        8388608      524288     7864320\n".to_owned();
    Done::Code(0)
}

pub(super) fn df(t: &mut Tool, _: &mut World) -> Done {
    t.out = if t.name == "du" {
        "4\t.\n".to_owned()
    } else {
        "Filesystem  1K-blocks  Used Available Use% Mounted on\noverlay     104857600  1024 104856576   0% /\n"
            .to_owned()
    };
    Done::Code(0)
}

/// Runs the rest of the line; a limit of time is not enforced.
pub(super) fn timeout(t: &mut Tool, _: &mut World) -> Done {
    let line = t.operands("sk");
    if line.len() < 2 { Done::Code(1) } else { Done::Run(line[1..].to_vec()) }
}

pub(super) fn rest(t: &mut Tool, _: &mut World) -> Done {
    let at = t.args.iter().position(|a| !a.starts_with('-'));
    at.map_or(Done::Code(0), |at| Done::Run(t.args[at..].to_vec()))
}

/// Digits that belong to the text, though not those of the real function.
pub(super) fn sum(t: &mut Tool, w: &mut World) -> Done {
    let files = t.operands("");
    let long = if t.name == "md5sum" { 32 } else { 64 };
    let mut code = 0;
    if files.is_empty() {
        let text = std::mem::take(&mut t.input);
        t.out = format!("{}  -\n", &crate::runtime::images::digest(&text)[..long]);
    }
    for f in files {
        match w.files.text(&t.path(&f)) {
            Ok(text) => t.out.push_str(&format!("{}  {f}\n", &crate::runtime::images::digest(&text)[..long])),
            Err(e) => {
                t.fail(&format!("can't open '{f}': {}", e.text()));
                code = 1;
            }
        }
    }
    Done::Code(code)
}

fn host_of(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, r)| r);
    let host = rest.split('/').next().unwrap_or_default();
    host.split_once(':').unwrap_or((host, "80"))
}

pub(super) fn wget(t: &mut Tool, _: &mut World) -> Done {
    let url = t.operands("OTtU").pop().unwrap_or_default();
    let (host, _) = host_of(&url);
    t.fail(&format!("bad address '{host}'"));
    Done::Code(1)
}

pub(super) fn curl(t: &mut Tool, _: &mut World) -> Done {
    let url = t.operands("omHXduw").pop().unwrap_or_default();
    let (host, _) = host_of(&url);
    t.err = format!("curl: (6) Could not resolve host: {host}\n");
    Done::Code(6)
}

pub(super) fn nc(t: &mut Tool, _: &mut World) -> Done {
    if t.flag('l') {
        return Done::Forever;
    }
    let host = t.operands("wp").first().cloned().unwrap_or_default();
    t.fail(&format!("bad address '{host}'"));
    Done::Code(1)
}

pub(super) fn ping(t: &mut Tool, _: &mut World) -> Done {
    let host = t.operands("cWwi").first().cloned().unwrap_or_default();
    t.fail(&format!("bad address '{host}'"));
    Done::Code(1)
}

pub(super) fn nslookup(t: &mut Tool, _: &mut World) -> Done {
    let name: Str = t.operands("").first().cloned().unwrap_or_default();
    t.out = format!("Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n** server can't find {name}: NXDOMAIN\n\n");
    Done::Code(1)
}

pub(super) fn ip(t: &mut Tool, w: &mut World) -> Done {
    t.out = format!("2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500\n    inet {}/24 scope global eth0\n", w.ip);
    Done::Code(0)
}

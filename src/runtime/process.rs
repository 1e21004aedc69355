//! Processes: programs as values that say when they want to run next.
//!
//! Differs: a process runs for no time unless it sleeps; a shell is charged for its steps.

use super::fs::Files;
use super::images::Service;
use super::log::Log;
use super::shell::Vm;
use crate::apimachinery::Str;
use crate::sim::{Duration, Time};

pub const SIGTERM: i32 = 15;
pub const SIGKILL: i32 = 9;

/// Which of its two streams a process wrote to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    Out,
    Err,
}

/// What a process wrote, in its order.
pub type Written = Vec<(Stream, String)>;

/// Where what a process writes goes.
#[derive(Clone, Debug)]
pub enum Output {
    /// The container's log.
    Log,
    /// Kept for whoever ran it with `exec`.
    Kept(Written),
}

#[derive(Clone, Debug)]
pub enum Program {
    /// Serves until it is told to stop.
    Service(&'static Service),
    /// A service that was told to stop, and when it will have.
    Stopping(Time, i32),
    Sleep(Time),
    /// Writes once (taken away then) and ends.
    Print(Box<(String, i32)>),
    /// Waits for ever.
    Forever,
    Shell(Box<Vm>),
}

#[derive(Clone, Debug)]
pub struct Process {
    pub pid: u32,
    pub program: Program,
    pub output: Output,
    /// How it ended: 128 and the signal where one ended it.
    pub code: Option<i32>,
}

/// What a step came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Yield {
    At(Time),
    /// Until something else in the container moves.
    Never,
    Exit(i32),
}

/// What a process may touch in its turn.
pub struct World<'a> {
    pub now: Time,
    /// Seconds since 1970 at the beginning of virtual time.
    pub epoch: i64,
    pub started: Time,
    pub files: Files<'a>,
    pub log: &'a mut Log,
    pub output: &'a mut Output,
    pub host: &'a str,
    pub ip: &'a str,
    pub image: &'static super::images::Image,
    pub pid: u32,
    /// Background processes begun in this turn.
    pub spawned: &'a mut Vec<Process>,
    pub next_pid: &'a mut u32,
    /// Signals sent in this turn.
    pub signals: &'a mut Vec<(u32, i32)>,
    /// The pids of all that have ended, with their codes.
    pub ended: &'a [(u32, i32)],
}

impl World<'_> {
    pub fn write(&mut self, stream: Stream, text: &str) {
        match self.output {
            Output::Log => self.log.write(self.now, text),
            Output::Kept(kept) => match kept.last_mut() {
                Some((of, last)) if *of == stream => last.push_str(text),
                _ => kept.push((stream, text.to_owned())),
            },
        }
    }
}

impl Process {
    pub fn step(&mut self, world: &mut World) -> Yield {
        match &mut self.program {
            Program::Service(_) | Program::Forever => Yield::Never,
            Program::Stopping(at, code) if *at <= world.now => Yield::Exit(*code),
            Program::Stopping(at, _) => Yield::At(*at),
            Program::Sleep(until) if *until <= world.now => Yield::Exit(0),
            Program::Sleep(until) => Yield::At(*until),
            Program::Print(p) => {
                let (text, code) = &mut **p;
                world.write(Stream::Out, &std::mem::take(text));
                Yield::Exit(*code)
            }
            Program::Shell(vm) => vm.step(world),
        }
    }

    /// Whether the signal ends the process at once, and with which code.
    pub fn signal(&mut self, signal: i32, now: Time) -> Option<i32> {
        if signal == SIGKILL {
            return Some(128 + SIGKILL);
        }
        match &mut self.program {
            Program::Service(service) if signal == SIGTERM || signal == 3 || signal == 2 => {
                let Some(code) = service.on_term else { return (self.pid != 1).then_some(128 + signal) };
                self.program = Program::Stopping(now + service.stops_in, code);
                None
            }
            Program::Stopping(..) => None,
            Program::Shell(vm) if vm.traps(signal) || vm.service().is_some_and(|s| s.on_term.is_some()) => {
                vm.signal(signal);
                None
            }
            // The kernel keeps signals without a handler from the process with id 1; CHLD, URG and WINCH harm nobody.
            _ if self.pid == 1 || matches!(signal, 17 | 23 | 28 | 0) => None,
            _ => Some(128 + signal),
        }
    }
}

/// Reads `sleep`'s arguments: `5`, `0.5`, `1m`, `inf`.
pub fn sleep_time(args: &[Str]) -> Result<Option<Duration>, String> {
    let mut total = Duration::ZERO;
    for a in args {
        if matches!(&**a, "inf" | "infinity") {
            return Ok(None);
        }
        let (number, unit) = match a.as_bytes().last() {
            Some(b's') => (&a[..a.len() - 1], 1),
            Some(b'm') => (&a[..a.len() - 1], 60),
            Some(b'h') => (&a[..a.len() - 1], 3600),
            Some(b'd') => (&a[..a.len() - 1], 86_400),
            _ => (&a[..], 1),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        if number.is_empty() || !digits(whole) || !digits(fraction) {
            return Err(format!("invalid number '{a}'"));
        }
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().unwrap_or(u64::from(u32::MAX)) };
        let mut nanos = 0u64;
        for i in 0..9 {
            nanos = nanos * 10 + fraction.as_bytes().get(i).map_or(0, |b| u64::from(b - b'0'));
        }
        total += Duration::new(whole.min(u64::from(u32::MAX)), nanos as u32) * unit;
    }
    Ok(Some(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_reads_units_and_fractions() {
        let read = |t: &str| sleep_time(&[Str::from(t)]);
        assert_eq!(read("0.2"), Ok(Some(Duration::from_millis(200))));
        assert_eq!(read("2m"), Ok(Some(Duration::from_secs(120))));
        assert_eq!(read("inf"), Ok(None));
        assert_eq!(read("x"), Err("invalid number 'x'".to_owned()));
    }
}

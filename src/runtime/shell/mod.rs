//! A small POSIX shell and the small programs around it.
//!
//! Upstream: POSIX.1-2017, Shell & Utilities; busybox.
//! Differs: see the files; what is not known ends with 127, as a missing program does.

mod builtins;
mod code;
mod expand;
mod parse;
mod tools;
mod vm;

pub use tools::exists as is_tool;
pub use vm::{Stdin, Vm};

use super::images::Userland;

pub fn is_shell(name: &str) -> bool {
    matches!(name.rsplit('/').next().unwrap_or_default(), "sh" | "bash" | "ash" | "dash")
}

/// Whether an image with that userland has such a program.
pub fn is_command(name: &str, userland: Userland) -> bool {
    match userland {
        Userland::None => false,
        Userland::Busybox => (is_shell(name) && name != "bash" && name != "dash") || is_tool(name, userland),
        Userland::Gnu => (is_shell(name) && name != "ash") || is_tool(name, userland),
    }
}

#[cfg(test)]
mod tests;

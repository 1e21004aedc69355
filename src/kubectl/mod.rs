//! kubectl: a client like any other, which asks the API over its wire and prints what it answers.
//!
//! Upstream: staging/src/k8s.io/kubectl
//! Differs: has the commands of `commands/` only, and of them the flags that `args.rs` lists; `describe` reads the tables
//! where kubectl asks the API server again and again.

mod args;
mod commands;
pub mod describe;
mod failure;
mod host;
pub mod resource;

pub use args::words;
pub use commands::apply::{LAST_APPLIED, three_way, with_last_applied};
pub use host::Host;

use args::Args;

/// What a command leaves behind.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Printed {
    pub out: String,
    pub err: String,
    pub code: i32,
}

/// Runs `words`, the command line after `kubectl`.
pub fn run(host: &mut dyn Host, words: &[String]) -> Printed {
    let mut printed = Printed::default();
    let done = Args::parse(words).and_then(|args| commands::run(host, &args, &mut printed));
    if let Err(failure) = done {
        printed.err.push_str(&failure.text());
        printed.code = 1;
    }
    printed
}

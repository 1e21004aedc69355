//! Scenarios: a cluster, what is done to it and when, and what must come of it.
//!
//! A scenario is one YAML file; `tests/README.md` tells its format. It is a test, what `kubarium run` plays, and what
//! lessons will be made of.

mod check;
mod parse;
mod play;
mod table;
#[cfg(test)]
mod tests;
mod timeline;

pub use timeline::with_timeline;

use crate::cluster::Fault;
use crate::sim::Duration;
use check::Check;

/// A file, understood. Times count from the moment at which the machines are ready.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub about: String,
    nodes: usize,
    seed: u64,
    steps: Vec<Step>,
    expect: Vec<Expectation>,
    /// Whose writes `timeline` tells; empty: all.
    actors: Vec<String>,
    timeline: Option<String>,
    pub known_failure: Option<String>,
}

#[derive(Clone, Debug)]
struct Step {
    at: Duration,
    act: Act,
    /// What the command must print to standard error, `*` standing for anything; without it, nothing may fail.
    error: Option<String>,
}

#[derive(Clone, Debug)]
enum Act {
    /// The text of manifests, as `kubectl apply -f` takes it.
    Apply(String),
    /// A command line after `kubectl`.
    Kubectl(Vec<String>),
    Fault(Fault),
    /// Nothing: time goes on until here.
    Wait,
}

#[derive(Clone, Debug)]
struct Expectation {
    when: When,
    check: Check,
    /// The check in the file's words, for reports.
    said: String,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum When {
    /// It holds at some moment of the span.
    By(Duration, Duration),
    /// It holds at this moment.
    At(Duration),
    /// It holds first within the span, and not before.
    Within(Duration, Duration),
    /// It holds at every moment of the span.
    Always(Duration, Duration),
    /// It holds at no moment of the span.
    Never(Duration, Duration),
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was expected and did not come, one sentence each.
    pub unmet: Vec<String>,
    /// The writes as `timeline` tells them.
    pub timeline: String,
    pub hash: u64,
}

impl Scenario {
    /// Errors: what is wrong with the text, and where.
    pub fn parse(text: &str) -> Result<Scenario, String> {
        parse::scenario(text)
    }

    /// Whether a YAML text means to be a scenario rather than manifests.
    pub fn is_one(text: &str) -> bool {
        let starts =
            |key: &str| text.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')));
        (starts("steps") || starts("expect")) && !starts("kind")
    }

    pub fn run(&self) -> Outcome {
        play::run(self)
    }

    /// Errors: what did not come about, or that a known failure is none any more.
    pub fn judge(&self, outcome: &Outcome) -> Result<(), String> {
        match (&self.known_failure, outcome.unmet.is_empty()) {
            (None, true) | (Some(_), false) => Ok(()),
            (None, false) => Err(outcome.unmet.join("\n")),
            (Some(why), true) => Err(format!("it passes: take out `known_failure: {why}`")),
        }
    }
}

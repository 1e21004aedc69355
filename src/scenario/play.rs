//! Plays a scenario: its steps at their times, and after every write a look at what is expected.

use super::table::like;
use super::{Act, Expectation, Outcome, Scenario, Step, When, timeline};
use crate::apimachinery::time::Time as Wall;
use crate::apiserver::Tables;
use crate::apiserver::wire::{Answer, Request};
use crate::cluster::{Cluster, Config, Input};
use crate::kubectl::{self, Host};
use crate::sim::{Duration, Time};

/// Machines are ready by then.
const BOOT: Duration = Duration::from_secs(5);
/// What one request takes.
const REQUEST: Duration = Duration::from_millis(20);
/// The name under which a step's manifests are a file.
const FILE: &str = "scenario.yaml";

pub(super) fn run(scenario: &Scenario) -> Outcome {
    let mut cluster = Cluster::new(Config::with_nodes(scenario.nodes).seed(scenario.seed));
    cluster.run_for(BOOT);
    let zero = cluster.now();
    let seen = cluster.trace.last_seq();
    let open = scenario.expect.iter().map(|e| (e, State::Open(String::new()))).collect();
    let mut stage = Stage { cluster, zero, open, manifests: String::new(), unmet: Vec::new(), seen };
    for at in stops(scenario) {
        stage.run_until(zero + at);
        for step in scenario.steps.iter().filter(|s| s.at == at) {
            stage.act(step);
        }
        stage.look();
    }
    for (e, state) in std::mem::take(&mut stage.open) {
        if let (State::Open(last), false) = (state, matches!(e.when, When::Always(..) | When::Never(..))) {
            stage.unmet.push(format!("{}: it did not come about: {last}", e.said));
        }
    }
    let timeline = timeline::of(&stage.cluster, seen, zero, &scenario.actors);
    if let Some(want) = &scenario.timeline
        && *want != timeline
    {
        let differs = want.lines().zip(timeline.lines()).find(|(a, b)| a != b);
        let (want, got) = differs.unwrap_or(("another number of lines", "as many as there are"));
        stage.unmet.push(format!("timeline: want\n{want}\ngot\n{got}\n(UPDATE_EXPECT=1 rewrites it)"));
    }
    Outcome { unmet: stage.unmet, timeline, hash: stage.cluster.hash() }
}

/// Every time at which something is done, or the last at which something may come about.
fn stops(scenario: &Scenario) -> Vec<Duration> {
    let mut all: Vec<Duration> = scenario.steps.iter().map(|s| s.at).collect();
    for e in &scenario.expect {
        match e.when {
            When::At(at) => all.push(at),
            When::By(from, to) | When::Within(from, to) => all.extend([from, to]),
            When::Always(from, to) | When::Never(from, to) => {
                all.push(from);
                // The open end of a span is the end of everything else.
                all.extend((to < Duration::from_secs(24 * 3600)).then_some(to));
            }
        }
    }
    all.sort();
    all.dedup();
    all
}

enum State {
    /// Not decided yet, and what was there instead at the last look.
    Open(String),
    Decided,
}

struct Stage<'a> {
    cluster: Cluster,
    zero: Time,
    open: Vec<(&'a Expectation, State)>,
    manifests: String,
    unmet: Vec<String>,
    /// The last trace event at the last look.
    seen: u64,
}

impl Stage<'_> {
    fn run_until(&mut self, end: Time) {
        while self.cluster.next_at().is_some_and(|at| at <= end) {
            let before = self.cluster.server.store.rev();
            self.cluster.step();
            if self.cluster.server.store.rev() != before {
                self.look();
            }
        }
        self.cluster.run_until(end);
    }

    fn act(&mut self, step: &Step) {
        let words = match &step.act {
            Act::Wait => return,
            Act::Fault(fault) => {
                self.cluster.input(&Input::Fault(fault.clone()));
                return;
            }
            Act::Kubectl(words) => words.clone(),
            Act::Apply(text) => {
                self.manifests.clone_from(text);
                ["apply", "-f", FILE].map(str::to_owned).to_vec()
            }
        };
        let printed = kubectl::run(self, &words);
        let at = step.at;
        match &step.error {
            Some(error) if !like(error.trim_end(), printed.err.trim_end()) => {
                self.unmet.push(format!("the step at {at:?}: want the error {error:?}, got {:?}", printed.err));
            }
            None if printed.code != 0 => {
                self.unmet.push(format!("the step at {at:?} failed: {}", printed.err));
            }
            _ => {}
        }
    }

    /// Looks at everything that is not decided.
    fn look(&mut self) {
        let now = self.cluster.now().since(self.zero);
        for (e, state) in &mut self.open {
            let (from, to) = match e.when {
                When::At(at) => (at, at),
                When::Within(_, to) => (Duration::ZERO, to),
                When::By(from, to) | When::Always(from, to) | When::Never(from, to) => (from, to),
            };
            let State::Open(last) = state else { continue };
            if now < from || now > to {
                continue;
            }
            let holds = e.check.holds(&mut self.cluster, self.seen);
            let fail = match (&holds, e.when) {
                (Ok(()), When::Within(from, _)) if now < from => format!("too early: at {now:?}"),
                (Ok(()), When::Never(..)) => format!("it came about at {now:?}"),
                (Err(is), When::Always(..)) => format!("at {now:?}: {is}"),
                (Ok(()), When::By(..) | When::Within(..) | When::At(_)) => String::new(),
                (Err(is), _) => {
                    last.clone_from(is);
                    continue;
                }
                (Ok(()), When::Always(..)) => continue,
            };
            if !fail.is_empty() {
                self.unmet.push(format!("{}: {fail}", e.said));
            }
            *state = State::Decided;
        }
        self.seen = self.cluster.trace.last_seq();
    }
}

impl Host for Stage<'_> {
    fn ask(&mut self, request: Request) -> Answer {
        self.run_until(self.cluster.now() + REQUEST);
        let answer = self.cluster.request(&request);
        self.look();
        answer
    }

    fn pass(&mut self, time: Duration) {
        self.run_until(self.cluster.now() + time);
    }

    fn files(&self, path: &str, _: bool) -> Option<Vec<(String, String)>> {
        (path == FILE).then(|| vec![(path.to_owned(), self.manifests.clone())])
    }

    fn tables(&self) -> &Tables {
        self.cluster.tables()
    }

    fn wall(&self) -> Wall {
        self.cluster.wall()
    }
}

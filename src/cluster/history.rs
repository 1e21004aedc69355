//! A cluster with its past: checkpoints, inputs, seek, undo.
//!
//! A checkpoint is a clone, which is a handful of pointers; what lies between two of them is replayed. An input is
//! recorded with the number of turns that came before it, so that a replay puts it at exactly the same place.

use super::{Cluster, Config, Connect, Connected, Input};
use crate::apimachinery::Status;
use crate::apiserver::wire::{Answer, Method, Request};
use crate::sim::{Duration, Time};
use std::collections::BTreeMap;

/// A checkpoint is made after as many turns as there are objects, but no sooner than this: a bigger cluster's take longer
/// to replay, but each of them keeps more of what has changed since.
const EVERY_STEPS: usize = 1_000;
/// How many objects all checkpoints together may have, and how many are kept in any case, before every second of the
/// older half goes.
const KEEP_OBJECTS: usize = 400_000;
const KEEP: std::ops::RangeInclusive<usize> = 8..=240;

#[derive(Clone, Debug)]
pub struct Recorded {
    pub at: Time,
    /// Turns taken before it.
    pub steps: u64,
    pub input: Input,
    /// What the user did it for; inputs of one action share a number and are undone together.
    pub action: u64,
    pub label: String,
}

/// The present, and how it came about.
pub struct History {
    cluster: Cluster,
    /// The newest instant that was reached.
    head: Time,
    checkpoints: BTreeMap<(Time, u64), Cluster>,
    inputs: Vec<Recorded>,
    /// Inputs up to here have happened in `cluster`.
    done: usize,
    undone: Vec<Vec<Recorded>>,
    actions: u64,
}

impl History {
    pub fn new(config: Config) -> History {
        let cluster = Cluster::new(config);
        let mut history = History {
            head: cluster.now(),
            checkpoints: BTreeMap::new(),
            inputs: Vec::new(),
            done: 0,
            undone: Vec::new(),
            actions: 0,
            cluster,
        };
        history.checkpoint();
        history
    }

    /// The same inputs at the same places, up to `now`.
    pub fn replay(config: Config, inputs: Vec<Recorded>, now: Time) -> History {
        let mut history = History::new(config);
        history.actions = inputs.iter().map(|i| i.action).max().unwrap_or(0);
        history.inputs = inputs;
        history.run_until(now);
        history
    }

    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    pub fn head(&self) -> Time {
        self.head
    }

    pub fn is_live(&self) -> bool {
        self.cluster.now() >= self.head
    }

    /// Those of the inputs that have happened at this moment.
    pub fn past_inputs(&self) -> &[Recorded] {
        &self.inputs[..self.done]
    }

    pub fn inputs(&self) -> &[Recorded] {
        &self.inputs
    }

    fn checkpoint(&mut self) {
        self.checkpoints.insert((self.cluster.now(), self.cluster.steps), self.cluster.clone());
        let keep = (KEEP_OBJECTS / self.cluster.tables().len().max(1)).clamp(*KEEP.start(), *KEEP.end());
        if self.checkpoints.len() > keep {
            let old: Vec<_> = self.checkpoints.keys().copied().take(keep / 2).skip(1).step_by(2).collect();
            for key in old {
                self.checkpoints.remove(&key);
            }
        }
    }

    fn checkpoint_if_due(&mut self) {
        let (_, steps) = *self.checkpoints.keys().next_back().expect("the first one is never dropped");
        let every = self.cluster.tables().len().max(EVERY_STEPS) as u64;
        if self.cluster.steps >= steps + every {
            self.checkpoint();
        }
    }

    /// The next recorded input, if it comes before the next event of the agenda.
    fn input_is_next(&self) -> Option<&Recorded> {
        self.inputs.get(self.done).filter(|i| i.steps <= self.cluster.steps)
    }

    /// One turn, or one recorded input when the past is being replayed; whether there was one up to `until`.
    pub fn step(&mut self, until: Time) -> bool {
        if let Some(next) = self.input_is_next().filter(|i| i.at <= until) {
            let (at, input) = (next.at, next.input.clone());
            self.cluster.now = at.max(self.cluster.now);
            self.cluster.input(&input);
            self.done += 1;
            return true;
        }
        if self.cluster.next_at().is_none_or(|at| at > until) {
            return false;
        }
        self.cluster.step();
        self.head = self.head.max(self.cluster.now());
        self.checkpoint_if_due();
        true
    }

    /// Runs until `until`; what was undone stays undone.
    pub fn run_until(&mut self, until: Time) {
        while self.step(until) {}
        self.arrive(until);
    }

    /// As the cluster's own, with the same steps.
    pub fn run_until_settled(&mut self, quiet: Duration, limit: Duration) -> bool {
        let begin = self.cluster.now();
        let end = begin + limit;
        loop {
            let still_at = self.cluster.last_change().max(begin) + quiet;
            if !self.step(still_at.min(end)) {
                self.arrive(still_at.min(end));
                return still_at <= end;
            }
        }
    }

    /// Lets the clock stand at `until` where nothing is due before.
    pub fn arrive(&mut self, until: Time) {
        self.cluster.now = self.cluster.now.max(until);
        self.head = self.head.max(self.cluster.now());
    }

    /// A new action of the user; the inputs that follow belong to it. What lay in the future is forgotten.
    pub fn begin_action(&mut self) -> u64 {
        self.undone.clear();
        self.actions += 1;
        self.actions
    }

    /// Something from outside, now.
    pub fn input(&mut self, action: u64, label: &str, input: Input) -> Option<Answer> {
        self.record(action, label, input.clone());
        self.cluster.input(&input)
    }

    /// Something is done inside a pod, now.
    pub fn connect(&mut self, action: u64, connect: Connect) -> Result<Connected, Status> {
        self.record(action, &connect.to_string(), Input::Connect(connect.clone()));
        self.cluster.connect(&connect)
    }

    fn record(&mut self, action: u64, label: &str, input: Input) {
        self.forget_future();
        let (at, steps) = (self.cluster.now(), self.cluster.steps);
        self.inputs.push(Recorded { at, steps, input, action, label: label.to_owned() });
        self.done = self.inputs.len();
    }

    /// Reads change nothing, so they are no part of history.
    pub fn read(&mut self, request: &Request) -> Answer {
        debug_assert_eq!(request.method, Method::Get, "everything else is an input");
        self.cluster.request(request)
    }

    fn forget_future(&mut self) {
        self.inputs.truncate(self.done);
        let now = (self.cluster.now(), self.cluster.steps);
        self.checkpoints.split_off(&(now.0, now.1 + 1));
        self.head = self.cluster.now();
    }

    /// The state at `to`: the nearest checkpoint before it, and a replay from there.
    pub fn seek(&mut self, to: Time) {
        self.restore(to, u64::MAX, usize::MAX);
        self.run_until(to);
    }

    /// Goes back to a checkpoint not after that place, with only the first `inputs` inputs done.
    fn restore(&mut self, to: Time, steps: u64, inputs: usize) {
        let done_at =
            |c: &Cluster| self.inputs.iter().take(inputs).take_while(|i| (i.at, i.steps) < (c.now(), c.steps)).count();
        let (_, found) = self.checkpoints.range(..=(to, steps)).next_back().expect("the first one is never dropped");
        let (found, done) = (found.clone(), done_at(found));
        self.done = done;
        self.cluster = found;
    }

    /// Takes back the last action: the state just before it. Its label.
    pub fn undo(&mut self) -> Option<String> {
        let action = self.inputs.get(..self.done)?.last()?.action;
        let first = self.inputs.iter().position(|i| i.action == action)?;
        let mut taken = self.inputs.split_off(first);
        taken.retain(|i| i.action == action);
        let (at, steps) = (taken[0].at, taken[0].steps);
        let label = taken[0].label.clone();
        self.checkpoints.split_off(&(at, steps + 1));
        self.restore(at, steps, first);
        while self.cluster.steps < steps || self.done < first {
            if !self.step(at) {
                break;
            }
        }
        self.arrive(at);
        self.head = at;
        self.undone.push(taken);
        Some(label)
    }

    /// Does again what was undone last, now.
    pub fn redo(&mut self) -> Option<String> {
        let taken = self.undone.pop()?;
        let label = taken.first()?.label.clone();
        for r in taken {
            self.input(r.action, &r.label, r.input);
        }
        Some(label)
    }

    pub fn can_undo(&self) -> bool {
        self.done > 0
    }

    pub fn can_redo(&self) -> bool {
        !self.undone.is_empty()
    }
}

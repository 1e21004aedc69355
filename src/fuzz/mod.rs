//! Random work and faults on a cluster, then healing: what must never happen, and what must come about.
//!
//! One seed is one run, the same every time. A seed that breaks something goes into `tests/fuzz/seeds.txt`.

mod invariants;
mod work;

use crate::cluster::{Cluster, Config, Fault, Input};
use crate::sim::{Duration, Stream};
use invariants::Watchman;
use std::fmt;

/// What a seed chose.
#[derive(Clone, PartialEq, Debug)]
pub struct Options {
    pub seed: u64,
    pub nodes: usize,
    pub steps: usize,
    /// Which kinds of trouble there are: some seeds have all, some none, so that each is met alone too.
    pub node_faults: bool,
    pub pod_deletions: bool,
    pub bad_images: bool,
    pub cordons: bool,
    pub taints: bool,
}

impl Options {
    pub fn of(seed: u64) -> Options {
        let mut s = Stream::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x6b75_6261);
        let mut coin = |percent: u64| s.below(100) < percent;
        Options {
            seed,
            node_faults: coin(50),
            pod_deletions: coin(60),
            bad_images: coin(40),
            cordons: coin(40),
            taints: coin(25),
            nodes: 2 + s.below(4) as usize,
            steps: 8 + s.below(25) as usize,
        }
    }
}

/// What broke, and when.
#[derive(Clone, PartialEq, Debug)]
pub struct Broken {
    pub options: Options,
    pub at: String,
    pub what: String,
    /// What had been done until then.
    pub story: Vec<String>,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {} broke at {}: {}", self.options.seed, self.at, self.what)?;
        writeln!(f, "{:?}", self.options)?;
        self.story.iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}

/// Healing takes at most this: a back-off of five minutes, an eviction after five, a progress deadline.
const HEAL: Duration = Duration::from_secs(45 * 60);
const QUIET: Duration = Duration::from_secs(400);

/// One run. Ok: the trace's hash.
///
/// Errors: the first invariant that did not hold.
pub fn run(seed: u64) -> Result<u64, Box<Broken>> {
    let options = Options::of(seed);
    let mut cluster = Cluster::new(Config::with_nodes(options.nodes).seed(seed));
    let mut worker = work::Worker::new(&options);
    let mut watchman = Watchman::default();
    let broken = |cluster: &Cluster, worker: &work::Worker, what: String| {
        let (options, at) = (options.clone(), cluster.now().to_string());
        Box::new(Broken { options, at, what, story: worker.story.clone() })
    };
    cluster.run_for(Duration::from_secs(10));
    for _ in 0..options.steps {
        worker.act(&mut cluster);
        let until = cluster.now() + worker.pause();
        while cluster.next_at().is_some_and(|at| at <= until) {
            for _ in 0..50 {
                if cluster.next_at().is_none_or(|at| at > until) || !cluster.step() {
                    break;
                }
            }
            watchman.look(&cluster).map_err(|e| broken(&cluster, &worker, e))?;
        }
        cluster.run_until(until);
    }
    worker.heal(&mut cluster);
    if !cluster.run_until_settled(QUIET, HEAL) {
        return Err(broken(&cluster, &worker, "it does not come to rest".to_owned()));
    }
    watchman.look(&cluster).map_err(|e| broken(&cluster, &worker, e))?;
    invariants::converged(&cluster).map_err(|e| broken(&cluster, &worker, e))?;
    fixpoint(&mut cluster).map_err(|e| broken(&cluster, &worker, e))?;
    Ok(cluster.hash())
}

/// In a settled cluster, syncing every key of every controller writes nothing.
pub fn fixpoint(cluster: &mut Cluster) -> Result<(), String> {
    let from = cluster.trace.last_seq();
    cluster.sync_everything();
    cluster.run_for(Duration::from_secs(1));
    let written = cluster.trace.since(from).find_map(|e| match &e.what {
        crate::client::What::Call { actor, verb, kind, key, rev, .. }
            if *rev > 0 && cluster.kubelet(actor).is_none() =>
        {
            Some(format!("{actor} wrote in a settled cluster: {verb:?} {kind:?} {key}"))
        }
        _ => None,
    });
    written.map_or(Ok(()), Err)
}

fn fault(cluster: &mut Cluster, fault: Fault) {
    cluster.input(&Input::Fault(fault));
}

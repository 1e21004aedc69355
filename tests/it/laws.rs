//! Laws of the whole cluster: it comes to rest, at rest nothing is written, and no seed of the fuzzer breaks it.

use kubarium::api::KindId;
use kubarium::cluster::{Cluster, Config};
use kubarium::fuzz;
use kubarium::session::Session;
use kubarium::session::protocol::{File, Request};
use kubarium::sim::{Duration, Time};
use libtest_mimic::{Failed, Trial};

/// So many seeds a trial, and so many trials: CI looks at 300 seeds, each time the same.
const SEEDS: u64 = 300;
const EACH: u64 = 10;

/// Seeds that once broke something, one a line, with a word of story.
const OLD: &str = include_str!("../fuzz/seeds.txt");

pub(crate) fn trials() -> Vec<Trial> {
    let mut all = vec![
        Trial::test("laws::an empty cluster at rest writes nothing", at_rest_when_empty),
        Trial::test("laws::a settled Deployment writes nothing", at_rest_with_work),
        Trial::test("laws::every kind of workload settled writes nothing", at_rest_with_every_workload),
    ];
    for first in (1..=SEEDS).step_by(EACH as usize) {
        let name = format!("laws::fuzz seeds {first} to {}", first + EACH - 1);
        all.push(Trial::test(name, move || (first..first + EACH).try_for_each(seed)));
    }
    for line in OLD.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let number: u64 =
            line.split_whitespace().next().and_then(|n| n.parse().ok()).expect("a line begins with a seed");
        all.push(Trial::test(format!("laws::fuzz {line}"), move || seed(number)));
    }
    all
}

fn seed(n: u64) -> Result<(), Failed> {
    fuzz::run(n).map(|_| ()).map_err(|broken| broken.to_string().into())
}

fn at_rest_when_empty() -> Result<(), Failed> {
    let mut c = Cluster::new(Config::default());
    c.run_for(Duration::from_secs(60));
    Ok(fuzz::fixpoint(&mut c)?)
}

fn at_rest_with_work() -> Result<(), Failed> {
    let mut c = applied(include_str!("../manifests/nginx-deployment.yaml"), 120);
    if c.tables().count(KindId::Pod) != 5 {
        return Err("the Deployment has not its five pods".into());
    }
    Ok(fuzz::fixpoint(&mut c)?)
}

fn at_rest_with_every_workload() -> Result<(), Failed> {
    // Half a minute after the CronJob's second turn.
    let mut c = applied(include_str!("../manifests/workloads.yaml"), 150);
    for (kind, least) in [(KindId::Pod, 11), (KindId::Job, 4), (KindId::PersistentVolume, 2)] {
        let there = c.tables().count(kind);
        if there < least {
            return Err(format!("{there} {kind:?}s, {least} at least are expected").into());
        }
    }
    Ok(fuzz::fixpoint(&mut c)?)
}

/// What has become of a cluster so many seconds after it was given the manifests.
fn applied(text: &str, seconds: i64) -> Cluster {
    let mut s = Session::new("test", || 0.0);
    s.history_mut().run_until(Time::from_secs(5));
    s.handle(Request::Apply {
        id: 1,
        files: vec![File { name: "web.yaml".to_owned(), text: text.to_owned() }],
        dry_run: false,
    });
    s.history_mut().run_until(Time::from_secs(seconds));
    s.history().cluster().clone()
}

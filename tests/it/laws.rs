//! Laws of the whole cluster: it comes to rest, at rest nothing is written, and no seed of the fuzzer breaks it.

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
    let mut s = Session::new("test", || 0.0);
    s.history_mut().run_until(Time::from_secs(5));
    let text = include_str!("../manifests/nginx-deployment.yaml").to_owned();
    s.handle(Request::Apply { id: 1, files: vec![File { name: "web.yaml".to_owned(), text }], dry_run: false });
    s.history_mut().run_until(Time::from_secs(120));
    let mut c = s.history().cluster().clone();
    if c.tables().count(kubarium::api::KindId::Pod) != 5 {
        return Err("the Deployment has not its five pods".into());
    }
    Ok(fuzz::fixpoint(&mut c)?)
}

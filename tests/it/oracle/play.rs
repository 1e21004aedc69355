//! A cluster that plays a case: its commands, its faults, its clock, and every write on the way.

use kubarium::api::core::Pod;
use kubarium::api::{KindId, Object};
use kubarium::apimachinery::Value;
use kubarium::apimachinery::time::Time as Wall;
use kubarium::apiserver::wire::{Answer, Request};
use kubarium::apiserver::{Tables, WatchEvent};
use kubarium::cluster::{Cluster, Config, Fault, Input};
use kubarium::kubectl::{self, Host, Printed};
use kubarium::sim::{Duration, Time};
use std::collections::BTreeMap;

/// What one request takes.
const REQUEST: Duration = Duration::from_millis(20);

/// Between two commands of a sitting.
const START: Duration = Duration::from_millis(200);

/// A write, and when it came.
pub(super) struct Seen {
    pub at: Time,
    pub event: WatchEvent,
}

pub(super) struct Player {
    pub cluster: Cluster,
    files: BTreeMap<String, String>,
    pub log: Vec<Seen>,
    seen: u64,
}

impl Player {
    /// The cluster of the recordings, five seconds after it began.
    pub fn new(case: &Value) -> Player {
        let nodes = case["nodes"].as_u64().unwrap_or(3) as usize;
        let mut cluster = Cluster::new(Config::with_nodes(nodes).seed(1));
        cluster.run_for(Duration::from_secs(5));
        let seen = cluster.server.store.rev();
        Player { cluster, files: BTreeMap::new(), log: Vec::new(), seen }
    }

    pub fn advance(&mut self, time: Duration) {
        let end = self.cluster.now() + time;
        while self.cluster.next_at().is_some_and(|at| at <= end) {
            self.cluster.step();
            self.collect();
        }
        self.cluster.run_until(end);
    }

    fn collect(&mut self) {
        let (at, rev) = (self.cluster.now(), self.cluster.server.store.rev());
        if rev == self.seen {
            return;
        }
        let events = self.cluster.server.store.since(self.seen).expect("it is read after every turn");
        self.log.extend(events.map(|e| Seen { at, event: e.clone() }));
        self.seen = rev;
    }

    pub fn write_files(&mut self, step: &Value) {
        for (name, text) in step["files"].as_object().into_iter().flatten() {
            self.files.insert(name.clone(), text.as_str().unwrap_or_default().to_owned());
        }
    }

    /// One line of commands.
    pub fn run(&mut self, line: &str) -> Printed {
        let mut all = Printed::default();
        let mut parts = vec![Vec::new()];
        for word in kubectl::words(line) {
            match word.as_str() {
                "&&" => parts.push(Vec::new()),
                _ => parts.last_mut().expect("never empty").push(word),
            }
        }
        for words in parts {
            self.advance(START);
            let printed = kubectl::run(self, words.get(1..).unwrap_or_default());
            all.out.push_str(&printed.out);
            all.err.push_str(&printed.err);
            all.code = printed.code;
            if all.code != 0 {
                break;
            }
        }
        all
    }

    pub fn fault(&mut self, fault: Fault) {
        self.cluster.input(&Input::Fault(fault));
        self.collect();
    }

    pub fn pods(&self) -> impl Iterator<Item = &Pod> {
        self.cluster.tables().list::<Pod>(None).map(|p| &**p)
    }

    /// Owners and hashes of what has a template, in order of creation.
    pub fn hashes(&self) -> Vec<(String, String)> {
        let tables = self.cluster.tables();
        let all = [KindId::ReplicaSet, KindId::ControllerRevision].into_iter().flat_map(|k| tables.objects(k, None));
        let mut found: Vec<_> = all.filter_map(|(_, o)| hash_of(o)).collect();
        found.sort();
        found.into_iter().map(|(.., owner, hash)| (owner, hash)).collect()
    }
}

type Hashed = (i64, i64, String, String, String);

fn hash_of(o: &Object) -> Option<Hashed> {
    let meta = o.meta();
    let label = super::masks::HASH_LABELS.iter().find_map(|l| meta.labels.get(l))?;
    let hash = label.rsplit('-').next().unwrap_or_default().to_owned();
    let revision = meta.annotations.get("deployment.kubernetes.io/revision").and_then(|r| r.parse().ok());
    let owner = meta.name.strip_suffix(&format!("-{hash}")).unwrap_or(&meta.name).to_owned();
    Some((meta.creation_timestamp.unix(), revision.unwrap_or(0), meta.name.to_string(), owner, hash))
}

impl Host for Player {
    fn ask(&mut self, request: Request) -> Answer {
        self.advance(REQUEST);
        let answer = self.cluster.request(&request);
        self.collect();
        answer
    }

    fn pass(&mut self, time: Duration) {
        self.advance(time);
    }

    fn files(&self, path: &str, recursive: bool) -> Option<Vec<(String, String)>> {
        if let Some(text) = self.files.get(path) {
            return Some(vec![(path.to_owned(), text.clone())]);
        }
        let folder = format!("{}/", path.trim_end_matches('/'));
        let is_manifest = |name: &str| [".yaml", ".yml", ".json"].iter().any(|e| name.ends_with(e));
        let inside: Vec<(String, String)> = self
            .files
            .iter()
            .filter(|(name, _)| is_manifest(name))
            .filter(|(name, _)| name.strip_prefix(&folder).is_some_and(|rest| recursive || !rest.contains('/')))
            .map(|(n, t)| (n.clone(), t.clone()))
            .collect();
        (!inside.is_empty()).then_some(inside)
    }

    fn tables(&self) -> &Tables {
        self.cluster.tables()
    }

    fn wall(&self) -> Wall {
        self.cluster.wall()
    }
}

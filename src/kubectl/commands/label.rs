//! `kubectl label` and `kubectl annotate`.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/cmd/{label/label,annotate/annotate}.go
//! Differs: checks no label values before the server does.

use super::{each, say, write};
use crate::apimachinery::Value;
use crate::kubectl::Printed;
use crate::kubectl::args::Args;
use crate::kubectl::failure::Failure;
use crate::kubectl::host::{self, Host, MERGE};
use crate::kubectl::resource::items;
use serde_json::{Map, json};

/// The two commands differ in words only.
pub(super) struct Words {
    field: &'static str,
    what: &'static str,
    manager: &'static str,
    done: &'static str,
    undone: &'static str,
    idle: &'static str,
}

pub(super) const LABELS: Words = Words {
    field: "labels",
    what: "label",
    manager: "kubectl-label",
    done: "labeled",
    undone: "unlabeled",
    idle: "not labeled",
};
pub(super) const ANNOTATIONS: Words = Words {
    field: "annotations",
    what: "annotation",
    manager: "kubectl-annotate",
    done: "annotated",
    undone: "annotated",
    idle: "annotated",
};

pub(super) fn run(host: &mut dyn Host, args: &Args, p: &mut Printed, words: &Words) -> Result<(), Failure> {
    let is_pair = |w: &&String| w.contains('=') || w.ends_with('-');
    let pairs: Vec<&String> = args.words[1..].iter().filter(is_pair).collect();
    let mut named = args.clone();
    named.words.retain(|w| !is_pair(&w));
    if named.words.len() < 2 && args.flag("filename").is_none() {
        return Err(Failure::own("one or more resources must be specified as <resource> <name> or <resource>/<name>"));
    }
    if pairs.is_empty() {
        return Err(Failure::own(format!("at least one {} update is required", words.what)));
    }
    let items = items(host, &named, 1)?;
    each(&items, |item| {
        let before = host::get(host, item.kind, &item.namespace, &item.name)?;
        let has = |key: &str| before["metadata"][words.field].get(key).and_then(Value::as_str);
        let (mut change, mut taken) = (Map::new(), Vec::new());
        for pair in &pairs {
            match pair.split_once('=') {
                Some((key, value)) => {
                    if let Some(old) = has(key).filter(|old| *old != value && !args.is("overwrite")) {
                        taken.push(Failure::own(match words.what {
                            "label" => format!("'{key}' already has a value ({old}), and --overwrite is false"),
                            _ => format!("--overwrite is false but found the following declared annotation(s): '{key}' already has a value ({old})"),
                        }));
                    }
                    change.insert(key.to_owned(), value.into());
                }
                None => {
                    let key = pair.trim_end_matches('-');
                    if has(key).is_none() {
                        p.out.push_str(&format!("{} \"{key}\" not found.\n", words.what));
                    }
                    change.insert(key.to_owned(), Value::Null);
                }
            }
        }
        Failure::of(taken)?;
        change.retain(|key, value| has(key) != value.as_str());
        let done = match (change.is_empty(), change.values().all(Value::is_null)) {
            (true, _) => words.idle,
            (_, true) => words.undone,
            _ => words.done,
        };
        let body = if change.is_empty() { json!({}) } else { json!({"metadata": {words.field: change}}) };
        write(host, args, p, host::patch(&item.path(), MERGE, &body), words.manager)?;
        say(p, args, item, done);
        Ok(())
    })
}

//! The file of a scenario, read strictly: a key that nobody knows is an error.

use super::check::Check;
use super::{Act, Expectation, Scenario, Step, When};
use crate::apimachinery::time::parse_duration;
use crate::apimachinery::{Str, Value};
use crate::cluster::{Fault, machine};
use crate::kubectl::words;
use crate::sim::Duration;

type Map = serde_json::Map<String, Value>;

/// Nobody waits longer for what may come about.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 3600);

pub(super) fn scenario(text: &str) -> Result<Scenario, String> {
    let value: Value = serde_yaml::from_str(text).map_err(|e| e.to_string())?;
    let top = map(&value, "a scenario")?;
    known(top, &["about", "cluster", "steps", "expect", "actors", "timeline", "known_failure"], "a scenario")?;
    let null = Value::Null;
    let get = |k: &str| top.get(k).unwrap_or(&null);
    let cluster = match get("cluster") {
        Value::Null => Map::new(),
        v => map(v, "cluster")?.clone(),
    };
    known(&cluster, &["nodes", "seed"], "cluster")?;
    let number = |k: &str, default: u64| match cluster.get(k) {
        None => Ok(default),
        Some(v) => v.as_u64().ok_or(format!("cluster.{k}: {v} is no number")),
    };
    let list = |k: &str| match get(k) {
        Value::Null => Ok(Vec::new()),
        Value::Array(list) => Ok(list.clone()),
        other => Err(format!("{k}: {other} is no list")),
    };
    let each = |k: &str, n: usize, e: String| format!("{k}[{n}]: {e}");
    let mut steps = Vec::new();
    for (n, v) in list("steps")?.iter().enumerate() {
        steps.push(step(v).map_err(|e| each("steps", n, e))?);
    }
    steps.sort_by_key(|s| s.at);
    let mut expect = Vec::new();
    for (n, v) in list("expect")?.iter().enumerate() {
        expect.push(expectation(v).map_err(|e| each("expect", n, e))?);
    }
    let text = |k: &str| get(k).as_str().map(str::to_owned);
    let timeline = text("timeline");
    if expect.is_empty() && timeline.is_none() {
        return Err("it expects nothing".to_owned());
    }
    Ok(Scenario {
        about: text("about").ok_or("about: one sentence is missing")?,
        nodes: number("nodes", 3)? as usize,
        seed: number("seed", 1)?,
        steps,
        expect,
        actors: list("actors")?.iter().filter_map(|a| a.as_str().map(str::to_owned)).collect(),
        timeline,
        known_failure: text("known_failure"),
    })
}

fn map<'a>(v: &'a Value, what: &str) -> Result<&'a Map, String> {
    v.as_object().ok_or_else(|| format!("{what} is a mapping, not {v}"))
}

fn known(map: &Map, keys: &[&str], what: &str) -> Result<(), String> {
    match map.keys().find(|k| !keys.contains(&k.as_str())) {
        None => Ok(()),
        Some(k) => Err(format!("{what} has no `{k}`: it may have {}", keys.join(", "))),
    }
}

fn duration(v: &Value) -> Result<Duration, String> {
    let text = v.as_str().ok_or_else(|| format!("{v} is no duration, such as 1m30s"))?;
    let nanos = parse_duration(text).map_err(|e| e.to_string())?;
    u64::try_from(nanos).map(Duration::from_nanos).map_err(|_| format!("{text} is less than nothing"))
}

/// `10s..1m`.
fn span(v: &Value) -> Result<(Duration, Duration), String> {
    let text = v.as_str().unwrap_or_default();
    let (from, to) = text.split_once("..").ok_or_else(|| format!("{v} is no span, such as 10s..1m"))?;
    let end = if to.is_empty() { FOREVER } else { duration(&to.into())? };
    Ok((duration(&from.into())?, end))
}

fn step(v: &Value) -> Result<Step, String> {
    let step = map(v, "a step")?;
    known(step, &["at", "apply", "kubectl", "fault", "error"], "a step")?;
    let at = duration(step.get("at").ok_or("`at` is missing")?)?;
    let mut acts = Vec::new();
    if let Some(text) = step.get("apply") {
        acts.push(Act::Apply(text.as_str().ok_or("apply: text is expected")?.to_owned()));
    }
    if let Some(line) = step.get("kubectl") {
        acts.push(Act::Kubectl(words(line.as_str().ok_or("kubectl: a line is expected")?)));
    }
    if let Some(v) = step.get("fault") {
        acts.push(Act::Fault(fault(v)?));
    }
    if acts.len() > 1 {
        return Err("a step does one thing".to_owned());
    }
    let error = step.get("error").and_then(Value::as_str).map(str::to_owned);
    Ok(Step { at, act: acts.pop().unwrap_or(Act::Wait), error })
}

fn fault(v: &Value) -> Result<Fault, String> {
    let fault = map(v, "fault")?;
    let (Some((what, of)), 1) = (fault.iter().next(), fault.len()) else {
        return Err("a fault is one thing".to_owned());
    };
    let node = || of.as_str().map(Str::from).ok_or_else(|| format!("{what}: the name of a node is expected"));
    Ok(match what.as_str() {
        "crash_node" => Fault::NodeDown { node: node()?, down: true },
        "recover_node" => Fault::NodeDown { node: node()?, down: false },
        "restart_kubelet" => Fault::KubeletRestart { node: node()? },
        "remove_node" => Fault::RemoveNode { node: node()? },
        "add_node" => {
            let name = node()?;
            let number = name.strip_prefix("node-").and_then(|n| n.parse().ok());
            Fault::AddNode(machine(number.ok_or("add_node: node-N is expected")?))
        }
        other => {
            return Err(format!(
                "there is no fault `{other}`: crash_node, recover_node, restart_kubelet, remove_node, add_node"
            ));
        }
    })
}

fn expectation(v: &Value) -> Result<Expectation, String> {
    let all = map(v, "an expectation")?;
    let mut what = all.clone();
    let mut take = |k: &str| what.remove(k);
    let after = take("after").map(|v| duration(&v)).transpose()?;
    let (by, at, during) = (take("by"), take("at"), take("during"));
    let (always, never) = (take("always"), take("never"));
    let during = during.map(|v| span(&v)).transpose()?.unwrap_or((Duration::ZERO, FOREVER));
    let (when, check) = match (by, at, always, never) {
        (Some(by), None, None, None) => (When::By(after.unwrap_or_default(), duration(&by)?), Check::parse(&what)?),
        (None, Some(at), None, None) => match at.as_str().is_some_and(|t| t.contains("..")) {
            true => {
                let (from, to) = span(&at)?;
                (When::Within(from, to), Check::parse(&what)?)
            }
            false => (When::At(duration(&at)?), Check::parse(&what)?),
        },
        (None, None, Some(v), None) => (When::Always(during.0, during.1), Check::parse(map(&v, "always")?)?),
        (None, None, None, Some(v)) => (When::Never(during.0, during.1), Check::parse(map(&v, "never")?)?),
        _ => return Err("one of `by`, `at`, `always` and `never` is expected".to_owned()),
    };
    Ok(Expectation { when, check, said: v.to_string() })
}

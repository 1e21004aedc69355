//! Everything that reproduces a session: the seed, the machines, each input with its place, and the hash it came to.

use crate::apimachinery::Value;
use crate::apiserver::wire::{Method, Request};
use crate::cluster::{Config, Fault, History, Input, Recorded};
use crate::sim::Time;
use serde_json::json;
use std::rc::Rc;

pub struct Report {
    build: String,
    config: Config,
    inputs: Vec<Recorded>,
    now: Time,
    /// Of the trace, in hexadecimal.
    pub hash: String,
}

impl Report {
    pub(super) fn of(build: &str, seed: u64, nodes: usize, history: &History) -> Report {
        Report {
            build: build.to_owned(),
            config: Config::with_nodes(nodes).seed(seed),
            inputs: history.inputs().to_vec(),
            now: history.cluster().now(),
            hash: format!("{:016x}", history.cluster().hash()),
        }
    }

    /// The hash that a replay comes to.
    pub fn replay(&self) -> String {
        format!("{:016x}", self.history().cluster().hash())
    }

    /// The session's cluster and past, up to the report.
    pub(super) fn history(&self) -> History {
        History::replay(self.config.clone(), self.inputs.clone(), self.now)
    }

    /// Seed and number of machines.
    pub(super) fn start(&self) -> (u64, usize) {
        (self.config.seed, self.config.machines.len())
    }

    pub(super) fn write(&self) -> String {
        let inputs: Vec<Value> = self
            .inputs
            .iter()
            .map(|i| {
                json!({"ns": i.at.0, "steps": i.steps, "action": i.action, "label": i.label,
                    "input": write_input(&i.input)})
            })
            .collect();
        json!({"kubarium": self.build, "seed": self.config.seed, "nodes": self.config.machines.len(),
            "inputs": inputs, "now": self.now.0, "hash": self.hash})
        .to_string()
    }

    /// Errors: what is missing.
    pub fn read(text: &str) -> Result<Report, String> {
        let v: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
        let number = |v: &Value, k: &str| v[k].as_i64().ok_or_else(|| format!("{k}: a number is missing"));
        let mut inputs = Vec::new();
        for i in v["inputs"].as_array().ok_or("inputs: a list is missing")? {
            inputs.push(Recorded {
                at: Time(number(i, "ns")?),
                steps: number(i, "steps")? as u64,
                action: number(i, "action")? as u64,
                label: i["label"].as_str().unwrap_or_default().to_owned(),
                input: read_input(&i["input"]).ok_or("an input cannot be read")?,
            });
        }
        Ok(Report {
            build: v["kubarium"].as_str().unwrap_or_default().to_owned(),
            config: Config::with_nodes(number(&v, "nodes")? as usize).seed(number(&v, "seed")? as u64),
            inputs,
            now: Time(number(&v, "now")?),
            hash: v["hash"].as_str().unwrap_or_default().to_owned(),
        })
    }
}

fn write_input(input: &Input) -> Value {
    match input {
        Input::Request(r) => json!({"method": format!("{:?}", r.method), "path": r.path, "query": r.query,
            "contentType": r.content_type, "accept": r.accept, "userAgent": r.user_agent,
            "body": String::from_utf8_lossy(&r.body)}),
        Input::Fault(fault) => fault.to_value(),
    }
}

fn read_input(v: &Value) -> Option<Input> {
    let text = |k: &str| v[k].as_str().unwrap_or_default().to_owned();
    if let Some(fault) = Fault::of_value(v) {
        return Some(Input::Fault(fault));
    }
    let method = match v["method"].as_str()? {
        "Get" => Method::Get,
        "Post" => Method::Post,
        "Put" => Method::Put,
        "Patch" => Method::Patch,
        "Delete" => Method::Delete,
        _ => return None,
    };
    let query =
        v["query"].as_array()?.iter().filter_map(|p| Some((p[0].as_str()?.to_owned(), p[1].as_str()?.to_owned())));
    Some(Input::Request(Rc::new(Request {
        method,
        query: query.collect(),
        content_type: text("contentType"),
        accept: text("accept"),
        user_agent: text("userAgent"),
        body: text("body").into_bytes(),
        ..Request::get(v["path"].as_str()?)
    })))
}

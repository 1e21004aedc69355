//! Everything that reproduces a session: the seed, the machines, each input with its place, and the hash it came to.

use crate::api::Key;
use crate::apimachinery::{Str, Value};
use crate::apiserver::wire::{Method, Request};
use crate::cluster::{Config, Connect, Fault, History, Input, Recorded, Stdin};
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
    pub fn of(build: &str, history: &History) -> Report {
        Report {
            build: build.to_owned(),
            config: Config::clone(&history.cluster().config),
            inputs: history.inputs().to_vec(),
            now: history.cluster().now(),
            hash: format!("{:016x}", history.cluster().hash()),
        }
    }

    /// The hash that a replay comes to.
    pub fn replay(&self) -> String {
        format!("{:016x}", self.history().cluster().hash())
    }

    /// All of it once more.
    pub fn history(&self) -> History {
        History::replay(self.config.clone(), self.inputs.clone(), self.now)
    }

    pub fn write(&self) -> String {
        let inputs: Vec<Value> = self
            .inputs
            .iter()
            .map(|i| {
                json!({"ns": i.at.0, "steps": i.steps, "action": i.action, "label": i.label,
                    "input": write_input(&i.input)})
            })
            .collect();
        json!({"kubarium": self.build, "seed": self.config.seed, "nodes": self.config.machines.len(),
            "epoch": self.config.epoch,
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
            config: Config {
                epoch: v["epoch"].as_i64().unwrap_or(Config::default().epoch),
                ..Config::with_nodes(number(&v, "nodes")? as usize).seed(number(&v, "seed")? as u64)
            },
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
        Input::Connect(c) => write_connect(c),
    }
}

fn write_connect(c: &Connect) -> Value {
    let of = |verb: &str, pod: &Key, container: &str| json!({"connect": verb, "namespace": pod.namespace.as_str(), "pod": pod.name.as_str(), "container": container});
    let mut v;
    match c {
        Connect::Exec { pod, container, command, stdin } => {
            v = of("exec", pod, container);
            v["command"] = command.iter().map(|w| w.as_str()).collect();
            match stdin {
                Stdin::Nothing => {}
                Stdin::Text(text) => v["stdin"] = text.as_str().into(),
                Stdin::Terminal => v["terminal"] = true.into(),
            }
        }
        Connect::Type { pod, container, pid, line } => {
            v = of("type", pod, container);
            v["pid"] = (*pid).into();
            v["line"] = line.as_ref().map(|l| l.as_str()).into();
        }
        Connect::Forget { pod, container, pid } => {
            v = of("forget", pod, container);
            v["pid"] = (*pid).into();
        }
        Connect::Http { pod, port, path, agent } => {
            v = of("http", pod, "");
            v["port"] = (*port).into();
            v["path"] = path.as_str().into();
            v["agent"] = agent.as_str().into();
        }
    }
    v
}

fn read_connect(v: &Value) -> Option<Connect> {
    let text = |k: &str| Str::from(v[k].as_str().unwrap_or_default());
    let (pod, container) = (Key::new(text("namespace"), text("pod")), text("container"));
    let pid = u32::try_from(v["pid"].as_u64().unwrap_or(0)).ok()?;
    Some(match v["connect"].as_str()? {
        "exec" => Connect::Exec {
            pod,
            container,
            command: v["command"].as_array()?.iter().filter_map(|w| w.as_str().map(Str::from)).collect(),
            stdin: match v["stdin"].as_str() {
                Some(text) => Stdin::Text(Str::from(text)),
                None if v["terminal"] == true => Stdin::Terminal,
                None => Stdin::Nothing,
            },
        },
        "type" => Connect::Type { pod, container, pid, line: v["line"].as_str().map(Str::from) },
        "forget" => Connect::Forget { pod, container, pid },
        "http" => Connect::Http {
            pod,
            port: u16::try_from(v["port"].as_u64()?).ok()?,
            path: text("path"),
            agent: text("agent"),
        },
        _ => return None,
    })
}

fn read_input(v: &Value) -> Option<Input> {
    if v["connect"].is_string() {
        return read_connect(v).map(Input::Connect);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_inside_a_pod_is_read_as_it_was_written() {
        let (pod, container) = (Key::new("a", "b"), Str::literal("c"));
        let exec = |stdin| Connect::Exec {
            pod: pod.clone(),
            container: container.clone(),
            command: vec![Str::literal("ls"), Str::literal("-l")],
            stdin,
        };
        let line = |line| Connect::Type { pod: pod.clone(), container: container.clone(), pid: 7, line };
        for c in [
            exec(Stdin::Nothing),
            exec(Stdin::Terminal),
            exec(Stdin::Text(Str::literal("x\n"))),
            line(Some(Str::literal("echo"))),
            line(None),
            Connect::Forget { pod: pod.clone(), container: container.clone(), pid: 7 },
            Connect::Http { pod: pod.clone(), port: 80, path: Str::literal("/"), agent: Str::literal("curl") },
        ] {
            assert_eq!(read_connect(&write_connect(&c)), Some(c));
        }
    }
}

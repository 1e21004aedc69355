//! `kubectl create KIND NAME` and `kubectl run`: objects made of flags.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/cmd/create/create_{deployment,configmap,namespace,serviceaccount}.go, pkg/cmd/run
//! Differs: no dry run on the client's side.

use super::create::MANAGER;
use super::{apply, validated, write};
use crate::api::KindId;
use crate::apimachinery::Value;
use crate::apiserver::wire::{Method, Request};
use crate::kubectl::Printed;
use crate::kubectl::args::Args;
use crate::kubectl::failure::Failure;
use crate::kubectl::host::Host;
use crate::kubectl::resource::{path_of, shown};
use serde_json::{Map, json};

/// Makes the object that a generator's flags describe.
type Make = fn(&Args, &str) -> Result<Value, Failure>;

pub(super) fn create(host: &mut dyn Host, args: &Args, p: &mut Printed) -> Result<(), Failure> {
    let what = args.words[1].as_str();
    let (what, make): (_, Make) = match what {
        "deployment" | "deploy" => ("deployment", deployment),
        "configmap" | "cm" => ("configmap", config_map),
        "namespace" | "ns" => ("namespace", |_, name| Ok(bare("Namespace", name))),
        "serviceaccount" | "sa" => ("serviceaccount", |_, name| Ok(bare("ServiceAccount", name))),
        other => {
            return Err(Failure::own(format!(
                "Unexpected args: [{other}]\nSee 'kubectl create -h' for help and examples"
            )));
        }
    };
    let Some(name) = args.words.get(2) else {
        return Err(Failure::own(format!(
            "exactly one NAME is required, got 0\nSee 'kubectl create {what} -h' for help and examples"
        )));
    };
    let value = make(args, name)?;
    store(host, args, p, value, MANAGER).map_err(|e| match e {
        Failure::Status(_) => Failure::own(format!("failed to create {what}: {}", e.message())),
        _ => e,
    })
}

fn bare(kind: &str, name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}})
}

fn store(host: &mut dyn Host, args: &Args, p: &mut Printed, mut value: Value, manager: &str) -> Result<(), Failure> {
    let text = |k: &str| value[k].as_str().unwrap_or_default();
    let kind =
        KindId::by_api_version(text("apiVersion"), text("kind")).expect("a generator makes a kind that is known");
    if kind.info().namespaced {
        value["metadata"]["namespace"] = args.namespace().into();
    }
    if args.is("save-config") {
        value = apply::with_last_applied(&value);
    }
    let request = Request::with(Method::Post, &path_of(kind, args.namespace(), ""), &value);
    let made = write(host, args, p, validated(args, request)?, manager)?;
    let name = made.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    p.out.push_str(&format!("{}/{name} created{}\n", shown(kind), args.suffix()));
    Ok(())
}

/// The last part of an image's name, without its tag.
fn base(image: &str) -> String {
    let name = image.rsplit('/').next().unwrap_or_default();
    let name = name.split(['@', ':']).next().unwrap_or_default();
    name.replace('_', "-")
}

fn deployment(args: &Args, name: &str) -> Result<Value, Failure> {
    let images = args.all("image");
    if images.is_empty() {
        return Err(Failure::own("required flag(s) \"image\" not set"));
    }
    let port = args.number("port")?;
    let containers: Vec<Value> = images
        .iter()
        .map(|image| {
            let mut c = json!({"name": base(image), "image": image, "resources": {}});
            if !args.rest.is_empty() {
                c["command"] = json!(args.rest);
            }
            if let Some(port) = port {
                c["ports"] = json!([{"containerPort": port}]);
            }
            c
        })
        .collect();
    let labels = json!({"app": name});
    Ok(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": args.number("replicas")?.unwrap_or(1),
            "selector": {"matchLabels": labels},
            "strategy": {},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
        },
    }))
}

fn config_map(args: &Args, name: &str) -> Result<Value, Failure> {
    let mut data = Map::new();
    for pair in args.each("from-literal") {
        let Some((key, value)) = pair.split_once('=') else {
            return Err(Failure::own(format!("invalid literal source {pair}, expected key=value")));
        };
        data.insert(key.to_owned(), value.into());
    }
    let mut v = bare("ConfigMap", name);
    if !data.is_empty() {
        v["data"] = Value::Object(data);
    }
    Ok(v)
}

pub(super) fn run(host: &mut dyn Host, args: &Args, p: &mut Printed) -> Result<(), Failure> {
    let Some(name) = args.words.get(1) else { return Err(Failure::own("NAME is required for run")) };
    let Some(image) = args.flag("image") else { return Err(Failure::own("required flag(s) \"image\" not set")) };
    let mut labels = Map::new();
    for pair in args.all("labels") {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        labels.insert(key.to_owned(), value.into());
    }
    if labels.is_empty() {
        labels.insert("run".to_owned(), name.as_str().into());
    }
    let mut container = json!({"name": name, "image": image, "resources": {}});
    if !args.rest.is_empty() {
        container[if args.is("command") { "command" } else { "args" }] = json!(args.rest);
    }
    if let Some(port) = args.number("port")? {
        container["ports"] = json!([{"containerPort": port}]);
    }
    let env: Vec<Value> = args
        .each("env")
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    if !env.is_empty() {
        container["env"] = Value::Array(env);
    }
    let restart = args.flag("restart").unwrap_or("Always");
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels},
        "spec": {"containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": restart},
    });
    store(host, args, p, pod, "kubectl-run")
}

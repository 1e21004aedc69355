//! `kubectl get`: the server's tables, laid out.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/cmd/get/get.go, cli-runtime/pkg/printers/tableprinter.go
//! Differs: tables and `-o name` only.

use crate::api::KindId;
use crate::apimachinery::Value;
use crate::apiserver::wire::Request;
use crate::kubectl::Printed;
use crate::kubectl::args::Args;
use crate::kubectl::failure::Failure;
use crate::kubectl::host::{self, Host};
use crate::kubectl::resource::{known, path_of, shown};

/// The kinds of `all`, in kubectl's order.
const ALL: &[KindId] = &[
    KindId::Pod,
    KindId::ReplicationController,
    KindId::Service,
    KindId::DaemonSet,
    KindId::Deployment,
    KindId::ReplicaSet,
    KindId::StatefulSet,
    KindId::CronJob,
    KindId::Job,
];
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";

/// What is asked in one request: all of a kind, or one by name.
struct Ask {
    kind: KindId,
    name: String,
}

pub(super) fn run(host: &mut dyn Host, args: &Args, p: &mut Printed) -> Result<(), Failure> {
    let words = &args.words[1..];
    let Some(first) = words.first() else {
        return Err(Failure::own(
            "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported resources.\n",
        ));
    };
    let mut asks = Vec::new();
    if first.contains('/') {
        for word in words {
            let (kind, name) = word.split_once('/').unwrap_or((word, ""));
            asks.push(Ask { kind: known(kind)?, name: name.to_owned() });
        }
    } else {
        for word in first.split(',') {
            let kinds = if word == "all" { ALL.to_vec() } else { vec![known(word)?] };
            for kind in kinds {
                match words[1..].is_empty() {
                    true => asks.push(Ask { kind, name: String::new() }),
                    false => asks.extend(words[1..].iter().map(|name| Ask { kind, name: name.clone() })),
                }
            }
        }
    }
    print(host, args, p, &asks)
}

fn print(host: &mut dyn Host, args: &Args, p: &mut Printed, asks: &[Ask]) -> Result<(), Failure> {
    let is_everywhere = args.is("all-namespaces");
    let namespace = if is_everywhere { "" } else { args.namespace() };
    let mut kinds: Vec<KindId> = Vec::new();
    for ask in asks {
        if !kinds.contains(&ask.kind) {
            kinds.push(ask.kind);
        }
    }
    let (mut failed, mut blocks) = (Vec::new(), Vec::new());
    for kind in &kinds {
        let mut rows = Vec::new();
        let mut columns = Value::Null;
        for ask in asks.iter().filter(|a| a.kind == *kind) {
            let mut request = Request::get(&path_of(*kind, namespace, &ask.name));
            request.accept = TABLE.to_owned();
            for (flag, key) in [("selector", "labelSelector"), ("field-selector", "fieldSelector")] {
                if let Some(value) = args.flag(flag) {
                    request = request.query(key, value);
                }
            }
            match host::send(host, request) {
                Ok((mut table, _)) => {
                    if let Value::Array(more) = table["rows"].take() {
                        rows.extend(more);
                    }
                    columns = table["columnDefinitions"].take();
                }
                Err(e) => failed.push(e),
            }
        }
        if rows.is_empty() {
            continue;
        }
        if args.flag("output") == Some("name") {
            blocks.push(
                rows.iter().map(|r| format!("{}/{}\n", shown(*kind), text(&r["object"]["metadata"]["name"]))).collect(),
            );
            continue;
        }
        let prefix = if kinds.len() > 1 { format!("{}/", shown(*kind)) } else { String::new() };
        blocks.push(table(args, is_everywhere && kind.info().namespaced, &prefix, &columns, &rows));
    }
    if blocks.is_empty() && failed.is_empty() && !args.is("ignore-not-found") {
        let is_namespaced = kinds.iter().any(|k| k.info().namespaced);
        p.err.push_str(&match is_namespaced && !is_everywhere {
            true => format!("No resources found in {namespace} namespace.\n"),
            false => "No resources found\n".to_owned(),
        });
    }
    let between = if args.flag("output") == Some("name") { "" } else { "\n" };
    p.out.push_str(&blocks.join(between));
    Failure::of(failed)
}

fn text(v: &Value) -> String {
    match v {
        Value::String(s) => s.clone(),
        Value::Null => "<none>".to_owned(),
        other => other.to_string(),
    }
}

fn table(args: &Args, with_namespace: bool, prefix: &str, columns: &Value, rows: &[Value]) -> String {
    let is_wide = args.flag("output") == Some("wide");
    let columns: Vec<(usize, &Value)> =
        columns.as_array().into_iter().flatten().enumerate().filter(|(_, c)| is_wide || c["priority"] == 0).collect();
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut head: Vec<String> = columns.iter().map(|(_, c)| text(&c["name"]).to_uppercase()).collect();
    if with_namespace {
        head.insert(0, "NAMESPACE".to_owned());
    }
    if args.is("show-labels") {
        head.push("LABELS".to_owned());
    }
    if !args.is("no-headers") {
        lines.push(head);
    }
    for row in rows {
        let mut cells: Vec<String> = columns.iter().map(|(i, _)| text(&row["cells"][*i])).collect();
        cells[0].insert_str(0, prefix);
        let meta = &row["object"]["metadata"];
        if with_namespace {
            cells.insert(0, text(&meta["namespace"]));
        }
        if args.is("show-labels") {
            let labels: Vec<String> =
                meta["labels"].as_object().into_iter().flatten().map(|(k, v)| format!("{k}={}", text(v))).collect();
            cells.push(if labels.is_empty() { "<none>".to_owned() } else { labels.join(",") });
        }
        lines.push(cells);
    }
    let widths: Vec<usize> =
        (0..lines[0].len()).map(|i| lines.iter().map(|l| l[i].chars().count()).max().unwrap_or(0) + 3).collect();
    let mut out = String::new();
    for line in &lines {
        let (last, others) = line.split_last().expect("a table has columns");
        for (cell, width) in others.iter().zip(&widths) {
            out.push_str(&format!("{cell:<width$}"));
        }
        out.push_str(last);
        out.push('\n');
    }
    out
}

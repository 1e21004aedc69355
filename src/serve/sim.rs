//! `/sim/v1`: the clock, its pace, faults, the trace, snapshots, what the scheduler thinks.

use super::engine::{Driver, Speed, config};
use crate::api::core::Pod;
use crate::api::{Key, KindId};
use crate::apimachinery::{Decoder, Str, Value};
use crate::apiserver::wire::{Answer, Method, Request, Response};
use crate::cluster::{Connect, Fault, History, Input};
use crate::scheduler::NodeTrace;
use crate::session::Report;
use serde_json::json;
use std::time::Duration;

pub(super) fn answer(d: &mut Driver, r: &Request) -> Response {
    let what = r.path.trim_start_matches("/sim/v1/").trim_end_matches('/');
    match (r.method, what) {
        (Method::Get, "clock") => clock(d),
        (Method::Get, "hash") => Response::json(200, &json!({"hash": hash(d)})),
        (Method::Get, "trace") => trace(d, r),
        (Method::Post, "advance") => advance(d, r),
        (Method::Post, "speed") => match r.param("value").parse::<Speed>() {
            Ok(speed) => {
                d.set_speed(speed);
                clock(d)
            }
            Err(e) => bad(&e),
        },
        (Method::Post, "reset") => {
            let seed = r.param("seed").parse().unwrap_or(1);
            let nodes = r.param("nodes").parse().unwrap_or(3);
            d.replace(History::new(config(nodes, seed)));
            clock(d)
        }
        (Method::Post, "inputs") => inputs(d, r),
        (Method::Get, "snapshot") => {
            let body = Report::of(BUILD, &d.history).write().into_bytes();
            Response { code: 200, content_type: "application/json", warnings: Vec::new(), body }
        }
        (Method::Post, "snapshot") => restore(d, r),
        (Method::Get | Method::Post, "schedule") => schedule(d, r),
        (Method::Get, proxied) if proxied.starts_with("proxy/") => proxy(d, r),
        _ => Response::json(404, &json!({"error": format!("there is no /sim/v1/{what}")})),
    }
}

const BUILD: &str = concat!("serve ", env!("CARGO_PKG_VERSION"));

fn hash(d: &Driver) -> String {
    format!("{:016x}", d.cluster().hash())
}

fn bad(why: &str) -> Response {
    Response::json(400, &json!({"error": why}))
}

fn clock(d: &Driver) -> Response {
    let speed = match d.speed {
        Speed::Manual => json!("manual"),
        Speed::Max => json!("max"),
        Speed::Times(n) => json!(n),
    };
    let now = d.cluster().now();
    Response::json(
        200,
        &json!({"seconds": now.as_secs_f64(), "wall": d.cluster().wall().to_string(), "speed": speed,
            "seed": d.cluster().config.seed, "revision": d.cluster().server.store.rev()}),
    )
}

/// `90s`, `1.5s`, `10m`, `250ms`.
fn duration(text: &str) -> Option<Duration> {
    crate::apimachinery::time::parse_duration(text).ok().and_then(|n| u64::try_from(n).ok()).map(Duration::from_nanos)
}

fn advance(d: &mut Driver, r: &Request) -> Response {
    if r.param("until") == "settled" {
        let limit = duration(r.param("for")).unwrap_or(Duration::from_secs(3600));
        let settled = d.history.run_until_settled(Duration::from_secs(15), limit);
        d.jumped();
        return Response::json(200, &json!({"seconds": d.cluster().now().as_secs_f64(), "settled": settled}));
    }
    let Some(by) = duration(r.param("for")) else {
        return bad("advance needs for=DURATION, as in for=30s, or until=settled");
    };
    d.history.run_until(d.cluster().now() + by);
    d.jumped();
    clock(d)
}

/// `{"node": NAME, "down": true|false}`, `{"node": NAME, "restart": true}`, and the other faults as reports write them.
fn inputs(d: &mut Driver, r: &Request) -> Response {
    let Ok(v) = serde_json::from_slice::<Value>(&r.body) else { return bad("the body is no JSON") };
    if let Some(node) = v["node"].as_str().filter(|_| v["add"] != true)
        && d.cluster().kubelet(node).is_none()
    {
        return bad(&format!("there is no machine {node}"));
    }
    let Some(fault) = Fault::of_value(&v) else {
        return bad(
            "an input is {\"node\": NAME} with down, restart, add or remove, {\"pod\": NAMESPACE/NAME} with exit, or \
            with probe and failing, or {\"registry\": {}} with down or times",
        );
    };
    let action = d.history.begin_action();
    d.history.input(action, &fault.to_string(), Input::Fault(fault));
    clock(d)
}

/// The session of a snapshot takes the place of this one; whether it came to the same trace.
fn restore(d: &mut Driver, r: &Request) -> Response {
    let report = match Report::read(&String::from_utf8_lossy(&r.body)) {
        Ok(report) => report,
        Err(e) => return bad(&e),
    };
    d.replace(report.history());
    let hash = hash(d);
    let same = hash == report.hash;
    Response::json(200, &json!({"hash": hash, "same": same, "seconds": d.cluster().now().as_secs_f64()}))
}

/// `GET schedule?pod=ns/name` for a pod that is there, `POST schedule` with a Pod for one that might be.
fn schedule(d: &mut Driver, r: &Request) -> Response {
    let asked = r.param("pod");
    let pod = if r.method == Method::Post {
        match what_if(d, r) {
            Ok(pod) => pod,
            Err(refusal) => return refusal,
        }
    } else {
        let (namespace, name) = asked.split_once('/').unwrap_or(("default", asked));
        match d.cluster().server.get(KindId::Pod, &Key::new(namespace, name)) {
            Ok(object) => Pod::clone(object.downcast::<Pod>().expect("the kind was asked")),
            Err(status) => return Response::of_status(&status),
        }
    };
    let c = d.cluster();
    let told = c.scheduler().explain(c.tables(), &pod, c.wall().unix());
    let waits = c.scheduler().waiting().into_iter().find(|w| w.pod == pod.metadata.key());
    let waits = waits.map(|w| {
        json!({"place": w.place, "since": w.since.as_secs_f64(), "attempts": w.attempts,
        "rejectedBy": w.rejected_by})
    });
    let victims: Vec<String> = told.victims.iter().map(ToString::to_string).collect();
    Response::json(
        200,
        &json!({"pod": pod.metadata.key().to_string(), "boundTo": pod.spec.node_name.as_str(), "queue": waits,
            "nodes": told.nodes.iter().map(node).collect::<Vec<_>>(), "best": words(&told.best),
            "message": told.message, "nominated": told.nominated.as_str(), "victims": victims}),
    )
}

fn words(list: &[Str]) -> Vec<&str> {
    list.iter().map(Str::as_str).collect()
}

fn node(n: &NodeTrace) -> Value {
    if !n.fits() {
        return json!({"node": n.node.as_str(), "rejectedBy": n.rejected_by, "reasons": words(&n.reasons)});
    }
    let score = |s: &crate::scheduler::PluginScore| json!({"plugin": s.plugin, "weight": s.weight, "raw": s.raw, "normalized": s.normalized});
    json!({"node": n.node.as_str(), "scores": n.scores.iter().map(score).collect::<Vec<_>>(), "total": n.total})
}

/// The pod as it would be stored: defaulted and admitted by a dry run in a copy of the cluster.
fn what_if(d: &Driver, r: &Request) -> Result<Pod, Response> {
    let tree: Value = serde_json::from_slice(&r.body).map_err(|_| bad("the body is no JSON"))?;
    let namespace = tree.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or("default");
    let path = format!("/api/v1/namespaces/{namespace}/pods");
    let request = Request::with(Method::Post, &path, &tree).query("dryRun", "All");
    match d.cluster().clone().request(&request) {
        Answer::Whole(made) if made.code == 201 => {
            let tree: Value = serde_json::from_slice(&made.body).expect("an answer is JSON");
            Decoder::new().run(&tree).map_err(|e| bad(&e))
        }
        Answer::Whole(refusal) => Err(refusal),
        _ => unreachable!("a creation is answered whole"),
    }
}

/// `GET proxy/NAMESPACE/POD:PORT/PATH`
fn proxy(d: &mut Driver, r: &Request) -> Response {
    let rest = r.path.trim_start_matches("/sim/v1/proxy/");
    let mut parts = rest.splitn(3, '/');
    let (namespace, at) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let path = format!("/{}", parts.next().unwrap_or_default());
    let (name, port) = at.split_once(':').unwrap_or((at, "80"));
    let Ok(port) = port.parse() else { return bad("the path is proxy/NAMESPACE/POD:PORT/PATH") };
    let agent = Str::from(r.user_agent.as_str());
    d.proxy(Connect::Http { pod: Key::new(namespace, name), port, path: path.into(), agent })
}

/// JSON lines.
fn trace(d: &Driver, r: &Request) -> Response {
    let since = r.param("since").parse().unwrap_or(0);
    let mut out = String::new();
    for e in d.cluster().trace.since(since) {
        let line =
            json!({"seq": e.seq, "seconds": e.time.as_secs_f64(), "cause": e.cause, "what": format!("{:?}", e.what)});
        out.push_str(&line.to_string());
        out.push('\n');
    }
    Response::text(200, out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Config;

    fn driver() -> Driver {
        let mut d = Driver::new(History::new(Config::with_nodes(2)), Speed::Manual);
        d.history.run_until(crate::sim::Time::from_secs(5));
        d
    }

    fn ask(d: &mut Driver, method: Method, path: &str, body: &Value) -> Value {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut r = Request::with(method, path, body);
        r.query = query.split('&').filter_map(|p| p.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect();
        serde_json::from_slice(&answer(d, &r).body).expect("answers are JSON")
    }

    fn pod(name: &str, image: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"containers": [{"name": "main", "image": image}]}})
    }

    fn create(d: &mut Driver, pod: &Value) {
        d.ask(&Request::with(Method::Post, "/api/v1/namespaces/default/pods", pod));
        d.history.run_until(d.cluster().now() + Duration::from_secs(20));
    }

    #[test]
    fn a_snapshot_comes_to_the_same_trace() {
        let mut d = driver();
        create(&mut d, &pod("web", "nginx"));
        ask(&mut d, Method::Post, "/sim/v1/inputs", &json!({"node": "node-1", "down": true}));
        let proxied = ask(&mut d, Method::Get, "/sim/v1/hash", &json!(null));
        let shot = ask(&mut d, Method::Get, "/sim/v1/snapshot", &json!(null));
        ask(&mut d, Method::Post, "/sim/v1/reset?seed=7&nodes=1", &json!(null));
        assert_ne!(ask(&mut d, Method::Get, "/sim/v1/hash", &json!(null)), proxied);
        let restored = ask(&mut d, Method::Post, "/sim/v1/snapshot", &shot);
        assert_eq!((&restored["same"], &restored["hash"]), (&json!(true), &proxied["hash"]));
        assert!(d.cluster().server.get(KindId::Pod, &Key::new("default", "web")).is_ok());
    }

    #[test]
    fn the_scheduler_says_what_it_thinks_of_each_node_and_nothing_happens() {
        let mut d = driver();
        let before = d.cluster().server.store.rev();
        let mut wanted = pod("big", "nginx");
        wanted["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "3"}});
        let fits = ask(&mut d, Method::Post, "/sim/v1/schedule", &wanted);
        assert_eq!(fits["best"], json!(["node-1", "node-2"]));
        let scores = fits["nodes"][0]["scores"].as_array().expect("it is scored");
        let sum: i64 = scores.iter().filter_map(|s| Some(s["weight"].as_i64()? * s["normalized"].as_i64()?)).sum();
        assert_eq!(fits["nodes"][0]["total"], sum);
        wanted["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "5"}});
        let none = ask(&mut d, Method::Post, "/sim/v1/schedule", &wanted);
        assert_eq!(none["nodes"][1]["reasons"], json!(["Insufficient cpu"]));
        assert!(none["message"].as_str().is_some_and(|m| m.starts_with("0/2 nodes are available")));
        assert_eq!(d.cluster().server.store.rev(), before);
    }

    #[test]
    fn a_pods_port_answers_through_the_proxy() {
        let mut d = driver();
        create(&mut d, &pod("web", "nginx"));
        let r = answer(&mut d, &Request::get("/sim/v1/proxy/default/web:80/"));
        assert_eq!((r.code, r.content_type), (200, "text/html"));
        let refused = ask(&mut d, Method::Get, "/sim/v1/proxy/default/web:81/", &json!(null));
        let why = refused["message"].as_str().unwrap_or_default().to_owned();
        assert!(why.starts_with("error trying to reach service: dial tcp 10.244."), "{why}");
        assert!(why.ends_with(":81: connect: connection refused"), "{why}");
    }
}

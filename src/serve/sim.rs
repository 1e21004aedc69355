//! `/sim/v1`: the clock, its pace, faults, the trace.

use super::engine::{Driver, Speed, new_cluster};
use crate::apimachinery::Value;
use crate::apiserver::wire::{Method, Request, Response};
use crate::cluster::{Fault, Input};
use serde_json::json;
use std::time::Duration;

pub(super) fn answer(d: &mut Driver, r: &Request) -> Response {
    let what = r.path.trim_start_matches("/sim/v1/").trim_end_matches('/');
    match (r.method, what) {
        (Method::Get, "clock") => clock(d),
        (Method::Get, "hash") => Response::json(200, &json!({"hash": format!("{:016x}", d.cluster.hash())})),
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
            d.replace(new_cluster(nodes, seed));
            clock(d)
        }
        (Method::Post, "inputs") => inputs(d, r),
        _ => Response::json(404, &json!({"error": format!("there is no /sim/v1/{what}")})),
    }
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
    let now = d.cluster.now();
    Response::json(
        200,
        &json!({"seconds": now.as_secs_f64(), "wall": d.cluster.wall().to_string(), "speed": speed,
            "seed": d.cluster.config.seed, "revision": d.cluster.server.store.rev()}),
    )
}

/// `90s`, `1.5s`, `10m`, `250ms`.
fn duration(text: &str) -> Option<Duration> {
    crate::apimachinery::time::parse_duration(text).ok().and_then(|n| u64::try_from(n).ok()).map(Duration::from_nanos)
}

fn advance(d: &mut Driver, r: &Request) -> Response {
    if r.param("until") == "settled" {
        let limit = duration(r.param("for")).unwrap_or(Duration::from_secs(3600));
        let settled = d.cluster.run_until_settled(Duration::from_secs(15), limit);
        d.jumped();
        return Response::json(200, &json!({"seconds": d.cluster.now().as_secs_f64(), "settled": settled}));
    }
    let Some(by) = duration(r.param("for")) else {
        return bad("advance needs for=DURATION, as in for=30s, or until=settled");
    };
    d.cluster.run_for(by);
    d.jumped();
    clock(d)
}

/// `{"node": NAME, "down": true|false}`, `{"node": NAME, "restart": true}`, and the other faults as reports write them.
fn inputs(d: &mut Driver, r: &Request) -> Response {
    let Ok(v) = serde_json::from_slice::<Value>(&r.body) else { return bad("the body is no JSON") };
    if let Some(node) = v["node"].as_str().filter(|_| v["add"] != true)
        && d.cluster.kubelet(node).is_none()
    {
        return bad(&format!("there is no machine {node}"));
    }
    let Some(fault) = Fault::of_value(&v) else {
        return bad(
            "an input is {\"node\": NAME} with down, restart, add or remove, {\"pod\": NAMESPACE/NAME} with exit, or \
            with probe and failing, or {\"registry\": {}} with down or times",
        );
    };
    d.cluster.input(&Input::Fault(fault));
    clock(d)
}

/// JSON lines.
fn trace(d: &Driver, r: &Request) -> Response {
    let since = r.param("since").parse().unwrap_or(0);
    let mut out = String::new();
    for e in d.cluster.trace.since(since) {
        let line =
            json!({"seq": e.seq, "seconds": e.time.as_secs_f64(), "cause": e.cause, "what": format!("{:?}", e.what)});
        out.push_str(&line.to_string());
        out.push('\n');
    }
    Response::text(200, out)
}

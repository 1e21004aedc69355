//! What `cargo xtask bench` runs natively: one run a process, and the messages by which a browser makes the same run.
//!
//! It is a program of its own and not a part of `kubarium`, because it counts every allocation; and not a part of
//! xtask, because that would make every `cargo xtask` wait for the engine to be compiled.

#![allow(clippy::disallowed_types, reason = "it measures real time")]

use kubarium::session::protocol::{Call, Control, File, Granularity, Request, WorkloadRow};
use kubarium::session::{Frame, Session};
use serde_json::{Value, json};
use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

/// The seed's Deployment, which is also the page's first manifest.
const MANIFEST: &str = include_str!("../../web/src/first.yaml");
const REPLICAS: &str = "replicas: 5";
const IMAGE: (&str, &str) = ("nginx:1.21", "nginx:1.25");
const USAGE: &str = "Usage: kubarium-bench run NODES PODS | seek NODES PODS";
/// The end of the time that is sought in, and when a rolling update begins in it.
const MINUTES: [f64; 2] = [600_000.0, 300_000.0];
/// Positions that are sought, spread over the whole.
const POSITIONS: u32 = 24;

/// The system's allocator, with the number of bytes that are in use.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

// Safety: every call is the system allocator's own; only a number is kept beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LIVE.fetch_add(size, Relaxed);
        LIVE.fetch_sub(layout.size(), Relaxed);
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Real milliseconds since the first call.
fn clock() -> f64 {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    BEGIN.get_or_init(Instant::now).elapsed().as_secs_f64() * 1e3
}

/// Milliseconds that a core has worked for this process; None where the system does not tell.
fn cpu() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    Some(text.split(' ').next()?.parse::<f64>().ok()? / 1e6)
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| args.get(at).and_then(|text| text.parse::<u32>().ok());
    let done = match (args.first().map(String::as_str), number(1), number(2)) {
        (Some("run"), Some(nodes), Some(pods)) => run(nodes, pods),
        (Some("seek"), Some(nodes), Some(pods)) => seek(nodes, pods),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    println!("{done}");
    ExitCode::SUCCESS
}

fn manifest(pods: u32) -> String {
    MANIFEST.replace(REPLICAS, &format!("replicas: {pods}"))
}

fn apply(text: String) -> Request {
    Request::Apply { id: 0, files: vec![File { name: "nginx.yaml".to_owned(), text }], dry_run: false }
}

fn hex(request: &Request) -> String {
    request.encode().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A new cluster whose time stands at the beginning.
fn begin(nodes: u32) -> Session {
    let mut session = Session::new("bench", clock);
    session.handle(Request::Control(Control::Pause));
    session.handle(Request::Reset { nodes, seed: 1 });
    session
}

/// The messages after which every node is Ready.
fn boot(nodes: u32) -> [Request; 2] {
    let mut session = begin(nodes);
    let mut ready = BTreeSet::new();
    loop {
        let frame = tick(&mut session, 0.0);
        ready.extend(frame.view.nodes.into_iter().filter(|node| node.ready == "True").map(|node| node.name));
        if ready.len() == nodes as usize {
            return [Request::Reset { nodes, seed: 1 }, Request::Control(Control::Advance { ms: frame.clock.now_ms })];
        }
        session.handle(Request::Control(Control::Step(Granularity::Message)));
    }
}

fn tick(session: &mut Session, real_ms: f64) -> Frame {
    session.handle(Request::Tick { real_ms }).expect("a tick is answered")
}

fn all_ready(rows: &[WorkloadRow], pods: u32) -> bool {
    rows.iter().any(|row| row.kind == "Deployment" && row.ready == pods as i32)
}

/// Where a run ends, found step by step: the virtual instant, events of the agenda, writes.
struct End {
    at_ms: f64,
    events: u64,
    writes: u64,
}

fn end_of(boot: [Request; 2], pods: u32) -> End {
    let mut session = begin(0);
    boot.into_iter().for_each(|request| drop(session.handle(request)));
    let place = |session: &Session| {
        let cluster = session.history().cluster();
        (cluster.steps, cluster.server.store.rev())
    };
    let before = place(&session);
    session.handle(apply(manifest(pods)));
    loop {
        session.handle(Request::Control(Control::Step(Granularity::Message)));
        let frame = tick(&mut session, 0.0);
        if all_ready(&frame.view.workloads, pods) {
            let after = place(&session);
            return End { at_ms: frame.clock.now_ms, events: after.0 - before.0, writes: after.1 - before.1 };
        }
    }
}

/// From apply to all Ready as fast as it goes, in ticks and with frames as the page has them.
fn run(nodes: u32, pods: u32) -> Value {
    let boot = boot(nodes);
    let end = end_of(boot.clone(), pods);
    let mut session = begin(0);
    let booted = clock();
    boot.clone().into_iter().for_each(|request| drop(session.handle(request)));
    let boot_ms = clock() - booted;
    tick(&mut session, 0.0);
    session.handle(Request::Control(Control::Speed(f64::INFINITY)));
    let (live, begin, cpu_begin) = (LIVE.load(Relaxed), clock(), cpu());
    session.handle(apply(manifest(pods)));
    loop {
        let frame = tick(&mut session, 16.0);
        // What leaves the worker is bytes.
        std::hint::black_box(frame.encode());
        if frame.clock.now_ms >= end.at_ms {
            break;
        }
    }
    let (ready, cpu_end, whole) = (clock() - begin, cpu(), LIVE.load(Relaxed));
    let cluster = session.history().cluster().clone();
    drop(session);
    let alone = LIVE.load(Relaxed);
    drop(cluster);
    let bytes = |now: usize| now.saturating_sub(live) as f64 / f64::from(pods);
    json!({
        "target": "native", "nodes": nodes, "pods": pods,
        "boot_ms": boot_ms, "ready_ms": ready, "cpu_ms": cpu_begin.zip(cpu_end).map(|(from, to)| to - from),
        "bytes_per_pod": bytes(whole).round(), "bytes_per_pod_without_history": bytes(alone).round(),
        "events": end.events, "writes": end.writes, "longest_main_task_ms": null,
        "ready_at_ms": end.at_ms,
        "messages": messages(&boot, pods),
    })
}

/// What the browser's run is made of.
fn messages(boot: &[Request; 2], pods: u32) -> Value {
    let get = Request::Api {
        id: 0,
        label: String::new(),
        calls: vec![Call {
            method: "GET".to_owned(),
            path: "/apis/apps/v1/namespaces/default/deployments/nginx-deployment".to_owned(),
            content_type: String::new(),
            body: String::new(),
        }],
    };
    json!({
        "boot": boot.each_ref().map(hex),
        "look": hex(&Request::Tick { real_ms: 0.0 }),
        "get": hex(&get),
        "manifest": manifest(pods),
    })
}

/// Ten minutes with a rolling update in the middle, and the places that are sought in them.
fn seek(nodes: u32, pods: u32) -> Value {
    let to = |ms: f64| Request::Control(Control::Seek { ms });
    let [end, middle] = MINUTES;
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    let positions: Vec<f64> = (1..=POSITIONS).map(|n| ((f64::from(n) * golden).fract() * end).round()).collect();
    json!({
        "nodes": nodes, "pods": pods,
        "setup": [
            hex(&Request::Reset { nodes, seed: 1 }),
            hex(&apply(manifest(pods))),
            hex(&Request::Control(Control::Advance { ms: middle })),
            hex(&apply(manifest(pods).replace(IMAGE.0, IMAGE.1))),
            hex(&Request::Control(Control::Advance { ms: end - middle })),
        ],
        "look": hex(&Request::Tick { real_ms: 0.0 }),
        "positions": positions,
        "seeks": positions.iter().map(|ms| hex(&to(*ms))).collect::<Vec<_>>(),
    })
}

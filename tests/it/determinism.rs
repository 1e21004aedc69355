//! The same inputs give the same trace: whatever the size of the steps, after any restore, and in wasm.
//!
//! One session is also written to `target/determinism/`, its requests and the hash of its trace, which the shipped
//! `worker.wasm` has to come to as well.

use kubarium::session::protocol::{Control, Fault, File, Request};
use kubarium::session::{Frame, Session};
use libtest_mimic::{Failed, Trial};
use std::path::Path;

const DEPLOYMENT: &str = include_str!("../manifests/nginx-deployment.yaml");

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("determinism::one step of 120 s or 1200 of 0.1 s", steps_do_not_matter),
        Trial::test("determinism::a seek back and a replay", a_seek_changes_nothing),
        Trial::test("determinism::undo and redo", undo_goes_back),
        Trial::test("determinism::the session that wasm replays", write_session),
    ]
}

fn session() -> Session {
    let mut s = Session::new("test", || 0.0);
    s.handle(Request::Control(Control::Pause));
    s
}

fn apply(s: &mut Session, image: &str) {
    let text = DEPLOYMENT.replace("nginx:1.21", image);
    let files = vec![File { name: "web.yaml".to_owned(), text }];
    s.handle(Request::Apply { id: 1, files, dry_run: false });
}

/// Plays the scenario in steps of `step_ms`, 120 s in all.
fn play(step_ms: i64) -> u64 {
    let mut s = session();
    let at = |s: &mut Session, seconds: i64| {
        let to = kubarium::sim::Time::from_secs(seconds);
        let h = s.history_mut();
        while h.cluster().now() < to {
            let next = kubarium::sim::Time((h.cluster().now().0 + step_ms * 1_000_000).min(to.0));
            h.run_until(next);
        }
    };
    at(&mut s, 5);
    apply(&mut s, "nginx:1.21");
    at(&mut s, 40);
    apply(&mut s, "nginx:1.22");
    at(&mut s, 60);
    s.handle(Request::Fault(Fault::NodeDown { node: "node-2".to_owned(), down: true }));
    at(&mut s, 120);
    s.history().cluster().hash()
}

fn same(what: &str, a: u64, b: u64) -> Result<(), Failed> {
    if a == b { Ok(()) } else { Err(format!("{what}: {a:016x} and {b:016x}").into()) }
}

fn steps_do_not_matter() -> Result<(), Failed> {
    let whole = play(1_000_000);
    same("in steps of 100 ms", whole, play(100))?;
    same("in steps of 17 ms", whole, play(17))
}

fn a_seek_changes_nothing() -> Result<(), Failed> {
    let mut s = session();
    s.history_mut().run_until(kubarium::sim::Time::from_secs(5));
    apply(&mut s, "nginx:1.21");
    let end = kubarium::sim::Time::from_secs(90);
    s.history_mut().run_until(end);
    let first = s.history().cluster().hash();
    for seconds in [0, 3, 6, 17, 50, 89] {
        s.history_mut().seek(kubarium::sim::Time::from_secs(seconds));
        let then = s.history().cluster().now().as_secs();
        if then != seconds {
            return Err(format!("a seek to {seconds} s arrives at {then} s").into());
        }
        s.history_mut().run_until(end);
        same(&format!("after a seek to {seconds} s"), first, s.history().cluster().hash())?;
    }
    Ok(())
}

fn undo_goes_back() -> Result<(), Failed> {
    let mut s = session();
    s.history_mut().run_until(kubarium::sim::Time::from_secs(5));
    let before = s.history().cluster().hash();
    apply(&mut s, "nginx:1.21");
    s.history_mut().run_until(kubarium::sim::Time::from_secs(20));
    s.handle(Request::Control(Control::Undo));
    let pods = s.history().cluster().tables().count(kubarium::api::KindId::Pod);
    if pods != 0 {
        return Err(format!("{pods} pods are left of what was undone").into());
    }
    // What the request's own time on the wire let happen stands before the undone action.
    let now = s.history().cluster().now();
    let mut other = session();
    other.history_mut().run_until(now);
    same("after an undo", other.history().cluster().hash(), s.history().cluster().hash())?;
    if before == 0 {
        return Err("a trace has no hash".into());
    }
    Ok(())
}

fn write_session() -> Result<(), Failed> {
    let advance = |ms: f64| Request::Control(Control::Advance { ms });
    let files = vec![File { name: "web.yaml".to_owned(), text: DEPLOYMENT.to_owned() }];
    let newer = vec![File { name: "web.yaml".to_owned(), text: DEPLOYMENT.replace("nginx:1.21", "nginx:1.22") }];
    let requests = vec![
        Request::Reset { nodes: 3, seed: 7 },
        Request::Control(Control::Pause),
        advance(5_000.0),
        Request::Apply { id: 1, files, dry_run: false },
        Request::Control(Control::Pause),
        advance(30_000.0),
        Request::Control(Control::Seek { ms: 9_000.0 }),
        Request::Control(Control::Live),
        Request::Apply { id: 2, files: newer, dry_run: false },
        Request::Control(Control::Pause),
        advance(10_000.0),
        Request::Fault(Fault::NodeDown { node: "node-1".to_owned(), down: true }),
        advance(400_000.0),
        Request::Control(Control::Undo),
        Request::Fault(Fault::NodeDown { node: "node-2".to_owned(), down: true }),
        advance(120_000.0),
        Request::Report { id: 3 },
        Request::Tick { real_ms: 0.0 },
    ];
    let mut s = Session::new("", || 0.0);
    let mut frames: Vec<Frame> = Vec::new();
    for r in &requests {
        frames.extend(s.handle(r.clone()));
    }
    let pods = frames.iter().flat_map(|f| &f.view.pods).count();
    if pods != 5 {
        return Err(format!("the session ends with {pods} pods").into());
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/determinism");
    std::fs::create_dir_all(&folder)?;
    let hex = |bytes: Vec<u8>| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let case = serde_json::json!({
        "requests": requests.iter().map(|r| hex(r.encode())).collect::<Vec<_>>(),
        "says": format!("\"hash\":\"{:016x}\"", s.history().cluster().hash()),
    });
    std::fs::write(folder.join("session.json"), case.to_string())?;
    Ok(())
}

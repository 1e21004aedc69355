//! What frames tell a page: the states of a tile, the end of a pause, a machine that fell silent.

use kubarium::session::protocol::{Control, Fault, File, PodState, Request};
use kubarium::session::{Frame, Session};
use libtest_mimic::{Failed, Trial};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("session::a tile is pending, pulls, runs and is ready", a_pod_comes_up),
        Trial::test("session::a crash shows until when it waits", a_pause_has_an_end),
        Trial::test("session::a silent machine is marked", a_machine_falls_silent),
    ]
}

/// Frames of `seconds`, ten a second, after what `requests` ask.
fn frames(requests: Vec<Request>, seconds: usize) -> Vec<Frame> {
    let mut s = Session::new("test", || 0.0);
    s.handle(Request::Control(Control::Advance { ms: 5_000.0 }));
    for r in requests {
        s.handle(r);
    }
    (0..seconds * 10).filter_map(|_| s.handle(Request::Tick { real_ms: 100.0 })).collect()
}

fn apply(text: &str) -> Request {
    let files = vec![File { name: "a.yaml".to_owned(), text: text.to_owned() }];
    Request::Apply { id: 1, files, dry_run: false }
}

fn pod(command: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers:\n  - name: a\n    image: \
         busybox:1.36\n    command: {command}\n"
    )
}

fn a_pod_comes_up() -> Result<(), Failed> {
    let seen: Vec<PodState> =
        frames(vec![apply(&pod("[sleep, '1000']"))], 10).iter().flat_map(|f| &f.view.pods).map(|p| p.state).collect();
    for wanted in [PodState::Pulling, PodState::Ready] {
        if !seen.contains(&wanted) {
            return Err(format!("no tile was {wanted:?}: {seen:?}").into());
        }
    }
    Ok(())
}

fn a_pause_has_an_end() -> Result<(), Failed> {
    let all = frames(vec![apply(&pod("['false']"))], 30);
    let waits = all.iter().any(|f| f.view.pods.iter().any(|p| p.until_ms > f.clock.now_ms && p.restarts > 0));
    if waits { Ok(()) } else { Err("no row says until when the container waits".into()) }
}

fn a_machine_falls_silent() -> Result<(), Failed> {
    let fault = Request::Fault(Fault::NodeDown { node: "node-2".to_owned(), down: true });
    let down: Vec<(String, bool)> =
        frames(vec![fault], 1).iter().flat_map(|f| &f.view.nodes).map(|n| (n.name.clone(), n.down)).collect();
    let right = down.contains(&("node-2".to_owned(), true)) && !down.contains(&("node-1".to_owned(), true));
    if right { Ok(()) } else { Err(format!("{down:?}").into()) }
}

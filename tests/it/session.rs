//! What frames tell a page: the states of a tile, the end of a pause, a machine that fell silent.

use kubarium::session::protocol::{Call, Control, Fault, File, LogOf, Moment, PodState, Ref, Reply, Request, Tab};
use kubarium::session::{Frame, Session};
use libtest_mimic::{Failed, Trial};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("session::a tile is pending, pulls, runs and is ready", a_pod_comes_up),
        Trial::test("session::a crash shows until when it waits", a_pause_has_an_end),
        Trial::test("session::a silent machine is marked", a_machine_falls_silent),
        Trial::test("session::moments are exact however seldom a frame is asked for", moments_are_exact),
        Trial::test("session::a fault lasts until it is healed, and is undone", faults_last),
        Trial::test("session::a container that is made to end is started again", a_container_crashes),
        Trial::test("session::probes that are made to fail take a pod's readiness", probes_fail),
        Trial::test("session::a registry that is down fails pulls in containerd's words", the_registry_is_down),
        Trial::test("session::calls of one action are undone together", calls_are_one_action),
        Trial::test("session::a pod that fits nowhere is told why, node by node", verdicts),
        Trial::test("session::a report restores the session that it tells of", a_report_restores),
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

fn tick(s: &mut Session, seconds: f64) -> Frame {
    s.handle(Request::Control(Control::Advance { ms: seconds * 1e3 }));
    s.handle(Request::Tick { real_ms: 0.0 }).expect("a tick is answered")
}

fn begin() -> Session {
    let mut s = Session::new("test", || 0.0);
    tick(&mut s, 5.0);
    s
}

fn moments_are_exact() -> Result<(), Failed> {
    let run = |frame: f64, frames: usize| -> Vec<Moment> {
        let mut s = begin();
        s.handle(apply(&pod("[sleep, '1000']")));
        (0..frames).flat_map(|_| tick(&mut s, frame).view.moments).collect()
    };
    let told = |moments: &[Moment]| -> Vec<(String, i64)> {
        let mut last = None;
        moments
            .iter()
            .filter(|m| last.replace(m.state) != Some(m.state))
            .map(|m| (format!("{:?}", m.state), m.ms as i64))
            .collect()
    };
    let (often, seldom) = (told(&run(0.05, 200)), told(&run(10.0, 1)));
    let states: Vec<&str> = seldom.iter().map(|(state, _)| state.as_str()).collect();
    if often != seldom || !states.starts_with(&["Pending", "Creating", "Pulling"]) || !states.contains(&"Ready") {
        return Err(format!("often: {often:?}\nseldom: {seldom:?}").into());
    }
    Ok(())
}

fn faults_last() -> Result<(), Failed> {
    let mut s = begin();
    s.handle(Request::Fault(Fault::SlowPulls { times: 10 }));
    tick(&mut s, 2.0);
    s.handle(Request::Fault(Fault::NodeDown { node: "node-2".to_owned(), down: true }));
    let two = tick(&mut s, 1.0).clock.faults;
    s.handle(Request::Fault(two[0].heal.clone()));
    let healed = tick(&mut s, 1.0).clock.faults;
    s.handle(Request::Control(Control::Undo));
    let undone = tick(&mut s, 0.0).clock.faults;
    let lasts = |rows: &[kubarium::session::protocol::FaultRow]| -> Vec<bool> {
        rows.iter().map(|r| r.until_ms < 0.0).collect()
    };
    match (lasts(&two).as_slice(), lasts(&healed).as_slice(), lasts(&undone).as_slice()) {
        ([true, true], [false, true], [true, true]) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn a_container_crashes() -> Result<(), Failed> {
    let mut s = begin();
    s.handle(apply(&pod("[sleep, '1000']")));
    tick(&mut s, 10.0);
    let (namespace, pod) = ("default".to_owned(), "a".to_owned());
    s.handle(Request::Fault(Fault::ContainerExit { namespace, pod, container: String::new(), code: 3 }));
    let told = tick(&mut s, 5.0);
    let exited = told.trace.iter().any(|l| l.note == "exited" && l.args == ["a", "3"]);
    let again = told.view.pods.iter().any(|p| p.restarts == 1 && p.state == PodState::Ready);
    if exited && again { Ok(()) } else { Err(format!("{:?}", told.view.pods).into()) }
}

fn probes_fail() -> Result<(), Failed> {
    let mut s = begin();
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: a\n    image: nginx:1.25\n    \
                readinessProbe: {periodSeconds: 2, failureThreshold: 1, httpGet: {path: /, port: 80}}\n";
    s.handle(apply(text));
    tick(&mut s, 20.0);
    let fail = |failing| {
        let (namespace, pod) = ("default".to_owned(), "a".to_owned());
        Request::Fault(Fault::ProbeFails { namespace, pod, probe: "Readiness".to_owned(), failing })
    };
    let state = |f: Frame| f.view.pods.last().map(|p| p.state);
    s.handle(fail(true));
    let broken = tick(&mut s, 5.0);
    let says = broken
        .view
        .events
        .iter()
        .any(|e| e.message == "Readiness probe failed: HTTP probe failed with statuscode: 500");
    let broken = state(broken);
    s.handle(fail(false));
    let healed = state(tick(&mut s, 5.0));
    match (broken, healed, says) {
        (Some(PodState::NotReady), Some(PodState::Ready), true) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn the_registry_is_down() -> Result<(), Failed> {
    let mut s = begin();
    s.handle(Request::Fault(Fault::RegistryDown { down: true }));
    s.handle(apply(&pod("[sleep, '1000']")));
    let words: Vec<String> = tick(&mut s, 8.0).view.events.into_iter().map(|e| e.message).collect();
    let wanted = "Failed to pull image \"busybox:1.36\": failed to pull and unpack image \
                  \"docker.io/library/busybox:1.36\": failed to resolve reference \"docker.io/library/busybox:1.36\": \
                  unexpected status from HEAD request to \
                  https://registry-1.docker.io/v2/library/busybox/manifests/1.36: 503 Service Unavailable";
    if !words.iter().any(|w| w == wanted) {
        return Err(format!("{words:#?}").into());
    }
    s.handle(Request::Fault(Fault::RegistryDown { down: false }));
    let ready = tick(&mut s, 60.0).view.pods.iter().any(|p| p.state == PodState::Ready);
    if ready { Ok(()) } else { Err("it does not start when the registry is back".into()) }
}

fn calls_are_one_action() -> Result<(), Failed> {
    let mut s = begin();
    let call = |node: &str| Call {
        method: "PATCH".to_owned(),
        path: format!("/api/v1/nodes/{node}"),
        content_type: "application/merge-patch+json".to_owned(),
        body: r#"{"spec":{"unschedulable":true}}"#.to_owned(),
    };
    let label = "kubectl cordon node-1 node-2".to_owned();
    s.handle(Request::Api { id: 7, label: label.clone(), calls: vec![call("node-1"), call("node-2")] });
    let told = tick(&mut s, 1.0);
    let answered = matches!(told.replies.as_slice(), [(7, Reply::Api { code: 200, .. })]);
    let cordoned = told.view.nodes.iter().filter(|n| n.unschedulable).count();
    let named = told.clock.inputs.iter().filter(|(_, l)| *l == label).count();
    s.handle(Request::Control(Control::Undo));
    let left = tick(&mut s, 0.0).view.nodes.iter().filter(|n| n.unschedulable).count();
    if answered && (cordoned, named, left) == (2, 1, 0) {
        Ok(())
    } else {
        Err(format!("{answered} {cordoned} {named} {left}").into())
    }
}

fn verdicts() -> Result<(), Failed> {
    let mut s = begin();
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - {name: a, image: nginx, resources: \
                {requests: {memory: 64Gi}}}\n";
    s.handle(apply(text));
    let what = Ref { kind: "Pod".to_owned(), namespace: "default".to_owned(), name: "a".to_owned() };
    s.handle(Request::Inspect { what: Some(what), tab: Tab::Summary, log: LogOf::default() });
    let told = tick(&mut s, 3.0).inspect.map(|i| i.scheduling).unwrap_or_default();
    let all = told.iter().all(|v| v.rejected_by == "NodeResourcesFit" && v.reasons == ["Insufficient memory"]);
    if told.len() == 3 && all { Ok(()) } else { Err(format!("{told:?}").into()) }
}

fn a_report_restores() -> Result<(), Failed> {
    let mut s = begin();
    s.handle(apply(&pod("[sleep, '1000']")));
    tick(&mut s, 10.0);
    s.handle(Request::Fault(Fault::SlowPulls { times: 3 }));
    s.handle(Request::Report { id: 9 });
    let told = tick(&mut s, 0.0);
    let report =
        told.replies.into_iter().find_map(|(_, r)| if let Reply::Report { text } = r { Some(text) } else { None });
    let mut other = Session::new("test", || 0.0);
    other.handle(Request::Restore { report: report.ok_or("there is no report")? });
    let (ours, theirs) = (s.history().cluster().hash(), other.history().cluster().hash());
    let whole = other.handle(Request::Tick { real_ms: 0.0 }).expect("a tick is answered");
    if ours == theirs && whole.view.reset && whole.clock.faults.len() == 1 {
        Ok(())
    } else {
        Err(format!("{ours:x} {theirs:x} {:?}", whole.clock).into())
    }
}

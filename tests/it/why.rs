//! "Why?": behind every object stands a chain of causes that ends at the user, a fault or the boot.

use kubarium::api::KindId;
use kubarium::session::Session;
use kubarium::session::protocol::{Call, Control, Fault, File, Ref, Reply, Request, TraceLine};
use libtest_mimic::{Failed, Trial};

/// What a scenario does, one after the other.
enum Do {
    Apply(&'static str),
    /// Method, path and body.
    Ask(&'static str, &'static str, &'static str),
    Fault(Fault),
    Wait(f64),
}
use Do::{Apply, Ask, Wait};

/// A name, what is done, and what "Why?" says of one object: `Kind prefix-of-name: newest < … < oldest`.
type Scenario = (&'static str, Vec<Do>, &'static [&'static str]);

fn down(node: &str, down: bool) -> Do {
    Do::Fault(Fault::NodeDown { node: node.to_owned(), down })
}

const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: nginx}]}}";
const FALSE: &str = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: \
                     'busybox:1.36', command: ['false']}]}}";
const UNREADY: &str = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: nginx, \
                       readinessProbe: {httpGet: {port: 80}}}]}}";
const UNWELL: &str = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: nginx, \
                      livenessProbe: {httpGet: {port: 81}, periodSeconds: 2}}]}}";
const NO_IMAGE: &str =
    "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: 'nginx:none'}]}}";
const BIG: &str = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {nodeSelector: {disk: ssd}, containers: \
                   [{name: c, image: nginx}]}}";
const INIT: &str = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {initContainers: [{name: i, image: \
                    'busybox:1.36', command: ['true']}], containers: [{name: c, image: nginx}]}}";
const WEB: &str = include_str!("../manifests/nginx-deployment.yaml");
const HELD: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [example.com/hold]}}";
const SEVERAL: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n---\n{apiVersion: v1, kind: Secret, \
                       metadata: {name: a}}\n---\n{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: \
                       [{port: 80}]}}";
const IMPORTANT: &str = "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: high}, value: \
                         100}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: b}, spec: {priorityClassName: high, \
                         nodeName: '', nodeSelector: {kubernetes.io/hostname: node-1}, containers: [{name: c, image: \
                         nginx, resources: {requests: {cpu: 3}}}]}}";
const FILLING: &str = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {nodeSelector: {kubernetes.io/hostname: \
                       node-1}, containers: [{name: c, image: nginx, resources: {requests: {cpu: 3}}}]}}";

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments/nginx-deployment";
const SCALE: &str = "/apis/apps/v1/namespaces/default/deployments/nginx-deployment/scale";
const PODS: &str = "/api/v1/namespaces/default/pods";

fn scenarios() -> Vec<Scenario> {
    vec![
        (
            "an empty cluster",
            vec![Wait(400.0)],
            &["Namespace default: created < boot", "Node node-1: changed-status < boot"],
        ),
        (
            "a pod runs",
            vec![Apply(POD), Wait(400.0)],
            &["Pod a: changed-status < started < pulled < pulling < bound < scheduled < created < request"],
        ),
        (
            "a readiness probe succeeds",
            vec![Apply(UNREADY), Wait(60.0)],
            &["Pod a: changed-status < probe-ok < bound < scheduled < created < request"],
        ),
        (
            "a container ends again and again",
            vec![Apply(FALSE), Wait(300.0)],
            &["Pod a: changed-status < exited < bound < scheduled < created < request"],
        ),
        (
            "a liveness probe fails",
            vec![Apply(UNWELL), Wait(20.0)],
            &["Pod a: changed-status < exited < probe-failed < bound < scheduled < created < request"],
        ),
        (
            "an image is not there",
            vec![Apply(NO_IMAGE), Wait(12.0)],
            &["Pod a: changed-status < pull-failed < pulling < bound < scheduled < created < request"],
        ),
        ("init containers", vec![Apply(INIT), Wait(60.0)], &[]),
        (
            "a pod fits nowhere",
            vec![Apply(BIG), Wait(60.0)],
            &["Pod a: changed-status < unschedulable < created < request"],
        ),
        (
            "a label makes a node fit",
            vec![
                Apply(BIG),
                Wait(20.0),
                Ask("PATCH", "/api/v1/nodes/node-2", r#"{"metadata":{"labels":{"disk":"ssd"}}}"#),
                Wait(1.5),
            ],
            &["Pod a: changed-status < started < pulled < pulling < bound < scheduled < changed < request"],
        ),
        (
            "a more important pod drives another out",
            vec![Apply(FILLING), Wait(20.0), Apply(IMPORTANT), Wait(90.0)],
            &[],
        ),
        (
            "a Deployment comes up",
            vec![Apply(WEB), Wait(400.0)],
            &[
                "Pod nginx-: changed-status < probe-ok < bound < scheduled < created < synced < created < synced < created \
               < request",
            ],
        ),
        (
            "a Deployment is scaled down",
            vec![Apply(WEB), Wait(60.0), Ask("PATCH", SCALE, r#"{"spec":{"replicas":1}}"#), Wait(60.0)],
            &[],
        ),
        (
            "a Deployment's image changes",
            vec![
                Apply(WEB),
                Wait(60.0),
                Ask(
                    "PATCH",
                    DEPLOYMENTS,
                    r#"{"spec":{"template":{"spec":{"containers":[{"name":"nginx","image":"nginx:1.22"}]}}}}"#,
                ),
                Wait(900.0),
            ],
            &[],
        ),
        (
            "a Deployment that cannot get on",
            vec![
                Apply(WEB),
                Wait(60.0),
                Ask(
                    "PATCH",
                    DEPLOYMENTS,
                    r#"{"spec":{"progressDeadlineSeconds":30,"template":{"spec":{"containers":[{"name":"nginx","image":"nginx:none"}]}}}}"#,
                ),
                Wait(120.0),
            ],
            &[],
        ),
        ("a Deployment is deleted", vec![Apply(WEB), Wait(60.0), Ask("DELETE", DEPLOYMENTS, ""), Wait(90.0)], &[]),
        ("all pods are deleted", vec![Apply(WEB), Wait(60.0), Ask("DELETE", PODS, ""), Wait(1.0)], &[]),
        (
            "a machine falls silent",
            vec![Apply(WEB), Wait(60.0), down("node-2", true), Wait(900.0)],
            &["Node node-2: changed < fault"],
        ),
        (
            "a machine comes back",
            vec![Apply(WEB), Wait(60.0), down("node-2", true), Wait(60.0), down("node-2", false), Wait(30.0)],
            &["Node node-2: changed < fault"],
        ),
        (
            "a kubelet restarts",
            vec![Apply(WEB), Wait(60.0), Do::Fault(Fault::KubeletRestart { node: "node-1".to_owned() }), Wait(60.0)],
            &[],
        ),
        (
            "a machine is added for a pod that waits",
            vec![
                Apply(
                    "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {nodeSelector: {kubernetes.io/hostname: \
                       node-4}, containers: [{name: c, image: nginx}]}}",
                ),
                Wait(20.0),
                Do::Fault(Fault::AddNode),
                Wait(60.0),
            ],
            &["Node node-4: changed-status < fault"],
        ),
        (
            "a machine is removed",
            vec![Apply(WEB), Wait(60.0), Do::Fault(Fault::RemoveNode { node: "node-3".to_owned() }), Wait(400.0)],
            &["Node node-3: changed < fault"],
        ),
        (
            "a node is cordoned",
            vec![Ask("PATCH", "/api/v1/nodes/node-1", r#"{"spec":{"unschedulable":true}}"#), Wait(60.0)],
            &["Node node-1: changed < synced < changed < request"],
        ),
        (
            "a taint drives pods out",
            vec![
                Apply(WEB),
                Wait(60.0),
                Ask("PATCH", "/api/v1/nodes/node-1", r#"{"spec":{"taints":[{"key":"a","effect":"NoExecute"}]}}"#),
                Wait(60.0),
            ],
            &[],
        ),
        (
            "a namespace goes with what is in it",
            vec![
                Apply("{apiVersion: v1, kind: Namespace, metadata: {name: gone}}"),
                Wait(5.0),
                Ask("POST", "/api/v1/namespaces/gone/configmaps", r#"{"metadata":{"generateName":"a-"}}"#),
                Ask("DELETE", "/api/v1/namespaces/gone", ""),
                Wait(60.0),
            ],
            &[],
        ),
        (
            "a finalizer holds an object",
            vec![Apply(HELD), Ask("DELETE", "/api/v1/namespaces/default/configmaps/a", ""), Wait(10.0)],
            &["ConfigMap a: deleted < request"],
        ),
        ("objects that nobody acts on", vec![Apply(SEVERAL), Wait(10.0)], &["Service a: created < request"]),
    ]
}

pub(crate) fn trials() -> Vec<Trial> {
    scenarios()
        .into_iter()
        .map(|(name, does, said)| Trial::test(format!("why::{name}"), move || explained(&does, said)))
        .collect()
}

fn explained(does: &[Do], said: &[&str]) -> Result<(), Failed> {
    let mut s = Session::new("test", || 0.0);
    s.handle(Request::Control(Control::Pause));
    s.handle(Request::Control(Control::Advance { ms: 5_000.0 }));
    for (id, step) in (1..).zip(does) {
        s.handle(match step {
            Apply(text) => {
                let files = vec![File { name: "a.yaml".to_owned(), text: (*text).to_owned() }];
                Request::Apply { id, files, dry_run: false }
            }
            Ask(method, path, body) => Request::Api {
                id,
                label: String::new(),
                calls: vec![Call {
                    method: (*method).to_owned(),
                    path: (*path).to_owned(),
                    content_type: if *method == "PATCH" { "application/strategic-merge-patch+json" } else { "" }
                        .to_owned(),
                    body: (*body).to_owned(),
                }],
            },
            Do::Fault(fault) => Request::Fault(fault.clone()),
            Wait(seconds) => Request::Control(Control::Advance { ms: seconds * 1e3 }),
        });
    }
    for (_, reply) in s.take_replies() {
        match reply {
            Reply::Api { code, body } if code >= 400 => return Err(format!("refused: {body}").into()),
            Reply::Applied { diagnostics, .. } if !diagnostics.is_empty() => {
                return Err(format!("refused: {diagnostics:?}").into());
            }
            _ => {}
        }
    }
    let mut all = Vec::new();
    for kind in KindId::ALL {
        for (key, _) in s.history().cluster().tables().objects(*kind, None) {
            let (namespace, name) = (key.namespace.to_string(), key.name.to_string());
            all.push(Ref { kind: kind.info().kind.to_owned(), namespace, name });
        }
    }
    let mut wrong = Vec::new();
    let mut unsaid: Vec<&str> = said.to_vec();
    for what in all {
        let chain = why(&mut s, &what);
        let notes = chain.iter().map(|l| l.note.as_str()).collect::<Vec<_>>().join(" < ");
        if !chain.last().is_some_and(|l| matches!(l.note.as_str(), "request" | "fault" | "boot")) {
            wrong.push(format!("{what:?}: {notes}"));
        }
        if chain.windows(2).any(|w| w[0].cause != w[1].seq) {
            wrong.push(format!("{what:?}: a line names a cause that is not told: {chain:?}"));
        }
        unsaid.retain(|line| {
            let (about, wanted) = line.split_once(": ").expect("a line is `Kind name: chain`");
            let (kind, name) = about.split_once(' ').expect("a line is `Kind name: chain`");
            if what.kind != kind || !what.name.starts_with(name) {
                return true;
            }
            let wanted: Vec<&str> = wanted.split_whitespace().collect();
            if wanted.join(" ") != notes {
                wrong.push(format!("{what:?}: {notes}; wanted {}", wanted.join(" ")));
            }
            false
        });
    }
    wrong.extend(unsaid.iter().map(|line| format!("there is no {line}")));
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn why(s: &mut Session, what: &Ref) -> Vec<TraceLine> {
    s.handle(Request::Why { id: 0, what: what.clone() });
    match s.take_replies().pop() {
        Some((_, Reply::Why { steps })) => steps,
        other => panic!("an answer to Why?: {other:?}"),
    }
}

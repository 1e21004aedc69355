//! What is said of a wrong manifest, and at which line and column: the text is the API server's or kubectl's own.

use kubarium::api::KindId;
use kubarium::session::Session;
use kubarium::session::protocol::{File, Reply, Request};
use kubarium::sim::Time;
use libtest_mimic::{Failed, Trial};

/// A name, a manifest, and of each problem its line, its column, a piece of its text and its fix.
type Case = (&'static str, &'static str, &'static [(u32, u32, &'static str, Option<&'static str>)]);

const CASES: &[Case] = &[
    (
        "a colon in a plain scalar is no YAML",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web: two\n",
        &[(4, 12, "yaml: line 4: mapping values are not allowed in this context", None)],
    ),
    (
        "an unknown field stands at its name and has a fix",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replica: 3\n  selector: {matchLabels: {a: b}}\n  \
         template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: a, image: nginx}]}\n",
        &[(5, 3, "strict decoding error: unknown field \"spec.replica\"", Some("replicas"))],
    ),
    (
        "a wrong type stands at its value",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: many\n  selector: {matchLabels: {a: b}}\n  \
         template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: a, image: nginx}]}\n",
        &[(5, 13, "cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32", None)],
    ),
    (
        "a missing image stands at its container",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: a\n",
        &[(6, 5, "spec.containers[0].image: Required value", None)],
    ),
    (
        "a selector that does not match stands at the labels",
        "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: web}\nspec:\n  selector:\n    matchLabels: {a: b}\n  template:\n    \
         metadata:\n      labels: {a: c}\n    spec: {containers: [{name: a, image: nginx}]}\n",
        &[(9, 15, "`selector` does not match template `labels`", None)],
    ),
    (
        "a kind that is not there",
        "apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: web}\n",
        &[(2, 7, "no matches for kind \"Deployment\" in version \"apps/v1beta1\"", None)],
    ),
];

pub(crate) fn trials() -> Vec<Trial> {
    CASES.iter().map(|case| Trial::test(format!("diagnostics::{}", case.0), || check(case))).collect()
}

fn check((_, text, wanted): &Case) -> Result<(), Failed> {
    let mut s = Session::new("test", || 0.0);
    s.history_mut().run_until(Time::from_secs(5));
    let files = vec![File { name: "a.yaml".to_owned(), text: (*text).to_owned() }];
    let objects = |s: &Session| KindId::ALL.iter().map(|k| s.history().cluster().tables().count(*k)).sum::<usize>();
    let before = objects(&s);
    s.handle(Request::Apply { id: 1, files, dry_run: false });
    let Some((_, Reply::Applied { diagnostics, .. })) = s.take_replies().pop() else {
        return Err("an apply is answered".into());
    };
    if objects(&s) != before {
        return Err("something was applied".into());
    }
    if diagnostics.len() != wanted.len() {
        return Err(format!("wanted {} problems, found {diagnostics:#?}", wanted.len()).into());
    }
    for (d, (line, column, piece, fix)) in diagnostics.iter().zip(*wanted) {
        if (d.line, d.column, d.fix.as_deref()) != (*line, *column, *fix) || !d.message.contains(piece) {
            return Err(format!("wanted {line}:{column} {piece} {fix:?}, found {d:#?}").into());
        }
    }
    Ok(())
}

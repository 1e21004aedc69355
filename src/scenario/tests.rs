//! The file format of scenarios, and when an expectation is met.

use super::{Scenario, with_timeline};

const TWO_PODS: &str = r#"
about: a test
steps:
- at: 0s
  apply: |
    apiVersion: v1
    kind: Pod
    metadata: {name: a}
    spec: {containers: [{name: a, image: "nginx:1.25"}]}
- at: 30s
  kubectl: delete pod a --wait=false
expect:
"#;

#[track_caller]
fn unmet(expect: &str) -> Vec<String> {
    let scenario = Scenario::parse(&format!("{TWO_PODS}{expect}")).expect("a scenario");
    scenario.run().unmet
}

#[test]
fn what_comes_about_is_met() {
    let expect = [
        "- by: 10s\n  get: pods\n  table: |\n    NAME  READY  STATUS   RESTARTS  AGE\n    a     1/1    Running  0         *\n",
        "- at: 0s..10s\n  condition: pod/a Ready=True\n",
        "- at: 20s\n  count: {pods: 'condition.Ready=True', equals: 1}\n",
        "- during: 10s..29s\n  always: {count: {pods: '', equals: 1}}\n",
        "- never: {event: FailedScheduling}\n",
        "- by: 1s\n  write: {actor: default-scheduler, verb: Bind, what: Pod default/a}\n",
        "- by: 1s\n  event: {reason: Scheduled, about: pod/a, message: 'Successfully assigned default/a to *'}\n",
    ];
    assert_eq!(unmet(&expect.concat()), Vec::<String>::new());
}

#[test]
fn what_does_not_come_about_is_told() {
    let cases = [
        ("- by: 10s\n  condition: pod/a Ready=False reason=Never\n", "it did not come about"),
        ("- at: 20s..40s\n  condition: pod/a Ready=True\n", "too early"),
        ("- during: 0s..40s\n  always: {count: {pods: '', equals: 1}}\n", "there are 0"),
        ("- never: {event: Scheduled}\n", "it came about"),
        ("- at: 20s\n  object: pod/a\n  has: {status.phase: Failed}\n", "status.phase is Running"),
    ];
    for (expect, why) in cases {
        let unmet = unmet(expect);
        assert!(unmet.len() == 1 && unmet[0].contains(why), "{expect}: {unmet:?}");
    }
}

#[test]
fn a_failure_that_is_known_must_fail() {
    let known = |expect: &str| {
        let scenario = Scenario::parse(&format!("{TWO_PODS}{expect}known_failure: why\n")).expect("a scenario");
        scenario.judge(&scenario.run())
    };
    assert_eq!(known("- never: {event: Scheduled}\n"), Ok(()));
    assert_eq!(known("- never: {event: Nothing}\n"), Err("it passes: take out `known_failure: why`".to_owned()));
}

#[test]
fn a_wrong_file_is_refused_with_the_place() {
    let cases = [
        ("about: x\nexpect: [{by: 1s}]\n", "expect[0]: one of `get`,"),
        ("about: x\nsteps: [{at: 0s, aply: ''}]\n", "steps[0]: a step has no `aply`: it may have"),
        ("about: x\nsteps: [{at: 0}]\n", "steps[0]: 0 is no duration, such as 1m30s"),
        (
            "about: x\nexpect: [{by: 1s, count: {widgets: '', equals: 1}}]\n",
            "expect[0]: count: there is no kind widgets",
        ),
        ("about: x\nsteps: [{at: 0s, fault: {explode: node-1}}]\n", "steps[0]: there is no fault `explode`"),
        ("about: x\n", "it expects nothing"),
    ];
    for (text, why) in cases {
        let error = Scenario::parse(text).expect_err(text);
        assert!(error.starts_with(why), "{error}");
    }
}

#[test]
fn a_timeline_is_rewritten_in_its_place() {
    let text = "about: x\ntimeline: |2\n      old\n\n  older\nknown_failure: ~\n";
    assert_eq!(with_timeline(text, "    new\n"), "about: x\ntimeline: |2\n      new\nknown_failure: ~\n");
}

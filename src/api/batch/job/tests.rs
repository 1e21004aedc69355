//! Jobs and CronJobs: defaults, rows, and what a cluster refuses.

use super::*;
use crate::api::batch::CronJob;
use crate::api::testing::{decode, faults_of_create, faults_of_successor, row_text};

fn job(spec: &str) -> String {
    let policy = if spec.contains("restartPolicy") { "" } else { "restartPolicy: Never," };
    format!(
        "{{metadata: {{name: work}}, spec: {{template: {{spec: {{{policy} containers: [{{name: a, image: busybox}}]}}}}, {spec}}}}}"
    )
}

fn cron_job(spec: &str) -> String {
    let template = &job("")["{metadata: {name: work}, ".len()..];
    format!("{{metadata: {{name: tick}}, spec: {{{spec}, jobTemplate: {{{template}}}}}")
}

#[test]
fn a_new_job_finds_its_pods_by_its_uid() {
    let mut job: Job = decode(&job(""));
    job.prepare_for_create();
    let spec = &job.spec;
    assert_eq!((spec.completions, spec.parallelism, spec.backoff_limit), (Some(1), Some(1), Some(6)));
    assert_eq!(spec.completion_mode.as_deref(), Some("NonIndexed"));
    assert_eq!(spec.pod_replacement_policy.as_deref(), Some("TerminatingOrFailed"));
    let selector = selector_text(spec.selector.as_deref()).expect("a selector");
    assert_eq!(selector, "batch.kubernetes.io/controller-uid=a-uid");
    for labels in [&spec.template.metadata.labels, &job.metadata.labels] {
        let keys: Vec<_> = labels.keys().map(|k| k.as_str()).collect();
        assert_eq!(keys, [CONTROLLER_UID_LABEL, JOB_NAME_LABEL, "controller-uid", "job-name"]);
    }
    assert_eq!(row_text(&job, 0), "work|Running|0/1||<unknown>|a|busybox|batch.kubernetes.io/controller-uid=a-uid");
}

#[test]
fn refusals_are_those_of_a_cluster() {
    for (spec, want) in [
        ("", vec![]),
        ("completions: -1", vec!["spec.completions: Invalid value: -1: must be greater than or equal to 0"]),
        (
            "completionMode: Indexed, parallelism: 2",
            vec!["spec.completions: Required value: when completion mode is Indexed"],
        ),
        (
            "backoffLimitPerIndex: 1",
            vec!["spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode"],
        ),
        (
            "completionMode: Some",
            vec!["spec.completionMode: Unsupported value: \"Some\": supported values: \"NonIndexed\", \"Indexed\""],
        ),
        (
            "podFailurePolicy: {rules: [{action: Count}]}",
            vec![
                "spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is \
                 required",
            ],
        ),
        (
            "podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: In, containerName: b, values: [3, 0]}}]}",
            vec![
                "spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: \"b\": must be one of the \
                 container or initContainer names in the pod template",
                "spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In \
                 operator",
                "spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,0]: must be ordered",
            ],
        ),
        (
            "completionMode: Indexed, completions: 3, successPolicy: {rules: [{succeededIndexes: '0,3'}]}",
            vec![
                "spec.successPolicy.rules[0].succeededIndexes: Invalid value: \"0,3\": error parsing succeededIndexes: \
                 too large index: \"3\"",
            ],
        ),
    ] {
        assert_eq!(faults_of_create::<Job>(&job(spec)), want, "{spec}");
    }
}

#[test]
fn most_of_a_job_stays() {
    let mut old: Job = decode(&job("completions: 2"));
    old.prepare_for_create();
    let change = |f: fn(&mut JobSpec)| {
        let mut new = old.clone();
        f(Rc::make_mut(&mut new.spec));
        faults_of_successor(new, old.clone())
    };
    assert_eq!(change(|s| s.parallelism = Some(3)), Vec::<String>::new());
    assert_eq!(change(|s| s.completions = Some(5)), ["spec.completions: Invalid value: 5: field is immutable"]);
    let faults = change(|s| s.completion_mode = Some("Indexed".into()));
    assert_eq!(faults, ["spec.completionMode: Invalid value: \"Indexed\": field is immutable"]);
    let faults = change(|s| Rc::make_mut(&mut Rc::make_mut(&mut s.template).spec).active_deadline_seconds = Some(5));
    assert_eq!(faults.len(), 1);
    assert!(faults[0].starts_with("spec.template: Invalid value: {\"labels\":{"), "{}", faults[0]);
}

#[test]
fn indexes_are_read_as_intervals() {
    assert_eq!(status::indexes_of("", 5), Ok(vec![]));
    assert_eq!(status::indexes_of("0,2-4", 5), Ok(vec![(0, 0), (2, 4)]));
    for (text, want) in [
        ("5", "too large index: \"5\""),
        ("a", "cannot convert string to integer for index: \"a\""),
        ("3,3", "non-increasing order, previous: 3, current: 3"),
        ("3-3", "non-increasing order, previous: 3, current: 3"),
    ] {
        assert_eq!(status::indexes_of(text, 5), Err(want.to_owned()), "{text}");
    }
}

#[test]
fn a_status_that_contradicts_itself_is_refused() {
    let mut old: Job = decode(&job(""));
    old.prepare_for_create();
    let check = |change: &dyn Fn(&mut JobStatus)| {
        let mut new = old.clone();
        change(Rc::make_mut(&mut new.status));
        let mut errs = ErrorList::default();
        new.validate_status_update(&old, &mut errs);
        errs.0.iter().map(|e| e.to_string()).collect::<Vec<_>>()
    };
    let condition = |type_: &str| JobCondition { type_: type_.into(), status: "True".into(), ..Default::default() };
    let time = Some(Time::from_unix(1));
    assert_eq!(
        check(&|s| {
            s.conditions = vec![condition("SuccessCriteriaMet"), condition("Complete")].into();
            (s.start_time, s.completion_time) = (time, time);
        }),
        Vec::<String>::new()
    );
    assert_eq!(
        check(&|s| {
            s.conditions = vec![condition("Failed")].into();
            s.start_time = time;
        }),
        ["status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition"]
    );
    assert_eq!(
        check(&|s| s.ready = Some(1)),
        ["status.ready: Invalid value: 1: cannot set more ready pods than active"]
    );
}

#[test]
fn cron_jobs() {
    let tick: CronJob = decode(&cron_job("schedule: '*/5 * * * *'"));
    assert_eq!(row_text(&tick, 0), "tick|*/5 * * * *|<none>|False|0|<none>|<unknown>|a|busybox|<none>");
    for (spec, want) in [
        ("schedule: '*/5 * * * *'", vec![]),
        ("schedule: x", vec!["spec.schedule: Invalid value: \"x\": expected exactly 5 fields, found 1: [x]"]),
        (
            "schedule: 'TZ=UTC 0 0 * * *'",
            vec![
                "spec.schedule: Invalid value: \"TZ=UTC 0 0 * * *\": cannot use TZ or CRON_TZ in schedule, use timeZone \
                 field instead",
            ],
        ),
        (
            "schedule: '@daily', concurrencyPolicy: Maybe",
            vec![
                "spec.concurrencyPolicy: Unsupported value: \"Maybe\": supported values: \"Allow\", \"Forbid\", \
                 \"Replace\"",
            ],
        ),
        (
            "schedule: '@daily', timeZone: Not a zone",
            vec!["spec.timeZone: Invalid value: \"Not a zone\": unknown time zone Not a zone"],
        ),
    ] {
        assert_eq!(faults_of_create::<CronJob>(&cron_job(spec)), want, "{spec}");
    }
}

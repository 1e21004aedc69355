//! A Job, and the template of Jobs.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describeJob, describeJobTemplate)
//! Differs: nothing known.

use super::template;
use super::text::{Writer, put};
use crate::api::batch::{Job, JobTemplateSpec};
use crate::api::print::selector_text;
use crate::apimachinery::time::human_duration;

/// After how many bytes a list of indexes is cut, at the next comma.
const INDEXES: usize = 50;

pub(super) fn describe(w: &mut Writer, job: &Job) {
    let (spec, status) = (&job.spec, &job.status);
    w.name_and_namespace(&job.metadata);
    w.field(0, "Selector", selector_text(spec.selector.as_deref()).unwrap_or_default());
    w.labels_and_annotations(&job.metadata);
    w.controlled_by(&job.metadata);
    if let Some(n) = spec.parallelism {
        w.field(0, "Parallelism", n);
    }
    number(w, "Completions", spec.completions);
    if let Some(mode) = &spec.completion_mode {
        w.field(0, "Completion Mode", mode);
    }
    if let Some(suspend) = spec.suspend {
        w.field(0, "Suspend", suspend);
    }
    if let Some(n) = spec.backoff_limit {
        w.field(0, "Backoff Limit", n);
    }
    if let Some(n) = spec.ttl_seconds_after_finished {
        w.field(0, "TTL Seconds After Finished", n);
    }
    if let Some(at) = status.start_time {
        w.field(0, "Start Time", at.rfc1123());
    }
    if let Some(at) = status.completion_time {
        w.field(0, "Completed At", at.rfc1123());
    }
    if let (Some(from), Some(to)) = (status.start_time, status.completion_time) {
        w.field(0, "Duration", human_duration(to.unix() - from.unix()));
    }
    deadline(w, spec.active_deadline_seconds);
    let ready = status.ready.map_or(String::new(), |n| format!(" ({n} Ready)"));
    let (active, succeeded, failed) = (status.active, status.succeeded, status.failed);
    put!(w, 0, "Pods Statuses:\t{active} Active{ready} / {succeeded} Succeeded / {failed} Failed\n");
    if spec.completion_mode.as_deref() == Some("Indexed") {
        w.field(0, "Completed Indexes", indexes(&status.completed_indexes));
    }
    template::describe(w, &spec.template);
}

pub(super) fn describe_template(w: &mut Writer, job: &JobTemplateSpec) {
    let spec = &job.spec;
    match &spec.selector {
        Some(s) => w.field(0, "Selector", selector_text(Some(s)).unwrap_or_default()),
        None => w.field(0, "Selector", "<unset>"),
    }
    number(w, "Parallelism", spec.parallelism);
    number(w, "Completions", spec.completions);
    deadline(w, spec.active_deadline_seconds);
    template::describe(w, &spec.template);
}

pub(super) fn number(w: &mut Writer, title: &str, n: Option<i32>) {
    w.field(0, title, n.map_or("<unset>".to_owned(), |n| n.to_string()));
}

fn deadline(w: &mut Writer, seconds: Option<i64>) {
    if let Some(n) = seconds {
        put!(w, 0, "Active Deadline Seconds:\t{n}s\n");
    }
}

fn indexes(list: &str) -> String {
    match list.get(INDEXES..).and_then(|rest| rest.find(',')) {
        _ if list.is_empty() => "<none>".to_owned(),
        Some(at) => format!("{}...", &list[..=INDEXES + at]),
        None => list.to_owned(),
    }
}

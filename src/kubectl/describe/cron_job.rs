//! A CronJob.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describeCronJob)
//! Differs: nothing known.

use super::job;
use super::text::{Writer, or_none, truth};
use crate::api::batch::CronJob;

pub(super) fn describe(w: &mut Writer, c: &CronJob) {
    let spec = &c.spec;
    w.name_and_namespace(&c.metadata);
    w.labels_and_annotations(&c.metadata);
    w.field(0, "Schedule", &spec.schedule);
    w.field(0, "Concurrency Policy", &spec.concurrency_policy);
    w.field(0, "Suspend", spec.suspend.map_or("<unset>", truth));
    job::number(w, "Successful Job History Limit", spec.successful_jobs_history_limit);
    job::number(w, "Failed Job History Limit", spec.failed_jobs_history_limit);
    let seconds = spec.starting_deadline_seconds.map(|n| format!("{n}s"));
    w.field(0, "Starting Deadline Seconds", seconds.as_deref().unwrap_or("<unset>"));
    job::describe_template(w, &spec.job_template);
    let last = c.status.last_schedule_time.map(|at| at.rfc1123());
    w.field(0, "Last Schedule Time", last.as_deref().unwrap_or("<unset>"));
    let active: Vec<&str> = c.status.active.iter().map(|job| job.name.as_str()).collect();
    w.field(0, "Active Jobs", or_none(&active.join(", ")));
}

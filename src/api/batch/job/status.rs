//! What is wrong with the status that a controller gives a Job.
//!
//! Upstream: pkg/apis/batch/validation/validation.go (validateJobStatus, ValidateJobStatusUpdate, parseIndexInterval),
//! pkg/registry/batch/job/strategy.go (getStatusValidationOptions)
//! Differs: nothing known.

use super::*;
use crate::apimachinery::field_error::{BadValue, go_quote};
use crate::apimachinery::validation::validate_nonnegative;

const STATUS: Path = Path::new("status");

/// `1,3-5,7` as intervals; every index below `completions`, in rising order.
///
/// Errors: upstream's sentence.
pub fn indexes_of(text: &str, completions: i32) -> Result<Vec<(i32, i32)>, String> {
    let mut intervals: Vec<(i32, i32)> = Vec::new();
    for part in text.split(',').filter(|_| !text.is_empty()) {
        let (x, y) = interval(part, completions)?;
        if let Some((_, last)) = intervals.last().filter(|(_, last)| *last >= x) {
            return Err(format!("non-increasing order, previous: {last}, current: {x}"));
        }
        intervals.push((x, y));
    }
    Ok(intervals)
}

fn interval(text: &str, completions: i32) -> Result<(i32, i32), String> {
    let index = |part: &str| match part.parse::<i32>() {
        Err(_) => Err(format!("cannot convert string to integer for index: {}", go_quote(part))),
        Ok(n) if n >= completions => Err(format!("too large index: {}", go_quote(part))),
        Ok(n) => Ok(n),
    };
    match text.split('-').collect::<Vec<_>>().as_slice() {
        [x] => index(x).map(|x| (x, x)),
        [x, y] => {
            let (x, y) = (index(x)?, index(y)?);
            if x >= y { Err(format!("non-increasing order, previous: {x}, current: {y}")) } else { Ok((x, y)) }
        }
        _ => Err(format!(
            "the fragment {} violates the requirement that an index interval can have at most two parts separated by '-'",
            go_quote(text)
        )),
    }
}

/// Most rules look only at what this update changed, for older servers let more pass.
pub(super) fn validate_update(new: &Job, old: &Job, errs: &mut ErrorList) {
    let (was, now) = (&*old.status, &*new.status);
    let spec = &new.spec;
    validate_counts(now, errs);

    let conditions = STATUS.child("conditions");
    let changed = |type_: &str| new.has_condition(type_) != old.has_condition(type_);
    let finished = new.is_finished();
    let finished_changed = finished != old.is_finished();
    let start_changed = now.start_time != was.start_time;
    let completed_at_changed = now.completion_time != was.completion_time;
    let completed_indexes_changed = now.completed_indexes != was.completed_indexes;
    let failed_indexes_changed = now.failed_indexes != was.failed_indexes;
    let (complete, failed) = (new.has_condition("Complete"), new.has_condition("Failed"));
    let criteria_met = new.has_condition("SuccessCriteriaMet");
    let failure_target = new.has_condition("FailureTarget");

    if (changed("Complete") || changed("Failed")) && complete && failed {
        errs.invalid_omitted(conditions, "cannot set Complete=True and Failed=true conditions");
    }
    if (changed("Complete") || changed("FailureTarget")) && complete && failure_target {
        errs.invalid_omitted(conditions, "cannot set Complete=True and FailureTarget=true conditions");
    }
    if changed("Complete") || completed_at_changed {
        let path = STATUS.child("completionTime");
        match now.completion_time {
            Some(time) if !complete => {
                let detail = "cannot set completionTime when there is no Complete=True condition";
                errs.invalid(path, BadValue::of(&time), detail);
            }
            None if complete => errs.required(path, "completionTime is required for Complete jobs"),
            _ => {}
        }
    }
    if let (Some(start), Some(end)) = (now.start_time, now.completion_time)
        && (start_changed || completed_at_changed)
        && end < start
    {
        errs.invalid(STATUS.child("completionTime"), BadValue::of(&end), "must be equal to or after `startTime`");
    }
    if (changed("Failed") || failed_indexes_changed) && failed && !failure_target {
        errs.invalid_omitted(conditions, "cannot set Failed=True condition without the FailureTarget=true condition");
    }
    if (changed("Complete") || changed("SuccessCriteriaMet")) && complete && !criteria_met {
        let detail = "cannot set Complete=True condition without the SuccessCriteriaMet=true condition";
        errs.invalid_omitted(conditions, detail);
    }
    if (finished_changed || now.active != was.active) && finished && now.active > 0 {
        errs.invalid(STATUS.child("active"), now.active, "active>0 is invalid for finished job");
    }
    let never_ran = spec.suspend == Some(true) && spec.completions == Some(0);
    if (finished_changed || start_changed) && !never_ran && finished && now.start_time.is_none() {
        errs.required(STATUS.child("startTime"), "startTime is required for finished job");
    }
    validate_uncounted_of_finished(new, old, finished_changed, errs);
    if let Some(completions) = spec.completions {
        validate_indexes(new, completions, completed_indexes_changed, failed_indexes_changed, errs);
    }
    if completed_indexes_changed && !now.completed_indexes.is_empty() && !spec.is_indexed() {
        let detail = "cannot set non-empty completedIndexes when non-indexed completion mode";
        errs.invalid(STATUS.child("completedIndexes"), &now.completed_indexes, detail);
    }
    if let Some(indexes) = now.failed_indexes.as_ref().filter(|_| failed_indexes_changed)
        && spec.backoff_limit_per_index.is_none()
    {
        let detail = "cannot set non-null failedIndexes when backoffLimitPerIndex is null";
        errs.invalid(STATUS.child("failedIndexes"), indexes, detail);
    }
    if let Some(n) = now.terminating.filter(|n| *n > 0)
        && finished
        && (finished_changed || now.terminating != was.terminating)
    {
        errs.invalid(STATUS.child("terminating"), n, "terminating>0 is invalid for finished job");
    }
    if let Some(ready) = now.ready.filter(|n| *n > now.active)
        && (now.ready != was.ready || now.active != was.active)
    {
        errs.invalid(STATUS.child("ready"), ready, "cannot set more ready pods than active");
    }
    if criteria_met && failed {
        errs.invalid_omitted(conditions, "cannot set SuccessCriteriaMet=True and Failed=true conditions");
    }
    if criteria_met && failure_target {
        errs.invalid_omitted(conditions, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
    }
    if spec.success_policy.is_some() && !criteria_met && complete {
        let detail = "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True";
        errs.invalid_omitted(conditions, detail);
    }
    validate_one_way(new, old, errs);
}

/// What never goes back.
fn validate_one_way(new: &Job, old: &Job, errs: &mut ErrorList) {
    let (was, now) = (&*old.status, &*new.status);
    let conditions = STATUS.child("conditions");
    for type_ in ["Failed", "Complete", "FailureTarget"] {
        if old.has_condition(type_) && !new.has_condition(type_) {
            errs.invalid_omitted(conditions, format!("cannot disable the terminal {type_}=True condition"));
        }
    }
    if now.failed < was.failed {
        errs.invalid(STATUS.child("failed"), now.failed, "cannot decrease the failed counter");
    }
    let elastic = new.spec.is_indexed() && new.spec.completions == new.spec.parallelism;
    if !elastic && now.succeeded < was.succeeded {
        errs.invalid(STATUS.child("succeeded"), now.succeeded, "cannot decrease the succeeded counter");
    }
    if let (Some(new), Some(old)) = (now.completion_time, was.completion_time)
        && new != old
    {
        errs.invalid(STATUS.child("completionTime"), BadValue::of(&new), "field is immutable");
    }
    let not_suspended = new.condition("Suspended").is_some_and(|c| c.status == "False");
    let resuming = old.has_condition("Suspended") && not_suspended;
    if was.start_time.is_some() && was.start_time != now.start_time && !resuming && new.spec.suspend != Some(true) {
        errs.required(STATUS.child("startTime"), "startTime cannot be removed for unsuspended job");
    }
    let criteria = "SuccessCriteriaMet";
    if old.has_condition(criteria) && !new.has_condition(criteria) {
        errs.invalid_omitted(conditions, "cannot disable the SuccessCriteriaMet=True condition");
    }
    if old.has_condition("Complete") && !old.has_condition(criteria) && new.has_condition(criteria) {
        let detail = "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions";
        errs.invalid_omitted(conditions, detail);
    }
}

fn validate_counts(status: &JobStatus, errs: &mut ErrorList) {
    for (name, count) in [
        ("active", status.active),
        ("succeeded", status.succeeded),
        ("failed", status.failed),
        ("ready", status.ready.unwrap_or_default()),
        ("terminating", status.terminating.unwrap_or_default()),
    ] {
        validate_nonnegative(count, STATUS.child(name), errs);
    }
    let Some(pods) = &status.uncounted_terminated_pods else { return };
    let path = STATUS.child("uncountedTerminatedPods");
    let mut seen: Vec<&Str> = Vec::new();
    for (name, list) in [("succeeded", &pods.succeeded), ("failed", &pods.failed)] {
        for (i, uid) in list.iter().enumerate() {
            let path = path.child(name);
            if uid.is_empty() {
                errs.invalid(path.index(i), uid, "must not be empty");
            } else if seen.contains(&uid) {
                errs.duplicate(path.index(i), uid);
            } else {
                seen.push(uid);
            }
        }
    }
}

fn validate_uncounted_of_finished(new: &Job, old: &Job, finished_changed: bool, errs: &mut ErrorList) {
    let (was, now) = (&old.status.uncounted_terminated_pods, &new.status.uncounted_terminated_pods);
    let Some(pods) = now else { return };
    let some = !pods.succeeded.is_empty() || !pods.failed.is_empty();
    if (finished_changed || was != now) && new.is_finished() && some {
        let list = |l: &List<Str>| crate::apimachinery::go_json::go_json(l);
        let value = format!("{{\"Succeeded\":{},\"Failed\":{}}}", list(&pods.succeeded), list(&pods.failed));
        let path = STATUS.child("uncountedTerminatedPods");
        errs.invalid(path, BadValue::raw(value), "must be empty for finished job");
    }
}

fn validate_indexes(job: &Job, completions: i32, completed_changed: bool, failed_changed: bool, errs: &mut ErrorList) {
    let status = &job.status;
    let completed = indexes_of(&status.completed_indexes, completions);
    if let Err(e) = &completed
        && completed_changed
    {
        let detail = format!("error parsing completedIndexes: {e}");
        errs.invalid(STATUS.child("completedIndexes"), &status.completed_indexes, detail);
    }
    let Some(text) = &status.failed_indexes else { return };
    let failed = indexes_of(text, completions);
    if let Err(e) = &failed
        && failed_changed
        && job.spec.backoff_limit_per_index.is_some()
    {
        errs.invalid(STATUS.child("failedIndexes"), text, format!("error parsing failedIndexes: {e}"));
    }
    if let (Ok(completed), Ok(failed)) = (completed, failed)
        && (completed_changed || failed_changed)
    {
        let overlap = completed
            .iter()
            .find_map(|(cx, cy)| failed.iter().find(|(fx, fy)| cx <= fy && fx <= cy).map(|(fx, _)| *cx.max(fx)));
        if let Some(at) = overlap {
            let detail = format!("failedIndexes and completedIndexes overlap at index: {at}");
            errs.invalid(STATUS.child("failedIndexes"), text, detail);
        }
    }
}

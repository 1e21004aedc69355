//! The indexes of an Indexed Job: which succeeded, which failed, which come next.
//!
//! Upstream: pkg/controller/job/indexed_job_utils.go
//! Differs: nothing known.

use super::backoff::finished_at;
use super::policy::{Verdict, verdict};
use super::{Cx, is_failed, is_tracked, only_replaces_failed};
use crate::api::batch::Job;
use crate::api::core::{Container, EnvVar, EnvVarSource, ObjectFieldSelector, Pod, PodSpec};
use crate::apimachinery::{List, Str};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

pub(super) const INDEX: &str = "batch.kubernetes.io/job-completion-index";
pub(super) const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
pub(super) const IGNORED_FAILURES: &str = "batch.kubernetes.io/job-index-ignored-failure-count";
const INDEX_VARIABLE: &str = "JOB_COMPLETION_INDEX";
/// So long is the part of a generated name that is not random.
const MAX_GENERATED_NAME: usize = 58;

/// Indexes as rising intervals, both ends in them, no two of which touch.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Intervals(Vec<(i32, i32)>);

impl Intervals {
    /// `1,3-5`; what cannot be read is left out, and what is `completions` or more.
    pub(super) fn parse(text: &str, completions: i32) -> Intervals {
        let mut all: Vec<(i32, i32)> = Vec::new();
        for part in text.split(',').filter(|_| !text.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (Ok(first), Ok(last)) = (first.parse::<i32>(), last.parse::<i32>()) else { continue };
            if first >= completions {
                break;
            }
            let last = last.min(completions - 1);
            match all.last_mut() {
                Some(before) if before.1 == first - 1 => before.1 = last,
                _ => all.push((first, last)),
            }
        }
        Intervals(all)
    }

    pub(super) fn of(indexes: &BTreeSet<i32>) -> Intervals {
        Intervals::default().merge(&Intervals(indexes.iter().map(|i| (*i, *i)).collect()))
    }

    pub(super) fn merge(&self, other: &Intervals) -> Intervals {
        let mut all: Vec<_> = self.0.iter().chain(&other.0).copied().collect();
        all.sort_unstable();
        let mut out: Vec<(i32, i32)> = Vec::new();
        for (first, last) in all {
            match out.last_mut() {
                Some(before) if first <= before.1 + 1 => before.1 = before.1.max(last),
                _ => out.push((first, last)),
            }
        }
        Intervals(out)
    }

    pub(super) fn total(&self) -> i32 {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }

    pub(super) fn has(&self, index: i32) -> bool {
        let at = self.0.partition_point(|(_, last)| *last < index);
        self.0.get(at).is_some_and(|(first, _)| *first <= index)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many indexes both have.
    pub(super) fn overlap(&self, other: &Intervals) -> i32 {
        let shared = |a: &(i32, i32), b: &(i32, i32)| (a.1.min(b.1) - a.0.max(b.0) + 1).max(0);
        self.0.iter().map(|a| other.0.iter().map(|b| shared(a, b)).sum::<i32>()).sum()
    }

    /// Up to `count` indexes below `end` that are not in here, the lowest first.
    fn gaps(&self, count: usize, end: i32) -> Vec<i32> {
        let mut next = 0;
        let mut out = Vec::new();
        for (first, last) in self.0.iter().copied().chain([(end, end)]) {
            let left = count - out.len();
            out.extend((next..first.min(end)).take(left));
            next = next.max(last + 1);
        }
        out
    }
}

impl fmt::Display for Intervals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (first, last)) in self.0.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            match last - first {
                0 => write!(f, "{comma}{first}")?,
                1 => write!(f, "{comma}{first},{last}")?,
                _ => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

/// The index that a pod works on.
pub(super) fn index_of(pod: &Pod) -> Option<i32> {
    pod.metadata.annotations.get(INDEX)?.parse().ok().filter(|i| *i >= 0)
}

/// The index, where the Job has it.
pub(super) fn valid_index(job: &Job, pod: &Pod) -> Option<i32> {
    index_of(pod).filter(|i| *i < completions(job))
}

pub(super) fn completions(job: &Job) -> i32 {
    job.spec.completions.unwrap_or_default()
}

fn count_of(pod: &Pod, annotation: &str) -> i32 {
    pod.metadata.annotations.get(annotation).and_then(|v| v.parse().ok()).filter(|n| *n >= 0).unwrap_or(0)
}

/// How often the index failed before this pod, whether it counted or not.
pub(super) fn all_failures(pod: &Pod) -> i32 {
    count_of(pod, FAILURES) + count_of(pod, IGNORED_FAILURES)
}

/// What was counted as succeeded before, and with the pods that are not counted yet.
pub(super) fn succeeded(job: &Job, pods: &[Rc<Pod>]) -> (Intervals, Intervals) {
    let before = Intervals::parse(&job.status.completed_indexes, completions(job));
    let fresh = pods.iter().filter(|p| p.status.phase == "Succeeded" && is_tracked(p));
    let all = before.merge(&Intervals::of(&fresh.filter_map(|p| valid_index(job, p)).collect()));
    (before, all)
}

pub(super) fn failed(job: &Job, pods: &[Rc<Pod>]) -> Intervals {
    let before = Intervals::parse(job.status.failed_indexes.as_deref().unwrap_or_default(), completions(job));
    let fresh = pods.iter().filter(|p| is_tracked(p) && is_index_failed(job, p));
    before.merge(&Intervals::of(&fresh.filter_map(|p| valid_index(job, p)).collect()))
}

fn is_index_failed(job: &Job, pod: &Pod) -> bool {
    if !is_failed(pod, job) {
        return false;
    }
    match verdict(job, pod) {
        Verdict::FailIndex => true,
        Verdict::Ignore => false,
        _ => count_of(pod, FAILURES) >= job.spec.backoff_limit_per_index.unwrap_or_default(),
    }
}

fn indexes_of(pods: &[Rc<Pod>]) -> BTreeSet<i32> {
    pods.iter().filter_map(|p| index_of(p)).collect()
}

/// Of the failed pods of each index the last one, which waits for its successor to take over its count of failures.
pub(super) fn waiting_for_successor(cx: &Cx) -> BTreeMap<i32, Rc<Pod>> {
    let active = indexes_of(&cx.active);
    let mut last: BTreeMap<i32, Rc<Pod>> = BTreeMap::new();
    for pod in cx.pods.iter().filter(|p| is_tracked(p) && !cx.awaited.contains(&p.metadata.uid)) {
        let Some(index) = valid_index(&cx.job, pod).filter(|_| is_failed(pod, &cx.job)) else { continue };
        let is_done = cx.succeeded_indexes.has(index) || cx.failed_indexes.as_ref().is_some_and(|f| f.has(index));
        if is_done || active.contains(&index) {
            continue;
        }
        let newer =
            |old: &Pod| all_failures(old) <= all_failures(pod) && finished_at(pod).unix() >= finished_at(old).unix();
        if last.get(&index).is_none_or(|old| newer(old)) {
            last.insert(index, pod.clone());
        }
    }
    last
}

/// The lowest indexes that nobody works on and that are not done.
pub(super) fn first_pending(cx: &Cx, count: usize) -> Vec<i32> {
    let mut taken = cx.succeeded_indexes.merge(&Intervals::of(&indexes_of(&cx.active)));
    if only_replaces_failed(&cx.job) {
        let ending: Vec<_> = cx.pods.iter().filter(|p| super::is_terminating(p)).cloned().collect();
        taken = taken.merge(&Intervals::of(&indexes_of(&ending)));
    }
    if let Some(failed) = &cx.failed_indexes {
        taken = taken.merge(failed);
    }
    taken.gaps(count, completions(&cx.job))
}

/// Pods without an index of the Job, and all but the best of those that share one; then the rest.
pub(super) fn split_duplicates(job: &Job, pods: &[Rc<Pod>]) -> (Vec<Rc<Pod>>, Vec<Rc<Pod>>) {
    let (mut remove, mut keep) = (Vec::new(), Vec::new());
    let mut of_index: BTreeMap<i32, Vec<Rc<Pod>>> = BTreeMap::new();
    for pod in pods {
        match valid_index(job, pod) {
            Some(index) => of_index.entry(index).or_default().push(pod.clone()),
            None => remove.push(pod.clone()),
        }
    }
    for (_, mut pods) in of_index {
        pods.sort_by(|a, b| super::super::replica_set::active_order(a, b));
        keep.extend(pods.pop());
        remove.append(&mut pods);
    }
    (remove, keep)
}

/// Gives a pod its index: annotation, label, host name, the prefix of its name.
pub(super) fn assign(job: &Job, pod: &mut Pod, index: i32) {
    let text = Str::from(index.to_string());
    pod.metadata.annotations.insert(INDEX, text.clone());
    pod.metadata.labels.insert(INDEX, text);
    Rc::make_mut(&mut pod.spec).hostname = Str::from(format!("{}-{index}", job.metadata.name));
    let suffix = format!("-{index}-");
    let room = MAX_GENERATED_NAME - suffix.len();
    let name = job.metadata.name.as_str();
    pod.metadata.generate_name = Str::from(format!("{}{suffix}", &name[..name.len().min(room)]));
}

/// The failures of the index so far, for the pod that follows `before`.
pub(super) fn inherit_failures(job: &Job, pod: &mut Pod, before: Option<&Pod>) {
    let (mut counted, mut ignored) = before.map_or((0, 0), |p| (count_of(p, FAILURES), count_of(p, IGNORED_FAILURES)));
    if let Some(before) = before {
        let slot = if verdict(job, before) == Verdict::Ignore { &mut ignored } else { &mut counted };
        *slot += 1;
    }
    pod.metadata.annotations.insert(FAILURES, Str::from(counted.to_string()));
    if ignored > 0 {
        pod.metadata.annotations.insert(IGNORED_FAILURES, Str::from(ignored.to_string()));
    }
}

/// Every container learns its index from the pod's label.
pub(super) fn add_index_variable(spec: &mut PodSpec) {
    for containers in [&mut spec.init_containers, &mut spec.containers] {
        if containers.iter().any(|c| !has_variable(c)) {
            for c in containers.make_mut().iter_mut().filter(|c| !has_variable(c)) {
                add_variable(&mut c.env);
            }
        }
    }
}

fn has_variable(c: &Container) -> bool {
    c.env.iter().any(|v| v.name == INDEX_VARIABLE)
}

fn add_variable(env: &mut List<EnvVar>) {
    let field_path = Str::from(format!("metadata.labels['{INDEX}']"));
    let selector = ObjectFieldSelector { field_path, ..ObjectFieldSelector::default() };
    env.push(EnvVar {
        name: Str::literal(INDEX_VARIABLE),
        value_from: Some(Rc::new(EnvVarSource { field_ref: Some(Rc::new(selector)), ..EnvVarSource::default() })),
        ..EnvVar::default()
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_written_as_upstream_writes_them() {
        for (text, completions, want) in [
            ("", 5, ""),
            ("0", 5, "0"),
            ("0,1", 5, "0,1"),
            ("0,1,2", 5, "0-2"),
            ("0-3,5,7-9", 9, "0-3,5,7,8"),
            ("1-2,3-4", 9, "1-4"),
            ("1,x,3", 9, "1,3"),
            ("7", 5, ""),
        ] {
            assert_eq!(Intervals::parse(text, completions).to_string(), want, "{text}");
        }
    }

    #[test]
    fn intervals_merge_count_and_leave_gaps() {
        let some = Intervals::parse("1-3,7", 10);
        assert_eq!(some.merge(&Intervals::parse("4,6,9", 10)).to_string(), "1-4,6,7,9");
        assert_eq!(some.total(), 4);
        assert!(some.has(3) && !some.has(4) && some.has(7));
        assert_eq!(some.gaps(3, 10), [0, 4, 5]);
        assert_eq!(some.gaps(9, 6), [0, 4, 5]);
        assert_eq!(some.overlap(&Intervals::parse("2-8", 10)), 3);
    }
}

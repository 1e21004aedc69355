//! What a failed pod means for its Job, and when enough indexes have succeeded.
//!
//! Upstream: pkg/controller/job/{pod_failure_policy,success_policy}.go
//! Differs: nothing known.

use super::indexes::{Intervals, completions};
use crate::api::batch::{Job, PodFailurePolicyOnExitCodesRequirement};
use crate::api::core::{ContainerStatus, Pod, PodCondition};
use crate::apimachinery::List;

/// What the first rule that matches says of a failed pod.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Verdict {
    /// Counted among the failures; also where no rule matches.
    Count,
    Ignore,
    FailIndex,
    /// The sentence of the Job's condition.
    FailJob(String),
}

pub(super) fn verdict(job: &Job, pod: &Pod) -> Verdict {
    let rules = job.spec.pod_failure_policy.iter().flat_map(|p| p.rules.iter());
    for (index, rule) in rules.enumerate() {
        let name = pod.metadata.key();
        let text = if let Some(requirement) = &rule.on_exit_codes {
            let found = ended(&pod.status.container_statuses, requirement);
            let found = found.or_else(|| ended(&pod.status.init_container_statuses, requirement));
            let Some((container, code)) = found else { continue };
            let name = format!("Container {} for pod {name}", container.name);
            format!("{name} failed with exit code {code} matching {} rule at index {index}", rule.action)
        } else {
            let matches =
                |c: &&PodCondition| rule.on_pod_conditions.iter().any(|p| p.type_ == c.type_ && p.status == c.status);
            let Some(condition) = pod.status.conditions.iter().find(matches) else { continue };
            format!("Pod {name} has condition {} matching {} rule at index {index}", condition.type_, rule.action)
        };
        match rule.action.as_str() {
            "Ignore" => return Verdict::Ignore,
            "FailIndex" => return Verdict::FailIndex,
            "Count" => return Verdict::Count,
            "FailJob" => return Verdict::FailJob(text),
            _ => {}
        }
    }
    Verdict::Count
}

/// The first container that ended with such a code.
fn ended<'a>(
    statuses: &'a List<ContainerStatus>,
    requirement: &PodFailurePolicyOnExitCodesRequirement,
) -> Option<(&'a ContainerStatus, i32)> {
    statuses.iter().find_map(|s| {
        let code = s.state.terminated.as_ref()?.exit_code;
        let named = requirement.container_name.as_ref().is_none_or(|n| *n == s.name);
        let listed = requirement.values.contains(&code);
        let matches = match requirement.operator.as_str() {
            "In" => listed,
            "NotIn" => !listed,
            _ => false,
        };
        (named && code != 0 && matches).then_some((s, code))
    })
}

/// The sentence of the condition where a rule of the success policy is met.
pub(super) fn success(job: &Job, succeeded: &Intervals) -> Option<String> {
    let policy = job.spec.success_policy.as_ref().filter(|_| !succeeded.is_empty())?;
    let met = policy.rules.iter().position(|rule| {
        let enough = |n: i32| rule.succeeded_count.is_some_and(|count| n >= count);
        match &rule.succeeded_indexes {
            None => enough(succeeded.total()),
            Some(text) => {
                let wanted = Intervals::parse(text, completions(job));
                let reached = wanted.overlap(succeeded);
                !wanted.is_empty() && (reached == wanted.total() || enough(reached))
            }
        }
    });
    met.map(|index| format!("Matched rules at index {index}"))
}

//! Whether a container that ended is to be started again.
//!
//! Upstream: pkg/api/v1/pod/util.go (ContainerShouldRestart, FindMatchingContainerRestartRule)
//! Differs: the action RestartAllContainers is switched off.

use super::{Container, PodSpec};

/// Its own rules first, then its own policy, then the pod's.
pub fn should_restart(c: &Container, spec: &PodSpec, exit_code: i32) -> bool {
    let by = |policy: &str| match policy {
        "Always" => Some(true),
        "OnFailure" => Some(exit_code != 0),
        "Never" => Some(false),
        _ => None,
    };
    if let Some(policy) = &c.restart_policy {
        let matching = c.restart_policy_rules.iter().find(|r| {
            r.exit_codes.as_deref().is_some_and(|on| match on.operator.as_str() {
                "In" => on.values.contains(&exit_code),
                "NotIn" => !on.values.contains(&exit_code),
                _ => false,
            })
        });
        if matching.is_some_and(|r| r.action == "Restart") {
            return true;
        }
        if let Some(answer) = by(policy) {
            return answer;
        }
    }
    by(&spec.restart_policy).unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::core::pod::testing::of;

    #[test]
    fn rules_then_policies() {
        for (container, pod, code, want) in [
            (r#"{}"#, "Always", 0, true),
            (r#"{}"#, "OnFailure", 0, false),
            (r#"{}"#, "OnFailure", 1, true),
            (r#"{}"#, "Never", 1, false),
            (r#"{"restartPolicy":"Always"}"#, "Never", 0, true),
            (r#"{"restartPolicy":"Never"}"#, "Always", 1, false),
            (
                r#"{"restartPolicy":"Never","restartPolicyRules":[{"action":"Restart","exitCodes":{"operator":"In","values":[42]}}]}"#,
                "Never",
                42,
                true,
            ),
            (
                r#"{"restartPolicy":"Never","restartPolicyRules":[{"action":"Restart","exitCodes":{"operator":"NotIn","values":[42]}}]}"#,
                "Never",
                42,
                false,
            ),
        ] {
            let spec = PodSpec { restart_policy: pod.into(), ..PodSpec::default() };
            assert_eq!(should_restart(&of(container), &spec, code), want, "{container} {pod} {code}");
        }
    }
}

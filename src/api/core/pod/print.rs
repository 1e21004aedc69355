//! The row of a pod in `kubectl get`, and the fields that selectors may name.
//!
//! Upstream: pkg/printers/internalversion/printers.go (printPod), pkg/registry/core/pod/strategy.go
//! (ToSelectableFields)
//! Differs: nothing known.

use super::*;
use crate::api::kind::{AGE, Column, NAME, PrintCx, col, wide};
use crate::apimachinery::time::Time;
use crate::apimachinery::{Str, Value};

pub(super) const COLUMNS: &[Column] = &[
    NAME,
    col("Ready"),
    col("Status"),
    col("Restarts"),
    AGE,
    wide("IP"),
    wide("Node"),
    wide("Nominated Node"),
    wide("Readiness Gates"),
];

/// What the columns READY, STATUS and RESTARTS say.
#[derive(Clone, PartialEq, Debug)]
pub struct PodSummary {
    pub ready: usize,
    pub total: usize,
    pub status: String,
    pub restarts: i32,
    /// When a container last ended that was started again.
    pub last_restart: Option<Time>,
}

#[derive(Default)]
struct Restarts {
    count: i32,
    last: Option<Time>,
}

impl Restarts {
    fn add(&mut self, c: &ContainerStatus) {
        self.count += c.restart_count;
        let ended = c.last_state.terminated.as_ref().map(|t| t.finished_at);
        self.last = self.last.max(ended.filter(|t| *t != Time::default()));
    }
}

impl Pod {
    pub fn summary(&self) -> PodSummary {
        let (spec, status) = (&self.spec, &self.status);
        let is_sidecar = |name: &str| spec.init_containers.iter().any(|c| c.name == name && c.is_sidecar());
        let mut reason = status.reason.non_empty().unwrap_or(&status.phase).to_owned();
        if status.conditions.iter().any(|c| c.type_ == "PodScheduled" && c.reason == "SchedulingGated") {
            "SchedulingGated".clone_into(&mut reason);
        }
        let (mut ready, mut all, mut sidecars) = (0, Restarts::default(), Restarts::default());
        let mut initializing = false;
        for (i, c) in status.init_container_statuses.iter().enumerate() {
            all.add(c);
            if is_sidecar(&c.name) {
                sidecars.add(c);
            }
            if c.state.terminated.as_ref().is_some_and(|t| t.exit_code == 0) {
                continue;
            }
            if is_sidecar(&c.name) && c.started == Some(true) {
                ready += usize::from(c.ready);
                continue;
            }
            let waiting = c.state.waiting.as_ref().map(|w| w.reason.as_str()).unwrap_or_default();
            reason = if let Some(t) = &c.state.terminated {
                format!("Init:{}", how_it_ended(t))
            } else if !matches!(waiting, "" | "PodInitializing") {
                format!("Init:{waiting}")
            } else {
                format!("Init:{i}/{}", spec.init_containers.len())
            };
            initializing = true;
            break;
        }
        if !initializing || self.condition("Initialized").is_some_and(|c| c.status == "True") {
            all = sidecars;
            let (mut running, mut failed) = (false, None);
            for c in status.container_statuses.iter().rev() {
                all.add(c);
                let waiting = c.state.waiting.as_ref().and_then(|w| w.reason.non_empty());
                if let Some(why) = waiting {
                    why.clone_into(&mut reason);
                } else if let Some(t) = &c.state.terminated {
                    reason = how_it_ended(t);
                    if t.exit_code != 0 {
                        failed = Some(reason.clone());
                    }
                } else if c.ready && c.state.running.is_some() {
                    running = true;
                    ready += 1;
                }
            }
            if reason == "Completed" {
                // A pod of which one container is done still runs.
                if running && status.conditions.iter().any(|c| c.type_ == "Ready" && c.status == "True") {
                    "Running".clone_into(&mut reason);
                } else if let Some(failed) = failed {
                    reason = failed;
                } else if running {
                    "NotReady".clone_into(&mut reason);
                }
            }
        }
        if self.metadata.is_deleting() {
            if status.reason == "NodeLost" {
                "Unknown".clone_into(&mut reason);
            } else if !matches!(status.phase.as_str(), "Failed" | "Succeeded") {
                "Terminating".clone_into(&mut reason);
            }
        }
        let total = spec.containers.len() + spec.init_containers.iter().filter(|c| c.is_sidecar()).count();
        PodSummary { ready, total, status: reason, restarts: all.count, last_restart: all.last }
    }

    /// The first condition of that type.
    pub fn condition(&self, type_: &str) -> Option<&PodCondition> {
        self.status.conditions.iter().find(|c| c.type_ == type_)
    }

    pub(super) fn cells(&self, cx: &PrintCx) -> Vec<Value> {
        let s = self.summary();
        let restarts = match s.last_restart {
            Some(at) if s.restarts != 0 => format!("{} ({} ago)", s.restarts, cx.age_text(at)),
            _ => s.restarts.to_string(),
        };
        let or_none = |text: &str| Value::from(if text.is_empty() { "<none>" } else { text });
        let gates = &self.spec.readiness_gates;
        let met =
            gates.iter().filter(|g| self.condition(&g.condition_type).is_some_and(|c| c.status == "True")).count();
        let gates = if gates.is_empty() { "<none>".to_owned() } else { format!("{met}/{}", gates.len()) };
        vec![
            self.metadata.name.as_str().into(),
            format!("{}/{}", s.ready, s.total).into(),
            s.status.into(),
            restarts.into(),
            cx.age(self.metadata.creation_timestamp),
            or_none(self.status.pod_ips.first().map_or("", |ip| &ip.ip)),
            or_none(&self.spec.node_name),
            or_none(&self.status.nominated_node_name),
            gates.into(),
        ]
    }
}

fn how_it_ended(t: &ContainerStateTerminated) -> String {
    match (t.reason.non_empty(), t.signal) {
        (Some(reason), _) => reason.to_owned(),
        (None, 0) => format!("ExitCode:{}", t.exit_code),
        (None, signal) => format!("Signal:{signal}"),
    }
}

pub(super) const FIELDS: &[&str] = &[
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
];

pub(super) fn field(pod: &Pod, path: &str) -> Option<Str> {
    Some(match path {
        "spec.nodeName" => pod.spec.node_name.clone(),
        "spec.restartPolicy" => pod.spec.restart_policy.clone(),
        "spec.schedulerName" => pod.spec.scheduler_name.clone(),
        "spec.serviceAccountName" => pod.spec.service_account_name.clone(),
        "spec.hostNetwork" => Str::literal(if pod.spec.host_network { "true" } else { "false" }),
        "status.phase" => pod.status.phase.clone(),
        "status.podIP" => pod.status.pod_ips.first().map(|ip| ip.ip.clone()).unwrap_or_default(),
        "status.nominatedNodeName" => pod.status.nominated_node_name.clone(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::core::pod::testing::pod;

    /// spec, status, then READY and STATUS and RESTARTS.
    const ROWS: &[(&str, &str, &str)] = &[
        (r#""containers":[{"name":"a"}]"#, r#""phase":"Pending""#, "0/1 Pending 0"),
        (
            r#""containers":[{"name":"a"}],"schedulingGates":[{"name":"g"}]"#,
            r#""phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"SchedulingGated"}]"#,
            "0/1 SchedulingGated 0",
        ),
        (
            r#""containers":[{"name":"a"}]"#,
            r#""phase":"Running","containerStatuses":[{"name":"a","restartCount":2,"state":{"waiting":{"reason":"CrashLoopBackOff"}},
               "lastState":{"terminated":{"exitCode":1,"finishedAt":"1970-01-01T00:01:35Z"}}}]"#,
            "0/1 CrashLoopBackOff 2 (5s ago)",
        ),
        (
            r#""containers":[{"name":"a"},{"name":"b"}]"#,
            r#""phase":"Running","conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[
               {"name":"a","state":{"terminated":{"exitCode":0,"reason":"Completed"}}},
               {"name":"b","ready":true,"state":{"running":{}}}]"#,
            "1/2 Running 0",
        ),
        (
            r#""containers":[{"name":"a"},{"name":"b"}]"#,
            r#""phase":"Running","containerStatuses":[
               {"name":"a","state":{"terminated":{"exitCode":0,"reason":"Completed"}}},
               {"name":"b","ready":true,"state":{"running":{}}}]"#,
            "1/2 NotReady 0",
        ),
        (
            r#""containers":[{"name":"a"}],"initContainers":[{"name":"i"},{"name":"j"}]"#,
            r#""phase":"Pending","initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":0}}},
               {"name":"j","state":{"running":{}}}]"#,
            "0/1 Init:1/2 0",
        ),
        (
            r#""containers":[{"name":"a"}],"initContainers":[{"name":"i"}]"#,
            r#""phase":"Pending","initContainerStatuses":[{"name":"i","restartCount":1,"state":{"terminated":{"exitCode":3}}}]"#,
            "0/1 Init:ExitCode:3 1",
        ),
        (
            r#""containers":[{"name":"a"}],"initContainers":[{"name":"i"}]"#,
            r#""phase":"Pending","initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":0}}}],
               "containerStatuses":[{"name":"a","state":{"waiting":{"reason":"PodInitializing"}}}]"#,
            "0/1 PodInitializing 0",
        ),
        (
            r#""containers":[{"name":"a"}],"initContainers":[{"name":"s","restartPolicy":"Always"}]"#,
            r#""phase":"Running","initContainerStatuses":[{"name":"s","ready":true,"started":true,"state":{"running":{}}}],
               "containerStatuses":[{"name":"a","ready":true,"state":{"running":{}}}]"#,
            "2/2 Running 0",
        ),
        (
            r#""containers":[{"name":"a"}]"#,
            r#""phase":"Failed","containerStatuses":[{"name":"a","state":{"terminated":{"exitCode":137,"signal":9}}}]"#,
            "0/1 Signal:9 0",
        ),
        (
            r#""containers":[{"name":"a"}]"#,
            r#""phase":"Succeeded","containerStatuses":[{"name":"a","state":{"terminated":{"exitCode":0,"reason":"Completed"}}}]"#,
            "0/1 Completed 0",
        ),
        (r#""containers":[{"name":"a"}]"#, r#""phase":"Failed","reason":"Evicted""#, "0/1 Evicted 0"),
    ];

    #[test]
    fn rows_of_the_table() {
        for (spec, status, want) in ROWS {
            let p = pod(&format!(r#"{{"metadata":{{"name":"p"}},"spec":{{{spec}}},"status":{{{status}}}}}"#));
            let cells = p.cells(&PrintCx { now: Time::from_unix(100) });
            let text = |i: usize| cells[i].as_str().unwrap_or_default().to_owned();
            assert_eq!(format!("{} {} {}", text(1), text(2), text(3)), *want, "{status}");
            assert_eq!(cells.len(), COLUMNS.len());
        }
    }

    #[test]
    fn deleted_pods_are_terminating_or_unknown() {
        for (status, want) in [
            (r#"{"phase":"Running"}"#, "Terminating"),
            (r#"{"phase":"Running","reason":"NodeLost"}"#, "Unknown"),
            (r#"{"phase":"Succeeded"}"#, "Succeeded"),
        ] {
            let p = pod(&format!(
                r#"{{"metadata":{{"deletionTimestamp":"2020-01-01T00:00:00Z"}},"spec":{{}},"status":{status}}}"#
            ));
            assert_eq!(p.summary().status, want);
        }
    }
}

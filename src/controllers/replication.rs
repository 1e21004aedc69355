//! Keeps as many pods of a template as a ReplicationController wants.
//!
//! Upstream: pkg/controller/replication/{replication_controller,conversion}.go
//! Differs: nothing known.

use super::replica_set::{ReplicaManager, Replicated};
use crate::api::apps::{ReplicaSetCondition, ReplicaSetStatus};
use crate::api::core::{
    PodTemplateSpec, ReplicationController, ReplicationControllerCondition, ReplicationControllerStatus,
};
use crate::apimachinery::labels::Selector;
use std::rc::Rc;

/// Upstream converts the objects to ReplicaSets and back; the controller is the same.
pub(super) type ReplicationManager = ReplicaManager<ReplicationController>;

impl Replicated for ReplicationController {
    const NAME: &'static str = "replication-controller";
    const TELLS_TERMINATING: bool = false;

    fn replicas(&self) -> i32 {
        self.spec.replicas.unwrap_or(1)
    }
    fn min_ready_seconds(&self) -> i32 {
        self.spec.min_ready_seconds
    }
    fn selector(&self) -> Option<Selector> {
        Selector::from_parts(self.spec.selector.iter(), []).ok()
    }
    fn template(&self) -> Option<&PodTemplateSpec> {
        self.spec.template.as_deref()
    }
    fn status(&self) -> ReplicaSetStatus {
        let s = &self.status;
        let condition = |c: &ReplicationControllerCondition| ReplicaSetCondition {
            type_: c.type_.clone(),
            status: c.status.clone(),
            last_transition_time: c.last_transition_time,
            reason: c.reason.clone(),
            message: c.message.clone(),
        };
        ReplicaSetStatus {
            replicas: s.replicas,
            fully_labeled_replicas: s.fully_labeled_replicas,
            ready_replicas: s.ready_replicas,
            available_replicas: s.available_replicas,
            terminating_replicas: None,
            observed_generation: s.observed_generation,
            conditions: s.conditions.iter().map(condition).collect::<Vec<_>>().into(),
        }
    }
    fn with_status(&self, s: &ReplicaSetStatus) -> Self {
        let condition = |c: &ReplicaSetCondition| ReplicationControllerCondition {
            type_: c.type_.clone(),
            status: c.status.clone(),
            last_transition_time: c.last_transition_time,
            reason: c.reason.clone(),
            message: c.message.clone(),
        };
        let status = ReplicationControllerStatus {
            replicas: s.replicas,
            fully_labeled_replicas: s.fully_labeled_replicas,
            ready_replicas: s.ready_replicas,
            available_replicas: s.available_replicas,
            observed_generation: s.observed_generation,
            conditions: s.conditions.iter().map(condition).collect::<Vec<_>>().into(),
        };
        ReplicationController { status: Rc::new(status), ..self.clone() }
    }
}

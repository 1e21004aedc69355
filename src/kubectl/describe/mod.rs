//! `kubectl describe`: the text about one object and what stands around it.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describerMap)
//! Differs: reads the tables where kubectl asks the API server again and again.

mod config_map;
mod containers;
mod cron_job;
mod daemon_set;
mod deployment;
mod events;
mod generic;
mod job;
mod limits;
mod namespace;
mod node;
mod persistent_volume;
mod persistent_volume_claim;
mod pod;
mod pod_disruption_budget;
mod pods;
mod priority_class;
mod replica_set;
mod replication_controller;
mod secret;
mod service;
mod service_account;
mod stateful_set;
mod storage_class;
mod tab;
mod template;
mod text;
mod volumes;
mod volumes_rare;

use crate::api::{AnyObject, Object};
use crate::apimachinery::time::Time;
use crate::apiserver::Tables;
use text::Writer;

/// What `kubectl describe` prints of the object. To add a kind: write its file, add its line here.
pub fn describe(tables: &Tables, now: Time, object: &Object) -> String {
    let mut w = Writer::new(now);
    let mut with_events = true;
    match &object.0 {
        AnyObject::ConfigMap(o) => config_map::describe(&mut w, o),
        AnyObject::DaemonSet(o) => daemon_set::describe(&mut w, tables, o),
        AnyObject::Deployment(o) => deployment::describe(&mut w, tables, o),
        AnyObject::Namespace(o) => {
            with_events = false;
            namespace::describe(&mut w, tables, o);
        }
        AnyObject::Node(o) => node::describe(&mut w, tables, o),
        AnyObject::PersistentVolume(o) => persistent_volume::describe(&mut w, o),
        AnyObject::StorageClass(o) => storage_class::describe(&mut w, o),
        AnyObject::PersistentVolumeClaim(o) => persistent_volume_claim::describe(&mut w, tables, o),
        AnyObject::Pod(o) => pod::describe(&mut w, o),
        AnyObject::ReplicaSet(o) => replica_set::describe(&mut w, tables, o),
        AnyObject::Secret(o) => {
            with_events = false;
            secret::describe(&mut w, o);
        }
        AnyObject::Service(o) => service::describe(&mut w, o),
        AnyObject::ServiceAccount(o) => service_account::describe(&mut w, o),
        AnyObject::StatefulSet(o) => stateful_set::describe(&mut w, tables, o),
        AnyObject::Job(o) => job::describe(&mut w, o),
        AnyObject::CronJob(o) => cron_job::describe(&mut w, o),
        AnyObject::PodDisruptionBudget(o) => pod_disruption_budget::describe(&mut w, o),
        AnyObject::PriorityClass(o) => priority_class::describe(&mut w, o),
        AnyObject::ReplicationController(o) => replication_controller::describe(&mut w, tables, o),
        AnyObject::LimitRange(o) => {
            with_events = false;
            limits::describe_limits(&mut w, o);
        }
        AnyObject::ResourceQuota(o) => {
            with_events = false;
            limits::describe_quota(&mut w, o);
        }
        _ => generic::describe(&mut w, object),
    }
    if with_events {
        events::describe(&mut w, tables, object);
    }
    w.finish()
}

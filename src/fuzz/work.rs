//! What a busy user and bad luck do to a cluster.

use super::{Options, fault};
use crate::api::apps::{Deployment, ReplicaSet};
use crate::api::core::{Node, Pod};
use crate::apimachinery::{Str, Value};
use crate::apiserver::wire::{Answer, Method, Request};
use crate::cluster::{Cluster, Fault};
use crate::sim::{Duration, Stream};
use serde_json::json;
use std::collections::BTreeSet;

pub(super) struct Worker {
    options: Options,
    rng: Stream,
    made: u64,
    down: BTreeSet<Str>,
    pub story: Vec<String>,
}

const GOOD: &[&str] = &["nginx:1.25", "nginx:1.26", "redis:7", "httpd:2.4"];
const BAD: &str = "nginx:doesnotexist";

impl Worker {
    pub(super) fn new(options: &Options) -> Worker {
        let rng = Stream::new(options.seed ^ 0x776f_726b);
        Worker { options: options.clone(), rng, made: 0, down: BTreeSet::new(), story: Vec::new() }
    }

    /// How long until the next act: mostly soon, now and then after minutes.
    pub(super) fn pause(&mut self) -> Duration {
        match self.rng.below(10) {
            0 => Duration::from_secs(60 + self.rng.below(400)),
            1..=3 => Duration::from_millis(self.rng.below(500)),
            _ => Duration::from_millis(500 + self.rng.below(15_000)),
        }
    }

    fn pick<T>(&mut self, from: &[T]) -> Option<T>
    where
        T: Clone,
    {
        if from.is_empty() { None } else { Some(from[self.rng.below(from.len() as u64) as usize].clone()) }
    }

    fn send(&mut self, c: &mut Cluster, story: String, request: &Request) {
        let Answer::Whole(response) = c.request(request) else { return };
        self.story.push(format!("{} {story} -> {}", c.now(), response.code));
    }

    fn merge(&mut self, c: &mut Cluster, path: &str, patch: &Value) {
        let mut request = Request::with(Method::Patch, path, patch);
        request.content_type = "application/merge-patch+json".to_owned();
        self.send(c, format!("patch {path} {patch}"), &request);
    }

    fn deployments(c: &Cluster) -> Vec<String> {
        c.tables().list::<Deployment>(None).map(|d| d.metadata.name.to_string()).collect()
    }

    pub(super) fn act(&mut self, c: &mut Cluster) {
        let deployments = Worker::deployments(c);
        let path = |name: &str| format!("/apis/apps/v1/namespaces/default/deployments/{name}");
        let kind = if deployments.is_empty() { 0 } else { self.rng.below(14) };
        match kind {
            0 | 1 => self.create(c),
            2..=4 => {
                let Some(name) = self.pick(&deployments) else { return };
                let replicas = self.rng.below(8);
                self.merge(c, &path(&name), &json!({"spec": {"replicas": replicas}}));
            }
            5..=7 => {
                let Some(name) = self.pick(&deployments) else { return };
                let bad = self.options.bad_images && self.rng.below(3) == 0;
                let image = if bad { BAD } else { self.pick(GOOD).expect("there are some") };
                let containers = json!([{"name": "main", "image": image}]);
                self.merge(c, &path(&name), &json!({"spec": {"template": {"spec": {"containers": containers}}}}));
            }
            8 | 9 if self.options.pod_deletions => {
                let pods: Vec<String> = c.tables().list::<Pod>(None).map(|p| p.metadata.name.to_string()).collect();
                let Some(name) = self.pick(&pods) else { return };
                let grace = self.rng.below(2) * 30;
                let path = format!("/api/v1/namespaces/default/pods/{name}");
                let request = Request::with(Method::Delete, &path, &json!({"gracePeriodSeconds": grace}));
                self.send(c, format!("delete {path} grace {grace}"), &request);
            }
            10 if self.rng.below(3) == 0 => {
                let Some(name) = self.pick(&deployments) else { return };
                let policy = self.pick(&["Background", "Foreground", "Orphan"]).expect("there are some");
                let request = Request::with(Method::Delete, &path(&name), &json!({"propagationPolicy": policy}));
                self.send(c, format!("delete {name} {policy}"), &request);
            }
            11 | 12 if self.options.node_faults => self.break_node(c),
            13 if self.options.cordons => {
                let nodes: Vec<String> = c.tables().list::<Node>(None).map(|n| n.metadata.name.to_string()).collect();
                let Some(name) = self.pick(&nodes) else { return };
                let unschedulable = self.rng.below(2) == 0;
                self.merge(c, &format!("/api/v1/nodes/{name}"), &json!({"spec": {"unschedulable": unschedulable}}));
            }
            13 if self.options.taints => {
                let nodes: Vec<String> = c.tables().list::<Node>(None).map(|n| n.metadata.name.to_string()).collect();
                let Some(name) = self.pick(&nodes) else { return };
                let taints = json!([{"key": "fuzz", "effect": "NoExecute"}]);
                self.merge(c, &format!("/api/v1/nodes/{name}"), &json!({"spec": {"taints": taints}}));
            }
            _ => {}
        }
    }

    fn create(&mut self, c: &mut Cluster) {
        self.made += 1;
        let name = format!("d{}", self.made);
        let image = self.pick(GOOD).expect("there are some");
        let strategy = match self.rng.below(4) {
            0 => json!({"type": "Recreate"}),
            1 => json!({"rollingUpdate": {"maxSurge": self.rng.below(3), "maxUnavailable": 1}}),
            2 => json!({"rollingUpdate": {"maxSurge": "50%", "maxUnavailable": 0}}),
            _ => json!({}),
        };
        let mut container = json!({"name": "main", "image": image, "resources": {"requests": {"cpu": "50m"}}});
        if self.rng.below(3) == 0 && image.starts_with("nginx") {
            container["readinessProbe"] = json!({"httpGet": {"path": "/", "port": 80}, "periodSeconds": 2});
        }
        let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {"replicas": self.rng.below(6), "strategy": strategy, "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}}});
        let request = Request::with(Method::Post, "/apis/apps/v1/namespaces/default/deployments", &object);
        self.send(c, format!("create {name}"), &request);
    }

    fn break_node(&mut self, c: &mut Cluster) {
        let names: Vec<Str> = c.node_names().cloned().collect();
        let Some(node) = self.pick(&names) else { return };
        let happened = if self.rng.below(4) == 0 {
            Fault::KubeletRestart { node }
        } else if self.down.remove(&node) {
            Fault::NodeDown { node, down: false }
        } else {
            self.down.insert(node.clone());
            Fault::NodeDown { node, down: true }
        };
        self.story.push(format!("{} {happened}", c.now()));
        fault(c, happened);
    }

    /// Everything that was broken is whole again, and every wish can be fulfilled.
    pub(super) fn heal(&mut self, c: &mut Cluster) {
        self.story.push(format!("{} healed", c.now()));
        for node in std::mem::take(&mut self.down) {
            fault(c, Fault::NodeDown { node, down: false });
        }
        let nodes: Vec<String> = c.tables().list::<Node>(None).map(|n| n.metadata.name.to_string()).collect();
        for name in nodes {
            let node = c.tables().list::<Node>(None).find(|n| n.metadata.name == name.as_str());
            let fuzzed = node.is_some_and(|n| n.spec.unschedulable || n.spec.taints.iter().any(|t| t.key == "fuzz"));
            if fuzzed {
                // What else taints it, its controller puts back.
                let whole = json!({"spec": {"unschedulable": null, "taints": null}});
                self.merge(c, &format!("/api/v1/nodes/{name}"), &whole);
            }
        }
        // What an orphaning deletion left may wish for an image that cannot be had.
        let orphans = c.tables().list::<ReplicaSet>(None).filter(|rs| rs.metadata.controller_of().is_none());
        let orphans: Vec<String> = orphans.map(|rs| rs.metadata.name.to_string()).collect();
        for name in orphans {
            let path = format!("/apis/apps/v1/namespaces/default/replicasets/{name}");
            let request = Request::with(Method::Delete, &path, &json!({"propagationPolicy": "Background"}));
            self.send(c, format!("delete orphan {name}"), &request);
        }
        for name in Worker::deployments(c) {
            let path = format!("/apis/apps/v1/namespaces/default/deployments/{name}");
            let containers = json!([{"name": "main", "image": "nginx:1.27"}]);
            self.merge(c, &path, &json!({"spec": {"template": {"spec": {"containers": containers}}}}));
        }
    }
}

//! What must hold at every moment, and what must hold in the end.

use crate::api::apps::{Deployment, ReplicaSet};
use crate::api::core::{Node, Pod};
use crate::api::{Key, KindId};
use crate::apimachinery::Str;
use crate::apimachinery::quantity::Quantity;
use crate::cluster::Cluster;
use std::collections::{BTreeMap, BTreeSet};

/// Looks again and again, and remembers.
#[derive(Default)]
pub(super) struct Watchman {
    rev: u64,
    node_of: BTreeMap<Str, Str>,
}

impl Watchman {
    /// Errors: one sentence about what does not hold.
    pub(super) fn look(&mut self, c: &Cluster) -> Result<(), String> {
        self.revisions(c)?;
        self.nodes_stay(c)?;
        identities(c)?;
        room(c)?;
        if !c.tables().indices_hold() {
            return Err("an index of the store is not what its rebuild is".to_owned());
        }
        Ok(())
    }

    /// Resource versions strictly rise.
    fn revisions(&mut self, c: &Cluster) -> Result<(), String> {
        if let Some(events) = c.server.store.since(self.rev.max(c.server.store.compacted())) {
            let mut last = self.rev;
            for e in events {
                if e.rev <= last {
                    return Err(format!("revision {} came after {last}", e.rev));
                }
                last = e.rev;
                if let Some(new) = &e.new
                    && new.rv() != e.rev
                {
                    return Err(format!("{} has resource version {} at revision {}", e.key, new.rv(), e.rev));
                }
            }
        }
        self.rev = c.server.store.rev();
        Ok(())
    }

    /// A pod never moves.
    fn nodes_stay(&mut self, c: &Cluster) -> Result<(), String> {
        for pod in c.tables().list::<Pod>(None) {
            let node = &pod.spec.node_name;
            if node.is_empty() {
                continue;
            }
            let was = self.node_of.entry(pod.metadata.uid.clone()).or_insert_with(|| node.clone());
            if was != node {
                return Err(format!("{} moved from {was} to {node}", pod.metadata.name));
            }
        }
        Ok(())
    }
}

fn identities(c: &Cluster) -> Result<(), String> {
    let (mut uids, mut ips) = (BTreeSet::new(), BTreeSet::new());
    for kind in KindId::ALL {
        for (key, o) in c.tables().objects(*kind, None) {
            if !uids.insert(o.meta().uid.clone()) {
                return Err(format!("two objects have the uid of {key}"));
            }
        }
    }
    for pod in c.tables().list::<Pod>(None).filter(|p| !p.is_terminal() && !p.spec.host_network) {
        let ip = &pod.status.pod_ip;
        if !ip.is_empty() && !ips.insert(ip.clone()) {
            return Err(format!("two live pods have {ip}"));
        }
    }
    Ok(())
}

/// No node has more than it can hold, by requests and by count.
fn room(c: &Cluster) -> Result<(), String> {
    for node in c.tables().list::<Node>(None) {
        let pods: Vec<_> = c.tables().pods_on(&node.metadata.name).filter(|p| !p.is_terminal()).collect();
        let allocatable = &node.status.allocatable;
        let most = allocatable.get("pods").map_or(0, Quantity::value);
        if pods.len() as i64 > most {
            return Err(format!("{} has {} pods, {most} at most", node.metadata.name, pods.len()));
        }
        for resource in ["cpu", "memory"] {
            let sum: i64 = pods
                .iter()
                .flat_map(|p| p.spec.containers.iter())
                .filter_map(|x| x.resources.requests.get(resource))
                .map(Quantity::milli_value)
                .sum();
            let has = allocatable.get(resource).map_or(0, Quantity::milli_value);
            if sum > has {
                return Err(format!("{} is asked for {sum}m {resource} and has {has}m", node.metadata.name));
            }
        }
    }
    Ok(())
}

/// Every wish is fulfilled, and nothing is left over.
pub(super) fn converged(c: &Cluster) -> Result<(), String> {
    for node in c.tables().list::<Node>(None) {
        let ready = node.status.conditions.iter().any(|x| x.type_ == "Ready" && x.status == "True");
        if !ready {
            return Err(format!("{} is not ready", node.metadata.name));
        }
    }
    for d in c.tables().list::<Deployment>(None) {
        let (name, desired, s) = (&d.metadata.name, d.spec.replicas.unwrap_or(1), &d.status);
        if d.metadata.is_deleting() {
            return Err(format!("{name} never went"));
        }
        if s.observed_generation != d.metadata.generation {
            return Err(format!("{name}: generation {} is not observed", d.metadata.generation));
        }
        let got = (s.replicas, s.updated_replicas, s.ready_replicas, s.available_replicas);
        if got != (desired, desired, desired, desired) {
            return Err(format!("{name} wants {desired} and has (all, updated, ready, available) = {got:?}"));
        }
    }
    for rs in c.tables().list::<ReplicaSet>(None) {
        let desired = rs.spec.replicas.unwrap_or(1);
        let live = c.tables().owned::<Pod>(&rs.metadata.uid).filter(|p| p.is_active()).count();
        if live != desired as usize {
            return Err(format!("{} wants {desired} and has {live} pods", rs.metadata.name));
        }
    }
    for pod in c.tables().list::<Pod>(None) {
        if pod.metadata.is_deleting() {
            return Err(format!("{} never went", pod.metadata.name));
        }
        let Some(owner) = pod.metadata.controller_of() else { continue };
        let key = Key::new(pod.metadata.namespace.clone(), owner.name.clone());
        let there = c.tables().get::<ReplicaSet>(&key).is_some_and(|rs| rs.metadata.uid == owner.uid);
        if !there {
            return Err(format!("{} belongs to {} which is gone", pod.metadata.name, owner.name));
        }
    }
    Ok(())
}

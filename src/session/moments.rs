//! What pods showed and Deployments asked for, each at the instant at which it was written: nothing is sampled.

use super::protocol::{Birth, Bounds, Moment, PodState};
use super::view::{bounds, cell, state};
use crate::api::apps::Deployment;
use crate::api::core::Pod;
use crate::api::{Key, Kind, KindId, PrintCx};
use crate::apimachinery::Str;
use crate::client::What;
use crate::cluster::Cluster;
use crate::sim::Time;
use std::collections::{BTreeMap, BTreeSet};

/// Something to tell, in the order of the trace.
enum Told<'a> {
    Wrote { old: Option<&'a Pod>, new: Option<&'a Pod> },
    Pulls(&'a Key),
    Pulled(&'a Key),
}

/// After revision `rev` of the store, and entry `seq` of the trace; of pods only if they are asked for.
pub(super) fn moments(c: &Cluster, rev: u64, seq: u64, of_pods: bool) -> (Vec<Moment>, Vec<Bounds>) {
    let Some(events) = c.server.store.since(rev) else { return (Vec::new(), Vec::new()) };
    let at = |cause: u64| c.trace.get(cause).map_or(c.now(), |e| e.time);
    let mut found: Vec<(u64, Time, Told)> = Vec::new();
    let mut asked = Vec::new();
    for e in events {
        match e.kind {
            KindId::Pod if of_pods => {
                let told = Told::Wrote { old: e.old_as::<Pod>().map(|p| &**p), new: e.new_as::<Pod>().map(|p| &**p) };
                found.push((e.cause, at(e.cause), told));
            }
            KindId::Deployment => {
                if let Some(d) = e.new_as::<Deployment>() {
                    asked.push(bounds(d, ms(at(e.cause))));
                }
            }
            _ => {}
        }
    }
    for e in c.trace.since(if of_pods { seq } else { c.trace.last_seq() }) {
        match &e.what {
            What::Pulling { pod, .. } => found.push((e.seq, e.time, Told::Pulls(pod))),
            What::Pulled { pod, ok: true, .. } => found.push((e.seq, e.time, Told::Pulled(pod))),
            _ => {}
        }
    }
    // Whose pull began before all this, and goes on.
    let begins: BTreeSet<Key> = found
        .iter()
        .filter_map(|(_, _, told)| if let Told::Pulls(key) = told { Some((*key).clone()) } else { None })
        .collect();
    let goes_on = |pod: &Pod| {
        let key = pod.metadata.key();
        !begins.contains(&key) && c.kubelet(&pod.spec.node_name).is_some_and(|k| k.is_pulling(&key))
    };
    // The store's own order stands within one entry of the trace: the sort is stable.
    found.sort_by_key(|(seq, ..)| *seq);
    let mut shown: BTreeMap<Key, Moment> = BTreeMap::new();
    let mut out: Vec<Moment> = Vec::new();
    for (_, at, told) in found {
        let moment = match told {
            Told::Wrote { old, new } => {
                let Some(pod) = new.or(old) else { continue };
                let mut moment = wrote(c, pod, at);
                moment.gone = new.is_none();
                if old.is_none() {
                    moment.birth = Some(birth(pod));
                }
                let pulls = match shown.get(&pod.metadata.key()) {
                    Some(before) => before.state == PodState::Pulling,
                    None => goes_on(pod),
                };
                if moment.state == PodState::Creating && pulls {
                    // A status that is written while an image comes does not end the pull.
                    moment.state = PodState::Pulling;
                }
                shown.insert(pod.metadata.key(), moment.clone());
                moment
            }
            Told::Pulls(key) | Told::Pulled(key) => {
                let known = shown.get(key).cloned().or_else(|| Some(wrote(c, c.tables().get::<Pod>(key)?, at)));
                let Some(mut moment) = known.filter(|m| matches!(m.state, PodState::Creating | PodState::Pulling))
                else {
                    continue;
                };
                (moment.birth, moment.ms) = (None, ms(at));
                moment.state = if matches!(told, Told::Pulls(_)) { PodState::Pulling } else { PodState::Creating };
                shown.insert(key.clone(), moment.clone());
                moment
            }
        };
        out.push(moment);
    }
    (out, asked)
}

fn ms(at: Time) -> f64 {
    at.0 as f64 / 1e6
}

fn wrote(c: &Cluster, pod: &Pod, at: Time) -> Moment {
    let status = cell(&pod.row(&PrintCx { now: c.wall_at(at) }), 2);
    Moment {
        uid: pod.metadata.uid.to_string(),
        ms: ms(at),
        state: state(pod, &status),
        status,
        node: pod.spec.node_name.to_string(),
        birth: None,
        gone: false,
    }
}

fn birth(pod: &Pod) -> Birth {
    Birth {
        name: pod.metadata.name.to_string(),
        owner_uid: pod.metadata.controller_of().map(|r| r.uid.to_string()).unwrap_or_default(),
        template_hash: pod.metadata.labels.get("pod-template-hash").map(Str::to_string).unwrap_or_default(),
        image: pod.spec.containers.first().map(|x| x.image.to_string()).unwrap_or_default(),
    }
}

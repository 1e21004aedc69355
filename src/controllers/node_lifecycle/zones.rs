//! Zones: how ill each is, and how fast nodes in it may be tainted NoExecute.
//!
//! Upstream: pkg/controller/nodelifecycle/node_lifecycle_controller.go (ComputeZoneState, handleDisruption),
//! pkg/controller/nodelifecycle/scheduler/rate_limited_queue.go, component-helpers/node/topology/helpers.go
//! Differs: nothing known.

use crate::api::core::Node;
use crate::apimachinery::{Map, OrdMap, Str};
use crate::sim::{Duration, SECOND, Time, Vector};

/// --node-eviction-rate 0.1 a second, and --secondary-node-eviction-rate 0.01.
const EVICTION_INTERVAL: Duration = SECOND.saturating_mul(10);
const SECONDARY_EVICTION_INTERVAL: Duration = SECOND.saturating_mul(100);
/// --large-cluster-size-threshold.
const LARGE_CLUSTER_THRESHOLD: usize = 50;
/// --unhealthy-zone-threshold, in hundredths.
const UNHEALTHY_ZONE_PERCENT: usize = 55;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ZoneState {
    Initial,
    Normal,
    FullDisruption,
    PartialDisruption,
}

/// `ready` and `not_ready` nodes of one zone.
pub(super) fn compute_zone_state(ready: usize, not_ready: usize) -> ZoneState {
    if ready == 0 && not_ready > 0 {
        ZoneState::FullDisruption
    } else if not_ready > 2 && not_ready * 100 >= UNHEALTHY_ZONE_PERCENT * (ready + not_ready) {
        ZoneState::PartialDisruption
    } else {
        ZoneState::Normal
    }
}

/// Between two nodes tainted; None: none at all.
fn interval(state: ZoneState, size: usize) -> Option<Duration> {
    match state {
        ZoneState::PartialDisruption if size > LARGE_CLUSTER_THRESHOLD => Some(SECONDARY_EVICTION_INTERVAL),
        ZoneState::PartialDisruption => None,
        _ => Some(EVICTION_INTERVAL),
    }
}

/// Region and zone; all nodes without either are one zone.
pub(super) fn zone_of(node: &Node) -> Str {
    let label = |old: &str, new: &str| {
        let labels = &node.metadata.labels;
        labels.get(old).or_else(|| labels.get(new)).cloned().unwrap_or_default()
    };
    let zone = label("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone");
    let region = label("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region");
    if zone.is_empty() && region.is_empty() { Str::EMPTY } else { Str::from(format!("{region}:\0:{zone}")) }
}

/// A token bucket that holds one.
#[derive(Clone, Copy, Debug)]
struct Limiter {
    interval: Option<Duration>,
    /// When there is a token again.
    next: Time,
}

impl Limiter {
    fn try_accept(&mut self, now: Time) -> bool {
        let Some(interval) = self.interval.filter(|_| self.next <= now) else { return false };
        self.next = now + interval;
        true
    }
}

#[derive(Clone, Debug)]
struct Zone {
    state: ZoneState,
    limiter: Limiter,
    /// Nodes to be tainted, first come first served.
    queue: Vector<Str>,
}

/// All zones that have or had nodes.
#[derive(Clone, Default, Debug)]
pub(super) struct Zones {
    by_key: OrdMap<Str, Zone>,
}

/// What the health of all zones together asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    Nothing,
    /// No node is ready any more: taints go, and nobody is evicted.
    EverythingIsDown,
    /// Some node is ready again: every node gets its full grace period anew.
    SomethingIsBack,
}

impl Zones {
    fn zone(&mut self, key: &Str) -> &mut Zone {
        if !self.by_key.contains_key(key) {
            let limiter = Limiter { interval: Some(EVICTION_INTERVAL), next: Time::ZERO };
            self.by_key.insert(key.clone(), Zone { state: ZoneState::Initial, limiter, queue: Vector::new() });
        }
        self.by_key.get_mut(key).expect("it was just put in")
    }

    /// Queues the node to be tainted.
    pub(super) fn add(&mut self, zone: &Str, node: &Str) {
        let queue = &mut self.zone(zone).queue;
        if !queue.iter().any(|n| n == node) {
            queue.push_back(node.clone());
        }
    }

    pub(super) fn remove(&mut self, zone: &Str, node: &Str) {
        if let Some(z) = self.by_key.get_mut(zone) {
            z.queue = z.queue.iter().filter(|n| *n != node).cloned().collect();
        }
    }

    /// Nodes whose turn it is, in every zone; they leave the queue.
    pub(super) fn take_due(&mut self, now: Time) -> Vec<Str> {
        let mut due = Vec::new();
        for key in self.by_key.keys().cloned().collect::<Vec<_>>() {
            let zone = self.zone(&key);
            while !zone.queue.is_empty() && zone.limiter.try_accept(now) {
                due.extend(zone.queue.pop_front());
            }
        }
        due
    }

    /// When the next node's turn comes.
    pub(super) fn next_at(&self) -> Option<Time> {
        let waiting = self.by_key.values().filter(|z| !z.queue.is_empty() && z.limiter.interval.is_some());
        waiting.map(|z| z.limiter.next).min()
    }

    fn set_limiter(&mut self, key: &Str, interval: Option<Duration>, now: Time) {
        let limiter = &mut self.zone(key).limiter;
        if limiter.interval == interval {
            return;
        }
        let waited = !limiter.try_accept(now);
        *limiter = Limiter { interval, next: if waited { interval.map_or(now, |d| now + d) } else { now } };
    }

    /// Upstream: handleDisruption. `counts`: ready and not ready nodes by zone.
    pub(super) fn handle_disruption(&mut self, counts: &Map<(usize, usize)>, now: Time) -> Verdict {
        let states: Map<ZoneState> = counts.iter().map(|(k, n)| (k.clone(), compute_zone_state(n.0, n.1))).collect();
        for key in states.keys() {
            self.zone(key);
        }
        for key in self.by_key.clone().keys().filter(|key| !counts.contains_key(key)) {
            self.by_key.remove(key);
        }
        let is_full = |s: &ZoneState| *s == ZoneState::FullDisruption;
        let all_are = states.values().all(is_full);
        let all_were = self.by_key.values().all(|z| is_full(&z.state));
        if all_are && all_were {
            return Verdict::Nothing;
        }
        let keys: Vec<Str> = self.by_key.keys().cloned().collect();
        for key in &keys {
            let (Some(&is), Some(&(ready, not_ready))) = (states.get(key), counts.get(key)) else { continue };
            if all_are {
                self.set_limiter(key, None, now);
            } else if all_were || self.zone(key).state != is {
                self.set_limiter(key, interval(is, ready + not_ready), now);
            }
            self.zone(key).state = is;
        }
        match (all_are, all_were) {
            (true, _) => Verdict::EverythingIsDown,
            (_, true) => Verdict::SomethingIsBack,
            _ => Verdict::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_by_the_share_of_nodes_that_are_not_ready() {
        use ZoneState::*;
        for (ready, not_ready, state) in [
            (3, 0, Normal),
            (2, 1, Normal),
            (1, 2, Normal),
            (0, 1, FullDisruption),
            (2, 3, PartialDisruption),
            (3, 3, Normal),
            (0, 0, Normal),
        ] {
            assert_eq!(compute_zone_state(ready, not_ready), state, "{ready} ready, {not_ready} not");
        }
    }

    fn counts(list: &[(&'static str, usize, usize)]) -> Map<(usize, usize)> {
        list.iter().map(|(k, a, b)| (Str::literal(k), (*a, *b))).collect()
    }

    #[test]
    fn a_zone_taints_one_node_in_ten_seconds() {
        let mut zones = Zones::default();
        for n in ["a", "b"] {
            zones.add(&Str::EMPTY, &Str::literal(n));
        }
        let at = Time::from_secs;
        assert_eq!(zones.take_due(at(100)), ["a"]);
        assert_eq!(zones.next_at(), Some(at(110)));
        assert_eq!(zones.take_due(at(109)), Vec::<Str>::new());
        assert_eq!(zones.take_due(at(110)), ["b"]);
        assert_eq!(zones.next_at(), None);
    }

    #[test]
    fn a_small_zone_half_down_stops_evictions_and_a_dead_cluster_all() {
        let mut zones = Zones::default();
        let at = Time::from_secs;
        assert_eq!(zones.handle_disruption(&counts(&[("a", 3, 0), ("b", 5, 0)]), at(0)), Verdict::Nothing);
        zones.add(&Str::literal("b"), &Str::literal("n"));
        assert_eq!(zones.handle_disruption(&counts(&[("a", 3, 0), ("b", 1, 4)]), at(5)), Verdict::Nothing);
        assert_eq!(zones.next_at(), None);
        assert_eq!(zones.handle_disruption(&counts(&[("a", 0, 3), ("b", 0, 5)]), at(9)), Verdict::EverythingIsDown);
        assert_eq!(zones.handle_disruption(&counts(&[("a", 0, 3), ("b", 0, 5)]), at(14)), Verdict::Nothing);
        assert_eq!(zones.handle_disruption(&counts(&[("a", 1, 2), ("b", 0, 5)]), at(19)), Verdict::SomethingIsBack);
        assert_eq!(zones.next_at(), Some(at(29)));
    }
}

//! The queue of keys that a controller has to look at.
//!
//! Upstream: staging/src/k8s.io/client-go/util/workqueue/{queue,delaying_queue,default_rate_limiters}.go
//! Differs: turns are atomic, so no key is ever "processing"; the overall bucket of 10 a second is left out.

use crate::api::Key;
use crate::sim::{Duration, OrdMap, Time, Vector};

/// What a sync wants next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Requeue {
    Done,
    After(Duration),
}

#[derive(Clone, Default)]
pub struct WorkQueue {
    ready: Vector<Key>,
    /// Keys in `ready`, each with the trace event that queued it first.
    queued: OrdMap<Key, u64>,
    delayed: OrdMap<(Time, u64), (Key, u64)>,
    /// The one delayed entry of a key: the earliest.
    waiting: OrdMap<Key, (Time, u64)>,
    failures: OrdMap<Key, u32>,
    seq: u64,
}

impl WorkQueue {
    /// A key that is queued already is not queued twice.
    pub fn add(&mut self, key: Key, cause: u64) {
        if !self.queued.contains_key(&key) {
            self.queued.insert(key.clone(), cause);
            self.ready.push_back(key);
        }
    }

    /// Of several delays of a key the earliest holds.
    pub fn add_at(&mut self, key: Key, at: Time, cause: u64) {
        if let Some(&earlier) = self.waiting.get(&key) {
            if earlier.0 <= at {
                return;
            }
            self.delayed.remove(&earlier);
        }
        self.seq += 1;
        self.waiting.insert(key.clone(), (at, self.seq));
        self.delayed.insert((at, self.seq), (key, cause));
    }

    /// After `first`, twice that, … `longest`, until `forget`.
    pub fn add_rate_limited(&mut self, key: Key, (first, longest): (Duration, Duration), now: Time, cause: u64) {
        let n = self.failures.get(&key).copied().unwrap_or(0);
        self.failures.insert(key.clone(), n + 1);
        let delay = first.saturating_mul(1u32 << n.min(20)).min(longest);
        self.add_at(key, now + delay, cause);
    }

    pub fn forget(&mut self, key: &Key) {
        self.failures.remove(key);
    }

    pub fn failures(&self, key: &Key) -> u32 {
        self.failures.get(key).copied().unwrap_or(0)
    }

    /// Moves what is due among the ready and takes the first: the key and why it was queued.
    pub fn pop(&mut self, now: Time) -> Option<(Key, u64)> {
        while let Some((&(at, seq), _)) = self.delayed.get_min() {
            if at > now {
                break;
            }
            let (key, cause) = self.delayed.remove(&(at, seq)).expect("the minimum is in the map");
            self.waiting.remove(&key);
            self.add(key, cause);
        }
        let key = self.ready.pop_front()?;
        let cause = self.queued.remove(&key).expect("a ready key is queued");
        Some((key, cause))
    }

    /// When there is something to do: now, later, or never.
    pub fn next_at(&self, now: Time) -> Option<Time> {
        if !self.ready.is_empty() {
            return Some(now);
        }
        self.delayed.get_min().map(|((at, _), _)| (*at).max(now))
    }

    pub fn len(&self) -> usize {
        self.ready.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::new("default", name)
    }

    #[test]
    fn a_key_is_queued_once_and_delays_keep_the_earliest() {
        let mut q = WorkQueue::default();
        q.add(key("a"), 1);
        q.add(key("a"), 2);
        q.add_at(key("b"), Time::from_secs(9), 3);
        q.add_at(key("b"), Time::from_secs(5), 4);
        assert_eq!(q.pop(Time::ZERO), Some((key("a"), 1)));
        assert_eq!(q.pop(Time::ZERO), None);
        assert_eq!(q.next_at(Time::ZERO), Some(Time::from_secs(5)));
        assert_eq!(q.pop(Time::from_secs(6)), Some((key("b"), 4)));
    }

    #[test]
    fn failures_double_the_delay_until_forgotten() {
        let mut q = WorkQueue::default();
        let retry = (Duration::from_millis(5), Duration::from_secs(1000));
        q.add_rate_limited(key("a"), retry, Time::ZERO, 0);
        assert_eq!(q.next_at(Time::ZERO), Some(Time::ZERO + Duration::from_millis(5)));
        q.pop(Time::from_secs(1));
        q.add_rate_limited(key("a"), retry, Time::ZERO, 0);
        assert_eq!(q.next_at(Time::ZERO), Some(Time::ZERO + Duration::from_millis(10)));
        q.forget(&key("a"));
        assert_eq!(q.failures(&key("a")), 0);
    }
}

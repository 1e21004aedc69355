//! Growing pauses between attempts, forgotten after a while.
//!
//! Upstream: staging/src/k8s.io/client-go/util/flowcontrol/backoff.go
//! Differs: an entry belongs to its pod and goes with it.

use crate::apimachinery::Str;
use crate::sim::{Duration, Time};

const FIRST: Duration = Duration::from_secs(10);
pub(super) const MAX: Duration = Duration::from_secs(300);

#[derive(Clone, Debug)]
struct Entry {
    key: Str,
    pause: Duration,
    updated: Time,
}

#[derive(Clone, Default, Debug)]
pub(super) struct Backoff(Vec<Entry>);

/// An entry that was last touched so long before is begun anew.
fn has_expired(event: Time, updated: Time) -> bool {
    event.since(updated) > MAX * 2
}

impl Backoff {
    fn find(&self, key: &str) -> Option<&Entry> {
        self.0.iter().find(|e| e.key == key)
    }

    pub(super) fn get(&self, key: &str) -> Duration {
        self.find(key).map_or(Duration::ZERO, |e| e.pause)
    }

    pub(super) fn next(&mut self, key: &Str, event: Time, now: Time) {
        match self.0.iter_mut().find(|e| e.key == *key) {
            Some(e) if !has_expired(event, e.updated) => {
                e.pause = (e.pause * 2).min(MAX);
                e.updated = now;
            }
            Some(e) => *e = Entry { key: key.clone(), pause: FIRST, updated: now },
            None => self.0.push(Entry { key: key.clone(), pause: FIRST, updated: now }),
        }
    }

    /// Whether `event` was so recently that its successor has to wait.
    pub(super) fn is_in_since(&self, key: &str, event: Time, now: Time) -> bool {
        self.find(key).is_some_and(|e| !has_expired(event, e.updated) && now.since(event) < e.pause)
    }

    /// Until when an attempt has to wait for the last one.
    pub(super) fn until_since_update(&self, key: &str, now: Time) -> Option<Time> {
        let e = self.find(key)?;
        (!has_expired(now, e.updated) && now.since(e.updated) < e.pause).then(|| e.updated + e.pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_are_forgotten() {
        let mut b = Backoff::default();
        let key = Str::literal("main");
        let at = Time::from_secs;
        b.next(&key, at(0), at(0));
        assert!(b.is_in_since("main", at(5), at(10)) && !b.is_in_since("main", at(0), at(10)));
        b.next(&key, at(12), at(12));
        assert_eq!(b.get("main"), Duration::from_secs(20));
        for i in 2..10 {
            b.next(&key, at(12 * i), at(12 * i));
        }
        assert_eq!(b.get("main"), MAX);
        b.next(&key, at(1000), at(1000));
        assert_eq!(b.get("main"), FIRST);
    }
}

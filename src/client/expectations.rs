//! What a controller has asked for and not yet seen, so that a stale view does not make it ask again.
//!
//! Upstream: pkg/controller/controller_utils.go (ControllerExpectations, UIDTrackingControllerExpectations)
//! Differs: nothing known.

use crate::api::Key;
use crate::sim::{Duration, OrdMap, OrdSet, Time};

const TIMEOUT: Duration = Duration::from_secs(300);

#[derive(Clone, Default)]
struct Expected {
    adds: i64,
    /// Pods asked to go, each counted once.
    deletions: OrdSet<Key>,
    since: Time,
}

#[derive(Clone, Default)]
pub struct Expectations {
    of: OrdMap<Key, Expected>,
}

impl Expectations {
    /// Whether all was seen, or so long ago was asked that nothing is expected any more.
    pub fn satisfied(&self, key: &Key, now: Time) -> bool {
        self.of.get(key).is_none_or(|e| (e.adds <= 0 && e.deletions.is_empty()) || now.since(e.since) > TIMEOUT)
    }

    pub fn expect(&mut self, key: &Key, adds: usize, deletions: impl IntoIterator<Item = Key>, now: Time) {
        let expected = Expected { adds: adds as i64, deletions: deletions.into_iter().collect(), since: now };
        self.of.insert(key.clone(), expected);
    }

    pub fn expect_creations(&mut self, key: &Key, adds: usize, now: Time) {
        self.expect(key, adds, [], now);
    }

    pub fn expect_deletions(&mut self, key: &Key, deletions: impl IntoIterator<Item = Key>, now: Time) {
        self.expect(key, 0, deletions, now);
    }

    pub fn creation_observed(&mut self, key: &Key) {
        if let Some(e) = self.of.get_mut(key) {
            e.adds -= 1;
        }
    }

    pub fn deletion_observed(&mut self, key: &Key, pod: &Key) {
        if let Some(e) = self.of.get_mut(key) {
            e.deletions.remove(pod);
        }
    }

    pub fn forget(&mut self, key: &Key) {
        self.of.remove(key);
    }
}

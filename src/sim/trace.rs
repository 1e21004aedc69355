//! The log of everything that happened, each entry naming its cause, with a running digest.

use super::{Time, Vector};
use std::hash::{Hash, Hasher};

/// FNV-1a over values as they are hashed; the same on 32 and 64 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Digest(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Digest {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = (self.0 ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    fn write_u8(&mut self, n: u8) {
        self.write(&[n]);
    }
    fn write_u16(&mut self, n: u16) {
        self.write(&n.to_le_bytes());
    }
    fn write_u32(&mut self, n: u32) {
        self.write(&n.to_le_bytes());
    }
    fn write_u64(&mut self, n: u64) {
        self.write(&n.to_le_bytes());
    }
    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }
    fn write_isize(&mut self, n: isize) {
        self.write_u64(n as i64 as u64);
    }
    fn write_i32(&mut self, n: i32) {
        self.write_u32(n as u32);
    }
    fn write_i64(&mut self, n: i64) {
        self.write_u64(n as u64);
    }
}

#[derive(Clone, PartialEq, Debug, Hash)]
pub struct TraceEvent<W> {
    /// Counts from 1; 0 as a cause means "the beginning".
    pub seq: u64,
    pub time: Time,
    pub cause: u64,
    pub what: W,
}

/// Keeps the last `keep` events and all beginnings; the digest covers all of them.
#[derive(Clone, Debug)]
pub struct Trace<W: Clone> {
    events: Vector<TraceEvent<W>>,
    /// Events without a cause: what came from outside.
    beginnings: Vector<TraceEvent<W>>,
    last_seq: u64,
    keep: usize,
    digest: Digest,
}

impl<W: Clone + Hash> Trace<W> {
    pub fn new(keep: usize) -> Self {
        Trace { events: Vector::new(), beginnings: Vector::new(), last_seq: 0, keep, digest: Digest::default() }
    }

    /// Appends and returns the new event's number.
    pub fn push(&mut self, time: Time, cause: u64, what: W) -> u64 {
        self.last_seq += 1;
        let event = TraceEvent { seq: self.last_seq, time, cause, what };
        event.hash(&mut self.digest);
        if cause == 0 {
            self.beginnings.push_back(event.clone());
        }
        self.events.push_back(event);
        if self.events.len() > self.keep {
            self.events.pop_front();
        }
        self.last_seq
    }

    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    pub fn hash(&self) -> u64 {
        self.digest.finish()
    }

    pub fn get(&self, seq: u64) -> Option<&TraceEvent<W>> {
        let first = self.events.front()?.seq;
        match seq.checked_sub(first) {
            Some(at) => self.events.get(usize::try_from(at).ok()?),
            None => self.beginnings.get(self.beginnings.binary_search_by_key(&seq, |e| e.seq).ok()?),
        }
    }

    /// What came from outside, oldest first.
    pub fn beginnings(&self) -> impl DoubleEndedIterator<Item = &TraceEvent<W>> {
        self.beginnings.iter()
    }

    /// Events after `seq`, oldest first.
    pub fn since(&self, seq: u64) -> impl DoubleEndedIterator<Item = &TraceEvent<W>> {
        let first = self.events.front().map_or(0, |e| e.seq);
        let skip = (seq + 1).saturating_sub(first) as usize;
        // Not `iter().skip()`, which walks over what it skips.
        (skip..self.events.len()).map(|i| &self.events[i])
    }

    /// The event and what it came of, nearest first, as far as the ring reaches.
    pub fn chain(&self, seq: u64) -> Vec<&TraceEvent<W>> {
        let mut chain = Vec::new();
        let mut at = self.get(seq);
        while let Some(event) = at {
            chain.push(event);
            at = if event.cause < event.seq { self.get(event.cause) } else { None };
        }
        chain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_walks_to_the_beginning() {
        let mut t = Trace::new(10);
        let a = t.push(Time(1), 0, "apply");
        let b = t.push(Time(2), a, "watch");
        t.push(Time(2), a, "other");
        let d = t.push(Time(3), b, "sync");
        assert_eq!(t.chain(d).iter().map(|e| e.what).collect::<Vec<_>>(), ["sync", "watch", "apply"]);
        assert_eq!(t.since(b).count(), 2);
    }

    #[test]
    fn a_chain_reaches_a_beginning_that_the_ring_has_lost() {
        let mut t = Trace::new(2);
        let boot = t.push(Time(1), 0, "boot");
        (0..5).for_each(|_| assert!(t.push(Time(2), boot, "beat") > boot));
        let last = t.push(Time(3), boot, "sync");
        assert_eq!(t.chain(last).iter().map(|e| e.what).collect::<Vec<_>>(), ["sync", "boot"]);
    }
}

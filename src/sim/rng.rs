//! Labelled random streams: each label draws from its own sequence, so a new consumer disturbs no other.
//!
//! Labels are never renamed: a label is part of what a seed means.

use super::OrdMap;
use std::rc::Rc;

/// One sequence (splitmix64).
#[derive(Clone, Copy, Debug)]
pub struct Stream(u64);

impl Stream {
    pub fn new(seed: u64) -> Stream {
        Stream(seed)
    }

    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in `0..n`; `n` must not be 0.
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "an empty range has no member");
        ((u128::from(self.next_u64()) * u128::from(n)) >> 64) as u64
    }

    /// Uniform in `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// All streams of a cluster.
#[derive(Clone, Debug)]
pub struct Rng {
    seed: u64,
    streams: OrdMap<Rc<str>, Stream>,
}

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng { seed, streams: OrdMap::new() }
    }

    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The stream of that label, begun at hash(seed, label) when it is first asked for.
    pub fn stream(&mut self, label: &str) -> &mut Stream {
        if !self.streams.contains_key(label) {
            let mut hash = self.seed ^ 0xcbf2_9ce4_8422_2325;
            for b in label.bytes() {
                hash = (hash ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3);
            }
            let mut first = Stream::new(hash);
            let start = first.next_u64();
            self.streams.insert(Rc::from(label), Stream::new(start));
        }
        self.streams.get_mut(label).expect("just inserted")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_not_disturbed_by_another() {
        let (mut a, mut b) = (Rng::new(7), Rng::new(7));
        b.stream("other").next_u64();
        assert_eq!(a.stream("x").next_u64(), b.stream("x").next_u64());
        assert_ne!(a.stream("x").next_u64(), Rng::new(8).stream("x").next_u64());
    }
}

//! Sorting, as the standard library's stable sort does it, with little code for each type that is sorted.

use std::cmp::Ordering;

/// `arrange` for `sort`: what is compiled once for each type is a comparison and an exchange.
pub trait Arrange<T> {
    fn arrange_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);

    fn arrange_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.arrange_by(|a, b| key(a).cmp(&key(b)));
    }

    fn arrange(&mut self)
    where
        T: Ord,
    {
        self.arrange_by(T::cmp);
    }
}

impl<T> Arrange<T> for [T] {
    fn arrange_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        let mut order = order(self.len(), &mut |a, b| compare(&self[a], &self[b]).is_gt());
        // Each place gets what belongs there, one ring of places after the other.
        for first in 0..order.len() {
            let mut at = first;
            loop {
                let from = std::mem::replace(&mut order[at], at);
                if from == first {
                    break;
                }
                self.swap(at, from);
                at = from;
            }
        }
    }
}

/// The places in the order of what stands there; empty where all of it is in order.
fn order(len: usize, is_after: &mut dyn FnMut(usize, usize) -> bool) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::new();
    if (1..len).all(|i| !is_after(i - 1, i)) {
        return order;
    }
    order.extend(0..len);
    let mut other = order.clone();
    let mut width = 1;
    while width < len {
        for low in (0..len).step_by(2 * width) {
            let (middle, high) = ((low + width).min(len), (low + 2 * width).min(len));
            let (mut left, mut right) = (low, middle);
            for slot in &mut other[low..high] {
                let takes_left = left < middle && (right == high || !is_after(order[left], order[right]));
                let from = if takes_left { &mut left } else { &mut right };
                *slot = order[*from];
                *from += 1;
            }
        }
        std::mem::swap(&mut order, &mut other);
        width *= 2;
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Rng;

    #[test]
    fn it_sorts_as_the_standard_library_does() {
        let mut rng = Rng::new(1);
        let rng = rng.stream("arrange");
        for len in (0..40).chain([100, 1000]) {
            let mut all: Vec<(u64, usize)> = (0..len).map(|i| (rng.below(1 + len as u64 / 2), i)).collect();
            let mut model = all.clone();
            all.arrange_by_key(|(key, _)| *key);
            model.sort_by_key(|(key, _)| *key);
            assert_eq!(all, model);
            all.arrange_by(|a, b| b.cmp(a));
            model.sort_by(|a, b| b.cmp(a));
            assert_eq!(all, model);
        }
    }
}

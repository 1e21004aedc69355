//! A sequence that shares: a clone is a pointer copy; it grows at its end and shrinks at its front.

use std::cmp::Ordering;
use std::fmt::{self, Debug, Formatter};
use std::ops::Index;
use std::rc::Rc;

/// How many items are copied for one that is pushed onto a shared sequence.
const CHUNK: usize = 64;

/// All chunks but the last are full.
pub struct Vector<T> {
    chunks: Rc<Vec<Rc<Vec<T>>>>,
    /// How many at the front are gone.
    skip: usize,
}

impl<T> Clone for Vector<T> {
    fn clone(&self) -> Self {
        Vector { chunks: self.chunks.clone(), skip: self.skip }
    }
}

impl<T> Default for Vector<T> {
    fn default() -> Self {
        Vector::new()
    }
}

impl<T> Vector<T> {
    pub fn new() -> Self {
        Vector { chunks: Rc::default(), skip: 0 }
    }

    pub fn len(&self) -> usize {
        self.chunks.last().map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len() - self.skip)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn get(&self, i: usize) -> Option<&T> {
        let at = self.skip + i;
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    pub fn front(&self) -> Option<&T> {
        self.get(0)
    }

    /// Where the key is in what is in the order of its keys; else where it would go.
    pub fn binary_search_by_key<K: Ord>(&self, key: &K, of: impl Fn(&T) -> K) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match of(&self[middle]).cmp(key) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Ok(middle),
                Ordering::Greater => high = middle,
            }
        }
        Err(low)
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        (0..self.len()).map(|i| &self[i])
    }
}

impl<T: Clone> Vector<T> {
    pub fn push_back(&mut self, item: T) {
        let chunks = Rc::make_mut(&mut self.chunks);
        match chunks.last_mut().filter(|last| last.len() < CHUNK) {
            Some(last) => Rc::make_mut(last).push(item),
            None => chunks.push(Rc::new(vec![item])),
        }
    }

    pub fn pop_front(&mut self) -> Option<T> {
        let first = self.front()?.clone();
        self.skip += 1;
        if self.is_empty() {
            *self = Vector::new();
        } else if self.skip == CHUNK {
            Rc::make_mut(&mut self.chunks).remove(0);
            self.skip = 0;
        }
        Some(first)
    }
}

impl<T> Index<usize> for Vector<T> {
    type Output = T;
    fn index(&self, i: usize) -> &T {
        self.get(i).expect("it is not past the end")
    }
}

impl<T: Debug> Debug for Vector<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: Clone> FromIterator<T> for Vector<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut all = Vector::new();
        for item in items {
            all.push_back(item);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Rng;
    use std::collections::VecDeque;

    #[test]
    fn it_does_what_the_standard_queue_does() {
        let mut rng = Rng::new(1);
        let rng = rng.stream("vector");
        let (mut all, mut model) = (Vector::new(), VecDeque::new());
        let mut before = (all.clone(), model.clone());
        for i in 0..4000 {
            if rng.below(10) < if i % 2000 < 1000 { 8 } else { 1 } {
                all.push_back(i);
                model.push_back(i);
            } else {
                assert_eq!(all.pop_front(), model.pop_front());
            }
            assert_eq!((all.len(), all.front()), (model.len(), model.front()));
            if i % 50 == 0 {
                assert_eq!(all.binary_search_by_key(&(i - 20), |n| *n), model.binary_search_by_key(&(i - 20), |n| *n));
                assert!(all.iter().rev().eq(model.iter().rev()));
                assert!(before.0.iter().eq(before.1.iter()));
                before = (all.clone(), model.clone());
            }
        }
    }
}

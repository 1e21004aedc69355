//! `List` and `Map`: shared sequences and sorted string maps in one word; empty is no allocation.

use super::Str;
use std::ops::Deref;
use std::rc::Rc;

/// A clone is a pointer copy; `make_mut` un-shares. Nil and empty are one.
#[derive(Clone, Debug)]
pub struct List<T>(Option<Rc<Vec<T>>>);

impl<T> Default for List<T> {
    fn default() -> Self {
        List(None)
    }
}

impl<T> List<T> {
    pub const EMPTY: List<T> = List(None);

    pub fn as_slice(&self) -> &[T] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }

    pub fn ptr_eq(&self, other: &List<T>) -> bool {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => Rc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        }
    }

    /// One word that is equal for shared lists; for caches that check content afterwards.
    pub fn is_shared_with(&self, other: &List<T>) -> bool {
        self.ptr_eq(other)
    }
}

impl<T: Clone> List<T> {
    pub fn make_mut(&mut self) -> &mut Vec<T> {
        Rc::make_mut(self.0.get_or_insert_with(|| Rc::new(Vec::new())))
    }

    pub fn push(&mut self, item: T) {
        self.make_mut().push(item);
    }

    /// Keeps what `f` says; un-shares only when something goes.
    pub fn retain(&mut self, f: impl Fn(&T) -> bool) {
        if self.iter().all(&f) {
            return;
        }
        self.make_mut().retain(f);
        if self.is_empty() {
            self.0 = None;
        }
    }
}

impl<T> Deref for List<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}
impl<T> From<Vec<T>> for List<T> {
    fn from(v: Vec<T>) -> Self {
        if v.is_empty() { List(None) } else { List(Some(Rc::new(v))) }
    }
}
impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(iter: I) -> Self {
        List::from(iter.into_iter().collect::<Vec<T>>())
    }
}
impl<T: PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        self.ptr_eq(other) || self.as_slice() == other.as_slice()
    }
}
impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.as_slice().iter()
    }
}

/// A string-keyed map as a sorted list of pairs.
#[derive(Clone, Debug)]
pub struct Map<V = Str>(List<(Str, V)>);

impl<V> Default for Map<V> {
    fn default() -> Self {
        Map(List::EMPTY)
    }
}

impl<V> Map<V> {
    pub fn get(&self, key: &str) -> Option<&V> {
        Some(&self.0[self.position(key).ok()?].1)
    }

    /// Where the key is, or where it would go.
    pub(super) fn position(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(k, _)| k.as_str().cmp(key))
    }

    pub(super) fn pairs(&self) -> &[(Str, V)] {
        &self.0
    }

    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Str, &V)> + ExactSizeIterator {
        self.0.iter().map(|(k, v)| (k, v))
    }

    pub fn keys(&self) -> impl Iterator<Item = &Str> {
        self.0.iter().map(|(k, _)| k)
    }

    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, v)| v)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn ptr_eq(&self, other: &Map<V>) -> bool {
        self.0.ptr_eq(&other.0)
    }
}

impl<V: Clone> Map<V> {
    pub fn insert(&mut self, key: impl Into<Str>, value: V) -> Option<V> {
        let key = key.into();
        match self.position(&key) {
            Ok(at) => Some(std::mem::replace(&mut self.0.make_mut()[at].1, value)),
            Err(at) => {
                self.0.make_mut().insert(at, (key, value));
                None
            }
        }
    }

    pub fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        let at = self.position(key).ok()?;
        Some(&mut self.0.make_mut()[at].1)
    }

    pub(super) fn pairs_mut(&mut self) -> &mut Vec<(Str, V)> {
        self.0.make_mut()
    }

    pub fn remove(&mut self, key: &str) -> Option<V> {
        let at = self.position(key).ok()?;
        let (_, value) = self.0.make_mut().remove(at);
        if self.0.is_empty() {
            self.0 = List::EMPTY;
        }
        Some(value)
    }
}

impl<V: PartialEq> PartialEq for Map<V> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<V: Clone + Default> Map<V> {
    /// The key's value, which is new if it was not there.
    pub fn slot(&mut self, key: Str) -> &mut V {
        let at = self.position(&key).unwrap_or_else(|at| {
            self.0.make_mut().insert(at, (key, V::default()));
            at
        });
        &mut self.0.make_mut()[at].1
    }
}
impl<K: Into<Str>, V: Clone> FromIterator<(K, V)> for Map<V> {
    /// The last of equal keys wins.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(iter: I) -> Self {
        let mut out = Map::default();
        for (key, value) in iter {
            out.insert(key, value);
        }
        out
    }
}

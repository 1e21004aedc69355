//! Ordered maps and sets that share: a clone is a pointer copy, a write copies one path.
//!
//! A B-tree with its items in the leaves. It is ours because of what it weighs: a cluster holds some forty types of
//! map, and the code of each is sent to the browser.

use std::borrow::Borrow;
use std::fmt::{self, Debug, Formatter};
use std::ops::Index;
use std::rc::Rc;
use std::slice;

/// How many items or children a node may have.
const FULL: usize = 32;

/// A child beside a key that none of its own is below and all before it are; the first child's key says nothing.
type Child<K, V> = (K, Rc<Node<K, V>>);

enum Node<K, V> {
    Leaf(Vec<(K, V)>),
    Branch(Vec<Child<K, V>>),
}

impl<K: Clone, V: Clone> Clone for Node<K, V> {
    fn clone(&self) -> Self {
        match self {
            Node::Leaf(items) => Node::Leaf(copy(items)),
            Node::Branch(children) => Node::Branch(copy(children)),
        }
    }
}

/// With room for one more, which is why it is copied. By itself, as it is the same for the branches of many types.
#[inline(never)]
fn copy<T: Clone>(items: &[T]) -> Vec<T> {
    let mut copy = Vec::with_capacity(items.len() + 1);
    copy.extend_from_slice(items);
    copy
}

/// Puts an item where it belongs, and gives back the upper part where there are too many; by itself as `copy` is.
#[inline(never)]
fn add<T>(items: &mut Vec<T>, at: usize, item: T) -> Option<Vec<T>> {
    if items.len() < FULL {
        items.insert(at, item);
        return None;
    }
    // Keys that only rise leave full nodes behind them.
    let middle = if at == FULL { FULL } else { FULL / 2 };
    let mut above = items.split_off(middle);
    match at.checked_sub(middle) {
        Some(at) => above.insert(at, item),
        None => items.insert(at, item),
    }
    Some(above)
}

/// The child that has the key, if any has.
fn towards<K: Borrow<Q>, V, Q: Ord + ?Sized>(children: &[Child<K, V>], key: &Q) -> usize {
    children.partition_point(|(least, _)| least.borrow() <= key).saturating_sub(1)
}

impl<K, V> Node<K, V> {
    fn len(&self) -> usize {
        match self {
            Node::Leaf(items) => items.len(),
            Node::Branch(children) => children.len(),
        }
    }

    fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&(K, V)>
    where
        K: Borrow<Q>,
    {
        let mut node = self;
        loop {
            match node {
                Node::Leaf(items) => {
                    return items.binary_search_by(|(k, _)| k.borrow().cmp(key)).ok().map(|at| &items[at]);
                }
                Node::Branch(children) => node = &children[towards(children, key)].1,
            }
        }
    }
}

impl<K: Ord + Clone, V: Clone> Node<K, V> {
    /// What was there, and the part above that became a node of its own.
    fn insert(&mut self, key: K, value: V) -> (Option<V>, Option<Child<K, V>>) {
        match self {
            Node::Leaf(items) => match items.binary_search_by(|(k, _)| k.cmp(&key)) {
                Ok(at) => (Some(std::mem::replace(&mut items[at].1, value)), None),
                Err(at) => {
                    let above = add(items, at, (key, value));
                    (None, above.map(|items| (items[0].0.clone(), Rc::new(Node::Leaf(items)))))
                }
            },
            Node::Branch(children) => {
                let at = towards(children, &key);
                let (old, split) = Rc::make_mut(&mut children[at].1).insert(key, value);
                let above = split.and_then(|child| add(children, at + 1, child));
                (old, above.map(|children| (children[0].0.clone(), Rc::new(Node::Branch(children)))))
            }
        }
    }

    /// The key must be there.
    fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> &mut V
    where
        K: Borrow<Q>,
    {
        match self {
            Node::Leaf(items) => {
                let at = items.partition_point(|(k, _)| k.borrow() < key);
                &mut items[at].1
            }
            Node::Branch(children) => {
                let at = towards(children, key);
                Rc::make_mut(&mut children[at].1).get_mut(key)
            }
        }
    }

    /// The key must be there.
    fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> V
    where
        K: Borrow<Q>,
    {
        match self {
            Node::Leaf(items) => {
                let at = items.partition_point(|(k, _)| k.borrow() < key);
                items.remove(at).1
            }
            Node::Branch(children) => {
                let at = towards(children, key);
                let old = Rc::make_mut(&mut children[at].1).remove(key);
                close_up(children, at);
                old
            }
        }
    }
}

/// An empty child goes; a small one joins a small neighbour.
fn close_up<K: Clone, V: Clone>(children: &mut Vec<Child<K, V>>, at: usize) {
    let len = children[at].1.len();
    if len == 0 {
        children.remove(at);
    } else if len <= FULL / 4 && children.len() > 1 {
        let low = at.min(children.len() - 2);
        if children[low].1.len() + children[low + 1].1.len() <= FULL / 2 {
            let (least, above) = children.remove(low + 1);
            match (Rc::make_mut(&mut children[low].1), Rc::unwrap_or_clone(above)) {
                (Node::Leaf(below), Node::Leaf(above)) => below.extend(above),
                (Node::Branch(below), Node::Branch(mut above)) => {
                    above[0].0 = least;
                    below.extend(above);
                }
                _ => unreachable!("all leaves are equally deep"),
            }
        }
    }
}

/// A map in the order of its keys.
pub struct OrdMap<K, V> {
    root: Option<Rc<Node<K, V>>>,
    len: usize,
}

impl<K, V> Clone for OrdMap<K, V> {
    fn clone(&self) -> Self {
        OrdMap { root: self.root.clone(), len: self.len }
    }
}

impl<K, V> Default for OrdMap<K, V> {
    fn default() -> Self {
        OrdMap::new()
    }
}

impl<K, V> OrdMap<K, V> {
    pub const fn new() -> Self {
        OrdMap { root: None, len: 0 }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        Some(&self.root.as_ref()?.get(key)?.1)
    }

    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.root.as_ref().is_some_and(|root| root.get(key).is_some())
    }

    pub fn iter(&self) -> Iter<'_, K, V> {
        let mut iter = Iter { above: Vec::new(), leaf: [].iter() };
        if let Some(root) = &self.root {
            iter.enter(root);
        }
        iter
    }

    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// The first of all.
    pub fn get_min(&self) -> Option<(&K, &V)> {
        let mut node = self.root.as_ref()?;
        loop {
            match &**node {
                Node::Leaf(items) => return items.first().map(|(key, value)| (key, value)),
                Node::Branch(children) => node = &children[0].1,
            }
        }
    }

    /// From that key on.
    pub fn range_from<Q: Ord + ?Sized>(&self, key: &Q) -> Iter<'_, K, V>
    where
        K: Borrow<Q>,
    {
        let mut iter = Iter { above: Vec::new(), leaf: [].iter() };
        let mut within = self.root.as_deref();
        while let Some(node) = within {
            within = match node {
                Node::Leaf(items) => {
                    iter.leaf = items[items.partition_point(|(k, _)| k.borrow() < key)..].iter();
                    None
                }
                Node::Branch(children) => {
                    let at = towards(children, key);
                    iter.above.push(children[at + 1..].iter());
                    Some(&children[at].1)
                }
            };
        }
        iter
    }
}

impl<K: Ord + Clone, V: Clone> OrdMap<K, V> {
    /// Gives what was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let Some(root) = &mut self.root else {
            self.root = Some(Rc::new(Node::Leaf(vec![(key, value)])));
            self.len = 1;
            return None;
        };
        let (old, above) = Rc::make_mut(root).insert(key, value);
        if let Some((least, above)) = above {
            let below = root.clone();
            *root = Rc::new(Node::Branch(vec![(least.clone(), below), (least, above)]));
        }
        self.len += usize::from(old.is_none());
        old
    }

    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let root = self.root.as_mut()?;
        root.get(key)?;
        Some(Rc::make_mut(root).get_mut(key))
    }

    /// The key's value, made where there is none.
    pub fn or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        if !self.contains_key(&key) {
            self.insert(key.clone(), make());
        }
        self.get_mut(&key).expect("it is there now")
    }

    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let root = self.root.as_mut()?;
        root.get(key)?;
        let old = Rc::make_mut(root).remove(key);
        self.len -= 1;
        let only = match &**root {
            Node::Branch(children) if children.len() == 1 => Some(children[0].1.clone()),
            _ => None,
        };
        if self.len == 0 {
            self.root = None;
        } else if let Some(only) = only {
            *root = only;
        }
        Some(old)
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for OrdMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<K: Debug, V: Debug> Debug for OrdMap<K, V> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Ord + Clone, V: Clone> FromIterator<(K, V)> for OrdMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
        let mut map = OrdMap::new();
        for (key, value) in items {
            map.insert(key, value);
        }
        map
    }
}

impl<'a, K, V> IntoIterator for &'a OrdMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;
    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

impl<Q: Ord + ?Sized, K: Borrow<Q>, V> Index<&Q> for OrdMap<K, V> {
    type Output = V;
    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("the key is there")
    }
}

/// A map's items, in order.
pub struct Iter<'a, K, V> {
    /// What is left beside the way to the leaf.
    above: Vec<slice::Iter<'a, Child<K, V>>>,
    leaf: slice::Iter<'a, (K, V)>,
}

impl<'a, K, V> Iter<'a, K, V> {
    /// Goes to the first leaf within.
    fn enter(&mut self, mut node: &'a Node<K, V>) {
        loop {
            match node {
                Node::Leaf(items) => {
                    self.leaf = items.iter();
                    return;
                }
                Node::Branch(children) => {
                    self.above.push(children[1..].iter());
                    node = &children[0].1;
                }
            }
        }
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((key, value)) = self.leaf.next() {
                return Some((key, value));
            }
            match self.above.last_mut()?.next() {
                Some((_, child)) => self.enter(child),
                None => drop(self.above.pop()),
            }
        }
    }
}

/// A set in order.
#[derive(PartialEq)]
pub struct OrdSet<K>(OrdMap<K, ()>);

impl<K> Clone for OrdSet<K> {
    fn clone(&self) -> Self {
        OrdSet(self.0.clone())
    }
}

impl<K> Default for OrdSet<K> {
    fn default() -> Self {
        OrdSet::new()
    }
}

impl<K> OrdSet<K> {
    pub const fn new() -> Self {
        OrdSet(OrdMap::new())
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The set's own copy.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&K>
    where
        K: Borrow<Q>,
    {
        Some(&self.0.root.as_ref()?.get(key)?.0)
    }

    pub fn contains<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.contains_key(key)
    }

    pub fn iter(&self) -> impl Iterator<Item = &K> {
        self.0.keys()
    }

    pub fn get_min(&self) -> Option<&K> {
        self.0.get_min().map(|(key, ())| key)
    }

    /// From that key on.
    pub fn range_from<Q: Ord + ?Sized>(&self, key: &Q) -> impl Iterator<Item = &K> + use<'_, K, Q>
    where
        K: Borrow<Q>,
    {
        self.0.range_from(key).map(|(key, ())| key)
    }
}

impl<K: Ord + Clone> OrdSet<K> {
    /// Whether it is new.
    pub fn insert(&mut self, key: K) -> bool {
        self.0.insert(key, ()).is_none()
    }

    /// Whether it was there.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.remove(key).is_some()
    }
}

impl<K: Debug> Debug for OrdSet<K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<K: Ord + Clone> FromIterator<K> for OrdSet<K> {
    fn from_iter<I: IntoIterator<Item = K>>(items: I) -> Self {
        OrdSet(items.into_iter().map(|key| (key, ())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Rng;
    use std::collections::BTreeMap;

    /// Every node is as full as it may be, and every key is where a search looks for it.
    fn is_sound<K: Ord, V>(map: &OrdMap<K, V>) -> bool {
        fn depth<K, V>(node: &Node<K, V>) -> Option<usize> {
            match node {
                Node::Leaf(items) => (1..=FULL).contains(&items.len()).then_some(0),
                Node::Branch(children) => {
                    let first = depth(&children[0].1)?;
                    let even = children.iter().all(|(_, child)| depth(child) == Some(first));
                    (even && children.len() <= FULL).then_some(first + 1)
                }
            }
        }
        map.root.as_ref().is_none_or(|root| depth(root).is_some()) && map.keys().all(|key| map.contains_key(key))
    }

    #[test]
    fn it_does_what_the_standard_map_does() {
        for seed in 0..20 {
            let mut rng = Rng::new(seed);
            let rng = rng.stream("map");
            let span = 1 + rng.below(3000);
            let (mut map, mut model) = (OrdMap::new(), BTreeMap::new());
            for i in 0..4000_u64 {
                // It grows, shrinks to nothing, and grows again.
                let grows = i % 2000 < 1000;
                let key = rng.below(span);
                match rng.below(10) {
                    0 => assert_eq!(map.get_mut(&key).map(|v| *v += 1), model.get_mut(&key).map(|v| *v += 1)),
                    1 if !grows => {
                        let first = map.get_min().map(|(k, _)| *k);
                        assert_eq!(first, model.keys().next().copied());
                        assert_eq!(first.and_then(|k| map.remove(&k)), model.pop_first().map(|(_, v)| v));
                    }
                    n if grows == (n < 8) => assert_eq!(map.insert(key, i), model.insert(key, i)),
                    _ => assert_eq!(map.remove(&key), model.remove(&key)),
                }
                assert_eq!(map.get(&key), model.get(&key));
                assert_eq!(map.len(), model.len());
                if i % 100 == 0 {
                    assert!(is_sound(&map));
                    assert!(map.iter().eq(model.iter()));
                    assert!(map.range_from(&key).eq(model.range(key..)));
                }
            }
        }
    }

    #[test]
    fn rising_keys_fill_their_nodes() {
        let map: OrdMap<u32, u32> = (0..FULL as u32 * 8).map(|i| (i, i)).collect();
        let Some(Node::Branch(leaves)) = map.root.as_deref() else { panic!("it has a branch") };
        assert!(leaves.iter().all(|(_, leaf)| leaf.len() == FULL));
    }

    #[test]
    fn a_clone_stays_as_it_was() {
        let mut map: OrdMap<u32, u32> = (0..500).map(|i| (i, i)).collect();
        let then = map.clone();
        for i in 0..500 {
            map.remove(&i);
            map.insert(i + 500, i);
        }
        assert!(then.iter().eq((0..500).collect::<Vec<_>>().iter().map(|i| (i, i))));
        assert_eq!(map.len(), 500);
    }
}

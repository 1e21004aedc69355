//! The nodes and the pods on them, kept up with the watch and with what this scheduler has just decided.
//!
//! Upstream: pkg/scheduler/backend/cache/{cache,node_tree,snapshot}.go
//! Differs: cycles are atomic, so no snapshot is taken; nodes are kept each behind a pointer, since the hot loop reads
//! the columns of its pod's class (memo.rs) and meets a node only when its generation moved; an assumed pod stays until
//! the watch or a failed binding says otherwise.

use super::class::{AffinityTerm, Class, PodInfo, selects};
use super::node_info::NodeInfo;
use super::resource::Resource;
use crate::api::core::{Node, Pod};
use crate::apimachinery::labels::Selector;
use crate::apimachinery::{Arrange, Map, OrdMap, Str};
use std::rc::Rc;

/// How many selectors have their pods counted by node at a time.
const COUNTED: usize = 32;
/// A node without the label.
pub const NO_VALUE: u32 = u32::MAX;

/// The values of one label over all nodes, numbered.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    /// By slot; NO_VALUE where the node has no such label.
    pub of: Vec<u32>,
    pub values: Vec<Str>,
}

impl Topology {
    pub fn at(&self, slot: usize) -> Option<usize> {
        self.of.get(slot).copied().filter(|v| *v != NO_VALUE).map(|v| v as usize)
    }
}

/// Which pods a column counts.
#[derive(Clone, PartialEq, Debug)]
pub enum Counted {
    /// Those that the selector takes in one namespace and that are not ending.
    Spread(Str, Selector),
    /// Those that match all the terms, whose namespaces are named, or are all.
    Affinity(Vec<AffinityTerm>),
}

impl Counted {
    fn takes(&self, pod: &PodInfo) -> bool {
        let meta = &pod.pod.metadata;
        match self {
            Counted::Spread(namespace, selector) => {
                meta.namespace == *namespace && meta.deletion_timestamp.is_none() && selects(selector, &meta.labels)
            }
            Counted::Affinity(terms) => {
                let there =
                    |t: &AffinityTerm| t.namespace_selector.is_empty() || t.namespaces.contains(&meta.namespace);
                terms.iter().all(|t| there(t) && selects(&t.selector, &meta.labels))
            }
        }
    }
}

#[derive(Clone)]
struct Column {
    what: Counted,
    by_slot: Vec<u32>,
}

/// The pods of one class that has inter-pod affinity, by slot.
#[derive(Clone)]
pub struct AffinityClass {
    pub class: Rc<Class>,
    pub by_slot: Vec<u32>,
    count: u32,
}

#[derive(Clone)]
struct Cached {
    slot: usize,
    assumed: bool,
}

#[derive(Clone, Default)]
struct Image {
    size: i64,
    nodes: u32,
    version: u64,
}

#[derive(Clone, Default)]
struct Inner {
    nodes: Vec<Rc<NodeInfo>>,
    by_name: OrdMap<Str, usize>,
    free: Vec<usize>,
    pods: OrdMap<Str, Cached>,
    /// Zones in the order in which they appeared, their nodes in theirs.
    zones: Vec<(Str, Vec<usize>)>,
    /// Slots of the nodes that are there, one of each zone in turn.
    order: Rc<Vec<usize>>,
    generations: Vec<u64>,
    generation: u64,
    images: OrdMap<Str, Image>,
    topologies: OrdMap<Str, Rc<Topology>>,
    columns: Vec<Rc<Column>>,
    affinity: OrdMap<u64, Rc<AffinityClass>>,
}

/// A clone is a pointer copy.
#[derive(Clone, Default)]
pub struct Cache(Rc<Inner>);

fn zone_of(node: &Node) -> Str {
    let labels = &node.metadata.labels;
    let of = |old: &str, new: &str| labels.get(old).or_else(|| labels.get(new)).cloned().unwrap_or_default();
    let zone = of("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone");
    let region = of("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region");
    if zone.is_empty() && region.is_empty() { Str::EMPTY } else { Str::from(format!("{region}:\0:{zone}")) }
}

impl Cache {
    /// The nodes that are there, in the order in which they are looked at.
    pub fn order(&self) -> &[usize] {
        &self.0.order
    }

    pub fn node_at(&self, slot: usize) -> &NodeInfo {
        &self.0.nodes[slot]
    }

    pub fn generation_at(&self, slot: usize) -> u64 {
        self.0.generations[slot]
    }

    /// How many slots there are, taken or not.
    pub fn slots(&self) -> usize {
        self.0.nodes.len()
    }

    /// A node that is there.
    pub fn node(&self, name: &str) -> Option<&NodeInfo> {
        let slot = *self.0.by_name.get(name)?;
        Some(&*self.0.nodes[slot]).filter(|n| n.node.is_some())
    }

    pub fn nodes(&self) -> impl Iterator<Item = &NodeInfo> {
        self.0.order.iter().map(|slot| &*self.0.nodes[*slot])
    }

    /// (size, on how many nodes, a number that changes with both).
    pub fn image(&self, name: &str) -> Option<(i64, u32, u64)> {
        self.0.images.get(name).map(|i| (i.size, i.nodes, i.version))
    }

    pub fn affinity_classes(&self) -> impl Iterator<Item = &AffinityClass> {
        self.0.affinity.values().map(|a| &**a)
    }

    pub fn is_assumed(&self, uid: &str) -> bool {
        self.0.pods.get(uid).is_some_and(|p| p.assumed)
    }

    /// Pods whose binding the watch has not shown yet.
    pub fn assumed(&self) -> impl Iterator<Item = PodInfo> {
        let of = |(uid, p): (&Str, &Cached)| {
            let there = &self.0.nodes[p.slot].pods;
            there.iter().find(|i| i.uid() == uid).expect("a cached pod is on its node").clone()
        };
        self.0.pods.iter().filter(|(_, p)| p.assumed).map(of).collect::<Vec<_>>().into_iter()
    }

    /// The name of the node where a cached pod is.
    pub fn node_of(&self, uid: &str) -> Str {
        self.0.pods.get(uid).map(|p| self.0.nodes[p.slot].name.clone()).unwrap_or_default()
    }

    fn inner(&mut self) -> &mut Inner {
        Rc::make_mut(&mut self.0)
    }

    pub fn set_node(&mut self, node: &Rc<Node>) {
        let inner = self.inner();
        let slot = inner.slot_of(&node.metadata.name);
        let old = inner.nodes[slot].node.clone();
        if let Some(old) = &old
            && old.metadata.labels == node.metadata.labels
            && old.spec == node.spec
            && old.status.allocatable == node.status.allocatable
            && old.status.images == node.status.images
        {
            // A heartbeat: nothing that a filter or a score reads.
            Rc::make_mut(&mut inner.nodes[slot]).node = Some(node.clone());
            return;
        }
        if old.as_ref().is_none_or(|o| o.metadata.labels != node.metadata.labels) {
            inner.topologies = OrdMap::new();
        }
        let zone = zone_of(node);
        if old.as_ref().is_none_or(|o| zone_of(o) != zone) {
            inner.leave_zone(slot);
            match inner.zones.iter_mut().find(|(z, _)| *z == zone) {
                Some((_, slots)) => slots.push(slot),
                None => inner.zones.push((zone, vec![slot])),
            }
            inner.reorder();
        }
        let mut images: Vec<Str> = Vec::new();
        if old.as_ref().is_none_or(|o| o.status.images != node.status.images) {
            inner.drop_images(slot);
            for image in &node.status.images {
                for name in &image.names {
                    if !images.contains(name) {
                        images.push(name.clone());
                        inner.generation += 1;
                        let version = inner.generation;
                        let fresh = || Image { size: image.size_bytes, nodes: 0, version };
                        let entry = inner.images.or_insert_with(name.clone(), fresh);
                        entry.nodes += 1;
                        entry.version = version;
                    }
                }
            }
            images.arrange();
            Rc::make_mut(&mut inner.nodes[slot]).images = images;
        }
        let info = Rc::make_mut(&mut inner.nodes[slot]);
        info.allocatable = Resource::of_list(&node.status.allocatable);
        info.node = Some(node.clone());
        inner.touch(slot);
    }

    pub fn remove_node(&mut self, name: &str) {
        let inner = self.inner();
        let Some(&slot) = inner.by_name.get(name) else { return };
        inner.drop_images(slot);
        inner.leave_zone(slot);
        inner.reorder();
        inner.topologies = OrdMap::new();
        let info = Rc::make_mut(&mut inner.nodes[slot]);
        info.node = None;
        info.allocatable = Resource::default();
        info.images.clear();
        inner.touch(slot);
        inner.release(slot);
    }

    /// The pod runs on, or is bound to, the node that its specification names; any earlier state of it is replaced.
    pub fn set_pod(&mut self, pod: &Rc<Pod>, class: &Rc<Class>) {
        self.place(pod, &pod.spec.node_name, class, false);
    }

    /// The pod will run on `node`, though the watch has not said so.
    pub fn assume(&mut self, pod: &Rc<Pod>, node: &Str, class: &Rc<Class>) {
        self.place(pod, node, class, true);
    }

    fn place(&mut self, pod: &Rc<Pod>, node: &Str, class: &Rc<Class>, assumed: bool) {
        self.remove_pod(&pod.metadata.uid);
        let inner = self.inner();
        let slot = inner.slot_of(node);
        let info = PodInfo { pod: pod.clone(), class: class.clone() };
        inner.count(&info, slot, true);
        Rc::make_mut(&mut inner.nodes[slot]).add_pod(info);
        inner.pods.insert(pod.metadata.uid.clone(), Cached { slot, assumed });
        inner.touch(slot);
    }

    pub fn remove_pod(&mut self, uid: &Str) {
        let Some(cached) = self.0.pods.get(uid).cloned() else { return };
        let inner = self.inner();
        inner.pods.remove(uid);
        let removed = Rc::make_mut(&mut inner.nodes[cached.slot]).remove_pod(uid);
        let removed = removed.expect("a cached pod is on its node");
        inner.count(&removed, cached.slot, false);
        inner.touch(cached.slot);
        inner.release(cached.slot);
    }

    /// The values of a label; kept until a node's labels change.
    pub fn topology(&mut self, key: &Str) -> Rc<Topology> {
        match self.0.topologies.get(key) {
            Some(known) => known.clone(),
            None => {
                let made = Rc::new(self.0.number(key));
                self.inner().topologies.insert(key.clone(), made.clone());
                made
            }
        }
    }

    /// How many pods of each node are counted; kept up from then on.
    pub fn column(&mut self, what: &Counted) -> &[u32] {
        let at = match self.0.columns.iter().position(|c| c.what == *what) {
            Some(at) => at,
            None => {
                let takes = |n: &Rc<NodeInfo>| n.pods.iter().filter(|p| what.takes(p)).count() as u32;
                let by_slot = self.0.nodes.iter().map(takes).collect();
                let inner = self.inner();
                inner.columns.truncate(COUNTED - 1);
                inner.columns.insert(0, Rc::new(Column { what: what.clone(), by_slot }));
                0
            }
        };
        &self.0.columns[at].by_slot
    }

    /// Equal to what the same nodes and pods give when they are put in anew; for tests.
    pub fn agrees_with(&self, other: &Cache) -> bool {
        let names = |c: &Cache| c.0.by_name.keys().cloned().collect::<Vec<_>>();
        let image = |c: &Cache| c.0.images.iter().map(|(n, i)| (n.clone(), i.nodes)).collect::<Vec<_>>();
        let at = |c: &Cache, name: &Str| c.0.nodes[c.0.by_name[name]].clone();
        names(self) == names(other)
            && image(self) == image(other)
            && names(self).iter().all(|n| at(self, n).agrees_with(&at(other, n)))
            && self.0.columns.iter().all(|c| {
                let fresh = self.0.nodes.iter().map(|n| n.pods.iter().filter(|p| c.what.takes(p)).count() as u32);
                fresh.eq(c.by_slot.iter().copied())
            })
    }
}

impl Inner {
    fn slot_of(&mut self, name: &Str) -> usize {
        if let Some(&slot) = self.by_name.get(name) {
            return slot;
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.generations.push(0);
            for column in &mut self.columns {
                Rc::make_mut(column).by_slot.push(0);
            }
            for id in self.affinity.keys().copied().collect::<Vec<_>>() {
                Rc::make_mut(self.affinity.get_mut(&id).expect("it is one of its keys")).by_slot.push(0);
            }
            self.nodes.len()
        });
        let info = Rc::new(NodeInfo::new(name.clone(), slot));
        if slot == self.nodes.len() {
            self.nodes.push(info)
        } else {
            self.nodes[slot] = info
        }
        self.by_name.insert(name.clone(), slot);
        slot
    }

    /// Gives back the slot of a node that is not there and holds no pods.
    fn release(&mut self, slot: usize) {
        let info = &self.nodes[slot];
        if info.node.is_none() && info.pods.is_empty() {
            self.by_name.remove(&info.name);
            self.free.push(slot);
        }
    }

    fn touch(&mut self, slot: usize) {
        self.generation += 1;
        self.generations[slot] = self.generation;
        Rc::make_mut(&mut self.nodes[slot]).generation = self.generation;
    }

    fn count(&mut self, pod: &PodInfo, slot: usize, more: bool) {
        let step = |n: &mut u32| if more { *n += 1 } else { *n -= 1 };
        for column in &mut self.columns {
            if column.what.takes(pod) {
                step(&mut Rc::make_mut(column).by_slot[slot]);
            }
        }
        if pod.class.has_affinity() {
            let fresh = || {
                let by_slot = vec![0; self.nodes.len()];
                Rc::new(AffinityClass { class: pod.class.clone(), by_slot, count: 0 })
            };
            let entry = Rc::make_mut(self.affinity.or_insert_with(pod.class.id, fresh));
            step(&mut entry.by_slot[slot]);
            step(&mut entry.count);
            if entry.count == 0 {
                self.affinity.remove(&pod.class.id);
            }
        }
    }

    fn drop_images(&mut self, slot: usize) {
        for name in std::mem::take(&mut Rc::make_mut(&mut self.nodes[slot]).images) {
            self.generation += 1;
            if let Some(image) = self.images.get_mut(&name) {
                image.nodes -= 1;
                image.version = self.generation;
                if image.nodes == 0 {
                    self.images.remove(&name);
                }
            }
        }
    }

    fn leave_zone(&mut self, slot: usize) {
        for (_, slots) in &mut self.zones {
            slots.retain(|s| *s != slot);
        }
        self.zones.retain(|(_, slots)| !slots.is_empty());
    }

    fn reorder(&mut self) {
        let longest = self.zones.iter().map(|(_, slots)| slots.len()).max().unwrap_or(0);
        let round = |i: usize| self.zones.iter().filter_map(move |(_, slots)| slots.get(i).copied());
        self.order = Rc::new((0..longest).flat_map(round).collect());
    }

    fn number(&self, key: &str) -> Topology {
        let mut numbers: OrdMap<&str, u32> = OrdMap::new();
        let mut t = Topology { of: vec![NO_VALUE; self.nodes.len()], values: Vec::new() };
        for &slot in self.order.iter() {
            let Some(value) = self.nodes[slot].label(key) else { continue };
            let number = *numbers.or_insert_with(value, || {
                t.values.push(value.clone());
                t.values.len() as u32 - 1
            });
            t.of[slot] = number;
        }
        t
    }
}

/// The labels of a pod's namespace, for terms that select namespaces.
pub fn namespace_labels(view: &crate::client::Tables, namespace: &Str) -> Map {
    let key = crate::api::Key { namespace: Str::EMPTY, name: namespace.clone() };
    view.get::<crate::api::core::Namespace>(&key).map(|n| n.metadata.labels.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::class::Classes;
    use super::super::testing::{labels, node, pod};
    use super::*;

    fn placed(name: &str, on: &str) -> Rc<Pod> {
        let mut p = pod(name, &[("cpu", "1")]);
        p.metadata.labels = labels(&[("app", "web")]);
        Rc::make_mut(&mut p.spec).node_name = Str::from(on);
        Rc::new(p)
    }

    #[test]
    fn the_cache_equals_its_rebuild() {
        let (mut cache, mut classes) = (Cache::default(), Classes::default());
        let what = Counted::Spread("default".into(), Selector::from_labels([(&"app".into(), &"web".into())]));
        cache.column(&what);
        let nodes: Vec<Rc<Node>> = ["n1", "n2", "n3"].iter().map(|n| Rc::new(node(n, &[]))).collect();
        for n in &nodes {
            cache.set_node(n);
        }
        let (a, b, early) = (placed("a", "n1"), placed("b", "n2"), placed("early", "n9"));
        for p in [&a, &b, &early] {
            let class = classes.of(p);
            cache.set_pod(p, &class);
        }
        let class = classes.of(&a);
        cache.assume(&Rc::new(pod("c", &[("cpu", "1")])), &"n3".into(), &class);
        assert!(cache.is_assumed("uid-c"));
        cache.remove_pod(&"uid-c".into());
        cache.remove_pod(&b.metadata.uid);
        cache.remove_node("n2");
        let mut rebuilt = Cache::default();
        for n in [&nodes[0], &nodes[2]] {
            rebuilt.set_node(n);
        }
        for p in [&a, &early] {
            let class = classes.of(p);
            rebuilt.set_pod(p, &class);
        }
        assert!(cache.agrees_with(&rebuilt));
        assert_eq!(cache.column(&what).iter().sum::<u32>(), 2);
        assert_eq!(cache.node("n1").map(|n| n.requested.milli_cpu), Some(1000));
        assert!(cache.node("n9").is_none());
    }

    #[test]
    fn nodes_are_looked_at_a_zone_in_turn() {
        let mut cache = Cache::default();
        for (name, zone) in [("a1", "a"), ("a2", "a"), ("b1", "b"), ("b2", "b"), ("a3", "a")] {
            cache.set_node(&Rc::new(node(name, &[("topology.kubernetes.io/zone", zone)])));
        }
        let names: Vec<&str> = cache.nodes().map(|n| n.name.as_str()).collect();
        assert_eq!(names, ["a1", "b1", "a2", "b2", "a3"]);
        let topology = cache.topology(&"topology.kubernetes.io/zone".into());
        assert_eq!(topology.values.len(), 2);
    }
}

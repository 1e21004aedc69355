//! Places in a node's card: the first free one, held until the Pod is gone, so that nothing else ever moves.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::model::Pod;

/// Who sits where, for every node.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Slots {
    nodes: BTreeMap<String, Vec<Option<String>>>,
}

impl Slots {
    /// The places after a change: those who left free theirs, those who came take the first free one.
    #[must_use]
    pub fn update(&self, pods: &[Rc<Pod>]) -> Self {
        let home: BTreeMap<&str, &str> =
            pods.iter().filter_map(|pod| Some((pod.row.uid.as_str(), pod.node()?))).collect();
        let mut nodes = self.nodes.clone();
        for (node, places) in &mut nodes {
            for place in places.iter_mut() {
                if place.as_ref().is_some_and(|uid| home.get(uid.as_str()) != Some(&node.as_str())) {
                    *place = None;
                }
            }
            while places.last().is_some_and(Option::is_none) {
                places.pop();
            }
        }
        let seated: BTreeSet<String> = nodes.values().flatten().flatten().cloned().collect();
        for pod in pods.iter().filter(|pod| !seated.contains(&pod.row.uid)) {
            let Some(node) = pod.node() else { continue };
            let places = nodes.entry(node.to_owned()).or_default();
            match places.iter_mut().find(|place| place.is_none()) {
                Some(place) => *place = Some(pod.row.uid.clone()),
                None => places.push(Some(pod.row.uid.clone())),
            }
        }
        Self { nodes }
    }

    /// The places of a node, with empty ones to show where a Pod could go.
    pub fn of(&self, node: &str, at_least: usize) -> Vec<Option<String>> {
        let mut places = self.nodes.get(node).cloned().unwrap_or_default();
        // A row has two places; one row more than needed says that there is room.
        let rows = places.len().div_ceil(2) * 2;
        places.resize(rows.max(at_least), None);
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubarium::session::protocol::PodRow;

    fn pod(uid: &str, node: &str) -> Rc<Pod> {
        let row = PodRow { uid: uid.into(), node: node.into(), ..PodRow::default() };
        Rc::new(Pod { row, revision: None, wait: None, stripe: 0 })
    }

    fn names(slots: &Slots) -> Vec<String> {
        slots.of("n", 0).into_iter().map(|place| place.as_deref().unwrap_or("-").to_owned()).collect()
    }

    #[test]
    fn a_pod_keeps_its_place_when_another_leaves_and_the_next_takes_the_free_one() {
        let slots = Slots::default().update(&[pod("a", "n"), pod("b", "n"), pod("c", "n")]);
        assert_eq!(names(&slots), ["a", "b", "c", "-"]);
        let slots = slots.update(&[pod("b", "n"), pod("c", "n")]);
        assert_eq!(names(&slots), ["-", "b", "c", "-"]);
        let slots = slots.update(&[pod("b", "n"), pod("c", "n"), pod("d", "n")]);
        assert_eq!(names(&slots), ["d", "b", "c", "-"]);
    }
}

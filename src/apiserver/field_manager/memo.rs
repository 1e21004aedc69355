//! The latest writes and what they changed: most are like one before, as thousands of pods of one template are.
//!
//! Upstream: none
//! Differs: memory and time only; what the API shows is the same.

use super::{Sets, reset};
use crate::api::{KindId, Object};
use crate::apimachinery::field_set::Step;
use crate::apimachinery::{FieldSet, Str};
use crate::apiserver::Sub;
use crate::sim::OrdMap;
use std::rc::Rc;

/// How many different writes are remembered of one writer and kind.
const KEEP: usize = 6;

/// What a write changed of what can be owned.
#[derive(Debug)]
pub struct Change {
    pub changed: FieldSet,
    pub removed: FieldSet,
    /// What the writer owns by it.
    pub gained: FieldSet,
    /// Both kinds of change.
    pub taken: FieldSet,
}

impl Change {
    fn between(sets: &mut Sets, old: &Object, new: &Object, sub: Sub) -> Change {
        let kind = new.id();
        let delta = new.compare(old);
        let (mut changed, mut removed) = (delta.changed.below, delta.removed.below);
        if sub == Sub::Scale && changed.has_path(reset::REPLICAS) && new.scale().is_some_and(|s| s.0 == 0) {
            // A Scale of zero replicas is written without them: the field goes, and nobody has it.
            std::mem::swap(&mut changed, &mut removed);
        }
        let (changed, removed) = (reset::own(kind, sub, &changed), reset::own(kind, sub, &removed));
        let (gained, taken) = (sets.intern(&reset::strip(&changed)), changed.union(&removed));
        Change { changed, removed, gained, taken }
    }

    fn is(&self, other: &Change) -> bool {
        self.changed == other.changed && self.removed == other.removed
    }

    fn renamed(&self, names: &[(Step, Step)]) -> Change {
        let of = |set: &FieldSet| set.renamed(names).unwrap_or_else(|| set.clone());
        Change {
            changed: of(&self.changed),
            removed: of(&self.removed),
            gained: of(&self.gained),
            taken: of(&self.taken),
        }
    }
}

/// What the owned sets of an object's entries became by a write.
#[derive(Clone)]
struct Applied {
    before: Vec<FieldSet>,
    /// The writer's own entry.
    at: Option<usize>,
    after: Vec<FieldSet>,
}

#[derive(Clone)]
struct Known {
    old: Object,
    new: Object,
    change: Rc<Change>,
    applied: Option<Rc<Applied>>,
}

pub(super) type Writer = (KindId, Sub, bool, Str);

/// What a write changes, and which known write it is like.
pub(super) struct Found {
    pub(super) change: Rc<Change>,
    known: Option<usize>,
    /// What items with names of their own are called in the known write, and in this one.
    names: Vec<(Step, Step)>,
}

/// A clone is a pointer copy.
#[derive(Clone, Default)]
pub(super) struct Memo(OrdMap<Writer, Rc<Vec<Known>>>);

impl Memo {
    /// What the write changes; without an older state, all that the new one says.
    pub(super) fn change(&mut self, sets: &mut Sets, old: Option<&Object>, new: &Object, writer: &Writer) -> Found {
        let sub = writer.1;
        // A Scale is read from the object and not only compared.
        let may = sub != Sub::Scale;
        let known = self.0.get(writer).filter(|_| may).map_or(&[][..], |k| k.as_slice());
        for (i, k) in known.iter().enumerate() {
            let like = Object::changed_alike((&k.old, &k.new), (old.unwrap_or(&k.old), new));
            let Some(names) = like else { continue };
            let change = if names.is_empty() { k.change.clone() } else { Rc::new(k.change.renamed(&names)) };
            debug_assert!(
                change.is(&Change::between(&mut sets.clone(), old.unwrap_or(&k.old), new, sub)),
                "what is alike is the same"
            );
            return Found { change, known: Some(i), names };
        }
        let old = old.cloned().unwrap_or_else(|| new.id().empty());
        let change = Rc::new(Change::between(sets, &old, new, sub));
        if may {
            let known = Rc::make_mut(self.0.or_insert_with(writer.clone(), Rc::default));
            known.truncate(KEEP - 1);
            known.insert(0, Known { old, new: new.clone(), change: change.clone(), applied: None });
        }
        Found { change, known: may.then_some(0), names: Vec::new() }
    }

    /// What such entries became of that change before.
    pub(super) fn applied(
        &self,
        writer: &Writer,
        found: &Found,
        before: &[&FieldSet],
        at: Option<usize>,
    ) -> Option<Vec<FieldSet>> {
        let applied = self.0.get(writer)?.get(found.known?)?.applied.as_ref()?;
        let here = |set: &FieldSet| {
            let renamed = if found.names.is_empty() { None } else { set.renamed(&found.names) };
            renamed.unwrap_or_else(|| set.clone())
        };
        let same = |(a, b): (&FieldSet, &&FieldSet)| a.ptr_eq(b) || (a.is_personal() && here(a) == **b);
        let known =
            applied.at == at && applied.before.len() == before.len() && applied.before.iter().zip(before).all(same);
        known.then(|| applied.after.iter().map(here).collect())
    }

    pub(super) fn note(
        &mut self,
        writer: &Writer,
        found: &Found,
        before: Vec<FieldSet>,
        at: Option<usize>,
        after: Vec<FieldSet>,
    ) {
        if !found.names.is_empty() {
            // They speak of other items than the known write does.
            return;
        }
        let known = self.0.get_mut(writer).zip(found.known).and_then(|(all, i)| Rc::make_mut(all).get_mut(i));
        if let Some(known) = known {
            known.applied = Some(Rc::new(Applied { before, at, after }));
        }
    }
}

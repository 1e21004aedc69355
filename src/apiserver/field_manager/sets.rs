//! The sets in use, each once: thousands of pods of one template own one trie.
//!
//! Upstream: none; upstream keeps each object's sets as text of its own.
//! Differs: memory only; what the API shows is the same.

use super::memo::Memo;
use crate::api::KindId;
use crate::apimachinery::field_set::Entry;
use crate::apimachinery::{FieldSet, Str};
use crate::sim::{OrdMap, OrdSet};

/// How deep the parts of a set are kept apart: below lie items with names of their own, such as addresses.
const DEPTH: usize = 3;

/// A clone is a pointer copy.
#[derive(Clone, Default)]
pub struct Sets {
    known: OrdMap<u64, FieldSet>,
    /// How many there may be before the unused are thrown out.
    limit: usize,
    names: OrdSet<Str>,
    versions: OrdMap<KindId, Str>,
    pub(super) memo: Memo,
}

impl Sets {
    /// The set as it is kept already, if it is.
    pub fn intern(&mut self, set: &FieldSet) -> FieldSet {
        if set.is_empty() {
            return FieldSet::EMPTY;
        }
        if self.known.len() > self.limit {
            let used = self.known.iter().filter(|(_, s)| !s.is_unique());
            self.known = used.map(|(hash, s)| (*hash, s.clone())).collect();
            self.limit = self.known.len() * 2 + 1024;
        }
        self.shared(set, DEPTH)
    }

    fn shared(&mut self, set: &FieldSet, depth: usize) -> FieldSet {
        if !set.is_personal() {
            match self.known.get(&set.hash()) {
                Some(known) if known == set => return known.clone(),
                // Two sets of one hash: the second stays by itself.
                Some(_) => return set.clone(),
                None => {}
            }
        }
        let mut kept = set.clone();
        if depth > 0 {
            let parts: Vec<FieldSet> = set
                .entries()
                .iter()
                .map(|e| if e.below.is_empty() { FieldSet::EMPTY } else { self.shared(&e.below, depth - 1) })
                .collect();
            if set.entries().iter().zip(&parts).any(|(e, part)| !e.below.ptr_eq(part)) {
                let entries = set.entries().iter().zip(parts);
                kept = FieldSet::from_entries(
                    entries.map(|(e, below)| Entry { step: e.step.clone(), member: e.member, below }).collect(),
                );
            }
        }
        if !kept.is_personal() {
            self.known.insert(kept.hash(), kept.clone());
        }
        kept
    }

    /// A manager's name, shared.
    pub fn name(&mut self, name: &str) -> Str {
        if let Some(known) = self.names.get(name) {
            return known.clone();
        }
        let name = Str::from(name);
        self.names.insert(name.clone());
        name
    }

    pub fn api_version(&mut self, kind: KindId) -> Str {
        let info = kind.info();
        if info.group.is_empty() {
            return Str::literal(info.version);
        }
        if let Some(known) = self.versions.get(&kind) {
            return known.clone();
        }
        let version = Str::from(info.api_version());
        self.versions.insert(kind, version.clone());
        version
    }

    /// How many sets are kept; for tests.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

//! The one list of what happens next, ordered by instant and then by the order of scheduling.

use super::{OrdMap, Time};

/// Names one entry of the agenda, so that it can be cancelled.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ticket {
    pub at: Time,
    seq: u64,
}

/// Persistent: a clone is a pointer copy.
#[derive(Clone, Debug)]
pub struct Agenda<E> {
    entries: OrdMap<Ticket, E>,
    next_seq: u64,
}

impl<E: Clone> Default for Agenda<E> {
    fn default() -> Self {
        Agenda { entries: OrdMap::new(), next_seq: 0 }
    }
}

impl<E: Clone> Agenda<E> {
    pub fn push(&mut self, at: Time, event: E) -> Ticket {
        let ticket = Ticket { at, seq: self.next_seq };
        self.next_seq += 1;
        self.entries.insert(ticket, event);
        ticket
    }

    /// Whether the entry was still there.
    pub fn cancel(&mut self, ticket: Ticket) -> bool {
        self.entries.remove(&ticket).is_some()
    }

    pub fn next_at(&self) -> Option<Time> {
        self.entries.get_min().map(|(t, _)| t.at)
    }

    /// The earliest entry: its instant and its event.
    pub fn pop(&mut self) -> Option<(Time, E)> {
        let ticket = *self.entries.get_min().map(|(t, _)| t)?;
        let event = self.entries.remove(&ticket).expect("the minimum is in the map");
        Some((ticket.at, event))
    }

    pub fn iter(&self) -> impl Iterator<Item = (Time, &E)> {
        self.entries.iter().map(|(t, e)| (t.at, e))
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_break_by_the_order_of_scheduling() {
        let mut a = Agenda::default();
        a.push(Time(5), "b");
        a.push(Time(5), "c");
        a.push(Time(1), "a");
        let gone = a.push(Time(2), "never");
        assert!(a.cancel(gone) && !a.cancel(gone));
        let order: Vec<_> = std::iter::from_fn(|| a.pop()).map(|(_, e)| e).collect();
        assert_eq!(order, ["a", "b", "c"]);
    }
}

//! What every Pod showed from when to when, and what Deployments asked for: told by the engine, not sampled.

use std::collections::BTreeMap;
use std::rc::Rc;

use kubarium::session::protocol::{Bounds, Moment, PodRow};

use crate::model::{At, Bit, Life, Pod};

/// All lives that are remembered.
#[derive(Default)]
pub struct Lives {
    all: Rc<Vec<Rc<Life>>>,
    by_uid: BTreeMap<String, usize>,
    bounds: Rc<Vec<Bounds>>,
}

impl Lives {
    pub fn all(&self) -> Rc<Vec<Rc<Life>>> {
        self.all.clone()
    }

    pub fn bounds(&self) -> Rc<Vec<Bounds>> {
        self.bounds.clone()
    }

    /// Takes in what happened from `known` on; what lies before has been told already.
    pub fn tell(&mut self, moments: Vec<Moment>, bounds: Vec<Bounds>, known: At) {
        for moment in moments.into_iter().filter(|moment| moment.ms as At >= known) {
            self.one(moment);
        }
        for one in bounds.into_iter().filter(|one| one.ms as At >= known) {
            let last = self.bounds.iter().rev().find(|last| last.uid == one.uid);
            let same = |last: &Bounds| Bounds { ms: one.ms, ..last.clone() } == one;
            if !last.is_some_and(same) {
                Rc::make_mut(&mut self.bounds).push(one);
            }
        }
    }

    fn one(&mut self, moment: Moment) {
        let at = moment.ms as At;
        let known = self.by_uid.get(&moment.uid).copied();
        let Some(place) = known.or_else(|| self.begin(&moment)) else { return };
        let life = Rc::make_mut(&mut Rc::make_mut(&mut self.all)[place]);
        if moment.gone {
            life.until.get_or_insert(at);
            return;
        }
        life.node.clone_from(&moment.node);
        if life.bits.last().is_none_or(|last| last.status != moment.status || last.state != moment.state) {
            life.bits.push(Bit { from: at, status: moment.status, state: moment.state });
        }
    }

    fn begin(&mut self, moment: &Moment) -> Option<usize> {
        let birth = moment.birth.as_ref()?;
        Some(self.push(Life {
            uid: moment.uid.clone(),
            name: birth.name.clone(),
            node: moment.node.clone(),
            owner_uid: birth.owner_uid.clone(),
            template_hash: birth.template_hash.clone(),
            image: birth.image.clone(),
            bits: Vec::new(),
            until: None,
        }))
    }

    fn push(&mut self, life: Life) -> usize {
        let place = self.all.len();
        self.by_uid.insert(life.uid.clone(), place);
        Rc::make_mut(&mut self.all).push(Rc::new(life));
        place
    }

    /// After a jump nothing is known of what lies between: what is seen now holds from now on.
    pub fn look(&mut self, pods: &BTreeMap<String, Rc<Pod>>, now: At) {
        for pod in pods.values() {
            self.see(&pod.row, now);
        }
        let lasting = |life: &&Rc<Life>| life.until.is_none() && !pods.contains_key(&life.uid);
        let ended: Vec<String> = self.all.iter().filter(lasting).map(|life| life.uid.clone()).collect();
        for uid in ended {
            self.end(&uid, now);
        }
    }

    /// What a Pod shows now; since when is not known better.
    pub fn see(&mut self, pod: &PodRow, now: At) {
        let known = self.by_uid.get(&pod.uid).copied();
        let place = known.unwrap_or_else(|| {
            self.push(Life {
                uid: pod.uid.clone(),
                name: pod.name.clone(),
                node: String::new(),
                owner_uid: pod.owner_uid.clone(),
                template_hash: pod.template_hash.clone(),
                image: pod.image.clone(),
                bits: Vec::new(),
                until: None,
            })
        });
        let from = if self.all[place].bits.is_empty() { (pod.created_ms as At).min(now) } else { now };
        let (uid, status, state, node) = (pod.uid.clone(), pod.status.clone(), pod.state, pod.node.clone());
        self.one(Moment { uid, ms: from as f64, status, state, node, birth: None, gone: false });
    }

    pub fn end(&mut self, uid: &str, now: At) {
        if let Some(place) = self.by_uid.get(uid) {
            let life = &mut Rc::make_mut(&mut self.all)[*place];
            if life.until.is_none() {
                Rc::make_mut(life).until = Some(now);
            }
        }
    }

    /// What came after has not happened.
    pub fn forget_after(&mut self, at: At) {
        Rc::make_mut(&mut self.bounds).retain(|one| one.ms as At <= at);
        let mut kept = (*self.all).clone();
        for life in &mut kept {
            if life.bits.last().is_some_and(|bit| bit.from > at) || life.until.is_some_and(|until| until > at) {
                let life = Rc::make_mut(life);
                life.bits.retain(|bit| bit.from <= at);
                life.until = life.until.filter(|until| *until <= at);
            }
        }
        kept.retain(|life| !life.bits.is_empty());
        self.by_uid = kept.iter().enumerate().map(|(place, life)| (life.uid.clone(), place)).collect();
        self.all = Rc::new(kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubarium::session::protocol::{Birth, PodState};

    fn moment(ms: f64, state: PodState) -> Moment {
        let birth = (state == PodState::Pending).then(Birth::default);
        Moment { uid: "a".into(), ms, status: format!("{state:?}"), state, birth, ..Moment::default() }
    }

    fn bits(lives: &Lives) -> Vec<(At, PodState)> {
        lives.all[0].bits.iter().map(|bit| (bit.from, bit.state)).collect()
    }

    #[test]
    fn all_that_happened_between_two_frames_is_there_at_its_own_time() {
        let mut lives = Lives::default();
        let told =
            [(1.0, PodState::Pending), (4.0, PodState::Creating), (4.0, PodState::Creating), (9.0, PodState::Ready)];
        lives.tell(told.map(|(ms, state)| moment(ms, state)).to_vec(), vec![], 0);
        assert_eq!(bits(&lives), [(1, PodState::Pending), (4, PodState::Creating), (9, PodState::Ready)]);
        lives.tell(vec![Moment { gone: true, ..moment(12.0, PodState::Ready) }], vec![], 10);
        assert_eq!(lives.all[0].until, Some(12));
    }

    #[test]
    fn what_is_seen_again_adds_nothing_and_what_did_not_happen_is_forgotten() {
        let mut lives = Lives::default();
        lives.tell(vec![moment(1.0, PodState::Pending), moment(9.0, PodState::Ready)], vec![], 0);
        lives.tell(vec![moment(1.0, PodState::Pending)], vec![], 10);
        assert_eq!(bits(&lives).len(), 2);
        lives.forget_after(5);
        assert_eq!(bits(&lives), [(1, PodState::Pending)]);
        lives.forget_after(0);
        assert!(lives.all.is_empty() && lives.by_uid.is_empty());
    }

    #[test]
    fn bounds_are_kept_where_they_change() {
        let mut lives = Lives::default();
        let bounds = |ms, desired| Bounds { uid: "d".into(), ms, desired, max_surge: 1, max_unavailable: 0 };
        lives.tell(vec![], vec![bounds(1.0, 3), bounds(2.0, 3), bounds(5.0, 6)], 0);
        assert_eq!(lives.bounds.iter().map(|one| (one.ms as At, one.desired)).collect::<Vec<_>>(), [(1, 3), (5, 6)]);
    }
}

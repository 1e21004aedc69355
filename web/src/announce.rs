//! What assistive technology is told, and how often: seldom, the weightiest first, siblings together.

use std::collections::VecDeque;
use std::rc::Rc;

use kubarium::session::protocol::Lane;

use crate::model::{Mark, Seq};
use crate::narrate;
use crate::text::{Text, fill};
use crate::words::split_name;

/// Milliseconds between two announcements.
const APART: f64 = 1500.0;
/// No more than so many within ten seconds.
const BURST: usize = 6;
const BURST_WITHIN: f64 = 10_000.0;

/// Decides what is said next.
#[derive(Default)]
pub struct Announcer {
    heard: Seq,
    begun: bool,
    waiting: Vec<Mark>,
    said_at: VecDeque<f64>,
}

impl Announcer {
    /// Takes in what is new since the last time. What was there before the page listened is not news.
    pub fn hear(&mut self, marks: &[Rc<Mark>], now: i64) {
        let newest = marks.iter().rev().find(|mark| mark.at <= now).map_or(0, |mark| mark.seq);
        if self.begun && newest > self.heard {
            let new = marks.iter().filter(|mark| mark.milestone && mark.seq > self.heard && mark.at <= now);
            self.waiting.extend(new.map(|mark| (**mark).clone()));
        }
        self.heard = newest;
        self.begun = true;
    }

    /// Whether something still waits to be said.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The next announcement, if it is time for one. `at_once` while a person steps: then every step is told.
    pub fn next(&mut self, real_now: f64, at_once: bool, text: &Text) -> Option<String> {
        while self.said_at.front().is_some_and(|at| real_now - at > BURST_WITHIN) {
            self.said_at.pop_front();
        }
        let too_soon = self.said_at.back().is_some_and(|at| real_now - at < APART) || self.said_at.len() >= BURST;
        if self.waiting.is_empty() || (too_soon && !at_once) {
            return None;
        }
        // What is told is the weightiest; the rest can be read under the timeline.
        let weightiest = self.waiting.iter().max_by_key(|mark| (weight(mark), mark.seq))?.clone();
        let siblings = self.waiting.iter().filter(|mark| same_kind(mark, &weightiest)).count();
        self.waiting.clear();
        self.said_at.push_back(real_now);
        Some(together(&weightiest, siblings, text).unwrap_or_else(|| narrate::plain(&weightiest, text)))
    }
}

fn weight(mark: &Mark) -> u8 {
    match mark.note.as_str() {
        _ if mark.warning => 9,
        "fault" => 8,
        _ if mark.lane == Lane::User => 7,
        "ready" | "boot" => 6,
        "deleted" => 5,
        "created" => 4,
        "bound" | "scheduled" => 3,
        _ => 1,
    }
}

/// Whose Pod it is, by its name: before what was generated, or before a number; empty for a name that stands alone.
fn owner(mark: &Mark) -> &str {
    let name = mark.about.as_ref().map_or("", |about| about.name.as_str());
    let numbered = || name.rsplit_once('-').filter(|(_, number)| number.parse::<u32>().is_ok());
    match split_name(name).0.trim_end_matches('-') {
        "" => numbered().map_or("", |(before, _)| before),
        before => before,
    }
}

fn kind(mark: &Mark) -> &str {
    mark.about.as_ref().map_or("", |about| &about.kind)
}

fn same_kind(a: &Mark, b: &Mark) -> bool {
    a.note == b.note && kind(a) == kind(b) && owner(a) == owner(b)
}

/// One sentence for several Pods of one owner.
fn together(mark: &Mark, count: usize, text: &Text) -> Option<String> {
    if count < 2 || kind(mark) != "Pod" || owner(mark).is_empty() {
        return None;
    }
    let sentence = match mark.note.as_str() {
        "created" => text.many_created,
        "bound" | "scheduled" => text.many_bound,
        "ready" => text.many_ready,
        "started" => text.many_started,
        "deleted" => text.many_gone,
        _ => return None,
    };
    Some(fill(sentence, &[("n", &count.to_string()), ("owner", owner(mark))]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::refer;
    use crate::text::Lang;

    fn mark(seq: Seq, pod: &str, note: &str) -> Rc<Mark> {
        Rc::new(Mark {
            seq,
            about: Some(refer("Pod", "default", pod)),
            note: note.into(),
            args: vec![],
            ..narrate::sample()
        })
    }

    #[test]
    fn siblings_that_become_ready_at_once_are_told_in_one_sentence() {
        let text = Lang::En.text();
        let mut announcer = Announcer::default();
        announcer.hear(&[], 0);
        let marks = [("web-x2k9f", "ready"), ("web-b7q4d", "ready"), ("web-c2m5v", "deleted")];
        let marks: Vec<_> = (1..).zip(marks).map(|(seq, (pod, note))| mark(seq, pod, note)).collect();
        announcer.hear(&marks, 0);
        assert_eq!(announcer.next(0.0, false, text).as_deref(), Some("2 Pods of web are ready."));
        assert!(!announcer.is_waiting());
    }

    #[test]
    fn pods_are_siblings_by_what_was_generated_or_counted_and_a_chosen_name_has_none() {
        let of = |pod| owner(&mark(1, pod, "ready")).to_owned();
        assert_eq!([of("web-7c9-x2k9f"), of("mysql-0"), of("my-database"), of("web")], ["web-7c9", "mysql", "", ""]);
        let alone = [mark(1, "my-database", "ready"), mark(2, "my-cache", "ready")];
        assert_eq!(together(&alone[0], 2, Lang::En.text()), None);
    }

    #[test]
    fn a_rollout_of_ten_pods_takes_at_most_eight_announcements() {
        let text = Lang::En.text();
        let mut announcer = Announcer::default();
        announcer.hear(&[], 0);
        let mut marks = Vec::new();
        let mut said = 0;
        for pod in 0..10 {
            let name = format!("web-{pod}");
            marks.push(mark(pod * 2 + 1, &name, "created"));
            marks.push(mark(pod * 2 + 2, &name, "ready"));
            announcer.hear(&marks, 0);
            said += usize::from(announcer.next(pod as f64 * 500.0, false, text).is_some());
        }
        assert!((2..=8).contains(&said), "{said}");
    }

    #[test]
    fn a_step_is_told_however_fast_one_follows_the_other() {
        let text = Lang::En.text();
        let mut announcer = Announcer::default();
        announcer.hear(&[], 0);
        for seq in 1..20 {
            announcer.hear(&[mark(seq, "web-a", "ready")], 0);
            assert!(announcer.next(0.0, true, text).is_some());
        }
    }

    #[test]
    fn what_was_there_before_is_no_news() {
        let mut announcer = Announcer::default();
        announcer.hear(&[mark(1, "web-a", "ready")], 0);
        assert!(!announcer.is_waiting());
    }
}

//! The stretch of time that the tape shows, and what of it can be told apart.

use std::rc::Rc;

use kubarium::session::protocol::Lane;

use crate::model::{At, Clock, Mark};

/// From when to when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    from: At,
    length: At,
}

/// Lengths that give round numbers at ten ticks.
const LENGTHS: [At; 10] =
    [20_000, 50_000, 100_000, 200_000, 300_000, 600_000, 1_200_000, 3_000_000, 6_000_000, 12_000_000];

/// What a person may zoom to.
const SHORTEST: At = 500;
const LONGEST: At = 24_000_000;

/// How far to the right the playhead may come before more is shown.
const PLAYHEAD_MAX_PERCENT: At = 62;

impl Window {
    /// The story that is being told: from the last thing that a person did, up to now, and what may follow.
    pub fn around(clock: &Clock, marks: &[Rc<Mark>]) -> Self {
        // While a person looks back within one story, the tape stays as it is.
        let whole = Self::ending_at(clock.end.max(clock.now), marks);
        if whole.holds(clock.now) { whole } else { Self::ending_at(clock.now, marks) }
    }

    fn ending_at(now: At, marks: &[Rc<Mark>]) -> Self {
        let begun = marks
            .iter()
            .rev()
            .find(|mark| mark.lane == Lane::User && mark.note != "boot" && mark.at <= now)
            .map_or(0, |mark| mark.at);
        for length in LENGTHS {
            let tick = length / 10;
            let from = (begun - tick / 2).max(0) / tick * tick;
            if (now - from) * 100 <= length * PLAYHEAD_MAX_PERCENT {
                return Self { from, length };
            }
        }
        // Hours after the last input: only the end is looked at, what is far back is reached by seeking.
        let length = 600_000;
        Self { from: (now - length / 2) / 60_000 * 60_000, length }
    }

    /// So many times as long, the moment at a part of the width staying where it is.
    #[must_use]
    pub fn zoomed(&self, times: f64, part: f64) -> Self {
        let length = ((self.length as f64 * times) as At).clamp(SHORTEST, LONGEST);
        let from = self.at(part) - (part.clamp(0.0, 1.0) * length as f64) as At;
        Self { from: from.max(0), length }
    }

    /// Moved so that a moment is in it.
    #[must_use]
    pub fn showing(&self, at: At) -> Self {
        if self.holds(at) {
            *self
        } else {
            Self { from: (at - self.length * PLAYHEAD_MAX_PERCENT / 100).max(0), ..*self }
        }
    }

    /// Which of the marks that a person would be told lies nearest to a moment, if one is near at all.
    pub fn nearest<'a>(&self, marks: &'a [Rc<Mark>], at: At) -> Option<&'a Rc<Mark>> {
        let far = self.length / 60;
        let end = marks.partition_point(|mark| mark.at <= at + far);
        let near = marks[..end].iter().rev().take_while(|mark| mark.at >= at - far);
        near.filter(|mark| mark.milestone).min_by_key(|mark| (mark.at - at).abs())
    }

    /// Where a moment lies.
    pub fn percent(&self, at: At) -> f64 {
        (at - self.from) as f64 * 100.0 / self.length as f64
    }

    /// The moment at a part of the width.
    pub fn at(&self, part: f64) -> At {
        self.from + (part.clamp(0.0, 1.0) * self.length as f64) as At
    }

    /// Whether a moment is in it.
    pub fn holds(&self, at: At) -> bool {
        (self.from..=self.from + self.length).contains(&at)
    }

    /// Ten ticks with their labels; the first has none, for there is the edge.
    pub fn ticks(self) -> impl Iterator<Item = (f64, String)> {
        (0..10).map(move |tick| {
            let at = self.from + self.length / 10 * tick;
            (tick as f64 * 10.0, if tick == 0 && self.from == 0 { String::new() } else { label(at) })
        })
    }

    /// From the newest moment of a chain back to the first: what lies closer together than the eye can tell is one.
    pub fn hops(&self, newest_first: &[At]) -> Vec<(At, At)> {
        let apart = self.length / 120;
        let mut kept: Vec<At> = Vec::new();
        for at in newest_first.iter().copied().filter(|at| self.holds(*at)) {
            if kept.last().is_none_or(|last| last - at >= apart) {
                kept.push(at);
            }
        }
        kept.windows(2).map(|pair| (pair[1], pair[0])).collect()
    }

    /// The marks of a lane, none closer to the last than the eye can tell; warnings stay.
    pub fn thinned<'a>(&self, marks: &'a [Rc<Mark>], lane: Lane) -> impl Iterator<Item = &'a Rc<Mark>> {
        let window = *self;
        let mut last = At::MIN;
        let apart = self.length / 400;
        marks.iter().filter(move |mark| mark.lane == lane && window.holds(mark.at)).filter(move |mark| {
            let keep = mark.warning || last == At::MIN || mark.at - last >= apart;
            if keep {
                last = mark.at;
            }
            keep
        })
    }
}

fn label(at: At) -> String {
    let seconds = at / 1000;
    if at % 1000 != 0 {
        return format!("{}.{} s", seconds, at % 1000 / 100);
    }
    if seconds < 120 { format!("{seconds} s") } else { format!("{}:{:02}", seconds / 60, seconds % 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(now: At, end: At) -> Clock {
        Clock { now, end, ..Clock::default() }
    }

    #[test]
    fn the_playhead_is_always_inside_and_a_place_is_the_moment_that_lies_there() {
        for now in [0, 9_000, 17_000, 55_000, 95_000, 96_001, 400_000, 4_000_000, 90_000_000] {
            for end in [now, now + 30_000, now * 2] {
                let window = Window::around(&clock(now, end), &[]);
                assert!(window.holds(now), "{now} of {end}: {window:?}");
                assert!((window.at(window.percent(now) / 100.0) - now).abs() <= 1, "{now} of {end}");
            }
        }
    }

    #[test]
    fn a_story_begins_with_what_a_person_did_and_the_tape_stays_while_they_look_back() {
        let you = Rc::new(Mark { at: 61_600, lane: Lane::User, ..crate::narrate::sample() });
        let window = Window::around(&clock(72_400, 72_400), std::slice::from_ref(&you));
        assert_eq!(window, Window { from: 60_000, length: 20_000 });
        assert_eq!(Window::around(&clock(63_000, 72_400), std::slice::from_ref(&you)), window);
        assert_eq!(Window::around(&clock(10_000, 72_400), &[you]), Window { from: 0, length: 20_000 });
    }

    #[test]
    fn zooming_keeps_what_is_pointed_at_and_moving_keeps_the_length() {
        let window = Window::around(&clock(9_000, 9_000), &[]);
        let closer = window.zoomed(0.5, 0.25);
        assert_eq!((closer.length, closer.at(0.25)), (window.length / 2, window.at(0.25)));
        assert_eq!(closer.zoomed(1e9, 0.5).length, LONGEST);
        assert_eq!(closer.zoomed(1e-9, 0.5).length, SHORTEST);
        let later = closer.showing(90_000);
        assert!(later.holds(90_000) && later.length == closer.length);
        assert_eq!(later.showing(90_000), later);
    }

    #[test]
    fn the_nearest_milestone_is_told_and_only_if_it_is_near() {
        let mark = |seq, at, milestone| Rc::new(Mark { seq, at, milestone, ..crate::narrate::sample() });
        let marks = [mark(1, 1_000, true), mark(2, 1_100, false), mark(3, 1_250, true)];
        let window = Window::around(&clock(9_000, 9_000), &[]);
        let nearest = |at| window.nearest(&marks, at).map(|mark| mark.seq);
        assert_eq!((nearest(1_110), nearest(1_180), nearest(5_000)), (Some(1), Some(3), None));
    }

    #[test]
    fn hops_go_back_to_the_first_cause_and_none_is_too_short_to_see() {
        let window = Window { from: 0, length: 120_000 };
        assert_eq!(window.hops(&[90_000, 89_900, 50_000, 49_500, 100]), [(50_000, 90_000), (100, 50_000)]);
        assert_eq!(window.hops(&[500, 400, 300]), []);
    }

    #[test]
    fn marks_at_one_place_are_one_mark_but_a_warning_is_never_hidden() {
        let mark = |seq, at, warning| Rc::new(Mark { seq, at, warning, ..crate::narrate::sample() });
        let marks = [mark(1, 100, false), mark(2, 101, false), mark(3, 102, true), mark(4, 9_000, false)];
        let window = Window::around(&clock(9_000, 9_000), &[]);
        let seen: Vec<_> = window.thinned(&marks, Lane::Scheduler).map(|mark| mark.seq).collect();
        assert_eq!(seen, [1, 3, 4]);
    }
}

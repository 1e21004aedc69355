//! From the engine's frames, which tell changes, to the page's model, which is whole.

use kubarium::session::Arrange;
use std::collections::BTreeMap;
use std::rc::Rc;

use kubarium::session::protocol::{
    self, EventRow, Frame, NodeRow, OtherRow, PodRow, PodState, Ref, TraceLine, WorkloadRow,
};

use crate::model::{At, Bit, Clock, Life, Mark, Model, Node, Pod};

/// Marks beyond this are forgotten, the oldest first.
const MARKS_MAX: usize = 20_000;

/// Everything that has been told and not been taken back.
#[derive(Default)]
pub struct Feed {
    clock: protocol::Clock,
    nodes: BTreeMap<String, NodeRow>,
    pods: BTreeMap<String, PodRow>,
    workloads: BTreeMap<String, Rc<WorkloadRow>>,
    others: BTreeMap<String, Rc<OtherRow>>,
    events: BTreeMap<String, Rc<EventRow>>,
    namespaces: Vec<String>,
    marks: Rc<Vec<Rc<Mark>>>,
    skips: Rc<Vec<(At, At)>>,
    lives: Rc<Vec<Life>>,
    /// Up to when lives are known: a moment that is seen again adds nothing.
    known_until: At,
    /// When a countdown was first seen, by Pod.
    waits: BTreeMap<String, (At, At)>,
}

impl Feed {
    /// Takes in a frame.
    pub fn take(&mut self, frame: Frame) {
        let before = self.clock.now_ms as At;
        self.clock = frame.clock;
        let (now, head) = (self.clock.now_ms as At, self.clock.head_ms as At);
        if head < self.known_until {
            // Somebody acted in the past: what had come after has not happened.
            self.forget_after(now.min(head));
        }
        let before_states: BTreeMap<String, PodState> =
            self.pods.iter().map(|(uid, pod)| (uid.clone(), pod.state)).collect();
        self.rows(frame.view);
        self.tell(frame.trace);
        if now >= self.known_until {
            self.name_changes(&before_states);
        }
        if self.clock.skipped_ms > 0.0 {
            let skips = Rc::make_mut(&mut self.skips);
            match skips.last_mut() {
                // One hurry is one stretch, however many frames it took.
                Some((_, to)) if *to >= before - 1 => *to = now,
                _ => skips.push((before.max(now - self.clock.skipped_ms as At), now)),
            }
        }
        self.watch_waits(now);
        if now >= self.known_until {
            self.live(now);
            self.known_until = now;
        }
    }

    fn rows(&mut self, view: protocol::View) {
        if view.reset {
            self.nodes.clear();
            self.pods.clear();
            self.workloads.clear();
            self.others.clear();
            self.events.clear();
        }
        put(&mut self.nodes, view.nodes, &view.nodes_gone, |row| row.name.clone());
        put(&mut self.pods, view.pods, &view.pods_gone, |row| row.uid.clone());
        put(&mut self.workloads, view.workloads.into_iter().map(Rc::new), &view.workloads_gone, |row| row.uid.clone());
        put(&mut self.others, view.others.into_iter().map(Rc::new), &view.others_gone, |row| row.uid.clone());
        put(&mut self.events, view.events.into_iter().map(Rc::new), &view.events_gone, |row| row.uid.clone());
        if !view.namespaces.is_empty() {
            self.namespaces = view.namespaces;
        }
    }

    /// Lines that come again, after a seek, take the place of what they were.
    fn tell(&mut self, lines: Vec<TraceLine>) {
        let Some(first) = lines.first().map(|line| line.seq) else { return };
        let marks = Rc::make_mut(&mut self.marks);
        let known = marks.partition_point(|mark| mark.seq < first);
        let last = lines.last().map_or(first, |line| line.seq);
        let after = marks.split_off(known);
        marks.extend(lines.into_iter().map(|line| Rc::new(Mark::from(line))));
        marks.extend(after.into_iter().filter(|mark| mark.seq > last));
        if marks.len() > MARKS_MAX {
            marks.drain(..marks.len() - MARKS_MAX);
        }
    }

    /// A write of a Pod's status is told by what it meant: that the Pod became ready, or ceased to be.
    fn name_changes(&mut self, before: &BTreeMap<String, PodState>) {
        for pod in self.pods.values() {
            let was = before.get(&pod.uid).copied();
            let (note, warning) = match (was, pod.state) {
                (Some(PodState::Ready) | None, PodState::Ready) => continue,
                (_, PodState::Ready) => ("ready", false),
                (Some(PodState::Ready), PodState::NotReady) => ("unready", true),
                _ => continue,
            };
            let is_it = |mark: &Rc<Mark>| {
                matches!(mark.note.as_str(), "changed" | "changed-status")
                    && mark.about.as_ref().is_some_and(|about| {
                        about.kind == "Pod" && about.name == pod.name && about.namespace == pod.namespace
                    })
            };
            let marks = Rc::make_mut(&mut self.marks);
            if let Some(mark) = marks.iter_mut().rev().find(|mark| is_it(mark)) {
                let named = Mark { note: note.to_owned(), warning, milestone: true, ..(**mark).clone() };
                *mark = Rc::new(named);
            }
        }
        let waiting = |about: &Ref| {
            let is_it = |pod: &&PodRow| pod.name == about.name && pod.namespace == about.namespace;
            self.pods.values().find(is_it).map(|pod| pod.message.clone()).filter(|message| !message.is_empty())
        };
        // The scheduler's words are in the Pod's condition, which it writes after the cycle.
        let unexplained = |mark: &Rc<Mark>| mark.note == "unschedulable" && mark.args.iter().all(String::is_empty);
        let found: Vec<(usize, String)> = self
            .marks
            .iter()
            .enumerate()
            .rev()
            .take(200)
            .filter(|(_, mark)| unexplained(mark))
            .filter_map(|(at, mark)| Some((at, waiting(mark.about.as_ref()?)?)))
            .collect();
        // A request is told as what the person typed or pressed, where that is known.
        let labels = &self.clock.inputs;
        let named: Vec<(usize, String)> = self
            .marks
            .iter()
            .enumerate()
            .rev()
            .take(200)
            .filter(|(_, mark)| mark.note == "request" && mark.args.first().is_some_and(|what| what.contains(" /")))
            .filter_map(|(at, mark)| {
                let label = labels.iter().find(|(ms, _)| (*ms as At - mark.at).abs() <= 1).map(|(_, label)| label)?;
                label.starts_with("kubectl").then(|| (at, label.clone()))
            })
            .collect();
        for (at, message) in found.into_iter().chain(named) {
            let mark = &mut Rc::make_mut(&mut self.marks)[at];
            *mark = Rc::new(Mark { args: vec![message], ..(**mark).clone() });
        }
    }

    fn forget_after(&mut self, at: At) {
        Rc::make_mut(&mut self.marks).retain(|mark| mark.at <= at);
        Rc::make_mut(&mut self.skips).retain(|(_, to)| *to <= at);
        let lives = Rc::make_mut(&mut self.lives);
        for life in lives.iter_mut() {
            life.bits.retain(|bit| bit.from <= at);
            life.until = life.until.filter(|until| *until <= at);
        }
        lives.retain(|life| !life.bits.is_empty());
        self.known_until = at;
    }

    fn watch_waits(&mut self, now: At) {
        let pods = &self.pods;
        self.waits.retain(|uid, (_, until)| pods.get(uid).is_some_and(|pod| pod.until_ms as At == *until));
        for (uid, pod) in pods.iter().filter(|(_, pod)| pod.until_ms >= 0.0) {
            self.waits.entry(uid.clone()).or_insert((now, pod.until_ms as At));
        }
    }

    fn live(&mut self, now: At) {
        let changed = |life: &Life, pod: &PodRow| {
            life.bits.last().is_none_or(|bit| bit.status != pod.status || bit.state != pod.state)
                || life.node != pod.node
        };
        // A look first: in most frames nothing of this changes, and the page is spared a copy.
        let seen: BTreeMap<&str, usize> =
            self.lives.iter().enumerate().map(|(at, life)| (life.uid.as_str(), at)).collect();
        let news: Vec<&PodRow> = self
            .pods
            .values()
            .filter(|pod| seen.get(pod.uid.as_str()).is_none_or(|at| changed(&self.lives[*at], pod)))
            .collect();
        let ended = self.lives.iter().any(|life| life.until.is_none() && !self.pods.contains_key(&life.uid));
        if news.is_empty() && !ended {
            return;
        }
        let mut lives = (*self.lives).clone();
        for pod in news {
            let bit = Bit { from: now, status: pod.status.clone(), state: pod.state };
            match seen.get(pod.uid.as_str()) {
                Some(at) => {
                    let life = &mut lives[*at];
                    life.node.clone_from(&pod.node);
                    if life.bits.last().is_none_or(|last| last.status != bit.status || last.state != bit.state) {
                        life.bits.push(bit);
                    }
                }
                None => lives.push(Life {
                    uid: pod.uid.clone(),
                    name: pod.name.clone(),
                    node: pod.node.clone(),
                    owner_uid: pod.owner_uid.clone(),
                    template_hash: pod.template_hash.clone(),
                    image: pod.image.clone(),
                    bits: vec![Bit { from: (pod.created_ms as At).min(now), ..bit }],
                    until: None,
                }),
            }
        }
        for life in &mut lives {
            if life.until.is_none() && !self.pods.contains_key(&life.uid) {
                life.until = Some(now);
            }
        }
        self.lives = Rc::new(lives);
    }

    /// The simulated world's own time.
    pub fn wall(&self) -> &str {
        &self.clock.wall
    }

    /// Whether nothing is under way: everybody has what they want, and nobody waits for a time to come.
    pub fn is_at_rest(&self) -> bool {
        let done = |pod: &PodRow| matches!(pod.state, PodState::Ready | PodState::Completed) && pod.until_ms < 0.0;
        self.pods.values().all(done)
            && self.workloads.values().all(|one| {
                one.ready == one.desired && one.current == one.desired && one.observed_generation >= one.generation
            })
            && self.nodes.values().all(|node| node.ready == "True" && !node.down)
    }

    /// The moment as a whole.
    pub fn model(&self) -> Model {
        let now = self.clock.now_ms as At;
        let workloads = owners_first(self.workloads.values());
        let tops: Vec<&str> =
            workloads.iter().filter(|one| one.owner_uid.is_empty()).map(|one| one.uid.as_str()).collect();
        let mut nodes: Vec<Rc<Node>> = self.nodes.values().map(|row| Rc::new(self.node(row, now))).collect();
        nodes.arrange_by(|a, b| natural(&a.row.name).cmp(&natural(&b.row.name)));
        let mut pods: Vec<Rc<Pod>> = self.pods.values().map(|row| Rc::new(self.pod(row, &tops))).collect();
        pods.arrange_by(|a, b| a.row.created_ms.total_cmp(&b.row.created_ms).then_with(|| a.row.name.cmp(&b.row.name)));
        let mut events: Vec<Rc<EventRow>> = self.events.values().cloned().collect();
        events.arrange_by(|a, b| b.last_ms.total_cmp(&a.last_ms));
        Model {
            clock: Clock {
                now,
                end: self.clock.head_ms as At,
                wall: self.clock.wall.clone(),
                playing: self.clock.playing,
                speed: self.clock.speed,
                auto_pace: self.clock.auto_pace,
                can_undo: self.clock.can_undo,
                can_redo: self.clock.can_redo,
                skips: self.skips.clone(),
            },
            rev: self.clock.revision,
            nodes,
            pods,
            workloads,
            others: self.others.values().cloned().collect(),
            events,
            namespaces: self.namespaces.clone(),
            lives: self.lives.clone(),
            marks: self.marks.clone(),
        }
    }

    fn node(&self, row: &NodeRow, now: At) -> Node {
        let here = self.pods.values().filter(|pod| pod.node == row.name).count();
        let lease_age = (now - row.heartbeat_ms.max(0.0) as At).max(0) / 1000;
        // The exact moment would redraw every card with every frame; the card shows whole seconds.
        Node { row: NodeRow { heartbeat_ms: 0.0, ..row.clone() }, lease_age, here }
    }

    fn pod(&self, row: &PodRow, tops: &[&str]) -> Pod {
        let owner = self.workloads.get(&row.owner_uid);
        let top = owner.and_then(|owner| self.workloads.get(&owner.owner_uid)).or(owner);
        let revision = owner.zip(top).filter(|(owner, top)| owner.kind == "ReplicaSet" && top.kind == "Deployment");
        Pod {
            row: row.clone(),
            revision: revision.map(|(owner, top)| (owner.revision, owner.revision == top.revision)),
            wait: self.waits.get(&row.uid).copied(),
            stripe: top.and_then(|top| tops.iter().position(|uid| *uid == top.uid)).map_or(0, |at| at % 5 + 1),
        }
    }
}

fn put<R>(
    rows: &mut BTreeMap<String, R>,
    new: impl IntoIterator<Item = R>,
    gone: &[String],
    key: impl Fn(&R) -> String,
) {
    for id in gone {
        rows.remove(id);
    }
    rows.extend(new.into_iter().map(|row| (key(&row), row)));
}

/// Owners before what they own, the oldest first.
fn owners_first<'a>(rows: impl Iterator<Item = &'a Rc<WorkloadRow>>) -> Vec<Rc<WorkloadRow>> {
    let mut found: Vec<Rc<WorkloadRow>> = rows.cloned().collect();
    let rank = |row: &WorkloadRow| (!row.owner_uid.is_empty(), row.created_ms, std::cmp::Reverse(row.revision));
    found.arrange_by(|a, b| {
        let ((a_owned, a_made, a_rev), (b_owned, b_made, b_rev)) = (rank(a), rank(b));
        // Of one owner's ReplicaSets the newest revision stands on top.
        a_owned
            .cmp(&b_owned)
            .then(if a_owned { a_rev.cmp(&b_rev) } else { a_made.total_cmp(&b_made) })
            .then_with(|| a.name.cmp(&b.name))
    });
    found
}

/// `node-2` before `node-10`.
fn natural(name: &str) -> (&str, u64) {
    let digits = name.len() - name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let (stem, number) = name.split_at(name.len() - digits);
    (stem, number.parse().unwrap_or(0))
}

/// Whether a Pod counts as available in the strip's chart: it is ready and not on its way out.
pub fn is_up(state: PodState) -> bool {
    state == PodState::Ready
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(uid: &str, status: &str, state: PodState) -> PodRow {
        PodRow {
            uid: uid.into(),
            name: format!("web-{uid}"),
            status: status.into(),
            state,
            until_ms: -1.0,
            ..PodRow::default()
        }
    }

    fn frame(now: f64, head: f64, pods: Vec<PodRow>, gone: &[&str]) -> Frame {
        let mut frame = Frame::default();
        frame.clock.now_ms = now;
        frame.clock.head_ms = head;
        frame.view.pods = pods;
        frame.view.pods_gone = gone.iter().map(|uid| (*uid).to_owned()).collect();
        frame
    }

    fn line(seq: u64, ms: f64) -> TraceLine {
        TraceLine { seq, ms, ..TraceLine::default() }
    }

    #[test]
    fn a_life_is_what_a_pod_showed_from_when_to_when() {
        let mut feed = Feed::default();
        feed.take(frame(0.0, 0.0, vec![pod("a", "Pending", PodState::Pending)], &[]));
        feed.take(frame(50.0, 50.0, vec![], &[]));
        feed.take(frame(100.0, 100.0, vec![pod("a", "Running", PodState::Ready)], &[]));
        feed.take(frame(200.0, 200.0, vec![], &["a"]));
        let life = &feed.model().lives[0];
        assert_eq!(
            life.bits.iter().map(|bit| (bit.from, bit.status.as_str())).collect::<Vec<_>>(),
            [(0, "Pending"), (100, "Running")]
        );
        assert_eq!(life.until, Some(200));
        assert!(feed.model().pods.is_empty());
    }

    #[test]
    fn looking_back_keeps_the_future_and_acting_there_forgets_it() {
        let mut feed = Feed::default();
        feed.take(frame(0.0, 0.0, vec![pod("a", "Pending", PodState::Pending)], &[]));
        feed.take(frame(100.0, 100.0, vec![pod("a", "Running", PodState::Ready)], &[]));
        let mut back = frame(50.0, 100.0, vec![pod("a", "Pending", PodState::Pending)], &[]);
        back.view.reset = true;
        feed.take(back);
        assert_eq!(feed.model().lives[0].bits.len(), 2);
        assert_eq!(feed.model().pods[0].row.status, "Pending");
        feed.take(frame(50.0, 50.0, vec![], &[]));
        assert_eq!(feed.model().lives[0].bits.len(), 1);
    }

    #[test]
    fn lines_that_come_again_are_not_told_twice() {
        let mut feed = Feed::default();
        feed.take(Frame { trace: vec![line(1, 0.0), line(2, 5.0), line(3, 9.0)], ..frame(10.0, 10.0, vec![], &[]) });
        feed.take(Frame { trace: vec![line(2, 5.0)], ..frame(6.0, 10.0, vec![], &[]) });
        assert_eq!(feed.model().marks.iter().map(|mark| mark.seq).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn the_status_that_made_a_pod_ready_is_told_as_that() {
        let mut feed = Feed::default();
        feed.take(frame(0.0, 0.0, vec![pod("a", "Running", PodState::NotReady)], &[]));
        let status = TraceLine {
            note: "changed-status".into(),
            about: Some(Ref { kind: "Pod".into(), namespace: String::new(), name: "web-a".into() }),
            ..line(7, 5.0)
        };
        feed.take(Frame { trace: vec![status], ..frame(10.0, 10.0, vec![pod("a", "Running", PodState::Ready)], &[]) });
        let mark = feed.model().marks[0].clone();
        assert_eq!((mark.note.as_str(), mark.milestone), ("ready", true));
    }

    #[test]
    fn nodes_are_in_the_order_in_which_people_count() {
        let mut feed = Feed::default();
        let mut first = frame(0.0, 0.0, vec![], &[]);
        first.view.nodes =
            ["node-10", "node-2"].map(|name| NodeRow { name: name.into(), ..NodeRow::default() }).to_vec();
        feed.take(first);
        assert_eq!(
            feed.model().nodes.iter().map(|node| node.row.name.as_str()).collect::<Vec<_>>(),
            ["node-2", "node-10"]
        );
    }
}

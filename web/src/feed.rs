//! From the engine's frames, which tell changes, to the page's model, which is whole.

use kubarium::session::Arrange;
use std::collections::BTreeMap;
use std::rc::Rc;

use kubarium::session::protocol::{self, EventRow, Frame, NodeRow, OtherRow, PodRow, PodState, TraceLine, WorkloadRow};

use crate::lives::Lives;
use crate::model::{At, Clock, Mark, Model, NODES_IN_FULL, Node, Pod};

/// Marks beyond this are forgotten, the oldest first.
const MARKS_MAX: usize = 20_000;

/// How far back a mark may lie that is still given better words.
const RECENT: usize = 200;

/// Everything that has been told and not been taken back.
#[derive(Default)]
pub struct Feed {
    clock: protocol::Clock,
    /// As the model shows them: what does not change stays the same value, which is how the views know.
    nodes: BTreeMap<String, Rc<Node>>,
    pods: BTreeMap<String, Rc<Pod>>,
    /// When each node was last heard of.
    heartbeats: BTreeMap<String, At>,
    workloads: BTreeMap<String, Rc<WorkloadRow>>,
    others: BTreeMap<String, Rc<OtherRow>>,
    events: BTreeMap<String, Rc<EventRow>>,
    namespaces: Vec<String>,
    marks: Rc<Vec<Rc<Mark>>>,
    skips: Rc<Vec<(At, At)>>,
    lives: Lives,
    /// Up to when lives are known: a moment that is seen again adds nothing.
    known_until: At,
    /// When a countdown was first seen, by Pod.
    waits: BTreeMap<String, (At, At)>,
}

impl Feed {
    /// Takes in a frame.
    pub fn take(&mut self, mut frame: Frame) {
        let before = self.clock.now_ms as At;
        self.clock = frame.clock;
        let (now, head) = (self.clock.now_ms as At, self.clock.head_ms as At);
        if head < self.known_until {
            // Somebody acted in the past: what had come after has not happened.
            self.forget_after(now.min(head));
        }
        let (moments, bounds) = (std::mem::take(&mut frame.view.moments), std::mem::take(&mut frame.view.bounds));
        let (jumped, sampled) = (frame.view.reset, frame.view.sampled);
        let gone = if sampled { frame.view.pods_gone.clone() } else { Vec::new() };
        let was = |pod: &PodRow| self.pods.get(&pod.uid).map(|pod| pod.row.state);
        let told: Vec<(String, Option<PodState>)> =
            frame.view.pods.iter().map(|pod| (pod.uid.clone(), was(pod))).collect();
        let lines = frame.trace.len();
        self.rows(frame.view);
        self.tell(frame.trace);
        if now >= self.known_until {
            self.name_changes(&told, lines);
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
            if jumped || (sampled && before < self.known_until) {
                self.lives.look(&self.pods, now);
            } else if sampled {
                for pod in told.iter().filter_map(|(uid, _)| self.pods.get(uid)) {
                    self.lives.see(&pod.row, now);
                }
                for uid in &gone {
                    self.lives.end(uid, now);
                }
            }
            self.lives.tell(moments, bounds, self.known_until);
            self.known_until = now;
        }
    }

    fn rows(&mut self, view: protocol::View) {
        if view.reset {
            self.nodes.clear();
            self.heartbeats.clear();
            self.pods.clear();
            self.workloads.clear();
            self.others.clear();
            self.events.clear();
        }
        for name in &view.nodes_gone {
            self.nodes.remove(name);
            self.heartbeats.remove(name);
        }
        for row in view.nodes {
            self.heartbeats.insert(row.name.clone(), row.heartbeat_ms.max(0.0) as At);
            // A heartbeat alone does not make a node another one.
            let row = NodeRow { heartbeat_ms: 0.0, ..row };
            if self.nodes.get(&row.name).is_none_or(|known| known.row != row) {
                self.nodes.insert(row.name.clone(), Rc::new(Node { row, lease_age: 0, here: 0 }));
            }
        }
        let pods = view.pods.into_iter().map(|row| Rc::new(Pod { row, revision: None, wait: None, stripe: 0 }));
        put(&mut self.pods, pods, &view.pods_gone, |pod| pod.row.uid.clone());
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
    fn name_changes(&mut self, told: &[(String, Option<PodState>)], lines: usize) {
        let mut became: BTreeMap<(&str, &str), (&str, bool)> = BTreeMap::new();
        for (uid, was) in told {
            let Some(pod) = self.pods.get(uid) else { continue };
            let meant = match (was, pod.row.state) {
                (Some(PodState::Ready) | None, PodState::Ready) => continue,
                (_, PodState::Ready) => ("ready", false),
                (Some(PodState::Ready), PodState::NotReady) => ("unready", true),
                _ => continue,
            };
            became.insert((&pod.row.namespace, &pod.row.name), meant);
        }
        let mut better: Vec<(usize, Mark)> = Vec::new();
        for (at, mark) in self.marks.iter().enumerate().rev().take(lines + RECENT) {
            let Some(about) = mark.about.as_ref().filter(|about| about.kind == "Pod") else { continue };
            if matches!(mark.note.as_str(), "changed" | "changed-status")
                && let Some((note, warning)) = became.remove(&(about.namespace.as_str(), about.name.as_str()))
            {
                better.push((at, Mark { note: note.to_owned(), warning, milestone: true, ..(**mark).clone() }));
            }
        }
        // The scheduler's words are in the Pod's condition, which it writes after the cycle.
        let unexplained = |mark: &&Rc<Mark>| mark.note == "unschedulable" && mark.args.iter().all(String::is_empty);
        let recent = || self.marks.iter().enumerate().rev().take(RECENT);
        if recent().any(|(_, mark)| unexplained(&mark)) {
            let waiting = self.pods.values().filter(|pod| !pod.row.message.is_empty());
            let words: BTreeMap<(&str, &str), &String> =
                waiting.map(|pod| ((pod.row.namespace.as_str(), pod.row.name.as_str()), &pod.row.message)).collect();
            for (at, mark) in recent().filter(|(_, mark)| unexplained(mark)) {
                let about = mark.about.as_ref().map(|about| (about.namespace.as_str(), about.name.as_str()));
                if let Some(message) = about.and_then(|about| words.get(&about)) {
                    better.push((at, Mark { args: vec![(*message).clone()], ..(**mark).clone() }));
                }
            }
        }
        // A request is told as what the person typed or pressed, where that is known.
        for (at, mark) in recent() {
            if mark.note != "request" {
                continue;
            }
            let then = |(ms, _): &&(f64, String)| (*ms as At - mark.at).abs() <= 1;
            let label = self.clock.inputs.iter().find(then).map(|(_, label)| label);
            if let Some(label) = label.filter(|label| label.starts_with("kubectl") && mark.args.first() != Some(label))
            {
                better.push((at, Mark { args: vec![label.clone()], ..(**mark).clone() }));
            }
        }
        if better.is_empty() {
            return;
        }
        let marks = Rc::make_mut(&mut self.marks);
        for (at, mark) in better {
            marks[at] = Rc::new(mark);
        }
    }

    fn forget_after(&mut self, at: At) {
        Rc::make_mut(&mut self.marks).retain(|mark| mark.at <= at);
        Rc::make_mut(&mut self.skips).retain(|(_, to)| *to <= at);
        self.lives.forget_after(at);
        self.known_until = at;
    }

    fn watch_waits(&mut self, now: At) {
        let pods = &self.pods;
        self.waits.retain(|uid, (_, until)| pods.get(uid).is_some_and(|pod| pod.row.until_ms as At == *until));
        for (uid, pod) in pods.iter().filter(|(_, pod)| pod.row.until_ms >= 0.0) {
            self.waits.entry(uid.clone()).or_insert((now, pod.row.until_ms as At));
        }
    }

    /// The simulated world's own time.
    pub fn wall(&self) -> &str {
        &self.clock.wall
    }

    /// Whether nothing is under way: everybody has what they want, and nobody waits for a time to come.
    pub fn is_at_rest(&self) -> bool {
        let done = |pod: &PodRow| matches!(pod.state, PodState::Ready | PodState::Completed) && pod.until_ms < 0.0;
        self.pods.values().all(|pod| done(&pod.row))
            && self.workloads.values().all(|one| {
                one.ready == one.desired && one.current == one.desired && one.observed_generation >= one.generation
            })
            && self.nodes.values().all(|node| node.row.ready == "True" && !node.row.down)
    }

    /// How many Pods there are.
    pub fn pods(&self) -> usize {
        self.pods.len()
    }

    /// The moment as a whole.
    pub fn model(&mut self) -> Model {
        let now = self.clock.now_ms as At;
        let workloads = owners_first(self.workloads.values());
        self.derive(&workloads, now);
        let mut nodes: Vec<Rc<Node>> = self.nodes.values().cloned().collect();
        nodes.arrange_by(|a, b| natural(&a.row.name).cmp(&natural(&b.row.name)));
        let mut pods: Vec<Rc<Pod>> = self.pods.values().cloned().collect();
        pods.arrange_by(|a, b| a.row.created_ms.total_cmp(&b.row.created_ms).then_with(|| a.row.name.cmp(&b.row.name)));
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
                faults: self.clock.faults.clone(),
            },
            rev: self.clock.revision,
            nodes,
            pods,
            workloads,
            others: self.others.values().cloned().collect(),
            events: self.events.values().cloned().collect(),
            namespaces: self.namespaces.clone(),
            lives: self.lives.all(),
            bounds: self.lives.bounds(),
            marks: self.marks.clone(),
        }
    }

    /// What nodes and Pods show beside their rows. Only those for which it changes become other values.
    fn derive(&mut self, workloads: &[Rc<WorkloadRow>], now: At) {
        let mut here: BTreeMap<&str, usize> = BTreeMap::new();
        for pod in self.pods.values() {
            *here.entry(&pod.row.node).or_default() += 1;
        }
        // Of very many nodes the engine does not tell every heartbeat.
        let beats = self.nodes.len() <= NODES_IN_FULL;
        for (name, node) in &mut self.nodes {
            let here = here.get(name.as_str()).copied().unwrap_or(0);
            let heard = self.heartbeats.get(name).copied().unwrap_or(0);
            let lease_age = if beats { (now - heard).max(0) / 1000 } else { 0 };
            if (node.here, node.lease_age) != (here, lease_age) {
                let node = Rc::make_mut(node);
                (node.here, node.lease_age) = (here, lease_age);
            }
        }
        let tops: Vec<&str> =
            workloads.iter().filter(|one| one.owner_uid.is_empty()).map(|one| one.uid.as_str()).collect();
        let of_owner = |uid: &str| {
            let owner = self.workloads.get(uid);
            let top = owner.and_then(|owner| self.workloads.get(&owner.owner_uid)).or(owner);
            let both = owner.zip(top).filter(|(owner, top)| owner.kind == "ReplicaSet" && top.kind == "Deployment");
            let revision = both.map(|(owner, top)| (owner.revision, owner.revision == top.revision));
            let stripe = top.and_then(|top| tops.iter().position(|uid| *uid == top.uid)).map_or(0, |at| at % 5 + 1);
            (revision, stripe)
        };
        // Siblings take the same from their owner.
        let mut known: BTreeMap<String, (Option<(u64, bool)>, usize)> = BTreeMap::new();
        for (uid, pod) in &mut self.pods {
            let owner = pod.row.owner_uid.as_str();
            let (revision, stripe) = match known.get(owner) {
                Some(found) => *found,
                None => *known.entry(owner.to_owned()).or_insert(of_owner(owner)),
            };
            let wait = self.waits.get(uid).copied();
            if (pod.revision, pod.stripe, pod.wait) != (revision, stripe, wait) {
                let pod = Rc::make_mut(pod);
                (pod.revision, pod.stripe, pod.wait) = (revision, stripe, wait);
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use kubarium::session::protocol::Moment;
    use kubarium::session::protocol::Ref;

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
    fn looking_back_keeps_the_future_and_acting_there_forgets_it() {
        let mut feed = Feed::default();
        let mut first = frame(0.0, 0.0, vec![pod("a", "Pending", PodState::Pending)], &[]);
        first.view.reset = true;
        feed.take(first);
        let mut ready = frame(100.0, 100.0, vec![pod("a", "Running", PodState::Ready)], &[]);
        let (uid, status, state) = ("a".to_owned(), "Running".to_owned(), PodState::Ready);
        ready.view.moments = vec![Moment { uid, ms: 90.0, status, state, ..Moment::default() }];
        feed.take(ready);
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

//! Packets on the control loop's wires: one canvas over the picture, drawn only while something moves on it.

use std::cell::RefCell;
use std::rc::Rc;

use gloo::render::{AnimationFrame, request_animation_frame};
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use crate::model::{Mark, Model, Seq};
use crate::view::control_loop::{API_FOOT, ETCD, WIDTH, wire_of};

/// What a packet is, and so how it looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A square: a write.
    Write,
    /// A triangle: a write of a status.
    Status,
    /// A dashed circle: what a watch tells.
    Watch,
    /// A diamond: a transaction of etcd.
    Store,
}

/// One packet: along a line through points, from a moment on.
#[derive(Clone, PartialEq, Debug)]
pub struct Packet {
    pub kind: Kind,
    pub way: Vec<(f64, f64)>,
    /// Milliseconds of the canvas's own clock.
    pub starts: f64,
    pub takes: f64,
    /// It belongs to the object that is followed.
    pub hot: bool,
}

/// More at once are counted, not drawn.
pub const MOVERS_MAX: usize = 60;
/// Milliseconds, as the style sheet's tokens.
const HOP: f64 = 280.0;
const STORE: f64 = 160.0;
/// Between the first packets of two messages that came together.
const APART: f64 = 60.0;

/// The packets of one message: to the API server, on to etcd, and from there to all who watch that kind.
pub fn packets_of(mark: &Mark, model: &Model, starts: f64, hot: bool) -> Vec<Packet> {
    let kind = match mark.note.as_str() {
        "created" | "changed" | "deleted" | "bound" | "evicted" => Kind::Write,
        "changed-status" | "ready" | "unready" => Kind::Status,
        _ => return Vec::new(),
    };
    let Some(from) = wire_of(&mark.actor, model) else { return Vec::new() };
    let mut found = vec![
        Packet { kind, way: from, starts, takes: HOP, hot },
        Packet { kind: Kind::Store, way: vec![API_FOOT, ETCD], starts: starts + HOP, takes: STORE, hot },
    ];
    for watcher in watchers(mark, model) {
        let Some(mut way) = wire_of(&watcher, model) else { continue };
        way.reverse();
        found.push(Packet { kind: Kind::Watch, way, starts: starts + HOP + STORE, takes: HOP, hot });
    }
    found
}

/// Whose informers hold the kind, of those that the picture shows.
fn watchers(mark: &Mark, model: &Model) -> Vec<String> {
    let Some(about) = &mark.about else { return Vec::new() };
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    match about.kind.as_str() {
        "Deployment" => named(&["deployment-controller"]),
        "ReplicaSet" => named(&["replicaset-controller", "deployment-controller"]),
        "Node" => named(&["default-scheduler", "node-lifecycle-controller"]),
        "Pod" => {
            let mut found = named(&["replicaset-controller"]);
            let pod = model.pods.iter().find(|pod| pod.about() == *about);
            match pod.and_then(|pod| pod.node()) {
                // A kubelet is told only of its own Pods; of their status it is the one that speaks.
                Some(node) if node != mark.actor => found.push(node.to_owned()),
                None => found.extend(named(&["default-scheduler"])),
                _ => {}
            }
            found
        }
        _ => named(&["garbage-collector-controller"]),
    }
}

/// How far two points lie apart.
pub(crate) fn distance(from: (f64, f64), to: (f64, f64)) -> f64 {
    let (x, y) = (to.0 - from.0, to.1 - from.1);
    (x * x + y * y).sqrt()
}

/// Where a packet is, and how far it has come; None before it starts and after it has arrived.
pub fn place(packet: &Packet, now: f64) -> Option<(f64, f64)> {
    let part = (now - packet.starts) / packet.takes;
    if !(0.0..=1.0).contains(&part) {
        return None;
    }
    // Fast away and gently home, as everything that travels.
    let left = 1.0 - part;
    let eased = 1.0 - left * left * left;
    let lengths: Vec<f64> = packet.way.windows(2).map(|ends| distance(ends[0], ends[1])).collect();
    let mut left = eased * lengths.iter().sum::<f64>();
    for (ends, length) in packet.way.windows(2).zip(lengths) {
        if left <= length {
            let part = if length > 0.0 { left / length } else { 0.0 };
            return Some((ends[0].0 + (ends[1].0 - ends[0].0) * part, ends[0].1 + (ends[1].1 - ends[0].1) * part));
        }
        left -= length;
    }
    packet.way.last().copied()
}

/// The canvas and what moves on it.
#[derive(Clone, Default)]
pub struct Overlay(Rc<RefCell<Inner>>);

#[derive(Default)]
struct Inner {
    canvas: Option<HtmlCanvasElement>,
    packets: Vec<Packet>,
    told: Option<Seq>,
    /// The canvas's own clock: it stands while the page's time is paused.
    now: f64,
    last_frame: f64,
    frozen: bool,
    frame: Option<AnimationFrame>,
}

impl Overlay {
    pub fn attach(&self, canvas: Option<HtmlCanvasElement>) {
        let mut inner = self.0.borrow_mut();
        inner.canvas = canvas;
        if inner.canvas.is_none() {
            *inner = Inner { told: inner.told, ..Inner::default() };
        }
    }

    /// Sends what is new on its way; how many packets were only counted. `is_followed` says of a message whether it belongs
    /// to what is followed, and nothing where only that is to be seen.
    pub fn changed(&self, model: &Model, moves: bool, is_followed: impl Fn(&Mark) -> Option<bool>) -> usize {
        let mut inner = self.0.borrow_mut();
        let now = model.clock.now;
        let newest = model.marks.iter().rev().find(|mark| mark.at <= now).map_or(0, |mark| mark.seq);
        let told = inner.told.replace(newest);
        // What was there before the picture was opened, and what lies on the other side of a jump, is not played.
        let new = told.filter(|told| newest > *told).map_or(newest, |told| told);
        let mut counted = 0;
        let mut starts = inner.now;
        let mut fresh = false;
        let from = model.marks.partition_point(|mark| mark.seq <= new);
        for mark in model.marks[from..].iter().filter(|mark| mark.at <= now) {
            let Some(hot) = is_followed(mark) else { continue };
            let packets = packets_of(mark, model, starts, hot);
            if packets.is_empty() {
                continue;
            }
            if !moves || inner.packets.len() + packets.len() > MOVERS_MAX {
                counted += packets.len();
                continue;
            }
            if !fresh && inner.frozen {
                // A step while time stands: what stood still on the wires makes way for it.
                inner.packets.clear();
            }
            fresh = true;
            inner.packets.extend(packets);
            starts += APART;
        }
        inner.frozen = !model.clock.playing && !fresh;
        let runs = !inner.frozen && !inner.packets.is_empty() && inner.frame.is_none();
        drop(inner);
        if runs {
            self.plan();
        }
        counted
    }

    fn plan(&self) {
        let overlay = self.clone();
        let frame = request_animation_frame(move |now| overlay.draw(now));
        self.0.borrow_mut().frame = Some(frame);
    }

    fn draw(&self, real: f64) {
        let mut inner = self.0.borrow_mut();
        inner.frame = None;
        // After a pause the first frame stands for no time at all.
        let passed = if inner.last_frame == 0.0 { 0.0 } else { (real - inner.last_frame).clamp(0.0, 100.0) };
        inner.now += passed;
        inner.last_frame = real;
        let now = inner.now;
        inner.packets.retain(|packet| packet.starts + packet.takes >= now);
        inner.paint();
        let goes_on = !inner.packets.is_empty() && !inner.frozen;
        if !goes_on {
            inner.last_frame = 0.0;
        }
        drop(inner);
        if goes_on {
            self.plan();
        }
    }
}

impl Inner {
    fn paint(&self) {
        let Some(canvas) = &self.canvas else { return };
        let context = canvas.get_context("2d").ok().flatten();
        let Some(context) = context.and_then(|context| context.dyn_into::<CanvasRenderingContext2d>().ok()) else {
            return;
        };
        let dots = gloo::utils::window().device_pixel_ratio().max(1.0);
        let (width, height) = (f64::from(canvas.client_width()), f64::from(canvas.client_height()));
        let (wide, high) = ((width * dots) as u32, (height * dots) as u32);
        if canvas.width() != wide || canvas.height() != high {
            canvas.set_width(wide);
            canvas.set_height(high);
        }
        let _ = context.set_transform(dots, 0.0, 0.0, dots, 0.0, 0.0);
        context.clear_rect(0.0, 0.0, width, height);
        let ink = Ink::of(canvas);
        for packet in &self.packets {
            if let Some((x, y)) = place(packet, self.now) {
                // The picture grows and shrinks in its width only.
                shape(&context, packet, x * width / WIDTH as f64, y, &ink);
            }
        }
    }
}

/// The page's own colours, whatever the theme.
struct Ink {
    ink: String,
    surface: String,
    thread: String,
}

impl Ink {
    fn of(canvas: &HtmlCanvasElement) -> Self {
        let style = gloo::utils::window().get_computed_style(canvas).ok().flatten();
        let value =
            |name: &str| style.as_ref().and_then(|style| style.get_property_value(name).ok()).unwrap_or_default();
        Self { ink: value("--ink"), surface: value("--surface"), thread: value("--thread") }
    }
}

fn shape(context: &CanvasRenderingContext2d, packet: &Packet, x: f64, y: f64, ink: &Ink) {
    context.begin_path();
    let points: &[(f64, f64)] = match packet.kind {
        Kind::Write => &[(-7.0, -7.0), (7.0, -7.0), (7.0, 7.0), (-7.0, 7.0)],
        Kind::Status => &[(0.0, -8.0), (8.0, 7.0), (-8.0, 7.0)],
        Kind::Store => &[(0.0, -9.0), (9.0, 0.0), (0.0, 9.0), (-9.0, 0.0)],
        Kind::Watch => &[],
    };
    for (at, (dx, dy)) in points.iter().enumerate() {
        if at == 0 {
            context.move_to(x + dx, y + dy);
        } else {
            context.line_to(x + dx, y + dy);
        }
    }
    let strong = if packet.hot { &ink.thread } else { &ink.ink };
    if packet.kind == Kind::Watch {
        let _ = context.arc(x, y, 8.0, 0.0, std::f64::consts::TAU);
        context.set_fill_style_str(&ink.surface);
        context.fill();
        let _ = context.set_line_dash(&js_sys::Array::of2(&3.0.into(), &2.4.into()));
        context.set_line_width(2.0);
        context.set_stroke_style_str(strong);
    } else {
        context.close_path();
        context.set_fill_style_str(strong);
        context.fill();
        let _ = context.set_line_dash(&js_sys::Array::new());
        context.set_line_width(1.5);
        context.set_stroke_style_str(&ink.surface);
    }
    context.stroke();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::refer;

    fn mark(actor: &str, note: &str, kind: &str) -> Mark {
        Mark {
            actor: actor.into(),
            note: note.into(),
            about: Some(refer(kind, "default", "a")),
            ..crate::narrate::sample()
        }
    }

    #[test]
    fn a_write_goes_to_the_server_then_to_etcd_then_to_those_who_watch() {
        let model = Model::default();
        let packets = packets_of(&mark("replicaset-controller", "created", "Pod"), &model, 0.0, false);
        let told: Vec<(Kind, f64)> = packets.iter().map(|packet| (packet.kind, packet.starts)).collect();
        let watch = (Kind::Watch, HOP + STORE);
        assert_eq!(told, [(Kind::Write, 0.0), (Kind::Store, HOP), watch, watch]);
        assert!(packets_of(&mark("you", "synced", "Pod"), &model, 0.0, false).is_empty());
        let status = packets_of(&mark("deployment-controller", "changed-status", "Deployment"), &model, 0.0, false);
        assert_eq!(status[0].kind, Kind::Status);
    }

    #[test]
    fn a_packet_follows_its_way_and_is_gone_before_and_after() {
        let way = vec![(0.0, 0.0), (10.0, 0.0), (10.0, 30.0)];
        let packet = Packet { kind: Kind::Write, way, starts: 100.0, takes: 200.0, hot: false };
        assert_eq!(place(&packet, 99.0), None);
        assert_eq!(place(&packet, 100.0), Some((0.0, 0.0)));
        assert_eq!(place(&packet, 300.0), Some((10.0, 30.0)));
        assert_eq!(place(&packet, 301.0), None);
        let (x, y) = place(&packet, 200.0).expect("it is under way");
        assert!((x - 10.0).abs() < 1e-9 && y > 20.0 && y < 30.0, "{x} {y}");
    }
}

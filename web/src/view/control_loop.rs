//! The control loop: who told whom. A fixed picture, and as its twin the life of one object, step by step.

use std::rc::Rc;

use kubarium::session::protocol::{Lane, Ref};
use yew::prelude::*;

use super::icon::kind;
use super::time::seconds;
use crate::model::{self, At, Mark, Model};
use crate::narrate;
use crate::packets::Overlay;
use crate::store::{Hub, State, use_hub};
use crate::text::fill;
use crate::words::split_name;

/// For so long an actor counts as busy with what it did last.
const RECENT: At = 1_000;
/// The newest steps of a life.
const STEPS_MAX: usize = 24;
/// Where the wires of kubelets can still be drawn apart.
const KUBELETS_MAX: usize = 4;

#[component]
pub fn ControlLoop() -> Html {
    let hub = use_hub();
    let page = &hub.state;
    let text = page.text();
    html! {
        <>
            <h2 class="vh">{ text.components }</h2>
            <Plate />
            { life(&hub) }
        </>
    }
}

/// What an actor did last, up to now.
fn last(model: &Model, is_theirs: impl Fn(&Mark) -> bool) -> Option<&Rc<Mark>> {
    model.marks.iter().rev().find(|mark| mark.at <= model.clock.now && is_theirs(mark))
}

/// Where the columns of the picture stand, and how wide each is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Layout {
    width: f64,
    you: (f64, f64),
    api: (f64, f64),
    /// What controllers and scheduler hang on.
    trunk: f64,
    controllers: (f64, f64),
    /// What kubelets hang on.
    far_trunk: f64,
    kubelets: (f64, f64),
}

/// As it is drawn where there is room, and where the panels on both sides leave less.
pub const WIDE: Layout = Layout {
    width: 1072.0,
    you: (0.0, 150.0),
    api: (230.0, 220.0),
    trunk: 484.0,
    controllers: (520.0, 270.0),
    far_trunk: 826.0,
    kubelets: (860.0, 212.0),
};
const COMPACT: Layout = Layout {
    width: 770.0,
    you: (0.0, 104.0),
    api: (128.0, 190.0),
    trunk: 340.0,
    controllers: (362.0, 206.0),
    far_trunk: 586.0,
    kubelets: (606.0, 164.0),
};

/// The height at which the wires of you and of the trunk meet the API server.
const API_Y: f64 = 210.0;
/// Under everything, the wire that leads to the kubelets.
const FOOT_Y: f64 = 420.0;
const OTHERS_Y: f64 = 248.0;

impl Layout {
    /// For the room that the window leaves between the panels.
    fn of(page: &State) -> Self {
        let window = gloo::utils::window().inner_width().ok().and_then(|width| width.as_f64()).unwrap_or(0.0);
        let panels = if page.work_open { 320.0 } else { 40.0 } + if page.side_open { 280.0 } else { 0.0 };
        if window - panels >= WIDE.width + 32.0 { WIDE } else { COMPACT }
    }

    /// Between the API server and etcd, which stands under it.
    pub fn to_etcd(&self) -> Vec<(f64, f64)> {
        let x = self.api.0 + self.api.1 / 2.0;
        vec![(x, 250.0), (x, 330.0)]
    }

    /// The way from an actor's box to the API server; None: the picture has no box for it.
    pub fn wire_of(&self, actor: &str, model: &Model) -> Option<Vec<(f64, f64)>> {
        let side = (self.api.0 + self.api.1, API_Y);
        let on_trunk = |y: f64| vec![(self.controllers.0, y), (self.trunk, y), (self.trunk, API_Y), side];
        Some(match actor {
            "you" => vec![(self.you.0 + self.you.1, API_Y), (self.api.0, API_Y)],
            "deployment-controller" => on_trunk(32.0),
            "replicaset-controller" => on_trunk(116.0),
            "default-scheduler" => on_trunk(332.0),
            actor => match model.nodes.iter().position(|node| node.row.name == actor) {
                Some(at) if at < KUBELETS_MAX => {
                    let y = 46.0 + at as f64 * 100.0;
                    let (far, near) = (self.far_trunk, self.trunk);
                    vec![(self.kubelets.0, y), (far, y), (far, FOOT_Y), (near, FOOT_Y), (near, API_Y), side]
                }
                Some(_) => return None,
                None => on_trunk(OTHERS_Y),
            },
        })
    }
}

/// A line through points, as a path.
fn line(points: &[(f64, f64)]) -> String {
    points.iter().enumerate().map(|(at, (x, y))| format!("{}{x} {y}", if at == 0 { 'M' } else { 'L' })).collect()
}

/// The picture, and the packets on its wires: those of what is selected, or all.
#[component]
fn Plate() -> Html {
    let hub = use_hub();
    let page = &hub.state;
    let text = page.text();
    let overlay = use_mut_ref(Overlay::default);
    let canvas = use_node_ref();
    let uncounted = use_state(|| 0_usize);
    {
        let (overlay, canvas) = (overlay.borrow().clone(), canvas.clone());
        use_effect_with((), move |()| {
            overlay.attach(canvas.cast());
            move || overlay.attach(None)
        });
    }
    {
        let (overlay, uncounted) = (overlay.borrow().clone(), uncounted.clone());
        let (page, followed) = (page.clone(), page.selected.as_ref().map(|about| family(page, about)));
        use_effect_with((page.model.clone(), page.selected.clone()), move |_| {
            let is_followed = |mark: &Mark| match &followed {
                None => Some(false),
                Some(family) => mark.about.as_ref().is_some_and(|about| family.contains(about)).then_some(true),
            };
            let counted = overlay.changed(&page.model, Layout::of(&page), page.settings.moves(), is_followed);
            if counted != *uncounted {
                uncounted.set(counted);
            }
        });
    }
    html! {
        <>
            { plate(page, canvas) }
            if *uncounted > 0 { <p class="cap">{ fill(text.packets_counted, &[("n", &uncounted.to_string())]) }</p> }
        </>
    }
}

fn plate(page: &State, canvas: NodeRef) -> Html {
    let text = page.text();
    let model = &page.model;
    let told = page.told();
    let controllers = [("deployment-controller", "k-deploy", 0), ("replicaset-controller", "k-rs", 84)];
    let others =
        last(model, |mark| mark.lane == Lane::Controllers && controllers.iter().all(|(name, ..)| mark.actor != *name));
    let written = last(model, is_write);
    let layout = Layout::of(page);
    // The wire to whoever the sentence under the picture is about is drawn as a thread.
    let hot = told.and_then(|mark| layout.wire_of(&mark.actor, model));
    let kubelets = model.nodes.iter().take(KUBELETS_MAX).enumerate();
    let named = ["you", "deployment-controller", "replicaset-controller", "default-scheduler", ""];
    let wires = named.into_iter().chain(kubelets.clone().map(|(_, node)| node.row.name.as_str()));
    let wires = wires.filter_map(|actor| layout.wire_of(actor, model)).chain([layout.to_etcd()]);
    let (width, trunk) = (layout.width, layout.trunk);
    html! {
        <div class="plate" style={format!("--pw:{width}px;--ph:440px")}>
            <svg class="wires" viewBox={format!("0 0 {width} 440")} aria-hidden="true">
                { for wires.map(|wire| html! { <path class="wire wire-own" d={line(&wire)} /> }) }
                if let Some(hot) = hot { <path class="thread" stroke-width="2.5" d={line(&hot)} /> }
                <text class="mut" x={(trunk + 12.0).to_string()} y="436">{ text.watch }</text>
            </svg>
            { place(layout.you, 180, 0, html! {
                <section class="ctl"><h3 lang="en">{ kind("k-you") }{ text.you }</h3><p class="mono" lang="en">{ page.files.open().name.to_string() }</p></section>
            }) }
            { place(layout.api, 160, 0, html! {
                <section class="ctl is-core"><h3 lang="en">{ kind("k-api") }{ "API server" }<span class="cap">{ format!("rv {}", model.rev) }</span></h3>
                    <p>{ written.map(|mark| narrate::html(mark, text)) }</p></section>
            }) }
            { place(layout.api, 330, 0, html! {
                <section class="ctl is-core"><h3 lang="en">{ kind("k-etcd") }{ "etcd" }</h3>
                    <p class="mono" lang="en">{ written.and_then(|mark| mark.about.as_ref()).map(etcd_key) }</p></section>
            }) }
            { for controllers.into_iter().map(|(name, glyph, y)| place(layout.controllers, y, 1, actor(page, name, glyph, |mark| mark.actor == name))) }
            { place(layout.controllers, 218, 1, html! {
                <section class={classes!("ctl", (!others.is_some_and(|mark| is_recent(model, mark))).then_some("is-quiet"))}>
                    <h3>{ text.other_controllers }</h3><p class="cap" lang="en">{ others.map(|mark| mark.actor.clone()) }</p></section>
            }) }
            { place(layout.controllers, 300, 1, actor(page, "scheduler", "k-sched", |mark| mark.lane == Lane::Scheduler)) }
            { for kubelets.map(|(at, node)| {
                let name = node.row.name.clone();
                place(layout.kubelets, at * 100, 2, actor(page, &format!("kubelet {name}"), "k-kubelet", move |mark| mark.lane == Lane::Kubelets && mark.actor == name))
            }) }
            <canvas class="packets" ref={canvas} aria-hidden="true"></canvas>
        </div>
    }
}

fn place((x, width): (f64, f64), y: usize, depth: usize, what: Html) -> Html {
    html! { <div class="at" data-depth={depth.to_string()} style={format!("--px:{x}px;--py:{y}px;--w:{width}px")}>{ what }</div> }
}

fn is_recent(model: &Model, mark: &Mark) -> bool {
    model.clock.now - mark.at < RECENT
}

fn is_write(mark: &Mark) -> bool {
    matches!(
        mark.note.as_str(),
        "created" | "changed" | "changed-status" | "deleted" | "bound" | "evicted" | "ready" | "unready"
    )
}

fn etcd_key(about: &Ref) -> String {
    let plural = format!("{}s", about.kind.to_lowercase());
    if about.namespace.is_empty() {
        format!("/{plural}/{}", about.name)
    } else {
        format!("/{plural}/{}/…{}", about.namespace, split_name(&about.name).1)
    }
}

fn actor(page: &State, name: &str, glyph: &'static str, is_theirs: impl Fn(&Mark) -> bool) -> Html {
    let text = page.text();
    let model = &page.model;
    let mark = last(model, is_theirs);
    let recent = mark.filter(|mark| is_recent(model, mark));
    let acting = recent.is_some_and(|mark| is_write(mark));
    let lamps = match (recent, acting) {
        (None, _) => ["", "", ""],
        (Some(_), false) => ["done", "lit", ""],
        (Some(_), true) => ["done", "done", "lit"],
    };
    let compared = mark.and_then(|mark| page.workload(mark.about.as_ref()?)).filter(|one| one.kind == "ReplicaSet");
    html! {
        <section class={classes!("ctl", if recent.is_none() { "is-quiet" } else if acting { "is-active" } else { "" })}>
            <h3 lang="en">{ kind(glyph) }{ name.to_owned() }</h3>
            <ol class="lamps">
                { for [text.observe, text.compare, text.act].into_iter().zip(lamps).map(|(name, class)| html! { <li {class}>{ name }</li> }) }
            </ol>
            if let (true, Some(one)) = (name.starts_with("replicaset"), compared) {
                <div class="compare">
                    <span>{ text.wants }{ " " }<b>{ one.desired }</b></span>
                    <span class="op" aria-hidden="true">{ if one.desired == one.current { "=" } else { "≠" } }</span>
                    <span>{ text.sees }{ " " }<b>{ one.current }</b></span>
                </div>
            }
        </section>
    }
}

/// The steps in the life of the selected object, or of what the sentence is about.
fn life(hub: &Hub) -> Html {
    let page = &hub.state;
    let text = page.text();
    let Some(about) = page.selected.as_ref().or(page.told().and_then(|mark| mark.about.as_ref())) else {
        return Html::default();
    };
    let family = family(page, about);
    let now = page.model.clock.now;
    let is_noise = |mark: &Mark| match mark.note.as_str() {
        "synced" | "probe-ok" => true,
        "changed-status" => mark.about.as_ref() != Some(about),
        // A conflict is tried again at once.
        "refused" => mark.args.first().is_some_and(|code| code == "409"),
        _ => false,
    };
    let is_ours = |mark: &&Rc<Mark>| {
        mark.at <= now
            && !is_noise(mark)
            && (mark.note == "request" || mark.about.as_ref().is_some_and(|about| family.contains(about)))
    };
    let mut steps: Vec<&Rc<Mark>> = page.model.marks.iter().rev().filter(is_ours).take(STEPS_MAX).collect();
    steps.reverse();
    let told = page.told;
    html! {
        <section aria-labelledby="life-h" class="life">
            <h2 id="life-h">{ fill(text.life_of, &[("object", &format!("{} {}", about.kind, about.name))]) }</h2>
            <ol class="pktlist">
                { for steps.into_iter().enumerate().map(|(at, mark)| html! {
                    <li key={mark.seq} class={(told == Some(mark.seq)).then_some("is-now")}>
                        <span class="num">{ at + 1 }</span>{ packet(mark) }<span>{ narrate::html(mark, text) }</span>
                        <span class="num">{ format!("{} {}", seconds(mark.at), text.second) }</span>
                    </li>
                }) }
            </ol>
            <p class="cap marks">{ packet_of("M3 3H13V13H3Z", "pkt") }{ text.packet_write }{ packet_of("M8 2 14 13H2Z", "pkt") }{ text.packet_status }
                { packet_of("M8 3A5 5 0 1 1 7.99 3Z", "pkt-watch") }{ text.packet_other }</p>
        </section>
    }
}

/// An object and everything above it.
pub fn family(page: &State, about: &Ref) -> Vec<Ref> {
    let mut found = vec![about.clone()];
    let mut owner = page.pod(about).map(|pod| pod.row.owner_uid.as_str());
    owner = owner.or(page.workload(about).map(|workload| workload.owner_uid.as_str()));
    while let Some(above) = owner.and_then(|uid| page.model.workload(uid)) {
        found.push(model::about(above));
        owner = Some(&above.owner_uid);
    }
    found
}

/// Writes are squares, status triangles, all else circles: the same everywhere.
fn packet(mark: &Mark) -> Html {
    match mark.note.as_str() {
        "created" | "changed" | "deleted" | "bound" | "evicted" => packet_of("M3 3H13V13H3Z", "pkt"),
        "changed-status" | "ready" | "unready" => packet_of("M8 2 14 13H2Z", "pkt"),
        _ => packet_of("M8 3A5 5 0 1 1 7.99 3Z", "pkt-watch"),
    }
}

fn packet_of(path: &'static str, class: &'static str) -> Html {
    html! { <svg class="packet" viewBox="0 0 16 16" aria-hidden="true"><path {class} d={path} /></svg> }
}

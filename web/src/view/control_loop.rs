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
use crate::text::{Text, fill};
use crate::words::split_name;

/// For so long an actor counts as busy with what it did last.
const RECENT: At = 1_000;
/// The newest steps of a life.
const STEPS_MAX: usize = 24;
/// Where the wires of kubelets can still be drawn apart.
const KUBELETS_MAX: usize = 4;
/// How wide the picture is drawn; where there is less room, everything moves together.
pub const WIDTH: usize = 1072;

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

/// Where the API server's and etcd's own line begins and ends.
pub const API_FOOT: (f64, f64) = (330.0, 262.0);
pub const ETCD: (f64, f64) = (330.0, 330.0);
/// The trunk that all who watch hang on, and where it meets the API server.
const TRUNK: f64 = 484.0;
const API_SIDE: (f64, f64) = (450.0, 210.0);

/// The way from an actor's box to the API server; None: the picture has no box for it.
pub fn wire_of(actor: &str, model: &Model) -> Option<Vec<(f64, f64)>> {
    let on_trunk = |y: f64| vec![(520.0, y), (TRUNK, y), (TRUNK, API_SIDE.1), API_SIDE];
    Some(match actor {
        "you" => vec![(150.0, 210.0), (230.0, 210.0)],
        "deployment-controller" => on_trunk(32.0),
        "replicaset-controller" => on_trunk(122.0),
        "default-scheduler" => on_trunk(338.0),
        actor => match model.nodes.iter().position(|node| node.row.name == actor) {
            Some(at) if at < KUBELETS_MAX => {
                let y = 46.0 + at as f64 * 100.0;
                vec![(860.0, y), (826.0, y), (826.0, 420.0), (TRUNK, 420.0), (TRUNK, API_SIDE.1), API_SIDE]
            }
            Some(_) => return None,
            None => on_trunk(254.0),
        },
    })
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
            let counted = overlay.changed(&page.model, page.settings.moves(), is_followed);
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
    let controllers = [("deployment-controller", "k-deploy", 0), ("replicaset-controller", "k-rs", 90)];
    let others =
        last(model, |mark| mark.lane == Lane::Controllers && controllers.iter().all(|(name, ..)| mark.actor != *name));
    let written = last(model, is_write);
    // The wire to whoever the sentence under the picture is about is drawn as a thread.
    let hot = told.and_then(|mark| wire_of(&mark.actor, model));
    let kubelets = model.nodes.iter().take(KUBELETS_MAX).enumerate();
    let named = ["you", "deployment-controller", "replicaset-controller", "default-scheduler", ""];
    let wires = named.into_iter().chain(kubelets.clone().map(|(_, node)| node.row.name.as_str()));
    let wires = wires.filter_map(|actor| wire_of(actor, model)).chain([vec![API_FOOT, ETCD]]);
    html! {
        <div class="plate is-fluid" style={format!("--pw:{WIDTH}px;--ph:440px")}>
            <svg class="wires" viewBox="0 0 1072 440" preserveAspectRatio="none" aria-hidden="true">
                { for wires.map(|wire| html! { <path class="wire wire-own" d={line(&wire)} /> }) }
                if let Some(hot) = hot { <path class="thread" stroke-width="2.5" d={line(&hot)} /> }
            </svg>
            { place(492, 422, 120, 1, html! { <span class="cap hide-s">{ text.watch }</span> }) }
            { place(0, 180, 150, 0, html! {
                <section class="ctl"><h3 lang="en">{ kind("k-you") }{ text.you }</h3><p class="mono" lang="en">{ page.files.open().name.to_string() }</p></section>
            }) }
            { place(230, 160, 220, 0, html! {
                <section class="ctl is-core"><h3 lang="en">{ kind("k-api") }{ "API server" }<span class="cap">{ format!("rv {}", model.rev) }</span></h3>
                    <p>{ written.map(|mark| narrate::html(mark, text)) }</p></section>
            }) }
            { place(230, 330, 220, 0, html! {
                <section class="ctl is-core"><h3 lang="en">{ kind("k-etcd") }{ "etcd" }</h3>
                    <p class="mono" lang="en">{ written.and_then(|mark| mark.about.as_ref()).map(etcd_key) }</p></section>
            }) }
            { for controllers.into_iter().map(|(name, glyph, y)| place(520, y, 270, 1, actor(page, name, glyph, |mark| mark.actor == name))) }
            { place(520, 226, 270, 1, html! {
                <section class={classes!("ctl", (!others.is_some_and(|mark| is_recent(model, mark))).then_some("is-quiet"))}>
                    <h3>{ text.other_controllers }</h3><p class="cap" lang="en">{ others.map(|mark| mark.actor.clone()) }</p></section>
            }) }
            { place(520, 306, 270, 1, actor(page, "scheduler", "k-sched", |mark| mark.lane == Lane::Scheduler)) }
            { for kubelets.map(|(at, node)| {
                let name = node.row.name.clone();
                place(860, at * 100, 212, 2, actor(page, &format!("kubelet {name}"), "k-kubelet", move |mark| mark.lane == Lane::Kubelets && mark.actor == name))
            }) }
            <canvas class="packets" ref={canvas} aria-hidden="true"></canvas>
        </div>
    }
}

fn place(x: usize, y: usize, width: usize, depth: usize, what: Html) -> Html {
    let percent = |x: usize| x as f64 * 100.0 / WIDTH as f64;
    let style = format!("--px:{:.2}%;--py:{y}px;--w:{:.2}%", percent(x), percent(width));
    html! { <div class="at" data-depth={depth.to_string()} {style}>{ what }</div> }
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
            <h3 lang="en">{ kind(glyph) }<b>{ whole_words(name) }</b></h3>
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

/// A name that breaks between its words only: a hyphen of `node-1` is none of those places.
fn whole_words(name: &str) -> Html {
    match name.split_once(' ') {
        Some((first, rest)) => html! { <>{ format!("{first} ") }<span>{ rest.to_owned() }</span></> },
        None => html! { { name.to_owned() } },
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
                        <span class="num">{ fill(text.n_seconds, &[("n", &seconds(mark.at))]) }</span>
                    </li>
                }) }
            </ol>
            { packets(text) }
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

/// What the three shapes mean.
pub fn packets(text: &Text) -> Html {
    let shapes = [
        ("M3 3H13V13H3Z", "pkt", text.packet_write),
        ("M8 2 14 13H2Z", "pkt", text.packet_status),
        ("M8 3A5 5 0 1 1 7.99 3Z", "pkt-watch", text.packet_other),
    ];
    html! { <p class="cap marks">{ for shapes.map(|(path, class, name)| html! { <span>{ packet_of(path, class) }{ name }</span> }) }</p> }
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

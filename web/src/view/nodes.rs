//! The Nodes view: the control plane, the shelf of Pods without a node, a card for every node.

use std::rc::Rc;

use yew::prelude::*;

use super::faults::node_items;
use super::icon::{glyph, icon, kind, state};
use super::menu::Menu;
use super::tile::{Size, Tile};
use kubarium::session::protocol::{Fault, PodState, Ref, Verdict};

use crate::model::{Model, Node, Pod};
use crate::motion::Stage;
use crate::store::{Action, Command, Hub, State, use_hub};
use crate::text::{Text, fill};
use crate::words::Family;

#[component]
pub fn Nodes() -> Html {
    let hub = use_hub();
    let state = &hub.state;
    let text = state.text();
    let model = &state.model;
    let stage = use_mut_ref(Stage::default);
    {
        let moves = state.settings.moves();
        use_effect_with(model.clone(), move |model| stage.borrow_mut().changed(model, moves));
    }
    let shown: Vec<&Rc<Pod>> = model.pods.iter().filter(|pod| state.shows(&pod.row.namespace)).collect();
    let size = Size::for_count(shown.len());
    let cursor = tab_stop(state, &shown);
    let tile = |pod: &Rc<Pod>| tile(&hub, pod, size, cursor.as_deref() == Some(pod.row.uid.as_str()));
    html! {
        <>
            { control_plane(model, text) }
            { shelf(&hub, &shown, &tile) }
            <h2 class="vh">{ text.view_nodes }</h2>
            <ul class="nodes">
                { for model.nodes.iter().map(|node| card(&hub, node, &shown, size, &tile)) }
                <li key="add"><button type="button" class="node-add" onclick={hub.ask(|| Command::Fault(Fault::AddNode))}>{ icon("a-plus") }<span>{ text.add_node }</span></button></li>
            </ul>
        </>
    }
}

/// Tiles are one stop of the Tab key: the selected one, else the first.
fn tab_stop(state: &State, shown: &[&Rc<Pod>]) -> Option<String> {
    let selected = shown.iter().find(|pod| state.selected.as_ref() == Some(&pod.about()));
    selected.or(shown.first()).map(|pod| pod.row.uid.clone())
}

fn tile(hub: &Hub, pod: &Rc<Pod>, size: Size, tab_stop: bool) -> Html {
    let state = &hub.state;
    let to = hub.state.dispatcher();
    let on_select = Callback::from(move |about: Ref| to.dispatch(Action::Select(Some(about))));
    html! {
        <Tile key={pod.row.uid.clone()} pod={pod.clone()} {size} lang={state.settings.lang}
            selected={state.selected.as_ref() == Some(&pod.about())} now={pod.wait.map(|_| state.model.clock.now / 1000 * 1000)}
            {tab_stop} {on_select} />
    }
}

fn control_plane(model: &Model, text: &Text) -> Html {
    let count = |number: usize, sentence: &str| match number {
        0 => (text.idle.to_owned(), "lamp on"),
        _ => (fill(sentence, &[("n", &number.to_string())]), "lamp busy"),
    };
    let unbound = model.pods.iter().filter(|pod| pod.row.state == PodState::Pending).count();
    let behind = model
        .workloads
        .iter()
        .filter(|one| one.generation != one.observed_generation || one.current != one.desired)
        .count();
    let (queue, queue_lamp) = count(unbound, text.in_queue);
    let (busy, busy_lamp) = count(behind, text.reconciling);
    let parts = [
        ("k-api", "API server", format!("rv {}", model.rev), "lamp on"),
        ("k-sched", "scheduler", queue, queue_lamp),
        ("k-kcm", "controller-manager", busy, busy_lamp),
    ];
    html! {
        <ul class="cp" aria-label={text.control_plane}>
            { for parts.into_iter().map(|(glyph, name, says, lamp)| html! {
                <li id={glyph_id(glyph)}>{ kind(glyph) }<div><b lang="en">{ name }</b><span class="cap">{ says }</span></div><i class={lamp} aria-hidden="true"></i></li>
            }) }
        </ul>
    }
}

/// Where a thread to a part of the control plane begins.
pub fn glyph_id(glyph: &str) -> String {
    format!("cp-{glyph}")
}

fn shelf(hub: &Hub, shown: &[&Rc<Pod>], tile: &dyn Fn(&Rc<Pod>) -> Html) -> Html {
    let state = &hub.state;
    let text = state.text();
    let waiting: Vec<&&Rc<Pod>> = shown.iter().filter(|pod| pod.node().is_none()).collect();
    let says = match waiting.len() {
        0 => text.shelf_empty.to_owned(),
        n => fill(text.without_node, &[("n", &n.to_string())]),
    };
    let pulls = state.model.pods.iter().filter(|pod| pod.row.state == PodState::Pulling).count();
    let pulls = if pulls == 0 { text.idle.to_owned() } else { fill(text.pulls, &[("n", &pulls.to_string())]) };
    let untouched = state.model.workloads.is_empty() && state.model.pods.is_empty();
    html! {
        <section class="shelf" id="shelf" aria-labelledby="shelf-h">
            <h2 id="shelf-h">{ text.pending_shelf }<span class="cap">{ says }</span></h2>
            if untouched {
                { coach(hub) }
            } else {
                <ul class="shelf-pods">
                    { for waiting.iter().map(|pod| html! { <li key={pod.row.uid.clone()}>{ tile(pod) }</li> }) }
                    { reason(&waiting) }
                </ul>
            }
            <ul class="sources">
                <li id="registry">{ glyph("ic ic-kind ic-kind-lg", "k-registry") }<span>{ text.registry }</span><span class="cap">{ pulls }</span></li>
            </ul>
        </section>
    }
}

/// The one line that says what to do first, where Pods will appear.
fn coach(hub: &Hub) -> Html {
    let text = hub.state.text();
    let apply = {
        let hub = hub.clone();
        Callback::from(move |_: MouseEvent| hub.apply(false))
    };
    html! {
        <div class="coach" id="coach">
            <p>{ text.coach_before }<strong>{ text.apply }</strong><span class="hide-s">{ " (Ctrl+Enter)" }</span>{ text.coach_after }</p>
            <span class="cap">{ text.coach_or }</span>
            <button type="button" class="btn btn-main only-s" onclick={apply}>{ text.apply }</button>
        </div>
    }
}

/// Why the first of those that wait has no node, in the scheduler's words.
fn reason(waiting: &[&&Rc<Pod>]) -> Html {
    match waiting.iter().find(|pod| !pod.row.message.is_empty()) {
        Some(pod) => {
            html! { <li class="wide unsched"><span class="mono" lang="en">{ pod.row.message.clone() }</span></li> }
        }
        None => Html::default(),
    }
}

fn card(hub: &Hub, node: &Rc<Node>, shown: &[&Rc<Pod>], size: Size, tile: &dyn Fn(&Rc<Pod>) -> Html) -> Html {
    let page = &hub.state;
    let text = page.text();
    let at_least = if size == Size::Large { 4 } else { 0 };
    let places = page.slots.of(&node.row.name, at_least);
    let ready = node.is_ready();
    let (look, id) = match (ready, node.row.unschedulable) {
        (true, true) => (Family::Waiting, "s-noentry"),
        (true, false) => (Family::Ok, "s-check"),
        (false, _) => (Family::Failed, "s-cross"),
    };
    let name = &node.row.name;
    let heartbeat = fill(if ready { text.lease } else { text.last_heartbeat }, &[("n", &node.lease_age.to_string())]);
    let about = node.about();
    let selected = page.selected.as_ref() == Some(&about);
    let verdict = verdicts(page).iter().find(|verdict| verdict.node == *name);
    let judged = verdict.map(|verdict| {
        if verdict.best {
            "is-winner"
        } else if verdict.reasons.is_empty() {
            ""
        } else {
            "is-out"
        }
    });
    html! {
        <li key={name.clone()} class={classes!("node", (!ready).then_some("is-down"), judged)} id={format!("node-{name}")}>
            <div class="node-head">
                { kind("k-no") }<h3>{ name }</h3>
                <span class="state">{ state(id, look) }<span lang="en">{ node.row.status.clone() }</span></span>
                <button type="button" class="btn btn-quiet btn-icon btn-sm" aria-pressed={selected.to_string()}
                    aria-label={fill(text.inspect_it, &[("name", name)])} onclick={hub.select(about)}>{ icon("a-inspect") }</button>
                <Menu label={fill(text.actions_for, &[("name", name)])} glyph="a-more" quiet=true class="btn-icon btn-sm" items={node_items(hub, node)} />
            </div>
            <div class="node-sub">
                <span class="beat"><i class={if ready { "lamp on" } else { "lamp off" }} aria-hidden="true"></i><span>{ heartbeat }</span></span>
                if let Some(zone) = node.zone() { <span lang="en">{ format!("zone {zone}") }</span> }
            </div>
            { meters(node, text) }
            if !node.row.taints.is_empty() {
                <div class="node-foot">
                    { for node.row.taints.iter().map(|taint| html! { <span class="chip chip-line mono" lang="en">{ taint.to_string() }</span> }) }
                </div>
            }
            <ul class={classes!("slots", size.slots_class())}>
                { for places.iter().enumerate().map(|(at, place)| {
                    match place.as_ref().and_then(|uid| shown.iter().find(|pod| pod.row.uid == *uid)) {
                        Some(pod) => html! { <li key={pod.row.uid.clone()} class="slot">{ tile(pod) }</li> },
                        None => html! { <li key={format!("empty-{at}")} class="slot slot-empty" aria-hidden="true"></li> },
                    }
                }) }
            </ul>
            if let Some(verdict) = verdict { { judgement(verdict, text) } }
        </li>
    }
}

/// What the scheduler finds of every node, while a Pod without one is selected.
pub fn verdicts(page: &State) -> &[Verdict] {
    let shown = page.inspected.as_deref().filter(|shown| page.selected.as_ref() == Some(&shown.what));
    shown.map_or(&[], |shown| shown.scheduling.as_slice())
}

/// Why not here, or how well it would do here.
fn judgement(verdict: &Verdict, text: &Text) -> Html {
    if !verdict.reasons.is_empty() {
        return html! {
            <div class="verdict">{ state("s-noentry", Family::Unknown) }<span class="why" lang="en">{ verdict.reasons.join(", ") }</span></div>
        };
    }
    let most = verdict.total.max(1) as f64;
    html! {
        <div class="verdict">
            <b>{ verdict.total }</b>
            <span class="scorebar" aria-hidden="true">
                { for verdict.scores.iter().filter(|(_, score)| *score > 0).map(|(_, score)| html! { <i style={format!("--w:{:.0}%", *score as f64 * 95.0 / most)} /> }) }
            </span>
            <span>if verdict.best { <strong>{ text.best_node }</strong> } else { { text.feasible } }</span>
        </div>
    }
}

/// Name, requested, of how much, how to write it, and into how many parts the bar is ruled.
type Meter = (&'static str, u64, u64, fn(u64) -> String, u64);

fn meters(node: &Node, text: &Text) -> Html {
    let row = &node.row;
    let amount = |value: i64| u64::try_from(value).unwrap_or(0);
    let here = node.here as u64;
    let (cpu, memory) = (amount(row.cpu_milli), amount(row.memory_bytes));
    let rows: [Meter; 3] = [
        ("cpu", amount(row.cpu_requested_milli), cpu, cores, cpu.div_ceil(1000)),
        ("mem", amount(row.memory_requested_bytes), memory, gibibytes, memory >> 30),
        ("pods", here, amount(row.pods), |count| count.to_string(), 11),
    ];
    html! {
        <dl class="meters">
            <div>
                <dt class="mh"><span class="vh">{ text.resource }</span></dt>
                <dd class="mh">{ text.requested }</dd><dd class="mh">{ text.of }</dd>
            </div>
            { for rows.into_iter().map(|(name, requested, of, show, parts)| {
                let percent = requested as f64 * 100.0 / of.max(1) as f64;
                let style = format!("--n:{};--req:{percent:.1}%;--use:0%", parts.clamp(1, 16));
                let of = if name == "mem" { format!("{}Gi", show(of)) } else { show(of) };
                html! {
                    <div>
                        <dt>{ name }</dt><dd class="meter-bar" aria-hidden="true" {style}></dd>
                        <dd>{ show(requested) }</dd><dd class="of">{ of }</dd>
                    </div>
                }
            }) }
        </dl>
    }
}

/// Cores from millicores: one digit, and none when it is a whole number.
fn cores(milli: u64) -> String {
    tenths(milli.div_ceil(100))
}

fn gibibytes(bytes: u64) -> String {
    tenths((bytes * 10).div_ceil(1 << 30))
}

fn tenths(tenths: u64) -> String {
    if tenths.is_multiple_of(10) { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_one_digit_and_are_never_rounded_to_nothing() {
        assert_eq!(cores(4000), "4");
        assert_eq!(cores(1100), "1.1");
        assert_eq!(cores(50), "0.1");
        assert_eq!(gibibytes(8 << 30), "8");
        assert_eq!(gibibytes(128 << 20), "0.2");
    }
}

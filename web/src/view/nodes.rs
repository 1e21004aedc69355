//! The Nodes view: the control plane, the shelf of Pods without a node, a card for every node.

use std::collections::BTreeMap;
use std::rc::Rc;

use yew::prelude::*;

use super::faults::node_items;
use super::icon::{glyph, icon, kind, state};
use super::menu::Menu;
use super::tile::{Size, Tile};
use kubarium::session::protocol::{Fault, PodState, Ref, Verdict};

use crate::model::{At, Model, NODES_IN_FULL, Node, PODS_ONE_BY_ONE, Pod};
use crate::motion::Stage;
use crate::store::{Action, Command, Hub, State, use_hub};
use crate::text::{Lang, Text, fill};
use crate::words::{Family, look};

#[component]
pub fn Nodes() -> Html {
    let hub = use_hub();
    let state = &hub.state;
    let text = state.text();
    let model = &state.model;
    let stage = use_mut_ref(Stage::default);
    {
        let moves = state.settings.moves();
        stage.borrow_mut().before(model);
        use_effect_with(model.clone(), move |model| stage.borrow_mut().changed(model, moves));
    }
    // One callback for all: a tile that is given another one would be drawn again.
    let on_select = {
        let to = state.dispatcher();
        use_callback((), move |about: Ref, ()| to.dispatch(Action::Select(Some(about))))
    };
    let shown: Vec<&Rc<Pod>> = model.pods.iter().filter(|pod| state.shows(&pod.row.namespace)).collect();
    // Places are only kept while every Pod of the cluster has one.
    let size = if model.pods.len() > PODS_ONE_BY_ONE { Size::Counted } else { Size::for_count(shown.len()) };
    let look = Look { size, lang: state.settings.lang, in_full: model.nodes.len() <= NODES_IN_FULL };
    let tiles = Tiles { hub: &hub, look, tab_stop: tab_stop(state, &shown), on_select: on_select.clone() };
    let by_uid: BTreeMap<&str, &Rc<Pod>> = match size {
        Size::Counted => BTreeMap::new(),
        _ => shown.iter().map(|pod| (pod.row.uid.as_str(), *pod)).collect(),
    };
    let mut counts = counts_of(&shown, size);
    html! {
        <>
            { control_plane(model, text) }
            { shelf(&tiles, &shown) }
            <h2 class="vh">{ text.view_nodes }</h2>
            <ul class={classes!("nodes", (!look.in_full).then_some("nodes-many"))}>
                { for model.nodes.iter().map(|node| {
                    let name = &node.row.name;
                    let places: Vec<Option<Rc<Pod>>> = match size {
                        Size::Counted => Vec::new(),
                        _ => state.slots.of(name, if size == Size::Large { 4 } else { 0 }).into_iter()
                            .map(|place| place.and_then(|uid| by_uid.get(uid.as_str()).map(|pod| (*pod).clone()))).collect(),
                    };
                    let holds = |uid: &str| places.iter().flatten().any(|pod| pod.row.uid == uid);
                    let is_here = |about: &&Ref| **about == node.about() || places.iter().flatten().any(|pod| pod.is(about));
                    html! {
                        <Card key={name.clone()} node={node.clone()} {look} selected={state.selected.as_ref().filter(is_here).cloned()}
                            tab_stop={tiles.tab_stop.clone().filter(|uid| holds(uid))} on_select={on_select.clone()}
                            now={places.iter().flatten().any(|pod| pod.wait.is_some()).then_some(model.clock.now / 1000 * 1000)}
                            verdict={verdicts(state).iter().find(|verdict| verdict.node == *name).cloned()}
                            counts={counts.remove(name.as_str()).unwrap_or_default()} {places} />
                    }
                }) }
                <li key="add"><button type="button" class="node-add" onclick={hub.ask(|| Command::Fault(Fault::AddNode))}>{ icon("a-plus") }<span>{ text.add_node }</span></button></li>
            </ul>
        </>
    }
}

/// How everything in the view is drawn.
#[derive(Clone, Copy, PartialEq)]
struct Look {
    size: Size,
    lang: Lang,
    /// Whether cards say all that is known of a node.
    in_full: bool,
}

/// Tiles are one stop of the Tab key: the selected one, else the first.
fn tab_stop(state: &State, shown: &[&Rc<Pod>]) -> Option<String> {
    let selected = state.selected.as_ref().and_then(|about| shown.iter().find(|pod| pod.is(about)));
    selected.or(shown.first()).map(|pod| pod.row.uid.clone())
}

/// What tiles on the shelf have in common.
struct Tiles<'a> {
    hub: &'a Hub,
    look: Look,
    tab_stop: Option<String>,
    on_select: Callback<Ref>,
}

impl Tiles<'_> {
    fn tile(&self, pod: &Rc<Pod>) -> Html {
        let state = &self.hub.state;
        html! {
            <Tile pod={pod.clone()} size={self.look.size} lang={self.look.lang}
                selected={state.selected.as_ref().is_some_and(|about| pod.is(about))}
                now={pod.wait.map(|_| state.model.clock.now / 1000 * 1000)}
                tab_stop={self.tab_stop.as_ref() == Some(&pod.row.uid)} on_select={self.on_select.clone()} />
        }
    }
}

/// How many Pods are in one state, as it looks and as kubectl calls it.
#[derive(Clone, PartialEq)]
struct Count {
    family: Family,
    glyph: &'static str,
    status: String,
    pods: usize,
}

fn count(into: &mut Vec<Count>, pod: &Pod) {
    let (family, glyph) = look(pod.row.state, &pod.row.status);
    match into.iter_mut().find(|one| one.glyph == glyph && one.status == pod.row.status) {
        Some(one) => one.pods += 1,
        None => into.push(Count { family, glyph, status: pod.row.status.clone(), pods: 1 }),
    }
}

/// By node; nothing where tiles are drawn.
fn counts_of<'a>(shown: &[&'a Rc<Pod>], size: Size) -> BTreeMap<&'a str, Vec<Count>> {
    let mut counts: BTreeMap<&str, Vec<Count>> = BTreeMap::new();
    if size == Size::Counted {
        for pod in shown {
            count(counts.entry(&pod.row.node).or_default(), pod);
        }
    }
    counts
}

/// A bar of as many parts as there are states, and the same in words.
fn counted(counts: &[Count]) -> Html {
    html! {
        <div class="counts" lang="en">
            <span class="counts-bar" aria-hidden="true">
                { for counts.iter().map(|one| html! { <i class={one.family.class()} style={format!("--n:{}", one.pods)} /> }) }
            </span>
            { for counts.iter().map(|one| html! { <span>{ state(one.glyph, one.family) }{ format!("{} {}", one.pods, one.status) }</span> }) }
        </div>
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

fn shelf(tiles: &Tiles, shown: &[&Rc<Pod>]) -> Html {
    let state = &tiles.hub.state;
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
                { coach(tiles.hub) }
            } else {
                <ul class={classes!("shelf-pods", tiles.look.size.slots_class())}>
                    if tiles.look.size != Size::Counted {
                        { for waiting.iter().map(|pod| html! { <li key={pod.row.uid.clone()}>{ tiles.tile(pod) }</li> }) }
                    }
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

#[derive(Properties, PartialEq)]
struct CardProps {
    node: Rc<Node>,
    look: Look,
    places: Vec<Option<Rc<Pod>>>,
    counts: Vec<Count>,
    /// What the scheduler finds of it for the selected Pod.
    verdict: Option<Verdict>,
    /// If it is this node or one of its Pods.
    selected: Option<Ref>,
    /// If it is here.
    tab_stop: Option<String>,
    /// While a countdown runs here.
    now: Option<At>,
    on_select: Callback<Ref>,
}

/// A component, so that a change of one node draws one card.
#[component]
fn Card(props: &CardProps) -> Html {
    let CardProps { node, look, selected, .. } = props;
    let text = look.lang.text();
    let ready = node.is_ready();
    let (family, id) = match (ready, node.row.unschedulable) {
        (true, true) => (Family::Waiting, "s-noentry"),
        (true, false) => (Family::Ok, "s-check"),
        (false, _) => (Family::Failed, "s-cross"),
    };
    let name = &node.row.name;
    let about = node.about();
    let pressed = selected.as_ref() == Some(&about);
    let judged = props.verdict.as_ref().map(|verdict| {
        if verdict.best {
            "is-winner"
        } else if verdict.reasons.is_empty() {
            ""
        } else {
            "is-out"
        }
    });
    html! {
        <li class={classes!("node", (!ready).then_some("is-down"), judged)} id={format!("node-{name}")}>
            <div class="node-head">
                { kind("k-no") }<h3>{ name }</h3>
                <span class="state">{ state(id, family) }<span lang="en">{ node.row.status.clone() }</span></span>
                <button type="button" class="btn btn-quiet btn-icon btn-sm" aria-pressed={pressed.to_string()}
                    aria-label={fill(text.inspect_it, &[("name", name)])} onclick={props.on_select.reform(move |_: MouseEvent| about.clone())}>{ icon("a-inspect") }</button>
                if look.in_full { <NodeMenu node={node.clone()} /> }
            </div>
            if look.in_full { { details(node, text) } }
            if look.size == Size::Counted {
                { counted(&props.counts) }
            } else {
                <ul class={classes!("slots", look.size.slots_class())}>
                    { for props.places.iter().enumerate().map(|(at, place)| match place {
                        Some(pod) => html! {
                            <li key={pod.row.uid.clone()} class="slot">
                                <Tile pod={pod.clone()} size={look.size} lang={look.lang} selected={selected.as_ref().is_some_and(|about| pod.is(about))}
                                    now={props.now.filter(|_| pod.wait.is_some())} tab_stop={props.tab_stop.as_ref() == Some(&pod.row.uid)} on_select={props.on_select.clone()} />
                            </li>
                        },
                        None => html! { <li key={format!("empty-{at}")} class="slot slot-empty" aria-hidden="true"></li> },
                    }) }
                </ul>
            }
            if let Some(verdict) = &props.verdict { { judgement(verdict, text) } }
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct NodeMenuProps {
    node: Rc<Node>,
}

/// What can be done to a node; it is put together when somebody asks for it.
#[component]
fn NodeMenu(props: &NodeMenuProps) -> Html {
    let hub = use_hub();
    let label = fill(hub.state.text().actions_for, &[("name", &props.node.row.name)]);
    let lazily = {
        let (hub, node) = (hub.clone(), props.node.clone());
        Callback::from(move |()| node_items(&hub, &node))
    };
    html! { <Menu {label} glyph="a-more" quiet=true class="btn-icon btn-sm" lazily={Some(lazily)} /> }
}

/// What there is room for while there are not too many cards.
fn details(node: &Node, text: &Text) -> Html {
    let ready = node.is_ready();
    let heartbeat = fill(if ready { text.lease } else { text.last_heartbeat }, &[("n", &node.lease_age.to_string())]);
    html! {
        <>
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
        </>
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

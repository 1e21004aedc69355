//! The inspector: what the selected object is, in whose words one likes, and why it is there.

use yew::prelude::*;

use super::control_loop::family;
use super::icon::{glyph, icon, state};
use super::time::{seconds, seek};
use kubarium::session::protocol::{EventRow, Fault, Inspect, Lane, LogOf, Ref, WorkloadRow};

use super::faults::{node_items, pod_items};
use super::menu::Menu;
use super::nodes::verdicts;
use crate::api;
use crate::model::{self, Mark, Node, Pod, refer};
use crate::narrate;
use crate::store::{Action, Command, Hub, Pane, State, Tab, use_hub};
use crate::text::fill;
use crate::words::{Family, kind_glyph, look};

/// Steps of an object's own life that are told.
const LIFE_MAX: usize = 12;

#[component]
pub fn Inspector() -> Html {
    let hub = use_hub();
    let state = &hub.state;
    let text = state.text();
    html! {
        <div class="side" id="side" tabindex="-1" role={state.role_of(Pane::Side)} aria-label={text.inspector}>
            { match &state.selected {
                Some(about) => open(&hub, about),
                None => nothing(&hub),
            } }
        </div>
    }
}

fn collapse(hub: &Hub) -> Html {
    html! {
        <div class="bar-end">
            <button type="button" class="btn btn-quiet btn-icon btn-sm only-m hide-s" aria-label={hub.state.text().open_yaml}
                onclick={hub.on(|| Action::Pane(Pane::Main))}>{ icon("a-code") }</button>
            <button type="button" class="btn btn-quiet btn-icon btn-sm hide-s hide-m" aria-label={hub.state.text().collapse}
                onclick={hub.on(|| Action::SideOpen(false))}>{ icon("a-right") }</button>
        </div>
    }
}

/// Before anything is selected: what will happen, the first cause on top.
fn nothing(hub: &Hub) -> Html {
    let text = hub.state.text();
    let untouched = hub.state.model.workloads.is_empty();
    let future = [
        (text.you, text.future_apply),
        ("controllers", text.future_controllers),
        ("scheduler", text.future_scheduler),
        ("kubelet", text.future_kubelet),
    ];
    html! {
        <>
            <div class="bar"><h2 class="bar-title">{ text.inspector }</h2>{ collapse(hub) }</div>
            <div class="insp">
                <h3 class="insp-none">{ text.nothing_selected }</h3>
                <p>{ text.select_something }</p>
                if untouched {
                    <h3 class="h-sec">{ text.what_will_happen }</h3>
                    <ol class="chain is-future">
                        { for future.into_iter().map(|(who, what)| html! { <li><div class="when"><span>{ who }</span></div><span>{ what }</span></li> }) }
                    </ol>
                }
            </div>
        </>
    }
}

fn open(hub: &Hub, about: &Ref) -> Html {
    let page = &hub.state;
    let text = page.text();
    let mut tabs = vec![
        (Tab::Summary, text.summary),
        (Tab::Why, text.why),
        (Tab::Events, text.events),
        (Tab::Yaml, "YAML"),
        (Tab::Describe, "Describe"),
    ];
    if about.kind == "Pod" {
        tabs.push((Tab::Logs, text.logs));
    }
    let tab = if tabs.iter().any(|(tab, _)| *tab == page.tab) { page.tab } else { Tab::Summary };
    html! {
        <>
            <div class="bar">
                <div class="tabs" role="tablist" aria-label={text.inspector_pages}>
                    { for tabs.into_iter().map(|(one, name)| {
                        let chosen = one == tab;
                        html! {
                            <button type="button" class="tab" role="tab" id={format!("tab-{one:?}")} aria-selected={chosen.to_string()} aria-controls="inspected"
                                tabindex={if chosen { "0" } else { "-1" }} onclick={hub.on(move || Action::Tab(one))} onkeydown={Callback::from(along)}>{ name }</button>
                        }
                    }) }
                </div>
                { collapse(hub) }
            </div>
            <div class="insp" id="inspected" role="tabpanel" tabindex="0" aria-labelledby={format!("tab-{tab:?}")}>
                { head(page, about) }
                if let Some(refused) = &page.refused { <p class="echo" role="alert" lang="en">{ refused.to_string() }</p> }
                { match tab {
                    Tab::Summary => summary(hub, about),
                    Tab::Why => why(hub, about),
                    Tab::Events => events(page, about),
                    Tab::Logs => logs(hub, about),
                    Tab::Yaml | Tab::Describe => words(page, about, tab),
                } }
            </div>
        </>
    }
}

/// Arrows go from tab to tab, as in every list of tabs.
fn along(event: KeyboardEvent) {
    let here: web_sys::HtmlElement = event.target_unchecked_into();
    let next = match event.key().as_str() {
        "ArrowRight" => here.next_element_sibling(),
        "ArrowLeft" => here.previous_element_sibling(),
        _ => return,
    };
    event.prevent_default();
    if let Some(next) = next.and_then(|next| wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(next).ok()) {
        let _ = next.focus();
        next.click();
    }
}

fn head(page: &State, about: &Ref) -> Html {
    let says = page.state_of(about);
    html! {
        <div class="insp-head">
            { glyph("ic ic-kind ic-kind-lg", kind_glyph(&about.kind)) }
            <div>
                <span class="cap mono" lang="en">{ about.kind.clone() }</span><h2 class="insp-name">{ about.name.clone() }</h2>
                if let Some((family, id, word)) = says { <span class="state">{ state(id, family) }<span lang="en">{ word }</span></span> }
            </div>
        </div>
    }
}

fn summary(hub: &Hub, about: &Ref) -> Html {
    let page = &hub.state;
    let text = page.text();
    if let Some(pod) = page.pod(about) {
        return pod_summary(hub, pod);
    }
    if let Some(workload) = page.workload(about) {
        return workload_summary(hub, workload);
    }
    if let Some(node) = page.node(about) {
        return node_summary(hub, node);
    }
    html! {
        <>
            <p>{ text.gone_by_now }</p>
            if let Some(done) = &page.echo { { echo(page, done) } }
        </>
    }
}

fn big(numbers: [(&'static str, Html); 3]) -> Html {
    html! { <dl class="big">{ for numbers.into_iter().map(|(label, number)| html! { <div><dt>{ label }</dt><dd>{ number }</dd></div> }) }</dl> }
}

fn link(hub: &Hub, about: Ref) -> Html {
    let name = about.name.clone();
    html! { <button type="button" class="obj" lang="en" onclick={hub.select(about)}>{ name }</button> }
}

fn pod_summary(hub: &Hub, pod: &Pod) -> Html {
    let page = &hub.state;
    let text = page.text();
    let row = &pod.row;
    let age = (page.model.clock.now - row.created_ms as i64) / 1000;
    let owner = page.model.workload(&row.owner_uid);
    let about = pod.about();
    html! {
        <>
            { big([
                (text.ready, format!("{}/{}", row.ready, row.containers).into()),
                (text.restarts, row.restarts.to_string().into()),
                (text.age, html! { <>{ age }<small>{ text.second }</small></> }),
            ]) }
            <dl class="kv">
                <dt>{ text.node }</dt><dd>{ match pod.node() { Some(node) => link(hub, refer("Node", "", node)), None => html! { text.none_yet } } }</dd>
                if let Some(owner) = owner { <dt>{ text.owner }</dt><dd>{ link(hub, model::about(owner)) }</dd> }
                if !row.ip.is_empty() { <dt>{ "IP" }</dt><dd class="mono">{ row.ip.clone() }</dd> }
                <dt>{ text.image }</dt><dd class="mono" lang="en">{ row.image.clone() }</dd>
                if !row.message.is_empty() { <dt>{ text.message }</dt><dd class="mono" lang="en">{ row.message.clone() }</dd> }
            </dl>
            { scheduling(page) }
            { conditions(page, &about) }
            <div class="acts">
                { delete(hub, about.clone()) }
                <Menu label={text.faults} glyph="a-fault" items={pod_items(hub, pod)} />
            </div>
            { echo(page, &api::delete_label(&about)) }
        </>
    }
}

fn workload_summary(hub: &Hub, workload: &WorkloadRow) -> Html {
    let page = &hub.state;
    let text = page.text();
    let about = model::about(workload);
    let owner = page.model.workload(&workload.owner_uid);
    let deployment = workload.kind == "Deployment";
    let numbers = if deployment {
        [(text.desired, workload.desired), (text.updated, workload.updated), (text.available, workload.available)]
    } else {
        [(text.desired, workload.desired), (text.current, workload.current), (text.ready, workload.ready)]
    };
    let scale = |glyph: &'static str, label: &str, to: i32| {
        let about = about.clone();
        html! {
            <button type="button" class="btn btn-icon" aria-label={fill(label, &[("n", &to.to_string())])}
                onclick={hub.ask(move || Command::Scale(about.clone(), to))}>{ icon(glyph) }</button>
        }
    };
    html! {
        <>
            { big(numbers.map(|(label, number)| (label, number.to_string().into()))) }
            <dl class="kv">
                if deployment {
                    <dt>{ text.ceiling }</dt><dd>{ format!("{} = {} + {}", workload.desired + workload.max_surge, workload.desired, workload.max_surge) }</dd>
                    <dt>{ text.floor }</dt><dd>{ format!("{} = {} − {}", (workload.desired - workload.max_unavailable).max(0), workload.desired, workload.max_unavailable) }</dd>
                    <dt>{ text.strategy }</dt><dd lang="en">{ workload.strategy.clone() }</dd>
                }
                if let Some(owner) = owner { <dt>{ text.owner }</dt><dd>{ link(hub, model::about(owner)) }</dd> }
                if workload.revision > 0 { <dt>{ text.of_revision }</dt><dd>{ workload.revision }</dd> }
                if !workload.image.is_empty() { <dt>{ text.image }</dt><dd class="mono" lang="en">{ workload.image.clone() }</dd> }
            </dl>
            { listed(&workload.conditions) }
            <div class="acts">
                if workload.owner_uid.is_empty() {
                    { scale("a-minus", text.scale_to, (workload.desired - 1).max(0)) }
                    { scale("a-plus", text.scale_to, workload.desired + 1) }
                }
                if deployment {
                    <button type="button" class="btn" onclick={{ let about = about.clone(); hub.ask(move || Command::Restart(about.clone())) }}>{ icon("a-restart") }<span>{ text.restart }</span></button>
                }
                { delete(hub, about.clone()) }
            </div>
            { echo(page, &api::scale_label(&about, workload.desired + 1)) }
        </>
    }
}

fn node_summary(hub: &Hub, node: &Node) -> Html {
    let page = &hub.state;
    let text = page.text();
    let (cordoned, down) = (node.row.unschedulable, node.row.down);
    let here: Vec<&std::rc::Rc<Pod>> = page.model.pods.iter().filter(|pod| pod.row.node == node.row.name).collect();
    html! {
        <>
            { big([
                (text.pods, here.len().to_string().into()),
                ("cpu", (node.row.cpu_milli / 1000).to_string().into()),
                ("mem", html! { <>{ node.row.memory_bytes >> 30 }<small>{ "Gi" }</small></> }),
            ]) }
            <dl class="kv">
                if let Some(zone) = node.zone() { <dt>{ "zone" }</dt><dd lang="en">{ zone.to_owned() }</dd> }
                if !node.row.internal_ip.is_empty() { <dt>{ "IP" }</dt><dd class="mono">{ node.row.internal_ip.clone() }</dd> }
                { for node.row.taints.iter().map(|taint| html! { <><dt>{ "taint" }</dt><dd class="mono" lang="en">{ taint.clone() }</dd></> }) }
            </dl>
            <div class="acts">
                <button type="button" class="btn" onclick={{ let about = node.about(); hub.ask(move || Command::Cordon(about.clone(), !cordoned)) }}>
                    { if cordoned { text.uncordon } else { text.cordon } }
                </button>
                <button type="button" class="btn" onclick={{ let node = node.row.name.clone(); hub.ask(move || Command::Fault(Fault::NodeDown { node: node.clone(), down: !down })) }}>
                    { icon(if down { "a-heal" } else { "a-fault" }) }<span>{ if down { text.node_up } else { text.node_down } }</span>
                </button>
                <Menu label={text.more_actions} glyph="a-more" items={node_items(hub, node)} />
            </div>
            { echo(page, &format!("kubectl describe node {}", node.row.name)) }
            <h3 class="h-sec">{ text.pods }</h3>
            <ul class="plain-list">{ for here.iter().map(|pod| html! { <li>{ link(hub, pod.about()) }</li> }) }</ul>
        </>
    }
}

fn delete(hub: &Hub, about: Ref) -> Html {
    html! { <button type="button" class="btn" onclick={hub.ask(move || Command::Delete(about.clone()))}>{ hub.state.text().delete }</button> }
}

/// What was done last, in kubectl's words; before anything was done, what would do the same.
fn echo(page: &State, command: &str) -> Html {
    let text = page.text();
    let (says, command) = match &page.echo {
        Some(done) => (text.you_did_in_kubectl, done.to_string()),
        None => (text.same_in_kubectl, command.to_owned()),
    };
    html! { <p class="echo" role="status"><span class="cap">{ says }</span><span lang="en">{ command }</span></p> }
}

/// For a Pod without a node: every node, and what the scheduler's plugins find of it.
fn scheduling(page: &State) -> Html {
    let verdicts = verdicts(page);
    if verdicts.is_empty() {
        return Html::default();
    }
    let text = page.text();
    let mut plugins: Vec<&str> =
        verdicts.iter().flat_map(|one| one.scores.iter().map(|(plugin, _)| plugin.as_str())).collect();
    plugins.sort_unstable();
    plugins.dedup();
    let fits: Vec<_> = verdicts.iter().filter(|one| one.reasons.is_empty()).collect();
    let win = |best: bool| best.then_some("win");
    html! {
        <>
            if !fits.is_empty() {
                <table class="scores"><caption>{ text.scheduling_scores }</caption>
                    <thead><tr><th scope="col"><span class="vh">{ text.plugin }</span></th>
                        { for fits.iter().map(|one| html! { <th scope="col" lang="en" class={win(one.best)}>{ one.node.clone() }</th> }) }</tr></thead>
                    <tbody lang="en">
                        { for plugins.into_iter().map(|plugin| html! {
                            <tr><th scope="row">{ plugin.to_owned() }</th>
                                { for fits.iter().map(|one| html! { <td class={win(one.best)}>{ one.scores.iter().find(|(name, _)| name == plugin).map_or(0, |(_, score)| *score) }</td> }) }
                            </tr>
                        }) }
                        <tr class="total"><th scope="row">{ text.total }</th>{ for fits.iter().map(|one| html! { <td class={win(one.best)}>{ one.total }</td> }) }</tr>
                    </tbody>
                </table>
            }
            if fits.len() < verdicts.len() {
                <table class="scores"><caption>{ text.not_possible_on }</caption>
                    <thead class="vh"><tr><th scope="col">{ text.node }</th><th scope="col">{ text.plugin }</th><th scope="col">{ text.message }</th></tr></thead>
                    <tbody lang="en">
                        { for verdicts.iter().filter(|one| !one.reasons.is_empty()).map(|one| html! {
                            <tr><th scope="row">{ one.node.clone() }</th><td class="no">{ one.rejected_by.clone() }</td><td class="no">{ one.reasons.join(", ") }</td></tr>
                        }) }
                    </tbody>
                </table>
            }
        </>
    }
}

/// From the newest thing that is known of the object back to the first cause.
fn why(hub: &Hub, about: &Ref) -> Html {
    let page = &hub.state;
    let text = page.text();
    let steps = causes(page, about);
    if steps.is_empty() {
        return html! { <p>{ text.nothing_known }</p> };
    }
    html! {
        <ol class="chain">
            { for steps.iter().enumerate().map(|(at, mark)| {
                let point = { let seq = mark.seq; hub.on(move || Action::Cause(Some(seq))) };
                html! {
                    <li class={(page.cause == Some(mark.seq)).then_some("is-at")} onmouseenter={point.reform(|_: MouseEvent| ())} onfocusin={point.reform(|_: FocusEvent| ())}>
                        <div class="when">{ when(hub, mark) }<span>{ narrate::actor(mark, text) }</span></div>
                        <span class={(at == 0).then_some("now")}>{ narrate::html(mark, text) }</span>
                    </li>
                }
            }) }
        </ol>
    }
}

/// What a person would tell of an object: its own life, what made its owners as they are, and who wanted that.
pub fn causes(page: &State, about: &Ref) -> Vec<Mark> {
    let marks = &page.model.marks;
    let now = page.model.clock.now;
    let is_step = |mark: &Mark| !matches!(mark.note.as_str(), "synced" | "changed-status" | "refused" | "probe-ok");
    let family = family(page, about);
    let kubelets_own = |mark: &Mark| mark.note == "changed" && mark.lane == Lane::Kubelets;
    let mut found: Vec<Mark> = marks
        .iter()
        .rev()
        .filter(|mark| mark.at <= now && mark.about.as_ref() == Some(about) && is_step(mark) && !kubelets_own(mark))
        .take(LIFE_MAX)
        .map(|mark| (**mark).clone())
        .collect();
    // Each owner as it was last written before what it caused.
    let mut until = found.last().map_or(now, |mark| mark.at);
    for owner in &family[1..] {
        let made =
            marks.iter().rev().find(|mark| mark.at <= until && mark.about.as_ref() == Some(owner) && is_step(mark));
        if let Some(mark) = made {
            until = mark.at;
            found.push((**mark).clone());
        }
    }
    let first =
        marks.iter().rev().find(|mark| mark.at <= until && (mark.note == "request" || mark.lane == Lane::Faults));
    let told = |first: &Mark, found: &[Mark]| found.iter().any(|mark| mark.seq == first.seq);
    if let Some(first) = first.filter(|first| !told(first, &found)) {
        found.push((**first).clone());
    }
    found
}

/// The moment, as the way to it.
fn when(hub: &Hub, mark: &Mark) -> Html {
    let at = mark.at;
    html! { <button type="button" class="when-go" onclick={hub.ask(move || seek(at))}>{ fill(hub.state.text().n_seconds, &[("n", &seconds(at))]) }</button> }
}

/// Kubernetes' own Events about the object, the newest first.
fn events(page: &State, about: &Ref) -> Html {
    let mut found: Vec<&std::rc::Rc<EventRow>> =
        page.model.events.iter().filter(|event| event.about == *about).collect();
    found.sort_by(|a, b| b.last_ms.total_cmp(&a.last_ms));
    found.truncate(50);
    if found.is_empty() {
        return html! { <p>{ page.text().nothing_yet }</p> };
    }
    html! {
        <ul class="events" lang="en">
            { for found.into_iter().map(|event| {
                let (id, family) = if event.kind == "Warning" { ("s-warn", Family::Failed) } else { ("s-dot", Family::Ok) };
                let times = if event.count > 1 { format!("×{}", event.count) } else { String::new() };
                html! {
                    <li key={event.uid.clone()}>{ state(id, family) }<b>{ event.reason.clone() }</b><span class="num">{ times }</span><p>{ event.message.clone() }</p></li>
                }
            }) }
        </ul>
    }
}

/// What the engine has sent of this object and page, if it has.
fn sent<'a>(page: &'a State, about: &Ref, tab: Tab) -> Option<&'a Inspect> {
    page.inspected.as_deref().filter(|inspect| inspect.what == *about && inspect.tab == tab.asked())
}

fn conditions(page: &State, about: &Ref) -> Html {
    sent(page, about, Tab::Summary).map_or_else(Html::default, |inspect| listed(&inspect.conditions))
}

fn listed(conditions: &[(String, String, String, String)]) -> Html {
    if conditions.is_empty() {
        return Html::default();
    }
    html! {
        <ul class="conditions" lang="en">
            { for conditions.iter().map(|(kind, status, reason, _)| {
                let (id, family) = match status.as_str() { "True" => ("s-check", Family::Ok), "False" => ("s-cross", Family::Failed), _ => ("s-question", Family::Unknown) };
                html! { <li>{ state(id, family) }<span>{ kind.clone() }<span class="vh">{ format!(" {status}") }</span></span><span class="cap">{ reason.clone() }</span></li> }
            }) }
        </ul>
    }
}

/// Whose log, and which of its lives; then the log, and how kubectl would show it.
fn logs(hub: &Hub, about: &Ref) -> Html {
    let page = &hub.state;
    let text = page.text();
    let containers = sent(page, about, Tab::Logs).map(|shown| shown.containers.clone()).unwrap_or_default();
    let log = page.log.clone();
    let choose = {
        let (to, log, containers) = (page.dispatcher(), log.clone(), containers.clone());
        Callback::from(move |event: Event| {
            let at = event.target_unchecked_into::<web_sys::HtmlSelectElement>().selected_index();
            if let Some(container) = usize::try_from(at).ok().and_then(|at| containers.get(at)) {
                to.dispatch(Action::Log(LogOf { container: container.clone(), ..log.clone() }));
            }
        })
    };
    let flip = {
        let log = log.clone();
        hub.on(move || Action::Log(LogOf { previous: !log.previous, ..log.clone() }))
    };
    let flags = [
        if log.container.is_empty() { String::new() } else { format!(" -c {}", log.container) },
        if log.previous { " --previous".to_owned() } else { String::new() },
    ];
    html! {
        <>
            <div class="acts">
                <label class="field"><span class="vh">{ text.container }</span>
                    <select onchange={choose} lang="en">
                        { for containers.iter().map(|one| html! { <option selected={*one == log.container}>{ one.clone() }</option> }) }
                    </select>
                </label>
                <label class="check"><input type="checkbox" checked={log.previous} onchange={flip} /><span class="mono" lang="en">{ "--previous" }</span></label>
            </div>
            { words(page, about, Tab::Logs) }
            <p class="echo"><span class="cap">{ text.same_in_kubectl }</span><span lang="en">{ format!("kubectl logs {}{}{}", about.name, flags[0], flags[1]) }</span></p>
        </>
    }
}

/// Words that are not ours, byte for byte.
fn words(page: &State, about: &Ref, tab: Tab) -> Html {
    let Some(inspect) = sent(page, about, tab) else { return html! { <p>{ page.text().asking }</p> } };
    if inspect.text.is_empty() {
        return html! { <p>{ page.text().nothing_yet }</p> };
    }
    let lines = if tab == Tab::Yaml {
        coloured(&inspect.text)
    } else {
        html! { { inspect.text.clone() } }
    };
    html! { <pre class="log" tabindex="0" role="region" aria-label={about.name.clone()} lang="en">{ lines }</pre> }
}

/// YAML in the editor's two voices: keys, and numbers and truths. It is our own writing, one key a line.
fn coloured(yaml: &str) -> Html {
    let line = |line: &str| {
        let start = line.len() - line.trim_start_matches([' ', '-']).len();
        let (lead, rest) = line.split_at(start);
        let Some(colon) = rest.find(':').filter(|at| rest[at + 1..].is_empty() || rest[at + 1..].starts_with(' '))
        else {
            return html! { { format!("{line}\n") } };
        };
        let (key, value) = rest.split_at(colon);
        let bare = value[1..].trim();
        let number = bare.parse::<f64>().is_ok() || matches!(bare, "true" | "false" | "null");
        html! {
            <>{ lead.to_owned() }<span class="y-k">{ key.to_owned() }</span>{ ":" }
                if number { { " " }<span class="y-n">{ bare.to_owned() }</span>{ "\n" } } else { { format!("{}\n", &value[1..]) } }</>
        }
    };
    yaml.lines().map(line).collect()
}

impl State {
    /// A Pod that is shown.
    pub fn pod(&self, about: &Ref) -> Option<&Pod> {
        let is_it = |pod: &&std::rc::Rc<Pod>| pod.row.name == about.name && pod.row.namespace == about.namespace;
        self.model.pods.iter().find(|pod| about.kind == "Pod" && is_it(pod)).map(|pod| &**pod)
    }

    /// A node that is shown.
    pub fn node(&self, about: &Ref) -> Option<&Node> {
        self.model.nodes.iter().find(|node| about.kind == "Node" && node.row.name == about.name).map(|node| &**node)
    }

    /// A workload that is shown.
    pub fn workload(&self, about: &Ref) -> Option<&WorkloadRow> {
        self.model.workloads.iter().find(|workload| model::about(workload) == *about).map(|workload| &**workload)
    }

    /// The state of any object, as glyph and word.
    pub fn state_of(&self, about: &Ref) -> Option<(Family, &'static str, String)> {
        if let Some(pod) = self.pod(about) {
            let (family, id) = look(pod.row.state, &pod.row.status);
            return Some((family, id, pod.row.status.clone()));
        }
        if let Some(node) = self.node(about) {
            let (family, id) = if node.is_ready() { (Family::Ok, "s-check") } else { (Family::Failed, "s-cross") };
            return Some((family, id, node.row.status.clone()));
        }
        let workload = self.workload(about)?;
        let text = self.text();
        let missing = (workload.desired - workload.ready).max(0);
        Some(if missing > 0 {
            (Family::Progress, "s-pie2", fill(text.pods_missing, &[("n", &missing.to_string())]))
        } else if workload.kind == "Deployment" && workload.updated < workload.desired {
            (Family::Progress, "s-pie2", text.updating.to_owned())
        } else {
            (Family::Ok, "s-check", format!("{}/{}", workload.ready, workload.desired))
        })
    }
}

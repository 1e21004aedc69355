//! Faults: the menu of what can be broken, and the tray of what is.

use kubarium::session::protocol::{Fault, FaultRow, Ref};
use yew::prelude::*;

use super::icon::icon;
use super::menu::{Item, Menu};
use crate::api::{self, TAINT};
use crate::model::{At, Node, Pod};
use crate::store::{Command, Hub, use_hub};
use crate::text::{Text, fill};
use crate::words::split_name;

/// How much slower slow pulls are.
const SLOW: u32 = 10;
/// Without a selection, so many nodes are offered.
const NODES_MAX: usize = 8;

/// What is broken, in the page's language.
pub fn name(fault: &Fault, text: &Text) -> String {
    match fault {
        Fault::NodeDown { node, .. } => fill(text.fault_node_down, &[("node", node)]),
        Fault::KubeletRestart { node } => fill(text.fault_kubelet_restart, &[("node", node)]),
        Fault::AddNode => text.add_node.to_owned(),
        Fault::RemoveNode { node } => fill(text.fault_remove_node, &[("node", node)]),
        Fault::ContainerExit { pod, .. } => fill(text.fault_exit, &[("pod", split_name(pod).1)]),
        Fault::ProbeFails { pod, probe, .. } => {
            fill(text.fault_probe, &[("pod", split_name(pod).1), ("probe", &probe.to_lowercase())])
        }
        Fault::RegistryDown { .. } => text.fault_registry_down.to_owned(),
        Fault::SlowPulls { times: 0 | 1 } => text.fault_slow_any.to_owned(),
        Fault::SlowPulls { times } => fill(text.fault_slow_pulls, &[("n", &times.to_string())]),
    }
}

/// Whether it ends what another one began.
pub fn heals(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::NodeDown { down: false, .. }
            | Fault::ProbeFails { failing: false, .. }
            | Fault::RegistryDown { down: false }
            | Fault::SlowPulls { times: 0 | 1 }
    )
}

fn ask(hub: &Hub, command: Command) -> Callback<()> {
    hub.ask(move || command.clone())
}

fn fault(hub: &Hub, fault: Fault) -> Callback<()> {
    ask(hub, Command::Fault(fault))
}

/// What can befall a Pod.
pub fn pod_items(hub: &Hub, pod: &Pod) -> Vec<Item> {
    let text = hub.state.text();
    let about = pod.about();
    let (namespace, name) = (about.namespace.clone(), about.name.clone());
    let active = &hub.state.model.clock.faults;
    let probe = |kind: &str, label: &'static str| {
        let of = |failing| Fault::ProbeFails {
            namespace: namespace.clone(),
            pod: name.clone(),
            probe: kind.to_owned(),
            failing,
        };
        let fails = active.iter().any(|row| row.until_ms < 0.0 && row.fault == of(true));
        (!fails).then(|| Item::new(label, "", fault(hub, of(true))))
    };
    let crash =
        Fault::ContainerExit { namespace: namespace.clone(), pod: name.clone(), container: String::new(), code: 1 };
    let mut items = vec![Item::heading(format!("Pod {}", split_name(&name).1))];
    if pod.node().is_some() {
        items.push(Item::new(text.crash_container, text.exit_code_one, fault(hub, crash)));
        items.extend(probe("Readiness", text.fail_readiness));
        items.extend(probe("Liveness", text.fail_liveness));
    }
    let delete = api::delete_label(&about);
    items.push(Item::new(text.delete, delete.clone(), ask(hub, Command::Delete(about.clone()))));
    items.push(Item::new(
        text.delete_at_once,
        format!("{delete} --grace-period=0 --force"),
        ask(hub, Command::Kill(about)),
    ));
    items
}

/// What can befall a node, or be done to it.
pub fn node_items(hub: &Hub, node: &Node) -> Vec<Item> {
    let text = hub.state.text();
    let about = node.about();
    let name = node.row.name.clone();
    let (cordoned, down) = (node.row.unschedulable, node.row.down);
    let tainted = node.row.taints.iter().any(|taint| taint.starts_with(TAINT));
    let pods: Vec<Ref> = hub
        .state
        .model
        .pods
        .iter()
        .filter(|pod| pod.row.node == name && !pod.row.owner.starts_with("DaemonSet/"))
        .map(|pod| pod.about())
        .collect();
    let (verb, cordon) = if cordoned { ("uncordon", text.uncordon) } else { ("cordon", text.cordon) };
    let mut items = vec![
        Item::heading(name.clone()),
        Item::new(cordon, format!("kubectl {verb} {name}"), ask(hub, Command::Cordon(about.clone(), !cordoned))),
        Item::new(
            text.drain,
            format!("kubectl drain {name} --ignore-daemonsets --force"),
            ask(hub, Command::Drain(about.clone(), pods)),
        ),
        Item::new(
            if tainted { text.untaint } else { text.taint },
            format!("kubectl taint nodes {name} {TAINT}:NoExecute{}", if tainted { "-" } else { "" }),
            ask(hub, Command::Taint(about, node.row.taints.clone(), !tainted)),
        ),
        Item::new(
            if down { text.node_up } else { text.node_down },
            "",
            fault(hub, Fault::NodeDown { node: name.clone(), down: !down }),
        ),
    ];
    if !down {
        items.push(Item::new(text.restart_kubelet, "", fault(hub, Fault::KubeletRestart { node: name.clone() })));
    }
    items.push(Item::new(text.remove_node, "", fault(hub, Fault::RemoveNode { node: name })));
    items
}

/// What can be broken, the selected object first.
pub fn menu(hub: &Hub) -> Html {
    let state = &hub.state;
    let text = state.text();
    let model = &state.model;
    let broken = |fault: &Fault| model.clock.faults.iter().any(|row| row.until_ms < 0.0 && row.fault == *fault);
    let (down, slow) = (Fault::RegistryDown { down: true }, Fault::SlowPulls { times: SLOW });
    let mut items = Vec::new();
    if let Some(pod) = state.selected.as_ref().and_then(|about| state.pod(about)) {
        items.extend(pod_items(hub, pod));
    }
    if let Some(node) = state.selected.as_ref().and_then(|about| state.node(about)) {
        items.extend(node_items(hub, node));
    } else {
        items.push(Item::heading(text.view_nodes));
        for node in model.nodes.iter().filter(|node| !node.row.down).take(NODES_MAX) {
            let node = node.row.name.clone();
            let label = fill(text.node_down_of, &[("node", &node)]);
            items.push(Item::new(label, "", fault(hub, Fault::NodeDown { node, down: true })));
        }
        items.push(Item::new(text.add_node, "", fault(hub, Fault::AddNode)));
    }
    items.push(Item::heading(text.registry));
    for one in [down, slow] {
        if !broken(&one) {
            items.push(Item::new(name(&one, text), "", fault(hub, one)));
        }
    }
    html! { <Menu id={Some("faults-menu")} label={text.faults} glyph="a-fault" {items} /> }
}

/// What is broken at this moment, for how long, and how to heal it.
#[component]
pub fn Tray() -> Html {
    let hub = use_hub();
    let state = &hub.state;
    let text = state.text();
    let now = state.model.clock.now;
    let active: Vec<&FaultRow> = state.model.clock.faults.iter().filter(|row| row.until_ms < 0.0).collect();
    if active.is_empty() {
        return Html::default();
    }
    html! {
        <section class="faults" aria-labelledby="faults-h">
            <h2 id="faults-h">{ icon("a-fault") }<span>{ fill(text.faults_active, &[("n", &active.len().to_string())]) }</span></h2>
            { for active.into_iter().map(|row| {
                let heal = row.heal.clone();
                let what = name(&row.fault, text);
                let seconds = (now - row.since_ms as At).max(0) / 1000;
                html! {
                    <span class="fault" key={what.clone()}>
                        { icon(glyph(&row.fault)) }<span>{ format!("{what} · {seconds} {}", text.second) }</span>
                        <button type="button" class="btn btn-sm" onclick={hub.ask(move || Command::Fault(heal.clone()))}>
                            { text.heal }<span class="vh">{ format!(": {what}") }</span>
                        </button>
                    </span>
                }
            }) }
        </section>
    }
}

fn glyph(fault: &Fault) -> &'static str {
    match fault {
        Fault::NodeDown { .. } => "a-scissors",
        Fault::RegistryDown { .. } | Fault::SlowPulls { .. } => "k-registry",
        _ => "a-fault",
    }
}

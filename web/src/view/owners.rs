//! The Owners view: who keeps a Pod alive, as a tree from left to right.

use std::rc::Rc;

use yew::prelude::*;

use super::icon::{glyph, icon, state};
use kubarium::session::protocol::{PodState, Ref, WorkloadRow};

use crate::model::{self, Pod};
use crate::store::{Hub, State, use_hub};
use crate::text::fill;
use crate::words::{Family, kind_glyph, look, short_kind, split_name};

/// More siblings than this are told by their states.
const GROUPED_ABOVE: usize = 12;

#[component]
pub fn Owners() -> Html {
    let hub = use_hub();
    let page = &hub.state;
    let text = page.text();
    let tops: Vec<&Rc<WorkloadRow>> = page
        .model
        .workloads
        .iter()
        .filter(|workload| workload.owner_uid.is_empty() && page.shows(&workload.namespace))
        .collect();
    let orphans: Vec<&Rc<Pod>> = page
        .model
        .pods
        .iter()
        .filter(|pod| page.shows(&pod.row.namespace) && page.model.workload(&pod.row.owner_uid).is_none())
        .collect();
    if tops.is_empty() && orphans.is_empty() {
        return html! { <p class="empty">{ text.owners_empty }</p> };
    }
    // The tree is one stop of the Tab key: what is selected, else the first; arrows go from there.
    let selected = page.selected.clone().filter(|about| is_drawn(page, about));
    let first = || tops.first().map(|top| model::about(top)).or(orphans.first().map(|pod| pod.about()));
    let stop = selected.or_else(first).expect("there is one or the other");
    html! {
        <>
            <p><span class="chip">{ text.desired_current }{ " / " }<b>{ text.ready }</b></span></p>
            <ul class="tree">
                { for tops.into_iter().map(|workload| branch(&hub, workload, &stop)) }
                { for orphans.into_iter().map(|pod| html! { <li key={pod.row.uid.clone()} class="twig">{ podline(&hub, pod, &stop) }</li> }) }
            </ul>
        </>
    }
}

fn branch(hub: &Hub, workload: &Rc<WorkloadRow>, stop: &Ref) -> Html {
    let page = &hub.state;
    let children: Vec<&Rc<WorkloadRow>> =
        page.model.workloads.iter().filter(|child| child.owner_uid == workload.uid).collect();
    let (old, current): (Vec<&Rc<WorkloadRow>>, Vec<&Rc<WorkloadRow>>) =
        children.into_iter().partition(|child| child.desired == 0 && child.current == 0);
    let pods: Vec<&Rc<Pod>> = page.model.pods.iter().filter(|pod| pod.row.owner_uid == workload.uid).collect();
    html! {
        <li key={workload.uid.clone()} class="branch">
            { thing(hub, workload, stop) }
            <ul>
                { for current.into_iter().map(|child| branch(hub, child, stop)) }
                if !old.is_empty() {
                    <li class="twig"><span class="older">{ icon("a-right") }{ fill(page.text().older_revisions, &[("n", &old.len().to_string())]) }</span></li>
                }
                { pods_of(hub, workload, &pods, stop) }
            </ul>
        </li>
    }
}

fn pods_of(hub: &Hub, workload: &WorkloadRow, pods: &[&Rc<Pod>], stop: &Ref) -> Html {
    let text = hub.state.text();
    if workload.kind == "Deployment" {
        return Html::default();
    }
    let alive = pods.iter().filter(|pod| pod.row.state != PodState::Terminating).count();
    let missing = usize::try_from(workload.desired).unwrap_or(0).saturating_sub(alive);
    let gap = (missing > 0).then(|| {
        html! {
            <li key="gap" class="twig"><span class="podline is-gap">
                { glyph("ic ic-st", "s-ring") }<span>{ fill(text.missing, &[("n", &missing.to_string())]) }</span>
            </span></li>
        }
    });
    if pods.len() > GROUPED_ABOVE {
        return html! { <>{ for groups(pods).into_iter().map(|(example, count)| group(example, count)) }{ for gap }</> };
    }
    html! {
        <>
            { for pods.iter().map(|pod| html! { <li key={pod.row.uid.clone()} class="twig">{ podline(hub, pod, stop) }</li> }) }
            { for gap }
        </>
    }
}

/// How many Pods are in each state, in the order in which the states first appear.
fn groups<'a>(pods: &[&'a Rc<Pod>]) -> Vec<(&'a Rc<Pod>, usize)> {
    let mut found: Vec<(&Rc<Pod>, usize)> = Vec::new();
    for pod in pods {
        match found.iter_mut().find(|(example, _)| state_of(example) == state_of(pod)) {
            Some((_, count)) => *count += 1,
            None => found.push((pod, 1)),
        }
    }
    found
}

fn state_of(pod: &Pod) -> (Family, &'static str) {
    look(pod.row.state, &pod.row.status)
}

fn group(example: &Pod, count: usize) -> Html {
    let (family, id) = state_of(example);
    html! {
        <li class="twig"><span class={classes!("podline", family.class())}>
            { glyph("ic ic-st", id) }<span class="mono">{ format!("{count} ×") }</span><span class="w" lang="en">{ example.row.status.clone() }</span>
        </span></li>
    }
}

fn thing(hub: &Hub, workload: &WorkloadRow, stop: &Ref) -> Html {
    let page = &hub.state;
    let text = page.text();
    let about = model::about(workload);
    let selected = page.selected.as_ref() == Some(&about);
    let revision = if workload.revision > 0 { format!(" · rev {}", workload.revision) } else { String::new() };
    let dots = workload.desired.max(workload.current).clamp(0, 12);
    let (family, id, word) = page.state_of(&about).expect("it is of the model");
    html! {
        <button type="button" id={format!("thing-{}", workload.uid)} class={classes!("thing", selected.then_some("is-sel"))} tabindex={tabindex(&about, stop)} aria-pressed={selected.to_string()} onclick={hub.select(about)}>
            { glyph("ic ic-kind ic-kind-lg", kind_glyph(&workload.kind)) }
            <span class="thing-id">
                <span class="kind" lang="en">{ short_kind(&workload.kind) }{ revision }</span>
                <span class="thing-head">
                    <span class="name" lang="en">{ workload.name.clone() }</span>
                    <span class="nums">
                        <span class="vh">{ text.desired }{ " " }</span>{ workload.desired }<span aria-hidden="true">{ " / " }</span>
                        <span class="vh">{ ", " }{ text.current }{ " " }</span>{ workload.current }<span aria-hidden="true">{ " / " }</span>
                        <span class="vh">{ ", " }{ text.ready }{ " " }</span><b>{ workload.ready }</b>
                    </span>
                </span>
            </span>
            <span class="thing-foot">
                <span class={classes!("dots", "st-ok")} aria-hidden="true">
                    { for (0..dots).map(|dot| {
                        let class = if dot < workload.ready { "" } else if dot >= workload.desired { "extra" } else if dot < workload.current { "half" } else { "gap" };
                        html! { <i {class} /> }
                    }) }
                </span>
                <span class="vh">{ ", " }{ word }</span>{ state(id, family) }
            </span>
        </button>
    }
}

fn podline(hub: &Hub, pod: &Pod, stop: &Ref) -> Html {
    let (family, id) = state_of(pod);
    let about = pod.about();
    let selected = hub.state.selected.as_ref() == Some(&about);
    let (before, own) = split_name(&pod.row.name);
    html! {
        <button type="button" id={format!("podline-{}", pod.row.uid)} class={classes!("podline", family.class(), selected.then_some("is-selected"))} tabindex={tabindex(&about, stop)} aria-pressed={selected.to_string()} onclick={hub.select(about)}>
            <span class="pod-name">{ glyph("ic ic-st", id) }
                <span class="mono" lang="en"><span class="before">{ before.to_owned() }</span><span class="own">{ own.to_owned() }</span></span></span>
            <span class="w" lang="en">{ pod.row.status.clone() }</span>
        </button>
    }
}

fn tabindex(about: &Ref, stop: &Ref) -> &'static str {
    if about == stop { "0" } else { "-1" }
}

/// Whether an object has a place of its own in the tree: many siblings are told by number, and so are old revisions.
fn is_drawn(page: &State, about: &Ref) -> bool {
    if let Some(workload) = page.workload(about) {
        return page.shows(&workload.namespace)
            && (workload.owner_uid.is_empty() || workload.desired + workload.current > 0);
    }
    let Some(pod) = page.pod(about) else { return false };
    let siblings = page.model.pods.iter().filter(|other| other.row.owner_uid == pod.row.owner_uid).count();
    page.shows(&pod.row.namespace) && (pod.row.owner_uid.is_empty() || siblings <= GROUPED_ABOVE)
}

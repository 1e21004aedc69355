//! The Rollout view: how many Pods are available between floor and ceiling, and every Pod's life under it.

use kubarium::session::Arrange;
use yew::prelude::*;

use super::icon::{glyph, icon, state};
use kubarium::session::protocol::{Bounds, PodState, WorkloadRow};

use crate::model::{self, At, Bit, Life};
use crate::store::{Command, Hub, use_hub};
use crate::tape::Window;
use crate::text::fill;
use crate::words::{Family, look, short_image, split_name};

/// Narrower than this, a bar has no room for its glyph.
const THIN_PERCENT: f64 = 3.0;

/// A Deployment's story: its ReplicaSets by revision, and the lives of their Pods.
struct Story<'a> {
    workload: &'a WorkloadRow,
    /// (revision, template hash, lives), the newest first.
    revisions: Vec<(u64, &'a str, Vec<&'a Life>)>,
    /// At each change: how many Pods there are, and how many of them are available.
    steps: Vec<(At, u32, u32)>,
}

#[component]
pub fn Rollout() -> Html {
    let hub = use_hub();
    let page = &hub.state;
    let text = page.text();
    let all: Vec<&WorkloadRow> = page
        .model
        .workloads
        .iter()
        .filter(|workload| workload.kind == "Deployment" && page.shows(&workload.namespace))
        .map(|workload| &**workload)
        .collect();
    // The selected one, or that of the selected Pod, or the first.
    let selected = page.selected.as_ref().and_then(|about| {
        let owner = page
            .pod(about)
            .map(|pod| pod.row.owner_uid.as_str())
            .or(page.workload(about).map(|one| one.uid.as_str()))?;
        all.iter().find(|one| page.model.belongs(owner, &one.uid))
    });
    let Some(shown) = selected.or(all.first()) else {
        return html! { <p class="empty">{ text.rollout_empty }</p> };
    };
    html! {
        <>
            if all.len() > 1 {
                <nav class="tabs" aria-label={text.workloads}>
                    { for all.iter().map(|one| html! {
                        <button type="button" class="tab" aria-current={(one.uid == shown.uid).then_some("true")} onclick={hub.select(model::about(one))}>
                            { glyph("ic", "k-deploy") }<span class="mono" lang="en">{ one.name.clone() }</span>
                        </button>
                    }) }
                </nav>
            }
            { whole(&hub, &story(&hub, shown)) }
        </>
    }
}

/// What the page remembers of a Deployment's Pods, up to now.
fn story<'a>(hub: &'a Hub, workload: &'a WorkloadRow) -> Story<'a> {
    let model = &hub.state.model;
    let now = model.clock.now;
    let mut revisions: Vec<(u64, &str, Vec<&Life>)> = Vec::new();
    let mine: Vec<&Life> = model
        .lives
        .iter()
        .map(|life| &**life)
        .filter(|life| {
            model.belongs(&life.owner_uid, &workload.uid) && life.bits.first().is_some_and(|bit| bit.from <= now)
        })
        .collect();
    for life in &mine {
        let revision = model.workload(&life.owner_uid).map_or(0, |owner| owner.revision);
        match revisions.iter_mut().find(|(_, hash, _)| *hash == life.template_hash) {
            Some((.., lives)) => lives.push(life),
            None => revisions.push((revision, &life.template_hash, vec![life])),
        }
    }
    revisions.arrange_by_key(|(revision, ..)| std::cmp::Reverse(*revision));
    Story { workload, revisions, steps: steps_of(&mine, now) }
}

/// Total and available after every change in any of the lives.
fn steps_of(lives: &[&Life], now: At) -> Vec<(At, u32, u32)> {
    let mut changes: Vec<(At, i32, i32)> = Vec::new();
    for life in lives {
        let end = end_of(life);
        let mut next = life.bits.iter().skip(1).map(|bit| bit.from);
        for (nth, bit) in life.bits.iter().enumerate() {
            let until = next.next().unwrap_or(At::MAX).min(end);
            // A bit that counts for nothing is a moment all the same.
            changes.push((bit.from, i32::from(nth == 0 && bit.from < end), 0));
            if bit.state == PodState::Ready && bit.from < until {
                changes.extend([(bit.from, 0, 1), (until, 0, -1)]);
            }
        }
        changes.extend(life.until.map(|until| (until, 0, 0)));
        changes.extend(life.bits.first().filter(|bit| bit.from < end).map(|_| (end, -1, 0)));
    }
    changes.retain(|(at, ..)| *at <= now);
    changes.arrange();
    let mut steps: Vec<(At, u32, u32)> = Vec::new();
    let (mut total, mut available) = (0, 0);
    for (at, more, ready) in changes {
        total += more;
        available += ready;
        let step = (at, total.max(0) as u32, available.max(0) as u32);
        match steps.last_mut() {
            Some(last) if last.0 == at => *last = step,
            _ => steps.push(step),
        }
    }
    steps
}

/// When a Pod ceases to count. A Pod on its way out does not count against the ceiling: that is the controller's own
/// reckoning. One that has ended was on its way as well: between two frames nobody may have seen it go.
fn end_of(life: &Life) -> At {
    let leaves = |bit: &&Bit| matches!(bit.state, PodState::Terminating | PodState::Completed);
    let leaving = life.bits.iter().find(leaves).map_or(At::MAX, |bit| bit.from);
    life.until.unwrap_or(At::MAX).min(leaving)
}

fn whole(hub: &Hub, story: &Story) -> Html {
    let page = &hub.state;
    let text = page.text();
    let clock = &page.model.clock;
    let window = super::time::window(page);
    let style = format!("--ticks:10;--f:{:.4}", window.percent(clock.now) / 100.0);
    html! {
        <section class="strip" aria-labelledby="strip-h" {style}>
            { head(hub, story.workload) }
            <div class="strip-body">
                <div class="strip-row">
                    <span class="cap axis-lab">{ text.simulated_time }</span>
                    <div class="track axis" aria-hidden="true">
                        { for window.ticks().map(|(percent, label)| html! {
                            <span style={format!("--x:{percent:.2}%")}>{ if (percent - window.percent(clock.now)).abs() < 4.0 { String::new() } else { label } }</span>
                        }) }
                    </div>
                </div>
                { band(hub, story, &window) }
                { for story.revisions.iter().map(|(number, hash, lives)| revision(hub, story.workload, *number, hash, lives, &window)) }
                <span class="strip-future"></span><span class="strip-now"></span>
            </div>
            <footer class="strip-foot"><span>{ text.strip_rule }</span></footer>
        </section>
    }
}

fn head(hub: &Hub, workload: &WorkloadRow) -> Html {
    let text = hub.state.text();
    let about = model::about(workload);
    let paused = workload.paused;
    let act = |glyph: &'static str, label: String, command: Command| {
        html! { <button type="button" class="btn btn-sm" onclick={hub.ask(move || command.clone())}>{ icon(glyph) }<span>{ label }</span></button> }
    };
    let pause = if paused { ("a-play", text.resume_rollout) } else { ("a-pause", text.pause_rollout) };
    // What `kubectl rollout undo` goes back to: the newest revision before this one.
    let sets = hub
        .state
        .model
        .workloads
        .iter()
        .filter(|one| one.owner_uid == workload.uid && one.revision < workload.revision);
    let before = sets.max_by_key(|one| one.revision);
    html! {
        <header class="strip-head">
            <h2>{ glyph("ic ic-kind ic-kind-lg", "k-deploy") }
                <button type="button" class="obj mono" id="strip-h" lang="en" onclick={hub.select(about.clone())}>{ workload.name.clone() }</button></h2>
            <span class="cap">{ fill(text.revision_n, &[("n", &workload.revision.to_string())]) }{ " · " }<span lang="en">{ short_image(&workload.image) }</span></span>
            <div class="acts">
                { act(pause.0, pause.1.to_owned(), Command::PauseRollout(about.clone(), !paused)) }
                if let Some(before) = before {
                    { act("a-undo", fill(text.undo_to, &[("n", &before.revision.to_string())]),
                        Command::UndoRollout { deployment: about.clone(), replica_set: model::about(before), revision: before.revision }) }
                }
                { act("a-restart", text.restart.to_owned(), Command::Restart(about)) }
            </div>
        </header>
    }
}

/// The step chart. Its numbers stand in words beside it: the drawing itself is decoration to assistive technology.
fn band(hub: &Hub, story: &Story, window: &Window) -> Html {
    let text = hub.state.text();
    let now = hub.state.model.clock.now;
    let workload = story.workload;
    let count = |number: i32| u32::try_from(number).unwrap_or(0);
    let (desired, surge, unavailable) =
        (count(workload.desired), count(workload.max_surge), count(workload.max_unavailable));
    let (ceiling, floor) = (desired + surge, desired.saturating_sub(unavailable));
    let earlier = earlier_bounds(&hub.state.model.bounds, workload, now);
    let most = |bounds: &(At, At, u32, u32)| bounds.2;
    let highest = story.steps.iter().map(|(_, total, _)| *total).chain(earlier.iter().map(most)).max().unwrap_or(0);
    let highest = highest.max(ceiling);
    // Where the present bounds begin: nothing, where they have always been these.
    let since = earlier.last().map_or(0.0, |(_, until, ..)| window.percent(*until).clamp(0.0, 100.0));
    let top = f64::from(highest) * 1.2;
    let y = |count: u32| (top - f64::from(count)) * 100.0 / top.max(1.0);
    let past: Vec<(f64, u32, u32)> =
        story.steps.iter().map(|(at, total, available)| (window.percent(*at), *total, *available)).collect();
    let end = window.percent(now);
    let total = steps(past.iter().map(|(x, total, _)| (*x, y(*total))), end);
    let available = steps(past.iter().map(|(x, _, available)| (*x, y(*available))), end);
    let current = past.last().map_or(0, |(.., available)| *available);
    let n = |number: u32| number.to_string();
    let late = workload.conditions.iter().find(|(_, _, reason, _)| reason == "ProgressDeadlineExceeded");
    html! {
        <div class="strip-row">
            <div class="band-lab">
                <div><b>{ current }</b>{ " " }<span>{ fill(text.of_available, &[("n", &n(desired))]) }</span></div>
                <div class="band-key"><span><i></i>{ text.available }</span><span><i class="k-total"></i>{ text.total }</span></div>
            </div>
            <div class="track band">
                <svg class="chart" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
                    <path class="avail-fill" d={format!("{available}V100H{:.2}Z", past.first().map_or(0.0, |(x, ..)| x.max(0.0)))} />
                    { for dips(&story.steps, &earlier, floor, now).into_iter().map(|(from, until, bound, available)| html! {
                        <path class="dip" d={format!("M{:.2} {:.2}H{:.2}V{:.2}H{0:.2}Z", window.percent(from).max(0.0), y(bound), window.percent(until).max(0.0), y(available))} />
                    }) }
                    <path class="total" d={total} /><path class="avail" d={available.clone()} />
                </svg>
                if let Some((_, _, reason, _)) = late {
                    <span class="flag" style="--x:2%">{ state("s-warn", Family::Failed) }<span lang="en">{ reason.clone() }</span></span>
                }
                { for earlier.iter().filter(|(_, until, ..)| window.percent(*until) > 0.0).flat_map(|(from, until, ceiling, floor)| {
                    let (a, b) = (window.percent(*from).max(0.0), window.percent(*until));
                    [*ceiling, *floor].map(|bound| html! {
                        <div class="guard guard-was" style={format!("--y:{:.2}%;left:{a:.2}%;right:{:.2}%", y(bound), 100.0 - b)}></div>
                    })
                }) }
                <div class="guard" style={format!("--y:{:.2}%;left:{since:.2}%", y(ceiling))}><span class="guard-end">
                    { fill(text.ceiling_is, &[("n", &n(ceiling))]) }<span class="fx">{ format!(" = {desired} + maxSurge {surge}") }</span></span></div>
                <div class="guard" style={format!("--y:{:.2}%;left:{since:.2}%", y(floor))}><span class="guard-end">
                    { fill(text.floor_is, &[("n", &n(floor))]) }<span class="fx">{ format!(" = {desired} − maxUnavailable {unavailable}") }</span></span></div>
            </div>
        </div>
    }
}

/// Where fewer were available than the floor allows, once there had been enough: (from, until, floor, available).
fn dips(steps: &[(At, u32, u32)], earlier: &[(At, At, u32, u32)], floor: u32, now: At) -> Vec<(At, At, u32, u32)> {
    let floor_at = |at: At| earlier.iter().find(|(_, until, ..)| at < *until).map_or(floor, |(.., floor)| *floor);
    let ends = steps.iter().skip(1).map(|(at, ..)| *at).chain(std::iter::once(now));
    let mut enough = false;
    steps
        .iter()
        .zip(ends)
        .filter_map(|((at, _, available), end)| {
            let floor = floor_at(*at);
            enough |= *available >= floor;
            (enough && *available < floor).then_some((*at, end, floor, *available))
        })
        .collect()
}

/// From when to when other bounds held before these, and which: (from, until, ceiling, floor).
fn earlier_bounds(all: &[Bounds], workload: &WorkloadRow, now: At) -> Vec<(At, At, u32, u32)> {
    let mine: Vec<&Bounds> = all.iter().filter(|one| one.uid == workload.uid && one.ms as At <= now).collect();
    let count = |number: i32| u32::try_from(number).unwrap_or(0);
    mine.windows(2)
        .map(|pair| {
            let (one, next) = (pair[0], pair[1]);
            let (ceiling, floor) = (one.desired + one.max_surge, one.desired - one.max_unavailable);
            (one.ms as At, next.ms as At, count(ceiling), count(floor))
        })
        .collect()
}

/// A line that keeps its height until the next point.
fn steps(points: impl Iterator<Item = (f64, f64)>, end: f64) -> String {
    let mut path = String::new();
    for (x, y) in points {
        let x = x.max(0.0);
        path += &if path.is_empty() { format!("M{x:.2} {y:.2}") } else { format!("H{x:.2}V{y:.2}") };
    }
    if path.is_empty() { "M0 100".to_owned() } else { format!("{path}H{end:.2}") }
}

fn revision(hub: &Hub, workload: &WorkloadRow, number: u64, hash: &str, lives: &[&Life], window: &Window) -> Html {
    let text = hub.state.text();
    let now = hub.state.model.clock.now;
    let lanes: Vec<&&Life> =
        lives.iter().filter(|life| life.until.is_none_or(|until| until > now || window.holds(until))).collect();
    let Some(first) = lanes.first() else { return Html::default() };
    let alive = lanes.iter().filter(|lane| lane.until.is_none_or(|until| until > now)).count().to_string();
    let count = if number == workload.revision { text.new_pods } else { text.old_pods };
    html! {
        <>
            <div class="group">
                <b>{ fill(text.revision_n, &[("n", &number.to_string())]) }</b>
                <span class="tag" lang="en">{ format!("{hash} · {}", short_image(&first.image)) }</span>
                <span class="chip">{ fill(count, &[("n", &alive)]) }</span>
            </div>
            { share(hub, workload, lives, window) }
            <ul>{ for lanes.iter().map(|lane| row(hub, lane, window)) }</ul>
        </>
    }
}

/// How much of the whole this ReplicaSet had: its Pods, and those of them that were available. A drawing of the lanes below.
fn share(hub: &Hub, workload: &WorkloadRow, lives: &[&Life], window: &Window) -> Html {
    let now = hub.state.model.clock.now;
    let top = f64::from((workload.desired + workload.max_surge).max(1)) * 1.1;
    let y = |count: u32| (top - f64::from(count)).max(0.0) * 100.0 / top;
    let past: Vec<(f64, u32, u32)> =
        steps_of(lives, now).iter().map(|(at, total, available)| (window.percent(*at), *total, *available)).collect();
    let end = window.percent(now);
    let total = steps(past.iter().map(|(x, total, _)| (*x, y(*total))), end);
    let available = steps(past.iter().map(|(x, _, available)| (*x, y(*available))), end);
    let begin = past.first().map_or(0.0, |(x, ..)| x.max(0.0));
    html! {
        <div class="strip-row share" aria-hidden="true">
            <span></span>
            <div class="track">
                <svg class="chart" viewBox="0 0 100 100" preserveAspectRatio="none">
                    <path class="avail-fill" d={format!("{available}V100H{begin:.2}Z")} />
                    <path class="total" d={total} /><path class="avail" d={available} />
                </svg>
            </div>
        </div>
    }
}

fn row(hub: &Hub, lane: &Life, window: &Window) -> Html {
    let now = hub.state.model.clock.now;
    let end = lane.until.map_or(now, |until| until.min(now));
    let past: Vec<&Bit> = lane.bits.iter().filter(|bit| bit.from <= now).collect();
    let gone = lane.until.is_some_and(|until| until <= now);
    let (family, id) = past.last().map_or((Family::Unknown, "s-question"), |bit| look(bit.state, &bit.status));
    let ends = past.iter().skip(1).map(|bit| bit.from).chain(std::iter::once(end));
    html! {
        <li key={lane.uid.clone()} class="strip-row lane">
            <span class={family.class()}>{ glyph("ic ic-st", id) }<span class="mono" lang="en">{ split_name(&lane.name).1 }</span>
                if gone { <span class="vh">{ ", " }{ hub.state.text().gone }</span> } else { <span class="vh" lang="en">{ ", " }{ past.last().map(|bit| bit.status.clone()) }</span> }
                <span class="where" lang="en">{ if lane.node.is_empty() { "-".to_owned() } else { lane.node.clone() } }</span></span>
            <div class="track" aria-hidden="true" lang="en">
                { for past.iter().zip(ends).map(|(bit, end)| {
                    let (family, id) = look(bit.state, &bit.status);
                    let (a, b) = (window.percent(bit.from).max(0.0), window.percent(end));
                    if b <= 0.0 { return Html::default() }
                    let thin = b - a < THIN_PERCENT;
                    html! {
                        <span class={classes!("bit", family.class(), thin.then_some("is-thin"))} style={format!("--a:{a:.2}%;--b:{b:.2}%")}>
                            if !thin {
                                { glyph("ic ic-st", id) }
                                <span class="lbl">{ if bit.state == PodState::Pulling { "Pulling".to_owned() } else { bit.status.clone() } }</span>
                            }
                        </span>
                    }
                }) }
            </div>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(bits: &[(At, PodState)], until: Option<At>) -> Life {
        let bits = bits.iter().map(|(from, state)| Bit { from: *from, status: String::new(), state: *state }).collect();
        let none = String::new;
        Life {
            uid: none(),
            name: none(),
            node: none(),
            owner_uid: none(),
            template_hash: none(),
            image: none(),
            bits,
            until,
        }
    }

    #[test]
    fn a_pod_counts_from_its_birth_and_not_while_it_leaves() {
        let old = life(&[(0, PodState::Ready), (20, PodState::Terminating)], Some(30));
        let new = life(&[(10, PodState::Pending), (20, PodState::Ready)], None);
        let steps = steps_of(&[&old, &new], 100);
        assert_eq!(steps, [(0, 1, 1), (10, 2, 1), (20, 1, 1), (30, 1, 1)]);
    }

    #[test]
    fn a_dip_is_where_too_few_are_available_after_there_were_enough() {
        let steps = [(0, 5, 0), (10, 5, 4), (20, 5, 3), (30, 5, 5)];
        assert_eq!(dips(&steps, &[], 4, 40), [(20, 30, 4, 3)]);
        assert_eq!(dips(&steps, &[(0, 25, 7, 3)], 4, 40), [], "by the floor of its time");
    }

    #[test]
    fn bounds_that_were_hold_until_the_next_ones() {
        let workload = WorkloadRow { uid: "d".into(), ..WorkloadRow::default() };
        let bounds = |ms, desired| Bounds { uid: "d".into(), ms, desired, max_surge: 2, max_unavailable: 1 };
        let all = [bounds(10.0, 5), bounds(40.0, 8), bounds(90.0, 3)];
        assert_eq!(earlier_bounds(&all, &workload, 50), [(10, 40, 7, 4)]);
        assert_eq!(earlier_bounds(&all, &workload, 95), [(10, 40, 7, 4), (40, 90, 10, 7)]);
    }

    #[test]
    fn a_step_line_keeps_its_height_until_the_next_point() {
        assert_eq!(steps([(0.0, 50.0), (10.0, 40.0)].into_iter(), 20.0), "M0.00 50.00H10.00V40.00H20.00");
        assert_eq!(steps(std::iter::empty(), 20.0), "M0 100");
    }
}

//! Sentences about what happened, and the chain of causes behind a mark.

use std::rc::Rc;

use kubarium::session::protocol::Lane;
use yew::prelude::*;

use crate::model::{Mark, Seq};
use crate::text::{Piece, Text, fill, pieces};
use crate::words::split_name;

/// The sentence of a mark as one text.
pub fn plain(mark: &Mark, text: &Text) -> String {
    with(mark, text, fill)
}

/// The sentence of a mark, with names set as names.
pub fn html(mark: &Mark, text: &Text) -> Html {
    with(mark, text, |sentence, values| {
        pieces(sentence, values)
            .into_iter()
            .map(|piece| match piece {
                Piece::Plain(text) => html! { { text } },
                Piece::Name(name) => html! { <code lang="en">{ name }</code> },
            })
            .collect()
    })
}

/// Who did it, as a caption: kubectl's own names, but the person in the page's language.
pub fn actor(mark: &Mark, text: &Text) -> String {
    match mark.actor.as_str() {
        "you" => text.you.to_owned(),
        actor if mark.lane == Lane::Kubelets && !actor.contains("kubelet") => format!("kubelet {actor}"),
        actor => actor.to_owned(),
    }
}

/// The object of a mark, as its tile or box names it.
fn object(mark: &Mark) -> String {
    let Some(about) = &mark.about else { return String::new() };
    match about.kind.as_str() {
        // A Pod is told by the part of its name that tells it from its siblings, as its tile shows it.
        "Pod" => split_name(&about.name).1.to_owned(),
        "Node" => about.name.clone(),
        kind => format!("{kind} {}", about.name),
    }
}

fn with<T>(mark: &Mark, text: &Text, show: impl FnOnce(&str, &[(&str, &str)]) -> T) -> T {
    let (actor, object) = (actor(mark, text), object(mark));
    let arg = |at: usize| mark.args.get(at).map_or("", String::as_str);
    let message = match &mark.fault {
        Some(fault) => crate::view::faults::name(fault, text),
        None => mark.args.join(" "),
    };
    let values = [
        ("actor", actor.as_str()),
        ("object", object.as_str()),
        ("first", arg(0)),
        ("second", arg(1)),
        ("message", message.as_str()),
    ];
    let sentence = match mark.note.as_str() {
        "boot" => text.say_booted,
        "request" => text.say_request,
        "created" => text.say_created,
        "deleted" if mark.lane == Lane::Kubelets => text.say_gone,
        "deleted" => text.say_deleted,
        "evicted" => text.say_evicted,
        "scheduled" => text.say_scheduled,
        "bound" => text.say_bound,
        "unschedulable" => text.say_unschedulable,
        "pulling" => text.say_pulling,
        "pulled" => text.say_pulled,
        "pull-failed" => text.say_pull_failed,
        "started" => text.say_started,
        "ready" => text.say_ready,
        "unready" => text.say_unready,
        "probe-ok" => text.say_probe_ok,
        "probe-failed" => text.say_probe_failed,
        "exited" => text.say_exited,
        "changed" => text.say_changed,
        "changed-status" => text.say_status,
        "synced" => text.say_synced,
        "fault" if mark.fault.as_ref().is_some_and(crate::view::faults::heals) => text.say_healed,
        "fault" => text.say_fault,
        "refused" => text.say_refused,
        _ => text.say_other,
    };
    show(sentence, &values)
}

/// A mark and its causes, newest first, down to the first cause.
pub fn chain(marks: &[Rc<Mark>], seq: Option<Seq>) -> Vec<&Rc<Mark>> {
    let mut found: Vec<&Rc<Mark>> = Vec::new();
    let mut next = seq;
    let find = |seq: Seq| marks.binary_search_by_key(&seq, |mark| mark.seq).ok().map(|at| &marks[at]);
    while let Some(mark) = next.and_then(find) {
        // Causes come before their effects; anything else would be a loop.
        if found.last().is_some_and(|effect| effect.seq <= mark.seq) {
            break;
        }
        found.push(mark);
        next = mark.cause;
    }
    found
}

/// A mark for tests.
#[cfg(test)]
pub fn sample() -> Mark {
    Mark {
        seq: 1,
        at: 0,
        cause: None,
        lane: Lane::Scheduler,
        warning: false,
        milestone: true,
        actor: "scheduler".into(),
        about: Some(crate::model::refer("Pod", "default", "web-7c9-x2k9f")),
        note: "scheduled".into(),
        args: vec!["node-2".into()],
        fault: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;

    #[test]
    fn the_same_mark_is_told_in_both_languages() {
        assert_eq!(plain(&sample(), Lang::En.text()), "scheduler chose node-2 for x2k9f.");
        assert_eq!(plain(&sample(), Lang::Ko.text()), "scheduler가 x2k9f를 위해 node-2를 골랐다.");
    }

    #[test]
    fn a_chain_ends_at_the_first_cause_and_never_runs_in_circles() {
        let mark = |seq, cause| Rc::new(Mark { seq, cause, ..sample() });
        let marks = [mark(1, None), mark(2, Some(1)), mark(3, Some(2)), mark(4, Some(4))];
        let seqs = |seq| chain(&marks, Some(seq)).iter().map(|mark| mark.seq).collect::<Vec<_>>();
        assert_eq!(seqs(3), [3, 2, 1]);
        assert_eq!(seqs(4), [4]);
        assert!(chain(&marks, None).is_empty());
    }
}

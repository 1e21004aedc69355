//! From kubectl's STATUS words to what a tile looks like: glyph, word and border agree, colour repeats them.

use kubarium::session::protocol::{PodRow, PodState};

/// A family of states; its class gives colour, border and fill.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    Waiting,
    Progress,
    Half,
    Ok,
    Failed,
    Done,
    Unknown,
}

impl Family {
    /// The class of the style sheet.
    pub fn class(self) -> &'static str {
        match self {
            Family::Waiting => "st-wait",
            Family::Progress => "st-prog",
            Family::Half => "st-half",
            Family::Ok => "st-ok",
            Family::Failed => "st-fail",
            Family::Done => "st-done",
            Family::Unknown => "st-unk",
        }
    }
}

/// The family and the glyph of a state, the word telling apart what one state covers.
pub fn look(state: PodState, status: &str) -> (Family, &'static str) {
    match state {
        PodState::Pending if status == "SchedulingGated" => (Family::Waiting, "s-lock"),
        PodState::Pending => (Family::Waiting, "s-hourglass"),
        PodState::Creating => (
            Family::Progress,
            match status {
                "Pending" => "s-pie1",
                "ContainerCreating" => "s-pie2",
                _ => "s-pie3",
            },
        ),
        PodState::Pulling => (Family::Progress, "s-tray"),
        PodState::Ready => (Family::Ok, "s-check"),
        PodState::NotReady => (Family::Half, "s-half"),
        PodState::Completed => (Family::Done, "s-flag"),
        PodState::Terminating => (Family::Unknown, "s-chevron"),
        PodState::Unknown => (Family::Unknown, "s-question"),
        PodState::BackOff | PodState::Error => (
            Family::Failed,
            match status.rsplit(':').next().unwrap_or_default() {
                "CrashLoopBackOff" => "s-loopcross",
                "OOMKilled" => "s-chipcross",
                "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" => "s-traycross",
                "CreateContainerConfigError" | "CreateContainerError" => "s-gearcross",
                "Evicted" => "s-eject",
                _ => "s-cross",
            },
        ),
    }
}

/// A glyph as a letter that every system has, where a drawing would be too much.
pub fn letter(glyph: &str) -> &'static str {
    match glyph {
        "s-hourglass" => "∙",
        "s-lock" => "¦",
        "s-pie1" => "◔",
        "s-pie2" => "◑",
        "s-pie3" => "◕",
        "s-tray" => "↓",
        "s-check" => "✓",
        "s-half" => "◐",
        "s-flag" => "■",
        "s-chevron" => "»",
        "s-loopcross" => "↻",
        "s-chipcross" => "‼",
        "s-traycross" => "⇣",
        "s-gearcross" => "¤",
        "s-eject" => "↑",
        "s-cross" => "✕",
        _ => "?",
    }
}

/// The letters that generated names end in, five of them.
const GENERATED: &str = "bcdfghjklmnpqrstvwxz2456789";

/// The part of a Pod's name that tells it from its siblings, and what stands before it. Only a generated name has
/// such a part: a name that somebody chose is told whole.
pub fn split_name(name: &str) -> (&str, &str) {
    let (before, tail) = name.split_at(name.rfind('-').map_or(0, |at| at + 1));
    if tail.len() == 5 && tail.chars().all(|c| GENERATED.contains(c)) { (before, tail) } else { ("", name) }
}

/// What the tile says under the name: the image when all is well, else the word, and how many are ready.
pub fn line(pod: &PodRow) -> String {
    match pod.state {
        PodState::Ready => short_image(&pod.image).to_owned(),
        PodState::NotReady => format!("{} {}/{}", pod.status, pod.ready, pod.containers),
        PodState::Pulling => "Pulling".to_owned(),
        _ => pod.status.clone(),
    }
}

/// An image without its registry.
pub fn short_image(image: &str) -> &str {
    image.rsplit('/').next().unwrap_or(image)
}

/// Short names of kinds, as kubectl abbreviates them.
pub fn short_kind(kind: &str) -> &str {
    match kind {
        "Deployment" => "deploy",
        "ReplicaSet" => "rs",
        "StatefulSet" => "sts",
        "DaemonSet" => "ds",
        "Job" => "job",
        "CronJob" => "cj",
        "Pod" => "po",
        "Node" => "no",
        "Service" => "svc",
        "ConfigMap" => "cm",
        "Secret" => "secret",
        "Namespace" => "ns",
        _ => "",
    }
}

/// The glyph of a kind.
pub fn kind_glyph(kind: &str) -> &'static str {
    match kind {
        "Deployment" => "k-deploy",
        "ReplicaSet" => "k-rs",
        "StatefulSet" => "k-sts",
        "DaemonSet" => "k-ds",
        "Job" => "k-job",
        "CronJob" => "k-cj",
        "Pod" => "k-po",
        "Node" => "k-no",
        "Service" => "k-svc",
        "ConfigMap" => "k-cm",
        "Secret" => "k-secret",
        "Namespace" => "k-ns",
        _ => "k-api",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_words_that_mean_different_things_differs_in_glyph() {
        let words = [
            (PodState::Pending, "Pending"),
            (PodState::Creating, "Pending"),
            (PodState::Creating, "ContainerCreating"),
            (PodState::Creating, "PodInitializing"),
            (PodState::Pulling, "ContainerCreating"),
            (PodState::Ready, "Running"),
            (PodState::NotReady, "Running"),
            (PodState::BackOff, "CrashLoopBackOff"),
            (PodState::BackOff, "ImagePullBackOff"),
            (PodState::Error, "Error"),
            (PodState::Error, "OOMKilled"),
            (PodState::Error, "CreateContainerConfigError"),
            (PodState::Error, "Evicted"),
            (PodState::Completed, "Completed"),
            (PodState::Terminating, "Terminating"),
            (PodState::Unknown, "Unknown"),
        ];
        let as_drawn: fn(&'static str) -> &'static str = |glyph| glyph;
        let as_letter: fn(&'static str) -> &'static str = |glyph| letter(glyph);
        for drawn in [as_drawn, as_letter] {
            let mut glyphs: Vec<_> = words.iter().map(|(state, status)| drawn(look(*state, status).1)).collect();
            glyphs.sort_unstable();
            glyphs.dedup();
            assert_eq!(glyphs.len(), words.len());
        }
    }

    #[test]
    fn a_tile_says_the_image_when_all_is_well_and_the_word_otherwise() {
        let pod = |state, status: &str, ready| PodRow {
            state,
            status: status.into(),
            ready,
            containers: 1,
            image: "docker.io/library/nginx:1.27".into(),
            ..PodRow::default()
        };
        assert_eq!(line(&pod(PodState::Ready, "Running", 1)), "nginx:1.27");
        assert_eq!(line(&pod(PodState::NotReady, "Running", 0)), "Running 0/1");
        assert_eq!(line(&pod(PodState::Pending, "Pending", 0)), "Pending");
    }

    #[test]
    fn a_generated_name_is_split_before_its_last_part_and_a_chosen_one_is_whole() {
        assert_eq!(split_name("web-7c9-x2k9f"), ("web-7c9-", "x2k9f"));
        for whole in ["web", "web-0", "my-database", "web-", "web-naïve"] {
            assert_eq!(split_name(whole), ("", whole));
        }
    }
}

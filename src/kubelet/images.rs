//! Images on the node: whether one has to be pulled, how long that takes, and what is said when it fails.
//!
//! Upstream: pkg/kubelet/images/image_manager.go (EnsureImageExists, pullImage), puller.go
//! Differs: credentials are not checked; a pull takes a quarter of a second and what its size takes at 250 MB/s.

use super::Cx;
use super::pod_worker::PodWorker;
use crate::api::Key;
use crate::api::core::{Container as Spec, Secret};
use crate::apimachinery::Str;
use crate::client::What;
use crate::runtime::PullError;
use crate::runtime::images::{Pulled, Reference, Registry};
use crate::sim::{Duration, Time};
use std::rc::Rc;

const REGISTRY: Duration = Duration::from_millis(250);
const AGAIN: Duration = Duration::from_millis(60);
const BYTES_PER_SECOND: i64 = 250_000_000;

/// What became of the wish for an image.
pub(super) enum Ensured {
    Here(Rc<Pulled>),
    Pulling {
        until: Time,
        takes: Duration,
        got: Result<Rc<Pulled>, PullError>,
    },
    /// The waiting reason and message.
    Failed(&'static str, String),
}

impl PodWorker {
    /// Upstream: EnsureImageExists.
    pub(super) fn ensure_image(&mut self, spec: &Spec, cx: &mut Cx) -> Ensured {
        let now = cx.t.now;
        let asked = &spec.image;
        let reference = match Reference::parse(asked) {
            Ok(r) => r,
            Err(e) => {
                let message = format!(
                    "Failed to apply default image tag {asked:?}: couldn't parse image name {asked:?}: {}",
                    e.0
                );
                self.container_event(cx, &spec.name, "Warning", "InspectFailed", &message);
                return Ensured::Failed("InvalidImageName", message);
            }
        };
        let name = Str::from(reference.to_string());
        let here = cx.k.images.get(&name).cloned();
        if spec.image_pull_policy != "Always" {
            if let Some(image) = here {
                let message =
                    format!("Container image {asked:?} already present on machine and can be accessed by the pod");
                self.container_event(cx, &spec.name, "Normal", "Pulled", &message);
                return Ensured::Here(image);
            }
            if spec.image_pull_policy == "Never" {
                let message = format!("Container image {asked:?} is not present with pull policy of Never");
                self.container_event(cx, &spec.name, "Warning", "ErrImageNeverPull", &message);
                return Ensured::Failed("ErrImageNeverPull", message);
            }
        }
        if self.pulls.until_since_update(asked, now).is_some() {
            let message = format!("Back-off pulling image {asked:?}");
            self.container_event(cx, &spec.name, "Normal", "BackOff", &message);
            let last = self.pull_errors.iter().find(|(image, _)| image == asked).map(|(_, e)| e.clone());
            let message = last.map_or(message.clone(), |e| format!("{message}: {e}"));
            return Ensured::Failed("ImagePullBackOff", message);
        }
        self.pull_errors.retain(|(image, _)| image != asked);
        self.container_event(cx, &spec.name, "Normal", "Pulling", &format!("Pulling image {asked:?}"));
        let (node, pod) = (cx.k.machine.name.clone(), self.key());
        self.did(What::Pulling { node, pod, image: name.clone() }, cx);
        let got = if cx.k.reach.down {
            Err(super::faults::unavailable(&reference))
        } else {
            Registry::pull(&reference).map(Rc::new)
        };
        let bytes = got.as_ref().map_or(0, |p| if cx.k.images.contains_key(&name) { 0 } else { p.bytes });
        let takes = REGISTRY + Duration::from_millis((bytes / (BYTES_PER_SECOND / 1000)).max(0) as u64);
        let takes = (takes + cx.jitter(takes / 10)) * cx.k.reach.times;
        let begins = now.max(cx.k.pull_free_at);
        // Whoever waited while the same image was pulled finds its layers there.
        let takes = if begins > now && cx.k.pulling == name { AGAIN } else { takes };
        cx.k.pulling = name;
        cx.k.pull_free_at = begins + takes;
        Ensured::Pulling { until: begins + takes, takes, got }
    }

    /// Upstream: pullImage, after the pull.
    pub(super) fn finish_pull(
        &mut self,
        spec: &Spec,
        begun: Time,
        takes: Duration,
        got: Result<Rc<Pulled>, PullError>,
        cx: &mut Cx,
    ) -> Result<Rc<Pulled>, String> {
        let now = cx.t.now;
        let asked = &spec.image;
        let (node, pod) = (cx.k.machine.name.clone(), self.key());
        self.did(What::Pulled { node, pod, image: asked.clone(), ok: got.is_ok() }, cx);
        match got {
            Ok(image) => {
                let (took, waited) = (go_millis(takes), go_millis(now.since(begun)));
                let message = format!(
                    "Successfully pulled image {asked:?} in {took} ({waited} including waiting). Image size: {} bytes.",
                    image.bytes
                );
                self.container_event(cx, &spec.name, "Normal", "Pulled", &message);
                cx.k.images.insert(image.name.clone(), image.clone());
                Ok(image)
            }
            Err(e) => {
                let message = format!("Failed to pull image {asked:?}: {}", e.text);
                self.container_event(cx, &spec.name, "Warning", "Failed", &message);
                self.pulls.next(asked, now, now);
                self.pull_errors.push((asked.clone(), Str::from(format!("ErrImagePull: {}", e.text))));
                Err(e.text.to_string())
            }
        }
    }

    /// Upstream: getPullSecretsForPod.
    pub(super) fn tell_missing_pull_secrets(&mut self, cx: &mut Cx) {
        let namespace = &self.pod.metadata.namespace;
        let missing: Vec<&str> = self
            .pod
            .spec
            .image_pull_secrets
            .iter()
            .filter(|r| {
                !r.name.is_empty() && cx.t.view.get::<Secret>(&Key::new(namespace.clone(), r.name.clone())).is_none()
            })
            .map(|r| r.name.as_str())
            .collect();
        if !missing.is_empty() {
            let message = format!(
                "Unable to retrieve some image pull secrets ({}); attempting to pull the image may not succeed.",
                missing.join(", ")
            );
            self.pod_event(cx, "Warning", "FailedToRetrieveImagePullSecret", &message);
        }
    }
}

/// `512ms`, `1.204s`. Upstream: Go's time.Duration, truncated to milliseconds.
fn go_millis(d: Duration) -> String {
    let ms = d.as_millis();
    if ms < 1000 {
        return format!("{ms}ms");
    }
    let seconds = format!("{}.{:03}", ms / 1000, ms % 1000);
    format!("{}s", seconds.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_go_prints_them() {
        for (ms, want) in [(512, "512ms"), (1204, "1.204s"), (1500, "1.5s"), (2000, "2s")] {
            assert_eq!(go_millis(Duration::from_millis(ms)), want);
        }
    }
}

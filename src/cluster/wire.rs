//! Requests from outside, as the cluster answers them: the API's through the server, logs through the kubelets.

use super::{Cluster, command};
use crate::api::KindId;
use crate::api::core::Pod;
use crate::apimachinery::{Status, Str};
use crate::apiserver::Cx;
use crate::apiserver::wire::{self, Answer, LogSpec, Method, Request};
use crate::client::{Verb, What};

impl Cluster {
    /// Answers one request now.
    pub fn request(&mut self, request: &Request) -> Answer {
        let wall = self.wall();
        let writes = request.method != Method::Get;
        // The trace numbers a write's event before the write, so that watchers can name it.
        let asked = if writes {
            let command = command(request);
            let what = What::Input { what: Str::from(command.text), about: command.about };
            self.trace.push(self.now, 0, what)
        } else {
            0
        };
        // A write's own event is the next; of a whole collection no one call is the cause.
        let whole = request.method == Method::Delete && request.target().is_some_and(|t| t.name.is_empty());
        let cause = asked + u64::from(writes && !whole);
        let before = self.server.store.rev();
        let manager = manager(request);
        let mut cx = Cx {
            now: wall,
            rng: &mut self.rng,
            cause,
            user: "kubernetes-admin",
            manager: &manager,
            dry_run: false,
            warnings: Some(Vec::new()),
        };
        let answer = wire::handle(&mut self.server, &mut cx, request);
        if writes {
            self.note_request(request, &answer, before, asked);
            self.publish();
        }
        answer
    }

    /// Says in the trace which object the request wrote.
    fn note_request(&mut self, request: &Request, answer: &Answer, before: u64, cause: u64) {
        let Answer::Whole(response) = answer else { return };
        let verb = match request.method {
            Method::Post => Verb::Create,
            Method::Put => Verb::Update,
            Method::Patch => Verb::Patch,
            Method::Delete => Verb::Delete,
            Method::Get => return,
        };
        let written: Vec<_> = match self.server.store.since(before) {
            Some(events) => events.map(|e| (e.kind, e.key.clone(), e.rev)).collect(),
            None => Vec::new(),
        };
        for (kind, key, rev) in written {
            let what = What::Call { actor: Str::literal("user"), verb, kind, key, code: response.code, rev };
            self.trace.push(self.now, cause, what);
        }
    }

    fn pod_of(&self, spec: &LogSpec) -> Result<&Pod, Status> {
        let pod = self.server.get(KindId::Pod, &spec.pod)?;
        Ok(pod.downcast::<Pod>().expect("the kind was asked"))
    }

    fn all_lines(&self, spec: &LogSpec) -> Result<Vec<(crate::sim::Time, Str)>, Status> {
        let pod = self.pod_of(spec)?;
        let node = &pod.spec.node_name;
        if node.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(lines) = self.kubelet(node).and_then(|k| k.logs(&spec.pod, &spec.container, spec.previous)) {
            return Ok(lines);
        }
        let name = &spec.pod.name;
        let why = if spec.previous {
            format!("previous terminated container \"{}\" in pod \"{name}\" not found", spec.container)
        } else {
            let waiting = pod
                .status
                .container_statuses
                .iter()
                .chain(&pod.status.init_container_statuses)
                .find(|c| c.name == spec.container)
                .and_then(|c| c.state.waiting.as_ref())
                .map(|w| w.reason.clone());
            let why = match waiting.as_deref() {
                Some("ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull") => {
                    "trying and failing to pull image"
                }
                Some("ContainerCreating") => "ContainerCreating",
                Some("PodInitializing") => "PodInitializing",
                _ => "ContainerCreating",
            };
            format!("container \"{}\" in pod \"{name}\" is waiting to start: {why}", spec.container)
        };
        Err(Status::bad_request(why))
    }

    fn text(&self, spec: &LogSpec, (at, line): &(crate::sim::Time, Str)) -> String {
        if !spec.timestamps {
            return format!("{line}\n");
        }
        let wall = self.wall_at(*at).to_string();
        let fraction = at.0.rem_euclid(1_000_000_000);
        format!("{}.{fraction:09}Z {line}\n", wall.trim_end_matches('Z'))
    }

    /// The lines that `kubectl logs` shows, each with its end.
    pub fn logs(&self, spec: &LogSpec) -> Result<Vec<String>, Status> {
        let mut lines = self.all_lines(spec)?;
        if let Some(seconds) = spec.since_seconds {
            let from = self.now.0 - seconds * 1_000_000_000;
            lines.retain(|(at, _)| at.0 >= from);
        }
        let skip = spec.tail_lines.map_or(0, |n| lines.len().saturating_sub(n));
        let mut out: Vec<String> = lines[skip..].iter().map(|l| self.text(spec, l)).collect();
        if let Some(limit) = spec.limit_bytes {
            let mut left = limit;
            for line in &mut out {
                line.truncate(left.min(line.len()));
                left -= line.len();
            }
        }
        Ok(out)
    }

    pub fn log_length(&self, spec: &LogSpec) -> usize {
        self.all_lines(spec).map_or(0, |l| l.len())
    }

    pub fn log_after(&self, spec: &LogSpec, told: usize) -> Vec<String> {
        let lines = self.all_lines(spec).unwrap_or_default();
        lines.iter().skip(told).map(|l| self.text(spec, l)).collect()
    }

    /// Whether a followed log may still grow.
    pub fn log_goes_on(&self, spec: &LogSpec) -> bool {
        self.pod_of(spec).is_ok_and(|p| {
            !p.is_terminal()
                && !p.status.container_statuses.iter().any(|c| c.name == spec.container && c.state.terminated.is_some())
        })
    }
}

/// `fieldManager`, or the first word of the user agent.
fn manager(request: &Request) -> String {
    let asked = request.param("fieldManager");
    if !asked.is_empty() {
        return asked.to_owned();
    }
    request.user_agent.split('/').next().unwrap_or_default().chars().take(128).collect()
}

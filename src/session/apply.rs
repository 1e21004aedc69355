//! Manifests as kubectl applies them: read, validate, then for each document a GET and a POST or a PATCH.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/cmd/apply/{apply,patcher}.go, …/cli-runtime/pkg/resource
//! Differs: a dry run and a check apply to a copy of the cluster, so that documents may build on each other.

use super::inspect::manifest;
use super::manifest::{Manifest, read};
use super::protocol::{Applied, Diagnostic, File, Ref, Reply, Severity};
use crate::api::{Key, KindId, Object};
use crate::apimachinery::Value;
use crate::apiserver::wire::{Answer, Method, Request};
use crate::cluster::{Cluster, History, Input};
use crate::kubectl::resource::path_of;
use crate::kubectl::{LAST_APPLIED, three_way, with_last_applied};
use crate::sim::Duration;
use std::rc::Rc;

const MANAGER: &str = "kubectl-client-side-apply";
/// What one request takes.
const REQUEST: Duration = Duration::from_millis(20);

/// Where requests go: the session's history, or a copy of its cluster.
trait Door {
    fn cluster(&self) -> &Cluster;
    /// Lets a request's time pass, and asks.
    fn ask(&mut self, request: Request) -> Answer;
}

struct Real<'a> {
    history: &'a mut History,
    action: u64,
    label: String,
}

impl Door for Real<'_> {
    fn cluster(&self) -> &Cluster {
        self.history.cluster()
    }
    fn ask(&mut self, request: Request) -> Answer {
        let to = self.history.cluster().now() + REQUEST;
        if self.history.is_live() {
            self.history.run_until(to);
        }
        let input = Input::Request(Rc::new(request));
        self.history.input(self.action, &self.label, input).expect("a request has an answer")
    }
}

struct Copy(Cluster);

impl Door for Copy {
    fn cluster(&self) -> &Cluster {
        &self.0
    }
    fn ask(&mut self, request: Request) -> Answer {
        self.0.run_for(REQUEST);
        self.0.request(&request)
    }
}

pub(super) fn apply(history: &mut History, files: &[File], dry_run: bool) -> Reply {
    let (manifests, mut diagnostics) = read_all(files);
    let mut documents = Vec::new();
    if dry_run {
        let mut copy = Copy(history.cluster().clone());
        run(&mut copy, &manifests, &mut documents, &mut diagnostics);
        for done in documents.iter_mut().filter(|one| !one.line.is_empty()) {
            done.line.push_str(" (server dry run)");
        }
    } else {
        let names: Vec<&str> = files.iter().map(|f| f.name.as_str()).collect();
        let label = format!("kubectl apply -f {}", names.join(" -f "));
        let action = history.begin_action();
        run(&mut Real { history, action, label }, &manifests, &mut documents, &mut diagnostics);
    }
    Reply::Applied { documents, diagnostics }
}

pub(super) fn check(history: &History, files: &[File]) -> Vec<Diagnostic> {
    let (manifests, mut diagnostics) = read_all(files);
    let mut copy = Copy(history.cluster().clone());
    run(&mut copy, &manifests, &mut Vec::new(), &mut diagnostics);
    diagnostics
}

fn read_all(files: &[File]) -> (Vec<Manifest>, Vec<Diagnostic>) {
    let (mut manifests, mut diagnostics) = (Vec::new(), Vec::new());
    for file in files {
        let (found, problem) = read(&file.name, &file.text);
        manifests.extend(found);
        diagnostics.extend(problem);
    }
    (manifests, diagnostics)
}

fn run(door: &mut dyn Door, manifests: &[Manifest], out: &mut Vec<Applied>, diagnostics: &mut Vec<Diagnostic>) {
    for m in manifests {
        match one(door, m) {
            Ok((applied, warnings)) => {
                diagnostics.extend(warnings.iter().map(|w| m.diagnose(w, Severity::Warning)));
                out.push(applied);
            }
            Err((what, problems)) => {
                diagnostics.extend(problems);
                let outcome = "refused".to_owned();
                let (line, file) = (String::new(), m.file.clone());
                out.push(Applied { file, what, line, outcome, before: String::new(), after: String::new() });
            }
        }
    }
}

type Refused = (Ref, Vec<Diagnostic>);

/// What kubectl says before it asks the server.
fn identify(m: &Manifest) -> Result<(KindId, Key), Refused> {
    let text = |p: &str| m.value.pointer(p).and_then(Value::as_str).unwrap_or_default();
    let (api_version, kind, name) = (text("/apiVersion"), text("/kind"), text("/metadata/name"));
    let what = Ref { kind: kind.to_owned(), namespace: text("/metadata/namespace").to_owned(), name: name.to_owned() };
    let refuse = |path: &str, why: String| Err((what.clone(), vec![m.problem(path, &why)]));
    let missing: Vec<&str> = [("apiVersion", api_version), ("kind", kind)]
        .into_iter()
        .filter(|(_, v)| v.is_empty())
        .map(|(k, _)| k)
        .collect();
    let validate = |why: &str| {
        format!(
            "error validating \"{}\": error validating data: {why}; if you choose to ignore these errors, turn \
             validation off with --validate=false",
            m.file
        )
    };
    match missing.as_slice() {
        [] => {}
        [one] => return refuse("", validate(&format!("{one} not set"))),
        _ => return refuse("", validate("[apiVersion not set, kind not set]")),
    }
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    let found = KindId::by_kind(group, kind).filter(|k| k.info().version == version);
    let Some(id) = found else {
        let why = format!(
            "resource mapping not found for name: \"{name}\" namespace: \"{}\" from \"{}\": no matches for kind \
             \"{kind}\" in version \"{api_version}\"\nensure CRDs are installed first",
            what.namespace, m.file
        );
        return refuse("kind", why);
    };
    let namespace = match (id.info().namespaced, what.namespace.as_str()) {
        (false, _) => "",
        (true, "") => "default",
        (true, ns) => ns,
    };
    if name.is_empty() {
        return refuse("metadata.name", "resource name may not be empty".to_owned());
    }
    Ok((id, Key::new(namespace, name)))
}

/// The document with its namespace said, and the annotation that the next apply compares with.
fn modified_of(value: &Value, key: &Key) -> Value {
    let mut v = value.clone();
    if !key.namespace.is_empty() {
        v["metadata"]["namespace"] = key.namespace.as_str().into();
    }
    with_last_applied(&v)
}

fn one(door: &mut dyn Door, m: &Manifest) -> Result<(Applied, Vec<String>), Refused> {
    let (kind, key) = identify(m)?;
    let info = kind.info();
    let what = Ref { kind: info.kind.to_owned(), namespace: key.namespace.to_string(), name: key.name.to_string() };
    let modified = modified_of(&m.value, &key);
    let live = door.cluster().tables().object(kind, &key).cloned();
    let request = match &live {
        None => Some(Request::with(Method::Post, &path_of(kind, &key.namespace, ""), &modified)),
        Some(live) => three_way(kind, &live.encode(), &modified)
            .map_err(|e| (what.clone(), vec![m.diagnose(&e, Severity::Error)]))?
            .map(|p| Request {
                content_type: "application/strategic-merge-patch+json".to_owned(),
                ..Request::with(Method::Patch, &path_of(kind, &key.namespace, &key.name), &p)
            }),
    };
    let mut outcome = match (&request, &live) {
        (None, _) => "unchanged",
        (_, None) => "created",
        _ => "configured",
    };
    let mut warnings = Vec::new();
    if let Some(request) = request {
        let request = request.query("fieldManager", MANAGER).query("fieldValidation", "Strict");
        let Answer::Whole(response) = door.ask(request) else { unreachable!("a write is answered whole") };
        warnings = response.warnings;
        if response.code >= 400 {
            let status: Value = serde_json::from_slice(&response.body).unwrap_or_default();
            return Err((what, m.refused(kind, &status)));
        }
    }
    let now = door.cluster().tables().object(kind, &key).cloned();
    let text = |o: &Option<Object>| o.as_ref().map(manifest).unwrap_or_default();
    if outcome == "configured" && text(&live) == text(&now) {
        outcome = "unchanged";
    }
    let resource = if info.group.is_empty() { info.singular() } else { format!("{}.{}", info.singular(), info.group) };
    let applied = Applied {
        file: m.file.clone(),
        line: format!("{resource}/{} {outcome}", key.name),
        outcome: outcome.to_owned(),
        before: live.as_ref().map(compared).unwrap_or_default(),
        after: now.as_ref().map(compared).unwrap_or_default(),
        what,
    };
    Ok((applied, warnings))
}

/// An object as `kubectl diff` compares it: without what every write changes.
fn compared(object: &Object) -> String {
    let mut v = object.encode();
    if let Some(Value::Object(meta)) = v.get_mut("metadata") {
        meta.remove("managedFields");
        meta.remove("resourceVersion");
        if let Some(Value::Object(annotations)) = meta.get_mut("annotations") {
            annotations.remove(LAST_APPLIED);
        }
    }
    serde_yaml::to_string(&v).unwrap_or_default()
}

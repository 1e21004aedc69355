//! PodSecurity: pods keep to the level that their namespace's labels name, or are warned about.
//!
//! Upstream: staging/src/k8s.io/pod-security-admission/{admission/admission.go,api/helpers.go,policy/registry.go},
//! plugin/pkg/admission/security/podsecurity/admission.go
//! Differs: there is no audit, and nobody is exempt; a level of an older version is looked at as the latest.

mod baseline;
mod restricted;
#[cfg(test)]
mod tests;

use super::{Attributes, Op, Plugin, forbidden};
use crate::api::core::{Container, Namespace, Pod, PodSecurityContext, PodSpec, PodTemplateSpec, SecurityContext};
use crate::api::{AnyObject, Key, Object};
use crate::apimachinery::field_error::go_quote;
use crate::apimachinery::{ErrorList, Map, ObjectMeta, Path, Status, Str};
use crate::apiserver::Sub;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};

pub(super) const PLUGIN: Plugin = Plugin { name: "PodSecurity", mutate: None, validate: Some(validate), charge: None };

const PREFIX: &str = "pod-security.kubernetes.io/";
/// More pods of a namespace are not looked at when its level changes.
const PODS_MAX: usize = 3000;

#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Level {
    #[default]
    Privileged,
    Baseline,
    Restricted,
}

/// A level as of a version of the policy; without one, as of the latest.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct LevelVersion {
    level: Level,
    minor: Option<u32>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Policy {
    enforce: LevelVersion,
    audit: LevelVersion,
    warn: LevelVersion,
}

impl Display for LevelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Privileged => "privileged",
            Level::Baseline => "baseline",
            Level::Restricted => "restricted",
        };
        match self.minor {
            None => write!(f, "{level}:latest"),
            Some(minor) => write!(f, "{level}:v1.{minor}"),
        }
    }
}

fn parse_level(text: &str) -> Result<Level, &'static str> {
    match text {
        "privileged" => Ok(Level::Privileged),
        "baseline" => Ok(Level::Baseline),
        "restricted" => Ok(Level::Restricted),
        _ => Err("must be one of privileged, baseline, restricted"),
    }
}

fn parse_version(text: &str) -> Result<Option<u32>, &'static str> {
    if text == "latest" {
        return Ok(None);
    }
    let digits = text.strip_prefix("v1.").filter(|d| d.len() == 1 || !d.starts_with('0'));
    let digits = digits.filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
    digits.and_then(|d| d.parse().ok()).map(Some).ok_or("must be \"latest\" or \"v1.x\"")
}

/// What the labels of a namespace ask for; where they cannot be read, the strictest is enforced.
/// Upstream: PolicyToEvaluate
fn policy(labels: &Map) -> (Policy, ErrorList) {
    let (mut p, mut errs) = (Policy::default(), ErrorList::default());
    let modes = [("enforce", &mut p.enforce), ("audit", &mut p.audit), ("warn", &mut p.warn)];
    for (mode, of) in modes {
        let fallback = if mode == "enforce" { Level::Restricted } else { Level::Privileged };
        let mut refuse = |key: &str, value: &Str, why: &str| {
            errs.invalid(Path::new("metadata").child("labels").key(key), value, why);
        };
        let key = format!("{PREFIX}{mode}");
        if let Some(value) = labels.get(key.as_str()) {
            of.level = parse_level(value).unwrap_or_else(|why| {
                refuse(&key, value, why);
                fallback
            });
        }
        let key = format!("{key}-version");
        if let Some(value) = labels.get(key.as_str()) {
            of.minor = parse_version(value).unwrap_or_else(|why| {
                refuse(&key, value, why);
                None
            });
        }
    }
    (p, errs)
}

/// What a check has against a pod: in a word or two, and in particular.
struct Violation {
    reason: String,
    detail: String,
}

/// What the checks look at.
struct Subject<'a> {
    meta: &'a ObjectMeta,
    spec: &'a PodSpec,
}

/// A check has an answer where the pod may not be so.
type Check = fn(&Subject) -> Option<Violation>;

impl Subject<'_> {
    fn pod(&self) -> Option<&PodSecurityContext> {
        self.spec.security_context.as_deref()
    }

    /// The containers that begin first, then the others: name and security context.
    fn containers(&self) -> impl Iterator<Item = (&Str, Option<&SecurityContext>)> {
        let all = self.spec.init_containers.iter().chain(self.spec.containers.iter());
        let ordinary = all.map(|c| (&c.name, c.security_context.as_deref()));
        ordinary.chain(self.spec.ephemeral_containers.iter().map(|c| (&c.name, c.security_context.as_deref())))
    }

    /// Names of the containers that are such.
    fn names(&self, is_such: impl Fn(Option<&SecurityContext>) -> bool) -> Vec<&Str> {
        self.containers().filter(|(_, c)| is_such(*c)).map(|(name, _)| name).collect()
    }

    /// A pod with a user namespace of its own may do more.
    fn has_user_namespace(&self) -> bool {
        self.spec.host_users == Some(false)
    }

    fn every_container(&self) -> impl Iterator<Item = &Container> {
        self.spec.init_containers.iter().chain(self.spec.containers.iter())
    }
}

fn violation(reason: &str, detail: String) -> Option<Violation> {
    Some(Violation { reason: reason.to_owned(), detail })
}

fn pluralize<'a>(one: &'a str, many: &'a str, count: usize) -> &'a str {
    if count == 1 { one } else { many }
}

fn join_quote<S: AsRef<str>>(items: impl IntoIterator<Item = S>) -> String {
    items.into_iter().map(|s| go_quote(s.as_ref())).collect::<Vec<_>>().join(", ")
}

/// `container "a"`, `containers "a", "b"`.
fn containers(names: &[&Str]) -> String {
    format!("{} {}", pluralize("container", "containers", names.len()), join_quote(names))
}

/// `pod and container "a"`: who sets something; empty where nobody does.
fn setters(pod: bool, names: &[&Str]) -> String {
    let pod = pod.then(|| "pod".to_owned());
    let names = (!names.is_empty()).then(|| containers(names));
    pod.into_iter().chain(names).collect::<Vec<_>>().join(" and ")
}

fn evaluate(level: Level, subject: &Subject) -> Vec<Violation> {
    let lists: &[&[Check]] = match level {
        Level::Privileged => &[],
        Level::Baseline => &[baseline::CHECKS, baseline::OVERLAPPING],
        Level::Restricted => &[baseline::CHECKS, restricted::CHECKS],
    };
    lists.iter().flat_map(|checks| checks.iter()).filter_map(|check| check(subject)).collect()
}

fn details(violations: &[Violation]) -> String {
    let one = |v: &Violation| match v.detail.as_str() {
        "" => v.reason.clone(),
        detail => format!("{} ({detail})", v.reason),
    };
    violations.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn validate(at: &mut Attributes, object: &Object) -> Result<(), Status> {
    match &object.0 {
        _ if at.op == Op::Delete => Ok(()),
        AnyObject::Namespace(namespace) => validate_namespace(at, namespace),
        AnyObject::Pod(pod) => validate_pod(at, object, pod),
        _ => {
            if let (Op::Create | Op::Update(Sub::None), Some(template)) = (at.op, template(object)) {
                let warn = namespace_policy(at, &object.meta().namespace).warn;
                let subject = Subject { meta: &template.metadata, spec: &template.spec };
                warn_of(at, warn, &evaluate(warn.level, &subject));
            }
            Ok(())
        }
    }
}

/// What a workload makes its pods of. Upstream: ExtractPodSpec
fn template(object: &Object) -> Option<&PodTemplateSpec> {
    match &object.0 {
        AnyObject::ReplicationController(o) => o.spec.template.as_deref(),
        AnyObject::ReplicaSet(o) => Some(&o.spec.template),
        AnyObject::Deployment(o) => Some(&o.spec.template),
        AnyObject::DaemonSet(o) => Some(&o.spec.template),
        AnyObject::StatefulSet(o) => Some(&o.spec.template),
        AnyObject::Job(o) => Some(&o.spec.template),
        AnyObject::CronJob(o) => Some(&o.spec.job_template.spec.template),
        _ => None,
    }
}

fn namespace_policy(at: &Attributes, namespace: &Str) -> Policy {
    let found = at.server.store.head().get::<Namespace>(&Key::new("", namespace.clone()));
    found.map_or_else(Policy::default, |n| policy(&n.metadata.labels).0)
}

fn warn_of(at: &mut Attributes, policy: LevelVersion, violations: &[Violation]) {
    if let Some(warnings) = at.warnings
        && !violations.is_empty()
    {
        let policy = go_quote(&policy.to_string());
        warnings.push(format!("would violate PodSecurity {policy}: {}", details(violations)));
    }
}

fn validate_pod(at: &mut Attributes, object: &Object, pod: &Pod) -> Result<(), Status> {
    if matches!(at.op, Op::Update(Sub::Status | Sub::Binding)) {
        return Ok(());
    }
    if let Some(old) = at.old.and_then(|old| old.downcast::<Pod>())
        && !is_significant_update(pod, old)
    {
        return Ok(());
    }
    let policy = namespace_policy(at, &pod.metadata.namespace);
    let subject = Subject { meta: &pod.metadata, spec: &pod.spec };
    let violations = evaluate(policy.enforce.level, &subject);
    if !violations.is_empty() {
        let level = go_quote(&policy.enforce.to_string());
        return Err(forbidden(object, &format!("violates PodSecurity {level}: {}", details(&violations))));
    }
    warn_of(at, policy.warn, &evaluate(policy.warn.level, &subject));
    Ok(())
}

/// Something has changed that a check looks at.
fn is_significant_update(new: &Pod, old: &Pod) -> bool {
    let images = |p: &Pod| {
        let s = &p.spec;
        let all = s.init_containers.iter().chain(s.containers.iter()).map(|c| (c.name.clone(), c.image.clone()));
        all.chain(s.ephemeral_containers.iter().map(|c| (c.name.clone(), c.image.clone()))).collect::<Vec<_>>()
    };
    images(new) != images(old)
}

fn validate_namespace(at: &mut Attributes, namespace: &Namespace) -> Result<(), Status> {
    let (new, errs) = policy(&namespace.metadata.labels);
    let invalid = |errs: &ErrorList| Err(Status::invalid("", "Namespace", &namespace.metadata.name, errs));
    match (at.op, at.old.and_then(|old| old.downcast::<Namespace>())) {
        (Op::Create, _) if !errs.is_empty() => invalid(&errs),
        (Op::Update(Sub::None), Some(old)) => {
            let (old, old_errs) = policy(&old.metadata.labels);
            if !errs.is_empty() && errs.aggregate() != old_errs.aggregate() {
                return invalid(&errs);
            }
            let (is, was) = (new.enforce, old.enforce);
            let relaxed = is.minor == was.minor && is.level <= was.level;
            if is.level != Level::Privileged && !relaxed {
                let warnings = existing_pods(at, &namespace.metadata.name, is);
                at.warnings.iter_mut().for_each(|all| all.extend(warnings.iter().cloned()));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Upstream: EvaluatePodsInNamespace
fn existing_pods(at: &Attributes, namespace: &Str, enforce: LevelVersion) -> Vec<String> {
    let mut pods: BTreeMap<String, BTreeSet<Str>> = BTreeMap::new();
    let mut total = 0;
    for pod in at.server.store.head().list::<Pod>(Some(namespace)) {
        total += 1;
        let violations = evaluate(enforce.level, &Subject { meta: &pod.metadata, spec: &pod.spec });
        if total <= PODS_MAX && !violations.is_empty() {
            let reasons: Vec<_> = violations.into_iter().map(|v| v.reason).collect();
            pods.entry(reasons.join(", ")).or_default().insert(pod.metadata.name.clone());
        }
    }
    let mut warnings = Vec::new();
    if total > PODS_MAX {
        warnings.push(format!(
            "new PodSecurity enforce level only checked against the first {PODS_MAX} of {total} existing pods"
        ));
    }
    if !pods.is_empty() {
        let (namespace, level) = (go_quote(namespace), go_quote(&enforce.to_string()));
        warnings
            .push(format!("existing pods in namespace {namespace} violate the new PodSecurity enforce level {level}"));
    }
    let mut each = Vec::new();
    for (reasons, names) in &pods {
        let Some(first) = names.first() else { continue };
        each.push(match names.len() {
            1 => format!("{first}: {reasons}"),
            2 => format!("{first} (and 1 other pod): {reasons}"),
            count => format!("{first} (and {} other pods): {reasons}", count - 1),
        });
    }
    each.sort();
    warnings.extend(each);
    warnings
}

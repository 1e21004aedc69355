//! What the server has: groups, versions and resources, plain and aggregated; version and health.
//!
//! Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/discovery
//! Differs: nothing known.

use super::{Method, Request, Response};
use crate::api::KindId;
use crate::apimachinery::Value;
use serde_json::json;

/// Groups in the order of their priority; the core group is not among them.
const GROUPS: &[(&str, &[&str])] = &[
    ("apps", &["v1"]),
    ("batch", &["v1"]),
    ("policy", &["v1"]),
    ("scheduling.k8s.io", &["v1"]),
    ("storage.k8s.io", &["v1"]),
    ("coordination.k8s.io", &["v1"]),
];

pub(super) fn answer(r: &Request) -> Option<Response> {
    if r.method != Method::Get {
        return None;
    }
    let aggregated = r.accept.split(',').find(|a| a.contains("as=APIGroupDiscoveryList"));
    let parts: Vec<&str> = r.path.split('/').filter(|p| !p.is_empty()).collect();
    let body = match parts.as_slice() {
        ["version"] => version(),
        ["healthz" | "livez" | "readyz"] => return Some(Response::text(200, "ok")),
        ["api"] | ["apis"] if aggregated.is_some() => return Some(aggregate(parts[0], aggregated?)),
        ["api"] => json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs":
            [{"clientCIDR": "0.0.0.0/0", "serverAddress": "192.168.0.10:6443"}]}),
        ["apis"] => json!({"kind": "APIGroupList", "apiVersion": "v1",
            "groups": GROUPS.iter().map(|(g, v)| group(g, v)).collect::<Vec<_>>()}),
        ["api", "v1"] => resources("", "v1"),
        ["apis", name] => {
            let (name, versions) = GROUPS.iter().find(|(g, _)| g == name)?;
            let mut g = group(name, versions);
            g["kind"] = "APIGroup".into();
            g["apiVersion"] = "v1".into();
            g
        }
        ["apis", name, version] => {
            let (name, versions) = GROUPS.iter().find(|(g, _)| g == name)?;
            resources(name, versions.iter().find(|v| *v == version)?)
        }
        _ => return None,
    };
    Some(Response::json(200, &body))
}

fn version() -> Value {
    json!({"major": "1", "minor": "35", "emulationMajor": "1", "emulationMinor": "35",
        "minCompatibilityMajor": "1", "minCompatibilityMinor": "34",
        "gitVersion": "v1.35.0", "gitCommit": "66452049f3d692768c39c797b21b793dce80314e", "gitTreeState": "clean",
        "buildDate": "2025-12-17T12:32:07Z", "goVersion": "go1.25.5", "compiler": "gc", "platform": "linux/amd64"})
}

fn group(name: &str, versions: &[&str]) -> Value {
    let version = |v: &&str| json!({"groupVersion": format!("{name}/{v}"), "version": v});
    json!({"name": name, "versions": versions.iter().map(version).collect::<Vec<_>>(),
        "preferredVersion": version(&versions[0])})
}

const VERBS: &[&str] = &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/// A part of a kind as discovery tells it: its name, the kind that it speaks, its verbs.
struct Part {
    name: &'static str,
    /// (group, version, kind), where it is another than the resource's own.
    speaks: Option<(&'static str, &'static str, &'static str)>,
    verbs: &'static [&'static str],
}

fn parts(kind: KindId) -> Vec<Part> {
    const GPU: &[&str] = &["get", "patch", "update"];
    let part = |name, speaks, verbs| Part { name, speaks, verbs };
    let info = kind.info();
    let mut out = Vec::new();
    match kind {
        KindId::Pod => out.extend([
            part("binding", Some(("", "v1", "Binding")), &["create"]),
            part("ephemeralcontainers", None, GPU),
            part("eviction", Some(("policy", "v1", "Eviction")), &["create"]),
            part("log", None, &["get"]),
            part("resize", None, GPU),
        ]),
        KindId::Namespace => out.push(part("finalize", None, &["update"])),
        _ => {}
    }
    if info.scale {
        out.push(part("scale", Some(("autoscaling", "v1", "Scale")), GPU));
    }
    if info.status {
        out.push(part("status", None, GPU));
    }
    out.sort_by_key(|p| p.name);
    out
}

fn kinds_of(group: &str, version: &str) -> Vec<KindId> {
    let mut kinds: Vec<KindId> =
        KindId::ALL.iter().copied().filter(|k| k.info().group == group && k.info().version == version).collect();
    kinds.sort_by_key(|k| k.info().plural);
    kinds
}

fn verbs_of(kind: KindId) -> &'static [&'static str] {
    // A namespace's content goes with it, one by one; there is no deleting of many at once.
    const NAMESPACE: &[&str] = &["create", "delete", "get", "list", "patch", "update", "watch"];
    const SERVICE: &[&str] = VERBS;
    match kind {
        KindId::Namespace => NAMESPACE,
        KindId::Service => SERVICE,
        _ => VERBS,
    }
}

fn resources(group: &str, version: &str) -> Value {
    let mut list = Vec::new();
    for kind in kinds_of(group, version) {
        let info = kind.info();
        let mut r = json!({"name": info.plural, "singularName": info.singular(), "namespaced": info.namespaced,
            "kind": info.kind, "verbs": verbs_of(kind)});
        if !info.short.is_empty() {
            r["shortNames"] = json!(info.short);
        }
        if !info.categories.is_empty() {
            r["categories"] = json!(info.categories);
        }
        list.push(r);
        for p in parts(kind) {
            let mut r = json!({"name": format!("{}/{}", info.plural, p.name), "singularName": "",
                "namespaced": info.namespaced, "kind": p.speaks.map_or(info.kind, |s| s.2), "verbs": p.verbs});
            if let Some((group, version, _)) = p.speaks.filter(|s| !s.0.is_empty()) {
                r["group"] = group.into();
                r["version"] = version.into();
            }
            list.push(r);
        }
    }
    let gv = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": gv, "resources": list})
}

fn aggregate(root: &str, accept: &str) -> Response {
    let beta = accept.contains("v=v2beta1");
    let item = |group: &str, versions: &[&str]| {
        let versions: Vec<Value> = versions
            .iter()
            .map(|v| json!({"version": v, "freshness": "Current", "resources": aggregated_resources(group, v)}))
            .collect();
        let metadata = if group.is_empty() { json!({}) } else { json!({"name": group}) };
        json!({"metadata": metadata, "versions": versions})
    };
    let items: Vec<Value> =
        if root == "api" { vec![item("", &["v1"])] } else { GROUPS.iter().map(|(g, v)| item(g, v)).collect() };
    let version = if beta { "v2beta1" } else { "v2" };
    let body = json!({"kind": "APIGroupDiscoveryList", "apiVersion": format!("apidiscovery.k8s.io/{version}"),
        "metadata": {}, "items": items});
    let mut response = Response::json(200, &body);
    response.content_type = if beta {
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
    } else {
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    };
    response
}

fn aggregated_resources(group: &str, version: &str) -> Vec<Value> {
    let mut list = Vec::new();
    for kind in kinds_of(group, version) {
        let info = kind.info();
        let gvk = |s: Option<(&str, &str, &str)>| {
            let (group, version, kind) = s.unwrap_or((info.group, info.version, info.kind));
            json!({"group": group, "version": version, "kind": kind})
        };
        let mut r = json!({"resource": info.plural, "singularResource": info.singular(), "responseKind": gvk(None),
            "scope": if info.namespaced { "Namespaced" } else { "Cluster" }, "verbs": verbs_of(kind)});
        if !info.short.is_empty() {
            r["shortNames"] = json!(info.short);
        }
        if !info.categories.is_empty() {
            r["categories"] = json!(info.categories);
        }
        let subs: Vec<Value> = parts(kind)
            .iter()
            .map(|p| json!({"subresource": p.name, "responseKind": gvk(p.speaks), "verbs": p.verbs}))
            .collect();
        if !subs.is_empty() {
            r["subresources"] = subs.into();
        }
        list.push(r);
    }
    list
}

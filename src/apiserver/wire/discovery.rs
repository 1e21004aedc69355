//! What the server has: groups, versions and resources, plain and aggregated; version and health.
//!
//! Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/discovery
//! Differs: nothing known.

use super::reviews::{self, Virtual};
use super::{Method, Request, Response};
use crate::api::{KindId, Part};
use crate::apimachinery::{Arrange, Value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};

/// Groups in the order of their priority, where they have one; the others follow by name.
/// Upstream: pkg/controlplane/apiserver/aggregator.go
const PRIORITIES: &[&str] = &[
    "apiregistration.k8s.io",
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "node.k8s.io",
    "discovery.k8s.io",
    "resource.k8s.io",
    "flowcontrol.apiserver.k8s.io",
];

/// The groups that the lists of kinds come to, each with its versions, the preferred one first; without the core group.
fn groups() -> Vec<(&'static str, Vec<&'static str>)> {
    let kinds = KindId::ALL.iter().map(|k| (k.info().group, k.info().version));
    let mut all: Vec<_> =
        kinds.chain(reviews::ALL.iter().map(|v| (v.group, "v1"))).filter(|(g, _)| !g.is_empty()).collect();
    let place = |group: &str| PRIORITIES.iter().position(|g| *g == group).unwrap_or(PRIORITIES.len());
    all.arrange_by(|(g, v), (h, w)| (place(g), g).cmp(&(place(h), h)).then(w.cmp(v)));
    all.dedup();
    let mut out: Vec<(&str, Vec<&str>)> = Vec::new();
    for (group, version) in all {
        match out.last_mut() {
            Some((last, versions)) if *last == group => versions.push(version),
            _ => out.push((group, vec![version])),
        }
    }
    out
}

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
            "groups": groups().iter().map(|(g, v)| group(g, v)).collect::<Vec<_>>()}),
        ["api", "v1"] => resources("", "v1"),
        ["apis", name] => {
            let all = groups();
            let (name, versions) = all.iter().find(|(g, _)| g == name)?;
            let mut g = group(name, versions);
            g["kind"] = "APIGroup".into();
            g["apiVersion"] = "v1".into();
            g
        }
        ["apis", name, version] => {
            let all = groups();
            let (name, versions) = all.iter().find(|(g, _)| g == name)?;
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

/// All parts of a kind, by name.
fn parts(kind: KindId) -> Vec<&'static Part> {
    const SCALE: &Part = &Part::scale();
    const STATUS: &Part = &Part::own("status");
    let info = kind.info();
    let mut out: Vec<&Part> = info.parts.iter().collect();
    out.extend(info.scale.then_some(SCALE));
    out.extend(info.status.then_some(STATUS));
    out.arrange_by_key(|p| p.name);
    out
}

/// Upstream: …/apiserver/pkg/endpoints/discovery/storageversionhash.go
fn storage_version_hash(group: &str, version: &str, kind: &str) -> String {
    STANDARD.encode(&Sha256::digest(format!("{group}/{version}/{kind}"))[..8])
}

fn virtuals_of(group: &str) -> impl Iterator<Item = &'static Virtual> {
    reviews::ALL.iter().filter(move |v| v.group == group)
}

fn kinds_of(group: &str, version: &str) -> Vec<KindId> {
    let mut kinds: Vec<KindId> =
        KindId::ALL.iter().copied().filter(|k| k.info().group == group && k.info().version == version).collect();
    kinds.arrange_by_key(|k| k.info().plural);
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
            "kind": info.kind, "verbs": verbs_of(kind),
            "storageVersionHash": storage_version_hash(info.group, info.version, info.kind)});
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
    for v in virtuals_of(group).filter(|_| version == "v1") {
        list.push(json!({"name": v.plural, "singularName": v.kind.to_ascii_lowercase(), "namespaced": v.namespaced,
            "kind": v.kind, "verbs": ["create"]}));
    }
    list.arrange_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
    let gv = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let mut out = json!({"kind": "APIResourceList", "groupVersion": gv, "resources": list});
    // The oldest list of all does without.
    if !group.is_empty() {
        out["apiVersion"] = "v1".into();
    }
    out
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
        if root == "api" { vec![item("", &["v1"])] } else { groups().iter().map(|(g, v)| item(g, v)).collect() };
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
    for v in virtuals_of(group).filter(|_| version == "v1") {
        list.push(json!({"resource": v.plural, "singularResource": v.kind.to_ascii_lowercase(),
            "responseKind": {"group": v.group, "version": "v1", "kind": v.kind},
            "scope": if v.namespaced { "Namespaced" } else { "Cluster" }, "verbs": ["create"]}));
    }
    list.arrange_by(|a, b| a["resource"].as_str().cmp(&b["resource"].as_str()));
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str) -> Value {
        serde_json::from_slice(&answer(&Request::get(path)).expect("there is such a path").body).expect("it is JSON")
    }

    #[test]
    fn groups_come_from_the_kinds_in_the_order_of_their_priority() {
        let all = groups();
        for kind in KindId::ALL.iter().map(|k| k.info()).filter(|i| !i.group.is_empty()) {
            let (_, versions) = all.iter().find(|(g, _)| *g == kind.group).expect("each kind's group is there");
            assert!(versions.contains(&kind.version) && PRIORITIES.contains(&kind.group), "{}", kind.group);
        }
        let places: Vec<usize> = all.iter().filter_map(|(g, _)| PRIORITIES.iter().position(|p| p == g)).collect();
        assert!(places.is_sorted(), "{all:?}");
    }

    #[test]
    fn resources_are_listed_as_recorded() {
        let core = get("/api/v1");
        assert!(core.get("apiVersion").is_none());
        let one = |name: &str| core["resources"].as_array().and_then(|l| l.iter().find(|r| r["name"] == name)).cloned();
        assert_eq!(
            one("serviceaccounts/token"),
            Some(json!({"name": "serviceaccounts/token", "singularName": "", "namespaced": true,
                "group": "authentication.k8s.io", "version": "v1", "kind": "TokenRequest", "verbs": ["create"]}))
        );
        assert_eq!(one("pods/exec").expect("it is there")["kind"], "PodExecOptions");
        let apps = get("/apis/apps/v1");
        assert_eq!(apps["resources"][0]["storageVersionHash"], "85nkx63pcBU=");
        assert_eq!(get("/apis/authorization.k8s.io")["preferredVersion"]["version"], "v1");
    }
}

//! From a path to what it names.
//!
//! Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/request/requestinfo.go
//! Differs: nothing known.

use crate::api::{Key, KindId};
use crate::apimachinery::Status;

/// What a path names: a kind, perhaps one object, perhaps a part of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Target {
    pub kind: KindId,
    pub namespace: String,
    /// Empty for the collection.
    pub name: String,
    /// `status`, `scale`, `log`, `proxy/a/path`, …; else empty.
    pub subresource: String,
}

impl Target {
    pub fn key(&self) -> Key {
        Key::new(self.namespace.as_str(), self.name.as_str())
    }
}

pub(super) fn parse(path: &str) -> Result<Target, Status> {
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return Err(Status::no_such_path()),
    };
    let find = |plural: &str| KindId::by_resource(group, version, plural).ok_or_else(Status::no_such_path);
    let text = |s: &[&str]| s.join("/");
    let target = match rest {
        // A namespace's own parts are named like the resources within it; these are all it has.
        ["namespaces", name, sub @ ("status" | "finalize")] if group.is_empty() => Target {
            kind: KindId::Namespace,
            namespace: String::new(),
            name: (*name).to_owned(),
            subresource: (*sub).to_owned(),
        },
        ["namespaces", namespace, plural, rest @ ..] => {
            let kind = find(plural)?;
            if !kind.info().namespaced {
                return Err(Status::no_such_path());
            }
            Target {
                kind,
                namespace: (*namespace).to_owned(),
                name: rest.first().map(|s| (*s).to_owned()).unwrap_or_default(),
                subresource: rest.get(1..).map(text).unwrap_or_default(),
            }
        }
        [plural, rest @ ..] => {
            let kind = find(plural)?;
            // Without a namespace, a kind that has one can only be listed and watched.
            if kind.info().namespaced && !rest.is_empty() {
                return Err(Status::no_such_path());
            }
            Target {
                kind,
                namespace: String::new(),
                name: rest.first().map(|s| (*s).to_owned()).unwrap_or_default(),
                subresource: rest.get(1..).map(text).unwrap_or_default(),
            }
        }
        [] => return Err(Status::no_such_path()),
    };
    let info = target.kind.info();
    let (first, below) = target.subresource.split_once('/').unwrap_or((&target.subresource, ""));
    let known = match first {
        "" => true,
        "status" => info.status,
        "scale" => info.scale,
        part => info.parts.iter().any(|p| p.name == part),
    } && (below.is_empty() || first == "proxy");
    if known { Ok(target) } else { Err(Status::no_such_path()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, namespace: &str, name: &str, sub: &str) {
        let t = parse(path).expect("the path names something");
        assert_eq!((t.namespace.as_str(), t.name.as_str(), t.subresource.as_str()), (namespace, name, sub));
    }

    #[test]
    fn paths_name_what_upstream_says() {
        check("/api/v1/namespaces", "", "", "");
        check("/api/v1/namespaces/a", "", "a", "");
        check("/api/v1/namespaces/a/finalize", "", "a", "finalize");
        check("/api/v1/namespaces/a/pods/b/log", "a", "b", "log");
        check("/api/v1/namespaces/a/services/b:80/proxy/c/d", "a", "b:80", "proxy/c/d");
        check("/apis/apps/v1/deployments", "", "", "");
        check("/apis/apps/v1/namespaces/a/deployments/b/scale", "a", "b", "scale");
        assert!(parse("/api/v1/namespaces/a/nodes").is_err());
        assert!(parse("/api/v1/widgets").is_err());
        assert!(parse("/api/v1/namespaces/a/services/b/log").is_err());
        assert!(parse("/api/v1/namespaces/a/pods/b/log/c").is_err());
    }
}

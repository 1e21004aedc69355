//! A request from outside in kubectl's words: `kubectl apply deployment/web`.

use crate::api::{Key, KindId};
use crate::apimachinery::value::parse_json;
use crate::apiserver::wire::{Method, Request, Target};

/// What was asked, and of which object.
#[derive(Clone, PartialEq, Debug)]
pub struct Command {
    pub text: String,
    pub about: Option<(KindId, Key)>,
}

/// The command that sends such a request; of clients other than kubectl, who they are and what they ask.
pub fn command(request: &Request) -> Command {
    let client = request.user_agent.split([' ', '/']).next().unwrap_or_default();
    let client = match client {
        "" | "kubarium" | "kubarium-page" => "kubectl",
        other => other,
    };
    let Some(target) = request.target() else {
        let text = format!("{client} {} {}", method(request), request.path);
        return Command { text, about: None };
    };
    let (verb, part) = verb(request, &target);
    let name = if target.name.is_empty() { name_in_body(request) } else { target.name.clone() };
    let info = target.kind.info();
    let mut text = match name.as_str() {
        "" => format!("{client} {verb} {}", info.plural),
        name => format!("{client} {verb} {}/{name}", info.singular()),
    };
    if !part.is_empty() {
        text.push_str(" --subresource=");
        text.push_str(part);
    }
    if !target.namespace.is_empty() && target.namespace != "default" {
        text.push_str(" -n ");
        text.push_str(&target.namespace);
    }
    let key = Key::new(target.namespace.as_str(), name.as_str());
    Command { text, about: (!name.is_empty()).then_some((target.kind, key)) }
}

fn method(request: &Request) -> &'static str {
    match request.method {
        Method::Get => "get",
        Method::Post => "create",
        Method::Put => "replace",
        Method::Patch => "patch",
        Method::Delete => "delete",
    }
}

/// The command's name, and the part of the object that it has to name too.
fn verb<'a>(request: &'a Request, target: &'a Target) -> (&'a str, &'a str) {
    match (target.subresource.as_str(), request.method) {
        ("scale", _) => return ("scale", ""),
        ("eviction", _) => return ("drain", ""),
        ("binding", _) => return ("bind", ""),
        _ => {}
    }
    // kubectl's commands sign their writes: kubectl-client-side-apply, kubectl-label, kubectl-rollout.
    let signed = match request.param("fieldManager").strip_prefix("kubectl-") {
        Some("client-side-apply") => "apply",
        Some("last-applied") => "apply set-last-applied",
        Some(command) => command,
        None if request.content_type.starts_with("application/apply-patch") => "apply",
        None => method(request),
    };
    (signed, &target.subresource)
}

fn name_in_body(request: &Request) -> String {
    if request.method != Method::Post {
        return String::new();
    }
    let body = parse_json(&request.body).map(|(v, _)| v).unwrap_or_default();
    let at = |path: &str| body.pointer(path).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    let name = at("/metadata/name");
    if name.is_empty() { at("/metadata/generateName") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(method: Method, path: &str, change: impl FnOnce(Request) -> Request, said: &str) {
        let body = json!({"metadata": {"name": "web"}});
        assert_eq!(command(&change(Request::with(method, path, &body))).text, said);
    }

    #[test]
    fn requests_are_told_as_the_commands_that_send_them() {
        let signed = |m: &'static str| move |r: Request| r.query("fieldManager", m);
        let as_is = |r: Request| r;
        let all = "/apis/apps/v1/namespaces/default/deployments";
        let one = "/apis/apps/v1/namespaces/default/deployments/web";
        check(Method::Post, all, signed("kubectl-client-side-apply"), "kubectl apply deployment/web");
        check(Method::Patch, one, signed("kubectl-client-side-apply"), "kubectl apply deployment/web");
        check(Method::Post, all, signed("kubectl-create"), "kubectl create deployment/web");
        check(Method::Patch, one, signed("kubectl-rollout"), "kubectl rollout deployment/web");
        check(Method::Patch, &format!("{one}/scale"), as_is, "kubectl scale deployment/web");
        check(Method::Put, &format!("{one}/status"), as_is, "kubectl replace deployment/web --subresource=status");
        check(Method::Delete, "/api/v1/namespaces/a/pods/web-1", as_is, "kubectl delete pod/web-1 -n a");
        check(Method::Delete, "/api/v1/namespaces/a/pods", as_is, "kubectl delete pods -n a");
        check(Method::Post, "/api/v1/namespaces/a/pods/web-1/eviction", as_is, "kubectl drain pod/web-1 -n a");
        let python = |r: Request| Request { user_agent: "python-requests/2.1".to_owned(), ..r };
        check(Method::Post, "/api/v1/namespaces", python, "python-requests create namespace/web");
        check(Method::Post, "/nowhere", as_is, "kubectl create /nowhere");
    }
}

//! Inline actions as what they are: calls to the API, each under the kubectl command that does the same.

use kubarium::session::protocol::{Call, Ref};

/// What one press of a button asks of the API.
#[derive(Clone, PartialEq, Debug)]
pub struct Act {
    /// `kubectl scale deployment/web --replicas=5`.
    pub label: String,
    pub calls: Vec<Call>,
}

const MERGE: &str = "application/merge-patch+json";
const JSON_PATCH: &str = "application/json-patch+json";

/// The taint of the faults menu.
pub const TAINT: &str = "kubarium.dev/broken";

/// The address of an object; `None` for a kind that no inline action is about.
pub fn path(about: &Ref) -> Option<String> {
    let (group, plural) = match about.kind.as_str() {
        "Pod" => ("/api/v1", "pods"),
        "Node" => ("/api/v1", "nodes"),
        "Service" => ("/api/v1", "services"),
        "ConfigMap" => ("/api/v1", "configmaps"),
        "Secret" => ("/api/v1", "secrets"),
        "Namespace" => ("/api/v1", "namespaces"),
        "Deployment" => ("/apis/apps/v1", "deployments"),
        "ReplicaSet" => ("/apis/apps/v1", "replicasets"),
        _ => return None,
    };
    Some(if about.namespace.is_empty() {
        format!("{group}/{plural}/{}", about.name)
    } else {
        format!("{group}/namespaces/{}/{plural}/{}", about.namespace, about.name)
    })
}

fn call(method: &str, path: String, content_type: &str, body: String) -> Call {
    Call { method: method.to_owned(), path, content_type: content_type.to_owned(), body }
}

fn one(label: String, call: Call) -> Option<Act> {
    Some(Act { label, calls: vec![call] })
}

/// ` -n web`, where it is not the default.
fn flag(about: &Ref) -> String {
    match about.namespace.as_str() {
        "" | "default" => String::new(),
        namespace => format!(" -n {namespace}"),
    }
}

/// `deployment/web`.
fn target(about: &Ref) -> String {
    format!("{}/{}", about.kind.to_lowercase(), about.name)
}

pub fn get(about: &Ref) -> Option<Act> {
    one(format!("kubectl get {}{}", target(about), flag(about)), call("GET", path(about)?, "", String::new()))
}

pub fn delete_label(about: &Ref) -> String {
    format!("kubectl delete {} {}{}", about.kind.to_lowercase(), about.name, flag(about))
}

pub fn delete(about: &Ref) -> Option<Act> {
    // As kubectl: dependents are deleted in the background.
    let body = r#"{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background"}"#;
    one(delete_label(about), call("DELETE", path(about)?, "application/json", body.to_owned()))
}

/// A Pod without its grace period.
pub fn kill(about: &Ref) -> Option<Act> {
    let body = r#"{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0,"propagationPolicy":"Background"}"#;
    let label = format!("{} --grace-period=0 --force", delete_label(about));
    one(label, call("DELETE", path(about)?, "application/json", body.to_owned()))
}

pub fn scale_label(about: &Ref, replicas: i32) -> String {
    format!("kubectl scale {} --replicas={replicas}{}", target(about), flag(about))
}

pub fn scale(about: &Ref, replicas: i32) -> Option<Act> {
    let path = format!("{}/scale", path(about)?);
    one(scale_label(about, replicas), call("PATCH", path, MERGE, format!(r#"{{"spec":{{"replicas":{replicas}}}}}"#)))
}

/// An annotation in the template, so that the template is another one.
pub fn restart(about: &Ref, wall: &str) -> Option<Act> {
    let body = format!(
        r#"{{"spec":{{"template":{{"metadata":{{"annotations":{{"kubectl.kubernetes.io/restartedAt":"{wall}"}}}}}}}}}}"#
    );
    let label = format!("kubectl rollout restart {}{}", target(about), flag(about));
    one(label, call("PATCH", path(about)?, MERGE, body))
}

pub fn pause(about: &Ref, paused: bool) -> Option<Act> {
    // A merge patch with null takes the field away, as `kubectl rollout resume` does.
    let (verb, value) = if paused { ("pause", "true") } else { ("resume", "null") };
    let label = format!("kubectl rollout {verb} {}{}", target(about), flag(about));
    one(label, call("PATCH", path(about)?, MERGE, format!(r#"{{"spec":{{"paused":{value}}}}}"#)))
}

pub fn cordon(about: &Ref, cordoned: bool) -> Option<Act> {
    let (verb, value) = if cordoned { ("cordon", "true") } else { ("uncordon", "null") };
    let body = format!(r#"{{"spec":{{"unschedulable":{value}}}}}"#);
    one(format!("kubectl {verb} {}", about.name), call("PATCH", path(about)?, MERGE, body))
}

/// No new Pods on the node, and an eviction for each that is there.
pub fn drain(node: &Ref, pods: &[Ref]) -> Option<Act> {
    let mut act = cordon(node, true)?;
    act.label = format!("kubectl drain {} --ignore-daemonsets --force", node.name);
    for pod in pods {
        let body = format!(
            r#"{{"apiVersion":"policy/v1","kind":"Eviction","metadata":{{"name":"{}","namespace":"{}"}}}}"#,
            pod.name, pod.namespace
        );
        act.calls.push(call("POST", format!("{}/eviction", path(pod)?), "application/json", body));
    }
    Some(act)
}

/// The node with a taint that nothing tolerates, or without; `taints` are those that it has, as `key=value:Effect`.
pub fn taint(node: &Ref, taints: &[String], add: bool) -> Option<Act> {
    let ours = format!("{TAINT}:NoExecute");
    let mut wanted: Vec<&str> = taints.iter().map(String::as_str).filter(|taint| *taint != ours).collect();
    if add {
        wanted.push(&ours);
    }
    let written: Vec<String> = wanted
        .into_iter()
        .filter_map(|taint| {
            let (key, effect) = taint.rsplit_once(':')?;
            let (key, value) = key.split_once('=').unwrap_or((key, ""));
            Some(format!(r#"{{"key":"{key}","value":"{value}","effect":"{effect}"}}"#))
        })
        .collect();
    let label = format!("kubectl taint nodes {} {ours}{}", node.name, if add { "" } else { "-" });
    let body = format!(r#"{{"spec":{{"taints":[{}]}}}}"#, written.join(","));
    one(label, call("PATCH", path(node)?, MERGE, body))
}

/// The template of an old ReplicaSet takes the place of the present one.
pub fn use_template(deployment: &Ref, revision: u64, template: &str) -> Option<Act> {
    let label = format!("kubectl rollout undo {} --to-revision={revision}{}", target(deployment), flag(deployment));
    let body = format!(r#"[{{"op":"replace","path":"/spec/template","value":{template}}}]"#);
    one(label, call("PATCH", path(deployment)?, JSON_PATCH, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::refer;

    #[test]
    fn addresses_are_those_of_the_api() {
        assert_eq!(path(&refer("Pod", "default", "a")).as_deref(), Some("/api/v1/namespaces/default/pods/a"));
        assert_eq!(path(&refer("Node", "", "node-1")).as_deref(), Some("/api/v1/nodes/node-1"));
        assert_eq!(path(&refer("Lease", "x", "y")), None);
        let act = scale(&refer("Deployment", "default", "web"), 5).expect("it can be scaled");
        assert_eq!(act.calls[0].path, "/apis/apps/v1/namespaces/default/deployments/web/scale");
        assert_eq!(act.calls[0].body, r#"{"spec":{"replicas":5}}"#);
    }

    #[test]
    fn every_act_is_named_by_the_command_that_does_the_same() {
        let (pod, node) = (refer("Pod", "shop", "a"), refer("Node", "", "node-1"));
        let label = |act: Option<Act>| act.expect("it is possible").label;
        assert_eq!(label(delete(&pod)), "kubectl delete pod a -n shop");
        assert_eq!(label(kill(&pod)), "kubectl delete pod a -n shop --grace-period=0 --force");
        assert_eq!(label(cordon(&node, false)), "kubectl uncordon node-1");
        let drained = drain(&node, &[pod]).expect("it is possible");
        assert_eq!(drained.label, "kubectl drain node-1 --ignore-daemonsets --force");
        assert_eq!(drained.calls[1].path, "/api/v1/namespaces/shop/pods/a/eviction");
    }

    #[test]
    fn a_taint_leaves_the_others_as_they_are() {
        let node = refer("Node", "", "node-1");
        let has = ["gpu=true:NoSchedule".to_owned(), format!("{TAINT}:NoExecute")];
        let body = |add| taint(&node, &has, add).expect("it is possible").calls[0].body.clone();
        let gpu = r#"{"key":"gpu","value":"true","effect":"NoSchedule"}"#;
        assert_eq!(body(false), format!(r#"{{"spec":{{"taints":[{gpu}]}}}}"#));
        let ours = format!(r#"{{"key":"{TAINT}","value":"","effect":"NoExecute"}}"#);
        assert_eq!(body(true), format!(r#"{{"spec":{{"taints":[{gpu},{ours}]}}}}"#));
    }
}

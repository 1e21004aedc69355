//! Inline actions as what they are: calls to the API.

use kubarium::session::protocol::Ref;

/// One call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    pub method: &'static str,
    pub path: String,
    pub content_type: &'static str,
    pub body: String,
}

const MERGE: &str = "application/merge-patch+json";
const JSON_PATCH: &str = "application/json-patch+json";

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

pub fn get(about: &Ref) -> Option<Call> {
    Some(Call { method: "GET", path: path(about)?, content_type: "", body: String::new() })
}

pub fn delete(about: &Ref) -> Option<Call> {
    // As kubectl: dependents are deleted in the background.
    let body = r#"{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background"}"#;
    Some(Call { method: "DELETE", path: path(about)?, content_type: "application/json", body: body.to_owned() })
}

pub fn scale(about: &Ref, replicas: i32) -> Option<Call> {
    let path = format!("{}/scale", path(about)?);
    Some(Call { method: "PATCH", path, content_type: MERGE, body: format!(r#"{{"spec":{{"replicas":{replicas}}}}}"#) })
}

/// `kubectl rollout restart`: an annotation in the template, so that the template is another one.
pub fn restart(about: &Ref, wall: &str) -> Option<Call> {
    let body = format!(
        r#"{{"spec":{{"template":{{"metadata":{{"annotations":{{"kubectl.kubernetes.io/restartedAt":"{wall}"}}}}}}}}}}"#
    );
    Some(Call { method: "PATCH", path: path(about)?, content_type: MERGE, body })
}

pub fn pause(about: &Ref, paused: bool) -> Option<Call> {
    // A merge patch with null takes the field away, as `kubectl rollout resume` does.
    let value = if paused { "true" } else { "null" };
    Some(Call {
        method: "PATCH",
        path: path(about)?,
        content_type: MERGE,
        body: format!(r#"{{"spec":{{"paused":{value}}}}}"#),
    })
}

pub fn cordon(about: &Ref, cordoned: bool) -> Option<Call> {
    let value = if cordoned { "true" } else { "null" };
    Some(Call {
        method: "PATCH",
        path: path(about)?,
        content_type: MERGE,
        body: format!(r#"{{"spec":{{"unschedulable":{value}}}}}"#),
    })
}

/// `kubectl rollout undo`: the template of an old ReplicaSet takes the place of the present one.
pub fn use_template(deployment: &Ref, template: &str) -> Option<Call> {
    Some(Call {
        method: "PATCH",
        path: path(deployment)?,
        content_type: JSON_PATCH,
        body: format!(r#"[{{"op":"replace","path":"/spec/template","value":{template}}}]"#),
    })
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
        let scaled = scale(&refer("Deployment", "default", "web"), 5).map(|call| (call.path, call.body));
        let path = "/apis/apps/v1/namespaces/default/deployments/web/scale".to_owned();
        assert_eq!(scaled, Some((path, r#"{"spec":{"replicas":5}}"#.to_owned())));
    }
}

//! Kinds that are asked and never stored: who am I, may I, is this token good.
//!
//! Upstream: pkg/registry/{authentication,authorization}/*/rest.go, …/endpoints/filters/impersonation
//! Differs: there are no roles: administrators may do everything, others nothing, and nobody is refused for it.

use super::{Method, Request, Response, body, token};
use crate::apimachinery::Status;
use crate::apimachinery::schema::last_segment;
use crate::apiserver::{Cx, Server};
use serde_json::json;

/// A kind without a store.
pub(super) struct Virtual {
    pub group: &'static str,
    /// Its definition's name.
    pub id: &'static str,
    pub kind: &'static str,
    pub plural: &'static str,
    pub namespaced: bool,
}

const AUTHENTICATION: &str = "authentication.k8s.io";
const AUTHORIZATION: &str = "authorization.k8s.io";

const fn review(group: &'static str, id: &'static str, plural: &'static str, namespaced: bool) -> Virtual {
    Virtual { group, id, kind: last_segment(id), plural, namespaced }
}

pub(super) const ALL: &[Virtual] = &[
    review(AUTHENTICATION, "io.k8s.api.authentication.v1.SelfSubjectReview", "selfsubjectreviews", false),
    review(AUTHENTICATION, "io.k8s.api.authentication.v1.TokenReview", "tokenreviews", false),
    review(AUTHORIZATION, "io.k8s.api.authorization.v1.LocalSubjectAccessReview", "localsubjectaccessreviews", true),
    review(AUTHORIZATION, "io.k8s.api.authorization.v1.SelfSubjectAccessReview", "selfsubjectaccessreviews", false),
    review(AUTHORIZATION, "io.k8s.api.authorization.v1.SelfSubjectRulesReview", "selfsubjectrulesreviews", false),
    review(AUTHORIZATION, "io.k8s.api.authorization.v1.SubjectAccessReview", "subjectaccessreviews", false),
];

const ADMINISTRATORS: &str = "system:masters";

/// The review that a path names, and its namespace.
fn named(path: &str) -> Option<(&'static Virtual, &str)> {
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    let (group, plural, namespace) = match parts.as_slice() {
        ["apis", group, "v1", plural] => (group, plural, ""),
        ["apis", group, "v1", "namespaces", namespace, plural] => (group, plural, *namespace),
        _ => return None,
    };
    let found = ALL.iter().find(|v| v.group == *group && v.plural == *plural)?;
    (found.namespaced != namespace.is_empty()).then_some((found, namespace))
}

/// None: the path names no review.
pub(super) fn answer(server: &Server, cx: &Cx, r: &Request) -> Option<Result<Response, Status>> {
    let (review, _) = named(&r.path)?;
    if r.method != Method::Post {
        let action = format!("{:?}", r.method).to_ascii_lowercase();
        return Some(Err(Status::method_not_supported(review.group, review.plural, &action)));
    }
    Some(create(server, cx, r, review))
}

fn create(server: &Server, cx: &Cx, r: &Request, review: &Virtual) -> Result<Response, Status> {
    let (mut tree, _) = body::tree(r)?;
    let (user, groups) = who(r, cx);
    let mut info = json!({"username": user, "groups": groups});
    tree["apiVersion"] = format!("{}/v1", review.group).into();
    tree["kind"] = review.kind.into();
    if !tree["metadata"].is_object() {
        tree["metadata"] = json!({});
    }
    tree["status"] = match review.kind {
        "SelfSubjectReview" => {
            tree["metadata"]["creationTimestamp"] = cx.now.to_string().into();
            json!({"userInfo": info})
        }
        "TokenReview" => match token::user_of(server, cx.now, tree["spec"]["token"].as_str().unwrap_or_default()) {
            Some((user, audiences)) => {
                info = user;
                json!({"authenticated": true, "user": info, "audiences": audiences})
            }
            None => json!({"user": {}, "error": "invalid bearer token"}),
        },
        "SelfSubjectAccessReview" => json!({"allowed": may(&groups)}),
        "SelfSubjectRulesReview" if may(&groups) => json!({
            "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}], "incomplete": false}),
        "SelfSubjectRulesReview" => json!({"resourceRules": [], "nonResourceRules": [], "incomplete": false}),
        _ => {
            let words = tree["spec"]["groups"].as_array().into_iter().flatten();
            let groups: Vec<String> = words.filter_map(|g| g.as_str().map(str::to_owned)).collect();
            json!({"allowed": may(&groups)})
        }
    };
    Ok(Response::json(201, &tree))
}

fn may(groups: &[String]) -> bool {
    groups.iter().any(|g| g == ADMINISTRATORS)
}

/// Who asks, after `--as`.
fn who(r: &Request, cx: &Cx) -> (String, Vec<String>) {
    let Some((user, groups)) = &r.impersonate else {
        return (cx.user.to_owned(), vec![ADMINISTRATORS.to_owned(), "system:authenticated".to_owned()]);
    };
    let mut groups = groups.clone();
    if let Some((namespace, _)) = user.strip_prefix("system:serviceaccount:").and_then(|s| s.split_once(':'))
        && groups.is_empty()
    {
        groups = token::groups_of(namespace);
    }
    let authenticated = if user == "system:anonymous" { "system:unauthenticated" } else { "system:authenticated" };
    if !groups.iter().any(|g| g == authenticated) {
        groups.push(authenticated.to_owned());
    }
    (user.clone(), groups)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::Value;
    use crate::apiserver::wire::Answer;
    use crate::cluster::{Cluster, Config};

    fn ask(plural: &str, body: &Value, who: Option<(&str, &[&str])>) -> Value {
        let group = ALL.iter().find(|v| v.plural == plural).expect("it is a review").group;
        let mut r = Request::with(Method::Post, &format!("/apis/{group}/v1/{plural}"), body);
        r.impersonate = who.map(|(u, g)| (u.to_owned(), g.iter().map(|g| (*g).to_owned()).collect()));
        let Answer::Whole(r) = Cluster::new(Config::with_nodes(0)).request(&r) else { panic!("reviews are whole") };
        assert_eq!(r.code, 201);
        let answer: Value = serde_json::from_slice(&r.body).expect("it is JSON");
        answer["status"].clone()
    }

    #[test]
    fn whoever_asks_is_told_who_that_is() {
        let me = |who| ask("selfsubjectreviews", &json!({}), who)["userInfo"].clone();
        assert_eq!(
            me(None),
            json!({"username": "kubernetes-admin", "groups": ["system:masters", "system:authenticated"]})
        );
        assert_eq!(
            me(Some(("jane", &["devs"]))),
            json!({"username": "jane", "groups": ["devs", "system:authenticated"]})
        );
        let robot = me(Some(("system:serviceaccount:default:robot", &[])));
        let groups = ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"];
        assert_eq!(robot["groups"], json!(groups));
    }

    #[test]
    fn administrators_may_and_others_may_not() {
        let access = json!({"spec": {"nonResourceAttributes": {"path": "/metrics", "verb": "get"}}});
        assert_eq!(ask("selfsubjectaccessreviews", &access, None), json!({"allowed": true}));
        assert_eq!(ask("selfsubjectaccessreviews", &access, Some(("jane", &[]))), json!({"allowed": false}));
        let jane = json!({"spec": {"user": "jane"}});
        assert_eq!(ask("subjectaccessreviews", &jane, None), json!({"allowed": false}));
        let root = json!({"spec": {"user": "root", "groups": ["system:masters"]}});
        assert_eq!(ask("subjectaccessreviews", &root, None), json!({"allowed": true}));
    }

    #[test]
    fn a_token_that_nobody_gave_is_refused() {
        let nonsense = json!({"spec": {"token": "nonsense"}});
        assert_eq!(ask("tokenreviews", &nonsense, None), json!({"user": {}, "error": "invalid bearer token"}));
    }
}

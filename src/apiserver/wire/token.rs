//! Tokens of service accounts: given out by the subresource `token`, read again by TokenReview.
//!
//! Upstream: pkg/registry/core/serviceaccount/storage/token.go, pkg/serviceaccount/{claims,jwt}.go,
//! pkg/apis/authentication/validation/validation.go
//! Differs: the signature is a chain of hashes as long as RS256's, under a key made of the cluster's seed.

use super::path::Target;
use super::{Request, Response, body};
use crate::api::core::ServiceAccount;
use crate::api::{Key, KindId, Object};
use crate::apimachinery::time::Time;
use crate::apimachinery::{ErrorList, Path, Status, Str, Value};
use crate::apiserver::{Cx, Server, new_uid};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};

const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
const LEAST: i64 = 600;
const MOST: i64 = 1 << 32;
const USUAL: i64 = 3600;

pub(super) fn create(server: &Server, cx: &mut Cx, r: &Request, t: &Target) -> Result<Response, Status> {
    let (mut tree, _) = body::tree(r)?;
    let account = server.get(KindId::ServiceAccount, &t.key())?;
    let account = account.downcast::<ServiceAccount>().expect("the target's kind").clone();
    let name = tree.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let seconds = tree.pointer("/spec/expirationSeconds").and_then(Value::as_i64).unwrap_or(USUAL);
    let mut errs = ErrorList::default();
    let spec = Path::new("spec");
    let path = spec.child("expirationSeconds");
    if seconds < LEAST {
        errs.invalid(path, seconds, "may not specify a duration less than 10 minutes");
    } else if seconds > MOST {
        errs.invalid(path, seconds, "may not specify a duration larger than 2^32 seconds");
    }
    if !errs.is_empty() {
        return Err(Status::invalid("authentication.k8s.io", "TokenRequest", &name, &errs));
    }
    if !name.is_empty() && name != t.name {
        return Err(Status::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            t.name
        )));
    }
    let named = tree.pointer("/spec/audiences").and_then(Value::as_array).is_some_and(|l| !l.is_empty());
    let audiences = if named { tree["spec"]["audiences"].clone() } else { json!([ISSUER]) };
    let bound = bound(server, &t.namespace, &tree["spec"]["boundObjectRef"])?;
    let now = cx.now.unix();
    let mut private = json!({"namespace": t.namespace,
        "serviceaccount": {"name": t.name, "uid": account.metadata.uid.as_str()}});
    if let Some((word, of)) = bound {
        private[word] = of;
    }
    let claims = json!({"aud": audiences, "exp": now + seconds, "iat": now, "iss": ISSUER,
        "jti": new_uid(cx.rng).as_str(), "kubernetes.io": private, "nbf": now,
        "sub": format!("system:serviceaccount:{}:{}", t.namespace, t.name)});
    if !tree["spec"].is_object() {
        tree["spec"] = json!({});
    }
    tree["kind"] = "TokenRequest".into();
    tree["apiVersion"] = "authentication.k8s.io/v1".into();
    tree["metadata"] = json!({"name": t.name, "namespace": t.namespace, "creationTimestamp": cx.now.to_string()});
    tree["spec"]["audiences"] = audiences;
    tree["spec"]["expirationSeconds"] = seconds.into();
    if tree["spec"].get("boundObjectRef").is_none() {
        tree["spec"]["boundObjectRef"] = Value::Null;
    }
    tree["status"] = json!({"token": sign(&server.token_key, &claims),
        "expirationTimestamp": Time::from_unix(now + seconds).to_string()});
    Ok(Response::json(201, &tree))
}

/// The object with which the token ends, as its claims name it.
fn bound(server: &Server, namespace: &str, reference: &Value) -> Result<Option<(&'static str, Value)>, Status> {
    let text = |k: &str| reference[k].as_str().unwrap_or_default();
    let (word, kind, namespace) = match text("kind") {
        "" if reference.is_null() => return Ok(None),
        "Pod" => ("pod", KindId::Pod, namespace),
        "Secret" => ("secret", KindId::Secret, namespace),
        "Node" => ("node", KindId::Node, ""),
        other => {
            return Err(Status::bad_request(format!(
                "cannot bind token for serviceaccount to object of type \"{other}\""
            )));
        }
    };
    let object: &Object = server.get(kind, &Key::new(namespace, text("name")))?;
    let uid: &Str = &object.meta().uid;
    if !text("uid").is_empty() && text("uid") != uid.as_str() {
        let why = format!(
            "the UID in the bound object reference ({}) does not match the UID in record. The object might have been \
             deleted and then recreated",
            text("uid")
        );
        let info = kind.info();
        return Err(Status::conflict(info.group, info.plural, text("name"), &why));
    }
    Ok(Some((word, json!({"name": text("name"), "uid": uid.as_str()}))))
}

fn sign(key: &str, claims: &Value) -> String {
    let id = URL_SAFE_NO_PAD.encode(Sha256::digest(format!("id of {key}")));
    let header = json!({"alg": "RS256", "kid": id});
    let head = |v: &Value| URL_SAFE_NO_PAD.encode(v.to_string());
    let text = format!("{}.{}", head(&header), head(claims));
    let signature = signature(key, &text);
    format!("{text}.{signature}")
}

fn signature(key: &str, text: &str) -> String {
    let mut bytes = Vec::new();
    for block in 0..8 {
        bytes.extend_from_slice(&Sha256::digest(format!("{block} {key} {text} {key}")));
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The groups of a namespace's accounts, before `system:authenticated`.
pub(super) fn groups_of(namespace: &str) -> Vec<String> {
    vec!["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")]
}

/// Whose token that is, and for whom it is meant; None where it is not good, or not any more.
pub(super) fn user_of(server: &Server, now: Time, token: &str) -> Option<(Value, Value)> {
    let (text, end) = token.rsplit_once('.')?;
    if signature(&server.token_key, text) != end {
        return None;
    }
    let claims = URL_SAFE_NO_PAD.decode(text.split_once('.')?.1).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let private = &claims["kubernetes.io"];
    let (namespace, name) = (private["namespace"].as_str()?, private["serviceaccount"]["name"].as_str()?);
    let account = server.get(KindId::ServiceAccount, &Key::new(namespace, name)).ok()?;
    let uid = private["serviceaccount"]["uid"].as_str()?;
    if claims["exp"].as_i64()? <= now.unix() || account.meta().uid.as_str() != uid {
        return None;
    }
    let mut groups = groups_of(namespace);
    groups.push("system:authenticated".to_owned());
    let extra = json!({"authentication.kubernetes.io/credential-id": [format!("JTI={}", claims["jti"].as_str()?)]});
    let user = json!({"username": claims["sub"], "uid": uid, "groups": groups, "extra": extra});
    Some((user, claims["aud"].clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apiserver::wire::{Answer, Method};
    use crate::cluster::{Cluster, Config};
    use crate::sim::Duration;

    fn ask(c: &mut Cluster, path: &str, body: &Value) -> (u16, Value) {
        let Answer::Whole(r) = c.request(&Request::with(Method::Post, path, body)) else { panic!("it is whole") };
        (r.code, serde_json::from_slice(&r.body).expect("it is JSON"))
    }

    const OF_DEFAULT: &str = "/api/v1/namespaces/default/serviceaccounts/default/token";

    #[test]
    fn a_token_says_whose_it_is_until_it_ends() {
        let mut c = Cluster::new(Config::with_nodes(0));
        c.run_for(Duration::from_secs(5));
        let (code, made) = ask(&mut c, OF_DEFAULT, &json!({"spec": {"expirationSeconds": 600}}));
        assert_eq!((code, &made["spec"]["audiences"]), (201, &json!([ISSUER])));
        let token = made["status"]["token"].as_str().expect("it has a token").to_owned();
        let parts: Vec<&str> = token.split('.').collect();
        assert_eq!((parts.len(), URL_SAFE_NO_PAD.decode(parts[2]).map(|s| s.len())), (3, Ok(256)));
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).expect("base64")).expect("JSON");
        assert_eq!(claims["exp"].as_i64().zip(claims["iat"].as_i64()).map(|(e, i)| e - i), Some(600));
        let review = json!({"spec": {"token": token}});
        let path = "/apis/authentication.k8s.io/v1/tokenreviews";
        let (_, answer) = ask(&mut c, path, &review);
        assert_eq!(answer["status"]["user"]["username"], "system:serviceaccount:default:default");
        let (_, forged) = ask(&mut c, path, &json!({"spec": {"token": format!("{token}A")}}));
        assert_eq!(forged["status"]["error"], "invalid bearer token");
        c.run_for(Duration::from_secs(600));
        let (_, late) = ask(&mut c, path, &review);
        assert_eq!(late["status"]["error"], "invalid bearer token");
    }

    #[test]
    fn a_token_is_refused_in_upstreams_words() {
        let mut c = Cluster::new(Config::with_nodes(0));
        c.run_for(Duration::from_secs(5));
        let (code, short) = ask(&mut c, OF_DEFAULT, &json!({"spec": {"expirationSeconds": 1}}));
        let why = "TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: Invalid value: 1: may not \
                   specify a duration less than 10 minutes";
        assert_eq!((code, short["message"].as_str()), (422, Some(why)));
        let (code, _) = ask(&mut c, "/api/v1/namespaces/default/serviceaccounts/nobody/token", &json!({}));
        assert_eq!(code, 404);
        let bound = json!({"spec": {"boundObjectRef": {"kind": "Pod", "name": "nobody"}}});
        assert_eq!(ask(&mut c, OF_DEFAULT, &bound).0, 404);
    }
}

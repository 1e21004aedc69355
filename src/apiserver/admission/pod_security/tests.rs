//! What the levels say of pods, and of the labels that name them.

use super::*;
use crate::apimachinery::{Api, Decoder};
use serde_json::json;

fn said(level: Level, spec: serde_json::Value) -> String {
    let spec = PodSpec::decode(&spec, &mut Decoder::new());
    details(&evaluate(level, &Subject { meta: &ObjectMeta::default(), spec: &spec }))
}

#[track_caller]
fn refuses(level: Level, spec: serde_json::Value, text: &str) {
    assert_eq!(said(level, spec), text);
}

#[test]
fn the_baseline_says_who_does_what() {
    let of = |context: serde_json::Value| json!({"containers": [{"name": "a", "securityContext": context}]});
    refuses(Level::Privileged, json!({"hostNetwork": true}), "");
    refuses(
        Level::Baseline,
        json!({"hostIPC": true, "hostNetwork": true}),
        "host namespaces (hostNetwork=true, hostIPC=true)",
    );
    refuses(
        Level::Baseline,
        json!({
            "initContainers": [{"name": "i", "securityContext": {"privileged": true}}],
            "containers": [{"name": "a", "securityContext": {"privileged": true}}],
        }),
        "privileged (containers \"i\", \"a\" must not set securityContext.privileged=true)",
    );
    refuses(
        Level::Baseline,
        json!({"containers": [{"name": "a", "ports": [{"hostPort": 80}, {"hostPort": 443}]}]}),
        "hostPort (container \"a\" uses hostPorts 443, 80)",
    );
    refuses(
        Level::Baseline,
        json!({"containers": [{"name": "a", "livenessProbe": {"httpGet": {"host": "1.2.3.4"}}}]}),
        "probe or lifecycle host (container \"a\" uses probe or lifecycle host \"1.2.3.4\")",
    );
    refuses(
        Level::Baseline,
        of(json!({"seLinuxOptions": {"type": "x", "user": "u"}})),
        "seLinuxOptions (container \"a\" set forbidden securityContext.seLinuxOptions: type \"x\"; user may not be set)",
    );
    refuses(
        Level::Baseline,
        json!({
            "securityContext": {"windowsOptions": {"hostProcess": true}, "appArmorProfile": {"type": "Unconfined"}},
            "containers": [{"name": "a"}],
        }),
        "forbidden AppArmor profile (pod must not set AppArmor profile type to \"Unconfined\"), \
         hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)",
    );
    let unmasked = json!({"containers": [{"name": "a", "securityContext": {"procMount": "Unmasked"}}]});
    refuses(
        Level::Baseline,
        unmasked.clone(),
        "procMount (container \"a\" must not set securityContext.procMount to \"Unmasked\")",
    );
    let mut own = unmasked;
    own["hostUsers"] = json!(false);
    refuses(Level::Baseline, own, "");
}

#[test]
fn the_restricted_level_replaces_what_it_says_better() {
    let hard = |spec: &mut serde_json::Value| {
        spec["securityContext"] = json!({"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}});
        spec["containers"] = json!([{
            "name": "a",
            "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
        }]);
    };
    let mut spec =
        json!({"volumes": [{"name": "v", "hostPath": {"path": "/"}}, {"name": "n", "nfs": {"server": "s"}}]});
    hard(&mut spec);
    refuses(Level::Baseline, spec.clone(), "hostPath volumes (volume \"v\")");
    refuses(
        Level::Restricted,
        spec,
        "restricted volume types (volumes \"v\", \"n\" use restricted volume types \"hostPath\", \"nfs\")",
    );
    let mut spec = json!({});
    hard(&mut spec);
    refuses(Level::Restricted, spec.clone(), "");
    spec["containers"][0]["securityContext"]["capabilities"]["add"] = json!(["CHOWN"]);
    spec["securityContext"]["runAsNonRoot"] = json!(false);
    refuses(Level::Baseline, spec.clone(), "");
    refuses(
        Level::Restricted,
        spec,
        "unrestricted capabilities (container \"a\" must not include \"CHOWN\" in securityContext.capabilities.add), \
         runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false)",
    );
}

#[test]
fn what_cannot_be_read_is_enforced_strictly_and_warned_of_never() {
    let labels: Map = [
        ("pod-security.kubernetes.io/enforce", Str::literal("strict")),
        ("pod-security.kubernetes.io/warn", Str::literal("strict")),
        ("pod-security.kubernetes.io/audit-version", Str::literal("v1.07")),
    ]
    .into_iter()
    .collect();
    let (p, errs) = policy(&labels);
    assert_eq!((p.enforce.level, p.warn.level), (Level::Restricted, Level::Privileged));
    assert_eq!(errs.0.len(), 3);
    assert_eq!(parse_version("v1.30"), Ok(Some(30)));
}

//! Deployments and ReplicaSets: defaults, rows, and what a cluster refuses.

use super::*;
use crate::api::Kind;
use crate::api::testing::{decode, faults_of_create, faults_of_update, row_text};

/// A manifest's spec around what matters.
fn with(more: &str) -> String {
    let selector = if more.contains("selector:") { "" } else { "selector: {matchLabels: {app: web}}," };
    let labels = if more.contains("labels:") { "" } else { "metadata: {labels: {app: web}}," };
    let (spec, template) = more.split_once(" template ").unwrap_or((more, ""));
    format!(
        "{{spec: {{{selector} {spec} template: {{{labels} {template} \
         spec: {{restartPolicy: Always, dnsPolicy: ClusterFirst, terminationGracePeriodSeconds: 30, \
         containers: [{{name: a, image: 'nginx:1', imagePullPolicy: Always, terminationMessagePolicy: File}}, \
         {{name: b, image: 'busybox:1', imagePullPolicy: Always, terminationMessagePolicy: File}}]}}}}}}}}"
    )
}

#[test]
fn defaults_are_those_of_a_cluster() {
    let deployment: Deployment = decode(&with(""));
    let spec = &*deployment.spec;
    assert_eq!(
        (spec.replicas, spec.revision_history_limit, spec.progress_deadline_seconds),
        (Some(1), Some(10), Some(600))
    );
    assert_eq!(
        go_json(&spec.strategy),
        r#"{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"25%","maxSurge":"25%"}}"#
    );
    let recreate: Deployment = decode(&with("strategy: {type: Recreate},"));
    assert_eq!(recreate.spec.strategy.rolling_update, None);
}

#[test]
fn rows_and_scale_read_as_a_cluster_prints_them() {
    let mut deployment: Deployment = decode(&with("replicas: 3,"));
    let status =
        DeploymentStatus { ready_replicas: 2, updated_replicas: 3, available_replicas: 1, ..Default::default() };
    deployment.status = Rc::new(status);
    assert_eq!(row_text(&deployment, 0), "web|2/3|3|1|<unknown>|a,b|nginx:1,busybox:1|app=web");
    assert_eq!(deployment.scale(), Some((3, 0, "app=web".to_owned())));
    let selector = "selector: {matchExpressions: [{key: app, operator: In, values: [web, b]}]},";
    let set: ReplicaSet = decode(&with(selector));
    assert_eq!(row_text(&set, 0), "web|1|0|0|<unknown>|a,b|nginx:1,busybox:1|app in (b,web)");
}

#[test]
fn refusals_are_those_of_a_cluster() {
    for (more, want) in [
        ("", vec![]),
        ("replicas: -5,", vec!["spec.replicas: Invalid value: -5: must be greater than or equal to 0"]),
        (
            " template metadata: {labels: {app: other}},",
            vec![
                "spec.template.metadata.labels: Invalid value: {\"app\":\"other\"}: `selector` does not match template \
                 `labels`",
            ],
        ),
        (
            "selector: null,",
            vec![
                "spec.selector: Required value",
                "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template \
                 `labels`",
            ],
        ),
        ("selector: {},", vec!["spec.selector: Invalid value: {}: empty selector is invalid for deployment"]),
        (
            "selector: {matchExpressions: [{key: app, operator: Like}]},",
            vec![
                "spec.selector.matchExpressions[0].operator: Invalid value: \"Like\": not a valid selector operator",
                "spec.selector: Invalid value: {\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"Like\"}]}: \
                 invalid label selector",
            ],
        ),
        (
            "strategy: {type: Blue},",
            vec![
                "spec.strategy: Unsupported value: {\"Type\":\"Blue\",\"RollingUpdate\":null}: supported values: \
                 \"Recreate\", \"RollingUpdate\"",
            ],
        ),
        (
            "strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}},",
            vec!["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
        ),
        (
            "strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}},",
            vec![
                "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"0%\": may not be 0 when `maxSurge` is 0",
            ],
        ),
        (
            "strategy: {rollingUpdate: {maxSurge: half, maxUnavailable: 120%}},",
            vec![
                "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"half\": a valid percent string must be a \
                 numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is \
                 '[0-9]+%')",
                "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"120%\": must not be greater than 100%",
            ],
        ),
        (
            "strategy: {rollingUpdate: {maxSurge: -1}},",
            vec!["spec.strategy.rollingUpdate.maxSurge: Invalid value: -1: must be greater than or equal to 0"],
        ),
        (
            "minReadySeconds: 60, progressDeadlineSeconds: 60,",
            vec!["spec.progressDeadlineSeconds: Invalid value: 60: must be greater than minReadySeconds"],
        ),
    ] {
        assert_eq!(faults_of_create::<Deployment>(&with(more)), want, "{more}");
    }
}

#[test]
fn the_selector_stays() {
    let new =
        with("selector: {matchLabels: {app: web, tier: front}}, template metadata: {labels: {app: web, tier: front}},");
    let want =
        ["spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"web\",\"tier\":\"front\"}}: field is immutable"];
    assert_eq!(faults_of_update::<Deployment>(&with(""), &new), want);
    assert_eq!(faults_of_update::<ReplicaSet>(&with(""), &new), want);
}

#[test]
fn counts_of_a_status_agree() {
    let check = |new: DeploymentStatus, old: DeploymentStatus, want: &str| {
        let mut errs = ErrorList::default();
        validate_deployment_status(&new, &old, &mut errs);
        assert_eq!(errs.aggregate(), want);
    };
    let old = DeploymentStatus { collision_count: Some(2), ..Default::default() };
    check(
        DeploymentStatus { replicas: 1, updated_replicas: 2, available_replicas: 1, ..old.clone() },
        old.clone(),
        "[status.updatedReplicas: Invalid value: 2: cannot be greater than status.replicas, status.availableReplicas: \
         Invalid value: 1: cannot be greater than readyReplicas]",
    );
    let decremented = "status.collisionCount: Invalid value: 1: cannot be decremented";
    check(DeploymentStatus { collision_count: Some(1), ..Default::default() }, old, decremented);
}

#[test]
fn long_names_are_warned_of() {
    let mut warnings = Vec::new();
    crate::api::apps::pods::warn_of_name("web.v1", &mut warnings);
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("a DNS label is recommended: [must not contain dots"));
}

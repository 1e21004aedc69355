//! Metadata that is right and metadata that is not.

use super::super::names::name_is_dns_subdomain;
use super::super::time::Time;
use super::*;

fn meta() -> ObjectMeta {
    let mut meta = ObjectMeta { name: "web".into(), namespace: "default".into(), ..Default::default() };
    meta.resource_version.0 = 7;
    meta
}

#[track_caller]
fn faults(namespaced: bool, change: impl FnOnce(&mut ObjectMeta)) -> String {
    let mut meta = meta();
    change(&mut meta);
    let mut errs = ErrorList::default();
    validate_object_meta(&meta, namespaced, name_is_dns_subdomain, Path::new("metadata"), &mut errs);
    if errs.is_empty() { String::new() } else { errs.aggregate() }
}

#[track_caller]
fn faults_of_update(old: impl FnOnce(&mut ObjectMeta), new: impl FnOnce(&mut ObjectMeta)) -> String {
    let mut was = meta();
    old(&mut was);
    let mut now = was.clone();
    new(&mut now);
    let mut errs = ErrorList::default();
    validate_object_meta_update(&now, &was, Path::new("metadata"), &mut errs);
    if errs.is_empty() { String::new() } else { errs.aggregate() }
}

fn owner(kind: &str, name: &str) -> OwnerReference {
    OwnerReference {
        api_version: "apps/v1".into(),
        kind: kind.into(),
        name: name.into(),
        uid: "u".into(),
        controller: Some(true),
        block_owner_deletion: None,
    }
}

#[test]
fn names_and_namespaces() {
    assert_eq!(faults(true, |_| {}), "");
    assert_eq!(
        faults(true, |m| m.name = Str::EMPTY),
        "metadata.name: Required value: name or generateName is required"
    );
    let subdomain = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must \
                     start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
                     '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    assert_eq!(
        faults(true, |m| m.name = "web.".into()),
        format!("metadata.name: Invalid value: \"web.\": {subdomain}")
    );
    assert_eq!(faults(true, |m| m.generate_name = "web-".into()), "");
    assert_eq!(
        faults(true, |m| m.generate_name = "Web-".into()),
        format!("metadata.generateName: Invalid value: \"Web-\": {subdomain}")
    );
    assert_eq!(faults(true, |m| m.namespace = Str::EMPTY), "metadata.namespace: Required value");
    assert_eq!(faults(false, |_| {}), "metadata.namespace: Forbidden: not allowed on this type");
}

#[test]
fn labels_and_annotations() {
    let value = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start \
                 and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for \
                 validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
    let set = |key: &'static str, v: &'static str| [(key, Str::literal(v))].into_iter().collect::<Map>();
    assert_eq!(
        faults(true, |m| m.labels = set("a", "not valid!")),
        format!("metadata.labels: Invalid value: \"not valid!\": {value}")
    );
    assert_eq!(faults(true, |m| m.annotations = set("Example.COM/Any", "not valid!")), "");
    assert!(
        faults(true, |m| m.annotations = set("a b", "")).starts_with("metadata.annotations: Invalid value: \"a b\": ")
    );
    let big = "x".repeat(256 * 1024);
    assert_eq!(
        faults(true, |m| {
            m.annotations.insert("a", Str::from(big));
        }),
        "metadata.annotations: Too long: may not be more than 262144 bytes"
    );
}

#[test]
fn owners_and_finalizers() {
    assert_eq!(
        faults(true, |m| m.owner_references = vec![OwnerReference::default()].into()),
        "[metadata.ownerReferences.apiVersion: Invalid value: \"\": version must not be empty, \
         metadata.ownerReferences.kind: Invalid value: \"\": must not be empty, metadata.ownerReferences.name: Invalid \
         value: \"\": must not be empty, metadata.ownerReferences.uid: Invalid value: \"\": must not be empty]"
    );
    assert!(faults(true, |m| m.owner_references = vec![owner("ReplicaSet", "a"), owner("Job", "b")].into()).ends_with(
        "Only one reference can have Controller set to true. Found \"true\" in references for ReplicaSet/a and Job/b"
    ));
    assert_eq!(
        faults(true, |m| m.finalizers = vec!["orphan".into(), "foregroundDeletion".into()].into()),
        "metadata.finalizers: Invalid value: [\"orphan\",\"foregroundDeletion\"]: finalizer orphan and \
         foregroundDeletion cannot be both set"
    );
}

#[test]
fn what_an_update_may_not_change() {
    assert_eq!(faults_of_update(|_| {}, |m| m.labels = Map::default()), "");
    assert_eq!(
        faults_of_update(|_| {}, |m| m.resource_version.0 = 0),
        "metadata.resourceVersion: Invalid value: \"\": must be specified for an update"
    );
    assert_eq!(
        faults_of_update(|_| {}, |m| m.name = "b".into()),
        "metadata.name: Invalid value: \"b\": field is immutable"
    );
    assert_eq!(
        faults_of_update(|m| m.generation = 2, |m| m.generation = 1),
        "metadata.generation: Invalid value: 1: must not be decremented"
    );
    assert_eq!(
        faults_of_update(|_| {}, |m| m.deletion_timestamp = Some(Time::from_unix(0))),
        "metadata.deletionTimestamp: Invalid value: \"1970-01-01T00:00:00Z\": field is immutable"
    );
    assert_eq!(
        faults_of_update(
            |m| m.deletion_timestamp = Some(Time::from_unix(0)),
            |m| m.finalizers = vec!["example.com/more".into()].into()
        ),
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new \
         finalizers []string{\"example.com/more\"}"
    );
}

#[test]
fn selectors_of_labels() {
    let requirement = |operator: &str, values: &[&str]| LabelSelectorRequirement {
        key: "k".into(),
        operator: operator.into(),
        values: values.iter().map(|v| Str::from(*v)).collect(),
    };
    for (r, want) in [
        (requirement("In", &["a"]), ""),
        (
            requirement("In", &[]),
            "s.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
        ),
        (
            requirement("Exists", &["a"]),
            "s.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        ),
        (
            requirement("Like", &[]),
            "s.matchExpressions[0].operator: Invalid value: \"Like\": not a valid selector operator",
        ),
    ] {
        let selector = LabelSelector { match_expressions: vec![r].into(), ..Default::default() };
        let mut errs = ErrorList::default();
        validate_label_selector(Some(&selector), Path::new("s"), &mut errs);
        assert_eq!(if errs.is_empty() { String::new() } else { errs.aggregate() }, want);
    }
}

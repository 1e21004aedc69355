//! Nodes: rows, defaults, and what a cluster refuses.

use super::*;
use crate::api::testing::{decode, faults_of_create, faults_of_update, row_text};

#[test]
fn rows_read_as_a_cluster_prints_them() {
    let wide = "|<none>|<none>|<unknown>|<unknown>|<unknown>";
    for (yaml, want) in [
        ("{}", format!("web|Unknown|<none>|<unknown>|{wide}")),
        (
            "{metadata: {labels: {node-role.kubernetes.io/worker: '', node-role.kubernetes.io/control-plane: ''}}, \
              spec: {unschedulable: true}, status: {conditions: [{type: Ready, status: 'True'}]}}",
            format!("web|Ready,SchedulingDisabled|control-plane,worker|<unknown>|{wide}"),
        ),
        (
            "{metadata: {labels: {kubernetes.io/role: gpu, node-role.kubernetes.io/: ''}}, \
              status: {conditions: [{type: Ready, status: Unknown}], \
              addresses: [{type: ExternalIP, address: 1.2.3.4}, {type: InternalIP, address: 10.0.0.1}], \
              nodeInfo: {kubeletVersion: v1.35.0, osImage: Debian, kernelVersion: '6.1', containerRuntimeVersion: c}}}",
            "web|NotReady|gpu|<unknown>|v1.35.0|10.0.0.1|1.2.3.4|Debian|6.1|c".to_owned(),
        ),
    ] {
        assert_eq!(row_text(&decode::<Node>(yaml), 0), want, "{yaml}");
    }
}

#[test]
fn what_is_allocatable_is_the_capacity_unless_said() {
    let node: Node = decode("{status: {capacity: {cpu: 1.0001, pods: '110'}}}");
    assert_eq!(node.status.allocatable, node.status.capacity);
    assert_eq!(node.status.capacity.get("cpu").map(|q| q.to_string()).as_deref(), Some("1001m"));
}

#[test]
fn one_pod_cidr_or_several() {
    let node: Node = decode("{spec: {podCIDR: 10.0.0.0/24}}");
    assert_eq!(node.spec.pod_cidrs.as_slice(), ["10.0.0.0/24"]);
    let node: Node = decode("{spec: {podCIDRs: [10.0.0.0/24]}}");
    assert_eq!(node.spec.pod_cidr, "10.0.0.0/24");
}

#[test]
fn refusals_are_those_of_a_cluster() {
    for (yaml, want) in [
        (
            "{spec: {taints: [{key: a, effect: NoWay}]}}",
            "metadata.taints[0].effect: Unsupported value: \"NoWay\": supported values: \"NoSchedule\", \
             \"PreferNoSchedule\", \"NoExecute\"",
        ),
        ("{spec: {taints: [{key: a}]}}", "metadata.taints[0].effect: Required value"),
        (
            "{spec: {taints: [{key: a, effect: NoSchedule}, {key: a, value: b, effect: NoSchedule}]}}",
            "metadata.taints[1]: Duplicate value: {\"Key\":\"a\",\"Value\":\"b\",\"Effect\":\"NoSchedule\",\
             \"TimeAdded\":null}: taints must be unique by key and effect pair",
        ),
        (
            "{spec: {podCIDRs: [10.0.0.0/24, 10.0.1.0/24]}}",
            "spec.podCIDRs: Invalid value: [\"10.0.0.0/24\",\"10.0.1.0/24\"]: may specify no more than one CIDR for \
             each IP family",
        ),
        (
            "{status: {capacity: {cpu: '-1'}, allocatable: {cpu: 1}}}",
            "status.capacity.cpu: Invalid value: \"-1\": must be greater than or equal to 0",
        ),
        (
            "{status: {capacity: {example.com/gpu: 500m}, allocatable: {cpu: 1}}}",
            "status.capacity.example.com/gpu: Invalid value: \"500m\": must be an integer",
        ),
    ] {
        assert_eq!(faults_of_create::<Node>(yaml), [want], "{yaml}");
    }
}

#[test]
fn some_things_stay_once_they_are_set() {
    let old = "{spec: {podCIDR: 10.0.0.0/24, providerID: a}}";
    for (new, want) in [
        (old, vec![]),
        (
            "{spec: {podCIDR: 10.0.1.0/24, providerID: a}}",
            vec!["spec.podCIDRs: Forbidden: node updates may not change podCIDR except from \"\" to valid"],
        ),
        (
            "{spec: {podCIDR: 10.0.0.0/24, providerID: b}}",
            vec!["spec.providerID: Forbidden: node updates may not change providerID except from \"\" to valid"],
        ),
    ] {
        assert_eq!(faults_of_update::<Node>(old, new), want, "{new}");
    }
}

//! Services against an allocator and their validation, as a cluster answered them.

use super::*;
use crate::api::testing::{decode, faults_of_new, faults_of_successor};
use crate::sim::OrdSet;

/// Draws the first of what there is.
fn first(_: u64) -> u64 {
    0
}

/// A cluster with the Service `kubernetes`.
fn cluster() -> Allocator {
    let mut allocator = Allocator::default();
    assert!(allocator.ips.take(ipv4("10.96.0.1").expect("an address")));
    allocator
}

fn service(spec: &str) -> Service {
    decode(&format!("{{metadata: {{name: web}}, spec: {{selector: {{app: web}}, {spec}}}}}"))
}

#[track_caller]
fn create(allocator: &mut Allocator, mut service: Service) -> Result<Service, Vec<String>> {
    match allocate(allocator, &mut service, None, &mut first, false) {
        Err(status) => Err(vec![status.message().replace("Service \"web\" is invalid: ", "")]),
        Ok(()) => match faults_of_new(service.clone()) {
            faults if faults.is_empty() => Ok(service),
            faults => Err(faults),
        },
    }
}

#[track_caller]
fn update(allocator: &mut Allocator, mut new: Service, old: &Service) -> Result<Service, Vec<String>> {
    match allocate(allocator, &mut new, Some(old), &mut first, false) {
        Err(status) => Err(vec![status.message().replace("Service \"web\" is invalid: ", "")]),
        Ok(()) => {
            let faults = faults_of_successor(new.clone(), old.clone());
            crate::api::Kind::prepare_for_update(&mut new, old);
            if faults.is_empty() { Ok(new) } else { Err(faults) }
        }
    }
}

#[test]
fn refusals_are_those_of_a_cluster() {
    let port = "ports: [{port: 80, targetPort: 8080}]";
    let with = |more: &str| format!("{port}, {more}");
    let cases: &[(String, &[&str])] = &[
        ("ports: []".to_owned(), &["spec.ports: Required value"]),
        (
            "ports: [{targetPort: 8080}]".to_owned(),
            &["spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"],
        ),
        (
            "ports: [{port: 80, protocol: HTTP}]".to_owned(),
            &["spec.ports[0].protocol: Unsupported value: \"HTTP\": supported values: \"SCTP\", \"TCP\", \"UDP\""],
        ),
        (
            "ports: [{port: 80, targetPort: no_such_port_name}]".to_owned(),
            &[
                "spec.ports[0].targetPort: Invalid value: \"no_such_port_name\": must be no more than 15 characters",
                "spec.ports[0].targetPort: Invalid value: \"no_such_port_name\": must contain only alpha-numeric \
                 characters (a-z, 0-9), and hyphens (-)",
            ],
        ),
        (
            "ports: [{port: 80}, {port: 81}]".to_owned(),
            &["spec.ports[0].name: Required value", "spec.ports[1].name: Required value"],
        ),
        (
            "ports: [{name: a, port: 80}, {name: a, port: 81}]".to_owned(),
            &["spec.ports[1].name: Duplicate value: \"a\""],
        ),
        (
            "ports: [{name: a, port: 80}, {name: b, port: 80}]".to_owned(),
            &["spec.ports[1]: Duplicate value: {\"Name\":\"\",\"Protocol\":\"TCP\",\"AppProtocol\":null,\"Port\":80,\
               \"TargetPort\":0,\"NodePort\":0}"],
        ),
        (
            "ports: [{port: 80, nodePort: 31000}]".to_owned(),
            &["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
        ),
        (
            "type: NodePort, ports: [{port: 80, nodePort: 80}]".to_owned(),
            &[
                "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid \
               ports is 30000-32767",
            ],
        ),
        (
            with("type: Nodeport"),
            &["spec.type: Unsupported value: \"Nodeport\": supported values: \"ClusterIP\", \"ExternalName\", \
               \"LoadBalancer\", \"NodePort\""],
        ),
        (with("type: ExternalName"), &["spec.externalName: Required value"]),
        (
            with("clusterIP: 10.96.300.1"),
            &["spec.clusterIPs[0]: Invalid value: \"10.96.300.1\": must be a valid IP address, (e.g. 10.9.8.7 or \
               2001:db8::ffff)"],
        ),
        (
            with("clusterIP: 10.1.2.3"),
            &["spec.clusterIPs: Invalid value: [\"10.1.2.3\"]: failed to allocate IP 10.1.2.3: the provided network \
               does not match the current range"],
        ),
        (
            with("clusterIP: 10.96.0.1"),
            &["spec.clusterIPs: Invalid value: [\"10.96.0.1\"]: failed to allocate IP 10.96.0.1: provided IP is \
               already allocated"],
        ),
        (
            with("type: NodePort, clusterIP: None"),
            &["spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"],
        ),
        (
            with("sessionAffinity: Cookie"),
            &["spec.sessionAffinity: Unsupported value: \"Cookie\": supported values: \"ClientIP\", \"None\""],
        ),
        (
            with("sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 90000}}"),
            &["spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 90000: must be greater than 0 and \
               less than 86400"],
        ),
        (
            with("externalTrafficPolicy: Local"),
            &["spec.externalTrafficPolicy: Invalid value: \"Local\": may only be set for externally-accessible \
               services"],
        ),
        (
            with("type: NodePort, externalTrafficPolicy: Near"),
            &["spec.externalTrafficPolicy: Unsupported value: \"Near\": supported values: \"Cluster\", \"Local\""],
        ),
        (
            with("externalIPs: [127.0.0.1]"),
            &["spec.externalIPs[0]: Invalid value: \"127.0.0.1\": may not be in the loopback range (127.0.0.0/8, \
               ::1/128)"],
        ),
        (
            with("type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/99]"),
            &["spec.LoadBalancerSourceRanges[0]: Invalid value: \"10.0.0.0/99\": must be a valid CIDR value, (e.g. \
               10.9.8.0/24 or 2001:db8::/64)"],
        ),
        (
            with("healthCheckNodePort: 30500"),
            &["spec.healthCheckNodePort: Invalid value: 30500: may only be set when `type` is 'LoadBalancer' and \
               `externalTrafficPolicy` is 'Local'"],
        ),
        (with("ipFamilies: [IPv6]"), &["spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this cluster"]),
        (
            with("ipFamilyPolicy: RequireDualStack"),
            &[
                "spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster is not configured for dual-stack \
               services",
            ],
        ),
        (
            with("trafficDistribution: Anywhere"),
            &["spec.trafficDistribution: Unsupported value: \"Anywhere\": supported values: \"PreferClose\", \
               \"PreferSameZone\", \"PreferSameNode\""],
        ),
    ];
    for (spec, want) in cases {
        let mut allocator = cluster();
        let got = create(&mut allocator, service(spec)).expect_err(spec);
        assert_eq!(&got, want, "{spec}");
    }
}

#[test]
fn a_new_service_gets_what_its_type_needs() {
    let mut allocator = cluster();
    let web = create(&mut allocator, service("ports: [{port: 80}]")).expect("it is right");
    assert_eq!(web.spec.cluster_ip, "10.96.1.1", "the first of the range that is not reserved");
    assert_eq!(web.spec.cluster_ips.as_slice(), ["10.96.1.1"]);
    assert_eq!(web.spec.ip_families.as_slice(), ["IPv4"]);
    assert_eq!(web.spec.ip_family_policy.as_deref(), Some("SingleStack"));
    assert_eq!(web.spec.ports[0].node_port, 0);

    let gate = create(
        &mut allocator,
        service("type: NodePort, ports: [{name: t, port: 53}, {name: u, port: 53, protocol: UDP}]"),
    )
    .expect("it is right");
    assert_eq!(gate.spec.cluster_ip, "10.96.1.2");
    assert_eq!([gate.spec.ports[0].node_port, gate.spec.ports[1].node_port], [30_086, 30_086]);

    let local = "type: LoadBalancer, externalTrafficPolicy: Local, ports: [{port: 80}]";
    let local = create(&mut allocator, service(local)).expect("it is right");
    assert_eq!([local.spec.ports[0].node_port, local.spec.health_check_node_port], [30_087, 30_088]);

    let closed = "type: LoadBalancer, allocateLoadBalancerNodePorts: false, ports: [{port: 80}]";
    let closed = create(&mut allocator, service(closed)).expect("it is right");
    assert_eq!(closed.spec.ports[0].node_port, 0);

    let headless = create(&mut allocator, service("clusterIP: None")).expect("it is right");
    assert_eq!(headless.spec.cluster_ips.as_slice(), ["None"]);
    assert_eq!(headless.spec.ip_family_policy.as_deref(), Some("SingleStack"));
    let bare: Service = decode("{spec: {clusterIP: None}}");
    let bare = create(&mut allocator, bare).expect("it is right");
    assert_eq!(bare.spec.ip_family_policy.as_deref(), Some("RequireDualStack"));
    assert_eq!(bare.spec.ip_families.as_slice(), ["IPv4", "IPv6"]);

    let name =
        create(&mut allocator, service("type: ExternalName, externalName: db.example.com")).expect("it is right");
    assert!(name.spec.cluster_ips.is_empty() && name.spec.ip_families.is_empty());
    assert_eq!(name.spec.ip_family_policy, None);

    let kubernetes = create(&mut Allocator::default(), service("clusterIP: 10.96.0.1, ports: [{port: 443}]"));
    let all = [&web, &gate, &local, &closed, &headless, &bare, &name, &kubernetes.expect("it is right")];
    assert_eq!(Allocator::of(all), allocator);
    for service in all {
        release(&mut allocator, service);
    }
    assert_eq!(allocator, Allocator::default());
}

#[test]
fn a_refused_service_leaves_nothing_taken() {
    let mut allocator = cluster();
    let before = allocator.clone();
    create(&mut allocator, service("type: NodePort, ports: [{port: 80, nodePort: 80}]")).expect_err("out of range");
    assert_eq!(allocator, before);
}

#[test]
fn what_was_allocated_stays_through_updates_and_goes_with_the_type() {
    let mut allocator = cluster();
    let node_port = "type: NodePort, ports: [{port: 80}]";
    let old = create(&mut allocator, service(node_port)).expect("it is right");

    let same = update(&mut allocator, service(node_port), &old).expect("it is right");
    assert_eq!(same.spec, old.spec, "a manifest without the allocated values keeps them");

    let moved = update(&mut allocator, service("type: NodePort, ports: [{port: 80, nodePort: 31999}]"), &old);
    let moved = moved.expect("it is right");
    assert_eq!(moved.spec.ports[0].node_port, 31_999);
    assert!(!allocator.ports.taken.contains(&30_086), "the old port is given back");
    let mut gate2 = service("type: NodePort, ports: [{port: 80, nodePort: 31999}]");
    gate2.metadata.name = "gate2".into();
    let refused = allocate(&mut allocator, &mut gate2, None, &mut first, false).expect_err("the port is taken");
    assert_eq!(
        refused.message(),
        "Service \"gate2\" is invalid: spec.ports[0].nodePort: Invalid value: 31999: provided port is already allocated"
    );

    // As kubectl patches the type: what was allocated comes along, and is dropped.
    let mut inside = moved.clone();
    Rc::make_mut(&mut inside.spec).type_ = "ClusterIP".into();
    let inside = update(&mut allocator, inside, &moved).expect("it is right");
    assert_eq!(inside.spec.ports[0].node_port, 0);
    assert_eq!(inside.spec.external_traffic_policy, "");
    assert!(allocator.ports.taken.is_empty());

    let mut outside = inside.clone();
    let spec = Rc::make_mut(&mut outside.spec);
    spec.type_ = "ExternalName".into();
    spec.external_name = "db.example.com".into();
    let outside = update(&mut allocator, outside, &inside).expect("it is right");
    assert_eq!(outside.spec.cluster_ip, "");
    assert_eq!(outside.spec.internal_traffic_policy, None);
    assert_eq!(allocator, cluster());

    let back = update(&mut allocator, service("ports: [{port: 80}]"), &outside).expect("it is right");
    assert_eq!(back.spec.cluster_ip, "10.96.1.1");
}

#[test]
fn a_cluster_ip_may_not_change() {
    let mut allocator = cluster();
    let old = create(&mut allocator, service("clusterIP: 10.96.7.7, ports: [{port: 80}]")).expect("it is right");
    for (ip, json) in [("10.96.7.8", "[\"10.96.7.8\"]"), ("None", "[\"None\"]")] {
        let new = service(&format!("clusterIP: {ip}, ports: [{{port: 80}}]"));
        let want = format!("spec.clusterIPs[0]: Invalid value: {json}: may not change once set");
        assert_eq!(update(&mut allocator, new, &old).expect_err("it changed"), [want]);
    }
}

#[test]
fn a_dry_run_takes_nothing() {
    let mut allocator = cluster();
    let before = allocator.clone();
    let mut gate = service("type: NodePort, ports: [{name: a, port: 80}, {name: b, port: 81}]");
    allocate(&mut allocator, &mut gate, None, &mut first, true).expect("it is right");
    assert_eq!(gate.spec.cluster_ip, "10.96.0.0");
    assert_eq!([gate.spec.ports[0].node_port, gate.spec.ports[1].node_port], [32_769, 32_770]);
    assert_eq!(allocator, before);
    let refused = allocate(&mut allocator, &mut service("clusterIP: 10.1.2.3"), None, &mut first, true);
    assert!(refused.expect_err("out of range").message().ends_with(
        "failed to allocate IP 10.1.2.3: the provided IP (10.1.2.3) is not in the valid range. The range of valid IPs \
         is 10.96.0.0/12"
    ));
}

#[test]
fn a_full_range_reaches_into_the_reserved_part_and_ends() {
    let mut pool = Pool { first: 10, size: 4, reserved: 2, taken: OrdSet::new() };
    let drawn: Vec<_> = (0..5).map(|_| pool.next(&mut |n| n - 1)).collect();
    assert_eq!(drawn, [Some(13), Some(12), Some(11), Some(10), None]);
}

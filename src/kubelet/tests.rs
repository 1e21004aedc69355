//! A kubelet alone with an API server: pods are made by hand, and what it says of them is read off.

use super::*;
use crate::api::core::PodStatus;
use crate::api::{KindId, Object};
use crate::apimachinery::time::Time as Wall;
use crate::apimachinery::{Decoder, Value};
use crate::apiserver::{Cx as ServerCx, DeleteOptions, Server, Tables};
use crate::client::{Agent, Recorder, What};

use crate::sim::{Rng, Trace};

pub(super) struct Bench {
    pub(super) server: Server,
    rng: Rng,
    trace: Trace<What>,
    recorder: Recorder,
    agent: Agent,
    pub(super) kubelet: Kubelet,
    pub(super) now: Time,
    seen: u64,
    /// `1.4 web Running web=running ready`, one line for each version of a pod.
    pub(super) said: Vec<String>,
}

const EPOCH: i64 = 1_767_225_600;

impl Bench {
    pub(super) fn new() -> Bench {
        Bench {
            server: Server::with_namespaces(&["default", "kube-node-lease"]),
            rng: Rng::new(1),
            trace: Trace::new(1000),
            recorder: Recorder::default(),
            agent: Agent::kubelet("node-1"),
            kubelet: Kubelet::new(machine(), 0),
            now: Time::ZERO,
            seen: 0,
            said: Vec::new(),
        }
    }

    fn wall(&self) -> Wall {
        Wall::from_unix(EPOCH + self.now.as_secs())
    }

    pub(super) fn create(&mut self, object: Object, namespace: &str) {
        let now = self.wall();
        let mut cx = ServerCx {
            now,
            rng: &mut self.rng,
            cause: 0,
            user: "test",
            manager: "test",
            dry_run: false,
            warnings: None,
        };
        self.server.create(&mut cx, namespace, object).expect("the object is valid");
    }

    /// The pod's spec as JSON; it is bound already.
    pub(super) fn pod(&mut self, name: &str, spec: Value) {
        let mut spec = spec;
        spec["nodeName"] = "node-1".into();
        spec["automountServiceAccountToken"] = false.into();
        let v = serde_json::json!({"metadata": {"name": name, "namespace": "default"}, "spec": spec});
        let object = KindId::Pod.decode(&v, &mut Decoder::new());
        self.create(object, "default");
    }

    pub(super) fn delete(&mut self, name: &str, grace: Option<i64>) {
        let now = self.wall();
        let mut cx = ServerCx {
            now,
            rng: &mut self.rng,
            cause: 0,
            user: "test",
            manager: "test",
            dry_run: false,
            warnings: None,
        };
        let options = DeleteOptions { grace_period_seconds: grace, ..DeleteOptions::default() };
        self.server.delete(&mut cx, KindId::Pod, &Key::new("default", name), &options).expect("the pod is there");
    }

    fn deliver(&mut self) {
        let events: Vec<_> = self.server.store.since(self.seen).map(|e| e.cloned().collect()).unwrap_or_default();
        self.seen = self.server.store.rev();
        for e in events.into_iter().filter(|e| e.kind == KindId::Pod) {
            let at = self.now.0 as f64 / 1e9;
            match e.new_as::<Pod>() {
                None => self.said.push(format!("{at:.1} {} gone", e.key.name)),
                Some(p) => self.said.push(format!("{at:.1} {} {}", e.key.name, line(&p.status))),
            }
            self.kubelet.observe(&e.key, e.cause);
        }
    }

    pub(super) fn run(&mut self, seconds: f64) {
        let end = Time((self.now.0 as f64 + seconds * 1e9) as i64);
        loop {
            self.deliver();
            let Some(at) = self.kubelet.next_at().map(|at| at.max(self.now)).filter(|at| *at <= end) else { break };
            self.now = at;
            let view: Tables = self.server.store.head().clone();
            let wall = self.wall();
            let mut t = Turn {
                now: self.now,
                wall,
                view,
                server: &mut self.server,
                rng: &mut self.rng,
                trace: &mut self.trace,
                recorder: &mut self.recorder,
                agent: &self.agent,
                cause: 0,
                calls: 0,
            };
            self.kubelet.wake(&mut t);
        }
        self.now = end;
    }
}

fn line(s: &PodStatus) -> String {
    let mut out = format!("{}{}", s.phase, if s.reason.is_empty() { String::new() } else { format!("({})", s.reason) });
    for c in s.init_container_statuses.iter().chain(&s.container_statuses) {
        let state = if c.state.running.is_some() {
            "running".to_owned()
        } else if let Some(t) = &c.state.terminated {
            format!("exit {}", t.exit_code)
        } else {
            c.state.waiting.as_ref().map(|w| w.reason.to_string()).unwrap_or_default()
        };
        out += &format!(" {}={state}{}", c.name, if c.ready { " ready" } else { "" });
        if c.restart_count > 0 {
            out += &format!(" x{}", c.restart_count);
        }
    }
    out
}

fn nginx() -> Value {
    serde_json::json!({"containers": [{"name": "web", "image": "nginx:1.27"}], "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30})
}

#[test]
fn a_pod_is_pulled_started_ready_and_goes() {
    let mut b = Bench::new();
    b.run(3.0);
    b.pod("web", nginx());
    b.run(5.0);
    b.delete("web", None);
    b.run(5.0);
    let phases: Vec<&str> = b.said.iter().map(|l| l.split_once(' ').expect("a line has a time").1).collect();
    assert_eq!(
        phases,
        [
            "web Pending",
            "web Pending web=ContainerCreating",
            "web Running web=running ready",
            "web Running web=running ready",
            "web Running web=running ready",
            "web Succeeded web=exit 0",
            "web Succeeded web=exit 0",
            "web gone"
        ]
    );
}

fn machine() -> Machine {
    Machine {
        name: Str::literal("node-1"),
        internal_ip: Str::literal("192.168.0.11"),
        pod_cidr: Str::literal("10.244.1.0/24"),
        cpu: Str::literal("4"),
        memory: Str::literal("8Gi"),
        pods: 110,
        ephemeral_storage: Str::literal("100Gi"),
        labels: vec![(Str::literal("kubernetes.io/os"), Str::literal("linux"))],
    }
}

#[test]
fn ticks_come_once_a_second_at_their_phase() {
    let phase = Duration::from_millis(400);
    assert_eq!(tick_after(Time(1_400_000_000), phase), Time(2_400_000_000));
    assert_eq!(tick_from(Time(1_400_000_000), phase), Time(1_400_000_000));
    assert_eq!(tick_after(Time(100_000_000), phase), Time(400_000_000));
}

#[test]
fn addresses_are_given_out_in_turn() {
    let mut pool = IpPool::new("10.244.1.0/29");
    let all: Vec<Str> = std::iter::from_fn(|| pool.take()).map(ip_text).collect();
    assert_eq!(all, ["10.244.1.2", "10.244.1.3", "10.244.1.4", "10.244.1.5", "10.244.1.6"]);
    pool.free(u32::from_be_bytes([10, 244, 1, 3]));
    assert_eq!(pool.take().map(ip_text), Some(Str::from("10.244.1.3")));
}

#[test]
fn a_failing_liveness_probe_restarts_the_container() {
    let mut b = Bench::new();
    b.run(2.0);
    let script = "touch /tmp/healthy; sleep 10; rm /tmp/healthy; sleep 600";
    b.pod(
        "lively",
        serde_json::json!({"terminationGracePeriodSeconds": 4, "restartPolicy": "Always", "containers": [{
            "name": "main", "image": "busybox:1.36", "command": ["sh", "-c", script],
            "livenessProbe": {"exec": {"command": ["cat", "/tmp/healthy"]}, "initialDelaySeconds": 3,
                "periodSeconds": 3, "failureThreshold": 3, "successThreshold": 1, "timeoutSeconds": 1}}]}),
    );
    b.run(60.0);
    let restarts = b.said.iter().filter(|l| l.contains("main=running ready")).count();
    assert_eq!(restarts, 3);
}

#[test]
fn an_idle_pod_takes_little() {
    // What a node keeps of a pod beside its API object; the bounds are there to be noticed, not to be reached.
    assert!(size_of::<PodWorker>() <= 432, "{}", size_of::<PodWorker>());
    assert!(size_of::<pod_worker::Held>() <= 320, "{}", size_of::<pod_worker::Held>());
    assert!(size_of::<crate::runtime::process::Process>() <= 72, "{}", size_of::<crate::runtime::process::Process>());
}

#[test]
fn a_hundred_pods_on_a_node() {
    let mut b = Bench::new();
    b.run(2.0);
    for i in 0..100 {
        b.pod(&format!("web-{i}"), nginx());
    }
    let writes = b.server.store.rev();
    b.run(30.0);
    let ready = b.said.iter().filter(|l| l.ends_with("Running web=running ready")).count();
    assert_eq!(ready, 100);
    // Two statuses and four events a pod, and the node's own business.
    let writes = b.server.store.rev() - writes;
    assert!(writes < 100 * 6 + 60, "{writes}");
    // Nothing is left to do but the lease.
    assert_eq!(b.kubelet.due.len(), 0);
}

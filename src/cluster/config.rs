//! What a cluster is made of before it begins.

use crate::apimachinery::Str;
use crate::kubelet::Machine;

#[derive(Clone, Debug)]
pub struct Config {
    pub seed: u64,
    /// The wall clock at the beginning, in seconds since 1970.
    pub epoch: i64,
    pub machines: Vec<Machine>,
}

/// 2026-01-01T00:00:00Z.
const EPOCH: i64 = 1_767_225_600;

impl Default for Config {
    fn default() -> Self {
        Config::with_nodes(3)
    }
}

impl Config {
    /// `node-1` to `node-N`, all alike.
    pub fn with_nodes(nodes: usize) -> Config {
        Config { seed: 1, epoch: EPOCH, machines: (1..=nodes).map(machine).collect() }
    }

    pub fn seed(mut self, seed: u64) -> Config {
        self.seed = seed;
        self
    }
}

/// The Nth node of the usual kind: 4 cpu, 8Gi, 110 pods.
pub fn machine(n: usize) -> Machine {
    let label = |k: &'static str, v: &'static str| (Str::literal(k), Str::literal(v));
    // Node 1 is 192.168.0.11 and has 10.244.1.0/24; from 200 on the third byte carries over.
    let (high, low) = ((n + 10) / 256, (n + 10) % 256);
    Machine {
        name: Str::from(format!("node-{n}")),
        internal_ip: Str::from(format!("192.168.{high}.{low}")),
        pod_cidr: Str::from(format!("10.{}.{}.0/24", 244 + n / 256, n % 256)),
        cpu: Str::literal("4"),
        memory: Str::literal("8Gi"),
        pods: 110,
        ephemeral_storage: Str::literal("100Gi"),
        labels: vec![
            (Str::literal("kubernetes.io/hostname"), Str::from(format!("node-{n}"))),
            label("kubernetes.io/os", "linux"),
            label("kubernetes.io/arch", "amd64"),
            label("node-type", "worker"),
        ],
    }
}

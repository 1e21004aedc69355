//! The kubelet: one actor per node, which makes pods run and says how they fare.
//!
//! Upstream: pkg/kubelet/kubelet.go (syncLoop, HandlePodAdditions, …), pkg/kubelet/pleg/generic.go
//! Differs: nothing is polled: each pod knows when it has something to do next, and the relist that would see nothing new
//! does not take place.

mod actions;
mod admission;
mod backoff;
mod env;
mod faults;
mod images;
mod lifecycle;
mod node;
mod pod_worker;
mod prober;
mod status;
mod sync;
mod volumes;

mod view;

pub use faults::{Blow, Reach};

use crate::api::Key;
use crate::api::core::Pod;
use crate::apimachinery::{List, Map, Str};
use crate::client::Turn;
use crate::runtime::Tree;
use crate::runtime::images::Pulled;
use crate::runtime::process::Written;
use crate::runtime::shell::Stdin;
use crate::sim::{Duration, OrdMap, OrdSet, Time};
use pod_worker::PodWorker;
use std::rc::Rc;

/// What a machine has; the kubelet registers a Node of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Machine {
    pub name: Str,
    /// `192.168.0.11`.
    pub internal_ip: Str,
    pub pod_cidr: Str,
    pub cpu: Str,
    pub memory: Str,
    pub pods: i64,
    pub ephemeral_storage: Str,
    pub labels: Vec<(Str, Str)>,
}

/// Why a command is not run.
#[derive(Clone, PartialEq, Debug)]
pub enum ExecError {
    /// No such container runs.
    NotFound(String),
    /// The container runs, but cannot run that.
    Failed(String),
}

/// A pod's key and uid: a pod may come back under its name while the old one is still ending.
type PodId = (Key, Str);

#[derive(Clone)]
pub struct Kubelet {
    pub machine: Rc<Machine>,
    /// Pods whose watch brought something, and what that came of.
    dirty: Vec<(Key, u64)>,
    /// What the machine's own doings came of: the trace event of its beginning, or of its last fault.
    cause: u64,
    /// It has power and its network.
    down: bool,
    node: node::NodeSync,
    shared: Shared,
    pods: OrdMap<PodId, Rc<PodWorker>>,
    /// When each pod wants to be looked at.
    due: OrdSet<(Time, PodId)>,
    restarted: bool,
    /// What has befallen pods and was not felt yet.
    blows: Vec<(Key, Blow, u64)>,
}

/// What all pods of a node have in common.
#[derive(Clone)]
struct Shared {
    machine: Rc<Machine>,
    images: Map<Rc<Pulled>>,
    ips: IpPool,
    /// Where in a second the containers are looked at, and the queue of delayed work.
    relist_phase: Duration,
    queue_phase: Duration,
    /// When this kubelet's process began.
    started: Time,
    /// Seconds since 1970 at the beginning of virtual time.
    epoch: i64,
    /// Images are pulled one after the other.
    pull_free_at: Time,
    reach: Reach,
    /// The image that is pulled last, of those under way.
    pulling: Str,
    /// Variables of a namespace's services, to be shared by its containers.
    services: Map<List<(Str, Str)>>,
    stream: Str,
    /// What the volumes of service accounts hold: by namespace and account, with the root certificates it was made of.
    tokens: OrdMap<Str, (Str, Tree)>,
}

/// What a pod is handled with.
struct Cx<'a, 'b> {
    t: &'a mut Turn<'b>,
    k: &'a mut Shared,
}

impl Cx<'_, '_> {
    /// Uniform in `0..n` nanoseconds, from this node's own stream.
    fn jitter(&mut self, n: Duration) -> Duration {
        let n = n.as_nanos() as u64;
        if n == 0 {
            return Duration::ZERO;
        }
        Duration::from_nanos(self.t.rng.stream(&self.k.stream).below(n))
    }
}

/// The first tick of a second's phase after `now`.
fn tick_after(now: Time, phase: Duration) -> Time {
    let phase = phase.as_nanos() as i64;
    Time((now.0 - phase).div_euclid(1_000_000_000) * 1_000_000_000 + 1_000_000_000 + phase)
}

/// The first tick at `now` or after it.
fn tick_from(now: Time, phase: Duration) -> Time {
    tick_after(Time(now.0 - 1), phase)
}

/// Addresses of a node's pods, given out in turn.
/// Upstream: github.com/containernetworking/plugins, host-local.
#[derive(Clone, Default)]
struct IpPool {
    base: u32,
    size: u32,
    last: u32,
    used: OrdSet<u32>,
}

impl IpPool {
    fn new(cidr: &str) -> IpPool {
        let (address, bits) = cidr.split_once('/').unwrap_or((cidr, "24"));
        let base = address.split('.').fold(0u32, |n, part| n << 8 | part.parse().unwrap_or(0));
        let bits: u32 = bits.parse().unwrap_or(24).min(30);
        IpPool { base, size: 1 << (32 - bits), last: 1, used: OrdSet::new() }
    }

    fn take(&mut self) -> Option<u32> {
        // 0 is the network's own address, 1 the bridge's, the last one the broadcast's.
        let free = (0..self.size).map(|i| (self.last + i) % self.size).filter(|n| *n > 1 && *n < self.size - 1);
        let n = free.into_iter().find(|n| !self.used.contains(n))?;
        self.used.insert(n);
        self.last = n + 1;
        Some(self.base + n)
    }

    fn free(&mut self, ip: u32) {
        self.used.remove(&ip.wrapping_sub(self.base));
    }
}

fn ip_text(ip: u32) -> Str {
    let b = ip.to_be_bytes();
    Str::from(format_args!("{}.{}.{}.{}", b[0], b[1], b[2], b[3]))
}

impl Kubelet {
    pub fn new(machine: Machine, cause: u64) -> Kubelet {
        // The phases are the node's own, so that kubelets do not all look at once.
        let salt = machine.name.bytes().fold(17u64, |h, b| h.wrapping_mul(31).wrapping_add(u64::from(b)));
        let machine = Rc::new(machine);
        Kubelet {
            dirty: Vec::new(),
            cause,
            down: false,
            node: node::NodeSync::default(),
            shared: Shared {
                images: Map::default(),
                ips: IpPool::new(&machine.pod_cidr),
                relist_phase: Duration::from_millis(40 + salt % 17 * 10),
                queue_phase: Duration::from_millis(25 + salt % 89 * 10),
                // A cluster that begins has been there for a while.
                started: Time::from_secs(-3600),
                epoch: 0,
                pull_free_at: Time::ZERO,
                reach: Reach::default(),
                pulling: Str::EMPTY,
                services: Map::default(),
                stream: Str::from(format!("kubelet/{}", machine.name)),
                tokens: OrdMap::new(),
                machine: machine.clone(),
            },
            machine,
            pods: OrdMap::new(),
            due: OrdSet::new(),
            restarted: false,
            blows: Vec::new(),
        }
    }

    /// A pod bound to this node was added, changed or removed; its present state is in the view of the next turn.
    pub fn observe(&mut self, pod: &Key, cause: u64) {
        match self.dirty.last_mut() {
            Some((last, why)) if last == pod => *why = cause,
            _ => self.dirty.push((pod.clone(), cause)),
        }
    }

    /// When this kubelet has something to do next: a pod to look at, a probe, a back-off, a lease.
    pub fn next_at(&self) -> Option<Time> {
        if self.down {
            // Containers run on, but nobody looks.
            return None;
        }
        if !self.dirty.is_empty() || !self.blows.is_empty() {
            return Some(Time::ZERO);
        }
        let pods = self.due.get_min().map(|(at, _)| *at);
        Some(pods.map_or(self.node.next_at(), |at| at.min(self.node.next_at())))
    }

    /// Does all that is due at `t.now`.
    pub fn wake(&mut self, t: &mut Turn) {
        if self.down {
            return;
        }
        self.shared.epoch = t.wall.unix() - t.now.as_secs();
        t.cause = self.cause;
        self.node.sync(t, &mut self.shared);
        if std::mem::take(&mut self.restarted) {
            self.relearn(t);
        }
        let dirty = std::mem::take(&mut self.dirty);
        for (key, cause) in dirty {
            t.cause = cause;
            self.config(&key, t);
        }
        self.feel(t);
        while let Some((at, id)) = self.due.get_min().cloned() {
            if at > t.now {
                break;
            }
            self.due.remove(&(at, id.clone()));
            self.advance(&id, t);
        }
    }

    /// What the watch showed of a pod, for the workers under its name.
    fn config(&mut self, key: &Key, t: &mut Turn) {
        let pod = t.view.get::<Pod>(key).filter(|p| p.spec.node_name == self.machine.name).cloned();
        let known: Vec<Str> = self
            .pods
            .range_from(&(key.clone(), Str::EMPTY))
            .take_while(|((k, _), _)| k == key)
            .map(|((_, uid), _)| uid.clone())
            .collect();
        let uid = pod.as_ref().map(|p| p.metadata.uid.clone());
        for old in known.iter().filter(|u| Some(*u) != uid.as_ref()) {
            self.update((key.clone(), old.clone()), None, t);
        }
        let (Some(pod), Some(uid)) = (pod, uid) else { return };
        let id = (key.clone(), uid);
        if !self.pods.contains_key(&id) {
            self.add(id, pod, t);
        } else {
            self.update(id, Some(pod), t);
        }
    }

    fn add(&mut self, id: PodId, pod: Rc<Pod>, t: &mut Turn) {
        let mut worker = PodWorker::new(pod.clone(), t.cause);
        let refusal = if pod.is_terminal() || pod.metadata.is_deleting() {
            None
        } else {
            admission::admit(&pod, &self.machine, &self.pods, t)
        };
        let mut cx = Cx { t, k: &mut self.shared };
        match refusal {
            Some((reason, message)) => worker.reject(&reason, &message, &mut cx),
            None => worker.first(&mut cx),
        }
        self.pods.insert(id.clone(), Rc::new(worker));
        self.advance(&id, t);
    }

    fn update(&mut self, id: PodId, pod: Option<Rc<Pod>>, t: &mut Turn) {
        if let Some(worker) = self.pods.get_mut(&id) {
            let old = worker.due_at();
            Rc::make_mut(worker).update(pod, &mut Cx { t, k: &mut self.shared });
            self.due.remove(&(old, id.clone()));
            self.advance(&id, t);
        }
    }

    /// Lets the pod do what is due, and notes when it will want to again.
    fn advance(&mut self, id: &PodId, t: &mut Turn) {
        let Some(worker) = self.pods.get_mut(id) else { return };
        let worker = Rc::make_mut(worker);
        let next = worker.advance(&mut Cx { t, k: &mut self.shared });
        if worker.is_gone() {
            self.pods.remove(id);
        } else if next < Time::MAX {
            self.due.insert((next, id.clone()));
        }
    }

    /// The machine loses power or its network (`true`), or comes back.
    pub fn set_down(&mut self, down: bool, now: Time, cause: u64) {
        if self.down == down {
            return;
        }
        self.down = down;
        self.cause = cause;
        if !down {
            // Its reflector lists again, and it tells its Node and Lease at once.
            let told: OrdMap<Key, u64> = std::mem::take(&mut self.dirty).into_iter().collect();
            let why = |k: &Key| told.get(k).copied().unwrap_or(cause);
            self.dirty = self.pods.keys().map(|(k, _)| (k.clone(), why(k))).collect();
            self.restarted = true;
            self.node.hurry(now);
        }
    }

    /// The kubelet's process starts anew; containers run on.
    pub fn restart(&mut self, now: Time, cause: u64) {
        self.cause = cause;
        self.shared.started = now;
        self.shared.pull_free_at = now;
        self.node = node::NodeSync::default();
        self.restarted = true;
        self.due = OrdSet::new();
        let ids: Vec<PodId> = self.pods.keys().cloned().collect();
        for id in ids {
            let worker = self.pods.get_mut(&id).expect("its key was just read");
            Rc::make_mut(worker).forget(cause);
            self.due.insert((now, id));
        }
    }

    /// A reflector that lists again finds pods that it was never told of.
    fn relearn(&mut self, t: &mut Turn) {
        let cause = self.cause;
        let found = t.view.pods_on(&self.machine.name).map(|p| (p.metadata.key(), cause));
        self.dirty.extend(found);
    }

    /// Begins a command in a container; its process's id, or why it cannot be run.
    pub fn exec(
        &mut self,
        pod: &Key,
        container: &str,
        argv: &[Str],
        stdin: &Stdin,
        t: &mut Turn,
    ) -> Result<u32, ExecError> {
        self.in_pod(pod, t, |worker, cx| worker.exec(container, argv, stdin, cx))
            .unwrap_or_else(|| Err(ExecError::NotFound(container.to_owned())))
    }

    /// Whether a container of that name runs; without a name, whether any does.
    pub fn runs(&self, pod: &Key, container: &str) -> bool {
        self.newest(pod).and_then(|id| self.pods.get(&id)).is_some_and(|w| w.runs(container))
    }

    /// What a command has written by now, and how it ended if it has.
    pub fn exec_seen(&self, pod: &Key, container: &str, pid: u32) -> Option<(&Written, Option<i32>)> {
        self.pods.get(&self.newest(pod)?)?.exec_seen(container, pid)
    }

    /// A line typed to a command's terminal; None: Ctrl+C.
    pub fn exec_type(&mut self, pod: &Key, container: &str, pid: u32, line: Option<&str>, t: &mut Turn) {
        self.in_pod(pod, t, |worker, cx| worker.exec_type(container, pid, line, cx));
    }

    /// Nobody wants to know of a command any more.
    pub fn exec_forget(&mut self, pod: &Key, container: &str, pid: u32) {
        let Some(id) = self.newest(pod) else { return };
        Rc::make_mut(self.pods.get_mut(&id).expect("it was just found")).exec_forget(container, pid);
    }

    /// Something is done to a pod between its turns.
    fn in_pod<R>(&mut self, pod: &Key, t: &mut Turn, f: impl FnOnce(&mut PodWorker, &mut Cx) -> R) -> Option<R> {
        let id = self.newest(pod)?;
        self.shared.epoch = t.wall.unix() - t.now.as_secs();
        let worker = Rc::make_mut(self.pods.get_mut(&id)?);
        let old = worker.due_at();
        let done = f(worker, &mut Cx { t, k: &mut self.shared });
        self.due.remove(&(old, id.clone()));
        self.advance(&id, t);
        Some(done)
    }

    /// A request to a pod's port. None: the connection is refused; a status of 0: it is no HTTP.
    pub fn http(
        &mut self,
        pod: &Key,
        port: u16,
        path: &str,
        from: &str,
        agent: &str,
        t: &mut Turn,
    ) -> Option<(u16, String)> {
        self.in_pod(pod, t, |worker, cx| worker.http(port, path, from, agent, cx)).flatten()
    }

    fn newest(&self, pod: &Key) -> Option<PodId> {
        let all = self.pods.range_from(&(pod.clone(), Str::EMPTY)).take_while(|((k, _), _)| k == pod);
        all.max_by_key(|(_, w)| w.pod.metadata.creation_timestamp).map(|(id, _)| id.clone())
    }

    /// The lines of a container's log; `previous` is its last life.
    pub fn logs(&self, pod: &Key, container: &str, previous: bool) -> Option<Vec<(Time, Str)>> {
        self.pods.get(&self.newest(pod)?)?.logs(container, previous)
    }
}

#[cfg(test)]
mod tests;

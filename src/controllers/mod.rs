//! The controllers of kube-controller-manager; one controller, one file; the list of them is here.
//!
//! Upstream: cmd/kube-controller-manager/app/controllermanager.go
//! Differs: all of them run in one process and share one lagged view, as upstream's share informers.

use crate::api::{Key, KindId};
use crate::apimachinery::{Status, Str};
use crate::client::{Agent, Outcome, Recorder, Requeue, Tables, Turn, WatchEvent, What, WorkQueue};
use crate::sim::{Duration, MILLISECOND, Time};

/// A controller: handlers compute keys, `sync` makes the world of one key right.
pub trait Controller: Clone + Default {
    /// Event source, user and trace name: `replicaset-controller`.
    const NAME: &'static str;
    /// The kinds whose changes `observe` is told.
    const WATCHES: &'static [KindId];
    /// Its field manager, where it is a program of its own.
    const MANAGER: &'static str = "kube-controller-manager";
    /// The first and the longest pause before a key that failed is tried again.
    const RETRY: (Duration, Duration) = (MILLISECOND.saturating_mul(5), Duration::from_secs(1000));

    /// The event handlers: they read, and queue keys. `view` may be ahead of `event`.
    fn observe(&mut self, event: &WatchEvent, view: &Tables, now: Time, queue: &mut WorkQueue);

    /// An error is retried with a growing delay; `Requeue::After` is not an error.
    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status>;

    /// Every key that this controller would sync after a restart.
    fn keys(&self, view: &Tables) -> Vec<Key>;

    /// Called once when the process starts: keys with no object behind them (`node-monitor`) are queued here.
    fn start(&mut self, _now: Time, _cause: u64, _queue: &mut WorkQueue) {}
}

/// The list of controllers. To add one: write its file, add `module: Type` here.
macro_rules! controllers {
    ($($module:ident : $Type:ident),* $(,)?) => {
        $( mod $module; )*

        #[derive(Clone)]
        enum Any { $( $Type($module::$Type) ),* }

        impl Any {
            fn all() -> Vec<Any> {
                vec![$( Any::$Type($module::$Type::default()) ),*]
            }
            fn name(&self) -> &'static str {
                match self { $( Any::$Type(_) => <$module::$Type as Controller>::NAME ),* }
            }
            fn agent(&self) -> Agent {
                let manager = match self { $( Any::$Type(_) => <$module::$Type as Controller>::MANAGER ),* };
                Agent { manager: Str::literal(manager), ..Agent::controller(self.name()) }
            }
            fn watches(&self) -> &'static [KindId] {
                match self { $( Any::$Type(_) => <$module::$Type as Controller>::WATCHES ),* }
            }
            fn retry(&self) -> (Duration, Duration) {
                match self { $( Any::$Type(_) => <$module::$Type as Controller>::RETRY ),* }
            }
            fn observe(&mut self, e: &WatchEvent, v: &Tables, now: Time, q: &mut WorkQueue) {
                match self { $( Any::$Type(c) => c.observe(e, v, now, q) ),* }
            }
            fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
                match self { $( Any::$Type(c) => c.sync(key, t) ),* }
            }
            fn keys(&self, view: &Tables) -> Vec<Key> {
                match self { $( Any::$Type(c) => c.keys(view) ),* }
            }
            fn start(&mut self, now: Time, cause: u64, q: &mut WorkQueue) {
                match self { $( Any::$Type(c) => c.start(now, cause, q) ),* }
            }
        }
    };
}

controllers! {
    cron_job: CronJobController,
    daemon_set: DaemonSetController,
    deployment: DeploymentController,
    disruption: DisruptionController,
    ephemeral_volume: EphemeralVolumeController,
    garbage_collector: GarbageCollector,
    job: JobController,
    job_orphans: JobOrphans,
    namespace: NamespaceController,
    node_lifecycle: NodeLifecycleController,
    persistent_volume: PersistentVolumeController,
    pod_gc: PodGc,
    provisioner: Provisioner,
    replica_set: ReplicaSetController,
    replication: ReplicationManager,
    resource_quota: ResourceQuotaController,
    root_ca: RootCaPublisher,
    service_account: ServiceAccountController,
    stateful_set: StatefulSetController,
    taint_eviction: TaintEvictionController,
    ttl: TtlController,
    ttl_after_finished: TtlAfterFinished,
    volume_protection: VolumeProtection,
}

mod hash;
mod history;
mod pod_control;
#[cfg(test)]
mod tests;

/// One controller with its queue.
#[derive(Clone)]
struct Slot {
    controller: Any,
    agent: Agent,
    queue: WorkQueue,
    recorder: Recorder,
    /// The agenda has an entry for this controller.
    scheduled: Option<Time>,
    /// Until when its worker is busy with calls it made.
    busy_until: Time,
}

/// kube-controller-manager.
#[derive(Clone)]
pub struct ControllerManager {
    slots: Vec<Slot>,
}

impl Default for ControllerManager {
    fn default() -> Self {
        ControllerManager {
            slots: Any::all()
                .into_iter()
                .map(|controller| Slot {
                    agent: controller.agent(),
                    controller,
                    queue: WorkQueue::default(),
                    recorder: Recorder::default(),
                    scheduled: None,
                    busy_until: Time::ZERO,
                })
                .collect(),
        }
    }
}

impl ControllerManager {
    /// `cause`: the trace event of the process's beginning.
    pub fn start(&mut self, now: Time, cause: u64) {
        for s in &mut self.slots {
            s.controller.start(now, cause, &mut s.queue);
        }
    }

    /// Tells every controller that watches the kind.
    pub fn observe(&mut self, event: &WatchEvent, view: &Tables, now: Time) {
        for s in &mut self.slots {
            if s.controller.watches().contains(&event.kind) {
                s.controller.observe(event, view, now, &mut s.queue);
            }
        }
    }

    /// Controllers that have work and no entry in the agenda: (index, when). The caller puts them there.
    pub fn due(&mut self, now: Time) -> Vec<(usize, Time)> {
        let mut due = Vec::new();
        for (i, s) in self.slots.iter_mut().enumerate() {
            let Some(at) = s.queue.next_at(now).map(|at| at.max(s.busy_until)) else { continue };
            if s.scheduled.is_none_or(|already| at < already) {
                s.scheduled = Some(at);
                due.push((i, at));
            }
        }
        due
    }

    pub fn agent(&self, index: usize) -> Agent {
        self.slots[index].agent.clone()
    }

    /// The recorder travels with the turn; `work` gets it back.
    pub fn take_recorder(&mut self, index: usize) -> Recorder {
        std::mem::take(&mut self.slots[index].recorder)
    }

    pub fn put_recorder(&mut self, index: usize, recorder: Recorder) {
        self.slots[index].recorder = recorder;
    }

    /// An entry of the agenda came up that may have been overtaken by an earlier one.
    pub fn is_current(&self, index: usize, at: Time) -> bool {
        self.slots[index].scheduled == Some(at)
    }

    /// Syncs one key. The caller made `t` for `agent(index)`.
    pub fn work(&mut self, index: usize, t: &mut Turn) {
        let s = &mut self.slots[index];
        s.scheduled = None;
        let Some((key, cause)) = s.queue.pop(t.now) else { return };
        t.cause = cause;
        t.cause = t.note(What::Sync { controller: s.controller.name(), key: key.clone(), outcome: Outcome::Done });
        match s.controller.sync(&key, t) {
            Ok(Requeue::Done) => s.queue.forget(&key),
            Ok(Requeue::After(d)) => {
                s.queue.forget(&key);
                // What comes of a look at the clock came of what the clock was set for.
                s.queue.add_at(key, t.now + d, cause);
            }
            Err(_) => s.queue.add_rate_limited(key, s.controller.retry(), t.now, cause),
        }
        s.busy_until = t.now + CALL * (1 + t.calls);
    }

    /// Every key of every controller, for the test that a settled cluster writes nothing.
    pub fn all_keys(&self, view: &Tables) -> Vec<(usize, Vec<Key>)> {
        self.slots.iter().enumerate().map(|(i, s)| (i, s.controller.keys(view))).collect()
    }

    pub fn queue_key(&mut self, index: usize, key: Key, cause: u64) {
        self.slots[index].queue.add(key, cause);
    }

    pub fn name(&self, index: usize) -> &'static str {
        self.slots[index].controller.name()
    }
}

/// What one call to the API server costs its caller.
const CALL: std::time::Duration = std::time::Duration::from_millis(2);

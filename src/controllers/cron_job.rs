//! Makes a Job whenever a CronJob is due, and clears away the oldest of those that ended.
//!
//! Upstream: pkg/controller/cronjob/{cronjob_controllerv2,utils,injection}.go
//! Differs: schedules are read in UTC, whatever the zone.

use super::Controller;
use crate::api::batch::schedule::Schedule;
use crate::api::batch::{CronJob, CronJobStatus, Job};
use crate::api::{Key, Kind, KindId, controller_ref};
use crate::apimachinery::field_error::go_quote;
use crate::apimachinery::time::Time as Wall;
use crate::apimachinery::{List, ObjectMeta, Status, Str};
use crate::client::{DeleteOptions, Propagation, Reference, Requeue, Tables, Turn, WatchEvent, WorkQueue};
use crate::sim::{Duration, MILLISECOND, Time};
use std::rc::Rc;

const SCHEDULED_AT: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";
/// Clocks may differ: a sync comes so much after the moment that it is for.
const DELTA: Duration = MILLISECOND.saturating_mul(100);
/// More missed starts than this are told as an event.
const MANY: i64 = 100;

#[derive(Clone, Default)]
pub(super) struct CronJobController;

/// What has become due since the last start.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Missed {
    /// From when on was looked.
    earliest: i64,
    recent: Option<i64>,
    count: i64,
}

/// Upstream: mostRecentScheduleTime. All in seconds since 1970. The error is a sentence of the event.
fn missed(cron: &CronJob, now: i64, schedule: &Schedule, with_deadline: bool) -> Result<Missed, &'static str> {
    let created = cron.metadata.creation_timestamp;
    let mut earliest = cron.status.last_schedule_time.unwrap_or(created).unix();
    if let Some(deadline) = cron.spec.starting_deadline_seconds.filter(|_| with_deadline) {
        earliest = earliest.max(now - deadline);
    }
    const TOO_CLOSE: &str = "time difference between two schedules is less than 1 second";
    let none = Missed { earliest, recent: None, count: 0 };
    let (Some(first), Some(second)) = (schedule.next(earliest), schedule.next(earliest).and_then(|t| schedule.next(t)))
    else {
        return Err(TOO_CLOSE);
    };
    if now < first {
        return Ok(none);
    }
    if now < second {
        return Ok(Missed { recent: Some(first), ..none });
    }
    let between = second - first;
    let count = (now - first) / between + 1;
    // One step back from where a regular schedule would be, and on from there.
    let mut recent = None;
    let mut next = schedule.next(first + (count - 2) * between);
    while let Some(at) = next.filter(|at| *at <= now) {
        recent = Some(at);
        next = schedule.next(at);
    }
    Ok(Missed { earliest, recent, count })
}

/// How long until the schedule is next due after what is known.
fn until_next(t: &Turn, cron: &CronJob, schedule: &Schedule) -> Option<Duration> {
    let now = t.wall.unix();
    let from = match missed(cron, now, schedule, false) {
        Ok(Missed { recent: Some(at), .. }) => at,
        Ok(Missed { earliest, count: 0, .. }) => earliest,
        _ => now,
    };
    Some(t.until(Wall::from_unix(schedule.next(from)?)) + DELTA)
}

fn job_name(cron: &CronJob, at: i64) -> Str {
    Str::from(format!("{}-{}", cron.metadata.name, at / 60))
}

fn job_from_template(cron: &CronJob, at: i64) -> Job {
    let template = &cron.spec.job_template;
    let mut annotations = template.metadata.annotations.clone();
    annotations.insert(SCHEDULED_AT, Str::from(Wall::from_unix(at).to_string()));
    Job {
        metadata: ObjectMeta {
            name: job_name(cron, at),
            namespace: cron.metadata.namespace.clone(),
            labels: template.metadata.labels.clone(),
            annotations,
            owner_references: List::from(vec![controller_ref(cron)]),
            ..ObjectMeta::default()
        },
        spec: template.spec.clone(),
        ..Job::default()
    }
}

/// The CronJob that manages the Job, if the view has that very one.
fn manager(view: &Tables, job: &Job) -> Option<Key> {
    let owner = job.metadata.controller_of().filter(|o| o.kind == "CronJob")?;
    let key = Key::new(job.metadata.namespace.clone(), owner.name.clone());
    view.get::<CronJob>(&key).filter(|c| c.metadata.uid == owner.uid).map(|_| key)
}

/// One sync: the copy whose status is worked on, and whether it has to be written.
struct Sync<'a, 'b> {
    t: &'a mut Turn<'b>,
    cron: CronJob,
    changed: bool,
}

impl Sync<'_, '_> {
    fn tell(&mut self, event_type: &'static str, reason: &str, message: &str) {
        self.t.event(&Reference::of(&self.cron), event_type, reason, message);
    }

    fn status(&mut self) -> &mut CronJobStatus {
        Rc::make_mut(&mut self.cron.status)
    }

    fn is_active(&self, job: &Job) -> bool {
        self.cron.status.active.iter().any(|r| r.uid == job.metadata.uid)
    }

    fn forget(&mut self, uid: &Str) {
        self.status().active.retain(|r| r.uid != *uid);
        self.changed = true;
    }

    fn delete(&mut self, job: &Job) -> bool {
        let options = DeleteOptions { propagation: Some(Propagation::Background), ..DeleteOptions::default() };
        if let Err(e) = self.t.delete(Job::ID, &job.metadata.key(), &options) {
            self.tell("Warning", "FailedDelete", &format!("Deleted job: {e}"));
            return false;
        }
        self.forget(&job.metadata.uid);
        self.tell("Normal", "SuccessfulDelete", &format!("Deleted job {}", job.metadata.name));
        true
    }

    /// Keeps as many of the Jobs that ended as the limits say, the youngest.
    fn clean_up(&mut self, jobs: &[Rc<Job>]) {
        let spec = self.cron.spec.clone();
        let limits =
            [("Complete", spec.successful_jobs_history_limit), ("Failed", spec.failed_jobs_history_limit)];
        for (type_, limit) in limits {
            let Some(limit) = limit else { continue };
            let mut ended: Vec<_> = jobs.iter().filter(|j| j.has_condition(type_)).collect();
            let key = |j: &Job| (j.status.start_time.map_or(i64::MAX, |at| at.unix()), j.metadata.name.clone());
            ended.sort_by_key(|j| key(j));
            let count = ended.len().saturating_sub(limit.max(0) as usize);
            for job in ended.into_iter().take(count) {
                self.delete(job);
            }
        }
    }

    /// What became of the Jobs since.
    fn look_at(&mut self, jobs: &[Rc<Job>]) -> Result<(), Status> {
        for job in jobs {
            let known = self.is_active(job);
            if !job.is_finished() {
                if !known {
                    let live = self.t.get_live::<CronJob>(&self.cron.metadata.key())?;
                    if live.status.active.iter().any(|r| r.uid == job.metadata.uid) {
                        self.cron = (*live).clone();
                        continue;
                    }
                    let message =
                        format!("Saw a job that the controller did not create or forgot: {}", job.metadata.name);
                    self.tell("Warning", "UnexpectedJob", &message);
                }
                continue;
            }
            let condition = if job.has_condition("Complete") { "Complete" } else { "Failed" };
            if known {
                self.forget(&job.metadata.uid);
                let message = format!("Saw completed job: {}, condition: {condition}", job.metadata.name);
                self.tell("Normal", "SawCompletedJob", &message);
            }
            let ended = job.status.completion_time.filter(|_| condition == "Complete");
            if ended > self.cron.status.last_successful_time {
                self.status().last_successful_time = ended;
                self.changed = true;
            }
        }
        for gone in self.cron.status.active.clone().iter().filter(|r| !jobs.iter().any(|j| j.metadata.uid == r.uid)) {
            match self.t.get_live::<Job>(&Key::new(gone.namespace.clone(), gone.name.clone())) {
                Err(e) if e.is_not_found() => {
                    self.tell("Normal", "MissingJob", &format!("Active job went missing: {}", gone.name));
                    self.forget(&gone.uid);
                }
                Err(e) => return Err(e),
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// Starts a Job if one is due. When to look again; None where there is nothing to wait for.
    fn start(&mut self) -> Result<Option<Duration>, Status> {
        let spec = self.cron.spec.clone();
        if self.cron.metadata.is_deleting() || spec.suspend == Some(true) {
            return Ok(None);
        }
        if spec.schedule.contains("TZ") {
            let message = format!(
                "CRON_TZ or TZ used in schedule {} is not officially supported, see https://kubernetes.io/docs/\
                 concepts/workloads/controllers/cron-jobs/ for more details",
                go_quote(&spec.schedule)
            );
            self.tell("Warning", "UnsupportedSchedule", &message);
        }
        let schedule = match Schedule::parse(&spec.schedule) {
            Ok(schedule) => schedule,
            Err(e) => {
                let message = format!("unparseable schedule: {} : {e}", go_quote(&spec.schedule));
                self.tell("Warning", "UnparseableSchedule", &message);
                return Ok(None);
            }
        };
        let now = self.t.wall.unix();
        let due = match missed(&self.cron, now, &schedule, true) {
            Ok(missed) => missed,
            Err(e) => {
                self.tell("Warning", "InvalidSchedule", &format!("invalid schedule: {} : {e}", spec.schedule));
                return Ok(None);
            }
        };
        if let Some(at) = due.recent {
            if due.count > MANY {
                let message = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check \
                               clock skew";
                self.tell("Warning", "TooManyMissedTimes", message);
            }
            self.start_at(at, now)?;
        }
        Ok(until_next(self.t, &self.cron, &schedule))
    }

    fn start_at(&mut self, at: i64, now: i64) -> Result<(), Status> {
        let spec = self.cron.spec.clone();
        if spec.starting_deadline_seconds.is_some_and(|limit| at + limit < now) {
            let message = format!("Missed scheduled time to start a job: {}", Wall::from_unix(at).rfc1123());
            self.tell("Warning", "MissSchedule", &message);
            return Ok(());
        }
        let name = job_name(&self.cron, at);
        let active = self.cron.status.active.clone();
        let last = self.cron.status.last_schedule_time;
        if active.iter().any(|r| r.name == name) || last == Some(Wall::from_unix(at)) {
            return Ok(());
        }
        if spec.concurrency_policy == "Forbid" && !active.is_empty() {
            let message = "Not starting job because prior execution is running and concurrency policy is Forbid";
            self.tell("Normal", "JobAlreadyActive", message);
            return Ok(());
        }
        if spec.concurrency_policy == "Replace" {
            for r in &active {
                let job = match self.t.get_live::<Job>(&Key::new(r.namespace.clone(), r.name.clone())) {
                    Ok(job) => job,
                    Err(e) => {
                        self.tell("Warning", "FailedGet", &format!("Get job: {e}"));
                        return Err(e);
                    }
                };
                if !self.delete(&job) {
                    return Err(Status::unknown(format!("could not replace job {}", job.metadata.key())));
                }
            }
        }
        let job = match self.t.create(job_from_template(&self.cron, at)) {
            Ok(job) => {
                self.tell("Normal", "SuccessfulCreate", &format!("Created job {}", job.metadata.name));
                job
            }
            Err(e) if e.has_cause("NamespaceTerminating") => return Err(e),
            Err(e) if e.is_already_exists() => {
                let key = Key::new(self.cron.metadata.namespace.clone(), name);
                let job = self.t.get_live::<Job>(&key)?;
                if !job.metadata.is_controlled_by(&self.cron.metadata.uid) || self.is_active(&job) {
                    return Ok(());
                }
                job
            }
            Err(e) => {
                self.tell("Warning", "FailedCreate", &format!("Error creating job: {e}"));
                return Err(e);
            }
        };
        self.status().active.push(Reference::of(&*job).0);
        self.status().last_schedule_time = Some(Wall::from_unix(at));
        self.changed = true;
        Ok(())
    }
}

impl Controller for CronJobController {
    const NAME: &'static str = "cronjob-controller";
    const WATCHES: &'static [KindId] = &[KindId::CronJob, KindId::Job];

    fn observe(&mut self, event: &WatchEvent, view: &Tables, _now: Time, queue: &mut WorkQueue) {
        if event.kind == KindId::Job {
            let (old, new) = (event.old_as::<Job>(), event.new_as::<Job>());
            for key in old.into_iter().chain(new).filter_map(|job| manager(view, job)) {
                queue.add(key, event.cause);
            }
            return;
        }
        // Upstream only wakes at the new time where the schedule changed; a sync before finds nothing due.
        queue.add(event.key.clone(), event.cause);
    }

    fn sync(&mut self, key: &Key, t: &mut Turn) -> Result<Requeue, Status> {
        let Some(cron) = t.view.get::<CronJob>(key).map(|c| (**c).clone()) else { return Ok(Requeue::Done) };
        let mine = |j: &&Rc<Job>| j.metadata.controller_of().is_some_and(|o| o.name == cron.metadata.name);
        let jobs: Vec<Rc<Job>> = t.view.list::<Job>(Some(&key.namespace)).filter(mine).cloned().collect();
        let mut sync = Sync { t, cron: cron.clone(), changed: false };
        sync.clean_up(&jobs);
        let next = sync.look_at(&jobs).and_then(|()| sync.start());
        if sync.changed {
            let Sync { t, cron, .. } = sync;
            t.update_status(cron)?;
        }
        Ok(next?.map_or(Requeue::Done, Requeue::After))
    }

    fn keys(&self, view: &Tables) -> Vec<Key> {
        view.objects(KindId::CronJob, None).map(|(k, _)| k.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(schedule: &str, last: i64, deadline: Option<i64>, now: i64, want: (Option<i64>, i64)) {
        let mut cron = CronJob::default();
        Rc::make_mut(&mut cron.status).last_schedule_time = Some(Wall::from_unix(last));
        Rc::make_mut(&mut cron.spec).starting_deadline_seconds = deadline;
        let schedule = Schedule::parse(schedule).expect("a schedule");
        let found = missed(&cron, now, &schedule, true).expect("times apart");
        assert_eq!((found.recent, found.count), want);
    }

    #[test]
    fn of_several_missed_starts_the_last_counts() {
        check("* * * * *", 0, None, 59, (None, 0));
        check("* * * * *", 0, None, 60, (Some(60), 0));
        check("* * * * *", 0, None, 200, (Some(180), 3));
        check("0 * * * *", 0, None, 7300, (Some(7200), 2));
        check("* * * * *", 0, Some(30), 200, (Some(180), 0));
        check("* * * * *", 0, Some(10), 200, (None, 0));
        check("@every 90s", 0, None, 400, (Some(360), 4));
    }

    #[test]
    fn a_day_that_never_comes_is_told() {
        let never = Schedule::parse("59 23 31 2 *").expect("it reads well");
        assert!(missed(&CronJob::default(), 1_700_000_000, &never, true).is_err());
    }
}

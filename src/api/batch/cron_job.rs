//! batch/v1 CronJob.
//!
//! Upstream: staging/src/k8s.io/api/batch/v1/types.go, pkg/registry/batch/cronjob/strategy.go,
//! pkg/printers/internalversion/printers.go (printCronJob), pkg/apis/batch/v1/defaults.go,
//! pkg/apis/batch/validation/validation.go (ValidateCronJobCreate, …)
//! Differs: of time zones only the spelling is checked, for there is no table of them.

use super::schedule::Schedule;
use super::{JobSpec, validate_job_spec};
use crate::api::apps::pods::{drop_disabled_template_fields, warn_of_name};
use crate::api::core::ObjectReference;
use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, PrintCx, col, int_col, wide};
use crate::api::print::{cell_or, container_cells, selector_text};
use crate::apimachinery::field_error::BadValue;
use crate::apimachinery::time::Time;
use crate::apimachinery::validation::validate_nonnegative;
use crate::apimachinery::{Api, ErrorList, List, ObjectMeta, Path, Str, Value};
use std::rc::Rc;

crate::api! {
    pub struct CronJob = "io.k8s.api.batch.v1.CronJob" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<CronJobSpec> = "spec".always(),
        status: Rc<CronJobStatus> = "status".always(),
    }

    pub struct CronJobSpec = "io.k8s.api.batch.v1.CronJobSpec" {
        schedule: Str = "schedule".always(),
        time_zone: Option<Str> = "timeZone",
        starting_deadline_seconds: Option<i64> = "startingDeadlineSeconds",
        concurrency_policy: Str = "concurrencyPolicy",
        suspend: Option<bool> = "suspend",
        job_template: Rc<JobTemplateSpec> = "jobTemplate".always().required(),
        successful_jobs_history_limit: Option<i32> = "successfulJobsHistoryLimit",
        failed_jobs_history_limit: Option<i32> = "failedJobsHistoryLimit",
    }

    pub struct JobTemplateSpec = "io.k8s.api.batch.v1.JobTemplateSpec" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<JobSpec> = "spec".always(),
    }

    pub struct CronJobStatus = "io.k8s.api.batch.v1.CronJobStatus" {
        active: List<ObjectReference> = "active".atomic(),
        last_schedule_time: Option<Time> = "lastScheduleTime",
        last_successful_time: Option<Time> = "lastSuccessfulTime",
    }
}

const SPEC: Path = Path::new("spec");
/// The name of a Job appends eleven characters to it.
const MAX_NAME: usize = 52;

impl CronJob {
    fn drop_disabled(&mut self, old: Option<&Self>) {
        let mut template = self.spec.job_template.spec.template.clone();
        drop_disabled_template_fields(&mut template, old.map(|o| &*o.spec.job_template.spec.template));
        if !Rc::ptr_eq(&template, &self.spec.job_template.spec.template) {
            let job = Rc::make_mut(&mut Rc::make_mut(&mut self.spec).job_template);
            Rc::make_mut(&mut job.spec).template = template;
        }
    }

    fn validate_with(&self, old: Option<&Self>, errs: &mut ErrorList) {
        let spec = &*self.spec;
        let path = SPEC.child("schedule");
        if spec.schedule.is_empty() {
            errs.required(path, "");
        } else {
            if let Err(e) = Schedule::parse(&spec.schedule) {
                errs.invalid(path, &spec.schedule, e);
            }
            let had_zone = old.is_some_and(|o| o.spec.schedule.contains("TZ"));
            match (spec.schedule.contains("TZ"), had_zone, &spec.time_zone) {
                (true, true, Some(_)) => {
                    let detail = "cannot use both timeZone field and TZ or CRON_TZ in schedule";
                    errs.invalid(path, &spec.schedule, detail);
                }
                (true, false, _) => {
                    let detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
                    errs.invalid(path, &spec.schedule, detail);
                }
                _ => {}
            }
        }
        validate_nonnegative(
            spec.starting_deadline_seconds.unwrap_or_default(),
            SPEC.child("startingDeadlineSeconds"),
            errs,
        );
        if let Some(zone) = spec.time_zone.as_ref().filter(|_| old.is_none_or(|o| o.spec.time_zone != spec.time_zone)) {
            validate_time_zone(zone, SPEC.child("timeZone"), errs);
        }
        match spec.concurrency_policy.as_str() {
            "" => errs.required(SPEC.child("concurrencyPolicy"), ""),
            "Allow" | "Forbid" | "Replace" => {}
            other => errs.not_supported(SPEC.child("concurrencyPolicy"), other, &["Allow", "Forbid", "Replace"]),
        }
        let path = SPEC.child("jobTemplate");
        let path = path.child("spec");
        let job = &*spec.job_template.spec;
        validate_job_spec(job, path, errs);
        if let Some(selector) = &job.selector {
            errs.invalid(path.child("selector"), BadValue::of(&**selector), "`selector` will be auto-generated");
        }
        if job.manual_selector == Some(true) {
            errs.not_supported(path.child("manualSelector"), true, &["nil", "false"]);
        }
        for (name, limit) in [
            ("successfulJobsHistoryLimit", spec.successful_jobs_history_limit),
            ("failedJobsHistoryLimit", spec.failed_jobs_history_limit),
        ] {
            validate_nonnegative(limit.unwrap_or_default(), SPEC.child(name), errs);
        }
    }
}

fn validate_time_zone(zone: &Str, path: Path, errs: &mut ErrorList) {
    if zone.is_empty() {
        errs.invalid(path, zone, "timeZone must be nil or non-empty string");
        return;
    }
    let is_name = |part: &str| {
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
        (1..=14).contains(&part.len())
            && !matches!(part, "." | "..")
            && !part.starts_with('-')
            && part.chars().all(known)
    };
    if !zone.split('/').all(is_name) {
        errs.invalid(path, zone, format!("unknown time zone {zone}"));
    } else if zone.eq_ignore_ascii_case("Local") {
        let detail = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
        errs.invalid(path, zone, detail);
    }
}

impl Kind for CronJob {
    const INFO: KindInfo =
        KindInfo { short: &["cj"], categories: &["all"], status: true, ..KindInfo::of("batch", "CronJob", "cronjobs") };
    crate::kind_glue!(CronJob);
    const GENERATION: bool = true;
    const COLUMNS: &'static [Column] = &[
        NAME,
        col("Schedule"),
        col("Timezone"),
        Column { kind: "boolean", ..col("Suspend") },
        int_col("Active"),
        col("Last Schedule"),
        AGE,
        wide("Containers"),
        wide("Images"),
        wide("Selector"),
    ];

    fn set_defaults(&mut self) {
        let spec = Rc::make_mut(&mut self.spec);
        spec.concurrency_policy = spec.concurrency_policy.or("Allow");
        spec.suspend.get_or_insert(false);
        spec.successful_jobs_history_limit.get_or_insert(3);
        spec.failed_jobs_history_limit.get_or_insert(1);
        Rc::make_mut(&mut Rc::make_mut(&mut spec.job_template).spec).set_defaults_of_parts();
    }

    fn prepare_for_create(&mut self) {
        self.status = Rc::default();
        self.drop_disabled(None);
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        self.drop_disabled(Some(old));
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
    }

    fn spec_changed(&self, old: &Self) -> bool {
        self.spec != old.spec
    }

    fn validate(&self, errs: &mut ErrorList) {
        self.validate_with(None, errs);
        if self.metadata.name.len() > MAX_NAME {
            let path = Path::new("metadata");
            errs.invalid(path.child("name"), &self.metadata.name, "must be no more than 52 characters");
        }
    }

    fn validate_update(&self, old: &Self, errs: &mut ErrorList) {
        self.validate_with(Some(old), errs);
    }

    fn warnings(&self, old: Option<&Self>, out: &mut Vec<String>) {
        if old.is_none() {
            warn_of_name(&self.metadata.name, out);
        }
        if old.is_none_or(|old| old.spec != self.spec) {
            self.spec.job_template.spec.warnings(Path::new("spec.jobTemplate.spec"), out);
        }
        if old.is_some() && self.spec.schedule.contains("TZ") {
            out.push(
                "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see \
                 https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
                    .to_owned(),
            );
        }
    }

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        let spec = &self.spec;
        let job: &JobSpec = &spec.job_template.spec;
        let [containers, images] = container_cells(&job.template.spec.containers);
        let suspend = match spec.suspend {
            None => "<unset>",
            Some(true) => "True",
            Some(false) => "False",
        };
        vec![
            self.metadata.name.encode(),
            spec.schedule.encode(),
            spec.time_zone.as_ref().map_or("<none>", |z| z.as_str()).into(),
            suspend.into(),
            self.status.active.len().into(),
            self.status.last_schedule_time.map_or("<none>".to_owned(), |t| cx.age_text(t)).into(),
            cx.age(self.metadata.creation_timestamp),
            containers,
            images,
            cell_or(&selector_text(job.selector.as_deref()).unwrap_or("<error>".to_owned()), "<none>"),
        ]
    }
}

//! v1 Pod: the one big room.
//!
//! Upstream: pkg/registry/core/pod/strategy.go, pkg/apis/core/validation/validation.go, pkg/api/pod/
//! Differs: nothing known.

mod affinity;
mod container;
mod defaults;
mod image;
mod internal;
mod print;
pub mod qos;
pub mod resources;
pub mod restart;
mod status;
mod strategy;
#[cfg(test)]
pub(crate) mod testing;
mod types;
pub mod validate;
mod volume;
mod warnings;

pub use affinity::*;
pub use container::*;
pub use defaults::{set_claim_spec_defaults, set_pod_spec_defaults, set_template_defaults};
pub use image::{ImageName, parse_image_name};
pub use internal::{internal_diff, template_text};
pub use print::PodSummary;
pub use status::*;
pub use strategy::drop_disabled_fields;
pub use types::*;
pub use validate::{
    PodOptions, validate_always_template, validate_claim_spec, validate_pod_spec, validate_pod_template_spec,
    validate_template_metadata,
};
pub use volume::*;
pub use warnings::{claim_spec_warnings, node_label_deprecation, template_warnings};

use crate::api::kind::{Column, Kind, KindInfo, Part, PrintCx};
use crate::apimachinery::{ErrorList, Str, Value};

const PARTS: &[Part] = &[
    Part::connect("attach", "PodAttachOptions"),
    Part::action("binding", "", "Binding"),
    Part::own("ephemeralcontainers"),
    Part::action("eviction", "policy", "Eviction"),
    Part::connect("exec", "PodExecOptions"),
    Part::own("log").verbs(&["get"]),
    Part::connect("portforward", "PodPortForwardOptions"),
    Part::proxy("PodProxyOptions"),
    Part::own("resize"),
];

impl Kind for Pod {
    const INFO: KindInfo =
        KindInfo { short: &["po"], categories: &["all"], status: true, parts: PARTS, ..KindInfo::core("Pod", "pods") };
    const COLUMNS: &'static [Column] = print::COLUMNS;
    const FIELDS: &'static [&'static str] = print::FIELDS;
    crate::kind_glue!(Pod);

    fn set_defaults(&mut self) {
        self.fill();
    }

    const GENERATION: bool = true;

    fn prepare_for_create(&mut self) {
        self.prepare_create();
    }

    fn prepare_for_update(&mut self, old: &Pod) {
        self.prepare_update(old);
    }

    fn prepare_for_status_update(&mut self, old: &Pod) {
        self.prepare_status_update(old);
    }

    fn spec_changed(&self, old: &Pod) -> bool {
        !std::rc::Rc::ptr_eq(&self.spec, &old.spec) && self.spec != old.spec
    }

    fn validate(&self, errs: &mut ErrorList) {
        validate::create(self, errs);
    }

    fn validate_update(&self, old: &Pod, errs: &mut ErrorList) {
        validate::update(self, old, errs);
    }

    fn validate_status_update(&self, old: &Pod, errs: &mut ErrorList) {
        validate::status_update(self, old, errs);
    }

    fn warnings(&self, old: Option<&Pod>, out: &mut Vec<String>) {
        warnings::of_pod(self, old, out);
    }

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        self.cells(cx)
    }

    fn field(&self, path: &str) -> Option<Str> {
        print::field(self, path)
    }
}

impl PodStatus {
    pub fn condition(&self, type_: &str) -> Option<&PodCondition> {
        self.conditions.iter().find(|c| c.type_ == type_)
    }

    /// Replaces the condition of that type; the transition's time stays where the status does.
    pub fn set_condition(&mut self, mut condition: PodCondition) -> bool {
        match self.conditions.iter().position(|c| c.type_ == condition.type_) {
            None => {
                self.conditions.push(condition);
                true
            }
            Some(at) => {
                let old = &self.conditions[at];
                if old.status == condition.status {
                    condition.last_transition_time = old.last_transition_time;
                }
                if *old == condition {
                    return false;
                }
                self.conditions.make_mut()[at] = condition;
                true
            }
        }
    }
}

impl Pod {
    /// Upstream: pkg/api/v1/pod/util.go (IsPodReady).
    pub fn is_ready(&self) -> bool {
        self.status.condition("Ready").is_some_and(|c| c.status == "True")
    }

    /// Succeeded or Failed: nothing of it runs again.
    pub fn is_terminal(&self) -> bool {
        self.status.phase == "Succeeded" || self.status.phase == "Failed"
    }

    /// Neither ended nor ending. Upstream: pkg/controller/controller_utils.go (IsPodActive).
    pub fn is_active(&self) -> bool {
        !self.is_terminal() && self.metadata.deletion_timestamp.is_none()
    }

    /// Ready for at least `min_ready_seconds`. Upstream: IsPodAvailable.
    pub fn is_available(&self, min_ready_seconds: i32, now: crate::apimachinery::time::Time) -> bool {
        self.is_ready()
            && (min_ready_seconds == 0
                || self
                    .status
                    .condition("Ready")
                    .is_some_and(|c| c.last_transition_time.unix() + i64::from(min_ready_seconds) <= now.unix()))
    }
}

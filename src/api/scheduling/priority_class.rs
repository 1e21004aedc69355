//! scheduling.k8s.io/v1 PriorityClass.
//!
//! Upstream: staging/src/k8s.io/api/scheduling/v1/types.go, pkg/registry/scheduling/priorityclass/strategy.go,
//! pkg/printers/internalversion/printers.go (printPriorityClass), pkg/apis/scheduling/validation/validation.go,
//! pkg/apis/scheduling/v1/{defaults,helpers}.go
//! Differs: nothing known.

use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, PrintCx, col, int_col};
use crate::apimachinery::{Api, ErrorList, ObjectMeta, Path, Str, Value};

crate::api! {
    pub struct PriorityClass = "io.k8s.api.scheduling.v1.PriorityClass" {
        metadata: ObjectMeta = "metadata".always(),
        value: i32 = "value".always(),
        global_default: bool = "globalDefault",
        description: Str = "description",
        preemption_policy: Option<Str> = "preemptionPolicy",
    }
}

const HIGHEST_USER_DEFINABLE: i32 = 1_000_000_000;
pub const SYSTEM_CRITICAL: i32 = 2 * HIGHEST_USER_DEFINABLE;
/// The classes of every cluster.
pub const SYSTEM_CLASSES: [(&str, i32, &str); 2] = [
    (
        "system-node-critical",
        SYSTEM_CRITICAL + 1000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
    (
        "system-cluster-critical",
        SYSTEM_CRITICAL,
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    ),
];
const VALUE: Path = Path::new("value");
const POLICY: Path = Path::new("preemptionPolicy");

impl PriorityClass {
    /// Why a name of the system's is not this class's.
    fn system_fault(&self) -> Option<String> {
        let name = &self.metadata.name;
        let Some((_, value, _)) = SYSTEM_CLASSES.iter().find(|(n, ..)| *name == **n) else {
            return Some(format!("{name} is not a known system priority class"));
        };
        if self.value != *value {
            return Some(format!("value of {name} PriorityClass must be {value}"));
        }
        self.global_default.then(|| format!("globalDefault of {name} PriorityClass must be false"))
    }
}

impl Kind for PriorityClass {
    const INFO: KindInfo = KindInfo {
        short: &["pc"],
        namespaced: false,
        ..KindInfo::of("scheduling.k8s.io", "PriorityClass", "priorityclasses")
    };
    crate::kind_glue!(PriorityClass);
    const GENERATION: bool = true;
    const COLUMNS: &'static [Column] =
        &[NAME, int_col("Value"), Column { kind: "boolean", ..col("Global-Default") }, AGE, col("PreemptionPolicy")];

    fn set_defaults(&mut self) {
        self.preemption_policy.get_or_insert(Str::literal("PreemptLowerPriority"));
    }

    fn validate(&self, errs: &mut ErrorList) {
        if self.metadata.name.starts_with("system-") {
            if let Some(fault) = self.system_fault() {
                let detail = format!(
                    "priority class names with 'system-' prefix are reserved for system use only. error: {fault}"
                );
                errs.forbidden(Path::new("metadata").child("name"), detail);
            }
        } else if self.value > HIGHEST_USER_DEFINABLE {
            let detail = format!("maximum allowed value of a user defined priority is {HIGHEST_USER_DEFINABLE}");
            errs.forbidden(VALUE, detail);
        }
        match self.preemption_policy.as_deref() {
            None | Some("PreemptLowerPriority" | "Never") => {}
            Some("") => errs.required(POLICY, ""),
            Some(other) => errs.not_supported(POLICY, other, &["PreemptLowerPriority", "Never"]),
        }
    }

    fn validate_update(&self, old: &Self, errs: &mut ErrorList) {
        if self.value != old.value {
            errs.forbidden(VALUE, "may not be changed in an update.");
        }
        if self.preemption_policy != old.preemption_policy {
            let value = self.preemption_policy.clone().unwrap_or_default();
            errs.invalid(POLICY, &value, "field is immutable");
        }
    }

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        vec![
            self.metadata.name.encode(),
            self.value.into(),
            self.global_default.into(),
            cx.age(self.metadata.creation_timestamp),
            self.preemption_policy.clone().unwrap_or_default().encode(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::testing::{decode, faults_of_create, faults_of_update, row_text};

    #[test]
    fn rows_and_refusals_are_those_of_a_cluster() {
        let class: PriorityClass = decode("{metadata: {name: high}, value: 1000}");
        assert_eq!(row_text(&class, 0), "high|1000|false|<unknown>|PreemptLowerPriority");
        for (yaml, want) in [
            ("{value: 1000000000}", vec![]),
            ("{metadata: {name: system-node-critical}, value: 2000001000}", vec![]),
            (
                "{value: 1000000001}",
                vec!["value: Forbidden: maximum allowed value of a user defined priority is 1000000000"],
            ),
            (
                "{metadata: {name: system-mine}, value: 1}",
                vec![
                    "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use \
                     only. error: system-mine is not a known system priority class",
                ],
            ),
            (
                "{value: 1, preemptionPolicy: Maybe}",
                vec![
                    "preemptionPolicy: Unsupported value: \"Maybe\": supported values: \"PreemptLowerPriority\", \
                     \"Never\"",
                ],
            ),
        ] {
            assert_eq!(faults_of_create::<PriorityClass>(yaml), want, "{yaml}");
        }
        assert_eq!(
            faults_of_update::<PriorityClass>("{value: 1}", "{value: 2}"),
            ["value: Forbidden: may not be changed in an update."]
        );
    }
}

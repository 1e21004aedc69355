//! v1 Namespace.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/namespace/strategy.go,
//! pkg/printers/internalversion/printers.go (printNamespace), pkg/apis/core/v1/defaults.go (SetDefaults_Namespace),
//! pkg/apis/core/validation/validation.go (ValidateNamespace, …)
//! Differs: nothing known.

use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, NameRule, Part, PrintCx, col};
use crate::apimachinery::names::is_qualified_name;
use crate::apimachinery::time::Time;
use crate::apimachinery::{Api, ErrorList, List, ObjectMeta, Path, Str, Value};
use std::rc::Rc;

crate::api! {
    pub struct Namespace = "io.k8s.api.core.v1.Namespace" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<NamespaceSpec> = "spec".always(),
        status: Rc<NamespaceStatus> = "status".always(),
    }

    pub struct NamespaceSpec = "io.k8s.api.core.v1.NamespaceSpec" {
        finalizers: List<Str> = "finalizers".atomic(),
    }

    pub struct NamespaceStatus = "io.k8s.api.core.v1.NamespaceStatus" {
        phase: Str = "phase",
        conditions: List<NamespaceCondition> = "conditions".merge("type").keys(&["type"]),
    }

    pub struct NamespaceCondition = "io.k8s.api.core.v1.NamespaceCondition" {
        type_: Str = "type".always(),
        status: Str = "status".always(),
        last_transition_time: Time = "lastTransitionTime".always(),
        reason: Str = "reason",
        message: Str = "message",
    }
}

const ACTIVE: Str = Str::literal("Active");
/// Held by the namespace controller until the namespace is empty.
const FINALIZER_KUBERNETES: Str = Str::literal("kubernetes");

const TERMINATING: Str = Str::literal("Terminating");
const FINALIZERS: Path = Path::new("spec.finalizers");

/// A qualified name, and without a domain one that Kubernetes knows.
fn validate_finalizer(name: &str, path: Path, errs: &mut ErrorList) {
    errs.invalid_each(path, name, is_qualified_name(name));
    if !name.contains('/') && !matches!(name, "kubernetes" | "orphan" | "foregroundDeletion") {
        errs.invalid(path, name, "name is neither a standard finalizer name nor is it fully qualified");
    }
}

impl Namespace {
    /// Lets selectors of namespaces name one.
    fn label_with_name(&mut self) {
        let m = &mut self.metadata;
        let label = "kubernetes.io/metadata.name";
        if !m.name.is_empty() && m.labels.get(label) != Some(&m.name) {
            m.labels.insert(label, m.name.clone());
        }
    }

    /// The update through `/finalize`, which may change the finalizers and nothing of the status.
    pub fn prepare_for_finalize(&mut self, old: &Self) {
        self.label_with_name();
        self.status = old.status.clone();
    }

    pub fn validate_finalize(&self, errs: &mut ErrorList) {
        for (i, finalizer) in self.spec.finalizers.iter().enumerate() {
            validate_finalizer(finalizer, FINALIZERS.index(i), errs);
        }
    }
}

impl Kind for Namespace {
    const INFO: KindInfo = KindInfo {
        short: &["ns"],
        namespaced: false,
        status: true,
        parts: &[Part::own("finalize").verbs(&["update"])],
        name_rule: NameRule::Dns1123Label,
        ..KindInfo::core("Namespace", "namespaces")
    };
    crate::kind_glue!(Namespace);
    const COLUMNS: &'static [Column] = &[NAME, col("Status"), AGE];
    const FIELDS: &'static [&'static str] = &["status.phase"];

    fn set_defaults(&mut self) {
        self.label_with_name();
        if self.status.phase.is_empty() {
            Rc::make_mut(&mut self.status).phase = ACTIVE;
        }
    }

    fn prepare_for_create(&mut self) {
        // A generated name was not there yet when the defaults were set.
        self.label_with_name();
        self.status = Rc::new(NamespaceStatus { phase: ACTIVE, ..Default::default() });
        if !self.spec.finalizers.contains(&FINALIZER_KUBERNETES) {
            Rc::make_mut(&mut self.spec).finalizers.push(FINALIZER_KUBERNETES);
        }
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.label_with_name();
        if self.spec.finalizers != old.spec.finalizers {
            Rc::make_mut(&mut self.spec).finalizers = old.spec.finalizers.clone();
        }
        self.status = old.status.clone();
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
    }

    fn validate(&self, errs: &mut ErrorList) {
        for finalizer in &self.spec.finalizers {
            validate_finalizer(finalizer, FINALIZERS, errs);
        }
    }

    fn validate_status_update(&self, _old: &Self, errs: &mut ErrorList) {
        let (wanted, detail) = match self.metadata.deletion_timestamp {
            None => (ACTIVE, "may only be 'Active' if `deletionTimestamp` is empty"),
            Some(_) => (TERMINATING, "may only be 'Terminating' if `deletionTimestamp` is not empty"),
        };
        if self.status.phase != wanted {
            errs.invalid(Path::new("status").child("Phase"), &self.status.phase, detail);
        }
    }

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        vec![self.metadata.name.encode(), self.status.phase.encode(), cx.age(self.metadata.creation_timestamp)]
    }

    fn field(&self, path: &str) -> Option<Str> {
        (path == "status.phase").then(|| self.status.phase.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::testing::{decode, faults_of_create, row_text};

    #[test]
    fn a_new_namespace_is_active_and_held() {
        let mut namespace: Namespace = decode("{metadata: {name: team}, spec: {finalizers: [example.com/mine]}}");
        namespace.prepare_for_create();
        assert_eq!(namespace.metadata.labels.get("kubernetes.io/metadata.name").map(|v| v.as_str()), Some("team"));
        assert_eq!(namespace.spec.finalizers.as_slice(), ["example.com/mine", "kubernetes"]);
        assert_eq!(row_text(&namespace, 0), "team|Active|<unknown>");
        assert_eq!(namespace.field("status.phase").as_deref(), Some("Active"));
    }

    #[test]
    fn finalizers_are_known_or_qualified() {
        assert_eq!(
            faults_of_create::<Namespace>("{metadata: {name: team}, spec: {finalizers: [mine]}}"),
            ["spec.finalizers: Invalid value: \"mine\": name is neither a standard finalizer name nor is it fully \
                 qualified"]
        );
    }

    #[test]
    fn names_are_labels() {
        let faults = faults_of_create::<Namespace>("{metadata: {name: Team.a}}");
        assert_eq!(faults.len(), 1);
        assert!(faults[0].starts_with("metadata.name: Invalid value: \"Team.a\": a lowercase RFC 1123 label must"));
    }

    #[test]
    fn the_phase_goes_with_the_deletion() {
        let mut namespace: Namespace = decode("{metadata: {name: team}, status: {phase: Terminating}}");
        let mut errs = ErrorList::default();
        namespace.validate_status_update(&namespace, &mut errs);
        assert_eq!(
            errs.aggregate(),
            "status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` is empty"
        );
        namespace.metadata.deletion_timestamp = Some(Time::from_unix(1));
        let mut errs = ErrorList::default();
        namespace.validate_status_update(&namespace, &mut errs);
        assert!(errs.is_empty());
    }
}

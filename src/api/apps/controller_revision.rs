//! apps/v1 ControllerRevision.
//!
//! Upstream: staging/src/k8s.io/api/apps/v1/types.go, pkg/registry/apps/controllerrevision/strategy.go,
//! pkg/printers/internalversion/printers.go (printControllerRevision),
//! pkg/apis/apps/validation/validation.go (ValidateControllerRevisionCreate, …)
//! Differs: nothing known.

use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, PrintCx, col};
use crate::apimachinery::codec::Opaque;
use crate::apimachinery::status::qualified;
use crate::apimachinery::validation::{validate_immutable, validate_nonnegative};
use crate::apimachinery::{Api, ErrorList, ObjectMeta, Path, Value};

crate::api! {
    pub struct ControllerRevision = "io.k8s.api.apps.v1.ControllerRevision" {
        metadata: ObjectMeta = "metadata".always(),
        data: Opaque = "data",
        revision: i64 = "revision".always(),
    }
}

const DATA: Path = Path::new("data");

impl Kind for ControllerRevision {
    const INFO: KindInfo = KindInfo::of("apps", "ControllerRevision", "controllerrevisions");
    crate::kind_glue!(ControllerRevision);
    const COLUMNS: &'static [Column] = &[NAME, col("Controller"), col("Revision"), AGE];

    fn validate(&self, errs: &mut ErrorList) {
        validate_nonnegative(self.revision, Path::new("revision"), errs);
        match self.data.value() {
            Some(Value::Object(_)) => {}
            None | Some(Value::Null) => errs.required(DATA, "data is mandatory"),
            Some(_) => errs.required(DATA, "data must be a valid JSON object"),
        }
    }

    fn validate_update(&self, old: &Self, errs: &mut ErrorList) {
        validate_nonnegative(self.revision, Path::new("revision"), errs);
        validate_immutable(&self.data, &old.data, DATA, errs);
    }

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        let m = &self.metadata;
        let controller = match m.controller_of() {
            None => "<none>".to_owned(),
            Some(owner) => {
                let group = owner.api_version.rsplit_once('/').map_or("", |(group, _)| group);
                format!("{}/{}", qualified(group, &owner.kind).to_lowercase(), owner.name)
            }
        };
        vec![m.name.encode(), controller.into(), self.revision.into(), cx.age(m.creation_timestamp)]
    }
}

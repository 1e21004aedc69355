//! Server-side apply over the wire.
//!
//! Upstream: …/endpoints/handlers/patch.go (applyPatcher)
//! Differs: nothing known.

use super::path::Target;
use super::{Request, Response};
use crate::apimachinery::{ErrorList, Path, Status};
use crate::apiserver::{Cx, Server};

pub(super) fn apply(_server: &mut Server, _cx: &mut Cx, r: &Request, _t: &Target) -> Result<Response, Status> {
    if r.param("fieldManager").is_empty() {
        let mut errs = ErrorList::default();
        errs.required(Path::new("fieldManager"), "is required for apply patch");
        return Err(Status::invalid("meta.k8s.io", "PatchOptions", "", &errs));
    }
    Err(Status::unsupported_media_type("server-side apply is not supported"))
}

//! Placeholder until the real module lands.
use super::{ErrorList, ObjectMeta, Path};
pub type NameCheck = fn(&str, bool) -> Vec<String>;
pub fn any_name(_name: &str, _prefix: bool) -> Vec<String> {
    Vec::new()
}
pub fn validate_object_meta(
    _meta: &ObjectMeta,
    _namespaced: bool,
    _check: NameCheck,
    _path: Path,
    _errs: &mut ErrorList,
) {
}
pub fn validate_object_meta_update(_new: &ObjectMeta, _old: &ObjectMeta, _path: Path, _errs: &mut ErrorList) {}

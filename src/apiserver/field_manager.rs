//! Who owns which field: `metadata.managedFields`.

use crate::api::Object;
use crate::apimachinery::time::Time;

/// Notes that `manager` wrote what differs between the two.
pub fn update(_old: Option<&Object>, _new: &mut Object, _manager: &str, _subresource: &str, _now: Time) {}

//! Admission: what may change or refuse a request after it is authorized; one plugin, one file.
//!
//! Upstream: pkg/kubeapiserver/options/plugins.go (AllOrderedPlugins)
//! Differs: webhooks and policies are not there yet.

use super::{Cx, Server, Sub};
use crate::api::Object;
use crate::apimachinery::Status;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    Create,
    Update(Sub),
    Delete,
}

/// Everything a plugin may look at.
pub struct Attributes<'a> {
    pub server: &'a Server,
    pub op: Op,
    pub old: Option<&'a Object>,
    pub user: &'a str,
}

/// What a plugin does to an object of that operation; both may be left out.
pub struct Plugin {
    pub name: &'static str,
    pub mutate: Option<fn(&Attributes, &mut Object) -> Result<(), Status>>,
    pub validate: Option<fn(&Attributes, &Object) -> Result<(), Status>>,
}

/// In upstream's order. To add one: write its file with a `pub(super) const PLUGIN`, add it here.
const PLUGINS: &[Plugin] = &[];

pub fn mutate(server: &Server, cx: &Cx, op: Op, object: &mut Object, old: Option<&Object>) -> Result<(), Status> {
    let at = Attributes { server, op, old, user: cx.user };
    PLUGINS.iter().filter_map(|p| p.mutate).try_for_each(|f| f(&at, object))
}

pub fn validate(server: &Server, cx: &Cx, op: Op, object: &Object, old: Option<&Object>) -> Result<(), Status> {
    let at = Attributes { server, op, old, user: cx.user };
    PLUGINS.iter().filter_map(|p| p.validate).try_for_each(|f| f(&at, object))
}

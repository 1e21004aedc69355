//! TaintNodesByCondition: a new node takes no pods until it says that it is ready.
//!
//! Upstream: plugin/pkg/admission/nodetaint/admission.go
//! Differs: nothing known.

use super::{Attributes, Op, Plugin};
use crate::api::core::{Node, Taint};
use crate::api::{Kind, Object};
use crate::apimachinery::{Status, Str};
use std::rc::Rc;

pub(super) const PLUGIN: Plugin =
    Plugin { name: "TaintNodesByCondition", mutate: Some(admit), validate: None, charge: None };

fn admit(at: &mut Attributes, object: &mut Object) -> Result<(), Status> {
    if at.op != Op::Create {
        return Ok(());
    }
    let Some(node) = object.downcast::<Node>() else { return Ok(()) };
    let not_ready = Taint {
        key: Str::literal("node.kubernetes.io/not-ready"),
        effect: Str::literal("NoSchedule"),
        ..Taint::default()
    };
    if node.spec.taints.iter().any(|t| t.key == not_ready.key && t.effect == not_ready.effect) {
        return Ok(());
    }
    let mut node = node.clone();
    Rc::make_mut(&mut Rc::make_mut(&mut node).spec).taints.push(not_ready);
    *object = Node::wrap(node);
    Ok(())
}

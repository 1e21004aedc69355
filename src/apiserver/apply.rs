//! Server-side apply through the registry: the object is made where none is, and changed where one is.
//!
//! Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go (applyPatcher, requestLoop)
//! Differs: nothing known.

use super::field_manager::{self, Applied};
use super::{Cx, Server, Sub, Updated};
use crate::api::{Key, KindId};
use crate::apimachinery::{Status, Value};

/// The object, and whether the request made it.
pub struct AppliedObject {
    pub done: Updated,
    pub created: bool,
}

impl Server {
    /// Applies the configuration as `cx.manager`, which must be named.
    pub fn apply(
        &mut self,
        cx: &mut Cx,
        kind: KindId,
        key: &Key,
        sub: Sub,
        patch: &Value,
        force: bool,
    ) -> Result<AppliedObject, Status> {
        // What the registry does next is no update of its own: the fields are counted here.
        let manager = std::mem::take(&mut cx.manager);
        let done = self.applied(cx, kind, key, Applied { kind, sub, patch, manager, force, now: cx.now });
        cx.manager = manager;
        done
    }

    fn applied(&mut self, cx: &mut Cx, kind: KindId, key: &Key, a: Applied) -> Result<AppliedObject, Status> {
        let live = match self.get(kind, key) {
            Ok(live) => Some(live.clone()),
            Err(e) if a.sub != Sub::None => return Err(e),
            Err(_) => None,
        };
        let object = field_manager::apply(&mut self.sets, live.as_ref(), &a)?;
        let name = &object.meta().name;
        if *name != key.name {
            return Err(Status::bad_request(if name.is_empty() {
                "name must be provided".to_owned()
            } else {
                format!("the name of the object ({name}) does not match the name on the URL ({})", key.name)
            }));
        }
        let info = kind.info();
        if live.is_none() {
            let uid = &object.meta().uid;
            if !uid.is_empty() {
                let why =
                    format!("uid mismatch: the provided object specified uid {uid}, and no existing object was found");
                return Err(Status::conflict(info.group, info.plural, &key.name, &why));
            }
            let object = self.create(cx, &key.namespace, object)?;
            return Ok(AppliedObject { done: Updated { object, changed: true }, created: true });
        }
        let done = self.update(cx, kind, key, a.sub, |_, _| Ok(object))?;
        Ok(AppliedObject { done, created: false })
    }
}

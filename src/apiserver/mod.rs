//! The API server as a value: registry, admission, store, and the wire in front of them.

pub mod admission;
mod apply;
mod eviction;
pub mod field_manager;
mod registry;
pub mod service_ip;
pub mod store;
pub mod wire;

pub use apply::AppliedObject;
pub use registry::{Cx, DeleteOptions, Propagation, Sub, Updated, new_uid};
pub use store::{Store, Tables, WatchEvent};

use crate::apimachinery::Str;

/// Everything the API server keeps.
#[derive(Clone, Default)]
pub struct Server {
    pub store: Store,
    /// Addresses and ports that Services hold.
    pub services: service_ip::Allocator,
    /// The sets of owned fields, each once.
    pub sets: field_manager::Sets,
    /// What admission puts into every pod alike.
    pub shared: admission::Shared,
    /// The CA bundle that the root CA publisher hands out.
    pub ca: Str,
    /// What tokens are signed with.
    pub token_key: Str,
}

#[cfg(test)]
impl Server {
    /// With these namespaces, and in each an account whose pods hold no token: for tests.
    pub(crate) fn with_namespaces(names: &[&'static str]) -> Server {
        use crate::api::Object;
        use crate::api::core::{Namespace, ServiceAccount};
        use crate::apimachinery::ObjectMeta;
        let mut server = Server::default();
        for name in names {
            let metadata = ObjectMeta { name: Str::literal(name), ..ObjectMeta::default() };
            server.store.put(Object::of(Namespace { metadata, ..Namespace::default() }), 0);
            let metadata =
                ObjectMeta { name: Str::literal("default"), namespace: Str::literal(name), ..ObjectMeta::default() };
            let automount_service_account_token = Some(false);
            let account = ServiceAccount { metadata, automount_service_account_token, ..ServiceAccount::default() };
            server.store.put(Object::of(account), 0);
        }
        server
    }
}

#[cfg(test)]
mod tests;

//! The core group, v1.

mod config_map;
mod event;
mod limit_range;
mod namespace;
mod node;
mod node_affinity;
mod persistent_volume;
mod persistent_volume_claim;
pub mod pod;
mod replication_controller;
mod resource_quota;
mod secret;
mod service;
mod service_account;

pub use config_map::*;
pub use event::*;
pub use limit_range::*;
pub use namespace::*;
pub use node::*;
pub use node_affinity::*;
pub use persistent_volume::*;
pub use persistent_volume_claim::*;
pub use pod::*;
pub use replication_controller::*;
pub use resource_quota::*;
pub use secret::*;
pub use service::*;
pub use service_account::*;

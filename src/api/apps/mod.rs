//! The group apps, v1.

mod controller_revision;
mod deployment;
mod replica_set;

pub use controller_revision::*;
pub use deployment::*;
pub use replica_set::*;

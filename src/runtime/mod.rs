//! The simulated container runtime: images, containers, their processes, files and logs; it knows nothing of the API.
//!
//! Upstream: containerd and runc, as far as a kubelet can tell.
//! Differs: processes are programs of ours (`process`, `shell`, `images`), so cpu and memory are not measured.

pub mod container;
pub mod fs;
pub mod images;
pub mod log;
pub mod process;
pub mod shell;

pub use container::{Container, Exit, Site, State};
pub use fs::{Errno, Files, Tree, Volumes};
pub use images::{Image, PullError, Registry};
pub use log::Log;

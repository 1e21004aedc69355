//! v1 Pod: the one big room.

mod affinity;
mod container;
mod status;
mod types;
mod volume;

pub use affinity::*;
pub use container::*;
pub use status::*;
pub use types::*;
pub use volume::*;

use crate::api::kind::{Kind, KindInfo};

impl Kind for Pod {
    const INFO: KindInfo =
        KindInfo { short: &["po"], categories: &["all"], status: true, ..KindInfo::core("Pod", "pods") };
    crate::kind_glue!(Pod);
}

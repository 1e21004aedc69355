//! placeholder
#[derive(Clone, Default)]
pub struct History {}

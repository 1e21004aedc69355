//! (room to be filled)
pub mod quantity;

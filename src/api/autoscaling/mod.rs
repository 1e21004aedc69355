//! The group autoscaling, v1: the scale subresource.

mod scale;

pub use scale::*;

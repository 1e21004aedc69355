//! The image of the seed document's Job: a program that moves one batch of data, says so and ends.

use super::{Image, Service};
use crate::sim::Duration;

static MIGRATE: Service =
    Service { hello: &["Migration batch finished"], ends_in: Some(Duration::from_secs(3)), ..Service::new("migrate") };
pub(super) static MIGRATION: Image =
    Image { programs: &[&MIGRATE], ..Image::new("docker.io/library/migration", 24_000_000) };

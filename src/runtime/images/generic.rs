//! Any image that has no file of its own: a server on the ports that its container declares.

use super::{Image, Reply, Request, Service, Userland};

fn answer(r: &Request) -> Reply {
    (200, format!("{} on {}\n", r.path, r.host))
}

pub(super) static SERVER: Service = Service { http: Some(answer), ..Service::new("server") };

pub(super) static ANY: Image =
    Image { command: &["server"], programs: &[&SERVER], userland: Userland::Gnu, open: true, ..Image::new("*", 0) };

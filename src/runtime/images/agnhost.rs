//! agnhost, the test image of Kubernetes: `liveness` answers well for ten seconds, `netexec` and the rest always.

use super::{Image, Reply, Request, Service, Userland};

fn answer(r: &Request) -> Reply {
    match r.path {
        "/hostname" | "/hostName" => (200, r.host.to_owned()),
        _ => (200, "ok".to_owned()),
    }
}

fn lively(r: &Request) -> Reply {
    if r.path == "/healthz" && r.age > 10 {
        return (500, format!("error: {}.0", r.age));
    }
    (200, "ok".to_owned())
}

static AGNHOST_PROGRAM: Service =
    Service { ports: &[8080, 80, 9376], http: Some(answer), on_term: None, ..Service::new("agnhost") };
static LIVENESS: Service = Service { ports: &[8080], http: Some(lively), ..Service::new("liveness") };

pub(super) static AGNHOST: Image = Image {
    entrypoint: &["/agnhost"],
    command: &["pause"],
    programs: &[&AGNHOST_PROGRAM, &LIVENESS],
    userland: Userland::Busybox,
    ..Image::new("registry.k8s.io/e2e-test-images/agnhost", 51_000_000)
};

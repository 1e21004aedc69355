//! Small web servers of tutorials.

use super::{Image, Reply, Request, Service, Userland};
use crate::sim::Duration;

fn files(r: &Request) -> Reply {
    let path = r.path.split('?').next().unwrap_or("/");
    let file = format!("/usr/local/apache2/htdocs{}{}", path, if path.ends_with('/') { "index.html" } else { "" });
    (r.file)(&file).map_or_else(|| (404, super::nginx::page(404, "Not Found")), |body| (200, body))
}

static HTTPD_PROGRAM: Service = Service {
    ports: &[80],
    http: Some(files),
    access_log: true,
    hello: &["[mpm_event:notice] [pid 1:tid 1] AH00489: Apache/2.4.65 (Unix) configured -- resuming normal operations"],
    stops_in: Duration::from_millis(80),
    ..Service::new("httpd-foreground")
};
pub(super) static HTTPD: Image = Image {
    command: &["httpd-foreground"],
    programs: &[&HTTPD_PROGRAM],
    files: &[("/usr/local/apache2/htdocs/index.html", "<html><body><h1>It works!</h1></body></html>\n")],
    workdir: "/usr/local/apache2",
    ..Image::new("docker.io/library/httpd", 59_000_000)
};

fn hello(r: &Request) -> Reply {
    (200, format!("Hello, world!\nVersion: 1.0.0\nHostname: {}\n", r.host))
}

static ECHO: Service = Service { ports: &[5678], http: Some(hello), on_term: Some(0), ..Service::new("http-echo") };
pub(super) static HTTP_ECHO: Image = Image {
    entrypoint: &["/http-echo"],
    programs: &[&ECHO],
    userland: Userland::None,
    user: 65_532,
    ..Image::new("docker.io/hashicorp/http-echo", 3_100_000)
};

static HELLO: Service = Service { ports: &[8080], http: Some(hello), on_term: None, ..Service::new("hello-app") };
pub(super) static HELLO_APP: Image = Image {
    entrypoint: &["./hello-app"],
    programs: &[&HELLO],
    userland: Userland::None,
    ..Image::new("gcr.io/google-samples/hello-app", 11_000_000)
};

fn ok(_: &Request) -> Reply {
    (200, "OK!".to_owned())
}
static PHP: Service = Service { ports: &[80], http: Some(ok), access_log: true, ..Service::new("apache2-foreground") };
pub(super) static HPA_EXAMPLE: Image = Image {
    command: &["apache2-foreground"],
    programs: &[&PHP],
    ..Image::new("registry.k8s.io/hpa-example", 180_000_000)
};

fn echo(r: &Request) -> Reply {
    (200, format!("Hostname: {}\n\nRequest Information:\n\tmethod={}\n\treal path={}\n", r.host, r.method, r.path))
}
static ECHOSERVER: Service = Service { ports: &[8080], http: Some(echo), ..Service::new("echoserver") };
pub(super) static ECHO_SERVER: Image = Image {
    entrypoint: &["/usr/local/bin/echoserver"],
    programs: &[&ECHOSERVER],
    ..Image::new("registry.k8s.io/echoserver", 43_000_000)
};

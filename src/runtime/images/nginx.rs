//! nginx: serves the files under /usr/share/nginx/html on port 80.

use super::{Image, Reply, Request, Service};
use crate::sim::Duration;

const INDEX: &str = "<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n</head>\n<body>\n\
    <h1>Welcome to nginx!</h1>\n<p>If you see this page, the nginx web server is successfully installed and\n\
    working.</p>\n</body>\n</html>\n";
const FILES: &[(&str, &str)] = &[
    ("/usr/share/nginx/html/index.html", INDEX),
    ("/usr/share/nginx/html/50x.html", "<h1>An error occurred.</h1>\n"),
    ("/etc/nginx/nginx.conf", "user  nginx;\nworker_processes  auto;\n"),
    ("/etc/nginx/conf.d/default.conf", "server {\n    listen       80;\n    server_name  localhost;\n}\n"),
];
const HELLO: &[&str] = &[
    "/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform configuration",
    "/docker-entrypoint.sh: Looking for shell scripts in /docker-entrypoint.d/",
    "/docker-entrypoint.sh: Launching /docker-entrypoint.d/10-listen-on-ipv6-by-default.sh",
    "10-listen-on-ipv6-by-default.sh: info: Enabled listen on IPv6 in /etc/nginx/conf.d/default.conf",
    "/docker-entrypoint.sh: Configuration complete; ready for start up",
    "[notice] 1#1: using the \"epoll\" event method",
    "[notice] 1#1: start worker processes",
];

fn answer(r: &Request) -> Reply {
    let path = r.path.split('?').next().unwrap_or("/");
    let file = format!("/usr/share/nginx/html{}{}", path, if path.ends_with('/') { "index.html" } else { "" });
    match (r.file)(&file) {
        Some(body) => (200, body),
        None if path == "/" => (403, page(403, "Forbidden")),
        None => (404, page(404, "Not Found")),
    }
}

pub(super) fn page(code: u16, text: &str) -> String {
    format!(
        "<html>\r\n<head><title>{code} {text}</title></head>\r\n<body>\r\n<center><h1>{code} {text}</h1></center>\r\n\
         <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
}

static SERVER: Service = Service {
    ports: &[80],
    http: Some(answer),
    access_log: true,
    hello: HELLO,
    stops_in: Duration::from_millis(60),
    ..Service::new("nginx")
};
static UNPRIVILEGED: Service =
    Service { ports: &[8080], http: Some(answer), access_log: true, ..Service::new("nginx") };

pub(super) static NGINX: Image = Image {
    entrypoint: &["/docker-entrypoint.sh"],
    command: &["nginx", "-g", "daemon off;"],
    programs: &[&SERVER],
    files: FILES,
    tags: &["perl", "otel"],
    ..Image::new("docker.io/library/nginx", 72_099_501)
};
pub(super) static NGINX_UNPRIVILEGED: Image = Image {
    entrypoint: &["/docker-entrypoint.sh"],
    command: &["nginx", "-g", "daemon off;"],
    programs: &[&UNPRIVILEGED],
    files: FILES,
    user: 101,
    ..Image::new("docker.io/nginxinc/nginx-unprivileged", 72_110_000)
};
pub(super) static NGINX_SLIM: Image = Image {
    command: &["nginx", "-g", "daemon off;"],
    programs: &[&SERVER],
    files: FILES,
    ..Image::new("registry.k8s.io/nginx-slim", 40_000_000)
};

//! Images to build on: a shell and small programs, an interpreter, or nothing but waiting.

use super::{Image, Service, Userland};
use crate::sim::Duration;

const PASSWD: (&str, &str) =
    ("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n");

pub(super) static BUSYBOX: Image = Image {
    command: &["sh"],
    userland: Userland::Busybox,
    files: &[PASSWD],
    tags: &["musl", "glibc", "uclibc"],
    ..Image::new("docker.io/library/busybox", 2_223_685)
};
pub(super) static BUSYBOX_K8S: Image = Image {
    command: &["sh"],
    userland: Userland::Busybox,
    files: &[PASSWD],
    ..Image::new("registry.k8s.io/busybox", 1_130_000)
};
pub(super) static ALPINE: Image = Image {
    command: &["/bin/sh"],
    userland: Userland::Busybox,
    files: &[PASSWD, ("/etc/alpine-release", "3.22.1\n"), ("/etc/os-release", "NAME=\"Alpine Linux\"\nID=alpine\n")],
    ..Image::new("docker.io/library/alpine", 3_806_000)
};
pub(super) static DEBIAN: Image = Image {
    command: &["bash"],
    files: &[PASSWD, ("/etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n")],
    tags: &["testing", "unstable", "sid", "buster"],
    ..Image::new("docker.io/library/debian", 48_500_000)
};
pub(super) static UBUNTU: Image = Image {
    command: &["/bin/bash"],
    files: &[PASSWD, ("/etc/os-release", "PRETTY_NAME=\"Ubuntu 24.04 LTS\"\nID=ubuntu\n")],
    tags: &["noble", "jammy", "focal", "rolling", "devel"],
    ..Image::new("docker.io/library/ubuntu", 29_700_000)
};
pub(super) static BASH: Image = Image {
    command: &["bash"],
    userland: Userland::Busybox,
    files: &[PASSWD],
    tags: &["devel"],
    ..Image::new("docker.io/library/bash", 6_100_000)
};

static PAUSE_PROGRAM: Service = Service { stops_in: Duration::from_millis(10), ..Service::new("pause") };
pub(super) static PAUSE: Image = Image {
    entrypoint: &["/pause"],
    programs: &[&PAUSE_PROGRAM],
    userland: Userland::None,
    user: 65_535,
    ..Image::new("registry.k8s.io/pause", 320_368)
};

/// The example of a Job computes π: 2000 digits take a while.
static PERL_PROGRAM: Service = Service {
    hello: &["3.1415926535897932384626433832795028841971693993751058209749445923078164062862089986280348253421170679"],
    ends_in: Some(Duration::from_secs(4)),
    on_term: None,
    ..Service::new("perl")
};
pub(super) static PERL: Image = Image {
    command: &["perl"],
    programs: &[&PERL_PROGRAM],
    tags: &["devel"],
    ..Image::new("docker.io/library/perl", 336_000_000)
};

static PYTHON_PROGRAM: Service = Service { on_term: None, ..Service::new("python3") };
static PYTHON_SHORT: Service = Service { on_term: None, ..Service::new("python") };
pub(super) static PYTHON: Image = Image {
    command: &["python3"],
    programs: &[&PYTHON_PROGRAM, &PYTHON_SHORT],
    ..Image::new("docker.io/library/python", 360_000_000)
};

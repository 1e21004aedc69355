//! Probes and hooks.
//!
//! Upstream: pkg/apis/core/validation/validation.go (validateLivenessProbe, validateHandler, validateLifecycle)
//! Differs: nothing known.

use super::common::*;
use crate::api::core::pod::*;
use crate::apimachinery::int_or_string::IntOrString;
use crate::apimachinery::{ErrorList, Path};

/// The three probes of one container.
pub(super) fn probes(c: &Container, grace: Option<i64>, path: Path, errs: &mut ErrorList) {
    if let Some(p) = c.liveness_probe.as_deref() {
        let at = path.child("livenessProbe");
        probe(p, grace, at, errs);
        succeeds_once(p, at, errs);
    }
    if let Some(p) = c.readiness_probe.as_deref() {
        let at = path.child("readinessProbe");
        probe(p, grace, at, errs);
        if let Some(seconds) = p.termination_grace_period_seconds {
            errs.invalid(at.child("terminationGracePeriodSeconds"), seconds, "must not be set for readinessProbes");
        }
    }
    if let Some(p) = c.startup_probe.as_deref() {
        let at = path.child("startupProbe");
        probe(p, grace, at, errs);
        succeeds_once(p, at, errs);
    }
}

fn succeeds_once(p: &Probe, path: Path, errs: &mut ErrorList) {
    if p.success_threshold != 1 {
        errs.invalid(path.child("successThreshold"), p.success_threshold, "must be 1");
    }
}

fn probe(p: &Probe, grace: Option<i64>, path: Path, errs: &mut ErrorList) {
    let h = Handler {
        exec: p.exec.as_deref(),
        http_get: p.http_get.as_deref(),
        tcp_socket: p.tcp_socket.as_deref(),
        grpc: p.grpc.as_deref(),
        sleep: None,
    };
    handler(h, grace, path, errs);
    for (name, value) in [
        ("initialDelaySeconds", p.initial_delay_seconds),
        ("timeoutSeconds", p.timeout_seconds),
        ("periodSeconds", p.period_seconds),
        ("successThreshold", p.success_threshold),
        ("failureThreshold", p.failure_threshold),
    ] {
        non_negative(i64::from(value), path.child(name), errs);
    }
    if let Some(seconds) = p.termination_grace_period_seconds.filter(|s| *s <= 0) {
        errs.invalid(path.child("terminationGracePeriodSeconds"), seconds, "must be greater than 0");
    }
}

struct Handler<'a> {
    exec: Option<&'a ExecAction>,
    http_get: Option<&'a HTTPGetAction>,
    tcp_socket: Option<&'a TCPSocketAction>,
    grpc: Option<&'a GRPCAction>,
    sleep: Option<&'a SleepAction>,
}

fn handler(h: Handler, grace: Option<i64>, path: Path, errs: &mut ErrorList) {
    let mut found = false;
    let mut first = |there: bool, at: Path, errs: &mut ErrorList| {
        if there && found {
            errs.forbidden(at, "may not specify more than 1 handler type");
            return false;
        }
        found |= there;
        there
    };
    let at = path.child("exec");
    if first(h.exec.is_some(), at, errs) && h.exec.is_some_and(|e| e.command.is_empty()) {
        errs.required(at.child("command"), "");
    }
    let at = path.child("httpGet");
    if first(h.http_get.is_some(), at, errs)
        && let Some(http) = h.http_get
    {
        http_get(http, at, errs);
    }
    let at = path.child("tcpSocket");
    if first(h.tcp_socket.is_some(), at, errs)
        && let Some(tcp) = h.tcp_socket
    {
        port(&tcp.port, at.child("port"), errs);
    }
    let at = path.child("grpc");
    if first(h.grpc.is_some(), at, errs)
        && let Some(grpc) = h.grpc
    {
        port(&IntOrString::Int(grpc.port), at.child("port"), errs);
    }
    let at = path.child("sleep");
    if first(h.sleep.is_some(), at, errs)
        && let (Some(sleep), Some(grace)) = (h.sleep, grace)
        && (sleep.seconds < 0 || sleep.seconds > grace)
    {
        let why = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
        errs.invalid(at, sleep.seconds, why);
    }
    if !found {
        errs.required(path, "must specify a handler type");
    }
}

fn http_get(h: &HTTPGetAction, path: Path, errs: &mut ErrorList) {
    if h.path.is_empty() {
        errs.required(path.child("path"), "");
    }
    port(&h.port, path.child("port"), errs);
    if !matches!(h.scheme.as_str(), "HTTP" | "HTTPS") {
        errs.not_supported(path.child("scheme"), &h.scheme, &["HTTP", "HTTPS"]);
    }
    for header in &h.http_headers {
        errs.invalid_each(path.child("httpHeaders"), &header.name, names::is_http_header_name(&header.name));
    }
}

pub(super) fn port(p: &IntOrString, path: Path, errs: &mut ErrorList) {
    match p {
        IntOrString::Int(n) => {
            for m in names::is_valid_port_num(i64::from(*n)) {
                errs.invalid(path, *n, m);
            }
        }
        IntOrString::String(name) => errs.invalid_each(path, name, names::is_valid_port_name(name)),
    }
}

const LINUX_SIGNALS: &[&str] = &[
    "SIGABRT",
    "SIGALRM",
    "SIGBUS",
    "SIGCHLD",
    "SIGCLD",
    "SIGCONT",
    "SIGFPE",
    "SIGHUP",
    "SIGILL",
    "SIGINT",
    "SIGIO",
    "SIGIOT",
    "SIGKILL",
    "SIGPIPE",
    "SIGPOLL",
    "SIGPROF",
    "SIGPWR",
    "SIGQUIT",
    "SIGRTMAX",
    "SIGRTMAX-1",
    "SIGRTMAX-10",
    "SIGRTMAX-11",
    "SIGRTMAX-12",
    "SIGRTMAX-13",
    "SIGRTMAX-14",
    "SIGRTMAX-2",
    "SIGRTMAX-3",
    "SIGRTMAX-4",
    "SIGRTMAX-5",
    "SIGRTMAX-6",
    "SIGRTMAX-7",
    "SIGRTMAX-8",
    "SIGRTMAX-9",
    "SIGRTMIN",
    "SIGRTMIN+1",
    "SIGRTMIN+10",
    "SIGRTMIN+11",
    "SIGRTMIN+12",
    "SIGRTMIN+13",
    "SIGRTMIN+14",
    "SIGRTMIN+15",
    "SIGRTMIN+2",
    "SIGRTMIN+3",
    "SIGRTMIN+4",
    "SIGRTMIN+5",
    "SIGRTMIN+6",
    "SIGRTMIN+7",
    "SIGRTMIN+8",
    "SIGRTMIN+9",
    "SIGSEGV",
    "SIGSTKFLT",
    "SIGSTOP",
    "SIGSYS",
    "SIGTERM",
    "SIGTRAP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGUSR1",
    "SIGUSR2",
    "SIGVTALRM",
    "SIGWINCH",
    "SIGXCPU",
    "SIGXFSZ",
];

pub(super) fn lifecycle(l: &Lifecycle, spec: &PodSpec, path: Path, errs: &mut ErrorList) {
    let grace = spec.termination_grace_period_seconds;
    for (hook, name) in [(&l.post_start, "postStart"), (&l.pre_stop, "preStop")] {
        let Some(hook) = hook.as_deref() else { continue };
        let h = Handler {
            exec: hook.exec.as_deref(),
            http_get: hook.http_get.as_deref(),
            tcp_socket: hook.tcp_socket.as_deref(),
            grpc: None,
            sleep: hook.sleep.as_deref(),
        };
        handler(h, grace, path.child(name), errs);
    }
    let Some(signal) = &l.stop_signal else { return };
    let at = path.child("stopSignal");
    match spec.os.as_deref().map(|os| os.name.as_str()) {
        None => errs.forbidden(at, "may not be set for containers with empty `spec.os.name`"),
        Some("windows") if !matches!(signal.as_str(), "SIGKILL" | "SIGTERM") => {
            errs.not_supported(at, signal, &["SIGKILL", "SIGTERM"]);
        }
        Some("linux") if !LINUX_SIGNALS.contains(&signal.as_str()) => errs.not_supported(at, signal, LINUX_SIGNALS),
        Some(_) => {}
    }
}

//! What leads to a pod's inside: logs, exec, attach, port-forward, and the proxy to pods and services.
//!
//! Upstream: pkg/registry/core/pod/{strategy.go,rest/{log,subresources}.go}, pkg/registry/core/service/storage/storage.go
//! Differs: of a service's ready pods the first is taken, not a random one; only GET goes through the proxy.

use super::path::Target;
use super::{Answer, Connection, ExecSpec, LogSpec, Method, Request};
use crate::api::core::{Pod, Service, ServicePort};
use crate::api::{Key, KindId};
use crate::apimachinery::Status;
use crate::apimachinery::int_or_string::IntOrString;
use crate::apiserver::Server;

fn pod_of(server: &Server, key: &Key) -> Result<Pod, Status> {
    Ok(Pod::clone(server.get(KindId::Pod, key)?.downcast::<Pod>().expect("the kind was asked")))
}

/// Upstream: pkg/registry/core/pod/strategy.go (validateContainer).
fn container_of(pod: &Pod, asked: &str) -> Result<String, Status> {
    let name = &pod.metadata.name;
    let spec = &pod.spec;
    let names: Vec<&str> = spec.containers.iter().map(|c| c.name.as_str()).collect();
    let init: Vec<&str> = spec.init_containers.iter().map(|c| c.name.as_str()).collect();
    if !asked.is_empty() {
        let ephemeral = || spec.ephemeral_containers.iter().any(|c| c.name == asked);
        if names.contains(&asked) || init.contains(&asked) || ephemeral() {
            return Ok(asked.to_owned());
        }
        return Err(Status::bad_request(format!("container {asked} is not valid for pod {name}")));
    }
    if names.len() == 1 && init.is_empty() && spec.ephemeral_containers.is_empty() {
        return Ok(names[0].to_owned());
    }
    let mut choose = format!("choose one of: [{}]", names.join(" "));
    if !init.is_empty() {
        choose.push_str(&format!(" or one of the init containers: [{}]", init.join(" ")));
    }
    Err(Status::bad_request(format!("a container name must be specified for pod {name}, {choose}")))
}

pub(super) fn log(server: &Server, r: &Request, t: &Target) -> Result<LogSpec, Status> {
    let container = container_of(&pod_of(server, &t.key())?, r.param("container"))?;
    let number = |name: &str| r.param(name).parse::<i64>().ok();
    Ok(LogSpec {
        pod: t.key(),
        container,
        follow: r.flag("follow"),
        previous: r.flag("previous"),
        timestamps: r.flag("timestamps"),
        tail_lines: number("tailLines").and_then(|n| usize::try_from(n).ok()),
        since_seconds: number("sinceSeconds"),
        limit_bytes: number("limitBytes").and_then(|n| usize::try_from(n).ok()),
    })
}

/// Upstream: pkg/registry/core/pod/strategy.go (streamLocation).
pub(super) fn stream(server: &Server, r: &Request, t: &Target) -> Result<Answer, Status> {
    let pod = pod_of(server, &t.key())?;
    let forward = t.subresource == "portforward";
    let container = if forward { String::new() } else { container_of(&pod, r.param("container"))? };
    if pod.spec.node_name.is_empty() {
        return Err(Status::bad_request(format!("pod {} does not have a host assigned", t.name)));
    }
    Ok(Answer::Connect(match t.subresource.as_str() {
        "portforward" => Connection::PortForward { pod: t.key() },
        "attach" => Connection::Attach(LogSpec {
            pod: t.key(),
            container,
            follow: true,
            previous: false,
            timestamps: false,
            tail_lines: Some(0),
            since_seconds: None,
            limit_bytes: None,
        }),
        _ => Connection::Exec(ExecSpec {
            pod: t.key(),
            container,
            command: r.query.iter().filter(|(k, _)| k == "command").map(|(_, v)| v.clone()).collect(),
            stdin: r.flag("stdin"),
            stdout: r.flag("stdout"),
            stderr: r.flag("stderr"),
            tty: r.flag("tty"),
        }),
    }))
}

/// `[scheme:]name[:port]`. Upstream: …/util/net/port_split.go (SplitSchemeNamePort).
fn split_name(id: &str) -> Option<(&str, &str)> {
    let parts: Vec<&str> = id.split(':').collect();
    match *parts.as_slice() {
        ["", ..] if parts.len() < 3 => None,
        [name] => Some((name, "")),
        [name, port] => Some((name, port)),
        ["" | "http" | "https", name, port] if !name.is_empty() => Some((name, port)),
        _ => None,
    }
}

pub(super) fn proxy(server: &Server, r: &Request, t: &Target) -> Result<Answer, Status> {
    if r.method != Method::Get {
        let info = t.kind.info();
        return Err(Status::method_not_supported(info.group, info.plural, "proxy"));
    }
    let what = if t.kind == KindId::Pod { "pod" } else { "service" };
    let (name, port) =
        split_name(&t.name).ok_or_else(|| Status::bad_request(format!("invalid {what} request \"{}\"", t.name)))?;
    let key = Key::new(t.namespace.as_str(), name);
    let (pod, port) =
        if t.kind == KindId::Pod { pod_address(server, &key, port)? } else { service_address(server, &key, port)? };
    let mut path = format!("/{}", t.subresource.strip_prefix("proxy").unwrap_or_default().trim_start_matches('/'));
    if r.path.ends_with('/') && !path.ends_with('/') {
        path.push('/');
    }
    Ok(Answer::Connect(Connection::Proxy { pod, port, path }))
}

/// Upstream: pkg/registry/core/pod/strategy.go (ResourceLocation).
fn pod_address(server: &Server, key: &Key, port: &str) -> Result<(Key, u16), Status> {
    let pod = pod_of(server, key)?;
    if pod.status.pod_ip.is_empty() {
        return Err(Status::bad_request("address not allowed"));
    }
    let port = match port {
        "" => pod.spec.containers.iter().find_map(|c| c.ports.first()).map_or(80, |p| p.container_port),
        number => number.parse().unwrap_or(0),
    };
    Ok((key.clone(), u16::try_from(port).unwrap_or(0)))
}

/// Upstream: pkg/registry/core/service/storage/storage.go (ResourceLocation).
fn service_address(server: &Server, key: &Key, port: &str) -> Result<(Key, u16), Status> {
    let service = server.get(KindId::Service, key)?.downcast::<Service>().expect("the kind was asked").clone();
    let ports = &service.spec.ports;
    let none = || Status::unavailable(format!("no endpoints available for service \"{}\"", key.name));
    let port = match port.parse::<i32>() {
        Ok(number) => ports.iter().find(|p| p.port == number).ok_or_else(|| {
            Status::unavailable(format!("no service port {number} found for service \"{}\"", key.name))
        })?,
        Err(_) => ports.iter().find(|p| p.name == port).ok_or_else(none)?,
    };
    let selector = &service.spec.selector;
    let selected = |p: &Pod| {
        !selector.is_empty()
            && selector.iter().all(|(k, v)| p.metadata.labels.get(k) == Some(v))
            && !p.is_terminal()
            && !p.metadata.is_deleting()
            && p.status.conditions.iter().any(|c| c.type_ == "Ready" && c.status == "True")
    };
    let pod = server.store.head().list::<Pod>(Some(&key.namespace)).find(|p| selected(p)).ok_or_else(none)?;
    Ok((pod.metadata.key(), target_port(port, pod).ok_or_else(none)?))
}

/// Upstream: pkg/api/v1/pod/util.go (FindPort).
fn target_port(port: &ServicePort, pod: &Pod) -> Option<u16> {
    let number = match &port.target_port {
        IntOrString::Int(0) => port.port,
        IntOrString::Int(n) => *n,
        IntOrString::String(name) => {
            pod.spec.containers.iter().flat_map(|c| c.ports.iter()).find(|p| p.name == *name)?.container_port
        }
    };
    u16::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_proxies_are_split_as_upstream_does() {
        for (id, want) in [
            ("web", Some(("web", ""))),
            ("web:80", Some(("web", "80"))),
            ("http:web:80", Some(("web", "80"))),
            ("https:web:", Some(("web", ""))),
            ("ftp:web:80", None),
            (":80", None),
            ("a:b:c:d", None),
        ] {
            assert_eq!(split_name(id), want, "{id}");
        }
    }
}

//! What the cluster gives a Service: addresses and node ports, kept apart and given back.
//!
//! Upstream: pkg/registry/core/service/storage/{storage,alloc}.go (beginCreate, beginUpdate, allocateCreate,
//! allocateUpdate, releaseAllocatedResources), pkg/registry/core/service/{ipallocator,portallocator}
//! Differs: one IPv4 range and no IPv6; what is taken is a value, where upstream keeps IPAddress objects and a bitmap.

mod families;

use crate::api::Kind;
use crate::api::core::Service;
use crate::apimachinery::field_error::BadValue;
use crate::apimachinery::ip::parse_ip_sloppy;
use crate::apimachinery::{ErrorList, Path, Status, Str};
use crate::sim::OrdSet;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

/// 10.96.0.0/12, as kubeadm has it.
const NETWORK: Ipv4Addr = Ipv4Addr::new(10, 96, 0, 0);
const PREFIX_BITS: u32 = 12;
const IPV4: &str = "IPv4";
const NONE: &str = "None";
/// Where a dry run starts to count node ports: out of the range, for they are only examples.
const FIRST_DRY_PORT: i32 = 32_769;

/// A draw from `0..n`.
pub type Pick<'a> = &'a mut dyn FnMut(u64) -> u64;

/// A range of numbers of which some are taken. The first `reserved` are left to those who ask for a certain one.
#[derive(Clone, PartialEq, Debug)]
struct Pool {
    first: u32,
    size: u32,
    reserved: u32,
    taken: OrdSet<u32>,
}

impl Pool {
    fn contains(&self, n: u32) -> bool {
        n.checked_sub(self.first).is_some_and(|at| at < self.size)
    }

    /// False where it was taken already.
    fn take(&mut self, n: u32) -> bool {
        self.taken.insert(n)
    }

    fn next(&mut self, pick: Pick) -> Option<u32> {
        let parts = [(self.reserved, self.size - self.reserved), (0, self.reserved)];
        for (from, count) in parts {
            if count == 0 {
                continue;
            }
            let start = pick(u64::from(count)) as u32;
            let free = (0..count).map(|i| self.first + from + (start + i) % count).find(|n| !self.taken.contains(n));
            if let Some(n) = free {
                self.taken.insert(n);
                return Some(n);
            }
        }
        None
    }
}

/// The cluster's addresses and ports of Services.
#[derive(Clone, PartialEq, Debug)]
pub struct Allocator {
    ips: Pool,
    ports: Pool,
}

impl Default for Allocator {
    fn default() -> Allocator {
        // Neither the network's own address nor the one of broadcasts.
        let size = (1 << (32 - PREFIX_BITS)) - 2;
        let ips = Pool { first: NETWORK.to_bits() + 1, size, reserved: 256, taken: OrdSet::new() };
        let ports = Pool { first: 30_000, size: 2_768, reserved: 86, taken: OrdSet::new() };
        Allocator { ips, ports }
    }
}

/// Gives `new` what it needs and does not have, checks what it asks for, and takes away what `old` had and `new` has
/// no use for. Comes before the kind's own preparation and validation, as upstream's `BeginCreate` and `BeginUpdate`.
///
/// Errors leave the allocator as it was. Whoever does not store the Service in the end restores a copy of the
/// allocator; of a dry run there is nothing to restore.
pub fn allocate(
    allocator: &mut Allocator,
    new: &mut Service,
    old: Option<&Service>,
    pick: Pick,
    dry_run: bool,
) -> Result<(), Status> {
    let mut turn = Turn { pools: allocator.clone(), pick, dry_run, dry_ports: Vec::new() };
    match old {
        None => {
            families::normalize_cluster_ips(new, None);
            families::init_ip_family_fields(new, None)?;
            turn.allocate_cluster_ips(new)?;
            turn.allocate_node_ports(new)?;
            if new.needs_health_check() {
                turn.allocate_health_check_port(new)?;
            }
        }
        Some(old) => {
            families::patch_allocated_values(new, old);
            families::normalize_cluster_ips(new, Some(old));
            families::init_ip_family_fields(new, Some(old))?;
            turn.update_cluster_ips(new, old)?;
            turn.update_node_ports(new, old)?;
            match (old.needs_health_check(), new.needs_health_check()) {
                (false, true) => turn.allocate_health_check_port(new)?,
                (true, false) => turn.release_port(old.spec.health_check_node_port),
                _ => {}
            }
        }
    }
    // Upstream hides the policy of such Services whenever it reads one.
    let policy = new.spec.internal_traffic_policy.as_deref();
    if new.spec.type_ == "ExternalName" && matches!(policy, Some("Cluster" | "Local")) {
        Rc::make_mut(&mut new.spec).internal_traffic_policy = None;
    }
    if !dry_run {
        *allocator = turn.pools;
    }
    Ok(())
}

/// Takes back what a Service that is gone had.
pub fn release(allocator: &mut Allocator, service: &Service) {
    if service.spec.type_ != "ExternalName" && !is_none(service) {
        for ip in &service.spec.cluster_ips {
            if let Some(n) = ipv4(ip) {
                allocator.ips.taken.remove(&n);
            }
        }
    }
    let health = service.needs_health_check().then_some(service.spec.health_check_node_port);
    for port in node_ports(service).chain(health) {
        allocator.ports.taken.remove(&(port as u32));
    }
}

impl Allocator {
    /// The allocator of a cluster with these Services, for whoever doubts the one at hand.
    pub fn of<'a>(services: impl IntoIterator<Item = &'a Service>) -> Allocator {
        let mut allocator = Allocator::default();
        for service in services {
            for n in service.spec.cluster_ips.iter().filter_map(|ip| ipv4(ip)) {
                allocator.ips.take(n);
            }
            let health = service.needs_health_check().then_some(service.spec.health_check_node_port);
            for port in node_ports(service).chain(health) {
                allocator.ports.take(port as u32);
            }
        }
        allocator
    }
}

/// One call of `allocate`.
struct Turn<'a> {
    pools: Allocator,
    pick: Pick<'a>,
    dry_run: bool,
    /// What a dry run gave out.
    dry_ports: Vec<i32>,
}

impl Turn<'_> {
    fn allocate_cluster_ips(&mut self, service: &mut Service) -> Result<(), Status> {
        if service.spec.type_ == "ExternalName" || is_none(service) {
            return Ok(());
        }
        // Of the families that may stand here, only one is configured, so there is one address.
        let asked = service.spec.cluster_ips.first().cloned().unwrap_or_default();
        let ip = if asked.is_empty() {
            let ip = if self.dry_run { Some(NETWORK) } else { self.pools.ips.next(self.pick).map(Ipv4Addr::from_bits) };
            let full = || Status::internal("failed to allocate a serviceIP: range is full");
            Str::from(ip.ok_or_else(full)?.to_string())
        } else {
            if let Err(why) = self.take_ip(&asked) {
                let detail = format!("failed to allocate IP {asked}: {why}");
                let value = BadValue::of(&service.spec.cluster_ips);
                return Err(invalid(service, |errs| errs.invalid(Path::new("spec.clusterIPs"), value, detail)));
            }
            asked
        };
        let spec = Rc::make_mut(&mut service.spec);
        match spec.cluster_ips.is_empty() {
            true => spec.cluster_ips = vec![ip.clone()].into(),
            false => spec.cluster_ips.make_mut()[0] = ip.clone(),
        }
        spec.cluster_ip = ip;
        Ok(())
    }

    fn take_ip(&mut self, ip: &str) -> Result<(), String> {
        let range = format!("{NETWORK}/{PREFIX_BITS}");
        match ipv4(ip).filter(|n| self.pools.ips.contains(*n)) {
            None if self.dry_run => {
                Err(format!("the provided IP ({ip}) is not in the valid range. The range of valid IPs is {range}"))
            }
            None => Err("the provided network does not match the current range".to_owned()),
            Some(_) if self.dry_run => Ok(()),
            Some(n) if self.pools.ips.take(n) => Ok(()),
            Some(_) => Err("provided IP is already allocated".to_owned()),
        }
    }

    fn update_cluster_ips(&mut self, new: &mut Service, old: &Service) -> Result<(), Status> {
        if families::is_matching_prefer_dual_stack(new, Some(old)) {
            return Ok(());
        }
        match (old.spec.type_ == "ExternalName", new.spec.type_ == "ExternalName") {
            (true, false) => self.allocate_cluster_ips(new),
            (false, true) if !is_none(old) => {
                for n in old.spec.cluster_ips.iter().filter_map(|ip| ipv4(ip)) {
                    self.pools.ips.taken.remove(&n);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn take_port(&mut self, port: i32) -> Result<(), String> {
        let taken = || Err("provided port is already allocated".to_owned());
        if self.dry_run {
            if self.pools.ports.taken.contains(&(port as u32)) || self.dry_ports.contains(&port) {
                return taken();
            }
            self.dry_ports.push(port);
            return Ok(());
        }
        let range = &self.pools.ports;
        if !range.contains(port as u32) {
            let (first, last) = (range.first, range.first + range.size - 1);
            return Err(format!("provided port is not in the valid range. The range of valid ports is {first}-{last}"));
        }
        if self.pools.ports.take(port as u32) { Ok(()) } else { taken() }
    }

    fn next_port(&mut self) -> Result<i32, &'static str> {
        if self.dry_run {
            let port = self.dry_ports.iter().max().map_or(FIRST_DRY_PORT, |last| last + 1);
            self.dry_ports.push(port);
            return Ok(port);
        }
        self.pools.ports.next(self.pick).map(|n| n as i32).ok_or("range is full")
    }

    fn release_port(&mut self, port: i32) {
        self.pools.ports.taken.remove(&(port as u32));
    }

    /// Ports of one number share a node port, whatever their protocols.
    fn allocate_node_ports(&mut self, service: &mut Service) -> Result<(), Status> {
        if !matches!(service.spec.type_.as_str(), "NodePort" | "LoadBalancer") {
            return Ok(());
        }
        let gives = service.allocates_node_ports();
        let mut ports = service.spec.ports.clone();
        let mut given: Vec<(i32, i32)> = Vec::new();
        for i in 0..ports.len() {
            let (port, node_port) = (ports[i].port, ports[i].node_port);
            if node_port == 0 && !gives {
                continue;
            }
            let before = given.iter().find(|(p, _)| *p == port).map(|(_, n)| *n);
            let chosen = match before {
                Some(n) if node_port == 0 || node_port == n => n,
                Some(_) => {
                    self.take_port(node_port).map_err(|why| refused_port(service, i, node_port, &why))?;
                    node_port
                }
                None => {
                    let asked = ports.iter().find(|p| p.port == port && p.node_port != 0).map(|p| p.node_port);
                    let chosen = match asked {
                        Some(n) => self.take_port(n).map(|()| n).map_err(|why| refused_port(service, i, n, &why))?,
                        None => self.next_port().map_err(no_port)?,
                    };
                    given.push((port, chosen));
                    chosen
                }
            };
            ports.make_mut()[i].node_port = chosen;
        }
        Rc::make_mut(&mut service.spec).ports = ports;
        Ok(())
    }

    fn update_node_ports(&mut self, new: &mut Service, old: &Service) -> Result<(), Status> {
        let may_have = |s: &Service| matches!(s.spec.type_.as_str(), "NodePort" | "LoadBalancer");
        if !may_have(new) {
            if may_have(old) && matches!(new.spec.type_.as_str(), "ExternalName" | "ClusterIP") {
                node_ports(old).for_each(|port| self.release_port(port));
            }
            return Ok(());
        }
        let gives = new.allocates_node_ports();
        let mut ports = new.spec.ports.clone();
        let had: Vec<i32> = node_ports(old).collect();
        let mut asked: Vec<i32> = Vec::new();
        let mut seen: Vec<(Str, i32)> = Vec::new();
        for i in 0..ports.len() {
            let node_port = ports[i].node_port;
            if node_port == 0 && !gives {
                continue;
            }
            if node_port == 0 {
                ports.make_mut()[i].node_port = self.next_port().map_err(no_port)?;
            } else if !had.contains(&node_port) && !asked.contains(&node_port) {
                self.take_port(node_port).map_err(|why| refused_port(new, i, node_port, &why))?;
                asked.push(node_port);
            }
            let now = (ports[i].protocol.clone(), ports[i].node_port);
            if seen.contains(&now) {
                return Err(Status::unknown(format!("duplicate nodePort: {{{} {}}}", now.0, now.1)));
            }
            seen.push(now);
        }
        Rc::make_mut(&mut new.spec).ports = ports;
        let has: Vec<i32> = node_ports(new).collect();
        had.iter().filter(|port| !has.contains(port)).for_each(|port| self.release_port(*port));
        Ok(())
    }

    fn allocate_health_check_port(&mut self, service: &mut Service) -> Result<(), Status> {
        let asked = service.spec.health_check_node_port;
        if asked != 0 {
            return self.take_port(asked).map_err(|why| {
                Status::internal(format!("failed to allocate requested HealthCheck NodePort {asked}: {why}"))
            });
        }
        let port = self
            .next_port()
            .map_err(|why| Status::internal(format!("failed to allocate a HealthCheck NodePort 0: {why}")))?;
        Rc::make_mut(&mut service.spec).health_check_node_port = port;
        Ok(())
    }
}

fn invalid(service: &Service, say: impl FnOnce(&mut ErrorList)) -> Status {
    let mut errs = ErrorList::default();
    say(&mut errs);
    Status::invalid("", Service::INFO.kind, &service.metadata.name, &errs)
}

fn refused_port(service: &Service, i: usize, port: i32, why: &str) -> Status {
    const PORTS: Path = Path::new("spec.ports");
    invalid(service, |errs| errs.invalid(PORTS.index(i).child("nodePort"), port, why))
}

fn no_port(why: &str) -> Status {
    Status::internal(format!("failed to allocate a nodePort: {why}"))
}

fn is_none(service: &Service) -> bool {
    service.spec.cluster_ips.first().is_some_and(|ip| *ip == NONE)
}

fn node_ports(service: &Service) -> impl Iterator<Item = i32> {
    service.spec.ports.iter().map(|p| p.node_port).filter(|p| *p != 0)
}

fn ipv4(ip: &str) -> Option<u32> {
    match parse_ip_sloppy(ip)?.to_canonical() {
        IpAddr::V4(ip) => Some(ip.to_bits()),
        IpAddr::V6(_) => None,
    }
}

#[cfg(test)]
mod tests;

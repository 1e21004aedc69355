//! Addresses and ranges of addresses as the API takes them: the sloppy old ways, the strict ones, and the warnings between.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/util/validation/ip.go, k8s.io/utils/net (ParseIPSloppy, ParseCIDRSloppy)
//! Differs: nothing known.

use super::field_error::go_quote;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address and how many of its bits a range fixes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Cidr {
    pub address: IpAddr,
    pub bits: u8,
}

impl Cidr {
    /// The range's first address.
    pub fn masked(self) -> Cidr {
        let address = match self.address {
            IpAddr::V4(ip) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() & mask))
            }
            IpAddr::V6(ip) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & mask))
            }
        };
        Cidr { address, bits: self.bits }
    }

    pub fn contains(self, address: IpAddr) -> bool {
        address.is_ipv4() == self.address.is_ipv4() && Cidr { address, ..self }.masked() == self.masked()
    }
}

/// As Go prints it: what is mapped from IPv4 is IPv4.
impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mapped = is_mapped(self.address);
        write!(f, "{}/{}", go_text(self.address), if mapped { self.bits.saturating_sub(96) } else { self.bits })
    }
}

/// An address, also with leading zeros in its decimal parts.
pub fn parse_ip_sloppy(text: &str) -> Option<IpAddr> {
    match text.rsplit_once(':') {
        None => sloppy_v4(text).map(IpAddr::V4),
        Some((head, tail)) if tail.contains('.') => format!("{head}:{}", sloppy_v4(tail)?).parse().ok(),
        Some(_) => text.parse().ok(),
    }
}

/// A range or an interface's address, also with leading zeros in its decimal parts.
pub fn parse_cidr_sloppy(text: &str) -> Option<Cidr> {
    let (address, bits) = text.split_once('/')?;
    let address = parse_ip_sloppy(address)?;
    let bits = decimal(bits, if address.is_ipv4() { 32 } else { 128 })?;
    Some(Cidr { address, bits: bits as u8 })
}

fn sloppy_v4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        *octet = decimal(parts.next()?, 255)? as u8;
    }
    parts.next().is_none().then(|| octets.into())
}

fn decimal(text: &str, max: u32) -> Option<u32> {
    let mut n = 0;
    for b in text.bytes() {
        n = n * 10 + u32::from(b.is_ascii_digit().then(|| b - b'0')?);
        if n > max {
            return None;
        }
    }
    (!text.is_empty()).then_some(n)
}

fn is_mapped(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some())
}

fn go_text(ip: IpAddr) -> String {
    ip.to_canonical().to_string()
}

/// What is wrong with an address in a field that always had to be canonical.
pub fn is_valid_ip(value: &str) -> Vec<String> {
    let errors = is_valid_ip_for_legacy_field(value, true);
    match parse_ip_sloppy(value).map(go_text) {
        Some(text) if errors.is_empty() && text != value => vec![canonical(&text)],
        _ => errors,
    }
}

/// What is wrong with an address in a field that was lax once; `strict` is the gate StrictIPCIDRValidation.
pub fn is_valid_ip_for_legacy_field(value: &str, strict: bool) -> Vec<String> {
    let Some(ip) = parse_ip_sloppy(value) else {
        return vec!["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)".to_owned()];
    };
    if !strict {
        return Vec::new();
    }
    match value.parse::<IpAddr>() {
        Err(_) => vec!["must not have leading 0s".to_owned()],
        Ok(_) if is_mapped(ip) => vec!["must not be an IPv4-mapped IPv6 address".to_owned()],
        Ok(_) => Vec::new(),
    }
}

/// What is wrong with a range in a field that always had to be canonical.
pub fn is_valid_cidr(value: &str) -> Vec<String> {
    let errors = is_valid_cidr_for_legacy_field(value, true);
    match parse_cidr_sloppy(value).map(|cidr| cidr.masked().to_string()) {
        Some(text) if errors.is_empty() && text != value => vec![canonical(&text)],
        _ => errors,
    }
}

/// What is wrong with a range in a field that was lax once; `strict` is the gate StrictIPCIDRValidation.
pub fn is_valid_cidr_for_legacy_field(value: &str, strict: bool) -> Vec<String> {
    let Some(cidr) = parse_cidr_sloppy(value) else {
        return vec!["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)".to_owned()];
    };
    let error = if !strict {
        return Vec::new();
    } else if !parses_strictly(value) {
        "must not have leading 0s in IP or prefix length"
    } else if is_mapped(cidr.address) {
        "must not have an IPv4-mapped IPv6 address"
    } else if cidr != cidr.masked() {
        "must not have bits set beyond the prefix length"
    } else {
        return Vec::new();
    };
    vec![error.to_owned()]
}

/// What is wrong with an interface's address, such as `10.9.8.7/24`.
pub fn is_valid_interface_address(value: &str) -> Vec<String> {
    match parse_cidr_sloppy(value).map(|cidr| cidr.to_string()) {
        None => vec!["must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)".to_owned()],
        Some(text) if text != value => vec![canonical(&text)],
        Some(_) => Vec::new(),
    }
}

/// What to say of an address that is taken, but should be written in another way; `field` is its path.
pub fn warning_for_ip(field: &str, value: &str) -> Option<String> {
    let ip = parse_ip_sloppy(value)?;
    let (quoted, better) = (go_quote(value), go_quote(&go_text(ip)));
    if value.parse::<IpAddr>().is_err() || is_mapped(ip) {
        return Some(format!(
            "{field}: non-standard IP address {quoted} will be considered invalid in a future Kubernetes release: use \
             {better}"
        ));
    }
    (ip.is_ipv6() && ip.to_string() != value)
        .then(|| format!("{field}: IPv6 address {quoted} should be in RFC 5952 canonical format ({better})"))
}

/// What to say of a range that is taken, but should be written in another way; `field` is its path.
pub fn warnings_for_cidr(field: &str, value: &str) -> Vec<String> {
    let Some(cidr) = parse_cidr_sloppy(value) else { return Vec::new() };
    let mut warnings = Vec::new();
    let (quoted, range) = (go_quote(value), go_quote(&cidr.masked().to_string()));
    if cidr != cidr.masked() {
        let single = format!("{}/{}", go_text(cidr.address), if cidr.address.is_ipv4() { 32 } else { 128 });
        let single = go_quote(&single);
        warnings.push(format!(
            "{field}: CIDR value {quoted} is ambiguous in this context (should be {range} or {single}?)"
        ));
    }
    if !parses_strictly(value) || is_mapped(cidr.address) {
        warnings.push(format!(
            "{field}: non-standard CIDR value {quoted} will be considered invalid in a future Kubernetes release: use \
             {range}"
        ));
    } else if warnings.is_empty() && cidr.address.is_ipv6() && cidr.to_string() != value {
        let better = go_quote(&cidr.to_string());
        warnings.push(format!("{field}: IPv6 CIDR value {quoted} should be in RFC 5952 canonical format ({better})"));
    }
    warnings
}

fn parses_strictly(cidr: &str) -> bool {
    let Some((address, bits)) = cidr.split_once('/') else { return false };
    address.parse::<IpAddr>().is_ok() && (bits == "0" || !bits.starts_with('0'))
}

fn canonical(text: &str) -> String {
    format!("must be in canonical form ({})", go_quote(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: fn(&str) -> Vec<String>, value: &str, expected: &str) {
        assert_eq!(rule(value).join("; "), expected, "{value}");
    }

    fn legacy_ip(value: &str) -> Vec<String> {
        is_valid_ip_for_legacy_field(value, false)
    }

    fn legacy_cidr(value: &str) -> Vec<String> {
        is_valid_cidr_for_legacy_field(value, false)
    }

    const NO_IP: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
    const NO_CIDR: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

    #[test]
    fn addresses() {
        for good in ["10.9.8.7", "2001:db8::ffff", "::1", "0.0.0.0"] {
            check(is_valid_ip, good, "");
        }
        for bad in
            ["", "x", "300.1.2.3", "10.96.300.1", "1.2.3", "1.2.3.4.5", "none", "1.2.3.4/24", "fe80::1%eth0", ":::"]
        {
            check(is_valid_ip, bad, NO_IP);
            check(legacy_ip, bad, NO_IP);
        }
        check(is_valid_ip, "010.002.003.004", "must not have leading 0s");
        check(is_valid_ip, "::ffff:1.2.3.4", "must not be an IPv4-mapped IPv6 address");
        check(is_valid_ip, "FE80:0:0:0:0:0:0:0abc", "must be in canonical form (\"fe80::abc\")");
        for lax in ["010.002.003.004", "::ffff:01.2.3.4", "FE80:0:0:0:0:0:0:0abc"] {
            check(legacy_ip, lax, "");
        }
        assert_eq!(parse_ip_sloppy("010.002.003.004"), "10.2.3.4".parse().ok());
    }

    #[test]
    fn ranges() {
        for good in ["10.9.8.0/24", "2001:db8::/64", "0.0.0.0/0", "::/0", "1.2.3.4/32"] {
            check(is_valid_cidr, good, "");
        }
        for bad in ["10.0.0.0", "10.0.0.0/99", "10.0.0.0/", "/8", "x/8", "10.0.0.0/-1", "2001:db8::/129", "1.2.3.4/8/8"]
        {
            check(legacy_cidr, bad, NO_CIDR);
        }
        check(is_valid_cidr, "10.0.0.0/08", "must not have leading 0s in IP or prefix length");
        check(is_valid_cidr, "::ffff:1.2.3.0/120", "must not have an IPv4-mapped IPv6 address");
        check(is_valid_cidr, "10.0.0.1/8", "must not have bits set beyond the prefix length");
        check(is_valid_cidr, "FE80::/10", "must be in canonical form (\"fe80::/10\")");
        check(legacy_cidr, "010.0.0.1/08", "");
        check(is_valid_interface_address, "10.9.8.7/24", "");
        check(is_valid_interface_address, "010.9.8.7/24", "must be in canonical form (\"10.9.8.7/24\")");
        let range = parse_cidr_sloppy("10.0.0.0/8").expect("it is a range");
        assert!(range.contains("10.255.0.1".parse().expect("it is an address")));
        assert!(!range.contains("11.0.0.1".parse().expect("it is an address")));
        assert!(!range.contains("::1".parse().expect("it is an address")));
    }

    #[test]
    fn warnings() {
        let ip = |value: &str| warning_for_ip("spec.ip", value).unwrap_or_default();
        assert_eq!(ip("1.2.3.4"), "");
        assert_eq!(
            ip("1.2.3.04"),
            "spec.ip: non-standard IP address \"1.2.3.04\" will be considered invalid in a future Kubernetes release: \
             use \"1.2.3.4\""
        );
        assert_eq!(
            ip("FE80::1"),
            "spec.ip: IPv6 address \"FE80::1\" should be in RFC 5952 canonical format (\"fe80::1\")"
        );
        let cidr = |value: &str| warnings_for_cidr("spec.cidr", value).join("; ");
        assert_eq!(cidr("10.0.0.0/8"), "");
        assert_eq!(
            cidr("10.0.0.1/8"),
            "spec.cidr: CIDR value \"10.0.0.1/8\" is ambiguous in this context (should be \"10.0.0.0/8\" or \
             \"10.0.0.1/32\"?)"
        );
        assert_eq!(
            cidr("10.0.0.0/08"),
            "spec.cidr: non-standard CIDR value \"10.0.0.0/08\" will be considered invalid in a future Kubernetes \
             release: use \"10.0.0.0/8\""
        );
        assert_eq!(
            cidr("::ffff:1.2.3.0/120"),
            "spec.cidr: non-standard CIDR value \"::ffff:1.2.3.0/120\" will be considered invalid in a future \
             Kubernetes release: use \"1.2.3.0/24\""
        );
    }
}

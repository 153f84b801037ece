//! CIDR blocks as requests write them.

use crate::faults;
use aws_schema::Fault;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{Ipv4Addr, Ipv6Addr};

fn not_a_block(parameter: &str, text: &str) -> Fault {
    faults::invalid_value(parameter, text, "This is not a valid CIDR block.")
}

/// An IPv4 block in canonical form: host bits are cleared, as AWS does.
///
/// # Errors
/// `InvalidParameterValue`.
pub(crate) fn v4(parameter: &str, text: &str) -> Result<Ipv4Net, Fault> {
    text.parse::<Ipv4Net>().map(|net| net.trunc()).map_err(|_| not_a_block(parameter, text))
}

/// An IPv6 block in canonical form.
///
/// # Errors
/// `InvalidParameterValue`.
pub(crate) fn v6(parameter: &str, text: &str) -> Result<Ipv6Net, Fault> {
    text.parse::<Ipv6Net>().map(|net| net.trunc()).map_err(|_| not_a_block(parameter, text))
}

/// An IPv4 address.
///
/// # Errors
/// `InvalidParameterValue`.
pub(crate) fn address_v4(parameter: &str, text: &str) -> Result<Ipv4Addr, Fault> {
    text.parse().map_err(|_| faults::invalid_value(parameter, text, "Invalid IPv4 address"))
}

/// An IPv6 address.
///
/// # Errors
/// `InvalidParameterValue`.
pub(crate) fn address_v6(parameter: &str, text: &str) -> Result<Ipv6Addr, Fault> {
    text.parse().map_err(|_| faults::invalid_value(parameter, text, "Invalid IPv6 address"))
}

/// Whether two blocks share an address.
pub(crate) fn overlap(a: &Ipv4Net, b: &Ipv4Net) -> bool {
    a.contains(b) || b.contains(a)
}

/// Whether two IPv6 blocks share an address.
pub(crate) fn overlap_v6(a: &Ipv6Net, b: &Ipv6Net) -> bool {
    a.contains(b) || b.contains(a)
}

/// Every IPv4 address.
pub(crate) fn anywhere_v4() -> IpNet {
    IpNet::V4(Ipv4Net::default())
}

/// Every IPv6 address.
pub(crate) fn anywhere_v6() -> IpNet {
    IpNet::V6(Ipv6Net::default())
}

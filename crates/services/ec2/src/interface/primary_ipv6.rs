//! The primary IPv6 address (`EnablePrimaryIpv6`): the first one, which stays until the interface goes.

use crate::faults;
use aws_schema::Fault;
use records::NetworkInterface;
use std::net::Ipv6Addr;

/// The fault for an interface without IPv6 addresses.
pub(super) fn none_there() -> Fault {
    faults::invalid_parameter_value("A primary IPv6 address needs an IPv6 address on the network interface.")
}

/// Turns it on; it cannot be turned off (AWS: ModifyNetworkInterfaceAttribute).
///
/// # Errors
/// `InvalidParameterValue`.
pub(super) fn set(interface: &mut NetworkInterface, on: bool) -> Result<(), Fault> {
    if on && interface.ipv6_addresses.is_empty() {
        return Err(none_there());
    }
    if !on && interface.primary_ipv6 {
        return Err(faults::invalid_parameter_value(format!(
            "The primary IPv6 address of '{}' cannot be disabled.",
            interface.id
        )));
    }
    interface.primary_ipv6 = on;
    Ok(())
}

/// Whether an address is the interface's primary one.
pub(super) fn is(interface: &NetworkInterface, address: &Ipv6Addr) -> bool {
    interface.primary_ipv6 && interface.ipv6_addresses.first() == Some(address)
}

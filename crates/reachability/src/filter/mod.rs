//! The three kinds of filters: security groups, network ACLs and VNet-style groups.

pub(crate) mod acl;
pub(crate) mod group;
pub(crate) mod nsg;

use crate::packet::Protocol;
use crate::topology::Selector;

/// Whether protocol, ports, type and code are those of the selector.
pub(crate) fn selects(selector: &Selector, protocol: Protocol) -> bool {
    // `-1` is everything, whatever ports stand beside it: the API ignores them.
    let Some(number) = selector.protocol else { return true };
    if number != protocol.number() {
        return false;
    }
    if let Some((_, destination)) = protocol.ports() {
        return selector.ports.contains(destination);
    }
    match protocol.icmp() {
        Some((kind, code)) => {
            selector.icmp_type.is_none_or(|t| t == kind) && selector.icmp_code.is_none_or(|c| c == code)
        }
        None => true,
    }
}

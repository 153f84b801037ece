//! What is known to be outside of what the packet path promises, and so is not sent.
//!
//! Each of these is written down in docs/decisions/0007 or in the report of packet truth; none is hidden in a
//! comparison.

use reachability::{ComponentKind as Kind, Header, Index, Packet, Place};
use std::net::{IpAddr, Ipv4Addr};

/// Whether a packet is beyond what is compared:
///
/// - ICMP messages that open no flow (answers without a question, errors about nothing) where addresses are
///   translated: the kernel translates flows, and these are none. Within a VPC they are compared.
/// - Private addresses on the outside: to AWS the outside is the internet, where there are none; to a private cloud it
///   may be the local network, whose hosts have such addresses.
/// - Neighbour discovery, which is the link's own business.
/// - UDP to the DHCP server's port by broadcast: the router takes it whatever the source port, and nobody can watch.
pub fn is_beyond(index: &Index<'_>, packet: &Packet) -> bool {
    let Header { destination, protocol, .. } = packet.header;
    if destination == IpAddr::V4(Ipv4Addr::BROADCAST) && protocol.ports().is_some_and(|(_, to)| to == 67) {
        return true;
    }
    // Neighbour discovery of others' addresses is refused whatever the source check says, for the sake of the host.
    if protocol.icmp().is_some_and(|(kind, _)| destination.is_ipv6() && matches!(kind, 133..=137)) {
        return true;
    }
    let outside = packet.at == Place::Internet;
    if outside && is_private(packet.header.source) {
        return true;
    }
    let judgement = index.judge(packet);
    let mut steps = judgement.path.iter().chain(&judgement.objections);
    let leaves = outside
        || steps.any(|s| matches!(s.component.kind, Kind::InternetGateway | Kind::NatGateway | Kind::Internet));
    let opens = packet.header.protocol.icmp().is_none_or(|(kind, _)| {
        // RFC 792 and RFC 950: echo, timestamp, information and mask requests; RFC 4443: echo.
        if packet.header.source.is_ipv4() { matches!(kind, 8 | 13 | 15 | 17) } else { kind == 128 }
    });
    leaves && (!opens || is_private(packet.header.destination))
}

/// RFC 1918 and RFC 6598.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(a) => a.is_private() || (a.octets()[0] == 100 && a.octets()[1] & 0xc0 == 64),
        IpAddr::V6(_) => false,
    }
}

//! What is known to be outside of what the packet path promises, and so is not sent.
//!
//! Each of these is written down in docs/decisions/0007; none is hidden in a comparison.

use reachability::{ComponentKind as Kind, ExplanationCode, Header, Index, Outcome, Packet, Place, Step};
use std::net::{IpAddr, Ipv4Addr};

/// Whether a packet is beyond what is compared:
///
/// - ICMP messages that open no flow (answers without a question, errors about nothing) where addresses are
///   translated or an appliance forwards them: the kernel keeps both with a flow, and these are none. Otherwise they
///   are compared.
/// - What an appliance sends to a peer in another's name, where a rule names that other's group: the peer's router cannot
///   know that it was handed on.
/// - What goes from an address to its own public address: to the VPC's one memory both ends of that flow are the same.
/// - Neighbour discovery, which is the link's own business.
/// - UDP to the DHCP server's port by broadcast: the router takes it whatever the source port, and nobody can watch.
pub fn is_beyond(index: &Index<'_>, topology: &reachability::Topology, packet: &Packet) -> bool {
    let Header { source, destination, protocol } = packet.header;
    if destination == IpAddr::V4(Ipv4Addr::BROADCAST) && protocol.ports().is_some_and(|(_, to)| to == 67) {
        return true;
    }
    // Neighbour discovery of others' addresses is refused whatever the source check says, for the sake of the host.
    if protocol.icmp().is_some_and(|(kind, _)| destination.is_ipv6() && matches!(kind, 133..=137)) {
        return true;
    }
    let to_itself =
        |p: &reachability::topology::PublicAddress| p.private == source && p.public == destination;
    if topology.network_interfaces.iter().flat_map(|i| &i.public).any(to_itself) {
        return true;
    }
    let forwarded = match &packet.at {
        Place::NetworkInterface(id) => {
            !topology.network_interfaces.iter().any(|i| i.id == *id && i.owns(source))
        }
        _ => true,
    };
    let judgement = index.judge(packet);
    let by_peer = || {
        let names = |s: &Step| s.code == Some(ExplanationCode::SgReferencesNotPreserved);
        judgement.path.iter().any(|s| s.component.kind == Kind::Peering)
            && judgement.objections.iter().any(names)
    };
    if opens(packet) {
        return forwarded && by_peer();
    }
    // Also behind a filter: one that names a group asks whether an appliance comes next, and needs the flow to note it.
    let trail = index.trail(packet);
    let mut steps = trail.iter();
    forwarded
        || steps.any(|s| {
            matches!(s.component.kind, Kind::InternetGateway | Kind::NatGateway | Kind::Internet)
                || (s.component.kind == Kind::NetworkInterface
                    && s.outcome == Outcome::Passed
                    && s.why.contains("handed to the appliance"))
        })
}

/// Whether a packet opens a flow that the kernel tracks: anything but some ICMP messages. RFC 792 and RFC 950: echo,
/// timestamp, information and mask requests; RFC 4443: echo.
fn opens(packet: &Packet) -> bool {
    packet.header.protocol.icmp().is_none_or(|(kind, _)| {
        if packet.header.source.is_ipv4() { matches!(kind, 8 | 13 | 15 | 17) } else { kind == 128 }
    })
}

//! Probes at and one off every boundary, spoofed ones, and some to anywhere.

use super::key::Known;
use crate::random::Random;
use reachability::topology::InterfaceKind;
use reachability::{Packet, Place, Protocol, SourceMac, Topology, boundaries};
use std::net::{IpAddr, Ipv6Addr};

/// Extension headers of IPv6, which carry no transport (IANA "IPv6 Extension Header Types"), and the two families'
/// messages within the other.
const NO_TRANSPORT_V6: [u8; 11] = [0, 1, 2, 43, 44, 51, 59, 60, 135, 139, 140];
/// Protocols whose packets connection tracking takes apart: ours are not well-formed in them.
const TAKEN_APART: [u8; 4] = [33, 47, 132, 136];
/// Our own source ports begin here; one for each probe.
const EPHEMERAL: u16 = 32_768;
const EPHEMERAL_COUNT: u32 = 28_000;

/// So many probes of a topology, each of a flow of its own that is not known yet, numbered from `first` on with gaps.
pub fn choose(
    topology: &Topology,
    random: &mut Random,
    known: &mut Known,
    count: usize,
    first: u32,
    can_send: impl Fn(&Place) -> bool,
) -> Vec<(u32, Packet)> {
    let places: Vec<Place> = topology
        .network_interfaces
        .iter()
        // Behind an endpoint nothing begins to talk by itself.
        .filter(|i| i.kind == InterfaceKind::Interface)
        .map(|i| Place::NetworkInterface(i.id.clone()))
        .chain([Place::Internet])
        .filter(|place| can_send(place))
        .collect();
    let targets: Vec<Place> =
        topology.network_interfaces.iter().map(|i| Place::NetworkInterface(i.id.clone())).collect();
    let mut pairs: Vec<(Place, Place)> = Vec::new();
    for from in &places {
        let ends = targets.iter().chain(std::iter::once(&Place::Internet));
        pairs.extend(ends.filter(|to| *to != from).map(|to| (from.clone(), to.clone())));
    }
    random.shuffle(&mut pairs);
    let share = count.div_ceil(pairs.len().max(1)).max(4);
    let (mut chosen, mut next) = (Vec::new(), first);
    let mut rest = Vec::new();
    for (from, to) in &pairs {
        let mut all = boundaries(topology, from, to);
        // Half of what the boundaries of addresses give comes from or goes to nobody: a taste of that is enough.
        all.retain(|p| can_be_sent(p) && (is_somebodys(topology, p) || random.percent(15)));
        random.shuffle(&mut all);
        let later = all.split_off(all.len().min(share));
        rest.extend(later.into_iter().take(share));
        for packet in all {
            take(topology, random, known, &mut chosen, &mut next, packet);
        }
    }
    let mut forwarded: Vec<Packet> = places
        .iter()
        .flat_map(|from| at_forwarded_ports(topology, random, from))
        .filter(can_be_sent)
        .collect();
    random.shuffle(&mut forwarded);
    forwarded.truncate((count / 6).max(share));
    for packet in forwarded {
        take(topology, random, known, &mut chosen, &mut next, packet);
    }
    random.shuffle(&mut rest);
    for packet in rest {
        if chosen.len() >= count * 9 / 10 {
            break;
        }
        take(topology, random, known, &mut chosen, &mut next, packet);
    }
    random.shuffle(&mut chosen);
    chosen.truncate(count * 9 / 10);
    // The rest is anything at all.
    for _ in 0..count {
        if chosen.len() >= count {
            break;
        }
        let Some(at) = random.pick(&places).cloned() else { break };
        if let Some(packet) = anything(topology, random, at).filter(can_be_sent) {
            take(topology, random, known, &mut chosen, &mut next, packet);
        }
    }
    chosen
}

/// Packets from a place to every forwarded port, and to what is one off it.
fn at_forwarded_ports(topology: &Topology, random: &mut Random, from: &Place) -> Vec<Packet> {
    let mut found = Vec::new();
    for forwarding in &topology.port_forwardings {
        let source = match from {
            Place::NetworkInterface(id) => topology
                .network_interfaces
                .iter()
                .find(|i| i.id == *id)
                .and_then(|i| i.addresses.iter().copied().find(IpAddr::is_ipv4)),
            _ => random.pick(&["8.8.8.8", "203.0.113.9", "192.0.2.8"]).and_then(|a| a.parse().ok()),
        };
        let (Some(source), Some(at)) = (source, forwarding.gateway_address) else { continue };
        let port = forwarding.gateway_port;
        let mut protocols = vec![Protocol::Icmp { kind: 8, code: 0 }];
        for port in [port.wrapping_sub(1), port, port, port, port.wrapping_add(1)] {
            protocols.extend([Protocol::tcp(port), Protocol::udp(port)]);
        }
        found.extend(protocols.into_iter().map(|p| Packet::new(from.clone(), source, at, p)));
    }
    found
}

/// Whether a packet is honest about its sender and its receiver exists, or is outside.
fn is_somebodys(topology: &Topology, packet: &Packet) -> bool {
    let sender = match &packet.at {
        Place::NetworkInterface(id) => {
            topology.network_interfaces.iter().any(|i| i.id == *id && i.owns(packet.header.source))
        }
        _ => true,
    };
    let destination = packet.header.destination;
    let ours = topology.vpcs.iter().flat_map(|v| &v.cidrs).any(|c| c.contains(&destination));
    sender && (!ours || topology.network_interfaces.iter().any(|i| i.owns(destination)))
}

/// Whether our frames can say this, and connection tracking has no opinion of its own on it.
fn can_be_sent(packet: &Packet) -> bool {
    let (header, number) = (&packet.header, packet.header.protocol.number());
    let v6 = header.source.is_ipv6();
    let mixed = header.source.is_ipv4() != header.destination.is_ipv4();
    let other_family = if v6 { NO_TRANSPORT_V6.contains(&number) } else { number == 58 || number == 0 };
    // Nobody on the internet has such an address, and the edge's kernel takes no packet from or to one.
    let nobody =
        packet.at == Place::Internet && (is_nobodys(header.source) || is_nobodys(header.destination));
    !mixed && !other_family && !nobody && !TAKEN_APART.contains(&number)
}

/// Addresses that no router forwards, whatever its tables say (RFC 6890).
fn is_nobodys(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(a) => a.octets()[0] == 0 || a.octets()[0] >= 224 || a.is_loopback(),
        IpAddr::V6(a) => {
            a.is_multicast() || a.is_unspecified() || a.is_loopback() || a.is_unicast_link_local()
        }
    }
}

fn take(
    topology: &Topology,
    random: &mut Random,
    known: &mut Known,
    chosen: &mut Vec<(u32, Packet)>,
    next: &mut u32,
    mut packet: Packet,
) {
    let number = *next;
    *next += 1;
    if let Protocol::Tcp { source: 40_000, .. } | Protocol::Udp { source: 40_000, .. } =
        packet.header.protocol
    {
        let port = EPHEMERAL + u16::try_from(number % EPHEMERAL_COUNT).unwrap_or_default();
        let (_, destination) = packet.header.protocol.ports().unwrap_or_default();
        packet.header.protocol = packet.header.protocol.with_ports(port, destination);
    }
    // One in thirty lies about who it is; from the internet nobody can tell.
    if matches!(packet.at, Place::NetworkInterface(_)) && random.percent(3) {
        if random.percent(50) {
            packet.source_mac = SourceMac::Foreign;
        } else if let Some(other) = random.pick(&topology.network_interfaces)
            && let Some(address) =
                other.addresses.iter().find(|a| a.is_ipv4() == packet.header.source.is_ipv4())
        {
            packet.header.source = *address;
        }
    }
    if known.take(&packet.header, identifier(number)) {
        chosen.push((number, packet));
    }
}

/// The identifier of a probe's ICMP queries.
pub(crate) fn identifier(number: u32) -> u16 {
    u16::try_from(number & 0xffff).unwrap_or_default()
}

/// A packet from this place to some address that may or may not be anybody's.
fn anything(topology: &Topology, random: &mut Random, at: Place) -> Option<Packet> {
    let own = match &at {
        Place::NetworkInterface(id) => {
            let interface = topology.network_interfaces.iter().find(|i| i.id == *id)?;
            *random.pick(&interface.addresses)?
        }
        _ if random.percent(50) => "8.8.8.8".parse().ok()?,
        _ => "2a00:1450::8".parse().ok()?,
    };
    let v6 = own.is_ipv6();
    let mut all: Vec<IpAddr> = Vec::new();
    for interface in &topology.network_interfaces {
        all.extend(&interface.addresses);
        all.extend(interface.public.iter().map(|p| p.public));
    }
    for nat in &topology.nat_gateways {
        all.extend(nat.addresses.iter().flat_map(|a| [Some(a.private), a.public]).flatten());
    }
    for subnet in &topology.subnets {
        all.extend(subnet.cidrs.iter().map(|c| c.broadcast()));
        all.extend(subnet.cidrs.iter().map(|c| c.network()));
    }
    let special = ["10.200.1.1", "192.168.1.1", "203.0.113.77", "8.8.8.8", "224.0.0.5", "100.64.0.9"];
    all.extend(special.iter().filter_map(|a| a.parse::<IpAddr>().ok()));
    all.push(Ipv6Addr::new(0x2a00, 0x1450, 0, 0, 0, 0, 0, 7).into());
    all.retain(|a| a.is_ipv6() == v6);
    let destination = *random.pick(&all)?;
    let port = *random.pick(&[22, 80, 443, 1024, 8080]).unwrap_or(&80);
    let protocol = match random.below(4) {
        0 => Protocol::udp(port),
        1 if v6 => Protocol::Icmpv6 { kind: 128, code: 0 },
        1 => Protocol::Icmp { kind: 8, code: 0 },
        _ => Protocol::tcp(port),
    };
    Some(Packet::new(at, own, destination, protocol))
}

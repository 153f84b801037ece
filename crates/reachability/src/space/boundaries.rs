//! Probes: packets at, and one off, every boundary between two places.

use super::addresses::filters_of;
use super::cell::{address, number, protocol};
use super::cuts::Cuts;
use crate::index::Index;
use crate::packet::{Header, Packet, Place};
use crate::topology::{RouteTarget, Topology};
use crate::walk::{self, services};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// More probes than this are not made for one pair of places.
const MAX_PROBES: usize = 200_000;

/// Packets with every field at and one off every boundary of every rule between two places.
///
/// For each pair of addresses (an interface's own, its public ones, and one off each; at the internet, the edges of
/// every block that a rule names; all of a service) the fields are varied one at a time: each protocol number, destination port, source
/// port, ICMP type and code that a rule on the way compares with, and the value before it. Between neighbouring
/// values of one field, the others alike, the verdict is the same. No probe comes twice.
pub fn boundaries(topology: &Topology, from: &Place, to: &Place) -> Vec<Packet> {
    let index = Index::new(topology);
    let mut headers = BTreeSet::new();
    for v6 in [false, true] {
        let sources = ends(&index, from, to, v6, true);
        let destinations = ends(&index, to, from, v6, false);
        for &source in &sources {
            for &destination in &destinations {
                probe_pair(&index, from, source, destination, &mut headers);
                if headers.len() > MAX_PROBES {
                    break;
                }
            }
        }
    }
    headers
        .into_iter()
        .take(MAX_PROBES)
        .map(|h: Header| Packet::new(from.clone(), h.source, h.destination, h.protocol))
        .collect()
}

/// All probes of one pair of addresses.
fn probe_pair(
    index: &Index<'_>,
    from: &Place,
    source: IpAddr,
    destination: IpAddr,
    headers: &mut BTreeSet<Header>,
) {
    let v6 = source.is_ipv6();
    let cuts = |number: u8, first: u16, second: u16, known: bool| {
        let packet = Packet::new(from.clone(), source, destination, protocol(number, first, second));
        let trail = walk::trail(index, &packet);
        Cuts::of_every_rule(index, &trail, known.then_some(number))
    };
    let mut add = |number: u8, first: u16, second: u16| {
        headers.insert(Header { source, destination, protocol: protocol(number, first, second) });
    };
    let ping = if v6 { (58, 128) } else { (1, 8) };
    for number in around(&cuts(6, 40_000, 80, false).protocol, u8::checked_sub, 1) {
        let (first, second) = if matches!(number, 6 | 17) { (40_000, 80) } else { (0, 0) };
        add(number, first, second);
    }
    for number in [6, 17] {
        let cuts = cuts(number, 40_000, 80, true);
        add(number, 40_000, 0);
        add(number, 40_000, u16::MAX);
        for port in around(&cuts.second, u16::checked_sub, 1) {
            add(number, 40_000, port);
        }
        for port in around(&cuts.first, u16::checked_sub, 1) {
            add(number, port, 80);
        }
    }
    let cuts = cuts(ping.0, ping.1, 0, true);
    add(ping.0, ping.1, 0);
    for kind in around(&cuts.first, u16::checked_sub, 1).into_iter().filter(|k| *k <= 255) {
        add(ping.0, kind, 0);
        for code in around(&cuts.second, u16::checked_sub, 1).into_iter().filter(|c| *c <= 255) {
            add(ping.0, kind, code);
            add(ping.0, ping.1, code);
        }
    }
}

/// Every cut and the value before it.
fn around<N: Copy + Ord>(cuts: &BTreeSet<N>, before: impl Fn(N, N) -> Option<N>, one: N) -> BTreeSet<N> {
    cuts.iter().flat_map(|&c| [before(c, one), Some(c)]).flatten().collect()
}

/// The addresses to probe at one end.
fn ends(index: &Index<'_>, place: &Place, other: &Place, v6: bool, sending: bool) -> BTreeSet<IpAddr> {
    let mut found = BTreeSet::new();
    match place {
        Place::NetworkInterface(id) => {
            let Some(interface) = index.interface(id) else { return found };
            let own = interface.addresses.iter().copied().filter(|a| a.is_ipv6() == v6);
            for own in own {
                found.extend([Some(own), off_by_one(own)].into_iter().flatten());
            }
            for prefix in interface.prefixes.iter().filter(|p| p.network().is_ipv6() == v6) {
                let (low, high) = (number(prefix.network()), number(prefix.broadcast()));
                let edges = [low.checked_sub(1), Some(low), Some(high), high.checked_add(1)];
                found.extend(edges.into_iter().flatten().map(|n| address(n, v6)));
            }
            if !sending {
                found.extend(interface.public.iter().map(|p| p.public).filter(|a| a.is_ipv6() == v6));
            }
        }
        Place::Internet => {
            // The edges of every block that a filter of the other end names.
            let Place::NetworkInterface(id) = other else { return found };
            found.extend(outside_edges(index, id, v6));
        }
        Place::Service { vpc, service } => {
            let own = services::addresses(index, vpc, *service);
            found.extend(own.into_iter().filter(|a| a.is_ipv6() == v6));
        }
        Place::GatewayEndpoint(id) => found.extend(endpoint_edges(index, id, v6)),
    }
    found
}

/// Addresses outside every VPC at the edges of the blocks that an interface's filters and routes name.
fn outside_edges(index: &Index<'_>, id: &str, v6: bool) -> BTreeSet<IpAddr> {
    let mut blocks = filters_of(index, id);
    let subnet = index.interface(id).and_then(|i| index.subnet(&i.subnet));
    if let Some(table) = subnet.and_then(|s| index.table_of(s)) {
        blocks.extend(table.routes.iter().flat_map(|r| &r.destinations));
    }
    let top = if v6 { u128::MAX } else { u128::from(u32::MAX) };
    let mut edges: BTreeSet<u128> = BTreeSet::new();
    for block in blocks.into_iter().filter(|b| b.network().is_ipv6() == v6) {
        let (low, high) = (number(block.network()), number(block.broadcast()));
        edges.extend([low.checked_sub(1), Some(low), Some(high), high.checked_add(1)].into_iter().flatten());
    }
    let outside = |a: &IpAddr| {
        let unicast = !a.is_unspecified() && !a.is_multicast() && !a.is_loopback();
        let ours = index.topology.vpcs.iter().flat_map(|v| &v.cidrs).any(|c| c.contains(a));
        unicast && !ours && index.public(*a).is_none()
    };
    edges.into_iter().filter(|n| *n <= top).map(|n| address(n, v6)).filter(outside).collect()
}

/// The edges of the blocks that are routed to a gateway endpoint.
fn endpoint_edges(index: &Index<'_>, id: &str, v6: bool) -> BTreeSet<IpAddr> {
    let routes = index.topology.route_tables.iter().flat_map(|t| &t.routes);
    let to_it = routes.filter(|r| matches!(&r.target, RouteTarget::GatewayEndpoint(e) if **e == *id));
    let blocks = to_it.flat_map(|r| &r.destinations).filter(|b| b.network().is_ipv6() == v6);
    blocks.flat_map(|b| [b.network(), b.broadcast()]).collect()
}

/// The neighbour of an address.
fn off_by_one(own: IpAddr) -> Option<IpAddr> {
    let next = number(own).checked_add(1)?;
    let top = if own.is_ipv6() { u128::MAX } else { u128::from(u32::MAX) };
    (next <= top).then(|| address(next, own.is_ipv6()))
}

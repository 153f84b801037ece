//! Addresses that stand for all others.
//!
//! The network compares addresses with blocks only, and blocks lie inside one another or apart. So two addresses with
//! the same innermost block fare alike, and one of them is enough to look at.

use super::cell::{Interval, address, interval, number, pieces};
use super::{AddressRange, Query, SpaceError};
use crate::index::Index;
use crate::packet::Place;
use crate::topology::{Id, NetworkInterface, NsgAddress, RulePeer};
use ipnet::IpNet;
use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;

/// Blocks whose addresses mean something special to the network, whoever uses it.
const SPECIAL: [&str; 24] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.168.0/22",
    "169.254.169.123/32",
    "169.254.169.253/32",
    "169.254.169.254/32",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "::/128",
    "::1/128",
    "fd00:ec2::/32",
    "fd00:ec2::123/128",
    "fd00:ec2::253/128",
    "fd00:ec2::254/128",
    "fe80::/10",
    "ff00::/8",
    "ff02::/16",
    "ff02::1:2/128",
];

/// One end of a question.
pub(crate) struct Ends<'a> {
    index: &'a Index<'a>,
    query: &'a Query,
    v6: bool,
    /// Every block that an address of this question is compared with.
    blocks: BTreeSet<IpNet>,
}

impl<'a> Ends<'a> {
    pub(crate) fn new(index: &'a Index<'a>, query: &'a Query, v6: bool) -> Self {
        let mut blocks = shape(index);
        for place in [&query.from, &query.to] {
            if let Place::NetworkInterface(id) = place {
                blocks.extend(filters_of(index, id));
            }
        }
        blocks.retain(|b| b.network().is_ipv6() == v6);
        Self { index, query, v6, blocks }
    }

    /// The source addresses to look at.
    pub(crate) fn sources(&self) -> Result<Vec<u128>, SpaceError> {
        self.addresses(&self.query.from, self.query.source, self.query.seen.source, false)
    }

    /// The destination addresses to look at.
    pub(crate) fn destinations(&self) -> Result<Vec<u128>, SpaceError> {
        self.addresses(&self.query.to, self.query.destination, self.query.seen.destination, true)
    }

    fn addresses(
        &self,
        place: &Place,
        range: Option<AddressRange>,
        seen: Option<AddressRange>,
        addressed: bool,
    ) -> Result<Vec<u128>, SpaceError> {
        let seen: Vec<Interval> = match seen.filter(|r| r.from.is_ipv6() == self.v6) {
            Some(range) => vec![interval(range).ok_or(SpaceError::BadRange)?],
            None => Vec::new(),
        };
        if let Some(range) = range {
            let whole = interval(range).ok_or(SpaceError::BadRange)?;
            if range.from.is_ipv6() != self.v6 {
                return Ok(Vec::new());
            }
            // Anybody's address may lie in the range, so each is its own case.
            let mut blocks = self.blocks.clone();
            blocks.extend(owned(self.index).filter(|a| a.is_ipv6() == self.v6).map(IpNet::from));
            return Ok(self.representatives(&blocks, whole, &seen).0);
        }
        if let Place::NetworkInterface(id) = place {
            return Ok(self.of_interface(id, &seen, addressed));
        }
        // A host outside has none of the cloud's public addresses.
        let whole = (0, if self.v6 { u128::MAX } else { u32::MAX.into() });
        let ours: HashSet<IpNet> =
            public(self.index).filter(|a| a.is_ipv6() == self.v6).map(IpNet::from).collect();
        let mut blocks = self.blocks.clone();
        blocks.extend(&ours);
        let (points, innermost) = self.representatives(&blocks, whole, &seen);
        let outside = points.into_iter().zip(innermost).filter(|(_, b)| b.is_none_or(|b| !ours.contains(&b)));
        Ok(outside.map(|(point, _)| point).collect())
    }

    fn of_interface(&self, id: &str, seen: &[Interval], addressed: bool) -> Vec<u128> {
        let Some(interface) = self.index.interface(id) else { return Vec::new() };
        let mut known: Vec<IpAddr> = interface.addresses.clone();
        if addressed {
            known.extend(interface.public.iter().map(|p| p.public));
            known.extend(forwarded_to(self.index, interface));
        }
        let mut points: Vec<u128> =
            known.into_iter().filter(|a| a.is_ipv6() == self.v6).map(number).collect();
        for prefix in interface.prefixes.iter().filter(|p| p.network().is_ipv6() == self.v6) {
            let whole = (number(prefix.network()), number(prefix.broadcast()));
            points.extend(self.representatives(&self.blocks, whole, seen).0);
        }
        points
    }

    /// One address for every innermost block in an interval, inside and outside of each condition, with that block.
    fn representatives(
        &self,
        blocks: &BTreeSet<IpNet>,
        whole: Interval,
        conditions: &[Interval],
    ) -> (Vec<u128>, Vec<Option<IpNet>>) {
        let mut cuts: BTreeSet<u128> = BTreeSet::new();
        let edges = blocks.iter().map(|b| (number(b.network()), number(b.broadcast())));
        for (low, high) in edges.chain(conditions.iter().copied()) {
            cuts.insert(low);
            cuts.extend(high.checked_add(1));
        }
        let mut seen = HashSet::new();
        let (mut points, mut innermost) = (Vec::new(), Vec::new());
        for (point, _) in pieces(whole, cuts) {
            let block = self.innermost(blocks, point);
            let holds: Vec<bool> = conditions.iter().map(|c| c.0 <= point && point <= c.1).collect();
            if seen.insert((block, holds)) {
                points.push(point);
                innermost.push(block);
            }
        }
        (points, innermost)
    }

    fn innermost(&self, blocks: &BTreeSet<IpNet>, point: u128) -> Option<IpNet> {
        let ip = address(point, self.v6);
        let longest = if self.v6 { 128 } else { 32 };
        (0..=longest).rev().find_map(|length| {
            let block = IpNet::new(ip, length).ok()?.trunc();
            blocks.get(&block).copied()
        })
    }
}

/// The blocks that the shape of the network compares with: its own, those of its routes, and the special ones.
fn shape(index: &Index<'_>) -> BTreeSet<IpNet> {
    let topology = index.topology;
    let mut blocks: BTreeSet<IpNet> = SPECIAL.iter().filter_map(|s| s.parse().ok()).collect();
    blocks.extend(topology.vpcs.iter().flat_map(|v| &v.cidrs).map(IpNet::trunc));
    for block in
        topology.vpcs.iter().flat_map(|v| &v.cidrs).chain(topology.subnets.iter().flat_map(|s| &s.cidrs))
    {
        blocks.insert(block.trunc());
        // The router, the resolver, and where broadcasts would go.
        let base = number(block.network());
        let near = [base, base.saturating_add(1), base.saturating_add(2), number(block.broadcast())];
        blocks.extend(near.map(|n| IpNet::from(address(n, block.network().is_ipv6()))));
    }
    blocks.extend(
        topology.route_tables.iter().flat_map(|t| &t.routes).flat_map(|r| &r.destinations).map(IpNet::trunc),
    );
    // An ACL stands at every subnet; a NAT gateway's is passed on the way.
    for subnet in topology.nat_gateways.iter().filter_map(|n| index.subnet(&n.subnet)) {
        blocks.extend(acl_blocks(index, &subnet.network_acl));
    }
    blocks
}

/// The blocks in the filters of an interface and its subnet.
pub(crate) fn filters_of(index: &Index<'_>, id: &str) -> BTreeSet<IpNet> {
    let mut blocks = BTreeSet::new();
    let Some(interface) = index.interface(id) else { return blocks };
    for rule in interface.groups.iter().filter_map(|g| index.group(g)).flat_map(|g| &g.rules) {
        match &rule.peer {
            RulePeer::Cidr(cidr) => {
                blocks.insert(cidr.trunc());
            }
            RulePeer::PrefixList { cidrs, .. } => blocks.extend(cidrs.iter().map(IpNet::trunc)),
            // Members are compared by their addresses, which are cases of their own where they matter.
            RulePeer::Group(_) => {}
        }
    }
    let subnet = index.subnet(&interface.subnet);
    if let Some(subnet) = subnet {
        blocks.extend(acl_blocks(index, &subnet.network_acl));
    }
    let nsgs = [interface.nsg.as_ref(), subnet.and_then(|s| s.nsg.as_ref())];
    for rule in nsgs.into_iter().flatten().filter_map(|n| index.nsg(n)).flat_map(|n| &n.rules) {
        for address in rule.sources.iter().chain(&rule.destinations) {
            if let NsgAddress::Cidr(cidr) = address {
                blocks.insert(cidr.trunc());
            }
        }
    }
    blocks
}

fn acl_blocks<'a>(index: &Index<'a>, id: &Id) -> impl Iterator<Item = IpNet> + use<'a> {
    index.acl(id).into_iter().flat_map(|a| &a.entries).map(|e| e.cidr.trunc())
}

/// The public addresses of the cloud.
fn public<'a>(index: &'a Index<'_>) -> impl Iterator<Item = IpAddr> + 'a {
    let topology = index.topology;
    let mapped = topology.network_interfaces.iter().flat_map(|i| &i.public).map(|p| p.public);
    let nats = topology.nat_gateways.iter().flat_map(|n| &n.addresses).filter_map(|a| a.public);
    mapped.chain(nats).chain(topology.port_forwardings.iter().filter_map(|f| f.gateway_address))
}

/// Every address that somebody in the cloud has.
fn owned<'a>(index: &'a Index<'_>) -> impl Iterator<Item = IpAddr> + 'a {
    let topology = index.topology;
    let own = topology.network_interfaces.iter().flat_map(|i| i.addresses.iter().copied());
    let nats = topology.nat_gateways.iter().flat_map(|n| &n.addresses).map(|a| a.private);
    own.chain(nats).chain(public(index))
}

/// Addresses by whose forwarded ports an interface is reached.
fn forwarded_to(index: &Index<'_>, interface: &NetworkInterface) -> Vec<IpAddr> {
    let mut known = Vec::new();
    for forwarding in index.topology.port_forwardings.iter().filter(|f| interface.owns(f.inner_address)) {
        if let Some(address) = forwarding.gateway_address {
            known.push(address);
        } else if let Some(nat) = index.nat(&forwarding.gateway) {
            known.extend(nat.addresses.iter().flat_map(|a| [a.public, Some(a.private)]).flatten());
        } else {
            let others = index.topology.network_interfaces.iter().filter(|i| i.vpc == interface.vpc);
            known.extend(others.flat_map(|i| &i.public).map(|p| p.public));
        }
    }
    known
}

//! A second reading of the filters, slow and straightforward: every address by its bits, every rule by itself.

use reachability::topology::*;
use reachability::{Component, ComponentKind, Direction, Header, Protocol, Topology};
use std::net::IpAddr;

fn bits(address: IpAddr) -> String {
    match address {
        IpAddr::V4(a) => format!("4{:032b}", u32::from(a)),
        IpAddr::V6(a) => format!("6{:0128b}", u128::from(a)),
    }
}

/// Whether an address has the block's first bits.
fn in_block(block: &ipnet::IpNet, address: IpAddr) -> bool {
    let length = 1 + usize::from(block.prefix_len());
    bits(address)[..length.min(bits(address).len())]
        == bits(block.network())[..length.min(bits(block.network()).len())]
}

fn speaks_of(selector: &Selector, protocol: Protocol) -> bool {
    match (selector.protocol, protocol) {
        (None, _) => true,
        (Some(6), Protocol::Tcp { destination, .. }) | (Some(17), Protocol::Udp { destination, .. }) => {
            (selector.ports.from..=selector.ports.to).contains(&destination)
        }
        (Some(1), Protocol::Icmp { kind, code }) | (Some(58), Protocol::Icmpv6 { kind, code }) => {
            [None, Some(kind)].contains(&selector.icmp_type)
                && [None, Some(code)].contains(&selector.icmp_code)
        }
        (Some(n), Protocol::Other(m)) => n == m,
        _ => false,
    }
}

fn interface<'a>(t: &'a Topology, id: &str) -> &'a NetworkInterface {
    t.network_interfaces.iter().find(|i| *i.id == *id).unwrap()
}

fn groups_allow(t: &Topology, here: &str, there: &str, direction: Direction, header: Header) -> bool {
    let remote = if direction == Direction::Ingress { header.source } else { header.destination };
    let far = interface(t, there);
    for group in &t.security_groups {
        if !interface(t, here).groups.contains(&group.id) {
            continue;
        }
        for rule in &group.rules {
            let peer = match &rule.peer {
                RulePeer::Cidr(block) => in_block(block, remote),
                RulePeer::PrefixList { cidrs, .. } => cidrs.iter().any(|b| in_block(b, remote)),
                RulePeer::Group(id) => far.groups.contains(id),
            };
            if rule.direction == direction
                && !rule.stale
                && peer
                && speaks_of(&rule.selector, header.protocol)
            {
                return true;
            }
        }
    }
    false
}

fn acl_allows(t: &Topology, subnet: &Subnet, direction: Direction, header: Header) -> bool {
    let remote = if direction == Direction::Ingress { header.source } else { header.destination };
    let mut entries = t.network_acls.iter().find(|a| a.id == subnet.network_acl).unwrap().entries.clone();
    entries.sort_by_key(|e| e.number);
    for entry in entries {
        if entry.direction == direction
            && in_block(&entry.cidr, remote)
            && speaks_of(&entry.selector, header.protocol)
        {
            return entry.allow;
        }
    }
    false
}

fn nsg_allows(t: &Topology, id: Option<&Id>, direction: Direction, header: Header) -> bool {
    let Some(id) = id else { return true };
    let nsg = t.nsgs.iter().find(|n| n.id == *id).unwrap();
    let here = |a: IpAddr| t.vpcs.iter().flat_map(|v| &v.cidrs).any(|c| in_block(c, a));
    let holds = |list: &[NsgAddress], a: IpAddr| {
        list.iter().any(|x| match x {
            NsgAddress::Any => true,
            NsgAddress::VirtualNetwork => here(a),
            NsgAddress::Internet => !here(a),
            NsgAddress::LoadBalancer => false,
            NsgAddress::Cidr(c) => in_block(c, a),
        })
    };
    let mut rules = nsg.rules.clone();
    rules.sort_by_key(|r| r.priority);
    for rule in rules {
        let ports = match header.protocol {
            Protocol::Tcp { source, destination } | Protocol::Udp { source, destination } => {
                rule.source_ports.iter().any(|r| r.from <= source && source <= r.to)
                    && rule.destination_ports.iter().any(|r| r.from <= destination && destination <= r.to)
            }
            // What has no ports is not meant by a rule that asks for some.
            _ => [&rule.source_ports, &rule.destination_ports]
                .iter()
                .all(|ranges| ranges.iter().any(|r| r.from == 0 && r.to == u16::MAX)),
        };
        let protocol = rule.protocol.is_none() || rule.protocol == Some(header.protocol.number());
        let both = holds(&rule.sources, header.source) && holds(&rule.destinations, header.destination);
        if rule.direction == direction && ports && protocol && both {
            return rule.allow;
        }
    }
    // Inside the virtual network the first default rule of either direction allows.
    true
}

/// The filters that refuse a packet between two machines of one VPC, in the order of its way.
pub(crate) fn refusals(t: &Topology, from: &str, to: &str, header: Header) -> Vec<String> {
    let subnet = |id: &str| t.subnets.iter().find(|s| s.id == interface(t, id).subnet).unwrap();
    let (near, far) = (subnet(from), subnet(to));
    let crosses = near.id != far.id;
    let (nic_from, nic_to) = (interface(t, from).nsg.as_ref(), interface(t, to).nsg.as_ref());
    use Direction::{Egress, Ingress};
    let gates = [
        (groups_allow(t, from, to, Egress, header), format!("groups egress {from}")),
        (nsg_allows(t, nic_from, Egress, header), format!("nsg egress {from}")),
        (nsg_allows(t, near.nsg.as_ref(), Egress, header), format!("nsg egress {from}")),
        (!crosses || acl_allows(t, near, Egress, header), "acl egress".to_owned()),
        (!crosses || acl_allows(t, far, Ingress, header), "acl ingress".to_owned()),
        (nsg_allows(t, far.nsg.as_ref(), Ingress, header), format!("nsg ingress {to}")),
        (nsg_allows(t, nic_to, Ingress, header), format!("nsg ingress {to}")),
        (groups_allow(t, to, from, Ingress, header), format!("groups ingress {to}")),
    ];
    gates.into_iter().filter(|(allowed, _)| !allowed).map(|(_, name)| name).collect()
}

/// The same name for a component of the explainer.
pub(crate) fn label(kind: ComponentKind, direction: Option<Direction>, on: Option<&Component>) -> String {
    let direction = direction.map_or("", |d| d.as_str());
    let on = on.map_or("", |c| &c.id);
    match kind {
        ComponentKind::SecurityGroup => format!("groups {direction} {on}"),
        ComponentKind::Nsg => format!("nsg {direction} {on}"),
        ComponentKind::NetworkAcl => format!("acl {direction}"),
        other => format!("{other:?}"),
    }
}

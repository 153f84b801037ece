//! VNet-style groups: numbered priorities over source and destination, with Azure's default rules behind them.

use crate::index::Index;
use crate::packet::Header;
use crate::topology::{Direction, Id, Nsg, NsgAddress, NsgRule, PortRange};
use std::net::{IpAddr, Ipv4Addr};

/// The address that Azure's load-balancer probes come from.
const PROBE: IpAddr = IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16));

/// The rule that decides; there always is one, because the last default rule matches everything.
pub(crate) struct Decision {
    pub(crate) name: Id,
    pub(crate) priority: u16,
    pub(crate) allow: bool,
}

/// Asks one group on behalf of a VPC.
pub(crate) fn decide(
    index: &Index<'_>,
    nsg: &Nsg,
    vpc: &str,
    direction: Direction,
    header: Header,
) -> Decision {
    let own = nsg
        .rules
        .iter()
        .filter(|r| r.direction == direction && matches(index, r, vpc, header))
        .min_by_key(|r| r.priority);
    match own {
        Some(rule) => Decision { name: rule.name.clone(), priority: rule.priority, allow: rule.allow },
        None => default_rule(index, vpc, direction, header),
    }
}

fn matches(index: &Index<'_>, rule: &NsgRule, vpc: &str, header: Header) -> bool {
    let among = |list: &[NsgAddress], address| list.iter().any(|a| holds(index, a, vpc, address));
    let port = |ranges: &[PortRange], port| ranges.iter().any(|r| r.contains(port));
    rule.protocol.is_none_or(|n| n == header.protocol.number())
        && among(&rule.sources, header.source)
        && among(&rule.destinations, header.destination)
        // A rule that asks for ports means protocols that have some.
        && match header.protocol.ports() {
            Some((source, destination)) => {
                port(&rule.source_ports, source) && port(&rule.destination_ports, destination)
            }
            None => [&rule.source_ports, &rule.destination_ports].iter().all(|r| r.contains(&PortRange::ALL)),
        }
}

fn holds(index: &Index<'_>, address: &NsgAddress, vpc: &str, ip: IpAddr) -> bool {
    match address {
        NsgAddress::Any => true,
        NsgAddress::VirtualNetwork => in_virtual_network(index, vpc, ip),
        NsgAddress::Internet => !in_virtual_network(index, vpc, ip),
        NsgAddress::LoadBalancer => ip == PROBE,
        NsgAddress::Cidr(cidr) => cidr.contains(&ip),
    }
}

fn in_virtual_network(index: &Index<'_>, vpc: &str, ip: IpAddr) -> bool {
    index.in_vpc(vpc, ip) || index.peers(vpc).iter().any(|peer| index.in_vpc(peer, ip))
}

fn default_rule(index: &Index<'_>, vpc: &str, direction: Direction, header: Header) -> Decision {
    let inside = |ip| in_virtual_network(index, vpc, ip);
    let (from, to) = (inside(header.source), inside(header.destination));
    let (name, priority, allow) = match direction {
        Direction::Ingress if from && to => ("AllowVnetInBound", 65000, true),
        Direction::Ingress if header.source == PROBE => ("AllowAzureLoadBalancerInBound", 65001, true),
        Direction::Ingress => ("DenyAllInBound", 65500, false),
        Direction::Egress if from && to => ("AllowVnetOutBound", 65000, true),
        Direction::Egress if !to => ("AllowInternetOutBound", 65001, true),
        Direction::Egress => ("DenyAllOutBound", 65500, false),
    };
    Decision { name: name.into(), priority, allow }
}

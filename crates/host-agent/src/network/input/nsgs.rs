//! Network security groups with the default rules that every one of them implies.

use super::alive;
use crate::network::numbers::Numbers;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use network_plan as plan;
use records::{NetworkSecurityGroup, NsgRule, Vpc};
use std::sync::Arc;

/// Priorities of the default rules (Azure, "Network security groups", default security rules). Azure's 65001 inbound
/// admits its load balancer's probes, of which there are none here.
const WITHIN_VNET: u16 = 65_000;
const TO_INTERNET: u16 = 65_001;
const DENY_ALL: u16 = 65_500;

/// What the tags `VirtualNetwork` and `Internet` stand for in one VPC.
pub(super) struct Space {
    vnet: Vec<IpNet>,
    internet: Vec<IpNet>,
}

impl Space {
    /// The VPC's own and its peers' blocks, and everything else.
    pub(super) fn of(vpc: &Vpc, peerings: &[plan::Peering]) -> Space {
        let own_v4 = alive(&vpc.cidr_associations).map(IpNet::V4);
        let own_v6 = alive(&vpc.ipv6_associations).map(IpNet::V6);
        let peers = peerings.iter().flat_map(|p| p.remote_blocks.iter().copied());
        let vnet = IpNet::aggregate(&own_v4.chain(own_v6).chain(peers).collect());
        let internet = outside(&vnet);
        Space { vnet, internet }
    }
}

/// Every address that is in none of these blocks, of both families.
fn outside(blocks: &[IpNet]) -> Vec<IpNet> {
    let mut rest = vec![IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())];
    for block in blocks {
        rest = rest.into_iter().flat_map(|piece| without(piece, block)).collect();
    }
    rest
}

/// A block less a part of it: the halves on the way down that do not hold the part.
fn without(piece: IpNet, hole: &IpNet) -> Vec<IpNet> {
    if hole.contains(&piece) {
        return Vec::new();
    }
    let mut kept = Vec::new();
    let mut around = piece;
    while around.contains(hole) && around != *hole {
        let Ok(halves) = around.subnets(around.prefix_len() + 1) else { break };
        let (inside, outside): (Vec<_>, Vec<_>) = halves.partition(|half| half.contains(hole));
        kept.extend(outside);
        let Some(next) = inside.first() else { break };
        around = *next;
    }
    if kept.is_empty() { vec![piece] } else { kept }
}

/// The NSGs of a VPC.
pub(super) fn nsgs(
    found: &[Arc<NetworkSecurityGroup>],
    space: &Space,
    vpc_id: &str,
    numbers: &mut Numbers,
) -> Vec<plan::Nsg> {
    let numbered = found.iter().map(|nsg| (nsg, numbers.of(&format!("nsg {vpc_id}"), &nsg.id)));
    numbered
        .map(|(nsg, number)| plan::Nsg {
            id: nsg.id.clone(),
            number,
            inbound: side(nsg, false, space),
            outbound: side(nsg, true, space),
        })
        .collect()
}

fn side(nsg: &NetworkSecurityGroup, outbound: bool, space: &Space) -> Vec<plan::NsgRule> {
    let own = nsg.rules.iter().filter(|rule| rule.outbound == outbound);
    let mut rules: Vec<plan::NsgRule> = own.filter_map(|r| rule(r, space)).collect();
    rules.sort_by_key(|rule| rule.priority);
    let implied = |priority, allow, sources: &[IpNet], destinations: &[IpNet]| plan::NsgRule {
        priority,
        allow,
        protocol: None,
        sources: sources.to_vec(),
        source_ports: Vec::new(),
        destinations: destinations.to_vec(),
        destination_ports: Vec::new(),
    };
    rules.push(implied(WITHIN_VNET, true, &space.vnet, &space.vnet));
    if outbound {
        rules.push(implied(TO_INTERNET, true, &[], &space.internet));
    }
    rules.push(implied(DENY_ALL, false, &[], &[]));
    rules
}

fn rule(rule: &NsgRule, space: &Space) -> Option<plan::NsgRule> {
    let protocol = match rule.protocol {
        -1 => None,
        number => Some(u8::try_from(number).ok()?),
    };
    let blocks = |own: &[IpNet], vnet: bool| {
        let tagged = space.vnet.iter().filter(|_| vnet);
        own.iter().chain(tagged).copied().collect::<Vec<IpNet>>()
    };
    let ranges =
        |own: &[(u16, u16)]| own.iter().map(|(from, to)| plan::Ports { from: *from, to: *to }).collect();
    Some(plan::NsgRule {
        priority: rule.priority,
        allow: rule.allow,
        protocol,
        sources: blocks(&rule.sources, rule.source_is_vpc),
        source_ports: ranges(&rule.source_ports),
        destinations: blocks(&rule.destinations, rule.destination_is_vpc),
        destination_ports: ranges(&rule.destination_ports),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn the_internet_is_what_is_left() {
        let vnet = nets(&["10.0.0.0/8", "128.0.0.0/1", "2001:db8::/32"]);
        let rest = outside(&vnet);
        for inside in ["10.0.0.0", "10.255.255.255", "128.0.0.0", "255.255.255.255", "2001:db8::1"] {
            let address: std::net::IpAddr = inside.parse().unwrap();
            assert!(!rest.iter().any(|net| net.contains(&address)), "{inside}");
        }
        for beyond in ["9.255.255.255", "11.0.0.0", "127.255.255.255", "::", "2001:db7:ffff::", "2001:db9::"]
        {
            let address: std::net::IpAddr = beyond.parse().unwrap();
            assert_eq!(rest.iter().filter(|net| net.contains(&address)).count(), 1, "{beyond}");
        }
        assert_eq!(outside(&[]).len(), 2);
        assert!(outside(&nets(&["0.0.0.0/0", "::/0"])).is_empty());
    }
}

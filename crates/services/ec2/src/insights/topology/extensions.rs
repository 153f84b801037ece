//! What this cloud has beyond EC2: port forwardings and VNet-style groups.

use super::Reader;
use reachability::Direction;
use reachability::topology::{self, NsgAddress, PortRange, Topology};
use records::{NatGateway, NetworkSecurityGroup, NsgRule, PortForwarding, Subnet};
use std::net::{IpAddr, Ipv4Addr};

impl Reader<'_> {
    /// Port forwardings and VNet-style groups.
    pub(super) fn extensions(&self, topology: &mut Topology) {
        for forwarding in self.of::<PortForwarding>(|f| &f.vpc_id) {
            topology.port_forwardings.push(topology::PortForwarding {
                id: forwarding.id.as_str().into(),
                gateway: forwarding.gateway_id.as_str().into(),
                protocol: forwarding.protocol,
                gateway_address: Some(forwarding.public_ip.into()),
                gateway_port: forwarding.port,
                inner_address: forwarding.to_address.into(),
                inner_port: forwarding.to_port,
                masquerade: if forwarding.masquerade { self.seen_as(&forwarding) } else { None },
            });
        }
        for group in self.of::<NetworkSecurityGroup>(|g| &g.vpc_id) {
            topology.nsgs.push(topology::Nsg {
                id: group.id.as_str().into(),
                rules: group.rules.iter().map(nsg_rule).collect(),
            });
        }
    }

    /// The sender that the server sees: a NAT gateway's own address, or the router's in the server's subnet.
    fn seen_as(&self, forwarding: &PortForwarding) -> Option<IpAddr> {
        if let Some(gateway) = self.store.get::<NatGateway>(self.scope, &forwarding.gateway_id) {
            return gateway.addresses.iter().find(|a| a.primary).map(|a| a.private_ip.into());
        }
        let subnets = self.store.by_index::<Subnet>(self.scope, "vpc", &forwarding.vpc_id);
        let inner = subnets.iter().find(|s| s.cidr_block.contains(&forwarding.to_address))?;
        let base = u32::from(inner.cidr_block.network());
        Some(Ipv4Addr::from(base.checked_add(1)?).into())
    }
}

fn nsg_rule(rule: &NsgRule) -> topology::NsgRule {
    let addresses = |blocks: &[ipnet::IpNet], vpc: bool| {
        let mut all: Vec<NsgAddress> = blocks.iter().copied().map(NsgAddress::Cidr).collect();
        if vpc {
            all.push(NsgAddress::VirtualNetwork);
        }
        if all.is_empty() {
            all.push(NsgAddress::Any);
        }
        all
    };
    let ports = |ranges: &[(u16, u16)]| {
        if ranges.is_empty() {
            return vec![PortRange::ALL];
        }
        ranges.iter().map(|&(from, to)| PortRange { from, to }).collect()
    };
    topology::NsgRule {
        name: rule.name.as_str().into(),
        priority: rule.priority,
        direction: if rule.outbound { Direction::Egress } else { Direction::Ingress },
        allow: rule.allow,
        protocol: u8::try_from(rule.protocol).ok(),
        sources: addresses(&rule.sources, rule.source_is_vpc),
        source_ports: ports(&rule.source_ports),
        destinations: addresses(&rule.destinations, rule.destination_is_vpc),
        destination_ports: ports(&rule.destination_ports),
    }
}

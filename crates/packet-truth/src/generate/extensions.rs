//! What this cloud has beyond the plain EC2 network: VNet-style groups, forwarded ports.

use super::Maker;
use super::network::{address, id};
use ipnet::IpNet;
use reachability::topology::{InterfaceKind, Nsg, NsgAddress, NsgRule, PortForwarding, PortRange};
use reachability::{Direction, Id};
use std::net::IpAddr;

/// Ports outside that are forwarded.
const FORWARDED: [u16; 4] = [22, 443, 1978, 40_000];
/// Ports inside that they lead to.
const INNER: [u16; 4] = [22, 80, 443, 8080];
/// Protocols of the groups' rules that are neither TCP nor UDP: ICMP, ESP, and every protocol.
const PORTLESS: [Option<u8>; 3] = [Some(1), Some(50), None];

impl Maker<'_> {
    /// VNet-style groups of a VPC, on some of its subnets and interfaces.
    pub(super) fn nsgs(&mut self, vpc: usize) {
        if !self.random.percent(45) {
            return;
        }
        let own: Id = format!("vpc-{vpc}").into();
        let v6 = self.topology.vpcs[vpc].cidrs.len() > 1;
        let count = self.random.between(1, 2);
        for n in 0..count {
            let mut rules = Vec::new();
            for direction in [Direction::Ingress, Direction::Egress] {
                let mut priority = 100;
                for _ in 0..self.random.between(0, 3) {
                    rules.push(self.nsg_rule(priority, direction, v6));
                    priority += u16::try_from(self.random.between(1, 50)).unwrap_or(1);
                }
                if self.random.percent(60) {
                    rules.push(everything(4000, direction));
                }
            }
            self.topology.nsgs.push(Nsg { id: id("nsg", vpc, n), rules });
        }
        for n in 0..self.topology.subnets.len() {
            if self.topology.subnets[n].vpc == own && self.random.percent(35) {
                self.topology.subnets[n].nsg = Some(id("nsg", vpc, self.random.below(count)));
            }
        }
        for n in 0..self.topology.network_interfaces.len() {
            let interface = &self.topology.network_interfaces[n];
            if interface.vpc == own && interface.kind == InterfaceKind::Interface && self.random.percent(25) {
                self.topology.network_interfaces[n].nsg = Some(id("nsg", vpc, self.random.below(count)));
            }
        }
    }

    fn nsg_rule(&mut self, priority: u16, direction: Direction, v6: bool) -> NsgRule {
        let protocol = match self.random.below(10) {
            0..=4 => Some(6),
            5..=7 => Some(17),
            _ => self.random.pick(&PORTLESS).copied().flatten(),
        };
        let has_ports = matches!(protocol, None | Some(6 | 17));
        // A rule whose two sides are of different families is refused, for no packet could match it.
        let six = v6 && self.random.percent(40) && protocol != Some(1);
        let (sources, destinations) = (self.nsg_side(six), self.nsg_side(six));
        let source_ports =
            if has_ports && self.random.percent(25) { self.nsg_ports() } else { vec![PortRange::ALL] };
        let destination_ports = if has_ports { self.nsg_ports() } else { vec![PortRange::ALL] };
        NsgRule {
            name: format!("rule-{priority}-{}", direction.as_str()).into(),
            priority,
            direction,
            allow: self.random.percent(50),
            protocol,
            sources,
            source_ports,
            destinations,
            destination_ports,
        }
    }

    fn nsg_side(&mut self, six: bool) -> Vec<NsgAddress> {
        match self.random.below(6) {
            0 | 1 => vec![NsgAddress::Any],
            2 => vec![NsgAddress::VirtualNetwork],
            _ => {
                let mut blocks: Vec<IpNet> =
                    (0..self.random.between(1, 2)).map(|_| self.block(six).trunc()).collect();
                blocks.sort();
                blocks.dedup();
                // Everything of one family would be another rule than the API's `*`.
                blocks.into_iter().map(NsgAddress::Cidr).collect()
            }
        }
    }

    fn nsg_ports(&mut self) -> Vec<PortRange> {
        let mut ranges: Vec<PortRange> = (0..self.random.between(1, 2)).map(|_| self.ports()).collect();
        ranges.sort();
        ranges.dedup();
        // One range may hold the other, but every port is said by itself.
        if ranges.contains(&PortRange::ALL) { vec![PortRange::ALL] } else { ranges }
    }

    /// Forwarded ports of a VPC's internet gateway and NAT gateway.
    pub(super) fn forwardings(&mut self, vpc: usize) {
        let own: Id = format!("vpc-{vpc}").into();
        let internet = self.topology.internet_gateways.iter().find(|g| g.vpc.as_ref() == Some(&own));
        if let Some(gateway) = internet.map(|g| g.id.clone()).filter(|_| self.random.percent(55)) {
            let mut public = self.public_address();
            for n in 0..self.random.between(1, 3) {
                if n > 0 && self.random.percent(40) {
                    public = self.public_address();
                }
                let Some(inner) = self.inner(&own) else { break };
                let subnets = self.topology.subnets.iter().filter(|s| s.vpc == own);
                let subnet = subnets.flat_map(|s| &s.cidrs).find(|c| c.contains(&inner)).copied();
                // The server sees the router of its own subnet.
                let mask = subnet.map(|c| address(c, 1)).filter(|_| self.random.percent(40));
                self.forwarding(&gateway, public, inner, mask);
            }
        }
        let Some(nat) = self.topology.nat_gateways.iter().find(|n| n.vpc == own).cloned() else { return };
        let Some(at) = nat.addresses.first().filter(|_| self.random.percent(60)).cloned() else { return };
        for _ in 0..self.random.between(1, 2) {
            let masquerade = self.random.percent(50);
            let outside = masquerade && self.random.percent(20);
            let inner = if outside { "192.0.2.7".parse().ok() } else { self.inner(&own) };
            let Some(inner) = inner else { break };
            self.forwarding(
                &nat.id,
                at.public.unwrap_or(at.private),
                inner,
                masquerade.then_some(at.private),
            );
        }
    }

    fn forwarding(&mut self, gateway: &Id, at: IpAddr, inner: IpAddr, masquerade: Option<IpAddr>) {
        let protocol = if self.random.percent(60) { 6 } else { 17 };
        let gateway_port = self.random.pick(&FORWARDED).copied().unwrap_or(1978);
        let inner_port = self.random.pick(&INNER).copied().unwrap_or(80);
        let forwardings = &mut self.topology.port_forwardings;
        let taken = |f: &PortForwarding| {
            (f.gateway_address, f.protocol, f.gateway_port) == (Some(at), protocol, gateway_port)
        };
        if forwardings.iter().any(taken) {
            return;
        }
        let id: Id = format!("pfw-{}", forwardings.len()).into();
        forwardings.push(PortForwarding {
            id,
            gateway: gateway.clone(),
            protocol,
            gateway_address: Some(at),
            gateway_port,
            inner_address: inner,
            inner_port,
            masquerade,
        });
    }

    /// Where a port may lead: mostly to an interface, sometimes to an address of a subnet that nobody has.
    fn inner(&mut self, vpc: &Id) -> Option<IpAddr> {
        if self.random.percent(10) {
            let subnets: Vec<IpNet> =
                self.topology.subnets.iter().filter(|s| s.vpc == *vpc).map(|s| s.cidrs[0]).collect();
            // Interfaces have even offsets and the one behind.
            return self.random.pick(&subnets).map(|subnet| address(*subnet, 11));
        }
        let interfaces = self.topology.network_interfaces.iter().filter(|i| i.vpc == *vpc);
        let able: Vec<IpAddr> = interfaces
            .filter(|i| i.kind == InterfaceKind::Interface)
            .flat_map(|i| i.addresses.iter().copied().filter(IpAddr::is_ipv4))
            .collect();
        self.random.pick(&able).copied()
    }
}

fn everything(priority: u16, direction: Direction) -> NsgRule {
    NsgRule {
        name: format!("rule-{priority}-{}", direction.as_str()).into(),
        priority,
        direction,
        allow: true,
        protocol: None,
        sources: vec![NsgAddress::Any],
        source_ports: vec![PortRange::ALL],
        destinations: vec![NsgAddress::Any],
        destination_ports: vec![PortRange::ALL],
    }
}

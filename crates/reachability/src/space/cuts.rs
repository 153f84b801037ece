//! The constants that a packet's way compares its header with.

use super::cell::number;
use crate::index::Index;
use crate::judgement::{Component, ComponentKind as Kind, Step};
use crate::topology::{Direction, NsgAddress, PortRange, RulePeer, Selector};
use ipnet::IpNet;
use std::collections::BTreeSet;

/// Cuts by field. A cut `c` separates `c - 1` from `c`.
#[derive(Default)]
pub(crate) struct Cuts {
    pub(crate) source: BTreeSet<u128>,
    pub(crate) destination: BTreeSet<u128>,
    pub(crate) protocol: BTreeSet<u8>,
    pub(crate) first: BTreeSet<u16>,
    pub(crate) second: BTreeSet<u16>,
}

/// For which headers cuts are wanted: those of one family and, when known, one protocol.
#[derive(Clone, Copy)]
pub(crate) struct Scope {
    pub(crate) v6: bool,
    /// `None` while the protocol is open; then ports are of no interest.
    pub(crate) protocol: Option<u8>,
}

impl Cuts {
    /// Everything that the components on a way compare with.
    pub(crate) fn of_steps(index: &Index<'_>, steps: &[Step], scope: Scope) -> Self {
        let mut cuts = Self::default();
        for step in steps {
            cuts.component(index, &step.component, step.attached_to.as_ref(), step.direction, scope);
        }
        cuts
    }

    fn component(
        &mut self,
        index: &Index<'_>,
        component: &Component,
        attached_to: Option<&Component>,
        direction: Option<Direction>,
        scope: Scope,
    ) {
        let id = &component.id;
        match component.kind {
            Kind::SecurityGroup => {
                let interface = attached_to.and_then(|a| index.interface(&a.id));
                let groups = interface.into_iter().flat_map(|i| &i.groups).filter_map(|g| index.group(g));
                for rule in groups.flat_map(|g| &g.rules).filter(|r| Some(r.direction) == direction) {
                    self.selector(&rule.selector, scope);
                    match &rule.peer {
                        RulePeer::Cidr(cidr) => self.remote(rule.direction, *cidr, scope),
                        RulePeer::PrefixList { cidrs, .. } => {
                            for cidr in cidrs {
                                self.remote(rule.direction, *cidr, scope);
                            }
                        }
                        // Members' addresses are cut with the other addresses of the topology.
                        RulePeer::Group(_) => {}
                    }
                }
            }
            Kind::NetworkAcl => {
                let entries = index.acl(id).into_iter().flat_map(|a| &a.entries);
                for entry in entries.filter(|e| Some(e.direction) == direction) {
                    self.selector(&entry.selector, scope);
                    self.remote(entry.direction, entry.cidr, scope);
                }
            }
            Kind::Nsg => self.nsg(index, id, direction, scope),
            Kind::RouteTable => {
                for route in index.table(id).into_iter().flat_map(|t| &t.routes) {
                    for block in &route.destinations {
                        cut_block(&mut self.destination, *block, scope);
                    }
                }
            }
            // A low source port becomes an ephemeral one behind a NAT gateway.
            Kind::NatGateway => {
                self.first.insert(1024);
                self.forwardings(index, scope);
            }
            Kind::InternetGateway | Kind::Internet => self.forwardings(index, scope),
            Kind::GatewayEndpoint => self.icmp_type(8, scope),
            Kind::Router => {
                for kind in [8, 133, 134, 135, 136] {
                    self.icmp_type(kind, scope);
                }
                for port in [53, 67, 80, 123, 547] {
                    self.port(PortRange::one(port), scope);
                }
                for port in [68, 546] {
                    cut_ports(&mut self.first, PortRange::one(port));
                }
            }
            _ => {}
        }
    }

    fn nsg(&mut self, index: &Index<'_>, id: &str, direction: Option<Direction>, scope: Scope) {
        for rule in
            index.nsg(id).into_iter().flat_map(|n| &n.rules).filter(|r| Some(r.direction) == direction)
        {
            if let Some(n) = rule.protocol {
                self.protocol_number(n);
                if scope.protocol.is_some_and(|p| p != n) {
                    continue;
                }
            }
            for address in &rule.sources {
                if let NsgAddress::Cidr(cidr) = address {
                    cut_block(&mut self.source, *cidr, scope);
                }
            }
            for address in &rule.destinations {
                if let NsgAddress::Cidr(cidr) = address {
                    cut_block(&mut self.destination, *cidr, scope);
                }
            }
            for ports in &rule.destination_ports {
                self.port(*ports, scope);
            }
            for ports in &rule.source_ports {
                cut_ports(&mut self.first, *ports);
                // Behind a NAT gateway a low source port has become this one.
                cut_ports(
                    &mut self.first,
                    PortRange { from: ports.from.saturating_sub(1024), to: ports.to.saturating_sub(1024) },
                );
            }
        }
    }

    fn selector(&mut self, selector: &Selector, scope: Scope) {
        let Some(n) = selector.protocol else { return };
        self.protocol_number(n);
        if scope.protocol != Some(n) {
            return;
        }
        match n {
            6 | 17 => self.port(selector.ports, scope),
            1 | 58 => {
                if let Some(kind) = selector.icmp_type {
                    cut_ports(&mut self.first, PortRange::one(kind.into()));
                }
                if let Some(code) = selector.icmp_code {
                    cut_ports(&mut self.second, PortRange::one(code.into()));
                }
            }
            _ => {}
        }
    }

    fn remote(&mut self, direction: Direction, cidr: IpNet, scope: Scope) {
        match direction {
            Direction::Ingress => cut_block(&mut self.source, cidr, scope),
            Direction::Egress => cut_block(&mut self.destination, cidr, scope),
        }
    }

    fn forwardings(&mut self, index: &Index<'_>, scope: Scope) {
        for forwarding in &index.topology.port_forwardings {
            if scope.protocol == Some(forwarding.protocol) {
                self.port(PortRange::one(forwarding.gateway_port), scope);
            }
        }
    }

    fn protocol_number(&mut self, n: u8) {
        self.protocol.insert(n);
        self.protocol.extend(n.checked_add(1));
    }

    fn port(&mut self, ports: PortRange, scope: Scope) {
        if matches!(scope.protocol, Some(6 | 17)) {
            cut_ports(&mut self.second, ports);
        }
    }

    fn icmp_type(&mut self, kind: u8, scope: Scope) {
        if matches!(scope.protocol, Some(1 | 58)) {
            cut_ports(&mut self.first, PortRange::one(kind.into()));
        }
    }

    /// What the shape of the network compares addresses with, whatever the way: blocks, addresses and the ranges that
    /// mean something special. Only wanted while an address is open.
    pub(crate) fn addresses(index: &Index<'_>, v6: bool) -> BTreeSet<u128> {
        let mut cuts = BTreeSet::new();
        let scope = Scope { v6, protocol: None };
        let topology = index.topology;
        let special = [
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
        for block in special.iter().filter_map(|s| s.parse().ok()) {
            cut_block(&mut cuts, block, scope);
        }
        let blocks = topology.vpcs.iter().flat_map(|v| &v.cidrs);
        let blocks = blocks.chain(topology.subnets.iter().flat_map(|s| &s.cidrs));
        let blocks = blocks.chain(topology.network_interfaces.iter().flat_map(|i| &i.prefixes));
        for block in blocks {
            cut_block(&mut cuts, *block, scope);
            // The router's and the resolver's address and the broadcast address stand at the edges of a block.
            let base = number(block.network());
            let near = [1, 2, 3].map(|by| base.saturating_add(by));
            cuts.extend(
                near.into_iter()
                    .chain([number(block.broadcast())])
                    .filter(|_| block.network().is_ipv6() == v6),
            );
        }
        let interfaces = topology.network_interfaces.iter();
        let addresses =
            interfaces.flat_map(|i| i.addresses.iter().copied().chain(i.public.iter().map(|p| p.public)));
        let nats = topology.nat_gateways.iter().flat_map(|n| &n.addresses);
        let addresses = addresses.chain(nats.flat_map(|a| [Some(a.private), a.public]).flatten());
        let forwarded = topology.port_forwardings.iter().filter_map(|f| f.gateway_address);
        for address in addresses.chain(forwarded) {
            cut_block(&mut cuts, IpNet::from(address), scope);
        }
        // The way decides before the packet leaves whether it leaves at all, so routes count even where a filter
        // before them refuses.
        for route in topology.route_tables.iter().flat_map(|t| &t.routes) {
            for block in &route.destinations {
                cut_block(&mut cuts, *block, scope);
            }
        }
        cuts
    }
}

fn cut_block(cuts: &mut BTreeSet<u128>, block: IpNet, scope: Scope) {
    if block.network().is_ipv6() == scope.v6 {
        cuts.insert(number(block.network()));
        cuts.extend(number(block.broadcast()).checked_add(1));
    }
}

fn cut_ports(cuts: &mut BTreeSet<u16>, ports: PortRange) {
    if ports.from <= ports.to {
        cuts.insert(ports.from);
        cuts.extend(ports.to.checked_add(1));
    }
}

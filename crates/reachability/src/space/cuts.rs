//! The numbers that a packet's way compares its protocol, ports, type and code with.

use crate::index::Index;
use crate::judgement::{ComponentKind as Kind, Step};
use crate::topology::{Direction, PortRange, RulePeer, Selector};
use std::collections::BTreeSet;

/// Cuts by field. A cut `c` separates `c - 1` from `c`.
#[derive(Default)]
pub(crate) struct Cuts {
    pub(crate) protocol: BTreeSet<u8>,
    pub(crate) first: BTreeSet<u16>,
    pub(crate) second: BTreeSet<u16>,
    /// The protocol whose ports are of interest; `None` while the protocol itself is open.
    of: Option<u8>,
    /// Whether rules for other addresses count too.
    every_rule: bool,
}

impl Cuts {
    /// Everything that the components on a way compare packets of one protocol, between the addresses of the judged
    /// packet, with; of `None` just the protocols.
    pub(crate) fn of_steps<'s>(
        index: &Index<'_>,
        steps: impl IntoIterator<Item = &'s Step>,
        of: Option<u8>,
    ) -> Self {
        Self { of, ..Self::default() }.with_steps(index, steps)
    }

    /// The same with the rules for other addresses: they must not matter, which is worth a probe.
    pub(crate) fn of_every_rule(index: &Index<'_>, steps: &[Step], of: Option<u8>) -> Self {
        Self { of, every_rule: true, ..Self::default() }.with_steps(index, steps)
    }

    fn with_steps<'s>(mut self, index: &Index<'_>, steps: impl IntoIterator<Item = &'s Step>) -> Self {
        for step in steps {
            self.component(index, step);
        }
        self
    }

    /// Adds what the answer was compared with. Its ports are the packet's exchanged, and behind a NAT gateway a low
    /// port has moved up by 1024; an echo request is answered by another type.
    pub(crate) fn mirror(&mut self, back: &Self) {
        self.protocol.extend(&back.protocol);
        if matches!(self.of, Some(1 | 58)) {
            self.first.extend(&back.first);
            self.second.extend(&back.second);
            self.first.extend([1, 8, 9, 128, 129, 130]);
        } else {
            self.first.extend(back.second.iter().flat_map(|&c| [c, c.saturating_sub(1024)]));
            self.second.extend(&back.first);
        }
    }

    fn component(&mut self, index: &Index<'_>, step: &Step) {
        let id = &step.component.id;
        let remote = match step.direction {
            Some(Direction::Ingress) => step.inbound.source,
            _ => step.inbound.destination,
        };
        match step.component.kind {
            Kind::SecurityGroup => {
                let interface = step.attached_to.as_ref().and_then(|a| index.interface(&a.id));
                let groups = interface.into_iter().flat_map(|i| &i.groups).filter_map(|g| index.group(g));
                for rule in groups.flat_map(|g| &g.rules).filter(|r| Some(r.direction) == step.direction) {
                    let meant = match &rule.peer {
                        RulePeer::Cidr(cidr) => cidr.contains(&remote),
                        RulePeer::PrefixList { cidrs, .. } => cidrs.iter().any(|c| c.contains(&remote)),
                        RulePeer::Group(_) => true,
                    };
                    if meant || self.every_rule {
                        self.selector(&rule.selector);
                    }
                }
            }
            Kind::NetworkAcl => {
                let entries = index.acl(id).into_iter().flat_map(|a| &a.entries);
                for entry in entries.filter(|e| Some(e.direction) == step.direction) {
                    if entry.cidr.contains(&remote) || self.every_rule {
                        self.selector(&entry.selector);
                    }
                }
            }
            Kind::Nsg => self.nsg(index, id, step.direction),
            // Behind a NAT gateway a low source port becomes an ephemeral one; the gateway takes three protocols.
            Kind::NatGateway => {
                self.first.insert(1024);
                self.numbers([1, 6, 17]);
                self.forwardings(index);
            }
            Kind::InternetGateway | Kind::Internet => self.forwardings(index),
            Kind::GatewayEndpoint => {
                self.numbers([1, 6]);
                self.icmp_types([8]);
            }
            Kind::Router => {
                self.numbers([1, 6, 17, 58]);
                self.icmp_types([8, 133, 134, 135, 136]);
                for port in [53, 67, 80, 123, 547] {
                    self.port(PortRange::one(port));
                }
                for port in [68, 546] {
                    cut_ports(&mut self.first, PortRange::one(port));
                }
            }
            _ => {}
        }
    }

    fn nsg(&mut self, index: &Index<'_>, id: &str, direction: Option<Direction>) {
        for rule in
            index.nsg(id).into_iter().flat_map(|n| &n.rules).filter(|r| Some(r.direction) == direction)
        {
            if let Some(n) = rule.protocol {
                self.numbers([n]);
                if self.of.is_some_and(|p| p != n) {
                    continue;
                }
            } else {
                // One that asks for ports means the protocols that have some.
                self.numbers([6, 17]);
            }
            for ports in &rule.destination_ports {
                self.port(*ports);
            }
            for ports in rule.source_ports.iter().filter(|_| self.of.is_some_and(has_ports)) {
                cut_ports(&mut self.first, *ports);
                // Behind a NAT gateway a low source port has become this one.
                let moved = |port: u16| port.saturating_sub(1024);
                cut_ports(&mut self.first, PortRange { from: moved(ports.from), to: moved(ports.to) });
            }
        }
    }

    fn selector(&mut self, selector: &Selector) {
        let Some(n) = selector.protocol else { return };
        self.numbers([n]);
        if self.of != Some(n) {
            return;
        }
        self.port(selector.ports);
        self.icmp_types(selector.icmp_type);
        if let Some(code) = selector.icmp_code.filter(|_| matches!(n, 1 | 58)) {
            cut_ports(&mut self.second, PortRange::one(code.into()));
        }
    }

    fn forwardings(&mut self, index: &Index<'_>) {
        for forwarding in &index.topology.port_forwardings {
            self.numbers([forwarding.protocol]);
            if self.of == Some(forwarding.protocol) {
                self.port(PortRange::one(forwarding.gateway_port));
            }
        }
    }

    fn numbers(&mut self, numbers: impl IntoIterator<Item = u8>) {
        for n in numbers {
            self.protocol.insert(n);
            self.protocol.extend(n.checked_add(1));
        }
    }

    fn port(&mut self, ports: PortRange) {
        if self.of.is_some_and(has_ports) {
            cut_ports(&mut self.second, ports);
        }
    }

    fn icmp_types(&mut self, types: impl IntoIterator<Item = u8>) {
        if matches!(self.of, Some(1 | 58)) {
            for kind in types {
                cut_ports(&mut self.first, PortRange::one(kind.into()));
            }
        }
    }
}

const fn has_ports(protocol: u8) -> bool {
    matches!(protocol, 6 | 17)
}

fn cut_ports(cuts: &mut BTreeSet<u16>, ports: PortRange) {
    if ports.from <= ports.to {
        cuts.insert(ports.from);
        cuts.extend(ports.to.checked_add(1));
    }
}

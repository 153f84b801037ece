//! NAT gateways: into the gateway's subnet, through the translation, and out again by that subnet's routes.

use super::note::Note;
use super::{End, Walk};
use crate::codes::ExplanationCode as Code;
use crate::judgement::ComponentKind as Kind;
use crate::packet::{Header, Protocol};
use crate::topology::{Direction, Id, NatGateway, NetworkInterface, PortForwarding, Subnet};
use std::net::IpAddr;

/// Source ports behind a NAT gateway are ephemeral (code `REMAP_EPHEMERAL_PORT`: 1024–65535).
const FIRST_EPHEMERAL: u16 = 1024;

impl<'a> Walk<'a> {
    /// Into a NAT gateway: as the target of a route (egress), or addressed itself (ingress).
    pub(crate) fn reach_nat(
        &mut self,
        nat: &'a NatGateway,
        from: Option<&'a Subnet>,
        direction: Direction,
    ) -> End {
        self.enter_subnet(&nat.subnet, from);
        if !nat.available {
            let note = nat_note(nat, "the gateway is not available".to_owned());
            return Err(self.stop(note, Code::BadState));
        }
        let Some(subnet) = self.index.subnet(&nat.subnet) else {
            let note = nat_note(nat, "the gateway has no subnet".to_owned());
            return Err(self.stop(note, Code::BadState));
        };
        let before = self.header;
        let why = if let Some(after) = self.remembered(&nat.id) {
            self.header = after;
            "a flow that the gateway knows".to_owned()
        } else {
            match direction {
                Direction::Egress => self.source_nat(nat)?,
                Direction::Ingress => self.forwarded_by_nat(nat)?,
            }
        };
        self.past_nat = true;
        self.pass(nat_note(nat, why).facing(direction).changed_from(before));
        let hop = self.next_hop(subnet);
        self.forward(subnet, hop, None)
    }

    /// A new flow from inside: the source becomes the gateway's.
    fn source_nat(&mut self, nat: &'a NatGateway) -> Result<String, super::Stop> {
        let Header { source, .. } = self.header;
        // The gateway answers the middle of a connection that it does not know with a reset (AWS "Troubleshoot NAT
        // gateways"); UDP and ICMP begin anew.
        if self.flow().is_some() && matches!(self.header.protocol, Protocol::Tcp { .. }) {
            let note = nat_note(nat, "the gateway does not know the connection".to_owned());
            return Err(self.stop(note, Code::NoPath));
        }
        let refusal = if source.is_ipv6() {
            Some(("a NAT gateway translates IPv4 only".to_owned(), Code::ProtocolRestriction))
        } else if !matches!(
            self.header.protocol,
            Protocol::Tcp { .. } | Protocol::Udp { .. } | Protocol::Icmp { .. }
        ) {
            Some(("a NAT gateway takes TCP, UDP and ICMP only".to_owned(), Code::ProtocolRestriction))
        } else if !self.index.in_vpc(&nat.vpc, source) {
            Some((format!("{source} is not an address of the VPC"), Code::NgwRequiresSourceInVpc))
        } else {
            None
        };
        if let Some((why, code)) = refusal {
            return Err(self.stop(nat_note(nat, why), code));
        }
        let Some(address) = nat.addresses.iter().find(|a| a.private.is_ipv4()) else {
            let note = nat_note(nat, "the gateway has no address".to_owned());
            return Err(self.stop(note, Code::BadState));
        };
        let protocol = match self.header.protocol.ports() {
            // Which ephemeral port it becomes nobody promises; this one stands for all of them.
            Some((port, destination)) if port < FIRST_EPHEMERAL => {
                self.header.protocol.with_ports(FIRST_EPHEMERAL + port, destination)
            }
            _ => self.header.protocol,
        };
        self.track_sender();
        let after = Header { source: address.private, protocol, ..self.header };
        self.translate(&nat.id, after);
        Ok(format!("the source {source} becomes {}", address.private))
    }

    /// A packet to the gateway itself: only a forwarded port takes it.
    fn forwarded_by_nat(&mut self, nat: &'a NatGateway) -> Result<String, super::Stop> {
        let public = self.index.public_of(&nat.vpc, self.header.destination);
        let destination = self.header.destination;
        let at =
            |address: Option<IpAddr>| address.is_none() || address == public || address == Some(destination);
        let Some(forwarding) = self.forwarding(&nat.id, at) else {
            let why = "a NAT gateway takes no flows from outside".to_owned();
            return Err(self.stop(nat_note(nat, why), Code::NgwRequiresSourceInVpc));
        };
        self.track_sender();
        let source = forwarding.masquerade.unwrap_or(self.header.source);
        Ok(self.forward_port(forwarding, source))
    }

    /// The forwarding of a gateway that is meant by the packet.
    pub(crate) fn forwarding(
        &self,
        gateway: &Id,
        at: impl Fn(Option<IpAddr>) -> bool,
    ) -> Option<&'a PortForwarding> {
        let (_, port) = self.header.protocol.ports()?;
        self.index.topology.port_forwardings.iter().find(|f| {
            f.gateway == *gateway
                && f.protocol == self.header.protocol.number()
                && f.gateway_port == port
                && at(f.gateway_address)
        })
    }

    /// Rewrites the packet as a forwarding says, with this source.
    pub(crate) fn forward_port(&mut self, forwarding: &'a PortForwarding, source: IpAddr) -> String {
        let (source_port, _) = self.header.protocol.ports().unwrap_or_default();
        let after = Header {
            source,
            destination: forwarding.inner_address,
            protocol: self.header.protocol.with_ports(source_port, forwarding.inner_port),
        };
        self.translate(&forwarding.gateway, after);
        format!(
            "port {} leads to {}:{}",
            forwarding.gateway_port, forwarding.inner_address, forwarding.inner_port
        )
    }

    /// Flows through NAT and egress-only gateways and to interface endpoints are tracked even where the rules would
    /// not ask for it (AWS "Security group connection tracking": automatically tracked connections).
    pub(crate) fn track_sender(&mut self) {
        if let Some(sender) = self.sender {
            self.track(sender);
        }
    }

    /// Remembers a new flow at an interface.
    pub(crate) fn track(&mut self, interface: &NetworkInterface) {
        if self.flow().is_none() && !self.tracked_at.contains(&interface.id) {
            self.tracked_at.push(interface.id.clone());
        }
    }
}

fn nat_note(nat: &NatGateway, why: String) -> Note {
    Note::new(Kind::NatGateway, &nat.id, why).of_vpc(&nat.vpc)
}

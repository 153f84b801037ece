//! Forwarded ports of an internet gateway.
//!
//! Filters on the way in and out judge the packet with the true sender: a gateway that masquerades puts its own address in
//! behind the last of them, and takes it out again before the first. A flow through such a port ends with the forwarding.

use super::internet::igw_in;
use super::note::Note;
use super::router::{Hop, Target};
use super::{End, Walk};
use crate::codes::ExplanationCode as Code;
use crate::packet::Translation;
use crate::topology::{Direction, Id, InternetGateway, NetworkInterface, PortForwarding};
use std::net::IpAddr;

impl<'a> Walk<'a> {
    /// A forwarded port of an internet gateway, if the packet means one.
    pub(super) fn forwarded_by_gateway(&mut self) -> Option<End> {
        if let Some(end) = self.known_to_gateway() {
            return Some(end);
        }
        let destination = self.header.destination;
        let gateways = self.index.topology.internet_gateways.iter();
        let (gateway, vpc, forwarding) =
            gateways.filter_map(|g| Some((g, g.vpc.as_ref()?))).find_map(|(g, vpc)| {
                let mapped = self.index.public(destination).is_some_and(|(o, _)| o.vpc() == vpc);
                let at = |address: Option<IpAddr>| match address {
                    Some(address) => address == destination,
                    None => mapped,
                };
                self.forwarding(&g.id, at).map(|f| (g, vpc, f))
            })?;
        if let Err(stop) = self.check_outside_source(gateway, vpc) {
            return Some(Err(stop));
        }
        let before = self.header;
        let why = self.forward_port(forwarding, before.source);
        self.mask = forwarding.masquerade;
        self.pass(igw_in(gateway, vpc, why).changed_from(before));
        Some(self.behind_gateway(gateway, vpc))
    }

    /// A packet of a flow that came in by a forwarded port. Where the forwarding is gone it is turned away by the gateway
    /// if that still has the address for another port, and otherwise reaches nobody.
    fn known_to_gateway(&mut self) -> Option<End> {
        let (gateway, vpc, translation) = self.through_port()?;
        let after = self.remembered(&gateway.id)?;
        let Some(forwarding) = self.forwarding_of(translation) else {
            let same = |f: &&PortForwarding| {
                f.gateway == gateway.id && f.gateway_address == Some(translation.before.destination)
            };
            self.index.topology.port_forwardings.iter().find(same)?;
            let note = igw_in(gateway, vpc, "the port is no longer forwarded".to_owned());
            return Some(Err(self.stop(note, Code::IgwPrivateIpAssociationForIngress)));
        };
        let before = self.header;
        self.header = after;
        self.mask = forwarding.masquerade;
        self.pass(igw_in(gateway, vpc, "a flow of a forwarded port".to_owned()).changed_from(before));
        Some(self.behind_gateway(gateway, vpc))
    }

    /// Whether an attached internet gateway has this address for the sake of forwarded ports.
    pub(super) fn is_forwarded_address(&self, address: IpAddr) -> bool {
        let attached = |id: &Id| self.index.igw(id).is_some_and(|gateway| gateway.vpc.is_some());
        let forwardings = &self.index.topology.port_forwardings;
        forwardings.iter().any(|f| f.gateway_address == Some(address) && attached(&f.gateway))
    }

    /// What an internet gateway's forwarded port made of the first packet of this flow.
    fn through_port(&self) -> Option<(&'a InternetGateway, &'a Id, &'a Translation)> {
        self.flow()?.translations.iter().find_map(|translation| {
            let gateway = self.index.igw(&translation.gateway)?;
            Some((gateway, gateway.vpc.as_ref()?, translation))
        })
    }

    /// The forwarding that a translation came from, if that port is still forwarded.
    fn forwarding_of(&self, translation: &Translation) -> Option<&'a PortForwarding> {
        let (_, port) = translation.before.protocol.ports()?;
        self.index.topology.port_forwardings.iter().find(|f| {
            f.gateway == translation.gateway
                && f.protocol == translation.before.protocol.number()
                && f.gateway_port == port
                && f.gateway_address.is_none_or(|a| a == translation.before.destination)
        })
    }

    /// Whether the port is still forwarded by which this flow came in through the gateway.
    pub(super) fn is_still_forwarded(&self, gateway: &InternetGateway) -> bool {
        self.through_port().is_some_and(|(own, _, translation)| {
            own.id == gateway.id && self.forwarding_of(translation).is_some()
        })
    }

    /// A machine that answers its masquerading gateway means whoever came through it: from here on the packet carries
    /// that address. The gateway, if so.
    pub(super) fn unmask(&mut self) -> Option<&'a InternetGateway> {
        let flow = self.flow()?;
        let (gateway, _, translation) = self.through_port()?;
        let seen = flow.delivered;
        if self.header != seen.reversed() || translation.after.source == seen.source {
            return None;
        }
        self.header.destination = translation.after.source;
        Some(gateway)
    }

    /// The answer to a masquerading gateway: no route table is asked, for to the machine the gateway is a neighbour.
    pub(super) fn answer_by_port(
        &mut self,
        sender: &'a NetworkInterface,
        gateway: &'a InternetGateway,
    ) -> End {
        let hop = Hop::Routed { table: None, chosen: None, target: Target::InternetGateway(gateway) };
        self.gate_out(sender, &hop);
        let Some(subnet) = self.index.subnet(&sender.subnet) else {
            let note = Note::interface(sender, Direction::Egress, "the interface has no subnet");
            return Err(self.stop(note, Code::BadState));
        };
        self.acl(subnet, Direction::Egress);
        self.out_of_internet_gateway(gateway, &sender.vpc, Some(sender))
    }
}

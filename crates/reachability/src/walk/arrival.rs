//! The last part of the way: into the interface that owns the destination.

use super::note::Note;
use super::sender::out_of_service;
use super::{End, Walk};
use crate::codes::ExplanationCode as Code;
use crate::index::Owner;
use crate::judgement::{ComponentKind as Kind, Verdict};
use crate::packet::Place;
use crate::topology::{Direction, Id, InterfaceKind, NetworkInterface, Subnet};

impl<'a> Walk<'a> {
    /// To whoever owns the destination in a VPC. `from` is the subnet that the packet comes from, if it is in this VPC.
    pub(crate) fn arrive(&mut self, vpc: &'a Id, from: Option<&'a Subnet>) -> End {
        match self.index.owner(vpc, self.header.destination) {
            Some(Owner::Interface(interface)) => self.reach_interface(interface, from),
            Some(Owner::Nat(nat)) => self.reach_nat(nat, from, Direction::Ingress),
            None => {
                let why = format!("nobody in the VPC has the address {}", self.header.destination);
                let note = Note::new(Kind::Router, vpc, why).of_vpc(vpc);
                Err(self.stop(note, Code::NoPossibleDestination))
            }
        }
    }

    /// Into an interface, as the destination or by a route through it.
    pub(crate) fn reach_interface(
        &mut self,
        interface: &'a NetworkInterface,
        from: Option<&'a Subnet>,
    ) -> End {
        self.enter_subnet(&interface.subnet, from);
        self.gate_in(interface);
        let note = |why: String| Note::interface(interface, Direction::Ingress, why);
        if let Some((why, code)) = out_of_service(interface) {
            return Err(self.stop(note(why.to_owned()), code));
        }
        let destination = self.header.destination;
        if interface.kind == InterfaceKind::NatGateway {
            let why = "no NAT gateway is known behind this interface".to_owned();
            return Err(self.stop(note(why), Code::BadState));
        }
        if interface.kind == InterfaceKind::VpcEndpoint {
            self.track_sender();
            self.track(interface);
        }
        if interface.owns(destination) {
            self.pass(note(format!("{destination} is the interface's own address")));
            return Ok(self.delivered(Place::NetworkInterface(interface.id.clone())));
        }
        if interface.source_dest_check {
            let why = format!("{destination} is not an address of the interface, and its check is on");
            return Err(self.stop(note(why), Code::EniSourceDestCheckRestriction));
        }
        self.pass(note("the source/destination check is off: handed to the appliance".to_owned()));
        Ok(Verdict::DeliveredToAppliance { interface: interface.id.clone(), as_seen: self.as_seen() })
    }

    /// Over the border of a subnet, unless the packet is in it already.
    pub(crate) fn enter_subnet(&mut self, subnet: &'a Id, from: Option<&'a Subnet>) {
        if from.is_some_and(|f| f.id == *subnet) {
            return;
        }
        if let Some(subnet) = self.index.subnet(subnet) {
            self.acl(subnet, Direction::Ingress);
        }
    }

    /// An answer of the router's services: it goes straight to the interface, unfiltered.
    pub(crate) fn answer_from_service(&mut self, vpc: &'a Id) -> End {
        let Some(Owner::Interface(interface)) = self.index.owner(vpc, self.header.destination) else {
            let why = format!("nobody in the VPC has the address {}", self.header.destination);
            let note = Note::new(Kind::Router, vpc, why).of_vpc(vpc);
            return Err(self.stop(note, Code::NoPossibleDestination));
        };
        self.pass(Note::new(Kind::Router, vpc, "the router's services are not filtered").of_vpc(vpc));
        let note = |why: String| Note::interface(interface, Direction::Ingress, why);
        if let Some((why, code)) = out_of_service(interface) {
            return Err(self.stop(note(why.to_owned()), code));
        }
        self.pass(note(format!("{} is the interface's own address", self.header.destination)));
        Ok(self.delivered(Place::NetworkInterface(interface.id.clone())))
    }

    /// An answer from a service behind a gateway endpoint.
    pub(crate) fn answer_from_endpoint(&mut self, id: &'a Id) -> End {
        let Some(endpoint) = self.index.endpoint(id).filter(|e| e.available) else {
            let note = Note::new(Kind::GatewayEndpoint, id, "the endpoint is not available");
            return Err(self.stop(note, Code::BadState));
        };
        let note = |why: &str| Note::new(Kind::GatewayEndpoint, id, why).of_vpc(&endpoint.vpc);
        if self.flow().is_none() {
            return Err(self.stop(note("a gateway endpoint never opens a flow"), Code::NoPath));
        }
        self.pass(note("an answer of the service"));
        self.arrive(&endpoint.vpc, None)
    }
}

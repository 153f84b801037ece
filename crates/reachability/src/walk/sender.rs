//! The first part of the way: out of the sending interface.

use super::router::{Hop, Target};
use super::services::{Special, classify};
use super::{End, Stop, Walk};
use crate::codes::ExplanationCode as Code;
use crate::judgement::ComponentKind as Kind;
use crate::packet::{Place, Service, SourceMac};
use crate::topology::{Direction, Id, InterfaceKind, NetworkInterface};
use crate::walk::note::Note;
use std::net::IpAddr;

impl<'a> Walk<'a> {
    /// A packet that an interface sends.
    pub(crate) fn send_from_interface(&mut self, id: &'a Id) -> End {
        let Some(sender) = self.index.interface(id) else {
            let note = Note::new(Kind::NetworkInterface, id, "the sending interface does not exist");
            return Err(self.stop(note, Code::NoSourceOrDestination));
        };
        let answered = self.unmask();
        let special = classify(self.index, sender, self.header);
        self.check_sender(sender, &special)?;
        match special {
            Special::Service(service) => return self.reach_service(sender, service),
            Special::NotSpoken(service) => {
                let why = format!("the router's {service:?} service does not take this protocol or port");
                return Err(self.stop(Note::new(Kind::Router, &sender.vpc, why), Code::ProtocolRestriction));
            }
            Special::Nowhere(why) => {
                self.refuse(Note::new(Kind::Router, &sender.vpc, why), Code::NoPossibleDestination);
                // The sender's filters may refuse it as well; who asks them first finds that foreseen.
                let nowhere = Hop::Routed { table: None, chosen: None, target: Target::NoRoute };
                self.gate_out(sender, &nowhere);
                return Err(Stop);
            }
            Special::Ordinary => {}
        }
        self.sender = Some(sender);
        if let Some(gateway) = answered {
            return self.answer_by_port(sender, gateway);
        }
        let Some(subnet) = self.index.subnet(&sender.subnet) else {
            let note = Note::interface(sender, Direction::Egress, "the interface has no subnet");
            return Err(self.stop(note, Code::BadState));
        };
        let hop = self.next_hop(subnet);
        self.gate_out(sender, &hop);
        self.forward(subnet, hop, Some(sender))
    }

    /// The interface's own checks: it runs, the frame is honest, the source is its own.
    fn check_sender(&mut self, sender: &'a NetworkInterface, special: &Special) -> Result<(), Stop> {
        let note = |why: String| Note::interface(sender, Direction::Egress, why);
        if let Some((why, code)) = out_of_service(sender) {
            return Err(self.stop(note(why.to_owned()), code));
        }
        if sender.kind != InterfaceKind::Interface && self.flow().is_none() {
            let why = "what stands behind this interface never opens a flow";
            return Err(self.stop(note(why.to_owned()), Code::NoPath));
        }
        // No setting lets an interface send under another's hardware address.
        if self.packet.source_mac == SourceMac::Foreign {
            let why = "the frame's source is not the interface's hardware address";
            return Err(self.stop(note(why.to_owned()), Code::EniAddressRestriction));
        }
        let source = self.header.source;
        if is_no_sender(source) && !may_be_unnumbered(special, source) {
            let why = format!("{source} is no address that anybody can have");
            return Err(self.stop(note(why), Code::EniAddressRestriction));
        }
        let own = sender.owns(source) || may_be_unnumbered(special, source);
        // A service knows its client by the address, so there the check cannot be switched off.
        let service = matches!(special, Special::Service(_) | Special::NotSpoken(_));
        if !own && (sender.source_dest_check || service) {
            let why = format!("{source} is not an address of the interface");
            return Err(self.stop(note(why), Code::EniSourceDestCheckRestriction));
        }
        let why = if own {
            format!("{source} is the interface's own address")
        } else {
            "the source/destination check is off".to_owned()
        };
        self.pass(note(why));
        Ok(())
    }

    fn reach_service(&mut self, sender: &'a NetworkInterface, service: Service) -> End {
        let why = format!("the router's {service:?} service; neither groups nor ACLs filter it");
        self.pass(Note::new(Kind::Router, &sender.vpc, why).of_vpc(&sender.vpc));
        Ok(self.delivered(Place::Service { vpc: sender.vpc.clone(), service }))
    }
}

/// Why an interface neither sends nor receives, if so.
pub(crate) fn out_of_service(interface: &NetworkInterface) -> Option<(&'static str, Code)> {
    if interface.kind == InterfaceKind::Interface && interface.instance.is_none() {
        Some(("the interface is not attached to an instance", Code::BadStateAttachment))
    } else if !interface.running {
        Some(("what stands behind the interface does not run", Code::BadState))
    } else {
        None
    }
}

/// Whether an address is not unicast, so that nobody can send from it, whatever the source/destination check says.
fn is_no_sender(source: IpAddr) -> bool {
    source.is_unspecified()
        || source.is_loopback()
        || source.is_multicast()
        || matches!(source, IpAddr::V4(a) if a.octets()[0] == 0 || a.octets()[0] >= 240)
}

/// DHCP and neighbour discovery begin before there is an address.
fn may_be_unnumbered(special: &Special, source: IpAddr) -> bool {
    let link_local = matches!(source, IpAddr::V6(a) if a.segments()[0] & 0xffc0 == 0xfe80);
    match special {
        Special::Service(Service::Dhcp | Service::NeighbourDiscovery) => {
            source.is_unspecified() || link_local
        }
        _ => false,
    }
}

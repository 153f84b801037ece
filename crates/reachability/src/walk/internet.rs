//! Internet gateways and egress-only gateways, both ways.

use super::note::Note;
use super::router::{Target, resolve};
use super::sender::out_of_service;
use super::{End, Stop, Walk};
use crate::codes::ExplanationCode as Code;
use crate::index::Owner;
use crate::judgement::{ComponentKind as Kind, RouteFact, Rule};
use crate::packet::Place;
use crate::route;
use crate::topology::{
    Direction, EgressOnlyInternetGateway, Id, InternetGateway, NetworkInterface, RouteTarget,
};
use std::net::{IpAddr, Ipv4Addr};

impl<'a> Walk<'a> {
    /// Out of a VPC. An IPv4 source needs a public address; IPv6 leaves as it is.
    pub(crate) fn out_of_internet_gateway(
        &mut self,
        gateway: &'a InternetGateway,
        vpc: &'a Id,
        from: Option<&'a NetworkInterface>,
    ) -> End {
        let note = |why: String| {
            Note::new(Kind::InternetGateway, &gateway.id, why).facing(Direction::Egress).of_vpc(vpc)
        };
        let before = self.header;
        if let Some(code) = self.private_range(before.destination, PRIVATE_DESTINATION) {
            let why = format!("{} is a private address", before.destination);
            return Err(self.stop(note(why), code));
        }
        if let Some(after) = self.remembered(&gateway.id) {
            if !self.is_still_forwarded(gateway) {
                let why = "the port is no longer forwarded".to_owned();
                return Err(self.stop(note(why), Code::IgwPublicIpAssociationForEgress));
            }
            self.header = after;
            self.pass(note("the answer of a forwarded port".to_owned()).changed_from(before));
            return self.outside();
        }
        if let Some(appliance) = self.redirected(gateway, vpc, before.source)
            && from.is_some_and(|f| f.id != appliance.id)
        {
            let why = format!("arriving packets pass {}, so leaving ones must too", appliance.id);
            return Err(self.stop(note(why), Code::IngressRtbTrafficRedirection));
        }
        // IPv6 leaves under any address of the VPC: what is not an interface's own has passed an interface whose
        // source/destination check is off.
        let (public, lack) = if before.source.is_ipv6() {
            let own = self.index.in_vpc(vpc, before.source).then_some(before.source);
            (own, "is not an address of the VPC")
        } else {
            let sendable = match self.index.owner(vpc, before.source) {
                Some(Owner::Interface(i)) => out_of_service(i).is_none(),
                Some(Owner::Nat(n)) => n.available,
                None => false,
            };
            (self.index.public_of(vpc, before.source).filter(|_| sendable), "has no public address")
        };
        let Some(public) = public else {
            let why = format!("{} {lack}", before.source);
            return Err(self.stop(note(why), Code::IgwPublicIpAssociationForEgress));
        };
        self.header.source = public;
        let why = if public == before.source {
            "IPv6 is not translated".to_owned()
        } else {
            format!("the source {} becomes {public}", before.source)
        };
        self.pass(note(why).changed_from(before));
        self.outside()
    }

    /// Out by an egress-only gateway, which remembers the flow.
    pub(crate) fn out_of_egress_only(&mut self, gateway: &'a EgressOnlyInternetGateway) -> End {
        let note = |why: String| {
            Note::new(Kind::EgressOnlyInternetGateway, &gateway.id, why)
                .facing(Direction::Egress)
                .of_vpc(&gateway.vpc)
        };
        let source = self.header.source;
        if source.is_ipv4() {
            let note = note("an egress-only gateway carries IPv6 only".to_owned());
            return Err(self.stop(note, Code::ProtocolRestriction));
        }
        if !self.index.in_vpc(&gateway.vpc, source) {
            let note = note(format!("{source} is not an address in the VPC"));
            return Err(self.stop(note, Code::GatewayRejectsSpoofedTraffic));
        }
        // A flow that came in otherwise cannot answer this way: the gateway does not know it.
        if self.flow().is_some() && self.remembered(&gateway.id).is_none() {
            let note = note("the gateway does not know the flow".to_owned());
            return Err(self.stop(note, Code::NoPath));
        }
        if self.flow().is_none() {
            self.track_sender();
            self.translate(&gateway.id, self.header);
        }
        self.pass(note("IPv6 out; only answers come back".to_owned()));
        self.outside()
    }

    /// On the internet: back in, when the destination is an address of this cloud.
    fn outside(&mut self) -> End {
        let destination = self.header.destination;
        self.hops += 1;
        let ours = self.index.public(destination).is_some()
            || self.index.vpc_of_v6(destination).is_some()
            || self.is_forwarded_address(destination);
        if ours && self.hops <= super::MAX_HOPS {
            return self.come_from_internet();
        }
        self.pass(Note::new(Kind::Internet, &"internet".into(), "outside every VPC"));
        Ok(self.delivered(Place::Internet))
    }

    /// A packet from outside, by its destination.
    pub(crate) fn come_from_internet(&mut self) -> End {
        if self.header.destination.is_ipv6() {
            return self.come_from_internet_v6();
        }
        if let Some(end) = self.forwarded_by_gateway() {
            return end;
        }
        let Some((owner, private)) = self.index.public(self.header.destination) else {
            let why = format!("{} is nobody's public address", self.header.destination);
            let note = Note::new(Kind::Internet, &"internet".into(), why);
            return Err(self.stop(note, Code::IgwPrivateIpAssociationForIngress));
        };
        let gateway = self.gateway_into(owner.vpc())?;
        self.check_outside_source(gateway, owner.vpc())?;
        let before = self.header;
        self.header.destination = private;
        let why = format!("the destination {} becomes {private}", before.destination);
        self.pass(igw_in(gateway, owner.vpc(), why).changed_from(before));
        // Nothing is on its way to who is not there, also not by an appliance.
        if matches!(owner, Owner::Interface(interface) if out_of_service(interface).is_some()) {
            return self.arrive(owner.vpc(), None);
        }
        self.behind_gateway(gateway, owner.vpc())
    }

    fn come_from_internet_v6(&mut self) -> End {
        let destination = self.header.destination;
        let Some(vpc) = self.index.vpc_of_v6(destination) else {
            let why = format!("{destination} is in no VPC");
            let note = Note::new(Kind::Internet, &"internet".into(), why);
            return Err(self.stop(note, Code::IgwPrivateIpAssociationForIngress));
        };
        let known = self.index.topology.egress_only_gateways.iter();
        let known = known.filter(|g| g.vpc == vpc.id).find(|g| self.remembered(&g.id).is_some());
        if let Some(gateway) = known {
            let why = "an answer to a flow that the gateway knows";
            let note = Note::new(Kind::EgressOnlyInternetGateway, &gateway.id, why);
            self.pass(note.facing(Direction::Ingress).of_vpc(&vpc.id));
            return self.arrive(&vpc.id, None);
        }
        // The subnet's way out is an egress-only gateway, which keeps the internet from opening flows.
        if let Some(gateway) = self.egress_only_before(destination, &vpc.id) {
            let why = "an egress-only gateway takes no flows from outside";
            let note = Note::new(Kind::EgressOnlyInternetGateway, &gateway.id, why);
            self.refuse(note.facing(Direction::Ingress).of_vpc(&vpc.id), Code::NoPath);
            // Filters behind it may refuse the packet as well.
            return self.arrive(&vpc.id, None);
        }
        let Ok(gateway) = self.gateway_into(&vpc.id) else { return self.arrive(&vpc.id, None) };
        self.check_outside_source(gateway, &vpc.id)?;
        // An appliance of the gateway's route table may be asked for any address.
        if gateway.route_table.is_none() && self.index.owner(&vpc.id, destination).is_none() {
            let note = igw_in(gateway, &vpc.id, format!("nobody has the address {destination}"));
            return Err(self.stop(note, Code::IgwPrivateIpAssociationForIngress));
        }
        self.pass(igw_in(gateway, &vpc.id, "IPv6 is not translated".to_owned()));
        self.behind_gateway(gateway, &vpc.id)
    }

    /// The gateway by which a VPC is entered.
    fn gateway_into(&mut self, vpc: &'a Id) -> Result<&'a InternetGateway, Stop> {
        if let Some(gateway) = self.index.gateway_of(vpc) {
            return Ok(gateway);
        }
        let note =
            Note::new(Kind::Internet, &"internet".into(), "the VPC has no internet gateway").towards(vpc);
        Err(self.stop(note, Code::BadStateAttachment))
    }

    pub(super) fn check_outside_source(
        &mut self,
        gateway: &'a InternetGateway,
        vpc: &'a Id,
    ) -> Result<(), Stop> {
        let source = self.header.source;
        if let Some(code) = self.private_range(source, PRIVATE_SOURCE) {
            return Err(self.stop(igw_in(gateway, vpc, format!("{source} is a private address")), code));
        }
        if self.index.in_vpc(vpc, source) {
            let note = igw_in(gateway, vpc, format!("{source} is an address of the VPC itself"));
            return Err(self.stop(note, Code::GatewayRejectsSpoofedTraffic));
        }
        Ok(())
    }

    /// Behind the gateway: its route table, if it has one, or straight to the destination.
    pub(super) fn behind_gateway(&mut self, gateway: &'a InternetGateway, vpc: &'a Id) -> End {
        let Some(table) = gateway.route_table.as_ref().and_then(|id| self.index.table(id)) else {
            return self.arrive(vpc, None);
        };
        let note = |why: String| Note::new(Kind::RouteTable, &table.id, why).of_vpc(vpc);
        let Some(chosen) = route::choose(table, self.header.destination) else {
            let why = format!("no route of the gateway leads to {}", self.header.destination);
            return Err(self.stop(note(why), Code::NoRouteToDestination));
        };
        let fact = RouteFact { destination: chosen.destination, route: chosen.route.clone() };
        let why = format!("{} leads to {}", chosen.destination, route::name(&chosen.route.target));
        let note = note(why).by(Rule::Route(Box::new(fact)));
        match resolve(self.index, vpc, &chosen.route.target) {
            Target::Local(vpc) => {
                self.pass(note);
                self.arrive(vpc, None)
            }
            Target::Interface(appliance) => {
                let public = appliance.addresses.iter().any(|a| self.index.public_of(vpc, *a).is_some());
                if self.header.destination.is_ipv4() && !public {
                    return Err(self.stop(note, Code::IngressRtbNoPublicIp));
                }
                self.pass(note);
                self.reach_interface(appliance, None)
            }
            // A gateway route table has no other targets.
            _ => Err(self.stop(note, Code::BadStateRoute)),
        }
    }

    /// The appliance that a gateway's route table puts before an address.
    fn redirected(
        &self,
        gateway: &'a InternetGateway,
        vpc: &'a Id,
        address: IpAddr,
    ) -> Option<&'a NetworkInterface> {
        let table = gateway.route_table.as_ref().and_then(|id| self.index.table(id))?;
        match resolve(self.index, vpc, &route::choose(table, address)?.route.target) {
            Target::Interface(appliance) => Some(appliance),
            _ => None,
        }
    }

    /// The egress-only gateway that the answer from an address would leave by.
    fn egress_only_before(&self, address: IpAddr, vpc: &'a Id) -> Option<&'a EgressOnlyInternetGateway> {
        let Some(Owner::Interface(interface)) = self.index.owner(vpc, address) else { return None };
        let table = self.index.table_of(self.index.subnet(&interface.subnet)?)?;
        match &route::choose(table, self.header.source)?.route.target {
            RouteTarget::EgressOnlyInternetGateway(id) => self.index.eigw(id),
            _ => None,
        }
    }

    /// The code for an address that does not exist on the internet, unless this outside has such addresses.
    fn private_range(&self, address: IpAddr, codes: Codes) -> Option<Code> {
        let IpAddr::V4(v4) = address else { return None };
        if self.index.topology.outside_private {
            None
        } else if v4.is_private() {
            Some(codes.0)
        } else if u32::from(v4) >> 22 == u32::from(Ipv4Addr::new(100, 64, 0, 0)) >> 22 {
            Some(codes.1)
        } else {
            None
        }
    }
}

pub(super) fn igw_in(gateway: &InternetGateway, vpc: &Id, why: String) -> Note {
    Note::new(Kind::InternetGateway, &gateway.id, why).facing(Direction::Ingress).of_vpc(vpc)
}

/// The codes for RFC 1918 and RFC 6598 addresses.
type Codes = (Code, Code);
const PRIVATE_DESTINATION: Codes =
    (Code::IgwDestinationAddressNotInRfc1918Egress, Code::IgwDestinationAddressNotInRfc6598Egress);
const PRIVATE_SOURCE: Codes =
    (Code::IgwSourceAddressNotInRfc1918Ingress, Code::IgwSourceAddressNotInRfc6598Ingress);

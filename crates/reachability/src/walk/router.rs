//! The router of a subnet: which way next, and the first stretch of that way.

use super::note::Note;
use super::{End, MAX_HOPS, Stop, Walk};
use crate::codes::ExplanationCode as Code;
use crate::index::{Index, Owner};
use crate::judgement::{ComponentKind as Kind, RouteFact, Rule};
use crate::packet::{Header, Place, Protocol};
use crate::route::{self, Chosen};
use crate::topology::{
    Direction, EgressOnlyInternetGateway, GatewayEndpoint, Id, InternetGateway, NatGateway, NetworkInterface,
    RouteTable, RouteTarget, Subnet, Vpc,
};
use crate::walk::sender::out_of_service;
use std::net::IpAddr;

/// The next hop from a subnet.
pub(crate) enum Hop<'a> {
    /// The destination is in the same subnet: no route table and no ACL is asked.
    SameSubnet(&'a Id),
    /// The route table decides.
    Routed { table: Option<&'a RouteTable>, chosen: Option<Chosen<'a>>, target: Target<'a> },
}

/// A route's target as it is now.
#[derive(Clone, Copy)]
pub(crate) enum Target<'a> {
    Local(&'a Id),
    InternetGateway(&'a InternetGateway),
    EgressOnly(&'a EgressOnlyInternetGateway),
    Nat(&'a NatGateway),
    Interface(&'a NetworkInterface),
    Peer(&'a Id, &'a Vpc),
    Endpoint(&'a GatewayEndpoint),
    PrivateGateway(&'a Id),
    /// There is no usable target; the reason.
    Dead(&'static str),
    /// There is no route.
    NoRoute,
}

impl<'a> Hop<'a> {
    /// Whether the packet leaves the subnet, so that its ACL is asked.
    fn leaves(&self, subnet: &Subnet) -> bool {
        match self {
            Self::SameSubnet(_) => false,
            Self::Routed { target: Target::Nat(nat), .. } => nat.subnet != subnet.id,
            Self::Routed { target: Target::Interface(interface), .. } => interface.subnet != subnet.id,
            Self::Routed { .. } => true,
        }
    }

    /// The interface at the other end, when the packet goes straight to it.
    pub(crate) fn member(&self, index: &Index<'a>, destination: IpAddr) -> Option<&'a NetworkInterface> {
        let vpc = match self {
            Self::SameSubnet(vpc) | Self::Routed { target: Target::Local(vpc), .. } => vpc,
            Self::Routed { target: Target::Peer(_, vpc), .. } => &vpc.id,
            Self::Routed { target: Target::Interface(interface), .. } if interface.owns(destination) => {
                return Some(interface);
            }
            Self::Routed { .. } => return None,
        };
        owning_interface(index, vpc, destination)
    }

    /// The interface behind an appliance that owns the destination.
    pub(crate) fn appliance_hides(
        &self,
        index: &Index<'a>,
        destination: IpAddr,
    ) -> Option<&'a NetworkInterface> {
        match self {
            Self::Routed { target: Target::Interface(interface), .. } if !interface.owns(destination) => {
                owning_interface(index, &interface.vpc, destination)
            }
            _ => None,
        }
    }
}

fn owning_interface<'a>(index: &Index<'a>, vpc: &str, address: IpAddr) -> Option<&'a NetworkInterface> {
    match index.owner(vpc, address)? {
        Owner::Interface(interface) => Some(interface),
        Owner::Nat(_) => None,
    }
}

impl<'a> Walk<'a> {
    /// Which way a packet goes that leaves an interface of this subnet.
    pub(crate) fn next_hop(&self, subnet: &'a Subnet) -> Hop<'a> {
        let destination = self.header.destination;
        if subnet.cidrs.iter().any(|c| c.contains(&destination)) {
            return Hop::SameSubnet(&subnet.vpc);
        }
        let table = self.index.table_of(subnet);
        let chosen = table.and_then(|t| route::choose(t, destination));
        let target = chosen.map_or(Target::NoRoute, |c| resolve(self.index, &subnet.vpc, &c.route.target));
        Hop::Routed { table, chosen, target }
    }

    /// Out of a subnet and on to the next component. `from` is the interface, when one sent it.
    pub(crate) fn forward(
        &mut self,
        subnet: &'a Subnet,
        hop: Hop<'a>,
        from: Option<&'a NetworkInterface>,
    ) -> End {
        self.hops += 1;
        if self.hops > MAX_HOPS {
            let note =
                Note::new(Kind::Router, &subnet.vpc, "the routes lead round in a circle").of_vpc(&subnet.vpc);
            return Err(self.stop(note, Code::NoPath));
        }
        if hop.leaves(subnet) {
            self.acl(subnet, Direction::Egress);
        }
        let Hop::Routed { table, chosen, target } = hop else {
            return self.arrive(&subnet.vpc, Some(subnet));
        };
        self.take_route(subnet, table, chosen, target)?;
        match target {
            Target::Local(vpc) => self.arrive(vpc, Some(subnet)),
            Target::Interface(interface) => self.reach_interface(interface, Some(subnet)),
            Target::Nat(nat) => self.reach_nat(nat, Some(subnet), Direction::Egress),
            Target::InternetGateway(gateway) => self.out_of_internet_gateway(gateway, &subnet.vpc, from),
            Target::EgressOnly(gateway) => self.out_of_egress_only(gateway),
            Target::Peer(id, vpc) => self.over_peering(id, &subnet.vpc, vpc),
            Target::Endpoint(endpoint) => self.reach_endpoint(endpoint),
            Target::PrivateGateway(id) => {
                let note = Note::new(Kind::VirtualPrivateGateway, id, "the gateway has no working tunnel");
                Err(self.stop(note.of_vpc(&subnet.vpc), Code::BadStateVpn))
            }
            // `take_route` has refused these.
            Target::Dead(_) | Target::NoRoute => Err(Stop),
        }
    }

    fn take_route(
        &mut self,
        subnet: &'a Subnet,
        table: Option<&'a RouteTable>,
        chosen: Option<Chosen<'a>>,
        target: Target<'a>,
    ) -> Result<(), Stop> {
        let Some(table) = table else {
            let note = Note::new(Kind::Router, &subnet.vpc, "the subnet has no route table").within(subnet);
            return Err(self.stop(note, Code::NoRouteToDestination));
        };
        let note = |why: String| Note::new(Kind::RouteTable, &table.id, why).within(subnet);
        let Some(chosen) = chosen else {
            let why = format!("no route leads to {}", self.header.destination);
            return Err(self.stop(note(why), Code::NoRouteToDestination));
        };
        let fact = RouteFact { destination: chosen.destination, route: chosen.route.clone() };
        let rule = Rule::Route(Box::new(fact));
        if let Target::Dead(reason) = target {
            let why = format!("the best route, {}, is a blackhole: {reason}", chosen.destination);
            return Err(self.stop(note(why).by(rule), Code::BadStateRoute));
        }
        let why = format!("{} leads to {}", chosen.destination, route::name(&chosen.route.target));
        self.pass(note(why).by(rule));
        Ok(())
    }

    fn over_peering(&mut self, id: &'a Id, own: &'a Id, peer: &'a Vpc) -> End {
        let note = |why: String| Note::new(Kind::Peering, id, why).of_vpc(own).towards(&peer.id);
        let Header { source, destination, .. } = self.header;
        if !peer.cidrs.iter().any(|c| c.contains(&destination)) {
            let why = format!("{destination} is not in the peer's blocks, and peering is not transitive");
            return Err(self.stop(note(why), Code::PcxRequiresAddressInVpcCidr));
        }
        if !self.index.in_vpc(own, source) {
            let why = format!("{source} is not in the sending VPC's blocks, and peering is not transitive");
            return Err(self.stop(note(why), Code::PcxRequiresAddressInVpcCidr));
        }
        self.pass(note(format!("it leads to {}", peer.id)));
        self.arrive(&peer.id, None)
    }

    fn reach_endpoint(&mut self, endpoint: &'a GatewayEndpoint) -> End {
        let note = |why: &str| Note::new(Kind::GatewayEndpoint, &endpoint.id, why).of_vpc(&endpoint.vpc);
        if !matches!(self.header.protocol, Protocol::Tcp { .. } | Protocol::Icmp { kind: 8, .. }) {
            let note = note("a gateway endpoint takes TCP and echo requests only");
            return Err(self.stop(note, Code::VpceGatewayProtocolRestriction));
        }
        self.pass(note("the service behind the endpoint takes it"));
        Ok(self.delivered(Place::GatewayEndpoint(endpoint.id.clone())))
    }
}

/// Looks a route's target up as it is now: a route whose target is gone is a blackhole.
pub(crate) fn resolve<'a>(index: &Index<'a>, vpc: &'a Id, target: &'a RouteTarget) -> Target<'a> {
    match target {
        RouteTarget::Local => Target::Local(vpc),
        RouteTarget::Blackhole => Target::Dead("its target is gone"),
        RouteTarget::VirtualPrivateGateway(id) => Target::PrivateGateway(id),
        RouteTarget::InternetGateway(id) => match index.igw(id) {
            Some(gateway) if gateway.vpc.as_ref() == Some(vpc) => Target::InternetGateway(gateway),
            _ => Target::Dead("the internet gateway is not attached"),
        },
        RouteTarget::EgressOnlyInternetGateway(id) => match index.eigw(id) {
            Some(gateway) if gateway.vpc == *vpc => Target::EgressOnly(gateway),
            _ => Target::Dead("the egress-only gateway is gone"),
        },
        RouteTarget::NatGateway(id) => match index.nat(id) {
            Some(nat) if nat.available && nat.vpc == *vpc => Target::Nat(nat),
            _ => Target::Dead("the NAT gateway is not available"),
        },
        RouteTarget::NetworkInterface(id) => match index.interface(id) {
            Some(interface) if interface.vpc == *vpc && out_of_service(interface).is_none() => {
                Target::Interface(interface)
            }
            _ => Target::Dead("the interface is not attached to a running instance"),
        },
        RouteTarget::Peering(id) => {
            let active = index.peering(id).filter(|p| p.active);
            match active.and_then(|p| p.other_side(vpc)).and_then(|v| index.vpc(v)) {
                Some(peer) => Target::Peer(id, peer),
                None => Target::Dead("the peering connection is not active"),
            }
        }
        RouteTarget::GatewayEndpoint(id) => match index.endpoint(id) {
            Some(endpoint) if endpoint.available && endpoint.vpc == *vpc => Target::Endpoint(endpoint),
            _ => Target::Dead("the endpoint is not available"),
        },
    }
}

//! A path as questions to the explainer: from each place the source may mean to each place the destination may mean.

use super::end::End;
use super::topology::Network;
use crate::resource_kind::ResourceKind;
use ipnet::IpNet;
use reachability::topology::InterfaceKind;
use reachability::{AddressRange, Id, Place, PortRange, Query, Seen};
use records::{InsightsPath, PathFilter};
use std::net::{IpAddr, Ipv4Addr};

/// Most questions of one path: a peering connection stands for every machine behind it.
const MAX_QUESTIONS: usize = 5000;

/// One question.
pub(super) struct Question {
    /// What packets are meant.
    pub(super) query: Query,
    /// Where they must arrive.
    pub(super) goal: Goal,
    /// Gateways and connections that the path names as its ends, which packets must pass.
    pub(super) via: Vec<Id>,
}

/// Where the packets of a question must arrive.
#[derive(Clone)]
pub(super) enum Goal {
    /// At this place.
    Place(Place),
    /// Wherever the address is.
    Anywhere,
    /// At the peering connection; what is behind it does not matter.
    Peering,
}

/// Why there are no questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoQuestion {
    /// An end is not there any more, or has no interface.
    #[error("The source or the destination of the path does not exist.")]
    NoEnd,
    /// The ends mean too many places.
    #[error(
        "The path stands for more than {MAX_QUESTIONS} pairs of places. A path between narrower ends has an answer."
    )]
    TooMany,
}

/// One end: places, and the component that packets must pass there.
struct Side {
    places: Vec<Place>,
    via: Option<Id>,
}

/// The questions of a path.
pub(super) fn questions(network: &Network, path: &InsightsPath) -> Result<Vec<Question>, NoQuestion> {
    let source = End::of_id(&path.source).ok_or(NoQuestion::NoEnd)?;
    let from = side(network, &source)?;
    let targets = targets(network, path)?;
    let mut questions = Vec::new();
    for place in &from.places {
        for target in &targets {
            if *place == target.query.to && matches!(target.goal, Goal::Place(_)) {
                continue;
            }
            if questions.len() >= MAX_QUESTIONS {
                return Err(NoQuestion::TooMany);
            }
            let via: Vec<Id> = target.via.iter().cloned().chain(from.via.clone()).collect();
            let mut query = Query { from: place.clone(), ..target.query.clone() };
            limit(&mut query, path);
            for (protocol, icmp_type) in protocols(&path.protocol) {
                let query = Query { protocol: Some(protocol), icmp_type, ..query.clone() };
                questions.push(Question { query, goal: target.goal.clone(), via: via.clone() });
            }
        }
    }
    if questions.is_empty() { Err(NoQuestion::NoEnd) } else { Ok(questions) }
}

/// The places an end means.
fn side(network: &Network, end: &End) -> Result<Side, NoQuestion> {
    let topology = &network.topology;
    let interfaces = topology.network_interfaces.iter();
    let place = |id: &Id| Place::NetworkInterface(id.clone());
    let mut via = None;
    let places: Vec<Place> = match end.kind {
        ResourceKind::NetworkInterface => {
            interfaces.filter(|i| *i.id == *end.id).map(|i| place(&i.id)).collect()
        }
        ResourceKind::Instance => {
            interfaces.filter(|i| i.instance.as_deref() == Some(&*end.id)).map(|i| place(&i.id)).collect()
        }
        ResourceKind::InternetGateway => {
            let known = topology.internet_gateways.iter().find(|g| *g.id == *end.id);
            via = Some(known.ok_or(NoQuestion::NoEnd)?.id.clone());
            vec![Place::Internet]
        }
        ResourceKind::VpcPeering => {
            let peering = topology.peerings.iter().find(|p| *p.id == *end.id).ok_or(NoQuestion::NoEnd)?;
            via = Some(peering.id.clone());
            interfaces
                .filter(|i| peering.other_side(&i.vpc).is_some() && i.kind == InterfaceKind::Interface)
                .map(|i| place(&i.id))
                .collect()
        }
        ResourceKind::VpcEndpoint => {
            let gateway = topology.gateway_endpoints.iter().filter(|e| *e.id == *end.id);
            let own = network.endpoints.get(&end.id).into_iter().flatten();
            let of_gateway = gateway.map(|e| Place::GatewayEndpoint(e.id.clone()));
            of_gateway.chain(own.map(|id| Place::NetworkInterface(id.as_str().into()))).collect()
        }
        _ => Vec::new(),
    };
    if places.is_empty() { Err(NoQuestion::NoEnd) } else { Ok(Side { places, via }) }
}

/// The questions with the source still open.
fn targets(network: &Network, path: &InsightsPath) -> Result<Vec<Question>, NoQuestion> {
    let Some(id) = &path.destination else {
        let query = Query::between(Place::Internet, Place::Internet);
        return Ok(vec![Question { query, goal: Goal::Anywhere, via: Vec::new() }]);
    };
    let end = End::of_id(id).ok_or(NoQuestion::NoEnd)?;
    if end.kind == ResourceKind::VpcPeering {
        return peered_blocks(network, &end.id);
    }
    let side = side(network, &end)?;
    let question = |place: &Place| Question {
        query: Query::between(Place::Internet, place.clone()),
        goal: Goal::Place(place.clone()),
        via: side.via.iter().cloned().collect(),
    };
    Ok(side.places.iter().map(question).collect())
}

/// To a peering connection: to any address of either side.
fn peered_blocks(network: &Network, id: &str) -> Result<Vec<Question>, NoQuestion> {
    let peering = network.topology.peerings.iter().find(|p| *p.id == *id).ok_or(NoQuestion::NoEnd)?;
    let vpcs = network.topology.vpcs.iter().filter(|v| peering.other_side(&v.id).is_some());
    let question = |block: &IpNet| Question {
        query: Query {
            destination: Some(AddressRange { from: block.network(), to: block.broadcast() }),
            ..Query::between(Place::Internet, Place::Internet)
        },
        goal: Goal::Peering,
        via: vec![peering.id.clone()],
    };
    Ok(vpcs.flat_map(|vpc| vpc.cidrs.iter().map(question)).collect())
}

/// An address that stands for the internet where an explanation needs one (RFC 5737).
const SOMEBODY: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1));

impl Question {
    /// The question narrowed to what people mean by it, for an explanation: without this, packets to addresses that are
    /// nobody's come further than those to the internet.
    pub(super) fn typical(&self) -> Option<Query> {
        let mut query = self.query.clone();
        if query.from == Place::Internet && query.source.is_none() {
            query.source = Some(AddressRange::one(SOMEBODY));
        }
        if query.to == Place::Internet && matches!(self.goal, Goal::Place(_)) && query.destination.is_none() {
            query.destination = Some(AddressRange::one(SOMEBODY));
        }
        (query != self.query).then_some(query)
    }
}

/// Lays the path's own limits on a question.
fn limit(query: &mut Query, path: &InsightsPath) {
    let default = PathFilter::default();
    let (here, there) = (
        path.filter_at_source.as_ref().unwrap_or(&default),
        path.filter_at_destination.as_ref().unwrap_or(&default),
    );
    query.source = one(path.source_ip.as_ref().or(here.source_address.as_ref()));
    if let Some(range) = one(path.destination_ip.as_ref().or(here.destination_address.as_ref())) {
        query.destination = Some(range);
    }
    let destination_port = path.destination_port.map(|port| (port, port)).or(here.destination_ports);
    query.source_ports = ports(here.source_ports);
    query.destination_ports = ports(destination_port);
    query.seen = Seen {
        source: one(there.source_address.as_ref()),
        destination: one(there.destination_address.as_ref()),
        source_ports: ports(there.source_ports),
        destination_ports: ports(there.destination_ports),
    };
}

/// Protocol numbers with the ICMP type: of either family the echo request, which alone is answered.
fn protocols(name: &str) -> Vec<(u8, Option<u8>)> {
    match name {
        "udp" => vec![(17, None)],
        "icmp" => vec![(1, Some(8)), (58, Some(128))],
        _ => vec![(6, None)],
    }
}

fn one(text: Option<&String>) -> Option<AddressRange> {
    text.and_then(|text| text.parse::<IpAddr>().ok()).map(AddressRange::one)
}

fn ports(range: Option<(u16, u16)>) -> Option<PortRange> {
    range.map(|(from, to)| PortRange { from, to })
}
